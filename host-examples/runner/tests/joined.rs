//! Several people with a clone each, and one repository that they push to.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;

use std::path::{Path, PathBuf};
use std::process::Output;

use common::{AI, POLICY, Repo, Run, key, run};

const REF: &str = "refs/countersign/signoffs";

/// A repository that all push to, with a change on `feat` and another on `other`, and the keys of those who sign.
struct Server {
    repo: Repo,
}

impl Server {
    fn new(policy: &str) -> Self {
        let repo = Repo::empty();
        repo.write(".countersign/policy.yaml", policy);
        let line = |name: &&str| format!("{name}@example.com {}\n", key(&repo, name, &["ed25519"]).1);
        let lines: String = ["sam", "rhea"].iter().map(line).collect();
        repo.write(".countersign/allowed_signers", &lines);
        repo.commit("Begin");
        for branch in ["feat", "other"] {
            repo.git(&["switch", "--quiet", "--create", branch, "main"]);
            repo.write("src/page.rs", &format!("pub fn {branch}() {{}}\n"));
            repo.commit(AI);
        }
        let place = repo.beside("server.git");
        let place = place.to_str().unwrap();
        repo.git(&["init", "--quiet", "--bare", "--initial-branch=main", place]);
        repo.git(&["remote", "add", "origin", place]);
        repo.git(&["push", "--quiet", "origin", "main", "feat", "other"]);
        Server { repo }
    }

    /// The clone of somebody, with a branch checked out; they call the server as they like.
    fn clone(&self, who: &str, remote: &str, branch: &str) -> Clone {
        let folder = self.repo.beside(&format!("{who}-{branch}"));
        let server = self.repo.beside("server.git");
        let (from, to) = (server.to_str().unwrap(), folder.to_str().unwrap());
        self.repo.git(&["clone", "--quiet", "--origin", remote, "--branch", branch, from, to]);
        Clone { folder, key: self.repo.beside(who), remote: remote.to_owned() }
    }

    /// Whether the gate, which has fetched all, lets a branch pass.
    fn passes(&self, branch: &str) -> bool {
        let gate = self.repo.beside("gate");
        let _ = std::fs::remove_dir_all(&gate);
        let server = self.repo.beside("server.git");
        self.repo.git(&["clone", "--quiet", server.to_str().unwrap(), gate.to_str().unwrap()]);
        git(&gate, &["fetch", "--quiet", "origin", "refs/countersign/*:refs/countersign/others/*"]);
        let head = format!("origin/{branch}");
        let run = run(&gate, &["check", "--target", "main", "--head", &head], &[]);
        assert!(run.code < 2, "{run:?}");
        run.code == 0
    }
}

struct Clone {
    folder: PathBuf,
    key: PathBuf,
    remote: String,
}

fn output(folder: &Path, args: &[&str]) -> Output {
    common::command(folder).args(args).output().unwrap()
}

fn git(folder: &Path, args: &[&str]) -> String {
    common::text(&output(folder, args))
}

impl Clone {
    fn approve(&self, target: &str, args: &[&str]) -> Run {
        let own = ["approve", "--yes", "--target", target, "--key", self.key.to_str().unwrap()];
        run(&self.folder, &[&own[..], args].concat(), &[])
    }

    fn answers(&self, words: &str) -> Run {
        self.approve("main", &["--answer", &format!("topology={words}")])
    }

    fn push(&self) -> bool {
        output(&self.folder, &["push", "--quiet", &self.remote, REF]).status.success()
    }

    /// Runs the commands that a text prints, which stand on lines of their own and begin alike.
    fn paste(&self, text: &str, begins: &str) {
        let mut lines = text.lines().map(str::trim).filter(|line| line.starts_with(begins)).peekable();
        assert!(lines.peek().is_some(), "{text}");
        for line in lines {
            let program = Path::new(env!("CARGO_BIN_EXE_countersign")).parent().unwrap();
            let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
            let output = std::process::Command::new("sh")
                .args(["-ec", line])
                .current_dir(&self.folder)
                .env("PATH", path)
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .env_remove("CI")
                .output()
                .unwrap();
            assert!(output.status.success(), "{line}: {output:?}");
        }
    }
}

const SAMS: &str = "only the billing queue and its two readers";
const RHEAS: &str = "I have looked and nothing else reads it";

/// What each of two people does, on which branch; neither fetches in between.
type Story = (&'static str, &'static str, fn(&Clone) -> Run, &'static str, fn(&Clone) -> Run);

/// Branches, and whether what they bring passes in the end.
type Passing = &'static [(&'static str, bool)];

