//! Reads the chain from its beginning, and holds each entry against its own hash and against the entry that follows it. Whoever
//! shows something of the trail reads it here, so nothing that was changed is shown as if it were recorded.

use std::fmt;

use crate::chain::{Entry, Link, NOTHING, hash};
use crate::database::{DatabaseError, Row, Store};

/// Entries that are read at once.
const PAGE: i64 = 500;

/// The columns of an entry, in the order in which [`sound`] reads them.
pub(crate) const COLUMNS: &str = "number, hash, kind, repository, target, change, head, result, body";

/// What stands at a place of the chain: an entry that gives its hash and that the next one follows, or what is wrong there.
pub type Found = Result<Link, Damage>;

/// A place of the trail that is not as it was written: a sentence that holds nothing of what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The number of the entry, or of the first where several are missing.
    pub number: u64,
    /// The damage, in words.
    pub what: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Damage {
    /// Something that is wrong with one entry.
    pub(crate) fn at(number: u64, what: String) -> Self {
        Damage { number, what }
    }

    fn changed(number: i64, what: &str) -> Self {
        let place = u64::try_from(number).unwrap_or_default();
        Damage::at(place, format!("entry {number} was changed: {what}"))
    }
}

/// Calls `each` for what stands at every place from one number to another, both included, in order.
///
/// # Errors
/// When the database fails, and what `each` says.
pub fn walk<E: From<DatabaseError>>(
    store: &mut dyn Store,
    from: u64,
    to: u64,
    mut each: impl FnMut(&mut dyn Store, Found) -> Result<(), E>,
) -> Result<(), E> {
    let mut walk = Walk { from, to, expected: from.max(1), held: None };
    let page =
        i64::try_from(to.saturating_sub(from)).map_or(PAGE, |between| PAGE.min(between.saturating_add(2)));
    let mut next = Some(if from <= 1 { i64::MIN } else { i64::try_from(from).unwrap_or(i64::MAX) });
    while let Some(first) = next {
        let rows = store.query(
            &format!("SELECT {COLUMNS} FROM entries WHERE number >= $1 ORDER BY number LIMIT $2"),
            &[first.into(), page.into()],
        )?;
        next = None;
        for row in &rows {
            let number = row.integer(0)?;
            next = number.checked_add(1);
            for found in walk.step(number, row) {
                each(store, found)?;
            }
            // The one after the last has told whether it follows it.
            if u64::try_from(number).is_ok_and(|number| number > to) {
                return Ok(());
            }
        }
    }
    match walk.held.take() {
        Some(last) => each(store, Ok(last)),
        None => Ok(()),
    }
}

struct Walk {
    from: u64,
    to: u64,
    /// The number that the next entry should have.
    expected: u64,
    /// The last entry, until the next tells whether it follows it.
    held: Option<Link>,
}

impl Walk {
    /// What is known once the next row is read.
    fn step(&mut self, number: i64, row: &Row) -> Vec<Found> {
        let mut found = Vec::new();
        let held = self.held.take();
        let Some(at) = u64::try_from(number).ok().filter(|&at| at > 0) else {
            let what = format!("entry {number} is none: entries count from 1");
            return vec![Err(Damage::at(0, what))];
        };
        let last_missing = (at - 1).min(self.to);
        let missing = (self.expected <= last_missing).then(|| {
            let what = match last_missing - self.expected {
                0 => format!("entry {} is missing", self.expected),
                _ => format!("entries {} to {last_missing} are missing", self.expected),
            };
            Err(Damage::at(self.expected, what))
        });
        self.expected = at.saturating_add(1);
        let here = sound(number, row);
        if let Some(held) = held {
            let follows = match &here {
                Ok(link) if missing.is_none() => link.entry.previous == held.hash,
                // What was changed tells nothing of the one before it.
                _ => true,
            };
            found.push(if follows {
                Ok(held)
            } else {
                let before = held.entry.number;
                let what =
                    format!("entry {number} does not follow the one before it: entry {before} was replaced");
                Err(Damage::at(before, what))
            });
        }
        found.extend(missing);
        if at > self.to || at < self.from {
            return found;
        }
        match here {
            Ok(link) if at == 1 && link.entry.previous != NOTHING => {
                let what = "entry 1 follows another: what stood before it was cut off".to_owned();
                found.push(Err(Damage::at(1, what)));
            }
            Ok(link) => self.held = Some(link),
            Err(damage) => found.push(Err(damage)),
        }
        found
    }
}

/// The entry of a row, where its bytes give its hash and it stands where it says and under what it says.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn sound(number: i64, row: &Row) -> Found {
    let changed = |what: &str| Damage::changed(number, what);
    let text = |at: usize| row.text(at).map_err(|_| changed("a column holds something else than text"));
    let (stated, body) = (text(1)?, text(8)?);
    if hash(&body) != stated {
        return Err(changed("its bytes do not give its hash"));
    }
    let entry: Entry = serde_json::from_str(&body).map_err(|_| changed("its bytes are no entry"))?;
    if i64::try_from(entry.number) != Ok(number) {
        let what = format!("entry {} stands in the place of {number}: entries were re-ordered", entry.number);
        return Err(Damage::at(u64::try_from(number).unwrap_or_default(), what));
    }
    if entry.when().is_none() {
        return Err(changed("its time is none"));
    }
    let listed = (2..=7).map(|at| row.maybe_text(at)).collect::<Result<Vec<_>, _>>();
    let says = [
        Some(entry.event.kind().to_owned()),
        Some(entry.repository.clone()),
        Some(entry.target.clone()),
        entry.change.clone(),
        Some(entry.head.clone()),
        entry.made().and_then(|made| made.result.clone()),
    ];
    if listed.is_ok_and(|listed| listed == says) {
        Ok(Link { entry, hash: stated })
    } else {
        Err(changed("it is listed under something else than it says"))
    }
}
