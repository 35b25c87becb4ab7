//! `countersign-gitea serve`: judges pull requests as they change, shows what came out, and keeps the record.

mod event;
mod landed;
mod mirror;
pub mod publish;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use countersign_audit::Place;
use countersign_core::model::{
    BranchHistory, BranchQuestion, BranchRange, EarlierAnswer, JudgedRange, ObjectId, TriggerKind,
};
use countersign_hook::HostRulesChoice;
use countersign_hook::brought::{Brought, WithBringers};
use countersign_host::cli::now;
use countersign_host::collect::{BranchHost, Collector, HostRules, Platform, Subject, Target, history};
use countersign_host::git::Remote;
use countersign_host::module::Module;
use countersign_serve::options::Options;
use countersign_serve::{
    Delivery, Forge, ForgeError, Judged, Look, Looked, Memory, Published, Refusal, Shown, Subject as Job,
};

use crate::api::{Api, End, Pull, Repository, User, client};
use crate::forge::PullRequest;
use landed::Landed;
use mirror::Mirrors;
use publish::Publisher;

/// The time for reading one pull request, and again for writing to it: both together less than a claim holds.
const TIME: Duration = Duration::from_secs(20);

/// The time for one question.
const SHORT: Duration = Duration::from_secs(5);

/// The time for the branches of one look at a repository.
const LOOK: Duration = Duration::from_secs(2);

/// Branches that are remembered as guarded by nobody.
const UNGUARDED: usize = 50_000;

pub use event::is_repository;

/// Judges pull requests as they change: a webhook service with pages, a queue and the audit trail.
#[derive(Args)]
#[command(
    after_help = "Example:\n  countersign-gitea serve --listen 127.0.0.1:8420 --url https://git.example.com/ \\\n    \
    --token-file gate.token --webhook-secret-file webhook.secret \\\n    --public-url https://gate.example.com/\n\n\
    POST /webhook takes events; GET / lists what is open, /decisions/HASH shows what was decided; /healthz, /readyz and\n\
    /metrics are for machines. SIGTERM ends it; what is not done stays in the queue.\n\nExit codes: 0 ended, 2 cannot run"
)]
pub struct Serve {
    #[command(flatten)]
    options: Options,
    /// Ask for changes by a review of the gate's own until it passes (see `setup --veto`).
    #[arg(long)]
    veto: bool,
    #[command(flatten)]
    host: HostRulesChoice,
}

impl Serve {
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let options = &self.options;
        let (token, webhook_secret) = (options.token()?, options.webhook_secret()?);
        if let Some(odd) = options.repo.iter().find(|name| !is_repository(name)) {
            bail!("`--repo {odd}` is no repository: write OWNER/NAME");
        }
        let mirrors = &options.mirrors;
        std::fs::create_dir_all(mirrors).with_context(|| mirrors.display().to_string())?;
        let module = Arc::new(Module::embedded()?);
        if let (_, Some(fault)) = self.host.rules(&module) {
            return Err(fault);
        }
        let api = client(&options.url, &token, TIME);
        let settings = options.settings(api.authorization());
        let forge = Gitea {
            own: Mutex::new(own_login(&api, mirrors)),
            module: module.clone(),
            api,
            secret: webhook_secret.into_bytes(),
            mirrors: Mirrors::below(mirrors),
            folder: mirrors.clone(),
            unguarded: Unguarded::default(),
            spool: options.spool.clone(),
            veto: self.veto,
            host: self.host.clone(),
        };
        countersign_serve::run(settings, Box::new(forge), &module)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Where the gate's own login is remembered: a token need not be able to ask for it.
const ACCOUNT: &str = "account";

fn own_login(api: &Api, folder: &Path) -> Option<String> {
    let asked = api.within(SHORT).get::<User>("/user").ok().map(|user| user.login);
    asked.or_else(|| std::fs::read_to_string(folder.join(ACCOUNT)).ok().map(|login| login.trim().to_owned()))
}

/// Gitea, as the service asks it.
struct Gitea {
    module: Arc<Module>,
    api: Api,
    secret: Vec<u8>,
    mirrors: Mirrors,
    folder: PathBuf,
    unguarded: Unguarded,
    /// What the hook of this machine keeps.
    spool: Option<PathBuf>,
    own: Mutex<Option<String>>,
    veto: bool,
    host: HostRulesChoice,
}

/// Where a branch stands, and the branch that says whether anybody guards it.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Stands {
    repository: String,
    default: Option<(String, String)>,
    branch: (String, String),
}

