//! Which commits are judged, and who is behind them by the commits' own word.

use std::fmt;

use crate::Error;
use crate::model::{Commit, ContributorRole, Fact, Ident, ObjectId, Place, Request};
use crate::order::Index;
use crate::provenance::lines::trim;
use crate::provenance::{Key, split_address, split_people};

/// The commits of a change, told apart.
#[derive(Debug)]
pub(crate) struct Judged<'r, 'a> {
    /// The change's own commits: reachable from its head over all parents.
    pub own: Vec<&'r Commit<'a>>,
    /// What a merge made of them.
    pub result: Vec<&'r Commit<'a>>,
    /// Why the list of commits may not be whole.
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

/// One person's part in one commit, by the commit's own word.
#[derive(Debug)]
pub(crate) struct Contribution<'r, 'a> {
    pub role: ContributorRole,
    pub commit: &'r Commit<'a>,
    pub who: Stated<'r, 'a>,
}

/// How a commit states a person.
#[derive(Debug)]
pub(crate) enum Stated<'r, 'a> {
    /// Author or committer.
    Ident(&'r Ident<'a>),
    /// A co-author trailer.
    CoAuthor { name: String, email: String },
}

impl Stated<'_, '_> {
    /// The address.
    pub fn email(&self) -> &[u8] {
        match self {
            Stated::Ident(ident) => ident.email.as_bytes(),
            Stated::CoAuthor { email, .. } => email.as_bytes(),
        }
    }
}

impl fmt::Display for Stated<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stated::Ident(ident) => {
                write!(f, "{} <{}>", ident.name.to_str_lossy(), ident.email.to_str_lossy())
            }
            Stated::CoAuthor { name, email } => write!(f, "{name} <{email}>"),
        }
    }
}

/// The people whom commits name; `number` is how many commits there may be.
pub(crate) fn contributions<'r, 'a: 'r>(
    commits: impl Iterator<Item = &'r Commit<'a>>,
    number: usize,
) -> Vec<Contribution<'r, 'a>> {
    let mut found = Vec::with_capacity(number * 2);
    for commit in commits {
        found.push(Contribution {
            role: ContributorRole::Author,
            commit,
            who: Stated::Ident(&commit.author),
        });
        found.push(Contribution {
            role: ContributorRole::Committer,
            commit,
            who: Stated::Ident(&commit.committer),
        });
        let message = commit.message.to_str_lossy();
        for line in lines_with_address(&message) {
            for value in co_author(trim(line)).into_iter().flat_map(split_people) {
                let address = split_address(value);
                if let Some(email) = address.email {
                    let who = Stated::CoAuthor { name: address.name.to_owned(), email: email.to_owned() };
                    found.push(Contribution { role: ContributorRole::CoAuthor, commit, who });
                }
            }
        }
    }
    found
}

/// The lines that an `@` stands in, each with what it goes on with: a co-author counts by the address.
fn lines_with_address(message: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let bytes = message.as_bytes();
        let sign = at + memchr::memchr(b'@', bytes.get(at..)?)?;
        let line_start = |at: usize| memchr::memrchr2(b'\n', b'\r', bytes.get(..at)?).map(|end| end + 1);
        let mut start = line_start(sign).unwrap_or_default();
        // The address may stand on a line that goes on with the one before.
        while start > 0 && matches!(bytes.get(start), Some(b' ' | b'\t')) {
            start = line_start(start - 1).unwrap_or_default();
        }
        let end = memchr::memchr2(b'\n', b'\r', bytes.get(sign..)?).map_or(bytes.len(), |end| sign + end);
        at = end;
        message.get(start..end)
    })
}

/// The value of a co-author line, wherever in the message it stands.
fn co_author(line: &str) -> Option<&str> {
    let plain = line.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
    let line = if plain { line } else { line.trim_start_matches(['-', '*', ' ']) };
    let colon = memchr::memchr(b':', line.as_bytes())?;
    Key::names_contributors(trim(line.get(..colon)?)).then(|| line.get(colon + 1..))?
}
