//! A change as a forge keeps it: a pull request, a merge request. The hook asks about the one that its server merges, and the service
//! about all that are open.

use countersign_core::model::EarlierAnswer;

use crate::collect::Platform;
use crate::git::{Remote, Repository};

/// The part of a change that says which commits are judged and for which branch.
#[derive(Clone)]
pub struct Proposal {
    /// The forge's number of the change within its repository.
    pub number: u64,
    /// Whether it can still be merged.
    pub is_open: bool,
    /// Whether it was merged.
    pub is_merged: bool,
    /// The branch that it goes into, by full name.
    pub target: String,
    /// The commit that it would bring there, by the forge's word.
    pub head: String,
    /// The last commit that the target gained by it, once it was merged.
    pub result: Option<String>,
    /// The commit that its own commits begin after, by the forge's word.
    pub merge_base: Option<String>,
    /// The default branch of the repository that it goes into, by full name, where the forge says it with the change.
    pub default_branch: Option<String>,
    /// The forge's number of that repository, where the forge says it with the change.
    pub repository_id: Option<String>,
    /// Where its head can be fetched from when it is on no branch of that repository: repositories, each with a ref by full name.
    pub heads: Vec<(Remote, String)>,
}

/// The things that the facts of a change are read with, beside the forge itself.
pub struct Beside {
    /// A repository that holds the target and the head.
    pub git: Repository,
    /// Answers that people gave in other changes; none where the host remembers none.
    pub answers: Option<Vec<EarlierAnswer<'static>>>,
}

/// A change that was read from a forge once, and of which more is read when facts are asked for.
pub trait ForgeChange {
    /// Which commits it would bring, and where to.
    fn proposal(&self) -> &Proposal;

    /// The facts that the forge knows of it.
    fn platform(&self, beside: Beside) -> Box<dyn Platform + '_>;
}
