//! What a branch gained and no hook let in: the merges of pull requests as such, the rest as pushes.

use countersign_core::model::{
    ActCode, Change, Fact, MergeKind, MergeResult, Needs, ObjectId, Outcome, Request, Software, TriggerKind,
    Unavailable,
};
use countersign_host::collect::{CollectError, Collector, POLICY_PATH, Platform};
use countersign_host::git::{GitError, Repository};
use countersign_serve::{ForgeError, Judged, Memory};

use super::{Gitea, Range, failed};
use crate::api::{Api, ApiError, Pull};
use crate::branch::{DefaultBranch, Grounds, Known};

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
        &[Fact::Text, Fact::History, Fact::Opener, Fact::Requester, Fact::People, Fact::Pushes]
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
    let default = mirrored.default(memory, repository)?;
    let is_default = default.as_ref().is_some_and(|default| default.rules.name == target);
    let mut branch = Branch { gitea, api, collector: mirrored.collector, repository, target, default };
    let to = branch.collector.resolve(to).map_err(failed)?;
    let from = match from {
        Some(from) => match branch.collector.resolve(from) {
            // Nobody can say what was taken off, but somebody may answer for what there is; whose word counts, the branch does
            // not say itself.
            Err(CollectError::NoCommit { .. }) if is_default => return Ok(None),
            Err(CollectError::NoCommit { .. }) => {
                let whole = branch.as_push(&Known::default(), None, to)?;
                return Ok(is_answered(&whole).then(|| vec![whole]));
            }
            from => from.map_err(failed)?,
        },
        None if is_default => return branch.became_default(memory, &to).map(Some),
        None => return Ok(Some(vec![branch.as_push(&Known::default(), None, to)?])),
    };
    branch.since(memory, &from, &to, None).map(Some)
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
pub(super) fn nearest(
    git: &Repository,
    in_order: &[String],
    to: &ObjectId<'static>,
) -> Result<Option<ObjectId<'static>>, GitError> {
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
    let mut commits = git.first_parents(to, Some(from)).map_err(failed)?;
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

/// The commits whose policies judge a branch that became the default: which branch was the default before nobody remembers, so
/// each policy that stands anywhere does, but for those that another has left behind.
pub(super) fn newest(
    collector: &mut Collector<'_>,
    in_order: &[String],
) -> Result<Vec<ObjectId<'static>>, CollectError> {
    let mut policies: Vec<(ObjectId<'static>, ObjectId<'static>)> = Vec::new();
    for point in in_order.iter().filter_map(|point| ObjectId::new(point.clone())) {
        // A commit that is not here any more says nothing.
        let Some(policy) = collector.policy_at(&point)? else { continue };
        if policies.iter().all(|(_, known)| *known != policy) {
            policies.push((point, policy));
        }
    }
    let git = collector.repository();
    let had = |point: &ObjectId<'_>, policy: &ObjectId<'_>| git.ever_had(point.as_str(), POLICY_PATH, policy);
    let mut newest = Vec::new();
    for (point, policy) in &policies {
        let mut left_behind = false;
        for (other, others) in policies.iter().filter(|(other, _)| other != point) {
            left_behind |= had(other, policy)? && !had(point, others)?;
        }
        if !left_behind {
            newest.push(point.clone());
        }
    }
    Ok(newest)
}

/// A branch as it is now, and what it is judged by.
struct Branch<'a> {
    gitea: &'a Gitea,
    api: &'a Api,
    collector: Collector<'a>,
    repository: &'a str,
    target: &'a str,
    default: Option<DefaultBranch>,
}

