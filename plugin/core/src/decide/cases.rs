//! Cases of a policy as requests, and what the policy says of them beside what it must say.

use super::decide;
use crate::Error;
use crate::limits;
use crate::model::{
    API_VERSION, Act, ActKind, CaseResult, Change, Commit, Decision, Document, Fact, File, FileStatus, Ident,
    List, ObjectId, Parent, Place, Proof, Repository, Request, Role, Software, Trigger, TriggerKind, When,
    claimed,
};
use crate::policy::cases::{self, Case, SignOff};

/// The documents that all cases share: the policy, and the one that it extends.
type Documents<'a> = List<Document<'a>, { limits::DOCUMENTS }>;

/// Runs one case.
///
/// # Errors
/// `bad-policy`, and whatever else `evaluate` refuses.
pub(crate) fn run(case: &Case, documents: &Documents<'_>) -> Result<CaseResult, Error> {
    let decision = decide(&request(case, documents)?)?;
    let differences = differences(case, &decision);
    Ok(CaseResult {
        name: case.name.clone(),
        line: case.line,
        passed: differences.is_empty(),
        differences,
        decision,
    })
}

fn differences(case: &Case, decision: &Decision) -> Vec<String> {
    let mut found = Vec::new();
    let (expected, given) = (case.outcome.name(), decision.outcome.name());
    if expected != given {
        found.push(format!("expected {expected}, got {given}"));
    }
    for (name, code) in &case.rules {
        let expected = code.name();
        match decision.rules.iter().find(|rule| rule.name == *name) {
            Some(rule) if rule.code == *code => {}
            Some(rule) => {
                found.push(format!("rule \"{name}\": expected {expected}, got {}", rule.code.name()))
            }
            None => {
                found.push(format!("rule \"{name}\": expected {expected}, and the policy has no such rule"))
            }
        }
    }
    for (person, code) in &case.acts {
        let acts = decision.rules.iter().flat_map(|rule| &rule.requirements).flat_map(|r| &r.acts);
        let codes: Vec<&str> = acts.filter(|act| act.actor == *person).map(|act| act.code.name()).collect();
        if !codes.contains(&code.name()) {
            let got = if codes.is_empty() { "no act of theirs".to_owned() } else { codes.join(", ") };
            found.push(format!("act of {person}: expected {}, got {got}", code.name()));
        }
    }
    found
}

/// The n-th commit of a case: as good an id as any, and the same every time.
fn id(n: usize) -> Result<ObjectId<'static>, Error> {
    ObjectId::new(format!("{n:040x}")).ok_or_else(|| Error::bad_request("a case has too many commits"))
}

/// The commit that the target stands at.
const TARGET: usize = 1;

/// `Name <address>`, as git writes an author.
fn ident(text: &str) -> Ident<'static> {
    let (name, email) = text.split_once('<').unwrap_or((text, ""));
    Ident {
        name: name.trim().to_owned().into(),
        email: email.trim().trim_end_matches('>').to_owned().into(),
        time: None,
        account: None,
    }
}

fn beside(role: Role, path: &str, text: &str) -> Document<'static> {
    Document {
        role,
        source: "git".into(),
        path: Some(path.to_owned().into()),
        bytes: text.to_owned().into(),
        ..Document::default()
    }
}

fn request<'a>(case: &Case, documents: &Documents<'a>) -> Result<Request<'a>, Error> {
    let base = id(TARGET)?;
    let mut documents = documents.clone();
    for (path, text) in &case.requirements {
        documents.push(beside(Role::Requirements, path, text));
    }
    if let Some(text) = &case.codeowners {
        documents.push(beside(Role::Codeowners, "CODEOWNERS", text));
    }
    let mut commits = List::default();
    let mut head = base.clone();
    for (at, written) in case.commits.iter().enumerate() {
        let sha = id(TARGET + 1 + at)?;
        commits.push(commit(written, &sha, Parent { in_target: at == 0, sha: head }));
        if let Some(note) = &written.note {
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
    let modified =
        |path: &String| File { path: path.clone().into(), status: FileStatus::Modified, ..File::default() };
    let acts = case.signoffs.iter().enumerate().map(|(at, signoff)| act(at, signoff, &base, &head));
    Ok(Request {
        api_version: API_VERSION.into(),
        trigger: Trigger {
            kind: TriggerKind::Check,
            host: Software { name: "countersign".into(), version: env!("CARGO_PKG_VERSION").into() },
            platform: Software { name: "git".into(), version: "".into() },
            now: When::from_seconds(0),
            require_policy: false,
        },
        documents,
        commits,
        files: case.files.iter().map(modified).collect(),
        acts: acts.collect(),
        change: Some(Change {
            repository: Repository { name: Some("example/case".into()), ..Repository::default() },
            target: "refs/heads/main".into(),
            merge_base: Some(base.clone()),
            base_tip: base,
            head,
            ..Change::default()
        }),
        complete: vec![Fact::Documents, Fact::Commits, Fact::Files, Fact::Acts, Fact::Notes, Fact::Traces],
        absent: vec![Fact::Text, Fact::Pushes, Fact::Opener, Fact::Requester, Fact::People],
        ..Request::default()
    })
}

fn commit(written: &cases::Commit, sha: &ObjectId<'static>, parent: Parent<'static>) -> Commit<'static> {
    let author = ident(&written.author);
    Commit {
        sha: sha.clone(),
        parents: vec![parent],
        committer: written.committer.as_deref().map_or_else(|| author.clone(), ident),
        author,
        message: written.message.clone().into(),
        place: Place::Change,
        ..Commit::default()
    }
}

fn act(at: usize, signoff: &SignOff, base: &ObjectId<'static>, head: &ObjectId<'static>) -> Act<'static> {
    Act {
        id: format!("signoff-{}", at + 1).into(),
        kind: if signoff.request_changes { ActKind::RequestChanges } else { ActKind::Approve },
        actor: claimed(signoff.by.clone(), signoff.email.clone()),
        proof: Proof::Claimed,
        head: Some(if signoff.stale { base.clone() } else { head.clone() }),
        text: signoff.text.clone().map(Into::into),
        ..Act::default()
    }
}
