//! `countersign policy check`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use countersign_core::model::{API_VERSION, PolicyReport, PolicySource, Role, Text, read};
use countersign_host::module::{Function, Module};

use super::Format;
use super::beside::{extended, owners};
use crate::output;

/// Show what is wrong with policies.
#[derive(Args)]
#[command(after_help = "Example:\n  countersign policy check .countersign/policy.yaml\n\n\
    Exit codes: 0 valid, 1 invalid, 2 cannot be read")]
pub struct Check {
    /// Files of policies.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// They are a server's own files of who may break the glass.
    #[arg(long)]
    break_glass: bool,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
}

impl Check {
    pub(super) fn run(&self, module: &Module) -> anyhow::Result<ExitCode> {
        let mut reports = Vec::new();
        let mut valid = true;
        for file in &self.files {
            let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
            let extends = if self.break_glass { None } else { extended(module, &bytes, file)? };
            let codeowners =
                if self.break_glass { None } else { owners(module, &bytes, extends.as_ref(), file)? };
            let source = PolicySource {
                api_version: API_VERSION.into(),
                name: file.display().to_string().into(),
                role: self.break_glass.then_some(Role::BreakGlass),
                extends: extends.map(|base| base.bytes),
                codeowners,
                bytes: Text::from_bytes(bytes),
            };
            let report = module.call(Function::CheckPolicy, &serde_json::to_vec(&source)?)?;
            if self.format == Format::Text {
                output::print(&module.render(&report, "text", output::colour(), false)?)?;
            }
            valid &= read::<PolicyReport>(report.as_bytes())?.valid;
            reports.push(report);
        }
        if self.format == Format::Json {
            super::print_json(&reports)?;
        }
        Ok(ExitCode::from(u8::from(!valid)))
    }
}
