//! The page on policies: each example on it is a policy without a fault, and each key of the language stands on it or on the page of the
//! predicates.

use std::collections::BTreeSet;

use serde_json::{Value, json};

const PAGE: &str = include_str!("../../../../docs/POLICY.md");
const PREDICATES: &str = include_str!("../../../../docs/PREDICATES.md");

/// The blocks of YAML on a page, with the line where each begins.
fn blocks(page: &str) -> Vec<(usize, String)> {
    let mut blocks: Vec<(usize, String)> = Vec::new();
    let mut inside = false;
    for (at, line) in page.lines().enumerate() {
        match line {
            "```yaml" => {
                inside = true;
                blocks.push((at + 1, String::new()));
            }
            "```" => inside = false,
            line if inside => {
                let (_, text) = blocks.last_mut().unwrap();
                text.push_str(line);
                text.push('\n');
            }
            _ => {}
        }
    }
    blocks
}

/// A whole policy of an example: what examples speak of and do not say again stands around it.
fn whole(example: &str) -> String {
    let says = |key: &str| example.lines().any(|line| line.starts_with(&format!("{key}:")));
    let around = [
        ("countersign", "countersign: 1\n"),
        ("name", "name: example\n"),
        (
            "people",
            "people:\n  seniors: { users: [sam, rhea] }\n  maintainers: { users: [olga] }\n  \
             robots: { bots: [\"renovate[bot]\"] }\n",
        ),
        ("questions", "questions: { topology: Which running systems does it reach? }\n"),
        ("levels", "levels: [{ name: A, paths: [\"src/a/**\"] }, { name: B, paths: [\"src/b/**\"] }]\n"),
        ("rules", "rules: [{ name: all, require: { approvals: 1, by: seniors } }]\n"),
    ];
    let missing = around.iter().filter(|(key, _)| !says(key)).map(|(_, text)| *text);
    missing.chain([example]).collect()
}

/// The faults of a policy. What it extends is a policy of one rule.
fn faults(policy: &str) -> Vec<String> {
    let mut source = json!({ "apiVersion": "countersign/v1", "name": "p", "bytes": policy });
    if policy.contains("extends:") {
        source["extends"] = whole("").replace("name: all", "name: base").into();
    }
    let report = countersign_core::check_policy(source.to_string().as_bytes()).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    let diagnostics = report["diagnostics"].as_array().unwrap();
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic["severity"] == "error");
    errors.map(|error| format!("line {}: {}", error["line"], error["message"])).collect()
}

#[test]
fn every_example_is_a_policy_without_a_fault() {
    let blocks = blocks(PAGE);
    assert!(blocks.len() > 5, "{}", blocks.len());
    for (line, example) in blocks {
        assert_eq!(faults(&whole(&example)), [""; 0], "docs/POLICY.md:{line}\n{}", whole(&example));
    }
    // What is none is told.
    assert!(!faults(&whole("rulez: []\n")).is_empty());
    assert!(!faults(&whole("rules: [{ name: r, when: { ai: perhaps }, require: nobody }]\n")).is_empty());
}

/// The words of a list in a source file that begins with `const KEYS`, of which there may be several.
fn keys(source: &str) -> BTreeSet<&str> {
    let lists = source.split("const KEYS: &[&str] = &[").skip(1).map(|rest| rest.split(']').next().unwrap());
    lists.flat_map(|list| list.split('"').skip(1).step_by(2)).collect()
}

#[test]
fn every_key_of_the_language_stands_on_a_page() {
    for source in [
        include_str!("../../src/policy/read/mod.rs"),
        include_str!("../../src/policy/read/options.rs"),
        include_str!("../../src/policy/read/people.rs"),
        include_str!("../../src/policy/read/predicates.rs"),
        include_str!("../../src/policy/read/rules.rs"),
    ] {
        let keys = keys(source);
        assert!(!keys.is_empty());
        for key in keys {
            let named = [format!("`{key}`"), format!("`{key}:"), format!("{key}: ")];
            assert!(
                named.iter().any(|form| PAGE.contains(form) || PREDICATES.contains(form)),
                "no page says anything of `{key}`"
            );
        }
    }
}
