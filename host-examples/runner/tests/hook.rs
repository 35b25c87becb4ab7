//! The hook of a bare repository that git alone serves: installed by the command, and asked by real pushes.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;

use std::path::PathBuf;

use common::{AI, Repo, approve, key, repo_with_signers, run};

/// A clone with an AI-assisted change on `change`, and the bare repository that it was pushed to, guarded by the hook.
struct Guarded {
    repo: Repo,
    bare: PathBuf,
    sam: String,
}

impl Guarded {
    fn new() -> Self {
        let repo = repo_with_signers(|repo| {
            let (_, public) = key(repo, "sam", &["ed25519"]);
            format!("sam@example.com {public}\n")
        });
        let bare = repo.beside("shop.git");
        let folder = bare.to_str().unwrap();
        repo.git(&["init", "--quiet", "--bare", "--initial-branch=main", folder]);
        repo.git(&["remote", "add", "origin", folder]);
        repo.git(&["push", "--quiet", "origin", "main"]);
        let sam = repo.beside("sam").to_str().unwrap().to_owned();
        let guarded = Guarded { repo, bare, sam };
        let installed = guarded.install(&[]);
        assert_eq!(installed.code, 0, "{installed:?}");
        guarded
    }

    fn install(&self, flags: &[&str]) -> common::Run {
        let spool = self.repo.beside("spool");
        let args = ["install-hook", self.bare.to_str().unwrap(), "--spool", spool.to_str().unwrap()];
        run(&self.repo.path(), &[&args[..], flags].concat(), &[])
    }

    /// Whether a push passes, and what whoever pushes reads.
    fn push(&self, args: &[&str]) -> (bool, String) {
        self.push_as("", args)
    }

    fn push_as(&self, login: &str, args: &[&str]) -> (bool, String) {
        let mut command = common::command(&self.repo.path());
        let pushed = command.env("GL_USER", login).args(["push", "--quiet", "origin"]).args(args).output();
        let pushed = pushed.unwrap();
        (pushed.status.success(), String::from_utf8_lossy(&pushed.stderr).into_owned())
    }

    fn stands(&self, branch: &str) -> String {
        let bare = self.bare.to_str().unwrap();
        self.repo.git(&["--git-dir", bare, "rev-parse", branch])
    }

    /// Moves a branch of the bare repository as an administrator does who asks no hook.
    fn move_past(&self, branch: &str, commit: &str) {
        let bare = self.bare.to_str().unwrap();
        self.repo.git(&["fetch", "--quiet", "origin"]);
        self.repo.git(&["push", "--quiet", "origin", &format!("{commit}:refs/heads/kept")]);
        self.repo.git(&["--git-dir", bare, "update-ref", &format!("refs/heads/{branch}"), commit]);
    }
}

#[test]
fn a_change_enters_a_guarded_branch_once_somebody_signed_for_it() {
    let guarded = Guarded::new();
    let before = guarded.stands("main");
    let (passes, said) = guarded.push(&["change:main"]);
    assert!(!passes && said.contains("AI-assisted code") && said.contains("countersign approve"), "{said}");
    assert_eq!(guarded.stands("main"), before);
    // What nobody guards is nobody's concern.
    assert!(guarded.push(&["change:topic"]).0);
    approve(&guarded.repo, &guarded.sam);
    let (passes, said) = guarded.push(&["refs/countersign/signoffs", "change:main"]);
    assert!(passes, "{said}");
    assert_eq!(guarded.stands("main"), guarded.repo.git(&["rev-parse", "change"]));
}

#[test]
fn what_came_in_past_the_hook_is_named_and_judged_with_the_next_push() {
    let guarded = Guarded::new();
    approve(&guarded.repo, &guarded.sam);
    assert!(guarded.push(&["refs/countersign/signoffs", "change:main"]).0);
    let smuggled = guarded.repo.commit(AI);
    guarded.move_past("main", &smuggled);
    guarded.repo.commit("Write a comment by hand");
    let (passes, said) = guarded.push(&["change:main"]);
    assert!(!passes && said.contains(&smuggled[..12]), "{said}");
    // Whoever signs for exactly what came in settles it.
    let base = guarded.repo.git(&["rev-parse", &format!("{smuggled}~1")]);
    let signed = guarded.repo.countersign(&[
        "approve",
        "--yes",
        "--target",
        "main",
        "--base",
        &base,
        "--head",
        &smuggled,
        "--key",
        &guarded.sam,
        "--answer",
        common::SIGNED_ANSWER,
    ]);
    assert_eq!(signed.code, 0, "{signed:?}");
    let (passes, said) = guarded.push(&["refs/countersign/signoffs", "change:main"]);
    assert!(passes, "{said}");
}

#[test]
fn whoever_pushes_is_barred_where_the_server_names_them() {
    let guarded = Guarded::new();
    approve(&guarded.repo, &guarded.sam);
    let (passes, said) = guarded.push_as("sam", &["refs/countersign/signoffs", "change:main"]);
    assert!(!passes && said.contains("pushed"), "{said}");
    assert!(guarded.push_as("dana", &["refs/countersign/signoffs", "change:main"]).0);
}

#[test]
fn the_ref_of_sign_offs_loses_nothing() {
    let guarded = Guarded::new();
    approve(&guarded.repo, &guarded.sam);
    assert!(guarded.push(&["refs/countersign/signoffs"]).0);
    let (passes, said) = guarded.push(&[":refs/countersign/signoffs"]);
    assert!(!passes && said.contains("only added"), "{said}");
    let (passes, said) = guarded.push(&["+main:refs/countersign/signoffs"]);
    assert!(!passes && said.contains("only added"), "{said}");
}

#[test]
fn an_installation_is_checked_as_it_stands() {
    let guarded = Guarded::new();
    let whole = guarded.install(&["--check"]);
    // Whatever this machine lets others write to, the hook is there and runs.
    assert!(!whole.out.contains("is missing") && !whole.out.contains("not executable"), "{whole:?}");
    std::fs::remove_file(guarded.bare.join("hooks/pre-receive.d/countersign")).unwrap();
    let faulty = guarded.install(&["--check"]);
    assert!(faulty.code == 1 && faulty.out.contains("is missing: run install-hook"), "{faulty:?}");
    let nowhere = run(&guarded.repo.path(), &["install-hook", "."], &[]);
    assert!(nowhere.code == 2 && nowhere.err.contains("name the bare repository itself"), "{nowhere:?}");
}
