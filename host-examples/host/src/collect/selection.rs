//! Which change a person or a CI names, and what plain git knows beside the commits.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use countersign_core::model::{
    API_VERSION, Account, Act, Change, Fact, Label, MergeKind, MergeResult, Needs, ObjectId, Request,
    Software, Trigger, TriggerKind, Unavailable, When,
};
use countersign_core::{shell_word, wellknown};

use super::{CollectError, Collector, Help, HostRules, Platform, Subject, Target};
use crate::ci::{Ci, PullRequest, owner_and_name, same_repository};
use crate::git::GitError;

/// Which change, and what beside git decides about it.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Its commits are counted from here; the target's tip when not given.
    pub base: Option<String>,
    /// Its head; HEAD when not given.
    pub head: Option<String>,
    /// The target: a branch, or a ref by its full name.
    pub target: Option<String>,
    /// The place from which the policy is read.
    pub policy: PolicyFrom,
    /// A target without a policy is refused.
    pub require_policy: bool,
    /// A file of sign-offs that a person gives.
    pub signoffs: Option<PathBuf>,
    /// Everything that a signed sign-off is bound to is collected, whether a rule asks for it or not.
    pub to_sign: bool,
    /// It was merged long ago, into whatever branch: its base says where, and not the target.
    pub merged: bool,
}

/// The place from which a policy is read.
#[derive(Debug, Clone, Default)]
pub enum PolicyFrom {
    /// At the tip of the target, else of the default branch.
    #[default]
    Target,
    /// On a branch that the host names, at the commit at which it names it.
    Branch(Target),
    /// A file of the work tree or elsewhere, by its path.
    File(PathBuf),
    /// In git: a revision and a path.
    Ref {
        /// The revision at which the policy stands.
        revision: String,
        /// The path of the policy in that revision.
        path: String,
    },
}

/// What plain git knows beside the commits: whatever a person gives by hand.
struct Plain<'c> {
    git: String,
    ci: Option<&'c Ci>,
    /// What this clone calls the repository that the target is a branch of.
    remote: Option<String>,
    /// It is in its target already.
    pushed: bool,
    signoffs: Vec<Act<'static>>,
}

impl Plain<'_> {
    /// What the CI says of the pull request that it runs for.
    fn pull(&self) -> Option<&PullRequest> {
        self.ci.and_then(|ci| ci.pull.as_ref())
    }
}

impl Platform for Plain<'_> {
    fn trigger(&self) -> (TriggerKind, Software<'static>) {
        (TriggerKind::Check, Software { name: "git".into(), version: self.git.clone().into() })
    }

    fn names(&self, change: &mut Change<'static>) {
        change.id = self.ci.and_then(|ci| ci.change.clone()).map(Into::into);
        change.repository.remote = self.remote.clone().map(Into::into);
        let source = self.ci.and_then(|ci| ci.source.clone());
        change.source = source.map(|source| format!("refs/heads/{source}").into());
    }

    fn absent(&self) -> &[Fact] {
        use Fact::{History, Opener, People, Pushes, Requester, Text};
        match self.pull() {
            None => &[History, Pushes, Opener, Requester, People, Text],
            Some(pull) if pull.records_opener => &[History, Pushes, Requester, People],
            Some(_) => &[History, Pushes, Opener, Requester, People],
        }
    }

    fn facts(&mut self, needs: &Needs, request: &mut Request<'static>) -> Result<(), CollectError> {
        if let (Some(change), true) = (&mut request.change, self.pushed) {
            // Whoever pushes does so in this repository.
            change.fork = Some(false);
        }
        if let (Some(pull), Some(ci)) = (self.pull(), self.ci) {
            of_pull_request(pull, ci, request);
        }
        request.acts.extend(self.signoffs.drain(..));
        request.complete.push(Fact::Acts);
        if needs.facts.contains(&Fact::Groups) {
            request.unavailable.push(Unavailable {
                fact: Fact::Groups,
                of: None,
                reason: "plain git has no groups; list the people under `users`".into(),
            });
        }
        Ok(())
    }
}

