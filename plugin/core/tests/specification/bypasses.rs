//! Ways around a gate that were used against others. Each must end in anything but an approval.

use crate::common::{Case, POLICY, account, id, ident};
use serde_json::json;

fn with_options(options: &str) -> String {
    POLICY.replace("require:", &format!("options: {{ {options} }}\n    require:"))
}

/// What passes before the attack must not pass after it.
fn assert_blocked(case: &Case, code: &str) {
    assert_eq!(case.outcome(), "pending", "{:#}", case.answer().unwrap_or_default());
    assert!(case.codes().iter().any(|found| found == code), "{:?}", case.codes());
}

fn approved() -> Case {
    let mut case = Case::new();
    case.act("sam", "approve");
    assert_eq!(case.outcome(), "approved");
    case
}

#[test]
fn approve_then_push() {
    let mut case = approved();
    case.commit("c2", &["c1"]);
    assert_blocked(&case, "stale-head");
}

#[test]
fn push_and_merge_before_the_forge_drops_the_approval() {
    // The forge still says that the approval stands; the commit that it names decides.
    let mut case = approved();
    case.commit("c2", &["c1"]);
    assert_eq!(case.request["acts"][0]["dismissed"], json!(null));
    assert_blocked(&case, "stale-head");
}

#[test]
fn a_strangers_push_just_before_the_submit() {
    let mut case = approved();
    case.commit("c2", &["c1"])["author"] = ident("mallory");
    assert_blocked(&case, "stale-head");
}

#[test]
fn a_commit_staged_before_the_approval() {
    // Older than the approval by its own dates, and not what was approved.
    let mut case = approved();
    case.commit("c0", &["base"])["committer"]["time"] = 1.into();
    case.request["commits"].as_array_mut().unwrap().remove(0);
    assert_blocked(&case, "stale-head");
}

