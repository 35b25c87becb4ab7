//! Waivers and broken glass: who answers for a rule that is not satisfied, and what does not count as that.

use crate::common::{self, Case, account, id, ident};
use serde_json::json;

const POLICY: &str = "\
countersign: 1
name: test
people:
  seniors: { users: [sam, rhea] }
  directors: { users: [noor, dana] }
break-glass: { by: directors, options: { may-approve: contributors } }
rules:
  - name: sign-off
    require: [{ approvals: 1, by: seniors }]
    waivable-by: directors
  - name: Nothing in vendor
    when: { paths: [\"vendor/**\"] }
    deny: vendored code comes by the mirror
    waivable-by: directors
";

const WAIVER: &str =
    "waive: sign-off\nreason: both seniors are ill and the fix cannot wait\nuntil: 1970-01-31";

fn case() -> Case {
    Case::under(POLICY)
}

fn waived(text: &str, by: &str) -> Case {
    let mut case = case();
    case.comment(by, text);
    case
}

/// The codes of the acts that would override the rule.
fn codes(case: &Case, rule: &str) -> Vec<String> {
    let decision = case.answer().unwrap();
    let rules = decision["rules"].as_array().unwrap();
    let rule = rules.iter().find(|found| found["name"] == rule).unwrap();
    let requirement = rule["requirements"].as_array().unwrap().last().unwrap();
    requirement["acts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|act| act["code"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_waiver_names_a_rule_whatever_marks_stand_around_the_name() {
    for (name, said) in [
        ("sign-off", "**sign-off**"),
        ("sign-off", "\"Sign-Off\""),
        ("'\"Sign\" off'", "\"sign\" off"),
        ("'*Sign off*'", "Sign off"),
    ] {
        let mut case = case();
        case.policy = case.policy.replace("name: sign-off", &format!("name: {name}"));
        case.comment("noor", &WAIVER.replace("waive: sign-off", &format!("waive: {said}")));
        assert_eq!(case.outcome(), "approved", "{name} {said}");
    }
}

#[test]
fn a_waiver_is_shown_as_overridden_and_never_as_satisfied() {
    let case = waived(WAIVER, "noor");
    let decision = case.answer().unwrap();
    assert_eq!(decision["outcome"], "approved");
    assert_eq!(decision["rules"][0]["state"], "overridden");
    assert_eq!(decision["rules"][0]["code"], "waived");
    assert_eq!(decision["rules"][0]["missing"][0], "1 approval by seniors");
    let overridden = &decision["rules"][0]["overridden"];
    assert_eq!(overridden["by"], "noor");
    assert_eq!(overridden["reason"], "both seniors are ill and the fix cannot wait");
    assert!(decision["headline"].as_str().unwrap().contains("overridden"), "{}", decision["headline"]);
    assert!(decision["notices"].as_array().unwrap().iter().any(|notice| notice["code"] == "overridden"));
    assert_eq!(decision["remedies"], json!([]));
}

#[test]
fn a_waiver_that_does_not_count_says_why() {
    for (text, by, code) in [
        (WAIVER.replace("1970-01-31", "1970-01-11"), "noor", "too-old"),
        (WAIVER.replace("until: 1970-01-31", ""), "noor", "unanswered-question"),
        (WAIVER.replace("both seniors are ill and the fix cannot wait", "ill"), "noor", "answer-too-short"),
        (WAIVER.to_owned(), "sam", "not-eligible"),
        // Who opened the change is a director too, and overrides no rule on it.
        (WAIVER.to_owned(), "dana", "author"),
    ] {
        let case = waived(&text, by);
        assert_eq!(codes(&case, "sign-off"), [code], "{text}");
        assert_eq!(case.outcome(), "pending", "{text}");
    }
}

#[test]
fn a_waiver_of_an_earlier_head_ends_with_the_push() {
    let mut case = waived(WAIVER, "noor");
    case.commit("c2", &["c1"]);
    assert_eq!(codes(&case, "sign-off"), ["stale-head"]);
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn a_waiver_is_taken_back_by_a_later_refusal() {
    let mut case = waived(WAIVER, "noor");
    case.act("noor", "withdraw");
    assert_eq!(codes(&case, "sign-off"), ["withdrawn"]);
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn a_quoted_waiver_waives_nothing() {
    let quoted: String = WAIVER.lines().map(|line| format!("> {line}\n")).collect();
    assert_eq!(waived(&quoted, "noor").outcome(), "pending");
}

#[test]
fn a_waiver_of_another_rule_leaves_this_one() {
    assert_eq!(waived(&WAIVER.replace("sign-off", "Nothing in vendor"), "noor").outcome(), "pending");
}

#[test]
fn a_refusal_of_somebody_who_may_is_not_waived() {
    let mut case = waived(WAIVER, "noor");
    case.act("sam", "request-changes");
    assert_eq!(case.outcome(), "denied");
}

#[test]
fn a_rule_that_denies_is_waived_by_whom_it_names() {
    let mut case = waived(&WAIVER.replace("sign-off", "Nothing in vendor"), "noor");
    case.push("files", json!({ "path": "vendor/a.c", "status": "modified" }));
    case.act("sam", "approve");
    assert_eq!(case.rule_code("Nothing in vendor"), "waived");
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn nobody_waives_while_a_commit_may_be_theirs() {
    let mut case = waived(WAIVER, "noor");
    case.request["commits"][0]["author"] = json!({ "name": "Noor", "email": "noor@elsewhere.example" });
    assert_eq!(case.outcome(), "pending");
    assert_eq!(case.rule_code("sign-off"), "unattributed-commit");
}

#[test]
fn a_draft_is_not_waived() {
    let mut case = waived(WAIVER, "noor");
    case.request["change"]["draft"] = true.into();
    assert_eq!(case.outcome(), "pending");
    assert_eq!(codes(&case, "sign-off"), ["counted"]);
    let missing = case.answer().unwrap()["rules"][0]["missing"].to_string();
    assert!(missing.contains("it cannot be waived: the change is a draft"), "{missing}");
    case.policy = format!("{POLICY}draft: evaluate\n");
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn nobody_waives_while_acts_may_be_missing() {
    let mut case = waived(WAIVER, "noor");
    case.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "acts");
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn a_text_that_others_edited_waives_nothing() {
    let mut case = waived(WAIVER, "noor");
    case.request["acts"][0]["edited"] = json!({ "at": 120, "by": account("dana") });
    assert_eq!(codes(&case, "sign-off"), ["mutable-text"]);
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn broken_glass_overrides_every_open_rule_for_this_head_alone() {
    // The policy lets contributors break it: who is on call writes the fix.
    let mut case = waived("break-glass: payments are down, this rolls the release back", "dana");
    case.push("files", json!({ "path": "vendor/a.c", "status": "modified" }));
    case.act("sam", "request-changes");
    let decision = case.answer().unwrap();
    assert_eq!(decision["outcome"], "approved");
    assert!(decision["headline"].as_str().unwrap().contains("the glass was broken by dana"));
    for rule in ["break-glass", "sign-off", "Nothing in vendor"] {
        assert_eq!(case.rule_code(rule), "break-glass", "{rule}");
    }
    case.commit("c2", &["c1"]);
    assert_eq!(case.outcome(), "denied");
}

#[test]
fn a_waiver_stands_beside_what_is_open_and_may_be_waived_alone() {
    let asked = |case: &Case| case.answer().unwrap()["rules"][0]["requirements"].as_array().unwrap().len();
    let mut case = waived(WAIVER, "noor");
    assert_eq!(asked(&case), 2);
    case.act("sam", "approve");
    assert_eq!((asked(&case), case.rule_code("sign-off").as_str()), (1, "satisfied"));
    let mut case = waived(WAIVER, "noor");
    case.policy = POLICY.replacen("    waivable-by: directors\n", "", 1);
    // Where nobody may, it stands there with the reason.
    assert_eq!((asked(&case), case.rule_code("sign-off").as_str()), (2, "missing-approvals"));
}

#[test]
fn what_somebody_overrides_who_cannot_is_named_with_its_reason() {
    let words = "the provider is down and this switches to the other one";
    let glass = "break-glass: { by: directors, options: { may-approve: contributors } }\n";
    let without_glass = POLICY.replace(glass, "");
    let waiver = |rule: &str| format!("waive: {rule}\nreason: {words}\nuntil: 1970-01-31");
    let not_waivable = POLICY.replacen("    waivable-by: directors\n", "", 1);
    for (policy, text, rule, sentence) in [
        (
            without_glass.as_str(),
            format!("break-glass: {words}"),
            "break-glass",
            "noor breaks the glass, which the policy lets nobody do",
        ),
        (
            &not_waivable,
            waiver("sign-off"),
            "sign-off",
            "noor waives the rule, which the policy lets nobody do",
        ),
        (
            POLICY,
            waiver("No such rule"),
            "waiver",
            "noor waives a rule, and the policy has no rule of that name",
        ),
    ] {
        let mut case = Case::under(policy);
        case.comment("noor", &text);
        let said = sentences(&case, rule);
        assert!(said.contains(&format!("method-not-allowed, proof none: {sentence}")), "{text}: {said}");
        assert_eq!(case.outcome(), "pending", "{text}");
        // Nobody who writes of something else is named, nor who took it back.
        for harmless in [text.replace(": ", " "), format!("> {}", text.replace('\n', "\n> "))] {
            let mut case = Case::under(policy);
            case.comment("noor", &harmless);
            assert!(!sentences(&case, rule).contains("method-not-allowed"), "{harmless}");
        }
        case.act("noor", "withdraw");
        assert!(!sentences(&case, rule).contains("method-not-allowed"), "{text}");
    }
}

#[test]
fn a_refusal_that_somebody_would_waive_stands_and_the_waiver_is_named() {
    let mut case = waived(WAIVER, "noor");
    case.act("sam", "request-changes");
    let said = sentences(&case, "sign-off");
    let sentence = "noor waives the rule, and what somebody refuses is not waived";
    assert!(said.contains(sentence) && case.outcome() == "denied", "{said}");
}

/// Every act that would override a rule, with its sentence.
fn sentences(case: &Case, rule: &str) -> String {
    let decision = case.answer().unwrap();
    let rules = decision["rules"].as_array().unwrap();
    let Some(rule) = rules.iter().find(|found| found["name"] == rule) else {
        return "no such rule\n".to_owned();
    };
    let requirement = rule["requirements"].as_array().unwrap().last().unwrap();
    let mut said = format!("{}\n", requirement["asks"].as_str().unwrap());
    for act in requirement["acts"].as_array().unwrap() {
        let text = |key: &str| act[key].as_str().unwrap_or("none").to_owned();
        said.push_str(&format!("  {}, proof {}: {}\n", text("code"), text("proof"), text("sentence")));
    }
    said
}

#[test]
fn each_override_says_what_became_of_it() {
    let mut said = String::new();
    for (text, by) in [
        (WAIVER.to_owned(), "noor"),
        (WAIVER.to_owned(), "sam"),
        (WAIVER.to_owned(), "dana"),
        (WAIVER.replace("1970-01-31", "1970-01-11"), "noor"),
        (WAIVER.replace("until: 1970-01-31", ""), "noor"),
        (WAIVER.replace("reason: both seniors are ill and the fix cannot wait", ""), "noor"),
        (WAIVER.replace("both seniors are ill and the fix cannot wait", "ill"), "noor"),
    ] {
        said.push_str(&sentences(&waived(&text, by), "sign-off"));
    }
    for (text, by) in [
        ("break-glass: payments are down, this rolls the release back", "noor"),
        ("break-glass: payments are down, this rolls the release back", "sam"),
        ("break-glass: now", "noor"),
        ("break-glass:", "noor"),
        ("break the glass", "noor"),
    ] {
        said.push_str(&sentences(&waived(text, by), "break-glass"));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_waiver_lasts_to_the_end_of_its_day() {
    let mut case = waived(&WAIVER.replace("1970-01-31", "1970-01-11"), "noor");
    for (now, code) in [(11 * 86_400 - 1, "counted"), (11 * 86_400, "too-old")] {
        case.request["trigger"]["now"] = now.into();
        assert_eq!(codes(&case, "sign-off"), [code], "{now}");
    }
}

#[test]
fn of_several_waivers_the_latest_is_shown() {
    let mut case = waived(WAIVER, "noor");
    case.policy = POLICY.replace("[noor, dana]", "[noor, dana, ines]");
    case.comment("ines", &WAIVER.replace("both seniors", "all of the seniors"));
    let by = |case: &Case| case.answer().unwrap()["rules"][0]["overridden"]["by"].clone();
    assert_eq!(by(&case), "ines");
    case.request["acts"][1]["at"] = 50.into();
    assert_eq!(by(&case), "noor");
}

#[test]
fn first_the_latest_waiver_of_a_person_then_whether_it_is_void() {
    for (second, at, outcome) in [
        (WAIVER.replace("both seniors are ill and the fix cannot wait", "ill"), 200, "pending"),
        (WAIVER.replace("1970-01-31", "1970-01-11"), 200, "pending"),
        (WAIVER.replace("1970-01-31", "1970-01-11"), 100, "pending"),
        (WAIVER.replace("1970-01-31", "1970-01-11"), 50, "approved"),
        (WAIVER.replace("sign-off", "another rule"), 200, "approved"),
    ] {
        for first in [true, false] {
            let mut case = waived(WAIVER, "noor");
            case.comment("noor", &second)["at"] = at.into();
            if first {
                case.request["acts"].as_array_mut().unwrap().reverse();
            }
            assert_eq!(case.outcome(), outcome, "{second} at {at}, first {first}");
        }
    }
    let mut edited = waived(WAIVER, "noor");
    edited.comment("noor", WAIVER)["edited"] = json!({ "at": 300, "by": account("noor") });
    assert_eq!(codes(&edited, "sign-off"), ["superseded", "edited"]);
}

#[test]
fn a_waiver_is_taken_back_by_a_line_that_takes_an_approval_back() {
    let mut case = waived(WAIVER, "noor");
    case.policy = POLICY.replacen(
        "    require:",
        "    options: { methods: { reviews: true, cancel-lines: [/cancel] } }\n    require:",
        1,
    );
    assert_eq!(case.outcome(), "approved");
    case.comment("noor", "/cancel");
    assert_eq!(codes(&case, "sign-off"), ["withdrawn"]);
}

#[test]
fn an_act_that_only_overrides_stands_in_no_list_of_approvals() {
    let mut case = case();
    case.act("noor", "waiver")["text"] = WAIVER.into();
    assert_eq!(case.outcome(), "approved");
    assert_eq!(case.codes(), [""; 0]);
    case.comment("noor", "a word more");
    assert_eq!(case.codes(), ["no-sign-off"]);
}

#[test]
fn glass_broken_where_nothing_is_open_overrides_nothing() {
    let mut case = waived("break-glass: payments are down, this rolls the release back", "noor");
    case.act("sam", "approve");
    let decision = case.answer().unwrap();
    assert_eq!(decision["rules"][1]["state"], "satisfied");
    assert_eq!(decision["headline"], "Approved: the rule that applies is satisfied (\"sign-off\")");
}

#[test]
fn glass_is_broken_by_those_alone_whom_the_policy_names() {
    assert_eq!(waived("break-glass: payments are down, this rolls back", "sam").outcome(), "pending");
    assert_eq!(waived("break-glass: now", "noor").outcome(), "pending");
    assert_eq!(waived("break-glass:", "noor").outcome(), "pending");
    let mut case = case();
    case.policy =
        POLICY.replace("break-glass: { by: directors, options: { may-approve: contributors } }\n", "");
    case.comment("noor", "break-glass: payments are down, this rolls the release back");
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn glass_is_not_broken_by_an_author_where_the_policy_does_not_let_authors() {
    let mut case = case();
    case.policy = POLICY.replace(", options: { may-approve: contributors }", "");
    case.comment("dana", "break-glass: payments are down, this rolls the release back");
    assert_eq!(codes(&case, "break-glass"), ["author"]);
    assert_eq!(case.outcome(), "pending");
    case.request["commits"][0]["author"] = ident("noor");
    case.comment("noor", "break-glass: payments are down, this rolls the release back");
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn glass_passes_a_change_that_no_rule_covers_under_otherwise_block() {
    let mut case = case();
    case.policy = POLICY.replace("rules:", "otherwise: block\nrules:").replace(
        "require: [{ approvals: 1, by: seniors }]",
        "when: { paths: [nowhere] }\n    require: [{ approvals: 1, by: seniors }]",
    );
    assert_eq!(case.outcome(), "pending");
    case.comment("noor", "break-glass: payments are down, this rolls the release back");
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn glass_is_broken_for_one_head_whatever_keeps_approvals() {
    const LINE: &str = "break-glass: payments are down, this rolls the release back";
    for (options, act, code) in [
        ("stale: keep", json!({ "head": id("c1") }), "stale-head"),
        ("stale: keep", json!({ "head": id("c2") }), "counted"),
        ("stale: keep", json!({ "head": null }), "stale-head"),
        ("stale: keep", json!({ "head": null, "text": format!("{LINE}\n\nfor {}", id("c2")) }), "counted"),
        ("stale: diff", json!({ "head": id("c1"), "diff_id": id("d") }), "stale-head"),
    ] {
        let mut case = case();
        case.policy = POLICY.replace("options: { ", &format!("options: {{ {options}, "));
        case.commit("c2", &["c1"]);
        case.request["change"]["diff_id"] = id("d").into();
        let comment = case.comment("noor", LINE);
        for (key, value) in act.as_object().unwrap() {
            comment[key] = value.clone();
            if value.is_null() {
                comment.as_object_mut().unwrap().remove(key);
            }
        }
        assert_eq!(codes(&case, "break-glass"), [code], "{options} {act}");
    }
}

#[test]
fn the_text_of_the_change_overrides_nothing() {
    let mut case = case();
    case.request["change"]["description"] = json!({
        "text": format!("{WAIVER}\n\nbreak-glass: payments are down, this rolls the release back"),
        "author": account("noor"), "at": 10,
    });
    assert_eq!(case.outcome(), "pending");
    assert!(!case.answer().unwrap()["rules"].to_string().contains("waiver"));
}

#[test]
fn glass_is_not_broken_while_acts_may_be_missing() {
    let mut case = waived("break-glass: payments are down, this rolls the release back", "noor");
    case.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "acts");
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn no_refusal_is_waived_whether_it_is_known_to_count_or_not() {
    for (set, unreadable, when, outcome) in [
        ("users: [sam, rhea]", false, "fork: false", "denied"),
        ("groups: [o/seniors]", false, "fork: false", "denied"),
        ("groups: [o/seniors]", true, "fork: false", "pending"),
        // Whether the rule applies is not known, and the refusal would count.
        ("groups: [o/seniors]", false, "title: { matches: [x] }", "pending"),
    ] {
        let mut case = waived(WAIVER, "noor");
        case.policy = POLICY.replace("users: [sam, rhea]", set).replacen(
            "    require:",
            &format!("    when: {{ {when} }}\n    require:"),
            1,
        );
        case.push(
            "groups",
            json!({ "name": "o/seniors", "members": [account("sam")], "unreadable": unreadable }),
        );
        assert_eq!(case.outcome(), "approved", "{set} {unreadable} {when}");
        case.act("sam", "request-changes");
        assert_eq!(case.outcome(), outcome, "{set} {unreadable} {when}");
        case.policy = case.policy.replacen(
            "    require:",
            "    options: { request-changes: withdraw }\n    require:",
            1,
        );
        assert_eq!(case.outcome(), "approved", "{set} {unreadable} {when}");
    }
}

#[test]
fn no_owner_who_may_have_refused_is_waived_over() {
    let mut case = waived(WAIVER, "noor");
    case.policy =
        POLICY.replace("people:", "codeowners: github\npeople:").replace("by: seniors", "by: code-owners");
    case.document("codeowners", "CODEOWNERS", "* sam\n");
    assert_eq!(case.rule_code("sign-off"), "fact-unavailable");
    case.documents[0]["bytes"] = "* @sam\n".into();
    assert_eq!(case.rule_code("sign-off"), "waived");
}

#[test]
fn a_refusal_of_another_change_takes_no_waiver_back() {
    let mut case = waived(WAIVER, "noor");
    case.act("noor", "request-changes")["change"] = "8".into();
    assert_eq!(codes(&case, "sign-off"), ["counted"]);
}

#[test]
fn a_waiver_names_its_rule_to_the_letter() {
    let mut case = waived(&WAIVER.replace("sign-off", "C"), "noor");
    case.policy = POLICY.replace("sign-off", "C++");
    assert_eq!(case.outcome(), "pending");
    case.request["acts"][0]["text"] = WAIVER.replace("sign-off", "c++ ").into();
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn an_override_approves_nothing() {
    // A waiver of one rule is no approval for another.
    let mut case = case();
    case.policy = POLICY
        .replace("[sam, rhea]", "[sam, rhea, noor]")
        .replace("    waivable-by: directors\n  - name: Nothing", "  - name: Nothing");
    let act = case.comment("noor", WAIVER);
    act["kind"] = "waiver".into();
    assert_eq!(case.outcome(), "pending");
    assert_eq!(id("c1"), case.request["change"]["head"]);
}

#[test]
fn what_is_wrong_with_an_override_is_said_of_the_override() {
    const LINE: &str = "break-glass: payments are down, this rolls the release back";
    let said = |act: &dyn Fn(&mut Case)| {
        let mut case = case();
        act(&mut case);
        let decision = case.answer().unwrap();
        let glass = decision["rules"].as_array().unwrap().iter().find(|rule| rule["name"] == "break-glass");
        let acts = glass.unwrap()["requirements"][0]["acts"].clone();
        acts[0]["sentence"].as_str().unwrap().to_owned()
    };
    let stale = said(&|case| case.comment("noor", LINE)["head"] = id("c0").into());
    assert_eq!(
        stale,
        format!("noor broke the glass for another head, or for none: the head is now {}", &id("c1")[..12])
    );
    let dismissed = said(&|case| case.comment("noor", LINE)["dismissed"] = json!({ "at": 200 }));
    assert_eq!(dismissed, "what noor wrote was taken back");
}

const OF_HOST: &str = "\
people: { on-call: { users: [noor] } }
break-glass: { by: on-call }
";

/// A host that names noor, and what noor writes.
fn by_the_host(policy: &str, text: &str) -> Case {
    let mut case = Case::under(policy);
    case.document("break-glass", "/etc/countersign/break-glass.yaml", OF_HOST);
    case.comment("noor", text);
    case
}

const DOWN: &str = "break-glass: payments are down, this rolls the release back";

#[test]
fn whom_the_host_names_breaks_the_glass_whatever_the_policy_says_of_it() {
    let case = by_the_host(common::POLICY, DOWN);
    assert_eq!((case.outcome().as_str(), case.rule_code("sign-off").as_str()), ("approved", "break-glass"));
    assert_eq!(by_the_host(common::POLICY, "break-glass: now").outcome(), "pending");
    // The policy's own list goes on beside it, and one that stands is shown before one that does not.
    let own = format!("{}break-glass: {{ by: seniors }}\n", common::POLICY);
    let mut both = by_the_host(&own, "break-glass: now");
    both.comment("sam", DOWN);
    assert_eq!(
        (both.outcome().as_str(), codes(&both, "break-glass").as_slice()),
        ("approved", &["not-eligible".to_owned(), "counted".to_owned()][..])
    );
    // Where neither stands, each says why.
    let neither = by_the_host(&own, "break-glass: now").answer().unwrap()["rules"][0].to_string();
    for code in ["not-eligible", "answer-too-short"] {
        assert!(neither.contains(code), "{code}: {neither}");
    }
    let mut theirs = by_the_host(&own, DOWN);
    theirs.comment("sam", "break-glass: now");
    assert_eq!(theirs.outcome(), "approved");
}

#[test]
fn the_host_says_who_is_who_as_well_where_no_forge_does() {
    let mut case = by_the_host(common::POLICY, DOWN);
    case.leave_the_forge();
    assert_eq!(
        (case.outcome().as_str(), codes(&case, "break-glass").as_slice()),
        ("pending", &["unknown-account".to_owned()][..])
    );
    case.documents[0]["bytes"] =
        format!("{OF_HOST}identities: {{ noor: {{ emails: [noor@example.com] }} }}\n").into();
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn whom_the_host_names_breaks_the_glass_where_the_policy_has_a_fault_or_there_is_none() {
    let faulty = "countersign: 1\nname: test\nrulez: []\n";
    let case = by_the_host(faulty, DOWN);
    let decision = case.answer().unwrap();
    assert_eq!(decision["outcome"], "approved");
    assert!(
        decision["rules"].to_string().contains("rulez"),
        "the fault is shown with what overrides it: {decision}"
    );
    assert_eq!(case.rule_code("policy"), "break-glass");
    // Who tries in vain reads why; where nobody tries, the fault is the answer.
    let vain = by_the_host(faulty, "break-glass: now");
    assert_eq!((vain.outcome().as_str(), vain.rule_code("policy").as_str()), ("pending", "fact-unavailable"));
    assert_eq!(vain.answer().unwrap()["rules"][1]["state"], "pending");
    assert!(by_the_host(faulty, "hello").answer().is_err());
    let without = |text: &str| {
        let mut case = by_the_host("", text);
        case.request["trigger"]["require_policy"] = true.into();
        case.request["complete"].as_array_mut().unwrap().push("documents".into());
        case
    };
    assert_eq!(without(DOWN).outcome(), "approved");
    assert_eq!(without("hello").outcome(), "pending");
    // Where none is required, there is nothing to break.
    let mut unasked = without(DOWN);
    unasked.request["trigger"]["require_policy"] = false.into();
    assert_eq!(unasked.outcome(), "not-applicable");
    // What a policy extends may lack as well.
    let lacking = common::POLICY.replace("name: test\n", "name: test\nextends: base.yaml\n");
    assert_eq!(by_the_host(&lacking, DOWN).outcome(), "approved");
    assert_eq!(by_the_host(&lacking, "hello").outcome(), "bad-request");
}

#[test]
fn glass_is_broken_for_what_merging_the_head_gives_and_nothing_else() {
    for (tree, outcome) in [(Some("right"), "approved"), (Some("other"), "pending"), (None, "pending")] {
        for policy in [common::POLICY, "countersign: 1\nname: test\nrulez: []\n"] {
            let mut case = by_the_host(policy, DOWN);
            let change = &mut case.request["change"];
            change["result"] = json!({ "commit": id("made"), "tree": id("right"), "kind": "squash" });
            if let Some(tree) = tree {
                change["merge_tree"] = id(tree).into();
            }
            assert_eq!(case.outcome(), outcome, "{tree:?} {policy}");
        }
    }
}

#[test]
fn the_decision_names_the_file_by_which_the_glass_was_broken() {
    let documents = |policy: &str| by_the_host(policy, DOWN).answer().unwrap()["policy"].to_string();
    for policy in [common::POLICY, "rulez: []\n"] {
        assert!(documents(policy).contains("/etc/countersign/break-glass.yaml"), "{}", documents(policy));
    }
}

#[test]
fn a_host_s_file_with_a_fault_is_found_before_it_is_needed() {
    let ignoring = OF_HOST.replace("by: on-call", "by: on-call, options: { ignore-commits-by: on-call }");
    for fault in [
        &*ignoring,
        "people: { on-call: { users: [noor] } }\n",
        "break-glass: { by: nobody }\n",
        "rules: []\n",
        "[\n",
    ] {
        let mut case = Case::under(common::POLICY);
        case.document("break-glass", "break-glass.yaml", fault);
        let error = case.answer().unwrap_err().to_string();
        assert!(error.contains("break-glass.yaml"), "{fault}: {error}");
    }
}
