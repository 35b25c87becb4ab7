//! How answers to the questions of a policy count, and which are only repeated.

use crate::common::{Case, POLICY, account, acts};
use serde_json::{Value, json};

#[test]
fn answers_that_are_quoted_or_hidden_are_nobodys() {
    let policy = POLICY
        .replace("rules:", "questions: { reach: What does it reach? }\nrules:")
        .replace("by: seniors }", "by: seniors, answers: [reach] }");
    for (text, code) in [
        ("reach: the queue and nothing behind it", "counted"),
        ("reach: `queue`, `ledger`, [mailer](x), `audit` and `billing`", "counted"),
        ("> reach: the queue and nothing behind it\n\nfine", "unanswered-question"),
        ("<!--\nreach: the queue and nothing behind it\n-->\n\nfine", "unanswered-question"),
        ("```\nreach: the queue and nothing behind it\n```\nfine", "unanswered-question"),
    ] {
        let mut case = Case::under(&policy);
        case.act("sam", "approve")["text"] = text.into();
        assert_eq!(case.codes(), [code], "{text}");
    }
}

#[test]
fn answers_of_a_deleted_act_are_nobodys_original() {
    let policy = POLICY
        .replace("rules:", "questions: { reach: What does it reach? }\nrules:")
        .replace("by: seniors }", "by: seniors, answers: [reach] }");
    let text = "reach: the queue and nothing behind it";
    let mut case = Case::under(&policy);
    case.act("rhea", "approve")["text"] = text.into();
    case.act("sam", "approve")["text"] = text.into();
    assert_eq!(case.codes(), ["counted", "answer-copied"]);
    case.request["acts"][0]["deleted"] = true.into();
    assert_eq!(case.codes(), ["deleted", "counted"]);
    // At the same moment neither is the original.
    let mut case = Case::under(&policy);
    case.act("rhea", "approve")["text"] = text.into();
    let act = case.act("sam", "approve");
    (act["text"], act["at"]) = (text.into(), 100.into());
    assert_eq!(case.codes(), ["answer-copied", "answer-copied"]);
    // What does not count and came at the same moment spoils nothing, and what came before does.
    let mut case = Case::under(&policy);
    case.act("rhea", "review")["text"] = text.into();
    let act = case.act("sam", "approve");
    (act["text"], act["at"]) = (text.into(), 100.into());
    assert_eq!(case.codes(), ["no-sign-off", "counted"]);
    case.request["acts"][1]["at"] = 101.into();
    assert_eq!(case.codes(), ["no-sign-off", "answer-copied"]);
    // Nor does what was written into an earlier word afterwards.
    let mut case = Case::under(&policy);
    case.comment("omar", text);
    case.act("sam", "approve")["text"] = text.into();
    assert_eq!(case.codes(), ["no-sign-off", "answer-copied"]);
    case.request["acts"][0]["edited"] = json!({ "at": 150, "by": account("omar") });
    assert_eq!(case.codes(), ["no-sign-off", "counted"]);
    // Nor does what nobody proved to have said, whenever it says that it was.
    for proof in ["claimed", "signature"] {
        let mut case = Case::under(&policy);
        let act = case.act("omar", "approve");
        (act["text"], act["proof"], act["at"]) = (text.into(), proof.into(), 1.into());
        case.act("sam", "approve")["text"] = text.into();
        assert_eq!(case.codes(), ["unauthenticated", "counted"], "{proof}");
    }
    // Whoever says again what they said themselves copies nobody.
    let mut case = Case::under(&policy);
    case.act("sam", "review")["text"] = text.into();
    case.act("sam", "approve")["text"] = text.into();
    assert_eq!(case.codes(), ["no-sign-off", "counted"]);
}

