//! A PostgreSQL of its own for a test: made and started on loopback, stopped at the end.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::run;

/// A running server, with one database for whoever asks.
pub struct Postgres {
    folder: tempfile::TempDir,
    process: Child,
    port: u16,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT: it ends at once and cleans up its shared memory.
        let _ = run(Command::new("kill").args(["-INT", &self.process.id().to_string()]));
        let _ = self.process.wait();
    }
}

/// A program of the server: Debian keeps them beside the path.
fn program(name: &str) -> PathBuf {
    let known = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut places: Vec<PathBuf> = known.map(|entry| entry.path().join("bin").join(name)).collect();
    places.sort();
    places.retain(|path| path.is_file());
    places.pop().unwrap_or_else(|| PathBuf::from(name))
}

/// A command as somebody who is not root, for the server refuses to be that.
fn as_nobody(program: &Path, folder: &Path) -> Command {
    let root = run(Command::new("id").arg("-u")).text.trim() == "0";
    let mut command = Command::new(if root { Path::new("setpriv") } else { program });
    if root {
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
    }
    command.current_dir(folder).env("LC_ALL", "C");
    command
}

/// The certificate that a server shows, and its key, in its folder.
const SHOWN: [&str; 2] = ["server.crt", "server.key"];

impl Postgres {
    /// Starts one that talks in clear text.
    pub fn start() -> Self {
        Self::serving(false)
    }

    /// Starts one that encrypts and shows a certificate for 127.0.0.1 that only itself has signed.
    pub fn encrypting() -> Self {
        Self::serving(true)
    }

    fn serving(encrypting: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let [certificate, key] = SHOWN.map(|name| folder.path().join(name));
        if encrypting {
            let request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=db \
                -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE";
            let mut openssl = Command::new("openssl");
            openssl.args(request.split_whitespace()).arg("-out").arg(&certificate).arg("-keyout").arg(&key);
            let made = run(&mut openssl);
            assert_eq!(made.code, 0, "{}", made.text);
        }
        run(Command::new("chown").arg("-R").arg("65534:65534").arg(folder.path()));
        let made = run(as_nobody(&program("initdb"), &data)
            .args(["--auth=trust", "--username=gate", "--encoding=UTF8", "--no-sync", "-D"])
            .arg(&data));
        assert_eq!(made.code, 0, "{}", made.text);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = as_nobody(&program("postgres"), &data);
        if encrypting {
            let file = |name: &str, path: &Path| format!("{name}={}", path.display());
            server.args(["-c", "ssl=on", "-c", &file("ssl_cert_file", &certificate)]);
            server.args(["-c", &file("ssl_key_file", &key)]);
        }
        let process = server
            .arg("-D")
            .arg(&data)
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-c", "unix_socket_directories="])
            .args(["-c", "max_connections=100"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let postgres = Postgres { folder, process, port };
        let started = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(60), "{}", postgres.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        // It listens a moment before it answers.
        std::thread::sleep(Duration::from_millis(500));
        postgres
    }

    /// The folder of its files.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The certificate that it shows.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join(SHOWN[0])
    }

    /// The address of a new, empty database, in clear text.
    pub fn database(&self, name: &str) -> String {
        let made = run(as_nobody(&program("createdb"), self.folder.path()).args([
            "-h",
            "127.0.0.1",
            "-p",
            &self.port.to_string(),
            "-U",
            "gate",
            name,
        ]));
        assert_eq!(made.code, 0, "{}{}", made.text, self.log());
        format!("postgres://gate@127.0.0.1:{}/{name}?sslmode=disable", self.port)
    }
}
