//! Collects the facts of a change: what the module asks for, as git and the platform say it.

mod documents;
mod error;
mod gain;
mod merges;
mod outside;
mod platform;
mod ranges;
mod revisions;
mod selection;

use std::cell::OnceCell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use countersign_core::model::{
    API_VERSION, Act, Change, Commit, Description, Fact, Former, History, MergeKind, MergeResult, Needs,
    ObjectId, Place, Request, Role, Software, Text, Trigger, TriggerKind, Unavailable, When, read,
};
use countersign_core::skeleton;
use countersign_core::wellknown::{ALLOWED_SIGNERS, MAILMAP, REVOKED_KEYS};

use crate::ci::named_by;
use crate::git::{Asked, Diff, Entry, GitError, Objects, Repository};
use crate::module::{Function, Module};
use crate::statements;

pub use documents::NoteRefs;
use documents::document;
pub use error::{CollectError, Help};
use gain::Gained;
pub use outside::Outside;
pub use platform::{Platform, of_git_alone};
pub use ranges::{BranchHost, Followed, history};
pub use revisions::Range;
use selection::Remotes;
pub use selection::{PolicyFrom, Selection};

/// Bytes of a diff that one request takes.
const HUNK_BYTES: usize = 30 << 20;

/// A change, found in a repository.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The ref that it would move.
    pub target: Target,
    /// The default branch, where it is known.
    pub default_branch: Option<Target>,
    /// Where the target stands before it; none for one that is new.
    pub base: Option<ObjectId<'static>>,
    /// Its commits and files are counted from here: what this reaches is no change. None where all of the head's history is.
    pub since: Option<ObjectId<'static>>,
    /// Its head; all zeros where the target would be deleted.
    pub head: ObjectId<'static>,
    /// What a merge or push makes of it.
    pub result: Option<MergeResult<'static>>,
    /// The place from which the policy is read.
    pub policy: PolicyFrom,
    /// What the host itself says.
    pub host: HostRules,
    /// Everything that a signed sign-off is bound to is collected, whether a rule asks for it or not.
    pub to_sign: bool,
    /// The commit of the target up to which all was decided about, where the host keeps count.
    pub audited: Option<ObjectId<'static>>,
}

/// How often the module is asked what of policies it wants: what one extends, what stood before, what that extended.
const POLICY_ROUNDS: usize = 3;

/// What a host says itself, whatever stands on a branch.
#[derive(Debug, Clone, Default)]
pub struct HostRules {
    /// A target without a policy is refused.
    pub require_policy: bool,
    /// A file that says who may break the glass.
    pub break_glass: Option<PathBuf>,
}

/// A ref, and the commit at which its documents are read.
#[derive(Debug, Clone)]
pub struct Target {
    /// The ref, by full name, as the server knows it.
    pub name: String,
    /// The ref that says where it stands, by full name, and the commit; none when it does not exist yet.
    pub tip: Option<(String, ObjectId<'static>)>,
}

/// A request document, and what a host shows beside its decision.
pub struct Collected {
    /// The request document.
    pub request: Vec<u8>,
    /// The result of the change is to be judged as a push of its own, and this request decides nothing.
    pub as_push: bool,
}

/// Collects one change.
pub struct Collector<'m> {
    module: &'m Module,
    repository: Repository,
    objects: Objects,
    about: Description,
    remotes: OnceCell<Remotes>,
}

impl<'m> Collector<'m> {
    /// A collector for the repository that holds `folder`.
    ///
    /// # Errors
    /// When there is none.
    pub fn new(module: &'m Module, folder: &Path) -> Result<Self, CollectError> {
        Self::of(module, Repository::open(folder)?)
    }

    /// A collector for a repository that is open.
    ///
    /// # Errors
    /// When git or the module gives no answer.
    pub fn of(module: &'m Module, repository: Repository) -> Result<Self, CollectError> {
        let objects = repository.objects()?;
        let about = read(module.call(Function::Describe, b"")?.as_bytes())?;
        Ok(Collector { module, repository, objects, about, remotes: OnceCell::new() })
    }

