//! `lines`: how many lines come and go.

use std::cmp::Ordering;

use super::{Facts, Truth};
use crate::model::{Fact, RuleCode};
use crate::policy::{Bound, LinesTest};

/// The facts that the predicate looks at.
pub(super) const FACTS: &[Fact] = &[Fact::Files, Fact::FileLines];

impl Facts<'_, '_, '_> {
    pub(super) fn lines(&self, test: &LinesTest) -> Truth {
        if !self.request.complete.contains(&Fact::Files) {
            return Truth::unknown(RuleCode::ListIncomplete, "the list of files may have been cut");
        }
        let (mut added, mut deleted) = (0_u64, 0_u64);
        let mut binary = false;
        for file in &self.request.files {
            match (file.added, file.deleted) {
                (Some(plus), Some(minus)) => {
                    (added, deleted) = (added.saturating_add(plus), deleted.saturating_add(minus))
                }
                _ if file.binary => binary = true,
                _ => return Truth::unknown(RuleCode::FactUnavailable, "how many lines change is not known"),
            }
        }
        let holds = |bound: &Option<Bound>, number: u64| {
            bound.is_some_and(|bound| number.cmp(&bound.number) == bound.order)
        };
        let any = holds(&test.added, added)
            || holds(&test.deleted, deleted)
            || holds(&test.total, added.saturating_add(deleted));
        // What has no lines is not small for that.
        let more_may_hold = [&test.added, &test.deleted, &test.total]
            .into_iter()
            .flatten()
            .any(|bound| bound.order != Ordering::Greater);
        if binary && (!any || more_may_hold) {
            return Truth::unknown(
                RuleCode::FactUnavailable,
                "a binary file has no lines that could be counted",
            );
        }
        let found = format!("{added} lines come and {deleted} go");
        if any {
            return Truth::yes(found);
        }
        let bounds = [("added", test.added), ("deleted", test.deleted), ("total", test.total)];
        let asked = bounds.into_iter().filter_map(|(what, bound)| {
            let Bound { order, number } = bound?;
            let sign = match order {
                Ordering::Less => '<',
                Ordering::Equal => '=',
                Ordering::Greater => '>',
            };
            Some(format!("{what} {sign} {number}"))
        });
        Truth::no(format!("{found}, and the policy says {}", asked.collect::<Vec<_>>().join(" or ")))
    }
}
