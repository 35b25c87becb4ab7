//! Answers and approvals that are there twice: of copies the original counts, of one person one act.

use std::collections::BTreeMap;

use super::answers::Answer;
use super::people::PersonId;
use super::tally::RequirementInputs;
use super::votes::Vote;
use super::{EvaluationContext, standing};
use crate::model::{Act, ActCode, EarlierAnswer};
use crate::policy::Requirement;

/// Which acts gave an answer, each with the question: by the words, and by the question where the words are a copy under it alone.
type Given<'s> = BTreeMap<(Option<&'s str>, &'s str), Vec<(usize, &'s str)>>;

impl EvaluationContext<'_, '_, '_> {
    /// The other change in which an answer was given before, by its digest.
    pub fn earlier(&self, answer: &Answer<'_>) -> Option<&str> {
        let known = &self.request.history.as_ref()?.answers;
        if known.is_empty() {
            return None;
        }
        let digest = answer.digest();
        let same = |earlier: &&EarlierAnswer<'_>| earlier.digest == digest;
        let elsewhere = |earlier: &&EarlierAnswer<'_>| self.change.id.as_ref() != Some(&earlier.change);
        known.iter().filter(elsewhere).find(same).map(|earlier| earlier.change.as_ref())
    }

    /// Strikes acts whose answers repeat what somebody else answered before, whether that counted or not; of two that
    /// count and were given at the same time, neither is the original. Gives each with the question.
    pub(super) fn strike_copies(
        &self,
        requirement: &Requirement,
        codes: &mut [ActCode],
    ) -> Vec<(usize, &str)> {
        if requirement.answers.is_empty() {
            return Vec::new();
        }
        let acts = &self.acts.list;
        let counts = |at: usize| codes.get(at) == Some(&ActCode::Counted);
        let asked = |question: &str| requirement.answers.iter().any(|name| name == question);
        // What is asked here is a copy of the same words whatever question they answered; what nobody asks, under its own alone.
        let mut given = Given::new();
        for (at, answers) in self.acts.answers.iter().enumerate() {
            // What nobody proved to have said is nobody's answer.
            let proved = matches!(self.acts.fault(at), None | Some(ActCode::StalePolicy));
            if proved && acts.get(at).is_some_and(|act| !act.deleted) {
                for answer in answers {
                    let (said, folded) = ((at, answer.question), answer.folded.as_str());
                    given.entry((None, folded)).or_default().push(said);
                    if !asked(answer.question) {
                        given.entry((Some(answer.question), folded)).or_default().push(said);
                    }
                }
            }
        }
        let by_others =
            |a: usize, b: usize| !self.acts.actor(a).iter().any(|person| self.acts.actor(b).contains(person));
        // Without a time an answer may be the first. Only one that counts is taken for that: nobody is to spoil a
        // sign-off by copying it, nor by writing it into what was said before.
        let said_at = |act: &&Act<'_>| act.edited.as_ref().map_or(act.at, |edited| Some(edited.at));
        let order = |at: &usize| (acts.get(*at).and_then(said_at), !counts(*at));
        let mut copies = Vec::new();
        for ((alone, _), same) in &given {
            let all = || same.iter().map(|(at, _)| *at);
            let timed = || all().filter(|at| order(at).0.is_some() || counts(*at));
            let Some(first) = timed().min_by_key(order) else { continue };
            let second = timed().filter(|at| by_others(*at, first)).min_by_key(order);
            let original = |at: usize| if by_others(at, first) { Some(first) } else { second };
            let is_copy = |at: &usize| original(*at).is_some_and(|other| order(&other) <= order(at));
            let judged = |(at, question): &(usize, &str)| counts(*at) && (alone.is_some() || asked(question));
            copies.extend(same.iter().copied().filter(judged).filter(|(at, _)| is_copy(at)));
        }
        copies.sort_unstable();
        copies.dedup();
        for (at, _) in &copies {
            if let Some(code) = codes.get_mut(*at) {
                *code = ActCode::AnswerCopied;
            }
        }
        copies
    }

    /// Of approvals that one person gave at one time, one that does not count holds the others back, and of those that
    /// count one is enough.
    pub(super) fn strike_ties(&self, sheet: &RequirementInputs<'_>, codes: &mut [ActCode]) {
        let mut last: BTreeMap<PersonId, (usize, bool)> = BTreeMap::new();
        let approves = |at: &usize| sheet.votes.get(*at) == Some(&Vote::Yes);
        for at in (0..codes.len()).filter(approves) {
            let counts = codes.get(at) == Some(&ActCode::Counted);
            // What is signed about something else says nothing against this.
            let act = self.acts.list.get(at).filter(|_| !counts);
            if act.is_some_and(|act| standing::elsewhere(act, Vote::Yes, self.change).is_some()) {
                continue;
            }
            // Also of one that somebody else who may have given it took back since.
            for person in sheet.latest.get(at).into_iter().flatten() {
                let (kept, all) = last.entry(*person).or_insert((at, counts));
                *all &= counts;
                let id = |at: usize| self.acts.list.get(at).map(|act| &act.id);
                if id(at) < id(*kept) {
                    *kept = at;
                }
            }
        }
        for at in (0..codes.len()).filter(approves) {
            let actor = self.acts.actor(at);
            let other = actor.iter().filter_map(|person| last.get(person)).find(|kept| **kept != (at, true));
            if let Some((kept, _)) = other
                && let Some(code) = codes.get_mut(at).filter(|code| **code == ActCode::Counted)
            {
                let same = self.acts.actor(*kept) == actor;
                *code = if same { ActCode::Superseded } else { ActCode::SamePerson };
            }
        }
    }
}
