//! The entries of a trail, each bound to the one before it by that one's hash.

use std::fmt;

use countersign_core::model::{Outcome, When};
use countersign_host::module::sha256_hex;
use serde::{Deserialize, Serialize};

use crate::documents::Role;
pub use crate::documents::short;

/// What stands in place of a hash before the first entry.
pub const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One entry. Its bytes are kept as they were written, and its hash is made of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Counts from 1, without a gap.
    pub number: u64,
    /// Hash of the entry before.
    pub previous: String,
    /// When what it tells of was so, as its host's clock said: RFC 3339, UTC.
    pub at: String,
    /// The repository, `owner/name`.
    pub repository: String,
    /// The ref that was to be moved, by full name.
    pub target: String,
    /// The platform's number of the change, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// The commit that it is about.
    pub head: String,
    /// The event that the entry records.
    #[serde(flatten)]
    pub event: Event,
}

/// An entry with its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The entry that is linked.
    pub entry: Entry,
    /// SHA-256 of the entry and of the hash before it, in hexadecimal digits.
    pub hash: String,
}

/// The place in a forge that an entry is about: a repository, and a ref or a change in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The repository, `owner/name`.
    pub repository: String,
    /// The ref, by full name.
    pub target: String,
    /// The platform's number of the change.
    pub change: Option<String>,
    /// The id of the commit that was judged.
    pub head: String,
}

/// The event that an entry records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Event {
    /// A decision was made.
    Decision(Made),
    /// A protected branch moved, and all that it gained had been decided about.
    Merge {
        /// Where it stood before; none for a branch that is seen for the first time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// The entries whose decisions let it pass.
        decisions: Vec<u64>,
    },
    /// Something that should not be, and is open until an entry settles it.
    Finding {
        /// The kind of the finding.
        finding: Finding,
        /// Where the branch was in order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// Digest of what there is to say about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// A finding is settled.
    Settled {
        /// The finding's entry.
        finding: u64,
        /// The entry whose decision settles it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decision: Option<u64>,
    },
    /// Documents were removed.
    Removal {
        /// The reason for the removal.
        because: Because,
        /// Digest of who ordered it, and why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order: Option<String>,
        /// Digests of what was removed.
        documents: Vec<String>,
    },
}

impl Event {
    /// The name of its kind, as it stands in the entry.
    pub fn kind(&self) -> &'static str {
        match self {
            Event::Decision(_) => "decision",
            Event::Merge { .. } => "merge",
            Event::Finding { .. } => "finding",
            Event::Settled { .. } => "settled",
            Event::Removal { .. } => "removal",
        }
    }
}

/// A decision that was made. Everything is named by the SHA-256 of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// The verdict of the decision.
    pub verdict: Verdict,
    /// Whether a gate had to refuse.
    pub blocks: bool,
    /// Whether it passes because a named person answers for a rule that is not satisfied. Versions before this field did not say.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overridden: bool,
    /// Whether AI contributed.
    pub ai: bool,
    /// The commit that a merge or push made of the change, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// The tip of the target before.
    pub base: String,
    /// The digest of the request document.
    pub request: String,
    /// The facts of the request without the time: what tells two requests apart that ask the same.
    pub facts: String,
    /// The answer: a decision, or the module's error.
    pub answer: String,
    /// The component that decided.
    pub component: String,
    /// The policy and what decides beside it, as the decision names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Who approved, with their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvers: Option<String>,
}

impl Made {
    /// Whether a branch may hold what it is about.
    pub fn passes(&self) -> bool {
        !self.blocks
    }

    /// What came out, for a person: an override as one, and never as an approval.
    pub fn word(&self) -> String {
        if self.overridden { OVERRIDDEN.to_owned() } else { self.verdict.to_string() }
    }
}

/// What a decision is called that passes by an override.
const OVERRIDDEN: &str = "overridden";

/// The outcome of a decision, or that no decision could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every rule that applies is satisfied.
    Approved,
    /// No rule applies.
    NotApplicable,
    /// The decision waits for approvals or facts.
    Pending,
    /// A rule refuses it.
    Denied,
    /// The module could not decide.
    Error,
}

impl From<Outcome> for Verdict {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Approved => Verdict::Approved,
            Outcome::NotApplicable => Verdict::NotApplicable,
            Outcome::Pending => Verdict::Pending,
            Outcome::Denied => Verdict::Denied,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Approved => "approved",
            Verdict::NotApplicable => "not applicable",
            Verdict::Pending => "pending",
            Verdict::Denied => "denied",
            Verdict::Error => "cannot evaluate",
        })
    }
}

/// A state of things that should not be, found by looking at a forge or at the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// A protected branch holds what no decision let pass.
    NoVerdict,
    /// Somebody else wrote a status by the gate's name.
    ForeignStatus,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Finding::NoVerdict => "came in without a passing verdict",
            Finding::ForeignStatus => "somebody else wrote the gate's status",
        })
    }
}

/// The reason for which documents were removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// A person who may have data removed ordered it.
    Request,
    /// They were kept for as long as they are to be.
    Retention,
}

impl Entry {
    /// Its bytes: compact JSON, keys in the order of the fields above.
    ///
    /// # Errors
    /// Never for an entry that can be read back.
    pub fn bytes(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// The place that the entry is about.
    pub fn place(&self) -> Place {
        Place {
            repository: self.repository.clone(),
            target: self.target.clone(),
            change: self.change.clone(),
            head: self.head.clone(),
        }
    }

    /// The documents that it names, each with what it is.
    pub fn documents(&self) -> Vec<(Role, &str)> {
        match &self.event {
            Event::Decision(made) => {
                let always = [
                    (Role::Request, made.request.as_str()),
                    (Role::Answer, &made.answer),
                    (Role::Component, &made.component),
                ];
                let approvers = made.approvers.as_deref().map(|digest| (Role::Approvers, digest));
                always.into_iter().chain(approvers).collect()
            }
            Event::Finding { detail, .. } => {
                detail.as_deref().map(|digest| (Role::Detail, digest)).into_iter().collect()
            }
            Event::Removal { order, .. } => {
                order.as_deref().map(|digest| (Role::Order, digest)).into_iter().collect()
            }
            Event::Merge { .. } | Event::Settled { .. } => Vec::new(),
        }
    }

    /// The decision, where it tells of one.
    pub fn made(&self) -> Option<&Made> {
        match &self.event {
            Event::Decision(made) => Some(made),
            _ => None,
        }
    }

    /// The time of the entry, as a moment to compare.
    pub fn when(&self) -> Option<When> {
        When::parse(&self.at)
    }
}

/// A ref as a person says it: a branch by its name alone.
pub fn branch(target: &str) -> &str {
    target.strip_prefix("refs/heads/").unwrap_or(target)
}

/// The hash of an entry's bytes.
pub fn hash(body: &str) -> String {
    sha256_hex(body.as_bytes())
}
