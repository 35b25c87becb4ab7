//! Questions to an API, each answered or failed within a bounded time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use countersign_core::model::When;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use ureq::http::HeaderMap;

use crate::dialect::{AUTHORIZATION, Credential, Dialect};
use crate::error::ApiError;
use crate::paging::{Entry, Next, Piece};

/// Bytes of an answer.
pub(crate) const ANSWER_BYTES: u64 = 32 << 20;

/// Bytes of an answer that comes no smaller: anybody may write comments of some megabytes, and JSON makes six bytes of one.
const LARGE_BYTES: u64 = 256 << 20;

/// Held while such an answer is read, so that a machine's memory holds one.
static LARGE: Mutex<()> = Mutex::new(());

/// The pauses before a question that changes nothing is asked again: the first failure is often that of a connection which the forge
/// closed meanwhile. What lasts longer is the caller's to wait for, who may have others to serve.
const PAUSES: [Duration; 2] = [Duration::ZERO, Duration::from_millis(250)];

/// The longest pause that a busy forge may ask for and is given at once.
const LONGEST: Duration = Duration::from_secs(1);

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
    /// The page behind this one, as the header `Link` says.
    next: Next,
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
        Ok(Piece { entries, total: answer.total, next: answer.next, bytes: answer.body.len() })
    }

    /// The path of an address of the API. Whatever server it names, the forge that is asked for it is the one that was configured.
    pub(crate) fn below_base(&self, url: &str) -> Option<String> {
        let (_, path) = url.split_once(self.dialect.base)?;
        path.starts_with('/').then(|| path.to_owned())
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

    /// Asks, and asks again where that changes nothing and the forge failed for a moment. Whether a write of which no answer came was
    /// done is for the caller to read.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>, limit: u64) -> Result<Answer, ApiError> {
        let mut pauses = PAUSES.iter().filter(|_| method == "GET");
        loop {
            let error = match self.wait(|| self.try_ask(method, path, body, limit)) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let pause = error.is_momentary().then(|| pauses.next()).flatten();
            let pause = pause.map(|pause| error.retry_after().unwrap_or(*pause));
            let left = self.until.saturating_duration_since(Instant::now());
            match pause.filter(|pause| *pause <= LONGEST && *pause < left) {
                Some(pause) => self.wait(|| std::thread::sleep(pause)),
                None => return Err(self.noted(error)),
            }
        }
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
            let retry_after = wanted_pause(answer.headers(), SystemTime::now());
            return Err(ApiError::Busy { path: path.to_owned(), status, retry_after });
        }
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let total = header(self.dialect.pages.total).and_then(|value| value.trim().parse().ok());
        let next = header("Link").map_or(Next::Unsaid, next_of);
        let body = answer.body_mut().with_config().limit(limit).read_to_vec().map_err(failed)?;
        if !(200..300).contains(&status) {
            return Err(ApiError::Refused { path: path.to_owned(), status, said: said(&body) });
        }
        Ok(Answer { body, total, next })
    }
}

fn parsed<T: DeserializeOwned>(path: &str, answer: &Answer) -> Result<T, ApiError> {
    serde_json::from_slice(&answer.body)
        .map_err(|e| ApiError::Unreachable { path: path.to_owned(), reason: e.to_string() })
}

/// The pause that a busy forge asks for: `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3), else `RateLimit-Reset`, the
/// moment at which GitLab counts anew, in seconds since 1970.
fn wanted_pause(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let until = |moment: SystemTime| moment.duration_since(now).unwrap_or_default();
    match header("Retry-After") {
        Some(value) => match value.parse() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => httpdate::parse_http_date(value).ok().map(until),
        },
        None => {
            let seconds = header("RateLimit-Reset")?.parse().ok()?;
            UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).map(until)
        }
    }
}

/// The next page in a header `Link` (RFC 8288): `<ADDRESS>; rel="next"`, among others.
fn next_of(header: &str) -> Next {
    let links = header.split('<').skip(1).filter_map(|link| link.split_once('>'));
    let is_next = |parameters: &str| {
        let mut parameters =
            parameters.split([';', ',']).filter_map(|parameter| parameter.trim().split_once('='));
        parameters.any(|(name, value)| name.eq_ignore_ascii_case("rel") && value.trim_matches('"') == "next")
    };
    let next = links.filter(|(_, parameters)| is_next(parameters)).map(|(address, _)| address).next();
    next.map_or(Next::None, |address| Next::Page(address.to_owned()))
}

