//! What a decision says.

use super::json::{object, words};
use serde::Serialize;

use super::{ActCode, CommitFindings, NoticeCode, Publication, Rank, Role, RuleCode, Signal, When};

/// The answer to a request. The same request gives the same bytes everywhere.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Decision {
    /// Always `countersign/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: String,
    /// Always `Decision`.
    pub kind: String,
    /// What the policy says of the change.
    pub outcome: Outcome,
    /// Whether a gate must refuse: false for an outcome that passes, and under `enforce: observe`.
    pub blocks: bool,
    /// Whether the change passes because somebody answers for a rule that is not satisfied.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overridden: bool,
    /// The outcome in one line.
    pub headline: String,
    /// The policy that decided; none where the target has none.
    pub policy: Option<PolicySummary>,
    /// The change that was judged.
    pub change: ChangeSummary,
    /// Each rule of the policy, in order.
    pub rules: Vec<RuleResult>,
    /// The AI tools that contributed, with the evidence.
    pub provenance: Provenance,
    /// What deserves a second look in the diff, where the policy asks for that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<Signal>,
    /// The people behind the change.
    pub contributors: Vec<Contributor>,
    /// Who answers for the change: whoever gave a sign-off that counted, and whoever overrode a rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answered_by: Vec<Answerer>,
    /// For each thing that is missing: who can give it, and how.
    pub remedies: Vec<Remedy>,
    /// What a reader must know to weigh the answer.
    pub notices: Vec<Notice>,
    /// What a host does with it; none in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publication: Option<Publication>,
    /// Members of the request that are no facts of the change, each by its keys with dots between them. Two requests ask the same
    /// where all bytes are the same but the values of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub no_facts: Vec<String>,
    /// What the statement would do that the request has in `to_sign`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing: Option<Signing>,
}

object!(Decision {
    "apiVersion" => api_version required,
    "kind" => kind required,
    "outcome" => outcome required,
    "blocks" => blocks required,
    "overridden" => overridden,
    "headline" => headline required,
    "policy" => policy,
    "change" => change required,
    "rules" => rules required,
    "provenance" => provenance required,
    "signals" => signals,
    "contributors" => contributors required,
    "answered_by" => answered_by,
    "remedies" => remedies required,
    "notices" => notices required,
    "publication" => publication,
    "no_facts" => no_facts,
    "signing" => signing,
});

/// The four outcomes. No decision at all is a typed error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Outcome {
    /// Every rule that applies is satisfied.
    Approved,
    /// No rule applies, by settled facts.
    NotApplicable,
    /// Something is missing that can still come.
    #[default]
    Pending,
    /// A veto, or a rule that denies.
    Denied,
}

words!(Outcome {
    "approved" => Approved,
    "not-applicable" => NotApplicable,
    "pending" => Pending,
    "denied" => Denied,
});

impl Outcome {
    /// Whether a change may pass with it.
    pub fn passes(self) -> bool {
        matches!(self, Outcome::Approved | Outcome::NotApplicable)
    }
}

/// The policy that decided.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PolicySummary {
    /// The name of the policy.
    pub name: String,
    /// Where it was read, for a person: ref, commit and path, or a file.
    pub origin: String,
    /// The path of its file, where it was read from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Its digest, as the host made it; where documents decide beside it, the digest of all of them together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Whether it blocks or only observes.
    pub enforce: Enforce,
    /// It came from inside the tree that is judged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untrusted: bool,
    /// What decides beside it: the policy that it extends, the target's CODEOWNERS.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<PolicyDocument>,
}

object!(PolicySummary {
    "name" => name required,
    "origin" => origin required,
    "path" => path,
    "digest" => digest,
    "enforce" => enforce required,
    "untrusted" => untrusted,
    "documents" => documents,
});

/// A document that decides beside the policy.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PolicyDocument {
    /// The role of the document.
    pub role: Role,
    /// Where it was read, for a person.
    pub origin: String,
    /// Its digest, as the host made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

object!(PolicyDocument {
    "role" => role required,
    "origin" => origin required,
    "digest" => digest,
});

/// Whether a policy blocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Enforce {
    /// A pending or denied change must not pass.
    #[default]
    Block,
    /// The rule reports what it would have said, and blocks nothing.
    Observe,
}

words!(Enforce {
    "block" => Block,
    "observe" => Observe,
});

