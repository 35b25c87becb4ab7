//! Writes documents as canonical JSON: fields in the order of their types, maps in the order of their keys, no blanks.
//!
//! Documents are made of strings, whole numbers, truth values, words, lists, structs, and maps with strings for keys.
//! Tests hold every document to what `serde_json` makes of it.

use std::fmt;

use serde::Serialize;
use serde::ser::{self, Impossible, Serializer};

use super::deceives;
use super::json::plain_ascii;

/// A document as JSON.
pub(crate) fn to_json<T: Serialize + ?Sized>(document: &T) -> String {
    let mut out = String::with_capacity(4_096);
    match document.serialize(&mut Writer { out: &mut out }) {
        Ok(()) => out,
        // No document holds what cannot be written.
        Err(Unwritable) => String::new(),
    }
}

/// A value that no document holds: a float, bytes, a variant with contents, a key that is no string.
#[derive(Debug)]
pub(crate) struct Unwritable;

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that no document holds")
    }
}

impl std::error::Error for Unwritable {}

impl ser::Error for Unwritable {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Unwritable
    }
}

type Outcome = Result<(), Unwritable>;

struct Writer<'o> {
    out: &'o mut String,
}

impl Writer<'_> {
    /// The name of a field or of a variant, which needs no escapes.
    fn word(&mut self, word: &str) {
        self.out.push('"');
        self.out.push_str(word);
        self.out.push('"');
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        let mut rest = text;
        loop {
            let (plain, special) = rest.split_at_checked(plain_ascii(rest.as_bytes())).unwrap_or((rest, ""));
            self.out.push_str(plain);
            let mut others = special.chars();
            match others.next() {
                Some(c @ '\0'..='\x7f') => self.escape(c),
                Some(c) => self.other(c),
                None => break,
            }
            rest = others.as_str();
        }
        self.out.push('"');
    }

    /// A character that is not ASCII. What would deceive whoever reads the JSON on a terminal is escaped.
    fn other(&mut self, c: char) {
        if !deceives(c) {
            return self.out.push(c);
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            let [high, low] = unit.to_be_bytes();
            self.out.push_str("\\u");
            self.hexadecimal(high);
            self.hexadecimal(low);
        }
    }

    fn hexadecimal(&mut self, byte: u8) {
        let digit = |digit: u8| char::from_digit(u32::from(digit), 16).unwrap_or('0');
        self.out.push(digit(byte >> 4));
        self.out.push(digit(byte & 0xf));
    }

    /// A character of ASCII that JSON must escape.
    fn escape(&mut self, c: char) {
        let letter = match c {
            '"' | '\\' => c,
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            '\x08' => 'b',
            '\x0c' => 'f',
            _ => {
                self.out.push_str("\\u00");
                self.hexadecimal(c as u8);
                return;
            }
        };
        self.out.push('\\');
        self.out.push(letter);
    }

    fn number(&mut self, mut number: u64) {
        let mut digits = [0_u8; 20];
        let mut length = 0;
        for place in digits.iter_mut().rev() {
            *place = b'0' + (number % 10) as u8;
            number /= 10;
            length += 1;
            if number == 0 {
                break;
            }
        }
        let digits = digits.get(digits.len() - length..).unwrap_or_default();
        self.out.extend(digits.iter().map(|digit| char::from(*digit)));
    }
}

/// A list, map or struct on its way: what closes it, and whether anything stands in it yet.
pub(crate) struct Open<'w, 'o> {
    writer: &'w mut Writer<'o>,
    end: char,
    empty: bool,
}

impl<'w, 'o> Open<'w, 'o> {
    fn new(writer: &'w mut Writer<'o>, begin: char, end: char) -> Result<Self, Unwritable> {
        writer.out.push(begin);
        Ok(Open { writer, end, empty: true })
    }

    fn next(&mut self) {
        if !self.empty {
            self.writer.out.push(',');
        }
        self.empty = false;
    }

    fn close(self) -> Outcome {
        self.writer.out.push(self.end);
        Ok(())
    }
}

impl<'w, 'o> Serializer for &'w mut Writer<'o> {
    type Ok = ();
    type Error = Unwritable;
    type SerializeSeq = Open<'w, 'o>;
    type SerializeTuple = Impossible<(), Unwritable>;
    type SerializeTupleStruct = Impossible<(), Unwritable>;
    type SerializeTupleVariant = Impossible<(), Unwritable>;
    type SerializeMap = Open<'w, 'o>;
    type SerializeStruct = Open<'w, 'o>;
    type SerializeStructVariant = Impossible<(), Unwritable>;

