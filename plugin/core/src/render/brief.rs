//! For a hook: a few lines, which still make sense where a page shows them without their indentation.

use super::neutral::plain;
use super::text::{count, one_of, short, standing};
use crate::model::{ActCode, Decision, RuleResult, RuleState};

/// Acts of one rule that did not count and are shown; the page of the decision has all.
const ACTS_SHOWN: usize = 6;

pub(super) fn decision(decision: &Decision) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(text.trim());
        out.push('\n');
    };
    let observed =
        if decision.blocks || decision.outcome.passes() { "" } else { "(observed, not enforced) " };
    line(format!("{observed}{}", plain(&decision.headline)));
    if decision.outcome.passes() {
        return out;
    }
    let change = &decision.change;
    let id = change.id.as_ref().map(|id| format!(" {}", plain(id))).unwrap_or_default();
    line(format!(
        "Change{id}: {} into {}, head {}",
        count(change.commits, "commit"),
        plain(&change.target),
        short(&change.head)
    ));
    if let Some(policy) = &decision.policy {
        line(format!("Policy: {}, from {}", plain(&policy.name), plain(&policy.origin)));
    }
    // Glass that somebody tried to break in vain is skipped, and they are told why.
    let tried = |rule: &RuleResult| rule.requirements.iter().any(|requirement| !requirement.acts.is_empty());
    let waits = |rule: &&RuleResult| match rule.state {
        RuleState::Pending | RuleState::Denied => !rule.observed,
        RuleState::Skipped => tried(rule),
        _ => false,
    };
    for rule in decision.rules.iter().filter(waits) {
        let why = if rule.state == RuleState::Skipped { &rule.because } else { &rule.missing };
        let missing: Vec<String> = why.iter().map(|missing| plain(missing)).collect();
        line(format!("{}: {} [{}]", plain(&rule.name), missing.join("; "), rule.code.name()));
        let acts = rule.requirements.iter().flat_map(standing);
        let mut shown: Vec<String> = Vec::new();
        for act in acts.filter(|act| act.code != ActCode::Counted) {
            let text = format!("- {} [{}]", plain(&act.sentence), act.code.name());
            // Of several requirements each says the same of an act.
            if shown.len() < ACTS_SHOWN && !shown.contains(&text) {
                line(text.clone());
                shown.push(text);
            }
        }
    }
    for remedy in &decision.remedies {
        let who: Vec<String> = remedy.who.iter().map(|who| plain(who)).collect();
        line(format!("Ask {}: {}", one_of(&who), plain(&remedy.what)));
        for text in remedy.template.iter().flat_map(|template| template.lines()) {
            line(plain(text));
        }
        if let Some(command) = &remedy.command {
            line(format!("or run: {}", plain(command)));
        }
    }
    for notice in &decision.notices {
        line(format!("Note: {}", plain(&notice.message)));
    }
    out
}
