//! Which facts a policy needs that a request lacks, so that a host fetches no more.

use super::bundle::{self, Found};
use super::{elsewhere, moves, predicates, subject_of};
use crate::Error;
use crate::limits::Steps;
use crate::model::{
    API_VERSION, ActCode, ActKind, Document, Fact, Needs, ObjectId, Request, Role, Text, WantedDocument,
};
use crate::order::{self, Index};
use crate::policy::{CODE_OWNERS, Draft, Effect, Options, PeopleSet, Policy, Predicate, Stale, UpdateMerges};
use crate::provenance::wanted_checkpoints;
use crate::signoff::Elsewhere;
use crate::signoff::signed::{Signed, Subject, signed};

/// Says what is missing. Hosts ask with the policy, once more for each kind of document that those before it name (what it extends, then
/// owners), and last with all that they know of the change.
pub(crate) fn needs(request: &Request<'_>) -> Result<Needs, Error> {
    let known = |fact: Fact| {
        request.complete.contains(&fact) || request.absent.contains(&fact) || request.missing(fact).is_some()
    };
    // What is not protected, or is a push after all, needs nothing more.
    if let Some(change) = &request.change {
        if moves::holds_signoffs(request, change) {
            let facts = if known(Fact::Files) { Vec::new() } else { vec![Fact::Files] };
            return Ok(answer(facts, Vec::new()));
        }
        let as_push = moves::is_altered(change) == Some(true);
        if as_push
            || moves::shadows(request, change).is_some()
            || moves::unprotected(request, change).is_some()
        {
            return Ok(Needs { as_push, ..answer(Vec::new(), Vec::new()) });
        }
    }
    let mut facts = Vec::new();
    let mut documents = Vec::new();
    let mut groups = Vec::new();
    let mut levels = false;
    let host = bundle::of_host(request).ok().flatten();
    let has_policy = request.documents.iter().any(|document| document.role == Role::Policy);
    match bundle::find(&request.documents) {
        Ok(Found::Nothing) => facts.push(Fact::Documents),
        // An unreadable policy needs nothing more to be refused, but a change may mend it, and the glass may be broken.
        Err(_) if host.is_none() => return Ok(answer(Vec::new(), bundle::wanted_to_mend(request))),
        Err(_) => documents = bundle::wanted_to_mend(request),
        // What the policy asks for shows once the one that it extends is read.
        Ok(Found::Wants(extends)) => {
            documents = vec![WantedDocument {
                role: Role::Extends,
                git_ref: None,
                commit: extends.commit,
                path: extends.path,
            }];
            if host.is_none() {
                return Ok(answer(Vec::new(), documents));
            }
        }
        Ok(Found::Bundle(bundle)) => {
            let policy = &bundle.policy;
            facts = wanted(policy);
            if facts.contains(&Fact::Groups) {
                groups = wanted_groups(policy);
            }
            levels = policy.people.values().any(PeopleSet::is_by_level);
            documents = wanted_lists(policy);
            documents.extend(wanted_owners(policy));
            documents.retain(|wanted| {
                let given = |document: &Document<'_>| {
                    let path = document.path.as_ref().map(|path| path.as_bytes());
                    document.role == wanted.role && path == Some(wanted.path.as_bytes())
                };
                !request.documents.iter().any(given)
            });
            let notes_matter = facts.contains(&Fact::Notes);
            if notes_matter && !known(Fact::Checkpoints) {
                let given = request.documents.iter().filter(|d| d.role == Role::Checkpoint);
                let given = Index::of(given.filter_map(|d| d.path.as_ref()).map(|path| path.as_bytes()));
                for commit in &request.commits {
                    documents.extend(wanted_checkpoints(&commit.message.to_str_lossy()));
                }
                documents.retain(|wanted| {
                    wanted.role != Role::Checkpoint || given.get(wanted.path.as_bytes()).is_none()
                });
                documents = order::by_text(documents, |document| &document.path);
                documents.dedup();
            }
        }
    }
    if let Some(host) = &host {
        wanted_for_glass(&host.policy, &mut facts);
        groups.extend(wanted_groups(&host.policy));
        order::strings(&mut groups);
        levels |= host.policy.people.values().any(PeopleSet::is_by_level);
    }
    // Whoever answers for a merge answers for what merging gives, by whatever policy.
    let merges = request.change.as_ref().is_some_and(|change| change.result.is_some());
    if merges && facts.contains(&Fact::Commits) {
        add(&mut facts, &[Fact::MergeTree]);
    }
    if known(Fact::Groups) {
        groups.clear();
    }
    if request.change.is_none() && has_policy {
        order::insert(&mut facts, Fact::Change);
    }
    let keep = if known(Fact::Acts) { Vec::new() } else { worth_keeping(request)? };
    facts.retain(|fact| !known(*fact));
    levels &= facts.contains(&Fact::People);
    Ok(Needs { groups, levels, keep, ..answer(facts, documents) })
}

