//! Judges changes and branches by what a forge says of them now.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use countersign_core::model::{
    BranchHistory, BranchQuestion, BranchRange, BranchVerdict, JudgedRange, ObjectId, OriginChange,
    PassedMove,
};
use countersign_hook::HostRulesChoice;
use countersign_hook::brought::{Brought, WithBringers};
use countersign_host::cli::now;
use countersign_host::collect::{BranchHost, Collector, HostRules, Platform, Subject, Target, history};
use countersign_host::forge::{Beside, ForgeChange, Proposal};
use countersign_host::judged::Judged;
use countersign_host::module::Module;

use crate::forge::Client;
use crate::landed::Landed;
use crate::memory::Memory;
use crate::mirror::Mirrors;

/// The time for the branches of one look at a repository.
const LOOK: Duration = Duration::from_secs(2);

/// Branches of which it is remembered whether anybody guards them.
const REMEMBERED: usize = 50_000;

/// What judging takes beside a forge.
pub struct Judge {
    module: Arc<Module>,
    /// The name of the forge's software.
    software: &'static str,
    mirrors: Mirrors,
    host: HostRulesChoice,
    /// What the hook of this machine keeps.
    spool: Option<PathBuf>,
    guards: Guards,
}

/// A branch that was looked at, and what became of it.
#[derive(Debug)]
pub struct Looked {
    /// Where it stands.
    pub tip: ObjectId<'static>,
    /// What the module says of it.
    pub verdict: BranchVerdict,
    /// The ranges whose decisions stand, oldest first.
    pub judged: Vec<Judged>,
}

/// The branches of a repository as they stand now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Branches {
    /// The default branch, by full name, and where it stands; none of a repository without one.
    pub default: Option<(String, String)>,
    /// All branches.
    pub all: Vec<Branch>,
}

/// A branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its full name.
    pub name: String,
    /// The commit that it stands at.
    pub tip: String,
    /// Whether anybody guards it; none where this look had no time to find out, and the next one goes on.
    pub guarded: Option<bool>,
}

impl Branches {
    /// The branches that somebody guards, as far as it is known.
    pub fn guarded(&self) -> impl Iterator<Item = &Branch> {
        self.all.iter().filter(|branch| branch.guarded == Some(true))
    }

    /// Whether of some branches it is not known yet whether anybody guards them.
    pub fn has_more(&self) -> bool {
        self.all.iter().any(|branch| branch.guarded.is_none())
    }
}

/// A branch at a commit, and the branch at a commit that says whether anybody guards it.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Stands {
    repository: String,
    default: Option<(String, String)>,
    branch: (String, String),
}

/// Whether anybody guards a branch, for as long as the branch and the default branch stand where they stood: each look at a repository
/// sees all of its branches, and most stand still.
#[derive(Default)]
struct Guards(Mutex<HashMap<Stands, bool>>);

impl Guards {
    fn of(&self, stands: &Stands) -> Option<bool> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(stands).copied()
    }

    fn put(&self, stands: Stands, guarded: bool) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(stands, guarded);
    }
}

impl Judge {
    /// Judges by this module what the forge with this software says.
    pub fn new(
        module: Arc<Module>,
        software: &'static str,
        mirrors: PathBuf,
        host: HostRulesChoice,
        spool: Option<PathBuf>,
    ) -> Self {
        let (mirrors, guards) = (Mirrors::below(mirrors), Guards::default());
        Judge { module, software, mirrors, host, spool, guards }
    }

    /// How long the answers of git servers have been waited for since the start.
    pub fn waited(&self) -> Duration {
        self.mirrors.waited()
    }

