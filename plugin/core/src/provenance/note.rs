//! git-ai's authorship log, `authorship/3.0.0`, in `refs/notes/ai`.
//!
//! A note is an attestation, a line `---`, and metadata in JSON. The attestation alone proves which lines an AI
//! touched, so it is read first and the metadata, which old tools filled with whole conversations, only to name the
//! tools. The tolerances are those of the reference reader and of notes found in the wild.

use std::collections::{BTreeMap, BTreeSet};

use super::{Collector, recorded_model, recorded_tool};
use crate::model::json::{self, Fault, Json, Read, object};
use crate::model::{Finding, Help, Rank, RemarkCode, Source, Whereabouts};
use crate::order::Index;
use crate::provenance::names::Table;

/// The lines of one file that the note speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileBlock<'a> {
    /// The path, without quotes.
    pub path: &'a str,
    /// In the order of the note: on overlap the later entry wins.
    pub entries: Vec<Entry<'a>>,
}

/// Lines of one author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Session (`s_...::t_...`), human (`h_...`), or legacy key.
    pub key: &'a str,
    /// Lines, from 1, both ends included, as of the annotated commit; in the order of the note.
    pub ranges: Vec<(u32, u32)>,
}

/// The attestation of a note, and what stands below its divider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation<'a> {
    /// The blocks of the note, one for each file.
    pub files: Vec<FileBlock<'a>>,
    /// The metadata, unread; none when the divider is missing.
    pub metadata: Option<&'a [u8]>,
    /// Lines that are no part of the format.
    pub stray_lines: usize,
}

impl Entry<'_> {
    /// Whether the key stands for a person. Every other key proves an AI, known to the note or not.
    pub fn is_human(&self) -> bool {
        self.key.starts_with("h_")
    }

    /// The part of the key that the metadata is looked up by.
    pub fn session(&self) -> &str {
        self.key.split("::").next().unwrap_or(self.key)
    }
}

/// Reads a note down to its divider.
pub fn attestation(note: &[u8]) -> Attestation<'_> {
    let mut files: Vec<FileBlock<'_>> = Vec::new();
    let mut stray_lines = 0;
    let mut rest = note;
    let mut metadata = None;
    while !rest.is_empty() {
        let end = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        let Ok(line) = std::str::from_utf8(line) else {
            stray_lines += 1;
            continue;
        };
        let line = line.trim_end();
        if line == "---" {
            metadata = Some(rest);
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            match (files.last_mut(), entry(line.trim_start())) {
                (Some(file), Some(entry)) => file.entries.push(entry),
                _ => stray_lines += 1,
            }
        } else {
            let path = line.strip_prefix('"').and_then(|l| l.strip_suffix('"')).unwrap_or(line);
            files.push(FileBlock { path, entries: Vec::new() });
        }
    }
    // A path without lines says nothing; several in a row are no attestation at all.
    files.retain(|file| !file.entries.is_empty());
    Attestation { files, metadata, stray_lines }
}

/// `key range,range`; an empty part is skipped, a range may run backwards.
fn entry(line: &str) -> Option<Entry<'_>> {
    let (key, ranges) = line.split_once(' ')?;
    let ranges = ranges
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            let (from, to): (u32, u32) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
            Some((from.min(to), from.max(to)))
        })
        .collect::<Option<Vec<_>>>()?;
    Some(Entry { key, ranges })
}

/// What the metadata is read for. Everything else in it, the conversations above all, is skipped unread.
#[derive(Debug, Default)]
struct Metadata {
    prompts: Map<Session>,
    sessions: Map<Session>,
}

object!(Metadata {
    "prompts" => prompts,
    "sessions" => sessions,
});

#[derive(Debug, Default)]
struct Session {
    agent_id: Agent,
}

object!(Session {
    "agent_id" => agent_id,
});

#[derive(Debug, Default)]
struct Agent {
    tool: Lenient,
    model: Lenient,
}

object!(Agent {
    "tool" => tool,
    "model" => model,
});

