//! Making a known fact unknown never opens.
//!
//! Six things are no less known than before. A push without a pusher, in a list that is whole, is one of a platform that does
//! not say who pushed. A comment that does not say for which commit it was given says so where its
//! words name the head. An approval of which a forge says that it is of the very head is of that, whether it says of which diff
//! or not. A merge of the target that the forge made is ignored under `ignore-update-merges: true` unless it is known to be
//! altered. A commit that the forge made itself has the forge for a committer, where it names no account. And a
//! commit that names nobody who is known is by nobody of a set, and by another than the author: `only-contributors-in` and
//! `author-is-only-contributor` do not hold then, and are not unknown.

use serde_json::{Value, json};

use crate::case::{Case, Cases, list, list_mut};
use crate::hold;
use crate::requests::FACTS;

/// A request that knows less, and what it no longer knows.
type Lesser = (String, Case);

/// Takes the keys off the items of a list, one item at a time.
fn dropped(case: &Case, lesser: &mut Vec<Lesser>, name: &str, keys: &[&str], may: impl Fn(&Value) -> bool) {
    for (at, item) in list(&case.request()[name]).iter().enumerate() {
        for key in keys.iter().filter(|key| has(item, key) && may(item)) {
            let less = case.with(|request| drop_key(&mut request[name][at], key));
            lesser.push((format!("{name}[{at}] without {key}"), less));
        }
    }
}

fn has(item: &Value, key: &str) -> bool {
    key.split('.').try_fold(item, |value, key| value.get(key)).is_some()
}

fn drop_key(item: &mut Value, key: &str) {
    let (inner, key) = key.rsplit_once('.').unwrap_or(("", key));
    let holder =
        inner.split('.').filter(|key| !key.is_empty()).try_fold(item, |value, key| value.get_mut(key));
    if let Some(Value::Object(map)) = holder {
        map.remove(key);
    }
}

fn lesser(case: &Case) -> Vec<Lesser> {
    let request = case.request();
    let mut lesser = Vec::new();
    for fact in FACTS {
        if list(&request["complete"]).iter().any(|known| known == fact) {
            let cut = case.with(|request| {
                list_mut(request, "complete").for_each(|known| known.retain(|name| name != fact));
            });
            lesser.push((format!("{fact} incomplete"), cut));
            let missing = case.with(|request| {
                if request["unavailable"].is_null() {
                    request["unavailable"] = json!([]);
                }
                let missing = json!({ "fact": fact, "reason": "the forge is down" });
                list_mut(request, "unavailable").for_each(|list| list.push(missing.clone()));
            });
            lesser.push((format!("{fact} unavailable"), missing));
        }
    }
    for (at, group) in list(&request["groups"]).iter().enumerate() {
        if group["unreadable"] != true {
            let unread = case.with(|request| {
                request["groups"][at] = json!({ "name": group["name"], "unreadable": true });
            });
            lesser.push((format!("groups[{at}] unreadable"), unread));
        }
    }
    for (at, person) in list(&request["people"]).iter().enumerate() {
        if person["unreadable"] != true {
            let unread = case.with(|request| {
                let person = &mut request["people"][at];
                ["permissions", "roles"].iter().for_each(|key| drop_key(person, key));
                person["unreadable"] = true.into();
            });
            lesser.push((format!("people[{at}] unreadable"), unread));
        }
    }
    for fact in ["commits", "files", "pushes", "acts", "statuses", "people", "groups"] {
        // Files of a change without commits are no change.
        let parts = if fact == "files" && list(&request["commits"]).is_empty() {
            0
        } else {
            list(&request[fact]).len()
        };
        for at in 0..parts {
            let cut = case.with(|request| {
                list_mut(request, fact).for_each(|items| drop(items.remove(at)));
                list_mut(request, "complete").for_each(|known| known.retain(|name| name != fact));
            });
            lesser.push((format!("{fact} cut, without [{at}]"), cut));
        }
    }
    let not_in_words = |act: &Value| {
        // A comment that names the head says itself what it is for.
        let text = act["text"].as_str().unwrap_or_default();
        act["kind"] != "comment"
            || !text.contains(&case.request()["change"]["head"].as_str().unwrap_or_default()[..7])
    };
    dropped(case, &mut lesser, "acts", &["head"], not_in_words);
    dropped(case, &mut lesser, "acts", &["at", "merge_tree", "dismissed.by", "signed.at"], |_| true);
    let of_the_head =
        |act: &Value| act["proof"] == "forge" && act["head"] == case.request()["change"]["head"];
    dropped(case, &mut lesser, "acts", &["diff_id"], |act| !of_the_head(act));
    dropped(case, &mut lesser, "pushes", &["at"], |_| true);
    let pushers = case.with(|request| {
        list_mut(request, "pushes").flatten().for_each(|push| drop_key(push, "by"));
        list_mut(request, "complete").for_each(|known| known.retain(|name| name != "pushes"));
    });
    lesser.push(("pushes without who pushed, and incomplete".to_owned(), pushers));
    dropped(case, &mut lesser, "commits", &["verified"], |_| true);
    let trusts_merges = case.says("ignore-update-merges");
    dropped(case, &mut lesser, "commits", &["tree", "auto_merge_tree"], |commit| {
        !trusts_merges || commit["forge_made"].is_null()
    });
    let asks_for_all = case.says("only-contributors-in") || case.says("author-is-only-contributor");
    dropped(case, &mut lesser, "commits", &["author.account"], |_| !asks_for_all);
    dropped(case, &mut lesser, "commits", &["committer.account"], |commit| {
        !asks_for_all && commit["forge_made"].is_null()
    });
    dropped(case, &mut lesser, "files", &["added", "deleted"], |_| true);
    dropped(case, &mut lesser, "statuses", &["at", "source"], |_| true);
    for key in ["diff_id", "merge_tree", "merge_base", "source", "fork"] {
        if has(&request["change"], key) {
            lesser.push((
                format!("the change without {key}"),
                case.with(|request| drop_key(&mut request["change"], key)),
            ));
        }
    }
    for (fact, key) in [
        ("opener", "opened_by"),
        ("text", "title"),
        ("text", "description"),
        ("text", "labels"),
        ("text", "draft"),
        ("requester", "asked_by"),
    ] {
        let without = case.with(|request| {
            drop_key(&mut request["change"], key);
            list_mut(request, "complete").for_each(|known| known.retain(|name| name != fact));
        });
        lesser.push((format!("the change without {key}, and {fact} incomplete"), without));
    }
    lesser
}

#[test]
fn making_a_known_fact_unknown_never_opens() {
    hold(Cases { extra_rule: false }, |case| {
        let answer = case.answer();
        if !answer.is_decision() {
            return Ok(());
        }
        for (what, less) in case.part(8, lesser(case)) {
            let less = less.answer();
            if let Some(why) = less.opens(&answer) {
                return Err(format!("{what}: {why}\nknown: {answer}unknown: {less}"));
            }
        }
        Ok(())
    });
}
