//! The file in which a person hands sign-offs to `countersign check`.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::json::words;
use super::{Account, Act, ActKind, ObjectId, Proof, When};

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
    /// The sign-offs that the file holds.
    pub signoffs: Vec<SignoffEntry>,
}

/// A sign-off that somebody gave.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignoffEntry {
    /// Login, or e-mail address.
    pub by: String,
    /// The e-mail address, where `by` is a login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The decision of the person.
    #[serde(default)]
    pub decision: SignoffDecision,
    /// The commit that it is about: all digits of its id.
    pub head: String,
    /// The target that it is about, by full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// When the sign-off was given.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "as_written")]
    pub at: Option<When>,
    /// The answers to the policy's questions, and anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl SignoffEntry {
    /// The act that the entry is, as nobody proved it; `at` is its place in the file, from 0.
    ///
    /// # Errors
    /// When `head` is no full commit id.
    pub fn into_act(self, at: usize) -> Result<Act<'static>, String> {
        let head = ObjectId::new(self.head.clone())
            .ok_or_else(|| format!("`head: {}` is no full commit id; write all 40 digits", self.head))?;
        Ok(Act {
            id: format!("signoff-{}", at + 1).into(),
            kind: match self.decision {
                SignoffDecision::Approve => ActKind::Approve,
                SignoffDecision::RequestChanges => ActKind::RequestChanges,
                SignoffDecision::Withdraw => ActKind::Withdraw,
                SignoffDecision::Waive => ActKind::Waiver,
            },
            actor: claimed(self.by, self.email),
            proof: Proof::Claimed,
            at: self.at,
            target: self.target.map(Into::into),
            head: Some(head),
            text: self.text.map(Into::into),
            ..Act::default()
        })
    }
}

/// The account that somebody names: an address where there is an `@`, and else a login, whose address may stand beside it.
pub(crate) fn claimed(by: String, email: Option<String>) -> Account<'static> {
    if by.contains('@') {
        return Account { email: Some(by.into()), ..Account::default() };
    }
    Account { id: None, login: Some(by.into()), email: email.map(Into::into) }
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

/// The decision that a sign-off gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SignoffDecision {
    /// The person approves.
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
