//! Collects the facts of a change from a git repository: what the module asks for, as git says it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use countersign_core::model::{
    API_VERSION, Act, Change, Commit, Description, Document, Fact, Needs, ObjectId,
    Repository as RepositoryId, Request, Role, Software, Text, Trigger, TriggerKind, Unavailable, When, read,
};

use crate::ci::Ci;
use crate::git::{GitError, Object, Objects, Repository};
use crate::module::{CallError, Function, Module, sha256_hex};
use crate::signoffs::SignoffError;
use crate::statements::{self, ALLOWED_SIGNERS_PATH, REVOKED_KEYS_PATH};

/// Where policies stand.
pub const POLICY_PATH: &str = ".countersign/policy.yaml";

/// Bytes of notes that one request takes; later notes are named as unavailable.
const NOTE_BYTES: usize = 40 << 20;

/// Bytes of a diff that one request takes.
const HUNK_BYTES: usize = 30 << 20;

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

/// Why facts could not be collected. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// git gave no answer.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The module gave no answer.
    #[error(transparent)]
    Module(#[from] CallError),
    /// The module's answer is not what the contract says.
    #[error("the module's answer cannot be read: {0}")]
    Answer(#[from] countersign_core::Error),
    /// The request could not be written.
    #[error("the request cannot be written: {0}")]
    Request(#[from] serde_json::Error),
    /// There is no commit to judge.
    #[error("`{revision}` names no commit in this repository{hint}")]
    NoCommit {
        /// What was asked for.
        revision: String,
        /// What to do.
        hint: String,
    },
    /// A branch and a tag go by one name, and git would take the tag.
    #[error("`{0}` is a branch and a tag, at different commits: write `refs/heads/{0}` or `refs/tags/{0}`")]
    Ambiguous(String),
    /// The target is not known.
    #[error("no target: {0}; name the branch that the change goes into with --target")]
    NoTarget(String),
    /// The history is cut.
    #[error(
        "this is a shallow clone, and the history of the change is cut at {commit}: fetch all of it \
         (`git fetch --unshallow`, or a clone depth of 0 in CI)"
    )]
    Shallow {
        /// The commit whose parents are missing.
        commit: String,
    },
    /// A policy was asked for and is not there.
    #[error("{what} cannot be read as a policy: {reason}")]
    Policy {
        /// Which.
        what: String,
        /// Why.
        reason: String,
    },
    /// The sign-offs could not be read.
    #[error(transparent)]
    Signoffs(#[from] SignoffError),
    /// The sign-offs come from the tree that is judged.
    #[error(
        "{0} is part of the tree that is judged, so its author could have written it; \
         give sign-offs in a file outside of the commits"
    )]
    SignoffsInTree(PathBuf),
}

/// The target of a change.
struct Target {
    /// The ref that would be moved, by full name, as the server knows it.
    name: String,
    /// The ref that says where it stands, by full name; none when it does not exist yet.
    stands_at: Option<(String, ObjectId<'static>)>,
}

/// Collects one change.
pub struct Collector<'m> {
    module: &'m Module,
    repository: Repository,
    objects: Objects,
    about: Description,
}

impl<'m> Collector<'m> {
    /// A collector for the repository that holds `folder`.
    ///
    /// # Errors
    /// When there is none.
    pub fn new(module: &'m Module, folder: &Path) -> Result<Self, CollectError> {
        let repository = Repository::open(folder)?;
        let objects = repository.objects()?;
        let about = read(module.call(Function::Describe, b"")?.as_bytes())?;
        Ok(Collector { module, repository, objects, about })
    }

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

