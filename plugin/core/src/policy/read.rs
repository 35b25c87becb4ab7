//! From YAML to a policy: every key known, every fault with its place, the likely key named.

use std::collections::BTreeMap;

use super::yaml::{self, Key, Node, Place, Value};
use super::{
    AiTest, Effect, Identity, Otherwise, PathTest, Pattern, PeopleSet, Policy, Predicate, Reading,
    Requirement, Rule,
};
use crate::limits;
use crate::model::{Diagnostic, Enforce, Help, Rank, Severity};
use crate::order::{self, Index};
use crate::provenance::ExtraTool;

/// Keys of predicates whose facts come with a later release: they parse, and are unavailable until then.
const LATER: &[(&str, &str)] = &[
    ("operation", "what a plan would do"),
    ("environment", "the environment that a plan is for"),
    ("service", "the services that the change touches"),
    ("risk", "the risk level of the change"),
    ("ai-lines", "the share of surviving lines that an AI wrote"),
];

pub(super) fn read(source: &[u8]) -> Reading {
    let mut faults = Faults { lines: Vec::new(), diagnostics: Vec::new() };
    let text = match std::str::from_utf8(source) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(e) => {
            let before = source.get(..e.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
            faults.error(Place { line, column: 1, length: 1 }, "not UTF-8");
            return Reading { policy: None, diagnostics: faults.diagnostics };
        }
    };
    if text.len() > limits::POLICY_BYTES {
        faults.error(
            Place { line: 1, column: 1, length: 1 },
            &format!("a policy has at most {} bytes", limits::POLICY_BYTES),
        );
        return Reading { policy: None, diagnostics: faults.diagnostics };
    }
    faults.lines = text.lines().collect();
    let policy = match yaml::parse(text) {
        Ok(root) => policy(&root, &mut faults),
        Err(fault) => {
            faults.add(Severity::Error, fault.place, fault.message, fault.help.map(str::to_owned));
            None
        }
    };
    let broken = faults.diagnostics.iter().any(|d| d.severity == Severity::Error);
    Reading { policy: policy.filter(|_| !broken), diagnostics: faults.diagnostics }
}

struct Faults<'s> {
    lines: Vec<&'s str>,
    diagnostics: Vec<Diagnostic>,
}

/// Faults beyond this number say nothing more.
const MOST_FAULTS: usize = 100;

impl Faults<'_> {
    fn add(&mut self, severity: Severity, place: Place, message: impl Into<String>, help: Option<String>) {
        if self.diagnostics.len() < MOST_FAULTS {
            let source = self.lines.get(place.line.saturating_sub(1)).copied().unwrap_or_default();
            let at = self.diagnostics.partition_point(|d| (d.line, d.column) <= (place.line, place.column));
            let diagnostic = Diagnostic {
                severity,
                message: message.into(),
                help,
                line: place.line,
                column: place.column,
                length: place.length,
                source: source.chars().take(200).collect(),
            };
            self.diagnostics.insert(at, diagnostic);
        }
    }

    fn error(&mut self, place: Place, message: &str) {
        self.add(Severity::Error, place, message, None);
    }

    fn error_with_help(&mut self, place: Place, message: &str, help: impl Into<String>) {
        self.add(Severity::Error, place, message, Some(help.into()));
    }

    fn unknown_key(&mut self, key: &Key<'_>, known: &[&str]) {
        let help = match likely(&key.text, known) {
            Some(likely) => format!("did you mean `{likely}`?"),
            None => format!("the keys here are {}", list_of(known)),
        };
        self.error_with_help(key.place, &format!("unknown key `{}`", key.text), help);
    }
}

