//! A server with an organisation and its people, and whatever of the gate a story is about.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};

use crate::git::{AI, Clone};
use crate::server::{Gitea, Seed};
use crate::{Ran, program, run, service};

/// The policy on the branch `main`.
pub const POLICY: &str = "\
countersign: 1
name: senior sign-off
people:
  seniors: { groups: [acme/seniors] }
questions:
  topology: Which running systems outside this repository does the change reach?
rules:
  - name: AI-assisted code
    when: { ai: any }
    require: [{ approvals: 1, by: seniors, answers: [topology] }]
";

/// What sam answers.
pub const ANSWER: &str = "topology: none outside the parser itself, nothing else reads it";

/// A server with an organisation: dana writes, sam is a senior, olga is nobody in particular, admin0 administers it; the gate
/// reads with a token of its own, as an owner of the organisation.
pub struct Story {
    /// The server.
    pub gitea: Gitea,
    /// Files of the test.
    pub folder: tempfile::TempDir,
    /// The administrator's token.
    pub admin: String,
    /// The author's token.
    pub dana: String,
    /// The senior's token.
    pub sam: String,
    /// The outsider's token.
    pub olga: String,
    /// The gate's token.
    pub gate: String,
    /// The author's clone.
    pub clone: Clone,
}

/// What every story begins with, and the tokens of admin0, dana, sam, olga and gate.
struct Beginning {
    seed: Seed,
    tokens: [String; 5],
}

/// The people and their organisation, made once for all stories of a program.
fn beginning() -> &'static Beginning {
    static MADE: OnceLock<Beginning> = OnceLock::new();
    MADE.get_or_init(|| {
        let gitea = Gitea::start();
        let tokens = ["admin0", "dana", "sam", "olga", "gate"];
        let tokens = tokens.map(|name| gitea.user(name, name == "admin0"));
        let admin = &tokens[0];
        gitea.ok("POST", "orgs", admin, json!({ "username": "acme" }));
        let team = |name: &str, permission: &str| {
            let body = json!({
                "name": name, "permission": permission, "includes_all_repositories": true,
                "units": ["repo.code", "repo.issues", "repo.pulls"],
            });
            gitea.ok("POST", "orgs/acme/teams", admin, body)["id"].as_i64().unwrap()
        };
        let (writers, seniors) = (team("writers", "write"), team("seniors", "write"));
        let teams = gitea.ok("GET", "orgs/acme/teams", admin, Value::Null);
        let owners = teams.as_array().unwrap().iter().find(|team| team["name"] == "Owners").unwrap();
        let owners = owners["id"].as_i64().unwrap();
        for (team, login) in [(writers, "dana"), (seniors, "sam"), (owners, "gate")] {
            gitea.ok("PUT", &format!("teams/{team}/members/{login}"), admin, Value::Null);
        }
        Beginning { seed: gitea.into_seed(), tokens }
    })
}

impl Default for Story {
    fn default() -> Self {
        Self::new()
    }
}

impl Story {
    /// With the hook for the whole server.
    pub fn new() -> Self {
        Self::with_hook(Some(&[]))
    }

