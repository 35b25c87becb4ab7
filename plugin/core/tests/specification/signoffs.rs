//! What counts as a sign-off: by which words, of whom, for how long.

use crate::common::{Case, POLICY, account, id, ident};
use serde_json::{Value, json};

fn with(options: &str) -> Case {
    Case::under(&POLICY.replace("require:", &format!("options: {{ {options} }}\n    require:")))
}

fn people(set: &str) -> Case {
    Case::under(&POLICY.replace("{ users: [sam, rhea] }", set))
}

/// The acts of the first requirement, as the decision has them.
fn acts(case: &Case) -> Vec<Value> {
    case.answer().unwrap()["rules"][0]["requirements"][0]["acts"].as_array().cloned().unwrap_or_default()
}

fn requirement(case: &Case) -> Value {
    case.answer().unwrap()["rules"][0]["requirements"][0].clone()
}

#[test]
fn words_that_approve_and_words_that_do_not() {
    for (options, kind, text, code) in [
        ("methods: { comment-lines: [/approve] }", "comment", "thanks\n /Approve \n", "counted"),
        ("methods: { comment-lines: [/approve] }", "comment", "/approve it", "quoted"),
        ("methods: { comment-lines: [/approve] }", "comment", "`/approve`", "quoted"),
        ("methods: { comment-lines: [/approve] }", "approve", "fine", "method-not-allowed"),
        ("methods: { comments-contain: [\":+1:\"] }", "comment", "good :+1: then", "counted"),
        ("methods: { comments-contain: [\":+1:\"] }", "comment", "good", "no-sign-off"),
        ("methods: { comments-contain: [\":+1:\"] }", "comment", "> :+1:\n\nhm", "quoted"),
        ("methods: { comment-patterns: [\"(?i)lgtm\"] }", "comment", "LGTM!", "counted"),
        ("methods: { comment-patterns: [\"(?i)lgtm\"] }", "comment", "later", "no-sign-off"),
        ("methods: { comment-patterns: [\"^ship it$\"] }", "comment", "ship it\n", "counted"),
        ("methods: { comment-patterns: [\"(?i)lgtm\"] }", "comment", "> LGTM\n\nreally?", "no-sign-off"),
        ("methods: { review-patterns: [\"^ship\"] }", "review", "ship it", "counted"),
        ("methods: { review-patterns: [\"^ship\"] }", "review", "do not ship it", "no-sign-off"),
        ("methods: { review-patterns: [\"^ship\"] }", "approve", "ship it", "counted"),
        ("methods: { reviews: true }", "approve", "", "counted"),
        ("methods: { reviews: true }", "review", "ship it", "no-sign-off"),
        ("methods: { reviews: true, cancel-lines: [/cancel] }", "approve", "/cancel", "no-sign-off"),
        ("methods: { reviews: true, cancel-lines: [/cancel] }", "approve", "no /cancel here", "counted"),
    ] {
        let mut case = with(options);
        case.act("sam", kind)["text"] = text.into();
        assert_eq!(case.codes(), [code], "{options} {kind} {text}");
        assert_eq!(case.outcome() == "approved", code == "counted", "{options} {kind} {text}");
    }
}

#[test]
fn taking_back_counts_wherever_it_stands() {
    let head = id("c1");
    for (line, text, code) in [
        ("/cancel", "/cancel".to_owned(), "no-sign-off"),
        ("/cancel", "> mara wrote: just say\n/cancel".to_owned(), "no-sign-off"),
        ("/cancel", "do not /cancel".to_owned(), "counted"),
        ("/cancel {head}", format!("/cancel {head}"), "no-sign-off"),
        ("/cancel {head}", format!("/cancel {}", id("c2")), "counted"),
    ] {
        let mut case = with(&format!("methods: {{ reviews: true, cancel-lines: [\"{line}\"] }}"));
        case.act("sam", "approve")["text"] = text.clone().into();
        assert_eq!(case.codes(), [code], "{line} {text}");
    }
}

#[test]
fn a_line_can_name_the_commit() {
    let options = "methods: { comment-lines: [\"/approve {head}\"] }";
    let head = id("c1");
    for (word, counts) in [
        (head.as_str(), true),
        (&head[..7], true),
        (&head[..6], false),
        (&id("c2")[..8], false),
        ("{head}", false),
    ] {
        let mut case = with(options);
        case.comment("sam", &format!("/approve {word}"));
        assert_eq!(case.outcome() == "approved", counts, "{word}");
    }
}

#[test]
fn a_comment_without_a_commit_counts_for_the_commit_that_it_names() {
    let head = id("c1");
    for (options, text, code) in [
        ("stale: head", format!("/approve\n\nlooked at {}", &head[..9]), "counted"),
        ("stale: head", "/approve\n\nlooked at 123456789".to_owned(), "stale-head"),
        ("stale: keep", "/approve".to_owned(), "counted"),
    ] {
        let mut case = with(&format!("{options}, methods: {{ comment-lines: [/approve] }}"));
        case.comment("sam", &text).as_object_mut().unwrap().remove("head");
        assert_eq!(case.codes(), [code], "{text}");
    }
    // A review without one says nothing of what it was for.
    let mut case = Case::new();
    case.act("sam", "approve").as_object_mut().unwrap().remove("head");
    assert_eq!(case.codes(), ["fact-unavailable"]);
}

#[test]
fn the_text_of_the_change_counts_as_its_writers_word() {
    let described = |text: &str, author: &str| {
        let mut case = with("max-age: 30m, methods: { description-patterns: [\"(?m)^approved$\"] }");
        case.request["trigger"]["now"] = 2_000.into();
        case.request["change"]["description"] =
            json!({ "text": text, "author": account(author), "at": 1_000 });
        case
    };
    let case = described("a change\napproved", "sam");
    assert_eq!(case.outcome(), "approved");
    assert_eq!(
        (acts(&case)[0]["act"].as_str(), acts(&case)[0]["proof"].as_str()),
        (Some("description"), Some("forge"))
    );
    // A text that says nothing of the kind is no act at all.
    assert_eq!(described("a change", "sam").codes(), [""; 0]);
    assert_eq!(described("approved", "dana").codes(), ["author"]);
    let mut old = described("approved", "sam");
    old.request["trigger"]["now"] = 4_000.into();
    assert_eq!(old.codes(), ["too-old"]);
    let mut edited = described("approved", "sam");
    edited.request["change"]["description"]["edited"] = json!({ "at": 1_500, "by": account("sam") });
    assert_eq!(edited.codes(), ["edited"]);
    edited.policy = edited.policy.replace("max-age", "edited: counts, max-age");
    assert_eq!(edited.codes(), ["counted"]);
    edited.request["change"]["description"]["edited"]["by"] = account("dana");
    assert_eq!(edited.codes(), ["mutable-text"]);
    // Other acts are no descriptions.
    let mut case = described("a change", "sam");
    case.comment("rhea", "approved");
    assert_eq!(case.codes(), ["no-sign-off"]);
    case.comment("rhea", "nothing");
    assert_eq!(case.codes().len(), 2);
}

