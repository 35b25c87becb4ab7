//! Appends to the trail, and finds in it.

use countersign_core::facts;
use countersign_core::model::{Decision, When};
use countersign_host::module::{Module, sha256_hex};
use sha2::{Digest, Sha256};

use crate::chain::{Entry, Event, Finding, Link, Made, NOTHING, Place, hash};
use crate::database::{DatabaseError, Store, Value, transaction};
use crate::documents::{self, Document, Removals, Role};
use crate::record::Record;
use crate::walk::{COLUMNS, Damage, sound, walk};

/// Earlier answers that a request takes along.
const ANSWERS: i64 = 1_000;

/// Moves of a branch that are looked at, and entries of a trail in which what came next may stand before the note of what came before.
const MOVES: i64 = 10_000;
const BEFORE: i64 = 1_000;

/// Bytes of what an entry is found by, together: a database's index takes so much. Refs that are longer exist nowhere.
const PLACE_BYTES: usize = 2_000;

/// Why the trail gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// An entry is not as it was written.
    #[error("{0}; `countersign audit verify` says all that is wrong with the trail")]
    Damage(Damage),
    /// The chain is full.
    #[error(
        "the trail ends with entry {0}, behind which none can stand: `countersign audit verify` says what is wrong with it"
    )]
    Full(u64),
    /// A request or a decision cannot be read.
    #[error("what is to be recorded cannot be read: {0}")]
    Odd(String),
}

/// A decision that is to be kept.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'k> {
    /// The request, in JSON.
    pub request: &'k [u8],
    /// The decision, or the error document that came instead.
    pub answer: &'k str,
    /// SHA-256 of the component that decided.
    pub component: &'k str,
}

/// A move of a branch that a decision let pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The entry of the decision.
    pub entry: u64,
    /// Where the branch stood; all zeros where it was made.
    pub from: String,
    /// The commit at which the branch was to stand.
    pub to: String,
}

/// Earlier answers: question, digest, change.
pub type Answers = Vec<(String, String, String)>;

/// The trail in a database.
pub struct Trail<'s> {
    pub(crate) store: &'s mut dyn Store,
}

impl<'s> Trail<'s> {
    /// The trail of a database that is open.
    pub fn of(store: &'s mut dyn Store) -> Self {
        Trail { store }
    }

    /// Keeps the bytes of a module, so that what it decides can be replayed.
    ///
    /// # Errors
    /// When the database fails.
    pub fn keep_component(&mut self, module: &Module) -> Result<(), TrailError> {
        documents::keep(self.store, Role::Component, module.component())?;
        Ok(())
    }

    /// Keeps a decision, unless the last one about the same change had the same facts and said the same. Gives the entry, and
    /// whether it is new.
    ///
    /// # Errors
    /// When the documents cannot be read or the database fails.
    pub fn keep(&mut self, kept: Kept<'_>) -> Result<(Link, bool), TrailError> {
        transaction(self.store, |store| {
            let mut trail = Trail { store };
            trail.lock()?;
            trail.keep_within(kept)
        })
    }

    /// As [`Trail::keep`], inside a transaction that holds the lock.
    pub(crate) fn keep_within(&mut self, kept: Kept<'_>) -> Result<(Link, bool), TrailError> {
        let Record { place, at, made, approvers, decision } =
            Record::of(kept.request, kept.answer.as_bytes())?;
        let bytes =
            place.repository.len() + place.target.len() + place.change.as_ref().map_or(0, String::len);
        if bytes > PLACE_BYTES {
            return Err(TrailError::Odd(format!(
                "its repository, target and change have more than {PLACE_BYTES} bytes"
            )));
        }
        let facts = facts_of(kept.request, kept.answer)?;
        if let Some(last) = self.last_decision(&place)?
            && last.entry.made().is_some_and(|made| {
                made.facts == facts
                    && made.answer == sha256_hex(kept.answer.as_bytes())
                    && made.component == kept.component
            })
        {
            return Ok((last, false));
        }
        let approvers = match approvers {
            Some(approvers) => {
                let bytes = serde_json::to_vec(&approvers).map_err(|e| TrailError::Odd(e.to_string()))?;
                Some(documents::keep(self.store, Role::Approvers, &bytes)?)
            }
            None => None,
        };
        let made = Made {
            request: documents::keep(self.store, Role::Request, kept.request)?,
            facts,
            answer: documents::keep(self.store, Role::Answer, kept.answer.as_bytes())?,
            component: kept.component.to_owned(),
            approvers,
            ..made
        };
        if let (Some(decision), Some(change)) = (&decision, &place.change) {
            self.keep_answers(&place.repository, change, decision)?;
        }
        let link = self.append(at, place, Event::Decision(made))?;
        Ok((link, true))
    }

