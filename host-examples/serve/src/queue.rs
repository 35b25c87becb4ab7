//! What has to be judged, kept in the database before the forge is told that it was heard.
//!
//! A job says only what may have changed: it is judged by what the forge says then, so two jobs about one change are one. A
//! worker claims a job for a while; if it dies, another takes it over when that while is past.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use countersign_audit::database::{DatabaseError, Row, Store, Value, transaction};

use crate::forge::{Delivery, Subject};

/// How long a delivery is remembered, so that it cannot be replayed.
const MEMORY: Duration = Duration::from_secs(30 * 24 * 3600);

/// The longest wait before a job is tried again.
const LONGEST: Duration = Duration::from_secs(300);

/// A job that was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    id: i64,
    claim: String,
    asked: i64,
    /// How often it failed.
    pub attempts: u32,
    /// What is to be judged.
    pub subject: Subject,
}

/// Milliseconds since 1970.
pub fn clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Keeps a delivery and its jobs; false for one that was kept before.
///
/// # Errors
/// When the database fails; the forge must then hear that it was not taken.
pub fn accept(store: &mut dyn Store, delivery: &Delivery) -> Result<bool, DatabaseError> {
    transaction(store, |store| {
        let now = clock();
        let statement = "INSERT INTO deliveries (id, at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
        if store.execute(statement, &[delivery.id.as_str().into(), now.into()])? == 0 {
            return Ok(false);
        }
        for subject in &delivery.subjects {
            ask(store, subject, now)?;
            // Whoever holds the secret is looked after from then on.
            let statement = "INSERT INTO repositories (name) VALUES ($1) ON CONFLICT (name) DO NOTHING";
            store.execute(statement, &[subject.repository().into()])?;
        }
        Ok(true)
    })
}

/// Asks for something to be judged now.
///
/// # Errors
/// When the database fails.
pub fn add(store: &mut dyn Store, subjects: &[Subject]) -> Result<(), DatabaseError> {
    transaction(store, |store| {
        let now = clock();
        subjects.iter().try_for_each(|subject| ask(store, subject, now))
    })
}

fn ask(store: &mut dyn Store, subject: &Subject, now: i64) -> Result<(), DatabaseError> {
    let odd = |e: serde_json::Error| DatabaseError::Damaged(e.to_string());
    let text = serde_json::to_string(subject).map_err(odd)?;
    store.execute(
        "INSERT INTO jobs (lane, subject, due, attempts, asked, repository) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (lane) DO UPDATE SET asked = jobs.asked + 1, repository = excluded.repository,
         due = CASE WHEN jobs.due < excluded.due THEN jobs.due ELSE excluded.due END",
        &[
            subject.lane().into(),
            text.into(),
            now.into(),
            0_i64.into(),
            1_i64.into(),
            subject.repository().into(),
        ],
    )?;
    Ok(())
}

/// The next job that is due at `$1`, of a repository of which fewer than `$2` are being done. Repositories take turns: the one
/// of which a job was claimed longest ago comes first, with the job that is due for longest.
const DUE: &str = "
    SELECT jobs.id, jobs.subject, jobs.attempts, jobs.asked FROM jobs
    LEFT JOIN turns ON turns.repository = jobs.repository
    LEFT JOIN (
        SELECT repository, count(*) AS running FROM jobs WHERE until >= $1 GROUP BY repository
    ) busy ON busy.repository = jobs.repository
    WHERE jobs.due <= $1 AND (jobs.until IS NULL OR jobs.until < $1) AND coalesce(busy.running, 0) < $2
    ORDER BY coalesce(turns.at, 0), jobs.due, jobs.id LIMIT 1";

/// Claims a job for a while, where fewer than `share` of its repository are being done.
///
/// # Errors
/// When the database fails.
pub fn claim(store: &mut dyn Store, lease: Duration, share: usize) -> Result<Option<Job>, DatabaseError> {
    // Most of the time there is none, and SQLite need not be locked to see that.
    let now = clock();
    let values: [Value; 2] = [now.into(), i64::try_from(share).unwrap_or(i64::MAX).into()];
    if store.query(DUE, &values)?.is_empty() {
        return Ok(None);
    }
    transaction(store, |store| {
        let rows = store.query(&format!("{DUE} {{skip locked jobs}}"), &values)?;
        let Some(row) = rows.first() else { return Ok(None) };
        let job = read(row)?;
        let statement = "UPDATE jobs SET claim = $1, until = $2 WHERE id = $3";
        let until = now.saturating_add(millis(lease));
        store.execute(statement, &[job.claim.as_str().into(), until.into(), job.id.into()])?;
        store.execute(
            "INSERT INTO turns (repository, at) VALUES ($1, $2)
             ON CONFLICT (repository) DO UPDATE SET at = excluded.at",
            &[job.subject.repository().into(), now.into()],
        )?;
        Ok(Some(job))
    })
}

