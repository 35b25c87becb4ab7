//! Whether a commit is what somebody pushed, as far as this clone has seen it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::{GitError, Repository, broken_pipe, failed};

/// Where git keeps what the branches of remotes are, and were.
const FOLDER: &str = "refs/remotes/";

/// How a commit stands to the branches that remotes were seen to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    /// It is the tip of one, or part of the target, or nothing was fetched to compare it with.
    Stands,
    /// A branch has commits that it does not hold: it went on, or was made anew.
    Behind {
        /// The branch, by the full name of the ref that says where it stands.
        place: String,
        /// The number of commits that the branch has on top.
        commits: u64,
    },
    /// A branch held it, and was made anew without it.
    Replaced {
        /// The branch, by the full name of the ref that says where it stands.
        place: String,
    },
    /// It is on a branch of this clone alone.
    Unpushed,
    /// It was named as a commit, or fetched by what is no branch: none that is known here holds it or ever held it.
    Elsewhere,
}

/// A commit, and how it was named.
#[derive(Debug, Clone, Copy)]
pub struct Head<'h> {
    /// The full id of the commit.
    pub commit: &'h str,
    /// The branch of this clone that it was named by, by full name.
    pub branch: Option<&'h str>,
    /// Somebody named it, and it is not just what is checked out.
    pub is_named: bool,
}

impl Repository {
    /// How a head stands to what was pushed. What the target holds is no part of a change, so nothing is said of it.
    ///
    /// # Errors
    /// When git fails.
    pub fn pushed(&self, head: Head<'_>, target: &str, remote: &str) -> Result<Pushed, GitError> {
        let mut branches = self.remote_branches(&[])?;
        if branches.is_empty() {
            return Ok(Pushed::Stands);
        }
        let holding = self.remote_branches(&["--contains", head.commit])?;
        let in_target = holding.iter().any(|(place, _)| place == target);
        branches.retain(|(place, _)| place != target);
        let is_tip = holding.iter().any(|(_, tip)| tip == head.commit);
        if in_target || (is_tip && head.is_named) {
            return Ok(Pushed::Stands);
        }
        let counterpart = self.counterpart(head, target, remote)?;
        let counterpart = branches.iter().find(|(place, _)| Some(place) == counterpart.as_ref());
        if let Some((place, tip)) = counterpart
            && let commits @ 1.. = self.count(tip, &[head.commit.to_owned()])?
        {
            return Ok(Pushed::Behind { place: place.clone(), commits });
        }
        if is_tip {
            return Ok(Pushed::Stands);
        }
        if let Some((place, tip)) = holding.into_iter().next() {
            let commits = self.count(&tip, &[head.commit.to_owned()])?;
            return Ok(Pushed::Behind { place, commits });
        }
        if let Some(place) = self.held_once(head.commit)? {
            return Ok(Pushed::Replaced { place });
        }
        // What is to be pushed to the target itself may be kept off it by a hook until it is signed.
        let of_target =
            target.strip_prefix(FOLDER).and_then(|place| place.strip_prefix(remote)?.strip_prefix('/'));
        let is_target = of_target.is_some_and(|short| head.branch == Some(&format!("refs/heads/{short}")));
        Ok(if is_target || self.is_from_elsewhere(head)? { Pushed::Elsewhere } else { Pushed::Unpushed })
    }

    /// The branches of remotes, each by the ref that says where it stands, with its tip.
    fn remote_branches(&self, which: &[&str]) -> Result<Vec<(String, String)>, GitError> {
        let format = "--format=%(objectname) %(refname) %(symref)";
        let args = [&["for-each-ref", format], which, &[FOLDER]].concat();
        let output = self.command(&args).output().map_err(GitError::Missing)?;
        if !output.status.success() {
            return Err(failed(&args, &output.stderr));
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let branch = |line: &str| match line.split(' ').collect::<Vec<_>>().as_slice() {
            // One that only names another is no branch.
            [tip, place, ""] => Some(((*place).to_owned(), (*tip).to_owned())),
            _ => None,
        };
        Ok(text.lines().filter_map(branch).collect())
    }

    /// The branch of a remote that a branch of this clone goes to: the one that git was told of, else the one of its name. One
    /// that was begun at the target does not go there.
    fn counterpart(&self, head: Head<'_>, target: &str, remote: &str) -> Result<Option<String>, GitError> {
        let Some(branch) = head.branch else { return Ok(None) };
        let told = self.text(["for-each-ref", "--format=%(upstream)", branch])?;
        let told = told.lines().next().filter(|told| !told.is_empty() && *told != target);
        let same = branch.strip_prefix("refs/heads/").map(|short| format!("{FOLDER}{remote}/{short}"));
        Ok(told.map(str::to_owned).or(same))
    }

    /// The branch of a remote that was seen to hold a commit once, by what git noted of its moves.
    fn held_once(&self, commit: &str) -> Result<Option<String>, GitError> {
        let folder = self.text(["rev-parse", "--path-format=absolute", "--git-path", "logs/refs/remotes"])?;
        let mut logs = Vec::new();
        list(Path::new(&folder), &mut logs);
        logs.sort_unstable();
        let mut tips = |log: &PathBuf| -> Vec<String> {
            let text = std::fs::read_to_string(log).unwrap_or_default();
            let ids = text.lines().flat_map(|line| line.split(' ').take(2).map(str::to_owned));
            ids.filter(|id| id.bytes().any(|digit| digit != b'0')).collect()
        };
        let all: Vec<String> = logs.iter().flat_map(&mut tips).collect();
        if all.is_empty() || !self.is_reached(commit, &all)? {
            return Ok(None);
        }
        for log in &logs {
            let own = tips(log);
            if !own.is_empty() && self.is_reached(commit, &own)? {
                let place = log.strip_prefix(&folder).map(|place| place.to_string_lossy().into_owned());
                return Ok(place.ok().map(|place| format!("{FOLDER}{place}")));
            }
        }
        Ok(None)
    }

    /// Whether any of these commits reaches one. Those that are not here any more reach nothing.
    fn is_reached(&self, commit: &str, tips: &[String]) -> Result<bool, GitError> {
        let args = ["rev-list", "--ignore-missing", "--max-count=1", "--stdin"];
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(GitError::Missing)?;
        let without: String = tips.iter().map(|tip| format!("^{tip}\n")).collect();
        let mut input = child.stdin.take().ok_or_else(broken_pipe)?;
        input.write_all(format!("{commit}\n{without}").as_bytes())?;
        drop(input);
        let output = child.wait_with_output()?;
        if output.status.success() {
            Ok(output.stdout.is_empty())
        } else {
            Err(failed(&args, &output.stderr))
        }
    }

    /// Whether a commit came by another way than a branch: somebody named it or fetched it, or its branch follows what is none,
    /// such as the head of a pull request.
    fn is_from_elsewhere(&self, head: Head<'_>) -> Result<bool, GitError> {
        let Some(branch) = head.branch.and_then(|branch| branch.strip_prefix("refs/heads/")) else {
            return Ok(true);
        };
        let fetched = std::fs::read_to_string(self.git_dir().join("FETCH_HEAD")).unwrap_or_default();
        let follows = self.config(&format!("branch.{branch}.merge"))?;
        Ok(head.is_named
            || fetched.lines().any(|line| line.starts_with(head.commit))
            || follows.is_some_and(|follows| !follows.starts_with("refs/heads/")))
    }
}

/// The files below a folder, whatever of it can be read.
fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => list(&path, files),
            Ok(kind) if kind.is_file() => files.push(path),
            _ => {}
        }
    }
}
