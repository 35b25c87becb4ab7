//! How a ref is moved, before any rule: what is protected, what takes commits away, and what a merge made.

use crate::common::{Case, POLICY, id};
use serde_json::{Value, json};

const NOTHING: &str = "0000000000000000000000000000000000000000";

fn headline(case: &Case) -> String {
    case.answer().unwrap()["headline"].as_str().unwrap().to_owned()
}

/// A push to a branch, where the default branch is `main` and holds this policy.
fn pushed_to(target: &str, policy_of_main: Option<&str>) -> Case {
    let mut case = Case::new();
    case.request["trigger"]["kind"] = "pre-receive".into();
    case.request["change"]["target"] = format!("refs/heads/{target}").into();
    case.request["change"]["default_branch"] = "refs/heads/main".into();
    if let Some(policy) = policy_of_main {
        case.document("protection", ".countersign/policy.yaml", policy);
    }
    case
}

#[test]
fn a_hook_gates_what_the_policy_of_the_default_branch_protects() {
    let says = "countersign: 1\nname: x\nprotects: [prod, \"release/*\"]\n";
    for (target, policy, outcome) in [
        ("main", None, "pending"),
        ("main", Some("protects: [prod]\n"), "pending"),
        ("master", None, "pending"),
        ("release/2", None, "pending"),
        ("feature", None, "not-applicable"),
        ("prod", Some(says), "pending"),
        ("release/2", Some(says), "pending"),
        ("master", Some(says), "not-applicable"),
        ("feature", Some(says), "not-applicable"),
        // A list that cannot be read protects what no list protects.
        ("release/2", Some("protects: [\n"), "pending"),
        ("feature", Some("protects: [\n"), "not-applicable"),
    ] {
        assert_eq!(pushed_to(target, policy).outcome(), outcome, "{target} {policy:?}");
    }
}

