//! What a request brings. A collector copies what the platform says; everything else is a rule and stands elsewhere.

use std::borrow::Cow;
use std::fmt;

use super::json::{Fault, Json, Read, object, words};
use serde::Serialize;

use super::{List, Text, When};
use crate::limits;

/// Facts of one change, and the documents that decide about it.
///
/// Unknown keys are ignored, so that an older module reads a newer collector's request.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Request<'a> {
    /// Always `countersign/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: Cow<'a, str>,
    /// What asks, and when.
    pub trigger: Trigger<'a>,
    /// Policies, code owners, notes, traces, plans. Everything that decides is read from the target side.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub documents: List<Document<'a>, { limits::DOCUMENTS }>,
    /// The change that is judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change<'a>>,
    /// The commits of the change and, once merged, of its result.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub commits: List<Commit<'a>, { limits::COMMITS }>,
    /// What differs between the merge base and the head.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub files: List<File<'a>, { limits::FILES }>,
    /// Who moved the head, in the platform's own record.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub pushes: List<Push<'a>, { limits::ENTRIES }>,
    /// The platform's own record of heads, newest first (GitLab's diff versions).
    #[serde(default, skip_serializing_if = "is_empty")]
    pub versions: List<Version<'a>, { limits::ENTRIES }>,
    /// Reviews, comments, signed statements: everything that may be a sign-off or take one back.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub acts: List<Act<'a>, { limits::ACTS }>,
    /// Commit statuses, with who posted them.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub statuses: List<Status<'a>, { limits::ENTRIES }>,
    /// The people whom the facts above or the policy name.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub people: List<Person<'a>, { limits::PEOPLE }>,
    /// The groups that the policy names, with their members as read now.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub groups: List<Group<'a>, { limits::PEOPLE }>,
    /// What earlier evaluations left behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<History<'a>>,
    /// Facts that the host tried to get and could not, each with the reason.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub unavailable: List<Unavailable<'a>, { limits::ENTRIES }>,
    /// The lists that are whole. A list that is not named here may have been cut.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub complete: Vec<Fact>,
    /// What this platform does not have at all (plain git knows no pushers). Not the same as unavailable.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<Fact>,
}

object!(Request<'a> {
    "apiVersion" => api_version required,
    "trigger" => trigger required,
    "documents" => documents,
    "change" => change,
    "commits" => commits,
    "files" => files,
    "pushes" => pushes,
    "versions" => versions,
    "acts" => acts,
    "statuses" => statuses,
    "people" => people,
    "groups" => groups,
    "history" => history,
    "unavailable" => unavailable,
    "complete" => complete,
    "absent" => absent,
});

fn is_empty<T, const MAX: usize>(list: &List<T, MAX>) -> bool {
    list.is_empty()
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// The names of facts, as `needs` asks for them and `unavailable`, `complete` and `absent` speak of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Fact {
    /// The documents of the policy itself.
    #[default]
    Documents,
    /// The change: its ids, target, head.
    Change,
    /// Title, description, labels, draft.
    Text,
    /// The commits.
    Commits,
    /// The files, both sides of renames.
    Files,
    /// Lines added and deleted of each file.
    FileLines,
    /// The hunks of each file.
    Hunks,
    /// The signatures of the commits.
    Signatures,
    /// `refs/notes/ai` and the like, of each commit.
    Notes,
    /// Agent Trace files at the head of the change.
    Traces,
    /// Metadata of Entire checkpoints.
    Checkpoints,
    /// Who pushed.
    Pushes,
    /// The platform's record of heads.
    Versions,
    /// Reviews, comments, statements.
    Acts,
    /// Commit statuses.
    Statuses,
    /// Accounts and permission levels.
    People,
    /// Group membership.
    Groups,
    /// Who opened the change.
    Opener,
    /// Who asked an AI for the change.
    Requester,
    /// The identity of the change's diff.
    DiffId,
    /// The tree of merging head into the target.
    MergeTree,
    /// Earlier answers and the last audited commit.
    History,
    /// Plans of infrastructure changes.
    Plans,
    /// The service catalog and the environments.
    Context,
}

