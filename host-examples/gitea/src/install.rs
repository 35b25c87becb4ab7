//! `countersign-gitea install-hook`: puts the hook where the server runs it, and checks that it does.
#![expect(clippy::print_stdout, reason = "an installation, which says what it did")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use countersign_hook::{Account, AskedForge, Installation, report};

/// The folder of the hooks that serve a whole server, beside its configuration.
const FOLDER: &str = "countersign-hooks";

/// The hooks that Gitea 1.26 has in every repository beside `pre-receive` (modules/gitrepo/hooks.go).
const PASSED_ON: &[&str] = &["update", "post-receive", "proc-receive"];

/// Install the hook on the server itself, for one repository or for all, and check that it runs.
///
/// For one repository a file is put into its hooks/pre-receive.d. For the whole server `core.hooksPath` is set in app.ini,
/// which reaches every repository, also those made later and wikis; the server must then be restarted.
#[derive(Args)]
#[command(after_help = "Example:\n  countersign-gitea install-hook --app-ini /etc/gitea/app.ini \\\n    \
    --url http://127.0.0.1:3000/ --token-file /etc/gitea/countersign.token\n\n\
    Exit codes: 0 installed, 1 --check found a fault, 2 cannot install")]
pub struct InstallHook {
    /// A bare repository of the server.
    #[arg(long, value_name = "DIR", required_unless_present = "app_ini", conflicts_with = "app_ini")]
    repository_dir: Option<PathBuf>,
    /// The server's configuration.
    #[arg(long, value_name = "FILE")]
    app_ini: Option<PathBuf>,
    #[command(flatten)]
    forge: AskedForge,
    #[command(flatten)]
    install: Installation,
}

impl InstallHook {
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let (flags, token) = (self.forge.flags()?, self.forge.token_file());
        let ini = match (&self.repository_dir, &self.app_ini) {
            (Some(folder), _) => return self.install.of_repository(folder, &flags, token),
            (None, Some(ini)) => ini,
            (None, None) => bail!("name a repository or an app.ini"),
        };
        let folder = hooks_folder(ini)?;
        let scripts = self.install.of_server(&folder, &flags, PASSED_ON)?;
        if self.install.check {
            let server = server_account(ini)?;
            let mut faults = self.install.faults(&scripts, token, server.as_ref())?;
            faults.extend(ini_fault(ini, &folder)?);
            return Ok(report(faults));
        }
        self.install.write(&scripts)?;
        if set_hooks_path(ini, &folder)? {
            println!("set core.hooksPath in {}; restart the server", ini.display());
        } else {
            println!("{} names the hooks already", ini.display());
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The account that the server runs as; none where nothing says it.
fn server_account(ini: &Path) -> anyhow::Result<Option<Account>> {
    let text = fs::read_to_string(ini).with_context(|| ini.display().to_string())?;
    let above = text.lines().take_while(|line| !line.trim_start().starts_with('['));
    let keys = above.filter_map(|line| line.split_once('=')).map(|(key, value)| (key.trim(), value.trim()));
    let value = |name: &str| {
        keys.clone()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim_matches(['"', '`']))
    };
    Ok(match value("RUN_USER").filter(|name| !name.is_empty()) {
        Some(name) => Account::named(name),
        None => value("WORK_PATH").and_then(|folder| Account::owning(Path::new(folder))),
    })
}

fn hooks_folder(ini: &Path) -> anyhow::Result<PathBuf> {
    let ini = ini.canonicalize().with_context(|| ini.display().to_string())?;
    Ok(ini.parent().unwrap_or(Path::new("/")).join(FOLDER))
}

/// The section of app.ini whose keys become git's configuration.
const SECTION: &str = "[git.config]";
const KEY: &str = "core.hooksPath";

/// What `core.hooksPath` is set to, and the line.
fn hooks_path(text: &str) -> Option<(usize, &str)> {
    let mut inside = false;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            inside = line.eq_ignore_ascii_case(SECTION);
        } else if inside
            && let Some((key, value)) = line.split_once('=')
            && key.trim().eq_ignore_ascii_case(KEY)
        {
            return Some((at, value.trim()));
        }
    }
    None
}

fn ini_fault(ini: &Path, folder: &Path) -> anyhow::Result<Option<String>> {
    let text = fs::read_to_string(ini).with_context(|| ini.display().to_string())?;
    Ok(match hooks_path(&text) {
        Some((_, value)) if Path::new(value) == folder => None,
        Some((at, value)) => {
            Some(format!("{}:{}: {KEY} is {value}, and not {}", ini.display(), at + 1, folder.display()))
        }
        None => Some(format!(
            "{} does not set {KEY} under {SECTION}: run install-hook without --check",
            ini.display()
        )),
    })
}

/// Sets it; false where it is set already.
fn set_hooks_path(ini: &Path, folder: &Path) -> anyhow::Result<bool> {
    let text = fs::read_to_string(ini).with_context(|| ini.display().to_string())?;
    match hooks_path(&text) {
        Some((_, value)) if Path::new(value) == folder => return Ok(false),
        Some((at, value)) => bail!(
            "{}:{}: {KEY} is {value} already; take it out, or call the hook from there",
            ini.display(),
            at + 1
        ),
        None => {}
    }
    let line = format!("{KEY} = {}", folder.display());
    let section = text.lines().position(|line| line.trim().eq_ignore_ascii_case(SECTION));
    let mut lines: Vec<&str> = text.lines().collect();
    match section {
        Some(at) => lines.insert(at + 1, &line),
        None => lines.extend(["", SECTION, &line]),
    }
    fs::write(ini, lines.join("\n") + "\n").with_context(|| format!("writing {}", ini.display()))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_is_read_from_its_section_alone() {
        assert_eq!(hooks_path("[other]\ncore.hooksPath = /a\n[git.config]\nx = y\n"), None);
        assert_eq!(hooks_path("[git.config]\n core.hooksPath=/b \n"), Some((1, "/b")));
        assert_eq!(hooks_path("[GIT.CONFIG]\nCORE.HOOKSPATH = /c\n[x]\n"), Some((1, "/c")));
    }

    #[test]
    fn a_setting_is_added_once_and_nothing_else_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let ini = folder.path().join("app.ini");
        for before in ["a = 1\n", "[git.config]\nx = y\n[z]\n", ""] {
            fs::write(&ini, before).unwrap();
            assert!(set_hooks_path(&ini, Path::new("/hooks")).unwrap());
            let after = fs::read_to_string(&ini).unwrap();
            assert!(before.lines().all(|line| after.lines().any(|other| other == line)), "{after}");
            assert_eq!(hooks_path(&after).unwrap().1, "/hooks");
            assert!(!set_hooks_path(&ini, Path::new("/hooks")).unwrap());
        }
        fs::write(&ini, "[git.config]\ncore.hooksPath = /own\n").unwrap();
        assert!(set_hooks_path(&ini, Path::new("/hooks")).is_err());
    }
}
