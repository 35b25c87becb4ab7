//! Asks the module what is judged of a branch, with the facts that it wants, until it says what became of the branch.

use std::collections::HashMap;

use countersign_core::model::{
    API_VERSION, Base, Beyond, BranchAt, BranchHistory, BranchQuestion, BranchRange, BranchState,
    BranchVerdict, Chain, HistoryCommit, HistoryWants, JudgedRange, MergeResult, MergeTree, ObjectId, Origin,
    OriginChange, Pair, PassedMove, PolicyAt, PolicyHistory, Ranges, read,
};
use countersign_core::wellknown::POLICY;

use super::{CollectError, Collector, HostRules, PolicyFrom, Subject, Target};
use crate::module::Function;

/// Times that the module is asked about one branch. Each adds facts or decisions, and more than a few dozen are never wanted.
const ROUNDS: usize = 1_000;

/// What a host alone knows of branches, and how it judges.
pub trait BranchHost {
    /// A range that was judged.
    type Judged;
    /// The reason why the host has no answer.
    type Error: From<CollectError>;

    /// The moves of a branch that passed, the newest first; none where what is remembered comes with the history.
    ///
    /// # Errors
    /// When what is remembered cannot be read.
    fn passed(&mut self, _branch: &str) -> Result<Vec<PassedMove<'static>>, Self::Error> {
        Ok(Vec::new())
    }

    /// The change that a commit of a branch came from, by the forge's word. Its head is to be in the repository where it can be had.
    /// None where no forge is asked.
    ///
    /// # Errors
    /// When the forge does not answer.
    fn origin(
        &mut self,
        _collector: &mut Collector<'_>,
        _commit: &ObjectId<'static>,
    ) -> Result<Option<OriginChange<'static>>, Self::Error> {
        Ok(None)
    }

    /// Judges a range; none where its result is not what merging gives.
    ///
    /// # Errors
    /// When there is no decision.
    fn judge(
        &mut self,
        collector: &mut Collector<'_>,
        range: &BranchRange,
        subject: Subject,
    ) -> Result<Option<Self::Judged>, Self::Error>;

    /// What the module wants to know of a range that was judged.
    fn outcome(&self, judged: &Self::Judged) -> JudgedRange<'static>;
}

/// What became of a branch.
pub struct Followed<J> {
    /// The module's word.
    pub verdict: BranchVerdict,
    /// The ranges whose decisions stand, in order.
    pub stands: Vec<J>,
}

/// A history of which nothing is known yet.
pub fn history(
    question: BranchQuestion,
    target: &str,
    default_branch: Option<&str>,
) -> BranchHistory<'static> {
    BranchHistory {
        api_version: API_VERSION.into(),
        question,
        target: target.to_owned().into(),
        default_branch: default_branch.map(|name| name.to_owned().into()),
        remembers: true,
        watched: true,
        ..BranchHistory::default()
    }
}

