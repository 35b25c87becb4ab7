//! Notes in which tools say, each in a JSON of its own, how much an AI wrote or in which session: Qwen Code, Kiro, whogitit,
//! srctrace, Claudit, Shiftlog.
//!
//! They agree on little but how they name things, so that is what is read: a number above 0 under a key with `ai` in it
//! (`aiChars`, `ai_lines`), a source that is an AI (`"source": "AI"`, `"s": "agent|cursor(gpt-5)"`), a session.

use std::borrow::Cow;

use super::note::malformed;
use super::{Collector, FINDINGS, recorded_model, recorded_tool};
use crate::model::json::{self, Fault, Json, Read};
use crate::model::{Finding, Rank, Source, Whereabouts};
use crate::provenance::names::Table;

/// The parts of a note that tell who made how much.
#[derive(Default)]
struct Note {
    tool: Option<String>,
    model: Option<String>,
    session: Option<String>,
    /// It counts or names sources, if only people.
    has_shares: bool,
    /// What an AI did, word for word, and behind it how the note calls that AI where it says so at this place.
    shares: Vec<(String, String)>,
}

impl<'de> Read<'de> for Note {
    fn read(&mut self, json: &mut Json<'de>) -> Result<(), Box<Fault>> {
        self.value("", json)
    }
}

impl Note {
    fn value(&mut self, key: &str, json: &mut Json<'_>) -> Result<(), Box<Fault>> {
        match json.peek() {
            Some(b'{') => json.entries(&mut |inner, json| {
                // `"model": { "id": ... }`
                let inner = if key == "model" && inner == "id" { key } else { inner };
                self.value(inner, json)
            }),
            Some(b'[') => json.list(&mut |json| self.value(key, json)),
            Some(b'"') => {
                self.word(key, &json.string()?);
                Ok(())
            }
            Some(b'-' | b'0'..=b'9') => {
                let number = json.number_in_words()?;
                if names_ai(key) {
                    self.has_shares = true;
                    if is_above_zero(number) {
                        self.share(format!("{key}: {number}"), "");
                    }
                }
                Ok(())
            }
            _ => json.skip(),
        }
    }

    fn word(&mut self, key: &str, word: &str) {
        let place = match key {
            "generator" | "tool" | "agent" => &mut self.tool,
            "model" | "model_id" => &mut self.model,
            "session_id" => &mut self.session,
            "s" | "source" => {
                self.has_shares = true;
                let (who, name) = word.split_once('|').unwrap_or((word, ""));
                if names_ai(who) || ["agent", "mixed"].iter().any(|ai| who.eq_ignore_ascii_case(ai)) {
                    self.share(format!("{key}: {word}"), name);
                }
                return;
            }
            _ => return,
        };
        if !word.trim().is_empty() {
            place.get_or_insert_with(|| word.to_owned());
        }
    }

    fn share(&mut self, evidence: String, name: &str) {
        if self.shares.len() < FINDINGS && !self.shares.iter().any(|(_, known)| known == name) {
            self.shares.push((evidence, name.to_owned()));
        }
    }
}

/// Whether one of the words that a name is made of is `ai`: `ai_lines`, `totalAiChars`, `AIModified`.
fn names_ai(name: &str) -> bool {
    let name = name.as_bytes();
    name.windows(2).enumerate().any(|(at, two)| {
        let before = at.checked_sub(1).and_then(|at| name.get(at));
        let begins = before
            .is_none_or(|b| !b.is_ascii_alphabetic() || (b.is_ascii_lowercase() && two.starts_with(b"A")));
        two.eq_ignore_ascii_case(b"ai") && begins && name.get(at + 2).is_none_or(|b| !b.is_ascii_lowercase())
    })
}

/// Whether a number of JSON is above 0.
fn is_above_zero(number: &str) -> bool {
    let digits = number.split(['e', 'E']).next().unwrap_or(number);
    !digits.starts_with('-') && digits.bytes().any(|b| matches!(b, b'1'..=b'9'))
}

/// What a tool keeps under its ref.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// How much an AI wrote.
    Shares,
    /// The session in which an AI worked.
    Session,
}