words!(Fact {
    "documents" => Documents,
    "change" => Change,
    "text" => Text,
    "commits" => Commits,
    "files" => Files,
    "file-lines" => FileLines,
    "hunks" => Hunks,
    "signatures" => Signatures,
    "notes" => Notes,
    "traces" => Traces,
    "checkpoints" => Checkpoints,
    "pushes" => Pushes,
    "versions" => Versions,
    "acts" => Acts,
    "statuses" => Statuses,
    "people" => People,
    "groups" => Groups,
    "opener" => Opener,
    "requester" => Requester,
    "diff-id" => DiffId,
    "merge-tree" => MergeTree,
    "history" => History,
    "plans" => Plans,
    "context" => Context,
});

impl Fact {
    /// The word of the contract.
    pub fn name(self) -> &'static str {
        match self {
            Fact::Documents => "documents",
            Fact::Change => "change",
            Fact::Text => "text",
            Fact::Commits => "commits",
            Fact::Files => "files",
            Fact::FileLines => "file-lines",
            Fact::Hunks => "hunks",
            Fact::Signatures => "signatures",
            Fact::Notes => "notes",
            Fact::Traces => "traces",
            Fact::Checkpoints => "checkpoints",
            Fact::Pushes => "pushes",
            Fact::Versions => "versions",
            Fact::Acts => "acts",
            Fact::Statuses => "statuses",
            Fact::People => "people",
            Fact::Groups => "groups",
            Fact::Opener => "opener",
            Fact::Requester => "requester",
            Fact::DiffId => "diff-id",
            Fact::MergeTree => "merge-tree",
            Fact::History => "history",
            Fact::Plans => "plans",
            Fact::Context => "context",
        }
    }
}

/// What asks, and when.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Trigger<'a> {
    /// What happened.
    pub kind: TriggerKind,
    /// The program that collected the facts.
    pub host: Software<'a>,
    /// The forge or tool that they come from.
    pub platform: Software<'a>,
    /// The moment of the evaluation: the module has no clock.
    pub now: When,
    /// The host refuses changes to a target that has no policy.
    #[serde(default, skip_serializing_if = "is_false")]
    pub require_policy: bool,
}

object!(Trigger<'a> {
    "kind" => kind required,
    "host" => host required,
    "platform" => platform required,
    "now" => now required,
    "require_policy" => require_policy,
});

/// What made a host ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum TriggerKind {
    /// A command, in CI or on a developer's machine.
    #[default]
    Check,
    /// A server-side hook.
    PreReceive,
    /// An event of a forge.
    Webhook,
    /// A timer that reads the state again.
    Reconcile,
    /// A deployment that asks whether this was approved.
    Admit,
    /// An agent that is about to act.
    Guard,
    /// A page: the playground, or a preview.
    Page,
}

words!(TriggerKind {
    "check" => Check,
    "pre-receive" => PreReceive,
    "webhook" => Webhook,
    "reconcile" => Reconcile,
    "admit" => Admit,
    "guard" => Guard,
    "page" => Page,
});

/// A name and a version.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Software<'a> {
    /// Such as `countersign`, `git`, `gitea`.
    pub name: Cow<'a, str>,
    /// As it states it itself.
    #[serde(default)]
    pub version: Cow<'a, str>,
}

object!(Software<'a> {
    "name" => name required,
    "version" => version,
});

/// One document that the module reads.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Document<'a> {
    /// What it is for.
    pub role: Role,
    /// Where it was read: `git`, `flag`, `inline`, or the name of a forge.
    pub source: Cow<'a, str>,
    /// The ref, by full name, that it was read from.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    pub git_ref: Option<Cow<'a, str>>,
    /// The commit that the ref named, or for a note the commit that it annotates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<ObjectId<'a>>,
    /// Its path in the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Text<'a>>,
    /// `sha256:` and 64 hexadecimal digits, made by the host over the bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Cow<'a, str>>,
    /// Set by the host when it took the document from inside the tree that is judged.
    #[serde(default, skip_serializing_if = "is_false")]
    pub untrusted: bool,
    /// The bytes.
    pub bytes: Text<'a>,
}

object!(Document<'a> {
    "role" => role required,
    "source" => source required,
    "ref" => git_ref,
    "commit" => commit,
    "path" => path,
    "digest" => digest,
    "untrusted" => untrusted,
    "bytes" => bytes required,
});

