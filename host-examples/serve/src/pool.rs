//! Connections to the database, opened when they are needed and kept.

use std::sync::{Mutex, PoisonError};

use countersign_audit::{Database, DatabaseError, Store};

use crate::tables;

/// Connections that are kept while nobody needs them.
const IDLE: usize = 16;

/// A pool.
pub struct Pool {
    database: Database,
    idle: Mutex<Vec<Box<dyn Store>>>,
}

impl Pool {
    /// The pool of a database, with one connection open. Only that one makes tables and changes them.
    ///
    /// # Errors
    /// When it cannot be reached, or a newer version has been here.
    pub fn open(database: Database) -> Result<Self, DatabaseError> {
        let first = tables::open(&database)?;
        Ok(Pool { database, idle: Mutex::new(vec![first]) })
    }

    /// Runs something on a connection. One on which something failed is not used again: it may be broken.
    ///
    /// # Errors
    /// What it says, and when no connection can be had.
    pub fn with<T, E: From<DatabaseError>>(
        &self,
        run: impl FnOnce(&mut dyn Store) -> Result<T, E>,
    ) -> Result<T, E> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle().pop();
        let mut store = match waiting {
            Some(store) => store,
            None => self.database.open_existing()?,
        };
        let done = run(store.as_mut())?;
        let mut idle = idle();
        if idle.len() < IDLE {
            idle.push(store);
        }
        Ok(done)
    }
}
