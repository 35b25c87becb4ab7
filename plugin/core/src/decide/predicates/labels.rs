//! `labels`: the labels of the change on the forge.

use super::{Facts, Truth, quoted};
use crate::model::{Fact, RuleCode};

/// The facts that the predicate looks at.
pub(super) const FACTS: &[Fact] = &[Fact::Text];

impl Facts<'_, '_, '_> {
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
}
