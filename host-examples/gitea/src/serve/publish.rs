//! Shows a decision on a pull request: a status, one comment, requests for reviews, and where it was set up a review of the
//! gate's own that asks for changes. Everything is read before it is written, so that doing it again changes nothing.

use std::collections::BTreeSet;

use countersign_audit::Place;
use countersign_core::model::{Publication, StatusState};
use countersign_core::status_line;
use countersign_serve::{Published, Shown};
use serde_json::{Value, json};

use crate::api::{Api, ApiError, Comment, Doubt, End, Event, Review, Status, User};
use crate::forge::MARKER;

/// The context of the status.
pub const CONTEXT: &str = "countersign";

/// What a comment under the gate's name says that is not the gate's word.
const WRITTEN_OFF: &str = "<!-- countersign -->\nThis is not the gate's word: somebody changed it, or a newer one took its \
    place. What the gate says is in its status and in its other comment.\n";

fn is_written_off(comment: &Comment) -> bool {
    comment.body.trim() == WRITTEN_OFF.trim()
}

/// Publishes on one pull request.
pub struct Publisher<'a> {
    /// The forge.
    pub api: &'a Api,
    /// The gate's own account, once it is known.
    pub own: Option<String>,
    /// Whether the gate's own review asks for changes until it passes.
    pub veto: bool,
}

