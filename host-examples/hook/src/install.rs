//! Puts the hook where a git server runs it, and checks that it does.
#![expect(clippy::print_stdout, reason = "an installation, which says what it did")]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use countersign_host::module::Module;

use crate::rights::{self, Account};
use crate::rules::{HostRulesChoice, Scope};

/// The name of our file in `pre-receive.d`.
const NAME: &str = "countersign";

/// A hook that runs all that stand in `pre-receive.d`, as that of a forge does, where there is no forge.
const RUNS_ALL: &str = "#!/bin/sh
# Each reads what a push would move; the first that refuses it ends it.
input=$(cat)
for hook in \"${0%/*}/pre-receive.d/\"*; do
    [ -x \"$hook\" ] || continue
    printf '%s\\n' \"$input\" | \"$hook\" || exit $?
done
";

/// How the hook is installed, whatever server it stands on.
#[derive(Debug, Clone, Args)]
pub struct Installation {
    /// What the server's own configuration says.
    #[command(flatten)]
    pub host: HostRulesChoice,
    /// The repositories that are judged.
    #[command(flatten)]
    pub scope: Scope,
    /// A folder for what was decided, which the service takes into the audit trail and by which the hook finds what came in
    /// past it; the server's account must be able to write there, and nobody else.
    #[arg(long, value_name = "DIR")]
    pub spool: Option<PathBuf>,
    /// Change nothing, and say what is wrong with an installation.
    #[arg(long)]
    pub check: bool,
}

/// A file that has to be there, executable.
#[derive(Debug)]
pub struct Script {
    /// Where it stands.
    pub path: PathBuf,
    /// What it holds.
    pub text: String,
}

impl Installation {
    /// Installs the hook for one bare repository, or checks it. What stands in its `hooks/pre-receive.d` is run by the hook of a forge;
    /// where there is none, by one that is put beside it. `flags` are what the command takes beside those of every hook, and `secret` a
    /// file that nobody else may read.
    ///
    /// # Errors
    /// When it cannot be installed.
    pub fn of_repository(
        &self,
        folder: &Path,
        flags: &[String],
        secret: Option<&Path>,
    ) -> anyhow::Result<ExitCode> {
        let hooks = folder.join("hooks");
        if !hooks.is_dir() {
            bail!(
                "{} has no folder `hooks`: name the bare repository itself, such as /srv/git/acme/app.git",
                folder.display()
            );
        }
        let path = hooks.join("pre-receive.d").join(NAME);
        let mut scripts = vec![Script { path, text: format!("#!/bin/sh\n{}\n", self.command(flags)?) }];
        let own = Script { path: hooks.join("pre-receive"), text: RUNS_ALL.to_owned() };
        let is_own = fs::read_to_string(&own.path).is_ok_and(|text| text == own.text);
        if is_own || !own.path.exists() {
            scripts.push(own);
        }
        let idle = never_run(folder);
        if self.check {
            let server = Account::owning(folder);
            let faults = self.faults(&scripts, secret, server.as_ref())?;
            return Ok(report(faults.into_iter().chain(idle)));
        }
        match idle {
            Some(idle) => bail!(idle),
            None => self.write(&scripts)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Writes scripts, unless the file of who may break the glass has a fault: better known now than in the night when it is needed.
    ///
    /// # Errors
    /// When it has, or one cannot be written.
    pub fn write(&self, scripts: &[Script]) -> anyhow::Result<()> {
        if let Some(fault) = self.glass_fault()? {
            return Err(fault);
        }
        for script in scripts {
            script.write()?;
            println!("wrote {}", script.path.display());
        }
        Ok(())
    }

    /// What is wrong with an installation: with its scripts, with who else could change or read what it rests on, and with what the
    /// server's account could not.
    ///
    /// # Errors
    /// When the module cannot be asked.
    pub fn faults(
        &self,
        scripts: &[Script],
        secret: Option<&Path>,
        server: Option<&Account>,
    ) -> anyhow::Result<Vec<String>> {
        let mut faults: Vec<String> = scripts.iter().filter_map(Script::fault).collect();
        faults.extend(self.glass_fault()?.map(|fault| format!("{fault:#}")));
        if server.is_none() {
            println!("Nothing says which account the server runs as, so what it may read was not checked.");
        }
        let program = std::env::current_exe().ok();
        let folders = scripts.iter().filter_map(|script| script.path.parent());
        let files = scripts.iter().map(|script| script.path.as_path());
        let decides =
            files.chain(folders).chain(program.as_deref()).chain(self.host.break_glass_file.as_deref());
        let decides: BTreeSet<&Path> = decides.collect();
        for path in decides {
            faults.extend(rights::writable(path));
            faults.extend(rights::foreign(path, server));
            faults.extend(rights::unreadable(path, server).filter(|_| path.exists()));
        }
        if let Some(secret) = secret {
            faults.extend(rights::secret(secret, server));
        }
        if let Some(spool) = &self.spool {
            faults.extend(rights::spool(spool, server));
        }
        Ok(faults)
    }

    fn glass_fault(&self) -> anyhow::Result<Option<anyhow::Error>> {
        if self.host.break_glass_file.is_none() {
            return Ok(None);
        }
        Ok(self.host.rules(&Module::embedded()?).1)
    }

    /// The hooks of all repositories of a server, in the folder that its `core.hooksPath` names. git then runs no hook of a
    /// repository's own, so each of these does: `passed_on` names those that the server has in every repository beside `pre-receive`.
    /// `flags` are what the command takes beside those of every hook.
    ///
    /// # Errors
    /// When a file or folder that the command names cannot be found or made.
    pub fn of_server(
        &self,
        folder: &Path,
        flags: &[String],
        passed_on: &[&str],
    ) -> anyhow::Result<Vec<Script>> {
        let pre_receive = format!(
            "#!/bin/sh\n# The repository's own hooks come first: what the server refuses is not judged.\n\
             input=$(cat)\nown=\"$GIT_DIR/hooks/pre-receive\"\nif [ -x \"$own\" ]; then\n    \
             printf '%s\\n' \"$input\" | \"$own\" || exit $?\nfi\nprintf '%s\\n' \"$input\" | {{\n    {}\n}}\n",
            self.command(flags)?
        );
        let goes_on = |name: &&str| Script {
            path: folder.join(name),
            text: format!(
                "#!/bin/sh\nown=\"$GIT_DIR/hooks/{name}\"\nif [ -x \"$own\" ]; then\n    exec \"$own\" \"$@\"\nfi\n"
            ),
        };
        let own = Script { path: folder.join("pre-receive"), text: pre_receive };
        Ok(std::iter::once(own).chain(passed_on.iter().map(goes_on)).collect())
    }

    /// The line of a shell that runs the hook, with what it has to know.
    ///
    /// # Errors
    /// When a file or folder that it names cannot be found or made.
    pub fn command(&self, flags: &[String]) -> anyhow::Result<String> {
        let program = std::env::current_exe().context("finding this program")?;
        let mut command = format!("exec {} pre-receive", quoted(&program.display().to_string()));
        for flag in flags {
            command
                .push_str(&format!(" {}", if flag.starts_with("--") { flag.clone() } else { quoted(flag) }));
        }
        if self.host.require_policy {
            command.push_str(" --require-policy");
        }
        for only in &self.scope.only {
            command.push_str(&format!(" --only {}", quoted(only)));
        }
        if let Some(file) = &self.host.break_glass_file {
            // Not where links lead today: whoever changes the file may do it by changing a link.
            let file = std::path::absolute(file).with_context(|| file.display().to_string())?;
            command.push_str(&format!(" --break-glass-file {}", quoted(&file.display().to_string())));
        }
        if let Some(folder) = &self.spool {
            // Whoever runs the hook need not be who installs it, so the folder is made here.
            fs::create_dir_all(folder).with_context(|| format!("the spool {}", folder.display()))?;
            let folder = folder.canonicalize().with_context(|| format!("the spool {}", folder.display()))?;
            command.push_str(&format!(" --spool {}", quoted(&folder.display().to_string())));
        }
        Ok(command)
    }
}

/// Prints what is wrong with an installation.
pub fn report(faults: impl IntoIterator<Item = String>) -> ExitCode {
    let faults: Vec<String> = faults.into_iter().collect();
    for fault in &faults {
        println!("{}", countersign_core::visible(fault));
    }
    if faults.is_empty() {
        println!("The hook is installed and executable.");
    }
    ExitCode::from(u8::from(!faults.is_empty()))
}

impl Script {
    fn write(&self) -> anyhow::Result<()> {
        let what = || format!("writing {}", self.path.display());
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).with_context(what)?;
        }
        fs::write(&self.path, &self.text).with_context(what)?;
        fs::set_permissions(&self.path, fs::Permissions::from_mode(0o755)).with_context(what)
    }

    /// What keeps it from running as it should.
    fn fault(&self) -> Option<String> {
        let path = self.path.display();
        let Ok(text) = fs::read_to_string(&self.path) else {
            return Some(format!("{path} is missing: run install-hook without --check"));
        };
        if !is_executable(&self.path) {
            return Some(format!(
                "{path} is not executable, so the server skips it and says nothing: chmod +x {path}"
            ));
        }
        (text != self.text).then(|| {
            format!("{path} differs from what would be installed with these flags: run install-hook again with them")
        })
    }
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0)
}

