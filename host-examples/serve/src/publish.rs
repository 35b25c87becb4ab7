//! Shows a decision where people work: a status, one comment, requests for reviews, and where it was set up a review of the gate's own
//! that asks for changes.
//!
//! Each of these is first read and then planned: the plan is made of what the module says and of what stands there, and holds nothing
//! that stands there already. So publishing a decision again plans nothing.

use std::collections::BTreeSet;

use countersign_audit::Place;
use countersign_core::model::{GateStatus, Publication, StatusState};
use countersign_core::status_line;

use crate::forge::{
    Client, ForgeError, Shown, Standing, StandingComment, StandingStatus, What, Write, Writer,
};

/// The line that the gate's own comments and reviews begin with.
pub const MARKER: &str = "<!-- countersign -->";

/// The words of a comment under the gate's name that is not the gate's word.
const WRITTEN_OFF: &str = "<!-- countersign -->\nThis is not the gate's word: somebody changed it, or a newer one took its \
    place. What the gate says is in its status and in its other comment.\n";

impl Shown {
    /// The status of a change of its own.
    pub fn own(status: GateStatus, page: String) -> Self {
        Shown { state: status.state, description: status.description, page }
    }

    /// The status of another change that brings the same commit.
    pub fn shared(status: GateStatus, page: String) -> Self {
        let GateStatus { state, description, shared } = status;
        Shown { state, description: shared.unwrap_or(description), page }
    }

    /// The status of a commit that cannot be judged for now.
    pub fn fault(why: &str, page: String) -> Self {
        let description = status_line(&format!("Not judged yet, and tried again and again: {why}"));
        Shown { state: StatusState::Error, description, page }
    }
}

/// The things that are said on a change.
pub struct Talk<'t> {
    /// What the module says that a host does with the decision.
    pub publication: &'t Publication,
    /// The decision as a comment, in Markdown.
    pub text: &'t str,
    /// The forge's name for the gate's comment, where one was written before.
    pub known: Option<&'t str>,
    /// Whether the gate's own review asks for changes until the change passes.
    pub veto: bool,
}

/// Writes the status of a commit where it does not stand there yet. Gives who else had written one in its place, and what.
///
/// # Errors
/// When the forge does not answer.
pub fn status(
    client: &dyn Client,
    repository: &str,
    head: &str,
    shown: &Shown,
) -> Result<Option<String>, ForgeError> {
    let stands = client.status(repository, head)?;
    if is_shown(stands.as_ref(), shown) {
        return Ok(None);
    }
    client.write(&Write { repository, number: None, head, what: What::Status(shown.clone()) })?;
    Ok(stands.and_then(|stands| foreign(&stands, head)))
}

/// Says on a change what there is to say and does not stand there yet. Gives the forge's name for the gate's comment.
///
/// # Errors
/// When the forge does not answer. What it refuses for good is left out, unless it is a comment.
pub fn talk(
    client: &dyn Client,
    place: &Place,
    number: u64,
    talk: &Talk<'_>,
) -> Result<Option<String>, ForgeError> {
    let Place { repository, head, .. } = place;
    let standing = client.standing(repository, number, talk.publication.take_back)?;
    let Plan { mut comment, writes } = plan(&standing, talk);
    for what in writes {
        let may_fail = matches!(what, What::Ask(_) | What::TakeBack(_) | What::Object(_));
        match client.write(&Write { repository, number: Some(number), head, what }) {
            Ok(made) => comment = comment.or(made),
            // Whoever cannot be asked is not asked, and the gate cannot refuse its own change; the status still does. Trying all of it
            // again would help neither.
            Err(error) if may_fail && !error.may_pass => {}
            Err(error) => return Err(error),
        }
    }
    Ok(comment)
}

/// Whether the gate's status stands on a commit. Whoever may write to a repository may write one in its context.
fn is_shown(stands: Option<&StandingStatus>, shown: &Shown) -> bool {
    stands.is_some_and(|stands| {
        stands.by == Writer::Gate
            && stands.state == shown.state.name()
            && stands.description == shown.description
            && stands.page == shown.page
    })
}

/// Who else wrote a status in the gate's context, and what.
fn foreign(stands: &StandingStatus, head: &str) -> Option<String> {
    let Writer::Other(who) = &stands.by else { return None };
    Some(format!("{who} wrote {} on {head}: {}", stands.state, stands.description))
}

/// What is written on a change.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Plan {
    /// The forge's name for the gate's comment, where one stands.
    comment: Option<String>,
    /// The writes, in their order.
    writes: Vec<What>,
}

/// What is to be written, where this stands.
fn plan(standing: &Standing, talk: &Talk<'_>) -> Plan {
    let (comment, mut writes) = comments(&standing.comments, talk);
    writes.extend(requests(standing, talk.publication));
    if talk.veto {
        writes.extend(objections(standing, talk.publication.objection.as_deref()));
    }
    Plan { comment, writes }
}

