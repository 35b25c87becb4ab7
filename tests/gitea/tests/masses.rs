//! Whoever can write a little: what one person writes, pushes or half sends stops nobody else, and hides nobody's part.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gitea_tests::git::{AI, Clone};
use gitea_tests::service::{Service, signature};
use gitea_tests::story::{ANSWER, POLICY, Story};
use serde_json::{Value, json};

/// Work that says it is dana's and that sam pushed to a branch of their own; dana opens the request, and sam approves it.
fn pushed_by_sam(story: &Story, branch: &str) -> (u64, String) {
    let sam = Clone::new(
        &story.folder.path().join(format!("sam-{branch}")),
        "dana",
        &story.gitea.remote("sam", &story.sam, "acme/app"),
    );
    sam.git(&["fetch", "--quiet", "origin"]);
    sam.git(&["switch", "--quiet", "--create", branch, "origin/main"]);
    sam.write(&format!("{branch}.rs"), "// work\n");
    let head = sam.commit(AI);
    sam.git(&["push", "--quiet", "origin", branch]);
    let number = story.open(branch, "main");
    story.review(number, &story.sam, "APPROVED", ANSWER);
    (number, head)
}

/// An issue of olga's, on which she writes.
fn issue(story: &Story) -> u64 {
    let made = story.gitea.ok("POST", "repos/acme/app/issues", &story.olga, json!({ "title": "A question" }));
    made["number"].as_u64().unwrap()
}

fn comment(story: &Story, number: u64, body: &str) {
    let path = format!("repos/acme/app/issues/{number}/comments");
    story.gitea.ok("POST", &path, &story.olga, json!({ "body": body }));
}

fn comment_many(story: &Story, number: u64, count: usize) {
    std::thread::scope(|scope| {
        for part in 0..4 {
            scope.spawn(move || {
                (part..count).step_by(4).for_each(|at| comment(story, number, &at.to_string()))
            });
        }
    });
}

#[test]
fn whoever_pushed_may_not_approve_while_the_feed_moves() {
    let story = Story::new();
    let talk = issue(&story);
    let (number, _) = pushed_by_sam(&story, "work");
    story.blocked(number, &story.dana, "merge", &["sam pushed to"]);
    comment_many(&story, talk, 70);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                comment(&story, talk, "and more");
            }
        });
        for _ in 0..6 {
            story.blocked(number, &story.dana, "merge", &["Blocked"]);
        }
        stop.store(true, Ordering::Relaxed);
    });
    story.blocked(number, &story.dana, "merge", &["sam pushed to"]);
    // The control: what dana pushed now, sam may approve.
    let (number, _) = story.pull("other");
    story.review(number, &story.sam, "APPROVED", ANSWER);
    story.merged(number, &story.dana, "merge");
}

/// Takes away what the hook noted of who brought which commit.
fn forget_who_brought(story: &Story) {
    std::fs::remove_dir_all(story.folder.path().join("spool/brought")).unwrap();
}

#[test]
fn whoever_pushed_is_unknown_once_neither_the_feed_nor_the_hook_says_it() {
    let mut story = Story::new();
    let (number, head) = pushed_by_sam(&story, "work");
    let mut ini = std::fs::read_to_string(story.gitea.ini()).unwrap();
    ini.push_str("\n[cron.delete_old_actions]\nENABLED = true\nSCHEDULE = @yearly\nOLDER_THAN = 1s\n");
    std::fs::write(story.gitea.ini(), ini).unwrap();
    story.gitea.restart();
    std::thread::sleep(Duration::from_secs(2));
    story.gitea.ok("POST", "admin/cron/delete_old_actions", &story.admin, Value::Null);
    let feed = "repos/acme/app/activities/feeds";
    let started = Instant::now();
    while story.gitea.ok("GET", feed, &story.admin, Value::Null) != json!([]) {
        assert!(started.elapsed() < Duration::from_secs(30), "the server never removed what is old");
        std::thread::sleep(Duration::from_millis(100));
    }
    story.blocked(number, &story.dana, "merge", &["sam pushed to this change"]);
    forget_who_brought(&story);
    story.blocked(number, &story.dana, "merge", &["does not say who pushed", &head]);
    // The control: what dana pushed now, sam may approve.
    let (number, _) = story.pull("other");
    story.review(number, &story.sam, "APPROVED", ANSWER);
    story.merged(number, &story.dana, "merge");
}

