//! `countersign-gitea pre-receive`: the gate of `countersign-hook` with what Gitea and Forgejo say in the environment of a hook.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use countersign_core::model::TriggerKind;
use countersign_hook::{AskedForge, Merges, Options, Push, Pusher, pre_receive};
use countersign_host::forge::ForgeChange;
use countersign_serve::options::secret;

use crate::api::client;
use crate::forge::PullRequest;

/// The time in which the forge must have answered everything, of the ten seconds that the whole may take without it.
const FORGE_TIME: Duration = Duration::from_secs(8);

/// Judges what a push or merge would put into a protected branch.
///
/// git calls it with a line for each ref on standard input. The forge is asked only about pull requests that it merges;
/// without an address and a token the hook decides from git and signed sign-offs alone, and says so.
#[derive(Args)]
#[command(after_help = "Example, as hooks/pre-receive.d/countersign of a repository:\n  #!/bin/sh\n  \
    exec countersign-gitea pre-receive\n\n\
    A push breaks the glass, where the policy lets the pusher, with\n  \
    git push -o break-glass=\"why this cannot wait\"\n\n\
    Exit codes: 0 passes, 1 blocked, 2 cannot evaluate, which blocks too")]
pub struct PreReceive {
    #[command(flatten)]
    forge: AskedForge,
    #[command(flatten)]
    options: Options,
}

impl PreReceive {
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        // A wiki merges nothing that anybody runs.
        let Some(push) = pushed(|name| std::env::var(name).ok()) else { return Ok(ExitCode::SUCCESS) };
        let forge = self.forge.named();
        let forge = forge.map(|(url, token_file)| Gitea { url, token_file, repository: &push.repository });
        pre_receive(&self.options, &push, forge.as_ref().map(|forge| forge as &dyn Merges))
    }
}

/// Gitea, as the hook may ask it.
struct Gitea<'h> {
    url: &'h str,
    token_file: &'h Path,
    repository: &'h str,
}

impl Merges for Gitea<'_> {
    fn change(&self, number: u64) -> anyhow::Result<Box<dyn ForgeChange + '_>> {
        let token = secret(self.token_file, "the forge's token")?;
        let api = client(self.url, &token, FORGE_TIME);
        let pull = api.get(&format!("/repos/{}/pulls/{number}", self.repository))?;
        Ok(Box::new(PullRequest::of(api, TriggerKind::PreReceive, self.repository, pull, None)))
    }
}

/// What the server says of a push; none of one to a wiki.
fn pushed(get: impl Fn(&str) -> Option<String>) -> Option<Push> {
    let get = |name: &str| get(name).filter(|value| !value.is_empty());
    if get("GITEA_REPO_IS_WIKI").as_deref() == Some("true") {
        return None;
    }
    let number = |name: &str| get(name).and_then(|value| value.parse::<u64>().ok()).filter(|n| *n > 0);
    let deploy_key = number("GITEA_DEPLOY_KEY_ID");
    let login = get("GITEA_PUSHER_NAME").filter(|_| deploy_key.is_none());
    // The server itself made the commits and not the pusher: a merge, a file edited in the page.
    let made_by_server = get("SSH_ORIGINAL_COMMAND").as_deref() == Some("gitea-internal");
    let merging = get("GITEA_PUSH_TRIGGER").as_deref() == Some("pr-merge-to-base");
    let owner = get("GITEA_REPO_USER_NAME").unwrap_or_default();
    let name = get("GITEA_REPO_NAME").unwrap_or_default();
    let is_named = !name.is_empty() && !owner.is_empty();
    Some(Push {
        repository: if is_named { format!("{owner}/{name}") } else { String::new() },
        repository_id: number("GITEA_REPO_ID"),
        pusher: login.map(|login| Pusher {
            login,
            id: number("GITEA_PUSHER_ID").map(|id| id.to_string()),
            email: get("GITEA_PUSHER_EMAIL"),
        }),
        deploy_key,
        merges: number("GITEA_PR_INDEX").filter(|_| merging && made_by_server),
        keeps_heads_below: Some("refs/pull/"),
        anonymous: false,
        options: countersign_hook::options(get),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(entries: &[(&str, &str)]) -> Push {
        let get = |name: &str| entries.iter().find(|(key, _)| *key == name);
        pushed(|name| get(name).map(|(_, value)| (*value).to_owned())).unwrap()
    }

    #[test]
    fn a_deploy_key_is_nobody_though_the_server_names_the_owner() {
        let push = read(&[("GITEA_PUSHER_NAME", "acme"), ("GITEA_DEPLOY_KEY_ID", "7")]);
        assert_eq!((push.pusher, push.deploy_key), (None, Some(7)));
        let person = read(&[("GITEA_PUSHER_NAME", "dana"), ("GITEA_DEPLOY_KEY_ID", "0")]);
        assert_eq!(person.pusher.unwrap().login, "dana");
    }

    #[test]
    fn only_the_server_merges() {
        let merge = [("GITEA_PUSH_TRIGGER", "pr-merge-to-base"), ("GITEA_PR_INDEX", "3")];
        let by_server = [&merge[..], &[("SSH_ORIGINAL_COMMAND", "gitea-internal")]].concat();
        assert_eq!(read(&by_server).merges, Some(3));
        assert_eq!(read(&merge).merges, None);
        let update = [("GITEA_PUSH_TRIGGER", "pr-update-with-base"), ("GITEA_PR_INDEX", "3")];
        assert_eq!(read(&[&update[..], &[("SSH_ORIGINAL_COMMAND", "gitea-internal")]].concat()).merges, None);
    }

    #[test]
    fn options_come_by_number() {
        let push = read(&[
            ("GIT_PUSH_OPTION_COUNT", "2"),
            ("GIT_PUSH_OPTION_0", "a=b"),
            ("GIT_PUSH_OPTION_1", "c"),
            ("GIT_PUSH_OPTION_2", "not sent"),
        ]);
        assert_eq!(push.options, ["a=b", "c"]);
    }
}
