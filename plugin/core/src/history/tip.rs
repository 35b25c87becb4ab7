//! Whether what a branch holds was decided about, and the ranges that are judged where it was not.

use super::facts::{Answer, Facts, Id, Stop};
use super::grounds::Grounds;
use super::range::{Draft, shape, text};
use super::standing::{Known, nearest, newest, open, way};
use super::steps::{Step, steps};
use crate::model::{BranchOutcome, BranchState, BranchVerdict, JudgedRange, MergeKind, RangeReason};

/// That all up to where the branch was in order is nowhere any more.
const LOST: &str = "the commit up to which all was decided about is nowhere any more; push a merge of it";

/// What became of a branch that stands where it stands.
pub(super) fn tip<'h>(facts: &Facts<'h>) -> Answer<BranchVerdict> {
    let target = facts.history.target.as_ref();
    let Some((branch, tip)) = facts.state(target).and_then(|branch| Some((branch, branch.tip.as_ref()?)))
    else {
        return Ok(BranchVerdict { state: BranchOutcome::Unguarded, ..BranchVerdict::default() });
    };
    let in_order = branch.in_order.as_ref();
    let verdict = |state| BranchVerdict { state, in_order: text(in_order), ..BranchVerdict::default() };
    if in_order == Some(tip) {
        return Ok(verdict(BranchOutcome::InOrder));
    }
    if in_order.is_none() && !facts.history.watched {
        return Ok(verdict(BranchOutcome::Begins));
    }
    let passed = facts.passed(branch)?;
    if let Some(way) = way(branch, passed, tip) {
        let entries = way.iter().filter_map(|step| step.entry).collect();
        return Ok(BranchVerdict { entries, ..verdict(BranchOutcome::InOrder) });
    }
    let gained = Gained { facts, branch, tip };
    let Some((since, stands)) = gained.judged()? else {
        return Ok(BranchVerdict { message: Some(LOST.to_owned()), ..verdict(BranchOutcome::Open) });
    };
    let state = if !stands.is_empty() && stands.iter().all(|judged| !judged.gated) {
        BranchOutcome::Unguarded
    } else if stands.iter().all(|judged| judged.passes) {
        BranchOutcome::InOrder
    } else {
        BranchOutcome::Open
    };
    // The moves up to where the ranges begin are part of the way.
    let led = since.and_then(|since| way(branch, passed, since)).unwrap_or_default();
    Ok(BranchVerdict {
        stands: stands.iter().map(|judged| judged.id.to_string()).collect(),
        entries: led.iter().filter_map(|step| step.entry).collect(),
        ..verdict(state)
    })
}

/// What a branch holds that no decision let in.
struct Gained<'f, 'h> {
    facts: &'f Facts<'h>,
    branch: &'h BranchState<'h>,
    tip: Id<'h>,
}

/// What was judged of it, and since which commit.
type Since<'h> = (Option<Id<'h>>, Vec<&'h JudgedRange<'h>>);

