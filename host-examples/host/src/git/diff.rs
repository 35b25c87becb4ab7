//! What differs between two trees: files, lines, hunks, and an identity of all of it.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use countersign_core::model::{File, FileStatus, ObjectId, Text};
use sha2::{Digest, Sha256};

use super::{GitError, Repository, broken_pipe, object_id};
use crate::module::hex;

/// What is asked of a diff beside the files.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked {
    /// How many lines come and go in each file.
    pub lines: bool,
    /// The hunks of each file, if all together have no more bytes than this.
    pub hunks: Option<usize>,
    /// The identity of the diff, which is the same wherever in its file a hunk stands.
    pub identity: bool,
}

/// What differs between two trees.
#[derive(Debug, Default)]
pub struct Diff {
    /// The files, both sides of renames.
    pub files: Vec<File<'static>>,
    /// The hunks have more bytes than was asked for, and none are here.
    pub is_over: bool,
    /// Equal for equal changes, wherever in their files they stand; none where nothing differs. It covers the paths and modes of
    /// each file and every byte of its hunks, their places left out, and of a file without lines (binary, submodule) the
    /// ids of both sides.
    pub identity: Option<ObjectId<'static>>,
}

/// The first bytes of an identity: another way to make one begins with others.
const IDENTITY: &[u8] = b"countersign-diff-1\n";

impl Repository {
    /// What differs between two trees or commits, given their whole ids. git sees no lines in a file with a NUL among the first
    /// 8,000 bytes of either side, whatever attributes say of it.
    ///
    /// # Errors
    /// When git fails.
    pub fn diff(&self, from: &str, to: &str, asked: Asked) -> Result<Diff, GitError> {
        let mut command =
            self.of_objects(["diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-commit-id"]);
        // What has changed its default between versions of git, or may, is written out.
        command.args(["--find-renames=50%", "-l1000", "--diff-algorithm=myers", "--indent-heuristic"]);
        command.args(["--ignore-submodules=none", "--no-ext-diff", "--no-textconv", "--no-color"]);
        if asked.lines {
            command.arg("--numstat");
        }
        if asked.hunks.is_some() || asked.identity {
            command.args(["--patch", "--unified=3", "--inter-hunk-context=0", "--submodule=short"]);
        }
        command.args([from, to, "--"]);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().map_err(GitError::Missing)?;
        let mut out = BufReader::with_capacity(1 << 16, child.stdout.take().ok_or_else(broken_pipe)?);
        let read = Reader { out: &mut out, asked }.diff();
        // git, which writes on, must not be what fails where something else did.
        std::io::copy(&mut out, &mut std::io::sink())?;
        let status = child.wait()?;
        if !status.success() {
            return Err(GitError::Failed {
                command: format!("diff-tree {from} {to}"),
                reason: "an object of one of them is missing here; fetch it, or run `git fsck`".to_owned(),
            });
        }
        read
    }
}

/// Reads what `git diff-tree -z --raw [--numstat] [--patch]` writes: the files, then the counts, then an empty field and the
/// patch.
struct Reader<R> {
    out: R,
    asked: Asked,
}

/// A file of the list, with what the list alone knows.
struct Listed {
    file: File<'static>,
    /// Ids of both sides.
    ids: (String, String),
}

impl<R: BufRead> Reader<R> {
    fn diff(mut self) -> Result<Diff, GitError> {
        let mut listed: Vec<Listed> = Vec::new();
        let mut counted = 0;
        while let Some(field) = self.field()?.filter(|field| !field.is_empty()) {
            if field.starts_with(b":") {
                let file = self.listed(&field)?;
                listed.push(file);
                continue;
            }
            let file = listed.get_mut(counted).ok_or_else(|| unexpected("more counts than files"))?;
            self.count(&field, &mut file.file)?;
            counted += 1;
        }
        if self.asked.lines && counted != listed.len() {
            return Err(unexpected("fewer counts than files"));
        }
        let mut diff = Diff::default();
        if self.asked.hunks.is_some() || self.asked.identity {
            self.patch(&mut listed, &mut diff)?;
        }
        diff.files = listed.into_iter().map(|listed| listed.file).collect();
        Ok(diff)
    }

