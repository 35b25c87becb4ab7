//! Signed sign-offs: made by the command with real keys, kept in git, verified in the module.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;

use std::process::{Command, Stdio};

use common::{AI, Repo, SIGNED_ANSWER, approve, key, repo_with_signers as repo};

/// The code of the one act on the change.
fn code(repo: &Repo) -> String {
    let decision = repo.decision(&[]);
    let rules = decision["rules"].as_array().unwrap();
    let acts: Vec<_> =
        rules.iter().filter_map(|rule| rule["requirements"][0]["acts"].as_array()).flatten().collect();
    assert_eq!(acts.len(), 1, "{decision:#}");
    acts[0]["code"].as_str().unwrap().to_owned()
}

#[test]
fn a_signed_sign_off_counts_with_every_kind_of_key() {
    for kind in [vec!["ed25519"], vec!["ecdsa", "-b", "256"], vec!["rsa", "-b", "2048"]] {
        let repo = repo(|repo| {
            format!("sam@example.com namespaces=\"countersign\" {}\n", key(repo, "sam", &kind).1)
        });
        let blocked = repo.check(&[]);
        assert_eq!(blocked.code, 1);
        assert!(blocked.out.contains("Which running systems outside this repository"), "{}", blocked.out);
        approve(&repo, repo.beside("sam").to_str().unwrap());
        let passed = repo.check(&[]);
        assert_eq!(passed.code, 0, "{kind:?} {passed:?}");
        assert!(passed.out.contains("sam"), "{}", passed.out);
        let listed = repo.countersign(&["signoffs", "--target", "main"]);
        assert!(listed.out.contains("signed with an SSH key [counted]"), "{}", listed.out);
    }
}

#[test]
fn a_sign_off_travels_with_push_and_fetch() {
    let repo = repo(|repo| format!("sam@example.com {}\n", key(repo, "sam", &["ed25519"]).1));
    let remote = repo.beside("remote.git");
    let remote = remote.to_str().unwrap();
    repo.git(&["init", "--quiet", "--bare", "--initial-branch=main", remote]);
    repo.git(&["remote", "add", "origin", remote]);
    repo.git(&["push", "--quiet", "origin", "main", "change"]);
    approve(&repo, repo.beside("sam").to_str().unwrap());
    repo.git(&["push", "--quiet", "origin", "refs/countersign/signoffs"]);
    let clone = repo.beside("clone");
    let clone = clone.to_str().unwrap();
    repo.git(&["clone", "--quiet", "--branch", "change", remote, clone]);
    let args = ["check", "--target", "main"];
    assert_eq!(common::run(clone.as_ref(), &args, &[]).code, 1);
    repo.git(&[
        "-C",
        clone,
        "fetch",
        "--quiet",
        "origin",
        "refs/countersign/signoffs:refs/countersign/others",
    ]);
    let run = common::run(clone.as_ref(), &args, &[]);
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn each_way_in_which_a_signature_is_worth_nothing_has_its_code() {
    let line = |options: &str| {
        let options = options.to_owned();
        move |repo: &Repo| format!("sam@example.com {options}{}\n", key(repo, "sam", &["ed25519"]).1)
    };
    for (options, expected) in [
        ("namespaces=\"git\" ", "wrong-namespace"),
        ("valid-before=\"20200101\" ", "expired-key"),
        ("valid-after=\"20990101Z\" ", "expired-key"),
        ("valid-after=\"20200101\",valid-before=\"20990101\" ", "counted"),
        ("namespaces=\"git,countersign\" ", "counted"),
        ("cert-authority ", "unknown-key"),
        ("namespaces=\"countersign\" valid-before=\"20200101\" ", "unknown-key"),
        ("namespaces=\"*,!countersign\" ", "unknown-key"),
        ("verify-required ", "unknown-key"),
        ("namespaces=\"countersign\",verify-required ", "unknown-key"),
        ("valid-before=\"20200101\",valid-before=\"20990101\" ", "unknown-key"),
        ("# ", "unknown-key"),
    ] {
        let repo = repo(line(options));
        approve(&repo, repo.beside("sam").to_str().unwrap());
        assert_eq!(code(&repo), expected, "{options}");
    }

    // A key that nobody listed.
    let unlisted = repo(line(""));
    let (other, _) = key(&unlisted, "other", &["ed25519"]);
    approve(&unlisted, &other);
    assert_eq!(code(&unlisted), "unknown-key");

    // A key that was revoked after the signature.
    let revoked = repo(line(""));
    approve(&revoked, revoked.beside("sam").to_str().unwrap());
    let public = std::fs::read_to_string(revoked.beside("sam.pub")).unwrap();
    // And a list in a form that is not read: nobody knows what is in it.
    for list in [public.as_str(), "SSHKRL\n\0\0\0\u{1}"] {
        revoked.git(&["switch", "--quiet", "main"]);
        revoked.write(".countersign/revoked_keys", list);
        revoked.commit("Revoke a key");
        revoked.git(&["switch", "--quiet", "change"]);
        assert_eq!(code(&revoked), "revoked-key");
    }

    // A kind of key that is not verified.
    let kind = repo(|repo| format!("sam@example.com {}\n", key(repo, "sam", &["ecdsa", "-b", "384"]).1));
    approve(&kind, kind.beside("sam").to_str().unwrap());
    assert_eq!(code(&kind), "key-type");
}

#[test]
fn a_sign_off_is_bound_to_head_policy_and_repository() {
    let signers = |repo: &Repo| format!("sam@example.com {}\n", key(repo, "sam", &["ed25519"]).1);
    let repo = repo(signers);
    approve(&repo, repo.beside("sam").to_str().unwrap());
    assert_eq!(code(&repo), "counted");

    // Replayed on another head: the statement stands under a commit of the change that is no longer its head.
    repo.commit("One more thing");
    assert_eq!(code(&repo), "stale-head");
    repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);

    // Under an older policy.
    repo.git(&["switch", "--quiet", "main"]);
    let policy = std::fs::read_to_string(repo.path().join(".countersign/policy.yaml")).unwrap();
    repo.write(".countersign/policy.yaml", &format!("{policy}# now\n"));
    repo.commit("Touch the policy");
    repo.git(&["switch", "--quiet", "change"]);
    assert_eq!(code(&repo), "stale-policy");
}

