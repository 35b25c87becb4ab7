//! Whether a rule applies: predicates over facts, of which some may not be known.

use std::cmp::Ordering;

use crate::Error;
use crate::change::Judged;
use crate::limits::Steps;
use crate::model::{
    Commit, CommitFindings, Document, Fact, Finding, Rank, Remark, RemarkCode, Request, Role, RuleCode, Text,
};
use crate::order::{self, Index};
use crate::policy::{
    AiTest, Bound, Branch, Dco, LinesTest, PathTest, Pattern, Policy, Predicate, RequirementsTest,
    StatusTest, TitleTest, Which,
};
use crate::provenance::{split_address, trailers};
use crate::signoff::contributors::{Contributors, unread_contributors};
use crate::signoff::people::{Directory, PersonId};
use crate::signoff::roster::{Admission, Roster};

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
    /// What each commit says about AI; commits that say nothing may be missing.
    pub findings: &'f [CommitFindings],
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
            Predicate::Draft(wanted) => {
                let draft = self.request.change.as_ref().is_some_and(|change| change.draft);
                let reason = if draft { "the change is a draft" } else { "the change is no draft" };
                Truth::passing(draft == *wanted, reason)
            }
            Predicate::Fork(wanted) => {
                let fork = self.request.change.as_ref().is_some_and(|change| change.fork);
                let reason = if fork { "it comes from a fork" } else { "it comes from this repository" };
                Truth::lasting(fork == *wanted, reason)
            }
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

    /// Whether people of the change are in these sets.
    fn people(&self, sets: &[String], among: Among) -> Result<Truth, Error> {
        if let Some(why) = &self.judged.incomplete {
            return Ok(Truth::unknown(RuleCode::ListIncomplete, why.clone()));
        }
        if among != Among::Author
            && let Some(why) = unread_contributors(self.request)
        {
            return Ok(Truth::unknown(RuleCode::FactUnavailable, why));
        }
        let roster = Roster::of(sets, self.request, self.policy, self.directory, self.steps)?;
        let named = sets.join(" or ");
        let asked: Vec<PersonId> = match among {
            Among::Author => self.contributors.authors().collect(),
            Among::Somebody | Among::Everybody => self.contributors.people().collect(),
        };
        if among == Among::Author && asked.is_empty() {
            return Ok(Truth::unknown(RuleCode::FactUnavailable, "who opened the change is not known here"));
        }
        let admission = |person: &&PersonId| roster.admits(self.directory, **person);
        if let Some(person) = asked.iter().find(|person| admission(person) == Admission::Unreadable) {
            let who = self.directory.label(*person);
            return Ok(Truth::unknown(
                RuleCode::FactUnavailable,
                format!("whether {who} is among {named} could not be read"),
            ));
        }
        let inside = asked.iter().find(|person| admission(person) == Admission::Yes);
        let outside = asked.iter().find(|person| admission(person) == Admission::No);
        let label = |person: Option<&PersonId>| {
            person.map_or_else(|| "nobody".to_owned(), |person| self.directory.label(*person))
        };
        Ok(match (among, inside, outside) {
            (Among::Everybody, _, _) if self.contributors.unattributed.is_some() => {
                Truth::no(format!("a commit names nobody who is known here, so not all are among {named}"))
            }
            (Among::Everybody, _, _) if self.contributors.by_tool => {
                Truth::no(format!("an AI wrote a commit, so not all who took part are among {named}"))
            }
            (Among::Everybody, None, None) => Truth::no("nobody is known to have taken part"),
            (Among::Everybody, _, Some(_)) => {
                Truth::no(format!("{} took part and is not among {named}", label(outside)))
            }
            (Among::Everybody, _, None) => Truth::yes(format!("everybody who took part is among {named}")),
            (_, Some(_), _) => {
                let part = if among == Among::Author { "opened the change" } else { "took part" };
                Truth::yes(format!("{} {part} and is among {named}", label(inside)))
            }
            (Among::Author, None, _) => Truth::no(format!("{} is not among {named}", label(outside))),
            (_, None, _) if self.contributors.unattributed.is_some() => Truth::unknown(
                RuleCode::UnattributedCommit,
                format!("a commit names nobody who is known here, who could be among {named}"),
            ),
            (_, None, _) => Truth::no(format!("nobody who took part is among {named}")),
        })
    }

    fn author_alone(&self, wanted: bool) -> Truth {
        if let Some(why) = &self.judged.incomplete {
            return Truth::unknown(RuleCode::ListIncomplete, why.clone());
        }
        let authors: Vec<PersonId> = self.contributors.authors().collect();
        let other = self.contributors.people().find(|person| !authors.contains(person));
        let alone = other.is_none() && self.contributors.unattributed.is_none() && !self.contributors.by_tool;
        let reason = match other {
            Some(person) => format!("{} took part beside the author", self.directory.label(person)),
            None if alone => "nobody but the author took part".to_owned(),
            None if self.contributors.by_tool => "an AI wrote a commit".to_owned(),
            None => "a commit names nobody who is known here".to_owned(),
        };
        Truth::lasting(alone == wanted, reason)
    }

    fn branch(&self, what: &str, name: Option<&str>, branches: &[Branch]) -> Result<Truth, Error> {
        let Some(name) = name else {
            return Ok(Truth::unknown(RuleCode::FactUnavailable, format!("{what} branch is not known here")));
        };
        let name = name.strip_prefix("refs/heads/").unwrap_or(name);
        let mut matched = false;
        for branch in branches {
            matched |= match branch {
                Branch::Wildcard(pattern) => wildcard(pattern, name),
                Branch::Regex(regex) => {
                    self.steps.take(regex.steps(name.len()))?;
                    regex.matches(name)
                }
            };
        }
        let is = if matched { "is" } else { "is not" };
        Ok(Truth::lasting(matched, format!("{what} branch {} {is} one that the rule names", quoted(name))))
    }

    fn title(&self, test: &TitleTest) -> Result<Truth, Error> {
        let title = self.request.change.as_ref().and_then(|change| change.title.as_ref());
        let Some(title) = title.map(Text::to_str_lossy) else {
            return Ok(Truth::unknown(RuleCode::FactUnavailable, "the change has no title here"));
        };
        for pattern in test.matches.iter().chain(&test.not_matches) {
            self.steps.take(pattern.steps(title.len()))?;
        }
        let wanted = test.matches.is_empty() || test.matches.iter().any(|pattern| pattern.matches(&title));
        let unwanted = test.not_matches.iter().any(|pattern| pattern.matches(&title));
        let holds = wanted && !unwanted;
        let reason =
            if holds { "the title is as the rule says" } else { "the title is not as the rule says" };
        Ok(Truth::passing(holds, reason))
    }

    fn labels(&self, wanted: &[String]) -> Truth {
        let labels = self.request.change.iter().flat_map(|change| &change.labels);
        let present: Vec<String> = labels.map(|label| label.name.to_str_lossy().to_lowercase()).collect();
        match wanted.iter().find(|label| !present.contains(label)) {
            Some(_) if !self.request.complete.contains(&Fact::Text) => {
                Truth::unknown(RuleCode::FactUnavailable, "the labels of the change are not known here")
            }
            Some(missing) => Truth::passing(false, format!("the label {} is missing", quoted(missing))),
            None => Truth::passing(true, format!("it has the label {}", wanted.join(", "))),
        }
    }

    fn lines(&self, test: &LinesTest) -> Truth {
        if !self.request.complete.contains(&Fact::Files) {
            return Truth::unknown(RuleCode::ListIncomplete, "the list of files may have been cut");
        }
        let (mut added, mut deleted) = (0_u64, 0_u64);
        let mut binary = false;
        for file in &self.request.files {
            match (file.added, file.deleted) {
                (Some(plus), Some(minus)) => {
                    (added, deleted) = (added.saturating_add(plus), deleted.saturating_add(minus))
                }
                _ if file.binary => binary = true,
                _ => return Truth::unknown(RuleCode::FactUnavailable, "how many lines change is not known"),
            }
        }
        let holds = |bound: &Option<Bound>, number: u64| {
            bound.is_some_and(|bound| number.cmp(&bound.number) == bound.order)
        };
        let any = holds(&test.added, added)
            || holds(&test.deleted, deleted)
            || holds(&test.total, added.saturating_add(deleted));
        // What has no lines is not small for that.
        let more_may_hold = [&test.added, &test.deleted, &test.total]
            .into_iter()
            .flatten()
            .any(|bound| bound.order != Ordering::Greater);
        if binary && (!any || more_may_hold) {
            return Truth::unknown(
                RuleCode::FactUnavailable,
                "a binary file has no lines that could be counted",
            );
        }
        Truth::lasting(any, format!("{added} lines come and {deleted} go"))
    }

    fn status(&self, test: &StatusTest) -> Truth {
        if let Some(missing) = self.request.missing(Fact::Statuses) {
            let reason = format!("statuses could not be read: {}", missing.reason);
            return Truth::unknown(RuleCode::FactUnavailable, reason);
        }
        let head = self.request.change.as_ref().map(|change| &change.head);
        for name in &test.names {
            let mut about = self.request.statuses.iter().filter(|status| status.context == *name);
            let is_ours = |status: &&crate::model::Status<'_>| {
                let source = status.source.as_ref().and_then(|source| source.login.as_deref());
                status.sha.as_ref().is_none_or(|sha| Some(sha) == head)
                    && test.source.as_deref().is_none_or(|wanted| source == Some(wanted))
            };
            // The latest of one name counts.
            let ours = || about.clone().filter(is_ours);
            // One that does not say when it was set may be the latest.
            let bad = |status: &&crate::model::Status<'_>| {
                status.at.is_none() && !test.conclusions.iter().any(|good| *good == status.state)
            };
            // On a tie the one that is not good counts.
            let good =
                |status: &crate::model::Status<'_>| test.conclusions.iter().any(|good| *good == status.state);
            let latest = ours().find(bad).or_else(|| ours().max_by_key(|status| (status.at, !good(status))));
            match latest {
                Some(status) if test.conclusions.iter().any(|good| *good == status.state) => {}
                Some(status) => {
                    return Truth::passing(false, format!("the status {} is {}", quoted(name), status.state));
                }
                None if about.next().is_some() => {
                    let why = "is set for another commit, or by somebody else than the rule names";
                    return Truth::passing(false, format!("the status {} {why}", quoted(name)));
                }
                None => return Truth::passing(false, format!("there is no status {}", quoted(name))),
            }
        }
        Truth::passing(true, format!("the status {} is good", test.names.join(", ")))
    }

    fn signatures(&self, verified: bool) -> Truth {
        if let Some(why) = &self.judged.incomplete {
            return Truth::unknown(RuleCode::ListIncomplete, why.clone());
        }
        let bad = self.judged.own.iter().find(|commit| commit.verified == Some(false));
        let unknown = self.judged.own.iter().find(|commit| commit.verified.is_none());
        match (bad, unknown) {
            (Some(commit), _) => Truth::lasting(
                !verified,
                format!("the platform does not verify the signature of {}", commit.sha.short()),
            ),
            (None, Some(commit)) => Truth::unknown(
                RuleCode::FactUnavailable,
                format!("nothing says whether the signature of {} is good", commit.sha.short()),
            ),
            (None, None) if self.judged.own.is_empty() => Truth::no("there are no commits"),
            (None, None) => Truth::lasting(verified, "the platform verifies the signature of every commit"),
        }
    }

    fn ai(&self, test: &AiTest) -> Truth {
        let mut commits = 0;
        let mut first: Option<(&CommitFindings, &Finding)> = None;
        for commit in self.findings {
            if let Some(finding) = commit.findings.iter().find(|finding| matches(test, finding)) {
                commits += 1;
                first.get_or_insert((commit, finding));
            }
        }
        let found = match first {
            Some((commit, finding)) => {
                let who = describe(finding);
                let rest =
                    if commits > 1 { format!(", and {} more commits", commits - 1) } else { String::new() };
                let id = commit.id.get(..12).unwrap_or(&commit.id);
                Truth::yes(format!("AI contributed: {who} in {id} ({}){rest}", finding.confidence.name()))
            }
            None => match self.unread_provenance() {
                Some((code, reason)) => Truth::unknown(code, reason),
                None => {
                    let named = !test.tools.is_empty() || !test.models.is_empty() || !test.help.is_empty();
                    let what = if named || test.rank.is_some() {
                        "no such evidence of AI"
                    } else {
                        "no evidence of AI"
                    };
                    Truth::no(format!("{what} in {}", count(self.judged.all().count(), "commit")))
                }
            },
        };
        if test.present { found } else { found.negated() }
    }

    /// Commits with evidence of AI that nobody declares.
    fn undeclared(&self) -> Truth {
        let undeclared = self.findings.iter().find(|commit| {
            let declared = |finding: &Finding| finding.confidence == Rank::Declared;
            !commit.findings.is_empty() && !commit.findings.iter().any(declared)
        });
        match (undeclared, self.unread_provenance()) {
            (Some(commit), _) => {
                let who = commit.findings.first().map(describe).unwrap_or_default();
                let id = commit.id.get(..12).unwrap_or(&commit.id);
                Truth::yes(format!("{who} contributed to {id}, and the message does not say so"))
            }
            (None, Some((code, reason))) => Truth::unknown(code, reason),
            (None, None) => Truth::no("all evidence of AI is declared"),
        }
    }

    /// Commits that say neither that AI was used nor that none was; a merge has nothing to declare.
    fn declaration_missing(&self) -> Truth {
        if let Some(why) = &self.judged.incomplete {
            return Truth::unknown(RuleCode::ListIncomplete, why.clone());
        }
        let says = |commit: &CommitFindings| {
            let none = |remark: &Remark| {
                matches!(remark.code, RemarkCode::DeclaredNone | RemarkCode::DeclarationContradicted)
            };
            commit.findings.iter().any(|finding| finding.confidence == Rank::Declared)
                || commit.remarks.iter().any(none)
        };
        let saying = Index::of(self.findings.iter().filter(|c| says(c)).map(|commit| commit.id.as_bytes()));
        let mut work = self.judged.own.iter().filter(|commit| commit.parents.len() < 2);
        match work.find(|commit| saying.get(commit.sha.as_bytes()).is_none()) {
            Some(commit) => Truth::yes(format!(
                "{} does not say whether AI was used; write `AI-Assisted: <tool>` or `AI-Assisted: none`",
                commit.sha.short()
            )),
            None => Truth::no("every commit says whether AI was used"),
        }
    }

    fn dco(&self, fault: Dco) -> Truth {
        if let Some(why) = &self.judged.incomplete {
            return Truth::unknown(RuleCode::ListIncomplete, why.clone());
        }
        if fault == Dco::Ai {
            let signed = |commit: &&CommitFindings| {
                commit.remarks.iter().any(|remark| remark.code == RemarkCode::AiSignOff)
            };
            return match self.findings.iter().find(signed) {
                Some(commit) => {
                    let id = commit.id.get(..12).unwrap_or(&commit.id);
                    Truth::yes(format!("an AI signed off {id}; only a person can"))
                }
                None => Truth::no("no AI signed off"),
            };
        }
        let mut work = self.judged.own.iter().filter(|commit| commit.parents.len() < 2);
        match work.find(|commit| !signed_off_by_author(commit)) {
            Some(commit) => Truth::yes(format!(
                "{} has no `Signed-off-by` of its author {} <{}>; `git commit --amend --signoff` adds one",
                commit.sha.short(),
                commit.author.name.to_str_lossy(),
                commit.author.email.to_str_lossy()
            )),
            None => Truth::no("every commit is signed off by its author"),
        }
    }

    /// Why evidence of AI may exist that was not read.
    fn unread_provenance(&self) -> Option<(RuleCode, String)> {
        if let Some(why) = &self.judged.incomplete {
            return Some((RuleCode::ListIncomplete, why.clone()));
        }
        if let Some(missing) = self
            .request
            .unavailable
            .iter()
            .find(|u| matches!(u.fact, Fact::Notes | Fact::Traces | Fact::Commits))
        {
            return Some((
                RuleCode::FactUnavailable,
                format!("{} could not be read: {}", missing.fact.name(), missing.reason),
            ));
        }
        self.findings.iter().find_map(|commit| {
            let remark = commit.remarks.iter().find(|remark| {
                matches!(remark.code, RemarkCode::MalformedNote | RemarkCode::MalformedTrace)
            })?;
            let id = commit.id.get(..12).unwrap_or(&commit.id);
            Some((RuleCode::FactUnavailable, format!("{} (commit {id})", remark.message)))
        })
    }

    /// The path and the pattern that it matches, unless it is ignored.
    fn matches<'t, 'a>(
        &self,
        test: &'t PathTest,
        path: &'t Text<'a>,
    ) -> Result<Option<(&'t Text<'a>, &'t Pattern)>, Error> {
        let bytes = path.as_bytes();
        self.steps.take(test.cost.steps(bytes.len()))?;
        if test.ignore.iter().any(|pattern| pattern.matches(bytes)) {
            return Ok(None);
        }
        Ok(test.patterns.iter().find(|pattern| pattern.matches(bytes)).map(|by| (path, by)))
    }

    fn paths(&self, test: &PathTest) -> Result<Truth, Error> {
        if test.which == Which::Only {
            return self.only_paths(test);
        }
        let mut matched = 0_usize;
        let mut first = None;
        for file in &self.request.files {
            let mut found = self.matches(test, &file.path)?;
            if found.is_none()
                && let Some(previous) = &file.previous_path
            {
                found = self.matches(test, previous)?;
            }
            if let Some(found) = found {
                matched += 1;
                first.get_or_insert(found);
            }
        }
        let found = if let Some((path, by)) = first {
            let rest = match matched - 1 {
                0 => String::new(),
                n => format!(", and {}", count_more(n, "file")),
            };
            Truth::yes(format!("{} matches `{}`{rest}", quoted(&path.to_str_lossy()), by.source()))
        } else if let Some(unread) = self.unread_files() {
            unread
        } else {
            let files = count(self.request.files.len(), "file");
            Truth::no(format!("none of {files} matches {}", listed(&test.patterns)))
        };
        if test.which == Which::Changed {
            return Ok(found);
        }
        Ok(found.negated())
    }

    /// Whether the highest level that the change touches is one of these.
    fn level(&self, names: &[String]) -> Result<Truth, Error> {
        for level in &self.policy.levels {
            for file in &self.request.files {
                for path in std::iter::once(&file.path).chain(&file.previous_path) {
                    let bytes = path.as_bytes();
                    self.steps.take(level.cost.steps(bytes.len()))?;
                    if level.patterns.iter().any(|pattern| pattern.matches(bytes)) {
                        let path = quoted(&path.to_str_lossy());
                        let reason = format!("the change is of level {}, by {path}", level.name);
                        return Ok(Truth::lasting(names.contains(&level.name), reason));
                    }
                }
            }
            // A file that is not here could have this level.
            if let Some(unread) = self.unread_files() {
                return Ok(unread);
            }
        }
        Ok(Truth::no("no file of the change has a level"))
    }

    /// Whether the change names requirements, and every one that it names exists.
    fn requirements(&self, test: &RequirementsTest) -> Result<Truth, Error> {
        if let Some(why) = &self.judged.incomplete {
            return Ok(Truth::unknown(RuleCode::ListIncomplete, why.clone()));
        }
        let change = self.request.change.as_ref();
        let title = change.and_then(|change| change.title.as_ref());
        let description =
            change.and_then(|change| change.description.as_ref()).map(|description| &description.text);
        let messages = self.judged.own.iter().map(|commit| &commit.message);
        let mut named: Vec<String> = Vec::new();
        for text in messages.chain(title).chain(description) {
            let text = text.to_str_lossy();
            self.steps.take(test.pattern.steps(text.len()))?;
            for id in test.pattern.find_all(&text) {
                order::insert(&mut named, id.to_owned());
            }
        }
        if named.is_empty() {
            let pattern = test.pattern.source();
            return Ok(Truth::no(format!("the change names no requirement (`{pattern}`) that it serves")));
        }
        if let Some(list) = &test.list {
            let is_list = |document: &&Document<'_>| {
                document.role == Role::Requirements
                    && document.path.as_ref().is_some_and(|path| path.as_bytes() == list.as_bytes())
            };
            let Some(list_document) = self.request.documents.iter().find(is_list) else {
                let reason = format!("the list of requirements {} is not on the target", quoted(list));
                return Ok(Truth::unknown(RuleCode::FactUnavailable, reason));
            };
            let text = list_document.bytes.to_str_lossy();
            self.steps.take(test.pattern.steps(text.len()))?;
            let mut known: Vec<&str> = test.pattern.find_all(&text).collect();
            known.sort_unstable();
            if let Some(unknown) = named.iter().find(|id| known.binary_search(&id.as_str()).is_err()) {
                let reason = format!("{} is in no line of {}", quoted(unknown), quoted(list));
                return Ok(Truth::no(reason));
            }
        }
        let more = if named.len() > 5 { ", ..." } else { "" };
        named.truncate(5);
        Ok(Truth::yes(format!("it serves {}{more}", named.join(", "))))
    }

    /// All paths match, both sides of a rename too, and there are some.
    fn only_paths(&self, test: &PathTest) -> Result<Truth, Error> {
        for file in &self.request.files {
            for path in std::iter::once(&file.path).chain(&file.previous_path) {
                if self.matches(test, path)?.is_none() {
                    let path = quoted(&path.to_str_lossy());
                    return Ok(Truth::no(format!("{path} does not match {}", listed(&test.patterns))));
                }
            }
        }
        Ok(match self.unread_files() {
            Some(unread) => unread,
            None if self.request.files.is_empty() => Truth::no("no file changes"),
            None => Truth::yes(format!("every file matches {}", listed(&test.patterns))),
        })
    }

    /// Why there may be files that are not here.
    fn unread_files(&self) -> Option<Truth> {
        if let Some(missing) = self.request.missing(Fact::Files) {
            let reason = format!("the files could not be read: {}", missing.reason);
            return Some(Truth::unknown(RuleCode::FactUnavailable, reason));
        }
        (!self.request.complete.contains(&Fact::Files))
            .then(|| Truth::unknown(RuleCode::ListIncomplete, "the list of files may have been cut"))
    }
}

