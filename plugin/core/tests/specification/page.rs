//! What a page shows of a decision: rule by rule, and why each act counted.

use crate::common::Case;
use serde_json::{Value, json};

const POLICY: &str = "\
countersign: 1
name: test
people:
  seniors: { users: [sam, rhea] }
  directors: { users: [noor] }
questions: { reach: Which running systems does the change reach? }
rules:
  - name: AI-assisted code
    when: { ai: any }
    require: [{ approvals: 2, by: seniors, answers: [reach] }]
  - name: Direction
    require: [{ approvals: 1, by: directors }]
    waivable-by: directors
  - name: Documentation
    when: { paths: { only: [\"docs/**\"] } }
    require: [{ approvals: 1, by: seniors }]
";

/// A change of which one senior approves and says what it reaches, another does not, and a rule is waived.
fn case() -> Case {
    let mut case = Case::under(POLICY);
    case.request["commits"][0]["message"] = "Work\n\nAssisted-by: Codex:gpt-5.4\n".into();
    case.act("sam", "approve")["text"] = "reach: the queue and its two readers".into();
    case.act("rhea", "approve")["text"] = "Looks good <b>to me</b>".into();
    case.comment(
        "noor",
        "waive: Direction\nreason: both directors are ill and this cannot wait\nuntil: 1970-01-31",
    );
    case
}

fn shown(format: &str, document: &Value) -> String {
    let input = json!({ "format": format, "document": document });
    countersign_core::render(input.to_string().as_bytes()).unwrap()
}

#[test]
fn a_page_says_what_to_do_then_what_became_of_each_rule_and_each_act() {
    let decision = case().answer().unwrap();
    insta::assert_snapshot!(shown("html", &decision));
    insta::assert_snapshot!(shown("html-entry", &decision));
}

#[test]
fn a_page_says_why_there_is_no_decision() {
    let mut case = case();
    case.policy.push_str("rulez: []\n\"<i>\": 1\n");
    let error = case.answer().unwrap_err();
    insta::assert_snapshot!(shown("html", &error));
}

/// What a page shows and strangers may have a part in.
const SHOWN: [&str; 18] = [
    "actor", "asks", "because", "by", "command", "headline", "message", "missing", "models", "name",
    "person", "reason", "sentence", "template", "text", "tool", "what", "who",
];

/// Puts a text behind every one of these.
fn write_everywhere(value: &mut Value, key: &str, text: &str) {
    match value {
        Value::String(known) if SHOWN.contains(&key) => known.push_str(text),
        Value::Array(items) => items.iter_mut().for_each(|item| write_everywhere(item, key, text)),
        Value::Object(fields) => {
            fields.iter_mut().for_each(|(key, value)| write_everywhere(value, key, text))
        }
        _ => {}
    }
}

#[test]
fn nothing_that_a_stranger_writes_is_markup() {
    let tags = |page: &str| page.matches('<').count();
    let decision = case().answer().unwrap();
    for format in ["html", "html-entry"] {
        let before = tags(&shown(format, &decision));
        for text in
            ["<script>", "</p><img src=x onerror=alert(1)>", "\" onclick=\"x", "'", "&lt;", "\u{202e}<!--"]
        {
            let mut strange = decision.clone();
            write_everywhere(&mut strange, "", text);
            let page = shown(format, &strange);
            assert_eq!(tags(&page), before, "{text}: {page}");
            assert!(page.contains(&countersign_core::html_text(text)), "{text}: {page}");
            assert!(!page.contains(text), "{text}: {page}");
        }
    }
}
