//! What one commit message says of AI: the sense of the pieces that [`super::structure`] finds in it.

use std::ops::ControlFlow;

use super::Collector;
use super::denials::denies;
use super::lines::trim;
use super::markup::{Links, plain};
use super::names::{
    Named, Table, find_model, is_unknown_machine, is_version, looks_like_model, says_ai, split_address,
    split_people,
};
use super::structure::{self, Joint, Piece, contains};
use super::tools::{AI_WORDS, Certainty, GENERATORS, KEYS, Key, LINKS, MARKER_VERBS, Name, TRANSCRIPTS};
use super::words::Words;
use crate::limits;
use crate::model::{Finding, Help, Rank, RemarkCode, Source, Whereabouts};

/// Reads a message into `out`.
pub(super) fn read(table: &Table, message: &str, out: &mut Collector) {
    let mut reader =
        Reader { table, ascii: message.is_ascii(), links: has_links(message), asked: false, out: &mut *out };
    structure::read(message, &mut |piece| {
        reader.read(piece);
        if reader.out.cost > limits::STEPS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if message.starts_with("aider: ") {
        out.add(Finding {
            place: Whereabouts::Title,
            evidence: "aider:".into(),
            ..finding("aider", Source::BodyMarker, "aider:", Rank::Inferred)
        });
    }
    settle(out);
}

fn has_links(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b':', bytes).any(|at| bytes.get(at + 1..at + 3) == Some(b"//"))
}

/// How much of a value is read: a name and an address are short, and what strangers send is not.
const VALUE_BYTES: usize = 1_000;

/// What is known while pieces go by.
struct Reader<'r> {
    table: &'r Table,
    /// There are no other characters in the message.
    ascii: bool,
    /// There may be links in it.
    links: bool,
    /// The piece before asked whether AI was used.
    asked: bool,
    out: &'r mut Collector,
}

