//! Evaluates stored requests again, with the component that decided then, and compares bytes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use countersign_host::module::{CallError, Function, LoadError, Module, sha256_hex};

use crate::chain::Made;
use crate::database::{Database, Store};
use crate::documents::{self, Document};
use crate::trail::{Link, Trail, TrailError};

/// Decisions that one thread takes at a time.
const SHARE: usize = 64;

/// Why nothing could be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The trail gave no answer.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] crate::DatabaseError),
    /// A component cannot be run here.
    #[error("component {digest}: {source}")]
    Component {
        /// Its digest.
        digest: String,
        /// Why.
        source: LoadError,
    },
}

/// What came of one decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replayed {
    /// The same bytes.
    Same,
    /// Other bytes.
    Differs,
    /// Its request or its answer was removed.
    Redacted,
    /// Its request, answer or component is not there, and nobody said that it was removed.
    Missing,
}

/// The components that have decided, compiled once each.
pub struct Modules {
    known: Mutex<HashMap<String, Option<Arc<Module>>>>,
}

impl Modules {
    /// Starts with the one that this program was built with.
    ///
    /// # Errors
    /// When it cannot be run here.
    pub fn with(embedded: Module) -> Self {
        let known = HashMap::from([(embedded.digest().to_owned(), Some(Arc::new(embedded)))]);
        Modules { known: Mutex::new(known) }
    }

    /// A component by its digest: one that is known, else the one that the trail keeps.
    fn get(&self, store: &mut dyn Store, digest: &str) -> Result<Option<Arc<Module>>, ReplayError> {
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(module) = known.get(digest) {
            return Ok(module.clone());
        }
        let bytes = documents::read(store, digest)?.bytes().filter(|bytes| sha256_hex(bytes) == digest);
        let module = match bytes {
            Some(bytes) => {
                let loaded = Module::from_bytes(bytes, format!("component {digest} of the trail"));
                Some(Arc::new(
                    loaded.map_err(|source| ReplayError::Component { digest: digest.to_owned(), source })?,
                ))
            }
            None => None,
        };
        known.insert(digest.to_owned(), module.clone());
        Ok(module)
    }
}

/// What a module answers to a request: a decision, or the error document that comes instead.
pub fn answer(module: &Module, request: &[u8]) -> String {
    match module.call(Function::Evaluate, request) {
        Ok(answer) | Err(CallError::Refused(answer)) => answer,
        Err(error) => error.to_string(),
    }
}

/// Replays one decision.
///
/// # Errors
/// When the trail gives no answer or the component cannot be run here.
pub fn replay(store: &mut dyn Store, modules: &Modules, made: &Made) -> Result<Replayed, ReplayError> {
    let Some(module) = modules.get(store, &made.component)? else { return Ok(Replayed::Missing) };
    let (request, answer) =
        match (documents::read(store, &made.request)?, documents::read(store, &made.answer)?) {
            (Document::Present(request), Document::Present(answer)) => (request, answer),
            (Document::Missing, _) | (_, Document::Missing) => return Ok(Replayed::Missing),
            _ => return Ok(Replayed::Redacted),
        };
    let again = self::answer(&module, &request);
    Ok(if again.as_bytes() == answer { Replayed::Same } else { Replayed::Differs })
}

/// Replays every decision from one number to another on all processors, and calls `each` for those that are not the same,
/// in the order of their numbers. Gives how many were replayed.
///
/// # Errors
/// As [`replay`].
pub fn replay_all(
    database: &Database,
    modules: &Modules,
    from: u64,
    to: u64,
    mut each: impl FnMut(&Link, Replayed),
) -> Result<u64, ReplayError> {
    let mut links = Vec::new();
    let mut store = database.open()?;
    Trail::of(store.as_mut()).each(from, to, |_, link| {
        if link.entry.made().is_some() {
            links.push(link);
        }
        Ok::<(), TrailError>(())
    })?;
    let shares: Mutex<Vec<&[Link]>> = Mutex::new(links.chunks(SHARE).collect());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || -> Result<Vec<(u64, Replayed)>, ReplayError> {
        let mut store = database.open()?;
        let mut odd = Vec::new();
        loop {
            let share = shares.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
            let Some(share) = share else { return Ok(odd) };
            for link in share {
                let Some(made) = link.entry.made() else { continue };
                match replay(store.as_mut(), modules, made)? {
                    Replayed::Same => {}
                    other => odd.push((link.entry.number, other)),
                }
            }
        }
    };
    let mut odd = Vec::new();
    std::thread::scope(|scope| -> Result<(), ReplayError> {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            match worker.join() {
                Ok(found) => odd.extend(found?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(())
    })?;
    odd.sort_unstable_by_key(|(number, _)| *number);
    for (number, replayed) in odd {
        if let Some(link) = links.iter().find(|link| link.entry.number == number) {
            each(link, replayed);
        }
    }
    Ok(links.len() as u64)
}
