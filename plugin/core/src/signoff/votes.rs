//! What an act says under the methods of a rule.

use super::markdown::Words;
use crate::model::{Act, ActKind, ObjectId};
use crate::policy::{Methods, Regex};

/// What an act says. In the order of what helps a change least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Vote {
    /// It refuses, or takes an approval back.
    No,
    /// All that the person said before is over.
    Ended,
    /// The act approves.
    Yes,
    /// It is no vote, and replaces none.
    Nothing,
}

/// Fewest digits by which a text names a commit.
const DIGITS: usize = 7;

/// What an act says by these methods, whatever became of it. For the text of the change itself see [`description`].
pub(crate) fn vote(act: &Act<'_>, words: &Words<'_>, methods: &Methods, head: &ObjectId<'_>) -> Vote {
    match act.kind {
        ActKind::RequestChanges => Vote::No,
        ActKind::Dismiss | ActKind::Withdraw => Vote::Ended,
        ActKind::Waiver => Vote::Nothing,
        _ if cancels(&methods.cancel_lines, words, head) => Vote::No,
        ActKind::Approve | ActKind::Signed if methods.reviews => Vote::Yes,
        ActKind::Approve | ActKind::Signed | ActKind::Review => {
            yes(any(&methods.review_patterns, words.own()))
        }
        ActKind::Comment => yes(comments(methods, words.own(), head)),
    }
}

/// What the text of the change says. It stands after every push, so it approves only the head that it names.
pub(crate) fn description(words: &Words<'_>, methods: &Methods, names_head: bool) -> Vote {
    yes(names_head && any(&methods.description_patterns, words.own()))
}

/// Whether an act refuses by these methods. A quotation that goes on lazily hides no refusal, and nobody's consent to
/// another thing makes up for one.
pub(crate) fn refuses(
    act: &Act<'_>,
    words: &Words<'_>,
    is_description: bool,
    methods: &Methods,
    head: &ObjectId<'_>,
) -> bool {
    let text = words.unquoted();
    match act.kind {
        _ if is_description => any(&methods.description_patterns, text),
        ActKind::RequestChanges => methods.reviews || any(&methods.review_patterns, text),
        ActKind::Dismiss | ActKind::Withdraw | ActKind::Waiver => false,
        _ if cancels(&methods.cancel_lines, words, head) => true,
        ActKind::Approve | ActKind::Signed => false,
        ActKind::Review => any(&methods.review_patterns, text),
        ActKind::Comment => comments(methods, text, head),
    }
}

fn yes(says: bool) -> Vote {
    if says { Vote::Yes } else { Vote::Nothing }
}

/// Whether a comment says what these methods ask for.
fn comments(methods: &Methods, text: &str, head: &ObjectId<'_>) -> bool {
    has_line(&methods.comment_lines, text, head)
        || methods.comments_contain.iter().any(|part| text.contains(part))
        || any(&methods.comment_patterns, text)
}

fn any(patterns: &[Regex], text: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(text.trim_end()))
}

/// Taking back counts wherever it stands, in code too.
fn cancels(wanted: &[String], words: &Words<'_>, head: &ObjectId<'_>) -> bool {
    !wanted.is_empty() && (has_line(wanted, words.unquoted(), head) || has_line(wanted, words.text(), head))
}

fn has_line(wanted: &[String], text: &str, head: &ObjectId<'_>) -> bool {
    !wanted.is_empty()
        && text.lines().any(|line| {
            let line = line.trim().to_lowercase();
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

/// Whether some word of a text names the commit, in whole or abbreviated.
pub(crate) fn mentions(text: &str, commit: &ObjectId<'_>, in_whole: bool) -> bool {
    let is_enough = |word: &&str| !in_whole || word.len() == commit.as_str().len();
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_enough).any(|word| names(word, commit))
}
