//! What counts as an approval, and who can veto.

use super::faults::{Faults, PLAIN, choice, compiled, defined, flag, lower, map, word, words};
use super::predicates;
use crate::model::{Enforce, plain_number};
use crate::policy::yaml::{Node, Place};
use crate::policy::{
    BreakGlass, Ignore, Methods, Options, Policy, Regex, RevokedBy, Stale, UpdateMerges, Veto,
};

/// Options, each as the policy says, else as `defaults` have it.
pub(super) fn options(
    node: &Node<'_>,
    defaults: &Options,
    policy: &Policy,
    faults: &mut Faults<'_>,
) -> Options {
    const KEYS: &[&str] = &[
        "stale",
        "since-push",
        "ignore-update-merges",
        "ignore-commits-by",
        "may-approve",
        "methods",
        "edited",
        "mutable-text",
        "request-changes",
        "max-age",
        "fresh-answers",
    ];
    let mut options = defaults.clone();
    for (key, node) in map(node, "`options`", faults).unwrap_or_default() {
        let what = format!("`{}`", key.text);
        match key.text.as_ref() {
            "stale" => {
                let choices = [
                    ("head", Stale::Head),
                    ("diff", Stale::Diff),
                    ("tree", Stale::Tree),
                    ("keep", Stale::Keep),
                ];
                options.stale = choice(node, &what, &choices, faults).unwrap_or_default();
            }
            "since-push" => options.since_push = flag(node, &what, faults).unwrap_or(true),
            "ignore-update-merges" => {
                let choices = [
                    ("false", None),
                    ("true", Some(UpdateMerges::Unaltered)),
                    ("verified", Some(UpdateMerges::Verified)),
                ];
                options.ignore.update_merges = choice(node, &what, &choices, faults).flatten();
            }
            "ignore-commits-by" => {
                let commits_by = defined(node, &key.text, &policy.people, "people", faults);
                options.ignore = Ignore { commits_by, ..options.ignore };
            }
            "may-approve" => may_approve(node, &mut options, faults),
            "methods" => options.methods = methods(node, faults),
            "edited" => {
                let choices = [("void", false), ("counts", true)];
                options.edited_counts = choice(node, &what, &choices, faults).unwrap_or_default();
            }
            "mutable-text" => options.mutable_text = flag(node, &what, faults).unwrap_or_default(),
            "request-changes" => {
                let choices = [("veto", true), ("withdraw", false)];
                options.request_changes_vetoes = choice(node, &what, &choices, faults).unwrap_or(true);
            }
            "max-age" => {
                options.max_age = word(node, &what, faults).and_then(|text| age(text, node.place, faults));
            }
            "fresh-answers" => options.fresh_answers = flag(node, &what, faults).unwrap_or(true),
            _ => faults.unknown_key(key, KEYS),
        }
    }
    options
}

/// `none`, or which contributors may.
fn may_approve(node: &Node<'_>, options: &mut Options, faults: &mut Faults<'_>) {
    (options.author_may, options.others_may) = (false, false);
    for (text, place) in words(node, "`may-approve`", faults) {
        let (author, others) = match text {
            "none" => (false, false),
            "author" => (true, false),
            "other-contributors" => (false, true),
            "contributors" => (true, true),
            _ => {
                faults.error_with_help(
                    place,
                    &format!("`may-approve` cannot be `{text}`"),
                    "it is `none`, `author`, `other-contributors` or `contributors`",
                );
                continue;
            }
        };
        options.author_may |= author;
        options.others_may |= others;
    }
}

/// `90m`, `36h`, `30d`: seconds.
fn age(text: &str, place: Place, faults: &mut Faults<'_>) -> Option<i64> {
    let unit = match text.bytes().last() {
        Some(b'm') => 60,
        Some(b'h') => 3_600,
        Some(b'd') => 86_400,
        _ => 0,
    };
    let number = text.get(..text.len().saturating_sub(1)).and_then(plain_number::<u32>);
    match number {
        Some(number) if unit > 0 && number > 0 => Some(i64::from(number) * unit),
        _ => {
            // How digits are written is not what is wrong with a nought, or with words.
            let how = if unit > 0 && number != Some(0) { format!("; {PLAIN}") } else { String::new() };
            faults.error_with_help(
                place,
                &format!("`{text}` is no age"),
                format!("write a number of minutes, hours or days, one or more: `90m`, `36h`, `30d`{how}"),
            );
            None
        }
    }
}

