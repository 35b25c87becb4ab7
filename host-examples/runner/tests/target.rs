//! Which policy decides when a clone lacks what would say it: what was not looked at is no missing policy, and never passes.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;

use common::{AI, Repo, Run, run};

/// A repository with a policy on main and an AI-assisted change on `work`, and a clone of a kind of it.
struct Story {
    up: Repo,
    base: String,
    head: String,
}

impl Story {
    fn new() -> Self {
        let up = Repo::with_policy();
        let base = up.git(&["rev-parse", "main"]);
        up.write("src/page.rs", "pub fn page() { clamp() }\n");
        let head = up.commit(AI);
        up.git(&["update-ref", "refs/pull/7/head", &head]);
        Story { up, base, head }
    }

    /// What a job gets that fetches these and nothing else, with `origin` or without.
    fn job(&self, remote: bool, refspecs: &[&str]) -> Job {
        let folder = tempfile::tempdir().unwrap();
        let git = |args: &[&str]| common::text(&common::command(folder.path()).args(args).output().unwrap());
        git(&["init", "--quiet", "--initial-branch=job"]);
        let address = format!("file://{}", self.up.path().display());
        if remote {
            git(&["remote", "add", "origin", &address]);
        }
        git(&[&["fetch", "--quiet", if remote { "origin" } else { &address }], refspecs].concat());
        git(&["checkout", "--quiet", "--detach", &self.head]);
        Job { folder }
    }
}

struct Job {
    folder: tempfile::TempDir,
}

impl Job {
    fn git(&self, args: &[&str]) -> String {
        common::text(&common::command(self.folder.path()).args(args).output().unwrap())
    }

    fn check(&self, args: &[&str], variables: &[(&str, &str)]) -> Run {
        run(self.folder.path(), &[&["check"], args].concat(), variables)
    }
}

const HEAD_ONLY: &[&str] = &["--depth=20", "+refs/pull/7/head:refs/remotes/pull/7/head"];

/// What an environment holds.
type Variables<'v> = &'v [(&'v str, &'v str)];

/// What each system sets for a pull request into main, with `$HEAD`, `$BASE` and `$EVENT` for what differs.
const SYSTEMS: &[(&str, Variables<'_>, &str)] = &[
    (
        "GitLab CI",
        &[
            ("GITLAB_CI", "true"),
            ("CI_PIPELINE_SOURCE", "merge_request_event"),
            ("CI_MERGE_REQUEST_IID", "7"),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "$BASE"),
            ("CI_COMMIT_SHA", "$HEAD"),
            ("CI_DEFAULT_BRANCH", "main"),
        ],
        "`GIT_DEPTH: 0`",
    ),
    (
        "GitHub Actions",
        &[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", "pull_request"),
            ("GITHUB_EVENT_PATH", "$EVENT"),
            ("GITHUB_BASE_REF", "main"),
        ],
        "`fetch-depth: 0` at actions/checkout",
    ),
    (
        "Gitea Actions",
        &[
            ("GITHUB_ACTIONS", "true"),
            ("GITEA_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", "pull_request"),
            ("GITHUB_EVENT_PATH", "$EVENT"),
            ("GITHUB_BASE_REF", "main"),
        ],
        "`fetch-depth: 0` at actions/checkout",
    ),
    (
        "Jenkins",
        &[
            ("JENKINS_URL", "https://ci"),
            ("BRANCH_NAME", "PR-7"),
            ("CHANGE_ID", "7"),
            ("CHANGE_TARGET", "main"),
            ("GIT_COMMIT", "$HEAD"),
        ],
        "Jenkinsfile",
    ),
    (
        "Woodpecker",
        &[
            ("CI", "woodpecker"),
            ("CI_PIPELINE_EVENT", "pull_request"),
            ("CI_COMMIT_TARGET_BRANCH", "main"),
            ("CI_COMMIT_SHA", "$HEAD"),
        ],
        "`partial: false`",
    ),
    (
        "Drone",
        &[
            ("DRONE", "true"),
            ("DRONE_BUILD_EVENT", "pull_request"),
            ("DRONE_TARGET_BRANCH", "main"),
            ("DRONE_COMMIT_BEFORE", "$BASE"),
            ("DRONE_COMMIT_SHA", "$HEAD"),
        ],
        "leave `depth` out of `clone:`",
    ),
    (
        "Buildkite",
        &[
            ("BUILDKITE", "true"),
            ("BUILDKITE_SOURCE", "webhook"),
            ("BUILDKITE_PULL_REQUEST", "7"),
            ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "main"),
            ("BUILDKITE_COMMIT", "$HEAD"),
        ],
        "leave `--depth` out",
    ),
];

