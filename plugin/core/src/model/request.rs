//! What a request brings. A collector copies what the platform says; everything else is a rule and stands elsewhere.

use std::borrow::Cow;

use super::json::{object, words};
use serde::Serialize;

use super::{
    Act, Change, Commit, File, Group, Ident, LONE_RETURN, List, ObjectId, Person, Push, Status, Text,
    Version, When, lone_return,
};
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
    /// The occasion on which a host asks, with its time.
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
    /// What differs between any merge base and the head, or between the target's tip and what merging gives.
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
    /// Commits that signed statements name and that are no part of the change, as far as they are here.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub former: List<Former<'a>, { limits::ENTRIES }>,
    /// What somebody is about to sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_sign: Option<ToSign<'a>>,
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
    /// What this platform does not have at all (plain git knows no pushers, and no title or draft). Not the same as unavailable.
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
    "former" => former,
    "to_sign" => to_sign,
    "statuses" => statuses,
    "people" => people,
    "groups" => groups,
    "history" => history,
    "unavailable" => unavailable,
    "complete" => complete,
    "absent" => absent,
});

/// A commit that was the head of a change once, or that of another change.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Former<'a> {
    /// The id of the former head.
    pub sha: ObjectId<'a>,
    /// Its author, with the time of writing: both outlive an amend and a rebase.
    pub author: Ident<'a>,
}

object!(Former<'a> {
    "sha" => sha required,
    "author" => author required,
});

/// A statement that nobody signed yet. The decision is made without it, and says beside that what it would do.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ToSign<'a> {
    /// The public key of whoever would sign, as a `.pub` file holds it.
    pub key: Cow<'a, str>,
    /// The statement, as the bytes that would be signed.
    pub statement: Text<'a>,
    /// Attributes or settings make the merge here another one than the request's `merge_tree`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub merges_otherwise: bool,
}

object!(ToSign<'a> {
    "key" => key required,
    "statement" => statement required,
    "merges_otherwise" => merges_otherwise,
});

pub(super) fn is_empty<T, const MAX: usize>(list: &List<T, MAX>) -> bool {
    list.is_empty()
}

pub(super) fn is_false(flag: &bool) -> bool {
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
    /// The list of commits.
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
    /// The list of pushes, with the accounts that pushed.
    Pushes,
    /// The platform's record of heads.
    Versions,
    /// Reviews, comments, statements.
    Acts,
    /// The list of commit statuses of the head.
    Statuses,
    /// Accounts and permission levels.
    People,
    /// The members of groups.
    Groups,
    /// The account that opened the change.
    Opener,
    /// Who asked an AI for the change.
    Requester,
    /// The identity of the change's diff.
    DiffId,
    /// The tree of merging head into the target.
    MergeTree,
    /// The tree that merging the parents of each merge gives by itself.
    AutoMergeTrees,
    /// Earlier answers and the last audited commit.
    History,
    /// Plans of infrastructure changes.
    Plans,
    /// The service catalog and the environments.
    Context,
    /// Refs that hold signed statements: absent where a clone has fetched none.
    Signoffs,
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
    "auto-merge-trees" => AutoMergeTrees,
    "history" => History,
    "plans" => Plans,
    "context" => Context,
    "signoffs" => Signoffs,
});

impl Request<'_> {
    /// Whether the change is a draft; none where that is not known.
    pub(crate) fn is_draft(&self) -> Option<bool> {
        let said = self.change.as_ref().and_then(|change| change.draft);
        let whole = self.complete.contains(&Fact::Text) || self.absent.contains(&Fact::Text);
        said.or(whole.then_some(false))
    }

    /// Whether a commit holds work of its own. A merge does where it holds anything else than merging its parents gives, which is
    /// then also what a person made of a conflict; none where that is not known.
    pub(crate) fn is_work(&self, commit: &Commit<'_>) -> Option<bool> {
        if !commit.is_merge() {
            return Some(true);
        }
        match (&commit.auto_merge_tree, &commit.tree) {
            (Some(merged), Some(tree)) => Some(merged != tree),
            (None, _) if self.complete.contains(&Fact::AutoMergeTrees) => Some(true),
            _ => None,
        }
    }

    /// What could not be had of a fact, and why.
    pub(crate) fn missing(&self, fact: Fact) -> Option<&Unavailable<'_>> {
        self.unavailable.iter().find(|unavailable| unavailable.fact == fact)
    }

    /// Why a document that is there cannot be read: the first of those whose path is one that is asked about.
    pub(crate) fn unread_document(&self, asked: impl Fn(&str, Option<Role>) -> bool) -> Option<String> {
        let unread = self.documents.iter().find_map(|document| {
            let path = document.path.as_ref()?.to_str_lossy();
            if !asked(&path, Some(document.role)) {
                return None;
            }
            let at = document.commit.as_ref().map(|at| format!(" at {}", at.short())).unwrap_or_default();
            if let Some(what) = document.irregular() {
                return Some(format!(
                    "{path}{at} is {what}, or stands behind one; what decides is a regular file"
                ));
            }
            let line = lone_return(document.bytes.as_bytes())?;
            Some(format!("line {line} of {path}{at} holds {LONE_RETURN}"))
        });
        unread.or_else(|| {
            let missing = self.unavailable.iter().filter(|missing| missing.fact == Fact::Documents);
            missing
                .filter_map(|missing| Some((missing.of.as_deref()?, &missing.reason)))
                .find_map(|(path, why)| asked(path, None).then(|| format!("{path} could not be read: {why}")))
        })
    }
}

