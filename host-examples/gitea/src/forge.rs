//! What Gitea knows of a pull request beside its commits: copied as it stands, each list with whether it is whole.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use countersign_core::model::{
    Account, Act, ActKind, Change, ChangeDescription, EarlierAnswer, Edit, Fact, Group, Label, Needs,
    ObjectId, Person, Proof, Push, Request, Software, Status, TextIntegrity, TriggerKind, Unavailable, When,
};
use countersign_host::collect::{CollectError, Platform};

use crate::api::{
    Activity, Api, ApiError, Comment, Event, Permission, Pull, PullCommit, PullPush, PushedCommits, Review,
    Team, User,
};

/// A pull request, as one account may read it.
pub struct PullRequest<'a> {
    api: &'a Api,
    trigger: TriggerKind,
    /// `owner/name` of the repository that it would be merged into.
    repository: String,
    pull: Pull,
    /// The gate's own account, whose words about the change are no facts of it.
    own: Option<String>,
    /// Answers given in other changes, where the host remembers them.
    answers: Option<Vec<EarlierAnswer<'static>>>,
}

/// How often the feed is looked at until it names the head, and how long in between.
const FEED_LOOKS: usize = 20;
const FEED_PAUSE: Duration = Duration::from_millis(100);

/// What the gate's own comments and reviews begin with.
pub const MARKER: &str = "<!-- countersign -->";

impl<'a> PullRequest<'a> {
    /// Reads one.
    ///
    /// # Errors
    /// When the forge does not give it.
    pub fn read(api: &'a Api, trigger: TriggerKind, repository: &str, number: u64) -> Result<Self, ApiError> {
        let pull = api.get(&format!("/repos/{repository}/pulls/{number}"))?;
        Ok(Self::of(api, trigger, repository, pull))
    }

    /// One that was read.
    pub fn of(api: &'a Api, trigger: TriggerKind, repository: &str, pull: Pull) -> Self {
        PullRequest { api, trigger, repository: repository.to_owned(), pull, own: None, answers: None }
    }

    /// Leaves out what the gate's own account said.
    pub fn without(mut self, own: Option<String>) -> Self {
        self.own = own;
        self
    }

    /// With the answers that were given in other changes.
    pub fn with_answers(mut self, answers: Vec<EarlierAnswer<'static>>) -> Self {
        self.answers = Some(answers);
        self
    }

    fn is_own(&self, user: Option<&User>, body: &str) -> bool {
        body.starts_with(MARKER) && user.is_some_and(|user| Some(&user.login) == self.own.as_ref())
    }

    /// The commit that its branch stands at.
    pub fn head(&self) -> &str {
        &self.pull.head.sha
    }

    /// The branch that it would go into.
    pub fn target(&self) -> String {
        format!("refs/heads/{}", self.pull.base.name)
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
        // Who edits a description is said nowhere; where its edits are not counted, any change of the pull request may
        // have been one.
        let edited = pull.content_version.map_or(pull.updated_at != pull.created_at, |version| version > 0);
        let edit = || Some(Edit { at: When::parse(&pull.updated_at)?, by: None });
        change.description = Some(ChangeDescription {
            text: pull.body.clone().into(),
            author: pull.user.as_ref().map(account),
            at: When::parse(&pull.created_at),
            edited: edited.then(edit).flatten(),
        });
        let label = |label: &crate::api::Label| Label { name: label.name.clone().into(), by: None, at: None };
        change.labels = pull.labels.iter().flatten().map(label).collect::<Vec<_>>().into();
        change.draft = pull.draft;
        let of = |branch: &crate::api::Branch| branch.repo.as_ref().map(|repository| repository.id);
        change.fork = of(&pull.head).is_none() || of(&pull.head) != of(&pull.base);
        change.opened_by = pull.user.as_ref().map(account);
        request.complete.extend([Fact::Text, Fact::Opener]);
    }

