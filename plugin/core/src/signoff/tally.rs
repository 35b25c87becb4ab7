//! What a requirement got: each act with its code, the people who count, and who could still approve.

use super::EvaluationContext;
use super::overrides;
use super::people::PersonId;
use super::roster::Roster;
use super::votes::Vote;
use crate::Error;
use crate::limits::VERDICT_STEPS;
use crate::model::{ActCode, ActVerdict, OpenQuestion, Proof, When};
use crate::policy::{Approvals, PeopleSet, Requirement};

/// What a requirement got.
pub(crate) struct Tally {
    pub verdicts: Vec<ActVerdict>,
    /// The people whose approval counts, in order; of each the first of what they may be.
    pub counted: Vec<PersonId>,
    /// How many are asked for.
    pub needed: u32,
    pub vetoes: Vec<String>,
    /// People who could still approve.
    pub eligible: Vec<String>,
    /// The same people, each with what they are called.
    pub open: Vec<(PersonId, String)>,
    /// What keeps somebody from approving who is not named as one who took part.
    pub barred_perhaps: Option<String>,
    pub unreadable_groups: Vec<String>,
    /// Somebody may be asked for who is not known.
    pub uncertain: bool,
    /// Somebody approved or refused of whom the platform does not say whether they may.
    pub unreadable: Option<String>,
    /// Somebody refused of whom the platform does not say whether they may.
    pub unreadable_refusal: Option<String>,
    /// People whose approval counts and rests on a file alone.
    pub claimed: Vec<String>,
    /// What the statement leaves unanswered that nobody signed yet.
    pub unanswered: Vec<OpenQuestion>,
}

/// What is known of all acts before one is judged.
pub(super) struct RequirementInputs<'q> {
    pub requirement: &'q Requirement,
    pub roster: Roster,
    pub votes: Vec<Vote>,
    /// For each vote, the people whose last word it is.
    pub latest: Vec<Vec<PersonId>>,
}

