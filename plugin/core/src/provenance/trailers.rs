//! git's own reading of trailers, byte for byte: `git interpret-trailers --parse` with and without `--no-divider`.
//!
//! The rules are those of git's `trailer.c` and of `ignored_log_message_bytes` in `commit.c` (comment character `#`,
//! separator `:`, no configured trailers). Tests compare with the git on the machine.

use std::ops::Range;

/// One trailer, as git prints it with `--parse`: key and value trimmed, the value unfolded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trailer {
    /// The key, as written.
    pub key: Vec<u8>,
    /// The value; empty values are trailers too.
    pub value: Vec<u8>,
    /// Where it stands in the message.
    pub span: Range<usize>,
}

const CUT_LINE: &[u8] = b"# ------------------------ >8 ------------------------\n";
const GIT_GENERATED: [&[u8]; 2] = [b"Signed-off-by: ", b"(cherry picked from commit "];

/// Reads the trailers of a message.
///
/// With `divider`, the message ends at the first line that starts with `---` and a blank, as in a mailed patch; that is
/// the default of `git interpret-trailers`, while `git log --format=%(trailers)` reads without.
pub fn parse(message: &[u8], divider: bool) -> Vec<Trailer> {
    let text = readable(message, divider);
    let trailer = |span: Range<usize>| {
        let raw = text.get(span.clone())?;
        let (key, value) = raw.split_at_checked(find_separator(raw)?)?;
        Some(Trailer { key: trim(key).to_vec(), value: unfold(value.get(1..).unwrap_or_default()), span })
    };
    spans(text).into_iter().filter_map(trailer).collect()
}

/// Where the paragraph stands that git takes for the trailers of a message, read without the divider.
pub(super) struct Block {
    start: usize,
    end: usize,
}

impl Block {
    /// Finds the block of trailers in a message.
    pub fn of(message: &[u8]) -> Self {
        let text = readable(message, false);
        Block { start: block_start(text), end: text.len() }
    }

    /// Whether a trailer begins at this place of the message.
    pub fn has_trailer(&self, message: &[u8], at: usize) -> bool {
        let text = cut(message, self.end);
        // Some tools end a line as git does not.
        let begins = at == 0 || text.get(at - 1) == Some(&b'\n');
        begins && at >= self.start && text.get(at..).is_some_and(is_trailer)
    }
}

/// What git reads of a message when it looks for trailers.
fn readable(message: &[u8], divider: bool) -> &[u8] {
    // git reads the message as a C string.
    let message = cut(message, memchr::memchr(0, message).unwrap_or(message.len()));
    let text = if divider { cut(message, patch_start(message)) } else { message };
    cut(text, text.len() - ignored_bytes(text))
}

/// The spans of the trailers, each with its continuation lines.
fn spans(text: &[u8]) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    // Whether the trailer before goes on.
    let mut open = false;
    for line in lines(text, block_start(text)) {
        let bytes = text.get(line.clone()).unwrap_or_default();
        if open
            && bytes.first().is_some_and(|first| is_space(*first))
            && let Some(span) = spans.last_mut()
        {
            span.end = line.end;
            continue;
        }
        open = is_trailer(bytes);
        if open {
            spans.push(line);
        }
    }
    spans
}

/// Offset of git's scissors line, when the message has one.
pub(super) fn scissors(message: &[u8]) -> Option<usize> {
    // Rare, so the search is for its rarest byte.
    memchr::memchr_iter(b'>', message).find_map(|at| {
        let start = at.checked_sub(CUT_LINE.iter().position(|&byte| byte == b'>')?)?;
        let at_line_start = start == 0 || message.get(start - 1) == Some(&b'\n');
        (at_line_start && message.get(start..)?.starts_with(CUT_LINE)).then_some(start)
    })
}

fn cut(bytes: &[u8], end: usize) -> &[u8] {
    bytes.get(..end).unwrap_or(bytes)
}