/// The occasion on which a host asks, with its time.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Trigger<'a> {
    /// The kind of the occasion.
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
    /// The role that the document has for the decision.
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
    /// The mode of its entry, as `git ls-tree` prints it, where that is no regular file (`120000`, `040000`, `160000`), or that
    /// of the entry on the way to it that is no folder; `000000`, as git writes it in differences, where nothing stands there. Such
    /// a document has no bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Cow<'a, str>>,
    /// `sha256:` and 64 hexadecimal digits, made by the host over the bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Cow<'a, str>>,
    /// Set by the host when it took the document from inside the tree that is judged.
    #[serde(default, skip_serializing_if = "is_false")]
    pub untrusted: bool,
    /// The content of the document.
    pub bytes: Text<'a>,
}

object!(Document<'a> {
    "role" => role required,
    "source" => source required,
    "ref" => git_ref,
    "commit" => commit,
    "path" => path,
    "mode" => mode,
    "digest" => digest,
    "untrusted" => untrusted,
    "bytes" => bytes required,
});

impl Document<'_> {
    /// What a person wrote in it, without the byte order mark that an editor put before it; what is no UTF-8 shows as U+FFFD.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self.bytes.to_str_lossy() {
            Cow::Borrowed(text) => Cow::Borrowed(super::without_mark(text)),
            Cow::Owned(text) => Cow::Owned(super::without_mark(&text).to_owned()),
        }
    }

    /// Whether nothing stands there: it was looked up, and git says so.
    pub(crate) fn is_nothing(&self) -> bool {
        self.mode.as_deref() == Some("000000")
    }

    /// What it is, or stands behind, where it is no regular file.
    pub(crate) fn irregular(&self) -> Option<&'static str> {
        match self.mode.as_deref()? {
            "100644" | "100755" => None,
            "120000" => Some("a symbolic link"),
            "040000" => Some("a folder"),
            "160000" => Some("a submodule"),
            "000000" => Some("a file that is not there"),
            _ => Some("no regular file"),
        }
    }
}

/// The role that a document has for a decision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Role {
    /// The policy of the target.
    Policy,
    /// A policy that the policy extends.
    Extends,
    /// The policy of the default branch, where that is another than the target: it says what is protected.
    Protection,
    /// A policy that stood on the target before one that has a fault, the newest first, and beside it what it extends: of the
    /// same commit, or of the one that it pins.
    EarlierPolicy,
    /// The policy that the target would hold with the change, and beside it what it extends. It decides nothing; it shows
    /// whether the change mends the one that has a fault.
    NextPolicy,
    /// Who may break the glass by the host's own word, whatever stands on the target: a policy without rules.
    BreakGlass,
    /// The CODEOWNERS file of the target.
    Codeowners,
    /// OpenSSH's list of allowed signers.
    AllowedSigners,
    /// Keys that no longer sign.
    RevokedKeys,
    /// The `.mailmap` of the target.
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
    /// The same file at the target's tip: what stands there is of other changes.
    EarlierTrace,
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
    "protection" => Protection,
    "earlier-policy" => EarlierPolicy,
    "next-policy" => NextPolicy,
    "break-glass" => BreakGlass,
    "codeowners" => Codeowners,
    "allowed-signers" => AllowedSigners,
    "revoked-keys" => RevokedKeys,
    "mailmap" => Mailmap,
    "catalog" => Catalog,
    "environments" => Environments,
    "requirements" => Requirements,
    "note" => Note,
    "trace" => Trace,
    "earlier-trace" => EarlierTrace,
    "checkpoint" => Checkpoint,
    "plan" => Plan,
});

/// What earlier evaluations left behind.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct History<'a> {
    /// Digests of answers given in other changes.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub answers: List<EarlierAnswer<'a>, { limits::ENTRIES }>,
    /// The commit of the target up to which all was decided about. Where it is not the tip, what came in since is a change
    /// of its own, and this one waits for it.
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
    /// The change in which the answer was given.
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
    /// The fact that could not be had.
    pub fact: Fact,
    /// Of what: a ref, a path, a login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Cow<'a, str>>,
    /// The reason, in words for a person.
    pub reason: Cow<'a, str>,
}

object!(Unavailable<'a> {
    "fact" => fact required,
    "of" => of,
    "reason" => reason required,
});
