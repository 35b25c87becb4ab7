//! `countersign signoffs`

use std::process::ExitCode;

use clap::Args;
use countersign_core::model::{ActCode, Decision, NoticeCode, Request, read};
use countersign_core::plain;
use countersign_host::collect::{Collector, Selection};

use crate::ModuleChoice;
use crate::change::ChangeChoice;
use crate::output;
use countersign_host::cli::now;

/// The signed sign-offs of a change, and whether each counts.
#[derive(Args)]
#[command(
    after_help = "Those of others come with\n  git fetch origin 'refs/countersign/*:refs/countersign/others/*'\n\n\
    Exit codes: 0 listed, 2 cannot read"
)]
pub struct Signoffs {
    #[command(flatten)]
    change: ChangeChoice,
}

impl Signoffs {
    pub fn run(&self, choice: &ModuleChoice) -> anyhow::Result<ExitCode> {
        let module = choice.load()?;
        let mut collector = Collector::new(&module, &self.change.repo)?;
        let selection = Selection { to_sign: true, ..self.change.selection() };
        let judged = self.change.judge(&module, &mut collector, &selection, now()?)?;
        let decision: Decision = read(judged.answer?.as_bytes())?;
        let request: Request<'_> = read(&judged.request)?;
        if request.acts.is_empty() {
            output::print("Nobody has signed this change off.\n")?;
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
        for notice in decision.notices.iter().filter(|notice| notice.code == NoticeCode::NoSignoffs) {
            output::print(&format!("{}\n", plain(&notice.message)))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
