//! Whether an act counts for a requirement, or the one code that says why not.

use super::EvaluationContext;
use super::acts::lowered_contains;
use super::answers::{self, Answer};
use super::contributors;
use super::markdown::Words;
use super::people::{Directory, PersonId};
use super::roster::{Admission, Roster};
use super::tally::RequirementInputs;
use super::votes::{self, Vote};
use crate::Error;
use crate::limits::SEARCHED_BYTES;
use crate::model::{Act, ActCode, ActKind, AnswerDigest, ContributorRole, Proof, TextIntegrity};
use crate::policy::{Methods, Requirement};

impl EvaluationContext<'_, '_, '_> {
    /// What each act says under some methods.
    pub(super) fn votes(&self, methods: &Methods) -> Result<Vec<Vote>, Error> {
        self.says(methods, |at, act, words| {
            let vote = votes::vote(act, words, methods, &self.change.head);
            match vote {
                // The text of the change stands after every push.
                _ if self.acts.is_description(at) => {
                    votes::description(words, methods, self.names_head(act, words.said()))
                }
                Vote::No if self.is_dismissed(at, act) => Vote::Ended,
                Vote::Yes | Vote::Nothing if act.dismissed.is_some() => Vote::Ended,
                vote => vote,
            }
        })
    }

    /// What each act says, but for those that nobody proved to have given and those that are gone: they are no votes,
    /// and replace none.
    pub(super) fn says(
        &self,
        methods: &Methods,
        says: impl Fn(usize, &Act<'_>, &Words<'_>) -> Vote,
    ) -> Result<Vec<Vote>, Error> {
        let acts = self.acts;
        self.steps.take(acts.bytes * methods.readings() / SEARCHED_BYTES)?;
        let vote = |(at, (act, words)): (usize, (&&Act<'_>, &Words<'_>))| {
            let says_nothing = act.deleted || acts.fault(at).is_some() || acts.is_unrelated(at);
            if says_nothing { Vote::Nothing } else { says(at, act, words) }
        };
        Ok(acts.list.iter().zip(&acts.words).enumerate().map(vote).collect())
    }

    /// Whether a refusal was dismissed by its giver, or by a person who is known not to have taken part in the change.
    pub(super) fn is_dismissed(&self, at: usize, act: &Act<'_>) -> bool {
        let Some(by) = act.dismissed.as_ref().and_then(|dismissed| dismissed.by.as_ref()) else {
            return false;
        };
        let people = self.directory.known(by);
        if people.is_empty() || self.directory.is_blocked(by) {
            return false;
        }
        let took_part = |person: &PersonId| self.contributors.has(*person) || self.directory.is_bot(*person);
        people.iter().any(|person| self.acts.actor(at).contains(person))
            || (self.contributors.unknown().is_none() && !people.iter().any(took_part))
    }

    /// Whether a text names the head. Somebody else's commit can be made to begin like one that was approved, so what is
    /// abbreviated names a head that was there before the text, and nothing else.
    pub(super) fn names_head(&self, act: &Act<'_>, text: &str) -> bool {
        let was_there = || {
            act.proof != Proof::Forge
                || contributors::pushed_at(self.request, &self.change.head)
                    .is_some_and(|at| act.at > Some(at))
        };
        votes::mentions(text, &self.change.head, false)
            && (votes::mentions(text, &self.change.head, true) || was_there())
    }

    /// Why an approval by a text is not its giver's word.
    pub(super) fn rewritten(&self, at: usize, act: &Act<'_>, vote: Vote) -> Option<ActCode> {
        let by_text = matches!(act.kind, ActKind::Comment | ActKind::Review) || !self.options.methods.reviews;
        (vote == Vote::Yes && by_text).then(|| self.judge_text(act, self.acts.actor(at)))?
    }

    /// Whether an act counts as what it says, a refusal included.
    pub(super) fn judge(&self, at: usize, sheet: &RequirementInputs<'_>) -> Result<ActCode, Error> {
        let Some(act) = self.acts.list.get(at) else { return Ok(ActCode::NoSignOff) };
        let actor = self.acts.actor(at);
        if let Some(fault) = self.acts.fault(at) {
            return Ok(fault);
        }
        if act.deleted {
            return Ok(ActCode::Deleted);
        }
        let vote = sheet.votes.get(at).copied().unwrap_or(Vote::Nothing);
        if vote == Vote::Nothing {
            return Ok(self.why_no_vote(at, act));
        }
        if actor.is_empty() {
            return Ok(ActCode::UnknownAccount);
        }
        if vote == Vote::No {
            return self.judge_refusal(at, act, sheet);
        }
        // The last word of everybody who may have given it.
        if sheet.latest.get(at).is_none_or(|last| last.len() < actor.len()) {
            return Ok(self.rewritten(at, act, vote).unwrap_or(ActCode::Superseded));
        }
        if vote == Vote::Ended {
            return Ok(if act.kind == ActKind::Withdraw { ActCode::Withdrawn } else { ActCode::Dismissed });
        }
        if let Some(code) = self.judge_person(act, actor, &sheet.roster) {
            let since = self.took_part_since(act, actor, code);
            return Ok(if since { ActCode::BecameContributor } else { code });
        }
        let asks = !sheet.requirement.answers.is_empty();
        let untold = || self.untold(act.proof == Proof::Forge, asks).map(|_| ActCode::FactUnavailable);
        let void = self.judge_text(act, actor).or_else(|| self.judge_binding(at, act)).or_else(untold);
        Ok(void.unwrap_or_else(|| self.weigh_answers(at, sheet.requirement)))
    }

    /// Whether a refusal counts. It survives pushes, needs no answers, and whoever took part in the change, or cannot be
    /// told from somebody who did, refuses like anybody else.
    pub(super) fn judge_refusal(
        &self,
        at: usize,
        act: &Act<'_>,
        sheet: &RequirementInputs<'_>,
    ) -> Result<ActCode, Error> {
        let actor = self.acts.actor(at);
        if let Some(program) = self.judge_program(actor, &sheet.roster) {
            return Ok(program);
        }
        if self.directory.is_blocked(&act.actor) {
            return Ok(ActCode::Inactive);
        }
        let admission = self.admission(actor, &sheet.roster);
        Ok(match admission {
            Admission::No => ActCode::NotEligible,
            _ if self.is_ended(at, &sheet.votes)? => ActCode::Superseded,
            Admission::Unreadable => ActCode::MembershipUnreadable,
            Admission::Yes => ActCode::Counted,
        })
    }

    /// Why what looks like an approval is none under these methods.
    pub(super) fn why_no_vote(&self, at: usize, act: &Act<'_>) -> ActCode {
        let methods = &self.options.methods;
        let text = self.acts.text(at);
        match act.kind {
            ActKind::Approve | ActKind::Signed => ActCode::MethodNotAllowed,
            ActKind::Comment
                if methods.comments_contain.iter().any(|part| text.contains(part))
                    || lowered_contains(text, &methods.comment_lines) =>
            {
                ActCode::Quoted
            }
            _ => ActCode::NoSignOff,
        }
    }

    /// Why somebody cannot approve by this account.
    pub(super) fn judge_person(&self, act: &Act<'_>, actor: &[PersonId], roster: &Roster) -> Option<ActCode> {
        if actor.is_empty() {
            return Some(ActCode::UnknownAccount);
        }
        if let Some(program) = self.judge_program(actor, roster) {
            return Some(program);
        }
        if self.directory.is_blocked(&act.actor) {
            return Some(ActCode::Inactive);
        }
        if let Some(role) = actor.iter().find_map(|person| self.contributors.bars(*person, self.options)) {
            return Some(match role {
                ContributorRole::Author => ActCode::Author,
                ContributorRole::Committer => ActCode::Committer,
                ContributorRole::CoAuthor => ActCode::CoAuthor,
                ContributorRole::Pusher => ActCode::Pusher,
                ContributorRole::AiRequester => ActCode::AiRequester,
            });
        }
        match self.admission(actor, roster) {
            Admission::Yes => {}
            Admission::Unreadable => return Some(ActCode::MembershipUnreadable),
            Admission::No => return Some(ActCode::NotEligible),
        }
        // Where the address is the person, somebody without one cannot be told from an author, and where the account is,
        // somebody without an account. What the act itself says its actor's address is proves nothing.
        let known = |person: &PersonId| {
            roster.admits(self.directory, *person) == Admission::Yes && self.directory.is_told_apart(*person)
        };
        (!actor.iter().any(known)).then_some(ActCode::UnknownAccount)
    }

    /// Whether it is a program that the policy does not name.
    pub(super) fn judge_program(&self, actor: &[PersonId], roster: &Roster) -> Option<ActCode> {
        let is =
            |what: fn(&Directory, PersonId) -> bool| actor.iter().any(|person| what(self.directory, *person));
        match () {
            () if actor.iter().any(|person| roster.has_bot(*person)) => None,
            () if is(Directory::is_tool) => Some(ActCode::Tool),
            () => is(Directory::is_bot).then_some(ActCode::Bot),
        }
    }

    /// Whether anybody who may have acted is among the people of a roster.
    pub(super) fn admission(&self, actor: &[PersonId], roster: &Roster) -> Admission {
        let is = |wanted| actor.iter().any(|person| roster.admits(self.directory, *person) == wanted);
        match () {
            () if is(Admission::Yes) => Admission::Yes,
            () if is(Admission::Unreadable) => Admission::Unreadable,
            () => Admission::No,
        }
    }

    /// Why the text of an act is not its giver's word.
    pub(super) fn judge_text(&self, act: &Act<'_>, actor: &[PersonId]) -> Option<ActCode> {
        let edited = act.edited.as_ref()?;
        let by_another = edited.by.as_ref().is_some_and(|by| {
            let editors = self.directory.known(by);
            editors.is_empty() || !editors.iter().any(|editor| actor.contains(editor))
        });
        if by_another {
            return Some(ActCode::MutableText);
        }
        match act.text_integrity {
            Some(TextIntegrity::Original) => None,
            Some(TextIntegrity::EditableByOthers) if !self.options.mutable_text => Some(ActCode::MutableText),
            _ => (!self.options.edited_counts).then_some(ActCode::Edited),
        }
    }

    pub(super) fn weigh_answers(&self, at: usize, requirement: &Requirement) -> ActCode {
        self.faults_of_answers(at, requirement).first().map_or(ActCode::Counted, |(_, code)| *code)
    }

    /// What keeps the answers of an act from counting by themselves: the question of each, in the policy's order.
    pub(super) fn faults_of_answers<'q>(
        &self,
        at: usize,
        requirement: &'q Requirement,
    ) -> Vec<(&'q str, ActCode)> {
        let given = self.acts.answers.get(at).map(Vec::as_slice).unwrap_or_default();
        let mut before: Vec<&str> = Vec::new();
        let mut faults = Vec::new();
        for name in &requirement.answers {
            let question = self.policy.questions.get(name).map(String::as_str).unwrap_or_default();
            let code = match given.iter().find(|answer| answer.question == name) {
                None => Some(ActCode::UnansweredQuestion),
                Some(answer) => answers::weigh(&answer.folded, question).or_else(|| {
                    let seen = before.contains(&answer.folded.as_str())
                        || (self.options.fresh_answers && self.earlier(answer).is_some());
                    before.push(&answer.folded);
                    seen.then_some(ActCode::AnswerCopied)
                }),
            };
            faults.extend(code.map(|code| (name.as_str(), code)));
        }
        faults
    }

    /// What a host keeps of the answers of an act that counts, where something looks at that.
    pub(super) fn kept_answers(
        &self,
        at: usize,
        code: ActCode,
        requirement: &Requirement,
    ) -> Vec<AnswerDigest> {
        let history = self.request.history.as_ref().is_some_and(|history| !history.answers.is_empty());
        if code != ActCode::Counted || !(self.options.fresh_answers || history) {
            return Vec::new();
        }
        let asked = |answer: &&Answer<'_>| requirement.answers.iter().any(|name| name == answer.question);
        let given = self.acts.answers.get(at).map(Vec::as_slice).unwrap_or_default();
        let kept = |answer: &Answer<'_>| AnswerDigest {
            question: answer.question.to_owned(),
            digest: answer.digest(),
            seen_in: self.earlier(answer).map(str::to_owned),
        };
        given.iter().filter(asked).map(kept).collect()
    }
}
