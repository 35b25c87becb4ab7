//! A policy on top of another: it can add to it, and weaken nothing of it.

use std::collections::BTreeMap;

use super::faults::{Entries, Faults, word};
use crate::model::{Enforce, ObjectId};
use crate::policy::yaml::{Key, Node, Value};
use crate::policy::{Base, Combination, Draft, Extends, Options, Otherwise, Policy};

/// The policy that a policy extends: a path of the target, or `{ path, commit }`.
pub(super) fn extends(entries: Entries<'_, '_>, faults: &mut Faults<'_>) -> Option<Extends> {
    let (_, node) = entries.iter().find(|(key, _)| key.text == "extends")?;
    let Value::Map(parts) = &node.value else {
        let path = path(node, faults)?;
        return Some(Extends { path, commit: None });
    };
    let mut extends = Extends { path: String::new(), commit: None };
    for (key, node) in parts {
        match key.text.as_ref() {
            "path" => extends.path = path(node, faults)?,
            "commit" => {
                let id = word(node, "`commit`", faults)?;
                if ObjectId::new(id.to_owned()).is_none() {
                    faults.error_with_help(
                        node.place,
                        &format!("`{id}` is no commit"),
                        "write all digits of its id: a branch or tag can be moved, and pins nothing",
                    );
                }
                extends.commit = Some(id.to_ascii_lowercase());
            }
            _ => faults.unknown_key(key, &["path", "commit"]),
        }
    }
    if extends.path.is_empty() {
        faults.error_with_help(node.place, "`extends` has no `path`", "write the path of the policy in it");
    }
    Some(extends)
}

fn path(node: &Node<'_>, faults: &mut Faults<'_>) -> Option<String> {
    let path = word(node, "`extends`", faults)?;
    let odd = path.starts_with('/') || path.contains(':') || path.split('/').any(|name| name == "..");
    if odd {
        faults.error_with_help(
            node.place,
            &format!("`{path}` is no path in a repository"),
            "write it from the root of the repository, such as `.countersign/base.yaml`",
        );
    }
    Some(path.to_owned())
}

/// One level is read: a policy that is extended extends none.
pub(super) fn one_level(base: Option<&Policy>, entries: Entries<'_, '_>, faults: &mut Faults<'_>) {
    let Some(further) = base.and_then(|base| base.extends.as_ref()) else { return };
    if let Some((key, _)) = entries.iter().find(|(key, _)| key.text == "extends") {
        faults.error_with_help(
            key.place,
            &format!("what this policy extends extends `{}` itself, and one level is read", further.path),
            "extend a policy that holds all of it",
        );
    }
}

/// What a policy begins with: nothing, or all that the extended one says.
pub(super) fn start(base: Option<&Policy>) -> Policy {
    match base {
        // How strict it is, each says for itself.
        Some(base) => Policy {
            enforce: Enforce::Block,
            otherwise: None,
            draft: Draft::default(),
            require: None,
            base: None,
            ..base.clone()
        },
        None => Policy {
            name: String::new(),
            extends: None,
            repository: None,
            enforce: Enforce::Block,
            otherwise: None,
            draft: Draft::default(),
            people: Default::default(),
            identities: Default::default(),
            tools: Vec::new(),
            questions: Default::default(),
            codeowners: None,
            levels: Vec::new(),
            veto: None,
            break_glass: None,
            defaults: Options { request_changes_vetoes: true, ..Options::default() },
            rules: Vec::new(),
            require: None,
            base: None,
        },
    }
}

/// Whether the extended policy says this already. Who is who, what is an AI, and who breaks glass, it says alone.
pub(super) fn says(base: Option<&Policy>, key: &str) -> bool {
    base.is_some_and(|base| match key {
        "codeowners" => base.codeowners.is_some(),
        "levels" => !base.levels.is_empty(),
        "veto" => base.veto.is_some(),
        "repository" => base.repository.is_some(),
        _ => true,
    })
}

/// A table of the policy on top of the same table of the policy that it extends, whose names stay what they are.
pub(super) fn added<V: Clone>(
    base: Option<&BTreeMap<String, V>>,
    own: BTreeMap<String, V>,
    node: &Node<'_>,
    faults: &mut Faults<'_>,
) -> BTreeMap<String, V> {
    let Some(base) = base else { return own };
    if let Value::Map(entries) = &node.value {
        for (key, _) in entries.iter().filter(|(key, _)| base.contains_key(key.text.as_ref())) {
            taken(key, faults);
        }
    }
    let mut all = own;
    all.extend(base.iter().map(|(name, value)| (name.clone(), value.clone())));
    all
}

/// What the extended policy says already is not said otherwise.
pub(super) fn taken(key: &Key<'_>, faults: &mut Faults<'_>) {
    faults.error_with_help(
        key.place,
        &format!("`{}` stands in the policy that this one extends", key.text),
        "a policy adds to the one that it extends, and changes nothing of it: give it another name",
    );
}

/// What only the extended policy can say is not said on top of it.
pub(super) fn misplaced(key: &Key<'_>, faults: &mut Faults<'_>) {
    faults.error_with_help(
        key.place,
        &format!("`{}` is for the policy that this one extends to say", key.text),
        "leave it out here, or put it there",
    );
}

/// Lets what the extended policy demands stand, whatever the policy on top says.
pub(super) fn tighten(policy: &mut Policy, base: &Policy, root: &Node<'_>, faults: &mut Faults<'_>) {
    let inherited = base.rules.len();
    if base.enforce == Enforce::Block {
        let (require, otherwise) = (base.require.clone(), base.otherwise);
        policy.base = Some(Base { rules: inherited, require, otherwise });
    }
    // Each side's rules block as that side says.
    if base.enforce != policy.enforce {
        for (at, rule) in policy.rules.iter_mut().enumerate() {
            let side = if at < inherited { base.enforce } else { policy.enforce };
            if side == Enforce::Observe {
                rule.enforce = Enforce::Observe;
            }
        }
        if let Some(veto) = &mut policy.veto {
            let side = if base.veto.is_some() { base.enforce } else { policy.enforce };
            veto.enforce = side;
        }
        policy.enforce = Enforce::Block;
    }
    if base.draft == Draft::Block {
        policy.draft = Draft::Block;
    }
    match (base.otherwise, policy.otherwise) {
        (None, Some(Otherwise::Pass)) => {
            let stated = match &root.value {
                Value::Map(entries) => entries.iter().find(|(key, _)| key.text == "otherwise"),
                _ => None,
            };
            let place = stated.map_or(root.place, |(key, _)| key.place);
            faults.error_with_help(
                place,
                "`otherwise: pass` is weaker than the policy that this one extends",
                "leave it out",
            );
        }
        (Some(Otherwise::Pass), None) => policy.otherwise = Some(Otherwise::Pass),
        _ => {}
    }
    let number = policy.rules.len();
    // The rules of both, as each side combines its own.
    policy.require = match (base.require.clone(), policy.require.take()) {
        (None, None) => None,
        (of_base, own) => Some(Combination::All(vec![
            of_base.unwrap_or_else(|| Combination::of_all(0..inherited)),
            own.unwrap_or_else(|| Combination::of_all(inherited..number)),
        ])),
    };
}
