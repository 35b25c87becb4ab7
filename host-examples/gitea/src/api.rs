//! Gitea's API, as far as facts are read from it. Every field may be missing: Forgejo and other versions differ.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use countersign_core::model::{Account, When};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::paging::{Doubt, Entry, Piece};

/// Bytes of an answer.
pub(crate) const ANSWER_BYTES: u64 = 32 << 20;

/// Bytes of an answer that comes no smaller: anybody may write comments of some megabytes, and JSON makes six bytes of one.
const LARGE_BYTES: u64 = 256 << 20;

/// Held while such an answer is read, so that a machine's memory holds one.
static LARGE: Mutex<()> = Mutex::new(());

/// How often something is looked for that the forge writes a moment late, and how long in between.
const LOOKS: usize = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// Seconds after which nothing is late any more.
const LATELY: i64 = 60;

/// Why the forge gave no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApiError {
    /// It could not be asked.
    #[error("the forge did not answer {path}: {reason}")]
    Unreachable {
        /// What was asked.
        path: String,
        /// Why.
        reason: String,
    },
    /// It refused.
    #[error("the forge answered {path} with status {status}{said}")]
    Refused {
        /// What was asked.
        path: String,
        /// The status of HTTP.
        status: u16,
        /// What it said, with a colon before it.
        said: String,
    },
    /// It wants to be asked less.
    #[error("the forge is busy and answered {path} with status {status}")]
    Busy {
        /// What was asked.
        path: String,
        /// The status of HTTP.
        status: u16,
        /// When it wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// It says more than is read.
    #[error("the forge's answer to {path} is larger than {} MiB", limit >> 20)]
    TooLarge {
        /// What was asked.
        path: String,
        /// Bytes that are read.
        limit: u64,
    },
    /// A list may lack entries.
    #[error("the forge's list {path} cannot be read whole: {doubt}")]
    Doubtful {
        /// What was asked.
        path: String,
        /// Why.
        doubt: Doubt,
    },
    /// The time for all questions is over.
    #[error("the forge took too long; ask again, or look at how it is doing")]
    TooSlow,
}

impl ApiError {
    /// Whether the account may not see it, or it is not there: the forge gives 404 to whom it hides something from.
    pub fn is_hidden(&self) -> bool {
        matches!(self, ApiError::Refused { status: 401 | 403 | 404, .. })
    }

    /// Whether nothing of this name is there, or none that the account may see, or it has another name now: the forge then sends
    /// whoever asks elsewhere.
    pub fn is_missing(&self) -> bool {
        matches!(self, ApiError::Refused { status: 301 | 302 | 307 | 308 | 404, .. })
    }

    /// Whether it may answer when it is asked again.
    pub fn passes(&self) -> bool {
        match self {
            ApiError::Unreachable { .. } | ApiError::Busy { .. } | ApiError::TooSlow => true,
            ApiError::Refused { status, .. } => *status >= 500,
            ApiError::Doubtful { doubt, .. } => *doubt == Doubt::Moved,
            ApiError::TooLarge { .. } => false,
        }
    }

    /// When the forge wants to be asked again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            ApiError::Busy { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// A forge, with the token of the account that reads it. Its address comes from the configuration and never from what the
/// forge or a payload says.
#[derive(Clone)]
pub struct Api {
    agent: ureq::Agent,
    root: String,
    token: String,
    until: Instant,
    trouble: Arc<OnceLock<String>>,
    waited: Arc<AtomicU64>,
    page_cap: Arc<OnceLock<usize>>,
}

/// What an answer holds.
struct Answer {
    body: Vec<u8>,
    /// The header `X-Total-Count`.
    total: Option<usize>,
}

impl Api {
    /// A client that answers or fails within this time, whatever it is asked.
    pub fn new(root: &str, token: &str, within: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            // A redirect would take the token elsewhere.
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("countersign-gitea/", env!("CARGO_PKG_VERSION")));
        Api {
            agent: config.build().into(),
            root: root.trim_end_matches('/').to_owned(),
            token: token.trim().to_owned(),
            until: Instant::now() + within,
            trouble: Arc::default(),
            waited: Arc::default(),
            page_cap: Arc::default(),
        }
    }

    /// How long answers were waited for, by this and by all that were made of it.
    pub fn waited(&self) -> Duration {
        Duration::from_micros(self.waited.load(Ordering::Relaxed))
    }