/// `a`, `b` and `c`
fn list_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// The known word that a mistyped one was most likely meant to be.
fn likely<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let word: String = word.to_ascii_lowercase().chars().take(40).collect();
    known
        .iter()
        .map(|candidate| (distance(&word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edit distance in which two swapped neighbours cost one.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut cost =
                (at(&last, j) + usize::from(ca != cb)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            if i > 0 && j > 0 && Some(ca) == b.get(j - 1) && a.get(i - 1) == Some(cb) {
                cost = cost.min(at(&before_last, j - 1) + 1);
            }
            row.push(cost);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(usize::MAX)
}

type Entries<'n, 'a> = &'n [(Key<'a>, Node<'a>)];

fn map<'n, 'a>(node: &'n Node<'a>, what: &str, faults: &mut Faults<'_>) -> Option<Entries<'n, 'a>> {
    match &node.value {
        Value::Map(entries) => Some(entries),
        _ => {
            faults.error(node.place, &format!("{what} is a mapping, and here is {}", node.kind()));
            None
        }
    }
}

fn word<'n>(node: &'n Node<'_>, what: &str, faults: &mut Faults<'_>) -> Option<&'n str> {
    match &node.value {
        Value::Scalar(text) if !text.trim().is_empty() => Some(text),
        Value::Scalar(_) => {
            faults.error(node.place, &format!("{what} is empty"));
            None
        }
        _ => {
            faults.error(node.place, &format!("{what} is a single value, and here is {}", node.kind()));
            None
        }
    }
}

/// One word, or a list of them.
fn words<'n>(node: &'n Node<'_>, what: &str, faults: &mut Faults<'_>) -> Vec<(&'n str, Place)> {
    match &node.value {
        Value::List(items) => {
            if items.is_empty() {
                faults.error(node.place, &format!("{what} is an empty list"));
            }
            items.iter().filter_map(|item| Some((word(item, what, faults)?, item.place))).collect()
        }
        _ => word(node, what, faults).map(|text| (text, node.place)).into_iter().collect(),
    }
}

/// One of the named values.
fn choice<T: Copy>(node: &Node<'_>, what: &str, choices: &[(&str, T)], faults: &mut Faults<'_>) -> Option<T> {
    let text = word(node, what, faults)?;
    let found = choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    if found.is_none() {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        faults.error_with_help(
            node.place,
            &format!("{what} cannot be `{text}`"),
            format!("it is one of {}", list_of(&names)),
        );
    }
    found
}

const ENFORCE: &[(&str, Enforce)] = &[("block", Enforce::Block), ("observe", Enforce::Observe)];

fn policy(root: &Node<'_>, faults: &mut Faults<'_>) -> Option<Policy> {
    const KEYS: &[&str] = &[
        "countersign",
        "name",
        "description",
        "repository",
        "protects",
        "enforce",
        "otherwise",
        "people",
        "identities",
        "provenance",
        "questions",
        "rules",
    ];
    let entries = map(root, "a policy", faults)?;
    let mut policy = Policy {
        name: String::new(),
        repository: None,
        enforce: Enforce::Block,
        otherwise: None,
        people: BTreeMap::new(),
        identities: BTreeMap::new(),
        tools: Vec::new(),
        questions: BTreeMap::new(),
        rules: Vec::new(),
    };
    let mut rules = None;
    let mut mistyped = false;
    for (key, node) in entries {
        match key.text.as_ref() {
            "countersign" => {
                if word(node, "`countersign`", faults).is_some_and(|version| version != "1") {
                    faults.error_with_help(
                        node.place,
                        "this module reads version 1 of the policy language",
                        "write `countersign: 1`",
                    );
                }
            }
            "name" => policy.name = word(node, "`name`", faults).unwrap_or_default().to_owned(),
            "description" => {
                word(node, "`description`", faults);
            }
            "repository" => policy.repository = word(node, "`repository`", faults).map(str::to_owned),
            "protects" => {
                for (pattern, place) in words(node, "`protects`", faults) {
                    if let Err(why) = Pattern::compile(pattern) {
                        faults.error(place, &format!("bad pattern `{pattern}`: {why}"));
                    }
                }
            }
            "enforce" => policy.enforce = choice(node, "`enforce`", ENFORCE, faults).unwrap_or_default(),
            "otherwise" => {
                let choices = [("pass", Otherwise::Pass), ("block", Otherwise::Block)];
                policy.otherwise = choice(node, "`otherwise`", &choices, faults);
            }
            "people" => policy.people = people(node, faults),
            "identities" => policy.identities = identities(node, faults),
            "provenance" => policy.tools = provenance(node, faults),
            "questions" => policy.questions = questions(node, faults),
            "rules" => rules = Some(node),
            _ => {
                mistyped |= likely(&key.text, KEYS).is_some();
                faults.unknown_key(key, KEYS);
            }
        }
    }
    for (key, present, help) in [
        (
            "countersign",
            entries.iter().any(|(k, _)| k.text == "countersign"),
            "write `countersign: 1` on the first line",
        ),
        (
            "name",
            entries.iter().any(|(k, _)| k.text == "name"),
            "give the policy a name, as people will read it",
        ),
        ("rules", rules.is_some(), "a policy without rules would let everything pass"),
    ] {
        // A key that was mistyped is not missing too.
        if !present && !mistyped {
            faults.error_with_help(root.place, &format!("the key `{key}` is missing"), help);
        }
    }
    if let Some(node) = rules {
        read_rules(node, &mut policy, faults);
    }
    Some(policy)
}

