//! Recognises the CI that a command runs in, and reads base, head and target from its environment.

use std::path::PathBuf;

use serde::Deserialize;

/// What the environment says of the change. Empty variables are taken for unset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ci {
    /// The CI, for a person.
    pub name: &'static str,
    /// The number of the change.
    pub change: Option<String>,
    /// Branch that the change goes into.
    pub target: Option<String>,
    /// Branch that it comes from.
    pub source: Option<String>,
    /// Its head.
    pub head: Option<String>,
    /// The tip or merge base that its commits are counted from.
    pub base: Option<String>,
}

/// Why an environment could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CiError {
    /// The event file that the environment names is missing or is not JSON.
    #[error(
        "{name} names the event file {path}, and it cannot be read: {reason}; give --base, --head and --target"
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

/// One CI: how it is told, and which variables hold what. The first that is set counts.
struct Known {
    name: &'static str,
    /// A variable, and the value that it must have; none is any.
    told_by: (&'static str, Option<&'static str>),
    change: &'static [&'static str],
    target: &'static [&'static str],
    source: &'static [&'static str],
    head: &'static [&'static str],
    base: &'static [&'static str],
}

/// In the order in which they are tried: Gitea's and Forgejo's runners set GitHub's variables too.
const KNOWN: &[Known] = &[
    Known {
        name: "GitLab CI",
        told_by: ("GITLAB_CI", Some("true")),
        change: &["CI_MERGE_REQUEST_IID", "CI_EXTERNAL_PULL_REQUEST_IID"],
        target: &["CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME"],
        source: &[
            "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
            "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME",
            "CI_COMMIT_BRANCH",
        ],
        // Set only where CI_COMMIT_SHA is a throw-away merge.
        head: &[
            "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA",
            "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA",
            "CI_COMMIT_SHA",
        ],
        base: &["CI_MERGE_REQUEST_DIFF_BASE_SHA"],
    },
    Known {
        name: "Gitea Actions",
        told_by: ("GITEA_ACTIONS", None),
        change: &[],
        target: &["GITHUB_BASE_REF"],
        source: &["GITHUB_HEAD_REF"],
        head: &["GITHUB_SHA"],
        base: &[],
    },
    Known {
        name: "Forgejo Actions",
        told_by: ("FORGEJO_ACTIONS", None),
        change: &[],
        target: &["GITHUB_BASE_REF"],
        source: &["GITHUB_HEAD_REF"],
        head: &["GITHUB_SHA"],
        base: &[],
    },
    Known {
        name: "GitHub Actions",
        told_by: ("GITHUB_ACTIONS", None),
        change: &[],
        target: &["GITHUB_BASE_REF"],
        source: &["GITHUB_HEAD_REF"],
        head: &["GITHUB_SHA"],
        base: &[],
    },
    Known {
        name: "Jenkins",
        told_by: ("JENKINS_URL", None),
        change: &["CHANGE_ID", "ghprbPullId", "gitlabMergeRequestIid"],
        target: &["CHANGE_TARGET", "ghprbTargetBranch", "gitlabTargetBranch"],
        source: &["CHANGE_BRANCH", "ghprbSourceBranch", "gitlabSourceBranch", "BRANCH_NAME"],
        head: &["ghprbActualCommit", "gitlabMergeRequestLastCommit", "GIT_COMMIT"],
        base: &[],
    },
    Known {
        name: "Woodpecker",
        told_by: ("CI", Some("woodpecker")),
        change: &["CI_COMMIT_PULL_REQUEST"],
        target: &["CI_COMMIT_TARGET_BRANCH"],
        source: &["CI_COMMIT_SOURCE_BRANCH"],
        // CI_PREV_COMMIT_SHA is the commit of the pipeline before, and no base.
        head: &["CI_COMMIT_SHA"],
        base: &[],
    },
    Known {
        name: "Drone",
        told_by: ("DRONE", Some("true")),
        change: &["DRONE_PULL_REQUEST"],
        target: &["DRONE_TARGET_BRANCH"],
        source: &["DRONE_SOURCE_BRANCH"],
        head: &["DRONE_COMMIT_SHA"],
        base: &["DRONE_COMMIT_BEFORE"],
    },
    Known {
        name: "Buildkite",
        told_by: ("BUILDKITE", Some("true")),
        change: &["BUILDKITE_PULL_REQUEST"],
        target: &["BUILDKITE_PULL_REQUEST_BASE_BRANCH"],
        source: &["BUILDKITE_BRANCH"],
        head: &["BUILDKITE_COMMIT"],
        base: &["BUILDKITE_MERGE_QUEUE_BASE_COMMIT"],
    },
];

/// The part of an Actions event that is read.
#[derive(Debug, Default, Deserialize)]
struct Event {
    #[serde(default)]
    number: Option<u64>,
    #[serde(default)]
    pull_request: Option<PullRequest>,
}

#[derive(Debug, Deserialize)]
struct PullRequest {
    #[serde(default)]
    number: Option<u64>,
    #[serde(default)]
    merge_base: Option<String>,
    #[serde(default)]
    head: Option<Tip>,
    #[serde(default)]
    base: Option<Tip>,
}

#[derive(Debug, Deserialize)]
struct Tip {
    #[serde(default)]
    sha: Option<String>,
}

