//! Who pushed what a pull request brings: to its own branch, and to those from which other pull requests brought a part of it.

use std::collections::HashSet;

use countersign_core::model::{ObjectId, Place, Push, Request, When};
use countersign_host::collect::Outside;
use countersign_host::git::Repository;
use countersign_host::pushes::{EventKind, Feed, Gap, RepositoryEvent};

use crate::api::{Activity, Api, ApiError, COMMIT_REPO, End, Event, GitRefs, PULL_PUSH, Pull, User, account};

/// Commits for which the forge is asked whether a pull request brought them, and pull requests that are followed.
const FOLLOWED: usize = 200;

/// The kind of an event that tells of another target.
pub const RETARGETED: &str = "change_target_branch";

/// The commit that an event of the timeline brought the head to.
pub fn pushed_by(event: &Event) -> Option<ObjectId<'static>> {
    ObjectId::new(event.push().commit_ids.pop()?)
}

/// Who pushed, as far as that is known.
pub struct Pushers<'a> {
    api: &'a Api,
    /// A repository that holds the target and the head.
    git: &'a Repository,
    request: &'a Request<'static>,
    /// The pushes.
    pub pushes: Vec<Push<'static>>,
    /// Why they are not all.
    pub gap: Option<String>,
    asked: HashSet<(String, String)>,
}

/// A pull request that brings commits.
struct Bringing<'p> {
    pull: &'p Pull,
    /// The repository that it is for, `owner/name`.
    repository: &'p str,
    /// The commit that it brings.
    head: ObjectId<'static>,
    events: &'p [Event],
}

impl<'a> Pushers<'a> {
    /// Follows a pull request, and all that brought a part of it.
    pub fn of(
        api: &'a Api,
        git: &'a Repository,
        request: &'a Request<'static>,
        repository: &str,
        pull: &Pull,
        events: &[Event],
    ) -> Self {
        let mut pushers = Pushers { api, git, request, pushes: Vec::new(), gap: None, asked: HashSet::new() };
        let Some(change) = &request.change else { return pushers };
        let own = Bringing { pull, repository, head: change.head.clone(), events };
        let mut outside = Outside::of(git, &own.head, Some(change.base_tip.clone()));
        outside.know(request);
        let mut followed = HashSet::from([pull.id]);
        let mut waiting = pushers.follow(&own, &mut outside);
        waiting.extend(pushers.brought(repository, pull, merges(request)));
        while let Some((repository, pull)) = waiting.pop() {
            if !followed.insert(pull.id) {
                continue;
            }
            if followed.len() > FOLLOWED {
                pushers.lacks(format!("more than {FOLLOWED} pull requests brought a part of it"));
                break;
            }
            match pushers.merged(&repository, &pull) {
                Ok(more) => waiting.extend(more),
                Err(error) => pushers.lacks(error.to_string()),
            }
        }
        pushers
    }

    fn lacks(&mut self, why: String) {
        self.gap.get_or_insert(why);
    }

    /// Follows one that was merged. Whoever opened it took what was there then for theirs.
    fn merged(&mut self, repository: &str, pull: &Pull) -> Result<Vec<(String, Pull)>, ApiError> {
        let number = pull.number;
        // Its branch may have gone on since.
        let kept = format!("refs/pull/{number}/head");
        let refs = match self.api.get(&format!("/repos/{repository}/git/{kept}"))? {
            GitRefs::Many(refs) => refs,
            GitRefs::One(only) => vec![only],
        };
        let head = refs.into_iter().find(|found| found.name == kept);
        let Some(head) = head.and_then(|found| ObjectId::new(found.object.sha)) else {
            self.lacks(format!("the forge does not say what pull request {number} of {repository} brought"));
            return Ok(Vec::new());
        };
        self.pushes.push(Push {
            by: pull.user.as_ref().map(account),
            at: When::parse(&pull.created_at),
            head: head.clone(),
            forced: false,
        });
        let events: Vec<Event> =
            self.api.list(End::Empty, &format!("/repos/{repository}/issues/{number}/timeline"))?;
        let base = pull.merge_base.clone().and_then(ObjectId::new);
        let mut outside = Outside::of(self.git, &head, base);
        Ok(self.follow(&Bringing { pull, repository, head: head.clone(), events: &events }, &mut outside))
    }

