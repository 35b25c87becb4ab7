//! Reads git repositories through git itself: bytes as they are, nothing interpreted.

mod brought;
mod command;
mod commits;
mod diff;
mod extent;
mod history;
mod objects;
mod pushed;
mod remote;
mod store;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use countersign_core::model::{Commit, HistoryCommit, ObjectId, Text};

use command::{OwnFolder, Places};

pub use command::of_sample;
pub use commits::Commits;
pub use diff::{Asked, Diff};
pub use history::Held;
pub use objects::{Entry, Object, Objects};
pub use pushed::{Head, Pushed};
pub use remote::Remote;
pub use store::Other;

/// Why git gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// git is not installed, or cannot be started.
    #[error("git cannot be run: {0}; install git 2.38 or newer")]
    Missing(std::io::Error),
    /// The folder holds no repository.
    #[error("{path} is no git repository: {reason}")]
    NotARepository {
        /// The path of the folder.
        path: PathBuf,
        /// What git printed on standard error.
        reason: String,
    },
    /// Whoever wrote the files of another repository wrote this one.
    #[error(
        "{path} is a repository that is part of {of}: whoever changes the files there says what stands in it\n  \
         help: run this in {of}, or in a clone of its own that {of} does not track"
    )]
    Brought {
        /// The path of the folder.
        path: PathBuf,
        /// The work tree that tracks it.
        of: PathBuf,
    },
    /// A run of git failed.
    #[error("`git {command}` failed: {reason}")]
    Failed {
        /// The arguments that git was run with.
        command: String,
        /// What git printed on standard error.
        reason: String,
    },
    /// git answered something that is not in its documented format.
    #[error("git answered `git {command}` with something unexpected: {what}")]
    Unexpected {
        /// The arguments that git was run with.
        command: &'static str,
        /// How its output differs from what git documents.
        what: String,
    },
    /// A commit object that git itself would not write.
    #[error("commit {id} is malformed: {what}; `git fsck` says more")]
    OddCommit {
        /// The id of the commit.
        id: String,
        /// The fault of the commit, in words.
        what: String,
    },
    /// A ref names an object that is not here.
    #[error("the object that {git_ref} names is missing here; fetch it again, or run `git fsck`")]
    MissingTip {
        /// The full name of the ref.
        git_ref: String,
    },
    /// What tools noted about commits leads to an object that is not here.
    #[error(
        "{object}, which tools noted about commits, is missing here; fetch its ref again, or run `git fsck`"
    )]
    MissingNote {
        /// The id of the object.
        object: String,
    },
    /// A ref of sign-offs leads to an object that is not here.
    #[error(
        "object {object} of the sign-offs is missing here; fetch refs/countersign/ again, or run `git fsck`"
    )]
    MissingSignoff {
        /// The id of the object.
        object: String,
    },
    /// The pipe to git broke.
    #[error("talking to git: {0}")]
    Pipe(#[from] std::io::Error),
}

