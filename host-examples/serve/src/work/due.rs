//! Which changes and branches are judged because of something that happened.

use countersign_core::model::Fact;

use super::{Shared, TIME};
use crate::forge::{Client, Subject};
use crate::judge::Branches;
use crate::{open, queue};

impl Shared {
    /// Asks about everything that is open in a repository: its changes, and its branches that anybody guards.
    pub(super) fn ask_all(&self, repository: &str) -> anyhow::Result<()> {
        let client = self.forge.client(TIME);
        let branches = self.judge.branches(&*client, repository)?;
        self.ask_open(&*client, repository, &branches)
    }

    fn ask_open(&self, client: &dyn Client, repository: &str, branches: &Branches) -> anyhow::Result<()> {
        let change = |number| Subject::Change { repository: repository.to_owned(), number };
        let mut open: Vec<Subject> = client.open(repository)?.into_iter().map(change).collect();
        open.extend(branches.guarded().map(|branch| of_branch(repository, &branch.name)));
        if branches.has_more() {
            open.push(Subject::Repository { repository: repository.to_owned() });
        }
        self.ask(&open)?;
        self.stood.put(repository, branches);
        Ok(())
    }

    /// Asks about the branches that moved: about each that anybody guards, and about the changes that go into one or came from it.
    pub(super) fn ask_moved(&self, repository: &str) -> anyhow::Result<()> {
        let client = self.forge.client(TIME);
        let branches = self.judge.branches(&*client, repository)?;
        let Some(moves) = self.stood.moves(repository, &branches) else {
            return self.ask_open(&*client, repository, &branches);
        };
        let mut subjects = Vec::new();
        for moved in &moves {
            subjects.extend(moved.guarded.then(|| of_branch(repository, &moved.branch)));
            let (target, from) = (&moved.branch, moved.from.as_deref());
            let changes = self.pool.with(|store| open::of_branch(store, repository, target, from))?;
            subjects.extend(of_changes(repository, &changes));
        }
        if !moves.is_empty() {
            subjects.extend(self.pool.with(|store| queue::judged_now(store, repository))?);
        }
        if branches.has_more() {
            subjects.push(Subject::Branches { repository: repository.to_owned() });
        }
        self.ask(&subjects)?;
        self.stood.put(repository, &branches);
        Ok(())
    }

    /// Asks about the changes that bring a commit of which somebody wrote a status: those whose policy reads statuses, and all of them
    /// where the status is in the gate's place.
    pub(super) fn ask_status(&self, repository: &str, head: &str, as_gate: bool) -> anyhow::Result<()> {
        let mut changes = Vec::new();
        for link in self.pool.with(|store| open::of_commit(store, repository, head))? {
            if as_gate || self.asked(&link)?.is_none_or(|asked| asked.reads(Fact::Statuses)) {
                changes.extend(link.entry.change);
            }
        }
        let mut subjects = of_changes(repository, &changes);
        subjects.extend(self.pool.with(|store| queue::judged_now(store, repository))?);
        self.ask(&subjects)
    }

    /// Asks about the changes that bring a commit: one that brought it too is gone, and spoke for it perhaps.
    pub(super) fn ask_commit(&self, repository: &str, head: Option<&str>) -> anyhow::Result<()> {
        let Some(head) = head else { return Ok(()) };
        let links = self.pool.with(|store| open::of_commit(store, repository, head))?;
        let changes: Vec<String> = links.into_iter().filter_map(|link| link.entry.change).collect();
        self.ask(&of_changes(repository, &changes))
    }
}

fn of_branch(repository: &str, target: &str) -> Subject {
    Subject::Branch { repository: repository.to_owned(), target: target.to_owned() }
}

fn of_changes(repository: &str, changes: &[String]) -> Vec<Subject> {
    let numbers = changes.iter().filter_map(|number| number.parse().ok());
    numbers.map(|number| Subject::Change { repository: repository.to_owned(), number }).collect()
}
