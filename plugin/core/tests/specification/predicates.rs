//! Every predicate of the language: where it holds, where it does not, and where nobody knows.

use crate::common::{Case, account, id, ident};
use serde_json::json;

/// What a rule with this predicate says of a change: it applies, it does not, or the code for why nobody knows.
fn told(when: &str, change: impl Fn(&mut Case)) -> String {
    let policy = format!(
        "countersign: 1\nname: test\npeople:\n  seniors: {{ users: [sam, rhea] }}\n  team: {{ users: [dana, omar] }}\n  \
         core: {{ groups: [o/core] }}\n  writers: {{ permissions: [write] }}\nlevels:\n  \
         - {{ name: A, paths: [\"src/flight/**\"] }}\n  - {{ name: B, paths: [\"src/**\"] }}\n\
         rules:\n  - name: rule\n    when: {when}\n    deny: it applies\n"
    );
    let mut case = Case::under(&policy);
    change(&mut case);
    match case.rule_code("rule").as_str() {
        "denied" => "applies".to_owned(),
        "not-applicable" => "does not".to_owned(),
        other => other.to_owned(),
    }
}

type Change = fn(&mut Case);

const NONE_USED: &str = "AI-Assisted: none";
const SIGNED_OFF: &str = "Signed-off-by: dana <dana@example.com>";

fn nothing(_: &mut Case) {}

fn without(case: &mut Case, fact: &str) {
    case.request["complete"].as_array_mut().unwrap().retain(|known| known != fact);
}

fn unavailable(case: &mut Case, fact: &str) {
    case.request["unavailable"] = json!([{ "fact": fact, "reason": "the forge is down" }]);
}

fn message(case: &mut Case, text: &str) {
    case.request["commits"][0]["message"] = text.into();
}

/// Adds a merge of the target with this trailer to a commit with that one; the tree that merging alone gives, where it is known.
fn merge(case: &mut Case, own: &str, automatic: Option<&str>, trailer: &str) {
    message(case, &format!("x\n\n{own}\n"));
    let merge = case.commit("m1", &["c1", "newer base"]);
    merge["message"] = format!("Merge\n\n{trailer}\n").into();
    if let Some(automatic) = automatic {
        merge["auto_merge_tree"] = id(automatic).into();
    }
}

/// As a host tells of one whose parents conflict.
fn merged_by_hand(case: &mut Case, own: &str, trailer: &str) {
    merge(case, own, None, trailer);
    case.push("complete", "auto-merge-trees".into());
}

fn check(table: &[(&str, Change, &str)]) {
    for (at, (when, change, expected)) in table.iter().enumerate() {
        assert_eq!(told(when, change), *expected, "row {at}: {when}");
    }
}