/// Copies what a CI says of a pull request. It says of no list of texts that it is whole.
fn of_pull_request(pull: &PullRequest, ci: &Ci, request: &mut Request<'static>) {
    let Some(change) = &mut request.change else { return };
    (change.draft, change.fork) = (pull.draft, pull.fork);
    change.title = pull.title.clone().map(Into::into);
    let label = |name: &String| Label { name: name.clone().into(), by: None, at: None };
    change.labels = pull.labels.iter().map(label).collect::<Vec<_>>().into();
    change.opened_by =
        pull.opener.clone().map(|login| Account { login: Some(login.into()), ..Account::default() });
    if pull.opener.is_some() {
        request.complete.push(Fact::Opener);
    } else if pull.records_opener {
        request.unavailable.push(Unavailable {
            fact: Fact::Opener,
            of: None,
            reason: format!("{}: this {} does not say it", ci.name, ci.event).into(),
        });
    }
}

/// What the change is, before it is looked at.
struct Named {
    target: Target,
    default_branch: Option<Target>,
    /// Where the target stands before it.
    base: Option<ObjectId<'static>>,
    /// Its commits are counted from here.
    since: Option<ObjectId<'static>>,
    head: ObjectId<'static>,
    /// It is in its target already.
    pushed: bool,
}

/// The repositories that a clone fetches from: their names, and their addresses where these are set.
#[derive(Debug, Clone)]
pub(super) struct Remotes(BTreeMap<String, Option<String>>);

impl Remotes {
    /// The one that says where branches stand: `origin`, else the only one.
    pub fn name(&self) -> &str {
        match self.0.keys().next() {
            Some(only) if self.0.len() == 1 => only,
            _ => "origin",
        }
    }

    /// The address of one of them.
    pub fn address(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_deref()
    }

    /// What that one said of a branch.
    fn branch(&self, branch: &str) -> String {
        format!("refs/remotes/{}/{branch}", self.name())
    }

    /// The remote that a name begins with, and the branch behind it.
    fn split<'n>(&self, name: &'n str) -> Option<(&str, &'n str)> {
        let of = |remote| Some((remote, name.strip_prefix(remote)?.strip_prefix('/')?));
        self.0.keys().filter_map(|remote| of(remote.as_str())).max_by_key(|(remote, _)| remote.len())
    }

    /// The branch of which a ref says where it stands at a remote.
    fn branch_of<'n>(&self, name: &'n str) -> Option<&'n str> {
        self.split(name.strip_prefix("refs/remotes/")?).map(|(_, branch)| branch)
    }

    /// The remote of which a ref says where a branch stands, else the one that says it of all; none where there is no such.
    fn of(&self, place: Option<&str>) -> Option<&str> {
        let named = place.and_then(|place| self.split(place.strip_prefix("refs/remotes/")?));
        let usual = || self.0.keys().map(String::as_str).find(|remote| *remote == self.name());
        named.map(|(remote, _)| remote).or_else(usual)
    }

    /// How a branch comes into the clone, whatever the clone was made to fetch. It may be one of a remote that its name says.
    fn fetch(&self, name: &str) -> String {
        let at_remote =
            name.strip_prefix("refs/remotes/").or_else(|| (!name.starts_with("refs/")).then_some(name));
        if let Some((remote, branch)) = at_remote.and_then(|name| self.split(name)) {
            return fetch(
                remote,
                &format!("refs/heads/{branch}"),
                &format!("refs/remotes/{remote}/{branch}"),
            );
        }
        match name.strip_prefix("refs/heads/") {
            Some(branch) => fetch(self.name(), name, &self.branch(branch)),
            None => fetch(self.name(), name, name),
        }
    }
}

/// The command that makes a ref here what one there is. Both by full name: by a short one git takes a tag before a branch.
fn fetch(remote: &str, theirs: &str, ours: &str) -> String {
    format!("git fetch {remote} {}", shell_word(&format!("+{theirs}:{ours}")))
}

