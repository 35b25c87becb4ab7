//! The service's own HTTP: one address for the forge, a few pages for people, three for machines.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use countersign_audit::documents::Document;
use countersign_audit::trail::TrailError;
use countersign_audit::{Link, Trail};
use countersign_core::model::read;

use crate::forge::Refusal;
use crate::metrics::FORMAT;
use crate::pages::{self, Open};
use crate::work::Shared;
use crate::{open, queue};

/// Bytes of a webhook. Only names and numbers are read from it.
pub const BODY_BYTES: usize = 4 << 20;

/// The time for a webhook's body.
const BODY: Duration = Duration::from_secs(10);

type App = State<Arc<Shared>>;

/// The routes.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/webhook", post(webhook))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/page.css", get(style))
        .route("/", get(list))
        .route("/decisions/{id}", get(decision))
        .with_state(shared)
}

/// Makes an answer away from the threads that talk: it waits for a disk or a network.
async fn answer(shared: Arc<Shared>, make: impl FnOnce(&Shared) -> Response + Send + 'static) -> Response {
    tokio::task::spawn_blocking(move || make(&shared)).await.unwrap_or_else(|error| {
        tracing::error!(%error, "an answer could not be made");
        (StatusCode::INTERNAL_SERVER_ERROR, "internal error\n").into_response()
    })
}

async fn webhook(State(shared): App, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = match tokio::time::timeout(BODY, to_bytes(body, BODY_BYTES)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            shared.metrics.refused(Refusal::Oversized);
            return refuse(Refusal::Oversized);
        }
        // It may come once more, and all of it.
        Err(_) => return (StatusCode::REQUEST_TIMEOUT, "the body took too long\n").into_response(),
    };
    answer(shared, move |shared| keep(shared, &parts.headers, &body)).await
}

/// The forge hears that it was heard once the jobs are on the disk.
fn keep(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Response {
    let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
    let refused = |refusal: Refusal| {
        shared.metrics.refused(refusal);
        tracing::warn!(%refusal, "a webhook was refused");
        refuse(refusal)
    };
    let delivery = match shared.forge.receive(&header, body) {
        Ok(delivery) => delivery,
        Err(refusal) => return refused(refusal),
    };
    match shared.pool.with(|store| queue::accept(store, &delivery)) {
        Ok(true) => {
            shared.metrics.accepted();
            shared.wake();
            (StatusCode::ACCEPTED, "kept\n").into_response()
        }
        Ok(false) => refused(Refusal::Replayed),
        Err(error) => {
            shared.metrics.unkept();
            tracing::error!(%error, "a webhook could not be kept");
            (StatusCode::SERVICE_UNAVAILABLE, "it could not be kept\n").into_response()
        }
    }
}

fn refuse(refusal: Refusal) -> Response {
    let status = match refusal {
        Refusal::Forged => StatusCode::UNAUTHORIZED,
        Refusal::Replayed => StatusCode::CONFLICT,
        Refusal::Oversized => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::Malformed => StatusCode::BAD_REQUEST,
    };
    (status, format!("{refusal}\n")).into_response()
}

async fn readyz(State(shared): App) -> Response {
    answer(shared, |shared| {
        let database = shared.pool.with(queue::depth).map(drop).map_err(|e| e.to_string());
        match database.and_then(|()| shared.ready().map_err(|e| e.to_string())) {
            Ok(()) => "ready\n".into_response(),
            Err(why) => {
                tracing::warn!(why, "not ready");
                let text = "the database or the forge does not answer; the log says more\n";
                (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
            }
        }
    })
    .await
}

async fn metrics(State(shared): App) -> Response {
    answer(shared, |shared| {
        let text = || -> Result<String, TrailError> {
            let depth = shared.pool.with(queue::depth)?;
            let open = shared.pool.with(|store| Trail::of(store).findings(None))?.len() as u64;
            Ok(shared.metrics.text(depth, open, shared.waited()))
        };
        match text() {
            Ok(text) => ([(header::CONTENT_TYPE, FORMAT)], text).into_response(),
            Err(error) => unavailable(&error),
        }
    })
    .await
}

fn unavailable(error: &TrailError) -> Response {
    tracing::error!(%error, "the trail gave no answer");
    let text = pages::message("Not now", "The audit trail does not answer; try again in a moment.");
    html(StatusCode::SERVICE_UNAVAILABLE, text)
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], pages::CSS).into_response()
}