#[test]
fn provenance() {
    let ai: Change = |case| message(case, "x\n\nAI-Assisted: claude-code/opus-4\n");
    let authored: Change = |case| {
        message(case, "x\n\n🤖 Generated with [Claude Code](https://claude.ai/code)\n");
    };
    let none: Change = |case| message(case, "x\n\nAI-Assisted: none\n");
    let suspicious: Change = |case| message(case, "x\n\nCo-authored-by: Claude Code <dev@example.com>\n");
    let signed: Change = |case| message(case, "x\n\nSigned-off-by: dana <dana@example.com>\n");
    let signed_by_other: Change = |case| message(case, "x\n\nSigned-off-by: omar <omar@example.com>\n");
    let signed_by_ai: Change = |case| {
        message(
            case,
            "x\n\nSigned-off-by: dana <dana@example.com>\nSigned-off-by: Claude <noreply@anthropic.com>\n",
        );
    };
    check(&[
        ("{ ai: any }", nothing, "does not"),
        ("{ ai: any }", ai, "applies"),
        ("{ ai: none }", nothing, "applies"),
        ("{ ai: none }", ai, "does not"),
        ("{ ai: { tool: [claude-code] } }", ai, "applies"),
        ("{ ai: { tool: [\"claude*\"] } }", ai, "applies"),
        ("{ ai: { tool: [cursor] } }", ai, "does not"),
        // A tool is meant by any of its names.
        ("{ ai: { tool: [claude] } }", ai, "applies"),
        ("{ ai: { tool: [Claude Code] } }", ai, "applies"),
        ("{ ai: { tool: [claude_code] } }", ai, "applies"),
        (
            "{ ai: { tool: [copilot] } }",
            |case| message(case, "x\n\nAI-Assisted: GitHub Copilot\n"),
            "applies",
        ),
        ("{ ai: { tool: [amazon q] } }", |case| message(case, "x\n\nAI-Assisted: amazon-q\n"), "applies"),
        ("{ ai: { tool: [copilot] } }", ai, "does not"),
        ("{ ai: { model: [\"*opus*\"] } }", ai, "applies"),
        ("{ ai: { model: [\"gpt*\"] } }", ai, "does not"),
        ("{ ai: { tool: [claude-code], model: [\"gpt*\"] } }", ai, "does not"),
        ("{ ai: { rank: declared } }", ai, "applies"),
        ("{ ai: { rank: attested } }", ai, "does not"),
        ("{ ai: { help: [assisted] } }", ai, "applies"),
        ("{ ai: { help: [tests] } }", ai, "does not"),
        ("{ ai: suspected }", nothing, "does not"),
        ("{ ai: suspected }", ai, "applies"),
        ("{ ai: suspected }", suspicious, "applies"),
        ("{ not: { ai: suspected } }", suspicious, "does not"),
        ("{ not: { ai: suspected } }", nothing, "applies"),
        ("{ ai: any }", suspicious, "does not"),
        ("{ ai: none }", suspicious, "applies"),
        // What the author denies is no suspicion; whoever reviews with an AI had one at hand.
        ("{ ai: suspected }", none, "does not"),
        ("{ ai: suspected }", |case| message(case, "x\n\nReviewed-by: CodeRabbit\n"), "applies"),
        ("{ ai: undeclared }", ai, "does not"),
        ("{ ai: undeclared }", authored, "applies"),
        ("{ ai: undeclared }", nothing, "does not"),
        ("{ ai: any }", |case| unavailable(case, "notes"), "fact-unavailable"),
        // git shows what is said in them.
        ("{ ai: any }", |case| case.request["commits"][0]["encoding"] = "IBM037".into(), "list-incomplete"),
        (
            "{ ai: none }",
            |case| case.request["commits"][0]["encoding"] = "UTF-16LE".into(),
            "list-incomplete",
        ),
        ("{ ai: suspected }", |case| case.request["commits"][0]["encoding"] = "utf-7".into(), "applies"),
        ("{ ai: any }", |case| case.request["commits"][0]["encoding"] = "ISO-8859-15".into(), "does not"),
        ("{ ai: any }", |case| unavailable(case, "traces"), "fact-unavailable"),
        ("{ ai: suspected }", |case| unavailable(case, "notes"), "fact-unavailable"),
        ("{ ai: suspected }", |case| unavailable(case, "traces"), "fact-unavailable"),
        ("{ not: { ai: suspected } }", |case| unavailable(case, "notes"), "fact-unavailable"),
        ("{ ai: suspected }", |case| without(case, "commits"), "list-incomplete"),
        ("{ ai: suspected }", |case| without(case, "notes"), "list-incomplete"),
        ("{ ai: undeclared }", |case| unavailable(case, "notes"), "fact-unavailable"),
        ("{ ai: any }", |case| without(case, "commits"), "list-incomplete"),
        ("{ ai: any }", |case| without(case, "notes"), "list-incomplete"),
        ("{ ai: none }", |case| without(case, "traces"), "list-incomplete"),
        ("{ declaration: missing }", nothing, "applies"),
        ("{ declaration: missing }", ai, "does not"),
        ("{ declaration: missing }", none, "does not"),
        ("{ declaration: missing }", |case| without(case, "commits"), "list-incomplete"),
        // A merge that holds what merging gives, and nothing else, has nothing to declare and nothing to sign off.
        ("{ declaration: missing }", |case| merge(case, NONE_USED, Some("tm1"), ""), "does not"),
        ("{ declaration: missing }", |case| merge(case, NONE_USED, Some("other"), ""), "applies"),
        ("{ declaration: missing }", |case| merge(case, NONE_USED, Some("other"), NONE_USED), "does not"),
        // One that nothing is known of may; one of what conflicts does.
        ("{ declaration: missing }", |case| merge(case, NONE_USED, None, ""), "fact-unavailable"),
        ("{ not: { declaration: missing } }", |case| merge(case, NONE_USED, None, ""), "fact-unavailable"),
        ("{ declaration: missing }", |case| merge(case, "", None, ""), "applies"),
        ("{ declaration: missing }", |case| merged_by_hand(case, NONE_USED, ""), "applies"),
        ("{ declaration: missing }", |case| merged_by_hand(case, NONE_USED, NONE_USED), "does not"),
        ("{ dco: missing }", |case| merge(case, SIGNED_OFF, Some("tm1"), ""), "does not"),
        ("{ dco: missing }", |case| merge(case, SIGNED_OFF, Some("other"), ""), "applies"),
        ("{ dco: missing }", |case| merge(case, SIGNED_OFF, Some("other"), SIGNED_OFF), "does not"),
        ("{ dco: missing }", |case| merge(case, SIGNED_OFF, None, ""), "fact-unavailable"),
        ("{ dco: missing }", |case| merged_by_hand(case, SIGNED_OFF, ""), "applies"),
        ("{ dco: missing }", nothing, "applies"),
        ("{ dco: missing }", signed, "does not"),
        ("{ dco: missing }", signed_by_other, "applies"),
        ("{ dco: ai }", signed, "does not"),
        ("{ dco: ai }", signed_by_ai, "applies"),
        ("{ dco: missing }", |case| without(case, "commits"), "list-incomplete"),
    ]);
}

