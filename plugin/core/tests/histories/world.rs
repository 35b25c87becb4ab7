//! Histories drawn in letters, and a world that answers what `ranges` wants to know of them.
//!
//! A drawing has a line for each branch: its name, and its first parents from left to right, joined by dashes. `M(C)` is a merge of
//! what stands before it and of `C`. A commit adds a file of its own name to those of its parents; `S=C` adds none but those that
//! merging `C` gives, as a squash does, and `S=C!` adds its own file as well. `P{strict}` is a commit with the policy `strict` in the
//! place of the policy.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::model::{
    API_VERSION, Base, Beyond, BranchHistory, BranchQuestion, BranchRange, BranchState, Chain, HistoryCommit,
    HistoryWants, JudgedRange, MergeTree, Merging, ObjectId, Origin, OriginChange, PassedMove, PolicyAt,
    PolicyHistory, Ranges, RefUpdate, read,
};

/// A commit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Commit {
    pub parents: Vec<String>,
    pub files: BTreeSet<String>,
    pub policy: Option<String>,
}

/// What is remembered of a branch.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    pub in_order: Option<String>,
    /// From, to, and the number of the note.
    pub passed: Vec<(String, String, u64)>,
    pub open_since: Option<String>,
    pub by_findings: bool,
    pub of_former_default: bool,
    pub entry: Option<u64>,
}

/// A change as the forge has it.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub id: String,
    pub head: String,
    pub merge_base: Option<String>,
    pub result: Option<String>,
    pub merged: bool,
}

/// Everything that a host could know.
#[derive(Debug, Clone, Default)]
pub struct World {
    pub commits: BTreeMap<String, Commit>,
    /// Branches, by short name, and their tips.
    pub branches: BTreeMap<String, String>,
    /// Commits that are not in the repository any more.
    pub lost: BTreeSet<String>,
    pub memory: BTreeMap<String, Memory>,
    pub default: Option<String>,
    pub remembers: bool,
    pub watched: bool,
    /// By the last commit that merging made.
    pub changes: Vec<Change>,
    /// Heads or results whose ranges are refused.
    pub refused: BTreeSet<String>,
    /// Heads for which somebody answers, by a policy; by none where there is none.
    pub answered: BTreeSet<(String, Option<String>)>,
    /// Nobody asked to guard anything.
    pub ungated: bool,
}

/// What is asked about a branch.
#[derive(Debug, Clone)]
pub enum Ask {
    Tip,
    Push { old: Option<String>, new: Option<String>, merges: Option<String> },
    Change { head: String },
}

/// The id of a commit, by its name.
pub fn id(name: &str) -> ObjectId<'static> {
    let mut digits: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    while digits.len() < 40 {
        digits.push('0');
    }
    ObjectId::new(digits).unwrap()
}

/// The name of an id.
pub fn name(id: &str) -> String {
    if id.bytes().all(|digit| digit == b'0') {
        return "0".to_owned();
    }
    let bytes = id
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
    String::from_utf8(bytes.take_while(|byte| *byte != 0).collect()).unwrap()
}

pub fn full(branch: &str) -> String {
    if branch.starts_with("refs/") { branch.to_owned() } else { format!("refs/heads/{branch}") }
}

fn short(branch: &str) -> &str {
    branch.strip_prefix("refs/heads/").unwrap_or(branch)
}

impl World {
    /// Reads the line of a branch.
    pub fn draw(&mut self, branch: &str, line: &str) {
        let mut before: Option<String> = None;
        for token in line.split("--").map(str::trim).filter(|token| !token.is_empty()) {
            let end = token.find(['(', '=', '{', '!']).unwrap_or(token.len());
            let (commit, marks) = token.split_at(end);
            let between = |open: char, close: &[char]| {
                let (_, rest) = marks.split_once(open)?;
                Some(rest.split(close).next().unwrap().to_owned())
            };
            let other = between('(', &[')']);
            let squashed = between('=', &['!', '{']);
            let policy = between('{', &['}']);
            if !self.commits.contains_key(commit) {
                let mut made = Commit::default();
                for parent in before.iter().chain(&other) {
                    made.parents.push(parent.clone());
                }
                for held in before.iter().chain(&other).chain(&squashed) {
                    made.files.extend(self.commits[held].files.iter().cloned());
                }
                made.policy = match (&before, other.as_ref().or(squashed.as_ref())) {
                    (Some(base), Some(head)) => self.merged_policy(base, head),
                    (Some(base), None) => self.commits[base].policy.clone(),
                    (None, _) => None,
                };
                let adds = (squashed.is_none() && other.is_none()) || marks.contains('!');
                if adds {
                    made.files.insert(commit.to_owned());
                }
                if policy.is_some() {
                    made.policy = policy;
                }
                self.commits.insert(commit.to_owned(), made);
            }
            before = Some(commit.to_owned());
        }
        if let Some(tip) = before {
            self.branches.insert(branch.to_owned(), tip);
        }
    }

