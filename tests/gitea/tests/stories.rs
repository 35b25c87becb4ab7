//! Stories on a real Gitea with the hook for the whole server: real people, real tokens, the pushes and merges of the
//! server itself.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

use gitea_tests::git::{AI, Clone};
use gitea_tests::story::{ANSWER, POLICY, Story};
use serde_json::{Value, json};

#[test]
fn a_change_is_blocked_then_signed_off_with_answers_and_merged() {
    let story = Story::new();
    let (number, _) = story.pull("work");
    story.blocked(
        number,
        &story.dana,
        "merge",
        &["\"AI-assisted code\" is not satisfied", "Ask sam", "topology:"],
    );
    // Somebody approves who is nobody in particular.
    story.review(number, &story.olga, "APPROVED", "topology: it looks harmless enough to me");
    story.blocked(number, &story.dana, "merge", &["olga is not among seniors [not-eligible]"]);
    // The senior approves and answers nothing.
    story.review(number, &story.sam, "APPROVED", "fine");
    story.blocked(number, &story.dana, "merge", &["left a question unanswered"]);
    // Somebody else's answer again is no answer.
    let wait = || std::thread::sleep(std::time::Duration::from_millis(1_100));
    // The server's times have whole seconds, and of two acts in one second the one counts that helps least.
    wait();
    story.review(number, &story.sam, "APPROVED", "topology: it looks harmless enough to me");
    story.blocked(number, &story.dana, "merge", &["[answer-copied]"]);
    wait();
    story.review(number, &story.sam, "APPROVED", ANSWER);
    story.merged(number, &story.dana, "merge");
}

#[test]
fn every_style_of_merge_is_judged_by_the_commits_of_its_pull_request() {
    let story = Story::new();
    for style in ["merge", "squash", "rebase", "rebase-merge", "fast-forward-only"] {
        let (number, _) = story.pull(&format!("by-{style}"));
        story.blocked(number, &story.dana, style, &["is not satisfied"]);
        story.review(number, &story.sam, "APPROVED", ANSWER);
        story.merged(number, &story.dana, style);
    }
}

#[test]
fn bypass_1_what_is_pushed_after_an_approval_is_not_approved() {
    let story = Story::new();
    let (number, _) = story.pull("work");
    story.review(number, &story.sam, "APPROVED", ANSWER);
    story.clone.commit(AI);
    story.clone.git(&["push", "--quiet", "origin", "work"]);
    story.blocked(number, &story.dana, "merge", &["[stale-head]"]);
    // The same tree under another commit is another head, whatever the forge calls stale.
    let (number, _) = story.pull("same-tree");
    story.review(number, &story.sam, "APPROVED", ANSWER);
    story.clone.git(&["commit", "--quiet", "--amend", "--no-edit", "--date", "2001-01-01T00:00:00Z"]);
    story.clone.git(&["push", "--quiet", "--force", "origin", "same-tree"]);
    story.blocked(number, &story.dana, "squash", &["[stale-head]"]);
}

#[test]
fn bypass_30_whoever_left_the_team_no_longer_signs_off() {
    let story = Story::new();
    let (number, _) = story.pull("work");
    story.review(number, &story.sam, "APPROVED", ANSWER);
    let teams = story.gitea.ok("GET", "orgs/acme/teams", &story.admin, Value::Null);
    let seniors =
        teams.as_array().unwrap().iter().find(|team| team["name"] == "seniors").unwrap()["id"].clone();
    story.gitea.ok("DELETE", &format!("teams/{seniors}/members/sam"), &story.admin, Value::Null);
    story.blocked(number, &story.dana, "merge", &["sam is not among seniors"]);
}

