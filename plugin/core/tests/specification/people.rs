//! Who is who, who took part, and who may approve.

use crate::common::{Case, POLICY, account, acts, id, ident, on_git, people, requirement, stranger, with};
use serde_json::{Value, json};

#[test]
fn what_may_have_been_cut_counts_for_neither_yes_nor_no() {
    for (set, fact) in [("{ groups: [o/core] }", "groups"), ("{ permissions: [write] }", "people")] {
        let mut case = people(set);
        case.push("groups", json!({ "name": "o/core", "members": [account("sam")] }));
        case.push("people", json!({ "account": account("sam"), "permissions": ["write"] }));
        case.act("omar", "request-changes");
        case.act("sam", "approve");
        assert_eq!(case.outcome(), "approved", "{set}");
        case.request["complete"].as_array_mut().unwrap().retain(|known| known != fact);
        assert_eq!(case.codes(), ["membership-unreadable", "counted"], "{set}");
        assert_eq!(case.rule_code("sign-off"), "fact-unavailable", "{set}");
        // Where the platform has no such thing, nothing was cut.
        case.request["absent"] = json!([fact]);
        if fact == "groups" {
            assert_eq!(case.outcome(), "approved", "{set}");
        }
    }
    for fact in ["pushes", "opener", "requester"] {
        let mut case = Case::new();
        case.act("sam", "approve");
        case.request["complete"].as_array_mut().unwrap().retain(|known| known != fact);
        assert_eq!(case.rule_code("sign-off"), "fact-unavailable", "{fact}");
    }
}

#[test]
fn who_is_in_a_set() {
    let member = |case: &mut Case, name: &str, direct: bool| {
        let list = if direct { "members" } else { "inherited" };
        case.push("groups", json!({ "name": name, list: [account("sam")] }));
    };
    for (set, direct, code) in [
        ("{ groups: [o/core] }", true, "counted"),
        ("{ groups: [o/core] }", false, "not-eligible"),
        ("{ groups: [o/core], inherited: true }", false, "counted"),
        ("{ groups: [o/other] }", true, "membership-unreadable"),
        ("{ groups: [o/other], users: [sam] }", true, "counted"),
    ] {
        let mut case = people(set);
        member(&mut case, "o/core", direct);
        case.act("sam", "approve");
        assert_eq!(case.codes(), [code], "{set}");
    }
    for (set, of, code) in [
        ("{ permissions: [write] }", json!({ "permissions": ["write"] }), "counted"),
        ("{ permissions: [write] }", json!({ "permissions": ["Admin"] }), "counted"),
        ("{ permissions: [write] }", json!({ "permissions": ["read"] }), "not-eligible"),
        ("{ roles: [release] }", json!({ "roles": ["release"] }), "counted"),
        ("{ roles: [release] }", json!({ "roles": ["Release"] }), "not-eligible"),
        ("{ permissions: [write] }", json!({ "unreadable": true }), "membership-unreadable"),
        ("{ users: [sam] }", json!({ "unreadable": true }), "counted"),
        ("{ users: [rhea] }", json!({ "unreadable": true }), "not-eligible"),
        (
            "{ users: [{ login: sam, id: 5 }] }",
            json!({ "account": { "id": "5", "login": "sam" } }),
            "counted",
        ),
        (
            "{ users: [{ login: sam, id: 6 }] }",
            json!({ "account": { "id": "5", "login": "sam" } }),
            "not-eligible",
        ),
        ("{ users: [samantha] }", json!({ "also": [account("samantha")] }), "counted"),
        ("{ bots: [sam] }", json!({ "kind": "bot" }), "counted"),
        ("{ bots: [sam] }", json!({ "kind": "tool" }), "counted"),
        ("{ bots: [other], users: [sam] }", json!({ "kind": "bot" }), "bot"),
        ("{ users: [sam] }", json!({ "kind": "tool" }), "tool"),
        ("{ users: [sam] }", json!({ "kind": "human", "active": true }), "counted"),
        ("{ bots: [sam] }", json!({ "kind": "bot", "active": false }), "inactive"),
    ] {
        let mut case = people(set);
        let mut person = json!({ "account": account("sam") });
        person.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
        case.push("people", person);
        case.act("sam", "approve");
        assert_eq!(case.codes(), [code], "{set} {of}");
    }
}

