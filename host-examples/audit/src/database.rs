//! One database, two kinds of server: SQLite in a file, PostgreSQL by its address.
//!
//! Statements are written once, with `$1` for values, and with the few words in braces that the two spell differently.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use rusqlite::{ErrorCode, OpenFlags};

use crate::tables::TABLES;
use crate::tls::{Address, TlsError};

/// How long a statement waits for another process that writes.
const BUSY: Duration = Duration::from_secs(20);

/// Why a database gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The address is of no kind that is known.
    #[error("`{0}` is no database: write sqlite://PATH or postgres://USER@HOST/NAME")]
    Address(String),
    /// A newer version has been here.
    #[error(
        "the database has schema {found} of `{tables}`, and this program knows {known}: run the newer program, or restore \
         the copy that was made before the upgrade"
    )]
    Newer {
        /// The table that notes the number.
        tables: &'static str,
        /// The number that it notes.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// A statement on SQLite failed.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A statement on PostgreSQL failed, or its connection.
    #[error("PostgreSQL: {}", of_postgres(.0))]
    Postgres(#[from] postgres::Error),
    /// The address cannot be reached as it says.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The server does not encrypt, or is not known to be the one that is meant.
    #[error(
        "{database} gives no connection that is encrypted and verified: {why}. Name the certificate of its authority by \
         sslrootcert=FILE in the address, or say sslmode=disable there if nobody else can listen"
    )]
    NotPrivate {
        /// The address, without its password.
        database: String,
        /// The reason why the connection is not private.
        why: String,
    },
    /// What is at the address is something else, or nothing.
    #[error(
        "{database} holds no trail: {found}; give --database the one that the service or `countersign audit take-in` \
         writes"
    )]
    NoTrail {
        /// The address, without its password.
        database: String,
        /// What stands in the database instead of a trail.
        found: &'static str,
    },
    /// A column holds something else than was written there.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// What was removed is overwritten, but not everywhere.
    #[error("the database's files still hold what was removed: {0}, and run this again")]
    NotErased(&'static str),
}

/// The driver says only that there was an error of the database; what it was stands below.
fn of_postgres(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => error.message().to_owned(),
        None => {
            let below = std::error::Error::source(error).map(|source| format!(": {source}"));
            format!("{error}{}", below.unwrap_or_default())
        }
    }
}

/// A value of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// SQL's NULL.
    Null,
    /// A whole number: SQL's INTEGER or BIGINT.
    Integer(i64),
    /// SQL's TEXT.
    Text(String),
    /// SQL's BLOB or BYTEA.
    Bytes(Vec<u8>),
    /// A value of a type that no column of ours has: its name.
    Other(&'static str),
}

impl Value {
    /// What it is, without what it says: it may be somebody's words.
    fn kind(&self) -> &'static str {
        match self {
            Value::Null => "nothing",
            Value::Integer(_) => "a number",
            Value::Text(_) => "text",
            Value::Bytes(_) => "bytes",
            Value::Other(kind) => kind,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Integer(number)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Value::Bytes(bytes.to_owned())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// A row of an answer.
#[derive(Debug, Clone)]
pub struct Row(Vec<Value>);

impl Row {
    /// The text of a column; nothing for none.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn maybe_text(&self, at: usize) -> Result<Option<String>, DatabaseError> {
        match self.0.get(at) {
            Some(Value::Text(text)) => Ok(Some(text.clone())),
            Some(Value::Null) => Ok(None),
            other => Err(odd("text", at, other)),
        }
    }

    /// The text of a column.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn text(&self, at: usize) -> Result<String, DatabaseError> {
        self.maybe_text(at)?.ok_or_else(|| odd("text", at, None))
    }

    /// The number of a column; nothing for none.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn maybe_integer(&self, at: usize) -> Result<Option<i64>, DatabaseError> {
        match self.0.get(at) {
            Some(Value::Integer(number)) => Ok(Some(*number)),
            Some(Value::Null) => Ok(None),
            other => Err(odd("a number", at, other)),
        }
    }

    /// The number of a column.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn integer(&self, at: usize) -> Result<i64, DatabaseError> {
        self.maybe_integer(at)?.ok_or_else(|| odd("a number", at, None))
    }

    /// The bytes of a column; nothing for none.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn maybe_bytes(&self, at: usize) -> Result<Option<Vec<u8>>, DatabaseError> {
        match self.0.get(at) {
            Some(Value::Bytes(bytes)) => Ok(Some(bytes.clone())),
            Some(Value::Null) => Ok(None),
            other => Err(odd("bytes", at, other)),
        }
    }
}

