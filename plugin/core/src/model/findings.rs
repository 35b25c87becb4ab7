//! What `provenance` reads and says.

use std::borrow::Cow;
use std::sync::Arc;

use super::json::{object, words};
use serde::{Serialize, Serializer};

use super::{API_VERSION, Document, Ident, List, Text};
use crate::limits;

/// Commits whose provenance is asked for, in chunks as small as the caller likes.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Batch<'a> {
    /// Always `countersign/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: Cow<'a, str>,
    /// The commits that are read.
    #[serde(default)]
    pub commits: List<BatchCommit<'a>, { limits::COMMITS }>,
    /// A policy whose `provenance` section extends the table of tools, and Entire checkpoints.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<Document<'a>>,
}

object!(Batch<'a> {
    "apiVersion" => api_version required,
    "commits" => commits,
    "documents" => documents,
});

/// One commit of a [`Batch`].
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BatchCommit<'a> {
    /// Whatever the caller knows it by; comes back unchanged.
    pub id: Text<'a>,
    /// The whole message.
    pub message: Text<'a>,
    /// The commit's `encoding` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Text<'a>>,
    /// The author of the commit.
    #[serde(default)]
    pub author: Ident<'a>,
    /// The committer of the commit.
    #[serde(default)]
    pub committer: Ident<'a>,
    /// The git notes of the commit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<NoteText<'a>>,
}

object!(BatchCommit<'a> {
    "id" => id required,
    "message" => message required,
    "encoding" => encoding,
    "author" => author,
    "committer" => committer,
    "notes" => notes,
});

/// A git note of a commit.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoteText<'a> {
    /// The notes ref, by full name.
    #[serde(rename = "ref")]
    pub git_ref: Cow<'a, str>,
    /// The content of the note.
    pub bytes: Text<'a>,
}

object!(NoteText<'a> {
    "ref" => git_ref required,
    "bytes" => bytes required,
});

/// What the commits of a [`Batch`] say about AI.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Findings {
    /// Always `countersign/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: String,
    /// Always `Findings`.
    pub kind: String,
    /// One entry for each commit, in order.
    pub commits: Vec<CommitFindings>,
}

object!(Findings {
    "apiVersion" => api_version required,
    "kind" => kind required,
    "commits" => commits required,
});

impl Findings {
    /// A document with these commits.
    pub fn new(commits: Vec<CommitFindings>) -> Self {
        Findings { api_version: API_VERSION.into(), kind: "Findings".into(), commits }
    }
}

/// The findings and remarks about one commit.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CommitFindings {
    /// The caller's id, or the commit's.
    pub id: String,
    /// The first line of the message.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// AI contributions, each once.
    // Commits whose trailers say the same share them.
    #[serde(serialize_with = "shared")]
    pub findings: Vec<Arc<Finding>>,
    /// What a reader should know and is no contribution by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Remark>,
}

object!(CommitFindings {
    "id" => id required,
    "subject" => subject,
    "findings" => findings required,
    "remarks" => remarks,
});

/// Writes findings as if each commit had its own.
fn shared<S: Serializer>(findings: &[Arc<Finding>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(findings.iter().map(Arc::as_ref))
}

/// One fact: an AI tool contributed, and this is how that is known.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// Id of the tool in the table, or `unknown`.
    pub tool: String,
    /// The model, word for word; null where the evidence names none.
    pub model: Option<String>,
    /// The kind of the evidence.
    pub source: Source,
    /// The trailer's key, `author` or `committer`, the marker's words, or the notes ref.
    pub key: String,
    /// The rank of the evidence.
    pub confidence: Rank,
    /// What the AI did, where the evidence says it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub help: Vec<Help>,
    /// The place in the message where the evidence stands.
    pub place: Whereabouts,
    /// The exact words, cut at 240 bytes.
    pub evidence: String,
}

object!(Finding {
    "tool" => tool required,
    "model" => model,
    "source" => source required,
    "key" => key required,
    "confidence" => confidence required,
    "help" => help,
    "place" => place required,
    "evidence" => evidence required,
});

/// Kinds of evidence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Source {
    /// A trailer that declares or links AI use.
    #[default]
    Trailer,
    /// A co-author who is a tool.
    CoAuthor,
    /// Author or committer.
    AuthorIdentity,
    /// Words that a tool leaves in the message.
    BodyMarker,
    /// A git note.
    Note,
    /// An Agent Trace record.
    Trace,
    /// Metadata of an Entire checkpoint.
    Checkpoint,
}

words!(Source {
    "trailer" => Trailer,
    "co-author" => CoAuthor,
    "author-identity" => AuthorIdentity,
    "body-marker" => BodyMarker,
    "note" => Note,
    "trace" => Trace,
    "checkpoint" => Checkpoint,
});

