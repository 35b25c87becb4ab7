//! Bare mirrors of the repositories that the service looks after: for merge trees, sign-offs, notes, and heads that the API
//! does not show yet.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use countersign_host::git::{GitError, Remote, Repository};

use crate::api::{Api, Pull};

/// Everything that is mirrored of each repository: not its tags, and of pull requests only those that are asked for.
const REFS: &[&str] =
    &["+refs/heads/*:refs/heads/*", "+refs/notes/*:refs/notes/*", "+refs/countersign/*:refs/countersign/*"];

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

    /// A mirror as the forge is now, with what one pull request brings.
    ///
    /// # Errors
    /// When git cannot fetch it.
    pub fn fetch(&self, api: &Api, repository: &str, pull: Option<&Pull>) -> Result<Repository, GitError> {
        let remote = |name: &str| Remote {
            url: format!("{}/{name}.git", api.root()),
            authorization: Some(api.authorization()),
        };
        // Two fetches into one mirror would be in each other's way.
        let busy = {
            let mut all = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(repository.to_owned()).or_default().clone()
        };
        let _guard = busy.lock().unwrap_or_else(PoisonError::into_inner);
        let mirror = Repository::open_or_make(&self.folder.join(format!("{repository}.git")))?;
        let origin = remote(repository);
        api.wait(|| mirror.fetch(&origin, REFS))?;
        let default = match pull {
            Some(pull) => pull.base.repo.as_ref().map(|repo| format!("refs/heads/{}", repo.default_branch)),
            None => api.wait(|| mirror.remote_head(&origin))?,
        };
        if let Some(default) = default {
            mirror.set_head(&default)?;
        }
        if let Some(pull) = pull
            && mirror.objects()?.commit(&pull.head.sha)?.is_none()
        {
            // From a fork, or by AGit: the forge keeps its head, though a moment late, and the fork has it at once.
            let number = pull.number;
            let kept = format!("+refs/pull/{number}/head:refs/mirror/pull/{number}");
            let _ = api.wait(|| mirror.fetch(&origin, &[&kept]));
            if let Some(fork) = &pull.head.repo {
                let branch = format!("+refs/heads/{}:refs/mirror/fork/{number}", pull.head.name);
                let _ = api.wait(|| mirror.fetch(&remote(&fork.full_name), &[&branch]));
            }
        }
        Ok(mirror)
    }
}
