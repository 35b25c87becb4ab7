//! What entries name by digest: requests, answers, the words of approvers, components. A document can be removed; what it
//! was is then known by its digest alone.

use std::collections::{HashMap, HashSet};
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use countersign_core::answered_by;
use countersign_core::model::{Act, Answerer, Decision, Proof, Request, Statement, When, read as parse};
use countersign_host::module::sha256_hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::database::{DatabaseError, Row, Store, Value};

/// The role that a document has beside an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The request document that was evaluated.
    Request,
    /// A decision, or the module's error.
    Answer,
    /// Approvers and their words.
    Approvers,
    /// A build of the module.
    Component,
    /// What there is to say about a finding.
    Detail,
    /// On whose order documents were removed, and why.
    Order,
}

impl Role {
    /// The role of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let all = [Role::Request, Role::Answer, Role::Approvers, Role::Component, Role::Detail, Role::Order];
        all.into_iter().find(|role| role.name() == name)
    }

    /// Its name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Role::Request => "request",
            Role::Answer => "answer",
            Role::Approvers => "approvers",
            Role::Component => "component",
            Role::Detail => "detail",
            Role::Order => "order",
        }
    }
}

/// A document, as far as it is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// Its bytes, which give its digest.
    Present(Vec<u8>),
    /// It was removed, as the entry of this number says.
    Removed(u64),
    /// It is not here, and no entry says that it was removed.
    Missing,
    /// Other bytes stand in the document's place.
    Changed,
}

impl Document {
    /// The bytes of the document, unless it was removed or changed.
    pub fn bytes(self) -> Option<Vec<u8>> {
        match self {
            Document::Present(bytes) => Some(bytes),
            Document::Removed(_) | Document::Missing | Document::Changed => None,
        }
    }

    /// What is wrong with it, where it is neither there nor removed.
    pub fn fault(&self, digest: &str, entry: u64) -> Option<String> {
        let short = short(digest);
        match self {
            Document::Present(_) | Document::Removed(_) => None,
            Document::Missing => Some(format!(
                "document {short} of entry {entry} is gone, and no entry says that it was removed"
            )),
            Document::Changed => Some(format!(
                "document {short} of entry {entry} was changed: it is not the bytes that give its digest"
            )),
        }
    }
}

/// The documents that entries say were removed.
#[derive(Debug, Clone, Default)]
pub struct Removals(HashMap<String, u64>);

impl Removals {
    /// Notes that an entry says so of a document.
    pub(crate) fn add(&mut self, digest: String, entry: u64) {
        self.0.insert(digest, entry);
    }
}

/// Keeps a document, once, and gives its digest. One that was removed and is needed again comes back.
///
/// # Errors
/// When the database fails.
pub fn keep(store: &mut dyn Store, role: Role, bytes: &[u8]) -> Result<String, DatabaseError> {
    let digest = sha256_hex(bytes);
    let statement = "INSERT INTO documents (digest, role, bytes) VALUES ($1, $2, $3)
                     ON CONFLICT (digest) DO UPDATE SET bytes = excluded.bytes WHERE documents.bytes IS NULL";
    store.execute(statement, &[digest.as_str().into(), role.name().into(), bytes.into()])?;
    Ok(digest)
}

/// Reads a document. Nothing gives its bytes but those that give its digest.
///
/// # Errors
/// When the database fails.
pub fn read(store: &mut dyn Store, removals: &Removals, digest: &str) -> Result<Document, DatabaseError> {
    let rows = store.query("SELECT bytes FROM documents WHERE digest = $1", &[digest.into()])?;
    Ok(match rows.first().map(|row| row.maybe_bytes(0)) {
        Some(Ok(Some(bytes))) if sha256_hex(&bytes) == digest => Document::Present(bytes),
        Some(Ok(None)) | None => {
            removals.0.get(digest).map_or(Document::Missing, |entry| Document::Removed(*entry))
        }
        Some(Ok(Some(_)) | Err(_)) => Document::Changed,
    })
}

