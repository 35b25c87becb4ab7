//! `countersign audit show`

use std::fmt::Write;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use countersign_audit::chain::{Because, Event, Made};
use countersign_audit::documents::{Approver, Document, Order};
use countersign_audit::record::Held;
use countersign_audit::trail::TrailError;
use countersign_audit::{Link, Store, Trail};
use countersign_core::visible;
use serde_json::Value;

use super::{inline, line, read_all};
use crate::ModuleChoice;
use crate::output::{self, print, remark};

#[derive(Args)]
pub struct Show {
    /// Its number, or eight or more digits of its hash.
    entry: String,
    /// The decision document itself.
    #[arg(long, conflicts_with = "request")]
    answer: bool,
    /// The request document itself.
    #[arg(long)]
    request: bool,
}

impl Show {
    pub fn run(&self, store: &mut dyn Store, choice: &ModuleChoice) -> anyhow::Result<ExitCode> {
        let link = match Trail::of(store).entry(&self.entry) {
            Ok(link) => link.with_context(|| format!("there is no entry {}", self.entry))?,
            Err(TrailError::Damage(damage)) => {
                print(&format!("{}\n", visible(&damage.to_string())))?;
                return Ok(read_all(true));
            }
            Err(error) => return Err(error.into()),
        };
        if self.request || self.answer {
            return self.document(store, &link);
        }
        let mut page = Page { store, entry: link.entry.number, faults: Vec::new(), text: String::new() };
        if link.entry.made().is_none() {
            page.line(&line(&link, ""));
        }
        match &link.entry.event {
            Event::Decision(made) => page.decision(&link, made, choice)?,
            Event::Finding { detail: Some(detail), .. } => {
                if let Some(detail) = page.document("What there is to say", detail)? {
                    page.lines("  ", &String::from_utf8_lossy(&detail));
                }
            }
            Event::Removal { .. } => {
                let said = page.removal(link.entry.number)?;
                page.line(&format!("  {said}"));
            }
            Event::Finding { detail: None, .. } | Event::Merge { .. } | Event::Settled { .. } => {}
        }
        if !page.faults.is_empty() {
            page.text.push_str("\nNot as it was written\n");
            for fault in std::mem::take(&mut page.faults) {
                page.line(&format!("  {fault}"));
            }
            print(&page.text)?;
            return Ok(read_all(true));
        }
        print(&page.text)?;
        Ok(ExitCode::SUCCESS)
    }

    /// Prints a document as it was recorded, and nothing else.
    fn document(&self, store: &mut dyn Store, link: &Link) -> anyhow::Result<ExitCode> {
        let number = link.entry.number;
        let Some(made) = link.entry.made() else {
            bail!(
                "entry {number} is a {}, and no decision: it has neither request nor answer",
                link.entry.event.kind()
            );
        };
        let digest = if self.request { &made.request } else { &made.answer };
        let document = Trail::of(store).document(digest)?;
        if let Some(fault) = document.fault(digest, number) {
            remark(&fault);
            return Ok(read_all(true));
        }
        match document {
            Document::Removed(entry) => bail!("it was removed, as entry {entry} says"),
            document => {
                let text = String::from_utf8(document.bytes().unwrap_or_default());
                print(&format!("{}\n", text.map_err(|_| anyhow::anyhow!("it is no text"))?))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What is shown of one entry.
struct Page<'s> {
    store: &'s mut dyn Store,
    entry: u64,
    faults: Vec<String>,
    text: String,
}

impl Page<'_> {
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.text, "{}", inline(text));
    }

    fn lines(&mut self, indent: &str, text: &str) {
        text.lines().for_each(|line| self.line(&format!("{indent}{line}")));
    }

    /// A document by its digest.
    fn document(&mut self, what: &str, digest: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let document = Trail::of(self.store).document(digest)?;
        self.faults.extend(document.fault(digest, self.entry));
        self.shown(what, document)
    }

