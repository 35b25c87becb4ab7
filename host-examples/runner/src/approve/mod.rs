//! `countersign approve`

mod draft;
mod keys;
mod preview;

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use countersign_core::model::{
    ActCode, Change, Decision, Request, SIGNATURE_NAMESPACE, Signing, Signoff, SignoffDecision, read,
};
use countersign_core::plain;
use countersign_core::wellknown::SIGNOFFS;
use countersign_host::cli::now;
use countersign_host::collect::{Collector, PolicyFrom, Selection};
use countersign_host::git::Repository;
use countersign_host::signing::sign;
use countersign_host::statements::{self, Record};

use crate::ModuleChoice;
use crate::change::ChangeChoice;
use crate::output;
use crate::pushed::Standing;
use crate::signoffs::Way;
use draft::Draft;

/// Sign off a change with an SSH key.
///
/// Shows what is signed, asks the questions that the policy asks, asks the module whether the sign-off would count, signs
/// with `ssh-keygen` (so agents and security keys work) and keeps the statement in git, from where it is pushed.
#[derive(Args)]
#[command(
    after_help = "Example:\n  countersign approve --target main --yes --answer topology=\"only the billing queue and its two readers\"\n  \
    git push origin refs/countersign/signoffs\n\nExit codes: 0 signed, 1 it would not count, would be in vain or was declined, so nothing is signed, 2 cannot sign"
)]
pub struct Approve {
    #[command(flatten)]
    change: ChangeChoice,
    /// The branch whose policy judges, where a server says that it is another than the target.
    #[arg(long, value_name = "BRANCH")]
    policy_of: Option<String>,
    /// An answer to a question of the policy; what is not answered is asked on a terminal.
    #[arg(long, value_name = "NAME=TEXT", conflicts_with = "withdraw")]
    answer: Vec<String>,
    /// The private key, or the public one of a key that an agent holds [default: git's user.signingKey, else the first
    /// of ~/.ssh/id_ed25519, id_ecdsa, id_rsa].
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Sign without asking; needed where standard input is no terminal.
    #[arg(long, short)]
    yes: bool,
    /// Sign what would not count, or would be in vain, all the same.
    #[arg(long)]
    anyway: bool,
    /// Take an earlier sign-off back.
    #[arg(long)]
    withdraw: bool,
    /// Answer for a rule that is not satisfied, instead of approving; the policy says who may.
    #[arg(
        long,
        value_name = "RULE",
        group = "override",
        conflicts_with = "withdraw",
        requires_all = ["reason", "until"],
        allow_hyphen_values = true
    )]
    waive: Option<String>,
    /// The last day of the waiver.
    #[arg(long, value_name = "YYYY-MM-DD", requires = "waive")]
    until: Option<String>,
    /// Answer for all rules at once, for this head alone; the policy says who may. Its reason stands here or in --reason.
    #[arg(long, value_name = "REASON", num_args = 0..=1, default_missing_value = "", group = "override", conflicts_with = "withdraw")]
    break_glass: Option<String>,
    /// Why it is overridden, in five words or more.
    #[arg(long, value_name = "TEXT", requires = "override")]
    reason: Option<String>,
}

