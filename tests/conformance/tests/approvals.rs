//! The neutral form of cases of approval: what it has a word for means what it says, and what it has none for fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

use conformance::approvals::{Line, run};
use conformance::via::Via;
use serde_json::{Value, json};

/// A change with one commit by ann, on which nobody acted; sam may approve it.
fn case() -> Value {
    json!({
        "id": "case", "why": "a test",
        "policy": { "rules": [{ "name": "r", "requires": { "count": 1, "users": ["sam"] } }] },
        "context": { "author": "ann", "head_sha": "c1", "base_branch": "main", "target_history": ["base0"] },
        "commits": [{ "sha": "c1", "parents": ["base0"], "author": "ann", "committer": "ann" }],
        "reviews": [{ "user": "sam", "state": "approved", "at": 3 }],
        "comments": [],
        "files": [{ "path": "src/a.rs", "status": "modified" }],
        "expected": "approved",
    })
}

/// How many of these cases fail.
fn failed(cases: &[Value]) -> usize {
    let lines = cases.iter().enumerate().map(|(at, case)| Line::of(at.to_string(), &case.to_string()));
    run(&lines.collect::<Vec<_>>(), &mut Via::Native).unwrap().1
}

/// The words that a case may expect without failing.
fn outcome(case: &Value) -> String {
    let words = ["approved", "pending", "disapproved", "skipped"];
    let holds = |word: &&&str| {
        let mut case = case.clone();
        case["expected"] = (**word).into();
        failed(&[case]) == 0
    };
    words.iter().filter(holds).map(|word| (*word).to_owned()).collect::<Vec<_>>().join(", ")
}

/// Puts a value where a path leads, of keys and places.
fn set(case: &mut Value, path: &str, value: Value) {
    let pointer = format!("/{}", path.replace('.', "/"));
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match case.pointer_mut(parent).unwrap() {
        Value::Array(items) if key == "-" => items.push(value),
        parent => parent[key] = value,
    }
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut case = case();
    changes.iter().for_each(|(path, value)| set(&mut case, path, value.clone()));
    case
}

#[test]
fn a_key_that_is_not_read_fails_its_case_and_no_other() {
    let full = with(&[
        ("policy.rules.0.if", json!({ "changed_files": { "paths": ["^src/"] } })),
        ("policy.rules.0.if.author_in", json!({ "users": ["ann"] })),
        ("policy.rules.0.if.title", json!({ "matches": ["x"] })),
        ("policy.rules.0.if.lines", json!({ "total": "<100" })),
        ("policy.rules.0.requires.users.-", json!({ "login": "sue", "id": 5 })),
        ("policy.rules.0.requires.conditions", json!({ "has_status": { "statuses": ["build"] } })),
        ("policy.rules.0.options", json!({ "methods": { "reviews": true } })),
        ("policy.rules.0.options.ignore_commits_by", json!({ "users": ["robot"] })),
        ("policy.disapproval", json!({ "users": ["sue"], "disapprove": {}, "revoke": {}, "if": {} })),
        ("policy.require", json!([{ "or": ["r", { "and": ["r"] }] }])),
        ("context.statuses", json!({ "build": { "state": "success" } })),
        ("context.members", json!({ "ann": { "teams": [] } })),
        ("context.body", json!({ "text": "x" })),
        ("context.title", json!("x")),
        ("comments.-", json!({ "user": "sam", "body": "hm", "at": 1 })),
    ]);
    assert_eq!(outcome(&full), "approved");
    for place in [
        "",
        "policy.",
        "policy.rules.0.",
        "policy.rules.0.if.",
        "policy.rules.0.if.changed_files.",
        "policy.rules.0.if.author_in.",
        "policy.rules.0.if.title.",
        "policy.rules.0.if.lines.",
        "policy.rules.0.requires.",
        "policy.rules.0.requires.users.1.",
        "policy.rules.0.requires.conditions.",
        "policy.rules.0.requires.conditions.has_status.",
        "policy.rules.0.options.",
        "policy.rules.0.options.methods.",
        "policy.rules.0.options.ignore_commits_by.",
        "policy.disapproval.",
        "policy.disapproval.if.",
        "policy.disapproval.disapprove.",
        "policy.disapproval.revoke.",
        "policy.require.0.",
        "policy.require.0.or.1.",
        "context.",
        "context.statuses.build.",
        "context.members.ann.",
        "context.body.",
        "commits.0.",
        "reviews.0.",
        "comments.0.",
        "files.0.",
    ] {
        let mut unread = full.clone();
        set(&mut unread, &format!("{place}unheard_of"), json!(true));
        assert_eq!(failed(&[case(), unread, case()]), 1, "{place}");
    }
}