/// Whether the message carries a `Signed-off-by` with the author's address, as git reads trailers.
fn signed_off_by_author(commit: &Commit<'_>) -> bool {
    let author = commit.author.email.to_str_lossy().to_lowercase();
    let trailers = trailers::parse(commit.message.as_bytes(), false);
    trailers.iter().filter(|trailer| trailer.key.eq_ignore_ascii_case(b"signed-off-by")).any(|trailer| {
        let value = String::from_utf8_lossy(&trailer.value);
        split_address(&value).email.is_some_and(|email| email.to_lowercase() == author)
    })
}

/// Which people of a change a test asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Among {
    Author,
    Somebody,
    Everybody,
}

/// The first patterns of a test, for a person.
fn listed(patterns: &[Pattern]) -> String {
    let first: Vec<String> = patterns.iter().take(4).map(|p| format!("`{}`", p.source())).collect();
    let more = if patterns.len() > 4 { ", ..." } else { "" };
    format!("{}{more}", first.join(", "))
}

/// A path as people read it: in quotes when it holds anything that a reader could be fooled by.
fn quoted(path: &str) -> String {
    let plain = path.chars().all(|c| c.is_alphanumeric() || "/._-+@#~,=()".contains(c));
    if plain { path.to_owned() } else { format!("{path:?}") }
}

