//! The changes that are open, each with the last decision about it and the gate's own comment on it.

use std::collections::HashSet;

use countersign_audit::database::{DatabaseError, Row, Store};
use countersign_audit::schema::has_column;
use countersign_audit::trail::{Trail, TrailError};
use countersign_audit::{Link, Place};

/// Changes that a page lists.
const MOST: i64 = 1_000;

/// Notes the last decision about a change that is open.
///
/// # Errors
/// When the database fails.
pub fn put(store: &mut dyn Store, place: &Place, hash: &str) -> Result<(), DatabaseError> {
    let Some(change) = &place.change else { return Ok(()) };
    store.execute(
        "INSERT INTO open (repository, change, hash) VALUES ($1, $2, $3)
         ON CONFLICT (repository, change) DO UPDATE SET hash = excluded.hash",
        &[place.repository.as_str().into(), change.as_str().into(), hash.into()],
    )?;
    Ok(())
}

/// Notes that a change is closed.
///
/// # Errors
/// When the database fails.
pub fn close(store: &mut dyn Store, repository: &str, change: &str) -> Result<(), DatabaseError> {
    store.execute(
        "DELETE FROM open WHERE repository = $1 AND change = $2",
        &[repository.into(), change.into()],
    )?;
    Ok(())
}

/// The last decisions about the changes that are open. One that is not as it was written is not among them.
///
/// # Errors
/// When the database fails.
pub fn list(store: &mut dyn Store) -> Result<Vec<Link>, TrailError> {
    let rows = store.query("SELECT hash FROM open ORDER BY repository, change LIMIT $1", &[MOST.into()])?;
    links(store, &rows)
}

fn links(store: &mut dyn Store, rows: &[Row]) -> Result<Vec<Link>, TrailError> {
    let mut links = Vec::new();
    for row in rows {
        match Trail::of(store).entry(&row.text(0)?) {
            Err(TrailError::Damage(damage)) => tracing::error!(%damage, "a decision cannot be listed"),
            found => links.extend(found?),
        }
    }
    Ok(links)
}

/// The last decisions about the changes that are open and bring a commit. One that is not as it was
/// written is not among them.
///
/// # Errors
/// When the database fails.
pub fn of_commit(store: &mut dyn Store, repository: &str, head: &str) -> Result<Vec<Link>, TrailError> {
    let rows = store.query(
        "SELECT entries.hash FROM open JOIN entries ON entries.hash = open.hash
         WHERE open.repository = $1 AND entries.head = $2",
        &[repository.into(), head.into()],
    )?;
    links(store, &rows)
}

/// The numbers of the changes that are open and go into a branch, or that brought a commit when they were decided about last.
///
/// # Errors
/// When the database fails.
pub fn of_branch(
    store: &mut dyn Store,
    repository: &str,
    target: &str,
    head: Option<&str>,
) -> Result<Vec<String>, DatabaseError> {
    let rows = store.query(
        "SELECT open.change FROM open JOIN entries ON entries.hash = open.hash
         WHERE open.repository = $1 AND (entries.target = $2 OR entries.head = $3)",
        &[repository.into(), target.into(), head.unwrap_or_default().into()],
    )?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// The commit that a change brought when it was decided about last; none where it is not open.
///
/// # Errors
/// When the database fails.
pub fn head(store: &mut dyn Store, repository: &str, change: &str) -> Result<Option<String>, DatabaseError> {
    let rows = store.query(
        "SELECT entries.head FROM open JOIN entries ON entries.hash = open.hash
         WHERE open.repository = $1 AND open.change = $2",
        &[repository.into(), change.into()],
    )?;
    rows.first().map(|row| row.text(0)).transpose()
}

/// The entries whose documents people wait for: the last decisions about the changes that are open. None in a trail that no
/// service ever wrote to.
///
/// # Errors
/// When the database fails.
pub fn wanted(store: &mut dyn Store) -> Result<HashSet<String>, DatabaseError> {
    if !has_column(store, "open", "hash")? {
        return Ok(HashSet::new());
    }
    store.query("SELECT hash FROM open", &[])?.iter().map(|row| row.text(0)).collect()
}

/// Forgets the changes of a repository whose name another bears now.
///
/// # Errors
/// When the database fails.
pub fn forget(store: &mut dyn Store, repository: &str) -> Result<(), DatabaseError> {
    for table in ["open", "comments"] {
        store.execute(&format!("DELETE FROM {table} WHERE repository = $1"), &[repository.into()])?;
    }
    Ok(())
}

/// The forge's name for the gate's own comment on a change.
///
/// # Errors
/// When the database fails.
pub fn comment(
    store: &mut dyn Store,
    repository: &str,
    change: &str,
) -> Result<Option<String>, DatabaseError> {
    let statement = "SELECT id FROM comments WHERE repository = $1 AND change = $2";
    let rows = store.query(statement, &[repository.into(), change.into()])?;
    rows.first().map(|row| row.text(0)).transpose()
}

/// Keeps that name.
///
/// # Errors
/// When the database fails.
pub fn keep_comment(
    store: &mut dyn Store,
    repository: &str,
    change: &str,
    id: &str,
) -> Result<(), DatabaseError> {
    store.execute(
        "INSERT INTO comments (repository, change, id) VALUES ($1, $2, $3)
         ON CONFLICT (repository, change) DO UPDATE SET id = excluded.id",
        &[repository.into(), change.into(), id.into()],
    )?;
    Ok(())
}
