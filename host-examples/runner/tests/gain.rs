//! What a branch gains is what is judged: in paths, lines, signals, and in what an approval is bound to.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;

use std::process::Command;

use common::{Repo, text};
use serde_json::Value;

const POLICY: &str = "\
countersign: 1
name: test
people: { seniors: { users: [sam] } }
identities: { sam: { emails: [sam@example.com] } }
options: { stale: diff }
rules:
  - { name: production, when: { paths: [\"prod/**\"] }, require: [{ approvals: 1, by: seniors }] }
  - { name: all, require: [{ approvals: 1, by: seniors }] }
";

fn lines(what: &str) -> String {
    (1..=40).map(|n| format!("{what}{n}=1\n")).collect()
}

/// A repository whose `main` lets sam sign, with `change` checked out.
fn repo() -> Repo {
    let repo = Repo::empty();
    repo.write(".countersign/policy.yaml", POLICY);
    let key = repo.beside("sam");
    let made = Command::new("ssh-keygen").args(["-q", "-N", "", "-t", "ed25519", "-f"]).arg(&key).output();
    text(&made.unwrap());
    let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
    repo.write(".countersign/allowed_signers", &format!("sam@example.com {public}"));
    repo.write("lib/limits.conf", &lines("key"));
    repo.write("prod/page.conf", "limit=10\n");
    repo.write("other.conf", &lines("other"));
    repo.commit("Begin");
    repo.git(&["switch", "--quiet", "--create", "change"]);
    repo
}

fn on(repo: &Repo, branch: &str, change: impl Fn(&Repo)) -> String {
    repo.git(&["switch", "--quiet", branch]);
    change(repo);
    let made = repo.commit("Change");
    repo.git(&["switch", "--quiet", "change"]);
    made
}

fn approve(repo: &Repo) {
    let key = repo.beside("sam");
    let run = repo.countersign(&["approve", "--yes", "--target", "main", "--key", key.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{run:?}");
}

fn rule(decision: &Value, name: &str) -> String {
    let rules = decision["rules"].as_array().unwrap();
    rules.iter().find(|rule| rule["name"] == name).unwrap()["code"].as_str().unwrap().to_owned()
}

/// Main lowers the limit, both take the other in, and the change's merge puts the limit back.
fn evil_merge(repo: &Repo) {
    let own = on(repo, "change", |repo| repo.write("helper.txt", "h\n"));
    let lowered = on(repo, "main", |repo| repo.write("prod/page.conf", "limit=5\n"));
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--no-ff", "--message", "One", &own]);
    repo.git(&["switch", "--quiet", "change"]);
    repo.write("more.txt", "m\n");
    repo.commit("More");
    approve(repo);
    assert_eq!(repo.decision(&[])["outcome"], "approved");
    repo.git(&["merge", "--quiet", "--no-ff", "--no-commit", &lowered]);
    repo.write("prod/page.conf", "limit=10\n");
    repo.commit("Merge main");
}

#[test]
fn a_file_that_only_merging_changes_counts_and_voids_an_approval_of_the_diff() {
    let repo = repo();
    evil_merge(&repo);
    assert_eq!(repo.git(&["merge-base", "--all", "main", "change"]).lines().count(), 2);
    let decision = repo.decision(&[]);
    assert_eq!(rule(&decision, "production"), "missing-approvals", "{decision:#}");
    assert!(decision.to_string().contains("stale-diff"), "{decision:#}");
}

#[test]
fn a_file_that_the_target_moved_counts_under_both_names() {
    let repo = repo();
    on(&repo, "change", |repo| repo.write("lib/limits.conf", &lines("key").replace("key20=1", "key20=999")));
    on(&repo, "main", |repo| drop(repo.git(&["mv", "lib/limits.conf", "prod/limits.conf"])));
    let decision = repo.decision(&[]);
    assert_eq!(rule(&decision, "production"), "missing-approvals", "{decision:#}");
    assert_eq!(decision["change"]["files"], 2);
    // The control: nothing moved it.
    let repo = self::repo();
    on(&repo, "change", |repo| repo.write("lib/limits.conf", &lines("key").replace("key20=1", "key20=999")));
    on(&repo, "main", |repo| repo.write("other.conf", "else\n"));
    assert_eq!(rule(&repo.decision(&[]), "production"), "not-applicable");
}

#[test]
fn a_file_that_the_target_changed_alike_counts_though_merging_leaves_it() {
    let repo = repo();
    on(&repo, "change", |repo| repo.write("prod/page.conf", "limit=5\n"));
    on(&repo, "main", |repo| {
        repo.write("prod/page.conf", "limit=5\n");
        repo.write("other.conf", "else\n");
    });
    // And where merging brings nothing there is no diff that anybody could approve.
    let decision = repo.decision(&[]);
    assert_eq!(rule(&decision, "production"), "fact-unavailable");
    assert!(decision["remedies"].to_string().contains("to rebase the change onto main"), "{decision:#}");
}

#[test]
fn what_is_added_to_a_folder_that_the_target_renamed_counts_in_both_and_conflicts() {
    let repo = repo();
    on(&repo, "change", |repo| repo.write("lib/new.conf", "new=1\n"));
    on(&repo, "main", |repo| drop(repo.git(&["mv", "lib", "prod/lib"])));
    let decision = repo.decision(&[]);
    assert!(decision["notices"].to_string().contains("merge-conflict"), "{decision:#}");
    assert_eq!(rule(&decision, "production"), "missing-approvals", "{decision:#}");
    assert_eq!(decision["change"]["files"], 2);
    on(&repo, "change", |repo| drop(repo.git(&["rm", "--quiet", "lib/new.conf"])));
    on(&repo, "change", |repo| repo.write("new.conf", "new=1\n"));
    assert!(!repo.decision(&[])["notices"].to_string().contains("merge-conflict"));
}

#[test]
fn an_approval_of_the_diff_lasts_as_long_as_merging_brings_the_same() {
    let change = |repo: &Repo| {
        repo.write("lib/limits.conf", &lines("key").replace("key20=1", "key20=999"));
        std::fs::write(repo.path().join("tail.txt"), b"text\n\0behind 1\n").unwrap();
        let mut bytes = vec![b'x'; 9_000];
        bytes.extend(b"\n\0behind 1\n");
        std::fs::write(repo.path().join("late.txt"), bytes).unwrap();
        let submodule = format!("160000,{},dep", "1".repeat(40));
        repo.git(&["update-index", "--add", "--cacheinfo", &submodule]);
        repo.write(".gitmodules", "[submodule \"dep\"]\n\tpath = dep\n\turl = ../dep\n\tignore = all\n");
        std::fs::create_dir_all(repo.path().join("dep")).unwrap();
    };
    type Step = fn(&Repo);
    let rows: [(&str, Step, bool); 9] = [
        ("nothing", |_| {}, true),
        (
            "the target goes on elsewhere",
            |repo| {
                on(repo, "main", |repo| repo.write("more.conf", "x\n"));
            },
            true,
        ),
        (
            "a rebase onto it",
            |repo| {
                on(repo, "main", |repo| {
                    repo.write("other.conf", &lines("other").replace("other1=1", "other1=2"))
                });
                repo.git(&["rebase", "--quiet", "main"]);
            },
            true,
        ),
        (
            "the target edits the same file elsewhere, and a rebase",
            |repo| {
                on(repo, "main", |repo| {
                    repo.write("lib/limits.conf", &lines("key").replace("key1=1", "x\nkey1=2"))
                });
                repo.git(&["rebase", "--quiet", "main"]);
            },
            true,
        ),
        (
            "an update merge",
            |repo| {
                on(repo, "main", |repo| repo.write("more.conf", "x\n"));
                repo.git(&["merge", "--quiet", "--message", "Update", "main"]);
            },
            true,
        ),
        (
            "white space",
            |repo| {
                on(repo, "change", |repo| {
                    repo.write("lib/limits.conf", &lines("key").replace("key20=1", "key20= 999"));
                });
            },
            false,
        ),
        (
            "behind a NUL",
            |repo| {
                on(repo, "change", |repo| {
                    std::fs::write(repo.path().join("tail.txt"), b"text\n\0behind 2\n").unwrap()
                });
            },
            false,
        ),
        (
            "behind a NUL that git does not see",
            |repo| {
                on(repo, "change", |repo| {
                    let mut bytes = vec![b'x'; 9_000];
                    bytes.extend(b"\n\0behind 2\n");
                    std::fs::write(repo.path().join("late.txt"), bytes).unwrap();
                });
            },
            false,
        ),
        (
            "a submodule that is ignored",
            |repo| {
                let submodule = format!("160000,{},dep", "2".repeat(40));
                repo.git(&["update-index", "--cacheinfo", &submodule]);
                repo.git(&["commit", "--quiet", "--allow-empty", "--message", "Swap"]);
            },
            false,
        ),
    ];
    for (what, step, lasts) in rows {
        let repo = repo();
        change(&repo);
        repo.git(&["add", "--", "lib", "tail.txt", "late.txt", ".gitmodules"]);
        repo.git(&["commit", "--quiet", "--message", "Change"]);
        approve(&repo);
        step(&repo);
        let expected = if lasts { "approved" } else { "pending" };
        assert_eq!(repo.decision(&[])["outcome"], expected, "{what}");
    }
}

#[test]
fn a_merge_declares_what_it_holds_beside_what_merging_gives() {
    let policy = "countersign: 1\nname: test\nrules:\n  - { name: declared, when: { declaration: missing }, deny: say it }\n";
    type Step = fn(&Repo);
    let take = |repo: &Repo, message: &str, beside: Step| {
        let args = ["merge", "--quiet", "--no-ff", "--no-commit", "main"];
        // It ends with 1 where a conflict is left.
        let _ = common::command(&repo.path()).args(args).output().unwrap();
        beside(repo);
        repo.commit(message);
    };
    for (what, message, beside, code) in [
        ("what merging gives", "Take main\n", (|_| {}) as Step, "not-applicable"),
        ("more", "Take main\n", |repo| repo.write("prod/evil.conf", "open=1\n"), "denied"),
        ("less", "Take main\n", |repo| repo.write("prod/page.conf", "limit=10\n"), "denied"),
        (
            "more, and says so",
            "Take main\n\nAI-Assisted: none\n",
            |repo| repo.write("x", "1\n"),
            "not-applicable",
        ),
    ] {
        let repo = repo();
        repo.git(&["switch", "--quiet", "main"]);
        repo.write(".countersign/policy.yaml", policy);
        repo.commit("Ask for a declaration");
        repo.git(&["switch", "--quiet", "--force-create", "change"]);
        repo.write("helper.txt", "h\n");
        repo.commit("Help\n\nAI-Assisted: none\n");
        on(&repo, "main", |repo| repo.write("prod/page.conf", "limit=5\n"));
        take(&repo, message, beside);
        assert_eq!(rule(&repo.decision(&[]), "declared"), code, "{what}");
        // What somebody made of a conflict is work, whatever it is.
        on(&repo, "main", |repo| repo.write("helper.txt", "other\n"));
        take(&repo, "Take main again\n", |repo| repo.write("helper.txt", "h\n"));
        assert_eq!(rule(&repo.decision(&[]), "declared"), "denied", "{what}");
    }
}
