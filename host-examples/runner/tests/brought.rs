//! Which repository is judged: never one that came with the files of another, whose author would say what stands in it.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use common::{AI, Repo, run};

/// A repository in whose folder `services/api` a job runs, with an AI-assisted change.
fn monorepo() -> Repo {
    let repo = Repo::with_policy();
    repo.write("services/api/main.c", "int main;\n");
    repo.write("src/page.rs", "pub fn page() { clamp() }\n");
    repo.commit(AI);
    repo
}

/// A git folder without a name of its own, which knows the objects of another repository and asks for nothing.
fn git_folder(repo: &Repo, folder: &str, settings: &str) {
    repo.git(&["switch", "--quiet", "--create", "soft", "main"]);
    repo.write(
        ".countersign/policy.yaml",
        "countersign: 1\nname: soft\nrules: [{ name: x, when: { ai: none }, deny: x }]\n",
    );
    let soft = repo.commit("Ask for nothing");
    repo.git(&["switch", "--quiet", "work"]);
    repo.write(&format!("{folder}/HEAD"), "ref: refs/heads/main\n");
    repo.write(&format!("{folder}/config"), &format!("[core]\n\trepositoryFormatVersion = 0\n{settings}"));
    repo.write(&format!("{folder}/refs/heads/main"), &format!("{soft}\n"));
    repo.write(&format!("{folder}/refs/remotes/origin/main"), &format!("{soft}\n"));
    let up = Path::new(folder).components().map(|_| "../").collect::<String>();
    repo.write(&format!("{folder}/objects/info/alternates"), &format!("{up}../.git/objects\n"));
}

/// A clone of the repository, which stands in it.
fn clone_in(repo: &Repo, folder: &str) -> PathBuf {
    repo.git(&["clone", "--quiet", ".", folder]);
    repo.path().join(folder)
}

#[test]
fn a_repository_that_another_one_tracks_is_judged_by_nobody() {
    let head = |repo: &Repo| repo.git(&["rev-parse", "HEAD"]);
    // Each puts a repository into the folder of the job, and commits it.
    type Bring = fn(&Repo);
    let cases: &[(&str, &str, Bring)] = &[
        ("a bare one", "services/api", |repo| git_folder(repo, "services/api", "\tbare = true\n")),
        ("a bare one further up", "services/api", |repo| git_folder(repo, "services", "\tbare = true\n")),
        ("one with a work tree elsewhere", "services/api", |repo| {
            git_folder(repo, "services/api", "\tbare = false\n\tworktree = /\n");
        }),
        ("a submodule", "services/lib", |repo| {
            clone_in(repo, "services/lib");
            let head = repo.git(&["rev-parse", "main"]);
            repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{head},services/lib")]);
        }),
        ("a folder in a submodule", "services/lib/src", |repo| {
            clone_in(repo, "services/lib");
            let head = repo.git(&["rev-parse", "main"]);
            repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{head},services/lib")]);
        }),
        ("a link to another clone", "services/link", |repo| {
            let clone = repo.beside("elsewhere");
            repo.git(&["clone", "--quiet", ".", clone.to_str().unwrap()]);
            symlink(&clone, repo.path().join("services/link")).unwrap();
        }),
    ];
    for (what, folder, bring) in cases {
        let repo = monorepo();
        bring(&repo);
        repo.commit(AI);
        let head = head(&repo);
        for args in [
            &["check", "--target", "main", "--head", &head][..],
            &["signoffs", "--target", "main", "--head", &head],
            &["approve", "--target", "main", "--head", &head],
            &["policy", "try", &head],
            &["provenance", &head],
        ] {
            let run = run(&repo.path(), &[args, &["--repo", folder]].concat(), &[]);
            assert_eq!((run.code, run.out.as_str()), (2, ""), "{what}: {args:?}: {run:?}");
            let top = repo.path().canonicalize().unwrap();
            assert!(run.err.contains(&format!("part of {}", top.display())), "{what}: {}", run.err);
        }
        // The control: at its top the change is judged.
        assert_eq!(repo.check(&[]).code, 1, "{what}");
    }
}

#[test]
fn a_repository_that_nobody_tracks_is_judged() {
    let repo = monorepo();
    repo.write(".gitignore", "/ignored/\n");
    repo.commit("Ignore a folder");
    for folder in ["ignored/clone", "untracked"] {
        let clone = clone_in(&repo, folder);
        let run = run(&clone, &["check", "--target", "main"], &[]);
        assert_eq!(run.code, 1, "{folder}: {run:?}");
    }
    let bare = repo.beside("bare.git");
    repo.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    assert_eq!(run(&bare, &["check", "--target", "main", "--head", "refs/heads/work"], &[]).code, 1);
    let tree = repo.beside("tree");
    repo.git(&["worktree", "add", "--quiet", "--detach", tree.to_str().unwrap()]);
    assert_eq!(run(&tree, &["check", "--target", "main"], &[]).code, 1);
    let folder = repo.path().join("services/api");
    assert_eq!(run(&folder, &["check", "--target", "main"], &[]).code, 1, "a folder of the repository");
    // A link that nobody tracks leads where its maker wants.
    symlink(repo.path(), repo.beside("link")).unwrap();
    assert_eq!(run(&repo.beside("link"), &["check", "--target", "main"], &[]).code, 1);
}

#[test]
fn nothing_that_a_repository_calls_a_remote_is_run() {
    let repo = monorepo();
    let (clone, ran) = (repo.beside("clone"), repo.beside("ran"));
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    let address = format!("file://{}", repo.path().display());
    repo.git(&["clone", "--quiet", "--filter=blob:none", "--no-checkout", &address, clone.to_str().unwrap()]);
    let git = |args: &[&str]| common::text(&common::command(&clone).args(args).output().unwrap());
    git(&["config", "remote.origin.url", &format!("ext::sh -c touch% {}", ran.display())]);
    git(&["config", "protocol.ext.allow", "always"]);
    let args = ["check", "--target", "main", "--head", "origin/work"];
    assert_eq!(run(&clone, &args, &[]).code, 2);
    assert!(!ran.exists(), "a command of the configuration was run");
    // The control: whoever runs it may say that it is.
    run(&clone, &args, &[("GIT_ALLOW_PROTOCOL", "ext")]);
    assert!(ran.exists());
}
