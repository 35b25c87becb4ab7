//! Reads one commit message: every line, not only the block that git takes for trailers.
//!
//! git's own reading misses a part of real declarations (two paragraphs of trailers, a marker glued to a trailer,
//! newlines lost), so the whole message is read line by line, and each finding says where it stood.

use std::cell::OnceCell;

use super::lines::{Line, Lines, trim};
use super::names::{Table, denies, looks_like_model, says_ai, split_address, split_people};
use super::tools::{AI_WORDS, Certainty, KEYS, Key, MARKER_VERBS};
use super::{Collector, trailers};
use crate::limits;
use crate::model::{Finding, Help, Rank, RemarkCode, Source, Whereabouts};

/// Reads a message into `out`.
pub(super) fn read(table: &Table, message: &str, out: &mut Collector) {
    let whole = Whole::of(message);
    let mut reader = Reader::default();
    let mut lines = Lines::of(message);
    while let Some(line) = lines.next() {
        let raw = line.text;
        // What git takes for a trailer is one, whatever stands around it.
        if raw.is_empty() || (reader.fenced(raw) && !whole.is_strict(&line)) {
            continue;
        }
        reader.follow_squash(line);
        let indented = line.is_indented();
        let quoted_commit = indented && (reader.in_squash || whole.all_indented());
        let in_squash = reader.in_squash;
        let place = || whole.place(&line, in_squash);
        if let Some((key, value)) = decorated_key(trim(raw)).or_else(|| split_key(trim(raw))) {
            if in_squash && key.eq_ignore_ascii_case("author") {
                let address = split_address(value);
                if let Some((tool, _)) =
                    table.tool_of_identity(address.name, address.email.unwrap_or_default())
                {
                    out.add(Finding {
                        model: model_of(table, address.name),
                        place: Whereabouts::Squash,
                        evidence: trim(raw).to_owned(),
                        ..finding(tool, Source::AuthorIdentity, "author", Rank::Inferred)
                    });
                }
                continue;
            }
            if let Some(kind) = kind_of(table, key) {
                out.cost += limits::TRAILER_STEPS;
                if out.cost > limits::STEPS {
                    return;
                }
                let unfolded = if indented { None } else { unfolded(value, lines.clone()) };
                let value = unfolded.as_deref().unwrap_or(value);
                // An indented line in running text is an example, unless a tool's own address stands in it.
                let example = indented && !quoted_commit;
                let value = start_of(trim(value), VALUE_BYTES);
                trailer(table, out, &Declared { key, kind, value, place: &place, example });
                // A line that only may be a trailer may be a tool's marker as well.
                if kind != Key::Word {
                    continue;
                }
            }
            if table_of_look_alikes(key) {
                out.remark(
                    RemarkCode::LookAlikeKey,
                    format!(
                        "`{key}` is no trailer's key, for git or for us; write `{}`",
                        key.replace(['_', ' '], "-")
                    ),
                    raw,
                );
            }
        } else if !whole.ascii
            && let Some(key) = look_alike(raw)
        {
            out.remark(
                RemarkCode::LookAlikeKey,
                format!(
                    "this line looks like the trailer `{key}` and is none: it has other characters in it"
                ),
                raw,
            );
        }
        if indented && !quoted_commit {
            continue;
        }
        marker(table, out, trim(raw), whole.ascii, &place);
        inline_co_author(table, out, raw);
    }
    if message.starts_with("aider: ") {
        out.add(Finding {
            place: Whereabouts::Title,
            evidence: "aider:".into(),
            ..finding("aider", Source::BodyMarker, "aider:", Rank::Inferred)
        });
    }
    settle(out);
}

/// What is known of a message as a whole; most of it only once a line asks.
struct Whole<'a> {
    message: &'a str,
    /// There are no other characters in it.
    ascii: bool,
    all_indented: OnceCell<bool>,
    scissors: OnceCell<usize>,
    strict: OnceCell<Vec<usize>>,
}

