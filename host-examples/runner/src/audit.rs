//! `countersign audit`

mod removal;
mod show;

use std::collections::{BTreeSet, HashSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use countersign_audit::anchor::Anchor;
use countersign_audit::chain::{Entry, Event, branch};
use countersign_audit::database::{DatabaseError, reading};
use countersign_audit::documents::{self, Removals};
use countersign_audit::record::Held;
use countersign_audit::replay::{Modules, Replayed, replay_all};
use countersign_audit::spool::Spool;
use countersign_audit::walk::{Damage, walk};
use countersign_audit::{Database, Link, Store, Trail, anchor, export, report, verify};
use countersign_core::model::When;
use countersign_core::visible;
use countersign_host::cli::now;
use serde_json::json;

use crate::ModuleChoice;
use crate::output::{self, print, remark};

/// Where the trail is when nobody says it.
const DATABASE: &str = "sqlite://countersign.sqlite";

/// Read the audit trail: who approved what, when, and why that counted.
#[derive(Args)]
#[command(after_help = "Example:\n  countersign audit report --since 2026-07-01 --until 2026-10-01\n\n\
    Exit codes: 0 done, 1 something is not as it was written, 2 cannot read, or cannot say what was asked")]
pub struct Audit {
    /// The database that the service keeps it in: sqlite://PATH or postgres://USER@HOST/NAME [default:
    /// sqlite://countersign.sqlite].
    #[arg(long, global = true, env = "COUNTERSIGN_DATABASE", value_name = "URL")]
    database: Option<Database>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List entries, the newest first.
    Log(Log),
    /// Show one entry: the decision as it was made, who approved, and the digests.
    Show(show::Show),
    /// Find every entry and document that was removed, changed or put elsewhere.
    Verify(Verify),
    /// Evaluate stored requests again, with the module that decided then; the bytes must be the same.
    Replay(Range),
    /// Write the trail for other tools.
    Export(Export),
    /// Which AI-assisted changes shipped in a period, who answered for each, and what got in without.
    Report(Report),
    /// Take in what the hook left in its spool.
    TakeIn(TakeIn),
    /// Remove the documents that name a person. Shows what it would remove; --yes removes it.
    Redact(removal::Redact),
    /// Remove the documents of every entry before a day. Shows what it would remove; --yes removes it.
    Expire(removal::Expire),
}

#[derive(Args)]
struct Log {
    /// Entries of this repository only.
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<String>,
    /// About this change only.
    #[arg(long, value_name = "NUMBER")]
    change: Option<String>,
    /// How many entries to show, the newest first.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 50)]
    most: usize,
    /// Findings that are open, and nothing else.
    #[arg(long)]
    open: bool,
    /// The form of the output.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Json,
}

#[derive(Args)]
struct Verify {
    #[command(flatten)]
    anchors: Anchors,
}

#[derive(Args)]
struct Anchors {
    /// A repository that holds anchors of the trail.
    #[arg(long, value_name = "DIR", requires = "allowed_signers")]
    anchors: Option<PathBuf>,
    /// Whose keys sign them, in OpenSSH's form, for the namespace countersign-audit.
    #[arg(long, value_name = "FILE", requires = "anchors")]
    allowed_signers: Option<PathBuf>,
}

impl Anchors {
    /// The anchors whose signatures hold, where some are asked for, and what is wrong with the others.
    fn read(&self) -> anyhow::Result<(Option<Vec<Anchor>>, Vec<String>)> {
        let (Some(folder), Some(signers)) = (&self.anchors, &self.allowed_signers) else {
            return Ok((None, Vec::new()));
        };
        let (mut sound, mut unsound) = (Vec::new(), Vec::new());
        for anchor in anchor::read(folder, signers)? {
            match anchor {
                Ok(anchor) => sound.push(anchor),
                Err(error) => unsound.push(error.to_string()),
            }
        }
        Ok((Some(sound), unsound))
    }
}

#[derive(Args)]
struct Range {
    /// The first entry.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    from: u64,
    /// The last entry.
    #[arg(long, value_name = "NUMBER")]
    to: Option<u64>,
}

impl Range {
    /// The numbers of its first and its last entry.
    fn ends(&self) -> anyhow::Result<(u64, u64)> {
        let to = self.to.unwrap_or(u64::MAX);
        if self.from > to {
            bail!("--from {} is behind --to {to}", self.from);
        }
        Ok((self.from, to))
    }
}

#[derive(Args)]
struct Export {
    #[command(flatten)]
    range: Range,
    /// The form of the output.
    #[arg(long, value_enum, default_value_t = Lines::Jsonl)]
    format: Lines,
}

#[derive(Clone, Copy, ValueEnum)]
enum Lines {
    /// JSON Lines: every field, and the words of approvers.
    Jsonl,
    /// Rows of CSV, one for each entry.
    Csv,
}

#[derive(Args)]
struct Report {
    /// The first day.
    #[arg(long, value_name = "YYYY-MM-DD")]
    since: String,
    /// The day after the last [default: until now].
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: Option<String>,
    #[command(flatten)]
    anchors: Anchors,
    /// The form of the output.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
}

#[derive(Args)]
struct TakeIn {
    /// The folder of the spool.
    spool: PathBuf,
}

/// The beginning of a day, in UTC.
fn day(text: &str) -> anyhow::Result<When> {
    When::parse(&format!("{text}T00:00:00Z"))
        .with_context(|| format!("`{text}` is no day: write it as 2026-07-31"))
}

impl Audit {
    pub fn run(&self, choice: &ModuleChoice) -> anyhow::Result<ExitCode> {
        match &self.command {
            Command::Log(log) => log.run(self.open()?.as_mut()),
            Command::Show(show) => show.run(self.open()?.as_mut(), choice),
            Command::Verify(verify) => verify.run(self.open()?.as_mut()),
            Command::Replay(range) => range.replay(&self.database()?, choice),
            Command::Export(export) => export.run(self.open()?.as_mut()),
            Command::Report(report) => report.run(self.open()?.as_mut()),
            Command::TakeIn(take_in) => take_in.run(&self.database_to_make()?),
            Command::Redact(redact) => redact.run(self.open()?.as_mut()),
            Command::Expire(expire) => expire.run(self.open()?.as_mut()),
        }
    }

    /// The trail that is there.
    fn open(&self) -> anyhow::Result<Box<dyn Store>> {
        Ok(self.database()?.open_existing()?)
    }

    fn database(&self) -> anyhow::Result<Database> {
        Ok(self.database.clone().map_or_else(|| DATABASE.parse(), Ok)?)
    }

    /// A trail is made where somebody says so, and not by accident among the files of a repository.
    fn database_to_make(&self) -> anyhow::Result<Database> {
        let database = self.database()?;
        if let (None, Database::Sqlite(path)) = (&self.database, &database)
            && !path.exists()
            && let Some(root) = work_tree()?
        {
            bail!(
                "{} would be made in the work tree of {}: say with --database where the trail is to be",
                path.display(),
                root.display()
            );
        }
        Ok(database)
    }
}

/// The repository in whose work tree the command runs.
fn work_tree() -> anyhow::Result<Option<PathBuf>> {
    let here = std::env::current_dir().context("the working folder")?;
    Ok(here.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned))
}

