//! From acts to eligibility: for every act `counted`, or one code that says why not.

pub(crate) mod answers;
pub(crate) mod contributors;
pub mod mailmap;
mod markdown;
pub(crate) mod overrides;
pub(crate) mod people;
pub(crate) mod roster;
pub(crate) mod signed;
mod signers;
mod standing;
mod veto;
mod votes;

use std::collections::BTreeMap;

use crate::Error;
use crate::limits::{CLOCK_SKEW, SEARCHED_BYTES, Steps, VERDICT_STEPS};
use crate::model::{
    Account, Act, ActCode, ActKind, ActVerdict, AnswerDigest, Change, ContributorRole, EarlierAnswer, Fact,
    ObjectId, OpenQuestion, Proof, Request, TextIntegrity, When,
};
use crate::order::Index;
use crate::policy::{Approvals, Methods, Options, PeopleSet, Policy, Requirement, Stale};
use answers::Answer;
use contributors::{Contributors, Pushed};
use people::{Directory, PersonId};
use roster::{Admission, Roster};
use votes::Vote;

pub(crate) use markdown::Words;
pub(crate) use veto::veto;

/// The acts on a change, and who acted.
pub(crate) struct Acts<'d, 'a> {
    /// Acts as the platform has them, and last the change's own text, when there is one.
    pub list: Vec<&'d Act<'a>>,
    /// Whether the last of the list is the change's own text.
    pub description: bool,
    /// What each act says.
    pub words: Vec<Words<'d>>,
    /// Bytes of all that was said.
    pub bytes: u64,
    /// Everybody whom the account of each act may be.
    pub actors: Vec<Vec<PersonId>>,
    /// The answers of each act.
    pub answers: Vec<Vec<Answer<'d>>>,
    /// Why an act counts for nothing, whatever it says: nobody proved to have said it.
    pub faults: Vec<Option<ActCode>>,
    /// The fault of an act in a sentence, where it says more than the code.
    pub whys: Vec<Option<String>>,
    /// Acts that are about another change: as approvals they replace no refusal of this one.
    pub elsewhere: Vec<Elsewhere>,
    /// Whether any act overrides something.
    pub override_something: bool,
}

/// Whether an act says that it is about something else than this change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Elsewhere {
    /// It is about this change, or does not say.
    No,
    /// It is about another change or target, or about a commit that was a head of this change.
    Once,
    /// It is about a commit that nothing ties to this change.
    Unrelated,
}

/// The text of the change itself, as an act of whoever wrote it.
pub(crate) fn description<'a>(change: &Change<'a>) -> Option<Act<'a>> {
    let text = change.description.as_ref()?;
    Some(Act {
        id: "description".into(),
        kind: ActKind::Comment,
        actor: text.author.clone()?,
        proof: Proof::Forge,
        at: text.at,
        edited: text.edited.clone(),
        text: Some(text.text.clone()),
        ..Act::default()
    })
}

impl Acts<'_, '_> {
    fn actor(&self, at: usize) -> &[PersonId] {
        self.actors.get(at).map(Vec::as_slice).unwrap_or_default()
    }

    fn text(&self, at: usize) -> &str {
        self.words.get(at).map(Words::text).unwrap_or_default()
    }

    fn is_description(&self, at: usize) -> bool {
        self.description && at + 1 == self.list.len()
    }

    fn is_elsewhere(&self, at: usize) -> bool {
        self.elsewhere.get(at).is_some_and(|elsewhere| *elsewhere != Elsewhere::No)
    }

    /// Whether an act is no concern of this change at all: a refusal may be one of it all the same.
    fn is_unrelated(&self, at: usize) -> bool {
        let refuses = self.list.get(at).is_some_and(|act| act.kind == ActKind::RequestChanges);
        self.elsewhere.get(at) == Some(&Elsewhere::Unrelated) && !refuses
    }

    fn why(&self, at: usize) -> Option<&String> {
        self.whys.get(at)?.as_ref()
    }

    /// Whether an act is a statement that nobody signed yet.
    fn is_to_sign(&self, at: usize) -> bool {
        self.list.get(at).is_some_and(|act| act.id == signed::TO_SIGN && act.proof == Proof::Signature)
    }

    fn fault(&self, at: usize) -> Option<ActCode> {
        self.faults.get(at).copied().flatten()
    }
}

