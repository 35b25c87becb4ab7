//! `status`: what other programs say of the head of the change.

use super::{Facts, Truth, quoted};
use crate::model::{Fact, RuleCode, Status};
use crate::policy::StatusTest;

/// The facts that the predicate looks at.
pub(super) const FACTS: &[Fact] = &[Fact::Statuses];

impl Facts<'_, '_, '_> {
    pub(super) fn status(&self, test: &StatusTest) -> Truth {
        if let Some(missing) = self.request.missing(Fact::Statuses) {
            let reason = format!("statuses could not be read: {}", missing.reason);
            return Truth::unknown(RuleCode::FactUnavailable, reason);
        }
        // A status that is not here may be bad, or good.
        if !self.request.complete.contains(&Fact::Statuses) {
            let why = "the list of statuses may have been cut, or was never read";
            return Truth::unknown(RuleCode::ListIncomplete, why);
        }
        let head = self.request.change.as_ref().map(|change| &change.head);
        for name in &test.names {
            let mut about = self.request.statuses.iter().filter(|status| status.context == *name);
            let is_ours = |status: &&Status<'_>| {
                let source = status.source.as_ref().and_then(|source| source.login.as_deref());
                status.sha.as_ref().is_none_or(|sha| Some(sha) == head)
                    && test.source.as_deref().is_none_or(|wanted| source == Some(wanted))
            };
            let good = |status: &Status<'_>| test.conclusions.iter().any(|good| *good == status.state);
            // The latest of one name counts; on a tie the one that is not good. One that does not say when it was set may
            // be the latest, or not.
            let ours = || about.clone().filter(is_ours);
            let latest = ours().max_by_key(|status| (status.at, !good(status)));
            let differs = |status: &Status<'_>| latest.is_some_and(|latest| good(latest) != good(status));
            if ours().any(|status| status.at.is_none() && differs(status)) {
                let why = format!(
                    "which status {} is the latest is not known: one does not say when it was set",
                    quoted(name)
                );
                return Truth::unknown(RuleCode::FactUnavailable, why);
            }
            match latest {
                Some(status) if good(status) => {}
                Some(status) => {
                    return Truth::passing(false, format!("the status {} is {}", quoted(name), status.state));
                }
                None if about.next().is_some() => {
                    let why = "is set for another commit, or by somebody else than the rule names";
                    return Truth::passing(false, format!("the status {} {why}", quoted(name)));
                }
                None => return Truth::passing(false, format!("there is no status {}", quoted(name))),
            }
        }
        Truth::passing(true, format!("the status {} is good", test.names.join(", ")))
    }
}