    /// Counts time that the forge took.
    pub fn wait<T>(&self, ask: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let answer = ask();
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.waited.fetch_add(micros, Ordering::Relaxed);
        answer
    }

    /// Reads what the forge writes a moment late, until what is looked for is there, or nothing that happened lately can be late any
    /// more. What happened at no known time may have happened just now.
    ///
    /// # Errors
    /// When the forge does not give it.
    pub fn await_late<T>(
        &self,
        happened: Option<When>,
        now: When,
        mut read: impl FnMut() -> Result<T, ApiError>,
        is_there: impl Fn(&T) -> bool,
    ) -> Result<T, ApiError> {
        let may_be_late = happened.is_none_or(|at| at.seconds_until(now) <= LATELY);
        let mut answer = read()?;
        for _ in 0..if may_be_late { LOOKS } else { 0 } {
            if is_there(&answer) {
                break;
            }
            self.wait(|| std::thread::sleep(PAUSE));
            answer = read()?;
        }
        Ok(answer)
    }

    /// The same, with time of its own.
    pub fn within(&self, time: Duration) -> Self {
        Api { until: Instant::now() + time, trouble: Arc::default(), ..self.clone() }
    }

    /// Remembers why an answer failed, where it may come when it is asked for again.
    pub(crate) fn noted(&self, error: ApiError) -> ApiError {
        if error.passes() {
            let _ = self.trouble.set(error.to_string());
        }
        error
    }

    /// Why the first answer failed that may come when it is asked for again.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.get().map(String::as_str)
    }

    /// The forge's root, without a slash at the end.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// What the header `Authorization` says.
    pub fn authorization(&self) -> String {
        format!("token {}", self.token)
    }

    /// Reads one document.
    ///
    /// # Errors
    /// When the forge does not give it.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        parsed(path, &self.ask("GET", path, None, ANSWER_BYTES)?)
    }

    /// Reads a list that comes in one answer, whatever is asked for.
    ///
    /// # Errors
    /// When the forge does not give it.
    pub fn list_at_once<T: Entry>(&self, path: &str) -> Result<Vec<T>, ApiError> {
        let piece = match self.piece(path) {
            Err(ApiError::TooLarge { .. }) => self.large_piece(path)?,
            piece => piece?,
        };
        Ok(piece.entries)
    }

    /// Reads a part of a list.
    ///
    /// # Errors
    /// When the forge does not give it.
    pub(crate) fn piece<T: Entry>(&self, path: &str) -> Result<Piece<T>, ApiError> {
        self.piece_within(path, ANSWER_BYTES)
    }

    /// Reads a part of a list that comes no smaller.
    ///
    /// # Errors
    /// When the forge does not give it.
    pub(crate) fn large_piece<T: Entry>(&self, path: &str) -> Result<Piece<T>, ApiError> {
        let _alone = LARGE.lock().unwrap_or_else(PoisonError::into_inner);
        self.piece_within(path, LARGE_BYTES)
    }

    fn piece_within<T: Entry>(&self, path: &str, limit: u64) -> Result<Piece<T>, ApiError> {
        let answer = self.ask("GET", path, None, limit)?;
        let entries: Option<Vec<T>> = parsed(path, &answer)?;
        let mut entries = entries.unwrap_or_default();
        entries.iter_mut().for_each(Entry::settle);
        Ok(Piece { entries, total: answer.total, bytes: answer.body.len() })
    }

    /// Entries that the forge gives at most at once.
    ///
    /// # Errors
    /// When the forge does not say.
    pub(crate) fn page_cap(&self) -> Result<usize, ApiError> {
        if let Some(cap) = self.page_cap.get() {
            return Ok(*cap);
        }
        let settings: ApiSettings = self.get("/settings/api")?;
        Ok(*self.page_cap.get_or_init(|| settings.max_response_items))
    }

    /// Writes, and reads what the forge answers; nothing where it answers nothing.
    ///
    /// # Errors
    /// When the forge does not do it.
    pub fn send<T: DeserializeOwned + Default>(
        &self,
        method: &str,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> Result<T, ApiError> {
        let answer = self.ask(method, path, body, ANSWER_BYTES)?;
        Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&serde_json::Value>,
        limit: u64,
    ) -> Result<Answer, ApiError> {
        let answer = self.wait(|| self.try_ask(method, path, body, limit));
        answer.map_err(|error| self.noted(error))
    }

    fn try_ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&serde_json::Value>,
        limit: u64,
    ) -> Result<Answer, ApiError> {
        let left = self.until.checked_duration_since(Instant::now()).ok_or(ApiError::TooSlow)?;
        let unreachable = |e: &dyn std::fmt::Display| ApiError::Unreachable {
            path: path.to_owned(),
            reason: e.to_string(),
        };
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}/api/v1{path}", self.root))
            .header("Authorization", self.authorization())
            .header("Accept", "application/json")
            .header("Content-Type", "application/json")
            .body(body.map(ToString::to_string).unwrap_or_default())
            .map_err(|e| unreachable(&e))?;
        let request = self.agent.configure_request(request).timeout_global(Some(left)).build();
        let failed = |e: ureq::Error| match e {
            ureq::Error::Timeout(_) => ApiError::TooSlow,
            ureq::Error::BodyExceedsLimit(limit) => ApiError::TooLarge { path: path.to_owned(), limit },
            e => unreachable(&e),
        };
        let mut answer = self.agent.run(request).map_err(failed)?;
        let status = answer.status().as_u16();
        if matches!(status, 429 | 503) {
            let after = answer.headers().get("Retry-After").and_then(|value| value.to_str().ok());
            let retry_after = after.and_then(|value| value.trim().parse().ok()).map(Duration::from_secs);
            return Err(ApiError::Busy { path: path.to_owned(), status, retry_after });
        }
        let total = answer.headers().get("X-Total-Count").and_then(|value| value.to_str().ok()?.parse().ok());
        let body = answer.body_mut().with_config().limit(limit).read_to_vec().map_err(failed)?;
        if !(200..300).contains(&status) {
            let said: Refusal = serde_json::from_slice(&body).unwrap_or_default();
            let said = if said.message.is_empty() { String::new() } else { format!(": {}", said.message) };
            return Err(ApiError::Refused { path: path.to_owned(), status, said });
        }
        Ok(Answer { body, total })
    }
}