/// A repository on this machine.
#[derive(Debug, Clone)]
pub struct Repository {
    places: Places,
    own: Arc<OwnFolder>,
    /// The work tree; none for a bare repository.
    pub work_tree: Option<PathBuf>,
    /// Commits whose parents a shallow clone left out.
    shallow: Vec<String>,
    /// Refs that a push is about to move, and where to: its hook sees them before they move.
    moving: Vec<(String, Option<ObjectId<'static>>)>,
}

impl Repository {
    /// Opens the repository that holds `folder`, if git trusts it here: that is asked under the user's own configuration,
    /// as everywhere, and nothing after it is. In a hook of this repository what the push brings is part of it.
    ///
    /// # Errors
    /// When git is missing or the folder is in no repository that git trusts, and when another repository tracks this one.
    pub fn open(folder: &Path) -> Result<Self, GitError> {
        let not_here = |reason: String| GitError::NotARepository { path: folder.to_owned(), reason };
        let output = command::as_user()
            .arg("-C")
            .arg(folder)
            .args(["rev-parse", "--path-format=absolute", "--git-dir", "--git-path", "objects"])
            .args(["--git-path", "shallow", "--show-object-format", "--is-bare-repository", "--show-cdup"])
            .output()
            .map_err(GitError::Missing)?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr);
            return Err(not_here(reason.trim().trim_start_matches("fatal: ").to_owned()));
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        let [git_dir, objects, shallow, hash, bare, above @ ..] = lines.as_slice() else {
            return Err(not_here(format!("git says of it `{}`", text.trim())));
        };
        let objects = PathBuf::from(objects);
        let quarantine = std::env::var_os("GIT_QUARANTINE_PATH").map(PathBuf::from);
        let quarantine = quarantine.filter(|path| lies_in(path, &objects));
        let places = Places {
            git_dir: git_dir.into(),
            objects: [objects].into_iter().chain(quarantine).collect(),
            shallow: shallow.into(),
            hash: (*hash).to_owned(),
        };
        let mut shallow: Vec<String> = std::fs::read_to_string(&places.shallow)
            .map(|list| list.lines().map(str::to_owned).collect())
            .unwrap_or_default();
        shallow.sort_unstable();
        let work_tree = (*bare == "false").then(|| folder.join(above.first().unwrap_or(&"")));
        let work_tree = work_tree.and_then(|path| path.canonicalize().ok());
        let own_folders = [places.git_dir.canonicalize().ok(), work_tree.clone()].into_iter().flatten();
        let stands: Vec<PathBuf> = own_folders.chain(brought::links_to(folder)).collect();
        if let Some(of) = brought::by_whom(&stands)? {
            return Err(GitError::Brought {
                path: folder.canonicalize().unwrap_or_else(|_| folder.to_owned()),
                of,
            });
        }
        Ok(Repository {
            own: Arc::new(OwnFolder::make(&places)?),
            places,
            work_tree,
            shallow,
            moving: Vec::new(),
        })
    }

    /// The path of the git folder.
    pub fn git_dir(&self) -> &Path {
        &self.places.git_dir
    }

    /// Version of git.
    ///
    /// # Errors
    /// When git fails.
    pub fn version(&self) -> Result<String, GitError> {
        Ok(self.text(["version"])?.trim_start_matches("git version ").to_owned())
    }

