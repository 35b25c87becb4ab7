//! The head of the chain, signed, in a place that the trail's own database cannot rewrite: a ref of a git repository.
//!
//! Who can write to the database can make a whole new chain. An anchor says how long the chain was at a moment and what its
//! last hash was, by a key that stands elsewhere; the ref only ever gains commits, and every clone of it remembers.

use std::path::{Path, PathBuf};

use countersign_core::model::When;
use countersign_host::git::{GitError, Remote, Repository};
use countersign_host::signing::{self, SigningError};
use serde::{Deserialize, Serialize};

use crate::chain::Link;

/// The ref that holds anchors.
pub const ANCHORS_REF: &str = "refs/countersign/audit";

/// What an anchor's signature is made for. A signature for another purpose is none.
pub const ANCHOR_NAMESPACE: &str = "countersign-audit";

/// Why an anchor was not written or not read.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// A run of git failed.
    #[error("anchoring the trail: {0}")]
    Git(#[from] GitError),
    /// There is no signature, or none that holds.
    #[error("anchoring the trail: {0}")]
    Signing(#[from] SigningError),
    /// The list of those who may sign anchors cannot be read.
    #[error("{path}, which lists whose keys sign anchors, cannot be read")]
    Signers {
        /// The path of the file of allowed signers.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// An anchor cannot be read.
    #[error("{path} at {ANCHORS_REF} is no anchor: {reason}")]
    Odd {
        /// The path of the anchor in that ref.
        path: String,
        /// The part of the file that is no anchor, in words.
        reason: String,
    },
}

/// How long a chain was at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The number of its last entry.
    pub number: u64,
    /// The hash of that entry.
    pub hash: String,
    /// When the head was signed, in RFC 3339.
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
/// `countersign-audit`; or what is wrong with it. A key that was rotated stays in the list, with the time until which it signed.
///
/// # Errors
/// When the repository or the list cannot be read.
pub fn read(folder: &Path, signers: &Path) -> Result<Vec<Result<Anchor, AnchorError>>, AnchorError> {
    std::fs::File::open(signers)
        .map_err(|source| AnchorError::Signers { path: signers.to_owned(), source })?;
    let repository = Repository::open(folder)?;
    let mut objects = repository.objects()?;
    let mut anchors = Vec::new();
    for (path, blob) in repository.blobs(ANCHORS_REF)? {
        let Some(name) = path.strip_suffix(".json") else { continue };
        let odd = |reason: &str| AnchorError::Odd { path: path.clone(), reason: reason.to_owned() };
        let (text, signature) = (objects.get(&blob)?, objects.get(&format!("{ANCHORS_REF}:{name}.sig"))?);
        anchors.push(match (text, signature) {
            (None, _) => Err(odd("it is missing")),
            (_, None) => Err(odd("nothing signs it")),
            (Some(text), Some(signature)) => {
                match signing::verify(signers, ANCHOR_NAMESPACE, &text.bytes, &signature.bytes) {
                    Err(SigningError::Missing(source)) => return Err(SigningError::Missing(source).into()),
                    Err(error) => Err(odd(&error.to_string())),
                    Ok(_) => {
                        serde_json::from_slice(&text.bytes).map_err(|_| odd("its bytes say something else"))
                    }
                }
            }
        });
    }
    Ok(anchors)
}
