//! Which facts a policy asks a host for: what it looks at, and no more.

use serde_json::{Value, json};

const HEAD: &str = "\
countersign: 1
name: test
draft: evaluate
people:
  seniors: { users: [sam] }
  security: { groups: [security] }
";

fn needs(request: &Value) -> Value {
    serde_json::from_str(&countersign_core::needs(request.to_string().as_bytes()).unwrap()).unwrap()
}

/// A request that holds these documents, by role, path and text, and nothing else.
fn holding(documents: &[(&str, &str, &str)]) -> Value {
    let document = |(role, path, bytes): &(&str, &str, &str)| json!({ "role": role, "source": "test", "path": path, "bytes": bytes });
    json!({
        "apiVersion": "countersign/v1",
        "trigger": {
            "kind": "webhook", "host": { "name": "test" }, "platform": { "name": "forge" }, "now": 1_000_000,
        },
        "documents": documents.iter().map(document).collect::<Vec<_>>(),
    })
}

fn of_policy(text: &str) -> Value {
    needs(&holding(&[("policy", "policy.yaml", &format!("{HEAD}{text}"))]))
}

/// What every rule that asks for approvals needs.
const APPROVALS: [&str; 7] = ["change", "commits", "acts", "pushes", "people", "opener", "requester"];

#[test]
fn a_policy_needs_what_its_predicates_look_at() {
    for (when, facts) in [
        ("ai: any", &["files", "notes", "traces"][..]),
        ("ai: suspected", &["files", "notes", "traces"]),
        ("ai: undeclared", &["files", "notes", "traces"]),
        ("declaration: missing", &["auto-merge-trees"]),
        ("dco: missing", &["auto-merge-trees"]),
        ("dco: ai", &[]),
        ("paths: [\"a/**\"]", &["files"]),
        ("level: [A]", &["files"]),
        ("signals: any", &["files", "hunks"]),
        ("requirements: { pattern: \"REQ-[0-9]+\" }", &["text"]),
        ("author-in: seniors", &["opener", "people", "requester"]),
        ("contributor-in: security", &["groups", "opener", "people", "pushes", "requester"]),
        ("only-contributors-in: seniors", &["opener", "people", "pushes", "requester"]),
        ("author-is-only-contributor: true", &["opener", "people", "pushes", "requester"]),
        ("title: { matches: [x] }", &["text"]),
        ("labels: [x]", &["text"]),
        ("lines: { total: \"> 5\" }", &["file-lines", "files"]),
        ("status: [ci]", &["statuses"]),
        ("signatures: verified", &["signatures"]),
        ("target-branch: [main]", &[]),
        ("draft: true", &["text"]),
        ("not: { all: [{ labels: [x] }, { any: [{ status: [ci] }] }] }", &["statuses", "text"]),
    ] {
        let levels = "levels: [{ name: A, paths: [\"a/**\"] }]\n";
        let answer =
            of_policy(&format!("{levels}rules:\n  - {{ name: no, when: {{ {when} }}, deny: no }}\n"));
        let mut found: Vec<&str> =
            answer["facts"].as_array().unwrap().iter().map(|fact| fact.as_str().unwrap()).collect();
        found.retain(|fact| !["change", "commits"].contains(fact));
        found.sort_unstable();
        assert_eq!(found, facts, "{when}");
        assert_eq!(answer["documents"], json!([]), "{when}");
    }
}

#[test]
fn a_policy_needs_what_its_requirements_and_options_look_at() {
    let rule = |options: &str| {
        format!(
            "rules:\n  - {{ name: sign-off, options: {{ {options} }}, require: [{{ approvals: 1, by: seniors }}] }}\n"
        )
    };
    let deny = |more: &str| format!("rules:\n  - {{ name: no, deny: no{more} }}\n");
    for (policy, beside) in [
        (rule(""), &[][..]),
        (rule("").replace("by: seniors", "by: security"), &["groups"]),
        (rule("ignore-commits-by: security"), &["groups"]),
        (rule("fresh-answers: true"), &["history"]),
        (rule("ignore-update-merges: true"), &[]),
        (rule("ignore-update-merges: verified"), &["auto-merge-trees"]),
        (rule("stale: diff"), &["diff-id"]),
        (rule("stale: tree"), &["merge-tree"]),
        (rule("stale: keep"), &[]),
        (rule("methods: { description-patterns: [x] }"), &["text"]),
        (rule("").replace("require:", "conditions: { status: [ci] }, require:"), &["statuses"]),
        (deny(", waivable-by: seniors"), &[]),
        (deny(", waivable-by: security"), &["groups"]),
        (deny(", waivable-by: seniors, options: { stale: diff }"), &["diff-id"]),
        (format!("break-glass: {{ by: seniors }}\n{}", deny("")), &[]),
        (
            format!("break-glass: {{ by: security, options: {{ stale: tree }} }}\n{}", deny("")),
            &["groups", "merge-tree"],
        ),
        (format!("veto: {{ by: seniors }}\n{}", deny("")), &[]),
        (format!("veto: {{ by: security, when: {{ labels: [hold] }} }}\n{}", deny("")), &["groups", "text"]),
        (
            format!("veto: {{ by: seniors, options: {{ ignore-commits-by: security }} }}\n{}", deny("")),
            &["groups"],
        ),
    ] {
        let answer = of_policy(&policy);
        let mut found: Vec<&str> =
            answer["facts"].as_array().unwrap().iter().map(|fact| fact.as_str().unwrap()).collect();
        assert!(APPROVALS.iter().all(|fact| found.contains(fact)), "{policy} {found:?}");
        found.retain(|fact| !APPROVALS.contains(fact));
        found.sort_unstable();
        assert_eq!(found, beside, "{policy}");
    }
    let answer = of_policy(&deny(""));
    assert_eq!(answer["facts"], json!(["change", "commits"]));
    // Where drafts are held, whether it is one is asked of every change.
    let held = HEAD.replace("draft: evaluate\n", "") + &deny("");
    let held = needs(&holding(&[("policy", "policy.yaml", &held)]));
    assert_eq!(held["facts"], json!(["change", "text", "commits"]));
}

