//! From YAML to a policy: every key known, every fault with its place, the likely key named.

mod cases;
mod extends;
mod faults;
mod options;
mod people;
mod predicates;
mod rules;
mod warnings;

use extends::{added, taken};
pub use faults::likely;
use faults::{Faults, choice, compiled, map, prose, word};

use super::cases::Case;
use super::yaml::{self, Node, Place};
use super::{Branch, Draft, Options, Otherwise, Policy, Reading};
use crate::limits;
use crate::model::{Diagnostic, Enforce, LONE_RETURN, Severity, lone_return, without_mark};

/// A document that is read as a policy, alone and on top of another: its YAML is read once.
pub(crate) struct Source<'s> {
    lines: Vec<&'s str>,
    /// None where the document is no YAML.
    root: Option<Node<'s>>,
    /// What is wrong with it whatever it says.
    diagnostics: Vec<Diagnostic>,
}

impl<'s> Source<'s> {
    /// Reads the YAML.
    pub fn of(bytes: &'s [u8]) -> Self {
        let mut faults = Faults::default();
        let root = parsed(bytes, &mut faults);
        Source { lines: faults.lines, root, diagnostics: faults.diagnostics }
    }

    /// Reads a policy, on top of the one that it extends. Where that one is not here, what it defines is not checked, and
    /// the policy is not to be used.
    pub fn read(&self, base: Option<&Policy>) -> Reading {
        self.read_as(&mut |root, faults| policy(root, base, faults))
    }

    /// Reads a policy as [`Source::read`] does, and warns of what is valid and probably not meant, and of what the CODEOWNERS
    /// beside it holds that no forge would read.
    pub fn check(&self, base: Option<&Policy>, owners: Option<&str>) -> Reading {
        self.read_as(&mut |root, faults| {
            let policy = policy(root, base, faults)?;
            warnings::warn(&policy, owners, root, faults);
            Some(policy)
        })
    }

    /// Reads a host's own file of who may break the glass, with `people` and `break-glass`, into a policy without rules.
    pub fn read_glass(&self) -> Reading {
        self.read_as(&mut glass)
    }

    /// Reads the cases of a policy: those that can be read, and what is wrong with the rest.
    pub fn cases(&self) -> (Vec<Case>, Vec<Diagnostic>) {
        let mut all = Vec::new();
        let read = &mut |root: &Node<'_>, faults: &mut Faults<'_>| {
            all = cases::cases(root, faults).unwrap_or_default()
        };
        let diagnostics = self.diagnose(read);
        (all, diagnostics)
    }

    fn read_as(&self, read: &mut dyn FnMut(&Node<'_>, &mut Faults<'_>) -> Option<Policy>) -> Reading {
        let mut policy = None;
        let diagnostics = self.diagnose(&mut |root, faults| policy = read(root, faults));
        let broken = diagnostics.iter().any(|d| d.severity == Severity::Error);
        Reading { policy: policy.filter(|_| !broken), diagnostics }
    }

    /// What is wrong with the document, as YAML and by what it says.
    fn diagnose(&self, read: &mut dyn FnMut(&Node<'_>, &mut Faults<'_>)) -> Vec<Diagnostic> {
        let (lines, diagnostics) = (self.lines.clone(), self.diagnostics.clone());
        let mut faults = Faults { lines, diagnostics, ..Faults::default() };
        if let Some(root) = &self.root {
            read(root, &mut faults);
        }
        faults.diagnostics
    }
}

fn parsed<'s>(bytes: &'s [u8], faults: &mut Faults<'s>) -> Option<Node<'s>> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => without_mark(text),
        Err(e) => {
            let before = bytes.get(..e.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
            faults.error(Place { line, column: 1, length: 1 }, "not UTF-8");
            return None;
        }
    };
    if text.len() > limits::POLICY_BYTES {
        faults.error(
            Place { line: 1, column: 1, length: 1 },
            &format!("the file has more than {} bytes", limits::POLICY_BYTES),
        );
        return None;
    }
    faults.lines = text.lines().collect();
    if let Some(line) = lone_return(text.as_bytes()) {
        let source = faults.lines.get(line - 1).copied().unwrap_or_default();
        let column = source.chars().take_while(|c| *c != '\r').count() + 1;
        faults.error(Place { line, column, length: 1 }, &format!("here stands {LONE_RETURN}"));
    }
    match yaml::parse(text) {
        Ok(root) => Some(root),
        Err(fault) => {
            faults.add(Severity::Error, fault.place, fault.message, fault.help.map(str::to_owned));
            None
        }
    }
}