impl<'a> Whole<'a> {
    fn of(message: &'a str) -> Self {
        Whole {
            message,
            ascii: message.is_ascii(),
            all_indented: OnceCell::new(),
            scissors: OnceCell::new(),
            strict: OnceCell::new(),
        }
    }

    /// A message that is a quoted commit from its first line to its last.
    fn all_indented(&self) -> bool {
        let indented = |line: Line<'_>| trim(line.text).is_empty() || line.is_indented();
        *self.all_indented.get_or_init(|| Lines::of(self.message).all(indented))
    }

    fn is_strict(&self, line: &Line<'_>) -> bool {
        let starts = self.strict.get_or_init(|| trailers::starts(self.message.as_bytes()));
        starts.binary_search(&line.start).is_ok()
    }

    fn place(&self, line: &Line<'_>, in_squash: bool) -> Whereabouts {
        let bytes = self.message.as_bytes();
        let scissors = *self.scissors.get_or_init(|| trailers::scissors(bytes).unwrap_or(bytes.len()));
        if line.start >= scissors {
            Whereabouts::BelowScissors
        } else if in_squash && line.is_indented() {
            Whereabouts::Squash
        } else if line.start == 0 {
            Whereabouts::Title
        } else if self.is_strict(line) {
            Whereabouts::Strict
        } else {
            Whereabouts::Lenient
        }
    }
}

/// How much of a value is read: a name and an address are short, and what strangers send is not.
const VALUE_BYTES: usize = 1_000;

/// What is known while lines go by.
#[derive(Default)]
struct Reader {
    in_fence: bool,
    saw_commit: bool,
    in_squash: bool,
}

impl Reader {
    /// Whether the line opens, closes or stands inside a fenced code block.
    fn fenced(&mut self, line: &str) -> bool {
        let fence =
            !line.starts_with(|c: char| c.is_ascii_alphanumeric()) && line.trim_start().starts_with("```");
        if fence {
            self.in_fence = !self.in_fence;
        }
        fence || self.in_fence
    }

    /// Follows the heads of commits that `git merge --squash` quotes: `commit <id>`, then `Author:`.
    fn follow_squash(&mut self, line: Line<'_>) {
        if let Some(id) = line.text.strip_prefix("commit ") {
            self.saw_commit = id.len() >= 40 && id.bytes().take(40).all(|b| b.is_ascii_hexdigit());
            self.in_squash |= self.saw_commit;
        } else if self.in_squash && !line.is_indented() {
            self.in_squash = split_key(line.text).is_some_and(|(key, _)| {
                ["author", "date", "merge", "commit", "authordate", "commitdate"]
                    .iter()
                    .any(|head| head.eq_ignore_ascii_case(key))
            });
        }
    }
}

/// Splits `Key: value`: a key as git knows it, though blanks and underscores inside are let through for the remark.
fn split_key(line: &str) -> Option<(&str, &str)> {
    // A key has at most forty bytes, so there is no need to look for the colon further on.
    let head = line.as_bytes().get(..48).unwrap_or(line.as_bytes());
    let at = memchr::memchr(b':', head)?;
    let key = line.get(..at)?.trim_end();
    let sound = !key.is_empty()
        && key.len() <= 40
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b' '));
    sound.then(|| (key, line.get(at + 1..).unwrap_or_default().trim()))
}

/// A declaration that Markdown or a robot stands around: `- AI-Assisted: x`, `**AI-Assisted:** x`, `[AI-Assisted: x]`.
fn decorated_key(line: &str) -> Option<(&str, &str)> {
    let plain = line.as_bytes().first().is_none_or(u8::is_ascii_alphanumeric);
    // A quotation and a piece of code are somebody else's words.
    if plain || line.starts_with(['>', '`']) {
        return None;
    }
    let (before, text) = line.split_at_checked(line.find(|c: char| c.is_ascii_alphanumeric())?)?;
    let colon = memchr::memchr(b':', text.as_bytes().get(..48).unwrap_or(text.as_bytes()))?;
    let (key, value) = (text.get(..colon)?.trim_end_matches(['*', ' ']), trim(text.get(colon + 1..)?));
    KEYS.get(key)?;
    let value = value.trim_start_matches(['*', ' ']);
    let value = if before.contains('[') { value.split(']').next().unwrap_or(value) } else { value };
    Some((key, value))
}

