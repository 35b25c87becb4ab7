//! `declaration`: whether each commit says if AI was used.

use super::{Facts, Truth};
use crate::model::{Commit, CommitFindings, Fact, Rank, Remark, RemarkCode, RuleCode};
use crate::order::Index;

/// The facts that the predicate looks at.
pub(super) const FACTS: &[Fact] = &[Fact::AutoMergeTrees];

impl Facts<'_, '_, '_> {
    /// Commits that say neither that AI was used nor that none was; a merge has nothing to declare.
    pub(super) fn declaration_missing(&self) -> Truth {
        if let Some(why) = &self.judged.incomplete {
            return Truth::unknown(RuleCode::ListIncomplete, why.clone());
        }
        let says = |commit: &CommitFindings| {
            let none = |remark: &Remark| {
                matches!(remark.code, RemarkCode::DeclaredNone | RemarkCode::DeclarationContradicted)
            };
            commit.findings.iter().any(|finding| finding.confidence == Rank::Declared)
                || commit.remarks.iter().any(none)
        };
        let saying = Index::of(self.findings.iter().filter(|c| says(c)).map(|commit| commit.id.as_bytes()));
        let silent = self.judged.own.iter().filter(|commit| saying.get(commit.sha.as_bytes()).is_none());
        let said = |_: &Commit<'_>| {
            "does not say whether AI was used; write `AI-Assisted: <tool>` or `AI-Assisted: none`".to_owned()
        };
        self.lacking(silent.copied(), said)
            .unwrap_or_else(|| Truth::no("every commit says whether AI was used"))
    }
}
