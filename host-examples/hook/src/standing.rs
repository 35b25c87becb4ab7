//! Up to which commit all that a branch holds was decided about, as the hook saw it pass. Some ways into a branch run no hook;
//! what came in by one shows at the next push.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;
use countersign_core::model::{BranchState, ObjectId, PassedMove};
use countersign_host::module::sha256_hex;
use serde::{Deserialize, Serialize};

use crate::push::Push;

/// Commits that passed and of which it is not known whether the server let them in after all.
const PASSED: usize = 100;

/// The branches of one repository.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Branches {
    repository: String,
    /// The default branch, by full name.
    #[serde(default)]
    default: Option<String>,
    branches: BTreeMap<String, Branch>,
}

/// One branch.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Branch {
    /// All up to here was decided about.
    settled: String,
    /// What is said of it here is said of the branch that was the default before it.
    #[serde(default)]
    beside: bool,
    /// These passed since. The server's own rules come after the hook, so which of them the branch went to is not known before
    /// the next push.
    passed: Vec<String>,
}

/// How a branch stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Order {
    /// All that it holds was decided about.
    Settled,
    /// What it holds after the first of these commits that it holds at all was not; none for a branch that no push made.
    OpenSince(Vec<String>),
    /// What it holds beside these commits, which stood on another branch, was not.
    OpenBeside(Vec<String>),
}

/// A branch that may move, from here to there; to nowhere when it is deleted.
struct Passed {
    name: String,
    old: Option<String>,
    new: Option<String>,
    /// Where all was decided about, when what came in after that was settled with it.
    settles: Option<String>,
}

/// What was seen of one repository. Pushes are judged side by side, and one that waits for the forge holds up no other: each
/// notes what passed, and adds that at the end to what is there then.
pub struct Standing {
    branches: Branches,
    default: Option<String>,
    passed: Vec<Passed>,
    /// The repository was watched before this push.
    begun: bool,
    /// This push begins the watch.
    begins: bool,
    path: PathBuf,
}

impl Standing {
    /// Reads what was seen of a repository, below a folder. One that is watched for the first time begins as it stands: what came
    /// in before its first policy was asked about by nobody. `default` is its default branch, and `has_policy` whether that
    /// holds one.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub fn open(
        folder: &Path,
        push: &Push,
        stands: &HashMap<String, String>,
        default: Option<&str>,
        has_policy: bool,
    ) -> anyhow::Result<Self> {
        let folder = folder.join("standing");
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let path = folder.join(format!("{}.json", sha256_hex(push.identity()?.as_bytes())));
        // A file without branches was kept before there was a policy; with one, nobody knows what came in since.
        let kept = read(&path)?.filter(|kept| has_policy || !kept.branches.is_empty());
        let begun = kept.is_some() || has_policy;
        let mut branches = match kept {
            Some(branches) => branches,
            None => {
                let begin = |(name, tip): (&String, &String)| {
                    (name.clone(), Branch { settled: tip.clone(), ..Branch::default() })
                };
                Branches {
                    repository: push.repository.clone(),
                    branches: stands.iter().map(begin).collect(),
                    ..Branches::default()
                }
            }
        };
        branches.turn_to(default);
        Ok(Standing {
            branches,
            default: default.map(str::to_owned),
            passed: Vec::new(),
            begun,
            begins: false,
            path,
        })
    }

    /// Whether the repository was watched before this push.
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// Begins the watch over the repository with this push.
    pub fn begin(&mut self) {
        self.begins = true;
    }

    /// What is remembered of every branch, with the moves of those that are named.
    ///
    /// # Errors
    /// When the file names a commit by what is no id.
    pub fn remembered(&self, moves_of: &[&str]) -> anyhow::Result<Vec<BranchState<'static>>> {
        let id = |text: &str| ObjectId::new(text.to_owned()).context("the spool names a commit that is none");
        let state = |(name, branch): (&String, &Branch)| {
            // A branch that a push made was settled nowhere before it.
            let in_order = Some(branch.settled.as_str()).filter(|settled| !settled.is_empty());
            let in_order = in_order.map(id).transpose()?;
            let mut passed = Vec::new();
            for to in branch.passed.iter().rev().filter(|_| moves_of.contains(&name.as_str())) {
                let to = id(to)?;
                let from = match &in_order {
                    Some(settled) => settled.clone(),
                    None => id(&"0".repeat(to.as_str().len()))?,
                };
                passed.push(PassedMove { from, to, entry: None });
            }
            Ok(BranchState {
                name: name.clone().into(),
                in_order,
                passed: Some(passed),
                of_former_default: branch.beside,
                ..BranchState::default()
            })
        };
        self.branches.branches.iter().map(state).collect()
    }

    /// How a branch stands that is at `old`.
    fn order(&self, name: &str, old: &str) -> Order {
        match self.branches.branches.get(name) {
            Some(branch) if branch.settled == old || branch.passed.iter().any(|passed| passed == old) => {
                Order::Settled
            }
            Some(branch) => {
                // A branch that a push made was settled nowhere before it.
                let settled = Some(&branch.settled).filter(|settled| !settled.is_empty());
                let points = branch.passed.iter().rev().chain(settled).cloned().collect();
                if branch.beside { Order::OpenBeside(points) } else { Order::OpenSince(points) }
            }
            None => Order::OpenSince(Vec::new()),
        }
    }

    /// Notes that a branch at `old`, all of which was decided about, may go to `new`; none is one that is deleted. What passes where
    /// nobody guards is not noted: nothing was decided about it.
    pub fn pass(&mut self, name: &str, old: Option<&str>, new: Option<&str>) {
        let owned = |id: Option<&str>| id.map(str::to_owned);
        let open = old.is_some_and(|old| self.order(name, old) != Order::Settled);
        let settled = || self.branches.branches.get(name).map(|branch| branch.settled.clone());
        let settles = open.then(|| settled().unwrap_or_default());
        let passed = Passed { name: name.to_owned(), old: owned(old), new: owned(new), settles };
        self.branches.pass(&passed);
        self.passed.push(passed);
    }

    /// Keeps what was noted, beside what other pushes have noted since; nothing before the watch begins.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self) -> anyhow::Result<()> {
        if !self.begun && !self.begins {
            return Ok(());
        }
        let what = || format!("writing {}", self.path.display());
        let lock = File::create(self.path.with_extension("lock")).with_context(what)?;
        lock.lock().with_context(|| format!("locking {}", self.path.display()))?;
        let draft = self.path.with_extension("draft");
        let bytes = match read(&self.path)? {
            Some(mut branches) if !branches.branches.is_empty() => {
                branches.turn_to(self.default.as_deref());
                self.passed.iter().for_each(|passed| branches.pass(passed));
                serde_json::to_vec(&branches)?
            }
            _ => serde_json::to_vec(&self.branches)?,
        };
        fs::write(&draft, bytes).with_context(what)?;
        fs::rename(&draft, &self.path).with_context(what)
    }
}