    /// The bytes up to the next NUL; none at the end.
    fn field(&mut self) -> Result<Option<Vec<u8>>, GitError> {
        let mut field = Vec::new();
        if self.out.read_until(0, &mut field)? == 0 {
            return Ok(None);
        }
        if field.pop() != Some(0) {
            return Err(unexpected("a field does not end"));
        }
        Ok(Some(field))
    }

    fn path(&mut self) -> Result<Text<'static>, GitError> {
        let path = self.field()?.filter(|path| !path.is_empty());
        path.map(Text::from_bytes).ok_or_else(|| unexpected("a path is missing"))
    }

    /// `:<old mode> <new mode> <old id> <new id> <status>` NUL path NUL [path NUL].
    fn listed(&mut self, field: &[u8]) -> Result<Listed, GitError> {
        let meta = String::from_utf8_lossy(field).into_owned();
        let words: Vec<&str> = meta.split(' ').collect();
        let [old_mode, new_mode, old, new, status] = words.as_slice() else { return Err(unexpected(&meta)) };
        let first = self.path()?;
        let two_paths = status.starts_with(['R', 'C']);
        let (path, previous_path) = if two_paths { (self.path()?, Some(first)) } else { (first, None) };
        let status = match status.chars().next() {
            Some('A') => FileStatus::Added,
            Some('D') => FileStatus::Deleted,
            Some('M') => FileStatus::Modified,
            Some('R') => FileStatus::Renamed,
            Some('C') => FileStatus::Copied,
            Some('T') => FileStatus::TypeChanged,
            _ => return Err(unexpected(&meta)),
        };
        let file = File {
            path,
            previous_path,
            status,
            old_mode: Some(old_mode.trim_start_matches(':').to_owned().into()),
            new_mode: Some((*new_mode).to_owned().into()),
            ..File::default()
        };
        Ok(Listed { file, ids: ((*old).to_owned(), (*new).to_owned()) })
    }

    /// `<added> TAB <deleted> TAB <path>`, and for a rename an empty path, then both of them; `-` for a file without lines. In
    /// the order of the files.
    fn count(&mut self, field: &[u8], file: &mut File<'static>) -> Result<(), GitError> {
        let mut parts = field.splitn(3, |&b| b == b'\t');
        let mut number = || {
            let digits = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
            digits.parse().ok()
        };
        let counts = (number(), number());
        let path = match parts.next() {
            Some([]) => {
                self.path()?;
                self.path()?
            }
            Some(path) => Text::from_bytes(path.to_vec()),
            None => return Err(unexpected("a count has no path")),
        };
        if path.as_bytes() != file.path.as_bytes() {
            return Err(unexpected("the counts are in another order than the files"));
        }
        match counts {
            (Some(added), Some(deleted)) => (file.added, file.deleted) = (Some(added), Some(deleted)),
            _ => file.binary = true,
        }
        Ok(())
    }

    /// The patch has a part for each file, in their order; for one that becomes a link, or the other way round, two: one that
    /// goes and one that comes.
    fn patch(&mut self, listed: &mut [Listed], diff: &mut Diff) -> Result<(), GitError> {
        let mut files = Vec::with_capacity(listed.len());
        let mut room = self.asked.hunks.unwrap_or_default();
        let mut line = Vec::new();
        let mut parts = listed
            .iter()
            .enumerate()
            .flat_map(|(at, listed)| {
                let parts = if listed.file.status == FileStatus::TypeChanged { 2 } else { 1 };
                std::iter::repeat_n(at, parts)
            })
            .collect::<Vec<_>>()
            .into_iter();
        let mut in_hunks = false;
        while read_line(&mut self.out, &mut line)? {
            // In a hunk every line begins with a sign, so a header is none of its lines.
            if line.starts_with(b"diff --git ") {
                let at =
                    parts.next().ok_or_else(|| unexpected("the patch has a file that the list has not"))?;
                in_hunks = false;
                if files.len() == at {
                    files.push(Patched::default());
                }
                continue;
            }
            let Some(file) = files.last_mut() else { continue };
            in_hunks |= line.starts_with(b"@@ ");
            if in_hunks {
                if self.asked.identity {
                    file.lines.get_or_insert_default().update(match line.as_slice() {
                        // Where it stands is no part of what it does.
                        [b'@', ..] => b"@@\n",
                        line => line,
                    });
                }
                match room.checked_sub(line.len()).filter(|_| !diff.is_over) {
                    Some(left) => {
                        room = left;
                        file.hunks.extend_from_slice(&line);
                    }
                    None => diff.is_over = true,
                }
            } else if line.starts_with(b"Binary files ") {
                file.binary = true;
            }
        }
        if parts.next().is_some() {
            return Err(unexpected("the list has a file that the patch has not"));
        }
        if self.asked.identity && !listed.is_empty() {
            let mut of_files: Vec<_> =
                files.iter_mut().zip(&*listed).map(|(file, listed)| file.digest(listed)).collect();
            of_files.sort_unstable();
            let mut all = Sha256::new_with_prefix(IDENTITY);
            of_files.iter().for_each(|digest| all.update(digest));
            diff.identity = Some(object_id("diff-tree", &hex(&all.finalize()))?);
        }
        diff.is_over &= self.asked.hunks.is_some();
        for (patched, listed) in files.into_iter().zip(listed) {
            listed.file.binary |= patched.binary;
            if self.asked.hunks.is_some() && !diff.is_over && !patched.binary {
                listed.file.hunks = Some(Text::from_bytes(patched.hunks));
            }
        }
        Ok(())
    }
}

