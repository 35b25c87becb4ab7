//! Random histories against somebody who knows what was decided: whatever moves, by a hook that asks or past it, what the module
//! calls in order holds nothing that nobody let in, and what was let in keeps nobody waiting.

#[path = "../histories/world.rs"]
#[allow(dead_code, reason = "the table needs more of it")]
mod world;

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::model::{BranchOutcome, BranchRange, BranchVerdict, JudgedRange, MergeKind};
use proptest::prelude::*;
use world::{Ask, Change, Commit, Memory, World, name};

/// What happens to a repository.
#[derive(Debug, Clone)]
enum Event {
    /// Somebody adds a commit to a topic, which a senior answers for or not.
    Work { topic: u8, answered: bool },
    /// Somebody pushes a topic to a branch, or forces it there; the hook is asked or not.
    Push { topic: u8, branch: u8, force: bool, hook: bool },
    /// The server merges a topic into a branch, in one of four styles; the result holds something more or not.
    Merge { topic: u8, branch: u8, style: u8, more: bool, hook: bool },
    /// A branch is set back to an older commit.
    SetBack { branch: u8, hook: bool },
    /// A branch is deleted.
    Delete { branch: u8, hook: bool },
    /// Another branch becomes the default.
    Default { branch: u8 },
    /// The service looks at a branch.
    Look { branch: u8 },
}

fn event() -> impl Strategy<Value = Event> {
    let (topic, branch) = (0..3_u8, 0..2_u8);
    // Most pushes ask the hook.
    let hook = prop::bool::weighted(0.8);
    prop_oneof![
        4 => (topic.clone(), prop::bool::weighted(0.7))
            .prop_map(|(topic, answered)| Event::Work { topic, answered }),
        3 => (topic.clone(), branch.clone(), any::<bool>(), hook)
            .prop_map(|(topic, branch, force, hook)| Event::Push { topic, branch, force, hook }),
        4 => (topic, branch.clone(), 0..4_u8, prop::bool::weighted(0.1), hook)
            .prop_map(|(topic, branch, style, more, hook)| Event::Merge { topic, branch, style, more, hook }),
        1 => (branch.clone(), hook).prop_map(|(branch, hook)| Event::SetBack { branch, hook }),
        1 => (branch.clone(), hook).prop_map(|(branch, hook)| Event::Delete { branch, hook }),
        1 => branch.clone().prop_map(|branch| Event::Default { branch }),
        4 => branch.prop_map(|branch| Event::Look { branch }),
    ]
}

const BRANCHES: [&str; 2] = ["main", "prod"];
const TOPICS: [&str; 3] = ["one", "two", "six"];

/// A repository, what hook and service remember of it, and what seniors answer for.
struct Repository {
    world: World,
    answered: BTreeSet<String>,
    of_hook: BTreeMap<String, Memory>,
    of_service: BTreeMap<String, Memory>,
    /// The default branch that the hook saw last.
    last_default: String,
    entries: u64,
    made: usize,
}

impl Repository {
    fn new() -> Self {
        let mut world =
            World { remembers: true, watched: true, default: Some("main".into()), ..World::default() };
        world.draw("main", "A{p}--B");
        let memory = || {
            let in_order = Some("B".to_owned());
            BTreeMap::from([("main".to_owned(), Memory { in_order, entry: Some(0), ..Memory::default() })])
        };
        Repository {
            world,
            answered: ["A", "B"].map(str::to_owned).into(),
            of_hook: memory(),
            of_service: memory(),
            last_default: "main".into(),
            entries: 0,
            made: 0,
        }
    }

    /// A commit on others, with the files of all of them, and one of its own where it says so.
    fn commit(&mut self, parents: &[&str], also: &[&str], own: bool) -> String {
        self.made += 1;
        let id = format!("c{}", self.made);
        let mut files = BTreeSet::new();
        for held in parents.iter().chain(also) {
            files.extend(self.world.commits[*held].files.iter().cloned());
        }
        if own {
            files.insert(id.clone());
        }
        let parents = parents.iter().map(|parent| (*parent).to_owned()).collect();
        self.world.commits.insert(id.clone(), Commit { parents, files, policy: Some("p".into()) });
        id
    }

