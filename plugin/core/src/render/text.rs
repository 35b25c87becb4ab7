//! For a terminal or a CI log.

use super::neutral::plain;
use crate::model::{
    ActCode, ActVerdict, Contributor, Decision, Findings, Notice, NoticeCode, Outcome, Remedy,
    RequirementResult, RuleResult, RuleState,
};

/// Commits of which a decision shows the evidence; the JSON has all.
const COMMITS_SHOWN: usize = 12;

/// Signals that a decision shows; the JSON has all.
const SIGNALS_SHOWN: usize = 12;

pub(super) struct Paint(pub bool);

impl Paint {
    pub(super) fn with(&self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn bold(&self, text: &str) -> String {
        self.with("1", text)
    }

    fn dim(&self, text: &str) -> String {
        self.with("2", text)
    }

    fn state(&self, state: RuleState, text: &str) -> String {
        self.with(
            match state {
                RuleState::Satisfied => "32",
                RuleState::Pending | RuleState::Overridden => "33",
                RuleState::Denied => "31",
                RuleState::Skipped => "2",
            },
            text,
        )
    }
}

pub(super) fn decision(decision: &Decision, colour: bool) -> String {
    let paint = Paint(colour);
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(text.trim_end());
        out.push('\n');
    };
    let headline = plain(&decision.headline);
    let would = if decision.blocks || decision.outcome.passes() { "" } else { "(observed, not enforced) " };
    let code = match decision.outcome {
        Outcome::Approved | Outcome::NotApplicable => "1;32",
        Outcome::Pending => "1;33",
        Outcome::Denied => "1;31",
    };
    line(format!("{would}{}", paint.with(code, &headline)));
    let change = &decision.change;
    let id = change.id.as_ref().map(|id| format!(" {}", plain(id))).unwrap_or_default();
    line(format!(
        "  change  {}{id}: {} and {} into {}, head {}",
        plain(&change.repository),
        count(change.commits, "commit"),
        count(change.files, "file"),
        plain(&change.target),
        short(&change.head)
    ));
    if let Some(policy) = &decision.policy {
        line(format!("  policy  {}, from {}", plain(&policy.name), plain(&policy.origin)));
    }

    for rule in &decision.rules {
        line(String::new());
        rule_lines(rule, &paint, &mut line);
    }

    if !decision.remedies.is_empty() {
        line(String::new());
        line(paint.bold("What to do next"));
        // What somebody may have signed already is looked for before anybody is asked.
        for notice in decision.notices.iter().filter(is_first) {
            line(format!("  First: {}", plain(&notice.message)));
        }
        for remedy in &decision.remedies {
            let who: Vec<String> = remedy.who.iter().map(|who| plain(who)).collect();
            line(format!("  For \"{}\", ask {}", plain(&remedy.rule), one_of(&who)));
            line(format!("  {}{}", plain(&remedy.what), before_lines(remedy)));
            if let Some(template) = &remedy.template {
                line(String::new());
                for text in template.lines() {
                    let indent: String = text.chars().take_while(|c| *c == ' ').collect();
                    line(format!("      {indent}{}", plain(text)));
                }
                line(String::new());
            }
            if let Some(command) = &remedy.command {
                let then = if remedy.template.is_some() { "then run" } else { "run" };
                line(format!("  {then}  {}", plain(command)));
            }
        }
    }

