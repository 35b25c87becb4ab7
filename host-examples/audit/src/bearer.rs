//! Which repository bears a name.
//!
//! A repository that was deleted and made again, or put in the place of one that was renamed, has the name of another, and what was
//! decided about that one says nothing of it. One that was renamed is the same under its new name, and where it gets its
//! old one back: it goes on from where it was in order.

use countersign_core::model::When;

use crate::chain::{Event, Place};
use crate::database::{DatabaseError, Store, transaction};
use crate::trail::{Trail, TrailError};

impl Trail<'_> {
    /// The forge's number of the repository that bears a name, as far as it was noted.
    ///
    /// # Errors
    /// When the database fails.
    pub fn bearer(&mut self, repository: &str) -> Result<Option<String>, TrailError> {
        let rows = self.store.query("SELECT id FROM bearers WHERE repository = $1", &[repository.into()])?;
        Ok(rows.first().map(|row| row.text(0)).transpose()?)
    }

    /// The entry after which the entries of a name are about the repository that bears it.
    pub(crate) fn since(&mut self, repository: &str) -> Result<i64, TrailError> {
        let rows =
            self.store.query("SELECT since FROM bearers WHERE repository = $1", &[repository.into()])?;
        Ok(rows.first().map(|row| row.integer(0)).transpose()?.unwrap_or_default())
    }

    /// Notes that a repository bears a name from now on. Whether another did before: what was open of that one is settled, and what
    /// is kept beside the trail under its name is gone. `forget` does the same for tables of others, in the same step.
    ///
    /// # Errors
    /// When the database fails.
    pub fn bear(
        &mut self,
        at: When,
        repository: &str,
        id: &str,
        forget: impl FnOnce(&mut dyn Store, &str) -> Result<(), DatabaseError>,
    ) -> Result<bool, TrailError> {
        transaction(self.store, |store| {
            let mut trail = Trail { store };
            trail.lock()?;
            let bearer = trail.bearer(repository)?;
            if bearer.as_deref() == Some(id) {
                return Ok(false);
            }
            let in_order = trail.in_order_elsewhere(repository, id)?;
            if let Some(bearer) = &bearer {
                trail.leave(at, repository, bearer)?;
                forget(trail.store, repository)?;
            }
            let is_new_here = bearer.is_some() || !in_order.is_empty();
            let last = trail.head()?.filter(|_| is_new_here).map_or(0, |link| link.entry.number);
            trail.store.execute(
                "INSERT INTO bearers (repository, id, since) VALUES ($1, $2, $3)
                 ON CONFLICT (repository) DO UPDATE SET id = excluded.id, since = excluded.since",
                &[repository.into(), id.into(), last.into()],
            )?;
            for (target, head) in in_order {
                let place = Place { repository: repository.to_owned(), target, change: None, head };
                trail.append(at, place, Event::Merge { from: None, decisions: Vec::new() })?;
            }
            Ok(bearer.is_some())
        })
    }

    /// Where the branches of a repository were in order when it last bore another name, or this one before another did.
    fn in_order_elsewhere(
        &mut self,
        repository: &str,
        id: &str,
    ) -> Result<Vec<(String, String)>, TrailError> {
        let named = self.store.query(
            "SELECT repository FROM bearers WHERE id = $1 AND repository <> $2 ORDER BY since DESC LIMIT 1",
            &[id.into(), repository.into()],
        )?;
        if let Some(row) = named.first() {
            let merges = self.last_merges(&row.text(0)?)?;
            return Ok(merges.into_iter().map(|link| (link.entry.target, link.entry.head)).collect());
        }
        let rows = self
            .store
            .query("SELECT target, head FROM left_at WHERE id = $1 ORDER BY target", &[id.into()])?;
        rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
    }

    /// Keeps where a repository was in order that loses its name, and settles what was open of it under that.
    fn leave(&mut self, at: When, repository: &str, id: &str) -> Result<(), TrailError> {
        self.store.execute("DELETE FROM left_at WHERE id = $1", &[id.into()])?;
        for link in self.last_merges(repository)? {
            let (target, head) = (link.entry.target, link.entry.head);
            self.store.execute(
                "INSERT INTO left_at (id, target, head) VALUES ($1, $2, $3)",
                &[id.into(), target.into(), head.into()],
            )?;
        }
        let open = self.findings(None)?;
        for finding in open.into_iter().filter(|link| link.entry.repository == repository) {
            let settled = Event::Settled { finding: finding.entry.number, decision: None };
            self.append(at, finding.entry.place(), settled)?;
        }
        self.store.execute("DELETE FROM answers WHERE repository = $1", &[repository.into()])?;
        Ok(())
    }
}