    /// What a senior would say of a range: everything that it adds is answered for, and nothing before it is open.
    fn judge(&self, range: &BranchRange) -> JudgedRange<'static> {
        let files = |id: &Option<String>| {
            let commit = id.as_ref().map(|id| name(id)).filter(|name| name != "0");
            commit.map(|name| self.world.commits[&name].files.clone()).unwrap_or_default()
        };
        let head = Some(range.head.clone());
        let before = files(&range.since);
        let adds: BTreeSet<String> = files(&head)
            .union(&files(&range.result))
            .filter(|file| !before.contains(*file))
            .cloned()
            .collect();
        let passes = range.audited.is_none() && adds.is_subset(&self.answered);
        JudgedRange { passes, gated: true, policy: Some("p".into()), ..self.world.judge(range) }
    }

    fn ask(&self, branch: &str, ask: &Ask, memory: &BTreeMap<String, Memory>) -> BranchVerdict {
        let mut world = self.world.clone();
        world.memory = memory.clone();
        let mut call = |history: &[u8]| countersign_core::ranges(history).unwrap();
        let (_, ranges) = world.follow(branch, ask, &mut call, &mut |range| self.judge(range));
        ranges.verdict.unwrap()
    }

    /// Moves a branch, if the hook lets it.
    fn moves(
        &mut self,
        branch: &str,
        to: Option<String>,
        merges: Option<Change>,
        hook: bool,
    ) -> Result<(), TestCaseError> {
        let old = self.world.branches.get(branch).cloned();
        if old == to {
            return Ok(());
        }
        if hook {
            self.turn_to_default();
            self.world.changes.extend(merges.clone());
            let ask = Ask::Push { old: old.clone(), new: to.clone(), merges: merges.map(|change| change.id) };
            let verdict = self.ask(branch, &ask, &self.of_hook);
            if verdict.state != BranchOutcome::Passes {
                self.world.changes.retain(|change| change.result != to);
                return Ok(());
            }
            self.remember(branch, &verdict);
            if let Some(to) = &to {
                self.holds_nothing_unanswered(to, "the hook let it pass")?;
                self.entries += 1;
                let memory = self.of_service.entry(branch.to_owned()).or_default();
                memory.passed.push((old.unwrap_or_else(|| "0".into()), to.clone(), self.entries));
            }
        } else {
            self.world.changes.extend(merges);
        }
        match to {
            Some(to) => self.world.branches.insert(branch.to_owned(), to),
            None => self.world.branches.remove(branch),
        };
        Ok(())
    }

    /// As the hook keeps what passed.
    fn remember(&mut self, branch: &str, verdict: &BranchVerdict) {
        let Some(moved) = &verdict.remember else { return };
        let Some(to) = moved.to.as_deref().map(name) else {
            self.of_hook.remove(branch);
            return;
        };
        let memory = self.of_hook.entry(branch.to_owned()).or_default();
        memory.of_former_default = false;
        if let Some(from) = moved.from.as_deref().map(name) {
            memory.in_order = Some(from);
            memory.passed.clear();
        }
        let from = memory.in_order.clone().unwrap_or_else(|| "0".into());
        memory.passed.push((from, to, 0));
    }

    /// As the hook follows the server to another default branch.
    fn turn_to_default(&mut self) {
        let now = self.world.default.clone().unwrap();
        let last = std::mem::replace(&mut self.last_default, now.clone());
        if last != now
            && let (Some(memory), None) = (self.of_hook.get(&last).cloned(), self.of_hook.get(&now))
        {
            self.of_hook.insert(now, Memory { of_former_default: true, ..memory });
        }
    }

    fn holds_nothing_unanswered(&self, commit: &str, why: &str) -> Result<(), TestCaseError> {
        let unanswered: Vec<_> = self.world.commits[commit].files.difference(&self.answered).collect();
        prop_assert!(unanswered.is_empty(), "{why}, and {commit} holds {unanswered:?}");
        Ok(())
    }

    fn look(&mut self, branch: &str) -> Result<(), TestCaseError> {
        let Some(tip) = self.world.branches.get(branch).cloned() else { return Ok(()) };
        let verdict = self.ask(branch, &Ask::Tip, &self.of_service);
        let is_answered = self.world.commits[&tip].files.is_subset(&self.answered);
        self.entries += 1;
        let entry = self.entries;
        let memory = self.of_service.entry(branch.to_owned()).or_default();
        if verdict.state == BranchOutcome::InOrder {
            memory.in_order = Some(tip.clone());
            memory.entry = Some(entry);
            memory.open_since = None;
            return self.holds_nothing_unanswered(&tip, "the service calls it in order");
        }
        prop_assert_eq!(verdict.state, BranchOutcome::Open);
        memory.open_since = Some(memory.in_order.clone().unwrap_or_else(|| "0".into()));
        prop_assert!(!is_answered, "{} stands at {} and is called open: {:?}", branch, tip, verdict);
        Ok(())
    }

    fn happens(&mut self, event: &Event) -> Result<(), TestCaseError> {
        let branch_of = |branch: &u8| BRANCHES[usize::from(*branch)];
        match event {
            Event::Work { topic, answered } => {
                let topic = TOPICS[usize::from(*topic)];
                let tip = self.world.branches.get(topic).or_else(|| self.world.branches.get("main"));
                let tip = tip.cloned().unwrap_or_else(|| "B".into());
                let made = self.commit(&[&tip], &[], true);
                self.world.branches.insert(topic.into(), made.clone());
                if *answered {
                    self.answered.insert(made);
                }
            }
            Event::Push { topic, branch, force, hook } => {
                let Some(head) = self.world.branches.get(TOPICS[usize::from(*topic)]).cloned() else {
                    return Ok(());
                };
                let branch = branch_of(branch);
                let old = self.world.branches.get(branch);
                let forward = old.is_none_or(|old| self.world.reaches(&head).contains(old));
                if forward || *force {
                    self.moves(branch, Some(head), None, *hook)?;
                }
            }
            Event::Merge { topic, branch, style, more, hook } => {
                self.merge(TOPICS[usize::from(*topic)], branch_of(branch), *style, *more, *hook)?
            }
            Event::SetBack { branch, hook } => {
                let branch = branch_of(branch);
                let tip = self.world.branches.get(branch);
                let parent = tip.and_then(|tip| self.world.commits[tip].parents.first().cloned());
                if let Some(parent) = parent {
                    self.moves(branch, Some(parent), None, *hook)?;
                }
            }
            Event::Delete { branch, hook } => {
                let branch = branch_of(branch);
                // No server deletes its default branch.
                if self.world.default.as_deref() != Some(branch) {
                    self.moves(branch, None, None, *hook)?;
                }
            }
            Event::Default { branch } => {
                let branch = branch_of(branch);
                if self.world.branches.contains_key(branch) {
                    self.world.default = Some(branch.to_owned());
                }
            }
            Event::Look { branch } => self.look(branch_of(branch))?,
        }
        Ok(())
    }

    fn merge(
        &mut self,
        topic: &str,
        branch: &str,
        style: u8,
        more: bool,
        hook: bool,
    ) -> Result<(), TestCaseError> {
        let (Some(head), Some(base)) =
            (self.world.branches.get(topic).cloned(), self.world.branches.get(branch).cloned())
        else {
            return Ok(());
        };
        let own = self.world.chain(&base, &head);
        if own.is_empty() {
            return Ok(());
        }
        let result = match style {
            0 => self.commit(&[&base, &head], &[], more),
            1 => self.commit(&[&base], &[&head], more),
            2 => {
                let mut at = base.clone();
                for (place, commit) in own.iter().rev().enumerate() {
                    let is_last = place + 1 == own.len();
                    at = self.commit(&[&at], &[commit], more && is_last);
                }
                at
            }
            _ if self.world.reaches(&head).contains(&base) => head.clone(),
            _ => return Ok(()),
        };
        let change = Change {
            id: result.clone(),
            merge_base: self.world.base(&base, &head),
            result: Some(result.clone()),
            merged: true,
            head,
        };
        self.moves(branch, Some(result), Some(change), hook)
    }
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn what_is_in_order_holds_nothing_that_nobody_let_in(events in prop::collection::vec(event(), 1..30)) {
        let mut repository = Repository::new();
        for event in &events {
            repository.happens(event)?;
        }
    }

    /// A merge as its change, and a push as what it brings, whoever asks.
    #[test]
    fn hook_and_service_have_the_same_ranges_judged(
        commits in 1..4_usize,
        style in 0..4_u8,
        behind in any::<bool>(),
        more in any::<bool>(),
    ) {
        // A topic that is behind cannot be fast-forwarded to.
        let style = if behind { style % 3 } else { style };
        let mut repository = Repository::new();
        let mut head = "B".to_owned();
        for _ in 0..commits {
            head = repository.commit(&[&head], &[], true);
        }
        repository.world.branches.insert("one".into(), head);
        if behind {
            let moved = repository.commit(&["B"], &[], true);
            repository.world.branches.insert("main".into(), moved.clone());
            for memory in [&mut repository.of_hook, &mut repository.of_service] {
                memory.get_mut("main").unwrap().in_order = Some(moved.clone());
            }
        }
        let old = repository.world.branches["main"].clone();
        // Past the hook, so that only the forge tells of it.
        repository.merge("one", "main", style, more, false)?;
        let new = repository.world.branches["main"].clone();
        let asked = |world: &World, memory: &BTreeMap<String, Memory>, ask: &Ask| {
            let world = World { memory: memory.clone(), ..world.clone() };
            let mut call = |history: &[u8]| countersign_core::ranges(history).unwrap();
            let (asked, ranges) = world.follow("main", ask, &mut call, &mut |range| repository.judge(range));
            let stands = ranges.verdict.unwrap().stands;
            let what = |range: &BranchRange| {
                let range = range.clone();
                (range.base, range.since, range.head, range.result, range.merge, range.change, range.policy)
            };
            let stands = asked.iter().filter(|range| stands.contains(&range.id));
            stands.map(what).collect::<Vec<_>>()
        };
        let looked = asked(&repository.world, &repository.of_service, &Ask::Tip);
        let merges = repository.world.changes.first().map(|change| change.id.clone());
        let mut before = repository.world.clone();
        before.branches.insert("main".into(), old.clone());
        let ask = Ask::Push { old: Some(old), new: Some(new), merges };
        let pushed = asked(&before, &repository.of_hook, &ask);
        let altered = more && style < 3;
        if altered && style > 0 {
            // Of another head than the change's the hook lets nothing be squashed or rebased; afterwards it is a push.
            prop_assert!(pushed.is_empty());
        } else {
            prop_assert_eq!(&looked, &pushed);
        }
        prop_assert!(looked.iter().all(|range| (range.4 == MergeKind::Push) == altered || looked.is_empty()));
    }
}
