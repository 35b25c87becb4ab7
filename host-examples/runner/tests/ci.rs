//! What is judged when a CI runs the command, on real repositories: the event's own base and head, by its own target's policy.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;

use std::path::PathBuf;

use common::{AI, POLICY, Repo, Run, run};

/// A policy that asks for a senior whatever was done.
const STRICT: &str = "\
countersign: 1
name: strict
people: { seniors: { users: [sam@example.com] } }
rules:
  - name: Seniors sign every change of a release
    require: [{ approvals: 1, by: seniors }]
";

/// A clone of a repository whose main asks less than its release branch, with a fix for the latter.
struct Story {
    up: Repo,
    clone: PathBuf,
    base: String,
    head: String,
}

impl Story {
    fn new() -> Self {
        let up = Repo::empty();
        up.write(".countersign/policy.yaml", POLICY);
        up.commit("Begin");
        up.git(&["switch", "--quiet", "--create", "release/1.2"]);
        up.write(".countersign/policy.yaml", STRICT);
        let base = up.commit("Ask more of a release");
        up.git(&["switch", "--quiet", "--create", "fix"]);
        up.write("src/page.rs", "pub fn page() { clamp() }\n");
        let head = up.commit("Fix the page");
        up.git(&["switch", "--quiet", "main"]);
        up.commit("Go on");
        let clone = up.beside("clone");
        up.git(&["clone", "--quiet", ".", clone.to_str().unwrap()]);
        Story { up, clone, base, head }
    }

    /// Runs the command in the clone, for an event of GitHub's Actions.
    fn event(&self, name: &str, document: &serde_json::Value, args: &[&str]) -> Run {
        let path = self.up.beside("event.json");
        std::fs::write(&path, document.to_string()).unwrap();
        let variables = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", name),
            ("GITHUB_EVENT_PATH", path.to_str().unwrap()),
            ("GITHUB_REF", "refs/heads/main"),
        ];
        run(&self.clone, &[&["check"], args].concat(), &variables)
    }

    fn fetch(&self) {
        let clone = ["-C", self.clone.to_str().unwrap(), "fetch", "--quiet", "--all"];
        self.up.git(&clone);
    }

    fn pull(&self) -> serde_json::Value {
        serde_json::json!({
            "number": 77,
            "head": { "sha": self.head, "ref": "fix" },
            "base": { "sha": self.base, "ref": "release/1.2" },
        })
    }
}

fn is_judged_as_a_release(run: &Run) {
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.out.contains("Seniors sign every change of a release"), "{run:?}");
    assert!(run.out.contains("1 commit and 0 files into refs/heads/release/1.2"), "{run:?}");
}

#[test]
fn an_event_whose_document_names_the_target_is_judged_by_that_targets_policy() {
    let story = Story::new();
    let group = serde_json::json!({
        "head_sha": story.head, "head_ref": "refs/heads/gh-readonly-queue/release/1.2/pr-77",
        "base_sha": story.base, "base_ref": "refs/heads/release/1.2",
    });
    let after =
        serde_json::json!({ "head_branch": "fix", "head_sha": story.head, "pull_requests": [story.pull()] });
    for (event, document) in [
        ("pull_request", serde_json::json!({ "pull_request": story.pull() })),
        ("pull_request_target", serde_json::json!({ "pull_request": story.pull() })),
        ("pull_request_review", serde_json::json!({ "action": "submitted", "pull_request": story.pull() })),
        ("pull_request_review_comment", serde_json::json!({ "pull_request": story.pull() })),
        ("merge_group", serde_json::json!({ "action": "checks_requested", "merge_group": group })),
        ("workflow_run", serde_json::json!({ "workflow_run": after })),
    ] {
        is_judged_as_a_release(&story.event(event, &document, &[]));
    }
}

