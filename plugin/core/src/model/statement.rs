//! A sign-off as a statement that its giver signs: an in-toto Statement v1.

use serde::Serialize;

use super::json::object;
use super::{SignoffDecision, When};

/// `_type` of an in-toto Statement v1.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// `predicateType` of a sign-off.
pub const SIGNOFF_TYPE: &str = "urn:countersign:signoff:v1";

/// The namespace of the SSH signature over a statement: what was signed for something else is no sign-off.
pub const SIGNATURE_NAMESPACE: &str = "countersign";

/// The folder that holds sign-offs in a tree.
pub const SIGNOFF_FOLDER: &str = "signoffs";

/// The name of a file of a signed sign-off without its ending, and the endings of the two that go together: below the commit that
/// it is about, by the SHA-256 of its signature. None of a path at which none stands.
pub fn signoff_files(path: &str) -> Option<(&str, [&'static str; 2])> {
    let (name, ending) = path.rsplit_once('.')?;
    let (commit, digest) = name.strip_prefix(SIGNOFF_FOLDER)?.strip_prefix('/')?.split_once('/')?;
    let is_hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let fits = matches!(commit.len(), 40 | 64) && digest.len() == 64 && is_hex(commit) && is_hex(digest);
    (fits && matches!(ending, "json" | "sig")).then_some((name, ["json", "sig"]))
}

/// A sign-off of one commit.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Statement {
    /// Always [`STATEMENT_TYPE`].
    #[serde(rename = "_type")]
    pub statement_type: String,
    /// The commit that is signed off.
    pub subject: Vec<Subject>,
    /// Always [`SIGNOFF_TYPE`].
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
    /// The sign-off: the predicate of the statement, in in-toto's word.
    pub predicate: Signoff,
}

object!(Statement {
    "_type" => statement_type required,
    "subject" => subject required,
    "predicateType" => predicate_type required,
    "predicate" => predicate required,
});

/// What a statement is about.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Subject {
    /// The target ref, by full name.
    pub name: String,
    /// The digest of the commit that is signed off.
    pub digest: CommitDigest,
}

object!(Subject {
    "name" => name required,
    "digest" => digest required,
});

/// A commit as in-toto names one.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CommitDigest {
    /// All digits of its id.
    #[serde(rename = "gitCommit")]
    pub git_commit: String,
}

object!(CommitDigest {
    "gitCommit" => git_commit required,
});

/// What a signer says, and everything that it is bound to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Signoff {
    /// Yes, no, an earlier yes taken back, or a rule overridden.
    pub decision: SignoffDecision,
    /// The repository, as the policy or the platform calls it, else its smallest root commit.
    pub repository: String,
    /// The change, where there is a forge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// The target ref, by full name.
    pub target: String,
    /// The head of the change.
    pub head: String,
    /// The identity of what merging the head brings, as in the request.
    #[serde(rename = "diffId", default, skip_serializing_if = "Option::is_none")]
    pub diff_id: Option<String>,
    /// The tree that merging the head into the target gives.
    #[serde(rename = "mergeTree", default, skip_serializing_if = "Option::is_none")]
    pub merge_tree: Option<String>,
    /// Digest of the policy under which the signer looked at the change.
    #[serde(rename = "policyDigest")]
    pub policy_digest: String,
    /// When, by the signer's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<When>,
    /// The answers to the policy's questions, and anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

object!(Signoff {
    "decision" => decision required,
    "repository" => repository required,
    "change" => change,
    "target" => target required,
    "head" => head required,
    "diffId" => diff_id,
    "mergeTree" => merge_tree,
    "policyDigest" => policy_digest required,
    "at" => at,
    "text" => text,
});

impl Signoff {
    /// The text of answers: one a line, each after the name of its question.
    pub fn answers(given: &[(String, String)]) -> String {
        given.iter().map(|(name, text)| format!("{}: {}\n", one_line(name), one_line(text))).collect()
    }

    /// The text of an override of one rule, until the end of a day.
    pub fn waiver(rule: &str, reason: &str, until: &str) -> String {
        format!("waive: {}\nreason: {}\nuntil: {}\n", one_line(rule), one_line(reason), one_line(until))
    }

    /// The text of an override of all rules.
    pub fn glass(reason: &str) -> String {
        format!("break-glass: {}\n", one_line(reason))
    }
}

/// Words without line breaks: each line of a text begins something of its own.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Statement {
    /// The statement of a sign-off.
    pub fn of(signoff: Signoff) -> Self {
        Statement {
            statement_type: STATEMENT_TYPE.into(),
            subject: vec![Subject {
                name: signoff.target.clone(),
                digest: CommitDigest { git_commit: signoff.head.clone() },
            }],
            predicate_type: SIGNOFF_TYPE.into(),
            predicate: signoff,
        }
    }
}
