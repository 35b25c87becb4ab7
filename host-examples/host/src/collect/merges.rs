//! What merging the parents of a merge gives by itself: what else it holds, somebody made.

use countersign_core::model::{Commit, Fact, ObjectId, Place, Request, Unavailable};

use super::{CollectError, cut_at};
use crate::git::Repository;

/// Merges that are made again: each takes a process of git.
const MERGES: usize = 200;

/// Makes every merge of two parents again.
pub(super) fn put_auto_merge_trees(
    repository: &Repository,
    commits: &mut [Commit<'static>],
    request: &mut Request<'static>,
) -> Result<(), CollectError> {
    let merges = commits.iter_mut().filter(|commit| commit.place != Place::Result && commit.is_merge());
    for (at, commit) in merges.enumerate() {
        if at == MERGES {
            request.unavailable.push(Unavailable {
                fact: Fact::AutoMergeTrees,
                of: None,
                reason: format!("the change holds more than {MERGES} merges").into(),
            });
            return Ok(());
        }
        if let [ours, theirs] = commit.parents.as_slice() {
            commit.auto_merge_tree = merged(repository, &ours.sha, &theirs.sha)?;
        }
    }
    request.complete.push(Fact::AutoMergeTrees);
    Ok(())
}

fn merged(
    repository: &Repository,
    ours: &ObjectId<'_>,
    theirs: &ObjectId<'_>,
) -> Result<Option<ObjectId<'static>>, CollectError> {
    let (ours, theirs) = (ours.as_str(), theirs.as_str());
    // Where a history is cut, another commit looks like the one that both stand on.
    for (from, without) in [(ours, theirs), (theirs, ours)] {
        if let Some(cut) = repository.cut_between(from, without)? {
            return Err(cut_at(&cut));
        }
    }
    Ok(repository.merge_tree(ours, theirs)?)
}
