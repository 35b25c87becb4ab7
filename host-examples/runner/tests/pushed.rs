//! A sign-off of a head that was not pushed, or is pushed there no more, is in vain, as far as the clone can know it.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;

use common::{AI, POLICY, Repo, Run, SIGNED_ANSWER, key};

/// A clone that has seen main, with a policy and sam's key on it, and a change that is checked out.
fn clone() -> Repo {
    let repo = Repo::empty();
    repo.write(".countersign/policy.yaml", POLICY);
    let line = format!("sam@example.com {}\n", key(&repo, "sam", &["ed25519"]).1);
    repo.write(".countersign/allowed_signers", &line);
    repo.commit("Begin");
    repo.git(&["remote", "add", "origin", "/nowhere"]);
    repo.git(&["update-ref", "refs/remotes/origin/main", "main"]);
    repo.git(&["switch", "--quiet", "--create", "change"]);
    repo.commit(AI);
    repo
}

/// That a branch of the remote stands at a commit now.
fn pushed(repo: &Repo, branch: &str, commit: &str) {
    repo.git(&["update-ref", &format!("refs/remotes/origin/{branch}"), commit]);
}

/// A commit on top of another one, which is checked out nowhere.
fn on(repo: &Repo, commit: &str, message: &str) -> String {
    repo.git(&["commit-tree", "-m", message, "-p", commit, &format!("{commit}^{{tree}}")])
}

fn approve(repo: &Repo, args: &[&str]) -> Run {
    let key = repo.beside("sam");
    let own = ["approve", "--target", "main", "--yes", "--key", key.to_str().unwrap()];
    repo.countersign(&[&own[..], args].concat())
}

fn record(repo: &Repo) -> String {
    repo.git(&["for-each-ref", "refs/countersign/signoffs"])
}

const GOES_ON: &str = "has 1 commit that";
const HELD: &str = "and was made anew without it";
const UNPUSHED: &str = "as far as is known here, it is not pushed";
const ELSEWHERE: &str = "counts where a change has exactly this head";

