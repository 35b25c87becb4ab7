//! What a branch gained and no hook let in: the merges of pull requests as such, the rest as pushes.

use countersign_core::model::{
    ActCode, Change, Fact, MergeKind, MergeResult, Needs, ObjectId, Outcome, Request, Software, TriggerKind,
    Unavailable,
};
use countersign_host::collect::{CollectError, Collector, Platform};
use countersign_host::git::{GitError, Repository};
use countersign_serve::{ForgeError, Judged, Memory};

use super::{Gitea, Mirrored, Range, failed};
use crate::api::{Api, ApiError, Pull};

/// What git alone says of commits that stand on a branch.
#[derive(Default)]
pub struct Landed {
    /// `owner/name`.
    pub repository: String,
}

impl Platform for Landed {
    fn trigger(&self) -> (TriggerKind, Software<'static>) {
        (TriggerKind::Webhook, Software { name: "gitea".into(), version: "".into() })
    }

    fn names(&self, change: &mut Change<'static>) {
        change.repository.name = Some(self.repository.clone().into());
    }

    fn absent(&self) -> &[Fact] {
        &[Fact::History, Fact::Opener, Fact::Requester, Fact::People, Fact::Pushes]
    }

    fn facts(&mut self, needs: &Needs, request: &mut Request<'static>) -> Result<(), CollectError> {
        if needs.facts.contains(&Fact::Groups) {
            request.unavailable.push(Unavailable {
                fact: Fact::Groups,
                of: None,
                reason: "nobody is asked about commits that came in by no pull request; list the people under `users`"
                    .into(),
            });
        }
        request.complete.push(Fact::Acts);
        Ok(())
    }
}

/// Judges what a branch gained, oldest first; none where the commit that it gained it since is nowhere any more.
///
/// # Errors
/// When the forge or git does not answer.
pub fn judge(
    gitea: &Gitea,
    api: &Api,
    memory: &mut dyn Memory,
    repository: &str,
    target: &str,
    from: Option<&str>,
    to: &str,
) -> Result<Option<Vec<Judged>>, ForgeError> {
    let mut mirrored = gitea.look(api, repository, None)?;
    let to = mirrored.collector.resolve(to).map_err(failed)?;
    let is_default = mirrored.default_branch.as_ref().is_some_and(|default| default.name == target);
    let from = match from {
        Some(from) => match mirrored.collector.resolve(from) {
            // Nobody can say what was taken off, but somebody may answer for what there is; whose word counts, the branch does
            // not say itself.
            Err(CollectError::NoCommit { .. }) if is_default => return Ok(None),
            Err(CollectError::NoCommit { .. }) => {
                let whole = as_push(gitea, &mut mirrored, repository, target, None, to)?;
                return Ok(is_answered(&whole).then(|| vec![whole]));
            }
            from => Some(from.map_err(failed)?),
        },
        // Nobody need have guarded it before it was the default; it goes on from where another branch was in order.
        None if is_default => {
            nearest(&mirrored.collector, &memory.in_order(repository).map_err(failed)?, &to)
                .map_err(failed)?
        }
        None => {
            // What is open on the default branch is nothing that another may take along.
            let default = mirrored.default_branch.as_ref().map(|default| default.name.clone());
            let open =
                default.map(|default| memory.audited(repository, &default)).transpose().map_err(failed)?;
            if let (Some(since), Some(default)) = (open.flatten(), mirrored.default_branch.as_mut()) {
                let since = mirrored.collector.resolve(&since).ok();
                default.tip = since.map(|since| (default.name.clone(), since));
            }
            None
        }
    };
    let Some(from) = from else {
        return Ok(Some(vec![as_push(gitea, &mut mirrored, repository, target, None, to)?]));
    };
    let steps = steps(api, &mirrored.collector, repository, &from, &to)?;
    let mut judged = Vec::new();
    let as_one_push = matches!(steps.as_slice(), [Step { pull: None, .. }]);
    for step in steps {
        let merged = match step.pull {
            Some(pull) => as_merge(gitea, api, memory, &mut mirrored, repository, target, &step, pull)?,
            None => None,
        };
        judged.push(match merged {
            Some(merged) => merged,
            // What was merged is not what merging gives, or nobody merged it.
            None => as_push(gitea, &mut mirrored, repository, target, Some(step.from), step.to)?,
        });
    }
    // Whoever signs for exactly the tip answers for all of it, however it came, by the policy that asks.
    let blocked: Vec<&Judged> = judged.iter().filter(|judged| !judged.passes()).collect();
    if !blocked.is_empty() && !as_one_push {
        let whole = as_push(gitea, &mut mirrored, repository, target, Some(from), to)?;
        let asks = |judged: &Judged| Some(judged.decision.as_ref()?.policy.as_ref()?.digest.clone());
        let same_policy = blocked.iter().all(|judged| asks(judged).is_some() && asks(judged) == asks(&whole));
        if same_policy && is_answered(&whole) {
            return Ok(Some(vec![whole]));
        }
    }
    Ok(Some(judged))
}

