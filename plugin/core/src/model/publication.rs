//! What a host does with an answer, so that every host does the same and words nothing.

use serde::Serialize;

use super::json::{object, words};

/// What a host does with an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Publication {
    /// Whether anybody asked to guard the target. Where nobody did, a host keeps no record and speaks to nobody unasked.
    pub gated: bool,
    /// The status of the head.
    pub status: GateStatus,
    /// The logins of those who are to be asked for a review.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ask: Vec<String>,
    /// Whether the gate takes back its own requests for reviews that nobody answered.
    pub take_back: bool,
    /// Whether a comment is written where the gate wrote none before. One that stands is kept up to date in any case.
    pub comment: bool,
    /// What the gate writes into a review of its own that asks for changes, on a platform that is set up so; none where it takes
    /// such a review back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objection: Option<String>,
}

object!(Publication {
    "gated" => gated required,
    "status" => status required,
    "ask" => ask,
    "take_back" => take_back required,
    "comment" => comment required,
    "objection" => objection,
});

/// The status that the gate writes on a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GateStatus {
    /// The state of the status.
    pub state: StatusState,
    /// One line of up to 200 characters, in which nothing deceives.
    pub description: String,
    /// The line that is written instead where other changes bring the same commit, which has one status for all of them: it says
    /// of which change it speaks. None where the change has no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<String>,
}

object!(GateStatus {
    "state" => state required,
    "description" => description required,
    "shared" => shared,
});

/// What a status says to the platform.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum StatusState {
    /// The gate lets the change pass.
    Success,
    /// Something is missing that can still come.
    Pending,
    /// A rule or a person refuses it.
    Failure,
    /// The change could not be evaluated.
    #[default]
    Error,
}

words!(StatusState {
    "success" => Success,
    "pending" => Pending,
    "failure" => Failure,
    "error" => Error,
});
