//! `countersign-gitea install-hook`: puts the hook where the server runs it, and checks that it does.

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

/// The folder of the hooks that serve a whole server, beside its configuration.
const FOLDER: &str = "countersign-hooks";

/// Hooks that Gitea has in every repository, which a folder for the whole server must go on to.
const PASSED_ON: &[&str] = &["update", "post-receive", "proc-receive"];

/// A hook that runs all that stand in `pre-receive.d`, as that of a forge does, where there is no forge.
const RUNS_ALL: &str = "#!/bin/sh
# Each reads what a push would move; the first that refuses it ends it.
input=$(cat)
for hook in \"${0%/*}/pre-receive.d/\"*; do
    [ -x \"$hook\" ] || continue
    printf '%s\\n' \"$input\" | \"$hook\" || exit $?
done
";

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
    /// The forge's root, which the hook asks about pull requests.
    #[arg(long, value_name = "URL", requires = "token_file")]
    url: Option<String>,
    /// A file with a token of the forge, readable by the server's account.
    #[arg(long, value_name = "FILE", requires = "url")]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    host: HostRulesChoice,
    #[command(flatten)]
    scope: Scope,
    /// A folder for what was decided, which the service takes into the audit trail and by which the hook finds what came in
    /// past it; the server's account must be able to write there, and nobody else.
    #[arg(long, value_name = "DIR")]
    spool: Option<PathBuf>,
    /// Change nothing, and say what is wrong with an installation.
    #[arg(long)]
    check: bool,
}

/// A file that has to be there, executable.
struct Script {
    path: PathBuf,
    text: String,
}

impl InstallHook {
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let (scripts, ini) = match (&self.repository_dir, &self.app_ini) {
            (Some(folder), _) => (self.of_repository(folder)?, None),
            (None, Some(ini)) => {
                let folder = hooks_folder(ini)?;
                (self.of_server(&folder)?, Some((ini, folder)))
            }
            (None, None) => bail!("name a repository or an app.ini"),
        };
        let glass = self.glass_fault()?;
        let idle = self.repository_dir.as_deref().and_then(never_run);
        if self.check {
            let mut faults: Vec<String> = scripts.iter().filter_map(Script::fault).collect();
            faults.extend(idle);
            faults.extend(glass.map(|fault| format!("{fault:#}")));
            if let Some((ini, folder)) = &ini {
                faults.extend(ini_fault(ini, folder)?);
            }
            let server = self.server_account()?;
            if server.is_none() {
                println!(
                    "Nothing says which account the server runs as (RUN_USER), so what it may read was not checked."
                );
            }
            faults.extend(self.rights(&scripts, server.as_ref()));
            for fault in &faults {
                println!("{}", countersign_core::visible(fault));
            }
            if faults.is_empty() {
                println!("The hook is installed and executable.");
            }
            return Ok(ExitCode::from(u8::from(!faults.is_empty())));
        }
        if let Some(fault) = glass {
            return Err(fault);
        }
        if let Some(fault) = idle {
            bail!(fault);
        }
        for script in &scripts {
            script.write()?;
            println!("wrote {}", script.path.display());
        }
        if let Some((ini, folder)) = &ini {
            if set_hooks_path(ini, folder)? {
                println!("set core.hooksPath in {}; restart the server", ini.display());
            } else {
                println!("{} names the hooks already", ini.display());
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// What is wrong with the file of who may break the glass: better known now than in the night when it is needed.
    fn glass_fault(&self) -> anyhow::Result<Option<anyhow::Error>> {
        if self.host.break_glass_file.is_none() {
            return Ok(None);
        }
        Ok(self.host.rules(&Module::embedded()?).1)
    }

    /// The account that the server runs as; none where nothing says it.
    fn server_account(&self) -> anyhow::Result<Option<Account>> {
        let Some(ini) = &self.app_ini else {
            return Ok(self.repository_dir.as_deref().and_then(Account::owning));
        };
        let text = fs::read_to_string(ini).with_context(|| ini.display().to_string())?;
        let above = text.lines().take_while(|line| !line.trim_start().starts_with('['));
        let keys =
            above.filter_map(|line| line.split_once('=')).map(|(key, value)| (key.trim(), value.trim()));
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

    /// What others could change or read, and what the server's account could not.
    fn rights(&self, scripts: &[Script], server: Option<&Account>) -> Vec<String> {
        let mut faults = Vec::new();
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
        if let Some(token) = &self.token_file {
            faults.extend(rights::secret(token, server));
        }
        if let Some(spool) = &self.spool {
            faults.extend(rights::spool(spool, server));
        }
        faults
    }

    /// What stands in `pre-receive.d` is run by the hook of a forge; where there is none, by one that is put beside it.
    fn of_repository(&self, folder: &Path) -> anyhow::Result<Vec<Script>> {
        let hooks = folder.join("hooks");
        if !hooks.is_dir() {
            bail!(
                "{} has no folder `hooks`: name the bare repository itself, such as \
                 /var/lib/gitea/git/repositories/acme/app.git",
                folder.display()
            );
        }
        let path = hooks.join("pre-receive.d").join(NAME);
        let mut scripts = vec![Script { path, text: format!("#!/bin/sh\n{}\n", self.command()?) }];
        let own = Script { path: hooks.join("pre-receive"), text: RUNS_ALL.to_owned() };
        let is_own = fs::read_to_string(&own.path).is_ok_and(|text| text == own.text);
        if is_own || !own.path.exists() {
            scripts.push(own);
        }
        Ok(scripts)
    }

    fn of_server(&self, folder: &Path) -> anyhow::Result<Vec<Script>> {
        let pre_receive = format!(
            "#!/bin/sh\n# The repository's own hooks come first: what the server refuses is not judged.\n\
             input=$(cat)\nown=\"$GIT_DIR/hooks/pre-receive\"\nif [ -x \"$own\" ]; then\n    \
             printf '%s\\n' \"$input\" | \"$own\" || exit $?\nfi\nprintf '%s\\n' \"$input\" | {{\n    {}\n}}\n",
            self.command()?
        );
        let mut scripts = vec![Script { path: folder.join("pre-receive"), text: pre_receive }];
        for name in PASSED_ON {
            let text = format!(
                "#!/bin/sh\nown=\"$GIT_DIR/hooks/{name}\"\nif [ -x \"$own\" ]; then\n    exec \"$own\" \"$@\"\nfi\n"
            );
            scripts.push(Script { path: folder.join(name), text });
        }
        Ok(scripts)
    }

    /// The line of a shell that runs the hook, with what it has to know.
    fn command(&self) -> anyhow::Result<String> {
        let program = std::env::current_exe().context("finding this program")?;
        let mut command = format!("exec {} pre-receive", quoted(&program.display().to_string()));
        if let (Some(url), Some(file)) = (&self.url, &self.token_file) {
            let file = file.canonicalize().with_context(|| format!("the token file {}", file.display()))?;
            let file = quoted(&file.display().to_string());
            command.push_str(&format!(" --url {} --token-file {file}", quoted(url)));
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

    fn of_repository(folder: &Path, check: bool) -> anyhow::Result<ExitCode> {
        #[derive(clap::Parser)]
        struct Program {
            #[command(flatten)]
            install: InstallHook,
        }
        let folder = folder.to_str().unwrap();
        let mut words = vec!["install-hook", "--repository-dir", folder];
        words.extend(check.then_some("--check"));
        <Program as clap::Parser>::parse_from(words).install.run()
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
