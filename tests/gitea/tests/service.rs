//! Stories with the service on a real Gitea, set up with `setup`: what people see, what is recorded, and what is found.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use countersign_audit::chain::{Event, Finding, Verdict};
use gitea_tests::git::{AI, key};
use gitea_tests::postgres::Postgres;
use gitea_tests::service::{Service, signature};
use gitea_tests::story::{ANSWER, Story};
use serde_json::{Value, json};

/// A story with hook and service, set up.
fn set_up(more: &[&str]) -> (Story, Service) {
    set_up_beside(more, &[])
}

/// The same in a repository with more branches, which stand where main does.
fn set_up_beside(more: &[&str], branches: &[&str]) -> (Story, Service) {
    let story = Story::new();
    branches.iter().for_each(|name| branch(&story, name));
    let service = story.serve(more);
    let veto: &[&str] = if more.contains(&"--veto") { &["--veto"] } else { &[] };
    let done = story.setup(&service, &[&["--apply"], veto].concat());
    assert_eq!(done.code, 0, "{}", done.text);
    service.until("the watch over main begins", || !service.entries().is_empty());
    (story, service)
}

/// Lists sam's key on main, in a change of its own that nothing asks about; gives its path.
fn say_who_signs(story: &Story) -> String {
    let (sam_key, public) = key(story.folder.path(), "sam");
    story.clone.write(
        ".countersign/allowed_signers",
        &format!("sam@example.com namespaces=\"countersign\" {public}\n"),
    );
    let policy =
        gitea_tests::story::POLICY.replace("{ groups: [acme/seniors] }", "{ users: [sam@example.com] }");
    story.clone.write(".countersign/policy.yaml", &policy);
    story.clone.commit("Say who signs");
    story.clone.git(&["push", "--quiet", "origin", "main"]);
    sam_key
}

/// Signs for what main holds between two commits, and pushes that.
fn sign(story: &Story, sam_key: &str, base: &str, head: &str) {
    let which = ["approve", "--yes", "--key", sam_key, "--target", "main", "--base", base, "--head", head];
    let ran = story.clone.countersign(&[&which[..], &["--answer", ANSWER_OF_TIP]].concat());
    assert_eq!(ran.code, 0, "{}", ran.text);
    story.clone.git(&["push", "--quiet", "origin", "refs/countersign/signoffs"]);
}

fn state_becomes(story: &Story, service: &Service, head: &str, state: &str) {
    service.until(&format!("{head} is {state}"), || story.state(head) == state);
}

#[test]
fn a_change_waits_is_answered_for_by_the_senior_and_its_record_says_so() {
    let (story, service) = set_up(&[]);
    let (number, head) = story.pull("work");
    state_becomes(&story, &service, &head, "pending");
    service.until("one comment", || story.comments(number).len() == 1);
    let comment = story.comments(number).remove(0);
    for said in ["AI-assisted code", "sam", "topology"] {
        assert!(comment.contains(said), "{said} is missing in\n{comment}");
    }
    service.until("sam is asked", || {
        story.reviews(number).contains(&("sam".into(), "REQUEST_REVIEW".into(), false))
    });
    // The server itself refuses: the required status is not there.
    let (status, text) = story.merge(number, &story.dana, "merge");
    assert!(status == 405 && text.contains("status check"), "{status} {text}");

    story.review(number, &story.olga, "APPROVED", "topology: it looks harmless enough to me");
    service.until("olga does not count", || story.comments(number)[0].contains("olga is not among seniors"));
    std::thread::sleep(Duration::from_millis(1_100));
    story.review(number, &story.sam, "APPROVED", ANSWER);
    state_becomes(&story, &service, &head, "success");
    service.until("the comment follows", || story.comments(number)[0].contains("Approved"));
    assert_eq!(story.comments(number).len(), 1);

    // The page that the status leads to, as it was decided.
    let page = story.statuses(&head)[0].2.clone();
    let path = page.strip_prefix(&service.url).unwrap();
    let (code, shown) = service.get(path);
    assert_eq!(code, 200);
    for said in ["Approved", "sam", "AI-assisted code", "never evaluated again"] {
        assert!(shown.contains(said), "{said} is missing in\n{shown}");
    }
    assert!(service.get("").1.contains("May be merged"));

    story.merged(number, &story.dana, "merge");
    let tip = story.stands("main");
    service.until("the merge is recorded", || {
        service
            .entries()
            .iter()
            .any(|link| link.entry.head == tip && matches!(link.entry.event, Event::Merge { .. }))
    });
    service.until("nothing is open", || service.get("").1.contains("No change is open"));
    // What was decided then is shown as it was then, with a word that more was decided since.
    let now = service.get(path).1;
    assert!(now.contains("What was decided last"));
    let kept: String = now.lines().filter(|line| !line.contains("class=\"later\"")).collect();
    assert_eq!(kept, shown.lines().collect::<String>());
    let report = service.audit(&["report", "--since", "2020-01-01"]);
    assert_eq!(report.code, 0, "{}", report.text);
    for said in [
        "1 AI-assisted and 0 other changes shipped, 0 got in without",
        "claude-code (2.1)",
        "answered  sam",
        "none outside the parser",
    ] {
        assert!(report.text.contains(said), "{said} is missing in\n{}", report.text);
    }
    let verified = service.audit(&["verify"]);
    assert_eq!(verified.code, 0, "{}", verified.text);
    let replayed = service.audit(&["replay"]);
    assert!(replayed.code == 0 && replayed.text.contains("the same, 0 not\n"), "{}", replayed.text);
    let shown = service.audit(&["show", "2"]);
    assert!(shown.text.contains("The record") && shown.text.contains("component"), "{}", shown.text);
}

