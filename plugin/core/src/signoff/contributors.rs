//! Who took part in a change, and which of its commits count for that.

use super::people::{Attribution, Directory, PersonId};
use super::roster::{Admission, Roster};
use crate::Error;
use crate::change::{CoAuthor, Contribution, Judged, Stated, contributions};
use crate::limits::Steps;
use crate::model::{
    Account, Commit, Contributor, ContributorRole, Fact, Ident, ObjectId, Request, RuleCode, When,
};
use crate::order::{Index, start_of};
use crate::policy::{Ignore, Options, Policy, UpdateMerges};
use crate::provenance::Table;

/// The people behind a change, and what makes an approval of it stale.
pub(crate) struct Contributors<'r, 'a> {
    /// In order; the opener and whoever asked an AI for the change are not among them.
    roles: Vec<(PersonId, ContributorRole)>,
    /// Who took part in which commit, in the order of the request.
    parts: Vec<(PersonId, &'r ObjectId<'a>)>,
    /// Who opened the change, and who asked an AI for it.
    authors: Vec<(PersonId, ContributorRole)>,
    /// Whom `.mailmap` takes somebody for whom a commit names, in order.
    mapped: Vec<(PersonId, ContributorRole)>,
    /// Some of these, each with how a commit names them.
    pub taken_for: Vec<(PersonId, String)>,
    /// Who has the address of a line that names a model, each with the line.
    models: Vec<(PersonId, String)>,
    /// A part that nobody can be made answerable for, for a person.
    pub unattributed: Option<String>,
    /// A program wrote one of the commits.
    pub by_tool: bool,
    /// Commits on which an approval of the head still stands: the head, and those that only ignored ones follow.
    pub heads: Vec<&'r ObjectId<'a>>,
    /// When the newest commit that is not ignored was pushed.
    pub pushed: Pushed,
    /// Who took part by an account that is blocked or deleted, in order.
    by_blocked: Vec<PersonId>,
    /// Where any account is: who took part by another, in order.
    by_active: Vec<PersonId>,
    /// Why the list of commits may not be whole.
    pub incomplete: Option<String>,
    /// Why it is not known who pushed, opened or asked.
    pub unread: Option<String>,
}

/// When the newest commit that counts was pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// There is none: every commit is ignored.
    Never,
    At(When),
    /// The platform does not say, or not of every push.
    Unknown,
}

/// How many people back somebody is recognised without being looked up.
const MET: usize = 32;

/// How many of those whom `.mailmap` takes for somebody else are named.
const TAKEN_FOR: usize = 20;

