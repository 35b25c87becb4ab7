//! Gitea's API, as far as facts are read from it. Every field may be missing: Forgejo and other versions differ.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Entries of a page; the server caps it.
const PAGE: usize = 50;

/// Pages that are read of one list; what has more is named as cut.
const PAGES: usize = 40;

/// Bytes of one answer.
const ANSWER_BYTES: u64 = 32 << 20;

/// Why the forge gave no answer.
#[derive(Debug, thiserror::Error)]
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
    /// The time for all questions is over.
    #[error("the forge took too long; ask again, or look at how it is doing")]
    TooSlow,
}

impl ApiError {
    /// Whether the account may not see it, or it is not there: the forge gives 404 to whom it hides something from.
    pub fn is_hidden(&self) -> bool {
        matches!(self, ApiError::Refused { status: 401 | 403 | 404, .. })
    }

    /// Whether it may answer when it is asked again.
    pub fn passes(&self) -> bool {
        match self {
            ApiError::Unreachable { .. } | ApiError::Busy { .. } | ApiError::TooSlow => true,
            ApiError::Refused { status, .. } => *status >= 500,
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
    troubled: Arc<AtomicBool>,
    waited: Arc<AtomicU64>,
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
            troubled: Arc::default(),
            waited: Arc::default(),
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

    /// The same, with time of its own.
    pub fn within(&self, time: Duration) -> Self {
        Api { until: Instant::now() + time, troubled: Arc::default(), ..self.clone() }
    }

    /// Whether an answer failed that may come when it is asked for again.
    pub fn is_troubled(&self) -> bool {
        self.troubled.load(Ordering::Relaxed)
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
        let body = self.ask("GET", path, None)?;
        serde_json::from_slice(&body)
            .map_err(|e| ApiError::Unreachable { path: path.to_owned(), reason: e.to_string() })
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
        let answer = self.ask(method, path, body)?;
        Ok(serde_json::from_slice(&answer).unwrap_or_default())
    }

    fn ask(&self, method: &str, path: &str, body: Option<&serde_json::Value>) -> Result<Vec<u8>, ApiError> {
        let answer = self.wait(|| self.try_ask(method, path, body));
        if answer.as_ref().is_err_and(ApiError::passes) {
            self.troubled.store(true, Ordering::Relaxed);
        }
        answer
    }

    fn try_ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> Result<Vec<u8>, ApiError> {
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
        let mut answer = self.agent.run(request).map_err(|e| match e {
            ureq::Error::Timeout(_) => ApiError::TooSlow,
            e => unreachable(&e),
        })?;
        let status = answer.status().as_u16();
        if matches!(status, 429 | 503) {
            let after = answer.headers().get("Retry-After").and_then(|value| value.to_str().ok());
            let retry_after = after.and_then(|value| value.trim().parse().ok()).map(Duration::from_secs);
            return Err(ApiError::Busy { path: path.to_owned(), status, retry_after });
        }
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES).read_to_vec();
        let body = body.map_err(|e| unreachable(&e))?;
        if !(200..300).contains(&status) {
            let said: Refusal = serde_json::from_slice(&body).unwrap_or_default();
            let said = if said.message.is_empty() { String::new() } else { format!(": {}", said.message) };
            return Err(ApiError::Refused { path: path.to_owned(), status, said });
        }
        Ok(body)
    }

    /// Reads one page of a list.
    ///
    /// # Errors
    /// When the forge does not give it.
    pub fn page<T: DeserializeOwned>(&self, path: &str, page: usize) -> Result<Vec<T>, ApiError> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let entries: Option<Vec<T>> = self.get(&format!("{path}{joint}limit={PAGE}&page={page}"))?;
        Ok(entries.unwrap_or_default())
    }

    /// Reads a list to its end: until a page brings nothing new. The second says whether that was reached.
    ///
    /// # Errors
    /// When the forge does not give a page.
    pub fn list<T: DeserializeOwned + HasId>(&self, path: &str) -> Result<(Vec<T>, bool), ApiError> {
        let mut all: Vec<T> = Vec::new();
        for page in 1..=PAGES {
            let entries: Vec<T> = self.page(path, page)?;
            // Some lists know no pages, and give all of it again.
            let known = entries.first().is_some_and(|entry| all.iter().any(|other| other.id() == entry.id()));
            if entries.is_empty() || known {
                return Ok((all, true));
            }
            all.extend(entries);
        }
        Ok((all, false))
    }
}

/// What tells the entries of a list apart.
pub trait HasId {
    /// Unique in its list.
    fn id(&self) -> String;
}

macro_rules! has_id {
    ($($of:ty: $field:ident),+) => {
        $(impl HasId for $of {
            fn id(&self) -> String {
                self.$field.to_string()
            }
        })+
    };
}

has_id!(
    Review: id, Comment: id, Event: id, Activity: id, Team: id, User: id, Status: id, PullCommit: sha, Pull: id
);

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

/// A pull request.
#[derive(Debug, Default, Deserialize)]
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

/// A side of a pull request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Branch {
    #[serde(rename = "ref")]
    pub name: String,
    pub sha: String,
    pub repo: Option<Repository>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Repository {
    pub id: i64,
    pub full_name: String,
    pub default_branch: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Label {
    pub name: String,
}

/// A review. It keeps its original words, whatever the page shows.
#[derive(Debug, Default, Deserialize)]
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
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Comment {
    pub id: i64,
    pub user: Option<User>,
    pub body: String,
    pub created_at: String,
    pub updated_at: String,
}

/// An event of the timeline.
#[derive(Debug, Default, Deserialize)]
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

/// What the body of a `pull_push` event holds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PullPush {
    pub is_force_push: bool,
    pub commit_ids: Vec<String>,
}

/// An entry of the feed of a repository.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Activity {
    pub id: i64,
    pub op_type: String,
    pub act_user: Option<User>,
    pub ref_name: String,
    pub content: String,
    pub created: String,
}

/// What the content of a `commit_repo` activity holds.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct PushedCommits {
    pub head_commit: PushedCommit,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct PushedCommit {
    pub sha1: String,
}

/// A commit of a pull request, with the accounts that the forge maps its addresses to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PullCommit {
    pub sha: String,
    pub author: Option<User>,
    pub committer: Option<User>,
}

/// A team of an organisation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Team {
    pub id: i64,
    pub name: String,
    /// What its members may do, by the part of a repository.
    pub units_map: Option<BTreeMap<String, String>>,
}

/// A status of a commit.
#[derive(Debug, Default, Deserialize)]
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
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Permission {
    pub permission: String,
}