    let provenance = &decision.provenance;
    if provenance.ai {
        line(String::new());
        let tools: Vec<String> = provenance
            .tools
            .iter()
            .map(|tool| {
                let models: Vec<String> = tool.models.iter().take(3).map(|model| plain(model)).collect();
                let models =
                    if models.is_empty() { String::new() } else { format!(" ({})", models.join(", ")) };
                format!("{}{models} in {}", plain(&tool.tool), count(tool.commits, "commit"))
            })
            .collect();
        line(format!("{}  {}", paint.bold("AI contribution"), tools.join("; ")));
        let with: Vec<_> = provenance.commits.iter().filter(|commit| !commit.findings.is_empty()).collect();
        for commit in with.iter().take(COMMITS_SHOWN) {
            line(format!("  {} {}", paint.dim(short(&commit.id)), plain(&commit.subject)));
            for finding in &commit.findings {
                line(format!(
                    "      {} by {}: {}",
                    finding.confidence.name(),
                    source_in_words(finding),
                    plain(&finding.evidence)
                ));
            }
        }
        if with.len() > COMMITS_SHOWN {
            line(format!(
                "  and {} more; --format json shows all",
                count(with.len() - COMMITS_SHOWN, "commit")
            ));
        }
    }

    if !decision.signals.is_empty() {
        line(String::new());
        line(paint.bold("Worth a second look"));
        for signal in decision.signals.iter().take(SIGNALS_SHOWN) {
            let at = signal.line.map(|line| format!(":{line}")).unwrap_or_default();
            let (path, message) = (plain(&signal.path), plain(&signal.message));
            line(format!("  {path}{at}  {message} [{}]", signal.code.name()));
            if !signal.evidence.is_empty() {
                line(format!("      {}", plain(&signal.evidence)));
            }
        }
        if decision.signals.len() > SIGNALS_SHOWN {
            line(format!("  and {} more; --format json shows all", decision.signals.len() - SIGNALS_SHOWN));
        }
    }

    if !decision.contributors.is_empty() && decision.rules.iter().any(|rule| rule.state != RuleState::Skipped)
    {
        line(String::new());
        let people: Vec<String> = decision.contributors.iter().take(12).map(|c| plain(&c.person)).collect();
        let more = decision.contributors.len().saturating_sub(12);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        line(format!(
            "{}  {}{more}{}",
            paint.bold("Behind the change"),
            people.join(", "),
            barred(&decision.contributors)
        ));
    }

    let asks = !decision.remedies.is_empty();
    let mut notices = decision.notices.iter().filter(|notice| !(asks && is_first(notice))).peekable();
    if notices.peek().is_some() {
        line(String::new());
        line(paint.bold("Good to know"));
        for notice in notices {
            line(format!("  {}", plain(&notice.message)));
        }
    }
    out
}

/// Whether a notice may make everything that is asked for needless.
fn is_first(notice: &&Notice) -> bool {
    notice.code == NoticeCode::NoSignoffs
}

/// What a rule says of the change.
pub(super) fn state_in_words(state: RuleState) -> &'static str {
    match state {
        RuleState::Satisfied => "satisfied",
        RuleState::Pending => "waiting",
        RuleState::Denied => "denied",
        RuleState::Skipped => "does not apply",
        RuleState::Overridden => "overridden",
    }
}

fn rule_lines(rule: &RuleResult, paint: &Paint, line: &mut impl FnMut(String)) {
    let (mark, word) = match rule.state {
        RuleState::Satisfied => ("✓", state_in_words(rule.state)),
        RuleState::Pending => ("●", state_in_words(rule.state)),
        RuleState::Denied => ("✗", state_in_words(rule.state)),
        RuleState::Skipped => ("-", state_in_words(rule.state)),
        RuleState::Overridden => ("!", "OVERRIDDEN"),
    };
    let observed = if rule.observed { ", observed only" } else { "" };
    let says_more = matches!(rule.state, RuleState::Pending | RuleState::Denied | RuleState::Overridden);
    let code = if says_more { format!(" [{}]", rule.code.name()) } else { String::new() };
    line(format!(
        "{} {}  {}",
        paint.state(rule.state, mark),
        paint.bold(&plain(&rule.name)),
        paint.state(rule.state, &format!("{word}{code}{observed}"))
    ));
    for because in &rule.because {
        line(format!("    because  {}", plain(because)));
    }
    if let Some(overridden) = &rule.overridden {
        line(format!("    override {}", plain(&overridden.sentence())));
    }
    let label = if rule.state == RuleState::Denied { "reason " } else { "missing" };
    for missing in &rule.missing {
        line(format!("    {label}  {}", plain(missing)));
    }
    for requirement in &rule.requirements {
        line(format!(
            "    asks     {} ({} of {} given)",
            plain(&requirement.asks),
            requirement.counted,
            requirement.needed
        ));
        for act in standing(requirement) {
            line(format!("             {} [{}]", plain(&act.sentence), act.code.name()));
        }
    }
}

