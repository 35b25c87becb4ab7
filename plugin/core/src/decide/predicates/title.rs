//! `title`: what the change is called.

use super::{Facts, Truth};
use crate::Error;
use crate::model::{Fact, RuleCode, Text};
use crate::policy::TitleTest;

/// The facts that the predicate looks at.
pub(super) const FACTS: &[Fact] = &[Fact::Text];

impl Facts<'_, '_, '_> {
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
}
