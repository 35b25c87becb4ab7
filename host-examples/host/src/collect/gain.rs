//! What a branch gains by a change: what differs between where the two parted and the head, and what merging brings.

use std::collections::{HashMap, HashSet};

use countersign_core::model::{Comparison, File, ObjectId};
use sha2::{Digest, Sha256};

use super::{CollectError, Subject, cut_at};
use crate::git::{Asked, Diff, GitError, Merge, Objects, Repository};
use crate::module::hex;

/// Where what the branch gains is counted from.
pub(super) struct Gain {
    /// Where the target stands; none for one that is new.
    pub tip: Option<ObjectId<'static>>,
    /// All merge bases of tip and head, the best first; none where they have no common ancestor.
    pub bases: Vec<ObjectId<'static>>,
    pub head: ObjectId<'static>,
}

/// What the branch gains, as far as it is asked for.
pub(super) struct Gained {
    pub gain: Gain,
    /// What merging gives; none where nobody asks.
    pub merge: Option<Merge>,
    /// What differs; none where nobody asks.
    pub diff: Option<Diff>,
}

impl Gained {
    /// Compares what is asked for, and the trees where they alone are.
    pub fn of(
        subject: &Subject,
        git: &Repository,
        objects: &mut Objects,
        asked: Option<Asked>,
        merge_tree: bool,
    ) -> Result<Self, CollectError> {
        let gain = Gain::of(subject, git, objects)?;
        if asked.is_none() && !merge_tree {
            return Ok(Gained { gain, merge: None, diff: None });
        }
        gain.bounded(git, objects)?;
        let merge = gain.merge(git, objects)?;
        let diff = asked.map(|asked| gain.diff(git, &merge, asked)).transpose()?;
        Ok(Gained { gain, merge: Some(merge), diff })
    }
}

/// Paths that are compared: more than the module takes, both sides of renames counted.
const PATHS: u64 = 4 * countersign_core::limits::FILES as u64;

/// What the merge alone is asked for: where it decides, the other comparison says which files differ.
const FILES_ONLY: Asked = Asked { lines: false, hunks: None, identity: false };

impl Gain {
    /// Where the two parted: all that they have in common and nothing else stands on.
    pub fn of(subject: &Subject, git: &Repository, objects: &mut Objects) -> Result<Self, CollectError> {
        let head = subject.head.clone();
        let Some(tip) = subject.since.clone() else {
            return Ok(Gain { tip: None, bases: Vec::new(), head });
        };
        // Behind a parent of the head no common ancestor comes, and most pushes are of one commit.
        let parents = objects.read_commit(head.as_str())?.map(|head| head.parents).unwrap_or_default();
        let bases = if parents.iter().any(|parent| parent.sha == tip) {
            vec![tip.clone()]
        } else {
            if let Some(cut) = git.cut_between(tip.as_str(), head.as_str())? {
                return Err(cut_at(&cut));
            }
            git.merge_bases(tip.as_str(), head.as_str())?
        };
        Ok(Gain { tip: Some(tip), bases, head })
    }

    /// Ends what nobody could judge before git lists it.
    pub fn bounded(&self, git: &Repository, objects: &mut Objects) -> Result<(), CollectError> {
        let head = self.head.as_str();
        for from in self.starts(git) {
            if objects.differ_in_more_than(PATHS, from, head)? {
                let [from, head] = [from, head].map(|id| id.get(..12).unwrap_or(id).to_owned());
                return Err(CollectError::TooLarge { most: PATHS, from, head });
            }
        }
        Ok(())
    }

    /// Where the change began; where two histories share nothing, the whole of the head is the change.
    fn starts<'s>(&'s self, git: &'s Repository) -> Vec<&'s str> {
        match self.bases.as_slice() {
            [] => vec![git.empty_tree()],
            bases => bases.iter().map(ObjectId::as_str).collect(),
        }
    }

    /// What merging the head into the target gives.
    pub fn merge(&self, git: &Repository, objects: &mut Objects) -> Result<Merge, GitError> {
        let head = self.head.as_str();
        match &self.tip {
            Some(tip) if !self.is_fast_forward() => git.merge(tip.as_str(), head),
            _ => Ok(Merge { tree: git.tree_by(objects, head)?, is_clean: true, conflicts: Vec::new() }),
        }
    }

