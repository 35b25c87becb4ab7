//! What a policy may say, and probably does not mean.

use super::faults::{Faults, list_of};
use crate::model::{Enforce, Severity};
use crate::policy::yaml::{Node, Place, Value};
use crate::policy::{CodeOwners, Effect, Policy};
use crate::provenance::{tool_called, tool_like};

/// Names that a warning lists.
const LISTED: usize = 5;

/// Warns of a CODEOWNERS that cannot be read whole, of tools that nothing is known of, of documents that decide and that
/// nobody guards, and of people whom nobody can recognise.
pub(super) fn warn(policy: &Policy, owners: Option<&str>, root: &Node<'_>, faults: &mut Faults<'_>) {
    let read = |text| CodeOwners::read(policy.codeowners.as_ref()?.dialect, text).err();
    if let Some(fault) = owners.and_then(read) {
        faults.add(
            Severity::Warning,
            place_of(root, "codeowners"),
            format!("CODEOWNERS, {fault}"),
            Some(
                "a forge skips such a line; here every rule that asks the owners waits until it is mended"
                    .to_owned(),
            ),
        );
    }
    // What a rule with a fault is about is not known.
    let whole = faults.diagnostics.iter().all(|known| known.severity == Severity::Warning);
    for rule in policy.rules.iter().filter(|rule| whole && matches!(rule.effect, Effect::Deny(_))) {
        if rule.when.is_none() && rule.waivable_by.is_empty() && rule.enforce == Enforce::Block {
            faults.add(
                Severity::Warning,
                place_of(root, "rules"),
                format!("`{}` denies every change, the one that takes the rule out too", rule.name),
                Some(
                    "say with `when` what it is about, or with `waivable-by` who may answer for it"
                        .to_owned(),
                ),
            );
        }
    }
    for name in policy.tools_asked() {
        let own = policy.tools.iter().any(|tool| tool.id.eq_ignore_ascii_case(&name));
        if own || name.contains('*') || tool_called(&name).is_some() {
            continue;
        }
        let message =
            format!("no tool is known as `{name}`: only a note or a trace that names it so is found");
        let help = match tool_like(&name) {
            Some(likely) => format!("did you mean `{likely}`?"),
            None => "say under `provenance` how it is recognised".to_owned(),
        };
        faults.add(Severity::Warning, place_of(root, "rules"), message, Some(help));
    }
    let place = |key: &str| place_of(root, key);
    // What the extended policy says of both is not here.
    if faults.names_elsewhere {
        if let Some(extends) = policy.extends.as_ref().filter(|extends| extends.commit.is_none()) {
            faults.add(
                Severity::Warning,
                place("extends"),
                format!("`{}` is not here, so what it says was not checked", extends.path),
                Some(
                    "where the target lacks it too, no change can be judged by this policy: add it"
                        .to_owned(),
                ),
            );
        }
        return;
    }
    let unguarded = policy.unguarded();
    if !unguarded.is_empty() {
        let paths: Vec<String> = unguarded.iter().map(|path| format!("\"/{path}\"")).collect();
        faults.add(
            Severity::Warning,
            place("rules"),
            format!("no rule guards {}: whoever changes them changes who approves what", listed(&unguarded)),
            Some(format!(
                "add a rule that applies when they change: `when: {{ paths: [{}] }}`",
                paths.join(", ")
            )),
        );
    }
    let unknown = policy.without_address();
    if !unknown.is_empty() {
        faults.add(
            Severity::Warning,
            place("people"),
            format!(
                "no address is known for {}, so without a forge their approvals never count",
                listed(&unknown)
            ),
            Some(
                "add `emails` under `identities`; where a forge says who acted, nothing is missing"
                    .to_owned(),
            ),
        );
    }
}

/// `a`, `b` and `c`, or the first of many.
fn listed(names: &[String]) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match names.get(..LISTED) {
        Some(first) if names.len() > LISTED => {
            format!("{} and {} more", list_of(first), names.len() - LISTED)
        }
        _ => list_of(&names),
    }
}

/// Where a part of the policy begins.
fn place_of(root: &Node<'_>, key: &str) -> Place {
    let Value::Map(entries) = &root.value else { return root.place };
    entries.iter().find(|(known, _)| known.text == key).map_or(root.place, |(key, _)| key.place)
}