/// A document that no entry names.
///
/// Documents are kept together with the entry that names them, so it is what is left of one that was removed or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// What it is called; none where even that was changed.
    pub digest: Option<String>,
    /// The role of the document, in the word that lists use.
    pub role: String,
}

impl fmt::Display for Orphan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.digest {
            Some(digest) => write!(
                f,
                "document {} belongs to no entry: the entry that named it was removed or changed",
                short(digest)
            ),
            None => f.write_str("a document has no digest: it was changed"),
        }
    }
}

/// The documents that are there and that no entry names. A module is kept before it decides anything.
///
/// # Errors
/// When the database fails.
pub fn unnamed(store: &mut dyn Store, named: &HashSet<String>) -> Result<Vec<Orphan>, DatabaseError> {
    let statement = "SELECT digest, role FROM documents WHERE role <> $1 ORDER BY digest";
    let rows = store.query(statement, &[Role::Component.name().into()])?;
    let orphan = |row: &Row| match row.text(0) {
        Ok(digest) if named.contains(&digest) => None,
        digest => Some(Orphan { digest: digest.ok(), role: row.text(1).unwrap_or_default() }),
    };
    Ok(rows.iter().filter_map(orphan).collect())
}

/// What stands in the place of a document, whatever it is.
///
/// # Errors
/// When the database fails.
pub(crate) fn raw(store: &mut dyn Store, digest: &str) -> Result<Vec<u8>, DatabaseError> {
    let rows = store.query("SELECT bytes FROM documents WHERE digest = $1", &[digest.into()])?;
    let bytes = rows.first().map(|row| {
        let text = || row.maybe_text(0).ok().flatten().map(String::into_bytes);
        row.maybe_bytes(0).ok().flatten().or_else(text)
    });
    Ok(bytes.flatten().unwrap_or_default())
}

/// Whether the bytes of a document are still there.
///
/// # Errors
/// When the database fails.
pub(crate) fn is_present(store: &mut dyn Store, digest: &str) -> Result<bool, DatabaseError> {
    let statement = "SELECT digest FROM documents WHERE digest = $1 AND bytes IS NOT NULL";
    Ok(!store.query(statement, &[digest.into()])?.is_empty())
}

/// Takes the bytes of a document away. What it was called stays.
///
/// # Errors
/// When the database fails.
pub(crate) fn remove(store: &mut dyn Store, digest: &str) -> Result<(), DatabaseError> {
    store.execute("UPDATE documents SET bytes = $1 WHERE digest = $2", &[Value::Null, digest.into()])?;
    Ok(())
}

/// Who approved a change, with their words.
///
/// A name is easily guessed, and so would be what has the digest of a few names: the salt keeps the digest from telling
/// anything once the document is gone.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Approvers {
    /// Random hexadecimal digits, so that nobody finds the names by trying.
    pub salt: String,
    /// Each act that counted, once.
    pub approvers: Vec<Approver>,
}

/// Somebody who approved, or who broke the glass.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Approver {
    /// Login, or e-mail where there is none.
    pub person: String,
    /// The act, by its id in the request.
    pub act: String,
    /// When the act was done, as the platform says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// How it is known who acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// The rules that it counted for, or that it overrides.
    pub rules: Vec<String>,
    /// Whether rules were overridden by it, and not satisfied.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overrides: bool,
    /// Fingerprint of the key that signed, as OpenSSH writes it (`SHA256:...`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What was written: the answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

impl Approvers {
    /// Those who answer for a change by a decision, with what the request says of their acts where it is there; none where nobody does.
    pub fn of(request: Option<&Request<'_>>, decision: &Decision) -> Option<Self> {
        let approver = |answerer: Answerer| {
            let Answerer { person, act, rules, overrides } = answerer;
            let stated = request.and_then(|request| request.acts.iter().find(|stated| stated.id == act));
            let said = stated.map(Said::by).unwrap_or_default();
            Approver {
                person,
                at: said.at.map(|at| at.to_string()),
                proof: stated.map(|act| act.proof.name().to_owned()),
                rules,
                overrides,
                key: said.key,
                words: said.words,
                act,
            }
        };
        let approvers: Vec<Approver> = answered_by(decision).into_iter().map(approver).collect();
        (!approvers.is_empty()).then(|| Approvers { salt: salt(), approvers })
    }
}

