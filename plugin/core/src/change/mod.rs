//! Which commits are judged, and who is behind them by the commits' own word.

use std::fmt;

use crate::Error;
use crate::model::{Commit, ContributorRole, Fact, Ident, ObjectId, Place, Request};
use crate::order::Index;
use crate::provenance::{self, Table};

/// The commits of a change, told apart.
#[derive(Debug)]
pub(crate) struct Judged<'r, 'a> {
    /// The change's own commits: reachable from its head over all parents.
    pub own: Vec<&'r Commit<'a>>,
    /// What a merge made of them.
    pub result: Vec<&'r Commit<'a>>,
    /// Why it is not known whole what the commits say: the list may be cut, or a message is not read.
    pub incomplete: Option<String>,
}

impl<'r, 'a> Judged<'r, 'a> {
    /// Walks the commits of a request.
    ///
    /// # Errors
    /// `bad-request` for two commits with one id, and for a commit that is its own ancestor.
    pub fn of(request: &'r Request<'a>) -> Result<Self, Error> {
        let index = Index::of(request.commits.iter().map(|commit| commit.sha.as_bytes()));
        if let Some(commit) = index.twice().and_then(|(first, _)| request.commits.get(first)) {
            return Err(Error::bad_request(format!("commit {} stands twice in `commits`", commit.sha)));
        }
        let graph = Graph { commits: &request.commits, index };
        graph.reject_cycles()?;

        let mut incomplete = (!request.complete.contains(&Fact::Commits))
            .then(|| "the list of commits may have been cut".to_owned());
        if request.commits.is_empty() && !request.files.is_empty() {
            incomplete = Some("files change, and no commit is listed that changes them".to_owned());
        }
        let head = request.change.as_ref().map(|change| &change.head);
        let mut reached = vec![false; request.commits.len()];
        if let Some(head) = head {
            match graph.index.get(head.as_bytes()) {
                Some(at) => {
                    if let Some(missing) = graph.reach(at, &mut reached) {
                        incomplete.get_or_insert(format!(
                            "commit {} is a parent in the change, is not in the target, and is not listed",
                            missing.short()
                        ));
                    }
                }
                None if request.commits.is_empty() => {}
                None => incomplete = Some(format!("the head {} is not in the list of commits", head.short())),
            }
        }
        let is_unread = |commit: &&Commit<'_>| !provenance::is_read_encoding(commit.encoding.as_ref());
        if let Some(commit) = request.commits.iter().filter(is_unread).min_by_key(|c| c.sha.as_bytes()) {
            incomplete.get_or_insert(format!(
                "the message of commit {} is in an encoding that is not read; commit it anew in UTF-8",
                commit.sha.short()
            ));
        }
        let own = request.commits.iter().zip(&reached).filter(|(c, r)| **r && c.place != Place::Result);
        let result = request.commits.iter().filter(|c| c.place != Place::Change);
        Ok(Judged { own: own.map(|(commit, _)| commit).collect(), result: result.collect(), incomplete })
    }

    /// Own commits and those of the result, each once: provenance comes from both.
    pub fn all(&self) -> impl Iterator<Item = &'r Commit<'a>> {
        self.own
            .iter()
            .copied()
            .chain(self.result.iter().copied().filter(|commit| commit.place == Place::Result))
    }
}

struct Graph<'r, 'a> {
    commits: &'r [Commit<'a>],
    index: Index<'r>,
}

impl<'r, 'a> Graph<'r, 'a> {
    fn parents(&self, at: usize) -> impl Iterator<Item = (&'r ObjectId<'a>, Option<usize>, bool)> {
        self.commits
            .get(at)
            .into_iter()
            .flat_map(|commit| &commit.parents)
            .map(move |parent| (&parent.sha, self.place_of(&parent.sha, at), parent.in_target))
    }

    /// Where a parent of the commit at `at` stands: mostly beside it.
    fn place_of(&self, parent: &ObjectId<'_>, at: usize) -> Option<usize> {
        let beside = [at.checked_add(1), at.checked_sub(1)].into_iter().flatten();
        let is_here = |at: &usize| self.commits.get(*at).is_some_and(|commit| commit.sha == *parent);
        beside.into_iter().find(is_here).or_else(|| self.index.get(parent.as_bytes()))
    }

