//! Which commits lie outside a change: nothing of the change can be reached from them.

use std::collections::HashMap;

use countersign_core::model::{ObjectId, Request};

use crate::git::Repository;

/// The commits outside a change, asked for one by one. Whoever traces the pushes of a branch back from its head stops there.
pub struct Outside<'r> {
    git: &'r Repository,
    head: ObjectId<'static>,
    base: Option<ObjectId<'static>>,
    known: HashMap<String, bool>,
}

impl<'r> Outside<'r> {
    /// The commits outside a change with this head, whose own commits begin after `base`. Where no base is known, no commit is known to
    /// lie outside.
    pub fn of(git: &'r Repository, head: &ObjectId<'static>, base: Option<ObjectId<'static>>) -> Self {
        Outside { git, head: head.clone(), base, known: HashMap::new() }
    }

    /// Takes over which parents a request knows to be in the target.
    pub fn know(&mut self, request: &Request<'static>) {
        let parents = request.commits.iter().flat_map(|commit| &commit.parents);
        let in_target = parents.filter(|parent| parent.in_target);
        self.known.extend(in_target.map(|parent| (parent.sha.to_string(), true)));
    }

    /// Whether a commit lies outside; one that git does not know here does not.
    pub fn holds(&mut self, commit: &ObjectId<'static>) -> bool {
        if let Some(known) = self.known.get(commit.as_str()) {
            return *known;
        }
        let holds = self.is_beside(commit).unwrap_or(false);
        self.known.insert(commit.to_string(), holds);
        holds
    }

    /// Whether a commit is an ancestor of the base, or leaving out all that it reaches leaves out no commit of the change; none where git
    /// cannot tell.
    fn is_beside(&self, commit: &ObjectId<'static>) -> Option<bool> {
        let base = self.base.as_ref()?.to_string();
        if self.git.merge_base(commit.as_str(), &base).ok()?.as_ref() == Some(commit) {
            return Some(true);
        }
        let all = self.git.count(self.head.as_str(), std::slice::from_ref(&base)).ok()?;
        Some(self.git.count(self.head.as_str(), &[base, commit.to_string()]).ok()? == all)
    }
}