impl Approve {
    pub fn run(&self, choice: &ModuleChoice) -> anyhow::Result<ExitCode> {
        let module = choice.load()?;
        let mut collector = Collector::new(&module, &self.change.repo)?;
        let policy = match &self.policy_of {
            Some(branch) => {
                let rules = collector.named_target(branch)?;
                if rules.tip.is_none() {
                    bail!("`--policy-of {branch}` names no branch that is here; fetch it");
                }
                PolicyFrom::Branch(rules)
            }
            None => PolicyFrom::Target,
        };
        // Nobody answers questions for a key that is not there.
        let key = match &self.key {
            Some(path) => countersign_host::signing::Key::open(path)?,
            None => keys::usual(collector.repository())?,
        };
        let selection = Selection { to_sign: true, policy, ..self.change.selection() };
        let now = now()?;
        let judged = self.change.judge(&module, &mut collector, &selection, now)?;
        let decision: Decision = read(judged.answer?.as_bytes())?;
        let request: Request<'_> = read(&judged.request)?;
        let change = request.change.as_ref().context("a collected request has a change")?;
        let merges_otherwise = merges_otherwise(collector.repository(), change)?;
        let kind = match () {
            () if self.withdraw => SignoffDecision::Withdraw,
            () if self.waive.is_some() || self.break_glass.is_some() => SignoffDecision::Waive,
            () => SignoffDecision::Approve,
        };
        let standing = Standing::of(&self.change, &collector, change)?;
        let remote = change.repository.remote.as_deref().map(str::to_owned);
        let way = Way::to(&collector, remote, self.change.target.as_deref())?;
        let overrides = self.overrides(&decision)?;
        let mut given = self.given()?;
        let mut draft = Draft::new(&module, request, &decision, &key, kind, now, merges_otherwise);

        let text = |given: &[(String, String)]| {
            let text = overrides.clone().unwrap_or_default() + &Signoff::answers(given);
            (!text.is_empty()).then_some(text)
        };
        let mut signing = draft.weigh(text(&given))?;
        if let Some(signer) = signing.signer.clone() {
            draft.date_after_all(&decision, &signer);
            signing = draft.weigh(text(&given))?;
        }
        if decision.policy.is_some() {
            known_names(&given, &signing)?;
        }
        // A withdrawal is never in vain: the head that it is about may be that of the change again.
        let in_vain = standing.is_in_vain() && kind != SignoffDecision::Withdraw && !self.anyway;
        if in_vain && (signing.counts || !signing.open.is_empty()) {
            output::print(&standing.refusal())?;
            return Ok(ExitCode::from(1));
        }
        let terminal = std::io::stdin().is_terminal();
        let mut shown = false;
        while !signing.open.is_empty() && !self.anyway {
            if !terminal {
                unanswered(&signing, &given)?;
                break;
            }
            if !shown {
                output::tell(&preview::change(draft.request(), &decision, &signing, &key));
                shown = true;
            }
            let name = ask(&signing, &mut given)?;
            signing = draft.weigh(text(&given))?;
            if let Some(open) = signing.open.iter().find(|open| open.name == name) {
                output::tell(&format!("{} [{}]\n", plain(&open.sentence), open.code.name()));
            }
        }
        let short = matches!(signing.code, ActCode::AnswerTooShort | ActCode::UnansweredQuestion);
        if kind == SignoffDecision::Waive && !signing.counts && short {
            bail!("{} [{}]", plain(&signing.sentence), signing.code.name());
        }
        if !signing.counts && !self.anyway {
            let stood = statements::join(collector.repository())?;
            let remark = standing.remark().map(|remark| format!("{remark}\n")).unwrap_or_default();
            let why = refusal(&signing, draft.request()) + &remark;
            output::print(&(why + &unpushed(stood, &way)))?;
            return Ok(ExitCode::from(1));
        }
        if decision.policy.is_none() {
            bail!("{}; a statement is bound to a policy, so there is none to sign", plain(&signing.sentence));
        }

        if !shown {
            output::tell(&preview::change(draft.request(), &decision, &signing, &key));
        }
        let statement = draft.statement(text(&given))?;
        let mut withdrawals = Vec::new();
        if let (SignoffDecision::Withdraw, Some(signer)) = (kind, &signing.signer) {
            for earlier in draft.own_of_other_heads(&decision, signer) {
                withdrawals.push((earlier.head.clone(), draft.withdrawal(earlier)?));
            }
        }
        for statement in [&statement].into_iter().chain(withdrawals.iter().map(|(_, statement)| statement)) {
            output::tell(&preview::statement(statement));
        }
        if merges_otherwise {
            output::tell(
                "Attributes (.gitattributes) or settings of this clone merge otherwise than what is judged, and that is what you \
                 sign for; a merge that obeys them is held back.\n\n",
            );
        }
        let edited = edited(collector.repository(), draft.change()?.head.as_str())?;
        for line in standing.remark().into_iter().chain(edited) {
            output::tell(&format!("{line}\n\n"));
        }
        let mut verdict = preview::verdict(&signing);
        if let Some(remark) = standing.remark() {
            verdict += &format!("{remark}\n");
        }
        if !self.yes {
            if !terminal {
                bail!(
                    "standard input is no terminal, so nobody can say yes to what would be signed: give --yes to sign it"
                );
            }
            output::tell(&verdict);
            if !confirmed()? {
                output::print("Nothing is signed.\n")?;
                return Ok(ExitCode::from(1));
            }
        }
        let signature = sign(key.path(), SIGNATURE_NAMESPACE, &statement)?;
        if signing.counts && !draft.holds(&statement, &signature)? {
            bail!(
                "{} gave a signature that does not hold for the key {}: the public key beside it belongs to another one",
                key.path().display(),
                key.public()
            );
        }
        let change = draft.change()?;
        statements::write(collector.repository(), change.head.as_str(), &statement, &signature)?;
        for (head, withdrawal) in &withdrawals {
            let signature = sign(key.path(), SIGNATURE_NAMESPACE, withdrawal)?;
            statements::write(collector.repository(), head, withdrawal, &signature)?;
        }
        let verb = match kind {
            SignoffDecision::Withdraw => "Took back the sign-off of",
            SignoffDecision::Waive => "Signed an override for",
            SignoffDecision::Approve | SignoffDecision::RequestChanges => "Signed off",
        };
        output::print(&format!(
            "{verb} {} for {}, with {}\n{verdict}\nIt is in {SIGNOFFS} of this clone. What to do next:\n{}  \
             run the job of the gate again\n{}",
            change.head.short(),
            plain(&change.target),
            key.name(),
            way.push(),
            way.refused(),
        ))?;
        Ok(ExitCode::SUCCESS)
    }

