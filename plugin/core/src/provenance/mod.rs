//! What AI did, for each commit, with the evidence: messages, identities, notes, traces, checkpoints, always united.

mod agentblame;
mod checkpoint;
pub(crate) mod lines;
mod message;
mod names;
pub mod note;
mod tools;
mod trace;
pub mod trailers;
mod words;

use std::borrow::Cow;

pub(crate) use checkpoint::wanted as wanted_checkpoints;
pub(crate) use names::{ExtraTool, Table, is_app, is_machine, split_address, split_people};
pub(crate) use tools::Key;
pub(crate) use trace::{Anchor, read as read_trace};

use crate::Error;
use crate::limits::{EVIDENCE_BYTES, Steps};
use crate::model::{
    CommitFindings, Finding, Help, Ident, Rank, Remark, RemarkCode, Source, Text, Whereabouts,
};
use lines::{Lines, trim};
use names::looks_like_model;
use tools::RECORDED_AS;

/// Notes that are read, as patterns of refs; `{commit}` stands for the id of the commit.
pub(crate) const NOTES: &[&str] = &[
    "refs/notes/ai",
    "refs/notes/ai-remote/*",
    "refs/notes/ai-stash",
    "refs/notes/agentblame",
    "refs/notes/agent-trace",
    "refs/ai/authorship/{commit}",
];

/// Files of the tree that hold Agent Trace records.
pub(crate) const TRACES: &[&str] = &[".agent-trace/traces.jsonl"];

/// One commit with everything that may speak of AI in it.
pub(crate) struct Evidence<'a> {
    pub message: &'a Text<'a>,
    pub encoding: Option<&'a Text<'a>>,
    pub author: &'a Ident<'a>,
    pub committer: &'a Ident<'a>,
    /// Notes of the commit: the ref by full name, and the bytes.
    pub notes: Vec<(&'a str, &'a [u8])>,
    /// Metadata of Entire checkpoints that the message names, with their paths.
    pub checkpoints: Vec<(&'a str, &'a [u8])>,
}

/// Reads one commit.
///
/// # Errors
/// `over-limit` when the messages of this call hold more trailers than can be read.
pub(crate) fn read(table: &Table, evidence: &Evidence<'_>, steps: &Steps) -> Result<CommitFindings, Error> {
    let mut out = Collector::default();
    let author = identity(table, &mut out, "author", evidence.author);
    // Most commits are committed by their author, and then there is nothing new to find out.
    if author || !evidence.author.is_same(evidence.committer) {
        identity(table, &mut out, "committer", evidence.committer);
    }
    let text = decode(evidence.message, evidence.encoding);
    message::read(table, &text, &mut out);
    steps.take(out.cost)?;
    // Only where nothing else says that an AI was at work.
    if out.findings.is_empty() && table.is_tools_own_name(&evidence.author.name.to_str_lossy()) {
        let Ident { name, email, .. } = evidence.author;
        let author = format!("{} <{}>", name.to_str_lossy(), email.to_str_lossy());
        out.remark(RemarkCode::NamedLikeAi, message::NAMED_LIKE_AN_AI, &author);
    }
    for (git_ref, bytes) in &evidence.notes {
        note_of(table, &mut out, git_ref, bytes);
    }
    for (path, bytes) in &evidence.checkpoints {
        checkpoint::read(table, &mut out, path, bytes);
    }
    let subject = Lines::of(&text).map(|line| trim(line.text)).find(|line| !line.is_empty());
    Ok(CommitFindings {
        id: String::new(),
        subject: cut(subject.unwrap_or_default(), 100),
        findings: out.findings,
        remarks: out.remarks,
    })
}

/// The message as text. Keys and addresses are ASCII in every encoding that git commits are found in, so ISO 8859-1 is
/// read as itself and bytes of any other encoding are read as far as they are UTF-8.
fn decode<'a>(message: &'a Text<'a>, encoding: Option<&Text<'_>>) -> Cow<'a, str> {
    let latin = encoding.is_some_and(|encoding| {
        let name = encoding.to_str_lossy().to_ascii_lowercase();
        matches!(name.as_str(), "iso-8859-1" | "iso8859-1" | "latin1" | "latin-1" | "cp1252" | "windows-1252")
    });
    match message {
        Text::Bytes(bytes) if latin => Cow::Owned(bytes.iter().map(|&b| char::from(b)).collect()),
        other => other.to_str_lossy(),
    }
}

/// Says whether it is an AI's.
fn identity(table: &Table, out: &mut Collector, key: &str, ident: &Ident<'_>) -> bool {
    let (name, email) = (ident.name.to_str_lossy(), ident.email.to_str_lossy());
    let found = table.tool_of_identity(&name, trim(&email));
    if let Some((tool, _)) = found {
        out.add(Finding {
            tool: tool.to_owned(),
            model: None,
            source: Source::AuthorIdentity,
            key: key.to_owned(),
            confidence: Rank::Inferred,
            help: if key == "author" { vec![Help::Generated] } else { Vec::new() },
            place: Whereabouts::Header,
            evidence: format!("{name} <{email}>"),
        });
    }
    found.is_some()
}

/// Reads a note by the ref that it hangs on. Other refs hold people's notes.
fn note_of(table: &Table, out: &mut Collector, git_ref: &str, bytes: &[u8]) {
    let name = git_ref.strip_prefix("refs/notes/").unwrap_or(git_ref);
    if name == "ai"
        || name.starts_with("ai-remote/")
        || name == "ai-stash"
        || git_ref.starts_with("refs/ai/authorship")
    {
        note::findings(table, out, git_ref, bytes);
    } else if name == "agentblame" {
        agentblame::read(table, out, git_ref, bytes);
    } else if name == "agent-trace" {
        trace::read_note(table, out, git_ref, bytes);
    }
}