    /// Judges a change that is open; none for one that is closed.
    ///
    /// # Errors
    /// When the forge or git does not answer, or the module gives no answer.
    pub fn change(
        &self,
        client: &dyn Client,
        memory: Memory<'_>,
        repository: &str,
        number: u64,
    ) -> anyhow::Result<Option<Judged>> {
        let change = client.change(repository, number)?;
        let proposal = change.proposal();
        if !proposal.is_open {
            return Ok(None);
        }
        let mut mirrored = self.look(client, repository, Some(proposal))?;
        let mut known = mirrored.history(BranchQuestion::Change, &proposal.target)?;
        mirrored.remember(&mut known, memory, repository)?;
        known.head = Some(mirrored.collector.resolve(&proposal.head)?);
        let mut proposed = Proposed {
            judge: self,
            brought: self.brought(proposal)?,
            platform: self.platform(memory, repository, &*change)?,
        };
        let followed = mirrored.collector.follow(known, &self.rules(), &mut proposed)?;
        answered(client, followed.stands.into_iter().next())
    }

    /// Looks at a branch: whether what it holds was decided about, and what the module says of the rest, judged as the changes that it
    /// was. None when there is no such branch.
    ///
    /// # Errors
    /// When the forge or git does not answer, or the module gives no answer.
    pub fn branch(
        &self,
        client: &dyn Client,
        memory: Memory<'_>,
        repository: &str,
        target: &str,
    ) -> anyhow::Result<Option<Looked>> {
        let mut mirrored = self.look(client, repository, None)?;
        let Some(tip) = mirrored.tip(target)? else { return Ok(None) };
        let mut known = mirrored.history(BranchQuestion::Tip, target)?;
        mirrored.remember(&mut known, memory, repository)?;
        let since = known.branches.iter().find(|branch| branch.name == target);
        let since = since.and_then(|branch| branch.in_order_entry).unwrap_or_default();
        let mut gained = Gained { judge: self, client, memory, repository, since, changes: HashMap::new() };
        let followed = mirrored.collector.follow(known, &self.rules(), &mut gained)?;
        answered(client, Some(Looked { tip, verdict: followed.verdict, judged: followed.stands }))
    }

    /// The branches of a repository as they stand now. One look takes a bounded time.
    ///
    /// # Errors
    /// When git does not answer, or the module gives no answer.
    pub fn branches(&self, client: &dyn Client, repository: &str) -> anyhow::Result<Branches> {
        let mut mirrored = self.look(client, repository, None)?;
        let default = mirrored.default_branch.as_ref().and_then(|default| default.tip.clone());
        let default = default.map(|(name, tip)| (name, tip.to_string()));
        let started = Instant::now();
        let mut all = Vec::new();
        for (name, tip) in mirrored.collector.repository().branches()? {
            let stands = Stands {
                repository: repository.to_owned(),
                default: default.clone(),
                branch: (name.clone(), tip.to_string()),
            };
            let guarded = match self.guards.of(&stands) {
                None if started.elapsed() > LOOK => None,
                None => {
                    let judged = self.judge_nothing(&mut mirrored, repository, &name, &tip)?;
                    let guarded = judged.map(|judged| judged.is_gated());
                    if let Some(guarded) = guarded {
                        self.guards.put(stands, guarded);
                    }
                    Some(guarded.unwrap_or(true))
                }
                known => known,
            };
            all.push(Branch { name, tip: tip.to_string(), guarded });
        }
        Ok(Branches { default, all })
    }

    /// Judges nothing that goes from a branch into itself: the answer says whether anybody guards the branch.
    fn judge_nothing(
        &self,
        mirrored: &mut Mirrored<'_>,
        repository: &str,
        branch: &str,
        tip: &ObjectId<'static>,
    ) -> anyhow::Result<Option<Judged>> {
        let mut known = mirrored.history(BranchQuestion::Change, branch)?;
        known.remembers = false;
        known.head = Some(tip.clone());
        let platform = Box::new(Landed { software: self.software, repository: repository.to_owned() });
        let mut nothing = Proposed { judge: self, brought: None, platform };
        let followed = mirrored.collector.follow(known, &self.rules(), &mut nothing)?;
        Ok(followed.stands.into_iter().next())
    }

