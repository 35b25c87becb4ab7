//! Who speaks for whom: what makes somebody a person of the policy, and what only bars them.

use crate::common::{Case, POLICY, account, acts, id, ident, on_git, stranger};
use serde_json::{Value, json};

const MAPPED: &str = "Sam <sam@example.com> <bob@example.com>\n";

/// A change by dana in plain git, with these identities, which this address approves by hand.
fn approved_by(address: &str, identities: &str, mailmap: &str) -> Case {
    let mut case = on_git(identities);
    case.request["acts"][0]["actor"] = json!({ "email": address });
    case.document("mailmap", ".mailmap", mailmap);
    case
}

#[test]
fn a_mailmap_admits_nobody() {
    let sams = "{ sam: { emails: [sam@example.com] } }";
    // Whose address it is, the policy says; the map changes nothing of that.
    assert_eq!(approved_by("sam@example.com", sams, MAPPED).codes(), ["counted"]);
    assert_eq!(approved_by("bob@example.com", sams, MAPPED).codes(), ["not-eligible"]);
    assert_eq!(
        approved_by("bob@example.com", "{ sam: { emails: [sam@example.com, bob@example.com] } }", "").codes(),
        ["counted"]
    );
    for (mailmap, code) in [
        ("<sam@example.com> <bob@example.com>\n", "not-eligible"),
        ("Sam <sam@example.com> Bob <bob@example.com>\n", "not-eligible"),
        ("<bob@example.com> <sam@example.com>\n", "not-eligible"),
        ("<x@example.com> <bob@example.com>\n<sam@example.com> <x@example.com>\n", "not-eligible"),
    ] {
        assert_eq!(approved_by("bob@example.com", sams, mailmap).codes(), [code], "{mailmap}");
        let mut case = approved_by("bob@example.com", sams, mailmap);
        case.policy = case.policy.replace("[sam, rhea]", "[sam@example.com, rhea]");
        assert_eq!(case.codes(), [code], "{mailmap}");
    }
    // Bob is known to the gate by the policy and by the forge.
    let mut case = Case::under(&POLICY.replace(
        "rules:",
        "identities: { sam: { emails: [sam@example.com] }, bob: { emails: [bob@example.com] } }\nrules:",
    ));
    case.document("mailmap", ".mailmap", MAPPED);
    case.push("people", json!({ "account": account("bob"), "emails": ["bob@example.com"] }));
    case.act("bob", "approve");
    assert_eq!(case.codes(), ["not-eligible"]);
    case.act("sam", "approve");
    assert_eq!(case.codes(), ["not-eligible", "counted"]);
}

#[test]
fn a_mailmap_lets_nobody_override() {
    for (rule, said) in [
        (
            "waivable-by: seniors\n    require:",
            "waive: sign-off\nreason: both are away until the end of the week\nuntil: 2030-01-01",
        ),
        ("require:", "break-glass: production is down and this mends it"),
    ] {
        let policy = POLICY.replace("require:", rule).replace(
            "rules:",
            "break-glass: { by: seniors }\nidentities: { sam: { emails: [sam@example.com] } }\nrules:",
        );
        let overridden = |by: &str| {
            let mut case = Case::under(&policy);
            case.leave_the_forge();
            case.document("mailmap", ".mailmap", MAPPED);
            let act = case.act("x", "waiver");
            (act["actor"], act["proof"], act["text"]) =
                (json!({ "email": by }), "claimed".into(), said.into());
            case.outcome()
        };
        assert_eq!(overridden("sam@example.com"), "approved", "{said}");
        assert_eq!(overridden("bob@example.com"), "pending", "{said}");
    }
}

#[test]
fn a_mailmap_makes_nobody_answerable_for_a_commit_of_a_forge() {
    let mut case = Case::new();
    case.push("people", json!({ "account": account("dana"), "emails": ["dana@example.com"] }));
    case.request["commits"][0]["author"] = stranger("x@elsewhere.example");
    case.act("sam", "approve");
    assert_eq!(case.rule_code("sign-off"), "unattributed-commit");
    case.document("mailmap", ".mailmap", "<dana@example.com> <x@elsewhere.example>\n");
    assert_eq!(case.rule_code("sign-off"), "unattributed-commit");
    // A machine's mask stays one.
    case.request["commits"][0]["author"] = stranger("noreply@github.com");
    case.documents[0]["bytes"] = "<dana@example.com> <noreply@github.com>\n".into();
    assert_eq!(case.rule_code("sign-off"), "unattributed-commit");
}