#[test]
fn the_latest_act_of_a_person_counts() {
    for (kinds, codes, outcome) in [
        (&["approve", "comment"][..], &["counted", "no-sign-off"][..], "approved"),
        (&["approve", "review"], &["counted", "no-sign-off"], "approved"),
        (&["approve", "withdraw"], &["superseded", "withdrawn"], "pending"),
        (&["approve", "request-changes"], &["superseded", "no-sign-off"], "denied"),
        (&["request-changes", "approve"], &["superseded", "counted"], "approved"),
        (&["request-changes", "withdraw"], &["superseded", "withdrawn"], "pending"),
        (&["approve", "dismiss"], &["superseded", "dismissed"], "pending"),
    ] {
        let mut case = Case::new();
        for kind in kinds {
            case.act("sam", kind);
        }
        assert_eq!(case.codes(), codes, "{kinds:?}");
        assert_eq!(case.outcome(), outcome, "{kinds:?}");
    }
}

#[test]
fn at_the_same_time_or_without_one_the_act_that_helps_least_counts() {
    for (kind, outcome) in [("request-changes", "denied"), ("withdraw", "pending"), ("dismiss", "pending")] {
        for first in [true, false] {
            for timed in [true, false] {
                let mut case = Case::new();
                let kinds = if first { [kind, "approve"] } else { ["approve", kind] };
                for one in kinds {
                    let act = case.act("sam", one);
                    act["at"] = 100.into();
                    if !timed && one == kind {
                        act.as_object_mut().unwrap().remove("at");
                    }
                }
                assert_eq!(case.outcome(), outcome, "{kind}, first {first}, timed {timed}");
            }
        }
    }
}

#[test]
fn an_approval_without_a_time_is_not_the_latest_act() {
    for (kind, outcome) in [("request-changes", "denied"), ("withdraw", "pending"), ("dismiss", "pending")] {
        let mut case = Case::new();
        case.act("sam", "approve").as_object_mut().unwrap().remove("at");
        case.act("sam", kind);
        assert_eq!(case.outcome(), outcome, "{kind}");
    }
}

#[test]
fn an_approval_of_a_commit_that_is_gone_takes_back_a_refusal_on_a_forge() {
    let mut case = Case::new();
    case.act("sam", "request-changes");
    case.act("sam", "approve")["head"] = id("gone").into();
    assert_eq!(case.codes(), ["superseded", "stale-head"]);
    assert_eq!(case.outcome(), "pending");
    // One of another change, and one for another branch, take back nothing here.
    for (key, other) in [("change", json!("8")), ("target", json!("refs/heads/next"))] {
        let mut case = Case::new();
        case.act("sam", "request-changes");
        case.act("sam", "approve")[key] = other;
        assert_eq!(case.outcome(), "denied", "{key}");
    }
}

#[test]
fn somebody_of_whom_it_is_not_known_whether_they_may_leaves_the_rule_open() {
    for (options, kind, code) in [
        // An approval more changes nothing, and a refusal does.
        ("stale: head", "approve", "satisfied"),
        ("stale: head", "request-changes", "fact-unavailable"),
        ("request-changes: withdraw", "request-changes", "satisfied"),
        ("stale: head", "comment", "satisfied"),
    ] {
        let mut case = with(options);
        case.policy = case.policy.replace("{ users: [sam, rhea] }", "{ users: [sam], permissions: [write] }");
        case.act("sam", "approve");
        case.push("people", json!({ "account": account("omar"), "unreadable": true }));
        case.act("omar", kind);
        assert_eq!(case.rule_code("sign-off"), code, "{options} {kind}");
        if code == "fact-unavailable" {
            case.policy = case.policy.replace("approvals: 1", "approvals: 0");
            assert_eq!(case.rule_code("sign-off"), code, "{options} {kind}");
        }
        // Where one is missing, an approval matters as well; where nobody is asked, none does.
        if kind == "approve" {
            case.request["acts"].as_array_mut().unwrap().remove(0);
            assert_eq!(case.rule_code("sign-off"), "fact-unavailable", "{options} {kind}");
            case.policy = case.policy.replace("approvals: 1", "approvals: 0");
            assert_eq!(case.rule_code("sign-off"), "satisfied", "{options} {kind}");
        }
    }
}

#[test]
fn a_request_for_changes_denies_or_only_takes_back() {
    let mut case = with("request-changes: withdraw");
    case.act("sam", "request-changes");
    assert_eq!(case.outcome(), "pending");
    case.act("rhea", "approve");
    assert_eq!(case.outcome(), "approved");
    case.policy = POLICY.to_owned();
    assert_eq!(case.outcome(), "denied");
    // Somebody who could not approve cannot deny either.
    let mut case = Case::new();
    case.act("omar", "request-changes");
    case.act("sam", "approve");
    assert_eq!(case.outcome(), "approved");
    // A refusal survives a push.
    let mut case = Case::new();
    case.act("sam", "request-changes");
    case.commit("c2", &["c1"]);
    case.act("rhea", "approve");
    assert_eq!(case.outcome(), "denied");
}

#[test]
fn a_refusal_says_what_became_of_it() {
    for (dismissed, sentence) in [
        (json!(null), "sam asks for changes"),
        (
            json!({ "at": 300, "by": account("dana") }),
            "sam asks for changes; nobody who took part in the change can dismiss that",
        ),
        (json!({ "at": 300, "by": account("rhea") }), "the request of sam for changes was dismissed"),
    ] {
        let mut case = Case::new();
        let act = case.act("sam", "request-changes");
        if !dismissed.is_null() {
            act["dismissed"] = dismissed;
        }
        assert_eq!(acts(&case)[0]["sentence"], sentence);
    }
    let mut case = Case::new();
    case.comment("sam", "nice");
    assert_eq!(acts(&case)[0]["sentence"], "what sam wrote is no sign-off");
}

#[test]
fn an_approval_is_bound_to_what_the_policy_says() {
    for (stale, head, diff, tree, code) in [
        ("head", "c1", "d0", "t0", "counted"),
        ("head", "c0", "d1", "t1", "stale-head"),
        ("diff", "c0", "d1", "t0", "counted"),
        ("diff", "c1", "d0", "t1", "stale-diff"),
        ("tree", "c0", "d0", "t1", "counted"),
        ("tree", "c1", "d1", "t0", "stale-tree"),
        ("keep", "c0", "d0", "t0", "counted"),
    ] {
        let mut case = with(&format!("stale: {stale}"));
        case.request["change"]["diff_id"] = id("d1").into();
        case.request["change"]["merge_tree"] = id("t1").into();
        let act = case.act("sam", "approve");
        (act["head"], act["diff_id"], act["merge_tree"]) =
            (id(head).into(), id(diff).into(), id(tree).into());
        assert_eq!(case.codes(), [code], "{stale} {head} {diff} {tree}");
    }
}

