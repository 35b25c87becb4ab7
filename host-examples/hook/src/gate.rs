//! Judges what is about to enter a protected branch, before it does.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use countersign_audit::spool::Spool;
use countersign_core::model::{
    Account, Act, ActKind, BranchHistory, BranchOutcome, BranchQuestion, BranchRange, Change, Fact,
    JudgedRange, Merging, Needs, ObjectId, Proof, Push as PushFact, RefUpdate, Request, Software,
    TriggerKind, When,
};
use countersign_host::cli::{complain, now};
use countersign_host::collect::{
    BranchHost, CollectError, Collector, HostRules, Platform, Subject, history, of_git_alone,
};
use countersign_host::forge::{Beside, ForgeChange};
use countersign_host::git::Repository;
use countersign_host::judged::Judged;
use countersign_host::module::{CallError, Module};

use crate::brought::{Bringer, Brought, NOTED, WithBringers};
use crate::push::Push;
use crate::rules::{HostRulesChoice, Scope};
use crate::standing::Standing;
use crate::updates::Update;

/// The option of a push that breaks the glass; its reason stands behind it.
const BREAK_GLASS: &str = "break-glass=";

/// The options of every hook, whatever server it stands on.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// What the server's own configuration says.
    #[command(flatten)]
    pub host: HostRulesChoice,
    /// The repositories that are judged.
    #[command(flatten)]
    pub scope: Scope,
    /// A folder for what was decided, which the service takes into the audit trail; it also remembers what each branch
    /// held, so that what came in past the hook is found.
    #[arg(long, env = "COUNTERSIGN_SPOOL", value_name = "DIR")]
    pub spool: Option<PathBuf>,
}

/// A forge that may be asked about a change that its server merges.
pub trait Merges {
    /// The change of this number, in the repository that is pushed to.
    ///
    /// # Errors
    /// When the forge does not answer.
    fn change(&self, number: u64) -> anyhow::Result<Box<dyn ForgeChange + '_>>;
}

/// Judges the refs that git names on standard input, in the folder that git starts the hook in: inside git's quarantine, where the
/// new objects are readable, refs have not moved, and nothing that is written into the repository stays if the push is refused.
///
/// # Errors
/// When a ref cannot be judged, which refuses the push too.
pub fn pre_receive(options: &Options, push: &Push, forge: Option<&dyn Merges>) -> anyhow::Result<ExitCode> {
    let updates = updates()?;
    let keeps_head =
        |update: &&Update| push.keeps_heads_below.is_none_or(|folder| !update.name.starts_with(folder));
    let gated: Vec<&Update> = updates.iter().filter(keeps_head).collect();
    if gated.is_empty() || !options.scope.holds(&push.repository) {
        return Ok(ExitCode::SUCCESS);
    }
    let module = Module::embedded()?;
    // Sign-offs and notes that travel in the same push count, though their refs have not moved yet.
    let moving = updates.iter().map(|update| (update.name.clone(), update.becomes())).collect();
    let repository = Repository::open(Path::new(".")).map_err(CollectError::from)?.with_moving(moving);
    let mut collector = Collector::of(&module, repository)?;
    let spool = options.spool.as_deref().map(Spool::open).transpose()?;
    let (host, fault) = options.host.rules(&module);
    if let Some(fault) = fault {
        complain(fault.context("nobody breaks the glass by the server's own word").as_ref());
    }
    let default_branch = collector.server_default_branch()?;
    let mut standing = match &spool {
        Some(spool) => {
            let stands: HashMap<String, String> = tips(&mut collector)?.into_iter().collect();
            let default = default_branch.as_ref().map(|default| default.name.as_str());
            let has_policy = match default_branch.as_ref().and_then(|default| default.tip.as_ref()) {
                Some((_, tip)) => collector.policy_at(tip)?.is_some(),
                None => false,
            };
            Some(Standing::open(spool.folder(), push, &stands, default, has_policy)?)
        }
        None => None,
    };
    let brought = match &spool {
        Some(spool) => Some(Brought::open(spool.folder(), &push.identity()?)?),
        None => None,
    };
    let gate = Gate {
        module: &module,
        push,
        forge,
        host,
        now: now()?,
        default_branch: default_branch.map(|branch| branch.name),
        spool: spool.as_ref(),
        brought,
    };
    let mut blocked = false;
    for update in &gated {
        let passes = gate
            .update(&mut collector, update, standing.as_mut())
            .with_context(|| format!("judging {}", update.name))?;
        blocked |= !passes;
    }
    // git moves all refs or none.
    if let Some(standing) = standing.filter(|_| !blocked) {
        standing.keep()?;
        gate.note(&mut collector, &gated)?;
    }
    Ok(ExitCode::from(u8::from(blocked)))
}

