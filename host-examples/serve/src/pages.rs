//! Pages for people: one decision as it was made, and what is open. Nothing is evaluated for them. What a decision says the module
//! writes; what stands around it is the record's.

use std::fmt::Write;

use countersign_audit::Link;
use countersign_audit::chain::{Event, Finding, Made, Verdict, branch, short};
use countersign_audit::documents::Document;
use countersign_core::model::{Decision, read};
use countersign_core::{html_text as esc, is_overridden};

/// The one style sheet.
pub const CSS: &str = include_str!("page.css");

/// A page around what it holds. `up` leads to the root of the service.
fn page(title: &str, up: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n\
         <link rel=\"stylesheet\" href=\"{up}page.css\">\n</head>\n<body>\n\
         <nav><a href=\"{up}.\">Countersign</a></nav>\n<main>\n{body}</main>\n</body>\n</html>\n",
        esc(title)
    )
}

/// The class of a decision, and what came of it. What passes by an override is shown as one, also where the entry is of a version
/// that did not note it.
fn word(made: &Made, decision: Option<&Decision>) -> (&'static str, String) {
    let overridden = made.overridden || decision.is_some_and(is_overridden);
    let class = if overridden { "over" } else { class(made.verdict) };
    (class, Made { overridden, ..made.clone() }.word())
}

/// The word that a class is named after.
fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approved | Verdict::NotApplicable => "good",
        Verdict::Pending => "wait",
        Verdict::Denied | Verdict::Error => "bad",
    }
}

/// A decision as it was made, or why that cannot be shown: `said` is what the module makes of the answer for a page, `later` the hash of
/// a later one about the same change.
pub fn decision(
    link: &Link,
    made: &Made,
    answer: &Document,
    said: Option<&str>,
    later: Option<&str>,
) -> String {
    let mut body = String::new();
    let decision: Option<Decision> = match answer {
        Document::Present(bytes) => read(bytes).ok(),
        _ => None,
    };
    let headline = match (&decision, answer) {
        (Some(decision), _) => &decision.headline,
        (None, Document::Present(_)) => "This change cannot be evaluated",
        (None, Document::Removed(_)) => "What was decided was removed from the record",
        (None, Document::Missing) => "What was decided is missing from the record",
        (None, Document::Changed) => "What was decided is not as it was recorded",
    };
    let (class, word) = word(made, decision.as_ref());
    let _ = writeln!(
        body,
        "<header class=\"verdict {class}\">\n<p class=\"word\">{}</p>\n<h1>{}</h1>",
        esc(&word),
        esc(headline)
    );
    let entry = &link.entry;
    let change = entry.change.as_ref().map_or_else(|| "a push".to_owned(), |id| format!("change {id}"));
    let _ = writeln!(
        body,
        "<p>{} &middot; {} into <b>{}</b> &middot; head <code>{}</code> &middot; <time>{}</time></p>\n</header>",
        esc(&entry.repository),
        esc(&change),
        esc(branch(&entry.target)),
        esc(short(&entry.head)),
        esc(&entry.at)
    );
    if let Some(later) = later {
        let _ = writeln!(
            body,
            "<p class=\"later\">This was decided about the change as it stood then. \
             <a href=\"{}\">What was decided last</a></p>",
            esc(later)
        );
    }
    match (said, answer) {
        (Some(said), _) => body.push_str(said),
        // What ended a call before it gave an answer is no document.
        (None, Document::Present(bytes)) => {
            let _ = writeln!(body, "<pre>{}</pre>", esc(&String::from_utf8_lossy(bytes)));
        }
        (None, Document::Removed(_) | Document::Missing | Document::Changed) => {
            body.push_str("<p>Its digests below still bind it into the chain.</p>\n");
        }
    }
    record(&mut body, link, made, matches!(answer, Document::Present(_)));
    page(&format!("{word}: {} {change}", entry.repository), "../", &body)
}

/// What binds the page to the trail.
fn record(body: &mut String, link: &Link, made: &Made, kept: bool) {
    body.push_str("<footer>\n<h2>The record</h2>\n<dl>\n");
    let mut say = |name: &str, value: &str| {
        let _ = writeln!(body, "<dt>{name}</dt><dd><code>{}</code></dd>", esc(value));
    };
    say("entry", &link.entry.number.to_string());
    say("hash", &link.hash);
    say("request", &made.request);
    say("answer", &made.answer);
    say("component", &made.component);
    if let Some(policy) = &made.policy {
        say("policy", policy);
    }
    body.push_str("</dl>\n<p>This page shows what was decided then and is never evaluated again.");
    if kept {
        let _ = write!(body, " <a href=\"{}.json\">The decision document</a>", esc(&link.hash));
    }
    body.push_str("</p>\n</footer>\n");
}