    fn keep_answers(
        &mut self,
        repository: &str,
        change: &str,
        decision: &Decision,
    ) -> Result<(), TrailError> {
        let acts = decision.rules.iter().flat_map(|rule| &rule.requirements).flat_map(|asked| &asked.acts);
        for answer in acts.flat_map(|act| &act.answers) {
            self.store.execute(
                "INSERT INTO answers (repository, change, question, digest) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (repository, change, question, digest) DO NOTHING",
                &[
                    repository.into(),
                    change.into(),
                    answer.question.as_str().into(),
                    answer.digest.as_str().into(),
                ],
            )?;
        }
        Ok(())
    }

    /// The answers that were given in other changes of a repository.
    ///
    /// # Errors
    /// When the database fails.
    pub fn earlier_answers(&mut self, repository: &str, change: &str) -> Result<Answers, TrailError> {
        let rows = self.store.query(
            "SELECT question, digest, change FROM answers WHERE repository = $1 AND change <> $2
             ORDER BY change DESC, question, digest LIMIT $3",
            &[repository.into(), change.into(), ANSWERS.into()],
        )?;
        rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?, row.text(2)?))).collect()
    }

    /// Appends what is no decision.
    ///
    /// # Errors
    /// When the database fails.
    pub fn note(&mut self, at: When, place: Place, event: Event) -> Result<Link, TrailError> {
        transaction(self.store, |store| {
            let mut trail = Trail { store };
            trail.lock()?;
            trail.append(at, place, event)
        })
    }

    /// Opens a finding, unless the same is open. `detail` is what there is to say about it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn find(
        &mut self,
        at: When,
        place: Place,
        finding: Finding,
        from: Option<String>,
        detail: Option<&str>,
    ) -> Result<(Link, bool), TrailError> {
        transaction(self.store, |store| {
            let mut trail = Trail { store };
            trail.lock()?;
            let event =
                Event::Finding { finding, from, detail: detail.map(|text| sha256_hex(text.as_bytes())) };
            let open = trail.findings(Some((&place.repository, &place.target)))?;
            if let Some(same) = open.into_iter().find(|open| {
                open.entry.head == place.head
                    && open.entry.change == place.change
                    && open.entry.event == event
            }) {
                return Ok((same, false));
            }
            if let Some(text) = detail {
                documents::keep(trail.store, Role::Detail, text.as_bytes())?;
            }
            Ok((trail.append(at, place, event)?, true))
        })
    }

    pub(crate) fn lock(&mut self) -> Result<(), DatabaseError> {
        self.store.execute("{lock chain}", &[])?;
        Ok(())
    }

    pub(crate) fn append(&mut self, at: When, place: Place, event: Event) -> Result<Link, TrailError> {
        // An entry that was changed is followed all the same: what comes after it is not lost, and its hash tells of the change.
        let head = self.store.query("SELECT number, hash FROM entries ORDER BY number DESC LIMIT 1", &[])?;
        let (last, previous) = match head.first() {
            Some(row) => (u64::try_from(row.integer(0)?).unwrap_or_default(), row.text(1)?),
            None => (0, NOTHING.to_owned()),
        };
        let number =
            last.checked_add(1).filter(|&n| i64::try_from(n).is_ok()).ok_or(TrailError::Full(last))?;
        let Place { repository, target, change, head } = place;
        let entry = Entry { number, previous, at: at.to_string(), repository, target, change, head, event };
        let body = entry.bytes().map_err(|e| TrailError::Odd(e.to_string()))?;
        let hash = hash(&body);
        self.store.execute(
            "INSERT INTO entries (number, hash, kind, repository, target, change, head, result, body)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            &[
                entry.number.into(),
                hash.as_str().into(),
                entry.event.kind().into(),
                entry.repository.as_str().into(),
                entry.target.as_str().into(),
                entry.change.clone().into(),
                entry.head.as_str().into(),
                entry.made().and_then(|made| made.result.clone()).into(),
                body.into(),
            ],
        )?;
        Ok(Link { entry, hash })
    }

    /// Entries, by what stands behind the name of the table.
    fn select(&mut self, rest: &str, values: &[Value]) -> Result<Vec<Link>, TrailError> {
        let rows = self.store.query(&format!("SELECT {COLUMNS} FROM entries {rest}"), values)?;
        rows.iter().map(|row| sound(row.integer(0)?, row).map_err(TrailError::Damage)).collect()
    }

    /// Entries that are found by what the bodies of others say. Where the database cannot read one of these, which `read` finds, it is
    /// named as damage.
    fn by_body(
        &mut self,
        rest: &str,
        values: &[Value],
        read: &str,
        of_read: &[Value],
    ) -> Result<Vec<Link>, TrailError> {
        self.select(rest, values).map_err(|failed| match self.select(read, of_read) {
            Err(damage @ TrailError::Damage(_)) => damage,
            _ => failed,
        })
    }

    /// The first of them.
    fn first(&mut self, rest: &str, values: &[Value]) -> Result<Option<Link>, TrailError> {
        Ok(self.select(&format!("{rest} LIMIT 1"), values)?.into_iter().next())
    }

    /// The last entry.
    ///
    /// # Errors
    /// When the database fails.
    pub fn head(&mut self) -> Result<Option<Link>, TrailError> {
        self.first("ORDER BY number DESC", &[])
    }

    /// An entry by its number, or by the beginning of its hash, eight digits or more.
    ///
    /// # Errors
    /// When the database fails, or the entry is not as it was written.
    pub fn entry(&mut self, name: &str) -> Result<Option<Link>, TrailError> {
        let mut number = name.parse::<u64>().ok();
        if name.len() >= 8 && name.bytes().all(|b| b.is_ascii_hexdigit()) {
            let name = name.to_ascii_lowercase();
            let rows = self.store.query(
                "SELECT number FROM entries WHERE hash >= $1 AND hash < $2 LIMIT 2",
                &[name.as_str().into(), format!("{name}g").into()],
            )?;
            if let [row] = rows.as_slice() {
                number = u64::try_from(row.integer(0)?).ok();
            }
        }
        number.map_or(Ok(None), |number| self.numbered(number))
    }

    /// An entry by its number.
    ///
    /// # Errors
    /// When the database fails, or the entry is not as it was written.
    pub fn numbered(&mut self, number: u64) -> Result<Option<Link>, TrailError> {
        let mut entry = None;
        walk(self.store, number, number, |_, found| match found {
            Ok(link) => {
                entry = Some(link);
                Ok(())
            }
            Err(damage) => Err(TrailError::Damage(damage)),
        })?;
        Ok(entry)
    }

    /// The last decision about the same change: by its number, else by target and head. One that was changed is none.
    ///
    /// # Errors
    /// When the database fails.
    pub fn last_decision(&mut self, place: &Place) -> Result<Option<Link>, TrailError> {
        let repository = Value::from(place.repository.as_str());
        let last = match &place.change {
            Some(change) => self.first(
                "WHERE repository = $1 AND change = $2 AND kind = $3 ORDER BY number DESC",
                &[repository, change.as_str().into(), "decision".into()],
            ),
            None => self.first(
                "WHERE repository = $1 AND target = $2 AND kind = $3 AND change IS NULL AND head = $4
                 ORDER BY number DESC",
                &[repository, place.target.as_str().into(), "decision".into(), place.head.as_str().into()],
            ),
        };
        match last {
            Err(TrailError::Damage(_)) => Ok(None),
            last => last,
        }
    }

    /// The last merge of a branch: the commit up to which all was decided about.
    ///
    /// # Errors
    /// When the database fails.
    pub fn last_merge(&mut self, repository: &str, target: &str) -> Result<Option<Link>, TrailError> {
        let since = self.since(repository)?;
        self.first(
            "WHERE repository = $1 AND target = $2 AND kind = $3 AND number > $4 ORDER BY number DESC",
            &[repository.into(), target.into(), "merge".into(), since.into()],
        )
    }

    /// The last merge of every branch of a repository.
    ///
    /// # Errors
    /// When the database fails.
    pub fn last_merges(&mut self, repository: &str) -> Result<Vec<Link>, TrailError> {
        let since = self.since(repository)?;
        self.select(
            "WHERE number IN (SELECT max(number) FROM entries WHERE repository = $1 AND kind = $2 GROUP BY target)
             AND number > $3 ORDER BY number",
            &[repository.into(), "merge".into(), since.into()],
        )
    }

    /// Notes from where the branches of a repository are watched, unless it is known.
    ///
    /// # Errors
    /// When the database fails.
    pub fn begin(&mut self, at: When, repository: &str, places: Vec<Place>) -> Result<(), TrailError> {
        transaction(self.store, |store| {
            let mut trail = Trail { store };
            trail.lock()?;
            if !trail.knows(repository)? {
                for place in places {
                    trail.append(at, place, Event::Merge { from: None, decisions: Vec::new() })?;
                }
            }
            Ok(())
        })
    }

    /// The moves of a branch that a decision let pass, newest first: those since an entry, and those shortly before it, for a decision
    /// about what comes next may be kept before the note that the branch is in order.
    ///
    /// # Errors
    /// When the database fails.
    pub fn moves(&mut self, repository: &str, target: &str, since: u64) -> Result<Vec<Move>, TrailError> {
        let since = i64::try_from(since).unwrap_or(i64::MAX).saturating_sub(BEFORE);
        let since = since.max(self.since(repository)?);
        let links = self.select(
            "WHERE repository = $1 AND target = $2 AND kind = $3 AND result IS NOT NULL AND number > $4
             ORDER BY number DESC LIMIT $5",
            &[repository.into(), target.into(), "decision".into(), since.into(), MOVES.into()],
        )?;
        let passed = |link: Link| {
            let made = link.entry.made().filter(|made| made.passes())?;
            Some(Move { entry: link.entry.number, from: made.base.clone(), to: made.result.clone()? })
        };
        Ok(links.into_iter().filter_map(passed).collect())
    }

    /// Whether any branch of a repository was seen before.
    ///
    /// # Errors
    /// When the database fails.
    pub fn knows(&mut self, repository: &str) -> Result<bool, TrailError> {
        let since = self.since(repository)?;
        let merge = self.first(
            "WHERE repository = $1 AND kind = $2 AND number > $3",
            &[repository.into(), "merge".into(), since.into()],
        )?;
        Ok(merge.is_some())
    }

    /// The findings that are open, of one branch or of all.
    ///
    /// # Errors
    /// When the database fails.
    pub fn findings(&mut self, of: Option<(&str, &str)>) -> Result<Vec<Link>, TrailError> {
        let (place, values) = match of {
            Some((repository, target)) => {
                ("AND repository = $1 AND target = $2", vec![repository.into(), target.into()])
            }
            None => ("", Vec::new()),
        };
        self.by_body(
            &format!(
                "WHERE number IN (
                     SELECT number FROM entries WHERE kind = 'finding' {place}
                     EXCEPT
                     SELECT CAST({{body}} ->> 'finding' AS {{integer}}) FROM entries WHERE kind = 'settled' {place}
                 ) ORDER BY number"
            ),
            &values,
            &format!("WHERE kind = 'settled' {place}"),
            &values,
        )
    }

    /// A document, as far as it is still there.
    ///
    /// # Errors
    /// When the database fails.
    pub fn document(&mut self, digest: &str) -> Result<Document, TrailError> {
        match documents::read(self.store, &Removals::default(), digest)? {
            // Entries say of few what became of them.
            Document::Missing => {
                let removals = self.removals()?;
                Ok(documents::read(self.store, &removals, digest)?)
            }
            document => Ok(document),
        }
    }

    /// What entries say was removed.
    ///
    /// # Errors
    /// When the database fails.
    pub fn removals(&mut self) -> Result<Removals, TrailError> {
        // An entry of a removal is about no repository and no branch. One that was changed proves nothing.
        let rows = self.store.query(
            &format!(
                "SELECT {COLUMNS} FROM entries WHERE repository = $1 AND target = $1 AND kind = $2 ORDER BY number"
            ),
            &["".into(), "removal".into()],
        )?;
        let mut removals = Removals::default();
        for row in &rows {
            if let Ok(Link { entry, .. }) = sound(row.integer(0)?, row)
                && let Event::Removal { documents, .. } = entry.event
            {
                documents.into_iter().for_each(|digest| removals.add(digest, entry.number));
            }
        }
        Ok(removals)
    }
}

