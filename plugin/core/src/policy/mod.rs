//! The policy language: what a policy can say, and how it is read.

mod branch;
pub(crate) mod cases;
mod codeowners;
mod guarded;
mod pattern;
mod read;
mod reserved;
mod yaml;

use std::collections::BTreeMap;

pub(crate) use branch::{Branch, Protects, wildcard};
pub(crate) use codeowners::{CodeOwners, Dialect, Entry as OwnersEntry};
pub(crate) use pattern::{Pattern, Regex};
pub(crate) use read::Source;
pub use read::likely;
pub(crate) use reserved::{is_nobody, is_nobodys, is_programs};

use crate::model::{Diagnostic, Enforce, Help, Rank, SignalCode};
use crate::provenance::ExtraTool;

/// A policy, read and checked.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    pub name: String,
    /// The policy that it adds to.
    pub extends: Option<Extends>,
    /// What this repository is called where no forge says it.
    pub repository: Option<String>,
    /// Whether it blocks or only observes.
    pub enforce: Enforce,
    /// What a change gets to which no rule applies, when the policy says so.
    pub otherwise: Option<Otherwise>,
    /// Whether a draft waits, whatever it has.
    pub draft: Draft,
    /// Named sets of people.
    pub people: BTreeMap<String, PeopleSet>,
    /// Who is who: a login, and the addresses and accounts of the same person.
    pub identities: BTreeMap<String, Identity>,
    /// Tools that the table does not know.
    pub tools: Vec<ExtraTool>,
    /// Questions, by name.
    pub questions: BTreeMap<String, String>,
    /// Whether and how the target's CODEOWNERS is read.
    pub codeowners: Option<CodeOwnersUse>,
    /// Levels of criticality, the highest first.
    pub levels: Vec<Level>,
    /// Who can veto the change as a whole, and by what.
    pub veto: Option<Veto>,
    /// Who can override every rule at once.
    pub break_glass: Option<BreakGlass>,
    /// What counts as an approval for a rule that does not say.
    pub defaults: Options,
    /// The rules, in order.
    pub rules: Vec<Rule>,
    /// Which rules must be satisfied; all of them, when the policy does not say.
    pub require: Option<Combination>,
    /// What the policy that this one extends asks for by itself.
    pub base: Option<Base>,
}

/// A policy that another adds to: of the same target, or one that a commit pins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Extends {
    pub path: String,
    /// The commit that holds it, by all digits of its id; the target's tip where none is given.
    pub commit: Option<String>,
}

/// How the target's CODEOWNERS is read.
#[derive(Debug, Clone)]
pub(crate) struct CodeOwnersUse {
    pub dialect: Dialect,
    /// A file that nobody owns waits.
    pub unowned_blocks: bool,
    /// What the target's file says, or what is wrong with it; none where it has not been read.
    pub file: Option<Result<CodeOwners, String>>,
}

/// The name, among people sets, of whoever owns a file by the target's CODEOWNERS.
pub(crate) const CODE_OWNERS: &str = "code-owners";

/// What a change gets to which no rule applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Otherwise {
    Pass,
    Block,
}

/// What becomes of a draft.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Draft {
    /// It waits until it is none.
    #[default]
    Block,
    /// It is judged as any change.
    Evaluate,
}

/// A named set of people: the union of its parts.
#[derive(Debug, Clone, Default)]
pub(crate) struct PeopleSet {
    pub users: Vec<User>,
    /// Groups of the forge.
    pub groups: Vec<String>,
    /// Members of groups above these groups count too.
    pub inherited: bool,
    /// Levels of permission on the repository; a higher level has the lower ones.
    pub permissions: Vec<String>,
    /// Roles on the repository, by name.
    pub roles: Vec<String>,
    /// Programs that may approve.
    pub bots: Vec<User>,
}

/// Somebody whom a policy names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    /// The login, or an address where there are no logins.
    pub login: String,
    /// The forge's own id. It decides, where it is given: a login can change hands.
    pub id: Option<String>,
}

/// What belongs to one person.
#[derive(Debug, Clone, Default)]
pub(crate) struct Identity {
    pub emails: Vec<String>,
    pub accounts: Vec<User>,
    pub id: Option<String>,
    /// Public SSH keys, each as `kind base64`.
    pub keys: Vec<String>,
}

impl PeopleSet {
    /// Whether anybody could be in it.
    pub fn names_somebody(&self) -> bool {
        !(self.users.is_empty()
            && self.groups.is_empty()
            && self.permissions.is_empty()
            && self.roles.is_empty()
            && self.bots.is_empty())
    }