impl Reader<'_> {
    fn read(&mut self, piece: &Piece<'_>) {
        let (table, place) = (self.table, || piece.place());
        let asked = std::mem::take(&mut self.asked);
        let trailer = piece.trailer.as_ref().map(|(key, value)| (*key, start_of(trim(value), VALUE_BYTES)));
        if let Some((key, value)) = trailer
            && piece.joint != Joint::Head
            && let Some(kind) = self.kind_of(key, value)
        {
            self.out.cost += limits::TRAILER_STEPS;
            let counts = match piece.joint {
                Joint::Line | Joint::Item => true,
                Joint::Glued => {
                    value.contains('@')
                        || table.is_name(&plain(value, Links::Resolve))
                        || denies(table, value)
                }
                Joint::Prose | Joint::Head | Joint::Cut => false,
            };
            if counts {
                read_trailer(table, self.out, &Declared { key, kind, value, place: &place });
            } else {
                self.stands_elsewhere(piece, kind, key, value);
            }
            // A line that only may be a trailer may be a tool's marker as well.
            if kind != Key::Word {
                return;
            }
        } else if piece.joint == Joint::Head
            && let Some((key, value)) = trailer
        {
            let address = split_address(value);
            self.out.author(&address);
            if let Some((tool, _)) = table.tool_of_identity(address.name, address.email.unwrap_or_default()) {
                let role = if key.eq_ignore_ascii_case("author") { "author" } else { "committer" };
                self.out.add(Finding {
                    model: model_of(table, address.name),
                    place: Whereabouts::Squash,
                    evidence: piece.text.to_owned(),
                    ..finding(tool, Source::AuthorIdentity, role, Rank::Inferred)
                });
            }
            return;
        } else if let Some((key, _)) = trailer.filter(|(key, _)| looks_declaring(key)) {
            self.out.remark(
                RemarkCode::LookAlikeKey,
                format!(
                    "`{key}` is no trailer's key, for git or for us; write `{}`",
                    key.replace(['_', ' '], "-")
                ),
                piece.text,
            );
            return;
        } else if let Some((key, value)) = trailer.filter(|(key, _)| ends_as_declaring(key))
            && table.read(&plain(value, Links::Resolve)).tool.is_some()
        {
            let why = format!("`{key}` is no key that is known here, ends as one, and names an AI");
            self.out.remark(RemarkCode::LookAlikeKey, why, piece.text);
            return;
        } else if !self.ascii
            && let Some(key) = look_alike(piece.text)
        {
            self.out.remark(
                RemarkCode::LookAlikeKey,
                format!(
                    "this line looks like the trailer `{key}` and is none: it has other characters in it"
                ),
                piece.text,
            );
            return;
        }
        if piece.joint == Joint::Cut {
            return;
        }
        if asked && !piece.more && self.answer(piece.text, &place) {
            return;
        }
        let linked = self.links && links(table, self.out, piece.text, &place);
        if !linked && !marker(table, self.out, piece.text, self.ascii, &place) && !piece.is_title() {
            self.suggestion(piece.text);
            self.asked = self.prose(piece.text, &place);
        }
    }

    /// How a trailer is read: by its key, or by a key that is nearly one where the value is nothing but a tool's name.
    fn kind_of(&self, key: &str, value: &str) -> Option<Key> {
        kind_of(self.table, key).or_else(|| {
            let (_, kind) = nearest(key)?;
            self.table.is_name(&plain(value, Links::Resolve)).then_some(*kind)
        })
    }

    /// What a trailer is worth that stands where none counts: in a sentence that goes on, or below git's scissors.
    fn stands_elsewhere(&mut self, piece: &Piece<'_>, kind: Key, key: &str, value: &str) {
        let value = plain(value, Links::Resolve);
        let by_address = || {
            split_people(&value).any(|person| {
                split_address(person).email.is_some_and(|email| self.table.tool_of_email(email).is_some())
            })
        };
        let declares =
            matches!(kind, Key::Declares(_) | Key::Assists(_)) && self.table.read(&value).tool.is_some();
        if !declares && !by_address() {
            return;
        }
        let (code, why) = match piece.joint {
            Joint::Cut => (RemarkCode::LookAlikeKey, "stands below the line at which git cuts a message off"),
            _ => (RemarkCode::AiInProse, "stands in a sentence, and is no trailer there"),
        };
        self.out.remark(code, format!("`{key}` {why}"), piece.text);
    }

    /// The answer to the question whether AI was used, as templates of requests put it.
    fn answer(&mut self, text: &str, place: &dyn Fn() -> Whereabouts) -> bool {
        let value = plain(text, Links::Resolve);
        if denies(self.table, &value) {
            self.out.declared_none(text);
            return true;
        }
        let yes = ["yes", "[x] yes", "☑ yes"].iter().find_map(|yes| {
            let start = value.get(..yes.len())?;
            let rest = value.get(yes.len()..)?;
            (start.eq_ignore_ascii_case(yes) && !rest.starts_with(char::is_alphanumeric)).then_some(rest)
        });
        let (yes, rest) = (yes.is_some(), yes.unwrap_or(&value));
        let rest = rest.trim_matches(|c: char| {
            c.is_whitespace() || matches!(c, '(' | ')' | ',' | '.' | ':' | ';' | '-' | '!')
        });
        let sure = |named: &Named<'_>| named.only_common.is_none() && named.names_something();
        // `Gemini 3 Pro (High) on Antigravity` as a whole, else whatever a sentence names.
        let whole = self.table.is_name(rest);
        let (mut tool, mut model) = (None, None);
        if whole {
            let named = self.table.read(rest);
            (tool, model) = (named.tool.map(|tool| tool.into_owned()), named.model.map(str::to_owned));
        } else {
            for named in self.table.read_all(rest).filter(sure) {
                tool = tool.or(named.tool.map(|tool| tool.into_owned()));
                model = model.or(named.model.map(str::to_owned));
            }
            model = model.or_else(|| find_model(rest).map(str::to_owned));
        }
        let named = tool.is_some() || model.is_some();
        if !named && !yes {
            return false;
        }
        // `Yes, the description was, but the code was written by hand.`
        if !named && ["but ", "manual", "by hand", "only "].iter().any(|word| contains(rest, word)) {
            self.out.remark(RemarkCode::AiInProse, PROSE, text);
            return true;
        }
        self.out.add(Finding {
            model,
            place: place(),
            evidence: text.to_owned(),
            ..finding(tool.as_deref().unwrap_or("unknown"), Source::BodyMarker, "Yes", Rank::Declared)
        });
        true
    }

    /// Reads a sentence: a question whether AI was used, a denial, or words that speak of AI. Says whether it asks.
    fn prose(&mut self, text: &str, place: &dyn Fn() -> Whereabouts) -> bool {
        if text.starts_with('`') || !speaks_of_ai(text) {
            return false;
        }
        if let Some((question, rest)) = text.split_once('?') {
            if !WORK.iter().any(|word| contains(question, word)) {
                return false;
            }
            let rest = rest
                .trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '[' | '☐' | '☑' | '`'));
            return rest.is_empty() || !self.answer(rest, place);
        }
        if denies(self.table, text) {
            self.out.declared_none(text);
        } else if is_about_work(text) {
            self.out.remark(RemarkCode::AiInProse, PROSE, text);
        }
        false
    }

    /// `Suggested by Gemini`: whoever suggested something wrote nothing of it.
    fn suggestion(&mut self, text: &str) {
        // No verb is longer.
        let blank = text.bytes().take(12).position(|byte| byte == b' ').unwrap_or_default();
        let (verb, rest) = (text.get(..blank).unwrap_or_default(), text.get(blank..).unwrap_or_default());
        let name = rest.strip_prefix(" by ").filter(|_| {
            ["suggested", "inspired", "proposed"].iter().any(|known| known.eq_ignore_ascii_case(verb))
        });
        if name.is_some_and(|name| self.table.is_name(name)) {
            self.out.remark(RemarkCode::AiInProse, PROSE, text);
        }
    }
}

