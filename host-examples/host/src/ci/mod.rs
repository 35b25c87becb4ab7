//! Recognises the CI that a command runs in, and reads from its environment which change it means.

mod table;

use std::path::PathBuf;

use serde_json::Value;

use table::{Names, Place, SYSTEMS, System, Test};

/// What a CI says of the change. What it does not say is none, and nobody guesses it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ci {
    /// The CI, for a person.
    pub name: &'static str,
    /// The event that it runs for, for a person.
    pub event: String,
    /// What to do about an event that names no change.
    pub help: Option<&'static str>,
    /// The number of the change.
    pub change: Option<String>,
    /// The ref that the change goes into, by full name.
    pub target: Option<String>,
    /// The branch that it comes from.
    pub source: Option<String>,
    /// Its head.
    pub head: Option<String>,
    /// The commit that its commits are counted from, where that is not the tip of the target: of a push where the ref
    /// stood, all zeros for one that is new.
    pub base: Option<String>,
    /// Whether the base must be said: the tip of the target stands for it otherwise.
    pub counts_from_base: bool,
    /// The change is in its target already.
    pub pushed: bool,
    /// The repository's default branch, by full name.
    pub default_branch: Option<String>,
    /// How a job gets the whole history, with every branch.
    pub history: &'static str,
}

/// Why an environment could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CiError {
    /// The event file that the environment names is missing or is not JSON.
    #[error(
        "{name} names the event file {path}, and it cannot be read: {reason}\n  help: give --base, --head and --target"
    )]
    Event {
        /// The CI.
        name: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// The environment of a job. Empty variables are taken for unset.
struct Environment<V> {
    variable: V,
    document: Value,
}

impl<V: Fn(&str) -> Option<String>> Environment<V> {
    fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn holds(&self, test: &Test) -> bool {
        match test {
            // What is switched off, Buildkite says so of: its pull request is `false` where there is none.
            Test::Set(name) => self.variable(name).is_some_and(|value| value != "false"),
            Test::Is(name, values) => self
                .variable(name)
                .is_some_and(|value| values.iter().any(|wanted| value.eq_ignore_ascii_case(wanted))),
            Test::Differ(a, b) => match (self.variable(a), self.variable(b)) {
                (Some(a), Some(b)) => a != b,
                _ => false,
            },
        }
    }

    fn at(&self, place: &Place) -> Option<String> {
        match place {
            Place::Variable(name) => self.variable(name),
            Place::Document(pointer) => said(self.document.pointer(pointer)),
            Place::Only(list, pointer) => said(self.only(list)?.pointer(pointer)),
        }
    }

    /// The only entry of a list of pull requests that goes into this repository: GitHub lists those into others too.
    fn only(&self, list: &str) -> Option<&Value> {
        let own = self.document.pointer("/repository/id");
        let is_here = |entry: &&Value| match (own, entry.pointer("/base/repo/id")) {
            (Some(own), Some(into)) => own == into,
            _ => true,
        };
        let mut entries = self.document.pointer(list)?.as_array()?.iter().filter(is_here);
        entries.next().filter(|_| entries.next().is_none())
    }

    fn first(&self, places: &[Place]) -> Option<String> {
        places.iter().find_map(|place| self.at(place))
    }

    /// A commit's id; no name, and not the zeros that stand for none.
    fn commit(&self, places: &[Place]) -> Option<String> {
        self.id(places).filter(|id| !id.bytes().all(|b| b == b'0'))
    }

    fn id(&self, places: &[Place]) -> Option<String> {
        self.first(places).filter(|id| id.len() >= 40 && id.bytes().all(|b| b.is_ascii_hexdigit()))
    }
}

/// A text or number of a document.
fn said(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The full name of a branch that a system calls by its short one, whatever that looks like.
fn full_name(branch: String) -> String {
    if branch.starts_with("refs/") { branch } else { format!("refs/heads/{branch}") }
}

/// A branch by its short name, where a system gives the full one.
fn short_name(branch: String) -> String {
    branch.strip_prefix("refs/heads/").map(str::to_owned).unwrap_or(branch)
}

/// Reads an environment; none where nothing says that it is a CI's. Tekton has no variables of its own: there the task's
/// parameters become flags.
///
/// # Errors
/// When the environment names an event file that cannot be read: guessing would judge another range.
pub fn detect(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Ci>, CiError> {
    let mut environment = Environment { variable, document: Value::Null };
    let Some(system) = SYSTEMS.iter().find(|system| environment.holds(&system.told_by)) else {
        return Ok(None);
    };
    if let Some(path) = system.document.and_then(|name| environment.variable(name)).map(PathBuf::from) {
        let unreadable = |reason: String| CiError::Event { name: system.name, path: path.clone(), reason };
        let bytes = std::fs::read(&path).map_err(|e| unreadable(e.to_string()))?;
        environment.document = serde_json::from_slice(&bytes).map_err(|e| unreadable(e.to_string()))?;
    }
    Ok(Some(read(system, &environment)))
}

fn read<V: Fn(&str) -> Option<String>>(system: &System, environment: &Environment<V>) -> Ci {
    let named = system.event.and_then(|name| environment.variable(name));
    let event = system.events.iter().find(|event| event.told_by.iter().all(|test| environment.holds(test)));
    let mut ci = Ci {
        name: system.name,
        event: match (&named, event) {
            (Some(named), Some(event)) if named != event.name => format!("{} ({named})", event.name),
            (Some(_), Some(event)) => event.name.to_owned(),
            (None, Some(event)) => event.name.to_owned(),
            (Some(named), None) => format!("event `{named}`"),
            (None, None) => "event".to_owned(),
        },
        default_branch: environment.first(system.default_branch).map(full_name),
        history: system.history,
        ..Ci::default()
    };
    match event.map(|event| &event.names) {
        Some(Names::Merge { change, target, source, head, base }) => {
            ci.change = environment.first(change);
            ci.target = environment.first(target).map(full_name);
            ci.source = environment.first(source).map(short_name);
            ci.head = environment.commit(head);
            ci.base = environment.commit(base);
            ci.counts_from_base = !base.is_empty();
        }
        Some(Names::Push { target, before, after }) => {
            ci.target = environment.first(target).map(full_name);
            ci.head = environment.commit(after);
            ci.base = environment.id(before);
            ci.counts_from_base = true;
            ci.pushed = true;
        }
        Some(Names::Nothing(help)) => ci.help = Some(help),
        None => ci.help = Some("this event is not known here: say what is judged"),
    }
    ci
}
