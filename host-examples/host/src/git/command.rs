//! How git is run: the one place that says what may steer it.
//!
//! What is read is what the objects and refs of a repository say. Attributes (gitattributes(5)), configuration of every
//! scope, the environment, hooks, grafts, replacement objects, the commit-graph and the locale change none of it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use super::GitError;

/// Where git stands. A program that is named by its path is started without a copy of this process, which holds the memory of a module
/// (std::process, Rust 1.95: `posix_spawn` is for programs that need not be looked up in a `PATH` that was set).
static GIT: LazyLock<PathBuf> = LazyLock::new(|| {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&folders).filter(|folder| folder.is_absolute());
    let found = places.map(|folder| folder.join("git")).find(|place| is_program(place));
    found.unwrap_or_else(|| "git".into())
});

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(_: &Path) -> bool {
    false
}

/// What a process needs to start at all. Everything else of the environment stays outside.
const KEPT: [&str; 4] = ["PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"];

/// What git would take for the place of a repository, its objects, index or refs: the variables that
/// `git rev-parse --local-env-vars` names, but for those that carry configuration, and what else says where to read.
const PLACES: [&str; 22] = [
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_CONFIG",
    "GIT_ATTR_SOURCE",
    "GIT_DEFAULT_HASH",
];

/// Settings of the repository itself that would change what is read, or start a program.
const SETTINGS: [&str; 7] = [
    // Without it a walk follows the commits alone, in every clone alike.
    "core.commitGraph=false",
    // In git 2.39 the setting wins over `--no-replace-objects`.
    "core.useReplaceRefs=false",
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.fsmonitor=false",
    "i18n.commitEncoding=UTF-8",
    "advice.graftFileDeprecated=false",
];

/// How other machines are reached, whatever a repository's configuration allows: by no helper that runs what an address says
/// (git(1), `GIT_ALLOW_PROTOCOL`). Whoever needs one sets the variable.
fn protocols() -> (&'static str, OsString) {
    const ALLOWED: &str = "GIT_ALLOW_PROTOCOL";
    (ALLOWED, std::env::var_os(ALLOWED).unwrap_or_else(|| "file:git:http:https:ssh".into()))
}

/// Where a repository keeps what is read of it, by absolute paths.
#[derive(Debug, Clone)]
pub(super) struct Places {
    /// Its git folder: refs and configuration.
    pub git_dir: PathBuf,
    /// The folders that hold its objects: its own, and in a hook the quarantine of what a push brings.
    pub objects: Vec<PathBuf>,
    /// A file that names the commits whose parents a shallow clone left out.
    pub shallow: PathBuf,
    /// The hash of its ids: `sha1` or `sha256`.
    pub hash: String,
}

