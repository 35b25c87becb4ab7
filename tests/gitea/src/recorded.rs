//! Answers of a real Gitea, kept as files under `recorded`: taken down between the product and the server by `cargo xtask record`, and
//! given again by a server on loopback to whatever asks the same.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use loopback::{Answer, Loopback, Reply, Request};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::root;

/// Where the API begins. What git asks under the same root is passed on and not kept.
const API: &str = "/api/v1";

/// The headers of an answer that a client may go by; the others say nothing of the API.
const HEADERS: &[&str] =
    &["Link", "Location", "Retry-After", "X-HasMore", "X-Page", "X-PageCount", "X-PerPage", "X-Total-Count"];

/// What addresses in the answers begin with, instead of the port that the server had.
const ROOT: &str = "http://gitea.example/";

/// A question and its answer. Nothing of the question's headers is kept, where tokens are, and nothing of its body, where secrets may
/// be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// The method of HTTP.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The status of HTTP.
    pub status: u16,
    /// The headers of the answer that a client may go by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The document; a text where the answer was none.
    pub body: Value,
}

/// A server between a client and a real Gitea, which takes down what passes.
pub struct Recorder {
    /// Its root, with a slash at the end.
    pub url: String,
    seen: Arc<Mutex<Vec<Exchange>>>,
}

impl Recorder {
    /// Takes down what passes to the server at this root.
    pub fn before(root: &str) -> Self {
        let seen: Arc<Mutex<Vec<Exchange>>> = Arc::default();
        let (root, kept) = (root.to_owned(), seen.clone());
        let server = Loopback::start(move |request| {
            let answer = pass_on(&root, request);
            if request.path.starts_with(API) {
                kept.lock().unwrap().push(Exchange::of(&root, request, &answer));
            }
            Reply::Whole(answer)
        });
        Recorder { url: format!("{}/", server.url), seen }
    }

    /// The last answer to each question, in the order of questions. The same question twice has two answers where something changed
    /// in between, and all that was asked last belongs together.
    pub fn last(&self) -> Vec<Exchange> {
        let seen = self.seen.lock().unwrap();
        let question = |exchange: &Exchange| (exchange.path.clone(), exchange.method.clone());
        let last: BTreeMap<_, _> =
            seen.iter().map(|exchange| (question(exchange), exchange.clone())).collect();
        last.into_values().collect()
    }
}

impl Exchange {
    fn of(root: &str, request: &Request, answer: &Answer) -> Self {
        let text = String::from_utf8_lossy(&answer.body).replace(root, ROOT);
        let known = |name: &str| HEADERS.iter().find(|header| header.eq_ignore_ascii_case(name));
        let headers = answer
            .headers
            .iter()
            .filter_map(|(name, value)| Some(((*known(name)?).to_owned(), value.replace(root, ROOT))));
        Exchange {
            method: request.method.clone(),
            path: request.path.clone(),
            status: answer.status,
            headers: headers.collect(),
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        }
    }

    fn answer(&self) -> Answer {
        let body = match &self.body {
            Value::String(text) => text.clone(),
            document => document.to_string(),
        };
        let answer = Answer::json(self.status, body);
        self.headers.iter().fold(answer, |answer, (name, value)| answer.with(name, value))
    }
}

/// Asks the real server what was asked here.
fn pass_on(root: &str, request: &Request) -> Answer {
    // What is between two machines alone: RFC 9110, section 7.6.1.
    const OF_CONNECTION: &[&str] = &[
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "transfer-encoding",
        "accept-encoding",
    ];
    let is_passed = |name: &str| !OF_CONNECTION.iter().any(|own| name.eq_ignore_ascii_case(own));
    let agent = crate::agent();
    let url = format!("{}{}", root.trim_end_matches('/'), request.path);
    let mut asked = ureq::http::Request::builder().method(request.method.as_str()).uri(url);
    for (name, value) in request.headers.iter().filter(|(name, _)| is_passed(name)) {
        asked = asked.header(name, value);
    }
    let mut answer = agent.run(asked.body(request.body.clone()).unwrap()).unwrap();
    let headers = answer.headers().iter().filter(|(name, _)| is_passed(name.as_str()));
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    Answer { status: answer.status().as_u16(), headers, body: answer.body_mut().read_to_vec().unwrap() }
}

