//! What a host acts on in an answer of `evaluate`, whatever version of the rules gave it. Records of earlier versions do not say all of
//! it, and what follows from the rest of them is the same.

use super::answered;
use crate::Error;
use crate::model::{Answerer, Decision, Publication, RuleResult, RuleState, json, read};

/// Members of a request that are no facts of its change: when it was asked, and on what occasion. Hooks, events and timers ask the same.
pub(crate) const NO_FACTS: [&str; 2] = ["trigger.kind", "trigger.now"];

/// As much of an answer as a host acts on.
#[derive(Default)]
struct Answer {
    publication: Option<Publication>,
    no_facts: Vec<String>,
}

json::object!(Answer {
    "publication" => publication,
    "no_facts" => no_facts,
});

/// What a host does with an answer. One that cannot be read lets nothing pass.
pub fn publication(answer: &[u8]) -> Publication {
    let said = read::<Answer>(answer).ok().and_then(|answer| answer.publication);
    said.unwrap_or_else(|| match read::<Decision>(answer) {
        // What was decided about a change with a number was decided where it is reviewed.
        Ok(decision) => super::publication::of(&decision, decision.change.id.is_some()),
        Err(_) => super::publication::of_error(),
    })
}

/// Who answers for a change, as a decision says.
pub fn answered_by(decision: &Decision) -> Vec<Answerer> {
    if decision.answered_by.is_empty() { answerers(&decision.rules) } else { decision.answered_by.clone() }
}

/// Whether a change passes because somebody answers for a rule that is not satisfied.
pub fn is_overridden(decision: &Decision) -> bool {
    let overridden = |rule: &RuleResult| rule.state == RuleState::Overridden && !rule.observed;
    decision.overridden || (decision.outcome.passes() && decision.rules.iter().any(overridden))
}

/// Who answers for a change, as follows from what became of its rules.
pub fn answerers(rules: &[RuleResult]) -> Vec<Answerer> {
    answered::of(rules)
}

/// The bytes of a request that are facts of its change, in pieces, by what its answer says: where they are the same, the same was asked.
/// Where an answer says nothing of that, all of them are.
///
/// # Errors
/// What is wrong with the request.
pub fn facts<'r>(request: &'r [u8], answer: &[u8]) -> Result<Vec<&'r [u8]>, Error> {
    let no_facts = read::<Answer>(answer).map(|answer| answer.no_facts).unwrap_or_default();
    json::pieces(request, &no_facts).map_err(|e| Error::not_the_document("a request", &e))
}
