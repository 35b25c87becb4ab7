//! Which facts a policy needs that a request lacks, so that a host fetches no more.

use crate::Error;
use crate::model::{API_VERSION, Fact, Needs, Request, Role};
use crate::order::{self, Index};
use crate::policy::{self, Effect, Policy, Predicate};
use crate::provenance::wanted_checkpoints;

/// Says what is missing. Hosts ask at most three times: documents, the facts of the change, what those name.
pub(crate) fn needs(request: &Request<'_>) -> Result<Needs, Error> {
    let known = |fact: Fact| {
        request.complete.contains(&fact)
            || request.absent.contains(&fact)
            || request.unavailable.iter().any(|u| u.fact == fact)
    };
    let mut facts = Vec::new();
    let mut documents = Vec::new();
    let policy = request.documents.iter().find(|document| document.role == Role::Policy);
    match policy {
        None if !known(Fact::Documents) => {
            facts.push(Fact::Documents);
        }
        None => {}
        Some(document) => {
            let Some(policy) = policy::read(document.bytes.as_bytes()).policy else {
                // An unreadable policy needs nothing more to be refused.
                return Ok(answer(Vec::new(), Vec::new()));
            };
            facts = wanted(&policy);
            let notes_matter = facts.contains(&Fact::Notes);
            if notes_matter && !known(Fact::Checkpoints) {
                let given = request.documents.iter().filter(|d| d.role == Role::Checkpoint);
                let given = Index::of(given.filter_map(|d| d.path.as_ref()).map(|path| path.as_bytes()));
                for commit in &request.commits {
                    documents.extend(wanted_checkpoints(&commit.message.to_str_lossy()));
                }
                documents.retain(|wanted| given.get(wanted.path.as_bytes()).is_none());
                documents.sort_unstable_by(|a, b| a.path.cmp(&b.path));
                documents.dedup();
            }
        }
    }
    if request.change.is_none() && policy.is_some() {
        order::insert(&mut facts, Fact::Change);
    }
    facts.retain(|fact| !known(*fact));
    Ok(answer(facts, documents))
}

fn answer(facts: Vec<Fact>, documents: Vec<crate::model::WantedDocument>) -> Needs {
    Needs { api_version: API_VERSION.into(), kind: "Needs".into(), facts, documents }
}

/// The facts that a policy looks at.
fn wanted(policy: &Policy) -> Vec<Fact> {
    let mut facts = vec![Fact::Commits];
    for rule in &policy.rules {
        if let Some(predicate) = &rule.when {
            look_at(predicate, &mut facts);
        }
        if let Effect::Require(requirements) = &rule.effect {
            add(&mut facts, &[Fact::Acts, Fact::People, Fact::Pushes, Fact::Opener, Fact::Requester]);
            let sets = requirements.iter().flat_map(|r| &r.by).filter_map(|name| policy.people.get(name));
            if sets.into_iter().any(|set| !set.groups.is_empty()) {
                add(&mut facts, &[Fact::Groups]);
            }
        }
    }
    facts
}

fn look_at(predicate: &Predicate, facts: &mut Vec<Fact>) {
    match predicate {
        Predicate::All(parts) | Predicate::Any(parts) => parts.iter().for_each(|part| look_at(part, facts)),
        Predicate::Not(inner) => look_at(inner, facts),
        // Traces are tied to a change by its paths.
        Predicate::Ai(_) => add(facts, &[Fact::Notes, Fact::Traces, Fact::Files]),
        Predicate::Paths(_) => add(facts, &[Fact::Files]),
        Predicate::Later(_) => {}
    }
}

fn add(facts: &mut Vec<Fact>, more: &[Fact]) {
    more.iter().for_each(|fact| order::insert(facts, *fact));
}
