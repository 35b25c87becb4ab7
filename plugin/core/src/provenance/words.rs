//! Tables of words, looked up by their first letter.

/// Words in lower case and in order, each with what it stands for.
pub(crate) struct Words<T: 'static> {
    entries: &'static [(&'static str, T)],
    /// Where the words with each first letter begin; the last is the end of the table.
    starts: [u16; 27],
    /// Which second letters they have, as [`second`] counts them: what tells most texts from all of them at once.
    seconds: [u32; 26],
}

/// A second letter as a bit; whatever is none is one for all, and so is that there is none.
const fn second(byte: Option<&u8>) -> u32 {
    match byte {
        Some(letter) if letter.is_ascii_alphabetic() => 1 << (*letter & 31),
        Some(_) => 1,
        None => 1 << 31,
    }
}

impl<T> Words<T> {
    /// A table. The compiler refuses one whose words do not stand in order.
    #[expect(clippy::indexing_slicing, reason = "runs in the compiler, where a panic is an error")]
    pub const fn new(entries: &'static [(&'static str, T)]) -> Self {
        let (mut starts, mut seconds) = ([0; 27], [0; 26]);
        let (mut letter, mut at) = (0, 0);
        while at < entries.len() {
            let first = entries[at].0.as_bytes()[0];
            assert!(first.is_ascii_lowercase(), "a word begins with a lower-case letter");
            assert!(at == 0 || stands_before(entries[at - 1].0, entries[at].0), "the words are in order");
            // With a word of one letter any text may begin.
            seconds[(first - b'a') as usize] |=
                if let [_, then, ..] = entries[at].0.as_bytes() { second(Some(then)) } else { u32::MAX };
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
        Words { entries, starts, seconds }
    }

    /// The entries whose words begin with this letter, in either case.
    pub fn beginning_with(&self, first: u8) -> &'static [(&'static str, T)] {
        let letter = usize::from(first.to_ascii_lowercase().wrapping_sub(b'a'));
        let range = self.starts.get(letter).zip(self.starts.get(letter + 1));
        let range = range.map(|(from, to)| usize::from(*from)..usize::from(*to));
        range.and_then(|range| self.entries.get(range)).unwrap_or_default()
    }

    /// Those of them with which a text may begin, or none.
    fn that_may_begin(&self, text: &[u8]) -> &'static [(&'static str, T)] {
        let Some((first, rest)) = text.split_first() else { return &[] };
        let letter = usize::from(first.to_ascii_lowercase().wrapping_sub(b'a'));
        let may = self.seconds.get(letter).is_some_and(|seconds| seconds & second(rest.first()) != 0);
        if may { self.beginning_with(*first) } else { &[] }
    }

    /// The entry whose word is `text` in any case.
    pub fn get(&self, text: &str) -> Option<&'static (&'static str, T)> {
        let entries = self.that_may_begin(text.as_bytes());
        entries.iter().find(|(word, _)| word.len() == text.len() && word.eq_ignore_ascii_case(text))
    }

    /// The entries whose words a text begins with, the shortest first, where `fold` says what each of its bytes is compared
    /// as. Of words in order, those that begin alike stand together: each byte of the text leaves fewer of them.
    pub fn that_begin(
        &self,
        text: &str,
        fold: fn(u8) -> u8,
    ) -> impl Iterator<Item = &'static (&'static str, T)> {
        let text = text.as_bytes();
        let mut left = self.that_may_begin(text);
        let mut length = 1;
        std::iter::from_fn(move || {
            loop {
                let (first, others) = left.split_first()?;
                if first.0.len() == length {
                    left = others;
                    return Some(first);
                }
                left = narrowed(left, length, fold(*text.get(length)?));
                length += 1;
            }
        })
    }

    /// All entries of the table, in order.
    pub const fn entries(&self) -> &'static [(&'static str, T)] {
        self.entries
    }
}

/// Of entries in order whose words begin alike, those that have this byte at this place.
fn narrowed<'e, T>(mut left: &'e [(&'static str, T)], at: usize, byte: u8) -> &'e [(&'static str, T)] {
    let is_here = |word: &str| word.as_bytes().get(at) == Some(&byte);
    while let [(word, _), others @ ..] = left
        && !is_here(word)
    {
        left = others;
    }
    while let [others @ .., (word, _)] = left
        && !is_here(word)
    {
        left = others;
    }
    left
}

/// `a < b`, for the compiler.
#[expect(clippy::indexing_slicing, reason = "runs in the compiler, where a panic is an error")]
const fn stands_before(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at < b.len() && (at == a.len() || a[at] < b[at])
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

    #[test]
    fn the_words_that_a_text_begins_with_are_found_the_shortest_first() {
        for (text, found) in [
            ("ABCD", vec!["ab", "abc"]),
            ("abd", vec!["ab"]),
            ("ac", vec![]),
            ("a", vec![]),
            ("d", vec!["d"]),
            ("zz top", vec!["zz"]),
            ("", vec![]),
            ("é", vec![]),
        ] {
            let words = WORDS.that_begin(text, |byte| byte.to_ascii_lowercase());
            assert_eq!(words.map(|entry| entry.0).collect::<Vec<_>>(), found, "{text}");
        }
    }
}