        let mut request = Request {
            api_version: API_VERSION.into(),
            trigger: Trigger {
                kind: TriggerKind::Check,
                host: Software { name: "countersign".into(), version: env!("CARGO_PKG_VERSION").into() },
                platform: Software { name: "git".into(), version: self.repository.version.clone().into() },
                now,
                require_policy: selection.require_policy,
            },
            documents: self.policy(selection, &target)?.into_iter().collect(),
            change: None,
            commits: Vec::new().into(),
            files: Vec::new().into(),
            pushes: Vec::new().into(),
            versions: Vec::new().into(),
            acts: Vec::new().into(),
            statuses: Vec::new().into(),
            people: Vec::new().into(),
            groups: Vec::new().into(),
            history: None,
            unavailable: Vec::new().into(),
            complete: vec![Fact::Documents],
            // What plain git does not record.
            absent: vec![Fact::History, Fact::Pushes, Fact::Opener, Fact::Requester, Fact::People],
        };
        let mut needs = self.needs(&request)?;
        // What a policy extends says what more is needed.
        if needs.documents.iter().any(|wanted| wanted.role == Role::Extends) {
            self.documents(&needs, &target, &mut request)?;
            needs = self.needs(&request)?;
        }
        self.documents(&needs, &target, &mut request)?;
        let mut wanted = needs.facts;
        if needs.documents.iter().any(|document| document.role == Role::Codeowners) {
            wanted = self.needs(&request)?.facts;
        }

        let commits = self.commits(&head, base.as_ref())?;
        let merge_base = match &base {
            // Whatever is a parent in the change and is the base, no common ancestor comes after.
            Some(base)
                if commits.iter().flat_map(|commit| &commit.parents).any(|parent| parent.sha == *base) =>
            {
                Some(base.clone())
            }
            Some(base) => self.repository.merge_base(base.as_str(), head.as_str())?,
            None => None,
        };
        request.change = Some(Change {
            repository: RepositoryId { id: None, name: self.repository_name()?.map(Into::into) },
            id: ci.and_then(|ci| ci.change.clone()).map(Into::into),
            target: target.name.clone().into(),
            base_tip: base
                .clone()
                .or_else(|| ObjectId::new("0".repeat(head.as_str().len())))
                .unwrap_or_else(|| head.clone()),
            merge_base: merge_base.clone(),
            head: head.clone(),
            diff_id: None,
            merge_tree: None,
            result: None,
            source: ci.and_then(|ci| ci.source.clone()).map(|source| format!("refs/heads/{source}").into()),
            title: None,
            description: None,
            labels: Vec::new().into(),
            draft: false,
            fork: false,
            opened_by: None,
            asked_by: None,
        });
        request.documents.extend(self.of_target(&target, Role::Mailmap, ".mailmap")?);

        let bound = |fact: Fact| selection.to_sign || wanted.contains(&fact);
        let start = match merge_base.or_else(|| base.clone()) {
            Some(commit) => commit.as_str().to_owned(),
            None if wanted.contains(&Fact::Files) || bound(Fact::DiffId) => self.repository.empty_tree()?,
            None => String::new(),
        };
        if wanted.contains(&Fact::Files) {
            let mut files = self.repository.files(&start, head.as_str())?;
            if wanted.contains(&Fact::FileLines) {
                self.repository.count_lines(&start, head.as_str(), &mut files)?;
                request.complete.push(Fact::FileLines);
            }
            if wanted.contains(&Fact::Hunks) {
                if self.repository.hunks(&start, head.as_str(), &mut files, HUNK_BYTES)? {
                    request.complete.push(Fact::Hunks);
                } else {
                    request.unavailable.push(Unavailable {
                        fact: Fact::Hunks,
                        of: None,
                        reason: format!("the diff has more than {HUNK_BYTES} bytes").into(),
                    });
                }
            }
            request.files = files.into();
            request.complete.push(Fact::Files);
        }
        if wanted.contains(&Fact::Notes) {
            let ids: Vec<&str> = commits.iter().map(|commit| commit.sha.as_str()).collect();
            self.notes(&ids, &mut request)?;
        }
        if wanted.contains(&Fact::Traces) {
            for path in self.about.traces.clone() {
                if let Some(object) = self.objects.get(&format!("{head}:{path}"))? {
                    request.documents.push(document(Role::Trace, object, None, Some(&head), Some(&path)));
                }
            }
            request.complete.push(Fact::Traces);
        }
        let tip = base.clone().unwrap_or_else(|| head.clone());
        let any_head = wanted.contains(&Fact::DiffId) || wanted.contains(&Fact::MergeTree);
        if let Some(change) = &mut request.change {
            if bound(Fact::DiffId) {
                change.diff_id = self.repository.diff_id(&start, head.as_str())?;
                request.complete.push(Fact::DiffId);
            }
            if bound(Fact::MergeTree) {
                change.merge_tree = self.repository.merge_tree(tip.as_str(), head.as_str())?;
                request.complete.push(Fact::MergeTree);
            }
        }
        let signed = if bound(Fact::Acts) {
            let ids: HashSet<&str> = commits.iter().map(|commit| commit.sha.as_str()).collect();
            let own = |id: &str| any_head || ids.contains(id);
            statements::read(&self.repository, &mut self.objects, own)?
        } else {
            Some(Vec::new())
        };
        for (role, path) in
            [(Role::AllowedSigners, ALLOWED_SIGNERS_PATH), (Role::RevokedKeys, REVOKED_KEYS_PATH)]
        {
            request.documents.extend(self.of_target(&target, role, path)?);
        }
        let has_signed = signed.as_ref().is_none_or(|signed| !signed.is_empty());
        if (selection.to_sign || has_signed)
            && let Some(change) = &mut request.change
        {
            change.repository.id = self.repository.root(tip.as_str())?.map(Into::into);
        }
        request.commits = commits.into();
        request.complete.push(Fact::Commits);
        if let Some(path) = &selection.signoffs {
            request.acts = self.signoffs(path, &head)?.into();
        }
        match signed {
            Some(signed) => {
                request.acts.extend(signed);
                request.complete.push(Fact::Acts);
            }
            None => request.unavailable.push(Unavailable {
                fact: Fact::Acts,
                of: None,
                reason: format!("there are more than {} signed sign-offs of this change", statements::MOST)
                    .into(),
            }),
        }
        if wanted.contains(&Fact::Groups) {
            request.unavailable.push(Unavailable {
                fact: Fact::Groups,
                of: None,
                reason: "plain git has no groups; list the people under `users`".into(),
            });
        }

