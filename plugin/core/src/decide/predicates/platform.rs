//! What the platform says of a change: its branches, title, labels and statuses.

use super::{Facts, Truth, quoted};
use crate::Error;
use crate::model::{Fact, RuleCode, Status, Text};
use crate::policy::{Branch, StatusTest, TitleTest};

impl Facts<'_, '_, '_> {
    pub(super) fn branch(&self, what: &str, name: Option<&str>, branches: &[Branch]) -> Result<Truth, Error> {
        let Some(name) = name else {
            return Ok(Truth::unknown(RuleCode::FactUnavailable, format!("{what} branch is not known here")));
        };
        let name = name.strip_prefix("refs/heads/").unwrap_or(name);
        let mut matched = false;
        for branch in branches {
            self.steps.take(branch.steps(name.len()))?;
            matched |= branch.matches(name);
        }
        let is = if matched { "is" } else { "is not" };
        Ok(Truth::lasting(matched, format!("{what} branch {} {is} one that the rule names", quoted(name))))
    }

    pub(super) fn title(&self, test: &TitleTest) -> Result<Truth, Error> {
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

    pub(super) fn labels(&self, wanted: &[String]) -> Truth {
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

    pub(super) fn status(&self, test: &StatusTest) -> Truth {
        if let Some(missing) = self.request.missing(Fact::Statuses) {
            let reason = format!("statuses could not be read: {}", missing.reason);
            return Truth::unknown(RuleCode::FactUnavailable, reason);
        }
        // A status that is not here may be bad, or good.
        if !self.request.complete.contains(&Fact::Statuses) {
            let why = "the list of statuses may have been cut, or was never read";
            return Truth::unknown(RuleCode::ListIncomplete, why);
        }
        let head = self.request.change.as_ref().map(|change| &change.head);
        for name in &test.names {
            let mut about = self.request.statuses.iter().filter(|status| status.context == *name);
            let is_ours = |status: &&Status<'_>| {
                let source = status.source.as_ref().and_then(|source| source.login.as_deref());
                status.sha.as_ref().is_none_or(|sha| Some(sha) == head)
                    && test.source.as_deref().is_none_or(|wanted| source == Some(wanted))
            };
            let good = |status: &Status<'_>| test.conclusions.iter().any(|good| *good == status.state);
            // The latest of one name counts; on a tie the one that is not good. One that does not say when it was set may
            // be the latest, or not.
            let ours = || about.clone().filter(is_ours);
            let latest = ours().max_by_key(|status| (status.at, !good(status)));
            let differs = |status: &Status<'_>| latest.is_some_and(|latest| good(latest) != good(status));
            if ours().any(|status| status.at.is_none() && differs(status)) {
                let why = format!(
                    "which status {} is the latest is not known: one does not say when it was set",
                    quoted(name)
                );
                return Truth::unknown(RuleCode::FactUnavailable, why);
            }
            match latest {
                Some(status) if good(status) => {}
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
}
