//! From facts and policy to a decision.

mod answer;
mod answered;
pub(crate) mod bundle;
pub(crate) mod cases;
mod evidence;
mod moves;
mod needs;
mod notices;
mod outcome;
mod owners;
mod predicates;
mod publication;
mod remedies;
mod rules;
mod signing;
mod skeleton;

use std::cell::LazyCell;

use bundle::Bundle;

pub(crate) use answer::NO_FACTS;
pub use answer::{answered_by, answerers, facts, is_overridden, publication};
pub(crate) use needs::needs;
pub(crate) use publication::of_error;
pub use publication::status_line;
use remedies::SIGN;
pub use remedies::shell_word;
pub use skeleton::skeleton;

use crate::change::Judged;
use crate::limits::{Steps, TEXT_BYTES};
use crate::memory::let_go;
use crate::model::{
    API_VERSION, Act, ActCode, Change, ChangeSummary, Decision, Document, Enforce, Fact, Notice, NoticeCode,
    ObjectId, Outcome, PolicySummary, Proof, Remedy, Request, Role, RuleResult, ToSign, TriggerKind,
};
use crate::order::Index;
use crate::policy::{Effect, Policy};
use crate::provenance::Table;
use crate::signoff::answers::{self, Answer, Question};
use crate::signoff::people::{Directory, PersonId};
use crate::signoff::signed::{self, Signed, Subject, signed};
use crate::signoff::{self, Acts, Elsewhere, Words, overrides};
use crate::{Error, model, order, signals};
use evidence::{provenance_of, summarise};
use notices::{no_signoffs, notices, of_rules};
use outcome::{Judgement, conclude};
use predicates::{Facts, files};
use rules::{RuleContext, RuleOutput, Views};

/// What is said of a target without a policy, where the host requires one.
const NO_POLICY: &str = "the target has no policy, and this gate requires one";

/// Decides, and says what a host does with the decision.
pub(crate) fn decide(request: &Request<'_>) -> Result<Decision, Error> {
    let Some(change) = &request.change else {
        return Err(Error::bad_request("`change` is missing: there is nothing to decide about"));
    };
    let mut decision = about(request, change)?;
    decision.overridden = is_overridden(&decision);
    decision.answered_by = answered::of(&decision.rules);
    decision.publication = Some(publication::of(&decision, reviews(request, change)));
    decision.no_facts = Vec::from(NO_FACTS.map(str::to_owned));
    Ok(decision)
}

/// Decides about a change.
fn about(request: &Request<'_>, change: &Change<'_>) -> Result<Decision, Error> {
    if moves::holds_signoffs(request, change) {
        return Ok(of_move(request, change, moves::of_signoffs(request, change)));
    }
    if let Some(shadows) = moves::shadows(request, change) {
        return Ok(of_move(request, change, shadows));
    }
    if let Some(why) = moves::unprotected(request, change) {
        return Ok(of_move(request, change, (Outcome::NotApplicable, why)));
    }
    let judged = Judged::of(request)?;
    let host = bundle::of_host(request)?;
    let found = bundle::of_request(request);
    let mut decision = among(request, change, &judged, &found, host.as_ref(), None)?;
    if let Some(to_sign) = &request.to_sign {
        let signed = among(request, change, &judged, &found, host.as_ref(), Some(to_sign))?;
        decision.signing = Some(signing::weigh(&decision, signed, to_sign));
    }
    let_go((judged, found, host));
    Ok(decision)
}

/// Decides under the policy that is found, or beside what is lacking; a statement that nobody signed yet counts as signed.
fn among<'a>(
    request: &Request<'a>,
    change: &Change<'a>,
    judged: &Judged<'_, 'a>,
    found: &Result<Option<Bundle<'_, 'a>>, Error>,
    host: Option<&Bundle<'_, 'a>>,
    to_sign: Option<&ToSign<'a>>,
) -> Result<Decision, Error> {
    // Where no policy can decide, whom the host names may still answer for the change.
    let lack = match found {
        Err(fault) => Some(fault.to_string()),
        Ok(None) if request.trigger.require_policy => Some(NO_POLICY.to_owned()),
        Ok(_) => None,
    };
    let found = || found.as_ref().map(Option::as_ref).map_err(Error::clone);
    match (lack, host) {
        (Some(lack), Some(host)) => {
            let decision = under(request, change, judged, Some(host), None, Some(lack), to_sign)?;
            // Beside what lacks stands the glass, if anybody tried to break it; else the answer is what it is without.
            let tried = decision.rules.len() > 1;
            if tried { Ok(decision) } else { under(request, change, judged, found()?, None, None, to_sign) }
        }
        (_, host) => under(request, change, judged, found()?, host, None, to_sign),
    }
}

