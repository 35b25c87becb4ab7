//! What the server says of a push in the environment of its hook.

use std::path::PathBuf;

/// A push as the server describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Push {
    /// `owner/name`.
    pub repository: String,
    /// The number of the repository, which stays when it is renamed or given to somebody else.
    pub repository_id: Option<u64>,
    /// The account that pushes; for a deploy key nobody.
    pub pusher: Option<Pusher>,
    /// A deploy key pushes: the server then names the owner of the repository as the pusher.
    pub deploy_key: Option<u64>,
    /// The pull request that is being merged.
    pub merges: Option<u64>,
    /// The server itself made the commits and not the pusher: a merge, a file edited in the page.
    pub made_by_server: bool,
    /// The repository is a wiki.
    pub wiki: bool,
    /// Options of the push, in order.
    pub options: Vec<String>,
}

/// Who pushes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pusher {
    /// The login.
    pub login: String,
    /// The account's number.
    pub id: Option<String>,
    /// Its address.
    pub email: Option<String>,
}

impl Push {
    /// What the repository is known by, under whatever name: its number, or where no server says that, its folder.
    ///
    /// # Errors
    /// When there is no folder.
    pub fn identity(&self) -> anyhow::Result<String> {
        Ok(match (self.repository_id, self.repository.as_str()) {
            (Some(id), _) => id.to_string(),
            (None, "") => std::env::current_dir()?.display().to_string(),
            (None, name) => name.to_owned(),
        })
    }

    /// Reads the environment.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        let number = |name: &str| get(name).and_then(|value| value.parse::<u64>().ok()).filter(|n| *n > 0);
        let deploy_key = number("GITEA_DEPLOY_KEY_ID");
        let login = get("GITEA_PUSHER_NAME").filter(|_| deploy_key.is_none());
        let merging = get("GITEA_PUSH_TRIGGER").as_deref() == Some("pr-merge-to-base");
        let made_by_server = get("SSH_ORIGINAL_COMMAND").as_deref() == Some("gitea-internal");
        let owner = get("GITEA_REPO_USER_NAME").unwrap_or_default();
        let name = get("GITEA_REPO_NAME").unwrap_or_default();
        let options = number("GIT_PUSH_OPTION_COUNT").unwrap_or_default();
        Push {
            repository: if name.is_empty() || owner.is_empty() {
                String::new()
            } else {
                format!("{owner}/{name}")
            },
            repository_id: number("GITEA_REPO_ID"),
            pusher: login.map(|login| Pusher {
                login,
                id: number("GITEA_PUSHER_ID").map(|id| id.to_string()),
                email: get("GITEA_PUSHER_EMAIL"),
            }),
            deploy_key,
            merges: number("GITEA_PR_INDEX").filter(|_| merging && made_by_server),
            made_by_server,
            wiki: get("GITEA_REPO_IS_WIKI").as_deref() == Some("true"),
            options: (0..options).filter_map(|at| get(&format!("GIT_PUSH_OPTION_{at}"))).collect(),
        }
    }
}

/// The forge that the hook may ask, by its own configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgeAccess {
    /// The forge's root.
    pub url: String,
    /// The file that holds a token.
    pub token_file: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(entries: &[(&str, &str)]) -> Push {
        Push::read(|name| entries.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
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
