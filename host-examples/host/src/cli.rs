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
    let message = format!("countersign: {}", told(error));
    let _ = writeln!(std::io::stderr(), "{}", countersign_core::visible(&message));
}

/// An error, with what led to it.
pub fn told(error: &(dyn Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |&error| error.source());
    let mut parts: Vec<String> = chain.map(ToString::to_string).collect();
    // One that is transparent, or tells in its own words what led to it, would say the same again.
    parts.dedup_by(|below, above| above.contains(below.as_str()));
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum Above {
        #[error("taking it in")]
        Says(#[source] ClockError),
        #[error("taking it in: {0}; look at it")]
        Tells(#[source] ClockError),
        #[error(transparent)]
        Is(#[from] ClockError),
    }

    #[test]
    fn nothing_is_told_twice_and_nothing_is_left_out() {
        for (error, says) in [
            (Above::Says(ClockError), "taking it in: the clock stands before 1970"),
            (Above::Tells(ClockError), "taking it in: the clock stands before 1970; look at it"),
            (Above::Is(ClockError), "the clock stands before 1970"),
        ] {
            assert_eq!(told(&error), says);
        }
    }
}
