//! `requirements`: whether the change names requirements, and each of them exists.

use super::{Facts, Truth, quoted};
use crate::Error;
use crate::model::{Document, Fact, Role, RuleCode};
use crate::order::{self, Index};
use crate::policy::RequirementsTest;

/// The facts that the predicate looks at.
pub(super) const FACTS: &[Fact] = &[Fact::Text];

impl Facts<'_, '_, '_> {
    /// Whether the change names requirements, and every one that it names exists.
    pub(super) fn requirements(&self, test: &RequirementsTest) -> Result<Truth, Error> {
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
        // The title and the description may name more, where there are any: plain git has none.
        let whole =
            [&self.request.complete, &self.request.absent].iter().any(|facts| facts.contains(&Fact::Text));
        let unread = || {
            let why = "the title and the description of the change are not known here";
            Truth::unknown(RuleCode::FactUnavailable, why)
        };
        if named.is_empty() && !whole {
            return Ok(unread());
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
            let text = list_document.text();
            self.steps.take(test.pattern.steps(text.len()))?;
            let known = Index::of(test.pattern.find_all(&text).map(str::as_bytes));
            if let Some(unknown) = named.iter().find(|id| known.get(id.as_bytes()).is_none()) {
                let reason = format!("{} is in no line of {}", quoted(unknown), quoted(list));
                return Ok(Truth::no(reason));
            }
            if !whole {
                return Ok(unread());
            }
        }
        let more = if named.len() > 5 { ", ..." } else { "" };
        named.truncate(5);
        Ok(Truth::yes(format!("it serves {}{more}", named.join(", "))))
    }
}
