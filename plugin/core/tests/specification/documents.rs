//! Documents that decide: how they are read, and who guards them.

use crate::common::{Case, POLICY, account};
use crate::owners::POLICY as OWNED;
use serde_json::{Value, json};

fn check(policy: &str) -> Value {
    let source = json!({ "apiVersion": "countersign/v1", "name": "policy.yaml", "bytes": policy });
    let report = countersign_core::check_policy(source.to_string().as_bytes()).unwrap();
    serde_json::from_str(&report).unwrap()
}

/// What `policy check` warns of.
fn warnings(policy: &str) -> Vec<String> {
    let report = check(policy);
    assert_eq!(report["valid"], true, "{report:#}");
    let diagnostics = report["diagnostics"].as_array().unwrap();
    diagnostics.iter().map(|warning| warning["message"].as_str().unwrap().to_owned()).collect()
}

/// A change of one file under CODEOWNERS of a dialect: the code of its rule, and what is missing.
fn owned(dialect: &str, file: &str) -> (String, String) {
    let case = owned_with(dialect, file, &[]);
    let missing = case.answer().unwrap()["rules"][0]["missing"].to_string();
    (case.rule_code("owners"), missing)
}

fn owned_with(dialect: &str, file: &str, found: &[&str]) -> Case {
    let mut case = Case::under(&OWNED.replace("github", dialect));
    case.document("codeowners", "CODEOWNERS", file);
    for path in found {
        case.document("codeowners", path, "");
    }
    case.act("sam", "approve");
    case.push("groups", json!({ "name": "acme/core", "members": [account("sam")] }));
    case
}

#[test]
fn a_tool_that_nothing_is_known_of_is_warned_of() {
    let policy = |when: &str, more: &str| {
        format!("countersign: 1\nname: t\n{more}rules:\n  - {{ name: ban, when: {when}, deny: no }}\n")
    };
    let said = |policy: String| {
        warnings(&policy).into_iter().filter(|warning| warning.contains("no tool")).collect::<Vec<_>>()
    };
    for known in ["copilot", "github-copilot", "GitHub Copilot", "claude", "\"claude*\"", "amazon-q", "aider"]
    {
        assert_eq!(said(policy(&format!("{{ ai: {{ tool: [{known}] }} }}"), "")), [""; 0], "{known}");
    }
    let own = "provenance: { tools: { kursor: { names: [kursor] } } }\n";
    assert_eq!(said(policy("{ ai: { tool: [kursor] } }", own)), [""; 0]);
    for unknown in [
        "{ ai: { tool: [kursor] } }",
        "{ ai: { tool: [claude, kursor] } }",
        "{ not: { ai: { tool: kursor } } }",
        "{ any: [{ draft: true }, { ai: { tool: [Kursor] } }] }",
    ] {
        let said = said(policy(unknown, ""));
        assert_eq!(said.len(), 1, "{unknown}: {said:?}");
        assert!(said[0].contains("`kursor`"), "{said:?}");
    }
}

#[test]
fn a_line_of_codeowners_that_owns_nothing_is_a_fault_with_its_place() {
    for line in [
        "@sam @rhea",
        "@sam",
        "sam@example.com rhea@example.com",
        "sam@localhost",
        "- @sam",
        "-- @sam",
        "+ @sam",
        "\u{2022} @sam",
        "\u{2013} @sam",
        "1. @sam",
        "2) @sam",
        "* @ghost",
    ] {
        for dialect in ["github", "gitlab", "gitea"] {
            let all = if dialect == "gitea" { ".*" } else { "*" };
            let (code, missing) = owned(dialect, &format!("{all} @sam\n{line}\n"));
            assert_eq!(code, "fact-unavailable", "{dialect} `{line}`");
            assert!(missing.contains("line 2"), "{dialect} `{line}` {missing}");
        }
    }
    assert_eq!(owned("gitea", ".* @sam\n* @rhea\n").0, "fact-unavailable");
    for line in
        ["/@types/ @rhea", "@scope/ @rhea", "/sam@example.com @rhea", "*.rb @rhea", "a-b @rhea", "# @sam"]
    {
        for dialect in ["github", "gitlab"] {
            let (code, missing) = owned(dialect, &format!("* @sam\n{line}\n"));
            assert_eq!(code, "satisfied", "{dialect} `{line}` {missing}");
        }
    }
}