/// A string, or anything else taken for none.
#[derive(Debug, Default)]
struct Lenient(String);

impl<'de> Read<'de> for Lenient {
    fn read(&mut self, json: &mut Json<'de>) -> Result<(), Box<Fault>> {
        if json.peek() == Some(b'"') { self.0.read(json) } else { json.skip() }
    }
}

/// An object whose keys are data.
#[derive(Debug, Default)]
struct Map<T>(Vec<(String, T)>);

impl<'de, T: Default + Read<'de>> Read<'de> for Map<T> {
    fn read(&mut self, json: &mut Json<'de>) -> Result<(), Box<Fault>> {
        json.entries(&mut |key, json| {
            self.0.push((key.to_owned(), T::default()));
            self.0.last_mut().map_or(Ok(()), |(_, value)| value.read(json))
        })
    }
}

/// The pre-release form: one JSON object with the authors of each file's lines.
#[derive(Default)]
struct PreRelease {
    files: Map<PreReleaseFile>,
}

object!(PreRelease {
    "files" => files required,
});

#[derive(Default)]
struct PreReleaseFile {
    authors: Vec<PreReleaseAuthor>,
}

object!(PreReleaseFile {
    "authors" => authors required,
});

#[derive(Default)]
struct PreReleaseAuthor {
    author: String,
    agent_metadata: Option<Anything>,
    lines: Vec<Lines>,
}

object!(PreReleaseAuthor {
    "author" => author,
    "agent_metadata" => agent_metadata,
    "lines" => lines,
});

/// A value that only its presence matters of.
#[derive(Debug, Default)]
pub(super) struct Anything;

impl<'de> Read<'de> for Anything {
    fn read(&mut self, json: &mut Json<'de>) -> Result<(), Box<Fault>> {
        json.skip()
    }
}

/// A line, or the first and the last of a run.
#[derive(Default)]
struct Lines {
    run: Vec<u32>,
}

impl<'de> Read<'de> for Lines {
    fn read(&mut self, json: &mut Json<'de>) -> Result<(), Box<Fault>> {
        if json.peek() == Some(b'[') { self.run.read(json) } else { json.skip() }
    }
}

impl Lines {
    fn count(&self) -> u64 {
        match *self.run {
            [from, to] => u64::from(to.abs_diff(from)) + 1,
            _ => 1,
        }
    }
}

/// Reads the findings of a note.
pub(super) fn findings(table: &Table, out: &mut Collector, git_ref: &str, note: &[u8]) {
    if note.trim_ascii_start().starts_with(b"{") {
        return pre_release(table, out, git_ref, note);
    }
    let read = attestation(note);
    if read.metadata.is_none() && read.files.is_empty() {
        if !note.trim_ascii().is_empty() {
            malformed(out, git_ref, "it has neither lines of files nor the divider `---`", note);
        }
        return;
    }
    let metadata: Metadata = match read.metadata {
        Some(json) => json::document(json).unwrap_or_else(|e| {
            malformed(out, git_ref, &format!("its metadata is not what the format says: {e}"), note);
            Metadata::default()
        }),
        None => {
            malformed(out, git_ref, "the divider `---` and the metadata below it are missing", note);
            Metadata::default()
        }
    };
    if read.stray_lines > 0 {
        malformed(
            out,
            git_ref,
            &format!("{} of its lines are no part of the format", read.stray_lines),
            note,
        );
    }

    let sessions: Vec<_> = metadata.sessions.0.into_iter().chain(metadata.prompts.0).collect();
    let agents = Index::of(sessions.iter().map(|(key, _)| key.as_bytes()));
    // Tool and model of each key, with the lines and files that it covers.
    let mut covered = Covered::default();
    for file in &read.files {
        for entry in file.entries.iter().filter(|entry| !entry.is_human()) {
            let who = match agents.get(entry.session().as_bytes()).and_then(|at| sessions.get(at)) {
                Some((_, session)) => (
                    recorded_tool(table, &session.agent_id.tool.0),
                    recorded_model(&session.agent_id.model.0),
                ),
                // The key of another note: it proves an AI all the same.
                None => ("unknown".to_owned(), None),
            };
            let lines = entry.ranges.iter().map(|(from, to)| u64::from(to - from) + 1).sum::<u64>();
            covered.add(who, lines, file.path);
        }
    }
    covered.report(out, Source::Note, git_ref);
}

