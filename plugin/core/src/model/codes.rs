//! The closed lists of codes that a decision speaks in.

use serde::Serialize;

use super::json::words;

/// Codes of rules: a closed list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RuleCode {
    /// All approvals and conditions that the rule asks for are there.
    Satisfied,
    /// Approvals are missing.
    MissingApprovals,
    /// A person who may has asked for changes.
    Vetoed,
    /// The rule denies.
    Denied,
    /// Its predicates do not hold.
    NotApplicable,
    /// A fact that it needs is not to be had.
    #[default]
    FactUnavailable,
    /// A list that it needs may have been cut.
    ListIncomplete,
    /// Nobody could ever satisfy it.
    Impossible,
    /// A commit that nobody can be made answerable for.
    UnattributedCommit,
    /// A named person waived it.
    Waived,
    /// Glass was broken.
    BreakGlass,
    /// A condition does not hold yet.
    ConditionUnmet,
    /// The change is a draft.
    Draft,
}

words!(RuleCode {
    "satisfied" => Satisfied,
    "missing-approvals" => MissingApprovals,
    "vetoed" => Vetoed,
    "denied" => Denied,
    "not-applicable" => NotApplicable,
    "fact-unavailable" => FactUnavailable,
    "list-incomplete" => ListIncomplete,
    "impossible" => Impossible,
    "unattributed-commit" => UnattributedCommit,
    "waived" => Waived,
    "break-glass" => BreakGlass,
    "condition-unmet" => ConditionUnmet,
    "draft" => Draft,
});

/// Codes of acts: a closed list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[expect(
    missing_docs,
    reason = "the words are the contract's; the sentence that explains each stands in `signoff`"
)]
pub enum ActCode {
    Counted,
    Author,
    Committer,
    CoAuthor,
    Pusher,
    AiRequester,
    BecameContributor,
    SamePerson,
    Bot,
    Tool,
    Inactive,
    NotEligible,
    MembershipUnreadable,
    UnknownAccount,
    StaleHead,
    StaleDiff,
    StaleTree,
    OtherChange,
    OtherTarget,
    Superseded,
    Withdrawn,
    Dismissed,
    Edited,
    MutableText,
    Deleted,
    Quoted,
    UnansweredQuestion,
    AnswerTooShort,
    AnswerTemplate,
    AnswerCopied,
    #[default]
    Unauthenticated,
    BadSignature,
    BadStatement,
    UnknownKey,
    ExpiredKey,
    RevokedKey,
    WrongNamespace,
    KeyType,
    TooOld,
    FactUnavailable,
    StalePolicy,
    NoSignOff,
    MethodNotAllowed,
    NotAsked,
}

words!(ActCode {
    "counted" => Counted,
    "author" => Author,
    "committer" => Committer,
    "co-author" => CoAuthor,
    "pusher" => Pusher,
    "ai-requester" => AiRequester,
    "became-contributor" => BecameContributor,
    "same-person" => SamePerson,
    "bot" => Bot,
    "tool" => Tool,
    "inactive" => Inactive,
    "not-eligible" => NotEligible,
    "membership-unreadable" => MembershipUnreadable,
    "unknown-account" => UnknownAccount,
    "stale-head" => StaleHead,
    "stale-diff" => StaleDiff,
    "stale-tree" => StaleTree,
    "other-change" => OtherChange,
    "other-target" => OtherTarget,
    "superseded" => Superseded,
    "withdrawn" => Withdrawn,
    "dismissed" => Dismissed,
    "edited" => Edited,
    "mutable-text" => MutableText,
    "deleted" => Deleted,
    "quoted" => Quoted,
    "unanswered-question" => UnansweredQuestion,
    "answer-too-short" => AnswerTooShort,
    "answer-template" => AnswerTemplate,
    "answer-copied" => AnswerCopied,
    "unauthenticated" => Unauthenticated,
    "bad-signature" => BadSignature,
    "bad-statement" => BadStatement,
    "unknown-key" => UnknownKey,
    "expired-key" => ExpiredKey,
    "revoked-key" => RevokedKey,
    "wrong-namespace" => WrongNamespace,
    "key-type" => KeyType,
    "too-old" => TooOld,
    "fact-unavailable" => FactUnavailable,
    "stale-policy" => StalePolicy,
    "no-sign-off" => NoSignOff,
    "method-not-allowed" => MethodNotAllowed,
    "not-asked" => NotAsked,
});

impl ActCode {
    /// Whether it is about what somebody answered.
    pub(crate) fn is_of_answers(self) -> bool {
        matches!(
            self,
            ActCode::UnansweredQuestion
                | ActCode::AnswerTooShort
                | ActCode::AnswerTemplate
                | ActCode::AnswerCopied
        )
    }
}

/// Kinds of notices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum NoticeCode {
    /// The target has no policy.
    NoPolicy,
    /// The policy comes from inside the tree that is judged.
    UntrustedPolicy,
    /// The policy that stands has a fault, and the last one without decides about the change that mends it.
    EarlierPolicy,
    /// The policy only observes.
    Observed,
    /// Nobody logged these people in: a person is an e-mail address here.
    IdentityEmail,
    /// `.mailmap` takes somebody whom a commit names for another, who is barred with them.
    Mailmap,
    /// A sign-off counted on somebody's word.
    ClaimedProof,
    /// The platform does not have this fact.
    AbsentFact,
    /// A fact could not be got.
    UnavailableFact,
    /// This clone has fetched no signed sign-offs.
    NoSignoffs,
    /// Merging conflicts, so the change was judged without what merging gives.
    MergeConflict,
    /// An answer was given in another change in the same words.
    AnswerSeen,
    /// A named person overrode rules that are not satisfied.
    Overridden,
    /// No evidence of AI: that proves nothing.
    NoEvidence,
    /// A remark about a commit that a reader should see.
    #[default]
    Remark,
}

words!(NoticeCode {
    "no-policy" => NoPolicy,
    "untrusted-policy" => UntrustedPolicy,
    "earlier-policy" => EarlierPolicy,
    "observed" => Observed,
    "identity-email" => IdentityEmail,
    "mailmap" => Mailmap,
    "claimed-proof" => ClaimedProof,
    "absent-fact" => AbsentFact,
    "unavailable-fact" => UnavailableFact,
    "no-signoffs" => NoSignoffs,
    "merge-conflict" => MergeConflict,
    "answer-seen" => AnswerSeen,
    "overridden" => Overridden,
    "no-evidence" => NoEvidence,
    "remark" => Remark,
});
