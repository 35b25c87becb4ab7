//! What the client makes of a real Gitea's answers (1.26.0, taken down by `cargo xtask record`), as they were and with faults.

use std::sync::atomic::Ordering;
use std::time::Duration;

use gitea_tests::recorded::Recording;
use loopback::{Answer, Reply, Request};
use serde_json::{Value, json};

use crate::api::{
    Activity, Api, ApiError, COMMIT_REPO, Comment, End, Event, PULL_PUSH, Pull, PullCommit, Review, Status,
    Team, User, client,
};
use countersign_serve::publish::MARKER;

/// What becomes of the answer to the question of this number; the settings of the server are the first.
type Fault = fn(usize, Answer) -> Reply;

/// What a read or a write came to, in words: `whole` with the number of entries, or whether to ask later, and else why not.
fn outcome<T>(read: Result<Vec<T>, ApiError>) -> String {
    match read {
        Ok(entries) => format!("whole, {}", entries.len()),
        Err(error) if error.passes() => match error.retry_after() {
            Some(pause) => format!("later, in {} s", pause.as_secs()),
            None => "later".to_owned(),
        },
        Err(ApiError::Doubtful { doubt, .. }) => format!("in doubt: {doubt}"),
        Err(error) if error.is_missing() => "missing".to_owned(),
        Err(error) if error.is_hidden() => "hidden".to_owned(),
        Err(error) => format!("refused: {error}"),
    }
}

fn replay(
    recording: &Recording,
    fault: impl Fn(usize, &Request, Answer) -> Reply + Send + Sync + 'static,
) -> Api {
    client(&recording.replay(fault).0.url, "0123456789abcdef", Duration::from_secs(10))
}

fn as_it_was(recording: &Recording) -> Api {
    replay(recording, |_, _, answer| Reply::Whole(answer))
}

fn with_body(answer: Answer, body: &str) -> Reply {
    Reply::Whole(Answer { body: body.into(), ..answer })
}

fn without(answer: Answer, header: &str) -> Answer {
    let headers = answer.headers.into_iter().filter(|(name, _)| name != header).collect();
    Answer { headers, ..answer }
}

/// An answer whose list has only the entries behind so many.
fn behind(answer: Answer, count: usize) -> Reply {
    let entries: Vec<Value> = serde_json::from_slice(&answer.body).unwrap();
    let kept = entries.into_iter().skip(count).collect();
    with_body(answer, &Value::Array(kept).to_string())
}

