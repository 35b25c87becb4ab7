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
}