/// The value with its continuation lines, when it has any.
fn unfolded(value: &str, following: Lines<'_>) -> Option<String> {
    let mut out = None;
    for line in following.take(16) {
        let text = trim(line.text);
        if text.is_empty() || !line.text.starts_with([' ', '\t']) {
            break;
        }
        let out = out.get_or_insert_with(|| value.to_owned());
        out.push(' ');
        out.push_str(text);
    }
    out
}

fn kind_of(table: &Table, key: &str) -> Option<Key> {
    if let Some((_, kind)) = KEYS.get(key) {
        return Some(*kind);
    }
    let help = || kinds(key, &[("generated", Help::Generated), ("assist", Help::Assisted)]).first().copied();
    if table.tool_of_trailer(key).is_some() {
        return Some(Key::Declares(help()));
    }
    // Of what people make up, `AI-Disclosure: Claude` says enough by its value.
    let ai = |start: &str| key.get(..start.len()).is_some_and(|key| key.eq_ignore_ascii_case(start));
    (ai("ai-") || ai("llm-") || ai("genai-")).then(|| Key::Assists(help()))
}

/// `AI_Assisted`, `AI Assisted by`: what people write for a declaring key and git takes for none.
fn table_of_look_alikes(key: &str) -> bool {
    if !key.contains(['_', ' ']) {
        return false;
    }
    let dashed: String = key.chars().map(|c| if matches!(c, '_' | ' ') { '-' } else { c }).collect();
    matches!(kind_of(&Table::default(), &dashed), Some(Key::Declares(_) | Key::UsedFor | Key::Assists(_)))
}

/// A line that folds to a declaring key once full-width, look-alike and invisible characters are taken for what they
/// resemble.
fn look_alike(line: &str) -> Option<&'static str> {
    let head: String = line.chars().take(48).collect();
    let folded: String = head
        .chars()
        .filter_map(|c| match c {
            '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}' => None,
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => Some('-'),
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' => Some(' '),
            '\u{ff1a}' | '\u{fe55}' | '\u{a789}' | '\u{2236}' => Some(':'),
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0),
            'А' | 'Α' => Some('A'),
            'а' => Some('a'),
            'І' | 'Ι' | 'і' => Some('i'),
            'е' => Some('e'),
            'о' => Some('o'),
            'ѕ' | 'Ѕ' => Some('s'),
            'с' => Some('c'),
            c => Some(c),
        })
        .collect();
    let (key, _) = split_key(folded.trim())?;
    let (name, kind) = KEYS.get(key)?;
    matches!(kind, Key::Declares(_) | Key::UsedFor | Key::Assists(_) | Key::CoAuthor).then_some(*name)
}

/// Said of somebody who is named like a tool and has an address that no tool is known by.
pub(super) const NAMED_LIKE_AN_AI: &str = "this is named like an AI and has an address that is in no table; \
                                           add it under `provenance` in the policy if it is one";

struct Declared<'a> {
    key: &'a str,
    kind: Key,
    value: &'a str,
    place: &'a dyn Fn() -> Whereabouts,
    example: bool,
}

/// The beginning of a text, at most `bytes` long.
fn start_of(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    text.get(..end).unwrap_or(text)
}

fn finding(tool: &str, source: Source, key: &str, confidence: Rank) -> Finding {
    Finding {
        tool: tool.to_owned(),
        model: None,
        source,
        key: key.to_owned(),
        confidence,
        help: Vec::new(),
        place: Whereabouts::Lenient,
        evidence: String::new(),
    }
}

fn model_of(table: &Table, name: &str) -> Option<String> {
    table.read_all(name).find_map(|named| named.model.map(str::to_owned))
}

/// Reads one trailer whose key is in the table.
fn trailer(table: &Table, out: &mut Collector, line: &Declared<'_>) {
    for value in split_people(line.value) {
        statement(table, out, &Declared { value, ..*line }, line.value);
    }
}

