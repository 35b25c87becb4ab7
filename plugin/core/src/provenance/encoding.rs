//! The encodings of messages (git-commit(1), `i18n.commitEncoding`) in which every ASCII letter is itself, so that keys, names of
//! tools and addresses are read whatever else a message holds. In others, UTF-16, UTF-7 and EBCDIC among them, git shows
//! words that nobody finds in the bytes.

use std::borrow::Cow;

use crate::model::Text;

/// Names without case and what parts their words, by how they begin.
const BEGINNINGS: &[&str] = &["iso8859", "latin", "windows125", "cp125", "win125", "koi8", "mac", "big5"];

/// Names that are compared as a whole, in the same form.
const NAMES: &[&str] = &[
    "ascii",
    "cp437",
    "cp850",
    "cp852",
    "cp858",
    "cp866",
    "cp874",
    "cp932",
    "cp936",
    "cp949",
    "cp950",
    "eucjp",
    "euckr",
    "euccn",
    "euctw",
    "gb18030",
    "gb2312",
    "gbk",
    "shiftjis",
    "sjis",
    "tis620",
    "uhc",
    "usascii",
    "utf8",
    "windows31j",
];

fn bare(encoding: &Text<'_>) -> String {
    let name = encoding.to_str_lossy();
    name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a message in an encoding is read; git's own is UTF-8.
pub(crate) fn is_read(encoding: Option<&Text<'_>>) -> bool {
    encoding.map(bare).is_none_or(|name| {
        NAMES.contains(&name.as_str()) || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
    })
}

/// A message as text: ISO 8859-1 as itself, and any other as far as its bytes are UTF-8.
pub(super) fn decode<'a>(message: &'a Text<'a>, encoding: Option<&Text<'_>>) -> Cow<'a, str> {
    match message {
        Text::Bytes(bytes)
            if encoding.map(bare).is_some_and(|name| {
                matches!(name.as_str(), "iso88591" | "latin1" | "cp1252" | "windows1252")
            }) =>
        {
            Cow::Owned(bytes.iter().map(|&b| char::from(b)).collect())
        }
        other => other.to_str_lossy(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_read_where_its_ascii_is_ascii() {
        for (name, read) in [
            ("UTF-8", true),
            ("utf8", true),
            ("ISO-8859-1", true),
            ("iso8859-15", true),
            ("ISO_8859-2", true),
            ("latin1", true),
            ("CP1251", true),
            ("windows-1252", true),
            ("KOI8-R", true),
            ("Shift_JIS", true),
            ("EUC-JP", true),
            ("GB18030", true),
            ("Big5-HKSCS", true),
            ("US-ASCII", true),
            ("IBM037", false),
            ("EBCDIC-US", false),
            ("CP1047", false),
            ("UTF-7", false),
            ("UTF-16", false),
            ("UTF-16LE", false),
            ("UCS-2", false),
            ("UTF-32", false),
            ("ISO-2022-JP", false),
            ("HZ", false),
            ("utf-8//IGNORE", false),
            ("", false),
        ] {
            assert_eq!(is_read(Some(&Text::from(name.to_owned()))), read, "{name}");
        }
        assert!(is_read(None));
    }
}
