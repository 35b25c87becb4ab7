//! The JSON Schemas of the contract, generated from the types and checked in.

use std::path::PathBuf;

use countersign_core::ErrorDocument;
use countersign_core::model::{
    Batch, Decision, Description, Findings, Needs, PolicyReport, PolicySource, Request, SignoffFile,
};
use schemars::generate::SchemaSettings;

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
        ("description", schema::<Description>()),
        ("batch", schema::<Batch<'static>>()),
        ("findings", schema::<Findings>()),
        ("policy-source", schema::<PolicySource<'static>>()),
        ("policy-report", schema::<PolicyReport>()),
        ("error", schema::<ErrorDocument<'static>>()),
        ("signoff-file", schema::<SignoffFile>()),
    ]
}

/// Where they are checked in.
pub fn folder() -> PathBuf {
    countersign_packaging::workspace().join("plugin/schema")
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
