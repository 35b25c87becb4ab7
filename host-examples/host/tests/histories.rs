//! The histories of the module's table, built in real git: what a host copies of them leads to the same ranges and the same verdict.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

#[path = "common/git.rs"]
mod git;
#[path = "../../../plugin/core/tests/histories/read.rs"]
#[allow(dead_code, reason = "the module's own tests need more of it")]
mod read;
#[path = "../../../plugin/core/tests/histories/world.rs"]
#[allow(dead_code, reason = "the module's own tests need more of it")]
mod world;

use std::collections::HashMap;
use std::path::Path;

use countersign_core::model::{
    BranchHistory, BranchRange, JudgedRange, MergeKind, ObjectId, OriginChange, PassedMove, Ranges,
};
use countersign_core::wellknown::POLICY;
use countersign_host::collect::{BranchHost, CollectError, Collector, HostRules, Subject};
use countersign_host::git::Repository;
use countersign_host::module::Module;
use git::git;
use read::Case;
use world::World;

const TABLE: &str = include_str!("../../../plugin/core/tests/histories/histories.txt");

/// A history in a repository: the ids of its commits, and their names.
struct Built {
    ids: HashMap<String, String>,
    names: HashMap<String, String>,
}

impl Built {
    /// Makes the commits of a world that are still somewhere, and its branches.
    fn of(folder: &Path, world: &World) -> Self {
        git(folder, &["init", "--quiet", "--bare", "--initial-branch=main"], "");
        let mut built = Built { ids: HashMap::new(), names: HashMap::new() };
        for commit in world.commits.keys() {
            let is_held =
                |other: &String| !world.lost.contains(other) && world.reaches(other).contains(commit);
            if world.commits.keys().any(is_held) {
                built.commit(folder, world, commit);
            }
        }
        for (branch, tip) in &world.branches {
            if let Some(id) = built.ids.get(tip) {
                git(folder, &["update-ref", &world::full(branch), id], "");
            }
        }
        built
    }

    fn commit(&mut self, folder: &Path, world: &World, name: &str) -> String {
        if let Some(id) = self.ids.get(name) {
            return id.clone();
        }
        let commit = &world.commits[name];
        let mut args = vec!["commit-tree".to_owned(), "-m".to_owned(), name.to_owned()];
        for parent in &commit.parents {
            args.extend(["-p".to_owned(), self.commit(folder, world, parent)]);
        }
        let mut entries = String::new();
        for file in &commit.files {
            let blob = git(folder, &["hash-object", "-w", "--stdin"], file);
            entries += &format!("100644 blob {blob}\t{file}\n");
        }
        if let Some(policy) = &commit.policy {
            let blob = git(folder, &["hash-object", "-w", "--stdin"], policy);
            let (folder_name, file) = POLICY.split_once('/').unwrap();
            let tree = git(folder, &["mktree"], &format!("100644 blob {blob}\t{file}\n"));
            entries += &format!("040000 tree {tree}\t{folder_name}\n");
        }
        args.push(git(folder, &["mktree"], &entries));
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let id = git(folder, &args, "");
        self.ids.insert(name.to_owned(), id.clone());
        self.names.insert(id.clone(), name.to_owned());
        id
    }

    /// The id of a commit; one that was lost has one too, which nothing goes by.
    fn id(&self, name: &str) -> ObjectId<'static> {
        if name == "0" {
            return ObjectId::new("0".repeat(40)).unwrap();
        }
        self.ids.get(name).map_or_else(|| world::id(name), |id| ObjectId::new(id.clone()).unwrap())
    }

    /// An id of the world for one of git.
    fn name(&self, id: &str) -> String {
        self.names.get(id).map_or_else(|| id.to_owned(), |name| world::id(name).to_string())
    }

    /// A range with the ids of the world.
    fn named(&self, range: &BranchRange) -> BranchRange {
        let named = |id: &Option<String>| id.as_ref().map(|id| self.name(id));
        let mut range = range.clone();
        range.base = named(&range.base);
        range.since = named(&range.since);
        range.head = self.name(&range.head);
        range.result = named(&range.result);
        range.audited = named(&range.audited);
        range.policy.commit = named(&range.policy.commit);
        range
    }
}

/// Knows what the world knows, and judges as it does.
struct Drawn<'w> {
    world: &'w World,
    built: &'w Built,
    judged: Vec<(BranchRange, bool)>,
}