    /// A git command in this repository, which nothing steers.
    fn command<I: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = I>) -> Command {
        let mut command = command::in_repository(&self.places, &self.own);
        command.args(args);
        command
    }

    /// A git command that compares or merges, with no attributes: commits and trees are named by their whole ids.
    fn of_objects<I: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = I>) -> Command {
        let mut command = self.own.command(&self.places);
        command.args(args);
        command
    }

    /// A git command in this repository as its user runs it.
    fn as_user<I: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = I>) -> Command {
        let mut command = command::as_user();
        command.arg("--git-dir").arg(&self.places.git_dir).args(args);
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
        maybe_text(self.command(args), &args)
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

    /// Whether git keeps a head of this name beside `HEAD`, such as `FETCH_HEAD`: it stands before refs that are called so.
    pub fn has_head(&self, name: &str) -> bool {
        name.ends_with("_HEAD")
            && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
            && self.places.git_dir.join(name).is_file()
    }

    /// The objects whose ids begin with a text; none where it could not be the abbreviation of an id.
    ///
    /// # Errors
    /// When git fails.
    pub fn abbreviated(&self, text: &str) -> Result<Vec<String>, GitError> {
        if text.len() < 4 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(Vec::new());
        }
        let ids = self.text(["rev-parse", &format!("--disambiguate={text}")])?;
        Ok(ids.lines().map(str::to_owned).collect())
    }

    /// A value of the repository's own configuration.
    ///
    /// # Errors
    /// When git fails.
    pub fn config(&self, key: &str) -> Result<Option<String>, GitError> {
        self.maybe_text(["config", "--get", key])
    }

    /// The repositories that this one fetches from, by name and in the order of names, each with its address where one is set.
    ///
    /// # Errors
    /// When git fails.
    pub fn remotes(&self) -> Result<BTreeMap<String, Option<String>>, GitError> {
        let set = self.maybe_text(["config", "--null", "--get-regexp", r"^remote\..+\."])?;
        let mut remotes = BTreeMap::new();
        for setting in set.iter().flat_map(|set| set.split_terminator('\0')) {
            let (key, value) = setting.split_once('\n').unwrap_or((setting, ""));
            let named = key.strip_prefix("remote.").and_then(|key| key.rsplit_once('.'));
            // git takes no such name for one of a remote (remote.c, git 2.39).
            let Some((name, what)) = named.filter(|(name, _)| !name.starts_with('/')) else { continue };
            let address = remotes.entry(name.to_owned()).or_default();
            if what == "url" {
                *address = Some(value.to_owned());
            }
        }
        Ok(remotes)
    }

    /// A value of the configuration as the user of this machine has it here.
    ///
    /// # Errors
    /// When git fails.
    pub fn user_config(&self, key: &str) -> Result<Option<String>, GitError> {
        let args = ["config", "--get", key];
        maybe_text(self.as_user(args), &args)
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
        Ok(self.moved(self.standing(patterns)?, patterns))
    }

    /// The same as they stand, whatever a push is about to do to them.
    ///
    /// # Errors
    /// When git fails.
    pub fn standing(&self, patterns: &[String]) -> Result<Vec<String>, GitError> {
        let args = ["for-each-ref", "--format=%(refname)"]
            .into_iter()
            .map(str::to_owned)
            .chain(patterns.iter().cloned());
        let output = self.command(args).output().map_err(GitError::Missing)?;
        if !output.status.success() {
            return Err(failed(&["for-each-ref"], &output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
    }

    /// Refs that stand and match these patterns, as they are once a push has moved what it is about to move.
    pub fn moved(&self, mut refs: Vec<String>, patterns: &[String]) -> Vec<String> {
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
        refs
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

    /// All common ancestors of two commits that are not ancestors of another one, the best first.
    ///
    /// # Errors
    /// When git fails.
    pub fn merge_bases(&self, a: &str, b: &str) -> Result<Vec<ObjectId<'static>>, GitError> {
        let found = self.maybe_text(["merge-base", "--all", a, b])?.unwrap_or_default();
        found.lines().map(|id| object_id("merge-base --all", id)).collect()
    }

    /// The id of the empty tree in this repository's hash.
    pub fn empty_tree(&self) -> &'static str {
        match self.places.hash.as_str() {
            "sha256" => "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
            _ => "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
        }
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

    /// The newest commits that `head` reaches and no ref does, at most so many.
    ///
    /// # Errors
    /// When git fails.
    pub fn unheld(&self, head: &str, most: usize) -> Result<Vec<ObjectId<'static>>, GitError> {
        let count = format!("--max-count={most}");
        let ids = self.text(["rev-list", &count, head, "--not", "--all", "--"])?;
        ids.lines().map(|id| object_id("rev-list", id)).collect()
    }

    /// Streams the commits that `head` reaches over all parents and `without` does not, newest first, in constant
    /// memory.
    ///
    /// # Errors
    /// When git cannot be started.
    pub fn commits(&self, head: &str, without: &[String]) -> Result<Commits, GitError> {
        let mut args = vec![head, "--not"];
        args.extend(without.iter().map(String::as_str));
        args.push("--");
        self.walk(&args)
    }

    /// Streams the commits that `git rev-list` names.
    fn walk(&self, args: &[&str]) -> Result<Commits, GitError> {
        let mut list = self
            .command(["rev-list"])
            .args(args)
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

    /// The commits that `head` reaches along first parents and `without` does not reach, newest first: id, parents, subject.
    ///
    /// # Errors
    /// When git fails.
    pub fn first_parents(
        &self,
        head: &ObjectId<'_>,
        without: Option<&ObjectId<'_>>,
    ) -> Result<Vec<FirstParent>, GitError> {
        let mut args = vec!["--first-parent", head.as_str(), "--not"];
        args.extend(without.map(ObjectId::as_str));
        args.push("--");
        let commits = self.walk(&args)?;
        let entry = |commit: Result<Commit<'static>, GitError>| {
            let commit = commit?;
            let parents = commit.parents.iter().map(|parent| parent.sha.to_string()).collect();
            Ok((commit.sha.to_string(), parents, subject(&commit.message.to_str_lossy())))
        };
        commits.map(entry).collect()
    }

    /// The commits that `head` reaches along first parents and `without` does not reach, newest first, as the shape of a history.
    ///
    /// # Errors
    /// When git fails.
    pub fn chain(
        &self,
        head: &ObjectId<'_>,
        without: &ObjectId<'_>,
    ) -> Result<Vec<HistoryCommit<'static>>, GitError> {
        let commits = self.walk(&["--first-parent", head.as_str(), "--not", without.as_str(), "--"])?;
        let shape = |commit: Result<Commit<'static>, GitError>| {
            let Commit { sha, tree, parents, .. } = commit?;
            let parents = parents.into_iter().map(|parent| parent.sha).collect();
            Ok(HistoryCommit { sha, tree, parents })
        };
        commits.map(shape).collect()
    }

    /// The newest commit along the first parents of a branch that `head` reaches; none where it reaches none of them.
    ///
    /// # Errors
    /// When git fails.
    pub fn last_shared(
        &self,
        branch: &ObjectId<'static>,
        head: &str,
    ) -> Result<Option<ObjectId<'static>>, GitError> {
        let arguments = ["rev-list", "--first-parent", "--parents", branch.as_str(), "--not", head, "--"];
        let beyond = self.text(arguments)?;
        match beyond.lines().last() {
            None => Ok(Some(branch.clone())),
            Some(oldest) => {
                oldest.split(' ').nth(1).map(|id| object_id("rev-list --parents", id)).transpose()
            }
        }
    }

    /// The commits that changed any of these files, along the first parents of a commit, the newest first.
    ///
    /// # Errors
    /// When git fails.
    pub fn changes_of(
        &self,
        commit: &str,
        paths: &[&str],
        most: usize,
    ) -> Result<Vec<ObjectId<'static>>, GitError> {
        let count = format!("--max-count={most}");
        let list = ["--literal-pathspecs", "rev-list", "--first-parent", &count, commit, "--"];
        let args: Vec<&str> = list.iter().chain(paths).copied().collect();
        let output = self.command(&args).output().map_err(GitError::Missing)?;
        if !output.status.success() {
            return Err(failed(&args, &output.stderr));
        }
        let ids = String::from_utf8_lossy(&output.stdout);
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

    /// The smallest of the root commits that a commit reaches: what names a repository in every clone of it; none where a
    /// shallow clone left one out.
    ///
    /// # Errors
    /// When git fails.
    pub fn root(&self, commit: &str) -> Result<Option<String>, GitError> {
        let roots = self.text(["rev-list", "--max-parents=0", commit, "--"])?;
        Ok(roots.lines().min().filter(|_| !roots.lines().any(|id| self.is_cut_at(id))).map(str::to_owned))
    }

    /// The tree that merging two commits gives, given their whole ids; none where they conflict.
    ///
    /// # Errors
    /// When git fails.
    pub fn merge_tree(&self, ours: &str, theirs: &str) -> Result<Option<ObjectId<'static>>, GitError> {
        Ok(self.merge(ours, theirs)?.clean())
    }

    /// What merging two commits gives, given their whole ids. No attribute and no setting has a say, so it is the same in
    /// every clone.
    ///
    /// # Errors
    /// When git fails.
    pub fn merge(&self, ours: &str, theirs: &str) -> Result<Merge, GitError> {
        merged(self.of_objects(MERGE), ours, theirs)
    }

    /// The tree that merging two commits gives in this clone as its user has it, with the attributes of its work tree and all
    /// settings; none where they conflict.
    ///
    /// # Errors
    /// When git fails.
    pub fn merge_tree_here(&self, ours: &str, theirs: &str) -> Result<Option<ObjectId<'static>>, GitError> {
        let mut command = self.as_user(MERGE);
        if let Some(work_tree) = &self.work_tree {
            command.current_dir(work_tree).env("GIT_WORK_TREE", work_tree);
        }
        let objects = self.places.objects.iter().map(PathBuf::as_path);
        command
            .env("GIT_OBJECT_DIRECTORY", self.own.objects())
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", command::list(objects));
        Ok(merged(command, ours, theirs)?.clean())
    }

    /// How many files that git tracks differ in the work tree from a commit that is checked out there; none of another commit.
    ///
    /// # Errors
    /// When git fails.
    pub fn edited(&self, commit: &str) -> Result<u64, GitError> {
        let Some(work_tree) = &self.work_tree else { return Ok(0) };
        if self.maybe_text(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?.as_deref() != Some(commit)
        {
            return Ok(0);
        }
        let args = ["status", "--porcelain", "--untracked-files=no", "--ignore-submodules", "--no-renames"];
        let mut command = self.as_user(args);
        command.current_dir(work_tree).env("GIT_WORK_TREE", work_tree).env("GIT_OPTIONAL_LOCKS", "0");
        let output = command.output().map_err(GitError::Missing)?;
        // Whether a person is told of it decides nothing.
        Ok(String::from_utf8_lossy(&output.stdout).lines().count() as u64)
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

    /// The tree of a commit, by a process that answers for objects; what that has not, git says why.
    ///
    /// # Errors
    /// When git fails.
    pub fn tree_by(&self, objects: &mut Objects, commit: &str) -> Result<ObjectId<'static>, GitError> {
        objects.tree(commit)?.map_or_else(|| self.tree(commit), Ok)
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

    /// A commit that `from` reaches and `without` does not, and whose parents a shallow clone left out: what both reach can then
    /// not be told.
    ///
    /// # Errors
    /// When git fails.
    pub fn cut_between(&self, from: &str, without: &str) -> Result<Option<ObjectId<'static>>, GitError> {
        if self.shallow.is_empty() {
            return Ok(None);
        }
        let ids = self.text(["rev-list", from, "--not", without, "--"])?;
        ids.lines().find(|id| self.is_cut_at(id)).map(|id| object_id("rev-list", id)).transpose()
    }

    /// Whether the repository is a shallow clone.
    pub fn is_shallow(&self) -> bool {
        !self.shallow.is_empty()
    }
}

