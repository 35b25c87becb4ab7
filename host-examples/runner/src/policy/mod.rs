//! `countersign policy`

mod beside;
mod check;
mod test;
mod trial;

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};

use crate::{ModuleChoice, output};

/// Check and test policies.
#[derive(Subcommand)]
pub enum Policy {
    /// Show what is wrong with policies, each fault with its place and a hint.
    Check(check::Check),
    /// Run the cases that stand beside policies.
    Test(test::Test),
    /// Show what a policy would have said of the changes merged in a range.
    Try(trial::Try),
}

/// Forms of an answer about a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Policy {
    pub fn run(&self, choice: &ModuleChoice) -> anyhow::Result<ExitCode> {
        let module = choice.load()?;
        let (ran, format) = match self {
            Policy::Check(check) => (check.run(&module), check.format),
            Policy::Test(test) => (test.run(&module), test.format),
            Policy::Try(trial) => return trial.run(&module),
        };
        if let Err(error) = &ran {
            output::publish_failure(error, format == Format::Json, None)?;
        }
        ran
    }
}

/// Prints documents as JSON: one as it is, several as a list of them.
fn print_json(documents: &[String]) -> anyhow::Result<()> {
    match documents {
        [one] => output::print(&format!("{one}\n")),
        many => output::print(&format!("[{}]\n", many.join(","))),
    }
}
