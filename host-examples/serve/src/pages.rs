//! Pages for people: one decision as it was made, and what is open. Nothing is evaluated for them, and every word of a
//! decision is the module's.

use std::fmt::Write;

use countersign_audit::Link;
use countersign_audit::chain::{Event, Finding, Made, Verdict, branch, short};
use countersign_audit::documents::Document;
use countersign_audit::record::is_overridden;
use countersign_core::model::{ActCode, ChangeSummary, Decision, Remedy, RuleResult, RuleState, read};
use countersign_core::visible;

/// The one style sheet.
pub const CSS: &str = include_str!("page.css");

/// Text that is nothing but text.
fn esc(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

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

fn state(rule: &RuleResult) -> (&'static str, &'static str) {
    match rule.state {
        RuleState::Satisfied => ("good", "satisfied"),
        RuleState::Pending => ("wait", "waiting"),
        RuleState::Denied => ("bad", "denied"),
        RuleState::Skipped => ("none", "does not apply"),
        RuleState::Overridden => ("over", "overridden"),
    }
}

/// A decision as it was made, or why that cannot be shown. `later` is the hash of a later one about the same change.
pub fn decision(link: &Link, made: &Made, answer: &Document, later: Option<&str>) -> String {
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
    match (&decision, answer) {
        (Some(decision), _) => said(&mut body, decision),
        (None, Document::Present(error)) => {
            let error: serde_json::Value = serde_json::from_slice(error)
                .unwrap_or_else(|_| String::from_utf8_lossy(error).into_owned().into());
            let text = |key: &str| error[key].as_str().map(str::to_owned);
            let message = text("message").or_else(|| error.as_str().map(str::to_owned)).unwrap_or_default();
            let _ = writeln!(body, "<pre>{}</pre>", esc(&message));
            if let Some(help) = text("help") {
                let _ = writeln!(body, "<p>{}</p>", esc(&help));
            }
        }
        (None, Document::Removed(_) | Document::Missing | Document::Changed) => {
            body.push_str("<p>Its digests below still bind it into the chain.</p>\n");
        }
    }
    record(&mut body, link, made, matches!(answer, Document::Present(_)));
    page(&format!("{word}: {} {change}", entry.repository), "../", &body)
}

/// What a decision says, in the order in which somebody who is blocked needs it.
fn said(body: &mut String, decision: &Decision) {
    if !decision.remedies.is_empty() {
        body.push_str("<section class=\"next\">\n<h2>What to do next</h2>\n");
        decision.remedies.iter().for_each(|given| remedy(body, given));
        body.push_str("</section>\n");
    }
    if !decision.rules.is_empty() {
        body.push_str("<section>\n<h2>Rules</h2>\n");
        let (skipped, applied): (Vec<_>, Vec<_>) =
            decision.rules.iter().partition(|rule| rule.state == RuleState::Skipped);
        applied.into_iter().for_each(|result| rule(body, result));
        if !skipped.is_empty() {
            let _ = writeln!(body, "<details><summary>{} that do not apply</summary>", skipped.len());
            skipped.into_iter().for_each(|result| rule(body, result));
            body.push_str("</details>\n");
        }
        body.push_str("</section>\n");
    }
    provenance(body, decision);
    if !decision.signals.is_empty() {
        body.push_str("<section>\n<h2>Worth a second look</h2>\n<ul>\n");
        for signal in &decision.signals {
            let line = signal.line.map(|line| format!(":{line}")).unwrap_or_default();
            let place = format!("{}{line}", signal.path);
            let _ = writeln!(body, "<li><code>{}</code> {}</li>", esc(&place), esc(&signal.message));
        }
        body.push_str("</ul>\n</section>\n");
    }
    if !decision.contributors.is_empty() {
        let all_barred = decision.contributors.iter().all(|contributor| contributor.barred);
        let so = if all_barred { ", and so cannot approve" } else { "" };
        let _ = writeln!(body, "<section>\n<h2>Took part{so}</h2>\n<ul>");
        for contributor in &decision.contributors {
            let roles: Vec<String> = contributor
                .roles
                .iter()
                .filter_map(|role| Some(serde_json::to_value(role).ok()?.as_str()?.replace('-', " ")))
                .chain((contributor.barred && !all_barred).then(|| "cannot approve".to_owned()))
                .collect();
            let _ = writeln!(
                body,
                "<li>{} <small>{}</small></li>",
                esc(&contributor.person),
                esc(&roles.join(", "))
            );
        }
        body.push_str("</ul>\n</section>\n");
    }
    if !decision.notices.is_empty() {
        body.push_str("<section>\n<h2>To weigh this</h2>\n<ul>\n");
        for notice in &decision.notices {
            let _ = writeln!(body, "<li>{}</li>", esc(&notice.message));
        }
        body.push_str("</ul>\n</section>\n");
    }
}

fn remedy(body: &mut String, remedy: &Remedy) {
    let who = if remedy.who.is_empty() { "somebody".to_owned() } else { remedy.who.join(", ") };
    let _ = writeln!(
        body,
        "<div class=\"remedy\">\n<p>For <b>{}</b>, ask <b>{}</b> {}</p>",
        esc(&remedy.rule),
        esc(&who),
        prose(&remedy.what)
    );
    // A template holds the questions itself.
    let questions = remedy.questions.iter().filter(|_| remedy.template.is_none());
    for question in questions {
        let _ = writeln!(
            body,
            "<p class=\"question\"><code>{}:</code> {}</p>",
            esc(&question.name),
            esc(&question.text)
        );
    }
    for given in remedy.template.iter().chain(&remedy.command) {
        let _ = writeln!(body, "<pre>{}</pre>", esc(given));
    }
    body.push_str("</div>\n");
}

/// A sentence of the module: what stands between backticks is code.
fn prose(text: &str) -> String {
    let mut out = String::new();
    for (at, part) in text.split('`').enumerate() {
        match at % 2 {
            0 => out.push_str(&esc(part)),
            _ => out.push_str(&format!("<code>{}</code>", esc(part))),
        }
    }
    out
}

fn commits(count: usize) -> String {
    if count == 1 { "1 commit".to_owned() } else { format!("{count} commits") }
}

fn rule(body: &mut String, rule: &RuleResult) {
    let (class, word) = state(rule);
    let code = serde_json::to_value(rule.code).ok().and_then(|code| code.as_str().map(str::to_owned));
    let _ = writeln!(
        body,
        "<article class=\"{class}\">\n<h3>{} <span class=\"state\">{word}</span></h3>",
        esc(&rule.name)
    );
    let mut list = |name: &str, lines: &[String]| {
        for line in lines {
            let _ = writeln!(body, "<p><span class=\"key\">{name}</span> {}</p>", esc(line));
        }
    };
    list("because", &rule.because);
    list("missing", &rule.missing);
    if let Some(overridden) = &rule.overridden {
        list("overridden", &[overridden.sentence()]);
    }
    for requirement in &rule.requirements {
        let _ = writeln!(
            body,
            "<p><span class=\"key\">asks</span> {} <small>({} of {} given)</small></p>",
            esc(&requirement.asks),
            requirement.counted,
            requirement.needed
        );
        if requirement.acts.is_empty() {
            continue;
        }
        body.push_str("<ul class=\"acts\">\n");
        for act in &requirement.acts {
            let class = if act.code == ActCode::Counted { "counted" } else { "not" };
            let _ = writeln!(body, "<li class=\"{class}\">{}</li>", esc(&act.sentence));
        }
        body.push_str("</ul>\n");
    }
    if rule.observed {
        body.push_str("<p><small>This rule only observes.</small></p>\n");
    }
    if let Some(code) = code {
        let _ = writeln!(body, "<p class=\"code\"><code>{}</code></p>", esc(&code));
    }
    body.push_str("</article>\n");
}

fn provenance(body: &mut String, decision: &Decision) {
    let provenance = &decision.provenance;
    if provenance.tools.is_empty() {
        return;
    }
    body.push_str("<section>\n<h2>What AI contributed</h2>\n<ul>\n");
    for tool in &provenance.tools {
        let models =
            if tool.models.is_empty() { String::new() } else { format!(" ({})", tool.models.join(", ")) };
        let _ = writeln!(
            body,
            "<li>{}{} <small>in {}</small></li>",
            esc(&tool.tool),
            esc(&models),
            commits(tool.commits)
        );
    }
    body.push_str("</ul>\n</section>\n");
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
    let empty = ChangeSummary::default();
    let said = open.decision.as_ref();
    let unsaid = match verdict {
        Verdict::Error => "it cannot be evaluated",
        _ => "what was said about it is no longer in the record",
    };
    let (class, word) =
        entry.made().map_or_else(|| (class(verdict), verdict.to_string()), |made| word(made, said));
    let _ = writeln!(
        body,
        "<article class=\"{}\">\n<h3><a href=\"decisions/{}\">{} {}</a> <span class=\"state\">{}</span></h3>\n<p>{}</p>",
        class,
        esc(&open.link.hash),
        esc(&entry.repository),
        esc(&entry.change.as_ref().map_or_else(String::new, |id| format!("change {id}"))),
        esc(&word),
        esc(said.map_or(unsaid, |decision| &decision.headline)),
    );
    for remedy in said.map(|decision| decision.remedies.as_slice()).unwrap_or_default() {
        let _ = writeln!(body, "<p><span class=\"key\">asks</span> {}</p>", esc(&remedy.who.join(", ")));
    }
    let commits = commits(said.map_or(&empty, |decision| &decision.change).commits);
    let _ = writeln!(
        body,
        "<p class=\"code\">{} into {}, {commits}, {}</p>\n</article>",
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
    use super::*;

    #[test]
    fn what_strangers_write_is_text() {
        let shown = esc("<script>alert('1')</script> & \u{202e}x");
        assert!(!shown.contains('<') && !shown.contains('\u{202e}') && !shown.contains('\''), "{shown}");
    }

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