/// `1 commit`, `2 commits`
pub(super) fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn count_more(n: usize, what: &str) -> String {
    if n == 1 { format!("1 more {what}") } else { format!("{n} more {what}s") }
}

/// Tool and model of a finding, in words.
pub(super) fn describe(finding: &Finding) -> String {
    match (&finding.model, finding.tool.as_str()) {
        (Some(model), "unknown") => model.clone(),
        (Some(model), tool) => format!("{tool} ({model})"),
        (None, "unknown") => "an unnamed AI".to_owned(),
        (None, tool) => tool.to_owned(),
    }
}

fn matches(test: &AiTest, finding: &Finding) -> bool {
    let tool = || test.tools.iter().any(|tool| wildcard(tool, &finding.tool.to_lowercase()));
    let model = || {
        let model = finding.model.as_deref().unwrap_or_default().to_lowercase();
        test.models.iter().any(|pattern| wildcard(pattern, &model))
    };
    (test.tools.is_empty() || tool())
        && (test.models.is_empty() || model())
        && (test.help.is_empty() || finding.help.iter().any(|help| test.help.contains(help)))
        && test.rank.is_none_or(|rank| finding.confidence >= rank)
}

/// `*` stands for any run of characters.
fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run_of_characters() {
        for (pattern, yes, no) in [
            ("claude-*", "claude-opus-4", "gpt-5"),
            ("*opus*", "claude opus 4.6", "sonnet"),
            ("gpt-5", "gpt-5", "gpt-5.5"),
            ("*-mini", "gpt-5-mini", "gpt-5-mini-x"),
            ("a*b*c", "axxbxxc", "axxcxxb"),
        ] {
            assert!(wildcard(pattern, yes), "{pattern} {yes}");
            assert!(!wildcard(pattern, no), "{pattern} {no}");
        }
        assert!(wildcard("*", ""));
    }
}
