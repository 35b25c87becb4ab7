//! What is written for the panels of CI systems has the form that these read: SARIF, GitLab's Code Quality, JUnit.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeSet;

use conformance::corpus;
use serde_json::{Value, json};

/// The decisions about all examples, and each of them with names that a format has to write otherwise.
fn decisions() -> Vec<Value> {
    let calls = corpus::calls().unwrap();
    let evaluated = calls.iter().filter(|call| call.function == "evaluate");
    let decided = evaluated.filter_map(|call| countersign_core::evaluate(&call.input).ok());
    let mut decisions: Vec<Value> = decided.map(|text| serde_json::from_str(&text).unwrap()).collect();
    let mut odd = decisions.clone();
    for decision in &mut odd {
        for rule in decision["rules"].as_array_mut().unwrap() {
            let name = format!("<{}> & \"it's\" ]]> \u{1}\u{202e}\u{fffe} é", rule["name"].as_str().unwrap());
            rule["name"] = name.clone().into();
            rule["missing"] = json!([name]);
        }
        if decision["policy"].is_object() {
            decision["policy"]["name"] = "a \"policy\" <of> ours".into();
            decision["policy"]["origin"] = "my policies/50% of: it?.yaml at refs/heads/main".into();
        }
    }
    decisions.extend(odd);
    decisions
}

fn rendered(decision: &Value, format: &str) -> String {
    let request = json!({ "format": format, "document": decision }).to_string();
    countersign_core::render(request.as_bytes()).unwrap()
}

/// What a document lacks of a schema, or has too much.
fn faults(schema: &str, document: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    validator.iter_errors(document).map(|e| format!("{e} at {}", e.instance_path())).collect()
}

const SARIF: &str = include_str!("../reports/sarif.json");
const CODE_QUALITY: &str = include_str!("../reports/codequality.json");

#[test]
fn sarif_is_of_its_schema_and_each_result_is_of_a_rule() {
    let mut results = 0;
    for decision in decisions() {
        let sarif: Value = serde_json::from_str(&rendered(&decision, "sarif")).unwrap();
        assert_eq!(faults(SARIF, &sarif), [""; 0], "{sarif:#}");
        let run = &sarif["runs"][0];
        let rules: BTreeSet<_> =
            run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|r| r["id"].as_str()).collect();
        for result in run["results"].as_array().unwrap() {
            assert!(rules.contains(&result["ruleId"].as_str()), "{result:#}");
            results += 1;
        }
    }
    assert!(results > 4, "{results}");
    // What is none is told.
    for none in [
        json!({ "version": "2.1.0" }),
        json!({ "version": "2.1.0", "runs": [{ "tool": { "driver": {} } }] }),
        json!({ "version": "2.1.0", "runs": [{ "tool": { "driver": { "name": "x" } }, "results": [{ "level": "bad", "message": { "text": "x" } }] }] }),
        json!({ "version": "2.1.0", "runs": [{ "tool": { "driver": { "name": "x" } }, "results": [{ "message": { "text": "x" },
            "locations": [{ "physicalLocation": { "artifactLocation": { "uri": "a b" } } }] }] }] }),
    ] {
        assert!(!faults(SARIF, &none).is_empty(), "{none}");
    }
}

#[test]
fn code_quality_is_of_its_schema_and_no_two_issues_are_taken_for_one() {
    let mut issues = 0;
    for decision in decisions() {
        let report: Value = serde_json::from_str(&rendered(&decision, "codequality")).unwrap();
        assert_eq!(faults(CODE_QUALITY, &report), [""; 0], "{report:#}");
        let report = report.as_array().unwrap();
        let fingerprints: BTreeSet<_> = report.iter().map(|issue| issue["fingerprint"].as_str()).collect();
        assert_eq!(fingerprints.len(), report.len(), "{report:?}");
        issues += report.len();
    }
    assert!(issues > 4, "{issues}");
    assert!(!faults(CODE_QUALITY, &json!([{ "description": "x" }])).is_empty());
}

/// An element of JUnit's XML: the attributes that it must have, those that it may have, and what may stand in it. This is the part
/// of the schema of Jenkins (xUnit plug-in, junit-10.xsd) that is written here.
type Element = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const JUNIT: &[Element] = &[
    ("testsuites", &[], &["name", "tests", "failures", "errors", "time"], &["testsuite"]),
    ("testsuite", &["name", "tests", "failures", "errors"], &["skipped", "time", "timestamp"], &["testcase"]),
    ("testcase", &["name"], &["classname", "time"], &["skipped", "failure", "system-out"]),
    ("skipped", &[], &["type", "message"], &[]),
    ("failure", &[], &["type", "message"], &[]),
    ("system-out", &[], &[], &[]),
];

/// What an element has too much, or lacks.
fn junit_faults(node: roxmltree::Node<'_, '_>) -> Vec<String> {
    let name = node.tag_name().name();
    let Some((_, must, may, holds)) = JUNIT.iter().find(|(element, ..)| *element == name) else {
        return vec![format!("<{name}>")];
    };
    let lacking = must
        .iter()
        .filter(|wanted| node.attribute(**wanted).is_none())
        .map(|wanted| format!("<{name}> lacks {wanted}"));
    let has: Vec<&str> = node.attributes().map(|attribute| attribute.name()).collect();
    let unknown = has
        .iter()
        .filter(|has| !must.contains(has) && !may.contains(has))
        .map(|has| format!("<{name} {has}>"));
    let children: Vec<_> = node.children().filter(roxmltree::Node::is_element).collect();
    let strange = children.iter().map(|child| child.tag_name().name()).filter(|child| !holds.contains(child));
    let strange = strange.map(|child| format!("<{child}> in <{name}>"));
    let mut faults: Vec<String> = lacking.chain(unknown).chain(strange).collect();
    faults.extend(children.iter().flat_map(|child| junit_faults(*child)));
    faults
}

#[test]
fn junit_is_of_its_schema_and_its_numbers_are_those_of_its_cases() {
    let mut cases = 0;
    for decision in decisions() {
        let text = rendered(&decision, "junit");
        let document = roxmltree::Document::parse(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
        assert_eq!(junit_faults(document.root_element()), [""; 0], "{text}");
        let count = |element: &str| document.descendants().filter(|node| node.has_tag_name(element)).count();
        let suite = document.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
        for (attribute, element) in
            [("tests", "testcase"), ("failures", "failure"), ("skipped", "skipped"), ("errors", "error")]
        {
            assert_eq!(
                suite.attribute(attribute).unwrap(),
                count(element).to_string(),
                "{attribute}: {text}"
            );
        }
        cases += count("testcase");
    }
    assert!(cases > 8, "{cases}");
    // What is none is told.
    for none in [
        "<testsuite name='x'/>",
        "<testsuites skipped='1'/>",
        "<testsuites><testcase name='x'/></testsuites>",
    ] {
        assert!(!junit_faults(roxmltree::Document::parse(none).unwrap().root_element()).is_empty(), "{none}");
    }
}