/// A branch of the server, made by its administrator.
fn branch(story: &Story, name: &str) {
    let body = json!({ "new_branch_name": name, "old_branch_name": "main" });
    story.gitea.ok("POST", "repos/acme/app/branches", &story.admin, body);
}

#[test]
fn two_pull_requests_of_one_commit_have_one_status_and_it_is_green_for_nothing_that_waits() {
    let (story, service) = set_up_beside(&[], &["release/1", "release/2", "scratch"]);
    let (number, head) = story.pull("work");
    let open = |token: &str, from: &str, base: &str| {
        let body = json!({ "head": from, "base": base, "title": "The same" });
        story.gitea.ok("POST", "repos/acme/app/pulls", token, body)["number"].as_u64().unwrap()
    };
    let decided = |number: u64| {
        let of = |link: &countersign_audit::Link| link.entry.change.as_deref() == Some(&*number.to_string());
        service.until(&format!("#{number} is decided"), || service.entries().iter().any(of));
    };
    state_becomes(&story, &service, &head, "pending");
    // A branch that nobody guards asks nothing, and says nothing of the one that is guarded.
    decided(open(&story.dana, "work", "scratch"));
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(story.state(&head), "pending");
    story.review(number, &story.sam, "APPROVED", ANSWER);
    state_becomes(&story, &service, &head, "success");
    // Whoever may only read stops nobody by bringing the same commit.
    story.gitea.ok("POST", "repos/acme/app/forks", &story.olga, json!({}));
    story.clone.git(&["push", "--quiet", &story.gitea.remote("olga", &story.olga, "olga/app"), "work:copy"]);
    decided(open(&story.olga, "olga:copy", "release/1"));
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(story.state(&head), "success");
    // What another branch asks of it is not answered by what was said for the first.
    let other = open(&story.dana, "work", "release/2");
    state_becomes(&story, &service, &head, "pending");
    story.gitea.ok(
        "PATCH",
        &format!("repos/acme/app/pulls/{other}"),
        &story.dana,
        json!({ "state": "closed" }),
    );
    state_becomes(&story, &service, &head, "success");
    story.merged(number, &story.dana, "merge");
}

#[test]
fn every_style_of_merge_is_recorded_with_the_decision_that_let_it_in() {
    let (story, service) = set_up(&[]);
    for style in ["merge", "squash", "rebase", "rebase-merge", "fast-forward-only"] {
        let (number, head) = story.pull(&format!("by-{style}"));
        state_becomes(&story, &service, &head, "pending");
        let (status, text) = story.merge(number, &story.dana, style);
        assert_eq!(status, 405, "{text}");
        story.review(number, &story.sam, "APPROVED", ANSWER);
        state_becomes(&story, &service, &head, "success");
        story.merged(number, &story.dana, style);
        let tip = story.stands("main");
        service.until("the merge is recorded", || {
            service.entries().iter().any(|link| {
                link.entry.head == tip
                    && matches!(&link.entry.event, Event::Merge { decisions, .. } if decisions.len() == 1)
            })
        });
    }
    assert!(service.entries().iter().all(|link| !matches!(link.entry.event, Event::Finding { .. })));
}

#[test]
fn bypass_1_a_push_after_the_approval_takes_the_status_back() {
    let (story, service) = set_up(&[]);
    let (number, head) = story.pull("work");
    story.review(number, &story.sam, "APPROVED", ANSWER);
    state_becomes(&story, &service, &head, "success");
    let next = story.clone.commit(AI);
    story.clone.git(&["push", "--quiet", "origin", "work"]);
    state_becomes(&story, &service, &next, "pending");
    service.until("the comment says why", || {
        story.comments(number).first().is_some_and(|comment| comment.contains("stale-head"))
    });
    // The same tree by another commit is another head.
    story.clone.git(&["commit", "--quiet", "--amend", "--no-edit", "--date", "2001-01-01T00:00:00Z"]);
    story.clone.git(&["push", "--quiet", "--force", "origin", "work"]);
    let forced = story.clone.git(&["rev-parse", "HEAD"]);
    state_becomes(&story, &service, &forced, "pending");
}

