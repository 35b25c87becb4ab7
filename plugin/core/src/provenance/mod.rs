//! What AI did, for each commit, with the evidence: messages, identities, notes, traces, checkpoints, always united.

mod agentblame;
mod checkpoint;
mod denials;
mod encoding;
pub(crate) mod lines;
mod links;
mod marker;
mod markup;
mod message;
mod names;
pub mod note;
mod parts;
mod prose;
mod shares;
pub(crate) mod structure;
mod tools;
mod trace;
pub mod trailers;
mod words;

pub(crate) use checkpoint::wanted as wanted_checkpoints;
pub(crate) use encoding::is_read as is_read_encoding;
pub(crate) use names::{ExtraTool, Table, is_app, is_machine, split_address, tool_called, tool_like};
pub(crate) use trace::{Anchor, read as read_trace};

use std::borrow::Cow;
use std::cell::LazyCell;
use std::sync::Arc;

use crate::Error;
use crate::limits::{EVIDENCE_BYTES, Steps};
use crate::model::{
    CommitFindings, Finding, Help, Ident, Rank, Remark, RemarkCode, Source, Text, Whereabouts,
};
use crate::order::{same, start_of};
use crate::wellknown;
use lines::{Lines, trim};
use names::looks_like_model;
use shares::Kept;
use tools::{Key, RECORDED_AS};

/// Notes that are read, as patterns of refs, and by whom. `*` stands for one part of a name, `{commit}` for the id of the
/// commit.
const NOTES: &[(&str, Reader)] = &[
    ("refs/notes/ai", Reader::Authorship),
    ("refs/notes/ai-remote/*", Reader::Authorship),
    ("refs/notes/ai-stash", Reader::Authorship),
    ("refs/notes/exceeds-ink", Reader::Authorship),
    ("refs/ai/authorship/{commit}", Reader::Authorship),
    ("refs/notes/agentblame", Reader::AgentBlame),
    ("refs/notes/agent-trace", Reader::AgentTrace),
    ("refs/notes/ai-attribution", Reader::Json(Kept::Shares, "unknown")),
    ("refs/notes/kiro", Reader::Json(Kept::Shares, "kiro")),
    ("refs/notes/whogitit", Reader::Json(Kept::Shares, "claude-code")),
    ("refs/notes/srctrace/attribution", Reader::Json(Kept::Shares, "unknown")),
    ("refs/notes/claude-conversations", Reader::Json(Kept::Session, "claude-code")),
    ("refs/notes/shiftlog", Reader::Json(Kept::Session, "unknown")),
    ("refs/notes/commits", Reader::Words),
];

/// Who reads the notes under a ref.
#[derive(Debug, Clone, Copy)]
enum Reader {
    /// git-ai's authorship log.
    Authorship,
    AgentBlame,
    AgentTrace,
    /// A tool's own JSON; the tool where the note does not name it.
    Json(Kept, &'static str),
    /// What people write: git's own ref for it.
    Words,
}

/// The refs whose notes are read, as patterns; each also where a clone keeps those of a remote, a folder further down.
pub(crate) fn note_patterns() -> Vec<String> {
    let own = NOTES.iter().map(|(pattern, _)| (*pattern).to_owned());
    let of_remote = NOTES.iter().filter_map(|(pattern, _)| pattern.strip_prefix(wellknown::NOTES));
    own.chain(of_remote.map(|name| format!("{}*/{name}", wellknown::NOTES))).collect()
}

/// Who reads the notes under a ref; nobody those under a ref of another name.
fn reader_of(git_ref: &str) -> Option<Reader> {
    let fits = |pattern: &str, name: &str| {
        let (mut pattern, mut name) = (pattern.split('/'), name.split('/'));
        loop {
            match (pattern.next(), name.next()) {
                (None, None) => return true,
                (Some("*" | "{commit}"), Some(_)) => {}
                (Some(part), Some(here)) if part == here => {}
                _ => return false,
            }
        }
    };
    let of_remote = git_ref.strip_prefix(wellknown::NOTES).and_then(|name| name.split_once('/'));
    let own = NOTES.iter().find(|(pattern, _)| fits(pattern, git_ref));
    let found = own.or_else(|| {
        let (_, name) = of_remote?;
        NOTES
            .iter()
            .find(|(pattern, _)| pattern.strip_prefix(wellknown::NOTES).is_some_and(|p| fits(p, name)))
    });
    found.map(|(_, reader)| *reader)
}

/// Files of the tree that hold Agent Trace records.
pub(crate) const TRACES: &[&str] = &[".agent-trace/traces.jsonl"];

/// Where writers of such records keep their files.
pub(crate) const TRACES_FOLDER: &[u8] = b".agent-trace/";

/// One commit with everything that may speak of AI in it.
pub(crate) struct Evidence<'a, 'i> {
    pub message: &'a Text<'a>,
    pub encoding: Option<&'a Text<'a>>,
    pub author: &'i Ident<'i>,
    pub committer: &'i Ident<'i>,
    /// Notes of the commit: the ref by full name, and the bytes.
    pub notes: Vec<(&'a str, &'a [u8])>,
    /// Metadata of Entire checkpoints that the message names, with their paths.
    pub checkpoints: Vec<(&'a str, &'a [u8])>,
}

/// What one commit says.
pub(crate) struct Reading<'a> {
    /// Whom the message names as having written the commit with its author, each with name and address.
    pub authors: Vec<(String, String)>,
    findings: Vec<Arc<Finding>>,
    remarks: Vec<Remark>,
    /// The message, decoded.
    message: Cow<'a, str>,
}

