//! What an answer must say to be one of the module's, as far as it can be told without deciding anew: a chain that was made anew
//! around an answer that somebody wrote is found here where the answer contradicts itself, or counts what nobody signed for it.

use std::borrow::Cow;

use countersign_core::keys::signed_by;
use countersign_core::model::{
    ActCode, ActVerdict, Answerer, Change, Decision, Enforce, ObjectId, Outcome, Proof, Request, Role,
    RuleState, Signoff, SignoffDecision, Statement, StatusState, Text, read, without_mark,
};
use countersign_core::{answered_by, answerers};
use serde_json::Value;

/// What is wrong with an answer by itself and by its request, as far as that is there; a sentence each.
pub(crate) fn faults(number: u64, decision: &Decision, request: Option<&Request<'_>>) -> Vec<String> {
    let mut found = of_outcome(decision, request);
    found.extend(of_answerers(decision));
    found.extend(of_publication(decision));
    if let Some(request) = request {
        found.extend(counted(decision).filter_map(|act| of_counted(act, request)));
    }
    found.into_iter().map(|what| format!("the answer of entry {number} {what}")).collect()
}

/// The outcome against the rules.
fn of_outcome(decision: &Decision, request: Option<&Request<'_>>) -> Vec<String> {
    let mut found = Vec::new();
    let passes = decision.outcome.passes();
    let rules = || decision.rules.iter().filter(|rule| !rule.observed);
    let first = |state| rules().find(|rule| rule.state == state);
    if let Some(rule) = first(RuleState::Denied).filter(|_| passes) {
        found.push(format!("passes, and its rule \"{}\" denies", rule.name));
    }
    let all_are_required = request.is_some_and(|request| !names_alternatives(request));
    if let Some(rule) = first(RuleState::Pending).filter(|_| passes && all_are_required) {
        found.push(format!("passes, and its rule \"{}\" still waits", rule.name));
    }
    let is_met = |state| matches!(state, RuleState::Satisfied | RuleState::Overridden);
    if decision.outcome == Outcome::Approved && !rules().any(|rule| is_met(rule.state)) {
        found.push("approves, and none of its rules is satisfied".to_owned());
    }
    for rule in rules().filter(|rule| rule.state == RuleState::Satisfied) {
        if rule.requirements.iter().any(|asked| asked.counted < asked.needed) {
            found.push(format!("calls its rule \"{}\" satisfied, and counts too few approvals", rule.name));
        }
    }
    let enforce = decision.policy.as_ref().map_or(Enforce::Block, |policy| policy.enforce);
    if decision.blocks != (enforce == Enforce::Block && !passes) {
        let blocks = if decision.blocks { "blocks" } else { "does not block" };
        found.push(format!("is {} and {blocks}", crate::chain::Verdict::from(decision.outcome)));
    }
    found
}

/// Who answers against the rules.
fn of_answerers(decision: &Decision) -> Option<String> {
    let (said, by_rules) = (answered_by(decision), answerers(&decision.rules));
    let names = |answerers: &[Answerer]| {
        let names: Vec<&str> = answerers.iter().map(|answerer| answerer.person.as_str()).collect();
        if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
    };
    (said != by_rules).then(|| {
        format!(
            "says that {} answers for the change, and by its rules that is {}",
            names(&said),
            names(&by_rules)
        )
    })
}

/// What it tells its host against whether it blocks.
fn of_publication(decision: &Decision) -> Option<String> {
    let said = decision.publication.as_ref()?.status.state;
    let blocks = if decision.blocks { "blocks" } else { "does not block" };
    ((said == StatusState::Success) == decision.blocks)
        .then(|| format!("has its host say {}, and {blocks}", said.name()))
}

/// Whether a policy lets some rules stand for others, or cannot be read for that.
fn names_alternatives(request: &Request<'_>) -> bool {
    policies(request).any(|policy| policy.is_none_or(|policy| !policy["require"].is_null()))
}

