//! Weak-patch signals: what a diff shows of a change that passes its tests because the tests, or what guards the code,
//! gave way.
//!
//! Each rule looks at lines alone, whatever the language, and counts what goes against what comes: a line that only
//! moved is none. Rules that are mostly right stand in [`LIKELY`]; the others are notes, for whoever asks by name.

mod diff;
mod guards;
mod silenced;
mod weakened;

use crate::Error;
use crate::limits::Steps;
use crate::model::{File, Signal, SignalCode};
use diff::{Diff, FileDiff, Line};

/// Signals that are seldom false: what `signals: any` means.
pub(crate) const LIKELY: &[SignalCode] = &[
    SignalCode::TestDeleted,
    SignalCode::TestSkipped,
    SignalCode::AssertionsLost,
    SignalCode::CheckSilenced,
    SignalCode::BroadCatch,
];

/// Signals of one change beyond this number say nothing more.
const MOST: usize = 200;

/// What one rule sees in one file.
type Rule = fn(&Diff<'_>, &FileDiff<'_>) -> Vec<Signal>;

const RULES: &[Rule] = &[
    weakened::test_deleted,
    weakened::test_skipped,
    weakened::assertions_lost,
    weakened::expected_value_edited,
    silenced::check_silenced,
    guards::broad_catch,
    guards::guard_deleted,
];

/// The signals of a change, in the order of its files.
///
/// # Errors
/// `over-limit`.
pub(crate) fn signals(files: &[File<'_>], steps: &Steps) -> Result<Vec<Signal>, Error> {
    // Hunks are here only where a policy asks for them.
    if files.iter().all(|file| file.hunks.is_none()) {
        return Ok(Vec::new());
    }
    let bytes: usize =
        files.iter().filter_map(|file| file.hunks.as_ref()).map(|hunks| hunks.as_bytes().len()).sum();
    steps.take(bytes as u64 * RULES.len() as u64 / 8)?;
    let diff = Diff::of(files);
    let mut signals = Vec::new();
    for file in &diff.files {
        for rule in RULES {
            signals.extend(rule(&diff, file));
        }
    }
    signals.truncate(MOST);
    Ok(signals)
}

/// A file that a rule would look at and that has no lines to look at, or not those that its language sees: another
/// encoding, bytes that make git take it for no text, line ends that are none to git.
pub(crate) fn unread<'f, 'a>(files: &'f [File<'a>]) -> Option<&'f File<'a>> {
    let is_read = |file: &File<'_>| {
        let hunks = file.hunks.as_ref().map(|hunks| hunks.as_bytes());
        !file.binary && hunks.is_some_and(|hunks| std::str::from_utf8(hunks).is_ok_and(has_git_s_lines))
    };
    let is_looked_at = |file: &&File<'_>| {
        std::iter::once(&file.path).chain(&file.previous_path).any(|path| {
            let path = path.to_str_lossy();
            diff::is_code(&path) || silenced::is_ci(&path)
        })
    };
    files.iter().filter(|file| !is_read(file)).filter(is_looked_at).min_by_key(|file| file.path.as_bytes())
}

/// Whether every end of a line is one to git: Python and JavaScript end a line at a lone carriage return too, JavaScript at
/// the separators of Unicode.
fn has_git_s_lines(hunks: &str) -> bool {
    let is_lone = |at: usize| hunks.as_bytes().get(at + 1).is_some_and(|next| *next != b'\n');
    !memchr::memchr_iter(b'\r', hunks.as_bytes()).any(is_lone) && !hunks.contains(['\u{2028}', '\u{2029}'])
}

fn signal(
    code: SignalCode,
    file: &FileDiff<'_>,
    line: Option<&Line<'_>>,
    message: impl Into<String>,
) -> Signal {
    Signal {
        code,
        path: file.path.clone().into_owned(),
        line: line.map(|line| line.number),
        message: message.into(),
        evidence: line.map(|line| crate::provenance::cut(line.text, 120)).unwrap_or_default(),
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use crate::model::{FileStatus, Text};

    /// The signals of files, each given as path, status and hunks.
    pub fn seen(files: &[(&str, FileStatus, &str)]) -> Vec<(SignalCode, Option<u64>)> {
        let file = |(path, status, hunks): &(&str, FileStatus, &str)| File {
            path: Text::from((*path).to_owned()),
            status: *status,
            hunks: Some(Text::from((*hunks).to_owned())),
            ..File::default()
        };
        let files: Vec<File<'_>> = files.iter().map(file).collect();
        let signals = signals(&files, &Steps::default()).unwrap();
        signals.into_iter().map(|signal| (signal.code, signal.line)).collect()
    }

    /// The codes that one hunk in a file gives, beside a change of production code.
    pub fn codes(path: &str, lines: &str) -> Vec<SignalCode> {
        let hunk = format!("@@ -1,9 +1,9 @@\n{lines}");
        let other = ("src/other.rs", FileStatus::Modified, "@@ -1 +1 @@\n-let a = 1;\n+let a = 2;");
        seen(&[(path, FileStatus::Modified, &hunk), other]).into_iter().map(|(code, _)| code).collect()
    }
}
