//! Starts a service, and ends it without losing anything.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use countersign_audit::anchor::Anchorage;
use countersign_audit::{Database, Trail};
use countersign_hook::HostRulesChoice;
use countersign_host::module::Module;
use tokio::signal::unix::{SignalKind, signal};

use crate::forge::Forge;
use crate::listen;
use crate::pool::Pool;
use crate::work::Shared;

/// How a service runs.
#[derive(Clone)]
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Queue and trail. Replicas share one.
    pub database: Database,
    /// The address by which people reach its pages. Replicas share one.
    pub public_url: String,
    /// Repositories that are looked after, beside those that sent a delivery.
    pub repositories: Vec<String>,
    /// Jobs that are done at once.
    pub workers: usize,
    /// How long one job may take. After that another replica, or this one started again, takes it over.
    pub lease: Duration,
    /// How often it asks about everything that is open.
    pub reconcile: Duration,
    /// Where the hook on this machine leaves its decisions.
    pub spool: Option<PathBuf>,
    /// For how many days documents are kept; without a number for ever.
    pub retention_days: Option<u32>,
    /// Where the head of the chain is anchored.
    pub anchorage: Option<Anchorage>,
    /// The folder of the bare mirrors.
    pub mirrors: PathBuf,
    /// What the server's own configuration says of every change.
    pub host: HostRulesChoice,
    /// Whether the gate's own review asks for changes until a change passes.
    pub veto: bool,
}

impl Settings {
    /// The address of a decision's page.
    pub fn page_of(&self, hash: &str) -> String {
        format!("{}/decisions/{hash}", self.public_url.trim_end_matches('/'))
    }
}

/// Runs a service until it is told to end: then it answers what it has begun to answer, ends the jobs that it is at, and
/// leaves the rest in the queue.
///
/// # Errors
/// When the database cannot be opened or the address not be listened at.
pub fn run(settings: Settings, forge: Box<dyn Forge>, module: Arc<Module>) -> anyhow::Result<()> {
    log();
    let pool = Pool::open(settings.database.clone()).context("opening the database")?;
    pool.with(|store| Trail::of(store).keep_component(&module))?;
    let shared = Arc::new(Shared::new(pool, module, forge, settings)?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("tokio")?;
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind(shared.settings.listen))
        .with_context(|| format!("listening at {}", shared.settings.listen))?;
    let address = listener.local_addr()?;
    std::thread::scope(|scope| {
        for _ in 0..shared.settings.workers.max(1) {
            scope.spawn(|| shared.work());
        }
        scope.spawn(|| shared.keep_up());
        tracing::info!(%address, database = %shared.settings.database, "listening");
        runtime.block_on(listen::serve(&listener, &shared, told_to_end()));
        tracing::info!("ending");
        shared.stop();
    });
    tracing::info!("ended");
    Ok(())
}

/// Waits for SIGTERM or SIGINT.
async fn told_to_end() {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}

/// One line of JSON an event, on standard error. Tokens, secrets and bodies are never among the fields.
fn log() {
    let format = tracing_subscriber::fmt().json().flatten_event(true).with_target(false);
    // A second service in one process, as in a test, logs where the first does.
    let _ = format.with_writer(std::io::stderr).with_max_level(tracing::Level::INFO).try_init();
}
