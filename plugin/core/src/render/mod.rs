//! From a document to what people and tools read. Worded once and neutralised once, for all hosts.

mod brief;
mod error;
mod html;
mod markdown;
mod neutral;
mod policy;
mod reports;
mod text;

pub use neutral::{html as html_text, plain};

use crate::model::json::{Fault, Json, Key, Read, object, words};
use crate::model::{Decision, Findings, PolicyReport, PolicyTestReport};
use crate::{Error, model};

/// How to show a document. The document itself stands beside it under `document`.
#[derive(Debug, Default)]
pub(crate) struct How {
    /// The form of output.
    pub format: Format,
    /// With colours for a terminal.
    pub colour: bool,
    /// Findings only: leave the heading of the table out, for the second chunk and those after it.
    pub continued: bool,
    /// What the document says that it is.
    pub document: Kind,
}

object!(How {
    "format" => format required,
    "colour" => colour,
    "continued" => continued,
    "document" => document required,
});

/// The `kind` of a document.
#[derive(Debug, Default)]
pub(crate) struct Kind {
    /// `Decision`, `Error`, `Findings`, `PolicyReport` or `PolicyTestReport`.
    pub kind: String,
}

object!(Kind { "kind" => kind required, });

/// Forms of output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// For a terminal or a CI log.
    #[default]
    Text,
    /// For a hook: a few lines.
    Brief,
    /// For a comment or a job summary.
    Markdown,
    /// For a page, within a frame of the host.
    Html,
    /// For a list of changes, within a frame of the host.
    HtmlEntry,
    /// JUnit's XML, for the test panels of CI systems.
    Junit,
    /// GitLab's Code Quality report.
    Codequality,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

words!(Format {
    "text" => Text,
    "brief" => Brief,
    "markdown" => Markdown,
    "html" => Html,
    "html-entry" => HtmlEntry,
    "junit" => Junit,
    "codequality" => Codequality,
    "sarif" => Sarif,
});

/// A document beside how to show it.
#[derive(Default)]
struct Holding<T>(T);

impl<'de, T: Read<'de>> Read<'de> for Holding<T> {
    fn read(&mut self, json: &mut Json<'de>) -> Result<(), Box<Fault>> {
        json.object(const { &[Key::new("document")] }, 1, &mut |_, json| self.0.read(json))
    }
}

/// Renders a document in the format that the input asks for.
pub(crate) fn render(input: &[u8]) -> Result<String, Error> {
    fn read<'de, T: Default + Read<'de>>(input: &'de [u8], what: &str) -> Result<T, Error> {
        model::json::document(input)
            .map(|Holding(document)| document)
            .map_err(|fault| Error::not_the_document(what, &fault))
    }
    // The kind first, then the document as that kind: one pass each, and no copy in between.
    let how: How =
        model::json::document(input).map_err(|f| Error::not_the_document("a document to render", &f))?;
    let unfit =
        || Error::bad_request(format!("{} cannot be rendered as {:?}", how.document.kind, how.format));
    match how.document.kind.as_str() {
        "Decision" => {
            let decision: Decision = read(input, "a decision")?;
            Ok(match how.format {
                Format::Text => text::decision(&decision, how.colour),
                Format::Brief => brief::decision(&decision),
                Format::Markdown => markdown::decision(&decision),
                Format::Html => html::decision(&decision),
                Format::HtmlEntry => html::entry(&decision),
                Format::Junit => reports::junit(&decision),
                Format::Codequality => reports::codequality(&decision),
                Format::Sarif => reports::sarif(&decision),
            })
        }
        "Error" if matches!(how.format, Format::Markdown | Format::Html) => {
            let refusal: error::Refusal = read(input, "an error")?;
            let is_page = how.format == Format::Html;
            Ok(if is_page { html::refusal(&refusal) } else { error::markdown(&refusal) })
        }
        "Findings" if how.format == Format::Text => {
            Ok(text::findings(&read::<Findings>(input, "findings")?, how.colour, how.continued))
        }
        "PolicyReport" if how.format == Format::Text => {
            Ok(policy::report(&read::<PolicyReport>(input, "a policy report")?, how.colour))
        }
        "PolicyTestReport" if how.format == Format::Text => {
            Ok(policy::tests(&read::<PolicyTestReport>(input, "a report of tests")?, how.colour))
        }
        "Error" | "Findings" | "PolicyReport" | "PolicyTestReport" => Err(unfit()),
        other => Err(Error::bad_request(format!(
            "`kind` is {other:?}, and what can be rendered is a Decision, an Error, Findings, a PolicyReport or a PolicyTestReport"
        ))),
    }
}