/// What an act says, and what its signature does.
#[derive(Default)]
struct Said {
    at: Option<When>,
    key: Option<String>,
    words: Option<String>,
}

impl Said {
    fn by(act: &Act<'_>) -> Self {
        let text = |text: &countersign_core::model::Text<'_>| text.to_str_lossy().into_owned();
        match &act.statement {
            Some(statement) if act.proof == Proof::Signature => {
                let (at, words) = stated(&text(statement)).unwrap_or((None, Some(text(statement))));
                Said {
                    at: act.at.or(at),
                    key: act.signature.as_ref().and_then(|s| fingerprint(s.as_bytes())),
                    words,
                }
            }
            _ => {
                Said { at: act.at, key: None, words: act.text.as_ref().or(act.statement.as_ref()).map(text) }
            }
        }
    }
}

/// When a statement was signed, and its words.
fn stated(statement: &str) -> Option<(Option<When>, Option<String>)> {
    let statement: Statement = parse(statement.as_bytes()).ok()?;
    Some((statement.predicate.at, statement.predicate.text))
}

/// The fingerprint of the key in an armoured SSH signature: PROTOCOL.sshsig, OpenSSH 9.
pub(crate) fn fingerprint(armoured: &[u8]) -> Option<String> {
    let lines = std::str::from_utf8(armoured).ok()?.lines().filter(|line| !line.starts_with("-----"));
    let signature = STANDARD.decode(lines.map(str::trim).collect::<String>()).ok()?;
    // The magic, a version of four bytes, the length of the key, the key.
    let (key, _) = string(signature.strip_prefix(b"SSHSIG")?.get(4..)?)?;
    Some(fingerprint_of(key))
}

/// The fingerprint of a public key in base64, as lists of keys hold it; none for any other word.
pub(crate) fn fingerprint_of_public(word: &str) -> Option<String> {
    // The length of a key's kind has three bytes of zeros.
    let key = STANDARD.decode(word).ok().filter(|_| word.starts_with("AAAA"))?;
    string(&key).map(|_| fingerprint_of(&key))
}

fn fingerprint_of(key: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(key)))
}

/// A string of SSH's wire format, and what follows it.
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

impl Approver {
    /// When the act was done, as the platform says or as the signer does.
    pub fn when(&self) -> Option<String> {
        self.at.clone().or_else(|| Some(stated(self.words.as_ref()?)?.0?.to_string()))
    }

    /// What was written. The words of a statement stand within what was signed, and records of earlier versions hold all of that.
    pub fn text(&self) -> Option<String> {
        let words = self.words.as_ref()?;
        stated(words).map_or_else(|| Some(words.clone()), |(_, text)| text)
    }

    /// How it is known who acted, for a person.
    pub fn known_by(&self) -> String {
        match (self.proof.as_deref(), &self.key) {
            (Some("signature"), Some(key)) => format!("signed with the key {key}"),
            (Some("signature"), None) => "signed".to_owned(),
            (Some("forge"), _) => "logged in at the forge".to_owned(),
            (Some("claimed"), _) => "on the word of whoever gave the sign-off".to_owned(),
            _ => "in a way that the record does not name".to_owned(),
        }
    }
}

/// On whose order documents were removed, and why. Who that is, is salted as [`Approvers`] are.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Order {
    /// Random hexadecimal digits, so that nobody finds the names by trying.
    pub salt: String,
    /// The person who ordered the removal.
    pub by: String,
    /// The reason of the order, in that person's words.
    pub reason: String,
}

impl Order {
    /// An order that is given now.
    pub fn new(by: &str, reason: &str) -> Self {
        Order { salt: salt(), by: by.to_owned(), reason: reason.to_owned() }
    }
}

/// The beginning of an id or a hash, for a person.
pub fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

fn salt() -> String {
    let mut bytes = [0_u8; 16];
    // Without randomness the digest is one of names alone: still right, only easier to guess.
    let _ = getrandom::fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
