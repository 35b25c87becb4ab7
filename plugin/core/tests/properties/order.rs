//! In which order facts are listed changes nothing.
//!
//! Compared is what a decision says in codes, names, numbers and verdicts, with every list as a set: the verdicts on acts and
//! the commits follow the order of the request, as a reader finds them on the platform's page. Its sentences about the change
//! as a whole are left out: where several facts say the same ("`src/a.rs` matches, and 2 more files", the first commit that
//! nobody answers for), they name the first of them as an example.

use serde_json::Value;

use crate::case::{Answer, Cases, list, list_mut};
use crate::hold;

/// Lists of a request whose order says nothing. That of a commit's parents and of earlier policies does.
const LISTS: &[&str] = &[
    "documents",
    "commits",
    "files",
    "pushes",
    "acts",
    "statuses",
    "people",
    "groups",
    "unavailable",
    "complete",
    "absent",
    "change.labels",
    "history.answers",
];

/// Lists within the items of a list.
const INNER: &[(&str, &[&str])] =
    &[("groups", &["members", "inherited"]), ("people", &["emails", "also", "permissions", "roles"])];

fn each_list(request: &mut Value, reorder: impl Fn(&mut Vec<Value>)) {
    for name in LISTS {
        let list = name.split('.').try_fold(&mut *request, |value, key| value.get_mut(key));
        list.and_then(Value::as_array_mut).into_iter().for_each(&reorder);
    }
    for (name, keys) in INNER {
        for item in list_mut(request, name).flatten() {
            for key in *keys {
                item.get_mut(*key).and_then(Value::as_array_mut).into_iter().for_each(&reorder);
            }
        }
    }
}

fn one_on(list: &mut [Value]) {
    let by = usize::from(!list.is_empty());
    list.rotate_left(by);
}

/// Keys of sentences that may name one of several.
const SENTENCES: &[&str] = &["headline", "description", "shared", "because", "missing", "message", "what"];

/// What a decision says, whatever the order in which it says it.
fn said(answer: &Answer) -> Value {
    fn sort(value: &mut Value) {
        match value {
            Value::Array(items) => {
                items.iter_mut().for_each(sort);
                items.sort_by_cached_key(Value::to_string);
            }
            Value::Object(map) => {
                map.retain(|key, _| !SENTENCES.contains(&key.as_str()));
                map.values_mut().for_each(sort);
            }
            _ => {}
        }
    }
    if !answer.is_decision() {
        // Of several faults the first is named.
        return "an error".into();
    }
    let mut said = answer.0.clone();
    sort(&mut said);
    said
}

/// Where two values differ first.
fn difference(at: &str, a: &Value, b: &Value) -> Option<String> {
    match (a, b) {
        _ if a == b => None,
        (Value::Object(x), Value::Object(y)) if x.keys().eq(y.keys()) => {
            x.iter().zip(y.values()).find_map(|((key, a), b)| difference(&format!("{at}.{key}"), a, b))
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
            x.iter().zip(y).find_map(|(a, b)| difference(&format!("{at}[]"), a, b))
        }
        _ => Some(format!("{at} is {a}, and then {b}")),
    }
}

#[test]
fn the_order_of_facts_changes_nothing() {
    hold(Cases { extra_rule: false }, |case| {
        let answer = case.answer();
        let as_listed = said(&answer);
        let turned = case.with(|request| each_list(request, |list| list.reverse()));
        let moved = case.with(|request| each_list(request, |list| one_on(list)));
        for (how, other) in [("turned round", turned), ("moved on by one", moved)] {
            let other = other.answer();
            if let Some(why) = difference("", &as_listed, &said(&other)) {
                return Err(format!("lists {how}: {why}\nas listed: {answer}{how}: {other}"));
            }
        }
        Ok(())
    });
}

#[test]
fn what_is_compared_sees_a_difference() {
    let answer =
        |code: &str| Answer(serde_json::json!({ "outcome": "pending", "rules": [{ "code": code }, {}] }));
    assert!(difference("", &said(&answer("a")), &said(&answer("b"))).is_some());
    assert_eq!(list(&said(&answer("a"))["rules"]).len(), 2);
}
