//! `countersign signoffs`

use std::process::ExitCode;

use clap::Args;
use countersign_core::model::{ActCode, Decision, NoticeCode, Request, read};
use countersign_core::plain;
use countersign_host::collect::{Collector, Selection};
use countersign_host::statements::{self, Record, SIGNOFFS_REF};

use crate::ModuleChoice;
use crate::change::ChangeChoice;
use crate::output;
use countersign_host::cli::now;

/// The signed sign-offs of a change, and whether each counts.
#[derive(Args)]
#[command(
    after_help = "Those of others come with\n  git fetch origin 'refs/countersign/*:refs/countersign/others/*'\n\n\
    Exit codes: 0 listed or joined, 2 cannot read"
)]
pub struct Signoffs {
    #[command(flatten)]
    change: ChangeChoice,
    /// Put what was signed here and what was fetched together, where a push was refused because somebody else's came before;
    /// nothing is signed anew.
    #[arg(long, conflicts_with_all = ["base", "head", "target"])]
    join: bool,
}

impl Signoffs {
    pub fn run(&self, choice: &ModuleChoice) -> anyhow::Result<ExitCode> {
        let module = choice.load()?;
        let mut collector = Collector::new(&module, &self.change.repo)?;
        if self.join {
            let stood = statements::join(collector.repository())?;
            output::print(&joined(stood, &collector.remote()?))?;
            return Ok(ExitCode::SUCCESS);
        }
        let selection = Selection { to_sign: true, ..self.change.selection() };
        let judged = self.change.judge(&module, &mut collector, &selection, now()?)?;
        let decision: Decision = read(judged.answer?.as_bytes())?;
        let request: Request<'_> = read(&judged.request)?;
        let notices = || decision.notices.iter().filter(|notice| notice.code == NoticeCode::NoSignoffs);
        // Of a clone that has fetched none nobody can say it.
        if request.acts.is_empty() && notices().next().is_none() {
            output::print("Nobody has signed this change off, as far as was fetched.\n")?;
        }
        for rule in decision.rules.iter().filter(|_| !request.acts.is_empty()) {
            for requirement in &rule.requirements {
                output::print(&format!("{}: {}\n", plain(&rule.name), plain(&requirement.asks)))?;
                // Who acted again is listed once.
                for act in requirement.acts.iter().filter(|act| act.code != ActCode::Superseded) {
                    output::print(&format!("  {} [{}]\n", plain(&act.sentence), act.code.name()))?;
                }
            }
        }
        if !request.acts.is_empty() && decision.rules.iter().all(|rule| rule.requirements.is_empty()) {
            output::print("No rule asks for a sign-off of this change.\n")?;
        }
        for notice in notices() {
            output::print(&format!("{}\n", plain(&notice.message)))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What became of the record, and how it goes on.
fn joined(stood: Record, remote: &str) -> String {
    let push = push(remote);
    match stood {
        Record::Known => {
            format!("What was fetched holds all that was signed here: {SIGNOFFS_REF} needs no push.\n")
        }
        Record::Ahead => {
            let fetch = fetch(remote);
            format!(
                "{SIGNOFFS_REF} holds all that was fetched, and more. What to do next:\n  {push}\n\
                 If that is refused, somebody else's came since:\n  {fetch}\n  countersign signoffs --join\n"
            )
        }
        Record::Apart => format!(
            "{SIGNOFFS_REF} now holds what was signed here and what was fetched. What to do next:\n  {push}\n"
        ),
    }
}

/// What takes one's own to others.
pub fn push(remote: &str) -> String {
    format!("git push {} {SIGNOFFS_REF}", countersign_core::shell_word(remote))
}

/// What brings the sign-offs of others.
pub fn fetch(remote: &str) -> String {
    format!("git fetch {} '{}'", countersign_core::shell_word(remote), statements::FETCHED)
}
