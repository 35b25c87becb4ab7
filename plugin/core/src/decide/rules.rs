//! One rule after the other: whether it applies, and what it still lacks.

use super::outcome::{Judgement, combined};
use super::predicates::{Facts, Settled, Truth, count, draft};
use super::remedies;
use crate::Error;
use crate::change::{CoAuthor, Judged};
use crate::limits::Steps;
use crate::model::{
    ActKind, ActVerdict, Change, Enforce, Fact, OpenQuestion, Overridden, Remedy, Request, RequirementResult,
    Role, RuleCode, RuleResult, RuleState,
};
use crate::policy::{Approvals, BreakGlass, Draft, Effect, Ignore, Options, Policy, Requirement, Rule, Veto};
use crate::provenance::Table;
use crate::signoff::contributors::{Contributors, ignored};
use crate::signoff::overrides::{self, Overrides};
use crate::signoff::people::{Directory, PersonId};
use crate::signoff::roster::Roster;
use crate::signoff::{self, Acts, EvaluationContext, Tally, Untold};

/// The contributors as each rule sees them: most rules ignore no commits and see them all.
pub(super) struct Views<'p, 'r, 'a> {
    pub all: Contributors<'r, 'a>,
    /// With some commits ignored.
    some: Vec<(&'p Ignore, Contributors<'r, 'a>)>,
}

impl<'p, 'r, 'a> Views<'p, 'r, 'a> {
    /// A view for each way in which a rule ignores commits.
    pub fn of(
        policy: Option<&'p Policy>,
        request: &'r Request<'a>,
        judged: &Judged<'r, 'a>,
        co_authors: &[CoAuthor],
        table: &Table,
        directory: &mut Directory,
        steps: &Steps,
    ) -> Result<Self, Error> {
        let all = Contributors::of(request, judged, co_authors, table, directory, &[]);
        let mut views = Views { all, some: Vec::new() };
        let Some(policy) = policy else { return Ok(views) };
        let rules = policy.rules.iter().map(|rule| &rule.options.ignore);
        let veto = policy.veto.iter().map(|veto| &veto.options.ignore);
        let glass = policy.break_glass.iter().map(|glass| &glass.options.ignore);
        for ignore in rules.chain(veto).chain(glass).filter(|ignore| **ignore != Ignore::default()) {
            if views.some.iter().all(|(known, _)| *known != ignore) {
                let ignored = ignored(ignore, request, judged, policy, table, directory, steps)?;
                let view = Contributors::of(request, judged, co_authors, table, directory, &ignored);
                views.some.push((ignore, view));
            }
        }
        Ok(views)
    }

    /// Whether some options keep a person from approving who took part.
    pub fn bars(&self, person: PersonId, options: &Options) -> bool {
        self.get(&options.ignore).bars(person, options).is_some()
    }

    fn get(&self, ignore: &Ignore) -> &Contributors<'r, 'a> {
        let view = self.some.iter().find(|(known, _)| *known == ignore);
        view.map_or(&self.all, |(_, contributors)| contributors)
    }
}

/// What the rules have to say beside their results.
#[derive(Default)]
pub(super) struct RuleOutput {
    pub remedies: Vec<Remedy>,
    /// What would lift what no approval can.
    pub lifts: Vec<Remedy>,
    /// What lets a rule know what it waits for, which is no sign-off.
    pub facts: Vec<Remedy>,
    /// What the statement leaves unanswered that nobody signed yet.
    pub unanswered: Vec<OpenQuestion>,
    /// People whose approval counts and rests on a file alone.
    pub claimed: Vec<String>,
}

/// A change before the rules of its policy.
pub(super) struct RuleContext<'c, 'r, 'a> {
    pub facts: &'c Facts<'c, 'r, 'a>,
    pub change: &'r Change<'a>,
    pub views: &'c Views<'c, 'r, 'a>,
    pub acts: &'c Acts<'c, 'a>,
    /// Those who have a key that counts now; none where approvals come by reviews, or nobody has a key.
    pub able: Option<&'c [PersonId]>,
}

