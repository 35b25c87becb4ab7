//! Builds the component and compiles it ahead of time, so that a host starts in a fraction of a millisecond.
#![expect(clippy::print_stderr, reason = "cargo reads what a build script prints")]

#[path = "src/engine.rs"]
mod engine;

use std::path::{Path, PathBuf};

fn main() {
    let workspace = countersign_packaging::workspace();
    for watched in [
        "plugin/core/src",
        "plugin/core/Cargo.toml",
        "plugin/component",
        "plugin/wit",
        "plugin/packaging",
        "Cargo.toml",
        "Cargo.lock",
    ] {
        println!("cargo::rerun-if-changed={}", workspace.join(watched).display());
    }
    if let Err(message) = build() {
        println!("cargo::error={}", message.replace('\n', " "));
        eprintln!("{message}");
        std::process::exit(1);
    }
}

fn build() -> Result<(), String> {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let target = std::env::var("TARGET").map_err(|e| e.to_string())?;
    let component = countersign_packaging::component(
        &countersign_packaging::contract_version().map_err(|e| e.to_string())?,
    )
    .map_err(|e| e.to_string())?;
    // Naming the target keeps the features of this machine's processor out: the binary runs on any of its kind.
    let engine = engine::engine(Some(&target), engine::Metering::None).map_err(|e| format!("{e:#}"))?;
    let compiled = engine.precompile_component(&component).map_err(|e| format!("{e:#}"))?;
    write(&out.join("countersign.component.wasm"), &component)?;
    write(&out.join("countersign.cwasm"), &compiled)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    std::fs::write(path, bytes).map_err(|e| format!("{}: {e}", path.display()))
}
