//! Keeps files in a ref of their own, beside the branches.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use super::{GitError, Repository, broken_pipe, failed};

/// The name of a file without its ending, and the endings of the two that go together; none of a path that is not taken.
pub type Takes = fn(&str) -> Option<(&str, [&str; 2])>;

/// A ref on top of which another one is put.
#[derive(Debug, Clone)]
pub struct Other {
    /// The full name of the ref.
    pub git_ref: String,
    /// All that it holds stays as it is there, whatever others have at the same paths.
    pub stays: bool,
    /// What is taken of the rest.
    pub takes: Takes,
}

/// The files of a tree: modes and blobs by paths.
type Entries = BTreeMap<String, String>;

impl Repository {
    /// Puts files into a ref that holds nothing but such files, on top of it and of the other refs given: what one of them holds that
    /// stays, and of the rest what adds to it. Returns the commit.
    ///
    /// # Errors
    /// When git fails, and when the ref moved meanwhile.
    pub fn store(
        &self,
        git_ref: &str,
        others: &[Other],
        files: &[(String, Vec<u8>)],
        message: &str,
    ) -> Result<String, GitError> {
        let folder = tempfile::tempdir()?;
        self.store_with(&folder.path().join("index"), git_ref, others, files, message)
    }

    fn store_with(
        &self,
        index: &Path,
        git_ref: &str,
        others: &[Other],
        files: &[(String, Vec<u8>)],
        message: &str,
    ) -> Result<String, GitError> {
        let with_index = |args: &[&str], input: &[u8]| -> Result<String, GitError> {
            let mut command = self.command(args);
            // What is kept stands in the repository itself, whatever else is readable now.
            command.env_remove("GIT_ALTERNATE_OBJECT_DIRECTORIES");
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
        // A ref may name a tag, and a commit has commits for parents.
        let commit_of = |name: &str| self.text(["rev-parse", "--verify", &format!("{name}^{{commit}}")]);
        let own = old.as_deref().map(commit_of).transpose()?;
        let mut parents: Vec<String> = own.iter().cloned().collect();
        for other in others {
            let tip = commit_of(&other.git_ref)?;
            let known = match &own {
                Some(own) => self.merge_base(own, &tip)?.is_some_and(|base| base.as_str() == tip),
                None => false,
            };
            if !known && !parents.contains(&tip) {
                parents.push(tip);
            }
        }
        let first = others.iter().find(|other| other.stays);
        let mut entries = match (first, &own) {
            (Some(first), _) => self.entries(&commit_of(&first.git_ref)?)?,
            (None, Some(own)) => self.entries(own)?,
            (None, None) => Entries::new(),
        };
        if let (Some(first), Some(own)) = (first, &own) {
            add(&mut entries, self.entries(own)?, first.takes);
        }
        for other in others.iter().filter(|other| !other.stays) {
            add(&mut entries, self.entries(&commit_of(&other.git_ref)?)?, other.takes);
        }
        let list: String = entries.iter().map(|(path, entry)| format!("{entry}\t{path}\0")).collect();
        with_index(&["read-tree", "--empty"], b"")?;
        with_index(&["update-index", "-z", "--index-info"], list.as_bytes())?;
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

    /// What a commit holds. A path that is no UTF-8 is left out.
    fn entries(&self, commit: &str) -> Result<Entries, GitError> {
        let output = self.output(["ls-tree", "-r", "-z", "--full-tree", commit])?;
        let entry = |entry: &[u8]| {
            let (meta, path) = std::str::from_utf8(entry).ok()?.split_once('\t')?;
            Some((path.to_owned(), meta.to_owned()))
        };
        Ok(output.split(|&b| b == 0).filter_map(entry).collect())
    }
}

/// Adds the regular files that go together in pairs, where nothing of either stands yet.
fn add(to: &mut Entries, from: Entries, takes: Takes) {
    for path in from.keys() {
        let Some((name, endings)) = takes(path) else { continue };
        let pair = endings.map(|ending| format!("{name}.{ending}"));
        let is_regular =
            |path: &String| from.get(path).is_some_and(|entry| entry.starts_with("100644 blob "));
        if pair.iter().all(is_regular) && pair.iter().all(|path| is_free(to, path)) {
            let of = |path: String| from.get(&path).cloned().map(|entry| (path, entry));
            to.extend(pair.into_iter().filter_map(of));
        }
    }
}

/// Whether nothing stands at a path, in the place of one of its folders or below it.
fn is_free(entries: &Entries, path: &str) -> bool {
    let folders = path.match_indices('/').filter_map(|(end, _)| path.get(..end));
    let below = format!("{path}/");
    !entries.contains_key(path)
        && !folders.into_iter().any(|folder| entries.contains_key(folder))
        && !entries.range(below.clone()..).next().is_some_and(|(other, _)| other.starts_with(&below))
}
