//! The command line itself: help, provenance, policies, the module.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;

use common::{AI, Repo, run};

fn at_root(args: &[&str]) -> common::Run {
    run(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."), args, &[])
}

#[test]
fn help_is_what_people_script_against() {
    for (name, args) in [
        ("help", vec!["--help"]),
        ("help_check", vec!["check", "--help"]),
        ("help_provenance", vec!["provenance", "--help"]),
        ("help_policy_test", vec!["policy", "test", "--help"]),
    ] {
        let run = at_root(&args);
        assert_eq!(run.code, 0);
        insta::assert_snapshot!(name, run.out);
    }
}

#[test]
fn usage_errors_are_two() {
    assert_eq!(at_root(&["nonsense"]).code, 2);
    assert_eq!(at_root(&["evaluate"]).code, 2);
    assert_eq!(at_root(&["evaluate", "/nowhere.json"]).code, 2);
}

#[test]
fn provenance_of_a_range_is_a_table_and_findings_are_no_failure() {
    let repo = Repo::with_policy();
    repo.commit("Reword");
    repo.commit("Rework\n\n🤖 Generated with [Claude Code](https://claude.com/claude-code)\n\nCo-Authored-By: Claude Opus 4.5 <noreply@anthropic.com>\n");
    repo.commit(AI);
    repo.commit("Sign\n\nSigned-off-by: Codex <codex@openai.com>\n");
    repo.commit("Note");
    repo.git(&["notes", "--ref=some-agent", "add", "--message", "{}"]);
    repo.commit("Deny\n\nAI-Assisted: none\n");
    let run = repo.countersign(&["provenance", "main..work"]);
    assert_eq!(run.code, 0);
    insta::assert_snapshot!(
        run.out.lines().map(|line| line.get(12..).unwrap_or(line)).collect::<Vec<_>>().join("\n")
    );
    let json = repo.countersign(&["provenance", "main..work", "--format", "json"]);
    let findings: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(findings["commits"].as_array().unwrap().len(), 5);
    let lines = repo.countersign(&["provenance", "main..work", "--format", "jsonl"]);
    assert_eq!(lines.out.lines().count(), 6);
    let suspected = lines.out.lines().find(|line| line.contains("unknown-note")).unwrap();
    assert!(suspected.contains("\"findings\":[]"), "{suspected}");
}

#[test]
fn provenance_of_messages_is_one_line_in_one_out() {
    let folder = tempfile::tempdir().unwrap();
    let line = r#"{"id": "x", "message": "Fix\n\nAI-Assisted: amazon-q/2026-03\n", "author": {"name": "D", "email": "d@example.com"}, "committer": {"name": "D", "email": "d@example.com"}}"#;
    std::fs::write(
        folder.path().join("m.jsonl"),
        format!("{line}\n{}\n", line.replace("AI-Assisted", "Reviewed-by")),
    )
    .unwrap();
    let run = run(folder.path(), &["provenance", "--messages", "m.jsonl"], &[]);
    assert_eq!(run.code, 0, "{run:?}");
    let lines: Vec<serde_json::Value> =
        run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["findings"][0]["tool"], "amazon-q");
    assert_eq!(lines[0]["findings"][0]["confidence"], "declared");
    assert_eq!(lines[1]["findings"], serde_json::json!([]));
}

#[test]
fn a_line_that_is_no_message_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("m.jsonl"), "{}\n").unwrap();
    let run = run(folder.path(), &["provenance", "--messages", "m.jsonl"], &[]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("line 1"), "{}", run.err);
}

