//! What one commit message says of AI: the sense of the pieces that [`super::structure`] finds in it.

use std::ops::ControlFlow;

use super::denials::denies;
use super::lines::trim;
use super::links::{has_links, links};
use super::marker::marker;
use super::markup::{Links, plain};
use super::names::{
    Address, Named, Table, find_model, is_called_ai, is_unknown_machine, is_version, looks_like_model,
    says_ai, split_address, split_people,
};
use super::prose::{self, Says};
use super::structure::{self, Joint, Piece, contains};
use super::tools::{AI_WORDS, Certainty, GENERATORS, KEYS, Key, Name};
use super::{Collector, MetTrailer, Trailers};
use crate::limits;
use crate::model::{Finding, Help, Rank, RemarkCode, Source, Whereabouts};
use crate::order::is_ascii;

/// Reads a message into `out`.
pub(super) fn read(table: &Table, met: &mut Trailers, message: &str, out: &mut Collector) {
    let ascii = is_ascii(message.as_bytes());
    let mut reader = Reader {
        table,
        met,
        ascii,
        links: has_links(message),
        ai: prose::Search::of(table, message, ascii),
        asked: false,
        line: (0, false),
        spoke: false,
        out: &mut *out,
    };
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

/// How much of a value is read: a name and an address are short, and what strangers send is not.
pub(super) const VALUE_BYTES: usize = 1_000;

/// A statement that is answered behind it, and the answer: `[x] AI assistance was used: yes`. Where both answers stand, nobody
/// has answered.
fn answered(text: &str) -> Option<(&str, &str)> {
    let (statement, answer) = text.rsplit_once(':').or_else(|| text.rsplit_once('('))?;
    let answer = answer.trim_matches(|c: char| !c.is_alphanumeric() && c != '(');
    let first = answer.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let is_answer = ["yes", "no"].iter().any(|word| word.eq_ignore_ascii_case(first));
    let other = |word: &str| answer.len() < 12 && contains(answer, word);
    (is_answer && !(other("yes") && other("no"))).then_some((statement, answer))
}

/// What is known while pieces go by.
struct Reader<'r> {
    table: &'r Table,
    met: &'r mut Trailers,
    /// There are no other characters in the message.
    ascii: bool,
    /// There may be links in it.
    links: bool,
    /// Looks for where it first names an AI, or says the word.
    ai: prose::Search<'r>,
    /// The piece before asked whether AI was used.
    asked: bool,
    /// Where the line before ended, and whether its sentence did not.
    line: (usize, bool),
    /// The line before speaks of AI and said nothing of it yet.
    spoke: bool,
    out: &'r mut Collector,
}

