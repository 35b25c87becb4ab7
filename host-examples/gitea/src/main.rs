//! `countersign-gitea`: the gate where people merge. The hook judges what is about to enter a protected branch of a Gitea
//! or Forgejo server, however it comes; the service judges pull requests as they change, and keeps the record.
//!
//! Exit codes: 0 passes or done, 1 blocked, 2 cannot evaluate.

mod api;
mod forge;
#[cfg(test)]
mod forgejo;
mod hook;
mod install;
mod pushers;
#[cfg(test)]
mod recorded;
mod serve;
mod setup;
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Countersign on a Gitea or Forgejo server.
#[derive(Parser)]
#[command(name = "countersign-gitea", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The server-side hook: judges what a push or merge would put into a protected branch.
    PreReceive(hook::PreReceive),
    /// Install the hook for one repository or for the whole server, and check that it runs.
    InstallHook(install::InstallHook),
    /// The service: webhooks in, statuses, comments and pages out, and the audit trail.
    Serve(serve::Serve),
    /// Set up webhook, required status and branch protection, and name what is left open.
    Setup(setup::Setup),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match &cli.command {
        Command::PreReceive(hook) => hook.run(),
        Command::InstallHook(install) => install.run(),
        Command::Serve(serve) => serve.run(),
        Command::Setup(setup) => setup.run(),
    };
    result.unwrap_or_else(|error| {
        countersign_host::cli::complain(error.as_ref());
        ExitCode::from(2)
    })
}
