//! Predicates: tests on the facts of a change.

use std::cmp::Ordering;

use super::faults::{Faults, PLAIN, choice, compiled, defined, flag, list_of, lower, map, word, words};
use crate::limits;
use crate::model::{Help, Rank, Severity, SignalCode, plain_number};
use crate::policy::yaml::{Key, Node, Value};
use crate::policy::{
    AiTest, Bound, Branch, Dco, Level, LinesTest, PathTest, Pattern, Policy, Predicate, Regex,
    RequirementsTest, StatusTest, TitleTest, Which,
};
use crate::provenance::tool_called;
use crate::signals::LIKELY;

/// Keys of predicates whose facts come with a later release: they parse, and are unavailable until then.
const LATER: &[(&str, &str)] = &[
    ("operation", "what a plan would do"),
    ("environment", "the environment that a plan is for"),
    ("service", "the services that the change touches"),
    ("risk", "the risk level of the change"),
    ("ai-lines", "the share of surviving lines that an AI wrote"),
];

/// Keys of predicates.
const KEYS: &[&str] = &[
    "all",
    "any",
    "not",
    "ai",
    "declaration",
    "dco",
    "paths",
    "level",
    "requirements",
    "author-in",
    "contributor-in",
    "only-contributors-in",
    "author-is-only-contributor",
    "target-branch",
    "source-branch",
    "title",
    "labels",
    "lines",
    "status",
    "signatures",
    "draft",
    "fork",
    "signals",
];

/// Predicates side by side, all of which must hold.
pub(super) fn predicate(
    node: &Node<'_>,
    depth: usize,
    policy: &Policy,
    faults: &mut Faults<'_>,
) -> Option<Predicate> {
    let entries = map(node, "a predicate", faults)?;
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
        parts.extend(one(key, node, depth, policy, faults));
    }
    match parts.len() {
        1 => parts.pop(),
        _ => Some(Predicate::All(parts)),
    }
}

fn one(
    key: &Key<'_>,
    node: &Node<'_>,
    depth: usize,
    policy: &Policy,
    faults: &mut Faults<'_>,
) -> Option<Predicate> {
    let what = format!("`{}`", key.text);
    let people = |faults: &mut Faults<'_>| defined(node, &key.text, &policy.people, "people", faults);
    Some(match key.text.as_ref() {
        "all" => Predicate::All(predicates(node, depth, policy, faults)),
        "any" => Predicate::Any(predicates(node, depth, policy, faults)),
        "not" => Predicate::Not(Box::new(predicate(node, depth + 1, policy, faults)?)),
        "ai" => ai(node, faults)?,
        "declaration" => {
            choice(node, &what, &[("missing", ())], faults)?;
            Predicate::DeclarationMissing
        }
        "dco" => Predicate::Dco(choice(node, &what, &[("missing", Dco::Missing), ("ai", Dco::Ai)], faults)?),
        "paths" => Predicate::Paths(path_test(node, faults)?),
        "level" => Predicate::Level(named_levels(node, policy, faults)),
        "requirements" => Predicate::Requirements(requirements_test(node, faults)?),
        "author-in" => Predicate::AuthorIn(people(faults)),
        "contributor-in" => Predicate::ContributorIn(people(faults)),
        "only-contributors-in" => Predicate::OnlyContributorsIn(people(faults)),
        "author-is-only-contributor" => Predicate::AuthorIsOnlyContributor(flag(node, &what, faults)?),
        "target-branch" => Predicate::TargetBranch(compiled(node, &what, faults, Branch::compile)),
        "source-branch" => Predicate::SourceBranch(compiled(node, &what, faults, Branch::compile)),
        "title" => Predicate::Title(title_test(node, faults)),
        "labels" => Predicate::Labels(lower(node, &what, faults)),
        "lines" => Predicate::Lines(lines_test(node, faults)),
        "status" => Predicate::Status(status_test(node, faults)),
        "signatures" => {
            Predicate::Signatures(choice(node, &what, &[("verified", true), ("unverified", false)], faults)?)
        }
        "draft" => Predicate::Draft(flag(node, &what, faults)?),
        "fork" => Predicate::Fork(flag(node, &what, faults)?),
        "signals" => Predicate::Signals(signals(node, faults)),
        other => {
            let Some((_, what)) = LATER.iter().find(|(name, _)| *name == other) else {
                let known: Vec<&str> =
                    KEYS.iter().copied().chain(LATER.iter().map(|(name, _)| *name)).collect();
                faults.unknown_key(key, &known);
                return None;
            };
            faults.add(
                Severity::Warning,
                key.place,
                format!("`{other}` is read and not decided yet: a rule that needs it stays pending"),
                None,
            );
            Predicate::Later(what)
        }
    })
}