fn odd(expected: &str, at: usize, found: Option<&Value>) -> DatabaseError {
    let found = found.map_or("nothing", Value::kind);
    DatabaseError::Damaged(format!("column {at} should hold {expected} and holds {found}"))
}

/// A connection to a database of either kind.
pub trait Store: Send {
    /// Runs a statement and gives the number of rows that it changed.
    ///
    /// # Errors
    /// When the database refuses it.
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64, DatabaseError>;

    /// Asks for rows.
    ///
    /// # Errors
    /// When the database refuses it.
    fn query(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, DatabaseError>;

    /// Overwrites or gives back every page that still holds bytes of documents that were removed. Gives what is beyond the reach
    /// of a connection and may hold them still, for a person.
    ///
    /// # Errors
    /// When the database refuses it, or another program keeps it from that.
    fn erase(&mut self) -> Result<&'static str, DatabaseError>;
}

/// Where each server's spelling of a word stands: the word, SQLite's, PostgreSQL's.
const WORDS: &[(&str, &str, &str)] = &[
    ("id", "INTEGER PRIMARY KEY AUTOINCREMENT", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
    ("integer", "INTEGER", "BIGINT"),
    ("bytes", "BLOB", "BYTEA"),
    // An entry's own words, for `->`.
    ("body", "body", "body::json"),
    ("begin", "BEGIN IMMEDIATE", "BEGIN"),
    // All that is read until the end is as it was at the first statement.
    ("begin reading", "BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"),
    // SQLite lets one process write at a time, so what it read before it writes is still so.
    ("lock chain", "SELECT 1", "LOCK TABLE entries IN EXCLUSIVE MODE"),
    ("lock tables", "SELECT $1", "SELECT 1 FROM pg_advisory_xact_lock($1)"),
    ("skip locked jobs", "", "FOR UPDATE OF jobs SKIP LOCKED"),
    (
        "has column",
        "SELECT 1 FROM pragma_table_info($1) WHERE name = $2",
        "SELECT 1 FROM information_schema.columns WHERE table_schema = current_schema()
         AND table_name::text = $1 AND column_name::text = $2",
    ),
];

/// A statement in the spelling of its server.
fn spelled(statement: &str, postgres: bool) -> String {
    let mut text = statement.to_owned();
    for (word, sqlite, pg) in WORDS {
        text = text.replace(&format!("{{{word}}}"), if postgres { pg } else { sqlite });
    }
    text
}

struct Sqlite(rusqlite::Connection);

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::ValueRef;
        Ok(rusqlite::types::ToSqlOutput::Borrowed(match self {
            Value::Null | Value::Other(_) => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl Store for Sqlite {
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64, DatabaseError> {
        let mut statement = self.0.prepare_cached(&spelled(statement, false))?;
        // A statement that answers is one for its effect here.
        if statement.column_count() > 0 {
            let mut rows = statement.query(rusqlite::params_from_iter(values))?;
            while rows.next()?.is_some() {}
            return Ok(0);
        }
        Ok(statement.execute(rusqlite::params_from_iter(values))? as u64)
    }

    fn query(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        let mut statement = self.0.prepare_cached(&spelled(statement, false))?;
        let columns = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(values))?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let value = |at: usize| -> Result<Value, DatabaseError> {
                Ok(match row.get_ref(at)? {
                    rusqlite::types::ValueRef::Null => Value::Null,
                    rusqlite::types::ValueRef::Integer(number) => Value::Integer(number),
                    rusqlite::types::ValueRef::Real(_) => Value::Other("a fraction"),
                    rusqlite::types::ValueRef::Text(text) => {
                        Value::Text(String::from_utf8_lossy(text).into_owned())
                    }
                    rusqlite::types::ValueRef::Blob(bytes) => Value::Bytes(bytes.to_owned()),
                })
            };
            all.push(Row((0..columns).map(value).collect::<Result<_, _>>()?));
        }
        Ok(all)
    }

    fn erase(&mut self) -> Result<&'static str, DatabaseError> {
        // Pages that were freed before every connection overwrote what it frees.
        self.0.execute_batch("VACUUM")?;
        let emptied = self.query("PRAGMA wal_checkpoint(TRUNCATE)", &[])?;
        match emptied.first().map(|row| row.integer(0)).transpose()? {
            Some(0) => Ok("Copies of the file, of its disk and of the spool are beyond its reach."),
            _ => Err(DatabaseError::NotErased("end the other program that reads the database")),
        }
    }
}

struct Postgres(postgres::Client);

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut postgres::types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null | Value::Other(_) => Ok(IsNull::Yes),
            Value::Integer(number) => number.to_sql(kind, out),
            Value::Text(text) => text.to_sql(kind, out),
            Value::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(kind)
    }