#[test]
fn a_commit_with_an_unknown_address_by_the_approver() {
    let mut case = approved();
    case.request["commits"][0]["author"] = json!({ "name": "Sam", "email": "sam@elsewhere.example" });
    assert_eq!(case.rule_code("sign-off"), "unattributed-commit");
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn a_contribution_through_the_second_parent() {
    let mut case = Case::new();
    case.commit("side", &["base"])["author"] = ident("sam");
    case.commit("m1", &["c1", "side"]);
    case.act("sam", "approve");
    assert_blocked(&case, "author");
}

/// An approval of `c1`, and then a merge that the forge made.
fn update_merge(second: &str) -> Case {
    let mut case = Case::under(&with_options("ignore-update-merges: true"));
    case.act("sam", "approve");
    let merge = case.commit("m1", &["c1", second]);
    merge["forge_made"] = "web".into();
    merge["auto_merge_tree"] = merge["tree"].clone();
    case
}

#[test]
fn a_side_branch_merged_as_if_it_were_the_target() {
    assert_eq!(update_merge("newer base").outcome(), "approved");
    let mut case = update_merge("newer base");
    case.request["commits"][1]["parents"][1]["in_target"] = false.into();
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn code_added_while_conflicts_are_resolved_in_an_update_merge() {
    let mut case = update_merge("newer base");
    case.request["commits"][1]["auto_merge_tree"] = id("what the merge alone gives").into();
    assert_blocked(&case, "stale-head");
}

#[test]
fn an_update_merge_that_nobody_proves_unaltered() {
    let mut case = update_merge("newer base");
    case.request["commits"][1].as_object_mut().unwrap().remove("auto_merge_tree");
    assert_eq!(case.outcome(), "approved");
    case.policy = case.policy.replace("merges: true", "merges: verified");
    assert_blocked(&case, "stale-head");
    let mut case = update_merge("newer base");
    case.policy = case.policy.replace("merges: true", "merges: verified");
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn a_spoofed_author_address() {
    // Sam pushed what says that dana wrote it.
    let mut case = approved();
    case.push("pushes", json!({ "by": account("sam"), "head": id("c1") }));
    assert_blocked(&case, "pusher");
}

#[test]
fn a_rebase_that_changes_author_or_committer() {
    for part in ["author", "committer"] {
        let mut case = approved();
        case.request["commits"][0][part] = ident("sam");
        assert_blocked(&case, part);
    }
}

#[test]
fn a_trailer_that_says_approved() {
    let mut case = Case::new();
    case.request["commits"][0]["message"] =
        "Work\n\nApproved-by: Sam <sam@example.com>\nSigned-off-by: Sam <sam@example.com>\n".into();
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn retargeting_after_the_approval() {
    let mut case = approved();
    case.request["acts"][0]["target"] = "refs/heads/scratch".into();
    assert_blocked(&case, "other-target");
}

#[test]
fn an_approval_of_another_change() {
    let mut case = approved();
    case.request["acts"][0]["change"] = "6".into();
    assert_blocked(&case, "other-change");
}

#[test]
fn the_change_weakens_or_removes_the_policy() {
    // The policy comes from the target; the change's own file is a file like any other, and guarded.
    let guarded = format!(
        "{POLICY}  - name: gate\n    when: {{ paths: [/.countersign/] }}\n    require: [{{ approvals: 2, by: seniors }}]\n"
    );
    for status in ["deleted", "modified"] {
        let mut case = Case::under(&guarded);
        case.act("sam", "approve");
        case.push("files", json!({ "path": ".countersign/policy.yaml", "status": status }));
        assert_eq!(case.rule_code("gate"), "missing-approvals");
    }
    let mut case = Case::under(&guarded);
    case.act("sam", "approve");
    case.push(
        "files",
        json!({ "path": "old", "previous_path": ".countersign/policy.yaml", "status": "renamed" }),
    );
    assert_eq!(case.rule_code("gate"), "missing-approvals");
}

#[test]
fn the_job_that_runs_the_gate_is_skipped_or_replaced() {
    let policy = POLICY.replace(
        "require: [{ approvals: 1, by: seniors }]",
        "conditions: { status: { names: [gate], source: gatekeeper } }\n    require: nobody",
    );
    for (state, source, outcome) in [
        (Some("success"), "gatekeeper", "approved"),
        (Some("skipped"), "gatekeeper", "pending"),
        (Some("neutral"), "gatekeeper", "pending"),
        (Some("success"), "dana", "pending"),
        (None, "", "pending"),
    ] {
        let mut case = Case::under(&policy);
        if let Some(state) = state {
            case.push(
                "statuses",
                json!({ "context": "gate", "state": state, "source": account(source), "sha": id("c1") }),
            );
        }
        assert_eq!(case.outcome(), outcome, "{state:?} by {source}");
    }
}

#[test]
fn a_tag_that_is_called_like_the_branch() {
    let mut case = approved();
    case.request["acts"][0]["target"] = "refs/tags/main".into();
    assert_blocked(&case, "other-target");
}

#[test]
fn an_old_branch_without_the_guarded_file() {
    // What the change's own tree holds or lacks says nothing: rules look at what changes, by the target's policy.
    let case = Case::under(&POLICY.replace("require:", "when: { paths: [\"src/**\"] }\n    require:"));
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn rules_removed_on_the_change_itself() {
    // A request has no place for rules of a change; what a host adds is not read.
    let mut case = Case::new();
    case.request["change"]["rules"] = json!([]);
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn a_rule_that_nobody_can_satisfy_approves_itself() {
    let mut case = Case::under(&POLICY.replace("users: [sam, rhea]", "groups: [seniors]"));
    case.push("groups", json!({ "name": "seniors", "members": [account("dana")] }));
    assert_eq!(case.rule_code("sign-off"), "impossible");
    case.act("dana", "approve");
    assert_blocked(&case, "author");
}

#[test]
fn a_rename_out_of_a_guarded_path() {
    let mut case = Case::under(&POLICY.replace("require:", "when: { paths: [\"infra/**\"] }\n    require:"));
    assert_eq!(case.outcome(), "not-applicable");
    case.push(
        "files",
        json!({ "path": "docs/main.tf", "previous_path": "infra/main.tf", "status": "renamed" }),
    );
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn odd_path_names() {
    let policy = POLICY.replace("require:", "when: { paths: [\"infra/**\"] }\n    require:");
    for path in
        [json!("infra/a\nb"), json!("infra/\"q\""), json!("infra/é"), json!({ "b64": "aW5mcmEv/w==" })]
    {
        let mut case = Case::under(&policy);
        case.push("files", json!({ "path": path, "status": "added" }));
        assert_eq!(case.outcome(), "pending", "{path}");
    }
}

#[test]
fn the_exception_for_documents_covers_more_than_documents() {
    let policy = "\
countersign: 1
name: docs
people: { seniors: { users: [sam] } }
rules:
  - name: documents
    when: { paths: { only: [\"*.md\"] } }
    require: nobody
  - name: senior
    require: [{ approvals: 1, by: seniors }]
require: [{ any: [documents, senior] }]
";
    let files = |files: serde_json::Value| {
        let mut case = Case::under(policy);
        case.request["files"] = files;
        case.outcome()
    };
    assert_eq!(files(json!([{ "path": "a.md", "status": "modified" }])), "approved");
    assert_eq!(files(json!([])), "pending");
    assert_eq!(
        files(json!([{ "path": "a.md", "status": "modified" }, { "path": "x.rs", "status": "added" }])),
        "pending"
    );
    let renamed = json!([{ "path": "a.md", "previous_path": "x.rs", "status": "renamed" }]);
    assert_eq!(files(renamed), "pending");
}

#[test]
fn lists_that_were_cut() {
    for list in ["commits", "acts"] {
        let mut case = approved();
        case.request["complete"].as_array_mut().unwrap().retain(|fact| fact != list);
        assert_eq!(case.rule_code("sign-off"), "list-incomplete", "{list}");
    }
    let mut case = Case::under(&POLICY.replace("require:", "when: { paths: [\"infra/**\"] }\n    require:"));
    case.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "files");
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn a_bot_or_a_ci_token_approves() {
    let mut case = approved();
    case.push("people", json!({ "account": account("sam"), "kind": "bot" }));
    assert_blocked(&case, "bot");
    case.policy = POLICY.replace("users: [sam, rhea]", "bots: [sam]");
    assert_eq!(case.outcome(), "approved", "a rule may name a program");
}

#[test]
fn an_agent_with_the_token_of_its_author() {
    // Whoever acts with dana's token is dana. With a second person's token it is that person: see SECURITY.md.
    let mut case = Case::under(&POLICY.replace("[sam, rhea]", "[sam, dana]"));
    case.act("dana", "approve");
    assert_blocked(&case, "author");
}

#[test]
fn whoever_asked_the_agent_approves_its_change() {
    let mut case = approved();
    case.request["change"]["asked_by"] = json!([account("sam")]);
    assert_blocked(&case, "ai-requester");
}

#[test]
fn a_second_account_of_the_author() {
    let mut case = approved();
    case.push("people", json!({ "account": account("sam"), "also": [account("dana")] }));
    assert_blocked(&case, "author");
}

#[test]
fn one_person_counts_twice_by_two_accounts() {
    let mut case = Case::under(&POLICY.replace("approvals: 1", "approvals: 2"));
    case.push("people", json!({ "account": account("sam"), "also": [account("rhea")] }));
    case.act("sam", "approve");
    case.act("rhea", "approve");
    assert_eq!(case.outcome(), "pending");
    assert!(case.codes().contains(&"superseded".to_owned()), "{:?}", case.codes());
}

#[test]
fn a_login_that_looks_like_another() {
    let mut case = Case::new();
    case.act("ѕam", "approve");
    assert_blocked(&case, "not-eligible");
    let mut case = Case::new();
    case.act("SAM", "approve");
    assert_eq!(case.outcome(), "approved", "case makes no other person");
    assert_eq!(Case::under(&POLICY.replace("rhea", "rheа")).outcome(), "bad-policy");
}

#[test]
fn a_login_that_changed_hands() {
    let policy = POLICY.replace("[sam, rhea]", "[{ login: sam, id: 42 }]");
    for (number, outcome) in [("42", "approved"), ("99", "pending")] {
        let mut case = Case::under(&policy);
        case.push("people", json!({ "account": { "login": "sam", "id": number } }));
        case.act("sam", "approve");
        assert_eq!(case.outcome(), outcome, "{number}");
    }
}

#[test]
fn a_member_who_left() {
    let policy = POLICY.replace("users: [sam, rhea]", "groups: [seniors]");
    let mut case = Case::under(&policy);
    case.push("groups", json!({ "name": "seniors", "members": [account("rhea")] }));
    case.act("sam", "approve");
    assert_blocked(&case, "not-eligible");
    let mut case = approved();
    case.push("people", json!({ "account": account("sam"), "active": false }));
    assert_blocked(&case, "inactive");
}

#[test]
fn a_membership_that_could_not_be_read() {
    let mut case = Case::under(&POLICY.replace("users: [sam, rhea]", "groups: [seniors]"));
    case.push("groups", json!({ "name": "seniors", "unreadable": true }));
    case.act("sam", "approve");
    assert_blocked(&case, "membership-unreadable");
}

#[test]
fn a_comment_edited_into_an_approval() {
    let policy = with_options("stale: keep, edited: counts, methods: { comment-lines: [/approve] }");
    let mut case = Case::under(&policy);
    let comment = case.comment("sam", "/approve");
    comment["text_integrity"] = "own-edits-only".into();
    comment["edited"] = json!({ "at": 200, "by": account("dana") });
    assert_blocked(&case, "mutable-text");
    case.request["acts"][0]["edited"]["by"] = account("sam");
    assert_eq!(case.outcome(), "approved", "one's own edit counts where the policy says so");
    case.policy = with_options("stale: keep, methods: { comment-lines: [/approve] }");
    assert_blocked(&case, "edited");
}

#[test]
fn an_approval_in_a_quote_a_code_block_or_a_hidden_comment() {
    let policy = with_options("stale: keep, methods: { comment-lines: [/approve] }");
    for (text, outcome) in [
        ("/approve", "approved"),
        ("> /approve", "pending"),
        ("> said\n/approve", "pending"),
        ("```\n/approve\n```", "pending"),
        ("    /approve", "pending"),
        ("<!--\n/approve\n-->", "pending"),
        ("never /approve this", "pending"),
    ] {
        let mut case = Case::under(&policy);
        case.comment("sam", text);
        assert_eq!(case.outcome(), outcome, "{text:?}");
    }
}

#[test]
fn dismissing_the_refusal_brings_no_approval_back() {
    let mut case = approved();
    case.act("sam", "request-changes")["dismissed"] = json!({ "at": 300, "by": account("rhea") });
    assert_eq!(case.outcome(), "pending");
    assert_eq!(case.codes(), ["superseded", "dismissed"]);
    // And whoever took part in the change ends no refusal of it; whoever refused does.
    for (by, outcome, code) in [("dana", "denied", "no-sign-off"), ("sam", "pending", "dismissed")] {
        case.request["acts"][1]["dismissed"]["by"] = account(by);
        assert_eq!(case.outcome(), outcome, "dismissed by {by}");
        assert_eq!(case.codes(), ["superseded", code], "dismissed by {by}");
    }
}

const VETO: &str = "veto: { by: seniors, revoked-by: anyone }\n";

#[test]
fn the_author_lifts_a_veto() {
    let policy = POLICY.replace("users: [sam, rhea]", "users: [sam, rhea, dana]") + VETO;
    let mut case = Case::under(&policy);
    case.act("rhea", "approve");
    case.act("sam", "request-changes");
    case.act("dana", "approve");
    assert_eq!(case.outcome(), "denied");
}

#[test]
fn a_veto_and_its_revocation_in_the_same_second() {
    let mut case = Case::under(&(POLICY.to_owned() + VETO));
    case.act("sam", "request-changes")["at"] = 100.into();
    case.act("rhea", "approve")["at"] = 100.into();
    assert_eq!(case.outcome(), "denied");
    case.request["acts"][1]["at"] = 101.into();
    assert_ne!(case.rule_code("veto"), "vetoed");
}

#[test]
fn a_tie_in_time_helps_no_approval() {
    for order in [["approve", "withdraw"], ["withdraw", "approve"]] {
        let mut case = Case::new();
        for kind in order {
            case.act("sam", kind)["at"] = 100.into();
        }
        assert_eq!(case.outcome(), "pending", "{order:?}");
    }
}

#[test]
fn a_withdrawal_without_a_time_may_be_the_last_word() {
    let mut case = approved();
    let act = case.act("sam", "withdraw");
    act.as_object_mut().unwrap().remove("at");
    assert_blocked(&case, "withdrawn");
}

#[test]
fn a_status_of_another_commit() {
    let policy = POLICY.replace("require:", "conditions: { status: build }\n    require:");
    let mut case = Case::under(&policy);
    case.act("sam", "approve");
    case.push("statuses", json!({ "context": "build", "state": "success", "sha": id("c0") }));
    assert_eq!(case.rule_code("sign-off"), "condition-unmet");
    case.request["statuses"][0]["sha"] = id("c1").into();
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn a_merge_queue_that_makes_another_result() {
    let policy = with_options("stale: tree");
    let mut case = Case::under(&policy);
    case.act("sam", "approve")["merge_tree"] = id("t1").into();
    case.request["change"]["merge_tree"] = id("t1").into();
    assert_eq!(case.outcome(), "approved");
    case.request["change"]["merge_tree"] = id("t2").into();
    assert_blocked(&case, "stale-tree");
}

#[test]
fn every_rule_is_skipped_while_a_status_is_awaited() {
    let mut case = Case::under(&POLICY.replace("require:", "when: { status: tests }\n    require:"));
    assert_eq!(case.outcome(), "pending");
    assert_eq!(case.rule_code("sign-off"), "not-applicable");
    case.push("statuses", json!({ "context": "tests", "state": "success" }));
    assert_eq!(case.rule_code("sign-off"), "missing-approvals");
}

#[test]
fn rights_on_a_fork_are_no_rights_here() {
    let mut case = Case::new();
    case.request["change"]["fork"] = true.into();
    case.act("mallory", "approve");
    assert_blocked(&case, "not-eligible");
}

#[test]
fn a_signature_that_nobody_verified() {
    let policy = POLICY.replace("require:", "conditions: { signatures: verified }\n    require:");
    for (verified, outcome) in
        [(json!(true), "approved"), (json!(false), "pending"), (json!(null), "pending")]
    {
        let mut case = Case::under(&policy);
        case.act("sam", "approve");
        if !verified.is_null() {
            case.request["commits"][0]["verified"] = verified.clone();
        }
        assert_eq!(case.outcome(), outcome, "{verified}");
    }
}

#[test]
fn a_commit_that_is_done_and_undone() {
    // Both commits are judged, though the files say that nothing happened between them.
    let mut case = Case::under(&POLICY.replace("require:", "when: { ai: any }\n    require:"));
    case.request["commits"][0]["message"] = "Work\n\nAI-Assisted: cursor\n".into();
    case.commit("c2", &["c1"]);
    case.request["files"] = json!([]);
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn a_policy_of_no_version_that_we_know() {
    for (bad, why) in [
        (POLICY.replace("countersign: 1", "countersign: 0"), "an older version"),
        (POLICY.replace("rules:", "rulez:"), "an unknown key"),
        (POLICY.replace("name: sign-off", "description: none"), "a rule without a name"),
        (
            format!("{POLICY}  - name: sign-off\n    require: [{{ approvals: 1, by: seniors }}]\n"),
            "two of one name",
        ),
        (POLICY.replace("by: seniors", "by: nobody"), "an unknown set"),
        (POLICY.replace("require:", "when: { paths: [\"re:(\"] }\n    require:"), "a bad pattern"),
    ] {
        assert_eq!(Case::under(&bad).outcome(), "bad-policy", "{why}");
    }
}

#[test]
fn an_agent_leaves_its_mark_out() {
    // A rule for what is unmarked too: no sign-off hangs on a marker alone.
    let mut case = Case::under(&POLICY.replace("require:", "when: { ai: none }\n    require:"));
    assert_eq!(case.outcome(), "pending");
    case.act("sam", "approve");
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn nobody_took_part_but_an_agent() {
    let policy = POLICY.replace("require: [{ approvals: 1, by: seniors }]", "when: { only-contributors-in: seniors }\n    require: nobody\n  - name: else\n    when: { not: { only-contributors-in: seniors } }\n    require: [{ approvals: 1, by: seniors }]");
    let mut case = Case::under(&policy);
    case.request["change"]["opened_by"] = account("sam");
    case.request["commits"][0]["author"] = ident("sam");
    case.request["commits"][0]["committer"] = ident("sam");
    assert_eq!(case.outcome(), "approved");
    case.request["commits"][0]["author"] = json!({ "name": "Claude", "email": "noreply@anthropic.com" });
    assert_eq!(case.rule_code("else"), "missing-approvals");
}

#[test]
fn all_of_a_group_that_could_not_be_read() {
    let mut case = Case::under(
        &POLICY
            .replace("users: [sam, rhea]", "users: [sam], groups: [more]")
            .replace("approvals: 1", "approvals: all"),
    );
    case.push("groups", json!({ "name": "more", "unreadable": true }));
    case.act("sam", "approve");
    assert_eq!(case.outcome(), "pending");
    assert_eq!(case.rule_code("sign-off"), "fact-unavailable");
}

#[test]
fn a_binary_file_is_no_small_change() {
    let mut case = Case::under(&POLICY.replace(
        "require: [{ approvals: 1, by: seniors }]",
        "when: { lines: { total: \"< 10\" } }\n    require: nobody",
    ));
    assert_eq!(case.outcome(), "approved");
    case.push("files", json!({ "path": "x.bin", "status": "modified", "binary": true }));
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn a_failed_status_that_does_not_say_when() {
    let mut case = Case::under(&POLICY.replace(
        "require: [{ approvals: 1, by: seniors }]",
        "conditions: { status: build }\n    require: nobody",
    ));
    case.push("statuses", json!({ "context": "build", "state": "success", "at": 5 }));
    assert_eq!(case.outcome(), "approved");
    case.push("statuses", json!({ "context": "build", "state": "failure" }));
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn an_empty_list_of_commits_that_may_have_been_cut() {
    for policy in
        [POLICY.to_owned(), POLICY.replace("require: [{ approvals: 1, by: seniors }]", "deny: frozen")]
    {
        let mut case = Case::under(&policy);
        case.request["commits"] = json!([]);
        assert!(["pending", "denied"].contains(&case.outcome().as_str()), "files change, and no commit does");
        case.request["files"] = json!([]);
        assert_eq!(case.outcome(), "not-applicable", "the target holds the head");
        case.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "commits");
        assert_ne!(case.outcome(), "not-applicable");
    }
}

#[test]
fn an_approval_of_another_change_takes_a_refusal_back() {
    for (field, value) in [("target", "refs/heads/scratch"), ("change", "6")] {
        for policy in [POLICY.to_owned(), POLICY.to_owned() + VETO] {
            let mut case = Case::under(&policy);
            case.act("sam", "request-changes");
            case.act("sam", "approve")[field] = value.into();
            case.act("rhea", "approve")[field] = value.into();
            case.act("rhea", "approve");
            if policy.ends_with(VETO) {
                case.request["acts"].as_array_mut().unwrap().pop();
            }
            assert_eq!(case.outcome(), "denied", "{field}");
        }
    }
}

#[test]
fn an_act_that_nobody_proved_takes_a_refusal_back() {
    for policy in [POLICY.to_owned(), POLICY.to_owned() + VETO] {
        let mut case = Case::under(&policy);
        case.act("sam", "request-changes");
        case.act("sam", "approve")["proof"] = "claimed".into();
        case.act("sam", "withdraw")["proof"] = "signature".into();
        assert_eq!(case.outcome(), "denied");
    }
}

#[test]
fn all_means_those_too_who_are_not_known() {
    let mut case = Case::under(
        &POLICY
            .replace("[sam, rhea]", "[sam, { login: rhea, id: 42 }]")
            .replace("approvals: 1", "approvals: all"),
    );
    case.act("sam", "approve");
    assert_eq!(case.rule_code("sign-off"), "missing-approvals");
}

#[test]
fn a_refusal_of_somebody_whose_membership_could_not_be_read() {
    let policy = POLICY.replace("users: [sam, rhea]", "users: [sam], groups: [g]");
    for policy in [policy.clone(), policy.replace("request-changes", "x") + VETO] {
        let mut case = Case::under(&policy);
        case.push("groups", json!({ "name": "g", "unreadable": true }));
        case.act("sam", "approve");
        assert_eq!(case.outcome(), "approved");
        case.act("rhea", "request-changes");
        assert_eq!(case.outcome(), "pending");
    }
}

#[test]
fn a_veto_among_acts_that_were_cut() {
    let mut case = Case::under(&(POLICY.replace("[{ approvals: 1, by: seniors }]", "nobody") + VETO));
    assert_eq!(case.outcome(), "approved");
    case.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "acts");
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn one_account_by_its_id_here_and_by_its_login_there() {
    let mut case = Case::new();
    case.request["commits"][0]["author"]["account"] = json!({ "login": "sam", "id": "1" });
    case.act("sam", "approve");
    assert_blocked(&case, "author");
    let mut case = Case::new();
    case.act("sam", "approve")["actor"] = json!({ "login": "sam", "id": "1" });
    case.act("sam", "withdraw");
    assert_blocked(&case, "withdrawn");
}

#[test]
fn somebody_unknown_may_be_whom_the_rule_bans() {
    let mut case = Case::under(&POLICY.replace(
        "require: [{ approvals: 1, by: seniors }]",
        "when: { contributor-in: seniors }\n    deny: no",
    ));
    assert_eq!(case.outcome(), "not-applicable");
    case.request["commits"][0]["author"] = json!({ "name": "X", "email": "x@elsewhere.example" });
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn line_counts_that_wrap_around() {
    let mut case = Case::under(&POLICY.replace(
        "require: [{ approvals: 1, by: seniors }]",
        "when: { lines: { total: \"> 100\" } }\n    deny: no",
    ));
    for added in [u64::MAX / 2, u64::MAX / 2, 2] {
        case.push(
            "files",
            json!({ "path": format!("f{added}"), "status": "added", "added": added, "deleted": 0 }),
        );
    }
    assert_eq!(case.outcome(), "denied");
}

#[test]
fn answers_copied_from_the_author() {
    let policy = POLICY
        .replace("rules:", "questions: { reach: What does it reach? }\nrules:")
        .replace("by: seniors }", "by: seniors, answers: [reach] }");
    let mut case = Case::under(&policy);
    case.comment("dana", "reach: nothing outside of the billing queue");
    case.act("sam", "approve")["text"] = "reach: Nothing outside of the billing queue!".into();
    assert_blocked(&case, "answer-copied");
}

#[test]
fn labels_that_could_not_be_read() {
    let mut case = Case::under(
        &POLICY
            .replace("require: [{ approvals: 1, by: seniors }]", "when: { labels: [hold] }\n    deny: held"),
    );
    case.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "text");
    assert_eq!(case.rule_code("sign-off"), "fact-unavailable");
    case.request["change"]["labels"] = json!([{ "name": "Hold" }]);
    assert_eq!(case.outcome(), "denied");
}

#[test]
fn an_answer_that_was_given_in_another_change() {
    let policy = with_options("fresh-answers: true")
        .replace("rules:", "questions: { reach: What does it reach? }\nrules:")
        .replace("by: seniors }", "by: seniors, answers: [reach] }");
    let mut case = Case::under(&policy);
    case.act("sam", "approve")["text"] = "reach: the queue and nothing behind it".into();
    // Where nobody keeps earlier answers, none is known to be fresh.
    assert_eq!(case.rule_code("sign-off"), "fact-unavailable");
    case.request["complete"].as_array_mut().unwrap().push("history".into());
    assert_eq!(case.outcome(), "approved");
    let decision = case.answer().unwrap();
    let kept = decision["rules"][0]["requirements"][0]["acts"][0]["answers"][0].clone();
    let earlier = |change: &str| json!({ "answers": [{ "question": "reach", "digest": kept["digest"], "change": change }] });
    case.request["history"] = earlier("3");
    assert_blocked(&case, "answer-copied");
    // What was kept of this very change is no copy.
    case.request["history"] = earlier("7");
    assert_eq!(case.outcome(), "approved");
    // Without the option it is shown and counts.
    case.policy = policy.replace("fresh-answers: true", "stale: head");
    case.request["history"] = earlier("3");
    let decision = case.answer().unwrap();
    assert_eq!(decision["outcome"], "approved");
    assert!(decision["notices"].as_array().unwrap().iter().any(|notice| notice["code"] == "answer-seen"));
}

#[test]
fn a_test_is_deleted_so_that_the_rest_passes() {
    let policy = POLICY.replace("require:", "when: { signals: any }\n    require:");
    let mut case = Case::under(&policy);
    // Without the diff nobody knows.
    assert_eq!(case.rule_code("sign-off"), "list-incomplete");
    case.request["complete"].as_array_mut().unwrap().push("hunks".into());
    case.request["files"][0]["hunks"] = "@@ -1 +1 @@\n-let a = 1;\n+let a = 2;\n".into();
    assert_eq!(case.outcome(), "not-applicable");
    let gone = "@@ -1,2 +0,0 @@\n-def test_a():\n-    assert a() == 1";
    case.push("files", json!({ "path": "tests/test_a.py", "status": "deleted", "hunks": gone }));
    assert_eq!(case.outcome(), "pending");
    let decision = case.answer().unwrap();
    assert_eq!(decision["signals"][0]["code"], "test-deleted");
    assert_eq!(
        decision["rules"][0]["because"][0],
        "tests/test_a.py: a test file is deleted while the code changes"
    );
    case.policy = policy.replace("signals: any", "signals: [guard-deleted]");
    assert_eq!(case.outcome(), "not-applicable");
}

#[test]
fn what_cannot_be_read_as_text_could_hide_a_signal() {
    let policy = POLICY.replace("require:", "when: { signals: any }\n    require:");
    let latin = json!({ "b64": "QEAgLTEgKzEgQEAKLSMg6QorIyDoCg==" });
    for (path, facts, expected) in [
        ("src/x.py", json!({ "hunks": "@@ -1 +1 @@\n-a\n+b\n" }), "not-applicable"),
        ("src/x.py", json!({ "hunks": "" }), "not-applicable"),
        ("src/x.py", json!({}), "fact-unavailable"),
        ("src/x.py", json!({ "binary": true }), "fact-unavailable"),
        ("src/x.py", json!({ "hunks": latin }), "fact-unavailable"),
        ("tests/x.py", json!({ "binary": true }), "fact-unavailable"),
        ("tests/x.py", json!({ "binary": true, "status": "deleted" }), "fact-unavailable"),
        (
            "docs/x",
            json!({ "binary": true, "previous_path": "src/x.py", "status": "renamed" }),
            "fact-unavailable",
        ),
        (".github/workflows/ci.yml", json!({ "hunks": latin }), "fact-unavailable"),
        (".gitlab-ci.yml", json!({ "binary": true }), "fact-unavailable"),
        // No rule looks at these.
        ("docs/picture.png", json!({ "binary": true }), "not-applicable"),
        ("tests/fixtures/page.bin", json!({}), "not-applicable"),
    ] {
        let mut case = Case::under(&policy);
        case.request["complete"].as_array_mut().unwrap().push("hunks".into());
        let mut file = json!({ "path": path, "status": "modified" });
        file.as_object_mut().unwrap().extend(facts.as_object().unwrap().clone());
        case.request["files"] = json!([file]);
        assert_eq!(case.rule_code("sign-off"), expected, "{path} {facts}");
    }
}

#[test]
fn a_document_that_is_no_regular_file_is_no_empty_one() {
    let policy = format!(
        "codeowners: github\n{POLICY}  - name: owners\n    require: [{{ approvals: 1, by: code-owners }}]\n"
    );
    let owners = |case: &mut Case| {
        case.document("codeowners", ".github/CODEOWNERS", "* @sam\n");
    };
    let signed = |case: &mut Case| {
        let act =
            json!({ "id": "s", "kind": "signed", "actor": {}, "proof": "signature", "statement": "{}" });
        case.push("acts", act);
    };
    let odd = |case: &mut Case, role: &str, path: &str, mode: &str| {
        let document = case.document(role, path, "");
        document["mode"] = mode.into();
    };
    let missing = |case: &mut Case, path: &str| {
        case.request["unavailable"] =
            json!([{ "fact": "documents", "of": path, "reason": "it is missing here" }]);
    };
    // What is there, and the codes of the rule that asks seniors and of the one that asks owners.
    type Make<'m> = &'m dyn Fn(&mut Case);
    let table: [(Make<'_>, &str, &str, &str); 11] = [
        (&|case| owners(case), "", "satisfied", "satisfied"),
        (
            &|case| odd(case, "codeowners", ".github/CODEOWNERS", "120000"),
            ".github/CODEOWNERS",
            "satisfied",
            "fact-unavailable",
        ),
        (
            &|case| {
                owners(case);
                odd(case, "codeowners", "CODEOWNERS", "120000");
            },
            "",
            "satisfied",
            "satisfied",
        ),
        (
            &|case| {
                odd(case, "codeowners", ".github/CODEOWNERS", "160000");
                case.document("codeowners", "CODEOWNERS", "* @sam\n");
            },
            ".github/CODEOWNERS",
            "satisfied",
            "fact-unavailable",
        ),
        (
            &|case| {
                owners(case);
                odd(case, "codeowners", "@acme/app", "040000");
            },
            "",
            "satisfied",
            "satisfied",
        ),
        (
            &|case| {
                case.document("codeowners", "docs/CODEOWNERS", "* @sam\n");
                missing(case, "CODEOWNERS");
            },
            "CODEOWNERS",
            "satisfied",
            "fact-unavailable",
        ),
        (
            &|case| {
                owners(case);
                odd(case, "mailmap", ".mailmap", "120000");
            },
            ".mailmap",
            "fact-unavailable",
            "fact-unavailable",
        ),
        (
            &|case| {
                owners(case);
                missing(case, ".mailmap");
            },
            ".mailmap",
            "fact-unavailable",
            "fact-unavailable",
        ),
        (
            &|case| {
                owners(case);
                odd(case, "revoked-keys", ".countersign/revoked_keys", "040000");
            },
            "",
            "satisfied",
            "satisfied",
        ),
        (
            &|case| {
                owners(case);
                signed(case);
                odd(case, "revoked-keys", ".countersign/revoked_keys", "040000");
            },
            ".countersign/revoked_keys",
            "fact-unavailable",
            "fact-unavailable",
        ),
        (
            &|case| {
                owners(case);
                signed(case);
                odd(case, "allowed-signers", ".countersign/allowed_signers", "120000");
            },
            ".countersign/allowed_signers",
            "fact-unavailable",
            "fact-unavailable",
        ),
    ];
    for (at, (make, named, seniors, of_owners)) in table.into_iter().enumerate() {
        let mut case = Case::under(&policy);
        case.act("sam", "approve");
        make(&mut case);
        let codes = (case.rule_code("sign-off"), case.rule_code("owners"));
        assert_eq!(codes, (seniors.to_owned(), of_owners.to_owned()), "row {at}");
        let rules = case.answer().unwrap()["rules"].to_string();
        assert!(rules.contains(named), "row {at}: {rules}");
    }
}

#[test]
fn a_change_that_conflicts_says_that_its_merge_was_not_judged() {
    let mut case = Case::new();
    let says = |case: &Case| case.answer().unwrap()["notices"].to_string().contains("merge-conflict");
    assert!(!says(&case), "nobody asked");
    case.request["complete"].as_array_mut().unwrap().push("merge-tree".into());
    assert!(says(&case));
    case.request["change"]["merge_tree"] = id("t").into();
    assert!(!says(&case));
}