#[test]
fn whoever_pushes_second_gets_in_by_what_is_printed_without_signing_anew() {
    let two = POLICY.replace("{ approvals: 1, by: seniors, answers", "{ approvals: 2, by: seniors, answers");
    let withdraw: fn(&Clone) -> Run = |clone| clone.approve("main", &["--withdraw"]);
    let sams: fn(&Clone) -> Run = |clone| clone.answers(SAMS);
    let rheas: fn(&Clone) -> Run = |clone| clone.answers(RHEAS);
    let stories: [(Story, &str, Passing); 3] = [
        (("one change", "feat", sams, "feat", rheas), &two, &[("feat", true)]),
        (("two changes", "feat", sams, "other", rheas), POLICY, &[("feat", true), ("other", true)]),
        (("a withdrawal", "feat", sams, "feat", withdraw), POLICY, &[("feat", false)]),
    ];
    for ((what, first, does, second, then), policy, expected) in stories {
        // Those whom the push refused fetch, and join, or run the very command again; or git joins as the page says.
        for way in ["join", "again"] {
            for remote in ["origin", "upstream"] {
                let server = Server::new(policy);
                let takes_back = what == "a withdrawal";
                let sam = (!takes_back).then(|| server.clone("sam", remote, first));
                let rhea = server.clone(if takes_back { "sam" } else { "rhea" }, remote, second);
                if let Some(sam) = &sam {
                    let run = does(sam);
                    assert_eq!(run.code, 0, "{what}: {run:?}");
                    assert!(sam.push());
                } else {
                    // Signed and pushed, then taken back while somebody else pushes.
                    let other = server.clone("rhea", remote, "other");
                    assert_eq!(does(&rhea).code, 0);
                    assert!(rhea.push());
                    git(
                        &other.folder,
                        &["fetch", "--quiet", remote, "refs/countersign/*:refs/countersign/others/*"],
                    );
                    assert_eq!(other.answers(RHEAS).code, 0);
                    assert!(other.push());
                    assert!(server.passes("feat"));
                }
                let two = then(&rhea);
                assert_eq!(two.code, 0, "{what}: {two:?}");
                let signed = git(&rhea.folder, &["ls-tree", "-r", "--name-only", REF]);
                assert!(!rhea.push(), "{what}: the control");
                rhea.paste(&two.out, &format!("git fetch {remote} "));
                assert!(!rhea.push(), "{what}: fetching alone is not enough");
                let push = format!("git push {remote} ");
                if way == "join" {
                    rhea.paste(&two.out, "countersign signoffs --join");
                    rhea.paste(&two.out, &push);
                } else {
                    let again = then(&rhea);
                    assert_eq!(again.code, 1, "{what}: {again:?}");
                    rhea.paste(&again.out, &push);
                }
                let pushed = git(&server.repo.beside("server.git"), &["ls-tree", "-r", "--name-only", REF]);
                for path in signed.lines() {
                    assert!(pushed.contains(path), "{what}: {path}");
                }
                let count = |text: &str| text.lines().filter(|path| path.ends_with(".json")).count();
                assert_eq!(count(&pushed), if takes_back { 3 } else { 2 }, "nothing is signed anew");
                for (branch, passes) in expected {
                    assert_eq!(server.passes(branch), *passes, "{what} {way}: {branch}");
                }
            }
        }
    }
}

#[test]
fn a_record_that_was_made_anew_at_the_server_is_joined_by_what_is_printed_and_nothing_gets_lost() {
    for (how, remote) in [("deleted", "origin"), ("deleted", "upstream"), ("forced", "origin")] {
        let server = Server::new(POLICY);
        let (sam, rhea) = (server.clone("sam", remote, "feat"), server.clone("rhea", remote, "other"));
        let fetch = |clone: &Clone| {
            output(&clone.folder, &["fetch", remote, "refs/countersign/*:refs/countersign/others/*"])
        };
        assert_eq!(sam.answers(SAMS).code, 0);
        assert!(sam.push() && fetch(&sam).status.success());
        let place = server.repo.beside("server.git");
        let join: fn(&Clone) -> Run = |clone| run(&clone.folder, &["signoffs", "--join"], &[]);
        let withdraw: fn(&Clone) -> Run = |clone| clone.approve("main", &["--withdraw"]);
        let again = "nobody else has read from that queue";
        for (words, does, passes) in [(RHEAS, join, true), (again, withdraw, false)] {
            // Somebody who has fetched none of it begins the record anew.
            git(&rhea.folder, &["update-ref", "-d", REF]);
            assert_eq!(rhea.answers(words).code, 0);
            if how == "deleted" {
                git(&place, &["update-ref", "-d", REF]);
            }
            git(&rhea.folder, &["push", "--quiet", "--force", remote, REF]);
            assert!(!server.passes("feat") && server.passes("other"), "{how}: the control");
            let answer = does(&sam);
            assert_eq!(answer.code, 0, "{how}: {answer:?}");
            assert!(!sam.push() && !fetch(&sam).status.success(), "{how}: the control");
            let (_, next) = answer.out.split_once("the record there was made anew").unwrap();
            sam.paste(next, &format!("git fetch {remote} "));
            sam.paste(next, "countersign signoffs --join");
            sam.paste(next, &format!("git push {remote} "));
            assert!(fetch(&sam).status.success(), "{how}: from now on it goes as ever");
            let both = git(&place, &["ls-tree", "-r", "--name-only", REF]);
            assert!(server.passes("other") && both.lines().count() >= 4, "{how}: {both}");
            assert_eq!(server.passes("feat"), passes, "{how}: {both}");
        }
    }
}