#[test]
fn an_event_that_names_no_change_is_told_and_the_flags_to_give() {
    let story = Story::new();
    let comment =
        serde_json::json!({ "issue": { "number": 77, "pull_request": { "url": "https://api/77" } } });
    let nothing = serde_json::json!({ "repository": { "default_branch": "main" } });
    for (event, document, flags) in [
        ("issue_comment", &comment, "--head and --target"),
        ("schedule", &nothing, "--head and --target"),
        ("workflow_dispatch", &nothing, "--head and --target"),
        ("an_event_of_next_year", &nothing, "--head and --target"),
        ("pull_request", &nothing, "--head and --target"),
        ("push", &serde_json::json!({ "ref": "refs/heads/main", "after": story.head }), "--base"),
    ] {
        let run = story.event(event, document, &[]);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{event}: {run:?}");
        assert!(run.err.contains(&format!("say what is judged with {flags}")), "{event}: {}", run.err);
        if flags == "--base" {
            continue;
        }
        // A part of it says no more.
        assert_eq!(story.event(event, document, &["--target", "release/1.2"]).code, 2, "{event}");
        assert_eq!(story.event(event, document, &["--head", "origin/fix"]).code, 2, "{event}");
        let told = ["--target", "release/1.2", "--head", "origin/fix"];
        is_judged_as_a_release(&story.event(event, document, &told));
    }
    insta::assert_snapshot!(story.event("issue_comment", &comment, &[]).err);
}

#[test]
fn a_push_is_judged_by_the_policy_that_stood_there_before() {
    let story = Story::new();
    // What is pushed would decide about itself: it takes the rule away.
    story.up.git(&["switch", "--quiet", "release/1.2"]);
    story.up.write(
        ".countersign/policy.yaml",
        "countersign: 1\nname: lax\nrules:\n  - { name: x, when: { ai: none }, deny: no }\n",
    );
    let after = story.up.commit("Ask nothing any more");
    story.fetch();
    let push = |git_ref: &str, before: &str, after: &str| serde_json::json!({ "ref": git_ref, "before": before, "after": after, "repository": { "default_branch": "main" } });
    let run = story.event("push", &push("refs/heads/release/1.2", &story.base, &after), &[]);
    is_judged_as_a_release(&run);
    // The control: by the tip that there is now, all is well.
    let tip = ["--target", "release/1.2", "--head", &after];
    assert_eq!(story.event("push", &push("refs/heads/release/1.2", &story.base, &after), &tip).code, 0);

    // A new branch that is guarded: by the default branch's policy, for what that branch does not hold.
    let zeros = "0".repeat(40);
    story.up.git(&["switch", "--quiet", "--create", "release/2", "main"]);
    let made = story.up.commit(AI);
    story.fetch();
    let run = story.event("push", &push("refs/heads/release/2", &zeros, &made), &[]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.out.contains("AI-assisted code") && run.out.contains("1 commit and"), "{}", run.out);

    // Commits that were taken off are told, as a hook would.
    let run = story.event("push", &push("refs/heads/release/1.2", &after, &story.base), &[]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.out.contains("take commits off"), "{}", run.out);

    // Where a ref stood before that is not here, nobody knows what came.
    let run = story.event("push", &push("refs/heads/release/1.2", &"7".repeat(40), &after), &[]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("the base that GitHub Actions names"), "{}", run.err);
}

#[test]
fn a_new_branch_has_from_the_default_one_what_was_its_tip_and_no_part_of_a_merge() {
    let story = Story::new();
    let at = |revision: &str| story.up.git(&["rev-parse", revision]).trim().to_owned();
    story.up.git(&["switch", "--quiet", "--create", "work", "main"]);
    let (half, whole) = (story.up.commit(AI), story.up.commit(AI));
    story.up.git(&["switch", "--quiet", "main"]);
    let before = at("main");
    story.up.git(&["merge", "--quiet", "--no-ff", "--message", "Merge the work", "work"]);
    let merge = at("main");
    // What goes on from a tip is a change of its own, as what goes on from the half of a merge is with that.
    story.up.git(&["switch", "--quiet", "--create", "from-half", &half]);
    let from_half = story.up.commit(AI);
    story.up.git(&["switch", "--quiet", "--create", "from-merge", &merge]);
    let from_merge = story.up.commit(AI);
    story.fetch();
    for (made_at, gained) in [
        (&before, None),
        (&half, Some("1 commit and")),
        (&whole, Some("2 commits and")),
        (&merge, None),
        (&from_half, Some("2 commits and")),
        (&from_merge, Some("1 commit and")),
    ] {
        let push = serde_json::json!({
            "ref": "refs/heads/release/3", "before": "0".repeat(40), "after": made_at,
            "repository": { "default_branch": "main" },
        });
        let run = story.event("push", &push, &[]);
        assert_eq!(run.code, i32::from(gained.is_some()), "{run:?}");
        assert!(gained.is_none_or(|gained| run.out.contains(gained)), "{}", run.out);
    }
}

