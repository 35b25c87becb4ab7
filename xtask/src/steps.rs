//! The parts of `cargo xtask test`, fast ones first, and `cargo xtask fix`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::tools::{self, Tool};
use crate::{Outcome, cargo, command, fuzz, root, run};

/// A part of `cargo xtask test`.
struct Part {
    name: &'static str,
    /// What it shows when it passes.
    shows: &'static str,
    /// What it needs beyond cargo and rustc.
    tools: &'static [&'static Tool],
    /// Whether `--fast` runs it: no server, no network, and under a minute in all once everything is built.
    fast: bool,
    run: fn() -> Outcome,
}

const PARTS: &[Part] = &[
    Part { name: "format", shows: "the code is formatted", tools: &[], fast: true, run: format },
    Part {
        name: "lint",
        shows: "clippy and rustdoc have nothing to say",
        tools: &[&tools::WASM],
        fast: false,
        run: lint,
    },
    Part {
        name: "unit",
        shows: "rules, properties, commands on real git, and the examples in the documentation",
        tools: &[&tools::GIT, &tools::SSH_KEYGEN, &tools::WASM],
        fast: true,
        run: unit,
    },
    Part {
        name: "thorough",
        shows: "the same for random cases, whole histories, the limits of the sandbox and many clones",
        tools: &[&tools::GIT, &tools::SSH_KEYGEN, &tools::WASM],
        fast: false,
        run: thorough,
    },
    Part {
        name: "servers",
        shows: "end to end on a real Gitea, and the trail on a real PostgreSQL",
        tools: &[
            &tools::GIT,
            &tools::GO,
            &tools::OPENSSL,
            &tools::POSTGRES,
            &tools::SSH_KEYGEN,
            &tools::WASM,
        ],
        fast: false,
        run: servers,
    },
    Part {
        name: "conformance",
        shows: "every packaging gives the same bytes",
        tools: &[&tools::NODE, &tools::NPM, &tools::WASM],
        fast: false,
        run: conformance,
    },
    Part {
        name: "policies",
        shows: "the policies do what their cases say",
        tools: &[&tools::WASM],
        fast: true,
        run: policies,
    },
    Part {
        name: "budgets",
        shows: "size and fuel of the module",
        tools: &[&tools::WASM],
        fast: false,
        run: budgets,
    },
    Part {
        name: "reproducible",
        shows: "two builds in different folders give the same component",
        tools: &[&tools::GIT, &tools::WASM],
        fast: false,
        run: reproducible,
    },
    Part {
        name: "apart",
        shows: "the rivals of the bench, which stand apart from the workspace, compile",
        tools: &[],
        fast: false,
        run: apart,
    },
    Part {
        name: "fuzz",
        shows: "no input that a short run of each fuzz target finds does harm",
        tools: fuzz::TOOLS,
        fast: false,
        run: fuzz::briefly,
    },
    Part {
        name: "deny",
        shows: "bans, licences and sources of dependencies",
        tools: &[&tools::DENY],
        fast: false,
        run: deny,
    },
];

