//! From YAML to the cases of a policy.

use super::faults::{Entries, Faults, choice, flag, list, map, prose, text, word, words};
use crate::limits;
use crate::model::{ActCode, Outcome, RuleCode};
use crate::policy::cases::{Case, Commit, SignOff};
use crate::policy::yaml::{Key, Node};

/// Whoever wrote a commit whose author no case names.
const AUTHOR: &str = "Dev One <dev1@example.com>";

/// The cases of a file with one key, `cases`.
pub(super) fn cases(root: &Node<'_>, faults: &mut Faults<'_>) -> Option<Vec<Case>> {
    let mut all: Option<&[Node<'_>]> = Some(&[]);
    for (key, node) in map(root, "a file of cases", faults)? {
        match key.text.as_ref() {
            "cases" => all = list(node, "`cases`", faults),
            _ => faults.unknown_key(key, &["cases"]),
        }
    }
    let all = all?;
    if all.is_empty() {
        faults.error_with_help(
            root.place,
            "here are no cases, and a policy that nothing tests is not tested",
            "write a list under `cases:`",
        );
    }
    if all.len() > limits::CASES {
        faults.error(root.place, &format!("more than {} cases", limits::CASES));
        return None;
    }
    Some(all.iter().filter_map(|node| case(node, faults)).collect())
}

fn case(node: &Node<'_>, faults: &mut Faults<'_>) -> Option<Case> {
    const KEYS: &[&str] =
        &["name", "commits", "files", "signoffs", "requirements", "codeowners", "expect", "rules", "acts"];
    let entries = map(node, "a case", faults)?;
    require(node, entries, &["name", "commits", "expect"], faults);
    let mut case = Case { line: node.place.line, ..Case::default() };
    for (key, node) in entries {
        let what = format!("`{}`", key.text);
        match key.text.as_ref() {
            "name" => case.name = word(node, &what, faults).unwrap_or_default().to_owned(),
            "commits" => {
                let commits = list(node, &what, faults).unwrap_or_default();
                case.commits = commits.iter().filter_map(|node| commit(node, faults)).collect();
            }
            "files" => {
                case.files = words(node, &what, faults).into_iter().map(|(p, _)| p.to_owned()).collect()
            }
            "signoffs" => {
                let signoffs = list(node, &what, faults).unwrap_or_default();
                case.signoffs = signoffs.iter().filter_map(|node| signoff(node, faults)).collect();
            }
            "requirements" => {
                let entries = map(node, &what, faults).unwrap_or_default();
                let read = |(path, node): &(Key<'_>, Node<'_>)| {
                    Some((path.text.to_string(), text(node, "a list of requirements", faults)?.to_owned()))
                };
                case.requirements = entries.iter().filter_map(read).collect();
            }
            "codeowners" => case.codeowners = text(node, &what, faults).map(str::to_owned),
            "expect" => case.outcome = choice(node, &what, Outcome::WORDS, faults).unwrap_or_default(),
            "rules" => case.rules = codes(node, &what, RuleCode::WORDS, faults),
            "acts" => case.acts = codes(node, &what, ActCode::WORDS, faults),
            _ => faults.unknown_key(key, KEYS),
        }
    }
    Some(case)
}

fn commit(node: &Node<'_>, faults: &mut Faults<'_>) -> Option<Commit> {
    let entries = map(node, "a commit", faults)?;
    require(node, entries, &["message"], faults);
    let mut commit = Commit { author: AUTHOR.to_owned(), ..Commit::default() };
    for (key, node) in entries {
        let what = format!("`{}`", key.text);
        match key.text.as_ref() {
            "message" => commit.message = text(node, &what, faults).unwrap_or_default().to_owned(),
            "author" => commit.author = prose(node, &what, faults).unwrap_or_default().to_owned(),
            "committer" => commit.committer = prose(node, &what, faults).map(str::to_owned),
            "note" => commit.note = text(node, &what, faults).map(str::to_owned),
            _ => faults.unknown_key(key, &["message", "author", "committer", "note"]),
        }
    }
    Some(commit)
}

fn signoff(node: &Node<'_>, faults: &mut Faults<'_>) -> Option<SignOff> {
    const KEYS: &[&str] = &["by", "email", "text", "stale", "request_changes"];
    let entries = map(node, "a sign-off", faults)?;
    require(node, entries, &["by"], faults);
    let mut signoff = SignOff::default();
    for (key, node) in entries {
        let what = format!("`{}`", key.text);
        match key.text.as_ref() {
            "by" => signoff.by = prose(node, &what, faults).unwrap_or_default().to_owned(),
            "email" => signoff.email = prose(node, &what, faults).map(str::to_owned),
            "text" => signoff.text = text(node, &what, faults).map(str::to_owned),
            "stale" => signoff.stale = flag(node, &what, faults).unwrap_or_default(),
            "request_changes" => signoff.request_changes = flag(node, &what, faults).unwrap_or_default(),
            _ => faults.unknown_key(key, KEYS),
        }
    }
    Some(signoff)
}

/// Says which keys of a mapping are missing.
fn require(node: &Node<'_>, entries: Entries<'_, '_>, keys: &[&str], faults: &mut Faults<'_>) {
    for missing in keys.iter().filter(|key| !entries.iter().any(|(known, _)| known.text == **key)) {
        faults.error(node.place, &format!("the key `{missing}` is missing"));
    }
}

/// A code for each name.
fn codes<T: Copy>(
    node: &Node<'_>,
    what: &str,
    known: &[(&str, T)],
    faults: &mut Faults<'_>,
) -> Vec<(String, T)> {
    let entries = map(node, what, faults).unwrap_or_default();
    let code = |(name, node): &(Key<'_>, Node<'_>)| {
        Some((name.text.to_string(), choice(node, &format!("`{}`", name.text), known, faults)?))
    };
    entries.iter().filter_map(code).collect()
}