/// Decides under one policy. Beside it the host may say who breaks the glass, and what lacks is one more rule that is open.
fn under<'r, 'a>(
    request: &'r Request<'a>,
    change: &'r Change<'a>,
    judged: &Judged<'r, 'a>,
    bundle: Option<&Bundle<'_, 'a>>,
    host: Option<&Bundle<'_, 'a>>,
    lack: Option<String>,
    to_sign: Option<&'r ToSign<'a>>,
) -> Result<Decision, Error> {
    let policy = bundle.map(|bundle| &bundle.policy);
    let table = table(policy);
    let steps = Steps::default();
    let (findings, co_authors) = provenance_of(request, judged, &table, &steps)?;
    let mut directory = Directory::of(request, [policy, host.map(|host| &host.policy)], &table);
    let views = Views::of(policy, request, judged, &co_authors, &table, &mut directory, &steps)?;

    let subject_name = subject_of(request, policy);
    let subject = Subject {
        repository: &subject_name,
        policy_digest: bundle.and_then(|bundle| bundle.digest.as_deref()),
    };
    let signed = signed(request, policy, &subject, to_sign, &steps)?;
    let description = signoff::description(change);
    let verified = request.acts.iter().zip(&signed).map(|(act, signed)| match signed {
        Some(signed) => &signed.act,
        None => act,
    });
    let unsigned = signed.get(request.acts.len()).and_then(Option::as_ref).map(|unsigned| &unsigned.act);
    let list: Vec<&Act<'_>> = verified.chain(unsigned).chain(&description).collect();
    let also = |at: usize| signed.get(at).and_then(Option::as_ref).map(|signed| signed.also.as_slice());
    let mut actors = Vec::with_capacity(list.len());
    for (at, act) in list.iter().enumerate() {
        let mut actor = match act.proof {
            Proof::Forge if also(at).is_none() => directory.all_of(&act.actor),
            _ => directory.all_named(&act.actor),
        };
        // A key of several people may have been used by each of them.
        for account in also(at).unwrap_or_default() {
            directory.all_named(account).into_iter().for_each(|person| order::insert(&mut actor, person));
        }
        // Whoever dismissed something is somebody, named elsewhere or not.
        act.dismissed.iter().filter_map(|edit| edit.by.as_ref()).for_each(|by| drop(directory.all_of(by)));
        actors.push(actor);
    }
    let able = if reviews(request, change) { None } else { able(request, policy, &mut directory) };
    // Only a signed act may be about other commits.
    let own = LazyCell::new(|| Index::of(judged.own.iter().map(|commit| commit.sha.as_bytes())));
    let is_own = |head: &ObjectId<'_>| own.get(head.as_bytes()).is_some();
    let words: Vec<Words<'_>> = list.iter().map(|act| Words::of(act)).collect();
    let bytes: u64 = words.iter().map(|words| words.text().len() as u64).sum();
    steps.take(bytes / TEXT_BYTES)?;
    let acts = Acts {
        actors,
        bytes,
        answers: answers_of(&words, policy),
        description: description.is_some(),
        faults: list.iter().enumerate().map(|(at, act)| unproved(request, act, signed.get(at))).collect(),
        whys: signed.iter().map(|signed| signed.as_ref()?.why.clone()).collect(),
        elsewhere: list.iter().map(|act| elsewhere(request, act, change, &is_own)).collect(),
        override_something: list.iter().zip(&words).any(|(act, words)| overrides::is_one(act, words)),
        words,
        list,
    };
    let shown = signals::signals(&request.files, &steps)?;
    let mut said = RuleOutput::default();
    let (mut rules, mut apart, mut glass, mut stray) = (Vec::new(), [None, None], None, None);
    if let Some(policy) = policy {
        let paths = files::index(&request.files);
        let facts = Facts {
            request,
            judged,
            paths: &paths,
            findings: &findings,
            signals: &shown,
            steps: &steps,
            policy,
            directory: &directory,
            contributors: &views.all,
        };
        let context =
            RuleContext { facts: &facts, change, views: &views, acts: &acts, able: able.as_deref() };
        rules.extend(lack.map(rules::lacking));
        for rule in &policy.rules {
            rules.push(context.rule(rule, &mut said)?);
        }
        let veto = policy.veto.as_ref().map(|veto| context.veto(veto, &mut said)).transpose()?;
        apart = [veto, context.held_draft(&rules)];
        said.facts.extend(context.ready());
        match (&policy.break_glass, host) {
            (Some(break_glass), _) => {
                glass = context.break_glass(break_glass, each(&mut rules, &mut apart))?
            }
            (None, Some(_)) => {}
            (None, None) => glass = context.no_glass()?,
        }
        stray = context.stray_waivers()?;
        let stands = glass.as_ref().is_some_and(|glass| glass.overridden.is_some());
        if let Some(host) = host.filter(|_| !stands)
            && let Some(break_glass) = &host.policy.break_glass
        {
            let facts = Facts { policy: &host.policy, ..facts };
            let context = RuleContext { facts: &facts, ..context };
            let of_host = context.break_glass(break_glass, each(&mut rules, &mut apart))?;
            glass = match (glass, of_host) {
                (Some(own), Some(mut of_host)) => {
                    of_host.requirements.splice(0..0, own.requirements);
                    Some(of_host)
                }
                (own, of_host) => of_host.or(own),
            };
        }
    }
    let (outcome, headline) = conclude(request, policy, judged, &apart, glass.as_ref(), &rules);
    let RuleOutput { remedies, lifts, facts, mut claimed, unanswered } = said;
    let broken = glass.as_ref().is_some_and(|glass| glass.overridden.is_some());
    let alternatives = policy.is_some_and(|policy| policy.require.is_some()) && outcome != Outcome::Denied;
    let remedies = match () {
        () if broken => Vec::new(),
        // Where nothing that somebody signs lets the change pass, nobody is asked to sign.
        () if !lifts.is_empty() && !alternatives => lifts,
        () => [lifts, remedies, facts].concat(),
    };
    let unsettled = || moves::unsettled(request, change).filter(|_| outcome == Outcome::Pending);
    let stopped = moves::stops(change).map(|(_, why)| why).or_else(unsettled);
    let remedies = match stopped {
        Some(why) if !outcome.passes() => vec![remedies::of_no_rule(policy, Some(&why), &headline)],
        _ if remedies.is_empty() && !outcome.passes() => vec![remedies::of_no_rule(policy, None, &headline)],
        _ => remedies,
    };
    let [veto, draft] = apart;
    let apart = veto.into_iter().chain(glass).chain(draft).chain(stray);
    let rules: Vec<RuleResult> = apart.chain(rules.into_iter().map(|(rule, _)| rule)).collect();

    let enforce = policy.map_or(Enforce::Block, |policy| policy.enforce);
    let provenance = summarise(findings);
    let mut notices = notices(
        request,
        policy,
        bundle.map(|bundle| bundle.document),
        &directory,
        &views.all.taken_for,
        &provenance,
        judged.all().count(),
    );
    order::strings(&mut claimed);
    for who in claimed {
        let message =
            format!("the sign-off of {who} rests on the word of whoever gave the file; nothing signs it");
        order::insert(&mut notices, Notice { code: NoticeCode::ClaimedProof, message });
    }
    // What somebody may have signed elsewhere matters where anybody is asked to sign.
    let signs = |remedy: &Remedy| remedy.command.as_ref().is_some_and(|command| command.starts_with(SIGN));
    if request.absent.contains(&Fact::Signoffs) && able.is_some() && remedies.iter().any(signs) {
        order::insert(&mut notices, no_signoffs(change));
    }
    of_rules(&rules).into_iter().for_each(|notice| order::insert(&mut notices, notice));
    let decision = Decision {
        api_version: API_VERSION.into(),
        kind: "Decision".into(),
        outcome,
        blocks: enforce == Enforce::Block && !outcome.passes(),
        headline,
        policy: bundle.map(|bundle| PolicySummary {
            name: bundle.policy.name.clone(),
            origin: origin(bundle.document),
            path: bundle.document.path.as_ref().map(|path| path.to_str_lossy().into_owned()),
            digest: bundle.digest.clone(),
            enforce,
            untrusted: bundle.document.untrusted,
            documents: bundle.documents().into_iter().chain(host.map(Bundle::document)).collect(),
        }),
        change: ChangeSummary {
            repository: repository(request, policy),
            subject: subject_name,
            id: change.id.as_ref().map(|id| id.to_string()),
            target: change.target.to_string(),
            base_tip: change.base_tip.to_string(),
            head: change.head.to_string(),
            commits: judged.own.len(),
            files: request.files.len(),
        },
        rules,
        provenance,
        signals: shown,
        contributors: views.all.list(&directory, |person| is_barred(policy, &views, person)),
        overridden: false,
        answered_by: Vec::new(),
        remedies,
        notices,
        publication: None,
        no_facts: Vec::new(),
        signing: unsigned
            .map(|act| {
                let actor = acts.actors.get(request.acts.len()).map(Vec::as_slice).unwrap_or_default();
                signing::begin(request, policy, &directory, (act.kind, actor), unanswered, &steps)
            })
            .transpose()?,
    };
    let_go((acts, views, directory));
    let_go(table);
    Ok(decision)
}

