//! Cases beside a policy: changes written by hand, and what the policy must say of them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};
use countersign_core::model::{
    API_VERSION, Account, Act, ActKind, Change, Commit, Decision, Document, Fact, File, FileStatus, Ident,
    ObjectId, Parent, Place, Proof, Repository, Request, Role, Software, Text, Trigger, TriggerKind, When,
    read,
};
use countersign_host::module::{Function, Module};
use serde::Deserialize;

use crate::output;
use crate::policy::extended;

/// `cases.yaml`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    cases: Vec<Case>,
}

/// One change, and what the policy must say of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    commits: Vec<CaseCommit>,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    signoffs: Vec<CaseSignoff>,
    /// Lists of requirements on the target: path and text.
    #[serde(default)]
    requirements: BTreeMap<String, String>,
    /// The target's CODEOWNERS.
    #[serde(default)]
    codeowners: Option<String>,
    /// The outcome.
    expect: String,
    /// Codes of rules, by name.
    #[serde(default)]
    rules: BTreeMap<String, String>,
    /// Codes of acts, by the person.
    #[serde(default)]
    acts: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseCommit {
    message: String,
    /// `Name <address>`
    #[serde(default = "somebody")]
    author: String,
    #[serde(default)]
    committer: Option<String>,
    /// The note in refs/notes/ai.
    #[serde(default)]
    note: Option<String>,
}

fn somebody() -> String {
    "Dev One <dev1@example.com>".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseSignoff {
    by: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    text: Option<String>,
    /// Given for an earlier head.
    #[serde(default)]
    stale: bool,
    #[serde(default)]
    request_changes: bool,
}

/// Runs the cases of one folder. Returns how many failed.
pub fn run(module: &Module, folder: &Path) -> anyhow::Result<usize> {
    let policy_path = folder.join("policy.yaml");
    let cases_path = folder.join("cases.yaml");
    let policy = std::fs::read(&policy_path).with_context(|| format!("reading {}", policy_path.display()))?;
    let text =
        std::fs::read_to_string(&cases_path).with_context(|| format!("reading {}", cases_path.display()))?;
    let cases: Cases =
        serde_yaml::from_str(&text).with_context(|| format!("{} holds no cases", cases_path.display()))?;
    if cases.cases.is_empty() {
        bail!("{} holds no cases: a policy that nothing tests is not tested", cases_path.display());
    }
    output::print(&format!("{}\n", folder.display()))?;
    let extended = extended(module, &policy, &policy_path)?;
    let mut failed = 0;
    for case in &cases.cases {
        let mut request = request(case, &policy, &policy_path)?;
        request.documents.extend(extended.clone());
        let request = serde_json::to_vec(&request)?;
        let answer = module.call(Function::Evaluate, &request)?;
        let decision: Decision = read(answer.as_bytes())?;
        let differences = differences(case, &decision)?;
        let mark = if differences.is_empty() { "pass" } else { "FAIL" };
        output::print(&format!("  {mark}  {}\n", case.name))?;
        for difference in &differences {
            output::print(&format!("        {difference}\n"))?;
        }
        if !differences.is_empty() {
            output::print(&format!("        it says: {}\n", decision.headline))?;
            failed += 1;
        }
    }
    output::print(&format!("  {} passed, {failed} failed\n", cases.cases.len() - failed))?;
    Ok(failed)
}

fn differences(case: &Case, decision: &Decision) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    if decision.outcome.name() != case.expect {
        found.push(format!("expected {}, got {}", case.expect, decision.outcome.name()));
    }
    for (name, code) in &case.rules {
        match decision.rules.iter().find(|rule| rule.name == *name) {
            Some(rule) if rule.code.name() == code => {}
            Some(rule) => found.push(format!("rule \"{name}\": expected {code}, got {}", rule.code.name())),
            None => bail!("case \"{}\": the policy has no rule \"{name}\"", case.name),
        }
    }
    for (person, code) in &case.acts {
        let acts = decision.rules.iter().flat_map(|rule| &rule.requirements).flat_map(|r| &r.acts);
        let codes: Vec<&str> = acts.filter(|act| act.actor == *person).map(|act| act.code.name()).collect();
        if !codes.contains(&code.as_str()) {
            found.push(format!("act of {person}: expected {code}, got {}", codes.join(", ")));
        }
    }
    Ok(found)
}