#[test]
fn whoever_pushed_and_hides_it_is_unknown_and_not_somebody_else() {
    let story = Story::new();
    story.gitea.ok("PATCH", "user/settings", &story.sam, json!({ "hide_activity": true }));
    let (number, head) = pushed_by_sam(&story, "work");
    // The hook saw it come; without that nobody knows.
    story.blocked(number, &story.dana, "merge", &["sam pushed to this change"]);
    forget_who_brought(&story);
    story.blocked(number, &story.dana, "merge", &["does not say who pushed", &head]);
    // Nor where dana pushes on top of it.
    story.clone.git(&["fetch", "--quiet", "origin"]);
    story.clone.git(&["switch", "--quiet", "work"]);
    story.clone.commit(AI);
    story.clone.git(&["push", "--quiet", "origin", "work"]);
    std::thread::sleep(Duration::from_millis(1_100));
    story.review(number, &story.sam, "APPROVED", ANSWER);
    story.blocked(number, &story.dana, "merge", &["does not say who pushed", &head]);
    story.gitea.ok("PATCH", "user/settings", &story.sam, json!({ "hide_activity": false }));
    story.blocked(number, &story.dana, "merge", &["sam pushed to"]);
}

#[test]
fn whoever_pushed_may_not_approve_once_the_branch_is_renamed() {
    let story = Story::new();
    let (number, _) = pushed_by_sam(&story, "work");
    story.gitea.ok("PATCH", "repos/acme/app/branches/work", &story.dana, json!({ "name": "renamed" }));
    story.blocked(number, &story.dana, "merge", &["sam pushed to"]);
    story.clone.git(&["fetch", "--quiet", "origin"]);
    story.clone.git(&["switch", "--quiet", "renamed"]);
    story.clone.commit(AI);
    story.clone.git(&["push", "--quiet", "origin", "renamed"]);
    std::thread::sleep(Duration::from_millis(1_100));
    story.review(number, &story.sam, "APPROVED", ANSWER);
    story.blocked(number, &story.dana, "merge", &["sam pushed to"]);
}

#[test]
fn large_comments_stop_the_change_that_they_are_on_at_most() {
    let story = Story::new();
    let service = story.serve(&["--reconcile", "3600"]);
    let (theirs, _) = story.pull("theirs");
    let (number, head) = story.pull("work");
    story.review(number, &story.sam, "APPROVED", ANSWER);
    let large = "x".repeat(7_500_000);
    for _ in 0..5 {
        comment(&story, theirs, &large);
    }
    assert_eq!(service.deliver("after the mass", number), 202);
    service.until("the other change is judged", || story.state(&head) == "success");
    story.merged(number, &story.dana, "merge");
}

/// A repository beside acme/app that tells a service of what happens.
fn another_repository(story: &Story, service: &Service) -> Clone {
    let gitea = &story.gitea;
    gitea.ok("POST", "orgs/acme/repos", &story.admin, json!({ "name": "other", "default_branch": "main" }));
    for repository in ["acme/app", "acme/other"] {
        let config = json!({
            "url": format!("{}webhook", service.url), "content_type": "json",
            "secret": std::fs::read_to_string(&service.secret_file).unwrap(),
        });
        let events = json!(["push", "create", "delete", "pull_request"]);
        let hook = json!({ "type": "gitea", "active": true, "events": events, "config": config });
        gitea.ok("POST", &format!("repos/{repository}/hooks"), &story.admin, hook);
    }
    let remote = gitea.remote("dana", &story.dana, "acme/other");
    let clone = Clone::new(&story.folder.path().join("other"), "dana", &remote);
    clone.write(".countersign/policy.yaml", POLICY);
    clone.commit("Begin");
    clone.git(&["push", "--quiet", "origin", "main"]);
    clone.git(&["switch", "--quiet", "--create", "work"]);
    clone
}

