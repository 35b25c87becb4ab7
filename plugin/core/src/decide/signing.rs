//! What a statement would do that somebody is about to sign.

use crate::Error;
use crate::limits::Steps;
use crate::model::{
    ActCode, ActKind, ActVerdict, Decision, OpenQuestion, Question, Request, RuleResult, RuleState, Signing,
    SignoffDecision, Statement, ToSign, read,
};
use crate::order;
use crate::policy::Policy;
use crate::signoff::overrides;
use crate::signoff::people::{Directory, PersonId};
use crate::signoff::roster::{Admission, Roster};
use crate::signoff::signed::TO_SIGN;

/// Who would sign, and what the statement itself leaves open.
///
/// # Errors
/// `over-limit`.
pub(super) fn begin(
    request: &Request<'_>,
    policy: Option<&Policy>,
    directory: &Directory,
    (kind, actor): (ActKind, &[PersonId]),
    open: Vec<OpenQuestion>,
    steps: &Steps,
) -> Result<Signing, Error> {
    let mut sets = Vec::new();
    for (name, set) in policy.iter().flat_map(|policy| &policy.people) {
        let roster = Roster::of([set].into_iter(), request, directory, steps)?;
        if actor.iter().any(|person| roster.admits(directory, *person) == Admission::Yes) {
            sets.push(name.clone());
        }
    }
    let question = |(name, text): (&String, &String)| Question { name: name.clone(), text: text.clone() };
    let code = if kind == ActKind::Withdraw { ActCode::NoSignOff } else { ActCode::NotAsked };
    let mut names: Vec<String> = actor.iter().map(|person| directory.label(*person)).collect();
    order::strings(&mut names);
    Ok(Signing {
        signer: (!names.is_empty()).then(|| names.join(" or ")),
        sets,
        code,
        questions: policy.iter().flat_map(|policy| &policy.questions).map(question).collect(),
        open,
        ..Signing::default()
    })
}