    to_sql_checked!();
}

fn as_parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

impl Store for Postgres {
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64, DatabaseError> {
        Ok(self.0.execute(spelled(statement, true).as_str(), &as_parameters(values))?)
    }

    fn query(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        let rows = self.0.query(spelled(statement, true).as_str(), &as_parameters(values))?;
        let value = |row: &postgres::Row, at: usize, kind: &Type| -> Result<Value, DatabaseError> {
            Ok(match *kind {
                Type::INT8 => row.try_get::<_, Option<i64>>(at)?.into(),
                Type::INT4 => row.try_get::<_, Option<i32>>(at)?.map(i64::from).into(),
                Type::TEXT => row.try_get::<_, Option<String>>(at)?.into(),
                Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(at)?.map_or(Value::Null, Value::Bytes),
                _ => Value::Other("a value of another type"),
            })
        };
        let read = |row: &postgres::Row| -> Result<Row, DatabaseError> {
            let columns = row.columns().iter().enumerate();
            let values = columns.map(|(at, column)| value(row, at, column.type_()));
            Ok(Row(values.collect::<Result<_, _>>()?))
        };
        rows.iter().map(read).collect()
    }

    fn erase(&mut self) -> Result<&'static str, DatabaseError> {
        // The server writes a row anew and keeps the old one until a vacuum; only a full one gives its pages back.
        let file = "SELECT pg_relation_filenode('documents')::bigint";
        let before: i64 = self.0.query_one(file, &[])?.try_get(0)?;
        self.0.batch_execute(&format!("SET lock_timeout = '{}s'", BUSY.as_secs()))?;
        self.0.batch_execute("VACUUM FULL documents")?;
        // To whoever may not, it only warns.
        if self.0.query_one(file, &[])?.try_get::<_, i64>(0)? == before {
            return Err(DatabaseError::NotErased("take the user to whom the table `documents` belongs"));
        }
        Ok(
            "PostgreSQL's write-ahead log (until its segments are used again), its archive, replicas and backups, and copies of the \
            spool are beyond its reach.",
        )
    }
}

/// Where a database stands. Opening gives a connection with the tables of the trail in place.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A file of SQLite, by its path.
    Sqlite(PathBuf),
    /// A server, by its address.
    Postgres(String),
}

impl fmt::Display for Database {
    /// Without the password that an address may hold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Database::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Database::Postgres(address) => {
                let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
                let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                write!(f, "{scheme}://{}", place.split('?').next().unwrap_or(place))
            }
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl std::str::FromStr for Database {
    type Err = DatabaseError;

    fn from_str(text: &str) -> Result<Self, DatabaseError> {
        if let Some(path) = text.strip_prefix("sqlite://").filter(|path| !path.is_empty()) {
            return Ok(Database::Sqlite(Path::new(path).to_owned()));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Database::Postgres(text.to_owned()));
        }
        Err(DatabaseError::Address(text.to_owned()))
    }
}

impl Database {
    /// Opens a connection; the tables of the trail are made where they are missing, and brought to this version where they are older.
    ///
    /// # Errors
    /// When it cannot be reached, or a newer version has been here.
    pub fn open(&self) -> Result<Box<dyn Store>, DatabaseError> {
        let mut store = self.connect(OpenFlags::default())?;
        if matches!(self, Database::Sqlite(_)) {
            store.query("PRAGMA journal_mode = wal", &[])?;
        }
        TABLES.bring(store.as_mut())?;
        Ok(store)
    }

    /// Opens a connection to a trail that is there. Nothing is made and nothing is set, whatever else the address holds.
    ///
    /// # Errors
    /// When it cannot be reached, holds no trail, or a newer version has been here.
    pub fn open_existing(&self) -> Result<Box<dyn Store>, DatabaseError> {
        let none = |found| self.no_trail(found);
        if let Database::Sqlite(path) = self
            && !path.is_file()
        {
            return Err(none("there is no such file"));
        }
        let mut store = self.connect(OpenFlags::default() - OpenFlags::SQLITE_OPEN_CREATE)?;
        // What an older version keeps is read as it is: no step so far took anything away.
        match TABLES.taken(store.as_mut())? {
            Some(_) => Ok(store),
            None => Err(none("it has no table `countersign` that notes its schema")),
        }
    }