#[test]
fn a_push_of_very_many_branches_keeps_no_other_repository_waiting() {
    let story = Story::with_hook(None);
    let service = story.serve(&["--reconcile", "3600"]);
    let other = another_repository(&story, &service);
    let branches: Vec<String> = (0..1_500).map(|at| format!("HEAD:refs/heads/mass/{at}")).collect();
    let push = [&["push", "--quiet", "origin"][..], &branches.iter().map(String::as_str).collect::<Vec<_>>()];
    story.clone.git(&push.concat());
    let begun = service.metric("countersign_jobs_done_total");
    service.until("the service hears of the mass", || service.metric("countersign_jobs_done_total") > begun);
    let head = other.commit(AI);
    other.git(&["push", "--quiet", "origin", "work"]);
    let open = json!({ "head": "work", "base": "main", "title": "Work" });
    service.until("the request is open", || {
        story.gitea.call("POST", "repos/acme/other/pulls", Some(&story.dana), Some(open.clone())).0 == 201
    });
    let asked = Instant::now();
    assert_eq!(deliver(&service, "acme/other", 1), 202);
    let path = format!("repos/acme/other/commits/{head}/statuses");
    let judged = || story.gitea.ok("GET", &path, &story.admin, Value::Null)[0]["context"] == "countersign";
    service.until("it is judged", judged);
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    // Neither are there jobs for branches that nobody guards.
    assert!(service.metric("countersign_queue_jobs") < 50.0);
}

/// Posts a webhook about a pull request of a repository.
fn deliver(service: &Service, repository: &str, number: u64) -> u16 {
    let body = json!({
        "action": "opened", "number": number, "pull_request": { "number": number },
        "repository": { "full_name": repository },
    })
    .to_string();
    let headers = [
        ("X-Gitea-Signature", &*signature(body.as_bytes())),
        ("X-Gitea-Delivery", repository),
        ("X-Gitea-Event-Type", "pull_request"),
    ];
    service.post(&headers, body.as_bytes())
}

#[test]
fn half_sent_requests_keep_nobody_out() {
    let story = Story::with_hook(None);
    let service = story.serve(&["--reconcile", "3600"]);
    let limit = format!("--nofile={FILES}:{FILES}");
    let set = gitea_tests::run(std::process::Command::new("prlimit").args([
        &*limit,
        "--pid",
        &service.pid().to_string(),
    ]));
    assert_eq!(set.code, 0, "{}", set.text);
    let address = service.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let half = |text: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        let _ = stream.write_all(text.as_bytes());
        stream
    };
    let begun = "POST /webhook HTTP/1.1\r\nHost: gate\r\n";
    let with_body = format!("{begun}Content-Length: 1000\r\n\r\n{{");
    let held: Vec<TcpStream> =
        (0..FILES + 76).map(|at| half(if at % 2 == 0 { begun } else { &with_body })).collect();
    assert_eq!(service.get("healthz").0, 200);
    let (number, head) = story.pull("work");
    assert_eq!(service.deliver("meanwhile", number), 202);
    service.until("it is judged", || story.state(&head) == "pending");
    assert!(!service.log().contains("Too many open files"), "{}", service.log());
    drop(held);
}

/// Files that a process may have open where nobody says otherwise.
const FILES: usize = 1_024;

