//! Finds every entry and document that was removed, changed or put elsewhere, and every entry that says something else than its
//! documents, and says which.

use std::collections::{HashMap, HashSet};

use crate::anchor::Anchor;
use crate::chain::{Entry, Event};
use crate::database::{DatabaseError, Store, reading};
use crate::documents::{self, Document, Orphan, Removals, Role};
use crate::record::differences;
use crate::spool;
use crate::trail::{Trail, TrailError};
use crate::walk::walk;

/// What only anchors can show of a chain, for a person.
pub const UNANCHORED: &str = "a chain that was made anew by whoever can write to the database would not show, nor an end that was \
                              cut off with its documents";

/// What only a replay finds.
pub const UNREPLAYED: &str = "nothing was decided anew: `countersign audit replay` does that with each stored request, and finds an answer \
                              that the module would not give";

/// The result of a verification.
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
    /// That decisions are not in the trail, where it is known.
    pub lacking: Option<String>,
    /// What is wrong, a sentence each.
    pub faults: Vec<String>,
}

/// Verifies the whole trail, and holds it against anchors whose signatures are verified.
///
/// # Errors
/// When the database fails; what is wrong with the trail is no error.
pub fn verify(store: &mut dyn Store, anchors: &[Anchor]) -> Result<Verified, TrailError> {
    reading(store, |store| {
        let removals = Trail::of(store).removals()?;
        let mut documents = Documents { removals, ..Documents::default() };
        let mut verified = Verified { lacking: spool::lacking(store)?, ..Verified::default() };
        let mut earlier = Earlier::default();
        let mut last = 0;
        walk(store, 1, u64::MAX, |store, found| {
            match found {
                Err(damage) => {
                    documents.damaged = true;
                    last = last.max(damage.number);
                    verified.faults.push(damage.to_string());
                }
                Ok(link) => {
                    last = link.entry.number;
                    verified.entries += 1;
                    verified.faults.extend(replaced(anchors, &link.entry, &link.hash));
                    verified.faults.extend(earlier.fault(&link.entry));
                    documents.of(store, &link.entry, &mut verified)?;
                }
            }
            Ok::<(), DatabaseError>(())
        })?;
        verified.anchors = anchors.len() as u64;
        verified.faults.extend(cut(anchors, last));
        // The documents of an entry that was changed are named by none.
        if !documents.damaged {
            verified.faults.extend(documents::unnamed(store, &documents.seen)?.iter().map(Orphan::to_string));
        }
        Ok(verified)
    })
}

/// The anchors of entries behind the last one.
pub(crate) fn cut(anchors: &[Anchor], last: u64) -> Vec<String> {
    let cut = anchors.iter().filter(|anchor| anchor.number > last);
    let sentence = |anchor: &Anchor| {
        format!(
            "entry {} was anchored on {}, and the trail ends with {last}: its end was cut off",
            anchor.number, anchor.at
        )
    };
    cut.map(sentence).collect()
}

/// The anchors of an entry that were made of another one.
pub(crate) fn replaced(anchors: &[Anchor], entry: &Entry, hash: &str) -> Vec<String> {
    let other = |anchor: &&Anchor| anchor.number == entry.number && anchor.hash != hash;
    let sentence = |anchor: &Anchor| {
        format!(
            "entry {} is another one than was anchored on {}: it, or one before it, was replaced",
            entry.number, anchor.at
        )
    };
    anchors.iter().filter(other).map(sentence).collect()
}

/// What entries say that later ones name.
#[derive(Default)]
struct Earlier {
    /// Decisions, and whether each passes.
    decisions: HashMap<u64, bool>,
    findings: HashSet<u64>,
    /// Every number that was read.
    known: HashSet<u64>,
}

impl Earlier {
    /// What is wrong with what an entry says of earlier ones. Of those that are missing or were changed, that is said already.
    fn fault(&mut self, entry: &Entry) -> Vec<String> {
        let number = entry.number;
        self.known.insert(number);
        match &entry.event {
            Event::Decision(made) => drop(self.decisions.insert(number, made.passes())),
            Event::Finding { .. } => drop(self.findings.insert(number)),
            Event::Merge { decisions, .. } => {
                let odd = decisions.iter().filter(|named| {
                    **named >= number
                        || self.known.contains(named) && self.decisions.get(named) != Some(&true)
                });
                let sentence = |named: &u64| {
                    format!(
                        "entry {number} says that decision {named} let it in, and entry {named} is no earlier decision that passes"
                    )
                };
                return odd.map(sentence).collect();
            }
            Event::Settled { finding, .. } => {
                let odd =
                    *finding >= number || self.known.contains(finding) && !self.findings.contains(finding);
                return odd
                    .then(|| format!("entry {number} settles entry {finding}, which is no earlier finding"))
                    .into_iter()
                    .collect();
            }
            Event::Removal { .. } => {}
        }
        Vec::new()
    }
}

/// The documents of entries, each looked at once.
#[derive(Default)]
struct Documents {
    removals: Removals,
    seen: HashSet<String>,
    damaged: bool,
}

impl Documents {
    fn of(
        &mut self,
        store: &mut dyn Store,
        entry: &Entry,
        verified: &mut Verified,
    ) -> Result<(), DatabaseError> {
        let (mut request, mut answer, mut approvers) = (None, None, None);
        for (role, digest) in entry.documents() {
            let is_new = self.seen.insert(digest.to_owned());
            // A module is large, and nothing is held against it here.
            if role == Role::Component && !is_new {
                continue;
            }
            let document = documents::read(store, &self.removals, digest)?;
            if is_new {
                match document {
                    Document::Present(_) => verified.documents += 1,
                    Document::Removed(_) => verified.removed += 1,
                    Document::Missing | Document::Changed => {}
                }
                verified.faults.extend(document.fault(digest, entry.number));
            }
            match role {
                Role::Request => request = Some(document),
                Role::Answer => answer = Some(document),
                Role::Approvers => approvers = Some(document),
                Role::Component | Role::Detail | Role::Order => {}
            }
        }
        if let (Some(made), Some(request), Some(answer)) = (entry.made(), request, answer) {
            let differences = differences(entry, made, &request, &answer, approvers.as_ref());
            verified.faults.extend(differences.all());
        }
        Ok(())
    }
}
