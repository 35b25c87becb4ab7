//! What people did about a change, and who they are.

use std::borrow::Cow;

use serde::Serialize;

use super::json::{object, words};
use super::request::{is_empty, is_false};
use super::{Edit, List, ObjectId, Text, When};
use crate::limits;

/// Whom a fact names: whatever of this the platform says. Who that is, is a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Account<'a> {
    /// The platform's immutable id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Cow<'a, str>>,
    /// The login of the account.
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

/// Something that a person did about the change.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Act<'a> {
    /// Unique in the request; the platform's own where it has one.
    pub id: Cow<'a, str>,
    /// The kind of the act.
    pub kind: ActKind,
    /// The account that acted.
    pub actor: Account<'a>,
    /// The proof that this account acted.
    pub proof: Proof,
    /// When the act was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<When>,
    /// The last edit of its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<Edit<'a>>,
    /// It is gone from the platform.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deleted: bool,
    /// The dismissal of the act, where somebody dismissed it.
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
    /// The signature of the statement, in SSHSIG.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Text<'a>>,
}

impl Act<'_> {
    /// Its text; empty where it has none.
    pub(crate) fn words(&self) -> Cow<'_, str> {
        self.text.as_ref().map(Text::to_str_lossy).unwrap_or_default()
    }
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

/// The kind of an act.
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
    /// A review that neither approves nor asks for changes.
    Review,
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
    "review" => Review,
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
    /// The word of whoever gave the act to the host, and no more.
    #[default]
    Claimed,
}

words!(Proof {
    "forge" => Forge,
    "signature" => Signature,
    "claimed" => Claimed,
});

/// Who could have changed a text since.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum TextIntegrity {
    /// The platform keeps the words as they were given.
    Original,
    /// The writer of the text, and nobody else.
    OwnEditsOnly,
    /// Others too (a Gitea comment, a GitLab note).
    #[default]
    EditableByOthers,
}

words!(TextIntegrity {
    "original" => Original,
    "own-edits-only" => OwnEditsOnly,
    "editable-by-others" => EditableByOthers,
});

/// A commit status of the head.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Status<'a> {
    /// The name of the status, which forges call its context.
    pub context: Cow<'a, str>,
    /// Its state in the platform's own word.
    pub state: Cow<'a, str>,
    /// The account that posted the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Account<'a>>,
    /// The commit that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha: Option<ObjectId<'a>>,
    /// When the status was posted.
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

/// A person or an account, with what the forge knows of them.
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PersonKind {
    /// An account of a person.
    Human,
    /// An account that a program uses.
    #[default]
    Bot,
    /// A tool without an account.
    Tool,
}

words!(PersonKind {
    "human" => Human,
    "bot" => Bot,
    "tool" => Tool,
});

/// A group or team of the forge.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Group<'a> {
    /// Such as `acme/senior-engineers`.
    pub name: Cow<'a, str>,
    /// The direct members of the group.
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
