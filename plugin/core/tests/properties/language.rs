//! The policy language, as a description that policies are drawn from: each key with how often it stands, and what may
//! stand under it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::draw::Draw;
use crate::world::{BASE, GROUPS, LIST, PEOPLE, PROGRAMS, SETS, number};

/// What may stand under a key.
pub enum Form {
    /// One of these words.
    Word(&'static [&'static str]),
    /// Some of these words.
    Words(&'static [&'static str]),
    /// Keys, each with how many times in a hundred it stands.
    Map(&'static [(&'static str, u32, Form)]),
    /// One of these forms, each as often as its weight says.
    Either(&'static [(u32, Form)]),
    /// Predicates side by side.
    Predicate,
    /// A list of predicates.
    Predicates,
    /// Who: logins, or logins with ids.
    Users,
    /// One to four rules, each with its name.
    Rules,
    /// What a rule requires.
    Requirements,
    /// Which rules must be satisfied.
    Combination,
}

use Form::{Either, Map, Predicate, Predicates, Word, Words};

const FLAG: Form = Word(&["true", "false"]);
const NAMED_SETS: Form = Words(SETS);
const PATTERNS: Form =
    Words(&["src/**", "docs/", "*.tf", "*.rs", "/.countersign/", "re:^src/flight/", "vendor/**"]);
const PATH: Form = Word(&["src/**", "docs/", "re:^infra/"]);
const BRANCHES: Form = Words(&["main", "release/*", "re:^ma", "next"]);
const BOUND: Form = Word(&["> 10", "< 50", "= 12", "> 100"]);
const STATES: Form = Words(&["success", "skipped", "neutral"]);

const PEOPLE_SET: Form = Map(&[
    ("users", 88, Form::Users),
    ("groups", 30, Words(GROUPS)),
    ("inherited", 25, FLAG),
    ("permissions", 15, Words(&["write", "admin", "triage"])),
    ("roles", 10, Words(&["auditor", "lead"])),
    ("bots", 12, Words(PROGRAMS)),
]);

const IDENTITIES: Form = Map(&[
    ("sam", 80, Map(&[EMAILS, ACCOUNTS, ("id", 20, Word(&["3"]))])),
    ("rhea", 40, Map(&[EMAILS, ("id", 20, Word(&["4"]))])),
]);

const EMAILS: (&str, u32, Form) =
    ("emails", 70, Words(&["sam@example.com", "sam@home.example", "rhea@example.com", "omar@example.com"]));

const ACCOUNTS: (&str, u32, Form) = ("accounts", 20, Words(&["sam-work", "kim"]));

const OPTIONS: Form = Map(&[
    ("stale", 45, Word(&["head", "diff", "tree", "keep"])),
    ("since-push", 20, FLAG),
    ("ignore-update-merges", 20, Word(&["true", "false", "verified"])),
    ("ignore-commits-by", 15, NAMED_SETS),
    ("may-approve", 25, Either(&[(3, Word(MAY)), (1, Words(MAY))])),
    ("methods", 33, METHODS),
    ("edited", 25, Word(&["void", "counts"])),
    ("mutable-text", 25, FLAG),
    ("request-changes", 20, Word(&["veto", "withdraw"])),
    ("max-age", 15, Word(&["1m", "1h", "30d"])),
    ("fresh-answers", 10, FLAG),
]);

const MAY: &[&str] = &["none", "author", "other-contributors", "contributors"];

const METHODS: Form = Map(&[
    ("reviews", 80, Word(&["true", "true", "false"])),
    ("comment-lines", 35, Words(&["/approve", "/approve {head}"])),
    ("comments-contain", 20, Words(&[":+1:"])),
    ("comment-patterns", 20, Words(&["(?i)lgtm", "^ship it$"])),
    ("review-patterns", 15, Words(&["^ship", "(?i)lgtm"])),
    ("description-patterns", 15, Words(&["(?m)^approved"])),
    ("cancel-lines", 30, Words(&["/cancel", "/cancel {head}"])),
]);

const VETO: Form = Map(&[
    ("when", 15, Predicate),
    ("by", 100, NAMED_SETS),
    (
        "disapprove",
        40,
        Map(&[
            ("reviews", 70, FLAG),
            ("comments-contain", 40, Words(&[":-1:"])),
            ("comment-patterns", 30, Words(&["(?im)^nack"])),
            ("cancel-lines", 20, Words(&["/cancel"])),
        ]),
    ),
    (
        "revoke",
        35,
        Map(&[
            ("reviews", 70, FLAG),
            ("comments-contain", 40, Words(&[":+1:"])),
            ("comment-lines", 30, Words(&["/approve"])),
        ]),
    ),
    ("revoked-by", 55, Word(&["giver", "anyone"])),
    ("options", 25, OPTIONS),
]);