#[test]
fn whether_the_author_is_alone_needs_the_author_and_the_pushers() {
    let policy =
        crate::common::POLICY.replace("require:", "when: { author-is-only-contributor: true }\n    require:");
    let code = |change: fn(&mut Case)| {
        let mut case = Case::under(&policy);
        change(&mut case);
        case.rule_code("sign-off")
    };
    assert_eq!(code(|_| ()), "missing-approvals");
    assert_eq!(
        code(|case| drop(case.request["change"].as_object_mut().unwrap().remove("opened_by"))),
        "fact-unavailable"
    );
    assert_eq!(
        code(|case| case.request["unavailable"] = json!([{ "fact": "pushes", "reason": "HTTP 502" }])),
        "fact-unavailable"
    );
}

#[test]
fn paths_and_levels() {
    let renamed: Change = |case| {
        case.request["files"] =
            json!([{ "path": "docs/x.md", "previous_path": "src/flight/x.rs", "status": "renamed" }]);
    };
    let docs: Change = |case| case.request["files"] = json!([{ "path": "docs/x.md", "status": "modified" }]);
    let none: Change = |case| case.request["files"] = json!([]);
    let cut: Change = |case| {
        case.request["files"] = json!([{ "path": "docs/x.md", "status": "modified" }]);
        without(case, "files");
    };
    check(&[
        ("{ paths: [\"src/**\"] }", nothing, "applies"),
        ("{ paths: [\"docs/**\"] }", nothing, "does not"),
        ("{ paths: [\"src/**\"] }", renamed, "applies"),
        ("{ paths: { changed: [\"src/**\"], ignore: [\"*.rs\"] } }", nothing, "does not"),
        ("{ paths: { none: [\"src/**\"] } }", nothing, "does not"),
        ("{ paths: { none: [\"docs/**\"] } }", nothing, "applies"),
        ("{ paths: { only: [\"docs/**\"] } }", docs, "applies"),
        ("{ paths: { only: [\"docs/**\"] } }", renamed, "does not"),
        ("{ paths: { only: [\"docs/**\"] } }", none, "does not"),
        ("{ paths: [\"src/**\"] }", cut, "list-incomplete"),
        ("{ paths: { none: [\"src/**\"] } }", cut, "list-incomplete"),
        ("{ paths: { only: [\"docs/**\"] } }", cut, "list-incomplete"),
        ("{ paths: [\"docs/**\"] }", cut, "applies"),
        ("{ paths: [\"src/**\"] }", |case| cut_and_down(case), "fact-unavailable"),
        ("{ level: [A] }", nothing, "does not"),
        ("{ level: [B] }", nothing, "applies"),
        ("{ level: [A] }", renamed, "applies"),
        // The highest level is the change's.
        ("{ level: [B] }", renamed, "does not"),
        ("{ level: [A, B] }", docs, "does not"),
        ("{ level: [A] }", cut, "list-incomplete"),
    ]);
}

/// As `git check-ignore` has it where a change is asked for; what excuses a file is about that file.
#[test]
fn a_pattern_that_matches_a_folder_reaches_what_is_in_it() {
    for (pattern, path, reaches, excuses) in [
        ("auth", "auth/x/login.c", true, false),
        ("auth", "src/auth/login.c", true, false),
        ("/auth", "auth/login.c", true, false),
        ("/auth", "src/auth/login.c", false, false),
        ("src/auth", "src/auth/a/b.c", true, false),
        ("/.github/workflows", ".github/workflows/ci.yml", true, false),
        ("*.tf", "x.tf/main.c", true, false),
        ("*.tf", "x.tfvars/main.c", false, false),
        ("src/a*", "src/auth/login.c", true, false),
        ("src/*/gen", "src/a/gen/x.c", true, false),
        ("auth", "authority/x.c", false, false),
        ("auth", "auth", true, true),
        ("auth/", "auth/x.c", true, true),
        ("re:^sec/.*$", "sec/a\nb", true, true),
        ("re:^sec/.$", "sec/\n", true, true),
    ] {
        let files = json!([{ "path": path, "status": "modified" }]);
        for (when, holds) in [
            (format!("{{ paths: [{pattern:?}] }}"), reaches),
            (format!("{{ paths: {{ none: [{pattern:?}] }} }}"), !reaches),
            (format!("{{ paths: {{ only: [{pattern:?}] }} }}"), excuses),
            (format!("{{ paths: {{ changed: [\"**\"], ignore: [{pattern:?}] }} }}"), !excuses),
        ] {
            let told = told(&when, |case| case.request["files"] = files.clone());
            assert_eq!(told == "applies", holds, "{when} {path:?}");
        }
    }
}