        // What the commits themselves name: asked for only where it can exist.
        if wanted.contains(&Fact::Notes) && self.objects.commit("refs/heads/entire/checkpoints/v1")?.is_some()
        {
            for wanted in self.needs(&request)?.documents {
                let Some(git_ref) = wanted.git_ref.as_deref() else { continue };
                if let Some(object) = self.objects.get(&format!("{git_ref}:{}", wanted.path))? {
                    request.documents.push(document(
                        wanted.role,
                        object,
                        Some(git_ref),
                        None,
                        Some(&wanted.path),
                    ));
                }
            }
        }
        Ok(serde_json::to_vec(&request)?)
    }

    fn needs(&self, request: &Request<'_>) -> Result<Needs, CollectError> {
        let answer = self.module.call(Function::Needs, &serde_json::to_vec(request)?)?;
        Ok(read(answer.as_bytes())?)
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
            if target.stands_at.is_some() {
                return Ok(target);
            }
        }
        Err(CollectError::NoTarget(
            "neither a flag, nor the CI, nor the remote's HEAD says what it is".to_owned(),
        ))
    }

    /// Full names only: a tag called like a branch is another ref. What the remote said of a branch stands before the
    /// branch of the same name here.
    fn named_target(&mut self, name: &str) -> Result<Target, CollectError> {
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
                return Ok(Target { name, stands_at: Some((place, tip)) });
            }
        }
        Ok(Target { name, stands_at: None })
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
        if let Some((_, tip)) = &target.stands_at {
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

    fn commits(
        &self,
        head: &ObjectId<'static>,
        base: Option<&ObjectId<'static>>,
    ) -> Result<Vec<Commit<'static>>, CollectError> {
        let without: Vec<String> = base.iter().map(|base| base.as_str().to_owned()).collect();
        let mut commits = self.repository.commits(head.as_str(), &without)?.collect::<Result<Vec<_>, _>>()?;
        if let Some(cut) = commits.iter().find(|commit| self.repository.is_cut_at(commit.sha.as_str())) {
            return Err(CollectError::Shallow { commit: cut.sha.short().to_owned() });
        }
        // git left out what the base reaches, so a parent that is not listed is in the target.
        let listed: HashSet<String> = commits.iter().map(|commit| commit.sha.as_str().to_owned()).collect();
        for parent in commits.iter_mut().flat_map(|commit| &mut commit.parents) {
            parent.in_target = !listed.contains(parent.sha.as_str());
        }
        Ok(commits)
    }

    fn policy(
        &mut self,
        selection: &Selection,
        target: &Target,
    ) -> Result<Option<Document<'static>>, CollectError> {
        match &selection.policy {
            PolicyFrom::File(path) => {
                let unreadable =
                    |reason: String| CollectError::Policy { what: path.display().to_string(), reason };
                let bytes = std::fs::read(path).map_err(|e| unreadable(e.to_string()))?;
                Ok(Some(Document {
                    role: Role::Policy,
                    source: "flag".into(),
                    git_ref: None,
                    commit: None,
                    path: Some(path.display().to_string().into()),
                    digest: Some(format!("sha256:{}", sha256_hex(&bytes)).into()),
                    untrusted: self.in_work_tree(path).is_some(),
                    bytes: Text::from_bytes(bytes),
                }))
            }
            PolicyFrom::Ref { revision, path } => {
                let object =
                    self.objects.get(&format!("{revision}:{path}"))?.filter(|object| object.kind == "blob");
                let commit = self.objects.commit(revision)?;
                let object = object.ok_or_else(|| CollectError::Policy {
                    what: format!("{revision}:{path}"),
                    reason: "there is no such file".to_owned(),
                })?;
                Ok(Some(document(Role::Policy, object, Some(revision), commit.as_ref(), Some(path))))
            }
            PolicyFrom::Target => {
                let mut places: Vec<(String, ObjectId<'static>)> = target.stands_at.iter().cloned().collect();
                if let Some(default) = self.default_branch()? {
                    places.extend(self.named_target(&default)?.stands_at);
                }
                for (git_ref, tip) in places {
                    let found = self.objects.get(&format!("{tip}:{POLICY_PATH}"))?;
                    if let Some(object) = found.filter(|object| object.kind == "blob") {
                        return Ok(Some(document(
                            Role::Policy,
                            object,
                            Some(&git_ref),
                            Some(&tip),
                            Some(POLICY_PATH),
                        )));
                    }
                    // A policy that is there and cannot be read is no missing policy.
                    if self.objects.has_entry(tip.as_str(), POLICY_PATH)? {
                        return Err(CollectError::Policy {
                            what: format!("{POLICY_PATH} at {git_ref}"),
                            reason: "its object is missing here or is no file; run `git fsck`".to_owned(),
                        });
                    }
                }
                Ok(None)
            }
        }
    }

    /// Puts the documents that the module asks for into a request, those that exist: at the tip of the target, or at the
    /// commit that pins one.
    fn documents(
        &mut self,
        needs: &Needs,
        target: &Target,
        request: &mut Request<'static>,
    ) -> Result<(), CollectError> {
        for wanted in needs.documents.iter().filter(|document| document.git_ref.is_none()) {
            let found = match wanted.commit.as_ref().and_then(|commit| ObjectId::new(commit.clone())) {
                Some(commit) => {
                    let object = self.objects.get(&format!("{commit}:{}", wanted.path))?;
                    let object = object.filter(|object| object.kind == "blob");
                    object
                        .map(|object| document(wanted.role, object, None, Some(&commit), Some(&wanted.path)))
                }
                None => self.of_target(target, wanted.role, &wanted.path)?,
            };
            request.documents.extend(found);
        }
        Ok(())
    }

    /// A document that stands at the tip of the target.
    fn of_target(
        &mut self,
        target: &Target,
        role: Role,
        path: &str,
    ) -> Result<Option<Document<'static>>, CollectError> {
        let Some((git_ref, tip)) = &target.stands_at else {
            return Ok(None);
        };
        let object = self.objects.get(&format!("{tip}:{path}"))?.filter(|object| object.kind == "blob");
        // What is there and cannot be read is not missing.
        if object.is_none() && self.objects.has_entry(tip.as_str(), path)? {
            return Err(CollectError::Policy {
                what: format!("{path} at {git_ref}"),
                reason: "its object is missing here or is no file; run `git fsck`".to_owned(),
            });
        }
        Ok(object.map(|object| document(role, object, Some(git_ref), Some(tip), Some(path))))
    }

    /// Puts the notes of commits into the request, and names those for which there was no room.
    fn notes(&mut self, commits: &[&str], request: &mut Request<'static>) -> Result<(), CollectError> {
        let mut room = NOTE_BYTES;
        for (git_ref, commit, bytes) in self.notes_of(commits)? {
            match room.checked_sub(bytes.len()) {
                Some(left) => {
                    room = left;
                    request.documents.push(Document {
                        role: Role::Note,
                        source: "git".into(),
                        git_ref: Some(git_ref.into()),
                        commit: ObjectId::new(commit),
                        path: None,
                        digest: None,
                        untrusted: false,
                        bytes: Text::from_bytes(bytes),
                    });
                }
                None => request.unavailable.push(Unavailable {
                    fact: Fact::Notes,
                    of: Some(commit.into()),
                    reason: format!("the notes of this change have more than {NOTE_BYTES} bytes").into(),
                }),
            }
        }
        request.complete.push(Fact::Notes);
        Ok(())
    }

    /// The notes of commits that the module reads: ref, commit, bytes.
    ///
    /// # Errors
    /// When git fails.
    pub fn notes_of(&mut self, commits: &[&str]) -> Result<Vec<(String, String, Vec<u8>)>, CollectError> {
        let (per_commit, per_ref): (Vec<String>, Vec<String>) =
            self.about.notes.iter().cloned().partition(|pattern| pattern.contains("{commit}"));
        let folders: Vec<String> = per_commit.iter().map(|pattern| pattern.replace("{commit}", "")).collect();
        let refs = self.repository.refs(&[per_ref, folders.clone()].concat())?;
        let mut found = Vec::new();
        for git_ref in refs.iter().filter(|name| !folders.iter().any(|folder| name.starts_with(folder))) {
            let Some(tip) = self.objects.commit(git_ref)? else {
                continue;
            };
            let notes = self.objects.notes(tip.as_str(), commits)?;
            found.extend(notes.into_iter().map(|(id, bytes)| (git_ref.clone(), id, bytes)));
        }
        for (pattern, folder) in per_commit.iter().zip(&folders) {
            if !refs.iter().any(|name| name.starts_with(folder)) {
                continue;
            }
            let names: Vec<String> = commits.iter().map(|id| pattern.replace("{commit}", id)).collect();
            let objects = self.objects.get_many(&names)?;
            for ((name, id), object) in names.into_iter().zip(commits).zip(objects) {
                if let Some(object) = object.filter(|object| object.kind == "blob") {
                    found.push((name, (*id).to_owned(), object.bytes));
                }
            }
        }
        Ok(found)
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

    /// The path of a file inside the work tree, when it lies in it.
    fn in_work_tree(&self, path: &Path) -> Option<PathBuf> {
        let top = self.repository.work_tree.as_ref()?.canonicalize().ok()?;
        let path = path.canonicalize().ok()?;
        Some(path.strip_prefix(top).ok()?.to_owned())
    }

    /// `owner/name` by the remote's address, else the name of the folder.
    fn repository_name(&self) -> Result<Option<String>, CollectError> {
        if let Some(address) = self.repository.config("remote.origin.url")? {
            let address = address.trim_end_matches('/').trim_end_matches(".git").to_owned();
            let mut parts = address.rsplit(['/', ':']).filter(|part| !part.is_empty());
            if let (Some(name), Some(owner)) = (parts.next(), parts.next()) {
                return Ok(Some(format!("{owner}/{name}")));
            }
        }
        let folder = self.repository.work_tree.as_ref().and_then(|path| path.file_name());
        Ok(folder.map(|name| name.to_string_lossy().into_owned()))
    }

    /// The repository.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The commit that a revision names.
    ///
    /// # Errors
    /// When there is none.
    pub fn resolve(&mut self, revision: &str) -> Result<ObjectId<'static>, CollectError> {
        self.objects
            .commit(revision)?
            .ok_or_else(|| CollectError::NoCommit { revision: revision.to_owned(), hint: String::new() })
    }
}

fn document(
    role: Role,
    object: Object,
    git_ref: Option<&str>,
    commit: Option<&ObjectId<'static>>,
    path: Option<&str>,
) -> Document<'static> {
    Document {
        role,
        source: "git".into(),
        git_ref: git_ref.map(|name| name.to_owned().into()),
        commit: commit.cloned(),
        path: path.map(|path| path.to_owned().into()),
        digest: Some(format!("sha256:{}", sha256_hex(&object.bytes)).into()),
        untrusted: false,
        bytes: Text::from_bytes(object.bytes),
    }
}
