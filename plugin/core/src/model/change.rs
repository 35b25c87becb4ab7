//! The change that is judged: its commits and files.

use std::borrow::Cow;

use serde::Serialize;

use super::json::{object, words};
use super::request::{is_empty, is_false};
use super::{Account, List, ObjectId, Text, When};
use crate::limits;
use crate::order::same;

/// The change that is judged.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change<'a> {
    /// The repository that it would be merged into.
    pub repository: Repository<'a>,
    /// The platform's number of the change (`!7`, `#7`). Plain git has none: there target and head identify it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Cow<'a, str>>,
    /// The ref that it would move, by full name.
    pub target: Cow<'a, str>,
    /// The default branch of the repository, by full name: on a server what HEAD names, in a clone what the remote's
    /// HEAD names; never what is checked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_branch: Option<Cow<'a, str>>,
    /// The commit that the target names now; all zeros where it does not exist yet.
    pub base_tip: ObjectId<'a>,
    /// The best common ancestor of head and target; none for unrelated histories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_base: Option<ObjectId<'a>>,
    /// The commit that is to be approved; all zeros where the target would be deleted.
    pub head: ObjectId<'a>,
    /// The identity of what merging brings: equal for equal changes, wherever in their files they stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff_id: Option<ObjectId<'a>>,
    /// The tree that merging head into the target's tip gives, without any attributes; none where they conflict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_tree: Option<ObjectId<'a>>,
    /// What a merge or push made of the change, once it exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<MergeResult<'a>>,
    /// The ref that the change comes from, by full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Cow<'a, str>>,
    /// The title of the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<'a>>,
    /// The description, with who wrote it and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<ChangeDescription<'a>>,
    /// Labels, with who set each and when.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub labels: List<Label<'a>, { limits::ENTRIES }>,
    /// Whether it is a draft. Where nobody said it, it is none if all texts of the change are here or the platform has no texts,
    /// and else unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<bool>,
    /// Whether it comes from another repository; unknown where nobody said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork: Option<bool>,
    /// The account that opened the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_by: Option<Account<'a>>,
    /// Who asked an AI for it: everybody whose session wrote a part.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub asked_by: List<Account<'a>, { limits::PEOPLE }>,
}

object!(Change<'a> {
    "repository" => repository required,
    "id" => id,
    "target" => target required,
    "default_branch" => default_branch,
    "base_tip" => base_tip required,
    "merge_base" => merge_base,
    "head" => head required,
    "diff_id" => diff_id,
    "merge_tree" => merge_tree,
    "result" => result,
    "source" => source,
    "title" => title,
    "description" => description,
    "labels" => labels,
    "draft" => draft,
    "fork" => fork,
    "opened_by" => opened_by,
    "asked_by" => asked_by,
});

/// The repository that a change goes into.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Repository<'a> {
    /// The platform's immutable id. Plain git: the smallest root commit that the target reaches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Cow<'a, str>>,
    /// Such as `acme/app`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Cow<'a, str>>,
    /// What the clone that is judged calls it; none where that is the repository itself, or knows no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<Cow<'a, str>>,
}

object!(Repository<'a> {
    "id" => id,
    "name" => name,
    "remote" => remote,
});

/// What a merge or push made of the change.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MergeResult<'a> {
    /// The commit that the target is to name.
    pub commit: ObjectId<'a>,
    /// The tree of the merge.
    pub tree: ObjectId<'a>,
    /// The way in which the merge came about.
    pub kind: MergeKind,
}

object!(MergeResult<'a> {
    "commit" => commit required,
    "tree" => tree required,
    "kind" => kind required,
});

/// How a result came about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum MergeKind {
    /// A merge commit.
    #[default]
    Merge,
    /// One new commit for all.
    Squash,
    /// New commits, one each.
    Rebase,
    /// The head itself.
    FastForward,
    /// A push past any change.
    Push,
}

