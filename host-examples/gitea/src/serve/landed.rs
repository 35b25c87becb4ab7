//! What a branch gained and no hook let in: the merges of pull requests as such, the rest as pushes.

use countersign_core::model::{
    Change, Fact, MergeKind, MergeResult, Needs, ObjectId, Request, Software, TriggerKind, Unavailable,
};
use countersign_host::collect::{CollectError, Collector, Platform};
use countersign_host::git::GitError;
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
            Err(CollectError::NoCommit { .. }) => return Ok(None),
            from => Some(from.map_err(failed)?),
        },
        // Nobody need have guarded it before it was the default; it goes on from where another branch was in order.
        None if is_default => {
            nearest(&mirrored.collector, &memory.in_order(repository).map_err(failed)?, &to)
                .map_err(failed)?
        }
        None => None,
    };
    let Some(from) = from else {
        return Ok(Some(vec![as_push(gitea, &mut mirrored, repository, target, None, to)?]));
    };
    let steps = steps(api, &mirrored.collector, repository, &from, &to)?;
    let mut judged = Vec::new();
    let many = steps.len() > 1;
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
    // Whoever signs for exactly the tip answers for all of it, however it came.
    if many && !judged.iter().all(Judged::passes) {
        let whole = as_push(gitea, &mut mirrored, repository, target, Some(from), to)?;
        if whole.passes() {
            return Ok(Some(vec![whole]));
        }
    }
    Ok(Some(judged))
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
    let unasked = commits.len().saturating_sub(LOOKED_UP);
    for (at, (commit, parents, _)) in commits.into_iter().enumerate() {
        let id = ObjectId::new(commit.clone()).ok_or_else(|| failed("git names a commit that is none"))?;
        if at < unasked {
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
            // A merge commit and a squash stand on what was there; a rebase begins where its first commit does, and merging all
            // of it there gives what its last commit holds.
            let tree = git.tree(&commit).map_err(failed)?;
            let merging_into = |base: &ObjectId<'static>| {
                Ok::<bool, ForgeError>(
                    git.merge_tree(base.as_str(), &pull.head.sha).map_err(failed)?.as_ref() == Some(&tree),
                )
            };
            let is_rebase = parents.len() == 1 && start != before && merging_into(&start)?;
            let alone = !is_rebase && (parents.len() > 1 || merging_into(&before)?);
            if alone && start != before {
                steps.push(Step { from: start.clone(), to: before.clone(), pull: None });
                start = before;
            }
            steps.push(Step { from: start, to: id.clone(), pull: Some(pull.number) });
            start = id.clone();
        }
        before = id;
    }
    if start != *to {
        steps.push(Step { from: start, to: to.clone(), pull: None });
    }
    Ok(steps)
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
        Some(default) => default.stands_at.take().map(|_| to.clone()),
        None => from.clone(),
    };
    let range = Range {
        target: target.to_owned(),
        stands_at,
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
        head,
        result: Some(MergeResult { commit: commit.clone(), tree, kind }),
        audited: None,
    };
    let subject = gitea.subject(default_branch.as_ref(), range);
    let mut platform = gitea.pull_request(api, memory, repository, pull)?;
    gitea.decide(collector, &subject, &mut platform)
}
