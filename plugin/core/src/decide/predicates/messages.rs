//! What commits say and who vouches for them: requirements, sign-offs under the DCO, signatures.

use std::ops::ControlFlow;

use super::{Facts, Truth, quoted};
use crate::Error;
use crate::model::{
    Commit, CommitFindings, Document, Fact, ObjectId, RemarkCode, Role, RuleCode, Whereabouts,
};
use crate::order::{self, Index};
use crate::policy::{Dco, RequirementsTest};
use crate::provenance::structure::{self, Joint};
use crate::provenance::{split_address, trailers};
use crate::signoff::people::Same;

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

    pub(super) fn dco(&self, fault: Dco) -> Truth {
        if let Some(why) = &self.judged.incomplete {
            return Truth::unknown(RuleCode::ListIncomplete, why.clone());
        }
        if fault == Dco::Ai {
            let signed = |commit: &&CommitFindings| {
                commit.remarks.iter().any(|remark| remark.code == RemarkCode::AiSignOff)
            };
            return match self.findings.iter().filter(signed).min_by_key(|commit| &commit.id) {
                Some(commit) => {
                    let id = commit.id.get(..12).unwrap_or(&commit.id);
                    Truth::yes(format!("an AI signed off {id}; only a person can"))
                }
                None => Truth::no("no AI signed off"),
            };
        }
        // The commits that are named are the same in whatever order they are listed.
        let mut work: Vec<&Commit<'_>> = self
            .judged
            .own
            .iter()
            .copied()
            .filter(|commit| self.request.is_work(commit) != Some(false))
            .collect();
        work.sort_unstable_by_key(|commit| commit.sha.as_bytes());
        let (mut mapped, mut above, mut missing) = (None, None, Vec::new());
        for commit in work {
            match self.sign_off(commit) {
                SignOff::Given => {}
                SignOff::Above => above = above.or(Some(commit)),
                SignOff::Mapped => mapped = mapped.or(Some(commit)),
                SignOff::Missing => missing.push(commit),
            }
        }
        let change = self.request.change.as_ref();
        let said = |commit: &Commit<'_>| {
            let base =
                change.and_then(|change| change.merge_base.as_ref()).map_or("<target>", ObjectId::short);
            let command = match change.is_some_and(|change| change.head == commit.sha) {
                true => "git commit --amend --signoff".to_owned(),
                false => format!("git rebase --signoff {base}"),
            };
            format!(
                "has no `Signed-off-by` of its author {} <{}>; `{command}` adds one",
                commit.author.name.to_str_lossy(),
                commit.author.email.to_str_lossy()
            )
        };
        if let Some(truth) = self.lacking(missing, said) {
            return truth;
        }
        let mut why = "every commit is signed off by its author".to_owned();
        if let Some(commit) = above {
            why.push_str(&format!(", {} above what git takes for its trailers", commit.sha.short()));
        }
        if let Some(commit) = mapped {
            why.push_str(&format!(
                ", {} by an address that {} gives them",
                commit.sha.short(),
                self.directory.unites()
            ));
        }
        Truth::no(why)
    }

    /// How a commit's author signed it off: by any address of theirs; a program by its name.
    fn sign_off(&self, commit: &Commit<'_>) -> SignOff {
        let message = commit.message.to_str_lossy();
        let trailers = trailers::parse(commit.message.as_bytes(), false);
        let is_sign_off = |key: &[u8]| key.eq_ignore_ascii_case(b"signed-off-by");
        let strict = trailers.iter().filter(|trailer| is_sign_off(&trailer.key));
        let strict = strict.map(|trailer| (String::from_utf8_lossy(&trailer.value), SignOff::Given));
        let anywhere = std::iter::once_with(|| sign_offs_anywhere(&message)).flatten();
        let anywhere = anywhere.map(|value| (value.into(), SignOff::Above));
        let program = self.directory.is_programs(&commit.author).then(|| commit.author.name.to_str_lossy());
        let mut found = SignOff::Missing;
        for (value, place) in strict.chain(anywhere) {
            let address = split_address(&value);
            let Some(email) = address.email else { continue };
            if program.as_ref().is_some_and(|name| programs_name(name) == programs_name(address.name)) {
                return place;
            }
            match self.directory.is_same(&commit.author, address.name, email) {
                Same::Yes => return place,
                Same::Perhaps => found = SignOff::Mapped,
                Same::No => {}
            }
        }
        found
    }

    pub(super) fn signatures(&self, verified: bool) -> Truth {
        if let Some(why) = &self.judged.incomplete {
            return Truth::unknown(RuleCode::ListIncomplete, why.clone());
        }
        // The one that is named is the same in whatever order they are listed.
        let first = |verified: Option<bool>| {
            let such = self.judged.own.iter().filter(|commit| commit.verified == verified);
            such.min_by_key(|commit| commit.sha.as_bytes())
        };
        let (bad, unknown) = (first(Some(false)), first(None));
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

/// How a commit is signed off by its author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SignOff {
    Given,
    /// Not in the last block of trailers: a forge that squashes puts its own below the author's.
    Above,
    /// By an address that only `.mailmap` gives the author: nobody is admitted to anything by that.
    Mapped,
    Missing,
}

/// What a program is called, however it signs: `renovate[bot]`, `Renovate Bot`.
fn programs_name(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase();
    let bare = name.strip_suffix("[bot]").or_else(|| name.strip_suffix(" bot")).unwrap_or(&name);
    bare.trim().to_owned()
}

/// The sign-offs of a whole message, as each stands on a line of its own.
fn sign_offs_anywhere(message: &str) -> Vec<String> {
    let mut found = Vec::new();
    structure::read(message, &mut |piece| {
        let counts = piece.joint == Joint::Line && piece.place() == Whereabouts::Lenient;
        if let Some((key, value)) = &piece.trailer
            && counts
            && key.eq_ignore_ascii_case("signed-off-by")
        {
            found.push(value.clone().into_owned());
        }
        ControlFlow::Continue(())
    });
    found
}