#[test]
fn a_statement_that_was_changed_or_unsigned_is_worth_nothing() {
    let repo = repo(|repo| format!("sam@example.com {}\n", key(repo, "sam", &["ed25519"]).1));
    let head = repo.git(&["rev-parse", "HEAD"]);
    approve(&repo, repo.beside("sam").to_str().unwrap());
    let paths = repo.git(&["ls-tree", "-r", "--name-only", "refs/countersign/signoffs"]);
    let name = paths.lines().find_map(|path| path.strip_suffix(".json")).unwrap();
    let blob = |kind: &str| repo.git(&["show", &format!("refs/countersign/signoffs:{name}.{kind}")]);
    let forged = blob("json").replace("two readers", "ten readers");
    let file = repo.beside("forged");
    std::fs::write(&file, forged).unwrap();
    let id = repo.git(&["hash-object", "-w", file.to_str().unwrap()]);
    for path in [format!("{name}.json"), format!("signoffs/{head}/unsigned.json")] {
        repo.git(&["read-tree", "refs/countersign/signoffs"]);
        if path.ends_with("unsigned.json") {
            repo.git(&["rm", "--quiet", "--cached", "-r", "signoffs"]);
        }
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{id},{path}")]);
        let tree = repo.git(&["write-tree"]);
        let commit = repo.git(&["commit-tree", "-m", "Forge", &tree]);
        repo.git(&["update-ref", "refs/countersign/forged", &commit]);
        repo.git(&["update-ref", "-d", "refs/countersign/signoffs"]);
        repo.git(&["read-tree", "HEAD"]);
        assert_eq!(code(&repo), "bad-signature", "{path}");
        repo.git(&["update-ref", "refs/countersign/signoffs", "refs/countersign/forged"]);
        repo.git(&["update-ref", "-d", "refs/countersign/forged"]);
    }
}

#[test]
fn a_sign_off_is_taken_back() {
    let repo = repo(|repo| format!("sam@example.com {}\n", key(repo, "sam", &["ed25519"]).1));
    let sam = repo.beside("sam");
    approve(&repo, sam.to_str().unwrap());
    let run = repo.countersign(&[
        "approve",
        "--yes",
        "--target",
        "main",
        "--key",
        sam.to_str().unwrap(),
        "--withdraw",
    ]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(repo.check(&[]).code, 1);
}

#[test]
fn what_is_not_answered_is_named() {
    let repo = repo(|repo| format!("sam@example.com {}\n", key(repo, "sam", &["ed25519"]).1));
    let run = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["approve", "--target", "main", "--key", repo.beside("sam").to_str().unwrap()])
        .current_dir(repo.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(2));
    let err = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(err.contains("--answer topology=..."), "{err}");
}