impl Branches {
    /// Follows the server to another default branch. Nobody need have guarded that one until then, and what it holds goes on
    /// from where the last default branch was in order.
    fn turn_to(&mut self, default: Option<&str>) {
        let Some(default) = default else { return };
        let last = self.default.replace(default.to_owned());
        let Some(last) = last.filter(|last| last != default) else { return };
        if let (Some(last), None) = (self.branches.get(&last), self.branches.get(default)) {
            let (settled, passed) = (last.settled.clone(), last.passed.clone());
            self.branches.insert(default.to_owned(), Branch { settled, passed, beside: true });
        }
    }

    fn pass(&mut self, Passed { name, old, new, settles }: &Passed) {
        let Some(new) = new else {
            self.branches.remove(name);
            return;
        };
        let branch = self.branches.entry(name.clone()).or_default();
        branch.beside = false;
        // What the branch left behind is no way into it any more. A push from where it no longer stands says nothing of that.
        let settles = settles.as_ref() == Some(&branch.settled);
        let at = |old: &&String| branch.settled != **old && (settles || branch.passed.contains(old));
        if let Some(old) = old.as_ref().filter(at) {
            branch.settled.clone_from(old);
            branch.passed.clear();
        }
        branch.passed.retain(|passed| passed != new);
        branch.passed.push(new.clone());
        let over = branch.passed.len().saturating_sub(PASSED);
        branch.passed.drain(..over);
    }
}

