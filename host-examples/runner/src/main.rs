//! `countersign`: gates a range of a git repository, shows what AI contributed, checks and tests policies.
//!
//! Exit codes: 0 passes or done, 1 blocked or an invalid policy, 2 cannot evaluate. Standard output is the answer;
//! progress and diagnostics go to standard error.

mod approve;
mod audit;
mod change;
mod check;
mod demo;
mod evaluate;
mod hook;
mod module;
mod output;
mod policy;
mod provenance;
mod pushed;
mod signoffs;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use countersign_host::collect::CollectError;
use countersign_host::git::Repository;
use countersign_host::module::Module;

/// Whether an AI-assisted change has the named human sign-off that it needs.
#[derive(Parser)]
#[command(name = "countersign", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    module: ModuleChoice,
    #[command(subcommand)]
    command: Command,
}

/// Which build of the module decides.
#[derive(Args)]
struct ModuleChoice {
    /// Run this build of the module instead of the embedded one.
    #[arg(long, global = true, value_name = "FILE", requires = "module_sha256")]
    module: Option<PathBuf>,
    /// Its SHA-256; another file is refused.
    #[arg(long, global = true, value_name = "HEX", requires = "module")]
    module_sha256: Option<String>,
}

impl ModuleChoice {
    fn load(&self) -> anyhow::Result<Module> {
        Ok(match (&self.module, &self.module_sha256) {
            (Some(path), Some(sha256)) => Module::from_file(path, sha256)?,
            _ => Module::embedded()?,
        })
    }

    /// Loads it while the repository that holds `folder` is opened.
    fn load_beside(&self, folder: &Path) -> anyhow::Result<(Module, Repository)> {
        let (module, opened) = std::thread::scope(|scope| {
            let opening = scope.spawn(|| Repository::open(folder));
            let module = self.load();
            (module, opening.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        Ok((module?, opened.map_err(CollectError::from)?))
    }
}

#[derive(Subcommand)]
enum Command {
    /// A guided run on a sample repository that it makes: blocked, signed off, passes, audited.
    Demo(demo::Demo),
    /// Gate a range of a git repository. Reads the repository, writes the decision.
    Check(check::Check),
    /// The pure function: a request document in, a decision document out.
    Evaluate(evaluate::Evaluate),
    /// What AI contributed to a range, or to messages. Findings are no failure.
    Provenance(provenance::Provenance),
    /// Sign off a change with an SSH key.
    Approve(approve::Approve),
    /// The signed sign-offs of a change, and whether each counts.
    Signoffs(signoffs::Signoffs),
    /// Check and test policies.
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Read the audit trail.
    Audit(audit::Audit),
    /// The server-side hook of a bare repository.
    PreReceive(hook::PreReceive),
    /// Install that hook, and check that it runs.
    InstallHook(hook::InstallHook),
    /// Show which module decides.
    #[command(subcommand)]
    Module(module::ModuleCommand),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match &cli.command {
        Command::Demo(demo) => demo.run(&cli.module),
        Command::Check(check) => check.run(&cli.module),
        Command::Evaluate(evaluate) => evaluate.run(&cli.module),
        Command::Provenance(provenance) => provenance.run(&cli.module),
        Command::Approve(approve) => approve.run(&cli.module),
        Command::Signoffs(signoffs) => signoffs.run(&cli.module),
        Command::Policy(policy) => policy.run(&cli.module),
        Command::Audit(audit) => audit.run(&cli.module),
        Command::PreReceive(hook) => hook.run(),
        Command::InstallHook(install) => install.run(),
        Command::Module(command) => command.run(&cli.module),
    };
    result.unwrap_or_else(|error| {
        countersign_host::cli::complain(error.as_ref());
        ExitCode::from(2)
    })
}
