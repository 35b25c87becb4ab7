//! `countersign policy test`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use countersign_core::model::{API_VERSION, Document, PolicyTestReport, PolicyTests, Role, Text, read};
use countersign_host::module::{Function, Module};

use super::Format;
use super::beside::extended;
use crate::output;

/// Run the cases that stand beside policies.
#[derive(Args)]
#[command(after_help = "Example:\n  countersign policy test policies/senior-sign-off\n\n\
    A folder holds policy.yaml and cases.yaml. Exit codes: 0 all pass, 1 some do not, 2 cannot be read")]
pub struct Test {
    /// Folders of a policy with its cases.
    #[arg(value_name = "DIR", required = true)]
    folders: Vec<PathBuf>,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
}

impl Test {
    pub(super) fn run(&self, module: &Module) -> anyhow::Result<ExitCode> {
        let mut reports = Vec::new();
        let mut passed = true;
        for folder in &self.folders {
            let answer = tested(module, folder)?;
            let report: PolicyTestReport = read(answer.as_bytes())?;
            if self.format == Format::Text {
                let text = module.render(&answer, "text", output::colour(), false)?;
                output::print(&format!("{}\n{text}", folder.display()))?;
                if !report.valid {
                    bail!("{} cannot be read", report.name);
                }
            }
            passed &= report.cases.iter().all(|case| case.passed);
            reports.push(answer);
        }
        if self.format == Format::Json {
            super::print_json(&reports)?;
        }
        Ok(ExitCode::from(u8::from(!passed)))
    }
}

/// The report of the cases in one folder.
fn tested(module: &Module, folder: &Path) -> anyhow::Result<String> {
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("reading {}", path.display()));
    let (policy_path, cases_path) = (folder.join("policy.yaml"), folder.join("cases.yaml"));
    let (policy, cases) = (read(&policy_path)?, read(&cases_path)?);
    let base = extended(module, &policy, &policy_path)?;
    let policy = Document {
        role: Role::Policy,
        source: "flag".into(),
        path: Some(policy_path.display().to_string().into()),
        bytes: Text::from_bytes(policy),
        ..Document::default()
    };
    let tests = PolicyTests {
        api_version: API_VERSION.into(),
        name: cases_path.display().to_string().into(),
        cases: Text::from_bytes(cases),
        documents: std::iter::once(policy).chain(base).collect(),
    };
    Ok(module.call(Function::TestPolicy, &serde_json::to_vec(&tests)?)?)
}
