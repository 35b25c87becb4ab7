//! Overrides: a named person answers for a rule that is not satisfied, with a reason, and until a day.
//!
//! An override never makes a rule satisfied. It is asked of people whom the policy names for it, who are held to
//! everything that an approval is held to: no contributor overrides a rule on their own change, unless the policy lets
//! contributors approve.

use super::EvaluationContext;
use super::answers::{WORDS, fold, named, words};
use super::markdown::Words;
use super::roster::Roster;
use super::sentences::label_of;
use super::votes::Vote;
use crate::Error;
use crate::limits::{SEARCHED_BYTES, VERDICT_STEPS};
use crate::model::{Act, ActCode, ActKind, ActVerdict, Overridden, Proof, When};

/// The part of a decision that an act overrides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overrides<'r> {
    /// One rule, by its name (`waive: NAME`, with a reason and a day).
    Rule(&'r str),
    /// Everything, for this head alone (`break-glass: REASON`).
    Everything,
}

/// What became of the overrides of one thing.
pub(crate) struct Overriding {
    /// The one that stands, the latest of several.
    pub stands: Option<Overridden>,
    /// Every act that asks for it, and whether it counts.
    pub verdicts: Vec<ActVerdict>,
}

/// An override as a text says it.
#[derive(Debug, Default, PartialEq, Eq)]
struct OverrideText {
    reason: String,
    until: Option<When>,
}

