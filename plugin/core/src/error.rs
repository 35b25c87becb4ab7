//! The typed errors of the contract: a variant in WIT, one JSON document in every packaging.

use serde::Serialize;

use crate::model::{API_VERSION, Diagnostic, Publication};

/// Why a call gave no answer. The word is the contract's and never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ErrorKind {
    /// The document is not JSON, has not the shape of the contract, or contradicts itself.
    BadRequest,
    /// The policy that would decide cannot be read; the diagnostics say where.
    BadPolicy,
    /// The input passes a limit that `describe` states.
    OverLimit,
    /// The function is part of the contract and of a later release.
    NotYet,
}

/// A typed error. [`Error::to_document`] is what every packaging hands out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
    help: Option<String>,
    diagnostics: Vec<Diagnostic>,
    of_change: bool,
}

/// The JSON form of an [`Error`].
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ErrorDocument<'a> {
    /// Always `countersign/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: &'static str,
    /// Always `Error`.
    pub kind: &'static str,
    /// The kind of the error.
    pub error: ErrorKind,
    /// What was expected, what was found, where.
    pub message: &'a str,
    /// A way out, for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<&'a str>,
    /// For a policy that cannot be read: each fault with its position.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub diagnostics: &'a [Diagnostic],
    /// Where no decision was made about a change: what a host does with the error instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publication: Option<Publication>,
    /// Where no decision was made about a change: members of its request that are no facts, as in a decision.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub no_facts: &'a [&'static str],
}

impl Error {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error { kind, message: message.into(), help: None, diagnostics: Vec::new(), of_change: false }
    }

    /// A document that is not what the contract says.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::BadRequest, message)
    }

    /// Bytes that are not the document that a function reads.
    pub(crate) fn not_the_document(what: &str, e: &str) -> Self {
        Self::bad_request(format!("this is not {what}: {e}"))
            .with_help("the JSON Schemas under plugin/schema say what each document holds")
    }

    /// A policy that cannot be read.
    pub fn bad_policy(source: &str, diagnostics: Vec<Diagnostic>) -> Self {
        let first = diagnostics.iter().find(|d| d.severity == crate::model::Severity::Error);
        let message = match first {
            Some(d) => format!(
                "policy {source} cannot be read: {} (line {}, column {})",
                d.message, d.line, d.column
            ),
            None => format!("policy {source} cannot be read"),
        };
        Error { diagnostics, ..Self::new(ErrorKind::BadPolicy, message) }
            .with_help("`countersign policy check FILE` shows every fault with its line")
    }

    /// A policy of which not even the text is there to read.
    pub(crate) fn unread_policy(source: &str, why: &str) -> Self {
        Self::new(ErrorKind::BadPolicy, format!("policy {source} cannot be read: {why}"))
    }

    /// An input that passes a limit.
    pub fn over_limit(what: &str, limit: u64, found: u64) -> Self {
        Self::new(
            ErrorKind::OverLimit,
            format!("too many {what}: the limit is {limit}, found {found}"),
        )
        .with_help(
            "split the change, or read a long history with `countersign provenance`, which goes in chunks",
        )
    }

    /// A function of a later release.
    pub fn not_yet(function: &str) -> Self {
        Self::new(
            ErrorKind::NotYet,
            format!("`{function}` is part of the contract but not of this module yet"),
        )
    }

    /// Adds a way out to an error.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says that it came instead of a decision about a change.
    #[must_use]
    pub(crate) fn of_change(mut self) -> Self {
        self.of_change = true;
        self
    }

    /// Which error of the contract this is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Faults of a policy, with their positions; empty for other kinds.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The JSON document that every packaging hands out.
    pub fn to_document(&self) -> String {
        let document = ErrorDocument {
            api_version: API_VERSION,
            kind: "Error",
            error: self.kind,
            message: &self.message,
            help: self.help.as_deref(),
            diagnostics: &self.diagnostics,
            publication: self.of_change.then(crate::decide::of_error),
            no_facts: if self.of_change { &crate::decide::NO_FACTS } else { &[] },
        };
        crate::model::to_json(&document)
    }
}
