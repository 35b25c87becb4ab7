//! How often the module is asked which facts it needs while a change is collected: what is asked of it is told in one answer where it
//! can be, and never in more than four where the policy has no fault.

#![allow(clippy::unwrap_used, reason = "a test may stop")]

use std::path::Path;

use countersign_core::model::{
    Change, Fact, MergeKind, MergeResult, Needs, ObjectId, Request, Software, TriggerKind, When,
};
use countersign_host::collect::{CollectError, Collector, HostRules, Platform, PolicyFrom, Subject, Target};
use countersign_host::git::{Repository, of_sample};
use countersign_host::module::{Function, Module};
use countersign_host::statements;

/// Most questions of one decision.
const MOST: u64 = 4;

const MAIN: &str = "refs/heads/main";
const POLICY: &str = "\
countersign: 1
name: test
people: { seniors: { users: [sam] } }
identities: { sam: { emails: [sam@example.com] } }
rules:
  - { name: AI-assisted code, when: { ai: any }, require: [{ approvals: 1, by: seniors }] }
";
const BY_OWNERS: &str = "\
countersign: 1
name: test
codeowners: gitea
rules:
  - { name: AI-assisted code, when: { ai: any }, require: [{ approvals: 1, by: code-owners }] }
";
const EXTENDING: &str = "countersign: 1\nname: test\nextends: .countersign/base.yaml\n";
const FAULTY: &str = "countersign: 1\nname: test\nrulez: []\n";

/// What the target holds, from its first commit to its last: a policy, and what that extends.
const PLAIN: &[&[(&str, &str)]] = &[&[("policy.yaml", POLICY)]];
const EXTENDED: &[&[(&str, &str)]] = &[&[("policy.yaml", EXTENDING), ("base.yaml", POLICY)]];
const OWNED: &[&[(&str, &str)]] = &[&[("policy.yaml", BY_OWNERS)]];
const BOTH: &[&[(&str, &str)]] = &[&[("policy.yaml", EXTENDING), ("base.yaml", BY_OWNERS)]];
const BROKEN: &[&[(&str, &str)]] = &[&[("policy.yaml", POLICY)], &[("policy.yaml", FAULTY)]];
const BROKEN_BASE: &[&[(&str, &str)]] =
    &[&[("policy.yaml", EXTENDING), ("base.yaml", POLICY)], &[("base.yaml", FAULTY)]];

/// A forge, or a server alone, that knows nothing beside git.
struct Knowing(TriggerKind);

impl Platform for Knowing {
    fn trigger(&self) -> (TriggerKind, Software<'static>) {
        (self.0, Software { name: "test".into(), version: "1".into() })
    }

    fn names(&self, _: &mut Change<'static>) {}

    fn absent(&self) -> &[Fact] {
        &[Fact::Text]
    }

    fn facts(&mut self, _: &Needs, request: &mut Request<'static>) -> Result<(), CollectError> {
        request.complete.extend([Fact::Acts, Fact::Pushes]);
        Ok(())
    }
}

/// What became of the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    /// Nothing yet.
    Open,
    /// Its commits were pushed to the target.
    Pushed,
    /// It was merged, into just what merging gives.
    Merged,
    /// It was merged, into something else.
    Altered,
}

/// A repository with a target and a change.
struct World {
    _folder: tempfile::TempDir,
    repository: Repository,
    tip: ObjectId<'static>,
    head: ObjectId<'static>,
}

fn git(folder: &Path, args: &[&str]) -> String {
    let who = ["-c", "user.name=dana", "-c", "user.email=dana@example.com"];
    let output = of_sample(folder).args(who).args(args).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn id(text: &str) -> ObjectId<'static> {
    ObjectId::new(text.to_owned()).unwrap()
}

