//! Which AI-assisted changes shipped, who answered for each, what got in without, and what of that is not known.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write;

use countersign_core::model::{Decision, When, read};
use countersign_core::visible;
use serde::Serialize;

use crate::chain::{Event, Finding, Link, Verdict, branch, short};
use crate::database::{Store, reading};
use crate::documents::{self, Approver, Approvers, Document, Removals};
use crate::trail::{Trail, TrailError};
use crate::walk::walk;

/// The answer for a period.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Its first moment.
    pub since: String,
    /// The moment after its last.
    pub until: String,
    /// What shipped with a passing verdict, AI-assisted, in order.
    pub shipped: Vec<Shipped>,
    /// How many changes shipped to which AI contributed nothing that is known.
    pub without_ai: u64,
    /// What got in without a passing verdict.
    pub without_verdict: Vec<Without>,
    /// Whether the trail watched any branch in the period. Where it did not, it cannot say what shipped.
    pub watched: bool,
    /// What is not known, a sentence each.
    pub unknown: Vec<String>,
    /// What of the trail is not as it was written, a sentence each.
    pub damage: Vec<String>,
}

/// An AI-assisted change that shipped.
#[derive(Debug, Default, Serialize)]
pub struct Shipped {
    /// The merge's entry.
    pub entry: u64,
    /// The decision's entry.
    pub decision: u64,
    /// When it was merged.
    pub at: String,
    /// The repository.
    pub repository: String,
    /// The ref.
    pub target: String,
    /// The change's number.
    pub change: Option<String>,
    /// The commit that the branch then stood at.
    pub commit: String,
    /// Tools, with their models.
    pub tools: Vec<String>,
    /// Who answered for it.
    pub answered: Vec<Approver>,
    /// What is said about who answered, where nobody is named.
    pub note: Option<&'static str>,
}

/// What got in without a passing verdict.
#[derive(Debug, Default, Serialize)]
pub struct Without {
    /// The finding's entry.
    pub entry: u64,
    /// When it was found.
    pub at: String,
    /// The repository.
    pub repository: String,
    /// The ref.
    pub target: String,
    /// The last commit in order.
    pub from: Option<String>,
    /// The commit that it stands at.
    pub to: String,
    /// Whether it is still open.
    pub open: bool,
}

/// Makes the report of a period.
///
/// # Errors
/// When the database fails; what is wrong with the trail is no error.
pub fn report(store: &mut dyn Store, since: When, until: When) -> Result<Report, TrailError> {
    reading(store, |store| {
        let removals = Trail::of(store).removals()?;
        let mut report = Report { since: since.to_string(), until: until.to_string(), ..Report::default() };
        let (mut merges, mut settled) = (Vec::new(), HashSet::new());
        let mut watches = Watches::default();
        walk(store, 1, u64::MAX, |_, found| {
            let link = match found {
                Ok(link) => link,
                Err(damage) => {
                    report.damage.push(damage.to_string());
                    return Ok(());
                }
            };
            let entry = &link.entry;
            let within = entry.when().is_some_and(|at| at >= since && at < until);
            if entry.when().is_some_and(|at| at < until) {
                watches.see(&link, within);
            }
            match &entry.event {
                Event::Settled { finding, .. } => drop(settled.insert(*finding)),
                Event::Merge { .. } if within => merges.push(link),
                Event::Finding { finding: Finding::NoVerdict, from, .. } if within => {
                    report.without_verdict.push(Without {
                        entry: entry.number,
                        at: entry.at.clone(),
                        repository: entry.repository.clone(),
                        target: entry.target.clone(),
                        from: from.clone(),
                        to: entry.head.clone(),
                        open: true,
                    });
                }
                _ => {}
            }
            Ok::<(), TrailError>(())
        })?;
        for without in &mut report.without_verdict {
            without.open = !settled.contains(&without.entry);
        }
        for merge in &merges {
            let Event::Merge { decisions, .. } = &merge.entry.event else { continue };
            for &number in decisions {
                match Trail::of(store).numbered(number) {
                    Ok(Some(decision)) if decision.entry.made().is_some() => {
                        report.ship(store, &removals, merge, &decision)?;
                    }
                    Ok(_) | Err(TrailError::Damage(_)) => report.unknown.push(format!(
                        "what entry {} shipped by decision {number}, which is not there as it was written",
                        merge.entry.number
                    )),
                    Err(error) => return Err(error),
                }
            }
        }
        report.watched = !watches.since.is_empty();
        report.unknown.extend(watches.unknown(since));
        Ok(report)
    })
}

/// From when on each branch was watched.
#[derive(Default)]
struct Watches {
    /// The first entry that saw a branch, by repository and target.
    since: BTreeMap<(String, String), (When, String)>,
    /// Repositories about which something was decided in the period.
    decided: BTreeSet<String>,
}

impl Watches {
    fn see(&mut self, link: &Link, within: bool) {
        let entry = &link.entry;
        match &entry.event {
            Event::Merge { .. } | Event::Finding { finding: Finding::NoVerdict, .. } => {
                if let Some(at) = entry.when() {
                    let branch = (entry.repository.clone(), entry.target.clone());
                    self.since.entry(branch).or_insert_with(|| (at, entry.at.clone()));
                }
            }
            Event::Decision(_) if within => drop(self.decided.insert(entry.repository.clone())),
            _ => {}
        }
    }

