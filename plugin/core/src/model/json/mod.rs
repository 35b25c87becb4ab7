//! Reads JSON into documents, in place and without generics over the input.
//!
//! A general library writes its reader out anew for every type; for the documents of the contract that was half of the
//! module, and most of the time of a decision. This one is a cursor over one text: a table of keys is searched by one
//! function for all, and a field is assigned where it stands. Tests hold it to `serde_json`: what that refuses is
//! refused here, what it reads is read the same.

mod macros;
mod pieces;
mod values;

use std::borrow::Cow;

pub(crate) use macros::{bits, flag, object, words};
pub(crate) use pieces::pieces;

/// Deepest nesting that is followed.
const DEPTH: usize = 128;

/// What is wrong, and the byte at which it was seen.
#[derive(Debug)]
pub struct Fault {
    message: Cow<'static, str>,
    at: usize,
}

type Outcome<T> = Result<T, Box<Fault>>;

/// A key of a table, with the first sixteen bytes of it, its closing quote and its colon as a number: what comes is compared
/// with all of them at once.
pub struct Key {
    text: &'static str,
    start: u128,
    mask: u128,
}

impl Key {
    /// Prepares a key.
    #[expect(clippy::indexing_slicing, reason = "runs in the compiler, where a panic is an error")]
    pub const fn new(text: &'static str) -> Key {
        let bytes = text.as_bytes();
        let (mut start, mut mask, mut at) = (0, 0, 0);
        while at < bytes.len() + Self::END.len() && at < 16 {
            let byte = if at < bytes.len() { bytes[at] } else { Self::END[at - bytes.len()] };
            start |= (byte as u128) << (8 * at);
            mask |= 0xff << (8 * at);
            at += 1;
        }
        Key { text, start, mask }
    }

    /// What stands behind a key, as a program writes it.
    const END: &[u8] = b"\":";

    /// Whether it is a key that begins with these bytes and whose beginning is `start`.
    #[inline(always)]
    fn is_at(&self, rest: &[u8], start: u128) -> bool {
        start & self.mask == self.start
            && (self.text.len() + Self::END.len() <= 16
                || rest.strip_prefix(self.text.as_bytes()).is_some_and(|rest| rest.starts_with(Self::END)))
    }
}

/// A value that can be read. It is read where it stands: moving a large one costs more than reading it.
pub trait Read<'de> {
    /// Reads the value at the cursor into this one, which holds its default.
    fn read(&mut self, json: &mut Json<'de>) -> Outcome<()>;
}

/// Reads a whole document.
pub(crate) fn document<'de, T: Default + Read<'de>>(bytes: &'de [u8]) -> Result<T, String> {
    let mut value = T::default();
    read_document(bytes, &mut value)?;
    Ok(value)
}

fn read_document<'de>(bytes: &'de [u8], value: &mut dyn Read<'de>) -> Result<(), String> {
    let text =
        simdutf8::compat::from_utf8(bytes).map_err(|e| format!("not UTF-8 at byte {}", e.valid_up_to()))?;
    let mut json = Json { text, at: 0, depth: 0 };
    let read = value.read(&mut json).and_then(|()| {
        json.blanks();
        if json.at < text.len() { Err(json.fault("something follows the document")) } else { Ok(()) }
    });
    read.map_err(|fault| {
        let before = text.as_bytes().get(..fault.at).unwrap_or(text.as_bytes());
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let column = fault.at - memchr::memrchr(b'\n', before).map_or(0, |at| at + 1) + 1;
        format!("{} at line {line} column {column}", fault.message)
    })
}

/// A cursor over a text.
pub struct Json<'de> {
    text: &'de str,
    at: usize,
    depth: usize,
}

impl<'de> Json<'de> {
    /// A fault at the cursor.
    pub fn fault(&self, message: impl Into<Cow<'static, str>>) -> Box<Fault> {
        Box::new(Fault { message: message.into(), at: self.at })
    }