    /// The text of an override, where one is asked for. A rule is named as the policy spells it.
    fn overrides(&self, decision: &Decision) -> anyhow::Result<Option<String>> {
        let reason = self.reason.as_deref();
        if let Some(given) = &self.break_glass {
            let own = Some(given.as_str()).filter(|given| !given.is_empty());
            if let (Some(_), Some(_)) = (own, reason) {
                bail!(
                    "a reason stands behind --break-glass and another one behind --reason: give one of them"
                );
            }
            let reason = own.or(reason);
            let reason = reason.context("--break-glass needs a reason, in five words or more")?;
            return Ok(Some(Signoff::glass(reason)));
        }
        let Some(rule) = &self.waive else { return Ok(None) };
        let same = |name: &str| name.trim().to_lowercase() == rule.trim().to_lowercase();
        let Some(rule) = decision.rules.iter().map(|rule| &rule.name).find(|name| same(name)) else {
            let known: Vec<String> =
                decision.rules.iter().map(|rule| format!("\"{}\"", plain(&rule.name))).collect();
            bail!("the policy has no rule \"{rule}\"; its rules are {}", known.join(", "));
        };
        let until = self.until.as_deref().unwrap_or_default();
        if !is_day(until) {
            bail!("--until takes a day, such as 2026-03-31, and here is `{until}`");
        }
        Ok(Some(Signoff::waiver(rule, reason.unwrap_or_default(), until)))
    }

    /// The answers that the flags give.
    fn given(&self) -> anyhow::Result<Vec<(String, String)>> {
        let mut given: Vec<(String, String)> = Vec::new();
        for answer in &self.answer {
            let (name, text) = answer
                .split_once('=')
                .with_context(|| format!("--answer takes NAME=TEXT, and here is `{answer}`"))?;
            let name = name.trim();
            if given.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                bail!("--answer is given twice for `{name}`: which of the two is meant?");
            }
            put(&mut given, name, text.trim());
        }
        Ok(given)
    }
}

/// Puts an answer in the place of an earlier one to the same question.
fn put(given: &mut Vec<(String, String)>, name: &str, text: &str) {
    given.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    given.push((name.to_owned(), text.to_owned()));
}

fn is_day(text: &str) -> bool {
    countersign_core::model::When::parse(&format!("{text}T00:00:00Z")).is_some()
}

/// Refuses answers to what the policy does not ask.
fn known_names(given: &[(String, String)], signing: &Signing) -> anyhow::Result<()> {
    let known =
        |name: &str| signing.questions.iter().any(|question| question.name.eq_ignore_ascii_case(name));
    let Some((name, _)) = given.iter().find(|(name, _)| !known(name)) else { return Ok(()) };
    let names: Vec<String> = signing.questions.iter().map(|question| plain(&question.name)).collect();
    match names.as_slice() {
        [] => bail!("the policy asks no questions, and here is an answer to `{name}`"),
        names => bail!("the policy has no question `{name}`; its questions are {}", names.join(", ")),
    }
}