/// Who took part is what commits say of themselves, and anybody can write a name into one.
#[test]
fn without_a_forge_names_in_commits_open_no_rule() {
    let forged: Change = |case| {
        case.leave_the_forge();
        case.policy = case.policy.replace("rules:", "identities: { sam: { emails: [sam@example.com] }, dana: { emails: [dana@example.com] } }\nrules:");
        for role in ["author", "committer"] {
            case.request["commits"][0][role] = json!({ "name": "Sam", "email": "sam@example.com" });
        }
    };
    let outsider: Change = |case| {
        case.leave_the_forge();
        for role in ["author", "committer"] {
            case.request["commits"][0][role] = json!({ "name": "X", "email": "x@example.com" });
        }
    };
    check(&[
        ("{ only-contributors-in: [seniors] }", forged, "fact-unavailable"),
        ("{ not: { only-contributors-in: [seniors] } }", forged, "fact-unavailable"),
        ("{ contributor-in: [seniors] }", forged, "fact-unavailable"),
        ("{ not: { contributor-in: [seniors] } }", forged, "fact-unavailable"),
        ("{ contributor-in: [writers] }", outsider, "fact-unavailable"),
        ("{ only-contributors-in: [writers] }", outsider, "fact-unavailable"),
        // Who is known to be no one of them is enough.
        ("{ only-contributors-in: [seniors] }", outsider, "does not"),
    ]);
}

fn cut_and_down(case: &mut Case) {
    case.request["files"] = json!([]);
    unavailable(case, "files");
}

#[test]
fn lines() {
    let of = |case: &mut Case, added: u64, deleted: u64| {
        case.request["files"] = json!([
            { "path": "a", "status": "modified", "added": added, "deleted": deleted },
            { "path": "b", "status": "modified", "added": 1, "deleted": 0 },
        ]);
    };
    for (when, added, deleted, expected) in [
        ("{ lines: { added: \"> 9\" } }", 9, 0, "applies"),
        ("{ lines: { added: \"> 9\" } }", 8, 9, "does not"),
        ("{ lines: { deleted: \"< 3\" } }", 0, 2, "applies"),
        ("{ lines: { deleted: \"< 3\" } }", 0, 3, "does not"),
        ("{ lines: { total: \"= 10\" } }", 4, 5, "applies"),
        ("{ lines: { total: \"= 10\" } }", 4, 6, "does not"),
        ("{ lines: { added: \"> 99\", deleted: \"> 9\" } }", 0, 10, "applies"),
    ] {
        assert_eq!(told(when, |case| of(case, added, deleted)), expected, "{when} {added} {deleted}");
    }
    let binary: Change = |case| {
        case.request["files"] = json!([{ "path": "a", "status": "modified", "binary": true }]);
    };
    let uncounted: Change = |case| case.request["files"] = json!([{ "path": "a", "status": "modified" }]);
    let large_and_binary: Change = |case| {
        case.request["files"] = json!([
            { "path": "a", "status": "modified", "binary": true },
            { "path": "b", "status": "modified", "added": 100, "deleted": 0 },
        ]);
    };
    check(&[
        ("{ lines: { total: \"< 9\" } }", binary, "fact-unavailable"),
        ("{ lines: { total: \"> 9\" } }", binary, "fact-unavailable"),
        ("{ lines: { total: \"> 9\" } }", large_and_binary, "applies"),
        ("{ lines: { total: \"> 9\" } }", uncounted, "fact-unavailable"),
        ("{ lines: { total: \"> 9\" } }", |case| without(case, "files"), "list-incomplete"),
    ]);
}

#[test]
fn people() {
    let by_omar: Change = |case| case.request["commits"][0]["author"] = ident("omar");
    let by_sam: Change = |case| case.request["commits"][0]["author"] = ident("sam");
    let opened_by_sam: Change = |case| case.request["change"]["opened_by"] = account("sam");
    let unknown: Change = |case| {
        case.request["commits"][0]["author"] = json!({ "name": "x", "email": "x@elsewhere.example" });
    };
    let group: Change = |case| {
        case.push("groups", json!({ "name": "o/core", "members": [account("dana")] }));
    };
    let unread: Change = |case| {
        case.push("groups", json!({ "name": "o/core", "unreadable": true }));
    };
    let writer: Change = |case| {
        case.push("people", json!({ "account": account("dana"), "permissions": ["admin"] }));
    };
    check(&[
        ("{ author-in: [team] }", nothing, "applies"),
        ("{ author-in: [seniors] }", nothing, "does not"),
        ("{ author-in: [seniors] }", opened_by_sam, "applies"),
        ("{ author-in: [core] }", group, "applies"),
        ("{ author-in: [core] }", unread, "fact-unavailable"),
        ("{ author-in: [writers] }", writer, "applies"),
        ("{ author-in: [writers] }", nothing, "does not"),
        ("{ author-in: [writers] }", |case| without(case, "people"), "fact-unavailable"),
        ("{ contributor-in: [seniors] }", nothing, "does not"),
        ("{ contributor-in: [seniors] }", by_sam, "applies"),
        ("{ contributor-in: [seniors] }", unknown, "unattributed-commit"),
        ("{ only-contributors-in: [team] }", by_omar, "applies"),
        ("{ only-contributors-in: [team] }", by_sam, "does not"),
        ("{ only-contributors-in: [team] }", unknown, "does not"),
        ("{ author-is-only-contributor: true }", nothing, "applies"),
        ("{ author-is-only-contributor: true }", by_omar, "does not"),
        ("{ author-is-only-contributor: false }", by_omar, "applies"),
        ("{ contributor-in: [seniors] }", |case| unavailable(case, "pushes"), "fact-unavailable"),
        (
            "{ author-in: [seniors] }",
            |case| {
                case.request["change"].as_object_mut().unwrap().remove("opened_by");
                unavailable(case, "opener");
            },
            "fact-unavailable",
        ),
    ]);
}