    /// Everything that a commit reaches, itself as well.
    pub fn reaches(&self, commit: &str) -> BTreeSet<String> {
        let (mut all, mut next) = (BTreeSet::new(), vec![commit.to_owned()]);
        while let Some(commit) = next.pop() {
            if all.insert(commit.clone()) {
                next.extend(self.commits[&commit].parents.iter().cloned());
            }
        }
        all
    }

    /// A best common ancestor.
    pub fn base(&self, one: &str, other: &str) -> Option<String> {
        let common: BTreeSet<String> =
            self.reaches(one).intersection(&self.reaches(other)).cloned().collect();
        let best = |commit: &&String| {
            common.iter().all(|other| other == *commit || !self.reaches(other).contains(*commit))
        };
        common.iter().find(best).cloned()
    }

    fn is_here(&self, commit: &str) -> bool {
        self.commits.contains_key(commit) && !self.lost.contains(commit)
    }

    /// First parents of a commit that another does not reach, the newest first.
    pub fn chain(&self, from: &str, to: &str) -> Vec<String> {
        let (mut chain, held) = (Vec::new(), self.reaches(from));
        let mut at = Some(to.to_owned());
        while let Some(commit) = at.filter(|commit| !held.contains(commit)) {
            at = self.commits[&commit].parents.first().cloned();
            chain.push(commit);
        }
        chain
    }

    /// The id of a tree.
    fn tree(&self, files: &BTreeSet<String>, policy: Option<&String>) -> ObjectId<'static> {
        // FNV-1a: what matters is that other files give another id.
        let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
        for name in files.iter().chain(policy) {
            for byte in name.bytes().chain([0]) {
                hash = (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
            }
        }
        ObjectId::new(format!("{hash:032x}{:08x}", files.len())).unwrap()
    }

