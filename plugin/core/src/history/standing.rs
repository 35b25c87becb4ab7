//! How far a branch was decided about.

use super::facts::{Answer, Facts, Id, Stop, unless_missing};
use crate::model::{BranchState, PassedMove};
use crate::order::Index;

/// How far a branch was decided about.
#[derive(Debug, Clone, Default)]
pub(super) struct Known<'h> {
    /// What this commit reaches was decided about; none where nothing of the branch was.
    pub settled: Option<Id<'h>>,
    /// Where the documents stand that last decided; none where no decision let any in.
    pub rules: Option<Id<'h>>,
    /// The branch holds more than that.
    pub open: bool,
}

impl<'h> Known<'h> {
    /// A branch all of which was decided about.
    pub fn all(tip: Id<'h>) -> Self {
        Known { settled: Some(tip), rules: Some(tip), open: false }
    }

    /// A branch that is open after a commit.
    pub fn until(settled: Id<'h>) -> Self {
        Known { open: true, ..Known::all(settled) }
    }

    /// A branch that is open from its beginning.
    pub fn nothing() -> Self {
        Known { open: true, ..Known::default() }
    }
}

/// How far a branch was decided about that stands at a commit.
pub(super) fn standing<'h>(facts: &Facts<'h>, name: &str, tip: Id<'h>) -> Answer<Known<'h>> {
    let branch = facts.state(name);
    if let Some(since) = branch.and_then(|branch| branch.open_since.as_ref()) {
        // What is not even here any more says nothing of the branch.
        let here = !since.is_zero() && facts.is_here(since)?;
        return Ok(if here { Known::until(since) } else { Known::nothing() });
    }
    let unquestioned = !facts.history.remembers || branch.is_some_and(|branch| branch.by_findings);
    if unquestioned {
        return Ok(Known::all(tip));
    }
    let Some(branch) = branch.filter(|branch| !branch.unknown) else { return Ok(Known::nothing()) };
    if branch.in_order.as_ref() == Some(tip) || way(branch, facts.passed(branch)?, tip).is_some() {
        return Ok(Known::all(tip));
    }
    open(facts, branch, tip)
}

/// The moves by which a branch came to a commit from one up to which all was decided about, the oldest first; none where they do not
/// lead there. One that was made anew came from nowhere.
pub(super) fn way<'h>(
    branch: &BranchState<'h>,
    passed: &'h [PassedMove<'h>],
    tip: Id<'_>,
) -> Option<Vec<&'h PassedMove<'h>>> {
    let index = Index::of(passed.iter().map(|step| step.to.as_bytes()));
    let (mut way, mut used) = (Vec::new(), vec![false; passed.len()]);
    let mut at = tip;
    while branch.in_order.as_ref() != Some(at) && !at.is_zero() {
        let place = index.get(at.as_bytes())?;
        if std::mem::replace(used.get_mut(place)?, true) {
            return None;
        }
        let step = passed.get(place)?;
        way.push(step);
        at = &step.from;
    }
    if at.is_zero() && !way.iter().all(|step| begins_anew(branch, step)) {
        return None;
    }
    way.reverse();
    Some(way)
}

/// Commits that a branch was let go to and that are looked for in it, and how many of them at once: the newest is mostly the one.
const POINTS: usize = 100;
const AT_ONCE: usize = 10;

/// How far a branch was decided about that holds more than that: up to the newest commit that it was let go to and that it still
/// holds.
pub(super) fn open<'h>(facts: &Facts<'h>, branch: &'h BranchState<'h>, tip: Id<'h>) -> Answer<Known<'h>> {
    let points = points(branch, facts.passed(branch)?);
    // What is not even here any more says nothing of the branch.
    let mut here: Vec<(Id<'h>, Option<Id<'h>>)> = Vec::new();
    let mut held = None;
    for some in points.chunks(AT_ONCE) {
        let mut bases = Vec::new();
        for point in some {
            bases.push((*point, unless_missing(facts.base(point, tip))?));
        }
        for (point, base) in bases {
            let base = base.ok_or(Stop::Missing)?;
            if !base.missing {
                here.push((point, base.base.as_ref()));
            }
        }
        held = here.iter().find(|(point, base)| *base == Some(*point));
        if held.is_some() {
            break;
        }
    }
    // What passed last and is here went in: what a server refuses it does not keep.
    let settled = match held.or(here.first()) {
        // Another branch may have gone on since; nothing was taken off this one.
        Some((_, base)) if branch.of_former_default => *base,
        Some((point, _)) => Some(*point),
        None => None,
    };
    // Of another branch the rules stand where it went last, and not where this one left it.
    let rules = if branch.of_former_default { here.first().map(|(point, _)| *point) } else { settled };
    Ok(Known { settled, rules, open: true })
}

