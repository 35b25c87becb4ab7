//! What `setup` makes of a policy on a real Gitea.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

use gitea_tests::git::AI;
use gitea_tests::story::{POLICY, Story};
use serde_json::{Value, json};

#[test]
fn each_branch_that_the_policy_protects_has_a_rule_and_what_no_rule_says_is_named() {
    let story = Story::new();
    let protects = "protects: [prod, \"hotfix/*\", \"re:^v[0-9]+$\", \"refs/tags/v*\"]\n";
    story.clone.write(".countersign/policy.yaml", &format!("{POLICY}{protects}"));
    story.clone.commit("Say what is protected");
    story.clone.git(&["push", "--quiet", "origin", "main"]);
    let service = story.serve(&[]);
    let done = story.setup(&service, &["--apply"]);
    assert_eq!(done.code, 0, "{}", done.text);
    for said in [
        "the rule for main, which is new",
        "the rule for prod, which is new",
        // A star of the forge's ends at a slash, and ours does not.
        "the rule for hotfix/**, which is new",
        "no rule of the forge says `re:^v[0-9]+$`",
        "no rule of the forge says `refs/tags/v*`",
    ] {
        assert!(done.text.contains(said), "{said} is missing in\n{}", done.text);
    }
    assert!(!done.text.contains("the rule for release"), "{}", done.text);
    let again = story.setup(&service, &["--apply"]);
    assert!(again.code == 0 && again.text.contains("There is nothing to change."), "{}", again.text);
    for target in ["prod", "hotfix/1", "hotfix/eu/1"] {
        let pushed = story.clone.try_git(&["push", "origin", &format!("HEAD:refs/heads/{target}")]);
        assert!(pushed.code == 1 && pushed.text.contains("protected branch"), "{target}: {}", pushed.text);
    }
}

#[test]
fn where_there_is_no_policy_yet_the_rules_are_for_what_is_protected_without_one() {
    let story = Story::new();
    story.clone.git(&["rm", "--quiet", ".countersign/policy.yaml"]);
    story.clone.commit("Ask nothing");
    story.clone.git(&["push", "--quiet", "origin", "main"]);
    let service = story.serve(&[]);
    let shown = story.setup(&service, &[]);
    for said in
        ["has no policy on main yet", "the rule for main", "the rule for master", "the rule for release/**"]
    {
        assert!(shown.text.contains(said), "{said} is missing in\n{}", shown.text);
    }
}

#[test]
fn a_new_branch_that_a_rule_guards_is_made_while_the_rule_is_lifted_and_the_hook_stands() {
    let story = Story::new();
    let service = story.serve(&[]);
    let done = story.setup(&service, &["--apply"]);
    assert_eq!(done.code, 0, "{}", done.text);
    let push = |what: &str| story.clone.try_git(&["push", "origin", &format!("{what}:refs/heads/release/1")]);
    let by_page = |token: &str| {
        let body = json!({ "new_branch_name": "release/1", "old_ref_name": "main" });
        story.gitea.call("POST", "repos/acme/app/branches", Some(token), Some(body)).0
    };
    // With the rule nobody makes one, not even an administrator.
    assert_ne!(push("origin/main").code, 0);
    assert!(by_page(&story.dana) >= 400 && by_page(&story.admin) >= 400);
    let rule = "repos/acme/app/branch_protections/release%2F**";
    story.gitea.ok("DELETE", rule, &story.admin, Value::Null);
    // Without it the hook judges what the branch would hold beside the default branch.
    story.clone.git(&["switch", "--quiet", "--create", "work", "origin/main"]);
    story.clone.commit(AI);
    let refused = push("work");
    assert!(refused.code == 1 && refused.text.contains("is not satisfied"), "{}", refused.text);
    let made = push("origin/main");
    assert_eq!(made.code, 0, "{}", made.text);
    let again = story.setup(&service, &["--apply"]);
    assert!(again.text.contains("the rule for release/**, which is new"), "{}", again.text);
    let refused = push("work");
    assert!(refused.code == 1 && refused.text.contains("protected branch"), "{}", refused.text);
}

#[test]
fn where_people_may_push_a_new_rule_lets_them_and_the_hook_judges_what_they_push() {
    let story = Story::new();
    let service = story.serve(&[]);
    let done = story.setup(&service, &["--apply", "--allow-push"]);
    assert_eq!(done.code, 0, "{}", done.text);
    let again = story.setup(&service, &["--allow-push"]);
    assert!(again.text.contains("There is nothing to change."), "{}", again.text);
    story.clone.git(&["switch", "--quiet", "--create", "work", "origin/main"]);
    story.clone.write("README", "More.\n");
    story.clone.commit("Say more");
    let pushed = story.clone.try_git(&["push", "origin", "work:main", "work:refs/heads/release/1"]);
    assert_eq!(pushed.code, 0, "{}", pushed.text);
    story.clone.commit(AI);
    let pushed = story.clone.try_git(&["push", "origin", "work:main"]);
    assert!(pushed.code == 1 && pushed.text.contains("is not satisfied"), "{}", pushed.text);
}