/// Runs the named parts, those of `--fast`, or all.
pub fn test(arguments: &[String]) -> Outcome {
    let (flags, names): (Vec<&str>, Vec<&str>) =
        arguments.iter().map(String::as_str).partition(|argument| argument.starts_with("--"));
    if let Some(unknown) = flags.iter().find(|flag| **flag != "--fast") {
        return Err(format!("no flag is called {unknown}; there is --fast"));
    }
    if let Some(unknown) = names.iter().find(|name| !PARTS.iter().any(|part| part.name == **name)) {
        let known: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        return Err(format!("no part is called {unknown}; the parts are {}", known.join(", ")));
    }
    let wanted =
        |part: &&Part| (names.is_empty() || names.contains(&part.name)) && (flags.is_empty() || part.fast);
    let parts: Vec<&Part> = PARTS.iter().filter(wanted).collect();
    // What is missing is told before an hour of tests, not in it.
    tools::require(&parts.iter().flat_map(|part| part.tools).copied().collect::<Vec<_>>())?;
    let mut failed = Vec::new();
    for part in &parts {
        let name = part.name;
        println!("== {name}: {}", part.shows);
        let started = Instant::now();
        match (part.run)() {
            Ok(()) => println!("== {name}: passed in {:.0} s\n", started.elapsed().as_secs_f32()),
            Err(why) => {
                println!("== {name}: FAILED: {why}\n");
                failed.push(name);
            }
        }
    }
    println!("{} passed, {} failed", parts.len() - failed.len(), failed.len());
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

/// Puts right what can be put right without a person: the form of the code, clippy's safe advice, schemas, snapshots. What the
/// code says by its schemas and snapshots is then in `git diff`, for somebody to read.
pub fn fix() -> Outcome {
    tools::require(&[&tools::GIT, &tools::SSH_KEYGEN, &tools::WASM])?;
    let in_place = ["clippy", "--quiet", "--fix", "--all-targets", "--allow-dirty", "--allow-staged"];
    run(&mut cargo(&in_place))?;
    run(&mut cargo(&["fmt", "--all"]))?;
    for manifest in APART {
        run(&mut cargo(&["fmt", "--manifest-path", manifest]))?;
    }
    run(&mut command(program("conformance")?, &["schemas"]))?;
    let mut names = programs()?;
    names.retain(|name| !SERVERS.contains(&name.as_str()));
    run(tests(names).env("INSTA_UPDATE", "always"))?;
    run(&mut command("git", &["status", "--short", "--", "*.snap", "plugin/schema"]))
}

fn format() -> Outcome {
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    for manifest in APART {
        run(&mut cargo(&["fmt", "--check", "--manifest-path", manifest]))?;
    }
    Ok(())
}

fn lint() -> Outcome {
    run(&mut cargo(&["clippy", "--quiet", "--all-targets", "--", "--deny", "warnings"]))?;
    run(cargo(&["doc", "--quiet", "--no-deps"]).env("RUSTDOCFLAGS", "--deny warnings"))?;
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

/// Test programs that start a Gitea or a PostgreSQL.
const SERVERS: &[&str] =
    &["beginnings", "encrypted", "masses", "page", "service", "setup", "stories", "trail", "upgrade"];

/// Test programs that take ten seconds of a processor or more, and start no server.
const THOROUGH: &[&str] = &[
    "audit",
    "histories",
    "joined",
    "malformed",
    "properties",
    "push",
    "pushed",
    "sandbox",
    "signoff_ref",
    "steering",
    "vain",
];

/// All test programs: a file or a folder under the `tests` of a package is one.
fn programs() -> Result<BTreeSet<String>, String> {
    let mut names = BTreeSet::new();
    let packages = ["plugin/core", "xtask"].map(PathBuf::from).into_iter();
    for package in packages.chain(folders("host-examples")?).chain(folders("tests")?) {
        let Ok(entries) = std::fs::read_dir(root().join(&package).join("tests")) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            let is_file = path.extension().is_some_and(|extension| extension == "rs");
            if is_file || path.join("main.rs").is_file() {
                names.insert(path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
            }
        }
    }
    Ok(names)
}

/// The folders in a folder of the workspace.
fn folders(parent: &str) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(root().join(parent)).map_err(|e| format!("{parent}: {e}"))?;
    let mut folders: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

/// cargo's command for these test programs.
fn tests(names: impl IntoIterator<Item = impl AsRef<str>>) -> std::process::Command {
    let mut command = cargo(&["test", "--quiet", "--no-fail-fast"]);
    for name in names {
        command.args(["--test", name.as_ref()]);
    }
    command.env("INSTA_UPDATE", "no");
    command
}

fn unit() -> Outcome {
    let mut names = programs()?;
    names.retain(|name| !SERVERS.contains(&name.as_str()) && !THOROUGH.contains(&name.as_str()));
    run(tests(names).args(["--lib", "--bins"]))?;
    run(&mut cargo(&["test", "--quiet", "--no-fail-fast", "--doc"]))
}

fn thorough() -> Outcome {
    run(&mut tests(THOROUGH))
}

fn servers() -> Outcome {
    run(&mut tests(SERVERS))
}

/// Builds the programs of the workspace together, so that what they share is compiled once, and gives the path of one.
pub fn program(name: &str) -> Result<PathBuf, String> {
    run(&mut cargo(&["build", "--quiet"]))?;
    Ok(root().join("target/debug").join(name))
}

fn conformance() -> Outcome {
    let conformance = program("conformance")?;
    run(&mut command(&conformance, &[]))?;
    run(&mut command(&conformance, &["provenance", "tests/conformance/corpus/provenance.jsonl"]))
}

fn policies() -> Outcome {
    run(command(program("countersign")?, &["policy", "test"]).args(folders("policies")?))
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
            // What packages the guest is built once; a guest itself is always built in the folder of its sources.
            .env("CARGO_TARGET_DIR", root().join("target"))
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

/// Packages that are no members of the workspace: formatted with it, and built by themselves.
const APART: &[&str] = &["fuzz/Cargo.toml", RIVALS.0];

fn apart() -> Outcome {
    let (manifest, target) = RIVALS;
    run(&mut cargo(&["check", "--quiet", "--locked", "--manifest-path", manifest, "--target-dir", target]))
}

/// Holds the properties of the core against so many random cases each.
pub fn properties(number: &str) -> Outcome {
    let arguments =
        ["test", "--release", "--package", "countersign-core", "--test", "properties", "--", "--nocapture"];
    run(cargo(&arguments).env("PROPTEST_CASES", number))
}

/// Takes down what a real Gitea answers the service and the set-up.
pub fn record() -> Outcome {
    tools::require(&[&tools::GIT, &tools::GO, &tools::WASM])?;
    run(&mut command(program("record")?, &[]))
}

fn deny() -> Outcome {
    run(&mut command(
        tools::DENY.path()?,
        &["--all-features", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"],
    ))
}