fn read(row: &Row) -> Result<Job, DatabaseError> {
    let subject = serde_json::from_str(&row.text(1)?).map_err(|e| DatabaseError::Damaged(e.to_string()))?;
    Ok(Job {
        id: row.integer(0)?,
        claim: format!("{:016x}", random()),
        attempts: u32::try_from(row.integer(2)?).unwrap_or(u32::MAX),
        asked: row.integer(3)?,
        subject,
    })
}

/// Ends a job that was done. What was asked for meanwhile is done once more.
///
/// # Errors
/// When the database fails.
pub fn settle(store: &mut dyn Store, job: &Job) -> Result<(), DatabaseError> {
    let values: [Value; 3] = [job.id.into(), job.claim.as_str().into(), job.asked.into()];
    let statement = "DELETE FROM jobs WHERE id = $1 AND claim = $2 AND asked = $3";
    if store.execute(statement, &values)? == 0 {
        store.execute(
            "UPDATE jobs SET claim = NULL, until = NULL, attempts = 0 WHERE id = $1 AND claim = $2",
            &[job.id.into(), job.claim.as_str().into()],
        )?;
    }
    Ok(())
}

/// Puts a job off that failed. Gives how long.
///
/// # Errors
/// When the database fails.
pub fn postpone(
    store: &mut dyn Store,
    job: &Job,
    wanted: Option<Duration>,
) -> Result<Duration, DatabaseError> {
    let wait = wanted.unwrap_or_else(|| wait(job.attempts)).min(LONGEST * 12);
    let due = clock().saturating_add(millis(wait));
    store.execute(
        "UPDATE jobs SET claim = NULL, until = NULL, attempts = attempts + 1, due = $1 WHERE id = $2 AND claim = $3",
        &[due.into(), job.id.into(), job.claim.as_str().into()],
    )?;
    Ok(wait)
}

/// Twice as long each time, and a quarter more or less, so that what failed together does not come back together.
fn wait(attempts: u32) -> Duration {
    let base = Duration::from_secs(1).saturating_mul(1 << attempts.min(10)).min(LONGEST);
    let quarter = millis(base) / 4;
    let jitter = i64::try_from(random() % 1_000).unwrap_or_default() * 2 * quarter / 1_000 - quarter;
    Duration::from_millis(u64::try_from(millis(base) + jitter).unwrap_or_default())
}

fn random() -> u64 {
    let mut bytes = [0_u8; 8];
    // Without randomness the clock tells claims apart well enough.
    match getrandom::fill(&mut bytes) {
        Ok(()) => u64::from_ne_bytes(bytes),
        Err(_) => u64::try_from(clock()).unwrap_or_default(),
    }
}

/// The changes of a repository that are being judged now. What they were judged by may have been read before something that happened
/// since.
///
/// # Errors
/// When the database fails.
pub fn judged_now(store: &mut dyn Store, repository: &str) -> Result<Vec<Subject>, DatabaseError> {
    let statement = "SELECT subject FROM jobs WHERE repository = $1 AND until >= $2";
    let rows = store.query(statement, &[repository.into(), clock().into()])?;
    let odd = |e: serde_json::Error| DatabaseError::Damaged(e.to_string());
    let subject = |row: &Row| serde_json::from_str(&row.text(0)?).map_err(odd);
    let subjects: Vec<Subject> = rows.iter().map(subject).collect::<Result<_, _>>()?;
    Ok(subjects.into_iter().filter(|subject| matches!(subject, Subject::Change { .. })).collect())
}

/// How full the queue is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Jobs.
    pub jobs: i64,
    /// Milliseconds that the oldest has been due; nothing due is 0.
    pub late: i64,
    /// Deliveries that are remembered.
    pub deliveries: i64,
}

/// Says how full the queue is.
///
/// # Errors
/// When the database fails.
pub fn depth(store: &mut dyn Store) -> Result<Depth, DatabaseError> {
    let rows = store.query("SELECT count(*), min(due) FROM jobs", &[])?;
    let (jobs, oldest) = match rows.first() {
        Some(row) => (row.integer(0)?, row.maybe_integer(1)?),
        None => (0, None),
    };
    let rows = store.query("SELECT count(*) FROM deliveries", &[])?;
    let deliveries = rows.first().map(|row| row.integer(0)).transpose()?.unwrap_or_default();
    Ok(Depth { jobs, late: oldest.map_or(0, |due| (clock() - due).max(0)), deliveries })
}

