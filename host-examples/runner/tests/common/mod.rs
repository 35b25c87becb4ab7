//! A repository made by real git, and the command run on it as a user runs it.

#![allow(dead_code, reason = "each test file uses a part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub struct Repo {
    folder: tempfile::TempDir,
}

/// What a run of the command gave.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

pub const POLICY: &str = "\
countersign: 1
name: test
people:
  seniors: { users: [sam, rhea] }
identities:
  sam: { emails: [sam@example.com] }
  rhea: { emails: [rhea@example.com] }
questions:
  topology: Which running systems outside this repository does the change reach?
rules:
  - name: AI-assisted code
    when: { ai: any }
    require:
      - { approvals: 1, by: seniors, answers: [topology] }
  - name: Infrastructure
    when: { paths: [\"infra/**\"] }
    require:
      - { approvals: 1, by: seniors }
";

pub const ANSWER: &str = "topology: only the billing queue and its two readers";

pub const AI: &str = "Clamp the page size\n\nAI-Assisted: amazon-q/2026-03\n";

impl Repo {
    /// A repository with a policy on main, and the branch `work` checked out.
    pub fn with_policy() -> Self {
        let repo = Self::empty();
        repo.write(".countersign/policy.yaml", POLICY);
        repo.write("src/page.rs", "pub fn page() {}\n");
        repo.write("infra/main.tf", "one\ntwo\nthree\nfour\nfive\nsix\n");
        repo.commit("Begin");
        repo.git(&["switch", "--quiet", "--create", "work"]);
        repo
    }

    pub fn empty() -> Self {
        let repo = Repo { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(repo.path()).unwrap();
        repo.git(&["init", "--quiet", "--initial-branch=main"]);
        repo
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("shop")
    }

    /// Outside of the work tree.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, path: &str, content: &str) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub fn commit_as(&self, who: &str, message: &str) -> String {
        self.git(&["add", "--all"]);
        let (name, email) = who.split_once(" <").unwrap();
        let email = email.trim_end_matches('>');
        let mut command = command(&self.path());
        for part in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{part}_NAME"), name).env(format!("GIT_{part}_EMAIL"), email);
        }
        command.args(["commit", "--quiet", "--allow-empty", "--message", message]);
        text(&command.output().unwrap());
        self.git(&["rev-parse", "HEAD"])
    }

    pub fn git(&self, args: &[&str]) -> String {
        text(&command(&self.path()).args(args).output().unwrap())
    }

    pub fn signoff(&self, by: &str, head: &str) -> PathBuf {
        let path = self.beside("signoffs.yaml");
        std::fs::write(
            &path,
            format!(
                "apiVersion: countersign/v1\nkind: Signoffs\nsignoffs:\n  - by: {by}\n    head: {head}\n    \
                 target: refs/heads/main\n    text: \"{ANSWER}\"\n"
            ),
        )
        .unwrap();
        path
    }

    /// Runs the command in the repository.
    pub fn countersign(&self, args: &[&str]) -> Run {
        run(&self.path(), args, &[])
    }

    pub fn check(&self, args: &[&str]) -> Run {
        self.countersign(&[&["check", "--target", "main"], args].concat())
    }

    /// The decision document of a check.
    pub fn decision(&self, args: &[&str]) -> serde_json::Value {
        let run = self.check(&[args, &["--format", "json"]].concat());
        serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {run:?}"))
    }
}

/// Runs the command in a folder, without what the machine's own CI set.
pub fn run(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.current_dir(folder).args(args).env_clear();
    for keep in ["PATH", "HOME", "TMPDIR"] {
        if let Some(value) = std::env::var_os(keep) {
            command.env(keep, value);
        }
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command.envs(variables.iter().copied());
    let output = command.output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

pub fn command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "Dana")
        .env("GIT_AUTHOR_EMAIL", "dana@example.com")
        .env("GIT_AUTHOR_DATE", "2026-03-02T10:00:00Z")
        .env("GIT_COMMITTER_NAME", "Dana")
        .env("GIT_COMMITTER_EMAIL", "dana@example.com")
        .env("GIT_COMMITTER_DATE", "2026-03-02T10:00:00Z");
    command
}

pub fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The answer as a flag of `approve`.
pub const SIGNED_ANSWER: &str = "topology=only the billing queue and its two readers";

/// A key of this kind beside the repository, and its public line.
pub fn key(repo: &Repo, name: &str, kind: &[&str]) -> (String, String) {
    let path = repo.beside(name);
    let output = Command::new("ssh-keygen")
        .args(["-q", "-N", "", "-C", name, "-t"])
        .args(kind)
        .arg("-f")
        .arg(&path)
        .output()
        .unwrap();
    text(&output);
    let public = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    (path.to_str().unwrap().to_owned(), public.trim().to_owned())
}

/// A repository whose target lets `signers` sign, with an AI-assisted change on `work`.
pub fn repo_with_signers(signers: impl Fn(&Repo) -> String) -> Repo {
    let repo = Repo::with_policy();
    repo.git(&["switch", "--quiet", "main"]);
    repo.write(".countersign/allowed_signers", &signers(&repo));
    repo.commit("Say whose key is whose");
    repo.git(&["switch", "--quiet", "--create", "change"]);
    repo.commit(AI);
    repo
}

/// Signs the change off.
pub fn approve(repo: &Repo, key: &str) {
    let run = repo.countersign(&[
        "approve",
        "--yes",
        "--anyway",
        "--target",
        "main",
        "--key",
        key,
        "--answer",
        SIGNED_ANSWER,
    ]);
    assert_eq!(run.code, 0, "{run:?}");
}
