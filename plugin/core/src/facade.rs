//! The functions of the contract: one document in, one out, or a typed error.

use std::collections::BTreeMap;

use crate::decide::bundle::{self, Found};
use crate::memory::let_go;
use crate::model::{
    API_VERSION, Batch, BranchHistory, CONTRACT_VERSION, Description, Findings, PolicyReport, PolicySource,
    PolicyTestReport, PolicyTests, Request, Role, Severity, json, to_json, without_mark,
};
use crate::policy::Protects;
use crate::provenance::{Evidence, Met, Table};
use crate::{Error, decide, history, limits, policy, wellknown};

/// The functions, as `describe` names them.
pub const FUNCTIONS: &[&str] = &[
    "describe",
    "needs",
    "ranges",
    "evaluate",
    "provenance",
    "check-policy",
    "test-policy",
    "guard",
    "render",
];

/// Calls a function by its name in the contract. `describe` takes no notice of its input.
///
/// # Errors
/// Whatever the function gives; `bad-request` for a name that is none.
pub fn call(function: &str, input: &[u8]) -> Result<String, Error> {
    match function {
        "describe" => Ok(describe()),
        "needs" => needs(input),
        "ranges" => ranges(input),
        "evaluate" => evaluate(input),
        "provenance" => provenance(input),
        "check-policy" => check_policy(input),
        "test-policy" => test_policy(input),
        "guard" => guard(input),
        "render" => render(input),
        other => Err(Error::bad_request(format!("the contract has no function `{other}`"))),
    }
}

/// What this module is: its versions, functions and limits.
pub fn describe() -> String {
    let mut limits = BTreeMap::new();
    for (name, limit) in [
        ("request-bytes", limits::REQUEST_BYTES as u64),
        ("commits", limits::COMMITS as u64),
        ("files", limits::FILES as u64),
        ("documents", limits::DOCUMENTS as u64),
        ("acts", limits::ACTS as u64),
        ("people", limits::PEOPLE as u64),
        ("entries", limits::ENTRIES as u64),
        ("rules", limits::RULES as u64),
        ("cases", limits::CASES as u64),
        ("policy-bytes", limits::POLICY_BYTES as u64),
        ("policy-nodes", limits::POLICY_NODES as u64),
        ("policy-depth", limits::POLICY_DEPTH as u64),
        ("steps", limits::STEPS),
    ] {
        limits.insert(name.to_owned(), limit);
    }
    to_json(&Description {
        api_version: API_VERSION.into(),
        kind: "Description".into(),
        contract: CONTRACT_VERSION.into(),
        core: env!("CARGO_PKG_VERSION").into(),
        functions: FUNCTIONS.iter().map(|name| (*name).to_owned()).collect(),
        notes: crate::provenance::note_patterns(),
        traces: crate::provenance::TRACES.iter().map(|path| (*path).to_owned()).collect(),
        paths: named(&[
            (Role::Policy.name(), wellknown::POLICY),
            (Role::AllowedSigners.name(), wellknown::ALLOWED_SIGNERS),
            (Role::RevokedKeys.name(), wellknown::REVOKED_KEYS),
            (Role::Mailmap.name(), wellknown::MAILMAP),
        ]),
        refs: named(&[("signoffs", wellknown::SIGNOFFS), ("checkpoints", wellknown::CHECKPOINTS)]),
        protects: wellknown::PROTECTED.iter().map(|branch| (*branch).to_owned()).collect(),
        limits,
    })
}