/// By what somebody approves. What is not listed does not count.
fn methods(node: &Node<'_>, faults: &mut Faults<'_>) -> Methods {
    const KEYS: &[&str] = &[
        "reviews",
        "comment-lines",
        "comments-contain",
        "comment-patterns",
        "review-patterns",
        "description-patterns",
        "cancel-lines",
    ];
    let mut methods = Methods::none();
    for (key, node) in map(node, "`methods`", faults).unwrap_or_default() {
        let what = format!("`{}`", key.text);
        match key.text.as_ref() {
            "reviews" => methods.reviews = flag(node, &what, faults).unwrap_or_default(),
            "comment-lines" => methods.comment_lines = lower(node, &what, faults),
            "comments-contain" => {
                methods.comments_contain =
                    words(node, &what, faults).into_iter().map(|(text, _)| text.to_owned()).collect();
            }
            "comment-patterns" => methods.comment_patterns = compiled(node, &what, faults, Regex::compile),
            "review-patterns" => methods.review_patterns = compiled(node, &what, faults, Regex::compile),
            "description-patterns" => {
                methods.description_patterns = compiled(node, &what, faults, Regex::compile);
            }
            "cancel-lines" => methods.cancel_lines = lower(node, &what, faults),
            _ => faults.unknown_key(key, KEYS),
        }
    }
    methods
}

/// Who can override every rule at once.
pub(super) fn break_glass(
    node: &Node<'_>,
    defaults: &Options,
    policy: &Policy,
    faults: &mut Faults<'_>,
) -> Option<BreakGlass> {
    let (mut by, mut options) = (Vec::new(), defaults.clone());
    for (key, node) in map(node, "`break-glass`", faults)? {
        match key.text.as_ref() {
            "by" => by = defined(node, "by", &policy.people, "people", faults),
            "options" => options = self::options(node, defaults, policy, faults),
            _ => faults.unknown_key(key, &["by", "options"]),
        }
    }
    if by.is_empty() {
        faults.error_with_help(node.place, "nobody can break the glass", "name people under `by`");
    }
    Some(BreakGlass { by, options })
}

/// Who can stop the change as a whole.
pub(super) fn veto(
    node: &Node<'_>,
    defaults: &Options,
    policy: &Policy,
    faults: &mut Faults<'_>,
) -> Option<Veto> {
    const KEYS: &[&str] = &["when", "by", "disapprove", "revoke", "revoked-by", "options"];
    let entries = map(node, "`veto`", faults)?;
    let mut veto = Veto {
        when: None,
        by: Vec::new(),
        disapprove: Methods { comments_contain: vec!["👎".into(), ":-1:".into()], ..Methods::default() },
        revoke: Methods { comments_contain: vec!["👍".into(), ":+1:".into()], ..Methods::default() },
        revoked_by: RevokedBy::default(),
        options: defaults.clone(),
        enforce: Enforce::Block,
    };
    for (key, node) in entries {
        match key.text.as_ref() {
            "when" => veto.when = predicates::predicate(node, 0, policy, faults),
            "by" => veto.by = defined(node, "by", &policy.people, "people", faults),
            "disapprove" => veto.disapprove = methods(node, faults),
            "revoke" => veto.revoke = methods(node, faults),
            "revoked-by" => {
                let choices = [("giver", RevokedBy::Giver), ("anyone", RevokedBy::Anyone)];
                veto.revoked_by = choice(node, "`revoked-by`", &choices, faults).unwrap_or_default();
            }
            "options" => veto.options = options(node, defaults, policy, faults),
            _ => faults.unknown_key(key, KEYS),
        }
    }
    if veto.when.is_none() && veto.by.is_empty() {
        faults.error_with_help(
            node.place,
            "nobody and nothing can veto",
            "name people under `by`, or facts under `when`",
        );
    }
    Some(veto)
}
