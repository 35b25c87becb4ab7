//! What an act says under the methods of a rule.

use super::markdown::Words;
use crate::model::{Act, ActKind, ObjectId};
use crate::policy::{Methods, Regex};

/// What an act says. In the order of what helps a change least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Vote {
    /// It refuses, or takes an approval back.
    No,
    /// Whatever was said is over.
    Ended,
    /// It approves.
    Yes,
    /// It is no vote, and replaces none.
    Nothing,
}

/// Fewest digits by which a text names a commit.
const DIGITS: usize = 7;

/// What an act says in these words. `description` tells that it stands for the text of the change itself.
pub(crate) fn vote(
    act: &Act<'_>,
    words: &Words<'_>,
    description: bool,
    methods: &Methods,
    head: &ObjectId<'_>,
) -> Vote {
    if act.deleted {
        return Vote::Nothing;
    }
    if description {
        return if any(&methods.description_patterns, words) { Vote::Yes } else { Vote::Nothing };
    }
    if act.dismissed.is_some() {
        return Vote::Ended;
    }
    let cancels = || cancels(&methods.cancel_lines, words, head);
    match act.kind {
        ActKind::RequestChanges => Vote::No,
        ActKind::Dismiss | ActKind::Withdraw => Vote::Ended,
        ActKind::Waiver => Vote::Nothing,
        ActKind::Approve | ActKind::Signed if cancels() => Vote::No,
        ActKind::Approve | ActKind::Signed if methods.reviews => Vote::Yes,
        ActKind::Approve | ActKind::Signed | ActKind::Review => {
            if cancels() {
                Vote::No
            } else if any(&methods.review_patterns, words) {
                Vote::Yes
            } else {
                Vote::Nothing
            }
        }
        ActKind::Comment => comment(methods, words, head),
    }
}

/// What a comment says.
fn comment(methods: &Methods, words: &Words<'_>, head: &ObjectId<'_>) -> Vote {
    if cancels(&methods.cancel_lines, words, head) {
        return Vote::No;
    }
    let says = (!methods.comment_lines.is_empty() && has_line(&methods.comment_lines, words, head))
        || methods.comments_contain.iter().any(|part| words.own().contains(part))
        || any(&methods.comment_patterns, words);
    if says { Vote::Yes } else { Vote::Nothing }
}

fn any(patterns: &[Regex], words: &Words<'_>) -> bool {
    patterns.iter().any(|pattern| pattern.matches(words.own().trim_end()))
}

/// Taking back counts wherever it stands: a quote that goes on lazily hides no refusal.
fn cancels(wanted: &[String], words: &Words<'_>, head: &ObjectId<'_>) -> bool {
    !wanted.is_empty()
        && (has_line(wanted, words, head)
            || words.text().lines().any(|line| wanted.contains(&line.trim().to_lowercase())))
}

fn has_line(wanted: &[String], words: &Words<'_>, head: &ObjectId<'_>) -> bool {
    words.own().lines().any(|line| {
        let line = line.to_lowercase();
        wanted.iter().any(|wanted| match wanted.split_once("{head}") {
            None => line == *wanted,
            Some((before, after)) => line
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after))
                .is_some_and(|commit| names(commit, head)),
        })
    })
}

/// Whether a word is the id of a commit, or enough of its beginning.
fn names(word: &str, commit: &ObjectId<'_>) -> bool {
    word.len() >= DIGITS && commit.as_str().starts_with(&word.to_ascii_lowercase())
}

/// Whether some word of a text names the commit.
pub(crate) fn mentions(text: &str, commit: &ObjectId<'_>) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| names(word, commit))
}