/// git's `isspace`: no vertical tab, no form feed, nothing beyond ASCII.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && is_space(*first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && is_space(*last)
    {
        bytes = rest;
    }
    bytes
}

/// Trims, and joins continuation lines by one space each.
fn unfold(value: &[u8]) -> Vec<u8> {
    let value = trim(value);
    let mut out = Vec::with_capacity(value.len());
    let mut bytes = value.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'\n' {
            while bytes.next_if(|&b| is_space(b)).is_some() {}
            out.push(b' ');
        } else {
            out.push(byte);
        }
    }
    trim(&out).to_vec()
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().take_while(|&&b| b != b'\n').all(|&b| is_space(b))
}

/// Spans of the lines from `start` on, each with its line feed.
fn lines(text: &[u8], start: usize) -> impl Iterator<Item = Range<usize>> {
    let mut at = start;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |i| i + 1);
        let line = at..at + length;
        at += length;
        Some(line)
    })
}

fn patch_start(message: &[u8]) -> usize {
    lines(message, 0)
        .find(|line| {
            let line = message.get(line.clone()).unwrap_or_default();
            line.strip_prefix(b"---").and_then(<[u8]>::first).is_some_and(|&b| is_space(b))
        })
        .map_or(message.len(), |line| line.start)
}

/// Bytes at the end that git ignores: scissors and below, trailing comments and blank lines, an old conflicts block.
fn ignored_bytes(message: &[u8]) -> usize {
    let cutoff = scissors(message).unwrap_or(message.len());
    if !ends_ignored(cut(message, cutoff)) {
        return message.len() - cutoff;
    }
    // As in git, offset 0 stands for none: a tail that begins the message is no tail.
    let mut ignored_from = 0;
    let mut in_conflicts = false;
    for line in lines(message, 0) {
        if line.start >= cutoff {
            break;
        }
        let bytes = message.get(line.clone()).unwrap_or_default();
        if matches!(bytes.first(), Some(b'#' | b'\n')) {
            if ignored_from == 0 {
                ignored_from = line.start;
            }
        } else if bytes.starts_with(b"Conflicts:\n") {
            in_conflicts = true;
            if ignored_from == 0 {
                ignored_from = line.start;
            }
        } else if !(in_conflicts && bytes.starts_with(b"\t")) {
            ignored_from = 0;
            in_conflicts = false;
        }
    }
    message.len() - if ignored_from > 0 { ignored_from } else { cutoff }
}

/// Whether the last line is one that may belong to a tail that git ignores.
fn ends_ignored(text: &[u8]) -> bool {
    let before = text.get(..text.len().saturating_sub(1)).unwrap_or_default();
    let last = text.get(memchr::memrchr(b'\n', before).map_or(0, |at| at + 1)..).unwrap_or_default();
    last.starts_with(b"Conflicts:\n") || matches!(last.first(), None | Some(b'#' | b'\n' | b'\t'))
}

/// Start of the last paragraph when git takes it for trailers, else the end of the text.
fn block_start(text: &[u8]) -> usize {
    // A paragraph that no blank line stands before is the title: it is walked to its beginning, and none is found.
    let mut only_blank = true;
    let mut recognized = false;
    let (mut trailers, mut others, mut continuations) = (0_usize, 0_usize, 0_usize);
    let mut end = text.len();
    while end > 0 {
        let before = text.get(..end - 1).unwrap_or_default();
        let range = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1)..end;
        end = range.start;
        let bytes = text.get(range.clone()).unwrap_or_default();
        let first = bytes.first().copied().unwrap_or(b'\n');
        if first == b'#' {
            others += continuations;
            continuations = 0;
        } else if is_blank(bytes) {
            if only_blank {
                continue;
            }
            others += continuations;
            let accepted = (recognized && trailers * 3 >= others) || (trailers > 0 && others == 0);
            return if accepted { range.end } else { text.len() };
        } else {
            only_blank = false;
            if GIT_GENERATED.iter().any(|prefix| bytes.starts_with(prefix)) {
                trailers += 1;
                continuations = 0;
                recognized = true;
            } else if !is_space(first) && is_trailer(bytes) {
                trailers += 1;
                continuations = 0;
            } else if is_space(first) {
                continuations += 1;
            } else {
                others += 1 + continuations;
                continuations = 0;
            }
        }
    }
    text.len()
}

