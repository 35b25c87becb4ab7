//! Who answers for a change, as its decision names them.

use crate::common::Case;
use serde_json::{Value, json};

const POLICY: &str = "\
countersign: 1
name: test
people:
  seniors: { users: [sam, rhea] }
  directors: { users: [noor, sam] }
break-glass: { by: directors }
rules:
  - name: sign-off
    require: [{ approvals: 1, by: seniors }]
    waivable-by: directors
  - name: direction
    require: [{ approvals: 1, by: directors }, { approvals: 1, by: [seniors, directors] }]
  - name: watched
    enforce: observe
    require: [{ approvals: 1, by: seniors }]
";

const WAIVER: &str =
    "waive: sign-off\nreason: both seniors are ill and the fix cannot wait\nuntil: 1970-01-31";
const GLASS: &str = "break-glass: the queue is down and everybody waits for this fix";

fn answered_by(case: &Case) -> Value {
    case.answer().unwrap()["answered_by"].clone()
}

type Change = fn(&mut Case);

#[test]
fn everybody_answers_whose_sign_off_counted_or_who_overrode_a_rule() {
    let cases: [(&str, Change, Value); 8] = [
        ("nobody acted", |_| {}, Value::Null),
        (
            "somebody approved for one rule and for one that only observes",
            |case| {
                case.act("rhea", "approve");
            },
            json!([{ "person": "rhea", "act": "act-0", "rules": ["sign-off", "direction", "watched"] }]),
        ),
        (
            "two approved",
            |case| {
                case.act("noor", "approve");
                case.act("sam", "approve");
            },
            json!([
                { "person": "sam", "act": "act-1", "rules": ["sign-off", "direction", "watched"] },
                { "person": "noor", "act": "act-0", "rules": ["direction"] },
            ]),
        ),
        (
            "somebody refused",
            |case| {
                case.act("sam", "request-changes");
            },
            Value::Null,
        ),
        (
            "somebody approved who may not",
            |case| {
                case.act("olga", "approve");
            },
            Value::Null,
        ),
        (
            "an author approved",
            |case| {
                case.act("dana", "approve");
            },
            Value::Null,
        ),
        (
            "somebody waived a rule",
            |case| {
                case.comment("noor", WAIVER);
            },
            json!([{ "person": "noor", "act": "act-0", "rules": ["sign-off"], "overrides": true }]),
        ),
        (
            "somebody broke the glass after another approved",
            |case| {
                case.act("rhea", "approve");
                case.comment("noor", GLASS);
            },
            json!([
                { "person": "noor", "act": "act-1", "rules": ["break-glass", "direction"], "overrides": true },
                { "person": "rhea", "act": "act-0", "rules": ["sign-off", "direction", "watched"] },
            ]),
        ),
    ];
    for (name, change, expected) in cases {
        let mut case = Case::under(POLICY);
        change(&mut case);
        assert_eq!(answered_by(&case), expected, "{name}");
    }
}

#[test]
fn a_decision_that_does_not_name_them_is_one_of_an_earlier_version() {
    let mut case = Case::under(POLICY);
    case.act("rhea", "approve");
    case.comment("noor", GLASS);
    let mut decision = case.answer().unwrap();
    let of = |decision: &Value| {
        let decision = countersign_core::model::read(decision.to_string().as_bytes()).unwrap();
        serde_json::to_value(countersign_core::answered_by(&decision)).unwrap()
    };
    let said = decision["answered_by"].clone();
    assert_eq!(of(&decision), said);
    decision.as_object_mut().unwrap().remove("answered_by");
    assert_eq!(of(&decision), said);
}
