//! `fork`: whether the change comes from another repository.

use super::{Facts, Truth};
use crate::model::{Fact, RuleCode};

/// The facts that the predicate looks at.
pub(super) const FACTS: &[Fact] = &[];

impl Facts<'_, '_, '_> {
    pub(super) fn fork(&self, wanted: bool) -> Truth {
        match self.request.change.as_ref().and_then(|change| change.fork) {
            Some(true) => Truth::lasting(wanted, "it comes from a fork"),
            Some(false) => Truth::lasting(!wanted, "it comes from this repository"),
            None => {
                let why = "whether the change comes from a fork is not known here";
                Truth::unknown(RuleCode::FactUnavailable, why)
            }
        }
    }
}