/// Reads what a trailer says of one person or tool; `whole` is all that it says.
fn statement(table: &Table, out: &mut Collector, line: &Declared<'_>, whole: &str) {
    let Declared { key, kind, value, place, example } = *line;
    let evidence = || [key, ": ", whole].concat();
    let address = split_address(value);
    let by_address = address.email.and_then(|email| table.tool_of_email(email));
    if example && by_address.is_none() {
        return;
    }
    let mut add = |tool: &str, model: Option<&str>, source: Source, rank: Rank, help: Vec<Help>| {
        out.add(Finding {
            model: model.map(str::to_owned),
            help,
            place: place(),
            evidence: evidence(),
            ..finding(tool, source, key, rank)
        });
    };
    let credit = if kind == Key::CoAuthor { Source::CoAuthor } else { Source::Trailer };
    match kind {
        Key::CoAuthor | Key::Credits | Key::Word => match by_address {
            Some((tool, certainty)) => {
                let rank = if certainty == Certainty::Sure { Rank::Declared } else { Rank::Inferred };
                add(tool, model_of(table, address.name).as_deref(), credit, rank, vec![]);
            }
            None if address.email.is_some() => {
                let named = table.read(address.name);
                if named.names_something() && !named.only_common {
                    out.remark(RemarkCode::NamedLikeAi, NAMED_LIKE_AN_AI, &evidence());
                }
            }
            None => {
                let named = table.read(address.name);
                let whole = table.exact_name(address.name).is_some();
                if whole || (named.tool.is_some() && !named.only_common) {
                    let tool = named.tool.as_deref().unwrap_or("unknown");
                    add(tool, named.model, credit, Rank::Declared, vec![]);
                }
            }
        },
        Key::SignOff | Key::Review => {
            let named_outright = address.email.is_none()
                && (table.exact_name(address.name).is_some()
                    || table.leading_name(address.name).is_some_and(|(_, rest, _)| rest.starts_with(',')));
            let tool = by_address.map(|(tool, _)| tool.to_owned()).or_else(|| {
                named_outright
                    .then(|| table.leading_name(address.name).map(|(tool, _, _)| tool.to_owned()))
                    .flatten()
            });
            let Some(tool) = tool else { return };
            if kind == Key::SignOff {
                add(&tool, model_of(table, address.name).as_deref(), Source::Trailer, Rank::Declared, vec![]);
                out.remark(
                    RemarkCode::AiSignOff,
                    format!("`{key}` is a person's word, and {tool} is none: it certifies nothing"),
                    &evidence(),
                );
            } else {
                out.remark(
                    RemarkCode::AiReview,
                    format!("{tool} is named in `{key}`: no authorship, and never an approval"),
                    &evidence(),
                );
            }
        }
        Key::Session(tool) => {
            if !value.is_empty() {
                add(tool, None, Source::Trailer, Rank::Declared, vec![]);
            }
        }
        Key::SessionOf(tool) => {
            if !value.is_empty() {
                out.deferred_session(tool, key, evidence(), place());
            }
        }
        Key::ReplitAuthor => {
            if ["agent", "assistant"].iter().any(|ai| value.eq_ignore_ascii_case(ai)) {
                let help = if value.eq_ignore_ascii_case("agent") { Help::Generated } else { Help::Assisted };
                add("replit", None, Source::Trailer, Rank::Declared, vec![help]);
            }
        }
        Key::EntireAttribution => {
            // `0%` and `0.0%` are the only shares without a digit above 0.
            let (share, _) = value.split_once('%').unwrap_or(("unknown", ""));
            if !share.bytes().all(|b| matches!(b, b'0' | b'.' | b' ')) {
                add("entire", None, Source::Trailer, Rank::Attested, vec![]);
            }
        }
        Key::ClaudeGeneratedBy => {
            let model = value
                .split_once('(')
                .map(|(_, inner)| inner.split(['=', ')']).next().unwrap_or(inner))
                .map(|inner| inner.rsplit('/').next().unwrap_or(inner).trim())
                .filter(|model| !model.is_empty());
            add("claude-code", model, Source::Trailer, Rank::Declared, vec![Help::Generated]);
        }
        Key::Names(fallback) => {
            let value = value.split(" on behalf of ").next().unwrap_or(value);
            if value.is_empty() {
                return;
            }
            let named = table.read(value);
            let tool = named.tool.as_deref().unwrap_or(fallback);
            add(tool, named.model, Source::Trailer, Rank::Declared, vec![]);
        }
        Key::UsedFor => match value {
            "" => empty(out, key),
            value if denies(value) => out.declared_none(&evidence()),
            value => add("unknown", None, Source::Trailer, Rank::Declared, purposes(value)),
        },
        Key::Model => {
            if !value.is_empty() && !denies(value) {
                out.declared_model(key, value, evidence(), place());
            }
        }
        Key::Declares(_) | Key::Assists(_) => {
            declaration(table, out, line, by_address.map(|found| found.0), &evidence);
        }
    }
}

