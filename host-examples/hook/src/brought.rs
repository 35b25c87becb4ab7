//! Who brought each commit into a repository, as the hook saw it pass. The forge's own list of pushes names only the last of them,
//! reaches back so far, and can be hidden by whoever it is about.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use countersign_core::model::{
    Account, Change, Fact, Needs, ObjectId, Place, Push as PushFact, Request, Software, TriggerKind, When,
};
use countersign_host::collect::{CollectError, Platform};
use serde::{Deserialize, Serialize};

/// Commits of one push that are noted. A push of more is refused nowhere, and the oldest of its commits have no note.
pub const NOTED: usize = 1_000_000;

/// Digits of an id that commits are kept apart by, each with all others of one file: as much as the server ever holds is found fast.
const DIGITS: usize = 3;

/// Who pushes, and when.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bringer {
    /// The login.
    pub login: String,
    /// The account's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// When.
    pub at: When,
}

/// A commit that no ref of a repository held, and who pushed it there.
#[derive(Serialize, Deserialize)]
struct Line<'l> {
    commit: Cow<'l, str>,
    repository: Cow<'l, str>,
    #[serde(flatten)]
    by: Cow<'l, Bringer>,
}

/// What was seen on a server: a line for each commit, repository and bringer, as they came.
pub struct Brought {
    folder: PathBuf,
    repository: String,
}

impl Brought {
    /// What was seen, below a folder, with an eye on one repository.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: &Path, repository: &str) -> anyhow::Result<Self> {
        let folder = folder.join("brought");
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(Brought { folder, repository: repository.to_owned() })
    }

    /// The file of all commits whose ids begin like this one.
    fn file_of(&self, commit: &str) -> PathBuf {
        self.folder.join(format!("{}.jsonl", commit.get(..DIGITS).unwrap_or(commit)))
    }

    /// Notes who brings these commits. What the server then refuses after all was brought by them too.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note(&self, commits: &[ObjectId<'_>], by: &Bringer) -> anyhow::Result<()> {
        let mut files: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
        for commit in commits {
            let lines = files.entry(self.file_of(commit.as_str())).or_default();
            let line = Line {
                commit: commit.as_str().into(),
                repository: self.repository.as_str().into(),
                by: Cow::Borrowed(by),
            };
            serde_json::to_writer(&mut *lines, &line)?;
            lines.push(b'\n');
        }
        for (path, lines) in files {
            let what = || format!("writing {}", path.display());
            let mut file = File::options().create(true).append(true).open(&path).with_context(what)?;
            // Pushes side by side write whole lines.
            file.lock().with_context(what)?;
            file.write_all(&lines).with_context(what)?;
        }
        Ok(())
    }

    /// Who brought these commits, as pushes: everybody who brought one to this repository, and whoever had brought it to another one
    /// of the server, such as a fork, before it first came here.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(&self, commits: &HashSet<&str>) -> anyhow::Result<Seen> {
        let mut seen = Seen::default();
        let files: BTreeSet<PathBuf> = commits.iter().map(|commit| self.file_of(commit)).collect();
        for path in files {
            let what = || format!("reading {}", path.display());
            let file = match File::open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error).with_context(what),
            };
            for line in BufReader::new(file).lines() {
                let line = line.with_context(what)?;
                // Over the years these are many, and the commit stands first in its line.
                let is_id = |text: &&str| matches!(text.len(), 40 | 64);
                if line.split('"').nth(3).filter(is_id).is_some_and(|commit| !commits.contains(commit)) {
                    continue;
                }
                let line: Line<'_> = serde_json::from_str(&line).with_context(what)?;
                let head = ObjectId::new(line.commit.into_owned())
                    .with_context(|| format!("{}: no commit", path.display()))?;
                seen.take(head, line.repository == self.repository, &line.by);
            }
        }
        Ok(seen)
    }
}

/// Who was seen to bring commits.
#[derive(Debug, Default)]
pub struct Seen {
    pushes: Vec<PushFact<'static>>,
    /// The commits that were seen to come to the repository itself.
    here: HashSet<String>,
    /// The commits that were seen to come to any.
    anywhere: HashSet<String>,
}

impl Seen {
    /// Takes the next line. The first about a commit says who had it first; later ones elsewhere are of people who took what was there.
    fn take(&mut self, head: ObjectId<'static>, is_here: bool, by: &Bringer) {
        let is_first = self.anywhere.insert(head.to_string());
        if is_here {
            self.here.insert(head.to_string());
        }
        if !is_here && !is_first {
            return;
        }
        let account =
            Account { id: by.id.clone().map(Into::into), login: Some(by.login.clone().into()), email: None };
        self.pushes.push(PushFact { by: Some(account), at: Some(by.at), head, forced: false });
    }
}