/// The text of a question.
fn question<'s>(signing: &'s Signing, name: &str) -> &'s str {
    let found = signing.questions.iter().find(|question| question.name == name);
    found.map(|question| question.text.as_str()).unwrap_or_default()
}

/// Names what is not answered, where nobody can be asked.
fn unanswered(signing: &Signing, given: &[(String, String)]) -> anyhow::Result<()> {
    let is_given = |name: &str| given.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    let open = signing.open.iter().filter(|open| !is_given(&open.name));
    let list: Vec<String> = open
        .map(|open| {
            format!("  --answer {}=...   {}", plain(&open.name), plain(question(signing, &open.name)))
        })
        .collect();
    if !list.is_empty() {
        bail!("the policy asks what is not answered yet:\n{}", list.join("\n"));
    }
    Ok(())
}

/// Asks the first question that waits for an answer; gives its name.
fn ask(signing: &Signing, given: &mut Vec<(String, String)>) -> anyhow::Result<String> {
    let name = signing.open.first().map(|open| open.name.clone()).unwrap_or_default();
    let question = plain(question(signing, &name));
    output::tell(&format!("{question}\n  (one line, five words or more)\n{}> ", plain(&name)));
    put(given, &name, &line()?.context("the questions were not answered; nothing is signed")?);
    Ok(name)
}

/// A line that somebody types; none at the end of the input.
fn line() -> anyhow::Result<Option<String>> {
    std::io::stderr().flush()?;
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line).context("reading an answer")?;
    Ok((read > 0).then(|| line.trim().to_owned()))
}

fn confirmed() -> anyhow::Result<bool> {
    output::tell("Sign this? [y/N] ");
    let answer = line()?.unwrap_or_default();
    Ok(["y", "yes"].iter().any(|yes| answer.eq_ignore_ascii_case(yes)))
}

/// Why nothing is signed, and what helps.
fn refusal(signing: &Signing, request: &Request<'_>) -> String {
    let mut out = format!(
        "It would not count, and nothing is signed: {} [{}]\n",
        plain(&signing.sentence),
        signing.code.name()
    );
    if let Some(signer) = &signing.signer {
        out += &format!("  you sign as {}\n", preview::who(signer, &signing.sets));
    }
    let target = request.change.as_ref().map(|change| plain(&change.target)).unwrap_or_default();
    if signing.code == ActCode::NotAsked {
        out += &format!("  the target is {target}; --target names another\n");
    }
    out + "  --anyway signs it all the same\n"
}

/// What was signed here before and may not be pushed: signing it anew would bring it no further.
fn unpushed(stood: Record, way: &Way) -> String {
    match stood {
        Record::Known => String::new(),
        Record::Ahead => format!(
            "\nWhat was signed here before is not in what was fetched. If it is not pushed yet:\n{}{}",
            way.push(),
            way.refused()
        ),
        Record::Apart => format!(
            "\nWhat was signed here before and what was fetched stood apart, so a push was refused; {SIGNOFFS} now holds \
             both. What to do next:\n{}",
            way.push()
        ),
    }
}

/// That the work tree holds what is not signed, because nobody committed it.
fn edited(repository: &Repository, head: &str) -> anyhow::Result<Option<String>> {
    let edited @ 1.. = repository.edited(head)? else { return Ok(None) };
    Ok(Some(format!(
        "{} of the work tree {} from what you sign: what is not committed is not part of it.",
        preview::count(edited, "file"),
        if edited == 1 { "differs" } else { "differ" }
    )))
}

/// Whether attributes or settings make the merge another one than that which is judged, and which is signed for.
fn merges_otherwise(repository: &Repository, change: &Change<'_>) -> anyhow::Result<bool> {
    if change.base_tip.is_zero() || change.merge_base.as_ref() == Some(&change.base_tip) {
        return Ok(false);
    }
    let here = repository.merge_tree_here(change.base_tip.as_str(), change.head.as_str())?;
    Ok(here != change.merge_tree)
}
