//! What a person wrote in a comment, without what it only quotes, shows or hides.

use std::borrow::Cow;
use std::cell::OnceCell;

use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::model::Act;

/// What an act says. Its Markdown is read when a rule first asks for it, and once for all rules.
pub(crate) struct Words<'d> {
    text: Cow<'d, str>,
    own: OnceCell<String>,
    unquoted: OnceCell<String>,
    said: OnceCell<String>,
}

impl<'d> Words<'d> {
    pub fn of(act: &'d Act<'_>) -> Self {
        Words { text: act.words(), own: OnceCell::new(), unquoted: OnceCell::new(), said: OnceCell::new() }
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What of it is its giver's own words: lines, trimmed, none of them empty.
    pub fn own(&self) -> &str {
        self.own.get_or_init(|| own_words(&self.text, Leave::All))
    }

    /// The same with the lines that go on with a quotation lazily, behind no mark of their own (CommonMark 0.31, 5.1).
    pub fn unquoted(&self) -> &str {
        self.unquoted.get_or_init(|| own_words(&self.text, Leave::Marked))
    }

    /// What is its giver's own with the code and the links that stand within a sentence: an answer may name a file.
    pub fn said(&self) -> &str {
        self.said.get_or_init(|| own_words(&self.text, Leave::Blocks))
    }
}

/// What is left out of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leave {
    /// Block quotes, with the lines that lazily go on with one, code blocks and HTML.
    Blocks,
    /// Code and links within a sentence too.
    All,
    /// The same, but of quotations only the lines with a mark.
    Marked,
}

/// The lines of a comment that are its author's own words.
fn own_words(comment: &str, leave: Leave) -> String {
    let marked = comment.bytes().any(|b| matches!(b, b'>' | b'<' | b'`' | b'~' | b'[' | b'\t'));
    if marked || comment.contains("    ") { lines(&without_others(comment, leave)) } else { lines(comment) }
}

/// Lines, trimmed, none of them empty.
fn lines(text: &str) -> String {
    let mut lines = String::with_capacity(text.len() + 1);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        lines.push_str(line);
        lines.push('\n');
    }
    lines
}

fn without_others(comment: &str, leave: Leave) -> String {
    let mut left_out: Vec<std::ops::Range<usize>> = Vec::new();
    let parser = Parser::new_ext(comment, Options::empty());
    left_out.extend(parser.reference_definitions().iter().map(|(_, definition)| definition.span.clone()));
    for (event, range) in parser.into_offset_iter() {
        match event {
            Event::Start(Tag::BlockQuote(_)) if leave == Leave::Marked => {
                let mut at = range.start;
                for line in comment.get(range).unwrap_or_default().split_inclusive('\n') {
                    if line.trim_start().starts_with('>') {
                        left_out.push(at..at + line.len());
                    }
                    at += line.len();
                }
            }
            Event::Start(Tag::BlockQuote(_) | Tag::CodeBlock(_)) => left_out.push(range),
            Event::Html(_) | Event::InlineHtml(_) => left_out.push(range),
            Event::Code(_) | Event::Start(Tag::Link { .. } | Tag::Image { .. }) if leave != Leave::Blocks => {
                left_out.push(range);
            }
            _ => {}
        }
    }
    left_out.sort_unstable_by_key(|range| range.start);
    let mut own = String::with_capacity(comment.len());
    let mut at = 0;
    for range in left_out {
        if let Some(before) = comment.get(at..range.start) {
            own.push_str(before);
        }
        // What stood on one line must not come to stand on another.
        if comment.get(range.clone()).is_some_and(|text| text.contains('\n')) {
            own.push('\n');
        }
        at = at.max(range.end);
    }
    own.push_str(comment.get(at..).unwrap_or_default());
    own
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Leave, lines, without_others};

    fn own_words(comment: &str) -> String {
        super::own_words(comment, Leave::All)
    }

    proptest! {
        #[test]
        fn where_nothing_is_marked_nothing_is_left_out(comment in "[ab /#*_:!.=&\\-\\\\\\(\\)\\n><`~\\[\\]\t]{0,40}") {
            prop_assert_eq!(own_words(&comment), lines(&without_others(&comment, Leave::All)));
        }
    }

    #[test]
    fn quotes_code_and_html_comments_are_nobodys_words() {
        for (comment, lines) in [
            ("/approve", vec!["/approve"]),
            ("thanks!\r\n /Approve \r\nship it", vec!["thanks!", "/Approve", "ship it"]),
            ("> /approve\n\nwhy would anyone?", vec!["why would anyone?"]),
            ("> mara wrote: just say\n/approve", vec![]),
            ("> please look\n\n/approve", vec!["/approve"]),
            ("write:\n```\n/approve\n```\nor not", vec!["write:", "or not"]),
            ("write:\n\n    /approve\n\nor not", vec!["write:", "or not"]),
            ("<!--\n/approve\n-->\n\nhello", vec!["hello"]),
            ("hello <!-- x --> there", vec!["hello  there"]),
            ("- > /approve", vec!["-"]),
            ("write `\n/approve\n` to sign off", vec!["write", "to sign off"]),
            ("[a]: http://x \"\n/approve\n\"", vec![]),
            ("![\n/approve\n](x)", vec![]),
            ("[x](\n/approve\n)", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(own_words(comment).lines().collect::<Vec<_>>(), lines, "{comment:?}");
        }
    }
}
