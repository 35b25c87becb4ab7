//! `countersign approve`

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use countersign_core::model::{
    Change, Decision, Question, Request, RuleState, SIGNATURE_NAMESPACE, Signoff, SignoffDecision, Statement,
    read,
};
use countersign_host::collect::{Collector, PolicyFrom, Selection};
use countersign_host::git::Repository;
use countersign_host::signing::sign;
use countersign_host::statements::{self, SIGNOFFS_REF, STATEMENT_BYTES};

use crate::ModuleChoice;
use crate::change::ChangeChoice;
use crate::output;
use countersign_host::cli::now;

/// Sign off a change with an SSH key.
///
/// Shows what is judged, asks the questions that the policy asks, signs the answers with `ssh-keygen` (so agents and
/// security keys work) and keeps the statement in git, from where it is pushed.
#[derive(Args)]
#[command(
    after_help = "Example:\n  countersign approve --target main --answer topology=\"only the billing queue and its two readers\"\n  \
    git push origin refs/countersign/signoffs\n\nExit codes: 0 signed, 2 not signed"
)]
pub struct Approve {
    #[command(flatten)]
    change: ChangeChoice,
    /// The branch whose policy judges, where a server says that it is another than the target.
    #[arg(long, value_name = "BRANCH")]
    policy_of: Option<String>,
    /// An answer to a question of the policy; without any, the questions are asked.
    #[arg(long, value_name = "NAME=TEXT")]
    answer: Vec<String>,
    /// The private key, or the public one of a key that an agent holds [default: git's user.signingKey, else the first
    /// of ~/.ssh/id_ed25519, id_ecdsa, id_rsa].
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Take an earlier sign-off back.
    #[arg(long)]
    withdraw: bool,
    /// Answer for a rule that is not satisfied, instead of approving; the policy says who may.
    #[arg(long, value_name = "RULE", conflicts_with = "withdraw", requires = "reason")]
    waive: Option<String>,
    /// The last day of the waiver.
    #[arg(long, value_name = "YYYY-MM-DD", requires = "waive")]
    until: Option<String>,
    /// Answer for all rules at once, for this head alone; the policy says who may.
    #[arg(long, conflicts_with_all = ["withdraw", "waive"], requires = "reason")]
    break_glass: bool,
    /// Why, in five words or more.
    #[arg(long, value_name = "TEXT")]
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
        let selection = Selection { to_sign: true, policy, ..self.change.selection() };
        let now = now()?;
        let judged = self.change.judge(&module, &mut collector, &selection, now)?;
        let decision: Decision = read(judged.answer?.as_bytes())?;
        let request: Request<'_> = read(&judged.request)?;
        let change = request.change.as_ref().context("a collected request has a change")?;
        warn_of_another_merge(collector.repository(), change)?;
        let policy_digest = decision.policy.as_ref().and_then(|policy| policy.digest.clone()).context(
            "the target has no policy, so there is nothing to sign off; a policy stands in .countersign/policy.yaml",
        )?;