impl Collector<'_> {
    /// Puts where the target and the default branch stand into a history that does not say it.
    ///
    /// # Errors
    /// When git fails.
    pub fn stand(&mut self, history: &mut BranchHistory<'static>) -> Result<(), CollectError> {
        let names: Vec<String> = std::iter::once(&history.target)
            .chain(&history.default_branch)
            .map(ToString::to_string)
            .collect();
        for name in names {
            let tip = self.branch(name.clone())?.tip.map(|(_, tip)| tip);
            match history.branches.iter_mut().find(|branch| branch.name == name.as_str()) {
                Some(branch) => branch.tip = branch.tip.take().or(tip),
                None => history.branches.push(BranchState {
                    name: name.into(),
                    tip,
                    unknown: true,
                    ..BranchState::default()
                }),
            }
        }
        Ok(())
    }

    /// What became of a branch: adds the facts that the module wants, and has ranges judged, until it has a verdict.
    ///
    /// # Errors
    /// When git, the module or the host gives no answer.
    pub fn follow<H: BranchHost>(
        &mut self,
        mut history: BranchHistory<'static>,
        rules: &HostRules,
        host: &mut H,
    ) -> Result<Followed<H::Judged>, H::Error> {
        let mut judged: HashMap<String, H::Judged> = HashMap::new();
        for _ in 0..ROUNDS {
            let ranges = self.ranges(&history)?;
            if let Some(verdict) = ranges.verdict {
                let stands = verdict.stands.iter().filter_map(|id| judged.remove(id)).collect();
                return Ok(Followed { verdict, stands });
            }
            if let Some(wants) = ranges.wants {
                self.add(&wants, &mut history)?;
                for name in &wants.passed {
                    let passed = host.passed(name)?;
                    if let Some(branch) =
                        history.branches.iter_mut().find(|branch| branch.name == name.as_str())
                    {
                        branch.passed = Some(passed);
                    }
                }
                for commit in wants.origins {
                    let commit = id(&commit)?;
                    let change = host.origin(self, &commit)?;
                    history.origins.push(Origin { commit, change });
                }
                continue;
            }
            for range in ranges.judge {
                let subject = self.subject_of(&history.target, &range, rules)?;
                let outcome = match host.judge(self, &range, subject)? {
                    Some(came_out) => {
                        let outcome = host.outcome(&came_out);
                        judged.insert(range.id.clone(), came_out);
                        outcome
                    }
                    None => JudgedRange { altered: true, ..JudgedRange::default() },
                };
                history.judged.push(JudgedRange { id: range.id.into(), ..outcome });
            }
        }
        Err(CollectError::Endless(history.target.to_string()).into())
    }

    fn ranges(&self, history: &BranchHistory<'_>) -> Result<Ranges, CollectError> {
        let answer = self.module.call(Function::Ranges, &serde_json::to_vec(history)?)?;
        Ok(read(answer.as_bytes())?)
    }

    /// A range as the collector takes it.
    fn subject_of(
        &mut self,
        target: &str,
        range: &BranchRange,
        rules: &HostRules,
    ) -> Result<Subject, CollectError> {
        let at = |place: &BranchAt| {
            let commit = place.commit.as_deref().map(id).transpose()?;
            Ok::<Target, CollectError>(Target {
                tip: commit.map(|commit| (place.branch.clone(), commit)),
                name: place.branch.clone(),
            })
        };
        let base = range.base.as_deref().map(id).transpose()?;
        let result = match &range.result {
            Some(commit) => Some(MergeResult {
                tree: self.repository.tree_by(&mut self.objects, commit)?,
                commit: id(commit)?,
                kind: range.merge,
            }),
            None => None,
        };
        Ok(Subject {
            target: Target {
                name: target.to_owned(),
                tip: base.clone().map(|base| (target.to_owned(), base)),
            },
            default_branch: range.default_branch.as_ref().map(at).transpose()?,
            base,
            since: range.since.as_deref().map(id).transpose()?,
            head: id(&range.head)?,
            result,
            policy: PolicyFrom::Branch(at(&range.policy)?),
            host: rules.clone(),
            to_sign: false,
            audited: range.audited.as_deref().map(id).transpose()?,
        })
    }

    /// Adds what git knows.
    fn add(
        &mut self,
        wants: &HistoryWants,
        history: &mut BranchHistory<'static>,
    ) -> Result<(), CollectError> {
        for commit in &wants.commits {
            let commit = self.history_commit(commit)?;
            history.commits.push(commit);
        }
        for (from, to) in ids(&wants.chains)? {
            let commits = self.repository.chain(&to, &from)?;
            let shas: Vec<ObjectId<'static>> = commits.iter().map(|commit| commit.sha.clone()).collect();
            commits.into_iter().for_each(|commit| history.commits.push(commit));
            history.chains.push(Chain { from, to, commits: shas.into() });
        }
        for (one, other) in ids(&wants.bases)? {
            let missing = self.objects.commit(one.as_str())?.is_none()
                || self.objects.commit(other.as_str())?.is_none();
            let base =
                if missing { None } else { self.repository.merge_base(one.as_str(), other.as_str())? };
            history.bases.push(Base { one, other, base, missing });
        }
        for (of, without) in ids(&wants.counts)? {
            let commits = self.repository.count(of.as_str(), &[without.to_string()])?;
            history.counts.push(Beyond { of, without, commits });
        }
        for (base, head) in ids(&wants.merge_trees)? {
            let here = self.objects.commit(head.as_str())?.is_some();
            let tree = if here { self.repository.merge_tree(base.as_str(), head.as_str())? } else { None };
            history.merge_trees.push(MergeTree { base, head, tree });
        }
        for commit in &wants.policies {
            let commit = id(commit)?;
            let policy = self.policy_at(&commit)?;
            history.policies.push(PolicyAt { commit, policy });
        }
        for (commit, policy) in ids(&wants.policy_histories)? {
            let stood = self.repository.ever_had(commit.as_str(), POLICY, &policy)?;
            history.policy_histories.push(PolicyHistory { commit, policy, stood });
        }
        Ok(())
    }

    fn history_commit(&mut self, commit: &str) -> Result<HistoryCommit<'static>, CollectError> {
        let sha = id(commit)?;
        let (tree, parents) = match self.objects.read_commit(commit)? {
            // A shallow clone has a commit whose parents it left out, and names them all the same.
            Some(cut) if self.repository.is_cut_at(commit) => (cut.tree, Vec::new()),
            Some(here) => (here.tree, here.parents.into_iter().map(|parent| parent.sha).collect()),
            None => (None, Vec::new()),
        };
        Ok(HistoryCommit { sha, tree, parents })
    }
}

/// An id that the module or what a host remembers names.
fn id(text: &str) -> Result<ObjectId<'static>, CollectError> {
    ObjectId::new(text.to_owned()).ok_or_else(|| CollectError::NoId(text.to_owned()))
}

fn ids(pairs: &[Pair]) -> Result<Vec<(ObjectId<'static>, ObjectId<'static>)>, CollectError> {
    pairs.iter().map(|pair| Ok((id(&pair.one)?, id(&pair.other)?))).collect()
}
