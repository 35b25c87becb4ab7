//! The systems that are recognised, and for each of their events where base, head and target stand.
//!
//! Sources: docs.github.com, "Events that trigger workflows" and "Webhook events and payloads"; Gitea 1.26,
//! `modules/structs/hook.go` and `services/actions/context.go`; docs.gitlab.com, "Predefined CI/CD variables reference";
//! the pages of variables of the Jenkins plugins branch-api, ghprb and gitlab-plugin, of Woodpecker 3, Drone 2 and Buildkite.

use Flag::{Never, Others, Titled, True, Where};
use Place::{Document, Only, Variable};
use Test::{Differ, Is, IsNot, Numbered, Set};

/// A system that runs jobs.
pub(super) struct System {
    /// The name of the CI system.
    pub name: &'static str,
    /// The test that tells the system from the others.
    pub told_by: Test,
    /// The variable that names the event; none where other variables tell it.
    pub event: Option<&'static str>,
    /// The variable that names the file with the event's document.
    pub document: Option<&'static str>,
    /// The repository that a job runs for, by owner and name or by its address.
    pub repository: &'static [Place],
    /// The repository's default branch.
    pub default_branch: &'static [Place],
    /// Its events, in the order in which they are tried.
    pub events: &'static [Event],
    /// How a job gets the whole history, with every branch.
    pub history: &'static str,
}

/// A kind of event, and the places that tell of it.
pub(super) struct Event {
    /// What a person calls it.
    pub name: &'static str,
    /// It is this event where all of these hold.
    pub told_by: &'static [Test],
    /// The change that it names.
    pub names: Names,
}