    /// Whether the target has nothing that the head does not: merging then gives the head.
    fn is_fast_forward(&self) -> bool {
        self.tip.as_ref().is_none_or(|tip| self.bases.first() == Some(tip))
    }

    /// What differs, in both comparisons. Lines, hunks and identity are those of the merge, or where merging conflicts those of the
    /// change alone.
    pub fn diff(&self, git: &Repository, merge: &Merge, asked: Asked) -> Result<Diff, CollectError> {
        let head = self.head.as_str();
        let Some(tip) = &self.tip else { return Ok(git.diff(git.empty_tree(), head, asked)?) };
        if self.is_fast_forward() {
            return Ok(git.diff(tip.as_str(), head, asked)?);
        }
        let starts = self.starts(git);
        let since = |asked: Asked| {
            starts.iter().map(|start| git.diff(start, head, asked)).collect::<Result<Vec<_>, _>>()
        };
        let tree = merge.tree.as_str();
        Ok(if merge.is_clean {
            both(since(FILES_ONLY)?, git.diff(tip.as_str(), tree, asked)?, asked)
        } else {
            let mut touched = git.diff(tip.as_str(), tree, FILES_ONLY)?.files;
            let conflicts = merge.conflicts.iter().cloned();
            touched.extend(conflicts.map(|path| File { path, ..File::default() }));
            conflicting(since(asked)?, touched, asked)
        })
    }
}

/// What both comparisons see, in the order of paths.
fn both(since: Vec<Diff>, merge: Diff, asked: Asked) -> Diff {
    let mut files: Vec<File<'static>> =
        merge.files.into_iter().map(|file| File { place: Comparison::Merge, ..file }).collect();
    let mut known: HashMap<_, usize> = files.iter().enumerate().map(|(at, file)| (paths(file), at)).collect();
    let hunks = asked.hunks.is_some() && !merge.is_over;
    for file in since.into_iter().flat_map(|diff| diff.files) {
        match known.get(&paths(&file)).and_then(|at| files.get_mut(*at)) {
            Some(file) if file.place == Comparison::Merge => file.place = Comparison::Both,
            Some(_) => {}
            None => {
                known.insert(paths(&file), files.len());
                // Merging changes nothing in it.
                files.push(nothing_in(file, Comparison::Head, asked, hunks));
            }
        }
    }
    files.sort_by(|a, b| a.path.as_bytes().cmp(b.path.as_bytes()));
    Diff { files, ..merge }
}

/// What differs between any merge base and the head, where merging conflicts, and behind it what merging would touch: its
/// lines are not known before somebody has merged.
fn conflicting(since: Vec<Diff>, touched: Vec<File<'static>>, asked: Asked) -> Diff {
    let mut all = Diff::default();
    let mut known = HashSet::new();
    let mut identities: Vec<String> = Vec::new();
    let several = since.len() > 1;
    for diff in since {
        all.is_over |= diff.is_over;
        identities.extend(diff.identity.map(|id| id.to_string()));
        for file in diff.files {
            if known.insert(paths(&file)) {
                all.files.push(File { place: Comparison::Head, ..file });
            }
        }
    }
    if several {
        identities.sort_unstable();
        identities = vec![hex(&Sha256::digest(identities.join("\n")))];
    }
    all.identity = identities.pop().and_then(ObjectId::new);
    let hunks = asked.hunks.is_some() && !all.is_over;
    let names: HashSet<_> = all.files.iter().map(|file| file.path.as_bytes().to_vec()).collect();
    for file in touched {
        let is_named = file.previous_path.is_none() && names.contains(file.path.as_bytes());
        if known.insert(paths(&file)) && !is_named {
            all.files.push(nothing_in(file, Comparison::Merge, asked, hunks));
        }
    }
    all.files.sort_by(|a, b| a.path.as_bytes().cmp(b.path.as_bytes()));
    all
}

/// A file in which no lines are judged.
fn nothing_in(file: File<'static>, place: Comparison, asked: Asked, hunks: bool) -> File<'static> {
    let nothing = asked.lines.then_some(0);
    let hunks = hunks.then(|| "".to_owned().into());
    File { place, added: nothing, deleted: nothing, hunks, ..file }
}

/// The names of a file: before, where it had another, and after.
fn paths(file: &File<'_>) -> (Option<Vec<u8>>, Vec<u8>) {
    (file.previous_path.as_ref().map(|path| path.as_bytes().to_vec()), file.path.as_bytes().to_vec())
}
