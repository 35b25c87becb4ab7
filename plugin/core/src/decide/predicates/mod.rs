//! Whether a rule applies: predicates over facts, of which some may not be known.

mod ai;
mod messages;
pub(super) mod paths;
mod people;
mod platform;
mod signals;

use crate::Error;
use crate::change::Judged;
use crate::limits::Steps;
use crate::model::{CommitFindings, Request, RuleCode, Signal};
use crate::order::Index;
use crate::policy::{Policy, Predicate};
use crate::signoff::contributors::Contributors;
use crate::signoff::people::Directory;
use people::Among;

/// What is said of a change of which nobody said whether it is a draft.
pub(super) const DRAFT_UNKNOWN: &str = "whether the change is a draft is not known here";

/// What is known about a predicate, and why, in sentences.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Truth {
    Yes(Vec<String>, Settled),
    No(Vec<String>, Settled),
    /// A fact is missing that decides.
    Unknown(RuleCode, Vec<String>),
}

/// Whether only a push can change it: a status, a label or a title can change without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Settled {
    No,
    Yes,
}

impl Truth {
    fn yes(reason: impl Into<String>) -> Self {
        Truth::Yes(vec![reason.into()], Settled::Yes)
    }

    fn no(reason: impl Into<String>) -> Self {
        Truth::No(vec![reason.into()], Settled::Yes)
    }

    /// What holds or does not by a fact that can change without a push.
    fn passing(holds: bool, reason: impl Into<String>) -> Self {
        let reasons = vec![reason.into()];
        if holds { Truth::Yes(reasons, Settled::No) } else { Truth::No(reasons, Settled::No) }
    }

    /// What holds or does not by the change itself.
    fn lasting(holds: bool, reason: impl Into<String>) -> Self {
        if holds { Truth::yes(reason) } else { Truth::no(reason) }
    }

    fn unknown(code: RuleCode, reason: impl Into<String>) -> Self {
        Truth::Unknown(code, vec![reason.into()])
    }

    /// The same, by facts that can change without a push.
    fn passes(self) -> Self {
        match self {
            Truth::Yes(reasons, _) => Truth::Yes(reasons, Settled::No),
            Truth::No(reasons, _) => Truth::No(reasons, Settled::No),
            unknown => unknown,
        }
    }

    fn negated(self) -> Self {
        match self {
            Truth::Yes(reasons, settled) => Truth::No(reasons, settled),
            Truth::No(reasons, settled) => Truth::Yes(reasons, settled),
            unknown => unknown,
        }
    }
}

/// What is known of the parts of a predicate.
#[derive(Default)]
struct Parts {
    /// Reasons of the parts that hold, and whether each is settled.
    yes: (Vec<String>, Vec<Settled>),
    /// Of those that do not.
    no: (Vec<String>, Vec<Settled>),
    unknown: Option<(RuleCode, Vec<String>)>,
}

impl Parts {
    /// All hold. One that fails decides, whatever is unknown beside it, and a settled one for good.
    fn all(self) -> Truth {
        match (self.no, self.unknown, self.yes) {
            ((reasons, settled), _, _) if !reasons.is_empty() => Truth::No(reasons, best(&settled)),
            (_, Some((code, reasons)), _) => Truth::Unknown(code, reasons),
            (_, None, (reasons, settled)) => Truth::Yes(reasons, worst(&settled)),
        }
    }