#[test]
fn bypass_30_and_33_what_the_forge_never_says_is_found_by_looking() {
    let (story, service) = set_up(&["--reconcile", "2"]);
    let (number, head) = story.pull("work");
    let review = story.review(number, &story.sam, "APPROVED", ANSWER);
    state_becomes(&story, &service, &head, "success");
    // No webhook tells of a dismissal.
    let path = format!("repos/acme/app/pulls/{number}/reviews/{review}/dismissals");
    story.gitea.ok("POST", &path, &story.admin, json!({ "message": "look again" }));
    state_becomes(&story, &service, &head, "pending");
    std::thread::sleep(Duration::from_millis(1_100));
    story.review(number, &story.sam, "APPROVED", ANSWER);
    state_becomes(&story, &service, &head, "success");
    // Nor of a member who leaves a team.
    let seniors = story.team("seniors");
    story.gitea.ok("DELETE", &format!("teams/{seniors}/members/sam"), &story.admin, Value::Null);
    state_becomes(&story, &service, &head, "pending");
}

#[test]
fn bypass_15_and_35_a_status_that_somebody_else_writes_is_written_again_and_reported() {
    let (story, service) = set_up(&[]);
    let (_, head) = story.pull("work");
    state_becomes(&story, &service, &head, "pending");
    let forged = json!({ "context": "countersign", "state": "success", "description": "fine" });
    let statuses = format!("repos/acme/app/statuses/{head}");
    story.gitea.ok("POST", &statuses, &story.dana, forged);
    // Nor do many others of other names hide it.
    for n in 0..60 {
        let other = json!({ "context": format!("other-{n}"), "state": "success" });
        story.gitea.ok("POST", &statuses, &story.dana, other);
    }
    service.until("it is reported", || {
        service
            .entries()
            .iter()
            .any(|link| matches!(link.entry.event, Event::Finding { finding: Finding::ForeignStatus, .. }))
    });
    state_becomes(&story, &service, &head, "pending");
}

#[test]
fn bypass_38_forged_replayed_oversized_and_malformed_webhooks_are_refused_and_counted() {
    let story = Story::with_hook(None);
    let service = story.serve(&["--reconcile", "3600"]);
    let body = br#"{"repository":{"full_name":"acme/app"},"pull_request":{"number":1}}"#;
    let signed = signature(body);
    let post = |signature: &str, id: &str, body: &[u8]| {
        let headers = [
            ("X-Gitea-Signature", signature),
            ("X-Gitea-Delivery", id),
            ("X-Gitea-Event-Type", "pull_request"),
        ];
        service.post(&headers, body)
    };
    assert_eq!(service.post(&[("X-Gitea-Delivery", "d"), ("X-Gitea-Event-Type", "push")], body), 401);
    assert_eq!(post("", "d0", body), 401);
    assert_eq!(post(&signed.replace('a', "b"), "d0", body), 401);
    assert_eq!(post(&signed, "d1", body), 202);
    assert_eq!(post(&signed, "d1", body), 409);
    assert_eq!(post(&signature(b"{}"), "d2", b"{}"), 400);
    assert_eq!(post(&signature(b"no JSON"), "d3", b"no JSON"), 400);
    let large = vec![b' '; 5 << 20];
    // The connection may be closed before all of it is sent.
    assert!(matches!(post(&signature(&large), "d4", &large), 413 | 0));
    for (outcome, expected) in
        [("accepted", 1.0), ("forged", 3.0), ("replayed", 1.0), ("malformed", 2.0), ("oversized", 1.0)]
    {
        let metric = format!("countersign_deliveries_total{{outcome=\"{outcome}\"}}");
        assert_eq!(service.metric(&metric), expected, "{outcome}");
    }
    let log = service.log();
    assert!(!log.contains("a webhook's secret") && !log.contains(&story.gate), "{log}");
}

#[test]
fn the_gate_s_own_review_blocks_until_it_passes() {
    let (story, service) = set_up(&["--veto"]);
    let (number, head) = story.pull("work");
    let vetoed = || story.reviews(number).contains(&("gate".into(), "REQUEST_CHANGES".into(), false));
    service.until("the gate asks for changes", vetoed);
    story.review(number, &story.sam, "APPROVED", ANSWER);
    state_becomes(&story, &service, &head, "success");
    service.until("the veto is lifted", || !vetoed());
    service.until("no request is left open", || {
        story.reviews(number).iter().all(|(_, state, _)| state != "REQUEST_REVIEW")
    });
    story.merged(number, &story.dana, "merge");
}

