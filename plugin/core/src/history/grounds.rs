//! Whose policy judges a branch, and from where its commits count: two facts.
//!
//! A branch has a policy of its own once a decision let one in there. What it was made with came from the default branch, which
//! has moved on since: an older version of a policy judges no newer branch.

use super::facts::{Answer, Facts, Id};
use super::standing::{Known, nearest, newest, standing};
use crate::model::BranchAt;

/// The default branch: what every other branch rests on.
#[derive(Debug, Clone, Copy)]
struct DefaultBranch<'h> {
    name: &'h str,
    /// The commit at which its documents decide.
    rules: Option<Id<'h>>,
    /// What another branch has from here is no change of it; none where nothing of the default branch was decided about.
    settled: Option<Id<'h>>,
}

impl<'h> DefaultBranch<'h> {
    fn of(facts: &Facts<'h>) -> Answer<Option<Self>> {
        let Some(name) = facts.history.default_branch.as_deref() else { return Ok(None) };
        let Some(tip) = facts.tip(name) else {
            return Ok(Some(DefaultBranch { name, rules: None, settled: None }));
        };
        let mut known = standing(facts, name, tip)?;
        if known.rules.is_none() {
            // Nobody need have guarded it before it was the default: what the branches before it said goes on.
            known.settled = nearest(facts, tip)?;
            known.rules = newest(facts)?.first().copied();
        }
        // A branch of which nothing was decided about begins with what it holds: there are no other rules.
        Ok(Some(DefaultBranch { name, rules: known.rules.or(Some(tip)), settled: known.settled }))
    }

    fn at(&self) -> BranchAt {
        at(self.name, self.rules)
    }
}

/// What a change of a branch is judged by.
#[derive(Debug, Clone)]
pub(super) struct Grounds<'h> {
    /// Where the documents that decide stand.
    pub rules: BranchAt,
    /// The default branch, which says what is protected.
    pub default_branch: Option<BranchAt>,
    /// A branch that is new has from here what is no change of it.
    pub beside: Option<Id<'h>>,
}

impl<'h> Grounds<'h> {
    /// For the target, as far as it was decided about.
    pub fn of(facts: &Facts<'h>, known: &Known<'h>) -> Answer<Self> {
        let target = facts.history.target.as_ref();
        let own = || at(target, known.rules);
        let Some(default) = DefaultBranch::of(facts)? else {
            return Ok(Grounds { rules: own(), default_branch: None, beside: None });
        };
        let is_default = default.name == target;
        let rules = match known.rules {
            Some(_) if is_default => own(),
            Some(commit) if has_own_policy(facts, commit, &default)? => own(),
            _ => default.at(),
        };
        Ok(Grounds {
            rules,
            default_branch: Some(default.at()),
            // Of itself the default branch has all that it holds.
            beside: default.settled.filter(|_| !is_default),
        })
    }
}

/// Whether a branch that was decided about up to a commit has a policy of its own: the default branch has one, another, and never
/// had this one, so that it was the branch's own change that brought it.
fn has_own_policy(facts: &Facts<'_>, commit: Id<'_>, default: &DefaultBranch<'_>) -> Answer<bool> {
    let Some(own) = facts.policy(commit)? else { return Ok(false) };
    let Some(rules) = default.rules else { return Ok(true) };
    match facts.policy(rules)? {
        // The default branch asks nothing: the branch itself may.
        None => Ok(true),
        Some(same) if same == own => Ok(false),
        Some(_) => Ok(!facts.stood(rules, own)?),
    }
}

fn at(branch: &str, commit: Option<Id<'_>>) -> BranchAt {
    BranchAt { branch: branch.to_owned(), commit: commit.map(ToString::to_string) }
}