#[test]
fn a_push_to_a_branch_that_nobody_guards_says_nothing_of_where_its_commits_go() {
    let story = Story::new();
    let document = serde_json::json!({
        "ref": "refs/heads/fix", "before": story.base, "after": story.head, "repository": { "default_branch": "main" },
    });
    let run = story.event("push", &document, &[]);
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{run:?}");
    insta::assert_snapshot!(run.err);
    is_judged_as_a_release(&story.event("push", &document, &["--target", "release/1.2"]));

    // A branch pipeline of GitLab is one too, and its last commits alone are not what a merge brings.
    let variables = [
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", "push"),
        ("CI_COMMIT_BRANCH", "fix"),
        ("CI_COMMIT_SHA", &story.head),
        ("CI_COMMIT_BEFORE_SHA", &story.base),
        ("CI_DEFAULT_BRANCH", "main"),
    ];
    assert_eq!(run_in(&story, &variables).code, 2);
}

fn run_in(story: &Story, variables: &[(&str, &str)]) -> Run {
    run(&story.clone, &["check"], variables)
}

#[test]
fn a_merge_request_whose_pipeline_runs_in_the_fork_is_not_judged_by_the_forks_branches() {
    let story = Story::new();
    let mut variables = vec![
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_PROJECT_ID", "42"),
        ("CI_MERGE_REQUEST_PROJECT_ID", "42"),
        ("CI_MERGE_REQUEST_IID", "77"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "release/1.2"),
        ("CI_COMMIT_SHA", &story.head),
    ];
    is_judged_as_a_release(&run_in(&story, &variables));
    variables[2].1 = "51";
    // Nothing is required by a branch of the fork, and no flag makes it the one that is meant.
    story.up.git(&["switch", "--quiet", "main"]);
    story.up.git(&["rm", "--quiet", "-r", ".countersign"]);
    story.up.commit("Ask nothing");
    story.fetch();
    let flags: [&[&str]; 4] = [
        &[],
        &["--head", "HEAD", "--target", "main"],
        &["--head", "HEAD", "--target", "refs/heads/main"],
        &["--head", "HEAD", "--target", "refs/remotes/origin/main"],
    ];
    for flags in flags {
        let run = run(&story.clone, &[&["check"], flags].concat(), &variables);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{flags:?} {run:?}");
        assert!(run.err.contains("run the pipeline in the project"), "{flags:?} {}", run.err);
        assert!(!run.err.contains("say what is judged with"), "{flags:?} {}", run.err);
    }
    // The project's own branch, from a remote of its own, is another matter; what it lacks, the fork does not say.
    let up = story.up.path();
    let (clone, up) = (story.clone.to_str().unwrap(), up.to_str().unwrap());
    story.up.git(&["-C", clone, "remote", "add", "upstream", up]);
    story.up.git(&["-C", clone, "fetch", "--quiet", "upstream"]);
    let with =
        |target: &str| run(&story.clone, &["check", "--head", &story.head, "--target", target], &variables);
    is_judged_as_a_release(&with("refs/remotes/upstream/release/1.2"));
    let run = with("refs/remotes/upstream/main");
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{run:?}");
}

/// A policy that holds what may be a draft, and forbids what comes from a fork and touches infrastructure.
const OF_FORKS: &str = "\
countersign: 1
name: forks
draft: block
rules:
  - { name: No fork, when: { fork: true }, deny: Open it from this repository. }
";

