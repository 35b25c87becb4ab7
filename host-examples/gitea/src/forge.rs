//! What Gitea knows of a pull request beside its commits: copied as it stands, each list with whether it is whole.

use std::collections::{BTreeSet, HashMap};

use countersign_core::model::{
    Account, Act, ActKind, Change, ChangeDescription, Edit, Fact, Group, Label, Needs, ObjectId, Person,
    Proof, Request, Software, Status, TextIntegrity, TriggerKind, Unavailable, When,
};
use countersign_host::collect::{CollectError, Platform};
use countersign_host::forge::{Beside, ForgeChange, Proposal};
use countersign_host::git::{Remote, Repository};
use countersign_serve::publish::MARKER;

use crate::api::{
    Activity, Api, ApiError, Comment, End, Event, PULL_PUSH, Permission, Pull, PullCommit, Review, Team,
    User, account,
};
use crate::pushers::{Pushers, RETARGETED, pushed_by};
use crate::words::{self, Given};

/// A pull request, as one account may read it.
pub struct PullRequest {
    api: Api,
    trigger: TriggerKind,
    /// `owner/name` of the repository that it would be merged into.
    repository: String,
    pull: Pull,
    proposal: Proposal,
    /// The gate's own account, whose words about the change are no facts of it.
    own: Option<String>,
}

impl PullRequest {
    /// A pull request that was read with this client, without what the gate's own account said about it.
    pub fn of(api: Api, trigger: TriggerKind, repository: &str, pull: Pull, own: Option<String>) -> Self {
        let proposal = proposal(&api, repository, &pull);
        PullRequest { api, trigger, repository: repository.to_owned(), pull, proposal, own }
    }

    fn is_own(&self, user: Option<&User>) -> bool {
        user.is_some_and(|user| Some(&user.login) == self.own.as_ref())
    }

    /// The branch that it would go into.
    fn target(&self) -> String {
        self.proposal.target.clone()
    }

    fn path(&self, rest: &str) -> String {
        format!("/repos/{}{rest}", self.repository)
    }

    fn number(&self) -> u64 {
        self.pull.number
    }

    /// Title, description, labels, and who opened it.
    fn text(&self, request: &mut Request<'static>) {
        let Some(change) = &mut request.change else { return };
        let pull = &self.pull;
        change.title = Some(pull.title.clone().into());
        // Who edits a description is said nowhere; where its edits are not counted, none is known to be the first.
        let edited = pull.content_version.is_none_or(|version| version > 0);
        let at = When::parse(&pull.updated_at).unwrap_or(request.trigger.now);
        change.description = Some(ChangeDescription {
            text: pull.body.clone().into(),
            author: pull.user.as_ref().map(account),
            at: When::parse(&pull.created_at),
            edited: edited.then_some(Edit { at, by: None }),
        });
        let label = |label: &crate::api::Label| Label { name: label.name.clone().into(), by: None, at: None };
        change.labels = pull.labels.iter().flatten().map(label).collect::<Vec<_>>().into();
        change.draft = Some(pull.draft);
        let of = |branch: &crate::api::Branch| branch.repo.as_ref().map(|repository| repository.id);
        change.fork = Some(of(&pull.head).is_none() || of(&pull.head) != of(&pull.base));
        change.opened_by = pull.user.as_ref().map(account);
        request.complete.extend([Fact::Text, Fact::Opener]);
    }

    /// The accounts that the forge maps the addresses of commits to.
    fn accounts(&self, request: &mut Request<'static>) -> Result<(), ApiError> {
        let path = self.path(&format!("/pulls/{}/commits?files=false", self.number()));
        let commits: Vec<PullCommit> = self.api.list(End::Counted, &path)?;
        let known: HashMap<String, PullCommit> =
            commits.into_iter().map(|commit| (commit.sha.clone(), commit)).collect();
        let mut commits = std::mem::take(&mut request.commits).into_vec();
        for commit in &mut commits {
            let Some(known) = known.get(commit.sha.as_str()) else { continue };
            commit.author.account = known.author.as_ref().map(account);
            commit.committer.account = known.committer.as_ref().map(account);
        }
        request.commits = commits.into();
        Ok(())
    }

    /// Who pushed what it brings.
    fn pushes(&self, git: &Repository, events: &[Event], request: &mut Request<'static>) {
        let pushers = Pushers::of(&self.api, git, request, &self.repository, &self.pull, events);
        let (pushes, gap) = (pushers.pushes, pushers.gap);
        request.pushes = pushes.into();
        match gap {
            None => request.complete.push(Fact::Pushes),
            Some(why) => request.unavailable.push(unavailable(Fact::Pushes, why)),
        }
    }

