//! Sign-offs under the Developer Certificate of Origin: whose they are, and where in a message they stand.

use crate::common::Case;
use serde_json::{Value, json};

/// A change of one commit by this author, with this message, under a rule that refuses what is not signed off.
fn signed_off(author: &Value, message: &str, mailmap: &str) -> (String, String) {
    let policy = "countersign: 1\nname: t\nidentities: { ann: { emails: [ann@shop.example, ann@home.example] } }\n\
                  rules: [{ name: dco, when: { dco: missing }, deny: every commit is signed off }]\n";
    let mut case = Case::under(policy);
    case.leave_the_forge();
    case.document("mailmap", ".mailmap", mailmap);
    case.request["commits"][0]["author"] = author.clone();
    case.request["commits"][0]["message"] = message.into();
    let decision = case.answer().unwrap();
    let rule = &decision["rules"][0];
    (case.rule_code("dco"), format!("{}{}", rule["because"], rule["missing"]))
}

#[test]
fn whoever_wrote_a_commit_signs_it_off_by_any_address_of_theirs() {
    let ident = |name: &str, email: &str| json!({ "name": name, "email": email });
    let ann = ident("Ann", "ann@shop.example");
    let by = |who: &str| format!("Fix\n\nSigned-off-by: {who}\n");
    let map = "Ann <ann@shop.example> <ann@elsewhere.example>\n";
    for (author, message, mailmap, code) in [
        (ann.clone(), by("Ann <ann@shop.example>"), "", "not-applicable"),
        (ann.clone(), by("Ann <ANN@Shop.example>"), "", "not-applicable"),
        (ann.clone(), by("Ann <ann@home.example>"), "", "not-applicable"),
        (ann.clone(), by("Bob <bob@shop.example>"), "", "denied"),
        (ann.clone(), "Fix\n".to_owned(), "", "denied"),
        // An address that the map gives her too: a sign-off admits nobody to anything.
        (ann.clone(), by("Ann <ann@elsewhere.example>"), "", "denied"),
        (ann.clone(), by("Ann <ann@elsewhere.example>"), map, "not-applicable"),
        (ann.clone(), by("Ann <bob@elsewhere.example>"), map, "denied"),
        // One account behind a forge's mask.
        (
            ident("Ann", "12+ann@users.noreply.github.com"),
            by("Ann <ann@users.noreply.github.com>"),
            "",
            "not-applicable",
        ),
        (
            ident("Ann", "12-ann@users.noreply.gitlab.com"),
            by("Ann <ann@users.noreply.gitlab.com>"),
            "",
            "not-applicable",
        ),
        (
            ident("Ann", "12+ann@users.noreply.github.com"),
            by("Ann <bob@users.noreply.github.com>"),
            "",
            "denied",
        ),
        (
            ident("Ann", "ann@users.noreply.github.com"),
            by("Ann <12+ann@users.noreply.github.com>"),
            "",
            "not-applicable",
        ),
        (
            ident("Ann", "12+ann@users.noreply.github.com"),
            by("Ann <13+ann@users.noreply.github.com>"),
            "",
            "denied",
        ),
        (
            ident("Ann", "12+ann@users.noreply.github.com"),
            by("Ann <ann@users.noreply.gitea.example>"),
            "",
            "denied",
        ),
        (ident("Ann", "12+ann@shop.example"), by("Ann <ann@shop.example>"), "", "denied"),
        // A program signs off by its name.
        (
            ident("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com"),
            by("dependabot[bot] <support@github.com>"),
            "",
            "not-applicable",
        ),
        (
            ident("new[bot]", "1+new[bot]@users.noreply.github.com"),
            by("New Bot <bot@new.example>"),
            "",
            "not-applicable",
        ),
        (ident("new[bot]", "1+new[bot]@users.noreply.github.com"), "Fix\n".to_owned(), "", "denied"),
    ] {
        assert_eq!(signed_off(&author, &message, mailmap).0, code, "{author} {message}");
    }
}

#[test]
fn a_sign_off_above_the_last_block_of_trailers_counts_and_is_said_to_stand_there() {
    let ann = json!({ "name": "Ann", "email": "ann@shop.example" });
    let own = "Signed-off-by: Ann <ann@shop.example>";
    for (message, code, above) in [
        (
            format!("Fix (#4)\n\nText.\n\n{own}\n\n---------\n\nCo-authored-by: Sam <sam@shop.example>\n"),
            "not-applicable",
            true,
        ),
        (format!("Fix (#4)\n\n{own}\n\nCo-authored-by: Sam <sam@shop.example>\n"), "not-applicable", true),
        (
            format!("Fix\n\n{own}\n\n(cherry picked from commit 1111111111111111111111111111111111111111)\n"),
            "not-applicable",
            true,
        ),
        (format!("Fix (#4)\n\n* Fix a\n\n{own}\n\n* Fix b\n\n---------\n\n{own}\n"), "not-applicable", false),
        (format!("Fix\r\n\r\n{own}\r\n"), "not-applicable", false),
        (format!("Fix\n\n> {own}\n\nChange-Id: I1\n"), "denied", false),
        (format!("Fix\n\n    {own}\n\nChange-Id: I1\n"), "denied", false),
        (format!("Fix\n\n```\n{own}\n```\n\nChange-Id: I1\n"), "denied", false),
        (format!("Fix\n\nText with {own}\n\nChange-Id: I1\n"), "denied", false),
        (format!("Fix\n\n# ------------------------ >8 ------------------------\n{own}\n"), "denied", false),
    ] {
        let (found, why) = signed_off(&ann, &message, "");
        assert_eq!(found, code, "{message}");
        assert_eq!(why.contains("above what git takes for its trailers"), above, "{message} {why}");
    }
}

#[test]
fn what_adds_a_sign_off_is_a_command_for_the_commit_that_lacks_it() {
    let policy =
        "countersign: 1\nname: t\nrules: [{ name: dco, when: { dco: missing }, deny: signed off by all }]\n";
    let signed = "Fix\n\nSigned-off-by: dana <dana@example.com>\n";
    for (first, last, command) in [
        (signed, "Fix\n", "`git commit --amend --signoff`"),
        ("Fix\n", signed, "`git rebase --signoff "),
        (signed, signed, ""),
    ] {
        let mut case = Case::under(policy);
        let mut earlier = case.request["commits"][0].clone();
        earlier["sha"] = crate::common::id("c0").into();
        earlier["message"] = first.into();
        case.request["commits"][0]["message"] = last.into();
        case.request["commits"][0]["parents"] = json!([{ "sha": crate::common::id("c0") }]);
        case.push("commits", earlier);
        let because = case.answer().unwrap()["rules"][0]["because"].to_string();
        assert!(because.contains(command), "{because}");
        assert_eq!(because.contains("adds one"), !command.is_empty(), "{because}");
    }
}
