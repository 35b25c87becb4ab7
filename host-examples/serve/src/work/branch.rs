//! Looks at a branch that anybody guards: notes up to where all of it was decided about, or opens a finding.

use std::time::Duration;

use countersign_audit::chain::{Event, Finding};
use countersign_audit::{Place, Trail};
use countersign_core::model::{BranchOutcome, BranchVerdict};
use countersign_host::cli::now;

use super::{Shared, TIME};
use crate::judge::{Branch, Looked};

/// The time in which a forge notes by which change a commit came, after it moved the branch by merging: what no change is known of
/// sooner may have come by one.
const NOTED_WITHIN: Duration = Duration::from_secs(2);

impl Shared {
    /// Says up to where all that a branch holds was decided about, or opens a finding.
    pub(super) fn branch(&self, repository: &str, target: &str) -> anyhow::Result<()> {
        // Nothing is written, so there is the time for that too.
        let client = self.forge.client(2 * TIME);
        let look = || self.judge.branch(&*client, self.memory(), repository, target);
        let Some(mut looked) = look()? else { return Ok(()) };
        if looked.verdict.state == BranchOutcome::Open {
            let found = self.memory().findings(repository, target)?;
            if !found.iter().any(|link| link.entry.head == looked.tip.as_str()) {
                std::thread::sleep(NOTED_WITHIN);
                let Some(again) = look()? else { return Ok(()) };
                looked = again;
            }
        }
        let Looked { tip, verdict, judged } = looked;
        let BranchVerdict { state, in_order: from, entries: mut decisions, message, .. } = verdict;
        let tip = tip.to_string();
        let place =
            Place { repository: repository.into(), target: target.into(), change: None, head: tip.clone() };
        match state {
            BranchOutcome::Begins => self.begin(repository),
            // It may be back where all was in order.
            BranchOutcome::InOrder if from.as_ref() == Some(&tip) => self.settle(&place, None),
            BranchOutcome::InOrder | BranchOutcome::Open => {
                for judged in &judged {
                    decisions.push(self.keep(judged)?.0.entry.number);
                }
                if state == BranchOutcome::InOrder {
                    return self.merged(place, from, decisions);
                }
                let blocks = judged.iter().find(|judged| !judged.passes());
                let headline = blocks.and_then(|judged| judged.decision.as_ref());
                let headline = headline.map(|decision| decision.headline.clone());
                let why = message.or(headline);
                self.found(place, from, why.as_deref().unwrap_or("it cannot be evaluated"))
            }
            _ => Ok(()),
        }
    }

    /// Opens a finding of a branch that holds what no verdict let in.
    fn found(&self, place: Place, from: Option<String>, why: &str) -> anyhow::Result<()> {
        let (at, of) = (now()?, place.clone());
        let (finding, new) =
            self.pool.with(|store| Trail::of(store).find(at, of, Finding::NoVerdict, from, Some(why)))?;
        if new {
            self.metrics.finding();
            let entry = finding.entry.number;
            let Place { repository, target, head: tip, .. } = place;
            tracing::warn!(repository, target, tip, entry, why, "a branch holds what no verdict let in");
            self.ask_all(&repository)?;
        }
        Ok(())
    }

    /// Where a repository is seen for the first time, what its guarded branches hold is where the watch begins: all of them, for
    /// the next to be looked at is seen no later.
    fn begin(&self, repository: &str) -> anyhow::Result<()> {
        let branches = loop {
            let branches = self.judge.branches(&*self.forge.client(TIME), repository)?;
            if !branches.has_more() {
                break branches;
            }
        };
        let place = |branch: &Branch| Place {
            repository: repository.to_owned(),
            target: branch.name.clone(),
            change: None,
            head: branch.tip.clone(),
        };
        let places = branches.guarded().map(place).collect();
        let at = now()?;
        Ok(self.pool.with(|store| Trail::of(store).begin(at, repository, places))?)
    }

    /// Notes that all up to a commit was decided about, and settles what was open before.
    fn merged(&self, place: Place, from: Option<String>, decisions: Vec<u64>) -> anyhow::Result<()> {
        let at = now()?;
        let last = decisions.last().copied();
        let merge = Event::Merge { from, decisions };
        self.pool.with(|store| Trail::of(store).note(at, place.clone(), merge))?;
        tracing::info!(
            repository = place.repository,
            target = place.target,
            tip = place.head,
            "a branch is in order"
        );
        self.settle(&place, last)
    }

    /// Settles what was open of a branch, all of which is in order.
    fn settle(&self, place: &Place, decision: Option<u64>) -> anyhow::Result<()> {
        let open = self.memory().findings(&place.repository, &place.target)?;
        let at = now()?;
        for link in &open {
            let event = Event::Settled { finding: link.entry.number, decision };
            self.pool.with(|store| Trail::of(store).note(at, place.clone(), event))?;
        }
        if !open.is_empty() {
            self.ask_all(&place.repository)?;
        }
        Ok(())
    }
}