impl Reader<'_> {
    fn read(&mut self, piece: &Piece<'_>) {
        let (table, place) = (self.table, || piece.place());
        let asked = std::mem::take(&mut self.asked);
        let trailer = piece.trailer.as_ref().map(|(key, value)| (*key, start_of(trim(value), VALUE_BYTES)));
        let goes_on = self.goes_on(piece);
        let wrapped = goes_on && piece.text.starts_with(char::is_lowercase);
        let met = trailer.and_then(|(key, value)| self.met.find(key, value)).map(|met| met.kind);
        let known = met.or_else(|| Key::of(trailer?.0));
        if let Some((key, value)) = trailer
            && known.is_none()
            && !matches!(piece.joint, Joint::Head | Joint::Cut)
            && self.is_label(key, value)
        {
            self.declared(key, value, piece.text, &place);
            return;
        }
        if let Some((key, value)) = trailer
            && piece.joint != Joint::Head
            && let Some(kind) = known.or_else(|| self.kind_of(key, value))
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
                read_trailer(table, self.met, self.out, &Declared { key, kind, value, place: &place });
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
        } else if let Some((key, value)) = trailer
            && piece.joint != Joint::Cut
            && self.compound(key, value, piece.text, &place)
        {
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
        if asked
            && !piece.more
            && self.answers(piece.text)
            && self.answer(piece.text, "Yes", piece.text, &place)
        {
            return;
        }
        let linked = self.links && links(table, self.out, piece.text, &place);
        if !linked && (wrapped || !marker(table, self.out, piece.text, self.ascii, &place)) {
            self.asked = self.prose(piece, goes_on, &place);
        }
    }

    /// Whether a piece goes on with the sentence of the line before: `the summary that was⏎generated by Copilot CLI`.
    fn goes_on(&mut self, piece: &Piece<'_>) -> bool {
        let span = piece.span();
        let open = !piece.text.ends_with(['.', '!', '?', ':', ';', '>', ')']) && !piece.is_title();
        let (end, open) = std::mem::replace(&mut self.line, (span.end, open));
        open && span.start == end + 1 && piece.joint == Joint::Line
    }

    /// How a trailer is read that the table does not know: by its key, or by a key that is nearly one where the value is nothing
    /// but a tool's name.
    fn kind_of(&self, key: &str, value: &str) -> Option<Key> {
        kind_of(self.table, key).or_else(|| {
            let (_, kind) = nearest(key)?;
            self.table.is_name(&plain(value, Links::Resolve)).then_some(*kind)
        })
    }

    /// Reads a trailer whose key is made of a declaring one, or credits somebody in another way, where its value names an AI.
    fn compound(&mut self, key: &str, value: &str, text: &str, place: &dyn Fn() -> Whereabouts) -> bool {
        let credits = ["by", "with", "using", "via", "ai"].iter().any(|end| {
            let start = key.len().saturating_sub(end.len());
            key.get(start..).is_some_and(|found| found.eq_ignore_ascii_case(end))
                && key.get(..start).is_some_and(|before| before.ends_with(['-', ' ', '_']))
        });
        let agents = key.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("agent-"));
        if !(credits || agents) || key.split(' ').count() > 4 {
            return false;
        }
        let (table, value) = (self.table, plain(value, Links::Resolve));
        let address = split_address(&value);
        let by_address = address.email.and_then(|email| table.tool_of_email(email));
        let declares = agents || ends_as_declaring(key);
        if by_address.is_some() || (address.email.is_none() && table.is_name(&value)) {
            let named = table.read(if by_address.is_some() { address.name } else { &value });
            let tool = by_address.map(|(tool, _)| tool).or(named.tool.as_deref()).unwrap_or("unknown");
            if declares {
                self.out.add(Finding {
                    model: named.model.map(str::to_owned),
                    help: help_of(Some(Help::Assisted), &value),
                    place: place(),
                    evidence: text.to_owned(),
                    ..finding(tool, Source::Trailer, key, Rank::Inferred)
                });
            } else {
                let why = format!("{tool} is named in `{key}`, which is no key that is known here");
                self.out.remark(RemarkCode::AiReview, why, text);
            }
            return true;
        }
        if declares && !agents && table.read(&value).tool.is_some() {
            let why = format!("`{key}` is no key that is known here, is made as one, and names an AI");
            self.out.remark(RemarkCode::LookAlikeKey, why, text);
            return true;
        }
        false
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
    fn answer(&mut self, text: &str, key: &str, line: &str, place: &dyn Fn() -> Whereabouts) -> bool {
        let value = plain(text, Links::Resolve);
        if denies(self.table, &value) {
            self.out.declared_none(line);
            return true;
        }
        let yes = ["yes", "[x] yes", "☑ yes"].iter().find_map(|yes| {
            let start = value.get(..yes.len())?;
            let rest = value.get(yes.len()..)?;
            (start.eq_ignore_ascii_case(yes) && !rest.starts_with(char::is_alphanumeric)).then_some(rest)
        });
        let (yes, rest) = (yes.is_some() || self.says_so(&value), yes.unwrap_or(&value));
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
            // `Used Cursor for the tests.`
            let tokens = prose::tokens(self.table, rest);
            let name = prose::name_in(&tokens).and_then(|name| self.table.exact_name(name));
            tool = tool.or(name.map(str::to_owned));
        }
        let named = tool.is_some() || model.is_some();
        if !named && !yes {
            return false;
        }
        // `Yes, the description was, but the code was written by hand.`
        if !named && ["but ", "manual", "by hand", "only "].iter().any(|word| contains(rest, word)) {
            self.out.remark(RemarkCode::AiInProse, PROSE, line);
            return true;
        }
        let source = if key.contains('-') { Source::Trailer } else { Source::BodyMarker };
        self.out.add(Finding {
            model,
            place: place(),
            evidence: line.to_owned(),
            ..finding(tool.as_deref().unwrap_or("unknown"), source, key, Rank::Declared)
        });
        true
    }

    /// Reads a sentence: a question whether AI was used, a denial, or words that speak of AI. Says whether it asks.
    fn prose(&mut self, piece: &Piece<'_>, goes_on: bool, place: &dyn Fn() -> Whereabouts) -> bool {
        let (table, text) = (self.table, piece.text);
        if prose::is_reply(text) {
            self.out.remark(RemarkCode::PastedReply, PASTED_REPLY, text);
            return false;
        }
        if !self.ai.is_before(piece.span().end) || text.starts_with('`') {
            return false;
        }
        let spoke = std::mem::take(&mut self.spoke);
        let tokens = if prose::speaks_of_ai(table, text) { prose::tokens(table, text) } else { Vec::new() };
        self.out.cost += tokens.len() as u64;
        if !tokens.is_empty() && !piece.is_title() {
            if let Some((question, rest)) = text.split_once('?')
                && prose::speaks_of_ai(table, question)
                && prose::asks_of_work(&tokens)
            {
                let rest = rest.trim_start_matches(|c: char| {
                    !c.is_alphanumeric() && !matches!(c, '[' | '☐' | '☑' | '`')
                });
                return rest.is_empty() || !(self.answers(rest) && self.answer(rest, "Yes", text, place));
            }
            let heading = text.trim_matches(['#', '*', ' ', ':', '_']);
            if (text.starts_with('#') || text.ends_with([':', '*']))
                && prose::heads_declaration(&prose::tokens(table, heading))
            {
                return true;
            }
            if let Some((statement, answer)) = answered(text)
                && prose::is_about_use(&prose::tokens(table, statement))
            {
                if !self.answer(answer, "Yes", text, place) {
                    self.out.remark(RemarkCode::AiInProse, PROSE, text);
                }
                return false;
            }
            // A template that nobody filled in declares nothing.
            if text.starts_with("[ ]") {
                return false;
            }
            if prose::says_the_word(&tokens) && denies(table, text) {
                self.out.declared_none(text);
                return false;
            }
        }
        let (mut joined, mut says) = (false, None);
        // A sentence goes on over the end of its line.
        if goes_on && (spoke || prose::begins_with_ai(&tokens)) {
            let whole = [piece.words_before(), " ", start_of(text, VALUE_BYTES)].concat();
            let tokens = prose::tokens(table, &whole);
            self.out.cost += tokens.len() as u64;
            (joined, says) = (true, prose::says(&tokens, false));
        }
        if says.is_none() && !(joined && text.starts_with(char::is_lowercase)) {
            says = prose::says(&tokens, piece.is_title());
        }
        if says.is_none() && !self.ascii && !tokens.is_empty() && prose::says_elsewhere(text) {
            says = Some(Says::Worked);
        }
        self.spoke = says.is_none() && !tokens.is_empty();
        let ticked = ["[x] ", "[X] ", "☑ ", "☒ "].iter().find_map(|tick| text.strip_prefix(tick));
        match says {
            Some(said @ (Says::Worked | Says::Declared))
                if (ticked.is_some() && prose::is_plain(&tokens)) || (said == Says::Declared && !joined) =>
            {
                let (key, rank) =
                    if ticked.is_some() { ("[x]", Rank::Declared) } else { ("wrote", Rank::Inferred) };
                let named = prose::name_in(&tokens).and_then(|name| table.exact_name(name));
                self.out.add(Finding {
                    place: place(),
                    evidence: text.to_owned(),
                    ..finding(named.unwrap_or("unknown"), Source::BodyMarker, key, rank)
                });
            }
            Some(Says::Worked | Says::Declared) => self.out.remark(RemarkCode::AiInProse, PROSE, text),
            Some(Says::Reviewed) => self.out.remark(RemarkCode::AiReview, REVIEWED, text),
            Some(Says::Unused) => self.out.declared_none(text),
            None => {}
        }
        false
    }

    /// What stands behind a label that heads a declaration: `AI assistance: used Cursor for the tests`.
    fn declared(&mut self, label: &str, value: &str, text: &str, place: &dyn Fn() -> Whereabouts) {
        if !self.answers(value) || !self.answer(value, label, text, place) {
            self.out.remark(RemarkCode::AiInProse, PROSE, text);
        }
    }

    /// Whether a sentence says that an AI worked on the change.
    fn says_so(&self, text: &str) -> bool {
        prose::speaks_of_ai(self.table, text)
            && prose::says(&prose::tokens(self.table, text), false) >= Some(Says::Worked)
    }

    /// Whether a key that no table knows heads a declaration: `AI assistance`, and where an answer follows `AI-Disclosure`.
    fn is_label(&mut self, key: &str, value: &str) -> bool {
        !value.is_empty()
            && key.split([' ', '-']).any(|word| AI_WORDS.iter().any(|ai| ai.eq_ignore_ascii_case(word)))
            && self.ai.is_before(usize::MAX)
            && prose::heads_declaration(&prose::tokens(self.table, &key.replace('-', " ")))
            && if key.contains(' ') { self.kind_of(key, value).is_none() } else { self.answers(value) }
    }

    /// Whether a text begins as an answer to the question whether AI was used.
    fn answers(&self, value: &str) -> bool {
        let first = value.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty());
        let plain = plain(value, Links::Resolve);
        first.is_some_and(|first| ANSWERS.iter().any(|answer| answer.eq_ignore_ascii_case(first)))
            || denies(self.table, value)
            || self.says_so(value)
            || self.table.is_name(&plain)
            || self.table.leading_name(&plain).is_some_and(|(_, rest, _)| goes_on_as_a_tool(rest))
    }
}