#[test]
fn what_came_in_by_a_renamed_branch_is_open_until_somebody_signs_for_it() {
    let story = Story::new();
    let service = story.serve(&["--reconcile", "2", "--repo", "acme/app"]);
    service.until("the watch over main begins", || !service.entries().is_empty());
    let begin = story.stands("main");
    let sam_key = say_who_signs(&story);
    let listed = story.stands("main");
    assert_ne!(begin, listed);
    service.until("the push is recorded", || {
        service
            .entries()
            .iter()
            .any(|link| link.entry.head == listed && matches!(link.entry.event, Event::Merge { .. }))
    });

    // An administrator puts a branch into the place of main: no hook runs.
    story.clone.git(&["switch", "--quiet", "--create", "feature"]);
    let smuggled = story.clone.commit(AI);
    story.clone.git(&["push", "--quiet", "origin", "feature"]);
    for (from, to) in [("main", "old"), ("feature", "main")] {
        let path = format!("repos/acme/app/branches/{from}");
        story.gitea.ok("PATCH", &path, &story.admin, json!({ "name": to }));
    }
    // The server is still at the last rename for a moment.
    service.until("main is the default branch again", || {
        story
            .gitea
            .call("PATCH", "repos/acme/app", Some(&story.admin), Some(json!({ "default_branch": "main" })))
            .0
            == 200
    });
    assert_eq!(story.stands("main"), smuggled);
    let found = || {
        service.entries().into_iter().find(|link| {
            matches!(link.entry.event, Event::Finding { finding: Finding::NoVerdict, .. })
                && link.entry.head == smuggled
        })
    };
    service.until("it is found", || found().is_some());
    assert!(service.get("").1.contains("has no passing verdict"));
    let log = service.audit(&["log", "--open"]);
    assert!(log.text.contains("FINDING: came in without a passing verdict"), "{}", log.text);

    // Service and hook both wait for it, though the change itself needs nothing.
    let (number, head) = {
        story.clone.git(&["fetch", "--quiet", "--prune", "origin"]);
        story.clone.git(&["switch", "--quiet", "--create", "harmless", "origin/main"]);
        let head = story.clone.commit("Fix a word");
        story.clone.git(&["push", "--quiet", "origin", "harmless"]);
        (story.open("harmless", "main"), head)
    };
    service.until("the service waits", || {
        story
            .statuses(&head)
            .first()
            .is_some_and(|(state, said, _)| state == "pending" && said.contains("never decided about"))
    });
    let short = smuggled.get(..12).unwrap();
    story.blocked(number, &story.dana, "merge", &["was never decided about", short]);

    // Sam signs for exactly that tip, and both let go.
    sign(&story, &sam_key, &listed, &smuggled);
    service.until("it is settled", || {
        service.entries().iter().any(|link| matches!(link.entry.event, Event::Settled { .. }))
    });
    state_becomes(&story, &service, &head, "success");
    story.merged(number, &story.dana, "merge");
}

const ANSWER_OF_TIP: &str = "topology=none outside the parser itself, nothing else reads it";

#[test]
fn bypass_39_an_administrator_s_forced_merge_where_no_hook_runs_is_found() {
    let story = Story::with_hook(None);
    let service = story.serve(&["--reconcile", "2", "--repo", "acme/app"]);
    service.until("the watch over main begins", || !service.entries().is_empty());
    let (number, head) = story.pull("work");
    state_becomes(&story, &service, &head, "pending");
    let (status, text) =
        story.merge_with(number, &story.admin, json!({ "Do": "merge", "force_merge": true }));
    assert_eq!(status, 200, "{text}");
    let tip = story.stands("main");
    service.until("it is found", || {
        service.entries().iter().any(|link| {
            link.entry.head == tip
                && matches!(link.entry.event, Event::Finding { finding: Finding::NoVerdict, .. })
        })
    });
    let report = service.audit(&["report", "--since", "2020-01-01"]);
    assert!(report.text.contains("1 got in without a verdict"), "{}", report.text);
}

#[test]
fn a_protected_branch_that_was_made_past_the_hook_is_open_from_its_beginning() {
    let story = Story::with_hook(None);
    let service = story.serve(&["--reconcile", "2", "--repo", "acme/app"]);
    service.until("the watch over main begins", || !service.entries().is_empty());
    story.clone.git(&["switch", "--quiet", "--create", "smuggled"]);
    let smuggled = story.clone.commit(AI);
    story.clone.git(&["push", "--quiet", "origin", "smuggled:release/9"]);
    service.until("it is found", || {
        service.entries().iter().any(|link| {
            link.entry.head == smuggled
                && matches!(link.entry.event, Event::Finding { finding: Finding::NoVerdict, from: None, .. })
        })
    });
    story.clone.git(&["switch", "--quiet", "--create", "harmless"]);
    let head = story.clone.commit("Fix a word");
    story.clone.git(&["push", "--quiet", "origin", "harmless"]);
    story.open("harmless", "release/9");
    service.until("a change on top of it waits", || {
        story.statuses(&head).first().is_some_and(|(state, said, _)| {
            state == "pending" && said.contains("all of it was never decided about")
        })
    });
}

