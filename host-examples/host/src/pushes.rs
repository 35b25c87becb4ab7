//! Who brought a branch to where it stands: read from a forge's list of what happened to its branches, push by push, from the head back
//! to where nothing of the change was there yet.
//!
//! Such a list lacks what its reader is not shown, what was removed after its time, and what a branch was called before it was renamed.
//! So a push counts as known only where it begins with the commit that the one before it ended with.

use std::collections::HashSet;

use countersign_core::model::{Account, ObjectId, When};

/// Commits of a push that makes a branch, as far as forges count them: Gitea 1.26 counts ten (services/repository/push.go).
const COUNTED: usize = 10;

/// Seconds within which a deletion and a creation by one account may be the two halves of a renaming.
const RENAMING: i64 = 60;

/// Something that happened in a repository, as its forge lists it.
#[derive(Debug, Clone)]
pub struct RepositoryEvent {
    /// The forge's number of it; later ones have greater numbers.
    pub id: i64,
    /// The branch, by full name.
    pub branch: String,
    /// The account that did it, as the forge lists it; none where it lists none.
    pub by: Option<Account<'static>>,
    /// Whether that account is still known: what one that was deleted did may stand under a name that is nobody's.
    pub is_known: bool,
    /// When.
    pub at: Option<When>,
    /// What happened.
    pub kind: EventKind,
}

/// What happened to a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// It was pushed to.
    Pushed {
        /// The commit that it was brought to, where the forge says it.
        to: Option<ObjectId<'static>>,
        /// The commit that it stood at, or that the new commits stand on; none where they stand on nothing or there are none.
        from: Option<ObjectId<'static>>,
        /// Commits that came with it, as far as they are counted.
        commits: usize,
    },
    /// It was made.
    Made,
    /// It was deleted.
    Deleted,
    /// Anything else, which says only how far back the list goes.
    Other,
}

impl RepositoryEvent {
    /// The commit that a push brought its branch to.
    pub fn to(&self) -> Option<&ObjectId<'static>> {
        match &self.kind {
            EventKind::Pushed { to, .. } => to.as_ref(),
            _ => None,
        }
    }

    fn is_push(&self) -> bool {
        matches!(self.kind, EventKind::Pushed { .. })
    }
}

/// The events of a repository, the newest first.
pub struct Feed {
    events: Vec<RepositoryEvent>,
    /// Whether there are no older ones.
    whole: bool,
}

/// Why it is not known who pushed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Gap {
    /// No push is listed that ended with this commit.
    #[error(
        "the forge does not say who pushed {0}: the list of its activities does not go back that far, or whoever pushed hides \
         their activity"
    )]
    Unlisted(ObjectId<'static>),
    /// The account that pushed is gone, or there was none.
    #[error("{0} was pushed by an account that is gone, or with a deploy key, which is nobody's account")]
    Gone(ObjectId<'static>),
}

/// The pushes that brought a branch to its head.
#[derive(Debug)]
pub struct Trace<'f> {
    /// Those that are known, the newest first.
    pub pushes: Vec<&'f RepositoryEvent>,
    /// Why they are not all.
    pub gap: Option<Gap>,
}

impl Feed {
    /// Of events of one repository, in any order: of its newest ones without a gap, or, where it is `whole`, of all that are listed.
    pub fn of(mut events: Vec<RepositoryEvent>, whole: bool) -> Self {
        events.sort_by_key(|event| std::cmp::Reverse(event.id));
        Feed { events, whole }
    }

    /// The pushes to all branches.
    pub fn pushes(&self) -> impl Iterator<Item = &RepositoryEvent> {
        self.events.iter().filter(|event| event.is_push())
    }

