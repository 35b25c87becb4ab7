//! What the build needs from the machine: brought by the package manager where it may, else named in one message.

use std::path::PathBuf;
use std::process::Command;

use crate::{Outcome, cargo, root, run};

/// A program, and the package of Debian that holds it.
const PACKAGES: &[(&str, &str)] = &[
    ("git", "git"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("openssl", "openssl"),
    ("psql", "postgresql"),
    ("ssh-keygen", "openssh-client"),
];

fn on_path(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

/// Brings programs that are missing, or names them all.
pub fn require(programs: &[&str]) -> Outcome {
    let missing: Vec<&str> = programs.iter().copied().filter(|program| !on_path(program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let package =
        |program: &str| PACKAGES.iter().find(|(name, _)| *name == program).map(|(_, package)| *package);
    let packages: Vec<&str> = missing.iter().map(|program| package(program).unwrap_or(program)).collect();
    let root_user = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if root_user && on_path("apt-get") {
        eprintln!("installing {}", packages.join(", "));
        run(Command::new("apt-get").args(["update", "--quiet"]))?;
        return run(Command::new("apt-get")
            .args(["install", "--yes", "--quiet", "--no-install-recommends"])
            .args(&packages));
    }
    Err(format!(
        "these programs are missing: {}; install them (on Debian: apt-get install {}) and run this again",
        missing.join(", "),
        packages.join(" ")
    ))
}

/// Adds rustc's wasm target when it is missing.
pub fn wasm_target() -> Outcome {
    const TARGET: &str = "wasm32-unknown-unknown";
    let sysroot = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--print", "sysroot"])
        .current_dir(root())
        .output()
        .map_err(|e| format!("rustc cannot be run: {e}"))?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim());
    if sysroot.join("lib/rustlib").join(TARGET).is_dir() {
        return Ok(());
    }
    eprintln!("adding the target {TARGET}");
    run(Command::new("rustup").args(["target", "add", TARGET]).current_dir(root())).map_err(|why| {
        format!(
            "the target {TARGET} is missing and could not be added ({why}); install it and run this again"
        )
    })
}

/// Brings a program of crates.io into `target/tools`, once.
pub fn cargo_tool(name: &str, version: &str) -> Result<PathBuf, String> {
    let folder = root().join("target/tools");
    let path = folder.join("bin").join(name);
    let installed = Command::new(&path).arg("--version").output();
    if installed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(version)) {
        return Ok(path);
    }
    eprintln!("installing {name} {version} into target/tools (minutes, once)");
    run(cargo(&["install", name, "--version", version, "--locked", "--quiet", "--root"]).arg(folder))?;
    Ok(path)
}