    /// Whether what somebody may do in the repository makes them one of these people.
    pub fn is_by_level(&self) -> bool {
        !(self.permissions.is_empty() && self.roles.is_empty())
    }
}

impl Policy {
    /// Everybody whom it names.
    fn users_mut(&mut self) -> impl Iterator<Item = &mut User> {
        let sets = self.people.values_mut().flat_map(|set| set.users.iter_mut().chain(&mut set.bots));
        sets.chain(self.identities.values_mut().flat_map(|identity| &mut identity.accounts))
    }

    /// The logins that it gives an id, each with the id.
    pub fn ids(&self) -> Vec<(String, String)> {
        let users = self.people.values().flat_map(|set| set.users.iter().chain(&set.bots));
        let users = users.filter_map(|user| Some((user.login.clone(), user.id.clone()?)));
        let identities = self.identities.iter();
        users
            .chain(identities.filter_map(|(login, identity)| Some((login.clone(), identity.id.clone()?))))
            .collect()
    }

    /// The logins that it names and of which it knows no address.
    pub fn without_address(&self) -> Vec<String> {
        let addressed = |user: &User| {
            user.login.contains('@')
                || self.identities.iter().any(|(login, identity)| {
                    let is_them = *login == user.login || (user.id.is_some() && identity.id == user.id);
                    !identity.emails.is_empty() && (is_them || identity.accounts.contains(user))
                        || is_them && login.contains('@')
                })
        };
        let users = self.people.values().flat_map(|set| &set.users);
        let mut logins: Vec<String> =
            users.filter(|user| !addressed(user)).map(|user| user.login.clone()).collect();
        crate::order::strings(&mut logins);
        logins
    }

    /// Gives logins the ids that the policy gives them elsewhere: beside an id a login is a label, and somebody else who
    /// has the login is not meant.
    pub fn give_ids(&mut self, ids: &[(String, String)]) {
        let id_of = |login: &str| {
            let given = ids.iter().find(|(known, _)| known == login);
            given.map(|(_, id)| id.clone())
        };
        for user in self.users_mut().filter(|user| user.id.is_none()) {
            user.id = id_of(&user.login);
        }
        for (login, identity) in self.identities.iter_mut().filter(|(_, identity)| identity.id.is_none()) {
            identity.id = id_of(login);
        }
    }

    /// The sets of these names.
    pub fn sets<'p>(&'p self, names: &'p [String]) -> impl Iterator<Item = &'p PeopleSet> {
        names.iter().filter_map(|name| self.people.get(name))
    }
}

/// A rule of a policy.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub name: String,
    /// When it applies; always, when it does not say.
    pub when: Option<Predicate>,
    /// What must hold beside approvals, once it applies.
    pub conditions: Option<Predicate>,
    pub effect: Effect,
    pub enforce: Enforce,
    pub options: Options,
    /// One person cannot serve two requirements.
    pub distinct: bool,
    /// Names of people sets: who can override the rule.
    pub waivable_by: Vec<String>,
}

/// What a rule does where it applies.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    /// All of these must be met.
    Require(Vec<Requirement>),
    /// Refuses, with the reason.
    Deny(String),
}

/// Approvals that a rule asks for.
#[derive(Debug, Clone)]
pub(crate) struct Requirement {
    pub approvals: Approvals,
    /// Names of people sets; a person of any of them will do.
    pub by: Vec<String>,
    /// Names of questions that each approval answers.
    pub answers: Vec<String>,
}

/// How many people must approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Approvals {
    /// This many people.
    Number(u32),
    /// Everybody of the sets who can approve.
    All,
}

/// What an extended policy asks for by itself: no rule on top of it makes up for that.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    /// Its rules are the first of the list.
    pub rules: usize,
    pub require: Option<Combination>,
    pub otherwise: Option<Otherwise>,
}

/// Which rules must be satisfied, by their places in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Combination {
    Rule(usize),
    All(Vec<Combination>),
    Any(Vec<Combination>),
}

impl Combination {
    /// All rules of a stretch of the list.
    pub fn of_all(rules: std::ops::Range<usize>) -> Self {
        Combination::All(rules.map(Combination::Rule).collect())
    }
}

