//! What Markdown and HTML put around words, taken off before a name or an address is compared.

use std::borrow::Cow;

/// The form in which a link `[text](url)` is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    /// It is left as it stands.
    Keep,
    /// The text is left; behind a name the address of a `mailto:`.
    Resolve,
}

/// A text without code marks, emphasis, escapes, entities and tags (CommonMark 0.31, sections 2.4, 2.5, 6.1, 6.2, 6.6).
pub(crate) fn plain(text: &str, links: Links) -> Cow<'_, str> {
    let is_mark = |(at, byte): (usize, u8)| match byte {
        b'`' | b'*' | b'\\' | b'&' => true,
        b'[' => links == Links::Resolve,
        b'<' => tag(text.get(at..).unwrap_or_default()).is_some(),
        _ => false,
    };
    let Some(first) = text.bytes().enumerate().position(is_mark) else {
        return Cow::Borrowed(text);
    };
    let (before, mut rest) = text.split_at_checked(first).unwrap_or((text, ""));
    let mut out = before.to_owned();
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        rest = match c {
            '`' | '*' => after,
            '\\' if after.starts_with(|c: char| c.is_ascii_punctuation()) => {
                let escaped = after.chars().next().unwrap_or_default();
                out.push(escaped);
                after.get(escaped.len_utf8()..).unwrap_or_default()
            }
            '&' => match ENTITIES.iter().find_map(|(name, c)| Some((*c, after.strip_prefix(name)?))) {
                Some((c, after)) => {
                    out.push(c);
                    after
                }
                None => {
                    out.push('&');
                    after
                }
            },
            '<' if tag(rest).is_some() => tag(rest).unwrap_or(after),
            '[' if links == Links::Resolve && link(after).is_some() => {
                let (text, url, after) = link(after).unwrap_or_default();
                out.push_str(&plain(text, links));
                let address = url.strip_prefix("mailto:").filter(|_| !text.contains('@'));
                if let Some(address) = address {
                    out.extend([" <", address, ">"]);
                }
                after
            }
            c => {
                out.push(c);
                after
            }
        };
    }
    Cow::Owned(out)
}

/// The text and the target of a link behind its `[`, and what follows it.
fn link(text: &str) -> Option<(&str, &str, &str)> {
    let (text, rest) = text.split_once("](")?;
    let (url, after) = rest.split_once(')')?;
    (!text.contains(['[', ']'])).then_some((text, url.trim_matches(['<', '>']), after))
}

/// What follows an HTML tag at the start of a text; an address in angle brackets is none.
fn tag(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('<')?;
    let inner = inner.strip_prefix('/').unwrap_or(inner);
    let name = inner.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
    TAGS.iter().find(|known| known.eq_ignore_ascii_case(name))?;
    let (attributes, after) = inner.get(name.len()..)?.split_once('>')?;
    (attributes.is_empty() || attributes.starts_with([' ', '/'])).then_some(after)
}

/// Entities that stand for what names and addresses are made of, without their `&`.
const ENTITIES: &[(&str, char)] = &[
    ("lt;", '<'),
    ("gt;", '>'),
    ("amp;", '&'),
    ("quot;", '"'),
    ("nbsp;", ' '),
    ("commat;", '@'),
    ("#60;", '<'),
    ("#62;", '>'),
    ("#64;", '@'),
    ("#x3c;", '<'),
    ("#x3e;", '>'),
    ("#x40;", '@'),
    ("#39;", '\''),
];

/// Tags that people and tools put around a line or a name.
const TAGS: &[&str] = &[
    "a", "b", "big", "br", "center", "details", "div", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "i", "img", "li", "p", "small", "span", "strong", "sub", "summary", "sup", "u", "ul",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_off_and_words_are_left() {
        for (text, expected) in [
            ("Claude <noreply@anthropic.com>", "Claude <noreply@anthropic.com>"),
            ("`Opus 4.5` on `Claude Code`", "Opus 4.5 on Claude Code"),
            ("**Claude**", "Claude"),
            (r"Claude \<noreply@anthropic.com\>", "Claude <noreply@anthropic.com>"),
            ("Claude &lt;noreply&#64;anthropic.com&gt;", "Claude <noreply@anthropic.com>"),
            ("Claude [noreply@x.org](mailto:noreply@x.org)", "Claude noreply@x.org"),
            ("Claude <[noreply@x.org](mailto:noreply@x.org)>", "Claude <noreply@x.org>"),
            ("[Claude](mailto:noreply@x.org)", "Claude <noreply@x.org>"),
            ("[Claude Code](https://claude.ai/code)", "Claude Code"),
            ("<sub>Generated with <b>Claude</b> Code</sub><br/>", "Generated with Claude Code"),
            ("<a href=\"https://x.org\">Claude</a> <sam@x.org>", "Claude <sam@x.org>"),
            ("Crush:[Qwen 3.7 Max]", "Crush:[Qwen 3.7 Max]"),
            (r"C:\new & old", r"C:\new & old"),
            ("a < b, <b@x.org>", "a < b, <b@x.org>"),
        ] {
            assert_eq!(plain(text, Links::Resolve), expected, "{text}");
        }
        assert_eq!(plain("<sub>with [Tool](url)</sub>", Links::Keep), "with [Tool](url)");
    }
}
