//! Hunks as lines, and which of them only moved.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::model::{File, FileStatus};

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edit {
    Added,
    Removed,
    Same,
}

/// A line of a hunk, trimmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'d> {
    pub edit: Edit,
    /// Its number at the head, or of a removed line before the change.
    pub number: u64,
    pub text: &'d str,
}

/// What a change does to one file.
pub(super) struct FileDiff<'d> {
    pub path: Cow<'d, str>,
    pub status: FileStatus,
    pub is_test: bool,
    pub is_code: bool,
    /// It was the code of a test before it was moved.
    pub was_test_code: bool,
    hunks: Vec<Vec<Line<'d>>>,
}

/// What a change does to all files that have hunks.
pub(super) struct Diff<'d> {
    pub files: Vec<FileDiff<'d>>,
    /// How often a line comes more than it goes, over all files: a line that only moved comes and goes as often.
    balance: BTreeMap<&'d str, i64>,
}

impl<'d> Diff<'d> {
    /// Takes the hunks of files apart.
    pub fn of(files: &'d [File<'_>]) -> Self {
        let mut diff = Diff { files: Vec::new(), balance: BTreeMap::new() };
        for file in files {
            let path = file.path.to_str_lossy();
            // What is no UTF-8 shows nothing, and `unread` names it.
            let hunks = file.hunks.as_ref().and_then(|hunks| std::str::from_utf8(hunks.as_bytes()).ok());
            let hunks = hunks.map(hunks_of).unwrap_or_default();
            for line in hunks.iter().flatten() {
                let by = match line.edit {
                    Edit::Added => 1,
                    Edit::Removed => -1,
                    Edit::Same => continue,
                };
                *diff.balance.entry(line.text).or_default() += by;
            }
            let was_test_code = file.previous_path.as_ref().is_some_and(|path| {
                let path = path.to_str_lossy();
                is_test(&path) && is_code(&path)
            });
            let (is_test, is_code) = (is_test(&path), is_code(&path));
            diff.files.push(FileDiff { is_test, is_code, was_test_code, path, status: file.status, hunks });
        }
        diff
    }

    /// Whether the line comes, and not from elsewhere in the change.
    pub fn comes(&self, line: &Line<'_>) -> bool {
        line.edit == Edit::Added && self.balance.get(line.text).is_some_and(|balance| *balance > 0)
    }

    /// Whether the line goes, and not to elsewhere in the change.
    pub fn goes(&self, line: &Line<'_>) -> bool {
        line.edit == Edit::Removed && self.balance.get(line.text).is_some_and(|balance| *balance < 0)
    }

    /// Whether code changes that is no test.
    pub fn changes_production(&self) -> bool {
        let production = |file: &&FileDiff<'_>| file.is_code && !file.is_test;
        self.files.iter().filter(production).any(|file| file.status != FileStatus::Deleted)
    }
}

/// Lines that go and come at one place, between lines that stay.
pub(super) struct Run<'r, 'd> {
    pub lines: &'r [Line<'d>],
    /// The line before, where the hunk shows one.
    pub before: Option<&'r Line<'d>>,
    /// The line behind.
    pub after: Option<&'r Line<'d>>,
}

impl<'r, 'd> Run<'r, 'd> {
    pub fn removed(&self) -> impl Iterator<Item = &'r Line<'d>> + use<'r, 'd> {
        self.lines.iter().filter(|line| line.edit == Edit::Removed)
    }

    pub fn added(&self) -> impl Iterator<Item = &'r Line<'d>> + use<'r, 'd> {
        self.lines.iter().filter(|line| line.edit == Edit::Added)
    }

    /// What stands behind each added line once the change is made: another added line, or the one that stays.
    pub fn added_with_next(&self) -> impl Iterator<Item = (&'r Line<'d>, Option<&'r Line<'d>>)> {
        let added: Vec<&Line<'_>> = self.added().filter(|line| !line.text.is_empty()).collect();
        let next: Vec<_> = added.iter().skip(1).copied().map(Some).chain([self.after]).collect();
        added.into_iter().zip(next)
    }
}