    fn connect(&self, flags: OpenFlags) -> Result<Box<dyn Store>, DatabaseError> {
        Ok(match self {
            Database::Sqlite(path) => {
                let connection = rusqlite::Connection::open_with_flags(path, flags)?;
                connection.busy_timeout(BUSY)?;
                // What was answered with 2xx is on the disk, and what is removed is overwritten.
                let set = connection.execute_batch("PRAGMA synchronous = full; PRAGMA secure_delete = on");
                let read =
                    set.and_then(|()| connection.pragma_query_value(None, "schema_version", |_| Ok(())));
                match read {
                    Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
                        return Err(self.no_trail("it is another file than a database of SQLite"));
                    }
                    read => read?,
                }
                Box::new(Sqlite(connection))
            }
            Database::Postgres(address) => {
                let address = Address::read(address)?;
                let mut config: postgres::Config = address.rest.parse()?;
                config.application_name("countersign").connect_timeout(BUSY);
                address.mode(&mut config);
                let connected = config.connect(address.connector()?);
                Box::new(Postgres(connected.map_err(|error| self.unreached(error))?))
            }
        })
    }

    /// Why a server was not reached. The driver tells by its words alone that no encryption came about.
    fn unreached(&self, error: postgres::Error) -> DatabaseError {
        let why = of_postgres(&error);
        if why.starts_with("error performing TLS handshake") {
            DatabaseError::NotPrivate { database: self.to_string(), why }
        } else {
            error.into()
        }
    }

    fn no_trail(&self, found: &'static str) -> DatabaseError {
        DatabaseError::NoTrail { database: self.to_string(), found }
    }
}

/// Runs steps that all happen or none.
///
/// # Errors
/// What a step says, and when the database cannot begin or end them.
pub fn transaction<T, E: From<DatabaseError>>(
    store: &mut dyn Store,
    steps: impl FnOnce(&mut dyn Store) -> Result<T, E>,
) -> Result<T, E> {
    between("{begin}", store, steps)
}

/// Runs steps that all read the database as it was at the first, while others write.
///
/// # Errors
/// What a step says, and when the database cannot begin or end them.
pub fn reading<T, E: From<DatabaseError>>(
    store: &mut dyn Store,
    steps: impl FnOnce(&mut dyn Store) -> Result<T, E>,
) -> Result<T, E> {
    between("{begin reading}", store, steps)
}

fn between<T, E: From<DatabaseError>>(
    begin: &str,
    store: &mut dyn Store,
    steps: impl FnOnce(&mut dyn Store) -> Result<T, E>,
) -> Result<T, E> {
    store.execute(begin, &[])?;
    match steps(store) {
        Ok(done) => {
            store.execute("COMMIT", &[])?;
            Ok(done)
        }
        Err(error) => {
            // A connection that is broken has forgotten it already.
            let _ = store.execute("ROLLBACK", &[]);
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_shown_without_its_password() {
        let postgres: Database = "postgres://gate:secret@db.example/audit?sslmode=disable".parse().unwrap();
        assert_eq!(postgres.to_string(), "postgres://db.example/audit");
        assert_eq!(format!("{postgres:?}"), "postgres://db.example/audit");
        assert_eq!("sqlite:///var/a.db".parse::<Database>().unwrap().to_string(), "sqlite:///var/a.db");
        for odd in ["", "a.db", "sqlite://", "mysql://x"] {
            assert!(odd.parse::<Database>().is_err(), "{odd}");
        }
    }

    #[test]
    fn a_transaction_that_fails_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Database::Sqlite(folder.path().join("a.db")).open().unwrap();
        let failed: Result<(), DatabaseError> = transaction(store.as_mut(), |store| {
            store.execute("INSERT INTO taken (name) VALUES ($1)", &["x".into()])?;
            Err(DatabaseError::Damaged("on purpose".into()))
        });
        assert!(failed.is_err());
        assert!(store.query("SELECT name FROM taken", &[]).unwrap().is_empty());
    }

    #[test]
    fn a_database_of_a_newer_version_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(folder.path().join("a.db"));
        database.open().unwrap().execute("UPDATE countersign SET schema = 99", &[]).unwrap();
        let Err(error) = database.open() else { panic!("it was opened") };
        assert!(error.to_string().contains("has schema 99 of `countersign`"), "{error}");
    }
}