/// Predicates, each as often as its weight says.
pub const PREDICATES: &[(u32, &str, Form)] = &[
    (3, "all", Predicates),
    (3, "any", Predicates),
    (3, "not", Predicate),
    (
        6,
        "ai",
        Either(&[
            (4, Word(&["any", "none", "suspected", "undeclared"])),
            (
                2,
                Map(&[
                    ("tool", 60, Words(&["claude-code", "cursor", "*"])),
                    ("model", 30, Words(&["*opus*", "gpt*"])),
                    ("help", 20, Words(&["generated", "assisted", "tests"])),
                    ("rank", 30, Word(&["inferred", "declared", "attested"])),
                ]),
            ),
        ]),
    ),
    (2, "declaration", Word(&["missing"])),
    (3, "dco", Word(&["missing", "ai"])),
    (
        8,
        "paths",
        Either(&[
            (4, PATTERNS),
            (1, Map(&[("changed", 100, PATTERNS), ("ignore", 50, PATH)])),
            (1, Map(&[("none", 100, PATTERNS), ("ignore", 30, PATH)])),
            (1, Map(&[("only", 100, PATTERNS), ("ignore", 20, PATH)])),
        ]),
    ),
    (3, "level", Words(&["A", "B"])),
    (2, "requirements", Map(&[("pattern", 100, Word(&["REQ-[0-9]+"])), ("list", 60, Word(&[LIST]))])),
    (3, "author-in", NAMED_SETS),
    (3, "contributor-in", NAMED_SETS),
    (3, "only-contributors-in", NAMED_SETS),
    (3, "author-is-only-contributor", FLAG),
    (3, "target-branch", BRANCHES),
    (2, "source-branch", BRANCHES),
    (
        3,
        "title",
        Either(&[
            (1, Map(&[("matches", 100, Words(&["^fix", "^feat"])), ("not-matches", 20, Words(&["draft"]))])),
            (1, Map(&[("not-matches", 100, Words(&["^feat", "^fix"]))])),
        ]),
    ),
    (3, "labels", Words(&["hotfix", "DB"])),
    (3, "lines", Map(&[("added", 40, BOUND), ("deleted", 40, BOUND), ("total", 100, BOUND)])),
    (
        4,
        "status",
        Either(&[
            (2, Words(&["build", "lint"])),
            (
                1,
                Map(&[
                    ("names", 100, Words(&["build", "lint"])),
                    ("conclusions", 50, STATES),
                    ("source", 40, Word(&["ci", "dana"])),
                ]),
            ),
        ]),
    ),
    (2, "signatures", Word(&["verified", "unverified"])),
    (2, "draft", FLAG),
    (2, "fork", FLAG),
    (3, "signals", Words(&["any", "test-deleted", "test-skipped", "check-silenced"])),
    (1, "operation", Word(&["apply"])),
    (1, "environment", Word(&["prod"])),
    (1, "service", Word(&["billing"])),
    (1, "risk", Word(&["high"])),
    (1, "ai-lines", Word(&["> 10"])),
];

const RULE: Form = Map(&[
    ("description", 5, Word(&["what it is for"])),
    ("when", 45, Predicate),
    ("conditions", 8, Predicate),
    ("distinct", 15, FLAG),
    ("options", 40, OPTIONS),
    ("require", 95, Form::Requirements),
    ("waivable-by", 28, NAMED_SETS),
    ("enforce", 8, Word(&["observe", "block"])),
]);

/// What only a policy says that extends no other.
const FOUNDATION: Form = Map(&[
    ("repository", 8, Word(&["shop"])),
    ("identities", 35, IDENTITIES),
    (
        "provenance",
        8,
        Map(&[(
            "tools",
            100,
            Map(&[(
                "helper",
                100,
                Map(&[
                    ("names", 60, Words(&["helper"])),
                    ("emails", 100, Words(&["helper@example.com"])),
                    ("trailers", 40, Words(&["helped-by"])),
                ]),
            )]),
        )]),
    ),
    (
        "questions",
        100,
        Map(&[
            ("topology", 100, Word(&["Which running systems does it reach?"])),
            ("scale", 100, Word(&["How large does it get?"])),
        ]),
    ),
    (
        "codeowners",
        35,
        Either(&[
            (3, Word(DIALECTS)),
            (1, Map(&[("dialect", 100, Word(DIALECTS)), ("unowned", 80, Word(&["block", "pass"]))])),
        ]),
    ),
    ("veto", 20, VETO),
    ("break-glass", 22, Map(&[("by", 100, NAMED_SETS), ("options", 50, OPTIONS)])),
]);

const DIALECTS: &[&str] = &["github", "gitlab", "gitea"];

