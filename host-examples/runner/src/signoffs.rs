//! `countersign signoffs`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use countersign_core::model::{Decision, Request, read};
use countersign_host::ci;
use countersign_host::collect::{Collector, Selection};
use countersign_host::module::Function;

use crate::ModuleChoice;
use crate::check::now;
use crate::output;

/// The signed sign-offs of a change, and whether each counts.
#[derive(Args)]
#[command(
    after_help = "Those of others come with\n  git fetch origin refs/countersign/signoffs:refs/countersign/others\n\n\
    Exit codes: 0 listed, 2 cannot read"
)]
pub struct Signoffs {
    /// The repository, or a folder in it.
    #[arg(long, value_name = "DIR", default_value = ".")]
    repo: PathBuf,
    /// Count the commits from here instead of from the tip of the target.
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// The head of the change [default: HEAD].
    #[arg(long, value_name = "REV")]
    head: Option<String>,
    /// The branch that the change goes into.
    #[arg(long, value_name = "REF")]
    target: Option<String>,
}

impl Signoffs {
    pub fn run(&self, choice: &ModuleChoice) -> anyhow::Result<ExitCode> {
        let module = choice.load()?;
        let ci = ci::detect(|name| std::env::var(name).ok())?;
        let selection = Selection {
            base: self.base.clone(),
            head: self.head.clone(),
            target: self.target.clone(),
            to_sign: true,
            ..Selection::default()
        };
        let request = Collector::new(&module, &self.repo)?.change(&selection, ci.as_ref(), now()?)?;
        let answer = module.call(Function::Evaluate, &request)?;
        let decision: Decision = read(answer.as_bytes())?;
        let request: Request<'_> = read(&request)?;
        if request.acts.is_empty() {
            output::print("Nobody has signed this change off.\n")?;
            return Ok(ExitCode::SUCCESS);
        }
        for rule in &decision.rules {
            for requirement in &rule.requirements {
                output::print(&format!("{}: {}\n", rule.name, requirement.asks))?;
                for act in &requirement.acts {
                    output::print(&format!(
                        "  {}  {} [{}]\n",
                        act.actor,
                        countersign_core::visible(&act.sentence),
                        act.code.name()
                    ))?;
                }
            }
        }
        if decision.rules.iter().all(|rule| rule.requirements.is_empty()) {
            output::print("No rule asks for a sign-off of this change.\n")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