    /// Follows a branch back from its head. `is_outside` says of a commit that nothing of the change can be reached from it.
    pub fn trace(
        &self,
        branch: &str,
        head: &ObjectId<'static>,
        mut is_outside: impl FnMut(&ObjectId<'static>) -> bool,
    ) -> Trace<'_> {
        let mut trace = Trace { pushes: Vec::new(), gap: None };
        let mut used = HashSet::new();
        let mut at = head.clone();
        // The head itself was brought by somebody, whatever is outside.
        while trace.pushes.is_empty() || !is_outside(&at) {
            let ended_there = self.pushes().filter(|push| push.to() == Some(&at));
            let unused = ended_there.filter(|push| !used.contains(&push.id));
            // Commits may have been pushed to another branch first.
            let Some(push) = unused.min_by_key(|push| push.branch != branch) else {
                let made = trace.pushes.last().is_some_and(|last| self.made_branch(last));
                trace.gap = (!made).then_some(Gap::Unlisted(at));
                break;
            };
            used.insert(push.id);
            trace.pushes.push(push);
            if !push.is_known {
                trace.gap = Some(Gap::Gone(at));
                break;
            }
            match &push.kind {
                EventKind::Pushed { from: Some(from), .. } => at = from.clone(),
                // Its commits stand on nothing: all of them came with it.
                EventKind::Pushed { commits: 1.., .. } => break,
                // It brought none: somebody pushed them before.
                _ => {}
            }
        }
        trace
    }

    /// Whether a push made its branch, with more commits than the feed counts: what lies before those that it counts came
    /// along. A branch that was renamed looks like one that was made.
    fn made_branch(&self, push: &RepositoryEvent) -> bool {
        if !matches!(push.kind, EventKind::Pushed { commits: COUNTED.., .. }) {
            return false;
        }
        let of_branch = |event: &RepositoryEvent| {
            (event.is_push() || event.kind == EventKind::Made) && event.branch == push.branch
        };
        let mut earlier = self.events.iter().filter(|event| event.id < push.id);
        let Some(made) = earlier.find(|event| of_branch(event)).filter(|event| event.kind == EventKind::Made)
        else {
            return false;
        };
        let Some(made_at) = made.at else { return false };
        let is_close =
            |event: &&RepositoryEvent| event.at.is_none_or(|at| at.seconds_until(made_at) <= RENAMING);
        let before: Vec<&RepositoryEvent> = earlier.collect();
        let close = before.iter().copied().take_while(is_close).count();
        let mut halves =
            before.iter().take(close).filter(|event| event.kind == EventKind::Deleted && event.by == made.by);
        // Whether there was one shows only where older events are here.
        halves.next().is_none() && (self.whole || close < before.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(letter: char) -> ObjectId<'static> {
        ObjectId::new(letter.to_string().repeat(40)).unwrap()
    }

    /// Events from the newest to the oldest, one a line: `WHO KIND BRANCH FROM..TO COMMITS @SECONDS`, each but the first three where
    /// it is needed. `main` in the place of FROM is no commit, and `{}` says nothing of a push.
    fn feed(lines: &[&str]) -> Vec<RepositoryEvent> {
        let count = i64::try_from(lines.len()).unwrap();
        let event = |(at, line): (i64, &&str)| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (who, kind, branch) = (words[0], words[1], words[2]);
            let seconds = words
                .iter()
                .find_map(|word| word.strip_prefix('@'))
                .map_or(1_000 + count - at, |s| s.parse().unwrap());
            let commit = |name: &str| (name.len() == 1).then(|| id(name.chars().next().unwrap()));
            let kind = match (kind, words.get(3).and_then(|moved| moved.split_once(".."))) {
                ("push", Some((from, to))) => EventKind::Pushed {
                    to: commit(to),
                    from: commit(from),
                    commits: words.get(4).map_or(1, |commits| commits.parse().unwrap()),
                },
                ("push", None) => EventKind::Pushed { to: None, from: None, commits: 0 },
                ("delete", _) => EventKind::Deleted,
                _ => EventKind::Made,
            };
            RepositoryEvent {
                id: count - at,
                branch: format!("refs/heads/{branch}"),
                by: (who != "nobody")
                    .then(|| Account { login: Some(who.to_owned().into()), ..Account::default() }),
                is_known: !matches!(who, "nobody" | "ghost"),
                at: Some(When::from_seconds(seconds)),
                kind,
            }
        };
        (0..).zip(lines).map(event).collect()
    }

    /// The change of these cases is what is beyond the commit `0`; `1` is another commit of the target.
    fn traced(lines: &[&str], head: char) -> (Vec<String>, Option<Gap>) {
        let feed = Feed::of(feed(lines), true);
        let trace = feed.trace("refs/heads/work", &id(head), |at| *at == id('0') || *at == id('1'));
        let login = |push: &&RepositoryEvent| {
            let by = push.by.as_ref().filter(|_| push.is_known);
            by.and_then(|by| by.login.clone()).map_or_else(|| "?".to_owned(), |login| login.to_string())
        };
        (trace.pushes.iter().map(login).collect(), trace.gap)
    }

