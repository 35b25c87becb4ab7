//! Whatever strangers send: an answer or a typed error, and the same from the component as from the core.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

use conformance::via::{Packaging, Via};
use countersign_core::FUNCTIONS;
use proptest::prelude::*;

thread_local! {
    static COMPONENT: std::cell::RefCell<Via> = std::cell::RefCell::new(Packaging::Component.start().unwrap());
}

fn same_everywhere(function: &str, input: &[u8]) -> Result<(), TestCaseError> {
    let native = Via::Native.call(function, input).map_err(|e| TestCaseError::fail(e.to_string()))?;
    let component = COMPONENT
        .with_borrow_mut(|via| via.call(function, input))
        .map_err(|e| TestCaseError::fail(format!("{function} ended without an answer: {e}")))?;
    prop_assert_eq!(&native, &component);
    if let Err(document) = native {
        let error: serde_json::Value = serde_json::from_str(&document).unwrap();
        prop_assert_eq!(&error["kind"], "Error");
    }
    Ok(())
}

/// A request of the examples, cut, or with a stretch of it replaced.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let folder = conformance::schemas::folder().join("examples");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let examples: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    (0..examples.len(), any::<prop::sample::Index>(), 0..40_usize, prop::collection::vec(any::<u8>(), 0..12))
        .prop_map(move |(example, at, length, with)| {
            let mut bytes = examples[example].clone();
            let from = at.index(bytes.len());
            let to = (from + length).min(bytes.len());
            bytes.splice(from..to, with);
            bytes
        })
}

/// YAML-like text: the alphabet of policies, in any order.
fn yaml() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "countersign: 1\n",
        "name: x\n",
        "rules:\n",
        "  - name: r\n",
        "    when: ",
        "{ ai: any }",
        "{ paths: [\"a/**\"] }",
        "\n",
        "    require: ",
        "{ approvals: 1, by: s }",
        "    deny: no\n",
        "people:\n",
        "  s: { users: [sam] }\n",
        "[",
        "]",
        "{",
        "}",
        ": ",
        "- ",
        "&a ",
        "*a ",
        "<<",
        "|",
        ">",
        "\"",
        "'",
        "#",
        "---\n",
        "!!str ",
        "\t",
        "é",
        "\u{feff}",
        "? ",
        "%",
        "@",
    ]);
    prop::collection::vec(words, 0..40).prop_map(|words| words.concat())
}

/// Message-like text: what trailers and markers are made of.
fn message() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "\n",
        "\r",
        "\n\n",
        " ",
        "    ",
        "\t",
        "AI-Assisted: ",
        "Co-authored-by: ",
        "Assisted-by: ",
        "Claude",
        "Claude Opus 4.5",
        " <noreply@anthropic.com>",
        "<",
        ">",
        "(",
        ")",
        "[",
        "]",
        "/",
        ":",
        "@",
        "🤖 Generated with [",
        "`",
        "```\n",
        "via ",
        "GPT-5",
        "commit 0123456789abcdef0123456789abcdef01234567\n",
        "Author: ",
        "# ------------------------ >8 ------------------------\n",
        "none",
        "&",
        "é",
        "\u{200b}",
        "tool=",
        ";",
        "AI-Model: ",
        "x",
    ]);
    prop::collection::vec(words, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(input in prop::collection::vec(any::<u8>(), 0..200), function in prop::sample::select(FUNCTIONS)) {
        same_everywhere(function, &input)?;
    }

    #[test]
    fn damaged_documents(input in damaged(), function in prop::sample::select(FUNCTIONS)) {
        same_everywhere(function, &input)?;
    }

    #[test]
    fn damaged_policies(source in yaml()) {
        let input = serde_json::json!({ "apiVersion": "countersign/v1", "name": "p", "bytes": source }).to_string();
        same_everywhere("check-policy", input.as_bytes())?;
    }

    #[test]
    fn odd_messages_and_notes(message in message(), note in message()) {
        let commit = serde_json::json!({
            "id": "1", "message": message, "author": { "name": note, "email": message },
            "notes": [{ "ref": "refs/notes/ai", "bytes": note }, { "ref": "refs/notes/agent-trace", "bytes": message }],
        });
        let input = serde_json::json!({ "apiVersion": "countersign/v1", "commits": [commit] }).to_string();
        same_everywhere("provenance", input.as_bytes())?;
    }
}