    /// The timeline, once it says of the head that it was pushed, which the forge writes a moment late.
    fn timeline(&self, request: &Request<'static>) -> Result<Vec<Event>, ApiError> {
        let path = self.path(&format!("/issues/{}/timeline", self.number()));
        let happened = When::parse(&self.pull.updated_at);
        let read = || self.api.list(End::Empty, &path);
        self.api.await_late(happened, request.trigger.now, read, |events: &Vec<Event>| {
            names_head(events, request)
        })
    }

    /// Reviews and comments, each with the branch that the request was for when it was given.
    fn acts(&self, events: &[Event], request: &mut Request<'static>) -> Result<(), ApiError> {
        let number = self.number();
        let reviews: Vec<Review> =
            self.api.list(End::Counted, &self.path(&format!("/pulls/{number}/reviews")))?;
        let comments: Vec<Comment> =
            self.api.list_at_once(&self.path(&format!("/issues/{number}/comments")))?;
        let targets = self.targets(events);
        // Others may change what stands in a comment under the gate's name, and take the mark out of it.
        let is_own_word =
            |review: &Review| self.is_own(review.user.as_ref()) && review.body.starts_with(MARKER);
        for review in reviews.iter().filter(|review| !is_own_word(review)) {
            let kind = match review.state.as_str() {
                "APPROVED" => ActKind::Approve,
                "REQUEST_CHANGES" => ActKind::RequestChanges,
                "COMMENT" => ActKind::Review,
                // Not sent yet, or only asked for.
                _ => continue,
            };
            let dismissal =
                events.iter().rev().find(|e| e.kind == "dismiss_review" && e.review_id == review.id);
            let at = dismissal.map_or(&review.updated_at, |event| &event.created_at);
            let by = dismissal.and_then(|event| event.user.as_ref()).map(account);
            let dismissed = || Edit { at: When::parse(at).unwrap_or(request.trigger.now), by };
            request.acts.push(Act {
                id: format!("review-{}", review.id).into(),
                kind,
                actor: review.user.as_ref().map(account).unwrap_or_default(),
                proof: Proof::Forge,
                at: When::parse(&review.submitted_at),
                dismissed: review.dismissed.then(dismissed),
                change: Some(number.to_string().into()),
                target: Some(targets.get(&review.id).cloned().unwrap_or_else(|| self.target()).into()),
                head: ObjectId::new(review.commit_id.clone()),
                text: Some(review.body.clone().into()),
                text_integrity: Some(TextIntegrity::Original),
                ..Act::default()
            });
        }
        let comments: Vec<&Comment> =
            comments.iter().filter(|comment| !self.is_own(comment.user.as_ref())).collect();
        let feed = self.words(&comments);
        for comment in comments {
            let given = Given::find(&feed, number, comment);
            let is_given = comment.updated_at == comment.created_at
                && given.is_some_and(|given| given.is(&comment.body));
            let edited =
                || Edit { at: When::parse(&comment.updated_at).unwrap_or(request.trigger.now), by: None };
            let act = Act {
                id: format!("comment-{}", comment.id).into(),
                kind: ActKind::Comment,
                actor: comment.user.as_ref().map(account).unwrap_or_default(),
                proof: Proof::Forge,
                at: When::parse(&comment.created_at),
                edited: (!is_given).then(edited),
                change: Some(number.to_string().into()),
                text: Some(comment.body.clone().into()),
                text_integrity: Some(TextIntegrity::EditableByOthers),
                ..Act::default()
            };
            // Whoever wrote something else there since does not silence what was said first.
            let silenced = given.filter(|given| !given.stands_in(&comment.body));
            request.acts.extend(silenced.map(|given| Act {
                id: format!("comment-{}-as-given", comment.id).into(),
                text: Some(given.words.to_owned().into()),
                ..act.clone()
            }));
            request.acts.push(act);
        }
        if names_head(events, request) {
            request.complete.push(Fact::Acts);
        } else {
            let reason = format!(
                "the timeline does not name {}, so it may lack what came after a change of the target; push it again",
                self.pull.head.sha
            );
            request.unavailable.push(unavailable(Fact::Acts, reason));
        }
        Ok(())
    }

    /// The feed as far back as it may keep the first words of comments. Where it cannot be read, nobody knows them.
    fn words(&self, comments: &[&Comment]) -> Vec<Activity> {
        if comments.is_empty() {
            return Vec::new();
        }
        let is_enough = |feed: &[Activity]| words::reaches(feed, comments);
        self.api.list_until(End::Counted, &self.path("/activities/feeds"), is_enough).unwrap_or_default()
    }