#[test]
fn a_mailmap_lets_no_predicate_relax() {
    // Everybody who took part is trusted, by a map alone: neither what asks less for that nor what asks more is decided.
    for (when, mailmap, code) in [
        ("only-contributors-in: seniors", "", "not-applicable"),
        ("only-contributors-in: seniors", "<sam@example.com> <dana@example.com>\n", "fact-unavailable"),
        (
            "not: { only-contributors-in: seniors }",
            "<sam@example.com> <dana@example.com>\n",
            "fact-unavailable",
        ),
        ("contributor-in: seniors", "<sam@example.com> <dana@example.com>\n", "fact-unavailable"),
        ("contributor-in: seniors", "<rhea@example.com> Dana <dana@example.com>\n", "not-applicable"),
        ("contributor-in: seniors", "<sam@example.com> Dana <dana@example.com>\n", "fact-unavailable"),
        ("contributor-in: seniors", "<sam@example.com> Eve <dana@example.com>\n", "not-applicable"),
    ] {
        let mut case = on_git("{ sam: { emails: [sam@example.com] } }");
        case.policy = case.policy.replace("require:", &format!("when: {{ {when} }}\n    require:"));
        case.say_who_pushed();
        case.document("mailmap", ".mailmap", mailmap);
        assert_eq!(case.rule_code("sign-off"), code, "{when} {mailmap}");
        if code == "fact-unavailable" {
            assert!(case.answer().unwrap()["rules"][0]["missing"].to_string().contains(".mailmap"));
        }
    }
    // Nor are commits ignored for one.
    let policy = POLICY
        .replace("rhea] }", "rhea] }\n  robots: { users: [robot@example.com] }")
        .replace("require:", "options: { ignore-commits-by: robots }\n    require:");
    for (address, code) in [("robot@example.com", "counted"), ("dana@example.com", "stale-head")] {
        let mut case = Case::under(&policy.replace("[sam, rhea]", "[sam@example.com]"));
        case.leave_the_forge();
        case.say_who_pushed();
        case.document("mailmap", ".mailmap", "<robot@example.com> <dana@example.com>\n");
        let act = case.act("x", "approve");
        (act["actor"], act["proof"]) = (json!({ "email": "sam@example.com" }), "claimed".into());
        let commit = case.commit("c2", &["c1"]);
        (commit["author"], commit["committer"]) = (stranger(address), stranger(address));
        assert_eq!(case.codes(), [code], "{address}");
    }
}

/// The only act of a change, and why it counts for nothing.
fn verdict(case: &Case) -> (String, String) {
    let act = acts(case)[0].clone();
    (act["code"].as_str().unwrap().to_owned(), act["sentence"].as_str().unwrap().to_owned())
}

#[test]
fn a_mailmap_bars_whom_it_takes_for_somebody_who_took_part_and_says_so() {
    let sams = "{ sam: { emails: [sam@example.com] } }";
    for (mailmap, bars) in [
        ("", false),
        ("Sam <sam@example.com>\n", false),
        ("<sam@example.com> <dana@example.com>\n", true),
        ("<dana@example.com> <sam@example.com>\n", true),
        ("\u{feff}<sam@example.com> <dana@example.com>\n", true),
        ("Sam <sam@example.com> Dana <dana@example.com>\n", true),
        ("Sam <sam@example.com> DANA <Dana@Example.com>\r\n", true),
        ("Sam <sam@example.com> Eve <dana@example.com>\n", false),
        ("<sam@example.com> <dana@example.com> <x@example.com>\n", true),
        ("<sam@example.com> <x@example.com> <dana@example.com>\n", false),
        ("# <sam@example.com> <dana@example.com>\n", false),
        ("<x@example.com> <dana@example.com>\n<sam@example.com> <x@example.com>\n", true),
    ] {
        let case = approved_by("sam@example.com", sams, mailmap);
        let (code, sentence) = verdict(&case);
        assert_eq!(code, if bars { "author" } else { "counted" }, "{mailmap}");
        assert_eq!(sentence.contains("`.mailmap`"), bars, "{mailmap} {sentence}");
    }
    // One shared machine, and two people who work at it.
    let shared =
        "Ann <ann@example.com> Ann Lee <root@localhost>\nBob <bob@example.com> Bob Ray <root@localhost>\n";
    let people = "{ ann: { emails: [ann@example.com] }, bob: { emails: [bob@example.com] } }";
    for (by, code) in [("ann", "author"), ("bob", "counted")] {
        let mut case = approved_by(&format!("{by}@example.com"), people, shared);
        case.policy = case.policy.replace("[sam, rhea]", "[ann, bob]");
        let commit = &mut case.request["commits"][0];
        commit["author"] = json!({ "name": "Ann Lee", "email": "root@localhost" });
        assert_eq!(case.codes(), [code], "{by}");
        let notices = case.answer().unwrap()["notices"].to_string();
        assert!(notices.contains("`.mailmap` takes Ann Lee <root@localhost> for ann"), "{notices}");
    }
    // On a forge too, and whom a co-author's line names.
    for message in ["Work\n", "Work\n\nCo-authored-by: S <sam@home.example>\n"] {
        let mut case = Case::new();
        case.push("people", json!({ "account": account("sam"), "emails": ["sam@example.com"] }));
        case.document("mailmap", ".mailmap", "<sam@example.com> <sam@home.example>\n");
        case.request["commits"][0]["message"] = message.into();
        case.act("sam", "approve");
        assert_eq!(case.codes(), [if message.len() > 5 { "co-author" } else { "counted" }]);
    }
}