    /// The id of the tree that merging one commit into another gives.
    fn merged(&self, base: &str, head: &str) -> ObjectId<'static> {
        let files = self.commits[base].files.union(&self.commits[head].files).cloned().collect();
        self.tree(&files, self.merged_policy(base, head).as_ref())
    }

    /// The policy that merging leaves: the one side that changed it since their common ancestor.
    fn merged_policy(&self, base: &str, head: &str) -> Option<String> {
        let (ours, theirs) = (&self.commits[base].policy, &self.commits[head].policy);
        let stood = self.base(base, head).and_then(|base| self.commits[&base].policy.clone());
        if *theirs == stood { ours.clone() } else { theirs.clone() }
    }

    fn commit(&self, commit: &str) -> HistoryCommit<'static> {
        if !self.is_here(commit) {
            return HistoryCommit { sha: id(commit), ..HistoryCommit::default() };
        }
        let made = &self.commits[commit];
        HistoryCommit {
            sha: id(commit),
            tree: Some(self.tree(&made.files, made.policy.as_ref())),
            parents: made.parents.iter().map(|parent| id(parent)).collect(),
        }
    }

    /// What a host says before it is asked for anything.
    pub fn history(&self, target: &str, ask: &Ask) -> BranchHistory<'static> {
        let mut names: BTreeSet<&str> = self.memory.keys().map(String::as_str).collect();
        names.insert(target);
        names.extend(self.default.as_deref());
        let state = |name: &str| {
            let memory = self.memory.get(name).filter(|_| self.remembers);
            let tip = self.branches.get(name).filter(|tip| self.is_here(tip));
            let known = memory.cloned().unwrap_or_default();
            BranchState {
                name: full(name).into(),
                tip: tip.map(|tip| id(tip)),
                unknown: memory.is_none() || (known.in_order.is_none() && known.passed.is_empty()),
                in_order: known.in_order.as_deref().map(id),
                in_order_entry: known.entry,
                passed: None,
                open_since: known.open_since.as_deref().map(id_or_nothing),
                by_findings: known.by_findings,
                of_former_default: known.of_former_default,
            }
        };
        let mut history = BranchHistory {
            api_version: API_VERSION.into(),
            target: full(target).into(),
            default_branch: self.default.as_deref().map(|name| full(name).into()),
            remembers: self.remembers,
            watched: self.watched,
            branches: names.into_iter().map(state).collect::<Vec<_>>().into(),
            ..BranchHistory::default()
        };
        match ask {
            Ask::Tip => history.question = BranchQuestion::Tip,
            Ask::Change { head } => {
                history.question = BranchQuestion::Change;
                history.head = Some(id(head));
            }
            Ask::Push { old, new, merges } => {
                history.question = BranchQuestion::Push;
                let change = |number: &String| {
                    let change = self.changes.iter().find(|change| change.id == *number);
                    Merging { change: number.clone().into(), head: change.map(|change| id(&change.head)) }
                };
                history.push = Some(RefUpdate {
                    old: old.as_deref().map(id),
                    new: new.as_deref().map_or_else(nothing, id),
                    commit: new.as_deref().map(id),
                    merges: merges.as_ref().map(change),
                });
            }
        }
        history
    }

    /// Adds the facts that are wanted.
    pub fn add(&self, wants: &HistoryWants, history: &mut BranchHistory<'static>) {
        for branch in &wants.passed {
            let memory = self.memory.get(short(branch)).cloned().unwrap_or_default();
            let passed = memory.passed.iter().map(|(from, to, entry)| PassedMove {
                from: id_or_nothing(from),
                to: id(to),
                entry: Some(*entry),
            });
            let passed: Vec<_> = passed.rev().collect();
            history.branches.iter_mut().filter(|state| state.name == branch.as_str()).for_each(|state| {
                state.passed = Some(passed.clone());
            });
        }
        wants.commits.iter().for_each(|commit| history.commits.push(self.commit(&name(commit))));
        for pair in &wants.chains {
            let chain = self.chain(&name(&pair.one), &name(&pair.other));
            chain.iter().for_each(|commit| history.commits.push(self.commit(commit)));
            let commits = chain.iter().map(|commit| id(commit)).collect::<Vec<_>>().into();
            history.chains.push(Chain { from: of(&pair.one), to: of(&pair.other), commits });
        }
        for pair in &wants.bases {
            let (one, other) = (name(&pair.one), name(&pair.other));
            let missing = !self.is_here(&one) || !self.is_here(&other);
            let base = if missing { None } else { self.base(&one, &other).map(|base| id(&base)) };
            history.bases.push(Base { one: of(&pair.one), other: of(&pair.other), base, missing });
        }
        for pair in &wants.counts {
            let without = self.reaches(&name(&pair.other));
            let commits = self.reaches(&name(&pair.one)).difference(&without).count() as u64;
            history.counts.push(Beyond { of: of(&pair.one), without: of(&pair.other), commits });
        }
        for pair in &wants.merge_trees {
            let (base, head) = (name(&pair.one), name(&pair.other));
            let tree = self.is_here(&head).then(|| self.merged(&base, &head));
            history.merge_trees.push(MergeTree { base: of(&pair.one), head: of(&pair.other), tree });
        }
        for commit in &wants.policies {
            let policy = self.commits.get(&name(commit)).filter(|_| self.is_here(&name(commit)));
            let policy = policy.and_then(|commit| commit.policy.as_deref()).map(id);
            history.policies.push(PolicyAt { commit: of(commit), policy });
        }
        for pair in &wants.policy_histories {
            let policy = name(&pair.other);
            let stood = self
                .reaches(&name(&pair.one))
                .iter()
                .any(|commit| self.commits[commit].policy.as_ref() == Some(&policy));
            history.policy_histories.push(PolicyHistory {
                commit: of(&pair.one),
                policy: of(&pair.other),
                stood,
            });
        }
        for commit in &wants.origins {
            let named = name(commit);
            let change = self.changes.iter().find(|change| change.result.as_ref() == Some(&named));
            let change = change.map(|change| OriginChange {
                id: change.id.clone().into(),
                merged: change.merged,
                result: change.result.as_deref().map(id),
                head: id(&change.head),
                merge_base: change.merge_base.as_deref().map(id),
            });
            history.origins.push(Origin { commit: of(commit), change });
        }
    }

    /// What comes out of a range.
    pub fn judge(&self, range: &BranchRange) -> JudgedRange<'static> {
        let altered = match (&range.base, &range.result) {
            (Some(base), Some(result)) if range.merge != countersign_core::model::MergeKind::Push => {
                let result = &self.commits[&name(result)];
                self.merged(&name(base), &name(&range.head))
                    != self.tree(&result.files, result.policy.as_ref())
            }
            _ => false,
        };
        let names = [Some(&range.head), range.result.as_ref()];
        let is_refused = names.into_iter().flatten().any(|id| self.refused.contains(&name(id)));
        let policy =
            range.policy.commit.as_ref().and_then(|commit| self.commits[&name(commit)].policy.clone());
        let is_answered = self.answered.contains(&(name(&range.head), policy.clone()));
        JudgedRange {
            id: range.id.clone().into(),
            altered,
            gated: !self.ungated,
            passes: self.ungated || !is_refused || is_answered,
            answered: is_answered,
            policy: policy.map(Into::into),
        }
    }

    /// Asks until there is a verdict, and tells what was judged on the way. `call` is how the module is asked, and `judge` what
    /// comes out of a range.
    pub fn follow(
        &self,
        target: &str,
        ask: &Ask,
        call: &mut dyn FnMut(&[u8]) -> String,
        judge: &mut dyn FnMut(&BranchRange) -> JudgedRange<'static>,
    ) -> (Vec<BranchRange>, Ranges) {
        let mut history = self.history(target, ask);
        let mut asked = Vec::new();
        for _ in 0..100 {
            let answer = call(&serde_json::to_vec(&history).unwrap());
            let ranges: Ranges = read(answer.as_bytes()).unwrap();
            if ranges.verdict.is_some() {
                return (asked, ranges);
            }
            match &ranges.wants {
                Some(wants) => {
                    let before = serde_json::to_string(&history).unwrap();
                    self.add(wants, &mut history);
                    assert_ne!(before, serde_json::to_string(&history).unwrap(), "{wants:?}");
                }
                None => {
                    assert!(!ranges.judge.is_empty(), "neither a fact, nor a range, nor a verdict");
                    for range in ranges.judge {
                        history.judged.push(judge(&range));
                        asked.push(range);
                    }
                }
            }
        }
        panic!("there is no end to it: {history:?}");
    }
}

