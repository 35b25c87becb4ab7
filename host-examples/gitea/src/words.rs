//! What a comment said when it was given. Whoever may write to a repository can change every comment, and the forge's clock has
//! seconds, so a change within the second of its making leaves no trace in its times. The feed of the repository keeps the first
//! words of each, and no edit reaches them.
//!
//! The feed keeps some 200 letters, lacks the comments of whoever hides their activity, of imports and of old times, and shows none
//! that was deleted. Sources: Gitea 1.26, services/feed/notifier.go (CreateIssueComment) and models/issues/comment.go
//! (DeleteComment).

use std::collections::HashSet;

use countersign_core::model::When;

use crate::api::{Activity, Comment};

/// The kind of an entry that tells of a comment on a pull request.
const COMMENT_PULL: &str = "comment_pull";

/// What ends words that were cut.
const ELLIPSES: [&str; 2] = ["…", "..."];

/// The first words of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given<'f> {
    /// The words, as far as they were kept.
    pub words: &'f str,
    /// There may have been more.
    cut: bool,
}

impl<'f> Given<'f> {
    /// What the feed keeps of a comment on the pull request of this number.
    pub fn find(feed: &'f [Activity], number: u64, comment: &Comment) -> Option<Self> {
        let giver = comment.user.as_ref().filter(|user| user.is_known())?;
        let is_its = |entry: &&Activity| {
            entry.op_type == COMMENT_PULL
                && entry.comment_id == comment.id
                && entry.act_user.as_ref().is_some_and(|user| user.id == giver.id)
        };
        let entry = feed.iter().filter(is_its).min_by_key(|entry| entry.id)?;
        let words = entry.content.strip_prefix(&format!("{number}|"))?;
        let uncut = ELLIPSES.iter().find_map(|ellipsis| words.strip_suffix(ellipsis));
        Some(Given { words: uncut.unwrap_or(words), cut: uncut.is_some() })
    }

    /// Whether a text is known to be what was given, from the first letter to the last.
    pub fn is(self, text: &str) -> bool {
        !self.cut && self.words == text
    }

    /// Whether a text still says what is known of it.
    pub fn stands_in(self, text: &str) -> bool {
        self.is(text) || (self.cut && text.starts_with(self.words))
    }
}

/// Whether these entries, the newest of a feed, hold all that it has of some comments: an entry is never older than its comment.
pub fn reaches(feed: &[Activity], comments: &[&Comment]) -> bool {
    let kept: HashSet<i64> = feed.iter().map(|entry| entry.comment_id).collect();
    let missing = || comments.iter().filter(|comment| !kept.contains(&comment.id));
    // Of one without a time nobody knows how far to go.
    let oldest = missing().map(|comment| When::parse(&comment.created_at)).reduce(|a, b| Some(a?.min(b?)));
    let Some(oldest) = oldest else { return true };
    let reached = feed.iter().filter_map(|entry| When::parse(&entry.created)).min();
    matches!((reached, oldest), (Some(reached), Some(oldest)) if reached < oldest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::User;

    fn entry(kind: &str, who: i64, comment: i64, content: &str) -> Activity {
        Activity {
            id: 7,
            op_type: kind.into(),
            act_user: Some(User { id: who, login: "sam".into() }),
            comment_id: comment,
            content: content.into(),
            created: "2026-03-01T10:00:00Z".into(),
            ..Activity::default()
        }
    }

    fn comment(body: &str) -> Comment {
        Comment {
            id: 3,
            user: Some(User { id: 5, login: "sam".into() }),
            body: body.into(),
            created_at: "2026-03-01T10:00:00Z".into(),
            updated_at: "2026-03-01T10:00:00Z".into(),
        }
    }

    /// `[known to be what was given, still says what is known of it]`; none where nothing is kept.
    fn held(feed: &[Activity], body: &str) -> Option<[bool; 2]> {
        let given = Given::find(feed, 12, &comment(body))?;
        Some([given.is(body), given.stands_in(body)])
    }

    #[test]
    fn words_are_a_giver_s_as_far_as_the_feed_keeps_them_and_no_farther() {
        let long = "word ".repeat(50);
        for (kept, body, expected) in [
            ("12|/hold", "/hold", Some([true, true])),
            ("12|", "", Some([true, true])),
            ("12|a|b", "a|b", Some([true, true])),
            ("12|/hold", "nice", Some([false, false])),
            ("12|/hold", "/hold ", Some([false, false])),
            ("12|nice", "/hold", Some([false, false])),
            // Too long to be kept whole: what was written behind what is kept nobody knows.
            ("12|word word…", &*long, Some([false, true])),
            ("12|word word...", &*long, Some([false, true])),
            // What was cut and what is left after somebody cut it there look alike.
            ("12|word word…", "word word…", Some([false, true])),
            ("12|word word…", "word word", Some([false, true])),
            ("12|/hold word…", "nice", Some([false, false])),
            // It says nothing of this comment.
            ("1|2|/hold", "/hold", None),
            ("/hold", "/hold", None),
        ] {
            assert_eq!(held(&[entry(COMMENT_PULL, 5, 3, kept)], body), expected, "{kept:?} {body:?}");
        }
    }

    #[test]
    fn only_the_entry_of_the_comment_itself_by_its_giver_says_what_it_said() {
        let kept = "12|nice";
        for (name, feed) in [
            ("nothing is kept", vec![]),
            ("another comment", vec![entry(COMMENT_PULL, 5, 4, kept)]),
            ("another account", vec![entry(COMMENT_PULL, 6, 3, kept)]),
            ("a comment on an issue", vec![entry("comment_issue", 5, 3, kept)]),
            ("a review", vec![entry("approve_pull_request", 5, 3, kept)]),
        ] {
            assert_eq!(held(&feed, "nice"), None, "{name}");
        }
        let of_nobody = Comment { user: Some(User { id: -1, login: "Ghost".into() }), ..comment("nice") };
        assert_eq!(Given::find(&[entry(COMMENT_PULL, -1, 3, kept)], 12, &of_nobody), None);
        // Nothing that came later is the first word.
        let later = Activity { id: 8, ..entry(COMMENT_PULL, 5, 3, "12|other") };
        assert_eq!(held(&[later, entry(COMMENT_PULL, 5, 3, kept)], "nice"), Some([true, true]));
    }

    #[test]
    fn a_feed_is_read_until_it_holds_each_comment_or_is_older_than_it() {
        let at = |comment: i64, created: &str| Activity {
            created: created.into(),
            ..entry(COMMENT_PULL, 5, comment, "12|nice")
        };
        let (it, without_time) = (comment("nice"), Comment { created_at: "then".into(), ..comment("nice") });
        for (name, feed, comments, reached) in [
            ("there is none", vec![], vec![], true),
            ("nothing was read", vec![], vec![&it], false),
            ("it is there", vec![at(3, "2026-03-01T10:00:00Z")], vec![&it], true),
            ("of the same second", vec![at(4, "2026-03-01T10:00:00Z")], vec![&it], false),
            ("older", vec![at(4, "2026-03-01T10:00:00Z"), at(2, "2026-03-01T09:59:59Z")], vec![&it], true),
            ("without a time", vec![at(2, "2026-03-01T09:59:59Z")], vec![&without_time], false),
        ] {
            assert_eq!(reaches(&feed, &comments), reached, "{name}");
        }
    }
}