/// A recording, one exchange a line.
#[derive(Debug, Clone)]
pub struct Recording {
    exchanges: Vec<Exchange>,
}

fn file(name: &str) -> PathBuf {
    root().join(format!("tests/gitea/recorded/{name}.jsonl"))
}

impl Recording {
    /// Reads the recording of this name.
    pub fn read(name: &str) -> Self {
        let text = std::fs::read_to_string(file(name)).unwrap();
        Recording { exchanges: text.lines().map(|line| serde_json::from_str(line).unwrap()).collect() }
    }

    /// Writes exchanges as the recording of this name.
    pub fn write(name: &str, exchanges: &[Exchange]) {
        let lines: Vec<String> =
            exchanges.iter().map(|exchange| serde_json::to_string(exchange).unwrap() + "\n").collect();
        std::fs::create_dir_all(file(name).parent().unwrap()).unwrap();
        std::fs::write(file(name), lines.concat()).unwrap();
    }

    /// The exchanges.
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// The path of the first document that was read and whose path ends so, behind the base of the API and without a query.
    ///
    /// # Panics
    /// When there is none.
    pub fn path(&self, end: &str) -> String {
        let read = self.exchanges.iter().filter(|exchange| exchange.method == "GET");
        let mut paths = read.map(|exchange| exchange.path.split('?').next().unwrap());
        paths.find(|path| path.ends_with(end)).expect(end).strip_prefix(API).unwrap().to_owned()
    }

    /// What the server answers a question: what it answered, or of a list any page of what it gave in others.
    fn answer(&self, request: &Request) -> Option<Answer> {
        let same = |exchange: &&Exchange| exchange.method == request.method && exchange.path == request.path;
        self.exchanges.iter().find(same).map(Exchange::answer).or_else(|| self.page(request))
    }

    fn page(&self, request: &Request) -> Option<Answer> {
        // The client writes these two parameters last.
        let cut = |path: &str| {
            let (list, query) = path.split_once("limit=")?;
            let (limit, page) = query.split_once("&page=")?;
            Some((list.to_owned(), limit.parse::<usize>().ok()?, page.parse::<usize>().ok()?))
        };
        let (list, limit, page) = cut(&request.path)?;
        let mut entries = BTreeMap::new();
        let mut any = None;
        for exchange in &self.exchanges {
            let Some((_, limit, page)) = cut(&exchange.path).filter(|(of, ..)| *of == list) else { continue };
            let found = exchange.body.as_array()?.iter().enumerate();
            entries.extend(found.map(|(at, entry)| ((page - 1) * limit + at, entry)));
            any = Some(exchange);
        }
        let from = (page - 1) * limit;
        let shown = entries.range(from..from + limit).map(|(_, entry)| (*entry).clone()).collect();
        let mut exchange = Exchange { body: Value::Array(shown), ..any?.clone() };
        // The others are about another page.
        exchange.headers.retain(|name, _| name == "X-Total-Count");
        Some(exchange.answer())
    }

    /// Gives the answers again. `fault` makes of each what the server gives instead, and is told how often it was asked before.
    pub fn replay(
        &self,
        fault: impl Fn(usize, &Request, Answer) -> Reply + Send + Sync + 'static,
    ) -> (Loopback, Arc<AtomicUsize>) {
        let (known, asked) = (self.clone(), Arc::new(AtomicUsize::new(0)));
        let counted = asked.clone();
        let server = Loopback::start(move |request| match known.answer(request) {
            Some(answer) => fault(counted.fetch_add(1, Ordering::Relaxed), request, answer),
            None => panic!("{} {} was not recorded", request.method, request.path),
        });
        (server, asked)
    }
}
