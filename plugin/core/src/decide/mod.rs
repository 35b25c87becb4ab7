//! From facts and policy to a decision.

mod needs;
mod predicates;
mod remedies;

use std::collections::BTreeMap;

pub(crate) use needs::needs;

use crate::change::Judged;
use crate::limits::Steps;
use crate::model::{
    API_VERSION, Act, ChangeSummary, CommitFindings, Decision, Document, Enforce, Fact, Notice, NoticeCode,
    Outcome, Parent, PolicySummary, Provenance, Rank, RemarkCode, Remedy, Request, RequirementResult, Role,
    RuleCode, RuleResult, RuleState, ToolSummary,
};
use crate::order::{self, Index};
use crate::policy::{self, Effect, Otherwise, Policy, Requirement, Rule};
use crate::provenance::{self, Anchor, Evidence, Table};
use crate::signoff::answers::{self, Answer};
use crate::signoff::people::Directory;
use crate::signoff::{Contributors, Desk, unread_contributors};
use crate::{Error, model};
use predicates::{Facts, Truth, count};

/// Decides.
pub(crate) fn decide(request: &Request<'_>) -> Result<Decision, Error> {
    let Some(change) = &request.change else {
        return Err(Error::bad_request("`change` is missing: there is nothing to decide about"));
    };
    let judged = Judged::of(request)?;
    let document = policy_document(request)?;
    let policy = document.map(|document| read_policy(document)).transpose()?;
    let table = table(policy.as_ref());
    let steps = Steps::default();
    let findings = provenance_of(request, &judged, &table, &steps)?;
    let mut directory = Directory::of(request, policy.as_ref(), &table);
    let contributors = Contributors::of(request, &judged, &table, &mut directory);

    let actors: Vec<_> = request.acts.iter().map(|act| directory.all_of(&act.actor)).collect();
    let answers = answers_of(request, policy.as_ref());
    let facts = Facts { request, judged: &judged, findings: &findings, steps: &steps };
    let mut rules = Vec::new();
    let mut remedies = Vec::new();
    let mut claimed = Vec::new();
    for rule in policy.iter().flat_map(|policy| &policy.rules) {
        let mut case = Case {
            facts: &facts,
            desk: Desk {
                request,
                policy: policy.as_ref().ok_or_else(|| Error::bad_request("no policy"))?,
                directory: &mut directory,
                contributors: &contributors,
                actors: &actors,
                answers: &answers,
            },
            remedies: &mut remedies,
            claimed: &mut claimed,
        };
        rules.push(case.rule(rule)?);
    }

    let (outcome, headline) = conclude(request, policy.as_ref(), &judged, &rules);
    let enforce = policy.as_ref().map_or(Enforce::Block, |policy| policy.enforce);
    let provenance = summarise(findings);
    let mut notices =
        notices(request, policy.as_ref(), document, &directory, &provenance, judged.all().count());
    order::strings(&mut claimed);
    for who in claimed {
        let message =
            format!("the sign-off of {who} rests on the word of whoever gave the file; nothing signs it");
        order::insert(&mut notices, Notice { code: NoticeCode::ClaimedProof, message });
    }
    Ok(Decision {
        api_version: API_VERSION.into(),
        kind: "Decision".into(),
        outcome,
        blocks: enforce == Enforce::Block && !outcome.passes(),
        headline,
        policy: policy.as_ref().zip(document).map(|(policy, document)| PolicySummary {
            name: policy.name.clone(),
            origin: origin(document),
            digest: document.digest.as_ref().map(|digest| digest.to_string()),
            enforce,
            untrusted: document.untrusted,
        }),
        change: ChangeSummary {
            repository: repository(request, policy.as_ref()),
            id: change.id.as_ref().map(|id| id.to_string()),
            target: change.target.to_string(),
            base_tip: change.base_tip.to_string(),
            head: change.head.to_string(),
            commits: judged.own.len(),
            files: request.files.len(),
        },
        rules,
        provenance,
        contributors: contributors.list(&directory),
        remedies,
        notices,
    })
}

/// The one policy of a request.
fn policy_document<'r, 'a>(request: &'r Request<'a>) -> Result<Option<&'r Document<'a>>, Error> {
    let mut policies = request.documents.iter().filter(|document| document.role == Role::Policy);
    let first = policies.next();
    if policies.next().is_some() {
        return Err(Error::bad_request("two documents have the role `policy`, and one decides"));
    }
    if first.is_none() {
        if let Some(missing) = request.unavailable.iter().find(|u| u.fact == Fact::Documents) {
            return Err(Error::bad_request(format!("the policy could not be read: {}", missing.reason)));
        }
        if !request.complete.contains(&Fact::Documents) {
            return Err(Error::bad_request(
                "`complete` does not name `documents`, so there may be a policy that is not here",
            ));
        }
    }
    Ok(first)
}