#[test]
fn an_approval_lives_as_long_as_the_policy_says() {
    for (options, at, code) in [
        ("max-age: 1h", 1_000_000 - 3_600, "counted"),
        ("max-age: 1h", 1_000_000 - 3_601, "too-old"),
        ("since-push: true", 500, "stale-head"),
        ("since-push: true", 501, "counted"),
        ("since-push: false", 499, "counted"),
    ] {
        let mut case = with(options);
        case.push("pushes", json!({ "by": account("dana"), "at": 500, "head": id("c1") }));
        case.act("sam", "approve")["at"] = at.into();
        assert_eq!(case.codes(), [code], "{options} {at}");
    }
    for options in ["max-age: 1h", "since-push: true"] {
        let mut case = with(options);
        case.act("sam", "approve").as_object_mut().unwrap().remove("at");
        assert_eq!(case.outcome(), "pending", "{options}");
    }
}

#[test]
fn edited_texts() {
    for (options, integrity, by, code) in [
        ("stale: head", "original", Some("sam"), "counted"),
        ("stale: head", "own-edits-only", Some("sam"), "edited"),
        ("edited: counts", "own-edits-only", Some("sam"), "counted"),
        ("edited: counts", "own-edits-only", Some("dana"), "mutable-text"),
        ("stale: head", "editable-by-others", None, "mutable-text"),
        ("mutable-text: true", "editable-by-others", None, "edited"),
        ("mutable-text: true, edited: counts", "editable-by-others", None, "counted"),
        ("mutable-text: true, edited: counts", "editable-by-others", Some("rhea"), "mutable-text"),
    ] {
        let mut case = with(options);
        let act = case.act("sam", "approve");
        act["text_integrity"] = integrity.into();
        act["edited"] = json!({ "at": 200 });
        if let Some(by) = by {
            act["edited"]["by"] = account(by);
        }
        assert_eq!(case.codes(), [code], "{options} {integrity} {by:?}");
    }
}

#[test]
fn words_that_somebody_else_may_have_written_take_no_refusal_back() {
    for (by, outcome, code) in [
        (None, "approved", "counted"),
        (Some("omar"), "denied", "mutable-text"),
        (Some("sam"), "denied", "edited"),
    ] {
        let mut case = with("methods: { reviews: true, comment-lines: [/lgtm] }");
        case.act("sam", "request-changes");
        case.comment("sam", "/lgtm");
        if let Some(by) = by {
            case.request["acts"][1]["edited"] = json!({ "at": 300, "by": account(by) });
        }
        case.act("rhea", "approve");
        assert_eq!((case.outcome().as_str(), case.codes()[1].as_str()), (outcome, code), "{by:?}");
    }
}

#[test]
fn a_button_that_was_pressed_is_pressed_whatever_became_of_its_text() {
    for (methods, outcome, code) in [
        ("reviews: true", "approved", "superseded"),
        ("reviews: false, review-patterns: [ship]", "denied", "no-sign-off"),
    ] {
        let mut case = with(&format!("methods: {{ {methods} }}"));
        case.act("sam", "request-changes");
        let act = case.act("sam", "approve");
        (act["text"], act["edited"]) = ("ship it".into(), json!({ "at": 300, "by": account("omar") }));
        case.act("rhea", "approve")["text"] = "ship it".into();
        assert_eq!(case.outcome(), outcome, "{methods}");
        assert_eq!(case.codes()[..2], [code, "mutable-text"], "{methods}");
    }
}

#[test]
fn sentences_say_what_was_missing() {
    let sentence = |case: &Case| acts(case)[0]["sentence"].as_str().unwrap().to_owned();
    let mut headless = Case::new();
    headless.act("sam", "approve").as_object_mut().unwrap().remove("head");
    assert_eq!(sentence(&headless), "the act of sam does not say which commit it is for");
    let mut late = with("since-push: true");
    late.push("pushes", json!({ "by": account("dana"), "at": 500, "head": id("c1") }));
    late.act("sam", "approve")["at"] = 400.into();
    assert_eq!(sentence(&late), format!("sam approved {} before it was last pushed", &id("c1")[..12]));
    let unknown = on_git("{ rhea: { emails: [rhea@example.com] } }");
    assert!(sentence(&unknown).starts_with("no e-mail address is known for sam"), "{}", sentence(&unknown));
}

#[test]
fn answers_that_are_quoted_or_hidden_are_nobodys() {
    let policy = POLICY
        .replace("rules:", "questions: { reach: What does it reach? }\nrules:")
        .replace("by: seniors }", "by: seniors, answers: [reach] }");
    for (text, code) in [
        ("reach: the queue and nothing behind it", "counted"),
        ("reach: `queue`, `ledger`, [mailer](x), `audit` and `billing`", "counted"),
        ("> reach: the queue and nothing behind it\n\nfine", "unanswered-question"),
        ("<!--\nreach: the queue and nothing behind it\n-->\n\nfine", "unanswered-question"),
        ("```\nreach: the queue and nothing behind it\n```\nfine", "unanswered-question"),
    ] {
        let mut case = Case::under(&policy);
        case.act("sam", "approve")["text"] = text.into();
        assert_eq!(case.codes(), [code], "{text}");
    }
}

#[test]
fn what_may_have_been_cut_counts_for_neither_yes_nor_no() {
    for (set, fact) in [("{ groups: [o/core] }", "groups"), ("{ permissions: [write] }", "people")] {
        let mut case = people(set);
        case.push("groups", json!({ "name": "o/core", "members": [account("sam")] }));
        case.push("people", json!({ "account": account("sam"), "permissions": ["write"] }));
        case.act("omar", "request-changes");
        case.act("sam", "approve");
        assert_eq!(case.outcome(), "approved", "{set}");
        case.request["complete"].as_array_mut().unwrap().retain(|known| known != fact);
        assert_eq!(case.codes(), ["membership-unreadable", "counted"], "{set}");
        assert_eq!(case.rule_code("sign-off"), "fact-unavailable", "{set}");
        // Where the platform has no such thing, nothing was cut.
        case.request["absent"] = json!([fact]);
        if fact == "groups" {
            assert_eq!(case.outcome(), "approved", "{set}");
        }
    }
    for fact in ["pushes", "opener", "requester"] {
        let mut case = Case::new();
        case.act("sam", "approve");
        case.request["complete"].as_array_mut().unwrap().retain(|known| known != fact);
        assert_eq!(case.rule_code("sign-off"), "fact-unavailable", "{fact}");
    }
}