#[test]
fn where_a_mailmap_bars_everybody_the_reason_names_it() {
    let mut case = on_git("{ sam: { emails: [sam@example.com] }, rhea: { emails: [rhea@example.com] } }");
    case.document(
        "mailmap",
        ".mailmap",
        "<dana@example.com> <sam@example.com>\n<dana@example.com> <rhea@example.com>\n",
    );
    assert_eq!(case.rule_code("sign-off"), "impossible");
    let missing = case.answer().unwrap()["rules"][0]["missing"].to_string();
    assert!(missing.contains("`.mailmap` says that"), "{missing}");
    case.documents.clear();
    case.request["acts"] = json!([]);
    let missing = case.answer().unwrap()["rules"][0]["missing"].to_string();
    assert!(!missing.contains(".mailmap"), "{missing}");
}

#[test]
fn two_whom_a_mailmap_takes_for_one_approve_once() {
    let identities = "{ sam: { emails: [sam@example.com] }, rhea: { emails: [rhea@example.com] } }";
    for (mailmap, code, outcome) in
        [("", "counted", "approved"), ("<sam@example.com> <rhea@example.com>\n", "same-person", "pending")]
    {
        let mut case = on_git(identities);
        case.policy = case.policy.replace("approvals: 1", "approvals: 2");
        case.act("rhea", "approve")["proof"] = "claimed".into();
        case.document("mailmap", ".mailmap", mailmap);
        assert_eq!(case.codes(), ["counted", code]);
        assert_eq!(case.outcome(), outcome);
        let sentence = acts(&case)[1]["sentence"].to_string();
        assert_eq!(sentence.contains("`.mailmap`"), code == "same-person", "{sentence}");
    }
}

#[test]
fn a_mailmap_lets_nobody_end_the_refusal_of_another() {
    let identities = "{ sam: { emails: [sam@example.com] }, rhea: { emails: [rhea@example.com] } }";
    for mailmap in ["", "<sam@example.com> <rhea@example.com>\n", "<rhea@example.com> <sam@example.com>\n"] {
        let mut case = on_git(identities);
        case.request["acts"] = json!([]);
        for (who, kind) in [("rhea", "request-changes"), ("sam", "approve"), ("sam", "withdraw")] {
            case.act(who, kind)["proof"] = "claimed".into();
            case.document("mailmap", ".mailmap", mailmap);
            assert_eq!(case.outcome(), "denied", "{mailmap} {who} {kind}");
        }
    }
}

/// A change on a forge that `actor` approves, under a policy with these people and identities.
fn approved_on_forge(users: &str, identities: &str, actor: Value, people: &[Value]) -> Case {
    let mut case = Case::under(
        &POLICY
            .replace("[sam, rhea]", users)
            .replace("rules:", &format!("identities: {{ {identities} }}\nrules:")),
    );
    for person in people {
        case.push("people", json!({ "account": person }));
    }
    case.act("x", "approve")["actor"] = actor;
    case
}

