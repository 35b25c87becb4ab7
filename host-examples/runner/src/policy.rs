//! `countersign policy`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use countersign_core::model::{
    API_VERSION, Document, Needs, PolicyReport, PolicySource, Request, Role, Text, WantedDocument, read,
};
use countersign_host::module::{Function, Module};

use crate::output;
use crate::trial::Try;
use crate::{ModuleChoice, cases};

/// Check and test policies.
#[derive(Subcommand)]
pub enum Policy {
    /// Show what is wrong with policies, each fault with its place and a hint.
    Check(Check),
    /// Run the cases that stand beside policies.
    Test(Test),
    /// Show what a policy would have said of the changes merged in a range.
    Try(Try),
}

/// Show what is wrong with policies.
#[derive(Args)]
#[command(after_help = "Example:\n  countersign policy check .countersign/policy.yaml\n\n\
    Exit codes: 0 valid, 1 invalid, 2 cannot be read")]
pub struct Check {
    /// Policies.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// They are a server's own files of who may break the glass.
    #[arg(long)]
    break_glass: bool,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

/// Run the cases that stand beside policies.
#[derive(Args)]
#[command(after_help = "Example:\n  countersign policy test policies/senior-sign-off\n\n\
    A folder holds policy.yaml and cases.yaml. Exit codes: 0 all pass, 1 some do not, 2 cannot be read")]
pub struct Test {
    /// Folders.
    #[arg(value_name = "DIR", required = true)]
    folders: Vec<PathBuf>,
}

impl Policy {
    pub fn run(&self, choice: &ModuleChoice) -> anyhow::Result<ExitCode> {
        let module = choice.load()?;
        match self {
            Policy::Check(check) => {
                let ran = check.run(&module);
                if let Err(error) = &ran {
                    output::publish_failure(error, check.format == Format::Json, None)?;
                }
                ran
            }
            Policy::Try(trial) => trial.run(&module),
            Policy::Test(test) => {
                let mut failed = 0;
                for folder in &test.folders {
                    failed += cases::run(&module, folder)?;
                }
                Ok(ExitCode::from(u8::from(failed > 0)))
            }
        }
    }
}

impl Check {
    fn run(&self, module: &Module) -> anyhow::Result<ExitCode> {
        let mut reports = Vec::new();
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
            reports.push(read::<PolicyReport>(report.as_bytes())?);
        }
        if self.format == Format::Json {
            // One file, one report; several, a list of them: one document either way.
            let text = match reports.as_slice() {
                [one] => serde_json::to_string(one)?,
                many => serde_json::to_string(many)?,
            };
            output::print(&format!("{text}\n"))?;
        }
        Ok(ExitCode::from(u8::from(reports.iter().any(|report| !report.valid))))
    }
}

/// The policy that a policy in a file extends, by what the module asks for: a file at its path below one of the folders
/// that hold the policy. A pinned one is not looked for.
pub fn extended(module: &Module, policy: &[u8], file: &Path) -> anyhow::Result<Option<Document<'static>>> {
    let wanted = wanted(module, policy, None)?;
    let base = wanted.into_iter().find(|wanted| wanted.role == Role::Extends);
    let Some(base) = base.filter(|base| base.commit.is_none()) else { return Ok(None) };
    Ok(beside(file, &base.path)?.map(|bytes| Document {
        role: Role::Extends,
        source: "flag".into(),
        path: Some(base.path.into()),
        bytes: Text::from_bytes(bytes),
        ..Document::default()
    }))
}

/// The CODEOWNERS that a policy in a file reads: the first that stands where the module asks for one.
fn owners(
    module: &Module,
    policy: &[u8],
    base: Option<&Document<'static>>,
    file: &Path,
) -> anyhow::Result<Option<Text<'static>>> {
    for wanted in wanted(module, policy, base)?.iter().filter(|wanted| wanted.role == Role::Codeowners) {
        if let Some(bytes) = beside(file, &wanted.path)? {
            return Ok(Some(Text::from_bytes(bytes)));
        }
    }
    Ok(None)
}

/// The documents that the module asks for beside a policy.
fn wanted(
    module: &Module,
    policy: &[u8],
    base: Option<&Document<'static>>,
) -> anyhow::Result<Vec<WantedDocument>> {
    let policy =
        Document { role: Role::Policy, bytes: Text::from_bytes(policy.to_vec()), ..Document::default() };
    let request = Request {
        api_version: API_VERSION.into(),
        documents: std::iter::once(policy).chain(base.cloned()).collect::<Vec<_>>().into(),
        ..Request::default()
    };
    let needs: Needs = read(module.call(Function::Needs, &serde_json::to_vec(&request)?)?.as_bytes())?;
    Ok(needs.documents)
}

/// The bytes of a file at a path below one of the folders that hold the policy.
fn beside(policy: &Path, path: &str) -> anyhow::Result<Option<Vec<u8>>> {
    let policy = std::path::absolute(policy)?;
    Ok(policy.ancestors().skip(1).find_map(|folder| std::fs::read(folder.join(path)).ok()))
}
