//! Numbers for Prometheus.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::forge::Refusal;
use crate::queue::Depth;

/// What is counted since the start.
#[derive(Debug, Default)]
pub struct Metrics {
    accepted: AtomicU64,
    forged: AtomicU64,
    replayed: AtomicU64,
    oversized: AtomicU64,
    malformed: AtomicU64,
    unkept: AtomicU64,
    done: AtomicU64,
    failed: AtomicU64,
    micros: AtomicU64,
    findings: AtomicU64,
    left: AtomicU64,
    shed: AtomicU64,
}

fn one(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Metrics {
    /// A delivery was kept.
    pub fn accepted(&self) {
        one(&self.accepted);
    }

    /// A delivery was refused.
    pub fn refused(&self, refusal: Refusal) {
        one(match refusal {
            Refusal::Forged => &self.forged,
            Refusal::Replayed => &self.replayed,
            Refusal::Oversized => &self.oversized,
            Refusal::Malformed => &self.malformed,
        });
    }

    /// A delivery could not be kept.
    pub fn unkept(&self) {
        one(&self.unkept);
    }

    /// A job ended.
    pub fn job(&self, done: bool, took: Duration) {
        one(if done { &self.done } else { &self.failed });
        self.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// A finding was opened.
    pub fn finding(&self) {
        one(&self.findings);
    }

    /// A repository was gone.
    pub fn left(&self) {
        one(&self.left);
    }

    /// A connection was closed for a newer one.
    pub fn shed(&self) {
        one(&self.shed);
    }

    /// All of it, in the text format of Prometheus.
    pub fn text(&self, depth: Depth, open: u64, forge: Duration) -> String {
        let mut text = String::new();
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let _ = writeln!(text, "# HELP countersign_deliveries_total Webhooks, by what became of them.");
        let _ = writeln!(text, "# TYPE countersign_deliveries_total counter");
        for (outcome, counter) in [
            ("accepted", &self.accepted),
            ("forged", &self.forged),
            ("replayed", &self.replayed),
            ("oversized", &self.oversized),
            ("malformed", &self.malformed),
            ("unkept", &self.unkept),
        ] {
            let _ = writeln!(text, "countersign_deliveries_total{{outcome=\"{outcome}\"}} {}", get(counter));
        }
        let mut say = |name: &str, kind: &str, help: &str, value: String| {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
        };
        let done = get(&self.done).to_string();
        say("countersign_jobs_done_total", "counter", "Jobs that ended well.", done);
        let failed = get(&self.failed).to_string();
        say("countersign_jobs_failed_total", "counter", "Jobs that failed and were put off.", failed);
        let seconds = format!("{:.6}", Duration::from_micros(get(&self.micros)).as_secs_f64());
        say("countersign_job_seconds_total", "counter", "Time that jobs took.", seconds);
        let waited = format!("{:.6}", forge.as_secs_f64());
        say(
            "countersign_forge_seconds_total",
            "counter",
            "Time that the forge's answers took, of that.",
            waited,
        );
        let found = get(&self.findings).to_string();
        say("countersign_findings_total", "counter", "Findings that were opened.", found);
        let left = get(&self.left).to_string();
        say(
            "countersign_repositories_left_total",
            "counter",
            "Repositories that were gone, with their jobs.",
            left,
        );
        let shed = get(&self.shed).to_string();
        say(
            "countersign_connections_shed_total",
            "counter",
            "Connections that were closed for newer ones.",
            shed,
        );
        say("countersign_findings_open", "gauge", "Findings that are open.", open.to_string());
        say("countersign_queue_jobs", "gauge", "Jobs that wait or run.", depth.jobs.to_string());
        let late = format!("{:.3}", depth.late as f64 / 1_000.0);
        say("countersign_queue_late_seconds", "gauge", "How long the oldest job has been due.", late);
        let known = depth.deliveries.to_string();
        say("countersign_deliveries_known", "gauge", "Deliveries that are remembered.", known);
        text
    }
}
