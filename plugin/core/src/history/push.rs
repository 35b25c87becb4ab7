//! What a push would bring, which ranges of that are judged, and what is remembered of it.

use super::facts::{Answer, Facts, Id, Stop};
use super::grounds::Grounds;
use super::range::{Audited, Draft, shape, text};
use super::standing::{Known, standing};
use crate::model::{
    BranchOutcome, BranchRange, BranchVerdict, JudgedRange, MergeKind, RangeReason, RefUpdate, Remember,
};
use crate::wellknown::SIGNOFF_REFS;

/// What became of a push.
pub(super) fn push<'h>(facts: &Facts<'h>, push: &'h RefUpdate<'h>) -> Answer<BranchVerdict> {
    let target = facts.history.target.as_ref();
    let is_branch = target.starts_with("refs/heads/");
    let old = push.old.as_ref();
    if let Some(message) = refusal(facts, push, is_branch) {
        return Err(Stop::Refused(message));
    }
    let known = match old {
        Some(old) if is_branch => standing(facts, target, old)?,
        Some(old) => Known::all(old),
        None => Known::default(),
    };
    let grounds = Grounds::of(facts, &known)?;
    let brought = Brought { facts, push, head: push.commit.as_ref().unwrap_or(&push.new) };
    let mut stands = vec![brought.judged(old, Audited::All, &grounds)?];
    let mut restores = false;
    if let (Some(old), true, true) = (old, known.open, stands.iter().any(|judged| judged.gated)) {
        restores = brought.restores(old, known.settled)?;
        stands = if restores {
            vec![brought.restoring(known.settled, &grounds)?]
        } else {
            let open = Draft::push(known.settled, old, RangeReason::Open);
            let open = facts.judged(open.write(facts, &grounds))?;
            let rest = if open.passes {
                // With the open part its policy is decided about.
                let grounds = Grounds::of(facts, &Known::all(old))?;
                brought.judged(Some(old), Audited::All, &grounds)?
            } else {
                brought.judged(Some(old), Audited::Until(known.settled), &grounds)?
            };
            vec![open, rest]
        };
    }
    // What was open and is not settled says so in what the push itself is judged by.
    let passes = stands.last().is_some_and(|judged| judged.passes);
    let verdict = BranchVerdict {
        state: if passes { BranchOutcome::Passes } else { BranchOutcome::Blocked },
        stands: stands.iter().map(|judged| judged.id.to_string()).collect(),
        in_order: text(known.settled),
        ..BranchVerdict::default()
    };
    if !passes || !is_branch {
        return Ok(verdict);
    }
    let gated = stands.iter().any(|judged| judged.gated);
    remembering(facts, push, &known, gated, restores, verdict)
}

/// Adds what is remembered of a push that passes.
fn remembering(
    facts: &Facts<'_>,
    push: &RefUpdate<'_>,
    known: &Known<'_>,
    gated: bool,
    restores: bool,
    verdict: BranchVerdict,
) -> Answer<BranchVerdict> {
    let is_default = facts.history.default_branch.as_ref() == Some(&facts.history.target);
    let becomes = Some(&push.new).filter(|new| !new.is_zero());
    // The first policy starts the watch, where it comes to stand on the default branch; where it stands elsewhere, the first change
    // that it judges.
    let begins = !facts.history.watched
        && (gated
            || match becomes {
                Some(new) if is_default => facts.policy(new)?.is_some(),
                _ => false,
            });
    // A default branch is watched though it has no policy for a while. Before the first policy nobody is asked, and what passes is
    // where the watch begins.
    let is_watched = gated || becomes.is_none() || (is_default && !known.open);
    let remember = (is_watched || !facts.history.watched).then(|| Remember {
        // Where the branch lost commits, what it was left at was decided about by nobody.
        from: text(push.old.as_ref().filter(|_| !restores)),
        to: text(becomes),
    });
    Ok(BranchVerdict { begins, remember, ..verdict })
}

