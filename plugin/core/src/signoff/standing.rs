//! Which acts of a person stand: the latest approval, and each refusal that its giver did not end.
//!
//! A refusal is not an approval turned round: what makes an approval void ends no refusal.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::people::PersonId;
use super::votes::Vote;
use super::{Acts, Desk};
use crate::Error;
use crate::model::{Act, ActKind, When};

/// When an act was given, among those of one person; at one time the one that helps least comes last. Without a time,
/// what helps may be the first, and what takes something back the last.
type Moment = (bool, Option<When>, Reverse<Vote>);

fn moment(act: &Act<'_>, vote: Vote) -> Moment {
    (act.at.is_none() && vote < Vote::Yes, act.at, Reverse(vote))
}

impl Acts<'_, '_> {
    /// For each vote, the people whose last word it is, of those who may have given it. Of one time several may be, and an
    /// approval without a time beside a later one: a void one may have come after it.
    pub(super) fn latest(&self, votes: &[Vote]) -> Vec<Vec<PersonId>> {
        let mut latest: BTreeMap<PersonId, Moment> = BTreeMap::new();
        let given =
            || self.list.iter().zip(votes).enumerate().filter(|(_, (_, vote))| **vote != Vote::Nothing);
        for (at, (act, vote)) in given() {
            let moment = moment(act, *vote);
            for person in self.actor(at) {
                let last = latest.entry(*person).or_insert(moment);
                *last = moment.max(*last);
            }
        }
        let mut words = vec![Vec::new(); self.list.len()];
        for (at, (act, vote)) in given() {
            let moment = moment(act, *vote);
            let is_last = |person: &&PersonId| {
                let last = latest.get(person);
                last == Some(&moment)
                    || (act.at.is_none() && last.is_some_and(|(_, _, last)| *last == Reverse(Vote::Yes)))
            };
            if let Some(people) = words.get_mut(at) {
                people.extend(self.actor(at).iter().filter(is_last).copied());
            }
        }
        words
    }
}

impl Desk<'_, '_, '_> {
    /// Whether the giver of a refusal ended it: by refusing anew, by a later approval in words of their own, or by
    /// taking it back. Who takes something back takes back the approval before it, where there is one, else the refusal.
    ///
    /// # Errors
    /// `over-limit`.
    pub(super) fn is_ended(&self, at: usize, votes: &[Vote]) -> Result<bool, Error> {
        let acts = self.acts;
        self.steps.take(acts.list.len() as u64 / 4)?;
        let Some(refused) = acts.list.get(at).and_then(|act| act.at) else { return Ok(false) };
        // In order of time; what takes back comes after the approval of the same moment.
        let mut said: Vec<(When, bool)> = Vec::new();
        for (other, (act, vote)) in acts.list.iter().zip(votes).enumerate() {
            let Some(given) = act.at.filter(|_| acts.actor(other) == acts.actor(at)) else { continue };
            match vote {
                Vote::No if given > refused => return Ok(true),
                Vote::Yes if self.replaces(other, act, *vote) => {
                    crate::order::insert(&mut said, (given, false))
                }
                Vote::Ended if act.kind == ActKind::Withdraw && !acts.is_elsewhere(other) => {
                    crate::order::insert(&mut said, (given, true));
                }
                _ => {}
            }
        }
        let mut approves = false;
        Ok(said.into_iter().any(|(given, takes_back)| {
            let ends = !(takes_back && approves);
            approves = !takes_back;
            ends && given > refused
        }))
    }

    /// Whether an approval is its giver's word about this change.
    fn replaces(&self, at: usize, act: &Act<'_>, vote: Vote) -> bool {
        !self.acts.is_elsewhere(at) && self.rewritten(at, act, vote).is_none()
    }
}
