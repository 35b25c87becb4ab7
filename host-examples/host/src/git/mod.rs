//! Reads git repositories through git itself: bytes as they are, nothing interpreted.

mod commits;
mod files;
mod objects;
mod remote;
mod store;

use std::ffi::OsStr;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use countersign_core::model::ObjectId;

pub use commits::Commits;
pub use objects::{Entry, Object, Objects};
pub use remote::Remote;

/// Why git gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// git is not installed, or cannot be started.
    #[error("git cannot be run: {0}; install git 2.31 or newer")]
    Missing(std::io::Error),
    /// The folder holds no repository.
    #[error("{path} is no git repository: {reason}")]
    NotARepository {
        /// The folder.
        path: PathBuf,
        /// What git said.
        reason: String,
    },
    /// git failed.
    #[error("`git {command}` failed: {reason}")]
    Failed {
        /// What was asked.
        command: String,
        /// What git said.
        reason: String,
    },
    /// git answered something that is not in its documented format.
    #[error("git answered `git {command}` with something unexpected: {what}")]
    Unexpected {
        /// What was asked.
        command: &'static str,
        /// What was wrong.
        what: String,
    },
    /// A commit object that git itself would not write.
    #[error("commit {id} is malformed: {what}; `git fsck` says more")]
    OddCommit {
        /// Which.
        id: String,
        /// What is wrong with it.
        what: String,
    },
    /// A notes ref leads to an object that is not here.
    #[error("object {object} of the notes is missing here; fetch the notes refs again, or run `git fsck`")]
    MissingNote {
        /// Which.
        object: String,
    },
    /// The pipe to git broke.
    #[error("talking to git: {0}")]
    Pipe(#[from] std::io::Error),
}

