//! A service, a forge in memory, and a repository of real git.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use countersign_audit::chain::Event;
use countersign_audit::walk::walk;
use countersign_audit::{Database, DatabaseError, Link};
use countersign_hook::HostRulesChoice;
use countersign_host::module::Module;
use countersign_serve::pool::Pool;
use countersign_serve::work::Shared;
use countersign_serve::{Settings, Subject, queue};

use crate::forge::{Change, InMemory};
use crate::git::git;

/// What AI-assisted commits say.
pub const AI: &str = "Clamp the page size\n\nAI-Assisted: claude-code/2.1\n";

/// The policy of main.
pub const POLICY: &str = "\
countersign: 1
name: senior sign-off
protects: [main, \"release/*\"]
people:
  seniors: { users: [sam] }
rules:
  - name: AI-assisted code
    when: { ai: any }
    require: [{ approvals: 1, by: seniors }]
";

/// A policy that waits for the tests of a change.
pub const BY_STATUS: &str = "\
countersign: 1
name: tested
people:
  seniors: { users: [sam] }
rules:
  - name: tested
    require: nobody
    conditions: { status: [ci/test] }
";

/// The module, loaded once.
fn module() -> Arc<Module> {
    static MODULE: OnceLock<Arc<Module>> = OnceLock::new();
    MODULE.get_or_init(|| Arc::new(Module::embedded().unwrap())).clone()
}

pub struct World {
    pub forge: InMemory,
    pub shared: Shared,
    repository: PathBuf,
    clock: std::cell::Cell<u64>,
    _folder: tempfile::TempDir,
}

impl World {
    /// A repository with this policy on main, over which the watch has begun.
    pub fn under(policy: &str) -> Self {
        let world = Self::set_up(policy, false);
        world.hear(world.all());
        world
    }

    /// The same, where the gate's own review asks for changes, and nobody was asked yet.
    pub fn set_up(policy: &str, veto: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = folder.path().join("app.git");
        let forge = InMemory::new(repository.clone());
        let settings = Settings {
            listen: "127.0.0.1:0".parse().unwrap(),
            database: Database::Sqlite(folder.path().join("trail.sqlite")),
            public_url: "https://gate.example.com".into(),
            repositories: vec![],
            workers: 3,
            lease: Duration::from_secs(60),
            reconcile: Duration::from_secs(3600),
            spool: None,
            retention_days: None,
            anchorage: None,
            mirrors: folder.path().join("mirrors"),
            host: HostRulesChoice { require_policy: false, break_glass_file: None },
            veto,
        };
        let pool = Pool::open(settings.database.clone()).unwrap();
        let shared = Shared::new(pool, module(), Box::new(forge.clone()), settings).unwrap();
        let world = World { forge, shared, repository, clock: 0.into(), _folder: folder };
        std::fs::create_dir_all(&world.repository).unwrap();
        git(&world.repository, &["init", "--quiet", "--bare", "--initial-branch=main", "."], "");
        world.commit("main", &[], ".countersign/policy.yaml", policy, "Begin");
        world
    }

    pub fn git(&self, args: &[&str]) -> String {
        git(&self.repository, args, "")
    }

    /// Puts a commit of dana's onto a branch, on top of these parents, with one file.
    pub fn commit(&self, branch: &str, parents: &[&str], path: &str, text: &str, message: &str) -> String {
        // No two commits are one.
        self.clock.set(self.clock.get() + 1);
        let who = format!("dana <dana@example.com> {} +0000", 1_700_000_000 + self.clock.get());
        let mut script = format!("commit refs/heads/{branch}\nauthor {who}\ncommitter {who}\n");
        script += &format!("data {}\n{message}\n", message.len());
        for (at, parent) in parents.iter().enumerate() {
            script += &format!("{} {parent}\n", if at == 0 { "from" } else { "merge" });
        }
        script += &format!("M 100644 inline {path}\ndata {}\n{text}\n", text.len());
        git(&self.repository, &["fast-import", "--quiet", "--force"], &script);
        self.tip(branch)
    }

    pub fn tip(&self, branch: &str) -> String {
        self.git(&["rev-parse", &format!("refs/heads/{branch}")])
    }

    /// Work with AI on a branch of its own.
    pub fn work(&self, branch: &str) -> String {
        let main = self.tip("main");
        self.commit(branch, &[&main], &format!("{branch}.rs"), "// work\n", AI)
    }

    /// Opens a change.
    pub fn open(&self, number: u64, source: &str, target: &str) -> String {
        let head = self.tip(source);
        let change = Change {
            opener: "dana".into(),
            source: source.into(),
            target: target.into(),
            head: head.clone(),
            is_open: true,
            merge_base: Some(self.git(&["merge-base", target, source])),
            result: None,
            approvals: vec![],
        };
        self.forge.state().changes.insert(number, change);
        head
    }

    /// Opens a change with work of its own, and tells of it.
    pub fn opened(&self, number: u64) -> String {
        let source = format!("work-{number}");
        self.work(&source);
        let head = self.open(number, &source, "main");
        self.hear(self.change(number));
        head
    }

    /// What a push to the branch of a change makes of it, before anybody is told.
    pub fn pushed(&self, number: u64, path: &str) -> String {
        let change = self.forge.state().changes[&number].clone();
        let head = self.commit(&change.source, &[&change.head], path, "// more\n", AI);
        self.of(number, |change| change.head.clone_from(&head));
        head
    }

    pub fn of(&self, number: u64, act: impl FnOnce(&mut Change)) {
        act(self.forge.state().changes.get_mut(&number).unwrap());
    }

    /// Sam approves what a change brings now.
    pub fn approve(&self, number: u64) {
        self.of(number, |change| change.approvals.push(("sam".into(), change.head.clone())));
    }

    /// The server merges a change: the target stands at `result`.
    pub fn merged(&self, number: u64, result: &str) {
        let target = self.forge.state().changes[&number].target.clone();
        self.git(&["update-ref", &format!("refs/heads/{target}"), result]);
        self.of(number, |change| {
            change.is_open = false;
            change.result = Some(result.to_owned());
        });
    }

    /// A commit with what merging gives, and these parents.
    pub fn merge_tree(&self, ours: &str, theirs: &str, parents: &[&str]) -> String {
        let tree = self.git(&["merge-tree", "--write-tree", ours, theirs]);
        let mut args = vec!["commit-tree", &tree, "-m", "Merge"];
        parents.iter().for_each(|parent| args.extend(["-p", parent]));
        self.git(&args)
    }

    pub fn change(&self, number: u64) -> Subject {
        Subject::Change { repository: "acme/app".into(), number }
    }

    pub fn branch(&self, name: &str) -> Subject {
        Subject::Branch { repository: "acme/app".into(), target: format!("refs/heads/{name}") }
    }

    pub fn all(&self) -> Subject {
        Subject::Repository { repository: "acme/app".into() }
    }

    pub fn branches(&self) -> Subject {
        Subject::Branches { repository: "acme/app".into() }
    }

    pub fn status_of(&self, head: &str, as_gate: bool) -> Subject {
        Subject::Status { repository: "acme/app".into(), head: head.into(), as_gate }
    }

    /// Tells the service, and lets it do what is due. Gives the changes that it read.
    pub fn hear(&self, subject: Subject) -> Vec<u64> {
        self.forge.state().read.clear();
        self.shared.pool.with(|store| queue::add(store, &[subject])).unwrap();
        self.settle();
        let mut read = std::mem::take(&mut self.forge.state().read);
        read.sort_unstable();
        read
    }

    fn settle(&self) {
        while self.shared.work_once().unwrap() {}
    }

    /// The time of everything that was put off has come.
    pub fn later(&self) {
        let due = "UPDATE jobs SET due = 0";
        self.shared.pool.with(|store| store.execute(due, &[])).unwrap();
        self.settle();
    }

    /// Jobs that wait.
    pub fn waiting(&self) -> i64 {
        self.shared.pool.with(queue::depth).unwrap().jobs
    }

    /// What was written since it was asked last.
    pub fn writes(&self) -> Vec<String> {
        std::mem::take(&mut self.forge.state().writes)
    }

    /// The state that the gate's status of a commit shows.
    pub fn state(&self, head: &str) -> String {
        let state = self.forge.state();
        let newest = state.statuses.iter().rev().find(|(commit, _)| commit == head);
        newest.map(|(_, status)| status.state.clone()).unwrap_or_default()
    }

    /// The entries of the trail.
    pub fn entries(&self) -> Vec<Link> {
        let mut links = Vec::new();
        let each = |_: &mut dyn countersign_audit::Store, found| {
            if let Ok(link) = found {
                links.push(link);
            }
            Ok::<(), DatabaseError>(())
        };
        self.shared.pool.with(|store| walk(store, 1, u64::MAX, each)).unwrap();
        links
    }

    /// The last entry about a branch and a commit: its kind, and how many decisions it names.
    pub fn last_of(&self, branch: &str, head: &str) -> Option<(&'static str, usize)> {
        let target = format!("refs/heads/{branch}");
        let of = |link: &&Link| {
            link.entry.target == target && link.entry.head == head && link.entry.change.is_none()
        };
        let entries = self.entries();
        let last = entries.iter().rfind(of)?;
        let decisions = match &last.entry.event {
            Event::Merge { decisions, .. } => decisions.len(),
            _ => 0,
        };
        Some((last.entry.event.kind(), decisions))
    }
}
