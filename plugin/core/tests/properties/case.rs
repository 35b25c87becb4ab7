//! A policy and a request, what the module answers, and how a case that breaks a property is made small.

use std::fmt;

use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::draw::Draw;
use crate::language::{self, Policies, yaml};
use crate::world::BASE;
use crate::{requests, signing};

/// `policy`, perhaps `base` that it extends, perhaps `extra` that a property adds, and `request`: all as JSON, so that one
/// hand makes all of it smaller. `among` says which of the many things that a property could do to it are done.
#[derive(Clone, PartialEq)]
pub struct Case(pub Value);

/// `sha256:` and the digest.
pub fn digest(text: &str) -> String {
    let digits: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

impl Case {
    /// The request without the policies.
    pub fn request(&self) -> &Value {
        &self.0["request"]
    }

    /// The case with this done to its request.
    pub fn with(&self, change: impl FnOnce(&mut Value)) -> Case {
        let mut case = self.clone();
        change(&mut case.0["request"]);
        case
    }

    /// One of so many parts of what could be done to it, so that many cases cost no more than a few; all of it for a case
    /// that is made small.
    pub fn part<T>(&self, parts: u64, all: Vec<T>) -> Vec<T> {
        let Some(among) = self.0["among"].as_u64() else { return all };
        let mine = |at: &usize| *at as u64 % parts == among % parts;
        all.into_iter().enumerate().filter(|(at, _)| mine(at)).map(|(_, one)| one).collect()
    }

    /// Whether the policy, or the one that it extends, has such a key.
    pub fn says(&self, key: &str) -> bool {
        let key = format!("\"{key}\":");
        [&self.0["policy"], &self.0["base"]].iter().any(|policy| policy.to_string().contains(&key))
    }

    /// The acts of the request.
    pub fn acts(&self) -> &[Value] {
        self.request()["acts"].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// The request as a host sends it: with the policies written out, and signed what is to be.
    pub fn document(&self) -> Value {
        let mut request = self.request().clone();
        let asks_owners =
            [&self.0["policy"], &self.0["base"]].iter().any(|policy| policy["codeowners"] != Value::Null);
        let mut digests = ["policy", "extends", "codeowners"].map(|role| (role, None));
        for document in list_mut(&mut request, "documents").flatten() {
            match document["role"].as_str() {
                Some("policy") => document["bytes"] = yaml(&self.0["policy"]).into(),
                Some("extends") => document["bytes"] = yaml(&self.0["base"]).into(),
                Some("codeowners") if asks_owners => {}
                _ => continue,
            }
            let of_role = digests.iter_mut().find(|(role, _)| document["role"] == *role);
            of_role
                .into_iter()
                .for_each(|(_, digest)| *digest = document["digest"].as_str().map(str::to_owned));
        }
        let decide: Vec<(&str, String)> =
            digests.into_iter().filter_map(|(role, digest)| Some((role, digest?))).collect();
        // The digest of a policy that stands alone is its own; else it is one over those of all that decide.
        let digest = match decide.as_slice() {
            [(_, own)] => own.clone(),
            all => digest(&all.iter().map(|(role, digest)| format!("{role} {digest}\n")).collect::<String>()),
        };
        for act in list_mut(&mut request, "acts").flatten() {
            signing::sign(act, &digest);
        }
        request
    }

    /// What the module asks for; none where it refuses the request.
    pub fn needs(&self) -> Option<Value> {
        let needs = countersign_core::needs(self.document().to_string().as_bytes()).ok()?;
        serde_json::from_str(&needs).ok()
    }

    /// What the module answers.
    pub fn answer(&self) -> Answer {
        match countersign_core::evaluate(self.document().to_string().as_bytes()) {
            Ok(decision) => Answer(serde_json::from_str(&decision).unwrap()),
            Err(error) => Answer(serde_json::from_str(&error.to_document()).unwrap()),
        }
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", yaml(&self.0["policy"]))?;
        if let base @ Value::Object(_) = &self.0["base"] {
            write!(f, "--- {BASE}\n{}", yaml(base))?;
        }
        if let rule @ Value::Object(_) = &self.0["extra"] {
            write!(f, "--- and a rule more\n{rule}\n")?;
        }
        let mut request = self.request().clone();
        for list in ["complete", "absent"] {
            if request[list].is_array() {
                request[list] = request[list].to_string().replace('"', "").into();
            }
        }
        write!(f, "---\n{request:#}")
    }
}

/// A decision, or the error that stands in its place.
#[derive(Clone, PartialEq)]
pub struct Answer(pub Value);

impl Answer {
    /// The outcome, or the kind of error.
    pub fn outcome(&self) -> &str {
        self.0["outcome"].as_str().or(self.0["error"].as_str()).unwrap_or_default()
    }

    pub fn is_decision(&self) -> bool {
        self.0["outcome"].is_string()
    }

    /// Whether the change may pass with it.
    pub fn passes(&self) -> bool {
        matches!(self.outcome(), "approved" | "not-applicable")
    }

    pub fn blocks(&self) -> bool {
        self.0["blocks"] == true
    }

    pub fn remedies(&self) -> &[Value] {
        list(&self.0["remedies"])
    }

    pub fn rules(&self) -> &[Value] {
        list(&self.0["rules"])
    }

    /// Every verdict on an act, with the rule that it was given for.
    pub fn verdicts(&self) -> impl Iterator<Item = (&Value, &Value)> {
        let requirements =
            self.rules().iter().flat_map(|rule| list(&rule["requirements"]).iter().map(move |r| (rule, r)));
        requirements
            .flat_map(|(rule, requirement)| list(&requirement["acts"]).iter().map(move |act| (rule, act)))
    }

    /// The ids of acts that count for something.
    pub fn counted(&self) -> Vec<&str> {
        let counted = self.verdicts().filter(|(_, act)| act["code"] == "counted");
        let mut ids: Vec<&str> = counted.filter_map(|(_, act)| act["act"].as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// What this answer lets pass that another holds: the change as a whole, or a rule of it.
    pub fn opens(&self, held: &Answer) -> Option<String> {
        if self.passes() && !held.passes() {
            return Some(format!("the change was {}, and is {}", held.outcome(), self.outcome()));
        }
        let waits = |rule: &Value| matches!(rule["state"].as_str(), Some("pending" | "denied"));
        let mut waiting = held.rules().iter().filter(|rule| waits(rule));
        waiting.find_map(|before| {
            let after = self.rules().iter().find(|after| after["name"] == before["name"])?;
            (!waits(after)).then(|| {
                let state = |rule: &Value| format!("{} ({})", rule["state"], rule["code"]).replace('"', "");
                format!("the rule {} was {}, and is {}", before["name"], state(before), state(after))
            })
        })
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.outcome())?;
        for rule in self.rules() {
            writeln!(f, "  {} {} {} missing {}", rule["name"], rule["state"], rule["code"], rule["missing"])?;
            for requirement in list(&rule["requirements"]) {
                let acts: Vec<String> = list(&requirement["acts"])
                    .iter()
                    .map(|act| format!("{}: {}", act["act"], act["code"]))
                    .collect();
                writeln!(
                    f,
                    "    {} {}/{} [{}]",
                    requirement["asks"],
                    requirement["counted"],
                    requirement["needed"],
                    acts.join(", ")
                )?;
            }
        }
        if !self.is_decision() {
            writeln!(f, "{:#}", self.0)?;
        }
        Ok(())
    }
}

/// The items of a list of a request, to change them; none where it is left out.
pub fn list_mut<'v>(request: &'v mut Value, name: &str) -> impl Iterator<Item = &'v mut Vec<Value>> {
    request.get_mut(name).and_then(Value::as_array_mut).into_iter()
}

/// The items of a list that may be left out.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Draws cases; with a rule more under `extra`, where a property asks for one.
#[derive(Debug, Clone, Copy)]
pub struct Cases {
    pub extra_rule: bool,
}

impl Strategy for Cases {
    type Tree = Shrinking;
    type Value = Case;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let mut draw = Draw(runner.rng());
        let policies = language::policies(&mut draw);
        let request = requests::request(&mut draw, &policies);
        let mut case = json!({ "among": draw.below(60), "request": request });
        if self.extra_rule {
            case["extra"] = language::rule(&mut draw, &policies.policy, policies.base.as_ref());
        }
        let Policies { policy, base } = policies;
        case["policy"] = policy;
        case["base"] = base.unwrap_or_default();
        Ok(Shrinking { smallest: Case(case.clone()), tried: Case(case), at: 0, since: 0 })
    }
}

