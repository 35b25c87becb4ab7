//! How documents name people. Whole values of the fields that hold persons name somebody; that a word stands in a text does not.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::model::{Decision, Text, read};
use serde_json::Value;

use crate::documents::Role;
use crate::keys;

/// In what way a document names somebody, the weightiest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Naming {
    /// As somebody who did something: wrote, committed, pushed, asked, reviewed, answered.
    TookPart,
    /// As somebody who could have: in a policy, a list of keys or owners, a group, among those who may approve.
    Listed,
    /// As a word of a text. Whether it means the person, no program can tell.
    Written,
}

/// The keys whose value is somebody who took part: an account or an identity in a request, a label in the other documents.
const PERSONS: &[&str] =
    &["account", "actor", "asked_by", "author", "by", "committer", "opened_by", "person", "source"];

/// The fields of an account or identity that say who it is.
const FIELDS: &[&str] = &["id", "login", "email", "name"];

/// The key of a request's documents.
const DOCUMENTS: &str = "documents";

/// The keys of what lists people whether they take part or not.
const LISTS: &[&str] = &[DOCUMENTS, "ask", "eligible", "groups", "history", "people", "who"];

/// The keys of what the files of a change hold. Who is named there took no part in it.
const CONTENT: &[&str] = &["files", "signals"];

/// The names of one person: logins, names, addresses, numbers of accounts. Case makes no difference.
#[derive(Debug, Clone)]
pub struct Names {
    names: Vec<String>,
    /// Fingerprints of the person's keys: what is signed with one is theirs, though nothing beside it names them.
    keys: BTreeSet<String>,
}

impl Names {
    /// Takes names as they are given; none where one of them is empty.
    pub fn new(names: &[String]) -> Option<Self> {
        let folded: Vec<String> = names.iter().map(|name| fold(name)).collect();
        let given = !folded.is_empty() && folded.iter().all(|name| !name.is_empty());
        given.then_some(Names { names: folded, keys: BTreeSet::new() })
    }

    /// Takes from a document which keys are the person's: from the lists of a request, and from who answered.
    pub(crate) fn learn(&mut self, role: Role, document: &[u8]) {
        let Ok(document) = serde_json::from_slice::<Value>(document) else { return };
        match role {
            Role::Request => {
                let known = keys::of(&document, self);
                self.keys.extend(known);
            }
            Role::Approvers => {
                let list = document["approvers"].as_array().into_iter().flatten();
                let theirs = list.filter(|one| one["person"].as_str().is_some_and(|person| self.has(person)));
                let keys: Vec<String> =
                    theirs.filter_map(|one| one["key"].as_str().map(str::to_owned)).collect();
                self.keys.extend(keys);
            }
            Role::Answer | Role::Component | Role::Detail | Role::Order => {}
        }
    }

    /// Takes from an answer and its request which keys are the person's: the module says of each act who acted.
    pub(crate) fn learn_of_acts(&mut self, answer: &[u8], request: &[u8]) {
        let Ok(decision) = read::<Decision>(answer) else { return };
        let verdicts =
            decision.rules.iter().flat_map(|rule| &rule.requirements).flat_map(|asked| &asked.acts);
        let theirs: BTreeSet<&str> =
            verdicts.filter(|verdict| self.has(&verdict.actor)).map(|verdict| verdict.act.as_str()).collect();
        if theirs.is_empty() {
            return;
        }
        let Ok(request) = serde_json::from_slice::<Value>(request) else { return };
        let acts = request["acts"].as_array().into_iter().flatten();
        let acts = acts.filter(|act| act["id"].as_str().is_some_and(|id| theirs.contains(id)));
        let keys: Vec<String> = acts.filter_map(keys::signed_with).collect();
        self.keys.extend(keys);
    }

    /// Whether a value is one of the names.
    pub(crate) fn has(&self, value: &str) -> bool {
        let value = fold(value);
        self.names.contains(&value)
    }

