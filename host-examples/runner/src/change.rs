//! Which change a command is about.

use std::path::PathBuf;

use clap::Args;
use countersign_core::model::When;
use countersign_host::ci;
use countersign_host::collect::{Collector, Selection};
use countersign_host::module::{CallError, Function, Module};

/// Flags that say which change is judged.
#[derive(Args)]
pub struct ChangeChoice {
    /// The repository, or a folder in it.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub repo: PathBuf,
    /// Count the commits from here instead of from the tip of the target; all zeros for a branch that is new.
    #[arg(long, value_name = "REV")]
    pub base: Option<String>,
    /// The head of the change [default: HEAD, in CI what it names].
    #[arg(long, value_name = "REV")]
    pub head: Option<String>,
    /// The branch that the change goes into [default: what the CI or the remote's HEAD names].
    #[arg(long, value_name = "REF")]
    pub target: Option<String>,
}

/// A change as it was collected, and what the module says of it.
pub struct Judged {
    /// The request document.
    pub request: Vec<u8>,
    /// The decision document, or why there is none.
    pub answer: Result<String, CallError>,
}

impl ChangeChoice {
    /// What the flags say of it.
    pub fn selection(&self) -> Selection {
        Selection {
            base: self.base.clone(),
            head: self.head.clone(),
            target: self.target.clone(),
            ..Selection::default()
        }
    }

    /// Collects the change and has it judged; in CI the environment says what the flags do not.
    pub fn judge(
        &self,
        module: &Module,
        collector: &mut Collector<'_>,
        selection: &Selection,
        now: When,
    ) -> anyhow::Result<Judged> {
        let ci = ci::detect(|name| std::env::var(name).ok())?;
        let request = collector.change(selection, ci.as_ref(), now)?;
        let answer = module.call(Function::Evaluate, &request);
        Ok(Judged { request, answer })
    }
}
