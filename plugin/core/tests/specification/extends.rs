//! A policy on top of another adds to it, and weakens nothing of it.

use crate::common::{Case, id};
use serde_json::json;

const PATH: &str = ".countersign/base.yaml";

const BASE: &str = "\
countersign: 1
name: base
people:
  seniors: { users: [sam, rhea] }
questions: { reach: What does it reach? }
rules:
  - name: sign-off
    require: [{ approvals: 1, by: seniors }]
";

/// A policy on top of `BASE`, which holds these lines.
fn on_top(lines: &str) -> Case {
    let rules = if lines.contains("rules:") {
        ""
    } else {
        "rules:\n  - name: docs\n    when: { paths: [docs/] }\n    require: [{ approvals: 1, by: seniors }]\n"
    };
    let mut case = Case::under(&format!("countersign: 1\nname: top\nextends: {PATH}\n{lines}{rules}"));
    case.document("extends", PATH, BASE);
    case
}

#[test]
fn the_rules_of_both_hold() {
    let own =
        "rules:\n  - name: own\n    require: [{ approvals: 2, by: [seniors, team], answers: [reach] }]\n";
    let mut case = on_top(&format!("people: {{ team: {{ users: [omar] }} }}\n{own}"));
    case.act("sam", "approve")["text"] = "reach: the queue and nothing behind it".into();
    assert_eq!(case.rule_code("sign-off"), "satisfied");
    assert_eq!(case.rule_code("own"), "missing-approvals");
    assert_eq!(case.outcome(), "pending");
    case.act("omar", "approve")["text"] = "reach: only the tables that it names".into();
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn nothing_of_the_extended_policy_is_weakened() {
    for (lines, code) in [
        ("people: { seniors: { users: [dana] } }\n", "bad-policy"),
        ("questions: { reach: Anything? }\n", "bad-policy"),
        ("otherwise: pass\n", "bad-policy"),
        ("break-glass: { by: seniors }\n", "bad-policy"),
        // Who is who, and what is an AI, the extended policy says alone.
        ("identities: { dana: { accounts: [sam] } }\n", "bad-policy"),
        ("provenance: { tools: { x: { emails: [dana@example.com] } } }\n", "bad-policy"),
        ("rules: [{ name: sign-off, require: nobody }]\n", "bad-policy"),
        // What can be said and takes nothing away: the rule of the extended policy still waits.
        ("enforce: observe\n", "pending"),
        ("draft: evaluate\n", "pending"),
        ("options: { may-approve: contributors, stale: keep }\n", "pending"),
        ("require: [docs]\n", "pending"),
    ] {
        let mut case = on_top(lines);
        case.act("dana", "approve");
        let (lines, outcome) = (lines.trim(), case.outcome());
        assert_eq!(outcome, code, "{lines}: {:?}", case.answer());
        if let Ok(decision) = case.answer() {
            assert_eq!(decision["blocks"], true, "{lines}");
        }
    }
}

#[test]
fn an_extended_policy_that_only_observes_does_not_keep_the_rules_on_top_from_blocking() {
    let mut case = on_top("rules: [{ name: own, require: [{ approvals: 1, by: seniors }] }]\n");
    case.documents[0]["bytes"] = BASE.replace("name: base", "name: base\nenforce: observe").into();
    let decision = case.answer().unwrap();
    assert_eq!((decision["outcome"].as_str(), decision["blocks"].as_bool()), (Some("pending"), Some(true)));
    assert_eq!(decision["rules"][0]["observed"], true);
    assert_eq!(decision["rules"][1]["observed"], json!(null));
}

#[test]
fn a_veto_blocks_as_the_side_says_that_holds_it() {
    let veto = "veto: { by: seniors }\n";
    let base = |more: &str| BASE.replace("rules:", &format!("{more}rules:"));
    for (of_base, of_top, blocks) in [
        (base(&format!("enforce: observe\n{veto}")), String::new(), false),
        (base(veto), "enforce: observe\n".to_owned(), true),
        (base(""), format!("enforce: observe\n{veto}"), false),
        (base("enforce: observe\n"), veto.to_owned(), true),
        (base(veto), String::new(), true),
    ] {
        let own = "rules: [{ name: own, require: nobody }]\n";
        let mut case = on_top(&format!("{of_top}{own}"));
        case.documents[0]["bytes"] = of_base.clone().into();
        case.act("sam", "approve");
        case.act("rhea", "request-changes")["at"] = 500.into();
        let base_asks = !of_base.contains("observe");
        let decision = case.answer().unwrap();
        assert_eq!(decision["rules"][0]["code"], "vetoed", "{of_base}{of_top}");
        assert_eq!(
            decision["rules"][0]["observed"].as_bool(),
            (!blocks).then_some(true),
            "{of_base}{of_top}"
        );
        // The rule of a base that blocks takes the refusal for itself.
        assert_eq!(decision["blocks"], blocks || base_asks, "{of_base}{of_top}");

        // And one that is not known to stand.
        case.request["acts"] = json!([]);
        case.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "acts");
        let decision = case.answer().unwrap();
        assert_eq!(decision["rules"][0]["code"], "list-incomplete", "{of_base}{of_top}");
        assert_eq!(decision["blocks"], blocks || base_asks, "{of_base}{of_top}");
    }
}

