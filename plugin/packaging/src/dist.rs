//! Writes the module in its packagings to `target/dist`, with SHA-256 sums. With the argument `component`, that one only.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line, whose answer is printed")]

use std::path::Path;
use std::process::{Command, ExitCode};

/// Writes a file of the given name.
type Write<'w> = dyn Fn(&str, &[u8]) -> Result<(), String> + 'w;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("dist: {message}");
            ExitCode::from(1)
        }
    }
}

fn run() -> Result<(), String> {
    let folder = countersign_packaging::workspace().join("target/dist");
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let version = countersign_packaging::contract_version().map_err(|e| e.to_string())?;
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.join(name), bytes).map_err(|e| format!("{name}: {e}"))
    };

    let mut files = vec!["countersign.component.wasm"];
    write(
        "countersign.component.wasm",
        &countersign_packaging::component(&version).map_err(|e| e.to_string())?,
    )?;
    if std::env::args().nth(1).as_deref() != Some("component") {
        all(&folder, &version, &mut files, &write)?;
    }
    let sums = Command::new("sha256sum")
        .args(&files)
        .current_dir(&folder)
        .output()
        .map_err(|e| format!("sha256sum: {e}"))?;
    write("SHA256SUMS", &sums.stdout)?;
    print!("{}", String::from_utf8_lossy(&sums.stdout));
    Ok(())
}

#[cfg(feature = "web")]
fn all(folder: &Path, version: &str, files: &mut Vec<&str>, write: &Write<'_>) -> Result<(), String> {
    write("countersign.extism.wasm", &countersign_packaging::extism(version).map_err(|e| e.to_string())?)?;
    countersign_packaging::web(version, &folder.join("web")).map_err(|e| e.to_string())?;
    files.extend(["countersign.extism.wasm", "web/countersign_web_bg.wasm", "web/countersign_web.js"]);
    Ok(())
}

#[cfg(not(feature = "web"))]
fn all(_folder: &Path, _version: &str, _files: &mut Vec<&str>, _write: &Write<'_>) -> Result<(), String> {
    Err("the browser package needs the feature `web`; `cargo xtask dist` turns it on".to_owned())
}
