//! A document that decides and is no regular file in its tree is named, and never taken for empty or missing.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;

use common::Repo;

const POLICY: &str = "\
countersign: 1
name: test
codeowners: github
people: { seniors: { users: [sam] } }
identities: { sam: { emails: [sam@example.com] } }
rules:
  - { name: seniors, require: [{ approvals: 1, by: seniors }] }
  - { name: owners, require: [{ approvals: 1, by: code-owners }] }
";

/// What stands at a path.
enum Entry {
    File(&'static str),
    Link(&'static str),
    Submodule,
}
use Entry::{File, Link, Submodule};

/// A repository whose `main` has these entries beside a policy, with a change on `work`.
fn repo(entries: &[(&str, Entry)]) -> Repo {
    let repo = Repo::empty();
    repo.write(".countersign/policy.yaml", POLICY);
    repo.write("page.rs", "1\n");
    repo.git(&["add", "--all"]);
    for (path, entry) in entries {
        let (mode, content) = match entry {
            File(content) => ("100644", *content),
            Link(to) => ("120000", *to),
            Submodule => ("160000", ""),
        };
        let beside = repo.beside("content");
        std::fs::write(&beside, content).unwrap();
        let id = match entry {
            Submodule => "1".repeat(40),
            _ => repo.git(&["hash-object", "-w", "--no-filters", beside.to_str().unwrap()]),
        };
        repo.git(&["rm", "--quiet", "-r", "--cached", "--ignore-unmatch", path]);
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("{mode},{id},{path}")]);
    }
    repo.git(&["commit", "--quiet", "--message", "Begin"]);
    repo.git(&["reset", "--quiet", "--hard"]);
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo.write("page.rs", "2\n");
    repo.git(&["commit", "--quiet", "--all", "--message", "Change"]);
    repo
}

const OWNERS: Entry = File("* sam@example.com\n");