/// What the patch says of one file.
#[derive(Default)]
struct Patched {
    hunks: Vec<u8>,
    /// Digest over all lines of the hunks; none where there are none.
    lines: Option<Sha256>,
    binary: bool,
}

impl Patched {
    /// The part of a file in the identity.
    fn digest(&mut self, listed: &Listed) -> [u8; 32] {
        let Listed { file, ids: (old, new) } = listed;
        let mut all = Sha256::new();
        let previous = file.previous_path.as_ref().unwrap_or(&file.path);
        let modes = [&file.old_mode, &file.new_mode].map(|mode| mode.as_deref().unwrap_or_default());
        for field in [previous.as_bytes(), file.path.as_bytes(), modes[0].as_bytes(), modes[1].as_bytes()] {
            all.update(field);
            all.update([0]);
        }
        // What is only moved, or has other rights, holds nothing that is of this change. Of a file that becomes another type
        // one side may have lines, and the other none.
        if old != new && (self.lines.is_none() || self.binary) {
            all.update(format!("blobs {old} {new}\0"));
        }
        if let Some(lines) = self.lines.take() {
            all.update(b"lines ");
            all.update(lines.finalize());
        }
        all.finalize().into()
    }
}

/// Reads up to and with the next line feed; false at the end.
fn read_line(out: &mut impl BufRead, line: &mut Vec<u8>) -> Result<bool, GitError> {
    line.clear();
    Ok(out.read_until(b'\n', line)? > 0)
}

