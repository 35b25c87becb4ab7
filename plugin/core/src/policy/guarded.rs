//! Which documents decide about changes, and whether a policy asks anybody when one of them changes.

use super::{Approvals, CODE_OWNERS, Combination, Effect, Policy, Predicate, Requirement, Rule, Which};
use crate::model::Enforce;
use crate::wellknown;

/// What stands at one path in every repository.
const OWN: &[&str] =
    &[wellknown::POLICY, wellknown::ALLOWED_SIGNERS, wellknown::REVOKED_KEYS, wellknown::MAILMAP];

impl Policy {
    /// The documents of the target that decide and that no rule guards: a change of one would be judged as any change.
    pub(super) fn unguarded(&self) -> Vec<String> {
        let mut deciding: Vec<String> = OWN.iter().map(|path| (*path).to_owned()).collect();
        let extended = self.extends.iter().filter(|extends| extends.commit.is_none());
        deciding.extend(extended.map(|extends| extends.path.clone()));
        if let Some(owners) = &self.codeowners {
            deciding.extend(owners.dialect.paths().iter().map(|path| (*path).to_owned()));
        }
        deciding.extend(self.requirement_lists());
        deciding.retain(|path| !self.guards(path));
        crate::order::strings(&mut deciding);
        deciding
    }

    /// Whether a change of a file waits for somebody, whatever else the change is.
    fn guards(&self, path: &str) -> bool {
        let asks: Vec<bool> = self.rules.iter().map(|rule| self.asks_about(rule, path)).collect();
        // What else there is may be satisfied, or not apply.
        let passes = |combination: &Combination| passes(combination, &asks);
        let of_all = Combination::of_all(0..self.rules.len());
        let of_base = self.base.as_ref().is_some_and(|base| {
            let all = Combination::of_all(0..base.rules);
            !passes(base.require.as_ref().unwrap_or(&all))
        });
        of_base || !passes(self.require.as_ref().unwrap_or(&of_all))
    }

    /// Whether a rule asks for somebody, or refuses, whenever this file changes.
    fn asks_about(&self, rule: &Rule, path: &str) -> bool {
        let asks = match &rule.effect {
            Effect::Deny(_) => true,
            Effect::Require(requirements) => requirements.iter().any(|requirement| self.asks(requirement)),
        };
        let applies = rule.when.as_ref().is_none_or(|when| self.holds_for(when, path) == Some(true));
        asks && applies && rule.enforce == Enforce::Block
    }

    /// Whether a requirement asks for somebody whatever changes. A file need not have owners.
    fn asks(&self, requirement: &Requirement) -> bool {
        let blocks = self.codeowners.as_ref().is_some_and(|owners| owners.unowned_blocks);
        requirement.approvals != Approvals::Number(0)
            && (blocks || requirement.by.iter().any(|name| name != CODE_OWNERS))
    }

    /// Whether a predicate holds for every change that changes this file; none where that hangs on something else.
    fn holds_for(&self, predicate: &Predicate, path: &str) -> Option<bool> {
        let each = |parts: &[Predicate], decides: bool| {
            let known: Vec<Option<bool>> = parts.iter().map(|part| self.holds_for(part, path)).collect();
            if known.contains(&Some(decides)) {
                return Some(decides);
            }
            if known.contains(&None) { None } else { Some(!decides) }
        };
        match predicate {
            Predicate::All(parts) => each(parts, false),
            Predicate::Any(parts) => each(parts, true),
            Predicate::Not(inner) => self.holds_for(inner, path).map(|holds| !holds),
            Predicate::Paths(test) => {
                let matches = test.reached_by(path.as_bytes()).is_some();
                match test.which {
                    Which::Changed => matches.then_some(true),
                    Which::None => matches.then_some(false),
                    Which::Only => (!test.matches(path.as_bytes())).then_some(false),
                }
            }
            // The highest level of a change counts, and another file may have a higher one.
            Predicate::Level(names) => {
                let at =
                    self.levels.iter().position(|level| level.paths.reached_by(path.as_bytes()).is_some())?;
                let mut from_top = self.levels.iter().take(at + 1);
                from_top.all(|level| names.contains(&level.name)).then_some(true)
            }
            _ => None,
        }
    }

    /// The lists of requirements that it reads from the target.
    pub fn requirement_lists(&self) -> Vec<String> {
        self.named(|predicate| match predicate {
            Predicate::Requirements(test) => test.list.as_slice(),
            _ => &[],
        })
    }

    /// The tools that its tests of AI name.
    pub fn tools_asked(&self) -> Vec<String> {
        self.named(|predicate| match predicate {
            Predicate::Ai(test) => test.tools.as_slice(),
            _ => &[],
        })
    }

    /// What its tests name, each once.
    fn named(&self, names: impl Fn(&Predicate) -> &[String]) -> Vec<String> {
        fn walk(predicate: &Predicate, names: &dyn Fn(&Predicate) -> &[String], found: &mut Vec<String>) {
            match predicate {
                Predicate::All(parts) | Predicate::Any(parts) => {
                    parts.iter().for_each(|part| walk(part, names, found));
                }
                Predicate::Not(inner) => walk(inner, names, found),
                _ => found.extend_from_slice(names(predicate)),
            }
        }
        let mut found = Vec::new();
        let of_rules = self.rules.iter().flat_map(|rule| rule.when.iter().chain(&rule.conditions));
        for predicate in of_rules.chain(self.veto.iter().flat_map(|veto| &veto.when)) {
            walk(predicate, &names, &mut found);
        }
        crate::order::strings(&mut found);
        found
    }
}

/// Whether a combination is satisfied while the rules that ask are not.
fn passes(combination: &Combination, asks: &[bool]) -> bool {
    match combination {
        Combination::Rule(at) => asks.get(*at) != Some(&true),
        Combination::All(parts) => parts.iter().all(|part| passes(part, asks)),
        Combination::Any(parts) => parts.iter().any(|part| passes(part, asks)),
    }
}
