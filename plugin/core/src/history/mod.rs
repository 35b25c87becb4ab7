//! From the shape of a branch's history to the ranges of it that are judged next, and why.
//!
//! A call tells what it can from the facts that are there: which others it wants, which ranges are to be judged, or the verdict.
//! Nothing is kept between calls. The host adds what was asked for and asks again.

mod facts;
mod grounds;
mod push;
mod range;
mod standing;
mod steps;
mod tip;

use crate::Error;
use crate::model::{
    API_VERSION, BranchHistory, BranchOutcome, BranchQuestion, BranchVerdict, HistoryWants, RangeReason,
    Ranges,
};
use facts::{Answer, Facts, Id, Stop};
use grounds::Grounds;
use range::{Audited, Draft, text};
use standing::{Known, standing};

/// What is judged next of a branch.
///
/// # Errors
/// `bad-request` for a question without what it is about.
pub(crate) fn ranges(history: &BranchHistory<'_>) -> Result<Ranges, Error> {
    let facts = Facts::of(history);
    let answer = match (history.question, &history.push, &history.head) {
        (BranchQuestion::Push, Some(push), _) => push::push(&facts, push),
        (BranchQuestion::Push, None, _) => return Err(lacks("push")),
        (BranchQuestion::Tip, ..) => tip::tip(&facts),
        (BranchQuestion::Change, _, Some(head)) => proposed(&facts, head),
        (BranchQuestion::Change, _, None) => return Err(lacks("head")),
    };
    let mut ranges =
        Ranges { api_version: API_VERSION.to_owned(), kind: "Ranges".to_owned(), ..Ranges::default() };
    match answer {
        Ok(verdict) => ranges.verdict = Some(verdict),
        Err(Stop::Judge(judge)) => ranges.judge = judge,
        Err(Stop::Refused(message)) => {
            ranges.verdict = Some(BranchVerdict {
                state: BranchOutcome::Refused,
                message: Some(message),
                ..BranchVerdict::default()
            });
        }
        Err(Stop::Missing) => {
            ranges.wants = Some(facts.wants()).filter(|wants| *wants != HistoryWants::default())
        }
    }
    Ok(ranges)
}

fn lacks(what: &str) -> Error {
    Error::bad_request(format!("the question asks for `{what}`, and the history has none"))
}

/// The range as which a change is judged that is proposed to a branch.
fn proposed<'h>(facts: &Facts<'h>, head: Id<'h>) -> Answer<BranchVerdict> {
    let target = facts.history.target.as_ref();
    let tip = facts.tip(target);
    let known = match tip {
        Some(tip) => standing(facts, target, tip)?,
        None => Known::default(),
    };
    let draft = Draft {
        result: None,
        audited: if known.open { Audited::Until(known.settled) } else { Audited::All },
        ..Draft::push(tip, head, RangeReason::Proposed)
    };
    let judged = facts.judged(draft.write(facts, &Grounds::of(facts, &known)?))?;
    Ok(BranchVerdict {
        state: BranchOutcome::Proposed,
        stands: vec![judged.id.to_string()],
        in_order: text(known.settled),
        ..BranchVerdict::default()
    })
}
