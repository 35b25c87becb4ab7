//! What people press in the pages of a real Gitea, and what these answer.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

use std::time::Duration;

use gitea_tests::git::AI;
use gitea_tests::page::Page;
use gitea_tests::story::{ANSWER, POLICY, Story};
use serde_json::{Value, json};

/// Presses merge until the server has made up its mind; gives what the pull request says then.
fn merge(page: &mut Page, number: u64, style: &str) -> String {
    let path = format!("acme/app/pulls/{number}");
    for _ in 0..100 {
        let (status, text) = page.press(&format!("{path}/merge"), &[("do", style)]);
        if status == 200 {
            return page.look(&path);
        }
        assert!(text.contains("not ready to be merged"), "{status} {text}");
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the server never made up its mind");
}

#[test]
fn a_merge_says_in_its_red_box_what_it_waits_for_and_goes_through_once_that_is_there() {
    let story = Story::new();
    let mut page = Page::log_in(&story.gitea, "dana");
    for style in ["merge", "squash", "rebase", "rebase-merge", "fast-forward-only"] {
        let (number, _) = story.pull(&format!("by-{style}"));
        let before = story.stands("main");
        let box_of_refusal = merge(&mut page, number, style);
        for said in ["Full Rejection Message", "is not satisfied", "Ask sam", "topology:"] {
            assert!(box_of_refusal.contains(said), "{style}: {said} is missing in\n{box_of_refusal}");
        }
        assert_eq!(story.stands("main"), before, "{style}");
        story.review(number, &story.sam, "APPROVED", ANSWER);
        merge(&mut page, number, style);
        let merged =
            story.gitea.ok("GET", &format!("repos/acme/app/pulls/{number}"), &story.admin, Value::Null);
        assert_eq!(merged["merged"], true, "{style}\n{}", story.gitea.log());
        story.clone.git(&["fetch", "--quiet", "origin"]);
    }
}

#[test]
fn what_is_written_reverted_or_picked_in_the_page_is_judged() {
    let story = Story::new();
    // A policy about every change, for a revert says nothing of an AI.
    story.clone.write(".countersign/policy.yaml", &POLICY.replace("    when: { ai: any }\n", ""));
    story.clone.write("src/page.rs", "// a page\n");
    let main = story.clone.commit("Ask about everything");
    story.clone.git(&["push", "--quiet", "origin", "main"]);
    story.clone.git(&["switch", "--quiet", "--create", "work"]);
    let other = story.clone.commit(AI);
    story.clone.git(&["push", "--quiet", "origin", "work"]);
    let mut page = Page::log_in(&story.gitea, "dana");
    let direct = [("commit_choice", "direct"), ("last_commit", &*main)];
    let edit = [("tree_path", "src/page.rs"), ("content", "// mine\n"), ("commit_summary", "Edit")];
    let (status, text) = page.press("acme/app/_edit/main/src/page.rs", &[&direct[..], &edit].concat());
    assert_eq!(status, 400, "{text}");
    for said in ["Full Rejection Message", "is not satisfied"] {
        assert!(text.contains(said), "{said} is missing in\n{text}");
    }
    for (path, revert) in [
        (format!("acme/app/_cherrypick/{main}/main"), "true"),
        (format!("acme/app/_cherrypick/{other}/main"), "false"),
    ] {
        let called = hooks(&story);
        let (status, text) = page.press(&path, &[&direct[..], &[("revert", revert)]].concat());
        // The server shows no more than this of a refusal here.
        assert!(status == 400 && text.contains("Unable to apply patch"), "{path}: {status} {text}");
        assert!(hooks(&story) > called, "{path}: {}", story.gitea.log());
    }
    assert_eq!(story.stands("main"), main);
}

/// How often the server has called its hooks, ours among them.
fn hooks(story: &Story) -> usize {
    story.gitea.log().matches("POST /api/internal/hook/pre-receive").count()
}

#[test]
fn a_branch_that_is_updated_from_its_target_is_judged_where_it_is_protected_itself() {
    let story = Story::new();
    story.clone.git(&["push", "--quiet", "origin", "main:release/1"]);
    // Work that nobody signed off stands on a branch that requests to go into the release by its target.
    let (_, head) = story.pull("work");
    let body = json!({ "head": "release/1", "base": "work", "title": "Take the work along" });
    let number = loop {
        let (status, answer) =
            story.gitea.call("POST", "repos/acme/app/pulls", Some(&story.dana), Some(body.clone()));
        match status {
            201 => break answer["number"].as_u64().unwrap(),
            404 => std::thread::sleep(Duration::from_millis(100)),
            _ => panic!("{status} {answer}"),
        }
    };
    let before = story.stands("release/1");
    assert_ne!(before, head);
    let mut page = Page::log_in(&story.gitea, "dana");
    for style in ["merge", "rebase"] {
        let called = hooks(&story);
        page.press(&format!("acme/app/pulls/{number}/update?style={style}"), &[]);
        let in_page = hooks(&story);
        assert!(in_page > called, "{style}: {}", story.gitea.log());
        let path = format!("repos/acme/app/pulls/{number}/update?style={style}");
        let (status, answer) = story.gitea.call("POST", &path, Some(&story.dana), None);
        assert!(status >= 400 && hooks(&story) > in_page, "{style}: {status} {answer}");
        assert_eq!(story.stands("release/1"), before, "{style}");
    }
}

#[test]
fn wikis_and_repositories_without_a_policy_are_nobody_s_concern() {
    let story = Story::new();
    let wiki = json!({ "title": "Home", "content_base64": "eA==", "message": AI });
    story.gitea.ok("POST", "repos/acme/app/wiki/new", &story.admin, wiki);
    let made = json!({ "name": "new", "auto_init": true, "default_branch": "main", "template": true });
    story.gitea.ok("POST", "orgs/acme/repos", &story.admin, made);
    let copy = json!({ "owner": "acme", "name": "copy", "git_content": true, "default_branch": "main" });
    story.gitea.ok("POST", "repos/acme/new/generate", &story.admin, copy);
    let file = json!({ "content": "eA==", "message": AI, "branch": "main" });
    story.gitea.ok("POST", "repos/acme/new/contents/page.rs", &story.admin, file);
}

#[test]
fn a_fork_is_left_alone_where_the_hook_is_for_one_organisation() {
    let story = Story::with_hook(Some(&["--only", "acme/*"]));
    story.gitea.ok("POST", "repos/acme/app/forks", &story.olga, json!({}));
    let (number, _) = story.pull("work");
    story.blocked(number, &story.dana, "merge", &["is not satisfied"]);
    story.review(number, &story.sam, "APPROVED", ANSWER);
    story.merged(number, &story.dana, "merge");
    let (status, answer) = story.gitea.call(
        "POST",
        "repos/olga/app/merge-upstream",
        Some(&story.olga),
        Some(json!({ "branch": "main" })),
    );
    assert_eq!(status, 200, "{answer}\n{}", story.gitea.log());
}
