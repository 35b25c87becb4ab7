//! Why a question to an API was not answered, and whether it may be when it is asked again.

use std::time::Duration;

use crate::paging::Doubt;

/// Why the forge gave no answer. `path` is what stands in the address behind the base of the API.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApiError {
    /// The forge could not be reached, or its answer broke off or could not be read.
    #[error("the forge did not answer {path}: {reason}")]
    Unreachable {
        /// The path that was asked.
        path: String,
        /// What the network or the reader of JSON says.
        reason: String,
    },
    /// The forge refused the question, or failed by a fault of its own.
    #[error("the forge answered {path} with status {status}{said}")]
    Refused {
        /// The path that was asked.
        path: String,
        /// The status of HTTP.
        status: u16,
        /// The message of the forge behind a colon; empty where there is none.
        said: String,
    },
    /// The forge wants to be asked less often.
    #[error("the forge is busy and answered {path} with status {status}")]
    Busy {
        /// The path that was asked.
        path: String,
        /// The status of HTTP.
        status: u16,
        /// The time after which the forge wants to be asked again, where it says one.
        retry_after: Option<Duration>,
    },
    /// The answer has more bytes than are read.
    #[error("the forge's answer to {path} is larger than {} MiB", limit >> 20)]
    TooLarge {
        /// The path that was asked.
        path: String,
        /// The bytes that are read at most.
        limit: u64,
    },
    /// A list may lack entries.
    #[error("the forge's list {path} cannot be read whole: {doubt}")]
    Doubtful {
        /// The path of the list.
        path: String,
        /// The reason to doubt it.
        doubt: Doubt,
    },
    /// The time for all questions together is over.
    #[error("the forge took too long; ask again, or look at how it is doing")]
    TooSlow,
}

impl ApiError {
    /// Whether the account may not see what was asked for, or it is not there: forges give 404 to whom they hide something from.
    pub fn is_hidden(&self) -> bool {
        matches!(self, ApiError::Refused { status: 401 | 403 | 404, .. })
    }

    /// Whether nothing of this name is there, or nothing that the account may see, or it has another name now: the forge then sends
    /// whoever asks elsewhere.
    pub fn is_missing(&self) -> bool {
        matches!(self, ApiError::Refused { status: 301 | 302 | 307 | 308 | 404, .. })
    }

    /// Whether the same question may be answered later.
    pub fn passes(&self) -> bool {
        match self {
            ApiError::Unreachable { .. } | ApiError::Busy { .. } | ApiError::TooSlow => true,
            ApiError::Refused { status, .. } => *status >= 500,
            ApiError::Doubtful { doubt, .. } => *doubt == Doubt::Moved,
            ApiError::TooLarge { .. } => false,
        }
    }

    /// Whether the forge failed for a moment, so that the same question may be answered at once.
    pub(crate) fn is_momentary(&self) -> bool {
        match self {
            ApiError::Unreachable { .. } | ApiError::Busy { .. } => true,
            ApiError::Refused { status, .. } => *status >= 500,
            ApiError::Doubtful { .. } | ApiError::TooLarge { .. } | ApiError::TooSlow => false,
        }
    }

    /// The time after which the forge wants to be asked again, where it says one.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            ApiError::Busy { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
