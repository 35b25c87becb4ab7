//! Agent Trace records: files in the tree, notes, one JSON a line; and the forms that real files have besides.
//!
//! A record's revision is what HEAD named while the agent edited, so mostly the parent of the commit that the edit
//! became. A record therefore belongs to the change when its revision is one of the change's commits or of their
//! parents and its path is one of the change's files.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::note::{Anything, Covered};
use super::{Collector, recorded_model, recorded_tool};
use crate::model::json::{self, Fault, Json, Key, Read, object};
use crate::model::{CommitFindings, RemarkCode, Source};
use crate::provenance::names::Table;

/// A record as the specification has it, and the flat rows that other writers leave under the same name.
#[derive(Default)]
struct Record<'a> {
    vcs: Option<Vcs<'a>>,
    tool: Option<Tool>,
    files: Vec<File<'a>>,
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

impl Contributor {
    fn is_ai(&self) -> bool {
        matches!(self.kind.as_deref(), Some("ai" | "mixed"))
    }
}

/// What ties records to a change.
pub(crate) trait Anchor {
    /// The commit of the change that a record of this revision belongs to.
    fn commit_of(&self, revision: &str) -> Option<&str>;
    /// Whether the change touches this path; a path outside the repository never.
    fn touches(&self, path: &str) -> bool;
}

/// Reads a trace file of the tree: the findings of each commit of the change, and what could not be read.
pub(crate) fn read(table: &Table, path: &str, bytes: &[u8], anchor: &dyn Anchor) -> Vec<CommitFindings> {
    let mut by_commit: BTreeMap<String, Covered> = BTreeMap::new();
    let mut out = Collector::default();
    let unread = records(bytes, |record| {
        let Some(commit) =
            record.vcs.as_ref().and_then(|vcs| vcs.revision.as_deref()).and_then(|r| anchor.commit_of(r))
        else {
            return;
        };
        let covered = by_commit.entry(commit.to_owned()).or_default();
        cover(table, record, covered, &|path| anchor.touches(path));
    });
    if unread > 0 {
        out.remark(
            RemarkCode::MalformedTrace,
            format!("{unread} records of the trace file cannot be read"),
            path,
        );
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
    let unread = records(bytes, |record| cover(table, record, &mut covered, &|_| true));
    covered.report(out, Source::Trace, git_ref);
    if unread > 0 {
        super::note::malformed(out, git_ref, &format!("{unread} of its records are no Agent Trace"), bytes);
    }
}

/// Calls `each` with every record of a document: one JSON value, a list of them, or one a line. Returns how many could
/// not be read.
fn records(bytes: &[u8], mut each: impl FnMut(&Record<'_>)) -> usize {
    if let Ok(record) = json::document::<Record<'_>>(bytes) {
        let empty = record.files.is_empty() && record.file_path.is_none();
        each(&record);
        return usize::from(empty);
    }
    if let Ok(list) = json::document::<Vec<Record<'_>>>(bytes) {
        list.iter().for_each(&mut each);
        return 0;
    }
    let mut unread = 0;
    for line in bytes.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
        match json::document::<Record<'_>>(line) {
            Ok(record) => each(&record),
            Err(_) => unread += 1,
        }
    }
    unread
}

/// A path as git writes it: forward slashes, no `./`.
fn git_path(path: &str) -> String {
    let path = path.replace('\\', "/");
    path.strip_prefix("./").map(str::to_owned).unwrap_or(path)
}

fn cover(table: &Table, record: &Record<'_>, covered: &mut Covered, touches: &dyn Fn(&str) -> bool) {
    let tool = match &record.tool {
        Some(Tool { name: Some(name) }) => recorded_tool(table, name),
        _ => "unknown".to_owned(),
    };
    let mut add = |model: Option<String>, path: &str, lines: u64| {
        let path = git_path(path);
        // `.shell-history`, `.sessions`, `.unknown`: places of the reference writer that are no files.
        let pseudo = matches!(path.as_str(), ".shell-history" | ".sessions" | ".unknown");
        if !pseudo && touches(&path) {
            covered.add((tool.clone(), model), lines, &path);
        }
    };
    for file in &record.files {
        for conversation in &file.conversations {
            for range in &conversation.ranges {
                let who = range.contributor.as_ref().or(conversation.contributor.as_ref());
                if let Some(who) = who.filter(|who| who.is_ai()) {
                    let model = who.model_id.as_deref().and_then(recorded_model);
                    add(model, &file.path, range.end_line.saturating_sub(range.start_line).saturating_add(1));
                }
            }
        }
    }
    if let (Some(path), Some(_)) = (&record.file_path, &record.session_id) {
        let (from, to) = (record.start_line.unwrap_or(1), record.end_line.unwrap_or(1));
        add(None, path, to.saturating_sub(from).saturating_add(1));
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
        let found = read(&Table::default(), "t.jsonl", line(RECORD).as_bytes(), &Change);
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
            let found = read(&Table::default(), "t.jsonl", line(&other).as_bytes(), &Change);
            assert!(found.iter().all(|commit| commit.findings.is_empty()), "{other}");
        }
    }

    #[test]
    fn lines_that_are_no_record_are_counted_and_the_others_read() {
        let text = format!("{}\nnot json\n{}\n", line(RECORD), line(RECORD));
        let found = read(&Table::default(), "t.jsonl", text.as_bytes(), &Change);
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
