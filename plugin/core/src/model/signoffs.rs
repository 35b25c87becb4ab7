//! The file in which a person hands sign-offs to `countersign check`.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::When;
use super::json::words;

/// Sign-offs, on the word of whoever gives the file. It is given by flag and never read from the judged tree.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignoffFile {
    /// Always `countersign/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: String,
    /// Always `Signoffs`.
    pub kind: String,
    /// The sign-offs.
    pub signoffs: Vec<SignoffEntry>,
}

/// One sign-off.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignoffEntry {
    /// Login, or e-mail address.
    pub by: String,
    /// The e-mail address, where `by` is a login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What the person says.
    #[serde(default)]
    pub decision: SignoffDecision,
    /// The commit that it is about: all digits of its id.
    pub head: String,
    /// The target that it is about, by full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// When it was given.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "as_written")]
    pub at: Option<When>,
    /// The answers to the policy's questions, and anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Reads a time by its letters: YAML reads `0x10`, `+5` and `0b11` as numbers, and other readers of YAML read them in other ways.
fn as_written<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<When>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    When::written(&text).map(Some).ok_or_else(|| {
        D::Error::custom(format!(
            "`{text}` is no time; write a date and time as in RFC 3339, or seconds since 1970 in digits alone"
        ))
    })
}

/// What a sign-off says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SignoffDecision {
    /// Yes.
    #[default]
    Approve,
    /// No, until something changes.
    RequestChanges,
    /// An earlier yes is taken back.
    Withdraw,
    /// A rule is overridden: the text says which, why and until when.
    Waive,
}

words!(SignoffDecision {
    "approve" => Approve,
    "request-changes" => RequestChanges,
    "withdraw" => Withdraw,
    "waive" => Waive,
});