/// The repositories that ever sent a delivery.
///
/// # Errors
/// When the database fails.
pub fn repositories(store: &mut dyn Store) -> Result<Vec<String>, DatabaseError> {
    store.query("SELECT name FROM repositories ORDER BY name", &[])?.iter().map(|row| row.text(0)).collect()
}

/// Forgets a repository that is gone: it is looked after no more, and all of its jobs end.
///
/// # Errors
/// When the database fails.
pub fn leave(store: &mut dyn Store, repository: &str) -> Result<(), DatabaseError> {
    transaction(store, |store| {
        for table in ["repositories WHERE name", "jobs WHERE repository", "open WHERE repository"] {
            store.execute(&format!("DELETE FROM {table} = $1"), &[repository.into()])?;
        }
        Ok(())
    })
}

/// Forgets deliveries that are too old to be replayed by anybody who has just seen them, and whose turn was last that long ago.
///
/// # Errors
/// When the database fails.
pub fn forget(store: &mut dyn Store) -> Result<(), DatabaseError> {
    let before = clock().saturating_sub(millis(MEMORY));
    store.execute("DELETE FROM deliveries WHERE at < $1", &[before.into()])?;
    store.execute("DELETE FROM turns WHERE at < $1", &[before.into()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables;
    use countersign_audit::Database;

    fn claim(store: &mut dyn Store) -> Result<Option<Job>, DatabaseError> {
        super::claim(store, Duration::from_secs(60), 3)
    }

    fn of(repository: &str, number: u64) -> Subject {
        Subject::Change { repository: repository.into(), number }
    }

    fn change(number: u64) -> Subject {
        Subject::Change { repository: "acme/app".into(), number }
    }

    fn store() -> (tempfile::TempDir, Box<dyn Store>) {
        let folder = tempfile::tempdir().unwrap();
        let store = tables::open(&Database::Sqlite(folder.path().join("q.db"))).unwrap();
        (folder, store)
    }

    #[test]
    fn a_delivery_is_taken_once() {
        let (_folder, mut store) = store();
        let delivery = Delivery { id: "d1".into(), subjects: vec![change(1)] };
        assert!(accept(store.as_mut(), &delivery).unwrap());
        assert!(!accept(store.as_mut(), &delivery).unwrap());
        assert_eq!(depth(store.as_mut()).unwrap().jobs, 1);
    }

    #[test]
    fn what_is_asked_for_twice_is_done_once_and_what_is_asked_for_meanwhile_once_more() {
        let (_folder, mut store) = store();
        let store = store.as_mut();
        add(store, &[change(1), change(1)]).unwrap();
        let job = claim(store).unwrap().unwrap();
        assert_eq!((job.subject.clone(), claim(store).unwrap()), (change(1), None));
        add(store, &[change(1)]).unwrap();
        assert_eq!(claim(store).unwrap(), None, "one change is judged by one worker at a time");
        settle(store, &job).unwrap();
        let again = claim(store).unwrap().unwrap();
        settle(store, &again).unwrap();
        assert_eq!(depth(store).unwrap().jobs, 0);
    }

    #[test]
    fn a_job_whose_worker_died_is_taken_over_and_the_dead_one_ends_nothing() {
        let (_folder, mut store) = store();
        let store = store.as_mut();
        add(store, &[change(1)]).unwrap();
        let dead = claim(store).unwrap().unwrap();
        store.execute("UPDATE jobs SET until = 0", &[]).unwrap();
        let heir = claim(store).unwrap().unwrap();
        settle(store, &dead).unwrap();
        assert_eq!(depth(store).unwrap().jobs, 1);
        settle(store, &heir).unwrap();
        assert_eq!(depth(store).unwrap().jobs, 0);
    }

    #[test]
    fn repositories_take_turns_whatever_each_has_asked_for() {
        let (_folder, mut store) = store();
        let store = store.as_mut();
        let mass: Vec<Subject> = (0..1_500).map(|number| of("acme/mass", number)).collect();
        add(store, &mass).unwrap();
        add(store, &[of("acme/app", 1), of("acme/other", 1), of("acme/app", 2)]).unwrap();
        let mut done = Vec::new();
        for _ in 0..7 {
            let job = claim(store).unwrap().unwrap();
            settle(store, &job).unwrap();
            done.push(job.subject.lane());
            std::thread::sleep(Duration::from_millis(2));
        }
        assert_eq!(
            done,
            [
                "acme/mass#0",
                "acme/app#1",
                "acme/other#1",
                "acme/mass#1",
                "acme/app#2",
                "acme/mass#2",
                "acme/mass#3"
            ]
        );
    }

    #[test]
    fn one_repository_never_has_all_workers() {
        let (_folder, mut store) = store();
        let store = store.as_mut();
        add(store, &[of("acme/mass", 1), of("acme/mass", 2), of("acme/mass", 3), of("acme/mass", 4)])
            .unwrap();
        let busy: Vec<Job> = (0..3).map(|_| claim(store).unwrap().unwrap()).collect();
        assert_eq!(claim(store).unwrap(), None, "a fourth of the same waits");
        add(store, &[of("acme/app", 1)]).unwrap();
        assert_eq!(claim(store).unwrap().unwrap().subject, of("acme/app", 1));
        settle(store, &busy[0]).unwrap();
        assert_eq!(claim(store).unwrap().unwrap().subject, of("acme/mass", 4));
        // What a dead worker holds counts until its time is over.
        store.execute("UPDATE jobs SET until = 0", &[]).unwrap();
        assert!(claim(store).unwrap().is_some());
    }

    #[test]
    fn the_changes_that_are_judged_now_are_those_that_a_worker_holds() {
        let (_folder, mut store) = store();
        let store = store.as_mut();
        let branches = Subject::Branches { repository: "acme/app".into() };
        add(store, &[branches, change(1), of("acme/other", 2)]).unwrap();
        let held: Vec<Job> = (0..3).map(|_| claim(store).unwrap().unwrap()).collect();
        add(store, &[change(3)]).unwrap();
        assert_eq!(judged_now(store, "acme/app").unwrap(), [change(1)]);
        held.iter().for_each(|job| settle(store, job).unwrap());
        assert_eq!(judged_now(store, "acme/app").unwrap(), []);
    }

    #[test]
    fn a_repository_that_is_gone_leaves_nothing_to_do() {
        let (_folder, mut store) = store();
        let store = store.as_mut();
        let delivery = |id: &str, subject| Delivery { id: id.into(), subjects: vec![subject] };
        accept(store, &delivery("d1", of("acme/gone", 1))).unwrap();
        accept(store, &delivery("d2", of("acme/app", 1))).unwrap();
        leave(store, "acme/gone").unwrap();
        assert_eq!(repositories(store).unwrap(), ["acme/app"]);
        assert_eq!(claim(store).unwrap().unwrap().subject, of("acme/app", 1));
        assert_eq!(claim(store).unwrap(), None);
    }

    #[test]
    fn a_queue_of_the_version_before_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(folder.path().join("q.db"));
        let mut store = tables::open(&database).unwrap();
        for statement in [
            "ALTER TABLE jobs DROP COLUMN repository",
            "DROP TABLE turns",
            "DROP TABLE comments",
            "DROP TABLE service",
        ] {
            store.execute(statement, &[]).unwrap();
        }
        let subject = serde_json::to_string(&of("acme/app", 1)).unwrap();
        store
            .execute(
                "INSERT INTO jobs (lane, subject, due, attempts, asked) VALUES ('acme/app#1', $1, 0, 0, 1)",
                &[subject.into()],
            )
            .unwrap();
        drop(store);
        let mut store = tables::open(&database).unwrap();
        assert_eq!(claim(store.as_mut()).unwrap().unwrap().subject, of("acme/app", 1));
    }

    #[test]
    fn what_failed_waits_longer_each_time() {
        let (_folder, mut store) = store();
        let store = store.as_mut();
        add(store, &[change(1)]).unwrap();
        let job = claim(store).unwrap().unwrap();
        let waited = postpone(store, &job, None).unwrap();
        assert!(waited >= Duration::from_millis(750) && waited <= Duration::from_millis(1_250), "{waited:?}");
        assert_eq!(claim(store).unwrap(), None);
        assert!(wait(5) > wait(2) && wait(60) <= LONGEST * 5 / 4);
        // The forge said when.
        store.execute("UPDATE jobs SET due = 0", &[]).unwrap();
        let job = claim(store).unwrap().unwrap();
        assert_eq!(job.attempts, 1);
        assert_eq!(postpone(store, &job, Some(Duration::from_secs(9))).unwrap(), Duration::from_secs(9));
    }
}
