//! The documents that decide together: the policy, the one that it extends, and the target's CODEOWNERS.

use super::origin;
use crate::Error;
use crate::digest::sha256;
use crate::model::{Document, Fact, PolicyDocument, Request, Role, WantedDocument, without_mark};
use crate::policy::{self, CodeOwners, Dialect, Extends, Policy, Reading};

/// A policy, with all that belongs to it.
pub(crate) struct Bundle<'r, 'a> {
    /// The document of the policy itself.
    pub document: &'r Document<'a>,
    pub policy: Policy,
    /// The documents beside the policy that decide, in order.
    pub beside: Vec<&'r Document<'a>>,
    /// Digest of all of them: of the policy's own where it stands alone.
    pub digest: Option<String>,
}

/// What was found among documents.
pub(crate) enum Found<'r, 'a> {
    /// There is no policy.
    Nothing,
    Bundle(Box<Bundle<'r, 'a>>),
    /// The policy extends one that is not here.
    Wants(Extends),
}

/// Finds and reads the policy among documents.
///
/// # Errors
/// `bad-request` for two policies, `bad-policy`.
pub(crate) fn find<'r, 'a>(documents: &'r [Document<'a>]) -> Result<Found<'r, 'a>, Error> {
    let of_role = |role| documents.iter().filter(move |document| document.role == role);
    let mut policies = of_role(Role::Policy);
    let Some(document) = policies.next() else { return Ok(Found::Nothing) };
    if policies.next().is_some() {
        return Err(Error::bad_request("two documents have the role `policy`, and one decides"));
    }
    let (document, mut policy) = match read(document, None) {
        Ok(policy) => (document, policy),
        Err(fault) => last_valid(documents).ok_or(fault)?,
    };
    let mut beside = Vec::new();
    if let Some(extends) = policy.extends.clone() {
        let is_it = |base: &&Document<'_>| {
            let path = base.path.as_ref().map(|path| path.as_bytes());
            let at = base.commit.as_ref().map(|commit| commit.as_str());
            path == Some(extends.path.as_bytes())
                && (extends.commit.is_none() || at == extends.commit.as_deref())
        };
        let Some(base) = of_role(Role::Extends).find(is_it) else { return Ok(Found::Wants(extends)) };
        let extended = read(base, None)?;
        if extended.extends.is_some() {
            return Err(Error::bad_request(format!(
                "{} extends a policy itself, and is extended by {}; one level is read",
                origin(base),
                origin(document)
            )));
        }
        policy = read(document, Some(&extended))?;
        beside.push(base);
    }
    let ids = policy.ids();
    if let Some(owners) = &mut policy.codeowners {
        let at = |path: &&str| {
            let is_it = |file: &&Document<'_>| {
                file.path.as_ref().is_some_and(|known| known.as_bytes() == path.as_bytes())
            };
            of_role(Role::Codeowners).find(is_it)
        };
        if let Some(file) = owners.dialect.paths().iter().find_map(&at) {
            owners.file = Some(code_owners(owners.dialect, file).map(|file| file.with_ids(&ids)));
            beside.push(file);
        }
    }
    let digest = digest(document, &beside);
    Ok(Found::Bundle(Box::new(Bundle { document, policy, beside, digest })))
}

/// The policy of a request, with all that belongs to it.
///
/// # Errors
/// `bad-request` where it, or what it extends, is not here; `bad-policy`.
pub(super) fn of_request<'r, 'a>(request: &'r Request<'a>) -> Result<Option<Bundle<'r, 'a>>, Error> {
    match find(&request.documents)? {
        Found::Bundle(mut bundle) => {
            bundle.unread_owners(request);
            Ok(Some(*bundle))
        }
        Found::Nothing => {
            if let Some(missing) = request.missing(Fact::Documents) {
                return Err(Error::bad_request(format!("the policy could not be read: {}", missing.reason)));
            }
            if !request.complete.contains(&Fact::Documents) {
                return Err(Error::bad_request(
                    "`complete` does not name `documents`, so there may be a policy that is not here",
                ));
            }
            Ok(None)
        }
        Found::Wants(Extends { path, commit: None }) => Err(Error::bad_request(format!(
            "the policy extends `{path}`, and the target holds no such file; add it there, or leave `extends` out"
        ))),
        Found::Wants(Extends { path, commit: Some(commit) }) => Err(Error::bad_request(format!(
            "the policy extends `{path}` of commit {commit}, which is not here; fetch that commit into this repository"
        ))),
    }
}

