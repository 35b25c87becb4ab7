//! `countersign-gitea pre-receive`: judges what is about to enter a protected branch, before it does.
//!
//! Runs inside git's quarantine: the new objects are readable, refs have not moved, and nothing that is written into the
//! repository stays if the push is refused.

mod env;
mod standing;
mod updates;

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use countersign_audit::spool::Spool;
use countersign_core::model::{
    Account, Act, ActKind, Change, Fact, Needs, ObjectId, Proof, Push as PushFact, Request, Software,
    TriggerKind, Unavailable, When, read,
};
use countersign_host::cli::{complain, now};
use countersign_host::collect::{CollectError, Collector, HostRules, Platform, Subject};
use countersign_host::git::{GitError, Repository};
use countersign_host::module::{CallError, Function, Module};
use countersign_serve::Judged;

use crate::api::Api;
use crate::branch::{DefaultBranch, Grounds, Known};
use crate::brought::{Bringer, Brought, NOTED, Seen};
use crate::forge::PullRequest;
use crate::rules::{HostRulesChoice, Scope};
use env::{ForgeAccess, Push};
use standing::{Order, Standing};
use updates::Update;

/// The time in which the forge must have answered everything, of the ten seconds that the whole may take without it.
const FORGE_TIME: Duration = Duration::from_secs(8);

/// The option of a push that breaks the glass; its reason stands behind it.
const BREAK_GLASS: &str = "break-glass=";

/// Judges what a push or merge would put into a protected branch.
///
/// git calls it with a line for each ref on standard input. The forge is asked only about pull requests that it merges;
/// without an address and a token the hook decides from git and signed sign-offs alone, and says so.
#[derive(Args)]
#[command(after_help = "Example, as hooks/pre-receive.d/countersign of a repository:\n  #!/bin/sh\n  \
    exec countersign-gitea pre-receive\n\n\
    A push breaks the glass, where the policy lets the pusher, with\n  \
    git push -o break-glass=\"why this cannot wait\"\n\n\
    Exit codes: 0 passes, 1 blocked, 2 cannot evaluate, which blocks too")]
pub struct PreReceive {
    /// The forge's root, such as http://127.0.0.1:3000/.
    #[arg(long, env = "COUNTERSIGN_FORGE_URL", value_name = "URL", requires = "token_file")]
    url: Option<String>,
    /// A file with a token of the forge.
    #[arg(long, env = "COUNTERSIGN_FORGE_TOKEN_FILE", value_name = "FILE", requires = "url")]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    host: HostRulesChoice,
    #[command(flatten)]
    scope: Scope,
    /// A folder for what was decided, which the service takes into the audit trail; it also remembers what each branch
    /// held, so that what came in past the hook is found.
    #[arg(long, env = "COUNTERSIGN_SPOOL", value_name = "DIR")]
    spool: Option<PathBuf>,
}

