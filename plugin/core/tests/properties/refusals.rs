//! Adding a refusal never opens, whoever gives it, whenever and for whatever head.

use serde_json::{Value, json};

use crate::case::{Case, Cases, list, list_mut};
use crate::hold;
use crate::world::{NOW, id};

/// Everybody who acted or may act, as the request's own facts name them.
fn actors(case: &Case) -> Vec<Value> {
    let request = case.request();
    let people = list(&request["people"]).iter().map(|person| &person["account"]);
    let acted = case.acts().iter().map(|act| &act["actor"]);
    let mut actors: Vec<Value> = people.chain(acted).filter(|actor| actor.is_object()).cloned().collect();
    actors.dedup();
    actors
}

/// Refusals of everybody; each actor meets some of the moments and heads, and each of those some of the actors.
fn refusals(case: &Case) -> Vec<Value> {
    let mut refusals = Vec::new();
    for (number, actor) in actors(case).into_iter().enumerate() {
        for (kind, text) in
            [("request-changes", ""), ("comment", "/cancel"), ("comment", ":-1:"), ("comment", "nack")]
        {
            let mut act =
                json!({ "id": "refusal", "kind": kind, "actor": actor, "proof": "forge", "text": text });
            let at = [json!(1), json!(45), json!(NOW), Value::Null][number % 4].clone();
            if !at.is_null() {
                act["at"] = at;
            }
            act["head"] =
                if number % 3 == 0 { id("f1").into() } else { case.request()["change"]["head"].clone() };
            refusals.push(act);
        }
    }
    refusals
}

#[test]
fn adding_a_refusal_never_opens() {
    hold(Cases { extra_rule: false }, |case| {
        let answer = case.answer();
        for act in case.part(5, refusals(case)) {
            let refused =
                case.with(|request| list_mut(request, "acts").for_each(|acts| acts.push(act.clone())));
            let refused = refused.answer();
            if let Some(why) = refused.opens(&answer) {
                return Err(format!("with {act}: {why}\nwithout: {answer}with: {refused}"));
            }
        }
        Ok(())
    });
}
