//! A folder in which a hook leaves its decisions, for whoever keeps the trail to take in. A hook has no time for a database,
//! and must not fail with one.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use countersign_host::module::{Module, sha256_hex};

use crate::database::{DatabaseError, Store, transaction};
use crate::documents::{self, Role};
use crate::trail::{Kept, Trail, TrailError, take};

/// Records that may wait. Anybody who may read a repository may push to it and be refused, which leaves one.
const MOST: usize = 20_000;

/// How the names of records end.
const RECORD: &str = "record";

/// How the names of those end that could not be read and were put aside.
const ASIDE: &str = "odd";

/// Why a record was not left or not taken in.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The folder cannot be used.
    #[error("the spool {path} cannot be used")]
    Folder {
        /// The path of the folder.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// No service takes the spool's records in.
    #[error(
        "the spool {0} holds {MOST} records that nobody took in: start the service, or run `countersign audit take-in`"
    )]
    Full(PathBuf),
    /// One record could not be taken in, and those after it wait.
    #[error("taking in {path}")]
    Record {
        /// The path of the record.
        path: PathBuf,
        /// The error of the trail that did not take it.
        source: TrailError,
    },
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// A folder of records that a hook left, which the trail takes in later.
#[derive(Debug, Clone)]
pub struct Spool {
    folder: PathBuf,
}

impl Spool {
    /// The spool in a folder, which is made where there is none.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: &Path) -> Result<Self, SpoolError> {
        let spool = Spool { folder: folder.to_owned() };
        fs::create_dir_all(folder).map_err(|e| spool.failed(e))?;
        Ok(spool)
    }

    /// The spool in a folder that is there.
    ///
    /// # Errors
    /// When it is none.
    pub fn existing(folder: &Path) -> Result<Self, SpoolError> {
        let spool = Spool { folder: folder.to_owned() };
        fs::read_dir(folder).map_err(|e| spool.failed(e))?;
        Ok(spool)
    }

    /// The path of the spool's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn failed(&self, source: std::io::Error) -> SpoolError {
        SpoolError::Folder { path: self.folder.clone(), source }
    }

    /// The records that wait, in the order in which they were left.
    fn records(&self) -> Result<Vec<PathBuf>, SpoolError> {
        self.files(RECORD)
    }

    /// The records that could not be read, and wait for somebody to look at them.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn aside(&self) -> Result<Vec<PathBuf>, SpoolError> {
        self.files(ASIDE)
    }

    fn files(&self, ending: &str) -> Result<Vec<PathBuf>, SpoolError> {
        let entries = fs::read_dir(&self.folder).map_err(|e| self.failed(e))?;
        let mut records = Vec::new();
        for entry in entries {
            let path = entry.map_err(|e| self.failed(e))?.path();
            if path.extension().is_some_and(|extension| extension == ending) {
                records.push(path);
            }
        }
        records.sort_unstable();
        Ok(records)
    }

    /// Leaves a decision. It is on the disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written, or nobody takes the spool in.
    pub fn leave(&self, module: &Module, request: &[u8], answer: &str) -> Result<(), SpoolError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        if self.records()?.len() >= MOST {
            return Err(SpoolError::Full(self.folder.clone()));
        }
        let component = self.folder.join(format!("{}.wasm", module.digest()));
        if !component.is_file() {
            self.write(&component, &[module.component()])?;
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{since:024}-{}-{count}.{RECORD}", std::process::id());
        // A line each; neither document holds a line break, which JSON writes in another way.
        let parts = [module.digest().as_bytes(), b"\n", request, b"\n", answer.as_bytes(), b"\n"];
        self.write(&self.folder.join(name), &parts)
    }

    /// Writes a file that is there whole or not at all.
    fn write(&self, path: &Path, parts: &[&[u8]]) -> Result<(), SpoolError> {
        let draft = path.with_extension(format!("draft-{}", std::process::id()));
        let write = || -> std::io::Result<()> {
            let mut file = fs::File::create(&draft)?;
            for part in parts {
                file.write_all(part)?;
            }
            file.sync_all()?;
            fs::rename(&draft, path)?;
            fs::File::open(&self.folder)?.sync_all()
        };
        write().map_err(|e| self.failed(e))
    }

    /// Takes every record into a trail, once each, in order. Gives how many; what cannot be read is put aside, and named by
    /// the second.
    ///
    /// # Errors
    /// When the folder cannot be read or the trail fails; nothing is lost then.
    pub fn take_in(&self, store: &mut dyn Store) -> Result<(u64, Vec<PathBuf>), SpoolError> {
        let (mut taken, mut odd) = (0, Vec::new());
        for path in self.records()? {
            let bytes = match fs::read(&path) {
                Ok(bytes) => bytes,
                // Another process was here first.
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
                Err(e) => return Err(self.failed(e)),
            };
            match self.keep(store, &path, &bytes) {
                Ok(new) => taken += u64::from(new),
                Err(TrailError::Odd(_)) => {
                    let aside = path.with_extension(ASIDE);
                    fs::rename(&path, &aside).map_err(|e| self.failed(e))?;
                    odd.push(aside);
                    continue;
                }
                Err(source) => return Err(SpoolError::Record { path, source }),
            }
            match fs::remove_file(&path) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(self.failed(e)),
                _ => {}
            }
        }
        // The trail itself goes on saying that it lacks them.
        for path in self.aside()? {
            transaction(store, |store| take(store, &name(&path)).map(drop))?;
        }
        Ok((taken, odd))
    }

    fn keep(&self, store: &mut dyn Store, path: &Path, bytes: &[u8]) -> Result<bool, TrailError> {
        let odd = || TrailError::Odd(format!("{} is no record of a spool", path.display()));
        let mut lines = bytes.splitn(3, |&b| b == b'\n');
        let mut line = || lines.next().ok_or_else(odd);
        let (component, request, answer) = (line()?, line()?, line()?);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| odd());
        let (component, answer) = (text(component)?, text(answer)?);
        let answer = answer.strip_suffix('\n').ok_or_else(odd)?;
        let name = name(path);
        let module = fs::read(self.folder.join(format!("{component}.wasm"))).ok();
        transaction(store, |store| {
            if !take(store, &name)? {
                return Ok(false);
            }
            if let Some(module) = module.filter(|module| sha256_hex(module) == component) {
                documents::keep(store, Role::Component, &module)?;
            }
            let mut trail = Trail::of(store);
            trail.lock()?;
            Ok(trail.keep_within(Kept { request, answer, component: &component })?.1)
        })
    }
}

/// The name of a file.
fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// That decisions are not in the trail because their records could not be read, where there are such.
///
/// # Errors
/// When the database fails.
pub fn lacking(store: &mut dyn Store) -> Result<Option<String>, DatabaseError> {
    Ok(match unread(store)? {
        0 => None,
        1 => Some(
            "1 record of a spool could not be read and lies aside: its decision is not in the trail"
                .to_owned(),
        ),
        more => Some(format!(
            "{more} records of a spool could not be read and lie aside: their decisions are not in the trail"
        )),
    })
}

/// How many records were put aside and not taken in since.
fn unread(store: &mut dyn Store) -> Result<u64, DatabaseError> {
    let rows = store.query("SELECT name FROM taken WHERE name LIKE $1", &[format!("%.{ASIDE}").into()])?;
    let mut unread = 0;
    for row in &rows {
        let mended = Path::new(&row.text(0)?).with_extension(RECORD).to_string_lossy().into_owned();
        let taken = store.query("SELECT name FROM taken WHERE name = $1", &[mended.into()])?;
        unread += u64::from(taken.is_empty());
    }
    Ok(unread)
}
