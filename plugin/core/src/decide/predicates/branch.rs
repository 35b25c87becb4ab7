//! `target-branch` and `source-branch`: from where to where the change goes.

use super::{Facts, Truth, quoted};
use crate::Error;
use crate::model::{Fact, RuleCode};
use crate::policy::Branch;

/// The facts that the predicate looks at.
pub(super) const FACTS: &[Fact] = &[];

impl Facts<'_, '_, '_> {
    pub(super) fn branch(&self, what: &str, name: Option<&str>, branches: &[Branch]) -> Result<Truth, Error> {
        let Some(name) = name else {
            return Ok(Truth::unknown(RuleCode::FactUnavailable, format!("{what} branch is not known here")));
        };
        let name = name.strip_prefix("refs/heads/").unwrap_or(name);
        let mut matched = false;
        for branch in branches {
            self.steps.take(branch.steps(name.len()))?;
            matched |= branch.matches(name);
        }
        let is = if matched { "is" } else { "is not" };
        Ok(Truth::lasting(matched, format!("{what} branch {} {is} one that the rule names", quoted(name))))
    }
}