/// Holds what is decided with the statement against what is decided without. An approval or an override counts where it brings a
/// rule on, and what takes something back where anything comes of it.
pub(super) fn weigh(before: &Decision, after: Decision, to_sign: &ToSign<'_>) -> Signing {
    let Decision { rules, signing, headline, outcome, policy, .. } = after;
    let mut signing = signing.unwrap_or_default();
    let takes_back = signing.code == ActCode::NoSignOff;
    let changes: Vec<(bool, String)> = rules
        .iter()
        .filter_map(|rule| change(before.rules.iter().find(|was| was.name == rule.name)?, rule))
        .collect();
    if changes.iter().any(|(better, _)| *better || takes_back) {
        signing.counts = true;
        signing.code = if takes_back { ActCode::Withdrawn } else { ActCode::Counted };
        signing.sentence = changes.into_iter().map(|(_, change)| change).collect::<Vec<_>>().join(", ");
        let open = rules.iter().filter(|rule| is_open(rule) && !rule.observed);
        signing.left = open.map(waits).collect();
        if signing.left.is_empty() && !outcome.passes() {
            signing.left.push(headline);
        }
        return signing;
    }
    let verdicts = rules.iter().flat_map(|rule| {
        let acts = rule.requirements.iter().flat_map(|requirement| &requirement.acts);
        // Beside one of the same moment neither comes later, and that one stands.
        let stands = |act: &&ActVerdict| matches!(act.code, ActCode::Counted | ActCode::Superseded);
        acts.filter(|act| act.act == TO_SIGN).filter(move |act| !stands(act)).map(move |act| (rule, act))
    });
    // What keeps somebody from a rule that waits says more than that it does not ask them.
    let rank = |(rule, act): &(&RuleResult, &ActVerdict)| (!is_open(rule), act.code == ActCode::NotEligible);
    let who = signing.signer.as_deref().unwrap_or_default();
    let acts = before.rules.iter().flat_map(|rule| &rule.requirements).flat_map(|asked| &asked.acts);
    let own: Vec<ActCode> = acts.filter(|act| act.actor == who).map(|act| act.code).collect();
    let again = own.contains(&ActCode::Counted);
    // Each other head of the change may be its head again.
    let stale = |code: &ActCode| matches!(code, ActCode::StaleHead | ActCode::StaleDiff | ActCode::StaleTree);
    if takes_back && own.iter().any(stale) {
        signing.counts = true;
        signing.code = ActCode::Withdrawn;
        signing.sentence = format!("{who} takes back what they signed about other heads of the change");
        return signing;
    }
    let mut overridden = before.rules.iter().filter_map(|rule| rule.overridden.as_ref());
    let answers = overridden.any(|overridden| overridden.by == who);
    let waived = waived(to_sign);
    let waives = rules.iter().find(|rule| waived.iter().any(|name| overrides::is_name_of(name, &rule.name)));
    let in_vain = waives.filter(|rule| !is_open(rule)).map(|rule| match rule.state {
        RuleState::Skipped => {
            format!("\"{}\" does not apply to this change, so nobody has to answer for it", rule.name)
        }
        RuleState::Overridden => format!("somebody answers for \"{}\" already", rule.name),
        _ => format!("\"{}\" is satisfied, so nobody has to answer for it", rule.name),
    });
    if let Some((_, act)) = verdicts.min_by_key(rank).filter(|_| !takes_back) {
        signing.code = act.code;
        signing.sentence.clone_from(&act.sentence);
    } else {
        signing.sentence = match () {
            () if takes_back && own.contains(&ActCode::Withdrawn) => {
                format!("{who} took back already what they had signed")
            }
            () if takes_back => "nothing is signed here that this could take back".to_owned(),
            () if policy.is_none() => "the target has no policy, so nothing asks for a sign-off".to_owned(),
            () if in_vain.is_some() => in_vain.unwrap_or_default(),
            () if answers => format!("{who} answers for it already, and that counts"),
            () if again => format!("{who} approved it already, and that counts"),
            () => format!("nothing asks for it: {headline}"),
        };
    }
    if !changes.is_empty() {
        let worse: Vec<String> = changes.into_iter().map(|(_, change)| change).collect();
        signing.sentence += &format!("; it would take away what counts now: {}", worse.join(", "));
    }
    signing
}

/// The rules for which a statement that nobody signed yet answers.
fn waived(to_sign: &ToSign<'_>) -> Vec<String> {
    let statement = read::<Statement>(to_sign.statement.as_bytes()).ok();
    let said = statement.map(|statement| statement.predicate);
    let waives = said.filter(|said| said.decision == SignoffDecision::Waive).and_then(|said| said.text);
    overrides::waived(&waives.unwrap_or_default()).map(str::to_owned).collect()
}

fn is_open(rule: &RuleResult) -> bool {
    matches!(rule.state, RuleState::Pending | RuleState::Denied)
}

/// What becomes of a rule, where anything does, and whether that is for the better.
fn change(was: &RuleResult, rule: &RuleResult) -> Option<(bool, String)> {
    let worth = |rule: &RuleResult| {
        let state = match rule.state {
            RuleState::Denied => 0,
            RuleState::Pending => 1,
            RuleState::Overridden => 2,
            RuleState::Satisfied | RuleState::Skipped => 3,
        };
        let counted = rule.requirements.iter().map(|asked| u64::from(asked.counted.min(asked.needed)));
        (state, counted.sum::<u64>())
    };
    let (before, after) = (worth(was), worth(rule));
    let text = match rule.state {
        RuleState::Satisfied => format!("\"{}\" is satisfied", rule.name),
        RuleState::Overridden => format!("\"{}\" is overridden", rule.name),
        _ => waits(rule),
    };
    (before != after).then_some((after > before, text))
}

/// That a rule waits, and for what.
fn waits(rule: &RuleResult) -> String {
    let word = if rule.state == RuleState::Denied { "denies" } else { "still waits" };
    format!("\"{}\" {word}: {}", rule.name, rule.missing.join("; "))
}
