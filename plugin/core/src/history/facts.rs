//! The facts of a history, and those that are still missing.

use std::cell::RefCell;

use crate::model::{
    Base, BranchHistory, BranchRange, BranchState, HistoryCommit, HistoryWants, JudgedRange, ObjectId,
    OriginChange, Pair, PassedMove,
};
use crate::order::Index;

/// A commit, tree or policy of the history.
pub(super) type Id<'h> = &'h ObjectId<'h>;

/// Why a rule gives no answer yet.
#[derive(Debug)]
pub(super) enum Stop {
    /// A fact is missing, and is noted as wanted.
    Missing,
    /// Ranges are to be judged first.
    Judge(Vec<BranchRange>),
    /// The push may not move the ref, whatever a policy says, and why.
    Refused(String),
}

/// What a rule says, once it can.
pub(super) type Answer<T> = Result<T, Stop>;

/// A history as it was copied; each fact that it lacks is noted once it is asked for.
pub(super) struct Facts<'h> {
    pub history: &'h BranchHistory<'h>,
    /// Where each commit stands among those that are known: a history may have many.
    commits: Index<'h>,
    wants: RefCell<HistoryWants>,
}

impl<'h> Facts<'h> {
    pub fn of(history: &'h BranchHistory<'h>) -> Self {
        let commits = Index::of(history.commits.iter().map(|commit| commit.sha.as_bytes()));
        Facts { history, commits, wants: RefCell::default() }
    }

    /// The facts that were asked for and are missing.
    pub fn wants(self) -> HistoryWants {
        self.wants.into_inner()
    }

    /// The commit at which a branch stands.
    pub fn tip(&self, name: &str) -> Option<Id<'h>> {
        self.state(name)?.tip.as_ref()
    }

    /// What is known and remembered of a branch.
    pub fn state(&self, name: &str) -> Option<&'h BranchState<'h>> {
        self.history.branches.iter().find(|branch| branch.name == name)
    }

    /// The moves of a branch that passed, the newest first.
    pub fn passed(&self, branch: &'h BranchState<'h>) -> Answer<&'h [PassedMove<'h>]> {
        match &branch.passed {
            Some(passed) => Ok(passed),
            None => self.want(|wants| &mut wants.passed, branch.name.to_string()),
        }
    }

    pub fn commit(&self, id: Id<'_>) -> Answer<&'h HistoryCommit<'h>> {
        match self.commits.get(id.as_bytes()).and_then(|place| self.history.commits.get(place)) {
            Some(commit) => Ok(commit),
            None => self.want(|wants| &mut wants.commits, id.to_string()),
        }
    }

    /// Whether a commit is in the repository.
    pub fn is_here(&self, id: Id<'_>) -> Answer<bool> {
        Ok(self.commit(id)?.tree.is_some())
    }

    pub fn base(&self, one: Id<'_>, other: Id<'_>) -> Answer<&'h Base<'h>> {
        match self.history.bases.iter().find(|base| base.one == *one && base.other == *other) {
            Some(base) => Ok(base),
            None => self.want(|wants| &mut wants.bases, pair(one, other)),
        }
    }

    /// Whether a commit reaches another.
    pub fn holds(&self, commit: Id<'_>, other: Id<'_>) -> Answer<bool> {
        Ok(commit == other || self.base(other, commit)?.base.as_ref() == Some(other))
    }

    /// The first parents of a commit that another does not reach, the newest first.
    pub fn chain(&self, from: Id<'_>, to: Id<'_>) -> Answer<&'h [ObjectId<'h>]> {
        match self.history.chains.iter().find(|chain| chain.from == *from && chain.to == *to) {
            Some(chain) => Ok(&chain.commits),
            None => self.want(|wants| &mut wants.chains, pair(from, to)),
        }
    }

    /// How many commits one history holds that another lacks.
    pub fn beyond(&self, of: Id<'_>, without: Id<'_>) -> Answer<u64> {
        match self.history.counts.iter().find(|count| count.of == *of && count.without == *without) {
            Some(count) => Ok(count.commits),
            None => self.want(|wants| &mut wants.counts, pair(of, without)),
        }
    }

    /// The tree that merging gives; none where it conflicts.
    pub fn merge_tree(&self, base: Id<'_>, head: Id<'_>) -> Answer<Option<Id<'h>>> {
        match self.history.merge_trees.iter().find(|tree| tree.base == *base && tree.head == *head) {
            Some(merge) => Ok(merge.tree.as_ref()),
            None => self.want(|wants| &mut wants.merge_trees, pair(base, head)),
        }
    }

    /// The policy that stands at a commit.
    pub fn policy(&self, commit: Id<'_>) -> Answer<Option<Id<'h>>> {
        match self.history.policies.iter().find(|policy| policy.commit == *commit) {
            Some(policy) => Ok(policy.policy.as_ref()),
            None => self.want(|wants| &mut wants.policies, commit.to_string()),
        }
    }

    /// Whether a policy ever stood in the history of a commit.
    pub fn stood(&self, commit: Id<'_>, policy: Id<'_>) -> Answer<bool> {
        let mut known = self.history.policy_histories.iter();
        match known.find(|known| known.commit == *commit && known.policy == *policy) {
            Some(known) => Ok(known.stood),
            None => self.want(|wants| &mut wants.policy_histories, pair(commit, policy)),
        }
    }

    /// The change whose merging ended with a commit, by the forge's word.
    pub fn origin(&self, commit: Id<'_>) -> Answer<Option<&'h OriginChange<'h>>> {
        match self.history.origins.iter().find(|origin| origin.commit == *commit) {
            Some(origin) => Ok(origin
                .change
                .as_ref()
                .filter(|change| change.merged && change.result.as_ref() == Some(commit))),
            None => self.want(|wants| &mut wants.origins, commit.to_string()),
        }
    }

    /// What came out of a range, once it was judged.
    pub fn judged(&self, range: BranchRange) -> Answer<&'h JudgedRange<'h>> {
        let known = self.history.judged.iter().find(|judged| judged.id == range.id);
        known.ok_or_else(|| Stop::Judge(vec![range]))
    }

    fn want<T, W: PartialEq>(
        &self,
        list: impl FnOnce(&mut HistoryWants) -> &mut Vec<W>,
        wanted: W,
    ) -> Answer<T> {
        let mut wants = self.wants.borrow_mut();
        let list = list(&mut wants);
        if !list.contains(&wanted) {
            list.push(wanted);
        }
        Err(Stop::Missing)
    }
}

fn pair(one: Id<'_>, other: Id<'_>) -> Pair {
    Pair { one: one.to_string(), other: other.to_string() }
}

/// Goes on where a fact is missing, so that as many as can be are asked for at once; none where it is.
pub(super) fn unless_missing<T>(answer: Answer<T>) -> Answer<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Stop::Missing) => Ok(None),
        Err(stop) => Err(stop),
    }
}
