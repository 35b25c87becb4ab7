//! What Gitea knows of a pull request beside its commits: copied as it stands, each list with whether it is whole.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use countersign_core::model::{
    Account, Act, ActKind, Change, ChangeDescription, EarlierAnswer, Edit, Fact, Group, Label, Needs,
    ObjectId, Person, Place, Proof, Push, Request, Software, Status, TextIntegrity, TriggerKind, Unavailable,
    When,
};
use countersign_host::collect::{CollectError, Platform};
use countersign_host::git::Repository;

use crate::api::{
    Activity, Api, ApiError, Comment, Event, PULL_PUSH, Permission, Pull, PullCommit, Review, Team, User,
};
use crate::paging::End;
use crate::pushes::{Feed, Gap, Pushed};

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
    /// A repository that holds the target and the head.
    git: Option<Repository>,
}

/// How often something is looked for that the forge writes a moment late, and how long in between.
const LOOKS: usize = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// Seconds after which nothing is late any more.
const LATELY: i64 = 60;

/// The kind of an event that tells of another target.
const RETARGETED: &str = "change_target_branch";

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
        PullRequest {
            api,
            trigger,
            repository: repository.to_owned(),
            pull,
            own: None,
            answers: None,
            git: None,
        }
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

    /// With a repository that holds the target and the head, to see where a push brought something of the change.
    pub fn with_git(mut self, git: Repository) -> Self {
        self.git = Some(git);
        self
    }

    fn is_own(&self, user: Option<&User>) -> bool {
        user.is_some_and(|user| Some(&user.login) == self.own.as_ref())
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

    /// Who moved the head. The timeline says who pushed since the request was opened, and of what was there then, who opened it;
    /// where the target was changed it says all of it anew, of whoever changed it. So who pushed is known by the feed of the
    /// repository alone.
    fn pushes(&self, events: &[Event], request: &mut Request<'static>) {
        let Some(head) = request.change.as_ref().map(|change| change.head.clone()) else { return };
        let mut pushes: Vec<Push<'static>> = Vec::new();
        for event in events.iter().filter(|event| event.kind == PULL_PUSH) {
            pushes.push(Push {
                by: event.user.as_ref().map(account),
                at: When::parse(&event.created_at),
                head: pushed_by(event).unwrap_or_else(|| head.clone()),
                forced: event.push().is_force_push,
            });
        }
        let known = if self.is_by_agit() {
            self.pushed_by_agit(events, request)
        } else {
            self.pushed_to_branch(&head, request, &mut pushes)
        };
        match known {
            Ok(()) => request.complete.push(Fact::Pushes),
            Err(why) => request.unavailable.push(unavailable(Fact::Pushes, why)),
        }
        request.pushes = pushes.into();
    }

    /// Whether it is from no branch, and every push to it is one to the request itself.
    fn is_by_agit(&self) -> bool {
        self.pull.head.name.starts_with("refs/")
    }

    /// What the timeline says of each commit where there is no branch.
    fn pushed_by_agit(&self, events: &[Event], request: &Request<'static>) -> Result<(), String> {
        if events.iter().any(|event| event.kind == RETARGETED) {
            return Err(
                "the target was changed, and the forge no longer says who pushed; open it anew".into()
            );
        }
        let by_known = |event: &&Event| event.user.as_ref().is_some_and(User::is_known);
        let pushes = events.iter().filter(|event| event.kind == PULL_PUSH).filter(by_known);
        let pushed: HashSet<String> = pushes.flat_map(|event| event.push().commit_ids).collect();
        let mut own = request.commits.iter().filter(|commit| commit.place != Place::Result);
        match own.find(|commit| !pushed.contains(commit.sha.as_str())) {
            Some(commit) => Err(Gap::Unlisted(commit.sha.clone()).to_string()),
            None => Ok(()),
        }
    }

    /// The pushes to the head's branch, back to where nothing of the change was on it.
    fn pushed_to_branch(
        &self,
        head: &ObjectId<'static>,
        request: &Request<'static>,
        pushes: &mut Vec<Push<'static>>,
    ) -> Result<(), String> {
        let Some(repository) = &self.pull.head.repo else {
            return Err(
                "the repository that it was pushed to is gone, and with it the word of who pushed".into()
            );
        };
        let branch = format!("refs/heads/{}", self.pull.head.name);
        let path = format!("/repos/{}/activities/feeds", repository.full_name);
        let mut outside = Outside::of(self.git.as_ref(), head, request);
        let pushed_at = pushes.iter().filter(|push| push.head == *head).filter_map(|push| push.at).max();
        let read = self.feed(&path, head, pushed_at, request, |entries| {
            Feed::of(entries, false).trace(&branch, head, |at| outside.holds(at)).gap.is_none()
        });
        let (entries, error) = match read {
            Ok(entries) => (entries, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        let feed = Feed::of(&entries, true);
        let trace = feed.trace(&branch, head, |at| outside.holds(at));
        let first = trace.pushes.iter().map(|push| push.entry.id).min();
        let of_change: HashSet<&str> = request.commits.iter().map(|commit| commit.sha.as_str()).collect();
        // Whatever else was pushed to the branch since, or of the change to another, was pushed too.
        let counts = |push: &Pushed<'_>| {
            push.entry.ref_name == branch && (trace.gap.is_some() || Some(push.entry.id) >= first)
                || push.to().is_some_and(|to| of_change.contains(to.as_str()))
        };
        pushes.extend(feed.pushes().filter(counts).map(|push| Push {
            by: push.entry.act_user.as_ref().map(account),
            at: When::parse(&push.entry.created),
            head: push.to().unwrap_or_else(|| head.clone()),
            forced: false,
        }));
        match error.or_else(|| trace.gap.map(|gap| gap.to_string())) {
            Some(why) => Err(why),
            None => Ok(()),
        }
    }

    /// The feed, as far back as it is needed: the forge writes a push into it a moment late.
    fn feed(
        &self,
        path: &str,
        head: &ObjectId<'static>,
        pushed_at: Option<When>,
        request: &Request<'static>,
        is_enough: impl FnMut(&[Activity]) -> bool,
    ) -> Result<Vec<Activity>, ApiError> {
        for _ in 0..looks(pushed_at, request) {
            let newest: Vec<Activity> = self.api.first(path)?;
            let feed = Feed::of(&newest, false);
            if feed.pushes().any(|push| push.to().as_ref() == Some(head)) {
                break;
            }
            self.api.wait(|| std::thread::sleep(PAUSE));
        }
        self.api.list_until(End::Counted, path, is_enough)
    }

    /// The timeline, once it says of the head that it was pushed, which the forge writes a moment late.
    fn timeline(&self, request: &Request<'static>) -> Result<Vec<Event>, ApiError> {
        let path = self.path(&format!("/issues/{}/timeline", self.number()));
        let mut events: Vec<Event> = self.api.list(End::Empty, &path)?;
        for _ in 0..looks(When::parse(&self.pull.updated_at), request) {
            if names_head(&events, request) {
                break;
            }
            self.api.wait(|| std::thread::sleep(PAUSE));
            events = self.api.list(End::Empty, &path)?;
        }
        Ok(events)
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
        for comment in comments.iter().filter(|comment| !self.is_own(comment.user.as_ref())) {
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
        match self.accounts(request) {
            // Without accounts everybody is a stranger, which would be given as the reason.
            Err(error) if error.passes() => return Err(CollectError::Platform(error.to_string())),
            accounts => name_missing(Fact::People, accounts, request),
        }
        let events = self.timeline(request);
        let read = match &events {
            Ok(events) => self.acts(events, request),
            Err(error) => Err(error.clone()),
        };
        name_missing(Fact::Acts, read, request);
        if let Some(answers) = self.answers.take() {
            request.history.get_or_insert_default().answers = answers.into();
            request.complete.push(Fact::History);
        }
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
        // Last, for it may be long.
        match events {
            Ok(events) => self.pushes(&events, request),
            Err(error) => name_missing(Fact::Pushes, Err(error), request),
        }
        Ok(())
    }
}

/// The commit that an event of the timeline brought the head to.
fn pushed_by(event: &Event) -> Option<ObjectId<'static>> {
    ObjectId::new(event.push().commit_ids.pop()?)
}

/// Whether the timeline was read as far as it says that the head was pushed. A change of the target takes the pushes before it away
/// and writes one after it, so none comes later. Where nothing else says where the timeline ends, this does.
fn names_head(events: &[Event], request: &Request<'static>) -> bool {
    let head = request.change.as_ref().map(|change| &change.head);
    let mut pushes = events.iter().filter(|event| event.kind == PULL_PUSH);
    pushes.any(|event| pushed_by(event).as_ref() == head)
}

/// How often something is looked for that may come in a moment: not at all where nothing happened lately.
fn looks(happened: Option<When>, request: &Request<'static>) -> usize {
    let since = happened.map(|at| at.seconds_until(request.trigger.now));
    if since.is_none_or(|seconds| seconds <= LATELY) { LOOKS } else { 0 }
}

/// Which commits lie outside a change, so that nothing of it can be reached from them.
struct Outside<'r> {
    git: Option<&'r Repository>,
    head: &'r ObjectId<'static>,
    base: Option<ObjectId<'static>>,
    known: HashMap<String, bool>,
}

impl<'r> Outside<'r> {
    fn of(git: Option<&'r Repository>, head: &'r ObjectId<'static>, request: &Request<'static>) -> Self {
        let base = request.change.as_ref().map(|change| change.base_tip.clone());
        let parents = request.commits.iter().flat_map(|commit| &commit.parents);
        let in_target =
            parents.filter(|parent| parent.in_target).map(|parent| (parent.sha.to_string(), true));
        Outside { git, head, base, known: in_target.collect() }
    }

    fn holds(&mut self, commit: &ObjectId<'static>) -> bool {
        if let Some(known) = self.known.get(commit.as_str()) {
            return *known;
        }
        let holds = self.is_beside(commit).unwrap_or(false);
        self.known.insert(commit.to_string(), holds);
        holds
    }

    /// Whether the change has as many commits without all that can be reached from a commit; nothing where that is not here.
    fn is_beside(&self, commit: &ObjectId<'static>) -> Option<bool> {
        let (git, base) = (self.git?, self.base.as_ref()?.to_string());
        let all = git.count(self.head.as_str(), std::slice::from_ref(&base)).ok()?;
        Some(git.count(self.head.as_str(), &[base, commit.to_string()]).ok()? == all)
    }
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