impl<'h> Gained<'_, 'h> {
    /// What came out of its ranges, oldest first; none where the commits up to which all was decided about are nowhere any more, and
    /// nobody answers for what there is.
    fn judged(&self) -> Answer<Option<Since<'h>>> {
        let is_default = self.facts.history.default_branch.as_ref() == Some(&self.branch.name);
        if self.branch.in_order.is_none() {
            return if is_default {
                self.became_default().map(Some)
            } else {
                let whole = self.pushed(&Known::default(), None, self.tip, RangeReason::Gained)?;
                Ok(Some((None, vec![whole])))
            };
        }
        match open(self.facts, self.branch, self.tip)?.settled {
            Some(since) => Ok(Some((Some(since), self.since(since, None)?))),
            // Nobody can say what was taken off, but somebody may answer for what there is; whose word counts, the default branch does
            // not say itself.
            None if is_default => Ok(None),
            None => {
                let whole = self.pushed(&Known::default(), None, self.tip, RangeReason::Whole)?;
                Ok(whole.answered.then(|| (None, vec![whole])))
            }
        }
    }

    /// What a branch holds that became the default. Nobody need have guarded it before; it goes on from where another was in order,
    /// by the rules that judged there.
    fn became_default(&self) -> Answer<Since<'h>> {
        let from = nearest(self.facts, self.tip)?;
        let mut rules = newest(self.facts)?;
        if rules.is_empty() {
            // There are no others than what it holds itself.
            rules.push(self.tip);
        }
        let mut judged = Vec::new();
        for rules in rules {
            match from {
                Some(from) => judged.extend(self.since(from, Some(rules))?),
                None => {
                    let known = Known { rules: Some(rules), ..Known::default() };
                    judged.push(self.pushed(&known, None, self.tip, RangeReason::Gained)?);
                }
            }
        }
        Ok((None, judged))
    }

    /// What the branch gained since a commit, oldest first: by the rules that stand at a commit, else by those that stood before each
    /// part.
    fn since(&self, from: Id<'h>, rules: Option<Id<'h>>) -> Answer<Vec<&'h JudgedRange<'h>>> {
        let known = |from: Id<'h>| match rules {
            Some(rules) => Known { settled: Some(from), rules: Some(rules), open: true },
            None => Known::all(from),
        };
        let steps = steps(self.facts, from, self.tip)?;
        let as_one_push = matches!(steps.as_slice(), [Step { change: None, .. }]);
        let mut judged = Vec::new();
        let (mut unjudged, mut missing) = (Vec::new(), false);
        for step in &steps {
            match self.step(&known(step.from), step) {
                Ok(came_out) => judged.push(came_out),
                Err(Stop::Judge(ranges)) => unjudged.extend(ranges),
                Err(Stop::Missing) => missing = true,
                Err(stop) => return Err(stop),
            }
        }
        if missing {
            return Err(Stop::Missing);
        }
        if !unjudged.is_empty() {
            return Err(Stop::Judge(unjudged));
        }
        // Whoever signs for exactly the tip answers for all of it, however it came, by the policy that asks.
        let blocked: Vec<_> = judged.iter().filter(|judged| !judged.passes).collect();
        if !blocked.is_empty() && !as_one_push {
            let whole = self.pushed(&known(from), Some(from), self.tip, RangeReason::Whole)?;
            let same = |judged: &&&JudgedRange<'_>| judged.policy.is_some() && judged.policy == whole.policy;
            if whole.answered && blocked.iter().all(same) {
                return Ok(vec![whole]);
            }
        }
        Ok(judged)
    }

    /// What came out of a part: as the merge of its change, or as a push where it holds something else than merging gives.
    fn step(&self, known: &Known<'h>, step: &Step<'h>) -> Answer<&'h JudgedRange<'h>> {
        if let Some(change) = step.change {
            let commit = self.facts.commit(step.to)?;
            let (merge, head) = shape(&commit.parents, step.from, step.to, Some(&change.head));
            // Its branch may be gone, and what it held with it.
            if merge == MergeKind::Merge || self.facts.is_here(head)? {
                let draft = Draft {
                    head,
                    merge,
                    change: Some(change.id.as_ref()),
                    ..Draft::push(Some(step.from), step.to, RangeReason::Merged)
                };
                let judged = self.facts.judged(draft.write(self.facts, &Grounds::of(self.facts, known)?))?;
                if !judged.altered {
                    return Ok(judged);
                }
            }
        }
        self.pushed(known, Some(step.from), step.to, RangeReason::Gained)
    }

    fn pushed(
        &self,
        known: &Known<'h>,
        from: Option<Id<'h>>,
        to: Id<'h>,
        reason: RangeReason,
    ) -> Answer<&'h JudgedRange<'h>> {
        let draft = Draft::push(from, to, reason);
        self.facts.judged(draft.write(self.facts, &Grounds::of(self.facts, known)?))
    }
}
