//! The shape of a branch's history, and the ranges of it that are judged next.

use std::borrow::Cow;

use serde::Serialize;

use super::json::{object, words};
use super::{List, MergeKind, ObjectId};
use crate::limits;

/// A branch, what is asked about it, and what its host remembers and knows of it: the document that `ranges` reads. A host begins
/// with what it remembers, and adds the facts that the answer wants, until the answer holds a verdict.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BranchHistory<'h> {
    /// Always `countersign/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: Cow<'h, str>,
    /// The question that is asked about the branch.
    pub question: BranchQuestion,
    /// The ref, by full name.
    pub target: Cow<'h, str>,
    /// The default branch, by full name, where the server says which one that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_branch: Option<Cow<'h, str>>,
    /// What a push would move: for the question `push`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push: Option<RefUpdate<'h>>,
    /// The head of the change: for the question `change`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<ObjectId<'h>>,
    /// The host remembers what became of branches. Where it does not, each was decided about as far as it stands.
    pub remembers: bool,
    /// The host watches the repository: somebody was asked before.
    pub watched: bool,
    /// The branches that the host remembers or knows, the target and the default branch at least.
    #[serde(default)]
    pub branches: List<BranchState<'h>, { limits::ENTRIES }>,
    /// What is known of commits.
    #[serde(default)]
    pub commits: List<HistoryCommit<'h>, { limits::COMMITS }>,
    /// First parents, from one commit to another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chains: Vec<Chain<'h>>,
    /// The best common ancestors of two commits.
    #[serde(default)]
    pub bases: List<Base<'h>, { limits::ENTRIES }>,
    /// Commits of one history that another lacks, counted.
    #[serde(default)]
    pub counts: List<Beyond<'h>, { limits::ENTRIES }>,
    /// What merging one commit into another gives.
    #[serde(default)]
    pub merge_trees: List<MergeTree<'h>, { limits::ENTRIES }>,
    /// What stands in the place of the policy.
    #[serde(default)]
    pub policies: List<PolicyAt<'h>, { limits::ENTRIES }>,
    /// Whether a policy ever stood in a history.
    #[serde(default)]
    pub policy_histories: List<PolicyHistory<'h>, { limits::ENTRIES }>,
    /// Which change a commit of the branch came from, by the forge's word.
    #[serde(default)]
    pub origins: List<Origin<'h>, { limits::ENTRIES }>,
    /// The ranges that were judged already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub judged: Vec<JudgedRange<'h>>,
}

object!(BranchHistory<'h> {
    "apiVersion" => api_version required,
    "question" => question required,
    "target" => target required,
    "default_branch" => default_branch,
    "push" => push,
    "head" => head,
    "remembers" => remembers required,
    "watched" => watched required,
    "branches" => branches,
    "commits" => commits,
    "chains" => chains,
    "bases" => bases,
    "counts" => counts,
    "merge_trees" => merge_trees,
    "policies" => policies,
    "policy_histories" => policy_histories,
    "origins" => origins,
    "judged" => judged,
});

/// What is asked about a branch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum BranchQuestion {
    /// Whether a push may move the ref.
    #[default]
    Push,
    /// Whether what the branch holds was decided about, and if not, what is judged now.
    Tip,
    /// By what a change is judged that is proposed to the branch.
    Change,
}

words!(BranchQuestion {
    "push" => Push,
    "tip" => Tip,
    "change" => Change,
});

/// What a push would do to a ref.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefUpdate<'h> {
    /// Where whoever pushes takes the ref to stand; none where it is to be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<ObjectId<'h>>,
    /// The object that it is to name; all zeros where it is to be deleted.
    pub new: ObjectId<'h>,
    /// The commit that this object is, or that it names as a tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<ObjectId<'h>>,
    /// The change that the server merges by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merges: Option<Merging<'h>>,
}

object!(RefUpdate<'h> {
    "old" => old,
    "new" => new required,
    "commit" => commit,
    "merges" => merges,
});