    /// The request for a change, with every fact that the module asked for.
    ///
    /// # Errors
    /// When the change cannot be judged; the message says what to do.
    pub fn collect(
        &mut self,
        subject: &Subject,
        platform: &mut dyn Platform,
        now: When,
    ) -> Result<Collected, CollectError> {
        let subject = &self.beside_what_stood(subject)?;
        let rules = &self.rules(subject)?;
        let mut request = self.begin(subject, rules, platform, now)?;
        let mut needs = self.needs(&request)?;
        // What a policy extends, the policies before one with a fault, and what those extend, say what more is needed.
        for _ in 0..POLICY_ROUNDS {
            let of_policy = |role| matches!(role, Role::Extends | Role::EarlierPolicy | Role::NextPolicy);
            if needs.documents.iter().any(|wanted| of_policy(wanted.role)) {
                self.documents(&needs, &subject.target, rules, &mut request)?;
                needs = self.needs(&request)?;
            }
        }
        self.documents(&needs, &subject.target, rules, &mut request)?;
        if needs.documents.iter().any(|document| document.role == Role::Codeowners) {
            needs = self.needs(&request)?;
            // What begins its lines like an owner may be a folder of the target.
            self.documents(&needs, &subject.target, rules, &mut request)?;
        }
        // A hook is asked about every ref, and most of them are nobody's concern.
        let gates = request.trigger.kind != TriggerKind::Check;
        if (gates && needs.facts.is_empty()) || subject.head.is_zero() {
            request.complete.extend([Fact::Commits, Fact::Files, Fact::Acts]);
            return finished(&request, false);
        }

        let to_read = subject.to_sign || needs.facts.contains(&Fact::Acts);
        let signoffs =
            if to_read { statements::tips(&self.repository, &mut self.objects)? } else { Vec::new() };
        if to_read && signoffs.is_empty() && !gates {
            request.absent.push(Fact::Signoffs);
        }
        let mut notes = if needs.facts.contains(&Fact::Notes) { Some(self.note_refs()?) } else { None };
        self.of_git(subject, rules, &needs, notes.as_mut(), !signoffs.is_empty(), &mut request)?;
        platform.facts(&needs, &mut request)?;
        let checkpoints = notes.is_some_and(|notes| notes.has_checkpoints);
        let mut last = LastQuestion { module: self.module, checkpoints, answer: None };
        self.signed(subject, rules, &needs, &signoffs, &mut request, &mut last)?;
        // A push is all that came of its commits.
        let made = subject.result.as_ref().is_some_and(|result| result.kind != MergeKind::Push);
        if made || checkpoints {
            let needs = last.asked(&request)?;
            if needs.as_push {
                return finished(&request, true);
            }
            self.checkpoints(needs, &mut request)?;
        }
        finished(&request, false)
    }

    /// A ref that is new has from another branch what once was its tip, as far as its first parents tell: what lies inside of a
    /// merge was let in with all of it, and by itself by nobody.
    fn beside_what_stood(&self, subject: &Subject) -> Result<Subject, CollectError> {
        let since = match &subject.since {
            Some(branch) if subject.base.is_none() && !subject.head.is_zero() => {
                self.repository.last_shared(branch, subject.head.as_str())?
            }
            since => since.clone(),
        };
        Ok(Subject { since, ..subject.clone() })
    }

