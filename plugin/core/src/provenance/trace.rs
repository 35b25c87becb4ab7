//! Agent Trace records: files in the tree, notes, one JSON a line; and the forms that real files have besides.
//!
//! A record's revision is what HEAD named while the agent edited, so mostly the parent of the commit that the edit
//! became. A record therefore belongs to the change when its revision is one of the change's commits or of their
//! parents and its path is one of the change's files. One that the change brings and that fits none of both, or does not say
//! who wrote, is remarked on: the commit was amended, the path is absolute, the revision is another system's or left out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::note::{Anything, Covered};
use super::{Collector, recorded_model, recorded_tool};
use crate::model::json::{self, Fault, Json, Key, Read, object};
use crate::model::{CommitFindings, RemarkCode, Source};
use crate::order::Index;
use crate::provenance::names::Table;

/// A record as the specification has it, and the flat rows that other writers leave under the same name.
#[derive(Default)]
struct Record<'a> {
    vcs: Option<Vcs<'a>>,
    tool: Option<Tool>,
    files: Option<Vec<File<'a>>>,
    file_path: Option<Cow<'a, str>>,
    start_line: Option<u64>,
    end_line: Option<u64>,
    session_id: Option<Anything>,
}

object!(Record<'a> {
    "vcs" => vcs,
    "tool" => tool,
    "files" => files,
    "file_path" => file_path,
    "start_line" => start_line,
    "end_line" => end_line,
    "session_id" => session_id,
});

#[derive(Default)]
struct Vcs<'a> {
    revision: Option<Cow<'a, str>>,
}

object!(Vcs<'a> {
    "revision" => revision,
});

/// `{"name": ..., "version": ...}`, or in flat rows the name of the editing tool call (`Edit`), which says nothing.
#[derive(Default)]
struct Tool {
    name: Option<String>,
}

impl<'de> Read<'de> for Tool {
    fn read(&mut self, json: &mut Json<'de>) -> Result<(), Box<Fault>> {
        if json.peek() != Some(b'{') {
            return json.skip();
        }
        json.object(const { &[Key::new("name")] }, 0, &mut |_, json| self.name.read(json))
    }
}

#[derive(Default)]
struct File<'a> {
    path: Cow<'a, str>,
    conversations: Vec<Conversation>,
}

object!(File<'a> {
    "path" => path required,
    "conversations" => conversations,
});

#[derive(Default)]
struct Conversation {
    contributor: Option<Contributor>,
    ranges: Vec<Range>,
}

object!(Conversation {
    "contributor" => contributor,
    "ranges" => ranges,
});

#[derive(Default)]
struct Range {
    start_line: u64,
    end_line: u64,
    contributor: Option<Contributor>,
}

object!(Range {
    "start_line" => start_line,
    "end_line" => end_line,
    "contributor" => contributor,
});

#[derive(Default)]
struct Contributor {
    kind: Option<String>,
    model_id: Option<String>,
}

object!(Contributor {
    "type" => kind,
    "model_id" => model_id,
});

/// Who wrote, as far as a record says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writer {
    Ai,
    Person,
    Unsaid,
}

impl Contributor {
    fn writer(&self) -> Writer {
        let kind = self.kind.as_deref().unwrap_or_default();
        let is = |name: &str| kind.eq_ignore_ascii_case(name);
        if is("ai") || is("mixed") {
            Writer::Ai
        } else if is("human") {
            Writer::Person
        } else {
            Writer::Unsaid
        }
    }
}

/// Lines of one file in a record that a person alone did not write.
struct Part<'r> {
    path: &'r str,
    /// An AI wrote them, by the record's own word.
    by_ai: bool,
    model: Option<String>,
    lines: u64,
}

/// What ties records to a change.
pub(crate) trait Anchor {
    /// The commit of the change that a record of this revision belongs to.
    fn commit_of(&self, revision: &str) -> Option<&str>;
    /// Whether the change touches this path; a path outside the repository never.
    fn touches(&self, path: &str) -> bool;
}

