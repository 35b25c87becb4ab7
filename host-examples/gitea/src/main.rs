//! `countersign-gitea`: the gate where people merge. The hook judges what is about to enter a protected branch of a Gitea
//! or Forgejo server, however it comes.
//!
//! Exit codes: 0 passes or done, 1 blocked, 2 cannot evaluate.

mod api;
mod forge;
mod hook;
mod install;

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
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match &cli.command {
        Command::PreReceive(hook) => hook.run(),
        Command::InstallHook(install) => install.run(),
    };
    result.unwrap_or_else(|error| {
        countersign_host::cli::complain(error.as_ref());
        ExitCode::from(2)
    })
}
