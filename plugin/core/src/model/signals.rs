//! What a diff shows of a patch that may be weaker than its tests say.

use serde::Serialize;

use super::json::{object, words};

/// A weak-patch signal: a place that deserves a second look. It proves nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Signal {
    /// The code of the signal.
    pub code: SignalCode,
    /// The path of the file.
    pub path: String,
    /// The line at the head, or of what is gone before the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The signal, in one sentence.
    pub message: String,
    /// The line itself, cut.
    pub evidence: String,
}

object!(Signal {
    "code" => code required,
    "path" => path required,
    "line" => line,
    "message" => message required,
    "evidence" => evidence required,
});

/// Kinds of signals: a closed list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SignalCode {
    /// A test file is deleted while the code changes.
    #[default]
    TestDeleted,
    /// A test is skipped without a condition, or run alone.
    TestSkipped,
    /// Tests that stay lose assertions on balance.
    AssertionsLost,
    /// A checker is silenced for a whole file, or a test run no longer fails.
    CheckSilenced,
    /// An expected value is edited together with the code.
    ExpectedValueEdited,
    /// Every error is caught, and nothing is done about it.
    BroadCatch,
    /// A test that left early is gone.
    GuardDeleted,
}

words!(SignalCode {
    "test-deleted" => TestDeleted,
    "test-skipped" => TestSkipped,
    "assertions-lost" => AssertionsLost,
    "check-silenced" => CheckSilenced,
    "expected-value-edited" => ExpectedValueEdited,
    "broad-catch" => BroadCatch,
    "guard-deleted" => GuardDeleted,
});
