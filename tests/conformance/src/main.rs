//! Runs cases through each packaging of the module.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line, whose answer is printed")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use conformance::via::{Packaging, Via};
use conformance::{approvals, corpus, provenance, schemas, seeds};

/// One corpus through every packaging: the same bytes from each.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Compare what all packagings answer (the default).
    Packagings,
    /// Cases of provenance in the neutral form, JSON lines.
    Provenance {
        /// The file.
        file: PathBuf,
        /// Through one packaging only.
        #[arg(long, value_enum)]
        via: Option<Packaging>,
    },
    /// Cases of approval in the neutral form, JSON lines.
    Approvals {
        /// The file.
        file: PathBuf,
        /// Through one packaging only.
        #[arg(long, value_enum)]
        via: Option<Packaging>,
    },
    /// Write the JSON Schemas from the types.
    Schemas,
    /// Write what the fuzz targets begin with: a folder for each target, with a file for each input.
    Seeds {
        /// Where the folders are made.
        folder: PathBuf,
    },
}

fn main() -> ExitCode {
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(error) => {
            eprintln!("conformance: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Returns how many cases failed.
fn run() -> anyhow::Result<usize> {
    let (passed, failed) = match Cli::parse().command.unwrap_or(Command::Packagings) {
        Command::Packagings => packagings()?,
        Command::Provenance { file, via } => {
            let cases = provenance::read(&file)?;
            through(via, |packaging| provenance::run(&cases, packaging))?
        }
        Command::Approvals { file, via } => {
            let cases = approvals::read(&file)?;
            through(via, |packaging| approvals::run(&cases, packaging))?
        }
        Command::Schemas => {
            schemas::write()?;
            (schemas::all().len(), 0)
        }
        Command::Seeds { folder } => (seeds::write(&folder)?, 0),
    };
    println!("{passed} passed, {failed} failed");
    Ok(failed)
}

/// Runs cases through one packaging or all.
fn through(
    only: Option<Packaging>,
    run: impl Fn(&mut Via) -> anyhow::Result<(usize, usize)>,
) -> anyhow::Result<(usize, usize)> {
    let mut sum = (0, 0);
    for packaging in Packaging::ALL.into_iter().filter(|packaging| only.is_none_or(|only| only == *packaging))
    {
        let (passed, failed) = run(&mut packaging.start()?)?;
        println!("{}: {passed} passed, {failed} failed", packaging.name());
        sum = (sum.0 + passed, sum.1 + failed);
    }
    Ok(sum)
}

fn packagings() -> anyhow::Result<(usize, usize)> {
    let calls = corpus::calls()?;
    let mut expected = Vec::new();
    let mut failed = 0;
    for packaging in Packaging::ALL {
        let mut via = packaging.start()?;
        let mut differ = 0;
        for (at, call) in calls.iter().enumerate() {
            let answer = via.call(call.function, &call.input)?;
            match expected.get(at) {
                None => expected.push(answer),
                Some(reference) if *reference == answer => {}
                Some(reference) => {
                    differ += 1;
                    println!("{} of {} through {}:", call.function, call.name, packaging.name());
                    println!("  native {reference:?}\n  {} {answer:?}", packaging.name());
                }
            }
        }
        println!("{}: {} calls, {differ} differ from native", packaging.name(), calls.len());
        failed += differ;
    }
    Ok((calls.len() * (Packaging::ALL.len() - 1) - failed, failed))
}