/// A change that is merged.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Merging<'h> {
    /// The forge's name for it.
    pub change: Cow<'h, str>,
    /// Its head, by the forge's word; none where the forge was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<ObjectId<'h>>,
}

object!(Merging<'h> {
    "change" => change required,
    "head" => head,
});

/// A branch, and what its host remembers of it.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BranchState<'h> {
    /// The full name of the branch's ref.
    pub name: Cow<'h, str>,
    /// Where it stands; none where there is no such branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tip: Option<ObjectId<'h>>,
    /// Nothing was ever noted of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
    /// The last commit that is noted as one up to which all was decided about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_order: Option<ObjectId<'h>>,
    /// The number of the note that says so, among those of moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_order_entry: Option<u64>,
    /// The moves that passed, the newest first; none where they were not looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<Vec<PassedMove<'h>>>,
    /// A finding says that what came after this commit was decided about by nobody; all zeros where that is all that it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_since: Option<ObjectId<'h>>,
    /// Its host finds out by itself, a little later, what no decision let in: until there is a finding, all that it holds was
    /// decided about.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_findings: bool,
    /// What is said of it here is said of the branch that was the default before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_former_default: bool,
}

object!(BranchState<'h> {
    "name" => name required,
    "tip" => tip,
    "unknown" => unknown,
    "in_order" => in_order,
    "in_order_entry" => in_order_entry,
    "passed" => passed,
    "open_since" => open_since,
    "by_findings" => by_findings,
    "of_former_default" => of_former_default,
});

/// A move of a branch that a decision let pass.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PassedMove<'h> {
    /// Where it stood; all zeros where the branch was made.
    pub from: ObjectId<'h>,
    /// The commit at which the branch was to stand.
    pub to: ObjectId<'h>,
    /// The number of the note of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
}

object!(PassedMove<'h> {
    "from" => from required,
    "to" => to required,
    "entry" => entry,
});

/// A commit of the branch's history.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HistoryCommit<'h> {
    /// The id of the commit.
    pub sha: ObjectId<'h>,
    /// Its tree; none where the commit is not here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<ObjectId<'h>>,
    /// The parents of the commit, in git's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<ObjectId<'h>>,
}

object!(HistoryCommit<'h> {
    "sha" => sha required,
    "tree" => tree,
    "parents" => parents,
});

/// The first parents of a commit that another does not reach.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Chain<'h> {
    /// The commit that does not reach them.
    pub from: ObjectId<'h>,
    /// The newest of those parents: the commit that the chain begins at.
    pub to: ObjectId<'h>,
    /// All of them, the newest first; `commits` holds each.
    #[serde(default)]
    pub commits: List<ObjectId<'h>, { limits::COMMITS }>,
}

object!(Chain<'h> {
    "from" => from required,
    "to" => to required,
    "commits" => commits,
});

/// The best common ancestor of two commits.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Base<'h> {
    /// The first of the two commits.
    pub one: ObjectId<'h>,
    /// The second of the two commits.
    pub other: ObjectId<'h>,
    /// One of their best common ancestors; none where they have none, or one of them is not here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<ObjectId<'h>>,
    /// One of the two is not here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
}

object!(Base<'h> {
    "one" => one required,
    "other" => other required,
    "base" => base,
    "missing" => missing,
});

/// How many commits a history holds that another lacks.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Beyond<'h> {
    /// The commit whose history is counted.
    pub of: ObjectId<'h>,
    /// The commit whose history is left out.
    pub without: ObjectId<'h>,
    /// The number of commits.
    pub commits: u64,
}

object!(Beyond<'h> {
    "of" => of required,
    "without" => without required,
    "commits" => commits required,
});

/// The tree that merging gives.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MergeTree<'h> {
    /// The commit that is merged into.
    pub base: ObjectId<'h>,
    /// The commit that is merged.
    pub head: ObjectId<'h>,
    /// The tree; none where the two conflict, or one is not here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<ObjectId<'h>>,
}

object!(MergeTree<'h> {
    "base" => base required,
    "head" => head required,
    "tree" => tree,
});

