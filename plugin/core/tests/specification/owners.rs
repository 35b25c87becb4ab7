//! Owners by path: an approval of the owners of each file, by the target's CODEOWNERS.

use crate::common::{Case, account};
use serde_json::json;

/// Whoever owns a file signs its changes.
pub const POLICY: &str = "\
countersign: 1
name: test
codeowners: github
people:
  seniors: { users: [rhea] }
rules:
  - name: owners
    require: [{ approvals: 1, by: code-owners }]
";

const FILE: &str = "*.rs @sam\n/db/ @omar @noor\n/vendor/\n";

fn case(files: &[&str]) -> Case {
    let mut case = Case::under(POLICY);
    case.document("codeowners", ".github/CODEOWNERS", FILE);
    case.request["files"] = json!([]);
    files.iter().for_each(|path| case.file(path));
    case
}

#[test]
fn each_owned_part_of_a_change_needs_one_of_its_owners() {
    let mut case = case(&["src/a.rs", "db/1.sql", "README.md"]);
    case.act("sam", "approve");
    assert_eq!(case.rule_code("owners"), "missing-approvals");
    let decision = case.answer().unwrap();
    let asks = decision["rules"][0]["requirements"][1]["asks"].as_str().unwrap().to_owned();
    assert_eq!(asks, "1 approval by the owners of /db/ (CODEOWNERS, line 2)");
    case.act("noor", "approve");
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn an_owner_who_wrote_the_change_is_none_for_it() {
    let mut case = case(&["db/1.sql"]);
    case.request["change"]["opened_by"] = account("omar");
    case.act("omar", "approve");
    assert_eq!(case.outcome(), "pending");
}

#[test]
fn a_file_moved_away_from_its_owner_is_still_the_owners() {
    let mut case = case(&[]);
    let moved = json!({ "path": "README.md", "previous_path": "db/1.sql", "status": "renamed" });
    case.push("files", moved);
    assert_eq!(case.rule_code("owners"), "missing-approvals");
}

#[test]
fn files_that_nobody_owns_pass_or_wait_as_the_policy_says() {
    let mut case = case(&["vendor/a.c", "README.md"]);
    assert_eq!(case.outcome(), "not-applicable");
    case.policy = POLICY.replace("codeowners: github", "codeowners: { dialect: github, unowned: block }");
    assert_eq!(case.rule_code("owners"), "impossible");
    assert_eq!(case.outcome(), "pending");
    let missing = |case: &Case| case.answer().unwrap()["rules"][0]["missing"][0].clone();
    assert_eq!(missing(&case), "nobody owns README.md and 1 other file, by CODEOWNERS");
    case.request["files"].as_array_mut().unwrap().pop();
    assert_eq!(missing(&case), "nobody owns vendor/a.c, by CODEOWNERS");
    case.file("x");
    case.file("y");
    assert_eq!(missing(&case), "nobody owns vendor/a.c and 2 other files, by CODEOWNERS");
}

#[test]
fn a_plain_name_of_gitlab_is_a_person_or_a_group() {
    let mut case = case(&["db/1.sql"]);
    case.policy = POLICY.replace("github", "gitlab");
    case.documents.clear();
    case.document("codeowners", "CODEOWNERS", "* @core\n");
    case.push("groups", json!({ "name": "other", "members": [account("lee")] }));
    case.act("lee", "approve");
    assert_eq!(case.codes(), ["not-eligible"]);
    case.request["groups"][0]["name"] = "core".into();
    assert_eq!(case.codes(), ["counted"]);
}

#[test]
fn a_section_asks_for_no_fewer_than_the_rule() {
    let mut case = case(&["db/1.sql"]);
    case.policy = POLICY.replace("github", "gitlab").replace("approvals: 1", "approvals: 3");
    case.documents.clear();
    case.document("codeowners", "CODEOWNERS", "[Database][2]\n/db/ @omar @noor\n");
    assert_eq!(case.answer().unwrap()["rules"][0]["requirements"][0]["needed"], 3);
}

#[test]
fn other_people_may_stand_in_where_the_rule_names_them() {
    let mut case = case(&["db/1.sql"]);
    case.policy = POLICY.replace("by: code-owners", "by: [code-owners, seniors]");
    case.act("rhea", "approve");
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn other_people_whom_the_rule_names_are_asked_for_what_nobody_owns() {
    for (files, waits) in [
        (vec!["vendor/a.c"], vec!["1 approval by seniors"]),
        (vec!["db/1.sql", "vendor/a.c"], vec!["1 approval by seniors"]),
        (vec![], vec!["1 approval by seniors"]),
    ] {
        let mut case = case(&files);
        case.policy = POLICY.replace("by: code-owners", "by: [code-owners, seniors]");
        let answer = case.answer().unwrap();
        let missing = answer["rules"][0]["missing"].to_string();
        assert!(waits.iter().all(|what| missing.contains(what)), "{files:?} {missing}");
        case.act("rhea", "approve");
        assert_eq!(case.outcome(), "approved", "{files:?}");
    }
}

#[test]
fn a_file_that_cannot_be_read_or_is_not_there_leaves_the_rule_pending() {
    for bytes in [Some("*.rs sam"), Some("!x @sam"), None] {
        let mut case = case(&["src/a.rs"]);
        match bytes {
            Some(bytes) => case.documents[0]["bytes"] = bytes.into(),
            None => case.documents.clear(),
        }
        case.act("sam", "approve");
        assert_eq!(case.rule_code("owners"), "fact-unavailable", "{bytes:?}");
        assert_eq!(case.outcome(), "pending");
    }
    let mut cut = case(&["README.md"]);
    cut.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "files");
    assert_eq!(cut.rule_code("owners"), "list-incomplete");
}

#[test]
fn the_members_of_a_group_own_and_of_an_unread_one_nobody_knows() {
    let mut case = case(&["src/a.rs"]);
    case.documents[0]["bytes"] = "* @acme/core".into();
    case.act("lee", "approve");
    assert_eq!(case.rule_code("owners"), "fact-unavailable");
    case.push("groups", json!({ "name": "acme/core", "members": [account("lee")] }));
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn a_section_of_gitlab_asks_for_its_own_number() {
    let mut case = case(&["db/1.sql"]);
    case.policy = POLICY.replace("github", "gitlab");
    case.documents.clear();
    case.document("codeowners", "CODEOWNERS", "[Database][2] @omar @noor @sam\n/db/\n");
    case.act("noor", "approve");
    assert_eq!(case.outcome(), "pending");
    case.act("omar", "approve");
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn the_first_place_of_the_dialect_counts() {
    let mut case = case(&["src/a.rs"]);
    case.document("codeowners", "CODEOWNERS", "* @dana\n");
    case.act("sam", "approve");
    assert_eq!(case.outcome(), "approved");
}