/// Said of words that speak of AI.
const PROSE: &str =
    "these words speak of AI and declare nothing; write `AI-Assisted: <tool>` where one was used";

/// Words of what an AI does to a change.
const WORK: &[&str] = &[
    "generat", "assist", "author", "written", "wrote", "guided", "aided", "created", "coded", "produced",
    "use", "help", "made", "drafted", "tool",
];

/// Words that may follow one for AI where it is no part of another thing's name: `made with AI opponents`.
const BEHIND_AI: &[&str] = &[
    "agent",
    "agents",
    "and",
    "assistance",
    "assistant",
    "assistants",
    "but",
    "for",
    "help",
    "support",
    "then",
    "to",
    "tool",
    "tools",
    "with",
];

/// Whether a text has a word for AI.
fn speaks_of_ai(text: &str) -> bool {
    let bytes = text.as_bytes();
    let goes_on = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    // A word that ends at a place, or one behind it as a plural.
    let ends = |word: &[u8], end: usize| {
        let plural = usize::from(bytes.get(end).is_some_and(|byte| matches!(byte, b's' | b'S')));
        end.checked_sub(word.len()).is_some_and(|start| {
            bytes.get(start..end).is_some_and(|found| found.eq_ignore_ascii_case(word))
                && !start.checked_sub(1).is_some_and(goes_on)
                && !goes_on(end + plural)
        })
    };
    memchr::memchr2_iter(b'I', b'i', bytes).any(|at| ends(b"ai", at + 1) || ends(b"genai", at + 1))
        || memchr::memchr2_iter(b'M', b'm', bytes).any(|at| ends(b"llm", at + 1))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Whether a sentence says that an AI worked on something: `mostly AI generated`, `written by an LLM`, `some AI assistance`.
fn is_about_work(text: &str) -> bool {
    let is_work = |word: &str| {
        WORK.iter().any(|work| word.get(..work.len()).is_some_and(|w| w.eq_ignore_ascii_case(work)))
    };
    let is_ai = |word: &str| AI_WORDS.iter().any(|ai| ai.eq_ignore_ascii_case(word));
    let words: Vec<&str> = words(text).collect();
    words.iter().enumerate().any(|(at, word)| {
        let after = || words.get(at + 1).is_some_and(|word| is_work(word));
        let before = || {
            let start = at.saturating_sub(5);
            let before = words.get(start..at).unwrap_or_default();
            before.iter().rposition(|word| is_work(word)).is_some_and(|work| {
                before.get(work..).is_some_and(|rest| {
                    rest.iter().any(|word| {
                        matches!(word.to_ascii_lowercase().as_str(), "by" | "with" | "using" | "from" | "of")
                    })
                })
            })
        };
        let follows =
            words.get(at + 1).is_none_or(|word| BEHIND_AI.iter().any(|b| b.eq_ignore_ascii_case(word)));
        is_ai(word) && (after() || (follows && before()))
    })
}

/// A declaring key that another one nearly is: one letter too many, too few or another, two changed round, or blanks and
/// underscores for its hyphens.
fn nearest(key: &str) -> Option<&'static (&'static str, Key)> {
    let declares =
        |entry: &&'static (&'static str, Key)| matches!(entry.1, Key::Declares(_) | Key::Assists(_));
    if key.len() < 9 {
        return None;
    }
    let dashed = key.replace(['_', ' '], "-").to_ascii_lowercase();
    let near = KEYS.beginning_with(*dashed.as_bytes().first()?).iter().filter(declares);
    near.clone().find(|entry| entry.0 == dashed).or_else(|| {
        let mut near = near;
        near.find(|entry| is_one_off(entry.0.as_bytes(), dashed.as_bytes()))
    })
}