words!(MergeKind {
    "merge" => Merge,
    "squash" => Squash,
    "rebase" => Rebase,
    "fast-forward" => FastForward,
    "push" => Push,
});

/// The description of a change.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChangeDescription<'a> {
    /// The text of the description.
    pub text: Text<'a>,
    /// The account that wrote the description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Account<'a>>,
    /// When the description was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<When>,
    /// The last edit of the description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<Edit<'a>>,
}

object!(ChangeDescription<'a> {
    "text" => text required,
    "author" => author,
    "at" => at,
    "edited" => edited,
});

/// An edit of a text.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Edit<'a> {
    /// When the text was edited.
    pub at: When,
    /// The account that edited, where the platform says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Account<'a>>,
}

object!(Edit<'a> {
    "at" => at required,
    "by" => by,
});

/// A label of the change.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Label<'a> {
    /// The name of the label.
    pub name: Text<'a>,
    /// The account that set the label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Account<'a>>,
    /// When the label was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<When>,
}

object!(Label<'a> {
    "name" => name required,
    "by" => by,
    "at" => at,
});

/// A commit of the change.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Commit<'a> {
    /// The id of the commit.
    pub sha: ObjectId<'a>,
    /// The id of the commit's tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<ObjectId<'a>>,
    /// The parents of the commit, in git's order.
    #[serde(default)]
    pub parents: Vec<Parent<'a>>,
    /// Who wrote it, by the commit's own word.
    pub author: Ident<'a>,
    /// Who committed it, by the commit's own word.
    pub committer: Ident<'a>,
    /// The whole message, as the bytes of the commit.
    pub message: Text<'a>,
    /// The commit's `encoding` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Text<'a>>,
    /// The commit's signature header, raw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Text<'a>>,
    /// Whether it belongs to the change, to what a merge made of it, or to both.
    #[serde(rename = "in", default, skip_serializing_if = "Place::is_change")]
    pub place: Place,
    /// For a merge of two parents: the tree that merging them gives by itself; none where they conflict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_merge_tree: Option<ObjectId<'a>>,
    /// How it is known that the forge made this commit itself (web editor, merge button).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forge_made: Option<Cow<'a, str>>,
    /// `git patch-id --stable` of the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch_id: Option<ObjectId<'a>>,
    /// Whether the platform holds the signature for good; unknown where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
}

object!(Commit<'a> {
    "sha" => sha required,
    "tree" => tree,
    "parents" => parents,
    "author" => author required,
    "committer" => committer required,
    "message" => message required,
    "encoding" => encoding,
    "signature" => signature,
    "in" => place,
    "auto_merge_tree" => auto_merge_tree,
    "forge_made" => forge_made,
    "patch_id" => patch_id,
    "verified" => verified,
});

/// A parent of a commit.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Parent<'a> {
    /// The id of the parent.
    pub sha: ObjectId<'a>,
    /// Whether it is reachable from the target's tip before the change: proved, not assumed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub in_target: bool,
}

object!(Parent<'a> {
    "sha" => sha required,
    "in_target" => in_target,
});

/// Whether a commit belongs to the change or to its result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Place {
    /// One of the change's own commits.
    #[default]
    Change,
    /// Made by the merge.
    Result,
    /// The same commit is both.
    Both,
}

words!(Place {
    "change" => Change,
    "result" => Result,
    "both" => Both,
});

impl Commit<'_> {
    /// Whether it has two parents: git counts one that is named twice once.
    pub fn is_merge(&self) -> bool {
        let first = self.parents.first();
        self.parents.iter().any(|parent| Some(&parent.sha) != first.map(|first| &first.sha))
    }
}

impl Place {
    fn is_change(&self) -> bool {
        *self == Place::Change
    }
}