    #[inline(always)]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[cold]
    fn blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.byte() {
            self.at += 1;
        }
    }

    /// The first byte of the value at the cursor.
    #[inline(always)]
    pub fn peek(&mut self) -> Option<u8> {
        // Documents are mostly written without blanks.
        if let Some(0..=b' ') = self.byte() {
            self.blanks();
        }
        self.byte()
    }

    #[cold]
    fn unexpected(&mut self, wanted: &str) -> Box<Fault> {
        let found = match self.peek() {
            None => "the end".to_owned(),
            Some(b'"') => "a string".to_owned(),
            Some(b'{') => "an object".to_owned(),
            Some(b'[') => "a list".to_owned(),
            Some(b't' | b'f') => "a truth value".to_owned(),
            Some(b'n') => "null".to_owned(),
            Some(b'-' | b'0'..=b'9') => "a number".to_owned(),
            Some(_) => {
                let c = self.text.get(self.at..).and_then(|rest| rest.chars().next()).unwrap_or_default();
                format!("{c:?}")
            }
        };
        self.fault(format!("expected {wanted}, found {found}"))
    }

    #[inline(always)]
    fn expect(&mut self, byte: u8, wanted: &str) -> Outcome<()> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(self.unexpected(wanted))
    }

    fn deeper(&mut self) -> Outcome<()> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.fault(format!("nested deeper than {DEPTH}")));
        }
        Ok(())
    }

    /// Behind an entry: whether another follows, or the list or object ends.
    #[inline(always)]
    fn another(&mut self, end: u8, wanted: &str) -> Outcome<bool> {
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == end => {
                self.at += 1;
                self.depth -= 1;
                Ok(false)
            }
            _ => Err(self.unexpected(wanted)),
        }
    }

    /// Reads an object: calls `field` with the place of each key that is in the table; skips the others.
    pub fn object(
        &mut self,
        keys: &[Key],
        required: u32,
        field: &mut dyn FnMut(usize, &mut Json<'de>) -> Outcome<()>,
    ) -> Outcome<()> {
        let mut seen = 0_u32;
        // Mostly the keys come in the order of the table, so that is where the search goes on.
        let mut next = 0;
        self.open(b'{', "an object")?;
        let mut more = self.first(b'}');
        while more {
            let place = match self.known_key(keys, next) {
                Some(place) => Some(place),
                None => {
                    let key = self.key()?;
                    self.expect(b':', "`:`")?;
                    keys.iter().position(|known| known.text == key)
                }
            };
            match place {
                Some(place) => {
                    if seen & (1 << place) != 0 {
                        let key = keys.get(place).map_or("", |key| key.text);
                        return Err(self.fault(format!("duplicate field `{key}`")));
                    }
                    seen |= 1 << place;
                    next = place + 1;
                    field(place, self)?;
                }
                None => self.skip()?,
            }
            more = self.another(b'}', "`,` or `}`")?;
        }
        let missing = required & !seen;
        if missing != 0 {
            let key = keys.get(missing.trailing_zeros() as usize).map_or("", |key| key.text);
            return Err(self.fault(format!("missing field `{key}`")));
        }
        Ok(())
    }

    /// Moves past a key of the table and its colon, when they stand there as a program writes them.
    #[inline(always)]
    fn known_key(&mut self, keys: &[Key], next: usize) -> Option<usize> {
        let rest = self.text.as_bytes().get(self.at..)?;
        // Few keys stand less than sixteen bytes before the end of a document.
        let (b'"', rest) = rest.split_first()? else { return None };
        let start = u128::from_le_bytes(*rest.first_chunk()?);
        let mut place = next;
        for _ in keys {
            let key = match keys.get(place) {
                Some(key) => key,
                None => {
                    place = 0;
                    keys.first()?
                }
            };
            if key.is_at(rest, start) {
                self.at += 1 + key.text.len() + Key::END.len();
                return Some(place);
            }
            place += 1;
        }
        None
    }

    fn key(&mut self) -> Outcome<Cow<'de, str>> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a key"));
        }
        self.string()
    }

    #[inline(always)]
    fn open(&mut self, bracket: u8, wanted: &str) -> Outcome<()> {
        self.expect(bracket, wanted)?;
        self.deeper()
    }

    /// Behind an opening bracket: whether anything stands before the closing one.
    #[inline(always)]
    fn first(&mut self, end: u8) -> bool {
        let empty = self.peek() == Some(end);
        if empty {
            self.at += 1;
            self.depth -= 1;
        }
        !empty
    }

    /// Reads an object, whatever its keys.
    pub fn entries(&mut self, entry: &mut dyn FnMut(&str, &mut Json<'de>) -> Outcome<()>) -> Outcome<()> {
        self.open(b'{', "an object")?;
        let mut more = self.first(b'}');
        while more {
            let key = self.key()?;
            self.expect(b':', "`:`")?;
            entry(&key, self)?;
            more = self.another(b'}', "`,` or `}`")?;
        }
        Ok(())
    }

    /// Reads a list: calls `item` at each of its values.
    pub fn list(&mut self, item: &mut dyn FnMut(&mut Json<'de>) -> Outcome<()>) -> Outcome<()> {
        self.open(b'[', "a list")?;
        let mut more = self.first(b']');
        while more {
            item(self)?;
            more = self.another(b']', "`,` or `]`")?;
        }
        Ok(())
    }

    /// How many values as long as what stands between `start` and the cursor may follow in a list of the document; of those
    /// further in nothing is foretold, for there may be many such lists.
    pub fn may_follow(&self, start: usize) -> usize {
        if self.depth > 2 { 0 } else { (self.text.len() - self.at) / (self.at - start).max(1) }
    }

    /// The place of the cursor.
    pub fn place(&self) -> usize {
        self.at
    }

    /// Reads a string; one without escapes is not copied.
    #[inline(always)]
    pub fn string(&mut self) -> Outcome<Cow<'de, str>> {
        self.expect(b'"', "a string")?;
        let start = self.at;
        let end = self.plain_end();
        let plain = self.text.get(start..end).unwrap_or_default();
        self.at = end;
        if self.byte() == Some(b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(plain));
        }
        self.escaped(plain).map(Cow::Owned)
    }

    /// Moves past a string of forty or sixty-four bytes that `sound` likes, eight at a time; else stays where it is.
    #[inline(always)]
    pub fn digits(&mut self, sound: fn([u8; 8]) -> bool) -> Option<&'de str> {
        let start = self.at + 1;
        let rest = self.text.as_bytes().get(self.at..)?;
        let (b'"', rest) = rest.split_first()? else { return None };
        // Of a length that the compiler knows, no eight bytes wait for those before: a third of the instructions less.
        let length = match (rest.first_chunk::<41>(), rest.first_chunk::<65>()) {
            (Some([digits @ .., b'"']), _) if are_all(digits, sound) => 40,
            (_, Some([digits @ .., b'"'])) if are_all(digits, sound) => 64,
            _ => return None,
        };
        self.at = start + length + 1;
        self.text.get(start..start + length)
    }

    /// Goes on with a string that is not plain to its end.
    fn escaped(&mut self, plain: &str) -> Outcome<String> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let mut out = String::with_capacity(plain.len() + memchr::memchr(b'"', rest).unwrap_or(0));
        out.push_str(plain);
        loop {
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                Some(0..0x20) => {
                    return Err(self.fault("a control character in a string is written as an escape"));
                }
                None => return Err(self.fault("a string is not closed")),
                Some(_) => {
                    let end = self.plain_end();
                    out.push_str(self.text.get(self.at..end).unwrap_or_default());
                    self.at = end;
                }
            }
        }
    }

    /// The place of the next byte that does not stand for itself.
    #[inline(always)]
    fn plain_end(&self) -> usize {
        self.at + plain(self.text.as_bytes().get(self.at..).unwrap_or_default())
    }

    fn escape(&mut self) -> Outcome<char> {
        let letter = self.text.as_bytes().get(self.at + 1).copied();
        let c = match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let mut code = self.four_digits(self.at + 2)?;
                let mut length = 6;
                if (0xd800..0xdc00).contains(&code)
                    && self.text.as_bytes().get(self.at + 6..self.at + 8) == Some(b"\\u")
                {
                    let low = self.four_digits(self.at + 8)?;
                    if (0xdc00..0xe000).contains(&low) {
                        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                        length = 12;
                    }
                }
                let c = char::from_u32(code).ok_or_else(|| self.fault("an escape is half of a pair"))?;
                self.at += length;
                return Ok(c);
            }
            _ => return Err(self.fault("an escape that JSON does not have")),
        };
        self.at += 2;
        Ok(c)
    }

    fn four_digits(&self, from: usize) -> Outcome<u32> {
        let digits = self.text.get(from..from + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        digits
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.fault("`\\u` is followed by four hexadecimal digits"))
    }

    /// Reads a whole number.
    pub fn integer(&mut self) -> Outcome<i64> {
        let Some(b'-' | b'0'..=b'9') = self.peek() else {
            return Err(self.unexpected("a whole number"));
        };
        if let Some(number) = self.plain_number() {
            return Ok(number);
        }
        let start = self.at;
        let whole = self.number()?;
        let text = self.text.get(start..self.at).unwrap_or_default();
        text.parse().ok().filter(|_| whole).ok_or_else(|| {
            self.at = start;
            self.fault(format!("expected a whole number, found {text:.40}"))
        })
    }

    /// Moves past up to eighteen digits, which cannot overflow, when they are all of a number.
    fn plain_number(&mut self) -> Option<i64> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let (mut number, mut length) = (0, 0);
        while let Some(digit @ b'0'..=b'9') = rest.get(length) {
            number = number * 10 + i64::from(digit & 0xf);
            length += 1;
            if length > 18 {
                return None;
            }
        }
        let ends = matches!(rest.get(length), Some(b',' | b'}' | b']'));
        let sound = length == 1 || (length > 1 && rest.first() != Some(&b'0'));
        if !(ends && sound) {
            return None;
        }
        self.at += length;
        Some(number)
    }

    /// Moves past a number. Says whether it is whole.
    fn number(&mut self) -> Outcome<bool> {
        let digits = |json: &mut Self| {
            let from = json.at;
            while json.byte().is_some_and(|b| b.is_ascii_digit()) {
                json.at += 1;
            }
            json.at - from
        };
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        let first = self.byte();
        let count = digits(self);
        if count == 0 || (first == Some(b'0') && count > 1) {
            return Err(self.fault("a number that JSON does not have"));
        }
        let mut whole = true;
        if self.byte() == Some(b'.') {
            self.at += 1;
            whole = false;
            if digits(self) == 0 {
                return Err(self.fault("a number that JSON does not have"));
            }
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            whole = false;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            if digits(self) == 0 {
                return Err(self.fault("a number that JSON does not have"));
            }
        }
        Ok(whole)
    }

    /// Moves past a number; gives it as it is written.
    pub fn number_in_words(&mut self) -> Outcome<&'de str> {
        let start = self.peek().map_or(self.at, |_| self.at);
        self.number()?;
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Moves past a word such as `null`.
    fn word(&mut self, word: &str) -> Outcome<()> {
        if self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            self.at += word.len();
            return Ok(());
        }
        Err(self.unexpected("a value"))
    }

    /// Moves past a value, whatever it is.
    pub fn skip(&mut self) -> Outcome<()> {
        match self.peek() {
            Some(b'{') => self.entries(&mut |_, json| json.skip()),
            Some(b'[') => self.list(&mut |json| json.skip()),
            Some(b'"') => self.string().map(drop),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            Some(b'-' | b'0'..=b'9') => self.number().map(drop),
            _ => Err(self.unexpected("a value")),
        }
    }

    /// Moves past `null` when it stands here.
    #[inline(always)]
    fn null(&mut self) -> Outcome<bool> {
        if self.peek() == Some(b'n') { self.word("null").map(|()| true) } else { Ok(false) }
    }

    /// Reads one of the words of a table; gives its place.
    pub fn choice(&mut self, words: &[&str]) -> Outcome<usize> {
        let start = self.peek().map_or(self.at, |_| self.at);
        if let Some(place) = self.plain_choice(words) {
            return Ok(place);
        }
        let word = self.string()?;
        words.iter().position(|known| *known == word).ok_or_else(|| {
            self.at = start;
            self.fault(format!("`{word:.40}` is none of {}", words.join(", ")))
        })
    }

    /// Moves past one of the words, when it stands there without escapes.
    fn plain_choice(&mut self, words: &[&str]) -> Option<usize> {
        let rest = self.text.as_bytes().get(self.at..)?.strip_prefix(b"\"")?;
        let is_here = |word: &&str| {
            let behind = rest.strip_prefix(word.as_bytes());
            behind.is_some_and(|behind| behind.first() == Some(&b'"'))
        };
        let place = words.iter().position(is_here)?;
        self.at += words.get(place)?.len() + 2;
        Some(place)
    }
}