    /// One holds.
    fn any(self) -> Truth {
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

/// The facts that predicates look at.
pub(super) struct Facts<'f, 'r, 'a> {
    pub request: &'r Request<'a>,
    pub judged: &'f Judged<'r, 'a>,
    /// The paths of the files.
    pub paths: &'f Index<'f>,
    /// What each commit says about AI; commits that say nothing may be missing.
    pub findings: &'f [CommitFindings],
    /// What the diff shows, when the hunks are here.
    pub signals: &'f [Signal],
    pub steps: &'f Steps,
    pub policy: &'f Policy,
    pub directory: &'f Directory,
    /// Everybody who took part in any commit, ignored or not.
    pub contributors: &'f Contributors<'r, 'a>,
}

impl Facts<'_, '_, '_> {
    pub fn test(&self, predicate: &Predicate) -> Result<Truth, Error> {
        Ok(match predicate {
            Predicate::All(parts) => self.parts(parts)?.all(),
            Predicate::Any(parts) => self.parts(parts)?.any(),
            Predicate::Not(inner) => self.test(inner)?.negated(),
            Predicate::Ai(test) => self.ai(test),
            Predicate::SuspectedAi => self.suspected(),
            Predicate::UndeclaredAi => self.undeclared(),
            Predicate::DeclarationMissing => self.declaration_missing(),
            Predicate::Dco(fault) => self.dco(*fault),
            Predicate::Paths(test) => self.paths(test)?,
            Predicate::Level(names) => self.level(names)?,
            Predicate::Requirements(test) => self.requirements(test)?,
            Predicate::AuthorIn(sets) => self.people(sets, Among::Author)?,
            Predicate::ContributorIn(sets) => self.people(sets, Among::Somebody)?,
            Predicate::OnlyContributorsIn(sets) => self.people(sets, Among::Everybody)?,
            Predicate::AuthorIsOnlyContributor(wanted) => self.author_alone(*wanted),
            Predicate::TargetBranch(branches) => {
                let target = self.request.change.as_ref().map(|change| change.target.as_ref());
                self.branch("the target", target, branches)?
            }
            Predicate::SourceBranch(branches) => {
                let source = self.request.change.as_ref().and_then(|change| change.source.as_deref());
                self.branch("the source", source, branches)?
            }
            Predicate::Title(test) => self.title(test)?,
            Predicate::Labels(labels) => self.labels(labels),
            Predicate::Lines(test) => self.lines(test),
            Predicate::Status(test) => self.status(test),
            Predicate::Signatures(verified) => self.signatures(*verified),
            Predicate::Draft(wanted) => match self.request.is_draft() {
                Some(true) => Truth::passing(*wanted, "the change is a draft"),
                Some(false) => Truth::passing(!wanted, "the change is no draft"),
                None => Truth::unknown(RuleCode::FactUnavailable, DRAFT_UNKNOWN),
            },
            Predicate::Fork(wanted) => match self.request.change.as_ref().and_then(|change| change.fork) {
                Some(true) => Truth::lasting(*wanted, "it comes from a fork"),
                Some(false) => Truth::lasting(!wanted, "it comes from this repository"),
                None => Truth::unknown(
                    RuleCode::FactUnavailable,
                    "whether the change comes from a fork is not known here",
                ),
            },
            Predicate::Signals(codes) => self.signals(codes),
            Predicate::Later(what) => {
                Truth::unknown(RuleCode::FactUnavailable, format!("{what} is not known to this release"))
            }
        })
    }

    fn parts(&self, parts: &[Predicate]) -> Result<Parts, Error> {
        let mut known = Parts::default();
        for part in parts {
            match self.test(part)? {
                Truth::Yes(reasons, settled) => {
                    known.yes.0.extend(reasons);
                    known.yes.1.push(settled);
                }
                Truth::No(reasons, settled) => {
                    known.no.0.extend(reasons);
                    known.no.1.push(settled);
                }
                Truth::Unknown(code, reasons) => {
                    known.unknown.get_or_insert((code, Vec::new())).1.extend(reasons);
                }
            }
        }
        Ok(known)
    }
}

/// A path as people read it: in quotes when it holds anything that a reader could be fooled by.
pub(super) fn quoted(path: &str) -> String {
    let plain = path.chars().all(|c| c.is_alphanumeric() || "/._-+@#~,=()".contains(c));
    if plain { path.to_owned() } else { format!("{path:?}") }
}

/// `1 commit`, `2 commits`
pub(super) fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// `, and 1 more commit`, `, and 2 more commits`, or nothing.
fn and_more(n: usize, what: &str) -> String {
    match n {
        0 => String::new(),
        1 => format!(", and 1 more {what}"),
        n => format!(", and {n} more {what}s"),
    }
}
