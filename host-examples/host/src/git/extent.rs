//! How many paths differ between two trees, told without listing them: a tree of a few kilobytes, whose folders all name the same
//! tree, holds more paths than any machine has memory for.

use std::collections::{BTreeMap, HashMap};

use super::objects::{Object, tree_entries};
use super::{GitError, Objects};

/// Folders within folders. git itself stops at 2,048 (`core.maxTreeDepth`, since git 2.43).
const DEPTH: usize = 2_048;

/// The mode of a folder.
const FOLDER: &[u8] = b"40000";

/// Counts what differs, each pair of folders once.
struct Counter<'o> {
    objects: &'o mut Objects,
    known: HashMap<(String, String), u64>,
    most: u64,
}

/// What one side has by a name: whether it is a folder, and the mode and id.
type Side = (bool, Vec<u8>, String);

impl Objects {
    /// Whether more paths than this differ between two commits or trees. What is not here counts as nothing: whoever reads it
    /// says so.
    ///
    /// # Errors
    /// When git fails.
    pub fn differ_in_more_than(&mut self, most: u64, from: &str, to: &str) -> Result<bool, GitError> {
        let mut counter = Counter { objects: self, known: HashMap::new(), most };
        let tree = |commit: &str| format!("{commit}^{{tree}}");
        Ok(counter.folders(&tree(from), &tree(to), 0)? > most)
    }
}

impl Counter<'_> {
    /// The paths that differ below two folders; no name stands for no folder. Where it is more than anybody asks for, how much
    /// more does not matter.
    fn folders(&mut self, from: &str, to: &str, depth: usize) -> Result<u64, GitError> {
        if from == to {
            return Ok(0);
        }
        if depth > DEPTH {
            return Ok(u64::MAX);
        }
        let pair = (from.to_owned(), to.to_owned());
        if let Some(known) = self.known.get(&pair) {
            return Ok(*known);
        }
        let mut names: BTreeMap<Vec<u8>, [Option<Side>; 2]> = BTreeMap::new();
        for (side, tree) in [from, to].into_iter().enumerate() {
            let found = if tree.is_empty() { None } else { self.objects.get(tree)? };
            let Some(object) = found.filter(|object: &Object| object.kind == "tree") else { continue };
            for entry in tree_entries(&object)? {
                let of = (entry.mode == FOLDER, entry.mode.to_vec(), entry.object);
                names.entry(entry.name.to_vec()).or_default()[side] = Some(of);
            }
        }
        let mut count = 0_u64;
        for [old, new] in names.into_values().filter(|[old, new]| old != new) {
            let file = |side: &Option<Side>| u64::from(side.as_ref().is_some_and(|side| !side.0));
            let folder =
                |side: Option<Side>| side.filter(|side| side.0).map(|side| side.2).unwrap_or_default();
            // A file that changed is one path, and one that became a folder is another.
            let files = file(&old).max(file(&new));
            let below = self.folders(&folder(old), &folder(new), depth + 1)?;
            count = count.saturating_add(files).saturating_add(below);
            if count > self.most {
                break;
            }
        }
        self.known.insert(pair, count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::{Command, Stdio};

    use crate::git::Repository;

    fn git(folder: &Path, args: &[&str], input: &str) -> String {
        use std::io::Write;
        let mut child = Command::new("git")
            .arg("-C")
            .arg(folder)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "git {args:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    #[test]
    fn what_differs_is_counted_as_git_lists_it_and_a_tree_within_itself_is_told_in_a_moment() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        git(at, &["init", "--quiet"], "");
        let blob = |text: &str| git(at, &["hash-object", "-w", "--stdin"], text);
        let tree = |lines: &[String]| git(at, &["mktree"], &(lines.join("\n") + "\n"));
        let (a, b) = (blob("a"), blob("b"));
        let file = |id: &str, name: &str| format!("100644 blob {id}\t{name}");
        let below = |id: &str, name: &str| format!("040000 tree {id}\t{name}");
        let one = tree(&[file(&a, "x"), file(&a, "y")]);
        let other = tree(&[file(&b, "x"), file(&a, "y"), file(&a, "z")]);
        let nested = tree(&[below(&one, "d"), below(&other, "e"), file(&a, "x")]);
        let turned = tree(&[below(&other, "d"), below(&one, "x")]);
        // Each folder has ten names for the one below it.
        let mut bomb = one.clone();
        for _ in 0..30 {
            bomb = tree(&(0..10).map(|name| below(&bomb, &name.to_string())).collect::<Vec<_>>());
        }
        let mut deep = one.clone();
        for _ in 0..50 {
            deep = tree(&[below(&deep, "d")]);
        }
        let repository = Repository::open(at).unwrap();
        let mut objects = repository.objects().unwrap();
        let empty = repository.empty_tree();
        let trees = [empty, &one, &other, &nested, &turned, &deep];
        for from in trees {
            for to in trees {
                let listed = git(at, &["diff-tree", "-r", "--no-renames", "--name-only", from, to], "");
                let listed = u64::try_from(listed.lines().count()).unwrap();
                assert!(!objects.differ_in_more_than(listed, from, to).unwrap(), "{from} {to}");
                if listed > 0 {
                    assert!(objects.differ_in_more_than(listed - 1, from, to).unwrap(), "{from} {to}");
                }
            }
            for [from, to] in [[from, &bomb], [&bomb, from]] {
                assert!(objects.differ_in_more_than(1_000_000, from, to).unwrap());
            }
        }
    }
}
