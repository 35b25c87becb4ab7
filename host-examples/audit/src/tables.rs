//! The tables of the trail.

use crate::schema::{Schema, run};

/// The tables of the trail, by the steps that made them.
pub const TABLES: Schema = Schema {
    noted: "countersign",
    steps: &[
        |store| run(store, FIRST),
        |store| {
            // Versions that noted 1 added tables without another number, so some of them may be missing.
            run(store, FIRST)?;
            run(store, SECOND)
        },
    ],
};

const FIRST: &[&str] = &[
    // What the body says stands beside it in columns, to be found by; `verify` compares them.
    "CREATE TABLE IF NOT EXISTS entries (
        number {integer} PRIMARY KEY,
        hash TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        repository TEXT NOT NULL,
        target TEXT NOT NULL,
        change TEXT,
        head TEXT NOT NULL,
        result TEXT,
        body TEXT NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS entries_by_place ON entries (repository, target, kind, number)",
    "CREATE INDEX IF NOT EXISTS entries_by_result ON entries (repository, target, result)",
    "CREATE INDEX IF NOT EXISTS entries_by_change ON entries (repository, change, number)",
    "CREATE TABLE IF NOT EXISTS documents (
        digest TEXT PRIMARY KEY,
        role TEXT NOT NULL,
        bytes {bytes}
    )",
    "CREATE TABLE IF NOT EXISTS answers (
        repository TEXT NOT NULL,
        change TEXT NOT NULL,
        question TEXT NOT NULL,
        digest TEXT NOT NULL,
        PRIMARY KEY (repository, change, question, digest)
    )",
    "CREATE TABLE IF NOT EXISTS taken (name TEXT PRIMARY KEY)",
    // Which repository bears a name, by the forge's number for it, and where those were in order that bear none any more.
    "CREATE TABLE IF NOT EXISTS bearers (repository TEXT PRIMARY KEY, id TEXT NOT NULL, since {integer} NOT NULL)",
    "CREATE TABLE IF NOT EXISTS left_at (
        id TEXT NOT NULL,
        target TEXT NOT NULL,
        head TEXT NOT NULL,
        PRIMARY KEY (id, target)
    )",
];

const SECOND: &[&str] = &[
    // Every scrape of the metrics looks for findings, whichever branch they are about.
    "CREATE INDEX entries_by_kind ON entries (kind, number)",
];

#[cfg(test)]
mod tests {
    use crate::database::{Database, Store};
    use crate::schema::has_column;

    #[test]
    fn a_table_that_a_version_added_without_a_number_is_there_after_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(folder.path().join("a.db"));
        let bears = |store: &mut dyn Store| has_column(store, "bearers", "id").unwrap();
        let mut store = database.open().unwrap();
        for statement in
            ["DROP TABLE bearers", "DROP INDEX entries_by_kind", "UPDATE countersign SET schema = 1"]
        {
            store.execute(statement, &[]).unwrap();
        }
        assert!(!bears(store.as_mut()));
        assert!(bears(database.open().unwrap().as_mut()));
    }
}
