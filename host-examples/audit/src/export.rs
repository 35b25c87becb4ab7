//! The trail for other tools: JSON Lines with every word that is still there, CSV with one row an entry.

use std::io::Write;

use serde_json::{Value, json};

use crate::chain::Event;
use crate::database::Store;
use crate::documents::{self, Approvers, Document};
use crate::trail::{Link, Trail, TrailError};

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

/// Writes JSON Lines: each entry as it stands in the chain, with its hash and who approved.
///
/// # Errors
/// When the trail cannot be read or the lines not written.
pub fn json_lines(store: &mut dyn Store, from: u64, to: u64, out: &mut dyn Write) -> Result<(), ExportError> {
    Trail::of(store).each(from, to, |store, link| {
        let mut line = serde_json::to_value(&link.entry)?;
        if let Some(object) = line.as_object_mut() {
            object.insert("hash".to_owned(), link.hash.clone().into());
            if let Some(approvers) = approvers(store, &link)? {
                object.insert("answered".to_owned(), approvers);
            }
        }
        serde_json::to_writer(&mut *out, &line)?;
        Ok(out.write_all(b"\n")?)
    })
}

fn approvers(store: &mut dyn Store, link: &Link) -> Result<Option<Value>, ExportError> {
    let Some(digest) = link.entry.made().and_then(|made| made.approvers.as_ref()) else { return Ok(None) };
    Ok(Some(match documents::read(store, digest)? {
        Document::Present(bytes) => {
            let approvers: Approvers = serde_json::from_slice(&bytes)?;
            serde_json::to_value(approvers.approvers)?
        }
        Document::Removed => json!("removed"),
        Document::Missing => json!("missing"),
    }))
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

/// Writes CSV, with a head.
///
/// # Errors
/// When the trail cannot be read or the rows not written.
pub fn csv(store: &mut dyn Store, from: u64, to: u64, out: &mut dyn Write) -> Result<(), ExportError> {
    let mut rows = csv::Writer::from_writer(out);
    rows.write_record(COLUMNS)?;
    Trail::of(store).each(from, to, |store, link| {
        let (entry, made) = (&link.entry, link.entry.made());
        let answered = match approvers(store, &link)? {
            Some(Value::Array(approvers)) => {
                let names = approvers.iter().filter_map(|approver| approver["person"].as_str());
                names.collect::<Vec<_>>().join("; ")
            }
            Some(other) => other.as_str().unwrap_or_default().to_owned(),
            None => String::new(),
        };
        let said = match &entry.event {
            Event::Decision(made) => made.verdict.to_string(),
            Event::Finding { finding, .. } => finding.to_string(),
            _ => String::new(),
        };
        let of_made = |text: fn(&crate::chain::Made) -> String| made.map(text).unwrap_or_default();
        rows.write_record(
            [
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
            .map(|cell| inert(&cell)),
        )?;
        Ok::<(), ExportError>(())
    })?;
    Ok(rows.flush()?)
}

/// A cell that no spreadsheet takes for a formula.
fn inert(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_cell_is_no_formula() {
        assert_eq!(super::inert("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(super::inert("acme/app"), "acme/app");
    }
}
