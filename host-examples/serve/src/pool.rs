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
            None => tables::reopen(&self.database)?,
        };
        let done = run(store.as_mut())?;
        let mut idle = idle();
        if idle.len() < IDLE {
            idle.push(store);
        }
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_audit::schema::has_column;

    fn pool() -> (tempfile::TempDir, Pool) {
        let folder = tempfile::tempdir().unwrap();
        let pool = Pool::open(Database::Sqlite(folder.path().join("q.db"))).unwrap();
        (folder, pool)
    }

    #[test]
    fn only_the_first_connection_makes_tables() {
        let (_folder, pool) = pool();
        let asked = pool.with(|first| {
            assert!(has_column(first, "turns", "at")?);
            first.execute("DROP TABLE turns", &[])?;
            // The first is in use, so this opens another.
            pool.with(|second| {
                Ok::<_, DatabaseError>((
                    has_column(second, "jobs", "lane")?,
                    has_column(second, "turns", "at")?,
                ))
            })
        });
        assert_eq!(asked.unwrap(), (true, false));
    }

    #[test]
    fn no_connection_is_opened_to_tables_that_a_newer_version_changed() {
        for noted in ["countersign", "service"] {
            let (_folder, pool) = pool();
            let asked = pool.with(|first| {
                first.execute(&format!("UPDATE {noted} SET schema = 99"), &[])?;
                pool.with(|_| Ok::<_, DatabaseError>(()))
            });
            let refused = asked.unwrap_err().to_string();
            assert!(refused.contains(&format!("has schema 99 of `{noted}`")), "{refused}");
        }
    }
}
