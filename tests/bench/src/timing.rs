//! Medians of two sides that run in turn.

use std::time::{Duration, Instant};

/// The middle one.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Runs both sides in turn, so that what else the machine does hits both. Returns their medians.
pub fn in_turn(
    runs: usize,
    mut one: impl FnMut() -> anyhow::Result<()>,
    mut other: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<(Duration, Duration)> {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let start = Instant::now();
        one()?;
        first.push(start.elapsed());
        let start = Instant::now();
        other()?;
        second.push(start.elapsed());
    }
    Ok((median(first), median(second)))
}

/// One side by the other, to two places.
pub fn ratio(one: Duration, other: Duration) -> String {
    format!("{:.2}", one.as_secs_f64() / other.as_secs_f64())
}
