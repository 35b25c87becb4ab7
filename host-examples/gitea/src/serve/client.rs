//! Gitea as the service asks it: the shapes of its API, as the data and writes of a forge.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use countersign_core::model::{ObjectId, TriggerKind};
use countersign_host::forge::ForgeChange;
use countersign_host::git::Remote;
use countersign_serve::forge::{
    ReviewRequest, Standing, StandingComment, StandingObjection, StandingStatus, What, Write, Writer,
};
use countersign_serve::{CONTEXT, Client, Delivery, Forge, ForgeError, Refusal};
use serde_json::{Value, json};

use super::event;
use crate::api::{Api, ApiError, Comment, Doubt, End, Event, Pull, Repository, Review, Status, User};
use crate::forge::{PullRequest, remote};

/// The file that keeps the gate's own login between starts: a token need not be able to ask for it.
const ACCOUNT: &str = "account";

/// A Gitea server.
pub struct Gitea {
    api: Api,
    secret: Vec<u8>,
    account: Account,
}

/// The gate's own login, as far as it is known.
struct Account {
    file: PathBuf,
    login: Mutex<Option<String>>,
}

impl Account {
    fn login(&self) -> Option<String> {
        self.login.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Learns it by what the gate wrote.
    fn learn(&self, login: &str) {
        let mut known = self.login.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_deref() != Some(login) {
            // Whoever starts again without it writes one status too many, and learns it again.
            let _ = std::fs::write(&self.file, login);
            *known = Some(login.to_owned());
        }
    }
}

impl Gitea {
    /// A server, the secret of its webhooks, and a folder of the service's own.
    pub fn new(api: Api, secret: Vec<u8>, folder: &Path) -> Self {
        let file = folder.join(ACCOUNT);
        let asked = api.within(Duration::from_secs(5)).get::<User>("/user").ok().map(|user| user.login);
        let kept = || std::fs::read_to_string(&file).ok().map(|login| login.trim().to_owned());
        let login = Mutex::new(asked.or_else(kept));
        Gitea { api, secret, account: Account { file, login } }
    }
}

impl Forge for Gitea {
    fn software(&self) -> &'static str {
        "gitea"
    }

    fn receive(&self, header: &dyn Fn(&str) -> Option<String>, body: &[u8]) -> Result<Delivery, Refusal> {
        event::receive(&self.secret, self.account.login().as_deref(), header, body)
    }

    fn waited(&self) -> Duration {
        self.api.waited()
    }

    fn client(&self, within: Duration) -> Box<dyn Client + '_> {
        Box::new(Asked { account: &self.account, api: self.api.within(within) })
    }
}

/// A server that is asked within a time.
struct Asked<'g> {
    account: &'g Account,
    api: Api,
}

impl Asked<'_> {
    fn pull_request(&self, repository: &str, pull: Pull) -> Box<dyn ForgeChange> {
        let (api, own) = (self.api.clone(), self.account.login());
        Box::new(PullRequest::of(api, TriggerKind::Webhook, repository, pull, own))
    }

    fn is_own(&self, user: Option<&User>) -> bool {
        user.is_some_and(|user| Some(&user.login) == self.account.login().as_ref())
    }

    fn writer(&self, user: Option<&User>) -> Writer {
        match self.account.login() {
            None => Writer::Unknown,
            Some(_) if self.is_own(user) => Writer::Gate,
            Some(_) => Writer::Other(user.map_or("somebody", |user| user.login.as_str()).to_owned()),
        }
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Result<Value, ApiError> {
        self.api.send(method, path, Some(body))
    }
}