/// The lines that each tool and model covers, by file.
#[derive(Default)]
pub(super) struct Covered(BTreeMap<(String, Option<String>), (u64, BTreeSet<String>)>);

impl Covered {
    pub fn add(&mut self, who: (String, Option<String>), lines: u64, path: &str) {
        let (sum, files) = self.0.entry(who).or_default();
        *sum = sum.saturating_add(lines);
        if !files.contains(path) {
            files.insert(path.to_owned());
        }
    }

    /// One finding for each tool and model: `12 lines in src/a.rs and 2 more files`.
    pub fn report(self, out: &mut Collector, source: Source, key: &str) {
        for ((tool, model), (lines, files)) in self.0 {
            let unit = if lines == 1 { "line" } else { "lines" };
            let first = files.first().map(String::as_str).unwrap_or_default();
            let more = match files.len() {
                0 | 1 => String::new(),
                2 => " and 1 more file".to_owned(),
                n => format!(" and {} more files", n - 1),
            };
            out.add(Finding {
                tool,
                model,
                source,
                key: key.to_owned(),
                confidence: Rank::Attested,
                help: vec![Help::Generated],
                place: Whereabouts::Record,
                evidence: format!("{lines} {unit} in {first}{more}"),
            });
        }
    }
}

fn pre_release(table: &Table, out: &mut Collector, git_ref: &str, note: &[u8]) {
    let Ok(read) = json::document::<PreRelease>(note) else {
        return malformed(
            out,
            git_ref,
            "it is neither `authorship/3.0.0` nor the JSON that came before",
            note,
        );
    };
    let mut covered = Covered::default();
    for (path, file) in &read.files.0 {
        for author in &file.authors {
            if author.agent_metadata.is_some() || table.exact_name(&author.author).is_some() {
                let lines = author.lines.iter().map(Lines::count).sum();
                covered.add((recorded_tool(table, &author.author), None), lines, path);
            }
        }
    }
    covered.report(out, Source::Note, git_ref);
}