/// The id of a tool that a record names: ours where the table leads to one, else word for word.
pub(crate) fn recorded_tool(table: &Table, name: &str) -> String {
    let name = name.trim();
    let alias =
        RECORDED_AS.iter().find(|(recorded, _)| recorded.eq_ignore_ascii_case(name)).map(|(_, tool)| *tool);
    match alias.or_else(|| table.exact_name(name)) {
        Some(tool) => tool.to_owned(),
        None if name.is_empty() => "unknown".to_owned(),
        None => cut(name, 60),
    }
}

/// The checkpoints that a message names: `Entire-Checkpoint: <12 hexadecimal digits>`, as often as it stands there.
fn message_checkpoints(message: &str) -> impl Iterator<Item = &str> {
    message.lines().filter_map(|line| {
        let (key, id) = line.trim().split_once(':')?;
        let id = id.trim();
        let hex = id.len() == 12 && id.bytes().all(|b| b.is_ascii_hexdigit());
        (hex && key.eq_ignore_ascii_case("entire-checkpoint")).then_some(id)
    })
}

/// Whether an address is an AI's, an editor's default included.
pub(crate) fn is_ai(table: &Table, name: &str, email: &str) -> bool {
    match table.tool_of_identity(name, email) {
        // A name is anybody's to write: `Dev One + Claude`, `Dev One (aider)` and `claude[bot]` with Dev One's address are
        // Dev One.
        Some(_) => table.tool_of_email(email).is_some(),
        None => false,
    }
}

/// The beginning of a text, at most `bytes` long, with an ellipsis when it was cut.
pub(crate) fn cut(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let end = (0..=bytes).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default())
}

fn shorten(text: &mut String, bytes: usize) {
    if text.len() > bytes {
        *text = cut(text, bytes);
    }
}

/// Gathers findings, each once.
#[derive(Default)]
pub(crate) struct Collector {
    findings: Vec<Finding>,
    remarks: Vec<Remark>,
    models: Vec<Finding>,
    sessions: Vec<Finding>,
    denials: Vec<String>,
    /// Steps spent on trailers.
    cost: u64,
}

/// Remarks of one commit beyond this number say nothing more.
const REMARKS: usize = 100;
/// Findings of one commit beyond this number say nothing more.
const FINDINGS: usize = 200;

impl Collector {
    fn add(&mut self, mut finding: Finding) {
        finding.model.iter_mut().for_each(|model| shorten(model, 120));
        let known = self.findings.iter().any(|f| {
            f.source == finding.source
                && f.tool == finding.tool
                && f.model == finding.model
                && f.key.eq_ignore_ascii_case(&finding.key)
        });
        let new_tool = || !self.findings.iter().any(|f| f.tool == finding.tool);
        if !known && (self.findings.len() < FINDINGS || new_tool()) {
            shorten(&mut finding.evidence, EVIDENCE_BYTES);
            self.findings.push(finding);
        }
    }

    fn remark(&mut self, code: RemarkCode, message: impl Into<String>, evidence: &str) {
        // What a rule asks for is whether there is one of its kind: the first is never crowded out.
        let first = || !self.remarks.iter().any(|remark| remark.code == code);
        if self.remarks.len() < REMARKS || first() {
            self.remarks.push(Remark {
                code,
                message: message.into(),
                evidence: cut(evidence.trim(), EVIDENCE_BYTES),
            });
        }
    }

    fn declared_none(&mut self, evidence: &str) {
        self.denials.push(cut(evidence, EVIDENCE_BYTES));
    }

    /// `AI-Model`: belongs to the declaration beside it, or stands for itself.
    fn declared_model(&mut self, key: &str, model: &str, evidence: String, place: Whereabouts) {
        self.models.push(Finding {
            tool: "unknown".into(),
            model: Some(model.to_owned()),
            source: Source::Trailer,
            key: key.to_owned(),
            confidence: Rank::Declared,
            help: Vec::new(),
            place,
            evidence,
        });
    }

    fn deferred_session(&mut self, tool: &str, key: &str, evidence: String, place: Whereabouts) {
        self.sessions.push(Finding {
            tool: tool.to_owned(),
            model: None,
            source: Source::Trailer,
            key: key.to_owned(),
            confidence: Rank::Declared,
            help: Vec::new(),
            place,
            evidence,
        });
    }

    fn settle_models(&mut self) {
        for model in std::mem::take(&mut self.models) {
            let declaration = self.findings.iter_mut().rev().find(|f| {
                f.source == Source::Trailer
                    && f.model.is_none()
                    && f.confidence == Rank::Declared
                    && !f.key.eq_ignore_ascii_case("signed-off-by")
            });
            match declaration {
                Some(finding) => finding.model = model.model,
                None => self.add(model),
            }
        }
    }

    fn settle_sessions(&mut self) {
        for session in std::mem::take(&mut self.sessions) {
            if !self.findings.iter().any(|f| f.tool == session.tool) {
                self.add(session);
            }
        }
    }

    fn settle_denials(&mut self) {
        for denial in std::mem::take(&mut self.denials) {
            if self.findings.is_empty() {
                self.remark(RemarkCode::DeclaredNone, "the author declares that no AI was used", &denial);
            } else {
                self.remark(
                    RemarkCode::DeclarationContradicted,
                    "the author declares that no AI was used, and the commit says otherwise; the evidence counts",
                    &denial,
                );
            }
        }
    }
}

/// The model that a record names, unless it says only that it does not know.
fn recorded_model(model: &str) -> Option<String> {
    let bare = model.trim().trim_matches('"');
    let says_nothing = matches!(bare, "" | "unknown" | "default" | "auto" | "<synthetic>");
    (!says_nothing || looks_like_model(bare)).then(|| model.trim().to_owned())
}