    /// The branch that the request was for at each review, by the order of its timeline.
    fn targets(&self, events: &[Event]) -> HashMap<i64, String> {
        let first = events.iter().find(|event| event.kind == RETARGETED);
        let mut target = first.map_or_else(|| self.target(), |event| format!("refs/heads/{}", event.old_ref));
        let mut targets = HashMap::new();
        for event in events {
            match event.kind.as_str() {
                RETARGETED => target = format!("refs/heads/{}", event.new_ref),
                "review" => drop(targets.insert(event.review_id, target.clone())),
                _ => {}
            }
        }
        targets
    }

    fn statuses(&self, request: &mut Request<'static>) -> Result<(), ApiError> {
        let Some(head) = request.change.as_ref().map(|change| change.head.clone()) else { return Ok(()) };
        let path = self.path(&format!("/commits/{head}/statuses"));
        let statuses: Vec<crate::api::Status> = self.api.list(End::Counted, &path)?;
        request.statuses.extend(statuses.iter().map(|status| Status {
            context: status.context.clone().into(),
            state: status.status.clone().into(),
            source: status.creator.as_ref().map(account),
            sha: Some(head.clone()),
            at: When::parse(&status.created_at),
        }));
        request.complete.push(Fact::Statuses);
        Ok(())
    }

    /// Members of the teams that the policy names, `ORGANISATION/TEAM`.
    fn groups(&self, names: &[String], request: &mut Request<'static>) -> Result<(), ApiError> {
        for name in names {
            let mut group = Group { name: name.clone().into(), ..Group::default() };
            match self.members(name) {
                Ok(members) => group.members = members.iter().map(account).collect::<Vec<_>>().into(),
                Err(error) if error.is_hidden() => group.unreadable = true,
                Err(error) => return Err(error),
            }
            request.groups.push(group);
        }
        request.complete.push(Fact::Groups);
        Ok(())
    }

    fn members(&self, name: &str) -> Result<Vec<User>, ApiError> {
        let hidden = || ApiError::Refused { path: format!("team {name}"), status: 404, said: String::new() };
        let (organisation, team) = name.split_once('/').ok_or_else(hidden)?;
        let teams: Vec<Team> = self.api.list(End::Counted, &format!("/orgs/{organisation}/teams"))?;
        let team = teams.iter().find(|known| known.name.eq_ignore_ascii_case(team)).ok_or_else(hidden)?;
        self.api.list(End::Counted, &format!("/teams/{}/members", team.id))
    }

    /// What those may do in the repository who acted. By teams it is looked for where a policy asks for it alone: that
    /// takes more rights than the rest.
    fn people(&self, levels: bool, request: &mut Request<'static>) {
        let by_team = if levels { self.levels_by_team().ok() } else { Some(Vec::new()) };
        let acted = request.acts.iter().filter_map(|act| act.actor.login.as_deref());
        let logins: BTreeSet<String> = acted.map(str::to_owned).collect();
        for login in logins {
            let said: Option<Permission> =
                self.api.get(&self.path(&format!("/collaborators/{login}/permission"))).ok();
            let is_member = |member: &User| member.login.eq_ignore_ascii_case(&login);
            let teams = by_team.iter().flatten().filter(|(_, members)| members.iter().any(is_member));
            let mut permissions: BTreeSet<String> = teams.map(|(level, _)| level.clone()).collect();
            // Nobody has less by the forge's word than by a team; more may be unknown.
            let unreadable = match &said {
                None => true,
                Some(said) => by_team.is_none() && matches!(said.permission.as_str(), "read" | "none" | ""),
            };
            permissions.extend(said.map(|said| said.permission));
            request.people.push(Person {
                account: Account { login: Some(login.into()), ..Account::default() },
                permissions: permissions.into_iter().map(Into::into).collect(),
                unreadable,
                ..Person::default()
            });
        }
        request.complete.push(Fact::People);
    }

    /// Who has which level by a team whose rights are per unit, where the forge says of them that they may read, or nothing.
    fn levels_by_team(&self) -> Result<Vec<(String, Vec<User>)>, ApiError> {
        let teams: Vec<Team> = match self.api.list_at_once(&self.path("/teams")) {
            Ok(teams) => teams,
            // Its owner is a person, who has no teams.
            Err(ApiError::Refused { status: 405, .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut levels = Vec::new();
        for team in teams {
            let Some(level) = team.units_map.as_ref().and_then(|units| units.get("repo.code")) else {
                continue;
            };
            levels
                .push((level.clone(), self.api.list(End::Counted, &format!("/teams/{}/members", team.id))?));
        }
        Ok(levels)
    }
}

impl ForgeChange for PullRequest {
    fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    fn platform(&self, beside: Beside) -> Box<dyn Platform + '_> {
        Box::new(Facts { of: self, beside })
    }
}

/// The facts of a pull request, with what is read beside it.
struct Facts<'p> {
    of: &'p PullRequest,
    beside: Beside,
}

impl Platform for Facts<'_> {
    fn trigger(&self) -> (TriggerKind, Software<'static>) {
        (self.of.trigger, Software { name: "gitea".into(), version: "".into() })
    }