/// A test of the environment of a job.
#[derive(Clone, Copy)]
pub(super) enum Test {
    /// The variable is set to something else than `false`.
    Set(&'static str),
    /// The variable has one of these values, in upper or lower case.
    Is(&'static str, &'static [&'static str]),
    /// The variable is set to something else than this.
    IsNot(&'static str, &'static str),
    /// Both variables are set, and differ.
    Differ(&'static str, &'static str),
    /// The first variable is a name that ends with the number in the second, or holds it between hyphens: `PR-7`, `PR-7-head`.
    Numbered(&'static str, &'static str),
}

/// The change that an event names. Of several places the first that says something counts.
pub(super) enum Names {
    /// What a pull request or a merge queue brings into a branch.
    Merge {
        /// The number of the pull request.
        change: &'static [Place],
        /// The branch that it goes into. What says it says the same.
        target: &'static [Place],
        /// The branch that the change comes from.
        source: &'static [Place],
        /// Its head: never the merge that a system makes to try it out.
        head: &'static [Place],
        /// The commit that its commits are counted from, where that is not the tip of the target.
        base: &'static [Place],
        /// What it says of the pull request beside its commits.
        about: About,
    },
    /// What a push put into a ref.
    Push {
        /// Places of the ref that was pushed to.
        target: &'static [Place],
        /// Places of the commit at which the ref stood before the push.
        before: &'static [Place],
        /// Places of the commit at which the ref stands after the push.
        after: &'static [Place],
    },
    /// No change; and what to do about it.
    Nothing(&'static str),
    /// A change of another repository than the one that the job has checked out; and what to do about it.
    Elsewhere(&'static str),
}

/// What an event says of a pull request beside its commits, as it was when the event came.
pub(super) struct About {
    /// Whether it is a draft. Any that says yes counts.
    pub draft: &'static [Flag],
    /// Whether it comes from another repository.
    pub fork: &'static [Flag],
    /// The place of the account that opened the pull request.
    pub opener: Opener,
    /// Places of the title.
    pub title: &'static [Place],
    /// Its labels: in a document a list of objects with names, in a variable with commas between them.
    pub labels: &'static [Place],
    /// The run repeats one of before, with the event as it was then: title and labels may have changed since.
    pub repeated: Option<Test>,
}

/// Where it stands who opened a pull request.
pub(super) enum Opener {
    /// The system says it of none.
    NotRecorded,
    /// The login, at the first of these places that says something; unknown where none does.
    At(&'static [Place]),
}

/// How a system says yes or no. Where it says neither, it is not known.
#[derive(Clone, Copy)]
pub(super) enum Flag {
    /// A place that holds `true` or `false`.
    True(Place),
    /// By a variable that is set where it is so and is left out where it is not, by systems of which this test holds.
    Where(&'static str, Test),
    /// By the names of two repositories, which differ where it is so.
    Others(Place, Place),
    /// By the words that a title begins with on GitLab, in upper or lower case.
    Titled(Place),
    /// No run of this kind is so.
    Never,
}

/// An event that says nothing of the pull request itself.
const NOTHING: About =
    About { draft: &[], fork: &[], opener: Opener::At(&[]), title: &[], labels: &[], repeated: None };

/// A merge queue takes in no draft, and what it brings may be of several people.
const QUEUE: About = About { draft: &[Never], opener: Opener::NotRecorded, ..NOTHING };

/// A place in the environment or in the event where a value stands.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// An environment variable, by its name.
    Variable(&'static str),
    /// In the event's document, by a JSON pointer (RFC 6901).
    Document(&'static str),
    /// In the document, in the only entry of a list of pull requests that goes into this repository: list, and pointer in
    /// the entry.
    Only(&'static str, &'static str),
}

/// The systems, in the order in which they are tried: the runners of Forgejo and Gitea set GitHub's variables too.
pub(super) const SYSTEMS: &[System] = &[
    System {
        name: "GitLab CI",
        told_by: Is("GITLAB_CI", &["true"]),
        event: Some("CI_PIPELINE_SOURCE"),
        document: None,
        // Of a merge request the project that it goes into, wherever its pipeline runs.
        repository: &[Variable("CI_MERGE_REQUEST_PROJECT_PATH"), Variable("CI_PROJECT_PATH")],
        default_branch: &[Variable("CI_DEFAULT_BRANCH")],
        events: GITLAB,
        history: "set `GIT_DEPTH: 0` under `variables:` of the job; with a depth, GitLab's runner fetches no other branch",
    },
    System { name: "Forgejo Actions", told_by: Set("FORGEJO_ACTIONS"), ..ACTIONS },
    System { name: "Gitea Actions", told_by: Set("GITEA_ACTIONS"), ..ACTIONS },
    System { name: "GitHub Actions", told_by: Set("GITHUB_ACTIONS"), ..ACTIONS },
    System {
        name: "Jenkins",
        told_by: Set("JENKINS_URL"),
        event: None,
        document: None,
        // Its plugins for a forge say it: gitlab-plugin 1.5, ghprb 1.42.
        repository: &[Variable("gitlabTargetRepoHttpUrl"), Variable("ghprbGhRepository")],
        default_branch: &[],
        events: JENKINS,
        history: "let the job fetch all branches without a depth: in a Jenkinsfile \
                  `checkout scmGit(branches: scm.branches, extensions: [cloneOption(shallow: false, honorRefspec: false)], \
                  userRemoteConfigs: scm.userRemoteConfigs)`",
    },
    System {
        name: "Woodpecker",
        told_by: Is("CI", &["woodpecker"]),
        event: Some("CI_PIPELINE_EVENT"),
        document: None,
        repository: &[Variable("CI_REPO")],
        default_branch: &[Variable("CI_REPO_DEFAULT_BRANCH")],
        events: WOODPECKER,
        history: "give the `clone:` step of the pipeline the setting `partial: false`",
    },
    System {
        name: "Drone",
        told_by: Is("DRONE", &["true"]),
        event: Some("DRONE_BUILD_EVENT"),
        document: None,
        repository: &[Variable("DRONE_REPO")],
        default_branch: &[Variable("DRONE_REPO_BRANCH")],
        events: DRONE,
        history: "leave `depth` out of `clone:` in the pipeline",
    },
    System {
        name: "Buildkite",
        told_by: Is("BUILDKITE", &["true"]),
        event: Some("BUILDKITE_SOURCE"),
        document: None,
        repository: &[Variable("BUILDKITE_REPO")],
        default_branch: &[Variable("BUILDKITE_PIPELINE_DEFAULT_BRANCH")],
        events: BUILDKITE,
        history: "leave `--depth` out of BUILDKITE_GIT_CLONE_FLAGS and BUILDKITE_GIT_FETCH_FLAGS",
    },
];

/// What to do about an event that no change belongs to.
const NO_CHANGE: &str = "run this command for pull requests, or say what is judged";

/// What the document of an event says of its pull request, or of the issue that it is as well.
const PULL_REQUEST: About = About {
    draft: &[True(Document("/pull_request/draft")), True(Document("/issue/draft"))],
    fork: &[Others(Document("/pull_request/head/repo/id"), Document("/pull_request/base/repo/id"))],
    opener: Opener::At(&[Document("/pull_request/user/login"), Document("/issue/user/login")]),
    title: &[Document("/pull_request/title"), Document("/issue/title")],
    labels: &[Document("/pull_request/labels"), Document("/issue/labels")],
    repeated: Some(IsNot("GITHUB_RUN_ATTEMPT", "1")),
};

/// GitHub's Actions, and whatever works like them.
const ACTIONS: System = System {
    name: "",
    told_by: Set("GITHUB_ACTIONS"),
    event: Some("GITHUB_EVENT_NAME"),
    document: Some("GITHUB_EVENT_PATH"),
    repository: &[Variable("GITHUB_REPOSITORY")],
    default_branch: &[Document("/repository/default_branch")],
    events: &[
        Event {
            name: "pull request",
            // A pull request is an issue too, and GitHub says no more of it in the event of a comment than its number.
            told_by: &[Is(
                "GITHUB_EVENT_NAME",
                &[
                    "pull_request",
                    "pull_request_target",
                    "pull_request_review",
                    "pull_request_review_comment",
                    "pull_request_comment",
                    "issue_comment",
                ],
            )],
            names: Names::Merge {
                change: &[Document("/pull_request/number"), Document("/number"), Document("/issue/number")],
                target: &[Document("/pull_request/base/ref"), Variable("GITHUB_BASE_REF")],
                source: &[Variable("GITHUB_HEAD_REF"), Document("/pull_request/head/ref")],
                head: &[Document("/pull_request/head/sha")],
                base: &[],
                about: PULL_REQUEST,
            },
        },
        Event {
            name: "merge queue",
            told_by: &[Is("GITHUB_EVENT_NAME", &["merge_group"])],
            names: Names::Merge {
                change: &[],
                target: &[Document("/merge_group/base_ref")],
                source: &[Document("/merge_group/head_ref")],
                head: &[Document("/merge_group/head_sha")],
                base: &[Document("/merge_group/base_sha")],
                about: QUEUE,
            },
        },
        Event {
            name: "push",
            told_by: &[Is("GITHUB_EVENT_NAME", &["push"])],
            names: Names::Push {
                target: &[Document("/ref"), Variable("GITHUB_REF")],
                before: &[Document("/before")],
                after: &[Document("/after")],
            },
        },
        Event {
            name: "run of another workflow",
            told_by: &[Is("GITHUB_EVENT_NAME", &["workflow_run"])],
            names: Names::Merge {
                change: &[Document("/pull_request/number"), Only("/workflow_run/pull_requests", "/number")],
                target: &[
                    Document("/pull_request/base/ref"),
                    Only("/workflow_run/pull_requests", "/base/ref"),
                ],
                source: &[Document("/workflow_run/head_branch")],
                head: &[Document("/workflow_run/head_sha")],
                base: &[],
                about: About {
                    fork: &[Others(
                        Only("/workflow_run/pull_requests", "/head/repo/id"),
                        Only("/workflow_run/pull_requests", "/base/repo/id"),
                    )],
                    ..PULL_REQUEST
                },
            },
        },
        Event {
            name: "check run",
            told_by: &[Is("GITHUB_EVENT_NAME", &["check_run"])],
            names: Names::Merge {
                change: &[Only("/check_run/pull_requests", "/number")],
                target: &[Only("/check_run/pull_requests", "/base/ref")],
                source: &[Only("/check_run/pull_requests", "/head/ref")],
                head: &[Document("/check_run/head_sha")],
                base: &[],
                about: About {
                    fork: &[Others(
                        Only("/check_run/pull_requests", "/head/repo/id"),
                        Only("/check_run/pull_requests", "/base/repo/id"),
                    )],
                    ..NOTHING
                },
            },
        },
        Event {
            name: "check suite",
            told_by: &[Is("GITHUB_EVENT_NAME", &["check_suite"])],
            names: Names::Merge {
                change: &[Only("/check_suite/pull_requests", "/number")],
                target: &[Only("/check_suite/pull_requests", "/base/ref")],
                source: &[Document("/check_suite/head_branch")],
                head: &[Document("/check_suite/head_sha")],
                base: &[],
                about: About {
                    fork: &[Others(
                        Only("/check_suite/pull_requests", "/head/repo/id"),
                        Only("/check_suite/pull_requests", "/base/repo/id"),
                    )],
                    ..NOTHING
                },
            },
        },
        Event {
            name: "event without a change",
            told_by: &[Is(
                "GITHUB_EVENT_NAME",
                &[
                    "branch_protection_rule",
                    "create",
                    "delete",
                    "deployment",
                    "deployment_status",
                    "discussion",
                    "discussion_comment",
                    "fork",
                    "gollum",
                    "issues",
                    "label",
                    "milestone",
                    "page_build",
                    "public",
                    "registry_package",
                    "release",
                    "repository_dispatch",
                    "schedule",
                    "status",
                    "watch",
                    "workflow_call",
                    "workflow_dispatch",
                ],
            )],
            names: Names::Nothing(NO_CHANGE),
        },
    ],
    history: "set `fetch-depth: 0` at actions/checkout",
};

/// A pipeline that GitLab runs for a merge request by itself. One that somebody starts may bring variables of any name.
const OF_MERGE_REQUEST: Test = Is("CI_PIPELINE_SOURCE", &["merge_request_event"]);

/// What GitLab says of a merge request. Who opened it stands in no variable: GITLAB_USER_LOGIN is who started the pipeline.
const MERGE_REQUEST: About = About {
    draft: &[True(Variable("CI_MERGE_REQUEST_DRAFT")), Titled(Variable("CI_MERGE_REQUEST_TITLE"))],
    fork: &[Others(Variable("CI_MERGE_REQUEST_SOURCE_PROJECT_ID"), Variable("CI_MERGE_REQUEST_PROJECT_ID"))],
    opener: Opener::NotRecorded,
    title: &[Variable("CI_MERGE_REQUEST_TITLE")],
    labels: &[Variable("CI_MERGE_REQUEST_LABELS")],
    ..NOTHING
};

const IN_FORK: &str = "`origin` is the fork, whose branches its owner may set as they like: run the pipeline in the project that \
                       the merge request goes into";

const GITLAB: &[Event] = &[
    // There `origin` is the fork, and its branches are its owner's.
    Event {
        name: "merge request pipeline in a fork",
        told_by: &[OF_MERGE_REQUEST, Differ("CI_MERGE_REQUEST_PROJECT_ID", "CI_PROJECT_ID")],
        names: Names::Elsewhere(IN_FORK),
    },
    Event {
        name: "merge request pipeline in a fork",
        told_by: &[OF_MERGE_REQUEST, Differ("CI_MERGE_REQUEST_PROJECT_PATH", "CI_PROJECT_PATH")],
        names: Names::Elsewhere(IN_FORK),
    },
    // CI_COMMIT_SHA is a merge that GitLab made to try it out.
    Event {
        name: "pipeline for a merged result or a merge train",
        told_by: &[OF_MERGE_REQUEST, Is("CI_MERGE_REQUEST_EVENT_TYPE", &["merged_result", "merge_train"])],
        names: Names::Merge {
            change: &[Variable("CI_MERGE_REQUEST_IID")],
            target: &[Variable("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")],
            source: &[Variable("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME")],
            head: &[Variable("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")],
            base: &[],
            about: MERGE_REQUEST,
        },
    },
    Event {
        name: "merge request pipeline",
        told_by: &[OF_MERGE_REQUEST],
        names: Names::Merge {
            change: &[Variable("CI_MERGE_REQUEST_IID")],
            target: &[Variable("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")],
            source: &[Variable("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME")],
            head: &[Variable("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"), Variable("CI_COMMIT_SHA")],
            base: &[],
            about: MERGE_REQUEST,
        },
    },
    Event {
        name: "pipeline for an external pull request",
        told_by: &[Is("CI_PIPELINE_SOURCE", &["external_pull_request_event"])],
        names: Names::Merge {
            change: &[Variable("CI_EXTERNAL_PULL_REQUEST_IID")],
            target: &[Variable("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME")],
            source: &[Variable("CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME")],
            head: &[Variable("CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA")],
            base: &[],
            about: About {
                fork: &[Others(
                    Variable("CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY"),
                    Variable("CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY"),
                )],
                opener: Opener::NotRecorded,
                ..NOTHING
            },
        },
    },
    Event {
        name: "branch pipeline",
        told_by: &[Is("CI_PIPELINE_SOURCE", &["push"]), Set("CI_COMMIT_BRANCH")],
        names: Names::Push {
            target: &[Variable("CI_COMMIT_BRANCH")],
            before: &[Variable("CI_COMMIT_BEFORE_SHA")],
            after: &[Variable("CI_COMMIT_SHA")],
        },
    },
    Event {
        name: "pipeline without a change",
        told_by: &[Is(
            "CI_PIPELINE_SOURCE",
            &[
                "api",
                "chat",
                "ondemand_dast_scan",
                "ondemand_dast_validation",
                "parent_pipeline",
                "pipeline",
                "push",
                "schedule",
                "security_orchestration_policy",
                "trigger",
                "web",
                "webide",
            ],
        )],
        names: Names::Nothing(
            "run this job in merge request pipelines (`rules: [{ if: $CI_PIPELINE_SOURCE == \"merge_request_event\" }]`), \
             or say what is judged",
        ),
    },
];

const JENKINS: &[Event] = &[
    Event {
        name: "build of a change in a multibranch job",
        // A parameter of a job can be called like any of these.
        told_by: &[Set("CHANGE_ID"), Numbered("BRANCH_NAME", "CHANGE_ID")],
        names: Names::Merge {
            change: &[Variable("CHANGE_ID")],
            target: &[Variable("CHANGE_TARGET")],
            source: &[Variable("CHANGE_BRANCH")],
            head: &[Variable("GIT_COMMIT")],
            base: &[],
            about: About {
                // Both names come with the plugin that says where a change comes from.
                fork: &[Where("CHANGE_FORK", Set("CHANGE_BRANCH"))],
                opener: Opener::At(&[Variable("CHANGE_AUTHOR")]),
                title: &[Variable("CHANGE_TITLE")],
                ..NOTHING
            },
        },
    },
    Event {
        name: "build of a pull request (ghprb)",
        told_by: &[Set("ghprbPullId")],
        names: Names::Merge {
            change: &[Variable("ghprbPullId")],
            target: &[Variable("ghprbTargetBranch")],
            source: &[Variable("ghprbSourceBranch")],
            head: &[Variable("ghprbActualCommit")],
            base: &[],
            about: About {
                opener: Opener::At(&[Variable("ghprbPullAuthorLogin")]),
                title: &[Variable("ghprbPullTitle")],
                ..NOTHING
            },
        },
    },
    Event {
        name: "build of a merge request (gitlab-plugin)",
        told_by: &[Is("gitlabActionType", &["MERGE", "NOTE"]), Set("gitlabMergeRequestIid")],
        names: Names::Merge {
            change: &[Variable("gitlabMergeRequestIid")],
            target: &[Variable("gitlabTargetBranch")],
            source: &[Variable("gitlabSourceBranch")],
            head: &[Variable("gitlabMergeRequestLastCommit")],
            base: &[],
            about: About {
                draft: &[Titled(Variable("gitlabMergeRequestTitle"))],
                fork: &[Others(Variable("gitlabSourceRepoHttpUrl"), Variable("gitlabTargetRepoHttpUrl"))],
                opener: Opener::NotRecorded,
                title: &[Variable("gitlabMergeRequestTitle")],
                ..NOTHING
            },
        },
    },
    Event {
        name: "build of a push (gitlab-plugin)",
        told_by: &[Is("gitlabActionType", &["PUSH"])],
        names: Names::Push {
            target: &[Variable("gitlabBranch")],
            before: &[Variable("gitlabBefore")],
            after: &[Variable("gitlabAfter")],
        },
    },
    Event {
        name: "build without a change",
        told_by: &[Set("JENKINS_URL")],
        names: Names::Nothing(
            "run this step for changes (`when { changeRequest() }`), or say what is judged",
        ),
    },
];

const WOODPECKER: &[Event] = &[
    Event {
        name: "pull request",
        told_by: &[Is(
            "CI_PIPELINE_EVENT",
            &["pull_request", "pull_request_closed", "pull_request_metadata"],
        )],
        names: Names::Merge {
            change: &[Variable("CI_COMMIT_PULL_REQUEST")],
            target: &[Variable("CI_COMMIT_TARGET_BRANCH")],
            source: &[Variable("CI_COMMIT_SOURCE_BRANCH")],
            head: &[Variable("CI_COMMIT_SHA")],
            base: &[],
            about: About {
                draft: &[True(Variable("CI_COMMIT_PULL_REQUEST_DRAFT"))],
                opener: Opener::At(&[Variable("CI_COMMIT_AUTHOR")]),
                labels: &[Variable("CI_COMMIT_PULL_REQUEST_LABELS")],
                ..NOTHING
            },
        },
    },
    // CI_PREV_COMMIT_SHA is the commit of the pipeline before this one, and not where the branch stood.
    Event {
        name: "push",
        told_by: &[Is("CI_PIPELINE_EVENT", &["push"])],
        names: Names::Nothing("Woodpecker does not say where the branch stood before: say what is judged"),
    },
    Event {
        name: "pipeline without a change",
        told_by: &[Is("CI_PIPELINE_EVENT", &["cron", "deployment", "manual", "release", "tag"])],
        names: Names::Nothing(NO_CHANGE),
    },
];

const DRONE: &[Event] = &[
    Event {
        name: "pull request",
        told_by: &[Is("DRONE_BUILD_EVENT", &["pull_request"])],
        names: Names::Merge {
            change: &[Variable("DRONE_PULL_REQUEST")],
            target: &[Variable("DRONE_TARGET_BRANCH")],
            source: &[Variable("DRONE_SOURCE_BRANCH")],
            head: &[Variable("DRONE_COMMIT_SHA")],
            base: &[],
            about: About {
                opener: Opener::At(&[Variable("DRONE_COMMIT_AUTHOR")]),
                title: &[Variable("DRONE_PULL_REQUEST_TITLE")],
                ..NOTHING
            },
        },
    },
    Event {
        name: "push",
        told_by: &[Is("DRONE_BUILD_EVENT", &["push"])],
        names: Names::Push {
            target: &[Variable("DRONE_COMMIT_BRANCH"), Variable("DRONE_BRANCH")],
            before: &[Variable("DRONE_COMMIT_BEFORE")],
            after: &[Variable("DRONE_COMMIT_AFTER"), Variable("DRONE_COMMIT_SHA")],
        },
    },
    Event {
        name: "build without a change",
        told_by: &[Is("DRONE_BUILD_EVENT", &["cron", "custom", "promote", "rollback", "tag"])],
        names: Names::Nothing(NO_CHANGE),
    },
];

/// A build that Buildkite starts by itself for what the forge says. Whoever starts one by the page, the API, a schedule or a
/// trigger step says what its pull request is.
const BY_FORGE: Test = Is("BUILDKITE_SOURCE", &["webhook"]);

const BUILDKITE: &[Event] = &[
    Event {
        name: "build of a merge queue",
        told_by: &[BY_FORGE, Set("BUILDKITE_MERGE_QUEUE_BASE_BRANCH")],
        names: Names::Merge {
            change: &[],
            target: &[Variable("BUILDKITE_MERGE_QUEUE_BASE_BRANCH")],
            source: &[Variable("BUILDKITE_BRANCH")],
            head: &[Variable("BUILDKITE_COMMIT")],
            base: &[Variable("BUILDKITE_MERGE_QUEUE_BASE_COMMIT")],
            about: QUEUE,
        },
    },
    Event {
        name: "build of a pull request",
        told_by: &[BY_FORGE, Set("BUILDKITE_PULL_REQUEST")],
        names: Names::Merge {
            change: &[Variable("BUILDKITE_PULL_REQUEST")],
            target: &[Variable("BUILDKITE_PULL_REQUEST_BASE_BRANCH")],
            source: &[Variable("BUILDKITE_BRANCH")],
            head: &[Variable("BUILDKITE_COMMIT")],
            base: &[],
            about: About {
                draft: &[Where(
                    "BUILDKITE_PULL_REQUEST_DRAFT",
                    Is("BUILDKITE_PIPELINE_PROVIDER", &["github", "github_enterprise"]),
                )],
                fork: &[Others(Variable("BUILDKITE_PULL_REQUEST_REPO"), Variable("BUILDKITE_REPO"))],
                opener: Opener::NotRecorded,
                labels: &[Variable("BUILDKITE_PULL_REQUEST_LABELS")],
                ..NOTHING
            },
        },
    },
    Event {
        name: "build without a pull request",
        told_by: &[Set("BUILDKITE")],
        names: Names::Nothing(
            "Buildkite says which change a build is for where a webhook starts it for a pull request: retry the job of that build, \
             or say what is judged",
        ),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Variables of any name can be brought by whoever starts a run by hand; which kind of run it is, no one else says.
    #[test]
    fn a_change_is_taken_from_runs_alone_whose_kind_says_that_they_are_for_one() {
        for system in SYSTEMS {
            let Some(kind) = system.event else { continue };
            for event in system.events.iter().filter(|event| !matches!(event.names, Names::Nothing(_))) {
                let asks = event.told_by.iter().any(|test| matches!(test, Is(name, _) if *name == kind));
                assert!(asks, "{}, {}", system.name, event.name);
            }
        }
    }
}