#[test]
fn an_account_that_is_blocked_is_in_no_set() {
    let blocked: Change = |case| {
        case.push("people", json!({ "account": account("dana"), "active": false, "permissions": ["admin"] }));
        case.push("groups", json!({ "name": "o/core", "members": [account("dana")] }));
    };
    // Another account of the same person, which did nothing here.
    let other: Change = |case| {
        case.push("people", json!({ "account": account("dana"), "active": true, "permissions": ["admin"] }));
        case.push(
            "people",
            json!({ "account": account("dana-old"), "active": false, "also": [account("dana")] }),
        );
    };
    let by_both: Change = |case| {
        case.push("people", json!({ "account": account("dana"), "active": true }));
        case.push(
            "people",
            json!({ "account": account("dana-old"), "active": false, "also": [account("dana")] }),
        );
        case.commit("c2", &["c1"])["author"] = ident("dana-old");
    };
    let pushed: Change = |case| {
        case.push("people", json!({ "account": account("omar"), "active": false }));
        case.push("pushes", json!({ "by": account("omar"), "at": 5, "head": id("c1") }));
    };
    let by_address: Change = |case| {
        case.push(
            "people",
            json!({ "account": account("omar"), "active": false, "emails": ["o@example.com"] }),
        );
        case.request["commits"][0]["author"] = json!({ "name": "Omar", "email": "o@example.com" });
    };
    let named: Change = |case| {
        case.push(
            "people",
            json!({ "account": account("omar"), "active": false, "emails": ["o@example.com"] }),
        );
        message(case, "Work\n\nCo-authored-by: Omar <o@example.com>\n");
    };
    for when in ["author-in", "contributor-in", "only-contributors-in"] {
        for set in ["team", "core", "writers"] {
            assert_eq!(told(&format!("{{ {when}: [{set}] }}"), blocked), "does not", "{when} {set}");
        }
        for set in ["team", "writers"] {
            assert_eq!(told(&format!("{{ {when}: [{set}] }}"), other), "applies", "{when} {set}");
        }
    }
    check(&[
        ("{ contributor-in: [team] }", by_both, "applies"),
        ("{ only-contributors-in: [team] }", by_both, "does not"),
        ("{ author-in: [team] }", by_both, "applies"),
        ("{ only-contributors-in: [team] }", pushed, "does not"),
        ("{ only-contributors-in: [team] }", by_address, "does not"),
        ("{ only-contributors-in: [team] }", named, "does not"),
    ]);
    // It may be let in again without a push, so a change that no other rule holds waits for that.
    let policy = "countersign: 1\nname: test\npeople: { team: { users: [dana] } }\nrules:\n  - name: rule\n    \
                  when: { contributor-in: team }\n    deny: it applies\n";
    let mut case = Case::under(policy);
    assert_eq!(case.outcome(), "denied");
    case.push("people", json!({ "account": account("dana"), "active": false }));
    assert_eq!(case.outcome(), "pending");
    case.request["change"]["opened_by"] = account("omar");
    (case.request["commits"][0]["author"], case.request["commits"][0]["committer"]) =
        (ident("omar"), ident("omar"));
    assert_eq!(case.outcome(), "not-applicable");
}

#[test]
fn whom_nobody_answers_for_may_be_the_author() {
    let policy = "countersign: 1\nname: test\nrules:\n  - name: rule\n    when: { author-is-only-contributor: true }\n    \
                  deny: it applies\n";
    let mut case = Case::under(policy);
    assert_eq!(case.outcome(), "denied");
    case.request["commits"][0]["author"] = json!({ "name": "x", "email": "x@elsewhere.example" });
    assert_eq!((case.outcome().as_str(), case.rule_code("rule").as_str()), ("pending", "not-applicable"));
    case.commit("c2", &["c1"])["author"] = ident("omar");
    assert_eq!(case.outcome(), "not-applicable");
}

#[test]
fn who_asked_an_ai_for_a_change_took_part_and_did_not_open_it() {
    let asked: Change = |case| case.request["change"]["asked_by"] = json!([account("sam")]);
    let by_two: Change = |case| case.request["change"]["asked_by"] = json!([account("dana"), account("sam")]);
    let by_the_opener: Change = |case| case.request["change"]["asked_by"] = json!([account("dana")]);
    let unopened: Change = |case| {
        case.request["change"].as_object_mut().unwrap().remove("opened_by");
        case.request["change"]["asked_by"] = json!([account("sam")]);
    };
    check(&[
        ("{ author-in: [seniors] }", asked, "does not"),
        ("{ author-in: [team] }", asked, "applies"),
        ("{ author-in: [seniors] }", unopened, "fact-unavailable"),
        ("{ contributor-in: [seniors] }", asked, "applies"),
        ("{ contributor-in: [seniors] }", by_two, "applies"),
        ("{ only-contributors-in: [team] }", asked, "does not"),
        ("{ only-contributors-in: [team] }", by_the_opener, "applies"),
        ("{ author-is-only-contributor: true }", asked, "does not"),
        ("{ author-is-only-contributor: false }", asked, "applies"),
        ("{ author-is-only-contributor: true }", by_two, "does not"),
        ("{ author-is-only-contributor: true }", by_the_opener, "applies"),
        ("{ author-is-only-contributor: true }", unopened, "fact-unavailable"),
    ]);
}

