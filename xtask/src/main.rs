//! `cargo xtask demo | test | properties | dist | bench | record`: the build, with no other tool to learn. CI runs `cargo xtask test`.

mod steps;
mod tools;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

const HELP: &str = "\
cargo xtask demo            make a sample repository and run the gate on it
cargo xtask test [NAME...]  run everything, or the named parts
cargo xtask properties [N]  hold what must always hold against N random cases each (100000)
cargo xtask dist            write the module in its packagings to target/dist, with SHA-256 sums
cargo xtask bench [NAME...] measure; one line a measure: name value unit
cargo xtask record          take down what a real Gitea answers, for the tests of the client of its API
cargo xtask fuzz SECONDS    run every fuzz target for a while (needs a nightly toolchain)";

/// Why a step failed, for a person.
pub type Outcome = Result<(), String>;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let result = match command.as_str() {
        "demo" => demo(),
        "test" => steps::test(&rest),
        "properties" => steps::properties(rest.first().map_or("100000", String::as_str)),
        "dist" => dist(),
        "bench" => bench(&rest),
        "record" => steps::record(),
        "fuzz" => steps::fuzz(rest.first().map_or("30", String::as_str)),
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
    tools::require(&["git"])?;
    tools::wasm_target()?;
    let started = Instant::now();
    eprintln!("building countersign (minutes the first time, seconds afterwards)");
    run(&mut cargo(&["build", "--package", "countersign"]))?;
    eprintln!("built in {:.0} s\n", started.elapsed().as_secs_f32());
    run(&mut command(root().join("target/debug/countersign"), &["demo", "--folder", "target/demo"]))
}

fn dist() -> Outcome {
    tools::wasm_target()?;
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
    tools::require(&["git"])?;
    tools::wasm_target()?;
    run(&mut cargo(&["build", "--release"]))?;
    if names.is_empty() || names.iter().any(|name| name == "rivals") {
        let (manifest, target) = steps::RIVALS;
        let places = ["--manifest-path", manifest, "--target-dir", target];
        run(cargo(&["build", "--release", "--locked"]).args(places))?;
    }
    run(command(root().join("target/release/bench"), &[]).args(names))
}
