/*!
A server on loopback that answers as a test says, over real connections: what a client makes of an answer that breaks off shows
only where one does.

```
use loopback::{Answer, Loopback, Reply};

let server = Loopback::start(|request| {
    assert_eq!(request.path, "/api/version");
    Reply::Whole(Answer::json(200, r#"{"version":"1"}"#))
});
assert!(server.url.starts_with("http://127.0.0.1:"));
```
*/
#![expect(clippy::expect_used, reason = "of tests, which stop where they fail")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// A question of HTTP/1.1.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method, such as `GET`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names and values of the headers, as they were sent.
    pub headers: Vec<(String, String)>,
    /// The bytes behind the headers.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of a parameter of the query, as it was sent.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.path.split_once('?')?;
        query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    }
}

/// An answer of HTTP/1.1. Its length is never among the headers: it is what the body has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names and values of the headers.
    pub headers: Vec<(String, String)>,
    /// The bytes behind the headers.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer with a document.
    pub fn json(status: u16, text: impl Into<String>) -> Self {
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        Answer { status, headers, body: text.into().into_bytes() }
    }

    /// The same with one header more.
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }
}

/// What becomes of a question.
#[derive(Debug, Clone)]
pub enum Reply {
    /// An answer, from its first byte to its last.
    Whole(Answer),
    /// The headers and the first half of the body; then the connection ends.
    Half(Answer),
    /// No byte: the connection ends.
    Nothing,
}

/// A running server. It ends with the process.
#[derive(Debug)]
pub struct Loopback {
    /// Its root, without a slash at the end.
    pub url: String,
}

impl Loopback {
    /// Starts a server that asks a function for each answer, on as many threads as there are connections.
    ///
    /// # Panics
    /// When this machine has no loopback.
    pub fn start(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let reply = Arc::new(reply);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let reply = reply.clone();
                // Whoever has enough of a large answer closes the connection.
                std::thread::spawn(move || drop(converse(&stream, &*reply)));
            }
        });
        Loopback { url }
    }
}

/// Answers one question after the other, until somebody ends the connection.
fn converse(stream: &TcpStream, reply: &dyn Fn(&Request) -> Reply) -> io::Result<()> {
    let mut input = BufReader::new(stream);
    while let Some(request) = read(&mut input)? {
        let (answer, whole) = match reply(&request) {
            Reply::Whole(answer) => (answer, true),
            Reply::Half(answer) => (answer, false),
            Reply::Nothing => break,
        };
        let mut head =
            format!("HTTP/1.1 {} Status\r\nContent-Length: {}\r\n", answer.status, answer.body.len());
        for (name, value) in &answer.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let sent = if whole { answer.body.len() } else { answer.body.len() / 2 };
        let mut output = stream;
        output.write_all(head.as_bytes())?;
        output.write_all(&answer.body[..sent])?;
        if !whole {
            break;
        }
    }
    stream.shutdown(std::net::Shutdown::Both)
}

/// The next question; none at the end of the connection.
fn read(input: &mut impl BufRead) -> io::Result<Option<Request>> {
    let first = line(input)?;
    let mut words = first.split(' ').map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(None) };
    let mut headers = Vec::new();
    loop {
        let line = line(input)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Content-Length"));
    let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    Ok(Some(Request { method, path, headers, body }))
}

fn line(input: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    input.by_ref().take(1 << 20).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}
