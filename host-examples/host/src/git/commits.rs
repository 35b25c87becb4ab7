//! Commits as their objects say them: nothing re-encoded, mapped or replaced.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout};

use countersign_core::model::{Commit, Ident, ObjectId, Parent, Place, Text, When};

use super::objects::{Object, Objects, read_object};
use super::{GitError, failed};

/// Commits, one after the other.
pub struct Commits {
    list: Child,
    read: Child,
    out: BufReader<ChildStdout>,
    done: bool,
}

impl Commits {
    /// The commits that `list` names and `read` answers for.
    pub(super) fn new(list: Child, read: Child, out: BufReader<ChildStdout>) -> Self {
        Commits { list, read, out, done: false }
    }

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

impl Objects {
    /// A commit; none of what is no commit here.
    ///
    /// # Errors
    /// When git fails, and when it is a commit that git itself would not write.
    pub fn read_commit(&mut self, id: &str) -> Result<Option<Commit<'static>>, GitError> {
        let commit = self.get(id)?.filter(|object| object.kind == "commit");
        commit.map(|object| parse_commit(&object)).transpose()
    }

    /// Who wrote a commit, and when; none of what is no commit here, or is one that git itself would not write.
    ///
    /// # Errors
    /// When git fails.
    pub fn author(&mut self, id: &str) -> Result<Option<Ident<'static>>, GitError> {
        match self.read_commit(id) {
            Err(GitError::OddCommit { .. }) => Ok(None),
            commit => Ok(commit?.map(|commit| commit.author)),
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

#[cfg(test)]
mod tests {
    use super::*;

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
