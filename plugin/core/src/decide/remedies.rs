//! For each thing missing: who can give it, and the exact text and command.

use std::borrow::Cow;

use super::predicates::Settled;
use crate::model::{
    Change, CommitFindings, Document, Question, RemarkCode, Remedy, Request, Role, RuleCode, TriggerKind,
};
use crate::policy::{Dco, Methods, Policy, Predicate, Requirement, Rule};
use crate::signoff::answers::TEMPLATE;
use crate::signoff::{Tally, Untold};
use crate::wellknown::{ALLOWED_SIGNERS, POLICY};

/// The command with which somebody signs a sign-off.
pub(super) const SIGN: &str = "countersign approve";

/// Who can change what the policy says.
const KEEPER: &str = "whoever keeps the policy";

/// The ways in which approvals can come.
pub(super) enum Ways {
    /// By a review on the forge.
    Review,
    /// By a comment on the forge: the policy counts no review.
    Comment,
    /// By nobody: the policy counts comments alone, and nobody comments here.
    NoComments,
    /// By a signature, of those who have a key that counts now.
    Sign(Vec<String>),
    /// By a signature, once somebody who may approve has a key that counts; of these the policy knows no address.
    NoKeyYet(Vec<String>),
    /// By nobody: only members of groups may approve, and nothing here has groups.
    NoGroups,
    /// By a signature, once the target says whose key is whose.
    NoKeys,
}

/// How the approvals that a requirement still lacks can come.
pub(super) fn approval(
    request: &Request<'_>,
    change: &Change<'_>,
    policy: &Policy,
    rule: &Rule,
    requirement: &Requirement,
    tally: &Tally,
    ways: Ways,
) -> Remedy {
    let by = requirement.by.join(" or ");
    let mut who = if tally.eligible.is_empty() {
        let groups =
            requirement.by.iter().filter_map(|name| policy.people.get(name)).flat_map(|set| &set.groups);
        let groups: Vec<String> = groups.map(|group| format!("a member of {group}")).collect();
        if groups.is_empty() { vec![by.clone()] } else { groups }
    } else {
        tally.eligible.clone()
    };
    let answers = match requirement.answers.as_slice() {
        [] => String::new(),
        [one] => format!(", and to answer the question `{one}`"),
        many => format!(
            ", and to answer the questions {}",
            many.iter().map(|q| format!("`{q}`")).collect::<Vec<_>>().join(", ")
        ),
    };
    let asked = requirement.answers.iter().map(|name| Question {
        name: name.clone(),
        text: policy.questions.get(name).cloned().unwrap_or_default(),
    });
    let questions: Vec<Question> = asked.collect();
    let text = answer_template(policy, requirement);
    match ways {
        Ways::NoGroups => return no_groups(policy, rule, requirement),
        Ways::NoComments => return no_comments(rule),
        _ => {}
    }
    let head = change.head.short();
    let to_hook = request.trigger.kind == TriggerKind::PreReceive;
    let sign = || format!("{SIGN} {}{}", place(request, change), policy_of(request, change));
    let mut template = (!text.is_empty()).then(|| text.clone());
    let (what, command) = match ways {
        Ways::Review => (format!("to approve commit {head} in a review{answers}"), None),
        Ways::NoKeys if request.trigger.kind != TriggerKind::Check => {
            let instead =
                if to_hook { "to approve it in a pull request where the server has those, or " } else { "" };
            let what = format!(
                "{instead}to sign commit {head} with an SSH key that `{ALLOWED_SIGNERS}` of the target names{answers}"
            );
            (what, None)
        }
        Ways::NoKeys => {
            let person = who.first().map(String::as_str).unwrap_or(&by);
            template = Some(signoff_template(change, person, &text));
            let what = format!(
                "to sign commit {head} with an SSH key, once `{ALLOWED_SIGNERS}` of the target names it; until then, to write this into \
                 a file outside of the commits, such as signoffs.yaml, which counts on the word of whoever gives it{answers}"
            );
            let command = format!(
                "countersign check --target {} --head {head} --signoffs signoffs.yaml",
                shell_word(&change.target)
            );
            (what, Some(command))
        }
        Ways::NoKeyYet(unknown) => {
            let known = match unknown.as_slice() {
                [] => String::new(),
                unknown => {
                    format!(
                        ", and the policy an e-mail address of {} under `identities`",
                        unknown.join(" and of ")
                    )
                }
            };
            let what = format!(
                "to have `{ALLOWED_SIGNERS}` of the target name an SSH key of theirs that is valid now{known}, and then to sign commit \
                 {head} with it{answers}"
            );
            (what, Some(sign()))
        }
        Ways::Sign(able) => {
            who = able;
            // Whoever is asked has a clone of their own, and a CI has what was pushed.
            let by_hand = request.trigger.kind == TriggerKind::Check && change.id.is_none();
            let what = match by_hand {
                true => format!(
                    "to sign commit {head} with an SSH key, once it is pushed and they have fetched it{answers}"
                ),
                false => format!("to sign commit {head} with an SSH key{answers}"),
            };
            (what, Some(sign()))
        }
        Ways::Comment => {
            let words = words(&rule.options.methods, change);
            template = words.clone().map(|words| format!("{words}\n{text}"));
            let how = if words.is_some() { "this" } else { "what the policy's `methods` ask for" };
            (format!("to write {how} in a comment, which approves commit {head}{answers}"), None)
        }
        Ways::NoGroups | Ways::NoComments => (String::new(), None),
    };
    Remedy { rule: rule.name.clone(), what, template, command, who, questions }
}