/// What a document is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Role {
    /// The policy.
    Policy,
    /// A policy that the policy extends.
    Extends,
    /// CODEOWNERS.
    Codeowners,
    /// OpenSSH's list of allowed signers.
    AllowedSigners,
    /// Keys that no longer sign.
    RevokedKeys,
    /// git's mailmap.
    Mailmap,
    /// A Backstage catalog.
    Catalog,
    /// Environments, freezes, recovery times.
    Environments,
    /// The list of requirement ids.
    Requirements,
    /// A git note of one commit.
    Note,
    /// An Agent Trace file.
    Trace,
    /// Metadata of an Entire checkpoint.
    Checkpoint,
    /// A plan of infrastructure changes.
    Plan,
    /// A role of a later contract: kept out of every rule.
    #[default]
    Other,
}

words!(Role, else Other {
    "policy" => Policy,
    "extends" => Extends,
    "codeowners" => Codeowners,
    "allowed-signers" => AllowedSigners,
    "revoked-keys" => RevokedKeys,
    "mailmap" => Mailmap,
    "catalog" => Catalog,
    "environments" => Environments,
    "requirements" => Requirements,
    "note" => Note,
    "trace" => Trace,
    "checkpoint" => Checkpoint,
    "plan" => Plan,
});

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
    /// The commit that the target names now.
    pub base_tip: ObjectId<'a>,
    /// The best common ancestor of head and target; none for unrelated histories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_base: Option<ObjectId<'a>>,
    /// The commit that is to be approved.
    pub head: ObjectId<'a>,
    /// `git patch-id --stable` of the whole change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff_id: Option<ObjectId<'a>>,
    /// The tree that merging head into the target's tip gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_tree: Option<ObjectId<'a>>,
    /// What a merge or push made of the change, once it exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<MergeResult<'a>>,
    /// The ref that the change comes from, by full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Cow<'a, str>>,
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<'a>>,
    /// The description, with who wrote it and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<ChangeDescription<'a>>,
    /// Labels, with who set each and when.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub labels: List<Label<'a>, { limits::ENTRIES }>,
    /// Not ready to be merged.
    #[serde(default, skip_serializing_if = "is_false")]
    pub draft: bool,
    /// Comes from another repository.
    #[serde(default, skip_serializing_if = "is_false")]
    pub fork: bool,
    /// Who opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_by: Option<Account<'a>>,
    /// Who asked an AI for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<Account<'a>>,
}

object!(Change<'a> {
    "repository" => repository required,
    "id" => id,
    "target" => target required,
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

/// A repository.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Repository<'a> {
    /// The platform's immutable id. Plain git: the smallest root commit that the target reaches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Cow<'a, str>>,
    /// Such as `acme/app`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Cow<'a, str>>,
}

object!(Repository<'a> {
    "id" => id,
    "name" => name,
});

/// What a merge or push made of the change.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MergeResult<'a> {
    /// The commit that the target is to name.
    pub commit: ObjectId<'a>,
    /// Its tree.
    pub tree: ObjectId<'a>,
    /// How it came about.
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
    /// The text.
    pub text: Text<'a>,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Account<'a>>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<When>,
    /// The last edit.
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
    /// When.
    pub at: When,
    /// Who, where the platform says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Account<'a>>,
}

object!(Edit<'a> {
    "at" => at required,
    "by" => by,
});

/// A label.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Label<'a> {
    /// Its name.
    pub name: Text<'a>,
    /// Who set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Account<'a>>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<When>,
}

object!(Label<'a> {
    "name" => name required,
    "by" => by,
    "at" => at,
});

/// Whom a fact names: whatever of this the platform says. Who that is, is a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Account<'a> {
    /// The platform's immutable id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Cow<'a, str>>,
    /// The login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<Cow<'a, str>>,
    /// An e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Text<'a>>,
}

object!(Account<'a> {
    "id" => id,
    "login" => login,
    "email" => email,
});

/// One commit.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Commit<'a> {
    /// Its id.
    pub sha: ObjectId<'a>,
    /// Its tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<ObjectId<'a>>,
    /// Its parents, in order.
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
    /// For a merge: the tree that an automatic merge of its parents gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_merge_tree: Option<ObjectId<'a>>,
    /// How it is known that the forge made this commit itself (web editor, merge button).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forge_made: Option<Cow<'a, str>>,
    /// `git patch-id --stable` of the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch_id: Option<ObjectId<'a>>,
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
});

/// A parent of a commit.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Parent<'a> {
    /// Its id.
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