#[test]
fn joining_changes_nothing_that_the_server_holds_whatever_else_was_pushed_there() {
    let server = Server::new(POLICY);
    let (sam, rhea) = (server.clone("sam", "origin", "feat"), server.clone("rhea", "origin", "other"));
    assert_eq!(sam.answers(SAMS).code, 0);
    assert!(sam.push());
    // Another ref says something else at the path of sam's statement.
    let paths = git(&sam.folder, &["ls-tree", "-r", "--name-only", REF]);
    let junk = git(&sam.folder, &["hash-object", "-w", ".countersign/policy.yaml"]);
    for name in ["refs/countersign/aaa", "refs/countersign/zzz"] {
        git(&sam.folder, &["read-tree", "--empty"]);
        for path in paths.lines() {
            git(&sam.folder, &["update-index", "--add", "--cacheinfo", &format!("100644,{junk},{path}")]);
        }
        let tree = git(&sam.folder, &["write-tree"]);
        let commit = git(&sam.folder, &["commit-tree", "-m", "Fill", &tree]);
        git(&sam.folder, &["push", "--quiet", "origin", &format!("{commit}:{name}")]);
    }
    // One names a tag, and one holds what no statement is.
    git(&sam.folder, &["tag", "--annotate", "--message", "Of sign-offs", "of", REF]);
    git(&sam.folder, &["push", "--quiet", "origin", "of:refs/countersign/tag"]);
    git(&sam.folder, &["read-tree", "--empty"]);
    let digest = "0123456789abcdef".repeat(4);
    let folder = paths.rsplit_once('/').unwrap().0.lines().last().unwrap();
    let odd = [
        ("100644", "README".to_owned()),
        ("100644", "signoffs/x/y.json".to_owned()),
        ("100644", "signoffs/x/y.sig".to_owned()),
        ("100644", format!("{folder}/{digest}.json")),
        ("120000", format!("{folder}/{}.json", digest.replace('0', "f"))),
        ("120000", format!("{folder}/{}.sig", digest.replace('0', "f"))),
        ("100644", format!("{}/{digest}.json", paths.lines().next().unwrap())),
    ];
    for (mode, path) in &odd {
        git(&sam.folder, &["update-index", "--add", "--cacheinfo", &format!("{mode},{junk},{path}")]);
    }
    let tree = git(&sam.folder, &["write-tree"]);
    let commit = git(&sam.folder, &["commit-tree", "-m", "Fill", &tree]);
    git(&sam.folder, &["push", "--quiet", "origin", &format!("{commit}:refs/countersign/odd")]);
    assert_eq!(rhea.answers(RHEAS).code, 0);
    git(&rhea.folder, &["fetch", "--quiet", "origin", "refs/countersign/*:refs/countersign/others/*"]);
    let joined = run(&rhea.folder, &["signoffs", "--join"], &[]);
    assert_eq!(joined.code, 0, "{joined:?}");
    // Only what is added is let in by the hook.
    let diff = git(&rhea.folder, &["diff", "--name-status", "refs/countersign/others/signoffs", REF]);
    assert!(diff.lines().count() == 2 && diff.lines().all(|line| line.starts_with("A\t")), "{diff}");
    assert!(rhea.push());
    assert!(server.passes("feat") && server.passes("other"));
}

#[test]
fn joining_where_there_is_nothing_to_join_says_so_and_writes_nothing() {
    let server = Server::new(POLICY);
    let sam = server.clone("sam", "origin", "feat");
    let refs = || git(&sam.folder, &["for-each-ref", "refs/countersign"]);
    let join = || {
        let before = refs();
        let run = run(&sam.folder, &["signoffs", "--join"], &[]);
        assert_eq!((run.code, refs()), (0, before), "{run:?}");
        run.out
    };
    assert!(join().contains("needs no push"));
    assert_eq!(sam.answers(SAMS).code, 0);
    assert!(join().contains("git push origin refs/countersign/signoffs"));
    assert!(sam.push());
    git(&sam.folder, &["fetch", "--quiet", "origin", "refs/countersign/*:refs/countersign/others/*"]);
    assert!(join().contains("needs no push"));
}

