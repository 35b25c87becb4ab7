//! `countersign check`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use countersign_audit::spool::Spool;
use countersign_core::model::{self, Decision};
use countersign_host::cli::now;
use countersign_host::collect::{Collector, PolicyFrom, Selection};
use countersign_host::module::CallError;

use crate::ModuleChoice;
use crate::change::ChangeChoice;
use crate::output::{self, Format};

/// Gate a range of a git repository.
///
/// Judges the commits that the head reaches and the target does not, over all parents, by the policy at the tip of the
/// target. In CI, base, head and target come from the environment when they are not given.
#[derive(Args)]
#[command(after_help = "Example:\n  countersign check --target main --signoffs signoffs.yaml\n\n\
    Exit codes: 0 passes, 1 blocked (pending or denied), 2 cannot evaluate")]
pub struct Check {
    #[command(flatten)]
    change: ChangeChoice,
    /// Judge by this file instead of the target's policy.
    #[arg(long, value_name = "FILE", conflicts_with = "policy_ref")]
    policy: Option<PathBuf>,
    /// Judge by a policy that stands elsewhere in git.
    #[arg(long, value_name = "REF:PATH")]
    policy_ref: Option<String>,
    /// Refuse changes to a target without a policy.
    #[arg(long)]
    require_policy: bool,
    /// Sign-offs that a person gives in a file (YAML or JSON); they count on that person's word.
    #[arg(long, value_name = "FILE")]
    signoffs: Option<PathBuf>,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write the answer to a file, and the text to standard output.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Leave the decision in this folder too, for `countersign audit take-in` and the service to take into the trail.
    #[arg(long, env = "COUNTERSIGN_SPOOL", value_name = "DIR")]
    spool: Option<PathBuf>,
}

impl Check {
    pub fn run(&self, choice: &ModuleChoice) -> anyhow::Result<ExitCode> {
        let ran = self.judge(choice);
        if let Err(error) = &ran {
            output::publish_failure(error, self.format == Format::Json, self.output.as_deref())?;
        }
        ran
    }

    fn judge(&self, choice: &ModuleChoice) -> anyhow::Result<ExitCode> {
        let (module, repository) = choice.load_beside(&self.change.repo)?;
        let mut collector = Collector::of(&module, repository)?;
        let judged = self.change.judge(&module, &mut collector, &self.selection()?, now()?)?;
        if let Some(spool) = &self.spool
            && let Ok(answer) | Err(CallError::Refused(answer)) = &judged.answer
        {
            Spool::open(spool)?.leave(&module, &judged.request, answer)?;
        }
        let answer = judged.answer?;
        output::publish(&module, &answer, self.format, self.output.as_deref())?;
        exit_code(&answer)
    }

    fn selection(&self) -> anyhow::Result<Selection> {
        let policy = match (&self.policy, &self.policy_ref) {
            (Some(path), _) => PolicyFrom::File(path.clone()),
            (None, Some(text)) => match text.split_once(':') {
                Some((revision, path)) if !revision.is_empty() && !path.is_empty() => {
                    PolicyFrom::Ref { revision: revision.to_owned(), path: path.to_owned() }
                }
                _ => bail!(
                    "--policy-ref takes REF:PATH, such as main:.countersign/policy.yaml, and here is `{text}`"
                ),
            },
            (None, None) => PolicyFrom::Target,
        };
        Ok(Selection {
            policy,
            require_policy: self.require_policy,
            signoffs: self.signoffs.clone(),
            ..self.change.selection()
        })
    }
}

/// The exit code of a gate: 0 passes, 1 blocks.
pub fn exit_code(decision: &str) -> anyhow::Result<ExitCode> {
    let decision: Decision =
        model::read(decision.as_bytes()).context("the module's answer is no decision")?;
    Ok(ExitCode::from(decision.exit_code()))
}
