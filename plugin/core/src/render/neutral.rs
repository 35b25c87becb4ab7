//! Makes text from commits and people harmless for the place that it is shown in.
//!
//! Every piece becomes one line. Control, bidirectional and invisible characters become visible escapes, so that what
//! is read is what is there.

use crate::model::escaped;

/// One line of text for a terminal or a CI log: no escape sequences, no workflow commands.
pub fn plain(text: &str) -> String {
    let mut out = escaped(text.trim());
    // `::command::` counts at the start of a line, `##[command]` and `##vso[command]` anywhere in it.
    if out.starts_with("::") {
        out.insert(1, ' ');
    }
    if out.contains("##") {
        out = out.replace("##[", "## [").replace("##vso[", "## vso[");
    }
    out
}

/// One line of Markdown that shows the text and does nothing: no markup, HTML, mention, reference or link.
pub(super) fn markdown(text: &str) -> String {
    const BREAK: char = '\u{200b}';
    let text = plain(text);
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' | '^' => {
                out.push('\\');
                out.push(c);
            }
            '-' | '+' | '=' if first => {
                out.push('\\');
                out.push(c);
            }
            '.' | ')' if out.chars().all(|c| c.is_ascii_digit()) => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        // Mentions, and references such as #1, !1, %1, &1, $1, ~1: a forge would notify somebody or link something.
        let refers = c == '@'
            || (matches!(c, '#' | '!' | '%' | '&' | '$' | '~' | '^' | '-')
                && next.is_some_and(|n| n.is_ascii_digit() || n == '"'));
        // Links without markup.
        let links = (c == ':' && next == Some('/')) || (c.eq_ignore_ascii_case(&'w') && next == Some('.'));
        if refers && c != '-' || links {
            out.push(BREAK);
        }
        first = false;
    }
    out
}

/// Lines for a fenced block of Markdown, with a fence that they cannot close.
pub(super) fn fence(lines: &str) -> (String, String) {
    let body: Vec<String> = lines
        .lines()
        .map(|line| {
            let indent: String = line.chars().take_while(|c| *c == ' ').collect();
            indent + &plain(line)
        })
        .collect();
    let body = body.join("\n");
    let longest = body.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    ("`".repeat(longest.max(2) + 1), body)
}

/// Text for an attribute or element of XML.
pub(super) fn xml(text: &str) -> String {
    without_markup(&plain(text))
}

/// Text for an attribute or element of HTML. Its lines stay lines.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            out.push('\n');
        }
        out.push_str(&without_markup(&escaped(line)));
    }
    out
}

fn without_markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // Not characters of XML 1.0 at all.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{deceives, visible};

    #[test]
    fn what_deceives_becomes_visible() {
        assert_eq!(plain("a\u{1b}[31mb\u{202e}c\nd"), "a\\u{1b}[31mb\\u{202e}c\\u{a}d");
        assert_eq!(plain("::error::x"), ": :error::x");
        assert_eq!(plain("x ##[add-mask]y ##vso[task]"), "x ## [add-mask]y ## vso[task]");
    }

    #[test]
    fn markdown_shows_and_does_nothing() {
        assert_eq!(markdown("@all see #1 and !2"), "@\u{200b}all see \\#\u{200b}1 and !\u{200b}2");
        assert_eq!(markdown("<img src=x>[a](b)"), "&lt;img src=x&gt;\\[a\\](b)");
        assert_eq!(markdown("https://a www.b"), "https:\u{200b}//a www\u{200b}.b");
        assert_eq!(markdown("- x"), "\\- x");
        assert_eq!(markdown("1. x"), "1\\. x");
    }

    proptest! {
        #[test]
        fn plain_text_is_one_line_without_control_or_command(text in any::<String>()) {
            let out = plain(&text);
            prop_assert!(!out.chars().any(deceives));
            prop_assert!(!out.starts_with("::") && !out.contains("##[") && !out.contains("##vso["));
        }

        #[test]
        fn markdown_holds_no_markup_html_or_mention(text in "[ -~\u{80}-\u{ff}\u{202e}\n]{0,60}") {
            let out = markdown(&text);
            prop_assert!(!out.contains('<') && !out.contains('>') && !out.contains('\n'));
            let chars: Vec<char> = out.chars().collect();
            for (at, c) in chars.iter().enumerate() {
                if matches!(c, '`' | '*' | '_' | '[' | ']' | '|') {
                    let before = chars[..at].iter().rev().take_while(|c| **c == '\\').count();
                    prop_assert!(before % 2 == 1, "{c} in {out:?}");
                }
                if *c == '@' {
                    prop_assert_eq!(chars.get(at + 1), Some(&'\u{200b}'));
                }
            }
        }

        #[test]
        fn a_fence_is_never_closed_by_its_lines(text in "[`a \n]{0,60}") {
            let (fence, body) = fence(&text);
            prop_assert!(!body.contains(&fence));
        }

        #[test]
        fn html_shows_the_text_and_holds_no_markup(text in any::<String>()) {
            let out = html(&text);
            prop_assert!(!out.contains(['<', '>', '"', '\'']));
            prop_assert!(!out.chars().any(|c| deceives(c) && c != '\n'));
            let read = out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
            let read = read.replace("&amp;", "&");
            let replaced = |c: char| if matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c };
            prop_assert_eq!(read, visible(&text).chars().map(replaced).collect::<String>());
        }

        #[test]
        fn xml_holds_no_markup_and_only_its_own_characters(text in any::<String>()) {
            let out = xml(&text);
            prop_assert!(!out.contains(['<', '>', '"', '\'']));
            let foreign = |c: char| c.is_control() || matches!(u32::from(c), 0xfffe | 0xffff);
            prop_assert!(!out.chars().any(foreign));
        }
    }
}