/// What a commit has in the place of the policy.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PolicyAt<'h> {
    /// The commit at which the policy was looked for.
    pub commit: ObjectId<'h>,
    /// The object at the policy's path; none where the commit has no such path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<ObjectId<'h>>,
}

object!(PolicyAt<'h> {
    "commit" => commit required,
    "policy" => policy,
});

/// Whether a policy ever stood in its place in a history.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PolicyHistory<'h> {
    /// The commit whose history is meant.
    pub commit: ObjectId<'h>,
    /// The id of the policy's blob.
    pub policy: ObjectId<'h>,
    /// Whether the policy ever stood on the branch.
    pub stood: bool,
}

object!(PolicyHistory<'h> {
    "commit" => commit required,
    "policy" => policy required,
    "stood" => stood required,
});

/// Which change a commit of a branch came from.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Origin<'h> {
    /// The commit of the branch.
    pub commit: ObjectId<'h>,
    /// The change that the forge names; none where it names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<OriginChange<'h>>,
}

object!(Origin<'h> {
    "commit" => commit required,
    "change" => change,
});

/// A change that a commit came from, as the forge has it.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OriginChange<'h> {
    /// The forge's name for it.
    pub id: Cow<'h, str>,
    /// Whether the change was merged.
    pub merged: bool,
    /// The last commit that merging it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<ObjectId<'h>>,
    /// The head of the change.
    pub head: ObjectId<'h>,
    /// The commit that it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_base: Option<ObjectId<'h>>,
}

object!(OriginChange<'h> {
    "id" => id required,
    "merged" => merged required,
    "result" => result,
    "head" => head required,
    "merge_base" => merge_base,
});

/// A range that was judged, and what came out.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JudgedRange<'h> {
    /// The id of the range.
    pub id: Cow<'h, str>,
    /// The result is not what merging gives, and the range was judged by nobody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub altered: bool,
    /// Somebody asked to guard the target.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gated: bool,
    /// The decision lets it pass.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub passes: bool,
    /// Somebody answers for it: a sign-off counted, or somebody overrode a rule.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub answered: bool,
    /// The digest of the policy that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Cow<'h, str>>,
}

object!(JudgedRange<'h> {
    "id" => id required,
    "altered" => altered,
    "gated" => gated,
    "passes" => passes,
    "answered" => answered,
    "policy" => policy,
});

/// What `ranges` says of a branch: the facts that it wants, or the ranges that are to be judged, or the verdict.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ranges {
    /// Always `countersign/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: String,
    /// Always `Ranges`.
    pub kind: String,
    /// Facts to add before asking again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wants: Option<HistoryWants>,
    /// Ranges to judge, in this order, before asking again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub judge: Vec<BranchRange>,
    /// What became of the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<BranchVerdict>,
}

object!(Ranges {
    "apiVersion" => api_version required,
    "kind" => kind required,
    "wants" => wants,
    "judge" => judge,
    "verdict" => verdict,
});

/// Facts that are missing, by the lists of [`BranchHistory`] that they belong to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HistoryWants {
    /// Branches whose moves are to be looked up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed: Vec<String>,
    /// Ids of commits whose parents and trees are wanted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commits: Vec<String>,
    /// First parents, from one commit to another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chains: Vec<Pair>,
    /// Best common ancestors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bases: Vec<Pair>,
    /// Commits of the first that the second lacks, counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<Pair>,
    /// What merging the second into the first gives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merge_trees: Vec<Pair>,
    /// Commits whose policy is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<String>,
    /// Whether the history of the first ever held the policy that is the second.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy_histories: Vec<Pair>,
    /// Commits of which the forge is asked from which change they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<String>,
}

object!(HistoryWants {
    "passed" => passed,
    "commits" => commits,
    "chains" => chains,
    "bases" => bases,
    "counts" => counts,
    "merge_trees" => merge_trees,
    "policies" => policies,
    "policy_histories" => policy_histories,
    "origins" => origins,
});

/// Two objects between which something is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pair {
    /// The first object.
    pub one: String,
    /// The second object.
    pub other: String,
}