/// The digest of what a request asks, without the members that its answer calls no facts.
fn facts_of(request: &[u8], answer: &str) -> Result<String, TrailError> {
    let pieces = facts(request, answer.as_bytes()).map_err(|e| TrailError::Odd(e.to_string()))?;
    let digest = pieces.into_iter().fold(Sha256::new(), Digest::chain_update).finalize();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A name that was taken in once is not taken in again. True for one that is new; inside a transaction.
pub(crate) fn take(store: &mut dyn Store, name: &str) -> Result<bool, DatabaseError> {
    let known = store.query("SELECT name FROM taken WHERE name = $1", &[name.into()])?;
    if !known.is_empty() {
        return Ok(false);
    }
    store.execute("INSERT INTO taken (name) VALUES ($1)", &[Value::from(name)])?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Verdict;
    use crate::database::{Database, Row};

    /// Entries of the trails below: a service of many teams keeps so many in a few years.
    const MANY: u64 = 20_000;

    /// A database that counts what it is asked and what it answers, and finds each entry without reading all, or all of a branch.
    struct Counted<'s> {
        store: &'s mut dyn Store,
        queries: usize,
        rows: usize,
    }

    impl Store for Counted<'_> {
        fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64, DatabaseError> {
            self.store.execute(statement, values)
        }

        fn query(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, DatabaseError> {
            for step in self.store.query(&format!("EXPLAIN QUERY PLAN {statement}"), values)? {
                let step = step.text(3)?;
                let all =
                    ["SCAN entries", "SCAN step", "SCAN last"].iter().any(|scan| step.starts_with(scan));
                assert!(!all && !step.ends_with("(repository=? AND target=?)"), "{step}");
            }
            let rows = self.store.query(statement, values)?;
            self.queries += 1;
            self.rows += rows.len();
            Ok(rows)
        }

        fn erase(&mut self) -> Result<&'static str, DatabaseError> {
            self.store.erase()
        }
    }

    /// What it costs to ask a trail: queries, and rows that came.
    fn cost<T>(store: &mut dyn Store, ask: impl FnOnce(&mut Trail<'_>) -> T) -> (T, usize, usize) {
        let mut counted = Counted { store, queries: 0, rows: 0 };
        let answer = ask(&mut Trail::of(&mut counted));
        (answer, counted.queries, counted.rows)
    }

    fn id(number: u64) -> String {
        format!("{number:040x}")
    }

    fn main_at(head: u64) -> Place {
        Place {
            repository: "acme/app".into(),
            target: "refs/heads/main".into(),
            change: None,
            head: id(head),
        }
    }

    /// A decision that lets a branch go from one commit to another.
    fn push(base: u64, result: u64) -> Event {
        Event::Decision(Made {
            verdict: Verdict::Approved,
            blocks: false,
            ai: false,
            overridden: false,
            result: Some(id(result)),
            base: id(base),
            request: String::new(),
            facts: String::new(),
            answer: String::new(),
            component: String::new(),
            policy: None,
            approvers: None,
        })
    }

    /// A trail with these entries.
    fn trail_of(events: impl Iterator<Item = (u64, Event)>) -> (tempfile::TempDir, Box<dyn Store>) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Database::Sqlite(folder.path().join("a.db")).open().unwrap();
        let appended: Result<(), TrailError> = transaction(store.as_mut(), |store| {
            let mut trail = Trail { store };
            for (head, event) in events {
                trail.append(When::from_seconds(0), main_at(head), event)?;
            }
            Ok(())
        });
        appended.unwrap();
        (folder, store)
    }

    #[test]
    fn moves_cost_one_question_and_the_rows_since_the_branch_was_in_order() {
        let (_folder, mut store) = trail_of((1..=MANY).map(|number| (number, push(number - 1, number))));
        let mut moves = |since: u64| {
            let moves = |trail: &mut Trail<'_>| trail.moves("acme/app", "refs/heads/main", since).unwrap();
            let (moves, queries, rows) = cost(store.as_mut(), moves);
            assert_eq!(queries, 2, "which repository bears the name, and the moves");
            assert_eq!((moves.len(), moves.first().map(|step| step.entry)), (rows, Some(MANY)));
            rows
        };
        assert_eq!(moves(MANY), BEFORE as usize);
        assert_eq!(moves(MANY - 10), BEFORE as usize + 10);
        assert_eq!(moves(0), MOVES as usize);
    }

    #[test]
    fn open_findings_cost_one_question_and_the_rows_that_are_open() {
        let found = |number: u64| {
            let event = Event::Finding { finding: Finding::NoVerdict, from: None, detail: None };
            // Each is settled by the entry that follows it, but for the last three.
            let settled =
                (number <= MANY / 2 - 3).then(|| Event::Settled { finding: 2 * number - 1, decision: None });
            [Some((number, event)), settled.map(|event| (number, event))]
        };
        let (_folder, mut store) = trail_of((1..=MANY / 2).flat_map(found).flatten());
        for of in [None, Some(("acme/app", "refs/heads/main"))] {
            let (open, queries, rows) = cost(store.as_mut(), |trail| trail.findings(of).unwrap());
            let heads: Vec<String> = open.into_iter().map(|link| link.entry.head).collect();
            assert_eq!(heads, [MANY / 2 - 2, MANY / 2 - 1, MANY / 2].map(id));
            assert_eq!((queries, rows), (1, 3));
        }
        let (elsewhere, ..) =
            cost(store.as_mut(), |trail| trail.findings(Some(("acme/app", "refs/heads/x"))).unwrap());
        assert_eq!(elsewhere, []);
    }
}
