//! Whom the words of a message make one of its authors: whatever would be evidence of AI with a tool's address, and nothing
//! that is an example.

use crate::common::on_git;
use serde_json::{Value, json};

/// The people behind a change whose one commit has this message, but for its author.
fn named(message: &str) -> Vec<String> {
    let mut case = on_git("{ sam: { emails: [sam@shop.example] } }");
    case.request["acts"] = json!([]);
    case.request["commits"][0]["message"] = message.into();
    let decision = case.answer().unwrap();
    let people = decision["contributors"].as_array().cloned().unwrap_or_default();
    let name = |person: &Value| person["person"].as_str().unwrap().to_owned();
    people.iter().map(name).filter(|person| person != "dana@example.com").collect()
}

const TRAILER: &str = "Co-authored-by: Sam <sam@shop.example>";

#[test]
fn a_trailer_names_an_author_wherever_it_stands() {
    for message in [
        format!("Fix\n\n{TRAILER}\n"),
        format!("Fix\\n\\n{TRAILER}"),
        format!("Fix {TRAILER}"),
        format!("Fix (#4)\n\n* Fix a\n\n  {TRAILER}\n"),
        format!("Fix\n\nReviewed-by: Ann <ann@shop.example> {TRAILER}\n"),
        format!("Fix\n\nThe end of a paragraph.\n{TRAILER}\n"),
        format!("Fix\n\n```npm test``` passes\n\n{TRAILER}\n\nBody.\n\n```\nx\n```\n"),
        format!("Squashed commit of the following:\n\ncommit 1234567\nAuthor: Ann <x>\n\n    Work\n    \n    {TRAILER}\n"),
        "Squashed commit of the following:\n\ncommit 1234567\nAuthor: Sam <sam@shop.example>\nDate:   Mon\n\n    Work\n".into(),
        "Fix\n\nAuthor: Sam <sam@shop.example>\n".into(),
        "Fix\n\nCo-authored-by: Sam &lt;sam@shop.example&gt;\n".into(),
        "Fix\n\nCo authored by: Sam <sam@shop.example>\n".into(),
        "Fix\n\n**Co-authored-by:** [Sam](mailto:sam@shop.example)\n".into(),
    ] {
        assert_eq!(named(&message), ["sam"], "{message}");
    }
}

#[test]
fn an_example_names_nobody() {
    for message in [
        format!("Revert it\n\nIt said:\n\n    {TRAILER}\n\nIt broke.\n"),
        format!("Revert it\n\n```\n{TRAILER}\n```\n\nIt broke.\n"),
        format!("Revert it\n\n> {TRAILER}\n\nIt broke.\n"),
        format!("Stop it\n\nThe hook wrote\n`{TRAILER}`\n"),
        format!("Stop it\n\nThe hook wrote {TRAILER} into it.\n"),
        format!(
            "Explain trailers\n\nWrite one of\n- {TRAILER}\n- Signed-off-by: Sam <sam@shop.example>\n\nOr none.\n"
        ),
        format!("Fix\n\n# ------------------------ >8 ------------------------\n{TRAILER}\n"),
        format!("Fix\n\n<!--\n{TRAILER}\n-->\n"),
        "Fix\n\nReviewed-by: Sam <sam@shop.example>\nHelped-by: Sam <sam@shop.example>\n".into(),
    ] {
        assert_eq!(named(&message), [] as [&str; 0], "{message}");
    }
}

#[test]
fn a_machine_is_nobody_known_or_not() {
    for who in ["new[bot] <1+new[bot]@users.noreply.github.com>", "Claude <noreply@anthropic.com>"] {
        assert_eq!(named(&format!("Fix\n\nCo-authored-by: {who}\n")), [] as [&str; 0], "{who}");
    }
}

#[test]
fn whoever_has_the_address_of_a_model_is_barred_and_told_why() {
    let mut case = on_git("{ sam: { emails: [sam@example.com] } }");
    case.request["commits"][0]["message"] =
        "Fix\n\nCo-authored-by: Claude Opus 4.6 <sam@example.com>\n".into();
    case.request["acts"][0]["actor"] = json!({ "email": "sam@example.com" });
    assert_eq!(case.codes(), ["co-author"]);
    let sentence = crate::common::acts(&case)[0]["sentence"].to_string();
    assert!(sentence.contains("names a model"), "{sentence}");
}