#[test]
fn where_no_hook_runs_a_rebase_of_several_commits_that_were_signed_off_is_in_order() {
    let story = Story::with_hook(None);
    let service = story.serve(&["--reconcile", "2", "--repo", "acme/app"]);
    service.until("the watch over main begins", || !service.entries().is_empty());
    story.clone.git(&["switch", "--quiet", "--create", "work", "origin/main"]);
    for file in ["one.txt", "two.txt"] {
        story.clone.write(file, "text\n");
        story.clone.commit(AI);
    }
    // The target moves meanwhile, so that the commits are made anew.
    let head = story.clone.git(&["rev-parse", "HEAD"]);
    story.clone.git(&["push", "--quiet", "origin", "work"]);
    let number = story.open("work", "main");
    let before = story.stands("main");
    story.clone.git(&["switch", "--quiet", "main"]);
    story.clone.commit("Fix a word");
    story.clone.git(&["push", "--quiet", "origin", "main"]);
    assert_ne!(story.stands("main"), before);
    story.review(number, &story.sam, "APPROVED", ANSWER);
    state_becomes(&story, &service, &head, "success");
    story.merged(number, &story.dana, "rebase");
    let tip = story.stands("main");
    service.until("the merge is recorded", || {
        service
            .entries()
            .iter()
            .any(|link| link.entry.head == tip && matches!(link.entry.event, Event::Merge { .. }))
    });
    assert!(service.entries().iter().all(|link| !matches!(link.entry.event, Event::Finding { .. })));
}

#[test]
fn what_was_pushed_past_everybody_is_not_answered_for_by_a_pull_request_on_top_of_it() {
    let story = Story::with_hook(None);
    let service = story.serve(&["--reconcile", "2", "--repo", "acme/app"]);
    service.until("the watch over main begins", || !service.entries().is_empty());
    let smuggled = story.clone.commit(AI);
    story.clone.git(&["push", "--quiet", "origin", "main"]);
    let open = |head: &str| {
        service.entries().iter().any(|link| {
            link.entry.head == head
                && matches!(link.entry.event, Event::Finding { finding: Finding::NoVerdict, .. })
        })
    };
    service.until("it is found", || open(&smuggled));
    story.clone.git(&["switch", "--quiet", "--create", "work"]);
    for file in ["one.txt", "two.txt"] {
        story.clone.write(file, "text\n");
        story.clone.commit(AI);
    }
    story.clone.git(&["push", "--quiet", "origin", "work"]);
    let number = story.open("work", "main");
    story.review(number, &story.sam, "APPROVED", ANSWER);
    let (status, text) =
        story.merge_with(number, &story.admin, json!({ "Do": "squash", "force_merge": true }));
    assert_eq!(status, 200, "{text}");
    let tip = story.stands("main");
    service.until("that is found too", || open(&tip));
    assert!(!service.entries().iter().any(|link| matches!(link.entry.event, Event::Settled { .. })));
}

#[test]
fn a_forced_merge_is_settled_by_whoever_signs_for_exactly_what_it_made() {
    let story = Story::with_hook(None);
    let sam_key = say_who_signs(&story);
    let service = story.serve(&["--reconcile", "2", "--repo", "acme/app"]);
    service.until("the watch over main begins", || !service.entries().is_empty());
    let before = story.stands("main");
    let (number, _) = story.pull("work");
    let (status, text) =
        story.merge_with(number, &story.admin, json!({ "Do": "merge", "force_merge": true }));
    assert_eq!(status, 200, "{text}");
    let tip = story.stands("main");
    let has = |of: fn(&Event) -> bool| service.entries().iter().any(|link| of(&link.entry.event));
    service.until("it is found", || has(|event| matches!(event, Event::Finding { .. })));
    story.clone.git(&["fetch", "--quiet", "origin"]);
    sign(&story, &sam_key, &before, &tip);
    service.until("it is settled", || has(|event| matches!(event, Event::Settled { .. })));
}

#[test]
fn what_is_put_back_where_it_was_in_order_is_open_no_longer() {
    let story = Story::with_hook(None);
    let service = story.serve(&["--reconcile", "2", "--repo", "acme/app"]);
    service.until("the watch over main begins", || !service.entries().is_empty());
    let in_order = story.stands("main");
    story.clone.commit(AI);
    story.clone.git(&["push", "--quiet", "origin", "main"]);
    let count =
        |of: fn(&Event) -> bool| service.entries().iter().filter(|link| of(&link.entry.event)).count();
    service.until("it is found", || count(|event| matches!(event, Event::Finding { .. })) == 1);
    story.clone.git(&["push", "--quiet", "--force", "origin", &format!("{in_order}:main")]);
    service.until("it is settled", || count(|event| matches!(event, Event::Settled { .. })) == 1);
}