/// Reads an environment. Tekton has no variables of its own: there the task's parameters become flags.
///
/// # Errors
/// When the environment names an event file that cannot be read: guessing would judge another range.
pub fn detect(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Ci>, CiError> {
    let set =
        |name: &str| variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let Some(known) = KNOWN.iter().find(|known| {
        set(known.told_by.0)
            .is_some_and(|value| known.told_by.1.is_none_or(|wanted| value.eq_ignore_ascii_case(wanted)))
    }) else {
        return Ok(None);
    };
    let first = |names: &[&str]| names.iter().find_map(|name| set(name));
    let sha = |text: Option<String>| text.filter(|t| t.len() >= 40 && !t.bytes().all(|b| b == b'0'));
    let mut ci = Ci {
        name: known.name,
        // Buildkite writes `false` for no pull request.
        change: first(known.change).filter(|change| change != "false"),
        target: first(known.target),
        source: first(known.source),
        head: sha(first(known.head)),
        base: sha(first(known.base)),
    };
    if known.name.ends_with("Actions")
        && let Some(path) = set("GITHUB_EVENT_PATH").map(PathBuf::from)
    {
        let unreadable = |reason: String| CiError::Event { name: known.name, path: path.clone(), reason };
        let text = std::fs::read_to_string(&path).map_err(|e| unreadable(e.to_string()))?;
        let event: Event = serde_json::from_str(&text).map_err(|e| unreadable(e.to_string()))?;
        if let Some(pull) = event.pull_request {
            ci.change = pull.number.or(event.number).map(|number| number.to_string());
            // GITHUB_SHA of a pull request is a merge that GitHub made to try it out.
            ci.head = sha(pull.head.and_then(|head| head.sha)).or(ci.head);
            ci.base = sha(pull.merge_base).or(sha(pull.base.and_then(|base| base.sha)));
        }
    }
    Ok(Some(ci))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Ci {
        let get =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        detect(get).unwrap().unwrap()
    }

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    #[test]
    fn gitlab_names_the_head_of_the_source_where_the_checkout_is_a_throw_away_merge() {
        let detached = [
            ("GITLAB_CI", "true"),
            ("CI_COMMIT_SHA", A),
            ("CI_MERGE_REQUEST_IID", "7"),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", B),
            ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", ""),
        ];
        let ci = read(&detached);
        assert_eq!(
            (ci.head.as_deref(), ci.base.as_deref(), ci.change.as_deref()),
            (Some(A), Some(B), Some("7"))
        );
        let mut merged = detached;
        merged[5].1 = B;
        assert_eq!(read(&merged).head.as_deref(), Some(B));
    }

    #[test]
    fn gitea_and_forgejo_are_told_before_github_whose_variables_they_set() {
        assert_eq!(read(&[("GITHUB_ACTIONS", "true"), ("GITEA_ACTIONS", "true")]).name, "Gitea Actions");
        assert_eq!(read(&[("GITHUB_ACTIONS", "true"), ("FORGEJO_ACTIONS", "true")]).name, "Forgejo Actions");
        assert_eq!(read(&[("GITHUB_ACTIONS", "true")]).name, "GitHub Actions");
    }

    #[test]
    fn an_event_file_names_the_head_of_the_pull_request() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("event.json");
        std::fs::write(
            &path,
            format!(r#"{{"number": 4, "pull_request": {{"head": {{"sha": "{A}"}}, "merge_base": "{B}"}}}}"#),
        )
        .unwrap();
        let path = path.to_str().unwrap();
        let ci = read(&[
            ("GITEA_ACTIONS", "true"),
            ("GITHUB_EVENT_PATH", path),
            ("GITHUB_SHA", B),
            ("GITHUB_BASE_REF", "main"),
        ]);
        assert_eq!(
            (ci.head.as_deref(), ci.base.as_deref(), ci.change.as_deref()),
            (Some(A), Some(B), Some("4"))
        );
    }

    #[test]
    fn an_event_file_that_cannot_be_read_is_an_error() {
        let get = |name: &str| match name {
            "GITHUB_ACTIONS" => Some("true".to_owned()),
            "GITHUB_EVENT_PATH" => Some("/nowhere/event.json".to_owned()),
            _ => None,
        };
        assert!(detect(get).is_err());
    }

    #[test]
    fn values_that_stand_for_nothing_are_nothing() {
        let ci =
            read(&[("BUILDKITE", "true"), ("BUILDKITE_PULL_REQUEST", "false"), ("BUILDKITE_COMMIT", "HEAD")]);
        assert_eq!((ci.change, ci.head), (None, None));
        let zeros = "0".repeat(40);
        assert_eq!(read(&[("DRONE", "true"), ("DRONE_COMMIT_BEFORE", &zeros)]).base, None);
    }

    #[test]
    fn each_known_ci_is_told() {
        for (variables, name) in [
            (vec![("JENKINS_URL", "x"), ("CHANGE_TARGET", "main")], "Jenkins"),
            (vec![("CI", "woodpecker"), ("CI_COMMIT_TARGET_BRANCH", "main")], "Woodpecker"),
            (vec![("DRONE", "true"), ("DRONE_TARGET_BRANCH", "main")], "Drone"),
            (vec![("BUILDKITE", "true"), ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "main")], "Buildkite"),
        ] {
            let ci = read(&variables);
            assert_eq!((ci.name, ci.target.as_deref()), (name, Some("main")));
        }
        assert_eq!(detect(|_| None).unwrap(), None);
    }
}