    /// Who moved the head of one. The timeline says who pushed since the request was opened, and of what was there then, who opened
    /// it; where the target was changed it says all of it anew, of whoever changed it. So who pushed is known by the feed of
    /// the head's repository alone. Gives the pull requests that brought a part of it.
    fn follow(&mut self, of: &Bringing<'_>, outside: &mut Outside<'_>) -> Vec<(String, Pull)> {
        for event in of.events.iter().filter(|event| event.kind == PULL_PUSH) {
            self.pushes.push(Push {
                by: event.user.as_ref().map(account),
                at: When::parse(&event.created_at),
                head: pushed_by(event).unwrap_or_else(|| of.head.clone()),
                forced: event.push().is_force_push,
            });
        }
        let Some(branch) = of.pull.head.branch() else {
            self.by_agit(of);
            return Vec::new();
        };
        let Some(repository) = &of.pull.head.repo else {
            self.lacks(format!(
                "the repository that {} was pushed to is gone, and with it the word of who pushed",
                of.head.short()
            ));
            return Vec::new();
        };
        let pushed = self.pushes_to(&repository.full_name, &format!("refs/heads/{branch}"), of, outside);
        let tips = pushed.iter().map(|push| push.head.clone()).collect();
        self.pushes.extend(pushed);
        self.brought(of.repository, of.pull, tips)
    }

    /// What the timeline says of each commit where there is no branch, and every push is one to the request itself.
    fn by_agit(&mut self, of: &Bringing<'_>) {
        if of.events.iter().any(|event| event.kind == RETARGETED) {
            let why = "the target was changed, and the forge no longer says who pushed; open it anew";
            return self.lacks(why.to_owned());
        }
        let is_own = self.request.change.as_ref().is_some_and(|change| change.head == of.head);
        let by_known = |event: &&Event| event.user.as_ref().is_some_and(User::is_known);
        let pushes = of.events.iter().filter(|event| event.kind == PULL_PUSH).filter(by_known);
        let pushed: HashSet<String> = pushes.flat_map(|event| event.push().commit_ids).collect();
        let commits = self.request.commits.iter().filter(|commit| commit.place != Place::Result);
        let mut asked = commits.map(|commit| &commit.sha).filter(|sha| is_own || **sha == of.head);
        if let Some(sha) = asked.find(|sha| !pushed.contains(sha.as_str())) {
            self.lacks(Gap::Unlisted(sha.clone()).to_string());
        }
    }

