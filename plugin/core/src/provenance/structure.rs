//! The structure of a commit message, read once for all who ask what stands in it: which of its lines are its author's own,
//! which only show or quote something, and which trailers they hold.
//!
//! git's own reading misses a part of real trailers (two paragraphs of them, one glued to a sentence, line breaks lost), so
//! the whole message is read. Who looks for evidence of AI and who looks for people read the same pieces: what is an example
//! for the one is an example for the other.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::{ControlFlow, Range};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};

use super::lines::{Line, Lines, trim};
use super::markup::{Links, plain};
use super::tools::KEYS;
use super::trailers::{self, Block};
use crate::model::Whereabouts;

/// A line of a message, or a part of one, that is its author's own.
pub(crate) struct Piece<'p> {
    /// The words, trimmed.
    pub text: &'p str,
    /// Key and value where they look like a trailer; the value with the lines that go on with it.
    pub trailer: Option<(&'p str, Cow<'p, str>)>,
    pub joint: Joint,
    /// A trailer stands behind it on its line.
    pub more: bool,
    line: Line<'p>,
    whole: &'p Whole<'p>,
}

/// How a piece hangs together with what stands around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joint {
    /// A line of its own.
    Line,
    /// An item of a list.
    Item,
    /// A trailer behind other words on its line.
    Glued,
    /// A trailer's key in the middle of a sentence that goes on.
    Prose,
    /// `Author:` or `Commit:` of a commit that is quoted whole.
    Head,
    /// Below git's scissors: what git cuts off.
    Cut,
}

impl Piece<'_> {
    /// The place in the message where the piece stands.
    pub fn place(&self) -> Whereabouts {
        match (self.joint, self.whole.kind) {
            (Joint::Head, _) | (_, Kind::Quoted) => Whereabouts::Squash,
            (Joint::Glued | Joint::Prose, _) | (_, Kind::Unbroken) => Whereabouts::Inline,
            (..) if self.line.start == 0 => Whereabouts::Title,
            (..) if self.whole.is_strict(&self.line) => Whereabouts::Strict,
            (..) => Whereabouts::Lenient,
        }
    }

    /// Where its line begins and ends.
    pub fn span(&self) -> Range<usize> {
        self.line.start..self.line.start + self.line.text.len()
    }

    /// The last words of the line before its own.
    pub fn words_before(&self) -> &str {
        let before = self.whole.message.get(..self.line.start).unwrap_or_default();
        let before = before.strip_suffix('\n').or_else(|| before.strip_suffix('\r')).unwrap_or(before);
        let blanks = before.char_indices().rev().take_while(|(_, c)| !matches!(c, '\n' | '\r'));
        let start = blanks
            .filter(|(_, c)| *c == ' ')
            .take(WORDS_BEFORE)
            .last()
            .map_or(before.len(), |(at, _)| at + 1);
        trim(before.get(start..).unwrap_or_default())
    }

    /// Whether it is in the title of the commit.
    pub fn is_title(&self) -> bool {
        self.line.start == 0 && self.whole.kind == Kind::Own
    }
}

/// How many words of a line go with the sentence that goes on behind it.
const WORDS_BEFORE: usize = 9;

/// What a text is that is read as a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Own,
    /// The message of a commit that another one quotes, as `git merge --squash` does.
    Quoted,
    /// A line in which the line breaks were lost, with the breaks put back.
    Unbroken,
}

/// How deep messages within messages are read.
const DEPTH: u8 = 4;

/// What a piece is given to, which may have enough.
type Each<'e> = &'e mut dyn FnMut(&Piece<'_>) -> ControlFlow<()>;

/// Reads a message, piece by piece.
pub(crate) fn read(message: &str, each: Each<'_>) {
    let indented = |line: Line<'_>| trim(line.text).is_empty() || line.is_indented();
    // A message that is a quoted commit from its first line to its last.
    if Lines::of(message).all(indented) {
        let _ = read_whole(&Whole::of(&dedented(Lines::of(message)), Kind::Quoted), DEPTH, each);
    } else {
        let _ = read_whole(&Whole::of(message, Kind::Own), DEPTH, each);
    }
}

/// A text that is read as a message. Most is found out only once a line asks.
struct Whole<'a> {
    message: &'a str,
    kind: Kind,
    breaks: bool,
    blocks: OnceCell<Blocks>,
    strict: OnceCell<Block>,
}

impl<'a> Whole<'a> {
    fn of(message: &'a str, kind: Kind) -> Self {
        let breaks = kind != Kind::Unbroken && may_have_lost_breaks(message);
        Whole { message, kind, breaks, blocks: OnceCell::new(), strict: OnceCell::new() }
    }

    /// What git takes for a trailer is one, whatever stands around it.
    fn is_strict(&self, line: &Line<'_>) -> bool {
        let message = self.message.as_bytes();
        self.strict.get_or_init(|| Block::of(message)).has_trailer(message, line.start)
    }