/// What lets anybody approve, where the policy names groups alone and nothing here has groups.
fn no_groups(policy: &Policy, rule: &Rule, requirement: &Requirement) -> Remedy {
    let groups = policy.sets(&requirement.by).flat_map(|set| &set.groups);
    let groups: Vec<String> = groups.map(|group| format!("`{group}`")).collect();
    let of = if groups.is_empty() { String::new() } else { format!(" ({})", groups.join(", ")) };
    let what = format!(
        "to list the people of {} under `users`: plain git has no groups{of}, so nobody can sign as a member of one",
        requirement.by.join(" or ")
    );
    Remedy { rule: rule.name.clone(), who: vec![KEEPER.to_owned()], what, ..Remedy::default() }
}

/// The words by which a comment approves, where any can be told.
fn words(methods: &Methods, change: &Change<'_>) -> Option<String> {
    let line = methods.comment_lines.first().map(|line| line.replace("{head}", change.head.as_str()));
    line.or_else(|| methods.comments_contain.first().cloned())
}

/// What lets anybody approve, where the policy counts comments alone and nobody comments.
fn no_comments(rule: &Rule) -> Remedy {
    let what = "to add `reviews` to the `methods` of the rule, which a signature is: it counts comments alone, and plain git has none";
    Remedy {
        rule: rule.name.clone(),
        who: vec![KEEPER.to_owned()],
        what: what.to_owned(),
        ..Remedy::default()
    }
}

/// What lets a change be approved of which merging, as things are, makes nothing that an approval could be for.
pub(super) fn rebase(rule: &Rule, change: &Change<'_>, untold: Untold, behind: Vec<String>) -> Remedy {
    let target = change.target.strip_prefix("refs/heads/").unwrap_or(&change.target);
    // What the target holds already, a rebase leaves out and a merge does not.
    let merge = match untold {
        Untold::Nothing => String::new(),
        _ => format!(", or to merge {target} into it"),
    };
    let what = format!("to rebase the change onto {target}{merge}: {}", untold.why());
    Remedy { rule: rule.name.clone(), who: or_author(behind), what, ..Remedy::default() }
}

