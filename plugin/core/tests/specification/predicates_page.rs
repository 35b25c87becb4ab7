//! The page of the predicates, `docs/PREDICATES.md`: every predicate has a section, whose examples are valid and whose list of facts is
//! what `needs` asks for.

use std::collections::BTreeSet;

use serde_json::{Value, json};

const PAGE: &str = include_str!("../../../../docs/PREDICATES.md");

const DEFINED: &str = "\
countersign: 1
name: example
draft: evaluate
people:
  team: { users: [ann, ben] }
  seniors: { users: [sam] }
identities:
  ann: { emails: [ann@example.com] }
levels:
  - { name: A, paths: [src/control/] }
  - { name: B, paths: [src/] }
";

/// A section: the predicates in its heading, its text, and its examples.
struct Section {
    predicates: Vec<String>,
    text: &'static str,
    examples: Vec<&'static str>,
}

fn in_ticks(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn sections() -> Vec<Section> {
    let sections = PAGE.split("\n## ").skip(1);
    sections
        .map(|section| {
            let (heading, text) = section.split_once('\n').unwrap();
            let examples = text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
            Section { predicates: in_ticks(heading), text, examples: examples.collect() }
        })
        .collect()
}

fn policy(when: &str) -> String {
    let indented: String = when.lines().map(|line| format!("    {line}\n")).collect();
    format!("{DEFINED}rules:\n  - name: example\n    deny: no\n{indented}")
}

fn check(policy: &str) -> Value {
    let source = json!({ "apiVersion": "countersign/v1", "name": "p", "bytes": policy });
    serde_json::from_str(&countersign_core::check_policy(source.to_string().as_bytes()).unwrap()).unwrap()
}

/// The facts that `needs` asks for, without those that every policy needs.
fn facts(policy: &str) -> BTreeSet<String> {
    let request = json!({
        "apiVersion": "countersign/v1",
        "trigger": { "kind": "check", "host": { "name": "t" }, "platform": { "name": "git" }, "now": 0 },
        "documents": [{ "role": "policy", "source": "flag", "bytes": policy }],
    });
    let needs = countersign_core::needs(request.to_string().as_bytes()).unwrap();
    let needs: Value = serde_json::from_str(&needs).unwrap();
    let facts = needs["facts"].as_array().unwrap().iter().map(|fact| fact.as_str().unwrap().to_owned());
    facts.filter(|fact| fact != "commits" && fact != "change").collect()
}

/// The predicates that the language has, as a mistyped one is told them.
fn known() -> BTreeSet<String> {
    let report = check(&policy("when: { xxxxxxxxxxxxxxxxxxxxxxxxxx: 1 }"));
    let faults = report["diagnostics"].as_array().unwrap();
    let fault = faults.iter().find(|fault| fault["severity"] == "error").unwrap();
    in_ticks(fault["help"].as_str().unwrap()).into_iter().collect()
}

#[test]
fn every_predicate_that_is_decided_has_a_section() {
    let written: BTreeSet<String> = sections().into_iter().flat_map(|section| section.predicates).collect();
    let undecided = |name: &String| {
        let report = check(&policy(&format!("when: {{ {name}: x }}")));
        report["diagnostics"].to_string().contains("not decided yet")
    };
    let (later, decided): (BTreeSet<String>, BTreeSet<String>) = known().into_iter().partition(undecided);
    assert_eq!(written, decided);
    assert!(later.contains("environment"), "{later:?}");
}

#[test]
fn every_example_is_valid_and_shows_a_predicate_of_its_section() {
    for Section { predicates, examples, .. } in sections() {
        assert!(!examples.is_empty(), "{predicates:?}");
        for example in examples {
            let report = check(&policy(example));
            assert_eq!(report["valid"], true, "{example}{report:#}");
            assert!(predicates.iter().any(|name| example.contains(&format!("{name}:"))), "{example}");
        }
    }
    assert_eq!(check(&policy("when: { paths: [a, b] "))["valid"], false);
}

#[test]
fn a_section_names_the_facts_that_needs_asks_for() {
    for Section { predicates, text, examples } in sections() {
        let line = text.split("Reads:").nth(1).unwrap().split("\n\n").next().unwrap();
        let said: BTreeSet<String> = in_ticks(line).into_iter().filter(|word| word != "missing").collect();
        let optional = |fact: &String| fact == "groups";
        let asked: BTreeSet<String> = examples.iter().flat_map(|example| facts(&policy(example))).collect();
        let said: BTreeSet<String> = said.into_iter().filter(|fact| !optional(fact)).collect();
        assert_eq!(said, asked, "{predicates:?}");
    }
}
