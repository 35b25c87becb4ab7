//! The documents that stand beside a policy in a folder, by what the module asks for.

use std::path::Path;

use countersign_core::model::{API_VERSION, Document, Needs, Request, Role, Text, WantedDocument, read};
use countersign_host::module::{Function, Module};

/// The policy that a policy in a file extends: a file at its path below one of the folders that hold the policy. A pinned one is
/// not looked for.
pub fn extended(module: &Module, policy: &[u8], file: &Path) -> anyhow::Result<Option<Document<'static>>> {
    let wanted = wanted(module, policy, None)?;
    let base = wanted.into_iter().find(|wanted| wanted.role == Role::Extends);
    let Some(base) = base.filter(|base| base.commit.is_none()) else { return Ok(None) };
    Ok(beside(file, &base.path)?.map(|bytes| Document {
        role: Role::Extends,
        source: "flag".into(),
        path: Some(base.path.into()),
        bytes: Text::from_bytes(bytes),
        ..Document::default()
    }))
}

/// The CODEOWNERS that a policy in a file reads: the first that stands where the module asks for one.
pub fn owners(
    module: &Module,
    policy: &[u8],
    base: Option<&Document<'static>>,
    file: &Path,
) -> anyhow::Result<Option<Text<'static>>> {
    for wanted in wanted(module, policy, base)?.iter().filter(|wanted| wanted.role == Role::Codeowners) {
        if let Some(bytes) = beside(file, &wanted.path)? {
            return Ok(Some(Text::from_bytes(bytes)));
        }
    }
    Ok(None)
}

/// The documents that the module asks for beside a policy.
fn wanted(
    module: &Module,
    policy: &[u8],
    base: Option<&Document<'static>>,
) -> anyhow::Result<Vec<WantedDocument>> {
    let policy =
        Document { role: Role::Policy, bytes: Text::from_bytes(policy.to_vec()), ..Document::default() };
    let request = Request {
        api_version: API_VERSION.into(),
        documents: std::iter::once(policy).chain(base.cloned()).collect::<Vec<_>>().into(),
        ..Request::default()
    };
    let needs: Needs = read(module.call(Function::Needs, &serde_json::to_vec(&request)?)?.as_bytes())?;
    Ok(needs.documents)
}

/// The bytes of a file at a path below one of the folders that hold the policy.
fn beside(policy: &Path, path: &str) -> anyhow::Result<Option<Vec<u8>>> {
    let policy = std::path::absolute(policy)?;
    Ok(policy.ancestors().skip(1).find_map(|folder| std::fs::read(folder.join(path)).ok()))
}