#[test]
fn no_rule_on_top_makes_up_for_the_extended_policy_not_applying() {
    let narrow = |more: &str, when: &str| {
        BASE.replace("rules:", &format!("{more}rules:"))
            .replace("require:", &format!("when: {{ {when} }}\n    require:"))
    };
    let noop = "rules: [{ name: noop, require: nobody }]\n";
    for (base, outcome) in [
        (narrow("otherwise: block\n", "paths: [docs/]"), "pending"),
        (narrow("", "labels: [risky]"), "pending"),
        (narrow("", "paths: [docs/]"), "approved"),
        (narrow("otherwise: pass\n", "labels: [risky]"), "approved"),
        (narrow("otherwise: block\n", "paths: [src/]"), "pending"),
        // One that only observes holds nothing up.
        (narrow("enforce: observe\notherwise: block\n", "paths: [docs/]"), "approved"),
        (narrow("enforce: observe\n", "labels: [risky]"), "approved"),
    ] {
        let mut case = on_top(noop);
        case.documents[0]["bytes"] = base.clone().into();
        assert_eq!(case.outcome(), outcome, "{base}");
    }
    let mut covered = on_top(noop);
    covered.documents[0]["bytes"] = narrow("otherwise: block\n", "paths: [src/]").into();
    covered.act("sam", "approve");
    assert_eq!(covered.outcome(), "approved");
    // And the line that says so says whose rules it means.
    let mut other = on_top(noop);
    other.documents[0]["bytes"] = narrow("otherwise: block\n", "paths: [docs/]").into();
    let headline = other.answer().unwrap()["headline"].as_str().unwrap().to_owned();
    assert!(headline.contains("no rule of the policy that this one extends applies"), "{headline}");
    // By its own combination: a rule that it does not require covers nothing.
    let mut combined = on_top(noop);
    let two = "  - name: other\n    require: nobody\nrequire: [sign-off]\n";
    combined.documents[0]["bytes"] = (narrow("otherwise: block\n", "paths: [docs/]") + two).into();
    assert_eq!(combined.outcome(), "pending");
}

#[test]
fn a_repository_is_called_as_the_extended_policy_says() {
    let mut case = on_top("repository: queue\n");
    assert_eq!(case.outcome(), "pending");
    case.documents[0]["bytes"] = BASE.replace("people:", "repository: base\npeople:").into();
    assert_eq!(case.outcome(), "bad-policy");
}

#[test]
fn a_combination_of_the_extended_policy_stays() {
    let base = BASE.replace("rules:", "require: [{ any: [sign-off, other] }]\nrules:")
        + "  - name: other\n    require: [{ approvals: 2, by: seniors }]\n";
    let mut case = on_top("");
    case.documents[0]["bytes"] = base.into();
    case.act("sam", "approve");
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn a_policy_whose_base_is_not_here_decides_nothing() {
    let mut case = on_top("");
    case.documents.clear();
    assert_eq!(case.outcome(), "bad-request");
    case.document("extends", "another.yaml", BASE);
    assert_eq!(case.outcome(), "bad-request");
    // Nor one that is pinned and read elsewhere.
    let mut case = on_top("");
    let pinned = format!("extends: {{ path: {PATH}, commit: {} }}", id("pin"));
    case.policy = case.policy.replace(&format!("extends: {PATH}"), &pinned);
    assert_eq!(case.outcome(), "bad-request");
    case.documents[0]["commit"] = id("pin").into();
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn one_level_is_read() {
    let mut case = on_top("");
    case.documents[0]["bytes"] = BASE.replace("name: base", "name: base\nextends: x.yaml").into();
    assert_eq!(case.outcome(), "bad-policy");
}

#[test]
fn the_digest_is_over_all_that_decides() {
    let mut case = on_top("");
    let digest = |case: &Case| case.answer().unwrap()["policy"]["digest"].as_str().unwrap().to_owned();
    let before = digest(&case);
    assert_ne!(before, "sha256:p");
    case.documents[0]["digest"] = "sha256:another".into();
    assert_ne!(digest(&case), before);
    assert_eq!(case.answer().unwrap()["policy"]["documents"][0]["role"], "extends");
}

#[test]
fn what_is_still_missing_is_asked_for_before_the_facts() {
    let case = on_top("");
    let mut request = case.request.clone();
    request["documents"] = json!([{ "role": "policy", "source": "test", "bytes": case.policy }]);
    let needs = countersign_core::needs(request.to_string().as_bytes()).unwrap();
    let needs: serde_json::Value = serde_json::from_str(&needs).unwrap();
    assert_eq!(needs["facts"], json!([]));
    assert_eq!(needs["documents"], json!([{ "role": "extends", "path": PATH }]));
}
