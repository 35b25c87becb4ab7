//! `countersign module`

use std::process::ExitCode;

use anyhow::bail;
use clap::Subcommand;
use countersign_host::module::{Function, Module};

use crate::ModuleChoice;
use crate::output;

/// Show which module decides.
#[derive(Subcommand)]
pub enum ModuleCommand {
    /// Versions, digest and limits, as one JSON document.
    Info,
    /// Run the module once and compare what it says of itself with what this host speaks.
    Verify,
}

impl ModuleCommand {
    pub fn run(&self, choice: &ModuleChoice) -> anyhow::Result<ExitCode> {
        let module = choice.load()?;
        let about: serde_json::Value = serde_json::from_str(&module.call(Function::Describe, b"")?)?;
        match self {
            ModuleCommand::Info => {
                let info = serde_json::json!({
                    "origin": module.origin(),
                    "sha256": module.digest(),
                    "bytes": choice.module.is_none().then(Module::embedded_size),
                    "module": about,
                });
                output::print(&format!("{}\n", serde_json::to_string_pretty(&info)?))?;
            }
            ModuleCommand::Verify => {
                let theirs = about["contract"].as_str().unwrap_or_default();
                let ours = countersign_host::module::CONTRACT_VERSION;
                if theirs != ours {
                    bail!(
                        "{} says that it speaks contract {theirs}, and this host speaks {ours}",
                        module.origin()
                    );
                }
                output::print(&format!(
                    "{}: contract {theirs}, sha256 {}, no imports, runs\n",
                    module.origin(),
                    module.digest()
                ))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