/// The commits to which decisions let a branch go, the newest first, and the one that is noted as in order.
fn points<'h>(branch: &'h BranchState<'h>, passed: &'h [PassedMove<'h>]) -> Vec<Id<'h>> {
    let index = Index::of(passed.iter().map(|step| step.from.as_bytes()));
    let mut led = vec![false; passed.len()];
    let mut next: Vec<Id<'h>> = branch.in_order.iter().collect();
    for (step, led) in passed.iter().zip(&mut led) {
        if step.from.is_zero() && begins_anew(branch, step) {
            *led = true;
            next.push(&step.to);
        }
    }
    while let Some(commit) = next.pop() {
        for place in index.all(commit.as_bytes()) {
            if let (Some(led), Some(step)) = (led.get_mut(place), passed.get(place))
                && !std::mem::replace(led, true)
            {
                next.push(&step.to);
            }
        }
    }
    let led = passed.iter().zip(led).filter(|(_, led)| *led).map(|(step, _)| &step.to);
    led.take(POINTS).chain(&branch.in_order).collect()
}

/// Whether a move made the branch anew: of one that is older than what is noted of the branch, an old tip is put back.
fn begins_anew(branch: &BranchState<'_>, step: &PassedMove<'_>) -> bool {
    branch.in_order.is_none() || step.entry > branch.in_order_entry
}

/// The commit nearest to another up to which all was decided about, on whichever branch.
pub(super) fn nearest<'h>(facts: &Facts<'h>, tip: Id<'h>) -> Answer<Option<Id<'h>>> {
    let points: Vec<Id<'h>> =
        facts.history.branches.iter().filter_map(|branch| branch.in_order.as_ref()).collect();
    let mut bases = Vec::new();
    for point in points {
        bases.push(unless_missing(facts.base(point, tip))?);
    }
    let mut beyond = Vec::new();
    for base in bases {
        // A point that is not here any more is no way to the commit.
        if let Some(base) = &base.ok_or(Stop::Missing)?.base {
            beyond.push((base, unless_missing(facts.beyond(tip, base))?));
        }
    }
    let mut nearest: Option<(u64, Id<'h>)> = None;
    for (base, count) in beyond {
        let count = count.ok_or(Stop::Missing)?;
        if nearest.is_none_or(|(least, _)| count < least) {
            nearest = Some((count, base));
        }
    }
    Ok(nearest.map(|(_, base)| base))
}

/// The commits whose policies judge a branch that became the default: which branch was the default before nobody remembers, so
/// each policy that stands anywhere does, but for those that another has left behind.
pub(super) fn newest<'h>(facts: &Facts<'h>) -> Answer<Vec<Id<'h>>> {
    let mut found = Vec::new();
    for point in facts.history.branches.iter().filter_map(|branch| branch.in_order.as_ref()) {
        found.push((point, unless_missing(facts.policy(point))?));
    }
    let mut policies: Vec<(Id<'h>, Id<'h>)> = Vec::new();
    for (point, policy) in found {
        // A commit without a policy, or one that is not here any more, says nothing.
        if let Some(policy) = policy.ok_or(Stop::Missing)?
            && policies.iter().all(|(_, known)| *known != policy)
        {
            policies.push((point, policy));
        }
    }
    let mut newest = Vec::new();
    for (point, policy) in &policies {
        let mut left_behind = false;
        for (other, others) in policies.iter().filter(|(other, _)| other != point) {
            left_behind |= facts.stood(other, policy)? && !facts.stood(point, others)?;
        }
        if !left_behind {
            newest.push(*point);
        }
    }
    Ok(newest)
}
