//! Questions to an API, each answered or failed within a bounded time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use countersign_core::model::When;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::dialect::{AUTHORIZATION, Credential, Dialect};
use crate::error::ApiError;
use crate::paging::{Entry, Piece};

/// Bytes of an answer.
pub(crate) const ANSWER_BYTES: u64 = 32 << 20;

/// Bytes of an answer that comes no smaller: anybody may write comments of some megabytes, and JSON makes six bytes of one.
const LARGE_BYTES: u64 = 256 << 20;

/// Held while such an answer is read, so that a machine's memory holds one.
static LARGE: Mutex<()> = Mutex::new(());

/// How often something is looked for that the forge writes a moment late, and the time between two looks.
const LOOKS: usize = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// Seconds after which a forge has written everything that it writes late.
const LATELY: i64 = 60;

/// A forge, with the token of the account that asks it. Its address comes from the configuration and never from what the
/// forge or a payload says.
#[derive(Clone)]
pub struct Api {
    dialect: &'static Dialect,
    agent: ureq::Agent,
    root: String,
    credential: Credential,
    until: Instant,
    trouble: Arc<OnceLock<String>>,
    waited: Arc<AtomicU64>,
    page_cap: Arc<OnceLock<usize>>,
}

/// What an answer holds.
struct Answer {
    body: Vec<u8>,
    /// Entries of the whole list, as a header says.
    total: Option<usize>,
}

impl Api {
    /// A client of the forge with this root that answers or fails within this time, whatever it is asked.
    pub fn new(dialect: &'static Dialect, root: &str, credential: Credential, within: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            // A redirect would take the token elsewhere.
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(dialect.user_agent);
        Api {
            dialect,
            agent: config.build().into(),
            root: root.trim_end_matches('/').to_owned(),
            credential,
            until: Instant::now() + within,
            trouble: Arc::default(),
            waited: Arc::default(),
            page_cap: Arc::default(),
        }
    }

    /// The time that answers were waited for, by this client and by all that were made of it.
    pub fn waited(&self) -> Duration {
        Duration::from_micros(self.waited.load(Ordering::Relaxed))
    }

    /// Counts the time that the forge takes for a question of another kind, such as one of git.
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

    /// The same forge and account, with time and trouble of its own.
    pub fn within(&self, time: Duration) -> Self {
        Api { until: Instant::now() + time, trouble: Arc::default(), ..self.clone() }
    }

    /// Remembers an answer that failed and may come when it is asked for again.
    pub(crate) fn noted(&self, error: ApiError) -> ApiError {
        if error.passes() {
            let _ = self.trouble.set(error.to_string());
        }
        error
    }

    /// The first failure after which the same question may be answered later. Whoever decides by answers of which one is only late
    /// would decide by facts that are missing for a moment.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.get().map(String::as_str)
    }

    /// The forge's root, without a slash at the end.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The value of the header `Authorization`, which git may send to the same forge; none where the forge knows by another header who
    /// asks.
    pub fn authorization(&self) -> Option<String> {
        (self.credential.name() == AUTHORIZATION).then(|| self.credential.value().to_owned())
    }

    pub(crate) fn dialect(&self) -> &'static Dialect {
        self.dialect
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
        let most = self.dialect.pages.most;
        let Some(cap) = &self.dialect.pages.cap else { return Ok(most) };
        if let Some(known) = self.page_cap.get() {
            return Ok(*known);
        }
        let settings: Map<String, Value> = self.get(cap.path)?;
        let said = settings.get(cap.field).and_then(Value::as_u64).unwrap_or_default();
        let said = usize::try_from(said).unwrap_or(most).clamp(1, most);
        Ok(*self.page_cap.get_or_init(|| said))
    }

    /// Writes, and reads what the forge answers; the default where it answers nothing.
    ///
    /// # Errors
    /// When the forge does not do it.
    pub fn send<T: DeserializeOwned + Default>(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, ApiError> {
        let answer = self.ask(method, path, body, ANSWER_BYTES)?;
        Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>, limit: u64) -> Result<Answer, ApiError> {
        let answer = self.wait(|| self.try_ask(method, path, body, limit));
        answer.map_err(|error| self.noted(error))
    }

    fn try_ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        limit: u64,
    ) -> Result<Answer, ApiError> {
        let left = self.until.checked_duration_since(Instant::now()).ok_or(ApiError::TooSlow)?;
        let unreachable = |e: &dyn std::fmt::Display| ApiError::Unreachable {
            path: path.to_owned(),
            reason: e.to_string(),
        };
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{}{path}", self.root, self.dialect.base))
            .header(self.credential.name(), self.credential.value())
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
        let total = answer.headers().get(self.dialect.pages.total);
        let total = total.and_then(|value| value.to_str().ok()?.parse().ok());
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

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    message: String,
}
