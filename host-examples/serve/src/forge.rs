//! What a service asks of a forge.

use std::time::Duration;

use countersign_api::ApiError;
use countersign_audit::Place;
use countersign_core::model::{BranchState, BranchVerdict, GateStatus, ObjectId, PassedMove, StatusState};
use countersign_host::collect::CollectError;
use countersign_host::judged::Judged;
use countersign_host::module::Module;
use serde::{Deserialize, Serialize};

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
            | Subject::Repository { repository } => repository,
        }
    }

    /// What is done in order: two jobs of one lane never run at once.
    pub fn lane(&self) -> String {
        match self {
            Subject::Change { repository, number } => format!("{repository}#{number}"),
            Subject::Branch { repository, target } => format!("{repository}@{target}"),
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

/// Why the forge gave no answer.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct ForgeError {
    /// Why.
    pub reason: String,
    /// When the forge wants to be asked again.
    pub retry_after: Option<Duration>,
}

impl From<CollectError> for ForgeError {
    fn from(error: CollectError) -> Self {
        ForgeError { reason: error.to_string(), retry_after: None }
    }
}

impl From<ApiError> for ForgeError {
    fn from(error: ApiError) -> Self {
        ForgeError { retry_after: error.retry_after(), reason: error.to_string() }
    }
}

/// What earlier evaluations left behind, for the requests to come.
pub trait Memory {
    /// What is remembered of each branch of a repository, with what is open of those that are named. What a hook left is part of it.
    ///
    /// # Errors
    /// When the trail cannot be read.
    fn branches(&mut self, repository: &str, open_of: &[&str]) -> anyhow::Result<Vec<BranchState<'static>>>;

    /// The moves of a branch that passed, newest first: those since an entry, and a few before it.
    ///
    /// # Errors
    /// When the trail cannot be read.
    fn passed(
        &mut self,
        repository: &str,
        target: &str,
        since: u64,
    ) -> anyhow::Result<Vec<PassedMove<'static>>>;

    /// Whether any branch of a repository was seen before.
    ///
    /// # Errors
    /// When the trail cannot be read.
    fn watches(&mut self, repository: &str) -> anyhow::Result<bool>;

    /// The forge's name for the gate's own comment on a change, where one was written.
    ///
    /// # Errors
    /// When the database fails.
    fn comment(&mut self, repository: &str, change: &str) -> anyhow::Result<Option<String>>;

    /// Keeps that name.
    ///
    /// # Errors
    /// When the database fails.
    fn keep_comment(&mut self, repository: &str, change: &str, id: &str) -> anyhow::Result<()>;

    /// Answers given in other changes: question, digest, change.
    ///
    /// # Errors
    /// When the trail cannot be read.
    fn answers(
        &mut self,
        repository: &str,
        change: &str,
    ) -> anyhow::Result<countersign_audit::trail::Answers>;
}

/// A branch as it stands, and what became of it.
#[derive(Debug)]
pub struct Looked {
    /// Where it stands.
    pub tip: ObjectId<'static>,
    /// What the module says of it.
    pub verdict: BranchVerdict,
    /// The ranges whose decisions stand, oldest first.
    pub judged: Vec<Judged>,
}

/// What the status of a commit says.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Which it is.
    pub state: StatusState,
    /// Its one line.
    pub description: String,
    /// The page of the decision that it speaks of.
    pub page: String,
}

impl Shown {
    /// The status of a change of its own.
    pub fn own(status: GateStatus, page: String) -> Self {
        Shown { state: status.state, description: status.description, page }
    }

    /// The status of another change that brings the same commit.
    pub fn shared(status: GateStatus, page: String) -> Self {
        let GateStatus { state, description, shared } = status;
        Shown { state, description: shared.unwrap_or(description), page }
    }
}

/// What was found when a decision was published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Published {
    /// Somebody else wrote the gate's status: who, and what.
    pub foreign_status: Option<String>,
}

/// A look at what is open in a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// Its changes, and its branches that anybody guards.
    pub open: Vec<Subject>,
    /// There are more branches, which the next look sees.
    pub more: bool,
}

/// A forge: collects facts, and publishes what the module says. It decides nothing.
pub trait Forge: Send + Sync + 'static {
    /// Checks a webhook and reads what it is about, and nothing else: everything is read again from the API.
    ///
    /// # Errors
    /// Why it is refused.
    fn receive(&self, header: &dyn Fn(&str) -> Option<String>, body: &[u8]) -> Result<Delivery, Refusal>;

    /// SHA-256 of the component that decides.
    fn component(&self) -> &str;

    /// The module that decides, and words what it decided.
    fn module(&self) -> &Module;

    /// How long its answers have been waited for since the start.
    fn waited(&self) -> Duration;

    /// Whether the forge answers.
    ///
    /// # Errors
    /// When it does not.
    fn ready(&self) -> Result<(), ForgeError>;

    /// What is open in a repository. One look takes a bounded time, and goes on where the last one ended.
    ///
    /// # Errors
    /// When the forge does not say.
    fn open(&self, repository: &str) -> Result<Look, ForgeError>;

    /// The forge's number of a repository, which no other ever gets; none where there is no such repository, or none by this name
    /// any more, or none that the gate may see.
    ///
    /// # Errors
    /// When the forge does not say.
    fn number(&self, repository: &str) -> Result<Option<String>, ForgeError>;

    /// Judges a change that is open; none for one that is closed.
    ///
    /// # Errors
    /// When the forge does not answer.
    fn judge(
        &self,
        repository: &str,
        number: u64,
        memory: &mut dyn Memory,
    ) -> Result<Option<Judged>, ForgeError>;

    /// Who may do more in a repository than read; none where the forge does not say.
    ///
    /// # Errors
    /// When the forge does not answer.
    fn writers(&self, repository: &str) -> Result<Option<Vec<String>>, ForgeError>;

    /// Shows a decision where people work: one comment, requests for reviews, and `shown` as the status of its commit. Reads
    /// before it writes, so that doing it twice changes nothing.
    ///
    /// # Errors
    /// When the forge does not answer.
    fn publish(
        &self,
        place: &Place,
        judged: &Judged,
        shown: &Shown,
        memory: &mut dyn Memory,
    ) -> Result<Published, ForgeError>;

    /// Says on a change that it cannot be judged, and why, where that lasts.
    ///
    /// # Errors
    /// When the forge does not answer.
    fn say_fault(&self, repository: &str, number: u64, why: &str, page: &str) -> Result<(), ForgeError>;

    /// Where a branch stands; none when there is no such branch.
    ///
    /// # Errors
    /// When the forge does not say.
    fn tip(&self, repository: &str, target: &str) -> Result<Option<String>, ForgeError>;

    /// Looks at a branch: whether what it holds was decided about, and what the module says of the rest, judged as the changes that it
    /// was. None when there is no such branch.
    ///
    /// # Errors
    /// When the forge does not answer.
    fn look_at(
        &self,
        repository: &str,
        target: &str,
        memory: &mut dyn Memory,
    ) -> Result<Option<Looked>, ForgeError>;
}
