//! Whatever holds a change names a way out, and nobody is asked for what would not count.

use crate::common::{Case, POLICY, id};
use serde_json::{Value, json};

const QUESTION: &str = "questions: { reach: What does it reach? }\nrules:";

/// Of each remedy who is asked and for what, and whether they are asked to sign or to approve.
fn remedies(case: &Case) -> Vec<(String, String, bool)> {
    let decision = case.answer().unwrap();
    let remedies = decision["remedies"].as_array().cloned().unwrap_or_default();
    let each = remedies.iter().map(|remedy| {
        let who: Vec<&str> = remedy["who"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let what = remedy["what"].as_str().unwrap().to_owned();
        let approves = ["to sign commit", "to approve commit"].iter().any(|how| what.starts_with(how));
        (who.join(", "), what, approves)
    });
    each.collect()
}

fn under_options(options: &str) -> String {
    POLICY.replace("require:", &format!("options: {{ {options} }}\n    require:"))
}

#[test]
fn whatever_blocks_says_who_can_do_what_about_it() {
    let nothing: fn(&mut Case) = |_| {};
    let conditions = |of: &str| POLICY.replace("require:", &format!("conditions: {of}\n    require:"));
    let by_owners =
        POLICY.replace("people:", "codeowners: github\npeople:").replace("by: seniors", "by: code-owners");
    let fresh = under_options("fresh-answers: true")
        .replace("rules:", QUESTION)
        .replace("by: seniors }", "by: seniors, answers: [reach] }");
    let not_complete: fn(&mut Case) =
        |case| case.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "acts");
    let denied = |when: &str| format!("{POLICY}  - {{ name: no, {when}deny: As agreed }}\n");
    for (what, policy, edit, who, says) in [
        ("control", POLICY.to_owned(), nothing, "rhea, sam", "to approve commit 633100000000 in a review"),
        (
            "conditions",
            conditions("{ lines: { total: '< 1' } }"),
            nothing,
            "dana",
            "1 lines come and 1 go, and the policy says total < 1",
        ),
        (
            "a requirement that is not named",
            conditions("{ requirements: { pattern: 'HLR-[0-9]+' } }"),
            nothing,
            "dana",
            "names no requirement",
        ),
        (
            "no rule",
            POLICY
                .replace("rules:", "otherwise: block\nrules:")
                .replace("require:", "when: { paths: [docs/] }\n    require:"),
            nothing,
            "whoever keeps the policy",
            "to write a rule",
        ),
        ("no CODEOWNERS", by_owners, nothing, "whoever keeps CODEOWNERS", "the target holds no CODEOWNERS"),
        (
            "other changes' answers",
            fresh,
            nothing,
            "whoever keeps the gate",
            "the answers given in other changes",
        ),
        (
            "a list that was cut",
            POLICY.to_owned(),
            not_complete,
            "whoever keeps the gate",
            "may have been cut",
        ),
        (
            "no policy where one is required",
            String::new(),
            |case| case.request["trigger"]["require_policy"] = true.into(),
            "whoever keeps the repository",
            "to put a policy into",
        ),
        (
            "a push that is not known",
            under_options("since-push: true"),
            nothing,
            "whoever keeps the gate",
            "since-push",
        ),
        (
            "a merge that is not known",
            under_options("stale: tree"),
            nothing,
            "whoever keeps the gate",
            "stale: tree",
        ),
        (
            "a conflict",
            under_options("stale: tree"),
            |case| _ = case.push("complete", "merge-tree".into()),
            "dana",
            "to rebase the change onto main",
        ),
        (
            "somebody who is not known",
            POLICY.to_owned(),
            |case| case.request["commits"][0]["author"] = json!({ "name": "?", "email": "who@example.net" }),
            "whoever keeps the policy",
            "to say who that is",
        ),
        (
            "a branch that would be deleted",
            POLICY.to_owned(),
            |case| case.request["change"]["head"] = "0".repeat(40).into(),
            "whoever pushes or merges",
            "would delete main",
        ),
        (
            "what may be done by nobody",
            denied(""),
            nothing,
            "whoever keeps the policy",
            "to give the rule a `when`",
        ),
        (
            "what a change holds",
            denied("when: { paths: [src/] }, "),
            nothing,
            "dana",
            "to take out of the change what the rule denies",
        ),
        (
            "what a message lacks",
            denied("when: { dco: missing }, "),
            nothing,
            "dana",
            "to write into the messages of the commits",
        ),
        (
            "a veto of what a change holds",
            format!("{POLICY}veto: {{ when: {{ paths: [src/] }} }}\n"),
            nothing,
            "dana",
            "to take out of the change what the policy vetoes",
        ),
    ] {
        let mut case = Case::under(&policy);
        edit(&mut case);
        let decision = case.answer().unwrap();
        assert_eq!(decision["blocks"], true, "{what}: {decision:#}");
        let asked = remedies(&case);
        let is_it = |(whom, how, _): &(String, String, bool)| whom.contains(who) && how.contains(says);
        assert!(asked.iter().any(is_it), "{what}: {asked:#?}");
    }
}

#[test]
fn approvals_are_asked_for_beside_what_comes_without_a_push_and_after_what_needs_one() {
    for (conditions, asks) in [
        ("{ status: [build] }", true),
        ("{ labels: [ready] }", true),
        ("{ lines: { total: '< 1' } }", false),
        ("{ all: [{ status: [build] }, { lines: { total: '< 1' } }] }", false),
    ] {
        let case =
            Case::under(&POLICY.replace("require:", &format!("conditions: {conditions}\n    require:")));
        let asked = remedies(&case);
        assert!(asked.iter().any(|(_, what, _)| what.contains("conditions are not met")), "{asked:#?}");
        assert_eq!(asked.iter().any(|(.., approves)| *approves), asks, "{conditions}: {asked:#?}");
    }
}