fn named(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The facts that the policy needs and the request lacks.
///
/// # Errors
/// `bad-request`, `over-limit`.
pub fn needs(input: &[u8]) -> Result<String, Error> {
    let request = request(input)?;
    Ok(to_json(&decide::needs(&request)?))
}

/// What is judged next of a branch, by the shape of its history.
///
/// # Errors
/// `bad-request`, `over-limit`.
pub fn ranges(input: &[u8]) -> Result<String, Error> {
    let history: BranchHistory<'_> = json::document(within_limit(input)?)
        .map_err(|e| Error::not_the_document("the history of a branch", &e))?;
    check_version(&history.api_version)?;
    history.branches.within_limit("branches")?;
    history.commits.within_limit("commits")?;
    for chain in &history.chains {
        chain.commits.within_limit("commits of a chain")?;
    }
    history.bases.within_limit("common ancestors")?;
    history.counts.within_limit("counts")?;
    history.merge_trees.within_limit("merge trees")?;
    history.policies.within_limit("policies")?;
    history.policy_histories.within_limit("policies of histories")?;
    history.origins.within_limit("origins of commits")?;
    Ok(to_json(&history::ranges(&history)?))
}

/// The decision about a change.
///
/// # Errors
/// `bad-request`, `bad-policy`, `over-limit`.
pub fn evaluate(input: &[u8]) -> Result<String, Error> {
    evaluated(input).map_err(Error::of_change)
}

fn evaluated(input: &[u8]) -> Result<String, Error> {
    let request = request(input)?;
    let decision = decide::decide(&request)?;
    let answer = to_json(&decision);
    let_go((decision, request));
    Ok(answer)
}

/// What each commit says about AI.
///
/// # Errors
/// `bad-request`, `bad-policy`, `over-limit`.
pub fn provenance(input: &[u8]) -> Result<String, Error> {
    let input = within_limit(input)?;
    let batch: Batch<'_> =
        json::document(input).map_err(|e| Error::not_the_document("a batch of commits", &e))?;
    check_version(&batch.api_version)?;
    batch.commits.within_limit("commits")?;
    let mut table = Table::default();
    match bundle::find(&batch.documents)? {
        Found::Bundle(bundle) => table = decide::table(Some(&bundle.policy)),
        Found::Nothing => {}
        Found::Wants(extends) => {
            let path = &extends.path;
            return Err(Error::bad_request(format!(
                "the policy extends `{path}`, and the batch does not hold it"
            )));
        }
    }
    let checkpoints: Vec<(String, &[u8])> = batch
        .documents
        .iter()
        .filter(|document| document.role == Role::Checkpoint)
        .filter_map(|d| Some((d.path.as_ref()?.to_str_lossy().into_owned(), d.bytes.as_bytes())))
        .collect();
    let (mut met, steps) = (Met::default(), limits::Steps::default());
    let mut commits = Vec::with_capacity(batch.commits.len());
    for commit in &batch.commits {
        let wanted = if checkpoints.is_empty() {
            Vec::new()
        } else {
            crate::provenance::wanted_checkpoints(&commit.message.to_str_lossy())
        };
        let evidence = Evidence {
            message: &commit.message,
            encoding: commit.encoding.as_ref(),
            author: &commit.author,
            committer: &commit.committer,
            notes: commit.notes.iter().map(|note| (note.git_ref.as_ref(), note.bytes.as_bytes())).collect(),
            checkpoints: checkpoints
                .iter()
                .filter(|(path, _)| wanted.iter().any(|wanted| wanted.path == *path))
                .map(|(path, bytes)| (path.as_str(), *bytes))
                .collect(),
        };
        let reading = crate::provenance::read(&table, &evidence, &mut met, &steps)?;
        commits.push(reading.under(commit.id.to_str_lossy().into_owned()));
    }
    let findings = Findings::new(commits);
    let answer = to_json(&findings);
    let_go((findings, batch.commits));
    Ok(answer)
}

/// What is wrong with a policy.
///
/// # Errors
/// `bad-request`, `over-limit`. A policy with faults is an answer, not an error.
pub fn check_policy(input: &[u8]) -> Result<String, Error> {
    let source: PolicySource<'_> =
        json::document(within_limit(input)?).map_err(|e| Error::not_the_document("a policy source", &e))?;
    check_version(&source.api_version)?;
    let bytes = source.bytes.as_bytes();
    let protects = match source.role.unwrap_or(Role::Policy) {
        Role::Policy => Protects::read(bytes).unwrap_or_default().sources().collect(),
        _ => Vec::new(),
    };
    let owners = source.codeowners.as_ref().map(|owners| owners.to_str_lossy());
    let owners = owners.as_deref().map(without_mark);
    let policy = policy::Source::of(bytes);
    let reading = match (source.role.unwrap_or(Role::Policy), &source.extends) {
        (Role::Policy, None) => policy.check(None, owners),
        (Role::Policy, Some(extends)) => match policy::Source::of(extends.as_bytes()).read(None).policy {
            Some(base) => policy.check(Some(&base), owners),
            None => {
                return Err(Error::bad_request(
                    "the policy that this one extends is not valid: check that one first",
                ));
            }
        },
        (Role::BreakGlass, None) => policy.read_glass(),
        (Role::BreakGlass, Some(_)) => {
            return Err(Error::bad_request("a file of who may break the glass extends nothing"));
        }
        (other, _) => {
            let name = other.name();
            return Err(Error::bad_request(format!(
                "`role` is `{name}`; what can be checked is a `policy` or who may `break-glass`"
            )));
        }
    };
    Ok(to_json(&PolicyReport {
        api_version: API_VERSION.into(),
        kind: "PolicyReport".into(),
        name: source.name.into_owned(),
        valid: !reading.diagnostics.iter().any(|d| d.severity == Severity::Error),
        protects,
        diagnostics: reading.diagnostics,
    }))
}

/// What a policy says of the cases beside it, and whether each says what it must.
///
/// # Errors
/// `bad-request`, `bad-policy`, `over-limit`. A file of cases with faults is an answer, not an error.
pub fn test_policy(input: &[u8]) -> Result<String, Error> {
    let tests: PolicyTests<'_> = json::document(within_limit(input)?)
        .map_err(|e| Error::not_the_document("the tests of a policy", &e))?;
    check_version(&tests.api_version)?;
    tests.documents.within_limit("documents")?;
    if !tests.documents.iter().any(|document| document.role == Role::Policy) {
        return Err(Error::bad_request("no document has the role `policy`: there is nothing to test"));
    }
    let (cases, diagnostics) = policy::Source::of(tests.cases.as_bytes()).cases();
    let valid = diagnostics.is_empty();
    let runs = cases.iter().filter(|_| valid).map(|case| decide::cases::run(case, &tests.documents));
    Ok(to_json(&PolicyTestReport {
        api_version: API_VERSION.into(),
        kind: "PolicyTestReport".into(),
        name: tests.name.into_owned(),
        valid,
        cases: runs.collect::<Result<_, _>>()?,
        diagnostics,
    }))
}

/// Whether an operation may run.
///
/// # Errors
/// Always `not-yet`: the function is part of the contract and comes with a later release.
pub fn guard(_input: &[u8]) -> Result<String, Error> {
    Err(Error::not_yet("guard"))
}

/// A document as people and tools read it.
///
/// # Errors
/// `bad-request`, `over-limit`.
pub fn render(input: &[u8]) -> Result<String, Error> {
    crate::render::render(within_limit(input)?)
}

fn within_limit(input: &[u8]) -> Result<&[u8], Error> {
    if input.len() > limits::REQUEST_BYTES {
        return Err(Error::over_limit("bytes", limits::REQUEST_BYTES as u64, input.len() as u64));
    }
    Ok(input)
}

fn check_version(version: &str) -> Result<(), Error> {
    if version != API_VERSION {
        return Err(Error::bad_request(format!(
            "`apiVersion` is {version:?}, and this module reads {API_VERSION:?}"
        )));
    }
    Ok(())
}

fn request(input: &[u8]) -> Result<Request<'_>, Error> {
    let request: Request<'_> =
        json::document(within_limit(input)?).map_err(|e| Error::not_the_document("a request", &e))?;
    check_version(&request.api_version)?;
    request.documents.within_limit("documents")?;
    request.commits.within_limit("commits")?;
    request.files.within_limit("files")?;
    request.pushes.within_limit("pushes")?;
    request.versions.within_limit("versions")?;
    request.acts.within_limit("acts")?;
    request.former.within_limit("former heads")?;
    request.statuses.within_limit("statuses")?;
    request.people.within_limit("people")?;
    request.groups.within_limit("groups")?;
    request.unavailable.within_limit("unavailable facts")?;
    for group in &request.groups {
        group.members.within_limit("members of a group")?;
        group.inherited.within_limit("inherited members of a group")?;
    }
    if let Some(change) = &request.change {
        change.labels.within_limit("labels")?;
        change.asked_by.within_limit("requesters")?;
    }
    if let Some(history) = &request.history {
        history.answers.within_limit("earlier answers")?;
    }
    Ok(request)
}
