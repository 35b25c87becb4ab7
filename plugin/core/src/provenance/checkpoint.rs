//! Entire's checkpoints: the trailer in the commit names one, its metadata on `entire/checkpoints/v1` names the agent.

use super::{Collector, message_checkpoints, recorded_tool};
use crate::model::json::{self, object};
use crate::model::{Finding, Rank, RemarkCode, Role, Source, WantedDocument, Whereabouts};
use crate::provenance::names::Table;
use crate::wellknown::CHECKPOINTS;

#[derive(Default)]
struct Metadata {
    agent: Option<String>,
    initial_attribution: Option<Attribution>,
}

object!(Metadata {
    "agent" => agent,
    "initial_attribution" => initial_attribution,
});

#[derive(Default)]
struct Attribution {
    agent_lines: u64,
    total_committed: u64,
}

object!(Attribution {
    "agent_lines" => agent_lines,
    "total_committed" => total_committed,
});

/// The documents that the checkpoints of a message stand in.
pub(crate) fn wanted(message: &str) -> Vec<WantedDocument> {
    let mut wanted = Vec::new();
    for id in message_checkpoints(message) {
        let (Some(head), Some(tail)) = (id.get(..2), id.get(2..)) else {
            continue;
        };
        for file in ["metadata.json", "0/metadata.json"] {
            wanted.push(WantedDocument {
                role: Role::Checkpoint,
                git_ref: Some(CHECKPOINTS.to_owned()),
                commit: None,
                path: format!("{head}/{tail}/{file}"),
            });
        }
    }
    wanted
}

/// Reads the metadata of one checkpoint.
pub(super) fn read(table: &Table, out: &mut Collector, path: &str, bytes: &[u8]) {
    let metadata: Metadata = match json::document(bytes) {
        Ok(metadata) => metadata,
        Err(e) => {
            return out.remark(
                RemarkCode::MalformedCheckpoint,
                format!("the metadata of a checkpoint cannot be read: {e}"),
                path,
            );
        }
    };
    let Some(agent) = metadata.agent.filter(|agent| !agent.trim().is_empty()) else {
        return;
    };
    let evidence = match metadata.initial_attribution {
        Some(a) => format!("{agent}: {} of {} lines", a.agent_lines, a.total_committed),
        None => agent.clone(),
    };
    out.add(Finding {
        tool: recorded_tool(table, &agent),
        model: None,
        source: Source::Checkpoint,
        key: path.to_owned(),
        confidence: Rank::Attested,
        help: Vec::new(),
        place: Whereabouts::Record,
        evidence,
    });
}