#[test]
fn what_a_ci_does_not_say_of_a_pull_request_is_not_known_and_never_no() {
    let story = Story::new();
    story.up.git(&["switch", "--quiet", "release/1.2"]);
    story.up.write(".countersign/policy.yaml", OF_FORKS);
    story.up.commit("Let no fork in");
    story.fetch();
    let pull = |fork: Option<bool>, draft: Option<bool>| {
        let mut pull = story.pull();
        (pull["head"]["repo"], pull["base"]["repo"]) = (
            serde_json::json!({ "id": if fork == Some(true) { 10 } else { 9 } }),
            serde_json::json!({ "id": 9 }),
        );
        if fork.is_none() {
            pull["head"]["repo"] = serde_json::Value::Null;
        }
        if let Some(draft) = draft {
            pull["draft"] = draft.into();
        }
        serde_json::json!({ "pull_request": pull })
    };
    for (fork, draft, code, says) in [
        (Some(false), Some(false), 0, "none of 1 rule applies"),
        (Some(true), Some(false), 1, "Open it from this repository"),
        (None, Some(false), 1, "whether the change comes from a fork is not known here"),
        (Some(false), Some(true), 1, "the change is a draft"),
        (Some(false), None, 1, "whether the change is a draft is not known here"),
    ] {
        let run = story.event("pull_request", &pull(fork, draft), &[]);
        assert_eq!(run.code, code, "{fork:?} {draft:?}: {run:?}");
        assert!(run.out.contains(says), "{fork:?} {draft:?}: {}", run.out);
    }
    // The other systems say what they say; what one of them leaves out waits.
    let drone = [
        ("DRONE", "true"),
        ("DRONE_BUILD_EVENT", "pull_request"),
        ("DRONE_PULL_REQUEST", "77"),
        ("DRONE_TARGET_BRANCH", "release/1.2"),
        ("DRONE_COMMIT_SHA", story.head.as_str()),
    ];
    let gitlab = [
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_MERGE_REQUEST_IID", "77"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "release/1.2"),
        ("CI_MERGE_REQUEST_TITLE", "Fix it"),
        ("CI_MERGE_REQUEST_PROJECT_ID", "42"),
        ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "42"),
        ("CI_COMMIT_SHA", story.head.as_str()),
    ];
    assert_eq!(run_in(&story, &drone).code, 1);
    assert_eq!(run_in(&story, &gitlab).code, 0);
    // What a person names by hand is no pull request: it is no draft, and where it comes from nobody said.
    let by_hand = run(&story.clone, &["check", "--target", "release/1.2", "--head", &story.head], &[]);
    assert_eq!(by_hand.code, 1, "{by_hand:?}");
    assert!(by_hand.out.contains("comes from a fork is not known"), "{}", by_hand.out);
}

#[test]
fn whoever_opened_a_pull_request_is_its_author_where_the_ci_says_who() {
    let story = Story::new();
    story.up.git(&["switch", "--quiet", "release/1.2"]);
    story.up.write(
        ".countersign/policy.yaml",
        "countersign: 1\nname: seniors\npeople: { seniors: { users: [sam] } }\nidentities: { sam: { emails: [sam@example.com] } }\n\
         rules: [{ name: seniors, require: [{ approvals: 1, by: seniors }] }]\n",
    );
    story.up.commit("Say who a senior is");
    story.fetch();
    let path = story.up.beside("signoffs.yaml");
    let signoff = format!(
        "apiVersion: countersign/v1\nkind: Signoffs\nsignoffs:\n  - by: sam\n    head: {}\n    target: refs/heads/release/1.2\n",
        story.head
    );
    std::fs::write(&path, signoff).unwrap();
    let flags = ["--signoffs", path.to_str().unwrap()];
    for (opener, code, says) in
        [(Some("ann"), 0, "Approved"), (Some("sam"), 1, "[author]"), (None, 1, "opener could not be read")]
    {
        let mut pull = story.pull();
        pull["draft"] = false.into();
        if let Some(login) = opener {
            pull["user"] = serde_json::json!({ "login": login });
        }
        let run = story.event("pull_request", &serde_json::json!({ "pull_request": pull }), &flags);
        assert_eq!(run.code, code, "{opener:?}: {run:?}");
        assert!(run.out.contains(says), "{opener:?}: {}", run.out);
    }
}