impl<'c, 'r, 'a> RuleContext<'c, 'r, 'a> {
    fn evaluation(&self, options: &'c Options) -> EvaluationContext<'c, 'r, 'a> {
        EvaluationContext {
            request: self.facts.request,
            change: self.change,
            policy: self.facts.policy,
            directory: self.facts.directory,
            contributors: self.views.get(&options.ignore),
            options,
            acts: self.acts,
            steps: self.facts.steps,
        }
    }

    /// Judges one rule.
    pub fn rule(&self, rule: &'c Rule, said: &mut RuleOutput) -> Result<Judgement, Error> {
        let truth = match &rule.when {
            Some(predicate) => self.facts.test(predicate)?,
            None => Truth::Yes(vec!["it applies to every change".to_owned()], Settled::Yes),
        };
        let mut result =
            RuleResult { observed: rule.enforce == Enforce::Observe, ..skipped(&rule.name, Vec::new()) };
        let mut settled = Settled::Yes;
        let empty = self.facts.judged.all().next().is_none() && self.facts.judged.incomplete.is_none();
        match truth {
            _ if empty => result.because = vec!["there are no commits to judge".to_owned()],
            Truth::No(because, whether) => {
                result.because = because;
                settled = whether;
            }
            Truth::Unknown(code, missing) => {
                result.state = RuleState::Pending;
                result.code = code;
                result.because = vec!["whether it applies is not known".to_owned()];
                result.missing = missing;
                settled = Settled::No;
                if !result.observed {
                    let notes = remedies::unreadable_notes(
                        self.facts.request,
                        rule,
                        self.facts.findings,
                        &result.missing,
                    );
                    if notes.is_empty() {
                        said.facts.push(self.unknown(&rule.name, &result.missing));
                    }
                    said.lifts.extend(notes);
                }
            }
            Truth::Yes(because, _) => {
                result.because = because;
                match &rule.effect {
                    Effect::Deny(reason) => {
                        result.state = RuleState::Denied;
                        result.code = RuleCode::Denied;
                        result.missing = vec![reason.clone()];
                        if !result.observed {
                            let because = result.because.join("; ");
                            said.lifts.push(remedies::denial(rule, reason, &because, self.behind()));
                        }
                    }
                    Effect::Require(requirements) => self.require(rule, requirements, &mut result, said)?,
                }
            }
        }
        self.waive(rule, &mut result, said)?;
        Ok((result, settled))
    }

    /// Lets a named person answer for a rule that is not satisfied. What somebody vetoes is not waived, nor a draft, nor
    /// what may have an author whom nobody knows.
    fn waive(&self, rule: &'c Rule, result: &mut RuleResult, said: &mut RuleOutput) -> Result<(), Error> {
        if !matches!(result.state, RuleState::Pending | RuleState::Denied) {
            return Ok(());
        }
        let evaluation = self.evaluation(&rule.options);
        let nobody = match result.code {
            RuleCode::Vetoed => Some("and what somebody refuses is not waived"),
            _ => rule.waivable_by.is_empty().then_some("which the policy lets nobody do"),
        };
        if let Some(why) = nobody {
            let says = |words: &str| overrides::says(words, Overrides::Rule(&rule.name));
            show_tried(result, evaluation.in_vain(says, "waives the rule", why)?);
            return Ok(());
        }
        if !result.observed && said.lifts.iter().any(|lift| lift.rule == rule.name) {
            let who = self.waivers(rule, &evaluation)?;
            said.lifts.extend(who.map(|who| remedies::waiver(self.facts.request, self.change, rule, who)));
        }
        let overriding = evaluation.overriding(&rule.waivable_by, Overrides::Rule(&rule.name))?;
        if overriding.verdicts.is_empty() {
            return Ok(());
        }
        let mut blocked =
            self.draft().or_else(|| self.unknowable(&evaluation)).or_else(|| self.unread_acts());
        if blocked.is_none() && overriding.stands.is_some() {
            blocked = self.refused(rule, &evaluation)?;
        }
        if let (Some(_), Some((_, why))) = (&overriding.stands, &blocked) {
            result.missing.push(format!("it cannot be waived: {why}"));
        }
        if let Some(overridden) = overriding.stands.filter(|_| blocked.is_none()) {
            said.remedies.retain(|remedy| remedy.rule != rule.name);
            said.lifts.retain(|remedy| remedy.rule != rule.name);
            said.facts.retain(|remedy| remedy.rule != rule.name);
            overrule(result, RuleCode::Waived, &overridden);
        }
        show_override(
            result,
            format!("or a waiver by {}", rule.waivable_by.join(" or ")),
            overriding.verdicts,
        );
        Ok(())
    }

    /// Who may answer for a rule on this change; none where nobody is left.
    fn waivers(
        &self,
        rule: &Rule,
        evaluation: &EvaluationContext<'_, '_, '_>,
    ) -> Result<Option<Vec<String>>, Error> {
        let Facts { request, policy, directory, steps, .. } = self.facts;
        let roster = Roster::of(policy.sets(&rule.waivable_by), request, directory, steps)?;
        let may = roster.people().filter(|person| evaluation.may(*person, &roster));
        let mut who: Vec<String> = may.map(|person| directory.label(person)).collect();
        crate::order::strings(&mut who);
        // Where nothing has groups, nobody is in one.
        if who.is_empty()
            && roster.is_uncertain(request, directory)
            && !request.absent.contains(&Fact::People)
        {
            who.clone_from(&rule.waivable_by);
        }
        Ok((!who.is_empty()).then_some(who))
    }

    /// Whether somebody refuses who may, or of whom it is not known whether they may.
    fn refused(
        &self,
        rule: &Rule,
        evaluation: &EvaluationContext<'_, '_, '_>,
    ) -> Result<Option<(RuleCode, String)>, Error> {
        let Effect::Require(requirements) = &rule.effect else { return Ok(None) };
        if !rule.options.request_changes_vetoes {
            return Ok(None);
        }
        let mut unread = RuleResult { state: RuleState::Satisfied, ..RuleResult::default() };
        let asked = self.asked(requirements, &mut unread)?;
        if unread.state == RuleState::Pending {
            return Ok(unread.missing.first().map(|why| (unread.code, why.clone())));
        }
        for asked in asked {
            let tally = evaluation.tally(&asked.requirement, asked.owners.as_ref())?;
            if let Some(who) = tally.vetoes.first().or(tally.unreadable_refusal.as_ref()) {
                return Ok(Some((RuleCode::Vetoed, format!("{who} asks for changes"))));
            }
        }
        Ok(None)
    }

    /// Those who took part, for whoever is to change what a rule is about.
    fn behind(&self) -> Vec<String> {
        self.views.all.list(self.facts.directory, |_| false).into_iter().map(|behind| behind.person).collect()
    }

    /// Attempts to break a glass that the policy does not have. None where nobody tried.
    pub fn no_glass(&self) -> Result<Option<RuleResult>, Error> {
        let options = &self.facts.policy.defaults;
        let says = |words: &str| overrides::says(words, Overrides::Everything);
        let why = "which the policy lets nobody do";
        let acts = self.evaluation(options).in_vain(says, "breaks the glass", why)?;
        Ok(tried("break-glass", "the policy lets nobody break the glass", acts))
    }

    /// Waivers of rules that the policy does not have. None where there are none.
    pub fn stray_waivers(&self) -> Result<Option<RuleResult>, Error> {
        let Policy { rules, defaults, .. } = self.facts.policy;
        let named = |name: &str| rules.iter().any(|rule| overrides::is_name_of(name, &rule.name));
        let says = |words: &str| overrides::waived(words).any(|name| !named(name));
        let why = "and the policy has no rule of that name";
        let acts = self.evaluation(defaults).in_vain(says, "waives a rule", why)?;
        Ok(tried("waiver", "no rule has the name that is waived", acts))
    }

    /// Whether a named person broke the glass: then everything that is open is overridden. None where nobody tried.
    pub fn break_glass<'x>(
        &self,
        glass: &'c BreakGlass,
        rules: impl Iterator<Item = &'x mut RuleResult>,
    ) -> Result<Option<RuleResult>, Error> {
        let evaluation = self.evaluation(&glass.options);
        let overriding = evaluation.overriding(&glass.by, Overrides::Everything)?;
        if overriding.verdicts.is_empty() {
            return Ok(None);
        }
        let mut result = skipped("break-glass", vec!["nobody who may broke the glass".to_owned()]);
        // Those who took part are told from those who did not, unless all of them may.
        let blocked = self.unknowable(&evaluation).or_else(|| self.unread_acts());
        if let (Some(_), Some((_, why))) = (&overriding.stands, &blocked) {
            result.because = vec![format!("the glass cannot be broken: {why}")];
        }
        if let Some(overridden) = overriding.stands.filter(|_| blocked.is_none()) {
            result.because = vec![format!("{} can break the glass", glass.by.join(" or "))];
            overrule(&mut result, RuleCode::BreakGlass, &overridden);
            let open = |rule: &&mut RuleResult| matches!(rule.state, RuleState::Pending | RuleState::Denied);
            rules.filter(open).for_each(|rule| overrule(rule, RuleCode::BreakGlass, &overridden));
        }
        show_override(&mut result, format!("a reason by {}", glass.by.join(" or ")), overriding.verdicts);
        Ok(Some(result))
    }

