//! From the rules to the outcome, and one line that says it.

use super::predicates::{Settled, count};
use super::{NO_POLICY, moves};
use crate::change::Judged;
use crate::model::{Outcome, Request, RuleCode, RuleResult, RuleState};
use crate::policy::{Combination, Otherwise, Policy};

/// Gaps that the line names; the rules have all.
const GAPS: usize = 8;

/// A rule's result, and whether only a push can change that it does not apply.
pub(super) type Judgement = (RuleResult, Settled);

/// What a combination of rules comes to. What does not apply drops out; a rule that is only observed never applies.
fn combine(combination: &Combination, rules: &[Judgement]) -> RuleState {
    let states = |parts: &[Combination]| parts.iter().map(|part| combine(part, rules)).collect::<Vec<_>>();
    match combination {
        Combination::Rule(at) => match rules.get(*at) {
            Some((rule, _)) if !rule.observed => rule.state,
            _ => RuleState::Skipped,
        },
        Combination::All(parts) => {
            let order = [RuleState::Pending, RuleState::Overridden, RuleState::Satisfied];
            first_of(&states(parts), &order)
        }
        Combination::Any(parts) => {
            let order = [RuleState::Satisfied, RuleState::Overridden, RuleState::Pending];
            first_of(&states(parts), &order)
        }
    }
}

fn first_of(states: &[RuleState], order: &[RuleState]) -> RuleState {
    order.iter().copied().find(|state| states.contains(state)).unwrap_or(RuleState::Skipped)
}

/// What all rules that must be satisfied come to.
pub(super) fn combined(policy: &Policy, rules: &[Judgement]) -> RuleState {
    let all = Combination::of_all(0..rules.len());
    combine(policy.require.as_ref().unwrap_or(&all), rules)
}

/// The outcome of all rules, and one line that says it. What stands `apart` holds the change whatever the rules come to.
pub(super) fn conclude(
    request: &Request<'_>,
    policy: Option<&Policy>,
    judged: &Judged<'_, '_>,
    apart: &[Option<RuleResult>; 2],
    glass: Option<&RuleResult>,
    rules: &[Judgement],
) -> (Outcome, String) {
    let (outcome, headline) = weigh(request, policy, judged, apart, rules);
    let mut all = rules.iter().map(|(rule, _)| rule).chain(apart.iter().flatten());
    let overrules = all.any(|rule| rule.code == RuleCode::BreakGlass) || !outcome.passes();
    // Who breaks the glass answers for one head, and a merge that holds something else is not that.
    let doubtful = request.change.as_ref().is_some_and(moves::is_doubtful);
    match glass.and_then(|glass| glass.overridden.as_ref()) {
        Some(overridden) if overrules && !doubtful => {
            (Outcome::Approved, format!("Passes, the glass was broken {}", overridden.sentence()))
        }
        _ => (outcome, headline),
    }
}

fn weigh(
    request: &Request<'_>,
    policy: Option<&Policy>,
    judged: &Judged<'_, '_>,
    apart: &[Option<RuleResult>; 2],
    rules: &[Judgement],
) -> (Outcome, String) {
    let Some(policy) = policy else {
        if request.trigger.require_policy {
            return (Outcome::Pending, format!("Blocked: {NO_POLICY}"));
        }
        return (Outcome::NotApplicable, "The target has no policy, so nothing is required".to_owned());
    };
    let combined = combined(policy, rules);
    let in_state = |state| {
        let rules = apart.iter().flatten().chain(rules.iter().map(|(rule, _)| rule));
        rules.filter(move |rule| rule.state == state && !rule.observed)
    };
    let names =
        |state| in_state(state).map(|rule| format!("\"{}\"", rule.name)).collect::<Vec<_>>().join(", ");
    let missing = |state| {
        let mut all: Vec<&str> = Vec::new();
        // What a rule that denies would ask for besides is not why it does.
        let each = if state == RuleState::Denied { 1 } else { usize::MAX };
        for what in in_state(state).flat_map(|rule| rule.missing.iter().take(each)) {
            if !all.contains(&what.as_str()) {
                all.push(what);
            }
        }
        let more = all.len().saturating_sub(GAPS);
        all.truncate(GAPS);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        if all.is_empty() { String::new() } else { format!(": {}{more}", all.join("; ")) }
    };
    if let Some(stopped) = request.change.as_ref().and_then(moves::stops) {
        return stopped;
    }
    if in_state(RuleState::Denied).next().is_some() {
        return (
            Outcome::Denied,
            format!("Denied by {}{}", names(RuleState::Denied), missing(RuleState::Denied)),
        );
    }
    if let Some(why) = request.change.as_ref().and_then(|change| moves::unsettled(request, change)) {
        return (Outcome::Pending, why);
    }
    let pending = in_state(RuleState::Pending).count();
    let held = |rule: &RuleResult| rule.state == RuleState::Pending && !rule.observed;
    if combined == RuleState::Pending || apart.iter().flatten().any(held) {
        let still = if pending == 1 { "is" } else { "are" };
        return (
            Outcome::Pending,
            format!(
                "Blocked: {} {still} not satisfied{}",
                names(RuleState::Pending),
                missing(RuleState::Pending)
            ),
        );
    }
    let nothing_to_judge = judged.own.is_empty() && judged.result.is_empty() && judged.incomplete.is_none();
    if let Some(base) = policy.base.as_ref().filter(|_| !nothing_to_judge) {
        let own = rules.get(..base.rules).unwrap_or_default();
        let all = Combination::of_all(0..own.len());
        let applies = combine(base.require.as_ref().unwrap_or(&all), own) != RuleState::Skipped;
        if let Some(why) =
            uncovered("no rule of the policy that this one extends", base.otherwise, own).filter(|_| !applies)
        {
            return (Outcome::Pending, why);
        }
    }
    if combined == RuleState::Overridden {
        let overridden = in_state(RuleState::Overridden)
            .filter_map(|rule| Some(format!("\"{}\" {}", rule.name, rule.overridden.as_ref()?.sentence())));
        let overridden: Vec<String> = overridden.collect();
        return (Outcome::Approved, format!("Passes, overridden: {}", overridden.join("; ")));
    }
    if combined == RuleState::Satisfied {
        let satisfied = in_state(RuleState::Satisfied).count();
        let each = if satisfied == 1 { "the rule that applies is" } else { "each rule that applies is" };
        return (Outcome::Approved, format!("Approved: {each} satisfied ({})", names(RuleState::Satisfied)));
    }
    if nothing_to_judge {
        return (
            Outcome::NotApplicable,
            "There is nothing to judge: the target already holds the head".to_owned(),
        );
    }
    match uncovered("no rule", policy.otherwise, rules) {
        Some(why) => (Outcome::Pending, why),
        None => (Outcome::NotApplicable, format!("Passes: none of {} applies", count(rules.len(), "rule"))),
    }
}

/// Why a change waits to which `none` of these rules applies.
fn uncovered(none: &str, otherwise: Option<Otherwise>, rules: &[Judgement]) -> Option<String> {
    let open = || rules.iter().any(|(rule, settled)| !rule.observed && *settled == Settled::No);
    match otherwise {
        Some(Otherwise::Block) => {
            Some(format!("Blocked: {none} applies, and the policy says `otherwise: block`"))
        }
        None if open() => Some(format!(
            "Blocked: {none} applies as things are, and what keeps one from applying can still change"
        )),
        _ => None,
    }
}