/// What meets the conditions of a rule: nothing that somebody signs does.
pub(super) fn condition(rule: &Rule, why: &str, settled: Settled, behind: Vec<String>) -> Remedy {
    let what = match settled {
        Settled::Yes => format!(
            "to change the commits or their messages, before anybody signs: {why}; no approval makes up for it, and what is signed \
             before is signed again"
        ),
        Settled::No => format!("to bring about what no approval makes up for: {why}"),
    };
    Remedy { rule: rule.name.clone(), who: or_author(behind), what, ..Remedy::default() }
}

/// What lets the owners of files be known.
pub(super) fn owners(rule: &Rule, missing: &[String]) -> Remedy {
    let what = format!(
        "to put right on the target who owns what, which no approval makes up for: {}",
        missing.join("; ")
    );
    Remedy {
        rule: rule.name.clone(),
        who: vec!["whoever keeps CODEOWNERS".to_owned(), KEEPER.to_owned()],
        what,
        ..Remedy::default()
    }
}

/// What lets it be known who took part.
pub(super) fn unattributed(rule: &Rule, why: &str) -> Remedy {
    let what = format!("to say who that is, which no approval makes up for: {why}");
    Remedy { rule: rule.name.clone(), who: vec![KEEPER.to_owned()], what, ..Remedy::default() }
}

/// What lifts a veto of what the change holds.
pub(super) fn vetoed(because: &str, behind: Vec<String>) -> Remedy {
    let what =
        format!("to take out of the change what the policy vetoes, which no approval lifts: {because}");
    Remedy { rule: "veto".to_owned(), who: or_author(behind), what, ..Remedy::default() }
}

/// What lets a change pass that no rule, and no sign-off, lets pass.
pub(super) fn of_no_rule(policy: Option<&Policy>, stopped: Option<&str>, headline: &str) -> Remedy {
    let why = headline.split_once(": ").map_or(headline, |(_, why)| why);
    let (rule, who, what) = match (stopped, policy) {
        (Some(why), _) => (
            "push",
            "whoever pushes or merges",
            format!("to do otherwise, which no sign-off makes up for: {why}"),
        ),
        (None, None) => (
            "policy",
            "whoever keeps the repository",
            format!("to put a policy into `{POLICY}` of the target or of the default branch"),
        ),
        (None, Some(_)) => (
            "otherwise",
            KEEPER,
            format!("to write a rule that says what such a change needs, for no sign-off helps: {why}"),
        ),
    };
    Remedy { rule: rule.to_owned(), who: vec![who.to_owned()], what, ..Remedy::default() }
}

fn or_author(behind: Vec<String>) -> Vec<String> {
    if behind.is_empty() { vec!["whoever wrote it".to_owned()] } else { behind }
}

/// What lets a rule know what it waits for: nothing that somebody signs makes up for it.
pub(super) fn unknown(request: &Request<'_>, rule: &str, missing: &[String]) -> Remedy {
    let gate = match request.trigger.kind {
        TriggerKind::Check => "whoever keeps the job of the gate",
        _ => "whoever keeps the gate",
    };
    Remedy {
        rule: rule.to_owned(),
        who: vec![gate.to_owned(), KEEPER.to_owned()],
        what: format!(
            "to run the gate where this is known, or to write the rule without it, for no sign-off makes up for it (docs/CI.md says what \
             is known where): {}",
            missing.join("; ")
        ),
        ..Remedy::default()
    }
}

/// What lifts that a draft is held, or what may be one.
pub(super) fn draft(code: RuleCode, opener: Option<String>) -> Remedy {
    let (who, what) = match code {
        RuleCode::Draft => (
            opener.unwrap_or_else(|| "whoever opened it".to_owned()),
            "to mark the change as ready: a draft is held, whoever signs it",
        ),
        _ => (
            KEEPER.to_owned(),
            "to write `draft: evaluate` into it: nothing here says whether a change is a draft, and no sign-off does \
             (docs/CI.md says what is known where)",
        ),
    };
    Remedy { rule: "draft".to_owned(), who: vec![who], what: what.to_owned(), ..Remedy::default() }
}