/// The commits of a request that one of them reaches.
fn reachable<'r>(request: &'r Request<'_>, head: &ObjectId<'_>) -> Index<'r> {
    let places = Index::of(request.commits.iter().map(|commit| commit.sha.as_bytes()));
    let mut reached = vec![false; request.commits.len()];
    let mut open: Vec<usize> = places.get(head.as_bytes()).into_iter().collect();
    let mut commits = Vec::new();
    while let Some(at) = open.pop() {
        let (Some(seen), Some(commit)) = (reached.get_mut(at), request.commits.get(at)) else { continue };
        if !std::mem::replace(seen, true) {
            commits.push(commit.sha.as_bytes());
            open.extend(commit.parents.iter().filter_map(|parent| places.get(parent.sha.as_bytes())));
        }
    }
    Index::of(commits.into_iter())
}

/// Whether a text holds one of these lines, in upper or lower case.
fn lowered_contains(text: &str, lines: &[String]) -> bool {
    let lowered = text.to_lowercase();
    lines.iter().any(|line| lowered.contains(line))
}

/// Whether the platform does not say who it was.
fn is_unnamed(account: &Account<'_>) -> bool {
    let given = [account.id.as_deref(), account.login.as_deref()];
    given.iter().flatten().all(|name| name.is_empty()) && account.email.is_none()
}

/// What to call whoever acted.
fn label_of(directory: &Directory, act: &Act<'_>, actor: &[PersonId]) -> String {
    // A key of several people names none of them.
    if act.proof == Proof::Signature && actor.len() > 1 {
        let mut names: Vec<String> = actor.iter().map(|person| directory.label(*person)).collect();
        crate::order::strings(&mut names);
        return names.join(" or ");
    }
    let login = act.actor.login.as_ref().map(|login| login.trim_start_matches('@').to_owned());
    login
        .filter(|login| !login.is_empty())
        .or_else(|| actor.first().map(|person| directory.label(*person)))
        .unwrap_or_else(|| "nobody".to_owned())
}

/// Everything that acts are judged against.
pub(crate) struct Desk<'d, 'r, 'a> {
    pub request: &'r Request<'a>,
    pub change: &'r Change<'a>,
    pub policy: &'d Policy,
    pub directory: &'d Directory,
    pub contributors: &'d Contributors<'r, 'a>,
    pub options: &'d Options,
    pub acts: &'d Acts<'d, 'a>,
    pub steps: &'d Steps,
}

/// Why no approval, whoever gives it from here on, can be told to be of what is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Untold {
    /// When the head was pushed is not known.
    Push,
    /// What differs is not known.
    Diff,
    /// What merging gives is not known.
    Tree,
    /// Merging conflicts, and gives no tree.
    Conflict,
    /// Merging brings nothing, and so no diff.
    Nothing,
    /// What was answered in other changes is not known.
    Answers,
}

impl Untold {
    pub fn why(self) -> &'static str {
        match self {
            Untold::Push => {
                "the policy says `since-push: true`, and when the change was last pushed is not known here"
            }
            Untold::Diff => "the policy says `stale: diff`, and what differs is not known here",
            Untold::Tree => "the policy says `stale: tree`, and what merging gives is not known here",
            Untold::Nothing => {
                "the policy keeps approvals for what merging brings, and the target holds all of the change already"
            }
            Untold::Answers => {
                "the answers given in other changes are not here, and the policy asks for fresh ones"
            }
            Untold::Conflict => {
                "the policy keeps approvals for the tree that merging gives, and the change conflicts with its target"
            }
        }
    }
}

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
struct Sheet<'q> {
    requirement: &'q Requirement,
    roster: Roster,
    votes: Vec<Vote>,
    /// For each vote, the people whose last word it is.
    latest: Vec<Vec<PersonId>>,
}

/// Which acts gave an answer, each with the question: by the words, and by the question where the words are a copy under it alone.
type Given<'s> = BTreeMap<(Option<&'s str>, &'s str), Vec<(usize, &'s str)>>;