/// Reads the value of a declaring trailer.
fn declaration(
    table: &Table,
    out: &mut Collector,
    line: &Declared<'_>,
    by_address: Option<&str>,
    evidence: &dyn Fn() -> String,
) {
    let Declared { key, kind, value, place, .. } = *line;
    let (explicit, help) = match kind {
        Key::Declares(help) => (true, help),
        Key::Assists(help) => (false, help),
        _ => return,
    };
    if value.is_empty() {
        if explicit {
            empty(out, key);
        }
        return;
    }
    if denies(value) {
        if explicit {
            out.declared_none(&evidence());
        }
        return;
    }
    // A key that a policy gives to a tool names it, whatever stands behind.
    let unnamed = table.tool_of_trailer(key).unwrap_or("unknown");
    let add = |out: &mut Collector, tool: &str, model: Option<&str>| {
        out.add(Finding {
            model: model.map(str::to_owned),
            help: help_of(help, value),
            place: place(),
            evidence: evidence(),
            ..finding(tool, Source::Trailer, key, Rank::Declared)
        });
    };
    let address = split_address(value);
    if let Some(tool) = by_address {
        let model = model_of(table, address.name);
        return add(out, tool, model.as_deref());
    }
    if let Some((tool, model)) = key_value_list(value) {
        let named = table.read(tool);
        let id = named.tool.as_deref().unwrap_or(unnamed);
        return add(out, id, model.or(named.model));
    }
    let name = if address.email.is_some() { address.name } else { value };
    let mut found = false;
    for named in table.read_all(name) {
        // A person called Claude, with a person's address.
        if address.email.is_some() && named.only_common {
            if table.exact_name(name).is_some() {
                out.remark(RemarkCode::NamedLikeAi, NAMED_LIKE_AN_AI, &evidence());
            }
            continue;
        }
        // A common word that begins free text proves only as much as the key does, unless it goes on as a tool does.
        let prose = named.only_common
            && !explicit
            && name.split_whitespace().count() > 4
            && !name.split_whitespace().nth(1).is_some_and(|word| USES.contains(&word));
        if named.names_something() && !prose {
            add(out, named.tool.as_deref().unwrap_or(unnamed), named.model);
            found = true;
        }
    }
    if !found && (explicit || says_ai(value)) {
        add(out, unnamed, Some(value).filter(|value| looks_like_model(value)));
    }
}

/// What follows the name of a tool in a sentence about its use.
const USES: &[&str] = &["for", "in", "on", "as", "to", "with", "using", "via", "and", "agent", "assistant"];

fn empty(out: &mut Collector, key: &str) {
    out.remark(
        RemarkCode::EmptyDeclaration,
        format!("`{key}` has no value; write the tool, or `none` if no AI was used"),
        key,
    );
}

/// `tool=Claude Code; agent-mode=no; model=...`
fn key_value_list(value: &str) -> Option<(&str, Option<&str>)> {
    let field = |name: &str| {
        value.split(';').find_map(|part| {
            let (key, text) = part.split_once('=')?;
            key.trim().eq_ignore_ascii_case(name).then_some(text.trim())
        })
    };
    memchr::memchr(b'=', value.as_bytes())?;
    Some((field("tool")?, field("model")))
}

