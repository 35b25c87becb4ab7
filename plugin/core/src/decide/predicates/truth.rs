//! What is known about a predicate, where a fact that decides may be missing.

use crate::model::RuleCode;

/// What is known about a predicate, and why, in sentences.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::decide) enum Truth {
    Yes(Vec<String>, Settled),
    No(Vec<String>, Settled),
    /// A fact is missing that decides.
    Unknown(RuleCode, Vec<String>),
}

/// Whether only a push can change it: a status, a label or a title can change without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::decide) enum Settled {
    No,
    Yes,
}

impl Truth {
    pub(super) fn yes(reason: impl Into<String>) -> Self {
        Truth::Yes(vec![reason.into()], Settled::Yes)
    }

    pub(super) fn no(reason: impl Into<String>) -> Self {
        Truth::No(vec![reason.into()], Settled::Yes)
    }

    /// What holds or does not by a fact that can change without a push.
    pub(super) fn passing(holds: bool, reason: impl Into<String>) -> Self {
        let reasons = vec![reason.into()];
        if holds { Truth::Yes(reasons, Settled::No) } else { Truth::No(reasons, Settled::No) }
    }

    /// What holds or does not by the change itself.
    pub(super) fn lasting(holds: bool, reason: impl Into<String>) -> Self {
        if holds { Truth::yes(reason) } else { Truth::no(reason) }
    }

    pub(super) fn unknown(code: RuleCode, reason: impl Into<String>) -> Self {
        Truth::Unknown(code, vec![reason.into()])
    }

    /// The same, by facts that can change without a push.
    pub(super) fn passes(self) -> Self {
        match self {
            Truth::Yes(reasons, _) => Truth::Yes(reasons, Settled::No),
            Truth::No(reasons, _) => Truth::No(reasons, Settled::No),
            unknown => unknown,
        }
    }

    pub(super) fn negated(self) -> Self {
        match self {
            Truth::Yes(reasons, settled) => Truth::No(reasons, settled),
            Truth::No(reasons, settled) => Truth::Yes(reasons, settled),
            unknown => unknown,
        }
    }
}

/// What is known of the parts of a predicate.
#[derive(Default)]
pub(super) struct Parts {
    /// Reasons of the parts that hold, and whether each is settled.
    pub(super) yes: (Vec<String>, Vec<Settled>),
    /// Of those that do not.
    pub(super) no: (Vec<String>, Vec<Settled>),
    pub(super) unknown: Option<(RuleCode, Vec<String>)>,
}

impl Parts {
    /// All hold. One that fails decides, whatever is unknown beside it, and a settled one for good.
    pub(super) fn all(self) -> Truth {
        match (self.no, self.unknown, self.yes) {
            ((reasons, settled), _, _) if !reasons.is_empty() => Truth::No(reasons, best(&settled)),
            (_, Some((code, reasons)), _) => Truth::Unknown(code, reasons),
            (_, None, (reasons, settled)) => Truth::Yes(reasons, worst(&settled)),
        }
    }

    /// The truth of `any`: a part that holds decides, whatever is unknown beside it.
    pub(super) fn any(self) -> Truth {
        match (self.yes, self.unknown, self.no) {
            ((reasons, settled), _, _) if !reasons.is_empty() => Truth::Yes(reasons, best(&settled)),
            (_, Some((code, reasons)), _) => Truth::Unknown(code, reasons),
            (_, None, (reasons, settled)) => Truth::No(reasons, worst(&settled)),
        }
    }
}

fn best(settled: &[Settled]) -> Settled {
    settled.iter().copied().max().unwrap_or(Settled::Yes)
}

fn worst(settled: &[Settled]) -> Settled {
    settled.iter().copied().min().unwrap_or(Settled::Yes)
}