    /// What is known before anything is asked for.
    fn begin(
        &mut self,
        subject: &Subject,
        rules: &Target,
        platform: &dyn Platform,
        now: When,
    ) -> Result<Request<'static>, CollectError> {
        let (kind, software) = platform.trigger();
        let nothing = || ObjectId::new("0".repeat(subject.head.as_str().len()));
        let mut change = Change {
            target: subject.target.name.clone().into(),
            default_branch: subject.default_branch.as_ref().map(|branch| branch.name.clone().into()),
            base_tip: subject.base.clone().or_else(nothing).unwrap_or_else(|| subject.head.clone()),
            head: subject.head.clone(),
            result: subject.result.clone(),
            ..Change::default()
        };
        platform.names(&mut change);
        if change.repository.name.is_none() {
            change.repository.name = self.repository_name()?.map(Into::into);
        }
        let mut request = Request {
            api_version: API_VERSION.into(),
            trigger: Trigger {
                kind,
                host: Software { name: "countersign".into(), version: env!("CARGO_PKG_VERSION").into() },
                platform: software,
                now,
                require_policy: subject.host.require_policy,
            },
            change: Some(change),
            complete: vec![Fact::Documents],
            absent: platform.absent().to_vec(),
            history: subject
                .audited
                .clone()
                .map(|audited| History { audited: Some(audited), ..History::default() }),
            ..Request::default()
        };
        request.documents.extend(self.policy(subject, rules)?);
        if let Some(path) = &subject.host.break_glass {
            request.documents.push(self.file(Role::BreakGlass, path)?);
        }
        if kind != TriggerKind::Check {
            request.documents.extend(self.protection(subject)?);
        }
        Ok(request)
    }

    /// Copies what git knows. Where sign-offs are here, they are told apart by their diff.
    fn of_git(
        &mut self,
        subject: &Subject,
        rules: &Target,
        needs: &Needs,
        notes: Option<&mut NoteRefs>,
        has_signoffs: bool,
        request: &mut Request<'static>,
    ) -> Result<(), CollectError> {
        let head = &subject.head;
        let wanted = |fact: Fact| needs.facts.contains(&fact);
        let bound = |fact: Fact| subject.to_sign || wanted(fact);
        let diff_id = has_signoffs || bound(Fact::DiffId);
        let merge_tree = bound(Fact::MergeTree);
        let files = bound(Fact::Files);
        let asked = (files || diff_id).then(|| Asked {
            lines: wanted(Fact::FileLines),
            hunks: wanted(Fact::Hunks).then_some(HUNK_BYTES),
            identity: diff_id,
        });
        let (repository, objects) = (&self.repository, &mut self.objects);
        // Listing and comparing take the longest, and neither waits for the other.
        let (listed, gained) = std::thread::scope(|scope| {
            let listing = scope.spawn(|| commits(repository, subject));
            let gained = Gained::of(subject, repository, objects, asked, merge_tree);
            (listing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), gained)
        });
        let mut commits = listed?;
        let Gained { gain, merge, diff } = gained?;
        self.of_target_as_it_is(rules, Role::Mailmap, MAILMAP, request)?;
        if let Some(merge) = merge {
            request.complete.push(Fact::MergeTree);
            if let (Some(asked), Some(diff)) = (asked, diff) {
                put_files(diff, asked, files, request);
            }
            if let Some(change) = &mut request.change {
                change.merge_tree = merge.clean();
            }
        }
        if wanted(Fact::AutoMergeTrees) {
            merges::put_auto_merge_trees(&self.repository, &mut commits, request)?;
        }
        if let Some(notes) = notes {
            let ids: Vec<&str> = commits.iter().map(|commit| commit.sha.as_str()).collect();
            self.notes(notes, &ids, request)?;
        }
        if wanted(Fact::Traces) {
            for path in self.about.traces.clone() {
                match self.objects.file(head.as_str(), &path)? {
                    Entry::File(object) => {
                        request.documents.push(document(Role::Trace, object, None, Some(head), Some(&path)));
                    }
                    Entry::Missing => {
                        return Err(GitError::MissingNote { object: format!("{head}:{path}") }.into());
                    }
                    Entry::Nothing | Entry::Irregular(_) => {}
                }
                if let Some(tip) = &gain.tip
                    && let Some(object) = self.objects.get(&format!("{tip}:{path}"))?
                {
                    request.documents.push(document(
                        Role::EarlierTrace,
                        object,
                        None,
                        Some(tip),
                        Some(&path),
                    ));
                }
            }
            request.complete.push(Fact::Traces);
        }
        if let Some(change) = &mut request.change {
            change.merge_base = gain.bases.into_iter().next();
        }
        request.commits = commits.into();
        request.complete.push(Fact::Commits);
        Ok(())
    }

    /// Copies the signed sign-offs of the change, and what they are verified by.
    fn signed(
        &mut self,
        subject: &Subject,
        rules: &Target,
        needs: &Needs,
        signoffs: &[String],
        request: &mut Request<'static>,
        last: &mut LastQuestion<'_>,
    ) -> Result<(), CollectError> {
        let wanted = |fact: Fact| needs.facts.contains(&fact);
        let by_content = wanted(Fact::DiffId) || wanted(Fact::MergeTree);
        let of_others = if by_content { usize::MAX } else { statements::FORMER };
        let ids: HashSet<&str> = request.commits.iter().map(|commit| commit.sha.as_str()).collect();
        let files = statements::find(&self.repository, signoffs, |id| ids.contains(id), of_others)?;
        drop(ids);
        for (role, path) in [(Role::AllowedSigners, ALLOWED_SIGNERS), (Role::RevokedKeys, REVOKED_KEYS)] {
            self.of_target_as_it_is(rules, role, path, request)?;
        }
        let has_signed = files.as_ref().is_ok_and(|found| !found.own.is_empty() || !found.others.is_empty());
        if (subject.to_sign || has_signed)
            && let Some(change) = &mut request.change
            && change.repository.id.is_none()
        {
            let tip = subject.base.as_ref().unwrap_or(&subject.head);
            change.repository.id = self.repository.root(tip.as_str())?.map(Into::into);
            if change.repository.id.is_none() {
                request.unavailable.push(Unavailable {
                    fact: Fact::Change,
                    of: Some("the repository's first commit, which signed sign-offs name".into()),
                    reason: "this is a shallow clone; fetch all of it (`git fetch --unshallow`)".into(),
                });
            }
        }
        let signed = match files {
            Ok(found) => {
                for id in found.others.commits().into_iter().take(statements::FORMER) {
                    if let (Some(sha), Some(author)) =
                        (ObjectId::new(id.to_owned()), self.objects.author(id)?)
                    {
                        request.former.push(Former { sha, author });
                    }
                }
                let (repository, objects) = (&self.repository, &mut self.objects);
                let mut keep = |acts| last.worth_keeping(request, acts);
                let own = statements::read(repository, objects, found.own, true, &mut keep)?;
                let others = statements::read(repository, objects, found.others, false, &mut keep)?;
                own.and_then(|own| Ok([own, others?].concat()))
            }
            Err(unread) => Err(unread),
        };
        // What ties none of what was kept says nothing.
        let named = |sha: &ObjectId<'_>| {
            let acts = signed.iter().flatten();
            acts.filter_map(|act| act.id.split('/').nth(1)).any(|head| head == sha.as_str())
        };
        let former = std::mem::take(&mut request.former).into_vec();
        request.former = former.into_iter().filter(|former| named(&former.sha)).collect::<Vec<_>>().into();

        match signed {
            Ok(signed) => request.acts.extend(signed),
            Err(unread) => request.unavailable.push(Unavailable {
                fact: Fact::Acts,
                of: None,
                reason: unread.to_string().into(),
            }),
        }
        Ok(())
    }

    fn needs(&self, request: &Request<'_>) -> Result<Needs, CollectError> {
        asked(self.module, &skeleton(request))
    }

    /// The path of a file inside the work tree, when it lies in it.
    fn in_work_tree(&self, path: &Path) -> Option<PathBuf> {
        let top = self.repository.work_tree.as_ref()?.canonicalize().ok()?;
        let path = path.canonicalize().ok()?;
        Some(path.strip_prefix(top).ok()?.to_owned())
    }

    /// `owner/name` by the remote's address, else the name of the folder; of a bare repository what a clone would make of its path.
    fn repository_name(&self) -> Result<Option<String>, CollectError> {
        let remotes = self.remotes()?;
        if let Some(name) = remotes.address(remotes.name()).and_then(named_by) {
            return Ok(Some(name));
        }
        Ok(match &self.repository.work_tree {
            Some(folder) => folder.file_name().map(|name| name.to_string_lossy().into_owned()),
            None => named_by(&self.repository.git_dir().to_string_lossy()),
        })
    }

    /// The repository that facts are collected from.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The default branch as a server has it: what HEAD names, which says what new clones get.
    ///
    /// # Errors
    /// When git fails.
    pub fn server_default_branch(&mut self) -> Result<Option<Target>, CollectError> {
        self.repository.symbolic_ref("HEAD")?.map(|name| self.branch(name)).transpose()
    }

    /// A branch, by full name, and where it stands here.
    ///
    /// # Errors
    /// When git fails.
    pub fn branch(&mut self, name: String) -> Result<Target, CollectError> {
        let tip = if self.repository.has_ref(&name)? { self.objects.commit(&name)? } else { None };
        Ok(Target { tip: tip.map(|tip| (name.clone(), tip)), name })
    }
}

