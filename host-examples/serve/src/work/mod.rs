//! Does the jobs of the queue: changes (`change`) and branches (`branch`) are judged, and whatever else happened says which (`due`).
//! Now and then (`upkeep`) everything that is open is asked about.

mod branch;
mod change;
mod due;
mod upkeep;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use countersign_audit::spool::Spool;
use countersign_audit::{DatabaseError, Trail};
use countersign_host::cli::{now, told};
use countersign_host::module::Module;

use crate::forge::{Forge, ForgeError, Shown, Subject};
use crate::judge::Judge;
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::moves::Stood;
use crate::pool::Pool;
use crate::queue::{self, Job};
use crate::service::Settings;
use crate::{open, publish};

/// How long a worker that found nothing to do waits before it looks again. Another replica may have taken a delivery.
const PAUSE: Duration = Duration::from_millis(200);

/// The time for reading one change, and again for writing to it: both together less than a claim holds.
const TIME: Duration = Duration::from_secs(20);

/// The time for one question.
const SHORT: Duration = Duration::from_secs(5);

/// After how many failures a change is told of them: what passes by itself has passed by then.
const PATIENCE: u32 = 4;

/// Everything that workers and pages share.
pub struct Shared {
    /// The database.
    pub pool: Pool,
    /// The module that decides, and words what it decided.
    pub module: Arc<Module>,
    /// The forge.
    pub forge: Box<dyn Forge>,
    /// How the service runs.
    pub settings: Settings,
    /// Numbers.
    pub metrics: Metrics,
    judge: Judge,
    stood: Stood,
    spool: Option<Spool>,
    stopping: AtomicBool,
    asked: Mutex<u64>,
    wake: Condvar,
}

impl Shared {
    /// Starts with a database that is open.
    ///
    /// # Errors
    /// When the spool cannot be used.
    pub fn new(
        pool: Pool,
        module: Arc<Module>,
        forge: Box<dyn Forge>,
        settings: Settings,
    ) -> anyhow::Result<Self> {
        let spool = settings.spool.as_deref().map(Spool::open).transpose()?;
        let judge = Judge::new(
            module.clone(),
            forge.software(),
            settings.mirrors.clone(),
            settings.host.clone(),
            settings.spool.clone(),
        );
        Ok(Shared {
            pool,
            module,
            forge,
            settings,
            judge,
            stood: Stood::default(),
            metrics: Metrics::default(),
            spool,
            stopping: AtomicBool::new(false),
            asked: Mutex::new(0),
            wake: Condvar::new(),
        })
    }