    fn require(
        &self,
        rule: &'c Rule,
        requirements: &[Requirement],
        result: &mut RuleResult,
        said: &mut RuleOutput,
    ) -> Result<(), Error> {
        result.state = RuleState::Satisfied;
        result.code = RuleCode::Satisfied;
        let evaluation = self.evaluation(&rule.options);
        // What hangs on the change as a whole comes first: no approval can make up for it.
        if let Some((code, why)) = self.blocked_as_a_whole(&evaluation, requirements) {
            if !result.observed && code == RuleCode::UnattributedCommit {
                said.facts.push(remedies::unattributed(rule, &why));
            } else if !result.observed && code != RuleCode::Draft && self.draft().is_none() {
                said.facts.push(self.unknown(&rule.name, std::slice::from_ref(&why)));
            }
            pend(result, code, why);
        }
        let asks = requirements.iter().any(|asked| asked.approvals != Approvals::Number(0));
        let by_forge = super::reviews(self.facts.request, self.change);
        let untold = evaluation
            .untold(by_forge, requirements.iter().any(|asked| !asked.answers.is_empty()))
            .filter(|_| asks);
        if let Some(untold) = untold {
            pend(result, RuleCode::FactUnavailable, untold.why().to_owned());
            match untold {
                _ if result.observed => {}
                Untold::Conflict | Untold::Nothing => {
                    said.lifts.push(remedies::rebase(rule, self.change, untold, self.behind()));
                }
                Untold::Push | Untold::Diff | Untold::Tree | Untold::Answers => {
                    said.facts.push(self.unknown(&rule.name, &[untold.why().to_owned()]));
                }
            }
        }
        if let Some(conditions) = &rule.conditions {
            match self.facts.test(conditions)? {
                Truth::Yes(reasons, _) => result.because.extend(reasons),
                Truth::No(reasons, settled) => {
                    let why = format!("its conditions are not met: {}", reasons.join(", and "));
                    // What needs a push makes vain what is signed before it; what can come by itself does not.
                    let ways = if settled == Settled::Yes { &mut said.lifts } else { &mut said.facts };
                    if !result.observed {
                        ways.push(remedies::condition(rule, &why, settled, self.behind()));
                    }
                    pend(result, RuleCode::ConditionUnmet, why);
                }
                Truth::Unknown(code, reasons) => {
                    if !result.observed {
                        said.facts.push(self.unknown(&rule.name, &reasons));
                    }
                    pend(result, code, reasons.join(", and "));
                }
            }
        }
        let known = result.missing.len();
        let asked = self.asked(requirements, result)?;
        if let Some(why) = result.missing.get(known..).filter(|why| !why.is_empty() && !result.observed) {
            said.facts.push(match self.facts.unread_files() {
                Some(_) => self.unknown(&rule.name, why),
                None => remedies::owners(rule, why),
            });
        }
        if asked.is_empty() && result.state == RuleState::Satisfied {
            result.because.push("CODEOWNERS names nobody for these files".to_owned());
            (result.state, result.code) = (RuleState::Skipped, RuleCode::NotApplicable);
        }
        let mut tallies = asked
            .iter()
            .map(|asked| evaluation.tally(&asked.requirement, asked.owners.as_ref()))
            .collect::<Result<Vec<Tally>, Error>>()?;
        if rule.distinct {
            share_out(&mut tallies);
        }
        for (asked, tally) in asked.iter().zip(tallies) {
            self.count(rule, &asked.requirement, tally, untold.is_some(), result, said);
        }
        Ok(())
    }

