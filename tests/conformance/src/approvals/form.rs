//! The neutral form of a case. Every key that stands here is read; any other makes its case fail.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// One line of a file of cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its name.
    pub id: String,
    pub(super) policy: Policy,
    pub(super) context: Context,
    pub(super) commits: Vec<Commit>,
    #[serde(default)]
    pub(super) reviews: Vec<Act>,
    #[serde(default)]
    pub(super) comments: Vec<Act>,
    #[serde(default)]
    pub(super) files: Vec<File>,
    /// What must come of it.
    pub expected: Outcome,
    /// Why it is a case.
    #[serde(default)]
    pub why: String,
    // What follows is said to people: where the case was found, what others answer, whose fault it was.
    #[serde(default, rename = "source_ref")]
    _source: IgnoredAny,
    #[serde(default, rename = "basis")]
    _basis: IgnoredAny,
    #[serde(default, rename = "policy_intent")]
    _intent: IgnoredAny,
    #[serde(default, rename = "upstream_expected")]
    _upstream_expected: IgnoredAny,
    #[serde(default, rename = "upstream_behaviour")]
    _upstream_behaviour: IgnoredAny,
    #[serde(default, rename = "fault")]
    _fault: IgnoredAny,
}

/// The neutral word for a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every rule that applies is satisfied.
    Approved,
    /// Something is missing that can still come.
    Pending,
    /// Somebody or something refuses.
    Disapproved,
    /// No rule applies.
    Skipped,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy {
    #[serde(default)]
    pub rules: Vec<Rule>,
    pub require: Option<Vec<Combination>>,
    pub disapproval: Option<Disapproval>,
    pub draft: Option<Draft>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Draft {
    Block,
    Evaluate,
}

/// The name of a rule, or several under `or` or `and`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Combination {
    Rule(String),
    Or(Or),
    And(And),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Or {
    pub or: Vec<Combination>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct And {
    pub and: Vec<Combination>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub name: Option<String>,
    #[serde(default, rename = "if")]
    pub when: Predicates,
    #[serde(default)]
    pub requires: Requires,
    #[serde(default)]
    pub options: Options,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Requires {
    pub count: u32,
    pub conditions: Predicates,
    pub users: Vec<User>,
    pub teams: Vec<String>,
    pub orgs: Vec<String>,
    pub inherited: bool,
    pub permissions: Vec<String>,
    pub bots: Vec<String>,
}

/// A set of people: the union of its parts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Actors {
    pub users: Vec<User>,
    pub teams: Vec<String>,
    pub orgs: Vec<String>,
    pub inherited: bool,
    pub permissions: Vec<String>,
    pub bots: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Disapproval {
    #[serde(rename = "if")]
    pub when: Predicates,
    pub users: Vec<User>,
    pub teams: Vec<String>,
    pub orgs: Vec<String>,
    pub inherited: bool,
    pub permissions: Vec<String>,
    pub bots: Vec<String>,
    pub disapprove: Option<Methods>,
    pub revoke: Option<Methods>,
    pub revoked_by: Option<RevokedBy>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum RevokedBy {
    #[serde(rename = "self")]
    Giver,
    #[serde(rename = "any-allowed")]
    Anyone,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum User {
    Login(String),
    WithId(WithId),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WithId {
    pub login: String,
    pub id: Id,
}

/// A number of a platform.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Id {
    Number(i64),
    Text(String),
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Id::Number(number) => write!(f, "{number}"),
            Id::Text(text) => f.write_str(text),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Options {
    pub allow_author: bool,
    pub allow_contributor: bool,
    pub allow_non_author_contributor: bool,
    pub invalidate_on_push: bool,
    pub ignore_edited: bool,
    pub ignore_update_merges: bool,
    pub ignore_commits_by: Option<Actors>,
    pub stale: Stale,
    pub methods: Option<Methods>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stale {
    #[default]
    Keep,
    Sha,
    Diff,
    Tree,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Methods {
    pub reviews: bool,
    pub comment_lines: Vec<String>,
    pub comments_contain: Vec<String>,
    pub comment_patterns: Vec<String>,
    pub review_patterns: Vec<String>,
    pub body_patterns: Vec<String>,
    pub cancel_lines: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Predicates {
    pub changed_files: Option<Paths>,
    pub no_changed_files: Option<Paths>,
    pub only_changed_files: Option<Paths>,
    pub author_in: Option<Actors>,
    pub contributor_in: Option<Actors>,
    pub only_contributors_in: Option<Actors>,
    pub author_is_only_contributor: Option<bool>,
    pub targets_branch: Option<Patterns>,
    pub from_branch: Option<Patterns>,
    pub title: Option<Title>,
    pub labels: Option<Vec<String>>,
    pub lines: Option<Lines>,
    pub valid_signatures: Option<bool>,
    pub ai_assisted: Option<bool>,
    pub has_status: Option<HasStatus>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Paths {
    pub paths: Vec<String>,
    #[serde(default)]
    pub ignore: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Patterns {
    One(String),
    Any(Vec<String>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Title {
    pub matches: Vec<String>,
    pub not_matches: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Lines {
    pub additions: Option<String>,
    pub deletions: Option<String>,
    pub total: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HasStatus {
    pub statuses: Vec<String>,
    pub conclusions: Option<Vec<String>>,
    pub source: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Context {
    pub head_sha: String,
    pub base_branch: String,
    pub author: Option<String>,
    #[serde(default)]
    pub ai_requesters: Vec<String>,
    pub now: Option<i64>,
    pub mr: Option<Id>,
    pub head_branch: Option<String>,
    #[serde(default)]
    pub fork: bool,
    #[serde(default)]
    pub draft: bool,
    pub title: Option<String>,
    pub body: Option<Body>,
    #[serde(default)]
    pub labels: Vec<String>,
    pub diff_id: Option<String>,
    pub tree_id: Option<String>,
    #[serde(default)]
    pub target_history: Vec<String>,
    #[serde(default)]
    pub ai_assisted: bool,
    #[serde(default)]
    pub statuses: BTreeMap<String, Status>,
    #[serde(default)]
    pub members: BTreeMap<String, Member>,
    #[serde(default)]
    pub same_person: Vec<Vec<String>>,
    #[serde(default)]
    pub bots: Vec<String>,
    #[serde(default)]
    pub inactive: Vec<String>,
    #[serde(default)]
    pub commits_truncated: bool,
    #[serde(default)]
    pub files_truncated: bool,
    pub policy_error: Option<PolicyError>,
    // A change has no say in what judges it: a request has no place for the rules that it would bring.
    #[serde(default, rename = "head_policy")]
    _head_policy: IgnoredAny,
    #[serde(default, rename = "mr_level_rules")]
    _change_rules: IgnoredAny,
}

/// Whether the policy could not be read, or why.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum PolicyError {
    Is(bool),
    Why(#[expect(dead_code, reason = "what was wrong is for a reader of the case")] String),
}

/// The text of the change itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    pub text: String,
    pub user: Option<String>,
    pub at: Option<i64>,
    pub edited_at: Option<i64>,
    pub edited_by: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Status {
    State(String),
    Full(FullStatus),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FullStatus {
    pub state: String,
    pub sha: Option<String>,
    pub source: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Member {
    pub id: Option<Id>,
    pub teams: Vec<String>,
    pub orgs: Vec<String>,
    pub inherited_teams: Vec<String>,
    pub inherited_orgs: Vec<String>,
    pub permission: Option<String>,
    pub unreadable: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Commit {
    pub sha: String,
    #[serde(default)]
    pub parents: Vec<String>,
    pub author: Option<String>,
    pub committer: Option<String>,
    #[serde(default)]
    pub coauthors: Vec<String>,
    #[serde(default)]
    pub trailers: Vec<String>,
    pub pusher: Option<String>,
    pub pushed_at: Option<i64>,
    #[serde(default)]
    pub via_web: bool,
    /// `automatic` for what merging alone gives.
    pub merge_result: Option<String>,
    pub signed: Option<bool>,
}

/// A review, which has a state, or a comment, which has none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Act {
    pub user: String,
    pub state: Option<State>,
    pub body: Option<String>,
    pub at: Option<i64>,
    pub edited_at: Option<i64>,
    pub edited_by: Option<String>,
    #[serde(default)]
    pub deleted: bool,
    #[serde(default)]
    pub dismissed: bool,
    pub sha: Option<String>,
    pub diff_id: Option<String>,
    pub tree_id: Option<String>,
    pub mr: Option<Id>,
    pub target: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Approved,
    ChangesRequested,
    Commented,
    Dismissed,
    Unapproved,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub path: String,
    #[serde(default)]
    pub status: FileStatus,
    pub previous_path: Option<String>,
    #[serde(default)]
    pub additions: u64,
    #[serde(default)]
    pub deletions: u64,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FileStatus {
    Added,
    #[default]
    Modified,
    Deleted,
    Renamed,
    Copied,
    ModeChanged,
    TypeChanged,
}

impl Requires {
    pub fn actors(&self) -> Actors {
        Actors {
            users: self.users.clone(),
            teams: self.teams.clone(),
            orgs: self.orgs.clone(),
            inherited: self.inherited,
            permissions: self.permissions.clone(),
            bots: self.bots.clone(),
        }
    }
}

impl Disapproval {
    pub fn actors(&self) -> Actors {
        Actors {
            users: self.users.clone(),
            teams: self.teams.clone(),
            orgs: self.orgs.clone(),
            inherited: self.inherited,
            permissions: self.permissions.clone(),
            bots: self.bots.clone(),
        }
    }
}