fn parsed<T: DeserializeOwned>(path: &str, answer: &Answer) -> Result<T, ApiError> {
    serde_json::from_slice(&answer.body)
        .map_err(|e| ApiError::Unreachable { path: path.to_owned(), reason: e.to_string() })
}

macro_rules! entry {
    ($($of:ty: $id:ident $(, then $settle:ident)?;)+) => {
        $(impl Entry for $of {
            fn id(&self) -> String {
                self.$id.to_string()
            }
            $(fn settle(&mut self) {
                self.$settle();
            })?
        })+
    };
}

entry!(
    Review: id;
    Comment: id;
    Event: id, then forget_words;
    Activity: id, then read_content;
    Team: id;
    User: id;
    Status: id;
    PullCommit: sha;
    Pull: id, then forget_words;
);

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ApiSettings {
    max_response_items: usize,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    message: String,
}

/// An account.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct User {
    pub id: i64,
    pub login: String,
}

impl User {
    /// Whether the account is there: what one that was deleted did is ghost's.
    pub fn is_known(&self) -> bool {
        const GHOST: i64 = -1;
        !self.login.is_empty() && !matches!(self.id, 0 | GHOST)
    }
}

/// An account as a request names it.
pub fn account(user: &User) -> Account<'static> {
    Account { id: Some(user.id.to_string().into()), login: Some(user.login.clone().into()), email: None }
}

/// A pull request.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Pull {
    pub id: i64,
    pub number: u64,
    pub state: String,
    pub title: String,
    pub body: String,
    pub user: Option<User>,
    pub labels: Option<Vec<Label>>,
    pub draft: bool,
    pub head: Branch,
    pub base: Branch,
    pub created_at: String,
    pub updated_at: String,
    /// The commit that the base branch gained last by it, once merged.
    pub merge_commit_sha: Option<String>,
    /// Where its commits begin.
    pub merge_base: Option<String>,
    pub merged: bool,
    /// How often the description was edited; Forgejo does not say.
    pub content_version: Option<u64>,
}

impl Pull {
    /// A list of pull requests is read for their numbers.
    fn forget_words(&mut self) {
        self.body = String::new();
    }
}