/// The policies of a request; none of one that cannot be read.
fn policies(request: &Request<'_>) -> impl Iterator<Item = Option<Value>> {
    let is_policy = |role| matches!(role, Role::Policy | Role::EarlierPolicy | Role::Extends);
    let policies = request.documents.iter().filter(move |document| is_policy(document.role));
    policies.map(|policy| serde_yaml::from_str(without_mark(&policy.bytes.to_str_lossy())).ok())
}

/// The acts that a decision counts because somebody signed them, each once.
fn counted(decision: &Decision) -> impl Iterator<Item = &ActVerdict> {
    let acts = decision.rules.iter().flat_map(|rule| &rule.requirements).flat_map(|asked| &asked.acts);
    let signed = acts.filter(|act| act.code == ActCode::Counted && act.proof == Some(Proof::Signature));
    let mut known: Vec<&str> = Vec::new();
    signed.filter(move |act| {
        let is_new = !known.contains(&act.act.as_str());
        known.push(&act.act);
        is_new
    })
}

/// What is wrong with an act that is counted.
fn of_counted(verdict: &ActVerdict, request: &Request<'_>) -> Option<String> {
    let who = &verdict.actor;
    let Some(act) = request.acts.iter().find(|act| act.id == verdict.act) else {
        return Some(format!("counts a sign-off of {who} that its request does not hold"));
    };
    let (statement, signature) = (act.statement.as_ref()?, act.signature.as_ref().map(Text::to_str_lossy));
    if signed_by(statement.as_bytes(), &signature.unwrap_or(Cow::Borrowed(""))).is_none() {
        return Some(format!("counts a sign-off of {who} whose signature does not hold"));
    }
    let said = read::<Statement>(statement.as_bytes()).ok()?.predicate;
    let approves = matches!(said.decision, SignoffDecision::Approve | SignoffDecision::Waive);
    (approves && !is_about(&said, request)).then(|| {
        format!("counts a sign-off of {who} for another head or target: {} into {}", said.head, said.target)
    })
}

/// Whether a statement is about the change: its target and its head, or what a policy may keep an approval for.
fn is_about(said: &Signoff, request: &Request<'_>) -> bool {
    let Some(change) = &request.change else { return false };
    said.target == change.target && (said.head == change.head.as_str() || is_kept(said, change, request))
}

/// Whether a policy may keep an approval of another head: for its diff, for what merging gives, because the change had that head
/// before, or because what came after it makes nothing stale.
fn is_kept(said: &Signoff, change: &Change<'_>, request: &Request<'_>) -> bool {
    let policies: Vec<Option<Value>> = policies(request).collect();
    let says =
        |word: &str| policies.iter().any(|policy| policy.as_ref().is_none_or(|policy| sets(policy, word)));
    let same = |said: &Option<String>, here: Option<&ObjectId<'_>>| {
        said.is_some() && said.as_deref() == here.map(ObjectId::as_str)
    };
    let commits = request.commits.iter().map(|commit| &commit.sha);
    let recorded = request.pushes.iter().map(|push| &push.head);
    let versions = request.versions.iter().map(|version| &version.head);
    let former = request.former.iter().map(|former| &former.sha);
    let is_known =
        commits.chain(recorded).chain(versions).chain(former).any(|head| head.as_str() == said.head);
    (says("diff") && same(&said.diff_id, change.diff_id.as_ref()))
        || (says("tree") && same(&said.merge_tree, change.merge_tree.as_ref()))
        || ((says("keep") || says("ignore")) && is_known)
}

/// Whether options somewhere in a policy say of stale approvals what this word does.
fn sets(policy: &Value, word: &str) -> bool {
    let options =
        |key: &str, value: &Value| key == "options" && (value["stale"] == word || !value[word].is_null());
    match policy {
        Value::Object(object) => object.iter().any(|(key, value)| options(key, value) || sets(value, word)),
        Value::Array(list) => list.iter().any(|value| sets(value, word)),
        _ => false,
    }
}