/// Branches that nobody guards, as long as they and the default branch stand where they stood: most are, and each look at a
/// repository sees all of them.
#[derive(Default)]
struct Unguarded(Mutex<HashSet<Stands>>);

impl Unguarded {
    fn holds(&self, stands: &Stands) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(stands)
    }

    fn add(&self, stands: Stands) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= UNGUARDED {
            all.clear();
        }
        all.insert(stands);
    }
}

fn failed(error: impl std::fmt::Display) -> ForgeError {
    ForgeError { reason: error.to_string(), retry_after: None }
}

/// A repository as the forge is now.
struct Mirrored<'m> {
    collector: Collector<'m>,
    default_branch: Option<Target>,
}

impl Mirrored<'_> {
    /// Where a branch stands.
    fn tip(&mut self, name: &str) -> Result<Option<ObjectId<'static>>, ForgeError> {
        let target = match &self.default_branch {
            Some(default) if default.name == name => default.clone(),
            _ => self.collector.branch(name.to_owned()).map_err(failed)?,
        };
        Ok(target.tip.map(|(_, tip)| tip))
    }

    /// What is known of a branch before the module asks for anything.
    fn history(
        &mut self,
        question: BranchQuestion,
        target: &str,
        memory: Option<(&mut dyn Memory, &str)>,
    ) -> Result<BranchHistory<'static>, ForgeError> {
        let default = self.default_branch.as_ref().map(|default| default.name.clone());
        let mut known = history(question, target, default.as_deref());
        // Before memory is asked, so that what let the branches get there is remembered.
        self.collector.stand(&mut known).map_err(failed)?;
        let stand = std::mem::take(&mut known.branches);
        known.remembers = memory.is_some();
        if let Some((memory, repository)) = memory {
            let names: Vec<&str> = std::iter::once(target).chain(default.as_deref()).collect();
            known.watched = memory.watches(repository).map_err(failed)?;
            known.branches = memory.branches(repository, &names).map_err(failed)?.into();
        }
        for here in stand.into_vec() {
            match known.branches.iter_mut().find(|branch| branch.name == here.name) {
                Some(branch) => branch.tip = here.tip,
                None => known.branches.push(here),
            }
        }
        Ok(known)
    }
}

impl Gitea {
    fn own(&self) -> Option<String> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Learns the gate's own login by what it wrote.
    fn learn(&self, login: Option<String>) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if *own != login {
            if let Some(login) = &login {
                // Whoever starts again without it writes one status too many, and learns it again.
                let _ = std::fs::write(self.folder.join(ACCOUNT), login);
            }
            *own = login;
        }
    }

    /// A repository as the forge is now, with what a pull request brings.
    fn look(&self, api: &Api, repository: &str, pull: Option<&Pull>) -> Result<Mirrored<'_>, ForgeError> {
        let mirror = self.mirrors.fetch(api, repository).map_err(failed)?;
        let default = match pull.and_then(|pull| pull.base.repo.as_ref()) {
            Some(repo) => Some(format!("refs/heads/{}", repo.default_branch)),
            None => self.mirrors.default_branch(api, repository, &mirror).map_err(failed)?,
        };
        let mut collector = Collector::of(&self.module, mirror).map_err(failed)?;
        let default_branch = default.map(|name| collector.branch(name)).transpose().map_err(failed)?;
        let mut mirrored = Mirrored { collector, default_branch };
        if let Some(pull) = pull {
            self.bring_head(api, repository, &mut mirrored.collector, pull);
        }
        Ok(mirrored)
    }

    /// Brings the head of a pull request, where it is not here.
    fn bring_head(&self, api: &Api, repository: &str, collector: &mut Collector<'_>, pull: &Pull) {
        if collector.resolve(&pull.head.sha).is_err() {
            self.mirrors.fetch_head(api, repository, collector.repository(), pull);
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

    /// A pull request as the service judges it: without its own words, with the answers given in other changes.
    fn pull_request<'a>(
        &self,
        api: &'a Api,
        memory: &mut dyn Memory,
        repository: &str,
        pull: Pull,
    ) -> Result<PullRequest<'a>, ForgeError> {
        let answers = memory.answers(repository, &pull.number.to_string()).map_err(failed)?;
        let answers = answers.into_iter().map(|(question, digest, change)| EarlierAnswer {
            question: question.into(),
            digest: digest.into(),
            change: change.into(),
        });
        let git = self.mirrors.open(repository).map_err(failed)?;
        Ok(PullRequest::of(api, TriggerKind::Webhook, repository, pull)
            .with_git(git)
            .without(self.own())
            .with_answers(answers.collect()))
    }

    /// Who brought the commits of a pull request, as the hook saw them pass.
    fn brought(&self, pull: &Pull) -> Result<Option<Brought>, ForgeError> {
        let (Some(spool), Some(repository)) = (&self.spool, &pull.base.repo) else { return Ok(None) };
        Brought::open(spool, &repository.id.to_string())
            .map(Some)
            .map_err(|error| failed(format!("{error:#}")))
    }

    /// What the module says of a change; none where it is to be judged as a push.
    fn decide(
        &self,
        collector: &mut Collector<'_>,
        subject: &Subject,
        platform: &mut dyn Platform,
        brought: Option<&Brought>,
    ) -> Result<Option<Judged>, ForgeError> {
        let mut platform = WithBringers { platform, brought };
        let now = now().map_err(failed)?;
        Judged::of(&self.module, collector, subject, &mut platform, now).map_err(failed)
    }
}