/// Every result that somebody can answer for.
fn each<'x>(
    rules: &'x mut [Judgement],
    apart: &'x mut [Option<RuleResult>; 2],
) -> impl Iterator<Item = &'x mut RuleResult> {
    rules.iter_mut().map(|(rule, _)| rule).chain(apart.iter_mut().flatten())
}

/// The decision about a ref of which no policy is asked.
fn of_move(request: &Request<'_>, change: &Change<'_>, (outcome, headline): (Outcome, String)) -> Decision {
    let stopped = (!outcome.passes()).then(|| remedies::of_no_rule(None, Some(&headline), &headline));
    Decision {
        remedies: stopped.into_iter().collect(),
        api_version: API_VERSION.into(),
        kind: "Decision".into(),
        outcome,
        blocks: !outcome.passes(),
        headline,
        change: ChangeSummary {
            repository: repository(request, None),
            subject: subject_of(request, None),
            id: change.id.as_ref().map(|id| id.to_string()),
            target: change.target.to_string(),
            base_tip: change.base_tip.to_string(),
            head: change.head.to_string(),
            ..ChangeSummary::default()
        },
        ..Decision::default()
    }
}

/// Where a document was read, for a person.
fn origin(document: &Document<'_>) -> String {
    let path = document.path.as_ref().map(|path| path.to_str_lossy().into_owned());
    let at = document.commit.as_ref().map(|commit| commit.short().to_owned());
    match (&document.git_ref, at, path) {
        (Some(git_ref), Some(at), Some(path)) => format!("{path} at {git_ref} ({at})"),
        (Some(git_ref), None, Some(path)) => format!("{path} at {git_ref}"),
        (None, Some(at), Some(path)) => format!("{path} at {at}"),
        (_, _, Some(path)) => path,
        _ => document.source.to_string(),
    }
}

