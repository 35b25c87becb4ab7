//! Signed sign-offs in git: where they stand, and how they are read and written. What they say is the module's matter.

use std::collections::{BTreeSet, HashMap};

use countersign_core::model::{Account, Act, ActKind, Proof, Text};

use crate::git::{GitError, Objects, Repository};
use crate::module::sha256_hex;

/// The refs that hold sign-offs are below it.
pub const SIGNOFF_REFS: &str = "refs/countersign/";

/// The ref that holds the sign-offs of this clone. Those of others are fetched beside it, under `refs/countersign/`.
pub const SIGNOFFS_REF: &str = "refs/countersign/signoffs";

/// Where the target says whose key is whose.
pub const ALLOWED_SIGNERS_PATH: &str = ".countersign/allowed_signers";
/// Where the target says which keys are no longer anybody's.
pub const REVOKED_KEYS_PATH: &str = ".countersign/revoked_keys";

/// Most sign-offs that one request takes.
pub const MOST: usize = 1_000;

/// Refs that hold sign-offs.
fn refs(repository: &Repository) -> Result<Vec<String>, GitError> {
    repository.refs(&[SIGNOFF_REFS.to_owned()])
}

/// The signed sign-offs of the commits for which `wanted` holds, each once, in the order of their names. None says that
/// there are more than [`MOST`].
///
/// # Errors
/// When git fails.
pub fn read(
    repository: &Repository,
    objects: &mut Objects,
    wanted: impl Fn(&str) -> bool,
) -> Result<Option<Vec<Act<'static>>>, GitError> {
    // One name may stand in several refs with different content; only what is the same byte for byte is the same.
    let mut names: BTreeSet<(String, Option<String>, Option<String>)> = BTreeSet::new();
    for git_ref in refs(repository)? {
        let blobs: HashMap<String, String> =
            repository.blobs(repository.tip(&git_ref))?.into_iter().collect();
        for path in blobs.keys() {
            let Some(name) = path.strip_suffix(".json").or(path.strip_suffix(".sig")) else { continue };
            let commit = name.strip_prefix("signoffs/").and_then(|rest| rest.split_once('/'));
            if commit.is_some_and(|(commit, _)| wanted(commit)) {
                let blob = |kind: &str| blobs.get(&format!("{name}.{kind}")).cloned();
                names.insert((name.to_owned(), blob("json"), blob("sig")));
            }
        }
    }
    if names.len() > MOST {
        return Ok(None);
    }
    let mut acts = Vec::with_capacity(names.len());
    for (at, (name, statement, signature)) in names.into_iter().enumerate() {
        let mut blob = |id: Option<String>| id.map_or(Ok(None), |id| objects.get(&id));
        let (statement, signature) = (blob(statement)?, blob(signature)?);
        acts.push(Act {
            id: format!("{name}#{at}").into(),
            kind: ActKind::Signed,
            actor: Account::default(),
            proof: Proof::Signature,
            // A statement without its signature is shown as one whose signature is bad.
            statement: statement.map(|object| Text::from_bytes(object.bytes)),
            signature: signature.map(|object| Text::from_bytes(object.bytes)),
            ..Act::default()
        });
    }
    Ok(Some(acts))
}

/// Keeps a signed sign-off beside all that is known here, so that pushing it moves the remote's ref forward.
///
/// # Errors
/// When git fails.
pub fn write(
    repository: &Repository,
    head: &str,
    statement: &[u8],
    signature: &[u8],
) -> Result<String, GitError> {
    let name = format!("signoffs/{head}/{}", sha256_hex(signature));
    let files = [(format!("{name}.json"), statement.to_vec()), (format!("{name}.sig"), signature.to_vec())];
    let others: Vec<String> = refs(repository)?.into_iter().filter(|name| name != SIGNOFFS_REF).collect();
    let message = format!("Sign-off of {}", head.get(..12).unwrap_or(head));
    repository.store(SIGNOFFS_REF, &others, &files, &message)?;
    Ok(name)
}
