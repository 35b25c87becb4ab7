//! Rules: when they apply, and what they ask for.

use super::faults::{Faults, PLAIN, choice, defined, flag, likely, list, map, prose, word, words};
use super::{options, predicates};
use crate::limits;
use crate::model::{Enforce, Severity, plain_number};
use crate::order::{self, Index};
use crate::policy::yaml::{Node, Place, Value};
use crate::policy::{
    Approvals, CODE_OWNERS, Combination, Effect, Options, PeopleSet, Policy, Requirement, Rule,
};

/// The rules, in order.
pub(super) fn rules(node: &Node<'_>, defaults: &Options, policy: &mut Policy, faults: &mut Faults<'_>) {
    let Some(items) = list(node, "`rules`", faults) else { return };
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
    let inherited = policy.rules.len();
    let mut places = Vec::new();
    for item in items {
        let Some((rule, place)) = rule(item, defaults, policy, faults) else {
            continue;
        };
        places.push(place);
        policy.rules.push(rule);
    }
    let names = Index::of(policy.rules.iter().map(|rule| rule.name.as_bytes()));
    if let Some((_, second)) = names.twice()
        && let (Some(rule), Some(place)) =
            (policy.rules.get(second), places.get(second.saturating_sub(inherited)))
    {
        faults.error(*place, &format!("two rules are called `{}`", rule.name));
    }
}

fn rule(
    node: &Node<'_>,
    defaults: &Options,
    policy: &Policy,
    faults: &mut Faults<'_>,
) -> Option<(Rule, Place)> {
    const KEYS: &[&str] = &[
        "name",
        "description",
        "when",
        "conditions",
        "require",
        "distinct",
        "options",
        "deny",
        "waivable-by",
        "enforce",
    ];
    let entries = map(node, "a rule", faults)?;
    let (mut name, mut place) = (None, node.place);
    let (mut when, mut require, mut deny) = (None, None, None);
    let (mut conditions, mut distinct) = (None, None);
    let mut options = defaults.clone();
    let (mut enforce, mut waivable_by) = (Enforce::Block, Vec::new());
    for (key, node) in entries {
        match key.text.as_ref() {
            "name" => {
                name = word(node, "`name`", faults).map(str::to_owned);
                place = node.place;
            }
            "description" => {
                prose(node, "`description`", faults);
            }
            "when" => when = predicates::predicate(node, 0, policy, faults),
            "conditions" => conditions = predicates::predicate(node, 0, policy, faults),
            "distinct" => {
                distinct = flag(node, "`distinct`", faults).unwrap_or_default().then_some(key.place);
            }
            "options" => options = options::options(node, defaults, policy, faults),
            "require" => require = Some((requirements(node, policy, faults), key.place)),
            "deny" => deny = prose(node, "`deny`", faults).map(|reason| (reason.to_owned(), key.place)),
            "waivable-by" => waivable_by = defined(node, "waivable-by", &policy.people, "people", faults),
            "enforce" => enforce = choice(node, "`enforce`", Enforce::WORDS, faults).unwrap_or_default(),
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
                "give it `require` with approvals or `nobody`, or `deny` with a reason",
            );
            return None;
        }
    };
    if let (Some(place), Effect::Require(requirements)) = (distinct, &effect)
        && requirements.len() > 1
    {
        of_too_few_for_all(place, requirements, policy, faults);
    }
    let distinct = distinct.is_some();
    Some((Rule { name, when, conditions, effect, enforce, options, distinct, waivable_by }, place))
}

/// What a rule requires that asks for no approval, and holds its conditions alone or lets pass where rules are combined.
const NOBODY: &str = "nobody";

