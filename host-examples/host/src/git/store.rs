//! Keeps files in a ref of their own, beside the branches.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use super::{GitError, Repository, broken_pipe, failed};

impl Repository {
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
        let folder = tempfile::tempdir()?;
        self.store_with(&folder.path().join("index"), git_ref, others, files, message)
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
}