    /// Whether a line only quotes or shows something.
    fn is_example(&self, line: &Line<'_>) -> bool {
        // Most lines begin with a letter: such a line shows something only where a block began before.
        if self.blocks.get().is_none()
            && line.text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
        {
            return false;
        }
        let text = line.text.trim_start();
        if text.starts_with('>') || is_shown(text) {
            return true;
        }
        let blocks = match self.blocks.get() {
            Some(blocks) => blocks,
            None if line.is_indented() || begins_block(text) => {
                self.blocks.get_or_init(|| Blocks::of(self.message))
            }
            None => return false,
        };
        // An indented line that goes on with a paragraph is code to nobody but its author, and one in a list goes on with
        // its item.
        let shown = blocks.are_code(line) || (line.is_indented() && !blocks.are_items(line));
        shown && !self.is_strict(line)
    }
}

/// Reads a text whose lines, as far as they are its author's own, stand at its margin.
fn read_whole(whole: &Whole<'_>, depth: u8, each: Each<'_>) -> ControlFlow<()> {
    let (mut in_commit, mut cut, mut scissors) = (false, false, None);
    let mut lines = Lines::of(whole.message);
    while let Some(line) = lines.next() {
        let text = trim(line.text);
        if text.is_empty() {
            continue;
        }
        if is_head_of_commit(line.text) {
            in_commit = true;
            continue;
        }
        if in_commit {
            if line.is_indented() && depth > 0 {
                let mut body = vec![line];
                let mut ahead = lines.clone();
                while let Some(next) = ahead.next()
                    && (next.is_indented() || trim(next.text).is_empty())
                {
                    body.push(next);
                    lines = ahead.clone();
                }
                let body = dedented(body.into_iter());
                read_whole(&Whole::of(&body, Kind::Quoted), depth - 1, each)?;
                continue;
            }
            match split_key(text).filter(|(key, _)| HEADS.iter().any(|head| head.eq_ignore_ascii_case(key))) {
                Some((key, value)) => {
                    if key.eq_ignore_ascii_case("author") || key.eq_ignore_ascii_case("commit") {
                        let trailer = Some((key, value.into()));
                        each(&Piece { text, trailer, joint: Joint::Head, more: false, line, whole })?;
                    }
                    continue;
                }
                None => in_commit = false,
            }
        }
        if text.starts_with('#') {
            let at = *scissors.get_or_insert_with(|| trailers::scissors(whole.message.as_bytes()));
            cut |= at == Some(line.start);
        }
        if cut {
            let trailer = split_key(text).map(|(key, value)| (key, value.into()));
            each(&Piece { text, trailer, joint: Joint::Cut, more: false, line, whole })?;
            continue;
        }
        if whole.is_example(&line) {
            continue;
        }
        if whole.breaks
            && depth > 0
            && let Some(unbroken) = with_breaks(line.text)
        {
            read_whole(&Whole::of(&unbroken, Kind::Unbroken), depth - 1, each)?;
            continue;
        }
        read_line(whole, line, text, &lines, each)?;
    }
    ControlFlow::Continue(())
}

/// Reads a line that is its author's own: what stands before its first trailer, and each trailer behind other words.
fn read_line(
    whole: &Whole<'_>,
    line: Line<'_>,
    text: &str,
    following: &Lines<'_>,
    each: Each<'_>,
) -> ControlFlow<()> {
    let (item, text) = match without_list_mark(text) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut joint = if item { Joint::Item } else { Joint::Line };
    // Most lines have no colon, and so no trailer.
    if memchr::memchr(b':', text.as_bytes()).is_none() {
        return each(&Piece { text, trailer: None, joint, more: false, line, whole });
    }
    let mut from = 0;
    for start in glued_keys(text).chain([text.len()]) {
        let part = trim(text.get(from..start).unwrap_or_default());
        let split = decorated_key(part).or_else(|| split_key(part));
        if item && from == 0 && split.is_some_and(|(key, _)| is_known(key)) && is_listed_example(whole, &line)
        {
            return ControlFlow::Continue(());
        }
        let trailer = split.map(|(key, value)| {
            let last = start == text.len() && joint != Joint::Item;
            let unfolded = if last { unfolded(value, following.clone()) } else { None };
            (key, unfolded.map_or(Cow::Borrowed(value), Cow::Owned))
        });
        if joint == Joint::Glued && trailer.as_ref().is_none_or(|(_, value)| goes_on(value)) {
            joint = Joint::Prose;
        }
        if !part.is_empty() {
            each(&Piece { text: part, trailer, joint, more: start < text.len(), line, whole })?;
        }
        (from, joint) = (start, Joint::Glued);
    }
    ControlFlow::Continue(())
}

