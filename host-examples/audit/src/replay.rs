//! Evaluates stored requests again, with the component that decided then, and compares bytes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use countersign_host::module::{CallError, Function, Module};

use crate::chain::{Link, Made};
use crate::database::{Database, DatabaseError, Store};
use crate::documents::{self, Document, Removals};
use crate::record::differences;
use crate::trail::{Trail, TrailError};
use crate::walk::{Damage, walk};

/// Decisions that one thread takes at a time.
const SHARE: usize = 64;

/// The result of evaluating a stored request again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replayed {
    /// The module gave the same bytes again.
    Same,
    /// The module gave other bytes.
    Differs,
    /// The same bytes, and its entry or the record of who answered says something else.
    Contradicted,
    /// Its request or its answer was removed, and an entry says so.
    Redacted,
    /// Its request, answer or component is not there, and no entry says that it was removed.
    Missing,
    /// Its request, answer or component is not what was recorded.
    Changed,
    /// Its component is what was recorded, and cannot be run here.
    Unrunnable,
}

/// What came of a range of the trail.
#[derive(Debug, Default)]
pub struct Replay {
    /// Decisions that were looked at.
    pub decisions: u64,
    /// Those that did not give the same bytes, in the order of their numbers.
    pub odd: Vec<(u64, Replayed)>,
    /// Entries that are not as they were written: what they decided is not known.
    pub damage: Vec<Damage>,
}

impl Replay {
    /// The number of decisions that ended so.
    pub fn count(&self, ended: Replayed) -> u64 {
        match ended {
            Replayed::Same => self.decisions - self.odd.len() as u64,
            other => self.odd.iter().filter(|(_, odd)| *odd == other).count() as u64,
        }
    }
}

/// The components that have decided, compiled once each.
pub struct Modules {
    known: Mutex<HashMap<String, Result<Arc<Module>, Replayed>>>,
}

impl Modules {
    /// Starts with the one that this program was built with.
    ///
    /// # Errors
    /// When it cannot be run here.
    pub fn with(embedded: Module) -> Self {
        let known = HashMap::from([(embedded.digest().to_owned(), Ok(Arc::new(embedded)))]);
        Modules { known: Mutex::new(known) }
    }

    /// A component by its digest: one that is known, else the one that the trail keeps; or what comes of a decision for want of it.
    fn get(
        &self,
        store: &mut dyn Store,
        removals: &Removals,
        digest: &str,
    ) -> Result<Result<Arc<Module>, Replayed>, DatabaseError> {
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(module) = known.get(digest) {
            return Ok(module.clone());
        }
        let module = match present(documents::read(store, removals, digest)?) {
            Ok(bytes) => Module::from_bytes(bytes, format!("component {digest} of the trail"))
                .map(Arc::new)
                .map_err(|_| Replayed::Unrunnable),
            Err(why) => Err(why),
        };
        known.insert(digest.to_owned(), module.clone());
        Ok(module)
    }
}

/// The bytes of a document, or what comes of a decision for want of them.
fn present(document: Document) -> Result<Vec<u8>, Replayed> {
    match document {
        Document::Present(bytes) => Ok(bytes),
        Document::Removed(_) => Err(Replayed::Redacted),
        Document::Missing => Err(Replayed::Missing),
        Document::Changed => Err(Replayed::Changed),
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
/// When the database fails.
pub fn replay(
    store: &mut dyn Store,
    removals: &Removals,
    modules: &Modules,
    link: &Link,
    made: &Made,
) -> Result<Replayed, DatabaseError> {
    let module = match modules.get(store, removals, &made.component)? {
        Ok(module) => module,
        Err(why) => return Ok(why),
    };
    let request = present(documents::read(store, removals, &made.request)?);
    let answer = present(documents::read(store, removals, &made.answer)?);
    let (request, answer) = match (request, answer) {
        (Ok(request), Ok(answer)) => (request, answer),
        // What was taken away without a word weighs more than what an entry tells of.
        (Err(Replayed::Redacted), Err(why)) | (Err(why), _) | (_, Err(why)) => return Ok(why),
    };
    if self::answer(&module, &request).as_bytes() != answer {
        return Ok(Replayed::Differs);
    }
    let approvers =
        made.approvers.as_deref().map(|digest| documents::read(store, removals, digest)).transpose()?;
    let (request, answer) = (Document::Present(request), Document::Present(answer));
    let differences = differences(&link.entry, made, &request, &answer, approvers.as_ref());
    Ok(if differences.all().next().is_some() { Replayed::Contradicted } else { Replayed::Same })
}

/// Replays every decision from one number to another on all processors.
///
/// # Errors
/// When the database fails; what is wrong with the trail is no error.
pub fn replay_all(database: &Database, modules: &Modules, from: u64, to: u64) -> Result<Replay, TrailError> {
    let (mut links, mut replay) = (Vec::new(), Replay::default());
    let mut store = database.open_existing()?;
    walk(store.as_mut(), from, to, |_, found| {
        match found {
            Ok(link) if link.entry.made().is_some() => links.push(link),
            Ok(_) => {}
            Err(damage) => replay.damage.push(damage),
        }
        Ok::<(), DatabaseError>(())
    })?;
    replay.decisions = links.len() as u64;
    let removals = Trail::of(store.as_mut()).removals()?;
    drop(store);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let shares = Mutex::new(links.chunks(SHARE).collect::<Vec<&[Link]>>());
    let work = || -> Result<Vec<(u64, Replayed)>, DatabaseError> {
        let mut store = database.open_existing()?;
        let mut odd = Vec::new();
        loop {
            let share = shares.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
            let Some(share) = share else { return Ok(odd) };
            for link in share {
                let Some(made) = link.entry.made() else { continue };
                match self::replay(store.as_mut(), &removals, modules, link, made)? {
                    Replayed::Same => {}
                    other => odd.push((link.entry.number, other)),
                }
            }
        }
    };
    std::thread::scope(|scope| -> Result<(), TrailError> {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            match worker.join() {
                Ok(found) => replay.odd.extend(found?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(())
    })?;
    replay.odd.sort_unstable_by_key(|(number, _)| *number);
    Ok(replay)
}
