//! The key that somebody signs with who names none.

use std::path::PathBuf;

use anyhow::{Context, bail};
use countersign_host::git::Repository;
use countersign_host::signing::Key;

use crate::output::remark;

/// Files below `~/.ssh`, the best kind first.
const NAMES: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];

/// git's `user.signingKey` where it is an SSH key (git-config(1), `gpg.format`), else the first of the usual files.
pub fn usual(repository: &Repository) -> anyhow::Result<Key> {
    let home = std::env::home_dir().context("there is no home folder to look for a key in; give --key")?;
    let configured = repository.user_config("user.signingKey")?;
    let is_ssh = repository.user_config("gpg.format")?.as_deref() == Some("ssh");
    if let Some(key) = configured.as_deref().filter(|_| is_ssh) {
        // A key may stand in the configuration itself.
        let literal = key.strip_prefix("key::").or_else(|| key.starts_with("ssh-").then_some(key));
        if let Some(literal) = literal {
            return Ok(Key::of_agent(literal)?);
        }
        let path = match key.strip_prefix("~/") {
            Some(rest) => home.join(rest),
            None => PathBuf::from(key),
        };
        if path.is_file() {
            return Ok(Key::open(&path)?);
        }
        bail!("git's user.signingKey is no file here: {key}; give --key");
    }
    let unused = match configured {
        Some(key) => format!(" (git's user.signingKey, {key}, is used where gpg.format is ssh)"),
        None => String::new(),
    };
    match NAMES.iter().map(|name| home.join(".ssh").join(name)).find(|path| path.is_file()) {
        Some(path) => {
            if !unused.is_empty() {
                remark(&format!("signing with {}{unused}", path.display()));
            }
            Ok(Key::open(&path)?)
        }
        None => bail!("no SSH key found{unused}; give --key, or make one with `ssh-keygen -t ed25519`"),
    }
}
