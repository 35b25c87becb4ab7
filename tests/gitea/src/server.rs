//! A Gitea of its own for a test: built from its Go module, started on loopback, stopped at the end.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{Ran, program, root, run};

/// The version that `tests/gitea/server` pins.
const VERSION: &str = "1.26.0";

/// What everybody logs in with.
pub const PASSWORD: &str = "Passw0rd-of-a-test";

/// The server program, built when it is not there; that takes some minutes.
fn gitea() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let path = root().join(format!("target/gitea/gitea-{VERSION}"));
        if !path.exists() {
            let version = format!("-X main.Version={VERSION}");
            let tags = "sqlite sqlite_unlock_notify";
            let built = run(Command::new("go")
                .args(["build", "-o"])
                .arg(&path)
                .args(["-tags", tags, "-ldflags", &version, "code.gitea.io/gitea"])
                .current_dir(root().join("tests/gitea/server")));
            assert_eq!(built.code, 0, "{}", built.text);
        }
        path
    })
}

/// A running server.
pub struct Gitea {
    folder: tempfile::TempDir,
    process: Child,
    /// Its root, with a slash at the end.
    pub url: String,
}

impl Drop for Gitea {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The files of a server that was ended, to start others from. It holds no repository, for those name their folder.
pub struct Seed {
    files: Vec<(PathBuf, Vec<u8>)>,
    folder: String,
    url: String,
}

impl Gitea {
    /// Starts one without users or repositories.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = free();
        std::fs::write(folder.path().join("app.ini"), configuration(folder.path(), &url)).unwrap();
        Self::run(folder, url)
    }

    /// Starts one that holds what another held. `prepare` may change its configuration first, and is told its root.
    pub fn from(seed: &Seed, prepare: impl FnOnce(&Path, &str)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = free();
        for (path, bytes) in &seed.files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        let ini = folder.path().join("app.ini");
        let (work, port) = (folder.path().to_str().unwrap(), (port(&seed.url), port(&url)));
        let text = std::fs::read_to_string(&ini).unwrap();
        let text = text.replace(&seed.folder, work).replace(&seed.url, &url);
        // The one line where it stands alone.
        let line = |port: &str| format!("HTTP_PORT = {port}\n");
        assert!(text.contains(&line(port.0)), "{text}");
        std::fs::write(&ini, text.replace(&line(port.0), &line(port.1))).unwrap();
        prepare(&ini, &url);
        Self::run(folder, url)
    }

    fn run(folder: tempfile::TempDir, url: String) -> Self {
        let process = spawn(folder.path());
        let gitea = Gitea { folder, process, url };
        gitea.wait();
        gitea
    }

    /// Ends it, and gives what others start from.
    pub fn into_seed(mut self) -> Seed {
        run(Command::new("kill").arg(self.process.id().to_string()));
        let _ = self.process.wait();
        let (mut files, folder) = (Vec::new(), self.folder.path());
        read_all(folder, folder, &mut files);
        Seed { files, folder: folder.to_str().unwrap().to_owned(), url: self.url.clone() }
    }

    /// Stops it and starts it again, with whatever its configuration says now.
    pub fn restart(&mut self) {
        self.stop();
        self.start_again();
    }

    /// Stops it: it answers nobody.
    pub fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Starts it again after it was stopped.
    pub fn start_again(&mut self) {
        self.process = spawn(self.folder.path());
        self.wait();
    }

