//! Why facts could not be collected.

use std::fmt;
use std::path::PathBuf;

use crate::git::GitError;
use crate::module::CallError;
use crate::signoffs::SignoffError;

/// What to do about an error: ways out, the likeliest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Help(Vec<String>);

impl Help {
    /// Help that names one way out.
    pub fn of(way: impl Into<String>) -> Self {
        Help(vec![way.into()])
    }
}

impl FromIterator<String> for Help {
    fn from_iter<I: IntoIterator<Item = String>>(ways: I) -> Self {
        Help(ways.into_iter().collect())
    }
}

/// A line for each.
impl fmt::Display for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|way| write!(f, "\n  help: {way}"))
    }
}

/// Why facts could not be collected. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// git gave no answer.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The module gave no answer.
    #[error(transparent)]
    Module(#[from] CallError),
    /// The module's answer is not what the contract says.
    #[error("the module's answer cannot be read: {0}")]
    Answer(#[from] countersign_core::Error),
    /// The request could not be written.
    #[error("the request cannot be written: {0}")]
    Request(#[from] serde_json::Error),
    /// The module or a host's memory names a commit by what is no id.
    #[error("`{0}` is no id of a commit")]
    NoId(String),
    /// The module asks on and on.
    #[error(
        "the module asked for ever more facts about {0}; this is a fault of the module, please report it"
    )]
    Endless(String),
    /// A commit that somebody names is not here.
    #[error("`{revision}`{named_by} names no commit in this repository{help}")]
    NoCommit {
        /// The revision that was asked for.
        revision: String,
        /// Who names it, where that is not the command line.
        named_by: String,
        /// Ways out, for a person.
        help: Help,
    },
    /// More differs than anybody could look at, and git would hold all of it in memory.
    #[error(
        "more than {most} paths differ between {from} and {head}, and no change of that size is judged; bring it in parts"
    )]
    TooLarge {
        /// Paths that are compared.
        most: u64,
        /// Where the change is counted from.
        from: String,
        /// The id of the head of the change.
        head: String,
    },
    /// Several refs go by one name, and git would take one of them.
    #[error("`{name}` names different commits here: write {}", .places.iter().map(|place| format!("`{place}`")).collect::<Vec<_>>().join(" or "))]
    Ambiguous {
        /// The short name that could be several refs.
        name: String,
        /// The full names that the short one may stand for.
        places: Vec<String>,
    },
    /// Three dots stand where two do.
    #[error("`{0}`: three dots name two ranges; write A..B for the commits of B that A does not have")]
    TwoRanges(String),
    /// The platform did not answer what nothing can be decided without.
    #[error("{0}")]
    Platform(String),
    /// Nothing says which branch the change goes into.
    #[error("no target: neither a flag, nor the CI, nor the remote's HEAD says what the change goes into{0}")]
    NoTarget(Help),
    /// The target is named by what stands for one branch today and for another tomorrow.
    #[error("`{name}` is the name of no branch, and a change goes into one; name it{help}")]
    NoBranch {
        /// The name of the branch that was asked for.
        name: String,
        /// The full names that the short one may stand for.
        help: Help,
    },
    /// The target is not here, so nobody can say which policy decides.
    #[error("the target {name} is not in this repository, so its policy cannot be read{help}")]
    TargetNotHere {
        /// The target, by full name.
        name: String,
        /// Ways out, for a person.
        help: Help,
    },
    /// Commits before the base would be judged by nobody.
    #[error(
        "the base `{revision}` is not in {target}, so nobody would judge what comes before it\n  \
         help: leave --base out, and all that {target} does not hold is judged\n  \
         help: or name the branch that holds it with --target"
    )]
    BaseNotInTarget {
        /// The revision that was given as the base.
        revision: String,
        /// The target, by full name.
        target: String,
    },
    /// The target has no policy, and that of the default branch was not read.
    #[error("{target} has no policy of its own, and {why}{help}")]
    NoDefaultBranch {
        /// The target, by full name.
        target: String,
        /// Why that of the default branch was not read.
        why: String,
        /// Ways out, for a person.
        help: Help,
    },
    /// The event that a CI runs for does not say which change it means.
    #[error("{ci}: this {event} {lacks}{help}")]
    NoChange {
        /// The name of the CI system.
        ci: &'static str,
        /// The kind of the event.
        event: String,
        /// The facts that the event does not tell.
        lacks: String,
        /// Ways out, for a person.
        help: Help,
    },
    /// The remote is another repository than the one that a CI runs for.
    #[error(
        "{ci} runs for {expected}, and the remote `{remote}` of this clone is {found}, whose owner may set its branches as they like\n  \
         help: let the job check out {expected}, and fetch the head of the change from there\n  \
         help: or fetch it into this clone as another remote, and name its branch: --target refs/remotes/NAME/BRANCH"
    )]
    OtherRemote {
        /// The name of the CI system.
        ci: &'static str,
        /// The repository that it runs for.
        expected: String,
        /// The name of the remote.
        remote: String,
        /// The repository that the remote leads to.
        found: String,
    },
    /// The history is cut.
    #[error("this is a shallow clone, and the history of the change is cut at {commit}{help}")]
    Shallow {
        /// The commit whose parents are missing.
        commit: String,
        /// Ways out, for a person.
        help: Help,
    },
    /// A policy was asked for and is not there.
    #[error("{what} cannot be read as a policy: {reason}")]
    Policy {
        /// The policy, by its path and revision.
        what: String,
        /// The reason why the policy cannot be read.
        reason: String,
    },
    /// The sign-offs could not be read.
    #[error(transparent)]
    Signoffs(#[from] SignoffError),
    /// The sign-offs come from the tree that is judged.
    #[error(
        "{0} is part of the tree that is judged, so its author could have written it; \
         give sign-offs in a file outside of the commits"
    )]
    SignoffsInTree(PathBuf),
}
