//! Taking away an act that counts never opens, and neither does making it void.
//!
//! Taking away may open in three ways that are right. An act that counts for one rule and refuses under another is a refusal
//! too. An act that counts for one rule may be void under another, where it still replaces its giver's earlier one: the latest
//! act of a person first, and only then is it asked whether it is void. And a copy of an answer that is gone is an answer.
//! An act that is made void stays where it was, so nothing comes up from under it.

use serde_json::{Value, json};

use crate::case::{Answer, Cases, list, list_mut};
use crate::hold;
use crate::world::{REFUSING, id};

/// Whether an act may refuse under some methods.
fn may_refuse(act: &Value) -> bool {
    let said = &act["signed"];
    let text = act["text"].as_str().or(said["text"].as_str()).unwrap_or_default();
    let refuses = |word: &&str| text.contains(word.trim_end_matches(" {head}"));
    act["kind"] == "request-changes" || said["decision"] == "request-changes" || REFUSING.iter().any(refuses)
}

/// Whether an act replaces an earlier one in some rule without counting there itself.
fn replaces_without_counting(answer: &Answer, act: &str) -> bool {
    let requirements = answer.rules().iter().flat_map(|rule| list(&rule["requirements"]));
    requirements.map(|requirement| list(&requirement["acts"])).any(|acts| {
        let is_void = |verdict: &Value| verdict["act"] == act && verdict["code"] != "counted";
        acts.iter().any(is_void) && acts.iter().any(|verdict| verdict["code"] == "superseded")
    })
}

#[test]
fn taking_an_act_away_that_counts_never_opens() {
    hold(Cases { extra_rule: false }, |case| {
        let answer = case.answer();
        if answer.verdicts().any(|(_, act)| act["code"] == "answer-copied") {
            return Ok(());
        }
        for counted in answer.counted() {
            let refuses = case.acts().iter().any(|act| act["id"] == counted && may_refuse(act));
            if refuses || replaces_without_counting(&answer, counted) {
                continue;
            }
            let without = case.with(|request| {
                list_mut(request, "acts").for_each(|acts| acts.retain(|a| a["id"] != counted))
            });
            let without = without.answer();
            if let Some(why) = without.opens(&answer) {
                return Err(format!("without {counted}: {why}\nwith it: {answer}without it: {without}"));
            }
        }
        Ok(())
    });
}

/// In which ways an act can be void.
fn voids() -> [(&'static str, Value); 4] {
    let somebody = json!({ "login": "omar" });
    [
        ("edited by somebody else", json!({ "edited": { "at": 95, "by": somebody } })),
        ("dismissed", json!({ "dismissed": { "at": 95, "by": somebody } })),
        ("of another head", json!({ "head": id("f1"), "diff_id": id("d0"), "merge_tree": id("t0") })),
        ("of another change", json!({ "change": "8" })),
    ]
}

#[test]
fn making_an_act_void_that_counts_never_opens() {
    hold(Cases { extra_rule: false }, |case| {
        let answer = case.answer();
        if answer.verdicts().any(|(_, act)| act["code"] == "answer-copied") {
            return Ok(());
        }
        for counted in answer.counted() {
            for (how, facts) in case.part(2, voids().to_vec()) {
                if case
                    .acts()
                    .iter()
                    .any(|act| act["id"] == counted && (may_refuse(act) || act["signed"].is_object()))
                {
                    continue;
                }
                let void = case.with(|request| {
                    for act in list_mut(request, "acts").flatten().filter(|act| act["id"] == counted) {
                        facts
                            .as_object()
                            .into_iter()
                            .flatten()
                            .for_each(|(key, value)| act[key] = value.clone());
                    }
                });
                let void = void.answer();
                if let Some(why) = void.opens(&answer) {
                    return Err(format!("{counted} {how}: {why}\nas it is: {answer}void: {void}"));
                }
            }
        }
        Ok(())
    });
}
