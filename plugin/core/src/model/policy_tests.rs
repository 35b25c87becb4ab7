//! What `test-policy` reads and says.

use std::borrow::Cow;

use serde::Serialize;

use super::json::object;
use super::{Decision, Diagnostic, Document, List, Text};
use crate::limits;

/// A policy, and the cases that it must pass.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PolicyTests<'a> {
    /// Always `countersign/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: Cow<'a, str>,
    /// What to call the file of cases in messages.
    pub name: Cow<'a, str>,
    /// The bytes of the file of cases, which is YAML.
    pub cases: Text<'a>,
    /// The policy, and the one that it extends.
    pub documents: List<Document<'a>, { limits::DOCUMENTS }>,
}

object!(PolicyTests<'a> {
    "apiVersion" => api_version required,
    "name" => name required,
    "cases" => cases required,
    "documents" => documents required,
});

/// What became of each case.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PolicyTestReport {
    /// Always `countersign/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: String,
    /// Always `PolicyTestReport`.
    pub kind: String,
    /// What the file of cases was called.
    pub name: String,
    /// Whether the file of cases can be read. Where it cannot, no case was run.
    pub valid: bool,
    /// Each fault of the file of cases, in order of its place.
    pub diagnostics: Vec<Diagnostic>,
    /// Each case, in the order of the file.
    pub cases: Vec<CaseResult>,
}

object!(PolicyTestReport {
    "apiVersion" => api_version required,
    "kind" => kind required,
    "name" => name required,
    "valid" => valid required,
    "diagnostics" => diagnostics required,
    "cases" => cases required,
});

/// What became of one case.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CaseResult {
    /// The name of the case.
    pub name: String,
    /// The line of the file, from 1, that the case begins on.
    pub line: usize,
    /// Whether the policy says what the case expects.
    pub passed: bool,
    /// Each expectation that the policy does not meet, in a sentence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<String>,
    /// What the policy says.
    pub decision: Decision,
}

object!(CaseResult {
    "name" => name required,
    "line" => line required,
    "passed" => passed required,
    "differences" => differences,
    "decision" => decision required,
});
