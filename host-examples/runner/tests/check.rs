//! `countersign check` on real repositories: what is judged, by which policy, and what it says.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;

use common::{AI, POLICY, Repo, run};

fn rule<'d>(decision: &'d serde_json::Value, name: &str) -> &'d serde_json::Value {
    decision["rules"].as_array().unwrap().iter().find(|rule| rule["name"] == name).unwrap()
}

fn act_codes(decision: &serde_json::Value) -> Vec<String> {
    let rules = decision["rules"].as_array().unwrap().iter();
    let requirements = rules.flat_map(|rule| rule["requirements"].as_array().cloned().unwrap_or_default());
    requirements
        .flat_map(|requirement| requirement["acts"].as_array().cloned().unwrap_or_default())
        .map(|act| act["code"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn an_ai_assisted_change_is_blocked_then_signed_off_then_passes() {
    let repo = Repo::with_policy();
    repo.write("src/page.rs", "pub fn page() { clamp() }\n");
    let head = repo.commit(AI);
    let blocked = repo.check(&[]);
    assert_eq!(blocked.code, 1, "{blocked:?}");
    insta::assert_snapshot!("blocked", blocked.out);
    let signoffs = repo.signoff("sam", &head);
    let passed = repo.check(&["--signoffs", signoffs.to_str().unwrap()]);
    assert_eq!(passed.code, 0, "{passed:?}");
    insta::assert_snapshot!("signed_off", passed.out);
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_file_of_sign_offs() {
    let repo = Repo::with_policy();
    let head = repo.commit(AI);
    let path = repo.signoff("sam", &head);
    let text = std::fs::read_to_string(&path).unwrap();
    for (mark, code) in [("", 0), ("\u{feff}", 0), ("\u{feff}\u{feff}", 2), ("x", 2)] {
        std::fs::write(&path, format!("{mark}{text}")).unwrap();
        let run = repo.check(&["--signoffs", path.to_str().unwrap()]);
        assert_eq!(run.code, code, "{mark:?}: {run:?}");
    }
}

#[test]
fn every_format_says_the_same() {
    let repo = Repo::with_policy();
    repo.commit(AI);
    for format in ["markdown", "junit", "codequality", "sarif"] {
        let run = repo.check(&["--format", format]);
        assert_eq!(run.code, 1);
        insta::assert_snapshot!(format, run.out);
    }
    let file = repo.beside("report.xml");
    let run = repo.check(&["--format", "junit", "--output", file.to_str().unwrap()]);
    assert!(run.out.starts_with("Blocked"), "the text goes to standard output: {}", run.out);
    assert!(std::fs::read_to_string(file).unwrap().starts_with("<?xml"));
}

#[test]
fn a_change_without_evidence_of_ai_passes_and_says_what_that_is_worth() {
    let repo = Repo::with_policy();
    repo.commit("Fix a typo");
    let run = repo.check(&[]);
    assert_eq!(run.code, 0);
    assert!(run.out.contains("that does not prove that none was used"), "{}", run.out);
}

#[test]
fn a_sign_off_counts_for_its_own_head_person_and_target_only() {
    let repo = Repo::with_policy();
    let old = repo.commit(AI);
    let head = repo.commit("More of it");
    for (by, given_for, code) in [
        ("sam", old.as_str(), "stale-head"),
        ("dana@example.com", &head, "author"),
        ("olga@example.com", &head, "not-eligible"),
        ("olga", &head, "not-eligible"),
    ] {
        let path = repo.signoff(by, given_for);
        let decision = repo.decision(&["--signoffs", path.to_str().unwrap()]);
        assert_eq!(act_codes(&decision), [code], "{by}");
        assert_eq!(decision["outcome"], "pending");
    }
    let path = repo.signoff("sam", &head);
    let text = std::fs::read_to_string(&path).unwrap().replace("refs/heads/main", "refs/heads/other");
    std::fs::write(&path, text).unwrap();
    assert_eq!(act_codes(&repo.decision(&["--signoffs", path.to_str().unwrap()])), ["other-target"]);
}

#[test]
fn a_person_known_by_no_address_cannot_be_told_from_an_author() {
    let repo = Repo::empty();
    repo.write(
        ".countersign/policy.yaml",
        "countersign: 1\nname: x\npeople:\n  seniors: { users: [sam] }\nrules:\n  - name: all\n    require: { approvals: 1, by: seniors }\n",
    );
    repo.commit("Begin");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    let head = repo.commit("x");
    let path = repo.signoff("sam", &head);
    let decision = repo.decision(&["--signoffs", path.to_str().unwrap()]);
    assert_eq!(act_codes(&decision), ["unknown-account"]);
}

#[test]
fn contributors_are_found_over_all_parents_in_every_part() {
    let repo = Repo::with_policy();
    repo.git(&["switch", "--quiet", "--create", "side"]);
    repo.commit_as("Sam <sam@example.com>", "Side work");
    repo.git(&["switch", "--quiet", "work"]);
    repo.commit(AI);
    repo.git(&[
        "merge",
        "--quiet",
        "--no-ff",
        "--message",
        "Merge side\n\nCo-authored-by: Rhea <Rhea@Example.com>",
        "side",
    ]);
    let head = repo.git(&["rev-parse", "HEAD"]);
    for (by, code) in [("sam", "author"), ("rhea", "co-author")] {
        let path = repo.signoff(by, &head);
        assert_eq!(act_codes(&repo.decision(&["--signoffs", path.to_str().unwrap()])), [code], "{by}");
    }
}

#[test]
fn a_mailmap_of_the_target_says_who_is_who() {
    let repo = Repo::with_policy();
    repo.git(&["switch", "--quiet", "main"]);
    repo.write(".mailmap", "Sam <sam@example.com> Old Sam <old@elsewhere.example>\n");
    repo.commit("Map");
    repo.git(&["switch", "--quiet", "--create", "next"]);
    let head = repo.commit_as("Old Sam <old@elsewhere.example>", AI);
    let path = repo.signoff("sam", &head);
    assert_eq!(act_codes(&repo.decision(&["--signoffs", path.to_str().unwrap()])), ["author"]);
}

#[test]
fn a_mailmap_admits_nobody() {
    let repo = Repo::with_policy();
    repo.git(&["switch", "--quiet", "main"]);
    repo.write(".mailmap", "Sam <sam@example.com> <bob@example.com>\n");
    repo.commit("Map");
    repo.git(&["switch", "--quiet", "--create", "next"]);
    let head = repo.commit(AI);
    let path = repo.signoff("bob@example.com", &head);
    assert_eq!(act_codes(&repo.decision(&["--signoffs", path.to_str().unwrap()])), ["not-eligible"]);
}

#[test]
fn an_ai_as_author_is_a_tool_and_blocks_nobody() {
    let repo = Repo::with_policy();
    let head = repo.commit_as("Claude <noreply@anthropic.com>", "Clamp");
    let path = repo.signoff("sam", &head);
    let decision = repo.decision(&["--signoffs", path.to_str().unwrap()]);
    assert_eq!(decision["outcome"], "approved");
    assert_eq!(decision["contributors"], serde_json::json!([]));
}

#[test]
fn a_commit_that_names_nobody_blocks() {
    let repo = Repo::with_policy();
    repo.write("infra/main.tf", "changed\n");
    let head = repo.commit_as("Ghost <>", "Change");
    let path = repo.signoff("sam", &head);
    let decision = repo.decision(&["--signoffs", path.to_str().unwrap()]);
    assert_eq!(rule(&decision, "Infrastructure")["code"], "unattributed-commit");
}

#[test]
fn a_forges_address_is_no_mask_for_an_author() {
    let repo = Repo::with_policy();
    repo.write("infra/main.tf", "changed\n");
    let head = repo.commit_as("GitHub <noreply@github.com>", "Change");
    let path = repo.signoff("sam", &head);
    let decision = repo.decision(&["--signoffs", path.to_str().unwrap()]);
    assert_eq!(rule(&decision, "Infrastructure")["code"], "unattributed-commit");
}

#[test]
fn the_policy_of_the_target_decides_and_not_the_changes_own() {
    let repo = Repo::with_policy();
    repo.write(
        ".countersign/policy.yaml",
        "countersign: 1\nname: lax\nrules:\n  - { name: x, when: { ai: none }, deny: no }\n",
    );
    repo.commit(AI);
    let decision = repo.decision(&[]);
    assert_eq!(decision["policy"]["name"], "test");
    assert_eq!(decision["outcome"], "pending");
    // Given by hand from the work tree it decides, and is called untrusted.
    let policy = repo.path().join(".countersign/policy.yaml");
    let decision = repo.decision(&["--policy", policy.to_str().unwrap()]);
    assert_eq!(decision["policy"]["name"], "lax");
    assert_eq!(decision["policy"]["untrusted"], true);
}

#[test]
fn a_tag_that_is_called_like_the_target_is_another_ref() {
    let repo = Repo::with_policy();
    repo.commit(AI);
    repo.git(&["tag", "main", "work"]);
    assert_eq!(repo.decision(&[])["outcome"], "pending");
}

#[test]
fn the_default_branch_gives_its_policy_to_a_target_without_one() {
    let repo = Repo::with_policy();
    let upstream = repo.beside("clone");
    repo.git(&["branch", "--quiet", "old", "main"]);
    repo.git(&["switch", "--quiet", "old"]);
    repo.git(&["rm", "--quiet", "-r", ".countersign"]);
    repo.commit("Without a policy");
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&["clone", "--quiet", ".", upstream.to_str().unwrap()]);
    let clone = |args: &[&str]| run(&upstream, args, &[]);
    let commands = [
        vec!["switch", "--quiet", "--create", "x", "origin/old"],
        vec!["commit", "--quiet", "--allow-empty", "-m", AI],
    ];
    for args in commands {
        common::text(&common::command(&upstream).args(args).output().unwrap());
    }
    let run = clone(&["check", "--target", "old", "--format", "json"]);
    let decision: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert!(
        decision["policy"]["origin"].as_str().unwrap().contains("refs/remotes/origin/main"),
        "{decision}"
    );
    assert_eq!(run.code, 1);
}

#[test]
fn no_policy_passes_and_says_so_unless_one_is_required() {
    let repo = Repo::empty();
    repo.commit("Begin");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo.commit(AI);
    let run = repo.check(&[]);
    assert_eq!(run.code, 0);
    assert!(run.out.contains("no policy"), "{}", run.out);
    assert_eq!(repo.check(&["--require-policy"]).code, 1);
}

#[test]
fn a_bad_policy_cannot_be_evaluated() {
    let repo = Repo::empty();
    repo.write(".countersign/policy.yaml", "countersign: 1\nname: x\nrulez: []\n");
    repo.commit("Begin");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo.commit("x");
    let run = repo.check(&[]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("unknown key `rulez` (line 3, column 1)"), "{}", run.err);
    assert_eq!(run.out, "");
    let run = repo.check(&["--format", "json"]);
    assert_eq!(run.code, 2);
    let document: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(document["error"], "bad-policy");
}

#[test]
fn both_sides_of_a_rename_count() {
    let repo = Repo::with_policy();
    repo.write("docs/x", "");
    repo.git(&["mv", "infra/main.tf", "docs/main.tf"]);
    repo.commit("Move");
    let decision = repo.decision(&[]);
    assert_eq!(rule(&decision, "Infrastructure")["code"], "missing-approvals");
}

#[test]
fn odd_path_names_are_matched_byte_for_byte() {
    use std::os::unix::ffi::OsStrExt;
    for name in [
        &b"d\xe9ploy.tf"[..],
        "déploy.tf".as_bytes(),
        b"new\nline.tf",
        b"quote\".tf",
        b"tab\t.tf",
        b" lead.tf",
    ] {
        let repo = Repo::with_policy();
        std::fs::write(repo.path().join("infra").join(std::ffi::OsStr::from_bytes(name)), "x").unwrap();
        repo.commit("Odd");
        let decision = repo.decision(&[]);
        assert_eq!(rule(&decision, "Infrastructure")["code"], "missing-approvals", "{name:?}");
    }
}

#[test]
fn messages_in_other_encodings_and_with_other_line_ends_are_read() {
    let repo = Repo::with_policy();
    let base = repo.git(&["rev-parse", "HEAD"]);
    for (name, message) in [
        ("crlf", b"Clamp\r\n\r\nAI-Assisted: cursor\r\n".to_vec()),
        ("latin-1", b"R\xe9sum\xe9\n\nAI-Assisted: cursor\n".to_vec()),
        ("cr only", b"Clamp\r\rAI-Assisted: cursor\r".to_vec()),
    ] {
        repo.git(&["reset", "--quiet", "--hard", &base]);
        let file = repo.beside("message");
        std::fs::write(&file, message).unwrap();
        let file = file.to_str().unwrap();
        repo.git(&["commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "--file", file]);
        assert_eq!(repo.decision(&[])["provenance"]["ai"], true, "{name}");
    }
}

#[test]
fn notes_of_git_ai_count_in_every_fan_out() {
    let note = "src/page.rs\n  s_4ee96dfc105aa4::t_0a1b2c3d4e5f60 1-14\n---\n{\"schema_version\": \"authorship/3.0.0\", \
                \"prompts\": {}, \"sessions\": {\"s_4ee96dfc105aa4\": {\"agent_id\": {\"tool\": \"claude\", \"id\": \"1\", \"model\": \"m\"}}}}";
    for levels in 0..4 {
        let repo = Repo::with_policy();
        let head = repo.commit("Clamp");
        let path = match levels {
            0 => head.clone(),
            1 => format!("{}/{}", &head[..2], &head[2..]),
            2 => format!("{}/{}/{}", &head[..2], &head[2..4], &head[4..]),
            _ => format!("{}/{}/{}/{}", &head[..2], &head[2..4], &head[4..6], &head[6..]),
        };
        // The tree that git itself would build only for thousands of notes.
        let file = repo.beside("note");
        std::fs::write(&file, note).unwrap();
        let blob = repo.git(&["hash-object", "-w", file.to_str().unwrap()]);
        repo.git(&["read-tree", "--empty"]);
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{path}")]);
        if levels > 0 {
            // An empty note at another depth takes nothing away.
            let empty = repo.git(&["hash-object", "-w", "/dev/null"]);
            repo.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{empty},{head}")]);
        }
        let tree = repo.git(&["write-tree"]);
        let commit = repo.git(&["commit-tree", "-m", "Notes", &tree]);
        repo.git(&["update-ref", "refs/notes/ai", &commit]);
        repo.git(&["read-tree", "HEAD"]);
        let decision = repo.decision(&[]);
        let finding = &decision["provenance"]["commits"][0]["findings"][0];
        assert_eq!(
            (&finding["tool"], &finding["confidence"]),
            (&"claude-code".into(), &"attested".into()),
            "{levels}"
        );
    }
}

#[test]
fn a_note_of_three_megabytes_is_read() {
    let repo = Repo::with_policy();
    repo.commit("Clamp");
    let file = repo.beside("note");
    let conversation = "a long conversation ".repeat(160_000);
    let note = format!(
        "src/page.rs\n  f2c1eb246c3f356e 1-14\n---\n{{\"prompts\": {{\"f2c1eb246c3f356e\": {{\"agent_id\": {{\"tool\": \"cursor\"}}, \"messages\": [\"{conversation}\"]}}}}}}"
    );
    std::fs::write(&file, note).unwrap();
    repo.git(&["notes", "--ref=ai", "add", "--file", file.to_str().unwrap()]);
    let decision = repo.decision(&[]);
    assert_eq!(decision["provenance"]["tools"][0]["tool"], "cursor");
}

#[test]
fn a_note_that_cannot_be_read_leaves_the_rule_pending() {
    let repo = Repo::with_policy();
    repo.commit("Clamp");
    repo.git(&["notes", "--ref=ai", "add", "--message", "rubbish"]);
    let decision = repo.decision(&[]);
    assert_eq!(rule(&decision, "AI-assisted code")["code"], "fact-unavailable");
}

#[test]
fn a_note_under_a_ref_that_no_table_knows_is_a_suspicion_in_every_clone() {
    let under = |when: &str| {
        let repo = Repo::with_policy();
        repo.git(&["switch", "--quiet", "main"]);
        repo.write(".countersign/policy.yaml", &common::POLICY.replace("ai: any", when));
        repo.commit("Ask");
        repo.git(&["switch", "--quiet", "work"]);
        repo.git(&["reset", "--quiet", "--hard", "main"]);
        repo
    };
    let code = |decision: &serde_json::Value| rule(decision, "AI-assisted code")["code"].clone();
    for (when, expected) in [("ai: suspected", "missing-approvals"), ("ai: any", "not-applicable")] {
        let repo = under(when);
        let other = repo.git(&["rev-parse", "HEAD"]);
        let head = repo.commit("Clamp");
        repo.git(&["notes", "--ref=some-agent", "add", "--message", "{}", &other]);
        assert_eq!(code(&repo.decision(&[])), "not-applicable", "a note of another commit");
        repo.git(&["notes", "--ref=some-agent", "add", "--message", "{}"]);
        assert_eq!(code(&repo.decision(&[])), expected, "{when}");
        let bare = repo.beside("bare.git");
        repo.git(&["clone", "--quiet", "--mirror", ".", bare.to_str().unwrap()]);
        let run =
            common::run(&bare, &["check", "--target", "main", "--head", "work", "--format", "json"], &[]);
        assert_eq!(code(&serde_json::from_str(&run.out).unwrap()), expected, "{when}, in a bare repository");
        // Further down, and under a ref that names a tree, as git reads it.
        let tree = repo.git(&["rev-parse", "refs/notes/some-agent^{tree}"]);
        repo.git(&["update-ref", "-d", "refs/notes/some-agent"]);
        repo.git(&["update-ref", "refs/notes/a/b/some-agent", &tree]);
        assert_eq!(repo.git(&["notes", "--ref=a/b/some-agent", "list", &head]).len(), 40);
        assert_eq!(code(&repo.decision(&[])), expected, "{when}, under a tree");
    }
    // What leads to no tree annotates nothing, to git and to us.
    let repo = under("ai: suspected");
    repo.commit("Clamp");
    let blob = repo.git(&["rev-parse", "HEAD:src/page.rs"]);
    repo.git(&["update-ref", "refs/notes/some-agent", &blob]);
    assert_eq!(code(&repo.decision(&[])), "not-applicable");
}

#[test]
fn notes_of_other_tools_count_and_so_do_those_that_a_clone_keeps_for_a_remote() {
    for (name, note, tool) in [
        ("ai-attribution", "{\"generator\":\"Qwen-Coder\",\"files\":{\"a\":{\"aiChars\":9}}}", "qwen-code"),
        ("origin/claude-conversations", "{\"session_id\":\"6b1f\"}", "claude-code"),
    ] {
        let repo = Repo::with_policy();
        repo.commit("Clamp");
        repo.git(&["notes", &format!("--ref={name}"), "add", "--message", note]);
        assert_eq!(repo.decision(&[])["provenance"]["tools"][0]["tool"], tool, "{name}");
        // By a ref that names the tree itself.
        let tree = repo.git(&["rev-parse", &format!("refs/notes/{name}^{{tree}}")]);
        repo.git(&["update-ref", &format!("refs/notes/{name}"), &tree]);
        assert_eq!(repo.decision(&[])["provenance"]["tools"][0]["tool"], tool, "{name}");
    }
}

#[test]
fn a_trace_that_the_change_brings_and_that_fits_nothing_is_remarked_on() {
    let record = |id: &str| {
        format!(
            "{{\"version\":\"1.0\",\"id\":\"{id}\",\"files\":[{{\"path\":\"src/page.rs\",\"conversations\":\
             [{{\"contributor\":{{\"type\":\"ai\"}},\"ranges\":[{{\"start_line\":1,\"end_line\":1}}]}}]}}]}}\n"
        )
    };
    let repo = Repo::with_policy();
    repo.git(&["switch", "--quiet", "main"]);
    repo.write(".agent-trace/traces.jsonl", &record("old"));
    repo.commit("Keep traces");
    repo.git(&["switch", "--quiet", "work"]);
    repo.git(&["reset", "--quiet", "--hard", "main"]);
    repo.write("src/page.rs", "pub fn page() { clamp() }\n");
    repo.commit("Clamp");
    let remarks = || repo.decision(&[])["provenance"]["commits"].to_string();
    assert!(!remarks().contains("unplaced-trace"), "{}", remarks());
    repo.write(".agent-trace/traces.jsonl", &(record("old") + &record("new")));
    repo.commit("More");
    assert!(remarks().contains("unplaced-trace"), "{}", remarks());
}

#[test]
fn traces_in_the_tree_and_checkpoints_on_their_branch_count() {
    let repo = Repo::with_policy();
    let parent = repo.git(&["rev-parse", "HEAD"]);
    repo.write("src/page.rs", "pub fn page() { clamp() }\n");
    repo.write(
        ".agent-trace/traces.jsonl",
        &format!(
            "{{\"version\":\"1.0\",\"id\":\"x\",\"vcs\":{{\"type\":\"git\",\"revision\":\"{parent}\"}},\"tool\":{{\"name\":\"cursor\"}},\
             \"files\":[{{\"path\":\"src/page.rs\",\"conversations\":[{{\"contributor\":{{\"type\":\"ai\"}},\"ranges\":[{{\"start_line\":1,\"end_line\":1}}]}}]}}]}}\n"
        ),
    );
    repo.commit("Clamp");
    assert_eq!(repo.decision(&[])["provenance"]["tools"][0]["tool"], "cursor");

    let repo = Repo::with_policy();
    repo.git(&["switch", "--quiet", "--orphan", "entire/checkpoints/v1"]);
    repo.write(
        "23/73a92c6c40/0/metadata.json",
        "{\"agent\": \"Claude Code\", \"initial_attribution\": {\"agent_lines\": 3, \"total_committed\": 4}}",
    );
    repo.commit("Checkpoint");
    repo.git(&["switch", "--quiet", "work"]);
    repo.commit("Clamp\n\nEntire-Checkpoint: 2373a92c6c40\n");
    let decision = repo.decision(&[]);
    let tools: Vec<_> =
        decision["provenance"]["tools"].as_array().unwrap().iter().map(|tool| tool["tool"].clone()).collect();
    assert_eq!(tools, ["claude-code", "entire"]);
}

#[test]
fn a_shallow_clone_is_no_answer() {
    let repo = Repo::with_policy();
    for n in 0..5 {
        repo.commit(&format!("Commit {n}"));
    }
    let clone = repo.beside("shallow");
    let address = format!("file://{}", repo.path().display());
    repo.git(&[
        "clone",
        "--quiet",
        "--depth=2",
        "--no-single-branch",
        "--branch=work",
        &address,
        clone.to_str().unwrap(),
    ]);
    let run = run(&clone, &["check", "--target", "main"], &[]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("shallow clone") && run.err.contains("fetch"), "{}", run.err);
}

#[test]
fn what_is_missing_is_named_with_what_to_do() {
    let repo = Repo::with_policy();
    for (args, says) in [
        (
            vec!["check", "--target", "nowhere"],
            "git fetch origin +refs/heads/nowhere:refs/remotes/origin/nowhere",
        ),
        (vec!["check", "--target", "main", "--base", "nothing"], "`nothing` names no commit"),
        (vec!["check", "--target", "main", "--head", "nothing"], "`nothing` names no commit"),
        (vec!["check", "--target", "main", "--signoffs", "/nowhere/x.yaml"], "/nowhere/x.yaml"),
        (vec!["check", "--target", "main", "--policy", "/nowhere/x.yaml"], "/nowhere/x.yaml"),
        (vec!["check", "--target", "main", "--policy-ref", "nonsense"], "REF:PATH"),
        (vec!["check", "--target", "main", "--policy-ref", "main:none.yaml"], "there is no such file"),
        (vec!["check", "--nonsense"], "--nonsense"),
    ] {
        let run = repo.countersign(&args);
        assert_eq!(run.code, 2, "{args:?}: {run:?}");
        assert!(run.err.contains(says), "{args:?}: {}", run.err);
    }
    let nowhere = tempfile::tempdir().unwrap();
    let run = run(nowhere.path(), &["check"], &[]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("no git repository"), "{}", run.err);
}

#[test]
fn an_unborn_branch_has_nothing_to_judge_and_a_new_target_has_all() {
    let repo = Repo::empty();
    let run = repo.check(&[]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("no commits yet"), "{}", run.err);
    repo.commit(AI);
    let zeros = "0".repeat(40);
    let policy = repo.beside("policy.yaml");
    std::fs::write(&policy, POLICY).unwrap();
    let policy = ["--policy", policy.to_str().unwrap()];
    let args = ["check", "--target", "refs/heads/new", "--base", &zeros, "--format", "json"];
    let run = repo.countersign(&[&args[..], &policy].concat());
    let decision: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(decision["change"]["commits"], 1);
}

#[test]
fn the_head_that_the_target_already_holds_is_nothing_to_judge() {
    let repo = Repo::with_policy();
    let run = repo.check(&["--head", "main"]);
    assert_eq!(run.code, 0);
    assert!(run.out.contains("nothing to judge"), "{}", run.out);
}

#[test]
fn sign_offs_from_the_judged_tree_are_refused() {
    let repo = Repo::with_policy();
    repo.write("signoffs.yaml", "apiVersion: countersign/v1\nkind: Signoffs\nsignoffs: []\n");
    repo.commit(AI);
    let run = repo.check(&["--signoffs", "signoffs.yaml"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("part of the tree that is judged"), "{}", run.err);
}

#[test]
fn replaced_objects_do_not_change_the_judged_history() {
    let repo = Repo::with_policy();
    let told = repo.commit("Clamp\n\nAI-Assisted: cursor\n");
    repo.git(&["commit", "--quiet", "--amend", "--allow-empty", "--message", "Clamp"]);
    let untold = repo.git(&["rev-parse", "HEAD"]);
    repo.git(&["reset", "--quiet", "--hard", &told]);
    repo.git(&["replace", &told, &untold]);
    assert_eq!(repo.decision(&[])["provenance"]["ai"], true);
    repo.git(&["config", "core.useReplaceRefs", "true"]);
    assert_eq!(repo.decision(&[])["provenance"]["ai"], true);
}

#[test]
fn the_environment_of_a_ci_names_head_and_target() {
    let repo = Repo::with_policy();
    let head = repo.commit(AI);
    repo.git(&["switch", "--quiet", "main"]);
    let base = repo.git(&["rev-parse", "main"]);
    let run = run(
        &repo.path(),
        &["check", "--format", "json"],
        &[
            ("GITLAB_CI", "true"),
            ("CI_PIPELINE_SOURCE", "merge_request_event"),
            ("CI_MERGE_REQUEST_IID", "7"),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &base),
            ("CI_COMMIT_SHA", &head),
        ],
    );
    assert_eq!(run.code, 1, "{run:?}");
    let decision: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&decision["change"]["id"], &decision["change"]["head"]), (&"7".into(), &head.into()));
}

#[test]
fn hostile_text_is_shown_and_does_nothing() {
    let repo = Repo::with_policy();
    repo.commit_as(
        "Eve\u{202e} <eve@example.com>",
        "\u{1b}[2J::error::@everyone <script>\n\nAI-Assisted: x\u{1b}]8;;http://evil\u{7}",
    );
    let text = repo.check(&[]).out;
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    let markdown = repo.check(&["--format", "markdown"]).out;
    assert!(!markdown.contains("<script>") && !markdown.contains("@everyone"), "{markdown}");
}

#[test]
fn the_same_request_gives_the_same_bytes() {
    let repo = Repo::with_policy();
    repo.commit(AI);
    assert_eq!(repo.check(&["--format", "json"]).out, repo.check(&["--format", "json"]).out);
}

#[test]
fn a_tag_or_branch_that_is_called_like_the_target_is_not_the_target() {
    for kind in ["refs/tags", "refs/heads"] {
        let repo = Repo::with_policy();
        repo.commit(AI);
        repo.git(&["update-ref", &format!("{kind}/refs/remotes/origin/main"), "HEAD"]);
        assert_eq!(repo.check(&[]).code, 1, "{kind}");
    }
}

#[test]
fn a_policy_whose_object_is_missing_is_no_missing_policy() {
    let repo = Repo::with_policy();
    repo.commit(AI);
    let id = repo.git(&["rev-parse", "main:.countersign/policy.yaml"]);
    let (folder, file) = id.split_at(2);
    std::fs::remove_file(repo.path().join(".git/objects").join(folder).join(file)).unwrap();
    let run = repo.check(&[]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("cannot be read as a policy"), "{}", run.err);
}

#[test]
fn an_author_who_is_called_like_a_bot_is_still_the_owner_of_the_address() {
    let repo = Repo::with_policy();
    repo.write("infra/main.tf", "other\n");
    let head = repo.commit_as("claude[bot] <sam@example.com>", "Change the infrastructure");
    let path = repo.signoff("sam", &head);
    let run = repo.check(&["--signoffs", path.to_str().unwrap()]);
    assert_eq!(run.code, 1, "{}", run.out);
}

#[test]
fn a_co_author_whose_address_stands_on_the_next_line_is_one() {
    let repo = Repo::with_policy();
    let head = repo.commit(&format!("{AI}Co-authored-by: Sam\n <sam@example.com>\n"));
    let path = repo.signoff("sam", &head);
    assert_eq!(act_codes(&repo.decision(&["--signoffs", path.to_str().unwrap()])), ["co-author"]);
}

#[test]
fn an_open_code_fence_hides_no_trailer_that_git_reads() {
    let repo = Repo::with_policy();
    repo.commit("Clamp the page size\n\n```x()``` is gone now.\n\nAI-Assisted: amazon-q/2026-03\n");
    assert_eq!(repo.check(&[]).code, 1);
}

#[test]
fn a_verdict_stands_when_nobody_reads_it() {
    let repo = Repo::with_policy();
    repo.commit(AI);
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_countersign"))
        .current_dir(repo.path())
        .args(["check", "--target", "main"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn an_error_shows_what_a_terminal_would_obey() {
    let repo = Repo::with_policy();
    repo.commit(AI);
    let path = repo.beside("signoffs.yaml");
    std::fs::write(&path, "\"\\e[31mkey\": 1\n").unwrap();
    let run = repo.check(&["--signoffs", path.to_str().unwrap()]);
    assert_eq!(run.code, 2);
    assert!(!run.err.contains('\u{1b}') && run.err.contains("\\u{1b}"), "{:?}", run.err);
}

#[test]
fn a_number_sign_inside_a_line_of_the_mailmap_is_no_comment() {
    let repo = Repo::with_policy();
    repo.git(&["switch", "--quiet", "main"]);
    repo.write(".mailmap", "Sam #1 <sam@example.com> <sam@home.example>\n");
    repo.commit("Say who is who");
    repo.git(&["switch", "--quiet", "--create", "more"]);
    let head = repo.commit_as("Sam <sam@home.example>", AI);
    let path = repo.signoff("sam", &head);
    assert_eq!(act_codes(&repo.decision(&["--signoffs", path.to_str().unwrap()])), ["author"]);
}

#[test]
fn a_note_whose_object_is_missing_is_no_missing_note() {
    let repo = Repo::with_policy();
    repo.commit("Clamp");
    repo.git(&["notes", "--ref=ai", "add", "--message", "a note"]);
    let blob = repo.git(&["notes", "--ref=ai", "list", "HEAD"]);
    std::fs::remove_file(repo.path().join(".git/objects").join(&blob[..2]).join(&blob[2..])).unwrap();
    let run = repo.check(&[]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("is missing here; fetch its ref again"), "{}", run.err);
}

#[test]
fn a_note_of_which_any_object_is_missing_is_no_missing_note() {
    for part in ["refs/notes/ai", "refs/notes/ai^{tree}"] {
        let repo = Repo::with_policy();
        repo.commit("Clamp");
        repo.git(&["notes", "--ref=ai", "add", "--message", "a note"]);
        let object = repo.git(&["rev-parse", part]);
        std::fs::remove_file(repo.path().join(".git/objects").join(&object[..2]).join(&object[2..])).unwrap();
        let run = repo.check(&[]);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{part}: {run:?}");
    }
}

/// What somebody makes who wants a name to stand for another commit.
type Shadow<'s> = &'s [&'s str];

#[test]
fn a_name_that_decides_what_is_judged_is_never_that_of_another_ref() {
    // Each with the flags that name it, and the words by which the right one is told.
    let cases: &[(Shadow<'_>, &[&str], &str)] = &[
        (&["tag", "work", "soft"], &["--head", "work"], "`refs/heads/work`"),
        (&["tag", "origin/feat", "soft"], &["--head", "origin/feat"], "`refs/remotes/origin/feat`"),
        (&["branch", "origin/feat", "soft"], &["--head", "origin/feat"], "`refs/remotes/origin/feat`"),
        (&["update-ref", "refs/work", "soft"], &["--head", "work"], "`refs/heads/work`"),
        (&["tag", "work", "soft"], &["--head", "work~0"], "`refs/heads/work`"),
        (&["tag", "work", "soft"], &["--head", "work^{commit}"], "`refs/heads/work`"),
        (&["tag", "$SHORT", "soft"], &["--head", "$SHORT"], "$HEAD"),
        (&["tag", "main", "soft"], &["--base", "main"], "`refs/heads/main`"),
        (
            &["tag", "origin/main", "soft"],
            &["--policy-ref", "origin/main:.countersign/policy.yaml"],
            "`refs/remotes/origin/main`",
        ),
        (&["branch", "origin/main", "soft"], &["--target", "origin/main"], "`refs/heads/main`"),
    ];
    for (shadow, flags, told) in cases {
        let repo = Repo::with_policy();
        repo.git(&["switch", "--quiet", "--create", "soft", "main"]);
        repo.write(
            ".countersign/policy.yaml",
            "countersign: 1\nname: soft\nrules: [{ name: x, when: { ai: none }, deny: x }]\n",
        );
        repo.commit("Ask for nothing");
        repo.git(&["switch", "--quiet", "work"]);
        repo.write("src/page.rs", "pub fn page() { clamp() }\n");
        let head = repo.commit(AI);
        repo.git(&["remote", "add", "origin", "/nowhere"]);
        repo.git(&["update-ref", "refs/remotes/origin/main", "main"]);
        repo.git(&["update-ref", "refs/remotes/origin/feat", "work"]);
        let fill = |word: &str| word.replace("$SHORT", &head[..9]).replace("$HEAD", &head);
        let flags: Vec<String> = flags.iter().map(|flag| fill(flag)).collect();
        let mut flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        if !flags.contains(&"--target") {
            flags.extend(["--target", "refs/heads/main"]);
        }
        let check = |flags: &[&str]| repo.countersign(&[&["check"], flags].concat());
        assert_eq!(check(&flags).code, 1, "{flags:?}");
        let shadow: Vec<String> = shadow.iter().map(|word| fill(word)).collect();
        repo.git(&shadow.iter().map(String::as_str).collect::<Vec<_>>());
        let run = check(&flags);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{flags:?} {shadow:?}: {run:?}");
        assert!(run.err.contains(&fill(told)), "{}", run.err);
    }
}

#[test]
fn a_range_of_the_past_is_named_as_everything_that_is_judged() {
    let repo = Repo::with_policy();
    repo.commit(AI);
    repo.git(&["tag", "work", "main"]);
    for command in [&["policy", "try"][..], &["provenance"]] {
        let run = repo.countersign(&[command, &["main..work"]].concat());
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.err.contains("`refs/heads/work`"), "{}", run.err);
        let run = repo.countersign(&[command, &["main..refs/heads/work"]].concat());
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(repo.countersign(&[command, &["main...refs/heads/work"]].concat()).code, 2);
        assert_eq!(repo.countersign(&[command, &[":/Clamp"]].concat()).code, 2);
    }
}

#[test]
fn a_short_target_is_no_branch_of_this_clone_alone_where_there_is_a_remote() {
    let repo = Repo::with_policy();
    repo.commit(AI);
    assert_eq!(repo.check(&[]).code, 1);
    repo.git(&["remote", "add", "origin", "/nowhere"]);
    let run = repo.check(&[]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("--target refs/heads/main"), "{}", run.err);
    assert_eq!(repo.countersign(&["check", "--target", "refs/heads/main"]).code, 1);
}

#[test]
fn a_command_to_copy_quotes_what_a_shell_would_run() {
    let repo = Repo::with_policy();
    repo.commit(AI);
    let run = repo.countersign(&["check", "--target", "no$(x)such"]);
    assert!(run.err.contains("'+refs/heads/no$(x)such:refs/remotes/origin/no$(x)such'"), "{}", run.err);
}

#[test]
fn a_head_that_is_a_branch_and_a_tag_is_named_in_full() {
    let repo = Repo::with_policy();
    repo.git(&["tag", "work"]);
    repo.commit(AI);
    let run = repo.check(&["--head", "work"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("refs/heads/work"), "{}", run.err);
    assert_eq!(repo.check(&["--head", "refs/heads/work"]).code, 1);
    assert_eq!(repo.check(&["--head", "refs/tags/work"]).code, 0);
}

#[test]
fn an_address_that_only_the_sign_off_names_proves_no_person() {
    let repo = Repo::with_policy();
    repo.write(".countersign/policy.yaml", &POLICY.replace("users: [sam, rhea]", "users: [sam, kim]"));
    repo.git(&["switch", "--quiet", "main"]);
    repo.commit("Let kim sign");
    repo.git(&["switch", "--quiet", "--create", "other"]);
    let head = repo.commit(AI);
    let by = "kim\n    email: kim@anywhere.example";
    let path = repo.signoff(by, &head);
    let decision = repo.decision(&["--signoffs", path.to_str().unwrap()]);
    assert_eq!(act_codes(&decision), ["unknown-account"]);
}

#[test]
fn a_tools_own_address_signs_nothing_whoever_the_policy_says_has_it() {
    let repo = Repo::with_policy();
    repo.git(&["switch", "--quiet", "main"]);
    repo.write(".countersign/policy.yaml", &POLICY.replace("sam@example.com", "noreply@anthropic.com"));
    repo.commit("Mistake a tool for sam");
    repo.git(&["switch", "--quiet", "--create", "other"]);
    let head = repo.commit(AI);
    let path = repo.signoff("sam", &head);
    let decision = repo.decision(&["--signoffs", path.to_str().unwrap()]);
    assert_eq!(act_codes(&decision), ["tool"]);
}

#[test]
fn a_folder_that_became_a_submodule_or_a_link_is_still_the_folder() {
    let repo = Repo::with_policy();
    repo.git(&["rm", "-r", "--quiet", "infra"]);
    std::os::unix::fs::symlink("elsewhere", repo.path().join("infra")).unwrap();
    repo.commit("Link it");
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "work"]);
    repo.git(&["switch", "--quiet", "--create", "next"]);
    std::fs::remove_file(repo.path().join("infra")).unwrap();
    std::os::unix::fs::symlink("somewhere", repo.path().join("infra")).unwrap();
    repo.commit("Link it elsewhere");
    assert_eq!(rule(&repo.decision(&[]), "Infrastructure")["state"], "pending");
}

#[test]
fn json_for_people_and_programs_hides_no_direction() {
    let repo = Repo::with_policy();
    repo.commit("A\u{202e}B\u{9b}31m\n\nAI-Assisted: cursor\n");
    let out = repo.check(&["--format", "json"]).out;
    assert!(out.contains("\\u202e") && out.contains("\\u009b"), "{out}");
    assert!(!out.contains(['\u{202e}', '\u{9b}']));
}

#[test]
fn lines_are_counted_as_git_counts_them_and_a_binary_file_has_none() {
    let repo = Repo::with_policy();
    repo.git(&["switch", "--quiet", "main"]);
    let policy = "countersign: 1\nname: lines\nrules:\n  - name: Large\n    when: { lines: { added: \"> 3\" } }\n    deny: Too large.\n";
    repo.write(".countersign/policy.yaml", policy);
    repo.commit("Count lines");
    repo.git(&["switch", "--quiet", "--create", "lines"]);
    repo.git(&["mv", "infra/main.tf", "infra/moved.tf"]);
    repo.write("src/page.rs", "1\n2\n3\n");
    repo.commit("Three lines and a move");
    assert_eq!(repo.check(&[]).code, 0);
    repo.write("src/page.rs", "1\n2\n3\n4\n");
    repo.commit("Four lines");
    assert_eq!(repo.check(&[]).code, 1);
    repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    repo.write("x.bin", "\0\0");
    repo.commit("Bytes");
    assert_eq!(rule(&repo.decision(&[]), "Large")["code"], "fact-unavailable");
}

#[test]
fn a_diff_is_read_where_the_policy_asks_for_signals_and_nowhere_else() {
    let repo = Repo::with_policy();
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("tests/page.py", "def test_page():\n    assert page() == 1\n");
    repo.write("src/page.py", "def page():\n    return 1\n");
    repo.commit("Add a page and its test");
    repo.git(&["switch", "--quiet", "--create", "weaker"]);
    repo.git(&["rm", "--quiet", "tests/page.py"]);
    repo.write("src/page.py", "def page():\n    return 2\n");
    repo.git(&["mv", "src/page.rs", "src/moved.rs"]);
    repo.commit("Change the page");
    let plain = repo.decision(&[]);
    assert_eq!(plain["signals"], serde_json::Value::Null);

    let policy = repo.beside("signals.yaml");
    let text = "countersign: 1\nname: s\npeople: { a: { users: [sam] } }\nrules:\n  - name: second look\n    \
                when: { signals: any }\n    require: [{ approvals: 1, by: a }]\n";
    std::fs::write(&policy, text).unwrap();
    let args = ["--policy", policy.to_str().unwrap()];
    let decision = repo.decision(&args);
    assert_eq!(decision["signals"][0]["code"], "test-deleted", "{decision:#}");
    let shown = repo.check(&args);
    assert_eq!(shown.code, 1);
    assert!(shown.out.contains("Worth a second look\n  tests/page.py  "), "{}", shown.out);
}

#[test]
fn a_policy_on_top_of_another_reads_that_one_from_the_target_and_owners_too() {
    let repo = Repo::with_policy();
    repo.git(&["switch", "--quiet", "main"]);
    let base = std::fs::read_to_string(repo.path().join(".countersign/policy.yaml")).unwrap();
    repo.write(".countersign/base.yaml", &base);
    let top = "countersign: 1\nname: top\nextends: .countersign/base.yaml\ncodeowners: github\nrules:\n  \
               - name: owners\n    require: [{ approvals: 1, by: code-owners }]\n";
    repo.write(".countersign/policy.yaml", top);
    repo.write("CODEOWNERS", "src/ @rhea\n");
    repo.commit("Put a policy on top");
    repo.git(&["switch", "--quiet", "--create", "topped"]);
    repo.write("src/page.rs", "pub fn page() -> u8 { 2 }\n");
    repo.git(&["add", "."]);
    repo.commit(AI);
    let decision = repo.decision(&[]);
    let names: Vec<&str> =
        decision["rules"].as_array().unwrap().iter().map(|rule| rule["name"].as_str().unwrap()).collect();
    assert_eq!(names.last(), Some(&"owners"), "{decision:#}");
    assert!(names.len() > 1, "{names:?}");
    assert_eq!(decision["rules"][names.len() - 1]["code"], "missing-approvals");
    let roles: Vec<&str> = decision["policy"]["documents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|document| document["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["extends", "codeowners"]);
    let run = repo.countersign(&[
        "policy",
        "check",
        repo.path().join(".countersign/policy.yaml").to_str().unwrap(),
    ]);
    assert_eq!(run.code, 0, "{run:?}");

    // What the policy extends is gone: nothing is decided, and the message says what is missing.
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&["rm", "--quiet", ".countersign/base.yaml"]);
    repo.commit("Lose the base");
    repo.git(&["switch", "--quiet", "topped"]);
    let lost = repo.check(&[]);
    assert_eq!(lost.code, 2);
    assert!(lost.err.contains("`.countersign/base.yaml`"), "{}", lost.err);
}

#[test]
fn where_nothing_can_be_decided_a_machine_reads_so_and_no_earlier_answer() {
    let repo = Repo::with_policy();
    repo.commit(AI);
    let file = repo.beside("answer");
    let path = file.to_str().unwrap();
    // By the host, which has no such commit, and by the module, which has no such policy.
    repo.write("faulty.yaml", "rulez: 1\n");
    for unjudged in [["--head", "nowhere"], ["--policy", "faulty.yaml"]] {
        let error = |text: &str| -> serde_json::Value { serde_json::from_str(text).unwrap() };
        let run = repo.check(&[&["--format", "json"][..], &unjudged].concat());
        assert_eq!((run.code, &error(&run.out)["kind"]), (2, &"Error".into()), "{run:?}");
        assert!(!error(&run.out)["message"].as_str().unwrap().is_empty(), "{run:?}");
        for (format, left) in [("json", true), ("junit", false)] {
            let answered = repo.check(&["--format", format, "--output", path]);
            assert_eq!((answered.code, file.exists()), (1, true), "{answered:?}");
            let run = repo.check(&[&["--format", format, "--output", path][..], &unjudged].concat());
            assert_eq!((run.code, file.exists()), (2, left), "{run:?}");
            if left {
                assert_eq!(error(&std::fs::read_to_string(&file).unwrap())["kind"], "Error");
            }
        }
    }
    let run = repo.countersign(&["policy", "check", "nowhere.yaml", "--format", "json"]);
    assert_eq!((run.code, run.out.contains("cannot-evaluate")), (2, true), "{run:?}");
}
