//! `author-is-only-contributor`: whether nobody took part but whoever opened the change.

use super::{Facts, Truth};
use crate::model::{Fact, RuleCode};
use crate::signoff::contributors::unread_contributors;
use crate::signoff::people::PersonId;

/// The facts that the predicate looks at.
pub(super) const FACTS: &[Fact] = &[Fact::Opener, Fact::Requester, Fact::Pushes, Fact::People];

impl Facts<'_, '_, '_> {
    pub(super) fn author_alone(&self, wanted: bool) -> Truth {
        if let Some(why) = &self.judged.incomplete {
            return Truth::unknown(RuleCode::ListIncomplete, why.clone());
        }
        if let Some(why) = unread_contributors(self.request) {
            return Truth::unknown(RuleCode::FactUnavailable, why);
        }
        let authors: Vec<PersonId> = self.contributors.openers().collect();
        if authors.is_empty() {
            return Truth::unknown(RuleCode::FactUnavailable, "nobody is known to have opened the change");
        }
        let is_other = |person: &PersonId| !authors.contains(person);
        let other = self.contributors.people().find(is_other);
        if other.is_none() && self.contributors.mapped().any(|person| is_other(&person)) {
            let why = format!(
                "whether somebody took part beside the author rests on {} alone",
                self.directory.unites()
            );
            return Truth::unknown(RuleCode::FactUnavailable, why);
        }
        let alone = other.is_none() && self.contributors.unattributed.is_none() && !self.contributors.by_tool;
        let reason = match other {
            Some(person) => format!("{} took part beside the author", self.directory.label(person)),
            None if alone => "nobody but the author took part".to_owned(),
            None if self.contributors.by_tool => "a program wrote a commit".to_owned(),
            None => "a commit names nobody who is known here".to_owned(),
        };
        // Whom nobody answers for may be the author, once the address is mapped.
        let unattributed = other.is_none() && self.contributors.unattributed.is_some();
        let truth = Truth::lasting(alone == wanted, reason);
        if unattributed { truth.passes() } else { truth }
    }
}