    /// Holds one requirement against what it got. Nobody is asked for what would be in vain.
    fn count(
        &self,
        rule: &Rule,
        requirement: &Requirement,
        tally: Tally,
        in_vain: bool,
        result: &mut RuleResult,
        said: &mut RuleOutput,
    ) {
        if !tally.vetoes.is_empty() {
            result.state = RuleState::Denied;
            result.code = RuleCode::Vetoed;
            result.missing.push(format!("{} asks for changes", tally.vetoes.join(", ")));
            if !result.observed {
                said.lifts.push(remedies::refusal(&rule.name, tally.vetoes.clone()));
            }
        }
        let counted = u32::try_from(tally.counted.len()).unwrap_or(u32::MAX);
        let open = tally.needed.saturating_sub(counted);
        // An approval more changes nothing, and a refusal does.
        if (open > 0 || tally.unreadable_refusal.is_some())
            && let Some(who) = &tally.unreadable
        {
            let why = format!("whether {who} may approve could not be read");
            self.unread(rule, why, open > 0, result, said);
        }
        if requirement.approvals == Approvals::All && tally.uncertain {
            let why = "who all are that have to approve could not be read".to_owned();
            self.unread(rule, why, open > 0, result, said);
        }
        if open > 0 {
            let known = tally.unreadable_groups.is_empty();
            if known && (tally.eligible.len() as u64) < u64::from(open) {
                let why = match tally.eligible.as_slice() {
                    [] => "everybody who could approve is behind the change or has approved".to_owned(),
                    some => format!("only {} could still approve", some.join(", ")),
                };
                let why = match &tally.barred_perhaps {
                    Some(barred) => format!("{why} ({barred})"),
                    None => why,
                };
                pend(
                    result,
                    RuleCode::Impossible,
                    format!("{}: {why}", missing_approvals(open, counted, requirement)),
                );
                if !result.observed {
                    said.lifts.push(remedies::more_people(rule, requirement));
                }
            } else {
                if !known {
                    let groups = tally.unreadable_groups.join(", ");
                    pend(
                        result,
                        RuleCode::FactUnavailable,
                        format!("the members of {groups} could not be read"),
                    );
                }
                pend(result, RuleCode::MissingApprovals, missing_approvals(open, counted, requirement));
                if !in_vain {
                    said.remedies.push(self.approval(rule, requirement, &tally));
                }
            }
        }
        said.claimed.extend(tally.claimed);
        for open in tally.unanswered {
            if said.unanswered.iter().all(|known| known.name != open.name) {
                said.unanswered.push(open);
            }
        }
        result.requirements.push(RequirementResult {
            asks: asks(requirement),
            needed: tally.needed,
            counted,
            eligible: tally.eligible,
            acts: tally.verdicts,
        });
    }

