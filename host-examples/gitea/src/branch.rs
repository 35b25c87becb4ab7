//! Whose policy judges a branch, and from where its commits count: two facts, asked for alike by hook and service.
//!
//! A branch has a policy of its own once a decision let one in there. What it was made with came from the default branch, which
//! has moved on since: an older version of a policy judges no newer branch.

use countersign_core::model::ObjectId;
use countersign_host::collect::{CollectError, Collector, POLICY_PATH, Target};

/// How far a branch was decided about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// What this commit reaches was decided about; none where nothing of the branch was.
    pub settled: Option<ObjectId<'static>>,
    /// Where the documents stand that last decided; none where no decision let any in.
    pub rules: Option<ObjectId<'static>>,
    /// The branch holds more than that.
    pub open: bool,
}

impl Known {
    /// A branch all of which was decided about.
    pub fn all(tip: ObjectId<'static>) -> Self {
        Known { settled: Some(tip.clone()), rules: Some(tip), open: false }
    }

    /// A branch that is open after a commit; all zeros stand for its beginning.
    pub fn until(settled: ObjectId<'static>) -> Self {
        let settled = Some(settled).filter(|settled| !settled.is_zero());
        Known { rules: settled.clone(), settled, open: true }
    }
}

/// The default branch: what every other branch rests on.
#[derive(Debug, Clone)]
pub struct DefaultBranch {
    /// The branch, at the commit at which its documents decide.
    pub rules: Target,
    /// What another branch has from here is no change of it; none where nothing of the default branch was decided about.
    pub settled: Option<ObjectId<'static>>,
}

impl DefaultBranch {
    /// The branch as it stands, and how far it was decided about. One of which nothing was begins with what it holds: there are
    /// no other rules.
    pub fn of(branch: Target, known: &Known) -> Self {
        let place = branch.tip.as_ref().map(|(name, _)| name.clone());
        let decided = place.zip(known.rules.clone());
        let settled = known.settled.clone().filter(|_| branch.tip.is_some());
        DefaultBranch { rules: Target { tip: decided.or(branch.tip), ..branch }, settled }
    }
}

/// What a change of a branch is judged by.
#[derive(Debug, Clone)]
pub struct Grounds {
    /// Where the documents that decide stand.
    pub rules: Target,
    /// The default branch, which says what is protected.
    pub default_branch: Option<Target>,
    /// A branch that is new has from here what is no change of it.
    pub beside: Option<ObjectId<'static>>,
}

impl Grounds {
    /// For a branch that was decided about so far.
    ///
    /// # Errors
    /// When git fails.
    pub fn of(
        collector: &mut Collector<'_>,
        target: &str,
        known: &Known,
        default: Option<&DefaultBranch>,
    ) -> Result<Self, CollectError> {
        let own = || Target {
            tip: known.rules.clone().map(|commit| (target.to_owned(), commit)),
            name: target.to_owned(),
        };
        let Some(default) = default else {
            return Ok(Grounds { rules: own(), default_branch: None, beside: None });
        };
        let is_default = default.rules.name == target;
        let rules = match &known.rules {
            Some(_) if is_default => own(),
            Some(commit) if has_own_policy(collector, commit, &default.rules)? => own(),
            _ => default.rules.clone(),
        };
        Ok(Grounds {
            rules,
            default_branch: Some(default.rules.clone()),
            // Of itself the default branch has all that it holds.
            beside: default.settled.clone().filter(|_| !is_default),
        })
    }
}

/// Whether a branch that was decided about up to a commit has a policy of its own.
fn has_own_policy(
    collector: &mut Collector<'_>,
    commit: &ObjectId<'static>,
    default: &Target,
) -> Result<bool, CollectError> {
    let Some(own) = collector.policy_at(commit)? else { return Ok(false) };
    let Some((_, tip)) = &default.tip else { return Ok(true) };
    let of_default = collector.policy_at(tip)?;
    let stood = || collector.repository().ever_had(tip.as_str(), POLICY_PATH, &own);
    Ok(is_own(&own, of_default.as_ref(), stood)?)
}