/// `any`, or weak-patch signals by name.
fn signals(node: &Node<'_>, faults: &mut Faults<'_>) -> Vec<SignalCode> {
    let mut codes = Vec::new();
    for (text, place) in words(node, "`signals`", faults) {
        match SignalCode::WORDS.iter().find(|(name, _)| *name == text) {
            Some((_, code)) => codes.push(*code),
            None if text == "any" => codes.extend(LIKELY),
            None => {
                let names: Vec<&str> = SignalCode::WORDS.iter().map(|(name, _)| *name).collect();
                let help = format!("they are {}, and `any` for those that are seldom false", list_of(&names));
                faults.error_with_help(place, &format!("`{text}` is no signal"), help);
            }
        }
    }
    codes
}

fn predicates(node: &Node<'_>, depth: usize, policy: &Policy, faults: &mut Faults<'_>) -> Vec<Predicate> {
    match &node.value {
        Value::List(items) if !items.is_empty() => {
            items.iter().filter_map(|item| predicate(item, depth + 1, policy, faults)).collect()
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

/// Levels of criticality, the highest first, each with its paths.
pub(super) fn levels(node: &Node<'_>, faults: &mut Faults<'_>) -> Vec<Level> {
    let Value::List(items) = &node.value else {
        faults.error_with_help(
            node.place,
            &format!("`levels` is a list, and here is {}", node.kind()),
            "write the highest level first: `- { name: A, paths: [...] }`",
        );
        return Vec::new();
    };
    let mut all: Vec<Level> = Vec::new();
    for item in items {
        let (mut name, mut paths) = (None, Vec::new());
        for (key, node) in map(item, "a level", faults).unwrap_or_default() {
            match key.text.as_ref() {
                "name" => name = word(node, "`name`", faults),
                "paths" => paths = patterns(node, "`paths`", faults),
                _ => faults.unknown_key(key, &["name", "paths"]),
            }
        }
        match name {
            Some(name) if all.iter().any(|level| level.name == name) => {
                faults.error(item.place, &format!("two levels are called `{name}`"));
            }
            Some(name) if !paths.is_empty() => {
                let paths = PathTest { patterns: paths, ..PathTest::default() };
                all.push(Level { name: name.to_owned(), paths });
            }
            _ => faults.error_with_help(
                item.place,
                "a level has a `name` and `paths`",
                "a path that belongs to none has no level",
            ),
        }
    }
    all
}

fn named_levels(node: &Node<'_>, policy: &Policy, faults: &mut Faults<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for (name, place) in words(node, "`level`", faults) {
        if policy.levels.iter().any(|level| level.name == name) || faults.names_elsewhere {
            names.push(name.to_owned());
        } else {
            let known: Vec<&str> = policy.levels.iter().map(|level| level.name.as_str()).collect();
            let help = format!("the levels are {}", list_of(&known));
            faults.error_with_help(place, &format!("`levels` has no `{name}`"), help);
        }
    }
    names
}

fn requirements_test(node: &Node<'_>, faults: &mut Faults<'_>) -> Option<RequirementsTest> {
    let (mut pattern, mut list) = (None, None);
    for (key, node) in map(node, "`requirements`", faults)? {
        match key.text.as_ref() {
            "pattern" => pattern = compiled(node, "`pattern`", faults, Regex::compile).pop(),
            "list" => list = word(node, "`list`", faults).map(str::to_owned),
            _ => faults.unknown_key(key, &["pattern", "list"]),
        }
    }
    if pattern.is_none() {
        faults.error_with_help(
            node.place,
            "`requirements` does not say what an id looks like",
            "add `pattern: \"REQ-[0-9]+\"`",
        );
    }
    Some(RequirementsTest { pattern: pattern?, list })
}

fn title_test(node: &Node<'_>, faults: &mut Faults<'_>) -> TitleTest {
    let mut test = TitleTest::default();
    for (key, node) in map(node, "`title`", faults).unwrap_or_default() {
        match key.text.as_ref() {
            "matches" => test.matches = compiled(node, "`matches`", faults, Regex::of_name),
            "not-matches" => test.not_matches = compiled(node, "`not-matches`", faults, Regex::of_name),
            _ => faults.unknown_key(key, &["matches", "not-matches"]),
        }
    }
    asks_something(node, "`title`", "`matches` or `not-matches`", faults);
    test
}

/// A map without entries would be true of every change.
fn asks_something(node: &Node<'_>, what: &str, keys: &str, faults: &mut Faults<'_>) {
    if matches!(&node.value, Value::Map(entries) if entries.is_empty()) {
        faults.error_with_help(node.place, &format!("{what} asks nothing"), format!("add {keys}"));
    }
}

fn lines_test(node: &Node<'_>, faults: &mut Faults<'_>) -> LinesTest {
    let mut test = LinesTest::default();
    for (key, node) in map(node, "`lines`", faults).unwrap_or_default() {
        let place = match key.text.as_ref() {
            "added" => &mut test.added,
            "deleted" => &mut test.deleted,
            "total" => &mut test.total,
            _ => {
                faults.unknown_key(key, &["added", "deleted", "total"]);
                continue;
            }
        };
        *place = compiled(node, "a bound", faults, bound).pop();
    }
    asks_something(node, "`lines`", "`added`, `deleted` or `total`", faults);
    test
}

/// A bound on a number of lines, such as `> 100`.
fn bound(text: &str) -> Result<Bound, String> {
    let order = match text.bytes().next() {
        Some(b'>') => Ordering::Greater,
        Some(b'<') => Ordering::Less,
        Some(b'=') => Ordering::Equal,
        _ => return Err("write `> 100`, `< 100` or `= 100`".to_owned()),
    };
    let number = text.get(1..).unwrap_or_default().trim();
    let number = plain_number(number).ok_or_else(|| format!("`{number}` is no number of lines; {PLAIN}"))?;
    Ok(Bound { order, number })
}

/// Names, or `{ names, conclusions, source }`.
fn status_test(node: &Node<'_>, faults: &mut Faults<'_>) -> StatusTest {
    let texts = |node: &Node<'_>, what: &str, faults: &mut Faults<'_>| -> Vec<String> {
        words(node, what, faults).into_iter().map(|(text, _)| text.to_owned()).collect()
    };
    let mut test = StatusTest { conclusions: vec!["success".to_owned()], ..StatusTest::default() };
    let Value::Map(entries) = &node.value else {
        test.names = texts(node, "`status`", faults);
        return test;
    };
    for (key, node) in entries {
        match key.text.as_ref() {
            "names" => test.names = texts(node, "`names`", faults),
            "conclusions" => test.conclusions = texts(node, "`conclusions`", faults),
            "source" => test.source = word(node, "`source`", faults).map(str::to_owned),
            _ => faults.unknown_key(key, &["names", "conclusions", "source"]),
        }
    }
    if test.names.is_empty() {
        faults.error_with_help(node.place, "`status` does not say which", "add `names`");
    }
    test
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

fn ai(node: &Node<'_>, faults: &mut Faults<'_>) -> Option<Predicate> {
    type Made = fn() -> Predicate;
    const CHOICES: &[(&str, Made)] = &[
        ("any", || Predicate::Ai(AiTest { present: true, ..AiTest::default() })),
        ("none", || Predicate::Ai(AiTest::default())),
        ("undeclared", || Predicate::UndeclaredAi),
        ("suspected", || Predicate::SuspectedAi),
    ];
    match node.value {
        Value::Scalar(_) => choice(node, "`ai`", CHOICES, faults).map(|predicate| predicate()),
        _ => ai_test(node, faults).map(Predicate::Ai),
    }
}

fn ai_test(node: &Node<'_>, faults: &mut Faults<'_>) -> Option<AiTest> {
    const KEYS: &[&str] = &["tool", "model", "help", "rank"];
    let mut test = AiTest { present: true, ..AiTest::default() };
    for (key, node) in map(node, "`ai`", faults)? {
        let texts = |faults: &mut Faults<'_>| -> Vec<String> {
            words(node, &format!("`{}`", key.text), faults)
                .into_iter()
                .map(|(text, _)| text.to_lowercase())
                .collect()
        };
        match key.text.as_ref() {
            // Whoever bans `copilot` means the tool and not its id.
            "tool" => {
                let id = |name: String| tool_called(&name).map_or(name, str::to_owned);
                test.tools = texts(faults).into_iter().map(id).collect();
            }
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
    const KEYS: &[&str] = &["changed", "none", "only", "ignore"];
    let Value::Map(entries) = &node.value else {
        let patterns = patterns(node, "`paths`", faults);
        return Some(PathTest { patterns, ..PathTest::default() });
    };
    let (mut which, mut ignore) = (None, Vec::new());
    for (key, node) in entries {
        let kind = match key.text.as_ref() {
            "changed" => Which::Changed,
            "none" => Which::None,
            "only" => Which::Only,
            "ignore" => {
                ignore = patterns(node, "`ignore`", faults);
                continue;
            }
            _ => {
                faults.unknown_key(key, KEYS);
                continue;
            }
        };
        if which.is_some() {
            faults.error_with_help(
                key.place,
                "`paths` asks two questions at once",
                "put two of them under `all`",
            );
        }
        which = Some((kind, patterns(node, &format!("`{}`", key.text), faults)));
    }
    match which {
        Some((which, patterns)) => Some(PathTest { which, patterns, ignore }),
        None => {
            faults.error_with_help(
                node.place,
                "`paths` does not say which",
                "add `changed`, `none` or `only` with patterns",
            );
            None
        }
    }
}

fn patterns(node: &Node<'_>, what: &str, faults: &mut Faults<'_>) -> Vec<Pattern> {
    let mut all = Vec::new();
    for (text, place) in words(node, what, faults) {
        match Pattern::compile(text) {
            Ok(pattern) => {
                if pattern.looks_like_a_folder() {
                    faults.add(
                        Severity::Warning,
                        place,
                        format!(
                            "`{text}` reaches into a folder of this name, and where it excuses from a rule means a file alone"
                        ),
                        Some(format!("write `{text}/` for the folder and all that is in it")),
                    );
                }
                all.push(pattern);
            }
            Err(why) => faults.error(place, &format!("bad pattern `{text}`: {why}")),
        }
    }
    all
}