/// What lifts that a note cannot be read: nothing that somebody signs makes up for it.
pub(super) fn unreadable_notes(
    request: &Request<'_>,
    rule: &Rule,
    findings: &[CommitFindings],
    missing: &[String],
) -> Vec<Remedy> {
    let mut remedies = Vec::new();
    for found in findings {
        let broken = found.remarks.iter().filter(|remark| remark.code == RemarkCode::MalformedNote);
        for remark in broken.filter(|remark| missing.iter().any(|why| why.starts_with(&remark.message))) {
            let is_of_commit = |document: &&Document<'_>| {
                let commit = document.commit.as_ref().map(|commit| commit.as_str());
                document.role == Role::Note && commit == Some(found.id.as_str())
            };
            let mut refs =
                request.documents.iter().filter(is_of_commit).filter_map(|note| note.git_ref.as_ref());
            let named =
                |git_ref: &&Cow<'_, str>| remark.message.split_whitespace().any(|word| word == **git_ref);
            let git_ref = refs.find(named);
            let Some(git_ref) = git_ref else { continue };
            let word = shell_word(git_ref);
            let id = found.id.get(..12).unwrap_or(&found.id);
            remedies.push(Remedy {
                rule: rule.name.clone(),
                who: vec!["whoever wrote the note".to_owned()],
                what: format!(
                    "to mend the note of commit {id} in {git_ref}, or to take it away and push {git_ref}, which no approval makes up for"
                ),
                command: Some(format!("git notes --ref={word} remove {id}")),
                ..Remedy::default()
            });
        }
    }
    remedies
}

/// What lifts a rule that denies: of a message that lacks something, what it lacks.
pub(super) fn denial(rule: &Rule, reason: &str, because: &str, behind: Vec<String>) -> Remedy {
    let Some(when) = &rule.when else {
        let what = "to give the rule a `when`: it denies every change, the one that mends it too, so somebody who may push to the \
                    target past the gate makes that, or somebody who may breaks the glass";
        return Remedy {
            rule: rule.name.clone(),
            who: vec![KEEPER.to_owned()],
            what: what.to_owned(),
            ..Remedy::default()
        };
    };
    let of_ai = has(when, &|part| matches!(part, Predicate::Ai(_) | Predicate::SuspectedAi));
    let lacks = has(when, &|part| {
        matches!(part, Predicate::DeclarationMissing | Predicate::Dco(Dco::Missing) | Predicate::UndeclaredAi)
    });
    let what = match () {
        () if lacks => "to write into the messages of the commits what the rule asks for",
        () => "to take out of the change what the rule denies",
    };
    // A line that says what AI did is no part of what it did.
    let label = if of_ai && !lacks { " (the work, and not the line that says who did it)" } else { "" };
    let what = format!("{what}, which no approval lifts{label}: {because}; the policy says: {reason}");
    Remedy { rule: rule.name.clone(), who: or_author(behind), what, ..Remedy::default() }
}

/// Whether a predicate, or a part of it that must hold, is such a one.
fn has(predicate: &Predicate, is: &dyn Fn(&Predicate) -> bool) -> bool {
    match predicate {
        Predicate::All(parts) | Predicate::Any(parts) => parts.iter().any(|part| has(part, is)),
        other => is(other),
    }
}

/// Who answers for a rule that denies.
pub(super) fn waiver(request: &Request<'_>, change: &Change<'_>, rule: &Rule, who: Vec<String>) -> Remedy {
    let text = format!("waive: {}\nreason: (five words or more)\nuntil: YYYY-MM-DD\n", rule.name);
    let (template, command) = if super::reviews(request, change) {
        (Some(text), None)
    } else {
        let place = place(request, change);
        let rule = shell_word(&rule.name);
        let command = format!("{SIGN} {place} --waive {rule} --until YYYY-MM-DD --reason '...'");
        (None, Some(command))
    };
    let what = "to answer for the rule instead, with a reason and a last day".to_owned();
    Remedy { rule: rule.name.clone(), who, what, template, command, questions: Vec::new() }
}