/// Reads the findings of a note of `tool`, unless it names another.
pub(super) fn read(
    table: &Table,
    out: &mut Collector,
    git_ref: &str,
    (kept, tool): (Kept, &str),
    bytes: &[u8],
) {
    let note: Note = match json::document(bytes) {
        Ok(note) => note,
        Err(e) => return malformed(out, git_ref, &e, bytes),
    };
    let shares = match (kept, note.session) {
        (Kept::Shares, _) if note.has_shares => note.shares,
        (Kept::Session, Some(session)) => vec![(format!("session {session}"), String::new())],
        _ => {
            return malformed(
                out,
                git_ref,
                "it says neither how much an AI wrote nor in which session",
                bytes,
            );
        }
    };
    let named = note.tool.map_or(Cow::Borrowed(tool), |name| recorded_tool(table, &name).into());
    for (evidence, name) in shares {
        let here = table.read(&name);
        out.add(Finding {
            tool: match &here.tool {
                Some(tool) => tool.to_string(),
                None if name.is_empty() => named.to_string(),
                None => recorded_tool(table, &name),
            },
            model: here.model.or(note.model.as_deref()).and_then(recorded_model),
            source: Source::Note,
            key: git_ref.to_owned(),
            confidence: Rank::Attested,
            help: Vec::new(),
            place: Whereabouts::Record,
            evidence,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kept: Kept, note: &str) -> Vec<String> {
        let mut out = Collector::default();
        read(&Table::default(), &mut out, "refs/notes/x", (kept, "unknown"), note.as_bytes());
        let model =
            |found: &Finding| found.model.as_ref().map(|model| format!("/{model}")).unwrap_or_default();
        let findings = out.findings.iter().map(|found| format!("{}{}", found.tool, model(found)));
        findings.chain(out.remarks.iter().map(|remark| format!("?{}", remark.code.name()))).collect()
    }

    #[test]
    fn how_much_an_ai_wrote_is_read_in_each_tools_own_words() {
        for (note, expected) in [
            (
                r#"{"version":1,"generator":"Qwen-Coder","files":{"a":{"aiChars":150,"humanChars":50}}}"#,
                &["qwen-code"][..],
            ),
            (r#"{"version":1,"generator":"Qwen-Coder","files":{"a":{"aiChars":0,"humanChars":50}}}"#, &[]),
            (
                r#"{"attribution_state":"measured","ai_lines":85,"human_lines":12,"ai_files":["a.py"]}"#,
                &["unknown"],
            ),
            (r#"{"attribution_state":"measured","ai_lines":0,"human_lines":12,"ai_files":[]}"#, &[]),
            (r#"{"summary":{"aiPercent":0.5}}"#, &["unknown"]),
            (r#"{"summary":{"aiPercent":0.0}}"#, &[]),
            (
                r#"{"v":1,"f":{"a":[{"s":"agent|cursor(gpt-5.4)","l":[1,40]},{"s":"human|dana","l":[41,41]}]}}"#,
                &["cursor/gpt-5.4"],
            ),
            (r#"{"v":1,"f":{"a":[{"s":"human|dana","l":[1,40]}]}}"#, &[]),
            (
                r#"{"session":{"model":{"id":"claude-opus-4-6"}},"files":[{"path":"a","lines":[{"source":"AI"}]}]}"#,
                &["unknown/claude-opus-4-6"],
            ),
            (r#"{"files":[{"lines":[{"source":"Human"},{"source":"AIModified"}]}]}"#, &["unknown"]),
            (
                r#"{"files":[{"lines":[{"source":"Human"}],"summary":{"ai_lines":0,"ai_modified_lines":3}}]}"#,
                &["unknown"],
            ),
        ] {
            assert_eq!(said(Kept::Shares, note), expected, "{note}");
        }
    }

    #[test]
    fn a_session_is_evidence_by_itself() {
        for (note, expected) in [
            (r#"{"session_id":"6b1f","transcript":"..."}"#, "unknown"),
            (r#"{"version":1,"session_id":"6b1f","agent":"codex","model":"gpt-5.4"}"#, "codex/gpt-5.4"),
        ] {
            assert_eq!(said(Kept::Session, note), [expected], "{note}");
        }
    }

    #[test]
    fn what_says_neither_is_malformed() {
        for note in
            ["{}", "", "rubbish", "[1]", "7", r#"{"x":1}"#, r#"{"ai_lines":"#, r#"{"email":3,"aid":4}"#]
        {
            for kept in [Kept::Shares, Kept::Session] {
                assert_eq!(said(kept, note), ["?malformed-note"], "{note}");
            }
        }
    }
}
