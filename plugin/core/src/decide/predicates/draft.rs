//! `draft`: whether the change is a draft on the forge.

use super::{Facts, Truth};
use crate::model::{Fact, RuleCode};

/// The facts that the predicate looks at.
pub(super) const FACTS: &[Fact] = &[Fact::Text];

/// What is said of a change of which nobody said whether it is a draft.
pub(in crate::decide) const UNKNOWN: &str = "whether the change is a draft is not known here";

impl Facts<'_, '_, '_> {
    pub(super) fn draft(&self, wanted: bool) -> Truth {
        match self.request.is_draft() {
            Some(true) => Truth::passing(wanted, "the change is a draft"),
            Some(false) => Truth::passing(!wanted, "the change is no draft"),
            None => Truth::unknown(RuleCode::FactUnavailable, UNKNOWN),
        }
    }
}
