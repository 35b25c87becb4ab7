//! `dco`: sign-offs under the Developer Certificate of Origin 1.1.

use std::ops::ControlFlow;

use super::{Facts, Truth};
use crate::model::{Commit, CommitFindings, Fact, ObjectId, RemarkCode, RuleCode, Whereabouts};
use crate::policy::Dco;
use crate::provenance::structure::{self, Joint};
use crate::provenance::{split_address, trailers};
use crate::signoff::people::Same;

/// The facts that the predicate looks at.
pub(super) fn facts(fault: Dco) -> &'static [Fact] {
    match fault {
        Dco::Missing => &[Fact::AutoMergeTrees],
        Dco::Ai => &[],
    }
}

impl Facts<'_, '_, '_> {
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
