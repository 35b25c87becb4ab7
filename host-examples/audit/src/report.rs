//! Which AI-assisted changes shipped in a period, who answered for each, and what got in without.

use std::fmt::Write;

use countersign_core::model::{Decision, When, read};
use countersign_core::visible;
use serde::Serialize;

use crate::chain::{Event, Finding, Verdict, branch, short};
use crate::database::Store;
use crate::documents::{self, Approver, Approvers, Document};
use crate::trail::{Link, Trail, TrailError};

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
/// When the database fails.
pub fn report(store: &mut dyn Store, since: When, until: When) -> Result<Report, TrailError> {
    let mut report = Report { since: since.to_string(), until: until.to_string(), ..Report::default() };
    let mut trail = Trail::of(store);
    let open: Vec<u64> = trail.findings(None)?.iter().map(|link| link.entry.number).collect();
    let within = |link: &Link| link.entry.when().is_some_and(|at| at >= since && at < until);
    trail.each(1, u64::MAX, |store, link| {
        if !within(&link) {
            return Ok(());
        }
        let entry = &link.entry;
        match &entry.event {
            Event::Merge { decisions, .. } => {
                for number in decisions {
                    let Some(decision) = Trail::of(store).entry(&number.to_string())? else { continue };
                    match shipped(store, &link, &decision)? {
                        Some(shipped) => report.shipped.push(shipped),
                        None => report.without_ai += 1,
                    }
                }
            }
            Event::Finding { finding: Finding::NoVerdict, from, .. } => {
                report.without_verdict.push(Without {
                    entry: entry.number,
                    at: entry.at.clone(),
                    repository: entry.repository.clone(),
                    target: entry.target.clone(),
                    from: from.clone(),
                    to: entry.head.clone(),
                    open: open.contains(&entry.number),
                })
            }
            _ => {}
        }
        Ok::<(), TrailError>(())
    })?;
    Ok(report)
}

/// What a merge shipped by one decision; none where AI contributed nothing to it.
fn shipped(store: &mut dyn Store, merge: &Link, decision: &Link) -> Result<Option<Shipped>, TrailError> {
    let Some(made) = decision.entry.made().filter(|made| made.ai) else { return Ok(None) };
    let answer = documents::read(store, &made.answer)?;
    let said: Option<Decision> = if let Document::Present(bytes) = &answer { read(bytes).ok() } else { None };
    let tools = said.map(|said| said.provenance.tools).unwrap_or_default();
    let tools = tools.iter().map(|tool| match tool.models.as_slice() {
        [] => tool.tool.clone(),
        models => format!("{} ({})", tool.tool, models.join(", ")),
    });
    let approvers = match &made.approvers {
        Some(digest) => documents::read(store, digest)?,
        None => Document::Present(b"{\"salt\":\"\",\"approvers\":[]}".to_vec()),
    };
    let note = match (&approvers, made.verdict) {
        (Document::Removed, _) => Some("who answered was removed on request or after its time"),
        (Document::Missing, _) => Some("who answered is missing: run `countersign audit verify`"),
        (_, Verdict::NotApplicable) => Some("no rule asked for anybody"),
        (_, Verdict::Pending | Verdict::Denied | Verdict::Error) => Some("the policy only observed"),
        (_, Verdict::Approved) => None,
    };
    let answered = approvers.bytes().and_then(|bytes| serde_json::from_slice::<Approvers>(&bytes).ok());
    Ok(Some(Shipped {
        entry: merge.entry.number,
        decision: decision.entry.number,
        at: merge.entry.at.clone(),
        repository: merge.entry.repository.clone(),
        target: merge.entry.target.clone(),
        change: decision.entry.change.clone(),
        commit: merge.entry.head.clone(),
        tools: tools.collect(),
        answered: answered.map(|answered| answered.approvers).unwrap_or_default(),
        note,
    }))
}

impl Report {
    /// The report for a person.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let day = |at: &str| at.get(..10).unwrap_or(at).to_owned();
        let _ = writeln!(
            text,
            "From {} to {}: {} AI-assisted and {} other changes shipped, {} got in without a verdict",
            day(&self.since),
            day(&self.until),
            self.shipped.len(),
            self.without_ai,
            self.without_verdict.len()
        );
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
                let _ = writeln!(text, "    {verb}  {} for {}", approver.person, approver.rules.join(", "));
                for line in approver.words.iter().flat_map(|words| words.lines()).take(20) {
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
        visible(&text)
    }
}