    /// The pushes to the head's branch, back to where nothing of the change was on it.
    fn pushes_to(
        &mut self,
        repository: &str,
        branch: &str,
        of: &Bringing<'_>,
        outside: &mut Outside<'_>,
    ) -> Vec<Push<'static>> {
        let head = &of.head;
        let pushed = of.events.iter().filter(|event| pushed_by(event).as_ref() == Some(head));
        let pushed_at = pushed.filter_map(|event| When::parse(&event.created_at)).max();
        let read = self.feed(repository, head, pushed_at, |entries| {
            Feed::of(events(entries), false).trace(branch, head, |at| outside.holds(at)).gap.is_none()
        });
        let read = read.and_then(|entries| self.without_keys(repository, entries));
        let (entries, error) = match read {
            Ok(entries) => (entries, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        let feed = Feed::of(events(&entries), true);
        let trace = feed.trace(branch, head, |at| outside.holds(at));
        let first = trace.pushes.iter().map(|push| push.id).min();
        let of_change: HashSet<&str> =
            self.request.commits.iter().map(|commit| commit.sha.as_str()).collect();
        // Whatever else was pushed to the branch since, or of the change to another, was pushed too.
        let counts = |push: &&RepositoryEvent| {
            push.branch == branch && (trace.gap.is_some() || Some(push.id) >= first)
                || push.to().is_some_and(|to| of_change.contains(to.as_str()))
                || trace.pushes.iter().any(|traced| traced.id == push.id)
        };
        let pushes = feed.pushes().filter(counts).map(|push| Push {
            by: push.by.clone(),
            at: push.at,
            head: push.to().unwrap_or(head).clone(),
            forced: false,
        });
        let pushes = pushes.collect();
        if let Some(why) = error.or_else(|| trace.gap.map(|gap| gap.to_string())) {
            self.lacks(why);
        }
        pushes
    }

    /// The feed, as far back as it is needed: the forge writes a push into it a moment late.
    fn feed(
        &self,
        repository: &str,
        head: &ObjectId<'static>,
        pushed_at: Option<When>,
        is_enough: impl FnMut(&[Activity]) -> bool,
    ) -> Result<Vec<Activity>, ApiError> {
        let path = format!("/repos/{repository}/activities/feeds");
        let names_head = |newest: &Vec<Activity>| {
            Feed::of(events(newest), false).pushes().any(|push| push.to() == Some(head))
        };
        self.api.await_late(pushed_at, self.request.trigger.now, || self.api.first(&path), names_head)?;
        self.api.list_until(End::Counted, &path, is_enough)
    }

    /// Takes an organisation's name from what was pushed with a deploy key: the forge writes the owner of the repository for whoever
    /// holds one, and an organisation pushes nothing (Gitea 1.26, cmd/hook.go, and routers/private/serv.go).
    fn without_keys(&self, repository: &str, mut entries: Vec<Activity>) -> Result<Vec<Activity>, ApiError> {
        let owner = repository.split('/').next().unwrap_or_default();
        let is_owner = |entry: &Activity| {
            entry.act_user.as_ref().is_some_and(|user| user.login.eq_ignore_ascii_case(owner))
        };
        if !entries.iter().any(is_owner) {
            return Ok(entries);
        }
        match self.api.get::<serde_json::Value>(&format!("/orgs/{owner}")) {
            Ok(_) => {
                entries.iter_mut().filter(|entry| is_owner(entry)).for_each(|entry| entry.act_user = None)
            }
            Err(error) if error.is_missing() => {}
            Err(error) => return Err(error),
        }
        Ok(entries)
    }

    /// The pull requests that brought these commits to the repository of a head, or to the one that it is for: somebody may have
    /// carried them over from there.
    fn brought(
        &mut self,
        repository: &str,
        pull: &Pull,
        tips: Vec<ObjectId<'static>>,
    ) -> Vec<(String, Pull)> {
        let mut places = vec![repository.to_owned()];
        let of_head = pull.head.repo.as_ref().map(|head| head.full_name.clone());
        places.extend(of_head.filter(|name| name != repository));
        let mut found = Vec::new();
        for (place, tip) in places.iter().flat_map(|place| tips.iter().map(move |tip| (place, tip))) {
            if !self.asked.insert((place.clone(), tip.to_string())) {
                continue;
            }
            if self.asked.len() > FOLLOWED {
                self.lacks(format!("it has more than {FOLLOWED} pushes and merges"));
                break;
            }
            match self.api.get::<Pull>(&format!("/repos/{place}/commits/{tip}/pull")) {
                Ok(pull) if pull.merged => found.push((place.clone(), pull)),
                Ok(_) | Err(ApiError::Refused { status: 404, .. }) => {}
                Err(error) => self.lacks(error.to_string()),
            }
        }
        found
    }
}

/// The merges among the commits of a change.
fn merges(request: &Request<'static>) -> Vec<ObjectId<'static>> {
    let own = request.commits.iter().filter(|commit| commit.place != Place::Result);
    own.filter(|commit| commit.parents.len() > 1).map(|commit| commit.sha.clone()).collect()
}

/// The kind of an entry that tells of a branch that was deleted.
const DELETED: &str = "delete_branch";

/// What the entries of a feed say. It lacks whatever its reader is not shown: whoever hides their activity, and what was removed after
/// its time. Sources: Gitea 1.26, services/feed/notifier.go and services/repository/push.go.
fn events(entries: &[Activity]) -> Vec<RepositoryEvent> {
    let event = |entry: &Activity| RepositoryEvent {
        id: entry.id,
        branch: entry.ref_name.clone(),
        by: entry.act_user.as_ref().map(account),
        is_known: entry.act_user.as_ref().is_some_and(User::is_known),
        at: When::parse(&entry.created),
        kind: match entry.op_type.as_str() {
            // Without content it tells only that a branch was made.
            COMMIT_REPO if entry.content.is_empty() => EventKind::Made,
            COMMIT_REPO => pushed(entry),
            DELETED => EventKind::Deleted,
            _ => EventKind::Other,
        },
    };
    entries.iter().map(event).collect()
}

fn pushed(entry: &Activity) -> EventKind {
    let Some(push) = &entry.push else { return EventKind::Pushed { to: None, from: None, commits: 0 } };
    let compared = push.compare_url.rsplit_once("/compare/").and_then(|(_, both)| both.split_once("..."));
    EventKind::Pushed {
        to: ObjectId::new(push.head_commit.sha1.clone()),
        // Where the push has no new commit, the name of the default branch stands there.
        from: compared.and_then(|(from, _)| ObjectId::new(from.to_owned())),
        commits: push.len,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Entry;

    #[test]
    fn an_entry_of_the_feed_says_what_happened_to_a_branch() {
        let id = |letter: &str| ObjectId::new(letter.repeat(40));
        let content = |from: &str, len: usize| {
            format!(
                r#"{{"HeadCommit":{{"Sha1":"{}"}},"CompareURL":"acme/app/compare/{from}...x","Len":{len}}}"#,
                "a".repeat(40)
            )
        };
        let unsaid = EventKind::Pushed { to: None, from: None, commits: 0 };
        for (op_type, content, kind) in [
            (COMMIT_REPO, String::new(), EventKind::Made),
            (COMMIT_REPO, "{}".into(), unsaid.clone()),
            (COMMIT_REPO, "cut short".into(), unsaid),
            (
                COMMIT_REPO,
                content(&"b".repeat(40), 2),
                EventKind::Pushed { to: id("a"), from: id("b"), commits: 2 },
            ),
            (COMMIT_REPO, content("main", 0), EventKind::Pushed { to: id("a"), from: None, commits: 0 }),
            (DELETED, String::new(), EventKind::Deleted),
            ("comment_pull", "12|nice".into(), EventKind::Other),
        ] {
            let mut entry = Activity { op_type: op_type.into(), content, ..Activity::default() };
            entry.settle();
            assert_eq!(events(&[entry])[0].kind, kind, "{op_type}");
        }
    }
}