fn purposes(value: &str) -> Vec<Help> {
    kinds(
        value,
        &[
            ("test", Help::Tests),
            ("explain", Help::Explained),
            ("doc", Help::Explained),
            ("comment", Help::Explained),
            ("complet", Help::Completed),
            ("generat", Help::Generated),
            ("review", Help::Assisted),
            ("refactor", Help::Assisted),
        ],
    )
}

/// What the key says, and what the value names.
fn help_of(by_key: Option<Help>, value: &str) -> Vec<Help> {
    let mut found = kinds(
        value,
        &[("completion", Help::Completed), ("tests", Help::Tests), ("explanation", Help::Explained)],
    );
    if let Some(help) = by_key {
        crate::order::insert(&mut found, help);
    }
    found
}

/// The kinds of help that a text names by these words.
fn kinds(text: &str, words: &[(&str, Help)]) -> Vec<Help> {
    let mut found = Vec::new();
    for (word, help) in words {
        if contains(text, word) {
            crate::order::insert(&mut found, *help);
        }
    }
    found
}

/// Whether a word, in lower case, stands in a text in any case.
fn contains(text: &str, word: &str) -> bool {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let Some(first) = word.first() else { return true };
    memchr::memchr2_iter(*first, first.to_ascii_uppercase(), text)
        .any(|at| text.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word)))
}

/// Reads a line that a tool leaves behind.
fn marker(table: &Table, out: &mut Collector, text: &str, ascii: bool, place: &dyn Fn() -> Whereabouts) {
    if text == "<!-- agent -->" {
        out.add(Finding {
            help: vec![Help::Generated],
            place: place(),
            evidence: text.to_owned(),
            ..finding("unknown", Source::BodyMarker, text, Rank::Inferred)
        });
        return;
    }
    if let Some(stats) = text.strip_prefix("AI: ")
        && stats.contains(" accepted")
        && stats.contains(" generated")
    {
        out.add(Finding {
            place: place(),
            evidence: text.to_owned(),
            ..finding("git-ai", Source::BodyMarker, "AI:", Rank::Attested)
        });
        return;
    }
    if let Some(rest) = text.strip_prefix("🤖 ")
        && table
            .exact_name(rest.split(['→', ':', '-']).next().unwrap_or(rest))
            .is_some_and(|tool| tool == "plandex")
    {
        out.add(Finding {
            place: place(),
            evidence: text.to_owned(),
            ..finding("plandex", Source::BodyMarker, "🤖", Rank::Inferred)
        });
        return;
    }
    let is_decoration = |c: char| !c.is_alphanumeric() && c != '`' && c != '>';
    let plain = text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
    let undecorated = if plain { text } else { text.trim_start_matches(is_decoration) };
    if let Some(found) = marker_at(table, undecorated, false) {
        out.add(Finding { place: place(), ..found });
        return;
    }
    // Newlines lost: the marker stands after a robot in the middle of a line.
    if !ascii
        && let Some((_, rest)) = text.split_once('🤖')
        && let Some(found) = marker_at(table, rest.trim_start(), true)
    {
        out.add(Finding { place: Whereabouts::Inline, ..found });
    }
}

