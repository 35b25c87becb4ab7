//! Signed sign-offs in git: where they stand, and how they are read and written. What they say is the module's matter.
//!
//! A ref of sign-offs is a record: what it held at any commit of its history counts, so that nothing is put away by a commit
//! on top. Anybody who may push to it can fill it, so it is read in bounded pieces, and of many statements the module says
//! which to keep.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use countersign_core::model::{Account, Act, ActKind, Proof, SIGNOFF_FOLDER, Text, signoff_files};
use countersign_core::wellknown::{SIGNOFF_REFS, SIGNOFFS};

use crate::git::{GitError, Held, Objects, Other, Repository};
use crate::module::sha256_hex;

/// Where [`SIGNOFFS`] of the repository that is pushed to comes to stand: with all that stands beside it there, or alone.
const FETCHED_REFS: [&str; 2] = ["refs/countersign/others/signoffs", "refs/countersign/others"];
/// How folders begin into which a record is fetched that was made anew.
const ANEW: &str = "refs/countersign/others/anew-";

/// Most bytes of a statement. A larger file is none.
pub const STATEMENT_BYTES: usize = 64 << 10;
/// Most bytes of a signature: that of the longest RSA key has less than three thousand.
const SIGNATURE_BYTES: usize = 8 << 10;

/// Files that the history of all refs may have gained and changed, taken together.
const ENTRIES: usize = 4_000_000;
/// What else was signed, where no rule counts it: of so many files, the newest, it is looked up whether they were for this change
/// before it was amended or rebased.
pub const FORMER: usize = 100;

/// Files of one change that are looked at: each costs the module a look, and what is behind them nobody reads.
const FILES: usize = 20_000;
/// Statements of one change that a request takes as they are; of more the module says which are worth keeping.
const FEW: usize = 100;
/// Statements that the module is shown at once, beside as many that it kept.
const PIECE: usize = 400;
/// Bytes of statements that the module is shown at once, beside as many that it kept.
const PIECE_BYTES: usize = 8 << 20;

/// The files of the sign-offs of some commits, by their names without the ending.
#[derive(Debug, Default)]
pub struct Files(BTreeMap<String, Versions>);

/// Every version that any history holds of two files: one name may stand for different content at different places, and only
/// what is the same byte for byte is the same.
#[derive(Debug, Default)]
struct Versions {
    statements: BTreeSet<String>,
    signatures: BTreeSet<String>,
}

impl Files {
    /// Whether there are no files of sign-offs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The commits that they are about, by the folders that they stand in.
    pub fn commits(&self) -> BTreeSet<&str> {
        self.0.keys().filter_map(|name| commit_of(name)).collect()
    }
}

/// The files of sign-offs.
#[derive(Debug, Default)]
pub struct Found {
    /// Of commits of the change.
    pub own: Files,
    /// Statements about other commits.
    pub others: Files,
}

/// The commit that a file is about, by the folder that it stands in.
fn commit_of(name: &str) -> Option<&str> {
    Some(name.strip_prefix(SIGNOFF_FOLDER)?.strip_prefix('/')?.split_once('/')?.0)
}

/// Why not all sign-offs of a change are known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// There are too many files.
    #[error(
        "refs/countersign/ holds more than {FILES} files for this change, or more than {ENTRIES} in all its history"
    )]
    TooManyFiles,
    /// There are too many that people signed.
    #[error(
        "people signed more than {PIECE} statements about this change, or more than {PIECE_BYTES} bytes of them"
    )]
    TooManySigned,
    /// A shallow clone left out a part of the history.
    #[error(
        "this clone has only a part of the history of refs/countersign/; fetch all of it: git fetch --unshallow"
    )]
    Shallow,
}

/// The commits that the refs of sign-offs name.
///
/// # Errors
/// When git fails.
pub fn tips(repository: &Repository, objects: &mut Objects) -> Result<Vec<String>, GitError> {
    let mut tips = Vec::new();
    for id in repository.named_below(SIGNOFF_REFS)? {
        // A ref may name anything; only a commit has a history.
        tips.extend(objects.commit(&id)?.map(|commit| commit.as_str().to_owned()));
    }
    Ok(tips)
}

