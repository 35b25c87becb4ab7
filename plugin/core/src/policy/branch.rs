//! Branches by name, and which of them a policy protects.

use std::borrow::Cow;

use super::Regex;
use super::pattern::REGEX_PREFIX;
use super::yaml::{self, Node, Value};
use crate::model::without_mark;
use crate::wellknown::PROTECTED;

/// A branch by name: `*` for any run of characters, or `re:` and a regular expression.
#[derive(Debug, Clone)]
pub(crate) enum Branch {
    Wildcard(String),
    Regex(Regex),
}

impl Branch {
    /// Reads one; the error says what is wrong with it.
    pub fn compile(source: &str) -> Result<Self, String> {
        match source.strip_prefix(REGEX_PREFIX) {
            Some(expression) => Regex::compile(expression).map(Branch::Regex),
            None => Ok(Branch::Wildcard(source.to_owned())),
        }
    }

    /// Whether the pattern matches a branch of this name.
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Branch::Wildcard(pattern) => wildcard(pattern, name),
            Branch::Regex(regex) => regex.matches(name),
        }
    }

    /// Steps that a name of this length takes.
    pub fn steps(&self, length: usize) -> u64 {
        match self {
            Branch::Wildcard(_) => 0,
            Branch::Regex(regex) => regex.steps(length),
        }
    }

    /// The pattern as the policy writes it.
    fn source(&self) -> Cow<'_, str> {
        match self {
            Branch::Wildcard(pattern) => pattern.into(),
            Branch::Regex(regex) => format!("{REGEX_PREFIX}{}", regex.source()).into(),
        }
    }
}

/// `*` stands for any run of characters.
pub(crate) fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

/// The branches that a policy protects, beside the default branch.
#[derive(Debug)]
pub(crate) struct Protects(Vec<Branch>);

impl Protects {
    /// What a policy says; the usual branches where it says nothing. None where it cannot be read.
    ///
    /// Read apart from the rest: what a hook gates must be known while the policy has a fault, or nobody could push the
    /// branch that mends it.
    pub fn read(source: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(source).ok()?;
        let root = yaml::parse(without_mark(text)).ok()?;
        let Value::Map(entries) = &root.value else { return None };
        let Some((_, node)) = entries.iter().find(|(key, _)| key.text == "protects") else {
            return Some(Self::default());
        };
        let branch = |node: &Node<'_>| match &node.value {
            Value::Scalar(text) => Branch::compile(text).ok(),
            _ => None,
        };
        let branches: Option<Vec<Branch>> = match &node.value {
            Value::List(items) => items.iter().map(branch).collect(),
            _ => branch(node).map(|branch| vec![branch]),
        };
        branches.map(Protects)
    }

    /// Whether a ref is one of them: a branch by its short name, or any ref by its full one.
    pub fn matches(&self, git_ref: &str) -> bool {
        let short = git_ref.strip_prefix("refs/heads/");
        let full = |branch: &Branch| branch.source().contains("refs/") && branch.matches(git_ref);
        self.0.iter().any(|branch| full(branch) || short.is_some_and(|short| branch.matches(short)))
    }

    /// The branches, as they were written.
    pub fn sources(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|branch| branch.source().into_owned())
    }
}

impl Default for Protects {
    fn default() -> Self {
        Protects(PROTECTED.iter().map(|branch| Branch::Wildcard((*branch).to_owned())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run_of_characters() {
        for (pattern, yes, no) in [
            ("claude-*", "claude-opus-4", "gpt-5"),
            ("*opus*", "claude opus 4.6", "sonnet"),
            ("gpt-5", "gpt-5", "gpt-5.5"),
            ("*-mini", "gpt-5-mini", "gpt-5-mini-x"),
            ("a*b*c", "axxbxxc", "axxcxxb"),
            ("a*b*bc", "abbc", "abc"),
        ] {
            assert!(wildcard(pattern, yes), "{pattern} {yes}");
            assert!(!wildcard(pattern, no), "{pattern} {no}");
        }
        assert!(wildcard("*", ""));
    }

    #[test]
    fn what_a_policy_protects() {
        for (policy, git_ref, protected) in [
            ("name: x", "refs/heads/main", true),
            ("name: x", "refs/heads/release/1.2", true),
            ("name: x", "refs/heads/feature", false),
            ("name: x", "refs/tags/main", false),
            ("protects: [prod, \"stable/*\"]", "refs/heads/prod", true),
            ("protects: [prod, \"stable/*\"]", "refs/heads/stable/1", true),
            ("protects: [prod, \"stable/*\"]", "refs/heads/main", false),
            ("protects: [prod]", "refs/heads/feature/prod", false),
            ("protects: prod", "refs/heads/prod", true),
            ("protects: [\"*\"]", "refs/heads/anything", true),
            ("protects: [\"*\"]", "refs/tags/v1", false),
            ("protects: [\"refs/tags/v*\"]", "refs/tags/v1", true),
            ("protects: [\"re:^(prod|main)$\"]", "refs/heads/prod", true),
            ("protects: []", "refs/heads/main", false),
            // A fault elsewhere takes no protection away.
            ("protects: [prod]\nruels: 1", "refs/heads/prod", true),
        ] {
            assert_eq!(
                Protects::read(policy.as_bytes()).unwrap().matches(git_ref),
                protected,
                "{policy} {git_ref}"
            );
        }
        for policy in ["", "a: [", "protects: { a: b }", "protects: [\"re:(\"]"] {
            assert!(Protects::read(policy.as_bytes()).is_none(), "{policy}");
        }
    }
}
