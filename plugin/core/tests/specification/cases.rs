//! The cases beside a policy: how they are read, and what becomes of each.

use serde_json::{Value, json};

const POLICY: &str = "\
countersign: 1
name: small
people:
  seniors: { users: [sam] }
identities:
  sam: { emails: [sam@example.com] }
rules:
  - name: AI
    when: { ai: any }
    require: { by: seniors, approvals: 1 }
";

/// The report about a file of cases.
fn tested(policy: &str, cases: &str) -> Value {
    let tests = json!({
        "apiVersion": "countersign/v1",
        "name": "cases.yaml",
        "cases": cases,
        "documents": [{ "role": "policy", "source": "flag", "path": "policy.yaml", "bytes": policy }],
    });
    match countersign_core::test_policy(tests.to_string().as_bytes()) {
        Ok(report) => serde_json::from_str(&report).unwrap(),
        Err(error) => panic!("{}", error.to_document()),
    }
}

fn shown(report: &Value) -> String {
    let document = json!({ "format": "text", "document": report }).to_string();
    countersign_core::render(document.as_bytes()).unwrap()
}

const CASES: &str = "\
cases:
  - name: a person's change is nobody's concern
    commits: [{ message: Fix a word }]
    expect: not-applicable

  - name: a declared one waits
    commits: [{ message: \"Fix\\n\\nAI-Assisted: cursor\" }]
    signoffs: [{ by: mia }]
    expect: pending
    rules: { AI: missing-approvals }
    acts: { mia: not-eligible }

  - name: a senior's word is enough
    commits: [{ message: \"Fix\\n\\nAI-Assisted: cursor\", author: Ann <ann@example.com> }]
    files: [src/a.rs, src/b.rs]
    signoffs: [{ by: sam, text: looks right }]
    expect: approved
    acts: { sam: counted }
";

#[test]
fn what_a_policy_says_is_held_against_what_its_cases_expect() {
    let report = tested(POLICY, CASES);
    let passed: Vec<_> = report["cases"].as_array().unwrap().iter().map(|case| &case["passed"]).collect();
    assert_eq!(passed, [&json!(true), &json!(true), &json!(true)], "{report:#}");
    let wrong = CASES
        .replace("expect: approved", "expect: denied")
        .replace("AI: missing-approvals", "Others: denied")
        .replace("mia: not-eligible", "joe: not-eligible");
    insta::assert_snapshot!(shown(&tested(POLICY, &wrong)));
}

#[test]
fn the_report_holds_the_whole_decision_about_each_case() {
    let report = tested(POLICY, CASES);
    let waits = &report["cases"][1]["decision"];
    assert_eq!((&waits["kind"], &waits["outcome"]), (&json!("Decision"), &json!("pending")));
    assert_eq!(waits["rules"][0]["requirements"][0]["acts"][0]["code"], "not-eligible");
    assert_eq!(waits["provenance"]["ai"], true);
    let shown = json!({ "format": "markdown", "document": waits }).to_string();
    assert!(countersign_core::render(shown.as_bytes()).unwrap().contains("not among seniors"));
}

#[test]
fn a_fault_of_a_file_of_cases_is_told_with_its_place_and_no_case_is_run() {
    let one = |rest: &str| format!("cases:\n  - name: a\n    commits: [{{ message: m }}]\n{rest}");
    let files = [
        (String::new(), "1:1 the document is empty"),
        ("cases: []\n".to_owned(), "1:1 here are no cases, and a policy that nothing tests is not tested"),
        ("case: []\n".to_owned(), "1:1 unknown key `case`"),
        ("cases: {}\n".to_owned(), "1:8 `cases` is a list, and here is a mapping"),
        (one(""), "2:5 the key `expect` is missing"),
        (one("    expect: aproved\n"), "4:13 `expect` cannot be `aproved`"),
        (one("    expect: approved\n    rules: { r: satisfyed }\n"), "5:17 `r` cannot be `satisfyed`"),
        (one("    expect: approved\n    acts: { sam: countd }\n"), "5:18 `sam` cannot be `countd`"),
        (one("    expect: approved\n    signoffs: [{ text: x }]\n"), "5:16 the key `by` is missing"),
        (
            one("    expect: approved\n    signoffs: [{ by: sam, stale: yes }]\n"),
            "5:34 `stale` cannot be `yes`",
        ),
        (one("    expect: approved\n    file: [a]\n"), "5:5 unknown key `file`"),
    ];
    for (file, expected) in files {
        let report = tested(POLICY, &file);
        let first = &report["diagnostics"][0];
        let place = |key: &str| first[key].as_u64().unwrap_or_default();
        let message = first["message"].as_str().unwrap_or_default();
        assert_eq!(format!("{}:{} {message}", place("line"), place("column")), expected, "{file}");
        assert_eq!((&report["valid"], &report["cases"]), (&json!(false), &json!([])), "{file}");
        assert!(shown(&report).contains("no case was run"), "{file}");
    }
    let control = tested(POLICY, &one("    expect: not-applicable\n"));
    assert_eq!((&control["valid"], &control["cases"][0]["passed"]), (&json!(true), &json!(true)));
}

#[test]
fn more_cases_than_the_limit_are_a_fault() {
    let cases = "  - { name: a, commits: [{ message: m }], expect: approved }\n".repeat(1_001);
    let report = tested(POLICY, &format!("cases:\n{cases}"));
    assert_eq!(report["diagnostics"][0]["message"], "more than 1000 cases");
}

#[test]
fn cases_of_a_policy_that_cannot_be_read_are_an_error() {
    for documents in [json!([]), json!([{ "role": "policy", "bytes": "rulez: []" }])] {
        let tests = json!({
            "apiVersion": "countersign/v1", "name": "c", "cases": CASES, "documents": documents,
        });
        assert!(countersign_core::test_policy(tests.to_string().as_bytes()).is_err());
    }
}