    /// Leaves a rule pending by what nobody could read. Where approvals are asked for besides, those are the way out.
    fn unread(&self, rule: &Rule, why: String, asks: bool, result: &mut RuleResult, said: &mut RuleOutput) {
        if !result.observed && !asks {
            said.facts.push(self.unknown(&rule.name, std::slice::from_ref(&why)));
        }
        pend(result, RuleCode::FactUnavailable, why);
    }

    /// How what is missing can come, from whom it can come.
    fn approval(&self, rule: &Rule, requirement: &Requirement, tally: &Tally) -> Remedy {
        let Facts { request, policy, .. } = self.facts;
        let methods = &rule.options.methods;
        let by_forge = super::reviews(request, self.change);
        let ways = match self.able {
            _ if !methods.by_review() && by_forge => remedies::Ways::Comment,
            _ if !methods.by_review() => remedies::Ways::NoComments,
            None if by_forge => remedies::Ways::Review,
            _ if tally.eligible.is_empty() && request.absent.contains(&Fact::People) => {
                remedies::Ways::NoGroups
            }
            None => remedies::Ways::NoKeys,
            Some(able) => {
                let has_key =
                    |(person, _): &&(PersonId, String)| able.iter().any(|able| able.may_be(*person));
                let mut who: Vec<String> =
                    tally.open.iter().filter(has_key).map(|(_, label)| label.clone()).collect();
                crate::order::strings(&mut who);
                // Whoever has no address in the policy has none by which a line of keys could mean them.
                let nameless =
                    |(person, _): &&(PersonId, String)| !self.facts.directory.is_told_apart(*person);
                let mut unknown: Vec<String> =
                    tally.open.iter().filter(nameless).map(|(_, label)| label.clone()).collect();
                crate::order::strings(&mut unknown);
                match who.is_empty() {
                    true => remedies::Ways::NoKeyYet(unknown),
                    false => remedies::Ways::Sign(who),
                }
            }
        };
        remedies::approval(request, self.change, policy, rule, requirement, tally, ways)
    }

