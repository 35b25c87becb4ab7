//! Which branches of a repository moved since they were looked at last, so that a push leads to its own changes and not to all of them.
//!
//! A forge tells of each branch that a push moves, and one look at the repository sees all that moved. Where branches stood is kept in
//! the process alone: whoever does not know it looks at everything, and so does a replica for whose look another one was faster.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use crate::judge::{Branch, Branches};

/// Branches, of all repositories, of which it is kept where they stood.
const KEPT: usize = 200_000;

/// Where the branches of repositories stood when they were looked at last.
#[derive(Default)]
pub struct Stood(Mutex<HashMap<String, Tips>>);

/// Where the branches of one repository stood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Tips {
    default: Option<(String, String)>,
    branches: HashMap<String, String>,
}

/// A branch that moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Its full name.
    pub branch: String,
    /// The commit that it stood at; none where it was made since.
    pub from: Option<String>,
    /// Whether it is still there and somebody guards it.
    pub guarded: bool,
}

impl Stood {
    /// The branches that moved; none where that is not known, or the default branch moved, whose policy judges all others.
    pub fn moves(&self, repository: &str, now: &Branches) -> Option<Vec<Move>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(repository)?.moves(now)
    }

    /// Keeps where branches stand, once whatever follows from their moves is in the queue.
    pub fn put(&self, repository: &str, now: &Branches) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = all.remove(repository).unwrap_or_default();
        let kept: usize = all.values().map(|tips| tips.branches.len()).sum();
        if kept + now.all.len() > KEPT {
            all.clear();
        }
        all.insert(repository.to_owned(), before.then(now));
    }
}

impl Tips {
    fn moves(&self, now: &Branches) -> Option<Vec<Move>> {
        if self.default != now.default {
            return None;
        }
        let known = now.all.iter().filter_map(|branch| Some((branch, branch.guarded?)));
        let moved = known.filter(|(branch, _)| self.branches.get(&branch.name) != Some(&branch.tip));
        let mut moves: Vec<Move> = moved
            .map(|(branch, guarded)| Move {
                branch: branch.name.clone(),
                from: self.branches.get(&branch.name).cloned(),
                guarded,
            })
            .collect();
        let there: HashSet<&str> = now.all.iter().map(|branch| branch.name.as_str()).collect();
        let gone = self.branches.iter().filter(|(name, _)| !there.contains(name.as_str()));
        moves.extend(gone.map(|(name, tip)| Move {
            branch: name.clone(),
            from: Some(tip.clone()),
            guarded: false,
        }));
        moves.sort_by(|a, b| a.branch.cmp(&b.branch));
        Some(moves)
    }

    /// A branch of which nobody knows yet whether anybody guards it stays where it stood, so that the next look sees it move.
    fn then(self, now: &Branches) -> Tips {
        let tip = |branch: &Branch| match branch.guarded {
            Some(_) => Some(branch.tip.clone()),
            None => self.branches.get(&branch.name).cloned(),
        };
        let branches = now.all.iter().filter_map(|branch| Some((branch.name.clone(), tip(branch)?)));
        Tips { default: now.default.clone(), branches: branches.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `NAME@COMMIT`, with `!` where somebody guards it and `?` where that is not known; the first is the default branch.
    fn branches(text: &str) -> Branches {
        let all: Vec<Branch> = text
            .split_whitespace()
            .map(|word| {
                let (name, tip) = word.split_once('@').unwrap();
                let guarded = match tip.chars().last() {
                    Some('!') => Some(true),
                    Some('?') => None,
                    _ => Some(false),
                };
                Branch { name: name.into(), tip: tip.trim_end_matches(['!', '?']).into(), guarded }
            })
            .collect();
        Branches { default: all.first().map(|first| (first.name.clone(), first.tip.clone())), all }
    }

    /// `NAME<FROM`, with `!` where somebody guards it; `all` where everything is looked at.
    fn moved(looks: &[&str]) -> String {
        let stood = Stood::default();
        let (last, before) = looks.split_last().unwrap();
        before.iter().for_each(|look| stood.put("acme/app", &branches(look)));
        let Some(moves) = stood.moves("acme/app", &branches(last)) else { return "all".into() };
        let line = |moved: &Move| {
            let Move { branch, from, guarded } = moved;
            format!("{branch}<{}{}", from.as_deref().unwrap_or("-"), if *guarded { "!" } else { "" })
        };
        moves.iter().map(line).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_look_sees_the_branches_that_moved_and_all_where_it_cannot_tell() {
        for (looks, expected) in [
            (&["main@a! work@b"][..], "all"),
            (&["main@a! work@b", "main@a! work@b"], ""),
            (&["main@a! work@b", "main@a! work@c"], "work<b"),
            (&["main@a! work@b", "main@a! work@b more@d"], "more<-"),
            (&["main@a! work@b", "main@a!"], "work<b"),
            (&["main@a! release@b!", "main@a! release@c!"], "release<b!"),
            // Whoever begins to be guarded by what was pushed is looked at.
            (&["main@a! work@b", "main@a! work@c!"], "work<b!"),
            // The policy of the default branch may be another one.
            (&["main@a! work@b", "main@c! work@b"], "all"),
            (&["main@a! work@b", "trunk@a! work@b"], "all"),
            (&["", "main@a!"], "all"),
            // What one look had no time for the next one sees, from where it stood.
            (&["main@a! work@b", "main@a! work@c?"], ""),
            (&["main@a! work@b", "main@a! work@c?", "main@a! work@c"], "work<b"),
            (&["main@a!", "main@a! work@c?", "main@a! work@c"], "work<-"),
            (&["main@a! work@b", "main@a! work@c", "main@a! work@c"], ""),
        ] {
            assert_eq!(moved(looks), expected, "{looks:?}");
        }
    }
}
