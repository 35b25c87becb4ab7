//! Finds every entry and document that was removed, changed or put elsewhere, and says which.

use std::collections::HashSet;

use crate::anchor::Anchor;
use crate::chain::Entry;
use crate::database::{DatabaseError, Store, reading};
use crate::documents::{self, Document, Role, short};
use crate::trail::{Trail, TrailError};
use crate::walk::walk;

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Entries that are as they were written.
    pub entries: u64,
    /// Documents that they name, and that are there.
    pub documents: u64,
    /// Documents that an entry says were removed.
    pub removed: u64,
    /// Anchors that the chain was held against.
    pub anchors: u64,
    /// What is wrong, a sentence each.
    pub faults: Vec<String>,
}

/// Verifies the whole trail, and holds it against anchors whose signatures are verified.
///
/// # Errors
/// When the database fails; what is wrong with the trail is no error.
pub fn verify(store: &mut dyn Store, anchors: &[Anchor]) -> Result<Verified, TrailError> {
    reading(store, |store| {
        let mut verified = Verified::default();
        let mut named: Vec<(u64, String)> = Vec::new();
        let mut damaged = false;
        let mut last = 0;
        walk(store, 1, u64::MAX, |_, found| {
            match found {
                Err(damage) => {
                    damaged = true;
                    last = last.max(damage.number);
                    verified.faults.push(damage.to_string());
                }
                Ok(link) => {
                    last = link.entry.number;
                    verified.entries += 1;
                    verified.faults.extend(replaced(anchors, &link.entry, &link.hash));
                    let documents = link.entry.documents().into_iter();
                    named.extend(documents.map(|(_, digest)| (last, digest.to_owned())));
                }
            }
            Ok::<(), DatabaseError>(())
        })?;
        verified.anchors = anchors.len() as u64;
        let cut = anchors.iter().filter(|anchor| anchor.number > last);
        verified.faults.extend(cut.map(|anchor| {
            format!(
                "entry {} was anchored on {}, and the trail ends with {last}: its end was cut off",
                anchor.number, anchor.at
            )
        }));
        let seen = check_documents(store, named, &mut verified)?;
        // The documents of an entry that was changed are named by none.
        if !damaged {
            verified.faults.extend(unnamed(store, &seen)?);
        }
        Ok(verified)
    })
}

/// The anchors of an entry that were made of another one.
fn replaced(anchors: &[Anchor], entry: &Entry, hash: &str) -> Vec<String> {
    let other = |anchor: &&Anchor| anchor.number == entry.number && anchor.hash != hash;
    let sentence = |anchor: &Anchor| {
        format!(
            "entry {} is another one than was anchored on {}: it, or one before it, was replaced",
            entry.number, anchor.at
        )
    };
    anchors.iter().filter(other).map(sentence).collect()
}

fn check_documents(
    store: &mut dyn Store,
    named: Vec<(u64, String)>,
    verified: &mut Verified,
) -> Result<HashSet<String>, TrailError> {
    let removals = Trail::of(store).removals()?;
    let mut seen = HashSet::new();
    for (number, digest) in named {
        if !seen.insert(digest.clone()) {
            continue;
        }
        let document = documents::read(store, &removals, &digest)?;
        match document {
            Document::Present(_) => verified.documents += 1,
            Document::Removed(_) => verified.removed += 1,
            Document::Missing | Document::Changed => {}
        }
        verified.faults.extend(document.fault(&digest, number));
    }
    Ok(seen)
}

/// Documents are kept together with the entry that names them, so one that none names is what is left of an entry. A module is
/// kept before it decides anything.
fn unnamed(store: &mut dyn Store, named: &HashSet<String>) -> Result<Vec<String>, TrailError> {
    let statement = "SELECT digest FROM documents WHERE role <> $1 ORDER BY digest";
    let rows = store.query(statement, &[Role::Component.name().into()])?;
    let sentence = |row: &crate::database::Row| match row.text(0) {
        Ok(digest) if named.contains(&digest) => None,
        Ok(digest) => Some(format!(
            "document {} belongs to no entry: the entry that named it was removed",
            short(&digest)
        )),
        Err(_) => Some("a document has no digest: it was changed".to_owned()),
    };
    Ok(rows.iter().filter_map(sentence).collect())
}