#[test]
fn what_is_known_or_cannot_be_had_is_not_asked_for_again() {
    let mut request = holding(&[(
        "policy",
        "policy.yaml",
        &format!(
            "{HEAD}rules:\n  - {{ name: no, when: {{ status: [ci], labels: [x], paths: [a] }}, deny: no }}\n"
        ),
    )]);
    request["complete"] = json!(["commits"]);
    request["absent"] = json!(["statuses"]);
    request["unavailable"] = json!([{ "fact": "files", "reason": "HTTP 502" }]);
    assert_eq!(needs(&request)["facts"], json!(["change", "text"]));
}

#[test]
fn groups_are_named_where_a_rule_asks_for_one_and_until_they_are_known() {
    let rule = |by: &str| {
        format!("{HEAD}rules:\n  - {{ name: sign-off, require: [{{ approvals: 1, by: {by} }}] }}\n")
    };
    let by_a_group = rule("security");
    let mut request = holding(&[("policy", "policy.yaml", &by_a_group)]);
    let answer = needs(&request);
    assert_eq!(answer["groups"], json!(["security"]));
    assert_eq!((&answer["apiVersion"], &answer["kind"]), (&json!("countersign/v1"), &json!("Needs")));
    request["complete"] = json!(["groups"]);
    assert_eq!(needs(&request)["groups"], Value::Null);
    let by_a_user = rule("seniors");
    assert_eq!(needs(&holding(&[("policy", "policy.yaml", &by_a_user)]))["groups"], Value::Null);
}

#[test]
fn the_policy_comes_first_and_a_bad_one_needs_nothing() {
    assert_eq!(needs(&holding(&[]))["facts"], json!(["documents"]));
    let mut none = holding(&[]);
    none["complete"] = json!(["documents"]);
    assert_eq!(needs(&none)["facts"], json!([]));
    assert_eq!(of_policy("rules: 5\n")["facts"], json!([]));
}

#[test]
fn lists_and_owners_are_asked_for_until_they_are_here() {
    let policy = format!(
        "{HEAD}codeowners: gitea\nrules:\n  - {{ name: trace, when: {{ any: [{{ requirements: {{ pattern: x, list: reqs.txt }} }}, {{ not: {{ \
         requirements: {{ pattern: y, list: other.txt }} }} }}] }}, require: [{{ approvals: 1, by: code-owners }}] }}\n"
    );
    let wanted = |documents: &[(&str, &str, &str)]| {
        let mut all = vec![("policy", "policy.yaml", policy.as_str())];
        all.extend(documents);
        let answer = needs(&holding(&all));
        let documents = answer["documents"].as_array().cloned().unwrap_or_default();
        let shown = |wanted: &Value| {
            format!("{} {}", wanted["role"].as_str().unwrap(), wanted["path"].as_str().unwrap())
        };
        (documents.iter().map(shown).collect::<Vec<_>>(), answer["facts"].clone())
    };
    let (documents, facts) = wanted(&[]);
    assert_eq!(
        documents,
        [
            "requirements other.txt",
            "requirements reqs.txt",
            "codeowners CODEOWNERS",
            "codeowners docs/CODEOWNERS",
            "codeowners .gitea/CODEOWNERS",
            "codeowners .forgejo/CODEOWNERS"
        ]
    );
    assert!(facts.as_array().unwrap().contains(&json!("files")));
    assert!(!facts.as_array().unwrap().contains(&json!("groups")));
    // A file of that path in another role is another file.
    let (documents, _) = wanted(&[("requirements", "reqs.txt", ""), ("mailmap", "CODEOWNERS", "")]);
    assert_eq!(documents.len(), 5);
    for wanted in ["requirements other.txt", "codeowners CODEOWNERS"] {
        assert!(documents.iter().any(|document| document == wanted), "{documents:?}");
    }
    for (line, groups) in [(".* @org/team\n", true), (".* @sam\n", false)] {
        let (_, facts) = wanted(&[("codeowners", "CODEOWNERS", line)]);
        assert_eq!(facts.as_array().unwrap().contains(&json!("groups")), groups, "{line}");
    }
}