/// The one comment, in place. It leads to no record, for its words must not change while the decision does not.
///
/// Whoever may write to the repository may change its words, so it is known by its id. Whatever else stands under the gate's
/// name was changed or is left from before a database was lost, and is written off: nothing there is the gate's word.
fn comments(standing: &[StandingComment], talk: &Talk<'_>) -> (Option<String>, Vec<What>) {
    let body = format!("{MARKER}\n{}\n", talk.text.trim());
    let is_written_off = |comment: &StandingComment| comment.body.trim() == WRITTEN_OFF.trim();
    let by_id = |comment: &&StandingComment| talk.known == Some(comment.id.as_str());
    let by_marker = |comment: &&StandingComment| comment.body.starts_with(MARKER) && !is_written_off(comment);
    let ours = standing.iter().find(by_id).or_else(|| standing.iter().find(by_marker));
    let rewrite = |comment: &StandingComment, body: &str| What::Rewrite {
        id: comment.id.clone(),
        body: body.to_owned(),
    };
    let others = standing.iter().filter(|comment| ours.is_none_or(|ours| ours.id != comment.id));
    let mut writes: Vec<What> = others
        .filter(|comment| !is_written_off(comment))
        .map(|comment| rewrite(comment, WRITTEN_OFF))
        .collect();
    match ours {
        Some(comment) if comment.body.trim() != body.trim() => writes.push(rewrite(comment, &body)),
        None if talk.publication.comment => writes.push(What::Comment(body)),
        _ => {}
    }
    (ours.map(|comment| comment.id.clone()), writes)
}

/// Asks for reviews, and takes back what the gate asked for; what somebody else asked for is theirs. Logins have no case.
fn requests(standing: &Standing, said: &Publication) -> Vec<What> {
    let lower = |login: &String| login.to_ascii_lowercase();
    let open: BTreeSet<String> = standing.requests.iter().map(|request| lower(&request.login)).collect();
    let wanted: BTreeSet<String> = said.ask.iter().map(lower).collect();
    let mut writes: Vec<What> = wanted.difference(&open).cloned().map(What::Ask).collect();
    if said.take_back {
        let of_gate = standing.requests.iter().filter(|request| request.by_gate);
        let of_gate: BTreeSet<String> = of_gate.map(|request| lower(&request.login)).collect();
        writes.extend(of_gate.into_iter().map(What::TakeBack));
    }
    writes
}