#[test]
fn a_ci_whose_clone_lacks_the_target_gets_no_verdict_but_the_way_to_bring_it() {
    let story = Story::new();
    let event = story.up.beside("event.json");
    let document = format!(
        r#"{{"number": 7, "pull_request": {{"number": 7, "head": {{"sha": "{}", "ref": "work"}}, "base": {{"sha": "{}", "ref": "main"}}}}}}"#,
        story.head, story.base
    );
    std::fs::write(&event, document).unwrap();
    let fill = |value: &str| match value {
        "$HEAD" => story.head.clone(),
        "$BASE" => story.base.clone(),
        "$EVENT" => event.to_str().unwrap().to_owned(),
        other => other.to_owned(),
    };
    for (name, variables, way) in SYSTEMS {
        let variables: Vec<(&str, String)> =
            variables.iter().map(|(key, value)| (*key, fill(value))).collect();
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(key, value)| (*key, value.as_str())).collect();
        for remote in [true, false] {
            let job = story.job(remote, HEAD_ONLY);
            let run = job.check(&[], &variables);
            assert_eq!((run.code, run.out.as_str()), (2, ""), "{name}: {run:?}");
            let mut lines = run.err.lines();
            assert!(
                lines.next().unwrap().contains("the target refs/heads/main is not in this repository"),
                "{name}: {}",
                run.err
            );
            assert!(lines.all(|line| line.starts_with("  help: ")), "{name}: {}", run.err);
            assert!(run.err.contains(way), "{name}: {}", run.err);
            assert!(
                run.err.contains("git fetch origin +refs/heads/main:refs/remotes/origin/main"),
                "{name}: {}",
                run.err
            );
        }
        // The control: with the target, the change waits for its sign-off, wherever it was fetched from.
        let both = ["+refs/heads/main:refs/remotes/origin/main", "+refs/pull/7/head:refs/pull"];
        for remote in [true, false] {
            let run = story.job(remote, &both).check(&[], &variables);
            assert_eq!(run.code, 1, "{name}: {run:?}");
            assert!(run.out.contains("1 approval by seniors"), "{name}: {}", run.out);
        }
    }
}

#[test]
fn a_base_says_nothing_of_the_policy_of_a_target_that_is_not_here() {
    let story = Story::new();
    let job = story.job(true, HEAD_ONLY);
    for more in [&[][..], &["--policy-ref", &format!("{}:.countersign/policy.yaml", story.base)]] {
        let run = job.check(&[&["--target", "main", "--base", &story.base], more].concat(), &[]);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.err.contains("is not in this repository"), "{}", run.err);
    }
}

#[test]
fn a_target_that_is_not_here_is_told_with_one_way_out_a_line() {
    let story = Story::new();
    let clone = story.job(true, &["+refs/heads/*:refs/remotes/origin/*"]);
    let run = clone.check(&["--target", "mian"], &[]);
    assert_eq!(run.code, 2);
    insta::assert_snapshot!(run.err);
    // What is called nearly like the target is no target.
    assert_eq!(clone.check(&["--target", "main"], &[]).code, 1);
}

#[test]
fn a_branch_that_a_job_made_is_not_the_target_that_its_ci_names() {
    let story = Story::new();
    let job = story.job(true, HEAD_ONLY);
    // What a job merges into its own main to try the change out.
    job.git(&["branch", "main", &story.head]);
    let variables = [
        ("DRONE", "true"),
        ("DRONE_BUILD_EVENT", "pull_request"),
        ("DRONE_TARGET_BRANCH", "main"),
        ("DRONE_COMMIT_SHA", &story.head),
    ];
    let run = job.check(&[], &variables);
    assert_eq!(run.code, 2, "{run:?}");
}

