//! Which change a CI means, by what a job finds in its environment.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeMap;

use countersign_host::ci::{Ci, CiError, PullRequest, detect};
use serde::Deserialize;

/// An event as a job finds it.
#[derive(Deserialize)]
struct Event {
    event: String,
    variables: BTreeMap<String, String>,
    #[serde(default)]
    document: Option<serde_json::Value>,
    means: Means,
    /// What it says of the pull request beside its commits, where that is looked at.
    #[serde(default)]
    pull: Option<Pull>,
}

/// What is said of a pull request; what is left out is not known.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Pull {
    draft: Option<bool>,
    fork: Option<bool>,
    opener: Option<String>,
    no_openers: bool,
    title: Option<String>,
    labels: Vec<String>,
}

impl From<PullRequest> for Pull {
    fn from(pull: PullRequest) -> Self {
        Pull {
            draft: pull.draft,
            fork: pull.fork,
            opener: pull.opener,
            no_openers: !pull.records_opener,
            title: pull.title,
            labels: pull.labels,
        }
    }
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
    let mut events: serde_yaml::Value = serde_yaml::from_str(&filled).unwrap();
    events.apply_merge().unwrap();
    serde_yaml::from_value(events).unwrap()
}

#[test]
fn each_event_of_each_ci_means_its_own_change_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("event.json");
    for Event { event, mut variables, document, means, pull } in events() {
        if let Some(document) = document {
            std::fs::write(&path, document.to_string()).unwrap();
            variables.insert("GITHUB_EVENT_PATH".to_owned(), path.to_str().unwrap().to_owned());
        }
        let ci = detect(|name| variables.get(name).cloned()).unwrap().unwrap();
        let said = ci.pull.clone().map(Pull::from);
        assert!(pull.is_none() || said == pull, "{event}: {said:?} is not {pull:?}");
        if means.pushed || (means.names.is_some() && pull.is_none()) {
            assert_eq!(said, None, "{event}");
        }
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
