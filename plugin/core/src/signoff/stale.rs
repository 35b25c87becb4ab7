//! Whether an approval is of what is judged now.

use super::EvaluationContext;
use super::acts::reachable;
use super::contributors::Pushed;
use super::people::PersonId;
use crate::limits::CLOCK_SKEW;
use crate::model::{Act, ActCode, ActKind, Fact, Proof};
use crate::policy::Stale;

/// Why no approval, whoever gives it from here on, can be told to be of what is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Untold {
    /// When the head was pushed is not known.
    Push,
    /// What differs is not known.
    Diff,
    /// What merging gives is not known.
    Tree,
    /// Merging conflicts, and gives no tree.
    Conflict,
    /// Merging brings nothing, and so no diff.
    Nothing,
    /// What was answered in other changes is not known.
    Answers,
}

impl Untold {
    pub fn why(self) -> &'static str {
        match self {
            Untold::Push => {
                "the policy says `since-push: true`, and when the change was last pushed is not known here"
            }
            Untold::Diff => "the policy says `stale: diff`, and what differs is not known here",
            Untold::Tree => "the policy says `stale: tree`, and what merging gives is not known here",
            Untold::Nothing => {
                "the policy keeps approvals for what merging brings, and the target holds all of the change already"
            }
            Untold::Answers => {
                "the answers given in other changes are not here, and the policy asks for fresh ones"
            }
            Untold::Conflict => {
                "the policy keeps approvals for the tree that merging gives, and the change conflicts with its target"
            }
        }
    }
}

impl EvaluationContext<'_, '_, '_> {
    /// Why no approval from here on can count, by a forge's own record of it or otherwise: a forge says which commit was approved.
    /// Where questions are asked, the answers are to be told from earlier ones.
    pub fn untold(&self, by_forge: bool, asks: bool) -> Option<Untold> {
        let known = |fact| self.request.complete.contains(&fact);
        match self.options.stale {
            Stale::Diff if !by_forge && self.change.diff_id.is_none() => {
                Some(if known(Fact::DiffId) { Untold::Nothing } else { Untold::Diff })
            }
            Stale::Tree if self.change.merge_tree.is_none() => {
                Some(if known(Fact::MergeTree) { Untold::Conflict } else { Untold::Tree })
            }
            _ if self.options.since_push && self.contributors.pushed == Pushed::Unknown => Some(Untold::Push),
            _ => (asks && self.options.fresh_answers && !known(Fact::History)).then_some(Untold::Answers),
        }
    }

    /// Why an approval is for something else than what is judged.
    pub(super) fn judge_binding(&self, at: usize, act: &Act<'_>) -> Option<ActCode> {
        let change = self.change;
        if act.change.as_ref().is_some_and(|id| change.id.as_ref() != Some(id)) {
            return Some(ActCode::OtherChange);
        }
        if act.target.as_ref().is_some_and(|target| *target != change.target) {
            return Some(ActCode::OtherTarget);
        }
        let stale = self.judge_staleness(at, act);
        if stale.is_some() {
            return stale;
        }
        if self.options.since_push {
            match (act.at, self.contributors.pushed) {
                (_, Pushed::Never) => {}
                (Some(given), Pushed::At(pushed)) if given > pushed => {}
                (Some(_), Pushed::At(_)) => return Some(ActCode::StaleHead),
                _ => return Some(ActCode::FactUnavailable),
            }
        }
        let now = self.request.trigger.now;
        // A signer writes the time of a signature: one that is still to come would never grow old, and would be the last
        // word of its giver whatever they take back.
        let to_come =
            act.proof != Proof::Forge && act.at.is_some_and(|at| at.seconds_until(now) < -CLOCK_SKEW);
        let too_old =
            |max_age| act.at.is_none_or(|at| !(-CLOCK_SKEW..=max_age).contains(&at.seconds_until(now)));
        (to_come || self.options.max_age.is_some_and(too_old)).then_some(ActCode::TooOld)
    }

    pub(super) fn judge_staleness(&self, at: usize, act: &Act<'_>) -> Option<ActCode> {
        if self.options.stale == Stale::Keep {
            return self.acts.is_elsewhere(at).then_some(ActCode::StaleHead);
        }
        // A comment is bound to no commit but by its words.
        if act.kind == ActKind::Comment && act.head.is_none() {
            return (!self.names_head(act, self.acts.text(at))).then_some(ActCode::StaleHead);
        }
        let bound = |given: Option<&_>, asked: Option<&_>, stale: ActCode| match (given, asked) {
            (Some(given), Some(asked)) if given == asked => None,
            (Some(_), Some(_)) => Some(stale),
            _ => Some(ActCode::FactUnavailable),
        };
        match self.options.stale {
            Stale::Keep => None,
            Stale::Head => match &act.head {
                None => Some(ActCode::FactUnavailable),
                Some(head) if self.contributors.heads.contains(&head) => None,
                Some(_) => Some(ActCode::StaleHead),
            },
            // A forge says which commit was approved: the very head is no other diff than its own.
            Stale::Diff
                if act.proof == Proof::Forge
                    && act.diff_id.is_none()
                    && act.head.as_ref() == Some(&self.change.head) =>
            {
                None
            }
            Stale::Diff => bound(act.diff_id.as_ref(), self.change.diff_id.as_ref(), ActCode::StaleDiff),
            // What the signer's own git would give for the merge is another tree than the one that would be signed.
            Stale::Tree if self.merges_otherwise(at) => Some(ActCode::StaleTree),
            Stale::Tree => {
                bound(act.merge_tree.as_ref(), self.change.merge_tree.as_ref(), ActCode::StaleTree)
            }
        }
    }

    /// Whether attributes or settings of the signer make the merge another one than that which would be signed.
    pub(super) fn merges_otherwise(&self, at: usize) -> bool {
        self.acts.is_to_sign(at)
            && self.request.to_sign.as_ref().is_some_and(|to_sign| to_sign.merges_otherwise)
    }

    /// Whether somebody approved an earlier head of the change, and only then wrote or committed a part of it.
    pub(super) fn took_part_since(&self, act: &Act<'_>, actor: &[PersonId], code: ActCode) -> bool {
        let by_commits = matches!(code, ActCode::Author | ActCode::Committer | ActCode::CoAuthor);
        let opened = || self.contributors.authors().any(|author| actor.contains(&author));
        let earlier = act.head.as_ref().filter(|head| **head != self.change.head);
        match earlier {
            Some(head) if by_commits && !opened() => {
                let until = reachable(self.request, head);
                let places = || self.contributors.parts().filter(|(person, _)| actor.contains(person));
                !until.is_empty() && places().all(|(_, commit)| until.get(commit.as_bytes()).is_none())
            }
            _ => false,
        }
    }
}
