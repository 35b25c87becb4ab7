//! What counts as a sign-off: by which words, for what, for how long.

use crate::common::{Case, POLICY, account, acts, id, ident, on_git, with};
use serde_json::json;

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

/// Somebody else's commit can be made to begin like the one that was meant.
#[test]
fn an_abbreviated_id_names_a_head_that_was_there_before_the_text_alone() {
    let head = id("c1");
    let pushed = |at: u64| json!([{ "by": account("dana"), "at": at, "head": head }]);
    let timeless = json!([{ "by": account("dana"), "head": head }]);
    for (pushes, names_in_short) in [
        (pushed(99), true),
        (pushed(100), false),
        (pushed(101), false),
        (timeless, false),
        (json!([]), false),
    ] {
        for (digits, counts) in [(7, names_in_short), (12, names_in_short), (39, names_in_short), (40, true)]
        {
            let mut case = with("stale: head, methods: { comment-lines: [\"/approve {head}\"] }");
            case.request["pushes"] = pushes.clone();
            let act = case.comment("sam", &format!("/approve {}", &head[..digits]));
            act.as_object_mut().unwrap().remove("head");
            let code = if counts { "counted" } else { "stale-head" };
            assert_eq!(case.codes(), [code], "{digits} digits, {pushes}");
            // A list that may lack the last push says nothing of it.
            case.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "pushes");
            let code = if digits == 40 { "counted" } else { "stale-head" };
            assert_eq!(case.codes(), [code], "{digits} digits, cut: {pushes}");
        }
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
        case.push("pushes", json!({ "by": account("dana"), "at": 1, "head": head }));
        case.comment("sam", &text).as_object_mut().unwrap().remove("head");
        assert_eq!(case.codes(), [code], "{text}");
    }
    // A review without one says nothing of what it was for.
    let mut case = Case::new();
    case.act("sam", "approve").as_object_mut().unwrap().remove("head");
    assert_eq!(case.codes(), ["fact-unavailable"]);
}

/// A change whose own text is what this person wrote.
fn described(options: &str, text: &str, author: &str) -> Case {
    let mut case = with(&format!("{options}, methods: {{ description-patterns: [\"(?m)^approved\"] }}"));
    case.request["trigger"]["now"] = 2_000.into();
    case.push("pushes", json!({ "by": account("dana"), "at": 1, "head": id("c1") }));
    case.request["change"]["description"] = json!({ "text": text, "author": account(author), "at": 1_000 });
    case
}