    /// Whether somebody or something stops the change as a whole.
    pub fn veto(&self, veto: &'c Veto, said: &mut RuleOutput) -> Result<RuleResult, Error> {
        let mut result = RuleResult {
            observed: veto.enforce == Enforce::Observe,
            ..skipped("veto", vec!["nobody vetoes the change".to_owned()])
        };
        let evaluation = self.evaluation(&veto.options);
        let words = signoff::veto(&evaluation, veto)?;
        let unknown_part = if words.lifted_by_another { evaluation.contributors.unknown() } else { None };
        let standing = words.standing;
        let unread_acts = !veto.by.is_empty()
            && (!self.facts.request.complete.contains(&Fact::Acts)
                || self.facts.request.missing(Fact::Acts).is_some()
                || self.unread_document().is_some());
        let truth = veto.when.as_ref().map(|predicate| self.facts.test(predicate)).transpose()?;
        match truth {
            _ if !standing.is_empty() => {
                result.because = vec![format!("{} can stop a change", veto.by.join(" or "))];
                result.missing = vec![format!("{} vetoes the change", standing.join(", "))];
                if !result.observed {
                    said.lifts.push(remedies::refusal("veto", standing));
                }
                (result.state, result.code) = (RuleState::Denied, RuleCode::Vetoed);
            }
            Some(Truth::Yes(reasons, _)) => {
                if !result.observed {
                    said.lifts.push(remedies::vetoed(&reasons.join("; "), self.behind()));
                }
                result.because = reasons.clone();
                result.missing = reasons;
                (result.state, result.code) = (RuleState::Denied, RuleCode::Vetoed);
            }
            Some(Truth::Unknown(code, missing)) => {
                if !result.observed {
                    said.facts.push(self.unknown("veto", &missing));
                }
                result.because = vec!["whether something vetoes the change is not known".to_owned()];
                result.missing = missing;
                (result.state, result.code) = (RuleState::Pending, code);
            }
            _ if unread_acts => {
                result.because = vec!["whether somebody vetoes the change is not known".to_owned()];
                result.missing = vec!["the list of what people said may have been cut".to_owned()];
                (result.state, result.code) = (RuleState::Pending, RuleCode::ListIncomplete);
            }
            _ if unknown_part.is_some() => {
                let (code, why) = unknown_part.unwrap_or_default();
                result.because = vec!["whether a veto was lifted is not known".to_owned()];
                result.missing = vec![why];
                (result.state, result.code) = (RuleState::Pending, code);
            }
            _ if words.unreadable.is_some() => {
                let who = words.unreadable.unwrap_or_default();
                result.because = vec![format!("{who} asks to stop the change")];
                result.missing = vec![format!("whether {who} may veto could not be read")];
                (result.state, result.code) = (RuleState::Pending, RuleCode::FactUnavailable);
            }
            _ => {}
        }
        if result.state == RuleState::Pending
            && !result.observed
            && said.facts.iter().all(|known| known.rule != "veto")
        {
            said.facts.push(self.unknown("veto", &result.missing));
        }
        Ok(result)
    }

    /// A reason for which no approval can count yet.
    fn blocked_as_a_whole(
        &self,
        evaluation: &EvaluationContext<'_, '_, '_>,
        requirements: &[Requirement],
    ) -> Option<(RuleCode, String)> {
        if let Some(draft) = self.draft() {
            return Some(draft);
        }
        if let Some(why) = &self.facts.judged.incomplete {
            return Some((RuleCode::ListIncomplete, why.clone()));
        }
        if requirements.iter().all(|requirement| requirement.approvals == Approvals::Number(0)) {
            return None;
        }
        self.unknowable(evaluation).or_else(|| self.unread_acts())
    }