#[test]
fn a_branch_that_nobody_guarded_is_found_once_it_is_the_default() {
    let story = Story::with_hook(None);
    let service = story.serve(&["--reconcile", "2", "--repo", "acme/app"]);
    service.until("the watch over main begins", || !service.entries().is_empty());
    story.clone.git(&["switch", "--quiet", "--create", "trunk"]);
    let smuggled = story.clone.commit(AI);
    story.clone.git(&["push", "--quiet", "origin", "trunk"]);
    story.gitea.ok("PATCH", "repos/acme/app", &story.admin, json!({ "default_branch": "trunk" }));
    service.until("it is found", || {
        service.entries().iter().any(|link| {
            link.entry.head == smuggled
                && matches!(link.entry.event, Event::Finding { finding: Finding::NoVerdict, .. })
        })
    });
}

#[test]
fn the_watch_over_a_repository_begins_with_all_branches_that_are_guarded() {
    let story = Story::with_hook(None);
    story.clone.git(&["switch", "--quiet", "--create", "release/1"]);
    let backported = story.clone.commit(AI);
    story.clone.git(&["push", "--quiet", "origin", "release/1"]);
    let service = story.serve(&["--reconcile", "2", "--repo", "acme/app"]);
    let begins = || {
        let entries = service.entries();
        let begun = entries.iter().filter(|link| matches!(link.entry.event, Event::Merge { from: None, .. }));
        begun.map(|link| link.entry.target.clone()).collect::<Vec<_>>()
    };
    service.until("the watch begins", || begins().len() == 2);
    // Looked at once more, both are in order.
    let done = service.metric("countersign_jobs_done_total");
    service.until("all was looked at again", || service.metric("countersign_jobs_done_total") >= done + 3.0);
    assert!(service.entries().iter().all(|link| !matches!(link.entry.event, Event::Finding { .. })));
    assert_eq!(story.stands("release/1"), backported);
    assert!(service.audit(&["log"]).text.contains("the watch begins"));
}

#[test]
fn a_protected_branch_that_a_push_makes_goes_in_by_the_decision_of_the_hook() {
    let story = Story::new();
    let service = story.serve(&["--reconcile", "2", "--repo", "acme/app"]);
    service.until("the watch over main begins", || !service.entries().is_empty());
    let glass =
        "identities: { dana: { emails: [dana@example.com] } }\npeople:\n  on-call: { users: [dana] }\n";
    let policy = gitea_tests::story::POLICY.replace("people:\n", glass)
        + "break-glass: { by: on-call, options: { may-approve: contributors } }\n";
    story.clone.write(".countersign/policy.yaml", &policy);
    story.clone.commit("Let somebody break the glass");
    story.clone.git(&["push", "--quiet", "origin", "main"]);
    story.clone.git(&["switch", "--quiet", "--create", "release/2"]);
    let head = story.clone.commit(AI);
    let option = "break-glass=the queue is down and every minute loses orders";
    story.clone.git(&["push", "--quiet", "--push-option", option, "origin", "release/2"]);
    service.until("it is in order", || {
        service.entries().iter().any(|link| {
            link.entry.head == head
                && matches!(&link.entry.event, Event::Merge { from: None, decisions } if decisions.len() == 1)
        })
    });
    assert!(service.entries().iter().all(|link| !matches!(link.entry.event, Event::Finding { .. })));
    let report = service.audit(&["report", "--since", "2020-01-01"]);
    assert!(report.text.contains("1 AI-assisted") && report.text.contains("dana"), "{}", report.text);
}

#[test]
fn a_fault_in_the_file_of_who_may_break_the_glass_stops_no_change() {
    let story = Story::with_hook(None);
    let file = story.folder.path().join("break-glass.yaml");
    std::fs::write(&file, "people: { on-call: { users: [olga] } }\nbreak-glass: { by: on-call }\n").unwrap();
    let service = story.serve(&["--break-glass-file", file.to_str().unwrap(), "--repo", "acme/app"]);
    std::fs::write(&file, "people: { on-call: { users: [olga] } }\nbreak-glass: { by: oncall }\n").unwrap();
    let (number, head) = story.pull("work");
    service.deliver("one", number);
    state_becomes(&story, &service, &head, "pending");
    assert!(service.log().contains("`people` has no `oncall`"), "{}", service.log());
}

#[test]
fn where_no_hook_runs_a_merge_that_was_signed_off_is_in_order_in_every_style() {
    let story = Story::with_hook(None);
    let service = story.serve(&["--reconcile", "2", "--repo", "acme/app"]);
    service.until("the watch over main begins", || !service.entries().is_empty());
    for style in ["merge", "squash", "rebase", "fast-forward-only"] {
        let (number, head) = story.pull(&format!("by-{style}"));
        story.review(number, &story.sam, "APPROVED", ANSWER);
        state_becomes(&story, &service, &head, "success");
        story.merged(number, &story.dana, style);
        let tip = story.stands("main");
        service.until("the merge is recorded", || {
            service
                .entries()
                .iter()
                .any(|link| link.entry.head == tip && matches!(link.entry.event, Event::Merge { .. }))
        });
    }
    assert!(service.entries().iter().all(|link| !matches!(link.entry.event, Event::Finding { .. })));
}