/// Whether a name could be that of a commit, in whole or abbreviated.
fn looks_like_id(revision: &str) -> bool {
    revision.len() >= 7 && revision.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether an id is git's and the forges' word for nothing.
fn is_nothing(revision: &str) -> bool {
    revision.len() >= 40 && revision.bytes().all(|b| b == b'0')
}

/// A branch without the folder that branches stand in; any other ref by its full name.
fn short(name: &str) -> &str {
    name.strip_prefix("refs/heads/").unwrap_or(name)
}

/// What brings a commit or branch into the clone that a CI made.
fn bring(ci: Option<&Ci>, command: String) -> Vec<String> {
    ci.map(|ci| ci.history.to_owned()).into_iter().chain([command]).collect()
}

impl Collector<'_> {
    /// The request for a change, in JSON, with every fact that the module asked for.
    ///
    /// # Errors
    /// When the change cannot be judged; the message says what to do.
    pub fn change(
        &mut self,
        selection: &Selection,
        ci: Option<&Ci>,
        now: When,
    ) -> Result<Vec<u8>, CollectError> {
        let repository = self.repository.clone();
        // Nothing waits for it but the request.
        let version = std::thread::spawn(move || repository.version());
        let remotes = self.remotes()?;
        let named = self.named(selection, ci, &remotes)?;
        let signoffs = match &selection.signoffs {
            Some(path) => self.signoffs(path, &named.head)?,
            None => Vec::new(),
        };
        let place = named.target.tip.as_ref().map(|(place, _)| place.as_str());
        let remote = remotes.of(place).map(str::to_owned);
        let version = version.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        let mut plain = Plain { git: version, ci, remote, pushed: named.pushed, signoffs };
        let result = if named.pushed {
            let tree = self.repository.tree_by(&mut self.objects, named.head.as_str())?;
            Some(MergeResult { commit: named.head.clone(), tree, kind: MergeKind::Push })
        } else {
            None
        };
        let subject = Subject {
            target: named.target,
            default_branch: named.default_branch,
            base: named.base,
            since: named.since,
            head: named.head,
            result,
            policy: selection.policy.clone(),
            host: HostRules { require_policy: selection.require_policy, break_glass: None },
            to_sign: selection.to_sign,
            audited: None,
        };
        self.policy_is_here(&subject, ci, &remotes)?;
        if named.pushed && !self.is_gated(&subject, &plain, now)? {
            return Err(not_gated(&subject, ci));
        }
        match self.collect(&subject, &mut plain, now) {
            Err(CollectError::Shallow { commit, .. }) => {
                let help = bring(ci, "fetch all of it: git fetch --unshallow".to_owned());
                Err(CollectError::Shallow { commit, help: help.into_iter().collect() })
            }
            collected => Ok(collected?.request),
        }
    }

    /// What the flags and the CI name. A flag stands before what the CI says; what neither says is an error, because what a CI
    /// checked out may be anything.
    fn named(
        &mut self,
        selection: &Selection,
        ci: Option<&Ci>,
        remotes: &Remotes,
    ) -> Result<Named, CollectError> {
        let by_ci = ci.filter(|_| selection.target.is_none());
        if let Some(ci) = ci {
            let has_base = by_ci.is_none_or(|ci| !ci.counts_from_base || ci.base.is_some());
            let given = [
                ("head", selection.head.is_some() || ci.head.is_some()),
                ("target", selection.target.is_some() || ci.target.is_some()),
                ("base", selection.base.is_some() || has_base),
            ];
            let lacks: Vec<&str> = given.iter().filter(|(_, given)| !given).map(|(what, _)| *what).collect();
            if !lacks.is_empty() {
                return Err(says_too_little(ci, &lacks));
            }
        }
        let mut default_branch = match ci {
            // A fork says of no other repository which branch is its default one.
            Some(ci) if self.remote_is_of(ci, remotes, remotes.name()).is_err() => None,
            _ => self.default_branch(ci, remotes)?,
        };
        let pushed = by_ci.is_some_and(|ci| ci.pushed);
        let mut target = match (&selection.target, ci.and_then(|ci| ci.target.as_deref())) {
            (Some(name), _) => self.target_by_flag(name, remotes)?,
            (None, Some(name)) => self.target_by_ci(name, remotes)?,
            (None, None) => self.usual_target(default_branch.as_ref(), remotes)?,
        };
        if let Some(ci) = ci {
            let place = target.tip.as_ref().map(|(place, _)| place.as_str());
            self.remote_is_of(ci, remotes, remotes.of(place).unwrap_or(remotes.name()))?;
        }
        let head = self.head(selection, ci)?;
        let base = match (selection.base.as_deref(), by_ci.and_then(|ci| ci.base.as_deref())) {
            (Some(nothing), _) | (None, Some(nothing)) if is_nothing(nothing) => None,
            (Some(revision), _) => Some(self.base_in(&target, revision, selection)?),
            (None, Some(revision)) => Some(self.commit_of(revision, ci.map(|ci| (ci, "base")))?),
            (None, None) => target.tip.as_ref().map(|(_, tip)| tip.clone()),
        };
        let mut since = base.clone();
        if pushed {
            // What was pushed decides nothing about itself: rules are read where the ref stood.
            target.tip = base.clone().map(|base| (target.name.clone(), base));
            if let Some(default) = default_branch.as_mut().filter(|default| default.name == target.name) {
                default.tip.clone_from(&target.tip);
            }
            // What a new branch has from the default branch is no change.
            let default = default_branch.as_ref().and_then(|default| default.tip.as_ref());
            since = since.or_else(|| default.map(|(_, tip)| tip.clone()));
        } else if target.tip.is_none() && !(selection.base.is_some() && base.is_none()) {
            return Err(self.target_not_here(&target, selection, ci, remotes)?);
        }
        Ok(Named { target, default_branch, base, since, head, pushed })
    }

    /// Where branches stand is what the repository says that the CI runs for, and not a fork of it, whatever flags name.
    fn remote_is_of(&self, ci: &Ci, remotes: &Remotes, remote: &str) -> Result<(), CollectError> {
        if let (Some(expected), Some(address)) = (&ci.repository, remotes.address(remote))
            && !same_repository(expected, address)
        {
            return Err(CollectError::OtherRemote {
                ci: ci.name,
                expected: owner_and_name(expected),
                remote: remote.to_owned(),
                found: owner_and_name(address),
            });
        }
        if ci.elsewhere && remote == remotes.name() { Err(says_too_little(ci, &[])) } else { Ok(()) }
    }

    fn head(&mut self, selection: &Selection, ci: Option<&Ci>) -> Result<ObjectId<'static>, CollectError> {
        let Some(revision) = &selection.head else {
            return match ci {
                Some(ci) => self.commit_of(ci.head.as_deref().unwrap_or_default(), Some((ci, "head"))),
                None => self.objects.commit("HEAD")?.ok_or_else(|| CollectError::NoCommit {
                    revision: "HEAD".to_owned(),
                    named_by: String::new(),
                    help: Help::of("the branch has no commits yet; make one, or name a head with --head"),
                }),
            };
        };
        self.commit_of(revision, None)
    }

    /// The base that a flag names. What it reaches is no change, so the target must hold it.
    fn base_in(
        &mut self,
        target: &Target,
        revision: &str,
        selection: &Selection,
    ) -> Result<ObjectId<'static>, CollectError> {
        let base = self.commit_of(revision, None)?;
        let tip = target.tip.as_ref().filter(|_| !selection.merged).map(|(_, tip)| tip);
        let Some(tip) = tip.filter(|tip| **tip != base) else { return Ok(base) };
        if self.repository.merge_base(base.as_str(), tip.as_str())?.as_ref() == Some(&base) {
            return Ok(base);
        }
        Err(CollectError::BaseNotInTarget { revision: revision.to_owned(), target: target.name.clone() })
    }

    /// The commit that a flag or a CI names.
    fn commit_of(
        &mut self,
        revision: &str,
        by: Option<(&Ci, &str)>,
    ) -> Result<ObjectId<'static>, CollectError> {
        if let Some(commit) = self.named_commit(revision)? {
            return Ok(commit);
        }
        let help = match by {
            Some((ci, _)) => bring(Some(ci), format!("git fetch {} {revision}", shell_word(&self.remote()?))),
            None if self.repository.is_shallow() => {
                vec![
                    "this is a shallow clone: fetch all of the history with git fetch --unshallow".to_owned(),
                ]
            }
            None if looks_like_id(revision) => {
                let remote = shell_word(&self.remote()?);
                vec![
                    format!("bring what others have pushed: git fetch {remote}"),
                    "if it is not there after that, its author has not pushed it yet".to_owned(),
                ]
            }
            None => Vec::new(),
        };
        Err(CollectError::NoCommit {
            revision: revision.to_owned(),
            named_by: by
                .map(|(ci, what)| format!(", the {what} that {} names,", ci.name))
                .unwrap_or_default(),
            help: help.into_iter().collect(),
        })
    }

    /// The repositories that this clone fetches from, read once.
    pub(super) fn remotes(&self) -> Result<Remotes, CollectError> {
        if let Some(known) = self.remotes.get() {
            return Ok(known.clone());
        }
        let read = Remotes(self.repository.remotes()?);
        Ok(self.remotes.get_or_init(|| read).clone())
    }

    /// What this clone calls the repository that says where branches stand.
    ///
    /// # Errors
    /// When git fails.
    pub fn remote(&self) -> Result<String, CollectError> {
        Ok(self.remotes()?.name().to_owned())
    }

    /// What this clone calls the repository that a target is a branch of, as a flag may name it; none where it knows no other.
    ///
    /// # Errors
    /// When git fails.
    pub fn remote_of(&mut self, target: Option<&str>) -> Result<Option<String>, CollectError> {
        let remotes = self.remotes()?;
        let target = target.map(|name| self.target_by_flag(name, &remotes)).transpose()?;
        let place = target.and_then(|target| target.tip).map(|(place, _)| place);
        Ok(remotes.of(place.as_deref()).map(str::to_owned))
    }

    /// A branch that a flag names, by short or full name, and where it stands.
    ///
    /// # Errors
    /// When git fails.
    pub fn named_target(&mut self, name: &str) -> Result<Target, CollectError> {
        let remotes = self.remotes()?;
        self.target_by_flag(name, &remotes)
    }

    /// The target that a flag names: a branch of the repository that the change goes into, or another ref by its full name. Where
    /// the remote says where the branch stands, that is where it stands, however it is named: a branch that is called so here may
    /// be behind it, or be whatever made this clone put there. Only a full name goes on to that, where the remote said nothing.
    fn target_by_flag(&mut self, name: &str, remotes: &Remotes) -> Result<Target, CollectError> {
        self.is_a_branch(name, remotes)?;
        if let Some(branch) = name.strip_prefix("refs/heads/") {
            return self.named_in_full(name, branch, remotes);
        }
        if name.starts_with("refs/") {
            let target = remotes.branch_of(name).map(|branch| format!("refs/heads/{branch}"));
            return self.first_of(target.as_deref().unwrap_or(name), &[name.to_owned()]);
        }
        let remote = name.strip_prefix(remotes.name()).and_then(|rest| rest.strip_prefix('/'));
        // A branch may be called like what the remote said of another one.
        let called_so = [remotes.branch(name), format!("refs/heads/{name}")];
        if let Some(branch) = remote
            && (self.repository.has_ref(&called_so[0])? || self.repository.has_ref(&called_so[1])?)
        {
            let places = [branch, name].map(|branch| format!("refs/heads/{branch}")).into();
            return Err(CollectError::Ambiguous { name: name.to_owned(), places });
        }
        let of_other = remotes.split(name).filter(|(other, _)| *other != remotes.name());
        if let Some((other, branch)) = of_other {
            let place = format!("refs/remotes/{other}/{branch}");
            if self.repository.has_ref(&place)? {
                if self.repository.has_ref(&called_so[0])? || self.repository.has_ref(&called_so[1])? {
                    let places = vec![place, format!("refs/heads/{name}")];
                    return Err(CollectError::Ambiguous { name: name.to_owned(), places });
                }
                return self.first_of(&format!("refs/heads/{branch}"), &[place]);
            }
        }
        let branch = remote.unwrap_or(name);
        let mut places = vec![remotes.branch(branch), format!("refs/heads/{branch}")];
        if self.repository.work_tree.is_some() && !remotes.0.is_empty() {
            places.truncate(1);
        }
        self.first_of(&format!("refs/heads/{branch}"), &places)
    }

    /// The target that a flag names as `refs/heads/BRANCH`. Of several remotes none of which is `origin`, nobody knows which says
    /// where it stands, so all that is known of it must be the same.
    fn named_in_full(&mut self, name: &str, branch: &str, remotes: &Remotes) -> Result<Target, CollectError> {
        let target = self.first_of(name, &[remotes.branch(branch), name.to_owned()])?;
        let Some((place, tip)) = &target.tip else { return Ok(target) };
        if place == name {
            let mut places = vec![name.to_owned()];
            for remote in remotes.0.keys() {
                let other = format!("refs/remotes/{remote}/{branch}");
                let known = self.first_of(name, std::slice::from_ref(&other))?;
                places.extend(known.tip.filter(|(_, other)| other != tip).map(|_| other));
            }
            if places.len() > 1 {
                return Err(CollectError::Ambiguous { name: name.to_owned(), places: places.split_off(1) });
            }
        }
        Ok(target)
    }

    /// Refuses `HEAD` for a target, by any name that git has for it: it is whatever is checked out, or whatever a remote takes for
    /// its default branch.
    fn is_a_branch(&self, name: &str, remotes: &Remotes) -> Result<(), CollectError> {
        let of =
            ["refs/heads/", "heads/", "refs/remotes/", "remotes/"].iter().find_map(|f| name.strip_prefix(f));
        let of = of.unwrap_or(name);
        let of_remote =
            remotes.0.keys().find_map(|remote| of.strip_prefix(remote.as_str())?.strip_prefix('/'));
        if !matches!(of_remote.unwrap_or(of), "HEAD" | "@") {
            return Ok(());
        }
        let folder = remotes.branch("");
        let theirs = self.repository.symbolic_ref(&format!("{folder}HEAD"))?;
        let theirs = theirs.as_deref().and_then(|name| name.strip_prefix(&folder));
        let here = self.repository.symbolic_ref("HEAD")?;
        let here = here.as_deref().and_then(|name| name.strip_prefix("refs/heads/"));
        let mut help = Vec::new();
        if let Some(branch) = theirs {
            help.push(format!("the default branch of {}: --target {}", remotes.name(), shell_word(branch)));
        }
        if let Some(branch) = here.filter(|branch| Some(*branch) != theirs) {
            help.push(format!("the branch that is checked out: --target {}", shell_word(branch)));
        }
        Err(CollectError::NoBranch { name: name.to_owned(), help: help.into_iter().collect() })
    }

    /// The ref that a CI names, as the remote said that it stands: a branch that a job made may hold anything. Only where there
    /// is no remote, and in a bare repository, branches are the truth.
    fn target_by_ci(&mut self, name: &str, remotes: &Remotes) -> Result<Target, CollectError> {
        let Some(branch) = name.strip_prefix("refs/heads/") else {
            return self.first_of(name, &[name.to_owned()]);
        };
        let mut places = vec![remotes.branch(branch)];
        if self.repository.work_tree.is_none() || remotes.0.is_empty() {
            places.push(name.to_owned());
        }
        self.first_of(name, &places)
    }

    /// Where nobody says it: what the remote's HEAD names, else a main or master that is here.
    fn usual_target(
        &mut self,
        default_branch: Option<&Target>,
        remotes: &Remotes,
    ) -> Result<Target, CollectError> {
        if let Some(default) = default_branch {
            return Ok(default.clone());
        }
        // A base alone says where the target stands and not what it is called.
        for name in wellknown::DEFAULT_BRANCHES {
            let target = self.target_by_flag(name, remotes)?;
            if target.tip.is_some() {
                return Ok(target);
            }
        }
        Err(CollectError::NoTarget(Help::of("name the branch that the change goes into with --target")))
    }

    fn first_of(&mut self, name: &str, places: &[String]) -> Result<Target, CollectError> {
        let here = self.repository.standing(places)?;
        for place in places.iter().filter(|place| here.contains(*place)) {
            if let Some(tip) = self.objects.commit(place)? {
                return Ok(Target { name: name.to_owned(), tip: Some((place.clone(), tip)) });
            }
            // What is there and cannot be read is no missing one.
            if self.objects.get(place)?.is_none() {
                return Err(GitError::MissingTip { git_ref: place.clone() }.into());
            }
        }
        Ok(Target { name: name.to_owned(), tip: None })
    }

    /// The default branch by what the remote's HEAD names, in a bare repository by its own HEAD, else by the CI; never by what is
    /// checked out here.
    fn default_branch(&mut self, ci: Option<&Ci>, remotes: &Remotes) -> Result<Option<Target>, CollectError> {
        if self.repository.work_tree.is_none() {
            return self.server_default_branch();
        }
        let folder = remotes.branch("");
        let named = self.repository.symbolic_ref(&format!("{folder}HEAD"))?;
        if let Some(branch) = named.as_deref().and_then(|name| name.strip_prefix(&folder)) {
            return self.first_of(&format!("refs/heads/{branch}"), &[remotes.branch(branch)]).map(Some);
        }
        let named = ci.and_then(|ci| ci.default_branch.as_deref());
        named.map(|name| self.target_by_ci(name, remotes)).transpose()
    }

    /// That nobody knows where the target stands, and how this clone comes to know it.
    fn target_not_here(
        &self,
        target: &Target,
        selection: &Selection,
        ci: Option<&Ci>,
        remotes: &Remotes,
    ) -> Result<CollectError, CollectError> {
        let name = short(&target.name);
        let folders = [remotes.branch(""), "refs/heads/".to_owned()];
        let branches = self.repository.refs(&folders)?;
        let branches: Vec<&str> = branches
            .iter()
            .filter_map(|known| folders.iter().find_map(|folder| known.strip_prefix(folder.as_str())))
            .filter(|known| *known != "HEAD" && *known != name)
            .collect();
        let mut help = Vec::new();
        if let Some(likely) = countersign_core::likely(name, &branches).filter(|_| selection.target.is_some())
        {
            help.push(format!("did you mean `{likely}`?"));
        }
        let at_other = selection.target.as_deref().filter(|name| {
            let short = name.strip_prefix("refs/remotes/").unwrap_or(name);
            remotes.split(short).is_some_and(|(remote, _)| remote != remotes.name())
        });
        help.extend(bring(ci, remotes.fetch(at_other.unwrap_or(&target.name))));
        if selection.target.is_some() && self.repository.has_ref(&format!("refs/heads/{name}"))? {
            let here = shell_word(&format!("refs/heads/{name}"));
            help.push(format!(
                "if the branch of that name is meant that stands in this clone alone: --target {here}"
            ));
        }
        if selection.target.is_some() && selection.base.is_none() {
            help.push(format!("if it is to be new: --base {}", "0".repeat(40)));
        }
        Ok(CollectError::TargetNotHere { name: target.name.clone(), help: help.into_iter().collect() })
    }

    /// That a target has no policy can only be said of a tip that was looked at: its own, and that of the default branch.
    fn policy_is_here(
        &mut self,
        subject: &Subject,
        ci: Option<&Ci>,
        remotes: &Remotes,
    ) -> Result<(), CollectError> {
        if !matches!(subject.policy, PolicyFrom::Target) {
            return Ok(());
        }
        let (target, default) = (&subject.target, subject.default_branch.as_ref());
        let own = target.tip.as_ref();
        if let Some((_, tip)) = own
            && self.objects.has_entry(tip.as_str(), wellknown::POLICY)?
        {
            return Ok(());
        }
        let (why, help) = match default {
            Some(default) if default.tip.is_some() => return Ok(()),
            Some(default) if default.name == target.name => (
                "nothing stood there before this push".to_owned(),
                vec![
                    "judge it by a policy that you give: --policy-ref REF:PATH, or --policy FILE".to_owned(),
                ],
            ),
            Some(default) => (
                format!(
                    "{}, the default branch, whose policy would count, is not in this repository",
                    default.name
                ),
                bring(ci, remotes.fetch(&default.name)),
            ),
            None if own.is_some() && remotes.0.is_empty() => return Ok(()),
            None => (
                "nothing here says which branch is the default one, whose policy would count".to_owned(),
                vec![
                    format!("git remote set-head {} --auto", remotes.name()),
                    "or judge it by a policy that you give: --policy-ref REF:PATH, or --policy FILE"
                        .to_owned(),
                ],
            ),
        };
        Err(CollectError::NoDefaultBranch {
            target: target.name.clone(),
            why,
            help: help.into_iter().collect(),
        })
    }

    /// Whether a hook would gate the target; the module says which refs those are.
    fn is_gated(&mut self, subject: &Subject, plain: &Plain<'_>, now: When) -> Result<bool, CollectError> {
        let (_, platform) = plain.trigger();
        let request = Request {
            api_version: API_VERSION.into(),
            trigger: Trigger {
                kind: TriggerKind::PreReceive,
                host: Software { name: "countersign".into(), version: env!("CARGO_PKG_VERSION").into() },
                platform,
                now,
                require_policy: false,
            },
            change: Some(Change {
                target: subject.target.name.clone().into(),
                default_branch: subject.default_branch.as_ref().map(|branch| branch.name.clone().into()),
                base_tip: subject.head.clone(),
                head: subject.head.clone(),
                ..Change::default()
            }),
            documents: self.protection(subject)?.into_iter().collect::<Vec<_>>().into(),
            ..Request::default()
        };
        Ok(!self.needs(&request)?.facts.is_empty())
    }

    fn signoffs(&mut self, path: &Path, head: &ObjectId<'static>) -> Result<Vec<Act<'static>>, CollectError> {
        if let Some(inside) = self.in_work_tree(path) {
            // A path that cannot be asked for cannot be cleared.
            let committed = match inside.to_str() {
                Some(inside) => self.objects.has_entry(head.as_str(), inside)?,
                None => true,
            };
            if committed {
                return Err(CollectError::SignoffsInTree(path.to_owned()));
            }
        }
        Ok(crate::signoffs::read(path)?)
    }
}

