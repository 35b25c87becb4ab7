//! Connections: how many there may be, and how long one may take. Whoever sends half a request, or none, holds a connection for
//! some seconds, and never one that somebody else needs.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use crate::web;
use crate::work::Shared;

/// Connections at once. A process may have 1,024 open files where nobody says otherwise, and the workers need theirs.
const CONNECTIONS: usize = 256;

/// The time for the head of a request, from when it is waited for.
const HEAD: Duration = Duration::from_secs(10);

/// The time for a connection, whatever it does.
const CONNECTION: Duration = Duration::from_secs(60);

/// The time for what is being answered when the service ends.
const ENDING: Duration = Duration::from_secs(10);

/// How long it waits where the system gives no connection, as when its files are used up.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers whoever connects, until it is told to end; then it answers what it has begun to answer.
pub async fn serve(listener: &TcpListener, shared: &Arc<Shared>, end: impl Future<Output = ()>) {
    let service = TowerToHyperService::new(web::router(shared.clone()));
    let (ending, ended) = watch::channel(false);
    let mut connections = JoinSet::new();
    // The oldest first.
    let mut open: VecDeque<AbortHandle> = VecDeque::new();
    let mut end = pin!(end);
    loop {
        let stream = tokio::select! {
            () = &mut end => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
        };
        open.retain(|connection| !connection.is_finished());
        // An answer takes a moment, so it is those that say nothing that are the oldest.
        if open.len() >= CONNECTIONS
            && let Some(oldest) = open.pop_front()
        {
            oldest.abort();
            shared.metrics.shed();
        }
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD);
        let connection = http.serve_connection(TokioIo::new(stream), service.clone());
        let mut ended = ended.clone();
        open.push_back(connections.spawn(async move {
            let mut connection = pin!(connection);
            let answered = async {
                tokio::select! {
                    _ = connection.as_mut() => return,
                    _ = ended.changed() => connection.as_mut().graceful_shutdown(),
                }
                let _ = connection.as_mut().await;
            };
            let _ = tokio::time::timeout(CONNECTION, answered).await;
        }));
    }
    let _ = ending.send(true);
    let rest = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(ENDING, rest).await;
}
