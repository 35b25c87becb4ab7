//! The lists of codes are closed: each code is produced by some case, and the docs have a sentence for each.

use crate::common::{Case, POLICY, account, id, ident, with};
use serde_json::{Value, json};

/// The codes that signatures give are produced in `signed`, where `ssh-keygen` makes the keys.
const OF_SIGNATURES: &[&str] = &[
    "bad-signature",
    "bad-statement",
    "unknown-key",
    "expired-key",
    "revoked-key",
    "wrong-namespace",
    "key-type",
    "stale-policy",
    // Said of a statement before it is signed.
    "not-asked",
];

const QUESTIONS: &str = "\
countersign: 1
name: test
people:
  seniors: { users: [sam, rhea] }
questions:
  topology: Which running systems does it reach?
rules:
  - name: sign-off
    require: [{ approvals: 1, by: seniors, answers: [topology] }]
";

fn answered(text: &str) -> Case {
    let mut case = Case::under(QUESTIONS);
    case.act("sam", "approve")["text"] = text.into();
    case
}

/// A case for each code of an act.
fn act(code: &str) -> Case {
    let mut case = Case::new();
    match code {
        "counted" => drop(case.act("sam", "approve")),
        "author" => drop(case.act("dana", "approve")),
        "committer" => {
            case.request["commits"][0]["committer"] = ident("sam");
            case.act("sam", "approve");
        }
        "co-author" => {
            case.request["commits"][0]["message"] = "x\n\nCo-authored-by: sam <sam@example.com>\n".into();
            case.push("people", json!({ "account": account("sam"), "emails": ["sam@example.com"] }));
            case.act("sam", "approve");
        }
        "pusher" => {
            case.push("pushes", json!({ "by": account("sam"), "head": id("c1") }));
            case.act("sam", "approve");
        }
        "ai-requester" => {
            case.request["change"]["asked_by"] = json!([account("sam")]);
            case.act("sam", "approve");
        }
        "became-contributor" => {
            case.act("sam", "approve");
            case.commit("c2", &["c1"])["author"] = ident("sam");
        }
        "same-person" => {
            // Whoever acts under sam's login and rhea's address may be either, and is not counted beside rhea.
            case.push("people", json!({ "account": account("rhea"), "emails": ["rhea@example.com"] }));
            case.act("sam", "approve")["actor"]["email"] = "rhea@example.com".into();
            case.act("rhea", "approve")["at"] = 100.into();
        }
        "bot" | "tool" => {
            case.push("people", json!({ "account": account("sam"), "kind": code }));
            case.act("sam", "approve");
        }
        "inactive" => {
            case.push("people", json!({ "account": account("sam"), "active": false }));
            case.act("sam", "approve");
        }
        "not-eligible" => drop(case.act("omar", "approve")),
        "membership-unreadable" => {
            case.policy = POLICY.replace("users: [sam, rhea]", "groups: [o/seniors]");
            case.push("groups", json!({ "name": "o/seniors", "unreadable": true }));
            case.act("sam", "approve");
        }
        "unknown-account" => case.act("sam", "approve")["actor"] = json!({}),
        "stale-head" => {
            case.act("sam", "approve");
            case.commit("c2", &["c1"]);
        }
        "stale-diff" | "stale-tree" | "fact-unavailable" => {
            case = with(if code == "stale-diff" { "stale: diff" } else { "stale: tree" });
            case.request["change"]["diff_id"] = id("d1").into();
            case.request["change"]["merge_tree"] = id("t1").into();
            let act = case.act("sam", "approve");
            if code != "fact-unavailable" {
                act["diff_id"] = id("d0").into();
                act["merge_tree"] = id("t0").into();
            }
        }
        "other-change" => case.act("sam", "approve")["change"] = "8".into(),
        "other-target" => case.act("sam", "approve")["target"] = "refs/heads/next".into(),
        "superseded" => {
            case.act("sam", "approve");
            case.act("sam", "approve");
        }
        "withdrawn" => drop(case.act("sam", "withdraw")),
        "dismissed" => case.act("sam", "approve")["dismissed"] = json!({ "at": 200 }),
        "edited" => {
            let act = case.act("sam", "approve");
            act["edited"] = json!({ "at": 200, "by": account("sam") });
            act["text_integrity"] = "own-edits-only".into();
        }
        "mutable-text" => case.act("sam", "approve")["edited"] = json!({ "at": 200, "by": account("dana") }),
        "deleted" => case.act("sam", "approve")["deleted"] = true.into(),
        "quoted" => {
            case = with("methods: { comment-lines: [\"/approve {head}\", \"/approve\"] }");
            case.comment("sam", "> /approve");
        }
        "unanswered-question" => case = answered("looks good to me"),
        "answer-too-short" => case = answered("topology: all good"),
        "answer-template" => case = answered("topology: Which running systems does it reach?"),
        "answer-copied" => {
            case = answered("topology: none outside the queue, which drains first");
            let act = case.act("rhea", "approve");
            act["text"] = "topology: None outside the queue which drains first!".into();
        }
        "unauthenticated" => case.act("sam", "approve")["proof"] = "claimed".into(),
        "no-sign-off" => drop(case.comment("sam", "nice")),
        "method-not-allowed" => {
            case = with("methods: { comment-lines: [/approve] }");
            case.act("sam", "approve");
        }
        "too-old" => {
            case = with("max-age: 1h");
            case.act("sam", "approve");
        }
        other => panic!("no case for `{other}`"),
    }
    case
}