object!(Pair {
    "one" => one required,
    "other" => other required,
});

/// A range of a branch that is to be judged as a change.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BranchRange {
    /// What it is told apart by.
    pub id: String,
    /// Where the branch stands before it; none where there is no branch yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The commit whose history is no part of it; none where all of the head's history is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The head of the change; all zeros where the branch would be deleted.
    pub head: String,
    /// The commit that the branch names after it; none of a change that is only proposed, and of a branch that would be deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// How the result came about.
    pub merge: MergeKind,
    /// The change whose facts the forge is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// It is brought by whoever pushes now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pushed: bool,
    /// Where the documents stand that decide.
    pub policy: BranchAt,
    /// The default branch, which says what is protected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_branch: Option<BranchAt>,
    /// The commit up to which all was decided about, where something after it is open; all zeros where all that the branch holds is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audited: Option<String>,
    /// The reason why the range is judged.
    pub reason: RangeReason,
}

object!(BranchRange {
    "id" => id required,
    "base" => base,
    "since" => since,
    "head" => head required,
    "result" => result,
    "merge" => merge required,
    "change" => change,
    "pushed" => pushed,
    "policy" => policy required,
    "default_branch" => default_branch,
    "audited" => audited,
    "reason" => reason required,
});

/// A branch, at the commit at which its documents are read.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BranchAt {
    /// The branch, by full name.
    pub branch: String,
    /// The commit; none where there is nothing to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

object!(BranchAt {
    "branch" => branch required,
    "commit" => commit,
});

/// Why a range is judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RangeReason {
    /// A push brings it.
    #[default]
    Pushed,
    /// It came in past every decision, and is settled on its own.
    Open,
    /// The push puts back what the branch lost, and is judged from where all was in order.
    Restores,
    /// The range is a change that is proposed.
    Proposed,
    /// The forge says that it came by this change.
    Merged,
    /// No change brought it.
    Gained,
    /// Somebody may answer for all that the branch gained.
    Whole,
}

words!(RangeReason {
    "pushed" => Pushed,
    "open" => Open,
    "restores" => Restores,
    "proposed" => Proposed,
    "merged" => Merged,
    "gained" => Gained,
    "whole" => Whole,
});

/// What became of the question about a branch.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BranchVerdict {
    /// What the branch is, or the push does.
    pub state: BranchOutcome,
    /// The ids of the ranges whose decisions stand, in order; what else was judged says nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stands: Vec<String>,
    /// The notes of the moves by which the branch came to where it stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<u64>,
    /// The commit up to which all was decided about before; none where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_order: Option<String>,
    /// The move that is to be remembered as one that passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remember: Option<Remember>,
    /// The watch over the repository begins with this push.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub begins: bool,
    /// The sentence for whoever is refused or reads the finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

object!(BranchVerdict {
    "state" => state required,
    "stands" => stands,
    "entries" => entries,
    "in_order" => in_order,
    "remember" => remember,
    "begins" => begins,
    "message" => message,
});

/// A move to remember.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Remember {
    /// Where the branch stood, all of which was decided about; none where there was none, or where it lost that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Where it is to stand; none where it is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

object!(Remember {
    "from" => from,
    "to" => to,
});

/// What became of a branch, or of a push to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum BranchOutcome {
    /// The push may not move the ref, whatever a policy says.
    #[default]
    Refused,
    /// The decisions block the push.
    Blocked,
    /// The push may move the ref.
    Passes,
    /// All that the branch holds was decided about.
    InOrder,
    /// The branch holds what no decision let in.
    Open,
    /// Nobody guards the branch.
    Unguarded,
    /// The repository is seen for the first time: what its branches hold now is where the watch begins.
    Begins,
    /// The change is judged by the range that stands.
    Proposed,
}

words!(BranchOutcome {
    "refused" => Refused,
    "blocked" => Blocked,
    "passes" => Passes,
    "in-order" => InOrder,
    "open" => Open,
    "unguarded" => Unguarded,
    "begins" => Begins,
    "proposed" => Proposed,
});