/// A repository on this machine.
#[derive(Debug, Clone)]
pub struct Repository {
    folder: PathBuf,
    /// The work tree; none for a bare repository.
    pub work_tree: Option<PathBuf>,
    /// Commits whose parents a shallow clone left out.
    shallow: Vec<String>,
    /// Refs that a push is about to move, and where to: its hook sees them before they move.
    moving: Vec<(String, Option<ObjectId<'static>>)>,
}

impl Repository {
    /// Opens the repository that holds `folder`.
    ///
    /// # Errors
    /// When git is missing or the folder is in no repository that git trusts.
    pub fn open(folder: &Path) -> Result<Self, GitError> {
        let mut repository = Repository {
            folder: folder.to_owned(),
            work_tree: None,
            shallow: Vec::new(),
            moving: Vec::new(),
        };
        let output = repository
            .command(["rev-parse", "--git-path", "shallow", "--is-bare-repository", "--show-cdup"])
            .output()
            .map_err(GitError::Missing)?;
        if !output.status.success() {
            let reason =
                String::from_utf8_lossy(&output.stderr).trim().trim_start_matches("fatal: ").to_owned();
            return Err(GitError::NotARepository { path: folder.to_owned(), reason });
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut lines = text.lines();
        let shallow = folder.join(lines.next().unwrap_or_default());
        if lines.next() == Some("false") {
            repository.work_tree = folder.join(lines.next().unwrap_or_default()).canonicalize().ok();
        }
        if let Ok(list) = std::fs::read_to_string(shallow) {
            repository.shallow = list.lines().map(str::to_owned).collect();
            repository.shallow.sort_unstable();
        }
        Ok(repository)
    }

    /// Version of git.
    ///
    /// # Errors
    /// When git fails.
    pub fn version(&self) -> Result<String, GitError> {
        Ok(self.text(["version"])?.trim_start_matches("git version ").to_owned())
    }

    /// A git command in this repository. Replacement objects and grafts are left out, so that history is what the
    /// objects say.
    fn command<I: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = I>) -> Command {
        let mut command = Command::new("git");
        command
            .arg("-C")
            .arg(&self.folder)
            .arg("--no-pager")
            .arg("--no-replace-objects")
            .args(["-c", "advice.graftFileDeprecated=false"])
            .args(args)
            .env("LC_ALL", "C")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_GRAFT_FILE", "/dev/null")
            .env("GIT_ADVICE", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .stdin(Stdio::null());
        command
    }

    fn output<const N: usize>(&self, args: [&str; N]) -> Result<Vec<u8>, GitError> {
        let output = self.command(args).output().map_err(GitError::Missing)?;
        if output.status.success() { Ok(output.stdout) } else { Err(failed(&args, &output.stderr)) }
    }

    fn text<const N: usize>(&self, args: [&str; N]) -> Result<String, GitError> {
        Ok(String::from_utf8_lossy(&self.output(args)?).trim_end_matches('\n').to_owned())
    }

    /// Like `text`, with nothing for git's exit code 1.
    fn maybe_text<const N: usize>(&self, args: [&str; N]) -> Result<Option<String>, GitError> {
        let output = self.command(args).output().map_err(GitError::Missing)?;
        match output.status.code() {
            Some(0) => Ok(Some(String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned())),
            Some(1) => Ok(None),
            _ => Err(failed(&args, &output.stderr)),
        }
    }

    /// The ref that a symbolic ref points to.
    ///
    /// # Errors
    /// When git fails.
    pub fn symbolic_ref(&self, name: &str) -> Result<Option<String>, GitError> {
        self.maybe_text(["symbolic-ref", "--quiet", name])
    }

    /// Whether a ref of exactly this full name exists; a tag or a branch that is merely called like it is none.
    ///
    /// # Errors
    /// When git cannot be run.
    pub fn has_ref(&self, name: &str) -> Result<bool, GitError> {
        Ok(self.maybe_text(["show-ref", "--verify", "--quiet", name])?.is_some())
    }

    /// A value of the configuration.
    ///
    /// # Errors
    /// When git fails.
    pub fn config(&self, key: &str) -> Result<Option<String>, GitError> {
        self.maybe_text(["config", "--get", key])
    }

    /// The names of the repositories that this one fetches from.
    ///
    /// # Errors
    /// When git fails.
    pub fn remotes(&self) -> Result<Vec<String>, GitError> {
        Ok(self.text(["remote"])?.lines().map(str::to_owned).collect())
    }

    /// Reads refs that a push is about to move as if it had; none is one that it deletes.
    pub fn with_moving(mut self, refs: Vec<(String, Option<ObjectId<'static>>)>) -> Self {
        self.moving = refs;
        self
    }

    /// What names the commit of a ref: itself, or where a push is about to put it.
    pub fn tip<'r>(&'r self, name: &'r str) -> &'r str {
        let moving = self.moving.iter().find(|(moving, _)| moving == name);
        moving.and_then(|(_, to)| to.as_ref()).map_or(name, ObjectId::as_str)
    }

    /// The refs that match a pattern of `git for-each-ref`: a whole name, or a folder of names.
    ///
    /// # Errors
    /// When git fails.
    pub fn refs(&self, patterns: &[String]) -> Result<Vec<String>, GitError> {
        let args = ["for-each-ref", "--format=%(refname)"]
            .into_iter()
            .map(str::to_owned)
            .chain(patterns.iter().cloned());
        let output = self.command(args).output().map_err(GitError::Missing)?;
        if !output.status.success() {
            return Err(failed(&["for-each-ref"], &output.stderr));
        }
        let mut refs: Vec<String> =
            String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
        let matches = |name: &str| {
            let of = |pattern: &String| {
                name.strip_prefix(pattern.trim_end_matches('/'))
                    .is_some_and(|r| r.is_empty() || r.starts_with('/'))
            };
            patterns.iter().any(of)
        };
        for (name, to) in self.moving.iter().filter(|(name, _)| matches(name)) {
            refs.retain(|known| known != name);
            refs.extend(to.is_some().then(|| name.clone()));
        }
        refs.sort_unstable();
        Ok(refs)
    }

    /// The branches as they stand, whatever a push is about to do to them: full name, and commit.
    ///
    /// # Errors
    /// When git fails.
    pub fn branches(&self) -> Result<Vec<(String, ObjectId<'static>)>, GitError> {
        let text = self.text(["for-each-ref", "--format=%(objectname) %(refname)", "refs/heads/"])?;
        let entry = |line: &str| {
            let (id, name) = line.split_once(' ').unwrap_or((line, ""));
            Ok((name.to_owned(), object_id("for-each-ref", id)?))
        };
        text.lines().map(entry).collect()
    }

    /// The best common ancestor of two commits.
    ///
    /// # Errors
    /// When git fails.
    pub fn merge_base(&self, a: &str, b: &str) -> Result<Option<ObjectId<'static>>, GitError> {
        let found = self.maybe_text(["merge-base", a, b])?;
        found.map(|id| object_id("merge-base", id.trim())).transpose()
    }

    /// The id of the empty tree in this repository's hash.
    ///
    /// # Errors
    /// When git fails.
    pub fn empty_tree(&self) -> Result<String, GitError> {
        self.text(["hash-object", "-t", "tree", "/dev/null"])
    }

    /// Starts a process that answers for objects.
    ///
    /// # Errors
    /// When git cannot be started.
    pub fn objects(&self) -> Result<Objects, GitError> {
        Objects::start(self)
    }

    /// How many commits `head` reaches that `without` does not.
    ///
    /// # Errors
    /// When git fails.
    pub fn count(&self, head: &str, without: &[String]) -> Result<u64, GitError> {
        let mut args = vec!["rev-list".to_owned(), "--count".to_owned(), head.to_owned(), "--not".to_owned()];
        args.extend(without.iter().cloned());
        args.push("--".to_owned());
        let output = self.command(&args).output().map_err(GitError::Missing)?;
        if !output.status.success() {
            return Err(failed(&["rev-list", "--count"], &output.stderr));
        }
        String::from_utf8_lossy(&output.stdout)
            .trim()
            .parse()
            .map_err(|_| GitError::Unexpected { command: "rev-list --count", what: "no number".into() })
    }

    /// Streams the commits that `head` reaches over all parents and `without` does not, newest first, in constant
    /// memory.
    ///
    /// # Errors
    /// When git cannot be started.
    pub fn commits(&self, head: &str, without: &[String]) -> Result<Commits, GitError> {
        let mut args = vec!["rev-list".to_owned(), head.to_owned(), "--not".to_owned()];
        args.extend(without.iter().cloned());
        args.push("--".to_owned());
        let mut list = self
            .command(&args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(GitError::Missing)?;
        let ids = list.stdout.take().ok_or_else(broken_pipe)?;
        let mut read = self
            .command(["cat-file", "--batch", "--buffer"])
            .stdin(Stdio::from(ids))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(GitError::Missing)?;
        let out = read.stdout.take().ok_or_else(broken_pipe)?;
        Ok(Commits::new(list, read, BufReader::with_capacity(1 << 18, out)))
    }

    /// The commits of a range along first parents, newest first: id, parents, subject.
    ///
    /// # Errors
    /// When git fails.
    pub fn first_parents(&self, range: &str) -> Result<Vec<FirstParent>, GitError> {
        let output = self.output([
            "log",
            "--first-parent",
            "-z",
            "--format=%H%n%P%n%s",
            "--end-of-options",
            range,
            "--",
        ])?;
        let text = String::from_utf8_lossy(&output).into_owned();
        let entries = text.split('\0').filter(|entry| !entry.is_empty());
        let entry = |entry: &str| {
            let mut lines = entry.splitn(3, '\n');
            let mut line = || lines.next().unwrap_or_default().to_owned();
            let (commit, parents, subject) = (line(), line(), line());
            (commit, parents.split_whitespace().map(str::to_owned).collect(), subject)
        };
        Ok(entries.map(entry).collect())
    }

    /// The commits that changed a file, along the first parents of a commit, the newest first.
    ///
    /// # Errors
    /// When git fails.
    pub fn changes_of(
        &self,
        commit: &str,
        path: &str,
        most: usize,
    ) -> Result<Vec<ObjectId<'static>>, GitError> {
        let count = format!("--max-count={most}");
        let ids = self.text(["rev-list", "--first-parent", &count, commit, "--", path])?;
        ids.lines().map(|id| object_id("rev-list", id)).collect()
    }

    /// Whether any commit that a commit reaches, over all parents, has an object at a path.
    ///
    /// # Errors
    /// When git fails.
    pub fn ever_had(&self, commit: &str, path: &str, object: &ObjectId<'_>) -> Result<bool, GitError> {
        let listed = self.text(["rev-list", "--full-history", "--objects", commit, "--", path])?;
        Ok(listed.lines().any(|line| line.split(' ').next() == Some(object.as_str())))
    }

    /// The smallest of the root commits that a commit reaches: what names a repository in every clone of it.
    ///
    /// # Errors
    /// When git fails.
    pub fn root(&self, commit: &str) -> Result<Option<String>, GitError> {
        let roots = self.text(["rev-list", "--max-parents=0", commit, "--"])?;
        Ok(roots.lines().min().map(str::to_owned))
    }

    /// What `git patch-id --stable` gives for everything between two commits; none where nothing is.
    ///
    /// # Errors
    /// When git fails.
    pub fn diff_id(&self, from: &str, to: &str) -> Result<Option<ObjectId<'static>>, GitError> {
        let mut diff = self
            .command(["diff-tree", "-p", "--full-index", "--no-ext-diff", "--no-textconv", from, to, "--"])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(GitError::Missing)?;
        let patch = diff.stdout.take().ok_or_else(broken_pipe)?;
        let output =
            self.command(["patch-id", "--stable"]).stdin(patch).output().map_err(GitError::Missing)?;
        if !diff.wait()?.success() || !output.status.success() {
            return Err(failed(&["patch-id"], &output.stderr));
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.split_whitespace().next().map(|id| object_id("patch-id", id)).transpose()
    }

    /// The tree that merging two commits gives; none where they conflict.
    ///
    /// # Errors
    /// When git fails.
    pub fn merge_tree(&self, ours: &str, theirs: &str) -> Result<Option<ObjectId<'static>>, GitError> {
        let found = self.maybe_text(["merge-tree", "--write-tree", "--no-messages", ours, theirs])?;
        found.map(|text| object_id("merge-tree", text.lines().next().unwrap_or_default())).transpose()
    }