#[test]
fn setup_shows_what_it_changes_does_it_once_and_names_what_is_left() {
    let story = Story::new();
    let mut service = story.serve(&[]);
    let shown = story.setup(&service, &[]);
    assert_eq!(shown.code, 0, "{}", shown.text);
    for said in [
        "would change  a webhook to",
        "the rule for main, which is new",
        "the rule for release/*",
        "--apply does it",
    ] {
        assert!(shown.text.contains(said), "{said} is missing in\n{}", shown.text);
    }
    let hooks = story.gitea.ok("GET", "repos/acme/app/hooks", &story.admin, Value::Null);
    assert_eq!(hooks.as_array().unwrap().len(), 0);
    let done = story.setup(&service, &["--apply"]);
    assert!(done.code == 0 && done.text.contains("a test delivery came to the service"), "{}", done.text);
    let again = story.setup(&service, &["--apply"]);
    assert!(again.code == 0 && again.text.contains("There is nothing to change."), "{}", again.text);
    assert!(!again.text.contains("changed  "), "{}", again.text);
    // The tests' tokens may do everything.
    assert!(again.text.contains("has the scope read:user and needs it for nothing"), "{}", again.text);
    assert!(again.text.contains("administrators can change these rules"), "{}", again.text);
    // A push past the rules is refused by the server itself.
    story.clone.git(&["switch", "--quiet", "main"]);
    story.clone.commit("Fix a word");
    let pushed = story.clone.try_git(&["push", "origin", "main"]);
    assert!(pushed.code == 1 && pushed.text.contains("protected branch"), "{}", pushed.text);
    // Somebody weakens a rule.
    let path = "repos/acme/app/branch_protections/main";
    story.gitea.ok(
        "PATCH",
        path,
        &story.admin,
        json!({ "block_admin_merge_override": false, "enable_push": true }),
    );
    let weak = story.setup(&service, &[]);
    assert!(weak.text.contains("block_admin_merge_override true; enable_push false"), "{}", weak.text);
    service.end();
    let silent = story.setup(&service, &["--apply"]);
    assert!(silent.code == 0 && silent.text.contains("does not answer yet"), "{}", silent.text);
}