fn html(status: StatusCode, text: String) -> Response {
    let headers: [(HeaderName, HeaderValue); 5] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        // Nothing runs and nothing is loaded from elsewhere, whatever a change calls itself.
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
            ),
        ),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    (status, headers, text).into_response()
}

async fn list(State(shared): App) -> Response {
    answer(shared, |shared| {
        let found = shared.pool.with(|store| -> Result<_, TrailError> {
            let mut changes = Vec::new();
            for link in open::list(store)? {
                let answer =
                    link.entry.made().map(|made| Trail::of(store).document(&made.answer)).transpose()?;
                changes.push((link, answer));
            }
            Ok((changes, Trail::of(store).findings(None)?))
        });
        let (changes, findings) = match found {
            Ok(found) => found,
            Err(error) => return unavailable(&error),
        };
        let change = |(link, answer): (Link, Option<Document>)| Open {
            link,
            said: answer.as_ref().and_then(|answer| worded(shared, answer, "html-entry")),
            decision: answer.and_then(Document::bytes).and_then(|bytes| read(&bytes).ok()),
        };
        let changes: Vec<Open> = changes.into_iter().map(change).collect();
        html(StatusCode::OK, pages::open(&changes, &findings))
    })
    .await
}

/// What the module makes of an answer for a page; none of what it cannot read or is not there.
fn worded(shared: &Shared, answer: &Document, format: &str) -> Option<String> {
    let Document::Present(answer) = answer else { return None };
    shared.module.render(std::str::from_utf8(answer).ok()?, format, false, false).ok()
}

/// A decision by the whole hash of its entry: whoever was not told it cannot guess it.
async fn decision(State(shared): App, Path(id): Path<String>) -> Response {
    let (id, as_json) = match id.strip_suffix(".json") {
        Some(id) => (id.to_owned(), true),
        None => (id, false),
    };
    let whole = id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit());
    answer(shared, move |shared| {
        let found = shared.pool.with(|store| -> Result<_, TrailError> {
            let mut trail = Trail::of(store);
            let Some(link) = (if whole { trail.entry(&id)? } else { None }) else { return Ok(None) };
            let Some(made) = link.entry.made().cloned() else { return Ok(None) };
            let answer = trail.document(&made.answer)?;
            let last = trail.last_decision(&link.entry.place())?;
            let later = last.map(|last| last.hash).filter(|hash| *hash != link.hash);
            Ok(Some((link, made, answer, later)))
        });
        match found {
            Ok(Some((_, _, Document::Present(answer), _))) if as_json => {
                ([(header::CONTENT_TYPE, "application/json")], answer).into_response()
            }
            Ok(Some((link, made, answer, later))) if !as_json => {
                let said = worded(shared, &answer, "html");
                let text = pages::decision(&link, &made, &answer, said.as_deref(), later.as_deref());
                html(StatusCode::OK, text)
            }
            Ok(_) => {
                let text =
                    "Nothing was decided by this name. The address ends with the whole hash of a record.";
                html(StatusCode::NOT_FOUND, pages::message("No such decision", text))
            }
            Err(TrailError::Damage(damage)) => {
                tracing::error!(%damage, "a decision cannot be shown");
                let text = pages::message("Not as it was recorded", &damage.to_string());
                html(StatusCode::INTERNAL_SERVER_ERROR, text)
            }
            Err(error) => unavailable(&error),
        }
    })
    .await
}
