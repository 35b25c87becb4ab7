//! What a reader should know beside the rules.

use super::predicates::count;
use super::remedies::shell_word;
use crate::model::{
    Change, Document, Enforce, Fact, Notice, NoticeCode, Provenance, RemarkCode, Request, Role, RuleResult,
};
use crate::order;
use crate::policy::Policy;
use crate::signoff::people::{Directory, PersonId};
use crate::wellknown::{FETCHED_SIGNOFFS, POLICY};

/// Notices beyond this number say nothing more.
const NOTICES: usize = 200;

/// Notices, in order.
pub(super) fn notices(
    request: &Request<'_>,
    policy: Option<&Policy>,
    document: Option<&Document<'_>>,
    directory: &Directory,
    taken_for: &[(PersonId, String)],
    provenance: &Provenance,
    commits: usize,
) -> Vec<Notice> {
    let mut notices = Vec::new();
    let mut say = |code, message: String| {
        if notices.len() < NOTICES {
            order::insert(&mut notices, Notice { code, message });
        }
    };
    let Some(policy) = policy else {
        let message = if request.trigger.require_policy {
            format!("the place of a policy is {POLICY} of the target branch, or of the default branch")
        } else {
            "run with --require-policy to refuse changes to a target without a policy".to_owned()
        };
        say(NoticeCode::NoPolicy, message);
        return notices;
    };
    if policy.enforce == Enforce::Observe {
        say(NoticeCode::Observed, "the policy says `enforce: observe`: nothing is blocked".to_owned());
    }
    if document.is_some_and(|document| document.untrusted) {
        say(
            NoticeCode::UntrustedPolicy,
            "the policy comes from the tree that is judged, so the change could have written it".to_owned(),
        );
    }
    if document.is_some_and(|document| document.role == Role::EarlierPolicy) {
        say(
            NoticeCode::EarlierPolicy,
            "the policy that stands on the target has a fault, and this change mends it: the last one without a fault decides"
                .to_owned(),
        );
    }
    if !directory.by_account {
        say(
            NoticeCode::IdentityEmail,
            "identity: e-mail. Nobody logged in here, so a person is the address that a commit names"
                .to_owned(),
        );
    }
    for (person, stated) in taken_for.iter().filter(|_| directory.has_mailmap()) {
        let person = directory.label(*person);
        let message = format!(
            "`.mailmap` takes {stated} for {person}, who is barred with them and whom that admits to nothing"
        );
        say(NoticeCode::Mailmap, message);
    }
    let absent: Vec<&str> = request
        .absent
        .iter()
        .filter(|fact| matches!(fact, Fact::Pushes | Fact::Opener | Fact::Requester))
        .map(|fact| fact.name())
        .collect();
    if !absent.is_empty() {
        say(NoticeCode::AbsentFact, format!("this platform does not record: {}", absent.join(", ")));
    }
    if let Some(change) = &request.change
        && change.merge_tree.is_none()
        && request.complete.contains(&Fact::MergeTree)
    {
        say(
            NoticeCode::MergeConflict,
            "merging conflicts: what differs between the merge base and the head was judged alone".to_owned(),
        );
    }
    for missing in &request.unavailable {
        let of = missing.of.as_ref().map(|of| format!(" ({of})")).unwrap_or_default();
        say(
            NoticeCode::UnavailableFact,
            format!("{}{of} could not be read: {}", missing.fact.name(), missing.reason),
        );
    }
    if !provenance.ai && commits > 0 {
        say(
            NoticeCode::NoEvidence,
            format!(
                "no evidence of AI in {}; that does not prove that none was used",
                count(commits, "commit")
            ),
        );
    }
    for commit in &provenance.commits {
        let id = commit.id.get(..12).unwrap_or(&commit.id);
        for remark in &commit.remarks {
            if matches!(remark.code, RemarkCode::DeclaredNone | RemarkCode::AiReview) {
                continue;
            }
            let place = if id.is_empty() { String::new() } else { format!("commit {id}: ") };
            let evidence =
                if remark.evidence.is_empty() { String::new() } else { format!(" [{}]", remark.evidence) };
            say(NoticeCode::Remark, format!("{place}{}{evidence}", remark.message));
        }
    }
    notices
}

/// That a clone has fetched no sign-offs, and the command that does where it is known what to fetch them from.
pub(super) fn no_signoffs(change: &Change<'_>) -> Notice {
    let message = match &change.repository.remote {
        Some(remote) => format!(
            "this clone holds no signed sign-offs; if anybody signed one, fetch it: git fetch {} '{FETCHED_SIGNOFFS}'",
            shell_word(remote)
        ),
        None => {
            "no signed sign-offs are here; one that somebody signed elsewhere is still to come".to_owned()
        }
    };
    Notice { code: NoticeCode::NoSignoffs, message }
}

/// What became of the rules that a reader must not overlook: overrides, and answers that were given before.
pub(super) fn of_rules(rules: &[RuleResult]) -> Vec<Notice> {
    let mut notices = Vec::new();
    for rule in rules {
        if let Some(overridden) = &rule.overridden {
            let message =
                format!("\"{}\" is overridden, not satisfied, {}", rule.name, overridden.sentence());
            notices.push(Notice { code: NoticeCode::Overridden, message });
        }
        for act in rule.requirements.iter().flat_map(|requirement| &requirement.acts) {
            for answer in &act.answers {
                if let Some(change) = &answer.seen_in {
                    let (who, question) = (&act.actor, &answer.question);
                    let message = format!("{who} answered `{question}` in the same words in {change}");
                    notices.push(Notice { code: NoticeCode::AnswerSeen, message });
                }
            }
        }
    }
    notices
}