    fn unknown(&self, since: When) -> Vec<String> {
        let later = self.since.iter().filter(|(_, (at, _))| *at > since);
        let mut unknown: Vec<String> = later
            .map(|((repository, target), (_, at))| {
                let branch = branch(target);
                format!("what shipped into {repository} {branch} before the watch of it began on {}", day(at))
            })
            .collect();
        let watched: BTreeSet<&String> = self.since.keys().map(|(repository, _)| repository).collect();
        let unwatched = self.decided.iter().filter(|repository| !watched.contains(repository));
        unknown.extend(unwatched.map(|repository| {
            let name = if repository.is_empty() { "the repositories without a name" } else { repository };
            format!("what shipped into {name}: decisions were recorded, and no branch was watched")
        }));
        unknown
    }
}

fn day(at: &str) -> &str {
    at.get(..10).unwrap_or(at)
}

impl Report {
    /// Adds what a merge shipped by one decision.
    fn ship(
        &mut self,
        store: &mut dyn Store,
        removals: &Removals,
        merge: &Link,
        decision: &Link,
    ) -> Result<(), TrailError> {
        let Some(made) = decision.entry.made().filter(|made| made.ai) else {
            self.without_ai += 1;
            return Ok(());
        };
        let number = decision.entry.number;
        let answer = documents::read(store, removals, &made.answer)?;
        self.damage.extend(answer.fault(&made.answer, number));
        let said: Option<Decision> = answer.bytes().and_then(|bytes| read(&bytes).ok());
        let tools = said.map(|said| said.provenance.tools).unwrap_or_default();
        let tools = tools.iter().map(|tool| match tool.models.as_slice() {
            [] => tool.tool.clone(),
            models => format!("{} ({})", tool.tool, models.join(", ")),
        });
        let approvers = match &made.approvers {
            Some(digest) => {
                let document = documents::read(store, removals, digest)?;
                self.damage.extend(document.fault(digest, number));
                Some(document)
            }
            None => None,
        };
        let mut note = match (&approvers, made.verdict) {
            (Some(Document::Removed(_)), _) => Some("who answered was removed on request or after its time"),
            (Some(Document::Missing), _) => Some("who answered is missing: run `countersign audit verify`"),
            (Some(Document::Changed), _) => {
                Some("who answered is not what was recorded: run `countersign audit verify`")
            }
            (_, Verdict::NotApplicable) => Some("no rule asked for anybody"),
            (_, Verdict::Pending | Verdict::Denied | Verdict::Error) => Some("the policy only observed"),
            (_, Verdict::Approved) => None,
        };
        let answered = match approvers.and_then(Document::bytes) {
            Some(bytes) => serde_json::from_slice::<Approvers>(&bytes).map(|known| known.approvers),
            None => Ok(Vec::new()),
        };
        if answered.is_err() {
            note = Some("who answered cannot be read");
        }
        self.shipped.push(Shipped {
            entry: merge.entry.number,
            decision: number,
            at: merge.entry.at.clone(),
            repository: merge.entry.repository.clone(),
            target: merge.entry.target.clone(),
            change: decision.entry.change.clone(),
            commit: merge.entry.head.clone(),
            tools: tools.collect(),
            answered: answered.unwrap_or_default(),
            note,
        });
        Ok(())
    }

    /// The report for a person.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let (since, until) = (day(&self.since), day(&self.until));
        let _ = if self.watched {
            writeln!(
                text,
                "From {since} to {until}: {} AI-assisted and {} other changes shipped, {} got in without a verdict{}",
                self.shipped.len(),
                self.without_ai,
                self.without_verdict.len(),
                if self.unknown.is_empty() && self.damage.is_empty() { "" } else { "; not all is known" }
            )
        } else {
            writeln!(
                text,
                "From {since} to {until}: this trail saw no branch move, so it cannot say what shipped"
            )
        };
        if !self.shipped.is_empty() {
            text.push_str("\nAI-assisted, and who answered for each\n");
        }
        for shipped in &self.shipped {
            let change =
                shipped.change.as_ref().map_or_else(|| "a push".to_owned(), |id| format!("change {id}"));
            let _ = writeln!(
                text,
                "  {}  {} {change} into {}, {} (entry {}, decision {})",
                day(&shipped.at),
                shipped.repository,
                branch(&shipped.target),
                short(&shipped.commit),
                shipped.entry,
                shipped.decision
            );
            if !shipped.tools.is_empty() {
                let _ = writeln!(text, "    AI        {}", shipped.tools.join("; "));
            }
            for approver in &shipped.answered {
                let verb = if approver.overrides { "overrode" } else { "answered" };
                let who = format!("{} for {}", approver.person, approver.rules.join(", "));
                let _ = writeln!(text, "    {verb}  {}", who.replace('\n', "\\n"));
                for line in approver.text().iter().flat_map(|words| words.lines()).take(20) {
                    let _ = writeln!(text, "              {line}");
                }
            }
            if let Some(note) = shipped.note {
                let _ = writeln!(text, "    {note}");
            }
        }
        if !self.without_verdict.is_empty() {
            text.push_str("\nGot in without a passing verdict\n");
        }
        for without in &self.without_verdict {
            let _ = writeln!(
                text,
                "  {}  {} {} from {} to {} (entry {}, {})",
                day(&without.at),
                without.repository,
                branch(&without.target),
                without.from.as_deref().map_or("nothing", short),
                short(&without.to),
                without.entry,
                if without.open { "open" } else { "settled since" }
            );
        }
        for (title, sentences) in [("Not known", &self.unknown), ("Not as it was written", &self.damage)] {
            if !sentences.is_empty() {
                let _ = writeln!(text, "\n{title}");
            }
            for sentence in sentences {
                let _ = writeln!(text, "  {sentence}");
            }
        }
        visible(&text)
    }
}
