//! A policy with a fault decides nothing, and does not lock its branch for ever.

use crate::common::{Case, POLICY, id};
use serde_json::{Value, json};

const FAULTY: &str = "countersign: 1\nname: test\nrulez: []\n";

/// A change to a target whose policy has a fault.
fn to_a_faulty_policy(earlier: &[&str], next: Option<&str>) -> Case {
    let mut case = Case::under(FAULTY);
    for policy in earlier {
        case.document("earlier-policy", ".countersign/policy.yaml", policy);
    }
    if let Some(next) = next {
        case.document("next-policy", ".countersign/policy.yaml", next);
    }
    case
}

#[test]
fn what_mends_a_policy_with_a_fault_is_judged_by_the_last_without() {
    let weaker = POLICY.replace("approvals: 1", "approvals: 2");
    let mut mends = to_a_faulty_policy(&[FAULTY, POLICY, &weaker], Some(POLICY));
    assert_eq!(mends.outcome(), "pending");
    mends.act("sam", "approve");
    assert_eq!(mends.outcome(), "approved");
    let notices = mends.answer().unwrap()["notices"].to_string();
    assert!(notices.contains("earlier-policy"), "{notices}");
    // What leaves the fault where it is, takes the policy away, or had none before, cannot be evaluated.
    for (earlier, next) in
        [(&[POLICY][..], Some(FAULTY)), (&[POLICY], None), (&[FAULTY], Some(POLICY)), (&[], Some(POLICY))]
    {
        let error = to_a_faulty_policy(earlier, next).answer().unwrap_err();
        assert!(error.to_string().contains("rulez"), "{error}");
    }
}

#[test]
fn a_policy_with_a_fault_asks_for_what_may_mend_it_once() {
    let wanted = |case: &Case| -> Value {
        let mut request = case.request.clone();
        let standing = json!({
            "role": "policy", "source": "git", "commit": id("base"), "path": ".countersign/policy.yaml", "bytes": case.policy,
        });
        request["documents"] = json!([&[standing], case.documents.as_slice()].concat());
        let needs = countersign_core::needs(request.to_string().as_bytes()).unwrap();
        serde_json::from_str::<Value>(&needs).unwrap()["documents"].clone()
    };
    let path = ".countersign/policy.yaml";
    let head = to_a_faulty_policy(&[], None).request["change"]["head"].clone();
    assert_eq!(
        wanted(&to_a_faulty_policy(&[], None)),
        json!([{ "role": "earlier-policy", "path": path }, { "role": "next-policy", "commit": head, "path": path }])
    );
    assert_eq!(wanted(&to_a_faulty_policy(&[POLICY], None)), json!([]));
}

#[test]
fn a_host_s_own_file_is_checked_as_what_it_is() {
    let check = |role: Value, bytes: &str, extends: Value| {
        let source = json!({
            "apiVersion": "countersign/v1", "name": "glass.yaml", "role": role, "bytes": bytes, "extends": extends,
        });
        countersign_core::check_policy(source.to_string().as_bytes()).map_err(|error| error.to_string())
    };
    let glass = "people: { on-call: { users: [olga] } }\nbreak-glass: { by: on-call }\n";
    let valid = |answer: Result<String, String>| {
        serde_json::from_str::<Value>(&answer.unwrap()).unwrap()["valid"].clone()
    };
    assert_eq!(valid(check(json!("break-glass"), glass, Value::Null)), json!(true));
    assert_eq!(
        valid(check(json!("break-glass"), &glass.replace("by: on-call", "by: oncall"), Value::Null)),
        json!(false)
    );
    assert_eq!(valid(check(json!("break-glass"), POLICY, Value::Null)), json!(false));
    assert_eq!(valid(check(json!("policy"), POLICY, Value::Null)), json!(true));
    assert_eq!(valid(check(json!("policy"), glass, Value::Null)), json!(false));
    assert!(check(json!("break-glass"), glass, json!(POLICY)).unwrap_err().contains("extends nothing"));
    assert!(check(json!("note"), glass, Value::Null).unwrap_err().contains("`role` is `note`"));
}
