//! What speaks of AI on a change beside its messages, and what of it belongs to the change.

use crate::common::{Case, id};
use serde_json::{Value, json};

fn provenance(case: &Case) -> Value {
    case.answer().unwrap()["provenance"].clone()
}

/// The commits that say something, by their names here, with the tools that they name.
fn by_commit(case: &Case) -> Vec<(String, Vec<String>)> {
    let names = ["c1", "c2"];
    let commits = provenance(case)["commits"].as_array().cloned().unwrap_or_default();
    let of = |commit: &Value| {
        let name = names.iter().find(|name| commit["id"] == id(name)).map_or("", |name| *name);
        let findings = commit["findings"].as_array().cloned().unwrap_or_default();
        (name.to_owned(), findings.iter().map(|found| found["tool"].as_str().unwrap().to_owned()).collect())
    };
    commits.iter().map(of).collect()
}

fn trace(revision: &str, path: &str, tool: &str) -> String {
    json!({
        "version": "0.1", "vcs": { "revision": revision }, "tool": { "name": tool },
        "files": [{ "path": path, "conversations": [{
            "contributor": { "type": "ai", "model_id": "anthropic/claude-opus-4-5" },
            "ranges": [{ "start_line": 1, "end_line": 9 }],
        }] }],
    })
    .to_string()
}

/// Two commits that change `src/x.rs`.
fn case() -> Case {
    let mut case = Case::new();
    case.commit("c2", &["c1"]);
    case
}

#[test]
fn a_trace_belongs_to_the_commit_of_its_revision_or_to_the_one_that_followed_it() {
    for (revision, path, commit) in [
        (id("c1"), "src/x.rs", Some("c1")),
        (id("c2"), "src/x.rs", Some("c2")),
        // HEAD stood on the parent while the agent edited.
        (id("base"), "src/x.rs", Some("c1")),
        (id("gone"), "src/x.rs", None),
        (id("c1"), "src/y.rs", None),
        (id("c1"), "/home/dana/src/x.rs", None),
    ] {
        let mut case = case();
        case.document("trace", ".agent-trace/traces.jsonl", &trace(&revision, path, "cursor"));
        let expected: Vec<_> =
            commit.iter().map(|name| ((*name).to_owned(), vec!["cursor".to_owned()])).collect();
        let mut found = by_commit(&case);
        found.retain(|(_, tools)| !tools.is_empty());
        assert_eq!(found, expected, "{revision} {path}");
    }
}

#[test]
fn a_renamed_file_is_touched_under_both_its_paths() {
    let mut case = case();
    case.push("files", json!({ "path": "b.rs", "previous_path": "a.rs", "status": "renamed" }));
    case.document("trace", ".agent-trace/t.jsonl", &trace(&id("c2"), "a.rs", "cursor"));
    assert_eq!(provenance(&case)["ai"], true);
}

#[test]
fn where_files_may_be_missing_a_trace_of_another_path_counts() {
    let mut case = case();
    case.document("trace", ".agent-trace/t.jsonl", &trace(&id("c2"), "elsewhere.rs", "cursor"));
    assert_eq!(provenance(&case)["ai"], Value::Bool(false));
    case.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "files");
    assert_eq!(provenance(&case)["ai"], true);
}

