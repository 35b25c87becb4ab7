//! Who stops a change as a whole, and who takes that back.

use super::people::PersonId;
use super::roster::{Admission, Roster};
use super::votes::Vote;
use super::{Acts, Desk};
use crate::Error;
use crate::model::{ActKind, When};
use crate::policy::{RevokedBy, Veto};

/// What one act says of the change as a whole.
struct Word {
    person: PersonId,
    at: Option<When>,
    says: Says,
    label: String,
}

#[derive(PartialEq, Eq)]
enum Says {
    Veto,
    Revoke,
    /// Whatever the person said is over.
    Ended,
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
pub(crate) fn veto(desk: &Desk<'_, '_, '_>, veto: &Veto) -> Result<Vetoes, Error> {
    let roster = Roster::of(desk.policy.sets(&veto.by), desk.request, desk.directory, desk.steps)?;
    let (words, unreadable) = words(desk, veto, &roster)?;
    // A veto without a time may be the latest word, and a revocation without one the earliest.
    let later = |word: &Word, veto: &Word| word.at.is_some() && veto.at.is_some() && word.at > veto.at;
    let own_end = |veto: &Word| {
        words.iter().any(|word| word.person == veto.person && word.says != Says::Veto && later(word, veto))
    };
    let vetoes: Vec<&Word> = words.iter().filter(|word| word.says == Says::Veto).collect();
    let lifted_by_anyone = veto.revoked_by == RevokedBy::Anyone
        && words.iter().any(|word| {
            let takes_part = desk.contributors.has(word.person);
            word.says == Says::Revoke && !takes_part && vetoes.iter().all(|veto| later(word, veto))
        });
    let mut standing: Vec<String> = vetoes
        .iter()
        .filter(|veto| !lifted_by_anyone && !own_end(veto))
        .map(|veto| veto.label.clone())
        .collect();
    crate::order::strings(&mut standing);
    let lifted_by_another = lifted_by_anyone && vetoes.iter().any(|veto| !own_end(veto));
    Ok(Vetoes { standing, lifted_by_another, unreadable })
}

fn words(
    desk: &Desk<'_, '_, '_>,
    veto: &Veto,
    roster: &Roster,
) -> Result<(Vec<Word>, Option<String>), Error> {
    let Acts { list, .. } = desk.acts;
    let against = desk.votes(&veto.disapprove)?;
    let back = desk.votes(&veto.revoke)?;
    let mut words = Vec::new();
    let mut unreadable = None;
    for (at, act) in list.iter().enumerate() {
        let actor = desk.acts.actor(at);
        let may = |person: &&PersonId| roster.admits(desk.directory, **person) == Admission::Yes;
        let Some(person) = actor.iter().find(may) else {
            let unread = |person: &PersonId| roster.admits(desk.directory, *person) == Admission::Unreadable;
            let against = matches!(against.get(at), Some(Vote::No))
                || (act.kind == ActKind::Comment && matches!(against.get(at), Some(Vote::Yes)));
            if against && actor.iter().any(unread) {
                unreadable.get_or_insert(desk.label(act, actor));
            }
            continue;
        };
        let program = desk.directory.is_bot(*person) && !roster.has_bot(*person);
        if program || desk.directory.is_inactive(*person) || act.deleted {
            continue;
        }
        let comment = matches!(act.kind, ActKind::Comment | ActKind::Review);
        let vote = |votes: &[Vote]| votes.get(at).copied().unwrap_or(Vote::Nothing);
        // A comment that says the words vetoes; a review does by its verdict.
        let vetoes = match vote(&against) {
            Vote::Yes => comment,
            Vote::No => veto.disapprove.reviews,
            _ => false,
        };
        let text_stands = desk.judge_text(act, actor).is_none();
        let says = if vetoes {
            Says::Veto
        } else if vote(&against) == Vote::Ended && act.dismissed.is_none() {
            Says::Ended
        } else if vote(&back) == Vote::Yes && text_stands {
            Says::Revoke
        } else {
            continue;
        };
        // What is said of another change stops this one on the safe side, and lifts nothing.
        if says != Says::Veto && desk.acts.is_elsewhere(at) {
            continue;
        }
        words.push(Word { person: *person, at: act.at, says, label: desk.label(act, actor) });
    }
    Ok((words, unreadable))
}
