//! Bare mirrors of the repositories that the service looks after: for merge trees, sign-offs, notes, and heads that the API
//! does not show yet.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use countersign_host::git::{GitError, Remote, Repository};

use crate::api::{Api, Pull};

/// Everything that is mirrored of each repository: not its tags, and of pull requests only those that are asked for.
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
}

impl Mirrors {
    /// Mirrors below a folder.
    pub fn below(folder: &Path) -> Self {
        Mirrors { folder: folder.to_owned(), busy: Mutex::default() }
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
    pub fn fetch(&self, api: &Api, repository: &str) -> Result<Repository, GitError> {
        self.alone(repository, || {
            let mirror = self.open(repository)?;
            api.wait(|| mirror.fetch(&remote(api, repository), REFS))?;
            Ok(mirror)
        })
    }

    /// The branch that new clones of the forge's repository get, by full name.
    ///
    /// # Errors
    /// When git cannot ask for it.
    pub fn default_branch(
        &self,
        api: &Api,
        repository: &str,
        mirror: &Repository,
    ) -> Result<Option<String>, GitError> {
        api.wait(|| mirror.remote_head(&remote(api, repository)))
    }

    /// Brings the head of a pull request that is no branch here: from a fork, or by AGit. The forge keeps it, though a moment
    /// late, and the fork has it at once; whether it came is for the caller to see.
    pub fn fetch_head(&self, api: &Api, repository: &str, mirror: &Repository, pull: &Pull) {
        let number = pull.number;
        self.alone(repository, || {
            let kept = format!("+refs/pull/{number}/head:refs/mirror/pull/{number}");
            let _ = api.wait(|| mirror.fetch(&remote(api, repository), &[&kept]));
            if let Some(fork) = &pull.head.repo {
                let branch = format!("+refs/heads/{}:refs/mirror/fork/{number}", pull.head.name);
                let _ = api.wait(|| mirror.fetch(&remote(api, &fork.full_name), &[&branch]));
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

fn remote(api: &Api, repository: &str) -> Remote {
    Remote { url: format!("{}/{repository}.git", api.root()), authorization: api.authorization() }
}
