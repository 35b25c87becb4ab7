//! Why facts could not be collected.

use std::path::PathBuf;

use crate::git::GitError;
use crate::module::CallError;
use crate::signoffs::SignoffError;

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
    /// There is no commit to judge.
    #[error("`{revision}` names no commit in this repository{hint}")]
    NoCommit {
        /// What was asked for.
        revision: String,
        /// What to do.
        hint: String,
    },
    /// A branch and a tag go by one name, and git would take the tag.
    #[error("`{0}` is a branch and a tag, at different commits: write `refs/heads/{0}` or `refs/tags/{0}`")]
    Ambiguous(String),
    /// The target is not known.
    #[error("no target: {0}; name the branch that the change goes into with --target")]
    NoTarget(String),
    /// The platform did not answer what nothing can be decided without.
    #[error("{0}")]
    Platform(String),
    /// The history is cut.
    #[error(
        "this is a shallow clone, and the history of the change is cut at {commit}: fetch all of it \
         (`git fetch --unshallow`, or a clone depth of 0 in CI)"
    )]
    Shallow {
        /// The commit whose parents are missing.
        commit: String,
    },
    /// A policy was asked for and is not there.
    #[error("{what} cannot be read as a policy: {reason}")]
    Policy {
        /// Which.
        what: String,
        /// Why.
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
