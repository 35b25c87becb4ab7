//! For a comment on a change or the summary of a job.

use super::neutral::{fence, markdown};
use super::text::{before_lines, count, short, standing};
use crate::model::{Decision, Outcome, RuleState};

pub(super) fn decision(decision: &Decision) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    let mark = match decision.outcome {
        Outcome::Approved | Outcome::NotApplicable => "✅",
        Outcome::Pending => "⏳",
        Outcome::Denied => "⛔",
    };
    let would = if decision.blocks || decision.outcome.passes() { "" } else { "Observed, not enforced: " };
    line(format!("### {mark} {would}{}", markdown(&decision.headline)));
    line(String::new());
    let change = &decision.change;
    let policy = decision
        .policy
        .as_ref()
        .map(|policy| format!(" Policy **{}**, from {}.", markdown(&policy.name), markdown(&policy.origin)))
        .unwrap_or_default();
    line(format!(
        "{} and {} into {}, head {}.{policy}",
        count(change.commits, "commit"),
        count(change.files, "file"),
        markdown(&change.target),
        short(&change.head)
    ));
    line(String::new());

    for rule in decision.rules.iter().filter(|rule| rule.state != RuleState::Skipped) {
        let mark = match rule.state {
            RuleState::Satisfied => "✅",
            RuleState::Pending => "⏳",
            RuleState::Overridden => "⚠️",
            RuleState::Denied | RuleState::Skipped => "⛔",
        };
        let observed = if rule.observed { ", observed only" } else { "" };
        line(format!("- {mark} **{}** ({}{observed})", markdown(&rule.name), rule.code.name()));
        for because in &rule.because {
            line(format!("  - applies because {}", markdown(because)));
        }
        if let Some(overridden) = &rule.overridden {
            line(format!("  - **overridden:** {}", markdown(&overridden.sentence())));
        }
        let label = if rule.state == RuleState::Denied { "reason" } else { "missing" };
        for missing in &rule.missing {
            line(format!("  - **{label}:** {}", markdown(missing)));
        }
        for act in rule.requirements.iter().flat_map(standing) {
            line(format!("  - {} ({})", markdown(&act.sentence), act.code.name()));
        }
    }
    let skipped = decision.rules.iter().filter(|rule| rule.state == RuleState::Skipped);
    for rule in skipped {
        let because: Vec<String> = rule.because.iter().map(|because| markdown(because)).collect();
        line(format!("- **{}** does not apply: {}", markdown(&rule.name), because.join("; ")));
    }

    if !decision.remedies.is_empty() {
        line(String::new());
        line("#### What to do next".to_owned());
        for remedy in &decision.remedies {
            let who: Vec<String> = remedy.who.iter().map(|who| format!("**{}**", markdown(who))).collect();
            line(String::new());
            line(format!(
                "For \"{}\", ask {} {}{}",
                markdown(&remedy.rule),
                who.join(" or "),
                markdown(&remedy.what),
                before_lines(remedy)
            ));
            for block in [&remedy.template, &remedy.command].into_iter().flatten() {
                let (fence, body) = fence(block);
                line(format!("\n{fence}\n{body}\n{fence}"));
            }
        }
    }

    if !decision.signals.is_empty() {
        line(String::new());
        let places = count(decision.signals.len(), "place");
        line(format!("<details><summary>{places} worth a second look</summary>"));
        line(String::new());
        for signal in decision.signals.iter().take(30) {
            let at = signal.line.map(|line| format!(":{line}")).unwrap_or_default();
            let (path, message) = (markdown(&signal.path), markdown(&signal.message));
            line(format!("- {path}{at}: {message} ({})", signal.code.name()));
        }
        line(String::new());
        line("</details>".to_owned());
    }

    let with: Vec<_> =
        decision.provenance.commits.iter().filter(|commit| !commit.findings.is_empty()).collect();
    if !with.is_empty() {
        line(String::new());
        line(format!("<details><summary>AI contribution in {}</summary>", count(with.len(), "commit")));
        line(String::new());
        for commit in with.iter().take(30) {
            line(format!("- {} {}", short(&commit.id), markdown(&commit.subject)));
            for finding in &commit.findings {
                line(format!(
                    "  - {} ({}): {}",
                    markdown(&finding.tool),
                    finding.confidence.name(),
                    markdown(&finding.evidence)
                ));
            }
        }
        if with.len() > 30 {
            line(format!("- and {} more", count(with.len() - 30, "commit")));
        }
        line(String::new());
        line("</details>".to_owned());
    }

    if !decision.notices.is_empty() {
        line(String::new());
        line("<details><summary>Good to know</summary>".to_owned());
        line(String::new());
        for notice in &decision.notices {
            line(format!("- {}", markdown(&notice.message)));
        }
        line(String::new());
        line("</details>".to_owned());
    }
    out
}
