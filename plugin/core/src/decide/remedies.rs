//! For each thing missing: who can give it, and the exact text and command.

use crate::model::{Change, Question, Remedy, Request, Role, TriggerKind};
use crate::policy::{Policy, Requirement, Rule};
use crate::signoff::Tally;
use crate::signoff::answers::TEMPLATE;

/// Where a target says whose key is whose.
const ALLOWED_SIGNERS: &str = "`.countersign/allowed_signers`";

/// How the approvals that a requirement still lacks can come.
pub(super) fn approval(
    request: &Request<'_>,
    change: &Change<'_>,
    policy: &Policy,
    rule: &Rule,
    requirement: &Requirement,
    tally: &Tally,
) -> Remedy {
    let by = requirement.by.join(" or ");
    let who = if tally.eligible.is_empty() {
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
    let on_git = request.trigger.platform.name == "git";
    let has_keys = policy.identities.values().any(|identity| !identity.keys.is_empty())
        || request.documents.iter().any(|document| document.role == Role::AllowedSigners);
    let to_hook = request.trigger.kind == TriggerKind::PreReceive;
    if on_git && !has_keys && to_hook {
        return Remedy {
            rule: rule.name.clone(),
            what: format!(
                "to approve it in a pull request, or to sign commit {} with an SSH key that {ALLOWED_SIGNERS} of the \
                 target names{answers}",
                change.head.short()
            ),
            template: (!text.is_empty()).then_some(text),
            command: None,
            who,
            questions,
        };
    }
    if on_git && !has_keys {
        let person = who.first().map(String::as_str).unwrap_or(&by);
        return Remedy {
            rule: rule.name.clone(),
            what: format!("to write this into a file outside of the commits, such as signoffs.yaml{answers}"),
            template: Some(signoff_template(change, person, &text)),
            command: Some(format!(
                "countersign check --target {} --head {} --signoffs signoffs.yaml",
                shell_word(&change.target),
                change.head.short()
            )),
            who,
            questions,
        };
    }
    if on_git {
        let target = shell_word(&change.target);
        // Whoever has fetched what is already on the branch would sign for nothing without.
        let base = if to_hook && !change.base_tip.is_zero() {
            format!(" --base {}", change.base_tip.short())
        } else {
            String::new()
        };
        return Remedy {
            rule: rule.name.clone(),
            what: format!("to sign commit {} with an SSH key{answers}", change.head.short()),
            template: (!text.is_empty()).then_some(text),
            command: Some(format!(
                "countersign approve --target {target}{base} --head {}{}",
                change.head.short(),
                policy_of(request, change)
            )),
            who,
            questions,
        };
    }
    Remedy {
        rule: rule.name.clone(),
        what: format!("to approve commit {} in a review{answers}", change.head.short()),
        template: (!text.is_empty()).then_some(text),
        command: None,
        who,
        questions,
    }
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