/// Takes parts of a case away, one at a time, for as long as what is left still fails.
pub struct Shrinking {
    /// The smallest case that is known to fail.
    smallest: Case,
    /// The one that is tried.
    tried: Case,
    /// Which part is taken away next.
    at: usize,
    /// How many parts in a row could not be taken away.
    since: usize,
}

impl Shrinking {
    fn next(&mut self) -> bool {
        let parts = parts(&self.smallest.0);
        if self.since > parts {
            self.tried = self.smallest.clone();
            return false;
        }
        self.at = if self.at < parts { self.at } else { 0 };
        self.tried = self.smallest.clone();
        take_away(&mut self.tried.0, &mut self.at.clone());
        true
    }
}

impl ValueTree for Shrinking {
    type Value = Case;

    fn current(&self) -> Case {
        self.tried.clone()
    }

    fn simplify(&mut self) -> bool {
        self.smallest = self.tried.clone();
        self.since = 0;
        self.next()
    }

    fn complicate(&mut self) -> bool {
        (self.at, self.since) = (self.at + 1, self.since + 1);
        self.next()
    }
}

/// How many parts a value has that can be taken away: items, entries, and lists of one word.
fn parts(value: &Value) -> usize {
    match value {
        Value::Object(map) => map.values().map(|value| 1 + parts(value)).sum(),
        Value::Array(items) => items.iter().map(|item| 1 + parts(item)).sum(),
        _ => 0,
    }
}

/// Takes the part of this number away; false where there are fewer.
fn take_away(value: &mut Value, number: &mut usize) -> bool {
    match value {
        Value::Object(map) => {
            let keys: Vec<String> = map.keys().cloned().collect();
            for key in keys {
                if *number == 0 {
                    map.remove(&key);
                    return true;
                }
                *number -= 1;
                if map.get_mut(&key).is_some_and(|value| take_away(value, number)) {
                    return true;
                }
            }
            false
        }
        Value::Array(items) => {
            for at in 0..items.len() {
                if *number == 0 {
                    items.remove(at);
                    return true;
                }
                *number -= 1;
                if take_away(&mut items[at], number) {
                    return true;
                }
            }
            false
        }
        _ => false,
    }
}
