//! Which AI-assisted changes shipped, who answered for each, what got in without, and what of that is not known.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write;

use countersign_core::model::When;
use countersign_core::visible;
use serde::Serialize;

use crate::anchor::Anchor;
use crate::chain::{Event, Finding, Link, Verdict, branch, short};
use crate::database::{Store, reading};
use crate::documents::{self, Approver, Document, Removals};
use crate::record::Held;
use crate::spool;
use crate::trail::{Trail, TrailError};
use crate::verify::{UNANCHORED, cut, replaced};
use crate::walk::walk;

/// The answer for a period.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// The first moment that the report is about, in RFC 3339.
    pub since: String,
    /// The first moment after the period, in RFC 3339.
    pub until: String,
    /// What shipped with a passing verdict, AI-assisted, in order.
    pub shipped: Vec<Shipped>,
    /// How many changes shipped to which AI contributed nothing that is known.
    pub without_ai: u64,
    /// How many of all that shipped passed because somebody overrode a rule.
    pub overridden: u64,
    /// The decisions' entries of those to which AI contributed nothing that is known.
    pub overridden_without_ai: Vec<u64>,
    /// What got in without a passing verdict.
    pub without_verdict: Vec<Without>,
    /// Whether the trail watched any branch in the period. Where it did not, it cannot say what shipped.
    pub watched: bool,
    /// What is not known, a sentence each.
    pub unknown: Vec<String>,
    /// What of the trail is not as it was written, a sentence each.
    pub damage: Vec<String>,
    /// What the trail was held against; none where nobody named any anchors.
    pub anchored: Option<Anchored>,
}

/// The anchors that a report was held against.
#[derive(Debug, Default, Serialize)]
pub struct Anchored {
    /// The number of anchors that the trail was held against.
    pub anchors: u64,
    /// The last entry that is anchored.
    pub entry: u64,
    /// When that entry was anchored, in RFC 3339.
    pub at: String,
}

/// An AI-assisted change that shipped.
#[derive(Debug, Default, Serialize)]
pub struct Shipped {
    /// The merge's entry.
    pub entry: u64,
    /// The decision's entry.
    pub decision: u64,
    /// When the change was merged, in RFC 3339.
    pub at: String,
    /// The repository, as `owner/name`.
    pub repository: String,
    /// The ref that the change went into, by full name.
    pub target: String,
    /// The change's number.
    pub change: Option<String>,
    /// The commit that the branch then stood at.
    pub commit: String,
    /// Tools, with their models.
    pub tools: Vec<String>,
    /// Whether it passed because somebody overrode a rule.
    pub overridden: bool,
    /// The finding's entry, where it had come in before anybody answered for it.
    pub late: Option<u64>,
    /// The people who answered for the change.
    pub answered: Vec<Approver>,
    /// What is said about who answered, where nobody is named.
    pub note: Option<&'static str>,
}

/// What got in without a passing verdict.
#[derive(Debug, Default, Serialize)]
pub struct Without {
    /// The finding's entry.
    pub entry: u64,
    /// When the finding was made, in RFC 3339.
    pub at: String,
    /// The repository, as `owner/name`.
    pub repository: String,
    /// The ref, by full name.
    pub target: String,
    /// The last commit in order.
    pub from: Option<String>,
    /// The commit at which the branch stood then.
    pub to: String,
    /// Whether it is still open.
    pub open: bool,
    /// When the finding was settled, in RFC 3339.
    pub settled: Option<String>,
    /// The entry of the decision that settled it.
    pub settled_by: Option<u64>,
}

