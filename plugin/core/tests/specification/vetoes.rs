//! Who stops a change as a whole, and who takes that back.

use crate::common::{Case, POLICY, account, id};
use serde_json::json;

#[test]
fn a_veto_stops_the_change_as_a_whole_until_it_is_taken_back() {
    let policy = |more: &str| {
        POLICY
            .replace("rules:", &format!("veto: {{ by: guards{more} }}\nrules:"))
            .replace("rhea] }", "rhea] }\n  guards: { users: [noor, lee, dana] }")
    };
    let case = |more: &str, acts: &[(&str, &str, &str)]| {
        let mut case = Case::under(&policy(more));
        case.act("sam", "approve");
        for (who, kind, text) in acts {
            case.act(who, kind)["text"] = (*text).into();
        }
        case
    };
    for (more, acts, outcome) in [
        ("", &[("noor", "request-changes", "")][..], "denied"),
        ("", &[("noor", "comment", "👎")], "denied"),
        ("", &[("noor", "comment", "hm")], "approved"),
        ("", &[("omar", "request-changes", "")], "approved"),
        ("", &[("noor", "request-changes", ""), ("noor", "approve", "")], "approved"),
        ("", &[("noor", "comment", "👎"), ("noor", "comment", "👍")], "approved"),
        // An approval that is taken back, before the veto or after it, lifts none.
        ("", &[("noor", "comment", "👎"), ("noor", "withdraw", "")], "denied"),
        ("", &[("noor", "request-changes", ""), ("noor", "withdraw", "")], "denied"),
        ("", &[("noor", "approve", ""), ("noor", "comment", "👎"), ("noor", "withdraw", "")], "denied"),
        (", revoked-by: anyone", &[("noor", "comment", "👎"), ("lee", "withdraw", "")], "denied"),
        (", revoked-by: anyone", &[("noor", "comment", "👎"), ("noor", "dismiss", "")], "denied"),
        ("", &[("noor", "comment", "👎"), ("lee", "comment", "👍")], "denied"),
        (", revoked-by: anyone", &[("noor", "comment", "👎"), ("lee", "comment", "👍")], "approved"),
        (", revoked-by: anyone", &[("lee", "comment", "👍"), ("noor", "comment", "👎")], "denied"),
        (", revoked-by: anyone", &[("noor", "comment", "👎"), ("dana", "comment", "👍")], "denied"),
        (", revoked-by: anyone", &[("noor", "comment", "👎"), ("omar", "comment", "👍")], "denied"),
        (", disapprove: { comment-lines: [/veto] }", &[("noor", "comment", "/veto")], "denied"),
        (", disapprove: { comment-lines: [/veto] }", &[("noor", "request-changes", "")], "approved"),
        (", when: { fork: false }", &[], "denied"),
        (", when: { fork: true }", &[], "approved"),
        (", when: { title: { matches: [x] } }", &[], "pending"),
    ] {
        let case = case(more, acts);
        assert_eq!(case.outcome(), outcome, "{more} {acts:?}");
    }
    // While it is not known who took part, nobody else's word lifts a veto.
    let acts = &[("noor", "comment", "👎"), ("lee", "comment", "👍")];
    let mut unread = case(", revoked-by: anyone", acts);
    unread.policy = unread.policy.replace("[{ approvals: 1, by: seniors }]", "nobody");
    assert_eq!(unread.outcome(), "approved");
    unread.request["unavailable"] = json!([{ "fact": "pushes", "reason": "HTTP 502" }]);
    assert_eq!(
        (unread.outcome().as_str(), unread.rule_code("veto").as_str()),
        ("pending", "fact-unavailable")
    );
    // Whoever takes back their own needs nobody's word.
    unread.request["acts"][2]["actor"] = account("noor");
    assert_eq!(unread.outcome(), "approved");
    // Whoever pushed took part, and lifts no one's veto.
    let mut pusher = case(", revoked-by: anyone", &[("noor", "comment", "👎"), ("lee", "comment", "👍")]);
    pusher.push("pushes", json!({ "by": account("lee"), "head": id("c1") }));
    assert_eq!(pusher.outcome(), "denied");
    // A dismissal ends what it dismisses, and none of what its giver said besides.
    for (kind, by) in [("approve", "dana"), ("request-changes", "omar")] {
        let mut dismissed = case("", &[("noor", "comment", "👎"), ("noor", kind, "")]);
        dismissed.request["acts"][2]["dismissed"] = json!({ "at": 300, "by": account(by) });
        assert_eq!(dismissed.outcome(), "denied", "{kind}");
    }
    // Somebody of whom it is not known whether they may.
    let mut unread = case("", &[("omar", "comment", "👎")]);
    unread.policy = unread.policy.replace("{ users: [noor, lee, dana] }", "{ permissions: [admin] }");
    unread.push("people", json!({ "account": account("omar"), "unreadable": true }));
    assert_eq!(
        (unread.outcome().as_str(), unread.rule_code("veto").as_str()),
        ("pending", "fact-unavailable")
    );
    for (kind, text) in [("comment", "hm"), ("approve", "")] {
        let mut other = case("", &[("omar", kind, text)]);
        other.policy = other.policy.replace("{ users: [noor, lee, dana] }", "{ permissions: [admin] }");
        other.push("people", json!({ "account": account("omar"), "unreadable": true }));
        assert_eq!(other.outcome(), "approved", "{kind} {text}");
    }
    // What is said of another change stops this one, and lifts nothing.
    let mut elsewhere = case("", &[("noor", "comment", "👎"), ("noor", "comment", "👍")]);
    elsewhere.request["acts"][2]["change"] = "8".into();
    assert_eq!(elsewhere.outcome(), "denied");
    let mut elsewhere = case("", &[("noor", "comment", "👎")]);
    elsewhere.request["acts"][1]["change"] = "8".into();
    assert_eq!(elsewhere.outcome(), "denied");
    // A program vetoes where it is named as one.
    for (set, outcome) in [("{ users: [noor] }", "approved"), ("{ bots: [noor] }", "denied")] {
        let mut bot = case("", &[("noor", "comment", "👎")]);
        bot.policy = bot.policy.replace("{ users: [noor, lee, dana] }", set);
        bot.push("people", json!({ "account": account("noor"), "kind": "bot" }));
        assert_eq!(bot.outcome(), outcome, "{set}");
    }
    let quiet = case("", &[]).answer().unwrap();
    assert_eq!(quiet["rules"][0]["because"], json!(["nobody vetoes the change"]));
    // A veto survives a push, and the same moment does not lift it.
    let mut pushed = case("", &[("noor", "comment", "👎")]);
    pushed.commit("c2", &["c1"]);
    pushed.act("sam", "approve");
    assert_eq!(pushed.outcome(), "denied");
    let mut tie = case(", revoked-by: anyone", &[("noor", "comment", "👎"), ("lee", "comment", "👍")]);
    tie.request["acts"][2]["at"] = tie.request["acts"][1]["at"].clone();
    assert_eq!(tie.outcome(), "denied");
    // A veto that is gone, or of a blocked account, is none.
    let mut gone = case("", &[("noor", "comment", "👎")]);
    gone.request["acts"][1]["deleted"] = true.into();
    assert_eq!(gone.outcome(), "approved");
    let mut blocked = case("", &[("noor", "comment", "👎")]);
    blocked.push("people", json!({ "account": account("noor"), "active": false }));
    assert_eq!(blocked.outcome(), "approved");
    // An edited revocation lifts nothing.
    let mut edited = case("", &[("noor", "comment", "👎"), ("noor", "comment", "👍")]);
    edited.request["acts"][2]["edited"] = json!({ "at": 300 });
    assert_eq!(edited.outcome(), "denied");
}
