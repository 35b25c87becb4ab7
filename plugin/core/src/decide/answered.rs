//! Who answers for a change: whoever gave a sign-off that counted, and whoever overrode a rule.

use crate::model::{ActCode, Answerer, Overridden, RuleResult};
use crate::order::Index;

/// An act that counted for a rule, or that overrides it.
struct Given<'d> {
    act: &'d str,
    person: &'d str,
    rule: &'d str,
    overrides: bool,
}

/// Everybody who answers, with each act once, in the order of the rules.
pub(super) fn of(rules: &[RuleResult]) -> Vec<Answerer> {
    let mut all: Vec<Given<'_>> = Vec::new();
    for rule in rules {
        for act in rule.requirements.iter().flat_map(|asked| &asked.acts) {
            if act.code == ActCode::Counted {
                all.push(Given { act: &act.act, person: &act.actor, rule: &rule.name, overrides: false });
            }
        }
        // What overrides is listed among the acts that counted, too.
        if let Some(Overridden { act, by, .. }) = &rule.overridden {
            all.push(Given { act, person: by, rule: &rule.name, overrides: true });
        }
    }
    let index = Index::of(all.iter().map(|given| given.act.as_bytes()));
    let mut answerers = Vec::new();
    for (at, first) in all.iter().enumerate() {
        if index.get(first.act.as_bytes()) != Some(at) {
            continue;
        }
        let mut answerer = Answerer {
            person: first.person.to_owned(),
            act: first.act.to_owned(),
            rules: Vec::new(),
            overrides: false,
        };
        for given in index.all(first.act.as_bytes()).filter_map(|at| all.get(at)) {
            answerer.overrides |= given.overrides;
            // Several requirements of one rule stand side by side.
            if answerer.rules.last().is_none_or(|last| last != given.rule) {
                answerer.rules.push(given.rule.to_owned());
            }
        }
        answerers.push(answerer);
    }
    answerers
}