impl Branch<'_> {
    /// Judges what a branch holds that became the default. Nobody need have guarded it before; it goes on from where another was in
    /// order, by the rules that judged there.
    fn became_default(
        &mut self,
        memory: &mut dyn Memory,
        to: &ObjectId<'static>,
    ) -> Result<Vec<Judged>, ForgeError> {
        let in_order = memory.in_order(self.repository).map_err(failed)?;
        let from = nearest(self.collector.repository(), &in_order, to).map_err(failed)?;
        let mut rules = newest(&mut self.collector, &in_order).map_err(failed)?;
        if rules.is_empty() {
            // There are no others than what it holds itself.
            rules.push(to.clone());
        }
        let mut judged = Vec::new();
        for rules in rules {
            match &from {
                Some(from) => judged.extend(self.since(memory, from, to, Some(&rules))?),
                None => {
                    let known = Known { rules: Some(rules), ..Known::default() };
                    judged.push(self.as_push(&known, None, to.clone())?);
                }
            }
        }
        Ok(judged)
    }

    /// Judges what a branch gained between two commits, oldest first: by the rules that stand at a commit, else by those that stood
    /// before each part.
    fn since(
        &mut self,
        memory: &mut dyn Memory,
        from: &ObjectId<'static>,
        to: &ObjectId<'static>,
        rules: Option<&ObjectId<'static>>,
    ) -> Result<Vec<Judged>, ForgeError> {
        let known = |from: &ObjectId<'static>| match rules {
            Some(rules) => Known { settled: Some(from.clone()), rules: Some(rules.clone()), open: true },
            None => Known::all(from.clone()),
        };
        let steps = steps(self.api, &self.collector, self.repository, from, to)?;
        let as_one_push = matches!(steps.as_slice(), [Step { pull: None, .. }]);
        let mut judged = Vec::new();
        for step in steps {
            let known = known(&step.from);
            let merged = match step.pull {
                Some(pull) => self.as_merge(memory, &known, &step, pull)?,
                None => None,
            };
            judged.push(match merged {
                Some(merged) => merged,
                // What was merged is not what merging gives, or nobody merged it.
                None => self.as_push(&known, Some(step.from), step.to)?,
            });
        }
        // Whoever signs for exactly the tip answers for all of it, however it came, by the policy that asks.
        let blocked: Vec<&Judged> = judged.iter().filter(|judged| !judged.passes()).collect();
        if !blocked.is_empty() && !as_one_push {
            let whole = self.as_push(&known(from), Some(from.clone()), to.clone())?;
            let asks = |judged: &Judged| Some(judged.decision.as_ref()?.policy.as_ref()?.digest.clone());
            let same_policy =
                blocked.iter().all(|judged| asks(judged).is_some() && asks(judged) == asks(&whole));
            if same_policy && is_answered(&whole) {
                return Ok(vec![whole]);
            }
        }
        Ok(judged)
    }

    fn grounds(&mut self, known: &Known) -> Result<Grounds, ForgeError> {
        Grounds::of(&mut self.collector, self.target, known, self.default.as_ref()).map_err(failed)
    }

    fn as_push(
        &mut self,
        known: &Known,
        from: Option<ObjectId<'static>>,
        to: ObjectId<'static>,
    ) -> Result<Judged, ForgeError> {
        let tree = self.collector.repository().tree(to.as_str()).map_err(failed)?;
        let range = Range {
            target: self.target.to_owned(),
            grounds: self.grounds(known)?,
            base: from,
            result: Some(MergeResult { commit: to.clone(), tree, kind: MergeKind::Push }),
            head: to,
            audited: None,
        };
        let subject = self.gitea.subject(range);
        let mut platform = Landed { repository: self.repository.to_owned() };
        self.gitea
            .decide(&mut self.collector, &subject, &mut platform, None)?
            .ok_or_else(|| failed("the module takes a push for a merge"))
    }

    fn as_merge(
        &mut self,
        memory: &mut dyn Memory,
        known: &Known,
        step: &Step,
        number: u64,
    ) -> Result<Option<Judged>, ForgeError> {
        let pull: Pull = self.api.get(&format!("/repos/{}/pulls/{number}", self.repository))?;
        let commit = &step.to;
        let parents = self.collector.repository().parents(commit.as_str()).map_err(failed)?;
        let tree = self.collector.repository().tree(commit.as_str()).map_err(failed)?;
        let (kind, head) = match parents.as_slice() {
            [first, second] if *first == step.from => (MergeKind::Merge, second.clone()),
            _ => {
                // Its branch may be gone; what it held is kept under its number.
                self.gitea.bring_head(self.api, self.repository, &mut self.collector, &pull);
                let Ok(head) = self.collector.resolve(&pull.head.sha) else { return Ok(None) };
                let kind = match parents.as_slice() {
                    _ if head == *commit => MergeKind::FastForward,
                    [only] if *only == step.from => MergeKind::Squash,
                    _ => MergeKind::Rebase,
                };
                (kind, head)
            }
        };
        let range = Range {
            target: self.target.to_owned(),
            grounds: self.grounds(known)?,
            base: Some(step.from.clone()),
            head,
            result: Some(MergeResult { commit: commit.clone(), tree, kind }),
            audited: None,
        };
        let subject = self.gitea.subject(range);
        let brought = self.gitea.brought(&pull)?;
        let mut platform = self.gitea.pull_request(self.api, memory, self.repository, pull)?;
        self.gitea.decide(&mut self.collector, &subject, &mut platform, brought.as_ref())
    }
}