fn requirements(node: &Node<'_>, policy: &Policy, faults: &mut Faults<'_>) -> Vec<Requirement> {
    let items = match &node.value {
        Value::List(items) if items.is_empty() => {
            faults.error_with_help(
                node.place,
                "`require` is an empty list: the rule would always be satisfied",
                "write `require: nobody` where that is meant",
            );
            return Vec::new();
        }
        Value::Scalar(word) if word == NOBODY => {
            return vec![Requirement {
                approvals: Approvals::Number(0),
                by: Vec::new(),
                answers: Vec::new(),
            }];
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
    let entries = map(node, "a requirement", faults)?;
    for (key, node) in entries {
        match key.text.as_ref() {
            "approvals" => {
                let text = word(node, "`approvals`", faults)?;
                match plain_number(text) {
                    Some(0) => {
                        faults.error_with_help(
                            node.place,
                            "`approvals: 0` asks for nothing",
                            "write `require: nobody` where the rule asks for no approval",
                        );
                        return None;
                    }
                    Some(n) if n <= 100 => approvals = Some(Approvals::Number(n)),
                    _ if text == "all" => approvals = Some(Approvals::All),
                    _ => faults.error_with_help(
                        node.place,
                        &format!("`approvals` is a number up to 100, or `all`, and here is `{text}`"),
                        PLAIN,
                    ),
                }
            }
            "by" => by = owners_or_sets(node, policy, faults),
            "answers" => answers = defined(node, "answers", &policy.questions, "questions", faults),
            _ => faults.unknown_key(key, KEYS),
        }
    }
    let has = |name: &str| entries.iter().any(|(key, _)| key.text == name);
    if !has("by") {
        faults.error_with_help(
            node.place,
            "a requirement does not say by whom",
            "add `by` with a name from `people`",
        );
    }
    if !has("approvals") {
        faults.error_with_help(
            node.place,
            "a requirement does not say how many approvals",
            "add `approvals: 1`",
        );
    }
    let approvals = approvals?;
    if let Approvals::Number(asked) = approvals {
        of_too_few(Severity::Error, node.place, asked, &by, policy, faults);
    }
    Some(Requirement { approvals, by, answers })
}

/// Names of people sets, and `code-owners`.
fn owners_or_sets(node: &Node<'_>, policy: &Policy, faults: &mut Faults<'_>) -> Vec<String> {
    let mut people: std::collections::BTreeMap<String, ()> =
        policy.people.keys().map(|name| (name.clone(), ())).collect();
    let owners = words(node, "`by`", faults).into_iter().find(|(name, _)| *name == CODE_OWNERS);
    if let Some((_, place)) = owners {
        if policy.codeowners.is_none() && !faults.names_elsewhere {
            faults.error_with_help(
                place,
                "`code-owners` are whom the target's CODEOWNERS names, and its dialect is not said",
                "add `codeowners: github`, `gitlab` or `gitea` to the policy",
            );
        }
        people.insert(CODE_OWNERS.to_owned(), ());
    }
    defined(node, "by", &people, "people", faults)
}

/// More approvals than there are people who could ever give one.
fn of_too_few(
    severity: Severity,
    place: Place,
    asked: u32,
    by: &[String],
    policy: &Policy,
    faults: &mut Faults<'_>,
) {
    let sets = || by.iter().filter_map(|name| policy.people.get(name));
    let mut people: Vec<String> =
        sets().flat_map(|set| set.users.iter().chain(&set.bots)).map(|user| user.login.clone()).collect();
    order::strings(&mut people);
    let open =
        |set: &PeopleSet| !(set.groups.is_empty() && set.permissions.is_empty() && set.roles.is_empty());
    let known = !faults.names_elsewhere && !by.iter().any(|name| name == CODE_OWNERS);
    if known && !sets().any(open) && !by.is_empty() && people.len() < asked as usize {
        let approvals = if asked == 1 { "1 approval is" } else { &format!("{asked} approvals are") };
        let of = if people.len() == 1 { "1 person" } else { &format!("{} people", people.len()) };
        faults.add(
            severity,
            place,
            format!("{approvals} asked of {of}"),
            Some("name more people, or ask for fewer approvals: nobody could ever satisfy this".to_owned()),
        );
    }
}

/// More people for all requirements of a rule than there are, where nobody can serve two.
fn of_too_few_for_all(place: Place, requirements: &[Requirement], policy: &Policy, faults: &mut Faults<'_>) {
    let numbers = requirements.iter().filter_map(|requirement| match requirement.approvals {
        Approvals::Number(number) => Some(number),
        Approvals::All => None,
    });
    let asked = numbers.fold(0, u32::saturating_add);
    let by: Vec<String> = requirements.iter().flat_map(|requirement| requirement.by.clone()).collect();
    of_too_few(Severity::Warning, place, asked, &by, policy, faults);
}

/// Which rules must be satisfied: names, with `any: [...]` and `all: [...]` among them.
pub(super) fn combination(node: &Node<'_>, policy: &Policy, faults: &mut Faults<'_>) -> Option<Combination> {
    combine(node, 0, policy, faults)
}

/// A rule that `require` leaves out asks for approvals that nobody waits for.
pub(super) fn warn_of_unnamed(
    node: &Node<'_>,
    combination: &Combination,
    policy: &Policy,
    faults: &mut Faults<'_>,
) {
    fn has(combination: &Combination, wanted: usize) -> bool {
        match combination {
            Combination::Rule(at) => *at == wanted,
            Combination::All(parts) | Combination::Any(parts) => parts.iter().any(|part| has(part, wanted)),
        }
    }
    for (at, rule) in policy.rules.iter().enumerate() {
        if matches!(rule.effect, Effect::Require(_)) && !has(combination, at) {
            faults.add(
                Severity::Warning,
                node.place,
                format!("`require` leaves out `{}`, so nobody waits for what it asks", rule.name),
                Some("name it, or take the rule out".to_owned()),
            );
        }
    }
}

fn combine(node: &Node<'_>, depth: usize, policy: &Policy, faults: &mut Faults<'_>) -> Option<Combination> {
    if depth > limits::POLICY_DEPTH {
        faults.error(node.place, "`require` is nested too deeply");
        return None;
    }
    match &node.value {
        Value::Scalar(_) => {
            let name = word(node, "a rule", faults)?;
            let at = policy.rules.iter().position(|rule| rule.name == name);
            if at.is_none() && !faults.names_elsewhere {
                let known: Vec<&str> = policy.rules.iter().map(|rule| rule.name.as_str()).collect();
                let help = match likely(name, &known) {
                    Some(likely) => format!("did you mean `{likely}`?"),
                    None => "write the name of a rule as it stands under `rules`".to_owned(),
                };
                faults.error_with_help(node.place, &format!("no rule is called `{name}`"), help);
            }
            at.map(Combination::Rule)
        }
        Value::List(items) => {
            if items.is_empty() {
                faults.error(node.place, "an empty list of rules would let everything pass");
            }
            Some(Combination::All(
                items.iter().filter_map(|item| combine(item, depth + 1, policy, faults)).collect(),
            ))
        }
        Value::Map(entries) => {
            let mut parts = Vec::new();
            for (key, node) in entries {
                let inner = match (&node.value, combine(node, depth + 1, policy, faults)?) {
                    (Value::List(_), Combination::All(parts)) => parts,
                    (_, one) => vec![one],
                };
                match key.text.as_ref() {
                    "any" => parts.push(Combination::Any(inner)),
                    "all" => parts.push(Combination::All(inner)),
                    _ => faults.unknown_key(key, &["any", "all"]),
                }
            }
            Some(if parts.len() == 1 { parts.pop()? } else { Combination::All(parts) })
        }
    }
}