pub(super) fn malformed(out: &mut Collector, git_ref: &str, why: &str, note: &[u8]) {
    let start = String::from_utf8_lossy(note.get(..200).unwrap_or(note)).into_owned();
    out.remark(
        RemarkCode::MalformedNote,
        format!("the note in {git_ref} cannot be read as its format says: {why}"),
        start.lines().next().unwrap_or_default(),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{"schema_version": "authorship/3.0.0", "base_commit_sha": "x", "prompts": {
        "f2c1eb246c3f356e": {"agent_id": {"tool": "cursor", "id": "1", "model": "\"gpt-5\""}, "messages": [[{"a": 1}]]},
        "1111111111111111": {"agent_id": {"tool": "codex", "id": "2", "model": "unknown"}}},
        "sessions": {"s_4ee96dfc105aa4": {"agent_id": {"tool": "claude", "id": "3", "model": "claude-opus-4-8"}}},
        "humans": {"h_1e77068c634c4d": {"author": "P <p@example.com>"}}, "logical_commit_id": 7}"#;

    fn tools(attestation: &str) -> Vec<(String, Option<String>)> {
        let mut out = Collector::default();
        let note = format!("{attestation}---\n{METADATA}");
        findings(&Table::default(), &mut out, "refs/notes/ai", note.as_bytes());
        out.findings.iter().map(|f| (f.tool.clone(), f.model.clone())).collect()
    }

    #[test]
    fn sessions_people_and_legacy_keys_are_told_apart() {
        assert_eq!(
            tools("a.rs\n  s_4ee96dfc105aa4::t_0a1b2c3d4e5f60 1-14,20\n  h_1e77068c634c4d 15-19\n"),
            [("claude-code".into(), Some("claude-opus-4-8".into()))]
        );
        assert_eq!(
            tools("a.rs\n  f2c1eb246c3f356e 1-14,20\n"),
            [("cursor".into(), Some("\"gpt-5\"".into()))]
        );
        assert_eq!(tools("a.rs\n  1111111111111111 1\n"), [("codex".into(), None)]);
        assert!(tools("a.rs\n  h_1e77068c634c4d 1-3\n").is_empty());
    }

    #[test]
    fn a_note_without_lines_is_no_sign_of_ai() {
        assert!(tools("").is_empty());
        assert!(tools("a.rs\nb.rs\n").is_empty());
    }

    #[test]
    fn a_key_that_resolves_nowhere_still_proves_an_ai() {
        for key in [
            "s_00000000000000::t_1",
            "s_00000000000000",
            "abcdef0",
            "abcdef01",
            "abcde",
            "3b7e1f9c-2d44-4a8a-8f25-0c9d1e5a7b60",
        ] {
            assert_eq!(tools(&format!("a.rs\n  {key} 1\n")), [("unknown".into(), None)], "{key}");
        }
        assert!(tools("a.rs\n  h_00000000000000 1\n").is_empty());
    }

    #[test]
    fn ranges_may_be_unordered_overlapping_backwards_or_empty() {
        let read = attestation(b"a.rs\n  k 139,180,,20-10,12-13, 5\n");
        assert_eq!(read.files[0].entries[0].ranges, [(139, 139), (180, 180), (10, 20), (12, 13), (5, 5)]);
    }

    #[test]
    fn quoted_paths_blank_lines_trailing_blanks_and_a_missing_final_newline_are_accepted() {
        let read = attestation(b"\"docs/page limits.md\"  \n\n  k 3-9   \n---\n{}");
        assert_eq!(read.files[0].path, "docs/page limits.md");
        assert_eq!(read.metadata, Some(&b"{}"[..]));
        assert_eq!(read.stray_lines, 0);
    }

    #[test]
    fn a_broken_note_is_remarked_on_and_its_lines_still_count() {
        for (note, findings_left) in
            [("a.rs\n  k 1\n", 1), ("a.rs\n  k 1\n---\n{", 1), ("rubbish", 0), ("---\n", 0)]
        {
            let mut out = Collector::default();
            findings(&Table::default(), &mut out, "refs/notes/ai", note.as_bytes());
            assert_eq!(out.findings.len(), findings_left, "{note:?}");
            assert_eq!(out.remarks.len(), 1, "{note:?}");
            assert_eq!(out.remarks[0].code, RemarkCode::MalformedNote);
        }
    }

    #[test]
    fn the_attestation_is_read_without_its_metadata() {
        let mut lines = String::from("a.rs\n");
        for n in 0..1_000 {
            lines.push_str(&format!("  f2c1eb246c3f356e {n}-{},{}\n", n + 3, n + 9));
        }
        let started = "{\"prompts\": {\"f2c1eb246c3f356e\": {\"messages\": \"";
        for metadata in ["{}", started, "a.rs\n  s_1 1-2\n---\n  s_2 3\n", "\u{0}"] {
            let note = format!("{lines}---\n{metadata}");
            let read = attestation(note.as_bytes());
            assert_eq!((read.files.len(), read.files[0].entries.len(), read.stray_lines), (1, 1_000, 0));
            assert_eq!(read.metadata, Some(metadata.as_bytes()));
        }
    }

    #[test]
    fn the_json_of_before_1_0_is_read_too() {
        let mut out = Collector::default();
        let note = br#"{"files": {"a": {"file": "a", "authors": [{"author": "claude", "lines": [1, [2, 3]], "agent_metadata": null},
            {"author": "Jo", "lines": [4], "agent_metadata": null}]}}, "schema_version": "authorship/0.0.1"}"#;
        findings(&Table::default(), &mut out, "refs/ai/authorship/x", note);
        assert_eq!(out.findings.len(), 1);
        assert_eq!(out.findings[0].tool, "claude-code");
    }
}
