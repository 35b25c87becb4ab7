//! `countersign provenance`

use std::collections::VecDeque;
use std::io::BufRead;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::{Scope, ScopedJoinHandle};
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use countersign_core::model::{self, API_VERSION, Batch, BatchCommit, Findings, Ident, NoteText, Text};
use countersign_host::collect::{Collector, NoteRefs};
use countersign_host::git::Repository;
use countersign_host::module::{Function, Module};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Deserialize;

use crate::ModuleChoice;
use crate::evaluate::read;
use crate::output;

/// What AI contributed to a range of commits, or to messages.
///
/// Reads commit messages, identities and notes, and shows evidence and what only looks like it; long ranges are read in
/// chunks, in constant memory.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  countersign provenance main..HEAD\n  countersign provenance --messages messages.jsonl\n\n\
    A line of messages: {\"id\", \"message\", \"author\": {\"name\", \"email\"}, \"committer\": {\"name\", \"email\"}, \"note\"?}\n\
    Exit codes: 0 done, findings or none; 2 cannot be read"
)]
pub struct Provenance {
    /// A range such as main..HEAD, or a revision with all that it reaches [default: HEAD].
    #[arg(value_name = "RANGE", conflicts_with = "messages")]
    range: Option<String>,
    /// The repository, or a folder in it.
    #[arg(long, value_name = "DIR", default_value = ".")]
    repo: PathBuf,
    /// Read messages instead of a repository: JSON lines; `-` is standard input. Answers in JSON lines.
    #[arg(long, value_name = "FILE.jsonl")]
    messages: Option<PathBuf>,
    /// Form of the answer: text shows commits that say something, jsonl every commit.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Jsonl,
}

/// Commits of one call, and the bytes of their messages and notes: enough to make the call cheap, few enough to
/// forget, and for a module that keeps its memory between calls.
const CHUNK: usize = 250;
const CHUNK_BYTES: usize = 16 << 20;

