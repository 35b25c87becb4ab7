//! The parts of `cargo xtask test`, fast ones first.

use std::path::Path;
use std::time::Instant;

use crate::{Outcome, cargo, command, root, run, tools};

/// A part: its name, what it shows, and how.
type Part = (&'static str, &'static str, fn() -> Outcome);

const PARTS: &[Part] = &[
    ("format", "the code is formatted", format),
    ("lint", "clippy has nothing to say", lint),
    ("unit", "unit tests, end to end on real git, properties, and the examples in the documentation", unit),
    ("conformance", "every packaging gives the same bytes", conformance),
    ("policies", "the policies do what their cases say", policies),
    ("budgets", "size and fuel of the module", budgets),
    ("reproducible", "two builds in different folders give the same component", reproducible),
    ("apart", "what stands apart from the workspace compiles: fuzz targets, rivals of the bench", apart),
    ("deny", "bans, licences and sources of dependencies", deny),
];

/// Runs the named parts, or all.
pub fn test(names: &[String]) -> Outcome {
    if let Some(unknown) = names.iter().find(|name| !PARTS.iter().any(|part| part.0 == **name)) {
        let known: Vec<&str> = PARTS.iter().map(|part| part.0).collect();
        return Err(format!("no part is called {unknown}; the parts are {}", known.join(", ")));
    }
    tools::require(&["git", "go", "node", "npm", "openssl", "psql", "ssh-keygen"])?;
    tools::wasm_target()?;
    let (mut passed, mut failed) = (0, Vec::new());
    for (name, shows, part) in PARTS {
        if !names.is_empty() && !names.iter().any(|wanted| wanted == name) {
            continue;
        }
        println!("== {name}: {shows}");
        let started = Instant::now();
        match part() {
            Ok(()) => {
                println!("== {name}: passed in {:.0} s\n", started.elapsed().as_secs_f32());
                passed += 1;
            }
            Err(why) => {
                println!("== {name}: FAILED: {why}\n");
                failed.push(*name);
            }
        }
    }
    println!("{passed} passed, {} failed", failed.len());
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

fn format() -> Outcome {
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    for (manifest, _) in APART {
        run(&mut cargo(&["fmt", "--check", "--manifest-path", manifest]))?;
    }
    Ok(())
}

fn lint() -> Outcome {
    run(&mut cargo(&["clippy", "--quiet", "--all-targets", "--all-features", "--", "--deny", "warnings"]))?;
    // The guests exist for wasm only.
    run(&mut cargo(&[
        "clippy",
        "--quiet",
        "--target",
        "wasm32-unknown-unknown",
        "--target-dir",
        "target/guest",
        "--package",
        "countersign-component",
        "--package",
        "countersign-extism",
        "--package",
        "countersign-web",
        "--",
        "--deny",
        "warnings",
    ]))
}

fn unit() -> Outcome {
    run(cargo(&["test", "--quiet", "--no-fail-fast"]).env("INSTA_UPDATE", "no"))
}

/// Builds the programs of the workspace together, so that what they share is compiled once, and gives the path of one.
fn program(name: &str) -> Result<std::path::PathBuf, String> {
    run(&mut cargo(&["build", "--quiet"]))?;
    Ok(root().join("target/debug").join(name))
}

fn conformance() -> Outcome {
    let conformance = program("conformance")?;
    run(&mut command(&conformance, &[]))?;
    run(&mut command(&conformance, &["provenance", "tests/conformance/corpus/provenance.jsonl"]))
}

fn policies() -> Outcome {
    let mut folders: Vec<_> = std::fs::read_dir(root().join("policies"))
        .and_then(|entries| {
            entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()
        })
        .map_err(|e| format!("policies: {e}"))?;
    folders.sort();
    run(command(program("countersign")?, &["policy", "test"]).args(folders))
}

fn budgets() -> Outcome {
    run(&mut command(program("bench")?, &["budgets"]))
}

/// Builds the component from a copy of the sources elsewhere and compares.
fn reproducible() -> Outcome {
    let elsewhere = std::env::temp_dir().join(format!("countersign-elsewhere-{}", std::process::id()));
    let result = build_elsewhere(&elsewhere);
    let _ = std::fs::remove_dir_all(&elsewhere);
    result
}

fn build_elsewhere(elsewhere: &Path) -> Outcome {
    let folder = elsewhere.join("a much longer path than the first");
    copy_sources(&root(), &folder)?;
    let mut digests = Vec::new();
    for folder in [root(), folder] {
        let arguments =
            ["run", "--quiet", "--package", "countersign-packaging", "--bin", "dist", "--", "component"];
        let output = cargo(&arguments)
            .current_dir(&folder)
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .output()
            .map_err(|e| e.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        digests.push(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    match digests.as_slice() {
        [one, two] if one == two => {
            print!("{one}");
            Ok(())
        }
        _ => Err(format!("the two builds differ:\n{}", digests.concat())),
    }
}

/// Copies what a build of the component reads.
fn copy_sources(from: &Path, to: &Path) -> Outcome {
    let list = command("git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .map_err(|e| e.to_string())?;
    for path in list.stdout.split(|&b| b == 0).filter(|path| !path.is_empty()) {
        let path = String::from_utf8_lossy(path).into_owned();
        let (source, target) = (from.join(&path), to.join(&path));
        if !source.is_file() {
            continue;
        }
        let folder = target.parent().unwrap_or(to);
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::copy(&source, &target))
            .map_err(|e| format!("{path}: {e}"))?;
    }
    Ok(())
}

/// The other engines of the bench, and where they are built.
pub const RIVALS: (&str, &str) = ("tests/rivals/Cargo.toml", "target/rivals");

/// Packages that are no members of the workspace, and where each is built.
const APART: &[(&str, &str)] = &[("fuzz/Cargo.toml", "target/fuzz"), RIVALS];

fn apart() -> Outcome {
    for (manifest, target) in APART {
        run(&mut cargo(&["check", "--quiet", "--manifest-path", manifest, "--target-dir", target]))?;
    }
    Ok(())
}

/// Holds the properties of the core against so many random cases each.
pub fn properties(number: &str) -> Outcome {
    let arguments =
        ["test", "--release", "--package", "countersign-core", "--test", "properties", "--", "--nocapture"];
    run(cargo(&arguments).env("PROPTEST_CASES", number))
}

/// Takes down what a real Gitea answers the service and the set-up.
pub fn record() -> Outcome {
    tools::require(&["git", "go"])?;
    tools::wasm_target()?;
    run(&mut command(program("record")?, &[]))
}

/// Runs every fuzz target for a while.
pub fn fuzz(seconds: &str) -> Outcome {
    let tool = tools::cargo_tool("cargo-fuzz", "0.13.2")?;
    for target in
        ["evaluate", "needs", "ranges", "provenance", "check_policy", "test_policy", "render", "trailers"]
    {
        let limit = format!("-max_total_time={seconds}");
        run(command(&tool, &["fuzz", "run", target, "--", &limit, "-max_len=65536"])
            .env("RUSTUP_TOOLCHAIN", "nightly")
            .env_remove("CARGO"))?;
    }
    Ok(())
}

fn deny() -> Outcome {
    let tool = tools::cargo_tool("cargo-deny", "0.20.2")?;
    run(&mut command(
        tool,
        &["--all-features", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"],
    ))
}