/// The acts of a requirement, but for those after which their giver acted again.
pub(super) fn standing(requirement: &RequirementResult) -> impl Iterator<Item = &ActVerdict> {
    requirement.acts.iter().filter(|act| act.code != ActCode::Superseded)
}

/// What stands behind a remedy that goes on below it.
pub(super) fn before_lines(remedy: &Remedy) -> &'static str {
    if remedy.template.is_some() || remedy.command.is_some() { ":" } else { "" }
}

/// Which of those behind a change cannot approve it, in words behind their names.
fn barred(contributors: &[Contributor]) -> String {
    let barred: Vec<String> = contributors.iter().filter(|c| c.barred).map(|c| plain(&c.person)).collect();
    match (barred.as_slice(), contributors.len()) {
        ([], _) => String::new(),
        ([_], 1) => ", who cannot approve it".to_owned(),
        (_, all) if all == barred.len() => ": none of them can approve it".to_owned(),
        (some, _) => format!("; {} cannot approve it", some.join(", ")),
    }
}

fn source_in_words(finding: &crate::model::Finding) -> String {
    use crate::model::Source;
    match finding.source {
        Source::Trailer => "trailer".to_owned(),
        Source::CoAuthor => "co-author".to_owned(),
        Source::AuthorIdentity => finding.key.clone(),
        Source::BodyMarker => "marker".to_owned(),
        Source::Note => format!("note in {}", plain(&finding.key)),
        Source::Trace => format!("trace in {}", plain(&finding.key)),
        Source::Checkpoint => "checkpoint".to_owned(),
    }
}

pub(super) fn one_of(people: &[String]) -> String {
    match people {
        [] => "somebody who may approve".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

pub(super) fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

pub(super) fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// A table: one line a finding, the commit only on its first.
pub(super) fn findings(findings: &Findings, colour: bool, continued: bool) -> String {
    let paint = Paint(colour);
    let mut out = String::new();
    if !continued {
        out.push_str(&paint.bold(&row(["commit", "tool", "model", "rank", "evidence"])));
        out.push('\n');
    }
    for commit in &findings.commits {
        let mut id = short(&commit.id);
        let suspected = commit.findings.is_empty();
        for finding in &commit.findings {
            let text = row([
                id,
                &plain(&finding.tool),
                &finding.model.as_deref().map(plain).unwrap_or_else(|| "-".into()),
                finding.confidence.name(),
                &format!("{}: {}", source_in_words(finding), clip(&plain(&finding.evidence), 90)),
            ]);
            out.push_str(&text);
            out.push('\n');
            id = "";
        }
        for remark in &commit.remarks {
            let evidence = match remark.evidence.as_str() {
                "" => String::new(),
                evidence => format!(" [{}]", clip(&plain(evidence), 60)),
            };
            let text = row([
                id,
                "-",
                "-",
                if suspected && remark.code.is_suspicion() { "suspected" } else { "remark" },
                &format!("{}: {}{evidence}", remark.code.name(), plain(&remark.message)),
            ]);
            out.push_str(&paint.with("33", &text));
            out.push('\n');
            id = "";
        }
    }
    out
}

fn row(cells: [&str; 5]) -> String {
    let [id, tool, model, rank, evidence] = cells;
    format!("{id:<12}  {tool:<16}  {model:<26}  {rank:<9}  {evidence}").trim_end().to_owned()
}

fn clip(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        text.to_owned()
    } else {
        text.chars().take(width - 1).chain(['…']).collect()
    }
}
