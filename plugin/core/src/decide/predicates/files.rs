//! The files of a change, and which of them patterns reach.

use super::{Facts, Truth};
use crate::Error;
use crate::model::{Fact, File, RuleCode, Text};
use crate::order::Index;
use crate::policy::{PathTest, Pattern};

/// The paths of a change, both of a renamed file, each with the number of its file.
pub(in crate::decide) fn index<'f>(files: &'f [File<'_>]) -> Index<'f> {
    let paths = |(at, file): (usize, &'f File<'_>)| {
        std::iter::once(&file.path).chain(&file.previous_path).map(move |path| (path.as_bytes(), at))
    };
    Index::of_pairs(files.iter().enumerate().flat_map(paths))
}

impl Facts<'_, '_, '_> {
    /// Which files have a path that a pattern reaches.
    pub(super) fn matching(&self, test: &PathTest) -> Result<Vec<bool>, Error> {
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

    /// The file that is named of those that match: the first by its path, in whatever order they are listed.
    pub(super) fn first(&self, matching: &[bool]) -> Option<&File<'_>> {
        let matching = self.request.files.iter().zip(matching).filter(|(_, matches)| **matches);
        matching.map(|(file, _)| file).min_by_key(|file| file.path.as_bytes())
    }

    /// The path of a file that a pattern reaches, and the pattern.
    pub(super) fn shown<'t, 'r>(
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