/// Whether a sentence goes on, or ends, behind the address in a value.
fn goes_on(value: &str) -> bool {
    let value = plain(value, Links::Resolve);
    let end = value.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ')' | ']' | ',' | ';' | '|'));
    let last = end.rsplit(char::is_whitespace).next().unwrap_or_default();
    let is_address = last.contains('@') && last.ends_with(|c: char| c == '>' || c.is_ascii_alphanumeric());
    value.contains('@') && !is_address
}

/// The blocks of a message that only show something, by CommonMark 0.31.
#[derive(Default)]
struct Blocks {
    /// Code and what HTML hides, in order.
    code: Vec<Range<usize>>,
    /// Items of lists.
    items: Vec<Range<usize>>,
}

/// How often reading begins again behind a fence that is never closed.
const OPEN_FENCES: usize = 8;

impl Blocks {
    fn of(message: &str) -> Self {
        let mut blocks = Blocks::default();
        let mut from = 0;
        for _ in 0..OPEN_FENCES {
            match blocks.read(message, from) {
                // A fence that is never closed hides nothing: a tool's marker stands at the end.
                Some(open) => {
                    let line = message.get(open..).and_then(|rest| Lines::of(rest).nth(1));
                    let Some(next) = line else { break };
                    from = open + next.start;
                }
                None => break,
            }
        }
        blocks
    }

    /// Reads from an offset on; gives where a fence stands that is never closed.
    fn read(&mut self, message: &str, from: usize) -> Option<usize> {
        let text = message.get(from..)?;
        let mut open = None;
        for (event, range) in Parser::new_ext(text, Options::empty()).into_offset_iter() {
            let block = text.get(range.clone()).unwrap_or_default();
            let there = from + range.start..from + range.end;
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) if !is_closed(block) => {
                    open = open.or(Some(there.start));
                }
                Event::Start(Tag::CodeBlock(_)) => self.code.push(there),
                Event::Start(Tag::HtmlBlock) if hides(block) => self.code.push(there),
                Event::Start(Tag::Item) => self.items.push(there),
                _ => {}
            }
        }
        open
    }

    fn are_code(&self, line: &Line<'_>) -> bool {
        overlaps(&self.code, line)
    }

    fn are_items(&self, line: &Line<'_>) -> bool {
        overlaps(&self.items, line)
    }
}

fn overlaps(ranges: &[Range<usize>], line: &Line<'_>) -> bool {
    let end = line.start + line.text.len().max(1);
    ranges.iter().any(|range| range.start < end && line.start < range.end)
}

/// Whether the last line of a fenced block closes it: as many marks as open it, or more, and nothing else (4.5).
fn is_closed(block: &str) -> bool {
    let mark = block.chars().next().unwrap_or('`');
    let opening = block.chars().take_while(|c| *c == mark).count();
    let last = block.trim_end().rsplit(['\n', '\r']).next().unwrap_or_default();
    let closing = last.trim_start_matches([' ', '\t', '>']);
    last.len() < block.trim_end().len() && closing.len() >= opening && closing.chars().all(|c| c == mark)
}

/// Elements whose text is no sentence of the author's: each with its end.
const SHOWING: &[(&str, &str)] = &[
    ("<!--", "-->"),
    ("<pre", "</pre>"),
    ("<code", "</code>"),
    ("<blockquote", "</blockquote>"),
    ("<textarea", "</textarea>"),
    ("<kbd", "</kbd>"),
    ("<samp", "</samp>"),
    ("<tt", "</tt>"),
];

/// Whether a block of HTML of several lines hides or shows its text, and ends.
fn hides(block: &str) -> bool {
    shown_by(block).is_some_and(|end| {
        let first = block.split(['\n', '\r']).next().unwrap_or_default();
        !contains(first, end) && contains(block, end)
    })
}

/// Whether a line is code or a quotation by its own marks.
fn is_shown(text: &str) -> bool {
    text.starts_with('<')
        && !text.starts_with("<!--")
        && shown_by(text).is_some_and(|end| contains(text, end))
}

fn shown_by(text: &str) -> Option<&'static str> {
    let begins = |start: &str| {
        let behind = text.as_bytes().get(start.len());
        text.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start))
            && (start == "<!--" || behind.is_none_or(|byte| !byte.is_ascii_alphanumeric()))
    };
    SHOWING.iter().find(|(start, _)| begins(start)).map(|(_, end)| *end)
}

/// Whether a word, in lower case, stands in a text in any case.
pub(super) fn contains(text: &str, word: &str) -> bool {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let Some(first) = word.first() else { return true };
    memchr::memchr2_iter(*first, first.to_ascii_uppercase(), text)
        .any(|at| text.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word)))
}

/// Whether a line may begin a block of several lines that only show something.
fn begins_block(text: &str) -> bool {
    let text = without_list_mark(text).unwrap_or(text);
    text.starts_with("```") || text.starts_with("~~~") || (text.starts_with('<') && shown_by(text).is_some())
}