/// A side of a pull request.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Branch {
    /// What it stands at; of a branch that is gone, where the forge keeps what it held.
    #[serde(rename = "ref")]
    pub name: String,
    /// The branch, also once it is gone; empty for a pull request that was pushed as such.
    pub label: String,
    pub sha: String,
    pub repo: Option<Repository>,
}

impl Branch {
    /// The branch; none for a pull request that was pushed as such, by AGit.
    pub fn branch(&self) -> Option<&str> {
        Some(self.label.as_str()).filter(|label| !label.is_empty())
    }
}

/// What the forge answers about refs by the beginning of their names.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum GitRefs {
    /// Several, or one in a list.
    Many(Vec<GitRef>),
    /// The one that has just this name.
    One(GitRef),
}

/// A ref, with what it points at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct GitRef {
    #[serde(rename = "ref")]
    pub name: String,
    pub object: GitObject,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct GitObject {
    pub sha: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Repository {
    pub id: i64,
    pub full_name: String,
    pub default_branch: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Label {
    pub name: String,
}

/// A review. It keeps its original words, whatever the page shows.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Review {
    pub id: i64,
    pub user: Option<User>,
    pub state: String,
    pub body: String,
    pub commit_id: String,
    pub dismissed: bool,
    pub submitted_at: String,
    pub updated_at: String,
}

/// A comment. Everybody who may write to the repository can change it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Comment {
    pub id: i64,
    pub user: Option<User>,
    pub body: String,
    pub created_at: String,
    pub updated_at: String,
}

/// An event of the timeline.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Event {
    pub id: i64,
    #[serde(rename = "type")]
    pub kind: String,
    pub user: Option<User>,
    pub body: String,
    pub created_at: String,
    pub review_id: i64,
    /// Whom a request for a review names.
    pub assignee: Option<User>,
    pub old_ref: String,
    pub new_ref: String,
}

impl Event {
    /// What an event of that kind says of its commits; nothing for any other.
    pub fn push(&self) -> PullPush {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The words of comments and reviews are read elsewhere.
    fn forget_words(&mut self) {
        if self.kind != PULL_PUSH {
            self.body = String::new();
        }
    }
}

/// The kind of an event that tells of commits which came to a pull request.
pub const PULL_PUSH: &str = "pull_push";

/// What the body of a `pull_push` event holds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PullPush {
    pub is_force_push: bool,
    pub commit_ids: Vec<String>,
}

/// An entry of the feed of a repository.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Activity {
    pub id: i64,
    pub op_type: String,
    pub act_user: Option<User>,
    pub ref_name: String,
    pub comment_id: i64,
    pub content: String,
    pub created: String,
    /// What the content says of a push; nothing where it was too long to be kept, or there was none.
    #[serde(skip)]
    pub push: Option<PushedCommits>,
}

/// The kind of an entry of the feed that tells of a push, or, without content, that a branch was made.
pub const COMMIT_REPO: &str = "commit_repo";

impl Activity {
    fn read_content(&mut self) {
        if self.op_type == COMMIT_REPO {
            self.push = serde_json::from_str(&self.content).ok();
        }
    }
}

/// What the content of a `commit_repo` activity holds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct PushedCommits {
    pub head_commit: PushedCommit,
    /// `OWNER/NAME/compare/OLD...NEW`. For a branch that the push made, OLD is what its first new commit stands on, or the name of
    /// the default branch where it has no new one.
    #[serde(rename = "CompareURL")]
    pub compare_url: String,
    /// Commits of the push; for a branch that it made, at most ten.
    pub len: usize,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct PushedCommit {
    pub sha1: String,
}

/// A commit of a pull request, with the accounts that the forge maps its addresses to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PullCommit {
    pub sha: String,
    pub author: Option<User>,
    pub committer: Option<User>,
}

/// A team of an organisation.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Team {
    pub id: i64,
    pub name: String,
    /// What its members may do, by the part of a repository.
    pub units_map: Option<BTreeMap<String, String>>,
}

/// A status of a commit.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Status {
    pub id: i64,
    pub context: String,
    pub status: String,
    pub description: String,
    pub target_url: String,
    pub creator: Option<User>,
    pub created_at: String,
}

/// What somebody may do in a repository.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Permission {
    pub permission: String,
}
