//! Does the jobs of the queue, and asks about everything that is open now and then.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use countersign_audit::chain::{Because, Event, Finding};
use countersign_audit::spool::Spool;
use countersign_audit::{DatabaseError, Kept, Link, Place, Trail, removal};
use countersign_core::model::{BranchOutcome, BranchVerdict, Fact, When};
use countersign_core::publication;
use countersign_host::cli::{now, told};
use countersign_host::judged::Judged;
use countersign_host::module::Module;
use serde::Deserialize;

use crate::forge::{Client, Forge, ForgeError, Shown, Subject};
use crate::judge::{Branch, Branches, Judge, Looked};
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::moves::Stood;
use crate::open;
use crate::pool::Pool;
use crate::publish::{self, Talk};
use crate::queue::{self, Job};
use crate::service::Settings;
use crate::shown::{Open, speaker};

/// How long a worker that found nothing to do waits before it looks again. Another replica may have taken a delivery.
const PAUSE: Duration = Duration::from_millis(200);

/// How often the spool is emptied where nothing else happens.
const EMPTIES: Duration = Duration::from_secs(10);

/// The time for reading one change, and again for writing to it: both together less than a claim holds.
const TIME: Duration = Duration::from_secs(20);

/// The time for one question.
const SHORT: Duration = Duration::from_secs(5);

/// After how many failures a change is told of them: what passes by itself has passed by then.
const PATIENCE: u32 = 4;

