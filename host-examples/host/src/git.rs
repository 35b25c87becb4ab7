//! Reads git repositories through git itself: bytes as they are, nothing interpreted.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use countersign_core::model::{Commit, File, FileStatus, Ident, ObjectId, Parent, Place, Text, When};

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
    /// Version of git.
    pub version: String,
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
            version: String::new(),
        };
        // Asked together: a process costs more than what it is asked here.
        let version =
            repository.command(["version"]).stdout(Stdio::piped()).spawn().map_err(GitError::Missing)?;
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
        let version = String::from_utf8_lossy(&version.wait_with_output()?.stdout).trim().to_owned();
        repository.version = version.trim_start_matches("git version ").to_owned();
        Ok(repository)
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

    /// The refs that match a pattern of `git for-each-ref`.
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
        Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
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

    /// The files that differ between two trees or commits, both sides of renames.
    ///
    /// # Errors
    /// When git fails.
    pub fn files(&self, from: &str, to: &str) -> Result<Vec<File<'static>>, GitError> {
        parse_raw(&self.diff_tree("--raw", from, to)?)
    }

    /// The differences of two trees in one of git's forms, renames found, submodules not left out.
    fn diff_tree(&self, form: &str, from: &str, to: &str) -> Result<Vec<u8>, GitError> {
        self.output([
            "diff-tree",
            "-r",
            "-z",
            form,
            "-M",
            "--no-commit-id",
            "--ignore-submodules=none",
            from,
            to,
            "--",
        ])
    }

    /// Puts into files how many lines come and go in each, as `git diff-tree --numstat` counts them.
    ///
    /// # Errors
    /// When git fails.
    pub fn count_lines(&self, from: &str, to: &str, files: &mut [File<'static>]) -> Result<(), GitError> {
        let counted = self.diff_tree("--numstat", from, to)?;
        let mut fields = counted.split(|&b| b == 0).filter(|field| !field.is_empty());
        let mut lines: HashMap<Vec<u8>, (Option<u64>, Option<u64>)> = HashMap::new();
        // `<added> TAB <deleted> TAB <path>`, and for a rename an empty path, then both of them; `-` for binary files.
        while let Some(field) = fields.next() {
            let mut parts = field.splitn(3, |&b| b == b'\t');
            let mut number = || {
                let digits = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
                digits.parse().ok()
            };
            let counts = (number(), number());
            let path = match parts.next() {
                Some([]) | None => {
                    fields.next();
                    fields.next()
                }
                path => path,
            };
            let path = path.ok_or_else(|| GitError::Unexpected {
                command: "diff-tree --numstat -z",
                what: "a path is missing".to_owned(),
            })?;
            lines.insert(path.to_vec(), counts);
        }
        for file in files {
            match lines.get(file.path.as_bytes()) {
                Some((Some(added), Some(deleted))) => {
                    (file.added, file.deleted) = (Some(*added), Some(*deleted));
                }
                Some(_) => file.binary = true,
                None => {}
            }
        }
        Ok(())
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
        Ok(Commits { list, read, out: BufReader::with_capacity(1 << 18, out), done: false })
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

    /// Puts files into a ref that holds nothing but such files, on top of it and of the other refs given: what they hold
    /// stays. Returns the commit.
    ///
    /// # Errors
    /// When git fails, and when the ref moved meanwhile.
    pub fn store(
        &self,
        git_ref: &str,
        others: &[String],
        files: &[(String, Vec<u8>)],
        message: &str,
    ) -> Result<String, GitError> {
        let index = std::env::temp_dir().join(format!("countersign-index-{}", std::process::id()));
        let result = self.store_with(&index, git_ref, others, files, message);
        let _ = std::fs::remove_file(&index);
        result
    }

    fn store_with(
        &self,
        index: &Path,
        git_ref: &str,
        others: &[String],
        files: &[(String, Vec<u8>)],
        message: &str,
    ) -> Result<String, GitError> {
        let with_index = |args: &[&str], input: &[u8]| -> Result<String, GitError> {
            let mut command = self.command(args);
            command.env("GIT_INDEX_FILE", index).stdin(Stdio::piped());
            // Who says something stands in what is signed; who keeps it proves nothing.
            for part in ["AUTHOR", "COMMITTER"] {
                command.env(format!("GIT_{part}_NAME"), "Countersign");
                command.env(format!("GIT_{part}_EMAIL"), "countersign@localhost.invalid");
            }
            let mut child =
                command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(GitError::Missing)?;
            child.stdin.take().ok_or_else(broken_pipe)?.write_all(input)?;
            let output = child.wait_with_output()?;
            if !output.status.success() {
                return Err(failed(args, &output.stderr));
            }
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let old = self.maybe_text(["rev-parse", "--verify", "--quiet", git_ref])?;
        let mut parents: Vec<String> = old.iter().cloned().collect();
        for other in others {
            let tip = self.text(["rev-parse", "--verify", other])?;
            let known = match &old {
                Some(old) => self.merge_base(old, &tip)?.is_some_and(|base| base.as_str() == tip),
                None => false,
            };
            if !known && !parents.contains(&tip) {
                parents.push(tip);
            }
        }
        with_index(&["read-tree", "--empty"], b"")?;
        for parent in &parents {
            let entries = self.output(["ls-tree", "-r", "-z", parent])?;
            with_index(&["update-index", "-z", "--index-info"], &entries)?;
        }
        for (path, bytes) in files {
            let blob = with_index(&["hash-object", "-w", "--stdin"], bytes)?;
            with_index(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{path}")], b"")?;
        }
        let tree = with_index(&["write-tree"], b"")?;
        let mut args = vec!["commit-tree", "-m", message, &tree];
        for parent in &parents {
            args.extend(["-p", parent]);
        }
        let commit = with_index(&args, b"")?;
        let nothing = "0".repeat(commit.len());
        self.text(["update-ref", git_ref, &commit, old.as_deref().unwrap_or(&nothing)])?;
        Ok(commit)
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

/// An object as git stores it.
#[derive(Debug)]
pub struct Object {
    /// Its id.
    pub id: ObjectId<'static>,
    /// `blob`, `commit`, `tree` or `tag`.
    pub kind: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A process that answers for objects, one after the other.
pub struct Objects {
    child: Child,
    stdin: Option<ChildStdin>,
    out: BufReader<ChildStdout>,
}

impl Objects {
    fn start(repository: &Repository) -> Result<Self, GitError> {
        let mut child = repository
            .command(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(GitError::Missing)?;
        let stdin = child.stdin.take();
        let out = child.stdout.take().ok_or_else(broken_pipe)?;
        Ok(Objects { child, stdin, out: BufReader::with_capacity(1 << 16, out) })
    }

    /// The object that a revision names, such as `main`, `main:path` or an id; none when there is none.
    ///
    /// # Errors
    /// When git fails.
    pub fn get(&mut self, revision: &str) -> Result<Option<Object>, GitError> {
        // The protocol is one line a question.
        if revision.is_empty() || revision.contains('\n') {
            return Ok(None);
        }
        let stdin = self.stdin.as_mut().ok_or_else(broken_pipe)?;
        writeln!(stdin, "{revision}")?;
        stdin.flush()?;
        read_object(&mut self.out)
    }

    /// The commit that a revision names, through tags.
    ///
    /// # Errors
    /// When git fails.
    pub fn commit(&mut self, revision: &str) -> Result<Option<ObjectId<'static>>, GitError> {
        Ok(self.get(&format!("{revision}^{{commit}}"))?.map(|object| object.id))
    }

    /// Whether a tree of a commit has an entry at this path, though its object may be missing; a tree that is missing
    /// itself may have one.
    ///
    /// # Errors
    /// When git fails.
    pub fn has_entry(&mut self, commit: &str, path: &str) -> Result<bool, GitError> {
        let mut tree = format!("{commit}^{{tree}}");
        for name in path.split('/') {
            let Some(object) = self.get(&tree)? else { return Ok(true) };
            if object.kind != "tree" {
                return Ok(false);
            }
            match tree_entries(&object)?.into_iter().find(|entry| entry.name == name.as_bytes()) {
                Some(entry) => tree = entry.object,
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The objects that many revisions name, in order. Questions go out ahead of the answers, a pipe's worth at a time.
    ///
    /// # Errors
    /// When git fails.
    pub fn get_many(&mut self, revisions: &[String]) -> Result<Vec<Option<Object>>, GitError> {
        /// Less than any pipe holds, so that writing questions never waits for answers to be read.
        const AHEAD: usize = 32 << 10;
        let mut answers = Vec::with_capacity(revisions.len());
        let mut rest = revisions;
        while !rest.is_empty() {
            let mut bytes = 0;
            let sent = rest.iter().take_while(|revision| {
                bytes += revision.len() + 1;
                bytes <= AHEAD
            });
            let sent = sent.count().max(1);
            let (now, later) = rest.split_at(sent);
            let stdin = self.stdin.as_mut().ok_or_else(broken_pipe)?;
            let mut questions = now.join("\n");
            questions.push('\n');
            stdin.write_all(questions.as_bytes())?;
            for _ in now {
                answers.push(read_object(&mut self.out)?);
            }
            rest = later;
        }
        Ok(answers)
    }

    /// The notes of commits under one notes ref: id of the commit, bytes of the note. The tree of a notes ref fans out
    /// by pairs of digits, as deep as it likes, and may hold several notes of one commit at different depths.
    ///
    /// # Errors
    /// When git fails, and when an object of the notes is missing: a note that is there and cannot be read is no
    /// missing note.
    pub fn notes(&mut self, commit: &str, ids: &[&str]) -> Result<Vec<(String, Vec<u8>)>, GitError> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        let mut blobs = Vec::new();
        if let Some(root) = self.get(&format!("{commit}^{{tree}}"))? {
            self.notes_below(&root, 0, &ids, &mut blobs)?;
        }
        let wanted: Vec<String> = blobs.iter().map(|(_, blob)| blob.clone()).collect();
        let mut notes = Vec::with_capacity(blobs.len());
        for ((id, blob), object) in blobs.into_iter().zip(self.get_many(&wanted)?) {
            notes.push((id, object.ok_or(GitError::MissingNote { object: blob })?.bytes));
        }
        Ok(notes)
    }

    /// The blobs of notes in one tree; the names in it go on where `depth` digits of the ids end. `ids` are in order.
    fn notes_below(
        &mut self,
        tree: &Object,
        depth: usize,
        ids: &[&str],
        blobs: &mut Vec<(String, String)>,
    ) -> Result<(), GitError> {
        let missing = |object: String| GitError::MissingNote { object };
        for Entry { mode, name, object } in tree_entries(tree)? {
            let Ok(name) = std::str::from_utf8(name) else { continue };
            let part = |id: &&str| id.get(depth..depth + name.len()).map(|part| part.cmp(name));
            let from = ids.partition_point(|id| part(id) == Some(std::cmp::Ordering::Less));
            let here = ids.get(from..).unwrap_or_default();
            let here = here.get(..here.partition_point(|id| part(id) == Some(std::cmp::Ordering::Equal)));
            let here = here.unwrap_or_default();
            match (mode, here) {
                (_, []) => {}
                (b"40000", _) if name.len() == 2 => {
                    let subtree = self.get(&object)?.ok_or_else(|| missing(object))?;
                    self.notes_below(&subtree, depth + 2, here, blobs)?;
                }
                (b"40000", _) => {}
                (_, [id, ..]) if depth + name.len() == id.len() => blobs.push(((*id).to_owned(), object)),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // Without its input git ends by itself.
        self.stdin = None;
        let _ = self.child.wait();
    }
}

/// One entry of a tree object.
struct Entry<'t> {
    mode: &'t [u8],
    name: &'t [u8],
    object: String,
}

/// The entries of a tree object.
fn tree_entries(tree: &Object) -> Result<Vec<Entry<'_>>, GitError> {
    let odd = || GitError::Unexpected {
        command: "cat-file --batch",
        what: format!("{} is no well-formed tree", tree.id),
    };
    let id_bytes = tree.id.as_str().len() / 2;
    let mut rest = tree.bytes.as_slice();
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let space = rest.iter().position(|&b| b == b' ').ok_or_else(odd)?;
        let end = rest.iter().position(|&b| b == 0).filter(|end| *end > space).ok_or_else(odd)?;
        let id = rest.get(end + 1..end + 1 + id_bytes).ok_or_else(odd)?;
        let object = id.iter().map(|byte| format!("{byte:02x}")).collect();
        entries.push(Entry { mode: &rest[..space], name: &rest[space + 1..end], object });
        rest = &rest[end + 1 + id_bytes..];
    }
    Ok(entries)
}

/// One answer of `git cat-file --batch`.
fn read_object(out: &mut impl BufRead) -> Result<Option<Object>, GitError> {
    let mut header = Vec::new();
    out.read_until(b'\n', &mut header)?;
    let header = String::from_utf8_lossy(&header);
    let unexpected = || GitError::Unexpected { command: "cat-file --batch", what: header.trim().to_owned() };
    let mut words = header.trim_end().rsplit(' ');
    let last = words.next().unwrap_or_default();
    if matches!(last, "missing" | "ambiguous") {
        return Ok(None);
    }
    let size: usize = last.parse().map_err(|_| unexpected())?;
    let kind = words.next().ok_or_else(unexpected)?.to_owned();
    let id = object_id("cat-file --batch", words.next().ok_or_else(unexpected)?)?;
    let mut bytes = Vec::with_capacity(size.min(1 << 24));
    out.take(size as u64).read_to_end(&mut bytes)?;
    if bytes.len() != size {
        return Err(unexpected());
    }
    out.read_exact(&mut [0])?;
    Ok(Some(Object { id, kind, bytes }))
}

/// Commits, one after the other.
pub struct Commits {
    list: Child,
    read: Child,
    out: BufReader<ChildStdout>,
    done: bool,
}

impl Commits {
    fn end(&mut self) -> Option<GitError> {
        self.done = true;
        let mut stderr = Vec::new();
        if let Some(mut pipe) = self.list.stderr.take() {
            let _ = pipe.read_to_end(&mut stderr);
        }
        let _ = self.read.wait();
        match self.list.wait() {
            Ok(status) if status.success() => None,
            Ok(_) => Some(failed(&["rev-list"], &stderr)),
            Err(e) => Some(GitError::Pipe(e)),
        }
    }
}

impl Iterator for Commits {
    type Item = Result<Commit<'static>, GitError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        match self.out.fill_buf() {
            Ok([]) => return self.end().map(Err),
            Ok(_) => {}
            Err(e) => return Some(Err(e.into())),
        }
        Some(match read_object(&mut self.out) {
            Ok(Some(object)) => parse_commit(&object),
            Ok(None) => Err(GitError::Unexpected {
                command: "cat-file --batch",
                what: "a commit of the range is missing; fetch the whole history".into(),
            }),
            Err(e) => Err(e),
        })
    }
}

impl Drop for Commits {
    fn drop(&mut self) {
        if !self.done {
            let _ = self.list.kill();
            let _ = self.read.kill();
            let _ = self.end();
        }
    }
}

/// Takes a commit object apart.
fn parse_commit(object: &Object) -> Result<Commit<'static>, GitError> {
    let odd = |what: &str| GitError::OddCommit { id: object.id.as_str().to_owned(), what: what.to_owned() };
    let bytes = object.bytes.as_slice();
    let end = bytes.windows(2).position(|pair| pair == b"\n\n");
    let (head, message) = match end {
        Some(end) => (&bytes[..=end], &bytes[end + 2..]),
        None => (bytes, &[][..]),
    };
    let (mut tree, mut author, mut committer, mut encoding) = (None, None, None, None);
    let mut parents = Vec::new();
    let mut signature: Option<Vec<u8>> = None;
    let mut in_signature = false;
    for line in head.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
        if let (true, [b' ', rest @ ..]) = (in_signature, line) {
            if let Some(signature) = &mut signature {
                signature.push(b'\n');
                signature.extend_from_slice(rest);
            }
            continue;
        }
        in_signature = false;
        let at = line.iter().position(|&b| b == b' ').unwrap_or(line.len());
        let (key, value) = (&line[..at], line.get(at + 1..).unwrap_or_default());
        let id = || {
            ObjectId::new(String::from_utf8_lossy(value).into_owned())
                .ok_or_else(|| odd("an id in it is none"))
        };
        let twice = match key {
            b"tree" => tree.replace(id()?).is_some(),
            b"author" => author.replace(ident(value)).is_some(),
            b"committer" => committer.replace(ident(value)).is_some(),
            b"encoding" => encoding.replace(Text::from_bytes(value.to_vec())).is_some(),
            b"parent" => {
                parents.push(Parent { sha: id()?, in_target: false });
                false
            }
            b"gpgsig" | b"gpgsig-sha256" => {
                in_signature = true;
                signature.get_or_insert_with(|| value.to_vec());
                false
            }
            _ => false,
        };
        // Readers that differ in which of the two they take could be shown two different commits.
        if twice {
            return Err(odd(&format!("it has two `{}` headers", String::from_utf8_lossy(key))));
        }
    }
    Ok(Commit {
        sha: object.id.clone(),
        tree: Some(tree.ok_or_else(|| odd("it has no tree"))?),
        parents,
        author: author.ok_or_else(|| odd("it has no author"))?,
        committer: committer.ok_or_else(|| odd("it has no committer"))?,
        message: Text::from_bytes(message.to_vec()),
        encoding,
        signature: signature.map(Text::from_bytes),
        place: Place::Change,
        auto_merge_tree: None,
        forge_made: None,
        patch_id: None,
        verified: None,
    })
}

/// `Name <address> seconds zone`
fn ident(value: &[u8]) -> Ident<'static> {
    let open = value.iter().position(|&b| b == b'<').unwrap_or(value.len());
    let rest = value.get(open + 1..).unwrap_or_default();
    let close = rest.iter().position(|&b| b == b'>').unwrap_or(rest.len());
    let after = value.iter().rposition(|&b| b == b'>').and_then(|at| value.get(at + 1..)).unwrap_or_default();
    let seconds = String::from_utf8_lossy(after).split_whitespace().next().and_then(|s| s.parse().ok());
    Ident {
        name: Text::from_bytes(value[..open].trim_ascii().to_vec()),
        email: Text::from_bytes(rest[..close].to_vec()),
        time: seconds.map(When::from_seconds),
        account: None,
    }
}

/// `git diff-tree --raw -z`: `:<old mode> <new mode> <old id> <new id> <status>` NUL path NUL [path NUL].
fn parse_raw(raw: &[u8]) -> Result<Vec<File<'static>>, GitError> {
    let unexpected =
        |what: &str| GitError::Unexpected { command: "diff-tree --raw -z", what: what.to_owned() };
    let mut fields = raw.split(|&b| b == 0).filter(|field| !field.is_empty());
    let mut files = Vec::new();
    while let Some(meta) = fields.next() {
        let meta = String::from_utf8_lossy(meta).into_owned();
        let words: Vec<&str> = meta.split(' ').collect();
        let [old, new, _, _, status] = words.as_slice() else {
            return Err(unexpected(&meta));
        };
        let mut path = || {
            fields.next().map(|p| Text::from_bytes(p.to_vec())).ok_or_else(|| unexpected("a path is missing"))
        };
        let first = path()?;
        let two_paths = status.starts_with(['R', 'C']);
        let (path, previous_path) = if two_paths { (path()?, Some(first)) } else { (first, None) };
        let status = match status.chars().next() {
            Some('A') => FileStatus::Added,
            Some('D') => FileStatus::Deleted,
            Some('M') => FileStatus::Modified,
            Some('R') => FileStatus::Renamed,
            Some('C') => FileStatus::Copied,
            Some('T') => FileStatus::TypeChanged,
            _ => return Err(unexpected(&meta)),
        };
        files.push(File {
            path,
            previous_path,
            status,
            old_mode: Some(old.trim_start_matches(':').to_owned().into()),
            new_mode: Some((*new).to_owned().into()),
            added: None,
            deleted: None,
            binary: false,
            hunks: None,
        });
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_entries_keep_both_sides_of_renames_and_every_byte() {
        let raw = b":100644 100644 a b R087\0old name\0new\xffname\0:000000 100644 a b A\0tab\there\0";
        let files = parse_raw(raw).unwrap();
        assert_eq!(files.len(), 2);
        assert_eq!(files[0].previous_path.as_ref().unwrap().as_bytes(), b"old name");
        assert_eq!(files[0].path.as_bytes(), b"new\xffname");
        assert_eq!(files[1].path.as_bytes(), b"tab\there");
    }

    #[test]
    fn a_commit_with_two_trees_is_refused() {
        let id = ObjectId::new("a".repeat(40)).unwrap();
        let tree = "b".repeat(40);
        let bytes =
            format!("tree {tree}\ntree {tree}\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n\nm")
                .into_bytes();
        let object = Object { id, kind: "commit".into(), bytes };
        assert!(matches!(parse_commit(&object), Err(GitError::OddCommit { .. })));
    }

    #[test]
    fn odd_identities_are_taken_as_they_are() {
        let odd = ident(b"A <B> <a@x> 12 +0000");
        assert_eq!(odd.email.as_bytes(), b"B");
        assert_eq!(odd.time, Some(When::from_seconds(12)));
        assert_eq!(ident(b" <>  ").email.as_bytes(), b"");
    }
}