fn read_policy(document: &Document<'_>) -> Result<Policy, Error> {
    let reading = policy::read(document.bytes.as_bytes());
    reading.policy.ok_or_else(|| Error::bad_policy(&origin(document), reading.diagnostics))
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

/// The table of tools, with what the policy adds.
pub(crate) fn table(policy: Option<&Policy>) -> Table {
    Table { extra: policy.map(|policy| policy.tools.clone()).unwrap_or_default() }
}

/// What ties trace records to this change.
struct ChangeAnchor<'r> {
    /// The judged commits.
    commits: Vec<&'r str>,
    /// Revisions, with the commit that a record of each belongs to.
    revisions: Index<'r>,
    /// The paths of the change, when all are here.
    paths: Option<Index<'r>>,
}

impl<'r> ChangeAnchor<'r> {
    fn of(request: &'r Request<'_>, judged: &Judged<'r, '_>) -> Self {
        let mut revisions = Vec::new();
        for (at, commit) in judged.all().enumerate() {
            revisions.push((commit.sha.as_bytes(), at));
        }
        let commits = Index::of_pairs(revisions.iter().copied());
        for (at, commit) in judged.all().enumerate() {
            let outside = |parent: &&Parent<'_>| commits.get(parent.sha.as_bytes()).is_none();
            revisions.extend(commit.parents.iter().filter(outside).map(|parent| (parent.sha.as_bytes(), at)));
        }
        let sides = request.files.iter().flat_map(|file| [Some(&file.path), file.previous_path.as_ref()]);
        let all_here = request.complete.contains(&Fact::Files);
        ChangeAnchor {
            commits: judged.all().map(|commit| commit.sha.as_str()).collect(),
            revisions: Index::of_pairs(revisions.into_iter()),
            paths: all_here.then(|| Index::of(sides.flatten().map(|path| path.as_bytes()))),
        }
    }
}

impl Anchor for ChangeAnchor<'_> {
    fn commit_of(&self, revision: &str) -> Option<&str> {
        self.commits.get(self.revisions.get(revision.as_bytes())?).copied()
    }

    fn touches(&self, path: &str) -> bool {
        self.paths.as_ref().is_none_or(|paths| paths.get(path.as_bytes()).is_some())
    }
}

/// What every judged commit says about AI: those that say something, in the order of the request.
fn provenance_of<'r, 'a>(
    request: &'r Request<'a>,
    judged: &Judged<'r, 'a>,
    table: &Table,
    steps: &Steps,
) -> Result<Vec<CommitFindings>, Error> {
    let documents = &request.documents;
    let of_role = |role| documents.iter().enumerate().filter(move |(_, document)| document.role == role);
    let annotated =
        |(at, document): (usize, &'r Document<'a>)| Some((document.commit.as_ref()?.as_bytes(), at));
    let notes = Index::of_pairs(of_role(Role::Note).filter_map(annotated));
    let stored = |(at, document): (usize, &'r Document<'a>)| Some((document.path.as_ref()?.as_bytes(), at));
    let checkpoints = Index::of_pairs(of_role(Role::Checkpoint).filter_map(stored));
    let document = |at: usize| documents.get(at);
    let mut found: Vec<CommitFindings> = Vec::new();
    for commit in judged.all() {
        let wanted = if checkpoints.is_empty() {
            Vec::new()
        } else {
            provenance::wanted_checkpoints(&commit.message.to_str_lossy())
        };
        let evidence = Evidence {
            message: &commit.message,
            encoding: commit.encoding.as_ref(),
            author: &commit.author,
            committer: &commit.committer,
            notes: notes
                .all(commit.sha.as_bytes())
                .filter_map(document)
                .filter_map(|note| Some((note.git_ref.as_ref()?.as_ref(), note.bytes.as_bytes())))
                .collect(),
            checkpoints: wanted
                .iter()
                .filter_map(|wanted| {
                    let found = checkpoints.get(wanted.path.as_bytes()).and_then(document)?;
                    Some((wanted.path.as_str(), found.bytes.as_bytes()))
                })
                .collect(),
        };
        let findings = provenance::read(table, &evidence, steps)?;
        if !findings.findings.is_empty() || !findings.remarks.is_empty() {
            found.push(CommitFindings { id: commit.sha.as_str().to_owned(), ..findings });
        }
    }

    if of_role(Role::Trace).next().is_some() {
        let anchor = ChangeAnchor::of(request, judged);
        let mut all_traced = Vec::new();
        for (_, trace) in of_role(Role::Trace) {
            let path = trace.path.as_ref().map(|path| path.to_str_lossy().into_owned()).unwrap_or_default();
            all_traced.extend(provenance::read_trace(table, &path, trace.bytes.as_bytes(), &anchor));
        }
        let mut places: Vec<(String, usize)> =
            found.iter().enumerate().map(|(at, commit)| (commit.id.clone(), at)).collect();
        places.sort_unstable();
        for traced in all_traced {
            let place = places.binary_search_by(|(id, _)| id.cmp(&traced.id)).ok();
            match place.and_then(|place| places.get(place)).and_then(|(_, at)| found.get_mut(*at)) {
                Some(commit) => {
                    commit.findings.extend(traced.findings);
                    commit.remarks.extend(traced.remarks);
                }
                None => found.push(traced),
            }
        }
    }
    Ok(found)
}