    #[test]
    fn a_head_is_followed_back_push_by_push_to_where_nothing_of_the_change_was_there() {
        let table: &[(&str, &[&str], &[&str])] = &[
            ("one push made the branch", &["ana push work 0..a", "ana make work"], &["ana"]),
            ("others pushed before", &["ana push work a..b", "sam push work 0..a"], &["ana", "sam"]),
            (
                "it was made where the target stands",
                &["sam push work 0..a", "ana push work main..0 0", "ana make work"],
                &["sam"],
            ),
            (
                "what was thrown away was pushed too",
                &["ana push work b..c", "sam push work a..b", "ana push work 0..a"],
                &["ana", "sam", "ana"],
            ),
            (
                "back to an earlier head, by another",
                &["bob push work b..a", "sam push work a..b", "ana push work 0..a"],
                &["bob", "sam", "ana"],
            ),
            (
                "made of commits that somebody pushed to another branch",
                &["ana push work main..a 0", "ana make work", "sam push other 0..a"],
                &["ana", "sam"],
            ),
            (
                "made on top of them",
                &["ana push work a..b", "ana make work", "sam push other 0..a"],
                &["ana", "sam"],
            ),
            (
                "renamed, and pushed to by what it is called now",
                &["ana push work a..b", "ana make work", "ana delete other", "sam push other 0..a"],
                &["ana", "sam"],
            ),
            (
                "made with more commits than the feed counts",
                &["ana push work f..a 10", "ana make work", "bob push main 1..0"],
                &["ana"],
            ),
            ("a history of its own", &["ana push work main..a 3", "ana make work"], &["ana"]),
            ("an earlier branch of this name", &["ana push work 0..b", "sam push work 0..a"], &["ana"]),
        ];
        for (name, lines, who) in table {
            let head = lines[0].split("..").nth(1).unwrap().chars().next().unwrap();
            assert_eq!(
                traced(lines, head),
                (who.iter().map(|who| (*who).to_owned()).collect(), None),
                "{name}"
            );
        }
    }

    #[test]
    fn where_a_push_is_not_listed_nobody_knows_who_pushed() {
        let unlisted = |letter| Some(Gap::Unlisted(id(letter)));
        let table: &[(&str, &[&str], char, Option<Gap>)] = &[
            ("nothing is listed", &[], 'b', unlisted('b')),
            ("the newest push is not", &["ana push work 0..a"], 'b', unlisted('b')),
            ("one between is not", &["ana push work b..c", "ana push work 0..a"], 'c', unlisted('b')),
            (
                "one before the branch was made on top of it is not",
                &["ana push work a..b", "ana make work"],
                'b',
                unlisted('a'),
            ),
            (
                "the branch was made of commits that nobody is said to have pushed",
                &["ana push work main..a 0", "ana make work"],
                'a',
                unlisted('a'),
            ),
            (
                "what it says of the commits was too long to be kept",
                &["ana push work b..c", "sam push work {}", "ana push work 0..a"],
                'c',
                unlisted('b'),
            ),
            (
                "ten commits after a renaming look like a branch that was made with more",
                &["ana push work a..b 10", "ana make work", "ana delete other @1001", "bob push main 1..0"],
                'b',
                unlisted('a'),
            ),
            (
                "ten commits that made no branch",
                &["ana push work a..b 10", "bob push main 1..0"],
                'b',
                unlisted('a'),
            ),
            (
                "ten commits after an update of a branch that was made",
                &["ana push work a..c 10", "sam push work {}", "ana make work"],
                'c',
                unlisted('a'),
            ),
            (
                "the account is gone",
                &["ghost push work 0..a", "ana make work"],
                'a',
                Some(Gap::Gone(id('a'))),
            ),
            ("no account is named", &["nobody push work 0..a"], 'a', Some(Gap::Gone(id('a')))),
            ("another branch of another repository's tag", &["ana delete work"], 'a', unlisted('a')),
        ];
        for (name, lines, head, gap) in table {
            assert_eq!(traced(lines, *head).1, *gap, "{name}");
        }
    }
}