#[test]
fn whoever_may_write_by_a_team_whose_rights_are_per_unit_signs_off_as_one_who_writes() {
    let story = Story::new();
    // Of a private repository the forge says that such a member may nothing at all.
    story.gitea.ok("PATCH", "repos/acme/app", &story.admin, json!({ "private": true }));
    let policy = POLICY.replace("{ groups: [acme/seniors] }", "{ permissions: [write] }");
    story.clone.write(".countersign/policy.yaml", &policy);
    story.clone.commit("Ask whoever may write");
    story.clone.git(&["push", "--quiet", "origin", "main"]);
    for (name, level) in [("rita", "read"), ("vera", "write")] {
        let token = story.gitea.user(name, false);
        let team = json!({
            "name": name, "includes_all_repositories": true,
            "units_map": { "repo.code": level, "repo.pulls": "write" },
        });
        let team = story.gitea.ok("POST", "orgs/acme/teams", &story.admin, team)["id"].clone();
        story.gitea.ok("PUT", &format!("teams/{team}/members/{name}"), &story.admin, Value::Null);
        let (number, _) = story.pull(name);
        story.review(number, &token, "APPROVED", &ANSWER.replace("parser", name));
        match level {
            "read" => story.blocked(number, &story.dana, "merge", &["rita is not among seniors"]),
            _ => story.merged(number, &story.dana, "merge"),
        }
    }
}

#[test]
fn bypass_33_a_dismissed_review_signs_nothing_off() {
    let story = Story::new();
    let (number, _) = story.pull("work");
    let review = story.review(number, &story.sam, "APPROVED", ANSWER);
    let path = format!("repos/acme/app/pulls/{number}/reviews/{review}/dismissals");
    story.gitea.ok("POST", &path, &story.admin, json!({ "message": "look again" }));
    story.blocked(number, &story.dana, "merge", &["was dismissed [dismissed]"]);
}

#[test]
fn bypass_12_an_approval_for_one_target_is_none_for_another() {
    let story = Story::new();
    story.clone.git(&["push", "--quiet", "origin", "main:side"]);
    story.clone.git(&["switch", "--quiet", "--create", "work", "origin/main"]);
    story.clone.commit(AI);
    story.clone.git(&["push", "--quiet", "origin", "work"]);
    let number = story.open("work", "side");
    story.review(number, &story.sam, "APPROVED", ANSWER);
    let path = format!("repos/acme/app/pulls/{number}");
    story.gitea.ok("PATCH", &path, &story.dana, json!({ "base": "main" }));
    story.blocked(number, &story.dana, "merge", &["[other-target]"]);
}

#[test]
fn bypass_39_an_administrator_s_forced_merge_is_judged_too() {
    let story = Story::new();
    let (number, _) = story.pull("work");
    let forced = json!({ "Do": "merge", "force_merge": true });
    let (status, text) = story.merge_with(number, &story.admin, forced);
    assert_eq!(status, 409, "{text}");
}

#[test]
fn a_push_and_a_file_written_in_the_page_are_judged() {
    let story = Story::new();
    story.clone.commit(AI);
    let pushed = story.clone.try_git(&["push", "origin", "main"]);
    assert_eq!(pushed.code, 1, "{}", pushed.text);
    assert!(pushed.text.contains("is not satisfied"), "{}", pushed.text);
    let body = json!({ "content": "eA==", "message": AI, "branch": "main" });
    let (status, answer) =
        story.gitea.call("POST", "repos/acme/app/contents/page.rs", Some(&story.dana), Some(body));
    assert_eq!(status, 403, "{answer}");
    assert!(answer["message"].as_str().unwrap().contains("is not satisfied"), "{answer}");
}

#[test]
fn a_forge_that_does_not_know_the_token_blocks() {
    let story = Story::new();
    let (number, _) = story.pull("work");
    story.review(number, &story.sam, "APPROVED", ANSWER);
    std::fs::write(story.token_file(), "0123456789012345678901234567890123456789").unwrap();
    story.blocked(number, &story.dana, "merge", &["status 401"]);
}

#[test]
fn bypass_2_what_is_pushed_while_somebody_merges_is_not_merged_on_the_old_approval() {
    let story = Story::new();
    let (number, _) = story.pull("work");
    story.review(number, &story.sam, "APPROVED", ANSWER);
    story.clone.commit(AI);
    story.clone.git(&["push", "--quiet", "origin", "work"]);
    // At once, while the server still takes the old head for the request's.
    let (status, text) = story.merge(number, &story.dana, "rebase");
    assert!(status == 409 && text.contains("[stale-head]"), "{status} {text}");
}

