//! What a decision says as a whole: the bytes that hosts show, keep and compare.

use crate::common::{Case, POLICY, account, id, ident};
use serde_json::{Value, json};

fn notices(decision: &Value) -> Vec<String> {
    let notices = decision["notices"].as_array().unwrap();
    notices.iter().map(|notice| notice["code"].as_str().unwrap().to_owned()).collect()
}

fn shown(decision: &Value) -> String {
    serde_json::to_string_pretty(decision).unwrap()
}

const SENIORS: &str = "\
countersign: 1
name: Senior sign-off
people:
  seniors: { users: [sam, rhea] }
  owners: { groups: [o/owners] }
questions:
  reach: Which running systems does the change reach?
  undo: How is it undone?
provenance:
  tools: { housebot: { trailers: [Made-by-Housebot] } }
rules:
  - name: AI-assisted code
    when: { ai: any }
    require: [{ approvals: 1, by: seniors, answers: [reach, undo] }]
    waivable-by: owners
  - name: Infrastructure
    when: { paths: [\"infra/**\"] }
    require:
      - { approvals: 1, by: owners }
      - { approvals: 2, by: seniors }
  - name: Documentation
    when: { paths: { only: [\"docs/**\"] } }
    require: [{ approvals: 1, by: seniors }]
  - name: Small changes
    enforce: observe
    when: { lines: { total: \"> 1\" } }
    deny: too large to be read
";

/// A change on a forge, in the middle of things.
fn on_a_forge() -> Case {
    let mut case = Case::under(SENIORS);
    case.request["commits"][0]["message"] = "Work\n\nMade-by-Housebot: v2\nAI_Assisted: yes\n".into();
    case.commit("c2", &["c1"])["message"] = "More\n\nAssisted-by: Codex:gpt-5.4\n".into();
    case.commit("c3", &["c2"])["author"] = ident("omar");
    case.push("pushes", json!({ "by": account("omar"), "at": 50, "head": id("c3") }));
    case.file("infra/main.tf");
    case.act("sam", "approve")["text"] =
        "reach: the queue and its two readers\nundo: by reverting, nothing is kept".into();
    case.act("omar", "approve");
    case.comment("rhea", "I have my doubts");
    case.push("groups", json!({ "name": "o/owners", "members": [account("olga")] }));
    case
}

#[test]
fn of_a_change_that_still_waits() {
    insta::assert_snapshot!(shown(&on_a_forge().answer().unwrap()));
}

#[test]
fn of_a_change_whose_facts_are_incomplete() {
    let mut case = on_a_forge();
    case.request["groups"][0]["unreadable"] = true.into();
    case.request["absent"] = json!(["requester"]);
    case.request["unavailable"] = json!([{ "fact": "statuses", "of": "c3", "reason": "HTTP 502" }]);
    case.request["history"] = json!({ "answers": [] });
    insta::assert_snapshot!(shown(&case.answer().unwrap()));
}

/// A change in plain git, under a policy on top of another.
fn on_git() -> Case {
    let mut case = Case::under("countersign: 1\nname: Ours\nextends: base.yaml\nrepository: o/queue\n");
    let identities = "identities: { sam: { emails: [sam@example.com] } }\nrules:";
    case.document("extends", "base.yaml", &POLICY.replace("rules:", identities));
    case.leave_the_forge();
    case.request["change"].as_object_mut().unwrap().remove("id");
    case
}

#[test]
fn of_a_change_in_plain_git() {
    insta::assert_snapshot!("waits", shown(&on_git().answer().unwrap()));
    let mut approved = on_git();
    approved.act("sam", "approve")["proof"] = "claimed".into();
    insta::assert_snapshot!("approved", shown(&approved.answer().unwrap()));
}

#[test]
fn a_remedy_in_plain_git_signs_where_somebody_has_a_key_and_else_writes_a_file() {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0nKYEp4k1hZ2UyMDI2MDEwMTAwMDAwMDAwMDAwMDAwMDAw";
    let asking =
        SENIORS.replace("provenance:", "identities:\n  sam: { emails: [sam@example.com] }\nprovenance:");
    let mut said = String::new();
    for (title, policy, signers) in [
        ("nobody has a key", asking.clone(), false),
        (
            "a key in the policy",
            asking.replace("[sam@example.com] }", &format!("[sam@example.com], keys: [\"{key}\"] }}")),
            false,
        ),
        ("a file of allowed signers", asking.clone(), true),
        ("no questions", POLICY.to_owned(), true),
    ] {
        let mut case = on_git();
        case.documents.clear();
        case.policy = policy;
        case.request["change"]["target"] = "refs/heads/it's main".into();
        case.request["commits"][0]["message"] = "Work\n\nAssisted-by: Codex:gpt-5.4\n".into();
        if signers {
            case.document("allowed-signers", ".countersign/allowed_signers", "");
        }
        let remedy = case.answer().unwrap()["remedies"][0].clone();
        let text = |key: &str| remedy[key].as_str().unwrap_or("none").to_owned();
        said.push_str(&format!(
            "== {title}: ask {}\n{}\n{}\n{}\n\n",
            remedy["who"],
            text("what"),
            text("command"),
            text("template")
        ));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_decision_names_the_repository_as_the_policy_else_as_the_platform_does() {
    let named = |policy: &str, repository: Value| {
        let mut case = Case::under(&POLICY.replace("people:", &format!("{policy}people:")));
        case.request["change"]["repository"] = repository;
        let change = case.answer().unwrap()["change"].clone();
        (change["repository"].as_str().unwrap().to_owned(), change["subject"].as_str().unwrap().to_owned())
    };
    let both = || json!({ "id": "17", "name": "o/r" });
    let pair = |repository: &str, subject: &str| (repository.to_owned(), subject.to_owned());
    assert_eq!(named("repository: queue\n", both()), pair("queue", "queue"));
    assert_eq!(named("", both()), pair("o/r", "17"));
    assert_eq!(named("", json!({ "name": "o/r" })), pair("o/r", "o/r"));
    assert_eq!(named("", json!({ "id": "17" })), pair("17", "17"));
    assert_eq!(named("", json!({})), pair("unnamed", ""));
}

#[test]
fn a_decision_says_where_the_policy_was_read() {
    let full = json!({ "path": "policy.yaml", "ref": "refs/heads/main", "commit": id("base") });
    let short = &id("base")[..12];
    for (left_out, origin) in [
        (&[][..], format!("policy.yaml at refs/heads/main ({short})")),
        (&["commit"], "policy.yaml at refs/heads/main".to_owned()),
        (&["ref"], format!("policy.yaml at {short}")),
        (&["ref", "commit"], "policy.yaml".to_owned()),
        (&["path"], "flag".to_owned()),
    ] {
        let mut request = Case::new().request;
        let mut document = json!({ "role": "policy", "source": "flag", "bytes": POLICY });
        document.as_object_mut().unwrap().extend(full.as_object().unwrap().clone());
        left_out.iter().for_each(|key| drop(document.as_object_mut().unwrap().remove(*key)));
        request["documents"] = json!([document]);
        let answer = countersign_core::evaluate(request.to_string().as_bytes()).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["policy"]["origin"], origin, "{left_out:?}");
    }
}

#[test]
fn a_gate_blocks_what_does_not_pass_unless_the_policy_only_observes() {
    for (enforce, approved, outcome, code) in [
        ("block", true, "approved", 0),
        ("block", false, "pending", 1),
        ("observe", true, "approved", 0),
        ("observe", false, "pending", 0),
    ] {
        let mut case = Case::under(&format!("{POLICY}enforce: {enforce}\n"));
        if approved {
            case.act("sam", "approve");
        }
        let answer = case.answer().unwrap();
        assert_eq!(
            (answer["outcome"].as_str(), answer["blocks"].as_bool()),
            (Some(outcome), Some(code == 1))
        );
        let decision: countersign_core::model::Decision =
            countersign_core::model::read(answer.to_string().as_bytes()).unwrap();
        assert_eq!(decision.exit_code(), code, "{enforce} {approved}");
        assert_eq!(notices(&answer).contains(&"observed".to_owned()), enforce == "observe");
    }
}

#[test]
fn a_rule_that_is_only_observed_blocks_nothing() {
    let observed = "  - name: watched\n    enforce: observe\n    require: [{ approvals: 1, by: seniors }]\n";
    let mut case = Case::under(
        &format!("{POLICY}{}", observed.replace("by: seniors", "by: watchers"))
            .replace("rules:", "  watchers: { users: [noor] }\nrules:"),
    );
    case.act("sam", "approve");
    assert_eq!(case.rule_code("watched"), "missing-approvals");
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn without_a_policy_nothing_is_required_unless_the_gate_requires_one() {
    let mut request = Case::new().request;
    request["documents"] = json!([]);
    let decision = |request: &Value| -> Value {
        let answer = countersign_core::evaluate(request.to_string().as_bytes()).unwrap();
        serde_json::from_str(&answer).unwrap()
    };
    let open = decision(&request);
    request["trigger"]["require_policy"] = true.into();
    let required = decision(&request);
    let say = |decision: &Value| {
        format!(
            "{}, blocks {}: {}\n  {}\n",
            decision["outcome"], decision["blocks"], decision["headline"], decision["notices"]
        )
    };
    insta::assert_snapshot!(say(&open) + &say(&required));
}

#[test]
fn nothing_to_judge_is_said_so() {
    let mut case = Case::new();
    case.request["commits"] = json!([]);
    case.request["files"] = json!([]);
    case.request["change"]["head"] = id("base").into();
    let decision = case.answer().unwrap();
    assert_eq!(decision["outcome"], "not-applicable");
    assert_eq!(decision["headline"], "There is nothing to judge: the target already holds the head");
    assert_eq!(decision["rules"][0]["because"], json!(["there are no commits to judge"]));
    // Nobody is told that nothing was found where nothing was looked at.
    assert_eq!(notices(&decision), [""; 0]);
    assert_eq!(notices(&Case::new().answer().unwrap()), ["no-evidence"]);
}

#[test]
fn a_draft_waits_whatever_applies() {
    let elsewhere = POLICY.replace("require:", "when: { paths: [infra/] }\n    require:");
    let observed = POLICY.replace("require:", "enforce: observe\n    require:");
    let either = format!(
        "{elsewhere}  - name: other\n    when: {{ paths: [infra/] }}\n    require: nobody\nrequire: [{{ any: [sign-off, other] }}]\n"
    );
    let unasked = format!("{elsewhere}  - name: other\n    require: nobody\nrequire: [sign-off]\n");
    let denying = elsewhere.replace("require: [{ approvals: 1, by: seniors }]", "deny: frozen");
    let passing = format!("{elsewhere}otherwise: pass\n");
    for (policy, ready) in [
        (POLICY.to_owned(), "approved"),
        (elsewhere.clone(), "not-applicable"),
        (observed, "not-applicable"),
        (either, "not-applicable"),
        (unasked, "not-applicable"),
        (denying, "not-applicable"),
        (passing, "not-applicable"),
    ] {
        let mut case = Case::under(&policy);
        case.act("sam", "approve");
        assert_eq!(case.outcome(), ready, "{policy}");
        case.request["change"]["draft"] = true.into();
        assert_eq!(case.outcome(), "pending", "{policy}");
        let decision = case.answer().unwrap();
        assert!(
            decision["headline"].as_str().unwrap().contains("the change is a draft"),
            "{}",
            decision["headline"]
        );
        assert!(decision["rules"].as_array().unwrap().iter().any(|rule| rule["code"] == "draft"), "{policy}");
        case.policy = format!("{policy}draft: evaluate\n");
        assert_eq!(case.outcome(), ready, "{policy}");
    }
    // What refuses is said first, and broken glass overrides a draft like everything.
    let mut vetoed = Case::under(&format!("{elsewhere}veto: {{ by: seniors }}\n"));
    vetoed.request["change"]["draft"] = true.into();
    vetoed.act("sam", "request-changes");
    assert_eq!(vetoed.outcome(), "denied");
    let mut broken = Case::under(&format!("{elsewhere}break-glass: {{ by: seniors }}\n"));
    broken.request["change"]["draft"] = true.into();
    broken.comment("sam", "break-glass: payments are down, this rolls the release back");
    assert_eq!(broken.outcome(), "approved");
    assert_eq!(broken.rule_code("draft"), "break-glass");
}

#[test]
fn what_may_be_a_draft_waits_as_one() {
    let elsewhere = POLICY.replace("require:", "when: { paths: [infra/] }\n    require:");
    for policy in [POLICY.to_owned(), elsewhere] {
        let mut case = Case::under(&policy);
        case.act("sam", "approve");
        let ready = case.outcome();
        let complete = case.request["complete"].as_array_mut().unwrap();
        complete.retain(|fact| fact != "text");
        assert_eq!(case.outcome(), "pending", "{policy}");
        let decision = case.answer().unwrap();
        let headline = decision["headline"].as_str().unwrap();
        assert!(headline.contains("whether the change is a draft is not known here"), "{headline}");
        let codes: Vec<&str> =
            decision["rules"].as_array().unwrap().iter().filter_map(|rule| rule["code"].as_str()).collect();
        assert!(codes.contains(&"fact-unavailable"), "{codes:?}");
        // Whoever says it, and whoever does not ask, is through; so is a platform that has no texts.
        let mut said = Case { request: case.request.clone(), policy: policy.clone(), documents: Vec::new() };
        said.request["change"]["draft"] = false.into();
        assert_eq!(said.outcome(), ready, "{policy}");
        case.policy = format!("{policy}draft: evaluate\n");
        assert_eq!(case.outcome(), ready, "{policy}");
        case.policy = policy;
        case.request["absent"] = json!(["text"]);
        assert_eq!(case.outcome(), ready);
    }
}

#[test]
fn a_veto_over_what_nobody_said_is_not_known() {
    for when in ["{ fork: true }", "{ not: { fork: false } }", "{ draft: true }"] {
        let mut case = Case::under(&format!("{POLICY}draft: evaluate\nveto: {{ when: {when} }}\n"));
        case.act("sam", "approve");
        assert_eq!(case.outcome(), "approved", "{when}");
        case.request["change"].as_object_mut().unwrap().remove("fork");
        case.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "text");
        assert_eq!(case.outcome(), "pending", "{when}");
    }
}

#[test]
fn notices_end_where_nobody_reads_on() {
    let mut case = Case::new();
    let unread = |n: usize| json!({ "fact": "statuses", "of": n.to_string(), "reason": "HTTP 502" });
    case.request["unavailable"] = (0..300).map(unread).collect();
    assert_eq!(notices(&case.answer().unwrap()).len(), 200);
}

#[test]
fn a_combination_under_any_is_one_of_its_parts() {
    let rules = "  - name: a\n    require: [{ approvals: 1, by: seniors }]\n  - name: b\n    require: [{ approvals: 2, by: seniors }]\n";
    for (require, outcome) in [
        ("[{ any: [a, b] }]", "approved"),
        ("{ any: [a, b] }", "approved"),
        ("{ any: { all: [a, b] } }", "pending"),
        ("{ any: [{ all: [a, b] }] }", "pending"),
        ("{ any: [{ all: [a, b] }, a] }", "approved"),
        ("{ all: { any: [a, b] } }", "approved"),
        ("[a, b]", "pending"),
    ] {
        let (head, _) = POLICY.split_once("  - name").unwrap();
        let mut case = Case::under(&format!("{head}{rules}require: {require}\n"));
        case.act("sam", "approve");
        assert_eq!(case.outcome(), outcome, "{require}");
    }
}

fn brief(decision: &Value) -> String {
    let how = json!({ "format": "brief", "document": decision });
    countersign_core::render(how.to_string().as_bytes()).unwrap()
}

#[test]
fn a_hook_says_in_a_few_lines_what_is_missing() {
    let text = brief(&on_a_forge().answer().unwrap());
    // A page shows these lines without what they begin with.
    assert!(text.lines().all(|line| line == line.trim()), "{text}");
    insta::assert_snapshot!("brief", text);
    let mut passes = Case::new();
    passes.act("sam", "approve");
    assert_eq!(
        brief(&passes.answer().unwrap()),
        "Approved: the rule that applies is satisfied (\"sign-off\")\n"
    );
}

#[test]
fn a_change_to_which_nothing_applies_waits_while_it_is_not_known_whether_a_rule_does() {
    let policy = "countersign: 1\nname: t\npeople: { seniors: { users: [sam] } }\nrules:\n  \
                  - { name: one, when: { paths: [docs/] }, require: [{ approvals: 1, by: seniors }] }\n  \
                  - { name: other, when: { title: { matches: [\"^fix\"] } }, require: [{ approvals: 1, by: seniors }] }\n\
                  require: [one]\n";
    let mut case = Case::under(policy);
    case.request["change"]["title"] = "feat: more".into();
    assert_eq!(case.outcome(), "pending");
    case.request["change"].as_object_mut().unwrap().remove("title");
    assert_eq!(case.outcome(), "pending");
}

/// The remedies of a decision: the rule, who is asked, for what, and by which command.
fn remedies(case: &Case) -> Vec<(String, String, String, Option<String>)> {
    let decision = case.answer().unwrap();
    let of = |remedy: &Value| {
        let text = |key: &str| remedy[key].as_str().map(str::to_owned);
        let who: Vec<&str> = remedy["who"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let (rule, what) = (text("rule").unwrap(), text("what").unwrap());
        (rule, who.join(" "), what.split([',', ':']).next().unwrap().to_owned(), text("command"))
    };
    decision["remedies"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn nobody_is_asked_to_sign_what_no_signature_lets_pass() {
    let deny = "  - name: Frozen\n    when: { paths: [src/] }\n    deny: closed for the winter\n";
    let nothing: fn(&mut Case) = |_| {};
    let take_out = "to take out of the change what the rule denies";
    let take_back = "to take the refusal back";
    let of_sam = |rule: &'static str| vec![(rule, "sam", take_back)];
    for (what, policy, acts, expected) in [
        (
            "an approval",
            POLICY.to_owned(),
            nothing,
            vec![("sign-off", "rhea sam", "to approve commit 633100000000 in a review")],
        ),
        ("a denial", format!("{POLICY}{deny}"), nothing, vec![("Frozen", "dana", take_out)]),
        (
            "a denial that somebody may waive",
            format!("{POLICY}{deny}    waivable-by: seniors\n"),
            nothing,
            vec![("Frozen", "dana", take_out), ("Frozen", "rhea sam", "to answer for the rule instead")],
        ),
        (
            "a denial that only observes",
            format!("{POLICY}{deny}    enforce: observe\n"),
            nothing,
            vec![("sign-off", "rhea sam", "to approve commit 633100000000 in a review")],
        ),
        (
            "a request for changes",
            POLICY.to_owned(),
            |case| _ = case.act("sam", "request-changes"),
            of_sam("sign-off"),
        ),
        (
            "a veto",
            format!("{POLICY}veto: {{ by: seniors }}\n"),
            |case| _ = case.act("sam", "request-changes"),
            vec![("sign-off", "sam", take_back), ("veto", "sam", take_back)],
        ),
        (
            "nobody who is left",
            POLICY.replace("[sam, rhea]", "[dana]"),
            nothing,
            vec![(
                "sign-off",
                "whoever keeps the policy",
                "to name somebody under seniors who took no part in the change",
            )],
        ),
        (
            "fewer than are asked for, beside a rule that others could satisfy",
            POLICY.replace("approvals: 1", "approvals: 3").replace("rhea]", "rhea, dana]")
                + "  - name: other\n    require: [{ approvals: 1, by: seniors }]\n",
            nothing,
            vec![(
                "sign-off",
                "whoever keeps the policy",
                "to name somebody under seniors who took no part in the change",
            )],
        ),
        (
            "an alternative to what nobody can satisfy",
            POLICY.replace("approvals: 1", "approvals: 3").replace("rhea]", "rhea, dana]")
                + "  - name: other\n    require: [{ approvals: 1, by: seniors }]\nrequire: [{ any: [sign-off, other] }]\n",
            nothing,
            vec![
                (
                    "sign-off",
                    "whoever keeps the policy",
                    "to name somebody under seniors who took no part in the change",
                ),
                ("other", "rhea sam", "to approve commit 633100000000 in a review"),
            ],
        ),
    ] {
        let mut case = Case::under(&policy);
        acts(&mut case);
        let found = remedies(&case);
        let found: Vec<_> =
            found.iter().map(|(rule, who, what, _)| (rule.as_str(), who.as_str(), what.as_str())).collect();
        assert_eq!(found, expected, "{what}");
    }
}

#[test]
fn only_those_are_asked_who_can_give_what_is_missing() {
    let author = POLICY.replace("[sam, rhea]", "[dana]") + "    waivable-by: seniors\n";
    let more = "to name somebody under seniors who took no part in the change";
    let groups = "people:\n  seniors: { groups: [acme/seniors, acme/leads] }\n";
    let in_groups = POLICY.replace("people:\n  seniors: { users: [sam, rhea] }\n", groups);
    let deny = "  - name: Frozen\n    when: { paths: [src/] }\n    deny: closed\n    waivable-by: seniors\n";
    let keeper = "whoever keeps the policy";
    let list = "to list the people of seniors under `users`";
    let take_out = "to take out of the change what the rule denies";
    let answer = "to answer for the rule instead";
    type Expected<'e> = Vec<(&'e str, &'e str, &'e str)>;
    let cases: [(&str, String, bool, Expected<'_>); 6] = [
        ("the author alone may waive", author.clone(), false, vec![("sign-off", keeper, more)]),
        (
            "the author and another may waive",
            author.replace("[dana]", "[dana, omar]").replace("approvals: 1", "approvals: 2"),
            false,
            vec![("sign-off", keeper, more), ("sign-off", "omar", answer)],
        ),
        (
            "whoever may waive takes part where that bars nobody",
            author + "    options: { may-approve: contributors }\n",
            false,
            vec![("sign-off", "dana", "to approve commit 633100000000 in a review")],
        ),
        ("groups on plain git", in_groups.clone(), true, vec![("sign-off", keeper, list)]),
        (
            "groups that may waive, on plain git",
            in_groups.clone() + deny,
            true,
            vec![("Frozen", "dana@example.com", take_out)],
        ),
        (
            "groups that may waive, on a forge",
            in_groups + deny,
            false,
            vec![("Frozen", "dana", take_out), ("Frozen", "seniors", answer)],
        ),
    ];
    for (what, policy, on_git, expected) in cases {
        let mut case = Case::under(&policy);
        if on_git {
            case.leave_the_forge();
            case.request["change"].as_object_mut().unwrap().remove("id");
        } else if policy.contains("groups") {
            case.push("groups", json!({ "name": "acme/seniors", "unreadable": true }));
        }
        let found = remedies(&case);
        let found: Vec<_> =
            found.iter().map(|(rule, who, what, _)| (rule.as_str(), who.as_str(), what.as_str())).collect();
        assert_eq!(found, expected, "{what}");
    }
}

#[test]
fn whoever_can_let_a_rule_know_what_it_waits_for_is_asked_to() {
    let unknown: fn(&mut Case) = |case| {
        case.request["change"].as_object_mut().unwrap().remove("fork");
        let complete = case.request["complete"].as_array_mut().unwrap();
        complete.retain(|fact| !["text", "statuses"].contains(&fact.as_str().unwrap()));
        case.request["change"]["draft"] = false.into();
    };
    let (run, ready) = ("to run the gate where this is known", "to mark the change as ready");
    let keepers = "whoever keeps the gate whoever keeps the policy";
    let when = |predicate: &str| POLICY.replace("require:", &format!("when: {predicate}\n    require:"));
    let conditions =
        |predicate: &str| POLICY.replace("require:", &format!("conditions: {predicate}\n    require:"));
    let veto = |predicate: &str| format!("{POLICY}veto: {{ when: {predicate} }}\n");
    let approval = ("sign-off", "rhea sam", "to approve commit 633100000000 in a review");
    let fact = |rule| (rule, keepers, run);
    let draft: fn(&mut Case) = |case| case.request["change"]["draft"] = true.into();
    let perhaps: fn(&mut Case) =
        |case| case.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "text");
    let nothing: fn(&mut Case) = |_| {};
    let observed = when("{ fork: true }").replace("when:", "enforce: observe\n    when:");
    for (what, policy, case_of, expected) in [
        ("nothing", POLICY.to_owned(), nothing, vec![approval]),
        ("a title", when("{ title: { matches: [\"^fix\"] } }"), unknown, vec![fact("sign-off")]),
        ("labels", when("{ labels: [risky] }"), unknown, vec![fact("sign-off")]),
        ("a fork", when("{ fork: true }"), unknown, vec![fact("sign-off")]),
        ("a status", when("{ status: build }"), unknown, vec![fact("sign-off")]),
        ("signatures", when("{ signatures: verified }"), unknown, vec![fact("sign-off")]),
        ("a condition", conditions("{ status: build }"), unknown, vec![approval, fact("sign-off")]),
        ("a veto", veto("{ fork: true }"), unknown, vec![approval, fact("veto")]),
        ("what is only observed", observed, unknown, vec![]),
        ("a draft", POLICY.to_owned(), draft, vec![approval, ("draft", "dana", ready)]),
        (
            "what may be a draft",
            POLICY.to_owned(),
            perhaps,
            vec![approval, ("draft", "whoever keeps the policy", "to write `draft")],
        ),
        ("a draft that the rules look at", format!("{POLICY}draft: evaluate\n"), draft, vec![approval]),
    ] {
        let mut case = Case::under(&policy);
        case_of(&mut case);
        let found = remedies(&case);
        let found: Vec<_> =
            found.iter().map(|(rule, who, what, _)| (rule.as_str(), who.as_str(), what.as_str())).collect();
        assert_eq!(found, expected, "{what}");
    }
}

#[test]
fn sign_offs_are_fetched_from_where_the_clone_says_and_from_nowhere_where_it_says_nothing() {
    let line = "sam ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0nKYEp4k1hZ2UyMDI2MDEwMTAwMDAwMDAwMDAwMDAwMDAw";
    for (remote, says) in [
        (Some("origin"), "fetch it: git fetch origin 'refs/countersign/*:refs/countersign/others/*'"),
        (Some("up stream"), "fetch it: git fetch 'up stream' 'refs/countersign/*:refs/countersign/others/*'"),
        (None, "no signed sign-offs are here"),
    ] {
        let mut case = Case::new();
        case.leave_the_forge();
        case.push("absent", "signoffs".into());
        case.document("allowed-signers", ".countersign/allowed_signers", line);
        case.request["change"]["repository"]["remote"] = remote.into();
        let notices = case.answer().unwrap()["notices"].to_string();
        assert!(notices.contains(says), "{notices}");
        assert_eq!(notices.contains("git fetch"), remote.is_some(), "{notices}");
    }
}

#[test]
fn a_note_that_cannot_be_read_is_mended_or_taken_away() {
    let policy = POLICY.replace("    require:", "    when: { ai: any }\n    require:");
    for (git_ref, command) in [
        ("refs/notes/ai", "git notes --ref=refs/notes/ai remove 633100000000"),
        ("refs/notes/origin/ai", "git notes --ref=refs/notes/origin/ai remove 633100000000"),
    ] {
        let mut case = Case::under(&policy);
        case.push("complete", "notes".into());
        case.push("complete", "traces".into());
        let note = case.document("note", "6331", "junk");
        (note["ref"], note["commit"]) = (git_ref.into(), id("c1").into());
        let expected = (
            "sign-off".to_owned(),
            "whoever wrote the note".to_owned(),
            format!("to mend the note of commit 633100000000 in {git_ref}"),
            Some(command.to_owned()),
        );
        assert_eq!(remedies(&case), [expected], "{git_ref}: {:#}", case.answer().unwrap());
    }
}

#[test]
fn a_policy_with_a_fault_says_who_mends_it_and_by_what_that_is_judged() {
    for (commit, says) in [(true, true), (false, false)] {
        let mut request = Case::under(&POLICY.replace("people:", "poeple:")).whole();
        if commit {
            request["documents"][0]["commit"] = id("base").into();
        }
        let answer = countersign_core::evaluate(request.to_string().as_bytes()).unwrap_err().to_document();
        assert_eq!(answer.contains("by the last one without a fault"), says, "{answer}");
        assert!(answer.contains("`countersign policy check FILE`"), "{answer}");
    }
}

#[test]
fn a_signature_is_asked_for_where_there_is_nothing_to_review_and_of_those_who_have_a_key() {
    let key = |n: u8| {
        use base64::Engine as _;
        let wire = [&[0, 0, 0, 11][..], b"ssh-ed25519", &[0, 0, 0, 32], &[n; 32]].concat();
        format!("ssh-ed25519 {}", base64::engine::general_purpose::STANDARD.encode(wire))
    };
    let [sam, rhea, ended] = [
        format!("sam namespaces=\"countersign\" {}\n", key(1)),
        format!("rhea {}\n", key(2)),
        format!("rhea valid-before=\"19700101\" {}\n", key(2)),
    ];
    let command = "countersign approve --target refs/heads/main --head 633100000000";
    let sign = "to sign commit 633100000000 with an SSH key";
    let renew =
        "to have `.countersign/allowed_signers` of the target name an SSH key of theirs that is valid now";
    let listed =
        "to sign commit 633100000000 with an SSH key that `.countersign/allowed_signers` of the target names";
    let once = "to sign commit 633100000000 with an SSH key";
    for (what, signers, is_push, on_git, who, asked, by) in [
        (
            "a review",
            format!("{sam}{rhea}"),
            false,
            false,
            "rhea sam",
            "to approve commit 633100000000 in a review",
            None,
        ),
        ("a push to a forge", format!("{sam}{rhea}"), true, false, "rhea sam", sign, Some(command)),
        ("a push to a forge, and nobody has a key", String::new(), true, false, "rhea sam", listed, None),
        ("plain git", format!("{sam}{rhea}"), true, true, "rhea sam", sign, Some(command)),
        ("one whose key has ended", format!("{sam}{ended}"), true, true, "sam", sign, Some(command)),
        ("nobody whose key counts", ended.clone(), true, true, "rhea sam", renew, Some(command)),
        (
            "nobody has a key",
            String::new(),
            true,
            true,
            "rhea sam",
            once,
            Some("countersign check --target refs/heads/main --head 633100000000 --signoffs signoffs.yaml"),
        ),
    ] {
        let mut case = Case::new();
        if is_push {
            case.request["change"].as_object_mut().unwrap().remove("id");
        }
        if on_git {
            case.leave_the_forge();
        }
        if !signers.is_empty() {
            case.document("allowed-signers", ".countersign/allowed_signers", &signers);
        }
        let expected = ("sign-off".to_owned(), who.to_owned(), asked.to_owned(), by.map(str::to_owned));
        assert_eq!(remedies(&case), [expected], "{what}");
    }
}

#[test]
fn of_those_behind_a_change_the_text_says_who_cannot_approve_it() {
    let own = "  - name: own\n    require: [{ approvals: 1, by: seniors }]\n    options: { may-approve: contributors }\n";
    let others = own.replace("contributors", "other-contributors");
    let only = |rule: &str| POLICY.split_once("  - name").unwrap().0.to_owned() + rule;
    for (what, policy, two, says) in [
        ("one", POLICY.to_owned(), false, "dana, who cannot approve it"),
        ("two", POLICY.to_owned(), true, "dana, omar: none of them can approve it"),
        ("whoever may by one of the rules", format!("{POLICY}{own}"), true, "dana, omar"),
        ("all may", only(own), true, "dana, omar"),
        ("some may", only(&others), true, "dana, omar; dana cannot approve it"),
        ("nobody is asked", only("  - name: own\n    deny: closed\n"), true, "dana, omar"),
    ] {
        let mut case = Case::under(&policy);
        if two {
            case.commit("c2", &["c1"])["committer"] = ident("omar");
        }
        let Ok(decision) = case.answer() else { panic!("{what}: {:?}", case.answer()) };
        let how = json!({ "format": "text", "document": decision });
        let text = countersign_core::render(how.to_string().as_bytes()).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("Behind the change  "));
        assert_eq!(line, Some(says), "{what}");
    }
}

#[test]
fn the_line_that_says_it_all_names_every_gap_and_who_acted_again_is_listed_once() {
    let mut case = Case::under(&format!(
        "{POLICY}  - name: Two\n    require: [{{ approvals: 2, by: seniors }}]\n  - name: Three\n    require: [{{ approvals: 1, by: seniors }}]\n"
    ));
    let headline = |case: &Case| case.answer().unwrap()["headline"].as_str().unwrap().to_owned();
    assert_eq!(
        headline(&case),
        "Blocked: \"sign-off\", \"Two\", \"Three\" are not satisfied: 1 approval by seniors; 2 approvals by seniors"
    );
    for _ in 0..3 {
        case.act("sam", "approve");
    }
    let decision = case.answer().unwrap();
    for format in ["text", "markdown", "brief"] {
        let how = json!({ "format": format, "document": decision });
        let text = countersign_core::render(how.to_string().as_bytes()).unwrap();
        assert!(!text.contains("superseded"), "{format}: {text}");
    }
    assert!(decision.to_string().contains("superseded"));
}