/// That an event does not say what it should.
fn says_too_little(ci: &Ci, lacks: &[&str]) -> CollectError {
    let names = lacks.join(" and the ");
    let flags = lacks.iter().map(|what| format!("--{what}")).collect::<Vec<_>>().join(" and ");
    // Of another repository no flag makes this one say anything.
    let flags = (!ci.elsewhere).then(|| format!("say what is judged with {flags}"));
    CollectError::NoChange {
        ci: ci.name,
        event: ci.event.clone(),
        lacks: match ci.help {
            Some(_) => "names no change".to_owned(),
            None => format!("does not say the {names} of its change"),
        },
        help: ci.help.map(str::to_owned).into_iter().chain(flags).collect(),
    }
}

/// That a push went to a ref that nobody guards: a pass would stand on a commit that goes elsewhere later.
fn not_gated(subject: &Subject, ci: Option<&Ci>) -> CollectError {
    let into = subject.default_branch.as_ref().map_or("main", |default| short(&default.name));
    CollectError::NoChange {
        ci: ci.map_or("the CI", |ci| ci.name),
        event: ci.map(|ci| ci.event.clone()).unwrap_or_default(),
        lacks: format!(
            "went to {}, which is not protected, and does not say where its commits go from there",
            subject.target.name
        ),
        help: [
            "run this command for pull requests, and for pushes to protected branches".to_owned(),
            format!("or say where they go, as with --target {into}"),
        ]
        .into_iter()
        .collect(),
    }
}