/// A change that is open, as a list shows it.
pub struct Open {
    /// The last decision's entry.
    pub link: Link,
    /// What it says, where it is still kept and is a decision.
    pub decision: Option<Decision>,
    /// What the module makes of that for a list.
    pub said: Option<String>,
}

/// What is open: findings first, then the changes that wait, then those that may go.
pub fn open(changes: &[Open], findings: &[Link]) -> String {
    let mut body = String::from("<h1>What is open</h1>\n");
    if !findings.is_empty() {
        body.push_str("<section>\n<h2>Findings</h2>\n");
        for link in findings {
            let entry = &link.entry;
            let Event::Finding { finding, from, .. } = &entry.event else {
                continue;
            };
            let since = from.as_deref().map_or("nothing", short);
            let what = match finding {
                Finding::NoVerdict => format!(
                    "{} stands at {}, and what came in after {since} has no passing verdict. A signed sign-off for exactly \
                     {} settles it.",
                    branch(&entry.target),
                    short(&entry.head),
                    short(&entry.head)
                ),
                other => other.to_string(),
            };
            let _ = writeln!(
                body,
                "<article class=\"bad\">\n<h3>{}</h3>\n<p>{}</p>\n<p class=\"code\">entry {}, {}</p>\n</article>",
                esc(&entry.repository),
                esc(&what),
                entry.number,
                esc(&entry.at)
            );
        }
        body.push_str("</section>\n");
    }
    let blocks = |open: &&Open| open.link.entry.made().is_some_and(|made| made.blocks);
    let (waits, goes): (Vec<&Open>, Vec<&Open>) = changes.iter().partition(blocks);
    for (title, list) in [("Waiting", waits), ("May be merged", goes)] {
        if list.is_empty() {
            continue;
        }
        let _ = writeln!(body, "<section>\n<h2>{title}</h2>");
        list.into_iter().for_each(|open| row(&mut body, open));
        body.push_str("</section>\n");
    }
    if changes.is_empty() {
        body.push_str("<p>No change is open.</p>\n");
    }
    page("What is open", "", &body)
}

fn row(body: &mut String, open: &Open) {
    let entry = &open.link.entry;
    let verdict = entry.made().map_or(Verdict::Error, |made| made.verdict);
    let unsaid = match verdict {
        Verdict::Error => "<p>it cannot be evaluated</p>\n",
        _ => "<p>what was said about it is no longer in the record</p>\n",
    };
    let (class, word) = entry
        .made()
        .map_or_else(|| (class(verdict), verdict.to_string()), |made| word(made, open.decision.as_ref()));
    let _ = writeln!(
        body,
        "<article class=\"{}\">\n<h3><a href=\"decisions/{}\">{} {}</a> <span class=\"state\">{}</span></h3>\n{}\
         <p class=\"code\">{} into {}, {}</p>\n</article>",
        class,
        esc(&open.link.hash),
        esc(&entry.repository),
        esc(&entry.change.as_ref().map_or_else(String::new, |id| format!("change {id}"))),
        esc(&word),
        open.said.as_deref().unwrap_or(unsaid),
        esc(short(&entry.head)),
        esc(branch(&entry.target)),
        esc(&entry.at)
    );
}

/// A page that says one thing.
pub fn message(title: &str, text: &str) -> String {
    page(title, "../", &format!("<h1>{}</h1>\n<p>{}</p>\n", esc(title), esc(text)))
}

#[cfg(test)]
mod tests {
    use countersign_core::model::{RuleResult, RuleState};

    use super::*;

    #[test]
    fn an_override_is_shown_as_one_and_never_as_an_approval() {
        let made = |overridden: bool| -> Made {
            let fields = ["base", "request", "facts", "answer", "component"];
            let mut made = serde_json::json!({ "verdict": "approved", "blocks": false, "ai": true });
            fields.iter().for_each(|field| made[field] = "".into());
            made["overridden"] = overridden.into();
            serde_json::from_value(made).unwrap()
        };
        let decision = |state: RuleState, observed: bool| Decision {
            outcome: countersign_core::model::Outcome::Approved,
            rules: vec![RuleResult { state, observed, ..RuleResult::default() }],
            ..Decision::default()
        };
        let overridden = decision(RuleState::Overridden, false);
        for (made, decision, expected) in [
            (made(true), None, ("over", "overridden")),
            (made(true), Some(&overridden), ("over", "overridden")),
            (made(false), Some(&overridden), ("over", "overridden")),
            (made(false), Some(&decision(RuleState::Overridden, true)), ("good", "approved")),
            (made(false), Some(&decision(RuleState::Satisfied, false)), ("good", "approved")),
            (made(false), None, ("good", "approved")),
        ] {
            let (class, word) = word(&made, decision);
            assert_eq!((class, word.as_str()), expected);
        }
    }
}