#[test]
fn the_last_list_that_can_be_read_protects() {
    let mut case = pushed_to("prod", Some("protects: [\n"));
    case.document("protection", ".countersign/policy.yaml", "protects: [prod]\n");
    case.document("protection", ".countersign/policy.yaml", "protects: [other]\n");
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn what_is_not_protected_needs_nothing_and_says_why() {
    let mut case = pushed_to("feature", Some("protects: [\"release/*\"]\n"));
    case.policy = "not a policy".to_owned();
    let decision = case.answer().unwrap();
    assert_eq!(decision["headline"], "Passes: feature is not protected: the policy protects main, release/*");
    assert_eq!(decision["blocks"], false);
    assert_eq!((&decision["apiVersion"], &decision["kind"]), (&json!("countersign/v1"), &json!("Decision")));
    // The answer names the change as every other one does.
    let (judged, asked) = (&decision["change"], &case.request["change"]);
    for (said, given) in [
        ("repository", &asked["repository"]["name"]),
        ("subject", &asked["repository"][if asked["repository"]["id"].is_null() { "name" } else { "id" }]),
        ("id", &asked["id"]),
        ("target", &asked["target"]),
        ("base_tip", &asked["base_tip"]),
        ("head", &asked["head"]),
    ] {
        assert_eq!((&judged[said], given.is_null()), (given, false), "{said}");
    }
    let mut request = case.request.clone();
    request["documents"] = json!(case.documents);
    let needs = countersign_core::needs(request.to_string().as_bytes()).unwrap();
    let needs: Value = serde_json::from_str(&needs).unwrap();
    assert_eq!(needs["facts"], json!([]));
}

#[test]
fn a_command_judges_the_target_that_it_is_given() {
    let mut case = pushed_to("feature", None);
    case.request["trigger"]["kind"] = "check".into();
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn where_the_default_branch_is_not_known_the_target_takes_its_place() {
    let mut case = pushed_to("feature", None);
    case.request["change"].as_object_mut().unwrap().remove("default_branch");
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn a_protected_branch_is_not_deleted() {
    let mut case = pushed_to("main", None);
    case.request["change"]["head"] = NOTHING.into();
    case.request["commits"] = json!([]);
    case.request["files"] = json!([]);
    assert_eq!(case.outcome(), "denied");
    assert_eq!(headline(&case), "Denied: this would delete main, which is protected");
}

/// A change that a push makes of the target.
fn push() -> Case {
    let mut case = pushed_to("main", None);
    let head = case.request["change"]["head"].clone();
    case.request["change"]["merge_base"] = id("base").into();
    case.request["change"]["result"] = json!({ "commit": head, "tree": id("tc1"), "kind": "push" });
    case.act("sam", "approve");
    case
}

#[test]
fn a_push_takes_no_commits_off_a_protected_branch() {
    assert_eq!(push().outcome(), "approved");
    for merge_base in [json!(id("older")), Value::Null] {
        let mut case = push();
        match merge_base {
            Value::Null => drop(case.request["change"].as_object_mut().unwrap().remove("merge_base")),
            other => case.request["change"]["merge_base"] = other,
        }
        assert_eq!(case.outcome(), "denied");
        assert!(
            headline(&case).starts_with("Denied: this would take commits off main"),
            "{}",
            headline(&case)
        );
    }
    // A rewind brings nothing, and takes away all the same: an older policy may stand there.
    let mut rewind = push();
    rewind.request["change"]["head"] = id("older").into();
    rewind.request["change"]["merge_base"] = id("older").into();
    (rewind.request["commits"], rewind.request["files"]) = (json!([]), json!([]));
    assert_eq!(rewind.outcome(), "denied");
    // A branch that is new has nothing to lose.
    let mut new = push();
    new.request["change"]["base_tip"] = NOTHING.into();
    new.request["change"].as_object_mut().unwrap().remove("merge_base");
    assert_eq!(new.outcome(), "approved");
}

/// What a merge made of an approved change.
fn merged(kind: &str) -> Case {
    let mut case = push();
    case.request["change"]["merge_tree"] = id("merged").into();
    case.request["change"]["result"] = json!({ "commit": id("m1"), "tree": id("merged"), "kind": kind });
    case
}

#[test]
fn a_merge_holds_what_merging_the_approved_head_gives() {
    for kind in ["merge", "squash", "rebase", "fast-forward"] {
        let mut case = merged(kind);
        assert_eq!(case.outcome(), "approved", "{kind}");
        case.request["change"]["result"]["tree"] = id("other").into();
        assert_eq!(case.outcome(), "pending", "{kind}");
        assert!(headline(&case).contains("holds something else than merging"), "{}", headline(&case));
        case.request["change"].as_object_mut().unwrap().remove("merge_tree");
        assert_eq!(case.outcome(), "pending", "{kind}");
        assert!(headline(&case).contains("is not known"), "{}", headline(&case));
    }
}

#[test]
fn a_merge_that_holds_something_else_is_to_be_judged_as_a_push() {
    let needs = |case: &Case| -> Value {
        let mut request = case.request.clone();
        request["documents"] = json!([{ "role": "policy", "source": "test", "bytes": case.policy }]);
        serde_json::from_str(&countersign_core::needs(request.to_string().as_bytes()).unwrap()).unwrap()
    };
    let mut case = merged("squash");
    assert_eq!(needs(&case)["as_push"], Value::Null);
    case.request["change"]["result"]["tree"] = id("other").into();
    assert_eq!(needs(&case)["as_push"], true);
    case.request["change"].as_object_mut().unwrap().remove("merge_tree");
    assert_eq!(needs(&case)["facts"], json!(["merge-tree"]));
}

#[test]
fn the_groups_to_read_are_named() {
    let mut case = Case::new();
    case.policy = case.policy.replace("users: [sam, rhea]", "groups: [acme/seniors, acme/leads]");
    case.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "groups");
    let mut request = case.request.clone();
    request["documents"] = json!([{ "role": "policy", "source": "test", "bytes": case.policy }]);
    let needs: Value =
        serde_json::from_str(&countersign_core::needs(request.to_string().as_bytes()).unwrap()).unwrap();
    assert_eq!(needs["groups"], json!(["acme/leads", "acme/seniors"]));
}

#[test]
fn commits_that_came_in_without_a_verdict_are_settled_first() {
    let mut case = push();
    let tip = case.request["change"]["base_tip"].clone();
    case.request["history"] = json!({ "audited": tip });
    assert_eq!(case.outcome(), "approved");
    case.request["history"] = json!({ "audited": id("older") });
    assert_eq!(case.outcome(), "pending");
    assert!(headline(&case).contains("was never decided about"), "{}", headline(&case));
    // A change to which no rule applies would carry them along just the same.
    case.policy = case.policy.replace("    require", "    when: { ai: any }\n    require");
    assert_eq!(case.outcome(), "pending");
    // They themselves are a change that begins where all was decided about.
    let mut gap = push();
    gap.request["change"]["base_tip"] = id("older").into();
    gap.request["change"]["merge_base"] = id("older").into();
    gap.request["history"] = json!({ "audited": id("older") });
    assert_eq!(gap.outcome(), "approved");
    // A branch that is new has nothing before it.
    let mut new = push();
    new.request["change"]["base_tip"] = NOTHING.into();
    new.request["change"].as_object_mut().unwrap().remove("merge_base");
    new.request["history"] = json!({ "audited": id("older") });
    assert_eq!(new.outcome(), "approved");
}

#[test]
fn who_only_observes_stops_no_move() {
    let mut case = pushed_to("main", None);
    case.policy = case.policy.replace("name: test", "name: test\nenforce: observe");
    case.request["change"]["head"] = NOTHING.into();
    (case.request["commits"], case.request["files"]) = (json!([]), json!([]));
    let decision = case.answer().unwrap();
    assert_eq!((&decision["outcome"], &decision["blocks"]), (&json!("denied"), &json!(false)));
}

/// A push to the ref that holds sign-offs, with files that it changes.
fn push_of_signoffs(files: Value) -> Case {
    let mut case = push();
    case.request["change"]["target"] = "refs/countersign/signoffs".into();
    case.request["change"]["default_branch"] = "refs/heads/main".into();
    case.request["files"] = files;
    case
}

fn file(path: &str, status: &str) -> Value {
    json!({ "path": path, "status": status })
}

#[test]
fn sign_offs_are_only_added_whatever_the_policy_says() {
    let at = |name: &str, ending: &str| format!("signoffs/{}/{}.{ending}", id("c1"), name.repeat(64));
    let pair = [file(&at("a", "json"), "added"), file(&at("a", "sig"), "added")];
    let with = |more: Value| json!([pair[0], pair[1], more]);
    let taken = "take away signoffs/";
    let moved = json!({ "path": at("d", "json"), "previous_path": at("b", "json"), "status": "renamed" });
    for (files, said) in [
        (json!(pair), None),
        (json!([]), None),
        (with(file(&at("b", "json"), "deleted")), Some(taken)),
        (with(file(&at("b", "sig"), "modified")), Some(taken)),
        (with(file(&at("b", "sig"), "type-changed")), Some(taken)),
        (with(moved), Some(taken)),
        (with(file(&at("b", "json"), "added")), Some("is no statement with its signature")),
        (with(file(&at("b", "sig"), "added")), Some("is no statement with its signature")),
        (with(file("README", "added")), Some("README is no statement with its signature")),
    ] {
        for policy in [POLICY, "countersign: 1\nname: x\nenforce: observe\nrules: []\n", "no policy at all"] {
            let mut case = push_of_signoffs(files.clone());
            case.policy = policy.to_owned();
            let decision = case.answer().unwrap();
            let headline = decision["headline"].as_str().unwrap();
            assert_eq!(decision["blocks"], said.is_some(), "{headline}");
            assert!(headline.contains(said.unwrap_or("only gains sign-offs")), "{headline}");
        }
    }
}

#[test]
fn a_sign_off_stands_where_the_program_writes_one_and_nowhere_else() {
    let (commit, digest) = (id("c1"), "a".repeat(64));
    for (name, passes) in [
        (format!("signoffs/{commit}/{digest}"), true),
        (format!("signoffs/{}/{digest}", "b".repeat(64)), true),
        (format!("signoffs/{commit}/{}", "A".repeat(64)), false),
        (format!("signoffs/{commit}/{commit}"), false),
        (format!("signoffs/{commit}/x/{digest}"), false),
        (format!("signoffs/main/{digest}"), false),
        (format!("signoffs/../{digest}"), false),
        (format!("signoffs/{digest}"), false),
        (format!("./signoffs/{commit}/{digest}"), false),
        (".git/a".to_owned(), false),
        ("HEAD".to_owned(), false),
    ] {
        let files = ["json", "sig"].map(|ending| file(&format!("{name}.{ending}"), "added"));
        let decision = push_of_signoffs(json!(files)).answer().unwrap();
        assert_eq!(decision["blocks"], !passes, "{name}");
    }
}

#[test]
fn a_ref_of_sign_offs_is_neither_deleted_nor_rewound_nor_moved_unseen() {
    let deleted = |change: &mut Value| change["head"] = NOTHING.into();
    let rewound = |change: &mut Value| change["merge_base"] = id("older").into();
    let unrelated = |change: &mut Value| drop(change.as_object_mut().unwrap().remove("merge_base"));
    for (moves, said) in [
        (&deleted as &dyn Fn(&mut Value), "would delete refs/countersign/signoffs"),
        (&rewound, "does not hold"),
        (&unrelated, "does not hold"),
    ] {
        let mut case = push_of_signoffs(json!([]));
        moves(&mut case.request["change"]);
        assert_eq!(case.outcome(), "denied");
        assert!(headline(&case).contains(said), "{}", headline(&case));
    }
    // Git keeps no ref below another: one below the documented one would keep it from ever being made.
    for (target, expected) in [
        ("refs/countersign/signoffs/x", "denied"),
        ("refs/countersign/signoffs-of-sam", "not-applicable"),
        ("refs/countersign/others/x", "not-applicable"),
    ] {
        let mut below = push_of_signoffs(json!([]));
        below.request["change"]["target"] = target.into();
        assert_eq!(below.outcome(), expected, "{target}");
    }
    let mut unseen = push_of_signoffs(json!([]));
    unseen.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "files");
    assert_eq!(unseen.outcome(), "denied");
    // One that is new has nothing that could be taken away.
    let mut made = push_of_signoffs(json!([]));
    made.request["change"]["base_tip"] = NOTHING.into();
    made.request["change"].as_object_mut().unwrap().remove("merge_base");
    assert_eq!(made.outcome(), "not-applicable");
}

#[test]
fn no_branch_and_no_tag_is_called_like_the_full_name_of_a_ref() {
    for (target, outcome) in [
        ("refs/heads/refs/countersign/signoffs", "denied"),
        ("refs/heads/refs/heads/main", "denied"),
        ("refs/tags/refs/heads/main", "denied"),
        ("refs/heads/refs", "not-applicable"),
        ("refs/heads/references/x", "not-applicable"),
        ("refs/heads/heads/main", "not-applicable"),
    ] {
        let mut case = push();
        case.request["change"]["target"] = target.into();
        case.request["change"]["default_branch"] = "refs/heads/main".into();
        assert_eq!(case.outcome(), outcome, "{target}");
        // Whoever has one gets rid of it.
        case.request["change"]["head"] = NOTHING.into();
        assert_eq!(case.outcome(), "not-applicable", "{target}");
        // A command judges the target that it is given.
        case.request["trigger"]["kind"] = "check".into();
        assert_ne!(case.outcome(), "not-applicable", "{target}");
    }
}

#[test]
fn of_a_ref_of_sign_offs_the_files_are_asked_for_and_nothing_else() {
    let mut case = push_of_signoffs(json!([]));
    let needs = |case: &Case| {
        let mut request = case.request.clone();
        request["documents"] = json!(case.documents);
        let needs = countersign_core::needs(request.to_string().as_bytes()).unwrap();
        serde_json::from_str::<Value>(&needs).unwrap()["facts"].clone()
    };
    assert_eq!(needs(&case), json!([]));
    case.request["complete"] = json!(["documents"]);
    assert_eq!(needs(&case), json!(["files"]));
}

#[test]
fn a_report_about_a_policy_says_what_it_protects() {
    for (policy, protects) in [
        ("countersign: 1\nname: x\nrules: []\n", json!(["main", "master", "release/*"])),
        (
            "protects: [prod, \"re:^v[0-9]+$\", \"refs/tags/v*\"]\n",
            json!(["prod", "re:^v[0-9]+$", "refs/tags/v*"]),
        ),
        // Nothing beside the default branch, which is always protected.
        ("protects: []\n", Value::Null),
        ("protects: [\n", json!(["main", "master", "release/*"])),
        ("", json!(["main", "master", "release/*"])),
    ] {
        let source = json!({ "apiVersion": "countersign/v1", "name": "p", "bytes": policy });
        let report = countersign_core::check_policy(source.to_string().as_bytes()).unwrap();
        let report: Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["protects"], protects, "{policy}");
    }
}