    /// A repository as the forge is now, with the head of a change.
    fn look(
        &self,
        client: &dyn Client,
        repository: &str,
        change: Option<&Proposal>,
    ) -> anyhow::Result<Mirrored<'_>> {
        let remote = client.remote(repository);
        let mirror = self.mirrors.fetch(repository, &remote)?;
        let default = match change.and_then(|change| change.default_branch.clone()) {
            Some(default) => Some(default),
            None => self.mirrors.default_branch(&remote, &mirror)?,
        };
        let mut collector = Collector::of(&self.module, mirror)?;
        let default_branch = default.map(|name| collector.branch(name)).transpose()?;
        if let Some(change) = change {
            self.bring_head(repository, &mut collector, change);
        }
        Ok(Mirrored { collector, default_branch })
    }

    /// Brings the head of a change, where it is not here.
    fn bring_head(&self, repository: &str, collector: &mut Collector<'_>, change: &Proposal) {
        if collector.resolve(&change.head).is_err() {
            self.mirrors.fetch_head(repository, collector.repository(), change);
        }
    }

    /// What the server's own configuration says. Read anew each time, for whoever keeps it changes it while the service runs.
    fn rules(&self) -> HostRules {
        let (host, fault) = self.host.rules(&self.module);
        if let Some(fault) = fault {
            tracing::error!(error = format!("{fault:#}"), "nobody breaks the glass by the server's own word");
        }
        host
    }

    /// The facts of a change, with the answers given in other changes.
    fn platform<'c>(
        &self,
        memory: Memory<'_>,
        repository: &str,
        change: &'c dyn ForgeChange,
    ) -> anyhow::Result<Box<dyn Platform + 'c>> {
        let answers = memory.answers(repository, &change.proposal().number.to_string())?;
        let git = self.mirrors.open(repository)?;
        Ok(change.platform(Beside { git, answers: Some(answers) }))
    }

    /// Who brought the commits of a change, as the hook saw them pass.
    fn brought(&self, change: &Proposal) -> anyhow::Result<Option<Brought>> {
        let (Some(spool), Some(id)) = (&self.spool, &change.repository_id) else { return Ok(None) };
        Brought::open(spool, id).map(Some)
    }

    /// What the module says of a change; none where it is to be judged as a push.
    fn decide(
        &self,
        collector: &mut Collector<'_>,
        subject: &Subject,
        platform: &mut dyn Platform,
        brought: Option<&Brought>,
    ) -> anyhow::Result<Option<Judged>> {
        let mut platform = WithBringers { platform, brought };
        Ok(Judged::of(&self.module, collector, subject, &mut platform, now()?)?)
    }
}

/// What was made of the forge's answers, unless one of them may still come: a fact that is missing for a moment is no fact that
/// is missing.
fn answered<T>(client: &dyn Client, judged: Option<T>) -> anyhow::Result<Option<T>> {
    match client.trouble() {
        Some(trouble) => Err(anyhow::Error::msg(trouble)),
        None => Ok(judged),
    }
}

/// A repository as the forge is now.
struct Mirrored<'m> {
    collector: Collector<'m>,
    default_branch: Option<Target>,
}

impl Mirrored<'_> {
    /// Where a branch stands.
    fn tip(&mut self, name: &str) -> anyhow::Result<Option<ObjectId<'static>>> {
        let target = match &self.default_branch {
            Some(default) if default.name == name => default.clone(),
            _ => self.collector.branch(name.to_owned())?,
        };
        Ok(target.tip.map(|(_, tip)| tip))
    }

    /// What git knows of a branch before the module asks for anything.
    fn history(&mut self, question: BranchQuestion, target: &str) -> anyhow::Result<BranchHistory<'static>> {
        let default = self.default_branch.as_ref().map(|default| default.name.clone());
        let mut known = history(question, target, default.as_deref());
        self.collector.stand(&mut known)?;
        Ok(known)
    }

    /// Adds what is remembered. Memory is asked after git, so that what let the branches get to where they stand is remembered.
    fn remember(
        &self,
        known: &mut BranchHistory<'static>,
        memory: Memory<'_>,
        repository: &str,
    ) -> anyhow::Result<()> {
        let default = self.default_branch.as_ref().map(|default| default.name.as_str());
        let target = known.target.to_string();
        let names: Vec<&str> = std::iter::once(target.as_str()).chain(default).collect();
        known.watched = memory.watches(repository)?;
        let stand = std::mem::replace(&mut known.branches, memory.branches(repository, &names)?.into());
        for here in stand.into_vec() {
            match known.branches.iter_mut().find(|branch| branch.name == here.name) {
                Some(branch) => branch.tip = here.tip,
                None => known.branches.push(here),
            }
        }
        Ok(())
    }
}

