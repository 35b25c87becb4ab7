/*!
Builds the packagings of the module: the component, the Extism plug-in, the browser package.

Guests are built for `wasm32-unknown-unknown` in a target folder of their own, so that plain cargo works from a clean
clone. Paths of the machine are kept out of the bytes: two builds in different folders give the same module.
*/

use std::path::{Path, PathBuf};
use std::process::Command;

/// The target that guests are built for.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// The profile of what is built for speed.
const FAST: &str = "guest";

/// How large a function may be, as LLVM measures it, that is written out at each place where it is called; 225 is LLVM's own
/// limit. What is hot is small or says so, and everything else only grows. Of one source, 225 at `opt-level = 2` gave a component
/// of 2.30 MB and a decision of 5.49 million fuel; at `opt-level = 3`, 120 gave 2.04 MB and 5.40 million, 60 gave 1.93 MB and
/// 5.56 million.
const INLINED: u32 = 60;

/// Name of the custom section that holds the version of the contract. A host reads it before it runs anything.
pub const CONTRACT_SECTION: &str = "countersign:contract";

/// Why a packaging could not be built.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// rustc has no standard library for the target.
    #[error(
        "the wasm target is missing; run `rustup target add {TARGET}`, or any `cargo xtask` command, which does it"
    )]
    TargetMissing,
    /// cargo could not be run, or failed.
    #[error("building {package} for {TARGET} failed:\n{reason}")]
    Build {
        /// The name of the guest's package.
        package: String,
        /// What cargo printed on standard error.
        reason: String,
    },
    /// The module could not be made a component, or its glue not be generated.
    #[error("packaging {package} failed: {reason}")]
    Package {
        /// The name of the guest's package.
        package: &'static str,
        /// The reason why the guest cannot be packaged.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
}

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().unwrap_or(root)
}

/// The version of the contract. It stands once, in the WIT package; tests hold the core's and the module's own to it.
///
/// # Errors
/// When the WIT file cannot be read or names no version.
pub fn contract_version() -> Result<String, Error> {
    let path = workspace().join("plugin/wit/countersign.wit");
    let wit = String::from_utf8_lossy(&read(&path)?).into_owned();
    let version =
        wit.lines().find_map(|line| line.strip_prefix("package countersign:gate@")?.strip_suffix(';'));
    version.map(str::to_owned).ok_or_else(|| Error::File {
        path,
        source: std::io::Error::other("no `package countersign:gate@...;`"),
    })
}

/// Folder that the guests are built in.
fn guest_folder() -> PathBuf {
    workspace().join("target/guest")
}

/// Builds the component, with the version of the contract in its custom section.
///
/// # Errors
/// When the target is missing, or cargo or the encoder fails.
pub fn component(contract_version: &str) -> Result<Vec<u8>, Error> {
    let package = "countersign-component";
    let core = cargo_build(package, FAST, "symbols")?;
    let module = read(&core)?;
    let component = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|e| Error::Package { package, reason: format!("{e:#}") })?;
    Ok(with_contract(component, contract_version))
}

/// Builds the Extism plug-in, with the version of the contract in its custom section.
///
/// # Errors
/// When the target is missing or cargo fails.
pub fn extism(contract_version: &str) -> Result<Vec<u8>, Error> {
    let module = cargo_build("countersign-extism", "guest-small", "symbols")?;
    Ok(with_contract(read(&module)?, contract_version))
}

/// Builds the browser package into a folder: `countersign_web.js`, its types, and `countersign_web_bg.wasm`.
///
/// # Errors
/// When the target is missing, or cargo or the generator fails.
#[cfg(feature = "web")]
pub fn web(contract_version: &str, folder: &Path) -> Result<(), Error> {
    let package = "countersign-web";
    // The generator reads the section of target features, which stripping would remove.
    let module = cargo_build(package, "guest-small", "none")?;
    wasm_bindgen_cli_support::Bindgen::new()
        .input_path(module)
        .web(true)
        .and_then(|generator| {
            generator.remove_name_section(true).remove_producers_section(true).generate(folder)
        })
        .map_err(|e| Error::Package { package, reason: format!("{e:#}") })?;
    let path = folder.join("countersign_web_bg.wasm");
    let module = with_contract(read(&path)?, contract_version);
    std::fs::write(&path, module).map_err(|source| Error::File { path, source })
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::File { path: path.to_owned(), source })
}

/// Runs cargo for one guest, by a profile of the workspace, and gives the path of its module.
fn cargo_build(package: &str, profile: &str, strip: &str) -> Result<PathBuf, Error> {
    let workspace = workspace();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
        .unwrap_or_default();
    // Panic messages hold paths of sources.
    let mut flags = vec![
        // Every engine that hosts the module has vectors, and scanning bytes is most of its work.
        "-Ctarget-feature=+simd128".to_owned(),
        // Small is better than fast for digests of a few documents.
        "--cfg=sha2_backend_soft=\"compact\"".to_owned(),
        format!("--remap-path-prefix={}=countersign", workspace.display()),
        format!("--remap-path-prefix={}=registry", home.join("registry/src").display()),
    ];
    if profile == FAST {
        flags.push(format!("-Cllvm-args=-inline-threshold={INLINED}"));
    }
    let mut command = Command::new(cargo);
    command
        .args(["build", "--locked", "--profile", profile, "--target", TARGET, "--package", package])
        .arg("--manifest-path")
        .arg(workspace.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(guest_folder())
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .arg("--config")
        .arg(format!("profile.{profile}.strip={strip:?}"));
    // What cargo or clippy set for the outer build must not reach the guest's.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let outer = text.starts_with("CARGO_FEATURE_")
            || text.starts_with("CARGO_CFG_")
            || text.starts_with("CARGO_TARGET_")
            || matches!(
                &*text,
                "RUSTFLAGS"
                    | "RUSTC"
                    | "RUSTC_WRAPPER"
                    | "RUSTC_WORKSPACE_WRAPPER"
                    | "RUSTDOC"
                    | "TARGET"
                    | "HOST"
                    | "PROFILE"
                    | "OPT_LEVEL"
                    | "DEBUG"
                    | "CARGO_BUILD_TARGET"
                    | "CARGO_BUILD_RUSTFLAGS"
                    | "CLIPPY_ARGS"
            );
        if outer {
            command.env_remove(&name);
        }
    }
    let output =
        command.output().map_err(|e| Error::Build { package: package.to_owned(), reason: e.to_string() })?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr).into_owned();
        if reason.contains("can't find crate for `core`") || reason.contains("can't find crate for `std`") {
            return Err(Error::TargetMissing);
        }
        return Err(Error::Build { package: package.to_owned(), reason });
    }
    let file = format!("{}.wasm", package.replace('-', "_"));
    Ok(guest_folder().join(TARGET).join(profile).join(file))
}

/// Appends the custom section: modules and components take one anywhere.
fn with_contract(mut module: Vec<u8>, version: &str) -> Vec<u8> {
    let mut section = Vec::new();
    leb128(&mut section, CONTRACT_SECTION.len());
    section.extend_from_slice(CONTRACT_SECTION.as_bytes());
    section.extend_from_slice(version.as_bytes());
    module.push(0);
    leb128(&mut module, section.len());
    module.extend_from_slice(&section);
    module
}

fn leb128(out: &mut Vec<u8>, mut number: usize) {
    loop {
        let byte = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            return out.push(byte);
        }
        out.push(byte | 0x80);
    }
}
