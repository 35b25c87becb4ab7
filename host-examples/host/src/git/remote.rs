//! Bare mirrors of repositories elsewhere.

use std::path::Path;

use super::{GitError, Repository, command, failed};

/// A repository elsewhere, and the token that opens it.
#[derive(Clone)]
pub struct Remote {
    /// Its address, without a token.
    pub url: String,
    /// What the server is told in the header `Authorization`; none for a server that asks nothing.
    pub authorization: Option<String>,
}

impl Repository {
    /// Opens a bare repository, which is made where there is none.
    ///
    /// # Errors
    /// When git fails.
    pub fn open_or_make(folder: &Path) -> Result<Self, GitError> {
        if !folder.join("HEAD").is_file() {
            std::fs::create_dir_all(folder)?;
            let mut command = command::as_user();
            // A template of the machine could bring attributes and hooks.
            command.args(["init", "--quiet", "--bare", "--template="]).arg(folder);
            let output = command.output().map_err(GitError::Missing)?;
            if !output.status.success() {
                return Err(failed(&["init", "--bare"], &output.stderr));
            }
        }
        Self::open(folder)
    }

    /// Makes refs here what they are there; a `+` before a refspec lets one go back, and what is gone there goes here.
    ///
    /// # Errors
    /// When git cannot reach the other, or it refuses.
    pub fn fetch(&self, remote: &Remote, refspecs: &[&str]) -> Result<(), GitError> {
        let args = ["fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", &remote.url];
        self.with_remote(remote, &args, refspecs).map(drop)
    }

    /// Moves refs there.
    ///
    /// # Errors
    /// When git cannot reach the other, or it refuses.
    pub fn push(&self, remote: &Remote, refspecs: &[&str]) -> Result<(), GitError> {
        self.with_remote(remote, &["push", "--quiet", &remote.url], refspecs).map(drop)
    }

    /// The branch that HEAD names there, by full name; none for a repository that is empty.
    ///
    /// # Errors
    /// When git cannot reach the other, or it refuses.
    pub fn remote_head(&self, remote: &Remote) -> Result<Option<String>, GitError> {
        let answer = self.with_remote(remote, &["ls-remote", "--symref", &remote.url], &["HEAD"])?;
        let line = answer.lines().find_map(|line| line.strip_prefix("ref: "));
        Ok(line.and_then(|line| line.split_whitespace().next()).map(str::to_owned))
    }

    fn with_remote(&self, remote: &Remote, args: &[&str], refspecs: &[&str]) -> Result<String, GitError> {
        let mut command = self.as_user(args);
        command.args(refspecs);
        // In the environment and not among the arguments, which everybody on the machine can list.
        // A redirect would take the token elsewhere; a server that says nothing for long says nothing at all.
        let mut settings: Vec<(&str, String)> = vec![
            ("http.followRedirects", "false".to_owned()),
            ("http.lowSpeedLimit", "1000".to_owned()),
            ("http.lowSpeedTime", "20".to_owned()),
        ];
        if let Some(authorization) = &remote.authorization {
            settings.push(("http.extraHeader", format!("Authorization: {authorization}")));
        }
        command.env("GIT_CONFIG_COUNT", settings.len().to_string());
        for (at, (key, value)) in settings.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{at}"), key).env(format!("GIT_CONFIG_VALUE_{at}"), value);
        }
        let output = command.output().map_err(GitError::Missing)?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(failed(&[args.first().copied().unwrap_or("git"), &remote.url], &output.stderr))
        }
    }
}