const DAY: Duration = Duration::from_secs(24 * 3600);

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

    /// Asks about everything that is open in a repository: its changes, and its branches that anybody guards.
    fn ask_all(&self, repository: &str) -> anyhow::Result<()> {
        let client = self.forge.client(TIME);
        let branches = self.judge.branches(&*client, repository)?;
        self.ask_open(&*client, repository, &branches)
    }

    fn ask_open(&self, client: &dyn Client, repository: &str, branches: &Branches) -> anyhow::Result<()> {
        let change = |number| Subject::Change { repository: repository.to_owned(), number };
        let mut open: Vec<Subject> = client.open(repository)?.into_iter().map(change).collect();
        open.extend(branches.guarded().map(|branch| of_branch(repository, &branch.name)));
        if branches.has_more() {
            open.push(Subject::Repository { repository: repository.to_owned() });
        }
        self.ask(&open)?;
        self.stood.put(repository, branches);
        Ok(())
    }

    /// Asks about the branches that moved: about each that anybody guards, and about the changes that go into one or came from it.
    fn ask_moved(&self, repository: &str) -> anyhow::Result<()> {
        let client = self.forge.client(TIME);
        let branches = self.judge.branches(&*client, repository)?;
        let Some(moves) = self.stood.moves(repository, &branches) else {
            return self.ask_open(&*client, repository, &branches);
        };
        let mut subjects = Vec::new();
        for moved in &moves {
            subjects.extend(moved.guarded.then(|| of_branch(repository, &moved.branch)));
            let (target, from) = (&moved.branch, moved.from.as_deref());
            let changes = self.pool.with(|store| open::of_branch(store, repository, target, from))?;
            subjects.extend(of_changes(repository, &changes));
        }
        if !moves.is_empty() {
            subjects.extend(self.pool.with(|store| queue::judged_now(store, repository))?);
        }
        if branches.has_more() {
            subjects.push(Subject::Branches { repository: repository.to_owned() });
        }
        self.ask(&subjects)?;
        self.stood.put(repository, &branches);
        Ok(())
    }

    /// Asks about the changes that bring a commit of which somebody wrote a status: those whose policy reads statuses, and all of them
    /// where the status is in the gate's place.
    fn ask_status(&self, repository: &str, head: &str, as_gate: bool) -> anyhow::Result<()> {
        let mut changes = Vec::new();
        for link in self.pool.with(|store| open::of_commit(store, repository, head))? {
            if as_gate || self.asked(&link)?.is_none_or(|asked| asked.reads(Fact::Statuses)) {
                changes.extend(link.entry.change);
            }
        }
        let mut subjects = of_changes(repository, &changes);
        subjects.extend(self.pool.with(|store| queue::judged_now(store, repository))?);
        self.ask(&subjects)
    }

    fn ask(&self, subjects: &[Subject]) -> anyhow::Result<()> {
        self.pool.with(|store| queue::add(store, subjects))?;
        self.wake();
        Ok(())
    }

    /// Judges a change, keeps what came out, and shows it.
    fn change(&self, repository: &str, number: u64) -> anyhow::Result<()> {
        self.memory().take_in()?;
        let change = number.to_string();
        let before = self.pool.with(|store| open::head(store, repository, &change))?;
        let client = self.forge.client(TIME);
        let Some(judged) = self.judge.change(&*client, self.memory(), repository, number)? else {
            self.pool.with(|store| open::close(store, repository, &change))?;
            return self.ask_commit(repository, before.as_deref());
        };
        let (link, new) = self.keep(&judged)?;
        let place = link.entry.place();
        self.pool.with(|store| open::put(store, &place, &link.hash))?;
        if before.as_ref() != Some(&place.head) {
            self.ask_commit(repository, before.as_deref())?;
        }
        if new {
            let verdict = link.entry.made().map(|made| made.word());
            tracing::info!(
                lane = format!("{repository}#{number}"),
                entry = link.entry.number,
                verdict,
                "decided"
            );
        }
        let shown = self.shown(&link, &judged)?;
        self.publish(&link, number, &judged, &shown)
    }

    /// Shows a decision about a change where people work.
    fn publish(&self, link: &Link, number: u64, judged: &Judged, shown: &Shown) -> anyhow::Result<()> {
        let client = self.forge.client(TIME);
        let place = link.entry.place();
        let foreign = publish::status(&*client, &place.repository, &place.head, shown)?;
        let change = number.to_string();
        let known = self.pool.with(|store| open::comment(store, &place.repository, &change))?;
        let talk = Talk {
            publication: &judged.publication(),
            text: &self.module.render(&judged.answer, "markdown", false, false)?,
            known: known.as_deref(),
            veto: self.settings.veto,
        };
        let stands = publish::talk(&*client, &place, number, &talk)?;
        if let Some(id) = stands.filter(|id| Some(id) != known.as_ref()) {
            self.pool.with(|store| open::keep_comment(store, &place.repository, &change, &id))?;
        }
        let Some(foreign) = foreign else { return Ok(()) };
        tracing::warn!(
            repository = place.repository,
            number,
            foreign,
            "somebody else wrote the gate's status"
        );
        let (at, finding) = (now()?, Finding::ForeignStatus);
        let found = self
            .pool
            .with(|store| Trail::of(store).find(at, place.clone(), finding, None, Some(&foreign)))?;
        self.metrics.finding();
        // It was written again, and so nothing is left to do.
        let event = Event::Settled { finding: found.0.entry.number, decision: Some(link.entry.number) };
        self.pool.with(|store| Trail::of(store).note(at, place, event))?;
        Ok(())
    }

    /// Asks about the changes that bring a commit: one that brought it too is gone, and spoke for it perhaps.
    fn ask_commit(&self, repository: &str, head: Option<&str>) -> anyhow::Result<()> {
        let Some(head) = head else { return Ok(()) };
        let links = self.pool.with(|store| open::of_commit(store, repository, head))?;
        let changes: Vec<String> = links.into_iter().filter_map(|link| link.entry.change).collect();
        self.ask(&of_changes(repository, &changes))
    }

    /// What the status of the commit of a change says.
    fn shown(&self, link: &Link, judged: &Judged) -> anyhow::Result<Shown> {
        let own = || Shown::own(judged.publication().status, self.settings.page_of(&link.hash));
        let place = link.entry.place();
        let links = self.pool.with(|store| open::of_commit(store, &place.repository, &place.head))?;
        if links.len() < 2 {
            return Ok(own());
        }
        let writers = self.forge.client(SHORT).writers(&place.repository)?;
        let mut all = Vec::new();
        for link in links {
            let opener = self.asked(&link)?.and_then(|asked| asked.change.opened_by?.login);
            let is_writer =
                |opener: &String| writers.iter().flatten().any(|writer| writer.eq_ignore_ascii_case(opener));
            let by_writer = writers.is_none() || opener.as_ref().is_none_or(is_writer);
            let answer = self.kept(link.entry.made().map(|made| &made.answer))?.unwrap_or_default();
            all.push(Open { link, publication: publication(&answer), opener, by_writer });
        }
        let Some(speaks) = speaker(&all).filter(|speaks| speaks.link.entry.change != place.change) else {
            return Ok(own());
        };
        Ok(Shown::shared(speaks.publication.status.clone(), self.settings.page_of(&speaks.link.hash)))
    }

    /// The bytes of a document, as far as it is still there.
    fn kept(&self, digest: Option<&String>) -> anyhow::Result<Option<Vec<u8>>> {
        let Some(digest) = digest else { return Ok(None) };
        Ok(self.pool.with(|store| Trail::of(store).document(digest))?.bytes())
    }

    /// The request that a decision was made of, as far as it is read here; none where it is not kept any more.
    fn asked(&self, link: &Link) -> anyhow::Result<Option<Asked>> {
        let request = self.kept(link.entry.made().map(|made| &made.request))?;
        Ok(request.and_then(|request| serde_json::from_slice(&request).ok()))
    }

    fn keep(&self, judged: &Judged) -> anyhow::Result<(Link, bool)> {
        let kept = Kept { request: &judged.request, answer: &judged.answer, component: self.module.digest() };
        Ok(self.pool.with(|store| Trail::of(store).keep(kept))?)
    }

    /// Says up to where all that a branch holds was decided about, or opens a finding.
    fn branch(&self, repository: &str, target: &str) -> anyhow::Result<()> {
        // Nothing is written, so there is the time for that too.
        let client = self.forge.client(2 * TIME);
        let looked = self.judge.branch(&*client, self.memory(), repository, target)?;
        let Some(Looked { tip, verdict, judged }) = looked else { return Ok(()) };
        let BranchVerdict { state, in_order: from, entries: mut decisions, message, .. } = verdict;
        let tip = tip.to_string();
        let place =
            Place { repository: repository.into(), target: target.into(), change: None, head: tip.clone() };
        match state {
            BranchOutcome::Begins => self.begin(repository),
            // It may be back where all was in order.
            BranchOutcome::InOrder if from.as_ref() == Some(&tip) => self.settle(&place, None),
            BranchOutcome::InOrder | BranchOutcome::Open => {
                for judged in &judged {
                    decisions.push(self.keep(judged)?.0.entry.number);
                }
                if state == BranchOutcome::InOrder {
                    return self.merged(place, from, decisions);
                }
                let blocks = judged.iter().find(|judged| !judged.passes());
                let headline = blocks.and_then(|judged| judged.decision.as_ref());
                let headline = headline.map(|decision| decision.headline.clone());
                let why = message.or(headline);
                self.found(place, from, why.as_deref().unwrap_or("it cannot be evaluated"))
            }
            _ => Ok(()),
        }
    }

    /// Opens a finding of a branch that holds what no verdict let in.
    fn found(&self, place: Place, from: Option<String>, why: &str) -> anyhow::Result<()> {
        let (at, of) = (now()?, place.clone());
        let (finding, new) =
            self.pool.with(|store| Trail::of(store).find(at, of, Finding::NoVerdict, from, Some(why)))?;
        if new {
            self.metrics.finding();
            let entry = finding.entry.number;
            let Place { repository, target, head: tip, .. } = place;
            tracing::warn!(repository, target, tip, entry, why, "a branch holds what no verdict let in");
            self.ask_all(&repository)?;
        }
        Ok(())
    }

    /// Where a repository is seen for the first time, what its guarded branches hold is where the watch begins: all of them, for
    /// the next to be looked at is seen no later.
    fn begin(&self, repository: &str) -> anyhow::Result<()> {
        let branches = loop {
            let branches = self.judge.branches(&*self.forge.client(TIME), repository)?;
            if !branches.has_more() {
                break branches;
            }
        };
        let place = |branch: &Branch| Place {
            repository: repository.to_owned(),
            target: branch.name.clone(),
            change: None,
            head: branch.tip.clone(),
        };
        let places = branches.guarded().map(place).collect();
        let at = now()?;
        Ok(self.pool.with(|store| Trail::of(store).begin(at, repository, places))?)
    }

    /// Notes that all up to a commit was decided about, and settles what was open before.
    fn merged(&self, place: Place, from: Option<String>, decisions: Vec<u64>) -> anyhow::Result<()> {
        let at = now()?;
        let last = decisions.last().copied();
        let merge = Event::Merge { from, decisions };
        self.pool.with(|store| Trail::of(store).note(at, place.clone(), merge))?;
        tracing::info!(
            repository = place.repository,
            target = place.target,
            tip = place.head,
            "a branch is in order"
        );
        self.settle(&place, last)
    }

    /// Settles what was open of a branch, all of which is in order.
    fn settle(&self, place: &Place, decision: Option<u64>) -> anyhow::Result<()> {
        let open =
            self.pool.with(|store| Trail::of(store).findings(Some((&place.repository, &place.target))))?;
        let of_branch =
            |link: &&Link| matches!(link.entry.event, Event::Finding { finding: Finding::NoVerdict, .. });
        let open: Vec<u64> = open.iter().filter(of_branch).map(|link| link.entry.number).collect();
        let at = now()?;
        for finding in &open {
            let event = Event::Settled { finding: *finding, decision };
            self.pool.with(|store| Trail::of(store).note(at, place.clone(), event))?;
        }
        if !open.is_empty() {
            self.ask_all(&place.repository)?;
        }
        Ok(())
    }

    /// Asks about everything now and then, until it is told to stop.
    pub fn keep_up(&self) {
        let mut seen = 0;
        let (mut due, mut expires, mut empties) = (Instant::now(), Instant::now(), Instant::now());
        while !self.stopping() {
            if Instant::now() >= empties {
                empties = Instant::now() + EMPTIES;
                if let Err(error) = self.memory().take_in() {
                    tracing::warn!(error = format!("{error:#}"), "what the hook left could not be taken in");
                }
            }
            if Instant::now() >= expires {
                expires = Instant::now() + DAY;
                if let Err(error) = self.expire() {
                    tracing::warn!(
                        error = format!("{error:#}"),
                        "documents could not be removed after their time"
                    );
                }
            }
            if Instant::now() >= due {
                due = Instant::now() + self.settings.reconcile;
                if let Err(error) = self.reconcile() {
                    tracing::warn!(error = format!("{error:#}"), "what is open could not be asked for");
                }
                if let Err(error) = self.housekeeping() {
                    tracing::warn!(error = format!("{error:#}"), "housekeeping failed");
                }
            }
            self.pause(&mut seen, due.saturating_duration_since(Instant::now()).min(Duration::from_secs(1)));
        }
    }

    fn reconcile(&self) -> anyhow::Result<()> {
        let mut repositories = self.pool.with(queue::repositories)?;
        repositories.extend(self.settings.repositories.iter().cloned());
        let all: Vec<Subject> =
            repositories.into_iter().map(|repository| Subject::Repository { repository }).collect();
        self.ask(&all)
    }

    /// Removes what was kept for long enough. It reads the whole trail, and days are what it counts in.
    fn expire(&self) -> anyhow::Result<()> {
        let Some(days) = self.settings.retention_days else { return Ok(()) };
        let at = now()?;
        let before = When::from_seconds(When::from_seconds(0).seconds_until(at) - i64::from(days) * 86_400);
        let plan = self.pool.with(|store| {
            let wanted = open::wanted(store)?;
            removal::plan_expiry(store, before, &wanted)
        })?;
        for damage in &plan.damage {
            tracing::error!(damage, "the trail is not as it was written; its documents stay");
        }
        let removed =
            self.pool.with(|store| removal::carry_out(store, at, &plan, Because::Retention, None))?;
        if let Some(link) = removed {
            let (documents, entry) = (plan.remove.len(), link.entry.number);
            tracing::info!(documents, entry, "documents were removed after their time");
        }
        Ok(())
    }

    fn housekeeping(&self) -> anyhow::Result<()> {
        self.memory().take_in()?;
        self.pool.with(queue::forget)?;
        let at = now()?;
        if let Some(anchorage) = &self.settings.anchorage {
            let head = self.pool.with(|store| Trail::of(store).head())?;
            // A quiet trail needs no new anchor.
            if let Some(head) = head.filter(|head| !anchorage.holds(head)) {
                anchorage.write(&head, at)?;
            }
        }
        Ok(())
    }
}

fn of_branch(repository: &str, target: &str) -> Subject {
    Subject::Branch { repository: repository.to_owned(), target: target.to_owned() }
}

fn of_changes(repository: &str, changes: &[String]) -> Vec<Subject> {
    let numbers = changes.iter().filter_map(|number| number.parse().ok());
    numbers.map(|number| Subject::Change { repository: repository.to_owned(), number }).collect()
}

/// The part of a request that the service reads again.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    change: AskedChange,
    complete: Vec<String>,
    unavailable: Vec<AskedFact>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AskedChange {
    opened_by: Option<AskedAccount>,
}

/// An account by the forge's name for it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct AskedAccount {
    login: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AskedFact {
    fact: String,
}

impl Asked {
    /// Whether a fact was asked for: a host says of each that was whether it got all of it.
    fn reads(&self, fact: Fact) -> bool {
        let name = fact.name();
        self.complete.iter().any(|known| known == name)
            || self.unavailable.iter().any(|missing| missing.fact == name)
    }
}
