//! Tables of words, looked up by their first letter.

/// Words in lower case and in order, each with what it stands for.
pub(crate) struct Words<T: 'static> {
    entries: &'static [(&'static str, T)],
    /// Where the words with each first letter begin; the last is the end of the table.
    starts: [u16; 27],
}

impl<T> Words<T> {
    /// A table. The compiler refuses one whose words do not stand in the order of their first letters.
    #[expect(clippy::indexing_slicing, reason = "runs in the compiler, where a panic is an error")]
    pub const fn new(entries: &'static [(&'static str, T)]) -> Self {
        let mut starts = [0; 27];
        let (mut letter, mut at) = (0, 0);
        while at < entries.len() {
            let first = entries[at].0.as_bytes()[0];
            assert!(first.is_ascii_lowercase(), "a word begins with a lower-case letter");
            assert!((first - b'a') as usize + 1 >= letter, "the words are in order");
            while letter <= (first - b'a') as usize {
                starts[letter] = at as u16;
                letter += 1;
            }
            at += 1;
        }
        while letter < starts.len() {
            starts[letter] = at as u16;
            letter += 1;
        }
        Words { entries, starts }
    }

    /// The entries whose words begin with this letter, in either case.
    pub fn beginning_with(&self, first: u8) -> &'static [(&'static str, T)] {
        let letter = usize::from(first.to_ascii_lowercase().wrapping_sub(b'a'));
        let range = self.starts.get(letter).zip(self.starts.get(letter + 1));
        let range = range.map(|(from, to)| usize::from(*from)..usize::from(*to));
        range.and_then(|range| self.entries.get(range)).unwrap_or_default()
    }

    /// The entry whose word is `text` in any case.
    pub fn get(&self, text: &str) -> Option<&'static (&'static str, T)> {
        let entries = self.beginning_with(*text.as_bytes().first()?);
        entries.iter().find(|(word, _)| word.len() == text.len() && word.eq_ignore_ascii_case(text))
    }

    /// All entries.
    pub const fn entries(&self) -> &'static [(&'static str, T)] {
        self.entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static WORDS: Words<u8> = Words::new(&[("ab", 1), ("abc", 2), ("d", 3), ("zz", 4)]);

    #[test]
    fn a_word_is_found_in_any_case_and_only_whole() {
        for (text, found) in [
            ("ab", Some(1)),
            ("ABC", Some(2)),
            ("d", Some(3)),
            ("zz", Some(4)),
            ("a", None),
            ("é", None),
            ("", None),
        ] {
            assert_eq!(WORDS.get(text).map(|entry| entry.1), found, "{text}");
        }
        assert_eq!(WORDS.beginning_with(b'A').len(), 2);
        assert!(WORDS.beginning_with(b'b').is_empty());
        assert!(WORDS.beginning_with(b'{').is_empty());
    }
}
