//! A change that was judged: what was asked, and what the module said.

use countersign_core::model::{Decision, JudgedRange, Outcome, Publication};

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
