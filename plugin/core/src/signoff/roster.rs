//! Who is in the people sets that a policy names.

use super::people::{Directory, PersonId};
use crate::Error;
use crate::limits::{MEMBER_STEPS, Steps};
use crate::model::{Fact, Request};
use crate::policy::PeopleSet;

/// The people of some sets.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    /// The people, in order of their ids.
    people: Vec<PersonId>,
    /// Programs that may act, in order.
    bots: Vec<PersonId>,
    /// Groups whose members could not be read.
    pub unreadable: Vec<String>,
    /// Somebody may be in it whom the policy does not name.
    asks_the_platform: bool,
    /// What the platform says of who is in it may have been cut.
    partial: bool,
}

/// Whether somebody is in a roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Yes,
    No,
    /// The platform did not say.
    Unreadable,
}

/// Levels of permission, each with those before it.
const LEVELS: &[&str] = &["none", "read", "triage", "write", "maintain", "admin", "owner"];

/// Whether a level has what another asks for. Names that are no known level must be equal.
fn has_level(level: &str, asked: &str) -> bool {
    let place = |name: &str| LEVELS.iter().position(|level| level.eq_ignore_ascii_case(name));
    match (place(level), place(asked)) {
        (Some(level), Some(asked)) => level >= asked && level > 0,
        _ => level.eq_ignore_ascii_case(asked),
    }
}

impl Roster {
    /// Gathers the people of some sets.
    ///
    /// # Errors
    /// `over-limit`.
    pub fn of<'p>(
        sets: impl Iterator<Item = &'p PeopleSet>,
        request: &Request<'_>,
        directory: &Directory,
        steps: &Steps,
    ) -> Result<Self, Error> {
        let mut roster = Roster::default();
        for set in sets {
            let by_level = set.is_by_level();
            let asked = if by_level { request.people.len() } else { 0 };
            steps.take((set.users.len() + asked) as u64 * MEMBER_STEPS)?;
            roster.people.extend(set.users.iter().filter_map(|user| directory.named(user)));
            // A group that a platform does not have is named among those that could not be read.
            let whole = |fact| request.complete.contains(&fact) || request.absent.contains(&fact);
            roster.partial |= !set.groups.is_empty() && !whole(Fact::Groups);
            roster.partial |= by_level && !request.complete.contains(&Fact::People);
            for name in &set.groups {
                roster.asks_the_platform = true;
                match request.groups.iter().find(|group| group.name == *name) {
                    Some(group) if !group.unreadable => {
                        steps.take((group.members.len() + group.inherited.len()) as u64 * MEMBER_STEPS)?;
                        let inherited = group.inherited.iter().filter(|_| set.inherited);
                        for member in group.members.iter().chain(inherited) {
                            roster.people.extend(directory.known(member));
                        }
                    }
                    _ => roster.unreadable.push(name.clone()),
                }
            }
            roster.asks_the_platform |= by_level;
            for person in request.people.iter().take(asked) {
                let level = |asked: &String| person.permissions.iter().any(|level| has_level(level, asked));
                let role = |asked: &String| person.roles.iter().any(|role| role == asked);
                if set.permissions.iter().any(level) || set.roles.iter().any(role) {
                    roster.people.extend(directory.known(&person.account));
                }
            }
            roster.bots.extend(set.bots.iter().filter_map(|bot| directory.named(bot)));
        }
        for list in [&mut roster.people, &mut roster.bots] {
            list.sort_unstable();
            list.dedup();
        }
        Ok(roster)
    }

    /// Whether the policy lets this program act.
    pub fn has_bot(&self, bot: PersonId) -> bool {
        self.bots.binary_search(&bot).is_ok()
    }

    /// Whether the person is in it, by name, group, level or role.
    pub fn admits(&self, directory: &Directory, person: PersonId) -> Admission {
        if self.people.binary_search(&person).is_ok() || self.has_bot(person) {
            return Admission::Yes;
        }
        let unread = self.partial || !self.unreadable.is_empty() || directory.is_unreadable(person);
        if self.asks_the_platform && unread { Admission::Unreadable } else { Admission::No }
    }

    /// Whether the person may be one of its people, by what bars and never admits.
    pub fn may_hold(&self, person: PersonId) -> bool {
        person.first_in(&self.people).or_else(|| person.first_in(&self.bots)).is_some()
    }

    /// Whether there may be people in it who are not known here.
    pub fn is_uncertain(&self, request: &Request<'_>, directory: &Directory) -> bool {
        let unread = || request.people.iter().flat_map(|person| directory.known(&person.account));
        !self.unreadable.is_empty()
            || (self.asks_the_platform
                && (self.partial || unread().any(|person| directory.is_unreadable(person))))
    }

    /// Everybody in it who is known.
    pub fn people(&self) -> impl Iterator<Item = PersonId> {
        self.people.iter().chain(&self.bots).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::has_level;

    #[test]
    fn a_level_has_the_levels_below_it() {
        for (level, asked, has) in [
            ("write", "write", true),
            ("Admin", "write", true),
            ("read", "write", false),
            ("none", "none", false),
            ("security", "security", true),
            ("security", "write", false),
        ] {
            assert_eq!(has_level(level, asked), has, "{level} for {asked}");
        }
    }
}