fn status(status: u16) -> Answer {
    Answer::json(status, r#"{"message":"","url":"http://gitea.example/api/swagger"}"#)
}

/// The statuses of the head: 23 of a server that gives 20 at once, and those of the gate.
const STATUSES: &[(&str, Fault, &str)] = &[
    ("as it was", |_, answer| Reply::Whole(answer), "whole, 25"),
    ("the second page is empty", |at, answer| behind(answer, if at > 1 { 100 } else { 0 }), "later"),
    ("the second page begins late", |at, answer| behind(answer, if at > 1 { 6 } else { 0 }), "later"),
    (
        "the header counts more than there is",
        |_, answer| Reply::Whole(without(answer, "X-Total-Count").with("X-Total-Count", 400)),
        "later",
    ),
    (
        "the header counts fewer than there are, as when some came since",
        |_, answer| Reply::Whole(without(answer, "X-Total-Count").with("X-Total-Count", 20)),
        "whole, 25",
    ),
    (
        "it is not counted, and its pages are linked",
        |_, answer| Reply::Whole(without(answer, "X-Total-Count")),
        "whole, 25",
    ),
    (
        "it is neither counted nor linked",
        |_, answer| Reply::Whole(without(without(answer, "X-Total-Count"), "Link")),
        "in doubt: the answer has no header that says how long it is",
    ),
    ("busy once", |at, answer| Reply::Whole(if at == 1 { status(429) } else { answer }), "whole, 25"),
    (
        "busy, and back in no time",
        |at, answer| Reply::Whole(if at == 1 { status(503).with("Retry-After", 0) } else { answer }),
        "whole, 25",
    ),
    ("busy", |_, _| Reply::Whole(status(429)), "later"),
    ("busy for a while", |_, _| Reply::Whole(status(429).with("Retry-After", 7)), "later, in 7 s"),
    ("failed once", |at, answer| Reply::Whole(if at == 2 { status(502) } else { answer }), "whole, 25"),
    ("failed", |_, _| Reply::Whole(status(500)), "later"),
    ("closed once", |at, answer| if at == 2 { Reply::Nothing } else { Reply::Whole(answer) }, "whole, 25"),
    ("closed", |_, _| Reply::Nothing, "later"),
    (
        "broken off once",
        |at, answer| if at == 1 { Reply::Half(answer) } else { Reply::Whole(answer) },
        "whole, 25",
    ),
    ("broken off", |_, answer| Reply::Half(answer), "later"),
    (
        "no JSON",
        |at, answer| if at == 0 { Reply::Whole(answer) } else { with_body(answer, "<html>") },
        "later",
    ),
    ("hidden", |_, _| Reply::Whole(status(404)), "missing"),
    ("renamed", |_, _| Reply::Whole(status(301).with("Location", "https://elsewhere.example/")), "missing"),
    ("not allowed", |_, _| Reply::Whole(status(403)), "hidden"),
    ("malformed", |_, _| Reply::Whole(Answer::json(422, r#"{"message":"no"}"#)), "refused: "),
];

#[test]
fn a_list_is_whole_or_it_is_said_why_it_may_not_be() {
    let recording = Recording::read("service");
    let path = recording.path("/statuses");
    // Each has a pause or two of its own.
    std::thread::scope(|scope| {
        for (name, fault, expected) in STATUSES {
            let (recording, path) = (&recording, &path);
            scope.spawn(move || {
                let api = replay(recording, |at, _, answer| fault(at, answer));
                let found = outcome(api.list::<Status>(End::Counted, path));
                assert!(found.starts_with(expected), "{name}: {found}");
                assert_eq!(
                    api.trouble().is_some(),
                    found.starts_with("later") && *name != "no JSON",
                    "{name}"
                );
            });
        }
    });
}

#[test]
fn a_write_is_sent_once_whatever_comes_of_it() {
    let recording = Recording::read("service");
    let path = recording.path("/statuses");
    let head = path.rsplit('/').nth(1).unwrap();
    let path = path.replace(&format!("/commits/{head}/statuses"), &format!("/statuses/{head}"));
    let table: [(&str, Fault, &str); 4] = [
        ("as it was", |_, answer| Reply::Whole(answer), "whole, 1"),
        ("no answer", |_, _| Reply::Nothing, "later"),
        ("busy", |_, _| Reply::Whole(status(429).with("Retry-After", 1)), "later, in 1 s"),
        ("refused", |_, _| Reply::Whole(status(422)), "refused: "),
    ];
    for (name, fault, expected) in table {
        let (server, asked) = recording.replay(move |at, _, answer| fault(at, answer));
        let api = client(&server.url, "0123456789abcdef", Duration::from_secs(10));
        let written = api.send::<Status>("POST", &path, Some(&json!({ "context": "countersign" })));
        if let Ok(status) = &written {
            assert_eq!(
                (status.context.as_str(), status.creator.as_ref().unwrap().login.as_str()),
                ("countersign", "gate")
            );
        }
        let found = outcome(written.map(|status| vec![status]));
        assert!(found.starts_with(expected), "{name}: {found}");
        assert_eq!(asked.load(Ordering::Relaxed), 1, "{name}");
    }
}

#[test]
fn what_is_read_of_a_pull_request_is_what_was_done_to_it() {
    let recording = Recording::read("service");
    let api = as_it_was(&recording);
    let pull: Pull = api.get(&recording.path("/pulls/1")).unwrap();
    let login = |user: &Option<User>| user.as_ref().map(|user| user.login.clone()).unwrap_or_default();
    assert_eq!((pull.number, pull.state.as_str(), pull.title.as_str()), (1, "open", "Work on work"));
    assert_eq!(
        (login(&pull.user).as_str(), pull.head.branch(), pull.base.name.as_str()),
        ("dana", Some("work"), "main")
    );
    assert_eq!((pull.content_version, pull.merged, pull.draft), (Some(0), false, false));
    assert_eq!(pull.base.repo.as_ref().map(|repository| repository.default_branch.as_str()), Some("main"));
    assert!(pull.merge_base.is_some_and(|base| base.len() == 40));

    let reviews: Vec<Review> = api.list(End::Counted, &recording.path("/pulls/1/reviews")).unwrap();
    let approvals = reviews.iter().filter(|review| review.state == "APPROVED");
    let approvals: Vec<_> =
        approvals.map(|review| (login(&review.user), review.commit_id == pull.head.sha)).collect();
    assert_eq!(approvals, [("olga".to_owned(), true), ("sam".to_owned(), true)]);

    let comments: Vec<Comment> = api.list_at_once(&recording.path("/issues/1/comments")).unwrap();
    let said: Vec<_> =
        comments.iter().map(|comment| (login(&comment.user), comment.body.starts_with(MARKER))).collect();
    assert_eq!(said, [("dana".to_owned(), false), ("gate".to_owned(), true)]);

    let events: Vec<Event> = api.list(End::Empty, &recording.path("/issues/1/timeline")).unwrap();
    let pushed: Vec<_> = events
        .iter()
        .filter(|event| event.kind == PULL_PUSH)
        .flat_map(|event| event.push().commit_ids)
        .collect();
    assert_eq!(pushed, [pull.head.sha.as_str()]);
    let asked = events.iter().find(|event| event.kind == "review_request").unwrap();
    assert_eq!((login(&asked.user), login(&asked.assignee)), ("gate".into(), "sam".into()));

    let feed: Vec<Activity> = api.list(End::Counted, &recording.path("/activities/feeds")).unwrap();
    let brings =
        |entry: &&Activity| entry.push.as_ref().is_some_and(|push| push.head_commit.sha1 == pull.head.sha);
    let push = feed.iter().find(brings).unwrap();
    assert_eq!(
        (push.op_type.as_str(), login(&push.act_user), push.ref_name.as_str()),
        (COMMIT_REPO, "dana".into(), "refs/heads/work")
    );

    let commits = format!("{}?files=false", recording.path("/pulls/1/commits"));
    let commits: Vec<PullCommit> = api.list(End::Counted, &commits).unwrap();
    let commits: Vec<_> = commits.iter().map(|commit| (commit.sha.as_str(), login(&commit.author))).collect();
    assert_eq!(commits, [(pull.head.sha.as_str(), "dana".to_owned())]);

    let teams: Vec<Team> = api.list(End::Counted, "/orgs/acme/teams").unwrap();
    let seniors = teams.iter().find(|team| team.name == "seniors").unwrap();
    let members: Vec<User> = api.list(End::Counted, &format!("/teams/{}/members", seniors.id)).unwrap();
    assert_eq!(members.iter().map(|member| member.login.as_str()).collect::<Vec<_>>(), ["sam"]);
}
