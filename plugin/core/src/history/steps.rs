//! What a branch gained, cut along its first parents where changes were merged.

use super::facts::{Answer, Facts, Id, Stop, unless_missing};
use crate::model::{HistoryCommit, OriginChange};

/// Commits of a branch for which the forge is asked by which change each came. What is older counts as pushed, which asks for more
/// and never for less.
const LOOKED_UP: usize = 100;

/// A part of what a branch gained.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step<'h> {
    pub from: Id<'h>,
    pub to: Id<'h>,
    /// The change that it came by; none where no change brought it.
    pub change: Option<&'h OriginChange<'h>>,
}

/// The parts of what lies between two commits of a branch, the oldest first.
pub(super) fn steps<'h>(facts: &Facts<'h>, from: Id<'h>, to: Id<'h>) -> Answer<Vec<Step<'h>>> {
    let mut commits = Vec::new();
    for id in facts.chain(from, to)?.iter().rev() {
        commits.push(unless_missing(facts.commit(id))?);
    }
    let unasked = commits.len().saturating_sub(LOOKED_UP);
    let mut origins = Vec::new();
    for (at, commit) in commits.into_iter().enumerate() {
        let commit = commit.ok_or(Stop::Missing)?;
        let origin = if at < unasked { Some(None) } else { unless_missing(facts.origin(&commit.sha))? };
        origins.push((commit, origin));
    }
    let mut cutting = Cutting { facts, steps: Vec::new(), start: from, before: from, since: Vec::new() };
    let mut missing = false;
    for (commit, origin) in origins {
        let origin = origin.ok_or(Stop::Missing)?;
        missing |= unless_missing(cutting.take(commit, origin))?.is_none();
    }
    if missing {
        return Err(Stop::Missing);
    }
    if cutting.start != to {
        cutting.steps.push(Step { from: cutting.start, to, change: None });
    }
    Ok(cutting.steps)
}

/// A branch, cut as far as it was looked at.
struct Cutting<'f, 'h> {
    facts: &'f Facts<'h>,
    steps: Vec<Step<'h>>,
    /// Where the next part begins.
    start: Id<'h>,
    /// The commit before the one that is looked at.
    before: Id<'h>,
    /// What came after the start, up to that commit.
    since: Vec<Id<'h>>,
}

impl<'h> Cutting<'_, 'h> {
    /// Takes the next commit. Where a fact is missing the change is taken to begin before it, so that what follows is asked for at
    /// once.
    fn take(&mut self, commit: &'h HistoryCommit<'h>, change: Option<&'h OriginChange<'h>>) -> Answer<()> {
        let id = &commit.sha;
        let before = std::mem::replace(&mut self.before, id);
        let Some(change) = change else {
            self.since.push(id);
            return Ok(());
        };
        let begin = self.begin(commit, change, before);
        let begins = match &begin {
            Ok(begin) => *begin,
            Err(_) => Some(before),
        };
        if let Some(begins) = begins.filter(|begins| *begins != self.start) {
            self.steps.push(Step { from: self.start, to: begins, change: None });
            self.start = begins;
        }
        self.steps.push(Step { from: self.start, to: id, change: Some(change) });
        self.start = id;
        self.since.clear();
        begin.map(drop)
    }

    /// Where the commits begin that merging a change made. A merge commit and a squash stand on what was there. A rebase makes as
    /// many commits as the change has, and the last of them holds what merging all of it into the commit before the first gives.
    /// None where neither fits: then all since the last part is judged as this change, which its tree will not bear out.
    fn begin(
        &self,
        commit: &HistoryCommit<'h>,
        change: &'h OriginChange<'h>,
        before: Id<'h>,
    ) -> Answer<Option<Id<'h>>> {
        let gives = |base: Id<'h>| {
            let merged = self.facts.merge_tree(base, &change.head)?;
            Ok(merged.is_some() && merged == commit.tree.as_ref())
        };
        if commit.parents.len() > 1 {
            return Ok(Some(before));
        }
        let others = self.since.len().saturating_sub(self.own_before(change)?);
        let first = others.checked_sub(1).and_then(|last| self.since.get(last)).copied();
        let first = first.unwrap_or(self.start);
        if gives(first)? {
            Ok(Some(first))
        } else if gives(before)? {
            Ok(Some(before))
        } else {
            Ok(None)
        }
    }

    /// How many of the commits before the last that a merge made may be the change's own: fewer than it has, and none that it was
    /// made from.
    fn own_before(&self, change: &'h OriginChange<'h>) -> Answer<usize> {
        let Some(base) = &change.merge_base else { return Ok(0) };
        if self.since.is_empty() {
            return Ok(0);
        }
        let own = self.facts.beyond(&change.head, base)?.saturating_sub(1);
        let own = usize::try_from(own).unwrap_or(usize::MAX).min(self.since.len());
        let mut candidates = Vec::new();
        for id in self.since.iter().rev().take(own) {
            candidates.push(unless_missing(self.facts.holds(base, id))?);
        }
        let mut count = 0;
        for of_base in candidates {
            if of_base.ok_or(Stop::Missing)? {
                break;
            }
            count += 1;
        }
        Ok(count)
    }
}