/// What stays the same for every ref of a push.
struct Gate<'a> {
    module: &'a Module,
    push: &'a Push,
    forge: Option<&'a dyn Merges>,
    host: HostRules,
    now: When,
    /// The default branch, by full name.
    default_branch: Option<String>,
    spool: Option<&'a Spool>,
    /// Who brought which commit here.
    brought: Option<Brought>,
}

impl Gate<'_> {
    /// Whether one ref may move.
    fn update(
        &self,
        collector: &mut Collector<'_>,
        update: &Update,
        standing: Option<&mut Standing>,
    ) -> anyhow::Result<bool> {
        let change = self.merged(update)?;
        let history = self.history(collector, update, change.as_deref(), standing.as_deref())?;
        let mut judging = Judging { gate: self, change };
        let followed = collector.follow(history, &self.host, &mut judging)?;
        let verdict = followed.verdict;
        if verdict.state == BranchOutcome::Refused {
            bail!(verdict.message.unwrap_or_default());
        }
        for judged in &followed.stands {
            self.said(judged)?;
        }
        if let Some(standing) = standing {
            if verdict.begins {
                standing.begin();
            }
            if let Some(passed) = verdict.remember {
                standing.pass(&update.name, passed.from.as_deref(), passed.to.as_deref());
            }
        }
        Ok(verdict.state == BranchOutcome::Passes)
    }

    /// The change that the server merges by a move of this ref, by the forge's word; none where it merges none, or the forge is not
    /// asked.
    fn merged(&self, update: &Update) -> anyhow::Result<Option<Box<dyn ForgeChange + '_>>> {
        let (Some(number), Some(forge)) = (self.push.merges, self.forge) else { return Ok(None) };
        let change = forge.change(number)?;
        let target = &change.proposal().target;
        if *target != update.name {
            bail!("change {number} is for {target}, and {} is being moved", update.name);
        }
        Ok(Some(change))
    }

    /// What is known of a ref before anything is asked for.
    fn history(
        &self,
        collector: &mut Collector<'_>,
        update: &Update,
        change: Option<&dyn ForgeChange>,
        standing: Option<&Standing>,
    ) -> anyhow::Result<BranchHistory<'static>> {
        let mut known = history(BranchQuestion::Push, &update.name, self.default_branch.as_deref());
        known.remembers = standing.is_some();
        known.watched = standing.is_none_or(Standing::has_begun);
        known.push = Some(RefUpdate {
            old: update.old.clone(),
            new: update.new.clone(),
            commit: match update.deletes() {
                true => None,
                false => Some(collector.resolve(update.new.as_str())?),
            },
            merges: self.push.merges.map(|number| Merging {
                change: number.to_string().into(),
                head: change.and_then(|change| ObjectId::new(change.proposal().head.clone())),
            }),
        });
        if let Some(standing) = standing {
            let names: Vec<&str> =
                std::iter::once(update.name.as_str()).chain(self.default_branch.as_deref()).collect();
            known.branches = standing.remembered(&names)?.into();
        }
        collector.stand(&mut known)?;
        Ok(known)
    }

    /// Notes who brings the commits that no ref holds yet.
    fn note(&self, collector: &mut Collector<'_>, updates: &[&Update]) -> anyhow::Result<()> {
        // Whoever presses merge contributes nothing, and a deploy key is nobody.
        let pusher = self.push.pusher.as_ref().filter(|_| self.push.merges.is_none());
        let (Some(brought), Some(pusher)) = (&self.brought, pusher) else { return Ok(()) };
        let by = Bringer { login: pusher.login.clone(), id: pusher.id.clone(), at: self.now };
        for update in updates.iter().filter(|update| !update.deletes() && !update.holds_signoffs()) {
            // A tag may name what is no commit.
            let Ok(head) = collector.resolve(update.new.as_str()) else { continue };
            brought.note(&collector.repository().unheld(head.as_str(), NOTED)?, &by)?;
        }
        Ok(())
    }

    /// Says and keeps a decision.
    fn said(&self, judged: &Judged) -> anyhow::Result<()> {
        // Most pushes are nobody's concern, and a hook that always speaks is not read.
        if !judged.passes() || judged.decision.as_ref().is_some_and(|decision| decision.policy.is_some()) {
            say(&self.module.render(&judged.answer, "brief", false, false)?);
            if self.forge.is_none() {
                say("Judged from git and signed sign-offs alone: no forge was asked.\n");
            }
            if let Some(key) = self.push.deploy_key {
                say(&format!("Pushed with deploy key {key}, which is nobody's account.\n"));
            }
        }
        if let Some(spool) = self.spool.filter(|_| judged.is_gated()) {
            spool.leave(self.module, &judged.request, &judged.answer)?;
        }
        Ok(())
    }

    /// The decision about a change; none where it is to be judged as a push instead. An error that came instead of a decision is
    /// left in the spool, and refuses the push.
    fn decide(
        &self,
        collector: &mut Collector<'_>,
        subject: Subject,
        platform: &mut dyn Platform,
    ) -> anyhow::Result<Option<Judged>> {
        let mut platform = WithBringers { platform, brought: self.brought.as_ref() };
        let judged = Judged::of(self.module, collector, &subject, &mut platform, self.now)?;
        if let Some(Judged { request, answer, decision: None }) = judged {
            if let Some(spool) = self.spool {
                spool.leave(self.module, &request, &answer)?;
            }
            return Err(CallError::Refused(answer).into());
        }
        Ok(judged)
    }
}