/// The n-th id of a case: as good as any, and the same every time.
fn id(n: usize) -> anyhow::Result<ObjectId<'static>> {
    ObjectId::new(format!("{n:040x}")).context("an id")
}

fn ident(text: &str) -> Ident<'static> {
    let (name, email) = text.split_once('<').unwrap_or((text, ""));
    Ident {
        name: name.trim().to_owned().into(),
        email: email.trim_end_matches('>').to_owned().into(),
        time: None,
        account: None,
    }
}

fn request(case: &Case, policy: &[u8], path: &Path) -> anyhow::Result<Request<'static>> {
    let base = id(1)?;
    let mut commits = Vec::new();
    let mut documents = vec![Document {
        role: Role::Policy,
        source: "flag".into(),
        path: Some(path.display().to_string().into()),
        bytes: Text::from_bytes(policy.to_vec()),
        ..Document::default()
    }];
    let requirements = case.requirements.iter().map(|(path, text)| (Role::Requirements, path.as_str(), text));
    let owners = case.codeowners.iter().map(|text| (Role::Codeowners, "CODEOWNERS", text));
    documents.extend(requirements.chain(owners).map(|(role, path, text)| Document {
        role,
        source: "git".into(),
        path: Some(path.to_owned().into()),
        bytes: text.clone().into(),
        ..Document::default()
    }));
    let mut head = base.clone();
    for (at, commit) in case.commits.iter().enumerate() {
        let sha = id(at + 2)?;
        let author = ident(&commit.author);
        commits.push(Commit {
            sha: sha.clone(),
            parents: vec![Parent { sha: head.clone(), in_target: head == base }],
            committer: commit.committer.as_deref().map_or_else(|| author.clone(), ident),
            author,
            message: commit.message.clone().into(),
            place: Place::Change,
            ..Commit::default()
        });
        if let Some(note) = &commit.note {
            documents.push(Document {
                role: Role::Note,
                source: "git".into(),
                git_ref: Some("refs/notes/ai".into()),
                commit: Some(sha.clone()),
                bytes: note.clone().into(),
                ..Document::default()
            });
        }
        head = sha;
    }
    let mut acts = Vec::new();
    for (at, signoff) in case.signoffs.iter().enumerate() {
        let by_email = signoff.by.contains('@');
        let email = if by_email { Some(signoff.by.clone()) } else { signoff.email.clone() };
        acts.push(Act {
            id: format!("signoff-{}", at + 1).into(),
            kind: if signoff.request_changes { ActKind::RequestChanges } else { ActKind::Approve },
            actor: Account {
                id: None,
                login: (!by_email).then(|| signoff.by.clone().into()),
                email: email.map(Into::into),
            },
            proof: Proof::Claimed,
            head: Some(if signoff.stale { base.clone() } else { head.clone() }),
            text: signoff.text.clone().map(Into::into),
            ..Act::default()
        });
    }
    let files = case.files.iter().map(|path| File {
        path: path.clone().into(),
        status: FileStatus::Modified,
        ..File::default()
    });
    Ok(Request {
        api_version: API_VERSION.into(),
        trigger: Trigger {
            kind: TriggerKind::Check,
            host: Software { name: "countersign".into(), version: env!("CARGO_PKG_VERSION").into() },
            platform: Software { name: "git".into(), version: "".into() },
            now: When::from_seconds(0),
            require_policy: false,
        },
        documents: documents.into(),
        change: Some(Change {
            repository: Repository { name: Some("example/case".into()), ..Repository::default() },
            target: "refs/heads/main".into(),
            merge_base: Some(base.clone()),
            base_tip: base,
            head,
            ..Change::default()
        }),
        commits: commits.into(),
        files: files.collect(),
        acts: acts.into(),
        complete: vec![Fact::Documents, Fact::Commits, Fact::Files, Fact::Acts, Fact::Notes, Fact::Traces],
        absent: vec![Fact::Text, Fact::Pushes, Fact::Opener, Fact::Requester, Fact::People],
        ..Request::default()
    })
}
