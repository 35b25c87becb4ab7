//! Reads the file in which a person hands sign-offs to `countersign check`, and copies it into acts.

use std::path::{Path, PathBuf};

use countersign_core::model::{API_VERSION, Act, SignoffFile, without_mark};

/// Why a file of sign-offs was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SignoffError {
    /// It could not be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The content of the file is not what the schema says.
    #[error(
        "{path} is no file of sign-offs: {reason}\n  help: it holds `apiVersion: countersign/v1`, `kind: Signoffs` and the list `signoffs`, of each its `by`, `head` and `target`, and \
         under `text` what answers the questions"
    )]
    Malformed {
        /// The path of the file.
        path: PathBuf,
        /// The place and the kind of the fault.
        reason: String,
    },
}

/// Reads a file, YAML or JSON.
///
/// # Errors
/// When it cannot be read or is not what the schema says.
pub fn read(path: &Path) -> Result<Vec<Act<'static>>, SignoffError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| SignoffError::Unreadable { path: path.to_owned(), source })?;
    let malformed = |reason: String| SignoffError::Malformed { path: path.to_owned(), reason };
    let file: SignoffFile =
        serde_yaml::from_str(without_mark(&text)).map_err(|e| malformed(e.to_string()))?;
    if file.api_version != API_VERSION || file.kind != "Signoffs" {
        return Err(malformed(format!(
            "it must begin with `apiVersion: {API_VERSION}` and `kind: Signoffs`"
        )));
    }
    file.signoffs
        .into_iter()
        .enumerate()
        .map(|(at, entry)| entry.into_act(at).map_err(|why| malformed(format!("sign-off {}: {why}", at + 1))))
        .collect()
}