/// Whether a policy of a branch is one of its own: the default branch has one, another, and never had this one, so that it was the
/// branch's own change that brought it.
fn is_own<E>(
    policy: &ObjectId<'_>,
    of_default: Option<&ObjectId<'_>>,
    stood: impl FnOnce() -> Result<bool, E>,
) -> Result<bool, E> {
    match of_default {
        // The default branch asks nothing: the branch itself may.
        None => Ok(true),
        Some(same) if same == policy => Ok(false),
        Some(_) => Ok(!stood()?),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use countersign_host::git::Repository;
    use countersign_host::module::Module;

    use super::*;

    /// A history, told commit by commit; each is a tag by its name.
    struct History {
        folder: tempfile::TempDir,
    }

    impl History {
        fn new() -> Self {
            let history = History { folder: tempfile::tempdir().unwrap() };
            history.git(&["init", "--quiet", "--initial-branch=main"]);
            history
        }

        fn git(&self, args: &[&str]) -> String {
            let output = Command::new("git")
                .arg("-C")
                .arg(self.folder.path())
                .args([
                    "-c",
                    "user.name=dana",
                    "-c",
                    "user.email=dana@example.com",
                    "-c",
                    "commit.gpgSign=false",
                ])
                .args(args)
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .output()
                .unwrap();
            assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        }

        /// A commit with this policy.
        fn policy(&self, name: &str, text: &str) {
            let path = self.folder.path().join(POLICY_PATH);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
            self.git(&["add", "--all"]);
            self.git(&["commit", "--quiet", "--allow-empty", "--message", name]);
            self.git(&["tag", name]);
        }

        fn id(&self, name: &str) -> ObjectId<'static> {
            ObjectId::new(self.git(&["rev-parse", &format!("{name}^{{commit}}")])).unwrap()
        }

        /// Whether a branch that was decided about up to a commit is judged by its own policy, beside this default branch.
        fn is_own(&self, decided: &str, default: &str) -> bool {
            let module = Module::embedded().unwrap();
            let repository = Repository::open(Path::new(self.folder.path())).unwrap();
            let mut collector = Collector::of(&module, repository).unwrap();
            let main = Target {
                name: "refs/heads/main".into(),
                tip: Some(("refs/heads/main".into(), self.id(default))),
            };
            let default = DefaultBranch::of(main, &Known::all(self.id(default)));
            let known = Known::all(self.id(decided));
            let grounds = Grounds::of(&mut collector, "refs/heads/hotfix/1", &known, Some(&default)).unwrap();
            grounds.rules.name == "refs/heads/hotfix/1"
        }
    }

    #[test]
    fn an_older_version_of_a_policy_judges_no_newer_branch_and_one_that_a_decision_let_in_does() {
        let history = History::new();
        history.git(&["commit", "--quiet", "--allow-empty", "--message", "none"]);
        history.git(&["tag", "none"]);
        history.policy("lax", "enforce: observe");
        // A draft that stood on no default branch, though it came in with a merge.
        history.git(&["switch", "--quiet", "--create", "side"]);
        history.policy("draft", "draft");
        history.policy("redone", "enforce: warn");
        history.git(&["switch", "--quiet", "main"]);
        history.git(&["commit", "--quiet", "--allow-empty", "--message", "beside"]);
        history.git(&["merge", "--quiet", "--no-ff", "--message", "merge", "side"]);
        history.policy("strict", "enforce: block");
        // Work on a branch that was made at an old commit, and the newest default branch merged into it without its policy.
        history.git(&["switch", "--quiet", "--create", "work", "lax"]);
        history.policy("worked", "enforce: observe");
        history.git(&["merge", "--quiet", "--strategy=ours", "--message", "keep", "strict"]);
        history.git(&["tag", "kept"]);
        // The branch's own change.
        history.git(&["switch", "--quiet", "--create", "own", "lax"]);
        history.policy("own", "enforce: block, and more");
        history.git(&["merge", "--quiet", "--strategy=ours", "--message", "keep it", "strict"]);
        history.git(&["tag", "own-kept"]);
        for (decided, default, own) in [
            ("strict", "strict", false),
            ("lax", "strict", false),
            ("draft", "strict", false),
            ("worked", "strict", false),
            ("kept", "strict", false),
            ("none", "strict", false),
            ("own", "strict", true),
            ("own-kept", "strict", true),
            // The default branch asks nothing.
            ("lax", "none", true),
            ("none", "none", false),
        ] {
            assert_eq!(history.is_own(decided, default), own, "{decided} beside {default}");
        }
    }

    #[test]
    fn the_default_branch_is_judged_by_itself_and_a_new_one_by_it() {
        let history = History::new();
        history.policy("settled", "enforce: block");
        history.policy("smuggled", "enforce: observe");
        let module = Module::embedded().unwrap();
        let repository = Repository::open(Path::new(history.folder.path())).unwrap();
        let mut collector = Collector::of(&module, repository).unwrap();
        let main = |tip: &str| Target {
            name: "refs/heads/main".into(),
            tip: Some(("refs/heads/main".into(), history.id(tip))),
        };
        let (settled, smuggled) = (history.id("settled"), history.id("smuggled"));
        let open = Known::until(settled.clone());
        let unknown = Known { open: true, ..Known::default() };
        for (known, rules, beside) in [
            (&Known::all(smuggled.clone()), &smuggled, Some(&smuggled)),
            // What nobody decided about has no say, and is nothing that another branch may take along.
            (&open, &settled, Some(&settled)),
            // Where nothing was decided about, the rules stand all the same: a branch with no rules at all passes everything.
            (&unknown, &smuggled, None),
        ] {
            let default = DefaultBranch::of(main("smuggled"), known);
            for target in ["refs/heads/main", "refs/heads/prod"] {
                let new = Grounds::of(&mut collector, target, &Known::default(), Some(&default)).unwrap();
                assert_eq!(new.rules.tip.as_ref().map(|(_, tip)| tip), Some(rules), "{target} {known:?}");
                let beside = beside.filter(|_| target != "refs/heads/main");
                assert_eq!(new.beside.as_ref(), beside, "{target} {known:?}");
            }
        }
    }
}
