//! What must hold for every policy and every request, on random cases over the whole policy language.
//!
//! Each property draws as many cases as `PROPTEST_CASES` says, from the seed `PROPTEST_RNG_SEED`; without them a few from
//! a seed of its own, the same in every run. A case that breaks a property is made as small as it can be and printed with
//! the seed. `cargo xtask properties NUMBER` runs them optimised.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

mod case;
mod draw;
mod histories;
mod language;
mod requests;
mod signing;
mod world;

mod asked;
mod counted;
mod order;
mod publication;
mod refusals;
mod rules;
mod skeleton;
mod spread;
mod suspected;
mod uncounted;
mod unknown;
mod ways_out;

use case::{Case, Cases};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

/// Cases of a property where nothing else is said.
const NUMBER: u32 = 400;

/// The seed where nothing else is said.
const SEED: u64 = 1;

fn config() -> Config {
    let said = |name: &str| std::env::var_os(name).is_some();
    let mut config = Config { failure_persistence: None, max_shrink_iters: 6_000, ..Config::default() };
    if !said("PROPTEST_CASES") {
        config.cases = NUMBER;
    }
    if !said("PROPTEST_RNG_SEED") {
        config.rng_seed = RngSeed::Fixed(SEED);
    }
    config
}

/// Draws cases and holds each against a property, which says what is wrong.
fn hold(cases: Cases, property: impl Fn(&Case) -> Result<(), String>) {
    hold_of(cases, 1, property);
}

/// The same with so many times the cases.
fn hold_of(cases: Cases, times: u32, property: impl Fn(&Case) -> Result<(), String>) {
    let mut config = config();
    config.cases = config.cases.saturating_mul(times);
    let seed = config.rng_seed;
    let mut runner = TestRunner::new(config);
    match runner.run(&cases, |case| property(&case).map_err(TestCaseError::fail)) {
        Ok(()) => {}
        Err(TestError::Fail(why, case)) => panic!("{seed:?}: {why}\n\nof this case: {case:?}\n"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}