    /// What lets a rule know what it waits for.
    fn unknown(&self, rule: &str, missing: &[String]) -> Remedy {
        remedies::unknown(self.facts.request, rule, missing)
    }

    /// What lifts that a draft is held; none where nothing holds one.
    pub fn ready(&self) -> Option<Remedy> {
        let (code, _) = self.draft()?;
        let opener = self.views.all.openers().next().map(|opener| self.facts.directory.label(opener));
        Some(remedies::draft(code, opener))
    }

    /// What holds a draft, and what may be one, where the rules do not.
    pub fn held_draft(&self, rules: &[Judgement]) -> Option<RuleResult> {
        let (code, why) = self.draft()?;
        let held = RuleResult {
            name: "draft".to_owned(),
            state: RuleState::Pending,
            code,
            missing: vec![why],
            ..RuleResult::default()
        };
        (combined(self.facts.policy, rules) != RuleState::Pending).then_some(held)
    }

    fn draft(&self) -> Option<(RuleCode, String)> {
        if self.facts.policy.draft == Draft::Evaluate {
            return None;
        }
        match self.facts.request.is_draft() {
            Some(true) => Some((RuleCode::Draft, "the change is a draft".to_owned())),
            Some(false) => None,
            None => Some((
                RuleCode::FactUnavailable,
                format!("{}, and the policy says `draft: block`", draft::UNKNOWN),
            )),
        }
    }

    /// Why it is not known who took part, where that matters: nobody has to be told apart where everybody may approve.
    fn unknowable(&self, evaluation: &EvaluationContext<'_, '_, '_>) -> Option<(RuleCode, String)> {
        let EvaluationContext { contributors, options, .. } = evaluation;
        if let Some(why) = &contributors.incomplete {
            return Some((RuleCode::ListIncomplete, why.clone()));
        }
        if !options.others_may
            && let Some(unattributed) = contributors.unattributed()
        {
            return Some(unattributed);
        }
        let bars_nobody = options.others_may && options.author_may;
        let why = contributors.unread.clone().filter(|_| !bars_nobody)?;
        Some((RuleCode::FactUnavailable, why))
    }

    /// Why a document cannot be read that says whose act one is, or who is the same person. What stands in CODEOWNERS concerns the
    /// rules that ask owners alone.
    fn unread_document(&self) -> Option<String> {
        let owners = self.facts.policy.codeowners.as_ref();
        let of_owners = |path: &str| owners.is_some_and(|owners| owners.dialect.paths().contains(&path));
        let request = self.facts.request;
        let signed =
            || request.to_sign.is_some() || request.acts.iter().any(|act| act.kind == ActKind::Signed);
        self.facts.request.unread_document(|path, role| match role {
            Some(Role::AllowedSigners | Role::RevokedKeys) => signed(),
            Some(role) => matches!(role, Role::Mailmap | Role::Requirements),
            None => !of_owners(path),
        })
    }

    /// Why there may be acts that are not here.
    fn unread_acts(&self) -> Option<(RuleCode, String)> {
        let request = self.facts.request;
        if let Some(why) = self.unread_document() {
            return Some((RuleCode::FactUnavailable, why));
        }
        if let Some(missing) = request.missing(Fact::Acts) {
            let why = format!("sign-offs could not be read: {}", missing.reason);
            return Some((RuleCode::FactUnavailable, why));
        }
        (!request.complete.contains(&Fact::Acts))
            .then(|| (RuleCode::ListIncomplete, "the list of sign-offs may have been cut".to_owned()))
    }
}

/// What becomes of a rule that does not apply.
fn skipped(name: &str, because: Vec<String>) -> RuleResult {
    RuleResult {
        name: name.to_owned(),
        state: RuleState::Skipped,
        code: RuleCode::NotApplicable,
        because,
        ..RuleResult::default()
    }
}

/// What no rule can say, because the policy that would say it lacks or has a fault: open until somebody answers for it.
pub(super) fn lacking(why: String) -> Judgement {
    let rule = RuleResult {
        name: "policy".to_owned(),
        state: RuleState::Pending,
        code: RuleCode::FactUnavailable,
        missing: vec![why],
        ..RuleResult::default()
    };
    (rule, Settled::No)
}