#[test]
fn a_word_that_the_form_does_not_have_fails_its_case_and_no_other() {
    for (path, value) in [
        ("expected", json!("perhaps")),
        ("policy.draft", json!("wait")),
        ("policy.rules.0.options", json!({ "stale": "sometimes" })),
        ("policy.disapproval", json!({ "users": ["sue"], "revoked_by": "nobody" })),
        ("policy.require", json!([{ "xor": ["r"] }])),
        ("reviews.0.state", json!("maybe")),
        ("files.0.status", json!("haunted")),
        ("comments.-", json!({ "user": "sam", "state": "approved", "at": 1 })),
        ("reviews.-", json!({ "user": "sam", "at": 1 })),
        ("commits", json!(3)),
        // What the module refuses as no request.
        ("commits.-", json!({ "sha": "c1", "parents": ["base0"], "author": "ann", "committer": "ann" })),
    ] {
        assert_eq!(failed(&[case(), with(&[(path, value.clone())]), case()]), 1, "{path} {value}");
    }
    let lines = [Line::of("1".to_owned(), "no case"), Line::of("2".to_owned(), &case().to_string())];
    assert_eq!(run(&lines, &mut Via::Native).unwrap(), (1, 1));
}

/// A veto by sam that sam alone lifts, and a rule that asks for nothing.
const VETO: &str = r#"{ "rules": [{ "name": "r", "requires": { "count": 0 } }], "disapproval": { "users": ["sam"], "revoked_by": "self" } }"#;

fn veto() -> Value {
    serde_json::from_str(VETO).unwrap()
}

#[test]
fn a_dismissal_ends_what_was_dismissed_and_is_no_word_of_whom_it_befell() {
    let review = |state: &str, at: i64| json!({ "user": "sam", "state": state, "at": at });
    for (reviews, expected) in [
        (json!([review("approved", 1), review("dismissed", 3)]), "pending"),
        (json!([review("dismissed", 1), review("approved", 3)]), "approved"),
        (json!([{ "user": "sam", "state": "approved", "at": 1, "dismissed": true }]), "pending"),
    ] {
        assert_eq!(outcome(&with(&[("reviews", reviews.clone())])), expected, "{reviews}");
    }
    for (reviews, expected) in [
        (json!([review("changes_requested", 1), review("dismissed", 3)]), "disapproved"),
        (json!([review("changes_requested", 1), review("unapproved", 3)]), "disapproved"),
        (json!([{ "user": "sam", "state": "changes_requested", "at": 1, "dismissed": true }]), "approved"),
    ] {
        assert_eq!(
            outcome(&with(&[("policy", veto()), ("reviews", reviews.clone())])),
            expected,
            "{reviews}"
        );
    }
}

#[test]
fn of_a_member_who_could_not_be_read_nothing_is_known() {
    for (requires, member) in [
        (json!({ "count": 1, "teams": ["seniors"] }), json!({ "teams": ["seniors"] })),
        (json!({ "count": 1, "orgs": ["o"], "inherited": true }), json!({ "inherited_orgs": ["o"] })),
        (json!({ "count": 1, "permissions": ["write"] }), json!({ "permission": "admin" })),
        (json!({ "count": 1, "users": [{ "login": "sam", "id": 5 }] }), json!({ "id": 5 })),
    ] {
        let mut case = with(&[
            ("policy.rules.0.requires", requires.clone()),
            ("context.members", json!({ "sam": member })),
        ]);
        assert_eq!(outcome(&case), "approved", "{requires}");
        case["context"]["members"]["sam"]["unreadable"] = true.into();
        assert_eq!(outcome(&case), "pending", "{requires}");
    }
}

