//! Programs that a command needs beyond cargo and rustc. Each part names its own; in CI, and where somebody asks with
//! `--install`, those that are missing are installed, and elsewhere they are only named.

use std::path::PathBuf;
use std::process::Command;

use crate::{Outcome, cargo, command, run};

/// A program, and where it comes from.
#[derive(Debug)]
pub enum Tool {
    /// A program of the operating system: its name on the path, and the package of Debian that holds it.
    System { program: &'static str, package: &'static str },
    /// A target of rustc, which rustup adds.
    Target(&'static str),
    /// A program of crates.io. Any of this version on the path will do; else it is built into `target/tools`.
    Crate { name: &'static str, version: &'static str },
}

pub const CPP: Tool = Tool::System { program: "c++", package: "g++" };
pub const GIT: Tool = Tool::System { program: "git", package: "git" };
pub const GO: Tool = Tool::System { program: "go", package: "golang-go" };
pub const NODE: Tool = Tool::System { program: "node", package: "nodejs" };
pub const NPM: Tool = Tool::System { program: "npm", package: "npm" };
pub const OPENSSL: Tool = Tool::System { program: "openssl", package: "openssl" };
pub const POSTGRES: Tool = Tool::System { program: "psql", package: "postgresql" };
pub const SSH_KEYGEN: Tool = Tool::System { program: "ssh-keygen", package: "openssh-client" };
pub const WASM: Tool = Tool::Target("wasm32-unknown-unknown");
pub const DENY: Tool = Tool::Crate { name: "cargo-deny", version: "0.20.2" };

impl Tool {
    fn is_here(&self) -> bool {
        match self {
            Tool::System { program, .. } => on_path(program).is_some(),
            Tool::Target(target) => {
                sysroot().is_some_and(|root| root.join("lib/rustlib").join(target).is_dir())
            }
            Tool::Crate { .. } => self.built().is_some(),
        }
    }

    /// What a person types to install it.
    fn way(&self) -> String {
        match self {
            Tool::System { program, package } => {
                format!("{program} (on Debian: apt-get install --no-install-recommends {package})")
            }
            Tool::Target(target) => format!("rustc's target {target} (rustup target add {target})"),
            Tool::Crate { name, version } => {
                format!("{name} {version} (cargo install {name} --version {version} --locked)")
            }
        }
    }

    /// Where a program of crates.io is, in the version that is asked for.
    fn built(&self) -> Option<PathBuf> {
        let Tool::Crate { name, version } = self else { return None };
        let ours = crate::root().join("target/tools/bin").join(name);
        [Some(ours), on_path(name)].into_iter().flatten().find(|path| {
            let told = Command::new(path).arg("--version").output();
            told.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(version))
        })
    }

    /// The program of crates.io, for a command line.
    pub fn path(&self) -> Result<PathBuf, String> {
        self.built().ok_or_else(|| format!("{} is missing", self.way()))
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn sysroot() -> Option<PathBuf> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = command(rustc, &["--print", "sysroot"]).output().ok()?;
    Some(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

/// Whether anything may be installed: every CI sets `CI`, and a person says so.
fn may_install() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "false");
    set("CI") || std::env::args().any(|argument| argument == INSTALL)
}

/// The flag with which a person asks for what is missing.
pub const INSTALL: &str = "--install";

/// Sees to it that tools are there.
///
/// # Errors
/// All that are missing, each with the command that installs it.
pub fn require(tools: &[&Tool]) -> Outcome {
    let missing = |tools: &[&Tool]| -> Vec<String> {
        tools.iter().filter(|tool| !tool.is_here()).map(|tool| tool.way()).collect()
    };
    if !missing(tools).is_empty() && may_install() {
        install(tools)?;
    }
    match missing(tools).as_slice() {
        [] => Ok(()),
        missing => Err(format!(
            "these are missing: {}; install them, or run this again with {INSTALL}",
            missing.join(", ")
        )),
    }
}

fn install(tools: &[&Tool]) -> Outcome {
    let missing: Vec<&Tool> = tools.iter().copied().filter(|tool| !tool.is_here()).collect();
    let package = |tool: &&Tool| match tool {
        Tool::System { package, .. } => Some(*package),
        Tool::Target(_) | Tool::Crate { .. } => None,
    };
    let packages: Vec<&str> = missing.iter().filter_map(package).collect();
    let root = || command("id", &["-u"]).output().is_ok_and(|output| output.stdout == b"0\n");
    if !packages.is_empty() && on_path("apt-get").is_some() && root() {
        eprintln!("installing {}", packages.join(", "));
        run(&mut command("apt-get", &["update", "--quiet"]))?;
        let quietly = ["install", "--yes", "--quiet", "--no-install-recommends"];
        run(command("apt-get", &quietly).args(&packages))?;
    }
    for tool in missing {
        match tool {
            Tool::System { .. } => {}
            Tool::Target(target) => run(&mut command("rustup", &["target", "add", target]))?,
            Tool::Crate { name, version } => {
                eprintln!("building {name} {version} into target/tools (minutes, once)");
                let folder = crate::root().join("target/tools");
                run(cargo(&["install", name, "--version", version, "--locked", "--quiet", "--root"])
                    .arg(folder))?;
            }
        }
    }
    Ok(())
}
