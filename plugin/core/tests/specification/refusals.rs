//! Refusals: what ends one, and what only bars an approval and silences none.

use crate::common::{Case, POLICY, account, id, ident, stranger};
use serde_json::{Value, json};

/// Sam refuses, and rhea approves.
fn refused() -> Case {
    let mut case = Case::new();
    case.act("sam", "request-changes");
    case.act("rhea", "approve");
    assert_eq!(case.outcome(), "denied");
    case
}

const VETO: &str = "veto: { by: seniors, revoked-by: anyone }\n";

type Change = fn(&mut Case);

/// What makes nobody's refusal void, though it keeps the same person from approving.
fn bars() -> [(&'static str, &'static str, Change); 14] {
    [
        ("a co-author whom the author names", "co-author", |case| {
            case.push("people", json!({ "account": account("sam"), "emails": ["sam@example.com"] }));
            case.request["commits"][0]["message"] = "Work\n\nCo-authored-by: Sam <sam@example.com>\n".into();
        }),
        ("an author", "author", |case| case.request["commits"][0]["author"] = ident("sam")),
        ("a committer", "committer", |case| case.request["commits"][0]["committer"] = ident("sam")),
        ("a pusher", "pusher", |case| {
            case.push("pushes", json!({ "by": account("sam"), "at": 5, "head": id("c1") }));
        }),
        ("the opener", "author", |case| case.request["change"]["opened_by"] = account("sam")),
        ("a requester", "ai-requester", |case| case.request["change"]["asked_by"] = json!([account("sam")])),
        ("who took part since", "became-contributor", |case| {
            case.commit("c2", &["c1"])["author"] = ident("sam");
        }),
        ("a stale act", "stale-head", |case| {
            case.commit("c2", &["c1"]);
        }),
        ("an old act", "too-old", |case| {
            case.policy = POLICY.replace("require:", "options: { max-age: 1h }\n    require:");
        }),
        ("an act before the last push", "stale-head", |case| {
            case.policy = POLICY.replace("require:", "options: { since-push: true }\n    require:");
            case.push("pushes", json!({ "by": account("dana"), "at": 500, "head": id("c1") }));
        }),
        ("an act that its giver edited", "edited", |case| {
            case.request["acts"][0]["edited"] = json!({ "at": 300, "by": account("sam") });
            case.request["acts"][0]["text_integrity"] = "own-edits-only".into();
        }),
        ("an act without a head", "fact-unavailable", |case| {
            case.request["acts"][0].as_object_mut().unwrap().remove("head");
        }),
        ("an act of another target", "other-target", |case| {
            case.request["acts"][0]["target"] = "refs/heads/next".into();
        }),
        ("an unanswered question", "unanswered-question", |case| {
            case.policy = POLICY
                .replace("rules:", "questions: { reach: What does it reach? }\nrules:")
                .replace("by: seniors }", "by: seniors, answers: [reach] }");
            case.request["acts"][1]["text"] = "reach: the queue and nothing behind it".into();
        }),
    ]
}

#[test]
fn what_bars_an_approval_silences_no_refusal() {
    for (what, code, change) in bars() {
        // The same act as an approval does not count.
        let mut approval = refused();
        approval.request["acts"][0]["kind"] = "approve".into();
        change(&mut approval);
        assert_eq!(approval.codes()[0], code, "{what}");
        let mut refusal = refused();
        change(&mut refusal);
        assert_eq!(
            (refusal.outcome().as_str(), refusal.codes()[0].as_str()),
            ("denied", "no-sign-off"),
            "{what}"
        );
        // Nor a veto, by a review or by a comment.
        for (kind, text) in [("request-changes", ""), ("comment", "👎")] {
            let mut veto = refused();
            change(&mut veto);
            veto.policy = veto
                .policy
                .replace(", answers: [reach]", "")
                .replace("[{ approvals: 1, by: seniors }]", "nobody")
                + VETO;
            (veto.request["acts"][0]["kind"], veto.request["acts"][0]["text"]) = (kind.into(), text.into());
            veto.request["acts"].as_array_mut().unwrap().pop();
            assert_eq!(veto.outcome(), "denied", "{what}, a veto by {kind}");
        }
    }
}