impl Client for Asked<'_> {
    fn ready(&self) -> Result<(), ForgeError> {
        let _: Value = self.api.get("/version")?;
        Ok(())
    }

    fn repository_id(&self, repository: &str) -> Result<Option<String>, ForgeError> {
        match self.api.get::<Repository>(&format!("/repos/{repository}")) {
            Ok(found) => Ok(Some(found.id.to_string())),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn remote(&self, repository: &str) -> Remote {
        remote(&self.api, repository)
    }

    fn open(&self, repository: &str) -> Result<Vec<u64>, ForgeError> {
        let path = format!("/repos/{repository}/pulls?state=open&sort=oldest");
        let pulls: Vec<Pull> = self.api.list(End::Counted, &path)?;
        Ok(pulls.iter().map(|pull| pull.number).collect())
    }

    fn change(&self, repository: &str, number: u64) -> Result<Box<dyn ForgeChange + '_>, ForgeError> {
        let pull = self.api.get(&format!("/repos/{repository}/pulls/{number}"))?;
        Ok(self.pull_request(repository, pull))
    }

    fn change_of(
        &self,
        repository: &str,
        commit: &ObjectId<'_>,
    ) -> Result<Option<Box<dyn ForgeChange + '_>>, ForgeError> {
        match self.api.get(&format!("/repos/{repository}/commits/{commit}/pull")) {
            Ok(pull) => Ok(Some(self.pull_request(repository, pull))),
            Err(ApiError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn writers(&self, repository: &str) -> Result<Option<Vec<String>>, ForgeError> {
        // The forge's word for the level of one person leaves out what teams may do by units; whoever can be assigned, it says whole.
        match self.api.list_at_once::<User>(&format!("/repos/{repository}/assignees")) {
            Ok(users) => Ok(Some(users.into_iter().map(|user| user.login).collect())),
            Err(error) if error.passes() => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    fn status(&self, repository: &str, head: &str) -> Result<Option<StandingStatus>, ForgeError> {
        // The newest come first, and statuses of other names in masses hide none of this one.
        let is_found = |statuses: &[Status]| statuses.iter().any(|status| status.context == CONTEXT);
        let path = format!("/repos/{repository}/commits/{head}/statuses");
        let known: Vec<Status> = as_far_as_read(self.api.list_until(End::Counted, &path, is_found))?;
        let of_gate = known.into_iter().filter(|status| status.context == CONTEXT);
        Ok(of_gate.max_by_key(|status| status.id).map(|status| StandingStatus {
            by: self.writer(status.creator.as_ref()),
            // The forge has the words of the contract.
            state: status.status,
            description: status.description,
            page: status.target_url,
        }))
    }

    fn standing(&self, repository: &str, number: u64, requesters: bool) -> Result<Standing, ForgeError> {
        let issue = format!("/repos/{repository}/issues/{number}");
        let comments: Vec<Comment> = self.api.list_at_once(&format!("{issue}/comments"))?;
        let comments = comments.into_iter().filter(|comment| self.is_own(comment.user.as_ref()));
        let comments =
            comments.map(|comment| StandingComment { id: comment.id.to_string(), body: comment.body });
        let comments = comments.collect();
        let path = format!("/repos/{repository}/pulls/{number}/reviews");
        let reviews: Vec<Review> = self.api.list(End::Counted, &path)?;
        let asked = reviews.iter().filter(|review| review.state == "REQUEST_REVIEW");
        let asked: BTreeSet<&str> =
            asked.filter_map(|review| review.user.as_ref()).map(|user| user.login.as_str()).collect();
        let events: Vec<Event> = if requesters && !asked.is_empty() {
            self.api.list(End::Empty, &format!("{issue}/timeline"))?
        } else {
            Vec::new()
        };
        let by_gate = |login: &str| {
            let of = |event: &&Event| {
                event.kind == "review_request"
                    && event.assignee.as_ref().is_some_and(|user| user.login.eq_ignore_ascii_case(login))
            };
            events.iter().rev().find(of).is_some_and(|event| self.is_own(event.user.as_ref()))
        };
        let requests = asked
            .into_iter()
            .map(|login| ReviewRequest { login: login.to_owned(), by_gate: by_gate(login) })
            .collect();
        let objects =
            |review: &&Review| review.state == "REQUEST_CHANGES" && self.is_own(review.user.as_ref());
        let objections = reviews
            .iter()
            .filter(objects)
            .map(|review| StandingObjection {
                id: review.id.to_string(),
                body: review.body.clone(),
                dismissed: review.dismissed,
            })
            .collect();
        Ok(Standing { comments, requests, objections })
    }

    fn write(&self, write: &Write<'_>) -> Result<Option<String>, ForgeError> {
        let Write { repository, head, .. } = write;
        let number = write.number.unwrap_or_default();
        let repository = format!("/repos/{repository}");
        let (issue, pull) = (format!("{repository}/issues/{number}"), format!("{repository}/pulls/{number}"));
        match &write.what {
            What::Status(shown) => {
                let body = json!({
                    "context": CONTEXT, "state": shown.state.name(), "description": shown.description,
                    "target_url": shown.page,
                });
                let path = format!("{repository}/statuses/{head}");
                let written: Status = self.api.send("POST", &path, Some(&body))?;
                written.creator.iter().for_each(|user| self.account.learn(&user.login));
            }
            What::Comment(body) => {
                let path = format!("{issue}/comments");
                let written: Comment = self.api.send("POST", &path, Some(&json!({ "body": body })))?;
                return Ok((written.id != 0).then(|| written.id.to_string()));
            }
            What::Rewrite { id, body } => {
                self.send("PATCH", &format!("{repository}/issues/comments/{id}"), &json!({ "body": body }))?;
            }
            What::Ask(login) => {
                self.send("POST", &format!("{pull}/requested_reviewers"), &json!({ "reviewers": [login] }))?;
            }
            What::TakeBack(login) => {
                let body = json!({ "reviewers": [login] });
                self.send("DELETE", &format!("{pull}/requested_reviewers"), &body)?;
            }
            What::Object(text) => {
                let body = json!({ "event": "REQUEST_CHANGES", "body": text, "commit_id": head });
                self.send("POST", &format!("{pull}/reviews"), &body)?;
            }
            What::Lift(id) => {
                self.api.send::<Value>("DELETE", &format!("{pull}/reviews/{id}"), None)?;
            }
        }
        Ok(None)
    }

    fn trouble(&self) -> Option<String> {
        self.api.trouble().map(str::to_owned)
    }
}

/// None of a list that is longer than what is read: whoever writes so many must not keep the gate from writing its own, which is then
/// the newest. One that moved is read again later, so that what somebody else wrote in the meantime is found.
fn as_far_as_read(read: Result<Vec<Status>, ApiError>) -> Result<Vec<Status>, ApiError> {
    match read {
        Err(ApiError::Doubtful { doubt: Doubt::Cut, .. }) => Ok(Vec::new()),
        read => read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_statuses_without_end_keeps_nobody_from_being_told() {
        for (doubt, tells) in [(Some(Doubt::Cut), true), (Some(Doubt::Moved), false), (None, false)] {
            let error = match doubt {
                Some(doubt) => ApiError::Doubtful { path: "/statuses".into(), doubt },
                None => ApiError::TooSlow,
            };
            assert_eq!(as_far_as_read(Err(error)).is_ok(), tells, "{doubt:?}");
        }
    }
}