#[test]
fn what_is_called_like_a_group_is_a_path_where_the_target_has_it() {
    for line in ["@acme/core", "@acme/core @sam", "@acme/core/db @rhea"] {
        let file = format!("* @sam\n{line}\n");
        let path = line.split(' ').next().unwrap();
        let case = owned_with("github", &file, &[]);
        assert_eq!(case.rule_code("owners"), "fact-unavailable", "{line}");
        assert_eq!(owned_with("github", &file, &[path]).rule_code("owners"), "satisfied", "{line}");
        // A host is asked to look for it.
        let mut request = case.request.clone();
        let policy = json!({ "role": "policy", "source": "test", "bytes": case.policy });
        request["documents"] = json!([&[policy], case.documents.as_slice()].concat());
        let needs = countersign_core::needs(request.to_string().as_bytes()).unwrap();
        let needs: Value = serde_json::from_str(&needs).unwrap();
        let wanted = json!({ "role": "codeowners", "path": path });
        assert!(needs["documents"].as_array().unwrap().contains(&wanted), "{needs}");
    }
}

#[test]
fn what_nobody_sees_in_a_pattern_or_a_name_is_a_fault_with_its_place() {
    for (file, place, character) in [
        ("* @sam\n/src/\u{200b} @sam\n", "line 2, column 6", "U+200B"),
        ("*\u{a0}@sam\n", "line 1, column 2", "U+00A0"),
        ("* @sam\n\u{feff}/src/ @rhea\n", "line 2, column 1", "U+FEFF"),
        ("/src/ @sam \u{2060}@rhea\n", "line 1, column 12", "U+2060"),
    ] {
        let (code, missing) = owned("github", file);
        assert_eq!(code, "fact-unavailable", "{file:?}");
        assert!(missing.contains(place) && missing.contains(character), "{missing}");
    }
    assert_eq!(owned("github", "# a comment\u{200b}\n* @sam\n").0, "satisfied");
    for (from, to, line, column) in [
        ("name: sign-off", "name: sign-off\u{200b}", 6, 19),
        ("name: sign-off", "name: \"sign\\u200b-off\"", 6, 11),
        ("seniors: {", "seni\u{ad}ors: {", 4, 7),
        ("require:", "when: { paths: [\"src/\u{200b}*\"] }\n    require:", 7, 26),
        ("require:", "when: { paths: [\"src/\u{202e}*\"] }\n    require:", 7, 26),
        ("require:", "when: { labels: [\"a\u{a0}b\"] }\n    require:", 7, 24),
        ("people:", "protects: [\"ma\u{2060}in\"]\npeople:", 3, 15),
    ] {
        let report = check(&POLICY.replace(from, to));
        let diagnostics = report["diagnostics"].as_array().unwrap();
        let fault = diagnostics.iter().find(|fault| fault["severity"] == "error").unwrap();
        let at = (fault["line"].as_u64().unwrap(), fault["column"].as_u64().unwrap());
        assert_eq!((report["valid"].as_bool(), at), (Some(false), (line, column)), "{to:?} {report:#}");
        assert!(fault["message"].as_str().unwrap().contains("which nobody sees"), "{fault}");
    }
    // For people to read, and pictures that are joined.
    for (from, to) in [
        ("name: test\n", "name: test\ndescription: \"a\u{a0}b \u{200b}\"\n"),
        ("name: sign-off", "name: \"sign-off \u{1f469}\u{200d}\u{1f4bb}\u{fe0f}\""),
    ] {
        assert_eq!(check(&POLICY.replace(from, to))["valid"], true, "{to:?}");
    }
}

/// A policy whose rules are these, with addresses for everybody whom it names.
fn with_rules(rest: &str) -> String {
    format!(
        "countersign: 1\nname: t\npeople: {{ seniors: {{ users: [sam] }} }}\n\
         identities: {{ sam: {{ emails: [sam@example.com] }} }}\n{rest}"
    )
}