impl EvaluationContext<'_, '_, '_> {
    /// Judges every act that overrides something.
    ///
    /// # Errors
    /// `over-limit`.
    pub fn overriding(&self, by: &[String], what: Overrides<'_>) -> Result<Overriding, Error> {
        let acts = self.acts;
        self.steps.take(acts.list.len() as u64 * VERDICT_STEPS + acts.bytes / SEARCHED_BYTES)?;
        let roster = Roster::of(self.policy.sets(by), self.request, self.directory, self.steps)?;
        let votes = self.votes(&self.options.methods)?;
        let mut all = Vec::new();
        for (at, (act, words)) in acts.list.iter().zip(&acts.words).enumerate() {
            if acts.is_description(at) || acts.is_unrelated(at) {
                continue;
            }
            let Some(said) = said(act, words, what) else { continue };
            // Whether it was taken back is looked up among all acts.
            self.steps.take(acts.list.len() as u64)?;
            let actor = acts.actor(at);
            let code = self
                .why_no_act(at, act, &votes)
                .or_else(|| self.judge_person(act, actor, &roster))
                .or_else(|| self.judge_text(act, actor))
                .or_else(|| self.judge_binding(at, act))
                .or_else(|| self.other_head(act, words, what))
                .or_else(|| self.weigh_override(&said, what))
                .unwrap_or(ActCode::Counted);
            all.push((at, *act, said, code));
        }
        let mut overriding = Overriding { stands: None, verdicts: Vec::new() };
        let mut latest = None;
        for (at, act, said, code) in &all {
            // First the latest of a person, then whether it is void.
            let replaces = |(other, later, _, code): &(usize, &Act<'_>, OverrideText, ActCode)| {
                *code != ActCode::Counted
                    && (later.at.is_none() || later.at >= act.at)
                    && acts.actor(*other).iter().any(|person| acts.actor(*at).contains(person))
                    && acts.fault(*other).is_none()
                    && !later.deleted
            };
            let code = match *code {
                ActCode::Counted if all.iter().any(replaces) => ActCode::Superseded,
                code => code,
            };
            let who = label_of(self.directory, act, acts.actor(*at));
            if code == ActCode::Counted && latest.is_none_or(|latest| (act.at, &act.id) > latest) {
                latest = Some((act.at, &act.id));
                overriding.stands = Some(Overridden {
                    act: act.id.to_string(),
                    by: who.clone(),
                    reason: said.reason.clone(),
                    until: said.until,
                });
            }
            overriding.verdicts.push(ActVerdict {
                act: act.id.to_string(),
                sentence: self.override_sentence(code, *at, act, &who, by, what),
                actor: who,
                code,
                proof: (code == ActCode::Counted).then_some(act.proof),
                answers: Vec::new(),
            });
        }
        Ok(overriding)
    }

    /// Judges every act that overrides something which nobody can override.
    ///
    /// # Errors
    /// `over-limit`.
    pub fn in_vain(
        &self,
        says: impl Fn(&str) -> bool,
        does: &str,
        why: &str,
    ) -> Result<Vec<ActVerdict>, Error> {
        let acts = self.acts;
        let mut verdicts = Vec::new();
        if !acts.override_something {
            return Ok(verdicts);
        }
        self.steps.take(acts.list.len() as u64 * VERDICT_STEPS + acts.bytes / SEARCHED_BYTES)?;
        let votes = self.votes(&self.options.methods)?;
        for (at, (act, words)) in acts.list.iter().zip(&acts.words).enumerate() {
            if acts.is_description(at)
                || acts.is_unrelated(at)
                || !may_say(act)
                || !says(of_override(act, words))
            {
                continue;
            }
            self.steps.take(acts.list.len() as u64)?;
            let who = label_of(self.directory, act, acts.actor(at));
            let (code, sentence) = match self.why_no_act(at, act, &votes) {
                Some(ActCode::Deleted | ActCode::Dismissed | ActCode::Withdrawn) => continue,
                Some(code) => (code, self.sentence(code, at, act, &who, "", &[])),
                None => (ActCode::MethodNotAllowed, format!("{who} {does}, {why}")),
            };
            let act = act.id.to_string();
            verdicts.push(ActVerdict { act, actor: who, code, sentence, ..ActVerdict::default() });
        }
        Ok(verdicts)
    }

    /// Why an act is none, or none any more.
    fn why_no_act(&self, at: usize, act: &Act<'_>, votes: &[Vote]) -> Option<ActCode> {
        if let Some(fault) = self.acts.fault(at) {
            return Some(fault);
        }
        if act.deleted {
            return Some(ActCode::Deleted);
        }
        if act.dismissed.is_some() {
            return Some(ActCode::Dismissed);
        }
        // Whoever refuses, or takes a sign-off back, overrides nothing either; without times the safe side is later.
        let takes_back = |(other, later): (usize, &&Act<'_>)| {
            let refuses = votes.get(other) == Some(&Vote::No);
            (refuses || matches!(later.kind, ActKind::RequestChanges | ActKind::Withdraw | ActKind::Dismiss))
                && self.acts.fault(other).is_none()
                && !self.acts.is_elsewhere(other)
                && !later.deleted
                && (later.at.is_none() || later.at >= act.at)
                && self.acts.actor(other).iter().any(|person| self.acts.actor(at).contains(person))
        };
        self.acts.list.iter().enumerate().any(takes_back).then_some(ActCode::Withdrawn)
    }

    /// Glass is broken for one head, whatever keeps approvals.
    fn other_head(&self, act: &Act<'_>, words: &Words<'_>, what: Overrides<'_>) -> Option<ActCode> {
        let head = &self.change.head;
        let names_it = act.head.as_ref().map_or_else(|| self.names_head(act, words.text()), |of| of == head);
        (what == Overrides::Everything && !names_it).then_some(ActCode::StaleHead)
    }

    fn weigh_override(&self, said: &OverrideText, what: Overrides<'_>) -> Option<ActCode> {
        match words(&fold(&said.reason)) {
            0 => return Some(ActCode::UnansweredQuestion),
            words if words < WORDS => return Some(ActCode::AnswerTooShort),
            _ => {}
        }
        match (what, said.until) {
            (Overrides::Everything, _) => None,
            (Overrides::Rule(_), None) => Some(ActCode::UnansweredQuestion),
            (Overrides::Rule(_), Some(until)) => {
                (until < self.request.trigger.now).then_some(ActCode::TooOld)
            }
        }
    }

    fn override_sentence(
        &self,
        code: ActCode,
        at: usize,
        act: &Act<'_>,
        who: &str,
        by: &[String],
        what: Overrides<'_>,
    ) -> String {
        match (code, what) {
            (ActCode::Counted, Overrides::Rule(_)) => format!("{who} waives the rule"),
            (ActCode::Counted, Overrides::Everything) => format!("{who} broke the glass"),
            (ActCode::UnansweredQuestion, Overrides::Rule(_)) => {
                format!("{who} waives without a `reason:`, or without a day in `until: YYYY-MM-DD`")
            }
            (ActCode::UnansweredQuestion, Overrides::Everything) => {
                format!("{who} gives no reason behind `break-glass:`")
            }
            (ActCode::AnswerTooShort, _) => format!("the reason of {who} has fewer than {WORDS} words"),
            (ActCode::TooOld, Overrides::Rule(_)) => format!("the waiver of {who} has ended"),
            (ActCode::StaleHead, Overrides::Everything) => {
                let head = self.change.head.short();
                format!("{who} broke the glass for another head, or for none: the head is now {head}")
            }
            (ActCode::Dismissed | ActCode::Withdrawn, _) => format!("what {who} wrote was taken back"),
            _ => self.sentence(code, at, act, who, &by.join(" or "), &[]),
        }
    }
}