    fn names(&self, change: &mut Change<'static>) {
        change.id = Some(self.of.number().to_string().into());
        change.repository.name = Some(self.of.repository.clone().into());
        change.source = Some(format!("refs/heads/{}", self.of.pull.head.name).into());
    }

    fn absent(&self) -> &[Fact] {
        if self.beside.answers.is_some() { &[Fact::Requester] } else { &[Fact::History, Fact::Requester] }
    }

    fn facts(&mut self, needs: &Needs, request: &mut Request<'static>) -> Result<(), CollectError> {
        let pull = self.of;
        pull.text(request);
        match pull.accounts(request) {
            // Without accounts everybody is a stranger, which would be given as the reason.
            Err(error) if error.passes() => return Err(CollectError::Platform(error.to_string())),
            accounts => name_missing(Fact::People, accounts, request),
        }
        let events = pull.timeline(request);
        let read = match &events {
            Ok(events) => pull.acts(events, request),
            Err(error) => Err(error.clone()),
        };
        name_missing(Fact::Acts, read, request);
        if let Some(answers) = self.beside.answers.take() {
            request.history.get_or_insert_default().answers = answers.into();
            request.complete.push(Fact::History);
        }
        if needs.facts.contains(&Fact::Statuses) {
            let read = pull.statuses(request);
            name_missing(Fact::Statuses, read, request);
        }
        if needs.facts.contains(&Fact::Groups) {
            let read = pull.groups(&needs.groups, request);
            name_missing(Fact::Groups, read, request);
        }
        if needs.facts.contains(&Fact::People) {
            pull.people(needs.levels, request);
        }
        // Last, for it may be long.
        match events {
            Ok(events) => pull.pushes(&self.beside.git, &events, request),
            Err(error) => name_missing(Fact::Pushes, Err(error), request),
        }
        Ok(())
    }
}

/// Which commits a pull request would bring, and where to. A head that is on no branch is kept by the forge under the number of the
/// request, a moment late, and the fork that it comes from has it at once.
fn proposal(api: &Api, repository: &str, pull: &Pull) -> Proposal {
    let number = pull.number;
    let mut heads = vec![(remote(api, repository), format!("refs/pull/{number}/head"))];
    let fork = pull.head.repo.as_ref();
    heads.extend(fork.map(|fork| (remote(api, &fork.full_name), format!("refs/heads/{}", pull.head.name))));
    let base = pull.base.repo.as_ref();
    Proposal {
        number,
        is_open: pull.state == "open",
        is_merged: pull.merged,
        target: format!("refs/heads/{}", pull.base.name),
        head: pull.head.sha.clone(),
        result: pull.merge_commit_sha.clone(),
        merge_base: pull.merge_base.clone(),
        default_branch: base.map(|repository| format!("refs/heads/{}", repository.default_branch)),
        repository_id: base.map(|repository| repository.id.to_string()),
        heads,
    }
}

/// Where git finds a repository of the forge.
pub fn remote(api: &Api, repository: &str) -> Remote {
    Remote { url: format!("{}/{repository}.git", api.root()), authorization: api.authorization() }
}

/// Whether the timeline was read as far as it says that the head was pushed. A change of the target takes the pushes before it away
/// and writes one after it, so none comes later. Where nothing else says where the timeline ends, this does.
fn names_head(events: &[Event], request: &Request<'static>) -> bool {
    let head = request.change.as_ref().map(|change| &change.head);
    let mut pushes = events.iter().filter(|event| event.kind == PULL_PUSH);
    pushes.any(|event| pushed_by(event).as_ref() == head)
}

/// Names a fact that could not be read.
fn name_missing(fact: Fact, read: Result<(), ApiError>, request: &mut Request<'static>) {
    if let Err(error) = read {
        request.unavailable.push(unavailable(fact, error.to_string()));
    }
}

fn unavailable(fact: Fact, reason: String) -> Unavailable<'static> {
    Unavailable { fact, of: None, reason: reason.into() }
}
