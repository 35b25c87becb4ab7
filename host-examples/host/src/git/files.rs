//! What differs between two trees.

use std::collections::HashMap;

use countersign_core::model::{File, FileStatus, Text};

use super::{GitError, Repository};

impl Repository {
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
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            "--ignore-submodules=none",
            from,
            to,
            "--",
        ])
    }

    /// Puts its hunks into each file, as `git diff-tree -p` writes them. False where all together have more bytes than
    /// `most`: then none are put.
    ///
    /// # Errors
    /// When git fails.
    pub fn hunks(
        &self,
        from: &str,
        to: &str,
        files: &mut [File<'static>],
        most: usize,
    ) -> Result<bool, GitError> {
        let patch = self.diff_tree("-p", from, to)?;
        if patch.len() > most {
            return Ok(false);
        }
        // A file that becomes a link, or the other way round, is written as two: one that goes and one that comes.
        let mut all = hunks_of(&patch).into_iter();
        for file in files {
            let mut hunks = all.next();
            if file.status == FileStatus::TypeChanged
                && let (Some(gone), Some(come)) = (&mut hunks, all.next())
            {
                gone.extend(come);
            }
            let hunks = hunks.ok_or_else(|| GitError::Unexpected {
                command: "diff-tree -p",
                what: "a file of the raw list is missing".to_owned(),
            })?;
            file.hunks = Some(Text::from_bytes(hunks));
        }
        if all.next().is_some() {
            let what = "a file that the raw list does not have".to_owned();
            return Err(GitError::Unexpected { command: "diff-tree -p", what });
        }
        Ok(true)
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
}

/// What stands before the part of a patch that is about one file.
const FILE_HEADER: &[u8] = b"diff --git ";

/// The hunks of each file of a patch, in its order, without what stands before them.
fn hunks_of(patch: &[u8]) -> Vec<Vec<u8>> {
    let mut files: Vec<Vec<u8>> = Vec::new();
    let mut in_hunks = false;
    for line in patch.split_inclusive(|&b| b == b'\n') {
        // In a hunk every line begins with a sign, so a header is none of its lines.
        if line.starts_with(FILE_HEADER) {
            files.push(Vec::new());
            in_hunks = false;
        } else if let Some(file) = files.last_mut() {
            in_hunks |= line.starts_with(b"@@ ");
            if in_hunks {
                file.extend_from_slice(line);
            }
        }
    }
    files
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
    fn hunks_are_parted_by_file_and_keep_what_looks_like_a_header() {
        let patch = b"diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-diff --git a/y b/y\n+z\n\
                      diff --git a/m b/m\nold mode 100644\nnew mode 100755\n";
        let hunks = hunks_of(patch);
        assert_eq!(hunks.len(), 2);
        assert_eq!(hunks[0], b"@@ -1 +1 @@\n-diff --git a/y b/y\n+z\n");
        assert!(hunks[1].is_empty());
    }

    #[test]
    fn raw_entries_keep_both_sides_of_renames_and_every_byte() {
        let raw = b":100644 100644 a b R087\0old name\0new\xffname\0:000000 100644 a b A\0tab\there\0";
        let files = parse_raw(raw).unwrap();
        assert_eq!(files.len(), 2);
        assert_eq!(files[0].previous_path.as_ref().unwrap().as_bytes(), b"old name");
        assert_eq!(files[0].path.as_bytes(), b"new\xffname");
        assert_eq!(files[1].path.as_bytes(), b"tab\there");
    }
}