/// What an act says of this override. On a forge it is a text of its giver's own words; elsewhere an act of its own.
fn said(act: &Act<'_>, words: &Words<'_>, what: Overrides<'_>) -> Option<OverrideText> {
    (may_say(act) && words.text().contains(':')).then(|| read(of_override(act, words), what))?
}

/// The words of an act that may override. Only on a forge are they Markdown, of which a quotation or an example says nothing.
fn of_override<'w>(act: &Act<'_>, words: &'w Words<'_>) -> &'w str {
    if act.proof == Proof::Forge { words.own() } else { words.text() }
}

/// Whether such an act can override.
fn may_say(act: &Act<'_>) -> bool {
    match act.kind {
        ActKind::Waiver => true,
        ActKind::Comment | ActKind::Review | ActKind::Approve => act.proof == Proof::Forge,
        _ => false,
    }
}

/// Whether a text says an override.
pub(crate) fn says(words: &str, what: Overrides<'_>) -> bool {
    words.contains(':') && read(words, what).is_some()
}

/// Whether an act overrides something, whatever it is.
pub(crate) fn is_one(act: &Act<'_>, words: &Words<'_>) -> bool {
    // Most texts hold neither word, and their Markdown need not be read for this.
    let holds = |word: &str| {
        let parts = words.text().as_bytes().windows(word.len());
        parts.into_iter().any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    may_say(act)
        && (holds("waive") || holds("break-glass"))
        && (waived(of_override(act, words)).next().is_some()
            || says(of_override(act, words), Overrides::Everything))
}

/// The names behind `waive:`.
pub(crate) fn waived(words: &str) -> impl Iterator<Item = &str> {
    let waives = words.lines().filter_map(named).filter(|(key, _)| key.eq_ignore_ascii_case("waive"));
    waives.map(|(_, name)| bare(name))
}

/// Whether a name, as somebody wrote it, is that of a rule: as the policy has it, or as Markdown leaves it on a forge.
pub(crate) fn is_name_of(written: &str, rule: &str) -> bool {
    let is = |name: &str| bare(written).to_lowercase() == bare(name).to_lowercase();
    let is_plain = |c: char| c.is_alphanumeric() || " ,.:/'()".contains(c);
    is(rule) || (!rule.chars().all(is_plain) && is(&as_markdown(rule)))
}

/// What a reader of Markdown makes of a name behind a key.
fn as_markdown(name: &str) -> String {
    let act = Act { text: Some(format!("waive: {name}").into()), ..Act::default() };
    let words = Words::of(&act);
    words.own().split_once(':').map(|(_, name)| name.to_owned()).unwrap_or_default()
}

/// A value without the marks that people put around one.
fn bare(value: &str) -> &str {
    value.trim_matches(|c: char| c.is_whitespace() || "*`\"".contains(c))
}

fn read(words: &str, what: Overrides<'_>) -> Option<OverrideText> {
    let mut said: Option<OverrideText> = None;
    for line in words.lines() {
        let Some((key, value)) = named(line) else { continue };
        let value = bare(value);
        match (key.to_ascii_lowercase().as_str(), what) {
            ("waive", Overrides::Rule(name)) => {
                // The lines below a name are about that rule, up to the next name.
                match is_name_of(value, name) {
                    true => said = Some(OverrideText::default()),
                    false if said.is_some() => break,
                    false => {}
                }
            }
            ("break-glass", Overrides::Everything) => {
                said = Some(OverrideText { reason: value.to_owned(), until: None });
            }
            ("reason", Overrides::Rule(_)) => {
                if let Some(said) = &mut said {
                    said.reason = value.to_owned();
                }
            }
            ("until", Overrides::Rule(_)) => {
                if let Some(said) = &mut said {
                    // The day itself is part of it.
                    said.until = When::parse(&format!("{value}T23:59:59Z"));
                }
            }
            _ => {}
        }
    }
    said
}

/// Whether an act only overrides: it then stands in no list of approvals.
pub(super) fn only_overrides(act: &Act<'_>, vote: Vote) -> bool {
    act.kind == ActKind::Waiver && vote == Vote::Nothing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str, what: Overrides<'_>) -> Option<OverrideText> {
        let act = Act { text: Some(text.into()), ..Act::default() };
        read(Words::of(&act).own(), what)
    }

    #[test]
    fn a_waiver_names_its_rule_its_reason_and_its_day() {
        let text = "waive: Two people\nreason: the other senior is on leave until Monday\nuntil: 2026-03-31";
        let said = read_text(text, Overrides::Rule("two people")).unwrap();
        assert_eq!(said.reason, "the other senior is on leave until Monday");
        assert_eq!(said.until.unwrap().to_string(), "2026-03-31T23:59:59Z");
        assert_eq!(read_text(text, Overrides::Rule("Another")), None);
        assert_eq!(read_text(text, Overrides::Everything), None);
    }

    #[test]
    fn a_rule_is_waived_by_its_name_whatever_stands_in_that() {
        for name in [
            "AI in `src/`",
            "`src/`",
            "Rule <b>",
            "Rule [x](y)",
            "two  blanks",
            "- item",
            "> quoted",
            "# heading",
            "*all* of _it_",
            "a: b",
            "1. first",
            "über alles",
        ] {
            let text = format!(
                "waive: {name}\nreason: the other senior is on leave until Monday\nuntil: 2026-03-31"
            );
            for proof in [Proof::Signature, Proof::Claimed, Proof::Forge] {
                let act =
                    Act { kind: ActKind::Waiver, proof, text: Some(text.clone().into()), ..Act::default() };
                let words = Words::of(&act);
                let said = said(&act, &words, Overrides::Rule(name));
                assert!(said.is_some_and(|said| said.until.is_some()), "{name} {proof:?}: {}", words.own());
                assert!(self::said(&act, &words, Overrides::Rule("another rule")).is_none(), "{name}");
            }
        }
    }

    #[test]
    fn what_follows_the_name_of_another_rule_is_about_that_one() {
        let text = "waive: A\nwaive: B\nreason: only for the second of the two\nuntil: 2026-03-31";
        assert_eq!(read_text(text, Overrides::Rule("A")), Some(OverrideText::default()));
        assert!(read_text(text, Overrides::Rule("B")).unwrap().until.is_some());
    }

    #[test]
    fn no_day_is_read_from_what_is_none() {
        for day in ["tomorrow", "2026-02-30", "2026-3-1", ""] {
            let text = format!("waive: A\nreason: because of this and that\nuntil: {day}");
            assert_eq!(read_text(&text, Overrides::Rule("A")).unwrap().until, None, "{day}");
        }
    }

    #[test]
    fn a_quoted_override_overrides_nothing() {
        assert_eq!(read_text("> break-glass: production is down, rolling back", Overrides::Everything), None);
        let text = "break-glass: production is down, rolling back";
        assert_eq!(
            read_text(text, Overrides::Everything).unwrap().reason,
            "production is down, rolling back"
        );
    }
}