/// A login, or an address where there are no logins.
fn user(text: &str, place: Place, faults: &mut Faults<'_>) -> Option<String> {
    if !text.is_ascii() || text.contains(char::is_whitespace) {
        faults.error_with_help(
            place,
            &format!("`{text}` is no login and no e-mail address"),
            "logins and addresses are ASCII, so that no two can look alike",
        );
        return None;
    }
    Some(text.strip_prefix('@').unwrap_or(text).to_ascii_lowercase())
}

fn people(node: &Node<'_>, faults: &mut Faults<'_>) -> BTreeMap<String, PeopleSet> {
    const KEYS: &[&str] = &["users", "groups"];
    let mut sets = BTreeMap::new();
    for (name, node) in map(node, "`people`", faults).unwrap_or_default() {
        let mut set = PeopleSet::default();
        for (key, node) in map(node, "a set of people", faults).unwrap_or_default() {
            match key.text.as_ref() {
                "users" => {
                    let users = words(node, "`users`", faults);
                    set.users =
                        users.into_iter().filter_map(|(text, place)| user(text, place, faults)).collect();
                }
                "groups" => {
                    set.groups = words(node, "`groups`", faults)
                        .into_iter()
                        .map(|(text, _)| text.to_owned())
                        .collect();
                }
                _ => faults.unknown_key(key, KEYS),
            }
        }
        if set.users.is_empty() && set.groups.is_empty() {
            faults.error_with_help(
                name.place,
                &format!("`{}` names nobody, so nobody could ever approve for it", name.text),
                "list `users` or `groups`",
            );
        }
        sets.insert(name.text.to_string(), set);
    }
    sets
}

fn identities(node: &Node<'_>, faults: &mut Faults<'_>) -> BTreeMap<String, Identity> {
    const KEYS: &[&str] = &["emails", "accounts", "id"];
    let mut identities = BTreeMap::new();
    for (login, node) in map(node, "`identities`", faults).unwrap_or_default() {
        let Some(login) = user(&login.text, login.place, faults) else {
            continue;
        };
        let mut identity = Identity::default();
        for (key, node) in map(node, "an identity", faults).unwrap_or_default() {
            match key.text.as_ref() {
                "emails" => {
                    let emails = words(node, "`emails`", faults);
                    identity.emails = emails.into_iter().map(|(text, _)| text.to_lowercase()).collect();
                }
                "accounts" => {
                    let accounts = words(node, "`accounts`", faults);
                    identity.accounts =
                        accounts.into_iter().filter_map(|(t, place)| user(t, place, faults)).collect();
                }
                "id" => identity.id = word(node, "`id`", faults).map(str::to_owned),
                _ => faults.unknown_key(key, KEYS),
            }
        }
        identities.insert(login, identity);
    }
    identities
}

fn provenance(node: &Node<'_>, faults: &mut Faults<'_>) -> Vec<ExtraTool> {
    const KEYS: &[&str] = &["names", "emails", "trailers"];
    let mut tools = Vec::new();
    for (section, node) in map(node, "`provenance`", faults).unwrap_or_default() {
        if section.text != "tools" {
            faults.unknown_key(section, &["tools"]);
            continue;
        }
        for (id, node) in map(node, "`tools`", faults).unwrap_or_default() {
            let mut tool = ExtraTool { id: id.text.to_string(), ..ExtraTool::default() };
            for (key, node) in map(node, "a tool", faults).unwrap_or_default() {
                let mut lower =
                    || words(node, "this", faults).into_iter().map(|(text, _)| text.to_lowercase()).collect();
                match key.text.as_ref() {
                    "names" => {
                        let names: Vec<String> = lower();
                        tool.names = names.into_iter().map(|name| name.replace(['-', '_'], " ")).collect();
                    }
                    "emails" => tool.emails = lower(),
                    "trailers" => tool.trailers = lower(),
                    _ => faults.unknown_key(key, KEYS),
                }
            }
            tools.push(tool);
        }
    }
    tools
}

