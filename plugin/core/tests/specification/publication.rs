//! What a host does with an answer: which status it writes, whom it asks for a review, what it takes back, whether it comments.

use crate::common::{Case, POLICY, account, ident};
use serde_json::{Value, json};

fn publication(case: &Case) -> Value {
    case.answer().unwrap_or_else(|error| error)["publication"].clone()
}

/// What a host does, in a line: `gated`, the state, whom it asks, `take-back`, `comment`.
fn done(case: &Case) -> String {
    let said = publication(case);
    let word = |key: &str, word: &str| if said[key] == true { format!(" {word}") } else { String::new() };
    let ask: Vec<&str> =
        said["ask"].as_array().into_iter().flatten().map(|who| who.as_str().unwrap()).collect();
    let ask = if ask.is_empty() { String::new() } else { format!(" ask:{}", ask.join(",")) };
    assert_eq!(said["comment"] == true, said["objection"].is_string(), "{said}");
    format!(
        "{}{}{ask}{}{}",
        if said["gated"] == true { "gated " } else { "" },
        said["status"]["state"].as_str().unwrap(),
        word("take_back", "take-back"),
        word("comment", "comment")
    )
}

type Change = fn(&mut Case);

const NOTHING: Change = |_| {};
const APPROVED: Change = |case| {
    case.act("sam", "approve");
};
const REFUSED: Change = |case| {
    case.act("sam", "request-changes");
};
const OBSERVED: Change = |case| case.policy.push_str("enforce: observe\n");
const UNPROTECTED: Change = |case| {
    case.request["change"]["target"] = "refs/heads/topic".into();
    case.request["change"]["default_branch"] = "refs/heads/main".into();
};
const NO_POLICY: Change = |case| case.policy.clear();
const REQUIRED: Change = |case| case.request["trigger"]["require_policy"] = true.into();
const FAULTY: Change = |case| case.policy.push_str("rulez: []\n");
const UNREAD: Change = |case| case.request["apiVersion"] = "countersign/v9".into();
const SKIPPED: Change = |case| {
    case.policy = POLICY.replace("    require", "    when: { paths: [\"docs/**\"] }\n    require");
};

#[test]
fn what_a_host_does_follows_from_what_was_decided() {
    for (name, changes, expected) in [
        ("it waits", &[NOTHING][..], "gated pending ask:rhea,sam comment"),
        ("it is approved", &[APPROVED], "gated success take-back"),
        ("it is refused", &[REFUSED], "gated failure comment"),
        ("no rule applies", &[SKIPPED], "gated success take-back"),
        ("it waits, and that is only observed", &[OBSERVED], "gated success take-back"),
        ("it is approved, and that is only observed", &[OBSERVED, APPROVED], "gated success take-back"),
        ("it is refused, and that is only observed", &[OBSERVED, REFUSED], "gated success take-back"),
        ("the target is not protected", &[UNPROTECTED], "success take-back"),
        ("there is no policy", &[NO_POLICY], "success take-back"),
        ("there is no policy where one is required", &[NO_POLICY, REQUIRED], "gated pending comment"),
        ("the policy cannot be read", &[FAULTY], "gated error comment"),
        ("the request cannot be read", &[UNREAD], "gated error comment"),
    ] {
        let mut case = Case::new();
        changes.iter().for_each(|change| change(&mut case));
        assert_eq!(done(&case), expected, "{name}");
    }
}

/// A rule beside that of the policy.
fn beside(rule: &str) -> String {
    format!("{POLICY}  - {rule}\n")
}

const TEAM: &str = "\
countersign: 1
name: test
people:
  seniors: { groups: [o/team] }
rules:
  - name: sign-off
    require: [{ approvals: 1, by: seniors }]
";