#[test]
fn words_are_a_copy_under_whatever_question_they_were_given() {
    let policy = POLICY
        .replace(
            "rules:",
            "questions: { reach: What does it reach?, undo: How is it undone?, why: Why now? }\nrules:",
        )
        .replace("approvals: 1, by: seniors }", "approvals: 2, by: seniors, answers: [reach, undo] }");
    let (one, two, three) = (
        "the queue and nothing behind it",
        "by a revert, nothing is kept",
        "the old one ends with this month",
    );
    let text = |reach: &str, undo: &str, why: &str| format!("reach: {reach}\nundo: {undo}\nwhy: {why}");
    let own = "nobody else has said this before";
    for (what, later, code) in [
        ("the same", text(one, two, ""), "answer-copied"),
        ("swapped", text(two, one, ""), "answer-copied"),
        ("one of them, elsewhere", text(two, own, ""), "answer-copied"),
        ("what nobody asked for, where it is asked", text(own, three, ""), "answer-copied"),
        ("where nobody asks", text(own, "it goes back by itself", one), "counted"),
        ("what nobody asks, as it stood", text(own, "it goes back by itself", three), "answer-copied"),
        ("one's own words", text(own, "it goes back by itself", ""), "counted"),
    ] {
        let mut case = Case::under(&policy);
        case.act("rhea", "approve")["text"] = text(one, two, three).into();
        case.act("sam", "approve")["text"] = later.into();
        assert_eq!(case.codes(), ["counted", code], "{what}");
    }
}

#[test]
fn answers_are_kept_of_acts_that_count_and_known_again_in_another_change() {
    let policy = POLICY
        .replace("rules:", "questions: { reach: What does it reach?, undo: How is it undone? }\nrules:")
        .replace("by: seniors }", "by: seniors, answers: [reach] }");
    let mut case = Case::under(&policy);
    case.act("sam", "approve")["text"] =
        "reach: the queue and nothing behind it\nundo: by a revert, nothing is kept".into();
    case.act("omar", "approve")["text"] = "reach: whatever the others said about it".into();
    // Where nobody looks at them, none are kept.
    assert_eq!(acts(&case)[0]["answers"], Value::Null);
    case.request["history"] =
        json!({ "answers": [{ "question": "reach", "digest": "sha256:0", "change": "3" }] });
    let kept = acts(&case);
    // Of the answer, with case, white space and punctuation folded away.
    let digest = json!("sha256:8ae0ae8af144d22558bb6fff0972a8dbc2f53d8a82f245cf9f3cba259a267f33");
    assert_eq!(kept[0]["answers"], json!([{ "question": "reach", "digest": digest }]));
    assert_eq!((&kept[1]["code"], &kept[1]["answers"]), (&json!("not-eligible"), &Value::Null));
    // In this change it may be said again.
    let said = |change: &str| {
        let earlier = json!({ "question": "reach", "digest": digest, "change": change });
        json!({ "answers": [{ "question": "reach", "digest": "sha256:0", "change": "3" }, earlier] })
    };
    case.request["history"] = said("7");
    assert_eq!(acts(&case)[0]["answers"][0]["seen_in"], Value::Null);
    case.request["history"] = said("3");
    assert_eq!(acts(&case)[0]["answers"][0]["seen_in"], "3");
    assert_eq!(case.outcome(), "approved");
    let notices = case.answer().unwrap()["notices"].to_string();
    assert!(notices.contains("sam answered `reach` in the same words in 3"), "{notices}");
    // A policy can ask for fresh ones.
    case.policy = case.policy.replace("require:", "options: { fresh-answers: true }\n    require:");
    assert_eq!(case.rule_code("sign-off"), "fact-unavailable");
    case.request["complete"].as_array_mut().unwrap().push("history".into());
    assert_eq!(case.codes(), ["answer-copied", "not-eligible"]);
    case.request["history"] = said("7");
    assert_eq!(case.codes(), ["counted", "not-eligible"]);
    assert_eq!(acts(&case)[0]["answers"][0]["digest"], digest);
}
