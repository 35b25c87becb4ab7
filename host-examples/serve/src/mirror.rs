//! Bare mirrors of the repositories that the service looks after: for merge trees, sign-offs, notes, and heads that the API
//! does not show yet.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use countersign_host::forge::Proposal;
use countersign_host::git::{GitError, Remote, Repository};

/// The refs that are mirrored of each repository: not its tags, and of changes only those that are asked for.
const REFS: &[&str] = &[
    "+refs/heads/*:refs/heads/*",
    "+refs/notes/*:refs/notes/*",
    "+refs/ai/*:refs/ai/*",
    "+refs/countersign/*:refs/countersign/*",
];

/// The mirrors, below one folder.
pub struct Mirrors {
    folder: PathBuf,
    busy: Mutex<HashMap<String, Arc<Mutex<()>>>>,
    /// Microseconds.
    waited: AtomicU64,
}

impl Mirrors {
    /// Mirrors below a folder.
    pub fn below(folder: PathBuf) -> Self {
        Mirrors { folder, busy: Mutex::default(), waited: AtomicU64::default() }
    }

    /// How long the answers of git servers have been waited for.
    pub fn waited(&self) -> Duration {
        Duration::from_micros(self.waited.load(Ordering::Relaxed))
    }

    fn wait<T>(&self, ask: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let answer = ask();
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.waited.fetch_add(micros, Ordering::Relaxed);
        answer
    }

    /// A mirror as it was fetched last.
    ///
    /// # Errors
    /// When git cannot open it.
    pub fn open(&self, repository: &str) -> Result<Repository, GitError> {
        Repository::open_or_make(&self.folder.join(format!("{repository}.git")))
    }

    /// A mirror as the forge is now.
    ///
    /// # Errors
    /// When git cannot fetch it.
    pub fn fetch(&self, repository: &str, remote: &Remote) -> Result<Repository, GitError> {
        self.alone(repository, || {
            let mirror = self.open(repository)?;
            self.wait(|| mirror.fetch(remote, REFS))?;
            Ok(mirror)
        })
    }

    /// The branch that new clones of the forge's repository get, by full name.
    ///
    /// # Errors
    /// When git cannot ask for it.
    pub fn default_branch(&self, remote: &Remote, mirror: &Repository) -> Result<Option<String>, GitError> {
        self.wait(|| mirror.remote_head(remote))
    }

    /// Brings the head of a change that is on no branch here from wherever it can be had; whether it came is for the caller to see.
    pub fn fetch_head(&self, repository: &str, mirror: &Repository, change: &Proposal) {
        self.alone(repository, || {
            for (at, (remote, name)) in change.heads.iter().enumerate() {
                let kept = format!("+{name}:refs/mirror/change/{}/{at}", change.number);
                let _ = self.wait(|| mirror.fetch(remote, &[&kept]));
            }
        });
    }

    /// Two fetches into one mirror would be in each other's way.
    fn alone<T>(&self, repository: &str, fetch: impl FnOnce() -> T) -> T {
        let busy = {
            let mut all = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(repository.to_owned()).or_default().clone()
        };
        let _guard = busy.lock().unwrap_or_else(PoisonError::into_inner);
        fetch()
    }
}