/// The answers of each act, where the policy asks questions.
fn answers_of<'p>(request: &Request<'_>, policy: Option<&'p Policy>) -> Vec<Vec<Answer<'p>>> {
    let questions: Vec<&str> =
        policy.iter().flat_map(|policy| policy.questions.keys()).map(String::as_str).collect();
    if questions.is_empty() {
        return Vec::new();
    }
    let text = |act: &Act<'_>| act.text.as_ref().map(|text| text.to_str_lossy().into_owned());
    request.acts.iter().map(|act| answers::read(&text(act).unwrap_or_default(), &questions)).collect()
}

/// One rule on its way through the evaluation.
struct Case<'c, 'f, 'r, 'a> {
    facts: &'c Facts<'f, 'r, 'a>,
    desk: Desk<'c, 'r, 'a>,
    remedies: &'c mut Vec<Remedy>,
    claimed: &'c mut Vec<String>,
}

impl Case<'_, '_, '_, '_> {
    fn rule(&mut self, rule: &Rule) -> Result<RuleResult, Error> {
        let truth = match &rule.when {
            Some(predicate) => self.facts.test(predicate)?,
            None => Truth::Yes(vec!["it applies to every change".to_owned()]),
        };
        let mut result = RuleResult {
            name: rule.name.clone(),
            state: RuleState::Skipped,
            code: RuleCode::NotApplicable,
            because: Vec::new(),
            missing: Vec::new(),
            requirements: Vec::new(),
            observed: rule.enforce == Enforce::Observe,
        };
        let empty = self.facts.judged.all().next().is_none() && self.facts.judged.incomplete.is_none();
        match truth {
            _ if empty => result.because = vec!["there are no commits to judge".to_owned()],
            Truth::No(because) => result.because = because,
            Truth::Unknown(code, missing) => {
                result.state = RuleState::Pending;
                result.code = code;
                result.because = vec!["whether it applies is not known".to_owned()];
                result.missing = missing;
            }
            Truth::Yes(because) => {
                result.because = because;
                match &rule.effect {
                    Effect::Deny(reason) => {
                        result.state = RuleState::Denied;
                        result.code = RuleCode::Denied;
                        result.missing = vec![reason.clone()];
                    }
                    Effect::Require(requirements) => self.require(rule, requirements, &mut result),
                }
            }
        }
        Ok(result)
    }

    fn require(&mut self, rule: &Rule, requirements: &[Requirement], result: &mut RuleResult) {
        result.state = RuleState::Satisfied;
        result.code = RuleCode::Satisfied;
        // What hangs on the change as a whole comes first: no approval can make up for it.
        let blocked = self.blocked_as_a_whole();
        if let Some((code, why)) = blocked {
            pend(result, code, why);
        }
        for requirement in requirements {
            let tally = self.desk.tally(requirement);
            let asks = asks(requirement);
            if !tally.vetoes.is_empty() {
                result.state = RuleState::Denied;
                result.code = RuleCode::Vetoed;
                result.missing.push(format!("{} asks for changes", tally.vetoes.join(", ")));
            }
            if tally.counted < requirement.approvals {
                let open = requirement.approvals - tally.counted;
                let known = tally.unreadable_groups.is_empty();
                if known && (tally.eligible.len() as u64) < u64::from(open) {
                    let why = match tally.eligible.as_slice() {
                        [] => "everybody who could approve is behind the change or has approved".to_owned(),
                        some => format!("only {} could still approve", some.join(", ")),
                    };
                    pend(
                        result,
                        RuleCode::Impossible,
                        format!("{}: {why}", missing_approvals(open, requirement)),
                    );
                } else {
                    if !known {
                        let groups = tally.unreadable_groups.join(", ");
                        pend(
                            result,
                            RuleCode::FactUnavailable,
                            format!("the members of {groups} could not be read"),
                        );
                    }
                    pend(result, RuleCode::MissingApprovals, missing_approvals(open, requirement));
                    let remedy = remedies::approval(
                        self.desk.request,
                        self.desk.policy,
                        &rule.name,
                        requirement,
                        &tally,
                    );
                    self.remedies.push(remedy);
                }
            }
            self.claimed.extend(tally.claimed);
            result.requirements.push(RequirementResult {
                asks,
                needed: requirement.approvals,
                counted: tally.counted,
                eligible: tally.eligible,
                acts: tally.verdicts,
            });
        }
    }

