//! `paths`: which files change.

use super::{Facts, Truth, and_more, count, quoted};
use crate::Error;
use crate::model::{Fact, Text};
use crate::policy::{PathTest, Pattern, Which};

/// The facts that the predicate looks at.
pub(super) const FACTS: &[Fact] = &[Fact::Files];

impl Facts<'_, '_, '_> {
    /// Whether a path itself matches, unless it is to be left out.
    fn matches(&self, test: &PathTest, path: &Text<'_>) -> Result<bool, Error> {
        self.steps.take(test.steps(path.as_bytes().len()))?;
        Ok(test.matches(path.as_bytes()))
    }

    pub(super) fn paths(&self, test: &PathTest) -> Result<Truth, Error> {
        if test.which == Which::Only {
            return self.only_paths(test);
        }
        let matching = self.matching(test)?;
        let found = if let Some(file) = self.first(&matching) {
            let (path, by) = self.shown(file, test)?;
            let rest = and_more(matching.iter().filter(|matches| **matches).count() - 1, "file");
            Truth::yes(format!("{} matches `{by}`{rest}", quoted(&path.to_str_lossy())))
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

    /// All paths match, both sides of a rename too, and there are some.
    pub(super) fn only_paths(&self, test: &PathTest) -> Result<Truth, Error> {
        let mut others: Option<&Text<'_>> = None;
        for file in &self.request.files {
            for path in std::iter::once(&file.path).chain(&file.previous_path) {
                if others.is_none_or(|other| path.as_bytes() < other.as_bytes())
                    && !self.matches(test, path)?
                {
                    others = Some(path);
                }
            }
        }
        if let Some(path) = others {
            let path = quoted(&path.to_str_lossy());
            return Ok(Truth::no(format!("{path} does not match {}", listed(&test.patterns))));
        }
        Ok(match self.unread_files() {
            Some(unread) => unread,
            None if self.request.files.is_empty() => Truth::no("no file changes"),
            None => Truth::yes(format!("every file matches {}", listed(&test.patterns))),
        })
    }
}

/// The first patterns of a test, for a person.
fn listed(patterns: &[Pattern]) -> String {
    let first: Vec<String> = patterns.iter().take(4).map(|p| format!("`{}`", p.source())).collect();
    let more = if patterns.len() > 4 { ", ..." } else { "" };
    format!("{}{more}", first.join(", "))
}
