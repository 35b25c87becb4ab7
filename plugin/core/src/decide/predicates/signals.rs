//! `signals`: whether the diff shows weak-patch signals.

use super::{Facts, Truth, and_more, quoted};
use crate::model::{Fact, RuleCode, SignalCode};
use crate::signals;

/// The facts that the predicate looks at.
pub(super) const FACTS: &[Fact] = &[Fact::Files, Fact::Hunks];

impl Facts<'_, '_, '_> {
    /// Whether the diff shows one of these signals.
    pub(super) fn signals(&self, codes: &[SignalCode]) -> Truth {
        let found = self.signals.iter().filter(|signal| codes.contains(&signal.code));
        if let Some(first) = found.clone().min_by_key(|signal| &signal.path) {
            let rest = and_more(found.count() - 1, "signal");
            return Truth::yes(format!("{}: {}{rest}", quoted(&first.path), first.message));
        }
        if let Some(unread) = self.unread_files() {
            return unread;
        }
        if let Some(missing) = self.request.missing(Fact::Hunks) {
            let why = format!("the diff could not be read: {}", missing.reason);
            return Truth::unknown(RuleCode::FactUnavailable, why);
        }
        if !self.request.complete.contains(&Fact::Hunks) {
            return Truth::unknown(RuleCode::ListIncomplete, "the diff may have been cut");
        }
        if let Some(file) = signals::unread(&self.request.files) {
            let path = quoted(&file.path.to_str_lossy());
            let why = format!("{path} could not be read as text, so what it does is not known");
            return Truth::unknown(RuleCode::FactUnavailable, why);
        }
        Truth::no("the diff shows no such signal")
    }
}