fn repository(request: &Request<'_>, policy: Option<&Policy>) -> String {
    let stated = request.change.as_ref().map(|change| &change.repository);
    policy
        .and_then(|policy| policy.repository.clone())
        .or_else(|| stated.and_then(|r| r.name.as_ref()).map(|name| name.to_string()))
        .or_else(|| stated.and_then(|r| r.id.as_ref()).map(|id| id.to_string()))
        .unwrap_or_else(|| "unnamed".to_owned())
}

/// What a signed sign-off calls the repository: what is the same in every clone.
fn subject_of(request: &Request<'_>, policy: Option<&Policy>) -> String {
    let stated = request.change.as_ref().map(|change| &change.repository);
    let id = stated.and_then(|repository| repository.id.as_ref());
    let name = stated.and_then(|repository| repository.name.as_ref());
    let named = policy.and_then(|policy| policy.repository.clone());
    named.or_else(|| id.or(name).map(|name| name.to_string())).unwrap_or_default()
}

/// The table of tools, with what the policy adds.
pub(crate) fn table(policy: Option<&Policy>) -> Table {
    Table { extra: policy.map(|policy| policy.tools.clone()).unwrap_or_default() }
}

/// Why nobody proved to have said it.
fn unproved(request: &Request<'_>, act: &Act<'_>, signed: Option<&Option<Signed<'_>>>) -> Option<ActCode> {
    match (act.proof, signed.and_then(Option::as_ref)) {
        (_, Some(signed)) => signed.fault,
        (Proof::Forge, None) => None,
        // A person gave the file by hand, to this one call.
        (Proof::Claimed, None) if request.trigger.kind == TriggerKind::Check => None,
        (Proof::Claimed | Proof::Signature, None) => Some(ActCode::Unauthenticated),
    }
}

