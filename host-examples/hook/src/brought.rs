//! Who brought each commit into a repository, as the hook saw it pass. The forge's own list of pushes names only the last of them,
//! reaches back so far, and can be hidden by whoever it is about.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use countersign_core::model::{
    Account, Change, Fact, Needs, ObjectId, Place, Push as PushFact, Request, Software, TriggerKind, When,
};
use countersign_host::collect::{CollectError, Platform};
use countersign_host::module::sha256_hex;
use serde::{Deserialize, Serialize};

/// Commits of one push that are noted: what is pushed at once beyond that was made elsewhere, and is imported.
pub const NOTED: usize = 10_000;

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

/// A commit that no ref held, and who pushed it.
#[derive(Serialize, Deserialize)]
struct Line {
    commit: String,
    #[serde(flatten)]
    by: Bringer,
}

/// What was seen of one repository: a line for each commit and bringer.
pub struct Brought {
    path: PathBuf,
}

impl Brought {
    /// What was seen of a repository, below a folder.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: &Path, repository: &str) -> anyhow::Result<Self> {
        let folder = folder.join("brought");
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(Brought { path: folder.join(format!("{}.jsonl", sha256_hex(repository.as_bytes()))) })
    }

    /// Notes who brings these commits. What the server then refuses after all was brought by them too.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note(&self, commits: &[ObjectId<'_>], by: &Bringer) -> anyhow::Result<()> {
        if commits.is_empty() {
            return Ok(());
        }
        let what = || format!("writing {}", self.path.display());
        let mut lines = Vec::new();
        for commit in commits {
            serde_json::to_writer(&mut lines, &Line { commit: commit.to_string(), by: by.clone() })?;
            lines.push(b'\n');
        }
        let mut file = File::options().create(true).append(true).open(&self.path).with_context(what)?;
        // Pushes side by side write whole lines.
        file.lock().with_context(what)?;
        file.write_all(&lines).with_context(what)
    }

    /// Who brought these commits, as pushes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(&self, commits: &HashSet<&str>) -> anyhow::Result<Vec<PushFact<'static>>> {
        let what = || format!("reading {}", self.path.display());
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error).with_context(what),
        };
        let mut pushes = Vec::new();
        for line in BufReader::new(file).lines() {
            let line = line.with_context(what)?;
            // Over the years these are many, and the commit stands first in its line.
            let is_id = |text: &&str| matches!(text.len(), 40 | 64);
            if line.split('"').nth(3).filter(is_id).is_some_and(|commit| !commits.contains(commit)) {
                continue;
            }
            let Line { commit, by: Bringer { login, id, at } } =
                serde_json::from_str(&line).with_context(what)?;
            let head =
                ObjectId::new(commit).with_context(|| format!("{}: no commit", self.path.display()))?;
            let by = Account { id: id.map(Into::into), login: Some(login.into()), email: None };
            pushes.push(PushFact { by: Some(by), at: Some(at), head, forced: false });
        }
        Ok(pushes)
    }
}

/// What a platform says, and who brought the commits as the hook saw them pass.
pub struct Seen<'p> {
    /// What the platform says.
    pub platform: &'p mut dyn Platform,
    /// Who brought the commits; none where no hook keeps that.
    pub brought: Option<&'p Brought>,
}

impl Platform for Seen<'_> {
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
        let known: HashSet<&str> = seen.iter().map(|push| push.head.as_str()).collect();
        let own = request.commits.iter().filter(|commit| commit.place != Place::Result);
        if own.clone().next().is_some() && own.into_iter().all(|commit| known.contains(commit.sha.as_str())) {
            let missing = std::mem::take(&mut request.unavailable).into_vec();
            let others = missing.into_iter().filter(|missing| missing.fact != Fact::Pushes);
            request.unavailable = others.collect::<Vec<_>>().into();
            if !request.complete.contains(&Fact::Pushes) && !self.platform.absent().contains(&Fact::Pushes) {
                request.complete.push(Fact::Pushes);
            }
        }
        let mut pushes = std::mem::take(&mut request.pushes).into_vec();
        pushes.extend(seen);
        request.pushes = pushes.into();
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

    #[test]
    fn everybody_who_brought_a_commit_is_told_and_nobody_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let brought = Brought::open(folder.path(), "1").unwrap();
        let told = |commits: &[ObjectId<'_>]| {
            let commits = commits.iter().map(ObjectId::as_str).collect();
            let pushes = Brought::open(folder.path(), "1").unwrap().of(&commits).unwrap();
            let login = |push: &PushFact<'_>| push.by.as_ref().unwrap().login.as_ref().unwrap().to_string();
            pushes.iter().map(login).collect::<Vec<_>>()
        };
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
        let path = folder.path().join("brought").join(format!("{}.jsonl", sha256_hex(b"3")));
        fs::write(path, "{\"commit\":\n").unwrap();
        Brought::open(folder.path(), "3").unwrap().of(&HashSet::new()).unwrap_err();
        assert_eq!(
            Brought::open(folder.path(), "2").unwrap().of(&HashSet::from([id('a').as_str()])).unwrap().len(),
            0
        );
    }
}
