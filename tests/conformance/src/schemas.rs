//! The JSON Schemas of the contract, generated from the types and checked in.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use countersign_core::ErrorDocument;
use countersign_core::model::{
    Batch, BranchHistory, Decision, Description, Findings, Needs, PolicyReport, PolicySource,
    PolicyTestReport, PolicyTests, Ranges, Request, SignoffFile,
};
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// Each schema: the name of its file, and the schema itself.
pub fn all() -> Vec<(&'static str, String)> {
    fn schema<T: schemars::JsonSchema>() -> String {
        let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
        serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
    }
    vec![
        ("request", schema::<Request<'static>>()),
        ("decision", schema::<Decision>()),
        ("needs", schema::<Needs>()),
        ("branch-history", schema::<BranchHistory<'static>>()),
        ("ranges", schema::<Ranges>()),
        ("description", schema::<Description>()),
        ("batch", schema::<Batch<'static>>()),
        ("findings", schema::<Findings>()),
        ("policy-source", schema::<PolicySource<'static>>()),
        ("policy-report", schema::<PolicyReport>()),
        ("policy-tests", schema::<PolicyTests<'static>>()),
        ("policy-test-report", schema::<PolicyTestReport>()),
        ("error", schema::<ErrorDocument<'static>>()),
        ("signoff-file", schema::<SignoffFile>()),
    ]
}

/// Where they are checked in.
pub fn folder() -> PathBuf {
    countersign_packaging::workspace().join("plugin/schema")
}

/// What a document lacks of the schema that is checked in under this name, or has too much.
///
/// # Errors
/// When there is no such schema, or it is none.
pub fn faults(name: &str, document: &Value) -> anyhow::Result<Vec<String>> {
    let path = folder().join(format!("{name}.json"));
    let schema = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let schema = serde_json::from_str(&schema).with_context(|| path.display().to_string())?;
    let validator = jsonschema::validator_for(&schema).map_err(|e| anyhow!("{}: {e}", path.display()))?;
    Ok(validator.iter_errors(document).map(|e| format!("{e} at {}", e.instance_path())).collect())
}

/// Writes them.
///
/// # Errors
/// When a file cannot be written.
pub fn write() -> std::io::Result<()> {
    for (name, schema) in all() {
        std::fs::write(folder().join(format!("{name}.json")), schema)?;
    }
    Ok(())
}