#[test]
fn who_took_part_may_approve_as_far_as_the_policy_says() {
    for (may, opener, author, pusher) in [
        ("none", "author", "author", "pusher"),
        ("author", "counted", "author", "pusher"),
        ("other-contributors", "author", "counted", "counted"),
        ("contributors", "counted", "counted", "counted"),
    ] {
        for (who, code) in [("rhea", opener), ("sam", author), ("omar", pusher)] {
            let mut case = with(&format!("may-approve: {may}"));
            case.policy = case.policy.replace("[sam, rhea]", "[sam, rhea, omar]");
            case.request["change"]["opened_by"] = account("rhea");
            case.request["commits"][0]["author"] = ident("sam");
            case.push("pushes", json!({ "by": account("omar"), "head": id("c1") }));
            case.act(who, "approve");
            assert_eq!(case.codes(), [code], "{may} {who}");
        }
    }
}

#[test]
fn somebody_who_opened_the_change_became_nothing_since() {
    let mut case = Case::new();
    case.act("sam", "approve");
    case.request["change"]["opened_by"] = account("sam");
    case.commit("c2", &["c1"])["author"] = ident("sam");
    assert_eq!(case.codes(), ["author"]);
    // Nor did somebody who had written an earlier commit.
    let mut case = Case::new();
    case.request["commits"][0]["committer"] = ident("sam");
    case.act("sam", "approve");
    case.commit("c2", &["c1"])["author"] = ident("sam");
    assert_eq!(case.codes(), ["author"]);
    // An approval of a commit that is not here says nothing of when.
    let mut case = Case::new();
    case.request["commits"][0]["author"] = ident("sam");
    case.act("sam", "approve")["head"] = id("gone").into();
    assert_eq!(case.codes(), ["author"]);
}

#[test]
fn several_people_and_everybody() {
    let mut case = Case::under(&POLICY.replace("approvals: 1", "approvals: 2"));
    case.act("sam", "approve");
    case.act("sam", "approve");
    assert_eq!(case.outcome(), "pending");
    let open = requirement(&case);
    assert_eq!((open["needed"].as_u64(), open["counted"].as_u64()), (Some(2), Some(1)));
    assert_eq!(open["eligible"], json!(["rhea"]));
    case.act("rhea", "approve");
    assert_eq!(case.outcome(), "approved");

    let all = POLICY.replace("approvals: 1", "approvals: all").replace("[sam, rhea]", "[sam, rhea, dana]");
    let mut case = Case::under(&all);
    case.act("sam", "approve");
    assert_eq!(case.outcome(), "pending");
    // Dana wrote the change and is not asked.
    case.act("rhea", "approve");
    assert_eq!(case.outcome(), "approved");
    assert_eq!(requirement(&case)["needed"], 2);
    // Where nobody can be asked, nobody has approved.
    assert_eq!(Case::under(&all.replace("[sam, rhea, dana]", "[dana]")).outcome(), "pending");
    let mut case =
        Case::under(&all.replace("{ users: [sam, rhea, dana] }", "{ groups: [o/core], users: [sam] }"));
    case.act("sam", "approve");
    assert_eq!(case.rule_code("sign-off"), "fact-unavailable");
}

