//! Notes of agentblame in `refs/notes/agentblame`: JSON, snake case in version 1 and camel case in version 2.

use std::borrow::Cow;

use super::note::{Covered, malformed};
use super::{Collector, recorded_model, recorded_tool};
use crate::model::Source;
use crate::model::json::{self, object};
use crate::provenance::names::Table;

#[derive(Default)]
struct Note<'a> {
    attributions: Vec<Attribution<'a>>,
}

object!(Note<'a> {
    "attributions" => attributions required,
});

#[derive(Default)]
struct Attribution<'a> {
    path: Cow<'a, str>,
    start_line: u64,
    end_line: u64,
    start: u64,
    end: u64,
    category: Option<Cow<'a, str>>,
    provider: Option<Cow<'a, str>>,
    model: Option<Cow<'a, str>>,
}

object!(Attribution<'a> {
    "path" => path required,
    "start_line" => start_line,
    "end_line" => end_line,
    "startLine" => start,
    "endLine" => end,
    "category" => category,
    "provider" => provider,
    "model" => model,
});

impl Attribution<'_> {
    /// How many lines, by the names of either version.
    fn lines(&self) -> u64 {
        let (start, end) = (self.start_line.max(self.start), self.end_line.max(self.end));
        end.saturating_sub(start).saturating_add(1)
    }
}

/// Reads the findings of a note.
pub(super) fn read(table: &Table, out: &mut Collector, git_ref: &str, bytes: &[u8]) {
    let note: Note<'_> = match json::document(bytes) {
        Ok(note) => note,
        Err(e) => return malformed(out, git_ref, &e, bytes),
    };
    let mut covered = Covered::default();
    for line in &note.attributions {
        // Version 2 records only what an AI wrote and leaves the category out.
        let by_a_person =
            |category: &str| category.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("human"));
        if line.category.as_deref().is_some_and(by_a_person) {
            continue;
        }
        let tool = recorded_tool(table, line.provider.as_deref().unwrap_or_default());
        let model = line.model.as_deref().and_then(recorded_model);
        let lines = line.lines();
        covered.add((tool, model), lines, &line.path);
    }
    covered.report(out, Source::Note, git_ref);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_not_by_a_person_counts_and_another_json_is_malformed() {
        let line = |category: &str| format!(r#"{{"attributions":[{{"path":"a","category":"{category}"}}]}}"#);
        for (note, expected) in [
            (line("human"), ""),
            (line("Human_edited"), ""),
            (line("AI_GENERATED"), "unknown"),
            (line("mixed"), "unknown"),
            (r#"{"attributions":[]}"#.to_owned(), ""),
            (r#"{"v":1,"f":{"a":[{"s":"agent|cursor(gpt-5.4)","l":[1,40]}]}}"#.to_owned(), "?malformed-note"),
            ("{}".to_owned(), "?malformed-note"),
        ] {
            let mut out = Collector::default();
            read(&Table::default(), &mut out, "refs/notes/agentblame", note.as_bytes());
            let remarks = out.remarks.iter().map(|remark| format!("?{}", remark.code.name()));
            let said: Vec<_> = out.findings.iter().map(|found| found.tool.clone()).chain(remarks).collect();
            assert_eq!(said.concat(), expected, "{note}");
        }
    }

    #[test]
    fn both_versions_are_read() {
        for note in [
            r#"{"version":1,"attributions":[{"path":"a","start_line":1,"end_line":4,"category":"ai_generated","provider":"claude_code","model":"opus"},
                {"path":"b","start_line":1,"end_line":4,"category":"human"}]}"#,
            r#"{"version":2,"attributions":[{"path":"a","startLine":1,"endLine":4,"contentHash":"x","provider":"claudeCode","model":"opus"}]}"#,
        ] {
            let mut out = Collector::default();
            read(&Table::default(), &mut out, "refs/notes/agentblame", note.as_bytes());
            assert_eq!(out.findings.len(), 1);
            assert_eq!(
                (out.findings[0].tool.as_str(), out.findings[0].evidence.as_str()),
                ("claude-code", "4 lines in a")
            );
        }
    }
}