/// Whether a function likes all bytes, which it is given eight at a time.
#[inline(always)]
fn are_all<const N: usize>(bytes: &[u8; N], sound: fn([u8; 8]) -> bool) -> bool {
    let (eights, _) = bytes.as_chunks();
    eights.iter().fold(true, |all, eight| all & sound(*eight))
}

/// How many bytes stand for themselves in a string, before a quote, a backslash, a control character, or the end.
#[inline(always)]
fn plain(bytes: &[u8]) -> usize {
    plain_by(bytes, special)
}

/// The same before a character that is not ASCII, too.
pub(super) fn plain_ascii(bytes: &[u8]) -> usize {
    plain_by(bytes, |eight| special(eight) | (u64::from_le_bytes(eight) & HIGHS))
}

/// How many bytes stand before the first that is special, or before the end.
#[inline(always)]
fn plain_by(bytes: &[u8], special: impl Fn([u8; 8]) -> u64) -> usize {
    let (eights, last) = bytes.as_chunks();
    let mut length = 0;
    for eight in eights {
        let special = special(*eight);
        if special != 0 {
            return length + special.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    // Filled up with what is not special.
    let mut eight = [b' '; 8];
    eight.iter_mut().zip(last).for_each(|(to, from)| *to = *from);
    let behind = special(eight).trailing_zeros() as usize / 8;
    length + behind.min(last.len())
}

const ONES: u64 = u64::from_le_bytes([1; 8]);
/// The highest bit of each byte.
const HIGHS: u64 = ONES << 7;

/// The highest bit of the first byte that cannot stand in a string as it is: a quote, a backslash, a control character.
/// Bits of later bytes say nothing.
fn special(eight: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(eight);
    // A byte below `n` borrows from its highest bit when `n` is taken off it, and only zero is below one.
    let control = word.wrapping_sub(ONES * 0x20);
    let quote = (word ^ (ONES * u64::from(b'"'))).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
    (control | quote | backslash) & !word & HIGHS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A document of one string, and anything else beside it.
    #[derive(Debug, Default, PartialEq)]
    struct Sample {
        text: String,
        number: Option<u64>,
    }

    object!(Sample {
        "text" => text required,
        "number" => number,
    });

    fn skip(text: &str) -> Result<(), String> {
        #[derive(Default)]
        struct Any;
        impl<'de> Read<'de> for Any {
            fn read(&mut self, json: &mut Json<'de>) -> Outcome<()> {
                json.skip()
            }
        }
        document::<Any>(text.as_bytes()).map(drop)
    }

    #[test]
    fn faults_say_what_was_expected_what_was_found_and_where() {
        let fault = |text: &str| document::<Sample>(text.as_bytes()).unwrap_err();
        assert_eq!(fault(""), "expected an object, found the end at line 1 column 1");
        assert_eq!(fault("[]"), "expected an object, found a list at line 1 column 1");
        assert_eq!(fault("{\n  \"text\": 1}"), "expected a string, found a number at line 2 column 11");
        assert_eq!(fault("{}"), "missing field `text` at line 1 column 3");
        assert_eq!(fault(r#"{"text": "a", "text": "b"}"#), "duplicate field `text` at line 1 column 22");
        assert_eq!(fault(r#"{"text": "a"} x"#), "something follows the document at line 1 column 15");
        assert_eq!(
            fault(r#"{"text": "a", "number": 1.5}"#),
            "expected a whole number, found 1.5 at line 1 column 25"
        );
        assert_eq!(fault(r#"{"text": "a\"#), "an escape that JSON does not have at line 1 column 12");
        assert_eq!(document::<Sample>(b"\xff").unwrap_err(), "not UTF-8 at byte 0");
    }

    #[test]
    fn depth_is_bounded_without_recursion_running_away() {
        assert!(skip(&("[".repeat(DEPTH) + &"]".repeat(DEPTH))).is_ok());
        assert!(skip(&"[".repeat(100_000)).is_err());
        assert!(skip(&"{\"a\":".repeat(100_000)).is_err());
    }

    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\"a\"",
            "\"\\u00e9\"",
            "\"\\ud83d\\ude00\"",
            "\"\\ud83d\"",
            "\\",
            "\\n",
            "\"\\x\"",
            "true",
            "false",
            "null",
            "nul",
            "0",
            "01",
            "-",
            "-1",
            "1.5",
            "1.",
            ".5",
            "1e5",
            "1e",
            "1e+5",
            " ",
            "\n",
            "\t",
            "\u{1}",
            "é",
        ]);
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn what_serde_json_refuses_is_refused_and_what_it_takes_is_taken(text in pieces()) {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            // A number that is skipped may have any size; theirs must fit a float.
            prop_assume!(!theirs.as_ref().is_err_and(|e| e.to_string().contains("out of range")));
            prop_assert_eq!(skip(&text).is_ok(), theirs.is_ok(), "{:?}", text);
        }

        #[test]
        fn a_string_is_read_as_serde_json_wrote_it(text in any::<String>(), number in any::<Option<u32>>(), pretty in any::<bool>()) {
            let value = serde_json::json!({ "other": [text, {"x": null}], "number": number, "text": text });
            let written = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let read: Sample = document(written.as_bytes()).unwrap();
            prop_assert_eq!(read, Sample { text, number: number.map(u64::from) });
        }
    }
}