fn broken_pipe() -> GitError {
    GitError::Pipe(std::io::ErrorKind::BrokenPipe.into())
}

fn maybe_text(mut command: Command, args: &[&str]) -> Result<Option<String>, GitError> {
    let output = command.output().map_err(GitError::Missing)?;
    match output.status.code() {
        Some(0) => Ok(Some(String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned())),
        Some(1) => Ok(None),
        _ => Err(failed(args, &output.stderr)),
    }
}

/// What merging two commits gives.
#[derive(Debug)]
pub struct Merge {
    /// The tree; where they conflict, as far as git gets, with the marks of what is left to a person.
    pub tree: ObjectId<'static>,
    /// Whether nothing is left to a person.
    pub is_clean: bool,
    /// The paths where they conflict.
    pub conflicts: Vec<Text<'static>>,
}

impl Merge {
    /// The tree, where nothing is left to a person.
    pub fn clean(self) -> Option<ObjectId<'static>> {
        self.is_clean.then_some(self.tree)
    }
}

/// Merges without a work tree; the commits come behind it.
const MERGE: [&str; 6] =
    ["merge-tree", "--write-tree", "--no-messages", "--allow-unrelated-histories", "-z", "--name-only"];

/// Reads what `git merge-tree -z --name-only` writes, which ends with 1 where there are conflicts: the tree, and the paths.
fn merged(mut command: Command, ours: &str, theirs: &str) -> Result<Merge, GitError> {
    let output = command.args([ours, theirs]).output().map_err(GitError::Missing)?;
    if !matches!(output.status.code(), Some(0 | 1)) {
        return Err(failed(&["merge-tree", ours, theirs], &output.stderr));
    }
    let mut fields = output.stdout.split(|&b| b == 0);
    let tree = fields.next().unwrap_or_default();
    Ok(Merge {
        tree: object_id("merge-tree", String::from_utf8_lossy(tree).trim())?,
        is_clean: output.status.success(),
        conflicts: fields
            .filter(|path| !path.is_empty())
            .map(|path| Text::from_bytes(path.to_vec()))
            .collect(),
    })
}

/// Whether a folder lies in another, whatever links lead to either.
fn lies_in(folder: &Path, other: &Path) -> bool {
    let (Ok(folder), Ok(other)) = (folder.canonicalize(), other.canonicalize()) else { return false };
    folder.starts_with(other)
}

/// The subject of a message as git shows it (`%s`): the lines before the first empty one, joined.
fn subject(message: &str) -> String {
    let lines = message.lines().skip_while(|line| line.trim().is_empty()).map(str::trim);
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
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