#[test]
fn an_id_decides_and_a_login_is_a_label() {
    let old = json!({ "id": "77", "login": "olga" });
    let renamed = json!({ "id": "77", "login": "olga2" });
    let new = json!({ "id": "99", "login": "olga" });
    let emails = "olga: { emails: [olga@example.com] }";
    let with_id = "olga: { id: 77, emails: [olga@example.com] }";
    for (users, identities) in [
        ("[{ login: olga, id: 77 }]", ""),
        ("[{ login: olga, id: 77 }]", emails),
        ("[{ login: olga, id: 77 }]", with_id),
        ("[olga]", with_id),
        ("[sam]", "olga: { id: 77 }, sam: { accounts: [olga] }"),
    ] {
        for (actor, code) in [(&old, "counted"), (&renamed, "counted"), (&new, "not-eligible")] {
            for known in [vec![], vec![actor.clone()], vec![old.clone(), new.clone()]] {
                let case = approved_on_forge(users, identities, actor.clone(), &known);
                assert_eq!(case.codes(), [code], "{users} {identities} {actor} {known:?}");
            }
        }
    }
    // Where the policy gives none, the login is the account's that has it; of two accounts it is nobody's.
    assert_eq!(approved_on_forge("[olga]", emails, new.clone(), &[]).codes(), ["counted"]);
    assert_eq!(
        approved_on_forge("[olga]", emails, new.clone(), std::slice::from_ref(&old)).codes(),
        ["not-eligible"]
    );
    // Whoever had the login before is somebody else, for what bars too.
    let mut case =
        approved_on_forge("[{ login: olga, id: 77 }, { login: max, id: 99 }]", with_id, new.clone(), &[]);
    case.request["change"]["opened_by"] = renamed;
    assert_eq!(case.codes(), ["counted"]);
    case.request["change"]["opened_by"] = new.clone();
    assert_eq!(case.codes(), ["author"]);
    // The same by a group of the forge, and by the owners of files.
    let mut case = approved_on_forge("[sam]", "", new.clone(), &[]);
    case.policy = case.policy.replace("{ users: [sam] }", "{ groups: [o/core] }");
    case.push("groups", json!({ "name": "o/core", "members": [old] }));
    assert_eq!(case.codes(), ["not-eligible"]);
    let mut case = approved_on_forge("[{ login: olga, id: 77 }]", "", new, &[]);
    case.policy = case
        .policy
        .replace("people:", "codeowners: github\npeople:")
        .replace("by: seniors", "by: code-owners");
    case.document("codeowners", "CODEOWNERS", "* @olga\n");
    assert_eq!(case.codes(), ["not-eligible"]);
}

#[test]
fn a_login_has_one_id_in_a_policy() {
    for (users, identities, valid) in [
        ("[{ login: olga, id: 77 }]", "olga: { id: 77 }", true),
        ("[{ login: olga, id: 77 }]", "olga: { id: 78 }", false),
        ("[{ login: olga, id: 77 }, { login: Olga, id: 78 }]", "", false),
        // A number that can be read in several ways is no id.
        ("[{ login: olga, id: 007 }]", "", false),
        ("[{ login: olga, id: +7 }]", "", false),
        ("[{ login: olga, id: 1_0 }]", "", false),
        ("[{ login: olga, id: 1e1 }]", "", false),
        ("[{ login: olga, id: 0x7 }]", "", false),
        ("[{ login: olga, id: 7.0 }]", "", false),
        ("[{ login: olga, id: 0f8fad5b-d9cb-469f-a165-70867728950e }]", "", true),
        ("[{ login: olga, id: 0 }]", "", true),
    ] {
        let case = approved_on_forge(users, identities, account("sam"), &[]);
        assert_eq!(case.answer().is_ok(), valid, "{users} {identities}");
    }
}