#[test]
fn what_somebody_writes_under_the_gate_s_name_does_not_stay() {
    let story = Story::with_hook(None);
    let mut service = story.serve(&["--reconcile", "3600"]);
    let (number, _) = story.pull("work");
    let mut at = 0;
    let mut again = |service: &Service| {
        at += 1;
        assert_eq!(service.deliver(&format!("delivery {at}"), number), 202);
        service.until("it is looked at", || service.metric("countersign_queue_jobs") == 0.0);
    };
    again(&service);
    let first = story.comments(number);
    assert!(first.len() == 1 && first[0].contains("AI-assisted code"), "{first:?}");
    let ids = || {
        let path = format!("repos/acme/app/issues/{number}/comments");
        let all = story.gitea.ok("GET", &path, &story.admin, Value::Null);
        let own = all.as_array().unwrap().iter().filter(|comment| comment["user"]["login"] == "gate");
        own.map(|comment| comment["id"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let forge = |body: &str| {
        let path = format!("repos/acme/app/issues/comments/{}", ids()[0]);
        story.gitea.ok("PATCH", &path, &story.dana, json!({ "body": body }));
    };
    let approved = "**Countersign: approved.** sam signed off on this in person.";
    for forged in [approved.to_owned(), format!("<!-- countersign -->\n{approved}"), String::from("-")] {
        forge(&forged);
        again(&service);
        assert_eq!(story.comments(number), first, "{forged}");
    }
    // Deleted, it is written once more.
    let path = format!("repos/acme/app/issues/comments/{}", ids()[0]);
    story.gitea.ok("DELETE", &path, &story.admin, Value::Null);
    again(&service);
    assert_eq!(story.comments(number), first);
    // What somebody else writes is theirs, whatever it begins with.
    comment(&story, number, &format!("<!-- countersign -->\n{approved}"));
    again(&service);
    let first = story.comments(number);
    assert!(first.len() == 1 && !first[0].contains("in person"), "{first:?}");
    // A database that is lost finds it, and what it cannot find is written off.
    let lose = |service: &mut Service| {
        service.kill();
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(story.folder.path().join(format!("trail.sqlite{end}")));
        }
        service.again();
    };
    lose(&mut service);
    again(&service);
    assert_eq!(story.comments(number), first);
    forge(approved);
    lose(&mut service);
    again(&service);
    let now = story.comments(number);
    assert!(now.len() == 2 && now[0].contains("not the gate's word") && now[1] == first[0], "{now:?}");
    again(&service);
    assert_eq!(story.comments(number), now);
}

#[test]
fn jobs_about_a_repository_that_is_not_there_end() {
    let story = Story::with_hook(None);
    let service = story.serve(&["--reconcile", "3600"]);
    assert_eq!(deliver(&service, "acme/never", 1), 202);
    let hook = json!({ "ref": "refs/heads/main", "repository": { "full_name": "acme/nowhere" } }).to_string();
    let headers = [
        ("X-Gitea-Signature", &*signature(hook.as_bytes())),
        ("X-Gitea-Delivery", "nowhere"),
        ("X-Gitea-Event-Type", "push"),
    ];
    assert_eq!(service.post(&headers, hook.as_bytes()), 202);
    service.until("they ended", || service.metric("countersign_queue_jobs") == 0.0);
    assert!(service.log().contains("the repository is gone"), "{}", service.log());
    // One that is deleted while it is looked after, too.
    let (number, head) = story.pull("work");
    service.deliver("there", number);
    service.until("it is judged", || story.state(&head) == "pending");
    story.gitea.ok("DELETE", "repos/acme/app", &story.admin, Value::Null);
    service.deliver("gone", number);
    service.until("nothing is open", || service.get("").1.contains("No change is open"));
    service.until("nothing is left", || service.metric("countersign_queue_jobs") == 0.0);
}

#[test]
fn a_fault_that_lasts_is_said_on_the_change_until_it_has_passed() {
    let story = Story::with_hook(None);
    let service = story.serve(&["--reconcile", "3600"]);
    let (number, head) = story.pull("work");
    service.deliver("first", number);
    service.until("it is judged", || story.state(&head) == "pending");
    let port = service.url.trim_end_matches('/').rsplit(':').next().unwrap().to_owned();
    let config = story.folder.path().join(format!("mirrors-{port}/acme/app.git/config"));
    let right = std::fs::read(&config).unwrap();
    std::fs::write(&config, "[core\n").unwrap();
    service.deliver("broken", number);
    service.until("it is said", || story.state(&head) == "error");
    let said = story.statuses(&head)[0].1.clone();
    assert!(said.contains("Not judged yet") && said.contains("git"), "{said}");
    std::fs::write(&config, right).unwrap();
    service.until("it has passed", || story.state(&head) == "pending");
}