    /// Whether a text holds one of them as a word of its own: `sam` is not in `same`.
    pub fn stand_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-');
        self.names.iter().any(|name| {
            text.match_indices(name.as_str()).any(|(at, _)| {
                let (before, after) = text.split_at(at);
                !part(before.chars().next_back()) && !part(after.chars().nth(name.chars().count()))
            })
        })
    }

    /// In which way each place of a document names the person; a place is a path of keys.
    pub fn places(&self, role: Role, document: &[u8]) -> Vec<(Naming, String)> {
        let mut search = Search { names: self, found: Vec::new() };
        match serde_json::from_slice::<Value>(document) {
            Ok(value) if role != Role::Detail => search.value(&value, &Spot::default()),
            _ => search.text(&String::from_utf8_lossy(document), &Spot::default()),
        }
        let mut places = BTreeMap::new();
        for (naming, place) in search.found {
            let known = places.entry(place).or_insert(naming);
            *known = naming.min(*known);
        }
        places.into_iter().map(|(place, naming)| (naming, place)).collect()
    }
}

fn fold(name: &str) -> String {
    let name = name.trim();
    name.strip_prefix('@').unwrap_or(name).to_lowercase()
}

/// Where in a document something stands.
#[derive(Clone, Default)]
struct Spot {
    path: String,
    within: Within,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Within {
    /// Facts of the change, and what was decided of it.
    #[default]
    Facts,
    /// The fields of somebody who took part.
    Person,
    /// A list of people.
    List,
    /// The text of a policy and the like.
    Policy,
    /// Text that others wrote.
    Content,
}

impl Spot {
    fn at(&self, key: &str) -> Self {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        let within = match self.within {
            Within::Facts if LISTS.contains(&key) => Within::List,
            Within::Facts if CONTENT.contains(&key) => Within::Content,
            Within::Facts | Within::Person if PERSONS.contains(&key) => Within::Person,
            within => within,
        };
        Spot { path, within }
    }
}

struct Search<'n> {
    names: &'n Names,
    found: Vec<(Naming, String)>,
}

impl Search<'_> {
    fn note(&mut self, naming: Naming, spot: &Spot) {
        self.found.push((naming, spot.path.clone()));
    }

    fn value(&mut self, value: &Value, spot: &Spot) {
        match value {
            Value::String(text) => self.string(text, spot),
            Value::Number(number) => self.string(&number.to_string(), spot),
            Value::Array(items) => items.iter().for_each(|item| self.value(item, spot)),
            Value::Object(object) => {
                // Bytes that are no text.
                if object.len() == 1 && object.contains_key("b64") {
                    let bytes = value.to_string();
                    if let Ok(text) = read::<Text<'_>>(bytes.as_bytes()) {
                        self.string(&text.to_str_lossy(), spot);
                    }
                    return;
                }
                if keys::signed_with(value).is_some_and(|key| self.names.keys.contains(&key)) {
                    self.note(Naming::TookPart, &spot.at("statement"));
                }
                // The record of who answered names the key beside the words.
                let key = object.get("key").and_then(Value::as_str);
                if key.is_some_and(|key| self.names.keys.contains(key)) {
                    self.note(Naming::TookPart, &spot.at("key"));
                }
                let role = object.get("role").and_then(Value::as_str).filter(|_| spot.path == DOCUMENTS);
                for (key, value) in object {
                    let at = match role {
                        Some(role) if key == "bytes" => {
                            Spot { path: format!("{DOCUMENTS}.{role}"), within: Within::Policy }
                        }
                        _ => spot.at(key),
                    };
                    self.value(value, &at);
                }
            }
            _ => {}
        }
    }

    fn string(&mut self, text: &str, spot: &Spot) {
        let key = spot.path.rsplit('.').next().unwrap_or_default();
        match spot.within {
            Within::Person if (FIELDS.contains(&key) || PERSONS.contains(&key)) && self.names.has(text) => {
                self.note(Naming::TookPart, spot)
            }
            Within::Facts if self.signs(text) => self.note(Naming::TookPart, spot),
            Within::List if self.names.has(text) => self.note(Naming::Listed, spot),
            Within::Policy if listed(text).any(|value| self.names.has(value)) => {
                self.note(Naming::Listed, spot)
            }
            // A statement that was signed is a document again.
            _ => match serde_json::from_str::<Value>(text) {
                Ok(value @ Value::Object(_)) => self.value(&value, spot),
                _ => self.text(text, spot),
            },
        }
    }

    fn text(&mut self, text: &str, spot: &Spot) {
        if self.names.stand_in(text) {
            self.note(Naming::Written, spot);
        }
    }

    /// Whether a text holds an identity as git writes one, `NAME <ADDRESS>`, in a trailer or elsewhere.
    fn signs(&self, text: &str) -> bool {
        text.lines().any(|line| {
            let mut rest = line;
            while let Some((before, after)) = rest.split_once('<') {
                let Some((address, behind)) = after.split_once('>') else { return false };
                let name = before.rsplit([':', '>', '(']).next().unwrap_or(before);
                if self.names.has(address) || self.names.has(name) {
                    return true;
                }
                rest = behind;
            }
            false
        })
    }
}

