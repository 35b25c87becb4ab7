//! Reads JSON into documents, in place and without generics over the input.
//!
//! A general library writes its reader out anew for every type; for the documents of the contract that was half of the
//! module, and most of the time of a decision. This one is a cursor over one text: a table of keys is searched by one
//! function for all, and a field is assigned where it stands. Tests hold it to `serde_json`: what that refuses is
//! refused here, what it reads is read the same.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::List;

/// Deepest nesting that is followed.
const DEPTH: usize = 128;

/// What is wrong, and the byte at which it was seen.
#[derive(Debug)]
pub struct Fault {
    message: Cow<'static, str>,
    at: usize,
}

type Outcome<T> = Result<T, Box<Fault>>;

/// A value that can be read.
pub trait Read<'de>: Sized {
    /// Reads the value at the cursor.
    fn read(json: &mut Json<'de>) -> Outcome<Self>;
}

/// Reads a whole document.
pub(crate) fn document<'de, T: Read<'de>>(bytes: &'de [u8]) -> Result<T, String> {
    let text = std::str::from_utf8(bytes).map_err(|e| format!("not UTF-8 at byte {}", e.valid_up_to()))?;
    let mut json = Json { text, at: 0, depth: 0 };
    let read = T::read(&mut json).and_then(|value| {
        json.blanks();
        if json.at < text.len() { Err(json.fault("something follows the document")) } else { Ok(value) }
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

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.byte() {
            self.at += 1;
        }
    }

    /// The first byte of the value at the cursor.
    pub fn peek(&mut self) -> Option<u8> {
        self.blanks();
        self.byte()
    }

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
        keys: &[&str],
        required: u32,
        field: &mut dyn FnMut(usize, &mut Json<'de>) -> Outcome<()>,
    ) -> Outcome<()> {
        let mut seen = 0_u32;
        self.entries(&mut |key, json| {
            let Some(place) = keys.iter().position(|known| *known == key) else {
                return json.skip();
            };
            if seen & (1 << place) != 0 {
                return Err(json.fault(format!("duplicate field `{key}`")));
            }
            seen |= 1 << place;
            field(place, json)
        })?;
        let missing = required & !seen;
        if missing != 0 {
            let key = keys.get(missing.trailing_zeros() as usize).copied().unwrap_or_default();
            return Err(self.fault(format!("missing field `{key}`")));
        }
        Ok(())
    }

    /// Reads an object, whatever its keys.
    pub fn entries(&mut self, entry: &mut dyn FnMut(&str, &mut Json<'de>) -> Outcome<()>) -> Outcome<()> {
        self.expect(b'{', "an object")?;
        self.deeper()?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            self.depth -= 1;
            return Ok(());
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a key"));
            }
            let key = self.string()?;
            self.expect(b':', "`:`")?;
            entry(&key, self)?;
            if !self.another(b'}', "`,` or `}`")? {
                return Ok(());
            }
        }
    }

    /// Reads a list: calls `item` at each of its values.
    pub fn list(&mut self, item: &mut dyn FnMut(&mut Json<'de>) -> Outcome<()>) -> Outcome<()> {
        self.expect(b'[', "a list")?;
        self.deeper()?;
        if self.peek() == Some(b']') {
            self.at += 1;
            self.depth -= 1;
            return Ok(());
        }
        loop {
            item(self)?;
            if !self.another(b']', "`,` or `]`")? {
                return Ok(());
            }
        }
    }

    /// Reads a string; one without escapes is not copied.
    pub fn string(&mut self) -> Outcome<Cow<'de, str>> {
        self.expect(b'"', "a string")?;
        let start = self.at;
        self.plain()?;
        if self.byte() == Some(b'"') {
            let text = self.text.get(start..self.at).unwrap_or_default();
            self.at += 1;
            return Ok(Cow::Borrowed(text));
        }
        let mut out = self.text.get(start..self.at).unwrap_or_default().to_owned();
        loop {
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(out));
                }
                Some(b'\\') => out.push(self.escape()?),
                _ => {
                    let from = self.at;
                    self.plain()?;
                    out.push_str(self.text.get(from..self.at).unwrap_or_default());
                }
            }
        }
    }

    /// Moves on to the next quote or backslash.
    fn plain(&mut self) -> Outcome<()> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let Some(length) = memchr::memchr2(b'"', b'\\', rest) else {
            self.at = self.text.len();
            return Err(self.fault("a string is not closed"));
        };
        let plain = rest.get(..length).unwrap_or_default();
        if let Some(control) = plain.iter().position(|b| *b < 0x20) {
            self.at += control;
            return Err(self.fault("a control character in a string is written as an escape"));
        }
        self.at += length;
        Ok(())
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
        let start = match self.peek() {
            Some(b'-' | b'0'..=b'9') => self.at,
            _ => return Err(self.unexpected("a whole number")),
        };
        let whole = self.number()?;
        let text = self.text.get(start..self.at).unwrap_or_default();
        match text.parse() {
            Ok(number) if whole => Ok(number),
            _ => {
                self.at = start;
                Err(self.fault(format!("expected a whole number, found {text:.40}")))
            }
        }
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
    fn null(&mut self) -> Outcome<bool> {
        if self.peek() == Some(b'n') { self.word("null").map(|()| true) } else { Ok(false) }
    }

    /// Reads one of the words of a table; gives its place.
    pub fn choice(&mut self, words: &[&str]) -> Outcome<usize> {
        let start = self.peek().map_or(self.at, |_| self.at);
        let word = self.string()?;
        words.iter().position(|known| *known == word).ok_or_else(|| {
            self.at = start;
            self.fault(format!("`{word:.40}` is none of {}", words.join(", ")))
        })
    }
}

