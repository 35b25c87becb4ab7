//! Builds and runs the fuzz targets: a file of `fuzz/fuzz_targets` is one, and there is no other list.
//!
//! They are built by the stable compiler, instrumented as libFuzzer wants it and without a sanitizer: the code has no `unsafe` and
//! panics by itself on what is out of bounds.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::tools::{self, Tool};
use crate::{Outcome, cargo, command, root, run, steps};

/// The package of the targets, which is no member of the workspace, and where it is built.
const MANIFEST: &str = "fuzz/Cargo.toml";
const TARGET_DIR: &str = "target/fuzz";

/// What running them needs: libFuzzer is C++, and two targets ask git.
pub const TOOLS: &[&Tool] = &[&tools::CPP, &tools::GIT, &tools::WASM];

/// What rustc adds to the code: LLVM's SanitizerCoverage, as libFuzzer reads it (LLVM 21), and `cfg(fuzzing)` for the library.
const INSTRUMENTED: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// How long each target runs as a part of the test, in seconds: what CI has time for.
const BRIEFLY: &str = "10";

/// A short run of each.
pub fn briefly() -> Outcome {
    run_each(BRIEFLY)
}

/// Runs each target for so many seconds.
pub fn run_for(seconds: &str) -> Outcome {
    tools::require(TOOLS)?;
    run_each(seconds)
}

/// Runs as many at a time as there are processors. Each begins with what is in the corpus of the contract (`conformance seeds`), and
/// mutates with the words of the dictionary.
fn run_each(seconds: &str) -> Outcome {
    let built = build()?;
    run(&mut command(steps::program("conformance")?, &["seeds", "fuzz/corpus"]))?;
    let entries =
        std::fs::read_dir(root().join("fuzz/fuzz_targets")).map_err(|e| format!("fuzz/fuzz_targets: {e}"))?;
    let mut targets: Vec<String> = entries
        .flatten()
        .filter_map(|entry| Some(entry.path().file_stem()?.to_string_lossy().into_owned()))
        .collect();
    targets.sort();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let mut failed = Vec::new();
    for together in targets.chunks(processors) {
        let started: Result<Vec<Child>, String> =
            together.iter().map(|target| start(built.join(target), target, seconds)).collect();
        for (target, child) in together.iter().zip(started?) {
            let output = child.wait_with_output().map_err(|e| format!("{target}: {e}"))?;
            let told = String::from_utf8_lossy(&output.stderr);
            let runs = told.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
            println!("{target}: {} inputs", runs.unwrap_or("no count of").trim());
            if !output.status.success() {
                println!("{told}");
                failed.push(target.as_str());
            }
        }
    }
    match failed.as_slice() {
        [] => Ok(()),
        failed => Err(format!(
            "{} failed; the input of each stands in fuzz/artifacts, and `target/fuzz/.../NAME FILE` repeats it",
            failed.join(", ")
        )),
    }
}

/// Builds all targets, and gives the folder of their programs.
fn build() -> Result<PathBuf, String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let told = command(rustc, &["-vV"]).output().map_err(|e| format!("rustc cannot be run: {e}"))?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let host =
        told.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc does not name its host")?;
    // With a target named, what runs while building is not instrumented.
    let arguments =
        ["build", "--release", "--locked", "--manifest-path", MANIFEST, "--target-dir", TARGET_DIR];
    run(cargo(&arguments).args(["--target", host]).env("RUSTFLAGS", INSTRUMENTED))?;
    Ok(root().join(TARGET_DIR).join(host).join("release"))
}

fn start(program: PathBuf, target: &str, seconds: &str) -> Result<Child, String> {
    let found = format!("fuzz/artifacts/{target}/");
    std::fs::create_dir_all(root().join(&found)).map_err(|e| format!("{found}: {e}"))?;
    Command::new(program)
        .current_dir(root())
        .arg(format!("fuzz/corpus/{target}"))
        .args(["-dict=fuzz/countersign.dict", "-max_len=65536", "-print_final_stats=1", "-verbosity=0"])
        .args([format!("-max_total_time={seconds}"), format!("-artifact_prefix={found}")])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{target} cannot be run: {e}"))
}