impl Provenance {
    pub fn run(&self, choice: &ModuleChoice) -> anyhow::Result<ExitCode> {
        match &self.messages {
            Some(path) => messages(&choice.load()?, &read(path)?)?,
            None => {
                let (module, repository) = choice.load_beside(&self.repo)?;
                self.range(&module, repository)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn range(&self, module: &Module, repository: Repository) -> anyhow::Result<()> {
        let mut collector = Collector::of(module, repository)?;
        let range = self.range.as_deref().unwrap_or("HEAD");
        let (without, head) = collector.range(range)?;
        let without: Vec<String> = without.iter().map(|id| id.as_str().to_owned()).collect();

        let bar = if output::progress() {
            let total = collector.repository().count(head.as_str(), &without)?;
            progress_bar(total)
        } else {
            ProgressBar::hidden()
        };
        let note_refs = collector.note_refs()?;
        let mut report = Report {
            module,
            note_refs,
            format: self.format,
            bar,
            read: 0,
            with: 0,
            suspected: 0,
            all: Vec::new(),
            headed: false,
        };
        std::thread::scope(|scope| {
            let mut asked = Asked { scope, module, running: VecDeque::new() };
            let (mut chunk, mut bytes) = (Vec::with_capacity(CHUNK), 0);
            for commit in collector.repository().commits(head.as_str(), &without)? {
                let commit = commit?;
                bytes += commit.message.as_bytes().len();
                chunk.push(commit);
                if chunk.len() >= CHUNK || bytes >= CHUNK_BYTES {
                    report.chunk(&mut collector, std::mem::take(&mut chunk), &mut asked)?;
                    bytes = 0;
                }
            }
            report.chunk(&mut collector, chunk, &mut asked)?;
            while let Some(findings) = asked.next() {
                report.say(findings?)?;
            }
            anyhow::Ok(())
        })?;
        report.bar.finish_and_clear();
        report.end()
    }
}

/// Batches that the module is asked about at once, while git is read on. Their answers come in order.
struct Asked<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    module: &'env Module,
    running: VecDeque<ScopedJoinHandle<'scope, anyhow::Result<Findings>>>,
}

impl Asked<'_, '_> {
    /// Whether one more would be more than the machine works on at once.
    fn is_full(&self) -> bool {
        self.running.len() >= std::thread::available_parallelism().map_or(1, usize::from)
    }

    fn ask(&mut self, commits: Vec<BatchCommit<'static>>) {
        let module = self.module;
        self.running.push_back(self.scope.spawn(move || ask(module, commits)));
    }

    /// The answer about the oldest batch; none where all are answered.
    fn next(&mut self) -> Option<anyhow::Result<Findings>> {
        let asked = self.running.pop_front()?;
        Some(asked.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }
}

fn progress_bar(total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:32} {pos} of {len} commits, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// What has been said so far.
struct Report<'m> {
    module: &'m Module,
    format: Format,
    bar: ProgressBar,
    note_refs: NoteRefs,
    read: u64,
    with: u64,
    /// Without evidence, and with something that looks like it.
    suspected: u64,
    /// For JSON, which is one document: the commits that say something.
    all: Vec<countersign_core::model::CommitFindings>,
    headed: bool,
}

impl Report<'_> {
    fn chunk(
        &mut self,
        collector: &mut Collector<'_>,
        commits: Vec<countersign_core::model::Commit<'static>>,
        asked: &mut Asked<'_, '_>,
    ) -> anyhow::Result<()> {
        if commits.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = commits.iter().map(|commit| commit.sha.as_str().to_owned()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut notes: std::collections::HashMap<String, Vec<NoteText<'static>>> =
            std::collections::HashMap::new();
        let mut note_bytes = 0;
        for (git_ref, commit, bytes) in collector.notes_of(&mut self.note_refs, &ids)? {
            note_bytes += bytes.len();
            let note = NoteText { git_ref: git_ref.into(), bytes: Text::from_bytes(bytes) };
            notes.entry(commit).or_default().push(note);
        }
        // Notes with whole conversations in them: fewer commits at once.
        let at_once =
            if note_bytes > CHUNK_BYTES { (CHUNK * CHUNK_BYTES / note_bytes).max(1) } else { CHUNK };
        let mut rest = commits.into_iter().peekable();
        while rest.peek().is_some() {
            let part = rest.by_ref().take(at_once).map(|commit| BatchCommit {
                id: Text::from(commit.sha.as_str().to_owned()),
                notes: notes.remove(commit.sha.as_str()).unwrap_or_default(),
                message: commit.message,
                encoding: commit.encoding,
                author: commit.author,
                committer: commit.committer,
            });
            asked.ask(part.collect());
            while asked.is_full()
                && let Some(findings) = asked.next()
            {
                self.say(findings?)?;
            }
        }
        Ok(())
    }

    fn say(&mut self, findings: Findings) -> anyhow::Result<()> {
        self.bar.inc(findings.commits.len() as u64);
        let bar = self.bar.clone();
        bar.suspend(|| self.shown(findings))
    }

    fn shown(&mut self, mut findings: Findings) -> anyhow::Result<()> {
        self.read += findings.commits.len() as u64;
        for commit in &findings.commits {
            if !commit.findings.is_empty() {
                self.with += 1;
            } else if commit.remarks.iter().any(|remark| remark.code.is_suspicion()) {
                self.suspected += 1;
            }
        }
        if self.format == Format::Jsonl {
            return lines(&findings);
        }
        findings.commits.retain(|commit| !commit.findings.is_empty() || !commit.remarks.is_empty());
        if self.format == Format::Json {
            self.all.append(&mut findings.commits);
            return Ok(());
        }
        if findings.commits.is_empty() {
            return Ok(());
        }
        let document = serde_json::to_string(&findings)?;
        let text = self.module.render(&document, "text", output::colour(), self.headed)?;
        self.headed = true;
        output::print(&text)
    }

    fn end(self) -> anyhow::Result<()> {
        match self.format {
            Format::Text => {
                let share = match (self.with * 100).checked_div(self.read) {
                    Some(0) if self.with > 0 => "less than 1 %".to_owned(),
                    share => format!("{} %", share.unwrap_or(0)),
                };
                let more = match self.suspected {
                    0 => String::new(),
                    1 => ", and 1 more looks like it".to_owned(),
                    n => format!(", and {n} more look like it"),
                };
                let blank = if self.headed { "\n" } else { "" };
                output::print(&format!(
                    "{blank}{} of {} commits carry evidence of AI ({share}){more}\n",
                    self.with, self.read
                ))
            }
            Format::Json => output::print(&format!("{}\n", serde_json::to_string(&Findings::new(self.all))?)),
            Format::Jsonl => Ok(()),
        }
    }
}

/// Asks the module about a batch.
fn ask(module: &Module, commits: Vec<BatchCommit<'_>>) -> anyhow::Result<Findings> {
    let batch = Batch { api_version: API_VERSION.into(), commits: commits.into(), documents: Vec::new() };
    let bytes: usize = batch.commits.iter().map(|commit| commit.message.as_bytes().len() + 512).sum();
    let mut input = Vec::with_capacity(bytes);
    serde_json::to_writer(&mut input, &batch)?;
    let answer = module.call(Function::Provenance, &input)?;
    model::read(answer.as_bytes()).context("the module's answer cannot be read")
}

/// One line a commit: id and findings, as `--messages` answers.
fn lines(findings: &Findings) -> anyhow::Result<()> {
    #[derive(serde::Serialize)]
    struct Line<'a> {
        id: &'a str,
        findings: Vec<&'a countersign_core::model::Finding>,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        remarks: &'a [countersign_core::model::Remark],
    }
    let mut out = String::new();
    for commit in &findings.commits {
        let findings = commit.findings.iter().map(|finding| &**finding).collect();
        let line = Line { id: &commit.id, findings, remarks: &commit.remarks };
        out.push_str(&serde_json::to_string(&line)?);
        out.push('\n');
    }
    output::print(&out)
}

/// A commit message with its author, as a line of `--messages` gives it.
#[derive(Deserialize)]
struct Message {
    id: serde_json::Value,
    message: String,
    #[serde(default)]
    author: Named,
    #[serde(default)]
    committer: Named,
    #[serde(default)]
    note: Option<String>,
}

#[derive(Deserialize, Default)]
struct Named {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
}

impl From<Named> for Ident<'static> {
    fn from(named: Named) -> Self {
        Ident { name: named.name.into(), email: named.email.into(), time: None, account: None }
    }
}

fn messages(module: &Module, input: &[u8]) -> anyhow::Result<()> {
    let mut batch = Vec::new();
    for (at, line) in input.lines().enumerate() {
        let line = line.with_context(|| format!("line {}", at + 1))?;
        if line.trim().is_empty() {
            continue;
        }
        let message: Message = serde_json::from_str(&line).with_context(|| {
            format!("line {} is no message as `countersign provenance --help` shows it", at + 1)
        })?;
        let id = match message.id {
            serde_json::Value::String(id) => id,
            other => other.to_string(),
        };
        let note = message.note.map(|note| NoteText { git_ref: "refs/notes/ai".into(), bytes: note.into() });
        batch.push(BatchCommit {
            id: id.into(),
            message: message.message.into(),
            encoding: None,
            author: message.author.into(),
            committer: message.committer.into(),
            notes: note.into_iter().collect(),
        });
        if batch.len() >= CHUNK {
            lines(&ask(module, std::mem::take(&mut batch))?)?;
        }
    }
    lines(&ask(module, batch)?)
}