fn answer(facts: Vec<Fact>, documents: Vec<WantedDocument>) -> Needs {
    Needs { api_version: API_VERSION.into(), kind: "Needs".into(), facts, documents, ..Needs::default() }
}

/// Statements of one signer, of one kind, that are kept: of each kind the latest replaces those before.
const OF_ONE: usize = 10;

/// Of signed acts those that somebody signed who may, and of many by one signer the latest: what one person heaps up costs
/// nobody else anything. Statements about other changes, which anybody can copy here, take no room of those about this one, and
/// what nothing ties to this change is not kept. A refusal is, where the policy binds approvals to more than the head.
fn worth_keeping(request: &Request<'_>) -> Result<Vec<String>, Error> {
    if request.acts.iter().all(|act| act.kind != ActKind::Signed) {
        return Ok(Vec::new());
    }
    let found = bundle::find(&request.documents).ok();
    let policy = match &found {
        Some(Found::Bundle(bundle)) => Some(&bundle.policy),
        _ => None,
    };
    let name = subject_of(request, policy);
    let own = Index::of(request.commits.iter().map(|commit| commit.sha.as_bytes()));
    let is_own = |head: &ObjectId<'_>| own.get(head.as_bytes()).is_some();
    let subject = Subject { repository: &name, policy_digest: None };
    let signed = signed(request, policy, &subject, None, &Steps::default())?;
    let by_content = policy.is_some_and(|policy| {
        let facts = wanted(policy);
        facts.contains(&Fact::DiffId) || facts.contains(&Fact::MergeTree)
    });
    let mut groups = Vec::new();
    for (at, signed) in signed.iter().enumerate() {
        let Some(Signed { act, fault, .. }) = signed else { continue };
        let verifies = matches!(fault, None | Some(ActCode::OtherChange | ActCode::StalePolicy));
        let place = match &request.change {
            Some(change) => elsewhere(request, act, change, &is_own),
            None => Elsewhere::Once,
        };
        let refuses = by_content && act.kind == ActKind::RequestChanges;
        if place == Elsewhere::Unrelated && !refuses {
            continue;
        }
        let elsewhere = *fault == Some(ActCode::OtherChange) || place != Elsewhere::No;
        let signer = act.actor.email.as_ref().map(Text::to_str_lossy).or(act.actor.login.clone());
        // One without a time may be the latest.
        let age = act.at.map_or(-1, |at| at.seconds_until(request.trigger.now));
        if let (true, Some(signer)) = (verifies, signer) {
            groups.push((format!("{signer} {elsewhere} {}", act.kind.name()), age, at));
        }
    }
    groups.sort_unstable();
    let mut kept = Vec::new();
    for same in groups.chunk_by(|(a, ..), (b, ..)| a == b) {
        let latest = same.iter().take(OF_ONE);
        kept.extend(latest.filter_map(|(_, _, at)| Some(request.acts.get(*at)?.id.to_string())));
    }
    Ok(kept)
}

/// The groups that a policy names, and its CODEOWNERS.
fn wanted_groups(policy: &Policy) -> Vec<String> {
    let file = policy.codeowners.as_ref().and_then(|owners| owners.file.as_ref()?.as_ref().ok());
    let owners = file.into_iter().flat_map(|file| file.entries());
    let owners = owners.flat_map(|entry| entry.owners.groups.iter().chain(&entry.perhaps_groups));
    let mut groups: Vec<String> =
        policy.people.values().flat_map(|set| &set.groups).chain(owners).cloned().collect();
    order::strings(&mut groups);
    groups
}

