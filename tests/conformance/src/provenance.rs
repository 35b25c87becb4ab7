//! Cases of provenance in a neutral form: a commit, and the facts that a reader must find.
#![expect(clippy::print_stdout, reason = "of a command line, which prints each case that differs")]

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;
use countersign_core::model::{self, API_VERSION, Batch, BatchCommit, Findings, Ident};
use serde::Deserialize;

use crate::via::Via;

/// One line of a file of cases.
#[derive(Deserialize)]
pub struct Case {
    /// Its name.
    pub id: String,
    pub(crate) message: String,
    author: Person,
    committer: Person,
    expected: Vec<Expected>,
    /// Why it is a case.
    #[serde(default)]
    note: String,
    /// What `git interpret-trailers --parse --no-divider` gives, where the case says it.
    #[serde(default)]
    git_trailers: Option<Vec<(String, String)>>,
}

#[derive(Deserialize)]
struct Person {
    name: String,
    email: String,
}

#[derive(Deserialize)]
struct Expected {
    tool: String,
    model: Option<String>,
    source: String,
    key: String,
}

/// A fact, in a form that compares: keys are the same in any case.
type Fact = (String, Option<String>, String, String);

/// Reads a file of cases.
///
/// # Errors
/// When a line is none.
pub fn read(path: &Path) -> anyhow::Result<Vec<Case>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let cases = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    cases
        .map(|(at, line)| {
            serde_json::from_str(line).with_context(|| format!("{}:{}", path.display(), at + 1))
        })
        .collect()
}

/// Runs the cases through one packaging, prints each that differs, and gives how many passed and failed.
///
/// # Errors
/// When the packaging gives no answer.
pub fn run(cases: &[Case], via: &mut Via) -> anyhow::Result<(usize, usize)> {
    let commits = cases.iter().map(|case| BatchCommit {
        id: case.id.clone().into(),
        message: case.message.clone().into(),
        encoding: None,
        author: ident(&case.author),
        committer: ident(&case.committer),
        notes: Vec::new(),
    });
    let batch = Batch { api_version: API_VERSION.into(), commits: commits.collect(), documents: Vec::new() };
    let answer = via
        .call("provenance", &serde_json::to_vec(&batch)?)?
        .map_err(|document| anyhow::anyhow!("refused: {document}"))?;
    let findings: Findings = model::read(answer.as_bytes())?;
    anyhow::ensure!(findings.commits.len() == cases.len(), "as many answers as cases");
    let mut failed = 0;
    for (case, got) in cases.iter().zip(&findings.commits) {
        let expected: BTreeSet<Fact> = case
            .expected
            .iter()
            .map(|e| (e.tool.clone(), e.model.clone(), e.source.clone(), e.key.to_lowercase()))
            .collect();
        let found: BTreeSet<Fact> = got
            .findings
            .iter()
            .map(|f| (f.tool.clone(), f.model.clone(), f.source.name().to_owned(), f.key.to_lowercase()))
            .collect();
        let trailers = strict(&case.message);
        let trailers_differ = case.git_trailers.as_ref().is_some_and(|expected| *expected != trailers);
        if expected == found && !trailers_differ {
            continue;
        }
        failed += 1;
        println!("{}: {}", case.id, case.note);
        for fact in expected.difference(&found) {
            println!("  expected {fact:?}");
        }
        for fact in found.difference(&expected) {
            println!("  got      {fact:?}");
        }
        if let (true, Some(expected)) = (trailers_differ, &case.git_trailers) {
            println!("  trailers expected {expected:?}\n  trailers got      {trailers:?}");
        }
    }
    Ok((cases.len() - failed, failed))
}

fn ident(person: &Person) -> Ident<'static> {
    Ident { name: person.name.clone().into(), email: person.email.clone().into(), time: None, account: None }
}

/// git's own reading of a message.
fn strict(message: &str) -> Vec<(String, String)> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let trailers = countersign_core::provenance::trailers::parse(message.as_bytes(), false);
    trailers.into_iter().map(|trailer| (text(trailer.key), text(trailer.value))).collect()
}