#[test]
fn a_branch_called_like_a_remote_of_another_branch_is_judged_by_its_own_policy() {
    let story = Story::new();
    story.up.git(&["switch", "--quiet", "--create", "origin/main", "main"]);
    story.up.git(&["rm", "--quiet", "-r", ".countersign"]);
    story.up.write(
        ".countersign/policy.yaml",
        "countersign: 1\nname: its own\nrules:\n  - { name: frozen, deny: Nothing goes in. }\n",
    );
    story.up.commit("Freeze");
    let job = story.job(true, &["+refs/heads/*:refs/remotes/origin/*"]);
    let variables = [
        ("DRONE", "true"),
        ("DRONE_BUILD_EVENT", "pull_request"),
        ("DRONE_TARGET_BRANCH", "origin/main"),
        ("DRONE_COMMIT_SHA", &story.head),
    ];
    let run = job.check(&[], &variables);
    assert!(run.out.contains("frozen"), "{run:?}");
}

/// A branch `old` that has no policy of its own, and a change for it.
fn without_its_own() -> Story {
    let mut story = Story::new();
    story.up.git(&["switch", "--quiet", "--create", "old", "main"]);
    story.up.git(&["rm", "--quiet", "-r", ".countersign"]);
    story.base = story.up.commit("Without a policy");
    story.up.git(&["switch", "--quiet", "--create", "fix"]);
    story.head = story.up.commit(AI);
    story.up.git(&["update-ref", "refs/pull/7/head", &story.head]);
    story
}

#[test]
fn no_policy_is_said_only_where_that_of_the_default_branch_was_looked_for() {
    let story = without_its_own();
    let old = "+refs/heads/old:refs/remotes/origin/old";
    let main = "+refs/heads/main:refs/remotes/origin/main";
    let pull = "+refs/pull/7/head:refs/remotes/pull/7";
    let gitlab = [
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "old"),
        ("CI_COMMIT_SHA", &story.head),
        ("CI_DEFAULT_BRANCH", "main"),
    ];
    let drone_of_old = [
        ("DRONE", "true"),
        ("DRONE_BUILD_EVENT", "pull_request"),
        ("DRONE_TARGET_BRANCH", "old"),
        ("DRONE_COMMIT_SHA", &story.head),
    ];
    let unknown = "nothing here says which branch is the default one";
    let not_here = "refs/heads/main, the default branch, whose policy would count, is not in this repository";
    let set_head = &["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"][..];
    // What the job fetched, whether its remote's HEAD is known, the flags, the variables; the code, and what is said.
    type Words<'w> = &'w [&'w str];
    let cases: &[(Words<'_>, bool, Words<'_>, Variables<'_>, i32, &str)] = &[
        (&[old, pull], false, &["--target", "old"], &[], 2, unknown),
        (&[old, main, pull], false, &["--target", "old"], &[], 2, unknown),
        (&[old, main, pull], true, &["--target", "old"], &[], 1, "1 approval by seniors"),
        (&[old, pull], true, &["--target", "old"], &[], 2, not_here),
        (&[old, pull], false, &[], &gitlab, 2, not_here),
        (&[old, main, pull], false, &[], &gitlab, 1, "1 approval by seniors"),
        (&[old, main, pull], false, &[], &drone_of_old, 2, unknown),
        (&[old, main, pull], true, &[], &drone_of_old, 1, "1 approval by seniors"),
    ];
    for (at, (refspecs, has_head, flags, variables, code, says)) in cases.iter().enumerate() {
        let job = story.job(true, refspecs);
        if *has_head {
            job.git(set_head);
        }
        let run = job.check(flags, variables);
        assert_eq!(run.code, *code, "{at}: {run:?}");
        assert!(run.out.contains(says) || run.err.contains(says), "{at}: {run:?}");
    }
    // Where there is no other repository there is no other branch to ask.
    let alone = story.job(false, &["+refs/heads/old:refs/heads/old", pull]);
    let run = alone.check(&["--target", "old"], &[]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("no policy"), "{}", run.out);
    assert_eq!(alone.check(&["--target", "old", "--require-policy"], &[]).code, 1);
}

#[test]
fn a_new_target_is_judged_by_the_default_branch_or_not_at_all() {
    let story = Story::new();
    let zeros = "0".repeat(40);
    let args = ["--target", "refs/heads/new", "--base", &zeros];
    let clone = story.job(true, &["+refs/heads/*:refs/remotes/origin/*"]);
    assert_eq!(clone.check(&args, &[]).code, 2);
    clone.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
    let run = clone.check(&args, &[]);
    assert_eq!(run.code, 1, "{run:?}");
    let alone = story.job(false, HEAD_ONLY);
    let run = alone.check(&args, &[]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("--policy-ref"), "{}", run.err);
}

#[test]
fn a_cut_history_is_told_with_what_the_ci_has_to_be_told() {
    let story = Story::new();
    for n in 0..5 {
        story.up.commit(&format!("More {n}"));
    }
    let head = story.up.git(&["rev-parse", "HEAD"]);
    let story = Story { head, ..story };
    story.up.git(&["update-ref", "refs/pull/7/head", &story.head]);
    let job = story.job(
        true,
        &["--depth=2", "+refs/pull/7/head:refs/remotes/pull/7", "+refs/heads/main:refs/remotes/origin/main"],
    );
    let variables = [
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ("CI_COMMIT_SHA", &story.head),
    ];
    for (variables, way) in [(&variables[..], "`GIT_DEPTH: 0`"), (&[][..], "git fetch --unshallow")] {
        let run = job.check(if variables.is_empty() { &["--target", "main"] } else { &[] }, variables);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.err.contains("shallow clone") && run.err.contains(way), "{}", run.err);
    }
}