    /// The accounts that the forge maps the addresses of commits to.
    fn accounts(&self, request: &mut Request<'static>) -> Result<(), ApiError> {
        let (commits, _) = self
            .api
            .list::<PullCommit>(&self.path(&format!("/pulls/{}/commits?files=false", self.number())))?;
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

    /// Who moved the head: the timeline says it, but for a request whose target was changed, where the forge writes it
    /// anew; the feed of the repository keeps it.
    fn pushes(&self, events: &[Event], request: &mut Request<'static>) {
        let head = request.change.as_ref().map(|change| change.head.clone());
        let mut pushes: Vec<Push<'static>> = Vec::new();
        let mut named = false;
        for event in events.iter().filter(|event| event.kind == "pull_push") {
            let said: PullPush = serde_json::from_str(&event.body).unwrap_or_default();
            let to = said.commit_ids.last().and_then(|id| ObjectId::new(id.clone()));
            named |= to.is_some() && to == head;
            pushes.extend(to.or_else(|| head.clone()).map(|to| Push {
                by: event.user.as_ref().map(account),
                at: When::parse(&event.created_at),
                head: to,
                forced: said.is_force_push,
            }));
        }
        let branch = format!("refs/heads/{}", self.pull.head.name);
        let names_head = |activity: &Activity| head.is_some() && pushed_to(activity) == head;
        let feed = self.feed(&branch, |activities| named || activities.iter().any(names_head));
        let retargeted = events.iter().any(|event| event.kind == "change_target_branch");
        match feed {
            Ok((activities, whole)) => {
                for activity in &activities {
                    let to = pushed_to(activity).or_else(|| head.clone());
                    pushes.extend(to.map(|to| Push {
                        by: activity.act_user.as_ref().map(account),
                        at: When::parse(&activity.created),
                        head: to,
                        forced: false,
                    }));
                }
                if retargeted && !whole {
                    let reason =
                        "the target was changed, and the feed that still knows who pushed is too long";
                    request.unavailable.push(unavailable(Fact::Pushes, reason.to_owned()));
                } else if whole && !named && self.has_feed() && !activities.iter().any(names_head) {
                    let reason =
                        format!("the forge does not say who pushed {}; push it again", self.pull.head.sha);
                    request.unavailable.push(unavailable(Fact::Pushes, reason));
                } else {
                    request.complete.push(Fact::Pushes);
                }
            }
            Err(error) => request.unavailable.push(unavailable(Fact::Pushes, error.to_string())),
        }
        request.pushes = pushes.into();
    }

    /// Whether pushes to the head are listed: not for one that lies in no branch, or whose repository is gone.
    fn has_feed(&self) -> bool {
        self.pull.head.repo.is_some() && !self.pull.head.name.starts_with("refs/")
    }

    /// The pushes to a branch, once the list names all that it must: the forge writes it a moment after the push.
    fn feed(
        &self,
        branch: &str,
        is_whole: impl Fn(&[Activity]) -> bool,
    ) -> Result<(Vec<Activity>, bool), ApiError> {
        let Some(repository) = self.pull.head.repo.as_ref().filter(|_| self.has_feed()) else {
            return Ok((Vec::new(), true));
        };
        let path = format!("/repos/{}/activities/feeds", repository.full_name);
        let is_ours = |activity: &Activity| activity.op_type == "commit_repo" && activity.ref_name == branch;
        let (mut activities, whole) = self.api.list::<Activity>(&path)?;
        activities.retain(is_ours);
        for _ in 0..FEED_LOOKS {
            if !whole || is_whole(&activities) {
                break;
            }
            self.api.wait(|| std::thread::sleep(FEED_PAUSE));
            // What is new stands first.
            let newest = self.api.page::<Activity>(&path, 1)?.into_iter().filter(is_ours);
            let new: Vec<Activity> =
                newest.filter(|one| activities.iter().all(|known| known.id != one.id)).collect();
            activities.splice(0..0, new);
        }
        Ok((activities, whole))
    }

    /// Reviews and comments, each with the branch that the request was for when it was given.
    fn acts(&self, events: &[Event], request: &mut Request<'static>) -> Result<(), ApiError> {
        let number = self.number();
        let (reviews, whole) = self.api.list::<Review>(&self.path(&format!("/pulls/{number}/reviews")))?;
        let (comments, all) = self.api.list::<Comment>(&self.path(&format!("/issues/{number}/comments")))?;
        let targets = self.targets(events);
        for review in reviews.iter().filter(|review| !self.is_own(review.user.as_ref(), &review.body)) {
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
            let dismissed = || Some(Edit { at: When::parse(at)?, by });
            request.acts.push(Act {
                id: format!("review-{}", review.id).into(),
                kind,
                actor: review.user.as_ref().map(account).unwrap_or_default(),
                proof: Proof::Forge,
                at: When::parse(&review.submitted_at),
                dismissed: review.dismissed.then(dismissed).flatten(),
                change: Some(number.to_string().into()),
                target: Some(targets.get(&review.id).cloned().unwrap_or_else(|| self.target()).into()),
                head: ObjectId::new(review.commit_id.clone()),
                text: Some(review.body.clone().into()),
                text_integrity: Some(TextIntegrity::Original),
                ..Act::default()
            });
        }
        for comment in comments.iter().filter(|comment| !self.is_own(comment.user.as_ref(), &comment.body)) {
            let edited = || Some(Edit { at: When::parse(&comment.updated_at)?, by: None });
            request.acts.push(Act {
                id: format!("comment-{}", comment.id).into(),
                kind: ActKind::Comment,
                actor: comment.user.as_ref().map(account).unwrap_or_default(),
                proof: Proof::Forge,
                at: When::parse(&comment.created_at),
                edited: (comment.updated_at != comment.created_at).then(edited).flatten(),
                change: Some(number.to_string().into()),
                text: Some(comment.body.clone().into()),
                text_integrity: Some(TextIntegrity::EditableByOthers),
                ..Act::default()
            });
        }
        if whole && all {
            request.complete.push(Fact::Acts);
        }
        Ok(())
    }

    /// The branch that the request was for at each review, by the order of its timeline.
    fn targets(&self, events: &[Event]) -> HashMap<i64, String> {
        let first = events.iter().find(|event| event.kind == "change_target_branch");
        let mut target = first.map_or_else(|| self.target(), |event| format!("refs/heads/{}", event.old_ref));
        let mut targets = HashMap::new();
        for event in events {
            match event.kind.as_str() {
                "change_target_branch" => target = format!("refs/heads/{}", event.new_ref),
                "review" => drop(targets.insert(event.review_id, target.clone())),
                _ => {}
            }
        }
        targets
    }

    fn statuses(&self, request: &mut Request<'static>) -> Result<(), ApiError> {
        let Some(head) = request.change.as_ref().map(|change| change.head.clone()) else { return Ok(()) };
        let path = self.path(&format!("/commits/{head}/statuses"));
        let (statuses, whole) = self.api.list::<crate::api::Status>(&path)?;
        request.statuses.extend(statuses.iter().map(|status| Status {
            context: status.context.clone().into(),
            state: status.status.clone().into(),
            source: status.creator.as_ref().map(account),
            sha: Some(head.clone()),
            at: When::parse(&status.created_at),
        }));
        if whole {
            request.complete.push(Fact::Statuses);
        }
        Ok(())
    }

    /// Members of the teams that the policy names, `ORGANISATION/TEAM`.
    fn groups(&self, names: &[String], request: &mut Request<'static>) -> Result<(), ApiError> {
        for name in names {
            let mut group = Group { name: name.clone().into(), ..Group::default() };
            match self.members(name) {
                Ok((members, true)) => group.members = members.iter().map(account).collect::<Vec<_>>().into(),
                Ok((_, false)) => group.unreadable = true,
                Err(error) if error.is_hidden() => group.unreadable = true,
                Err(error) => return Err(error),
            }
            request.groups.push(group);
        }
        request.complete.push(Fact::Groups);
        Ok(())
    }

    fn members(&self, name: &str) -> Result<(Vec<User>, bool), ApiError> {
        let hidden = || ApiError::Refused { path: format!("team {name}"), status: 404, said: String::new() };
        let (organisation, team) = name.split_once('/').ok_or_else(hidden)?;
        let (teams, _) = self.api.list::<Team>(&format!("/orgs/{organisation}/teams"))?;
        let team = teams.iter().find(|known| known.name.eq_ignore_ascii_case(team)).ok_or_else(hidden)?;
        self.api.list(&format!("/teams/{}/members", team.id))
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
        let cut = || ApiError::Refused {
            path: self.path("/teams"),
            status: 403,
            said: ": it gave a part of the list alone".into(),
        };
        let teams = match self.api.list::<Team>(&self.path("/teams")) {
            Ok((teams, true)) => teams,
            Ok((_, false)) => return Err(cut()),
            // Its owner is a person, who has no teams.
            Err(ApiError::Refused { status: 405, .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut levels = Vec::new();
        for team in teams {
            let Some(level) = team.units_map.as_ref().and_then(|units| units.get("repo.code")) else {
                continue;
            };
            match self.api.list(&format!("/teams/{}/members", team.id))? {
                (members, true) => levels.push((level.clone(), members)),
                (_, false) => return Err(cut()),
            }
        }
        Ok(levels)
    }
}

impl Platform for PullRequest<'_> {
    fn trigger(&self) -> (TriggerKind, Software<'static>) {
        (self.trigger, Software { name: "gitea".into(), version: "".into() })
    }

    fn names(&self, change: &mut Change<'static>) {
        change.id = Some(self.number().to_string().into());
        change.repository.name = Some(self.repository.clone().into());
        change.source = Some(format!("refs/heads/{}", self.pull.head.name).into());
    }

    fn absent(&self) -> &[Fact] {
        if self.answers.is_some() { &[Fact::Requester] } else { &[Fact::History, Fact::Requester] }
    }

    fn facts(&mut self, needs: &Needs, request: &mut Request<'static>) -> Result<(), CollectError> {
        self.text(request);
        let events = self.api.list::<Event>(&self.path(&format!("/issues/{}/timeline", self.number())));
        match events {
            Ok((events, true)) => {
                self.pushes(&events, request);
                let read = self.acts(&events, request);
                name_missing(Fact::Acts, read, request);
            }
            Ok((_, false)) => {
                for fact in [Fact::Acts, Fact::Pushes] {
                    request.unavailable.push(unavailable(fact, "the timeline is too long".to_owned()));
                }
            }
            Err(error) => {
                for fact in [Fact::Acts, Fact::Pushes] {
                    request.unavailable.push(unavailable(fact, error.to_string()));
                }
            }
        }
        if let Some(answers) = self.answers.take() {
            request.history.get_or_insert_default().answers = answers.into();
            request.complete.push(Fact::History);
        }
        let accounts = self.accounts(request);
        name_missing(Fact::People, accounts, request);
        if needs.facts.contains(&Fact::Statuses) {
            let read = self.statuses(request);
            name_missing(Fact::Statuses, read, request);
        }
        if needs.facts.contains(&Fact::Groups) {
            let read = self.groups(&needs.groups, request);
            name_missing(Fact::Groups, read, request);
        }
        if needs.facts.contains(&Fact::People) {
            self.people(needs.levels, request);
        }
        Ok(())
    }
}

/// The commit that a push brought a branch to.
fn pushed_to(activity: &Activity) -> Option<ObjectId<'static>> {
    let said: PushedCommits = serde_json::from_str(&activity.content).ok()?;
    ObjectId::new(said.head_commit.sha1)
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

fn account(user: &User) -> Account<'static> {
    Account { id: Some(user.id.to_string().into()), login: Some(user.login.clone().into()), email: None }
}