/// Two statuses of one name at one moment.
fn twice(case: &mut Case, states: [&str; 2]) {
    for state in states {
        case.push("statuses", json!({ "context": "build", "state": state, "sha": id("c1"), "at": 50 }));
    }
}

/// Two statuses of one name, of which the second does not say when it was set.
fn untimed(case: &mut Case, states: [&str; 2]) {
    case.push("statuses", json!({ "context": "build", "state": states[0], "sha": id("c1"), "at": 50 }));
    case.push("statuses", json!({ "context": "build", "state": states[1], "sha": id("c1") }));
}

/// One that does not say when it was set may be the latest.
fn failed_without_a_time(case: &mut Case) {
    case.push("statuses", json!({ "context": "build", "state": "failure", "sha": id("c1") }));
    case.push("statuses", json!({ "context": "build", "state": "success", "sha": id("c1"), "at": 50 }));
}

#[test]
fn what_the_platform_says() {
    let success: Change = |case| {
        case.push(
            "statuses",
            json!({ "context": "build", "state": "success", "source": account("ci"), "sha": id("c1") }),
        );
    };
    let on_another: Change = |case| {
        case.push("statuses", json!({ "context": "build", "state": "success", "sha": id("c0") }));
    };
    let skipped: Change = |case| {
        case.push("statuses", json!({ "context": "build", "state": "skipped", "sha": id("c1") }));
    };
    let titled: Change = |case| case.request["change"]["title"] = "fix: the queue".into();
    let labelled: Change = |case| {
        case.request["change"]["labels"] = json!([{ "name": "Hotfix" }, { "name": "db" }]);
    };
    let verified: Change = |case| case.request["commits"][0]["verified"] = true.into();
    let unverified: Change = |case| case.request["commits"][0]["verified"] = false.into();
    let drafted: Change = |case| case.request["change"]["draft"] = true.into();
    let forked: Change = |case| case.request["change"]["fork"] = true.into();
    // Nobody said it, and the texts may not all be here.
    let unsaid: Change = |case| {
        without(case, "text");
        case.request["change"].as_object_mut().unwrap().remove("fork");
    };
    // A platform that has no texts at all has no drafts either; where a change comes from, that does not say.
    let textless: Change = |case| {
        without(case, "text");
        case.request["absent"] = json!(["text"]);
        case.request["change"].as_object_mut().unwrap().remove("fork");
    };
    let from: Change = |case| case.request["change"]["source"] = "refs/heads/release/1".into();
    check(&[
        ("{ status: [build] }", success, "applies"),
        ("{ status: [build, lint] }", success, "does not"),
        ("{ status: [build] }", on_another, "does not"),
        ("{ status: [build] }", skipped, "does not"),
        ("{ status: { names: [build], conclusions: [skipped] } }", skipped, "applies"),
        ("{ status: { names: [build], source: ci } }", success, "applies"),
        ("{ status: { names: [build], source: other } }", success, "does not"),
        ("{ status: [build] }", failed_without_a_time, "fact-unavailable"),
        ("{ status: [build] }", |case| untimed(case, ["success", "success"]), "applies"),
        ("{ status: [build] }", |case| untimed(case, ["failure", "failure"]), "does not"),
        ("{ status: [build] }", |case| untimed(case, ["failure", "success"]), "fact-unavailable"),
        ("{ status: [build] }", |case| untimed(case, ["success", "failure"]), "fact-unavailable"),
        ("{ status: [build] }", |case| twice(case, ["success", "failure"]), "does not"),
        ("{ status: [build] }", |case| twice(case, ["failure", "success"]), "does not"),
        ("{ status: [build] }", |case| without(case, "statuses"), "list-incomplete"),
        ("{ status: [build] }", |case| unavailable(case, "statuses"), "fact-unavailable"),
        ("{ title: { matches: [\"^fix\"] } }", titled, "applies"),
        ("{ title: { matches: [\"^feat\"] } }", titled, "does not"),
        ("{ title: { not-matches: [\"^feat\"] } }", titled, "applies"),
        ("{ title: { not-matches: [\"^fix\"] } }", titled, "does not"),
        ("{ title: { matches: [\"^fix\"] } }", nothing, "fact-unavailable"),
        ("{ labels: [hotfix] }", labelled, "applies"),
        ("{ labels: [hotfix, DB] }", labelled, "applies"),
        ("{ labels: [hotfix, ui] }", labelled, "does not"),
        ("{ labels: [hotfix] }", |case| without(case, "text"), "fact-unavailable"),
        ("{ signatures: verified }", verified, "applies"),
        ("{ signatures: verified }", unverified, "does not"),
        ("{ signatures: unverified }", unverified, "applies"),
        ("{ signatures: verified }", nothing, "fact-unavailable"),
        // A merge's result is nobody's work, and vouches for none.
        (
            "{ signatures: verified }",
            |case| {
                case.request["commits"][0]["verified"] = true.into();
                case.request["commits"][0]["in"] = "result".into();
            },
            "does not",
        ),
        ("{ draft: true }", drafted, "applies"),
        ("{ draft: true }", nothing, "does not"),
        ("{ draft: false }", nothing, "applies"),
        ("{ draft: true }", unsaid, "fact-unavailable"),
        ("{ draft: false }", unsaid, "fact-unavailable"),
        ("{ not: { draft: true } }", unsaid, "fact-unavailable"),
        ("{ draft: true }", textless, "does not"),
        ("{ fork: true }", forked, "applies"),
        ("{ fork: false }", forked, "does not"),
        ("{ fork: true }", nothing, "does not"),
        ("{ fork: true }", unsaid, "fact-unavailable"),
        ("{ fork: false }", unsaid, "fact-unavailable"),
        ("{ not: { fork: false } }", unsaid, "fact-unavailable"),
        ("{ fork: true }", textless, "fact-unavailable"),
        ("{ target-branch: [main] }", nothing, "applies"),
        ("{ target-branch: [\"release/*\"] }", nothing, "does not"),
        ("{ target-branch: [\"re:^ma\"] }", nothing, "applies"),
        ("{ source-branch: [\"release/*\"] }", from, "applies"),
        ("{ source-branch: [\"release/*\"] }", nothing, "fact-unavailable"),
    ]);
}

