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

const PATH: &str = ".countersign/policy.yaml";
const BASE_PATH: &str = ".countersign/base.yaml";
const ON_TOP: &str = "countersign: 1\nname: top\nextends: .countersign/base.yaml\n";

/// What stands at a commit: of this role, nothing where there is no text.
fn at(case: &mut Case, (role, commit, path): (&str, &str, &str), text: Option<&str>) {
    let document = case.document(role, path, text.unwrap_or_default());
    document["commit"] = id(commit).into();
    match text {
        Some("a link") => document["mode"] = "120000".into(),
        Some(_) => {}
        None => document["mode"] = "000000".into(),
    }
}

/// A change under a policy that stands in git, on top of what stands beside it.
fn standing(policy: &str, base: Option<&str>) -> Case {
    let mut case = Case::under("");
    at(&mut case, ("policy", "base", PATH), Some(policy));
    at(&mut case, ("extends", "base", BASE_PATH), base);
    case
}

#[test]
fn whatever_keeps_a_policy_from_being_read_is_mended_under_the_last_that_could() {
    let two = POLICY.replace("name: test", "name: test\nextends: other.yaml");
    let pinned =
        format!("countersign: 1\nname: top\nextends: {{ path: {BASE_PATH}, commit: {} }}\n", id("pin"));
    let itself = ON_TOP.replace(BASE_PATH, PATH);
    for (what, policy, base) in [
        ("no base", ON_TOP, None),
        ("a base with a fault", ON_TOP, Some(FAULTY)),
        ("a base that is a link", ON_TOP, Some("a link")),
        ("a base on top of another", ON_TOP, Some(two.as_str())),
        ("a link", "a link", None),
        ("bad words", FAULTY, None),
    ] {
        let broken = || {
            let mut case = standing(policy, base);
            // A version whose base was not there yet, and the one before, which was whole.
            at(&mut case, ("earlier-policy", "c3", PATH), Some(ON_TOP));
            at(&mut case, ("earlier-policy", "c3", BASE_PATH), None);
            at(&mut case, ("earlier-policy", "c2", PATH), Some(ON_TOP));
            at(&mut case, ("earlier-policy", "c2", BASE_PATH), Some(POLICY));
            at(&mut case, ("earlier-policy", "c0", PATH), Some(&POLICY.replace("sam, rhea", "dana, omar")));
            case
        };
        let error = broken().answer().unwrap_err();
        assert_eq!(error["error"], "bad-policy", "{what}: {error}");
        let help = error["help"].as_str().unwrap();
        assert!(help.contains(&format!("{PATH} at {}", &id("c2")[..12])), "{what}: {help}");
        for (next, beside, mends) in [
            (POLICY, None, true),
            (ON_TOP, Some(POLICY), true),
            (ON_TOP, None, false),
            (ON_TOP, Some(FAULTY), false),
            (ON_TOP, Some(two.as_str()), false),
            ("a link", None, false),
        ] {
            let mut case = broken();
            at(&mut case, ("next-policy", "c1", PATH), Some(next));
            at(&mut case, ("next-policy", "c1", BASE_PATH), beside);
            assert_eq!(case.outcome(), if mends { "pending" } else { "bad-policy" }, "{what}: {next}");
            case.act("omar", "approve");
            assert_eq!(case.outcome(), if mends { "pending" } else { "bad-policy" }, "{what}: {next}");
            case.act("sam", "approve");
            assert_eq!(case.outcome(), if mends { "approved" } else { "bad-policy" }, "{what}: {next}");
        }
    }
    // One that pins what is not here, and one that extends itself.
    for (policy, path, commit, base) in
        [(pinned.as_str(), BASE_PATH, "pin", None), (itself.as_str(), PATH, "base", Some(itself.as_str()))]
    {
        let mut case = Case::under("");
        at(&mut case, ("policy", "base", PATH), Some(policy));
        at(&mut case, ("extends", commit, path), base);
        assert_eq!(case.outcome(), "bad-policy", "{policy}");
        at(&mut case, ("earlier-policy", "c2", PATH), Some(POLICY));
        at(&mut case, ("next-policy", "c1", PATH), Some(POLICY));
        assert_eq!(case.outcome(), "pending", "{policy}");
    }
}