/// Judges a change that is proposed to a branch.
struct Proposed<'p> {
    judge: &'p Judge,
    brought: Option<Brought>,
    platform: Box<dyn Platform + 'p>,
}

impl BranchHost for Proposed<'_> {
    type Judged = Judged;
    type Error = anyhow::Error;

    fn judge(
        &mut self,
        collector: &mut Collector<'_>,
        _: &BranchRange,
        subject: Subject,
    ) -> anyhow::Result<Option<Judged>> {
        self.judge.decide(collector, &subject, &mut *self.platform, self.brought.as_ref())
    }

    fn outcome(&self, judged: &Judged) -> JudgedRange<'static> {
        judged.outcome()
    }
}

/// Judges what a branch gained and no hook let in: the merges of changes as such, the rest as pushes.
struct Gained<'g> {
    judge: &'g Judge,
    client: &'g dyn Client,
    memory: Memory<'g>,
    repository: &'g str,
    /// The entry that says up to where it was in order.
    since: u64,
    /// The changes that commits came by, each read once.
    changes: HashMap<String, Box<dyn ForgeChange + 'g>>,
}

impl BranchHost for Gained<'_> {
    type Judged = Judged;
    type Error = anyhow::Error;

    fn passed(&mut self, branch: &str) -> anyhow::Result<Vec<PassedMove<'static>>> {
        self.memory.passed(self.repository, branch, self.since)
    }

    fn origin(
        &mut self,
        collector: &mut Collector<'_>,
        commit: &ObjectId<'static>,
    ) -> anyhow::Result<Option<OriginChange<'static>>> {
        let Some(change) = self.client.change_of(self.repository, commit)? else { return Ok(None) };
        let proposal = change.proposal();
        let id = |text: &String| ObjectId::new(text.clone());
        let Some(head) = id(&proposal.head) else { return Ok(None) };
        // Its branch may be gone; what it held is kept under its number.
        if proposal.is_merged {
            self.judge.bring_head(self.repository, collector, proposal);
        }
        let number = proposal.number.to_string();
        let origin = OriginChange {
            id: number.clone().into(),
            merged: proposal.is_merged,
            result: proposal.result.as_ref().and_then(id),
            head,
            merge_base: proposal.merge_base.as_ref().and_then(id),
        };
        self.changes.insert(number, change);
        Ok(Some(origin))
    }

    fn judge(
        &mut self,
        collector: &mut Collector<'_>,
        range: &BranchRange,
        subject: Subject,
    ) -> anyhow::Result<Option<Judged>> {
        let Some(number) = &range.change else {
            let repository = self.repository.to_owned();
            let mut landed = Landed { software: self.judge.software, repository };
            return self.judge.decide(collector, &subject, &mut landed, None);
        };
        let unasked = || format!("the module names change {number}, by which no commit came");
        let change = self.changes.get(number).with_context(unasked)?;
        let brought = self.judge.brought(change.proposal())?;
        let mut platform = self.judge.platform(self.memory, self.repository, &**change)?;
        self.judge.decide(collector, &subject, &mut *platform, brought.as_ref())
    }

    fn outcome(&self, judged: &Judged) -> JudgedRange<'static> {
        judged.outcome()
    }
}
