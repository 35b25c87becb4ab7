//! Who brought a branch to where it stands: read from the feed of its repository, push by push, from the head back to where
//! nothing of the change was there yet.
//!
//! The feed lacks what its reader is not shown (whoever hides their activity), what was removed after its time, and what a branch
//! was called before it was renamed. So a push counts as known only where it begins with the commit that the one before it ended
//! with. Sources: Gitea 1.26, services/feed/notifier.go and services/repository/push.go.

use std::collections::HashSet;

use countersign_core::model::{ObjectId, When};

use crate::api::{Activity, COMMIT_REPO, User};

/// The kind of an entry that tells of a branch that was deleted.
const DELETED: &str = "delete_branch";

/// Commits of a push that makes a branch, as far as the feed counts them.
const COUNTED: usize = 10;

/// Seconds within which a deletion and a creation by one account may be the two halves of a renaming.
const RENAMING: i64 = 60;

/// A push to a branch.
#[derive(Debug, Clone, Copy)]
pub struct Pushed<'f> {
    /// The entry.
    pub entry: &'f Activity,
}

impl<'f> Pushed<'f> {
    /// The commit that the branch was brought to.
    pub fn to(self) -> Option<ObjectId<'static>> {
        ObjectId::new(self.entry.push.as_ref()?.head_commit.sha1.clone())
    }

    /// The account, where it is still known.
    pub fn by(self) -> Option<&'f User> {
        self.entry.act_user.as_ref().filter(|user| user.is_known())
    }

    /// Commits that came with it, as far as they are counted.
    fn len(self) -> usize {
        self.entry.push.as_ref().map_or(0, |push| push.len)
    }

    /// What the branch stood at, or what the new commits stand on; none where they stand on nothing or there are none.
    fn from(self) -> Option<ObjectId<'static>> {
        let (_, compared) = self.entry.push.as_ref()?.compare_url.rsplit_once("/compare/")?;
        ObjectId::new(compared.split_once("...")?.0.to_owned())
    }
}

/// The pushes of a feed, the newest first.
pub struct Feed<'f> {
    entries: Vec<&'f Activity>,
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
    pub pushes: Vec<Pushed<'f>>,
    /// Why they are not all.
    pub gap: Option<Gap>,
}