/// What every policy may say.
const COMMON: Form = Map(&[
    ("countersign", 100, Word(&["1"])),
    ("name", 100, Word(&["test"])),
    ("description", 5, Word(&["what it is for"])),
    ("protects", 12, BRANCHES),
    ("enforce", 8, Word(&["block", "observe"])),
    ("otherwise", 18, Word(&["block", "pass"])),
    ("draft", 25, Word(&["block", "evaluate"])),
    ("options", 30, OPTIONS),
    ("rules", 100, Form::Rules),
    ("require", 22, Form::Combination),
]);

const EXTENDS: Form =
    Either(&[(1, Word(&[BASE])), (1, Map(&[("path", 100, Word(&[BASE])), ("commit", 50, Word(&[PINNED]))]))]);

/// The commit that pins an extended policy: [`crate::world::id`] of `base`.
const PINNED: &str = "6261736500000000000000000000000000000000";

/// The levels, the highest first.
fn levels() -> Value {
    json!([{ "name": "A", "paths": ["src/flight/**"] }, { "name": "B", "paths": ["src/**", "*.tf"] }])
}

/// A policy, and the one that it extends, if it does.
#[derive(Debug, Clone)]
pub struct Policies {
    pub policy: Value,
    pub base: Option<Value>,
}

/// Draws a policy that stands alone, or one on top of another.
pub fn policies(draw: &mut Draw<'_>) -> Policies {
    let mut language = Language { prefix: "r", depth: 0, rules: Vec::new(), sets: json!({}), owners: false };
    let base = language.foundation(draw);
    if !draw.often(14) {
        return Policies { policy: base, base: None };
    }
    let mut top = Language { prefix: "t", rules: Vec::new(), ..language };
    let mut policy = top.form(draw, &COMMON);
    policy["extends"] = top.form(draw, &EXTENDS);
    if base.get("otherwise").is_none_or(|otherwise| otherwise == "block") && policy["otherwise"] == "pass" {
        policy["otherwise"] = "block".into();
    }
    Policies { policy, base: Some(base) }
}

/// Draws a rule of another name than those of [`policies`], for the sets of a policy.
pub fn rule(draw: &mut Draw<'_>, policy: &Value, base: Option<&Value>) -> Value {
    let foundation = base.unwrap_or(policy);
    let owners = foundation.get("codeowners").is_some();
    let mut language =
        Language { prefix: "n", depth: 0, rules: Vec::new(), sets: foundation["people"].clone(), owners };
    let mut rules = language.form(draw, &Form::Rules);
    rules[0].take()
}

/// What is known while a policy is drawn.
struct Language {
    /// What names of rules begin with.
    prefix: &'static str,
    /// How deep predicates are nested.
    depth: usize,
    rules: Vec<String>,
    /// The sets of people.
    sets: Value,
    /// Whether owners of files can be asked.
    owners: bool,
}

impl Language {
    fn foundation(&mut self, draw: &mut Draw<'_>) -> Value {
        for name in SETS {
            let mut set = self.form(draw, &PEOPLE_SET);
            if set.as_object().unwrap().keys().all(|key| key == "inherited") {
                set["users"] = self.form(draw, &Form::Users);
            }
            self.sets[*name] = set;
        }
        let mut policy = self.form(draw, &FOUNDATION);
        self.owners = policy.get("codeowners").is_some();
        policy["people"] = self.sets.clone();
        policy["levels"] = levels();
        let common = self.form(draw, &COMMON);
        policy.as_object_mut().unwrap().extend(common.as_object().unwrap().clone());
        policy
    }

    fn form(&mut self, draw: &mut Draw<'_>, form: &Form) -> Value {
        match form {
            Word(words) => draw.pick(words).into(),
            Words(words) => one_or_list(draw, words),
            Map(keys) => {
                let mut map = json!({});
                for (key, per_cent, form) in *keys {
                    if draw.often(*per_cent) {
                        map[*key] = self.form(draw, form);
                    }
                }
                map
            }
            Either(forms) => {
                let weights: Vec<(u32, &Form)> = forms.iter().map(|(weight, form)| (*weight, form)).collect();
                let form = draw.weighed(&weights);
                self.form(draw, form)
            }
            Predicate => {
                self.depth += 1;
                let mut predicate = json!({});
                for _ in 0..draw.pick(&[1, 1, 1, 2]) {
                    let kinds: Vec<(u32, (&str, &Form))> = PREDICATES
                        .iter()
                        .filter(|(_, key, _)| self.depth < 3 || !matches!(*key, "all" | "any" | "not"))
                        .map(|(weight, key, form)| (*weight, (*key, form)))
                        .collect();
                    let (key, form) = draw.weighed(&kinds);
                    predicate[key] = self.form(draw, form);
                }
                self.depth -= 1;
                predicate
            }
            Predicates => (0..=draw.below(3)).map(|_| self.form(draw, &Predicate)).collect(),
            Form::Users => {
                let mut logins = draw.some(PEOPLE);
                // Mostly those who review.
                if draw.often(70) && !logins.contains(&"sam") {
                    logins.push("sam");
                }
                let user = |login: &&str, with_id| match with_id {
                    true => json!({ "login": login, "id": number(login) }),
                    false => json!(login),
                };
                let users: Vec<Value> = logins.iter().map(|login| user(login, draw.often(20))).collect();
                users.into()
            }
            Form::Rules => {
                for number in 0..draw.pick(&[1, 1, 2, 2, 3, 4]) {
                    self.rules.push(format!("{}{}", self.prefix, number + 1));
                }
                let mut rules = Vec::new();
                for name in self.rules.clone() {
                    let mut rule = self.form(draw, &RULE);
                    rule["name"] = name.into();
                    if rule.get("require").is_none() {
                        rule["deny"] = "it is not wanted".into();
                    }
                    rules.push(rule);
                }
                rules.into()
            }
            Form::Requirements => {
                if draw.often(8) {
                    return "nobody".into();
                }
                let number = draw.pick(&[1, 1, 1, 2, 2]);
                (0..number).map(|_| self.requirement(draw)).collect()
            }
            Form::Combination => self.combination(draw),
        }
    }

