//! What entries name by digest: requests, answers, the words of approvers, components. A document can be removed; what it
//! was is then known by its digest alone.

use countersign_core::model::{Act, ActCode, Decision, Request};
use countersign_host::module::sha256_hex;
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Store, Value};

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A request.
    Request,
    /// A decision, or the module's error.
    Answer,
    /// Approvers and their words.
    Approvers,
    /// A build of the module.
    Component,
    /// What there is to say about a finding.
    Detail,
}

impl Role {
    /// Its name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Role::Request => "request",
            Role::Answer => "answer",
            Role::Approvers => "approvers",
            Role::Component => "component",
            Role::Detail => "detail",
        }
    }
}

/// A document, as far as it is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// Its bytes.
    Present(Vec<u8>),
    /// It was removed.
    Removed,
    /// It was never here, or somebody took it away.
    Missing,
}

impl Document {
    /// Its bytes, where they are there.
    pub fn bytes(self) -> Option<Vec<u8>> {
        match self {
            Document::Present(bytes) => Some(bytes),
            Document::Removed | Document::Missing => None,
        }
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

/// Reads a document.
///
/// # Errors
/// When the database fails.
pub fn read(store: &mut dyn Store, digest: &str) -> Result<Document, DatabaseError> {
    let rows = store.query("SELECT bytes FROM documents WHERE digest = $1", &[digest.into()])?;
    Ok(match rows.first().map(|row| row.maybe_bytes(0)).transpose()? {
        Some(Some(bytes)) => Document::Present(bytes),
        Some(None) => Document::Removed,
        None => Document::Missing,
    })
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
    /// Random, hexadecimal.
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
    /// When, as the platform says.
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
    /// What was written: the answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

impl Approvers {
    /// Those whose acts counted in a decision, with what the request says of them; none where nobody's did.
    pub fn of(request: &Request<'_>, decision: &Decision) -> Option<Self> {
        let mut approvers: Vec<Approver> = Vec::new();
        let mut add = |person: &str, act: &str, rule: &str, overrides: bool| {
            if let Some(known) = approvers.iter_mut().find(|known| known.act == act) {
                if !known.rules.iter().any(|known| known == rule) {
                    known.rules.push(rule.to_owned());
                }
                return;
            }
            let stated = request.acts.iter().find(|stated| stated.id == act);
            approvers.push(Approver {
                person: person.to_owned(),
                act: act.to_owned(),
                at: stated.and_then(|act| act.at).map(|at| at.to_string()),
                proof: stated
                    .and_then(|act| serde_json::to_value(act.proof).ok()?.as_str().map(str::to_owned)),
                rules: vec![rule.to_owned()],
                overrides,
                words: stated.and_then(words),
            });
        };
        for rule in &decision.rules {
            for verdict in rule.requirements.iter().flat_map(|requirement| &requirement.acts) {
                if verdict.code == ActCode::Counted {
                    add(&verdict.actor, &verdict.act, &rule.name, false);
                }
            }
            if let Some(overridden) = &rule.overridden {
                add(&overridden.by, &overridden.act, &rule.name, true);
            }
        }
        (!approvers.is_empty()).then(|| Approvers { salt: salt(), approvers })
    }
}

/// What an act says: the text that the platform keeps, or the statement that was signed.
fn words(act: &Act<'_>) -> Option<String> {
    let text = act.text.as_ref().or(act.statement.as_ref())?;
    Some(text.to_str_lossy().into_owned())
}

fn salt() -> String {
    let mut bytes = [0_u8; 16];
    // Without randomness the digest is one of names alone: still right, only easier to guess.
    let _ = getrandom::fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