/// Heads of a commit as `git log` writes them.
const HEADS: &[&str] = &["author", "authordate", "date", "merge", "commit", "commitdate"];

/// `commit <id>` at the margin, as `git log` and `git merge --squash` begin a commit.
fn is_head_of_commit(line: &str) -> bool {
    line.strip_prefix("commit ").is_some_and(|id| {
        let digits = id.bytes().take_while(u8::is_ascii_hexdigit).count();
        digits >= 7 && id.as_bytes().get(digits).is_none_or(u8::is_ascii_whitespace)
    })
}

/// Lines four blanks further out.
fn dedented<'l>(lines: impl Iterator<Item = Line<'l>>) -> String {
    let mut out = String::new();
    for line in lines {
        let text = line.text;
        out.push_str(text.strip_prefix("    ").or_else(|| text.strip_prefix('\t')).unwrap_or(text));
        out.push('\n');
    }
    out
}

/// How a line break is spelled where it was lost: by a shell, in a URL, in HTML, and as characters that break lines elsewhere.
const BREAKS: &[&str] = &[
    "\\r\\n", "\\n", "\\r", "%0D%0A", "%0A", "<br>", "<br/>", "<br />", "&#10;", "\u{2028}", "\u{2029}",
    "\u{85}",
];

fn may_have_lost_breaks(message: &str) -> bool {
    let bytes = message.as_bytes();
    memchr::memchr3(b'\\', b'%', b'&', bytes).is_some()
        || memchr::memchr_iter(b'<', bytes).any(|at| matches!(bytes.get(at + 1), Some(b'b' | b'B')))
        // What the breaks of other alphabets begin with.
        || memchr::memchr2(0xc2, 0xe2, bytes).is_some()
}

/// The line with its lost breaks put back, where it has any outside of code.
fn with_breaks(line: &str) -> Option<String> {
    let mut out: Option<String> = None;
    let (mut from, mut code, mut skip) = (0, false, 0);
    for (at, c) in line.char_indices() {
        let rest = line.get(at..).unwrap_or_default();
        if at >= skip && c == '`' {
            let marks = rest.len() - rest.trim_start_matches('`').len();
            // Three of them are a fence.
            code ^= marks < 3;
            skip = at + marks;
        }
        let breaks = |text: &&&str| {
            line.get(at..at + text.len()).is_some_and(|found| found.eq_ignore_ascii_case(text))
        };
        if at < skip || code || !matches!(c, '\\' | '%' | '<' | '&' | '\u{2028}' | '\u{2029}' | '\u{85}') {
            continue;
        }
        if let Some(text) = BREAKS.iter().find(breaks) {
            let out = out.get_or_insert_default();
            out.push_str(line.get(from..at).unwrap_or_default());
            out.push('\n');
            skip = at + text.len();
            from = skip;
        }
    }
    out.map(|out| out + line.get(from..).unwrap_or_default())
}

/// What follows the mark of a list's item.
fn without_list_mark(text: &str) -> Option<&str> {
    let first = text.chars().next()?;
    let rest = match first {
        '-' | '*' | '+' | '•' => text.get(first.len_utf8()..)?,
        '0'..='9' => text.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(['.', ')'])?,
        _ => return None,
    };
    rest.starts_with([' ', '\t']).then(|| rest.trim_start())
}

/// How many lines of a list are looked at.
const LIST: usize = 64;

/// Whether an item belongs to a list of nothing but trailers that a sentence introduces: such a list says how they look.
fn is_listed_example(whole: &Whole<'_>, line: &Line<'_>) -> bool {
    let is_trailer = |line: &str| {
        without_list_mark(line).is_some_and(|item| {
            decorated_key(item).or_else(|| split_key(item)).is_some_and(|(key, _)| is_known(key))
        })
    };
    let before = whole.message.get(..line.start).unwrap_or_default();
    let mut behind_blank = false;
    for before in before.trim_end_matches(' ').rsplit(['\n', '\r']).skip(1).take(LIST) {
        let before = trim(before);
        match (before.is_empty(), without_list_mark(before).is_some()) {
            (true, _) => behind_blank = true,
            (_, true) if is_trailer(before) => {}
            (_, true) => return false,
            // A sentence right above introduces the list; one further up says so by its colon.
            (_, false) if behind_blank && !before.ends_with(':') => return false,
            (_, false) => {
                let after = Lines::of(whole.message.get(line.start..).unwrap_or_default())
                    .map(|line| trim(line.text));
                let mut items = after.take_while(|line| without_list_mark(line).is_some()).take(LIST);
                return items.all(is_trailer);
            }
        }
    }
    false
}

/// Whether a key says something here.
fn is_known(key: &str) -> bool {
    KEYS.get(key).is_some()
}

