//! Finds every entry and document that was removed, changed or put elsewhere, and says which.

use std::collections::HashSet;

use countersign_host::module::sha256_hex;

use crate::anchor::Anchor;
use crate::chain::{Entry, Event, NOTHING, hash};
use crate::database::{Row, Store};
use crate::documents::{self, Document};
use crate::trail::TrailError;

/// Entries that are read at once.
const PAGE: i64 = 500;

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Entries that are there.
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
    let mut verified = Verified::default();
    let mut chain = Chain { expected: 1, previous: NOTHING.to_owned() };
    let mut named: Vec<(u64, String)> = Vec::new();
    let mut removed: HashSet<String> = HashSet::new();
    let mut next = i64::MIN;
    loop {
        let rows = store.query(
            "SELECT number, hash, kind, repository, target, change, head, result, body FROM entries WHERE number >= $1
             ORDER BY number LIMIT $2",
            &[next.into(), PAGE.into()],
        )?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            next = row.integer(0)?.saturating_add(1);
            verified.entries += 1;
            let anchored = |number: u64| anchors.iter().filter(move |anchor| anchor.number == number);
            let Some(entry) = chain.link(row, &mut verified.faults)? else { continue };
            for anchor in anchored(entry.number) {
                verified.anchors += 1;
                if anchor.hash != chain.previous {
                    verified.faults.push(format!(
                        "entry {} is another one than was anchored on {}: it, or one before it, was replaced",
                        entry.number, anchor.at
                    ));
                }
            }
            match &entry.event {
                Event::Decision(made) => {
                    let always = [&made.request, &made.answer, &made.component];
                    let digests = always.into_iter().chain(made.approvers.as_ref());
                    named.extend(digests.map(|digest| (entry.number, digest.clone())));
                }
                Event::Finding { detail: Some(detail), .. } => named.push((entry.number, detail.clone())),
                Event::Removal { documents, .. } => removed.extend(documents.iter().cloned()),
                _ => {}
            }
        }
    }
    let last = chain.expected - 1;
    for anchor in anchors.iter().filter(|anchor| anchor.number > last) {
        verified.anchors += 1;
        verified.faults.push(format!(
            "entry {} was anchored on {}, and the trail ends with {last}: its end was cut off",
            anchor.number, anchor.at
        ));
    }
    check_documents(store, named, &removed, &mut verified)?;
    Ok(verified)
}

/// How far the chain is followed.
struct Chain {
    expected: u64,
    previous: String,
}

impl Chain {
    /// Follows it to the next entry.
    fn link(&mut self, row: &Row, faults: &mut Vec<String>) -> Result<Option<Entry>, TrailError> {
        let (number, stated, body) = (row.integer(0)?, row.text(1)?, row.text(8)?);
        let at = u64::try_from(number).unwrap_or_default();
        if at > self.expected {
            faults.push(match at - self.expected {
                1 => format!("entry {} is missing", self.expected),
                _ => format!("entries {} to {} are missing", self.expected, at - 1),
            });
        }
        let (made, intact) = (hash(&body), at == self.expected);
        self.expected = at + 1;
        let before = std::mem::replace(&mut self.previous, made.clone());
        if made != stated {
            faults.push(format!("entry {number} was changed: its bytes do not give its hash"));
        }
        let entry: Entry = match serde_json::from_str(&body) {
            Ok(entry) => entry,
            Err(error) => {
                faults.push(format!("entry {number} was changed: {error}"));
                return Ok(None);
            }
        };
        if entry.number != at {
            faults.push(format!(
                "entry {} stands in the place of {number}: entries were re-ordered",
                entry.number
            ));
        } else if intact && entry.previous != before {
            faults.push(format!(
                "entry {number} does not follow the one before it: entry {} was replaced",
                number - 1
            ));
        }
        let columns = [
            row.maybe_text(2)?,
            row.maybe_text(3)?,
            row.maybe_text(4)?,
            row.maybe_text(5)?,
            row.maybe_text(6)?,
            row.maybe_text(7)?,
        ];
        let says = [
            Some(entry.event.kind().to_owned()),
            Some(entry.repository.clone()),
            Some(entry.target.clone()),
            entry.change.clone(),
            Some(entry.head.clone()),
            entry.made().and_then(|made| made.result.clone()),
        ];
        if columns != says {
            faults
                .push(format!("entry {number} was changed: it is listed under something else than it says"));
        }
        Ok(Some(entry))
    }
}

fn check_documents(
    store: &mut dyn Store,
    named: Vec<(u64, String)>,
    removed: &HashSet<String>,
    verified: &mut Verified,
) -> Result<(), TrailError> {
    let mut seen = HashSet::new();
    for (number, digest) in named {
        if !seen.insert(digest.clone()) {
            continue;
        }
        let short = digest.get(..12).unwrap_or(&digest);
        match documents::read(store, &digest)? {
            Document::Present(bytes) if sha256_hex(&bytes) == digest => verified.documents += 1,
            Document::Present(_) => verified.faults.push(format!(
                "document {short} of entry {number} was changed: its bytes do not give its digest"
            )),
            _ if removed.contains(&digest) => verified.removed += 1,
            Document::Removed | Document::Missing => verified.faults.push(format!(
                "document {short} of entry {number} is gone, and no entry says that it was removed"
            )),
        }
    }
    Ok(())
}