/// A review that asks for changes while the gate objects. Only its author may lift it.
fn objections(standing: &Standing, objection: Option<&str>) -> Vec<What> {
    let mut own = standing.objections.iter().filter(|review| review.body.starts_with(MARKER));
    match objection {
        None => own.map(|review| What::Lift(review.id.clone())).collect(),
        Some(_) if own.any(|review| !review.dismissed) => Vec::new(),
        Some(objection) => vec![What::Object(format!("{MARKER}\n{objection}"))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forge::{ReviewRequest, StandingObjection};

    const SAID: &str = "<!-- countersign -->\nWaits for sam.\n";

    /// `comment ID TEXT`, `asked LOGIN by-gate|by-other`, `objection ID TEXT [dismissed]`: a line for each that stands on the change.
    fn standing(lines: &[&str]) -> Standing {
        let mut standing = Standing::default();
        for line in lines {
            let words: Vec<&str> = line.splitn(3, ' ').collect();
            let body = |text: &str| match text {
                "said" => SAID.to_owned(),
                "off" => WRITTEN_OFF.to_owned(),
                "objects" => format!("{MARKER}\nIt waits."),
                other => other.to_owned(),
            };
            match words[..] {
                ["comment", id, text] => {
                    standing.comments.push(StandingComment { id: id.into(), body: body(text) });
                }
                ["asked", login, by] => {
                    standing.requests.push(ReviewRequest { login: login.into(), by_gate: by == "by-gate" });
                }
                ["objection", id, text] => {
                    let (text, dismissed) = match text.strip_suffix(" dismissed") {
                        Some(text) => (text, true),
                        None => (text, false),
                    };
                    standing.objections.push(StandingObjection {
                        id: id.into(),
                        body: body(text),
                        dismissed,
                    });
                }
                _ => panic!("{line}"),
            }
        }
        standing
    }

    fn line(what: &What) -> String {
        let body = |body: &str| match body {
            SAID => "said".to_owned(),
            WRITTEN_OFF => "off".to_owned(),
            other => other.replace('\n', " "),
        };
        match what {
            What::Status(shown) => format!("status {}", shown.state.name()),
            What::Comment(text) => format!("comment {}", body(text)),
            What::Rewrite { id, body: text } => format!("rewrite {id} {}", body(text)),
            What::Ask(login) => format!("ask {login}"),
            What::TakeBack(login) => format!("take back {login}"),
            What::Object(text) => format!("object {}", body(text)),
            What::Lift(id) => format!("lift {id}"),
        }
    }

    /// What stands after a write, as a forge keeps it.
    fn written(mut standing: Standing, what: &What) -> Standing {
        let next = || "new".to_owned();
        match what {
            What::Status(_) => {}
            What::Comment(body) => {
                standing.comments.push(StandingComment { id: next(), body: body.clone() });
            }
            What::Rewrite { id, body } => {
                for comment in standing.comments.iter_mut().filter(|comment| comment.id == *id) {
                    comment.body.clone_from(body);
                }
            }
            What::Ask(login) => {
                standing.requests.push(ReviewRequest { login: login.clone(), by_gate: true });
            }
            What::TakeBack(login) => {
                standing.requests.retain(|request| !request.login.eq_ignore_ascii_case(login));
            }
            What::Object(body) => {
                standing.objections.push(StandingObjection {
                    id: next(),
                    body: body.clone(),
                    dismissed: false,
                });
            }
            What::Lift(id) => standing.objections.retain(|review| review.id != *id),
        }
        standing
    }

    fn waits() -> Publication {
        Publication {
            gated: true,
            ask: vec!["Sam".into()],
            comment: true,
            objection: Some("It waits.".into()),
            ..Publication::default()
        }
    }

    fn passes() -> Publication {
        Publication { gated: true, take_back: true, ..Publication::default() }
    }

    #[test]
    fn a_plan_holds_what_does_not_stand_there_and_a_second_plan_nothing() {
        let objects = "object <!-- countersign --> It waits.";
        for (name, said, stands, known, expected) in [
            ("the first word", waits(), &[][..], None, &["comment said", "ask sam", objects][..]),
            (
                "what stands there is not written again",
                waits(),
                &["comment 7 said", "asked sam by-other", "objection 3 objects"],
                Some("7"),
                &[],
            ),
            (
                "somebody changed the words",
                waits(),
                &["comment 7 nice", "asked sam by-gate", "objection 3 objects"],
                Some("7"),
                &["rewrite 7 said"],
            ),
            (
                "the comment is known by its mark where a database was lost",
                waits(),
                &["comment 7 said", "asked sam by-gate", "objection 3 objects"],
                None,
                &[],
            ),
            (
                "another comment under the gate's name is not its word",
                waits(),
                &[
                    "comment 5 approved",
                    "comment 7 said",
                    "comment 9 off",
                    "asked sam by-gate",
                    "objection 3 objects",
                ],
                Some("7"),
                &["rewrite 5 off"],
            ),
            (
                "the comment was deleted",
                waits(),
                &["comment 9 off", "asked sam by-gate", "objection 3 objects"],
                Some("7"),
                &["comment said"],
            ),
            (
                "a review that was dismissed does not hold the change up",
                waits(),
                &["comment 7 said", "asked sam by-gate", "objection 3 objects dismissed"],
                Some("7"),
                &[objects],
            ),
            (
                "a review in others' words is not the gate's",
                waits(),
                &["comment 7 said", "asked sam by-gate", "objection 3 mine"],
                Some("7"),
                &[objects],
            ),
            ("who was never blocked needs no word", passes(), &[], None, &[]),
            (
                "what was asked for is taken back, and what others asked for is not",
                passes(),
                &["comment 7 said", "asked sam by-gate", "asked rhea by-other", "objection 3 objects"],
                Some("7"),
                &["take back sam", "lift 3"],
            ),
        ] {
            let talk = |known| Talk { publication: &said, text: "Waits for sam.", known, veto: true };
            let mut standing = standing(stands);
            let first = plan(&standing, &talk(known));
            let lines: Vec<String> = first.writes.iter().map(line).collect();
            assert_eq!(lines, expected, "{name}");
            for what in &first.writes {
                standing = written(standing, what);
            }
            let second = plan(&standing, &talk(known));
            assert_eq!(second.writes, [], "{name}, again");
        }
    }

    #[test]
    fn without_a_veto_no_review_is_written_and_none_is_lifted() {
        for (said, stands) in [(waits(), &[][..]), (passes(), &["objection 3 objects"])] {
            let talk = Talk { publication: &said, text: "", known: None, veto: false };
            let plan = plan(&standing(stands), &talk);
            assert!(!plan.writes.iter().any(|what| matches!(what, What::Object(_) | What::Lift(_))));
        }
    }

    #[test]
    fn a_status_is_written_unless_the_gate_s_own_says_the_same() {
        let shown = Shown { state: StatusState::Pending, description: "waits".into(), page: "p".into() };
        let stands = |by: Writer| StandingStatus {
            state: "pending".into(),
            description: "waits".into(),
            page: "p".into(),
            by,
        };
        let other = || Writer::Other("dana".into());
        for (stands, is_written, told) in [
            (None, true, false),
            (Some(stands(Writer::Gate)), false, false),
            (Some(stands(other())), true, true),
            (Some(stands(Writer::Unknown)), true, false),
            (Some(StandingStatus { state: "success".into(), ..stands(Writer::Gate) }), true, false),
            (Some(StandingStatus { state: "success".into(), ..stands(other()) }), true, true),
            (Some(StandingStatus { description: "w".into(), ..stands(Writer::Gate) }), true, false),
            (Some(StandingStatus { page: "q".into(), ..stands(Writer::Gate) }), true, false),
        ] {
            assert_eq!(!is_shown(stands.as_ref(), &shown), is_written, "{stands:?}");
            let foreign = stands.as_ref().and_then(|stands| foreign(stands, "head"));
            assert_eq!(foreign.is_some(), told, "{stands:?}");
        }
    }
}
