//! What the generator draws: a property on cases that all wait for the same reason would show nothing.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::case::{Cases, list};
use crate::hold_of;
use crate::language::vocabulary;

const DECISION: &str = include_str!("../../../schema/decision.json");

const LANGUAGE: [&str; 2] =
    [include_str!("../../../../docs/POLICY.md"), include_str!("../../../../docs/PREDICATES.md")];

/// How many of a hundred cases have an outcome, at least.
const OUTCOMES: &[(&str, usize)] = &[("approved", 5), ("denied", 5), ("not-applicable", 4), ("pending", 30)];

/// The words of a closed list, as the schema of decisions has them.
fn words(of: &str) -> Vec<String> {
    let schema: Value = serde_json::from_str(DECISION).unwrap();
    let of = &schema["$defs"][of];
    let listed = list(&of["enum"]).iter().chain(list(&of["oneOf"]).iter().map(|one| &one["const"]));
    listed
        .chain(list(&of["oneOf"]).iter().flat_map(|one| list(&one["enum"])))
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

#[test]
fn cases_reach_every_outcome_and_code_and_word_of_the_language() {
    let seen: RefCell<BTreeMap<String, usize>> = RefCell::default();
    let said: RefCell<BTreeSet<String>> = RefCell::default();
    hold_of(Cases { extra_rule: false }, 4, |case| {
        let answer = case.answer();
        let mut seen = seen.borrow_mut();
        let mut count = |what: String| *seen.entry(what).or_default() += 1;
        count("cases".to_owned());
        count(format!("outcome {}", answer.outcome()));
        list(&answer.0["diagnostics"]).iter().for_each(|fault| count(format!("fault {}", fault["message"])));
        answer.rules().iter().for_each(|rule| count(format!("rule {}", rule["code"].as_str().unwrap())));
        answer.verdicts().for_each(|(_, act)| count(format!("act {}", act["code"].as_str().unwrap())));
        gather(&case.0["policy"], &mut said.borrow_mut());
        gather(&case.0["base"], &mut said.borrow_mut());
        Ok(())
    });
    let (seen, said) = (seen.into_inner(), said.into_inner());
    for (what, number) in &seen {
        println!("{number:>8} {what}");
    }
    for (outcome, per_cent) in OUTCOMES {
        let number = seen.get(&format!("outcome {outcome}")).copied().unwrap_or_default();
        assert!(number * 100 >= seen["cases"] * per_cent, "{outcome}: {number} of {} cases", seen["cases"]);
    }
    for (kind, list) in [("rule", "RuleCode"), ("act", "ActCode")] {
        // What is said of a statement before it is signed is no act's.
        let codes: Vec<String> = words(list).into_iter().filter(|code| code != "not-asked").collect();
        assert!(codes.len() > 10, "{list}: {codes:?}");
        let never: Vec<&String> =
            codes.iter().filter(|code| !seen.contains_key(&format!("{kind} {code}"))).collect();
        assert!(never.is_empty(), "codes that no case reached: {never:?}");
    }
    let never: Vec<String> = vocabulary().difference(&said).cloned().collect();
    assert!(never.is_empty(), "words of the language that no policy says: {never:?}");
}

fn gather(value: &Value, words: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            words.insert(key.clone());
            gather(value, words);
        }),
        Value::Array(items) => items.iter().for_each(|item| gather(item, words)),
        Value::String(word) => drop(words.insert(word.clone())),
        _ => {}
    }
}

#[test]
fn the_generator_knows_every_key_that_the_documentation_names() {
    let known = vocabulary();
    let mut named = 0;
    let lines = LANGUAGE.iter().flat_map(|page| page.lines());
    for line in lines.filter(|line| line.starts_with("| `") || line.starts_with("## `")) {
        let first = line.trim_start_matches("| ").split(" | ").next().unwrap();
        for code in first.split('`').skip(1).step_by(2) {
            let key = code.split([':', ' ']).next().unwrap();
            named += 1;
            assert!(known.contains(key), "the pages name `{key}`, and no policy is drawn with it");
        }
    }
    assert!(named > 40, "{named} keys");
}
