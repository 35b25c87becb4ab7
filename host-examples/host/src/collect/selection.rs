//! Which change a person or a CI names, and what plain git knows beside the commits.

use std::path::{Path, PathBuf};

use countersign_core::model::{
    Act, Change, Fact, Needs, ObjectId, Request, Software, TriggerKind, Unavailable, When,
};

use super::{CollectError, Collector, HostRules, Platform, Subject, Target};
use crate::ci::Ci;

/// Which change, and what beside git decides about it.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Its commits are counted from here; the target's tip when not given.
    pub base: Option<String>,
    /// Its head; HEAD when not given.
    pub head: Option<String>,
    /// The target: a branch, or a ref by its full name.
    pub target: Option<String>,
    /// Where the policy stands.
    pub policy: PolicyFrom,
    /// A target without a policy is refused.
    pub require_policy: bool,
    /// A file of sign-offs that a person gives.
    pub signoffs: Option<PathBuf>,
    /// Everything that a signed sign-off is bound to is collected, whether a rule asks for it or not.
    pub to_sign: bool,
}

/// Where a policy stands.
#[derive(Debug, Clone, Default)]
pub enum PolicyFrom {
    /// At the tip of the target, else of the default branch.
    #[default]
    Target,
    /// On a branch that the host names, at the commit at which it names it.
    Branch(Target),
    /// In a file.
    File(PathBuf),
    /// In git: a revision and a path.
    Ref {
        /// The revision.
        revision: String,
        /// The path in it.
        path: String,
    },
}

/// What plain git knows beside the commits: whatever a person gives by hand.
struct Plain<'c> {
    git: String,
    ci: Option<&'c Ci>,
    signoffs: Vec<Act<'static>>,
}