#[test]
fn a_document_that_decides_and_that_no_rule_guards_is_warned_of() {
    let gate = |when: &str, require: &str| {
        with_rules(&format!("rules: [{{ name: gate, when: {when}, require: {require} }}]\n"))
    };
    let one = "[{ approvals: 1, by: seniors }]";
    let both = "\"/.countersign/\", \"/.mailmap\"";
    for (policy, unguarded) in [
        (with_rules(&format!("rules: [{{ name: gate, require: {one} }}]\n")), ""),
        (gate(&format!("{{ paths: [{both}] }}"), one), ""),
        (gate("{ paths: [\".*\", \".countersign/**\"] }", one), ""),
        (gate("{ paths: [\"/.countersign/\"] }", one), "`.mailmap`"),
        (
            gate("{ paths: [\"/.countersign/policy.yaml\", \"/.mailmap\"] }", one),
            "allowed_signers` and `.countersign/revoked_keys`",
        ),
        // Owners guard what they own.
        (
            with_rules(
                "codeowners: github\nrules: [{ name: gate, require: [{ approvals: 1, by: code-owners }] }]\n",
            ),
            "`.mailmap`",
        ),
        (
            with_rules(
                "codeowners: { dialect: github, unowned: block }\n\
                 rules: [{ name: gate, require: [{ approvals: 1, by: code-owners }] }]\n",
            ),
            "",
        ),
        (
            with_rules(
                "codeowners: github\nrules: [{ name: gate, require: [{ approvals: 1, by: [code-owners, seniors] }] }]\n",
            ),
            "",
        ),
        // What leaves a way around guards nothing.
        (gate(&format!("{{ paths: {{ only: [{both}] }} }}"), one), "`.mailmap`"),
        (gate(&format!("{{ paths: {{ changed: [{both}], ignore: [\"*map\"] }} }}"), one), "`.mailmap`"),
        (gate(&format!("{{ paths: [{both}], ai: any }}"), one), "`.mailmap`"),
        (gate(&format!("{{ any: [{{ ai: any }}, {{ paths: [{both}] }}] }}"), one), ""),
        (gate(&format!("{{ not: {{ paths: {{ none: [{both}] }} }} }}"), one), ""),
        (gate("{ not: { paths: { only: [\"docs/**\"] } } }", one), ""),
        (gate(&format!("{{ paths: [{both}] }}"), "nobody"), "`.mailmap`"),
        (with_rules(&format!("rules: [{{ name: gate, enforce: observe, require: {one} }}]\n")), "`.mailmap`"),
        (with_rules(&format!("rules: [{{ name: gate, when: {{ paths: [{both}] }}, deny: never }}]\n")), ""),
        // A rule that nobody waits for, or that another makes up for.
        (
            with_rules(&format!(
                "rules: [{{ name: a, require: {one} }}, {{ name: b, when: {{ ai: any }}, require: {one} }}]\nrequire: [{{ any: [a, b] }}]\n"
            )),
            "`.mailmap`",
        ),
        (
            with_rules(&format!(
                "rules: [{{ name: a, require: {one} }}, {{ name: b, require: {one} }}]\nrequire: [{{ any: [a, b] }}]\n"
            )),
            "",
        ),
        // What else the policy reads.
        (
            with_rules(&format!(
                "codeowners: gitlab\nrules: [{{ name: gate, when: {{ paths: [{both}, CODEOWNERS] }}, require: {one} }}]\n"
            )),
            "",
        ),
        (
            with_rules(&format!(
                "codeowners: gitlab\nrules: [{{ name: gate, when: {{ paths: [{both}, /CODEOWNERS] }}, require: {one} }}]\n"
            )),
            "`.gitlab/CODEOWNERS` and `docs/CODEOWNERS`",
        ),
        (
            with_rules(&format!(
                "rules: [{{ name: gate, when: {{ paths: [{both}] }}, conditions: {{ requirements: {{ pattern: \"R-1\", list: docs/reqs.md }} }}, require: {one} }}]\n"
            )),
            "`docs/reqs.md`",
        ),
        (
            with_rules(&format!(
                "levels: [{{ name: A, paths: [{both}] }}, {{ name: B, paths: [\"x\"] }}]\nrules: [{{ name: gate, when: {{ level: A }}, require: {one} }}]\n"
            )),
            "",
        ),
        (
            with_rules(&format!(
                "levels: [{{ name: A, paths: [x] }}, {{ name: B, paths: [{both}] }}]\nrules: [{{ name: gate, when: {{ level: B }}, require: {one} }}]\n"
            )),
            "`.mailmap`",
        ),
        (
            with_rules(&format!(
                "levels: [{{ name: A, paths: [x] }}, {{ name: B, paths: [{both}] }}]\nrules: [{{ name: gate, when: {{ level: [A, B] }}, require: {one} }}]\n"
            )),
            "",
        ),
    ] {
        let warnings: Vec<String> =
            warnings(&policy).into_iter().filter(|warning| warning.contains("guards")).collect();
        assert_eq!(warnings.is_empty(), unguarded.is_empty(), "{policy}\n{warnings:?}");
        assert!(warnings.iter().all(|warning| warning.contains(unguarded)), "{policy}\n{warnings:?}");
    }
}

