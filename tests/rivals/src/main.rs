//! Other engines on the policy of the bench: `rivals regorus` or `rivals cedar`.
//!
//! Each line on standard input is the path of a request. The answer is one line, `NANOSECONDS RULE, RULE`: how long the
//! decision took, from the text of the request on, and which rules block. An engine has read its policy before.

mod cedar;
mod rego;

use std::io::Write;
use std::time::Instant;

use anyhow::{Context, bail};

/// Decides about a request, and names the rules that block.
type Engine = Box<dyn FnMut(&str) -> anyhow::Result<Vec<String>>>;

fn main() -> anyhow::Result<()> {
    let name = std::env::args().nth(1).context("which engine: `regorus` or `cedar`?")?;
    let mut engine: Engine = match name.as_str() {
        "regorus" => rego::engine()?,
        "cedar" => cedar::engine()?,
        other => bail!("no engine is called {other}: there are `regorus` and `cedar`"),
    };
    for path in std::io::stdin().lines() {
        let path = path?;
        let request = std::fs::read_to_string(&path).with_context(|| path.clone())?;
        let start = Instant::now();
        let mut blocking = engine(&request)?;
        let time = start.elapsed();
        blocking.sort();
        let mut out = std::io::stdout();
        writeln!(out, "{} {}", time.as_nanos(), blocking.join(", "))?;
        out.flush()?;
    }
    Ok(())
}