    /// A reason for which no approval can count yet.
    fn blocked_as_a_whole(&self) -> Option<(RuleCode, String)> {
        let request = self.desk.request;
        if request.change.as_ref().is_some_and(|change| change.draft) {
            return Some((RuleCode::Draft, "the change is a draft".to_owned()));
        }
        if let Some(why) = &self.facts.judged.incomplete {
            return Some((RuleCode::ListIncomplete, why.clone()));
        }
        if let Some((commit, stated)) = &self.desk.contributors.unattributed {
            let id = commit.get(..12).unwrap_or(commit);
            return Some((
                RuleCode::UnattributedCommit,
                format!(
                    "commit {id} names {stated}, and that is nobody who is known here; map the address under \
                     `identities` in the policy, or in .mailmap"
                ),
            ));
        }
        if let Some(why) = unread_contributors(request) {
            return Some((RuleCode::FactUnavailable, why));
        }
        if let Some(missing) = request.unavailable.iter().find(|u| u.fact == Fact::Acts) {
            return Some((
                RuleCode::FactUnavailable,
                format!("sign-offs could not be read: {}", missing.reason),
            ));
        }
        (!request.complete.contains(&Fact::Acts))
            .then(|| (RuleCode::ListIncomplete, "the list of sign-offs may have been cut".to_owned()))
    }
}

/// Leaves a rule pending; the first reason gives the code.
fn pend(result: &mut RuleResult, code: RuleCode, why: String) {
    if result.state == RuleState::Satisfied {
        result.state = RuleState::Pending;
        result.code = code;
    }
    result.missing.push(why);
}

fn asks(requirement: &Requirement) -> String {
    let approvals = count(requirement.approvals as usize, "approval");
    let by = requirement.by.join(" or ");
    match requirement.answers.as_slice() {
        [] => format!("{approvals} by {by}"),
        answers => format!("{approvals} by {by}, answering {}", answers.join(", ")),
    }
}

fn missing_approvals(open: u32, requirement: &Requirement) -> String {
    let by = requirement.by.join(" or ");
    if open == requirement.approvals {
        format!("{} by {by}", count(open as usize, "approval"))
    } else {
        format!("{} more by {by}", count(open as usize, "approval"))
    }
}