/// What was pushed, by whom the head is named, what is said of it, and whether it is refused.
type Case = (&'static str, fn(&Repo), Option<&'static str>, Option<&'static str>, bool);

#[test]
fn a_head_that_was_replaced_or_never_pushed_is_signed_only_anyway_and_every_answer_says_so() {
    let cases: [Case; 16] = [
        ("the tip of its branch", |repo| pushed(repo, "change", "change"), None, None, false),
        (
            "a branch that went on",
            |repo| pushed(repo, "change", &on(repo, "change", "More")),
            None,
            Some(GOES_ON),
            true,
        ),
        (
            "a branch that was made anew",
            |repo| pushed(repo, "change", &on(repo, "main", "Another")),
            None,
            Some(GOES_ON),
            true,
        ),
        (
            "a branch of another name that it follows",
            |repo| {
                pushed(repo, "theirs", &on(repo, "change", "More"));
                repo.git(&["branch", "--quiet", "--set-upstream-to", "origin/theirs"]);
            },
            None,
            Some(GOES_ON),
            true,
        ),
        (
            "a branch that has not all of it",
            |repo| pushed(repo, "change", "change~1"),
            None,
            Some(UNPUSHED),
            true,
        ),
        ("a branch of this clone alone", |_| {}, None, Some(UNPUSHED), true),
        (
            "a branch that was begun at the target",
            |repo| drop(repo.git(&["branch", "--quiet", "--set-upstream-to", "origin/main"])),
            None,
            Some(UNPUSHED),
            true,
        ),
        (
            "a branch that follows the head of a pull request",
            |repo| drop(repo.git(&["config", "branch.change.merge", "refs/pull/7/head"])),
            None,
            Some(ELSEWHERE),
            false,
        ),
        (
            "the target itself, to which a hook lets nothing unsigned",
            |repo| drop(repo.git(&["branch", "--quiet", "--force", "--move", "change", "main"])),
            None,
            Some(ELSEWHERE),
            false,
        ),
        (
            "what was fetched by another name",
            |repo| drop(repo.git(&["fetch", "--quiet", ".", "change"])),
            None,
            Some(ELSEWHERE),
            false,
        ),
        (
            "a commit that a branch goes on from",
            |repo| pushed(repo, "theirs", &on(repo, "change", "More")),
            Some("ID"),
            Some(GOES_ON),
            true,
        ),
        (
            "a commit that a branch held before it was made anew",
            |repo| {
                pushed(repo, "theirs", &on(repo, "change", "More"));
                pushed(repo, "theirs", &on(repo, "main", "Another"));
            },
            Some("ID"),
            Some(HELD),
            true,
        ),
        (
            "a commit that is the lower part of a stack",
            |repo| {
                pushed(repo, "lower", "change");
                pushed(repo, "upper", &on(repo, "change", "More"));
            },
            Some("ID"),
            None,
            false,
        ),
        ("a commit that no branch ever held", |_| {}, Some("ID"), Some(ELSEWHERE), false),
        (
            "a clone that has seen no branch",
            |repo| drop(repo.git(&["update-ref", "-d", "refs/remotes/origin/main"])),
            None,
            None,
            false,
        ),
        (
            "a repository without a remote",
            |repo| drop(repo.git(&["remote", "remove", "origin"])),
            None,
            None,
            false,
        ),
    ];
    for (what, before, head, says, is_refused) in cases {
        let repo = clone();
        before(&repo);
        let target =
            if repo.git(&["for-each-ref", "refs/remotes"]).is_empty() { "refs/heads/main" } else { "main" };
        let id = repo.git(&["rev-parse", "HEAD"]);
        let head: Vec<&str> =
            head.into_iter().flat_map(|_| ["--head", &id]).chain(["--target", target]).collect();
        let sign = |more: &[&str]| {
            let key = repo.beside("sam");
            let own = ["approve", "--yes", "--key", key.to_str().unwrap()];
            repo.countersign(&[&own[..], &head, more].concat())
        };
        let remarks = |run: &Run| says.is_none_or(|says| run.out.contains(says));
        let is_silent = |run: &Run| {
            says.is_some() || ![GOES_ON, HELD, UNPUSHED, ELSEWHERE].iter().any(|says| run.out.contains(says))
        };
        let answer = ["--answer", SIGNED_ANSWER];
        let run = sign(&answer);
        assert_eq!(run.code, i32::from(is_refused), "{what}: {run:?}");
        assert!(remarks(&run) && is_silent(&run), "{what}: {run:?}");
        assert_eq!(record(&repo).is_empty(), is_refused, "{what}: {run:?}");
        if is_refused {
            assert!(run.out.contains("in vain, and nothing is signed"), "{what}: {run:?}");
            let anyway = sign(&[&answer[..], &["--anyway"]].concat());
            assert!(anyway.code == 0 && anyway.out.contains("This counts"), "{what}: {anyway:?}");
            assert!(remarks(&anyway), "{what}: {anyway:?}");
        }
        // Whoever signed it already, and whoever lists it, is told too.
        let again = sign(&answer);
        assert!(again.code == 1 && again.out.contains("approved it already"), "{what}: {again:?}");
        assert!(remarks(&again) && is_silent(&again), "{what}: {again:?}");
        let list = repo.countersign(&[&["signoffs"][..], &head].concat());
        assert!(list.code == 0 && remarks(&list) && is_silent(&list), "{what}: {list:?}");
        // What may be the head again is taken back without further ado.
        let withdraw = sign(&["--withdraw"]);
        assert!(withdraw.code == 0 && withdraw.out.contains("Took back"), "{what}: {withdraw:?}");
    }
}

#[test]
fn what_a_refusal_gives_as_the_next_step_signs_what_is_pushed() {
    let repo = clone();
    let next = repo.git(&["rev-parse", "change"]);
    pushed(&repo, "change", &on(&repo, &next, "More"));
    let run = approve(&repo, &["--answer", SIGNED_ANSWER]);
    let command = run.out.lines().find_map(|line| line.trim().strip_prefix("countersign approve ")).unwrap();
    let words: Vec<&str> = command.split_whitespace().collect();
    let key = repo.beside("sam");
    let own = ["approve", "--yes", "--key", key.to_str().unwrap(), "--answer", SIGNED_ANSWER];
    let run = repo.countersign(&[&own[..], &words].concat());
    assert!(run.code == 0 && run.out.contains("This counts"), "{run:?}");
}

#[test]
fn a_change_that_conflicts_with_its_target_is_said_before_it_is_signed() {
    let repo = clone();
    let says = "merging conflicts";
    let run = approve(&repo, &["--anyway", "--answer", SIGNED_ANSWER]);
    assert!(!run.err.contains(says), "the control: {run:?}");
    repo.write("page", "one");
    repo.commit(AI);
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("page", "two");
    repo.commit("Another page");
    pushed(&repo, "main", "main");
    repo.git(&["switch", "--quiet", "change"]);
    let run = approve(&repo, &["--anyway", "--answer", SIGNED_ANSWER]);
    assert!(run.err.contains(says), "{run:?}");
}

#[test]
fn what_is_signed_goes_to_the_remote_whose_branch_was_judged() {
    let repo = clone();
    repo.git(&["remote", "add", "upstream", "/nowhere/else"]);
    repo.git(&["update-ref", "refs/remotes/upstream/main", "main"]);
    for (target, remote) in [
        ("main", "origin"),
        ("origin/main", "origin"),
        ("upstream/main", "upstream"),
        ("refs/remotes/upstream/main", "upstream"),
    ] {
        let key = repo.beside("sam");
        let own = ["approve", "--yes", "--anyway", "--key", key.to_str().unwrap(), "--answer", SIGNED_ANSWER];
        let run = repo.countersign(&[&own[..], &["--target", target]].concat());
        assert_eq!(run.code, 0, "{target}: {run:?}");
        assert!(run.out.contains("for refs/heads/main"), "{target}: {run:?}");
        let push = format!("git push {remote} refs/countersign/signoffs");
        let fetch = format!("git fetch {remote} 'refs/countersign/*");
        assert!(run.out.contains(&push) && run.out.contains(&fetch), "{target}: {run:?}");
    }
    // A branch of the usual remote may be called like that of another.
    pushed(&repo, "upstream/main", "main");
    let run = repo.countersign(&["check", "--target", "upstream/main"]);
    assert!(run.code == 2 && run.err.contains("`refs/remotes/upstream/main`"), "{run:?}");
    let run = repo.countersign(&["check", "--target", "upstream/next"]);
    let fetch = "git fetch upstream +refs/heads/next:refs/remotes/upstream/next";
    assert!(run.code == 2 && run.err.contains(fetch), "{run:?}");
}

#[test]
fn hints_name_the_remote_as_the_clone_calls_it_and_none_where_there_is_none() {
    let repo = clone();
    for remote in [Some("origin"), Some("upstream"), None] {
        match remote {
            Some("origin") => {}
            Some(other) => drop(repo.git(&["remote", "rename", "origin", other])),
            None => drop(repo.git(&["remote", "remove", "upstream"])),
        }
        let target = if remote.is_some() { "main" } else { "refs/heads/main" };
        let check = repo.countersign(&["check", "--target", target]);
        assert_eq!(check.code, 1, "{check:?}");
        let fetch = remote.map(|remote| format!("git fetch {remote} 'refs/countersign/*"));
        assert_eq!(check.out.contains("git fetch"), fetch.is_some(), "{check:?}");
        assert!(fetch.is_none_or(|fetch| check.out.contains(&fetch)), "{check:?}");
    }
}