impl World {
    fn new(target: &[&[(&str, &str)]], has_checkpoints: bool, signed_elsewhere: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let commit = |message: &str| {
            git(at, &["add", "--all"]);
            git(at, &["commit", "--quiet", "--allow-empty", "--message", message]);
        };
        git(at, &["init", "--quiet", "--initial-branch=main"]);
        if has_checkpoints {
            git(at, &["switch", "--quiet", "--orphan", "entire/checkpoints/v1"]);
            std::fs::create_dir_all(at.join("23/73a92c6c40/0")).unwrap();
            std::fs::write(at.join("23/73a92c6c40/0/metadata.json"), "{\"agent\": \"Claude Code\"}").unwrap();
            commit("Checkpoint");
            git(at, &["switch", "--quiet", "--orphan", "main"]);
        }
        std::fs::create_dir_all(at.join(".countersign")).unwrap();
        std::fs::write(at.join("CODEOWNERS"), "src/.* @sam\n").unwrap();
        for (number, documents) in target.iter().enumerate() {
            for (name, text) in *documents {
                std::fs::write(at.join(".countersign").join(name), text).unwrap();
            }
            commit(&format!("Version {number}"));
        }
        git(at, &["switch", "--quiet", "--create", "work"]);
        std::fs::write(at.join("page.rs"), "pub fn page() {}\n").unwrap();
        for (name, _) in target.last().unwrap().iter().filter(|(_, text)| *text == FAULTY) {
            std::fs::write(at.join(".countersign").join(name), POLICY).unwrap();
        }
        commit("Clamp\n\nAI-Assisted: amazon-q/2026-03\nEntire-Checkpoint: 2373a92c6c40\n");
        let repository = Repository::open(at).unwrap();
        if signed_elsewhere {
            statements::write(&repository, &"1".repeat(40), b"a statement", b"and its signature").unwrap();
        }
        let [tip, head] = ["main", "work"].map(|name| id(&git(at, &["rev-parse", name])));
        World { _folder: folder, repository, tip, head }
    }

    fn subject(&self, came: Came) -> Subject {
        let target = Target { name: MAIN.to_owned(), tip: Some((MAIN.to_owned(), self.tip.clone())) };
        let tree = |revision: &ObjectId<'_>| self.repository.tree(revision.as_str()).unwrap();
        let made =
            |kind: MergeKind, tree: ObjectId<'static>| MergeResult { commit: self.head.clone(), tree, kind };
        Subject {
            default_branch: Some(target.clone()),
            base: Some(self.tip.clone()),
            since: Some(self.tip.clone()),
            head: self.head.clone(),
            result: match came {
                Came::Open => None,
                Came::Pushed => Some(made(MergeKind::Push, tree(&self.head))),
                Came::Merged => Some(made(MergeKind::FastForward, tree(&self.head))),
                Came::Altered => Some(made(MergeKind::FastForward, tree(&self.tip))),
            },
            policy: PolicyFrom::Branch(target.clone()),
            target,
            host: HostRules::default(),
            to_sign: false,
            audited: None,
        }
    }
}

#[test]
fn the_module_is_asked_at_most_four_times_what_a_decision_needs() {
    use Came::{Altered, Merged, Open, Pushed};
    let module = Module::embedded().unwrap();
    for (what, target, has_checkpoints, signed_elsewhere, came, questions) in [
        ("a change", PLAIN, false, false, Open, 1),
        ("a push", PLAIN, false, false, Pushed, 1),
        ("a merge", PLAIN, false, false, Merged, 2),
        ("a merge that holds something else", PLAIN, false, false, Altered, 2),
        ("a policy that extends one", EXTENDED, false, false, Open, 2),
        ("a policy with owners", OWNED, false, false, Open, 2),
        ("a policy that extends one with owners", BOTH, false, false, Open, 3),
        ("a change that names a checkpoint", PLAIN, true, false, Open, 2),
        ("statements about other commits", PLAIN, false, true, Open, 2),
        ("both", PLAIN, true, true, Open, 2),
        ("a push with both", PLAIN, true, true, Pushed, 2),
        ("a merge with both, by owners of an extended policy", BOTH, true, true, Merged, 4),
        ("a change that mends the policy", BROKEN, true, true, Open, 3),
        // What stood before is asked for too, and what the change puts in the place of both files.
        ("a change that mends what the policy extends", BROKEN_BASE, true, true, Open, 5),
    ] {
        for kind in [TriggerKind::Check, TriggerKind::PreReceive, TriggerKind::Webhook] {
            let world = World::new(target, has_checkpoints, signed_elsewhere);
            let mut collector = Collector::of(&module, world.repository.clone()).unwrap();
            let before = module.calls(Function::Needs);
            let now = When::from_seconds(1_772_500_000);
            let collected = collector.collect(&world.subject(came), &mut Knowing(kind), now).unwrap();
            let asked = module.calls(Function::Needs) - before;
            assert_eq!((asked, collected.as_push), (questions, came == Altered), "{what}, {kind:?}");
            let mends = target.concat().iter().any(|(_, text)| *text == FAULTY);
            assert!(asked <= MOST || mends, "{what}, {kind:?}");
            if came != Altered {
                let request = String::from_utf8(collected.request).unwrap();
                assert_eq!(request.contains("metadata.json"), has_checkpoints, "{what}, {kind:?}");
                module.call(Function::Evaluate, request.as_bytes()).unwrap();
            }
        }
    }
}
