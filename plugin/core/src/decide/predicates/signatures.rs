//! `signatures`: whether the platform verifies the signature of every commit.

use super::{Facts, Truth};
use crate::model::{Fact, RuleCode};

/// The facts that the predicate looks at.
pub(super) const FACTS: &[Fact] = &[Fact::Signatures];

impl Facts<'_, '_, '_> {
    pub(super) fn signatures(&self, verified: bool) -> Truth {
        if let Some(why) = &self.judged.incomplete {
            return Truth::unknown(RuleCode::ListIncomplete, why.clone());
        }
        // The one that is named is the same in whatever order they are listed.
        let first = |verified: Option<bool>| {
            let such = self.judged.own.iter().filter(|commit| commit.verified == verified);
            such.min_by_key(|commit| commit.sha.as_bytes())
        };
        let (bad, unknown) = (first(Some(false)), first(None));
        match (bad, unknown) {
            (Some(commit), _) => Truth::lasting(
                !verified,
                format!("the platform does not verify the signature of {}", commit.sha.short()),
            ),
            (None, Some(commit)) => Truth::unknown(
                RuleCode::FactUnavailable,
                format!("nothing says whether the signature of {} is good", commit.sha.short()),
            ),
            (None, None) if self.judged.own.is_empty() => Truth::no("there are no commits"),
            (None, None) => Truth::lasting(verified, "the platform verifies the signature of every commit"),
        }
    }
}
