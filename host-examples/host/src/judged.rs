//! A change that was judged: what was asked, and what the module said.

use countersign_core::model::{Decision, JudgedRange, Outcome, Publication, When, read};

use crate::collect::{CollectError, Collector, Platform, Subject};
use crate::module::{CallError, Function, Module};

/// A change that was judged.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The request document that was evaluated.
    pub request: Vec<u8>,
    /// The answer: a decision, or the error that came instead.
    pub answer: String,
    /// The decision, unless the module gave an error.
    pub decision: Option<Decision>,
}

impl Judged {
    /// Collects the facts of a change and asks the module; none where the change is to be judged as a push of its own.
    ///
    /// # Errors
    /// When the facts cannot be collected, or the call ends without an answer. A call that runs out of time or memory is no answer:
    /// nothing is to be recorded of it, and the next call may give one.
    pub fn of(
        module: &Module,
        collector: &mut Collector<'_>,
        subject: &Subject,
        platform: &mut dyn Platform,
        now: When,
    ) -> Result<Option<Self>, CollectError> {
        let collected = collector.collect(subject, platform, now)?;
        if collected.as_push {
            return Ok(None);
        }
        let answer = match module.call(Function::Evaluate, &collected.request) {
            Ok(answer) | Err(CallError::Refused(answer)) => answer,
            Err(error) => return Err(error.into()),
        };
        let decision = read(answer.as_bytes()).ok();
        Ok(Some(Judged { request: collected.request, answer, decision }))
    }

    /// What the module says that a host does with it.
    pub fn publication(&self) -> Publication {
        countersign_core::publication(self.answer.as_bytes())
    }

    /// Whether a branch may hold it.
    pub fn passes(&self) -> bool {
        self.decision.as_ref().is_some_and(|decision| !decision.blocks)
    }

    /// Whether anybody asked to guard the target.
    pub fn is_gated(&self) -> bool {
        self.publication().gated
    }

    /// Whether somebody answers for it, by a sign-off that counted or with broken glass; that nothing is asked is no answer.
    fn is_answered(&self) -> bool {
        let approved = self.decision.as_ref().filter(|decision| decision.outcome == Outcome::Approved);
        approved.is_some_and(|decision| !decision.answered_by.is_empty())
    }

    /// What `ranges` wants to know of it.
    pub fn outcome(&self) -> JudgedRange<'static> {
        let policy = self.decision.as_ref().and_then(|decision| decision.policy.as_ref());
        JudgedRange {
            gated: self.is_gated(),
            passes: self.passes(),
            answered: self.is_answered(),
            policy: policy.and_then(|policy| policy.digest.clone()).map(Into::into),
            ..JudgedRange::default()
        }
    }
}