        let (said, text) = match self.overrides(&decision)? {
            _ if self.withdraw => (SignoffDecision::Withdraw, None),
            Some(text) => (SignoffDecision::Waive, Some(text)),
            None => (SignoffDecision::Approve, self.text(&decision)?),
        };
        let signoff = Signoff {
            decision: said,
            repository: decision.change.subject.clone(),
            change: change.id.as_ref().map(|id| id.to_string()),
            target: change.target.to_string(),
            head: change.head.as_str().to_owned(),
            diff_id: change.diff_id.as_ref().map(|id| id.as_str().to_owned()),
            merge_tree: change.merge_tree.as_ref().map(|id| id.as_str().to_owned()),
            policy_digest,
            at: Some(now),
            text,
        };
        let statement = serde_json::to_vec_pretty(&Statement::of(signoff))?;
        if statement.len() > STATEMENT_BYTES {
            bail!(
                "the statement would have {} bytes, and more than {STATEMENT_BYTES} are not read: say it in fewer words",
                statement.len()
            );
        }
        let key = self.key(collector.repository())?;
        let signature = sign(&key, SIGNATURE_NAMESPACE, &statement)?;
        statements::write(collector.repository(), change.head.as_str(), &statement, &signature)?;
        let verb = match said {
            SignoffDecision::Withdraw => "Took back the sign-off of",
            SignoffDecision::Waive => "Signed an override for",
            SignoffDecision::Approve | SignoffDecision::RequestChanges => "Signed off",
        };
        output::print(&format!(
            "{verb} {} for {}, with {}\n\nIt is in {SIGNOFFS_REF} of this clone. What to do next:\n  \
             git push origin {SIGNOFFS_REF}\n  countersign signoffs --target {}\n",
            change.head.short(),
            change.target,
            key.display(),
            change.target,
        ))?;
        Ok(ExitCode::SUCCESS)
    }

    /// The text of an override, where one is asked for.
    fn overrides(&self, decision: &Decision) -> anyhow::Result<Option<String>> {
        let reason = self.reason.as_deref().unwrap_or_default();
        if self.break_glass {
            return Ok(Some(format!("break-glass: {reason}\n")));
        }
        let Some(rule) = &self.waive else { return Ok(None) };
        if !decision.rules.iter().any(|known| known.name.eq_ignore_ascii_case(rule)) {
            let known: Vec<String> = decision.rules.iter().map(|rule| format!("\"{}\"", rule.name)).collect();
            bail!("the policy has no rule \"{rule}\"; its rules are {}", known.join(", "));
        }
        let until = self.until.as_deref().context("--waive needs --until, the last day of the waiver")?;
        Ok(Some(format!("waive: {rule}\nreason: {reason}\nuntil: {until}\n")))
    }

    /// The answers as they are signed: one a line, each after the name of its question.
    fn text(&self, decision: &Decision) -> anyhow::Result<Option<String>> {
        let mut questions: Vec<&Question> = Vec::new();
        for question in decision.remedies.iter().flat_map(|remedy| &remedy.questions) {
            if !questions.contains(&question) {
                questions.push(question);
            }
        }
        let mut given: Vec<(String, String)> = Vec::new();
        for answer in &self.answer {
            let (name, text) = answer
                .split_once('=')
                .with_context(|| format!("--answer takes NAME=TEXT, and here is `{answer}`"))?;
            given.push((name.trim().to_owned(), text.trim().to_owned()));
        }
        let open: Vec<&&Question> = questions
            .iter()
            .filter(|question| !given.iter().any(|(name, _)| *name == question.name))
            .collect();
        if !open.is_empty() {
            if !given.is_empty() || !std::io::stdin().is_terminal() {
                let list: Vec<String> = open
                    .iter()
                    .map(|question| format!("  --answer {}=...   {}", question.name, question.text))
                    .collect();
                bail!("the policy asks what is not answered yet:\n{}", list.join("\n"));
            }
            show(decision);
            for question in open {
                given.push((question.name.clone(), ask(question)?));
            }
        }
        let lines: Vec<String> =
            given.iter().map(|(name, text)| format!("{name}: {}", text.replace('\n', " "))).collect();
        Ok((!lines.is_empty()).then(|| lines.join("\n")))
    }

    /// The key to sign with.
    fn key(&self, repository: &Repository) -> anyhow::Result<PathBuf> {
        if let Some(key) = &self.key {
            return Ok(key.clone());
        }
        let home =
            std::env::home_dir().context("there is no home folder to look for a key in; give --key")?;
        if repository.user_config("gpg.format")?.as_deref() == Some("ssh")
            && let Some(key) = repository.user_config("user.signingKey")?
        {
            let path = match key.strip_prefix("~/") {
                Some(rest) => home.join(rest),
                None => PathBuf::from(&key),
            };
            if path.is_file() {
                return Ok(path);
            }
            bail!("git's user.signingKey is no file here: {key}; give --key");
        }
        let names = ["id_ed25519", "id_ecdsa", "id_rsa"];
        let found = names.iter().map(|name| home.join(".ssh").join(name)).find(|path| path.is_file());
        found.context("no SSH key found; give --key, or make one with `ssh-keygen -t ed25519`")
    }
}

/// Says where attributes or settings make the merge another one than that which is judged, and which is signed for.
fn warn_of_another_merge(repository: &Repository, change: &Change<'_>) -> anyhow::Result<()> {
    if change.base_tip.is_zero() || change.merge_base.as_ref() == Some(&change.base_tip) {
        return Ok(());
    }
    let here = repository.merge_tree_here(change.base_tip.as_str(), change.head.as_str())?;
    if here != change.merge_tree {
        let judged = match &change.merge_tree {
            Some(tree) => format!("gives the tree {}", tree.short()),
            None => "conflicts".to_owned(),
        };
        eprintln!(
            "countersign: attributes (.gitattributes) or settings of this clone merge otherwise: without them, merging {} into \
             {} {judged}, and that is what you sign for; a merge that obeys them is held back",
            change.head.short(),
            change.target,
        );
    }
    Ok(())
}

/// What the signer is about to sign, on standard error.
fn show(decision: &Decision) {
    let change = &decision.change;
    eprintln!(
        "{} commits, {} files into {}, head {}",
        change.commits,
        change.files,
        change.target,
        change.head.get(..12).unwrap_or(&change.head)
    );
    for rule in decision.rules.iter().filter(|rule| rule.state == RuleState::Pending) {
        eprintln!("{}: {}", rule.name, rule.because.join("; "));
    }
    eprintln!();
}

fn ask(question: &Question) -> anyhow::Result<String> {
    eprint!("{}\n{}> ", question.text, question.name);
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("reading an answer")?;
    Ok(line.trim().to_owned())
}