#[test]
fn a_branch_is_where_the_remote_said_by_whatever_name_it_is_given() {
    let server = Server::new(POLICY);
    let (fresh, stale) = (server.clone("sam", "origin", "feat"), server.clone("rhea", "origin", "feat"));
    for clone in [&fresh, &stale] {
        git(&clone.folder, &["branch", "--quiet", "--force", "main", "origin/main"]);
    }
    // Somebody asks more by a commit on main; what the clone knows is newer than its own branch.
    let up = &server.repo;
    up.git(&["switch", "--quiet", "main"]);
    let policy = POLICY.replace("name: test", "name: newer");
    up.write(".countersign/policy.yaml", &policy);
    up.commit("Ask more");
    up.git(&["push", "--quiet", "origin", "main"]);
    git(&stale.folder, &["fetch", "--quiet"]);
    // And somebody's own main asks for nothing.
    git(&fresh.folder, &["fetch", "--quiet"]);
    git(&fresh.folder, &["switch", "--quiet", "main"]);
    git(&fresh.folder, &["rm", "--quiet", "-r", ".countersign"]);
    git(&fresh.folder, &["commit", "--quiet", "--message", "Ask nothing"]);
    git(&fresh.folder, &["switch", "--quiet", "feat"]);
    for clone in [&fresh, &stale] {
        for name in ["main", "origin/main", "refs/heads/main", "refs/remotes/origin/main"] {
            let run = run(&clone.folder, &["check", "--target", name], &[]);
            assert_eq!(run.code, 1, "{name}: {run:?}");
            assert!(
                run.out.contains("newer, from") && run.out.contains("into refs/heads/main"),
                "{name}: {}",
                run.out
            );
        }
    }
    // What is printed is pasted as it stands, and counts for everybody.
    let check = run(&stale.folder, &["check", "--target", "main"], &[]);
    let command = check.out.lines().find_map(|line| line.split("run  countersign approve ").nth(1)).unwrap();
    let words: Vec<&str> = command.split_whitespace().collect();
    let answer = format!("topology={RHEAS}");
    let key = stale.key.to_str().unwrap();
    let run = run(
        &stale.folder,
        &[&["approve"], &words[..], &["--yes", "--key", key, "--answer", &answer]].concat(),
        &[],
    );
    assert!(run.code == 0 && run.out.contains("This counts"), "{run:?}");
    assert!(stale.push() && server.passes("feat"));
}

#[test]
fn of_several_remotes_without_an_origin_none_is_taken_for_the_one_that_says() {
    let server = Server::new(POLICY);
    let sam = server.clone("sam", "upstream", "feat");
    git(&sam.folder, &["branch", "--quiet", "--force", "main", "upstream/main"]);
    git(&sam.folder, &["remote", "add", "backup", "/nowhere"]);
    let approve = |target: &str| sam.approve(target, &["--answer", &format!("topology={SAMS}")]);
    server.repo.git(&["switch", "--quiet", "main"]);
    server.repo.write(".countersign/policy.yaml", &POLICY.replace("name: test", "name: newer"));
    server.repo.commit("Ask more");
    server.repo.git(&["push", "--quiet", "origin", "main"]);
    git(&sam.folder, &["fetch", "--quiet", "upstream"]);
    let run = approve("refs/heads/main");
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("`refs/remotes/upstream/main`"), "{run:?}");
    let run = approve("refs/remotes/upstream/main");
    assert!(run.code == 0 && run.out.contains("for refs/heads/main"), "{run:?}");
}

#[test]
fn what_is_no_branch_is_no_target() {
    let server = Server::new(POLICY);
    let sam = server.clone("sam", "origin", "feat");
    let names =
        ["HEAD", "@", "origin/HEAD", "refs/heads/HEAD", "refs/remotes/origin/HEAD", "remotes/origin/HEAD"];
    for name in names {
        let signed = sam.approve(name, &["--answer", &format!("topology={SAMS}")]);
        assert_eq!(signed.code, 2, "{name}: {signed:?}");
        assert!(
            signed.err.contains("names no branch") || signed.err.contains("name of no branch"),
            "{signed:?}"
        );
        assert!(signed.err.contains("--target main"), "{name}: {signed:?}");
        assert_eq!(run(&sam.folder, &["check", "--target", name], &[]).code, 2, "{name}");
    }
}

#[test]
fn a_commit_that_is_not_here_is_told_with_what_brings_it() {
    let server = Server::new(POLICY);
    let sam = server.clone("sam", "upstream", "feat");
    let run = run(&sam.folder, &["check", "--target", "main", "--head", "1eb4b6b82ffd"], &[]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("git fetch upstream"), "{run:?}");
}