/// What a platform says, and who brought the commits as the hook saw them pass.
pub struct WithBringers<'p> {
    /// What the platform says.
    pub platform: &'p mut dyn Platform,
    /// Who brought the commits; none where no hook keeps that.
    pub brought: Option<&'p Brought>,
}

impl Platform for WithBringers<'_> {
    fn trigger(&self) -> (TriggerKind, Software<'static>) {
        self.platform.trigger()
    }

    fn names(&self, change: &mut Change<'static>) {
        self.platform.names(change);
    }

    fn absent(&self) -> &[Fact] {
        self.platform.absent()
    }

    fn facts(&mut self, needs: &Needs, request: &mut Request<'static>) -> Result<(), CollectError> {
        self.platform.facts(needs, request)?;
        let Some(brought) = self.brought else { return Ok(()) };
        let commits: HashSet<&str> = request.commits.iter().map(|commit| commit.sha.as_str()).collect();
        let seen = brought.of(&commits).map_err(|error| CollectError::Platform(format!("{error:#}")))?;
        // Where each commit was seen to come, nothing is left that the forge would have to know.
        let known = seen.here;
        let own = request.commits.iter().filter(|commit| commit.place != Place::Result);
        if own.clone().next().is_some() && own.into_iter().all(|commit| known.contains(commit.sha.as_str())) {
            let missing = std::mem::take(&mut request.unavailable).into_vec();
            let others = missing.into_iter().filter(|missing| missing.fact != Fact::Pushes);
            request.unavailable = others.collect::<Vec<_>>().into();
            if !request.complete.contains(&Fact::Pushes) && !self.platform.absent().contains(&Fact::Pushes) {
                request.complete.push(Fact::Pushes);
            }
        }
        request.pushes.extend(seen.pushes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: char) -> ObjectId<'static> {
        ObjectId::new(digit.to_string().repeat(40)).unwrap()
    }

    fn by(login: &str, at: i64) -> Bringer {
        Bringer { login: login.into(), id: Some("7".into()), at: When::from_seconds(at) }
    }

    /// Who is told of a commit, for one repository of the server.
    fn told(folder: &Path, repository: &str, commits: &[ObjectId<'_>]) -> Vec<String> {
        let commits = commits.iter().map(ObjectId::as_str).collect();
        let seen = Brought::open(folder, repository).unwrap().of(&commits).unwrap();
        let login = |push: &PushFact<'_>| push.by.as_ref().unwrap().login.as_ref().unwrap().to_string();
        seen.pushes.iter().map(login).collect()
    }

    #[test]
    fn everybody_who_brought_a_commit_is_told_and_nobody_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let brought = Brought::open(folder.path(), "1").unwrap();
        let told = |commits: &[ObjectId<'_>]| told(folder.path(), "1", commits);
        assert_eq!(told(&[id('a')]), [""; 0]);
        brought.note(&[id('a'), id('b')], &by("sam", 5)).unwrap();
        brought.note(&[id('c')], &by("dana", 6)).unwrap();
        // Its branch was gone, and it came again.
        brought.note(&[id('b')], &by("dana", 7)).unwrap();
        assert_eq!(told(&[id('a')]), ["sam"]);
        assert_eq!(told(&[id('b')]), ["sam", "dana"]);
        assert_eq!(told(&[id('c'), id('a')]), ["sam", "dana"]);
        assert_eq!(told(&[id('d')]), [""; 0]);
        // What cannot be read may have named anybody.
        fs::write(folder.path().join("brought/eee.jsonl"), "{\"commit\":\n").unwrap();
        Brought::open(folder.path(), "1").unwrap().of(&HashSet::from([id('e').as_str()])).unwrap_err();
    }

    #[test]
    fn whoever_had_a_commit_in_a_fork_before_it_came_is_told_and_whoever_took_it_there_since_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let [here, fork, other] = ["1", "2", "3"].map(|name| Brought::open(folder.path(), name).unwrap());
        fork.note(&[id('a')], &by("sam", 5)).unwrap();
        other.note(&[id('a')], &by("rhea", 6)).unwrap();
        here.note(&[id('a')], &by("dana", 7)).unwrap();
        assert_eq!(told(folder.path(), "1", &[id('a')]), ["sam", "dana"]);
        here.note(&[id('b')], &by("dana", 8)).unwrap();
        fork.note(&[id('b')], &by("sam", 9)).unwrap();
        assert_eq!(told(folder.path(), "1", &[id('b')]), ["dana"]);
        // That it came here, only what was seen here says.
        fork.note(&[id('c')], &by("sam", 9)).unwrap();
        let seen = here.of(&HashSet::from([id('c').as_str()])).unwrap();
        assert!(seen.here.is_empty() && seen.pushes.len() == 1, "{seen:?}");
    }
}