#[test]
fn faults_of_a_policy_are_shown_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("policy.yaml"),
        "countersign: 1\nname: x\npeople:\n  seniors: { usres: [sam] }\nrules:\n  - name: one\n    when: { pahts: [\"a\"] }\n    \
         require:\n      - { approvals: 3, by: senior }\n  - name: one\n    deny: no\n  - name: two\n",
    )
    .unwrap();
    let checked = run(folder.path(), &["policy", "check", "policy.yaml"], &[]);
    assert_eq!(checked.code, 1);
    insta::assert_snapshot!(checked.out);
    let json = run(folder.path(), &["policy", "check", "policy.yaml", "--format", "json"], &[]);
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(report["valid"], false);
    assert!(report["diagnostics"].as_array().unwrap().len() >= 5);
}

#[test]
fn the_policy_that_people_copy_stays_valid() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("policy.yaml"),
        "countersign: 1\nname: senior-sign-off\npeople:\n  seniors: { users: [sam] }\nquestions:\n  topology: Which?\nrules:\n  \
         - name: AI-assisted code\n    when: { ai: any }\n    require:\n      - { approvals: 1, by: seniors, answers: [topology] }\n",
    )
    .unwrap();
    assert_eq!(run(folder.path(), &["policy", "check", "policy.yaml"], &[]).code, 0);
}

#[test]
fn a_policy_whose_case_fails_is_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("policy.yaml"),
        "countersign: 1\nname: x\nrules:\n  - { name: r, deny: never }\n",
    )
    .unwrap();
    std::fs::write(
        folder.path().join("cases.yaml"),
        "cases:\n  - { name: wrong, commits: [{ message: m }], expect: approved }\n",
    )
    .unwrap();
    let tested = run(folder.path(), &["policy", "test", "."], &[]);
    assert_eq!(tested.code, 1);
    insta::assert_snapshot!(tested.out);
}

#[test]
fn evaluate_is_the_pure_function() {
    let run = at_root(&["evaluate", "plugin/schema/examples/request-git.json"]);
    assert_eq!(run.code, 0, "{run:?}");
    let decision: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(decision["kind"], "Decision");
}

#[test]
fn the_module_says_which_it_is_and_another_digest_is_refused() {
    let info: serde_json::Value = serde_json::from_str(&at_root(&["module", "info"]).out).unwrap();
    let sha256 = info["sha256"].as_str().unwrap();
    assert_eq!(info["module"]["contract"], "0.1.0");
    assert_eq!(at_root(&["module", "verify"]).code, 0);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.wasm");
    std::fs::write(&path, "not the module").unwrap();
    let path = path.to_str().unwrap();
    let refused = at_root(&["module", "verify", "--module", path, "--module-sha256", sha256]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("expected sha256") && refused.err.contains("found"), "{}", refused.err);
    assert_eq!(at_root(&["module", "verify", "--module", path]).code, 2, "a module without a digest");
}

#[test]
fn the_demo_tells_its_story_and_touches_no_folder_but_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let ours = folder.path().join("demo");
    for _ in 0..2 {
        let run = run(folder.path(), &["demo", "--folder", ours.to_str().unwrap()], &[]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.out.contains("exit code 1: blocked") && run.out.contains("exit code 0: passes"));
    }
    std::fs::write(folder.path().join("mine"), "").unwrap();
    let run = run(folder.path(), &["demo", "--folder", "."], &[]);
    assert_eq!(run.code, 2);
    assert!(folder.path().join("mine").exists());
}

#[test]
fn the_example_of_the_readme_is_what_the_demo_prints() {
    let folder = tempfile::tempdir().unwrap();
    let ours = folder.path().join("demo");
    let demo = run(folder.path(), &["demo", "--folder", ours.to_str().unwrap()], &[]).out;
    let readme =
        std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md"))
            .unwrap();
    let example = readme.split("```console\n$ countersign check --target main\n").nth(1).unwrap();
    let told: Vec<&str> =
        example.split("...\n").next().unwrap().lines().filter(|line| !line.is_empty()).collect();
    assert!(told.len() > 8, "the example is there");
    for line in told {
        assert!(demo.contains(line.trim()), "the README says {line:?}, and the demo does not");
    }
}
