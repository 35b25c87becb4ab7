//! Whatever is evidence of AI is suspected, and what is not known is known to neither.

use serde_json::json;

use crate::case::{Case, Cases};
use crate::hold;

/// The state of a rule that refuses what this word of `ai` holds for.
fn state(case: &Case, word: &str) -> Option<String> {
    let mut case = case.clone();
    case.0["policy"]["rules"].as_array_mut()?.push(json!({
        "name": "asks", "when": { "ai": word }, "deny": "no",
    }));
    let answer = case.answer();
    let rule = answer.is_decision().then(|| answer.rules().iter().find(|rule| rule["name"] == "asks"))??;
    Some(rule["state"].as_str()?.to_owned())
}

#[test]
fn evidence_is_suspected_and_what_is_unknown_is_never_known_not_to_be() {
    hold(Cases { extra_rule: false }, |case| {
        let (Some(any), Some(suspected)) = (state(case, "any"), state(case, "suspected")) else {
            return Ok(());
        };
        let fits = match any.as_str() {
            "denied" => suspected == "denied",
            "pending" => suspected != "skipped",
            _ => true,
        };
        if fits { Ok(()) } else { Err(format!("any is {any}, and suspected {suspected}")) }
    });
}