#[test]
fn a_review_is_asked_of_those_who_can_give_what_is_missing() {
    let asks = |case: &Case| {
        let ask = publication(case)["ask"].clone();
        let ask: Vec<String> = serde_json::from_value(ask).unwrap_or_default();
        ask.join(",")
    };
    let two = POLICY.replace("approvals: 1", "approvals: 2");
    let cases: [(&str, String, Change, &str); 13] = [
        ("nobody gave anything", POLICY.to_owned(), NOTHING, "rhea,sam"),
        ("one of two is given", two.clone(), APPROVED, "rhea"),
        (
            "one took part",
            POLICY.to_owned(),
            |case| case.request["commits"][0]["committer"] = ident("sam"),
            "rhea",
        ),
        (
            "one took part, and may approve all the same",
            POLICY.replace("require:", "options: { may-approve: contributors }\n    require:"),
            |case| case.request["commits"][0]["committer"] = ident("sam"),
            "rhea",
        ),
        ("one is known by an address alone", POLICY.replace("rhea]", "rhea@example.com]"), NOTHING, "sam"),
        (
            "the members of a group",
            TEAM.to_owned(),
            |case| {
                let members = json!([account("olga"), account("omar")]);
                case.push("groups", json!({ "name": "o/team", "members": members }));
            },
            "olga,omar",
        ),
        (
            "a group whose members cannot be read",
            TEAM.to_owned(),
            |case| {
                let group = json!({ "name": "o/team", "members": [], "unreadable": true });
                case.push("groups", group);
            },
            "",
        ),
        (
            "a rule that only observes asks nobody",
            beside("{ name: olga, enforce: observe, require: [{ approvals: 1, by: others }] }")
                .replace("people:", "people:\n  others: { users: [olga] }"),
            APPROVED,
            "",
        ),
        (
            "a rule that applies to nothing here asks nobody",
            beside("{ name: docs, when: { paths: [\"docs/**\"] }, require: [{ approvals: 1, by: others }] }")
                .replace("people:", "people:\n  others: { users: [olga] }"),
            NOTHING,
            "rhea,sam",
        ),
        (
            "no approval lets pass what a rule denies",
            beside("{ name: never, when: { paths: [\"src/**\"] }, deny: not here }"),
            NOTHING,
            "",
        ),
        (
            "no approval lets pass what another rule can never get",
            beside("{ name: dana, require: [{ approvals: 1, by: others }] }")
                .replace("people:", "people:\n  others: { users: [dana] }"),
            NOTHING,
            "",
        ),
        (
            "nobody reviews what has no number",
            POLICY.to_owned(),
            |case| {
                case.request["change"].as_object_mut().unwrap().remove("id");
            },
            "",
        ),
        ("nobody reviews in plain git", POLICY.to_owned(), Case::leave_the_forge, ""),
    ];
    for (name, policy, change, expected) in cases {
        let mut case = Case::under(&policy);
        change(&mut case);
        assert_eq!(asks(&case), expected, "{name}");
    }
}

#[test]
fn a_status_is_one_line_that_says_what_the_headline_does() {
    let mut case = Case::new();
    let decision = case.answer().unwrap();
    let status = &decision["publication"]["status"];
    assert_eq!(status["description"], decision["headline"]);
    assert_eq!(
        status["shared"],
        format!("As change 7 brings it: {}", decision["headline"].as_str().unwrap())
    );

    OBSERVED(&mut case);
    let observed = publication(&case)["status"]["description"].clone();
    assert!(observed.as_str().unwrap().starts_with("Observed, not enforced: Blocked: "), "{observed}");

    case.request["change"].as_object_mut().unwrap().remove("id");
    assert_eq!(publication(&case)["status"]["shared"], Value::Null);
}

#[test]
fn a_status_holds_nothing_that_deceives_and_no_more_than_is_shown() {
    for (text, expected) in [
        ("short", "short".to_owned()),
        ("two\nlines\r", "two lines ".to_owned()),
        ("right\u{202e}left", "right\\u{202e}left".to_owned()),
        (&"x".repeat(200), "x".repeat(200)),
        (&"x".repeat(201), format!("{}…", "x".repeat(199))),
        (&"é".repeat(300), format!("{}…", "é".repeat(199))),
        (&format!("{} {}", "x".repeat(198), "y".repeat(9)), format!("{}…", "x".repeat(198))),
    ] {
        assert_eq!(countersign_core::status_line(text), expected, "{text:?}");
    }
    let long = Case::under(&POLICY.replace("sign-off", &format!("\"{}\"", "long ".repeat(60).trim())));
    let status = publication(&long)["status"].clone();
    for line in ["description", "shared"] {
        assert_eq!(status[line].as_str().unwrap().chars().count(), 200, "{status}");
    }
}