/// What was kept of a repository; none where nothing was.
fn read(path: &Path) -> anyhow::Result<Option<Branches>> {
    let what = || path.display().to_string();
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).with_context(what),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    const C: &str = "cccccccccccccccccccccccccccccccccccccccc";
    const D: &str = "dddddddddddddddddddddddddddddddddddddddd";

    fn open(folder: &Path) -> Standing {
        let push = Push { repository: "acme/app".into(), ..Push::default() };
        Standing::open(
            folder,
            &push,
            &HashMap::from([("refs/heads/main".into(), A.into())]),
            Some("refs/heads/main"),
            true,
        )
        .unwrap()
    }

    #[test]
    fn what_passed_may_or_may_not_have_gone_in() {
        let folder = tempfile::tempdir().unwrap();
        let mut standing = open(folder.path());
        assert_eq!(standing.order("refs/heads/main", A), Order::Settled);
        standing.pass("refs/heads/main", Some(A), Some(B));
        standing.keep().unwrap();
        drop(standing);
        let standing = open(folder.path());
        assert_eq!(standing.order("refs/heads/main", A), Order::Settled);
        assert_eq!(standing.order("refs/heads/main", B), Order::Settled);
        assert_eq!(standing.order("refs/heads/main", C), Order::OpenSince(vec![B.into(), A.into()]));
    }

    #[test]
    fn pushes_side_by_side_hold_each_other_up_as_little_as_they_forget_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let (mut one, mut other) = (open(folder.path()), open(folder.path()));
        one.pass("refs/heads/main", Some(A), Some(B));
        other.pass("refs/heads/main", Some(A), Some(C));
        other.keep().unwrap();
        one.keep().unwrap();
        let standing = open(folder.path());
        for tip in [A, B, C] {
            assert_eq!(standing.order("refs/heads/main", tip), Order::Settled, "{tip}");
        }
        // One that was judged from where the branch no longer is takes nothing back.
        let (mut late, mut next) = (open(folder.path()), open(folder.path()));
        next.pass("refs/heads/main", Some(B), Some(D));
        next.keep().unwrap();
        late.pass("refs/heads/main", Some(A), Some(C));
        late.keep().unwrap();
        let standing = open(folder.path());
        for tip in [B, C, D] {
            assert_eq!(standing.order("refs/heads/main", tip), Order::Settled, "{tip}");
        }
    }

    #[test]
    fn what_was_settled_meanwhile_is_not_taken_back_by_a_push_that_settled_it_too() {
        let folder = tempfile::tempdir().unwrap();
        // B came in past the hook, and two pushes settle that side by side.
        open(folder.path()).keep().unwrap();
        let (mut slow, mut quick) = (open(folder.path()), open(folder.path()));
        quick.pass("refs/heads/main", Some(B), Some(C));
        quick.keep().unwrap();
        let mut next = open(folder.path());
        next.pass("refs/heads/main", Some(C), Some(D));
        next.keep().unwrap();
        slow.pass("refs/heads/main", Some(B), Some(C));
        slow.keep().unwrap();
        assert_eq!(open(folder.path()).order("refs/heads/main", D), Order::Settled);
    }

    #[test]
    fn a_repository_is_the_same_under_another_name() {
        let folder = tempfile::tempdir().unwrap();
        let named = |name: &str, tip: &str| {
            let push = Push { repository: name.into(), repository_id: Some(7), ..Push::default() };
            Standing::open(
                folder.path(),
                &push,
                &HashMap::from([("refs/heads/main".into(), tip.into())]),
                None,
                true,
            )
            .unwrap()
        };
        named("acme/app", A).keep().unwrap();
        assert_eq!(named("acme/other", B).order("refs/heads/main", B), Order::OpenSince(vec![A.into()]));
    }

    #[test]
    fn a_branch_that_no_push_made_is_open_from_its_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let mut standing = open(folder.path());
        assert_eq!(standing.order("refs/heads/release/2", B), Order::OpenSince(vec![]));
        standing.pass("refs/heads/release/2", None, Some(B));
        assert_eq!(standing.order("refs/heads/release/2", B), Order::Settled);
        assert_eq!(standing.order("refs/heads/release/2", C), Order::OpenSince(vec![B.into()]));
        standing.pass("refs/heads/release/2", Some(B), None);
        assert_eq!(standing.order("refs/heads/release/2", B), Order::OpenSince(vec![]));
    }

    #[test]
    fn a_branch_that_nobody_guarded_goes_on_from_the_last_default_branch_once_it_is_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let turned = |default: &str| {
            let push = Push { repository: "acme/app".into(), ..Push::default() };
            let stands = HashMap::from([("refs/heads/main".to_owned(), A.to_owned())]);
            Standing::open(folder.path(), &push, &stands, Some(default), true).unwrap()
        };
        let mut standing = turned("refs/heads/main");
        standing.pass("refs/heads/main", Some(A), Some(B));
        standing.pass("refs/heads/release/2", None, Some(D));
        standing.keep().unwrap();
        assert_eq!(
            turned("refs/heads/trunk").order("refs/heads/trunk", C),
            Order::OpenBeside(vec![B.into(), A.into()])
        );
        assert_eq!(turned("refs/heads/release/2").order("refs/heads/release/2", D), Order::Settled);
        // Whoever is judged meanwhile keeps it so, and it happens once.
        turned("refs/heads/trunk").keep().unwrap();
        let mut settles = turned("refs/heads/trunk");
        settles.pass("refs/heads/trunk", Some(C), Some(D));
        settles.keep().unwrap();
        assert_eq!(turned("refs/heads/trunk").order("refs/heads/trunk", D), Order::Settled);
    }

    /// A push to a repository whose default branch is `main`, with a policy there or without.
    fn pushed(folder: &Path, stands: &[(&str, &str)], has_policy: bool) -> Standing {
        let push = Push { repository: "acme/app".into(), ..Push::default() };
        let stands = stands.iter().map(|(name, tip)| ((*name).to_owned(), (*tip).to_owned())).collect();
        Standing::open(folder, &push, &stands, Some("refs/heads/main"), has_policy).unwrap()
    }

    #[test]
    fn the_watch_begins_with_the_first_policy_at_what_every_branch_then_holds() {
        let folder = tempfile::tempdir().unwrap();
        // Nothing is kept of what nobody was asked about.
        let mut before = pushed(folder.path(), &[], false);
        before.pass("refs/heads/main", None, Some(A));
        before.keep().unwrap();
        let mut first = pushed(folder.path(), &[("refs/heads/main", A), ("refs/heads/release/1", D)], false);
        assert!(!first.has_begun());
        first.begin();
        first.pass("refs/heads/main", Some(A), Some(B));
        first.keep().unwrap();
        let watched = pushed(folder.path(), &[("refs/heads/main", B)], true);
        assert!(watched.has_begun());
        for (name, tip, order) in [
            ("refs/heads/main", B, Order::Settled),
            ("refs/heads/release/1", D, Order::Settled),
            ("refs/heads/main", C, Order::OpenSince(vec![B.into(), A.into()])),
            ("refs/heads/release/2", D, Order::OpenSince(vec![])),
        ] {
            assert_eq!(watched.order(name, tip), order, "{name} {tip}");
        }
    }

    #[test]
    fn a_policy_that_was_there_before_the_hook_starts_the_watch_at_what_stands() {
        let folder = tempfile::tempdir().unwrap();
        let first = pushed(folder.path(), &[("refs/heads/main", A)], true);
        assert_eq!(first.order("refs/heads/main", A), Order::Settled);
        first.keep().unwrap();
        let later = pushed(folder.path(), &[("refs/heads/main", B)], true);
        assert_eq!(later.order("refs/heads/main", B), Order::OpenSince(vec![A.into()]));
    }

    #[test]
    fn a_file_that_an_older_hook_kept_of_an_empty_repository_says_nothing_until_there_is_a_policy() {
        let folder = tempfile::tempdir().unwrap();
        pushed(folder.path(), &[("refs/heads/main", A)], true).keep().unwrap();
        let file = fs::read_dir(folder.path().join("standing")).unwrap();
        let file =
            file.map(|entry| entry.unwrap().path()).find(|path| path.extension() == Some("json".as_ref()));
        let file = file.unwrap();
        let old = r#"{"repository":"acme/app","default":"refs/heads/master","branches":{}}"#;
        let stands = &[("refs/heads/main", A)][..];
        // The first policy comes with the first push after the upgrade.
        fs::write(&file, old).unwrap();
        let mut first = pushed(folder.path(), stands, false);
        first.begin();
        first.pass("refs/heads/main", Some(A), Some(B));
        first.keep().unwrap();
        assert_eq!(pushed(folder.path(), stands, true).order("refs/heads/main", B), Order::Settled);
        // It was there already: nobody knows what came in since, until the file is taken away.
        fs::write(&file, old).unwrap();
        let open = pushed(folder.path(), stands, true);
        assert_eq!(open.order("refs/heads/main", A), Order::OpenSince(vec![]));
        fs::remove_file(&file).unwrap();
        assert_eq!(pushed(folder.path(), stands, true).order("refs/heads/main", A), Order::Settled);
        // What an older hook knew of branches is taken over.
        let kept = format!(
            r#"{{"repository":"acme/app","branches":{{"refs/heads/main":{{"settled":"{A}","passed":["{B}"]}}}}}}"#
        );
        fs::write(&file, kept).unwrap();
        assert_eq!(pushed(folder.path(), stands, false).order("refs/heads/main", B), Order::Settled);
    }
}