#[test]
fn who_is_in_a_set() {
    let member = |case: &mut Case, name: &str, direct: bool| {
        let list = if direct { "members" } else { "inherited" };
        case.push("groups", json!({ "name": name, list: [account("sam")] }));
    };
    for (set, direct, code) in [
        ("{ groups: [o/core] }", true, "counted"),
        ("{ groups: [o/core] }", false, "not-eligible"),
        ("{ groups: [o/core], inherited: true }", false, "counted"),
        ("{ groups: [o/other] }", true, "membership-unreadable"),
        ("{ groups: [o/other], users: [sam] }", true, "counted"),
    ] {
        let mut case = people(set);
        member(&mut case, "o/core", direct);
        case.act("sam", "approve");
        assert_eq!(case.codes(), [code], "{set}");
    }
    for (set, of, code) in [
        ("{ permissions: [write] }", json!({ "permissions": ["write"] }), "counted"),
        ("{ permissions: [write] }", json!({ "permissions": ["Admin"] }), "counted"),
        ("{ permissions: [write] }", json!({ "permissions": ["read"] }), "not-eligible"),
        ("{ roles: [release] }", json!({ "roles": ["release"] }), "counted"),
        ("{ roles: [release] }", json!({ "roles": ["Release"] }), "not-eligible"),
        ("{ permissions: [write] }", json!({ "unreadable": true }), "membership-unreadable"),
        ("{ users: [sam] }", json!({ "unreadable": true }), "counted"),
        ("{ users: [rhea] }", json!({ "unreadable": true }), "not-eligible"),
        (
            "{ users: [{ login: sam, id: 5 }] }",
            json!({ "account": { "id": "5", "login": "sam" } }),
            "counted",
        ),
        (
            "{ users: [{ login: sam, id: 6 }] }",
            json!({ "account": { "id": "5", "login": "sam" } }),
            "not-eligible",
        ),
        ("{ users: [samantha] }", json!({ "also": [account("samantha")] }), "counted"),
        ("{ bots: [sam] }", json!({ "kind": "bot" }), "counted"),
        ("{ bots: [sam] }", json!({ "kind": "tool" }), "counted"),
        ("{ bots: [other], users: [sam] }", json!({ "kind": "bot" }), "bot"),
        ("{ users: [sam] }", json!({ "kind": "tool" }), "tool"),
        ("{ users: [sam] }", json!({ "kind": "human", "active": true }), "counted"),
        ("{ bots: [sam] }", json!({ "kind": "bot", "active": false }), "inactive"),
    ] {
        let mut case = people(set);
        let mut person = json!({ "account": account("sam") });
        person.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
        case.push("people", person);
        case.act("sam", "approve");
        assert_eq!(case.codes(), [code], "{set} {of}");
    }
}

#[test]
fn who_took_part_may_approve_as_far_as_the_policy_says() {
    for (may, opener, author, pusher) in [
        ("none", "author", "author", "pusher"),
        ("author", "counted", "author", "pusher"),
        ("other-contributors", "author", "counted", "counted"),
        ("contributors", "counted", "counted", "counted"),
    ] {
        for (who, code) in [("rhea", opener), ("sam", author), ("omar", pusher)] {
            let mut case = with(&format!("may-approve: {may}"));
            case.policy = case.policy.replace("[sam, rhea]", "[sam, rhea, omar]");
            case.request["change"]["opened_by"] = account("rhea");
            case.request["commits"][0]["author"] = ident("sam");
            case.push("pushes", json!({ "by": account("omar"), "head": id("c1") }));
            case.act(who, "approve");
            assert_eq!(case.codes(), [code], "{may} {who}");
        }
    }
}

#[test]
fn somebody_who_opened_the_change_became_nothing_since() {
    let mut case = Case::new();
    case.act("sam", "approve");
    case.request["change"]["opened_by"] = account("sam");
    case.commit("c2", &["c1"])["author"] = ident("sam");
    assert_eq!(case.codes(), ["author"]);
    // Nor did somebody who had written an earlier commit.
    let mut case = Case::new();
    case.request["commits"][0]["committer"] = ident("sam");
    case.act("sam", "approve");
    case.commit("c2", &["c1"])["author"] = ident("sam");
    assert_eq!(case.codes(), ["author"]);
    // An approval of a commit that is not here says nothing of when.
    let mut case = Case::new();
    case.request["commits"][0]["author"] = ident("sam");
    case.act("sam", "approve")["head"] = id("gone").into();
    assert_eq!(case.codes(), ["author"]);
}

#[test]
fn several_people_and_everybody() {
    let mut case = Case::under(&POLICY.replace("approvals: 1", "approvals: 2"));
    case.act("sam", "approve");
    case.act("sam", "approve");
    assert_eq!(case.outcome(), "pending");
    let open = requirement(&case);
    assert_eq!((open["needed"].as_u64(), open["counted"].as_u64()), (Some(2), Some(1)));
    assert_eq!(open["eligible"], json!(["rhea"]));
    case.act("rhea", "approve");
    assert_eq!(case.outcome(), "approved");

    let all = POLICY.replace("approvals: 1", "approvals: all").replace("[sam, rhea]", "[sam, rhea, dana]");
    let mut case = Case::under(&all);
    case.act("sam", "approve");
    assert_eq!(case.outcome(), "pending");
    // Dana wrote the change and is not asked.
    case.act("rhea", "approve");
    assert_eq!(case.outcome(), "approved");
    assert_eq!(requirement(&case)["needed"], 2);
    // Where nobody can be asked, nobody has approved.
    assert_eq!(Case::under(&all.replace("[sam, rhea, dana]", "[dana]")).outcome(), "pending");
    let mut case =
        Case::under(&all.replace("{ users: [sam, rhea, dana] }", "{ groups: [o/core], users: [sam] }"));
    case.act("sam", "approve");
    assert_eq!(case.rule_code("sign-off"), "fact-unavailable");
}