/// Reads a trace file of the tree: the findings of each commit of the change, and what could not be read. `before` is the file
/// as the target has it: what stands there is of other changes, unless it fits this one.
pub(crate) fn read(
    table: &Table,
    path: &str,
    bytes: &[u8],
    before: Option<&[u8]>,
    anchor: &dyn Anchor,
) -> Vec<CommitFindings> {
    let mut by_commit: BTreeMap<String, Covered> = BTreeMap::new();
    let mut out = Collector::default();
    let earlier = before.map(|before| Index::of(lines(before)));
    let (mut unplaced, mut first) = (0, String::new());
    let unread = records(bytes, &mut |record, raw| {
        let revision = record.vcs.as_ref().and_then(|vcs| vcs.revision.as_deref());
        let commit = revision.and_then(|revision| anchor.commit_of(&revision.to_ascii_lowercase()));
        let mut fits = true;
        each_part(record, &mut |part| match commit {
            Some(commit) if part.by_ai && anchor.touches(part.path) => {
                by_commit.entry(commit.to_owned()).or_default().add(
                    who(table, record, &part),
                    part.lines,
                    part.path,
                );
            }
            _ => {
                fits = false;
                if first.is_empty() {
                    first = part.path.to_owned();
                }
            }
        });
        let is_earlier = || earlier.as_ref().is_some_and(|earlier| earlier.get(raw).is_some());
        unplaced += usize::from(!fits && !is_earlier());
    });
    if unread > 0 {
        out.remark(
            RemarkCode::MalformedTrace,
            format!("{unread} records of the trace file cannot be read"),
            path,
        );
    }
    if unplaced > 0 {
        out.remark(RemarkCode::UnplacedTrace, unfit(path, unplaced), &first);
    }
    let mut found: Vec<CommitFindings> = by_commit
        .into_iter()
        .map(|(id, covered)| {
            let mut out = Collector::default();
            covered.report(&mut out, Source::Trace, path);
            CommitFindings { id, findings: out.findings, ..CommitFindings::default() }
        })
        .collect();
    if !out.remarks.is_empty() {
        found.push(CommitFindings { remarks: out.remarks, ..CommitFindings::default() });
    }
    found
}

/// Reads a note: it annotates its commit, so every record in it belongs there.
pub(super) fn read_note(table: &Table, out: &mut Collector, git_ref: &str, bytes: &[u8]) {
    let mut covered = Covered::default();
    let mut unsaid = 0;
    let unread = records(bytes, &mut |record, _| {
        each_part(record, &mut |part| {
            if part.by_ai {
                covered.add(who(table, record, &part), part.lines, part.path);
            } else {
                unsaid += 1;
            }
        });
    });
    covered.report(out, Source::Trace, git_ref);
    if unread > 0 {
        super::note::malformed(out, git_ref, &format!("{unread} of its records are no Agent Trace"), bytes);
    }
    if unsaid > 0 {
        out.remark(RemarkCode::UnplacedTrace, unfit(git_ref, unsaid), "");
    }
}

fn unfit(place: &str, records: usize) -> String {
    format!(
        "trace records in {place} ({records}) fit no commit or file of the change, or do not say who wrote"
    )
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty())
}

/// Calls `each` with every record of a document and the bytes that it stands in: one JSON value, a list of them, or one a line.
/// Returns how many could not be read.
fn records<'b>(bytes: &'b [u8], each: &mut dyn FnMut(&Record<'b>, &[u8])) -> usize {
    let mut unread = 0;
    let mut one = |record: &Record<'b>, raw: &[u8]| {
        if record.files.is_none() && record.file_path.is_none() {
            unread += 1;
        } else {
            each(record, raw);
        }
    };
    let whole = bytes.trim_ascii();
    if let Ok(record) = json::document(whole) {
        one(&record, whole);
    } else if let Ok(list) = json::document::<Vec<Record<'b>>>(whole) {
        list.iter().for_each(|record| one(record, whole));
    } else {
        let mut faults = 0;
        for line in lines(bytes) {
            match json::document(line) {
                Ok(record) => one(&record, line),
                Err(_) => faults += 1,
            }
        }
        unread += faults;
    }
    unread
}

/// A path as git writes it: forward slashes, no `./`.
fn git_path(path: &str) -> String {
    let path = path.replace('\\', "/");
    path.strip_prefix("./").map(str::to_owned).unwrap_or(path)
}

