//! `countersign signoffs`

use std::process::ExitCode;

use clap::Args;
use countersign_core::model::{Decision, Request, read};
use countersign_host::collect::{Collector, Selection};

use crate::ModuleChoice;
use crate::change::ChangeChoice;
use crate::output;
use countersign_host::cli::now;

/// The signed sign-offs of a change, and whether each counts.
#[derive(Args)]
#[command(
    after_help = "Those of others come with\n  git fetch origin refs/countersign/signoffs:refs/countersign/others\n\n\
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
            return Ok(ExitCode::SUCCESS);
        }
        for rule in &decision.rules {
            for requirement in &rule.requirements {
                output::print(&format!("{}: {}\n", rule.name, requirement.asks))?;
                for act in &requirement.acts {
                    let sentence = countersign_core::visible(&act.sentence);
                    output::print(&format!("  {sentence} [{}]\n", act.code.name()))?;
                }
            }
        }
        if decision.rules.iter().all(|rule| rule.requirements.is_empty()) {
            output::print("No rule asks for a sign-off of this change.\n")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