impl Place {
    fn is_change(&self) -> bool {
        *self == Place::Change
    }
}

/// Author or committer of a commit.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ident<'a> {
    /// The name.
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
        self.name == other.name && self.email == other.email
    }
}

/// One file of the change.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct File<'a> {
    /// Its path at the head; of a deleted file the path it had.
    pub path: Text<'a>,
    /// The path that it was renamed or copied from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_path: Option<Text<'a>>,
    /// What happened to it.
    pub status: FileStatus,
    /// Mode before, octal (`100644`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_mode: Option<Cow<'a, str>>,
    /// Mode after, octal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_mode: Option<Cow<'a, str>>,
    /// Lines added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<u64>,
    /// Lines deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<u64>,
    /// git sees no lines in it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub binary: bool,
    /// Its hunks, as a unified diff without the file header; only when `needs` asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hunks: Option<Text<'a>>,
}

object!(File<'a> {
    "path" => path required,
    "previous_path" => previous_path,
    "status" => status required,
    "old_mode" => old_mode,
    "new_mode" => new_mode,
    "added" => added,
    "deleted" => deleted,
    "binary" => binary,
    "hunks" => hunks,
});

/// What happened to a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum FileStatus {
    /// New.
    Added,
    /// Other content or mode.
    #[default]
    Modified,
    /// Gone.
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
    /// Who pushed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Account<'a>>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<When>,
    /// To which commit.
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
    /// The commit.
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

/// Something that a person did about the change.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Act<'a> {
    /// Unique in the request; the platform's own where it has one.
    pub id: Cow<'a, str>,
    /// What was done.
    pub kind: ActKind,
    /// Who did it.
    pub actor: Account<'a>,
    /// How that is known.
    pub proof: Proof,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<When>,
    /// The last edit of its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<Edit<'a>>,
    /// It is gone from the platform.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deleted: bool,
    /// Somebody dismissed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissed: Option<Edit<'a>>,
    /// The change that it was given for, where that is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Cow<'a, str>>,
    /// The target that it was given for, by full name, where that is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Cow<'a, str>>,
    /// The commit that it was given for, where that is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<ObjectId<'a>>,
    /// The diff that it was given for, where that is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff_id: Option<ObjectId<'a>>,
    /// The merge tree that it was given for, where that is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_tree: Option<ObjectId<'a>>,
    /// What was written, in its original words where the platform keeps them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text<'a>>,
    /// Who could have changed the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_integrity: Option<TextIntegrity>,
    /// A signed statement, as the bytes that were signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<Text<'a>>,
    /// Its signature, in SSHSIG.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Text<'a>>,
}

object!(Act<'a> {
    "id" => id required,
    "kind" => kind required,
    "actor" => actor required,
    "proof" => proof required,
    "at" => at,
    "edited" => edited,
    "deleted" => deleted,
    "dismissed" => dismissed,
    "change" => change,
    "target" => target,
    "head" => head,
    "diff_id" => diff_id,
    "merge_tree" => merge_tree,
    "text" => text,
    "text_integrity" => text_integrity,
    "statement" => statement,
    "signature" => signature,
});

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ActKind {
    /// An approval, by the platform's own button or by a statement.
    Approve,
    /// A request for changes.
    RequestChanges,
    /// A text that is neither.
    #[default]
    Comment,
    /// A dismissal of another's act.
    Dismiss,
    /// An approval taken back by its giver.
    Withdraw,
    /// A signed statement: what it says stands in `statement`.
    Signed,
    /// A waiver of a rule.
    Waiver,
}

words!(ActKind {
    "approve" => Approve,
    "request-changes" => RequestChanges,
    "comment" => Comment,
    "dismiss" => Dismiss,
    "withdraw" => Withdraw,
    "signed" => Signed,
    "waiver" => Waiver,
});

/// How it is known who acted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Proof {
    /// The forge logged the person in.
    Forge,
    /// A signature, which the module verifies.
    Signature,
    /// Somebody says so.
    #[default]
    Claimed,
}

words!(Proof {
    "forge" => Forge,
    "signature" => Signature,
    "claimed" => Claimed,
});

/// Who could have changed a text since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum TextIntegrity {
    /// The platform keeps the words as they were given.
    Original,
    /// Only its writer.
    OwnEditsOnly,
    /// Others too (a Gitea comment, a GitLab note).
    EditableByOthers,
}