/// Who may break the glass by the host's own word.
///
/// # Errors
/// `bad-policy`, when the host's file has a fault: it helps nobody in an emergency, and is mended before. `bad-request` for two.
pub(super) fn of_host<'r, 'a>(request: &'r Request<'a>) -> Result<Option<Bundle<'r, 'a>>, Error> {
    let mut own = request.documents.iter().filter(|document| document.role == Role::BreakGlass);
    let Some(document) = own.next() else { return Ok(None) };
    if own.next().is_some() {
        return Err(Error::bad_request("two documents have the role `break-glass`, and one decides"));
    }
    let policy = valid(document, policy::read_glass(document.bytes.as_bytes()))?;
    let digest = document.digest.as_ref().map(|digest| digest.to_string());
    Ok(Some(Bundle { document, policy, beside: Vec::new(), digest }))
}

/// The last policy without a fault that stood on the target, for a change that mends the one that stands: otherwise nothing
/// could ever be merged again.
fn last_valid<'r, 'a>(documents: &'r [Document<'a>]) -> Option<(&'r Document<'a>, Policy)> {
    let of_role = |role| documents.iter().filter(move |document| document.role == role);
    of_role(Role::NextPolicy).next().filter(|next| read(next, None).is_ok())?;
    of_role(Role::EarlierPolicy).find_map(|earlier| Some((earlier, read(earlier, None).ok()?)))
}

/// The documents that may show a way out where the policy has a fault; none where they were asked for, or git does not hold it.
pub(super) fn wanted_to_mend(request: &Request<'_>) -> Vec<WantedDocument> {
    let of_role = |role| request.documents.iter().filter(move |document| document.role == role);
    let asked = of_role(Role::EarlierPolicy).chain(of_role(Role::NextPolicy)).next().is_some();
    let standing = of_role(Role::Policy).next().filter(|policy| !asked && policy.commit.is_some());
    let (Some(change), Some(path)) = (&request.change, standing.and_then(|policy| policy.path.as_ref()))
    else {
        return Vec::new();
    };
    let wanted =
        |role, commit| WantedDocument { role, git_ref: None, commit, path: path.to_str_lossy().into_owned() };
    vec![wanted(Role::EarlierPolicy, None), wanted(Role::NextPolicy, Some(change.head.to_string()))]
}

fn read(document: &Document<'_>, base: Option<&Policy>) -> Result<Policy, Error> {
    valid(document, policy::read(document.bytes.as_bytes(), base))
}

fn valid(document: &Document<'_>, reading: Reading) -> Result<Policy, Error> {
    reading.policy.ok_or_else(|| {
        let fault = Error::bad_policy(&origin(document), reading.diagnostics);
        // Nobody has to wait for somebody who may merge without a gate.
        let mends = matches!(document.role, Role::Policy | Role::Extends) && document.commit.is_some();
        if !mends {
            return fault;
        }
        fault.with_help(
            "it stands on the target: ask whoever keeps the policy for a change that mends it, which is judged by the last one \
             without a fault, where there was one; `countersign policy check FILE` shows every fault with its line",
        )
    })
}

fn code_owners(dialect: Dialect, file: &Document<'_>) -> Result<CodeOwners, String> {
    let text =
        std::str::from_utf8(file.bytes.as_bytes()).map_err(|_| format!("{} is no UTF-8", origin(file)))?;
    CodeOwners::read(dialect, without_mark(text)).map_err(|fault| format!("{}, {fault}", origin(file)))
}

/// Over the roles and digests of all documents, in order; none where a host did not hash one.
fn digest(document: &Document<'_>, beside: &[&Document<'_>]) -> Option<String> {
    let own = document.digest.as_deref()?;
    if beside.is_empty() {
        return Some(own.to_owned());
    }
    let mut list = format!("policy {own}\n");
    for document in beside {
        list.push_str(&format!("{} {}\n", document.role.name(), document.digest.as_deref()?));
    }
    Some(sha256(list.as_bytes()))
}

fn listed(document: &Document<'_>) -> PolicyDocument {
    PolicyDocument {
        role: document.role,
        origin: origin(document),
        digest: document.digest.as_ref().map(|digest| digest.to_string()),
    }
}

impl Bundle<'_, '_> {
    /// Takes a CODEOWNERS that cannot be read for one with a fault, unless another stands before it.
    fn unread_owners(&mut self, request: &Request<'_>) {
        let Some(owners) = &mut self.policy.codeowners else { return };
        for path in owners.dialect.paths() {
            if let Some(why) = request.unread_document(|unread, _| unread == *path) {
                owners.file = Some(Err(why));
                return;
            }
            let is_it = |file: &&Document<'_>| {
                file.role == Role::Codeowners
                    && file.path.as_ref().is_some_and(|known| known.as_bytes() == path.as_bytes())
            };
            if self.beside.iter().any(is_it) {
                return;
            }
        }
    }

    /// The documents beside the policy, for the decision.
    pub fn documents(&self) -> Vec<PolicyDocument> {
        self.beside.iter().copied().map(listed).collect()
    }

    /// Its own document, where another policy decides.
    pub fn document(&self) -> PolicyDocument {
        listed(self.document)
    }
}
