//! Why there is no decision, for whoever waits for one.

use super::neutral::markdown as in_markdown;
use crate::model::Diagnostic;
use crate::model::json::object;

/// What is said of a change without a decision.
const HEADLINE: &str = "This change cannot be evaluated";

/// As much of an error as people read.
#[derive(Debug, Default)]
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) help: Option<String>,
    diagnostics: Vec<Diagnostic>,
}

object!(Refusal {
    "message" => message required,
    "help" => help,
    "diagnostics" => diagnostics,
});

impl Refusal {
    /// The faults of a policy, a line each. What is wrong with it first stands in the message.
    pub(super) fn faults(&self) -> impl Iterator<Item = String> {
        let faults = if self.diagnostics.len() > 1 { self.diagnostics.as_slice() } else { &[] };
        faults.iter().map(|fault| format!("line {}, column {}: {}", fault.line, fault.column, fault.message))
    }
}

pub(super) fn markdown(refusal: &Refusal) -> String {
    let mut out = format!("### ⛔ {HEADLINE}\n\n{}\n", in_markdown(&refusal.message));
    let faults: String = refusal.faults().map(|fault| format!("- {}\n", in_markdown(&fault))).collect();
    for part in [Some(faults).filter(|faults| !faults.is_empty()), refusal.help.as_deref().map(in_markdown)] {
        part.iter().for_each(|part| out.push_str(&format!("\n{}\n", part.trim_end())));
    }
    out
}