    fn serialize_bool(self, truth: bool) -> Outcome {
        self.out.push_str(if truth { "true" } else { "false" });
        Ok(())
    }

    fn serialize_i64(self, number: i64) -> Outcome {
        if number < 0 {
            self.out.push('-');
        }
        self.number(number.unsigned_abs());
        Ok(())
    }

    fn serialize_u64(self, number: u64) -> Outcome {
        self.number(number);
        Ok(())
    }

    fn serialize_u32(self, number: u32) -> Outcome {
        self.serialize_u64(number.into())
    }

    fn serialize_str(self, text: &str) -> Outcome {
        self.string(text);
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, word: &'static str) -> Outcome {
        self.word(word);
        Ok(())
    }

    fn serialize_none(self) -> Outcome {
        self.out.push_str("null");
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Outcome {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Outcome {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'w, 'o>, Unwritable> {
        Open::new(self, '[', ']')
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'w, 'o>, Unwritable> {
        Open::new(self, '{', '}')
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'w, 'o>, Unwritable> {
        Open::new(self, '{', '}')
    }

    fn serialize_i8(self, _: i8) -> Outcome {
        Err(Unwritable)
    }

    fn serialize_i16(self, _: i16) -> Outcome {
        Err(Unwritable)
    }

    fn serialize_i32(self, _: i32) -> Outcome {
        Err(Unwritable)
    }

    fn serialize_u8(self, _: u8) -> Outcome {
        Err(Unwritable)
    }

    fn serialize_u16(self, _: u16) -> Outcome {
        Err(Unwritable)
    }

    fn serialize_f32(self, _: f32) -> Outcome {
        Err(Unwritable)
    }

    fn serialize_f64(self, _: f64) -> Outcome {
        Err(Unwritable)
    }

    fn serialize_char(self, _: char) -> Outcome {
        Err(Unwritable)
    }

    fn serialize_bytes(self, _: &[u8]) -> Outcome {
        Err(Unwritable)
    }

    fn serialize_unit(self) -> Outcome {
        Err(Unwritable)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Outcome {
        Err(Unwritable)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Outcome {
        Err(Unwritable)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Unwritable> {
        Err(Unwritable)
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Unwritable> {
        Err(Unwritable)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unwritable> {
        Err(Unwritable)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Unwritable> {
        Err(Unwritable)
    }
}

impl ser::SerializeSeq for Open<'_, '_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome {
        self.next();
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Outcome {
        self.close()
    }
}

impl ser::SerializeMap for Open<'_, '_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Outcome {
        self.next();
        key.serialize(&mut *self.writer)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome {
        self.writer.out.push(':');
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Outcome {
        self.close()
    }
}

impl ser::SerializeStruct for Open<'_, '_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Outcome {
        self.next();
        self.writer.word(key);
        self.writer.out.push(':');
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Outcome {
        self.close()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    enum Word {
        TwoWords,
    }

    #[derive(Serialize)]
    struct Sample<'a> {
        text: &'a str,
        list: Vec<Option<u64>>,
        map: BTreeMap<&'a str, i64>,
        word: Word,
        truth: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        absent: Option<u32>,
    }

    proptest! {
        #[test]
        fn a_document_is_written_as_serde_json_writes_it(
            text in "[\\x00-\\x7fé😀\u{9b}\u{202e}\u{e0041}\"\\\\]{0,40}",
            list in any::<Vec<Option<u64>>>(),
            number in any::<i64>(),
            absent in any::<Option<u32>>(),
        ) {
            let map = BTreeMap::from([("a", number), (text.as_str(), -number.saturating_abs())]);
            let sample = Sample { text: &text, list, map, word: Word::TwoWords, truth: number > 0, absent };
            let written = to_json(&sample);
            let deceives = |c: char| deceives(c) && !c.is_ascii();
            prop_assert!(!written.contains(deceives));
            if !serde_json::to_string(&sample).unwrap().contains(deceives) {
                prop_assert_eq!(&written, &serde_json::to_string(&sample).unwrap());
            }
            prop_assert_eq!(
                serde_json::from_str::<serde_json::Value>(&written).unwrap(),
                serde_json::to_value(&sample).unwrap()
            );
        }
    }

    #[test]
    fn what_no_document_holds_is_not_written() {
        for value in [json!(1.5), json!({"a": [0.25]})] {
            assert_eq!(to_json(&value), "");
        }
    }
}
