//! The tables of the service, in the database of the trail: its queue, and what is open.

use countersign_audit::database::{Database, DatabaseError, Store};
use countersign_audit::schema::{Schema, has_column, run};

/// The tables of the service, by the steps that made them.
const TABLES: Schema = Schema {
    noted: "service",
    steps: &[|store| {
        // Versions before kept them without a number, and added some of them one after the other.
        run(store, FIRST)?;
        if has_column(store, "jobs", "repository")? {
            return Ok(());
        }
        run(store, &["ALTER TABLE jobs ADD COLUMN repository TEXT"])
    }],
};

const FIRST: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS jobs (
        id {id},
        lane TEXT NOT NULL UNIQUE,
        subject TEXT NOT NULL,
        due {integer} NOT NULL,
        attempts {integer} NOT NULL,
        asked {integer} NOT NULL,
        claim TEXT,
        until {integer},
        repository TEXT
    )",
    "CREATE INDEX IF NOT EXISTS jobs_by_due ON jobs (due)",
    "CREATE TABLE IF NOT EXISTS open (
        repository TEXT NOT NULL,
        change TEXT NOT NULL,
        hash TEXT NOT NULL,
        PRIMARY KEY (repository, change)
    )",
    // The gate's own comment on a change, by the forge's name for it.
    "CREATE TABLE IF NOT EXISTS comments (
        repository TEXT NOT NULL,
        change TEXT NOT NULL,
        id TEXT NOT NULL,
        PRIMARY KEY (repository, change)
    )",
    // When a job of a repository was claimed last.
    "CREATE TABLE IF NOT EXISTS turns (repository TEXT PRIMARY KEY, at {integer} NOT NULL)",
    "CREATE TABLE IF NOT EXISTS repositories (name TEXT PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS deliveries (id TEXT PRIMARY KEY, at {integer} NOT NULL)",
];

/// Opens a connection; the tables of the trail and of the service are made where they are missing, and brought to this version where
/// they are older.
///
/// # Errors
/// When the database cannot be reached, or a newer version has been here.
pub fn open(database: &Database) -> Result<Box<dyn Store>, DatabaseError> {
    let mut store = database.open()?;
    TABLES.bring(store.as_mut())?;
    Ok(store)
}

/// Opens another connection to a database whose tables are in place. It makes none and changes none.
///
/// # Errors
/// When the database cannot be reached, or a newer version has been here since.
pub fn reopen(database: &Database) -> Result<Box<dyn Store>, DatabaseError> {
    let mut store = database.open_existing()?;
    TABLES.taken(store.as_mut())?;
    Ok(store)
}
