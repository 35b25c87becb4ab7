//! Takes documents away: all that names a person, or all that is older than it is to be. The chain still verifies.

use std::collections::{BTreeSet, HashSet};

use countersign_core::model::{Text, When, read};
use serde_json::Value;

use crate::chain::{Because, Event};
use crate::database::Store;
use crate::documents::{self, Document};
use crate::trail::{Link, Trail, TrailError};

/// The documents of an entry that may name people. A component names nobody.
fn personal(link: &Link) -> Vec<String> {
    match &link.entry.event {
        Event::Decision(made) => {
            [&made.request, &made.answer].into_iter().chain(made.approvers.as_ref()).cloned().collect()
        }
        Event::Finding { detail, .. } => detail.iter().cloned().collect(),
        _ => Vec::new(),
    }
}

/// Removes every document that holds one of these names: logins, addresses, numbers of accounts. Gives how many.
///
/// # Errors
/// When the database fails.
pub fn redact(store: &mut dyn Store, at: When, names: &[String]) -> Result<usize, TrailError> {
    let mut gone = BTreeSet::new();
    let mut trail = Trail::of(store);
    trail.each(1, u64::MAX, |store, link| {
        for digest in personal(&link) {
            if let Document::Present(bytes) = documents::read(store, &digest)?
                && names.iter().any(|name| names_somebody(&bytes, name))
            {
                gone.insert(digest);
            }
        }
        Ok::<(), TrailError>(())
    })?;
    finish(&mut trail, at, Because::Request, gone)
}

/// Removes the documents of every entry before a moment, but those that a later entry names too, and those of a change that is
/// still open: people wait for what they say. Gives how many.
///
/// # Errors
/// When the database fails.
pub fn expire(store: &mut dyn Store, at: When, before: When) -> Result<usize, TrailError> {
    let (mut old, mut needed) = (BTreeSet::new(), HashSet::new());
    let open = store.query("SELECT hash FROM open", &[])?;
    let open = open.iter().map(|row| row.text(0)).collect::<Result<HashSet<_>, _>>()?;
    let mut trail = Trail::of(store);
    trail.each(1, u64::MAX, |store, link| {
        let is_old = link.entry.when().is_some_and(|when| when < before) && !open.contains(&link.hash);
        for digest in personal(&link) {
            if !is_old {
                needed.insert(digest);
            } else if documents::is_present(store, &digest)? {
                old.insert(digest);
            }
        }
        Ok::<(), TrailError>(())
    })?;
    old.retain(|digest| !needed.contains(digest));
    finish(&mut trail, at, Because::Retention, old)
}

fn finish(
    trail: &mut Trail<'_>,
    at: When,
    because: Because,
    gone: BTreeSet<String>,
) -> Result<usize, TrailError> {
    let count = gone.len();
    if count > 0 {
        trail.remove(at, because, gone.into_iter().collect())?;
    }
    Ok(count)
}

/// Whether a document names somebody, in what is written in it or in what that stands for: in JSON a line break before a name is
/// a letter, bytes that are no text are base64, and a string may hold a document again.
fn names_somebody(document: &[u8], name: &str) -> bool {
    holds(document, name) || serde_json::from_slice(document).is_ok_and(|value| value_names(&value, name))
}

fn value_names(value: &Value, name: &str) -> bool {
    match value {
        Value::String(text) => names_somebody(text.as_bytes(), name),
        Value::Array(items) => items.iter().any(|item| value_names(item, name)),
        Value::Object(object) => {
            let bytes =
                || read::<Text<'_>>(value.to_string().as_bytes()).ok().map(|text| text.as_bytes().to_vec());
            object.iter().any(|(key, value)| holds(key.as_bytes(), name) || value_names(value, name))
                || (object.contains_key("b64") && bytes().is_some_and(|bytes| holds(&bytes, name)))
        }
        _ => false,
    }
}

/// Whether bytes hold a name as a word of its own, in any case: `sam` is not in `same`.
fn holds(bytes: &[u8], name: &str) -> bool {
    let (bytes, name) = (bytes.to_ascii_lowercase(), name.to_ascii_lowercase().into_bytes());
    let part =
        |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'-');
    !name.is_empty()
        && bytes.windows(name.len()).enumerate().any(|(at, window)| {
            window == name
                && !part(at.checked_sub(1).and_then(|before| bytes.get(before)))
                && !part(bytes.get(at + name.len()))
        })
}

#[cfg(test)]
mod tests {
    use super::{holds, names_somebody};

    #[test]
    fn a_name_is_found_as_a_word_of_its_own() {
        for (text, name, found) in [
            (r#"{"login":"sam"}"#, "sam", true),
            (r#"{"login":"Sam"}"#, "sam", true),
            ("samantha and the same", "sam", false),
            ("by sam-bot", "sam", false),
            ("mail sam@example.com.", "sam@example.com", true),
            ("", "sam", false),
            ("anything", "", false),
        ] {
            assert_eq!(holds(text.as_bytes(), name), found, "{text} {name}");
        }
    }

    #[test]
    fn a_name_is_found_however_a_document_writes_it() {
        for (document, found) in [
            (r#"{"text":"topology: none\nsam"}"#, true),
            (r#"{"text":"topology: none\tsam"}"#, true),
            (r#"{"text":"\u0073am"}"#, true),
            (r#"{"text":"samantha\nsame"}"#, false),
            // `\xff\nsam x`
            (r#"{"bytes":{"b64":"/wpzYW0geA=="}}"#, true),
            (r#"{"statement":"{\"signer\":\"x\\nsam\"}"}"#, true),
            (r#"{"a\nsam":1}"#, true),
        ] {
            assert_eq!(names_somebody(document.as_bytes(), "sam"), found, "{document}");
        }
    }
}
