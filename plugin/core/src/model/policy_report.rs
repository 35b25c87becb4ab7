//! What `check-policy` reads and says.

use std::borrow::Cow;

use super::json::{object, words};
use serde::Serialize;

use super::{Role, Text};

/// A policy to be read.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PolicySource<'a> {
    /// Always `countersign/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: Cow<'a, str>,
    /// What to call it in messages.
    pub name: Cow<'a, str>,
    /// The text of the policy.
    pub bytes: Text<'a>,
    /// What it is to be read as: `policy`, which it is where nothing is said, or `break-glass`, a host's own file of who may
    /// break the glass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The bytes of the policy that it extends; without them the names that it uses are not checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<Text<'a>>,
    /// The bytes of the CODEOWNERS that it reads: the first that stands at a place where its dialect looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codeowners: Option<Text<'a>>,
}

object!(PolicySource<'a> {
    "apiVersion" => api_version required,
    "name" => name required,
    "bytes" => bytes required,
    "role" => role,
    "extends" => extends,
    "codeowners" => codeowners,
});

/// What is wrong with a policy.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PolicyReport {
    /// Always `countersign/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: String,
    /// Always `PolicyReport`.
    pub kind: String,
    /// The name that the policy was given in the call.
    pub name: String,
    /// No errors; there may be warnings.
    pub valid: bool,
    /// What a server gates beside the default branch, as the policy writes it, or what is gated where it says nothing that can be
    /// read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protects: Vec<String>,
    /// Each fault, in order of its place.
    pub diagnostics: Vec<Diagnostic>,
}

object!(PolicyReport {
    "apiVersion" => api_version required,
    "kind" => kind required,
    "name" => name required,
    "valid" => valid required,
    "protects" => protects,
    "diagnostics" => diagnostics required,
});

/// One fault of a policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Diagnostic {
    /// Whether the policy can be used all the same.
    pub severity: Severity,
    /// What was expected and what was found.
    pub message: String,
    /// A way to put it right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The line of the fault, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Length in characters.
    pub length: usize,
    /// The line of the source.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
}

object!(Diagnostic {
    "severity" => severity required,
    "message" => message required,
    "help" => help,
    "line" => line required,
    "column" => column required,
    "length" => length required,
    "source" => source,
});

/// How bad a fault is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Severity {
    /// The policy cannot be used.
    #[default]
    Error,
    /// It can, and probably does not say what was meant.
    Warning,
}

words!(Severity {
    "error" => Error,
    "warning" => Warning,
});