/// Makes the report of a period, and holds the trail against anchors whose signatures are verified, where some are given.
///
/// # Errors
/// When the database fails; what is wrong with the trail is no error.
pub fn report(
    store: &mut dyn Store,
    since: When,
    until: When,
    anchors: Option<&[Anchor]>,
) -> Result<Report, TrailError> {
    reading(store, |store| {
        let removals = Trail::of(store).removals()?;
        let mut report = Report { since: since.to_string(), until: until.to_string(), ..Report::default() };
        report.unknown.extend(spool::lacking(store)?);
        let last = anchors.map(|anchors| anchors.iter().max_by_key(|anchor| anchor.number));
        report.anchored = last.map(|last| Anchored {
            anchors: anchors.unwrap_or_default().len() as u64,
            entry: last.map_or(0, |last| last.number),
            at: last.map(|last| last.at.clone()).unwrap_or_default(),
        });
        let anchors = anchors.unwrap_or_default();
        let (mut merges, mut settled, mut findings) = (Vec::new(), HashMap::new(), Vec::new());
        let mut watches = Watches::default();
        let (mut named, mut end) = (HashSet::new(), 0);
        walk(store, 1, u64::MAX, |_, found| {
            let link = match found {
                Ok(link) => link,
                Err(damage) => {
                    end = end.max(damage.number);
                    report.damage.push(damage.to_string());
                    return Ok(());
                }
            };
            let entry = &link.entry;
            end = entry.number;
            report.damage.extend(replaced(anchors, entry, &link.hash));
            named.extend(entry.documents().into_iter().map(|(_, digest)| digest.to_owned()));
            let within = entry.when().is_some_and(|at| at >= since && at < until);
            if entry.when().is_some_and(|at| at < until) {
                watches.see(&link, within);
            }
            match &entry.event {
                Event::Settled { finding, decision } => {
                    settled.insert(*finding, (entry.at.clone(), *decision));
                }
                Event::Merge { .. } if within => merges.push(link),
                Event::Finding { finding: Finding::NoVerdict, from, .. } => {
                    let without = Without {
                        entry: entry.number,
                        at: entry.at.clone(),
                        repository: entry.repository.clone(),
                        target: entry.target.clone(),
                        from: from.clone(),
                        to: entry.head.clone(),
                        open: true,
                        settled: None,
                        settled_by: None,
                    };
                    findings.push((without, within));
                }
                _ => {}
            }
            Ok::<(), TrailError>(())
        })?;
        report.damage.extend(cut(anchors, end));
        // The documents of an entry that was changed are named by none.
        if report.damage.is_empty() {
            report.damage.extend(documents::unnamed(store, &named)?.iter().map(ToString::to_string));
        }
        let mut settling = HashMap::new();
        for (without, _) in &mut findings {
            if let Some((at, decision)) = settled.get(&without.entry) {
                (without.open, without.settled, without.settled_by) = (false, Some(at.clone()), *decision);
                settling.extend(decision.map(|decision| (decision, without.entry)));
            }
        }
        report.without_verdict =
            findings.into_iter().filter(|(_, within)| *within).map(|(without, _)| without).collect();
        for merge in &merges {
            let Event::Merge { decisions, .. } = &merge.entry.event else { continue };
            let finding = decisions.iter().find_map(|decision| settling.get(decision));
            for &number in decisions {
                // What was decided before is no later for another part that was.
                let late = finding.copied().filter(|finding| number > *finding);
                match Trail::of(store).numbered(number) {
                    Ok(Some(decision)) if decision.entry.made().is_some() => {
                        report.ship(store, &removals, merge, &decision, late)?;
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
        late: Option<u64>,
    ) -> Result<(), TrailError> {
        let Some(made) = decision.entry.made() else { return Ok(()) };
        let number = decision.entry.number;
        let held = Held::of(store, removals, decision, made)?;
        self.overridden += u64::from(held.overridden);
        self.damage.extend(held.faults);
        if !made.ai {
            self.without_ai += 1;
            self.overridden_without_ai.extend(held.overridden.then_some(number));
            return Ok(());
        }
        let tools = held.decision.map(|said| said.provenance.tools).unwrap_or_default();
        let tools = tools.iter().map(|tool| match tool.models.as_slice() {
            [] => tool.tool.clone(),
            models => format!("{} ({})", tool.tool, models.join(", ")),
        });
        let approvers = held.approvers;
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
        if held.answered.is_none() && matches!(approvers, Some(Document::Present(_))) {
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
            overridden: held.overridden,
            late,
            answered: held.answered.unwrap_or_default(),
            note,
        });
        Ok(())
    }

    /// The report for a person.
    pub fn text(&self) -> String {
        let mut text = self.headline();
        list(&mut text, "Not as it was written", &self.damage);
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
            if let Some(finding) = shipped.late {
                let _ = writeln!(text, "    LATE      it was in before this was decided (finding {finding})");
            }
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
        if !self.overridden_without_ai.is_empty() {
            let entries: Vec<String> = self.overridden_without_ai.iter().map(ToString::to_string).collect();
            let _ = writeln!(text, "\nOverridden, without AI: decision {}", entries.join(", "));
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
                without.state()
            );
        }
        list(&mut text, "Not known", &self.unknown);
        let _ = match &self.anchored {
            Some(Anchored { anchors: 0, .. }) => writeln!(text, "\nHeld against 0 anchors: {UNANCHORED}"),
            Some(Anchored { anchors: 1, entry, at }) => writeln!(
                text,
                "\nHeld against 1 anchor, of entry {entry} on {}; an end that was cut off behind it would not show",
                day(at)
            ),
            Some(Anchored { anchors, entry, at }) => writeln!(
                text,
                "\nHeld against {anchors} anchors, the last of entry {entry} on {}; an end that was cut off behind it would not show",
                day(at)
            ),
            None => writeln!(text, "\nHeld against no anchor (--anchors): {UNANCHORED}"),
        };
        visible(&text)
    }

    /// What shipped, in one line; of a trail that is not as it was written, in one that nobody takes for all.
    fn headline(&self) -> String {
        let (since, until) = (day(&self.since), day(&self.until));
        let damaged = match self.damage.is_empty() {
            true => "",
            false => "THE TRAIL IS NOT AS IT WAS WRITTEN, and of what is left of it: ",
        };
        let period = format!("From {since} to {until}: {damaged}");
        if !self.watched {
            return format!("{period}this trail saw no branch move, so it cannot say what shipped\n");
        }
        let overridden = match self.overridden {
            0 => String::new(),
            some => format!(" ({some} by an override)"),
        };
        let late = match self.shipped.iter().filter(|shipped| shipped.late.is_some()).count() {
            0 => String::new(),
            some => format!(", {some} decided only after it was in"),
        };
        let open = self.without_verdict.iter().filter(|without| without.open).count();
        let open = match (self.without_verdict.is_empty(), open) {
            (true, _) => String::new(),
            (false, 0) => ", all settled since".to_owned(),
            (false, open) => format!(", {open} of them open"),
        };
        let least = if self.damage.is_empty() { "" } else { "at least " };
        let said = format!(
            "{} AI-assisted and {} other changes shipped{overridden}{late}, {least}{} got in without a verdict{open}",
            self.shipped.len(),
            self.without_ai,
            self.without_verdict.len()
        );
        let unknown = if self.unknown.is_empty() { "" } else { "; not all is known" };
        format!("{period}{said}{unknown}\n")
    }
}

fn list(text: &mut String, title: &str, sentences: &[String]) {
    if !sentences.is_empty() {
        let _ = writeln!(text, "\n{title}");
    }
    for sentence in sentences {
        let _ = writeln!(text, "  {sentence}");
    }
}

impl Without {
    /// The state of the finding, in words.
    fn state(&self) -> String {
        let day = self.settled.as_deref().map_or("another day", day);
        match (self.open, self.settled_by) {
            (true, _) => "open".to_owned(),
            (false, Some(decision)) if decision > self.entry => {
                format!("settled on {day} by decision {decision}, after it was in")
            }
            (false, Some(decision)) => format!("settled on {day} by decision {decision}"),
            (false, None) => format!("settled on {day}, and no decision let it in"),
        }
    }
}