words!(TextIntegrity {
    "original" => Original,
    "own-edits-only" => OwnEditsOnly,
    "editable-by-others" => EditableByOthers,
});

/// One commit status.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Status<'a> {
    /// Its name.
    pub context: Cow<'a, str>,
    /// Its state in the platform's own word.
    pub state: Cow<'a, str>,
    /// Who posted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Account<'a>>,
    /// The commit that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha: Option<ObjectId<'a>>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<When>,
}

object!(Status<'a> {
    "context" => context required,
    "state" => state required,
    "source" => source,
    "sha" => sha,
    "at" => at,
});

/// One person or account.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Person<'a> {
    /// The account itself.
    pub account: Account<'a>,
    /// All addresses that the platform has confirmed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<Text<'a>>,
    /// Whether a person or a machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<PersonKind>,
    /// Not blocked, not deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// Other accounts of the same person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Account<'a>>,
    /// Permission levels on this repository.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<Cow<'a, str>>,
    /// Roles on this repository.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Cow<'a, str>>,
    /// The host was not allowed to read this account.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unreadable: bool,
}

object!(Person<'a> {
    "account" => account required,
    "emails" => emails,
    "kind" => kind,
    "active" => active,
    "also" => also,
    "permissions" => permissions,
    "roles" => roles,
    "unreadable" => unreadable,
});

/// Whether an account is a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PersonKind {
    /// A person.
    Human,
    /// An account that a program uses.
    Bot,
    /// A tool without an account.
    Tool,
}

words!(PersonKind {
    "human" => Human,
    "bot" => Bot,
    "tool" => Tool,
});

/// One group.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Group<'a> {
    /// Such as `acme/senior-engineers`.
    pub name: Cow<'a, str>,
    /// Its own members.
    #[serde(default)]
    pub members: List<Account<'a>, { limits::PEOPLE }>,
    /// Members by way of a parent or an invited group.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub inherited: List<Account<'a>, { limits::PEOPLE }>,
    /// The host was not allowed to read the members.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unreadable: bool,
}

object!(Group<'a> {
    "name" => name required,
    "members" => members,
    "inherited" => inherited,
    "unreadable" => unreadable,
});

/// What earlier evaluations left behind.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct History<'a> {
    /// Digests of answers given in other changes.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub answers: List<EarlierAnswer<'a>, { limits::ENTRIES }>,
    /// The last commit of the target that an evaluation settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audited: Option<ObjectId<'a>>,
}

object!(History<'a> {
    "answers" => answers,
    "audited" => audited,
});

/// An answer given in another change.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EarlierAnswer<'a> {
    /// The question's name.
    pub question: Cow<'a, str>,
    /// Digest of the folded answer, `sha256:` and 64 hexadecimal digits.
    pub digest: Cow<'a, str>,
    /// The change that it was given in.
    pub change: Cow<'a, str>,
}

object!(EarlierAnswer<'a> {
    "question" => question required,
    "digest" => digest required,
    "change" => change required,
});

/// A fact that the host could not get.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unavailable<'a> {
    /// Which.
    pub fact: Fact,
    /// Of what: a ref, a path, a login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Cow<'a, str>>,
    /// Why, for a person.
    pub reason: Cow<'a, str>,
}

object!(Unavailable<'a> {
    "fact" => fact required,
    "of" => of,
    "reason" => reason required,
});

/// The id of a git object: 40 or 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ObjectId<'a>(Cow<'a, str>);

impl<'a> ObjectId<'a> {
    /// Takes an id when it is one.
    pub fn new(id: impl Into<Cow<'a, str>>) -> Option<Self> {
        let id = id.into();
        let hex = id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        (hex && matches!(id.len(), 40 | 64)).then_some(ObjectId(id))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits, as people read them.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for ObjectId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Read<'de> for ObjectId<'de> {
    fn read(json: &mut Json<'de>) -> Result<Self, Box<Fault>> {
        let id = json.string()?;
        ObjectId::new(id).ok_or_else(|| json.fault("an object id has 40 or 64 lower-case hexadecimal digits"))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ObjectId<'_> {
    fn schema_name() -> Cow<'static, str> {
        "ObjectId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The id of a git object.",
            "type": "string",
            "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$"
        })
    }
}