fn unexpected(what: &str) -> GitError {
    GitError::Unexpected { command: "diff-tree -z --raw", what: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Asked = Asked { lines: true, hunks: Some(1 << 20), identity: true };

    fn read(bytes: &[u8], asked: Asked) -> Diff {
        Reader { out: bytes, asked }.diff().unwrap()
    }

    fn modified(patch: &str) -> Diff {
        let list = ":100644 100644 a b M\0x\0";
        read(format!("{list}1\t1\tx\0\0diff --git a/x b/x\n{patch}").as_bytes(), ALL)
    }

    #[test]
    fn hunks_are_parted_by_file_and_keep_what_looks_like_a_header() {
        let diff = read(
            b":100644 100644 a b M\0x\0:100644 100755 c c M\0m\x001\t1\tx\x000\t0\tm\0\0\
              diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-diff --git a/y b/y\n+z\0z\n\
              diff --git a/m b/m\nold mode 100644\nnew mode 100755\n",
            ALL,
        );
        let hunks: Vec<&[u8]> =
            diff.files.iter().map(|file| file.hunks.as_ref().unwrap().as_bytes()).collect();
        assert_eq!(hunks, [b"@@ -1 +1 @@\n-diff --git a/y b/y\n+z\0z\n".as_slice(), b""]);
        assert_eq!(diff.files[0].added, Some(1));
    }

    #[test]
    fn entries_keep_both_sides_of_renames_and_every_byte() {
        let raw = b":100644 100644 a b R087\0old name\0new\xffname\0:000000 100644 a b A\0tab\there\0";
        let files = read(raw, Asked::default()).files;
        assert_eq!(files.len(), 2);
        assert_eq!(files[0].previous_path.as_ref().unwrap().as_bytes(), b"old name");
        assert_eq!(files[0].path.as_bytes(), b"new\xffname");
        assert_eq!(files[1].path.as_bytes(), b"tab\there");
    }

    #[test]
    fn a_file_without_lines_has_no_hunks() {
        let binary = "index 1..2 100644\nBinary files a/x and b/x differ\n";
        let file = &modified(binary).files[0];
        assert!(file.binary && file.hunks.is_none());
        let words = "@@ -1 +1 @@\n-Binary files a/x and b/x differ\n+y\n";
        assert!(!modified(words).files[0].binary);
    }

    #[test]
    fn hunks_that_are_too_many_are_left_out_whole() {
        let raw = b":100644 100644 a b M\0x\0\0diff --git a/x b/x\n@@ -1 +1 @@\n-a\n+b\n";
        let diff = read(raw, Asked { hunks: Some(15), ..Asked::default() });
        assert!(diff.is_over && diff.files[0].hunks.is_none());
        assert!(!read(raw, Asked { hunks: Some(20), ..Asked::default() }).is_over);
    }

    #[test]
    fn an_identity_sees_every_byte_and_not_where_it_stands() {
        let identity = |patch: &str| modified(patch).identity.unwrap();
        let one = identity("@@ -1,2 +1,2 @@ fn a()\n a\n-b\n+c\n");
        assert_eq!(one, identity("@@ -91,2 +95,2 @@ fn z()\n a\n-b\n+c\n"), "elsewhere in the file");
        for (what, patch) in [
            ("white space", "@@ -1,2 +1,2 @@\n a\n-b\n+ c\n"),
            ("behind a NUL", "@@ -1,2 +1,2 @@\n a\n-b\n+c\0d\n"),
            ("the last line feed", "@@ -1,2 +1,2 @@\n a\n-b\n+c\n\\ No newline at end of file\n"),
            ("what stands beside it", "@@ -1,2 +1,2 @@\n b\n-b\n+c\n"),
            ("two hunks", "@@ -1,2 +1,2 @@\n a\n-b\n@@ -9 +9 @@\n+c\n"),
            ("no lines", "Binary files a/x and b/x differ\n"),
        ] {
            assert_ne!(one, identity(patch), "{what}");
        }
        let nul = |rest: &str| identity(&format!("@@ -1,2 +1,2 @@\n a\n-b\n+c\0{rest}\n"));
        assert_ne!(nul("d"), nul("e"));
    }

    #[test]
    fn an_identity_sees_paths_modes_and_what_has_no_lines() {
        let identity = |list: &str, patch: &str| {
            let asked = Asked { identity: true, ..Asked::default() };
            read(format!("{list}\0diff --git a/x b/x\n{patch}").as_bytes(), asked).identity.unwrap()
        };
        let lists = [
            ":160000 160000 a b M\0x\0",
            ":160000 160000 a c M\0x\0",
            ":160000 160000 b a M\0x\0",
            ":160000 160000 a b M\0y\0",
            ":100644 160000 a b M\0x\0",
            ":100644 100644 a b R90\0w\0x\0",
            ":100644 100644 a a R100\0w\0x\0",
        ];
        let mut seen: Vec<_> = lists.iter().map(|list| identity(list, "")).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), lists.len());
        // Moved, while its target gave it other content.
        let moved = |id: &str| identity(&format!(":100644 100644 {id} {id} R100\0w\0x\0"), "");
        assert_eq!(moved("a"), moved("b"));
        // A link that was a file without lines.
        let typed = |id: &str| {
            let patch = "Binary files a/x and /dev/null differ\ndiff --git a/x b/x\n@@ -0,0 +1 @@\n+to\n";
            identity(&format!(":100644 120000 {id} b T\0x\0"), patch)
        };
        assert_ne!(typed("a"), typed("c"));
    }
}
