//! Numbers for Prometheus, in the format of OpenMetrics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::forge::Refusal;
use crate::queue::Depth;

/// How [`Metrics::text`] is to be declared.
pub const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds of a job: most ask a forge a few times, and one that waits for a feed or a large fetch takes long.
const BUCKETS: [f64; 11] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];

/// What is counted since the start.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    deliveries: Family<[(&'static str, &'static str); 1], Counter>,
    done: Counter,
    failed: Counter,
    took: Histogram,
    waited: Counter<f64, AtomicU64>,
    findings: Counter,
    left: Counter,
    shed: Counter,
    open: Gauge,
    jobs: Gauge,
    late: Gauge<f64, AtomicU64>,
    known: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Metrics {
            registry: Registry::with_prefix("countersign"),
            deliveries: Family::default(),
            done: Counter::default(),
            failed: Counter::default(),
            took: Histogram::new(BUCKETS),
            waited: Counter::default(),
            findings: Counter::default(),
            left: Counter::default(),
            shed: Counter::default(),
            open: Gauge::default(),
            jobs: Gauge::default(),
            late: Gauge::default(),
            known: Gauge::default(),
        };
        // What has not happened is 0, and not unknown.
        for outcome in ["accepted", "forged", "replayed", "oversized", "malformed", "unkept"] {
            metrics.delivery(outcome, 0);
        }
        metrics.registered()
    }
}

impl Metrics {
    /// Gives each number its name. A counter's ends with `_total`, which the library adds, as it adds the unit.
    fn registered(mut self) -> Self {
        let it = &mut self.registry;
        it.register("deliveries", "Webhooks, by what became of them", self.deliveries.clone());
        it.register("jobs_done", "Jobs that ended well", self.done.clone());
        it.register("jobs_failed", "Jobs that failed and were put off", self.failed.clone());
        it.register_with_unit("job", "Time that a job took", Unit::Seconds, self.took.clone());
        let waited = "Time that the forge's answers took, of that";
        it.register_with_unit("forge", waited, Unit::Seconds, self.waited.clone());
        it.register("findings", "Findings that were opened", self.findings.clone());
        it.register("repositories_left", "Repositories that were gone, with their jobs", self.left.clone());
        it.register("connections_shed", "Connections that were closed for newer ones", self.shed.clone());
        it.register("findings_open", "Findings that are open", self.open.clone());
        it.register("queue_jobs", "Jobs that wait or run", self.jobs.clone());
        let late = "How long the oldest job has been due";
        it.register_with_unit("queue_late", late, Unit::Seconds, self.late.clone());
        it.register("deliveries_known", "Deliveries that are remembered", self.known.clone());
        self
    }

    fn delivery(&self, outcome: &'static str, number: u64) {
        self.deliveries.get_or_create(&[("outcome", outcome)]).inc_by(number);
    }

    /// A delivery was kept.
    pub fn accepted(&self) {
        self.delivery("accepted", 1);
    }

    /// A delivery was refused.
    pub fn refused(&self, refusal: Refusal) {
        let outcome = match refusal {
            Refusal::Forged => "forged",
            Refusal::Replayed => "replayed",
            Refusal::Oversized => "oversized",
            Refusal::Malformed => "malformed",
        };
        self.delivery(outcome, 1);
    }

    /// A delivery could not be kept.
    pub fn unkept(&self) {
        self.delivery("unkept", 1);
    }

    /// A job ended.
    pub fn job(&self, done: bool, took: Duration) {
        if done { &self.done } else { &self.failed }.inc();
        self.took.observe(took.as_secs_f64());
    }

    /// A finding was opened.
    pub fn finding(&self) {
        self.findings.inc();
    }

    /// A repository was gone.
    pub fn left(&self) {
        self.left.inc();
    }

    /// A connection was closed for a newer one.
    pub fn shed(&self) {
        self.shed.inc();
    }

    /// All of it, with what database and forge say now.
    pub fn text(&self, depth: Depth, open: u64, forge: Duration) -> String {
        // The forge counts by itself since the start.
        self.waited.inner().store(forge.as_secs_f64().to_bits(), Ordering::Relaxed);
        self.open.set(i64::try_from(open).unwrap_or(i64::MAX));
        self.jobs.set(depth.jobs);
        self.late.set(depth.late as f64 / 1_000.0);
        self.known.set(depth.deliveries);
        let mut text = String::new();
        // Only the string could refuse it, and it does not.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_said_under_the_names_that_dashboards_know() {
        let metrics = Metrics::default();
        metrics.accepted();
        metrics.refused(Refusal::Forged);
        metrics.job(true, Duration::from_millis(300));
        metrics.job(true, Duration::from_millis(20));
        metrics.job(false, Duration::from_secs(200));
        metrics.finding();
        let depth = Depth { jobs: 4, late: 2_500, deliveries: 7 };
        let text = metrics.text(depth, 3, Duration::from_millis(1_500));
        for line in [
            "# TYPE countersign_deliveries counter",
            "countersign_deliveries_total{outcome=\"accepted\"} 1",
            "countersign_deliveries_total{outcome=\"forged\"} 1",
            "countersign_deliveries_total{outcome=\"unkept\"} 0",
            "countersign_jobs_done_total 2",
            "countersign_jobs_failed_total 1",
            "# TYPE countersign_job_seconds histogram",
            "countersign_job_seconds_count 3",
            "countersign_job_seconds_bucket{le=\"0.05\"} 1",
            "countersign_job_seconds_bucket{le=\"0.5\"} 2",
            "countersign_job_seconds_bucket{le=\"120.0\"} 2",
            "countersign_job_seconds_bucket{le=\"+Inf\"} 3",
            "countersign_forge_seconds_total 1.5",
            "countersign_findings_total 1",
            "countersign_repositories_left_total 0",
            "countersign_connections_shed_total 0",
            "countersign_findings_open 3",
            "countersign_queue_jobs 4",
            "countersign_queue_late_seconds 2.5",
            "countersign_deliveries_known 7",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
        // What is there now takes the place of what was there, and what is counted goes on.
        metrics.accepted();
        let text = metrics.text(Depth::default(), 0, Duration::from_secs(2));
        for line in [
            "countersign_deliveries_total{outcome=\"accepted\"} 2",
            "countersign_forge_seconds_total 2.0",
            "countersign_findings_open 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
    }
}
