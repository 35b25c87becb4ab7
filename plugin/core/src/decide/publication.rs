//! What a host does with an answer: the status that it writes, whom it asks for a review, whether it comments.

use crate::model::{Decision, GateStatus, Outcome, Publication, RuleResult, RuleState, StatusState, escaped};
use crate::order;

/// Characters of a description: what the pages of forges show of it.
const DESCRIPTION: usize = 200;

/// What a review of the gate's own says that asks for changes.
const OBJECTION: &str = "The gate asks for changes until it passes; the comment below says why.";

/// What a host does with a decision. `by_review` says whether approvals can come by a review of the platform.
pub(super) fn of(decision: &Decision, by_review: bool) -> Publication {
    let Decision { outcome, blocks, headline, .. } = decision;
    let state = match outcome {
        _ if !blocks => StatusState::Success,
        Outcome::Denied => StatusState::Failure,
        _ => StatusState::Pending,
    };
    let observed = if *blocks || outcome.passes() { "" } else { "Observed, not enforced: " };
    let said = format!("{observed}{headline}");
    let number = decision.change.id.as_ref();
    Publication {
        gated: *blocks || decision.policy.is_some(),
        status: GateStatus {
            state,
            description: status_line(&said),
            shared: number.map(|number| status_line(&format!("As change {number} brings it: {said}"))),
        },
        ask: if by_review { reviewers(decision) } else { Vec::new() },
        // A request that nobody answers holds a change up where the platform is set so.
        take_back: !blocks,
        // Who was never blocked needs no word.
        comment: *blocks,
        objection: blocks.then(|| OBJECTION.to_owned()),
    }
}

/// What a host does with an error that came instead of a decision.
pub(crate) fn of_error() -> Publication {
    Publication {
        gated: true,
        status: GateStatus {
            state: StatusState::Error,
            description: "This change cannot be evaluated; the page says why".to_owned(),
            shared: None,
        },
        ask: Vec::new(),
        take_back: false,
        comment: true,
        objection: Some(OBJECTION.to_owned()),
    }
}

/// Text as the description of a status: one line, in which nothing deceives, no longer than what is shown of it.
pub fn status_line(text: &str) -> String {
    let line = escaped(&text.replace(['\n', '\r'], " "));
    // A character has a byte or more.
    if line.len() <= DESCRIPTION || line.chars().count() <= DESCRIPTION {
        return line;
    }
    let kept: String = line.chars().take(DESCRIPTION - 1).collect();
    format!("{}…", kept.trim_end())
}

/// The logins of those whom a remedy names for an approval that is missing. Whoever took part knows of the change, and a platform
/// takes no request to its author.
fn reviewers(decision: &Decision) -> Vec<String> {
    let mut logins = Vec::new();
    if !decision.blocks || decision.outcome != Outcome::Pending {
        return logins;
    }
    let waits = |rule: &&RuleResult| rule.state == RuleState::Pending && !rule.observed;
    for remedy in &decision.remedies {
        let Some(rule) = decision.rules.iter().filter(waits).find(|rule| rule.name == remedy.rule) else {
            continue;
        };
        for who in &remedy.who {
            let mut asked = rule.requirements.iter().filter(|asked| asked.counted < asked.needed);
            let may_give = asked.any(|asked| asked.eligible.binary_search(who).is_ok());
            let took_part = decision.contributors.binary_search_by(|known| known.person.cmp(who)).is_ok();
            // An address is no login, and neither is the name of a group.
            let is_login = !who.contains(['@', '/', ' ']);
            if may_give && is_login && !took_part {
                order::insert(&mut logins, who.clone());
            }
        }
    }
    logins
}
