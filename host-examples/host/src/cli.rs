//! What the command lines of hosts share: the moment that they hand to the module, and how they fail.

use std::error::Error;
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use countersign_core::model::When;

/// The clock of this machine is of no use.
#[derive(Debug, thiserror::Error)]
#[error("the clock stands before 1970")]
pub struct ClockError;

/// The moment, for the module that has no clock.
///
/// # Errors
/// When the clock stands before 1970.
pub fn now() -> Result<When, ClockError> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| ClockError)?;
    i64::try_from(since.as_secs()).map(When::from_seconds).map_err(|_| ClockError)
}

/// Writes an error, with what led to it, to standard error.
pub fn complain(error: &(dyn Error + 'static)) {
    let chain = std::iter::successors(Some(error), |&error| error.source());
    let mut parts: Vec<String> = chain.map(ToString::to_string).collect();
    // A transparent error says the same again.
    parts.dedup();
    let message = format!("countersign: {}", parts.join(": "));
    let _ = writeln!(std::io::stderr(), "{}", countersign_core::visible(&message));
}
