//! Up to which commit all that a branch holds was decided about, as the hook saw it pass. Some ways into a branch run no hook;
//! what came in by one shows at the next push.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use anyhow::Context;
use countersign_host::module::sha256_hex;
use serde::{Deserialize, Serialize};

/// Commits that passed and of which it is not known whether the server let them in after all.
const PASSED: usize = 100;

/// The branches of one repository.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Branches {
    repository: String,
    branches: BTreeMap<String, Branch>,
}

/// One branch.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Branch {
    /// All up to here was decided about.
    settled: String,
    /// These passed since. The server's own rules come after the hook, so which of them the branch went to is not known before
    /// the next push.
    passed: Vec<String>,
}

/// How a branch stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// All that it holds was decided about.
    Settled,
    /// What it holds after the first of these commits that it holds at all was not; none for a branch that no push made.
    OpenSince(Vec<String>),
}

/// What was seen of one repository, held while a push is judged so that two do not write over each other.
pub struct Standing {
    branches: Branches,
    path: std::path::PathBuf,
    _lock: File,
}

impl Standing {
    /// Reads what was seen of a repository, below a folder. One that is seen for the first time begins as it is: `tips` says
    /// how.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub fn open(
        folder: &Path,
        repository: &str,
        tips: impl FnOnce() -> anyhow::Result<Vec<(String, String)>>,
    ) -> anyhow::Result<Self> {
        let folder = folder.join("standing");
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let path = folder.join(format!("{}.json", sha256_hex(repository.as_bytes())));
        let lock = File::create(path.with_extension("lock")).with_context(|| path.display().to_string())?;
        lock.lock().with_context(|| format!("locking {}", path.display()))?;
        let branches = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| path.display().to_string())?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let begin = |(name, tip)| (name, Branch { settled: tip, passed: Vec::new() });
                Branches {
                    repository: repository.to_owned(),
                    branches: tips()?.into_iter().map(begin).collect(),
                }
            }
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        Ok(Standing { branches, path, _lock: lock })
    }

    /// How a branch stands that is at `old`.
    pub fn order(&self, name: &str, old: &str) -> Order {
        match self.branches.branches.get(name) {
            Some(branch) if branch.settled == old || branch.passed.iter().any(|passed| passed == old) => {
                Order::Settled
            }
            Some(branch) => {
                let newest = branch.passed.iter().rev().cloned();
                Order::OpenSince(newest.chain([branch.settled.clone()]).collect())
            }
            None => Order::OpenSince(Vec::new()),
        }
    }

    /// Notes that a branch at `old`, all of which was decided about, may go to `new`; none is one that is deleted.
    pub fn pass(&mut self, name: &str, old: Option<&str>, new: Option<&str>) {
        let Some(new) = new else {
            self.branches.branches.remove(name);
            return;
        };
        let branch = self.branches.branches.entry(name.to_owned()).or_default();
        if let Some(old) = old
            && branch.settled != old
        {
            branch.settled = old.to_owned();
            branch.passed.clear();
        }
        branch.passed.retain(|passed| passed != new);
        branch.passed.push(new.to_owned());
        let over = branch.passed.len().saturating_sub(PASSED);
        branch.passed.drain(..over);
    }

    /// Keeps what was noted.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self) -> anyhow::Result<()> {
        let what = || format!("writing {}", self.path.display());
        let draft = self.path.with_extension("draft");
        fs::write(&draft, serde_json::to_vec(&self.branches)?).with_context(what)?;
        fs::rename(&draft, &self.path).with_context(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    const C: &str = "cccccccccccccccccccccccccccccccccccccccc";

    fn open(folder: &Path) -> Standing {
        Standing::open(folder, "acme/app", || Ok(vec![("refs/heads/main".into(), A.into())])).unwrap()
    }

    #[test]
    fn what_passed_may_or_may_not_have_gone_in() {
        let folder = tempfile::tempdir().unwrap();
        let mut standing = open(folder.path());
        assert_eq!(standing.order("refs/heads/main", A), Order::Settled);
        standing.pass("refs/heads/main", Some(A), Some(B));
        standing.keep().unwrap();
        drop(standing);
        let standing = open(folder.path());
        assert_eq!(standing.order("refs/heads/main", A), Order::Settled);
        assert_eq!(standing.order("refs/heads/main", B), Order::Settled);
        assert_eq!(standing.order("refs/heads/main", C), Order::OpenSince(vec![B.into(), A.into()]));
    }

    #[test]
    fn a_branch_that_no_push_made_is_open_from_its_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let mut standing = open(folder.path());
        assert_eq!(standing.order("refs/heads/release/2", B), Order::OpenSince(vec![]));
        standing.pass("refs/heads/release/2", None, Some(B));
        assert_eq!(standing.order("refs/heads/release/2", B), Order::Settled);
        standing.pass("refs/heads/release/2", Some(B), None);
        assert_eq!(standing.order("refs/heads/release/2", B), Order::OpenSince(vec![]));
    }
}
