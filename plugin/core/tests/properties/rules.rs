//! A rule that is added never opens.
//!
//! A change waits to which no rule applies, where the policy says `otherwise: block` or where that can still change: a rule
//! that applies and is satisfied is what it waits for, and may open it. Nothing else that waits may be opened.

use serde_json::{Value, json};

use crate::case::{Answer, Case, Cases, list};
use crate::hold;

/// Whether nothing holds the change but that no rule applies.
fn only_lacks_a_rule(answer: &Answer) -> bool {
    answer.0["headline"].as_str().is_some_and(|headline| headline.starts_with("Blocked: no rule applies"))
}

fn added(case: &Case, first: bool) -> Case {
    let mut case = case.clone();
    let rule = case.0["extra"].clone();
    let policy = &mut case.0["policy"];
    if let Some(require) = policy.get_mut("require") {
        *require = json!([{ "all": require.take() }, rule["name"]]);
    }
    if let Value::Array(rules) = &mut policy["rules"] {
        rules.insert(if first { 0 } else { rules.len() }, rule);
    }
    case
}

#[test]
fn a_rule_that_is_added_never_opens() {
    hold(Cases { extra_rule: true }, |case| {
        let answer = case.answer();
        if !answer.is_decision() || list(&case.0["policy"]["rules"]).is_empty() {
            return Ok(());
        }
        for first in [true, false] {
            let more = added(case, first).answer();
            let name = &case.0["extra"]["name"];
            let applies = more
                .rules()
                .iter()
                .any(|rule| rule["name"] == *name && rule["state"] != "skipped" && rule["observed"] != true);
            if only_lacks_a_rule(&answer) && applies {
                continue;
            }
            if let Some(why) = more.opens(&answer) {
                return Err(format!("with the rule {name}: {why}\nwithout: {answer}with: {more}"));
            }
        }
        Ok(())
    });
}