#[test]
fn bypass_3_and_36_what_an_auto_merge_takes_is_judged_when_it_happens() {
    let story = Story::new();
    let (number, head) = story.pull("work");
    let rule = json!({ "rule_name": "main", "enable_push": true, "enable_status_check": true, "status_check_contexts": ["ci"] });
    story.gitea.ok("POST", "repos/acme/app/branch_protections", &story.admin, rule);
    story.review(number, &story.sam, "APPROVED", ANSWER);
    let scheduled = json!({ "Do": "merge", "merge_when_checks_succeed": true });
    let (status, text) = story.merge_with(number, &story.dana, scheduled);
    assert_eq!(status, 201, "{text}");
    // Somebody adds a commit just before the checks are through.
    story.clone.commit(AI);
    story.clone.git(&["push", "--quiet", "origin", "work"]);
    let late = story.clone.git(&["rev-parse", "HEAD"]);
    assert_ne!(late, head);
    let before = story.stands("main");
    let green = json!({ "context": "ci", "state": "success" });
    story.gitea.ok("POST", &format!("repos/acme/app/statuses/{late}"), &story.admin, green);
    let asked = || story.gitea.log().contains("pre-receive hook declined");
    for _ in 0..100 {
        if asked() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(asked(), "the server never tried:\n{}", story.gitea.log());
    assert_eq!(story.stands("main"), before);
}

#[test]
fn bypass_4_a_green_status_of_an_older_commit_lets_nothing_in() {
    let story = Story::new();
    let (number, head) = story.pull("work");
    let forged = json!({ "context": "countersign", "state": "success" });
    story.gitea.ok("POST", &format!("repos/acme/app/statuses/{head}"), &story.dana, forged);
    story.blocked(number, &story.dana, "merge", &["is not satisfied"]);
}

#[test]
fn bypass_5_whoever_approves_and_wrote_under_an_unknown_address_took_part() {
    let story = Story::new();
    let (number, _) = story.pull("work");
    let remote = story.gitea.remote("sam", &story.sam, "acme/app");
    let as_nobody = ["-c", "user.name=x", "-c", "user.email=x@nowhere.invalid"];
    story.clone.write("by-sam.rs", "// more\n");
    story.clone.git(&["add", "--all"]);
    story.clone.git(&[&as_nobody[..], &["commit", "--quiet", "--message", AI]].concat());
    story.clone.git(&["push", "--quiet", &remote, "work"]);
    story.review(number, &story.sam, "APPROVED", ANSWER);
    story.blocked(number, &story.dana, "merge", &["is not satisfied", "sam"]);
}

#[test]
fn bypass_13_an_approval_of_one_pull_request_is_none_of_another() {
    let story = Story::new();
    let (number, _) = story.pull("work");
    story.review(number, &story.sam, "APPROVED", ANSWER);
    story.clone.git(&["push", "--quiet", "origin", "work:again"]);
    let again = story.open("again", "main");
    story.blocked(again, &story.dana, "merge", &["is not satisfied"]);
}

#[test]
fn bypass_14_a_change_that_takes_its_own_policy_away_is_judged_by_the_one_that_stands() {
    let story = Story::new();
    for (branch, policy) in [
        ("without", None),
        ("weaker", Some("countersign: 1\nname: weak\nrules: [{ name: n, when: { paths: [z] }, deny: z }]\n")),
    ] {
        story.clone.git(&["switch", "--quiet", "--create", branch, "origin/main"]);
        match policy {
            Some(policy) => story.clone.write(".countersign/policy.yaml", policy),
            None => std::fs::remove_file(story.clone.folder.join(".countersign/policy.yaml")).unwrap(),
        }
        story.clone.commit(AI);
        story.clone.git(&["push", "--quiet", "origin", branch]);
        let number = story.open(branch, "main");
        story.blocked(number, &story.dana, "squash", &["senior sign-off", "is not satisfied"]);
    }
}

#[test]
fn bypass_16_a_tag_that_is_called_like_the_branch_is_not_the_branch() {
    let story = Story::new();
    story.clone.git(&["switch", "--quiet", "--create", "weak"]);
    std::fs::remove_file(story.clone.folder.join(".countersign/policy.yaml")).unwrap();
    story.clone.commit("Take the policy away");
    story.clone.git(&["tag", "main"]);
    story.clone.git(&["push", "--quiet", "origin", "refs/tags/main"]);
    let (number, _) = story.pull("work");
    story.blocked(number, &story.dana, "merge", &["is not satisfied"]);
    story.clone.git(&["switch", "--quiet", "--detach", "origin/main"]);
    story.clone.commit(AI);
    assert_eq!(story.clone.try_git(&["push", "origin", "HEAD:refs/heads/main"]).code, 1);
}

#[test]
fn bypass_17_a_branch_from_before_the_rule_is_judged_by_the_rule() {
    let story = Story::new();
    story.clone.git(&["branch", "old"]);
    let policy = POLICY.replace("    when: { ai: any }\n", "");
    story.clone.write(".countersign/policy.yaml", &policy);
    story.clone.commit("Ask about everything");
    story.clone.git(&["push", "--quiet", "origin", "main"]);
    story.clone.git(&["switch", "--quiet", "old"]);
    story.clone.commit("Fix a word");
    story.clone.git(&["push", "--quiet", "origin", "old"]);
    let number = story.open("old", "main");
    story.blocked(number, &story.dana, "merge", &["is not satisfied"]);
}

#[test]
fn bypass_18_nothing_that_stands_on_the_pull_request_changes_its_rules() {
    let story = Story::new();
    let (number, _) = story.pull("work");
    let path = format!("repos/acme/app/pulls/{number}");
    let words =
        json!({ "title": "countersign: skip", "body": "/approve\ncountersign: 1\nrules: []\n[skip ci]" });
    story.gitea.ok("PATCH", &path, &story.dana, words);
    story.blocked(number, &story.dana, "merge", &["is not satisfied"]);
}

#[test]
fn bypass_37_a_rule_that_waits_for_a_status_is_no_rule_that_does_not_apply() {
    let story = Story::new();
    let policy = POLICY.replace("{ ai: any }", "{ status: [ci] }");
    story.clone.write(".countersign/policy.yaml", &policy);
    story.clone.commit("Ask once the checks are through");
    story.clone.git(&["push", "--quiet", "origin", "main"]);
    let (number, _) = story.pull("work");
    story.blocked(number, &story.dana, "merge", &["can still change"]);
}

#[test]
fn bypass_40_who_pushes_to_a_fork_because_its_author_lets_them_took_part() {
    let story = Story::new();
    story.gitea.ok("POST", "repos/acme/app/forks", &story.olga, json!({}));
    let fork = Clone::new(
        &story.folder.path().join("olga"),
        "olga",
        &story.gitea.remote("olga", &story.olga, "olga/app"),
    );
    fork.git(&["fetch", "--quiet", "origin"]);
    fork.git(&["switch", "--quiet", "--create", "work", "origin/main"]);
    fork.commit("Fix a word");
    fork.git(&["push", "--quiet", "origin", "work"]);
    let body = json!({ "head": "olga:work", "base": "main", "title": "From a fork" });
    let mut number = 0;
    for _ in 0..100 {
        let (status, answer) =
            story.gitea.call("POST", "repos/acme/app/pulls", Some(&story.olga), Some(body.clone()));
        if status == 201 {
            number = answer["number"].as_u64().unwrap();
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let edits = json!({ "allow_maintainer_edit": true });
    story.gitea.ok("PATCH", &format!("repos/acme/app/pulls/{number}"), &story.olga, edits);
    // Sam adds work of an AI to it, and approves what sam added.
    fork.commit(AI);
    fork.git(&["push", "--quiet", &story.gitea.remote("sam", &story.sam, "olga/app"), "work"]);
    story.review(number, &story.sam, "APPROVED", ANSWER);
    story.blocked(number, &story.dana, "squash", &["is not satisfied", "sam"]);
}

#[test]
fn pushes_over_http_with_several_refs_tags_notes_deletions_and_force() {
    let story = Story::new();
    let clone = &story.clone;
    clone.git(&["switch", "--quiet", "--create", "work"]);
    clone.commit(AI);
    clone.git(&["tag", "--annotate", "--message", "v1", "v1"]);
    clone.git(&["notes", "--ref", "ai", "add", "--message", "{}"]);
    clone.git(&["push", "--quiet", "origin", "work", "v1", "refs/notes/ai", "work:release-notes"]);
    // One that is refused takes the others with it.
    let refused = clone.try_git(&["push", "origin", "work:main", "work:other"]);
    assert!(refused.code == 1 && refused.text.contains("is not satisfied"), "{}", refused.text);
    assert_eq!(story.gitea.call("GET", "repos/acme/app/branches/other", Some(&story.admin), None).0, 404);
    // A new branch that is protected is judged without what the default branch has.
    assert_eq!(clone.try_git(&["push", "origin", "origin/main:refs/heads/release/1"]).code, 0);
    let new = clone.try_git(&["push", "origin", "work:release/2"]);
    assert!(new.code == 1 && new.text.contains("1 commit into refs/heads/release/2"), "{}", new.text);
    for (args, said) in [
        (&["push", "origin", ":release/1"][..], "would delete release/1"),
        (&["push", "--force", "origin", "work:release/1"], "is not satisfied"),
    ] {
        let refused = clone.try_git(args);
        assert!(refused.code == 1 && refused.text.contains(said), "{args:?} {}", refused.text);
    }
    clone.git(&["push", "--quiet", "origin", ":release-notes"]);
    clone.git(&["push", "--quiet", "--force", "origin", "main:work"]);
    // A merge request by push alone, and what the server keeps for pull requests.
    let agit = clone.try_git(&["push", "origin", "work:refs/for/main/agit", "-o", "title=x"]);
    assert_eq!(agit.code, 0, "{}", agit.text);
    let head = clone.try_git(&["push", "origin", "work:refs/pull/1/head"]);
    assert!(!head.text.contains("ountersign"), "{}", head.text);
}

#[test]
fn an_agit_request_is_judged_when_it_is_merged() {
    let story = Story::new();
    let clone = &story.clone;
    clone.git(&["switch", "--quiet", "--create", "work", "origin/main"]);
    clone.commit(AI);
    clone.git(&["push", "--quiet", "origin", "HEAD:refs/for/main", "-o", "topic=work", "-o", "title=Work"]);
    let pulls = story.gitea.ok("GET", "repos/acme/app/pulls?state=open", &story.admin, Value::Null);
    let number = pulls[0]["number"].as_u64().unwrap();
    story.blocked(number, &story.dana, "merge", &["is not satisfied"]);
    story.review(number, &story.sam, "APPROVED", ANSWER);
    story.merged(number, &story.dana, "merge");
}

#[test]
fn branches_made_and_moved_and_files_changed_by_the_api_are_judged() {
    let story = Story::new();
    let (_, head) = story.pull("work");
    // A branch by the API, at a commit that nobody signed off.
    let body = json!({ "new_branch_name": "release/3", "old_ref_name": head });
    let (status, answer) = story.gitea.call("POST", "repos/acme/app/branches", Some(&story.dana), Some(body));
    assert!(status >= 400, "{status} {answer}");
    assert_eq!(
        story.gitea.call("GET", "repos/acme/app/branches/release%2F3", Some(&story.admin), None).0,
        404
    );
    let before = story.stands("main");
    // The branch itself moved there.
    let body = json!({ "new_commit_id": head });
    let (status, answer) =
        story.gitea.call("PUT", "repos/acme/app/branches/main", Some(&story.dana), Some(body));
    assert!(status >= 400 && answer.to_string().contains("is not satisfied"), "{status} {answer}");
    // Several files at once, and a patch.
    let files = json!({ "branch": "main", "message": AI, "files": [{ "operation": "create", "path": "a.rs", "content": "eA==" }] });
    let (status, answer) =
        story.gitea.call("POST", "repos/acme/app/contents", Some(&story.dana), Some(files));
    assert!(
        status >= 400 && answer["message"].as_str().unwrap().contains("is not satisfied"),
        "{status} {answer}"
    );
    let patch = "diff --git a/b.rs b/b.rs\nnew file mode 100644\nindex 0000000..587be6b\n--- /dev/null\n+++ b/b.rs\n@@ -0,0 +1 @@\n+x\n";
    let body = json!({ "branch": "main", "message": AI, "content": patch });
    let (status, answer) =
        story.gitea.call("POST", "repos/acme/app/diffpatch", Some(&story.dana), Some(body));
    assert!(status >= 400, "{status} {answer}");
    assert_eq!(story.stands("main"), before);
}

/// Comments, and has somebody else who writes put other words there within the same second, so that its times say nothing.
fn rewritten(story: &Story, number: u64, giver: &str, given: &str, by: &str, words: &str) {
    let comments = format!("repos/acme/app/issues/{number}/comments");
    for _ in 0..50 {
        let made = story.gitea.ok("POST", &comments, giver, json!({ "body": given }));
        let comment = format!("repos/acme/app/issues/comments/{}", made["id"]);
        let edited = story.gitea.ok("PATCH", &comment, by, json!({ "body": words }));
        if edited["created_at"] == edited["updated_at"] {
            assert_eq!(edited["body"], words);
            return;
        }
        story.gitea.ok("DELETE", &comment, giver, Value::Null);
    }
    panic!("the server never changed a comment within the second of its making");
}

#[test]
fn what_others_write_into_a_comment_is_nobody_s_word_though_its_times_show_no_edit() {
    let story = Story::new();
    let methods = "options: { methods: { reviews: true, comment-lines: [\"/approve {head}\"] } }\n";
    let veto = "veto: { by: seniors, disapprove: { comment-lines: [\"/veto\"] } }\n";
    story.clone.write(".countersign/policy.yaml", &format!("{POLICY}{methods}{veto}"));
    story.clone.commit("Let people approve and veto in comments");
    story.clone.git(&["push", "--quiet", "origin", "main"]);
    let approval = |head: &str, work: &str| format!("/approve {head}\n{}", ANSWER.replace("parser", work));
    // Untouched, it counts.
    let (number, head) = story.pull("untouched");
    let comments = format!("repos/acme/app/issues/{number}/comments");
    story.gitea.ok("POST", &comments, &story.sam, json!({ "body": approval(&head, "first") }));
    story.merged(number, &story.dana, "merge");
    // So long that nothing shows what its end said at first, it does not.
    let (number, head) = story.pull("long");
    let comments = format!("repos/acme/app/issues/{number}/comments");
    let long = format!("{}\n{}", approval(&head, "second"), "And then there is more to say. ".repeat(9));
    story.gitea.ok("POST", &comments, &story.sam, json!({ "body": long }));
    story.blocked(number, &story.dana, "merge", &["[mutable-text]"]);
    let (number, head) = story.pull("rewritten");
    let approval = approval(&head, "third");
    rewritten(&story, number, &story.sam, "I shall look at it tomorrow", &story.dana, &approval);
    story.blocked(number, &story.dana, "merge", &["[mutable-text]"]);
    // Whoever takes the words of a veto away leaves it standing.
    let seniors = story.team("seniors");
    story.gitea.ok("PUT", &format!("teams/{seniors}/members/olga"), &story.admin, Value::Null);
    let (number, _) = story.pull("vetoed");
    story.review(number, &story.olga, "APPROVED", &ANSWER.replace("parser", "fourth"));
    rewritten(&story, number, &story.sam, "/veto", &story.dana, "nice");
    story.blocked(number, &story.dana, "merge", &["sam vetoes the change"]);
    // Nobody who hides what they do is known to have said what stands there.
    story.gitea.ok("PATCH", "user/settings", &story.sam, json!({ "hide_activity": true }));
    let (number, head) = story.pull("hidden");
    let comments = format!("repos/acme/app/issues/{number}/comments");
    let body = format!("/approve {head}\n{}", ANSWER.replace("parser", "fifth"));
    story.gitea.ok("POST", &comments, &story.sam, json!({ "body": body }));
    story.blocked(number, &story.dana, "merge", &["[mutable-text]"]);
}

#[test]
fn whoever_pushed_elsewhere_what_another_pull_request_brought_to_the_branch_took_part() {
    let story = Story::new();
    story.gitea.ok("POST", "repos/acme/app/forks", &story.sam, json!({}));
    // Sam's work says that it is dana's.
    let fork = Clone::new(
        &story.folder.path().join("sam"),
        "dana",
        &story.gitea.remote("sam", &story.sam, "sam/app"),
    );
    fork.git(&["fetch", "--quiet", "origin"]);
    let base = story.stands("main");
    for (at, (brought, style)) in [
        ("by-merge", "merge"),
        ("by-squash", "squash"),
        ("by-rebase", "rebase"),
        ("by-forwarding", "fast-forward-only"),
        ("by-agit", "merge"),
    ]
    .into_iter()
    .enumerate()
    {
        let side = format!("side-{at}");
        story.clone.git(&["push", "--quiet", "origin", &format!("{base}:refs/heads/{side}")]);
        fork.git(&["switch", "--quiet", "--create", brought, "origin/main"]);
        fork.write(&format!("{brought}.rs"), "// work\n");
        fork.commit(AI);
        let number = if brought == "by-agit" {
            let acme = story.gitea.remote("sam", &story.sam, "acme/app");
            let review = format!("HEAD:refs/for/{side}");
            fork.git(&["push", "--quiet", &acme, &review, "-o", "topic=work", "-o", "title=Work"]);
            let open = story.gitea.ok("GET", "repos/acme/app/pulls?state=open", &story.admin, Value::Null);
            let open = open.as_array().unwrap();
            let made = open.iter().find(|pull| pull["base"]["ref"] == *side).unwrap();
            made["number"].as_u64().unwrap()
        } else {
            fork.git(&["push", "--quiet", "origin", brought]);
            // Whoever opens a request need not be who pushed.
            story.open(&format!("sam:{brought}"), &side)
        };
        let (status, text) =
            story.merge_with(number, &story.dana, json!({ "Do": style, "MergeTitleField": AI }));
        assert_eq!(status, 200, "{brought}: {text}");
        let number = story.open(&side, "main");
        let answer = ANSWER.replace("parser", brought);
        story.review(number, &story.sam, "APPROVED", &answer);
        story.blocked(number, &story.dana, "merge", &["sam pushed to this change"]);
        if at == 0 {
            // Somebody else may.
            let seniors = story.team("seniors");
            story.gitea.ok("PUT", &format!("teams/{seniors}/members/olga"), &story.admin, Value::Null);
            story.review(number, &story.olga, "APPROVED", &ANSWER.replace("parser", "lexer"));
            story.merged(number, &story.dana, "merge");
        }
    }
    // Where it was pushed to is gone, and nobody knows who pushed.
    story.gitea.ok("DELETE", "repos/sam/app", &story.admin, Value::Null);
    let pulls = story.gitea.ok("GET", "repos/acme/app/pulls?state=open", &story.admin, Value::Null);
    let of_side = |pull: &&Value| pull["head"]["ref"] == "side-1";
    let number = pulls.as_array().unwrap().iter().find(of_side).unwrap()["number"].as_u64().unwrap();
    story.review(number, &story.olga, "APPROVED", &ANSWER.replace("parser", "table"));
    story.blocked(number, &story.dana, "merge", &["was pushed to is gone"]);
}

#[test]
fn whoever_brought_a_commit_first_took_part_wherever_it_is_brought_again() {
    let story = Story::new();
    story.gitea.ok("POST", "repos/acme/app/forks", &story.dana, json!({}));
    let fork = Clone::new(
        &story.folder.path().join("fork"),
        "dana",
        &story.gitea.remote("dana", &story.dana, "dana/app"),
    );
    fork.git(&["fetch", "--quiet", "origin"]);
    story.gitea.ok("POST", "repos/acme/app/forks", &story.sam, json!({ "name": "of-sam" }));
    let remote = |who: &str, token: &str, name: &str| story.gitea.remote(who, token, name);
    let pushes = |brought: &str, repository: &str| {
        let branch = format!("{brought}:refs/heads/{brought}");
        fork.git(&["push", "--quiet", &remote("sam", &story.sam, repository), &branch]);
    };
    let dana = remote("dana", &story.dana, "acme/app");
    for (brought, by_sam) in [("again", true), ("in-a-fork", true), ("after", false), ("once", false)] {
        fork.git(&["switch", "--quiet", "--create", brought, "origin/main"]);
        fork.write(&format!("{brought}.rs"), "// work\n");
        // Work that says it is dana's.
        fork.commit(AI);
        match brought {
            // No branch keeps it.
            "again" => {
                pushes(brought, "acme/app");
                fork.git(&["push", "--quiet", &dana, "--delete", brought]);
            }
            "in-a-fork" => pushes(brought, "sam/of-sam"),
            _ => {}
        }
        fork.git(&["push", "--quiet", "origin", brought]);
        if brought == "after" {
            // Whoever takes what is there to look at it did not bring it.
            pushes(brought, "sam/of-sam");
        }
        let number = story.open(&format!("dana:{brought}"), "main");
        story.review(number, &story.sam, "APPROVED", &ANSWER.replace("parser", brought));
        if by_sam {
            story.blocked(number, &story.dana, "merge", &["sam pushed to this change"]);
        } else {
            story.merged(number, &story.dana, "merge");
        }
    }
}