impl EvaluationContext<'_, '_, '_> {
    /// Judges every act for one requirement; whoever is among `owners` may approve for it too.
    ///
    /// # Errors
    /// `over-limit` when all requirements together have more to judge than a call may take.
    pub fn tally(&self, requirement: &Requirement, owners: Option<&PeopleSet>) -> Result<Tally, Error> {
        self.steps.take(self.acts.list.len() as u64 * VERDICT_STEPS)?;
        let roster = Roster::of(
            self.policy.sets(&requirement.by).chain(owners),
            self.request,
            self.directory,
            self.steps,
        )?;
        let votes = self.votes(&self.options.methods)?;
        let latest = self.acts.latest(&votes, self.change);
        let sheet = RequirementInputs { requirement, roster, votes, latest };
        let judged = (0..self.acts.list.len()).map(|at| self.judge(at, &sheet));
        let mut codes = judged.collect::<Result<Vec<ActCode>, Error>>()?;
        let copied = self.strike_copies(requirement, &mut codes);
        self.strike_ties(&sheet, &mut codes);

        let mut tally = Tally {
            verdicts: Vec::new(),
            counted: Vec::new(),
            needed: 0,
            vetoes: Vec::new(),
            eligible: Vec::new(),
            open: Vec::new(),
            barred_perhaps: None,
            unreadable_groups: sheet.roster.unreadable.clone(),
            uncertain: sheet.roster.is_uncertain(self.request, self.directory),
            unreadable: None,
            unreadable_refusal: None,
            claimed: Vec::new(),
            unanswered: Vec::new(),
        };
        let (people, repeats) = self.people_of(&sheet, &codes);
        for (at, (act, mut code)) in self.acts.list.iter().zip(codes).enumerate() {
            let actor = self.acts.actor(at);
            let label = self.label(act, actor);
            let vote = sheet.votes.get(at).copied().unwrap_or(Vote::Nothing);
            if (self.acts.is_description(at) && vote == Vote::Nothing)
                || self.acts.is_unrelated(at)
                || overrides::only_overrides(act, vote)
            {
                continue;
            }
            if code == ActCode::Counted && vote == Vote::No {
                if self.options.request_changes_vetoes {
                    crate::order::insert(&mut tally.vetoes, label.clone());
                }
                code = ActCode::NoSignOff;
            }
            let matters = vote == Vote::Yes || (vote == Vote::No && self.options.request_changes_vetoes);
            if code == ActCode::MembershipUnreadable && matters {
                tally.unreadable.get_or_insert(label.clone());
                if vote == Vote::No {
                    tally.unreadable_refusal.get_or_insert(label.clone());
                }
            }
            let mut why_perhaps = self.why_perhaps(code, actor);
            if code == ActCode::Counted {
                if let Some((_, known)) = repeats.iter().find(|(repeat, _)| *repeat == at) {
                    code = ActCode::SamePerson;
                    why_perhaps = (!actor.contains(known)).then(|| {
                        let known = self.directory.label(*known);
                        format!("{} says that {label} and {known} may be one person", self.directory.unites())
                    });
                } else {
                    tally.counted.extend(actor.first());
                    if act.proof == Proof::Claimed {
                        tally.claimed.push(label.clone());
                    }
                }
            }
            let by = requirement.by.join(" or ");
            let asks = code.is_of_answers() || (self.acts.is_to_sign(at) && code == ActCode::Counted);
            let mut faults = if asks { self.faults_of_answers(at, requirement) } else { Vec::new() };
            let copies = copied.iter().filter(|(copy, _)| *copy == at);
            faults.extend(copies.map(|(_, name)| (*name, ActCode::AnswerCopied)));
            let of_code = |wanted: ActCode| faults.iter().filter(move |(_, code)| *code == wanted);
            let names = |code| of_code(code).map(|(name, _)| *name).collect::<Vec<_>>();
            if self.acts.is_to_sign(at) {
                for (name, code) in &faults {
                    let sentence = self.sentence(*code, at, act, &label, &by, &[name]);
                    let name = (*name).to_owned();
                    tally.unanswered.push(OpenQuestion { name, code: *code, sentence });
                }
            }
            let mut sentence = self.sentence(code, at, act, &label, &by, &names(code));
            if let Some(why) = why_perhaps {
                sentence = format!("{sentence}: {why}");
            }
            tally.verdicts.push(ActVerdict {
                act: act.id.to_string(),
                actor: label,
                code,
                sentence,
                proof: (code == ActCode::Counted).then_some(act.proof),
                answers: self.kept_answers(at, code, requirement),
            });
        }
        let may = |person: &PersonId| self.may(*person, &sheet.roster);
        // Whoever may be one person is asked once, by the first of their names; they stand side by side.
        let mut asked: Vec<(PersonId, String)> = Vec::new();
        for person in sheet.roster.people().filter(may) {
            let label = self.directory.label(person);
            match asked.last_mut().filter(|(known, _)| known.may_be(person)) {
                Some((_, known)) => *known = label.min(std::mem::take(known)),
                None => asked.push((person, label)),
            }
        }
        if self.directory.may_unite() {
            let bars = |person: &PersonId| self.contributors.bars(*person, self.options).is_some();
            let why = |person| self.contributors.why_perhaps(self.directory, person);
            tally.barred_perhaps = sheet.roster.people().filter(bars).find_map(why);
        }
        tally.needed = match requirement.approvals {
            Approvals::Number(number) => number,
            Approvals::All => u32::try_from(asked.len()).unwrap_or(u32::MAX).max(1),
        };
        let still = asked.into_iter().filter(|(person, _)| !people.iter().any(|known| known.may_be(*person)));
        tally.open = still.collect();
        tally.eligible = tally.open.iter().map(|(_, label)| label.clone()).collect();
        crate::order::strings(&mut tally.eligible);
        Ok(tally)
    }

    /// Whether somebody of a roster may act for it: they took no part that bars them, and there is still somebody behind the name.
    pub fn may(&self, person: PersonId, roster: &Roster) -> bool {
        self.contributors.bars(person, self.options).is_none()
            && (!self.directory.is_bot(person) || roster.has_bot(person))
            && !self.directory.is_inactive(person)
    }

    /// The people whose approvals count, in order, and which approvals are another of somebody who may be one of them. Of
    /// those the one counts that fewer people may have given, then the earlier one.
    pub(super) fn people_of(
        &self,
        sheet: &RequirementInputs<'_>,
        codes: &[ActCode],
    ) -> (Vec<PersonId>, Vec<(usize, PersonId)>) {
        let mut given: Vec<(usize, Option<When>, &str, usize)> = Vec::new();
        for (at, (act, code)) in self.acts.list.iter().zip(codes).enumerate() {
            if *code == ActCode::Counted && sheet.votes.get(at) == Some(&Vote::Yes) {
                crate::order::insert(&mut given, (self.acts.actor(at).len(), act.at, &*act.id, at));
            }
        }
        let (mut people, mut repeats) = (Vec::new(), Vec::new());
        for (.., at) in given {
            let actor = self.acts.actor(at);
            let before =
                |person: &PersonId| people.iter().find(|known: &&PersonId| known.may_be(*person)).copied();
            match actor.iter().find_map(before) {
                Some(known) => repeats.push((at, known)),
                None => actor.iter().for_each(|person| crate::order::insert(&mut people, *person)),
            }
        }
        (people, repeats)
    }
}
