//! Cases of approval in a neutral form: a policy, a change and what people did, and what must come of it.
//!
//! The form knows no platform and no default: every option that the product would take by itself is written out here, so
//! that a case means what it says. What a case says and this form has no word for fails that case, and no other.
#![expect(clippy::print_stdout, reason = "of a command line, which prints each case that differs")]

mod form;
mod policy;
mod request;

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::Value;

pub use form::{Case, Outcome};

use crate::via::Via;

/// One line of a file of cases: a case, or why it is none.
pub struct Line {
    /// The file and the number of the line.
    pub place: String,
    /// The case.
    pub case: Result<Case, serde_json::Error>,
}

impl Line {
    /// Reads one line.
    pub fn of(place: String, line: &str) -> Self {
        Line { place, case: serde_json::from_str(line) }
    }
}

/// Reads a file of cases, one JSON document a line.
///
/// # Errors
/// When the file cannot be read.
pub fn read(path: &Path) -> anyhow::Result<Vec<Line>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    Ok(lines.map(|(at, line)| Line::of(format!("{}:{}", path.display(), at + 1), line)).collect())
}

/// Runs the cases through one packaging: how many passed, and how many failed.
///
/// # Errors
/// When the packaging gives no answer.
pub fn run(lines: &[Line], via: &mut Via) -> anyhow::Result<(usize, usize)> {
    let mut failed = 0;
    for line in lines {
        let case = match &line.case {
            Ok(case) => case,
            Err(error) => {
                failed += 1;
                println!("{}: {error}", line.place);
                continue;
            }
        };
        let request = match case.request() {
            Ok(request) => request.to_string(),
            Err(error) => {
                failed += 1;
                println!("{}: {error:#}", case.id);
                continue;
            }
        };
        let answer = via.call("evaluate", request.as_bytes())?;
        match outcome(&answer) {
            Ok(outcome) if outcome == case.expected => {}
            Ok(outcome) => {
                failed += 1;
                println!("{}: expected {:?}, got {outcome:?}: {}", case.id, case.expected, case.why);
                println!("  {}", answer.unwrap_or_else(|error| error));
            }
            Err(error) => {
                failed += 1;
                println!("{}: {error:#}", case.id);
            }
        }
    }
    Ok((lines.len() - failed, failed))
}

/// The neutral word for an answer.
fn outcome(answer: &Result<String, String>) -> anyhow::Result<Outcome> {
    match answer {
        Ok(decision) => neutral(&serde_json::from_str(decision)?),
        Err(error) => {
            let document: Value = serde_json::from_str(error)?;
            // A policy that cannot be evaluated lets nothing pass; a request that cannot be is our own fault.
            if document["error"] != "bad-policy" {
                bail!("{error}");
            }
            Ok(Outcome::Pending)
        }
    }
}

fn neutral(decision: &Value) -> anyhow::Result<Outcome> {
    let rules = decision["rules"].as_array().context("a decision has rules")?;
    let none_applies = rules.iter().all(|rule| rule["state"] == "skipped");
    Ok(match decision["outcome"].as_str() {
        Some("approved") => Outcome::Approved,
        Some("denied") => Outcome::Disapproved,
        Some("not-applicable") => Outcome::Skipped,
        Some("pending") if none_applies => Outcome::Skipped,
        Some("pending") => Outcome::Pending,
        other => bail!("no outcome is called {other:?}"),
    })
}
