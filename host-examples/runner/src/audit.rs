//! `countersign audit`

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use countersign_audit::chain::{Entry, Event, branch};
use countersign_audit::documents::Document;
use countersign_audit::replay::{Modules, Replayed, replay_all};
use countersign_audit::spool::Spool;
use countersign_audit::trail::{Link, TrailError};
use countersign_audit::{Database, Store, Trail, anchor, export, removal, report, verify};
use countersign_core::model::When;
use countersign_core::visible;
use countersign_host::cli::now;

use crate::ModuleChoice;
use crate::output::{self, print};

/// Read the audit trail: who approved what, when, and why that counted.
#[derive(Args)]
#[command(after_help = "Example:\n  countersign audit report --since 2026-07-01 --until 2026-10-01\n\n\
    Exit codes: 0 done, 1 `verify` found a fault or `replay` other bytes, 2 cannot read")]
pub struct Audit {
    /// The database that the service keeps it in: sqlite://PATH or postgres://USER@HOST/NAME.
    #[arg(
        long,
        global = true,
        env = "COUNTERSIGN_DATABASE",
        value_name = "URL",
        default_value = "sqlite://countersign.sqlite"
    )]
    database: Database,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List entries, the newest first.
    Log(Log),
    /// Show one entry: the decision as it was made, who approved, and the digests.
    Show(Show),
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
    /// Remove every document that names a person. The chain still verifies.
    Redact(Redact),
    /// Remove the documents of every entry before a day.
    Expire(Expire),
}

#[derive(Args)]
struct Log {
    /// Of this repository only.
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<String>,
    /// About this change only.
    #[arg(long, value_name = "NUMBER")]
    change: Option<String>,
    /// How many.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 50)]
    most: usize,
    /// Findings that are open, and nothing else.
    #[arg(long)]
    open: bool,
    /// How.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Json,
}

#[derive(Args)]
struct Show {
    /// Its number, or eight or more digits of its hash.
    entry: String,
    /// The decision document itself.
    #[arg(long, conflicts_with = "request")]
    answer: bool,
    /// The request document itself.
    #[arg(long)]
    request: bool,
}

#[derive(Args)]
struct Verify {
    /// A repository that holds anchors of the trail.
    #[arg(long, value_name = "DIR", requires = "allowed_signers")]
    anchors: Option<PathBuf>,
    /// Whose keys sign them, in OpenSSH's form, for the namespace countersign-audit.
    #[arg(long, value_name = "FILE", requires = "anchors")]
    allowed_signers: Option<PathBuf>,
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
    fn to(&self) -> u64 {
        self.to.unwrap_or(u64::MAX)
    }
}

#[derive(Args)]
struct Export {
    #[command(flatten)]
    range: Range,
    /// How.
    #[arg(long, value_enum, default_value_t = Lines::Jsonl)]
    format: Lines,
}

#[derive(Clone, Copy, ValueEnum)]
enum Lines {
    /// JSON Lines: every field, and the words of approvers.
    Jsonl,
    /// One row an entry.
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
    /// How.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
}

#[derive(Args)]
struct TakeIn {
    /// The spool.
    spool: PathBuf,
}

#[derive(Args)]
struct Redact {
    /// A login, an address or the number of an account; several may be given.
    #[arg(required = true)]
    name: Vec<String>,
}

#[derive(Args)]
struct Expire {
    /// The first day whose documents stay.
    #[arg(long, value_name = "YYYY-MM-DD")]
    before: String,
}

/// The beginning of a day, in UTC.
fn day(text: &str) -> anyhow::Result<When> {
    When::parse(&format!("{text}T00:00:00Z"))
        .with_context(|| format!("`{text}` is no day: write it as 2026-07-31"))
}

