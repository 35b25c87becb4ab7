//! A running `countersign-gitea serve`, and what a test asks it.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use countersign_audit::database::DatabaseError;
use countersign_audit::walk::walk;
use countersign_audit::{Database, Link, Store};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::story::Story;
use crate::{Ran, program, run};

/// The longest that a test waits for the service to have done something.
const PATIENCE: Duration = Duration::from_secs(60);

/// The secret of its webhook.
const SECRET: &str = "a webhook's secret of this test";

/// All entries of a trail that is as it was written.
pub fn entries(store: &mut dyn Store) -> Vec<Link> {
    let mut links = Vec::new();
    let each = |_: &mut dyn Store, found| match found {
        Ok(link) => {
            links.push(link);
            Ok::<(), DatabaseError>(())
        }
        Err(damage) => panic!("{damage}"),
    };
    walk(store, 1, u64::MAX, each).unwrap();
    links
}

/// A running service.
pub struct Service {
    process: Child,
    args: Vec<String>,
    log: PathBuf,
    /// Its root, with a slash at the end.
    pub url: String,
    /// The address of its database.
    pub database: String,
    /// The file that holds the secret.
    pub secret_file: PathBuf,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Service {
    /// Starts one on a database.
    pub fn start(story: &Story, database: &str, more: &[&str]) -> Self {
        let folder = story.folder.path();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let secret_file = folder.join("secret");
        std::fs::write(&secret_file, SECRET).unwrap();
        let mut args: Vec<String> = vec!["serve".into()];
        let mut flag = |name: &str, value: String| args.extend([name.to_owned(), value]);
        flag("--listen", format!("127.0.0.1:{port}"));
        if !more.contains(&"--url") {
            flag("--url", story.gitea.url.clone());
        }
        flag("--token-file", story.token_file().display().to_string());
        flag("--webhook-secret-file", secret_file.display().to_string());
        flag("--database", database.to_owned());
        flag("--mirrors", folder.join(format!("mirrors-{port}")).display().to_string());
        flag("--spool", folder.join("spool").display().to_string());
        if !more.contains(&"--public-url") {
            flag("--public-url", format!("http://127.0.0.1:{port}"));
        }
        flag("--lease", "5".to_owned());
        args.extend(more.iter().map(|word| (*word).to_owned()));
        let log = folder.join(format!("serve-{port}.log"));
        let process = spawn(&args, &log);
        let url = format!("http://127.0.0.1:{port}/");
        let service = Service { process, args, log, url, database: database.to_owned(), secret_file };
        service.wait();
        service
    }

    fn wait(&self) {
        let started = Instant::now();
        while self.get("healthz").0 != 200 {
            assert!(started.elapsed() < PATIENCE, "{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// kill -9.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// SIGTERM; gives the exit code.
    pub fn end(&mut self) -> Option<i32> {
        run(Command::new("kill").arg(self.process.id().to_string()));
        self.process.wait().unwrap().code()
    }

    /// Starts it again after it ended or was killed.
    pub fn again(&mut self) {
        self.process = spawn(&self.args, &self.log);
        self.wait();
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Asks for one of its pages; 0 when it does not answer.
    pub fn get(&self, path: &str) -> (u16, String) {
        let Ok(mut answer) = agent().get(format!("{}{path}", self.url)).call() else {
            return (0, String::new());
        };
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap_or_default())
    }

    /// Posts a webhook as it is.
    pub fn post(&self, headers: &[(&str, &str)], body: &[u8]) -> u16 {
        let mut request = agent().post(format!("{}webhook", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send(body).map_or(0, |answer| answer.status().as_u16())
    }

    /// Posts a webhook as the forge would, about a pull request.
    pub fn deliver(&self, id: &str, number: u64) -> u16 {
        let body = json!({
            "action": "synchronized", "number": number, "pull_request": { "number": number },
            "repository": { "full_name": "acme/app" },
        })
        .to_string();
        let headers = [
            ("X-Gitea-Signature", &*signature(body.as_bytes())),
            ("X-Gitea-Delivery", id),
            ("X-Gitea-Event-Type", "pull_request_sync"),
        ];
        self.post(&headers, body.as_bytes())
    }

    /// A number among its metrics.
    pub fn metric(&self, name: &str) -> f64 {
        let text = self.get("metrics").1;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name} is missing in\n{text}")).trim().parse().unwrap()
    }

    /// The trail's database.
    pub fn store(&self) -> Box<dyn Store> {
        self.database.parse::<Database>().unwrap().open().unwrap()
    }

    /// All entries of the trail.
    pub fn entries(&self) -> Vec<Link> {
        entries(self.store().as_mut())
    }

    /// Waits until something is so.
    pub fn until(&self, what: &str, so: impl Fn() -> bool) {
        let started = Instant::now();
        while !so() {
            assert!(started.elapsed() < PATIENCE, "never: {what}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// `countersign audit` on its database.
    pub fn audit(&self, args: &[&str]) -> Ran {
        run(Command::new(program("countersign")).arg("audit").args(["--database", &self.database]).args(args))
    }
}

/// What signs a body.
pub fn signature(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)))
        .build()
        .into()
}

fn spawn(args: &[String], log: &PathBuf) -> Child {
    let log = std::fs::File::options().create(true).append(true).open(log).unwrap();
    Command::new(program("countersign-gitea"))
        .args(args)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

impl Story {
    /// The gate's statuses of a commit, the newest first: state, description, address.
    pub fn statuses(&self, head: &str) -> Vec<(String, String, String)> {
        let page = |page: u64| {
            let path = format!("repos/acme/app/commits/{head}/statuses?limit=50&page={page}");
            self.gitea.ok("GET", &path, &self.admin, Value::Null).as_array().unwrap().clone()
        };
        // Others may have written more than one page holds.
        let mut found: Vec<Value> = (1..).map(page).take_while(|page| !page.is_empty()).flatten().collect();
        found.retain(|status| status["context"] == "countersign");
        found.sort_by_key(|status| std::cmp::Reverse(status["id"].as_i64()));
        let text = |status: &Value, key: &str| status[key].as_str().unwrap_or_default().to_owned();
        found
            .iter()
            .map(|status| (text(status, "status"), text(status, "description"), text(status, "target_url")))
            .collect()
    }

    /// The state of the gate's newest status of a commit.
    pub fn state(&self, head: &str) -> String {
        self.statuses(head).first().map(|status| status.0.clone()).unwrap_or_default()
    }

    /// The gate's comments on a pull request.
    pub fn comments(&self, number: u64) -> Vec<String> {
        let found = self.gitea.ok(
            "GET",
            &format!("repos/acme/app/issues/{number}/comments"),
            &self.admin,
            Value::Null,
        );
        let of_gate = |comment: &&Value| comment["user"]["login"] == "gate";
        let body = |comment: &Value| comment["body"].as_str().unwrap().to_owned();
        found.as_array().unwrap().iter().filter(of_gate).map(body).collect()
    }

    /// Reviews of a pull request: who, state, dismissed.
    pub fn reviews(&self, number: u64) -> Vec<(String, String, bool)> {
        let found =
            self.gitea.ok("GET", &format!("repos/acme/app/pulls/{number}/reviews"), &self.admin, Value::Null);
        let of = |review: &Value| {
            (
                review["user"]["login"].as_str().unwrap_or_default().to_owned(),
                review["state"].as_str().unwrap().to_owned(),
                review["dismissed"].as_bool().unwrap(),
            )
        };
        found.as_array().unwrap().iter().map(of).collect()
    }
}