#[test]
fn who_cannot_be_told_from_an_author_in_plain_git_refuses_all_the_same() {
    for (identities, code) in [
        ("{ rhea: { emails: [rhea@example.com] } }", "unknown-account"),
        ("{ rhea: { emails: [rhea@example.com] }, sam: { emails: [sam@example.com] } }", "counted"),
    ] {
        for (kind, outcome) in [("approve", None), ("request-changes", Some("denied"))] {
            let mut case =
                Case::under(&POLICY.replace("rules:", &format!("identities: {identities}\nrules:")));
            case.leave_the_forge();
            case.act("sam", kind)["proof"] = "claimed".into();
            case.act("rhea", "approve")["proof"] = "claimed".into();
            match outcome {
                None => assert_eq!(case.codes(), [code, "counted"], "{identities}"),
                Some(outcome) => assert_eq!(case.outcome(), outcome, "{identities}"),
            }
            // A veto is heard as well.
            case.policy.push_str(VETO);
            case.request["acts"].as_array_mut().unwrap().pop();
            if kind == "request-changes" {
                assert_eq!(case.rule_code("veto"), "vetoed", "{identities}");
            }
        }
    }
}

#[test]
fn a_second_account_that_is_blocked_takes_nothing_from_the_other() {
    for (by, kind, outcome) in [
        ("sam", "request-changes", "denied"),
        ("sam-old", "request-changes", "approved"),
        ("sam", "approve", "approved"),
        ("sam-old", "approve", "pending"),
    ] {
        for policy in [
            POLICY.replace("[sam, rhea]", "[sam, sam-old, rhea]"),
            POLICY.replace("[{ approvals: 1, by: seniors }]", "nobody") + VETO,
        ] {
            let mut case = Case::under(&policy);
            case.push("people", json!({ "account": account("sam"), "active": true }));
            case.push(
                "people",
                json!({ "account": account("sam-old"), "active": false, "also": [account("sam")] }),
            );
            case.act(by, kind);
            if kind == "request-changes" {
                case.act("rhea", "review");
                if !policy.ends_with(VETO) {
                    case.act("rhea", "approve");
                }
            }
            let outcome = if policy.ends_with(VETO) && kind == "approve" { "approved" } else { outcome };
            assert_eq!(case.outcome(), outcome, "{kind} by {by}: {policy}");
        }
    }
    // Whoever has an account left is asked where everybody is.
    let mut all = Case::under(&POLICY.replace("approvals: 1", "approvals: all"));
    all.push("people", json!({ "account": account("sam"), "active": true }));
    all.push("people", json!({ "account": account("sam-old"), "active": false, "also": [account("sam")] }));
    all.act("rhea", "approve");
    assert_eq!(all.outcome(), "pending");
    all.request["people"][0]["active"] = false.into();
    assert_eq!(all.outcome(), "approved");
}

#[test]
fn who_is_in_no_set_or_no_person_refuses_nothing() {
    let changes: [(&str, Change); 5] = [
        ("a stranger", |case| case.request["acts"][0]["actor"] = account("omar")),
        ("an account that is blocked", |case| {
            case.push("people", json!({ "account": account("sam"), "active": false }));
        }),
        ("a program", |case| {
            case.push("people", json!({ "account": account("sam"), "kind": "bot" }));
        }),
        ("nobody", |case| case.request["acts"][0]["actor"] = json!({})),
        ("whom nothing proves", |case| case.request["acts"][0]["proof"] = "claimed".into()),
    ];
    for (what, change) in changes {
        let mut case = refused();
        change(&mut case);
        assert_eq!(case.outcome(), "approved", "{what}");
    }
}