/// Whether a line begins with a key and its separator.
fn is_trailer(line: &[u8]) -> bool {
    find_separator(line).is_some_and(|at| at >= 1)
}

/// Offset of the `:` after a key of ASCII letters, digits and `-`, with blanks allowed before the separator.
fn find_separator(line: &[u8]) -> Option<usize> {
    let mut blank_seen = false;
    for (at, &byte) in line.iter().enumerate() {
        match byte {
            b':' => return Some(at),
            b'-' if !blank_seen => {}
            _ if !blank_seen && byte.is_ascii_alphanumeric() => {}
            b' ' | b'\t' if at > 0 => blank_seen = true,
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(message: &str, divider: bool) -> Vec<(String, String)> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        parse(message.as_bytes(), divider).into_iter().map(|t| (text(t.key), text(t.value))).collect()
    }

    fn keys(message: &str) -> Vec<String> {
        read(message, false).into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn a_title_holds_no_trailers() {
        assert!(keys("AI-Assisted: x\n").is_empty());
        assert!(keys("AI-Assisted: x\nSigned-off-by: a\n").is_empty());
    }

    #[test]
    fn only_the_last_paragraph_counts() {
        assert_eq!(keys("t\n\nAssisted-by: a\n\nSigned-off-by: b\n"), ["Signed-off-by"]);
    }

    #[test]
    fn prose_is_allowed_only_beside_a_line_that_git_writes_and_up_to_three_to_one() {
        let prose = |n: usize, line: &str| format!("t\n\n{}AI: x\n{line}", "prose line\n".repeat(n));
        assert!(keys(&prose(1, "Other: y\n")).is_empty());
        assert_eq!(keys(&prose(6, "Signed-off-by: a\n")), ["AI", "Signed-off-by"]);
        assert!(keys(&prose(7, "Signed-off-by: a\n")).is_empty());
    }

    #[test]
    fn the_divider_ends_the_message_only_when_asked() {
        let message = "t\n\nbody\n\nAI: x\n---\nReviewed-by: y\n";
        assert_eq!(read(message, true), [("AI".into(), "x".into())]);
        assert_eq!(keys(message), Vec::<String>::new());
        assert_eq!(keys("t\n\nbody\n---------\n\nAI: x\n"), ["AI"]);
    }

    #[test]
    fn continuation_lines_unfold_to_one_space() {
        assert_eq!(
            read("t\n\nAI: a\n   b\n\tc\nX: y\n", false),
            [("AI".into(), "a b c".into()), ("X".into(), "y".into())]
        );
    }

    #[test]
    fn comments_blank_lines_scissors_and_conflicts_at_the_end_are_ignored() {
        for tail in ["\n\n", "# note\n", "\n# Conflicts:\n#\tapi.c\n", "Conflicts:\n\tapi.c\n"] {
            assert_eq!(keys(&format!("t\n\nAI: x\n{tail}")), ["AI"], "{tail:?}");
        }
        let below = format!("t\n\nbody\n{}AI: x\n", String::from_utf8_lossy(CUT_LINE));
        assert!(keys(&below).is_empty());
    }

    #[test]
    fn keys_are_ascii_letters_digits_and_hyphens() {
        assert!(keys("t\n\nAI_Assisted: x\n").is_empty());
        assert!(keys("t\n\nAI Assisted: x\n").is_empty());
        assert_eq!(keys("t\n\nAI-Assisted : x\n"), ["AI-Assisted"]);
        assert_eq!(read("t\n\nhttps://example.com\n", false), [("https".into(), "//example.com".into())]);
    }
}
