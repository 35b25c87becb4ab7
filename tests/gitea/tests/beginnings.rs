//! How a repository, a branch and a first policy begin on a real Gitea, and that the gate stands wherever they do.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use countersign_audit::Link;
use countersign_audit::chain::{Event, Finding};
use gitea_tests::git::{AI, Clone};
use gitea_tests::server::PASSWORD;
use gitea_tests::service::Service;
use gitea_tests::story::{ANSWER, POLICY, Story};
use serde_json::{Value, json};

/// What a story asks of one repository.
struct Repository<'s> {
    story: &'s Story,
    name: String,
    clone: Clone,
}

impl<'s> Repository<'s> {
    /// A repository that is there, and dana's clone of it at its default branch.
    fn open(story: &'s Story, name: &str) -> Self {
        let folder = story.folder.path().join(name.replace('/', "-"));
        let clone = Clone::new(&folder, "dana", &story.gitea.remote("dana", &story.dana, name));
        // What a template gives comes a moment later.
        for _ in 0..300 {
            clone.git(&["fetch", "--quiet", "origin"]);
            if clone.try_git(&["rev-parse", "--verify", "--quiet", "origin/main"]).code == 0 {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        clone.git(&["switch", "--quiet", "--force-create", "main", "origin/main"]);
        Repository { story, name: name.to_owned(), clone }
    }

    fn path(&self, rest: &str) -> String {
        format!("repos/{}/{rest}", self.name)
    }

    fn passes(&self, refspec: &str) {
        self.clone.git(&["push", "--quiet", "origin", refspec]);
    }

    fn refuses(&self, refspec: &str) {
        let ran = self.clone.try_git(&["push", "origin", refspec]);
        let said = ran.text.contains("is not satisfied");
        assert!(ran.code == 1 && said, "{} {refspec}: {}", self.name, ran.text);
    }

    /// Somebody's own work on the branch at hand.
    fn own_work(&self) {
        self.clone.git(&["commit", "--quiet", "--allow-empty", "--message", "Say nothing"]);
    }

    /// Opens a pull request of a branch that was just pushed, has sam approve it where `approved`, and presses merge.
    fn merge(&self, branch: &str, base: &str, approved: bool) -> (u16, String) {
        let (gitea, story) = (&self.story.gitea, self.story);
        let body = json!({ "head": branch, "base": base, "title": branch });
        let again = |call: &dyn Fn() -> (u16, Value), wait: &dyn Fn(u16, &str) -> bool| {
            for _ in 0..100 {
                let (status, answer) = call();
                let text = answer["message"].as_str().map_or_else(|| answer.to_string(), str::to_owned);
                if !wait(status, &text) {
                    return (status, text, answer);
                }
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
            panic!("the server never made up its mind about {branch} of {}", self.name);
        };
        let open = || gitea.call("POST", &self.path("pulls"), Some(&story.dana), Some(body.clone()));
        let (status, text, pull) = again(&open, &|status, _| status == 404);
        assert_eq!(status, 201, "{}: {text}", self.name);
        let number = pull["number"].as_u64().unwrap();
        if approved {
            let answer = ANSWER.replace("parser", &format!("parser of {branch} in {}", self.name));
            let said = json!({ "event": "APPROVED", "body": answer });
            gitea.ok("POST", &self.path(&format!("pulls/{number}/reviews")), &story.sam, said);
        }
        let path = self.path(&format!("pulls/{number}/merge"));
        let press = || gitea.call("POST", &path, Some(&story.dana), Some(json!({ "Do": "merge" })));
        let (status, text, _) =
            again(&press, &|status, text| status == 405 && text.contains("try again later"));
        (status, text)
    }

    /// From the first policy on, everything that an AI helped with waits, wherever it would go in, and nothing else does.
    fn is_guarded(&self) {
        let Repository { story, clone, name, .. } = self;
        clone.git(&["fetch", "--quiet", "origin"]);
        clone.git(&["switch", "--quiet", "--force-create", "main", "origin/main"]);
        self.own_work();
        self.passes("main");
        // Into the default branch by a pull request.
        clone.git(&["switch", "--quiet", "--create", "work"]);
        clone.write("work.rs", "// work\n");
        let work = clone.commit(AI);
        self.passes("work");
        self.refuses("work:main");
        let (status, text) = self.merge("work", "main", false);
        assert!(status == 409 && text.contains("is not satisfied"), "{name}: {status} {text}");
        // As a new branch that is guarded, in every way that makes one.
        for target in ["prod", "hotfix/1", "release/1"] {
            self.refuses(&format!("work:{target}"));
            let made = json!({ "new_branch_name": target, "old_ref_name": work });
            let (status, answer) =
                story.gitea.call("POST", &self.path("branches"), Some(&story.dana), Some(made));
            assert!(status >= 400, "{name} {target}: {status} {answer}");
            let written = json!({ "content": "eA==", "message": AI, "branch": "main", "new_branch": target });
            let path = self.path("contents/page.rs");
            let (status, answer) = story.gitea.call("POST", &path, Some(&story.dana), Some(written));
            assert!(
                status == 403 && answer.to_string().contains("is not satisfied"),
                "{name} {target}: {answer}"
            );
            let path = self.path(&format!("branches/{}", target.replace('/', "%2F")));
            assert_eq!(story.gitea.call("GET", &path, Some(&story.admin), None).0, 404, "{name} {target}");
        }
        // What needs nothing passes there.
        self.passes("main:prod");
        // And what was answered for does.
        clone.git(&["switch", "--quiet", "--create", "more", "main"]);
        clone.write("more.rs", "// half of it\n");
        let half = clone.commit(AI);
        clone.write("more.rs", "// more\n");
        clone.commit(AI);
        self.passes("more");
        for base in ["main", "prod"] {
            let (status, text) = self.merge("more", base, true);
            assert_eq!(status, 200, "{name} {base}: {text}\n{}", story.gitea.log());
        }
        // Nobody answered for the half of it: no guarded branch begins there, and one does where the default branch stands.
        self.refuses(&format!("{half}:refs/heads/release/2"));
        let made = json!({ "new_branch_name": "release/2", "old_ref_name": half });
        let (status, answer) =
            story.gitea.call("POST", &self.path("branches"), Some(&story.dana), Some(made));
        assert!(status >= 400, "{name}: {status} {answer}");
        clone.git(&["fetch", "--quiet", "origin"]);
        self.passes("origin/main:refs/heads/release/2");
    }
}

/// The policy of these stories.
fn policy() -> String {
    format!("{POLICY}protects: [prod, \"hotfix/*\", \"release/*\"]\n")
}

/// Waits until the server has noted what it holds: it does so a moment later.
fn appears(story: &Story, name: &str) {
    for _ in 0..300 {
        let filled =
            story.gitea.ok("GET", &format!("repos/{name}"), &story.admin, Value::Null)["empty"] == false;
        let path = format!("repos/{name}/branches/main");
        if filled && story.gitea.call("GET", &path, Some(&story.admin), None).0 == 200 {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("{name} has no main:\n{}", story.gitea.log());
}

/// A repository with a README on main, and with a policy where `guarded`, which an AI had a hand in before.
fn seed(story: &Story, name: &str, guarded: bool, template: bool) {
    let body = json!({ "name": name, "default_branch": "main", "template": template });
    story.gitea.ok("POST", "orgs/acme/repos", &story.admin, body);
    let remote = story.gitea.remote("dana", &story.dana, &format!("acme/{name}"));
    let clone = Clone::new(&story.folder.path().join(format!("seed-{name}")), "dana", &remote);
    clone.write("README.md", "text\n");
    clone.commit(AI);
    if guarded {
        clone.write(".countersign/policy.yaml", &policy());
        clone.commit("Say what is asked");
    }
    clone.git(&["push", "--quiet", "origin", "main"]);
    appears(story, &format!("acme/{name}"));
    if template {
        story.gitea.ok("PATCH", &format!("repos/acme/{name}"), &story.admin, json!({ "template": true }));
    }
}

/// Makes a repository in one of the ways in which a server does.
fn make(story: &Story, way: &str, source: &str, name: &str) {
    let gitea = &story.gitea;
    let remote = format!("{}acme/{source}.git", gitea.url);
    let brought = |mirror: bool| {
        let body = json!({
            "clone_addr": remote, "repo_owner": "acme", "repo_name": name, "service": "git", "mirror": mirror,
            "auth_username": "admin0", "auth_password": PASSWORD,
        });
        gitea.ok("POST", "repos/migrate", &story.admin, body);
    };
    match way {
        "initialised" => {
            let body = json!({ "name": name, "auto_init": true, "default_branch": "main" });
            drop(gitea.ok("POST", "orgs/acme/repos", &story.admin, body));
        }
        "from a template" => {
            let body = json!({ "owner": "acme", "name": name, "git_content": true });
            drop(gitea.ok("POST", &format!("repos/acme/{source}/generate"), &story.admin, body));
        }
        "forked" => {
            let body = json!({ "organization": "acme", "name": name });
            drop(gitea.ok("POST", &format!("repos/acme/{source}/forks"), &story.admin, body));
        }
        "migrated" => brought(false),
        "a mirror that became a repository" => {
            brought(true);
            gitea.page(
                "admin0",
                &format!("acme/{name}/settings"),
                &[("action", "convert"), ("repo_name", name)],
            );
            // A mirror has no pull requests.
            let body = json!({ "has_pull_requests": true, "has_issues": true });
            drop(gitea.ok("PATCH", &format!("repos/acme/{name}"), &story.admin, body));
        }
        "given away" => {
            let body = json!({ "name": name, "auto_init": true, "default_branch": "main" });
            gitea.ok("POST", "user/repos", &story.admin, body);
            gitea.ok(
                "POST",
                &format!("repos/admin0/{name}/transfer"),
                &story.admin,
                json!({ "new_owner": "acme" }),
            );
        }
        other => panic!("{other}"),
    }
}

/// Every way; of what a template gave the server's API knows nothing before the first push.
const WAYS: &[&str] = &[
    "from a template",
    "initialised",
    "forked",
    "migrated",
    "given away",
    "a mirror that became a repository",
];

#[test]
fn however_a_repository_begins_its_first_policy_starts_the_watch() {
    let story = Story::new();
    seed(&story, "plain", false, true);
    for (at, way) in WAYS.iter().enumerate() {
        let name = format!("first-{at}");
        make(&story, way, "plain", &name);
        let repository = Repository::open(&story, &format!("acme/{name}"));
        // Before a policy nobody is asked.
        repository.clone.write("before.rs", "// before\n");
        repository.clone.commit(AI);
        repository.passes("main");
        // In turns by a push, by a file that is written in the page, and by a pull request.
        match at % 3 {
            0 => {
                repository.clone.write(".countersign/policy.yaml", &policy());
                repository.clone.commit("Say what is asked");
                repository.passes("main");
            }
            1 => {
                let content = BASE64_STANDARD.encode(policy());
                let body = json!({ "content": content, "message": "Say what is asked", "branch": "main" });
                let path = repository.path("contents/.countersign/policy.yaml");
                story.gitea.ok("POST", &path, &story.dana, body);
            }
            _ => {
                repository.clone.git(&["switch", "--quiet", "--create", "policy"]);
                repository.clone.write(".countersign/policy.yaml", &policy());
                repository.clone.commit("Say what is asked");
                repository.passes("policy");
                let (status, text) = repository.merge("policy", "main", false);
                assert_eq!(status, 200, "{way}: {text}");
            }
        }
        repository.is_guarded();
    }
}

#[test]
fn a_repository_that_begins_with_a_policy_is_watched_from_there() {
    let story = Story::new();
    seed(&story, "guarded", true, true);
    for (at, way) in WAYS.iter().enumerate() {
        if matches!(*way, "initialised" | "given away") {
            continue;
        }
        let name = format!("with-{at}");
        make(&story, way, "guarded", &name);
        Repository::open(&story, &format!("acme/{name}")).is_guarded();
    }
}

/// A story without the hook, in which main said first to observe and then to block, and what it held when it said the first; with
/// the service, whose watch has begun.
fn observed_then_blocked() -> (Story, Service, String) {
    let story = Story::with_hook(None);
    let say = |policy: &str| {
        story.clone.write(".countersign/policy.yaml", policy);
        let tip = story.clone.commit("Say what is asked");
        story.clone.git(&["push", "--quiet", "origin", "main"]);
        tip
    };
    let old = say(&format!("{}enforce: observe\n", policy()));
    say(&policy());
    let service = story.serve(&["--reconcile", "2", "--repo", "acme/app"]);
    service.until("the watch over main begins", || !service.entries().is_empty());
    (story, service, old)
}

/// Whether a branch was found to hold what nobody let in.
fn is_found(service: &Service, head: &str) -> bool {
    service.entries().iter().any(|link| {
        link.entry.head == head
            && matches!(link.entry.event, Event::Finding { finding: Finding::NoVerdict, .. })
    })
}

#[test]
fn where_no_hook_runs_the_policy_of_today_finds_what_came_into_a_branch_made_at_an_older_commit() {
    let (story, service, old) = observed_then_blocked();
    story.clone.git(&["push", "--quiet", "origin", &format!("{old}:refs/heads/hotfix/1")]);
    service.until("the branch is in order", || {
        let is_it = |link: &Link| link.entry.target == "refs/heads/hotfix/1" && link.entry.head == old;
        service.entries().iter().any(|link| is_it(link) && matches!(link.entry.event, Event::Merge { .. }))
    });
    story.clone.git(&["switch", "--quiet", "--create", "work", &old]);
    let smuggled = story.clone.commit(AI);
    story.clone.git(&["push", "--quiet", "origin", "work"]);
    // By a pull request it waits.
    story.open("work", "hotfix/1");
    service.until("the change waits", || story.state(&smuggled) == "pending");
    story.clone.git(&["push", "--quiet", "origin", "work:hotfix/1"]);
    service.until("it is found", || is_found(&service, &smuggled));
}

#[test]
fn where_no_hook_runs_the_policy_of_today_judges_a_branch_made_at_an_older_commit_that_became_the_default() {
    let (story, service, old) = observed_then_blocked();
    story.clone.git(&["switch", "--quiet", "--create", "trunk", &old]);
    let smuggled = story.clone.commit(AI);
    story.clone.git(&["push", "--quiet", "origin", "trunk"]);
    story.gitea.ok("PATCH", "repos/acme/app", &story.admin, json!({ "default_branch": "trunk" }));
    service.until("it is found", || is_found(&service, &smuggled));
    // Nor does it say what is asked of another branch, or that nothing is.
    story.clone.git(&["push", "--quiet", "origin", "trunk:prod"]);
    service.until("another branch is found too", || {
        let of_prod = |link: &Link| link.entry.target == "refs/heads/prod";
        service.entries().iter().any(|link| {
            of_prod(link) && matches!(link.entry.event, Event::Finding { finding: Finding::NoVerdict, .. })
        })
    });
}

#[test]
fn a_branch_is_judged_by_the_policy_of_today_however_it_is_made_at_an_older_commit() {
    let story = Story::new();
    let repository = Repository::open(&story, "acme/app");
    let clone = &repository.clone;
    let say = |policy: &str| {
        clone.write(".countersign/policy.yaml", policy);
        let tip = clone.commit("Say what is asked");
        repository.passes("main");
        tip
    };
    let old = say(&format!("{}enforce: observe\n", policy()));
    say(&policy());
    let made = |target: &str| {
        let body = json!({ "new_branch_name": target, "old_ref_name": old });
        drop(story.gitea.ok("POST", "repos/acme/app/branches", &story.dana, body));
    };
    let written = |target: &str| {
        clone.git(&["push", "--quiet", "origin", &format!("{old}:refs/heads/lately")]);
        let body =
            json!({ "content": "eA==", "message": "Say a word", "branch": "lately", "new_branch": target });
        drop(story.gitea.ok("POST", "repos/acme/app/contents/word.txt", &story.dana, body));
    };
    let renamed = |target: &str| {
        clone.git(&["push", "--quiet", "origin", &format!("{old}:refs/heads/lately-renamed")]);
        let body = json!({ "name": target });
        drop(story.gitea.ok("PATCH", "repos/acme/app/branches/lately-renamed", &story.admin, body));
    };
    type Way<'w> = &'w dyn Fn(&str);
    let ways: [(&str, Way<'_>); 4] = [
        ("hotfix/pushed", &|target| repository.passes(&format!("{old}:refs/heads/{target}"))),
        ("hotfix/made", &made),
        ("hotfix/written", &written),
        ("hotfix/renamed", &renamed),
    ];
    for (target, make) in ways {
        make(target);
        clone.git(&["fetch", "--quiet", "origin"]);
        let work = format!("work-{}", target.trim_start_matches("hotfix/"));
        clone.git(&["switch", "--quiet", "--create", &work, &format!("origin/{target}")]);
        clone.write(&format!("{work}.rs"), "// work\n");
        clone.commit(AI);
        repository.passes(&work);
        let pushed = clone.try_git(&["push", "origin", &format!("{work}:{target}")]);
        assert_eq!(pushed.code, 1, "{target}: {}", pushed.text);
        let (status, text) = repository.merge(&work, target, false);
        assert!(status == 409 && text.contains("is not satisfied"), "{target}: {status} {text}");
    }
    // And by whoever may answer for it.
    clone.git(&["switch", "--quiet", "--create", "answered", "origin/hotfix/pushed"]);
    clone.write("answered.rs", "// work\n");
    clone.commit(AI);
    repository.passes("answered");
    let (status, text) = repository.merge("answered", "hotfix/pushed", true);
    assert_eq!(status, 200, "{text}");
}