fn of(text: &str) -> ObjectId<'static> {
    ObjectId::new(text.to_owned()).unwrap()
}

fn nothing() -> ObjectId<'static> {
    ObjectId::new("0".repeat(40)).unwrap()
}

fn id_or_nothing(name: &str) -> ObjectId<'static> {
    if name == "0" { nothing() } else { id(name) }
}

/// A range in a line: why, how, from where to where, the change, and by whose rules.
pub fn line(range: &BranchRange, altered: bool) -> String {
    let named = |id: &Option<String>| id.as_deref().map_or_else(|| "nowhere".to_owned(), name);
    let mut line = format!("{} {} ", range.reason.name(), range.merge.name());
    line += &named(&range.base);
    if range.since != range.base {
        line += &format!(" (beside {})", named(&range.since));
    }
    line += &format!("..{}", name(&range.head));
    match &range.result {
        Some(result) if *result != range.head => line += &format!(" as {}", name(result)),
        None => line += " as nothing yet",
        _ => {}
    }
    if let Some(change) = &range.change {
        line += &format!(", change {change}");
    }
    line += &format!(", by {}@{}", short(&range.policy.branch), named(&range.policy.commit));
    if let Some(audited) = &range.audited {
        line += &format!(", open since {}", name(audited));
    }
    if altered {
        line += ": not what merging gives";
    }
    line
}

/// The verdict in a line.
pub fn verdict(asked: &[BranchRange], ranges: &Ranges) -> String {
    let verdict = ranges.verdict.as_ref().unwrap();
    let mut line = verdict.state.name().to_owned();
    let places = verdict.stands.iter().map(|id| {
        let place = asked.iter().position(|range| range.id == *id).unwrap();
        (place + 1).to_string()
    });
    let places: Vec<String> = places.collect();
    if !places.is_empty() {
        line += &format!(" by {}", places.join(" and "));
    }
    if !verdict.entries.is_empty() {
        let entries: Vec<String> = verdict.entries.iter().map(u64::to_string).collect();
        line += &format!(" by notes {}", entries.join(" and "));
    }
    if let Some(message) = &verdict.message {
        line += &format!(": {message}");
    }
    if verdict.begins {
        line += ", the watch begins";
    }
    if let Some(remember) = &verdict.remember {
        let named = |id: &Option<String>| id.as_deref().map_or_else(|| "nowhere".to_owned(), name);
        line += &format!(", remember {} to {}", named(&remember.from), named(&remember.to));
    }
    line
}