#[test]
fn requirements_that_a_change_serves() {
    let named: Change = |case| {
        message(case, "Limit the queue (REQ-12)\n");
        case.document("requirements", "requirements.txt", "REQ-11\nREQ-12 The queue has a limit\n");
    };
    let unlisted: Change = |case| {
        message(case, "Limit the queue (REQ-13)\n");
        case.document("requirements", "requirements.txt", "REQ-11\nREQ-12\n");
    };
    let in_title: Change = |case| {
        case.request["change"]["title"] = "REQ-12".into();
        case.document("requirements", "requirements.txt", "REQ-12\n");
    };
    let when = "{ requirements: { pattern: \"REQ-[0-9]+\", list: requirements.txt } }";
    check(&[
        (when, named, "applies"),
        (when, in_title, "applies"),
        (when, unlisted, "does not"),
        ("{ requirements: { pattern: \"REQ-[0-9]+\" } }", unlisted, "applies"),
        ("{ requirements: { pattern: \"HLR-[0-9]+\" } }", unlisted, "does not"),
        // A title that is not here may name one; on plain git there is none.
        (when, |case| without(case, "text"), "fact-unavailable"),
        (
            when,
            |case| {
                case.leave_the_forge();
                without(case, "text");
            },
            "does not",
        ),
        (when, |case| message(case, "REQ-12"), "fact-unavailable"),
        (
            when,
            |case| {
                message(case, "REQ-12");
                case.document("requirements", "others.txt", "REQ-12\n");
                case.document("mailmap", "requirements.txt", "REQ-12\n");
            },
            "fact-unavailable",
        ),
    ]);
}

#[test]
fn all_any_and_not() {
    check(&[
        ("{ all: [{ draft: false }, { fork: false }] }", nothing, "applies"),
        ("{ all: [{ draft: false }, { fork: true }] }", nothing, "does not"),
        ("{ any: [{ draft: true }, { fork: false }] }", nothing, "applies"),
        ("{ any: [{ draft: true }, { fork: true }] }", nothing, "does not"),
        ("{ not: { draft: true } }", nothing, "applies"),
        ("{ draft: false, fork: true }", nothing, "does not"),
        // What decides decides, whatever is unknown beside it.
        ("{ all: [{ title: { matches: [x] } }, { fork: true }] }", nothing, "does not"),
        ("{ all: [{ title: { matches: [x] } }, { fork: false }] }", nothing, "fact-unavailable"),
        ("{ any: [{ title: { matches: [x] } }, { fork: false }] }", nothing, "applies"),
        ("{ any: [{ title: { matches: [x] } }, { fork: true }] }", nothing, "fact-unavailable"),
        ("{ not: { title: { matches: [x] } } }", nothing, "fact-unavailable"),
    ]);
}

#[test]
fn what_comes_with_the_services_and_plans_is_unknown_until_then() {
    check(&[
        ("{ operation: [destroy-stateful] }", nothing, "fact-unavailable"),
        ("{ any: [{ environment: production }, { fork: true }] }", nothing, "fact-unavailable"),
        ("{ all: [{ service: [billing] }, { fork: true }] }", nothing, "does not"),
    ]);
}

