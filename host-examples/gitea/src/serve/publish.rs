//! Shows a decision on a pull request: a status, one comment, requests for reviews, and where it was set up a review of the
//! gate's own that asks for changes. Everything is read before it is written, so that doing it again changes nothing.

use std::collections::BTreeSet;

use countersign_audit::Place;
use countersign_core::model::{Decision, Outcome, RuleState};
use countersign_host::module::Module;
use countersign_serve::{Judged, Published, Shown};
use serde_json::{Value, json};

use crate::api::{Api, ApiError, Comment, Event, Review, Status, User};
use crate::forge::MARKER;
use crate::paging::{Doubt, End};

/// The context of the status.
pub const CONTEXT: &str = "countersign";

/// Characters of a description: what the pages of the forge show of it.
const DESCRIPTION: usize = 200;

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
    /// Words a decision.
    pub module: &'a Module,
    /// The gate's own account, once it is known.
    pub own: Option<String>,
    /// Whether the gate's own review asks for changes until it passes.
    pub veto: bool,
}

impl Publisher<'_> {
    /// Talks with the people of a change: by the comment, by requests for reviews, and where it was set up by a review. `known` is
    /// the comment that was written before; what comes back is the one that stands now.
    ///
    /// # Errors
    /// When the forge does not answer.
    pub fn talk(
        &self,
        place: &Place,
        number: &str,
        judged: &Judged,
        known: Option<&str>,
    ) -> Result<Option<String>, ApiError> {
        let comment = self.comment(place, number, judged, known)?;
        let reviews: Vec<Review> =
            self.api.list(End::Counted, &self.path(place, &format!("/pulls/{number}/reviews")))?;
        if let Some(decision) = &judged.decision {
            self.requests(place, number, decision, &reviews)?;
        }
        if self.veto {
            self.veto(place, number, judged, &reviews)?;
        }
        Ok(comment)
    }

    fn path(&self, place: &Place, rest: &str) -> String {
        format!("/repos/{}{rest}", place.repository)
    }

    fn is_own(&self, user: Option<&User>) -> bool {
        user.is_some_and(|user| Some(&user.login) == self.own.as_ref())
    }

    /// The status of the commit of a change.
    ///
    /// # Errors
    /// When the forge does not answer.
    pub fn status(&mut self, place: &Place, shown: &Shown) -> Result<Published, ApiError> {
        let headline = match &shown.decision {
            Some(decision) => decision.headline.as_str(),
            None => "This change cannot be evaluated; the page says why",
        };
        let said = match &shown.of {
            Some(number) => format!("As #{number} brings it: {headline}"),
            None => headline.to_owned(),
        };
        self.write_status(&place.repository, &place.head, state(shown.decision.as_ref()), &said, &shown.page)
    }

    /// The status of a commit that cannot be judged for now.
    ///
    /// # Errors
    /// When the forge does not answer.
    pub fn fault(&mut self, repository: &str, head: &str, why: &str, page: &str) -> Result<(), ApiError> {
        let said = format!("Not judged yet, and tried again and again: {why}");
        self.write_status(repository, head, "error", &said, page).map(drop)
    }

    /// Who may write to the repository may write a status by this name, and the newest counts.
    fn write_status(
        &mut self,
        repository: &str,
        head: &str,
        state: &str,
        said: &str,
        page: &str,
    ) -> Result<Published, ApiError> {
        let description = cut(&countersign_core::visible(said));
        // The newest come first, and statuses of other names in masses hide none of this one.
        let is_found = |statuses: &[Status]| statuses.iter().any(|status| status.context == CONTEXT);
        let path = format!("/repos/{repository}/commits/{head}/statuses");
        let mut known: Vec<Status> = as_far_as_read(self.api.list_until(End::Counted, &path, is_found))?;
        known.retain(|status| status.context == CONTEXT);
        let newest = known.iter().max_by_key(|status| status.id);
        let same = |status: &Status| {
            status.status == state && status.description == description && status.target_url == page
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

    /// The one comment, in place. It leads to no record, for what stands in it must not change while the decision does not.
    ///
    /// Whoever may write to the repository may change its words, so it is known by its id. Whatever else stands under the gate's
    /// name was changed or is left from before a database was lost, and is written off: nothing there is the gate's word.
    fn comment(
        &self,
        place: &Place,
        number: &str,
        judged: &Judged,
        known: Option<&str>,
    ) -> Result<Option<String>, ApiError> {
        let shown = match self.module.render(&judged.answer, "markdown", false, false) {
            Ok(shown) => shown,
            Err(_) => "This change cannot be evaluated. Its status leads to the reason.".to_owned(),
        };
        let body = format!("{MARKER}\n{}\n", shown.trim());
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
            // Who was never blocked needs no word.
            None if judged.passes() => Ok(None),
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

    /// Asks for the reviews of those who can give what is missing, and takes back what was asked for once nothing is: a request
    /// that nobody answers would block where the branch is set so.
    fn requests(
        &self,
        place: &Place,
        number: &str,
        decision: &Decision,
        reviews: &[Review],
    ) -> Result<(), ApiError> {
        let path = self.path(place, &format!("/pulls/{number}/requested_reviewers"));
        let login = |review: &Review| review.user.as_ref().map(|user| user.login.to_ascii_lowercase());
        let open: BTreeSet<String> =
            reviews.iter().filter(|review| review.state == "REQUEST_REVIEW").filter_map(login).collect();
        let waits = decision.blocks && decision.outcome == Outcome::Pending;
        let rules =
            decision.rules.iter().filter(|rule| waits && rule.state == RuleState::Pending && !rule.observed);
        let wanted: BTreeSet<String> = rules
            .flat_map(|rule| &rule.requirements)
            .filter(|requirement| requirement.counted < requirement.needed)
            .flat_map(|requirement| &requirement.eligible)
            .filter(|who| !who.contains(['@', '/', ' ']))
            .map(|who| who.to_ascii_lowercase())
            .collect();
        for who in wanted.difference(&open) {
            let asked = self.api.send::<Value>("POST", &path, Some(&json!({ "reviewers": [who] })));
            tolerate(asked)?;
        }
        if decision.blocks || open.is_empty() {
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

    /// A review that asks for changes until the gate passes; deleting it lifts it, which only its author may.
    fn veto(&self, place: &Place, number: &str, judged: &Judged, reviews: &[Review]) -> Result<(), ApiError> {
        let path = self.path(place, &format!("/pulls/{number}/reviews"));
        let own = |review: &&Review| {
            review.state == "REQUEST_CHANGES"
                && review.body.starts_with(MARKER)
                && self.is_own(review.user.as_ref())
        };
        let standing: Vec<&Review> = reviews.iter().filter(own).collect();
        if judged.passes() {
            for review in standing {
                self.api.send::<Value>("DELETE", &format!("{path}/{}", review.id), None)?;
            }
            return Ok(());
        }
        if standing.iter().any(|review| !review.dismissed) {
            return Ok(());
        }
        let text = format!(
            "{MARKER}\nThe gate asks for changes until it passes; the comment below says what is missing."
        );
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

/// The status of a decision. What only observes blocks nothing.
fn state(decision: Option<&Decision>) -> &'static str {
    match decision {
        None => "error",
        Some(decision) if !decision.blocks => "success",
        Some(decision) if decision.outcome == Outcome::Denied => "failure",
        Some(_) => "pending",
    }
}

fn cut(text: &str) -> String {
    let line = text.replace(['\n', '\r'], " ");
    if line.chars().count() <= DESCRIPTION {
        return line;
    }
    let kept: String = line.chars().take(DESCRIPTION - 1).collect();
    format!("{}…", kept.trim_end())
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
