//! The documents of a change: what decides about it, read from its target, and what tools noted about its commits.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use countersign_core::model::{
    Document, Fact, Needs, ObjectId, Request, Role, Text, Unavailable, WantedDocument,
};
use countersign_core::wellknown::{CHECKPOINTS, NOTES, POLICY};

use super::{CollectError, Collector, PolicyFrom, Subject, Target};
use crate::git::{Entry, GitError, Object, Objects};
use crate::module::sha256_hex;

/// Versions of a policy that are looked at, where the one that stands has a fault.
const VERSIONS: usize = 20;

/// Why a document that is there cannot be read.
const MISSING: &str = "its object is missing here; fetch it, or run `git fsck`";

/// Bytes of notes that one request takes; later notes are named as unavailable.
const NOTE_BYTES: usize = 40 << 20;

/// Notes of one commit under refs that the module does not read: more say nothing more.
const UNREAD: usize = 10;

/// Trees of one notes ref that are read ahead. The notes of a history of a million commits have fewer.
const NOTE_TREES: usize = 100_000;

/// The refs that may hold what tools noted about commits, as they were listed.
pub struct NoteRefs {
    notes: Vec<String>,
    pub(super) has_checkpoints: bool,
    /// Whether notes were looked up before.
    is_known: bool,
    /// All that a ref notes, by commit, once notes are looked up again and again; none where that is too much.
    ahead: HashMap<String, Option<BTreeMap<String, Vec<String>>>>,
}

impl NoteRefs {
    /// The notes of commits under one ref: id of the commit, blob of the note.
    fn annotated(
        &mut self,
        objects: &mut Objects,
        git_ref: &str,
        tip: &str,
        commits: &[&str],
    ) -> Result<Vec<(String, String)>, GitError> {
        if self.is_known && !self.ahead.contains_key(git_ref) {
            let all = objects.all_annotated(tip, NOTE_TREES)?;
            self.ahead.insert(git_ref.to_owned(), all);
        }
        let Some(Some(all)) = self.ahead.get(git_ref) else { return objects.annotated(tip, commits) };
        let mut found = Vec::new();
        for id in commits {
            found.extend(all.get(*id).into_iter().flatten().map(|blob| ((*id).to_owned(), blob.clone())));
        }
        Ok(found)
    }
}