#[test]
fn all_that_speaks_of_one_commit_stands_with_it() {
    let mut case = case();
    case.request["commits"][1]["message"] = "More\n\nAssisted-by: Codex:gpt-5.4\n".into();
    let note = case.document("note", "", &trace(&id("c2"), "src/x.rs", "windsurf"));
    note.as_object_mut().unwrap().remove("path");
    (note["ref"], note["commit"]) = ("refs/notes/agent-trace".into(), id("c2").into());
    case.document("trace", ".agent-trace/t.jsonl", &trace(&id("c2"), "src/x.rs", "cursor"));
    case.document("trace", ".agent-trace/u.jsonl", &trace(&id("c1"), "src/x.rs", "cursor"));
    case.document("trace", ".agent-trace/v.jsonl", "no record\n");
    let mut found = by_commit(&case);
    found.sort();
    let tools = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        found,
        [
            (String::new(), vec![]),
            ("c1".to_owned(), tools(&["cursor"])),
            ("c2".to_owned(), tools(&["codex", "windsurf", "cursor"])),
        ]
    );
    // A note of another commit is another's.
    case.documents[0]["commit"] = id("gone").into();
    let found = by_commit(&case);
    assert!(found.iter().all(|(_, tools)| !tools.contains(&"windsurf".to_owned())), "{found:?}");
}

#[test]
fn the_session_that_a_commit_names_says_which_agent_it_was() {
    let mut case = case();
    case.request["commits"][0]["message"] = "Work\n\nEntire-Checkpoint: a1b2c3d4e5f6\n".into();
    let before = by_commit(&case);
    case.document("checkpoint", "a1/b2c3d4e5f6/metadata.json", "{\"agent\": \"Gemini CLI\"}");
    let after = by_commit(&case);
    assert!(!format!("{before:?}").contains("gemini"), "{before:?}");
    assert!(format!("{after:?}").contains("gemini"), "{after:?}");
    // Of another session it says nothing.
    case.documents[0]["path"] = "a1/b2c3d4e5f7/metadata.json".into();
    assert_eq!(by_commit(&case), before);
}

#[test]
fn tools_are_summed_up_over_commits() {
    let mut case = case();
    let lines: String = (0..25).map(|n| format!("Assisted-by: Codex:gpt-5.{n:02}\n")).collect();
    case.request["commits"][0]["message"] = format!("Work\n\n{lines}").into();
    case.request["commits"][1]["message"] =
        "More\n\nCo-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>\nAssisted-by: Codex:gpt-5.00\n"
            .into();
    let summary = provenance(&case);
    let tools = summary["tools"].as_array().unwrap();
    let numbers: Vec<_> =
        tools.iter().map(|tool| (tool["tool"].as_str().unwrap(), tool["commits"].as_u64())).collect();
    assert_eq!(numbers, [("claude-code", Some(1)), ("codex", Some(2))]);
    let models = tools[1]["models"].as_array().unwrap();
    assert_eq!(models.len(), 20);
    assert_eq!(models[0], "gpt-5.00");
    assert_eq!((&summary["ai"], &summary["rank"]), (&json!(true), &json!("declared")));
    assert_eq!(provenance(&Case::new())["rank"], "unknown");
}

#[test]
fn while_files_may_be_missing_a_trace_is_evidence_neither_for_a_rule_nor_against_it() {
    // A trace of another file that the change brings is a suspicion in itself.
    let mut suspected = case();
    suspected.policy =
        "countersign: 1\nname: t\nrules: [{ name: rule, when: { ai: suspected }, deny: no }]\n".into();
    suspected.document("trace", ".agent-trace/t.jsonl", &trace(&id("c2"), "elsewhere.rs", "cursor"));
    assert_eq!(suspected.rule_code("rule"), "denied");
    suspected.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "files");
    assert_eq!(suspected.rule_code("rule"), "list-incomplete");
    for when in ["{ ai: any }", "{ ai: none }", "{ not: { ai: any } }", "{ ai: undeclared }"] {
        for path in ["src/x.rs", "elsewhere.rs"] {
            let mut case = case();
            case.policy = format!(
                "countersign: 1\nname: test\nrules:\n  - name: rule\n    when: {when}\n    deny: no\n"
            );
            case.document("trace", ".agent-trace/t.jsonl", &trace(&id("c2"), path, "cursor"));
            let applies = (path == "src/x.rs") == (when == "{ ai: any }" || when == "{ ai: undeclared }");
            let code = if applies { "denied" } else { "not-applicable" };
            assert_eq!(case.rule_code("rule"), code, "{when} {path}");
            case.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "files");
            assert_eq!(case.rule_code("rule"), "list-incomplete", "{when} {path}");
            // What a message says is evidence whatever else is missing.
            case.request["commits"][1]["message"] = "x\n\nAI-Assisted: cursor\n".into();
            if when != "{ ai: undeclared }" {
                let code = if when == "{ ai: any }" { "denied" } else { "not-applicable" };
                assert_eq!(case.rule_code("rule"), code, "{when} {path}");
            }
        }
    }
}