#[test]
fn every_policy_that_comes_with_the_product_is_valid_without_a_warning() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let mut policies = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path().join("policy.yaml");
        let policy = std::fs::read_to_string(&path).unwrap();
        assert_eq!(warnings(&policy), [""; 0], "{}", path.display());
        policies += 1;
    }
    assert!(policies > 10, "{policies}");
}

#[test]
fn people_who_can_never_be_recognised_without_a_forge_are_warned_of() {
    let named = |users: &str, identities: &str| {
        let policy = format!(
            "countersign: 1\nname: t\npeople: {{ seniors: {{ users: {users} }} }}\nidentities: {{ {identities} }}\n\
             rules: [{{ name: r, require: [{{ approvals: 1, by: seniors }}] }}]\n"
        );
        warnings(&policy).concat()
    };
    let sam = "sam: { emails: [sam@example.com] }";
    for (users, identities, unknown) in [
        ("[sam]", sam, ""),
        ("[sam, dora]", sam, "dora"),
        ("[sam, dora@example.com]", sam, ""),
        ("[sam, samantha]", "sam: { emails: [sam@example.com], accounts: [samantha] }", ""),
        (
            "[sam, { login: olga, id: 7 }]",
            "sam: { emails: [a@x.example] }, olga2: { id: 7, emails: [b@x.example] }",
            "",
        ),
        ("[sam, dora]", "sam: { emails: [sam@example.com] }, dora: { id: 8 }", "dora"),
    ] {
        let warning = named(users, identities);
        assert_eq!(warning.contains("no address is known for"), !unknown.is_empty(), "{users} {warning}");
        assert!(warning.contains(unknown), "{users} {warning}");
    }
}

#[test]
fn what_a_forge_would_skip_in_codeowners_is_warned_of() {
    for (file, warned) in [
        ("* @sam\n", ""),
        ("\u{feff}* @sam\n", ""),
        ("* @sam\n@sam /src/\n", "CODEOWNERS, line 2: `@sam` is an owner"),
        ("* @sam\n!x @sam\n", "CODEOWNERS, line 2: bad pattern"),
        ("* @sam\n/x sam\n", "CODEOWNERS, line 2: `sam` is no owner"),
    ] {
        for policy in
            [OWNED.to_owned(), OWNED.replace("codeowners: github\n", "").replace("code-owners", "seniors")]
        {
            let source = json!({
                "apiVersion": "countersign/v1", "name": "policy.yaml", "bytes": policy, "codeowners": file,
            });
            let report = countersign_core::check_policy(source.to_string().as_bytes()).unwrap();
            let report: Value = serde_json::from_str(&report).unwrap();
            let warned = if policy == OWNED { warned } else { "" };
            let found = report["diagnostics"].to_string().contains("CODEOWNERS, line");
            assert_eq!(
                (report["valid"].clone(), found),
                (true.into(), !warned.is_empty()),
                "{file} {report:#}"
            );
            assert!(report.to_string().contains(warned), "{file} {report:#}");
        }
    }
}