#[test]
fn an_address_that_an_account_states_makes_nobody_another_person() {
    // The policy says whose address it is. An account of another login that has it too may be the same person, and is not.
    let sams = "sam: { emails: [sam@home.example] }";
    for (login, emails, code) in [
        ("sam", json!([]), "counted"),
        ("mallory", json!([]), "not-eligible"),
        ("mallory", json!(["sam@home.example"]), "not-eligible"),
    ] {
        let mut case = approved_on_forge("[sam]", sams, json!({ "id": "5", "login": login }), &[]);
        case.push("people", json!({ "account": { "id": "5", "login": login }, "emails": emails }));
        assert_eq!(case.codes(), [code], "{login} {emails}");
    }
    // Two accounts with one address: a commit from it may be of either.
    for by in ["sam", "rhea"] {
        let mut case = Case::new();
        for login in ["sam", "rhea"] {
            case.push("people", json!({ "account": account(login), "emails": ["shared@example.com"] }));
        }
        case.request["commits"][0]["author"] = stranger("shared@example.com");
        case.act(by, "approve");
        assert_eq!(case.codes(), ["author"], "{by}");
    }
}

#[test]
fn an_account_that_is_gone_is_nobody() {
    let ghosts = [
        json!({ "id": "-1", "login": "Ghost" }),
        json!({ "login": "ghost" }),
        json!({ "id": "", "login": "" }),
    ];
    for ghost in &ghosts {
        let mut case = Case::under(&POLICY.replace("{ users: [sam, rhea] }", "{ permissions: [write] }"));
        case.push("people", json!({ "account": ghost, "permissions": ["admin"] }));
        case.act("x", "approve")["actor"] = ghost.clone();
        assert_eq!(case.codes(), ["unknown-account"], "{ghost}");
        // What somebody did whose account is gone, nobody answers for.
        for part in ["opened_by", "pushed", "author"] {
            let mut case = Case::new();
            case.act("sam", "approve");
            assert_eq!(case.outcome(), "approved");
            match part {
                "opened_by" => case.request["change"]["opened_by"] = ghost.clone(),
                "pushed" => {
                    case.push("pushes", json!({ "by": ghost, "head": id("c1") }));
                }
                _ => {
                    case.request["commits"][0]["author"] =
                        json!({ "name": "x", "email": "x@elsewhere.example", "account": ghost });
                }
            }
            assert_eq!(case.rule_code("sign-off"), "unattributed-commit", "{ghost} {part}");
        }
    }
    // A platform that does not say who pushed says nothing of anybody.
    let mut case = Case::new();
    case.act("sam", "approve");
    case.push("pushes", json!({ "head": id("c1") }));
    assert_eq!(case.rule_code("sign-off"), "satisfied");
    for (part, text) in [
        ("[sam, rhea]", "[sam, ghost]"),
        ("[sam, rhea]", "[{ login: Ghost, id: 5 }]"),
        ("[sam, rhea] }", "[sam], bots: [ghost] }"),
        ("rules:", "identities: { ghost: { emails: [a@example.com] } }\nrules:"),
        ("rules:", "identities: { sam: { accounts: [ghost] } }\nrules:"),
    ] {
        let error = Case::under(&POLICY.replace(part, text)).answer().unwrap_err();
        assert!(error.to_string().contains("nobody"), "{text} {error}");
    }
}

#[test]
fn an_account_that_a_forge_calls_a_program_s_is_one() {
    for login in ["renovate[bot]", "gitea-actions", "project_7_bot_4ffca233d8298ea1"] {
        let mut case = Case::under(&POLICY.replace("{ users: [sam, rhea] }", "{ permissions: [write] }"));
        case.push("people", json!({ "account": account(login), "permissions": ["write"] }));
        case.act(login, "approve");
        assert_eq!(case.codes(), ["bot"], "{login}");
        let named = format!("{{ bots: [\"{login}\"] }}");
        case.policy = POLICY.replace("{ users: [sam, rhea] }", &named);
        assert_eq!(case.codes(), ["counted"], "{login}");
    }
}