fn glass(root: &Node<'_>, faults: &mut Faults<'_>) -> Option<Policy> {
    const KEYS: &[&str] = &["countersign", "name", "people", "identities", "break-glass"];
    let mut policy = Policy { name: "break-glass".to_owned(), ..extends::start(None) };
    let mut glass = None;
    for (key, node) in map(root, "a file of who may break the glass", faults)? {
        match key.text.as_ref() {
            "countersign" => version(node, faults),
            "name" => policy.name = word(node, "`name`", faults).unwrap_or_default().to_owned(),
            "people" => policy.people = people::people(node, faults),
            "identities" => policy.identities = people::identities(node, faults),
            "break-glass" => glass = Some(node),
            _ => faults.unknown_key(key, KEYS),
        }
    }
    match glass {
        Some(node) => {
            policy.break_glass = options::break_glass(node, &Options::default(), &policy, faults);
            // Which commits are nobody's work is the policy's to say.
            if policy
                .break_glass
                .as_ref()
                .is_some_and(|glass| glass.options.ignore != Options::default().ignore)
            {
                faults.error(node.place, "no commits are ignored here: leave that to the policy");
            }
        }
        None => faults.error_with_help(
            root.place,
            "the key `break-glass` is missing",
            "write `break-glass: { by: NAME }`, with a NAME of `people`",
        ),
    }
    policy.give_ids(&faults.ids);
    Some(policy)
}

fn version(node: &Node<'_>, faults: &mut Faults<'_>) {
    if word(node, "`countersign`", faults).is_some_and(|version| version != "1") {
        faults.error_with_help(
            node.place,
            "this module reads version 1 of the policy language",
            "write `countersign: 1`",
        );
    }
}

fn policy(root: &Node<'_>, base: Option<&Policy>, faults: &mut Faults<'_>) -> Option<Policy> {
    const KEYS: &[&str] = &[
        "countersign",
        "name",
        "description",
        "extends",
        "repository",
        "protects",
        "enforce",
        "otherwise",
        "draft",
        "people",
        "identities",
        "provenance",
        "questions",
        "codeowners",
        "levels",
        "options",
        "veto",
        "break-glass",
        "rules",
        "require",
    ];
    let entries = map(root, "a policy", faults)?;
    let extends = extends::extends(entries, faults);
    let base = base.filter(|_| extends.is_some());
    extends::one_level(base, entries, faults);
    faults.names_elsewhere = extends.is_some() && base.is_none();
    faults.ids = base.map(Policy::ids).unwrap_or_default();
    let mut policy = Policy { extends, ..extends::start(base) };
    // What names other parts is read once those are known, in whatever order they stand.
    let (mut rules, mut options, mut veto, mut require) = (None, None, None, None);
    let mut break_glass = None;
    let mut mistyped = false;
    for (key, node) in entries {
        match key.text.as_ref() {
            "repository" | "identities" | "break-glass" | "provenance" if extends::says(base, &key.text) => {
                extends::misplaced(key, faults);
            }
            "countersign" => version(node, faults),
            "name" => policy.name = word(node, "`name`", faults).unwrap_or_default().to_owned(),
            "description" => {
                prose(node, "`description`", faults);
            }
            "repository" => policy.repository = word(node, "`repository`", faults).map(str::to_owned),
            "protects" => {
                compiled(node, "`protects`", faults, Branch::compile);
            }
            "enforce" => {
                policy.enforce = choice(node, "`enforce`", Enforce::WORDS, faults).unwrap_or_default()
            }
            "otherwise" => {
                let choices = [("pass", Otherwise::Pass), ("block", Otherwise::Block)];
                policy.otherwise = choice(node, "`otherwise`", &choices, faults);
            }
            "draft" => {
                let choices = [("block", Draft::Block), ("evaluate", Draft::Evaluate)];
                policy.draft = choice(node, "`draft`", &choices, faults).unwrap_or_default();
            }
            "extends" => {}
            "people" => {
                let own = people::people(node, faults);
                policy.people = added(base.map(|base| &base.people), own, node, faults);
            }
            "identities" => policy.identities = people::identities(node, faults),
            "provenance" => policy.tools.extend(people::provenance(node, faults)),
            "questions" => {
                let own = people::questions(node, faults);
                policy.questions = added(base.map(|base| &base.questions), own, node, faults);
            }
            "codeowners" | "levels" | "veto" if extends::says(base, &key.text) => taken(key, faults),
            "codeowners" => policy.codeowners = people::codeowners(node, faults),
            "levels" => policy.levels = predicates::levels(node, faults),
            "options" => options = Some(node),
            "veto" => veto = Some(node),
            "break-glass" => break_glass = Some(node),
            "rules" => rules = Some(node),
            "require" => require = Some(node),
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
        (
            "rules",
            rules.is_some() || policy.extends.is_some(),
            "a policy without rules would let everything pass",
        ),
    ] {
        // A key that was mistyped is not missing too.
        if !present && !mistyped {
            faults.error_with_help(root.place, &format!("the key `{key}` is missing"), help);
        }
    }
    if let Some(node) = options {
        policy.defaults = options::options(node, &policy.defaults, &policy, faults);
    }
    let defaults = policy.defaults.clone();
    if let Some(node) = veto {
        policy.veto = options::veto(node, &defaults, &policy, faults);
    }
    if let Some(node) = break_glass {
        policy.break_glass = options::break_glass(node, &defaults, &policy, faults);
    }
    if let Some(node) = rules {
        rules::rules(node, &defaults, &mut policy, faults);
    }
    policy.require = require.and_then(|node| rules::combination(node, &policy, faults));
    if let (Some(node), Some(combination)) = (require, &policy.require) {
        rules::warn_of_unnamed(node, combination, &policy, faults);
    }
    if let Some(base) = base {
        extends::tighten(&mut policy, base, root, faults);
    }
    policy.give_ids(&faults.ids);
    Some(policy)
}