/// What counts for a rule as an approval, and for how long.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Options {
    pub stale: Stale,
    /// Approvals must be later than the last push.
    pub since_push: bool,
    pub ignore: Ignore,
    /// Whoever opened or asked for the change may approve it.
    pub author_may: bool,
    /// Whoever else took part in it may.
    pub others_may: bool,
    pub methods: Methods,
    /// An act whose text its author edited still counts.
    pub edited_counts: bool,
    /// Text that others could have rewritten counts after an edit too.
    pub mutable_text: bool,
    /// Somebody who could approve and asks for changes denies the change.
    pub request_changes_vetoes: bool,
    /// Seconds that an approval lives.
    pub max_age: Option<i64>,
    /// An answer that was given in another change does not count.
    pub fresh_answers: bool,
}

/// What an approval is bound to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Stale {
    /// The exact commit.
    #[default]
    Head,
    /// What the change adds and takes away, wherever it starts from.
    Diff,
    /// The tree that merging gives.
    Tree,
    /// The change, whatever is pushed to it.
    Keep,
}

/// Commits that make nobody a contributor and no approval stale.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ignore {
    /// Merges of the target that the forge made and nobody altered.
    pub update_merges: Option<UpdateMerges>,
    /// Commits whose author and committer are all in these people sets.
    pub commits_by: Vec<String>,
}

/// Which merges of the target count as unaltered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UpdateMerges {
    /// Those that are not known to be altered.
    Unaltered,
    /// Those whose tree is known to be the one that merging alone gives.
    Verified,
}

/// The methods by which somebody approves.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Methods {
    /// The platform's own review, a sign-off that a person gave by hand, a signed statement.
    pub reviews: bool,
    /// Lines that a comment must hold, in lower case; `{head}` stands for the commit.
    pub comment_lines: Vec<String>,
    /// Texts somewhere in a comment.
    pub comments_contain: Vec<String>,
    pub comment_patterns: Vec<Regex>,
    pub review_patterns: Vec<Regex>,
    /// Patterns of the change's own description.
    pub description_patterns: Vec<Regex>,
    /// Lines that take an approval back, in lower case.
    pub cancel_lines: Vec<String>,
}

impl Default for Methods {
    fn default() -> Self {
        Methods { reviews: true, ..Methods::none() }
    }
}

impl Methods {
    /// Whether a review or a signature can approve, which is what there is where nobody comments.
    pub fn by_review(&self) -> bool {
        self.reviews || !self.review_patterns.is_empty()
    }

    /// How often the text of an act is read to find what it says.
    pub fn readings(&self) -> u64 {
        let lists = [&self.comment_patterns, &self.review_patterns, &self.description_patterns];
        let patterns = lists.iter().copied().flatten().map(|pattern| pattern.source().len() / 4 + 1);
        let lines = self.comment_lines.len() + self.cancel_lines.len() + self.comments_contain.len();
        (patterns.sum::<usize>() + lines) as u64
    }

    /// Methods by which nobody can approve.
    pub fn none() -> Self {
        Methods {
            reviews: false,
            comment_lines: Vec::new(),
            comments_contain: Vec::new(),
            comment_patterns: Vec::new(),
            review_patterns: Vec::new(),
            description_patterns: Vec::new(),
            cancel_lines: Vec::new(),
        }
    }
}

/// A level of criticality, and the paths that have it.
#[derive(Debug, Clone)]
pub(crate) struct Level {
    pub name: String,
    pub paths: PathTest,
}

/// Who can stop the change as a whole, and by what.
#[derive(Debug, Clone)]
pub(crate) struct Veto {
    /// Facts that deny the change by themselves.
    pub when: Option<Predicate>,
    /// Names of people sets.
    pub by: Vec<String>,
    pub disapprove: Methods,
    pub revoke: Methods,
    pub revoked_by: RevokedBy,
    pub options: Options,
    /// Whether it only shows, as the side of an extended policy says that holds it.
    pub enforce: Enforce,
}

/// Who can override every rule at once, for one head.
#[derive(Debug, Clone)]
pub(crate) struct BreakGlass {
    /// Names of people sets.
    pub by: Vec<String>,
    pub options: Options,
}

/// Who takes a veto back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum RevokedBy {
    /// The person who gave the veto.
    #[default]
    Giver,
    /// Anybody who could have given it, later than every veto.
    Anyone,
}

