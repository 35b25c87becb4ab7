//! A range as it is handed out.

use super::facts::{Facts, Id};
use super::grounds::Grounds;
use crate::model::{BranchRange, MergeKind, ObjectId, RangeReason};
use crate::wellknown::SIGNOFF_REFS;

/// A range of the target, before it is written down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draft<'h> {
    /// Where the branch stands before it.
    pub base: Option<Id<'h>>,
    pub head: Id<'h>,
    /// The commit that the branch names after it.
    pub result: Option<Id<'h>>,
    pub merge: MergeKind,
    /// The change whose facts the forge is asked for.
    pub change: Option<&'h str>,
    /// It is brought by whoever pushes now.
    pub pushed: bool,
    /// Up to where all was decided about, where something after it is open.
    pub audited: Audited<'h>,
    pub reason: RangeReason,
}

/// Up to where a branch was decided about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Audited<'h> {
    /// As far as it stands.
    All,
    /// Up to a commit; none where nothing was.
    Until(Option<Id<'h>>),
}

impl Draft<'_> {
    /// A push of a commit, or of nothing, where a branch would be deleted.
    pub fn push<'h>(base: Option<Id<'h>>, head: Id<'h>, reason: RangeReason) -> Draft<'h> {
        Draft {
            base,
            head,
            result: Some(head).filter(|head| !head.is_zero()),
            merge: MergeKind::Push,
            change: None,
            pushed: false,
            audited: Audited::All,
            reason,
        }
    }

    /// The range, by what it is judged by.
    pub fn write(&self, facts: &Facts<'_>, grounds: &Grounds<'_>) -> BranchRange {
        let holds_signoffs = facts.history.target.starts_with(SIGNOFF_REFS);
        // What a branch that a push makes has from the default branch is not its change. A ref of sign-offs has nothing from it.
        let beside = grounds.beside.filter(|_| self.result.is_some() && !holds_signoffs);
        let audited = match self.audited {
            Audited::All => None,
            Audited::Until(Some(commit)) => Some(commit.to_string()),
            Audited::Until(None) => Some(nothing(self.head)),
        };
        let mut range = BranchRange {
            id: String::new(),
            base: text(self.base),
            since: text(self.base.or(beside)),
            head: self.head.to_string(),
            result: text(self.result),
            merge: self.merge,
            change: self.change.map(str::to_owned),
            pushed: self.pushed,
            policy: grounds.rules.clone(),
            default_branch: grounds.default_branch.clone(),
            audited,
            reason: self.reason,
        };
        range.id = id(&range);
        range
    }
}

/// What a range is told apart by: everything that another range of the same branch could have otherwise.
fn id(range: &BranchRange) -> String {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    format!(
        "{} {} {}..{} {} {} {}@{} {} {}",
        range.reason.name(),
        range.merge.name(),
        or_none(&range.base),
        range.head,
        or_none(&range.result),
        or_none(&range.change),
        range.policy.branch,
        or_none(&range.policy.commit),
        or_none(&range.audited),
        range.pushed,
    )
}

/// The id that stands for no commit, in the hash of another.
fn nothing(like: &ObjectId<'_>) -> String {
    "0".repeat(like.as_str().len())
}

pub(super) fn text(id: Option<Id<'_>>) -> Option<String> {
    id.map(ToString::to_string)
}

/// How a commit came to stand on a branch that stood at another, and the head that it brought: by the shape of the history, and by
/// the head of the change that the forge says was merged.
pub(super) fn shape<'h>(
    parents: &'h [ObjectId<'h>],
    from: Id<'_>,
    commit: Id<'h>,
    of_change: Option<Id<'h>>,
) -> (MergeKind, Id<'h>) {
    match (parents, of_change) {
        // What is merged is what the merge says, whatever the forge still thinks that the head is.
        ([first, second], _) if first == from => (MergeKind::Merge, second),
        (_, Some(head)) if head == commit => (MergeKind::FastForward, commit),
        ([only], Some(head)) if only == from => (MergeKind::Squash, head),
        (_, Some(head)) => (MergeKind::Rebase, head),
        (_, None) => (MergeKind::Push, commit),
    }
}