impl Platform for Plain<'_> {
    fn trigger(&self) -> (TriggerKind, Software<'static>) {
        (TriggerKind::Check, Software { name: "git".into(), version: self.git.clone().into() })
    }

    fn names(&self, change: &mut Change<'static>) {
        change.id = self.ci.and_then(|ci| ci.change.clone()).map(Into::into);
        let source = self.ci.and_then(|ci| ci.source.clone());
        change.source = source.map(|source| format!("refs/heads/{source}").into());
    }

    fn absent(&self) -> &[Fact] {
        &[Fact::History, Fact::Pushes, Fact::Opener, Fact::Requester, Fact::People]
    }

    fn facts(&mut self, needs: &Needs, request: &mut Request<'static>) -> Result<(), CollectError> {
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
        let head = self.head(selection, ci)?;
        let target = self.target(selection, ci)?;
        let base = self.base(selection, ci, &target)?;
        let default_branch = match self.default_branch()? {
            Some(name) => Some(self.named_target(&name)?),
            None => None,
        };
        let signoffs = match &selection.signoffs {
            Some(path) => self.signoffs(path, &head)?,
            None => Vec::new(),
        };
        let subject = Subject {
            target,
            default_branch,
            since: base.clone(),
            base,
            head,
            result: None,
            policy: selection.policy.clone(),
            host: HostRules { require_policy: selection.require_policy, break_glass: None },
            to_sign: selection.to_sign,
            audited: None,
        };
        let mut plain = Plain { git: self.repository.version()?, ci, signoffs };
        Ok(self.collect(&subject, &mut plain, now)?.request)
    }

    fn head(&mut self, selection: &Selection, ci: Option<&Ci>) -> Result<ObjectId<'static>, CollectError> {
        let from_ci = ci.and_then(|ci| ci.head.clone());
        let revision =
            selection.head.clone().or_else(|| from_ci.clone()).unwrap_or_else(|| "HEAD".to_owned());
        let hint = match (&selection.head, from_ci) {
            (None, None) => {
                ": the branch has no commits yet; make one, or name a head with --head".to_owned()
            }
            (None, Some(_)) => {
                format!(
                    ": {} names it, and the clone does not have it; fetch it",
                    ci.map_or("the CI", |ci| ci.name)
                )
            }
            _ => String::new(),
        };
        let branch = self.objects.commit(&format!("refs/heads/{revision}"))?;
        let tag = self.objects.commit(&format!("refs/tags/{revision}"))?;
        if branch.is_some() && tag.is_some() && branch != tag {
            return Err(CollectError::Ambiguous(revision));
        }
        self.objects.commit(&revision)?.ok_or(CollectError::NoCommit { revision, hint })
    }

    /// Finds the target: what the flag says, what the CI says, what the remote's HEAD names, a local main or master.
    fn target(&mut self, selection: &Selection, ci: Option<&Ci>) -> Result<Target, CollectError> {
        if let Some(name) = selection.target.as_deref().or(ci.and_then(|ci| ci.target.as_deref())) {
            return self.named_target(name);
        }
        if let Some(default) = self.default_branch()? {
            return self.named_target(&default);
        }
        // A base alone says where the target stands and not what it is called.
        for name in ["main", "master"] {
            let target = self.named_target(name)?;
            if target.tip.is_some() {
                return Ok(target);
            }
        }
        Err(CollectError::NoTarget(
            "neither a flag, nor the CI, nor the remote's HEAD says what it is".to_owned(),
        ))
    }

    /// A branch, by short or full name, and where it stands. Full names only are looked up: a tag called like a branch is another
    /// ref. What the remote said of a branch stands before the branch of the same name here.
    ///
    /// # Errors
    /// When git fails.
    pub fn named_target(&mut self, name: &str) -> Result<Target, CollectError> {
        let (name, places) = match name.strip_prefix("refs/") {
            Some(rest) => match rest.strip_prefix("remotes/origin/") {
                Some(branch) => (format!("refs/heads/{branch}"), vec![name.to_owned()]),
                None => (name.to_owned(), vec![name.to_owned()]),
            },
            None => {
                let branch = name.strip_prefix("origin/").unwrap_or(name);
                let places = vec![format!("refs/remotes/origin/{branch}"), format!("refs/heads/{branch}")];
                (format!("refs/heads/{branch}"), places)
            }
        };
        for place in places {
            if self.repository.has_ref(&place)?
                && let Some(tip) = self.objects.commit(&place)?
            {
                return Ok(Target { name, tip: Some((place, tip)) });
            }
        }
        Ok(Target { name, tip: None })
    }

    /// The default branch by what the remote's HEAD names; never what is checked out here.
    fn default_branch(&self) -> Result<Option<String>, CollectError> {
        let named = self.repository.symbolic_ref("refs/remotes/origin/HEAD")?;
        Ok(named.and_then(|name| name.strip_prefix("refs/remotes/").map(str::to_owned)))
    }

    fn base(
        &mut self,
        selection: &Selection,
        ci: Option<&Ci>,
        target: &Target,
    ) -> Result<Option<ObjectId<'static>>, CollectError> {
        if let Some(revision) = &selection.base {
            // git's and the forges' word for "nothing before": the whole history of the head is the change.
            if revision.len() >= 40 && revision.bytes().all(|b| b == b'0') {
                return Ok(None);
            }
            let found = self.objects.commit(revision)?;
            let hint = if self.repository.is_shallow() {
                "; this is a shallow clone: fetch all of the history (`git fetch --unshallow`)".to_owned()
            } else {
                String::new()
            };
            return found.map(Some).ok_or(CollectError::NoCommit { revision: revision.clone(), hint });
        }
        if let Some((_, tip)) = &target.tip {
            return Ok(Some(tip.clone()));
        }
        // Only the CI says where the target stands; a base that the clone does not have is no base.
        if let Some(revision) = ci.and_then(|ci| ci.base.clone()) {
            let hint = format!(
                ": it is the base that {} names; fetch the target branch, or all of the history",
                ci.map_or("the CI", |ci| ci.name)
            );
            return self
                .objects
                .commit(&revision)?
                .map(Some)
                .ok_or(CollectError::NoCommit { revision, hint });
        }
        if selection.target.is_some() || ci.is_some_and(|ci| ci.target.is_some()) {
            return Err(CollectError::NoTarget(format!(
                "{} does not exist here; fetch it (`git fetch origin {}`), or, if it is to be new, say so with --base 0000000000000000000000000000000000000000",
                target.name,
                target.name.trim_start_matches("refs/heads/")
            )));
        }
        Ok(None)
    }

    fn signoffs(&mut self, path: &Path, head: &ObjectId<'static>) -> Result<Vec<Act<'static>>, CollectError> {
        if let Some(inside) = self.in_work_tree(path) {
            // A path that cannot be asked for cannot be cleared.
            let committed = match inside.to_str() {
                Some(inside) => self.objects.get(&format!("{head}:{inside}"))?.is_some(),
                None => true,
            };
            if committed {
                return Err(CollectError::SignoffsInTree(path.to_owned()));
            }
        }
        Ok(crate::signoffs::read(path)?)
    }
}