#[test]
fn an_error_that_comes_instead_of_a_decision_says_what_its_status_does() {
    let mut case = Case::new();
    FAULTY(&mut case);
    let status = publication(&case)["status"].clone();
    let expected = "This change cannot be evaluated; the page says why";
    assert_eq!(status, json!({ "state": "error", "description": expected }));
    // An error of another function is about no change.
    let error = countersign_core::needs(b"{").unwrap_err().to_document();
    assert!(!error.contains("publication"), "{error}");
}

#[test]
fn a_comment_says_why_a_change_cannot_be_evaluated_and_holds_no_markup_of_strangers() {
    let shown = |faults: &str| {
        let mut case = Case::new();
        case.policy.push_str(faults);
        let input = json!({ "format": "markdown", "document": case.answer().unwrap_err() });
        countersign_core::render(input.to_string().as_bytes()).unwrap()
    };
    insta::assert_snapshot!([shown("rulez: []\n"), shown("\"<b>@all</b>\": 1\nrulez: []\n")].join("\n"));
}

#[test]
fn an_answer_that_does_not_say_what_to_do_is_one_of_an_earlier_version() {
    for (name, change) in [("waits", NOTHING), ("passes", APPROVED), ("refused", REFUSED), ("error", FAULTY)]
    {
        let mut case = Case::new();
        change(&mut case);
        let mut answer = case.answer().unwrap_or_else(|error| error);
        let said = countersign_core::publication(answer.to_string().as_bytes());
        assert_eq!(serde_json::to_value(&said).unwrap(), answer["publication"], "{name}");
        answer.as_object_mut().unwrap().remove("publication");
        assert_eq!(countersign_core::publication(answer.to_string().as_bytes()), said, "{name}");
    }
    // What is no answer at all lets nothing pass.
    for odd in ["", "{}", "out of memory", "{\"kind\":\"Decision\"}"] {
        let said = countersign_core::publication(odd.as_bytes());
        assert!(said.gated && said.status.state.name() == "error", "{odd:?}: {said:?}");
    }
}

/// The bytes of a request by which it is told from others.
fn facts(request: &Value, answer: &Value) -> Vec<u8> {
    let (request, answer) = (request.to_string(), answer.to_string());
    countersign_core::facts(request.as_bytes(), answer.as_bytes()).unwrap().concat()
}

#[test]
fn two_requests_ask_the_same_where_only_the_moment_and_the_occasion_differ() {
    let mut case = Case::new();
    let (request, answer) = (case.whole(), case.answer().unwrap());
    let expected = facts(&request, &answer);
    let changes: [(&str, Change, bool); 7] = [
        ("nothing", NOTHING, true),
        ("the moment", |case| case.request["trigger"]["now"] = 2_000_000.into(), true),
        ("the occasion", |case| case.request["trigger"]["kind"] = "reconcile".into(), true),
        ("that a policy is required", REQUIRED, false),
        ("the platform", |case| case.request["trigger"]["platform"]["name"] = "other".into(), false),
        ("the title", |case| case.request["change"]["title"] = "now".into(), false),
        ("an act", APPROVED, false),
    ];
    for (name, change, same) in changes {
        let mut other = Case::new();
        change(&mut other);
        assert_eq!(facts(&other.whole(), &other.answer().unwrap()) == expected, same, "{name}");
    }
    // An error that came instead of a decision says it too, and an answer that does not say it leaves nothing out.
    FAULTY(&mut case);
    let error = case.answer().unwrap_err();
    assert_eq!(facts(&request, &error), expected);
    assert_eq!(facts(&request, &json!({})), request.to_string().into_bytes());
}