impl PreReceive {
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let updates = updates()?;
        let push = Push::read(|name| std::env::var(name).ok());
        let gated: Vec<&Update> = updates.iter().filter(|update| !update.is_pull_head()).collect();
        if push.wiki || gated.is_empty() || !self.scope.holds(&push.repository) {
            return Ok(ExitCode::SUCCESS);
        }
        let module = Module::embedded()?;
        // Sign-offs and notes that travel in the same push count, though their refs have not moved yet.
        let moving = updates.iter().map(|update| (update.name.clone(), update.becomes())).collect();
        let repository = Repository::open(Path::new(".")).map_err(CollectError::from)?.with_moving(moving);
        let mut collector = Collector::of(&module, repository)?;
        let spool = self.spool.as_deref().map(Spool::open).transpose()?;
        let (host, fault) = self.host.rules(&module);
        if let Some(fault) = fault {
            complain(fault.context("nobody breaks the glass by the server's own word").as_ref());
        }
        let stands: HashMap<String, String> = tips(&mut collector)?.into_iter().collect();
        let default_branch = collector.server_default_branch()?;
        let has_policy = match default_branch.as_ref().and_then(|default| default.tip.as_ref()) {
            Some((_, tip)) => collector.policy_at(tip)?.is_some(),
            None => false,
        };
        let mut standing = match &spool {
            Some(spool) => {
                let default = default_branch.as_ref().map(|default| default.name.as_str());
                Some(Standing::open(spool.folder(), &push, &stands, default, has_policy)?)
            }
            None => None,
        };
        let brought = match &spool {
            Some(spool) => Some(Brought::open(spool.folder(), &push.identity()?)?),
            None => None,
        };
        let default_branch = match default_branch {
            Some(branch) => {
                let known = match &branch.tip {
                    Some((_, tip)) => known(&collector, standing.as_ref(), &branch.name, tip)?,
                    None => Known::default(),
                };
                Some(DefaultBranch::of(branch, &known))
            }
            None => None,
        };
        let gate = Gate {
            module: &module,
            push: &push,
            forge: self.forge(),
            host,
            stands: &stands,
            now: now()?,
            default_branch,
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

    fn forge(&self) -> Option<ForgeAccess> {
        Some(ForgeAccess { url: self.url.clone()?, token_file: self.token_file.clone()? })
    }
}

/// What stays the same for every ref of a push.
struct Gate<'a> {
    module: &'a Module,
    push: &'a Push,
    forge: Option<ForgeAccess>,
    host: HostRules,
    /// Where every branch stands.
    stands: &'a HashMap<String, String>,
    now: When,
    default_branch: Option<DefaultBranch>,
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
        mut standing: Option<&mut Standing>,
    ) -> anyhow::Result<bool> {
        let old = update.old.as_ref().map(|old| old.as_str());
        let is_branch = update.name.starts_with("refs/heads/");
        // git takes what the client says of it for true until it moves the ref, which is after the hook.
        let stands = self.stands.get(&update.name).map(String::as_str);
        if is_branch && stands != old {
            bail!(
                "the push would move it from {}, and it stands at {}; fetch, and push again",
                named(old),
                named(stands)
            );
        }
        if update.holds_signoffs()
            && !update.deletes()
            && collector.resolve(update.new.as_str())? != update.new
        {
            bail!(
                "it is a tag, and what holds sign-offs is a history of commits; push the commit that it names"
            );
        }
        let default = self.default_branch.as_ref();
        let is_default = default.is_some_and(|default| default.rules.name == update.name);
        let known = match &update.old {
            Some(old) if is_branch => known(collector, standing.as_deref(), &update.name, old)?,
            Some(old) => Known::all(old.clone()),
            None => Known::default(),
        };
        let grounds = Grounds::of(collector, &update.name, &known, default)?;
        let mut judged = self.judge(collector, update, None, &grounds)?;
        let mut restores = None;
        if let Some(old) = update.old.as_ref().filter(|_| known.open && judged.is_gated()) {
            match &known.settled {
                Some(since) if self.restores(collector, update, old, since)? => {
                    let update = restores.insert(Update { old: Some(since.clone()), ..update.clone() });
                    judged = self.judge(collector, update, None, &grounds)?;
                }
                since => {
                    judged = if self.settles(collector, update, old, since.as_ref(), &grounds)? {
                        // With the rest its policy is decided about.
                        let known = Known::all(old.clone());
                        let grounds = Grounds::of(collector, &update.name, &known, default)?;
                        self.judge(collector, update, None, &grounds)?
                    } else {
                        let audited = since.clone().or_else(|| nothing(old));
                        self.judge(collector, update, audited, &grounds)?
                    };
                }
            }
        }
        let passes = self.said(&judged)?;
        if let Some(standing) = standing.as_mut().filter(|_| passes && is_branch) {
            let new = update.becomes();
            // The first policy starts the watch, where it comes to stand on the default branch; where it stands elsewhere, the
            // first change that it judges.
            let watches = match &new {
                Some(new) if is_default => collector.policy_at(new)?.is_some(),
                _ => false,
            };
            if judged.is_gated() || watches {
                standing.begin();
            }
            // A default branch is watched though it has no policy for a while. Before the first policy nobody is asked, and what
            // passes is where the watch begins.
            let is_watched = judged.is_gated() || update.deletes() || (is_default && !known.open);
            if is_watched || !standing.has_begun() {
                // Where the branch lost commits, what it was left at was decided about by nobody.
                let old = old.filter(|_| restores.is_none());
                standing.pass(&update.name, old, new.as_ref().map(|new| new.as_str()));
            }
        }
        Ok(passes)
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

    /// Whether a push puts back what a branch lost past the hook. It is judged with all that it brings from where all was in order:
    /// nobody could answer for what lacks it.
    fn restores(
        &self,
        collector: &Collector<'_>,
        update: &Update,
        old: &ObjectId<'static>,
        since: &ObjectId<'static>,
    ) -> anyhow::Result<bool> {
        if self.push.merges.is_some() || since.is_zero() || update.deletes() {
            return Ok(false);
        }
        let git = collector.repository();
        let holds = |commit: &ObjectId<'static>| {
            Ok::<bool, GitError>(git.merge_base(since.as_str(), commit.as_str())?.as_ref() == Some(since))
        };
        Ok(!holds(old)? && holds(&update.new)?)
    }

    /// Whether what came into a branch past the hook passes, judged as a change of its own.
    fn settles(
        &self,
        collector: &mut Collector<'_>,
        update: &Update,
        old: &ObjectId<'static>,
        since: Option<&ObjectId<'static>>,
        grounds: &Grounds,
    ) -> anyhow::Result<bool> {
        let came = Update { old: since.cloned(), new: old.clone(), name: update.name.clone() };
        let subject = came.as_push(collector, grounds)?;
        // Who pushes now need not be who brought it.
        let mut pushed = Pushed { lands: false, ..self.pushed(&subject) };
        let judged = self.decide(collector, subject, &mut pushed)?;
        let judged = judged.context("the module takes a push for a merge")?;
        self.said(&judged)
    }

    /// Says and keeps a decision, and tells whether it lets pass.
    fn said(&self, judged: &Judged) -> anyhow::Result<bool> {
        // Most pushes are nobody's concern, and a hook that always speaks is not read.
        if !judged.passes() || judged.decision.as_ref().is_some_and(|decision| decision.policy.is_some()) {
            say(&self.module.render(&judged.answer, "brief", false, false)?);
            if self.forge.is_none() {
                say("Judged from git and signed sign-offs alone: the hook knows no token of the forge.\n");
            }
            if let Some(key) = self.push.deploy_key {
                say(&format!("Pushed with deploy key {key}, which is nobody's account.\n"));
            }
        }
        if let Some(spool) = self.spool.filter(|_| judged.is_gated()) {
            spool.leave(self.module, &judged.request, &judged.answer)?;
        }
        Ok(judged.passes())
    }

    /// The decision about one ref.
    fn judge(
        &self,
        collector: &mut Collector<'_>,
        update: &Update,
        audited: Option<ObjectId<'static>>,
        grounds: &Grounds,
    ) -> anyhow::Result<Judged> {
        let push = Subject { audited, ..update.as_push(collector, grounds)? };
        let answer = match (self.push.merges, &self.forge) {
            (Some(number), Some(forge)) => {
                let token = std::fs::read_to_string(&forge.token_file).with_context(|| {
                    format!("reading the forge's token from {}", forge.token_file.display())
                })?;
                let api = Api::new(&forge.url, &token, FORGE_TIME);
                let repository = &self.push.repository;
                let mut pull = PullRequest::read(&api, TriggerKind::PreReceive, repository, number)?
                    .with_git(collector.repository().clone());
                if pull.target() != update.name {
                    bail!(
                        "pull request {number} is for {}, and {} is being moved",
                        pull.target(),
                        update.name
                    );
                }
                let head = pull.head().to_owned();
                let subject = update.subject(collector, &push, Some(&head))?;
                self.decide(collector, subject, &mut pull)?
            }
            _ => {
                let subject = update.subject(collector, &push, None)?;
                let mut pushed = self.pushed(&subject);
                self.decide(collector, subject, &mut pushed)?
            }
        };
        if let Some(answer) = answer {
            return Ok(answer);
        }
        let mut pushed = self.pushed(&push);
        self.decide(collector, push, &mut pushed)?.context("the module takes a push for a merge")
    }

    fn pushed(&self, subject: &Subject) -> Pushed<'_> {
        Pushed {
            push: self.push,
            now: self.now,
            head: subject.head.clone(),
            lands: self.push.merges.is_none(),
        }
    }

    /// The decision about a change; none where it is to be judged as a push instead.
    fn decide(
        &self,
        collector: &mut Collector<'_>,
        subject: Subject,
        platform: &mut dyn Platform,
    ) -> anyhow::Result<Option<Judged>> {
        let mut platform = Seen { platform, brought: self.brought.as_ref() };
        let collected = collector.collect(&self.with_policy(subject), &mut platform, self.now)?;
        if collected.as_push {
            return Ok(None);
        }
        let answer = self.module.call(Function::Evaluate, &collected.request);
        if let (Err(CallError::Refused(error)), Some(spool)) = (&answer, self.spool) {
            spool.leave(self.module, &collected.request, error)?;
        }
        let answer = answer?;
        let decision = read(answer.as_bytes()).context("the module's answer is no decision")?;
        Ok(Some(Judged { request: collected.request, answer, decision: Some(decision) }))
    }

    fn with_policy(&self, subject: Subject) -> Subject {
        Subject { host: self.host.clone(), ..subject }
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
        // Who pushed what the server merges, only the forge knows.
        if self.lands {
            &[Fact::Text, Fact::History, Fact::Opener, Fact::Requester, Fact::People]
        } else {
            &[Fact::Text, Fact::History, Fact::Opener, Fact::Requester, Fact::People, Fact::Pushes]
        }
    }

    fn facts(&mut self, needs: &Needs, request: &mut Request<'static>) -> Result<(), CollectError> {
        if needs.facts.contains(&Fact::Groups) {
            request.unavailable.push(Unavailable {
                fact: Fact::Groups,
                of: None,
                reason: "the hook asks no forge about a push; list the people under `users`".into(),
            });
        }
        request.complete.push(Fact::Acts);
        if self.lands {
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

fn named(commit: Option<&str>) -> &str {
    commit.map_or("nowhere", |commit| commit.get(..12).unwrap_or(commit))
}

/// How far a branch was decided about; where nobody remembers, as far as it stands.
fn known(
    collector: &Collector<'_>,
    standing: Option<&Standing>,
    name: &str,
    tip: &ObjectId<'static>,
) -> anyhow::Result<Known> {
    let order = standing.map_or(Order::Settled, |standing| standing.order(name, tip.as_str()));
    let (points, beside) = match order {
        Order::Settled => return Ok(Known::all(tip.clone())),
        Order::OpenSince(points) => (points, false),
        Order::OpenBeside(points) => (points, true),
    };
    // What is not even here any more says nothing of the branch, which is then open from its beginning.
    let git = collector.repository();
    let mut here = Vec::new();
    for point in points {
        let point = ObjectId::new(point).context("the spool names a commit that is none")?;
        if let Ok(base) = git.merge_base(point.as_str(), tip.as_str()) {
            here.push((point, base));
        }
    }
    let held = here.iter().find(|(point, base)| base.as_ref() == Some(point));
    // What passed last and is here went in: what the server refuses it does not keep.
    let settled = match held.or(here.first()) {
        // Another branch may have gone on since; nothing was taken off this one.
        Some((_, base)) if beside => base.clone(),
        Some((point, _)) => Some(point.clone()),
        None => None,
    };
    // Of another branch the rules stand where it went last, and not where this one left it.
    let rules = if beside { here.into_iter().next().map(|(point, _)| point) } else { settled.clone() };
    Ok(Known { settled, rules, open: true })
}

/// The id that stands for no commit, in the hash of another.
fn nothing(like: &ObjectId<'_>) -> Option<ObjectId<'static>> {
    ObjectId::new("0".repeat(like.as_str().len()))
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