#[test]
fn a_group_belongs_to_the_set_that_names_it() {
    let members = json!({ "ann": { "teams": ["all"] }, "eve": { "teams": ["all"] } });
    let by_eve = json!([{ "user": "eve", "state": "approved", "at": 3 }]);
    let of_condition = with(&[
        ("policy.rules.0.requires.conditions", json!({ "contributor_in": { "teams": ["all"] } })),
        ("context.members", members.clone()),
        ("reviews", by_eve),
    ]);
    assert_eq!(outcome(&of_condition), "pending");
    for predicate in ["author_in", "contributor_in", "only_contributors_in"] {
        let refused = json!([{ "user": "eve", "state": "changes_requested", "at": 3 }]);
        let mut policy = veto();
        policy["disapproval"]["if"] = json!({ predicate: { "orgs": ["risky"] } });
        let case = with(&[
            ("policy", policy),
            ("context.members", json!({ "eve": { "orgs": ["risky"] } })),
            ("reviews", refused),
        ]);
        assert_eq!(outcome(&case), "approved", "{predicate}");
    }
}

#[test]
fn an_edit_is_one_whether_its_time_is_said_or_its_writer() {
    for (edit, ignored, expected) in [
        (json!({}), true, "approved"),
        (json!({ "edited_by": "ann" }), false, "pending"),
        (json!({ "edited_by": "sam" }), false, "approved"),
        (json!({ "edited_by": "sam" }), true, "pending"),
        (json!({ "edited_at": 5 }), true, "pending"),
    ] {
        let mut comment = json!({ "user": "sam", "body": "/approve", "at": 3 });
        comment.as_object_mut().unwrap().extend(edit.as_object().unwrap().clone());
        let options = json!({ "methods": { "comment_lines": ["/approve"] }, "ignore_edited": ignored });
        let case = with(&[
            ("policy.rules.0.options", options),
            ("reviews", json!([])),
            ("comments", json!([comment])),
        ]);
        assert_eq!(outcome(&case), expected, "{edit} {ignored}");
    }
}

#[test]
fn with_patterns_a_review_counts_by_its_state_and_its_words() {
    for (methods, state, body, expected) in [
        (json!({ "reviews": true }), "approved", "hm", "approved"),
        (json!({ "reviews": true, "review_patterns": ["ship it"] }), "approved", "hm", "pending"),
        (json!({ "reviews": true, "review_patterns": ["ship it"] }), "approved", "ship it", "approved"),
        (json!({ "review_patterns": ["ship it"] }), "approved", "ship it", "approved"),
        (json!({ "review_patterns": ["ship it"] }), "commented", "ship it", "pending"),
        (json!({ "reviews": true }), "commented", "ship it", "pending"),
    ] {
        let review = json!([{ "user": "sam", "state": state, "body": body, "at": 3 }]);
        let case = with(&[("policy.rules.0.options", json!({ "methods": methods })), ("reviews", review)]);
        assert_eq!(outcome(&case), expected, "{methods} {state} {body}");
    }
    for (body, expected) in [("unsafe", "disapproved"), ("hm", "approved")] {
        let mut policy = veto();
        policy["disapproval"]["disapprove"] = json!({ "reviews": true, "review_patterns": ["unsafe"] });
        let review = json!([{ "user": "sam", "state": "changes_requested", "body": body, "at": 3 }]);
        assert_eq!(outcome(&with(&[("policy", policy), ("reviews", review)])), expected, "{body}");
    }
}

#[test]
fn a_title_matches_or_does_not_match_the_others() {
    for (test, title, expected) in [
        (json!({ "matches": ["^feat"] }), "feat: x", "approved"),
        (json!({ "matches": ["^feat"] }), "fix: x", "skipped"),
        (json!({ "not_matches": ["^WIP"] }), "fix: x", "approved"),
        (json!({ "not_matches": ["^WIP"] }), "WIP", "skipped"),
        (json!({ "matches": ["^feat"], "not_matches": ["^WIP"] }), "fix: x", "approved"),
        (json!({ "matches": ["^WIP: feat"], "not_matches": ["^WIP"] }), "WIP: feat", "approved"),
        (json!({ "matches": ["^feat"], "not_matches": ["^WIP"] }), "WIP", "skipped"),
    ] {
        let case = with(&[("policy.rules.0.if", json!({ "title": test })), ("context.title", json!(title))]);
        assert_eq!(outcome(&case), expected, "{test} {title}");
    }
}

#[test]
fn a_policy_that_could_not_be_read_lets_nothing_pass_whatever_the_reason() {
    for (error, expected) in [
        (json!("line 3"), "pending"),
        (json!(true), "pending"),
        (json!(false), "approved"),
        (json!(null), "approved"),
    ] {
        assert_eq!(outcome(&with(&[("context.policy_error", error.clone())])), expected, "{error}");
    }
}