#[test]
fn a_policy_before_whose_base_was_not_looked_up_lets_none_before_it_decide() {
    let mut case = standing(FAULTY, None);
    at(&mut case, ("earlier-policy", "c3", PATH), Some(ON_TOP));
    at(&mut case, ("earlier-policy", "c2", PATH), Some(POLICY));
    at(&mut case, ("next-policy", "c1", PATH), Some(POLICY));
    assert_eq!(case.outcome(), "bad-policy");
    // A base of another commit is none of its.
    at(&mut case, ("earlier-policy", "c2", BASE_PATH), Some(POLICY));
    assert_eq!(case.outcome(), "bad-policy");
    at(&mut case, ("earlier-policy", "c3", BASE_PATH), Some(POLICY));
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn where_no_policy_was_ever_without_a_fault_the_answer_names_who_can_help() {
    for earlier in [&[][..], &[FAULTY]] {
        let mut case = standing(FAULTY, None);
        for policy in earlier {
            at(&mut case, ("earlier-policy", "c2", PATH), Some(policy));
        }
        at(&mut case, ("next-policy", "c1", PATH), Some(POLICY));
        let help = case.answer().unwrap_err()["help"].as_str().unwrap().to_owned();
        assert!(help.contains("past the gate") && help.contains("--break-glass-file"), "{help}");
        assert!(help.contains("where there never was one"), "{help}");
    }
}

#[test]
fn what_is_asked_for_to_mend_a_policy_is_all_of_each_that_may_decide() {
    let wanted = |case: &Case| -> Value {
        let needs = countersign_core::needs(case.whole().to_string().as_bytes()).unwrap();
        serde_json::from_str::<Value>(&needs).unwrap()["documents"].clone()
    };
    let old = |path: &str| json!({ "role": "earlier-policy", "path": path });
    let next = |path: &str| json!({ "role": "next-policy", "commit": id("c1"), "path": path });
    // The base tells times too, where the policy names it.
    let mut case = standing(ON_TOP, None);
    assert_eq!(wanted(&case), json!([old(BASE_PATH), old(PATH), next(PATH)]));
    // What those before it extended, and the one to come.
    at(&mut case, ("earlier-policy", "c2", PATH), Some(&ON_TOP.replace("base.yaml", "old.yaml")));
    let pinned = format!("countersign: 1\nname: t\nextends: {{ path: p.yaml, commit: {} }}\n", id("pin"));
    at(&mut case, ("earlier-policy", "c0", PATH), Some(&pinned));
    at(&mut case, ("next-policy", "c1", PATH), Some(ON_TOP));
    let of_pin = json!({ "role": "earlier-policy", "commit": id("pin"), "path": "p.yaml" });
    assert_eq!(wanted(&case), json!([old(".countersign/old.yaml"), old(PATH), of_pin, next(BASE_PATH)]));
    // Nothing more where all is here.
    at(&mut case, ("earlier-policy", "c2", ".countersign/old.yaml"), None);
    at(&mut case, ("earlier-policy", "pin", "p.yaml"), None);
    at(&mut case, ("next-policy", "c1", BASE_PATH), None);
    assert_eq!(wanted(&case), json!([]));
}

#[test]
fn a_check_of_a_policy_says_what_of_its_base_can_be_known() {
    let check = |extends: Option<&str>| {
        let source =
            json!({ "apiVersion": "countersign/v1", "name": "p", "bytes": ON_TOP, "extends": extends });
        let report = countersign_core::check_policy(source.to_string().as_bytes()).unwrap();
        let report: Value = serde_json::from_str(&report).unwrap();
        (report["valid"].clone(), report["diagnostics"].to_string())
    };
    assert_eq!(
        check(Some(&POLICY.replace("require:", "when: { paths: [\".countersign/\"] }\n    require:"))).0,
        true
    );
    let (valid, said) = check(None);
    assert!(valid == true && said.contains("is not here"), "{said}");
    let (valid, said) = check(Some(&POLICY.replace("name: test", "name: test\nextends: other.yaml")));
    assert!(valid == false && said.contains("one level is read"), "{said}");
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