/// Judges the ranges of one ref.
struct Judging<'g> {
    gate: &'g Gate<'g>,
    change: Option<Box<dyn ForgeChange + 'g>>,
}

impl BranchHost for Judging<'_> {
    type Judged = Judged;
    type Error = anyhow::Error;

    fn judge(
        &mut self,
        collector: &mut Collector<'_>,
        range: &BranchRange,
        subject: Subject,
    ) -> anyhow::Result<Option<Judged>> {
        let gate = self.gate;
        match (&range.change, &self.change) {
            (Some(_), Some(change)) => {
                let beside = Beside { git: collector.repository().clone(), answers: None };
                let mut platform = change.platform(beside);
                gate.decide(collector, subject, &mut *platform)
            }
            _ => {
                let mut pushed = Pushed {
                    push: gate.push,
                    now: gate.now,
                    head: subject.head.clone(),
                    lands: range.pushed,
                };
                gate.decide(collector, subject, &mut pushed)
            }
        }
    }

    fn outcome(&self, judged: &Judged) -> JudgedRange<'static> {
        judged.outcome()
    }
}

/// What the server says of a push, where no forge is asked: who pushes, and what they write with it.
struct Pushed<'p> {
    push: &'p Push,
    now: When,
    head: ObjectId<'static>,
    /// Whether it is this push that brings the head. Who presses merge contributes nothing.
    lands: bool,
}

impl Platform for Pushed<'_> {
    fn trigger(&self) -> (TriggerKind, Software<'static>) {
        (TriggerKind::PreReceive, Software { name: "git".into(), version: "".into() })
    }

    fn names(&self, change: &mut Change<'static>) {
        if !self.push.repository.is_empty() {
            change.repository.name = Some(self.push.repository.clone().into());
        }
        // Whoever pushes does so in this repository. What the server merges may have come from anywhere.
        change.fork = self.lands.then_some(false);
    }

    fn absent(&self) -> &[Fact] {
        // Who pushed what the server merges, only the forge knows; and some servers say it of no push.
        if self.lands && !self.push.anonymous {
            &[Fact::Text, Fact::History, Fact::Opener, Fact::Requester, Fact::People]
        } else {
            &[Fact::Text, Fact::History, Fact::Opener, Fact::Requester, Fact::People, Fact::Pushes]
        }
    }

    fn facts(&mut self, needs: &Needs, request: &mut Request<'static>) -> Result<(), CollectError> {
        let why = "the hook asks no forge about a push; list the people under `users`";
        of_git_alone(needs, request, why);
        if self.lands && !self.push.anonymous {
            request.complete.push(Fact::Pushes);
        }
        let (Some(pusher), head) = (&self.push.pusher, &self.head) else { return Ok(()) };
        let by = Account {
            id: pusher.id.clone().map(Into::into),
            login: Some(pusher.login.clone().into()),
            email: pusher.email.clone().map(Into::into),
        };
        if self.lands {
            request.pushes = vec![PushFact {
                by: Some(by.clone()),
                at: Some(self.now),
                head: head.clone(),
                forced: false,
            }]
            .into();
        }
        if let Some(reason) = self.push.options.iter().find_map(|option| option.strip_prefix(BREAK_GLASS)) {
            request.acts.push(Act {
                id: "push-option".into(),
                kind: ActKind::Waiver,
                actor: by,
                proof: Proof::Forge,
                at: Some(self.now),
                head: Some(head.clone()),
                text: Some(format!("break-glass: {reason}").into()),
                ..Act::default()
            });
        }
        Ok(())
    }
}

/// Where every branch stands.
fn tips(collector: &mut Collector<'_>) -> anyhow::Result<Vec<(String, String)>> {
    // Not as a push is about to leave them.
    let names = collector.repository().branches()?;
    Ok(names.into_iter().map(|(name, tip)| (name, tip.to_string())).collect())
}

/// The lines that git gives on standard input.
fn updates() -> anyhow::Result<Vec<Update>> {
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input).context("reading the refs from standard input")?;
    let parse = |line: &str| {
        Update::parse(line)
            .with_context(|| format!("`{line}` is no line of a pre-receive hook: old id, new id, ref"))
    };
    input.lines().map(parse).collect()
}

/// Whoever pushes sees this, and so does whoever presses a button: the server shows both streams.
fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