    /// Walks depth first, without recursion; a commit met again while its parents are walked is its own ancestor.
    fn reject_cycles(&self) -> Result<(), Error> {
        #[derive(Clone, Copy, PartialEq)]
        enum State {
            New,
            Open,
            Done,
        }
        let mut states = vec![State::New; self.commits.len()];
        let mut stack = Vec::new();
        for start in 0..self.commits.len() {
            stack.push((start, false));
            while let Some((at, walked)) = stack.pop() {
                let Some(state) = states.get_mut(at) else { continue };
                if walked {
                    *state = State::Done;
                    continue;
                }
                match state {
                    State::Done => {}
                    State::Open => {
                        let id = self.commits.get(at).map(|commit| commit.sha.as_str()).unwrap_or_default();
                        return Err(Error::bad_request(format!(
                            "commit {id} is its own ancestor in `commits`"
                        )));
                    }
                    State::New => {
                        *state = State::Open;
                        stack.push((at, true));
                        for (_, parent, _) in self.parents(at) {
                            // A parent already open is an ancestor of itself; one already done needs no second walk.
                            if let Some(parent) = parent
                                && states.get(parent) != Some(&State::Done)
                            {
                                stack.push((parent, false));
                            }
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Marks everything reachable from `head`. Returns a parent that is neither listed nor in the target.
    fn reach(&self, head: usize, reached: &mut [bool]) -> Option<&'r ObjectId<'a>> {
        let mut missing = None;
        let mut stack = vec![head];
        while let Some(at) = stack.pop() {
            match reached.get_mut(at) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            for (id, parent, in_target) in self.parents(at) {
                match parent {
                    Some(parent) => stack.push(parent),
                    None if !in_target => missing = Some(id),
                    None => {}
                }
            }
        }
        missing
    }
}

/// Whom a message names as having written its commit with the author.
#[derive(Debug)]
pub(crate) struct CoAuthor {
    /// Which of all judged commits, by its place.
    pub commit: usize,
    pub name: String,
    pub email: String,
}

/// One person's part in one commit, by the commit's own word.
#[derive(Debug)]
pub(crate) struct Contribution<'s, 'r, 'a> {
    pub role: ContributorRole,
    pub commit: &'r Commit<'a>,
    pub who: Stated<'s, 'a>,
}

/// How a commit states a person.
#[derive(Debug)]
pub(crate) enum Stated<'s, 'a> {
    /// Author or committer.
    Ident(&'s Ident<'a>),
    /// A co-author trailer, or another by which a message names an author.
    CoAuthor(&'s CoAuthor),
}

impl Stated<'_, '_> {
    /// Whether the name is that of a model.
    pub fn names_a_model(&self, table: &Table) -> bool {
        match self {
            Stated::Ident(ident) => table.model_with_version(&ident.name.to_str_lossy()).is_some(),
            Stated::CoAuthor(who) => table.model_with_version(&who.name).is_some(),
        }
    }

    /// The address of the identity.
    pub fn email(&self) -> &[u8] {
        match self {
            Stated::Ident(ident) => ident.email.as_bytes(),
            Stated::CoAuthor(named) => named.email.as_bytes(),
        }
    }
}

impl fmt::Display for Stated<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stated::Ident(ident) => {
                write!(f, "{} <{}>", ident.name.to_str_lossy(), ident.email.to_str_lossy())
            }
            Stated::CoAuthor(CoAuthor { name, email, .. }) => write!(f, "{name} <{email}>"),
        }
    }
}

/// The people whom commits name, each commit given with its place among all; co-authors are in the order of the commits.
pub(crate) fn contributions<'s, 'r: 's, 'a: 'r>(
    commits: impl Iterator<Item = (usize, &'r Commit<'a>)>,
    co_authors: &'s [CoAuthor],
) -> Vec<Contribution<'s, 'r, 'a>> {
    let mut found = Vec::with_capacity(commits.size_hint().1.unwrap_or_default() * 2 + co_authors.len());
    let mut co_authors = co_authors.iter().peekable();
    for (at, commit) in commits {
        for (role, ident) in
            [(ContributorRole::Author, &commit.author), (ContributorRole::Committer, &commit.committer)]
        {
            found.push(Contribution { role, commit, who: Stated::Ident(ident) });
        }
        while let Some(named) = co_authors.next_if(|named| named.commit <= at) {
            if named.commit == at {
                let who = Stated::CoAuthor(named);
                found.push(Contribution { role: ContributorRole::CoAuthor, commit, who });
            }
        }
    }
    found
}
