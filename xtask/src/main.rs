//! The build, with no other tool to learn: see [`HELP`]. CI runs `cargo xtask test`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line that tells how the build goes on"
)]

mod fuzz;
mod steps;
mod tools;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

const HELP: &str = "\
cargo xtask demo            make a sample repository and run the gate on it
cargo xtask test [NAME...]  run everything, or the named parts
cargo xtask test --fast     run the parts without a server, in a minute once they are built
cargo xtask fix             format, take clippy's safe advice, write schemas and snapshots anew
cargo xtask properties [N]  hold what must always hold against N random cases each (100000)
cargo xtask fuzz [SECONDS]  run every fuzz target for a while (60)
cargo xtask dist            write the module in its packagings to target/dist, with SHA-256 sums
cargo xtask bench [NAME...] measure; one line a measure: name value unit
cargo xtask record          take down what a real Gitea answers, for the tests of the client of its API

Each asks for the programs that it needs, and with --install also installs them. Where CI is set, that is meant.";

/// What went wrong, for a person.
pub type Outcome = Result<(), String>;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1).filter(|argument| argument != tools::INSTALL);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let first = |default: &'static str| rest.first().map_or(default, String::as_str);
    let result = match command.as_str() {
        "demo" => demo(),
        "test" => steps::test(&rest),
        "fix" => steps::fix(),
        "properties" => steps::properties(first("100000")),
        "fuzz" => fuzz::run_for(first("60")),
        "dist" => dist(),
        "bench" => bench(&rest),
        "record" => steps::record(),
        _ => {
            eprintln!("{HELP}");
            return if command.is_empty() || command == "help" {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(2)
            };
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask {command}: {message}");
            ExitCode::from(1)
        }
    }
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().unwrap_or(root)
}

/// A command in the root of the workspace.
pub fn command(program: impl AsRef<std::ffi::OsStr>, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    command
}

/// cargo, the one that runs this.
pub fn cargo(args: &[&str]) -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), args)
}

/// Runs a command with its output shown.
pub fn run(command: &mut Command) -> Outcome {
    let shown = format!("{command:?}");
    let status = command.status().map_err(|e| format!("{shown} cannot be run: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{shown} ended with {status}")) }
}

fn demo() -> Outcome {
    tools::require(&[&tools::GIT, &tools::WASM])?;
    let started = Instant::now();
    eprintln!("building countersign (minutes the first time, seconds afterwards)");
    run(&mut cargo(&["build", "--package", "countersign"]))?;
    eprintln!("built in {:.0} s\n", started.elapsed().as_secs_f32());
    run(&mut command(root().join("target/debug/countersign"), &["demo", "--folder", "target/demo"]))
}

fn dist() -> Outcome {
    tools::require(&[&tools::WASM])?;
    run(&mut cargo(&[
        "run",
        "--quiet",
        "--package",
        "countersign-packaging",
        "--features",
        "web",
        "--bin",
        "dist",
    ]))
}

fn bench(names: &[String]) -> Outcome {
    tools::require(&[&tools::GIT, &tools::WASM])?;
    run(&mut cargo(&["build", "--release"]))?;
    if names.is_empty() || names.iter().any(|name| name == "rivals") {
        let (manifest, target) = steps::RIVALS;
        let places = ["--manifest-path", manifest, "--target-dir", target];
        run(cargo(&["build", "--release", "--locked"]).args(places))?;
    }
    run(command(root().join("target/release/bench"), &[]).args(names))
}