/// The facts that a policy looks at.
fn wanted(policy: &Policy) -> Vec<Fact> {
    let mut facts = vec![Fact::Commits];
    if policy.draft == Draft::Block {
        add(&mut facts, &[Fact::Text]);
    }
    for rule in &policy.rules {
        for predicate in rule.when.iter().chain(&rule.conditions) {
            look_at(predicate, policy, &mut facts);
        }
        if let Effect::Require(requirements) = &rule.effect {
            add(&mut facts, &[Fact::Acts, Fact::Pushes, Fact::Opener, Fact::Requester]);
            for requirement in requirements {
                look_at_people(&requirement.by, policy, &mut facts);
            }
            look_at_options(&rule.options, policy, &mut facts);
        }
        if !rule.waivable_by.is_empty() {
            add(&mut facts, &[Fact::Acts, Fact::Pushes, Fact::Opener, Fact::Requester]);
            look_at_people(&rule.waivable_by, policy, &mut facts);
            look_at_options(&rule.options, policy, &mut facts);
        }
    }
    wanted_for_glass(policy, &mut facts);
    if let Some(veto) = &policy.veto {
        add(&mut facts, &[Fact::Acts, Fact::Pushes, Fact::Opener, Fact::Requester]);
        look_at_people(&veto.by, policy, &mut facts);
        look_at_options(&veto.options, policy, &mut facts);
        veto.when.iter().for_each(|predicate| look_at(predicate, policy, &mut facts));
    }
    facts
}

fn wanted_for_glass(policy: &Policy, facts: &mut Vec<Fact>) {
    if let Some(glass) = &policy.break_glass {
        add(facts, &[Fact::Commits, Fact::Acts, Fact::Pushes, Fact::Opener, Fact::Requester]);
        look_at_people(&glass.by, policy, facts);
        look_at_options(&glass.options, policy, facts);
    }
}

/// The lists of requirements that a policy names, at the tip of the target.
fn wanted_lists(policy: &Policy) -> Vec<WantedDocument> {
    let wanted =
        |path: String| WantedDocument { role: Role::Requirements, git_ref: None, commit: None, path };
    policy.requirement_lists().into_iter().map(wanted).collect()
}

/// Every place where the target's CODEOWNERS may stand, and every path in it that is only told from an owner where it is
/// looked up.
fn wanted_owners(policy: &Policy) -> Vec<WantedDocument> {
    let Some(owners) = &policy.codeowners else { return Vec::new() };
    let wanted = |path: &str| WantedDocument {
        role: Role::Codeowners,
        git_ref: None,
        commit: None,
        path: path.to_owned(),
    };
    let places = owners.dialect.paths().iter().copied();
    let file = owners.file.as_ref().and_then(|file| file.as_ref().ok());
    let like_owners = file.into_iter().flat_map(|file| file.like_owners());
    places.chain(like_owners.map(|entry| entry.pattern.as_str())).map(wanted).collect()
}

fn look_at_people(sets: &[String], policy: &Policy, facts: &mut Vec<Fact>) {
    add(facts, &[Fact::People]);
    let has_groups = policy.sets(sets).any(|set| !set.groups.is_empty());
    let owners = sets.iter().any(|name| name == CODE_OWNERS);
    let file = policy.codeowners.as_ref().filter(|_| owners).and_then(|owners| owners.file.as_ref());
    let owned_by_groups = file.and_then(|file| file.as_ref().ok()).is_some_and(|file| {
        file.entries().any(|entry| !entry.owners.groups.is_empty() || !entry.perhaps_groups.is_empty())
    });
    if has_groups || owned_by_groups {
        add(facts, &[Fact::Groups]);
    }
    if owners {
        add(facts, &[Fact::Files]);
    }
}

fn look_at_options(options: &Options, policy: &Policy, facts: &mut Vec<Fact>) {
    look_at_people(&options.ignore.commits_by, policy, facts);
    if options.ignore.update_merges == Some(UpdateMerges::Verified) {
        add(facts, &[Fact::AutoMergeTrees]);
    }
    if options.fresh_answers {
        add(facts, &[Fact::History]);
    }
    match options.stale {
        Stale::Diff => add(facts, &[Fact::DiffId]),
        Stale::Tree => add(facts, &[Fact::MergeTree]),
        Stale::Head | Stale::Keep => {}
    }
    if !options.methods.description_patterns.is_empty() {
        add(facts, &[Fact::Text]);
    }
}

fn look_at(predicate: &Predicate, policy: &Policy, facts: &mut Vec<Fact>) {
    add(facts, predicates::facts(predicate));
    match predicate {
        Predicate::All(parts) | Predicate::Any(parts) => {
            parts.iter().for_each(|part| look_at(part, policy, facts));
        }
        Predicate::Not(inner) => look_at(inner, policy, facts),
        Predicate::AuthorIn(sets) | Predicate::ContributorIn(sets) | Predicate::OnlyContributorsIn(sets) => {
            look_at_people(sets, policy, facts);
        }
        _ => {}
    }
}

fn add(facts: &mut Vec<Fact>, more: &[Fact]) {
    more.iter().for_each(|fact| order::insert(facts, *fact));
}
