//! The lines of a commit message.

/// One line and where it starts. Lines end at LF, CR LF, and at a CR alone, which some tools leave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// The line without its end.
    pub text: &'a str,
    /// Offset in the message.
    pub start: usize,
}

/// Walks the lines of a message. What stands behind the last end is a line, unless it is empty.
#[derive(Debug, Clone)]
pub(crate) struct Lines<'a> {
    message: &'a str,
    at: usize,
}

impl<'a> Lines<'a> {
    /// The lines of `message`.
    pub fn of(message: &'a str) -> Self {
        Lines { message, at: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let start = self.at;
        let rest = self.message.as_bytes().get(start..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let end = match rest.get(length..) {
            Some([b'\r', b'\n', ..]) => 2,
            Some([]) | None => 0,
            Some(_) => 1,
        };
        self.at = start + length + end;
        Some(Line { text: self.message.get(start..start + length)?, start })
    }
}

impl Line<'_> {
    /// Whether it is set in from the margin as code and quoted commits are.
    pub fn is_indented(&self) -> bool {
        matches!(self.text.as_bytes(), [b'\t', ..] | [b' ', b' ', b' ', b' ', ..])
    }
}

/// `str::trim`, at once where there is nothing to trim.
pub(crate) fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [0x21..=0x7e, .., 0x21..=0x7e] => text,
        _ => text.trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_at_a_line_feed_a_carriage_return_or_both() {
        for (message, lines) in [
            ("a\nb\n", vec![("a", 0), ("b", 2)]),
            ("a\r\nb", vec![("a", 0), ("b", 3)]),
            ("a\rb\r", vec![("a", 0), ("b", 2)]),
            ("\n\r\n\na", vec![("", 0), ("", 1), ("", 3), ("a", 4)]),
            ("é\nü", vec![("é", 0), ("ü", 3)]),
            ("", vec![]),
        ] {
            let found: Vec<_> = Lines::of(message).map(|line| (line.text, line.start)).collect();
            assert_eq!(found, lines, "{message:?}");
        }
    }
}