    /// The parents of a commit, in order.
    ///
    /// # Errors
    /// When git fails.
    pub fn parents(&self, commit: &str) -> Result<Vec<ObjectId<'static>>, GitError> {
        let line = self.text(["rev-list", "--parents", "--max-count=1", commit, "--"])?;
        line.split_whitespace().skip(1).map(|id| object_id("rev-list --parents", id)).collect()
    }

    /// The tree of a commit.
    ///
    /// # Errors
    /// When git fails.
    pub fn tree(&self, commit: &str) -> Result<ObjectId<'static>, GitError> {
        let tree = self.text(["rev-parse", "--verify", &format!("{commit}^{{tree}}")])?;
        object_id("rev-parse", &tree)
    }

    /// All files that a revision holds: path and id of the blob.
    ///
    /// # Errors
    /// When git fails.
    pub fn blobs(&self, revision: &str) -> Result<Vec<(String, String)>, GitError> {
        let output = self.output(["ls-tree", "-r", "-z", revision, "--"])?;
        let entries = output.split(|&b| b == 0).filter(|entry| !entry.is_empty());
        let entry = |entry: &[u8]| {
            let text = String::from_utf8_lossy(entry).into_owned();
            let (meta, path) = text.split_once('\t')?;
            Some((path.to_owned(), meta.rsplit(' ').next()?.to_owned()))
        };
        Ok(entries.filter_map(entry).collect())
    }

    /// Whether a shallow clone left out the parents of this commit.
    pub fn is_cut_at(&self, id: &str) -> bool {
        self.shallow.binary_search_by(|cut| cut.as_str().cmp(id)).is_ok()
    }

    /// Whether the repository is a shallow clone.
    pub fn is_shallow(&self) -> bool {
        !self.shallow.is_empty()
    }
}

fn broken_pipe() -> GitError {
    GitError::Pipe(std::io::ErrorKind::BrokenPipe.into())
}

fn failed(args: &[&str], stderr: &[u8]) -> GitError {
    GitError::Failed { command: args.join(" "), reason: String::from_utf8_lossy(stderr).trim().to_owned() }
}

fn object_id(command: &'static str, text: &str) -> Result<ObjectId<'static>, GitError> {
    ObjectId::new(text.to_owned())
        .ok_or_else(|| GitError::Unexpected { command, what: format!("`{text}` is no object id") })
}

/// A commit as a branch's own history shows it: id, parents, subject.
pub type FirstParent = (String, Vec<String>, String);
