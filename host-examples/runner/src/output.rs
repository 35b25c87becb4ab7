//! What goes to the terminal, and how.

use std::io::{IsTerminal, Write};
use std::path::Path;

use anyhow::Context;
use clap::ValueEnum;
use countersign_core::model::API_VERSION;
use countersign_core::visible;
use countersign_host::module::{CallError, Module};

/// Forms of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal or a CI log.
    Text,
    /// The decision document.
    Json,
    /// For a comment or a job summary.
    Markdown,
    /// JUnit's XML, for the test panels of CI systems.
    Junit,
    /// GitLab's Code Quality report.
    Codequality,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Json => "json",
            Format::Markdown => "markdown",
            Format::Junit => "junit",
            Format::Codequality => "codequality",
            Format::Sarif => "sarif",
        }
    }
}

/// Whether standard output may be coloured.
pub fn colour() -> bool {
    decorated(std::io::stdout().is_terminal())
}

/// Whether progress may be shown on standard error.
pub fn progress() -> bool {
    decorated(std::io::stderr().is_terminal())
}

fn decorated(terminal: bool) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    terminal && !set("NO_COLOR") && !set("CI")
}

/// Prints a document in a format: to standard output, or to a file with the text beside it on standard output.
pub fn publish(module: &Module, document: &str, format: Format, file: Option<&Path>) -> anyhow::Result<()> {
    let shown = |format: Format, colour: bool| -> anyhow::Result<String> {
        match format {
            Format::Json => Ok(format!("{document}\n")),
            other => Ok(module.render(document, other.name(), colour, false)?),
        }
    };
    match file {
        Some(path) => {
            std::fs::write(path, shown(format, false)?)
                .with_context(|| format!("writing {}", path.display()))?;
            print(&shown(Format::Text, colour())?)
        }
        None => print(&shown(format, format == Format::Text && colour())?),
    }
}

/// What a machine reads where there is no answer: the module's own document, else one like it that says what went wrong. A file of
/// an earlier run says nothing of this one, so none is left.
pub fn publish_failure(error: &anyhow::Error, json: bool, file: Option<&Path>) -> anyhow::Result<()> {
    let document = match error.downcast_ref::<CallError>() {
        Some(CallError::Refused(document)) => document.clone(),
        _ => {
            let told = countersign_host::cli::told(error.as_ref());
            let mut lines = told.split("\n  help: ");
            let message = lines.next().unwrap_or_default();
            let help: Vec<&str> = lines.collect();
            let document = serde_json::json!({
                "apiVersion": API_VERSION, "kind": "Error", "error": "cannot-evaluate", "message": message, "help": help.join("; "),
            });
            document.to_string()
        }
    };
    match file {
        Some(path) if json => std::fs::write(path, format!("{document}\n"))
            .with_context(|| format!("writing {}", path.display())),
        Some(path) => match std::fs::remove_file(path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                Err(e).with_context(|| format!("removing {}", path.display()))
            }
            _ => Ok(()),
        },
        None if json => print(&format!("{document}\n")),
        None => Ok(()),
    }
}

/// Writes beside the answer, to standard error: what a person is shown, asked or told. What others may have written is made visible
/// here, once for all. That nobody reads there is no failure.
pub fn tell(text: &str) {
    let _ = std::io::stderr().lock().write_all(visible(text).as_bytes());
}

/// A remark beside the answer, on a line of its own.
pub fn remark(text: &str) {
    tell(&format!("countersign: {text}\n"));
}

/// Writes to standard output.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // The reader has seen enough, as in `| head`; the verdict stands all the same.
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Standard output for much at once. As with [`print()`], a reader who has seen enough is no failure.
pub fn pipe() -> impl Write {
    std::io::BufWriter::new(Pipe(std::io::stdout().lock()))
}

struct Pipe<W>(W);

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self.0.write(bytes) {
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self.0.flush() {
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }
}