/// Whether an act says itself that it is about another change. Without a forge a change is its target and its commits; a commit
/// that is none of them may have been its head before: by the platform's record, by the diff or the tree that merging it gave,
/// or by its author and the time of writing, which an amend and a rebase keep.
fn elsewhere(
    request: &Request<'_>,
    act: &Act<'_>,
    change: &Change<'_>,
    is_own: &dyn Fn(&ObjectId<'_>) -> bool,
) -> Elsewhere {
    let stray = act.head.as_ref().filter(|head| {
        act.proof == Proof::Signature && (act.change.is_none() || act.change != change.id) && !is_own(head)
    });
    if let Some(head) = stray {
        let same =
            |given: &Option<ObjectId<'_>>, here: &Option<ObjectId<'_>>| given.is_some() && given == here;
        let recorded = || {
            request.pushes.iter().any(|push| push.head == *head)
                || request.versions.iter().any(|version| version.head == *head)
        };
        let rewritten = || {
            let former = request.former.iter().find(|former| former.sha == *head);
            former.is_some_and(|former| {
                let mut commits = request.commits.iter();
                commits.any(|commit| {
                    commit.author.is_same(&former.author) && commit.author.time == former.author.time
                })
            })
        };
        let once = same(&act.diff_id, &change.diff_id)
            || same(&act.merge_tree, &change.merge_tree)
            || recorded()
            || rewritten();
        return if once { Elsewhere::Once } else { Elsewhere::Unrelated };
    }
    let other = act.change.as_ref().is_some_and(|id| change.id.as_ref() != Some(id))
        || act.target.as_ref().is_some_and(|target| *target != change.target);
    if other { Elsewhere::Once } else { Elsewhere::No }
}

/// Whether approvals can come by a review: somebody is logged in, and there is a change that is reviewed.
fn reviews(request: &Request<'_>, change: &Change<'_>) -> bool {
    !request.absent.contains(&Fact::People) && change.id.is_some()
}

/// The people who have a key that counts now; none where the target lists no keys at all.
fn able(request: &Request<'_>, policy: Option<&Policy>, directory: &mut Directory) -> Option<Vec<PersonId>> {
    let listed = policy?.identities.values().any(|identity| !identity.keys.is_empty())
        || request.documents.iter().any(|document| document.role == Role::AllowedSigners);
    let mut people = Vec::new();
    for account in listed.then(|| signed::able(request, policy))? {
        directory.all_named(&account).into_iter().for_each(|person| order::insert(&mut people, person));
    }
    Some(people)
}

/// Whether no rule that asks for approvals lets a person give one. Where no rule asks, nobody is barred.
fn is_barred(policy: Option<&Policy>, views: &Views<'_, '_, '_>, person: PersonId) -> bool {
    let rules = policy.into_iter().flat_map(|policy| &policy.rules);
    let mut asking = rules.filter(|rule| matches!(rule.effect, Effect::Require(_))).peekable();
    asking.peek().is_some() && asking.all(|rule| views.bars(person, &rule.options))
}

/// The answers of each act, where the policy asks questions.
fn answers_of<'p>(acts: &[Words<'_>], policy: Option<&'p Policy>) -> Vec<Vec<Answer<'p>>> {
    let questions = policy.iter().flat_map(|policy| &policy.questions);
    let questions: Vec<Question<'_>> = questions.map(|(name, text)| Question::of(name, text)).collect();
    if questions.is_empty() {
        return Vec::new();
    }
    acts.iter().map(|words| answers::read(words.said(), &questions)).collect()
}

impl model::Decision {
    /// The exit code of a gate: 0 passes, 1 blocks.
    pub fn exit_code(&self) -> u8 {
        u8::from(self.blocks)
    }
}