impl BranchHost for Drawn<'_> {
    type Judged = JudgedRange<'static>;
    type Error = CollectError;

    fn passed(&mut self, branch: &str) -> Result<Vec<PassedMove<'static>>, CollectError> {
        let branch = branch.strip_prefix("refs/heads/").unwrap_or(branch);
        let memory = self.world.memory.get(branch).cloned().unwrap_or_default();
        let passed = memory.passed.iter().rev().map(|(from, to, entry)| PassedMove {
            from: self.built.id(from),
            to: self.built.id(to),
            entry: Some(*entry),
        });
        Ok(passed.collect())
    }

    fn origin(
        &mut self,
        _: &mut Collector<'_>,
        commit: &ObjectId<'static>,
    ) -> Result<Option<OriginChange<'static>>, CollectError> {
        let name = self.built.names.get(commit.as_str());
        let change = self.world.changes.iter().find(|change| change.result.as_ref() == name);
        Ok(change.map(|change| OriginChange {
            id: change.id.clone().into(),
            merged: change.merged,
            result: change.result.as_deref().map(|result| self.built.id(result)),
            head: self.built.id(&change.head),
            merge_base: change.merge_base.as_deref().map(|base| self.built.id(base)),
        }))
    }

    fn judge(
        &mut self,
        collector: &mut Collector<'_>,
        range: &BranchRange,
        subject: Subject,
    ) -> Result<Option<JudgedRange<'static>>, CollectError> {
        // What merging gives, git says.
        let altered = match (&range.base, &subject.result) {
            (Some(base), Some(result)) if range.merge != MergeKind::Push => {
                collector.repository().merge_tree(base, &range.head)?.as_ref() != Some(&result.tree)
            }
            _ => false,
        };
        let named = self.built.named(range);
        let judged = self.world.judge(&named);
        self.judged.push((named, altered));
        Ok((!altered).then_some(judged))
    }

    fn outcome(&self, judged: &JudgedRange<'static>) -> JudgedRange<'static> {
        judged.clone()
    }
}

/// What comes out of a case in real git, line by line as the table has it.
fn found(module: &Module, case: &Case) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let built = Built::of(folder.path(), &case.world);
    let mut history: BranchHistory<'static> = case.world.history(&case.target, &case.ask);
    let real = |id: &mut ObjectId<'static>| *id = built.id(&world::name(id.as_str()));
    for branch in history.branches.iter_mut() {
        // Git says where it stands.
        branch.tip = None;
        branch.in_order.iter_mut().chain(&mut branch.open_since).for_each(real);
    }
    history.head.iter_mut().for_each(real);
    if let Some(push) = &mut history.push {
        let merged = push.merges.iter_mut().filter_map(|merging| merging.head.as_mut());
        push.old.iter_mut().chain(&mut push.commit).chain(merged).for_each(real);
        real(&mut push.new);
    }
    let repository = Repository::open(folder.path()).unwrap();
    let mut collector = Collector::of(module, repository).unwrap();
    collector.stand(&mut history).unwrap();
    let mut drawn = Drawn { world: &case.world, built: &built, judged: Vec::new() };
    let followed = collector.follow(history, &HostRules::default(), &mut drawn).unwrap();
    let asked = drawn.judged.iter().enumerate();
    let lines = asked.map(|(at, (range, altered))| format!("{}. {}", at + 1, world::line(range, *altered)));
    let mut verdict = followed.verdict;
    if let Some(moved) = &mut verdict.remember {
        moved.from.iter_mut().chain(&mut moved.to).for_each(|id| *id = built.name(id));
    }
    if let Some(message) = &mut verdict.message {
        for (id, name) in &built.names {
            let (id, name) = (id.get(..12).unwrap(), world::id(name));
            *message = message.replace(id, name.short());
        }
    }
    let ranges: Vec<BranchRange> = drawn.judged.iter().map(|(range, _)| range.clone()).collect();
    lines.chain([world::verdict(&ranges, &Ranges { verdict: Some(verdict), ..Ranges::default() })]).collect()
}

#[test]
fn each_history_of_the_table_gives_the_same_in_real_git() {
    let module = Module::embedded().unwrap();
    let mut wrong = String::new();
    for case in read::cases(TABLE) {
        let found = found(&module, &case);
        if found != case.expected {
            wrong += &format!("\n## {}\n=>\n    {}\n", case.source.trim_end(), found.join("\n    "));
        }
    }
    assert!(wrong.is_empty(), "in real git these come out otherwise than the table says:{wrong}");
}