/// The change that was judged.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChangeSummary {
    /// The repository, by name or id.
    pub repository: String,
    /// The platform's number, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What a signed sign-off must call the repository.
    pub subject: String,
    /// The target, by full name.
    pub target: String,
    /// The target's tip.
    pub base_tip: String,
    /// The commit to which approvals bind.
    pub head: String,
    /// How many commits were judged.
    pub commits: usize,
    /// The number of files that differ.
    pub files: usize,
}

object!(ChangeSummary {
    "repository" => repository required,
    "id" => id,
    "subject" => subject required,
    "target" => target required,
    "base_tip" => base_tip required,
    "head" => head required,
    "commits" => commits required,
    "files" => files required,
});

/// What became of one rule.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RuleResult {
    /// The name of the rule.
    pub name: String,
    /// The state of the rule for this change.
    pub state: RuleState,
    /// Why, by the closed list.
    pub code: RuleCode,
    /// Why it applies, or does not: one sentence for each predicate that decided.
    pub because: Vec<String>,
    /// What is missing: one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// The approvals that the rule asks for, each with those that were given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<RequirementResult>,
    /// Set when the rule itself only observes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub observed: bool,
    /// Who overrode it, where somebody did. What it would have asked for still stands in `missing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<Overridden>,
}

object!(RuleResult {
    "name" => name required,
    "state" => state required,
    "code" => code required,
    "because" => because required,
    "missing" => missing,
    "requirements" => requirements,
    "observed" => observed,
    "overridden" => overridden,
});

/// An override: a named person answers for a rule that is not satisfied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Overridden {
    /// The id of the act that overrides.
    pub act: String,
    /// The person who overrides.
    pub by: String,
    /// Why, in the person's own words.
    pub reason: String,
    /// The moment at which it ends; none where it is for this head alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<When>,
}

object!(Overridden {
    "act" => act required,
    "by" => by required,
    "reason" => reason required,
    "until" => until,
});

impl Overridden {
    /// The override in one sentence.
    pub fn sentence(&self) -> String {
        let until = self.until.map(|until| {
            let day = until.to_string();
            format!(" until {}", day.split('T').next().unwrap_or(&day))
        });
        format!("by {}{}: {}", self.by, until.unwrap_or_default(), self.reason)
    }
}

/// What a rule says of the change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RuleState {
    /// All approvals and conditions that the rule asks for are there.
    Satisfied,
    /// The rule waits for approvals, a condition or a fact.
    #[default]
    Pending,
    /// The rule refuses the change.
    Denied,
    /// The rule does not apply to the change.
    Skipped,
    /// It is not satisfied, and a named person answers for that.
    Overridden,
}

words!(RuleState {
    "satisfied" => Satisfied,
    "overridden" => Overridden,
    "pending" => Pending,
    "denied" => Denied,
    "skipped" => Skipped,
});

/// One requirement of a rule, and what was given for it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RequirementResult {
    /// The requirement in words.
    pub asks: String,
    /// Approvals that it needs.
    pub needed: u32,
    /// Approvals that count.
    pub counted: u32,
    /// Who could still give one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub eligible: Vec<String>,
    /// Every act on the change, and whether it counted here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<ActVerdict>,
}

object!(RequirementResult {
    "asks" => asks required,
    "needed" => needed required,
    "counted" => counted required,
    "eligible" => eligible,
    "acts" => acts,
});

/// Whether one act counted for one requirement.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActVerdict {
    /// The act's id.
    pub act: String,
    /// Who acted, for a person.
    pub actor: String,
    /// The code that says whether the act counts, and else why not.
    pub code: ActCode,
    /// The code in one sentence.
    pub sentence: String,
    /// How it is known who acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<super::Proof>,
    /// The answers of an act that counts, where the policy asks for fresh ones: what a host keeps, and hands to later
    /// requests of other changes in `history`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<AnswerDigest>,
}

object!(ActVerdict {
    "act" => act required,
    "actor" => actor required,
    "code" => code required,
    "sentence" => sentence required,
    "proof" => proof,
    "answers" => answers,
});

/// An answer, as a host keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AnswerDigest {
    /// The question's name.
    pub question: String,
    /// Digest of the folded answer, `sha256:` and 64 hexadecimal digits.
    pub digest: String,
    /// Another change in which the same was answered before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_in: Option<String>,
}

object!(AnswerDigest {
    "question" => question required,
    "digest" => digest required,
    "seen_in" => seen_in,
});

