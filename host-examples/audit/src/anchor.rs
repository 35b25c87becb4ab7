//! The head of the chain, signed, in a place that the trail's own database cannot rewrite: a ref of a git repository.
//!
//! Who can write to the database can make a whole new chain. An anchor says how long the chain was at a moment and what its
//! last hash was, by a key that stands elsewhere; the ref only ever gains commits, and every clone of it remembers.

use std::path::{Path, PathBuf};

use countersign_core::model::When;
use countersign_host::git::{GitError, Remote, Repository};
use countersign_host::signing::{self, SigningError};
use serde::{Deserialize, Serialize};

use crate::trail::Link;

/// The ref that holds anchors.
pub const ANCHORS_REF: &str = "refs/countersign/audit";

/// What an anchor's signature is made for. A signature for another purpose is none.
pub const ANCHOR_NAMESPACE: &str = "countersign-audit";

/// Why an anchor was not written or not read.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// git failed.
    #[error("anchoring the trail: {0}")]
    Git(#[from] GitError),
    /// There is no signature, or none that holds.
    #[error("anchoring the trail: {0}")]
    Signing(#[from] SigningError),
    /// An anchor cannot be read.
    #[error("{path} at {ANCHORS_REF} is no anchor: {reason}")]
    Odd {
        /// Its path.
        path: String,
        /// Why.
        reason: String,
    },
}

/// How long a chain was at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The number of its last entry.
    pub number: u64,
    /// The hash of it.
    pub hash: String,
    /// When.
    pub at: String,
}

/// Where anchors are written, and the key that signs them.
#[derive(Clone)]
pub struct Anchorage {
    /// A bare repository, made where there is none.
    pub folder: PathBuf,
    /// The host's own key.
    pub key: PathBuf,
    /// A repository elsewhere that the ref is pushed to.
    pub remote: Option<Remote>,
}

impl Anchorage {
    /// Whether an entry is anchored already.
    pub fn holds(&self, link: &Link) -> bool {
        let path = format!("{ANCHORS_REF}:anchors/{:012}.json", link.entry.number);
        let find = || Repository::open(&self.folder).ok()?.objects().ok()?.get(&path).ok()?;
        find().is_some()
    }

    /// Anchors an entry.
    ///
    /// # Errors
    /// When git or ssh-keygen fails. The trail itself is as it was.
    pub fn write(&self, link: &Link, at: When) -> Result<Anchor, AnchorError> {
        let repository = Repository::open_or_make(&self.folder)?;
        let anchor = Anchor { number: link.entry.number, hash: link.hash.clone(), at: at.to_string() };
        let path = format!("anchors/{:012}", anchor.number);
        let text = serde_json::to_vec(&anchor)
            .map_err(|e| AnchorError::Odd { path: path.clone(), reason: e.to_string() })?;
        let signature = signing::sign(&self.key, ANCHOR_NAMESPACE, &text)?;
        let files = [(format!("{path}.json"), text), (format!("{path}.sig"), signature)];
        repository.store(ANCHORS_REF, &[], &files, &format!("Entry {}", anchor.number))?;
        if let Some(remote) = &self.remote {
            repository.push(remote, &[&format!("{ANCHORS_REF}:{ANCHORS_REF}")])?;
        }
        Ok(anchor)
    }
}

/// The anchors in a repository, each with a signature of somebody whom the list of allowed signers names for the namespace
/// `countersign-audit`. A key that was rotated stays in the list, with the time until which it signed.
///
/// # Errors
/// When one cannot be read, or its signature does not hold.
pub fn read(folder: &Path, signers: &Path) -> Result<Vec<Anchor>, AnchorError> {
    let repository = Repository::open(folder)?;
    let mut objects = repository.objects()?;
    let mut anchors = Vec::new();
    for (path, blob) in repository.blobs(ANCHORS_REF)? {
        let Some(name) = path.strip_suffix(".json") else { continue };
        let odd = |reason: &str| AnchorError::Odd { path: path.clone(), reason: reason.to_owned() };
        let text = objects.get(&blob)?.ok_or_else(|| odd("it is missing"))?;
        let signature =
            objects.get(&format!("{ANCHORS_REF}:{name}.sig"))?.ok_or_else(|| odd("nothing signs it"))?;
        signing::verify(signers, ANCHOR_NAMESPACE, &text.bytes, &signature.bytes)?;
        anchors.push(serde_json::from_slice(&text.bytes).map_err(|e| odd(&e.to_string()))?);
    }
    Ok(anchors)
}