#[test]
fn a_run_by_hand_names_no_change_whatever_variables_are_set() {
    let story = Story::new();
    let gitlab = [
        ("GITLAB_CI", "true"),
        ("CI_MERGE_REQUEST_IID", "77"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "fix"),
        ("CI_COMMIT_SHA", story.head.as_str()),
    ];
    for source in ["web", "api", "trigger", "schedule", "chat", "pipeline", "parent_pipeline"] {
        let run = run_in(&story, &[&gitlab[..], &[("CI_PIPELINE_SOURCE", source)]].concat());
        assert_eq!(run.code, 2, "{source}: {run:?}");
        assert!(run.err.contains("say what is judged with --head"), "{source}: {}", run.err);
    }
    let buildkite = [
        ("BUILDKITE", "true"),
        ("BUILDKITE_PULL_REQUEST", "77"),
        ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "fix"),
        ("BUILDKITE_COMMIT", story.head.as_str()),
    ];
    for source in ["ui", "api", "schedule", "trigger_job"] {
        let run = run_in(&story, &[&buildkite[..], &[("BUILDKITE_SOURCE", source)]].concat());
        assert_eq!(run.code, 2, "{source}: {run:?}");
        assert!(run.err.contains("retry the job"), "{source}: {}", run.err);
    }
}

#[test]
fn a_clone_of_another_repository_than_the_ci_runs_for_says_nothing_of_the_target() {
    let story = Story::new();
    let origin = ["-C", story.clone.to_str().unwrap(), "remote", "set-url", "origin"];
    story.up.git(&[&origin[..], &["https://user:secret@forge.example/ann/app.git"]].concat());
    let gitlab = [
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_MERGE_REQUEST_IID", "77"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "release/1.2"),
        ("CI_COMMIT_SHA", story.head.as_str()),
    ];
    let woodpecker = [
        ("CI", "woodpecker"),
        ("CI_PIPELINE_EVENT", "pull_request"),
        ("CI_COMMIT_TARGET_BRANCH", "release/1.2"),
        ("CI_COMMIT_SHA", story.head.as_str()),
    ];
    let drone = [
        ("DRONE", "true"),
        ("DRONE_BUILD_EVENT", "pull_request"),
        ("DRONE_TARGET_BRANCH", "release/1.2"),
        ("DRONE_COMMIT_SHA", story.head.as_str()),
    ];
    let buildkite = [
        ("BUILDKITE", "true"),
        ("BUILDKITE_SOURCE", "webhook"),
        ("BUILDKITE_PULL_REQUEST", "77"),
        ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "release/1.2"),
        ("BUILDKITE_COMMIT", story.head.as_str()),
    ];
    let path = story.up.beside("event.json");
    std::fs::write(&path, serde_json::json!({ "pull_request": story.pull() }).to_string()).unwrap();
    let github = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request_target"),
        ("GITHUB_EVENT_PATH", path.to_str().unwrap()),
    ];
    for (variables, name, own, other) in [
        (&gitlab[..], "CI_PROJECT_PATH", "ann/app", "acme/app"),
        (&woodpecker, "CI_REPO", "Ann/App", "acme/app"),
        (&drone, "DRONE_REPO", "ann/app", "acme/app"),
        (&buildkite, "BUILDKITE_REPO", "git@forge.example:ann/app.git", "git@forge.example:acme/app.git"),
        (&github, "GITHUB_REPOSITORY", "ann/app", "acme/app"),
    ] {
        is_judged_as_a_release(&run_in(&story, &[variables, &[(name, own)]].concat()));
        let run = run_in(&story, &[variables, &[(name, other)]].concat());
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{name}: {run:?}");
        assert!(run.err.contains("acme/app") && run.err.contains("ann/app"), "{name}: {}", run.err);
        assert!(!run.err.contains("secret"), "{name}: {}", run.err);
    }
    // Neither does a folder of this machine that is called otherwise.
    for (address, code) in [
        ("/srv/mirror/acme/app.git", 1),
        ("file:///srv/mirror/acme/app", 1),
        ("/srv/mirror/ann/app.git", 2),
        ("file:///srv/mirror/ann/app.git", 2),
        ("../ann/app", 2),
    ] {
        story.up.git(&[&origin[..], &[address]].concat());
        let run = run_in(&story, &[&github[..], &[("GITHUB_REPOSITORY", "acme/app")]].concat());
        assert_eq!(run.code, code, "{address}: {run:?}");
    }
}
