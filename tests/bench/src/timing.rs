//! Times of two sides that run in turn.

use std::time::{Duration, Instant};

/// The middle one.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The times of two sides that ran in turn, so that what else the machine does hit both.
pub struct Pairs(Vec<(Duration, Duration)>);

impl Pairs {
    pub fn run(
        runs: usize,
        mut one: impl FnMut() -> anyhow::Result<()>,
        mut other: impl FnMut() -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let mut pairs = Vec::with_capacity(runs);
        for _ in 0..runs {
            let start = Instant::now();
            one()?;
            let first = start.elapsed();
            let start = Instant::now();
            other()?;
            pairs.push((first, start.elapsed()));
        }
        Ok(Pairs(pairs))
    }

    pub fn medians(&self) -> (Duration, Duration) {
        let (first, second) = self.0.iter().copied().unzip();
        (median(first), median(second))
    }

    /// How often the second side goes into the first: what a tenth of the pairs lies below, and a tenth above.
    pub fn spread(&self) -> String {
        let mut ratios: Vec<f64> = self.0.iter().map(|(one, other)| one.div_duration_f64(*other)).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let tenth = ratios.len() / 10;
        format!("{:.2}..{:.2}", ratios[tenth], ratios[ratios.len() - 1 - tenth])
    }
}

/// The medians of two sides that run in turn.
pub fn in_turn(
    runs: usize,
    one: impl FnMut() -> anyhow::Result<()>,
    other: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<(Duration, Duration)> {
    Ok(Pairs::run(runs, one, other)?.medians())
}

/// One side by the other, to two places.
pub fn ratio(one: Duration, other: Duration) -> String {
    format!("{:.2}", one.as_secs_f64() / other.as_secs_f64())
}
