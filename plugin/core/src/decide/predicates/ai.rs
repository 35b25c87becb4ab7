//! `ai`: what AI contributed, by the evidence of each commit.

use std::sync::Arc;

use super::{Facts, Truth, and_more, count};
use crate::model::{CommitFindings, Fact, Finding, Rank, RemarkCode, RuleCode, Source};
use crate::policy::{AiTest, wildcard};

/// The facts that the predicate looks at. Traces are tied to a change by its paths.
pub(super) const FACTS: &[Fact] = &[Fact::Notes, Fact::Traces, Fact::Files];

impl Facts<'_, '_, '_> {
    pub(super) fn ai(&self, test: &AiTest) -> Truth {
        let mut commits = 0;
        let mut first: Option<(&CommitFindings, &Finding)> = None;
        for commit in self.findings {
            let surely =
                |finding: &&Arc<Finding>| matches(test, finding) && !self.is_perhaps_of_another(finding);
            if let Some(finding) = commit.findings.iter().find(surely) {
                commits += 1;
                if first.is_none_or(|(first, _)| commit.id < first.id) {
                    first = Some((commit, finding));
                }
            }
        }
        let found = match first {
            Some((commit, finding)) => {
                let who = describe(finding);
                let rest = and_more(commits - 1, "commit");
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

    /// Evidence of AI, or something that looks like it.
    pub(super) fn suspected(&self) -> Truth {
        let evidence = self.ai(&AiTest { present: true, ..AiTest::default() });
        let suspicions = self.findings.iter().filter_map(|commit| {
            let suspicion = commit.remarks.iter().find(|remark| remark.code.is_suspicion())?;
            Some((commit, suspicion))
        });
        let more = suspicions.clone().count().saturating_sub(1);
        match (evidence, suspicions.min_by_key(|(commit, _)| &commit.id)) {
            (Truth::No(..) | Truth::Unknown(..), Some((commit, remark))) => {
                let place = match commit.id.get(..12).unwrap_or(&commit.id) {
                    "" => String::new(),
                    id => format!(" in {id}"),
                };
                let (code, rest) = (remark.code.name(), and_more(more, "commit"));
                Truth::yes(format!("it looks like AI{place}: {} ({code}){rest}", remark.message))
            }
            (Truth::No(..), None) => {
                let commits = count(self.judged.all().count(), "commit");
                Truth::no(format!("no evidence of AI, and nothing that looks like it, in {commits}"))
            }
            (evidence, _) => evidence,
        }
    }

    /// Commits with evidence of AI that nobody declares.
    pub(super) fn undeclared(&self) -> Truth {
        let undeclared = self.findings.iter().filter(|commit| {
            let declared = |finding: &Arc<Finding>| finding.confidence == Rank::Declared;
            let surely = |finding: &Arc<Finding>| !self.is_perhaps_of_another(finding);
            commit.findings.iter().any(surely) && !commit.findings.iter().any(declared)
        });
        match (undeclared.min_by_key(|commit| &commit.id), self.unread_provenance()) {
            (Some(commit), _) => {
                let who = commit.findings.first().map(|finding| describe(finding)).unwrap_or_default();
                let id = commit.id.get(..12).unwrap_or(&commit.id);
                Truth::yes(format!("{who} contributed to {id}, and the message does not say so"))
            }
            (None, Some((code, reason))) => Truth::unknown(code, reason),
            (None, None) => Truth::no("all evidence of AI is declared"),
        }
    }

    /// Whether evidence may be of a file that the change does not touch: a trace, while the files are not all known.
    fn is_perhaps_of_another(&self, finding: &Finding) -> bool {
        finding.source == Source::Trace && !self.request.complete.contains(&Fact::Files)
    }

    /// Why evidence of AI may exist that was not read.
    pub(super) fn unread_provenance(&self) -> Option<(RuleCode, String)> {
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
        // What was never read may hold evidence too.
        let known = |fact: &Fact| self.request.complete.contains(fact) || self.request.absent.contains(fact);
        if let Some(fact) = [Fact::Notes, Fact::Traces].iter().find(|fact| !known(fact)) {
            let why = format!("{} may have been cut, or were never read", fact.name());
            return Some((RuleCode::ListIncomplete, why));
        }
        let mut findings = self.findings.iter().flat_map(|commit| &commit.findings);
        if findings.any(|finding| self.is_perhaps_of_another(finding)) {
            let why = "there is a trace, and whether it is of a file of the change is not known";
            return Some((RuleCode::ListIncomplete, why.to_owned()));
        }
        self.findings.iter().find_map(|commit| {
            let remark = commit.remarks.iter().find(|remark| {
                matches!(remark.code, RemarkCode::MalformedNote | RemarkCode::MalformedTrace)
            })?;
            let id = commit.id.get(..12).unwrap_or(&commit.id);
            Some((RuleCode::FactUnavailable, format!("{} (commit {id})", remark.message)))
        })
    }
}

/// Tool and model of a finding, in words.
fn describe(finding: &Finding) -> String {
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