/// Where trailers begin that stand behind other words, outside of code and of quotation marks.
fn glued_keys(text: &str) -> impl Iterator<Item = usize> {
    // How far the marks of code are counted, and whether one is open there.
    let (mut counted, mut in_code) = (0, false);
    memchr::memchr_iter(b':', text.as_bytes()).filter_map(move |colon| {
        let (start, end) = key_before(text, colon).filter(|(start, _)| *start > 0)?;
        let key = text.get(start..end)?;
        let known = key.bytes().any(|byte| byte == b'-') && is_known(key);
        let before = text.get(..start).filter(|_| known)?;
        let bounded = before.ends_with(|c: char| {
            c.is_whitespace()
                || matches!(c, '(' | '[' | ',' | ';' | '|' | '.' | ')' | '>' | '*')
                || !c.is_ascii()
        });
        let quoted = before.ends_with(['“', '‘', '«', '„', '’', '”']);
        let marks = before.as_bytes().get(counted..).map_or(0, |new| memchr::memchr_iter(b'`', new).count());
        (counted, in_code) = (start, in_code ^ (marks % 2 == 1));
        let first = !before.contains(|c: char| c.is_alphanumeric());
        (bounded && !quoted && !in_code && !first).then_some(start)
    })
}

/// Where the word stands that a colon ends, as keys of trailers do; marks of emphasis may stand between.
fn key_before(text: &str, colon: usize) -> Option<(usize, usize)> {
    let before = text.as_bytes().get(..colon)?;
    let end = before.iter().rposition(|byte| !matches!(byte, b'*' | b'_' | b'`' | b' '))? + 1;
    // No known key ends with another letter.
    if !before.get(end - 1)?.is_ascii_alphanumeric() {
        return None;
    }
    let is_of_key = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let start = before.get(..end)?.iter().rposition(|byte| !is_of_key(byte)).map_or(0, |at| at + 1);
    let longest = end - start <= KEY_BYTES;
    longest.then_some((start, end))
}

/// Keys are not longer.
const KEY_BYTES: usize = 40;

/// Splits `Key: value`: a key as git knows it, though blanks and underscores inside are let through for the remark.
pub(super) fn split_key(line: &str) -> Option<(&str, &str)> {
    // There is no need to look for the colon further on.
    let head = line.as_bytes().get(..KEY_BYTES + 8).unwrap_or(line.as_bytes());
    let at = memchr::memchr(b':', head)?;
    let key = line.get(..at)?.trim_end();
    let sound = !key.is_empty()
        && key.len() <= KEY_BYTES
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b' '));
    sound.then(|| (key, trim(line.get(at + 1..).unwrap_or_default())))
}

/// A known trailer that Markdown or a robot stands around: `**AI-Assisted:** x`, `[AI-Assisted: x]`, `<b>AI-Assisted</b>: x`.
fn decorated_key(line: &str) -> Option<(&str, &str)> {
    let plain = line.as_bytes().first().is_none_or(u8::is_ascii_alphanumeric);
    // A quotation and a piece of code are somebody else's words, and a comment is nobody's.
    let others = ["# ", "<!--"].iter().any(|start| line.starts_with(start));
    if plain || others || line.starts_with(['>', '`', '"', '\'', '“', '‘', '«']) {
        return None;
    }
    let head = line.get(..line.len().min(96)).unwrap_or(line);
    let colon = memchr::memchr_iter(b':', head.as_bytes()).find(|colon| {
        let at = key_before_tag(line, *colon);
        at.and_then(|(start, end)| line.get(start..end)).is_some_and(is_known)
    })?;
    let (start, end) = key_before_tag(line, colon)?;
    let before = line.get(..start)?;
    // What stands before is marks and tags alone.
    let words = super::markup::plain(before, Links::Keep);
    if words.contains(|c: char| c.is_alphanumeric() || c == '"') {
        return None;
    }
    let value = trim(line.get(colon + 1..)?).trim_start_matches(['*', ' ']);
    let value = if before.contains('[') { value.split(']').next().unwrap_or(value) } else { value };
    Some((line.get(start..end)?, value))
}

/// The same behind a tag that ends before the colon.
fn key_before_tag(text: &str, colon: usize) -> Option<(usize, usize)> {
    let before = text.get(..colon)?;
    match before.strip_suffix('>').and_then(|tag| tag.rfind("</")) {
        Some(tag) => key_before(text, tag),
        None => key_before(text, colon),
    }
}