#[test]
fn what_declares_ai_is_not_what_is_to_be_taken_out() {
    let ban =
        format!("{POLICY}  - {{ name: no, when: {{ ai: any }}, deny: Work of tools is not taken here }}\n");
    let mut case = Case::under(&ban);
    case.request["commits"][0]["message"] = "Work\n\nAI-Assisted: cursor\n".into();
    let [(_, what, _)] = &remedies(&case)[..] else { panic!("{:#?}", remedies(&case)) };
    assert!(what.contains("not the line that says who did it"), "{what}");
    assert!(what.contains("Work of tools is not taken here"), "{what}");
}

#[test]
fn whom_a_policy_asks_for_comments_alone_is_told_what_to_write() {
    let policy = under_options("methods: { comment-lines: ['LGTM {head}'] }");
    let mut case = Case::under(&policy);
    let decision = case.answer().unwrap();
    let remedy = &decision["remedies"][0];
    assert!(remedy["what"].as_str().unwrap().starts_with("to write this in a comment"), "{remedy}");
    let line = remedy["template"].as_str().unwrap().trim().to_owned();
    assert_eq!(line.to_lowercase(), format!("lgtm {}", id("c1")));
    // Whoever does so is counted.
    case.comment("sam", &line);
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn nobody_is_asked_to_sign_where_no_signature_counts() {
    use base64::Engine as _;
    let wire = [&[0, 0, 0, 11][..], b"ssh-ed25519", &[0, 0, 0, 32], &[1; 32]].concat();
    let key = format!("ssh-ed25519 {}", base64::engine::general_purpose::STANDARD.encode(wire));
    let nothing: fn(&mut Case) = |_| {};
    let merges: fn(&mut Case) = |case| {
        case.request["change"]["merge_tree"] = id("t").into();
        case.push("complete", "merge-tree".into());
    };
    let conflicts: fn(&mut Case) = |case| _ = case.push("complete", "merge-tree".into());
    let brings_nothing: fn(&mut Case) = |case| _ = case.push("complete", "diff-id".into());
    let differs: fn(&mut Case) = |case| case.request["change"]["diff_id"] = id("d").into();
    for (options, edit, asks) in [
        ("", nothing, true),
        ("stale: head", conflicts, true),
        ("stale: keep", nothing, true),
        ("stale: tree", merges, true),
        ("stale: tree", conflicts, false),
        ("stale: tree", nothing, false),
        ("stale: diff", differs, true),
        ("stale: diff", nothing, false),
        ("stale: diff", brings_nothing, false),
        ("since-push: true", nothing, false),
        ("fresh-answers: true", nothing, false),
        ("methods: { comment-lines: ['lgtm'] }", nothing, false),
        ("methods: { reviews: true, comment-lines: ['lgtm'] }", nothing, true),
    ] {
        let policy = under_options(options)
            .replace("rules:", "identities: { sam: { emails: [sam@example.com] } }\nrules:")
            .replace("rules:", QUESTION)
            .replace("by: seniors }", "by: seniors, answers: [reach] }");
        let mut case = Case::under(&policy);
        case.leave_the_forge();
        case.request["change"].as_object_mut().unwrap().remove("id");
        case.document("allowed-signers", ".countersign/allowed_signers", &format!("sam@example.com {key}\n"));
        edit(&mut case);
        let asked = remedies(&case);
        assert!(!asked.is_empty(), "{options}");
        assert_eq!(asked.iter().any(|(.., approves)| *approves), asks, "{options}: {asked:#?}");
        // And what somebody would sign counts where they are asked, and nowhere else.
        let change = &case.request["change"];
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{ "name": "refs/heads/main", "digest": { "gitCommit": id("c1") } }],
            "predicateType": "urn:countersign:signoff:v1",
            "predicate": {
                "decision": "approve", "repository": "o/r", "target": "refs/heads/main", "head": id("c1"),
                "policyDigest": "sha256:p", "at": "1970-01-12T00:00:00Z",
                "text": "reach: only the queue and what reads it",
                "diffId": change["diff_id"], "mergeTree": change["merge_tree"],
            },
        });
        let mut request = case.whole();
        request["to_sign"] = json!({ "key": key, "statement": statement.to_string() });
        let answer = countersign_core::evaluate(request.to_string().as_bytes()).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["signing"]["counts"], asks, "{options}: {}", answer["signing"]);
    }
}

#[test]
fn what_somebody_may_have_signed_elsewhere_is_looked_for_where_anybody_is_asked_to_sign() {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";
    for (rule, looks) in [
        ("{ name: other, require: nobody }", true),
        ("{ name: other, when: { paths: [src/] }, deny: As agreed }", false),
        ("{ name: other, conditions: { lines: { total: '< 1' } }, require: nobody }", false),
    ] {
        let identities = "identities: { sam: { emails: [sam@example.com] } }\nrules:\n  - ";
        let mut case = Case::under(&POLICY.replace("rules:", &format!("{identities}{rule}")));
        case.leave_the_forge();
        case.request["change"].as_object_mut().unwrap().remove("id");
        case.request["absent"].as_array_mut().unwrap().push("signoffs".into());
        case.document("allowed-signers", ".countersign/allowed_signers", &format!("sam@example.com {key}\n"));
        let notices = case.answer().unwrap()["notices"].to_string();
        assert_eq!(notices.contains("\"no-signoffs\""), looks, "{rule}: {notices}");
    }
}
