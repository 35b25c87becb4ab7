//! What `needs` asks for is enough: a request that holds nothing else is answered as one that holds all that there is.
//!
//! A host begins with the policy, the change and the documents that stand at one path in every repository, and brings what it is asked
//! for until it is asked for nothing more.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::case::{Answer, Case, Cases, list, list_mut};
use crate::hold;
use crate::requests::FACTS;

/// Rounds of asking: more than a host is told to expect, so that one that never ends is found.
const ROUNDS: usize = 6;

/// Members of the change that are a fact, by the fact.
const OF_CHANGE: &[(&str, &[&str])] = &[
    ("text", &["title", "description", "labels", "draft"]),
    ("opener", &["opened_by"]),
    ("requester", &["asked_by"]),
    ("diff-id", &["diff_id"]),
    ("merge-tree", &["merge_tree"]),
];

/// Members of the entries of a list that are a fact of their own.
const OF_ENTRIES: &[(&str, &str, &[&str])] = &[
    ("signatures", "commits", &["verified"]),
    ("auto-merge-trees", "commits", &["auto_merge_tree"]),
    ("file-lines", "files", &["added", "deleted"]),
    ("hunks", "files", &["hunks"]),
];

/// Lists that are a fact.
const LISTS: &[&str] = &["commits", "files", "pushes", "versions", "acts", "statuses", "people", "groups"];

/// Documents that are a fact, by their role.
const OF_ROLE: &[(&str, &[&str])] =
    &[("notes", &["note"]), ("traces", &["trace", "earlier-trace"]), ("checkpoints", &["checkpoint"])];

/// Roles of documents that are brought when they are asked for by path.
const BY_PATH: &[&str] = &["extends", "codeowners", "requirements"];

/// A case with those facts alone, and those documents beside the ones that stand everywhere.
fn with_facts(case: &Case, facts: &BTreeSet<String>, paths: &BTreeSet<String>) -> Case {
    case.with(|request| {
        let signed = list(&request["acts"]).iter().any(|act| act["kind"] == "signed");
        // With statements comes what they are bound to.
        let bound = signed && facts.contains("acts");
        let has = |fact: &str| facts.contains(fact) || (bound && ["diff-id", "merge-tree"].contains(&fact));
        let take_away = |value: &mut Value, keys: &[&str]| {
            let object = value.as_object_mut();
            object.into_iter().for_each(|object| keys.iter().for_each(|key| drop(object.remove(*key))));
        };
        for name in LISTS.iter().filter(|name| !has(name)) {
            take_away(request, &[name]);
        }
        for (_, keys) in OF_CHANGE.iter().filter(|(fact, _)| !has(fact)) {
            request.get_mut("change").into_iter().for_each(|change| take_away(change, keys));
        }
        // Up to where the branch was in order, the answer of `ranges` says.
        if !has("history") {
            request.get_mut("history").into_iter().for_each(|history| take_away(history, &["answers"]));
        }
        for (_, name, keys) in OF_ENTRIES.iter().filter(|(fact, ..)| !has(fact)) {
            list_mut(request, name).flatten().for_each(|entry| take_away(entry, keys));
        }
        list_mut(request, "documents").for_each(|documents| {
            documents.retain(|document| {
                let role = document["role"].as_str().unwrap_or_default();
                let is_fact = OF_ROLE.iter().find(|(_, roles)| roles.contains(&role));
                match is_fact {
                    Some((fact, _)) => has(fact),
                    None => {
                        !BY_PATH.contains(&role)
                            || paths.contains(document["path"].as_str().unwrap_or_default())
                    }
                }
            });
        });
        // What a host does not look up it neither has whole nor misses; what its platform does not have it knows without.
        let absent = request["absent"].clone();
        let asked = |fact: &Value| {
            has(fact.as_str().unwrap_or_default())
                || fact == "documents"
                || fact == "change"
                || list(&absent).contains(fact)
        };
        list_mut(request, "complete").for_each(|known| known.retain(&asked));
        list_mut(request, "unavailable")
            .for_each(|missing| missing.retain(|missing| asked(&missing["fact"])));
    })
}

/// The case with what a host brings, and what it was asked for.
fn asked_for(case: &Case) -> Result<(Case, BTreeSet<String>), String> {
    let (mut facts, mut paths) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..ROUNDS {
        let held = with_facts(case, &facts, &paths);
        let Some(needs) = held.needs() else { return Ok((held, facts)) };
        let before = (facts.len(), paths.len());
        facts.extend(list(&needs["facts"]).iter().map(|fact| fact.as_str().unwrap().to_owned()));
        paths.extend(
            list(&needs["documents"]).iter().map(|document| document["path"].as_str().unwrap().to_owned()),
        );
        if before == (facts.len(), paths.len()) {
            return Ok((held, facts));
        }
    }
    Err(format!("a host is asked for ever: {facts:?}, {paths:?}"))
}

/// What became of each rule that applies. That somebody tried in vain to override is said wherever acts are known.
fn rules(answer: &Answer) -> Vec<Value> {
    let rules = answer.rules().iter().filter(|rule| rule["state"] != "skipped");
    rules.map(|rule| json!([rule["name"], rule["state"], rule["code"]])).collect()
}

#[test]
fn what_needs_asks_for_is_enough() {
    hold(Cases { extra_rule: false }, |case| {
        let all = case.answer();
        // Files of a change without commits are no change.
        if !all.is_decision() || list(&case.request()["commits"]).is_empty() {
            return Ok(());
        }
        let (held, facts) = asked_for(case)?;
        let asked = held.answer();
        if (all.outcome(), rules(&all)) != (asked.outcome(), rules(&asked)) {
            return Err(format!("asked for {facts:?}\nwith all: {all}with that: {asked}"));
        }
        Ok(())
    });
}

#[test]
fn every_fact_of_a_request_is_left_out_where_nobody_asks_for_it() {
    let of = |fact: &&&str| {
        **fact == "history"
            || LISTS.contains(*fact)
            || OF_CHANGE.iter().any(|(name, _)| *name == **fact)
            || OF_ENTRIES.iter().any(|(name, ..)| *name == **fact)
            || OF_ROLE.iter().any(|(name, _)| *name == **fact)
    };
    let kept: Vec<&&str> = FACTS.iter().filter(|fact| !of(fact)).collect();
    assert_eq!(kept, [&"documents", &"change"]);
}
