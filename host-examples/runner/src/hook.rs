//! `countersign pre-receive` and `install-hook`: the gate of a bare repository that is served by git alone.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use countersign_hook::{Installation, Options, Push, Pusher, pre_receive};

/// The server-side hook of a bare repository: judges what a push would put into a protected branch, from git and signed sign-offs.
///
/// git calls it with a line for each ref on standard input. Who pushes is known where the server says it: in GL_USER, as gitolite
/// does, or in REMOTE_USER, as git http-backend does behind a web server.
#[derive(Args)]
#[command(after_help = "Example, as hooks/pre-receive of a bare repository:\n  #!/bin/sh\n  \
    exec countersign pre-receive --spool /var/lib/countersign/spool\n\n\
    A push breaks the glass, where the policy lets the pusher, with\n  \
    git push -o break-glass=\"why this cannot wait\"\n\n\
    Exit codes: 0 passes, 1 blocked, 2 cannot evaluate, which blocks too")]
pub struct PreReceive {
    #[command(flatten)]
    options: Options,
}

impl PreReceive {
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        pre_receive(&self.options, &pushed(|name| std::env::var(name).ok()), None)
    }
}

/// What the environment says of a push.
fn pushed(get: impl Fn(&str) -> Option<String>) -> Push {
    let get = |name: &str| get(name).filter(|value| !value.is_empty());
    let login = get("GL_USER").or_else(|| get("REMOTE_USER"));
    Push {
        anonymous: login.is_none(),
        pusher: login.map(|login| Pusher { login, ..Pusher::default() }),
        options: countersign_hook::options(get),
        ..Push::default()
    }
}

/// Install the server-side hook in a bare repository, and check that it runs.
///
/// A file is put into its hooks/pre-receive.d, beside one that runs what stands there, where none does.
#[derive(Args)]
#[command(
    after_help = "Example:\n  countersign install-hook /srv/git/app.git --spool /var/lib/countersign/spool\n\n\
    Exit codes: 0 installed, 1 --check found a fault, 2 cannot install"
)]
pub struct InstallHook {
    /// The bare repository.
    #[arg(value_name = "DIR")]
    repository: PathBuf,
    #[command(flatten)]
    install: Installation,
}

impl InstallHook {
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        self.install.of_repository(&self.repository, &[], None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_pushes_is_whom_the_server_names() {
        for (environment, login) in [
            (&[("GL_USER", "dana")][..], Some("dana")),
            (&[("REMOTE_USER", "sam")], Some("sam")),
            (&[("GL_USER", ""), ("REMOTE_USER", "sam")], Some("sam")),
            // The account that git runs as serves everybody.
            (&[("USER", "git"), ("LOGNAME", "git")], None),
        ] {
            let get = |name: &str| environment.iter().find(|(key, _)| *key == name);
            let push = pushed(|name| get(name).map(|(_, value)| (*value).to_owned()));
            assert_eq!(push.pusher.map(|pusher| pusher.login).as_deref(), login, "{environment:?}");
            assert_eq!(push.anonymous, login.is_none(), "{environment:?}");
        }
    }
}
