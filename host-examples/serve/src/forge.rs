//! A forge, as data and writes: what it says of a repository, its changes and what stands on them, and one write at a time. It decides
//! nothing, plans nothing, and words nothing.

use std::time::Duration;

use countersign_api::ApiError;
use countersign_core::model::{ObjectId, StatusState};
use countersign_host::forge::ForgeChange;
use countersign_host::git::Remote;
use serde::{Deserialize, Serialize};

/// The context of the gate's statuses: the name under which a forge lists them, and can require them.
pub const CONTEXT: &str = "countersign";

/// What is judged.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Subject {
    /// A change that is proposed.
    Change {
        /// The repository, `owner/name`.
        repository: String,
        /// Its number.
        number: u64,
    },
    /// What a branch gained.
    Branch {
        /// The repository, `owner/name`.
        repository: String,
        /// The ref, by full name.
        target: String,
    },
    /// The branches of a repository that moved since they were looked at last, and the changes that they concern.
    Branches {
        /// The repository, `owner/name`.
        repository: String,
    },
    /// The changes that bring a commit of which somebody else than the gate wrote a status.
    Status {
        /// The repository, `owner/name`.
        repository: String,
        /// The commit.
        head: String,
        /// Whether it was written in the gate's context.
        as_gate: bool,
    },
    /// Everything of a repository.
    Repository {
        /// The repository, `owner/name`.
        repository: String,
    },
}

impl Subject {
    /// The repository, `owner/name`.
    pub fn repository(&self) -> &str {
        match self {
            Subject::Change { repository, .. }
            | Subject::Branch { repository, .. }
            | Subject::Branches { repository }
            | Subject::Status { repository, .. }
            | Subject::Repository { repository } => repository,
        }
    }

    /// What is done in order: two jobs of one lane never run at once.
    pub fn lane(&self) -> String {
        match self {
            Subject::Change { repository, number } => format!("{repository}#{number}"),
            Subject::Branch { repository, target } => format!("{repository}@{target}"),
            // No branch has such a name, and no commit either.
            Subject::Branches { repository } => format!("{repository}@*"),
            Subject::Status { repository, head, as_gate: false } => format!("{repository}@{head}"),
            Subject::Status { repository, head, as_gate: true } => format!("{repository}@{head}*"),
            Subject::Repository { repository } => repository.clone(),
        }
    }
}

/// A webhook that is what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The forge's own name for it.
    pub id: String,
    /// What may have changed.
    pub subjects: Vec<Subject>,
}

/// Why a webhook is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing proves that the forge sent it.
    #[error("the signature is missing or wrong: the webhook and this service must share one secret")]
    Forged,
    /// It came before.
    #[error("this delivery was taken before; a replay says nothing new")]
    Replayed,
    /// It is too large.
    #[error("the body is larger than any event that is read")]
    Oversized,
    /// It cannot be read.
    #[error("the body is no event of this forge")]
    Malformed,
}

/// Why a forge gave no answer, or did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct ForgeError {
    /// What was asked and what came instead, for a person.
    pub reason: String,
    /// When the forge wants to be asked again.
    pub retry_after: Option<Duration>,
    /// Whether asking again could give another answer. What a forge refused for good, it refuses again.
    pub may_pass: bool,
}

impl From<ApiError> for ForgeError {
    fn from(error: ApiError) -> Self {
        ForgeError { retry_after: error.retry_after(), may_pass: error.passes(), reason: error.to_string() }
    }
}

/// A forge.
pub trait Forge: Send + Sync + 'static {
    /// The name of its software, such as `gitea`.
    fn software(&self) -> &'static str;

    /// Checks a webhook and reads what it is about, and nothing else: everything is read again from the API.
    ///
    /// # Errors
    /// Why it is refused.
    fn receive(&self, header: &dyn Fn(&str) -> Option<String>, body: &[u8]) -> Result<Delivery, Refusal>;

    /// How long the answers of its API have been waited for since the start.
    fn waited(&self) -> Duration;

    /// A client whose questions and writes together take no longer than this.
    fn client(&self, within: Duration) -> Box<dyn Client + '_>;
}

/// A forge that is asked for one purpose, within a time.
pub trait Client {
    /// Whether the forge answers.
    ///
    /// # Errors
    /// When it does not.
    fn ready(&self) -> Result<(), ForgeError>;

    /// The forge's number of a repository, which no other ever gets; none where there is no such repository, or none by this name
    /// any more, or none that the gate may see.
    ///
    /// # Errors
    /// When the forge does not say.
    fn repository_id(&self, repository: &str) -> Result<Option<String>, ForgeError>;