impl Collector<'_> {
    /// Where the documents that decide stand, all of them in one place: where the policy does.
    pub(super) fn rules(&mut self, subject: &Subject) -> Result<Target, CollectError> {
        match &subject.policy {
            PolicyFrom::Branch(branch) => return Ok(branch.clone()),
            PolicyFrom::File(_) | PolicyFrom::Ref { .. } => {}
            PolicyFrom::Target => {
                for place in [Some(&subject.target), subject.default_branch.as_ref()].into_iter().flatten() {
                    // A policy that is there and cannot be read is no missing policy.
                    if let Some((_, tip)) = &place.tip
                        && self.objects.has_entry(tip.as_str(), POLICY)?
                    {
                        return Ok(place.clone());
                    }
                }
            }
        }
        Ok(subject.target.clone())
    }

    /// What the tree of a commit has in the policy's place, by its id; none where that is nothing that can be read.
    ///
    /// # Errors
    /// When git fails.
    pub fn policy_at(&mut self, commit: &ObjectId<'_>) -> Result<Option<ObjectId<'static>>, CollectError> {
        Ok(self.objects.get(&format!("{commit}:{POLICY}"))?.map(|object| object.id))
    }

    /// The policy: where the documents that decide stand, or where it was said to stand.
    pub(super) fn policy(
        &mut self,
        subject: &Subject,
        rules: &Target,
    ) -> Result<Option<Document<'static>>, CollectError> {
        match &subject.policy {
            PolicyFrom::File(path) => Ok(Some(self.file(Role::Policy, path)?)),
            PolicyFrom::Ref { revision, path } => {
                let found = match self.named_commit(revision)? {
                    Some(commit) => self.at(&commit, Some(revision), Role::Policy, path)?,
                    None => None,
                };
                found.map(Some).ok_or_else(|| CollectError::Policy {
                    what: format!("{revision}:{path}"),
                    reason: "there is no such file".to_owned(),
                })
            }
            PolicyFrom::Target | PolicyFrom::Branch(_) => self.of_target(rules, Role::Policy, POLICY),
        }
    }

    /// A file that the command line names.
    pub(super) fn file(&self, role: Role, path: &Path) -> Result<Document<'static>, CollectError> {
        let what = || path.display().to_string();
        let bytes =
            std::fs::read(path).map_err(|e| CollectError::Policy { what: what(), reason: e.to_string() })?;
        Ok(Document {
            role,
            source: "flag".into(),
            git_ref: None,
            commit: None,
            path: Some(what().into()),
            mode: None,
            digest: Some(format!("sha256:{}", sha256_hex(&bytes)).into()),
            untrusted: self.in_work_tree(path).is_some(),
            bytes: Text::from_bytes(bytes),
        })
    }

    /// The policy of the default branch, which says what is protected; where it cannot be read as one, the module takes
    /// what is protected when no policy says it.
    pub(super) fn protection(
        &mut self,
        subject: &Subject,
    ) -> Result<Option<Document<'static>>, CollectError> {
        match &subject.default_branch {
            Some(default) if default.name != subject.target.name => {
                self.of_target(default, Role::Protection, POLICY)
            }
            _ => Ok(None),
        }
    }

    /// Puts the documents that the module asks for into a request: where the rules stand, at the commit that pins one, or where
    /// they stood at other times. Of what a policy extends it is also put there that nothing stands in its place.
    pub(super) fn documents(
        &mut self,
        needs: &Needs,
        target: &Target,
        rules: &Target,
        request: &mut Request<'static>,
    ) -> Result<(), CollectError> {
        let head = request.change.as_ref().map(|change| change.head.clone());
        let of_old = |wanted: &&WantedDocument| wanted.role == Role::EarlierPolicy && wanted.commit.is_none();
        let paths: Vec<&str> = needs.documents.iter().filter(of_old).map(|old| old.path.as_str()).collect();
        if !paths.is_empty() {
            let known = std::mem::take(&mut request.documents).into_vec().into_iter();
            request.documents = known.filter(|known| known.role != Role::EarlierPolicy).collect();
            request.documents.extend(self.earlier(rules, &paths)?);
        }
        let other = needs.documents.iter().filter(|wanted| wanted.git_ref.is_none() && !of_old(wanted));
        for wanted in other {
            let (role, path) = (wanted.role, wanted.path.as_str());
            let commit = wanted.commit.as_ref().and_then(|commit| ObjectId::new(commit.clone()));
            match commit {
                Some(commit) if role == Role::NextPolicy && head.as_ref() == Some(&commit) => {
                    // A policy that stands on another branch is mended there.
                    if rules.name == target.name {
                        request.documents.extend(self.next(target, &commit, path)?);
                    }
                }
                Some(commit) => {
                    // Where the commit is not here, nothing of it is.
                    let found = match self.objects.commit(commit.as_str())? {
                        Some(_) => self.at(&commit, None, role, path)?,
                        None => None,
                    };
                    request.documents.push(found.unwrap_or_else(|| nothing(role, None, &commit, path)));
                }
                None if role == Role::Extends => {
                    let found = self.of_target(rules, role, path)?;
                    let tip = rules.tip.as_ref();
                    let or_nothing = || tip.map(|(git_ref, tip)| nothing(role, Some(git_ref), tip, path));
                    request.documents.extend(found.or_else(or_nothing));
                }
                None => self.of_target_as_it_is(rules, role, path, request)?,
            }
        }
        Ok(())
    }

    /// What merging a commit into the target would leave at a path; none where the two conflict.
    fn next(
        &mut self,
        target: &Target,
        head: &ObjectId<'static>,
        path: &str,
    ) -> Result<Option<Document<'static>>, CollectError> {
        let Some((_, tip)) = &target.tip else { return Ok(None) };
        let Some(tree) = self.repository.merge_tree(tip.as_str(), head.as_str())? else { return Ok(None) };
        Ok(Some(match self.objects.file(tree.as_str(), path)? {
            Entry::File(object) => document(Role::NextPolicy, object, None, Some(head), Some(path)),
            Entry::Irregular(mode) => irregular(Role::NextPolicy, mode, None, head, path),
            Entry::Nothing | Entry::Missing => nothing(Role::NextPolicy, None, head, path),
        }))
    }

    /// What stood at these paths whenever one of them had changed, the newest first, without what stands now.
    fn earlier(&mut self, rules: &Target, paths: &[&str]) -> Result<Vec<Document<'static>>, CollectError> {
        let Some((_, tip)) = &rules.tip else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        // The newest change is what stands.
        for commit in self.repository.changes_of(tip.as_str(), paths, VERSIONS + 1)?.into_iter().skip(1) {
            for path in paths {
                let stood = self.at(&commit, None, Role::EarlierPolicy, path)?;
                found.push(stood.unwrap_or_else(|| nothing(Role::EarlierPolicy, None, &commit, path)));
            }
        }
        Ok(found)
    }

    /// A document that stands at the tip of a branch.
    pub(super) fn of_target(
        &mut self,
        target: &Target,
        role: Role,
        path: &str,
    ) -> Result<Option<Document<'static>>, CollectError> {
        let Some((git_ref, tip)) = &target.tip else {
            return Ok(None);
        };
        self.at(&tip.clone(), Some(&git_ref.clone()), role, path)
    }

    /// A document that stands in a commit. What is there and no regular file is no missing one: the module says what that
    /// means.
    fn at(
        &mut self,
        commit: &ObjectId<'static>,
        git_ref: Option<&str>,
        role: Role,
        path: &str,
    ) -> Result<Option<Document<'static>>, CollectError> {
        match self.objects.file(commit.as_str(), path)? {
            Entry::File(object) => Ok(Some(document(role, object, git_ref, Some(commit), Some(path)))),
            Entry::Nothing => Ok(None),
            Entry::Irregular(mode) => Ok(Some(irregular(role, mode, git_ref, commit, path))),
            Entry::Missing => Err(CollectError::Policy {
                what: format!("{path} at {}", git_ref.unwrap_or_else(|| commit.short())),
                reason: MISSING.to_owned(),
            }),
        }
    }

    /// Puts a document that stands at the tip of the target into a request, also one that is no regular file.
    pub(super) fn of_target_as_it_is(
        &mut self,
        target: &Target,
        role: Role,
        path: &str,
        request: &mut Request<'static>,
    ) -> Result<(), CollectError> {
        let Some((git_ref, tip)) = &target.tip else { return Ok(()) };
        match self.objects.file(tip.as_str(), path)? {
            Entry::File(object) => {
                request.documents.push(document(role, object, Some(git_ref), Some(tip), Some(path)));
            }
            Entry::Nothing => {}
            Entry::Irregular(mode) => {
                request.documents.push(irregular(role, mode, Some(git_ref), tip, path));
            }
            Entry::Missing => request.unavailable.push(Unavailable {
                fact: Fact::Documents,
                of: Some(path.to_owned().into()),
                reason: MISSING.into(),
            }),
        }
        Ok(())
    }

    /// Puts the notes of commits into the request, and names those for which there was no room.
    pub(super) fn notes(
        &mut self,
        refs: &mut NoteRefs,
        commits: &[&str],
        request: &mut Request<'static>,
    ) -> Result<(), CollectError> {
        let mut room = NOTE_BYTES;
        for (git_ref, commit, bytes) in self.notes_of(refs, commits)? {
            match room.checked_sub(bytes.len()) {
                Some(left) => {
                    room = left;
                    request.documents.push(Document {
                        role: Role::Note,
                        source: "git".into(),
                        git_ref: Some(git_ref.into()),
                        commit: ObjectId::new(commit),
                        bytes: Text::from_bytes(bytes),
                        ..Document::default()
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

    /// Puts the checkpoints that commits name into a request.
    pub(super) fn checkpoints(
        &mut self,
        needs: Needs,
        request: &mut Request<'static>,
    ) -> Result<(), CollectError> {
        for wanted in needs.documents {
            let Some(git_ref) = wanted.git_ref.as_deref() else { continue };
            match self.objects.file(git_ref, &wanted.path)? {
                Entry::File(object) => {
                    let found = document(wanted.role, object, Some(git_ref), None, Some(&wanted.path));
                    request.documents.push(found);
                }
                Entry::Missing => {
                    return Err(GitError::MissingNote { object: format!("{git_ref}:{}", wanted.path) }.into());
                }
                Entry::Nothing | Entry::Irregular(_) => {}
            }
        }
        Ok(())
    }

    /// The refs that may hold what tools noted about commits.
    ///
    /// # Errors
    /// When git fails, and when checkpoints are there and cannot be read.
    pub fn note_refs(&mut self) -> Result<NoteRefs, CollectError> {
        let folders = self.notes_per_commit().map(|(_, folder)| folder);
        let places = [NOTES, CHECKPOINTS].map(str::to_owned);
        let places: Vec<String> = places.into_iter().chain(folders).collect();
        let standing = self.repository.standing(&places)?;
        // Checkpoints are read where they stand, whatever a push is about to do to them.
        let has_checkpoints = standing.iter().any(|name| name == CHECKPOINTS);
        if has_checkpoints && self.objects.commit(CHECKPOINTS)?.is_none() {
            return Err(GitError::MissingNote { object: CHECKPOINTS.to_owned() }.into());
        }
        Ok(NoteRefs {
            notes: self.repository.moved(standing, &places),
            has_checkpoints,
            is_known: false,
            ahead: HashMap::new(),
        })
    }

    /// The patterns of refs that hold the note of one commit, and the folder of each.
    fn notes_per_commit(&self) -> impl Iterator<Item = (&str, String)> {
        let of_commit = self.about.notes.iter().filter(|pattern| pattern.contains("{commit}"));
        of_commit.map(|pattern| (pattern.as_str(), pattern.replace("{commit}", "")))
    }

    /// The notes of commits: ref, commit, bytes; without bytes those under a ref that the module does not read.
    ///
    /// # Errors
    /// When git fails.
    pub fn notes_of(
        &mut self,
        note_refs: &mut NoteRefs,
        commits: &[&str],
    ) -> Result<Vec<(String, String, Vec<u8>)>, CollectError> {
        let mut found = Vec::new();
        let mut unread: HashMap<String, usize> = HashMap::new();
        let refs = note_refs.notes.clone();
        for git_ref in refs.iter().filter(|name| name.starts_with(NOTES)) {
            let tip = self.repository.tip(git_ref);
            let is_read = |pattern: &String| !pattern.contains("{commit}") && fits(pattern, git_ref);
            if self.about.notes.iter().any(is_read) {
                let blobs = note_refs.annotated(&mut self.objects, git_ref, tip, commits)?;
                let notes = self.objects.notes(blobs)?;
                found.extend(notes.into_iter().map(|(id, bytes)| (git_ref.clone(), id, bytes)));
                continue;
            }
            for (id, _) in note_refs.annotated(&mut self.objects, git_ref, tip, commits)? {
                let known = unread.entry(id.clone()).or_default();
                *known += 1;
                if *known <= UNREAD {
                    found.push((git_ref.clone(), id, Vec::new()));
                }
            }
        }
        note_refs.is_known = true;
        let per_commit: Vec<String> = self
            .notes_per_commit()
            .filter(|(_, folder)| refs.iter().any(|name| name.starts_with(folder)))
            .map(|(pattern, _)| pattern.to_owned())
            .collect();
        for pattern in per_commit {
            let names: Vec<String> = commits.iter().map(|id| pattern.replace("{commit}", id)).collect();
            let places: Vec<String> = names.iter().map(|name| self.repository.tip(name).to_owned()).collect();
            let objects = self.objects.get_many(&places)?;
            for ((name, id), object) in names.into_iter().zip(commits).zip(objects) {
                match object {
                    Some(object) if object.kind == "blob" => {
                        found.push((name, (*id).to_owned(), object.bytes))
                    }
                    None if refs.contains(&name) => return Err(GitError::MissingNote { object: name }.into()),
                    _ => {}
                }
            }
        }
        Ok(found)
    }
}

/// Whether a ref is one of a pattern, in which `*` stands for one part of a name.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), name.split('/').collect());
    pattern.len() == name.len() && pattern.iter().zip(&name).all(|(part, here)| *part == "*" || part == here)
}

/// What is there and no regular file: of this mode.
fn irregular(
    role: Role,
    mode: &'static str,
    git_ref: Option<&str>,
    commit: &ObjectId<'static>,
    path: &str,
) -> Document<'static> {
    Document {
        role,
        source: "git".into(),
        git_ref: git_ref.map(|name| name.to_owned().into()),
        commit: Some(commit.clone()),
        path: Some(path.to_owned().into()),
        mode: Some(mode.into()),
        ..Document::default()
    }
}

/// That nothing stands at a path, as git writes that.
fn nothing(role: Role, git_ref: Option<&str>, commit: &ObjectId<'static>, path: &str) -> Document<'static> {
    irregular(role, "000000", git_ref, commit, path)
}

/// A document that git holds.
pub(super) fn document(
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
        mode: None,
        digest: Some(format!("sha256:{}", sha256_hex(&object.bytes)).into()),
        untrusted: false,
        bytes: Text::from_bytes(object.bytes),
    }
}