    /// An approval of as many as there are, at most: more are a fault of the policy.
    fn requirement(&mut self, draw: &mut Draw<'_>) -> Value {
        let mut by = draw.some(SETS);
        if self.owners && draw.often(40) {
            by.push("code-owners");
        }
        let mut people = BTreeSet::new();
        for set in &by {
            for user in self.sets[set]["users"].as_array().into_iter().flatten() {
                people.insert(user["login"].as_str().or(user.as_str()).unwrap().to_owned());
            }
        }
        let number = draw.weighed(&[(8, "1"), (3, "2"), (1, "3"), (1, "all")]);
        let number = match number.parse::<usize>() {
            Ok(asked) => asked.min(people.len().max(1)).to_string(),
            Err(_) => number.to_owned(),
        };
        let mut requirement = json!({ "approvals": number, "by": by });
        draw.set(&mut requirement, "answers", 22, |draw| one_or_list(draw, &["topology", "scale"]));
        requirement
    }

    /// Every rule, in one `any` or `all` or another.
    fn combination(&mut self, draw: &mut Draw<'_>) -> Value {
        let mut parts: Vec<Value> = Vec::new();
        let mut rest = self.rules.clone();
        while !rest.is_empty() {
            let number = 1 + draw.below(rest.len());
            let part: Vec<String> = rest.drain(..number).collect();
            parts.push(match draw.pick(&["any", "all", "", ""]) {
                "" => part[0].clone().into(),
                key => json!({ key: part }),
            });
        }
        parts.into()
    }
}

fn one_or_list(draw: &mut Draw<'_>, words: &[&str]) -> Value {
    let drawn = draw.some(words);
    match drawn.as_slice() {
        [one] if draw.often(50) => json!(one),
        drawn => json!(drawn),
    }
}

/// Every key and word of the description.
pub fn vocabulary() -> BTreeSet<String> {
    fn walk(form: &Form, found: &mut BTreeSet<String>) {
        match form {
            Word(words) | Words(words) => found.extend(words.iter().map(|word| (*word).to_owned())),
            Map(keys) => keys.iter().for_each(|(key, _, form)| {
                found.insert((*key).to_owned());
                walk(form, found);
            }),
            Either(forms) => forms.iter().for_each(|(_, form)| walk(form, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    for form in [&PEOPLE_SET, &RULE, &FOUNDATION, &COMMON, &EXTENDS] {
        walk(form, &mut found);
    }
    for (_, key, form) in PREDICATES {
        found.insert((*key).to_owned());
        walk(form, &mut found);
    }
    found.extend(
        ["approvals", "by", "answers", "deny", "extends", "people", "levels", "code-owners"]
            .map(str::to_owned),
    );
    found
}

/// A policy as a person would write it: a line a key, and a line a rule.
pub fn yaml(policy: &Value) -> String {
    let mut text = String::new();
    for (key, value) in policy.as_object().into_iter().flatten() {
        match value {
            Value::Array(items) if items.iter().any(Value::is_object) => {
                text.push_str(&format!("{key}:\n"));
                items.iter().for_each(|item| text.push_str(&format!("  - {}\n", flow(item))));
            }
            value => text.push_str(&format!("{key}: {}\n", flow(value))),
        }
    }
    text
}

fn flow(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let entries: Vec<String> =
                map.iter().map(|(key, value)| format!("{key}: {}", flow(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::String(word)
            if word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte)) =>
        {
            word.clone()
        }
        other => other.to_string(),
    }
}