fn is_one_off(a: &[u8], b: &[u8]) -> bool {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (a.get(same..).unwrap_or_default(), b.get(same..).unwrap_or_default());
    match (a, b) {
        ([_, a @ ..], [_, b @ ..]) if a == b => true,
        ([x, y, a @ ..], [z, w, b @ ..]) if a == b => (x, y) == (w, z),
        ([_, a @ ..], b) if a == b => true,
        (a, [_, b @ ..]) => a == b,
        _ => false,
    }
}

fn kind_of(table: &Table, key: &str) -> Option<Key> {
    if let Some(kind) = Key::of(key) {
        return Some(kind);
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
fn looks_declaring(key: &str) -> bool {
    if !key.contains(['_', ' ']) {
        return false;
    }
    let dashed: String = key.chars().map(|c| if matches!(c, '_' | ' ') { '-' } else { c }).collect();
    matches!(kind_of(&Table::default(), &dashed), Some(Key::Declares(_) | Key::UsedFor | Key::Assists(_)))
}

/// `Commit-Message-Assisted-by`: something before a declaring key, which says what else it is about.
fn ends_as_declaring(key: &str) -> bool {
    key.match_indices('-').any(|(at, _)| {
        matches!(key.get(at + 1..).and_then(Key::of), Some(Key::Declares(_) | Key::UsedFor | Key::Assists(_)))
    })
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
    let (key, _) = structure::split_key(folded.trim())?;
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

/// Reads one trailer whose key is known.
fn read_trailer(table: &Table, out: &mut Collector, line: &Declared<'_>) {
    let value = plain(line.value, Links::Resolve);
    for person in split_people(&value) {
        statement(table, out, &Declared { value: person, ..*line }, line.value);
    }
}

/// Reads what a trailer says of one person or tool; `whole` is all that it says.
fn statement(table: &Table, out: &mut Collector, line: &Declared<'_>, whole: &str) {
    let Declared { key, kind, value, place } = *line;
    let evidence = || [key, ": ", whole].concat();
    let address = split_address(value);
    let by_address = address.email.and_then(|email| table.tool_of_email(email));
    if by_address.is_none() && kind.names_authors(key) {
        out.author(&address);
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
    let bracketed = Some(address.bracketed).filter(|text| looks_like_model(text));
    match kind {
        Key::CoAuthor | Key::Wrote | Key::Helped | Key::Word => match (by_address, address.email) {
            (Some((tool, certainty)), _) => {
                let rank = if certainty == Certainty::Sure { Rank::Declared } else { Rank::Inferred };
                add(tool, model_of(table, address.name).as_deref(), credit, rank, vec![]);
            }
            (None, Some(email)) => {
                let named = table.read(address.name);
                if named.has_version() {
                    add(
                        named.tool.as_deref().unwrap_or("unknown"),
                        named.model,
                        credit,
                        Rank::Inferred,
                        vec![],
                    );
                    out.remark(RemarkCode::NamedLikeAi, NAMES_A_MODEL, &evidence());
                } else if named.names_something() && named.only_common.is_none() {
                    out.remark(RemarkCode::NamedLikeAi, NAMED_LIKE_AN_AI, &evidence());
                } else if kind != Key::Word && is_unknown_machine(email) {
                    out.remark(RemarkCode::UnknownBot, UNKNOWN_BOT, &evidence());
                }
            }
            (None, None) => {
                let named = table.read(address.name);
                let is_given = named.only_common.is_some_and(|(kind, _)| kind == Name::Given);
                let whole = table.exact_name(address.name).is_some();
                if is_given {
                    if whole {
                        out.remark(RemarkCode::NamedLikeAi, NAMED_LIKE_AN_AI, &evidence());
                    }
                } else if whole || (named.tool.is_some() && named.only_common.is_none()) {
                    let tool = named.tool.as_deref().unwrap_or("unknown");
                    add(tool, bracketed.or(named.model), credit, Rank::Declared, vec![]);
                } else if named.has_version() && kind != Key::Word {
                    add("unknown", named.model, credit, Rank::Declared, vec![]);
                }
            }
        },
        Key::SignOff | Key::Review => {
            let named = table.read(address.name);
            let is_given = named.only_common.is_some_and(|(kind, _)| kind == Name::Given);
            let named_outright = address.email.is_none()
                && !is_given
                && (table.exact_name(address.name).is_some()
                    || table.leading_name(address.name).is_some_and(|(_, rest, _)| rest.starts_with(',')));
            let versioned = named.has_version();
            let named_tool = || named.tool.as_deref().unwrap_or("unknown").to_owned();
            let tool = match by_address {
                Some((tool, _)) => tool.to_owned(),
                None if named_outright => {
                    table.leading_name(address.name).map_or_else(named_tool, |(tool, _, _)| tool.to_owned())
                }
                None if versioned => named_tool(),
                None => return,
            };
            if kind == Key::SignOff {
                let rank =
                    if by_address.is_none() && !named_outright { Rank::Inferred } else { Rank::Declared };
                add(&tool, model_of(table, address.name).as_deref(), Source::Trailer, rank, vec![]);
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
        Key::SessionOf(tool) | Key::SessionBeside(tool) => {
            if !value.is_empty() {
                out.deferred_session(tool, key, kind == Key::SessionBeside(tool), evidence(), place());
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
            value if denies(table, value) => out.declared_none(&evidence()),
            value => add("unknown", None, Source::Trailer, Rank::Declared, purposes(value)),
        },
        Key::Model | Key::ModelBeside => {
            if !value.is_empty() && !denies(table, value) {
                out.declared_model(key, value, kind == Key::ModelBeside, evidence(), place());
            }
        }
        Key::Declares(_) | Key::Assists(_) => {
            declaration(table, out, line, by_address.map(|found| found.0), &evidence);
        }
    }
}

/// Said of a line that names a model and has an address that no table knows.
const NAMES_A_MODEL: &str = "this line names a model: AI wrote it, and whoever has the address took part";

/// Said of an address that is no person's and that no table knows.
pub(super) const UNKNOWN_BOT: &str = "this is a machine's address that is in no table: nobody who could be asked, and \
                                      maybe an AI; add it under `provenance` in the policy if it is one";

/// Reads the value of a declaring trailer.
fn declaration(
    table: &Table,
    out: &mut Collector,
    line: &Declared<'_>,
    by_address: Option<&str>,
    evidence: &dyn Fn() -> String,
) {
    let Declared { key, kind, value, place } = *line;
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
    if denies(table, value) {
        if explicit || help.is_some() {
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
    let bracketed = Some(address.bracketed).filter(|text| looks_like_model(text));
    let name = if address.email.is_some() || bracketed.is_some() { address.name } else { value };
    let mut found = false;
    let mut person = false;
    for named in table.read_all(name) {
        if let Some((kind, rest)) = named.only_common {
            // A person called Claude, with a person's address.
            if address.email.is_some() {
                if table.exact_name(name).is_some() {
                    out.remark(RemarkCode::NamedLikeAi, NAMED_LIKE_AN_AI, &evidence());
                }
                person = true;
                continue;
            }
            let counts = explicit
                || goes_on_as_a_release(rest)
                || (goes_on_as_a_tool(rest) && (kind == Name::Common || help == Some(Help::Generated)));
            if !counts {
                // In lower case it is a sentence that begins with the word, and who has a handle is somebody.
                if !rest.trim_start().starts_with(char::is_lowercase) && !rest.contains('@') {
                    out.remark(RemarkCode::NamedLikeAi, NAMED_LIKE_AN_AI, &evidence());
                }
                person = true;
                continue;
            }
        }
        if named.names_something() {
            add(out, named.tool.as_deref().unwrap_or(unnamed), bracketed.or(named.model));
            found = true;
        }
    }
    if found {
        return;
    }
    let says = says_ai(name);
    if explicit || (says && address.email.is_none()) {
        add(out, unnamed, Some(value).filter(|value| looks_like_model(value)));
    } else if says {
        out.remark(RemarkCode::NamedLikeAi, NAMED_LIKE_AN_AI, &evidence());
    } else if !person && help.is_some() && (address.email.is_none() || help == Some(Help::Generated)) {
        let first = name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        if !GENERATORS.iter().any(|known| known.eq_ignore_ascii_case(first)) {
            out.remark(RemarkCode::UnknownTool, UNKNOWN_TOOL, &evidence());
        }
    }
}

/// Said of a name behind a declaring key.
const UNKNOWN_TOOL: &str = "this declares the help of something that is in no table; add it under `provenance` in the policy if it \
                            is an AI";

/// Whether a name is followed by what no surname is: a version, or something in brackets that is no address.
fn goes_on_as_a_release(rest: &str) -> bool {
    let mut words = rest.split(|c: char| c.is_whitespace() || "()[],;".contains(c));
    rest.trim_start().starts_with('<') || words.any(is_version)
}

/// Whether a common word that names a tool too is followed by what follows a tool, and not by a surname.
fn goes_on_as_a_tool(rest: &str) -> bool {
    let rest = rest.trim_start();
    let inner = rest.trim_start_matches(['(', '[']);
    let first = inner.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    rest.is_empty() || rest.starts_with([';', '.', '-', '–', '—', ',']) || USES.contains(&first)
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

/// Reads a line that a tool leaves behind, and says whether it is one.
fn marker(
    table: &Table,
    out: &mut Collector,
    text: &str,
    ascii: bool,
    place: &dyn Fn() -> Whereabouts,
) -> bool {
    let mut add = |tool: &str, key: &str, rank: Rank, help: Vec<Help>| {
        let evidence = text.to_owned();
        out.add(Finding { help, place: place(), evidence, ..finding(tool, Source::BodyMarker, key, rank) });
        true
    };
    if text == "<!-- agent -->" {
        return add("unknown", text, Rank::Inferred, vec![Help::Generated]);
    }
    if let Some(stats) = text.strip_prefix("AI: ")
        && stats.contains(" accepted")
        && stats.contains(" generated")
    {
        return add("git-ai", "AI:", Rank::Attested, vec![]);
    }
    if let Some(rest) = text.strip_prefix("🤖 ")
        && table
            .exact_name(rest.split(['→', ':', '-']).next().unwrap_or(rest))
            .is_some_and(|tool| tool == "plandex")
    {
        return add("plandex", "🤖", Rank::Inferred, vec![]);
    }
    // A line of code shows something.
    if text.starts_with(['`', '"', '“']) {
        return false;
    }
    // Most lines begin with another word.
    let first = text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
    if first && ascii && verb_and_name(text).is_none() && !text.starts_with("via ") {
        return false;
    }
    let whole = plain(text, Links::Keep);
    let is_decoration = |c: char| !c.is_alphanumeric() && c != '[';
    let undecorated = if first { &*whole } else { whole.trim_start_matches(is_decoration) };
    let undecorated = undecorated.strip_prefix("<!-- ").unwrap_or(undecorated);
    let robot = !ascii && text.contains('🤖');
    if let Some(found) = marker_at(table, undecorated, robot) {
        out.add(Finding { place: place(), ..found });
        return true;
    }
    // Newlines lost: the marker stands after a robot in the middle of a line.
    if robot && let Some((_, rest)) = whole.split_once('🤖') {
        let rest = rest.trim_start();
        if let Some(found) = marker_at(table, rest, true) {
            out.add(Finding { place: Whereabouts::Inline, ..found });
            return true;
        }
        if let Some((_, _, name)) = verb_and_name(rest)
            && name.starts_with('[')
        {
            out.remark(RemarkCode::UnknownMarker, UNKNOWN_MARKER, text);
            return true;
        }
    }
    false
}

/// Said of a marker whose name is in no table.
const UNKNOWN_MARKER: &str = "a robot leaves lines like this one, and what it names is in no table; add it under `provenance` in the \
                              policy if it is an AI";

/// `<Verb> with|by|using|via NAME`, with what may stand before the verb: `Unit tests written by NAME`.
fn verb_and_name(text: &str) -> Option<(&str, &str, &str)> {
    // Each word up to the verb is one of those that say what was made.
    let mut rest = text;
    let mut scope = 0;
    while scope < 6 {
        // No verb is longer.
        let blank = rest.bytes().take(16).position(|byte| byte == b' ')?;
        let (word, after) = (rest.get(..blank)?, rest.get(blank + 1..)?.trim_start());
        if after.starts_with(['w', 'W', 'b', 'B', 'u', 'U', 'v', 'V']) && MARKER_VERBS.get(word).is_some() {
            let (joint, name) = after.split_once(' ')?;
            let is_joint = ["with", "by", "using", "via"].iter().any(|j| j.eq_ignore_ascii_case(joint));
            // Behind other words it must be all that the line says.
            return is_joint.then(|| (word, joint, name.trim_start()));
        }
        SCOPES.get(word)?;
        scope += 1;
        rest = after;
    }
    None
}

/// Words that say what was made, or how much of it, in order.
static SCOPES: Words<()> = Words::new(&[
    ("all", ()),
    ("and", ()),
    ("body", ()),
    ("change", ()),
    ("changes", ()),
    ("code", ()),
    ("comments", ()),
    ("commit", ()),
    ("description", ()),
    ("doc", ()),
    ("docs", ()),
    ("documentation", ()),
    ("entirely", ()),
    ("fix", ()),
    ("fully", ()),
    ("implementation", ()),
    ("is", ()),
    ("largely", ()),
    ("message", ()),
    ("mostly", ()),
    ("partially", ()),
    ("partly", ()),
    ("patch", ()),
    ("pr", ()),
    ("some", ()),
    ("test", ()),
    ("tests", ()),
    ("the", ()),
    ("this", ()),
    ("unit", ()),
    ("was", ()),
    ("were", ()),
]);

/// Verbs of which a product may be the object: `Built by Gemini`, `Powered by Gemini`.
const WEAK_VERBS: &[&str] = &["built", "powered"];

/// The marker at the start of `text`; `sure` where a robot stands before it.
fn marker_at(table: &Table, text: &str, sure: bool) -> Option<Finding> {
    let (verb, joint, rest) = verb_and_name(text).or_else(|| {
        // The second half of a marker of two lines.
        text.strip_prefix("via ").filter(|rest| rest.starts_with('[')).map(|rest| ("via", "", rest))
    })?;
    let rest = start_of(rest, VALUE_BYTES);
    let scoped = !text.starts_with(verb);
    let (name, linked) = match rest.strip_prefix('[').and_then(|r| r.split_once("](")) {
        Some((name, _)) => (name, true),
        None => (rest.trim_start_matches(|c: char| !c.is_alphanumeric()), false),
    };
    let model = table.model_named(name).filter(|model| model.versioned);
    let named = table.leading_name(name).or_else(|| leading_ai_word(name));
    let (tool, after, kind) = match (named, &model) {
        (Some(named), _) => named,
        (None, Some(model)) => ("unknown", name.get(model.length..)?, Name::Own),
        (None, None) => return None,
    };
    let common = kind != Name::Own && model.is_none();
    // `Generated with Continue` is a marker, `Made with continue statements` is prose: a common word must end the
    // line, be linked, or go on as only a tool does.
    let version = after.trim_start().split([' ', ',']).next().unwrap_or_default();
    let is_version = version.starts_with(|c: char| c == 'v' || c.is_ascii_digit())
        && version.bytes().any(|b| b.is_ascii_digit());
    let behind = if is_version { after.trim_start().get(version.len()..)? } else { after };
    let ends = behind.trim_start_matches([' ', '.', '!', ')', ']', '*', '-', '>']).is_empty();
    let weak = WEAK_VERBS.iter().any(|weak| weak.eq_ignore_ascii_case(verb)) && !is_version;
    let after = behind.trim_start().to_ascii_lowercase();
    let goes_on =
        ["assist", "help", "support", "and ", "(", "/", ","].iter().any(|word| after.starts_with(word));
    let proper = name.starts_with(|c: char| c.is_uppercase());
    let by_word = (ends && !weak) || (goes_on && proper && !weak);
    let is_marker = linked || sure || !common || (kind != Name::Given && by_word) || (is_version && ends);
    if !is_marker || (scoped && !table.is_name(name.trim_end_matches(['.', '!'])) && !linked) {
        return None;
    }
    let model = if linked { None } else { table.read(name).model.map(str::to_owned) };
    let help = match verb.to_ascii_lowercase().as_str() {
        "prepared" | "assisted" | "powered" | "made" | "built" | "via" => Help::Assisted,
        _ => Help::Generated,
    };
    let key = format!("{} {}", capitalised(verb), joint.to_ascii_lowercase());
    Some(Finding {
        model,
        help: vec![help],
        evidence: text.to_owned(),
        ..finding(tool, Source::BodyMarker, key.trim_end(), Rank::Inferred)
    })
}

/// `AI` and the like in the place of a tool's name: what follows, as of a common word.
fn leading_ai_word(text: &str) -> Option<(&'static str, &str, Name)> {
    let text = ["the help of ", "help from ", "an "]
        .iter()
        .fold(text, |text, filler| text.strip_prefix(filler).unwrap_or(text));
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '-')).unwrap_or(text.len());
    let (word, after) = text.split_at_checked(end)?;
    AI_WORDS.iter().any(|ai| ai.eq_ignore_ascii_case(word)).then_some(("unknown", after, Name::Common))
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default()
        + &chars.as_str().to_lowercase()
}

/// Reads the links of a piece: sessions are evidence, chats are remarked on, and either is evidence behind the name of a tool.
/// Says whether there was one.
fn links(table: &Table, out: &mut Collector, text: &str, place: &dyn Fn() -> Whereabouts) -> bool {
    let mut any = false;
    for at in memchr::memchr_iter(b':', text.as_bytes()) {
        if !text.get(at..).is_some_and(|rest| rest.starts_with("://")) {
            continue;
        }
        let before = text.get(..at).unwrap_or_default();
        let url = text.get(at + 3..).unwrap_or_default();
        let url = url.strip_prefix("www.").unwrap_or(url);
        if before.bytes().filter(|byte| *byte == b'`').count() % 2 == 1 {
            continue;
        }
        let link = LINKS.iter().find(|(address, _)| is_at(url, address));
        let is_transcript = || TRANSCRIPTS.iter().any(|host| is_at(url, host));
        if link.is_none() && !is_transcript() {
            continue;
        }
        out.cost += limits::TRAILER_STEPS;
        let label = label(before).filter(|label| table.is_name(label));
        let named = label.as_deref().map(|label| table.read(label)).filter(Named::names_something);
        let tool = link.and_then(|(_, tool)| *tool);
        let Some(key) = link.map(|(address, _)| *address).or_else(|| named.as_ref().map(|_| "transcript"))
        else {
            continue;
        };
        any = true;
        if tool.is_none() && named.is_none() {
            out.remark(RemarkCode::ChatLink, CHAT_LINK, text);
            continue;
        }
        let by_label = named.as_ref().and_then(|named| named.tool.as_deref());
        let model = named.as_ref().and_then(|named| named.model);
        out.add(Finding {
            model: model.map(str::to_owned),
            place: place(),
            evidence: text.to_owned(),
            ..finding(tool.or(by_label).unwrap_or("unknown"), Source::BodyMarker, key, Rank::Inferred)
        });
    }
    any
}

/// Said of a chat's address.
const CHAT_LINK: &str =
    "a chat with an AI is linked; write `AI-Assisted: <tool>` where its words came into the change";

/// Whether a link without its scheme is at an address of the table, and goes on behind it.
fn is_at(url: &str, address: &str) -> bool {
    let url = url
        .split(|c: char| c.is_whitespace() || matches!(c, ')' | ']' | '>' | '"' | '`'))
        .next()
        .unwrap_or_default();
    let is_id = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    if address.starts_with('/') {
        return url.split_once(address).is_some_and(|(_, rest)| is_id(rest));
    }
    let mut rest = url;
    for (at, part) in address.split('*').enumerate() {
        if at > 0 {
            rest = rest.get(rest.find('/').unwrap_or(rest.len())..).unwrap_or_default();
        }
        match rest.get(..part.len()) {
            Some(start) if start.eq_ignore_ascii_case(part) => {
                rest = rest.get(part.len()..).unwrap_or_default()
            }
            _ => return false,
        }
    }
    is_id(rest)
}

/// What stands before a link and its colon, without the words that say what a link is.
fn label(before: &str) -> Option<String> {
    let before =
        before.trim_end_matches(|c: char| c.is_ascii_alphanumeric()).trim_end_matches(['<', '(', '[', ' ']);
    let label = plain(before.strip_suffix(':')?, Links::Resolve).into_owned();
    let mut words: Vec<&str> = label.split_whitespace().collect();
    words.retain(|word| !LABELS.iter().any(|known| known.eq_ignore_ascii_case(word)));
    Some(words.join(" "))
}

/// Words of a label that name no tool.
const LABELS: &[&str] = &[
    "-",
    "*",
    "a",
    "built",
    "by",
    "chat",
    "coded",
    "conversation",
    "created",
    "done",
    "full",
    "generated",
    "history",
    "implementation",
    "implemented",
    "it",
    "link",
    "log",
    "logs",
    "made",
    "my",
    "prompt",
    "prompts",
    "session",
    "share",
    "shared",
    "task",
    "the",
    "this",
    "thread",
    "trace",
    "transcript",
    "transcripts",
    "with",
    "written",
    "wrote",
];

/// What can be said only once the whole message was read.
fn settle(out: &mut Collector) {
    out.settle_models();
    out.settle_sessions();
    out.settle_denials();
}
