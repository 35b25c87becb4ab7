//! The documents that decide together: the policy, the one that it extends, and the target's CODEOWNERS.

use super::origin;
use crate::Error;
use crate::digest::sha256;
use crate::model::{Document, Fact, PolicyDocument, Request, Role, WantedDocument, without_mark};
use crate::order;
use crate::policy::{CodeOwners, Dialect, Extends, Policy, Reading, Source};

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

/// A policy without a fault, on top of the one that it extends.
struct Whole<'r, 'a> {
    document: &'r Document<'a>,
    policy: Policy,
    base: Option<&'r Document<'a>>,
}

/// Why a policy is not whole.
enum Lack {
    /// It extends one that is not here.
    Base(Extends),
    /// It has a fault, or the one that it extends.
    Fault(Error),
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
    let Whole { document, mut policy, base } = match whole(document, &|extends| base_of(documents, extends)) {
        Ok(whole) => whole,
        Err(Lack::Base(extends)) => return Ok(Found::Wants(extends)),
        Err(Lack::Fault(fault)) => mended(documents, document, fault)?,
    };
    let mut beside: Vec<_> = base.into_iter().collect();
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
            "the policy extends `{path}`, and whether the target holds such a file was not looked up"
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
    let policy = valid(document, Source::of(document.bytes.as_bytes()).read_glass())?;
    let digest = document.digest.as_ref().map(|digest| digest.to_string());
    Ok(Some(Bundle { document, policy, beside: Vec::new(), digest }))
}

/// Reads a policy, with the one that it extends.
fn whole<'r, 'a>(
    document: &'r Document<'a>,
    base_of: &dyn Fn(&Extends) -> Option<&'r Document<'a>>,
) -> Result<Whole<'r, 'a>, Lack> {
    let source = source(document)?;
    let policy = valid(document, source.read(None))?;
    let Some(extends) = &policy.extends else { return Ok(Whole { document, policy, base: None }) };
    let base = base_of(extends).ok_or_else(|| Lack::Base(extends.clone()))?;
    if base.is_nothing() {
        let (path, origin) = (&extends.path, origin(document));
        let why = match &extends.commit {
            None => "no such file stands beside it: add it there, or leave `extends` out".to_owned(),
            Some(pin) => format!(
                "nothing of commit {pin} is here under that path: fetch that commit into this repository, or leave `extends` out"
            ),
        };
        return Err(Error::unread_policy(&origin, &format!("it extends `{path}`, and {why}")).into());
    }
    let policy = valid(document, source.read(Some(&read(base)?)))?;
    Ok(Whole { document, policy, base: Some(base) })
}

/// The document that the policy extends: one that is pinned, of that commit.
fn base_of<'r, 'a>(documents: &'r [Document<'a>], extends: &Extends) -> Option<&'r Document<'a>> {
    let at = extends.commit.as_deref();
    let mut bases = documents.iter().filter(|document| document.role == Role::Extends);
    bases.find(|base| is_at(base, &extends.path) && (at.is_none() || commit_of(base) == at))
}

/// What a policy of another time than now extends: the document of its role that stands in the same commit, or in the pinned one.
fn base_beside<'r, 'a>(
    documents: &'r [Document<'a>],
    policy: &Document<'_>,
    extends: &Extends,
) -> Option<&'r Document<'a>> {
    let at = extends.commit.as_deref().or(commit_of(policy));
    let mut of_role = documents.iter().filter(|document| document.role == policy.role);
    of_role.find(|base| is_at(base, &extends.path) && commit_of(base) == at)
}

fn is_at(document: &Document<'_>, path: &str) -> bool {
    document.path.as_ref().is_some_and(|known| known.as_bytes() == path.as_bytes())
}

fn commit_of<'d>(document: &'d Document<'_>) -> Option<&'d str> {
    document.commit.as_ref().map(|commit| commit.as_str())
}

/// The policies of another time than now, in order, each whole or with why it is not.
fn versions<'r, 'a>(
    documents: &'r [Document<'a>],
    standing: &Document<'_>,
    role: Role,
) -> impl Iterator<Item = Result<Whole<'r, 'a>, Lack>> {
    let path = standing.path.as_ref().map(|path| path.to_str_lossy().into_owned());
    let is_policy = move |document: &&Document<'_>| {
        document.role == role && path.as_ref().is_none_or(|path| is_at(document, path))
    };
    let versions = documents.iter().filter(is_policy);
    versions.map(|version| whole(version, &|extends| base_beside(documents, version, extends)))
}

