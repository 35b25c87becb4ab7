//! Notes of agentblame in `refs/notes/agentblame`: JSON, snake case in version 1 and camel case in version 2.

use serde::Deserialize;

use super::note::{Covered, malformed};
use super::{Collector, recorded_model, recorded_tool};
use crate::model::Source;
use crate::provenance::names::Table;

#[derive(Deserialize)]
struct Note<'a> {
    #[serde(borrow, default)]
    attributions: Vec<Attribution<'a>>,
}

#[derive(Deserialize)]
struct Attribution<'a> {
    #[serde(borrow)]
    path: std::borrow::Cow<'a, str>,
    #[serde(alias = "startLine", default)]
    start_line: u64,
    #[serde(alias = "endLine", default)]
    end_line: u64,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    provider: Option<String>,
    #[serde(default)]
    model: Option<String>,
}

/// Reads the findings of a note.
pub(super) fn read(table: &Table, out: &mut Collector, git_ref: &str, bytes: &[u8]) {
    let note: Note<'_> = match serde_json::from_slice(bytes) {
        Ok(note) => note,
        Err(e) => return malformed(out, git_ref, &e.to_string(), bytes),
    };
    let mut covered = Covered::default();
    for line in &note.attributions {
        // Version 2 records only what an AI wrote and leaves the category out.
        if line.category.as_deref().is_some_and(|category| !category.starts_with("ai")) {
            continue;
        }
        let tool = recorded_tool(table, line.provider.as_deref().unwrap_or_default());
        let model = line.model.as_deref().and_then(recorded_model);
        let lines = line.end_line.saturating_sub(line.start_line).saturating_add(1);
        covered.add((tool, model), lines, &line.path);
    }
    covered.report(out, Source::Note, git_ref);
}

#[cfg(test)]
mod tests {
    use super::*;

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
