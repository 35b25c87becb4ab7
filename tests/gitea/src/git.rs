//! Clones and bare repositories, made by the real git.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Ran, program, run};

/// A commit message that declares an AI.
pub const AI: &str = "Write the parser\n\nAI-Assisted: claude-code/2.1\n";

/// A clone, and whoever works in it.
pub struct Clone {
    /// Its folder.
    pub folder: PathBuf,
    /// Variables that the server would set for its hooks.
    pub env: Vec<(String, String)>,
}

impl Clone {
    /// An empty clone of somebody: commits carry `NAME <name@example.com>`.
    pub fn new(folder: &Path, who: &str, remote: &str) -> Self {
        let clone = Clone { folder: folder.to_owned(), env: Vec::new() };
        std::fs::create_dir_all(folder).unwrap();
        clone.git(&["init", "--quiet", "--initial-branch=main"]);
        clone.git(&["config", "user.name", who]);
        clone.git(&["config", "user.email", &format!("{who}@example.com")]);
        clone.git(&["config", "commit.gpgSign", "false"]);
        clone.git(&["remote", "add", "origin", remote]);
        clone
    }

    /// git, as it comes.
    pub fn try_git(&self, args: &[&str]) -> Ran {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.folder).args(args);
        command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_CONFIG_GLOBAL", "/dev/null").env("LC_ALL", "C");
        command.envs(self.env.iter().map(|(key, value)| (key, value)));
        run(&mut command)
    }

    /// git, which has to work. Gives what it says.
    pub fn git(&self, args: &[&str]) -> String {
        let ran = self.try_git(args);
        assert_eq!(ran.code, 0, "git {args:?}: {}", ran.text);
        ran.text.trim().to_owned()
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Commits whatever changed; what did not, gets a file that is new. Gives the id.
    pub fn commit(&self, message: &str) -> String {
        if self.git(&["status", "--porcelain"]).is_empty() {
            let number = self.try_git(&["rev-list", "--count", "--all"]).text.trim().to_owned();
            self.write(&format!("src/file-{number}.rs"), &format!("// {message}\n"));
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// `countersign` in this clone.
    pub fn countersign(&self, args: &[&str]) -> Ran {
        let mut command = Command::new(program("countersign"));
        command.args(args).current_dir(&self.folder);
        for name in ["CI", "GITHUB_ACTIONS", "GITLAB_CI", "GITEA_ACTIONS"] {
            command.env_remove(name);
        }
        run(&mut command)
    }
}

/// Makes a key of SSH and gives its path and its public line.
pub fn key(folder: &Path, name: &str) -> (String, String) {
    let path = folder.join(name);
    let path = path.to_str().unwrap();
    let made =
        run(Command::new("ssh-keygen").args(["-q", "-N", "", "-C", name, "-t", "ed25519", "-f", path]));
    assert_eq!(made.code, 0, "{}", made.text);
    let public = std::fs::read_to_string(format!("{path}.pub")).unwrap();
    (path.to_owned(), public.trim().to_owned())
}
