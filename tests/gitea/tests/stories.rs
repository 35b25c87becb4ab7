//! Stories on a real Gitea with the hook for the whole server: real people, real tokens, the pushes and merges of the
//! server itself.

use gitea_tests::git::AI;
use gitea_tests::story::{ANSWER, Story};
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