#[test]
fn a_refusal_ends_by_its_giver_or_by_whom_is_known_not_to_have_taken_part() {
    let dismissed = |by: Value| {
        let mut case = refused();
        case.request["acts"][0]["dismissed"] = json!({ "at": 300, "by": by });
        case
    };
    assert_eq!(dismissed(account("noor")).outcome(), "approved");
    assert_eq!(dismissed(account("sam")).outcome(), "approved", "one's own");
    let mut unsaid = refused();
    unsaid.request["acts"][0]["dismissed"] = json!({ "at": 300 });
    assert_eq!(unsaid.outcome(), "denied", "nobody says who");
    assert_eq!(dismissed(json!({})).outcome(), "denied", "nobody");
    let changes: [(&str, Change); 9] = [
        ("the opener", |case| case.request["change"]["opened_by"] = account("noor")),
        ("an author", |case| case.request["commits"][0]["author"] = ident("noor")),
        ("a pusher", |case| {
            case.push("pushes", json!({ "by": account("noor"), "head": id("c1") }));
        }),
        ("a requester", |case| case.request["change"]["asked_by"] = json!([account("noor")])),
        ("a program", |case| {
            case.push("people", json!({ "account": account("noor"), "kind": "bot" }));
        }),
        ("a blocked account", |case| {
            case.push("people", json!({ "account": account("noor"), "active": false }));
        }),
        ("while commits are not all listed", |case| {
            case.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "commits");
        }),
        ("while a commit is nobody's", |case| {
            case.request["commits"][0]["author"] = stranger("x@elsewhere.example")
        }),
        ("while pushers are unknown", |case| {
            case.request["unavailable"] = json!([{ "fact": "pushes", "reason": "HTTP 502" }]);
        }),
    ];
    for (what, change) in changes {
        let mut case = dismissed(account("noor"));
        change(&mut case);
        assert_eq!(case.outcome(), "denied", "{what}");
        // A veto is not dismissed by them either.
        let mut veto = dismissed(account("noor"));
        change(&mut veto);
        veto.policy = POLICY.replace("[{ approvals: 1, by: seniors }]", "nobody") + VETO;
        veto.request["acts"].as_array_mut().unwrap().pop();
        assert_eq!(veto.outcome(), "denied", "{what}");
    }
    let mut veto = dismissed(account("noor"));
    veto.policy = POLICY.replace("[{ approvals: 1, by: seniors }]", "nobody") + VETO;
    veto.request["acts"].as_array_mut().unwrap().pop();
    assert_eq!(veto.outcome(), "approved");
    // What is dismissed is the one review, and no other of the same person.
    let mut two = refused();
    two.act("sam", "request-changes")["dismissed"] = json!({ "at": 300, "by": account("noor") });
    assert_eq!(two.outcome(), "denied");
}

#[test]
fn nobody_known_to_be_outside_lifts_a_veto_while_commits_are_not_all_listed() {
    let case = |change: Change| {
        let mut case =
            Case::under(&(POLICY.replace("require:", "when: { paths: [infra/] }\n    require:") + VETO));
        case.act("sam", "request-changes");
        case.act("rhea", "approve");
        change(&mut case);
        case.outcome()
    };
    assert_eq!(case(|_| ()), "not-applicable");
    let changes: [Change; 5] = [
        |case| case.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "commits"),
        |case| {
            let parents = case.request["commits"][0]["parents"].as_array_mut().unwrap();
            parents.push(json!({ "sha": id("gone") }));
        },
        |case| case.request["change"]["head"] = id("c9").into(),
        |case| case.request["commits"][0]["author"] = stranger("x@elsewhere.example"),
        |case| case.request["unavailable"] = json!([{ "fact": "opener", "reason": "HTTP 502" }]),
    ];
    for change in changes {
        assert_eq!(case(change), "pending");
    }
}

