//! Which change a CI means, by what a job finds in its environment.

use std::collections::BTreeMap;

use countersign_host::ci::{Ci, CiError, detect};
use serde::Deserialize;

/// An event as a job finds it.
#[derive(Deserialize)]
struct Event {
    event: String,
    variables: BTreeMap<String, String>,
    #[serde(default)]
    document: Option<serde_json::Value>,
    means: Means,
}

/// The change that it means; what is left out, it does not say.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Means {
    ci: String,
    #[serde(default)]
    names: Option<String>,
    #[serde(default)]
    change: Option<String>,
    #[serde(default)]
    target: Option<String>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    head: Option<String>,
    #[serde(default)]
    base: Option<String>,
    #[serde(default)]
    counts_from_base: bool,
    #[serde(default)]
    pushed: bool,
    #[serde(default)]
    default_branch: Option<String>,
}

impl From<Ci> for Means {
    fn from(ci: Ci) -> Self {
        Means {
            ci: ci.name.to_owned(),
            names: ci.help.map(|_| "nothing".to_owned()),
            change: ci.change,
            target: ci.target,
            source: ci.source,
            head: ci.head,
            base: ci.base,
            counts_from_base: ci.counts_from_base,
            pushed: ci.pushed,
            default_branch: ci.default_branch,
        }
    }
}

fn events() -> Vec<Event> {
    let ids = [("$HEAD", "a"), ("$BASE", "b"), ("$MERGE", "c"), ("$OTHER", "d"), ("$ZEROS", "0")];
    let filled = ids.iter().fold(include_str!("ci/events.yaml").to_owned(), |text, (name, digit)| {
        text.replace(name, &format!("\"{}\"", digit.repeat(40)))
    });
    serde_yaml::from_str(&filled).unwrap()
}

#[test]
fn each_event_of_each_ci_means_its_own_change_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("event.json");
    for Event { event, mut variables, document, means } in events() {
        if let Some(document) = document {
            std::fs::write(&path, document.to_string()).unwrap();
            variables.insert("GITHUB_EVENT_PATH".to_owned(), path.to_str().unwrap().to_owned());
        }
        let ci = detect(|name| variables.get(name).cloned()).unwrap().unwrap();
        assert_eq!(Means::from(ci), means, "{event}");
    }
}

#[test]
fn a_document_that_is_named_and_cannot_be_read_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("event.json");
    std::fs::write(&path, "{").unwrap();
    for path in ["/nowhere/event.json", path.to_str().unwrap()] {
        let read = detect(|name| match name {
            "GITHUB_ACTIONS" => Some("true".to_owned()),
            "GITHUB_EVENT_NAME" => Some("pull_request".to_owned()),
            "GITHUB_EVENT_PATH" => Some(path.to_owned()),
            _ => None,
        });
        assert!(matches!(read, Err(CiError::Event { .. })), "{path}");
    }
}

#[test]
fn what_is_no_ci_is_none() {
    assert_eq!(detect(|_| None).unwrap(), None);
    assert_eq!(detect(|name| (name == "CI").then(|| "true".to_owned())).unwrap(), None);
}
