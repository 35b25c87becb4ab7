//! `countersign policy try`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use countersign_core::model::{Decision, RuleState, read};
use countersign_host::cli::now;
use countersign_host::collect::{Collector, PolicyFrom, Selection};
use countersign_host::module::{Function, Module};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::Format;
use crate::output;

/// What a policy would have said of the changes merged in a range. Blocks nothing.
///
/// Every merge is a change, and so is every commit that was put on the branch directly. Who signed off then is not in
/// git, so this shows what a rule would have asked for, and how often.
#[derive(Args)]
#[command(after_help = "Example:\n  countersign policy try main~50..main --policy policy.yaml\n\n\
    Exit codes: 0 done, 2 cannot evaluate")]
pub struct Try {
    /// The range, along first parents, such as main~50..main.
    range: String,
    /// The repository, or a folder in it.
    #[arg(long, value_name = "DIR", default_value = ".")]
    repo: PathBuf,
    /// The policy to try [default: that of the target].
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The branch that the changes went into [default: what the remote's HEAD names].
    #[arg(long, value_name = "REF")]
    target: Option<String>,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What it would have said.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Trial {
    api_version: &'static str,
    kind: &'static str,
    /// The changes that were tried, newest first.
    changes: Vec<Tried>,
    /// The rules, the one that stops most changes first.
    rules: Vec<Noise>,
}

/// A change, and what the policy says of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tried {
    commit: String,
    subject: String,
    commits: usize,
    outcome: &'static str,
    /// Rules that would have waited or refused.
    rules: Vec<String>,
    /// The change could not be judged, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// How often a rule spoke.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Noise {
    rule: String,
    applied: usize,
    asked: usize,
    denied: usize,
}

impl Try {
    pub fn run(&self, module: &Module) -> anyhow::Result<ExitCode> {
        let mut collector = Collector::new(module, &self.repo)?;
        let (without, head) = collector.range(&self.range)?;
        let changes = collector.repository().first_parents(&head, without.as_ref())?;
        if changes.is_empty() {
            bail!("there are no commits in {}", self.range);
        }
        let mut trial =
            Trial { api_version: "countersign/v1", kind: "Trial", changes: Vec::new(), rules: Vec::new() };
        let bar =
            if output::progress() { ProgressBar::new(changes.len() as u64) } else { ProgressBar::hidden() };
        bar.set_style(ProgressStyle::with_template("{wide_bar} {pos}/{len} changes")?);
        for (commit, parents, subject) in changes {
            let tried = self.change(module, &mut collector, &commit, &parents, subject, &mut trial.rules)?;
            trial.changes.push(tried);
            bar.inc(1);
        }
        bar.finish_and_clear();
        trial.rules.sort_by(|a, b| (b.asked + b.denied).cmp(&(a.asked + a.denied)).then(a.rule.cmp(&b.rule)));
        match self.format {
            Format::Json => output::print(&format!("{}\n", serde_json::to_string(&trial)?))?,
            Format::Text => output::print(&text(&trial))?,
        }
        let unjudged = trial.changes.iter().any(|change| change.error.is_some());
        Ok(ExitCode::from(if unjudged { 2 } else { 0 }))
    }

    /// Judges one merge, or one commit that came without one.
    fn change(
        &self,
        module: &Module,
        collector: &mut Collector<'_>,
        commit: &str,
        parents: &[String],
        subject: String,
        noise: &mut Vec<Noise>,
    ) -> anyhow::Result<Tried> {
        let head = parents.get(1).map_or(commit, String::as_str);
        let base = parents.first().cloned().unwrap_or_else(|| "0".repeat(commit.len()));
        let selection = Selection {
            base: Some(base),
            head: Some(head.to_owned()),
            target: self.target.clone(),
            policy: self.policy.clone().map_or(PolicyFrom::Target, PolicyFrom::File),
            merged: true,
            ..Selection::default()
        };
        let mut tried = Tried {
            commit: commit.to_owned(),
            subject,
            commits: 0,
            outcome: "error",
            rules: Vec::new(),
            error: None,
        };
        let request = collector.change(&selection, None, now()?)?;
        let answer = match module.call(Function::Evaluate, &request) {
            Ok(answer) => answer,
            Err(error) => {
                tried.error = Some(error.to_string());
                return Ok(tried);
            }
        };
        let decision: Decision = read(answer.as_bytes()).context("the module's answer is no decision")?;
        if decision.policy.is_none() {
            bail!("the target has no policy to try; give one with --policy");
        }
        tried.commits = decision.change.commits;
        tried.outcome = decision.outcome.name();
        for rule in &decision.rules {
            let place = noise.iter().position(|noise| noise.rule == rule.name).unwrap_or_else(|| {
                noise.push(Noise { rule: rule.name.clone(), applied: 0, asked: 0, denied: 0 });
                noise.len() - 1
            });
            if let Some(noise) = noise.get_mut(place) {
                noise.applied += usize::from(rule.state != RuleState::Skipped);
                noise.asked += usize::from(rule.state == RuleState::Pending);
                noise.denied += usize::from(rule.state == RuleState::Denied);
            }
            if matches!(rule.state, RuleState::Pending | RuleState::Denied) {
                tried.rules.push(rule.name.clone());
            }
        }
        Ok(tried)
    }
}

fn text(trial: &Trial) -> String {
    let visible = |text: &str| countersign_core::visible(&text.replace('\n', " "));
    let mut out = String::new();
    for change in &trial.changes {
        let id = change.commit.get(..12).unwrap_or(&change.commit);
        let subject: String = visible(&change.subject).chars().take(50).collect();
        let why = match &change.error {
            Some(error) => visible(error),
            None => change.rules.join(", "),
        };
        let line = format!("{id}  {:<14}  {subject:<50}  {}", change.outcome, visible(&why));
        out.push_str(line.trim_end());
        out.push('\n');
    }
    let changes = if trial.changes.len() == 1 { "change" } else { "changes" };
    out.push_str(&format!("\n{} {changes}\n\n", trial.changes.len()));
    out.push_str("asked  denied  applied  rule\n");
    for noise in &trial.rules {
        out.push_str(&format!(
            "{:>5}  {:>6}  {:>7}  {}\n",
            noise.asked,
            noise.denied,
            noise.applied,
            visible(&noise.rule)
        ));
    }
    out
}
