//! Commits that hold work, of which a rule asks that each says something.

use super::{Facts, Truth};
use crate::model::{Commit, RuleCode};

impl Facts<'_, '_, '_> {
    /// What is said of commits that lack what each commit that holds work is to have; nothing where none of them holds any. The
    /// one that is named is the same in whatever order they are listed.
    pub(super) fn lacking<'c, 'a: 'c>(
        &self,
        commits: impl IntoIterator<Item = &'c Commit<'a>>,
        said: impl Fn(&Commit<'a>) -> String,
    ) -> Option<Truth> {
        let work = commits.into_iter().filter_map(|commit| match self.request.is_work(commit) {
            Some(false) => None,
            known => Some((known.is_none(), commit)),
        });
        let (unknown, commit) = work.min_by_key(|(unknown, commit)| (*unknown, commit.sha.as_bytes()))?;
        let (id, said) = (commit.sha.short(), said(commit));
        Some(match (unknown, commit.is_merge()) {
            (false, false) => Truth::yes(format!("{id} {said}")),
            (false, true) => {
                Truth::yes(format!("{id}, which holds something else than merging its parents gives, {said}"))
            }
            (true, _) => Truth::unknown(
                RuleCode::FactUnavailable,
                format!("{id} {said}; whether it holds just what merging its parents gives is not known"),
            ),
        })
    }
}