    /// A document; where it is not there, a line says why in place of what it would have shown.
    fn shown(&mut self, what: &str, document: Document) -> anyhow::Result<Option<Vec<u8>>> {
        if matches!(document, Document::Missing | Document::Changed) {
            self.line(&format!("{what} cannot be shown."));
        }
        if let Document::Removed(entry) = document {
            let said = self.removal(entry)?;
            self.line(&format!("{what} was removed, as entry {entry} says: {said}."));
        }
        Ok(document.bytes())
    }

    /// Why an entry removed documents, and on whose order.
    fn removal(&mut self, entry: u64) -> anyhow::Result<String> {
        let mut trail = Trail::of(self.store);
        let Some(Link { entry, .. }) = trail.numbered(entry)? else {
            return Ok("nobody says why".to_owned());
        };
        let Event::Removal { because, order, .. } = &entry.event else {
            return Ok("nobody says why".to_owned());
        };
        let mut said = match because {
            Because::Request => "on request".to_owned(),
            Because::Retention => "after their time".to_owned(),
        };
        if let Some(digest) = order {
            let document = trail.document(digest)?;
            self.faults.extend(document.fault(digest, entry.number));
            match document.bytes().and_then(|bytes| serde_json::from_slice::<Order>(&bytes).ok()) {
                Some(order) => {
                    let _ = write!(said, ", ordered by {}, because: {}", order.by, order.reason);
                }
                None => said.push_str(", and who ordered it cannot be shown"),
            }
        }
        Ok(said)
    }

    fn decision(&mut self, link: &Link, made: &Made, choice: &ModuleChoice) -> anyhow::Result<()> {
        let removals = Trail::of(self.store).removals()?;
        let held = Held::of(self.store, &removals, link, made)?;
        self.line(&line(link, &held.word(made)));
        self.faults.extend(held.faults);
        self.text.push('\n');
        if let Some(answer) = self.shown("What was decided", held.answer)? {
            let answer = String::from_utf8_lossy(&answer).into_owned();
            match choice.load()?.render(&answer, "text", output::colour(), false) {
                Ok(shown) => self.text.push_str(&shown),
                // The module decided nothing, and said why.
                Err(_) => {
                    let error: Value = serde_json::from_str(&answer).unwrap_or_default();
                    match error["message"].as_str() {
                        Some(message) => self.lines("", message),
                        None => self.lines("", &answer),
                    }
                    self.lines("", error["help"].as_str().unwrap_or_default());
                }
            }
        }
        if let Some(approvers) = held.approvers {
            self.text.push('\n');
            if self.shown("Who answered", approvers)?.is_some() {
                self.text.push_str("Who answered\n");
                match held.answered {
                    Some(known) => known.iter().for_each(|approver| self.approver(approver)),
                    None => self.line("  cannot be read: the record holds something else"),
                }
            }
        }
        self.text.push_str("\nThe record\n");
        for (name, digest) in [
            ("hash", Some(&link.hash)),
            ("previous", Some(&link.entry.previous)),
            ("request", Some(&made.request)),
            ("answer", Some(&made.answer)),
            ("component", Some(&made.component)),
            ("policy", made.policy.as_ref()),
        ] {
            if let Some(digest) = digest {
                self.line(&format!("  {name:<10} {digest}"));
            }
        }
        let number = link.entry.number;
        self.line(&format!(
            "Not replayed: `countersign audit replay --from {number} --to {number}` decides it anew."
        ));
        Ok(())
    }

    fn approver(&mut self, approver: &Approver) {
        let verb = if approver.overrides { "overrode" } else { "for" };
        self.line(&format!("  {} {verb} {}", approver.person, approver.rules.join(", ")));
        let when = approver.when().map_or_else(String::new, |when| format!(", {when}"));
        self.line(&format!("    {}{when}", approver.known_by()));
        self.lines("    ", &approver.text().unwrap_or_default());
    }
}