/// Why a push may not move the ref, whatever a policy says.
fn refusal(facts: &Facts<'_>, push: &RefUpdate<'_>, is_branch: bool) -> Option<String> {
    // Git takes what the client says of it for true until it moves the ref, which is after the hook (git 2.39, receive-pack).
    let stands = facts.tip(&facts.history.target);
    if is_branch && stands != push.old.as_ref() {
        let named = |commit: Option<Id<'_>>| commit.map_or("nowhere".to_owned(), |id| id.short().to_owned());
        return Some(format!(
            "the push would move it from {}, and it stands at {}; fetch, and push again",
            named(push.old.as_ref()),
            named(stands)
        ));
    }
    let is_tag = !push.new.is_zero() && push.commit.as_ref() != Some(&push.new);
    (facts.history.target.starts_with(SIGNOFF_REFS) && is_tag).then(|| {
        "it is a tag, and what holds sign-offs is a history of commits; push the commit that it names"
            .to_owned()
    })
}

/// A push, with the facts about the commits that it brings.
struct Brought<'f, 'h> {
    facts: &'f Facts<'h>,
    push: &'h RefUpdate<'h>,
    head: Id<'h>,
}

impl<'h> Brought<'_, 'h> {
    /// What came out of it: as the merge that it is by the shape of the history, or as a push where it holds something else than
    /// merging gives.
    fn judged(
        &self,
        base: Option<Id<'h>>,
        audited: Audited<'h>,
        grounds: &Grounds<'h>,
    ) -> Answer<&'h JudgedRange<'h>> {
        self.judged_as(base, audited, grounds, RangeReason::Pushed)
    }

    /// What came out of a push that puts back what the branch lost, from where all was in order.
    fn restoring(&self, since: Option<Id<'h>>, grounds: &Grounds<'h>) -> Answer<&'h JudgedRange<'h>> {
        self.judged_as(since, Audited::All, grounds, RangeReason::Restores)
    }

    fn judged_as(
        &self,
        base: Option<Id<'h>>,
        audited: Audited<'h>,
        grounds: &Grounds<'h>,
        reason: RangeReason,
    ) -> Answer<&'h JudgedRange<'h>> {
        let pushed = self.push.merges.is_none();
        let push = Draft { audited, pushed, ..Draft::push(base, self.head, reason) };
        if let Some(merge) = self.as_merge(base, push)? {
            let judged = self.facts.judged(self.write(merge, grounds))?;
            if !judged.altered {
                return Ok(judged);
            }
            // A squash and a rebase hold no commit of the change, so that of another head nobody would be asked.
            if let (MergeKind::Squash | MergeKind::Rebase, Some(change)) = (merge.merge, merge.change) {
                return Err(Stop::Refused(format!(
                    "the server merges change {change}, and what it made is not what merging {} gives, which is its head: \
                     the head was moved meanwhile; merge it again, and if that gives the same, by a merge commit",
                    merge.head.short()
                )));
            }
        }
        self.facts.judged(self.write(push, grounds))
    }

    fn write(&self, draft: Draft<'h>, grounds: &Grounds<'h>) -> BranchRange {
        draft.write(self.facts, grounds)
    }

    fn as_merge(&self, base: Option<Id<'h>>, push: Draft<'h>) -> Answer<Option<Draft<'h>>> {
        let (Some(base), Some(result)) = (base, push.result) else { return Ok(None) };
        let merges = self.push.merges.as_ref();
        let of_change = merges.and_then(|merging| merging.head.as_ref());
        let commit = self.facts.commit(result)?;
        let (merge, head) = shape(&commit.parents, base, result, of_change);
        if merge == MergeKind::Push {
            return Ok(None);
        }
        // What the forge names and nobody has cannot be judged as a change.
        if !self.facts.is_here(head)? {
            return Ok(None);
        }
        let change = merges.filter(|_| of_change.is_some()).map(|merging| merging.change.as_ref());
        Ok(Some(Draft { head, merge, change, ..push }))
    }

    /// Whether a push puts back what a branch lost past the hook. It is judged with all that it brings from where all was in order:
    /// nobody could answer for what lacks it.
    fn restores(&self, old: Id<'h>, since: Option<Id<'h>>) -> Answer<bool> {
        match since {
            Some(since) if self.push.merges.is_none() && !self.push.new.is_zero() => {
                Ok(!self.facts.holds(old, since)? && self.facts.holds(self.head, since)?)
            }
            _ => Ok(false),
        }
    }
}