    /// With the hook for the whole server and more flags for it, or with none.
    pub fn with_hook(hook: Option<&[&str]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let token_file = folder.path().join("token");
        std::fs::write(&token_file, "").unwrap();
        std::fs::set_permissions(&token_file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let Beginning { seed, tokens } = beginning();
        let [admin, dana, sam, olga, gate] = tokens.clone();
        std::fs::write(&token_file, &gate).unwrap();
        let mut installed = None;
        let gitea = Gitea::from(seed, |ini, url| {
            let Some(more) = hook else { return };
            let (ini, token_file) = (text(ini), text(&token_file));
            let spool = text(&folder.path().join("spool"));
            let flags = ["--app-ini", &ini, "--url", url, "--token-file", &token_file, "--spool", &spool];
            let flags = [&["install-hook"][..], &flags, more].concat();
            let ran = run(Command::new(program("countersign-gitea")).args(&flags));
            assert_eq!(ran.code, 0, "{}", ran.text);
            installed = Some(flags.into_iter().map(str::to_owned).collect::<Vec<_>>());
        });
        if let Some(flags) = installed {
            let check = flags.iter().map(String::as_str).chain(["--check"]).collect::<Vec<_>>();
            let checked = gitea.countersign(&check);
            assert_eq!(checked.code, 0, "{}", checked.text);
        }
        gitea.ok("POST", "orgs/acme/repos", &admin, json!({ "name": "app", "default_branch": "main" }));
        let clone = Clone::new(&folder.path().join("dana"), "dana", &gitea.remote("dana", &dana, "acme/app"));
        clone.write(".countersign/policy.yaml", POLICY);
        clone.commit("Begin");
        clone.git(&["push", "--quiet", "origin", "main"]);
        // For a moment the server still takes the repository for an empty one.
        for _ in 0..100 {
            if gitea.ok("GET", "repos/acme/app", &admin, Value::Null)["empty"] == false {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Story { gitea, folder, admin, dana, sam, olga, gate, clone }
    }

    /// The file that holds the gate's token.
    pub fn token_file(&self) -> PathBuf {
        self.folder.path().join("token")
    }

    /// A pull request of dana's with work that an AI helped with; gives its number and head.
    pub fn pull(&self, branch: &str) -> (u64, String) {
        self.pull_with(branch, AI)
    }

    /// A pull request of dana's with one commit.
    pub fn pull_with(&self, branch: &str, message: &str) -> (u64, String) {
        self.clone.git(&["switch", "--quiet", "--create", branch, "origin/main"]);
        self.clone.write(&format!("{branch}.rs"), "// work\n");
        let head = self.clone.commit(message);
        self.clone.git(&["push", "--quiet", "origin", branch]);
        (self.open(branch, "main"), head)
    }

    /// Opens a pull request of a branch that was just pushed: the server takes note of those a moment later.
    pub fn open(&self, branch: &str, base: &str) -> u64 {
        let body = json!({ "head": branch, "base": base, "title": format!("Work on {branch}") });
        for _ in 0..100 {
            let path = "repos/acme/app/pulls";
            let (status, answer) = self.gitea.call("POST", path, Some(&self.dana), Some(body.clone()));
            match status {
                201 => return answer["number"].as_u64().unwrap(),
                404 => std::thread::sleep(Duration::from_millis(100)),
                _ => panic!("{status} {answer}"),
            }
        }
        panic!("the server never saw the branch {branch}");
    }

    /// Gives a review; its id.
    pub fn review(&self, number: u64, token: &str, event: &str, body: &str) -> u64 {
        let said = json!({ "event": event, "body": body });
        let review = self.gitea.ok("POST", &format!("repos/acme/app/pulls/{number}/reviews"), token, said);
        review["id"].as_u64().unwrap()
    }

    /// Presses merge until the server has made up its mind.
    pub fn merge(&self, number: u64, token: &str, style: &str) -> (u16, String) {
        self.merge_with(number, token, json!({ "Do": style }))
    }

    /// Presses merge with more than a style.
    pub fn merge_with(&self, number: u64, token: &str, body: Value) -> (u16, String) {
        let path = format!("repos/acme/app/pulls/{number}/merge");
        for _ in 0..100 {
            let (status, answer) = self.gitea.call("POST", &path, Some(token), Some(body.clone()));
            let text = answer["message"].as_str().map_or_else(|| answer.to_string(), str::to_owned);
            if status != 405 || !text.contains("try again later") {
                return (status, text);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the server never made up its mind");
    }

    /// The hook refuses a merge, and says these words.
    pub fn blocked(&self, number: u64, token: &str, style: &str, said: &[&str]) {
        let (status, text) = self.merge(number, token, style);
        assert_eq!(status, 409, "{text}");
        for said in said {
            assert!(text.contains(said), "{said} is missing in\n{text}");
        }
    }

    /// A merge goes through.
    pub fn merged(&self, number: u64, token: &str, style: &str) {
        let (status, text) = self.merge(number, token, style);
        assert_eq!(status, 200, "{style}: {text}\n{}", self.gitea.log());
        self.clone.git(&["fetch", "--quiet", "origin"]);
    }

    /// The number of a team.
    pub fn team(&self, name: &str) -> i64 {
        let teams = self.gitea.ok("GET", "orgs/acme/teams", &self.admin, Value::Null);
        let team = teams.as_array().unwrap().iter().find(|team| team["name"] == name).unwrap();
        team["id"].as_i64().unwrap()
    }

    /// Where a branch of the server stands.
    pub fn stands(&self, branch: &str) -> String {
        let path = format!("repos/acme/app/branches/{}", branch.replace('/', "%2F"));
        let found = self.gitea.ok("GET", &path, &self.admin, Value::Null);
        found["commit"]["id"].as_str().unwrap().to_owned()
    }

    /// Starts the service on a database of this story.
    pub fn serve(&self, more: &[&str]) -> service::Service {
        let database = format!("sqlite://{}", self.folder.path().join("trail.sqlite").display());
        service::Service::start(self, &database, more)
    }

    /// `countersign-gitea setup` by the administrator, for a service.
    pub fn setup(&self, service: &service::Service, more: &[&str]) -> Ran {
        let admin = self.folder.path().join("admin-token");
        std::fs::write(&admin, &self.admin).unwrap();
        let (admin, secret, gate) = (text(&admin), text(&service.secret_file), text(&self.token_file()));
        let webhook = format!("{}webhook", service.url);
        let url: &[&str] = if more.contains(&"--url") { &[] } else { &["--url", &self.gitea.url] };
        let flags = [
            "setup",
            "--token-file",
            &admin,
            "--gate-token-file",
            &gate,
            "--repo",
            "acme/app",
            "--webhook-url",
            &webhook,
            "--webhook-secret-file",
            &secret,
        ];
        self.gitea.countersign(&[&flags[..], url, more].concat())
    }
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