#[test]
fn a_carriage_return_that_ends_no_line_for_git_is_a_fault_in_every_document_that_decides() {
    let comment = |ending: &str| format!("{POLICY}# asked of everybody{ending}# of both teams\n");
    for (text, valid) in [
        (comment("\r"), false),
        (comment("\n\r"), false),
        (format!("{POLICY}# the last\r"), false),
        (comment("\r\n"), true),
        (POLICY.replace('\n', "\r\n"), true),
    ] {
        let report = check(&text);
        assert_eq!(report["valid"], valid, "{text:?} {report:#}");
        if !valid {
            let said = report["diagnostics"].as_array().unwrap();
            let said = said.iter().find(|fault| fault["severity"] == "error").unwrap();
            assert!(said["message"].as_str().unwrap().contains("a carriage return"), "{said}");
            assert!(said["line"].as_u64().unwrap() >= 8, "{said}");
        }
    }
    for (role, path) in [("mailmap", ".mailmap"), ("codeowners", "CODEOWNERS"), ("requirements", "docs/list")]
    {
        for (text, code) in
            [("# a comment\r# another\n", "fact-unavailable"), ("# a comment\r\n", "satisfied")]
        {
            let mut case =
                if role == "codeowners" { owned_with("github", "* @sam\n", &[]) } else { Case::new() };
            if role == "codeowners" {
                let own = case.documents.iter_mut().find(|document| document["role"] == role).unwrap();
                own["bytes"] = format!("* @sam\n{text}").into();
            } else {
                case.document(role, path, text);
                case.act("sam", "approve");
            }
            let rule = if role == "codeowners" { "owners" } else { "sign-off" };
            assert_eq!(case.rule_code(rule), code, "{role} {text:?}");
        }
    }
}

#[test]
fn what_could_never_pass_is_said_before_it_locks_anybody_out() {
    let policy =
        |people: &str, rule: &str| format!("countersign: 1\nname: t\npeople: {people}\nrules:\n  - {rule}\n");
    let two = "{ name: r, distinct: DISTINCT, require: [{ approvals: 1, by: a }, { approvals: 1, by: b }] }";
    let one = "{ name: r, require: [{ approvals: 1, by: a }] }";
    for (people, rule, fault) in [
        ("{ a: { users: [sam] }, b: { users: [rhea] } }", two.replace("DISTINCT", "true"), None),
        ("{ a: { users: [sam] }, b: { users: [sam] } }", two.replace("DISTINCT", "false"), None),
        ("{ a: { users: [sam] }, b: { groups: [o/b] } }", two.replace("DISTINCT", "true"), None),
        (
            "{ a: { users: [sam] }, b: { users: [sam] } }",
            two.replace("DISTINCT", "true"),
            Some("2 approvals are asked of 1 person"),
        ),
        ("{ a: { bots: ['renovate[bot]'] } }", one.to_owned(), None),
        (
            "{ a: { users: ['renovate[bot]'] } }",
            one.to_owned(),
            Some("`renovate[bot]` is what forges call a program, and programs are no people"),
        ),
    ] {
        let report = check(&policy(people, &rule));
        let said = report["diagnostics"].to_string();
        let never = ["asked of", "programs are no people"].iter().any(|never| said.contains(never));
        assert_eq!(never, fault.is_some(), "{people} {rule}: {said}");
        assert!(fault.is_none_or(|fault| said.contains(fault)), "{people} {rule}: {said}");
    }
    let denies =
        |more: &str| warnings(&policy("{ a: { users: [sam] } }", &format!("{{ name: r, deny: No{more} }}")));
    let every =
        |warnings: Vec<String>| warnings.iter().any(|warning| warning.contains("denies every change"));
    assert!(every(denies("")));
    for more in [", when: { paths: [src/] }", ", waivable-by: a", ", enforce: observe"] {
        assert!(!every(denies(more)), "{more}");
    }
}

#[test]
fn what_is_said_of_a_pattern_that_is_called_like_a_folder_is_what_it_does() {
    let policy = |when: &str| POLICY.replace("require:", &format!("when: {when}\n    require:"));
    let said = warnings(&policy("{ paths: [src] }")).join("\n");
    assert!(said.contains("reaches into a folder of this name"), "{said}");
    for (when, applies) in [
        ("{ paths: [src] }", true),
        ("{ paths: [src/] }", true),
        ("{ paths: [sr] }", false),
        // An excuse is about a file alone.
        ("{ not: { paths: { only: [src] } } }", true),
        ("{ not: { paths: { only: [src/] } } }", false),
    ] {
        let code = Case::under(&policy(when)).rule_code("sign-off");
        assert_eq!(code != "not-applicable", applies, "{when}: {code}");
    }
}
