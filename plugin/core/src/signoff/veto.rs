//! Who stops a change as a whole, and who takes that back.

use super::EvaluationContext;
use super::people::PersonId;
use super::roster::{Admission, Roster};
use super::votes::{self, Vote};
use crate::Error;
use crate::model::When;
use crate::policy::{RevokedBy, Veto};

/// What one act says of the change as a whole.
struct Word<'d> {
    giver: &'d [PersonId],
    /// Whether the giver may veto is not known.
    unread: bool,
    at: Option<When>,
    label: String,
}

/// What became of the words against a change.
pub(crate) struct Vetoes {
    /// The people whose veto stands, in order.
    pub standing: Vec<String>,
    /// Somebody else's word lifts a veto, which counts only of whom took no part in the change.
    pub lifted_by_another: bool,
    /// Somebody vetoes of whom the platform does not say whether they may.
    pub unreadable: Option<String>,
}

/// Who vetoes a change.
///
/// # Errors
/// `over-limit`.
pub(crate) fn veto(evaluation: &EvaluationContext<'_, '_, '_>, veto: &Veto) -> Result<Vetoes, Error> {
    let [vetoes, revocations] = words(evaluation, veto)?;
    // A veto without a time may be the latest word, and a revocation without one the earliest.
    let later =
        |word: &Word<'_>, veto: &Word<'_>| word.at.is_some() && veto.at.is_some() && word.at > veto.at;
    let revokes =
        |veto: &Word<'_>| revocations.iter().any(|word| word.giver == veto.giver && later(word, veto));
    let open: Vec<&Word<'_>> = vetoes.iter().filter(|veto| !revokes(veto)).collect();
    let took_part = |word: &Word<'_>| word.giver.iter().any(|person| evaluation.contributors.has(*person));
    let known = || vetoes.iter().filter(|veto| !veto.unread);
    let lifted = veto.revoked_by == RevokedBy::Anyone
        && revocations
            .iter()
            .any(|word| !word.unread && !took_part(word) && known().all(|veto| later(word, veto)));
    let standing = open.iter().filter(|veto| !veto.unread);
    let mut unread = open.iter().filter(|veto| veto.unread);
    let mut labels: Vec<String> = standing.map(|veto| veto.label.clone()).collect();
    crate::order::strings(&mut labels);
    Ok(Vetoes {
        lifted_by_another: lifted && !labels.is_empty(),
        standing: if lifted { Vec::new() } else { labels },
        unreadable: unread.next().map(|veto| veto.label.clone()),
    })
}

/// The vetoes, and what revokes one, of everybody who may veto or of whom that is not known.
fn words<'d>(evaluation: &EvaluationContext<'d, '_, '_>, veto: &Veto) -> Result<[Vec<Word<'d>>; 2], Error> {
    let roster = Roster::of(
        evaluation.policy.sets(&veto.by),
        evaluation.request,
        evaluation.directory,
        evaluation.steps,
    )?;
    let acts = evaluation.acts;
    let head = &evaluation.change.head;
    let against = evaluation.says(&veto.disapprove, |at, act, words| {
        let refuses = votes::refuses(act, words, acts.is_description(at), &veto.disapprove, head);
        // What is said of another change stops this one on the safe side.
        if refuses && !evaluation.is_dismissed(at, act) { Vote::No } else { Vote::Nothing }
    })?;
    let back = evaluation.votes(&veto.revoke)?;
    let mut found = [Vec::new(), Vec::new()];
    let [vetoes, revocations] = &mut found;
    for (at, act) in acts.list.iter().enumerate() {
        let giver = acts.actor(at);
        let list = match (against.get(at), back.get(at)) {
            (Some(Vote::No), _) => &mut *vetoes,
            (_, Some(Vote::Yes)) if !acts.is_elsewhere(at) && evaluation.judge_text(act, giver).is_none() => {
                &mut *revocations
            }
            _ => continue,
        };
        let admission = evaluation.admission(giver, &roster);
        let nobody = admission == Admission::No
            || evaluation.judge_program(giver, &roster).is_some()
            || evaluation.directory.is_blocked(&act.actor);
        if !nobody {
            let unread = admission == Admission::Unreadable;
            list.push(Word { giver, unread, at: act.at, label: evaluation.label(act, giver) });
        }
    }
    Ok(found)
}