#[test]
fn the_text_of_the_change_counts_as_its_writers_word() {
    let head = id("c1");
    let described =
        |text: &str, author: &str| described("max-age: 30m", &text.replace("HEAD", &head[..12]), author);
    let case = described("a change\napproved HEAD", "sam");
    assert_eq!(case.outcome(), "approved");
    assert_eq!(
        (acts(&case)[0]["act"].as_str(), acts(&case)[0]["proof"].as_str()),
        (Some("description"), Some("forge"))
    );
    // A text that says nothing of the kind is no act at all.
    assert_eq!(described("a change", "sam").codes(), [""; 0]);
    assert_eq!(described("approved HEAD", "dana").codes(), ["author"]);
    let mut old = described("approved HEAD", "sam");
    old.request["trigger"]["now"] = 4_000.into();
    assert_eq!(old.codes(), ["too-old"]);
    let mut edited = described("approved HEAD", "sam");
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
fn the_text_of_the_change_approves_only_the_head_that_its_words_name() {
    let head = id("c1");
    for (text, approves) in [
        ("approved HEAD".to_owned(), true),
        ("approved\n\nlooked at `HEAD`".to_owned(), true),
        (format!("approved {head}"), true),
        ("approved".to_owned(), false),
        (format!("approved {}", &id("c2")[..12]), false),
        (format!("approved {}", &head[..6]), false),
        ("approved\n\n> looked at HEAD".to_owned(), false),
        ("approved\n\n<!-- HEAD -->".to_owned(), false),
        ("approved\n\n```\nHEAD\n```".to_owned(), false),
    ] {
        for stale in ["head", "keep"] {
            let text = text.replace("HEAD", &head[..12]);
            let case = described(&format!("stale: {stale}"), &text, "sam");
            let outcome = if approves { "approved" } else { "pending" };
            assert_eq!(case.outcome(), outcome, "{stale}: {text}");
            // And where it names none it is no act, which could take the place of another.
            let mut case = described(&format!("stale: {stale}"), &text, "sam");
            case.policy = case.policy.replace("methods: {", "methods: { reviews: true,");
            case.act("sam", "approve");
            assert_eq!(case.outcome(), "approved", "{stale}: {text}");
        }
    }
    // It stands after a push, and names what was there before.
    let mut pushed = described("stale: keep", &format!("approved {head}"), "sam");
    pushed.commit("c2", &["c1"]);
    assert_eq!(pushed.outcome(), "pending");
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
        // What is taken back is the approval, as long as there is one.
        (&["approve", "request-changes", "withdraw"], &["superseded", "no-sign-off", "withdrawn"], "denied"),
        (
            &["approve", "request-changes", "withdraw", "withdraw"],
            &["superseded", "superseded", "superseded", "withdrawn"],
            "pending",
        ),
        (
            &["approve", "withdraw", "request-changes", "withdraw"],
            &["superseded", "superseded", "superseded", "withdrawn"],
            "pending",
        ),
        (&["request-changes", "approve", "withdraw"], &["superseded", "superseded", "withdrawn"], "pending"),
        (&["request-changes", "dismiss"], &["no-sign-off", "dismissed"], "denied"),
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
        // Where one is missing, an approval matters as well; where nobody is asked, none does.
        if kind == "approve" {
            case.request["acts"].as_array_mut().unwrap().remove(0);
            assert_eq!(case.rule_code("sign-off"), "fact-unavailable", "{options} {kind}");
            case.policy = case.policy.replace("[{ approvals: 1, by: seniors }]", "nobody");
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
            "sam asks for changes; only somebody who is known not to have taken part can dismiss that",
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
fn an_approval_of_the_very_head_is_one_of_its_diff_where_a_forge_knows_no_other() {
    for (stale, head, code) in
        [("diff", "c1", "counted"), ("diff", "c0", "fact-unavailable"), ("tree", "c1", "fact-unavailable")]
    {
        let mut case = with(&format!("stale: {stale}"));
        case.request["change"]["diff_id"] = id("d1").into();
        case.request["change"]["merge_tree"] = id("t1").into();
        case.act("sam", "approve")["head"] = id(head).into();
        assert_eq!(case.codes(), [code], "{stale} {head}");
    }
}

#[test]
fn what_a_giver_dated_after_now_counts_when_its_time_has_come() {
    for (at, code) in [(1_000_000 + 300, "counted"), (1_000_000 + 301, "too-old")] {
        let mut case = crate::common::on_git("{ sam: { emails: [sam@example.com] } }");
        case.request["acts"][0]["at"] = at.into();
        assert_eq!(case.codes(), [code], "{at}");
        // A forge's own clock is believed.
        let mut case = with("stale: head");
        case.act("sam", "approve")["at"] = at.into();
        assert_eq!(case.codes(), ["counted"], "{at}");
    }
}

#[test]
fn an_approval_lives_as_long_as_the_policy_says() {
    for (options, at, code) in [
        ("max-age: 1h", 1_000_000 - 3_600, "counted"),
        ("max-age: 1h", 1_000_000 - 3_601, "too-old"),
        // Two clocks may be a little apart; a time that is still to come never grows old.
        ("max-age: 1h", 1_000_000 + 300, "counted"),
        ("max-age: 1h", 1_000_000 + 301, "too-old"),
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
fn an_approval_since_the_last_push_is_later_than_every_push_that_counts() {
    let robots = "since-push: true, ignore-commits-by: robots";
    // Who wrote each commit, whether and when each was pushed, and what an approval at 10 of the last is.
    for (options, commits, code) in [
        ("since-push: true", &[("dana", Some(Some(5)))][..], "counted"),
        ("since-push: true", &[("dana", Some(Some(10)))], "stale-head"),
        // A push without a time, or that the list lacks, may be the last one.
        ("since-push: true", &[("dana", Some(None))], "fact-unavailable"),
        ("since-push: true", &[("dana", None)], "fact-unavailable"),
        ("since-push: true", &[("dana", Some(Some(5))), ("dana", None)], "fact-unavailable"),
        ("since-push: true", &[("dana", Some(Some(5))), ("dana", Some(None))], "fact-unavailable"),
        // It came at the latest with the next that the list has.
        ("since-push: true", &[("dana", None), ("dana", Some(Some(5)))], "counted"),
        (robots, &[("dana", None), ("renovate", Some(Some(5)))], "counted"),
        (robots, &[("dana", Some(None)), ("renovate", Some(Some(5)))], "counted"),
        (robots, &[("dana", Some(Some(5))), ("renovate", Some(Some(20)))], "counted"),
        (robots, &[("dana", Some(Some(20))), ("renovate", Some(Some(30)))], "stale-head"),
        (robots, &[("dana", Some(None)), ("renovate", None)], "fact-unavailable"),
        // Nothing counts, so nothing is later.
        (robots, &[("renovate", Some(Some(20)))], "counted"),
        (robots, &[("renovate", None), ("renovate", Some(Some(20)))], "counted"),
    ] {
        let mut case = with(options);
        case.policy = case.policy.replace("rhea] }", "rhea] }\n  robots: { users: [renovate] }");
        case.request["commits"] = json!([]);
        for (at, (who, pushed)) in commits.iter().enumerate() {
            let (name, parent) =
                (format!("c{}", at + 1), if at == 0 { "base".to_owned() } else { format!("c{at}") });
            let commit = case.commit(&name, &[&parent]);
            (commit["author"], commit["committer"]) = (ident(who), ident(who));
            if let Some(at) = pushed {
                let push = case.push("pushes", json!({ "by": account(who), "head": id(&name) }));
                if let Some(at) = at {
                    push["at"] = (*at).into();
                }
            }
        }
        case.act("sam", "approve")["at"] = 10.into();
        assert_eq!(case.codes(), [code], "{options} {commits:?}");
    }
    // Two pushes of one commit, of which one does not say when.
    let mut twice = with("since-push: true");
    twice.push("pushes", json!({ "by": account("dana"), "at": 5, "head": id("c1") }));
    twice.push("pushes", json!({ "by": account("dana"), "head": id("c1") }));
    twice.act("sam", "approve");
    assert_eq!(twice.codes(), ["fact-unavailable"]);
    // A list of pushes that was cut, where everybody may approve.
    let mut cut = with("since-push: true, may-approve: contributors");
    cut.push("pushes", json!({ "by": account("dana"), "at": 5, "head": id("c1") }));
    cut.act("sam", "approve");
    assert_eq!(cut.outcome(), "approved");
    cut.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "pushes");
    assert_eq!(cut.outcome(), "pending");
}

#[test]
fn first_the_latest_act_then_whether_it_is_void() {
    let late: fn(&mut serde_json::Value) = |act| act["head"] = id("c0").into();
    let elsewhere: fn(&mut serde_json::Value) = |act| act["change"] = "8".into();
    let retargeted: fn(&mut serde_json::Value) = |act| act["target"] = "refs/heads/next".into();
    let edited: fn(&mut serde_json::Value) = |act| act["edited"] = json!({ "at": 300, "by": account("sam") });
    let by_another: fn(&mut serde_json::Value) =
        |act| act["edited"] = json!({ "at": 300, "by": account("omar") });
    let headless: fn(&mut serde_json::Value) = |act| drop(act.as_object_mut().unwrap().remove("head"));
    let unanswered: fn(&mut serde_json::Value) = |act| act["text"] = "/approve".into();
    for (what, spoil) in [
        ("late", late),
        ("elsewhere", elsewhere),
        ("retargeted", retargeted),
        ("edited", edited),
        ("edited by another", by_another),
        ("headless", headless),
        ("unanswered", unanswered),
    ] {
        let case = || {
            let mut case = with("methods: { reviews: true, comment-lines: [/approve] }");
            case.policy = case
                .policy
                .replace("rules:", "questions: { reach: What does it reach? }\nrules:")
                .replace("by: seniors }", "by: seniors, answers: [reach] }");
            case.act("sam", "approve")["text"] = "reach: the queue and nothing behind it".into();
            case
        };
        assert_eq!(case().outcome(), "approved");
        // Later than the good one, and at the same time in either order.
        for (at, first) in [(200, false), (100, false), (100, true)] {
            let mut case = case();
            let act = case.comment("sam", "/approve\n\nreach: the queue and nothing behind it");
            act["at"] = at.into();
            spoil(act);
            if first {
                case.request["acts"].as_array_mut().unwrap().reverse();
            }
            assert_eq!(case.outcome(), "pending", "{what} at {at}, first {first}");
        }
        // Earlier than the good one it changes nothing.
        let mut case = case();
        let act = case.comment("sam", "/approve\n\nreach: the queue and nothing behind it");
        act["at"] = 50.into();
        spoil(act);
        assert_eq!(case.outcome(), "approved", "{what} before");
    }
}

#[test]
fn of_two_good_approvals_at_one_time_one_counts() {
    for first in [true, false] {
        let mut case = Case::under(&POLICY.replace("approvals: 1", "approvals: 2"));
        for _ in 0..2 {
            case.act("sam", "approve")["at"] = 100.into();
        }
        if first {
            case.request["acts"].as_array_mut().unwrap().reverse();
        }
        assert_eq!(case.outcome(), "pending");
        let mut codes = case.codes();
        codes.sort();
        assert_eq!(codes, ["counted", "superseded"]);
        case.policy = POLICY.to_owned();
        assert_eq!(case.outcome(), "approved");
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
fn an_approval_of_an_older_head_says_what_was_approved_and_why_it_still_counts() {
    let sentence = |stale: &str, head: Option<&str>| {
        let mut case = with(&format!("stale: {stale}"));
        case.commit("c2", &["c1"]);
        case.request["change"]["head"] = id("c2").into();
        (case.request["change"]["diff_id"], case.request["change"]["merge_tree"]) =
            (id("d").into(), id("t").into());
        let act = case.act("sam", "approve");
        (act["diff_id"], act["merge_tree"]) = (id("d").into(), id("t").into());
        match head {
            Some(head) => act["head"] = id(head).into(),
            None => drop(act.as_object_mut().unwrap().remove("head")),
        }
        let decision = case.answer().unwrap();
        let act = &decision["rules"][0]["requirements"][0]["acts"][0];
        assert_eq!(act["code"], "counted", "{stale} {head:?}");
        let text = act["sentence"].as_str().unwrap().to_owned();
        text.replace(&id("c1")[..12], "OLD").replace(&id("c2")[..12], "HEAD")
    };
    for (stale, why, without_head) in [
        ("diff", "the diff is the same", "sam approved this diff"),
        ("tree", "merging gives the same tree", "sam approved this merge result"),
        (
            "keep",
            "the policy keeps approvals, whatever is pushed",
            "sam approved the change; the policy keeps approvals, whatever is pushed",
        ),
    ] {
        assert_eq!(sentence(stale, Some("c1")), format!("sam approved OLD; the head is now HEAD, and {why}"));
        assert_eq!(sentence(stale, Some("c2")), "sam approved HEAD");
        assert_eq!(sentence(stale, None), without_head);
    }
    assert_eq!(sentence("head", Some("c2")), "sam approved HEAD");
}