#[test]
fn what_owns_or_maps_and_is_no_regular_file_holds_the_rules_that_need_it() {
    // The codes of both rules, and the path that the answer names.
    let waits = "fact-unavailable";
    let asks = "missing-approvals";
    type Entries<'e> = &'e [(&'e str, Entry)];
    let rows: [(Entries<'_>, &str, &str, &str); 10] = [
        (&[(".github/CODEOWNERS", OWNERS)], asks, asks, ""),
        (&[(".github/CODEOWNERS", Link("../OWNERS")), ("OWNERS", OWNERS)], asks, waits, ".github/CODEOWNERS"),
        (&[(".github", Link("hidden")), ("hidden/CODEOWNERS", OWNERS)], asks, waits, ".github/CODEOWNERS"),
        (&[(".github/CODEOWNERS/owners", OWNERS)], asks, waits, ".github/CODEOWNERS"),
        (&[("CODEOWNERS", Submodule)], asks, waits, "CODEOWNERS"),
        (&[("docs", Submodule)], asks, waits, "docs/CODEOWNERS"),
        // The first place decides, and a file that is called like a folder is none.
        (&[(".github/CODEOWNERS", OWNERS), ("docs", Link("hidden"))], asks, asks, ""),
        (&[("CODEOWNERS", OWNERS), ("docs", File("no folder"))], asks, asks, ""),
        (&[("CODEOWNERS", OWNERS), (".mailmap", Link("people"))], waits, waits, ".mailmap"),
        (&[("CODEOWNERS", OWNERS), (".mailmap/x", File(""))], waits, waits, ".mailmap"),
    ];
    for (at, (entries, seniors, owners, named)) in rows.iter().enumerate() {
        let repo = repo(entries);
        let decision = repo.decision(&[]);
        let rules = decision["rules"].as_array().unwrap();
        let codes: Vec<&str> = rules.iter().map(|rule| rule["code"].as_str().unwrap()).collect();
        assert_eq!(codes, [*seniors, *owners], "row {at}: {decision:#}");
        assert!(decision["rules"].to_string().contains(named), "row {at}: {decision:#}");
        assert_eq!(decision["outcome"], "pending", "row {at}");
    }
}

#[test]
fn a_policy_that_is_no_regular_file_is_no_missing_policy() {
    let rows: [&[(&str, Entry)]; 4] = [
        &[(".countersign/policy.yaml", Link("../other.yaml")), ("other.yaml", File(POLICY))],
        &[(".countersign/policy.yaml", Link(POLICY))],
        &[(".countersign", Link("hidden")), ("hidden/policy.yaml", File(POLICY))],
        &[(".countersign", Submodule)],
    ];
    for (at, entries) in rows.iter().enumerate() {
        let repo = repo(entries);
        let run = repo.check(&[]);
        assert_eq!(run.code, 2, "row {at}: {run:?}");
        assert!(run.err.contains(".countersign/policy.yaml"), "row {at}: {run:?}");
        let run =
            repo.countersign(&["check", "--target", "main", "--policy-ref", "main:.countersign/policy.yaml"]);
        assert_eq!(run.code, 2, "row {at}: {run:?}");
    }
}

#[test]
fn whatever_keeps_a_policy_from_being_read_is_mended_under_the_last_that_could() {
    let whole = "countersign: 1\nname: whole\npeople: { seniors: { users: [sam] } }\n\
        identities: { sam: { emails: [sam@example.com] } }\n\
        rules: [{ name: all, require: [{ approvals: 1, by: seniors }] }]\n";
    let top = "countersign: 1\nname: top\nextends: .countersign/base.yaml\n";
    let two = whole.replace("name: whole", "name: two\nextends: other.yaml");
    let itself = top.replace("base.yaml", "policy.yaml");
    let pinned = top.replace(
        ".countersign/base.yaml",
        "{ path: base.yaml, commit: 1111111111111111111111111111111111111111 }",
    );
    let (policy, base) = (".countersign/policy.yaml", ".countersign/base.yaml");
    // What the target holds at first, and what breaks it.
    type Files<'f> = &'f [(&'f str, &'f str)];
    let rows: [(Files<'_>, Files<'_>); 6] = [
        (&[(policy, whole)], &[(policy, top)]),
        (&[(policy, top), (base, whole)], &[(base, "rulez: 1\n")]),
        (&[(policy, top), (base, whole)], &[(base, &two)]),
        (&[(policy, whole)], &[(policy, &itself)]),
        (&[(policy, whole)], &[(policy, &pinned)]),
        (&[(policy, whole)], &[(policy, "a link")]),
    ];
    for (at, (first, then)) in rows.iter().enumerate() {
        let repo = Repo::empty();
        first.iter().for_each(|(path, text)| repo.write(path, text));
        repo.commit("Begin");
        for (path, text) in *then {
            std::fs::remove_file(repo.path().join(path)).unwrap();
            match *text {
                "a link" => std::os::unix::fs::symlink("elsewhere", repo.path().join(path)).unwrap(),
                text => repo.write(path, text),
            }
        }
        repo.commit("Break it");
        repo.git(&["switch", "--quiet", "--create", "other"]);
        repo.write("page.rs", "1\n");
        repo.commit("Change something else");
        let run = repo.check(&[]);
        assert_eq!(run.code, 2, "row {at}: {run:?}");
        assert!(run.err.contains("by the last one without a fault, .countersign/"), "row {at}: {run:?}");
        repo.git(&["switch", "--quiet", "--create", "mend", "main"]);
        for (path, _) in *then {
            std::fs::remove_file(repo.path().join(path)).unwrap();
        }
        first.iter().for_each(|(path, text)| repo.write(path, text));
        let head = repo.commit("Mend it");
        let run = repo.check(&[]);
        assert_eq!((run.code, run.out.contains("1 approval by seniors")), (1, true), "row {at}: {run:?}");
        let signoff = repo.signoff("sam", &head);
        let run = repo.check(&["--signoffs", signoff.to_str().unwrap()]);
        assert_eq!(run.code, 0, "row {at}: {run:?}");
    }
}
