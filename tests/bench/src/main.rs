//! `cargo xtask bench`: one line a measure, `name value unit`. Where two sides run, they run in turn, and the ratio is of
//! their medians. Times on shared machines are noisy; ratios, fuel and sizes are what to read.
//!
//! `budgets` prints what does not depend on the machine, and fails over a limit: that is part of the tests.
#![expect(clippy::print_stderr, reason = "a command line, which says why it failed")]

mod history;
mod hook;
mod module;
mod rivals;
mod service;
mod sizes;
mod timing;
mod trail;

use std::io::Write;
use std::process::ExitCode;

/// Measures, and says whether all are within their budgets.
type Part = fn() -> anyhow::Result<bool>;

/// Parts by name.
const PARTS: &[(&str, Part)] = &[
    ("evaluate", module::evaluate),
    ("large", module::large),
    ("rivals", rivals::rivals),
    ("start", module::start),
    ("notes", module::notes),
    ("sizes", sizes::sizes),
    ("check", history::check),
    ("provenance", history::provenance),
    ("replay", trail::replay),
    ("hook", hook::pushes),
    ("serve", service::serve),
];

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if names == ["budgets"] {
        return end(module::budgets().and_then(|module| Ok(sizes::sizes()? && module)));
    }
    let mut good = true;
    for (name, part) in PARTS {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            match part() {
                Ok(within) => good &= within,
                Err(error) => return end(Err(error)),
            }
        }
    }
    end(Ok(good))
}

fn end(result: anyhow::Result<bool>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("bench: over a budget");
            ExitCode::from(1)
        }
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Prints a measure. Whoever reads the first alone may leave.
fn say(name: &str, value: impl std::fmt::Display, unit: &str) {
    let _ = writeln!(std::io::stdout(), "{name} {value} {unit}");
}

/// Prints a measure that has a budget, and says whether it is within.
fn budget(name: &str, value: u64, most: u64, unit: &str) -> bool {
    let within = value <= most;
    say(name, value, unit);
    if !within {
        eprintln!("{name}: {value} is over the budget of {most} {unit}");
    }
    within
}
