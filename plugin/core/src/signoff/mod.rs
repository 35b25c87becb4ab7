//! From acts to eligibility: for every act `counted`, or one code that says why not.

pub(crate) mod answers;
pub(crate) mod people;

use std::collections::BTreeMap;

use crate::change::{Judged, Stated, contributions};
use crate::model::{
    Act, ActCode, ActKind, ActVerdict, Contributor, ContributorRole, Fact, Ident, Proof, Request,
    TextIntegrity, TriggerKind,
};
use crate::order::start_of;
use crate::policy::{Policy, Requirement};
use crate::provenance::Table;
use answers::Answer;
use people::{Attribution, Directory, PersonId};

/// The people behind a change.
pub(crate) struct Contributors {
    /// In order.
    roles: Vec<(PersonId, ContributorRole)>,
    /// A commit that nobody can be made answerable for: its id, and by which word of it.
    pub unattributed: Option<(String, String)>,
}

/// How many people back somebody is recognised without being looked up.
const MET: usize = 32;

impl Contributors {
    /// Gathers author, committers, co-authors, pushers, opener and requester.
    pub fn of(
        request: &Request<'_>,
        judged: &Judged<'_, '_>,
        table: &Table,
        directory: &mut Directory,
    ) -> Self {
        let mut contributors = Contributors { roles: Vec::new(), unattributed: None };
        // A change has many commits and few people, and mostly they commit what they wrote.
        let mut met: Vec<(u64, &Ident<'_>, Attribution)> = Vec::new();
        for contribution in contributions(judged) {
            let who = match &contribution.who {
                Stated::Ident(ident) => {
                    // Most people differ in how their addresses begin.
                    let start = start_of(ident.email.as_bytes());
                    let same = |before: &Ident<'_>| before.is_same(ident) && before.account == ident.account;
                    let before =
                        met.iter().rev().take(MET).find(|(s, before, _)| *s == start && same(before));
                    before.map(|(_, _, who)| *who).unwrap_or_else(|| {
                        let who = directory.of_ident(table, ident);
                        met.push((start, ident, who));
                        who
                    })
                }
                Stated::CoAuthor { name, email } => directory.of_address(table, name, email),
            };
            match who {
                Attribution::Person(person) => contributors.add(person, contribution.role),
                Attribution::Ai => {}
                // A forge commits what people wrote. As an author its address is a mask that anybody can put on.
                Attribution::Machine if contribution.role != ContributorRole::Author => {}
                // A co-author is free text: one that is nobody bans nobody.
                Attribution::Nobody if contribution.role == ContributorRole::CoAuthor => {}
                Attribution::Machine | Attribution::Nobody => {
                    contributors.unattributed.get_or_insert_with(|| {
                        (contribution.commit.sha.as_str().to_owned(), contribution.who.to_string())
                    });
                }
            }
        }
        let change = request.change.as_ref();
        let pushers = request.pushes.iter().filter_map(|push| push.by.as_ref());
        let others = pushers
            .map(|by| (by, ContributorRole::Pusher))
            .chain(change.and_then(|c| c.opened_by.as_ref()).map(|by| (by, ContributorRole::Author)))
            .chain(change.and_then(|c| c.asked_by.as_ref()).map(|by| (by, ContributorRole::AiRequester)));
        for (account, role) in others {
            for person in directory.all_of(account) {
                contributors.add(person, role);
            }
        }
        contributors
    }

    fn add(&mut self, person: PersonId, role: ContributorRole) {
        crate::order::insert(&mut self.roles, (person, role));
    }

    fn role_of(&self, person: PersonId) -> Option<ContributorRole> {
        let from = self.roles.partition_point(|(known, _)| *known < person);
        self.roles.get(from).filter(|(known, _)| *known == person).map(|(_, role)| *role)
    }

    /// The people, for the decision.
    pub fn list(&self, directory: &Directory) -> Vec<Contributor> {
        let mut list: Vec<Contributor> = Vec::new();
        for roles in self.roles.chunk_by(|a, b| a.0 == b.0) {
            let person = roles.first().map(|(person, _)| directory.label(*person)).unwrap_or_default();
            list.push(Contributor { person, roles: roles.iter().map(|(_, role)| *role).collect() });
        }
        list.sort_unstable_by(|a, b| a.person.cmp(&b.person));
        list
    }
}

/// Everything that acts are judged against.
pub(crate) struct Desk<'d, 'r, 'a> {
    pub request: &'r Request<'a>,
    pub policy: &'d Policy,
    pub directory: &'d mut Directory,
    pub contributors: &'d Contributors,
    /// Everybody whom the account of each act may be.
    pub actors: &'d [Vec<PersonId>],
    /// The answers of each act.
    pub answers: &'d [Vec<Answer<'d>>],
}