#[test]
fn a_quotation_that_goes_on_lazily_hides_no_veto_and_its_own_lines_are_nobodys() {
    for (text, outcome) in [
        ("👎", "denied"),
        ("> is it safe?\n👎", "denied"),
        ("> is it safe?\n:-1: no", "denied"),
        ("> > nested\n> less\n👎", "denied"),
        ("- > in a list\n👎", "denied"),
        ("> - a list\n👎", "denied"),
        ("> is it safe?\nyes, sure\n👎", "denied"),
        ("> 👎", "approved"),
        ("> noor wrote:\n> 👎\n\nI do not think so", "approved"),
        ("> > 👎\n> no\nfine", "approved"),
        ("```\n👎\n```", "approved"),
        ("<!-- 👎 -->", "approved"),
    ] {
        let mut case = Case::under(&(POLICY.replace("[{ approvals: 1, by: seniors }]", "nobody") + VETO));
        case.comment("sam", text);
        assert_eq!(case.outcome(), outcome, "{text:?}");
    }
    // By a line, a pattern, and a line that takes an approval back.
    for (disapprove, text) in [
        ("comment-lines: [/veto]", "> safe?\n/veto"),
        ("comment-patterns: [\"(?m)^no$\"]", "> safe?\nno"),
        ("cancel-lines: [\"/no {head}\"]", "> safe?\n/no HEAD"),
    ] {
        let policy = POLICY.replace("[{ approvals: 1, by: seniors }]", "nobody");
        let mut case = Case::under(
            &(policy + &VETO.replace("by: seniors", &format!("by: seniors, disapprove: {{ {disapprove} }}"))),
        );
        case.comment("sam", &text.replace("HEAD", &id("c1")));
        assert_eq!(case.outcome(), "denied", "{disapprove}");
    }
    // An approval is not heard there.
    let mut case = Case::under(
        &POLICY.replace("require:", "options: { methods: { comments-contain: [lgtm] } }\n    require:"),
    );
    case.comment("sam", "> safe?\nlgtm");
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn a_veto_is_heard_by_what_the_policy_names_of_whoever_may_perhaps() {
    for (disapprove, kind, text, outcome) in [
        ("reviews: true", "request-changes", "", "pending"),
        ("reviews: true", "comment", "👎", "approved"),
        ("comments-contain: [👎]", "request-changes", "👎", "approved"),
        ("comments-contain: [👎]", "comment", "👎", "pending"),
        ("review-patterns: [unsafe]", "request-changes", "it is unsafe", "pending"),
        ("review-patterns: [unsafe]", "request-changes", "hm", "approved"),
        ("review-patterns: [unsafe]", "review", "it is unsafe", "pending"),
        ("review-patterns: [unsafe]", "approve", "it is unsafe", "approved"),
    ] {
        for (set, outcome) in [
            ("{ permissions: [admin] }", outcome),
            ("{ users: [omar] }", if outcome == "pending" { "denied" } else { outcome }),
        ] {
            let veto = format!("veto: {{ by: guards, disapprove: {{ {disapprove} }} }}\n");
            let policy = POLICY
                .replace("[{ approvals: 1, by: seniors }]", "nobody")
                .replace("rules:", &format!("  guards: {set}\nrules:"));
            let mut case = Case::under(&(policy + &veto));
            case.push("people", json!({ "account": account("omar"), "unreadable": true }));
            case.act("omar", kind)["text"] = text.into();
            assert_eq!(case.outcome(), outcome, "{disapprove}, {kind} {text}, {set}");
        }
    }
    // Whoever takes it back is waited for no more.
    let policy = POLICY
        .replace("[{ approvals: 1, by: seniors }]", "nobody")
        .replace("rules:", "  guards: { permissions: [admin] }\nrules:");
    let mut case = Case::under(&(policy + "veto: { by: guards }\n"));
    case.push("people", json!({ "account": account("omar"), "unreadable": true }));
    case.comment("omar", "👎");
    assert_eq!(case.outcome(), "pending");
    case.comment("omar", "👍");
    assert_eq!(case.outcome(), "approved");
}