/// What AI contributed to the change.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Provenance {
    /// Whether any commit of the change or its result says that AI contributed.
    pub ai: bool,
    /// The highest rank of the evidence.
    pub rank: Rank,
    /// The tools, by name, each with its models and the number of commits.
    pub tools: Vec<ToolSummary>,
    /// The commits that carry findings or remarks.
    pub commits: Vec<CommitFindings>,
}

object!(Provenance {
    "ai" => ai required,
    "rank" => rank required,
    "tools" => tools required,
    "commits" => commits required,
});

/// The part of one tool in the change.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ToolSummary {
    /// The id of the tool, as the table of tools has it.
    pub tool: String,
    /// Models, word for word.
    pub models: Vec<String>,
    /// The number of commits that carry evidence of the tool.
    pub commits: usize,
}

object!(ToolSummary {
    "tool" => tool required,
    "models" => models required,
    "commits" => commits required,
});

/// One person behind the change.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Contributor {
    /// Login, or e-mail where there is none.
    pub person: String,
    /// The roles in which the person took part.
    pub roles: Vec<ContributorRole>,
    /// No rule that asks for approvals lets this person give one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub barred: bool,
}

object!(Contributor {
    "person" => person required,
    "roles" => roles required,
    "barred" => barred,
});

/// The part that a person has in a change, the weightiest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ContributorRole {
    /// Opened the change or wrote a commit.
    #[default]
    Author,
    /// The person committed one of the commits.
    Committer,
    /// Named as co-author.
    CoAuthor,
    /// The person pushed one of the commits.
    Pusher,
    /// Asked an AI for it.
    AiRequester,
}

words!(ContributorRole {
    "author" => Author,
    "committer" => Committer,
    "co-author" => CoAuthor,
    "pusher" => Pusher,
    "ai-requester" => AiRequester,
});

/// A person who answers for a change, by one act.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Answerer {
    /// Login, or e-mail where there is none.
    pub person: String,
    /// The act, by its id in the request.
    pub act: String,
    /// The rules that it counted for, or that it overrides.
    pub rules: Vec<String>,
    /// Whether rules were overridden by it, and not satisfied.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overrides: bool,
}

object!(Answerer {
    "person" => person required,
    "act" => act required,
    "rules" => rules required,
    "overrides" => overrides,
});

/// How a missing thing can come.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Remedy {
    /// The rule that waits for it.
    pub rule: String,
    /// The people who can give it.
    pub who: Vec<String>,
    /// The way out, in one sentence.
    pub what: String,
    /// The exact text to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The exact command to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The questions that an approval has to answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Question>,
}

/// A question of the policy.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Question {
    /// The word that an answer begins with.
    pub name: String,
    /// The text of the question.
    pub text: String,
}

object!(Question {
    "name" => name required,
    "text" => text required,
});

object!(Remedy {
    "rule" => rule required,
    "who" => who required,
    "what" => what required,
    "template" => template,
    "command" => command,
    "questions" => questions,
});

/// What a statement would do once it is signed.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Signing {
    /// Whose key it is, for a person; none where the target lists it under nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// The people sets of the policy that have the signer in them.
    pub sets: Vec<String>,
    /// Whether it would change anything about the decision.
    pub counts: bool,
    /// The code that says whether the act counts, and else why not.
    pub code: ActCode,
    /// The code in one sentence.
    pub sentence: String,
    /// What would still keep the change from passing: one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
    /// Every question of the policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Question>,
    /// The questions without an answer that counts, of the rules that ask this signer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<OpenQuestion>,
}

object!(Signing {
    "signer" => signer,
    "sets" => sets required,
    "counts" => counts required,
    "code" => code required,
    "sentence" => sentence required,
    "left" => left,
    "questions" => questions,
    "open" => open,
});

/// A question that waits for an answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OpenQuestion {
    /// The question's name.
    pub name: String,
    /// Why what was answered does not count.
    pub code: ActCode,
    /// The code in one sentence.
    pub sentence: String,
}

object!(OpenQuestion {
    "name" => name required,
    "code" => code required,
    "sentence" => sentence required,
});

/// Something that a reader must know to weigh the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Notice {
    /// The code of the notice.
    pub code: NoticeCode,
    /// The notice, in one sentence.
    pub message: String,
}

object!(Notice {
    "code" => code required,
    "message" => message required,
});
