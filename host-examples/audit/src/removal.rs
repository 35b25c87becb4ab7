//! Takes documents away: all that names a person, or all that is older than it is to be. The chain still verifies.

use std::collections::{BTreeSet, HashSet};

use countersign_core::model::When;

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
                && names.iter().any(|name| holds(&bytes, name))
            {
                gone.insert(digest);
            }
        }
        Ok::<(), TrailError>(())
    })?;
    finish(&mut trail, at, Because::Request, gone)
}

/// Removes the documents of every entry before a moment, but those that a later entry names too. Gives how many.
///
/// # Errors
/// When the database fails.
pub fn expire(store: &mut dyn Store, at: When, before: When) -> Result<usize, TrailError> {
    let (mut old, mut needed) = (BTreeSet::new(), HashSet::new());
    let mut trail = Trail::of(store);
    trail.each(1, u64::MAX, |store, link| {
        let is_old = link.entry.when().is_some_and(|when| when < before);
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
    use super::holds;

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
}