#[test]
fn whoever_is_not_said_to_have_pushed_pushed_what_they_wrote() {
    let robots = json!({ "stale": "sha", "ignore_commits_by": { "users": ["robot"] } });
    let commits = |last: Value| {
        let mut commit = json!({ "sha": "c1", "parents": ["c0"], "author": "robot", "committer": "robot" });
        commit.as_object_mut().unwrap().extend(last.as_object().unwrap().clone());
        json!([{ "sha": "c0", "parents": ["base0"], "author": "ann", "committer": "ann" }, commit])
    };
    for (last, expected) in [
        (json!({}), "approved"),
        (json!({ "pushed_at": 5 }), "approved"),
        (json!({ "pusher": "robot", "pushed_at": 5 }), "approved"),
        (json!({ "pusher": "ann", "pushed_at": 5 }), "pending"),
        (json!({ "pusher": "ann" }), "pending"),
        (json!({ "committer": "ann", "pushed_at": 5 }), "pending"),
    ] {
        let review = json!([{ "user": "sam", "state": "approved", "at": 3, "sha": "c0" }]);
        let case = with(&[
            ("policy.rules.0.options", robots.clone()),
            ("commits", commits(last.clone())),
            ("reviews", review),
        ]);
        assert_eq!(outcome(&case), expected, "{last}");
    }
}

#[test]
fn a_commit_is_named_by_a_word_wherever_the_word_ends() {
    for (body, expected) in [
        ("/approve c1", "approved"),
        ("/approve c1\nthanks", "approved"),
        ("thanks\n/approve c1\r\n", "approved"),
        ("/approve\tc1", "pending"),
        ("/approve c0", "pending"),
        ("/approve c1x", "pending"),
    ] {
        let case = with(&[
            ("policy.rules.0.options", json!({ "methods": { "comment_lines": ["/approve {head}"] } })),
            ("reviews", json!([])),
            ("comments", json!([{ "user": "sam", "body": body, "at": 3 }])),
        ]);
        assert_eq!(outcome(&case), expected, "{body:?}");
    }
}

#[test]
fn every_status_of_a_file_is_a_change_of_its_path() {
    for status in ["added", "modified", "deleted", "renamed", "copied", "mode_changed", "type_changed"] {
        let case = with(&[
            ("policy.rules.0.if", json!({ "changed_files": { "paths": ["^infra/"] } })),
            ("files", json!([{ "path": "infra/run.sh", "status": status }])),
        ]);
        assert_eq!(outcome(&case), "approved", "{status}");
    }
}

#[test]
fn each_of_several_requesters_counts_as_an_author() {
    for (requesters, expected) in [
        (json!([]), "approved"),
        (json!(["sam"]), "pending"),
        (json!(["eve", "sam"]), "pending"),
        (json!(["sam", "eve", "sue"]), "pending"),
        (json!(["eve", "sue"]), "approved"),
    ] {
        assert_eq!(
            outcome(&with(&[("context.ai_requesters", requesters.clone())])),
            expected,
            "{requesters}"
        );
    }
}

#[test]
fn the_text_of_a_change_names_no_commit_where_a_rule_keeps_it_and_has_to_where_none_does() {
    for (stale, text, expected) in [
        ("keep", "signed off", "approved"),
        ("keep", "signed", "pending"),
        ("sha", "signed off", "pending"),
        ("diff", "signed off", "pending"),
        ("sha", "signed off\nc1", "approved"),
        ("sha", "signed off\nc0", "pending"),
    ] {
        let options = json!({ "stale": stale, "methods": { "body_patterns": ["(?m)^signed off$"] } });
        let case = with(&[
            ("policy.rules.0.options", options),
            ("context.body", json!({ "text": text, "user": "sam", "at": 3 })),
            ("reviews", json!([])),
        ]);
        assert_eq!(outcome(&case), expected, "{stale} {text:?}");
        // Another rule that keeps it changes nothing for this one.
        let mut both = case.clone();
        let kept = json!({ "name": "k", "requires": { "count": 1, "users": ["sam"] },
            "options": { "methods": { "body_patterns": ["signed off"] } } });
        set(&mut both, "policy.rules.-", kept);
        let expected = if text == "signed" { "pending" } else { expected };
        assert_eq!(outcome(&both), expected, "{stale} {text:?}, and one that keeps it");
    }
}
