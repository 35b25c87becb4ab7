//! A number of a policy, of CODEOWNERS or of a file of sign-offs is read in the one form that every reader reads alike: digits, the
//! first of them no zero.

use countersign_core::model::{PolicyReport, Severity, When, read};
use proptest::test_runner::Config;
use serde_json::json;

/// Numbers to some reader of YAML, and not to all of them the same.
const OTHERWISE: &[&str] = &[
    "00", "08", "010", "007", "+2", "-2", "1_0", "1e1", "1E1", "2.0", "2.", "0x2", "0X2", "0o2", "0b1",
    "1:30", "\"2 \"", "\" 2\"", "2.5e0", "９",
];

/// The first fault of a policy: message, place and help.
fn fault(policy: &str) -> Option<(String, usize, Option<String>)> {
    let source =
        json!({ "apiVersion": "countersign/v1", "name": "policy.yaml", "bytes": policy }).to_string();
    let answer = countersign_core::check_policy(source.as_bytes()).unwrap();
    let report: PolicyReport = read(answer.as_bytes()).unwrap();
    let fault = report.diagnostics.into_iter().find(|fault| fault.severity == Severity::Error)?;
    Some((fault.message, fault.line, fault.help))
}

/// A policy with this number in one of its places, and the line where it stands.
fn with(place: &str, number: &str) -> (String, usize) {
    let (id, own_id, approvals, lines, age) = match place {
        "user" => (number, "8", "1", "5", "5"),
        "identity" => ("7", number, "1", "5", "5"),
        "approvals" => ("7", "8", number, "5", "5"),
        "lines" => ("7", "8", "1", number, "5"),
        _ => ("7", "8", "1", "5", number),
    };
    let joined = |before: &str, number: &str, behind: &str| {
        let inner = number.trim_matches('"');
        format!("\"{before}{inner}{behind}\"")
    };
    let lines = joined("> ", lines, "");
    let age = joined("", age, "d");
    let policy = format!(
        "countersign: 1\nname: t\npeople:\n  seniors: {{ users: [{{ login: sam, id: {id} }}, rhea, noor] }}\n\
         identities:\n  rhea: {{ id: {own_id} }}\nrules:\n  - name: r\n    when: {{ lines: {{ added: {lines} }} }}\n    \
         options: {{ max-age: {age} }}\n    require: [{{ approvals: {approvals}, by: seniors }}]\n"
    );
    let line = match place {
        "user" => 4,
        "identity" => 6,
        "lines" => 9,
        "age" => 10,
        _ => 11,
    };
    (policy, line)
}

#[test]
fn a_number_in_another_form_is_a_fault_with_its_place_and_what_to_write() {
    for place in ["user", "identity", "approvals", "lines", "age"] {
        for plain in ["1", "2", "3"] {
            assert_eq!(fault(&with(place, plain).0), None, "{place}: {plain}");
        }
        for number in OTHERWISE {
            // A blank around a bound is none of its number, and an id may be a word.
            if (place == "lines" && number.contains(' '))
                || (number == &"９" && ["user", "identity"].contains(&place))
            {
                continue;
            }
            let (policy, line) = with(place, number);
            let (message, at, help) = fault(&policy).unwrap_or_else(|| panic!("{place}: {number} is read"));
            assert_eq!(at, line, "{place}: {number}: {message}");
            let said = format!("{message} {}", help.unwrap_or_default());
            assert!(
                said.contains("write digits alone, the first of them no zero"),
                "{place}: {number}: {said}"
            );
        }
    }
}

#[test]
fn a_version_in_another_form_is_another_version() {
    for number in ["01", "1.0", "+1", "0x1", "1e0"] {
        let (policy, _) = with("approvals", "1");
        let (message, line, _) =
            fault(&policy.replace("countersign: 1", &format!("countersign: {number}"))).unwrap();
        assert_eq!(
            (message.as_str(), line),
            ("this module reads version 1 of the policy language", 1),
            "{number}"
        );
    }
}

#[test]
fn no_approval_is_asked_for_in_words() {
    for requirement in ["[{ approvals: 0, by: seniors }]", "[{ approvals: 0 }]"] {
        let policy = with("approvals", "1").0.replace("[{ approvals: 1, by: seniors }]", requirement);
        let (message, line, help) = fault(&policy).unwrap();
        assert_eq!((message.as_str(), line), ("`approvals: 0` asks for nothing", 11), "{requirement}");
        assert!(help.unwrap().contains("`require: nobody`"), "{requirement}");
        assert_eq!(fault(&policy.replace(requirement, "nobody")), None);
    }
}

#[test]
fn an_id_that_is_no_number_to_anybody_is_a_word() {
    for id in ["MDQ6VXNlcjE=", "u7", "a1b2", "7f3e9c"] {
        assert_eq!(fault(&with("user", id).0), None, "{id}");
    }
}

#[test]
fn seconds_that_a_person_writes_are_digits_alone() {
    assert_eq!(When::written("12"), Some(When::from_seconds(12)));
    assert_eq!(When::written("1970-01-01T00:00:12Z"), Some(When::from_seconds(12)));
    for text in OTHERWISE.iter().map(|text| text.trim_matches('"')) {
        assert_eq!(When::written(text), None, "{text}");
    }
}

proptest::proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn only_the_canonical_decimal_form_is_read(number in "[0-9+_.eExob: -]{1,4}") {
        let canonical = |number: &str| number.parse::<u32>().is_ok_and(|value| value.to_string() == number);
        let quoted = format!("\"{number}\"");
        let count: u32 = number.parse().unwrap_or_default();
        // There are three seniors.
        let read = fault(&with("approvals", &quoted).0).is_none();
        proptest::prop_assert_eq!(read, canonical(&number) && (1..=3).contains(&count));
        let read = fault(&with("age", &quoted).0).is_none();
        proptest::prop_assert_eq!(read, canonical(&number) && count > 0);
        // What begins with a digit is an id only as everybody reads it, or as no number to anybody.
        if number.bytes().all(|b| b.is_ascii_digit() || b == b'_' || b == b'.') && number.bytes().any(|b| b.is_ascii_digit()) {
            let read = fault(&with("user", &quoted).0).is_none();
            proptest::prop_assert!(!read || canonical(&number), "{}", number);
        }
    }
}
