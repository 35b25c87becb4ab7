//! Cases of a policy: changes written by hand, and what the policy must say of each.

use crate::model::{ActCode, Outcome, RuleCode};

/// One change, and what the policy must say of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Case {
    pub name: String,
    /// The line of the file, from 1, that the case begins on.
    pub line: usize,
    /// Oldest first.
    pub commits: Vec<Commit>,
    /// Paths of the files that the change modifies.
    pub files: Vec<String>,
    pub signoffs: Vec<SignOff>,
    /// Lists of requirements on the target: path and text.
    pub requirements: Vec<(String, String)>,
    /// The target's CODEOWNERS.
    pub codeowners: Option<String>,
    pub outcome: Outcome,
    /// Codes of rules, by the name of the rule.
    pub rules: Vec<(String, RuleCode)>,
    /// Codes of acts, by the person who acted.
    pub acts: Vec<(String, ActCode)>,
}

/// A commit of a case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Commit {
    pub message: String,
    /// `Name <address>`, as git writes an author.
    pub author: String,
    /// The author, where the case names no committer.
    pub committer: Option<String>,
    /// The note of the commit in `refs/notes/ai`.
    pub note: Option<String>,
}

/// An approval of a case, or a request for changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct SignOff {
    /// A login, or an e-mail address.
    pub by: String,
    /// The address of the account, where `by` is a login.
    pub email: Option<String>,
    pub text: Option<String>,
    /// Given for an earlier head.
    pub stale: bool,
    pub request_changes: bool,
}