/// The commits of a change, and those that a merge made of them.
fn commits(repository: &Repository, subject: &Subject) -> Result<Vec<Commit<'static>>, CollectError> {
    let without: Vec<String> = subject.since.iter().map(|base| base.as_str().to_owned()).collect();
    let mut commits = list(repository, subject.head.as_str(), &without)?;
    if let Some(result) = &subject.result {
        let more = [without, vec![subject.head.as_str().to_owned()]].concat();
        let made = list(repository, result.commit.as_str(), &more)?;
        let holds_head = matches!(result.kind, MergeKind::Merge | MergeKind::FastForward | MergeKind::Push);
        if holds_head {
            commits.iter_mut().for_each(|commit| commit.place = Place::Both);
        }
        commits.extend(made.into_iter().map(|commit| Commit { place: Place::Result, ..commit }));
    }
    // git left out what the base reaches, so a parent that is not listed is in the target.
    let listed: HashSet<String> = commits.iter().map(|commit| commit.sha.as_str().to_owned()).collect();
    for parent in commits.iter_mut().flat_map(|commit| &mut commit.parents) {
        parent.in_target = !listed.contains(parent.sha.as_str());
    }
    Ok(commits)
}

fn list(
    repository: &Repository,
    head: &str,
    without: &[String],
) -> Result<Vec<Commit<'static>>, CollectError> {
    let commits = repository.commits(head, without)?.collect::<Result<Vec<_>, _>>()?;
    match commits.iter().find(|commit| repository.is_cut_at(commit.sha.as_str())) {
        Some(cut) => Err(cut_at(&cut.sha)),
        None => Ok(commits),
    }
}