impl Reading<'_> {
    /// Whether the commit says nothing of AI, as most do.
    pub fn is_silent(&self) -> bool {
        self.findings.is_empty() && self.remarks.is_empty()
    }

    /// What the commit says, under its id.
    pub fn under(self, id: String) -> CommitFindings {
        let subject = Lines::of(&self.message).map(|line| trim(line.text)).find(|line| !line.is_empty());
        let subject = cut(subject.unwrap_or_default(), 100);
        CommitFindings { id, subject, findings: self.findings, remarks: self.remarks }
    }
}

/// What the commits before said. A change has many commits and few people, and whoever writes a trailer writes it again.
#[derive(Default)]
pub(crate) struct Met<'i> {
    /// Authors and committers of whom there was nothing to say, each with how the address begins: most people differ in that.
    idents: Vec<(u64, &'i Ident<'i>)>,
    trailers: Trailers,
}

/// How many people back somebody is recognised, and how many trailers are remembered.
const MET: usize = 16;

impl Met<'_> {
    fn has(&self, ident: &Ident<'_>) -> bool {
        let start = start_of(ident.email.as_bytes());
        self.idents.iter().rev().take(MET).any(|(s, before)| *s == start && before.is_same(ident))
    }
}

/// The first trailers with keys that the table knows.
#[derive(Default)]
struct Trailers(Vec<MetTrailer>);

/// A trailer, and what was gathered from it.
struct MetTrailer {
    key: String,
    value: String,
    kind: Key,
    said: Collector,
}

impl Trailers {
    fn is_full(&self) -> bool {
        self.0.len() == MET
    }

    fn find(&self, key: &str, value: &str) -> Option<&MetTrailer> {
        self.0.iter().find(|met| same(met.value.as_bytes(), value.as_bytes()) && met.key == key)
    }
}

/// Reads one commit.
///
/// # Errors
/// `over-limit` when the messages of this call hold more trailers than can be read.
pub(crate) fn read<'a, 'i>(
    table: &Table,
    evidence: &Evidence<'a, 'i>,
    met: &mut Met<'i>,
    steps: &Steps,
) -> Result<Reading<'a>, Error> {
    let mut out = Collector::default();
    let author = identity(table, &mut out, met, "author", evidence.author);
    // Most commits are committed by their author, and then there is nothing new to find out.
    if author || !evidence.author.is_same(evidence.committer) {
        identity(table, &mut out, met, "committer", evidence.committer);
    }
    let text = encoding::decode(evidence.message, evidence.encoding);
    if let Some(encoding) = evidence.encoding.filter(|encoding| !encoding::is_read(Some(encoding))) {
        out.remark(RemarkCode::UnreadMessage, UNREAD_MESSAGE, &encoding.to_str_lossy());
    }
    message::read(table, &mut met.trailers, &text, &mut out);
    // Only where nothing else says that an AI was at work.
    if out.findings.is_empty() && table.is_tools_own_name(&evidence.author.name.to_str_lossy()) {
        let Ident { name, email, .. } = evidence.author;
        let author = format!("{} <{}>", name.to_str_lossy(), email.to_str_lossy());
        out.remark(RemarkCode::NamedLikeAi, message::NAMED_LIKE_AN_AI, &author);
    }
    for (git_ref, bytes) in &evidence.notes {
        note_of(table, &mut met.trailers, &mut out, git_ref, bytes);
    }
    for (path, bytes) in &evidence.checkpoints {
        checkpoint::read(table, &mut out, path, bytes);
    }
    steps.take(out.cost)?;
    Ok(Reading { authors: out.authors, findings: out.findings, remarks: out.remarks, message: text })
}