#[test]
fn one_person_serves_one_requirement_of_a_distinct_rule() {
    let policy = "countersign: 1\nname: test\npeople:\n  a: { users: [sam, rhea] }\n  b: { users: [rhea] }\n  \
                  c: { users: [sam, omar] }\nrules:\n  - name: sign-off\n    distinct: true\n    require:\n      \
                  - { approvals: 1, by: a }\n      - { approvals: 1, by: b }\n      - { approvals: 1, by: c }\n";
    let mut case = Case::under(policy);
    case.act("sam", "approve");
    case.act("rhea", "approve");
    assert_eq!(case.outcome(), "pending");
    // Sam serves a, rhea b, omar c; whoever came first moves.
    case.act("omar", "approve");
    assert_eq!(case.outcome(), "approved");
    let mut case = Case::under(&policy.replace("distinct: true", "distinct: false"));
    case.act("sam", "approve");
    case.act("rhea", "approve");
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn people_are_shared_out_among_the_requirements_of_a_distinct_rule() {
    for (sets, needed, by, outcome) in [
        // Sam moves to the second, for rhea can serve the first.
        (&["sam, rhea", "sam"][..], 1, &["sam", "rhea"][..], "approved"),
        // Whoever moved serves where they moved to, and nowhere else.
        (&["sam, rhea", "sam", "rhea"], 1, &["sam", "rhea"], "pending"),
        // Two people serve two of three, however they are moved around.
        (&["sam, rhea", "sam, rhea", "sam, rhea"], 1, &["sam", "rhea"], "pending"),
        (&["sam, rhea", "sam, rhea", "sam, rhea, omar"], 1, &["sam", "rhea", "omar"], "approved"),
        (&["sam, rhea, omar, lee", "sam, omar"], 2, &["sam", "rhea", "omar", "lee"], "approved"),
        (&["sam, rhea, omar, lee", "sam, omar"], 2, &["sam", "rhea", "omar"], "pending"),
    ] {
        let mut policy = "countersign: 1\nname: test\npeople:\n".to_owned();
        let mut require = String::new();
        for (at, users) in sets.iter().enumerate() {
            policy.push_str(&format!("  s{at}: {{ users: [{users}] }}\n"));
            require.push_str(&format!("      - {{ approvals: {needed}, by: s{at} }}\n"));
        }
        policy.push_str(&format!("rules:\n  - name: sign-off\n    distinct: true\n    require:\n{require}"));
        let mut case = Case::under(&policy);
        for who in by {
            case.act(who, "approve");
        }
        assert_eq!(case.outcome(), outcome, "{sets:?} {needed} {by:?}");
    }
}

/// A person as a commit names one whom no account is known for.
fn stranger(email: &str) -> Value {
    json!({ "name": "Somebody", "email": email })
}

#[test]
fn a_commit_that_nobody_answers_for_keeps_every_approval_from_counting() {
    let forge = "noreply@github.com";
    for (author, committer, trailer, forge_made, code) in [
        (None, None, "", false, "satisfied"),
        (Some(stranger("x@elsewhere.example")), None, "", false, "unattributed-commit"),
        (None, Some(stranger("x@elsewhere.example")), "", false, "unattributed-commit"),
        // The forge commits what a person wrote, and as an author its address is a mask.
        (None, Some(stranger(forge)), "", false, "satisfied"),
        (Some(stranger(forge)), None, "", false, "unattributed-commit"),
        (None, Some(stranger("x@elsewhere.example")), "", true, "satisfied"),
        (Some(stranger("x@elsewhere.example")), None, "", true, "unattributed-commit"),
        // A co-author is free text.
        (None, None, "Co-authored-by: Somebody <x@elsewhere.example>", false, "satisfied"),
    ] {
        let mut case = Case::new();
        let commit = &mut case.request["commits"][0];
        let given = format!("{author:?} {committer:?} {trailer} {forge_made}");
        author.into_iter().for_each(|author| commit["author"] = author);
        committer.into_iter().for_each(|committer| commit["committer"] = committer);
        commit["message"] = format!("Work\n\n{trailer}\n").into();
        if forge_made {
            commit["forge_made"] = "merge".into();
        }
        case.act("sam", "approve");
        assert_eq!(case.rule_code("sign-off"), code, "{given}");
    }
}

#[test]
fn people_whose_addresses_begin_alike_are_not_taken_for_each_other() {
    // Commits of one name and address, of two accounts.
    let mut case = Case::new();
    let ident = |login: &str| json!({ "name": "Dev", "email": "dev@example.com", "account": account(login) });
    for (name, parent, login) in [("c2", "c1", "omar"), ("c3", "c2", "sam")] {
        let commit = case.commit(name, &[parent]);
        (commit["author"], commit["committer"]) = (ident(login), ident(login));
    }
    case.act("sam", "approve");
    assert_eq!(case.codes(), ["author"]);
    // Addresses that differ late.
    let mut case = on_git("{ sam: { emails: [developer.sam@example.com] } }");
    for (name, parent, who) in [("c2", "c1", "dana"), ("c3", "c2", "sam")] {
        let address = format!("developer.{who}@example.com");
        let commit = case.commit(name, &[parent]);
        (commit["author"], commit["committer"]) = (stranger(&address), stranger(&address));
    }
    case.request["acts"][0]["head"] = id("c3").into();
    assert_eq!(case.codes(), ["author"]);
}

#[test]
fn whoever_may_have_taken_part_is_told_apart_unless_all_of_them_may_approve() {
    for (may, fact, code) in [
        ("none", "opener", "fact-unavailable"),
        ("other-contributors", "opener", "fact-unavailable"),
        ("author", "pushes", "fact-unavailable"),
        ("contributors", "opener", "satisfied"),
    ] {
        let mut case = with(&format!("may-approve: {may}"));
        case.request["unavailable"] = json!([{ "fact": fact, "reason": "HTTP 502" }]);
        case.act("sam", "approve");
        assert_eq!(case.rule_code("sign-off"), code, "{may} {fact}");
    }
}

#[test]
fn a_veto_stops_the_change_as_a_whole_until_it_is_taken_back() {
    let policy = |more: &str| {
        POLICY
            .replace("rules:", &format!("veto: {{ by: guards{more} }}\nrules:"))
            .replace("rhea] }", "rhea] }\n  guards: { users: [noor, lee, dana] }")
    };
    let case = |more: &str, acts: &[(&str, &str, &str)]| {
        let mut case = Case::under(&policy(more));
        case.act("sam", "approve");
        for (who, kind, text) in acts {
            case.act(who, kind)["text"] = (*text).into();
        }
        case
    };
    for (more, acts, outcome) in [
        ("", &[("noor", "request-changes", "")][..], "denied"),
        ("", &[("noor", "comment", "👎")], "denied"),
        ("", &[("noor", "comment", "hm")], "approved"),
        ("", &[("omar", "request-changes", "")], "approved"),
        ("", &[("noor", "request-changes", ""), ("noor", "approve", "")], "approved"),
        ("", &[("noor", "comment", "👎"), ("noor", "comment", "👍")], "approved"),
        ("", &[("noor", "comment", "👎"), ("noor", "withdraw", "")], "approved"),
        ("", &[("noor", "comment", "👎"), ("lee", "comment", "👍")], "denied"),
        (", revoked-by: anyone", &[("noor", "comment", "👎"), ("lee", "comment", "👍")], "approved"),
        (", revoked-by: anyone", &[("lee", "comment", "👍"), ("noor", "comment", "👎")], "denied"),
        (", revoked-by: anyone", &[("noor", "comment", "👎"), ("dana", "comment", "👍")], "denied"),
        (", revoked-by: anyone", &[("noor", "comment", "👎"), ("omar", "comment", "👍")], "denied"),
        (", disapprove: { comment-lines: [/veto] }", &[("noor", "comment", "/veto")], "denied"),
        (", disapprove: { comment-lines: [/veto] }", &[("noor", "request-changes", "")], "approved"),
        (", when: { fork: false }", &[], "denied"),
        (", when: { fork: true }", &[], "approved"),
        (", when: { title: { matches: [x] } }", &[], "pending"),
    ] {
        let case = case(more, acts);
        assert_eq!(case.outcome(), outcome, "{more} {acts:?}");
    }
    // While it is not known who took part, nobody else's word lifts a veto.
    let acts = &[("noor", "comment", "👎"), ("lee", "comment", "👍")];
    let mut unread = case(", revoked-by: anyone", acts);
    unread.policy = unread.policy.replace("approvals: 1", "approvals: 0");
    assert_eq!(unread.outcome(), "approved");
    unread.request["unavailable"] = json!([{ "fact": "pushes", "reason": "HTTP 502" }]);
    assert_eq!(
        (unread.outcome().as_str(), unread.rule_code("veto").as_str()),
        ("pending", "fact-unavailable")
    );
    // Whoever takes back their own needs nobody's word.
    unread.request["acts"][2]["actor"] = account("noor");
    assert_eq!(unread.outcome(), "approved");
    // Whoever pushed took part, and lifts no one's veto.
    let mut pusher = case(", revoked-by: anyone", &[("noor", "comment", "👎"), ("lee", "comment", "👍")]);
    pusher.push("pushes", json!({ "by": account("lee"), "head": id("c1") }));
    assert_eq!(pusher.outcome(), "denied");
    // A dismissal ends what it dismisses, and none of what its giver said besides.
    for (kind, by) in [("approve", "dana"), ("request-changes", "omar")] {
        let mut dismissed = case("", &[("noor", "comment", "👎"), ("noor", kind, "")]);
        dismissed.request["acts"][2]["dismissed"] = json!({ "at": 300, "by": account(by) });
        assert_eq!(dismissed.outcome(), "denied", "{kind}");
    }
    // Somebody of whom it is not known whether they may.
    let mut unread = case("", &[("omar", "comment", "👎")]);
    unread.policy = unread.policy.replace("{ users: [noor, lee, dana] }", "{ permissions: [admin] }");
    unread.push("people", json!({ "account": account("omar"), "unreadable": true }));
    assert_eq!(
        (unread.outcome().as_str(), unread.rule_code("veto").as_str()),
        ("pending", "fact-unavailable")
    );
    for (kind, text) in [("comment", "hm"), ("approve", "")] {
        let mut other = case("", &[("omar", kind, text)]);
        other.policy = other.policy.replace("{ users: [noor, lee, dana] }", "{ permissions: [admin] }");
        other.push("people", json!({ "account": account("omar"), "unreadable": true }));
        assert_eq!(other.outcome(), "approved", "{kind} {text}");
    }
    // What is said of another change stops this one, and lifts nothing.
    let mut elsewhere = case("", &[("noor", "comment", "👎"), ("noor", "comment", "👍")]);
    elsewhere.request["acts"][2]["change"] = "8".into();
    assert_eq!(elsewhere.outcome(), "denied");
    let mut elsewhere = case("", &[("noor", "comment", "👎")]);
    elsewhere.request["acts"][1]["change"] = "8".into();
    assert_eq!(elsewhere.outcome(), "denied");
    // A program vetoes where it is named as one.
    for (set, outcome) in [("{ users: [noor] }", "approved"), ("{ bots: [noor] }", "denied")] {
        let mut bot = case("", &[("noor", "comment", "👎")]);
        bot.policy = bot.policy.replace("{ users: [noor, lee, dana] }", set);
        bot.push("people", json!({ "account": account("noor"), "kind": "bot" }));
        assert_eq!(bot.outcome(), outcome, "{set}");
    }
    let quiet = case("", &[]).answer().unwrap();
    assert_eq!(quiet["rules"][0]["because"], json!(["nobody vetoes the change"]));
    // A veto survives a push, and the same moment does not lift it.
    let mut pushed = case("", &[("noor", "comment", "👎")]);
    pushed.commit("c2", &["c1"]);
    pushed.act("sam", "approve");
    assert_eq!(pushed.outcome(), "denied");
    let mut tie = case(", revoked-by: anyone", &[("noor", "comment", "👎"), ("lee", "comment", "👍")]);
    tie.request["acts"][2]["at"] = tie.request["acts"][1]["at"].clone();
    assert_eq!(tie.outcome(), "denied");
    // A veto that is gone, or of a blocked account, is none.
    let mut gone = case("", &[("noor", "comment", "👎")]);
    gone.request["acts"][1]["deleted"] = true.into();
    assert_eq!(gone.outcome(), "approved");
    let mut blocked = case("", &[("noor", "comment", "👎")]);
    blocked.push("people", json!({ "account": account("noor"), "active": false }));
    assert_eq!(blocked.outcome(), "approved");
    // An edited revocation lifts nothing.
    let mut edited = case("", &[("noor", "comment", "👎"), ("noor", "comment", "👍")]);
    edited.request["acts"][2]["edited"] = json!({ "at": 300 });
    assert_eq!(edited.outcome(), "denied");
}

#[test]
fn commits_of_named_people_are_ignored_where_author_and_committer_are_theirs() {
    let policy = POLICY
        .replace("rhea] }", "rhea] }\n  robots: { users: [renovate] }")
        .replace("require:", "options: { ignore-commits-by: robots }\n    require:");
    let case = |author: &str, committer: &str| {
        let mut case = Case::under(&policy);
        case.act("sam", "approve");
        let commit = case.commit("c2", &["c1"]);
        (commit["author"], commit["committer"]) = (ident(author), ident(committer));
        case
    };
    assert_eq!(case("renovate", "renovate").outcome(), "approved");
    assert_eq!(case("renovate", "dana").codes(), ["stale-head"]);
    assert_eq!(case("dana", "renovate").codes(), ["stale-head"]);
    // Who is behind an ignored commit is no contributor, and one of others is.
    let mut own = Case::under(&policy.replace("[renovate]", "[sam]"));
    own.commit("c2", &["c1"])["author"] = ident("sam");
    own.request["commits"][1]["committer"] = ident("sam");
    own.act("sam", "approve");
    assert_eq!(own.codes(), ["counted"]);
    own.request["commits"][1]["committer"] = ident("dana");
    assert_eq!(own.codes(), ["author"]);
    // The forge may commit what they wrote; alone it is nobody.
    let made = |author: Value, committer: Value, forge_made: bool| {
        let mut case = case("renovate", "renovate");
        let commit = &mut case.request["commits"][1];
        (commit["author"], commit["committer"]) = (author, committer);
        if forge_made {
            commit["forge_made"] = "rebase".into();
        }
        case.codes()
    };
    let (forge, nobody) = (stranger("noreply@github.com"), stranger("x@elsewhere.example"));
    assert_eq!(made(ident("renovate"), forge.clone(), false), ["counted"]);
    assert_eq!(made(ident("renovate"), nobody.clone(), true), ["counted"]);
    assert_eq!(made(ident("renovate"), nobody, false), ["stale-head"]);
    assert_eq!(made(forge.clone(), forge, false), ["stale-head"]);
    // A robot's name in a commit makes nobody a robot: whoever pushed it took part, and what was approved is stale.
    let pushed_by = |who: serde_json::Value, by: &str| {
        let mut case = case("renovate", "renovate");
        case.push("pushes", json!({ "by": who, "at": 200, "head": id("c2") }));
        case.act(by, "approve");
        case.codes()
    };
    assert_eq!(pushed_by(account("renovate"), "noor"), ["counted", "not-eligible"]);
    assert_eq!(pushed_by(account("dana"), "noor"), ["stale-head", "not-eligible"]);
    assert_eq!(pushed_by(json!(null), "noor"), ["stale-head", "not-eligible"]);
    assert_eq!(pushed_by(account("rhea"), "rhea"), ["stale-head", "pusher"]);
}

#[test]
fn each_rule_ignores_the_commits_that_it_says() {
    let rule = |name: &str, robots: &str| {
        format!(
            "  - name: {name}\n    options: {{ ignore-commits-by: {robots} }}\n    require: [{{ approvals: 1, by: seniors }}]\n"
        )
    };
    let policy = format!(
        "countersign: 1\nname: test\npeople:\n  seniors: {{ users: [sam] }}\n  a: {{ users: [renovate] }}\n  \
         b: {{ users: [backport] }}\nrules:\n{}{}{}",
        rule("first", "a"),
        rule("second", "b"),
        rule("third", "b"),
    );
    let mut case = Case::under(&policy);
    case.act("sam", "approve");
    let commit = case.commit("c2", &["c1"]);
    (commit["author"], commit["committer"]) = (ident("backport"), ident("backport"));
    let codes: Vec<_> = ["first", "second", "third"].iter().map(|name| case.rule_code(name)).collect();
    assert_eq!(codes, ["missing-approvals", "satisfied", "satisfied"]);
}

#[test]
fn answers_of_a_deleted_act_are_nobodys_original() {
    let policy = POLICY
        .replace("rules:", "questions: { reach: What does it reach? }\nrules:")
        .replace("by: seniors }", "by: seniors, answers: [reach] }");
    let text = "reach: the queue and nothing behind it";
    let mut case = Case::under(&policy);
    case.act("rhea", "approve")["text"] = text.into();
    case.act("sam", "approve")["text"] = text.into();
    assert_eq!(case.codes(), ["counted", "answer-copied"]);
    case.request["acts"][0]["deleted"] = true.into();
    assert_eq!(case.codes(), ["deleted", "counted"]);
    // At the same moment neither is the original.
    let mut case = Case::under(&policy);
    case.act("rhea", "approve")["text"] = text.into();
    let act = case.act("sam", "approve");
    (act["text"], act["at"]) = (text.into(), 100.into());
    assert_eq!(case.codes(), ["answer-copied", "answer-copied"]);
    // What does not count and came at the same moment spoils nothing, and what came before does.
    let mut case = Case::under(&policy);
    case.act("rhea", "review")["text"] = text.into();
    let act = case.act("sam", "approve");
    (act["text"], act["at"]) = (text.into(), 100.into());
    assert_eq!(case.codes(), ["no-sign-off", "counted"]);
    case.request["acts"][1]["at"] = 101.into();
    assert_eq!(case.codes(), ["no-sign-off", "answer-copied"]);
    // Nor does what was written into an earlier word afterwards.
    let mut case = Case::under(&policy);
    case.comment("omar", text);
    case.act("sam", "approve")["text"] = text.into();
    assert_eq!(case.codes(), ["no-sign-off", "answer-copied"]);
    case.request["acts"][0]["edited"] = json!({ "at": 150, "by": account("omar") });
    assert_eq!(case.codes(), ["no-sign-off", "counted"]);
    // Whoever says again what they said themselves copies nobody.
    let mut case = Case::under(&policy);
    case.act("sam", "review")["text"] = text.into();
    case.act("sam", "approve")["text"] = text.into();
    assert_eq!(case.codes(), ["no-sign-off", "counted"]);
}

/// A request as plain git gives it: nobody logged in, a person is an address.
fn on_git(identities: &str) -> Case {
    let policy = POLICY.replace("rules:", &format!("identities: {identities}\nrules:"));
    let mut case = Case::under(&policy);
    case.request["absent"] = json!(["pushes", "opener", "requester", "people"]);
    case.request["change"].as_object_mut().unwrap().remove("opened_by");
    case.request["trigger"]["kind"] = "check".into();
    case.request["trigger"]["platform"]["name"] = "git".into();
    let ident = json!({ "name": "Dana", "email": "dana@example.com" });
    (case.request["commits"][0]["author"], case.request["commits"][0]["committer"]) = (ident.clone(), ident);
    case.act("sam", "approve")["proof"] = "claimed".into();
    case
}

#[test]
fn without_a_forge_a_person_is_an_address() {
    let case = on_git("{ sam: { emails: [sam@example.com] } }");
    assert_eq!((case.codes()[0].as_str(), case.outcome().as_str()), ("counted", "approved"));
    // What is no address is nobody.
    let mut rootless = case.request.clone();
    rootless["commits"][0]["author"]["email"] = "root".into();
    let rootless = Case { request: rootless, policy: case.policy.clone(), documents: Vec::new() };
    assert_eq!(rootless.rule_code("sign-off"), "unattributed-commit");
    let decision = case.answer().unwrap();
    let notices: Vec<&str> = decision["notices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|notice| notice["code"].as_str().unwrap())
        .collect();
    assert!(notices.contains(&"claimed-proof") && notices.contains(&"identity-email"), "{notices:?}");
    // Whoever has no address could be an author.
    assert_eq!(on_git("{ rhea: { emails: [rhea@example.com] } }").codes(), ["unknown-account"]);
    assert_eq!(on_git("{ sam: { emails: [dana@example.com] } }").codes(), ["author"]);
    // What an act says its actor's address is proves nothing.
    let mut case = on_git("{ rhea: { emails: [rhea@example.com] } }");
    case.request["acts"][0]["actor"]["email"] = "sam@example.com".into();
    assert_eq!(case.outcome(), "pending");
    // A claim is one by hand, to a command, and to nothing else.
    let mut case = on_git("{ sam: { emails: [sam@example.com] } }");
    case.request["trigger"]["kind"] = "webhook".into();
    assert_eq!(case.codes(), ["unauthenticated"]);
    // .mailmap says who is who as well.
    let mut case = on_git("{ sam: { emails: [sam@example.com] } }");
    case.document("mailmap", ".mailmap", "# all of us\nSam <sam@example.com> <dana@example.com>\n");
    assert_eq!(case.codes(), ["author"]);
}

#[test]
fn whoever_has_the_address_of_a_tool_is_one() {
    let mut case = Case::new();
    case.push("people", json!({ "account": account("sam"), "emails": ["noreply@anthropic.com"] }));
    case.act("sam", "approve");
    assert_eq!(case.codes(), ["tool"]);
}

#[test]
fn everybody_has_approved_once_it_is_known_who_all_are() {
    for (set, complete, unread, code) in [
        ("{ groups: [o/core] }", true, false, "satisfied"),
        ("{ groups: [o/core] }", false, false, "fact-unavailable"),
        ("{ groups: [o/core] }", true, true, "fact-unavailable"),
        ("{ users: [sam] }", false, true, "satisfied"),
    ] {
        let mut case = Case::under(
            &POLICY.replace("approvals: 1", "approvals: all").replace("{ users: [sam, rhea] }", set),
        );
        case.push("groups", json!({ "name": "o/core", "members": [account("sam")] }));
        if !complete {
            case.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "groups");
        }
        if unread {
            case.push("people", json!({ "account": account("omar"), "unreadable": true }));
        }
        case.act("sam", "approve");
        assert_eq!(case.rule_code("sign-off"), code, "{set} {complete} {unread}");
    }
}

#[test]
fn a_person_is_called_by_login_then_by_address_then_by_id() {
    for (person, mailmap, name) in [
        (json!({ "account": { "id": "5" } }), "", "5"),
        (json!({ "account": { "id": "5", "login": "sam" } }), "", "sam"),
        (json!({ "account": { "id": "5" }, "emails": ["a@example.com"] }), "", "a@example.com"),
        (json!({ "account": { "id": "5", "login": "sam" }, "emails": ["a@example.com"] }), "", "sam"),
        (json!({ "account": { "id": "5" }, "also": [account("sam")] }), "", "sam"),
        (json!({ "account": { "id": "5" }, "also": [account("sam"), account("tim")] }), "", "sam"),
        (
            json!({ "account": { "id": "5" }, "emails": ["b@example.com"] }),
            "A <a@example.com> <b@example.com>",
            "a@example.com",
        ),
        (
            json!({ "account": { "id": "5" }, "emails": ["b@example.com"], "also": [account("sam")] }),
            "A <a@example.com> <b@example.com>",
            "sam",
        ),
    ] {
        let mut case = Case::new();
        case.document("mailmap", ".mailmap", mailmap);
        case.push("people", person.clone());
        case.act("sam", "approve")["actor"] = json!({ "id": "5" });
        assert_eq!(acts(&case)[0]["actor"], name, "{person} {mailmap}");
    }
    let case = on_git("{ sam: { emails: [sam@example.com] } }");
    assert_eq!(acts(&case)[0]["actor"], "sam");
    let mut case = on_git("{ sam: { emails: [sam@example.com] } }");
    case.request["acts"][0]["actor"] = json!({ "email": "sam@example.com" });
    assert_eq!(acts(&case)[0]["actor"], "sam");
    let mut case = people("{ users: [sam@example.com] }");
    case.request["acts"] = json!([]);
    case.act("x", "approve")["actor"] = json!({ "email": "sam@example.com" });
    assert_eq!(acts(&case)[0]["actor"], "sam@example.com");
}

#[test]
fn answers_are_kept_of_acts_that_count_and_known_again_in_another_change() {
    let policy = POLICY
        .replace("rules:", "questions: { reach: What does it reach?, undo: How is it undone? }\nrules:")
        .replace("by: seniors }", "by: seniors, answers: [reach] }");
    let mut case = Case::under(&policy);
    case.act("sam", "approve")["text"] =
        "reach: the queue and nothing behind it\nundo: by a revert, nothing is kept".into();
    case.act("omar", "approve")["text"] = "reach: whatever the others said about it".into();
    // Where nobody looks at them, none are kept.
    assert_eq!(acts(&case)[0]["answers"], Value::Null);
    case.request["history"] =
        json!({ "answers": [{ "question": "reach", "digest": "sha256:0", "change": "3" }] });
    let kept = acts(&case);
    // Of the answer, with case, white space and punctuation folded away.
    let digest = json!("sha256:8ae0ae8af144d22558bb6fff0972a8dbc2f53d8a82f245cf9f3cba259a267f33");
    assert_eq!(kept[0]["answers"], json!([{ "question": "reach", "digest": digest }]));
    assert_eq!((&kept[1]["code"], &kept[1]["answers"]), (&json!("not-eligible"), &Value::Null));
    // In this change it may be said again.
    let said = |change: &str| {
        let earlier = json!({ "question": "reach", "digest": digest, "change": change });
        json!({ "answers": [{ "question": "reach", "digest": "sha256:0", "change": "3" }, earlier] })
    };
    case.request["history"] = said("7");
    assert_eq!(acts(&case)[0]["answers"][0]["seen_in"], Value::Null);
    case.request["history"] = said("3");
    assert_eq!(acts(&case)[0]["answers"][0]["seen_in"], "3");
    assert_eq!(case.outcome(), "approved");
    let notices = case.answer().unwrap()["notices"].to_string();
    assert!(notices.contains("sam answered `reach` in the same words in 3"), "{notices}");
    // A policy can ask for fresh ones.
    case.policy = case.policy.replace("require:", "options: { fresh-answers: true }\n    require:");
    assert_eq!(case.rule_code("sign-off"), "fact-unavailable");
    case.request["complete"].as_array_mut().unwrap().push("history".into());
    assert_eq!(case.codes(), ["answer-copied", "not-eligible"]);
    case.request["history"] = said("7");
    assert_eq!(case.codes(), ["counted", "not-eligible"]);
    assert_eq!(acts(&case)[0]["answers"][0]["digest"], digest);
}
