use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::json::{Fault, Json, Key, Read};

/// Bytes that are nearly always UTF-8: a message, a path, a name.
///
/// In JSON a string when the bytes are valid UTF-8 and `{"b64": "..."}` when not. Nothing is ever replaced, so two
/// odd paths stay two. Bytes that turn out to be UTF-8 become a string, so that one path has one form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Text<'a> {
    /// Text in valid UTF-8.
    Utf8(Cow<'a, str>),
    /// Bytes that are no UTF-8, written as base64.
    Bytes(Vec<u8>),
}

impl<'a> Text<'a> {
    /// Takes bytes as git or a forge gave them.
    pub fn from_bytes(bytes: Vec<u8>) -> Text<'static> {
        match String::from_utf8(bytes) {
            Ok(text) => Text::Utf8(Cow::Owned(text)),
            Err(e) => Text::Bytes(e.into_bytes()),
        }
    }

    /// The bytes themselves.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Text::Utf8(text) => text.as_bytes(),
            Text::Bytes(bytes) => bytes,
        }
    }

    /// For reading and for display only: bytes that are not UTF-8 show as U+FFFD.
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        match self {
            Text::Utf8(text) => Cow::Borrowed(text),
            Text::Bytes(bytes) => String::from_utf8_lossy(bytes),
        }
    }
}

/// A text that a person wrote, without the byte order mark that an editor put before it.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// What is said of one.
pub(crate) const LONE_RETURN: &str = "a carriage return that no line feed follows: what stands behind it is a line for some readers and none for others";

/// The line, from 1, of the first carriage return that no line feed follows. It ends a line for readers of YAML and for some pages, and
/// none for `git diff` and others, so that people are shown another text than the one that decides.
pub(crate) fn lone_return(text: &[u8]) -> Option<usize> {
    let at = memchr::memchr_iter(b'\r', text).find(|at| text.get(at + 1) != Some(&b'\n'))?;
    let before = text.get(..at).unwrap_or_default();
    Some(memchr::memchr_iter(b'\n', before).count() + 1)
}

/// Whether a character changes how its neighbours are shown, or is not shown at all.
pub(crate) fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
            | '\u{fe00}'..='\u{fe0e}' | '\u{3164}' | '\u{115f}' | '\u{1160}' | '\u{ffa0}')
}

/// One line of text, with what deceives made visible: what is read is what is there.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if deceives(c) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Lines that strangers may have a part in, such as an error, with what deceives made visible. The lines stay lines.
pub fn visible(text: &str) -> String {
    text.split('\n').map(escaped).collect::<Vec<_>>().join("\n")
}

/// The place, in characters from 0, of the first character of a name or pattern that nobody sees, or that looks like a
/// blank and is none. One that joins pictures into one picture is seen.
pub(crate) fn hidden_in(text: &str) -> Option<(usize, char)> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    let mut before = ' ';
    text.chars().enumerate().find(|(_, c)| {
        let joins = *c == '\u{200d}' && u32::from(before) >= 0x2190;
        before = *c;
        let blank = c.is_whitespace() && !c.is_ascii();
        (deceives(*c) && !matches!(c, '\t' | '\n' | '\r') && !joins) || blank
    })
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Text::Utf8(Cow::Borrowed(text))
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Text::Utf8(Cow::Owned(text))
    }
}

impl Default for Text<'_> {
    fn default() -> Self {
        Text::Utf8(Cow::Borrowed(""))
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Text::Utf8(text) => serializer.serialize_str(text),
            Text::Bytes(bytes) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("b64", &STANDARD.encode(bytes))?;
                map.end()
            }
        }
    }
}

impl<'de> Read<'de> for Text<'de> {
    fn read(&mut self, json: &mut Json<'de>) -> Result<(), Box<Fault>> {
        if json.peek() != Some(b'{') {
            *self = Text::Utf8(json.string()?);
            return Ok(());
        }
        json.object(const { &[Key::new("b64")] }, 1, &mut |_, json| {
            let encoded = json.string()?;
            let decoded = STANDARD.decode(encoded.as_bytes());
            let bytes = decoded.map_err(|e| json.fault(format!("`b64` is not base64: {e}")))?;
            *self = Text::from_bytes(bytes);
            Ok(())
        })
    }
}

/// Whether a text is a number that everybody reads alike: digits, and no zero before another.
pub(crate) fn is_plain_number(text: &str) -> bool {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits && (text == "0" || !text.starts_with('0'))
}

/// A number that everybody reads alike.
pub(crate) fn plain_number<N: std::str::FromStr>(text: &str) -> Option<N> {
    if is_plain_number(text) { text.parse().ok() } else { None }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Text<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A string when the bytes are valid UTF-8, an object with base64 when not.",
            "oneOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "properties": { "b64": { "type": "string" } },
                    "required": ["b64"],
                    "additionalProperties": false
                }
            ]
        })
    }
}