impl<'d> FileDiff<'d> {
    pub fn runs(&self) -> impl Iterator<Item = Run<'_, 'd>> {
        self.hunks.iter().flat_map(|hunk| {
            let mut start = 0;
            hunk.chunk_by(|a, b| (a.edit == Edit::Same) == (b.edit == Edit::Same)).filter_map(move |lines| {
                let from = start;
                start += lines.len();
                let before = from.checked_sub(1).and_then(|at| hunk.get(at));
                let changes = lines.first().is_some_and(|line| line.edit != Edit::Same);
                changes.then(|| Run { lines, before, after: hunk.get(start) })
            })
        })
    }
}

fn hunks_of(text: &str) -> Vec<Vec<Line<'_>>> {
    let mut hunks: Vec<Vec<Line<'_>>> = Vec::new();
    let (mut old, mut new) = (0_u64, 0_u64);
    for line in text.split('\n') {
        if let Some(header) = line.strip_prefix("@@ ") {
            let start = |sign: char| {
                let word = header.split(' ').find_map(|word| word.strip_prefix(sign));
                word.and_then(|word| word.split(',').next()?.parse().ok()).unwrap_or(1)
            };
            (old, new) = (start('-'), start('+'));
            hunks.push(Vec::new());
            continue;
        }
        let Some(hunk) = hunks.last_mut() else { continue };
        let (edit, number) = match line.as_bytes().first() {
            Some(b'+') => (Edit::Added, &mut new),
            Some(b'-') => (Edit::Removed, &mut old),
            Some(b' ') => {
                old += 1;
                (Edit::Same, &mut new)
            }
            _ => continue,
        };
        let text = line.get(1..).unwrap_or_default().trim();
        hunk.push(Line { edit, number: *number, text });
        *number += 1;
    }
    hunks
}

/// Endings of source code.
const CODE: &[&str] = &[
    "c", "cc", "cpp", "cs", "cxx", "dart", "ex", "exs", "go", "h", "hpp", "java", "js", "jsx", "kt", "kts",
    "m", "mjs", "php", "pl", "pm", "py", "rb", "rs", "scala", "sh", "swift", "t", "ts", "tsx", "vue", "zig",
];

pub(super) fn is_code(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').is_some_and(|(_, ending)| CODE.contains(&ending))
}

/// Folders that hold tests.
const TEST_FOLDERS: &[&str] = &["test", "tests", "testing", "cypress", "spec", "specs", "__tests__", "t"];

/// Whether a path is a test's, by how projects call them: a folder, a word of the name, or its end (`QueueTest.java`).
fn is_test(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    if folders.split('/').any(|folder| TEST_FOLDERS.contains(&folder)) {
        return true;
    }
    let stem = name.split('.').next().unwrap_or(name);
    let words = name.split(['_', '.', '-']).any(|word| matches!(word, "test" | "tests" | "spec" | "specs"));
    let ends = ["Test", "Tests", "Spec", "Specs"].iter().any(|end| stem.ends_with(end));
    is_code(path) && (words || ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_known_by_their_paths() {
        for path in [
            "tests/a.rs",
            "x/__tests__/a.js",
            "queue_test.go",
            "test_queue.py",
            "a.spec.ts",
            "QueueTest.java",
            "t/t0001-init.sh",
        ] {
            assert!(is_test(path), "{path}");
        }
        for path in ["src/latest.rs", "src/attest.go", "contest/a.py", "testimony.md", "src/inspect.rs"] {
            assert!(!is_test(path), "{path}");
        }
    }

    #[test]
    fn runs_have_their_lines_their_numbers_and_what_stands_around_them() {
        let hunks = hunks_of(
            "@@ -10,4 +10,4 @@ fn a()\n a\n-b\n-c\n+d\n e\n@@ -90 +90,2 @@\n-x\n+y\n+z\n\\ No newline",
        );
        let path = Cow::Borrowed("a.rs");
        let (is_test, is_code, was_test_code) = (false, true, false);
        let file = FileDiff { path, status: FileStatus::Modified, is_test, is_code, was_test_code, hunks };
        let runs: Vec<_> = file.runs().collect();
        assert_eq!(runs.len(), 2);
        let mut seen = Vec::new();
        for run in &runs {
            seen.push(
                run.lines.iter().map(|line| format!("{}{}", line.text, line.number)).collect::<String>(),
            );
        }
        // Text and number.
        assert_eq!(seen, ["b11c12d11", "x90y90z91"]);
        assert_eq!(runs[0].before.unwrap().text, "a");
        assert_eq!(runs[0].after.unwrap().text, "e");
        assert!(runs[1].before.is_none() && runs[1].after.is_none());
    }
}