/// The remedy that lifts a refusal.
pub(super) fn refusal(rule: &str, who: Vec<String>) -> Remedy {
    let what = "to take the refusal back, once what it asks for is done: no approval of others lifts it";
    Remedy { rule: rule.to_owned(), who, what: what.to_owned(), ..Remedy::default() }
}

/// What lifts that too few people are left who could approve.
pub(super) fn more_people(rule: &Rule, requirement: &Requirement) -> Remedy {
    let by = requirement.by.join(" or ");
    let what = format!(
        "to name somebody under {by} who took no part in the change: nobody who is left can give what is missing"
    );
    Remedy { rule: rule.name.clone(), who: vec![KEEPER.to_owned()], what, ..Remedy::default() }
}

/// The flags that say what is signed. Whoever has fetched what is already on the branch would sign for nothing without a base.
fn place(request: &Request<'_>, change: &Change<'_>) -> String {
    let to_hook = request.trigger.kind == TriggerKind::PreReceive;
    let base = if to_hook && !change.base_tip.is_zero() {
        format!(" --base {}", change.base_tip.short())
    } else {
        String::new()
    };
    format!("--target {}{base} --head {}", shell_word(&change.target), change.head.short())
}

/// The flag that names the branch whose policy judges, where a server says that it is another than the target.
fn policy_of(request: &Request<'_>, change: &Change<'_>) -> String {
    let policy = request.documents.iter().find(|document| document.role == Role::Policy);
    let branch = policy.and_then(|policy| policy.git_ref.as_deref()?.strip_prefix("refs/heads/"));
    match branch.filter(|branch| change.target.strip_prefix("refs/heads/") != Some(*branch)) {
        Some(branch) if request.trigger.kind == TriggerKind::PreReceive => {
            format!(" --policy-of {}", shell_word(branch))
        }
        _ => String::new(),
    }
}

/// The answers to be written, one a line, under the questions.
fn answer_template(policy: &Policy, requirement: &Requirement) -> String {
    let mut text = String::new();
    for name in &requirement.answers {
        let question = policy.questions.get(name).map(String::as_str).unwrap_or_default();
        text.push_str(&format!("# {question}\n{name}: {TEMPLATE}\n"));
    }
    text
}

fn signoff_template(change: &Change<'_>, person: &str, text: &str) -> String {
    let mut out = format!(
        "apiVersion: countersign/v1\nkind: Signoffs\nsignoffs:\n  - by: {}\n    head: {}\n    target: {}\n",
        yaml_word(person),
        change.head,
        yaml_word(&change.target)
    );
    if !text.is_empty() {
        out.push_str("    text: |\n");
        for line in text.lines() {
            out.push_str(&format!("      {line}\n"));
        }
    }
    out
}

/// A word that YAML takes for a string as it stands, else in double quotes.
fn yaml_word(word: &str) -> String {
    let plain = word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-@+".contains(c))
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
            .contains(&word.to_ascii_lowercase().as_str());
    if plain { word.to_owned() } else { format!("{word:?}") }
}

/// A word that a shell takes as it stands, else in single quotes.
pub fn shell_word(word: &str) -> String {
    let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-@+:=".contains(c));
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_as_they_are_where_nothing_in_them_means_something_else() {
        for (word, yaml, shell) in [
            ("sam", "sam", "sam"),
            ("sam@example.com", "sam@example.com", "sam@example.com"),
            ("refs/heads/main", "refs/heads/main", "refs/heads/main"),
            ("No", "\"No\"", "No"),
            ("1e3", "\"1e3\"", "1e3"),
            ("a: b", "\"a: b\"", "'a: b'"),
            ("a\"b", "\"a\\\"b\"", "'a\"b'"),
            ("it's", "\"it's\"", "'it'\\''s'"),
            ("", "\"\"", "''"),
        ] {
            assert_eq!((yaml_word(word).as_str(), shell_word(word).as_str()), (yaml, shell), "{word:?}");
        }
    }
}