    fn wait(&self) {
        let started = Instant::now();
        while self.call("GET", "healthz", None, None).0 != 200 {
            assert!(started.elapsed() < Duration::from_secs(60), "{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What the server wrote.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The server's configuration.
    pub fn ini(&self) -> PathBuf {
        self.folder.path().join("app.ini")
    }

    /// The bare repository of `owner/name`.
    pub fn repository(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("data/gitea-repositories/{name}.git"))
    }

    /// Makes a user and gives a token of theirs that may do everything they may.
    pub fn user(&self, name: &str, admin: bool) -> String {
        let mut command = Command::new(gitea());
        command.arg("-c").arg(self.ini()).args(["admin", "user", "create"]);
        command.args(["--username", name, "--password", PASSWORD, "--must-change-password=false"]);
        command.args([
            "--email",
            &format!("{name}@example.com"),
            "--access-token",
            "--access-token-name",
            "t",
        ]);
        command.args(["--access-token-scopes", "all"]);
        if admin {
            command.arg("--admin");
        }
        let made = run(&mut command);
        assert_eq!(made.code, 0, "{}", made.text);
        made.text.split_whitespace().last().unwrap().to_owned()
    }

    /// Asks the API; gives the status and the answer.
    pub fn call(&self, method: &str, path: &str, token: Option<&str>, body: Option<Value>) -> (u16, Value) {
        let base =
            if path == "healthz" { format!("{}api/", self.url) } else { format!("{}api/v1/", self.url) };
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{base}{path}"));
        if let Some(token) = token {
            request = request.header("Authorization", format!("token {token}"));
        }
        request = request.header("Content-Type", "application/json");
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let Ok(mut answer) = agent.run(request.body(body).unwrap()) else { return (0, Value::Null) };
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// Asks the API for something that has to work.
    pub fn ok(&self, method: &str, path: &str, token: &str, body: Value) -> Value {
        let body = if body.is_null() { None } else { Some(body) };
        let (status, answer) = self.call(method, path, Some(token), body);
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    /// Sends a form of a page, as somebody who logs in for it; what the API has no word for.
    pub fn page(&self, who: &str, path: &str, fields: &[(&str, &str)]) {
        let agent = crate::agent();
        let url = |path: &str| format!("{}{path}", self.url);
        let login = agent.post(url("user/login")).send_form([("user_name", who), ("password", PASSWORD)]);
        let login = login.unwrap();
        assert_eq!(login.status().as_u16(), 303, "{who} cannot log in");
        // Of two cookies of one name the last stands.
        let cookies = login.headers().get_all("set-cookie").iter();
        let cookies = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next()?.split_once('='));
        let cookies: BTreeMap<&str, &str> = cookies.collect();
        let cookies: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let sent =
            agent.post(url(path)).header("Cookie", cookies.join("; ")).send_form(fields.iter().copied());
        let sent = sent.unwrap();
        let leads = sent.headers().get("location").and_then(|place| place.to_str().ok()).unwrap_or_default();
        let done = sent.status().as_u16() == 303 && !leads.contains("login");
        assert!(done, "{path} {fields:?}: {} {leads}", sent.status());
    }

    /// `countersign-gitea` on this server.
    pub fn countersign(&self, args: &[&str]) -> Ran {
        run(Command::new(program("countersign-gitea")).args(args))
    }

    /// A remote that somebody pushes to with their token.
    pub fn remote(&self, who: &str, token: &str, repository: &str) -> String {
        let host = self.url.trim_start_matches("http://");
        format!("http://{who}:{token}@{host}{repository}.git")
    }
}

fn spawn(folder: &Path) -> Child {
    let log = std::fs::File::options().create(true).append(true).open(folder.join("log")).unwrap();
    Command::new(gitea())
        .args(["web", "-c"])
        .arg(folder.join("app.ini"))
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

/// A root on a port that nobody uses.
fn free() -> String {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    format!("http://127.0.0.1:{port}/")
}

fn port(url: &str) -> &str {
    url.rsplit(':').next().unwrap().trim_end_matches('/')
}

/// The files below a folder, by their paths within the root.
fn read_all(root: &Path, folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let (path, kind) = entry.map(|entry| (entry.path(), entry.file_type().unwrap())).unwrap();
        if kind.is_dir() {
            read_all(root, &path, files);
        } else if kind.is_file() && path != root.join("log") {
            files.push((path.strip_prefix(root).unwrap().to_owned(), std::fs::read(path).unwrap()));
        }
    }
}

fn configuration(folder: &Path, url: &str) -> String {
    let listed = run(Command::new("go")
        .args(["list", "-m", "-f", "{{.Dir}}", "code.gitea.io/gitea"])
        .current_dir(root().join("tests/gitea/server")));
    assert_eq!(listed.code, 0, "{}", listed.text);
    let (work, statics, port) = (folder.display(), listed.text.trim().to_owned(), port(url));
    format!(
        "I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true\n\
         WORK_PATH = {work}\n\
         [server]\nHTTP_ADDR = 127.0.0.1\nHTTP_PORT = {port}\nROOT_URL = {url}\n\
         STATIC_ROOT_PATH = {statics}\nDISABLE_SSH = true\nSSH_ROOT_PATH = {work}/ssh\n\
         [database]\nDB_TYPE = sqlite3\n\
         [security]\nINSTALL_LOCK = true\n\
         [webhook]\nALLOWED_HOST_LIST = loopback\n\
         [migrations]\nALLOW_LOCALNETWORKS = true\n"
    )
}