#[test]
fn sessions_that_commits_name_are_asked_for_once() {
    let mut request = holding(&[(
        "policy",
        "policy.yaml",
        &format!("{HEAD}rules:\n  - {{ name: no, when: {{ ai: any }}, deny: no }}\n"),
    )]);
    let ident = json!({ "name": "dana", "email": "dana@example.com" });
    let commit = |sha: &str, message: &str| json!({ "sha": sha, "author": ident, "committer": ident, "message": message, "parents": [] });
    let message = "Work\n\nEntire-Checkpoint: a1b2c3d4e5f6\n";
    request["commits"] = json!([commit(&"1".repeat(40), message), commit(&"2".repeat(40), message)]);
    let documents = |request: &Value| needs(request)["documents"].as_array().cloned().unwrap_or_default();
    let wanted = documents(&request);
    assert!(!wanted.is_empty());
    assert!(wanted.iter().all(|wanted| wanted["role"] == "checkpoint"));
    let mut paths: Vec<&Value> = wanted.iter().map(|wanted| &wanted["path"]).collect();
    let number = paths.len();
    paths.dedup();
    assert_eq!(paths.len(), number);
    // One that is here is not asked for, and none where they cannot be had.
    let mut given = request.clone();
    let document = json!({ "role": "checkpoint", "source": "git", "path": wanted[0]["path"], "bytes": "{}" });
    given["documents"].as_array_mut().unwrap().push(document);
    assert_eq!(documents(&given).len(), number - 1);
    request["complete"] = json!(["checkpoints"]);
    assert_eq!(documents(&request).len(), 0);
}

#[test]
fn whom_the_host_names_is_asked_about_whether_there_is_a_policy_or_one_with_a_fault() {
    let glass = (
        "break-glass",
        "glass.yaml",
        "people: { on-call: { groups: [acme/on-call] } }\nbreak-glass: { by: on-call }\n",
    );
    let valid = format!("{HEAD}rules:\n  - {{ name: no, deny: no }}\n");
    let extending = valid.replace("name: test", "name: test\nextends: base.yaml");
    for policy in [None, Some(valid.as_str()), Some("rules: nothing\n"), Some(extending.as_str())] {
        let policy = policy.map(|text| ("policy", "policy.yaml", text));
        let answer = needs(&holding(&policy.into_iter().chain([glass]).collect::<Vec<_>>()));
        let facts = answer["facts"].as_array().unwrap();
        for fact in ["commits", "acts", "people", "groups"] {
            assert!(facts.contains(&json!(fact)), "{policy:?}: {answer}");
        }
        assert_eq!(answer["groups"], json!(["acme/on-call"]), "{policy:?}");
    }
    // So is what a merge gives, by whatever policy somebody answers for it.
    let mut merged = holding(&[glass]);
    merged["change"] = json!({
        "repository": {}, "target": "refs/heads/main", "base_tip": "1".repeat(40), "head": "2".repeat(40),
        "result": { "commit": "3".repeat(40), "tree": "4".repeat(40), "kind": "squash" },
    });
    assert!(needs(&merged)["facts"].as_array().unwrap().contains(&json!("merge-tree")));
    // Groups that are known are not named again.
    let mut request = holding(&[glass]);
    request["complete"] = json!(["groups"]);
    assert_eq!(needs(&request)["groups"], json!(null));
}

#[test]
fn levels_of_permission_are_asked_for_where_they_make_somebody_one_of_the_people() {
    let with = |set: &str, rule: &str| {
        let text = format!("{HEAD}  writers: {set}\nrules:\n  - {{ name: sign-off, {rule} }}\n");
        needs(&holding(&[("policy", "policy.yaml", &text)]))["levels"].clone()
    };
    let asks = "require: [{ approvals: 1, by: writers }]";
    assert_eq!(with("{ permissions: [write] }", asks), json!(true));
    assert_eq!(with("{ roles: [maintainer] }", asks), json!(true));
    assert_eq!(with("{ users: [sam] }", asks), json!(null));
    assert_eq!(with("{ permissions: [write] }", "deny: no"), json!(null));
    let glass = "people: { owners: { permissions: [admin] } }\nbreak-glass: { by: owners }\n";
    assert_eq!(needs(&holding(&[("break-glass", "glass.yaml", glass)]))["levels"], json!(true));
}