/// What a case says: tools, and codes of remarks behind a question mark.
fn said(case: &Case) -> Vec<String> {
    let list = |commit: &Value, key: &str| commit[key].as_array().cloned().unwrap_or_default();
    let mut said = Vec::new();
    for commit in provenance(case)["commits"].as_array().into_iter().flatten() {
        said.extend(list(commit, "findings").iter().map(|found| found["tool"].as_str().unwrap().to_owned()));
        said.extend(list(commit, "remarks").iter().map(|r| format!("?{}", r["code"].as_str().unwrap())));
    }
    said
}

fn noted(git_ref: &str, bytes: &str) -> Case {
    let mut case = case();
    let note = case.document("note", "", bytes);
    note.as_object_mut().unwrap().remove("path");
    (note["ref"], note["commit"]) = (git_ref.into(), id("c2").into());
    case
}

#[test]
fn notes_are_read_by_the_ref_that_they_stand_under() {
    const LOG: &str =
        "src/x.rs\n  s_1::t_1 1-4\n---\n{\"sessions\":{\"s_1\":{\"agent_id\":{\"tool\":\"cursor\"}}}}";
    const COUNTS: &str = r#"{"generator":"Qwen-Coder","files":{"a":{"aiChars":150}}}"#;
    const NO_COUNTS: &str = r#"{"generator":"Qwen-Coder","files":{"a":{"aiChars":0}}}"#;
    const SESSION: &str = r#"{"session_id":"6b1f","transcript":"..."}"#;
    for (git_ref, bytes, expected) in [
        ("refs/notes/ai", LOG, "cursor"),
        ("refs/notes/origin/ai", LOG, "cursor"),
        ("refs/notes/ai-remote/origin", LOG, "cursor"),
        ("refs/notes/exceeds-ink", LOG, "cursor"),
        ("refs/notes/ai", COUNTS, "?malformed-note"),
        ("refs/notes/ai-attribution", COUNTS, "qwen-code"),
        ("refs/notes/ai-attribution", NO_COUNTS, ""),
        ("refs/notes/ai-attribution", LOG, "cursor"),
        ("refs/notes/ai-attribution", SESSION, "?malformed-note"),
        ("refs/notes/ai-attribution", "rubbish", "?malformed-note"),
        ("refs/notes/kiro", r#"{"ai_lines":85}"#, "kiro"),
        ("refs/notes/kiro", r#"{"ai_lines":0}"#, ""),
        ("refs/notes/whogitit", r#"{"files":[{"lines":[{"source":"AI"}]}]}"#, "claude-code"),
        ("refs/notes/srctrace/attribution", r#"{"f":{"a":[{"s":"agent|cursor"}]}}"#, "cursor"),
        ("refs/notes/origin/srctrace/attribution", r#"{"f":{"a":[{"s":"agent|cursor"}]}}"#, "cursor"),
        ("refs/notes/claude-conversations", SESSION, "claude-code"),
        ("refs/notes/claude-conversations", "{}", "?malformed-note"),
        ("refs/notes/shiftlog", r#"{"session_id":"x","agent":"codex"}"#, "codex"),
        ("refs/notes/agentblame", SESSION, "?malformed-note"),
        // What people write is read as a message is, and is no declaration of the author.
        ("refs/notes/commits", "AI-Assisted: claude", "claude-code"),
        ("refs/notes/commits", "AI-Assisted: none", ""),
        ("refs/notes/commits", "Tested on both boards", ""),
        ("refs/notes/commits", SESSION, "?unknown-note"),
        // What stands under any other ref is not read.
        ("refs/notes/AI", LOG, "?unknown-note"),
        ("refs/notes/ai/more", LOG, "?unknown-note"),
        ("refs/notes/a/b/ai", LOG, "?unknown-note"),
        ("refs/notes/some-agent", "", "?unknown-note"),
        ("refs/heads/ai", LOG, "?unknown-note"),
    ] {
        assert_eq!(said(&noted(git_ref, bytes)).concat(), expected, "{git_ref}: {bytes}");
    }
}

#[test]
fn a_note_of_people_declares_nothing() {
    let case = noted("refs/notes/commits", "AI-Assisted: claude");
    let found = &provenance(&case)["commits"][0]["findings"][0];
    assert_eq!((&found["source"], &found["confidence"]), (&json!("note"), &json!("inferred")));
    for (when, code) in
        [("ai: any", "denied"), ("ai: undeclared", "denied"), ("declaration: missing", "denied")]
    {
        let mut case = noted("refs/notes/commits", "AI-Assisted: claude");
        case.policy =
            format!("countersign: 1\nname: t\nrules: [{{ name: rule, when: {{ {when} }}, deny: no }}]\n");
        assert_eq!(case.rule_code("rule"), code, "{when}");
    }
}

#[test]
fn a_suspicion_is_a_notice_that_names_where_it_stands() {
    let case = noted("refs/notes/some-agent", "");
    let notices = case.answer().unwrap()["notices"].to_string();
    assert!(notices.contains("there is a note in refs/notes/some-agent"), "{notices}");
}

#[test]
fn traces_that_the_target_has_already_are_of_other_changes() {
    let path = ".agent-trace/traces.jsonl";
    let (old, new) = (trace(&id("gone"), "src/x.rs", "cursor"), trace(&id("lost"), "src/x.rs", "codex"));
    let file = |records: &[&String]| records.iter().map(|record| format!("{record}\n")).collect::<String>();
    let mut case = case();
    case.document("trace", path, &file(&[&old, &new]));
    assert_eq!(said(&case), ["?unplaced-trace"]);
    case.document("earlier-trace", path, &file(&[&old]));
    assert_eq!(said(&case), ["?unplaced-trace"]);
    case.documents[1]["bytes"] = file(&[&old, &new]).into();
    assert_eq!(said(&case), [] as [&str; 0]);
    // Of another file it says nothing.
    case.documents[1]["path"] = ".agent-trace/other.jsonl".into();
    assert_eq!(said(&case), ["?unplaced-trace"]);
    // What fits the change is of the change, whatever the target has.
    let own = trace(&id("c1"), "src/x.rs", "cursor");
    case.documents[0]["bytes"] = file(&[&own]).into();
    case.documents[1] = case.documents[0].clone();
    case.documents[1]["role"] = "earlier-trace".into();
    assert_eq!(said(&case), ["cursor"]);
}

#[test]
fn a_file_where_traces_are_kept_is_never_silent() {
    for (path, status, expected) in [
        (".agent-trace/traces/x.jsonl", "added", "?unplaced-trace"),
        (".agent-trace/2026-03.ndjson", "modified", "?unplaced-trace"),
        (".agent-trace/record.json", "renamed", "?unplaced-trace"),
        (".agent-trace/record.json", "deleted", ""),
        (".agent-trace/.gitignore", "added", ""),
        ("docs/.agent-trace/x.jsonl", "added", ""),
        (".agent-trace/traces.jsonl", "added", ""),
    ] {
        let mut case = case();
        case.push("files", json!({ "path": path, "status": status }));
        case.document("trace", ".agent-trace/traces.jsonl", "");
        assert_eq!(said(&case).concat(), expected, "{path} {status}");
    }
}