/// The outcome of all rules, and one line that says it.
fn conclude(
    request: &Request<'_>,
    policy: Option<&Policy>,
    judged: &Judged<'_, '_>,
    rules: &[RuleResult],
) -> (Outcome, String) {
    let Some(policy) = policy else {
        if request.trigger.require_policy {
            return (
                Outcome::Pending,
                "Blocked: the target has no policy, and this gate requires one".to_owned(),
            );
        }
        return (Outcome::NotApplicable, "The target has no policy, so nothing is required".to_owned());
    };
    let in_state = |state| rules.iter().filter(move |rule| rule.state == state && !rule.observed);
    let names =
        |state| in_state(state).map(|rule| format!("\"{}\"", rule.name)).collect::<Vec<_>>().join(", ");
    let missing = |state| {
        in_state(state)
            .flat_map(|rule| rule.missing.first())
            .next()
            .map(|what| format!(": {what}"))
            .unwrap_or_default()
    };
    if in_state(RuleState::Denied).next().is_some() {
        return (
            Outcome::Denied,
            format!("Denied by {}{}", names(RuleState::Denied), missing(RuleState::Denied)),
        );
    }
    let pending = in_state(RuleState::Pending).count();
    if pending > 0 {
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
    let satisfied = in_state(RuleState::Satisfied).count();
    if satisfied > 0 {
        let each = if satisfied == 1 { "the rule that applies is" } else { "each rule that applies is" };
        return (Outcome::Approved, format!("Approved: {each} satisfied ({})", names(RuleState::Satisfied)));
    }
    if judged.own.is_empty() && judged.result.is_empty() {
        return (
            Outcome::NotApplicable,
            "There is nothing to judge: the target already holds the head".to_owned(),
        );
    }
    match policy.otherwise {
        Some(Otherwise::Block) => {
            (Outcome::Pending, "Blocked: no rule applies, and the policy says `otherwise: block`".to_owned())
        }
        _ => (Outcome::NotApplicable, format!("Passes: none of {} applies", count(rules.len(), "rule"))),
    }
}

fn summarise(commits: Vec<CommitFindings>) -> Provenance {
    let mut tools: BTreeMap<&str, (Vec<String>, usize)> = BTreeMap::new();
    let mut rank = Rank::Unknown;
    for commit in &commits {
        let mut here: Vec<&str> = Vec::new();
        for finding in &commit.findings {
            rank = rank.max(finding.confidence);
            let (models, number) = tools.entry(&finding.tool).or_default();
            if let Some(model) = &finding.model
                && models.len() < 20
            {
                order::insert(models, model.clone());
            }
            if !here.contains(&finding.tool.as_str()) {
                here.push(&finding.tool);
                *number += 1;
            }
        }
    }
    let tools: Vec<ToolSummary> = tools
        .into_iter()
        .map(|(tool, (models, commits))| ToolSummary { tool: tool.to_owned(), models, commits })
        .collect();
    Provenance { ai: !tools.is_empty(), rank, tools, commits }
}

/// Notices beyond this number say nothing more.
const NOTICES: usize = 200;

fn notices(
    request: &Request<'_>,
    policy: Option<&Policy>,
    document: Option<&Document<'_>>,
    directory: &Directory,
    provenance: &Provenance,
    commits: usize,
) -> Vec<Notice> {
    let mut notices = Vec::new();
    let mut say = |code, message: String| {
        if notices.len() < NOTICES {
            order::insert(&mut notices, Notice { code, message });
        }
    };
    let Some(policy) = policy else {
        let message = if request.trigger.require_policy {
            "a policy stands in .countersign/policy.yaml of the target branch, or of the default branch"
        } else {
            "run with --require-policy to refuse changes to a target without a policy"
        };
        say(NoticeCode::NoPolicy, message.to_owned());
        return notices;
    };
    if policy.enforce == Enforce::Observe {
        say(NoticeCode::Observed, "the policy says `enforce: observe`: nothing is blocked".to_owned());
    }
    if document.is_some_and(|document| document.untrusted) {
        say(
            NoticeCode::UntrustedPolicy,
            "the policy comes from the tree that is judged, so the change could have written it".to_owned(),
        );
    }
    if !directory.by_account {
        say(
            NoticeCode::IdentityEmail,
            "identity: e-mail. Nobody logged in here, so a person is the address that a commit names"
                .to_owned(),
        );
    }
    let absent: Vec<&str> = request
        .absent
        .iter()
        .filter(|fact| matches!(fact, Fact::Pushes | Fact::Opener | Fact::Requester))
        .map(|fact| fact.name())
        .collect();
    if !absent.is_empty() {
        say(NoticeCode::AbsentFact, format!("this platform does not record: {}", absent.join(", ")));
    }
    for missing in &request.unavailable {
        let of = missing.of.as_ref().map(|of| format!(" ({of})")).unwrap_or_default();
        say(
            NoticeCode::UnavailableFact,
            format!("{}{of} could not be read: {}", missing.fact.name(), missing.reason),
        );
    }
    if !provenance.ai && commits > 0 {
        say(
            NoticeCode::NoEvidence,
            format!(
                "no evidence of AI in {}; that does not prove that none was used",
                count(commits, "commit")
            ),
        );
    }
    for commit in &provenance.commits {
        let id = commit.id.get(..12).unwrap_or(&commit.id);
        for remark in &commit.remarks {
            if matches!(remark.code, RemarkCode::DeclaredNone | RemarkCode::AiReview) {
                continue;
            }
            let place = if id.is_empty() { String::new() } else { format!("commit {id}: ") };
            let evidence =
                if remark.evidence.is_empty() { String::new() } else { format!(" [{}]", remark.evidence) };
            say(NoticeCode::Remark, format!("{place}{}{evidence}", remark.message));
        }
    }
    notices
}

impl model::Decision {
    /// The exit code of a gate: 0 passes, 1 blocks.
    pub fn exit_code(&self) -> u8 {
        u8::from(self.blocks)
    }
}