/// Posts a delivery until the service has taken it; what was not answered may have been taken.
fn deliver(services: &[&Service], id: &str, number: u64, stop: &AtomicBool) {
    loop {
        for service in services {
            if matches!(service.deliver(id, number), 202 | 409) {
                return;
            }
        }
        if stop.load(Ordering::Relaxed) {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Kills services again and again while events come in, and looks whether each event that was taken had its effect: a status
/// for the head that its pull request then had, once, and one comment.
fn nothing_is_lost(story: &Story, services: &mut [Service]) {
    let pulls: Vec<(String, u64)> = (0..6)
        .map(|at| {
            let branch = format!("work-{at}");
            let number = story.pull(&branch).0;
            (branch, number)
        })
        .collect();
    for (round, pause) in [30_u64, 180, 400, 700].into_iter().enumerate() {
        let mut heads = Vec::new();
        for (branch, number) in &pulls {
            story.clone.git(&["switch", "--quiet", branch]);
            story.clone.write(&format!("{branch}.rs"), &format!("// round {round}\n"));
            heads.push((story.clone.commit(AI), *number));
            story.clone.git(&["push", "--quiet", "origin", branch]);
        }
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let shared: Vec<&Service> = services.iter().collect();
            for (at, (_, number)) in pulls.iter().enumerate() {
                let (shared, stop, id) = (shared.clone(), &stop, format!("{round}-{at}"));
                // The service that is killed does not answer; the others are asked, or it again once it is back.
                scope.spawn(move || deliver(&shared, &id, *number, stop));
            }
            std::thread::sleep(Duration::from_millis(pause));
            gitea_tests::run(std::process::Command::new("kill").args(["-9", &services[0].pid().to_string()]));
            std::thread::sleep(Duration::from_millis(50));
            // Whoever still waits for an answer gives up; what was not taken is sent again below.
            stop.store(true, Ordering::Relaxed);
        });
        services[0].kill();
        services[0].again();
        let stop = AtomicBool::new(false);
        let all: Vec<&Service> = services.iter().collect();
        for (at, (_, number)) in pulls.iter().enumerate() {
            deliver(&all, &format!("{round}-{at}"), *number, &stop);
        }
        for (head, number) in heads {
            services[0].until(&format!("{head} has its status"), || story.state(&head) == "pending");
            services[0].until("one comment", || story.comments(number).len() == 1);
        }
    }
    services[0].until("the queue is empty", || services[0].metric("countersign_queue_jobs") == 0.0);
    for (branch, number) in &pulls {
        assert_eq!(story.comments(*number).len(), 1, "{branch}");
        let head = story.clone.git(&["rev-parse", branch]);
        let mut statuses = story.statuses(&head);
        let all = statuses.len();
        statuses.dedup();
        assert_eq!(statuses.len(), all, "two statuses of equal state for one decision: {statuses:?}");
    }
    let verified = services[0].audit(&["verify"]);
    assert_eq!(verified.code, 0, "{}", verified.text);
}

#[test]
fn killing_the_service_loses_nothing_on_sqlite() {
    let story = Story::with_hook(None);
    let mut services = [story.serve(&["--reconcile", "3600"])];
    nothing_is_lost(&story, &mut services);
}

#[test]
fn killing_one_of_two_replicas_loses_nothing_on_postgresql() {
    let story = Story::with_hook(None);
    let postgres = Postgres::start();
    let database = postgres.database("gate");
    let flags = ["--reconcile", "3600", "--public-url", "http://gate.example"];
    let mut services = [Service::start(&story, &database, &flags), Service::start(&story, &database, &flags)];
    nothing_is_lost(&story, &mut services);
}

#[test]
fn a_forge_that_goes_away_is_asked_again_and_nothing_is_forgotten() {
    let mut story = Story::with_hook(None);
    let mut service = story.serve(&["--reconcile", "3600"]);
    let (number, head) = story.pull("work");
    story.gitea.stop();
    assert_eq!(service.deliver("while it is gone", number), 202);
    service.until("it fails", || service.metric("countersign_jobs_failed_total") > 0.0);
    assert_eq!(service.get("readyz").0, 503);
    story.gitea.start_again();
    state_becomes(&story, &service, &head, "pending");
    service.until("it is ready", || service.get("readyz").0 == 200);
    assert_eq!(service.end(), Some(0), "{}", service.log());
}

#[test]
fn a_policy_with_a_fault_is_an_error_that_says_where() {
    let (story, service) = set_up(&[]);
    let (_, head) = story.pull("work");
    state_becomes(&story, &service, &head, "pending");
    story.clone.git(&["switch", "--quiet", "main"]);
    // By the administrator's page: the rule is lifted for a moment, and no hook is asked to agree.
    let bare = story.gitea.repository("acme/app");
    story.clone.write(".countersign/policy.yaml", "countersign: 1\nname: x\nrulez: []\n");
    story.clone.commit("Break the policy");
    story.clone.git(&["push", "--quiet", "origin", "main:refs/heads/broken"]);
    let moved = gitea_tests::run(std::process::Command::new("git").arg("-C").arg(bare).args([
        "update-ref",
        "refs/heads/main",
        "refs/heads/broken",
    ]));
    assert_eq!(moved.code, 0, "{}", moved.text);
    assert_eq!(service.deliver("after the policy broke", 1), 202);
    state_becomes(&story, &service, &head, "error");
    let page = story.statuses(&head)[0].2.clone();
    let (_, shown) = service.get(page.strip_prefix(&service.url).unwrap());
    assert!(shown.contains("rulez") && shown.contains("cannot be evaluated"), "{shown}");
    // What was moved by hand is found and judged at the same time; its decision may stand last.
    let links = service.entries();
    let of_change = links.iter().filter(|link| link.entry.head == head);
    let last = of_change.filter_map(|link| link.entry.made()).next_back().map(|made| made.verdict);
    assert_eq!(last, Some(Verdict::Error));
}

#[test]
fn a_repository_that_has_the_name_of_one_that_is_gone_begins_anew() {
    let (story, service) = set_up(&[]);
    let gone = story.stands("main");
    story.gitea.ok("DELETE", "repos/acme/app", &story.admin, Value::Null);
    let body = json!({ "name": "app", "default_branch": "main" });
    story.gitea.ok("POST", "orgs/acme/repos", &story.admin, body);
    let clone = &story.clone;
    clone.git(&["switch", "--quiet", "--orphan", "again"]);
    clone.write(".countersign/policy.yaml", gitea_tests::story::POLICY);
    let tip = clone.commit("Begin again");
    clone.git(&["push", "--quiet", "origin", "HEAD:main"]);
    clone.git(&["fetch", "--quiet", "--prune", "origin"]);
    // For a moment the server still takes it for an empty one.
    service.until("the server sees what was pushed", || {
        story.gitea.ok("GET", "repos/acme/app", &story.admin, Value::Null)["empty"] == false
    });
    let done = story.setup(&service, &["--apply"]);
    assert_eq!(done.code, 0, "{}", done.text);
    let begins = |head: &str| {
        let of = |event: &Event| matches!(event, Event::Merge { from: None, .. });
        service.entries().iter().any(|link| link.entry.head == head && of(&link.entry.event))
    };
    service.until("the watch over the new one begins", || begins(&tip));
    assert!(begins(&gone));
    // Nobody asks about the old one's commits.
    let (number, head) = story.pull_with("work", "Fix a word");
    state_becomes(&story, &service, &head, "success");
    story.merged(number, &story.dana, "merge");
    let entries = service.entries();
    let found = entries.iter().any(|link| matches!(link.entry.event, Event::Finding { .. }));
    assert!(!found, "{}", service.log());
}