/// Why git never runs what stands in `pre-receive.d` of a repository; none where nothing stands in the way, or nothing at all.
fn never_run(folder: &Path) -> Option<String> {
    let own = folder.join("hooks/pre-receive");
    let text = fs::read(&own).ok()?;
    let hook = folder.join("hooks/pre-receive.d").join(NAME);
    let (path, hook) = (own.display(), hook.display());
    // Gitea's own says `${hookname}.d`.
    let runs_all = String::from_utf8_lossy(&text).lines().any(|line| {
        let line = line.trim_start();
        !line.starts_with('#') && (line.contains("pre-receive.d") || line.contains("hookname}.d"))
    });
    if !runs_all {
        return Some(format!(
            "{path} is what git runs, and it does not run what stands in pre-receive.d: let it run {hook} with what it reads itself, \
             or move it to pre-receive.d"
        ));
    }
    (!is_executable(&own))
        .then(|| format!("{path} is not executable, so git runs no hook and says nothing: chmod +x {path}"))
}

/// A word of a shell, whatever it holds.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_repository(folder: &Path, check: bool) -> anyhow::Result<ExitCode> {
        #[derive(clap::Parser)]
        struct Program {
            #[command(flatten)]
            install: Installation,
        }
        let words = ["install-hook"].into_iter().chain(check.then_some("--check"));
        <Program as clap::Parser>::parse_from(words).install.of_repository(folder, &[], None)
    }

    #[test]
    fn a_hook_that_nothing_runs_is_not_installed() {
        let gitea = "#!/bin/sh\nhookname=$(basename $0)\nfor hook in ${GIT_DIR}/hooks/${hookname}.d/*; do\n  \"$hook\"\ndone\n";
        let comment = "#!/bin/sh\n# pre-receive.d is not for us\nexit 0\n";
        let own = "#!/bin/sh\nexec /usr/local/bin/lint\n";
        for (what, before, mode, installs) in [
            ("nothing", None, 0, true),
            ("the hook of a forge", Some(gitea), 0o755, true),
            ("one that is not executable", Some(gitea), 0o644, false),
            ("one of somebody's own", Some(own), 0o755, false),
            ("one that names the folder in a comment", Some(comment), 0o755, false),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let hooks = folder.path().join("hooks");
            fs::create_dir(&hooks).unwrap();
            let path = hooks.join("pre-receive");
            if let Some(before) = before {
                fs::write(&path, before).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            }
            let installed = of_repository(folder.path(), false);
            assert_eq!(installed.is_ok(), installs, "{what}: {installed:?}");
            // What was there stays as it was.
            assert_eq!(
                before.map(str::to_owned),
                before.and_then(|_| fs::read_to_string(&path).ok()),
                "{what}"
            );
            if !installs {
                assert!(!hooks.join("pre-receive.d").exists(), "{what}");
                continue;
            }
            let dispatcher = Script { path: path.clone(), text: fs::read_to_string(&path).unwrap() };
            assert_eq!(dispatcher.fault(), None, "{what}");
            assert_eq!(never_run(folder.path()), None, "{what}");
            fs::remove_file(&path).unwrap();
            let code = of_repository(folder.path(), true).unwrap();
            assert_eq!(code, ExitCode::from(1), "{what}: what ran it is gone");
        }
    }

    #[test]
    fn what_runs_all_hooks_gives_each_what_was_read_and_stops_at_the_first_that_refuses() {
        let folder = tempfile::tempdir().unwrap();
        let script = |name: &str, text: &str| {
            let script = Script { path: folder.path().join(name), text: text.to_owned() };
            script.write().unwrap();
            script.path
        };
        let own = script("pre-receive", RUNS_ALL);
        let seen = folder.path().join("seen");
        let says = |code: u8| format!("#!/bin/sh\ncat >>'{}'\nexit {code}\n", seen.display());
        script("pre-receive.d/a", &says(0));
        script("pre-receive.d/b", &says(3));
        script("pre-receive.d/c", &says(0));
        let mut child = std::process::Command::new(own).stdin(std::process::Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"old new ref\n").unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(3));
        assert_eq!(fs::read_to_string(seen).unwrap(), "old new ref\nold new ref\n");
    }

    #[test]
    fn a_word_of_a_shell_stays_one_word() {
        assert_eq!(quoted("a b'c"), r"'a b'\''c'");
    }
}
