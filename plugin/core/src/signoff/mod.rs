//! From acts to eligibility: for every act `counted`, or one code that says why not.

mod acts;
pub(crate) mod answers;
pub(crate) mod contributors;
mod copies;
mod judge;
pub mod mailmap;
mod markdown;
pub(crate) mod overrides;
pub(crate) mod people;
pub(crate) mod roster;
mod sentences;
pub(crate) mod signed;
mod signers;
mod stale;
mod standing;
mod tally;
mod veto;
mod votes;

use crate::limits::Steps;
use crate::model::{Change, Request};
use crate::policy::{Options, Policy};
pub(crate) use acts::{Acts, Elsewhere, description};
use contributors::Contributors;
pub(crate) use markdown::Words;
use people::Directory;
pub(crate) use stale::Untold;
pub(crate) use tally::Tally;
pub(crate) use veto::veto;

/// Everything that acts are judged against.
pub(crate) struct EvaluationContext<'d, 'r, 'a> {
    pub request: &'r Request<'a>,
    pub change: &'r Change<'a>,
    pub policy: &'d Policy,
    pub directory: &'d Directory,
    pub contributors: &'d Contributors<'r, 'a>,
    pub options: &'d Options,
    pub acts: &'d Acts<'d, 'a>,
    pub steps: &'d Steps,
}