/// The last policy without a fault that stood on the target, for a change that mends the one that stands: otherwise nothing
/// could ever be merged again.
fn mended<'r, 'a>(
    documents: &'r [Document<'a>],
    standing: &Document<'_>,
    fault: Error,
) -> Result<Whole<'r, 'a>, Error> {
    // One of which not all is here may be the last without a fault, so none before it decides.
    let mut earlier = versions(documents, standing, Role::EarlierPolicy);
    let last = earlier.find(|version| !matches!(version, Err(Lack::Fault(_)))).and_then(Result::ok);
    let mends = versions(documents, standing, Role::NextPolicy).next().is_some_and(|next| next.is_ok());
    // Nobody has to wait for somebody who may merge without a gate.
    if standing.commit.is_none() {
        return last.filter(|_| mends).ok_or(fault);
    }
    match last {
        Some(last) if mends => Ok(last),
        Some(last) => Err(fault.with_help(format!(
            "it stands on the target: ask whoever keeps the policy for a change that mends it, which is judged by the last one \
             without a fault, {}; `countersign policy check FILE` shows every fault with its line",
            origin(last.document)
        ))),
        None => Err(fault.with_help(
            "it stands on the target: ask whoever keeps the policy for a change that mends it, which is judged by the last one \
             without a fault; none is here, and where there never was one, somebody who may push to the target past the gate puts it \
             right, or whom the host lets break the glass answers for the change (`--break-glass-file`, docs/GITEA.md); \
             `countersign policy check FILE` shows every fault with its line",
        )),
    }
}

/// The documents that may show a way out where the policy has a fault: the policies before it, the one with the change, and what
/// these extend. None where they were asked for, or git does not hold it.
pub(super) fn wanted_to_mend(request: &Request<'_>) -> Vec<WantedDocument> {
    let documents: &[Document<'_>] = &request.documents;
    let of_role = |role| documents.iter().filter(move |document| document.role == role);
    let standing = of_role(Role::Policy).next().filter(|policy| policy.commit.is_some());
    let (Some(change), Some(standing)) = (&request.change, standing) else { return Vec::new() };
    let Some(path) = standing.path.as_ref().map(|path| path.to_str_lossy().into_owned()) else {
        return Vec::new();
    };
    let head = change.head.as_str();
    let wanted = |role, commit: Option<&str>, path: &str| WantedDocument {
        role,
        git_ref: None,
        commit: commit.map(str::to_owned),
        path: path.to_owned(),
    };
    let lacks = |role| {
        let lacking = versions(documents, standing, role).filter_map(Result::err);
        lacking.filter_map(|lack| if let Lack::Base(extends) = lack { Some(extends) } else { None })
    };
    let asked = of_role(Role::EarlierPolicy).chain(of_role(Role::NextPolicy)).next().is_some();
    let (mut earlier, mut pinned, mut next) = (Vec::new(), Vec::new(), Vec::new());
    if !asked {
        // The last time at which all was well may be told by what the policy extends alone.
        let extends = read(standing).ok().and_then(|policy| policy.extends);
        let bases = extends.filter(|extends| extends.commit.is_none()).map(|extends| extends.path);
        earlier = std::iter::once(path.clone()).chain(bases).collect();
        next.push(wanted(Role::NextPolicy, Some(head), &path));
    }
    for Extends { path: base, commit } in lacks(Role::EarlierPolicy) {
        match commit {
            Some(pin) => pinned.push(wanted(Role::EarlierPolicy, Some(&pin), &base)),
            // Beside it, what stood is told anew: at more times, and of each all of it.
            None => earlier.extend([path.clone(), base]),
        }
    }
    for Extends { path: base, commit } in lacks(Role::NextPolicy) {
        next.push(wanted(Role::NextPolicy, commit.as_deref().or(Some(head)), &base));
    }
    order::strings(&mut earlier);
    let earlier = earlier.iter().map(|path| wanted(Role::EarlierPolicy, None, path));
    earlier.chain(pinned).chain(next).collect()
}

impl From<Error> for Lack {
    fn from(fault: Error) -> Self {
        Lack::Fault(fault)
    }
}

/// Reads a policy without the one that it extends.
fn read(document: &Document<'_>) -> Result<Policy, Error> {
    valid(document, source(document)?.read(None))
}

fn source<'d>(document: &'d Document<'_>) -> Result<Source<'d>, Error> {
    match document.irregular() {
        Some(what) => Err(Error::unread_policy(
            &origin(document),
            &format!("it is {what}, or stands behind one; commit it as a file"),
        )),
        None => Ok(Source::of(document.bytes.as_bytes())),
    }
}

fn valid(document: &Document<'_>, reading: Reading) -> Result<Policy, Error> {
    reading.policy.ok_or_else(|| Error::bad_policy(&origin(document), reading.diagnostics))
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
