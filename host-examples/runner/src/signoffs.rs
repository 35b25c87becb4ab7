//! `countersign signoffs`

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use countersign_core::model::{ActCode, Decision, NoticeCode, Request, read};
use countersign_core::wellknown::{FETCHED_SIGNOFFS, SIGNOFFS};
use countersign_core::{plain, shell_word};
use countersign_host::collect::{Collector, Selection};
use countersign_host::statements::{self, Record};

use crate::ModuleChoice;
use crate::change::ChangeChoice;
use crate::output;
use crate::pushed::Standing;
use countersign_host::cli::now;

/// The signed sign-offs of a change, and whether each counts.
#[derive(Args)]
#[command(
    after_help = "Those of others come with\n  git fetch origin 'refs/countersign/*:refs/countersign/others/*'\n\n\
    Exit codes: 0 listed or joined, 2 cannot read"
)]
pub struct Signoffs {
    #[command(flatten)]
    change: ChangeChoice,
    /// Put what was signed here and what was fetched together, where a push was refused because somebody else's came before;
    /// nothing is signed anew.
    #[arg(long, conflicts_with_all = ["base", "head"])]
    join: bool,
}

impl Signoffs {
    pub fn run(&self, choice: &ModuleChoice) -> anyhow::Result<ExitCode> {
        let module = choice.load()?;
        let mut collector = Collector::new(&module, &self.change.repo)?;
        if self.join {
            let stood = statements::join(collector.repository())?;
            let target = self.change.target.as_deref();
            let remote = collector.remote_of(target)?;
            output::print(&joined(stood, &Way::to(&collector, remote, target)?))?;
            return Ok(ExitCode::SUCCESS);
        }
        let selection = Selection { to_sign: true, ..self.change.selection() };
        let judged = self.change.judge(&module, &mut collector, &selection, now()?)?;
        let decision: Decision = read(judged.answer?.as_bytes())?;
        let request: Request<'_> = read(&judged.request)?;
        let notices = || decision.notices.iter().filter(|notice| notice.code == NoticeCode::NoSignoffs);
        // Of a clone that has fetched none nobody can say it.
        if request.acts.is_empty() && notices().next().is_none() {
            output::print("Nobody has signed this change off, as far as was fetched.\n")?;
        }
        for rule in decision.rules.iter().filter(|_| !request.acts.is_empty()) {
            for requirement in &rule.requirements {
                output::print(&format!("{}: {}\n", plain(&rule.name), plain(&requirement.asks)))?;
                // Who acted again is listed once.
                for act in requirement.acts.iter().filter(|act| act.code != ActCode::Superseded) {
                    output::print(&format!("  {} [{}]\n", plain(&act.sentence), act.code.name()))?;
                }
            }
        }
        if !request.acts.is_empty() && decision.rules.iter().all(|rule| rule.requirements.is_empty()) {
            output::print("No rule asks for a sign-off of this change.\n")?;
        }
        for notice in notices() {
            output::print(&format!("{}\n", plain(&notice.message)))?;
        }
        let change = request.change.as_ref().context("a collected request has a change")?;
        if let Some(remark) = Standing::of(&self.change, &collector, change)?.remark() {
            output::print(&format!("{remark}\n"))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What became of the record, and how it goes on.
fn joined(stood: Record, way: &Way) -> String {
    match stood {
        Record::Known => {
            let anew = way.made_anew("Where git refused to fetch it,");
            format!("What was fetched holds all that was signed here: {SIGNOFFS} needs no push.\n{anew}")
        }
        Record::Ahead => format!(
            "{SIGNOFFS} holds all that was fetched, and more. What to do next:\n{}{}",
            way.push(),
            way.refused()
        ),
        Record::Apart => format!(
            "{SIGNOFFS} now holds what was signed here and what was fetched. What to do next:\n{}",
            way.push()
        ),
    }
}

/// How sign-offs get to others and come from them, in commands.
pub struct Way {
    remote: Option<String>,
    /// What brings a record that was made anew beside all that was fetched.
    beside: String,
    join: String,
}

impl Way {
    /// The way to a remote and back. A target that somebody named stays named where the remote is another than the usual one.
    pub fn to(
        collector: &Collector<'_>,
        remote: Option<String>,
        target: Option<&str>,
    ) -> anyhow::Result<Self> {
        let usual = collector.remote()?;
        let is_other = remote.as_ref().is_some_and(|remote| *remote != usual);
        let target = target.filter(|_| is_other).map(|name| format!(" --target {}", shell_word(name)));
        let join = format!("countersign signoffs --join{}", target.unwrap_or_default());
        Ok(Way { remote, beside: statements::fetched_beside(collector.repository())?, join })
    }

    /// What takes one's own to others, on a line.
    pub fn push(&self) -> String {
        match &self.remote {
            Some(remote) => format!("  git push {} {SIGNOFFS}\n", shell_word(remote)),
            None => format!(
                "  bring {SIGNOFFS} to the repository that the change goes into: this clone knows no remote\n"
            ),
        }
    }

    fn fetch(&self, refspec: &str) -> String {
        format!("git fetch {} '{refspec}'", shell_word(self.remote.as_deref().unwrap_or_default()))
    }

    /// What helps where git refuses to fetch because the record was made anew. Nothing that anybody signed gets lost by it.
    fn made_anew(&self, when: &str) -> String {
        if self.remote.is_none() {
            return String::new();
        }
        format!(
            "{when} the record there was made anew, and this keeps what either holds:\n  {}\n  {}\n{}",
            self.fetch(&self.beside),
            self.join,
            self.push()
        )
    }

    /// What helps where the push is refused, and where what helps is refused too.
    pub fn refused(&self) -> String {
        if self.remote.is_none() {
            return String::new();
        }
        format!(
            "If the push is refused because somebody else's came before:\n  {}\n  {}\n{}{}",
            self.fetch(FETCHED_SIGNOFFS),
            self.join,
            self.push(),
            self.made_anew("If that fetch is refused too,")
        )
    }
}