/// A case for each code of a rule.
fn rule(code: &str) -> Case {
    let mut case = Case::new();
    match code {
        "satisfied" => drop(case.act("sam", "approve")),
        "missing-approvals" => {}
        "vetoed" => drop(case.act("sam", "request-changes")),
        "denied" => {
            case.policy =
                POLICY.replace("require: [{ approvals: 1, by: seniors }]", "deny: closed for the winter");
        }
        "not-applicable" => {
            case.policy = POLICY.replace("require:", "when: { paths: [docs/] }\n    require:");
        }
        "fact-unavailable" => {
            case.request["unavailable"] = json!([{ "fact": "acts", "reason": "the forge is down" }]);
        }
        "list-incomplete" => {
            case.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "acts");
        }
        "impossible" => case.policy = POLICY.replace("[sam, rhea]", "[dana]"),
        "unattributed-commit" => {
            case.request["commits"][0]["author"] = json!({ "name": "x", "email": "x@elsewhere.example" });
        }
        "waived" => {
            case.policy = POLICY
                .replace("rhea] }", "rhea] }\n  directors: { users: [noor] }")
                .replace("require:", "waivable-by: directors\n    require:");
            case.comment(
                "noor",
                "waive: sign-off\nreason: both seniors are ill this week\nuntil: 1970-01-31",
            );
        }
        "break-glass" => {
            case.policy = POLICY.replace("rules:", "break-glass: { by: seniors }\nrules:");
            case.comment("sam", "break-glass: payments are down, rolling back");
        }
        "condition-unmet" => {
            case.policy = POLICY.replace("require:", "conditions: { status: [build] }\n    require:");
            case.act("sam", "approve");
        }
        "draft" => {
            case.request["change"]["draft"] = true.into();
            case.act("sam", "approve");
        }
        other => panic!("no case for `{other}`"),
    }
    case
}

/// The words of a list of codes in the schema.
fn words(list: &str) -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema/decision.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let list = &schema["$defs"][list];
    let plain = list["enum"].as_array().into_iter().flatten();
    let described = list["oneOf"].as_array().into_iter().flatten();
    let nested = described.flat_map(|one| match one["enum"].as_array() {
        Some(many) => many.iter().collect::<Vec<_>>(),
        None => vec![&one["const"]],
    });
    plain.chain(nested).map(|word| word.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_code_of_an_act_is_produced_by_some_case() {
    let codes = words("ActCode");
    assert!(codes.len() > 40, "{codes:?}");
    for code in codes.iter().filter(|code| !OF_SIGNATURES.contains(&code.as_str())) {
        let case = act(code);
        assert!(case.codes().contains(code), "{code}: {:#}", case.answer().unwrap()["rules"]);
    }
}

#[test]
fn every_code_of_an_act_has_a_sentence_to_the_person_whose_act_it_was() {
    let mut said = String::new();
    for code in words("ActCode").iter().filter(|code| !OF_SIGNATURES.contains(&code.as_str())) {
        let decision = act(code).answer().unwrap();
        let acts = decision["rules"][0]["requirements"][0]["acts"].as_array().unwrap().clone();
        let verdict = acts.iter().find(|act| act["code"] == **code).unwrap();
        said.push_str(&format!("{code}: {}\n", verdict["sentence"].as_str().unwrap()));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn every_code_of_a_rule_says_what_is_missing() {
    let mut said = String::new();
    for code in words("RuleCode") {
        let decision = rule(&code).answer().unwrap();
        let rules = decision["rules"].as_array().unwrap();
        let rule = rules.iter().find(|rule| rule["name"] == "sign-off").unwrap();
        let list = |key: &str| {
            let list = rule[key].as_array().cloned().unwrap_or_default();
            list.iter().map(|text| text.as_str().unwrap().to_owned()).collect::<Vec<_>>().join("; ")
        };
        let headline = decision["headline"].as_str().unwrap();
        said.push_str(&format!(
            "{code}\n  {headline}\n  because {}\n  missing {}\n",
            list("because"),
            list("missing")
        ));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn every_code_of_a_rule_is_produced_by_some_case() {
    let codes = words("RuleCode");
    assert!(codes.len() > 12, "{codes:?}");
    for code in codes {
        let case = rule(&code);
        assert_eq!(case.rule_code("sign-off"), code, "{:#}", case.answer().unwrap()["rules"]);
    }
}

#[test]
fn the_page_of_codes_has_a_sentence_for_each() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/CODES.md")).unwrap();
    for code in [words("ActCode"), words("RuleCode"), words("NoticeCode"), words("RemarkCode")].concat() {
        assert!(page.contains(&format!("| `{code}` |")), "docs/CODES.md says nothing of `{code}`");
    }
}