    fn memory(&self) -> Memory<'_> {
        Memory::of(&self.pool, self.spool.as_ref())
    }

    /// How long the answers of the forge have been waited for since the start, its API's and its git server's.
    pub fn waited(&self) -> Duration {
        self.forge.waited() + self.judge.waited()
    }

    /// Whether the forge answers.
    ///
    /// # Errors
    /// When it does not.
    pub fn ready(&self) -> Result<(), ForgeError> {
        self.forge.client(SHORT).ready()
    }

    /// Wakes workers: there is something to do.
    pub fn wake(&self) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.wake.notify_all();
    }

    /// Lets workers end what they are at, and no more.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.wake();
    }

    fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    fn pause(&self, seen: &mut u64, longest: Duration) {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let unchanged = |asked: &mut u64| *asked == *seen;
        let (asked, _) =
            self.wake.wait_timeout_while(asked, longest, unchanged).unwrap_or_else(PoisonError::into_inner);
        *seen = *asked;
    }

    /// Works until it is told to stop.
    pub fn work(&self) {
        let mut seen = 0;
        while !self.stopping() {
            match self.work_once() {
                Ok(true) => {}
                Ok(false) => self.pause(&mut seen, PAUSE),
                Err(error) => {
                    tracing::error!(%error, "the queue gave no answer");
                    self.pause(&mut seen, PAUSE * 10);
                }
            }
        }
    }

    /// Does the next job that is due; false where none is.
    ///
    /// # Errors
    /// When the queue gives no answer.
    pub fn work_once(&self) -> Result<bool, DatabaseError> {
        let job = self.pool.with(|store| queue::claim(store, self.settings.lease, self.share()))?;
        job.iter().for_each(|job| self.job(job));
        Ok(job.is_some())
    }

    /// Jobs of one repository that are done at once: a worker is left for the others.
    fn share(&self) -> usize {
        self.settings.workers.saturating_sub(1).max(1)
    }

    fn job(&self, job: &Job) {
        let started = Instant::now();
        let lane = job.subject.lane();
        let done = self.subject(&job.subject);
        self.metrics.job(done.is_ok(), started.elapsed());
        let ended = match &done {
            Ok(()) => self.pool.with(|store| queue::settle(store, job)),
            Err(_) if self.is_gone(job.subject.repository()) => {
                let repository = job.subject.repository();
                tracing::warn!(
                    repository,
                    lane,
                    "the repository is gone, or hidden from the gate; its jobs end"
                );
                self.metrics.left();
                self.pool.with(|store| queue::leave(store, repository))
            }
            Err(error) => {
                self.say_fault(job, error);
                let wanted = error.downcast_ref::<ForgeError>().and_then(|error| error.retry_after);
                let waits = self.pool.with(|store| queue::postpone(store, job, wanted));
                let seconds = waits.as_ref().map(Duration::as_secs_f32).unwrap_or_default();
                let (attempts, error) = (job.attempts + 1, told(error.as_ref()));
                tracing::warn!(lane, attempts, error, seconds, "a job failed and is put off");
                waits.map(drop)
            }
        };
        if let Err(error) = ended {
            // The claim runs out, and somebody takes it over.
            tracing::error!(lane, %error, "a job could not be ended");
        }
    }

    /// Tells a change of what keeps it from being judged, once that has lasted. Where even that fails, the next failure tells it.
    fn say_fault(&self, job: &Job, error: &anyhow::Error) {
        let Subject::Change { repository, number } = &job.subject else { return };
        if job.attempts + 1 < PATIENCE {
            return;
        }
        let said = self.say_why(repository, *number, &told(error.as_ref()));
        if let Err(error) = said {
            tracing::warn!(repository, number, %error, "a change could not be told why it is not judged");
        }
    }

    fn say_why(&self, repository: &str, number: u64, why: &str) -> Result<(), ForgeError> {
        let client = self.forge.client(TIME);
        let change = client.change(repository, number)?;
        let shown = Shown::fault(why, self.settings.public_url.clone());
        publish::status(&*client, repository, &change.proposal().head, &shown).map(drop)
    }

    /// Whether there is no such repository any more, or the gate may not see it any more.
    fn is_gone(&self, repository: &str) -> bool {
        matches!(self.forge.client(SHORT).repository_id(repository), Ok(None))
    }

    /// Notes which repository bears a name: what was decided about another that bore it says nothing of this one.
    fn identify(&self, repository: &str) -> anyhow::Result<()> {
        let Some(number) = self.forge.client(SHORT).repository_id(repository)? else { return Ok(()) };
        if self.pool.with(|store| Trail::of(store).bearer(repository))?.as_ref() == Some(&number) {
            return Ok(());
        }
        let at = now()?;
        if self.pool.with(|store| Trail::of(store).bear(at, repository, &number, open::forget))? {
            tracing::warn!(
                repository,
                "another repository bears this name now, and the watch over it begins anew"
            );
            self.ask_all(repository)?;
        }
        Ok(())
    }

    fn subject(&self, subject: &Subject) -> anyhow::Result<()> {
        // Whatever this one leads to is about the repository that bears the name then.
        if let Subject::Status { repository, head, as_gate } = subject {
            return self.ask_status(repository, head, *as_gate);
        }
        self.identify(subject.repository())?;
        match subject {
            Subject::Repository { repository } => self.ask_all(repository),
            Subject::Branches { repository } => self.ask_moved(repository),
            Subject::Change { repository, number } => self.change(repository, *number),
            Subject::Branch { repository, target } => self.branch(repository, target),
            Subject::Status { .. } => Ok(()),
        }
    }

    fn ask(&self, subjects: &[Subject]) -> anyhow::Result<()> {
        self.pool.with(|store| queue::add(store, subjects))?;
        self.wake();
        Ok(())
    }
}