/// Said of a message in an encoding that is not read.
const UNREAD_MESSAGE: &str = "the message is in an encoding that is not read; commit it anew in UTF-8";

/// Says whether it is an AI's.
fn identity<'i>(
    table: &Table,
    out: &mut Collector,
    met: &mut Met<'i>,
    key: &str,
    ident: &'i Ident<'i>,
) -> bool {
    if met.has(ident) {
        return false;
    }
    let (name, email) = (ident.name.to_str_lossy(), ident.email.to_str_lossy());
    let found = table.tool_of_identity(&name, trim(&email)).map(|(tool, _)| (tool, None));
    // A model's name with a person's address.
    let named = if found.is_none() { table.model_with_version(&name) } else { None };
    let found = found
        .or_else(|| named.as_ref().map(|named| (named.tool.as_deref().unwrap_or("unknown"), named.model)));
    if found.is_none() && is_app(trim(&email)) && names::is_unknown_machine(&email) {
        out.remark(RemarkCode::UnknownBot, message::UNKNOWN_BOT, &format!("{name} <{email}>"));
    } else if found.is_none() && names::is_called_ai(&name, &email) {
        out.remark(RemarkCode::NamedLikeAi, message::NAMED_LIKE_AN_AI, &format!("{name} <{email}>"));
    } else if found.is_none() {
        met.idents.push((start_of(ident.email.as_bytes()), ident));
    }
    if let Some((tool, model)) = found {
        out.add(Finding {
            tool: tool.to_owned(),
            model: model.map(str::to_owned),
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

/// Reads a note by the ref that it hangs on. Of a note under another ref it is only known that there is one.
fn note_of(table: &Table, met: &mut Trailers, out: &mut Collector, git_ref: &str, bytes: &[u8]) {
    let json = bytes.trim_ascii_start().starts_with(b"{");
    match reader_of(git_ref) {
        Some(Reader::Authorship) => note::findings(table, out, git_ref, bytes),
        Some(Reader::AgentBlame) => agentblame::read(table, out, git_ref, bytes),
        Some(Reader::AgentTrace) => trace::read_note(table, out, git_ref, bytes),
        // Some write git-ai's form under refs of their own.
        Some(Reader::Json(Kept::Shares, _)) if !json => note::findings(table, out, git_ref, bytes),
        Some(Reader::Json(kept, tool)) => shares::read(table, out, git_ref, (kept, tool), bytes),
        Some(Reader::Words) if !json => words_of(table, met, out, git_ref, bytes),
        Some(Reader::Words) | None => {
            let why = format!("there is a note in {git_ref}, which no table knows, so it was not read");
            out.remark(RemarkCode::UnknownNote, why, "");
        }
    }
}

/// Reads what somebody wrote in a note as a message is read. Whoever may push notes can have written it, so it declares nothing.
fn words_of(table: &Table, met: &mut Trailers, out: &mut Collector, git_ref: &str, bytes: &[u8]) {
    let mut note = Collector::default();
    message::read(table, met, &String::from_utf8_lossy(bytes), &mut note);
    out.cost += note.cost;
    for finding in note.findings {
        let (source, place) = (Source::Note, Whereabouts::Record);
        let finding = Arc::unwrap_or_clone(finding);
        out.add(Finding { source, place, confidence: Rank::Inferred, key: git_ref.to_owned(), ..finding });
    }
    for Remark { code, message, evidence } in note.remarks {
        if code.is_suspicion() {
            out.remark(code, message, &evidence);
        }
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
    findings: Vec<Arc<Finding>>,
    remarks: Vec<Remark>,
    /// Each with whether it says something only beside another.
    models: Vec<(Finding, bool)>,
    sessions: Vec<(Finding, bool)>,
    denials: Vec<String>,
    /// Whom the message names as authors, each with name and address.
    authors: Vec<(String, String)>,
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
        shorten(&mut finding.evidence, EVIDENCE_BYTES);
        self.keep(Arc::new(finding));
    }

    fn keep(&mut self, finding: Arc<Finding>) {
        let known = self.findings.iter().any(|f| {
            f.source == finding.source
                && f.tool == finding.tool
                && f.model == finding.model
                && f.key.eq_ignore_ascii_case(&finding.key)
        });
        let new_tool = || !self.findings.iter().any(|f| f.tool == finding.tool);
        if !known && (self.findings.len() < FINDINGS || new_tool()) {
            self.findings.push(finding);
        }
    }

    fn remark(&mut self, code: RemarkCode, message: impl Into<String>, evidence: &str) {
        if self.has_room(code) {
            let evidence = cut(evidence.trim(), EVIDENCE_BYTES);
            self.remarks.push(Remark { code, message: message.into(), evidence });
        }
    }

    /// What a rule asks for is whether there is one of its kind: the first is never crowded out.
    fn has_room(&self, code: RemarkCode) -> bool {
        self.remarks.len() < REMARKS || !self.remarks.iter().any(|remark| remark.code == code)
    }

    /// Gathers what a trailer says once more, as it stands here.
    fn repeat(&mut self, said: &Collector, place: &dyn Fn() -> Whereabouts) {
        let place = LazyCell::new(place);
        let here = |finding: &Finding| Finding { place: *place, ..finding.clone() };
        for finding in &said.findings {
            // Mostly it stands as it stood before, and then nothing is copied.
            let as_before = finding.place == *place;
            self.keep(if as_before { Arc::clone(finding) } else { Arc::new(here(finding)) });
        }
        for remark in &said.remarks {
            if self.has_room(remark.code) {
                self.remarks.push(remark.clone());
            }
        }
        self.models.extend(said.models.iter().map(|(model, beside)| (here(model), *beside)));
        self.sessions.extend(said.sessions.iter().map(|(session, beside)| (here(session), *beside)));
        self.denials.extend_from_slice(&said.denials);
        self.authors.extend_from_slice(&said.authors);
    }

    /// Somebody is named as having written the commit with its author.
    fn author(&mut self, address: &names::Address<'_>) {
        if let Some(email) = address.email {
            self.authors.push((address.name.to_owned(), email.to_owned()));
        }
    }

    fn declared_none(&mut self, evidence: &str) {
        self.denials.push(cut(evidence, EVIDENCE_BYTES));
    }

    /// `AI-Model`: belongs to the declaration beside it, or stands for itself; `Model` only the former.
    fn declared_model(&mut self, key: &str, model: &str, beside: bool, evidence: String, place: Whereabouts) {
        let model_alone = Finding {
            tool: "unknown".into(),
            model: Some(model.to_owned()),
            source: Source::Trailer,
            key: key.to_owned(),
            confidence: Rank::Declared,
            help: Vec::new(),
            place,
            evidence,
        };
        self.models.push((model_alone, beside));
    }

    fn deferred_session(
        &mut self,
        tool: &str,
        key: &str,
        beside: bool,
        evidence: String,
        place: Whereabouts,
    ) {
        let session = Finding {
            tool: tool.to_owned(),
            model: None,
            source: Source::Trailer,
            key: key.to_owned(),
            confidence: Rank::Declared,
            help: Vec::new(),
            place,
            evidence,
        };
        self.sessions.push((session, beside));
    }

    fn settle_models(&mut self) {
        for (model, beside) in std::mem::take(&mut self.models) {
            let declaration = self.findings.iter_mut().rev().find(|f| {
                f.source == Source::Trailer
                    && f.model.is_none()
                    && f.confidence == Rank::Declared
                    && !f.key.eq_ignore_ascii_case("signed-off-by")
            });
            match declaration {
                Some(finding) => Arc::make_mut(finding).model = model.model,
                None if !beside => self.add(model),
                None => {}
            }
        }
    }

    fn settle_sessions(&mut self) {
        for (session, beside) in std::mem::take(&mut self.sessions) {
            if self.findings.iter().any(|f| f.tool == session.tool) == beside {
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
