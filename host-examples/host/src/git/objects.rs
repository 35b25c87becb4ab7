//! Objects of a repository, asked for one after the other.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use countersign_core::model::ObjectId;

use super::{GitError, Repository, broken_pipe, object_id};
use crate::module::hex;

/// An object as git stores it.
#[derive(Debug)]
pub struct Object {
    /// The id of the object.
    pub id: ObjectId<'static>,
    /// `blob`, `commit`, `tree` or `tag`.
    pub kind: String,
    /// The content of the object, without its header.
    pub bytes: Vec<u8>,
}

/// The entry at a path of a tree.
#[derive(Debug)]
pub enum Entry {
    /// No entry stands at the path.
    Nothing,
    /// A regular file.
    File(Object),
    /// What is no regular file, or stands behind what is no folder: the mode of the one or the other, as `git ls-tree` prints
    /// it.
    Irregular(&'static str),
    /// An entry whose object, or a folder whose object, is not here.
    Missing,
}

/// A process that answers for objects, one after the other.
pub struct Objects {
    child: Child,
    stdin: Option<ChildStdin>,
    out: BufReader<ChildStdout>,
}

impl Objects {
    pub(super) fn start(repository: &Repository) -> Result<Self, GitError> {
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

    /// The tree that a revision names or leads to; none where it is not here.
    ///
    /// # Errors
    /// When git fails.
    pub fn tree(&mut self, revision: &str) -> Result<Option<ObjectId<'static>>, GitError> {
        Ok(self.get(&format!("{revision}^{{tree}}"))?.map(|object| object.id))
    }

    /// What stands at a path of a commit's or tree's files; no link is followed.
    ///
    /// # Errors
    /// When git fails.
    pub fn file(&mut self, tree_ish: &str, path: &str) -> Result<Entry, GitError> {
        let mut tree = format!("{tree_ish}^{{tree}}");
        let mut names = path.split('/').peekable();
        while let Some(name) = names.next() {
            let Some(object) = self.get(&tree)? else { return Ok(Entry::Missing) };
            let entries = tree_entries(&object)?;
            let Some(entry) = entries.into_iter().find(|entry| entry.name == name.as_bytes()) else { break };
            let is_last = names.peek().is_none();
            match entry.mode {
                b"40000" if !is_last => tree = entry.object,
                b"40000" => return Ok(Entry::Irregular("040000")),
                b"120000" => return Ok(Entry::Irregular("120000")),
                b"160000" => return Ok(Entry::Irregular("160000")),
                _ if is_last => {
                    let object = self.get(&entry.object)?.filter(|object| object.kind == "blob");
                    return Ok(object.map_or(Entry::Missing, Entry::File));
                }
                // A file of that name, and so no folder.
                _ => break,
            }
        }
        Ok(Entry::Nothing)
    }

    /// Whether something stands at a path of a commit's or tree's files, a regular file or not, and though its object may be
    /// missing; where a folder on the way cannot be read, it may.
    ///
    /// # Errors
    /// When git fails.
    pub fn has_entry(&mut self, tree_ish: &str, path: &str) -> Result<bool, GitError> {
        Ok(!matches!(self.file(tree_ish, path)?, Entry::Nothing))
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

    /// Notes by their blobs: id of the commit, bytes of the note.
    ///
    /// # Errors
    /// When git fails, and when a blob is missing: a note that is there and cannot be read is no missing note.
    pub fn notes(&mut self, blobs: Vec<(String, String)>) -> Result<Vec<(String, Vec<u8>)>, GitError> {
        let wanted: Vec<String> = blobs.iter().map(|(_, blob)| blob.clone()).collect();
        let mut notes = Vec::with_capacity(blobs.len());
        for ((id, blob), object) in blobs.into_iter().zip(self.get_many(&wanted)?) {
            notes.push((id, object.ok_or(GitError::MissingNote { object: blob })?.bytes));
        }
        Ok(notes)
    }

    /// Which of these commits have notes under one notes ref: id of the commit, blob of the note. What the ref names is a tree, or
    /// a commit or tag of one, as git has it. The tree fans out by pairs of digits, as deep as it likes, and may hold several notes
    /// of one commit at different depths.
    ///
    /// # Errors
    /// When git fails, and when a tree of the notes is missing.
    pub fn annotated(&mut self, tip: &str, ids: &[&str]) -> Result<Vec<(String, String)>, GitError> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        let mut blobs = Vec::new();
        match self.get(&format!("{tip}^{{tree}}"))? {
            Some(root) => self.notes_below(&root, 0, &ids, &mut blobs)?,
            // Of what leads to no tree git reads no notes.
            None if matches!(
                self.get(tip)?.as_ref().map(|object| object.kind.as_str()),
                Some("blob" | "tag")
            ) => {}
            None => return Err(GitError::MissingNote { object: tip.to_owned() }),
        }
        Ok(blobs)
    }

    /// All notes under one notes ref, as [`Objects::annotated`] finds those of a few commits: blobs by the id of the commit. None where that
    /// takes more than `most` trees, or where one of them is missing, which may be of no commit that anybody asks about.
    ///
    /// # Errors
    /// When git fails.
    pub fn all_annotated(
        &mut self,
        tip: &str,
        most: usize,
    ) -> Result<Option<BTreeMap<String, Vec<String>>>, GitError> {
        let mut notes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        // The digits that lead to each tree, and its name.
        let mut level = vec![(String::new(), format!("{tip}^{{tree}}"))];
        let mut seen = 0;
        while !level.is_empty() {
            seen += level.len();
            if seen > most {
                return Ok(None);
            }
            let names: Vec<String> = level.iter().map(|(_, tree)| tree.clone()).collect();
            let mut below = Vec::new();
            for ((digits, _), tree) in level.into_iter().zip(self.get_many(&names)?) {
                let Some(tree) = tree else { return Ok(None) };
                let length = tree.id.as_str().len();
                for TreeEntry { mode, name, object } in tree_entries(&tree)? {
                    let Some(name) = std::str::from_utf8(name).ok().filter(|name| is_hex(name)) else {
                        continue;
                    };
                    let digits = digits.clone() + &name.to_ascii_lowercase();
                    match mode {
                        b"40000" if name.len() == 2 && digits.len() < length => below.push((digits, object)),
                        b"40000" => {}
                        _ if digits.len() == length => notes.entry(digits).or_default().push(object),
                        _ => {}
                    }
                }
            }
            level = below;
        }
        Ok(Some(notes))
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
        for TreeEntry { mode, name, object } in tree_entries(tree)? {
            // git reads the digits of an id in upper case as well.
            let Ok(name) = std::str::from_utf8(name).map(str::to_ascii_lowercase) else { continue };
            let name = name.as_str();
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

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// One entry of a tree object.
pub(super) struct TreeEntry<'t> {
    pub mode: &'t [u8],
    pub name: &'t [u8],
    pub object: String,
}

/// The entries of a tree object.
pub(super) fn tree_entries(tree: &Object) -> Result<Vec<TreeEntry<'_>>, GitError> {
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
        entries.push(TreeEntry { mode: &rest[..space], name: &rest[space + 1..end], object: hex(id) });
        rest = &rest[end + 1 + id_bytes..];
    }
    Ok(entries)
}

/// One answer of `git cat-file --batch`.
pub(super) fn read_object(out: &mut impl BufRead) -> Result<Option<Object>, GitError> {
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