/// What was made of the forge's answers, unless one of them may still come: a fact that is missing for a moment is no fact that
/// is missing.
fn answered<T>(api: &Api, judged: T) -> Result<T, ForgeError> {
    match api.trouble() {
        Some(trouble) => Err(failed(trouble)),
        None => Ok(judged),
    }
}

impl Forge for Gitea {
    fn receive(&self, header: &dyn Fn(&str) -> Option<String>, body: &[u8]) -> Result<Delivery, Refusal> {
        event::receive(&self.secret, self.own().as_deref(), header, body)
    }

    fn component(&self) -> &str {
        self.module.digest()
    }

    fn module(&self) -> &Module {
        &self.module
    }

    fn waited(&self) -> Duration {
        self.api.waited()
    }

    fn ready(&self) -> Result<(), ForgeError> {
        let _: serde_json::Value = self.api.within(SHORT).get("/version")?;
        Ok(())
    }

    fn open(&self, repository: &str) -> Result<Look, ForgeError> {
        let api = self.api.within(TIME);
        let path = format!("/repos/{repository}/pulls?state=open&sort=oldest");
        let pulls: Vec<Pull> = api.list(End::Counted, &path)?;
        let mut open: Vec<Job> = pulls
            .iter()
            .map(|pull| Job::Change { repository: repository.to_owned(), number: pull.number })
            .collect();
        let mut mirrored = self.look(&api, repository, None)?;
        let default_branch = mirrored.default_branch.clone();
        let stands_at = default_branch.as_ref().and_then(|default| default.tip.clone());
        let stands_at = stands_at.map(|(name, tip)| (name, tip.to_string()));
        let started = Instant::now();
        let mut more = false;
        for (target, tip) in mirrored.collector.repository().branches().map_err(failed)? {
            let stands = Stands {
                repository: repository.to_owned(),
                default: stands_at.clone(),
                branch: (target.clone(), tip.to_string()),
            };
            if self.unguarded.holds(&stands) {
                continue;
            }
            more = started.elapsed() > LOOK;
            if more {
                break;
            }
            // Nothing into itself: what comes out says whether anybody guards it.
            let mut known = mirrored.history(BranchQuestion::Change, &target, None)?;
            known.head = Some(tip);
            let mut nothing = Proposed { gitea: self, platform: &mut Landed::default(), brought: None };
            let judged = nothing.judged(&mut mirrored.collector, known)?;
            if judged.is_none_or(|judged| judged.is_gated()) {
                open.push(Job::Branch { repository: repository.to_owned(), target });
            } else {
                self.unguarded.add(stands);
            }
        }
        Ok(Look { open, more })
    }

