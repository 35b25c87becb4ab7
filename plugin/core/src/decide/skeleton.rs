//! The part of a request that `needs` reads.

use std::borrow::Cow;

use crate::model::{ActKind, Change, Commit, Document, Fact, Push, Request, Role, Text, Version};

/// The part of a request that [`needs`](crate::needs) reads, which gives the same answer as all of it: a host that holds the facts of a
/// change asks what is still missing without copying them into the module.
///
/// Commits keep their messages until `complete` or `absent` names `checkpoints`, for messages name those. Signed acts stay until the
/// acts are known, for the answer says which of them to keep.
pub fn skeleton<'r>(request: &'r Request<'_>) -> Request<'r> {
    let known = |fact: Fact| request.complete.contains(&fact) || request.absent.contains(&fact);
    let (names_checkpoints, keeps) = (!known(Fact::Checkpoints), !known(Fact::Acts));
    Request {
        api_version: Cow::Borrowed(&request.api_version),
        trigger: request.trigger.clone(),
        documents: request.documents.iter().filter_map(document).collect(),
        change: request.change.as_ref().map(change),
        commits: request.commits.iter().map(|known| commit(known, names_checkpoints)).collect(),
        pushes: request
            .pushes
            .iter()
            .map(|push| Push { head: push.head.clone(), ..Push::default() })
            .collect(),
        versions: request
            .versions
            .iter()
            .map(|version| Version { head: version.head.clone(), ..Version::default() })
            .collect(),
        acts: request.acts.iter().filter(|act| keeps && act.kind == ActKind::Signed).cloned().collect(),
        former: request.former.clone(),
        unavailable: request.unavailable.clone(),
        complete: request.complete.clone(),
        absent: request.absent.clone(),
        ..Request::default()
    }
}

/// A document that decides, or of which it matters that it is here.
fn document<'r>(document: &'r Document<'_>) -> Option<Document<'r>> {
    let bytes = match document.role {
        Role::Policy
        | Role::Extends
        | Role::Protection
        | Role::EarlierPolicy
        | Role::NextPolicy
        | Role::BreakGlass
        | Role::Codeowners
        | Role::AllowedSigners
        | Role::RevokedKeys => borrowed(&document.bytes),
        Role::Requirements | Role::Checkpoint => Text::default(),
        Role::Mailmap
        | Role::Catalog
        | Role::Environments
        | Role::Note
        | Role::Trace
        | Role::EarlierTrace
        | Role::Plan
        | Role::Other => return None,
    };
    Some(Document {
        role: document.role,
        source: Cow::Borrowed(&document.source),
        git_ref: document.git_ref.as_deref().map(Cow::Borrowed),
        commit: document.commit.clone(),
        path: document.path.as_ref().map(borrowed),
        mode: document.mode.as_deref().map(Cow::Borrowed),
        digest: document.digest.as_deref().map(Cow::Borrowed),
        untrusted: document.untrusted,
        bytes,
    })
}

/// A change by its names and ids, without the words of people.
fn change<'r>(change: &'r Change<'_>) -> Change<'r> {
    Change {
        repository: change.repository.clone(),
        id: change.id.as_deref().map(Cow::Borrowed),
        target: Cow::Borrowed(&change.target),
        default_branch: change.default_branch.as_deref().map(Cow::Borrowed),
        base_tip: change.base_tip.clone(),
        head: change.head.clone(),
        diff_id: change.diff_id.clone(),
        merge_tree: change.merge_tree.clone(),
        result: change.result.clone(),
        ..Change::default()
    }
}

/// A commit by its id and its author, by whom one that was rewritten is known again.
fn commit<'r>(commit: &'r Commit<'_>, with_message: bool) -> Commit<'r> {
    Commit {
        sha: commit.sha.clone(),
        author: commit.author.clone(),
        message: if with_message { borrowed(&commit.message) } else { Text::default() },
        ..Commit::default()
    }
}

fn borrowed<'r>(text: &'r Text<'_>) -> Text<'r> {
    match text {
        Text::Utf8(text) => Text::Utf8(Cow::Borrowed(text)),
        Text::Bytes(bytes) => Text::Bytes(bytes.clone()),
    }
}
