//! Recognises the CI that a command runs in, and reads from its environment which change it means.

mod table;

use std::path::PathBuf;

use serde_json::Value;

use table::{About, Flag, Names, Opener, Place, SYSTEMS, System, Test};

/// What a CI says of the change. What it does not say is none, and nobody guesses it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ci {
    /// The CI, for a person.
    pub name: &'static str,
    /// The event that it runs for, for a person.
    pub event: String,
    /// What to do about an event that names no change.
    pub help: Option<&'static str>,
    /// The change goes into another repository than the one that the job has checked out.
    pub elsewhere: bool,
    /// The number of the change.
    pub change: Option<String>,
    /// The ref that the change goes into, by full name.
    pub target: Option<String>,
    /// The branch that the change comes from.
    pub source: Option<String>,
    /// The head of the change: a commit id or a ref.
    pub head: Option<String>,
    /// The commit that its commits are counted from, where that is not the tip of the target: of a push where the ref
    /// stood, all zeros for one that is new.
    pub base: Option<String>,
    /// Whether the base must be said: the tip of the target stands for it otherwise.
    pub counts_from_base: bool,
    /// The change is in its target already.
    pub pushed: bool,
    /// What it says of the pull request that it runs for; none where it runs for none.
    pub pull: Option<PullRequest>,
    /// The repository that it runs for, by owner and name or by its address.
    pub repository: Option<String>,
    /// The repository's default branch, by full name.
    pub default_branch: Option<String>,
    /// How a job gets the whole history, with every branch.
    pub history: &'static str,
}

/// What a CI says of a pull request beside its commits, as it was when the run began. What it does not say is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullRequest {
    /// Whether the pull request is a draft.
    pub draft: Option<bool>,
    /// Whether it comes from another repository.
    pub fork: Option<bool>,
    /// The login of whoever opened it.
    pub opener: Option<String>,
    /// Whether the CI says of any pull request who opened it.
    pub records_opener: bool,
    /// The title of the pull request.
    pub title: Option<String>,
    /// Labels of the pull request, of which there may be more.
    pub labels: Vec<String>,
}

/// Why an environment could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CiError {
    /// The event file that the environment names is missing or is not JSON.
    #[error(
        "{name} names the event file {path}, and it cannot be read: {reason}\n  help: give --base, --head and --target"
    )]
    Event {
        /// The name of the CI system.
        name: &'static str,
        /// The path of the file that holds the event.
        path: PathBuf,
        /// The reason why the event cannot be read.
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
            Test::IsNot(name, value) => self.variable(name).is_some_and(|other| other != *value),
            Test::Numbered(name, number) => match (self.variable(name), self.variable(number)) {
                (Some(name), Some(number)) => name.split('-').skip(1).any(|part| part == number),
                _ => false,
            },
        }
    }

    /// What is said of a flag: yes where any says so.
    fn flag(&self, flags: &[Flag]) -> Option<bool> {
        let said = flags.iter().filter_map(|flag| match flag {
            Flag::True(place) => match self.at(place)?.to_ascii_lowercase().as_str() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            },
            Flag::Where(name, says) => match self.variable(name) {
                Some(value) => Some(value != "false"),
                None => self.holds(says).then_some(false),
            },
            Flag::Others(one, other) => Some(!same_repository(&self.at(one)?, &self.at(other)?)),
            Flag::Titled(place) => {
                let title = self.at(place)?.to_lowercase();
                Some(["draft:", "[draft]", "(draft)"].iter().any(|word| title.starts_with(word)))
            }
            Flag::Never => Some(false),
        });
        said.max()
    }

    fn pull_request(&self, about: &About) -> PullRequest {
        let (records_opener, opener) = match about.opener {
            Opener::NotRecorded => (false, None),
            Opener::At(places) => (true, self.first(places)),
        };
        let is_old = about.repeated.is_some_and(|test| self.holds(&test));
        let [title, labels] = [about.title, about.labels].map(|places| if is_old { &[][..] } else { places });
        PullRequest {
            draft: self.flag(about.draft),
            fork: self.flag(about.fork),
            opener,
            records_opener,
            title: self.first(title),
            labels: labels.iter().flat_map(|place| self.names(place)).collect(),
        }
    }

    /// The names in a list.
    fn names(&self, place: &Place) -> Vec<String> {
        match place {
            Place::Document(pointer) => {
                let entries = self.document.pointer(pointer).and_then(Value::as_array);
                entries.into_iter().flatten().filter_map(|entry| said(entry.get("name"))).collect()
            }
            place => {
                let list = self.at(place).unwrap_or_default();
                list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
            }
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

/// A text, number or flag of a document.
fn said(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Whether two texts name one repository of a forge: by its id, or by owner and name, at the end of an address of any form.
pub fn same_repository(one: &str, other: &str) -> bool {
    owner_and_name(one) == owner_and_name(other)
}

/// The last two parts of an address, which hold no secret.
pub fn owner_and_name(text: &str) -> String {
    named_by(text)
        .unwrap_or_else(|| text.trim_end_matches('/').trim_end_matches(".git").to_owned())
        .to_lowercase()
}

/// `owner/name` by the last two parts of an address or a path; none where it has fewer.
pub fn named_by(address: &str) -> Option<String> {
    let address = address.trim_end_matches('/').trim_end_matches(".git");
    let mut parts = address.rsplit(['/', ':']).filter(|part| !part.is_empty());
    let (name, owner) = (parts.next()?, parts.next()?);
    Some(format!("{owner}/{name}"))
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
        repository: environment.first(system.repository),
        default_branch: environment.first(system.default_branch).map(full_name),
        history: system.history,
        ..Ci::default()
    };
    match event.map(|event| &event.names) {
        Some(Names::Merge { change, target, source, head, base, about }) => {
            ci.change = environment.first(change);
            let mut targets = target.iter().filter_map(|place| environment.at(place));
            ci.target = targets.next();
            if targets.any(|other| ci.target.as_ref() != Some(&other)) {
                ci.target = None;
                ci.help = Some("its variables name another target than its document");
            }
            ci.target = ci.target.map(full_name);
            ci.source = environment.first(source).map(short_name);
            ci.head = environment.commit(head);
            ci.base = environment.commit(base);
            ci.counts_from_base = !base.is_empty();
            ci.pull = Some(environment.pull_request(about));
        }
        Some(Names::Push { target, before, after }) => {
            ci.target = environment.first(target).map(full_name);
            ci.head = environment.commit(after);
            ci.base = environment.id(before);
            ci.counts_from_base = true;
            ci.pushed = true;
        }
        Some(Names::Nothing(help)) => ci.help = Some(help),
        Some(Names::Elsewhere(help)) => {
            ci.help = Some(help);
            ci.elsewhere = true;
        }
        None => ci.help = Some("this event is not known here: say what is judged"),
    }
    ci
}
