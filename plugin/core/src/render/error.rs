//! Why there is no decision, for whoever waits for one.

use super::neutral::markdown as in_markdown;
use crate::model::json::object;

/// As much of an error as people read. Of a policy with several faults the message says the first.
#[derive(Debug, Default)]
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

object!(Refusal {
    "message" => message required,
    "help" => help,
});

pub(super) fn markdown(refusal: &Refusal) -> String {
    let mut out = String::from("### ⛔ This change cannot be evaluated\n");
    for text in [Some(&refusal.message), refusal.help.as_ref()].into_iter().flatten() {
        out.push_str(&format!("\n{}\n", in_markdown(text)));
    }
    out
}