impl<'r, 'a> Contributors<'r, 'a> {
    /// Gathers authors, committers, co-authors, pushers, opener and requester, but for commits that are ignored.
    pub fn of(
        request: &'r Request<'a>,
        judged: &Judged<'r, 'a>,
        co_authors: &[CoAuthor],
        table: &Table,
        directory: &mut Directory,
        ignored: &[bool],
    ) -> Self {
        let (heads, pushed) = standing(request, judged, ignored);
        let mut contributors = Contributors {
            roles: Vec::new(),
            parts: Vec::with_capacity(2 * judged.own.len()),
            authors: Vec::new(),
            mapped: Vec::new(),
            taken_for: Vec::new(),
            models: Vec::new(),
            unattributed: None,
            by_tool: false,
            heads,
            pushed,
            by_blocked: Vec::new(),
            by_active: Vec::new(),
            incomplete: judged.incomplete.clone(),
            unread: unread_contributors(request),
        };
        let is_ignored = |at: usize| ignored.get(at) == Some(&true);
        let counted = judged.own.iter().copied().enumerate().filter(|(at, _)| !is_ignored(*at));
        // A change has many commits and few people, and mostly they commit what they wrote.
        let mut met: Vec<(u64, &Ident<'_>, Attribution)> = Vec::new();
        let mut last: Option<(&Ident<'_>, Attribution)> = None;
        for contribution in contributions(counted, co_authors) {
            let mut is_new = true;
            let who = match &contribution.who {
                Stated::Ident(ident) => {
                    let same = |before: &Ident<'_>| before.is_same(ident) && before.account == ident.account;
                    // Most people differ in how their addresses begin.
                    let start = start_of(ident.email.as_bytes());
                    let before = last.filter(|(before, _)| same(before)).or_else(|| {
                        let mut met = met.iter().rev().take(MET);
                        met.find(|(s, before, _)| *s == start && same(before))
                            .map(|(_, ident, who)| (*ident, *who))
                    });
                    is_new = before.is_none();
                    let (_, who) = *last.insert(before.unwrap_or_else(|| {
                        let who = directory.of_ident(table, ident);
                        met.push((start, ident, who));
                        (ident, who)
                    }));
                    who
                }
                Stated::CoAuthor(named) => directory.of_address(table, &named.name, &named.email),
            };
            if directory.may_map(contribution.who.email()) {
                contributors.add_mapped(&contribution, directory);
            }
            match who {
                Attribution::Person(person) => {
                    contributors.add(person, contribution.role);
                    if is_new
                        && contribution.who.names_a_model(table)
                        && contributors.models.len() < TAKEN_FOR
                    {
                        contributors.models.push((person, contribution.who.to_string()));
                    }
                    if directory.any_blocked {
                        let (account, email) = match &contribution.who {
                            Stated::Ident(ident) => (ident.account.as_ref(), ident.email.to_str_lossy()),
                            Stated::CoAuthor(named) => (None, named.email.as_str().into()),
                        };
                        contributors.note(person, directory.is_blocked_ident(account, &email));
                    }
                    contributors.parts.push((person, &contribution.commit.sha));
                }
                Attribution::Ai | Attribution::App => {
                    contributors.by_tool |= contribution.role == ContributorRole::Author;
                }
                // A forge commits what people wrote. As an author its address is a mask that anybody can put on.
                Attribution::Machine if contribution.role != ContributorRole::Author => {}
                // A co-author is free text: one that is nobody bans nobody. A commit that the forge made has the forge
                // for a committer.
                Attribution::Nobody if contribution.role == ContributorRole::CoAuthor => {}
                Attribution::Nobody
                    if contribution.role == ContributorRole::Committer
                        && contribution.commit.forge_made.is_some() => {}
                Attribution::Machine | Attribution::Nobody => {
                    contributors.unattributed.get_or_insert_with(|| {
                        format!("commit {} names {}", contribution.commit.sha.short(), contribution.who)
                    });
                }
            }
        }
        let without = judged.own.iter().enumerate().filter(|(at, _)| is_ignored(*at));
        let without = Index::of(without.map(|(_, commit)| commit.sha.as_bytes()));
        for push in &request.pushes {
            let of_ignored = without.get(push.head.as_bytes()).is_some();
            let Some(by) = push.by.as_ref().filter(|_| !of_ignored) else { continue };
            let people = directory.all_of(by);
            if people.is_empty() {
                contributors
                    .unattributed
                    .get_or_insert_with(|| format!("{} was pushed by {}", push.head.short(), login_of(by)));
            }
            for person in people {
                contributors.add(person, ContributorRole::Pusher);
                contributors.note(person, directory.is_blocked(by));
            }
        }
        let change = request.change.as_ref();
        let opener = change.and_then(|c| c.opened_by.as_ref()).map(|by| (by, ContributorRole::Author));
        let asked = change.into_iter().flat_map(|change| &change.asked_by);
        let requesters = asked.map(|by| (by, ContributorRole::AiRequester));
        for (account, role) in opener.into_iter().chain(requesters) {
            let people = directory.all_of(account);
            if people.is_empty() {
                contributors.unattributed.get_or_insert_with(|| {
                    let part = if role == ContributorRole::Author { "opened" } else { "asked for" };
                    format!("the change was {part} by {}", login_of(account))
                });
            }
            for person in people {
                crate::order::insert(&mut contributors.authors, (person, role));
                contributors.note(person, directory.is_blocked(account));
            }
        }
        contributors
    }

    /// Adds whom `.mailmap` takes somebody for whom a commit names.
    fn add_mapped(&mut self, contribution: &Contribution<'_, '_, '_>, directory: &mut Directory) {
        let mapped = match &contribution.who {
            Stated::Ident(ident) => directory.mapped(&ident.name.to_str_lossy(), &ident.email.to_str_lossy()),
            Stated::CoAuthor(named) => directory.mapped(&named.name, &named.email),
        };
        let Some(person) = mapped else { return };
        crate::order::insert(&mut self.mapped, (person, contribution.role));
        let is_new = self.taken_for.iter().all(|(known, _)| *known != person);
        if is_new && self.taken_for.len() < TAKEN_FOR {
            self.taken_for.push((person, contribution.who.to_string()));
        }
    }

    fn add(&mut self, person: PersonId, role: ContributorRole) {
        crate::order::insert(&mut self.roles, (person, role));
    }

    /// Notes by what kind of account a person took part.
    fn note(&mut self, person: PersonId, blocked: bool) {
        crate::order::insert(if blocked { &mut self.by_blocked } else { &mut self.by_active }, person);
    }

    /// Whether the person took part by an account that is blocked or deleted: that one is in no set.
    pub fn is_by_blocked(&self, person: PersonId) -> bool {
        self.by_blocked.binary_search(&person).is_ok()
    }

    /// Whether the person took part by such an account alone.
    pub fn is_by_blocked_alone(&self, person: PersonId) -> bool {
        self.is_by_blocked(person) && self.by_active.binary_search(&person).is_err()
    }

    /// Why it is not known who took part: then nobody is known not to have.
    pub fn unknown(&self) -> Option<(RuleCode, String)> {
        let incomplete = self.incomplete.clone().map(|why| (RuleCode::ListIncomplete, why));
        let unread = || Some((RuleCode::FactUnavailable, self.unread.clone()?));
        incomplete.or_else(|| self.unattributed()).or_else(unread)
    }

    /// The part that nobody answers for, and what to do about it.
    pub fn unattributed(&self) -> Option<(RuleCode, String)> {
        let part = self.unattributed.as_ref()?;
        let why = format!(
            "{part}, and that is nobody who is known here; map the address under `identities` in the policy (a line of \
             .mailmap makes nobody answerable)"
        );
        Some((RuleCode::UnattributedCommit, why))
    }

    /// The part that keeps a person from approving, when one does: their own, or that of whoever may be them.
    pub fn bars(&self, person: PersonId, options: &Options) -> Option<ContributorRole> {
        match role_in(&self.authors, person) {
            Some(role) => (!options.author_may).then_some(role),
            None => {
                let part = role_in(&self.roles, person).or_else(|| role_in(&self.mapped, person));
                part.filter(|_| !options.others_may)
            }
        }
    }

    /// Whether the person, or whoever may be them, took part at all.
    pub fn has(&self, person: PersonId) -> bool {
        [&self.authors, &self.roles, &self.mapped].iter().any(|list| role_in(list, person).is_some())
    }

    /// What makes a person one who took part who is not named as one, but as a model or by another name.
    pub fn why_perhaps(&self, directory: &Directory, person: PersonId) -> Option<String> {
        if let Some((_, line)) = self.models.iter().find(|(of, _)| *of == person) {
            return Some(format!("{line} names a model and has their address"));
        }
        let lists = || [&self.authors, &self.roles].into_iter().flat_map(|list| person.kin_in(list));
        if lists().any(|(known, _)| *known == person) {
            return None;
        }
        let unites = directory.unites();
        let label = directory.label(person);
        if let Some((other, _)) = lists().next() {
            let other = directory.label(*other);
            return Some(format!("{unites} says that {label} and {other} may be one person"));
        }
        let (_, taken) = self.taken_for.iter().find(|(of, _)| *of == person)?;
        Some(format!("{unites} takes {taken} for {label}"))
    }

    /// Whom `.mailmap` takes somebody for whom a commit names.
    pub fn mapped(&self) -> impl Iterator<Item = PersonId> {
        self.mapped.iter().map(|(person, _)| *person)
    }

    /// Who took part in which commit, by the commit's own word.
    pub fn parts(&self) -> impl Iterator<Item = (PersonId, &'r ObjectId<'a>)> {
        self.parts.iter().copied()
    }

    /// The people whom the account that opened the change stands for.
    pub fn openers(&self) -> impl Iterator<Item = PersonId> {
        let opened = self.authors.iter().filter(|(_, role)| *role == ContributorRole::Author);
        opened.map(|(person, _)| *person)
    }

    /// Who opened the change or asked an AI for it.
    pub fn authors(&self) -> impl Iterator<Item = PersonId> {
        self.authors.iter().map(|(person, _)| *person)
    }

    /// Everybody who took part.
    pub fn people(&self) -> impl Iterator<Item = PersonId> {
        self.authors.iter().chain(&self.roles).map(|(person, _)| *person)
    }

    /// The people, for the decision.
    pub fn list(&self, directory: &Directory, is_barred: impl Fn(PersonId) -> bool) -> Vec<Contributor> {
        let mut all: Vec<(PersonId, ContributorRole)> = self.roles.clone();
        self.authors.iter().for_each(|author| crate::order::insert(&mut all, *author));
        let mut list: Vec<Contributor> = Vec::new();
        for roles in all.chunk_by(|a, b| a.0 == b.0) {
            let Some((person, _)) = roles.first() else { continue };
            let barred = is_barred(*person);
            let roles = roles.iter().map(|(_, role)| *role).collect();
            list.push(Contributor { person: directory.label(*person), roles, barred });
        }
        crate::order::by_text(list, |contributor| &contributor.person)
    }
}

/// The first part of a person, else of whoever may be them.
fn role_in(roles: &[(PersonId, ContributorRole)], person: PersonId) -> Option<ContributorRole> {
    let mut kin = person.kin_in(roles);
    let first = kin.next()?;
    let own = if first.0 == person { None } else { kin.find(|(known, _)| *known == person) };
    Some(own.unwrap_or(first).1)
}

/// What to call an account that stands for nobody.
fn login_of<'l>(account: &'l Account<'_>) -> &'l str {
    account.login.as_deref().filter(|login| !login.is_empty()).unwrap_or("somebody who is not named")
}

/// Which of the change's own commits are ignored, by their places.
///
/// # Errors
/// `over-limit`.
pub(crate) fn ignored(
    ignore: &Ignore,
    request: &Request<'_>,
    judged: &Judged<'_, '_>,
    policy: &Policy,
    table: &Table,
    directory: &mut Directory,
    steps: &Steps,
) -> Result<Vec<bool>, Error> {
    let own = Index::of(judged.own.iter().map(|commit| commit.sha.as_bytes()));
    let roster = Roster::of(policy.sets(&ignore.commits_by), request, directory, steps)?;
    let by_roster = |directory: &mut Directory, commit: &Commit<'_>| {
        let mut named = 0;
        for ident in [&commit.author, &commit.committer] {
            let blocked = directory.any_blocked
                && directory.is_blocked_ident(ident.account.as_ref(), &ident.email.to_str_lossy());
            match directory.of_ident(table, ident) {
                Attribution::Person(person)
                    if !blocked && roster.admits(directory, person) == Admission::Yes =>
                {
                    named += 1
                }
                // A forge that commits what a person wrote says nothing of who did.
                Attribution::Machine => {}
                Attribution::Nobody if commit.forge_made.is_some() => {}
                _ => return false,
            }
        }
        named > 0
    };
    // Anybody can write a robot's name into a commit; who pushed it, the platform knows. Whatever else came with a push
    // lies behind its head.
    let known: &Directory = directory;
    let is_theirs = |by: &Account<'_>| {
        !known.is_blocked(by)
            && known.known(by).iter().any(|person| roster.admits(known, *person) == Admission::Yes)
    };
    let pushers_known = knows_pushes(request);
    let by_others = request.pushes.iter().filter(|push| !push.by.as_ref().is_some_and(is_theirs));
    let by_others = Index::of(by_others.map(|push| push.head.as_bytes()));
    let ignored = judged
        .own
        .iter()
        .map(|commit| {
            ignore.update_merges.is_some_and(|which| is_update_merge(request, commit, &own, which))
                || (!ignore.commits_by.is_empty()
                    && pushers_known
                    && by_others.get(commit.sha.as_bytes()).is_none()
                    && by_roster(directory, commit))
        })
        .collect();
    Ok(ignored)
}