/// A test on the facts of a change.
#[derive(Debug, Clone)]
pub(crate) enum Predicate {
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
    Not(Box<Predicate>),
    Ai(AiTest),
    /// Some commit carries evidence of AI, or something that looks like it.
    SuspectedAi,
    /// Some commit carries evidence of AI that its author does not declare.
    UndeclaredAi,
    /// Some commit says neither that AI was used nor that none was.
    DeclarationMissing,
    /// Some commit lacks its author's sign-off, or has an AI's.
    Dco(Dco),
    Paths(PathTest),
    /// The highest level that the change touches is one of these.
    Level(Vec<String>),
    /// The change names the requirements that it serves.
    Requirements(RequirementsTest),
    /// The author of the change is in one of these people sets.
    AuthorIn(Vec<String>),
    /// Somebody who took part is.
    ContributorIn(Vec<String>),
    /// Everybody who took part is.
    OnlyContributorsIn(Vec<String>),
    /// Nobody took part but the author.
    AuthorIsOnlyContributor(bool),
    TargetBranch(Vec<Branch>),
    SourceBranch(Vec<Branch>),
    Title(TitleTest),
    /// All of these labels, in lower case.
    Labels(Vec<String>),
    Lines(LinesTest),
    Status(StatusTest),
    /// Whether the platform holds every commit's signature for good.
    Signatures(bool),
    Draft(bool),
    Fork(bool),
    /// The diff shows one of these weak-patch signals.
    Signals(Vec<SignalCode>),
    /// A test whose facts no host collects yet: what it is, for a person.
    Later(&'static str),
}

/// What is wrong with the sign-offs under the Developer Certificate of Origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dco {
    /// A commit has no `Signed-off-by` of its author.
    Missing,
    /// An AI signed off.
    Ai,
}

/// A test on what AI contributed.
#[derive(Debug, Clone, Default)]
pub(crate) struct AiTest {
    /// True for evidence of AI, false for none.
    pub present: bool,
    /// Any of these tools.
    pub tools: Vec<String>,
    /// Any of these models, with `*` for any run of characters.
    pub models: Vec<String>,
    /// Any of these kinds of help.
    pub help: Vec<Help>,
    /// Evidence of this rank or a higher one.
    pub rank: Option<Rank>,
}

/// A test on the paths of a change; a rename counts under both.
#[derive(Debug, Clone, Default)]
pub(crate) struct PathTest {
    pub which: Which,
    pub patterns: Vec<Pattern>,
    pub ignore: Vec<Pattern>,
}

impl PathTest {
    /// Whether a path itself matches, unless it is to be left out.
    pub fn matches(&self, path: &[u8]) -> bool {
        self.patterns.iter().any(|pattern| pattern.excuses(path)) && !self.ignores(path)
    }

    /// The first pattern that reaches a path, unless it is to be left out.
    pub fn reached_by(&self, path: &[u8]) -> Option<&Pattern> {
        self.patterns.iter().find(|pattern| pattern.reaches(path)).filter(|_| !self.ignores(path))
    }

    /// Whether a path is to be left out.
    pub fn ignores(&self, path: &[u8]) -> bool {
        self.ignore.iter().any(|pattern| pattern.excuses(path))
    }

    /// Steps that a path of this length takes.
    pub fn steps(&self, length: usize) -> u64 {
        self.patterns.iter().chain(&self.ignore).map(|pattern| pattern.steps(length)).sum()
    }
}

/// A test on the requirements that a change names in its messages, title or description.
#[derive(Debug, Clone)]
pub(crate) struct RequirementsTest {
    /// What an id looks like.
    pub pattern: Regex,
    /// A file of the target that holds every id that exists.
    pub list: Option<String>,
}

/// How paths must match the patterns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Which {
    /// Some path does.
    #[default]
    Changed,
    /// No path matches.
    None,
    /// There are paths, and all do.
    Only,
}

/// A test on the title.
#[derive(Debug, Clone, Default)]
pub(crate) struct TitleTest {
    /// Any of these matches, when there are any.
    pub matches: Vec<Regex>,
    /// None of these does.
    pub not_matches: Vec<Regex>,
}

/// A test on how many lines change. Any of the bounds will do.
#[derive(Debug, Clone, Default)]
pub(crate) struct LinesTest {
    pub added: Option<Bound>,
    pub deleted: Option<Bound>,
    pub total: Option<Bound>,
}

/// `> 100`, `< 100`, `= 100`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bound {
    pub order: std::cmp::Ordering,
    pub number: u64,
}

/// A test on statuses: all of the named ones are good.
#[derive(Debug, Clone, Default)]
pub(crate) struct StatusTest {
    pub names: Vec<String>,
    /// What is good: `success`, when nothing else is said.
    pub conclusions: Vec<String>,
    /// The account that must have set the statuses.
    pub source: Option<String>,
}

/// A policy, or what is wrong with it; warnings beside either.
pub(crate) struct Reading {
    pub policy: Option<Policy>,
    pub diagnostics: Vec<Diagnostic>,
}
