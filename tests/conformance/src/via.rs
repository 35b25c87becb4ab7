//! The ways to the core: called directly, as a component in wasmtime, as an Extism plug-in and as the browser package,
//! the last two in Node.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, bail};
use countersign_host::module::{CallError, Function, Module};

/// A way to the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Packaging {
    /// The core itself.
    Native,
    /// The component, in wasmtime.
    Component,
    /// The Extism plug-in, through Extism's SDK for Node.
    Extism,
    /// The browser package, in Node.
    Web,
}

impl Packaging {
    /// All of them, the reference first.
    pub const ALL: [Packaging; 4] =
        [Packaging::Native, Packaging::Component, Packaging::Extism, Packaging::Web];

    /// As the command line calls it.
    pub fn name(self) -> &'static str {
        match self {
            Packaging::Native => "native",
            Packaging::Component => "component",
            Packaging::Extism => "extism",
            Packaging::Web => "web",
        }
    }

    /// Builds what is needed and starts it.
    ///
    /// # Errors
    /// When a build fails, or node is missing.
    pub fn start(self) -> anyhow::Result<Via> {
        let version = countersign_core::model::CONTRACT_VERSION;
        let folder = packagings_folder()?;
        Ok(match self {
            Packaging::Native => Via::Native,
            Packaging::Component => Via::Component(Box::new(Module::embedded()?)),
            Packaging::Extism => {
                let path = folder.join("countersign.extism.wasm");
                std::fs::write(&path, countersign_packaging::extism(version)?)?;
                Via::Node(Node::start("extism.mjs", &path)?)
            }
            Packaging::Web => {
                let path = folder.join("web");
                countersign_packaging::web(version, &path)?;
                Via::Node(Node::start("web.mjs", &path)?)
            }
        })
    }
}

fn packagings_folder() -> anyhow::Result<PathBuf> {
    let folder = countersign_packaging::workspace().join("target/packagings");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A started packaging.
pub enum Via {
    /// The core itself.
    Native,
    /// The component.
    Component(Box<Module>),
    /// A small host in Node.
    Node(Node),
}

impl Via {
    /// Calls a function of the contract: the answer, or the error document.
    ///
    /// # Errors
    /// When the packaging failed to give either.
    pub fn call(&mut self, function: &str, input: &[u8]) -> anyhow::Result<Result<String, String>> {
        Ok(match self {
            Via::Native => countersign_core::call(function, input).map_err(|error| error.to_document()),
            Via::Component(module) => {
                let named = Function::ALL.into_iter().find(|known| known.name() == function);
                let Some(function) = named else { bail!("no function {function}") };
                match module.call(function, input) {
                    Ok(answer) => Ok(answer),
                    Err(CallError::Refused(document)) => Err(document),
                    Err(error) => return Err(error.into()),
                }
            }
            Via::Node(node) => node.call(function, input)?,
        })
    }
}

/// A small host of `host-examples/embed/node`, kept running.
pub struct Node {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Node {
    /// Brings the host's packages into `target/` and starts it.
    fn start(script: &str, module: &Path) -> anyhow::Result<Self> {
        let folder = install()?;
        let mut child = Command::new("node")
            .arg(folder.join(script))
            .arg(module)
            .arg("--serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("node cannot be run; install Node.js 20 or newer")?;
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().context("a pipe")?);
        Ok(Node { child, stdin, stdout })
    }

    fn call(&mut self, function: &str, input: &[u8]) -> anyhow::Result<Result<String, String>> {
        #[derive(serde::Deserialize)]
        struct Answer {
            ok: Option<String>,
            error: Option<String>,
        }
        let stdin = self.stdin.as_mut().context("a pipe")?;
        writeln!(stdin, r#"{{"function":"{function}","input":"{}"}}"#, base64(input))?;
        stdin.flush()?;
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        let answer: Answer =
            serde_json::from_str(&line).with_context(|| format!("the host in Node answered {line:?}"))?;
        match (answer.ok, answer.error) {
            (Some(ok), None) => Ok(Ok(ok)),
            (None, Some(error)) => Ok(Err(error)),
            _ => bail!("the host in Node answered {line:?}"),
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.child.wait();
    }
}

/// Copies the hosts beside their packages, which are installed by their lock file once.
fn install() -> anyhow::Result<PathBuf> {
    let from = countersign_packaging::workspace().join("host-examples/embed/node");
    let to = countersign_packaging::workspace().join("target/embed/node");
    std::fs::create_dir_all(&to)?;
    for file in ["package.json", "package-lock.json", ".npmrc", "serve.mjs", "extism.mjs", "web.mjs"] {
        std::fs::copy(from.join(file), to.join(file)).with_context(|| format!("copying {file}"))?;
    }
    let installed = to.join("node_modules/.package-lock.json");
    let lock = std::fs::metadata(from.join("package-lock.json"))?.modified()?;
    if std::fs::metadata(&installed).and_then(|m| m.modified()).is_ok_and(|at| at >= lock) {
        return Ok(to);
    }
    let output = Command::new("npm")
        .args(["ci", "--silent"])
        .current_dir(&to)
        .output()
        .context("npm cannot be run; install Node.js 20 or newer")?;
    if !output.status.success() {
        bail!("npm ci failed in {}:\n{}", to.display(), String::from_utf8_lossy(&output.stderr));
    }
    Ok(to)
}

/// Base64 with padding: what the small hosts read.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0_u32, |word, byte| (word << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = ALPHABET[(word >> (18 - 6 * at)) as usize & 63];
            out.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}
