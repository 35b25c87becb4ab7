//! `author-in`, `contributor-in` and `only-contributors-in`: who took part in a change.

use super::{Facts, Truth};
use crate::Error;
use crate::model::{Fact, RuleCode};
use crate::signoff::contributors::unread_contributors;
use crate::signoff::people::PersonId;
use crate::signoff::roster::{Admission, Roster};

/// Which people of a change a test asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Among {
    Author,
    Somebody,
    Everybody,
}

impl Among {
    /// The facts that the predicate looks at, beside those about the people of its sets.
    pub(super) fn facts(self) -> &'static [Fact] {
        match self {
            Among::Author => &[Fact::Opener, Fact::Requester],
            Among::Somebody | Among::Everybody => &[Fact::Opener, Fact::Requester, Fact::Pushes],
        }
    }
}

impl Facts<'_, '_, '_> {
    /// Whether people of the change are in these sets.
    pub(super) fn people(&self, sets: &[String], among: Among) -> Result<Truth, Error> {
        if let Some(why) = &self.judged.incomplete {
            return Ok(Truth::unknown(RuleCode::ListIncomplete, why.clone()));
        }
        if among != Among::Author
            && let Some(why) = unread_contributors(self.request)
        {
            return Ok(Truth::unknown(RuleCode::FactUnavailable, why));
        }
        let roster = Roster::of(self.policy.sets(sets), self.request, self.directory, self.steps)?;
        let named = sets.join(" or ");
        let asked: Vec<PersonId> = match among {
            Among::Author => self.contributors.openers().collect(),
            Among::Somebody | Among::Everybody => self.contributors.people().collect(),
        };
        if among == Among::Author && asked.is_empty() {
            return Ok(Truth::unknown(RuleCode::FactUnavailable, "who opened the change is not known here"));
        }
        // Anybody can write a name into a commit. Without a forge nobody says who brought it.
        let unseen = self.request.absent.contains(&Fact::Pushes) && among != Among::Author;
        // An account that is blocked is in no set. A person may have taken part by that and by another.
        let opened_by = self.request.change.as_ref().and_then(|change| change.opened_by.as_ref());
        let is_out = |person: PersonId| match among {
            Among::Author => opened_by.is_some_and(|by| self.directory.is_blocked(by)),
            Among::Somebody => self.contributors.is_by_blocked_alone(person),
            Among::Everybody => self.contributors.is_by_blocked(person),
        };
        let admission = |person: &&PersonId| match is_out(**person) {
            true => Admission::No,
            false => roster.admits(self.directory, **person),
        };
        if let Some(person) = asked.iter().find(|person| admission(person) == Admission::Unreadable) {
            let who = self.directory.label(*person);
            return Ok(Truth::unknown(
                RuleCode::FactUnavailable,
                format!("whether {who} is among {named} could not be read"),
            ));
        }
        let inside = asked.iter().find(|person| admission(person) == Admission::Yes);
        // Who only may be somebody is neither one of the people for that, nor kept out.
        let mapped = || self.contributors.mapped().filter(|_| among != Among::Author);
        // Whoever is named as one of them and has a blocked account is kept out for sure.
        let may_be_one = |person: &PersonId| roster.may_hold(*person) && !is_out(*person);
        let perhaps = |person: &PersonId| admission(&person) == Admission::No && may_be_one(person);
        let is_out = |person: &PersonId| admission(&person) == Admission::No && !may_be_one(person);
        let open = match among {
            Among::Everybody if asked.iter().any(is_out) => None,
            Among::Everybody => {
                let mapped = || mapped().find(|person| is_out(person) || perhaps(person));
                asked.iter().copied().find(perhaps).or_else(mapped)
            }
            _ if inside.is_some() => None,
            _ => asked.iter().copied().chain(mapped()).find(may_be_one),
        };
        if let Some(person) = open {
            let (who, unites) = (self.directory.label(person), self.directory.unites());
            return Ok(Truth::unknown(
                RuleCode::FactUnavailable,
                format!(
                    "whether {who} took part as one of {named} rests on {unites} alone; say who is who under `identities`"
                ),
            ));
        }
        let outside = asked.iter().find(|person| admission(person) == Admission::No);
        if unseen && (among == Among::Somebody || outside.is_none()) {
            return Ok(Truth::unknown(
                RuleCode::FactUnavailable,
                format!(
                    "who took part is what commits say of themselves, and nothing says who pushed them: whether {named} did is not known"
                ),
            ));
        }
        let label = |person: Option<&PersonId>| {
            person.map_or_else(|| "nobody".to_owned(), |person| self.directory.label(*person))
        };
        let truth = match (among, inside, outside) {
            (Among::Everybody, _, _) if self.contributors.unattributed.is_some() => {
                Truth::no(format!("a commit names nobody who is known here, so not all are among {named}"))
            }
            (Among::Everybody, _, _) if self.contributors.by_tool => {
                Truth::no(format!("a program wrote a commit, so not all who took part are among {named}"))
            }
            (Among::Everybody, None, None) => Truth::no("nobody is known to have taken part"),
            (Among::Everybody, _, Some(_)) => {
                Truth::no(format!("{} took part and is not among {named}", label(outside)))
            }
            (Among::Everybody, _, None) => Truth::yes(format!("everybody who took part is among {named}")),
            (_, Some(_), _) => {
                let part = if among == Among::Author { "opened the change" } else { "took part" };
                Truth::yes(format!("{} {part} and is among {named}", label(inside)))
            }
            (Among::Author, None, _) => Truth::no(format!("{} is not among {named}", label(outside))),
            (_, None, _) if self.contributors.unattributed.is_some() => Truth::unknown(
                RuleCode::UnattributedCommit,
                format!("a commit names nobody who is known here, who could be among {named}"),
            ),
            (_, None, _) => Truth::no(format!("nobody who took part is among {named}")),
        };
        // A blocked account may be let in again without a push.
        let blocked = asked.iter().any(|person| self.contributors.is_by_blocked(*person));
        Ok(if blocked { truth.passes() } else { truth })
    }
}