/// Tool and model of a part.
fn who(table: &Table, record: &Record<'_>, part: &Part<'_>) -> (String, Option<String>) {
    let tool = match &record.tool {
        Some(Tool { name: Some(name) }) => recorded_tool(table, name),
        _ => "unknown".to_owned(),
    };
    (tool, part.model.clone())
}

/// Calls `each` with the parts of a record that a person alone did not write.
fn each_part(record: &Record<'_>, each: &mut dyn FnMut(Part<'_>)) {
    let mut part = |path: &str, writer: Writer, model: Option<&str>, lines: u64| {
        let path = git_path(path);
        // `.shell-history`, `.sessions`, `.unknown`: places of the reference writer that are no files.
        let pseudo = matches!(path.as_str(), ".shell-history" | ".sessions" | ".unknown");
        if !pseudo && writer != Writer::Person {
            let model = model.and_then(recorded_model);
            each(Part { path: &path, by_ai: writer == Writer::Ai, model, lines });
        }
    };
    for file in record.files.iter().flatten() {
        for conversation in &file.conversations {
            let mut of = |who: Option<&Contributor>, lines| {
                let writer = who.map_or(Writer::Unsaid, Contributor::writer);
                part(&file.path, writer, who.and_then(|who| who.model_id.as_deref()), lines);
            };
            for range in &conversation.ranges {
                let who = range.contributor.as_ref().or(conversation.contributor.as_ref());
                of(who, range.end_line.saturating_sub(range.start_line).saturating_add(1));
            }
            // Lines that were only taken away have no range.
            if conversation.ranges.is_empty() {
                of(conversation.contributor.as_ref(), 0);
            }
        }
    }
    if let Some(path) = &record.file_path {
        let (from, to) = (record.start_line.unwrap_or(1), record.end_line.unwrap_or(1));
        let writer = if record.session_id.is_some() { Writer::Ai } else { Writer::Unsaid };
        part(path, writer, None, to.saturating_sub(from).saturating_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Change;

    impl Anchor for Change {
        fn commit_of(&self, revision: &str) -> Option<&str> {
            (revision == "parent").then_some("commit")
        }

        fn touches(&self, path: &str) -> bool {
            path == "src/lib/data.ts"
        }
    }

    const RECORD: &str = r#"{"version":"1.0","id":"x","vcs":{"type":"git","revision":"parent"},"tool":{"name":"cursor","version":"3"},
        "files":[{"path":"src\\lib\\data.ts","conversations":[{"url":"file://t","contributor":{"type":"ai","model_id":"anthropic/claude-opus-4-5"},
        "ranges":[{"start_line":1,"end_line":14},{"start_line":20,"end_line":20,"contributor":{"type":"human"}}]}]},
        {"path":".shell-history","conversations":[{"contributor":{"type":"ai"},"ranges":[{"start_line":1,"end_line":1}]}]}]}"#;

    fn line(text: &str) -> String {
        text.replace('\n', "")
    }

    #[test]
    fn a_record_belongs_to_the_commit_that_followed_its_revision() {
        let found = read(&Table::default(), "t.jsonl", line(RECORD).as_bytes(), None, &Change);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].id, "commit");
        let finding = &found[0].findings[0];
        assert_eq!(
            (finding.tool.as_str(), finding.model.as_deref()),
            ("cursor", Some("anthropic/claude-opus-4-5"))
        );
        assert_eq!(finding.evidence, "14 lines in src/lib/data.ts");
    }

    #[test]
    fn a_record_of_another_revision_or_another_file_is_somebody_elses() {
        for other in [RECORD.replace("parent", "elsewhere"), RECORD.replace("data.ts", "other.ts")] {
            let found = read(&Table::default(), "t.jsonl", line(&other).as_bytes(), None, &Change);
            assert!(found.iter().all(|commit| commit.findings.is_empty()), "{other}");
        }
    }

    /// The codes of what is remarked on.
    fn remarks(file: &str, before: Option<&str>) -> Vec<&'static str> {
        let found = read(&Table::default(), "t.jsonl", file.as_bytes(), before.map(str::as_bytes), &Change);
        found.iter().flat_map(|commit| &commit.remarks).map(|remark| remark.code.name()).collect()
    }

    #[test]
    fn a_record_that_the_change_brings_and_that_fits_nothing_is_remarked_on() {
        let record = line(RECORD);
        let vcs = r#""vcs":{"type":"git","revision":"parent"},"#;
        assert!(record.contains(vcs));
        let by_ai = r#""contributor":{"type":"ai","#;
        let ranges = &record[record.find(r#""ranges""#).unwrap()..record.find("}]},").unwrap()];
        for (what, file, expected) in [
            ("as it is", record.clone(), None),
            ("revision in capitals", record.replace("\"parent\"", "\"PARENT\""), None),
            ("no vcs", record.replace(vcs, ""), Some("unplaced-trace")),
            ("vcs null", record.replace(vcs, "\"vcs\":null,"), Some("unplaced-trace")),
            ("no revision", record.replace(",\"revision\":\"parent\"", ""), Some("unplaced-trace")),
            ("a commit that is gone", record.replace("\"parent\"", "\"gone\""), Some("unplaced-trace")),
            ("another system", record.replace("\"parent\"", "\"qpvuntsm\""), Some("unplaced-trace")),
            ("absolute path", record.replace("src\\\\", "/home/d/src\\\\"), Some("unplaced-trace")),
            ("another file", record.replace("data.ts", "other.ts"), Some("unplaced-trace")),
            ("by nobody who is said", record.replace(by_ai, "\"contributor\":{"), Some("unplaced-trace")),
            (
                "by unknown",
                record.replace(by_ai, "\"contributor\":{\"type\":\"unknown\","),
                Some("unplaced-trace"),
            ),
            ("AI in capitals", record.replace(by_ai, "\"contributor\":{\"type\":\"AI\","), None),
            ("by a person", record.replace(by_ai, "\"contributor\":{\"type\":\"Human\","), None),
            ("no ranges", record.replace(ranges, "\"ranges\":[]"), None),
            ("vcs a word", record.replace(vcs, "\"vcs\":\"git\","), Some("malformed-trace")),
            ("neither files nor a path", r#"{"version":"1.0","id":"x"}"#.to_owned(), Some("malformed-trace")),
        ] {
            let file = format!("{file}\n");
            assert_eq!(remarks(&file, None), Vec::from_iter(expected), "{what}");
            // What the target has already is of other changes.
            let earlier = expected.filter(|code| *code == "malformed-trace");
            assert_eq!(remarks(&file, Some(&file)), Vec::from_iter(earlier), "{what}");
            let before = format!("{file}{{}}\n");
            assert_eq!(remarks(&file, Some(&before)), Vec::from_iter(earlier), "{what}");
        }
    }

    #[test]
    fn lines_that_are_no_record_are_counted_and_the_others_read() {
        let text = format!("{}\nnot json\n{}\n", line(RECORD), line(RECORD));
        let found = read(&Table::default(), "t.jsonl", text.as_bytes(), None, &Change);
        assert_eq!(found[0].findings.len(), 1);
        assert_eq!(found[1].remarks[0].code, RemarkCode::MalformedTrace);
    }

    #[test]
    fn a_note_may_hold_one_record_many_or_flat_rows() {
        let flat = r#"{"schema":"agent-trace/v0.1.0","session_id":"s","file_path":"/abs/a.py","start_line":1,"end_line":3,"tool":"Edit"}"#;
        for (note, tool) in [(line(RECORD), "cursor"), (format!("{flat}\n{flat}\n"), "unknown")] {
            let mut out = Collector::default();
            read_note(&Table::default(), &mut out, "refs/notes/agent-trace", note.as_bytes());
            assert_eq!(out.findings.len(), 1, "{note}");
            assert_eq!(out.findings[0].tool, tool);
            assert!(out.remarks.is_empty());
        }
    }

    #[test]
    fn a_private_payload_under_the_same_ref_is_remarked_on() {
        let mut out = Collector::default();
        read_note(
            &Table::default(),
            &mut out,
            "refs/notes/agent-trace",
            br#"{"schema": "2.0", "steps": []}"#,
        );
        assert_eq!(out.remarks.len(), 1);
    }
}
