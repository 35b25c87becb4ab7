//! Which files change, of which level, and how much of them.

use std::cmp::Ordering;

use super::{Facts, Truth, count, quoted};
use crate::Error;
use crate::model::{Fact, RuleCode, Text};
use crate::policy::{Bound, LinesTest, PathTest, Pattern, Which};

impl Facts<'_, '_, '_> {
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

    pub(super) fn paths(&self, test: &PathTest) -> Result<Truth, Error> {
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

    /// All paths match, both sides of a rename too, and there are some.
    pub(super) fn only_paths(&self, test: &PathTest) -> Result<Truth, Error> {
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

    /// Whether the highest level that the change touches is one of these.
    pub(super) fn level(&self, names: &[String]) -> Result<Truth, Error> {
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

    pub(super) fn lines(&self, test: &LinesTest) -> Truth {
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

    /// Why there may be files that are not here.
    pub(in crate::decide) fn unread_files(&self) -> Option<Truth> {
        if let Some(missing) = self.request.missing(Fact::Files) {
            let reason = format!("the files could not be read: {}", missing.reason);
            return Some(Truth::unknown(RuleCode::FactUnavailable, reason));
        }
        (!self.request.complete.contains(&Fact::Files))
            .then(|| Truth::unknown(RuleCode::ListIncomplete, "the list of files may have been cut"))
    }
}

/// The first patterns of a test, for a person.
fn listed(patterns: &[Pattern]) -> String {
    let first: Vec<String> = patterns.iter().take(4).map(|p| format!("`{}`", p.source())).collect();
    let more = if patterns.len() > 4 { ", ..." } else { "" };
    format!("{}{more}", first.join(", "))
}

pub(super) fn count_more(n: usize, what: &str) -> String {
    if n == 1 { format!("1 more {what}") } else { format!("{n} more {what}s") }
}