impl Audit {
    pub fn run(&self, choice: &ModuleChoice) -> anyhow::Result<ExitCode> {
        // A trail that is read is one that is there.
        let makes = matches!(self.command, Command::TakeIn(_));
        if let Database::Sqlite(path) = &self.database
            && !makes
            && !path.is_file()
        {
            bail!("there is no {}: give --database, or run this where the service runs", path.display());
        }
        let mut store = self.database.open()?;
        let store = store.as_mut();
        match &self.command {
            Command::Log(log) => log.run(store)?,
            Command::Show(show) => show.run(store, choice)?,
            Command::Verify(verify) => return verify.run(store),
            Command::Replay(range) => return self.replay(range, choice),
            Command::Export(export) => export.run(store)?,
            Command::Report(report) => report.run(store)?,
            Command::TakeIn(take_in) => {
                let (taken, odd) = Spool::open(&take_in.spool)?.take_in(store)?;
                print(&format!("{taken} taken in\n"))?;
                if let Some(path) = odd.first() {
                    bail!(
                        "{} records cannot be read and were put aside, such as {}",
                        odd.len(),
                        path.display()
                    );
                }
            }
            Command::Redact(redact) => {
                let gone = removal::redact(store, now()?, &redact.name)?;
                print(&format!("{gone} documents removed; the chain still verifies\n"))?;
            }
            Command::Expire(expire) => {
                let gone = removal::expire(store, now()?, day(&expire.before)?)?;
                print(&format!("{gone} documents removed; the chain still verifies\n"))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn replay(&self, range: &Range, choice: &ModuleChoice) -> anyhow::Result<ExitCode> {
        let modules = Modules::with(choice.load()?);
        let (mut odd, mut redacted) = (0_u64, 0_u64);
        let mut lines = String::new();
        let replayed = replay_all(&self.database, &modules, range.from, range.to(), |link, came| {
            let what = match came {
                Replayed::Same => return,
                Replayed::Redacted => {
                    redacted += 1;
                    "redacted"
                }
                Replayed::Differs => {
                    odd += 1;
                    "DIFFERS from what was recorded"
                }
                Replayed::Missing => {
                    odd += 1;
                    "a document or the module is missing"
                }
            };
            lines.push_str(&format!("entry {}  {what}\n", link.entry.number));
        })?;
        print(&lines)?;
        let same = replayed - odd - redacted;
        print(&format!("{replayed} decisions replayed: {same} the same, {odd} not, {redacted} redacted\n"))?;
        Ok(ExitCode::from(u8::from(odd > 0)))
    }
}

impl Log {
    fn run(&self, store: &mut dyn Store) -> anyhow::Result<()> {
        let mut links = Vec::new();
        if self.open {
            links = Trail::of(store).findings(None)?;
        } else {
            Trail::of(store).each(1, u64::MAX, |_, link| {
                links.push(link);
                Ok::<(), TrailError>(())
            })?;
        }
        links.retain(|link| {
            self.repo.as_ref().is_none_or(|repo| link.entry.repository == *repo)
                && self.change.as_ref().is_none_or(|change| link.entry.change.as_ref() == Some(change))
        });
        for link in links.iter().rev().take(self.most) {
            let line = match self.format {
                Form::Text => visible(&line(link)),
                Form::Json => link.entry.bytes()?,
            };
            print(&format!("{line}\n"))?;
        }
        Ok(())
    }
}

/// An entry on one line.
fn line(link: &Link) -> String {
    let Entry { number, at, repository, target, change, head, event, .. } = &link.entry;
    let place = match (repository.as_str(), change) {
        ("", _) => String::new(),
        (repository, Some(change)) => format!("{repository}#{change}"),
        (repository, None) => format!("{repository} {}", branch(target)),
    };
    let what = match event {
        Event::Decision(made) => format!("{}{}", made.verdict, if made.ai { ", AI-assisted" } else { "" }),
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

impl Show {
    fn run(&self, store: &mut dyn Store, choice: &ModuleChoice) -> anyhow::Result<()> {
        let mut trail = Trail::of(store);
        let link = trail.entry(&self.entry)?.with_context(|| format!("there is no entry {}", self.entry))?;
        let Some(made) = link.entry.made() else {
            return print(&format!("{}\n", visible(&line(&link))));
        };
        let mut text = |digest: &str| -> anyhow::Result<Option<String>> {
            Ok(match trail.document(digest)? {
                Document::Present(bytes) => Some(String::from_utf8(bytes)?),
                Document::Removed => None,
                Document::Missing => {
                    bail!("document {digest} is missing: `countersign audit verify` says more")
                }
            })
        };
        if self.request || self.answer {
            let digest = if self.request { &made.request } else { &made.answer };
            let found = text(digest)?.context("it was removed on request or after its time")?;
            return print(&format!("{found}\n"));
        }
        let answer = text(&made.answer)?;
        let approvers = made.approvers.as_deref().map(&mut text).transpose()?.flatten();
        print(&format!("{}\n\n", visible(&line(&link))))?;
        match &answer {
            Some(answer) => {
                let module = choice.load()?;
                let shown = module.render(answer, "text", output::colour(), false);
                print(&shown.unwrap_or_else(|_| format!("{}\n", visible(answer))))?;
            }
            None => print("What was decided was removed on request or after its time.\n")?,
        }
        if let Some(approvers) = approvers {
            let approvers: countersign_audit::documents::Approvers = serde_json::from_str(&approvers)?;
            print("\nWho answered\n")?;
            for approver in approvers.approvers {
                let verb = if approver.overrides { "overrode" } else { "for" };
                print(&format!(
                    "  {} {verb} {}\n",
                    visible(&approver.person),
                    visible(&approver.rules.join(", "))
                ))?;
                for words in approver.words.iter().flat_map(|words| words.lines()) {
                    print(&format!("    {}\n", visible(words)))?;
                }
            }
        }
        print("\nThe record\n")?;
        for (name, digest) in [
            ("hash", Some(&link.hash)),
            ("previous", Some(&link.entry.previous)),
            ("request", Some(&made.request)),
            ("answer", Some(&made.answer)),
            ("component", Some(&made.component)),
            ("policy", made.policy.as_ref()),
        ] {
            if let Some(digest) = digest {
                print(&format!("  {name:<10} {}\n", visible(digest)))?;
            }
        }
        Ok(())
    }
}

impl Verify {
    fn run(&self, store: &mut dyn Store) -> anyhow::Result<ExitCode> {
        let anchors = match (&self.anchors, &self.allowed_signers) {
            (Some(folder), Some(signers)) => anchor::read(folder, signers)?,
            _ => Vec::new(),
        };
        let verified = verify::verify(store, &anchors)?;
        for fault in &verified.faults {
            print(&format!("{}\n", visible(fault)))?;
        }
        let whole = verified.faults.is_empty();
        print(&format!(
            "{}: {} entries, {} documents, {} removed by an entry that says so, {} anchors\n",
            if whole { "The trail is whole" } else { "The trail is BROKEN" },
            verified.entries,
            verified.documents,
            verified.removed,
            verified.anchors
        ))?;
        if self.anchors.is_none() {
            eprintln!(
                "countersign: held against no anchor: whoever can write to the database could have made it anew"
            );
        }
        Ok(ExitCode::from(u8::from(!whole)))
    }
}

impl Export {
    fn run(&self, store: &mut dyn Store) -> anyhow::Result<()> {
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        let (from, to) = (self.range.from, self.range.to());
        let written = match self.format {
            Lines::Jsonl => export::json_lines(store, from, to, &mut out),
            Lines::Csv => export::csv(store, from, to, &mut out),
        };
        written?;
        Ok(out.flush()?)
    }
}

impl Report {
    fn run(&self, store: &mut dyn Store) -> anyhow::Result<()> {
        // What was recorded this very second is in it.
        let moment = || Ok(When::from_seconds(When::from_seconds(0).seconds_until(now()?) + 1));
        let until = self.until.as_deref().map_or_else(moment, day)?;
        let report = report::report(store, day(&self.since)?, until)?;
        match self.format {
            Form::Text => print(&report.text()),
            Form::Json => print(&format!("{}\n", serde_json::to_string_pretty(&report)?)),
        }
    }
}
