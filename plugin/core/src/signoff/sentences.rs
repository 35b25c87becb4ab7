//! What is said of an act, to the person whose act it was.

use super::people::{Directory, PersonId};
use super::{EvaluationContext, answers};
use crate::model::{Account, Act, ActCode, ActKind, Proof};
use crate::policy::Stale;

impl EvaluationContext<'_, '_, '_> {
    /// What an act that counts approved, and why it still counts where that is not the head.
    pub(super) fn approved<'t>(&'t self, act: &'t Act<'_>) -> (&'t str, String) {
        let head = self.change.head.short();
        let (thing, why) = match self.options.stale {
            Stale::Head => (head, "what was pushed since is ignored by the policy"),
            Stale::Diff => ("this diff", "the diff is the same"),
            Stale::Tree => ("this merge result", "merging gives the same tree"),
            Stale::Keep => ("the change", "the policy keeps approvals, whatever is pushed"),
        };
        match &act.head {
            Some(given) if *given != self.change.head => {
                (given.short(), format!("; the head is now {head}, and {why}"))
            }
            Some(_) => (head, String::new()),
            // A comment counts by the head that it names, but where approvals are kept.
            None if act.kind == ActKind::Comment && self.options.stale != Stale::Keep => {
                (head, String::new())
            }
            None => {
                (thing, if self.options.stale == Stale::Keep { format!("; {why}") } else { String::new() })
            }
        }
    }

    /// One sentence for one code, to the person whose act it was; `of` are the questions that the code is about.
    pub(super) fn sentence(
        &self,
        code: ActCode,
        at: usize,
        act: &Act<'_>,
        who: &str,
        by: &str,
        of: &[&str],
    ) -> String {
        if let (Some(why), true) = (self.acts.why(at), self.acts.fault(at) == Some(code)) {
            return why.clone();
        }
        let head = self.change.head.short();
        let stale = matches!(code, ActCode::StaleHead | ActCode::StaleDiff | ActCode::StaleTree);
        if let Some(given) = act.head.as_ref().filter(|_| stale && self.acts.is_elsewhere(at)) {
            let same = act.diff_id.is_some() && act.diff_id == self.change.diff_id;
            let diff = if same { " (its diff is the same)" } else { "" };
            let given = given.short();
            return format!("{who} signed {given}, which is no longer part of this change{diff}: ask again");
        }
        match code {
            ActCode::StaleTree if self.merges_otherwise(at) => format!(
                "the policy keeps approvals for the tree that merging gives, and attributes (.gitattributes) or settings \
                 here make that another one than {}",
                self.change.merge_tree.as_ref().map_or("a conflict", |tree| tree.short())
            ),
            ActCode::Counted => {
                let proof = match act.proof {
                    Proof::Claimed => format!("; nothing but the file proves that it was {who}"),
                    Proof::Signature => ", signed with an SSH key".to_owned(),
                    Proof::Forge => String::new(),
                };
                let (what, why) = self.approved(act);
                format!("{who} approved {what}{proof}{why}")
            }
            ActCode::Author => format!("{who} is an author of this change and cannot approve it"),
            ActCode::Committer => format!("{who} committed part of this change and cannot approve it"),
            ActCode::CoAuthor => format!("{who} is named as co-author of this change and cannot approve it"),
            ActCode::Pusher => format!("{who} pushed to this change and cannot approve it"),
            ActCode::AiRequester => format!("{who} asked an AI for this change and counts as its author"),
            ActCode::BecameContributor => {
                format!("{who} approved an earlier head and took part in the change since")
            }
            ActCode::Tool => format!("{who} is an AI; only people approve"),
            ActCode::Bot => format!("{who} is a program; only people approve"),
            ActCode::Inactive => format!("the account of {who} is blocked or deleted"),
            ActCode::NotEligible => format!("{who} is not among {by}"),
            ActCode::MembershipUnreadable => format!("whether {who} is among {by} could not be read"),
            ActCode::UnknownAccount if is_unnamed(&act.actor) => {
                "the platform does not say who it was".to_owned()
            }
            ActCode::UnknownAccount if self.directory.by_account => format!(
                "no account is known for {who}, so nobody can tell whether {who} took part in this change; name the \
                 account under `identities` in the policy"
            ),
            ActCode::UnknownAccount => format!(
                "no e-mail address is known for {who}, so nobody can tell whether {who} wrote part of this change; \
                 add one under `identities` in the policy"
            ),
            ActCode::StaleHead => match act.head.as_ref().map(|id| id.short()) {
                Some(_) if act.head.as_ref() == Some(&self.change.head) => {
                    format!("{who} approved {head} before it was last pushed")
                }
                Some(given) => format!("{who} approved {given}, and the head is now {head}"),
                None => format!("what {who} wrote does not name the head: write {head} into it"),
            },
            ActCode::StaleDiff => format!("{who} approved another diff, and the change is now another"),
            ActCode::StaleTree => {
                format!("{who} approved another merge result: the target or the change moved since")
            }
            ActCode::TooOld => {
                format!("the approval of {who} is older than the policy lets it be, or dated after now")
            }
            ActCode::BadSignature => "its signature does not belong to what it says".to_owned(),
            ActCode::BadStatement => {
                format!("{who} signed a statement that cannot be read as a sign-off, or that contradicts itself")
            }
            ActCode::UnknownKey => {
                "the key that signed it is in no line of the target's allowed_signers".to_owned()
            }
            ActCode::ExpiredKey => {
                "the key that signed it is not valid now: its line in the target's allowed_signers says from when to when"
                    .to_owned()
            }
            ActCode::RevokedKey => {
                "the key that signed it was revoked, or the target's revoked_keys holds more than public keys, one a \
                 line"
                    .to_owned()
            }
            ActCode::WrongNamespace => "it was signed for something else than a sign-off".to_owned(),
            ActCode::KeyType => {
                "it is signed by a kind of key that is not verified here: Ed25519, ECDSA with P-256 and RSA with 2048 bits or more are"
                    .to_owned()
            }
            ActCode::StalePolicy => format!("{who} signed under another version of the policy"),
            ActCode::SamePerson => format!("{who} is somebody who approved already, by another account"),
            ActCode::MethodNotAllowed => format!("the policy does not count this way of approving for {who}"),
            ActCode::Quoted => {
                format!("{who} only quotes the words that would approve, or writes them in other words")
            }
            ActCode::OtherChange => format!("{who} approved another change"),
            ActCode::OtherTarget => format!("{who} approved this for another target branch"),
            ActCode::Superseded => format!("{who} acted again, later or at the same time, and that act counts"),
            ActCode::Withdrawn => format!("{who} took back what they had said"),
            ActCode::Dismissed if act.kind == ActKind::RequestChanges => {
                format!("the request of {who} for changes was dismissed")
            }
            ActCode::Dismissed => format!("the approval of {who} was dismissed"),
            ActCode::Edited => format!("{who} edited the text after giving it"),
            ActCode::MutableText => format!("the text of {who} was edited by somebody else, or may have been"),
            ActCode::Deleted => format!("the act of {who} is gone from the platform"),
            ActCode::UnansweredQuestion => {
                format!("{who} left a question unanswered: {}", of.join(", "))
            }
            ActCode::AnswerTooShort => {
                format!("an answer of {who} has fewer than {} words: {}", answers::WORDS, of.join(", "))
            }
            ActCode::AnswerTemplate => {
                format!("an answer of {who} is the template or the question itself: {}", of.join(", "))
            }
            ActCode::AnswerCopied => {
                format!("an answer of {who} is a copy of another answer: {}", of.join(", "))
            }
            ActCode::Unauthenticated => format!("nothing proves that it was {who}"),
            ActCode::FactUnavailable
                if let Some(untold) = self.untold(act.proof == Proof::Forge, self.options.fresh_answers) =>
            {
                format!("the approval of {who} cannot count: {}", untold.why())
            }
            ActCode::FactUnavailable if act.head.is_some() => {
                format!("whether what {who} approved is what there is now cannot be told: a diff, a merge or a push is not known")
            }
            ActCode::FactUnavailable => format!("the act of {who} does not say which commit it is for"),
            ActCode::NoSignOff if act.kind == ActKind::RequestChanges && act.dismissed.is_some() => {
                format!("{who} asks for changes; only somebody who is known not to have taken part can dismiss that")
            }
            ActCode::NoSignOff if act.kind == ActKind::RequestChanges => format!("{who} asks for changes"),
            ActCode::NoSignOff => format!("what {who} wrote is no sign-off"),
            ActCode::NotAsked => format!("nothing asks {who} for this"),
        }
    }

    pub(super) fn label(&self, act: &Act<'_>, actor: &[PersonId]) -> String {
        label_of(self.directory, act, actor)
    }

    /// What makes somebody one who took part who is not named as one, where that is why an act does not count.
    pub(super) fn why_perhaps(&self, code: ActCode, actor: &[PersonId]) -> Option<String> {
        let by_part = matches!(
            code,
            ActCode::Author
                | ActCode::Committer
                | ActCode::CoAuthor
                | ActCode::Pusher
                | ActCode::AiRequester
                | ActCode::BecameContributor
        );
        let barred = || actor.iter().find(|person| self.contributors.bars(**person, self.options).is_some());
        by_part.then(barred)?.and_then(|person| self.contributors.why_perhaps(self.directory, *person))
    }
}

/// Whether the platform does not say who it was.
fn is_unnamed(account: &Account<'_>) -> bool {
    let given = [account.id.as_deref(), account.login.as_deref()];
    given.iter().flatten().all(|name| name.is_empty()) && account.email.is_none()
}

/// What to call whoever acted.
pub(super) fn label_of(directory: &Directory, act: &Act<'_>, actor: &[PersonId]) -> String {
    // A key of several people names none of them.
    if act.proof == Proof::Signature && actor.len() > 1 {
        let mut names: Vec<String> = actor.iter().map(|person| directory.label(*person)).collect();
        crate::order::strings(&mut names);
        return names.join(" or ");
    }
    let login = act.actor.login.as_ref().map(|login| login.trim_start_matches('@').to_owned());
    login
        .filter(|login| !login.is_empty())
        .or_else(|| actor.first().map(|person| directory.label(*person)))
        .unwrap_or_else(|| "nobody".to_owned())
}
