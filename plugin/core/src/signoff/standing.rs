//! Which acts of a person stand: the latest approval, and each refusal that its giver did not end.
//!
//! A refusal is not an approval turned round: what makes an approval void ends no refusal.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::people::PersonId;
use super::votes::Vote;
use super::{Acts, EvaluationContext};
use crate::Error;
use crate::model::{Act, ActKind, Change, ObjectId, Proof, When};

/// When an act was given, among those of one person; at one time the one that helps least comes last. Without a time,
/// what helps may be the first, and what takes something back the last.
type Moment = (bool, Option<When>, Reverse<Vote>);

fn moment(act: &Act<'_>, vote: Vote) -> Moment {
    (act.at.is_none() && vote < Vote::Yes, act.at, Reverse(vote))
}

/// Target and head of a statement.
pub(super) type Subject<'s> = (&'s [u8], &'s [u8]);

/// What a signed statement is about, where that is something else than what is judged. An approval of it is nobody's word about
/// this head; what takes back is one about every head into the same target, for each may be the head again.
pub(super) fn elsewhere<'s>(act: &'s Act<'_>, vote: Vote, change: &Change<'_>) -> Option<Subject<'s>> {
    let other_target = act.target.as_ref().is_some_and(|target| *target != change.target);
    let other_head = act.head.as_ref().is_some_and(|head| *head != change.head);
    let is_elsewhere = act.proof == Proof::Signature
        && match vote {
            Vote::Yes => other_target || other_head,
            Vote::Ended => other_target,
            Vote::No | Vote::Nothing => false,
        };
    let target = act.target.as_ref().map(|target| target.as_bytes()).unwrap_or_default();
    let head = act.head.as_ref().map(ObjectId::as_bytes).unwrap_or_default();
    is_elsewhere.then_some((target, head))
}

impl Acts<'_, '_> {
    /// For each vote, the people whose last word it is, of those who may have given it. Of one time several may be, and an
    /// approval without a time beside a later one: a void one may have come after it. What is signed about something else is
    /// the last word about that.
    pub(super) fn latest(&self, votes: &[Vote], change: &Change<'_>) -> Vec<Vec<PersonId>> {
        let mut latest: BTreeMap<(PersonId, Option<Subject<'_>>), Moment> = BTreeMap::new();
        let given =
            || self.list.iter().zip(votes).enumerate().filter(|(_, (_, vote))| **vote != Vote::Nothing);
        for (at, (act, vote)) in given() {
            let (moment, subject) = (moment(act, *vote), elsewhere(act, *vote, change));
            for person in self.actor(at) {
                let last = latest.entry((*person, subject)).or_insert(moment);
                *last = moment.max(*last);
            }
        }
        let mut words = vec![Vec::new(); self.list.len()];
        for (at, (act, vote)) in given() {
            let (moment, subject) = (moment(act, *vote), elsewhere(act, *vote, change));
            let is_last = |person: &&PersonId| {
                let last = latest.get(&(**person, subject)).max(latest.get(&(**person, None)));
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

impl EvaluationContext<'_, '_, '_> {
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
