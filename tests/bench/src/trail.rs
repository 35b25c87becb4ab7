//! The audit trail: how fast what was decided is evaluated again.

use std::time::Instant;

use countersign_audit::replay::{Modules, Replayed, answer, replay_all};
use countersign_audit::{Database, Kept, Trail};
use countersign_host::module::Module;
use serde_json::Value;

use crate::module::{APPROVERS, POLICY, request};
use crate::say;

/// Decisions in the trail.
const DECISIONS: usize = 10_000;

/// Commits and files of a change whose request has about 49 kB.
const CHANGE: (usize, usize) = (64, 160);

/// Replays 10,000 decisions on all processors. The target is 1,000 a second.
pub fn replay() -> anyhow::Result<bool> {
    let folder = tempfile::tempdir()?;
    let database: Database = format!("sqlite://{}", folder.path().join("trail.sqlite").display()).parse()?;
    let module = Module::embedded()?;
    let mut store = database.open()?;
    // What a power cut would lose matters to no bench.
    store.query("PRAGMA synchronous = off", &[])?;
    let mut asked: Value = serde_json::from_slice(&request(POLICY, CHANGE.0, CHANGE.1, APPROVERS)?)?;
    let mut bytes = 0;
    let mut trail = Trail::of(store.as_mut());
    trail.keep_component(&module)?;
    let started = Instant::now();
    for number in 0..DECISIONS {
        asked["change"]["id"] = number.to_string().into();
        let request = serde_json::to_vec(&asked)?;
        bytes += request.len();
        let answer = answer(&module, &request);
        trail.keep(Kept { request: &request, answer: &answer, component: module.digest() })?;
    }
    say("trail.request", bytes / DECISIONS, "B");
    say("trail.keep", format!("{:.0}", DECISIONS as f64 / started.elapsed().as_secs_f64()), "/s");
    let modules = Modules::with(module);
    let started = Instant::now();
    let replayed = replay_all(&database, &modules, 1, u64::MAX)?;
    let took = started.elapsed().as_secs_f64();
    let same = replayed.count(Replayed::Same);
    anyhow::ensure!(same == DECISIONS as u64, "{same} of {DECISIONS} decisions are the same");
    say("trail.replay", format!("{:.0}", same as f64 / took), "/s");
    Ok(true)
}