/// The value with its continuation lines, when it has any; a line that is a trailer itself goes on with none.
fn unfolded(value: &str, following: Lines<'_>) -> Option<String> {
    let mut out = None;
    for line in following.take(16) {
        let text = trim(line.text);
        let is_trailer = || split_key(text).is_some_and(|(key, _)| is_known(key));
        if text.is_empty() || !line.text.starts_with([' ', '\t']) || is_trailer() {
            break;
        }
        let out = out.get_or_insert_with(|| value.to_owned());
        out.push(' ');
        out.push_str(text);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::TagEnd;

    use super::*;

    /// The pieces of a message: how each hangs together, and its words.
    fn pieces(message: &str) -> Vec<(Joint, String)> {
        let mut found = Vec::new();
        read(message, &mut |piece| {
            found.push((piece.joint, piece.text.to_owned()));
            ControlFlow::Continue(())
        });
        found
    }

    fn own(message: &str) -> Vec<String> {
        pieces(message).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn what_only_shows_or_quotes_something_is_no_piece() {
        for (message, expected) in [
            ("t\n\n```\ncode\n```\nend", vec!["t", "end"]),
            ("t\n\n~~~ sh\n```\ncode\n~~~\nend", vec!["t", "end"]),
            ("t\n\n````\n```\ncode\n```\n````\nend", vec!["t", "end"]),
            ("t\n\n```x``` is code\nend", vec!["t", "```x``` is code", "end"]),
            ("t\n\n   ```\ncode\n   ```\nend", vec!["t", "end"]),
            ("t\n\n- ```\n  code\n  ```\n- end", vec!["t", "end"]),
            ("t\n\n```\ncode\n``` no end\nend\n```", vec!["t"]),
            ("t\n\n    code\n\nend", vec!["t", "end"]),
            ("t\n\nlook:\n    code\nend", vec!["t", "look:", "end"]),
            ("t\n\n\tcode\n\nend", vec!["t", "end"]),
            ("t\n\n- item\n\n    goes on\n", vec!["t", "item", "goes on"]),
            ("t\n\n> quoted\nnot quoted", vec!["t", "not quoted"]),
            ("t\n\n<!--\nhidden\n-->\nend", vec!["t", "end"]),
            ("t\n\n<!-- one line -->\nend", vec!["t", "<!-- one line -->", "end"]),
            ("t\n\n<pre>\ncode\n</pre>\nend", vec!["t", "end"]),
            ("t\n\n<code>x</code>\nend", vec!["t", "end"]),
            // A fence that is never closed hides nothing, and neither does a comment.
            ("t\n\n```\ncode\n\nend", vec!["t", "```", "code", "end"]),
            ("t\n\n````\na\n```\ncode\n```\nend", vec!["t", "````", "a", "end"]),
            ("t\n\n<!--\nhidden\n\nend", vec!["t", "<!--", "hidden", "end"]),
        ] {
            assert_eq!(own(message), expected, "{message:?}");
        }
    }

    #[test]
    fn what_git_takes_for_a_trailer_is_a_piece_whatever_stands_around_it() {
        let message = "t\n\n```\nAI-Assisted: x\nSigned-off-by: A <a@x>\n```\n";
        assert_eq!(own(message), ["t", "AI-Assisted: x", "Signed-off-by: A <a@x>"]);
    }

    #[test]
    fn trailers_are_found_where_line_breaks_were_lost() {
        use Joint::{Glued, Line, Prose};
        for (message, expected) in [
            ("fix: x\\n\\nA-By: y", vec![(Line, "fix: x"), (Line, "A-By: y")]),
            ("fix: x%0D%0A%0AAI: y", vec![(Line, "fix: x"), (Line, "AI: y")]),
            (
                "a<br>b<BR/>c&#10;d\u{2028}e",
                vec![(Line, "a"), (Line, "b"), (Line, "c"), (Line, "d"), (Line, "e")],
            ),
            ("print `a\\nb`", vec![(Line, "print `a\\nb`")]),
            ("fix\\n\\n```\\nAI: y\\n```\\nend", vec![(Line, "fix"), (Line, "end")]),
            (
                "Reviewed-by: A <a@x> Co-authored-by: B <b@x>",
                vec![(Line, "Reviewed-by: A <a@x>"), (Glued, "Co-authored-by: B <b@x>")],
            ),
            (
                "fix: x (Co-authored-by: B <b@x>)",
                vec![(Line, "fix: x ("), (Glued, "Co-authored-by: B <b@x>)")],
            ),
            (
                "it wrote Co-authored-by: B <b@x> into it",
                vec![(Line, "it wrote"), (Prose, "Co-authored-by: B <b@x> into it")],
            ),
            ("it wrote `Co-authored-by: B <b@x>`", vec![(Line, "it wrote `Co-authored-by: B <b@x>`")]),
            ("it wrote “Co-authored-by: B <b@x>”", vec![(Line, "it wrote “Co-authored-by: B <b@x>”")]),
            ("it wrote \"Co-authored-by: B <b@x>\"", vec![(Line, "it wrote \"Co-authored-by: B <b@x>\"")]),
            (
                "it wrote Co-authored-by: B <b@x>.",
                vec![(Line, "it wrote"), (Prose, "Co-authored-by: B <b@x>.")],
            ),
            ("<!-- Co-authored-by: B <b@x> -->", vec![(Line, "<!-- Co-authored-by: B <b@x> -->")]),
            ("see http://x/?Co-authored-by: B", vec![(Line, "see http://x/?Co-authored-by: B")]),
        ] {
            let expected: Vec<_> =
                expected.into_iter().map(|(joint, text)| (joint, text.to_owned())).collect();
            assert_eq!(pieces(message), expected, "{message:?}");
        }
    }

    #[test]
    fn a_list_of_nothing_but_trailers_that_a_sentence_introduces_shows_them() {
        for (list, is_example) in [
            ("Write one of\n- AI-Assisted: x\n- Signed-off-by: A <a@x>", true),
            ("Trailers:\n\n* AI-Assisted: x", true),
            ("Trailers:\n\n1. AI-Assisted: x\n2. Signed-off-by: A <a@x>", true),
            ("- AI-Assisted: x", false),
            ("Fixed it.\n\n- AI-Assisted: x", false),
            ("Changes:\n- clamp it\n- AI-Assisted: x", false),
            ("Changes:\n- AI-Assisted: x\n- clamp it", false),
        ] {
            let found = own(&format!("t\n\n{list}\n\nend"));
            assert_eq!(!found.contains(&"AI-Assisted: x".to_owned()), is_example, "{list}");
        }
    }

    #[test]
    fn a_quoted_commit_is_a_message_of_its_own() {
        let message = "Squashed commit of the following:\n\ncommit 1234567\nAuthor: A <a@x>\nDate:   Mon\n\n    work\n    \n    \
                       Co-authored-by: B <b@x>\n\n        code\n\n    > quoted\n\nSigned-off-by: C <c@x>\n";
        let expected = [
            (Joint::Line, "Squashed commit of the following:"),
            (Joint::Head, "Author: A <a@x>"),
            (Joint::Line, "work"),
            (Joint::Line, "Co-authored-by: B <b@x>"),
            (Joint::Line, "Signed-off-by: C <c@x>"),
        ];
        assert_eq!(pieces(message), expected.map(|(joint, text)| (joint, text.to_owned())));
        assert_eq!(own("    t\n\n    body\n\n        code\n"), ["t", "body"]);
    }

    #[test]
    fn what_git_cuts_off_is_told_apart() {
        let message = "t\n\n# ------------------------ >8 ------------------------\nAI-Assisted: x\n";
        assert_eq!(pieces(message).last(), Some(&(Joint::Cut, "AI-Assisted: x".to_owned())));
    }

    /// Whether each line stands in a block of code, as the library reads them; without a fence that is never closed.
    fn code_by_the_library(message: &str) -> Vec<bool> {
        let mut code: Vec<Range<usize>> = Vec::new();
        let mut start = None;
        for (event, range) in Parser::new(message).into_offset_iter() {
            match event {
                Event::Start(Tag::CodeBlock(_)) => start = Some(range.start),
                Event::End(TagEnd::CodeBlock) => code.extend(start.take().map(|start| start..range.end)),
                _ => {}
            }
        }
        let is_in =
            |line: &Line<'_>| code.iter().any(|range| range.start < line.start + 1 && line.start < range.end);
        Lines::of(message).map(|line| is_in(&line) || overlaps(&code, &line)).collect()
    }

    /// Where the reading of a line means to differ from CommonMark's.
    #[derive(Debug, PartialEq)]
    enum Meant {
        /// A fence that is never closed is code to the end there, and hides nothing here.
        OpenFence,
        /// An indented line that goes on with a paragraph is text there, and is meant as code by whoever indents it.
        IndentedParagraph,
    }

    fn lines() -> impl Strategy<Value = String> {
        let line = prop::sample::select(vec![
            "",
            "text",
            "more text",
            "```",
            "````",
            "~~~",
            "~~~~",
            "```rust",
            "``` a`b",
            "~~~ a`b",
            "   ```",
            "    ```",
            "\t```",
            "``",
            "``` ",
            "````  ",
            "  ~~~",
            "    code",
            "\tcode",
            "     deep",
            "```x```",
            "~~~x~~~",
            "x ```",
        ]);
        prop::collection::vec(line, 1..14).prop_map(|lines| format!("t\n\n{}\n", lines.join("\n")))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn code_is_what_commonmark_takes_for_code(message in lines()) {
            let whole = Whole::of(&message, Kind::Own);
            let library = code_by_the_library(&message);
            let open = {
                let mut blocks = Blocks::default();
                blocks.read(&message, 0)
            };
            for (line, is_code) in Lines::of(&message).zip(library) {
                if trim(line.text).is_empty() {
                    continue;
                }
                let ours = whole.is_example(&line);
                let meant = match () {
                    () if open.is_some_and(|open| line.start + line.text.len() > open) => Some(Meant::OpenFence),
                    () if line.is_indented() && !is_code => Some(Meant::IndentedParagraph),
                    () => None,
                };
                match meant {
                    Some(Meant::OpenFence) => {}
                    Some(Meant::IndentedParagraph) => prop_assert!(ours, "{:?} in {:?}", line, message),
                    None => prop_assert_eq!(ours, is_code, "{:?} in {:?}", line, message),
                }
            }
        }

        #[test]
        fn every_trailer_that_git_finds_is_a_piece(message in blocks_of_trailers()) {
            let whole = Whole::of(&message, Kind::Own);
            let mut found = Vec::new();
            let _ = read_whole(&whole, DEPTH, &mut |piece| {
                if piece.trailer.is_some() && !matches!(piece.joint, Joint::Cut | Joint::Prose) {
                    found.push(piece.line.start);
                }
                ControlFlow::Continue(())
            });
            for start in trailers::parse(message.as_bytes(), false).into_iter().map(|trailer| trailer.span.start) {
                prop_assert!(found.contains(&start), "{start} of {message:?}");
            }
        }

        #[test]
        fn an_author_is_named_where_evidence_is_found_and_nowhere_else(
            before in surroundings(), form in forms(), after in surroundings(),
        ) {
            let message = |who: &str| format!("t\n\n{before}{}{after}", form.replace("WHO", who));
            let read = |who: &str| {
                let mut out = super::super::Collector::default();
                let (table, mut met) = (super::super::Table::default(), super::super::Trailers::default());
                super::super::message::read(&table, &mut met, &message(who), &mut out);
                out
            };
            let named = read("Sam <sam@shop.example>").authors.iter().any(|(_, email)| email == "sam@shop.example");
            prop_assert_eq!(named, !read("Claude <noreply@anthropic.com>").findings.is_empty(), "{:?}", message("WHO"));
        }
    }

    fn blocks_of_trailers() -> impl Strategy<Value = String> {
        let line = prop::sample::select(vec![
            "",
            "text",
            "```",
            "~~~",
            "> quoted",
            "    code",
            " goes on",
            "- item",
            "Key: v",
            "AI-Assisted: cursor",
            "Signed-off-by: A <a@x>",
            "Co-authored-by: B <b@x>",
            "# comment",
            "<!--",
            "-->",
            "<pre>",
            "https://x.org/y",
        ]);
        prop::collection::vec(line, 1..14).prop_map(|lines| format!("t\n\n{}\n", lines.join("\n")))
    }

    fn surroundings() -> impl Strategy<Value = String> {
        let line = prop::sample::select(vec![
            "",
            "",
            "text",
            "look:",
            "```",
            "~~~~",
            "````",
            "> quoted",
            "    code",
            "- item",
            "* Fix it",
            "Signed-off-by: A <a@x>",
            "# comment",
            "<!--",
            "-->",
            "commit 1234567",
            "Date:   Mon",
            "fix\\nit",
            "---------",
            "Key: v",
            "1. one",
            "# ------------------------ >8 ------------------------",
        ]);
        prop::collection::vec(line, 0..7).prop_map(|lines| lines.join("\n") + "\n")
    }

    fn forms() -> impl Strategy<Value = String> {
        prop::sample::select(vec![
            "Co-authored-by: WHO",
            "co-authored-by: WHO",
            "Co-Authored-By : WHO",
            "  Co-authored-by: WHO",
            "    Co-authored-by: WHO",
            "\tCo-authored-by: WHO",
            "        Co-authored-by: WHO",
            "> Co-authored-by: WHO",
            "- Co-authored-by: WHO",
            "* Co-authored-by: WHO",
            "1. Co-authored-by: WHO",
            "**Co-authored-by:** WHO",
            "**Co-authored-by**: WHO",
            "`Co-authored-by: WHO`",
            "Co-authored-by: `WHO`",
            "text Co-authored-by: WHO",
            "text Co-authored-by: WHO and more",
            "Reviewed-by: B <b@x> Co-authored-by: WHO",
            "text\\n\\nCo-authored-by: WHO",
            "text%0ACo-authored-by: WHO",
            "Co-authored-by: B <b@x>, WHO",
            "Co-authored-by:\n WHO",
            "Author: WHO",
            "Written-by: WHO",
            "Co authored by: WHO",
            "Co_authored_by: WHO",
            "Co-developed-by: WHO",
            "<b>Co-authored-by:</b> WHO",
            "<pre>Co-authored-by: WHO</pre>",
            "# Co-authored-by: WHO",
            "\"Co-authored-by: WHO\"",
            "(Co-authored-by: WHO)",
            "[Co-authored-by: WHO]",
            "🤖 Co-authored-by: WHO",
            "text; Co-authored-by: WHO",
            "text. Co-authored-by: WHO.",
            "<!-- Co-authored-by: WHO -->",
        ])
        .prop_map(str::to_owned)
    }
}