/// Ranks of evidence, weakest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Rank {
    /// Nothing says whether AI was used.
    #[default]
    Unknown,
    /// An identity, a marker, an editor's default.
    Inferred,
    /// A person wrote down that an AI was used.
    Declared,
    /// A tool recorded it while it worked.
    Attested,
}

words!(Rank {
    "unknown" => Unknown,
    "inferred" => Inferred,
    "declared" => Declared,
    "attested" => Attested,
});

/// Kinds of help.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Help {
    /// The AI wrote it.
    Generated,
    /// The AI helped.
    #[default]
    Assisted,
    /// The AI completed lines.
    Completed,
    /// The AI wrote tests.
    Tests,
    /// The AI explained or documented.
    Explained,
    /// The author declared that no AI was used.
    None,
}

words!(Help {
    "generated" => Generated,
    "assisted" => Assisted,
    "completed" => Completed,
    "tests" => Tests,
    "explained" => Explained,
    "none" => None,
});

/// The place in a commit where evidence stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Whereabouts {
    /// In the block that git itself takes for trailers.
    Strict,
    /// On a line of its own elsewhere in the message.
    #[default]
    Lenient,
    /// Inside a sentence.
    Inline,
    /// In the title of the message.
    Title,
    /// In a commit that `git merge --squash` quoted.
    Squash,
    /// Author or committer of the commit.
    Header,
    /// Outside the commit: a note, a trace, a checkpoint.
    Record,
}

words!(Whereabouts {
    "strict" => Strict,
    "lenient" => Lenient,
    "inline" => Inline,
    "title" => Title,
    "squash" => Squash,
    "header" => Header,
    "record" => Record,
});

/// A remark about one commit.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Remark {
    /// The code of the remark.
    pub code: RemarkCode,
    /// The remark, in one sentence.
    pub message: String,
    /// The exact words, cut at 240 bytes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub evidence: String,
}

object!(Remark {
    "code" => code required,
    "message" => message required,
    "evidence" => evidence,
});

/// Kinds of remarks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RemarkCode {
    /// The author declares that no AI was used.
    #[default]
    DeclaredNone,
    /// Such a declaration stands beside evidence of AI.
    DeclarationContradicted,
    /// A declaring trailer without a value.
    EmptyDeclaration,
    /// An AI gave a `Signed-off-by`, which only a person can.
    AiSignOff,
    /// An AI reviewed, tested, reported or suggested something. That is no authorship and no approval.
    AiReview,
    /// A key that looks like a declaring trailer and is not one: other characters, blanks, invisible ones.
    LookAlikeKey,
    /// A declaring trailer, a label or an answer that names something that no table knows.
    UnknownTool,
    /// Somebody is named like an AI, an agent or a model, and has an address that no table knows.
    NamedLikeAi,
    /// A line as tools leave them, which names something that no table knows.
    UnknownMarker,
    /// A shared chat with an AI is linked.
    ChatLink,
    /// Words that say that an AI worked on the change, and declare nothing.
    AiInProse,
    /// A line that was pasted from a chat with an assistant.
    PastedReply,
    /// Somebody is a bot that no table knows.
    UnknownBot,
    /// A note under a ref that no table knows.
    UnknownNote,
    /// A trace record of an AI that the change brings and that fits none of its commits or files.
    UnplacedTrace,
    /// A message in an encoding that is not read.
    UnreadMessage,
    /// A note that cannot be read as its format says.
    MalformedNote,
    /// A trace record that cannot be read.
    MalformedTrace,
    /// A checkpoint whose metadata cannot be read.
    MalformedCheckpoint,
}

words!(RemarkCode {
    "declared-none" => DeclaredNone,
    "declaration-contradicted" => DeclarationContradicted,
    "empty-declaration" => EmptyDeclaration,
    "ai-sign-off" => AiSignOff,
    "ai-review" => AiReview,
    "look-alike-key" => LookAlikeKey,
    "unknown-tool" => UnknownTool,
    "named-like-ai" => NamedLikeAi,
    "unknown-marker" => UnknownMarker,
    "chat-link" => ChatLink,
    "ai-in-prose" => AiInProse,
    "pasted-reply" => PastedReply,
    "unknown-bot" => UnknownBot,
    "unknown-note" => UnknownNote,
    "unplaced-trace" => UnplacedTrace,
    "unread-message" => UnreadMessage,
    "malformed-note" => MalformedNote,
    "malformed-trace" => MalformedTrace,
    "malformed-checkpoint" => MalformedCheckpoint,
});

impl RemarkCode {
    /// Whether it says that something looks like AI. What a person says of AI does not.
    pub fn is_suspicion(self) -> bool {
        !matches!(self, Self::DeclaredNone | Self::DeclarationContradicted)
    }
}