#[test]
fn an_app_s_address_is_nobody_s_whether_a_table_knows_it_or_not() {
    for (address, co_author, code) in [
        ("1+nobody-knows-it[bot]@users.noreply.github.com", "", "satisfied"),
        ("nobody-knows-it[bot]@users.noreply.codeberg.org", "", "satisfied"),
        ("49699333+dependabot[bot]@users.noreply.github.com", "", "satisfied"),
        // What the forge itself writes is a mask that anybody can put on.
        ("noreply@github.com", "", "unattributed-commit"),
        ("robot@elsewhere.example", "", "satisfied"),
        ("dana@example.com", "Co-authored-by: x <1+new[bot]@users.noreply.github.com>", "satisfied"),
    ] {
        let mut case = on_git("{ sam: { emails: [sam@example.com] } }");
        case.request["commits"][0]["author"] = stranger(address);
        case.request["commits"][0]["message"] = format!("Work\n\n{co_author}\n").into();
        assert_eq!(case.rule_code("sign-off"), code, "{address}");
        let people = case.answer().unwrap()["contributors"].to_string();
        assert!(!people.contains("[bot]"), "{people}");
    }
    // Named among people it approves nothing, and what it wrote excuses nobody.
    let app = "1+new[bot]@users.noreply.github.com";
    let mut case = on_git("{ sam: { emails: [sam@example.com] } }");
    case.policy = case.policy.replace("[sam, rhea]", &format!("[sam, \"{app}\"]"));
    case.request["acts"][0]["actor"] = json!({ "email": app });
    assert_eq!(case.codes(), ["bot"]);
    let mut case = on_git("{ sam: { emails: [sam@example.com, dana@example.com] } }");
    case.policy = case.policy.replace("require:", "when: { only-contributors-in: seniors }\n    require:");
    case.say_who_pushed();
    assert_eq!(case.rule_code("sign-off"), "missing-approvals");
    case.request["commits"][0]["author"] = stranger(app);
    assert_eq!(case.rule_code("sign-off"), "not-applicable");
    // What the forge calls a bot by its account took part as one, and bars nobody else.
    let mut case = Case::new();
    case.request["commits"][0]["author"] = ident("robot");
    case.push("people", json!({ "account": account("robot"), "kind": "bot" }));
    case.act("sam", "approve");
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn a_byte_order_mark_is_no_part_of_what_a_person_writes() {
    let mark = |text: &str| format!("\u{feff}{text}");
    assert_eq!(Case::under(&mark(POLICY)).outcome(), "pending");
    let policy =
        POLICY.replace("people:", "codeowners: github\npeople:").replace("by: seniors", "by: code-owners");
    let mut case = Case::under(&policy);
    case.document("codeowners", "CODEOWNERS", &mark("* @sam\n/docs/ @rhea\n"));
    case.act("sam", "approve");
    assert_eq!(case.outcome(), "approved");
    let mut case = Case::under("countersign: 1\nname: own\nextends: base.yaml\n");
    case.document("extends", "base.yaml", &mark(POLICY));
    case.act("sam", "approve");
    assert_eq!(case.outcome(), "approved");
    let mut case = Case::new();
    case.document(
        "break-glass",
        "glass.yaml",
        &mark("people: { on-call: { users: [olga] } }\nbreak-glass: { by: on-call }\n"),
    );
    case.comment("olga", &format!("break-glass: production is down and this mends it, {}", id("c1")));
    assert_eq!(case.outcome(), "approved");
}

#[test]
fn an_approval_that_may_be_of_two_holds_back_each_whatever_the_other_says_later() {
    // The account of kai writes with the address of rhea, and nobody said when; rhea approves beside it.
    let actor = json!({ "login": "kai", "email": "rhea@example.com" });
    let rhea = json!({ "account": account("rhea"), "emails": ["rhea@example.com"] });
    for (refuses, approvals, counted) in
        [(false, 1, true), (true, 1, true), (false, 2, false), (true, 2, false)]
    {
        let mut case = Case::new();
        case.push("people", rhea.clone());
        case.act("rhea", "approve");
        if approvals == 2 {
            let doubtful = case.act("kai", "approve");
            doubtful["actor"] = actor.clone();
            doubtful["head"] = id("other").into();
            doubtful.as_object_mut().unwrap().remove("at");
        }
        if refuses {
            case.act("kai", "request-changes");
        }
        assert_eq!(case.codes()[0] == "counted", counted, "{refuses} {approvals} {:?}", case.codes());
    }
}

#[test]
fn whom_to_ask_of_those_who_may_be_one_depends_on_no_order() {
    let policy = "countersign: 1\nname: t\npeople: { seniors: { groups: [g] } }\n\
                  rules: [{ name: r, require: [{ approvals: 1, by: seniors }] }]\n";
    for members in [["omar", "rhea"], ["rhea", "omar"]] {
        for mailmap in ["<rhea@example.com> <omar@example.com>\n", "<omar@example.com> <rhea@example.com>\n"]
        {
            let mut case = Case::under(policy);
            for login in members {
                let email = format!("{login}@example.com");
                case.push("people", json!({ "account": account(login), "emails": [email] }));
            }
            case.push("groups", json!({ "name": "g", "members": members.map(account) }));
            case.document("mailmap", ".mailmap", mailmap);
            let who = case.answer().unwrap()["remedies"][0]["who"].clone();
            assert_eq!(who, json!(["omar"]), "{mailmap}");
        }
    }
}

#[test]
fn on_a_forge_somebody_without_an_account_cannot_be_told_from_an_author() {
    let policy = POLICY.replace("[sam, rhea]", "[sam@example.com, rhea@example.com]");
    let sam = |emails: &[&str]| json!({ "account": { "login": "sam", "id": "7" }, "emails": emails });
    for (emails, identities, code) in [
        (vec!["sam@example.com"], "", "counted"),
        (vec!["other@example.com"], "", "unknown-account"),
        (vec!["other@example.com"], "identities: { sam: { emails: [sam@example.com] } }\n", "counted"),
    ] {
        let mut case = Case::under(&(identities.to_owned() + &policy));
        case.push("people", sam(&emails));
        case.act("sam", "approve")["actor"] = json!({ "email": "sam@example.com" });
        assert_eq!(case.codes(), [code], "{emails:?} {identities}");
    }
}

#[test]
fn a_mask_of_a_forge_bars_whose_login_it_names() {
    for (email, code) in [
        ("1234+sam@users.noreply.github.com", "author"),
        ("sam@users.noreply.github.com", "author"),
        ("1234-sam@users.noreply.gitlab.com", "author"),
        ("sam@noreply.shop.example", "author"),
        ("1234+rhea@users.noreply.github.com", "counted"),
        ("sam@elsewhere.example", "counted"),
    ] {
        let mut case = on_git("{ sam: { emails: [sam@example.com] } }");
        for role in ["author", "committer"] {
            case.request["commits"][0][role] = json!({ "name": "Sam", "email": email });
        }
        assert_eq!(case.codes(), [code], "{email}");
        // A forge maps authors to accounts, and of co-authors it says nothing.
        let mut case = Case::new();
        case.act("sam", "approve");
        case.request["commits"][0]["message"] = format!("Fix\n\nCo-authored-by: Sam <{email}>\n").into();
        let code = if code == "author" { "co-author" } else { code };
        assert_eq!(case.codes(), [code], "co-author {email}");
    }
}

#[test]
fn what_belongs_to_two_people_makes_one_person_of_neither() {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFzZGZhc2RmYXNkZmFzZGZhc2RmYXNkZmFzZGZhc2Rm";
    let faults = |identities: &str| -> Vec<String> {
        let policy = POLICY.replace("rules:", &format!("identities: {identities}\nrules:"));
        let source = json!({ "apiVersion": "countersign/v1", "name": "policy.yaml", "bytes": policy });
        let report = countersign_core::check_policy(source.to_string().as_bytes()).unwrap();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let diagnostics = report["diagnostics"].as_array().unwrap().iter();
        let errors = diagnostics.filter(|diagnostic| diagnostic["severity"] == "error");
        errors.map(|error| error["message"].as_str().unwrap().to_owned()).collect()
    };
    for (sam, rhea, shared) in [
        ("emails: [sam@example.com]", "emails: [rhea@example.com]", None),
        ("emails: [s@example.com, s@example.com]", "accounts: [rhea-work]", None),
        ("emails: [two@example.com]", "emails: [TWO@example.com]", Some("two@example.com")),
        ("accounts: [shared]", "accounts: [shared]", Some("shared")),
        ("id: 7", "id: 7", Some("7")),
        (&format!("keys: ['{key}']"), &format!("keys: ['{key}']"), Some(key)),
    ] {
        let faults = faults(&format!("{{ sam: {{ {sam} }}, rhea: {{ {rhea} }} }}"));
        let expected =
            shared.map(|what| format!("`{what}` belongs to `rhea` and to `sam`, and so to neither"));
        let other = shared.map(|what| format!("`{what}` belongs to `sam` and to `rhea`, and so to neither"));
        match faults.as_slice() {
            [] => assert_eq!(shared, None, "{sam} {rhea}"),
            [fault] => assert!([&expected, &other].contains(&&Some(fault.clone())), "{fault}"),
            more => panic!("{more:?}"),
        }
    }
    assert_eq!(faults("{ sam: { emails: [sam.example.com] } }"), ["`sam.example.com` is no e-mail address"]);
}
