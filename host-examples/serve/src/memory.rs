//! What the trail remembers of a repository, for the questions to come.

use anyhow::Context;
use countersign_audit::chain::{Event, Finding};
use countersign_audit::spool::Spool;
use countersign_audit::trail::Move;
use countersign_audit::{Link, Trail};
use countersign_core::model::{BranchState, EarlierAnswer, ObjectId, PassedMove};

use crate::pool::Pool;

/// The trail, with what the hook on this machine adds to it.
#[derive(Clone, Copy)]
pub struct Memory<'s> {
    pool: &'s Pool,
    spool: Option<&'s Spool>,
}

impl<'s> Memory<'s> {
    /// The trail of a database; the hook leaves its decisions in `spool`.
    pub fn of(pool: &'s Pool, spool: Option<&'s Spool>) -> Self {
        Memory { pool, spool }
    }

    /// Takes the decisions that the hook left into the trail.
    ///
    /// # Errors
    /// When the spool cannot be read or the trail not be written.
    pub fn take_in(&self) -> anyhow::Result<()> {
        let Some(spool) = self.spool else { return Ok(()) };
        let (_, odd) = self.pool.with(|store| spool.take_in(store))?;
        for path in odd {
            tracing::error!(path = %path.display(), "a record of the hook cannot be read and was put aside");
        }
        Ok(())
    }

    /// What is remembered of each branch of a repository, with what is open of those that are named. What the hook left is part of it.
    ///
    /// # Errors
    /// When the trail cannot be read.
    pub fn branches(&self, repository: &str, open_of: &[&str]) -> anyhow::Result<Vec<BranchState<'static>>> {
        self.take_in()?;
        let merges = self.pool.with(|store| Trail::of(store).last_merges(repository))?;
        let mut branches = Vec::new();
        for link in merges {
            branches.push(BranchState {
                name: link.entry.target.into(),
                in_order: Some(id(link.entry.head)?),
                in_order_entry: Some(link.entry.number),
                by_findings: true,
                ..BranchState::default()
            });
        }
        for name in open_of {
            let at = branches.iter().position(|branch| branch.name == *name).unwrap_or(branches.len());
            if at == branches.len() {
                branches.push(BranchState {
                    name: (*name).to_owned().into(),
                    unknown: true,
                    by_findings: true,
                    ..BranchState::default()
                });
            }
            let open = self.open_since(repository, name)?;
            if let Some(branch) = branches.get_mut(at) {
                branch.open_since = open;
            }
        }
        Ok(branches)
    }

    /// Since when a branch is open, where a finding says so.
    fn open_since(&self, repository: &str, target: &str) -> anyhow::Result<Option<ObjectId<'static>>> {
        let first = self.findings(repository, target)?.into_iter().next();
        let since = first.and_then(|link| match link.entry.event {
            // A branch of which nothing was decided about is open from its beginning, which all zeros stand for.
            Event::Finding { from, .. } => Some(from.unwrap_or_else(|| "0".repeat(link.entry.head.len()))),
            _ => None,
        });
        since.map(id).transpose()
    }

    /// The findings that stand of a branch because it holds what no verdict let in.
    ///
    /// # Errors
    /// When the trail cannot be read.
    pub fn findings(&self, repository: &str, target: &str) -> anyhow::Result<Vec<Link>> {
        let mut open = self.pool.with(|store| Trail::of(store).findings(Some((repository, target))))?;
        open.retain(|link| matches!(link.entry.event, Event::Finding { finding: Finding::NoVerdict, .. }));
        Ok(open)
    }

    /// The moves of a branch that passed, newest first: those since an entry, and a few before it.
    ///
    /// # Errors
    /// When the trail cannot be read.
    pub fn passed(
        &self,
        repository: &str,
        target: &str,
        since: u64,
    ) -> anyhow::Result<Vec<PassedMove<'static>>> {
        let moves = self.pool.with(|store| Trail::of(store).moves(repository, target, since))?;
        let passed =
            |step: Move| Ok(PassedMove { from: id(step.from)?, to: id(step.to)?, entry: Some(step.entry) });
        moves.into_iter().map(passed).collect()
    }

    /// Whether any branch of a repository was seen before.
    ///
    /// # Errors
    /// When the trail cannot be read.
    pub fn watches(&self, repository: &str) -> anyhow::Result<bool> {
        Ok(self.pool.with(|store| Trail::of(store).knows(repository))?)
    }

    /// Answers that people gave in other changes.
    ///
    /// # Errors
    /// When the trail cannot be read.
    pub fn answers(&self, repository: &str, change: &str) -> anyhow::Result<Vec<EarlierAnswer<'static>>> {
        let answers = self.pool.with(|store| Trail::of(store).earlier_answers(repository, change))?;
        let answer = |(question, digest, change): (String, String, String)| EarlierAnswer {
            question: question.into(),
            digest: digest.into(),
            change: change.into(),
        };
        Ok(answers.into_iter().map(answer).collect())
    }
}

/// An id that the trail names.
fn id(text: String) -> anyhow::Result<ObjectId<'static>> {
    ObjectId::new(text).context("the trail names a commit by what is no id")
}