#[test]
fn one_person_serves_one_requirement_of_a_distinct_rule() {
    let policy = "countersign: 1\nname: test\npeople:\n  a: { users: [sam, rhea] }\n  b: { users: [rhea] }\n  \
                  c: { users: [sam, omar] }\nrules:\n  - name: sign-off\n    distinct: true\n    require:\n      \
                  - { approvals: 1, by: a }\n      - { approvals: 1, by: b }\n      - { approvals: 1, by: c }\n";
    let mut case = Case::under(policy);
    case.act("sam", "approve");
    case.act("rhea", "approve");
    assert_eq!(case.outcome(), "pending");
    // Sam serves a, rhea b, omar c; whoever came first moves.
    case.act("omar", "approve");
    assert_eq!(case.outcome(), "approved");
    let mut case = Case::under(&policy.replace("distinct: true", "distinct: false"));
    case.act("sam", "approve");
    case.act("rhea", "approve");
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn people_are_shared_out_among_the_requirements_of_a_distinct_rule() {
    for (sets, needed, by, outcome) in [
        // Sam moves to the second, for rhea can serve the first.
        (&["sam, rhea", "sam"][..], 1, &["sam", "rhea"][..], "approved"),
        // Whoever moved serves where they moved to, and nowhere else.
        (&["sam, rhea", "sam", "rhea"], 1, &["sam", "rhea"], "pending"),
        // Two people serve two of three, however they are moved around.
        (&["sam, rhea", "sam, rhea", "sam, rhea"], 1, &["sam", "rhea"], "pending"),
        (&["sam, rhea", "sam, rhea", "sam, rhea, omar"], 1, &["sam", "rhea", "omar"], "approved"),
        (&["sam, rhea, omar, lee", "sam, omar"], 2, &["sam", "rhea", "omar", "lee"], "approved"),
        (&["sam, rhea, omar, lee", "sam, omar"], 2, &["sam", "rhea", "omar"], "pending"),
    ] {
        let mut policy = "countersign: 1\nname: test\npeople:\n".to_owned();
        let mut require = String::new();
        for (at, users) in sets.iter().enumerate() {
            policy.push_str(&format!("  s{at}: {{ users: [{users}] }}\n"));
            require.push_str(&format!("      - {{ approvals: {needed}, by: s{at} }}\n"));
        }
        policy.push_str(&format!("rules:\n  - name: sign-off\n    distinct: true\n    require:\n{require}"));
        let mut case = Case::under(&policy);
        for who in by {
            case.act(who, "approve");
        }
        assert_eq!(case.outcome(), outcome, "{sets:?} {needed} {by:?}");
    }
}

#[test]
fn a_commit_that_nobody_answers_for_keeps_every_approval_from_counting() {
    let forge = "noreply@github.com";
    for (author, committer, trailer, forge_made, code) in [
        (None, None, "", false, "satisfied"),
        (Some(stranger("x@elsewhere.example")), None, "", false, "unattributed-commit"),
        (None, Some(stranger("x@elsewhere.example")), "", false, "unattributed-commit"),
        // The forge commits what a person wrote, and as an author its address is a mask.
        (None, Some(stranger(forge)), "", false, "satisfied"),
        (Some(stranger(forge)), None, "", false, "unattributed-commit"),
        (None, Some(stranger("x@elsewhere.example")), "", true, "satisfied"),
        (Some(stranger("x@elsewhere.example")), None, "", true, "unattributed-commit"),
        // A co-author is free text.
        (None, None, "Co-authored-by: Somebody <x@elsewhere.example>", false, "satisfied"),
    ] {
        let mut case = Case::new();
        let commit = &mut case.request["commits"][0];
        let given = format!("{author:?} {committer:?} {trailer} {forge_made}");
        author.into_iter().for_each(|author| commit["author"] = author);
        committer.into_iter().for_each(|committer| commit["committer"] = committer);
        commit["message"] = format!("Work\n\n{trailer}\n").into();
        if forge_made {
            commit["forge_made"] = "merge".into();
        }
        case.act("sam", "approve");
        assert_eq!(case.rule_code("sign-off"), code, "{given}");
    }
}

#[test]
fn people_whose_addresses_begin_alike_are_not_taken_for_each_other() {
    // Commits of one name and address, of two accounts.
    let mut case = Case::new();
    let ident = |login: &str| json!({ "name": "Dev", "email": "dev@example.com", "account": account(login) });
    for (name, parent, login) in [("c2", "c1", "omar"), ("c3", "c2", "sam")] {
        let commit = case.commit(name, &[parent]);
        (commit["author"], commit["committer"]) = (ident(login), ident(login));
    }
    case.act("sam", "approve");
    assert_eq!(case.codes(), ["author"]);
    // Addresses that differ late.
    let mut case = on_git("{ sam: { emails: [developer.sam@example.com] } }");
    for (name, parent, who) in [("c2", "c1", "dana"), ("c3", "c2", "sam")] {
        let address = format!("developer.{who}@example.com");
        let commit = case.commit(name, &[parent]);
        (commit["author"], commit["committer"]) = (stranger(&address), stranger(&address));
    }
    case.request["acts"][0]["head"] = id("c3").into();
    assert_eq!(case.codes(), ["author"]);
}

#[test]
fn whoever_may_have_taken_part_is_told_apart_unless_all_of_them_may_approve() {
    for (may, fact, code) in [
        ("none", "opener", "fact-unavailable"),
        ("other-contributors", "opener", "fact-unavailable"),
        ("author", "pushes", "fact-unavailable"),
        ("contributors", "opener", "satisfied"),
    ] {
        let mut case = with(&format!("may-approve: {may}"));
        case.request["unavailable"] = json!([{ "fact": fact, "reason": "HTTP 502" }]);
        case.act("sam", "approve");
        assert_eq!(case.rule_code("sign-off"), code, "{may} {fact}");
    }
}

#[test]
fn commits_of_named_people_are_ignored_where_author_and_committer_are_theirs() {
    let policy = POLICY
        .replace("rhea] }", "rhea] }\n  robots: { users: [renovate] }")
        .replace("require:", "options: { ignore-commits-by: robots }\n    require:");
    let case = |author: &str, committer: &str| {
        let mut case = Case::under(&policy);
        case.act("sam", "approve");
        let commit = case.commit("c2", &["c1"]);
        (commit["author"], commit["committer"]) = (ident(author), ident(committer));
        case
    };
    assert_eq!(case("renovate", "renovate").outcome(), "approved");
    assert_eq!(case("renovate", "dana").codes(), ["stale-head"]);
    assert_eq!(case("dana", "renovate").codes(), ["stale-head"]);
    // Who is behind an ignored commit is no contributor, and one of others is.
    let mut own = Case::under(&policy.replace("[renovate]", "[sam]"));
    own.commit("c2", &["c1"])["author"] = ident("sam");
    own.request["commits"][1]["committer"] = ident("sam");
    own.act("sam", "approve");
    assert_eq!(own.codes(), ["counted"]);
    own.request["commits"][1]["committer"] = ident("dana");
    assert_eq!(own.codes(), ["author"]);
    // The forge may commit what they wrote; alone it is nobody.
    let made = |author: Value, committer: Value, forge_made: bool| {
        let mut case = case("renovate", "renovate");
        let commit = &mut case.request["commits"][1];
        (commit["author"], commit["committer"]) = (author, committer);
        if forge_made {
            commit["forge_made"] = "rebase".into();
        }
        case.codes()
    };
    let (forge, nobody) = (stranger("noreply@github.com"), stranger("x@elsewhere.example"));
    assert_eq!(made(ident("renovate"), forge.clone(), false), ["counted"]);
    assert_eq!(made(ident("renovate"), nobody.clone(), true), ["counted"]);
    assert_eq!(made(ident("renovate"), nobody, false), ["stale-head"]);
    assert_eq!(made(forge.clone(), forge, false), ["stale-head"]);
    // A robot that is blocked excuses nothing, neither what it wrote nor what it pushed.
    for part in ["author", "pusher"] {
        let mut blocked = case("renovate", "renovate");
        blocked.push("people", json!({ "account": account("renovate"), "active": true }));
        assert_eq!(blocked.codes(), ["counted"]);
        if part == "pusher" {
            blocked.push("pushes", json!({ "by": account("renovate-old"), "at": 200, "head": id("c2") }));
            blocked.push(
                "people",
                json!({ "account": account("renovate-old"), "active": true, "also": [account("renovate")] }),
            );
            assert_eq!(blocked.codes(), ["counted"]);
            blocked.request["people"][1]["active"] = false.into();
        } else {
            blocked.request["people"][0]["active"] = false.into();
        }
        assert_eq!(blocked.codes(), ["stale-head"], "{part}");
    }
    // Where pushers could not be read, no name in a commit is believed.
    let mut unread = case("renovate", "renovate");
    unread.policy = unread.policy.replace("options: {", "options: { may-approve: contributors,");
    assert_eq!(unread.outcome(), "approved");
    unread.request["unavailable"] = json!([{ "fact": "pushes", "reason": "HTTP 502" }]);
    assert_eq!(unread.codes(), ["stale-head"]);
    // Nor where nobody says who pushed.
    for absent in ["pushes", "requester"] {
        let mut untold = case("renovate", "renovate");
        untold.request["absent"] = json!([absent]);
        untold.request["complete"].as_array_mut().unwrap().retain(|fact| fact != absent);
        assert_eq!(untold.codes()[0] == "counted", absent != "pushes", "{absent}");
    }
    // A robot's name in a commit makes nobody a robot: whoever pushed it took part, and what was approved is stale.
    let pushed_by = |who: serde_json::Value, by: &str| {
        let mut case = case("renovate", "renovate");
        case.push("pushes", json!({ "by": who, "at": 200, "head": id("c2") }));
        case.act(by, "approve");
        case.codes()
    };
    assert_eq!(pushed_by(account("renovate"), "noor"), ["counted", "not-eligible"]);
    assert_eq!(pushed_by(account("dana"), "noor"), ["stale-head", "not-eligible"]);
    assert_eq!(pushed_by(json!(null), "noor"), ["stale-head", "not-eligible"]);
    assert_eq!(pushed_by(account("rhea"), "rhea"), ["stale-head", "pusher"]);
}

#[test]
fn each_rule_ignores_the_commits_that_it_says() {
    let rule = |name: &str, robots: &str| {
        format!(
            "  - name: {name}\n    options: {{ ignore-commits-by: {robots} }}\n    require: [{{ approvals: 1, by: seniors }}]\n"
        )
    };
    let policy = format!(
        "countersign: 1\nname: test\npeople:\n  seniors: {{ users: [sam] }}\n  a: {{ users: [renovate] }}\n  \
         b: {{ users: [backport] }}\nrules:\n{}{}{}",
        rule("first", "a"),
        rule("second", "b"),
        rule("third", "b"),
    );
    let mut case = Case::under(&policy);
    case.act("sam", "approve");
    let commit = case.commit("c2", &["c1"]);
    (commit["author"], commit["committer"]) = (ident("backport"), ident("backport"));
    let codes: Vec<_> = ["first", "second", "third"].iter().map(|name| case.rule_code(name)).collect();
    assert_eq!(codes, ["missing-approvals", "satisfied", "satisfied"]);
}

#[test]
fn without_a_forge_a_person_is_an_address() {
    let case = on_git("{ sam: { emails: [sam@example.com] } }");
    assert_eq!((case.codes()[0].as_str(), case.outcome().as_str()), ("counted", "approved"));
    // What is no address is nobody.
    let mut rootless = case.request.clone();
    rootless["commits"][0]["author"]["email"] = "root".into();
    let rootless = Case { request: rootless, policy: case.policy.clone(), documents: Vec::new() };
    assert_eq!(rootless.rule_code("sign-off"), "unattributed-commit");
    let decision = case.answer().unwrap();
    let notices: Vec<&str> = decision["notices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|notice| notice["code"].as_str().unwrap())
        .collect();
    assert!(notices.contains(&"claimed-proof") && notices.contains(&"identity-email"), "{notices:?}");
    // Whoever has no address could be an author.
    assert_eq!(on_git("{ rhea: { emails: [rhea@example.com] } }").codes(), ["unknown-account"]);
    assert_eq!(on_git("{ sam: { emails: [dana@example.com] } }").codes(), ["author"]);
    // What an act says its actor's address is proves nothing.
    let mut case = on_git("{ rhea: { emails: [rhea@example.com] } }");
    case.request["acts"][0]["actor"]["email"] = "sam@example.com".into();
    assert_eq!(case.outcome(), "pending");
    // A claim is one by hand, to a command, and to nothing else.
    let mut case = on_git("{ sam: { emails: [sam@example.com] } }");
    case.request["trigger"]["kind"] = "webhook".into();
    assert_eq!(case.codes(), ["unauthenticated"]);
    // .mailmap says who is who as well.
    let mut case = on_git("{ sam: { emails: [sam@example.com] } }");
    case.document("mailmap", ".mailmap", "# all of us\nSam <sam@example.com> <dana@example.com>\n");
    assert_eq!(case.codes(), ["author"]);
}

#[test]
fn whoever_has_the_address_of_a_tool_is_one() {
    let mut case = Case::new();
    case.push("people", json!({ "account": account("sam"), "emails": ["noreply@anthropic.com"] }));
    case.act("sam", "approve");
    assert_eq!(case.codes(), ["tool"]);
}

#[test]
fn everybody_has_approved_once_it_is_known_who_all_are() {
    for (set, complete, unread, code) in [
        ("{ groups: [o/core] }", true, false, "satisfied"),
        ("{ groups: [o/core] }", false, false, "fact-unavailable"),
        ("{ groups: [o/core] }", true, true, "fact-unavailable"),
        ("{ users: [sam] }", false, true, "satisfied"),
    ] {
        let mut case = Case::under(
            &POLICY.replace("approvals: 1", "approvals: all").replace("{ users: [sam, rhea] }", set),
        );
        case.push("groups", json!({ "name": "o/core", "members": [account("sam")] }));
        if !complete {
            case.request["complete"].as_array_mut().unwrap().retain(|fact| fact != "groups");
        }
        if unread {
            case.push("people", json!({ "account": account("omar"), "unreadable": true }));
        }
        case.act("sam", "approve");
        assert_eq!(case.rule_code("sign-off"), code, "{set} {complete} {unread}");
    }
}

#[test]
fn a_person_is_called_by_login_then_by_address_then_by_id() {
    for (person, mailmap, name) in [
        (json!({ "account": { "id": "5" } }), "", "5"),
        (json!({ "account": { "id": "5", "login": "sam" } }), "", "sam"),
        (json!({ "account": { "id": "5" }, "emails": ["a@example.com"] }), "", "a@example.com"),
        (json!({ "account": { "id": "5", "login": "sam" }, "emails": ["a@example.com"] }), "", "sam"),
        (json!({ "account": { "id": "5" }, "also": [account("sam")] }), "", "sam"),
        (json!({ "account": { "id": "5" }, "also": [account("sam"), account("tim")] }), "", "sam"),
        (
            json!({ "account": { "id": "5" }, "emails": ["b@example.com"] }),
            "A <a@example.com> <b@example.com>",
            "b@example.com",
        ),
        (
            json!({ "account": { "id": "5" }, "emails": ["b@example.com"], "also": [account("sam")] }),
            "A <a@example.com> <b@example.com>",
            "sam",
        ),
    ] {
        let mut case = Case::new();
        case.document("mailmap", ".mailmap", mailmap);
        case.push("people", person.clone());
        case.act("sam", "approve")["actor"] = json!({ "id": "5" });
        assert_eq!(acts(&case)[0]["actor"], name, "{person} {mailmap}");
    }
    let case = on_git("{ sam: { emails: [sam@example.com] } }");
    assert_eq!(acts(&case)[0]["actor"], "sam");
    let mut case = on_git("{ sam: { emails: [sam@example.com] } }");
    case.request["acts"][0]["actor"] = json!({ "email": "sam@example.com" });
    assert_eq!(acts(&case)[0]["actor"], "sam");
    let mut case = people("{ users: [sam@example.com] }");
    case.request["acts"] = json!([]);
    case.act("x", "approve")["actor"] = json!({ "email": "sam@example.com" });
    assert_eq!(acts(&case)[0]["actor"], "sam@example.com");
}

#[test]
fn a_member_with_a_number_and_a_login_is_one_person() {
    let mut case = Case::new();
    case.policy = case.policy.replace("users: [sam, rhea]", "groups: [o/seniors]");
    case.push("groups", json!({ "name": "o/seniors", "members": [{ "id": "3", "login": "sam" }] }));
    let who = &case.answer().unwrap()["remedies"][0]["who"];
    assert_eq!(*who, json!(["sam"]));
    case.act("sam", "approve");
    assert_eq!(case.outcome(), "approved");
}