/// A merge of the target into the change that the forge made and nobody altered.
fn is_update_merge(request: &Request<'_>, commit: &Commit<'_>, own: &Index<'_>, which: UpdateMerges) -> bool {
    let [first, second] = commit.parents.as_slice() else { return false };
    let in_change = |id: &ObjectId<'_>| own.get(id.as_bytes()).is_some();
    let altered = request.is_work(commit).unwrap_or(which == UpdateMerges::Verified);
    commit.forge_made.is_some()
        && in_change(&first.sha)
        && !in_change(&second.sha)
        && second.in_target
        && !altered
}

/// Whether every push of the change is here.
fn knows_pushes(request: &Request<'_>) -> bool {
    request.complete.contains(&Fact::Pushes) && request.missing(Fact::Pushes).is_none()
}

/// When a commit was last pushed, where every push is known. One without a time may be the last.
pub(super) fn pushed_at(request: &Request<'_>, id: &ObjectId<'_>) -> Option<When> {
    let pushes = request.pushes.iter().filter(|push| push.head == *id);
    let last = pushes.map(|push| push.at).reduce(|a, b| Some(a?.max(b?))).flatten();
    last.filter(|_| knows_pushes(request))
}

/// The commits on which an approval of the head stands, and when the newest that is not ignored was pushed. Only a
/// chain of ignored commits is followed; a fork in it ends it, on the safe side.
fn standing<'r, 'a>(
    request: &'r Request<'a>,
    judged: &Judged<'r, 'a>,
    ignored: &[bool],
) -> (Vec<&'r ObjectId<'a>>, Pushed) {
    let Some(change) = &request.change else { return (Vec::new(), Pushed::Unknown) };
    // A commit that the list lacks, or of which it has no time, came at the latest with the next one after it.
    let pushed_at = |id: &ObjectId<'_>| pushed_at(request, id);
    let moment = |pushed: Option<When>| pushed.map_or(Pushed::Unknown, Pushed::At);
    if ignored.is_empty() {
        return (vec![&change.head], moment(pushed_at(&change.head)));
    }
    let own = Index::of(judged.own.iter().map(|commit| commit.sha.as_bytes()));
    let mut heads = vec![&change.head];
    let mut pushed = None;
    let mut at = own.get(change.head.as_bytes());
    while let Some(place) = at {
        let Some(commit) = judged.own.get(place) else { break };
        pushed = pushed_at(&commit.sha).or(pushed);
        if ignored.get(place) != Some(&true) {
            return (heads, moment(pushed));
        }
        let mut inside =
            commit.parents.iter().filter_map(|parent| Some((own.get(parent.sha.as_bytes())?, &parent.sha)));
        at = match (inside.next(), inside.next()) {
            (Some((place, id)), None) => {
                heads.push(id);
                Some(place)
            }
            _ => None,
        };
    }
    let nothing_counts = judged.incomplete.is_none() && ignored.iter().all(|ignored| *ignored);
    (heads, if nothing_counts { Pushed::Never } else { Pushed::Unknown })
}

/// Whether the platform could have said who pushed, opened or asked, and who that is, and did not get to.
pub(crate) fn unread_contributors(request: &Request<'_>) -> Option<String> {
    [Fact::Pushes, Fact::Opener, Fact::Requester, Fact::People]
        .into_iter()
        .find_map(|fact| unread(request, fact))
}

/// Why a fact may not be here, though the platform has it.
fn unread(request: &Request<'_>, fact: Fact) -> Option<String> {
    match request.missing(fact) {
        Some(missing) => Some(format!("{} could not be read: {}", fact.name(), missing.reason)),
        None if request.complete.contains(&fact) || request.absent.contains(&fact) => None,
        None => Some(format!("the facts about {} may not all be here", fact.name())),
    }
}
