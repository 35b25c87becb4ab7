//! What a branch gained and no hook let in: the merges of pull requests as such, the rest as pushes.

use countersign_core::model::{
    BranchQuestion, BranchRange, Change, Fact, JudgedRange, Needs, ObjectId, OriginChange, PassedMove,
    Request, Software, TriggerKind, Unavailable,
};
use countersign_host::collect::{BranchHost, CollectError, Collector, Platform, Subject};
use countersign_serve::{ForgeError, Judged, Looked, Memory};

use super::{Gitea, failed};
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

/// Looks at a branch as the forge has it now; none when there is no such branch.
///
/// # Errors
/// When the forge or git does not answer.
pub fn look_at(
    gitea: &Gitea,
    api: &Api,
    memory: &mut dyn Memory,
    repository: &str,
    target: &str,
) -> Result<Option<Looked>, ForgeError> {
    let mut mirrored = gitea.look(api, repository, None)?;
    let Some(tip) = mirrored.tip(target)? else { return Ok(None) };
    let known = mirrored.history(BranchQuestion::Tip, target, Some((&mut *memory, repository)))?;
    let since = known.branches.iter().find(|branch| branch.name == target);
    let since = since.and_then(|branch| branch.in_order_entry).unwrap_or_default();
    let mut branch = Branch { gitea, api, memory, repository, since };
    let followed = mirrored.collector.follow(known, &gitea.rules(), &mut branch)?;
    Ok(Some(Looked { tip, verdict: followed.verdict, judged: followed.stands }))
}

/// A branch of the forge.
struct Branch<'a> {
    gitea: &'a Gitea,
    api: &'a Api,
    memory: &'a mut dyn Memory,
    repository: &'a str,
    /// The entry that says up to where it was in order.
    since: u64,
}

impl BranchHost for Branch<'_> {
    type Judged = Judged;
    type Error = ForgeError;

    fn passed(&mut self, branch: &str) -> Result<Vec<PassedMove<'static>>, ForgeError> {
        self.memory.passed(self.repository, branch, self.since).map_err(failed)
    }

    fn origin(
        &mut self,
        collector: &mut Collector<'_>,
        commit: &ObjectId<'static>,
    ) -> Result<Option<OriginChange<'static>>, ForgeError> {
        let repository = self.repository;
        let pull: Pull = match self.api.get(&format!("/repos/{repository}/commits/{commit}/pull")) {
            Ok(pull) => pull,
            Err(ApiError::Refused { status: 404, .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let id = |text: &str| ObjectId::new(text.to_owned());
        let Some(head) = id(&pull.head.sha) else { return Ok(None) };
        // Its branch may be gone; what it held is kept under its number.
        if pull.merged {
            self.gitea.bring_head(self.api, repository, collector, &pull);
        }
        let change = OriginChange {
            id: pull.number.to_string().into(),
            merged: pull.merged,
            result: pull.merge_commit_sha.as_deref().and_then(id),
            head,
            merge_base: pull.merge_base.as_deref().and_then(id),
        };
        Ok(Some(change))
    }

    fn judge(
        &mut self,
        collector: &mut Collector<'_>,
        range: &BranchRange,
        subject: Subject,
    ) -> Result<Option<Judged>, ForgeError> {
        let Some(number) = &range.change else {
            let mut platform = Landed { repository: self.repository.to_owned() };
            return self.gitea.decide(collector, &subject, &mut platform, None);
        };
        let pull: Pull = self.api.get(&format!("/repos/{}/pulls/{number}", self.repository))?;
        let brought = self.gitea.brought(&pull)?;
        let mut platform = self.gitea.pull_request(self.api, self.memory, self.repository, pull)?;
        self.gitea.decide(collector, &subject, &mut platform, brought.as_ref())
    }

    fn outcome(&self, judged: &Judged) -> JudgedRange<'static> {
        judged.outcome()
    }
}