#[test]
fn a_remote_of_any_name_says_what_is_the_default_branch_and_a_bare_repository_its_own_head() {
    let story = without_its_own();
    let clone = |flags: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().to_str().unwrap();
        let from = story.up.path();
        story.up.git(&[&["clone", "--quiet"], flags, &[from.to_str().unwrap(), place]].concat());
        Job { folder }
    };
    story.up.git(&["switch", "--quiet", "main"]);
    for flags in [&["--origin", "upstream"][..], &["--bare"], &["--mirror"]] {
        let clone = clone(flags);
        let run = clone.check(&["--target", "old", "--head", &story.head], &[]);
        assert_eq!(run.code, 1, "{flags:?}: {run:?}");
        assert!(run.out.contains("1 approval by seniors"), "{flags:?}: {}", run.out);
    }
    // Of two remotes neither of which is `origin`, nobody knows which it is.
    let clone = clone(&["--origin", "upstream"]);
    clone.git(&["remote", "add", "backup", "/nowhere"]);
    let run = clone.check(&["--target", "refs/remotes/upstream/old", "--head", &story.head], &[]);
    assert_eq!(run.code, 2, "{run:?}");
}

#[test]
fn a_base_beside_the_target_hides_no_commit() {
    let repo = Repo::with_policy();
    let ai = repo.commit(AI);
    let after = repo.commit("One more thing");
    for (base, code) in [("main", 1), ("main~0", 1), (ai.as_str(), 2), (after.as_str(), 2)] {
        let run = repo.check(&["--base", base]);
        assert_eq!(run.code, code, "{base}: {run:?}");
        assert!(code == 1 || run.err.contains("is not in refs/heads/main"), "{base}: {}", run.err);
    }
}

#[test]
fn a_clone_that_lacks_objects_gets_no_verdict() {
    let story = Story::new();
    story.up.git(&["config", "uploadpack.allowFilter", "true"]);
    story.up.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    for filter in ["blob:none", "tree:0"] {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("file://{}", story.up.path().display());
        let place = folder.path().to_str().unwrap();
        let filter = format!("--filter={filter}");
        story.up.git(&["clone", "--quiet", "--no-checkout", &filter, &address, place]);
        let job = Job { folder };
        let args = ["--target", "main", "--head", "origin/work"];
        assert_eq!(job.check(&args, &[]).code, 1, "what is missing is brought");
        let clone = tempfile::tempdir().unwrap();
        story.up.git(&[
            "clone",
            "--quiet",
            "--no-checkout",
            &filter,
            &address,
            clone.path().to_str().unwrap(),
        ]);
        let job = Job { folder: clone };
        job.git(&["remote", "set-url", "origin", "file:///nowhere"]);
        let run = job.check(&args, &[]);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{filter}: {run:?}");
    }
}
