//! Tables that change from version to version: a list of steps, and in the database the number of those that it has taken.
//!
//! The list is our own, for the libraries that keep one do not fit. `refinery` drives rusqlite up to 0.41, and only one SQLite can be
//! linked; it wants the statements of each kind of database in files of their own. `rusqlite_migration` knows no PostgreSQL.

use crate::database::{DatabaseError, Store, transaction};

/// A number for PostgreSQL's advisory lock, held while tables are made and changed.
const LOCK: i64 = 0x00C0_0417;

/// A step makes of the tables that the one before it left those that it is named after. It is one transaction with all others.
pub type Step = fn(&mut dyn Store) -> Result<(), DatabaseError>;

/// The tables of a crate.
pub struct Schema {
    /// The table that holds the number of the steps that were taken.
    pub noted: &'static str,
    /// The steps, oldest first. Databases have taken them, so one is never changed: another follows it.
    pub steps: &'static [Step],
}

impl Schema {
    fn known(&self) -> i64 {
        i64::try_from(self.steps.len()).unwrap_or(i64::MAX)
    }

    /// Takes the steps that a database has not taken, all or none.
    ///
    /// # Errors
    /// When a newer version has been here, or the database refuses a step.
    pub fn bring(&self, store: &mut dyn Store) -> Result<(), DatabaseError> {
        if self.taken(store)? == Some(self.known()) {
            return Ok(());
        }
        transaction(store, |store| {
            store.query("{lock tables}", &[LOCK.into()])?;
            // Another may have taken some while this one waited for the lock.
            let taken = self.taken(store)?;
            for step in
                self.steps.iter().skip(taken.and_then(|taken| usize::try_from(taken).ok()).unwrap_or(0))
            {
                step(store)?;
            }
            let noted = self.noted;
            let statement = match taken {
                Some(_) => format!("UPDATE {noted} SET schema = $1"),
                None => {
                    store.execute(
                        &format!("CREATE TABLE IF NOT EXISTS {noted} (schema {{integer}} NOT NULL)"),
                        &[],
                    )?;
                    format!("INSERT INTO {noted} (schema) VALUES ($1)")
                }
            };
            store.execute(&statement, &[self.known().into()])?;
            Ok(())
        })
    }

    /// How many steps a database has taken; none where it notes no number.
    ///
    /// # Errors
    /// When it has taken more than this version knows.
    pub fn taken(&self, store: &mut dyn Store) -> Result<Option<i64>, DatabaseError> {
        if !has_column(store, self.noted, "schema")? {
            return Ok(None);
        }
        let found = store.query(&format!("SELECT schema FROM {}", self.noted), &[])?;
        match found.first().map(|row| row.integer(0)).transpose()? {
            Some(found) if found > self.known() => {
                Err(DatabaseError::Newer { tables: self.noted, found, known: self.known() })
            }
            found => Ok(found),
        }
    }
}

/// Runs statements, one after the other.
///
/// # Errors
/// When the database refuses one.
pub fn run(store: &mut dyn Store, statements: &[&str]) -> Result<(), DatabaseError> {
    statements.iter().try_for_each(|statement| store.execute(statement, &[]).map(drop))
}

/// Whether a table is there and has a column of this name.
///
/// # Errors
/// When the database fails.
pub fn has_column(store: &mut dyn Store, table: &str, column: &str) -> Result<bool, DatabaseError> {
    Ok(!store.query("{has column}", &[table.into(), column.into()])?.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Database;

    const FIRST: Step = |store| run(store, &["CREATE TABLE words (word TEXT NOT NULL)"]);
    const SECOND: Step = |store| {
        run(store, &["ALTER TABLE words ADD COLUMN size {integer}", "UPDATE words SET size = length(word)"])
    };
    const FAILS: Step = |store| run(store, &["UPDATE words SET word = 'lost'", "UPDATE nothing SET x = 1"]);

    const fn of(steps: &'static [Step]) -> Schema {
        Schema { noted: "words_schema", steps }
    }

    fn store() -> (tempfile::TempDir, Box<dyn Store>) {
        let folder = tempfile::tempdir().unwrap();
        let store = Database::Sqlite(folder.path().join("a.db")).open().unwrap();
        (folder, store)
    }

    #[test]
    fn a_database_takes_the_steps_that_it_lacks_once_each() {
        let (_folder, mut store) = store();
        let store = store.as_mut();
        assert_eq!(of(&[FIRST]).taken(store).unwrap(), None);
        of(&[FIRST]).bring(store).unwrap();
        store.execute("INSERT INTO words (word) VALUES ('four')", &[]).unwrap();
        for _ in 0..2 {
            of(&[FIRST, SECOND]).bring(store).unwrap();
            assert_eq!(of(&[FIRST, SECOND]).taken(store).unwrap(), Some(2));
        }
        assert_eq!(store.query("SELECT size FROM words", &[]).unwrap()[0].integer(0).unwrap(), 4);
    }

    #[test]
    fn a_step_that_fails_leaves_the_tables_as_they_were() {
        let (_folder, mut store) = store();
        let store = store.as_mut();
        of(&[FIRST]).bring(store).unwrap();
        store.execute("INSERT INTO words (word) VALUES ('four')", &[]).unwrap();
        assert!(of(&[FIRST, SECOND, FAILS]).bring(store).is_err());
        assert_eq!(of(&[FIRST]).taken(store).unwrap(), Some(1));
        assert!(!has_column(store, "words", "size").unwrap());
        assert_eq!(store.query("SELECT word FROM words", &[]).unwrap()[0].text(0).unwrap(), "four");
    }

    #[test]
    fn tables_of_a_newer_version_are_left_alone_and_the_answer_says_what_to_do() {
        let (_folder, mut store) = store();
        let store = store.as_mut();
        of(&[FIRST, SECOND]).bring(store).unwrap();
        let refused = of(&[FIRST]).bring(store).unwrap_err().to_string();
        assert_eq!(
            refused,
            "the database has schema 2 of `words_schema`, and this program knows 1: run the newer program, or restore the copy that \
             was made before the upgrade"
        );
        assert!(has_column(store, "words", "size").unwrap());
    }
}
