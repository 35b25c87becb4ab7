//! The things that are done now and then, whatever happens.

use std::time::{Duration, Instant};

use countersign_audit::chain::Because;
use countersign_audit::{Trail, removal};
use countersign_core::model::When;
use countersign_host::cli::now;

use super::Shared;
use crate::forge::Subject;
use crate::{open, queue};

/// How often the spool is emptied where nothing else happens.
const EMPTIES: Duration = Duration::from_secs(10);

const DAY: Duration = Duration::from_secs(24 * 3600);

impl Shared {
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