/// The exit code of a command that read the trail: 1 where something is not as it was written.
fn read_all(damaged: bool) -> ExitCode {
    ExitCode::from(u8::from(damaged))
}

/// One line of JSON for a place that is not as it was written.
fn damaged(damage: &Damage) -> String {
    json!({ "number": damage.number, "kind": "damaged", "fault": damage.to_string() }).to_string()
}

/// What others wrote, on one line.
fn inline(text: &str) -> String {
    visible(&text.replace('\n', "\\n"))
}

/// A noun with its number.
fn count(number: u64, one: &str, more: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {more}") }
}

impl TakeIn {
    fn run(&self, database: &Database) -> anyhow::Result<ExitCode> {
        let spool = Spool::existing(&self.spool)?;
        let (taken, odd) = spool.take_in(database.open()?.as_mut())?;
        print(&format!("{taken} taken in\n"))?;
        if let Some(path) = odd.first() {
            let were = if odd.len() == 1 { "was" } else { "were" };
            bail!(
                "{} cannot be read and {were} put aside, such as {}",
                count(odd.len() as u64, "record", "records"),
                path.display()
            );
        }
        let aside = spool.aside()?;
        if let Some(path) = aside.first() {
            let lie = if aside.len() == 1 { "lies" } else { "lie" };
            bail!(
                "{} could not be read before and {lie} aside, such as {}: mend it and let its name end with `.record`",
                count(aside.len() as u64, "record", "records"),
                path.display()
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Range {
    fn replay(&self, database: &Database, choice: &ModuleChoice) -> anyhow::Result<ExitCode> {
        let (from, to) = self.ends()?;
        let modules = Modules::with(choice.load()?);
        let replay = replay_all(database, &modules, from, to)?;
        for damage in &replay.damage {
            print(&format!("{}\n", visible(&damage.to_string())))?;
        }
        for (number, replayed) in &replay.odd {
            let what = match replayed {
                Replayed::Same => continue,
                Replayed::Differs => "DIFFERS from what was recorded",
                Replayed::Contradicted => {
                    "DIFFERS: its entry or who answered is not what request and answer say; `verify` says in what"
                }
                Replayed::Redacted => "cannot be replayed: its documents were removed, as an entry says",
                Replayed::Missing => {
                    "cannot be replayed: a document is gone, and no entry says that it was removed"
                }
                Replayed::Changed => "cannot be replayed: a document was changed",
                Replayed::Unrunnable => "cannot be replayed: this program cannot run the module that decided",
            };
            print(&format!("entry {number}  {what}\n"))?;
        }
        let same = replay.count(Replayed::Same);
        let differ = replay.count(Replayed::Differs) + replay.count(Replayed::Contradicted);
        let unknown = replay.decisions - same - differ;
        let decisions = count(replay.decisions, "decision", "decisions");
        let rest = if unknown > 0 { format!(", {unknown} NOT replayed") } else { String::new() };
        print(&format!("{decisions}: {same} the same, {differ} not{rest}\n"))?;
        let faults = [Replayed::Differs, Replayed::Contradicted, Replayed::Missing, Replayed::Changed];
        if !replay.damage.is_empty() || faults.into_iter().any(|fault| replay.count(fault) > 0) {
            return Ok(read_all(true));
        }
        if replay.decisions == 0 {
            bail!("the trail holds no decision there, so nothing was replayed");
        }
        if unknown > 0 {
            bail!("{unknown} of {decisions} could not be replayed; --from and --to choose those that can");
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Log {
    fn run(&self, store: &mut dyn Store) -> anyhow::Result<ExitCode> {
        let (mut found, mut settled, mut entries, mut damage) = (Vec::new(), BTreeSet::new(), 0_u64, 0_u64);
        let mut named = HashSet::new();
        let orphans = reading(store, |store| {
            walk(store, 1, u64::MAX, |_, here| {
                match &here {
                    Err(_) => damage += 1,
                    Ok(link) => {
                        entries += 1;
                        named.extend(link.entry.documents().into_iter().map(|(_, digest)| digest.to_owned()));
                        if let Event::Settled { finding, .. } = link.entry.event {
                            settled.insert(finding);
                        }
                        if !self.asks_for(&link.entry) {
                            return Ok(());
                        }
                    }
                }
                found.push(here);
                Ok::<(), DatabaseError>(())
            })?;
            documents::unnamed(store, &named)
        })?;
        // The documents of an entry that was changed are named by none.
        let left = if damage == 0 { orphans.len() as u64 } else { 0 };
        found.retain(|here| match here {
            Ok(link) => !(self.open && settled.contains(&link.entry.number)),
            Err(_) => true,
        });
        if found.iter().all(|here| here.is_err()) {
            let what =
                if entries == 0 { "The trail holds no entry that can be read" } else { "No entry matches" };
            match self.format {
                Form::Text => print(&format!("{what}{}\n", self.asked()))?,
                Form::Json => remark(&format!("{what}{}", self.asked())),
            }
        }
        let removals = Trail::of(store).removals()?;
        for here in found.iter().rev().take(self.most) {
            let line = match (self.format, here) {
                (Form::Text, Ok(link)) => inline(&line(link, &word(store, &removals, link)?)),
                (Form::Text, Err(damage)) => {
                    inline(&format!("{:>6}  {:<19}  damaged    {damage}", damage.number, ""))
                }
                (Form::Json, Ok(link)) => link.entry.bytes()?,
                (Form::Json, Err(damage)) => damaged(damage),
            };
            print(&format!("{line}\n"))?;
        }
        if damage > 0 {
            let places = count(damage, "place", "places");
            remark(&format!("{places} of the trail not as written: `countersign audit verify` lists them"));
        }
        if left > 0 {
            let documents = count(left, "document", "documents");
            remark(&format!(
                "of {documents} each belongs to no entry: the entry that named it was removed or changed; \
                 `countersign audit verify` lists them"
            ));
        }
        if entries > 0 {
            remark(
                "entries are listed as the chain has them and not held against their documents: \
                 `countersign audit verify` does that, and `countersign audit replay` decides each anew",
            );
        }
        Ok(read_all(damage > 0 || left > 0))
    }

    fn asks_for(&self, entry: &Entry) -> bool {
        self.repo.as_ref().is_none_or(|repo| entry.repository == *repo)
            && self.change.as_ref().is_none_or(|change| entry.change.as_ref() == Some(change))
            && (!self.open || matches!(entry.event, Event::Finding { .. }))
    }

    /// What was asked for, behind the sentence that there is none.
    fn asked(&self) -> String {
        let repo = self.repo.as_ref().map(|repo| format!("--repo {repo}"));
        let change = self.change.as_ref().map(|change| format!("--change {change}"));
        let open = self.open.then(|| "--open".to_owned());
        let asked: Vec<String> = [repo, change, open].into_iter().flatten().collect();
        if asked.is_empty() { String::new() } else { visible(&format!(": {}", asked.join(" "))) }
    }
}

/// What came of a decision, for a person. Of an entry that a version wrote which noted no overrides, its documents say it.
fn word(store: &mut dyn Store, removals: &Removals, link: &Link) -> anyhow::Result<String> {
    let Some(made) = link.entry.made() else { return Ok(String::new()) };
    if made.overridden || made.approvers.is_none() {
        return Ok(made.word());
    }
    Ok(Held::of(store, removals, link, made)?.word(made))
}

/// An entry on one line; `word` is what came of a decision.
fn line(link: &Link, word: &str) -> String {
    let Entry { number, at, repository, target, change, head, event, .. } = &link.entry;
    let place = match (repository.as_str(), change) {
        ("", _) => branch(target).to_owned(),
        (repository, Some(change)) => format!("{repository}#{change}"),
        (repository, None) => format!("{repository} {}", branch(target)),
    };
    let what = match event {
        Event::Decision(made) => format!("{word}{}", if made.ai { ", AI-assisted" } else { "" }),
        Event::Merge { from: None, decisions } if decisions.is_empty() => "the watch begins".to_owned(),
        Event::Merge { decisions, .. } => {
            let numbers: Vec<String> = decisions.iter().map(ToString::to_string).collect();
            format!("merged by decision {}", numbers.join(", "))
        }
        Event::Finding { finding, .. } => format!("FINDING: {finding}"),
        Event::Settled { finding, .. } => format!("settles finding {finding}"),
        Event::Removal { documents, .. } => format!("{} documents removed", documents.len()),
    };
    let at = at.get(..19).unwrap_or(at);
    format!("{number:>6}  {at}  {:<9} {place:<28} {:.12}  {what}", event.kind(), head)
}

impl Verify {
    fn run(&self, store: &mut dyn Store) -> anyhow::Result<ExitCode> {
        let (anchors, unsound) = self.anchors.read()?;
        let mut verified = verify::verify(store, anchors.as_deref().unwrap_or_default())?;
        verified.faults.extend(unsound);
        for fault in &verified.faults {
            print(&format!("{}\n", visible(fault)))?;
        }
        let whole = verified.faults.is_empty();
        print(&format!(
            "{}: {} entries, {} documents, {} removed by an entry that says so, {} anchors\n",
            match (whole, verified.entries) {
                (true, 0) => "The trail is EMPTY",
                (true, _) => "The trail is whole",
                (false, _) => "The trail is BROKEN",
            },
            verified.entries,
            verified.documents,
            verified.removed,
            verified.anchors
        ))?;
        if verified.anchors == 0 {
            remark(&format!("held against no anchor (--anchors): {}", verify::UNANCHORED));
        }
        remark(verify::UNREPLAYED);
        if let Some(lacking) = &verified.lacking {
            remark(lacking);
        }
        Ok(ExitCode::from(u8::from(!whole)))
    }
}

impl Export {
    fn run(&self, store: &mut dyn Store) -> anyhow::Result<ExitCode> {
        let (from, to) = self.range.ends()?;
        let mut out = output::pipe();
        let exported = match self.format {
            Lines::Jsonl => export::json_lines(store, from, to, &mut out),
            Lines::Csv => export::csv(store, from, to, &mut out),
        }?;
        out.flush()?;
        for fault in &exported.faults {
            remark(fault);
        }
        if exported.places == 0 {
            remark("the trail holds no entry there");
        } else {
            remark(verify::UNREPLAYED);
        }
        Ok(read_all(!exported.faults.is_empty()))
    }
}

impl Report {
    fn run(&self, store: &mut dyn Store) -> anyhow::Result<ExitCode> {
        let now = now()?;
        // What was recorded this very second is in it.
        let moment = When::from_seconds(When::from_seconds(0).seconds_until(now) + 1);
        let since = day(&self.since)?;
        if since > now {
            bail!("{} is still to come: nothing can be said of it", self.since);
        }
        let until = self.until.as_deref().map_or(Ok(moment), day)?;
        if until <= since {
            bail!("the period ends before it begins: --until names the day after its last");
        }
        let (anchors, unsound) = self.anchors.read()?;
        let mut report = report::report(store, since, until, anchors.as_deref())?;
        report.damage.extend(unsound);
        match self.format {
            Form::Text => print(&report.text())?,
            Form::Json => print(&format!("{}\n", serde_json::to_string_pretty(&report)?))?,
        }
        if !report.watched && report.damage.is_empty() {
            bail!(
                "nobody watched a branch in this time, so the trail cannot say what shipped; `countersign-gitea serve` watches, \
                 and what `countersign check` leaves are decisions alone"
            );
        }
        Ok(read_all(!report.damage.is_empty()))
    }
}