impl<'f> Feed<'f> {
    /// Of entries of one repository, in any order: of its newest ones without a gap, or of the whole feed.
    pub fn of(entries: &'f [Activity], whole: bool) -> Self {
        let mut entries: Vec<&Activity> = entries.iter().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.id));
        Feed { entries, whole }
    }

    /// The pushes to all branches. An entry without content tells only that a branch was made.
    pub fn pushes(&self) -> impl Iterator<Item = Pushed<'f>> + '_ {
        let is_push = |entry: &&&Activity| entry.op_type == COMMIT_REPO && !entry.content.is_empty();
        self.entries.iter().filter(is_push).map(|entry| Pushed { entry })
    }

    /// Follows a branch back from its head. `is_outside` says of a commit that nothing of the change can be reached from it.
    pub fn trace(
        &self,
        branch: &str,
        head: &ObjectId<'static>,
        mut is_outside: impl FnMut(&ObjectId<'static>) -> bool,
    ) -> Trace<'f> {
        let mut trace = Trace { pushes: Vec::new(), gap: None };
        let mut used = HashSet::new();
        let mut at = head.clone();
        // The head itself was brought by somebody, whatever is outside.
        while trace.pushes.is_empty() || !is_outside(&at) {
            let ended_there = self.pushes().filter(|push| push.to().as_ref() == Some(&at));
            let unused = ended_there.filter(|push| !used.contains(&push.entry.id));
            // Commits may have been pushed to another branch first.
            let Some(push) = unused.min_by_key(|push| push.entry.ref_name != branch) else {
                let made = trace.pushes.last().is_some_and(|last: &Pushed<'_>| self.made_branch(*last));
                trace.gap = (!made).then_some(Gap::Unlisted(at));
                break;
            };
            used.insert(push.entry.id);
            trace.pushes.push(push);
            if push.by().is_none() {
                trace.gap = Some(Gap::Gone(at));
                break;
            }
            match push.from() {
                Some(from) => at = from,
                // Its commits stand on nothing: all of them came with it.
                None if push.len() > 0 => break,
                // It brought none: somebody pushed them before.
                None => {}
            }
        }
        trace
    }

    /// Whether a push made its branch, with more commits than the feed counts: what lies before those that it counts came
    /// along. A branch that was renamed looks like one that was made.
    fn made_branch(&self, push: Pushed<'_>) -> bool {
        if push.len() < COUNTED {
            return false;
        }
        let of_branch =
            |entry: &Activity| entry.op_type == COMMIT_REPO && entry.ref_name == push.entry.ref_name;
        let mut earlier = self.entries.iter().copied().filter(|entry| entry.id < push.entry.id);
        let Some(made) = earlier.find(|entry| of_branch(entry)).filter(|entry| entry.content.is_empty())
        else {
            return false;
        };
        let Some(made_at) = When::parse(&made.created) else { return false };
        let by = |entry: &Activity| entry.act_user.as_ref().map(|user| user.id);
        let is_close = |entry: &&Activity| {
            When::parse(&entry.created).is_none_or(|at| at.seconds_until(made_at) <= RENAMING)
        };
        let before: Vec<&Activity> = earlier.collect();
        let close = before.iter().copied().take_while(is_close).count();
        let mut halves =
            before.iter().take(close).filter(|entry| entry.op_type == DELETED && by(entry) == by(made));
        // Whether there was one shows only where older entries are here.
        halves.next().is_none() && (self.whole || close < before.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Entry;

    fn id(letter: char) -> ObjectId<'static> {
        ObjectId::new(letter.to_string().repeat(40)).unwrap()
    }

    /// Entries from the newest to the oldest, one a line: `WHO KIND BRANCH FROM..TO LEN @SECONDS`, each but the first two where
    /// it is needed.
    fn feed(lines: &[&str]) -> Vec<Activity> {
        let count = i64::try_from(lines.len()).unwrap();
        let entry = |(at, line): (i64, &&str)| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (who, kind, branch) = (words[0], words[1], words[2]);
            let user = match who {
                "nobody" => None,
                "ghost" => Some(User { id: -1, login: "Ghost".into() }),
                who => Some(User { id: i64::from(who.as_bytes()[0]), login: who.into() }),
            };
            let seconds = words
                .iter()
                .find_map(|word| word.strip_prefix('@'))
                .map_or(1_000 + count - at, |s| s.parse().unwrap());
            let content = match (kind, words.get(3)) {
                ("push", Some(&"{}")) => "{}".to_owned(),
                ("push", Some(moved)) => {
                    let (from, to) = moved.split_once("..").unwrap();
                    let whole = |name: &str| if name.len() == 1 { name.repeat(40) } else { name.to_owned() };
                    serde_json::json!({
                        "Commits": [], "HeadCommit": { "Sha1": whole(to) },
                        "CompareURL": format!("acme/app/compare/{}...{}", whole(from), whole(to)),
                        "Len": words.get(4).map_or(1, |len| len.parse().unwrap()),
                    })
                    .to_string()
                }
                _ => String::new(),
            };
            let mut entry = Activity {
                id: count - at,
                op_type: if kind == "delete" { DELETED } else { COMMIT_REPO }.into(),
                act_user: user,
                ref_name: format!("refs/heads/{branch}"),
                content,
                comment_id: 0,
                created: When::from_seconds(seconds).to_string(),
                push: None,
            };
            entry.settle();
            entry
        };
        (0..).zip(lines).map(entry).collect()
    }

    /// The change of these cases is what is beyond the commit `0`; `1` is another commit of the target.
    fn traced(lines: &[&str], head: char) -> (Vec<String>, Option<Gap>) {
        let entries = feed(lines);
        let feed = Feed::of(&entries, true);
        let trace = feed.trace("refs/heads/work", &id(head), |at| *at == id('0') || *at == id('1'));
        let login = |push: &Pushed<'_>| push.by().map_or_else(|| "?".into(), |user| user.login.clone());
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