/// The values of a policy in YAML, of CODEOWNERS, of a list of keys and of a mail map: what stands between the marks of those
/// languages. A sentence is one value, and so no word of it is.
fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| {
        let scalars = line.split(['[', ']', '{', '}', ',', '"', '\'', '<', '>', '#']);
        let scalars = scalars.flat_map(|part| part.split(": "));
        let scalars = scalars.map(|part| part.trim().trim_start_matches("- ").trim_end_matches(':'));
        // Owners and signers stand beside each other, and have no sentences.
        let words = line.split_whitespace().filter(|word| word.contains('@'));
        scalars.chain(words.flat_map(|word| word.split([',', '<', '>', '"', '\'', '[', ']', '{', '}'])))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn naming(names: &[&str], role: Role, document: &[u8]) -> Option<Naming> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let places = Names::new(&names).unwrap().places(role, document);
        places.into_iter().map(|(naming, _)| naming).min()
    }

    const POLICY: &str = "countersign: 1\npeople: { seniors: { users: [sam, rhea] } }\nidentities:\n  sam:\n    \
         emails: [sam@parcel.example]\nquestions: { reach: Which of the systems does it reach? }\n";

    #[test]
    fn who_took_part_is_named_by_a_whole_value_and_nobody_by_a_part_of_one() {
        use Naming::{Listed, TookPart, Written};
        let account =
            |login: &str| json!({ "login": login, "id": "4711", "email": format!("{login}@parcel.example") });
        let request = json!({
            "documents": [
                { "role": "policy", "ref": "refs/heads/main", "bytes": POLICY },
                { "role": "codeowners", "bytes": "* @olga ops@parcel.example\n" },
            ],
            "change": {
                "repository": { "id": "17", "name": "acme/app" }, "title": "Ask kim about the samples",
                "opened_by": account("dana"),
            },
            "commits": [{
                "author": { "name": "Dana Lee", "email": "dana@home.example", "account": { "id": "99" } },
                "committer": { "name": { "b64": "/0RhbmE=" }, "email": "d@home.example" },
                "message": "Clamp\n\nCo-authored-by: Pat Ng <pat@home.example>\nReported-by: (none) <>",
            }],
            "files": [{ "path": "a", "hunks": "+ by Lou Vo <lou@parcel.example>" }],
            "acts": [
                { "id": "review-3", "actor": account("ines"), "text": "topology: none, says kim\ntom agrees" },
                { "id": "s", "actor": {}, "statement": "{\"predicate\":{\"text\":\"reach: yuki said so\"}}" },
            ],
            "people": [{ "account": account("rhea"), "emails": ["r@home.example"] }],
            "groups": [{ "name": "acme/seniors", "members": [account("milo")] }],
        });
        for (name, expected) in [
            ("dana", Some(TookPart)),
            ("DANA", Some(TookPart)),
            ("@dana", Some(TookPart)),
            ("Dana Lee", Some(TookPart)),
            ("dana@home.example", Some(TookPart)),
            ("99", Some(TookPart)),
            ("pat@home.example", Some(TookPart)),
            ("Pat Ng", Some(TookPart)),
            ("ines", Some(TookPart)),
            ("sam", Some(Listed)),
            ("sam@parcel.example", Some(Listed)),
            ("olga", Some(Listed)),
            ("ops@parcel.example", Some(Listed)),
            ("rhea", Some(Listed)),
            ("r@home.example", Some(Listed)),
            ("milo", Some(Listed)),
            ("kim", Some(Written)),
            ("tom", Some(Written)),
            ("yuki", Some(Written)),
            ("lou@parcel.example", Some(Written)),
            ("the", Some(Written)),
            ("Lee", Some(Written)),
            ("acme/app", Some(Written)),
            ("samp", None),
            ("nobody", None),
            ("home.exampl", None),
        ] {
            assert_eq!(naming(&[name], Role::Request, request.to_string().as_bytes()), expected, "{name}");
        }
        // The number of the repository is no account's.
        assert!(naming(&["17"], Role::Request, request.to_string().as_bytes()) > Some(TookPart));
        let answer = json!({
            "headline": "kim would say the same",
            "rules": [{ "requirements": [{
                "eligible": ["olga", "sam"],
                "acts": [{ "act": "review-3", "actor": "ines", "sentence": "ines counted" }],
            }], "overridden": { "by": "boss", "reason": "an outage" } }],
            "contributors": [{ "person": "dana@home.example", "roles": ["author"] }],
            "remedies": [{ "who": ["rhea"], "what": "answer" }],
        });
        for (name, expected) in [
            ("dana@home.example", Some(TookPart)),
            ("ines", Some(TookPart)),
            ("boss", Some(TookPart)),
            ("olga", Some(Listed)),
            ("rhea", Some(Listed)),
            ("kim", Some(Written)),
            ("author", Some(Written)),
            ("nobody", None),
        ] {
            assert_eq!(naming(&[name], Role::Answer, answer.to_string().as_bytes()), expected, "{name}");
        }
        let order = json!({ "salt": "00", "by": "officer@parcel.example", "reason": "ticket 12" });
        let order = order.to_string();
        assert_eq!(naming(&["officer@parcel.example"], Role::Order, order.as_bytes()), Some(TookPart));
        let detail = "mallory wrote success on 1234";
        assert_eq!(naming(&["mallory"], Role::Detail, detail.as_bytes()), Some(Written));
    }

    #[test]
    fn a_name_is_a_word_of_its_own_in_any_case_and_script() {
        for (text, name, found) in [
            ("by sam.", "sam", true),
            ("Sam", "sam", true),
            ("samantha and the same", "sam", false),
            ("by sam-bot", "sam", false),
            ("mail sam@example.com.", "sam@example.com", true),
            ("von Jürgen selbst", "JÜRGEN", true),
            ("Jürgens", "jürgen", false),
            ("", "sam", false),
        ] {
            let names = Names::new(&[name.to_owned()]).unwrap();
            assert_eq!(names.stand_in(text), found, "{text} {name}");
        }
        for none in
            [vec![], vec![String::new()], vec!["sam".to_owned(), " ".to_owned()], vec!["@".to_owned()]]
        {
            assert!(Names::new(&none).is_none(), "{none:?}");
        }
    }

    /// The contract says where requests hold accounts and identities; a field that is added there must be looked at here.
    #[test]
    fn every_account_of_the_contract_stands_below_a_key_that_is_looked_at() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../plugin/schema/request.json");
        let schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let mut keys = BTreeSet::new();
        let definitions = schema["$defs"].as_object().unwrap().iter();
        for (of, properties) in definitions.map(|(of, definition)| (of, &definition["properties"])) {
            for (key, property) in properties.as_object().into_iter().flatten() {
                let holds = |name: &str| property.to_string().contains(&format!("\"#/$defs/{name}\""));
                if holds("Account") || holds("Ident") {
                    keys.insert((of.as_str(), key.as_str()));
                }
            }
        }
        assert!(keys.len() > 8, "{keys:?}");
        for (of, key) in keys {
            let listed = matches!(of, "Person" | "Group");
            assert!(listed || PERSONS.contains(&key), "{of}.{key} is looked at by nobody");
        }
    }
}