impl Publisher<'_> {
    /// Talks with the people of a change: by the comment with this text, by requests for reviews, and where it was set up by a review.
    /// `known` is the comment that was written before; what comes back is the one that stands now.
    ///
    /// # Errors
    /// When the forge does not answer.
    pub fn talk(
        &self,
        place: &Place,
        number: &str,
        said: &Publication,
        text: &str,
        known: Option<&str>,
    ) -> Result<Option<String>, ApiError> {
        let comment = self.comment(place, number, text, said.comment, known)?;
        let reviews: Vec<Review> =
            self.api.list(End::Counted, &self.path(place, &format!("/pulls/{number}/reviews")))?;
        self.requests(place, number, said, &reviews)?;
        if self.veto {
            self.veto(place, number, said.objection.as_deref(), &reviews)?;
        }
        Ok(comment)
    }

    fn path(&self, place: &Place, rest: &str) -> String {
        format!("/repos/{}{rest}", place.repository)
    }

    fn is_own(&self, user: Option<&User>) -> bool {
        user.is_some_and(|user| Some(&user.login) == self.own.as_ref())
    }

    /// The status of a commit. Who may write to the repository may write one by this name, and the newest counts.
    ///
    /// # Errors
    /// When the forge does not answer.
    pub fn status(&mut self, repository: &str, head: &str, shown: &Shown) -> Result<Published, ApiError> {
        let Shown { state, description, page } = shown;
        // The forge has the words of the contract.
        let state = state.name();
        // The newest come first, and statuses of other names in masses hide none of this one.
        let is_found = |statuses: &[Status]| statuses.iter().any(|status| status.context == CONTEXT);
        let path = format!("/repos/{repository}/commits/{head}/statuses");
        let mut known: Vec<Status> = as_far_as_read(self.api.list_until(End::Counted, &path, is_found))?;
        known.retain(|status| status.context == CONTEXT);
        let newest = known.iter().max_by_key(|status| status.id);
        let same = |status: &Status| {
            status.status == state && status.description == *description && status.target_url == *page
        };
        let own = newest.is_some_and(|status| self.is_own(status.creator.as_ref()));
        if newest.is_some_and(|status| own && same(status)) {
            return Ok(Published::default());
        }
        let foreign = newest.filter(|_| !own && self.own.is_some()).map(|status| {
            let who = status.creator.as_ref().map_or("somebody", |user| user.login.as_str());
            format!("{who} wrote {} on {head}: {}", status.status, status.description)
        });
        let body =
            json!({ "context": CONTEXT, "state": state, "description": description, "target_url": page });
        let written: Status =
            self.api.send("POST", &format!("/repos/{repository}/statuses/{head}"), Some(&body))?;
        if let Some(user) = written.creator {
            self.own = Some(user.login);
        }
        Ok(Published { foreign_status: foreign })
    }

    /// The status of a commit that cannot be judged for now.
    ///
    /// # Errors
    /// When the forge does not answer.
    pub fn fault(&mut self, repository: &str, head: &str, why: &str, page: &str) -> Result<(), ApiError> {
        let description = status_line(&format!("Not judged yet, and tried again and again: {why}"));
        let shown = Shown { state: StatusState::Error, description, page: page.to_owned() };
        self.status(repository, head, &shown).map(drop)
    }

    /// The one comment, in place. It leads to no record, for what stands in it must not change while the decision does not.
    ///
    /// Whoever may write to the repository may change its words, so it is known by its id. Whatever else stands under the gate's
    /// name was changed or is left from before a database was lost, and is written off: nothing there is the gate's word.
    fn comment(
        &self,
        place: &Place,
        number: &str,
        text: &str,
        begins: bool,
        known: Option<&str>,
    ) -> Result<Option<String>, ApiError> {
        let body = format!("{MARKER}\n{}\n", text.trim());
        let mut own: Vec<Comment> =
            self.api.list_at_once(&self.path(place, &format!("/issues/{number}/comments")))?;
        own.retain(|comment| self.is_own(comment.user.as_ref()));
        let by_id = |comment: &Comment| known.is_some_and(|known| comment.id.to_string() == known);
        let by_marker = |comment: &Comment| comment.body.starts_with(MARKER) && !is_written_off(comment);
        let ours = own.iter().position(by_id).or_else(|| own.iter().position(by_marker));
        let ours = ours.map(|at| own.remove(at));
        for other in own.iter().filter(|other| !is_written_off(other)) {
            self.rewrite(place, other, WRITTEN_OFF)?;
        }
        match ours {
            Some(comment) => {
                if comment.body.trim() != body.trim() {
                    self.rewrite(place, &comment, &body)?;
                }
                Ok(Some(comment.id.to_string()))
            }
            None if !begins => Ok(None),
            None => {
                let path = self.path(place, &format!("/issues/{number}/comments"));
                let written: Comment = self.api.send("POST", &path, Some(&json!({ "body": body })))?;
                Ok((written.id != 0).then(|| written.id.to_string()))
            }
        }
    }

    fn rewrite(&self, place: &Place, comment: &Comment, body: &str) -> Result<(), ApiError> {
        let path = self.path(place, &format!("/issues/comments/{}", comment.id));
        self.api.send::<Value>("PATCH", &path, Some(&json!({ "body": body }))).map(drop)
    }

    /// Asks for reviews, and takes back what the gate asked for.
    fn requests(
        &self,
        place: &Place,
        number: &str,
        said: &Publication,
        reviews: &[Review],
    ) -> Result<(), ApiError> {
        let path = self.path(place, &format!("/pulls/{number}/requested_reviewers"));
        let login = |review: &Review| review.user.as_ref().map(|user| user.login.to_ascii_lowercase());
        let open: BTreeSet<String> =
            reviews.iter().filter(|review| review.state == "REQUEST_REVIEW").filter_map(login).collect();
        let wanted: BTreeSet<String> = said.ask.iter().map(|who| who.to_ascii_lowercase()).collect();
        for who in wanted.difference(&open) {
            let asked = self.api.send::<Value>("POST", &path, Some(&json!({ "reviewers": [who] })));
            tolerate(asked)?;
        }
        if !said.take_back || open.is_empty() {
            return Ok(());
        }
        let events: Vec<Event> =
            self.api.list(End::Empty, &self.path(place, &format!("/issues/{number}/timeline")))?;
        for who in open {
            let of = |event: &&Event| {
                event.kind == "review_request"
                    && event.assignee.as_ref().is_some_and(|user| user.login.eq_ignore_ascii_case(&who))
            };
            // What somebody else asked for is theirs.
            if events.iter().rev().find(of).is_some_and(|event| self.is_own(event.user.as_ref())) {
                let taken = self.api.send::<Value>("DELETE", &path, Some(&json!({ "reviewers": [who] })));
                tolerate(taken)?;
            }
        }
        Ok(())
    }

    /// A review that asks for changes while the gate objects; deleting it lifts it, which only its author may.
    fn veto(
        &self,
        place: &Place,
        number: &str,
        objection: Option<&str>,
        reviews: &[Review],
    ) -> Result<(), ApiError> {
        let path = self.path(place, &format!("/pulls/{number}/reviews"));
        let own = |review: &&Review| {
            review.state == "REQUEST_CHANGES"
                && review.body.starts_with(MARKER)
                && self.is_own(review.user.as_ref())
        };
        let standing: Vec<&Review> = reviews.iter().filter(own).collect();
        let Some(objection) = objection else {
            for review in standing {
                self.api.send::<Value>("DELETE", &format!("{path}/{}", review.id), None)?;
            }
            return Ok(());
        };
        if standing.iter().any(|review| !review.dismissed) {
            return Ok(());
        }
        let text = format!("{MARKER}\n{objection}");
        let body = json!({ "event": "REQUEST_CHANGES", "body": text, "commit_id": place.head });
        // Its own pull request the gate cannot refuse; the status still does.
        tolerate(self.api.send::<Value>("POST", &path, Some(&body)))
    }
}

/// What the forge refuses for good is no reason to try all of it again.
fn tolerate(sent: Result<Value, ApiError>) -> Result<(), ApiError> {
    match sent {
        Err(error) if error.passes() => Err(error),
        _ => Ok(()),
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