/// Author or committer of a commit.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ident<'a> {
    /// The name, as the commit holds it.
    #[serde(default)]
    pub name: Text<'a>,
    /// The e-mail address; free text in git.
    #[serde(default)]
    pub email: Text<'a>,
    /// When, by the commit's own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<When>,
    /// The account that the forge maps the address to; absent when it maps none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Account<'a>>,
}

object!(Ident<'a> {
    "name" => name,
    "email" => email,
    "time" => time,
    "account" => account,
});

impl Ident<'_> {
    /// Whether both say the same name and address.
    pub(crate) fn is_same(&self, other: &Ident<'_>) -> bool {
        same(self.email.as_bytes(), other.email.as_bytes())
            && same(self.name.as_bytes(), other.name.as_bytes())
    }
}

/// One file of the change: it differs between a merge base and the head, or between the target's tip and what merging gives.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct File<'a> {
    /// Its path at the head; of a deleted file the path it had.
    pub path: Text<'a>,
    /// The path that it was renamed or copied from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_path: Option<Text<'a>>,
    /// In which of the two comparisons it differs.
    #[serde(rename = "in", default, skip_serializing_if = "Comparison::is_both")]
    pub place: Comparison,
    /// The change that the file underwent.
    pub status: FileStatus,
    /// Mode before, octal (`100644`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_mode: Option<Cow<'a, str>>,
    /// Mode after, octal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_mode: Option<Cow<'a, str>>,
    /// Lines added, by merging where nothing conflicts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<u64>,
    /// The number of lines deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<u64>,
    /// git sees no lines in it: there is a NUL among its first 8,000 bytes.
    #[serde(default, skip_serializing_if = "is_false")]
    pub binary: bool,
    /// Its hunks, as a unified diff without the file header, of merging where nothing conflicts; only when `needs` asks, and
    /// none where it has no lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hunks: Option<Text<'a>>,
}

object!(File<'a> {
    "path" => path required,
    "previous_path" => previous_path,
    "in" => place,
    "status" => status required,
    "old_mode" => old_mode,
    "new_mode" => new_mode,
    "added" => added,
    "deleted" => deleted,
    "binary" => binary,
    "hunks" => hunks,
});

/// A comparison in which a file differs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Comparison {
    /// The file differs in the change alone and in what merging gives.
    #[default]
    Both,
    /// A merge base with the head: merging changes nothing in it, or conflicts.
    Head,
    /// The target's tip with what merging gives.
    Merge,
}

words!(Comparison {
    "both" => Both,
    "head" => Head,
    "merge" => Merge,
});

impl Comparison {
    fn is_both(&self) -> bool {
        *self == Comparison::Both
    }
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum FileStatus {
    /// The file is new.
    Added,
    /// The file has other content or another mode.
    #[default]
    Modified,
    /// The file is gone.
    Deleted,
    /// Moved, perhaps with other content.
    Renamed,
    /// A copy of another file.
    Copied,
    /// Another type: file, link, submodule.
    TypeChanged,
}

words!(FileStatus {
    "added" => Added,
    "modified" => Modified,
    "deleted" => Deleted,
    "renamed" => Renamed,
    "copied" => Copied,
    "type-changed" => TypeChanged,
});

/// One move of the head.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Push<'a> {
    /// The account that pushed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Account<'a>>,
    /// When the push happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<When>,
    /// The head of the change after the push.
    pub head: ObjectId<'a>,
    /// Not a fast-forward.
    #[serde(default, skip_serializing_if = "is_false")]
    pub forced: bool,
}

object!(Push<'a> {
    "by" => by,
    "at" => at,
    "head" => head required,
    "forced" => forced,
});

/// One head in the platform's own record.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Version<'a> {
    /// The head that the change had.
    pub head: ObjectId<'a>,
    /// When the platform took note of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<When>,
    /// The identity of its diff, where the platform states one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff_id: Option<ObjectId<'a>>,
}

object!(Version<'a> {
    "head" => head required,
    "at" => at,
    "diff_id" => diff_id,
});
