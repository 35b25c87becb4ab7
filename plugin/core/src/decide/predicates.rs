//! Whether a rule applies: predicates over facts, of which some may not be known.

use crate::Error;
use crate::change::Judged;
use crate::limits::Steps;
use crate::model::{CommitFindings, Fact, Finding, RemarkCode, Request, RuleCode, Text};
use crate::policy::{AiTest, PathTest, Pattern, Predicate};

/// What is known about a predicate, and why, in sentences.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Truth {
    Yes(Vec<String>),
    No(Vec<String>),
    /// A fact is missing that decides.
    Unknown(RuleCode, Vec<String>),
}

impl Truth {
    fn yes(reason: impl Into<String>) -> Self {
        Truth::Yes(vec![reason.into()])
    }

    fn no(reason: impl Into<String>) -> Self {
        Truth::No(vec![reason.into()])
    }

    fn unknown(code: RuleCode, reason: impl Into<String>) -> Self {
        Truth::Unknown(code, vec![reason.into()])
    }

    fn negated(self) -> Self {
        match self {
            Truth::Yes(reasons) => Truth::No(reasons),
            Truth::No(reasons) => Truth::Yes(reasons),
            unknown => unknown,
        }
    }
}

/// Reasons for, reasons against, and what is not known.
type Parts = (Vec<String>, Vec<String>, Option<(RuleCode, Vec<String>)>);

/// The facts that predicates look at.
pub(super) struct Facts<'f, 'r, 'a> {
    pub request: &'r Request<'a>,
    pub judged: &'f Judged<'r, 'a>,
    /// What each commit says about AI; commits that say nothing may be missing.
    pub findings: &'f [CommitFindings],
    pub steps: &'f Steps,
}

impl Facts<'_, '_, '_> {
    pub fn test(&self, predicate: &Predicate) -> Result<Truth, Error> {
        Ok(match predicate {
            // A part that fails decides, whatever is unknown beside it.
            Predicate::All(parts) => match self.parts(parts)? {
                (_, no, _) if !no.is_empty() => Truth::No(no),
                (_, _, Some((code, reasons))) => Truth::Unknown(code, reasons),
                (yes, _, None) => Truth::Yes(yes),
            },
            Predicate::Any(parts) => match self.parts(parts)? {
                (yes, _, _) if !yes.is_empty() => Truth::Yes(yes),
                (_, _, Some((code, reasons))) => Truth::Unknown(code, reasons),
                (_, no, None) => Truth::No(no),
            },
            Predicate::Not(inner) => self.test(inner)?.negated(),
            Predicate::Ai(test) => self.ai(test),
            Predicate::Paths(test) => self.paths(test)?,
            Predicate::Later(what) => {
                Truth::unknown(RuleCode::FactUnavailable, format!("{what} is not known to this release"))
            }
        })
    }

    /// The reasons of the parts that hold, of those that do not, and of those that are not known.
    fn parts(&self, parts: &[Predicate]) -> Result<Parts, Error> {
        let (mut yes, mut no, mut unknown) = (Vec::new(), Vec::new(), None);
        for part in parts {
            match self.test(part)? {
                Truth::Yes(reasons) => yes.extend(reasons),
                Truth::No(reasons) => no.extend(reasons),
                Truth::Unknown(code, reasons) => unknown.get_or_insert((code, Vec::new())).1.extend(reasons),
            }
        }
        Ok((yes, no, unknown))
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
        let by = test.changed.iter().find(|pattern| pattern.matches(bytes));
        Ok(by.filter(|_| !test.ignore.iter().any(|pattern| pattern.matches(bytes))).map(|by| (path, by)))
    }

    fn paths(&self, test: &PathTest) -> Result<Truth, Error> {
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
        if let Some((path, by)) = first {
            let rest = match matched - 1 {
                0 => String::new(),
                n => format!(", and {}", count_more(n, "file")),
            };
            return Ok(Truth::yes(format!(
                "{} matches `{}`{rest}",
                quoted(&path.to_str_lossy()),
                by.source()
            )));
        }
        if let Some(missing) = self.request.unavailable.iter().find(|u| u.fact == Fact::Files) {
            let reason = format!("the files could not be read: {}", missing.reason);
            return Ok(Truth::unknown(RuleCode::FactUnavailable, reason));
        }
        if !self.request.complete.contains(&Fact::Files) {
            return Ok(Truth::unknown(RuleCode::ListIncomplete, "the list of files may have been cut"));
        }
        let patterns: Vec<String> =
            test.changed.iter().take(4).map(|p| format!("`{}`", p.source())).collect();
        let more = if test.changed.len() > 4 { ", ..." } else { "" };
        let files = count(self.request.files.len(), "file");
        Ok(Truth::no(format!("none of {files} matches {}{more}", patterns.join(", "))))
    }
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