impl<'de> Read<'de> for Cow<'de, str> {
    fn read(json: &mut Json<'de>) -> Outcome<Self> {
        json.string()
    }
}

impl<'de> Read<'de> for String {
    fn read(json: &mut Json<'de>) -> Outcome<Self> {
        json.string().map(Cow::into_owned)
    }
}

impl<'de> Read<'de> for bool {
    fn read(json: &mut Json<'de>) -> Outcome<Self> {
        match json.peek() {
            Some(b't') => json.word("true").map(|()| true),
            Some(b'f') => json.word("false").map(|()| false),
            _ => Err(json.unexpected("true or false")),
        }
    }
}

impl<'de> Read<'de> for u64 {
    fn read(json: &mut Json<'de>) -> Outcome<Self> {
        let number = json.integer()?;
        u64::try_from(number).map_err(|_| json.fault("expected a number that is not negative"))
    }
}

impl<'de> Read<'de> for u32 {
    fn read(json: &mut Json<'de>) -> Outcome<Self> {
        let number = json.integer()?;
        u32::try_from(number).map_err(|_| json.fault("expected a number up to 4294967295"))
    }
}

impl<'de> Read<'de> for usize {
    fn read(json: &mut Json<'de>) -> Outcome<Self> {
        u32::read(json).map(|number| number as usize)
    }
}

impl<'de, T: Read<'de>> Read<'de> for Option<T> {
    fn read(json: &mut Json<'de>) -> Outcome<Self> {
        if json.null()? { Ok(None) } else { T::read(json).map(Some) }
    }
}

impl<'de, T: Read<'de>> Read<'de> for Box<T> {
    fn read(json: &mut Json<'de>) -> Outcome<Self> {
        T::read(json).map(Box::new)
    }
}

impl<'de, T: Read<'de>> Read<'de> for Vec<T> {
    fn read(json: &mut Json<'de>) -> Outcome<Self> {
        let mut items = Vec::new();
        json.list(&mut |json| {
            items.push(T::read(json)?);
            Ok(())
        })?;
        Ok(items)
    }
}

impl<'de, T: Read<'de>, const MAX: usize> Read<'de> for List<T, MAX> {
    fn read(json: &mut Json<'de>) -> Outcome<Self> {
        let mut list = List::default();
        json.list(&mut |json| {
            if list.is_full() {
                list.count_one_more();
                return json.skip();
            }
            list.push(T::read(json)?);
            Ok(())
        })?;
        Ok(list)
    }
}

impl<'de> Read<'de> for BTreeMap<String, u64> {
    fn read(json: &mut Json<'de>) -> Outcome<Self> {
        let mut map = BTreeMap::new();
        json.entries(&mut |key, json| {
            map.insert(key.to_owned(), u64::read(json)?);
            Ok(())
        })?;
        Ok(map)
    }
}

/// Implements reading for a struct: each JSON key, the field that it goes into, and whether it must be there.
macro_rules! object {
    ($name:ident<$de:lifetime> $keys:tt) => {
        $crate::model::json::object!(@read $name<$de>, $de, $keys);
    };
    ($name:ident $keys:tt) => {
        $crate::model::json::object!(@read $name, 'de, $keys);
    };
    (@read $type:ty, $de:lifetime, { $($key:literal => $field:ident $($required:ident)?,)* }) => {
        impl<$de> $crate::model::json::Read<$de> for $type {
            fn read(
                json: &mut $crate::model::json::Json<$de>,
            ) -> Result<Self, Box<$crate::model::json::Fault>> {
                const REQUIRED: u32 =
                    $crate::model::json::bits(&[$($crate::model::json::flag!($($required)?)),*]);
                // Numbers the keys.
                #[allow(non_camel_case_types, reason = "the fields' own names")]
                enum At { $($field),* }
                let mut object = Self::default();
                json.object(&[$($key),*], REQUIRED, &mut |key, json| {
                    $(
                        if key == At::$field as usize {
                            object.$field = $crate::model::json::Read::read(json)?;
                            return Ok(());
                        }
                    )*
                    Ok(())
                })?;
                Ok(object)
            }
        }
    };
}

/// Implements reading for an enum whose values are words.
macro_rules! words {
    // A word of a later contract is taken for this one.
    ($name:ident, else $other:ident { $($word:literal => $variant:ident,)* }) => {
        impl<'de> $crate::model::json::Read<'de> for $name {
            fn read(
                json: &mut $crate::model::json::Json<'de>,
            ) -> Result<Self, Box<$crate::model::json::Fault>> {
                Ok(match json.string()?.as_ref() {
                    $($word => $name::$variant,)*
                    _ => $name::$other,
                })
            }
        }
    };
    ($name:ident { $($word:literal => $variant:ident,)* }) => {
        impl<'de> $crate::model::json::Read<'de> for $name {
            fn read(
                json: &mut $crate::model::json::Json<'de>,
            ) -> Result<Self, Box<$crate::model::json::Fault>> {
                const VALUES: &[$name] = &[$($name::$variant),*];
                let place = json.choice(&[$($word),*])?;
                VALUES.get(place).copied().ok_or_else(|| json.fault("a word that is none of the contract's"))
            }
        }
    };
}

macro_rules! flag {
    () => {
        false
    };
    (required) => {
        true
    };
}

pub(crate) use {flag, object, words};

/// A bit for each flag that is set.
pub(crate) const fn bits(flags: &[bool]) -> u32 {
    match flags {
        [first, rest @ ..] => (*first as u32) | (bits(rest) << 1),
        [] => 0,
    }
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
        struct Any;
        impl<'de> Read<'de> for Any {
            fn read(json: &mut Json<'de>) -> Outcome<Self> {
                json.skip().map(|()| Any)
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
