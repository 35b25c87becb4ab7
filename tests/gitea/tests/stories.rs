//! Stories on a real Gitea with the hook for the whole server: real people, real tokens, the pushes and merges of the
//! server itself.

use std::path::PathBuf;

use gitea_tests::git::{AI, Clone};
use gitea_tests::server::Gitea;
use serde_json::{Value, json};

const POLICY: &str = "\
countersign: 1
name: senior sign-off
people:
  seniors: { groups: [acme/seniors] }
questions:
  topology: Which running systems outside this repository does the change reach?
rules:
  - name: AI-assisted code
    when: { ai: any }
    require: [{ approvals: 1, by: seniors, answers: [topology] }]
";

const ANSWER: &str = "topology: none outside the parser itself, nothing else reads it";

/// A server with an organisation: dana writes, sam is a senior, olga is nobody in particular; the gate reads with a token
/// of its own.
struct Story {
    gitea: Gitea,
    folder: tempfile::TempDir,
    admin: String,
    dana: String,
    sam: String,
    olga: String,
    clone: Clone,
}

impl Story {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let token_file = folder.path().join("token");
        std::fs::write(&token_file, "").unwrap();
        let mut gitea = Gitea::start(|_| {});
        let admin = gitea.user("admin0", true);
        let [dana, sam, olga] = ["dana", "sam", "olga"].map(|name| gitea.user(name, false));
        std::fs::write(&token_file, &admin).unwrap();
        let (url, ini) = (gitea.url.clone(), gitea.ini());
        let (ini, token_file) = (ini.to_str().unwrap(), token_file.to_str().unwrap());
        let flags = ["install-hook", "--app-ini", ini, "--url", &url, "--token-file", token_file];
        let installed = gitea.countersign(&flags);
        assert_eq!(installed.code, 0, "{}", installed.text);
        let checked = gitea.countersign(&[&flags[..], &["--check"]].concat());
        assert_eq!(checked.code, 0, "{}", checked.text);
        gitea.restart();

        gitea.ok("POST", "orgs", &admin, json!({ "username": "acme" }));
        let team = |name: &str, permission: &str| {
            let body = json!({
                "name": name, "permission": permission, "includes_all_repositories": true,
                "units": ["repo.code", "repo.issues", "repo.pulls"],
            });
            gitea.ok("POST", "orgs/acme/teams", &admin, body)["id"].as_i64().unwrap()
        };
        let (writers, seniors) = (team("writers", "write"), team("seniors", "write"));
        for (team, login) in [(writers, "dana"), (seniors, "sam")] {
            gitea.ok("PUT", &format!("teams/{team}/members/{login}"), &admin, Value::Null);
        }
        gitea.ok("POST", "orgs/acme/repos", &admin, json!({ "name": "app", "default_branch": "main" }));
        let clone = Clone::new(&folder.path().join("dana"), "dana", &gitea.remote("dana", &dana, "acme/app"));
        clone.write(".countersign/policy.yaml", POLICY);
        clone.commit("Begin");
        clone.git(&["push", "--quiet", "origin", "main"]);
        Story { gitea, folder, admin, dana, sam, olga, clone }
    }

    /// A pull request of dana's with work that an AI helped with; gives its number and head.
    fn pull(&self, branch: &str) -> (u64, String) {
        self.clone.git(&["switch", "--quiet", "--create", branch, "origin/main"]);
        self.clone.write(&format!("{branch}.rs"), "// work\n");
        let head = self.clone.commit(AI);
        self.clone.git(&["push", "--quiet", "origin", branch]);
        (self.open(branch, "main"), head)
    }

    /// Opens a pull request of a branch that was just pushed: the server takes note of those a moment later.
    fn open(&self, branch: &str, base: &str) -> u64 {
        let body = json!({ "head": branch, "base": base, "title": format!("Work on {branch}") });
        for _ in 0..100 {
            let path = "repos/acme/app/pulls";
            let (status, answer) = self.gitea.call("POST", path, Some(&self.dana), Some(body.clone()));
            match status {
                201 => return answer["number"].as_u64().unwrap(),
                404 => std::thread::sleep(std::time::Duration::from_millis(100)),
                _ => panic!("{status} {answer}"),
            }
        }
        panic!("the server never saw the branch {branch}");
    }

    fn review(&self, number: u64, token: &str, event: &str, body: &str) -> u64 {
        let said = json!({ "event": event, "body": body });
        let review = self.gitea.ok("POST", &format!("repos/acme/app/pulls/{number}/reviews"), token, said);
        review["id"].as_u64().unwrap()
    }

    /// Presses merge until the server has made up its mind.
    fn merge(&self, number: u64, token: &str, style: &str) -> (u16, String) {
        self.merge_with(number, token, json!({ "Do": style }))
    }

    fn merge_with(&self, number: u64, token: &str, body: Value) -> (u16, String) {
        let path = format!("repos/acme/app/pulls/{number}/merge");
        for _ in 0..100 {
            let (status, answer) = self.gitea.call("POST", &path, Some(token), Some(body.clone()));
            let text = answer["message"].as_str().map_or_else(|| answer.to_string(), str::to_owned);
            if status != 405 || !text.contains("try again later") {
                return (status, text);
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("the server never made up its mind");
    }

    fn blocked(&self, number: u64, token: &str, style: &str, said: &[&str]) {
        let (status, text) = self.merge(number, token, style);
        assert_eq!(status, 409, "{text}");
        for said in said {
            assert!(text.contains(said), "{said} is missing in\n{text}");
        }
    }

    fn merged(&self, number: u64, token: &str, style: &str) {
        let (status, text) = self.merge(number, token, style);
        assert_eq!(status, 200, "{style}: {text}\n{}", self.gitea.log());
        self.clone.git(&["fetch", "--quiet", "origin"]);
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("token")
    }
}

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
    std::fs::write(story.file(), "0123456789012345678901234567890123456789").unwrap();
    story.blocked(number, &story.dana, "merge", &["status 401"]);
}
