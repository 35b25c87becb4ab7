//! What a git server says of a push.

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
    /// Where the server keeps the heads of changes that are proposed: nothing is merged by a push there, and the forge must not be
    /// asked while it writes one.
    pub keeps_heads_below: Option<&'static str>,
    /// The server says of no push who pushes.
    pub anonymous: bool,
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
}

/// The options of a push (git-push(1), `--push-option`), by the environment of its hook (githooks(5), pre-receive).
pub fn options(get: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let count = get("GIT_PUSH_OPTION_COUNT").and_then(|count| count.parse::<u64>().ok()).unwrap_or_default();
    (0..count).filter_map(|at| get(&format!("GIT_PUSH_OPTION_{at}"))).collect()
}