/// Whether somebody answers for a push, by a sign-off that counted or with broken glass; that nothing is asked is no answer. Of a
/// push that nobody asked a forge about, only what was signed for it can count.
fn is_answered(judged: &Judged) -> bool {
    let Some(decision) = judged.decision.as_ref().filter(|decision| decision.outcome == Outcome::Approved)
    else {
        return false;
    };
    decision.rules.iter().any(|rule| {
        let mut acts = rule.requirements.iter().flat_map(|requirement| &requirement.acts);
        acts.any(|verdict| verdict.code == ActCode::Counted) || rule.overridden.is_some()
    })
}

/// The commit nearest to another up to which all was decided about, on whichever branch.
fn nearest(
    collector: &Collector<'_>,
    in_order: &[String],
    to: &ObjectId<'static>,
) -> Result<Option<ObjectId<'static>>, GitError> {
    let git = collector.repository();
    let mut nearest: Option<(u64, ObjectId<'static>)> = None;
    // One that is not here any more is no way to it.
    for base in in_order.iter().filter_map(|point| git.merge_base(point, to.as_str()).ok()?) {
        let beyond = git.count(to.as_str(), &[base.to_string()])?;
        if nearest.as_ref().is_none_or(|(least, _)| beyond < *least) {
            nearest = Some((beyond, base));
        }
    }
    Ok(nearest.map(|(_, base)| base))
}

/// Commits of a branch for which the forge is asked by which pull request each came. What is older counts as pushed, which asks
/// for more and never for less.
const LOOKED_UP: usize = 100;

/// A part of what a branch gained.
struct Step {
    from: ObjectId<'static>,
    to: ObjectId<'static>,
    pull: Option<u64>,
}

/// Cuts what lies between two commits of a branch, along its first parents, where pull requests were merged.
fn steps(
    api: &Api,
    collector: &Collector<'_>,
    repository: &str,
    from: &ObjectId<'static>,
    to: &ObjectId<'static>,
) -> Result<Vec<Step>, ForgeError> {
    let git = collector.repository();
    let mut commits = git.first_parents(&format!("{from}..{to}")).map_err(failed)?;
    commits.reverse();
    let mut steps: Vec<Step> = Vec::new();
    let mut start = from.clone();
    let mut before = from.clone();
    // What came after the start, up to the commit before the one that is looked at.
    let mut since: Vec<ObjectId<'static>> = Vec::new();
    let unasked = commits.len().saturating_sub(LOOKED_UP);
    for (at, (commit, parents, _)) in commits.into_iter().enumerate() {
        let id = ObjectId::new(commit.clone()).ok_or_else(|| failed("git names a commit that is none"))?;
        if at < unasked {
            since.push(id.clone());
            before = id;
            continue;
        }
        let pull: Option<Pull> = match api.get::<Pull>(&format!("/repos/{repository}/commits/{commit}/pull"))
        {
            Ok(pull) => {
                Some(pull).filter(|pull| pull.merged && pull.merge_commit_sha.as_deref() == Some(&commit))
            }
            Err(ApiError::Refused { status: 404, .. }) => None,
            Err(error) => return Err(error.into()),
        };
        if let Some(pull) = pull {
            // A merge commit and a squash stand on what was there. A rebase begins as many commits before as the pull request has,
            // and merging all of it there gives what its last commit holds.
            let tree = git.tree(&commit).map_err(failed)?;
            let merging_into = |base: &ObjectId<'static>| {
                Ok::<bool, ForgeError>(
                    git.merge_tree(base.as_str(), &pull.head.sha).map_err(failed)?.as_ref() == Some(&tree),
                )
            };
            let others = since.len().saturating_sub(own_before(git, &pull, &since));
            let first = others.checked_sub(1).and_then(|last| since.get(last)).unwrap_or(&start);
            let begin = if parents.len() == 1 && merging_into(first)? {
                Some(first.clone())
            } else if parents.len() > 1 || merging_into(&before)? {
                Some(before.clone())
            } else {
                None
            };
            if let Some(begin) = begin.filter(|begin| *begin != start) {
                steps.push(Step { from: start, to: begin.clone(), pull: None });
                start = begin;
            }
            steps.push(Step { from: start, to: id.clone(), pull: Some(pull.number) });
            start = id.clone();
            since.clear();
        } else {
            since.push(id.clone());
        }
        before = id;
    }
    if start != *to {
        steps.push(Step { from: start, to: to.clone(), pull: None });
    }
    Ok(steps)
}

