//! What a host does with an answer lets nothing pass that the answer does not, and asks nobody in vain.

use std::cell::Cell;

use serde_json::Value;

use crate::case::{Answer, Cases, list};
use crate::hold;

/// Whether a requirement that waits may get an approval of somebody.
fn may_give(answer: &Answer, login: &Value) -> bool {
    let waits = answer.rules().iter().filter(|rule| rule["state"] == "pending" && rule["observed"] != true);
    waits.flat_map(|rule| list(&rule["requirements"])).any(|asked| {
        asked["counted"].as_u64() < asked["needed"].as_u64() && list(&asked["eligible"]).contains(login)
    })
}

#[test]
fn success_is_said_exactly_where_the_gate_passes() {
    let passed = Cell::new(0);
    hold(Cases { extra_rule: false }, |case| {
        let answer = case.answer();
        let said = &answer.0["publication"];
        let passes = answer.is_decision() && answer.0["blocks"] == false;
        passed.set(passed.get() + u32::from(passes));
        for (what, is_so) in [
            ("success", said["status"]["state"] == "success"),
            ("to take requests back", said["take_back"] == true),
            ("not to comment", said["comment"] == false),
            ("to object to nothing", said["objection"].is_null()),
        ] {
            if is_so != passes {
                return Err(format!("it says {what}: {is_so}, and passes: {passes}\n{answer}{said}"));
            }
        }
        let error = said["status"]["state"] == "error";
        if error == answer.is_decision() || (!passes && said["gated"] != true) {
            return Err(format!("{answer}{said}"));
        }
        Ok(())
    });
    assert!(passed.get() > 0);
}

#[test]
fn nobody_is_asked_for_a_review_who_is_barred_or_took_part_or_cannot_give_it() {
    let asked = Cell::new(0);
    hold(Cases { extra_rule: false }, |case| {
        let answer = case.answer();
        for login in list(&answer.0["publication"]["ask"]) {
            asked.set(asked.get() + 1);
            let took_part = list(&answer.0["contributors"]).iter().any(|known| known["person"] == *login);
            if took_part || !may_give(&answer, login) || answer.outcome() != "pending" {
                return Err(format!("{login} is asked: took part {took_part}\n{answer}"));
            }
        }
        Ok(())
    });
    assert!(asked.get() > 0);
}

#[test]
fn a_status_is_one_short_line_whatever_strangers_write() {
    hold(Cases { extra_rule: false }, |case| {
        let answer = case.answer();
        let status = &answer.0["publication"]["status"];
        for line in [&status["description"], &status["shared"]].into_iter().filter_map(Value::as_str) {
            if line.is_empty() || line.chars().count() > 200 || line.chars().any(char::is_control) {
                return Err(format!("{line:?}\n{answer}"));
            }
        }
        Ok(())
    });
}
