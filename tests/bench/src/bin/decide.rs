//! Decides about the request in a file, natively and once: what a counter of instructions runs.

use anyhow::Context;

fn main() -> anyhow::Result<()> {
    let path = std::env::args_os().nth(1).context("expected the path of a request")?;
    countersign_core::evaluate(&std::fs::read(path)?)?;
    Ok(())
}