impl Desk<'_, '_, '_> {
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
        let sheet = Sheet { requirement, roster, votes, latest };
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
    fn people_of(&self, sheet: &Sheet<'_>, codes: &[ActCode]) -> (Vec<PersonId>, Vec<(usize, PersonId)>) {
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

    /// What each act says under some methods.
    fn votes(&self, methods: &Methods) -> Result<Vec<Vote>, Error> {
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
    fn says(
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
    fn is_dismissed(&self, at: usize, act: &Act<'_>) -> bool {
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
    fn names_head(&self, act: &Act<'_>, text: &str) -> bool {
        let was_there = || {
            act.proof != Proof::Forge
                || contributors::pushed_at(self.request, &self.change.head)
                    .is_some_and(|at| act.at > Some(at))
        };
        votes::mentions(text, &self.change.head, false)
            && (votes::mentions(text, &self.change.head, true) || was_there())
    }

    /// Why an approval by a text is not its giver's word.
    fn rewritten(&self, at: usize, act: &Act<'_>, vote: Vote) -> Option<ActCode> {
        let by_text = matches!(act.kind, ActKind::Comment | ActKind::Review) || !self.options.methods.reviews;
        (vote == Vote::Yes && by_text).then(|| self.judge_text(act, self.acts.actor(at)))?
    }

    fn label(&self, act: &Act<'_>, actor: &[PersonId]) -> String {
        label_of(self.directory, act, actor)
    }

    /// Whether an act counts as what it says, a refusal included.
    fn judge(&self, at: usize, sheet: &Sheet<'_>) -> Result<ActCode, Error> {
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
    fn judge_refusal(&self, at: usize, act: &Act<'_>, sheet: &Sheet<'_>) -> Result<ActCode, Error> {
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
    fn why_no_vote(&self, at: usize, act: &Act<'_>) -> ActCode {
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

    /// What makes somebody one who took part who is not named as one, where that is why an act does not count.
    fn why_perhaps(&self, code: ActCode, actor: &[PersonId]) -> Option<String> {
        let by_part = matches!(
            code,
            ActCode::Author
                | ActCode::Committer
                | ActCode::CoAuthor
                | ActCode::Pusher
                | ActCode::AiRequester
                | ActCode::BecameContributor
        );
        let barred = || actor.iter().find(|person| self.contributors.bars(**person, self.options).is_some());
        by_part.then(barred)?.and_then(|person| self.contributors.why_perhaps(self.directory, *person))
    }

    /// Why somebody cannot approve by this account.
    fn judge_person(&self, act: &Act<'_>, actor: &[PersonId], roster: &Roster) -> Option<ActCode> {
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
    fn judge_program(&self, actor: &[PersonId], roster: &Roster) -> Option<ActCode> {
        let is =
            |what: fn(&Directory, PersonId) -> bool| actor.iter().any(|person| what(self.directory, *person));
        match () {
            () if actor.iter().any(|person| roster.has_bot(*person)) => None,
            () if is(Directory::is_tool) => Some(ActCode::Tool),
            () => is(Directory::is_bot).then_some(ActCode::Bot),
        }
    }

    /// Whether anybody who may have acted is among the people of a roster.
    fn admission(&self, actor: &[PersonId], roster: &Roster) -> Admission {
        let is = |wanted| actor.iter().any(|person| roster.admits(self.directory, *person) == wanted);
        match () {
            () if is(Admission::Yes) => Admission::Yes,
            () if is(Admission::Unreadable) => Admission::Unreadable,
            () => Admission::No,
        }
    }

    /// Whether somebody approved an earlier head of the change, and only then wrote or committed a part of it.
    fn took_part_since(&self, act: &Act<'_>, actor: &[PersonId], code: ActCode) -> bool {
        let by_commits = matches!(code, ActCode::Author | ActCode::Committer | ActCode::CoAuthor);
        let opened = || self.contributors.authors().any(|author| actor.contains(&author));
        let earlier = act.head.as_ref().filter(|head| **head != self.change.head);
        match earlier {
            Some(head) if by_commits && !opened() => {
                let until = reachable(self.request, head);
                let places = || self.contributors.parts().filter(|(person, _)| actor.contains(person));
                !until.is_empty() && places().all(|(_, commit)| until.get(commit.as_bytes()).is_none())
            }
            _ => false,
        }
    }

    /// Why the text of an act is not its giver's word.
    fn judge_text(&self, act: &Act<'_>, actor: &[PersonId]) -> Option<ActCode> {
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

    /// Why an approval is for something else than what is judged.
    fn judge_binding(&self, at: usize, act: &Act<'_>) -> Option<ActCode> {
        let change = self.change;
        if act.change.as_ref().is_some_and(|id| change.id.as_ref() != Some(id)) {
            return Some(ActCode::OtherChange);
        }
        if act.target.as_ref().is_some_and(|target| *target != change.target) {
            return Some(ActCode::OtherTarget);
        }
        let stale = self.judge_staleness(at, act);
        if stale.is_some() {
            return stale;
        }
        if self.options.since_push {
            match (act.at, self.contributors.pushed) {
                (_, Pushed::Never) => {}
                (Some(given), Pushed::At(pushed)) if given > pushed => {}
                (Some(_), Pushed::At(_)) => return Some(ActCode::StaleHead),
                _ => return Some(ActCode::FactUnavailable),
            }
        }
        let now = self.request.trigger.now;
        // A signer writes the time of a signature: one that is still to come would never grow old, and would be the last
        // word of its giver whatever they take back.
        let to_come =
            act.proof != Proof::Forge && act.at.is_some_and(|at| at.seconds_until(now) < -CLOCK_SKEW);
        let too_old =
            |max_age| act.at.is_none_or(|at| !(-CLOCK_SKEW..=max_age).contains(&at.seconds_until(now)));
        (to_come || self.options.max_age.is_some_and(too_old)).then_some(ActCode::TooOld)
    }

    /// Why no approval from here on can count, by a forge's own record of it or otherwise: a forge says which commit was approved.
    /// Where questions are asked, the answers are to be told from earlier ones.
    pub fn untold(&self, by_forge: bool, asks: bool) -> Option<Untold> {
        let known = |fact| self.request.complete.contains(&fact);
        match self.options.stale {
            Stale::Diff if !by_forge && self.change.diff_id.is_none() => {
                Some(if known(Fact::DiffId) { Untold::Nothing } else { Untold::Diff })
            }
            Stale::Tree if self.change.merge_tree.is_none() => {
                Some(if known(Fact::MergeTree) { Untold::Conflict } else { Untold::Tree })
            }
            _ if self.options.since_push && self.contributors.pushed == Pushed::Unknown => Some(Untold::Push),
            _ => (asks && self.options.fresh_answers && !known(Fact::History)).then_some(Untold::Answers),
        }
    }

    fn judge_staleness(&self, at: usize, act: &Act<'_>) -> Option<ActCode> {
        if self.options.stale == Stale::Keep {
            return self.acts.is_elsewhere(at).then_some(ActCode::StaleHead);
        }
        // A comment is bound to no commit but by its words.
        if act.kind == ActKind::Comment && act.head.is_none() {
            return (!self.names_head(act, self.acts.text(at))).then_some(ActCode::StaleHead);
        }
        let bound = |given: Option<&_>, asked: Option<&_>, stale: ActCode| match (given, asked) {
            (Some(given), Some(asked)) if given == asked => None,
            (Some(_), Some(_)) => Some(stale),
            _ => Some(ActCode::FactUnavailable),
        };
        match self.options.stale {
            Stale::Keep => None,
            Stale::Head => match &act.head {
                None => Some(ActCode::FactUnavailable),
                Some(head) if self.contributors.heads.contains(&head) => None,
                Some(_) => Some(ActCode::StaleHead),
            },
            // A forge says which commit was approved: the very head is no other diff than its own.
            Stale::Diff
                if act.proof == Proof::Forge
                    && act.diff_id.is_none()
                    && act.head.as_ref() == Some(&self.change.head) =>
            {
                None
            }
            Stale::Diff => bound(act.diff_id.as_ref(), self.change.diff_id.as_ref(), ActCode::StaleDiff),
            // What the signer's own git would give for the merge is another tree than the one that would be signed.
            Stale::Tree if self.merges_otherwise(at) => Some(ActCode::StaleTree),
            Stale::Tree => {
                bound(act.merge_tree.as_ref(), self.change.merge_tree.as_ref(), ActCode::StaleTree)
            }
        }
    }

    /// Whether attributes or settings of the signer make the merge another one than that which would be signed.
    fn merges_otherwise(&self, at: usize) -> bool {
        self.acts.is_to_sign(at)
            && self.request.to_sign.as_ref().is_some_and(|to_sign| to_sign.merges_otherwise)
    }

    fn weigh_answers(&self, at: usize, requirement: &Requirement) -> ActCode {
        self.faults_of_answers(at, requirement).first().map_or(ActCode::Counted, |(_, code)| *code)
    }

    /// What keeps the answers of an act from counting by themselves: the question of each, in the policy's order.
    fn faults_of_answers<'q>(&self, at: usize, requirement: &'q Requirement) -> Vec<(&'q str, ActCode)> {
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
    fn kept_answers(&self, at: usize, code: ActCode, requirement: &Requirement) -> Vec<AnswerDigest> {
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
    fn strike_copies(&self, requirement: &Requirement, codes: &mut [ActCode]) -> Vec<(usize, &str)> {
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
    fn strike_ties(&self, sheet: &Sheet<'_>, codes: &mut [ActCode]) {
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

    /// What an act that counts approved, and why it still counts where that is not the head.
    fn approved<'t>(&'t self, act: &'t Act<'_>) -> (&'t str, String) {
        let head = self.change.head.short();
        let (thing, why) = match self.options.stale {
            Stale::Head => (head, "what was pushed since is ignored by the policy"),
            Stale::Diff => ("this diff", "the diff is the same"),
            Stale::Tree => ("this merge result", "merging gives the same tree"),
            Stale::Keep => ("the change", "the policy keeps approvals, whatever is pushed"),
        };
        match &act.head {
            Some(given) if *given != self.change.head => {
                (given.short(), format!("; the head is now {head}, and {why}"))
            }
            Some(_) => (head, String::new()),
            // A comment counts by the head that it names, but where approvals are kept.
            None if act.kind == ActKind::Comment && self.options.stale != Stale::Keep => {
                (head, String::new())
            }
            None => {
                (thing, if self.options.stale == Stale::Keep { format!("; {why}") } else { String::new() })
            }
        }
    }

    /// One sentence for one code, to the person whose act it was; `of` are the questions that the code is about.
    fn sentence(&self, code: ActCode, at: usize, act: &Act<'_>, who: &str, by: &str, of: &[&str]) -> String {
        if let (Some(why), true) = (self.acts.why(at), self.acts.fault(at) == Some(code)) {
            return why.clone();
        }
        let head = self.change.head.short();
        let stale = matches!(code, ActCode::StaleHead | ActCode::StaleDiff | ActCode::StaleTree);
        if let Some(given) = act.head.as_ref().filter(|_| stale && self.acts.is_elsewhere(at)) {
            let same = act.diff_id.is_some() && act.diff_id == self.change.diff_id;
            let diff = if same { " (its diff is the same)" } else { "" };
            let given = given.short();
            return format!("{who} signed {given}, which is no longer part of this change{diff}: ask again");
        }
        match code {
            ActCode::StaleTree if self.merges_otherwise(at) => format!(
                "the policy keeps approvals for the tree that merging gives, and attributes (.gitattributes) or settings \
                 here make that another one than {}",
                self.change.merge_tree.as_ref().map_or("a conflict", |tree| tree.short())
            ),
            ActCode::Counted => {
                let proof = match act.proof {
                    Proof::Claimed => format!("; nothing but the file proves that it was {who}"),
                    Proof::Signature => ", signed with an SSH key".to_owned(),
                    Proof::Forge => String::new(),
                };
                let (what, why) = self.approved(act);
                format!("{who} approved {what}{proof}{why}")
            }
            ActCode::Author => format!("{who} is an author of this change and cannot approve it"),
            ActCode::Committer => format!("{who} committed part of this change and cannot approve it"),
            ActCode::CoAuthor => format!("{who} is named as co-author of this change and cannot approve it"),
            ActCode::Pusher => format!("{who} pushed to this change and cannot approve it"),
            ActCode::AiRequester => format!("{who} asked an AI for this change and counts as its author"),
            ActCode::BecameContributor => {
                format!("{who} approved an earlier head and took part in the change since")
            }
            ActCode::Tool => format!("{who} is an AI; only people approve"),
            ActCode::Bot => format!("{who} is a program; only people approve"),
            ActCode::Inactive => format!("the account of {who} is blocked or deleted"),
            ActCode::NotEligible => format!("{who} is not among {by}"),
            ActCode::MembershipUnreadable => format!("whether {who} is among {by} could not be read"),
            ActCode::UnknownAccount if is_unnamed(&act.actor) => {
                "the platform does not say who it was".to_owned()
            }
            ActCode::UnknownAccount if self.directory.by_account => format!(
                "no account is known for {who}, so nobody can tell whether {who} took part in this change; name the \
                 account under `identities` in the policy"
            ),
            ActCode::UnknownAccount => format!(
                "no e-mail address is known for {who}, so nobody can tell whether {who} wrote part of this change; \
                 add one under `identities` in the policy"
            ),
            ActCode::StaleHead => match act.head.as_ref().map(|id| id.short()) {
                Some(_) if act.head.as_ref() == Some(&self.change.head) => {
                    format!("{who} approved {head} before it was last pushed")
                }
                Some(given) => format!("{who} approved {given}, and the head is now {head}"),
                None => format!("what {who} wrote does not name the head: write {head} into it"),
            },
            ActCode::StaleDiff => format!("{who} approved another diff, and the change is now another"),
            ActCode::StaleTree => {
                format!("{who} approved another merge result: the target or the change moved since")
            }
            ActCode::TooOld => {
                format!("the approval of {who} is older than the policy lets it be, or dated after now")
            }
            ActCode::BadSignature => "its signature does not belong to what it says".to_owned(),
            ActCode::BadStatement => {
                format!("{who} signed a statement that cannot be read as a sign-off, or that contradicts itself")
            }
            ActCode::UnknownKey => {
                "the key that signed it is in no line of the target's allowed_signers".to_owned()
            }
            ActCode::ExpiredKey => {
                "the key that signed it is not valid now: its line in the target's allowed_signers says from when to when"
                    .to_owned()
            }
            ActCode::RevokedKey => {
                "the key that signed it was revoked, or the target's revoked_keys holds more than public keys, one a \
                 line"
                    .to_owned()
            }
            ActCode::WrongNamespace => "it was signed for something else than a sign-off".to_owned(),
            ActCode::KeyType => {
                "it is signed by a kind of key that is not verified here: Ed25519, ECDSA with P-256 and RSA with 2048 bits or more are"
                    .to_owned()
            }
            ActCode::StalePolicy => format!("{who} signed under another version of the policy"),
            ActCode::SamePerson => format!("{who} is somebody who approved already, by another account"),
            ActCode::MethodNotAllowed => format!("the policy does not count this way of approving for {who}"),
            ActCode::Quoted => {
                format!("{who} only quotes the words that would approve, or writes them in other words")
            }
            ActCode::OtherChange => format!("{who} approved another change"),
            ActCode::OtherTarget => format!("{who} approved this for another target branch"),
            ActCode::Superseded => format!("{who} acted again, later or at the same time, and that act counts"),
            ActCode::Withdrawn => format!("{who} took back what they had said"),
            ActCode::Dismissed if act.kind == ActKind::RequestChanges => {
                format!("the request of {who} for changes was dismissed")
            }
            ActCode::Dismissed => format!("the approval of {who} was dismissed"),
            ActCode::Edited => format!("{who} edited the text after giving it"),
            ActCode::MutableText => format!("the text of {who} was edited by somebody else, or may have been"),
            ActCode::Deleted => format!("the act of {who} is gone from the platform"),
            ActCode::UnansweredQuestion => {
                format!("{who} left a question unanswered: {}", of.join(", "))
            }
            ActCode::AnswerTooShort => {
                format!("an answer of {who} has fewer than {} words: {}", answers::WORDS, of.join(", "))
            }
            ActCode::AnswerTemplate => {
                format!("an answer of {who} is the template or the question itself: {}", of.join(", "))
            }
            ActCode::AnswerCopied => {
                format!("an answer of {who} is a copy of another answer: {}", of.join(", "))
            }
            ActCode::Unauthenticated => format!("nothing proves that it was {who}"),
            ActCode::FactUnavailable
                if let Some(untold) = self.untold(act.proof == Proof::Forge, self.options.fresh_answers) =>
            {
                format!("the approval of {who} cannot count: {}", untold.why())
            }
            ActCode::FactUnavailable if act.head.is_some() => {
                format!("whether what {who} approved is what there is now cannot be told: a diff, a merge or a push is not known")
            }
            ActCode::FactUnavailable => format!("the act of {who} does not say which commit it is for"),
            ActCode::NoSignOff if act.kind == ActKind::RequestChanges && act.dismissed.is_some() => {
                format!("{who} asks for changes; only somebody who is known not to have taken part can dismiss that")
            }
            ActCode::NoSignOff if act.kind == ActKind::RequestChanges => format!("{who} asks for changes"),
            ActCode::NoSignOff => format!("what {who} wrote is no sign-off"),
            ActCode::NotAsked => format!("nothing asks {who} for this"),
        }
    }
}