/// What is judged is not all here.
fn cut_at(commit: &ObjectId<'_>) -> CollectError {
    CollectError::Shallow {
        commit: commit.short().to_owned(),
        help: Help::of("fetch all of it: git fetch --unshallow"),
    }
}

/// Puts what differs into a request.
fn put_files(diff: Diff, asked: Asked, files: bool, request: &mut Request<'static>) {
    if asked.identity {
        if let Some(change) = &mut request.change {
            change.diff_id = diff.identity;
        }
        request.complete.push(Fact::DiffId);
    }
    if !files {
        return;
    }
    if asked.lines {
        request.complete.push(Fact::FileLines);
    }
    if diff.is_over {
        request.unavailable.push(Unavailable {
            fact: Fact::Hunks,
            of: None,
            reason: format!("the diff has more than {HUNK_BYTES} bytes").into(),
        });
    } else if asked.hunks.is_some() {
        request.complete.push(Fact::Hunks);
    }
    request.files = diff.files.into();
    request.complete.push(Fact::Files);
}

/// What the module is asked when all else is here: what the commits name, what became of the change, and which signed statements to
/// keep. However many statements there are, the first two are asked once.
struct LastQuestion<'m> {
    module: &'m Module,
    /// The repository holds checkpoints, which commits may name.
    checkpoints: bool,
    answer: Option<Needs>,
}

impl LastQuestion<'_> {
    /// Those of many signed statements that the module keeps.
    fn worth_keeping(
        &mut self,
        request: &Request<'static>,
        acts: Vec<Act<'static>>,
    ) -> Result<Vec<Act<'static>>, CollectError> {
        let keep = self.ask(request, &acts)?.keep;
        let keep: HashSet<&str> = keep.iter().map(String::as_str).collect();
        Ok(acts.into_iter().filter(|act| keep.contains(act.id.as_ref())).collect())
    }

    /// What the commits name and what became of the change; asked now unless it was with statements.
    fn asked(&mut self, request: &Request<'static>) -> Result<Needs, CollectError> {
        match self.answer.take() {
            Some(answer) => Ok(answer),
            None => self.ask(request, &[]),
        }
    }

    fn ask(&mut self, request: &Request<'static>, acts: &[Act<'static>]) -> Result<Needs, CollectError> {
        let mut part = skeleton(request);
        if !self.checkpoints || self.answer.is_some() {
            part.absent.push(Fact::Checkpoints);
            part.commits.iter_mut().for_each(|commit| commit.message = Text::default());
        }
        if !acts.is_empty() {
            part.acts = acts.to_vec().into();
            // What is kept is told of acts that are not all known.
            part.complete.retain(|fact| *fact != Fact::Acts);
            part.absent.retain(|fact| *fact != Fact::Acts);
            let missing = std::mem::take(&mut part.unavailable).into_vec().into_iter();
            part.unavailable = missing.filter(|missing| missing.fact != Fact::Acts).collect();
        }
        let needs = asked(self.module, &part)?;
        self.answer.get_or_insert_with(|| needs.clone());
        Ok(needs)
    }
}

/// What the module says that a request lacks.
fn asked(module: &Module, request: &Request<'_>) -> Result<Needs, CollectError> {
    let answer = module.call(Function::Needs, &serde_json::to_vec(request)?)?;
    Ok(read(answer.as_bytes())?)
}

fn finished(request: &Request<'_>, as_push: bool) -> Result<Collected, CollectError> {
    Ok(Collected { request: serde_json::to_vec(request)?, as_push })
}