/// A result that shows what was tried in vain; none where nobody tried.
fn tried(name: &str, because: &str, acts: Vec<ActVerdict>) -> Option<RuleResult> {
    let mut result = skipped(name, vec![because.to_owned()]);
    (!acts.is_empty()).then(|| {
        show_tried(&mut result, acts);
        result
    })
}

/// Lists acts that override nothing, where there are any.
fn show_tried(result: &mut RuleResult, acts: Vec<ActVerdict>) {
    if !acts.is_empty() {
        let asks = "no override".to_owned();
        result.requirements.push(RequirementResult { asks, acts, ..RequirementResult::default() });
    }
}

/// Lists the acts that would override a rule, beside what it asks for.
fn show_override(result: &mut RuleResult, asks: String, acts: Vec<ActVerdict>) {
    let counted = u32::from(result.overridden.is_some());
    result.requirements.push(RequirementResult { asks, needed: 1, counted, eligible: Vec::new(), acts });
}

/// Marks a rule as one that a named person answers for.
fn overrule(result: &mut RuleResult, code: RuleCode, overridden: &Overridden) {
    result.state = RuleState::Overridden;
    result.code = code;
    result.overridden = Some(overridden.clone());
}

/// Leaves a rule pending; the first reason gives the code.
pub(super) fn pend(result: &mut RuleResult, code: RuleCode, why: String) {
    if result.state == RuleState::Satisfied {
        result.state = RuleState::Pending;
        result.code = code;
    }
    result.missing.push(why);
}

/// Lets each person serve one requirement alone, so that as many as possible are served.
fn share_out(tallies: &mut [Tally]) {
    // Who serves which requirement; a person moves to another when that makes room.
    let mut serves: Vec<(PersonId, usize)> = Vec::new();
    for at in 0..tallies.len() {
        let needed = tallies.get(at).map_or(0, |tally| tally.needed);
        for _ in 0..needed {
            if !find_server(at, tallies, &mut serves, &mut Vec::new()) {
                break;
            }
        }
    }
    for (at, tally) in tallies.iter_mut().enumerate() {
        tally.counted.retain(|person| serves.contains(&(*person, at)));
    }
}

/// Finds somebody for one more approval of a requirement, by an augmenting path.
fn find_server(
    requirement: usize,
    tallies: &[Tally],
    serves: &mut Vec<(PersonId, usize)>,
    tried: &mut Vec<PersonId>,
) -> bool {
    let Some(tally) = tallies.get(requirement) else { return false };
    for &person in &tally.counted {
        if tried.contains(&person) || serves.contains(&(person, requirement)) {
            continue;
        }
        tried.push(person);
        let place = serves.iter().position(|(server, _)| *server == person);
        let elsewhere = place.and_then(|place| serves.get(place)).map(|(_, elsewhere)| *elsewhere);
        let free = match elsewhere {
            None => true,
            Some(elsewhere) => find_server(elsewhere, tallies, serves, tried),
        };
        if free {
            if let Some(elsewhere) = elsewhere {
                serves.retain(|served| *served != (person, elsewhere));
            }
            serves.push((person, requirement));
            return true;
        }
    }
    false
}

fn asks(requirement: &Requirement) -> String {
    let approvals = match requirement.approvals {
        Approvals::Number(0) => return "no approval".to_owned(),
        Approvals::Number(number) => count(number as usize, "approval"),
        Approvals::All => "an approval of everybody".to_owned(),
    };
    let by = by(requirement);
    match requirement.answers.as_slice() {
        [] => format!("{approvals} {by}"),
        answers => format!("{approvals} {by}, answering {}", answers.join(", ")),
    }
}

fn by(requirement: &Requirement) -> String {
    let word = if requirement.approvals == Approvals::All { "among" } else { "by" };
    format!("{word} {}", requirement.by.join(" or "))
}

fn missing_approvals(open: u32, counted: u32, requirement: &Requirement) -> String {
    let more = if counted == 0 { "" } else { " more" };
    format!("{}{more} {}", count(open as usize, "approval"), by(requirement))
}