/// Said of words that speak of AI.
const PROSE: &str =
    "these words speak of an AI at work and declare nothing; write `AI-Assisted: <tool>` where one was used";

/// Said of what an AI found or suggested.
const REVIEWED: &str = "an AI found or suggested this: no authorship, and never an approval";

/// Said of what an assistant in a chat says.
const PASTED_REPLY: &str =
    "an assistant begins its replies so, or a prompt is headed so: this was pasted from a chat with one";

/// What the answer begins with where a label stands for the question.
const ANSWERS: &[&str] = &[
    "all",
    "assisted",
    "code",
    "drafted",
    "full",
    "generated",
    "heavy",
    "helped",
    "i",
    "light",
    "minor",
    "most",
    "mostly",
    "only",
    "parts",
    "some",
    "tests",
    "the",
    "this",
    "used",
    "using",
    "we",
    "with",
    "written",
    "x",
    "yes",
];

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

/// How a key is read that the table does not know.
fn kind_of(table: &Table, key: &str) -> Option<Key> {
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
    let kind = Key::of(&dashed).or_else(|| kind_of(&Table::default(), &dashed));
    matches!(kind, Some(Key::Declares(_) | Key::UsedFor | Key::Assists(_)))
}

/// `Commit-Message-Assisted-by`, `Assisted-by-AI`: something before a declaring key, which says what it is about, or `AI` behind.
fn ends_as_declaring(key: &str) -> bool {
    let key = key.replace([' ', '_'], "-").to_ascii_lowercase();
    let key = key.strip_suffix("-ai").unwrap_or(&key);
    let starts = std::iter::once(0).chain(key.match_indices('-').map(|(at, _)| at + 1));
    starts
        .filter_map(|at| KEYS.get(key.get(at..)?))
        .any(|(_, kind)| matches!(kind, Key::Declares(_) | Key::UsedFor | Key::Assists(_)))
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
pub(super) fn start_of(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    text.get(..end).unwrap_or(text)
}

pub(super) fn finding(tool: &str, source: Source, key: &str, confidence: Rank) -> Finding {
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
fn read_trailer(table: &Table, met: &mut Trailers, out: &mut Collector, line: &Declared<'_>) {
    if let Some(met) = met.find(line.key, line.value) {
        return out.repeat(&met.said, line.place);
    }
    // What a key means that no table knows hangs on what else the message says.
    if met.is_full() || Key::of(line.key).is_none() {
        return statements(table, out, line);
    }
    let mut said = Collector::default();
    statements(table, &mut said, line);
    out.repeat(&said, line.place);
    met.0.push(MetTrailer { key: line.key.to_owned(), value: line.value.to_owned(), kind: line.kind, said });
}

/// Reads what a trailer says of each whom it names.
fn statements(table: &Table, out: &mut Collector, line: &Declared<'_>) {
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
                } else if (named.names_something() && named.only_common.is_none())
                    || (kind != Key::Word && is_called_ai(address.name, email))
                {
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
                    add(tool, address.model().or(named.model), credit, Rank::Declared, vec![]);
                } else if kind != Key::Word
                    && let Some(model) =
                        named.model.filter(|_| named.has_version()).or_else(|| find_model(address.name))
                {
                    add("unknown", Some(model), credit, Rank::Declared, vec![]);
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
            declaration(table, out, line, &address, by_address.map(|found| found.0), &evidence);
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
    address: &Address<'_>,
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
    if let Some(tool) = by_address {
        let model = model_of(table, address.name);
        return add(out, tool, model.as_deref());
    }
    if let Some((tool, model)) = key_value_list(value) {
        let named = table.read(tool);
        let id = named.tool.as_deref().unwrap_or(unnamed);
        return add(out, id, model.or(named.model));
    }
    let bracketed = address.model();
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

/// What can be said only once the whole message was read.
fn settle(out: &mut Collector) {
    out.settle_models();
    out.settle_sessions();
    out.settle_denials();
}