    fn number(&self, repository: &str) -> Result<Option<String>, ForgeError> {
        match self.api.within(SHORT).get::<Repository>(&format!("/repos/{repository}")) {
            Ok(found) => Ok(Some(found.id.to_string())),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn writers(&self, repository: &str) -> Result<Option<Vec<String>>, ForgeError> {
        // The forge's word for the level of one person leaves out what teams may do by units; whoever can be assigned, it says whole.
        match self.api.within(SHORT).list_at_once::<User>(&format!("/repos/{repository}/assignees")) {
            Ok(users) => Ok(Some(users.into_iter().map(|user| user.login).collect())),
            Err(error) if error.passes() => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    fn judge(
        &self,
        repository: &str,
        number: u64,
        memory: &mut dyn Memory,
    ) -> Result<Option<Judged>, ForgeError> {
        let api = self.api.within(TIME);
        let pull: Pull = match api.get(&format!("/repos/{repository}/pulls/{number}")) {
            Ok(pull) => pull,
            // Whatever it was, it is no open pull request.
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if pull.state != "open" {
            return Ok(None);
        }
        let mut mirrored = self.look(&api, repository, Some(&pull))?;
        let target = format!("refs/heads/{}", pull.base.name);
        let mut known =
            mirrored.history(BranchQuestion::Change, &target, Some((&mut *memory, repository)))?;
        known.head = Some(mirrored.collector.resolve(&pull.head.sha).map_err(failed)?);
        let brought = self.brought(&pull)?;
        let mut platform = self.pull_request(&api, memory, repository, pull)?;
        let mut proposed = Proposed { gitea: self, platform: &mut platform, brought: brought.as_ref() };
        answered(&api, proposed.judged(&mut mirrored.collector, known)?)
    }

    fn publish(
        &self,
        place: &Place,
        judged: &Judged,
        shown: &Shown,
        memory: &mut dyn Memory,
    ) -> Result<Published, ForgeError> {
        let api = self.api.within(TIME);
        let own = self.own();
        let mut publisher = Publisher { api: &api, own: own.clone(), veto: self.veto };
        let status = publisher.status(&place.repository, &place.head, shown);
        self.learn(publisher.own.clone());
        let published = status?;
        if let Some(number) = &place.change {
            let known = memory.comment(&place.repository, number).map_err(failed)?;
            let text = self.module.render(&judged.answer, "markdown", false, false).map_err(failed)?;
            let written = publisher.talk(place, number, &judged.publication(), &text, known.as_deref())?;
            if let Some(id) = written.filter(|id| Some(id) != known.as_ref()) {
                memory.keep_comment(&place.repository, number, &id).map_err(failed)?;
            }
        }
        Ok(published)
    }

    fn say_fault(&self, repository: &str, number: u64, why: &str, page: &str) -> Result<(), ForgeError> {
        let api = self.api.within(TIME);
        let pull: Pull = api.get(&format!("/repos/{repository}/pulls/{number}"))?;
        let mut publisher = Publisher { api: &api, own: self.own(), veto: self.veto };
        let said = publisher.fault(repository, &pull.head.sha, why, page);
        self.learn(publisher.own);
        Ok(said?)
    }

    fn tip(&self, repository: &str, target: &str) -> Result<Option<String>, ForgeError> {
        let mut mirrored = self.look(&self.api.within(TIME), repository, None)?;
        Ok(mirrored.tip(target)?.map(|tip| tip.to_string()))
    }

    fn look_at(
        &self,
        repository: &str,
        target: &str,
        memory: &mut dyn Memory,
    ) -> Result<Option<Looked>, ForgeError> {
        // Nothing is written, so there is the time for that too.
        let api = self.api.within(2 * TIME);
        answered(&api, landed::look_at(self, &api, memory, repository, target)?)
    }
}

/// Judges a change that is proposed to a branch.
struct Proposed<'p> {
    gitea: &'p Gitea,
    platform: &'p mut dyn Platform,
    brought: Option<&'p Brought>,
}

impl Proposed<'_> {
    fn judged(
        &mut self,
        collector: &mut Collector<'_>,
        known: BranchHistory<'static>,
    ) -> Result<Option<Judged>, ForgeError> {
        let rules = self.gitea.rules();
        let followed = collector.follow(known, &rules, self)?;
        Ok(followed.stands.into_iter().next())
    }
}

impl BranchHost for Proposed<'_> {
    type Judged = Judged;
    type Error = ForgeError;

    fn judge(
        &mut self,
        collector: &mut Collector<'_>,
        _: &BranchRange,
        subject: Subject,
    ) -> Result<Option<Judged>, ForgeError> {
        self.gitea.decide(collector, &subject, &mut *self.platform, self.brought)
    }

    fn outcome(&self, judged: &Judged) -> JudgedRange<'static> {
        judged.outcome()
    }
}