#[test]
fn a_change_waits_when_what_keeps_a_rule_away_can_still_change() {
    for (when, outcome) in [
        ("{ labels: [hotfix] }", "pending"),
        ("{ status: [build] }", "pending"),
        ("{ draft: true }", "pending"),
        ("{ fork: true }", "not-applicable"),
        ("{ paths: [docs/] }", "not-applicable"),
        // Settled by the path, whatever the label becomes.
        ("{ all: [{ labels: [hotfix] }, { paths: [docs/] }] }", "not-applicable"),
        ("{ any: [{ labels: [hotfix] }, { paths: [docs/] }] }", "pending"),
    ] {
        let policy = format!(
            "countersign: 1\nname: test\nrules:\n  - name: rule\n    when: {when}\n    deny: it applies\n"
        );
        assert_eq!(Case::under(&policy).outcome(), outcome, "{when}");
    }
}

/// Why a rule applies, or does not.
fn because(when: &str, change: Change) -> String {
    let policy = crate::common::POLICY
        .replace("rules:", "  team: { users: [dana, omar] }\nrules:")
        .replace("require:", &format!("when: {when}\n    require:"));
    let mut case = Case::under(&policy);
    change(&mut case);
    let decision = case.answer().unwrap();
    let rule = &decision["rules"][0];
    let list =
        |key: &str| rule[key].as_array().unwrap().iter().map(|why| why.as_str().unwrap()).collect::<Vec<_>>();
    let why = if rule["state"] == "pending" && rule["because"][0] == "whether it applies is not known" {
        list("missing")
    } else {
        list("because")
    };
    format!("{when}\n  {}, {}\n", rule["state"].as_str().unwrap(), why.join("; "))
}

#[test]
fn each_predicate_says_why() {
    let ai: Change = |case| {
        message(case, "x\n\nAssisted-by: Codex:gpt-5.4\n");
        case.commit("c2", &["c1"])["message"] = "y\n\nAssisted-by: Codex:gpt-5.4\n".into();
    };
    let renamed: Change = |case| {
        case.request["files"] = json!([
            { "path": "docs/x.md", "previous_path": "src/x.rs", "status": "renamed" },
            { "path": "src/y.rs", "previous_path": "docs/y.md", "status": "renamed" },
        ]);
    };
    let suspicious: Change = |case| message(case, "x\n\nCo-authored-by: Claude Code <dev@example.com>\n");
    let by_omar: Change = |case| case.request["commits"][0]["author"] = ident("omar");
    let by_ai: Change = |case| {
        case.request["commits"][0]["author"] = json!({ "name": "Claude", "email": "noreply@anthropic.com" });
    };
    let by_nobody: Change = |case| {
        case.request["commits"][0]["author"] = json!({ "name": "x", "email": "x@elsewhere.example" });
    };
    let set_elsewhere: Change = |case| {
        case.push("statuses", json!({ "context": "build", "state": "success", "sha": id("c0") }));
    };
    let named = "{ requirements: { pattern: \"REQ-[0-9]+\" } }";
    let said: String = [
        because("{ ai: any }", nothing),
        because("{ ai: any }", ai),
        because("{ ai: suspected }", nothing),
        because("{ ai: suspected }", ai),
        because("{ ai: suspected }", suspicious),
        because("{ ai: { tool: [cursor] } }", ai),
        because("{ ai: { model: [\"opus*\"] } }", ai),
        because("{ ai: { help: [generated] } }", ai),
        because("{ ai: { rank: attested } }", ai),
        because("{ paths: [\"src/**\"] }", nothing),
        because("{ paths: [\"src/**\"] }", renamed),
        because("{ paths: [\"docs/**\"] }", renamed),
        because("{ paths: { changed: [\"*.md\", \"*.rs\"], ignore: [\"docs/**\"] } }", renamed),
        because("{ paths: [a/, b/, c/, d/] }", nothing),
        because("{ paths: [a/, b/, c/, d/, e/] }", nothing),
        because("{ author-in: [team] }", nothing),
        because("{ contributor-in: [team] }", nothing),
        because("{ author-is-only-contributor: true }", nothing),
        because("{ author-is-only-contributor: true }", by_omar),
        because("{ author-is-only-contributor: true }", by_ai),
        because("{ author-is-only-contributor: true }", by_nobody),
        because("{ status: [build] }", nothing),
        because("{ status: [build] }", set_elsewhere),
        because(named, |case| message(case, "REQ-1 REQ-2 REQ-3 REQ-4 REQ-5")),
        because(named, |case| message(case, "REQ-1 REQ-2 REQ-3 REQ-4 REQ-5 REQ-6")),
    ]
    .concat();
    insta::assert_snapshot!(said);
}

#[test]
fn a_predicate_that_asks_nothing_is_a_fault() {
    for when in ["{ title: {} }", "{ lines: {} }", "{ paths: {} }", "{ requirements: {} }", "{ all: [] }"] {
        let policy =
            format!("countersign: 1\nname: t\nrules:\n  - name: r\n    when: {when}\n    require: nobody\n");
        assert_eq!(Case::under(&policy).outcome(), "bad-policy", "{when}");
    }
}