/// A git command that only what is given steers. `fetching` names the settings by which a partial clone fetches what it lacks.
fn unsteered(own: &OwnFolder, fetching: &str) -> Command {
    let mut command = Command::new(&*GIT);
    if own.is_partial {
        // Whatever leads to another machine: agents, proxies, certificates.
        for (name, _) in std::env::vars_os().filter(|(name, _)| steers(name)) {
            command.env_remove(name);
        }
    } else {
        command.env_clear();
        for name in KEPT {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        // A `~` in the repository's configuration must lead somewhere, and nothing stands there.
        command.env("HOME", own.folder.path());
    }
    let fetching = own.is_partial.then(|| own.folder.path().join(fetching));
    command
        .envs([protocols()])
        .env("LC_ALL", "C")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", fetching.unwrap_or_else(|| "/dev/null".into()))
        .env("GIT_ATTR_NOSYSTEM", "1")
        .env("GIT_GRAFT_FILE", "/dev/null")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_ADVICE", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .args(["--no-pager", "--no-replace-objects"])
        .stdin(Stdio::null());
    command
}

/// Whether a variable of the environment is git's own or says in which language programs speak.
fn steers(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("GIT_") || name.starts_with("LC_") || name.starts_with("LANG")
}

/// A git command in a repository whose folders are known. git asks who owns a repository where it finds one, and not
/// where it is told the place: that question was answered when the repository was opened.
pub(super) fn in_repository(places: &Places, own: &OwnFolder) -> Command {
    let mut command = unsteered(own, OF_USER);
    command.arg("--git-dir").arg(&places.git_dir);
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    let beside = places.objects.iter().skip(1).map(PathBuf::as_path);
    let made = own.objects();
    command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", list(beside.chain([made.as_path()])));
    command
}

/// A git command as the user of this machine runs it, with its configuration and environment: for the question whether a
/// repository is trusted here (`safe.directory` is read from nowhere else), for the user's own settings, and for how
/// other machines are reached (proxies, certificates, credentials).
pub(super) fn as_user() -> Command {
    let mut command = Command::new(&*GIT);
    for name in PLACES {
        command.env_remove(name);
    }
    command
        .envs([protocols()])
        .env("LC_ALL", "C")
        .env("GIT_TERMINAL_PROMPT", "0")
        .args(["--no-pager", "-c", "core.hooksPath=/dev/null"])
        .stdin(Stdio::null());
    command
}

/// A git command in a folder that this program fills itself, with no configuration and no environment but what it is given.
pub fn of_sample(folder: &Path) -> Command {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os().filter(|(name, _)| steers(name)) {
        command.env_remove(name);
    }
    command
        .envs([protocols()])
        .env("LC_ALL", "C")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_ATTR_NOSYSTEM", "1")
        .args(["--no-pager", "-c", "core.hooksPath=/dev/null", "-C"])
        .arg(folder)
        .stdin(Stdio::null());
    command
}

/// A git folder of our own, which reads the objects of a repository and has nothing else of it: no attributes, no
/// configuration, no index, no work tree, no refs. git 2.39 knows no other way to leave out all attributes. What merging
/// writes stays in it, so that nothing is written into the repository; it goes when the last that uses it does.
#[derive(Debug)]
pub(super) struct OwnFolder {
    folder: tempfile::TempDir,
    /// The repository fetches what it lacks once somebody asks for it.
    is_partial: bool,
}

/// Settings by which a partial clone fetches: those that its user and the machine have, and these with its own.
const OF_USER: &str = "fetch-user";
const OF_ALL: &str = "fetch-all";

/// What a setting is called by which objects are fetched.
const FETCHING: [&str; 8] =
    ["remote.", "http.", "credential.", "url.", "protocol.", "ssh.", "core.sshcommand", "core.gitproxy"];

impl OwnFolder {
    /// Makes one for a repository, with what a shallow clone left out left out here too.
    pub fn make(places: &Places) -> Result<Self, GitError> {
        let folder = tempfile::Builder::new().prefix("countersign-git-").tempdir()?;
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(path("objects/info"))?;
        std::fs::create_dir_all(path("objects/pack"))?;
        std::fs::create_dir(path("refs"))?;
        std::fs::write(path("HEAD"), "ref: refs/heads/none\n")?;
        let (version, hash) = match places.hash.as_str() {
            "sha1" => (0, String::new()),
            hash => (1, format!("[extensions]\n\tobjectFormat = {hash}\n")),
        };
        let config = format!("[core]\n\trepositoryFormatVersion = {version}\n\tbare = true\n{hash}");
        std::fs::write(path("config"), config)?;
        if let Ok(shallow) = std::fs::read(&places.shallow) {
            std::fs::write(path("shallow"), shallow)?;
        }
        let is_partial = is_partial(places);
        if is_partial {
            let (of_user, of_all) = fetching(places)?;
            std::fs::write(path(OF_USER), of_user)?;
            std::fs::write(path(OF_ALL), of_all)?;
        }
        Ok(OwnFolder { folder, is_partial })
    }

    /// Where what merging writes goes.
    pub fn objects(&self) -> PathBuf {
        self.folder.path().join("objects")
    }

    /// A git command that knows the objects of a repository alone; it names commits and trees by their whole ids.
    pub fn command(&self, places: &Places) -> Command {
        let mut command = unsteered(self, OF_ALL);
        command.arg("--git-dir").arg(self.folder.path()).args(["-c", "core.attributesFile=/dev/null"]);
        let objects = places.objects.iter().map(PathBuf::as_path);
        command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", list(objects));
        command
    }
}

/// Whether some objects of a repository are only promised.
fn is_partial(places: &Places) -> bool {
    let packs = places.objects.iter().filter_map(|folder| std::fs::read_dir(folder.join("pack")).ok());
    let mut files = packs.flatten().filter_map(Result::ok);
    files.any(|file| file.path().extension().is_some_and(|end| end == "promisor"))
}

/// The settings by which a partial clone fetches: without its own, and with them.
fn fetching(places: &Places) -> Result<(String, String), GitError> {
    let mut command = as_user();
    command.arg("--git-dir").arg(&places.git_dir).args(["config", "--list", "--show-scope", "-z"]);
    let listed = command.output().map_err(GitError::Missing)?.stdout;
    let text = String::from_utf8_lossy(&listed).into_owned();
    let (mut of_user, mut of_all) = (String::new(), String::new());
    let mut fields = text.split('\0');
    while let (Some(scope), Some(setting)) = (fields.next(), fields.next()) {
        let (key, value) = setting.split_once('\n').unwrap_or((setting, "true"));
        let (Some((section, rest)), true) =
            (key.split_once('.'), FETCHING.iter().any(|name| key.starts_with(name)))
        else {
            continue;
        };
        let (of, name) = rest.rsplit_once('.').unwrap_or(("", rest));
        let head = if of.is_empty() { String::new() } else { format!(" {}", quoted(of)) };
        let lines = format!("[{section}{head}]\n\t{name} = {}\n", quoted(value));
        if !matches!(scope, "local" | "worktree") {
            of_user.push_str(&lines);
        }
        of_all.push_str(&lines);
    }
    Ok((of_user, of_all))
}

/// A value as git's configuration writes it (git-config(1)).
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// Folders as `GIT_ALTERNATE_OBJECT_DIRECTORIES` lists them (git(1)): with a `:` between them, in quotes where one holds
/// what would end it.
pub(super) fn list<'p>(folders: impl Iterator<Item = &'p Path>) -> OsString {
    let mut list = OsString::new();
    for folder in folders {
        if !list.is_empty() {
            list.push(":");
        }
        match folder.to_str().filter(|text| text.contains([':', '"', '\\'])) {
            Some(text) => list.push(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))),
            None => list.push(folder),
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_holds_a_colon_stays_one() {
        let list = list([Path::new("/a"), Path::new("/b:c\"d\\e")].into_iter());
        assert_eq!(list, OsString::from(r#"/a:"/b:c\"d\\e""#));
    }
}