    /// Where git finds a repository.
    fn remote(&self, repository: &str) -> Remote;

    /// The numbers of the changes of a repository that are open.
    ///
    /// # Errors
    /// When the forge does not say of all of them.
    fn open(&self, repository: &str) -> Result<Vec<u64>, ForgeError>;

    /// A change.
    ///
    /// # Errors
    /// When the forge does not give it.
    fn change(&self, repository: &str, number: u64) -> Result<Box<dyn ForgeChange + '_>, ForgeError>;

    /// The change by which a commit came into a repository, or which proposes it; none where the forge knows of none.
    ///
    /// # Errors
    /// When the forge does not say.
    fn change_of(
        &self,
        repository: &str,
        commit: &ObjectId<'_>,
    ) -> Result<Option<Box<dyn ForgeChange + '_>>, ForgeError>;

    /// The logins of those who may do more in a repository than read; none where the forge does not say.
    ///
    /// # Errors
    /// When the forge does not answer for now.
    fn writers(&self, repository: &str) -> Result<Option<Vec<String>>, ForgeError>;

    /// The newest status of a commit in the gate's context, whoever wrote it; none where there is none, or where others wrote so many
    /// statuses that it cannot be found.
    ///
    /// # Errors
    /// When the forge does not say.
    fn status(&self, repository: &str, head: &str) -> Result<Option<StandingStatus>, ForgeError>;

    /// What stands on a change under the gate's account, and who is asked for a review. Who asked for those reviews is read where
    /// `requesters` says so: it takes longer.
    ///
    /// # Errors
    /// When the forge does not say.
    fn standing(&self, repository: &str, number: u64, requesters: bool) -> Result<Standing, ForgeError>;

    /// Writes once, and gives the forge's name for a comment that was made.
    ///
    /// # Errors
    /// When the forge does not do it.
    fn write(&self, write: &Write<'_>) -> Result<Option<String>, ForgeError>;

    /// Why the first answer failed, of those that may come when they are asked for again. What was made of the others then lacks a fact
    /// for a moment only.
    fn trouble(&self) -> Option<String>;
}

/// A status of a commit in the gate's context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingStatus {
    /// Its state, in the words of the contract where it has one for it.
    pub state: String,
    /// Its line.
    pub description: String,
    /// Where it leads.
    pub page: String,
    /// Who wrote it.
    pub by: Writer,
}

/// Who wrote something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writer {
    /// The gate's own account.
    Gate,
    /// Another account, by its login.
    Other(String),
    /// An account, while the gate's own is not known yet.
    Unknown,
}

/// What stands on a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The comments under the gate's account, oldest first.
    pub comments: Vec<StandingComment>,
    /// Those who are asked for a review and gave none since.
    pub requests: Vec<ReviewRequest>,
    /// The reviews under the gate's account that ask for changes.
    pub objections: Vec<StandingObjection>,
}

/// A comment under the gate's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingComment {
    /// The forge's name for it.
    pub id: String,
    /// Its words, which others may have changed.
    pub body: String,
}

/// Somebody who is asked for a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRequest {
    /// The login of whoever is asked.
    pub login: String,
    /// Whether the gate asked; not read unless it is asked for.
    pub by_gate: bool,
}

/// A review under the gate's account that asks for changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingObjection {
    /// The forge's name for it.
    pub id: String,
    /// Its words.
    pub body: String,
    /// Whether somebody took its weight away.
    pub dismissed: bool,
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write<'p> {
    /// The repository, `owner/name`.
    pub repository: &'p str,
    /// The change that is written to; none where a commit is.
    pub number: Option<u64>,
    /// The commit that is written about.
    pub head: &'p str,
    /// What is written.
    pub what: What,
}

/// What is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A status of the commit in the gate's context.
    Status(Shown),
    /// A new comment.
    Comment(String),
    /// Other words in a comment of the gate's own.
    Rewrite {
        /// The forge's name for the comment.
        id: String,
        /// The words.
        body: String,
    },
    /// A request for a review.
    Ask(String),
    /// The end of a request for a review.
    TakeBack(String),
    /// A review that asks for changes, with these words.
    Object(String),
    /// The end of such a review.
    Lift(String),
}

/// What the status of a commit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its state.
    pub state: StatusState,
    /// Its one line.
    pub description: String,
    /// The page of the decision that it speaks of.
    pub page: String,
}
