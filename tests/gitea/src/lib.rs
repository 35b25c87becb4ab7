//! Real git repositories, and a real Gitea, for the tests of the gate. Everything panics: a test that cannot be set up has
//! failed.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "of tests, which stop where they fail"
)]

pub mod git;
pub mod page;
pub mod postgres;
pub mod recorded;
pub mod server;
pub mod service;
pub mod story;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A program of the workspace, built from what stands here, as whoever asks was built: for debugging or for release.
pub fn program(name: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    BUILT.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        // All programs together, as every other step builds them: a part of them would compile what they share anew.
        let mut command = Command::new(cargo);
        command.args(["build", "--quiet"]).current_dir(root());
        if profile == "release" {
            command.arg("--release");
        }
        assert!(command.status().unwrap().success(), "the programs do not build");
    });
    root().join("target").join(profile).join(name)
}

/// A client that follows no redirection and takes every status for an answer, as a browser's address bar shows it.
fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into()
}

/// What a process did.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code.
    pub code: i32,
    /// Both of its streams.
    pub text: String,
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Ran {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Ran { code: output.status.code().unwrap_or(-1), text }
}