#[test]
fn a_policy_is_tried_on_what_was_merged() {
    let repo = repo(|repo| format!("sam@example.com {}\n", key(repo, "sam", &["ed25519"]).1));
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--no-ff", "-m", "Merge the change", "change"]);
    let run = repo.countersign(&["policy", "try", "main~1..main", "--target", "main"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("pending") && run.out.contains("AI-assisted code"), "{}", run.out);
}

#[test]
fn a_key_of_two_people_signs_for_neither_who_wrote_the_change() {
    let repo =
        repo(|repo| format!("sam@example.com,dana@example.com {}\n", key(repo, "sam", &["ed25519"]).1));
    approve(&repo, repo.beside("sam").to_str().unwrap());
    assert_eq!(code(&repo), "author");
}

#[test]
fn a_file_of_the_same_name_hides_no_withdrawal() {
    let repo = repo(|repo| format!("sam@example.com {}\n", key(repo, "sam", &["ed25519"]).1));
    let sam = repo.beside("sam");
    approve(&repo, sam.to_str().unwrap());
    let before = repo.git(&["ls-tree", "-r", "--name-only", "refs/countersign/signoffs"]);
    repo.countersign(&["approve", "--yes", "--target", "main", "--key", sam.to_str().unwrap(), "--withdraw"]);
    let after = repo.git(&["ls-tree", "-r", "--name-only", "refs/countersign/signoffs"]);
    let withdrawal = after.lines().find(|path| !before.contains(path) && path.ends_with(".json")).unwrap();
    let empty = repo.git(&["hash-object", "-w", "/dev/null"]);
    repo.git(&["read-tree", "--empty"]);
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{empty},{withdrawal}")]);
    let tree = repo.git(&["write-tree"]);
    let commit = repo.git(&["commit-tree", "-m", "Hide", &tree]);
    repo.git(&["update-ref", "refs/countersign/aaa", &commit]);
    repo.git(&["read-tree", "HEAD"]);
    assert_eq!(repo.check(&[]).code, 1);
}

/// The policy of `Repo::with_policy` with some things put in others' places, on main; a change on a new branch.
fn under(repo: &Repo, replacements: &[(&str, &str)]) {
    repo.git(&["switch", "--quiet", "main"]);
    let mut policy = std::fs::read_to_string(repo.path().join(".countersign/policy.yaml")).unwrap();
    for (from, to) in replacements {
        assert!(policy.contains(from), "{policy}");
        policy = policy.replace(from, to);
    }
    repo.write(".countersign/policy.yaml", &policy);
    repo.commit("Change the policy");
    repo.git(&["switch", "--quiet", "--create", "other"]);
    repo.commit(AI);
}

#[test]
fn a_key_that_the_policy_lists_under_a_person_counts_like_one_in_allowed_signers() {
    let repo = Repo::with_policy();
    let (sam, public) = key(&repo, "sam", &["ed25519"]);
    let to = format!("sam: {{ emails: [sam@example.com], keys: [\"{public}\"] }}");
    under(&repo, &[("sam: { emails: [sam@example.com] }", &to)]);
    approve(&repo, &sam);
    assert_eq!(code(&repo), "counted");
}

#[test]
fn a_signed_waiver_overrides_and_broken_glass_overrides_all() {
    for override_with in
        [&["--waive", "AI-assisted code", "--until", "2099-01-31"][..], &["--break-glass"][..]]
    {
        let repo = repo(|repo| format!("noor@example.com {}\n", key(repo, "noor", &["ed25519"]).1));
        let replacements = [
            (
                "people:\n",
                "break-glass: { by: directors }\npeople:\n  directors: { users: [noor@example.com] }\n",
            ),
            ("    when: { ai: any }\n", "    when: { ai: any }\n    waivable-by: directors\n"),
        ];
        under(&repo, &replacements);
        assert_eq!(repo.check(&[]).code, 1);
        let (path, reason) = (repo.beside("noor"), "payments are down and this rolls them back");
        let common =
            ["approve", "--yes", "--target", "main", "--key", path.to_str().unwrap(), "--reason", reason];
        let run = repo.countersign(&[&common[..], override_with].concat());
        assert_eq!(run.code, 0, "{run:?}");
        let passed = repo.check(&[]);
        assert_eq!(passed.code, 0, "{passed:?}");
        assert!(passed.out.contains("OVERRIDDEN") && passed.out.contains(reason), "{}", passed.out);
    }
}

#[test]
fn approve_says_where_attributes_would_make_the_merge_another_one() {
    for (attributes, warns) in [("CHANGELOG.md merge=union\n", true), ("CHANGELOG.md -diff\n", false)] {
        let repo = repo(|repo| format!("sam@example.com {}\n", key(repo, "sam", &["ed25519"]).1));
        let log = |branch: &str, line: &str| {
            repo.git(&["switch", "--quiet", branch]);
            let path = repo.path().join("CHANGELOG.md");
            let old = std::fs::read_to_string(path).unwrap_or_default();
            repo.write("CHANGELOG.md", &format!("{old}{line}\n"));
            repo.commit(AI);
        };
        repo.git(&["switch", "--quiet", "main"]);
        repo.write(".gitattributes", attributes);
        log("main", "# log");
        repo.git(&["switch", "--quiet", "--force-create", "change"]);
        log("change", "- two");
        log("main", "- three");
        repo.git(&["switch", "--quiet", "change"]);
        let key = repo.beside("sam");
        let args = [
            "approve",
            "--yes",
            "--target",
            "main",
            "--key",
            key.to_str().unwrap(),
            "--answer",
            SIGNED_ANSWER,
        ];
        let run = repo.countersign(&args);
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(run.err.contains("merge otherwise"), warns, "{attributes}: {run:?}");
    }
}
