//! From a document to what people and tools read. Worded once and neutralised once, for all hosts.

mod markdown;
mod neutral;
mod reports;
mod text;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::model::{Decision, Findings, PolicyReport};

/// How to show a document. The document itself stands beside it under `document`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct How {
    /// The form of output.
    pub format: Format,
    /// With colours for a terminal.
    #[serde(default)]
    pub colour: bool,
    /// Findings only: leave the heading of the table out, for the second chunk and those after it.
    #[serde(default)]
    pub continued: bool,
    /// What the document says that it is.
    pub document: Kind,
}

/// The `kind` of a document.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Kind {
    /// `Decision`, `Findings` or `PolicyReport`.
    pub kind: String,
}

/// Forms of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) enum Format {
    /// For a terminal or a CI log.
    Text,
    /// For a comment or a job summary.
    Markdown,
    /// For test panels.
    Junit,
    /// GitLab's Code Quality report.
    Codequality,
    /// SARIF 2.1.0.
    Sarif,
}

#[derive(Deserialize)]
struct Holding<T> {
    document: T,
}

/// Renders.
pub(crate) fn render(input: &[u8]) -> Result<String, Error> {
    fn read<T: DeserializeOwned>(input: &[u8], what: &str) -> Result<T, Error> {
        let holding: Result<Holding<T>, _> = serde_json::from_slice(input);
        holding.map(|holding| holding.document).map_err(|e| Error::not_the_document(what, &e))
    }
    // The kind first, then the document as that kind: one pass each, and no copy in between.
    let how: How = serde_json::from_slice(input).map_err(|e| Error::not_the_document("a document to render", &e))?;
    let unfit = || Error::bad_request(format!("{} cannot be rendered as {:?}", how.document.kind, how.format));
    match how.document.kind.as_str() {
        "Decision" => {
            let decision: Decision = read(input, "a decision")?;
            Ok(match how.format {
                Format::Text => text::decision(&decision, how.colour),
                Format::Markdown => markdown::decision(&decision),
                Format::Junit => reports::junit(&decision),
                Format::Codequality => reports::codequality(&decision),
                Format::Sarif => reports::sarif(&decision),
            })
        }
        "Findings" if how.format == Format::Text => {
            Ok(text::findings(&read::<Findings>(input, "findings")?, how.colour, how.continued))
        }
        "PolicyReport" if how.format == Format::Text => {
            Ok(text::policy_report(&read::<PolicyReport>(input, "a policy report")?, how.colour))
        }
        "Findings" | "PolicyReport" => Err(unfit()),
        other => Err(Error::bad_request(format!(
            "`kind` is {other:?}, and what can be rendered is a Decision, Findings or a PolicyReport"
        ))),
    }
}
