//! Adding an act that does not count changes no outcome.
//!
//! No such act is one that is void for what it is about, of somebody who acts here (an approval of another change, one that
//! was edited or dismissed): the latest act of a person counts, and is then asked whether it is void. What counts for
//! nothing, and so replaces nothing either:
//! - an act of somebody in none of the policy's sets, where it is known who is;
//! - what was deleted, what nobody proves to have said, and words that are none of the policy's, by anybody;
//! - an approval that its giver answered by a later review, where nothing was withdrawn: that may have been the approval.

use serde_json::{Value, json};

use crate::case::{Answer, Case, Cases, list, list_mut};
use crate::hold;
use crate::world::{ANSWERS, APPROVING, NOW, Naming, REFUSING, STRANGER};

/// Whether it is known of everybody who is in which set.
fn membership_is_known(case: &Case) -> bool {
    let request = case.request();
    let known = |fact: &str| {
        let has = |key: &str| list(&request[key]).iter().any(|known| known == fact);
        (has("complete") || has("absent"))
            && !list(&request["unavailable"]).iter().any(|missing| missing["fact"] == fact)
    };
    let groups = list(&request["groups"]);
    let named = |name: &str| groups.iter().any(|group| group["name"] == name && group["unreadable"] != true);
    known("groups") && known("people") && crate::world::GROUPS.iter().all(|name| named(name))
}

/// An act, and what it is called.
type Added = (&'static str, Value);

fn additions(case: &Case) -> Vec<Added> {
    let request = case.request();
    let head = request["change"]["head"].clone();
    let naming = match (&request["trigger"]["platform"]["name"], &request["change"]["opened_by"]["id"]) {
        (name, _) if name == "git" => Naming::Address,
        (_, Value::String(_)) => Naming::Id,
        _ => Naming::Login,
    };
    let proof = if naming == Naming::Address { "claimed" } else { "forge" };
    let act = |who: &Value, kind: &str, text: &str| json!({ "id": "added", "kind": kind, "actor": who, "proof": proof, "at": NOW - 5, "head": head, "text": text });
    let mut added: Vec<Added> = Vec::new();
    let stranger = naming.account(STRANGER);
    if membership_is_known(case) {
        added.push(("a stranger's approval", act(&stranger, "approve", "")));
        added.push(("a stranger's refusal", act(&stranger, "request-changes", "")));
        added.push(("a stranger's words", act(&stranger, "comment", REFUSING[2])));
        added.push(("a stranger's command", act(&stranger, "comment", APPROVING[0])));
    }
    let mut actors: Vec<&Value> = case.acts().iter().map(|act| &act["actor"]).collect();
    actors.extend(list(&request["people"]).iter().map(|person| &person["account"]));
    actors.dedup();
    for actor in actors.into_iter().filter(|actor| actor.is_object()).take(5) {
        for (kind, text) in [
            ("approve", ANSWERS[0]),
            ("request-changes", ""),
            ("comment", "/cancel"),
            ("comment", ":+1:"),
            ("withdraw", ""),
        ] {
            let mut deleted = act(actor, kind, text);
            deleted["deleted"] = true.into();
            added.push(("what was deleted", deleted));
            let mut unproved = act(actor, kind, text);
            (unproved["proof"], unproved["at"]) = ("signature".into(), 1.into());
            added.push(("what nobody proves", unproved));
        }
        added.push(("other words", act(actor, "comment", "nice work")));
        added.push(("a review without a verdict", act(actor, "review", "nice work")));
        let later = |act: &&Value| {
            let reviewed = matches!(act["kind"].as_str(), Some("approve" | "request-changes"));
            reviewed && act["actor"] == *actor && act["proof"] == proof && act["deleted"] != true
        };
        let withdraws = |act: &&Value| act["kind"] == "withdraw" && act["actor"] == *actor;
        if case.acts().iter().any(|act| later(&act))
            && !case.acts().iter().any(|act| withdraws(&act))
            && case.acts().iter().all(|act| act["at"].is_u64())
        {
            let mut old = act(actor, "approve", "");
            old["at"] = 1.into();
            added.push(("an approval older than its giver's review", old));
        }
    }
    added
}

/// What each rule comes to.
fn states(answer: &Answer) -> Vec<(&Value, &Value, &Value)> {
    answer.rules().iter().map(|rule| (&rule["name"], &rule["state"], &rule["code"])).collect()
}

#[test]
fn adding_an_act_that_does_not_count_changes_no_outcome() {
    hold(Cases { extra_rule: false }, |case| {
        let answer = case.answer();
        for (what, act) in case.part(6, additions(case)) {
            let more = case.with(|request| list_mut(request, "acts").for_each(|acts| acts.push(act.clone())));
            let more = more.answer();
            if (answer.outcome(), states(&answer)) != (more.outcome(), states(&more)) {
                return Err(format!("{what}, {act}, makes another outcome\nwithout: {answer}with: {more}"));
            }
        }
        Ok(())
    });
}
