//! `countersign evaluate`

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use countersign_host::module::{CallError, Function};

use crate::ModuleChoice;
use crate::check::exit_code;
use crate::output;

/// The pure function: a request document in, a decision document out.
#[derive(Args)]
#[command(after_help = "Example:\n  countersign evaluate request.json\n\n\
    Exit codes: 0 passes, 1 blocked, 2 cannot evaluate (then the error document is printed)")]
pub struct Evaluate {
    /// The request; `-` is standard input.
    #[arg(value_name = "REQUEST.json")]
    request: PathBuf,
}

impl Evaluate {
    pub fn run(&self, choice: &ModuleChoice) -> anyhow::Result<ExitCode> {
        let module = choice.load()?;
        match module.call(Function::Evaluate, &read(&self.request)?) {
            Ok(answer) => {
                output::print(&format!("{answer}\n"))?;
                exit_code(&answer)
            }
            Err(CallError::Refused(document)) => {
                output::print(&format!("{document}\n"))?;
                Err(CallError::Refused(document).into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The bytes of a file, or of standard input for `-`.
pub fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("reading standard input")?;
        return Ok(bytes);
    }
    std::fs::read(path).with_context(|| format!("reading {}", path.display()))
}