/// The message of a refusal, behind a colon; empty where there is none. Gitea and GitLab write it as `message`, which may hold more than
/// a text, and GitLab as `error` where a question is malformed or a scope is missing.
fn said(body: &[u8]) -> String {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    match document.get("message").or_else(|| document.get("error")) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) if text.is_empty() => String::new(),
        Some(Value::String(text)) => format!(": {text}"),
        Some(other) => format!(": {other}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use loopback::{Answer, Loopback, Reply};

    use super::*;
    use crate::dialect::Pages;

    static DIALECT: Dialect = Dialect {
        base: "/api",
        user_agent: "test",
        pages: Pages { size: "limit", most: 50, cap: None, total: "X-Total" },
    };

    /// What the server does instead of answering.
    type Failure = fn() -> Reply;

    /// What comes of a question that fails so many times, and how often it is asked.
    fn asked(method: &str, fails: usize, failure: Failure) -> (Result<Value, ApiError>, usize) {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let server = Loopback::start(move |request| {
            assert!(request.headers.contains(&("private-token".into(), "0123".into())), "{request:?}");
            let before = counted.fetch_add(1, Ordering::Relaxed);
            if before < fails { failure() } else { Reply::Whole(Answer::json(200, "7")) }
        });
        let token = Credential::header("PRIVATE-TOKEN", "0123\n");
        let api = Api::new(&DIALECT, &server.url, token, Duration::from_secs(10));
        let body = (method != "GET").then(|| Value::from(1));
        let answer = api.ask(method, "/x", body.as_ref(), ANSWER_BYTES);
        let answer = answer.and_then(|answer| parsed("/x", &answer));
        (answer, count.load(Ordering::Relaxed))
    }

    #[test]
    fn a_question_that_changes_nothing_is_asked_again_and_a_write_is_not() {
        let failures: [(&str, Failure); 5] = [
            ("closed", || Reply::Nothing),
            ("broken off", || Reply::Half(Answer::json(200, "[1,2,3]"))),
            ("failed", || Reply::Whole(Answer::json(502, ""))),
            ("busy", || Reply::Whole(Answer::json(429, "Retry later"))),
            ("busy for no time", || Reply::Whole(Answer::json(503, "").with("Retry-After", 0))),
        ];
        for (name, failure) in failures {
            for (fails, answered) in [(0, true), (2, true), (3, false)] {
                let (answer, count) = asked("GET", fails, failure);
                assert_eq!((answer.is_ok(), count), (answered, fails.min(2) + 1), "{name}, {fails} times");
            }
            for method in ["POST", "PUT", "PATCH", "DELETE"] {
                let (answer, count) = asked(method, 1, failure);
                assert!(answer.is_err_and(|error| error.passes()) && count == 1, "{name}: {method}");
            }
        }
    }

    #[test]
    fn what_asking_again_does_not_change_is_asked_once() {
        let answers: [(&str, Failure, bool); 4] = [
            ("refused", || Reply::Whole(Answer::json(403, "")), false),
            (
                "elsewhere",
                || Reply::Whole(Answer::json(301, "").with("Location", "http://127.0.0.1:1/")),
                false,
            ),
            ("busy for a while", || Reply::Whole(Answer::json(429, "").with("Retry-After", 60)), true),
            ("no document", || Reply::Whole(Answer::json(200, "<html>")), true),
        ];
        for (name, answer, passes) in answers {
            let (read, count) = asked("GET", usize::MAX, answer);
            assert_eq!((read.unwrap_err().passes(), count), (passes, 1), "{name}");
        }
    }

    /// 1 March 2026, 10:00:00 UTC.
    const NOW: u64 = 1_772_359_200;

    #[test]
    fn a_busy_forge_says_when_it_wants_to_be_asked_again_in_one_of_three_ways() {
        for (headers, seconds) in [
            (&[][..], None),
            (&[("Retry-After", "7")], Some(7)),
            (&[("Retry-After", "Sun, 01 Mar 2026 10:00:30 GMT")], Some(30)),
            (&[("Retry-After", "Sun, 01 Mar 2026 09:00:00 GMT")], Some(0)),
            (&[("RateLimit-Reset", "1772359260")], Some(60)),
            (&[("Retry-After", "7"), ("RateLimit-Reset", "1772359260")], Some(7)),
            (&[("Retry-After", "soon"), ("RateLimit-Reset", "1772359260")], None),
            (&[("RateLimit-Reset", "18446744073709551615")], None),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, value.parse().unwrap());
            }
            let pause = wanted_pause(&map, UNIX_EPOCH + Duration::from_secs(NOW));
            assert_eq!(pause, seconds.map(Duration::from_secs), "{headers:?}");
        }
    }

    #[test]
    fn the_next_page_is_the_one_that_is_called_next() {
        for (header, next) in [
            (
                r#"<https://h/api/v4/x?page=2>; rel="next", <https://h/api/v4/x?page=1>; rel="first""#,
                Some("https://h/api/v4/x?page=2"),
            ),
            (
                r#"<https://h/x?a=1,2>; rel="first",<https://h/x?cursor=e%3B>;title="t";rel=next"#,
                Some("https://h/x?cursor=e%3B"),
            ),
            (r#"<https://h/x?page=1>; rel="prev""#, None),
            ("", None),
        ] {
            let next = next.map_or(Next::None, |address| Next::Page(address.into()));
            assert_eq!(next_of(header), next, "{header}");
        }
    }

    #[test]
    fn a_refusal_says_what_the_forge_says() {
        for (body, expected) in [
            (r#"{"message":"not found","url":"https://git.example.com/api/swagger"}"#, ": not found"),
            (r#"{"message":{"name":["is too short"]}}"#, r#": {"name":["is too short"]}"#),
            (r#"{"error":"insufficient_scope"}"#, ": insufficient_scope"),
            (r#"{"message":""}"#, ""),
            ("Retry later", ""),
            ("", ""),
        ] {
            assert_eq!(said(body.as_bytes()), expected, "{body}");
        }
    }
}
