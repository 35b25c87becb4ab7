//! Whether a rule applies: predicates over facts, of which some may not be known. A predicate stands in the file of its name, with
//! the facts that it looks at, its test and its sentences; how it is written stands in `policy::read::predicates`, and its page in
//! `docs/PREDICATES.md`.

mod ai;
mod author_is_only_contributor;
mod branch;
mod dco;
mod declaration;
pub(super) mod draft;
pub(super) mod files;
mod fork;
mod labels;
mod level;
mod lines;
mod paths;
mod people;
mod requirements;
mod signals;
mod signatures;
mod status;
mod title;
mod truth;
mod work;

use crate::Error;
use crate::change::Judged;
use crate::limits::Steps;
use crate::model::{CommitFindings, Fact, Request, RuleCode, Signal};
use crate::order::Index;
use crate::policy::{Policy, Predicate};
use crate::signoff::contributors::Contributors;
use crate::signoff::people::Directory;
use people::Among;
use truth::Parts;
pub(super) use truth::{Settled, Truth};

/// The facts that a predicate looks at, without those of its parts.
pub(super) fn facts(predicate: &Predicate) -> &'static [Fact] {
    match predicate {
        Predicate::Ai(_) | Predicate::SuspectedAi | Predicate::UndeclaredAi => ai::FACTS,
        Predicate::DeclarationMissing => declaration::FACTS,
        Predicate::Dco(fault) => dco::facts(*fault),
        Predicate::Paths(_) => paths::FACTS,
        Predicate::Level(_) => level::FACTS,
        Predicate::Requirements(_) => requirements::FACTS,
        Predicate::AuthorIn(_) => Among::Author.facts(),
        Predicate::ContributorIn(_) => Among::Somebody.facts(),
        Predicate::OnlyContributorsIn(_) => Among::Everybody.facts(),
        Predicate::AuthorIsOnlyContributor(_) => author_is_only_contributor::FACTS,
        Predicate::TargetBranch(_) | Predicate::SourceBranch(_) => branch::FACTS,
        Predicate::Title(_) => title::FACTS,
        Predicate::Labels(_) => labels::FACTS,
        Predicate::Lines(_) => lines::FACTS,
        Predicate::Status(_) => status::FACTS,
        Predicate::Signatures(_) => signatures::FACTS,
        Predicate::Draft(_) => draft::FACTS,
        Predicate::Fork(_) => fork::FACTS,
        Predicate::Signals(_) => signals::FACTS,
        Predicate::All(_) | Predicate::Any(_) | Predicate::Not(_) | Predicate::Later(_) => &[],
    }
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
            Predicate::Draft(wanted) => self.draft(*wanted),
            Predicate::Fork(wanted) => self.fork(*wanted),
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