fn questions(node: &Node<'_>, faults: &mut Faults<'_>) -> BTreeMap<String, String> {
    let mut questions = BTreeMap::new();
    for (name, node) in map(node, "`questions`", faults).unwrap_or_default() {
        let plain = name.text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if !plain || name.text.len() > 40 {
            faults.error_with_help(
                name.place,
                &format!("`{}` cannot name a question", name.text),
                "an answer begins with the name and a colon, so it is one word of letters, digits, `-` and `_`",
            );
        }
        if let Some(text) = word(node, "a question", faults) {
            questions.insert(name.text.to_string(), text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    questions
}

fn read_rules(node: &Node<'_>, policy: &mut Policy, faults: &mut Faults<'_>) {
    let Value::List(items) = &node.value else {
        return faults.error(node.place, &format!("`rules` is a list, and here is {}", node.kind()));
    };
    if items.is_empty() {
        faults.error_with_help(
            node.place,
            "`rules` is empty",
            "a policy without rules would let everything pass",
        );
    }
    if items.len() > limits::RULES {
        return faults.error(
            node.place,
            &format!("a policy has at most {} rules, and here are {}", limits::RULES, items.len()),
        );
    }
    let mut places = Vec::new();
    for item in items {
        let Some((rule, place)) = rule(item, policy, faults) else {
            continue;
        };
        places.push(place);
        policy.rules.push(rule);
    }
    let names = Index::of(policy.rules.iter().map(|rule| rule.name.as_bytes()));
    if let Some((_, second)) = names.twice()
        && let (Some(rule), Some(place)) = (policy.rules.get(second), places.get(second))
    {
        faults.error(*place, &format!("two rules are called `{}`", rule.name));
    }
}

fn rule(node: &Node<'_>, policy: &Policy, faults: &mut Faults<'_>) -> Option<(Rule, Place)> {
    const KEYS: &[&str] = &["name", "description", "when", "require", "deny", "enforce"];
    let entries = map(node, "a rule", faults)?;
    let (mut name, mut place) = (None, node.place);
    let (mut when, mut require, mut deny) = (None, None, None);
    let mut enforce = Enforce::Block;
    for (key, node) in entries {
        match key.text.as_ref() {
            "name" => {
                name = word(node, "`name`", faults).map(str::to_owned);
                place = node.place;
            }
            "description" => {
                word(node, "`description`", faults);
            }
            "when" => when = predicate(node, 0, faults),
            "require" => require = Some((requirements(node, policy, faults), key.place)),
            "deny" => deny = word(node, "`deny`", faults).map(|reason| (reason.to_owned(), key.place)),
            "enforce" => enforce = choice(node, "`enforce`", ENFORCE, faults).unwrap_or_default(),
            _ => faults.unknown_key(key, KEYS),
        }
    }
    let Some(name) = name else {
        if !entries.iter().any(|(key, _)| key.text == "name") {
            faults.error_with_help(
                node.place,
                "a rule has no `name`",
                "name it as the blocked author should read it",
            );
        }
        return None;
    };
    let effect = match (require, deny) {
        (Some((requirements, _)), None) => Effect::Require(requirements),
        (None, Some((reason, _))) => Effect::Deny(reason),
        (Some(_), Some((_, place))) => {
            faults.error_with_help(place, "a rule either requires or denies", "make two rules of it");
            return None;
        }
        (None, None) => {
            faults.error_with_help(
                place,
                &format!("rule `{name}` asks for nothing"),
                "give it `require` with approvals, or `deny` with a reason",
            );
            return None;
        }
    };
    Some((Rule { name, when, effect, enforce }, place))
}

fn requirements(node: &Node<'_>, policy: &Policy, faults: &mut Faults<'_>) -> Vec<Requirement> {
    let items = match &node.value {
        Value::List(items) if items.is_empty() => {
            faults.error(node.place, "`require` is an empty list: the rule would always be satisfied");
            return Vec::new();
        }
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    items.iter().filter_map(|item| requirement(item, policy, faults)).collect()
}

fn requirement(node: &Node<'_>, policy: &Policy, faults: &mut Faults<'_>) -> Option<Requirement> {
    const KEYS: &[&str] = &["approvals", "by", "answers"];
    let mut approvals = None;
    let (mut by, mut answers) = (Vec::new(), Vec::new());
    for (key, node) in map(node, "a requirement", faults)? {
        match key.text.as_ref() {
            "approvals" => {
                let text = word(node, "`approvals`", faults)?;
                match text.parse::<u32>() {
                    Ok(n) if (1..=100).contains(&n) => approvals = Some(n),
                    _ => faults.error(
                        node.place,
                        &format!("`approvals` is a number from 1 to 100, and here is `{text}`"),
                    ),
                }
            }
            "by" => {
                for (name, place) in words(node, "`by`", faults) {
                    if policy.people.contains_key(name) {
                        by.push(name.to_owned());
                    } else {
                        let known: Vec<&str> = policy.people.keys().map(String::as_str).collect();
                        let help = match likely(name, &known) {
                            Some(likely) => format!("did you mean `{likely}`?"),
                            None => "define it under `people`".to_owned(),
                        };
                        faults.error_with_help(place, &format!("`people` has no `{name}`"), help);
                    }
                }
            }
            "answers" => {
                for (name, place) in words(node, "`answers`", faults) {
                    if policy.questions.contains_key(name) {
                        answers.push(name.to_owned());
                    } else {
                        faults.error_with_help(
                            place,
                            &format!("`questions` has no `{name}`"),
                            "define it under `questions`",
                        );
                    }
                }
            }
            _ => faults.unknown_key(key, KEYS),
        }
    }
    if !matches!(&node.value, Value::Map(entries) if entries.iter().any(|(key, _)| key.text == "by")) {
        faults.error_with_help(
            node.place,
            "a requirement does not say by whom",
            "add `by` with a name from `people`",
        );
    }
    let Some(approvals) = approvals else {
        if !matches!(&node.value, Value::Map(entries) if entries.iter().any(|(key, _)| key.text == "approvals"))
        {
            faults.error_with_help(
                node.place,
                "a requirement does not say how many approvals",
                "add `approvals: 1`",
            );
        }
        return None;
    };
    let sets = || by.iter().filter_map(|name| policy.people.get(name));
    let mut people: Vec<String> = sets().flat_map(|set| &set.users).cloned().collect();
    order::strings(&mut people);
    if sets().all(|set| set.groups.is_empty()) && !by.is_empty() && people.len() < approvals as usize {
        faults.error_with_help(
            node.place,
            &format!("{approvals} approvals are asked of {} people", people.len()),
            "name more people, or ask for fewer approvals: nobody could ever satisfy this",
        );
    }
    Some(Requirement { approvals, by, answers })
}

fn predicate(node: &Node<'_>, depth: usize, faults: &mut Faults<'_>) -> Option<Predicate> {
    let entries = match &node.value {
        Value::Map(entries) => entries,
        _ => {
            faults.error(node.place, &format!("a predicate is a mapping, and here is {}", node.kind()));
            return None;
        }
    };
    if entries.is_empty() {
        faults.error_with_help(
            node.place,
            "an empty predicate",
            "leave `when` out: the rule then always applies",
        );
        return None;
    }
    if depth > limits::POLICY_DEPTH {
        faults.error(node.place, "predicates are nested too deeply");
        return None;
    }
    let mut parts = Vec::new();
    for (key, node) in entries {
        let part = match key.text.as_ref() {
            "all" => Some(Predicate::All(predicates(node, depth, faults))),
            "any" => Some(Predicate::Any(predicates(node, depth, faults))),
            "not" => predicate(node, depth + 1, faults).map(|inner| Predicate::Not(Box::new(inner))),
            "ai" => ai_test(node, faults).map(Predicate::Ai),
            "paths" => path_test(node, faults).map(Predicate::Paths),
            other => match LATER.iter().find(|(name, _)| *name == other) {
                Some((_, what)) => {
                    faults.add(
                        Severity::Warning,
                        key.place,
                        format!("`{other}` is read and not decided yet: a rule that needs it stays pending"),
                        None,
                    );
                    Some(Predicate::Later(what))
                }
                None => {
                    let mut known = vec!["all", "any", "not", "ai", "paths"];
                    known.extend(LATER.iter().map(|(name, _)| *name));
                    faults.unknown_key(key, &known);
                    None
                }
            },
        };
        parts.extend(part);
    }
    match parts.len() {
        1 => parts.pop(),
        _ => Some(Predicate::All(parts)),
    }
}

fn predicates(node: &Node<'_>, depth: usize, faults: &mut Faults<'_>) -> Vec<Predicate> {
    match &node.value {
        Value::List(items) if !items.is_empty() => {
            items.iter().filter_map(|item| predicate(item, depth + 1, faults)).collect()
        }
        _ => {
            faults.error(
                node.place,
                &format!("`all` and `any` take a list of predicates, and here is {}", node.kind()),
            );
            Vec::new()
        }
    }
}

const HELP: &[(&str, Help)] = &[
    ("generated", Help::Generated),
    ("assisted", Help::Assisted),
    ("completed", Help::Completed),
    ("tests", Help::Tests),
    ("explained", Help::Explained),
];

const RANKS: &[(&str, Rank)] =
    &[("inferred", Rank::Inferred), ("declared", Rank::Declared), ("attested", Rank::Attested)];

fn ai_test(node: &Node<'_>, faults: &mut Faults<'_>) -> Option<AiTest> {
    const KEYS: &[&str] = &["tool", "model", "help", "rank"];
    if let Value::Scalar(_) = node.value {
        let present = choice(node, "`ai`", &[("any", true), ("none", false)], faults)?;
        return Some(AiTest { present, ..AiTest::default() });
    }
    let mut test = AiTest { present: true, ..AiTest::default() };
    for (key, node) in map(node, "`ai`", faults)? {
        let texts = |faults: &mut Faults<'_>| -> Vec<String> {
            words(node, &format!("`{}`", key.text), faults)
                .into_iter()
                .map(|(text, _)| text.to_lowercase())
                .collect()
        };
        match key.text.as_ref() {
            "tool" => test.tools = texts(faults),
            "model" => test.models = texts(faults),
            "help" => {
                let items = match &node.value {
                    Value::List(items) => items.as_slice(),
                    _ => std::slice::from_ref(node),
                };
                test.help = items.iter().filter_map(|item| choice(item, "`help`", HELP, faults)).collect();
            }
            "rank" => test.rank = choice(node, "`rank`", RANKS, faults),
            _ => faults.unknown_key(key, KEYS),
        }
    }
    Some(test)
}

fn path_test(node: &Node<'_>, faults: &mut Faults<'_>) -> Option<PathTest> {
    const KEYS: &[&str] = &["changed", "ignore"];
    fn patterns(node: &Node<'_>, what: &str, faults: &mut Faults<'_>) -> Vec<Pattern> {
        let mut compiled = Vec::new();
        for (text, place) in words(node, what, faults) {
            match Pattern::compile(text) {
                Ok(pattern) => {
                    if pattern.looks_like_a_folder() {
                        faults.add(
                            Severity::Warning,
                            place,
                            format!("`{text}` matches a file of this name and nothing below a folder"),
                            Some(format!("write `{text}/` for the folder and all that is in it")),
                        );
                    }
                    compiled.push(pattern);
                }
                Err(why) => faults.error(place, &format!("bad pattern `{text}`: {why}")),
            }
        }
        compiled
    }
    let Value::Map(entries) = &node.value else {
        return Some(PathTest::of(patterns(node, "`paths`", faults), Vec::new()));
    };
    let (mut changed, mut ignore) = (Vec::new(), Vec::new());
    for (key, node) in entries {
        match key.text.as_ref() {
            "changed" => changed = patterns(node, "`changed`", faults),
            "ignore" => ignore = patterns(node, "`ignore`", faults),
            _ => faults.unknown_key(key, KEYS),
        }
    }
    if changed.is_empty() && !entries.iter().any(|(key, _)| key.text == "changed") {
        faults.error_with_help(node.place, "`paths` does not say which", "add `changed` with patterns");
        return None;
    }
    Some(PathTest::of(changed, ignore))
}
