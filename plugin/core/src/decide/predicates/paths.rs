//! Which files change, of which level, and how much of them.

use std::cmp::Ordering;

use super::{Facts, Truth, and_more, count, quoted};
use crate::Error;
use crate::model::{Fact, File, RuleCode, Text};
use crate::order::Index;
use crate::policy::{Bound, LinesTest, PathTest, Pattern, Which};

/// The paths of a change, both of a renamed file, each with the number of its file.
pub(in crate::decide) fn index<'f>(files: &'f [File<'_>]) -> Index<'f> {
    let paths = |(at, file): (usize, &'f File<'_>)| {
        std::iter::once(&file.path).chain(&file.previous_path).map(move |path| (path.as_bytes(), at))
    };
    Index::of_pairs(files.iter().enumerate().flat_map(paths))
}

impl Facts<'_, '_, '_> {
    /// Which files have a path that a pattern reaches.
    fn matching(&self, test: &PathTest) -> Result<Vec<bool>, Error> {
        let mut matching = vec![false; self.request.files.len()];
        for pattern in &test.patterns {
            for (path, at) in pattern.find(self.paths, self.steps)? {
                if let Some(matches) = matching.get_mut(at).filter(|matches| !**matches) {
                    self.steps.take(test.ignore.iter().map(|pattern| pattern.steps(path.len())).sum())?;
                    *matches = !test.ignores(path);
                }
            }
        }
        Ok(matching)
    }

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

    /// The file that is named of those that match: the first by its path, in whatever order they are listed.
    fn first(&self, matching: &[bool]) -> Option<&File<'_>> {
        let matching = self.request.files.iter().zip(matching).filter(|(_, matches)| **matches);
        matching.map(|(file, _)| file).min_by_key(|file| file.path.as_bytes())
    }

    /// The path of a file that a pattern reaches, and the pattern.
    fn shown<'t, 'r>(
        &self,
        file: &'t File<'r>,
        test: &'t PathTest,
    ) -> Result<(&'t Text<'r>, &'t str), Error> {
        let by = |path: &Text<'_>| {
            self.steps.take(test.steps(path.as_bytes().len()))?;
            Ok(test.reached_by(path.as_bytes()).map(Pattern::source))
        };
        if let Some(previous) = &file.previous_path
            && by(&file.path)?.is_none()
        {
            return Ok((previous, by(previous)?.unwrap_or_default()));
        }
        Ok((&file.path, by(&file.path)?.unwrap_or_default()))
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

    /// Whether the highest level that the change touches is one of these.
    pub(super) fn level(&self, names: &[String]) -> Result<Truth, Error> {
        for level in &self.policy.levels {
            let matching = self.matching(&level.paths)?;
            if let Some(file) = self.first(&matching) {
                let (path, _) = self.shown(file, &level.paths)?;
                let path = quoted(&path.to_str_lossy());
                let reason = format!("the change is of level {}, by {path}", level.name);
                return Ok(Truth::lasting(names.contains(&level.name), reason));
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
        let found = format!("{added} lines come and {deleted} go");
        if any {
            return Truth::yes(found);
        }
        let bounds = [("added", test.added), ("deleted", test.deleted), ("total", test.total)];
        let asked = bounds.into_iter().filter_map(|(what, bound)| {
            let Bound { order, number } = bound?;
            let sign = match order {
                Ordering::Less => '<',
                Ordering::Equal => '=',
                Ordering::Greater => '>',
            };
            Some(format!("{what} {sign} {number}"))
        });
        Truth::no(format!("{found}, and the policy says {}", asked.collect::<Vec<_>>().join(" or ")))
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
