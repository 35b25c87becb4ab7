//! The shapes of Gitea's API, as far as facts are read from it. Every field may be missing: Forgejo and other versions differ.

use std::collections::BTreeMap;
use std::time::Duration;

pub use countersign_api::{Api, ApiError, Doubt, End, Entry};
use countersign_api::{Cap, Credential, Dialect, Pages};
use countersign_core::model::Account;
use serde::Deserialize;

/// Gitea's API and Forgejo's. Pages have at most 50 entries, and fewer where an administrator says so (`[api] MAX_RESPONSE_ITEMS`).
static DIALECT: Dialect = Dialect {
    base: "/api/v1",
    user_agent: concat!("countersign-gitea/", env!("CARGO_PKG_VERSION")),
    pages: Pages {
        size: "limit",
        most: 50,
        cap: Some(Cap { path: "/settings/api", field: "max_response_items" }),
        total: "X-Total-Count",
    },
};

/// A client of the forge with this root and a token that answers or fails within this time.
pub fn client(root: &str, token: &str, within: Duration) -> Api {
    Api::new(&DIALECT, root, Credential::authorization("token", token), within)
}

macro_rules! entry {
    ($($of:ty: $id:ident $(, then $settle:ident)?;)+) => {
        $(impl Entry for $of {
            fn id(&self) -> String {
                self.$id.to_string()
            }
            $(fn settle(&mut self) {
                self.$settle();
            })?
        })+
    };
}

entry!(
    Review: id;
    Comment: id;
    Event: id, then forget_words;
    Activity: id, then read_content;
    Team: id;
    User: id;
    Status: id;
    PullCommit: sha;
    Pull: id, then forget_words;
);

/// An account.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct User {
    pub id: i64,
    pub login: String,
}

impl User {
    /// Whether the account is there: what one that was deleted did is ghost's.
    pub fn is_known(&self) -> bool {
        const GHOST: i64 = -1;
        !self.login.is_empty() && !matches!(self.id, 0 | GHOST)
    }
}

/// An account as a request names it.
pub fn account(user: &User) -> Account<'static> {
    Account { id: Some(user.id.to_string().into()), login: Some(user.login.clone().into()), email: None }
}

/// A pull request.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Pull {
    pub id: i64,
    pub number: u64,
    pub state: String,
    pub title: String,
    pub body: String,
    pub user: Option<User>,
    pub labels: Option<Vec<Label>>,
    pub draft: bool,
    pub head: Branch,
    pub base: Branch,
    pub created_at: String,
    pub updated_at: String,
    /// The commit that the base branch gained last by it, once merged.
    pub merge_commit_sha: Option<String>,
    /// Where its commits begin.
    pub merge_base: Option<String>,
    pub merged: bool,
    /// How often the description was edited; Forgejo does not say.
    pub content_version: Option<u64>,
}

impl Pull {
    /// A list of pull requests is read for their numbers.
    fn forget_words(&mut self) {
        self.body = String::new();
    }
}

/// A side of a pull request.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Branch {
    /// What it stands at; of a branch that is gone, where the forge keeps what it held.
    #[serde(rename = "ref")]
    pub name: String,
    /// The branch, also once it is gone; empty for a pull request that was pushed as such.
    pub label: String,
    pub sha: String,
    pub repo: Option<Repository>,
}

impl Branch {
    /// The branch; none for a pull request that was pushed as such, by AGit.
    pub fn branch(&self) -> Option<&str> {
        Some(self.label.as_str()).filter(|label| !label.is_empty())
    }
}

/// What the forge answers about refs by the beginning of their names.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum GitRefs {
    /// Several, or one in a list.
    Many(Vec<GitRef>),
    /// The one that has just this name.
    One(GitRef),
}

/// A ref, with what it points at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct GitRef {
    #[serde(rename = "ref")]
    pub name: String,
    pub object: GitObject,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct GitObject {
    pub sha: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Repository {
    pub id: i64,
    pub full_name: String,
    pub default_branch: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Label {
    pub name: String,
}

/// A review. It keeps its original words, whatever the page shows.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Review {
    pub id: i64,
    pub user: Option<User>,
    pub state: String,
    pub body: String,
    pub commit_id: String,
    pub dismissed: bool,
    pub submitted_at: String,
    pub updated_at: String,
}

/// A comment. Everybody who may write to the repository can change it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Comment {
    pub id: i64,
    pub user: Option<User>,
    pub body: String,
    pub created_at: String,
    pub updated_at: String,
}

/// An event of the timeline.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Event {
    pub id: i64,
    #[serde(rename = "type")]
    pub kind: String,
    pub user: Option<User>,
    pub body: String,
    pub created_at: String,
    pub review_id: i64,
    /// Whom a request for a review names.
    pub assignee: Option<User>,
    pub old_ref: String,
    pub new_ref: String,
}

impl Event {
    /// What an event of that kind says of its commits; nothing for any other.
    pub fn push(&self) -> PullPush {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The words of comments and reviews are read elsewhere.
    fn forget_words(&mut self) {
        if self.kind != PULL_PUSH {
            self.body = String::new();
        }
    }
}

/// The kind of an event that tells of commits which came to a pull request.
pub const PULL_PUSH: &str = "pull_push";

/// What the body of a `pull_push` event holds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PullPush {
    pub is_force_push: bool,
    pub commit_ids: Vec<String>,
}

/// An entry of the feed of a repository.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Activity {
    pub id: i64,
    pub op_type: String,
    pub act_user: Option<User>,
    pub ref_name: String,
    pub comment_id: i64,
    pub content: String,
    pub created: String,
    /// What the content says of a push; nothing where it was too long to be kept, or there was none.
    #[serde(skip)]
    pub push: Option<PushedCommits>,
}

/// The kind of an entry of the feed that tells of a push, or, without content, that a branch was made.
pub const COMMIT_REPO: &str = "commit_repo";

impl Activity {
    fn read_content(&mut self) {
        if self.op_type == COMMIT_REPO {
            self.push = serde_json::from_str(&self.content).ok();
        }
    }
}

/// What the content of a `commit_repo` activity holds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct PushedCommits {
    pub head_commit: PushedCommit,
    /// `OWNER/NAME/compare/OLD...NEW`. For a branch that the push made, OLD is what its first new commit stands on, or the name of
    /// the default branch where it has no new one.
    #[serde(rename = "CompareURL")]
    pub compare_url: String,
    /// Commits of the push; for a branch that it made, at most ten.
    pub len: usize,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct PushedCommit {
    pub sha1: String,
}

/// A commit of a pull request, with the accounts that the forge maps its addresses to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PullCommit {
    pub sha: String,
    pub author: Option<User>,
    pub committer: Option<User>,
}

/// A team of an organisation.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Team {
    pub id: i64,
    pub name: String,
    /// What its members may do, by the part of a repository.
    pub units_map: Option<BTreeMap<String, String>>,
}

/// A status of a commit.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Status {
    pub id: i64,
    pub context: String,
    pub status: String,
    pub description: String,
    pub target_url: String,
    pub creator: Option<User>,
    pub created_at: String,
}

/// What somebody may do in a repository.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Permission {
    pub permission: String,
}
