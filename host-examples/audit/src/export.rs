//! The trail for other tools: JSON Lines with every word that is still there, CSV with one row an entry.

use std::collections::HashSet;
use std::io::Write;

use countersign_core::visible;
use serde_json::{Value, json};

use crate::chain::{Event, Link};
use crate::database::{Store, reading};
use crate::documents::{self, Document, Removals};
use crate::record::Held;
use crate::trail::{Trail, TrailError};
use crate::walk::{Damage, walk};

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The trail gave no answer.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// A document could not be read.
    #[error(transparent)]
    Database(#[from] crate::DatabaseError),
    /// It could not be written.
    #[error("writing the export: {0}")]
    Write(#[from] std::io::Error),
    /// A row could not be written.
    #[error("writing the export: {0}")]
    Csv(#[from] csv::Error),
    /// An entry could not be written.
    #[error("writing the export: {0}")]
    Json(#[from] serde_json::Error),
}

/// Writes JSON Lines: each entry as it stands in the chain, with its hash and who approved. A place that is not as it was written
/// has a line of the kind `damaged`. Gives what is wrong, a sentence each.
///
/// # Errors
/// When the trail cannot be read or the lines not written.
pub fn json_lines(
    store: &mut dyn Store,
    from: u64,
    to: u64,
    out: &mut dyn Write,
) -> Result<Exported, ExportError> {
    each(store, from, to, |place| {
        let line = match place {
            Exporting::Entry { link, said } => {
                let mut line = serde_json::to_value(&link.entry)?;
                if let Some(object) = line.as_object_mut() {
                    object.insert("hash".to_owned(), link.hash.clone().into());
                    if said.overridden {
                        object.insert("overridden".to_owned(), true.into());
                    }
                    if let Some(answered) = said.answered {
                        object.insert("answered".to_owned(), answered);
                    }
                }
                line
            }
            Exporting::Damage(damage) => {
                json!({ "number": damage.number, "kind": DAMAGED, "fault": damage.to_string() })
            }
        };
        serde_json::to_writer(&mut *out, &line)?;
        Ok(out.write_all(b"\n")?)
    })
}

/// The kind of a place that is not as it was written.
const DAMAGED: &str = "damaged";

/// The result of an export.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Places of the chain.
    pub places: u64,
    /// What is wrong, a sentence each.
    pub faults: Vec<String>,
}

/// A place of the chain on its way out.
enum Exporting<'l> {
    Entry { link: &'l Link, said: Said },
    Damage(&'l Damage),
}

/// What the documents of an entry say.
#[derive(Default)]
struct Said {
    /// What came out, where it is a decision.
    word: String,
    /// Whether it passes by an override.
    overridden: bool,
    /// Who answered, or the word that says why that is not known.
    answered: Option<Value>,
}

fn each(
    store: &mut dyn Store,
    from: u64,
    to: u64,
    mut write: impl FnMut(Exporting<'_>) -> Result<(), ExportError>,
) -> Result<Exported, ExportError> {
    reading(store, |store| {
        let removals = Trail::of(store).removals()?;
        let mut exported = Exported::default();
        let (mut named, mut damaged) = (HashSet::new(), false);
        walk(store, from, to, |store, found| {
            exported.places += 1;
            match found {
                Ok(link) => {
                    named.extend(link.entry.documents().into_iter().map(|(_, digest)| digest.to_owned()));
                    let said = said(store, &removals, &link, &mut exported.faults)?;
                    write(Exporting::Entry { link: &link, said })
                }
                Err(damage) => {
                    damaged = true;
                    exported.faults.push(damage.to_string());
                    write(Exporting::Damage(&damage))
                }
            }
        })?;
        // Whoever asks for a part asks for none of what an end that was cut off left behind.
        if from <= 1 && to == u64::MAX && !damaged {
            exported.faults.extend(documents::unnamed(store, &named)?.iter().map(ToString::to_string));
        }
        Ok(exported)
    })
}

fn said(
    store: &mut dyn Store,
    removals: &Removals,
    link: &Link,
    faults: &mut Vec<String>,
) -> Result<Said, ExportError> {
    let Some(made) = link.entry.made() else { return Ok(Said::default()) };
    let held = Held::of(store, removals, link, made)?;
    let word = held.word(made);
    faults.extend(held.faults);
    let answered = match held.approvers {
        None => None,
        Some(Document::Present(_)) => Some(match held.answered {
            Some(answered) => serde_json::to_value(answered)?,
            None => json!("unreadable"),
        }),
        Some(Document::Removed(_)) => Some(json!("removed")),
        Some(Document::Missing) => Some(json!("missing")),
        Some(Document::Changed) => Some(json!("changed")),
    };
    Ok(Said { word, overridden: held.overridden, answered })
}

/// The columns of the CSV.
const COLUMNS: &[&str] = &[
    "number",
    "at",
    "kind",
    "repository",
    "target",
    "change",
    "head",
    "verdict",
    "blocks",
    "ai",
    "policy",
    "component",
    "answered",
    "hash",
];

/// Writes CSV, with a head. A place that is not as it was written has a row of the kind `damaged`, and what is wrong in the column
/// of the verdict. Gives what is wrong, a sentence each.
///
/// # Errors
/// When the trail cannot be read or the rows not written.
pub fn csv(store: &mut dyn Store, from: u64, to: u64, out: &mut dyn Write) -> Result<Exported, ExportError> {
    let mut rows = csv::Writer::from_writer(out);
    rows.write_record(COLUMNS)?;
    let exported = each(store, from, to, |place| {
        let cells = match place {
            Exporting::Entry { link, said } => row(link, said),
            Exporting::Damage(damage) => {
                let said = [damage.number.to_string(), String::new(), DAMAGED.to_owned()];
                let blank = std::iter::repeat_n(String::new(), 4);
                let rest = std::iter::repeat(String::new());
                said.into_iter()
                    .chain(blank)
                    .chain([damage.to_string()])
                    .chain(rest)
                    .take(COLUMNS.len())
                    .collect()
            }
        };
        Ok(rows.write_record(cells.iter().map(|cell| inert(cell)))?)
    })?;
    rows.flush()?;
    Ok(exported)
}

fn row(link: &Link, of_decision: Said) -> Vec<String> {
    let (entry, made) = (&link.entry, link.entry.made());
    let answered = match of_decision.answered {
        Some(Value::Array(approvers)) => {
            let name = |approver: &Value| {
                let name = approver["person"].as_str()?;
                Some(if approver["overrides"] == true {
                    format!("{name} (overrode)")
                } else {
                    name.to_owned()
                })
            };
            approvers.iter().filter_map(name).collect::<Vec<_>>().join("; ")
        }
        Some(other) => other.as_str().unwrap_or_default().to_owned(),
        None => String::new(),
    };
    let said = match &entry.event {
        Event::Decision(_) => of_decision.word,
        Event::Finding { finding, .. } => finding.to_string(),
        _ => String::new(),
    };
    let of_made = |text: fn(&crate::chain::Made) -> String| made.map(text).unwrap_or_default();
    vec![
        entry.number.to_string(),
        entry.at.clone(),
        entry.event.kind().to_owned(),
        entry.repository.clone(),
        entry.target.clone(),
        entry.change.clone().unwrap_or_default(),
        entry.head.clone(),
        said,
        of_made(|made| made.blocks.to_string()),
        of_made(|made| made.ai.to_string()),
        of_made(|made| made.policy.clone().unwrap_or_default()),
        of_made(|made| made.component.clone()),
        answered,
        link.hash.clone(),
    ]
}

/// A cell that no spreadsheet takes for a formula, and in which nothing deceives whoever looks at it.
fn inert(cell: &str) -> String {
    let shown = visible(cell);
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{shown}") } else { shown }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_cell_is_no_formula() {
        assert_eq!(super::inert("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(super::inert("acme/app"), "acme/app");
        assert!(!super::inert("acme/\u{202e}ppa").contains('\u{202e}'));
    }
}