/// How many of the commits before the last that a merge made may be the pull request's own: fewer than it has, and none that its
/// branch was made from.
fn own_before(git: &Repository, pull: &Pull, since: &[ObjectId<'static>]) -> usize {
    let Some(base) = &pull.merge_base else { return 0 };
    let own = git.count(&pull.head.sha, std::slice::from_ref(base)).unwrap_or(1).saturating_sub(1);
    let in_base = |commit: &ObjectId<'static>| matches!(git.merge_base(commit.as_str(), base), Ok(Some(found)) if found == *commit);
    let others = since.partition_point(in_base);
    usize::try_from(own).unwrap_or(usize::MAX).min(since.len() - others)
}

fn as_push(
    gitea: &Gitea,
    mirrored: &mut Mirrored<'_>,
    repository: &str,
    target: &str,
    from: Option<ObjectId<'static>>,
    to: ObjectId<'static>,
) -> Result<Judged, ForgeError> {
    let Mirrored { collector, default_branch } = mirrored;
    let tree = collector.repository().tree(to.as_str()).map_err(failed)?;
    let mut default_branch = default_branch.clone();
    let whole = default_branch.as_mut().filter(|default| from.is_none() && default.name == target);
    // What the default branch has is no change of another; of itself it is all of it, by the policy that it holds.
    let stands_at = match whole {
        Some(default) => default.tip.take().map(|_| to.clone()),
        None => from.clone(),
    };
    let range = Range {
        target: target.to_owned(),
        stands_at,
        since: from.clone().or_else(|| default_branch.as_ref()?.tip.as_ref().map(|(_, tip)| tip.clone())),
        base: from,
        result: Some(MergeResult { commit: to.clone(), tree, kind: MergeKind::Push }),
        head: to,
        audited: None,
    };
    let subject = gitea.subject(default_branch.as_ref(), range);
    let mut platform = Landed { repository: repository.to_owned() };
    gitea
        .decide(collector, &subject, &mut platform)?
        .ok_or_else(|| failed("the module takes a push for a merge"))
}

#[expect(clippy::too_many_arguments, reason = "everything of one step")]
fn as_merge(
    gitea: &Gitea,
    api: &Api,
    memory: &mut dyn Memory,
    mirrored: &mut Mirrored<'_>,
    repository: &str,
    target: &str,
    step: &Step,
    number: u64,
) -> Result<Option<Judged>, ForgeError> {
    let Mirrored { collector, default_branch } = mirrored;
    let pull: Pull = api.get(&format!("/repos/{repository}/pulls/{number}"))?;
    let commit = &step.to;
    let parents = collector.repository().parents(commit.as_str()).map_err(failed)?;
    let tree = collector.repository().tree(commit.as_str()).map_err(failed)?;
    let (kind, head) = match parents.as_slice() {
        [first, second] if *first == step.from => (MergeKind::Merge, second.clone()),
        _ => {
            // Its branch may be gone; what it held is kept under its number.
            gitea.bring_head(api, repository, collector, &pull);
            let Ok(head) = collector.resolve(&pull.head.sha) else { return Ok(None) };
            let kind = match parents.as_slice() {
                _ if head == *commit => MergeKind::FastForward,
                [only] if *only == step.from => MergeKind::Squash,
                _ => MergeKind::Rebase,
            };
            (kind, head)
        }
    };
    let range = Range {
        target: target.to_owned(),
        stands_at: Some(step.from.clone()),
        base: Some(step.from.clone()),
        since: Some(step.from.clone()),
        head,
        result: Some(MergeResult { commit: commit.clone(), tree, kind }),
        audited: None,
    };
    let subject = gitea.subject(default_branch.as_ref(), range);
    let mut platform = gitea.pull_request(api, memory, repository, pull)?;
    gitea.decide(collector, &subject, &mut platform)
}
