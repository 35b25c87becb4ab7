//! What refs ever held, at any commit of their history.

use std::io::{BufRead, BufReader, Write};
use std::ops::ControlFlow;
use std::process::Stdio;

use super::{GitError, Repository, broken_pipe, failed};

/// A regular file as some commit holds it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    /// The path of the file.
    pub path: String,
    /// The id of the blob.
    pub blob: String,
}

impl Repository {
    /// What the refs below a folder name: as they stand, and as a push is about to move them.
    ///
    /// # Errors
    /// When git fails.
    pub fn named_below(&self, folder: &str) -> Result<Vec<String>, GitError> {
        let stand = self.text(["for-each-ref", "--format=%(objectname)", folder])?;
        let moving = self.moving.iter().filter(|(name, _)| name.starts_with(folder));
        let moved = moving.filter_map(|(_, to)| Some(to.as_ref()?.as_str()));
        let mut ids: Vec<String> = stand.lines().chain(moved).map(str::to_owned).collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// Hands over every regular file below a folder that any commit which these reach holds, until it is told to stop; a
    /// file may come more than once. Links, submodules and paths that are no UTF-8 are left out.
    ///
    /// The trees of a history are told by their differences, to each parent: what is in a tree and in none of these is in
    /// that of a parent (git-diff-tree(1), `-m` and `--root`).
    ///
    /// # Errors
    /// When git fails, and when a shallow clone left out a part of the history.
    pub fn ever_held(
        &self,
        tips: &[&str],
        folder: &str,
        mut each: impl FnMut(Held) -> ControlFlow<()>,
    ) -> Result<(), GitError> {
        if tips.is_empty() {
            return Ok(());
        }
        let mut list = self.command(["rev-list", "--stdin"]);
        let mut list = list
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(GitError::Missing)?;
        let commits = list.stdout.take().ok_or_else(broken_pipe)?;
        let arguments = ["diff-tree", "--stdin", "-r", "-m", "--root", "--no-renames", "-z", "--", folder];
        let mut diff = self
            .command(arguments)
            .stdin(Stdio::from(commits))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(GitError::Missing)?;
        // rev-list answers once it has read all of its input.
        let mut tell = list.stdin.take().ok_or_else(broken_pipe)?;
        tell.write_all(format!("{}\n", tips.join("\n")).as_bytes())?;
        drop(tell);
        let out = BufReader::with_capacity(1 << 16, diff.stdout.take().ok_or_else(broken_pipe)?);
        if held(out, &mut each)?.is_break() {
            let _ = (diff.kill(), list.kill(), diff.wait(), list.wait());
            return Ok(());
        }
        let diff = diff.wait()?;
        let list = list.wait_with_output()?;
        if !list.status.success() {
            return Err(failed(&["rev-list", "--stdin"], &list.stderr));
        }
        if !diff.success() {
            return Err(failed(&arguments, b"an object of the history is missing; fetch it anew"));
        }
        Ok(())
    }

    /// Whether these reach a commit whose parents a shallow clone left out.
    ///
    /// # Errors
    /// When git fails.
    pub fn reaches_cut(&self, tips: &[&str]) -> Result<bool, GitError> {
        let arguments: Vec<&str> =
            ["rev-list"].into_iter().chain(tips.iter().copied()).chain(["--"]).collect();
        let output = self.command(&arguments).output().map_err(GitError::Missing)?;
        if !output.status.success() {
            return Err(failed(&["rev-list"], &output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).lines().any(|id| self.is_cut_at(id)))
    }

    /// The sizes of objects in bytes, in order; none of what is no blob here.
    ///
    /// # Errors
    /// When git fails.
    pub fn blob_sizes(&self, ids: &[String]) -> Result<Vec<Option<u64>>, GitError> {
        let mut check = self
            .command(["cat-file", "--batch-check=%(objecttype) %(objectsize)"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(GitError::Missing)?;
        let mut tell = check.stdin.take().ok_or_else(broken_pipe)?;
        let out = BufReader::new(check.stdout.take().ok_or_else(broken_pipe)?);
        let questions: String = ids.iter().flat_map(|id| [id.as_str(), "\n"]).collect();
        // More than a pipe holds either way: asked and answered at the same time.
        let sizes: Result<Vec<_>, GitError> = std::thread::scope(|scope| {
            scope.spawn(move || tell.write_all(questions.as_bytes()));
            out.lines()
                .map(|line| Ok(line?.strip_prefix("blob ").and_then(|size| size.parse().ok())))
                .collect()
        });
        let (sizes, status) = (sizes?, check.wait()?);
        if !status.success() || sizes.len() != ids.len() {
            return Err(failed(&["cat-file", "--batch-check"], b"it did not answer for every object"));
        }
        Ok(sizes)
    }
}

/// Reads raw differences: `:OLDMODE NEWMODE OLD NEW STATUS`, and the path behind it; or the commit that they are of.
fn held(
    mut out: impl BufRead,
    each: &mut impl FnMut(Held) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, GitError> {
    let mut next = || -> Result<Option<Vec<u8>>, GitError> {
        let mut field = Vec::new();
        out.read_until(0, &mut field)?;
        Ok((field.pop() == Some(0)).then_some(field))
    };
    while let Some(field) = next()? {
        let Some(meta) = field.strip_prefix(b":") else { continue };
        let Some(path) = next()? else { break };
        let meta = String::from_utf8_lossy(meta).into_owned();
        let mut words = meta.split(' ').skip(1);
        let (mode, blob) = (words.next(), words.nth(1));
        let regular = matches!(mode, Some("100644" | "100755"));
        if let (true, Some(blob), Ok(path)) = (regular, blob, String::from_utf8(path))
            && each(Held { path, blob: blob.to_owned() }).is_break()
        {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}
