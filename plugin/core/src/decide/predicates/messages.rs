//! What commits say and who vouches for them: requirements, sign-offs under the DCO, signatures.

use super::{Facts, Truth, quoted};
use crate::Error;
use crate::model::{Commit, CommitFindings, Document, RemarkCode, Role, RuleCode};
use crate::order::{self, Index};
use crate::policy::{Dco, RequirementsTest};
use crate::provenance::{split_address, trailers};

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
            let text = list_document.bytes.to_str_lossy();
            self.steps.take(test.pattern.steps(text.len()))?;
            let known = Index::of(test.pattern.find_all(&text).map(str::as_bytes));
            if let Some(unknown) = named.iter().find(|id| known.get(id.as_bytes()).is_none()) {
                let reason = format!("{} is in no line of {}", quoted(unknown), quoted(list));
                return Ok(Truth::no(reason));
            }
        }
        let more = if named.len() > 5 { ", ..." } else { "" };
        named.truncate(5);
        Ok(Truth::yes(format!("it serves {}{more}", named.join(", "))))
    }

    pub(super) fn dco(&self, fault: Dco) -> Truth {
        if let Some(why) = &self.judged.incomplete {
            return Truth::unknown(RuleCode::ListIncomplete, why.clone());
        }
        if fault == Dco::Ai {
            let signed = |commit: &&CommitFindings| {
                commit.remarks.iter().any(|remark| remark.code == RemarkCode::AiSignOff)
            };
            return match self.findings.iter().find(signed) {
                Some(commit) => {
                    let id = commit.id.get(..12).unwrap_or(&commit.id);
                    Truth::yes(format!("an AI signed off {id}; only a person can"))
                }
                None => Truth::no("no AI signed off"),
            };
        }
        let mut work = self.judged.own.iter().filter(|commit| commit.parents.len() < 2);
        match work.find(|commit| !signed_off_by_author(commit)) {
            Some(commit) => Truth::yes(format!(
                "{} has no `Signed-off-by` of its author {} <{}>; `git commit --amend --signoff` adds one",
                commit.sha.short(),
                commit.author.name.to_str_lossy(),
                commit.author.email.to_str_lossy()
            )),
            None => Truth::no("every commit is signed off by its author"),
        }
    }

    pub(super) fn signatures(&self, verified: bool) -> Truth {
        if let Some(why) = &self.judged.incomplete {
            return Truth::unknown(RuleCode::ListIncomplete, why.clone());
        }
        let bad = self.judged.own.iter().find(|commit| commit.verified == Some(false));
        let unknown = self.judged.own.iter().find(|commit| commit.verified.is_none());
        match (bad, unknown) {
            (Some(commit), _) => Truth::lasting(
                !verified,
                format!("the platform does not verify the signature of {}", commit.sha.short()),
            ),
            (None, Some(commit)) => Truth::unknown(
                RuleCode::FactUnavailable,
                format!("nothing says whether the signature of {} is good", commit.sha.short()),
            ),
            (None, None) if self.judged.own.is_empty() => Truth::no("there are no commits"),
            (None, None) => Truth::lasting(verified, "the platform verifies the signature of every commit"),
        }
    }
}

/// Whether the message carries a `Signed-off-by` with the author's address, as git reads trailers.
fn signed_off_by_author(commit: &Commit<'_>) -> bool {
    let author = commit.author.email.to_str_lossy().to_lowercase();
    let trailers = trailers::parse(commit.message.as_bytes(), false);
    trailers.iter().filter(|trailer| trailer.key.eq_ignore_ascii_case(b"signed-off-by")).any(|trailer| {
        let value = String::from_utf8_lossy(&trailer.value);
        split_address(&value).email.is_some_and(|email| email.to_lowercase() == author)
    })
}