/// Finds the files of the sign-offs of the commits for which `own` holds, and at most so many of others.
///
/// # Errors
/// When git fails.
pub fn find(
    repository: &Repository,
    tips: &[String],
    own: impl Fn(&str) -> bool,
    of_others: usize,
) -> Result<Result<Found, Unread>, GitError> {
    let tips: Vec<&str> = tips.iter().map(String::as_str).collect();
    if !tips.is_empty() && repository.is_shallow() && repository.reaches_cut(&tips)? {
        return Ok(Err(Unread::Shallow));
    }
    let (mut found, mut count, mut seen, mut others) = (Found::default(), 0, 0, 0);
    repository.ever_held(&tips, SIGNOFF_FOLDER, |Held { path, blob }| {
        seen += 1;
        if seen > ENTRIES {
            return ControlFlow::Break(());
        }
        let Some((name, kind)) = path.rsplit_once('.') else { return ControlFlow::Continue(()) };
        let Some(commit) = commit_of(name) else { return ControlFlow::Continue(()) };
        let is_own = own(commit);
        // The newest come first.
        if !is_own && others >= of_others {
            return ControlFlow::Continue(());
        }
        let files = if is_own { &mut found.own } else { &mut found.others };
        let versions = match kind {
            "json" => &mut files.0.entry(name.to_owned()).or_default().statements,
            "sig" => &mut files.0.entry(name.to_owned()).or_default().signatures,
            _ => return ControlFlow::Continue(()),
        };
        let new = usize::from(versions.insert(blob));
        count += new;
        others += if is_own { 0 } else { new };
        if count > FILES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(if count > FILES || seen > ENTRIES { Err(Unread::TooManyFiles) } else { Ok(found) })
}

/// Reads sign-offs as acts. Where there are many, or not all may matter, `keep` is shown them piece by piece, and says which to
/// go on with.
///
/// # Errors
/// When git fails, and whatever `keep` gives.
pub fn read<E: From<GitError>>(
    repository: &Repository,
    objects: &mut Objects,
    mut files: Files,
    all_matter: bool,
    mut keep: impl FnMut(Vec<Act<'static>>) -> Result<Vec<Act<'static>>, E>,
) -> Result<Result<Vec<Act<'static>>, Unread>, E> {
    leave_out_large(repository, &mut files)?;
    let of_name = |versions: &Versions| versions.statements.len() * versions.signatures.len().max(1);
    let many = !all_matter || files.0.values().map(of_name).sum::<usize>() > FEW;
    let (mut kept, mut piece, mut size, mut count) = (Vec::new(), Vec::new(), 0, 0);
    for (name, Versions { statements, signatures }) in files.0 {
        let signatures = signatures_of(objects, &name, signatures)?;
        let pairs = statements.iter().flat_map(|id| (0..signatures.len().max(1)).map(move |at| (id, at)));
        for (id, at) in pairs {
            count += 1;
            if count > FILES {
                return Ok(Err(Unread::TooManyFiles));
            }
            let act = act(objects, format!("{name}#{id}#{at}"), id, signatures.get(at).cloned())?;
            if many && (piece.len() == PIECE || size + bytes(&act) > PIECE_BYTES) {
                piece.append(&mut kept);
                kept = keep(std::mem::take(&mut piece))?;
                size = 0;
                if are_too_many(&kept) {
                    return Ok(Err(Unread::TooManySigned));
                }
            }
            size += bytes(&act);
            piece.push(act);
        }
    }
    kept.append(&mut piece);
    if many && !kept.is_empty() {
        kept = keep(kept)?;
    }
    Ok(if are_too_many(&kept) { Err(Unread::TooManySigned) } else { Ok(kept) })
}

fn are_too_many(acts: &[Act<'_>]) -> bool {
    acts.len() > PIECE || acts.iter().map(bytes).sum::<usize>() > PIECE_BYTES
}

/// Bytes of an act, as a limit counts them.
fn bytes(act: &Act<'_>) -> usize {
    let of = |text: &Option<Text<'_>>| text.as_ref().map_or(0, |text| text.as_bytes().len());
    of(&act.statement) + of(&act.signature)
}

/// Leaves out what is too large for what it is called.
fn leave_out_large(repository: &Repository, files: &mut Files) -> Result<(), GitError> {
    let ids: Vec<String> = files
        .0
        .values()
        .flat_map(|versions| versions.statements.iter().chain(&versions.signatures))
        .cloned()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    let sizes: BTreeMap<&String, Option<u64>> = ids.iter().zip(repository.blob_sizes(&ids)?).collect();
    if let Some((id, _)) = sizes.iter().find(|(_, size)| size.is_none()) {
        return Err(GitError::MissingSignoff { object: (*id).clone() });
    }
    let fits = |id: &String, most: usize| {
        sizes
            .get(id)
            .copied()
            .flatten()
            .is_some_and(|size| usize::try_from(size).is_ok_and(|size| size <= most))
    };
    for versions in files.0.values_mut() {
        versions.statements.retain(|id| fits(id, STATEMENT_BYTES));
        versions.signatures.retain(|id| fits(id, SIGNATURE_BYTES));
    }
    Ok(())
}

fn blob(objects: &mut Objects, id: &str) -> Result<Vec<u8>, GitError> {
    let object = objects.get(id)?.ok_or_else(|| GitError::MissingSignoff { object: id.to_owned() })?;
    Ok(object.bytes)
}

/// The signatures that a name may stand for: the one that it is the digest of, as [`write`] names it; else each that stood there.
fn signatures_of(
    objects: &mut Objects,
    name: &str,
    versions: BTreeSet<String>,
) -> Result<Vec<Vec<u8>>, GitError> {
    let digest = name.rsplit('/').next().unwrap_or_default();
    let mut all = Vec::with_capacity(versions.len());
    for id in versions {
        let bytes = blob(objects, &id)?;
        if sha256_hex(&bytes) == digest {
            return Ok(vec![bytes]);
        }
        all.push(bytes);
    }
    Ok(all)
}

/// A statement as an act; without its signature it is shown as one whose signature is bad.
fn act(
    objects: &mut Objects,
    id: String,
    statement: &str,
    signature: Option<Vec<u8>>,
) -> Result<Act<'static>, GitError> {
    Ok(Act {
        id: id.into(),
        kind: ActKind::Signed,
        actor: Account::default(),
        proof: Proof::Signature,
        statement: Some(Text::from_bytes(blob(objects, statement)?)),
        signature: signature.map(Text::from_bytes),
        ..Act::default()
    })
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
    let name = format!("{SIGNOFF_FOLDER}/{head}/{}", sha256_hex(signature));
    let files = [(format!("{name}.json"), statement.to_vec()), (format!("{name}.sig"), signature.to_vec())];
    let message = format!("Sign-off of {}", head.get(..12).unwrap_or(head));
    repository.store(SIGNOFFS, &others(repository)?, &files, &message)?;
    Ok(name)
}

/// What was signed here, beside what was fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// What was fetched holds all of it.
    Known,
    /// It holds all that was fetched, and more.
    Ahead,
    /// Each holds what the other does not: a push of it is refused.
    Apart,
}

/// How what was signed here stands to what was fetched.
///
/// # Errors
/// When git fails.
pub fn record(repository: &Repository) -> Result<Record, GitError> {
    let fetched = fetched(repository)?;
    let has_own = repository.has_ref(SIGNOFFS)?;
    if !has_own || repository.count(SIGNOFFS, &fetched)? == 0 {
        return match is_torn(repository, &fetched)? {
            // What one record holds of one's own, the one that was made anew may not.
            true if !has_own || lacks_any(repository, &fetched)? => Ok(Record::Apart),
            true => Ok(Record::Ahead),
            false => Ok(Record::Known),
        };
    }
    Ok(if lacks_any(repository, &fetched)? { Record::Apart } else { Record::Ahead })
}

/// Whether one of these refs holds what the own one does not.
fn lacks_any(repository: &Repository, refs: &[String]) -> Result<bool, GitError> {
    for other in refs {
        if repository.count(other, &[SIGNOFFS.to_owned()])? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the record was fetched before and after it was made anew, and none of these goes on from all the others.
fn is_torn(repository: &Repository, fetched: &[String]) -> Result<bool, GitError> {
    let is_record = |name: &&String| FETCHED_REFS.contains(&name.as_str()) || name.starts_with(ANEW);
    let records: Vec<String> = fetched.iter().filter(is_record).cloned().collect();
    for record in &records {
        let mut goes_on = true;
        for other in &records {
            goes_on &= repository.count(other, std::slice::from_ref(record))? == 0;
        }
        if goes_on {
            return Ok(false);
        }
    }
    Ok(!records.is_empty())
}

/// The refspec that brings the sign-offs of others beside all that was fetched before, into a folder that holds nothing yet: a record
/// that was made anew goes on from none that is here, so git would not put it in the place of one.
///
/// # Errors
/// When git fails.
pub fn fetched_beside(repository: &Repository) -> Result<String, GitError> {
    let mut number = 1;
    loop {
        let folder = format!("{ANEW}{number}");
        if repository.refs(std::slice::from_ref(&folder))?.is_empty() {
            return Ok(format!("refs/countersign/*:{folder}/*"));
        }
        number += 1;
    }
}

/// Puts what was signed here and what was fetched together, where they stand [apart](Record::Apart): nothing is signed anew, and
/// a push moves the remote's ref forward.
///
/// # Errors
/// When git fails.
pub fn join(repository: &Repository) -> Result<Record, GitError> {
    let stood = record(repository)?;
    if stood == Record::Apart {
        repository.store(SIGNOFFS, &others(repository)?, &[], "Join sign-offs")?;
    }
    Ok(stood)
}

/// The refs beside the own one that hold sign-offs.
fn fetched(repository: &Repository) -> Result<Vec<String>, GitError> {
    let mut refs = repository.refs(&[SIGNOFF_REFS.to_owned()])?;
    // A ref may name anything; only a commit has parents.
    refs.retain(|name| name != SIGNOFFS && repository.parents(name).is_ok());
    Ok(refs)
}

/// The same, to be put below the own one. A server lets nothing be changed that it holds in the ref that is pushed to, so that stays
/// as it is; what others have put elsewhere adds statements, and nothing else.
fn others(repository: &Repository) -> Result<Vec<Other>, GitError> {
    let other = |git_ref: String| Other {
        stays: FETCHED_REFS.contains(&git_ref.as_str()),
        takes: signoff_files,
        git_ref,
    };
    Ok(fetched(repository)?.into_iter().map(other).collect())
}