/// `<Verb> with|by|using [Tool](url)` at the start of `text`.
fn marker_at(table: &Table, text: &str, inline: bool) -> Option<Finding> {
    // No verb is longer.
    let blank = text.bytes().take(16).position(|byte| byte == b' ')?;
    let (verb, rest) = (text.get(..blank)?, start_of(text.get(blank + 1..)?, VALUE_BYTES));
    if !rest.starts_with(['w', 'W', 'b', 'B', 'u', 'U', 'v', 'V']) {
        return None;
    }
    MARKER_VERBS.get(verb)?;
    let (joint, rest) = rest.split_once(' ')?;
    if !["with", "by", "using", "via"].iter().any(|j| j.eq_ignore_ascii_case(joint)) {
        return None;
    }
    let rest = rest.trim_start();
    let (name, linked) = match rest.strip_prefix('[').and_then(|r| r.split_once("](")) {
        Some((name, _)) => (name, true),
        None => (rest.trim_start_matches(|c: char| !c.is_alphanumeric()), false),
    };
    let (tool, after, common) = table.leading_name(name).or_else(|| leading_ai_word(name))?;
    // `Generated with Continue` is a marker, `Made with continue statements` is prose: a common word must end the
    // line, be linked, or go on as only a tool does.
    let ends = after.trim_start_matches([' ', '.', '!', ')', ']', '*']).is_empty();
    let after = after.trim_start().to_ascii_lowercase();
    let goes_on =
        ["assist", "help", "support", "and ", "(", "/", ","].iter().any(|word| after.starts_with(word));
    let proper = name.starts_with(|c: char| c.is_uppercase());
    if !(linked || ends || inline || !common || (goes_on && proper)) {
        return None;
    }
    let model = if linked { None } else { table.read(name).model.map(str::to_owned) };
    let help = match verb.to_ascii_lowercase().as_str() {
        "prepared" | "assisted" | "powered" | "made" | "built" => Help::Assisted,
        _ => Help::Generated,
    };
    Some(Finding {
        model,
        help: vec![help],
        evidence: text.to_owned(),
        ..finding(
            tool,
            Source::BodyMarker,
            &format!("{} {}", capitalised(verb), joint.to_ascii_lowercase()),
            Rank::Inferred,
        )
    })
}

/// `AI` and the like in the place of a tool's name: what follows, as of a common word.
fn leading_ai_word(text: &str) -> Option<(&'static str, &str, bool)> {
    let text = ["the help of ", "help from ", "an "]
        .iter()
        .fold(text, |text, filler| text.strip_prefix(filler).unwrap_or(text));
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '-')).unwrap_or(text.len());
    let (word, after) = text.split_at_checked(end)?;
    AI_WORDS.iter().any(|ai| ai.eq_ignore_ascii_case(word)).then_some(("unknown", after, true))
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default()
        + &chars.as_str().to_lowercase()
}

/// Offsets behind each colon that ends `co-authored-by:`, in any case.
fn co_author_keys(text: &str) -> impl Iterator<Item = usize> {
    memchr::memchr_iter(b':', text.as_bytes()).map(|at| at + 1).filter(|&end| {
        end.checked_sub(CO_AUTHOR.len())
            .and_then(|start| text.get(start..end))
            .is_some_and(|key| key.eq_ignore_ascii_case(CO_AUTHOR))
    })
}

const CO_AUTHOR: &str = "co-authored-by:";

/// A co-author inside a sentence or a subject: only with a tool's own address, and not as code.
fn inline_co_author(table: &Table, out: &mut Collector, line: &str) {
    let (mut seen, mut quoted) = (0, false);
    for end in co_author_keys(line) {
        out.cost += limits::TRAILER_STEPS;
        if out.cost > limits::STEPS {
            return;
        }
        let start = end - CO_AUTHOR.len();
        let before = line.get(seen..start).unwrap_or_default();
        quoted ^= before.matches('`').count() % 2 == 1;
        let first_on_line = seen == 0 && before.trim().is_empty();
        seen = end;
        if quoted || first_on_line {
            continue;
        }
        let value = start_of(line.get(end..).unwrap_or_default(), VALUE_BYTES);
        let value = value.find('>').and_then(|close| value.get(..=close)).unwrap_or(value);
        let address = split_address(value);
        if let Some((tool, _)) = address.email.and_then(|email| table.tool_of_email(email)) {
            out.add(Finding {
                model: model_of(table, address.name),
                place: Whereabouts::Inline,
                evidence: line.get(start..end + value.len()).unwrap_or(line).to_owned(),
                ..finding(tool, Source::CoAuthor, "Co-authored-by", Rank::Declared)
            });
        }
    }
}

/// What can be said only once the whole message was read.
fn settle(out: &mut Collector) {
    out.settle_models();
    out.settle_sessions();
    out.settle_denials();
}