/// What a requirement got.
pub(crate) struct Tally {
    pub verdicts: Vec<ActVerdict>,
    /// People whose approval counts, each once.
    pub counted: u32,
    /// People who asked for changes and may.
    pub vetoes: Vec<String>,
    /// Who could still approve.
    pub eligible: Vec<String>,
    /// Groups whose members could not be read.
    pub unreadable_groups: Vec<String>,
    /// An approval that counts rests on somebody's word.
    pub claimed: Vec<String>,
}

/// Who may give an approval.
struct Eligible {
    /// In order.
    people: Vec<PersonId>,
    unreadable: Vec<String>,
}

impl Eligible {
    fn has(&self, person: &PersonId) -> bool {
        self.people.binary_search(person).is_ok()
    }
}

impl<'d> Desk<'d, '_, '_> {
    fn actor(&self, at: usize) -> &'d [PersonId] {
        self.actors.get(at).map(Vec::as_slice).unwrap_or_default()
    }

    /// Judges every act for one requirement.
    pub fn tally(&mut self, requirement: &Requirement) -> Tally {
        let eligible = self.eligible(requirement);
        let latest = self.latest_acts();
        let mut tally = Tally {
            verdicts: Vec::new(),
            counted: 0,
            vetoes: Vec::new(),
            eligible: Vec::new(),
            unreadable_groups: eligible.unreadable.clone(),
            claimed: Vec::new(),
        };
        let mut people: Vec<PersonId> = Vec::new();
        let copies = self.copied_answers(requirement, &eligible, &latest);
        for (at, act) in self.request.acts.iter().enumerate() {
            let actor = self.actor(at);
            let label = self.label(act, actor);
            let mut code = self.judge(at, act, requirement, &eligible, &latest);
            if code == ActCode::Counted && copies.get(at) == Some(&true) {
                code = ActCode::AnswerCopied;
            }
            if code == ActCode::Counted && act.kind == ActKind::RequestChanges {
                tally.vetoes.push(label.clone());
                code = ActCode::NoSignOff;
            }
            if code == ActCode::Counted && !actor.iter().any(|person| people.binary_search(person).is_ok()) {
                actor.iter().for_each(|person| crate::order::insert(&mut people, *person));
                tally.counted += 1;
                if act.proof == Proof::Claimed {
                    tally.claimed.push(label.clone());
                }
            }
            let sentence = self.sentence(code, act, &label, requirement);
            tally.verdicts.push(ActVerdict {
                act: act.id.to_string(),
                actor: label,
                code,
                sentence,
                proof: (code == ActCode::Counted).then_some(act.proof),
            });
        }
        let open = |person: &&PersonId| {
            people.binary_search(person).is_err()
                && self.contributors.role_of(**person).is_none()
                && !self.directory.is_bot(**person)
                && !self.directory.is_inactive(**person)
        };
        tally.eligible =
            eligible.people.iter().filter(open).map(|person| self.directory.label(*person)).collect();
        crate::order::strings(&mut tally.eligible);
        tally
    }

    fn eligible(&mut self, requirement: &Requirement) -> Eligible {
        let mut eligible = Eligible { people: Vec::new(), unreadable: Vec::new() };
        for set in requirement.by.iter().filter_map(|name| self.policy.people.get(name)) {
            for user in &set.users {
                eligible.people.push(self.directory.named(user));
            }
            for name in &set.groups {
                match self.request.groups.iter().find(|group| group.name == *name) {
                    Some(group) if !group.unreadable => {
                        for member in &group.members {
                            eligible.people.extend(self.directory.all_of(member));
                        }
                    }
                    _ => eligible.unreadable.push(name.clone()),
                }
            }
        }
        eligible.people.sort_unstable();
        eligible.people.dedup();
        eligible
    }

    /// Which acts stand: of each person the latest; on a tie the one that helps least.
    fn latest_acts(&self) -> Vec<bool> {
        let mut latest: BTreeMap<PersonId, usize> = BTreeMap::new();
        let weight = |act: &Act<'_>| match act.kind {
            ActKind::RequestChanges => 2,
            ActKind::Withdraw | ActKind::Dismiss => 1,
            _ => 0,
        };
        let acts = &self.request.acts;
        for (at, act) in acts.iter().enumerate() {
            // What is no vote replaces none.
            if matches!(act.kind, ActKind::Comment | ActKind::Waiver) || act.deleted {
                continue;
            }
            for person in self.actor(at) {
                let earlier = latest.get(person).and_then(|&earlier| acts.get(earlier));
                // An act without a time that takes something back may be the last one, so it is taken for that.
                let order = |act: &Act<'_>| (act.at.is_none() && weight(act) > 0, act.at, weight(act));
                let replaces = earlier.is_none_or(|earlier| order(act) >= order(earlier));
                if replaces {
                    latest.insert(*person, at);
                }
            }
        }
        let mut stands = vec![false; acts.len()];
        for at in latest.into_values() {
            if let Some(stands) = stands.get_mut(at) {
                *stands = true;
            }
        }
        stands
    }

    fn label(&self, act: &Act<'_>, actor: &[PersonId]) -> String {
        let login = act.actor.login.as_ref().map(|login| login.trim_start_matches('@').to_owned());
        login
            .or_else(|| actor.first().map(|person| self.directory.label(*person)))
            .unwrap_or_else(|| "nobody".to_owned())
    }

    fn judge(
        &self,
        at: usize,
        act: &Act<'_>,
        requirement: &Requirement,
        eligible: &Eligible,
        stands: &[bool],
    ) -> ActCode {
        let actor = self.actor(at);
        match act.proof {
            Proof::Forge => {}
            // A person gave the file by hand, to this one call.
            Proof::Claimed if self.request.trigger.kind == TriggerKind::Check => {}
            Proof::Claimed | Proof::Signature => return ActCode::Unauthenticated,
        }
        match act.kind {
            ActKind::Approve | ActKind::RequestChanges => {}
            ActKind::Withdraw => return ActCode::Withdrawn,
            ActKind::Dismiss => return ActCode::Dismissed,
            ActKind::Signed => return ActCode::Unauthenticated,
            ActKind::Comment | ActKind::Waiver => return ActCode::NoSignOff,
        }
        if act.deleted {
            return ActCode::Deleted;
        }
        if stands.get(at) != Some(&true) {
            return ActCode::Superseded;
        }
        if act.dismissed.is_some() {
            return ActCode::Dismissed;
        }
        if actor.is_empty() {
            return ActCode::UnknownAccount;
        }
        if actor.iter().any(|person| self.directory.is_bot(*person)) {
            return ActCode::Bot;
        }
        if actor.iter().any(|person| self.directory.is_inactive(*person)) {
            return ActCode::Inactive;
        }
        if let Some(role) = actor.iter().find_map(|person| self.contributors.role_of(*person)) {
            return match role {
                ContributorRole::Author => ActCode::Author,
                ContributorRole::Committer => ActCode::Committer,
                ContributorRole::CoAuthor => ActCode::CoAuthor,
                ContributorRole::Pusher => ActCode::Pusher,
                ContributorRole::AiRequester => ActCode::AiRequester,
            };
        }
        if !actor.iter().any(|person| eligible.has(person)) {
            let unread = !eligible.unreadable.is_empty();
            return if unread { ActCode::MembershipUnreadable } else { ActCode::NotEligible };
        }
        // Where the address is the person, somebody without one cannot be told from an author. What the act itself says
        // its actor's address is proves nothing.
        let known = |person: &PersonId| eligible.has(person) && self.directory.has_address(*person);
        if !self.directory.by_account && !actor.iter().any(known) {
            return ActCode::UnknownAccount;
        }
        if act.kind == ActKind::RequestChanges {
            // A veto survives pushes and needs no answers.
            return ActCode::Counted;
        }
        let Some(change) = &self.request.change else {
            return ActCode::FactUnavailable;
        };
        if act.change.as_ref().is_some_and(|id| change.id.as_ref() != Some(id)) {
            return ActCode::OtherChange;
        }
        if act.target.as_ref().is_some_and(|target| *target != change.target) {
            return ActCode::OtherTarget;
        }
        match &act.head {
            None => return ActCode::FactUnavailable,
            Some(head) if *head != change.head => return ActCode::StaleHead,
            Some(_) => {}
        }
        if act.edited.is_some() && act.text_integrity != Some(TextIntegrity::Original) {
            let by_others = act.text_integrity == Some(TextIntegrity::EditableByOthers);
            return if by_others { ActCode::MutableText } else { ActCode::Edited };
        }
        self.weigh_answers(at, requirement)
    }

    fn weigh_answers(&self, at: usize, requirement: &Requirement) -> ActCode {
        if requirement.answers.is_empty() {
            return ActCode::Counted;
        }
        let given = self.answers.get(at).map(Vec::as_slice).unwrap_or_default();
        let mut before: Vec<&str> = Vec::new();
        for name in &requirement.answers {
            let question = self.policy.questions.get(name).map(String::as_str).unwrap_or_default();
            let Some(answer) = given.iter().find(|answer| answer.question == name) else {
                return ActCode::UnansweredQuestion;
            };
            if let Some(code) = answers::weigh(&answer.folded, question) {
                return code;
            }
            if before.contains(&answer.folded.as_str()) {
                return ActCode::AnswerCopied;
            }
            before.push(&answer.folded);
        }
        ActCode::Counted
    }

    /// Acts whose answers repeat what somebody else answered before, whether that counted or not; of two that count and
    /// were given at the same time, neither is the original.
    fn copied_answers(&self, requirement: &Requirement, eligible: &Eligible, latest: &[bool]) -> Vec<bool> {
        let acts = &self.request.acts;
        let mut copied = vec![false; acts.len()];
        if requirement.answers.is_empty() {
            return copied;
        }
        let counted: Vec<bool> = acts
            .iter()
            .enumerate()
            .map(|(at, act)| self.judge(at, act, requirement, eligible, latest) == ActCode::Counted)
            .collect();
        let mut given: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        for at in acts.iter().enumerate().filter(|(_, act)| act.kind == ActKind::Approve).map(|(at, _)| at) {
            for answer in self.answers.get(at).into_iter().flatten() {
                given.entry((answer.question, &answer.folded)).or_default().push(at);
            }
        }
        let counts = |at: usize| counted.get(at) == Some(&true);
        let by_others =
            |a: usize, b: usize| !self.actor(a).iter().any(|person| self.actor(b).contains(person));
        // Without a time an answer may be the first. Only one that counts is taken for that: nobody is to spoil a
        // sign-off by copying it.
        let order = |at: &usize| (acts.get(*at).and_then(|act| act.at), !counts(*at));
        for same in given.values().filter(|same| same.len() > 1) {
            let timed = || same.iter().copied().filter(|at| order(at).0.is_some() || counts(*at));
            let Some(first) = timed().min_by_key(order) else { continue };
            let second = timed().filter(|at| by_others(*at, first)).min_by_key(order);
            for &at in same.iter().filter(|at| counts(**at)) {
                let other = if by_others(at, first) { Some(first) } else { second };
                let copy = other.is_some_and(|other| order(&other) <= order(&at));
                if let (true, Some(copied)) = (copy, copied.get_mut(at)) {
                    *copied = true;
                }
            }
        }
        copied
    }

    /// One sentence for one code, to the person whose act it was.
    fn sentence(&self, code: ActCode, act: &Act<'_>, who: &str, requirement: &Requirement) -> String {
        let by = requirement.by.join(" or ");
        let head = self.request.change.as_ref().map(|change| change.head.short()).unwrap_or_default();
        match code {
            ActCode::Counted if act.proof == Proof::Claimed => {
                format!("{who} approved {head}; nothing but the file proves that it was {who}")
            }
            ActCode::Counted => format!("{who} approved {head}"),
            ActCode::Author => format!("{who} is an author of this change and cannot approve it"),
            ActCode::Committer => format!("{who} committed part of this change and cannot approve it"),
            ActCode::CoAuthor => format!("{who} is named as co-author of this change and cannot approve it"),
            ActCode::Pusher => format!("{who} pushed to this change and cannot approve it"),
            ActCode::AiRequester => format!("{who} asked an AI for this change and counts as its author"),
            ActCode::Bot => format!("{who} is a program; only people approve"),
            ActCode::Inactive => format!("the account of {who} is blocked or deleted"),
            ActCode::NotEligible => format!("{who} is not among {by}"),
            ActCode::MembershipUnreadable => format!("whether {who} is among {by} could not be read"),
            ActCode::UnknownAccount => format!(
                "no e-mail address is known for {who}, so nobody can tell whether {who} wrote part of this change; \
                 add one under `identities` in the policy"
            ),
            ActCode::StaleHead => {
                let given = act.head.as_ref().map(|id| id.short()).unwrap_or_default();
                format!("{who} approved {given}, and the head is now {head}")
            }
            ActCode::OtherChange => format!("{who} approved another change"),
            ActCode::OtherTarget => format!("{who} approved this for another target branch"),
            ActCode::Superseded => format!("{who} acted again later, and the later act counts"),
            ActCode::Withdrawn => format!("{who} took the approval back"),
            ActCode::Dismissed => format!("the approval of {who} was dismissed"),
            ActCode::Edited => format!("{who} edited the text after giving it"),
            ActCode::MutableText => format!("the text of {who} was edited, and others could have done it"),
            ActCode::Deleted => format!("the act of {who} is gone from the platform"),
            ActCode::UnansweredQuestion => {
                format!("{who} left a question unanswered: {}", requirement.answers.join(", "))
            }
            ActCode::AnswerTooShort => format!("an answer of {who} has fewer than {} words", answers::WORDS),
            ActCode::AnswerTemplate => format!("an answer of {who} is the template or the question itself"),
            ActCode::AnswerCopied => format!("an answer of {who} is a copy of another answer"),
            ActCode::Unauthenticated => format!("nothing proves that it was {who}"),
            ActCode::FactUnavailable => format!("the act of {who} does not say which commit it is for"),
            ActCode::NoSignOff if act.kind == ActKind::RequestChanges => format!("{who} asks for changes"),
            ActCode::NoSignOff => format!("what {who} wrote is no sign-off"),
            other => format!("the act of {who} does not count: {other:?}"),
        }
    }
}

/// Whether the platform could have said who pushed, opened or asked, and did not get to.
pub(crate) fn unread_contributors(request: &Request<'_>) -> Option<String> {
    [Fact::Pushes, Fact::Opener, Fact::Requester].into_iter().find_map(|fact| {
        let missing = request.unavailable.iter().find(|u| u.fact == fact)?;
        Some(format!("{} could not be read: {}", fact.name(), missing.reason))
    })
}
