//! Forgejo's shapes, by its own description of its API: everything that is read from Gitea is there too, under the same names
//! and of the same types.

use std::process::Command;
use std::sync::OnceLock;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::api::{
    Activity, Comment, Event, GitRef, Permission, Pull, PullCommit, Repository, Review, Status, Team, User,
};

/// The description, as the crate `forgejo-api` ships it.
fn swagger() -> &'static Value {
    static SWAGGER: OnceLock<Value> = OnceLock::new();
    SWAGGER.get_or_init(|| {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/forgejo/Cargo.toml");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--locked", "--manifest-path", manifest])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
        let packages = metadata["packages"].as_array().unwrap();
        let package = packages.iter().find(|package| package["name"] == "forgejo-api").unwrap();
        let folder = std::path::Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap();
        serde_json::from_slice(&std::fs::read(folder.join("swagger.v1.json")).unwrap()).unwrap()
    })
}

/// A document of a type, with something in every field, as deep as our own types go.
fn sample(shape: &Value, depth: usize) -> Value {
    if let Some(name) = shape["$ref"].as_str().and_then(|name| name.strip_prefix("#/definitions/")) {
        return if depth == 0 { Value::Null } else { sample(&swagger()["definitions"][name], depth - 1) };
    }
    match shape["type"].as_str() {
        Some("object") | None => {
            let fields = shape["properties"].as_object().cloned().unwrap_or_default();
            let fields: Map<String, Value> =
                fields.iter().map(|(name, shape)| (name.clone(), sample(shape, depth))).collect();
            Value::Object(fields)
        }
        Some("array") => json!([sample(&shape["items"], depth)]),
        Some("boolean") => json!(true),
        Some("integer") => json!(7),
        Some("number") => json!(7.5),
        Some(_) => json!("word"),
    }
}

fn of<T: DeserializeOwned>(definition: &str) -> T {
    let shape = &swagger()["definitions"][definition];
    assert!(shape.is_object(), "Forgejo has no {definition}");
    serde_json::from_value(sample(shape, 3)).unwrap_or_else(|e| panic!("{definition}: {e}"))
}

#[test]
fn what_is_read_of_gitea_is_read_of_forgejo() {
    let pull: Pull = of("PullRequest");
    assert!(
        pull.number == 7
            && pull.draft
            && pull.merged
            && pull.merge_commit_sha.is_some()
            && pull.merge_base.is_some()
    );
    for word in [&pull.title, &pull.body, &pull.state, &pull.created_at, &pull.updated_at] {
        assert_eq!(word, "word");
    }
    assert_eq!((pull.head.sha.as_str(), pull.base.name.as_str()), ("word", "word"));
    assert_eq!(pull.head.branch(), Some("word"));
    assert_eq!(pull.labels.unwrap()[0].name, "word");
    assert_eq!(pull.base.repo.unwrap().default_branch, "word");
    // How often a description was edited is Gitea's alone.
    assert_eq!(pull.content_version, None);
    let review: Review = of("PullReview");
    assert!(review.id == 7 && review.dismissed && review.user.is_some());
    for word in [&review.state, &review.body, &review.commit_id, &review.submitted_at, &review.updated_at] {
        assert_eq!(word, "word");
    }
    let comment: Comment = of("Comment");
    assert!(
        comment.id == 7 && comment.user.is_some() && comment.body == "word" && comment.updated_at == "word"
    );
    let event: Event = of("TimelineComment");
    assert!(event.review_id == 7 && event.user.is_some() && event.assignee.is_some());
    for word in [&event.kind, &event.old_ref, &event.new_ref, &event.body, &event.created_at] {
        assert_eq!(word, "word");
    }
    let status: Status = of("CommitStatus");
    assert!(status.id == 7 && status.creator.is_some());
    for word in [&status.context, &status.status, &status.description, &status.target_url] {
        assert_eq!(word, "word");
    }
    let activity: Activity = of("Activity");
    assert!(activity.op_type == "word" && activity.act_user.is_some() && activity.ref_name == "word");
    assert!(activity.content == "word" && activity.created == "word" && activity.comment_id == 7);
    let found: GitRef = of("Reference");
    assert_eq!((found.name.as_str(), found.object.sha.as_str()), ("word", "word"));
    let commit: PullCommit = of("Commit");
    assert!(commit.sha == "word" && commit.author.is_some() && commit.committer.is_some());
    let (team, user): (Team, User) = (of("Team"), of("User"));
    assert_eq!((team.id, team.name.as_str(), user.id, user.login.as_str()), (7, "word", 7, "word"));
    assert_eq!(of::<Permission>("RepoCollaboratorPermission").permission, "word");
    assert_eq!(of::<Repository>("Repository").full_name, "word");
}

#[test]
fn what_is_asked_of_gitea_is_asked_of_forgejo() {
    let paths = &swagger()["paths"];
    for (method, path) in [
        ("get", "/repos/{owner}/{repo}/pulls"),
        ("get", "/repos/{owner}/{repo}/pulls/{index}"),
        ("get", "/repos/{owner}/{repo}/pulls/{index}/commits"),
        ("get", "/repos/{owner}/{repo}/pulls/{index}/reviews"),
        ("post", "/repos/{owner}/{repo}/pulls/{index}/reviews"),
        ("delete", "/repos/{owner}/{repo}/pulls/{index}/reviews/{id}"),
        ("post", "/repos/{owner}/{repo}/pulls/{index}/requested_reviewers"),
        ("delete", "/repos/{owner}/{repo}/pulls/{index}/requested_reviewers"),
        ("get", "/repos/{owner}/{repo}/commits/{sha}/pull"),
        ("get", "/repos/{owner}/{repo}/git/refs/{ref}"),
        ("get", "/repos/{owner}/{repo}/issues/{index}/timeline"),
        ("get", "/repos/{owner}/{repo}/issues/{index}/comments"),
        ("post", "/repos/{owner}/{repo}/issues/{index}/comments"),
        ("patch", "/repos/{owner}/{repo}/issues/comments/{id}"),
        ("get", "/repos/{owner}/{repo}/activities/feeds"),
        ("get", "/repos/{owner}/{repo}/commits/{ref}/statuses"),
        ("post", "/repos/{owner}/{repo}/statuses/{sha}"),
        ("get", "/repos/{owner}/{repo}/collaborators/{collaborator}/permission"),
        ("get", "/orgs/{org}/teams"),
        ("get", "/teams/{id}/members"),
        ("get", "/repos/{owner}/{repo}/teams"),
        ("get", "/repos/{owner}/{repo}/hooks"),
        ("post", "/repos/{owner}/{repo}/hooks/{id}/tests"),
        ("get", "/orgs/{org}/hooks"),
        ("get", "/orgs/{org}/repos"),
        ("get", "/repos/{owner}/{repo}/branch_protections"),
        ("post", "/repos/{owner}/{repo}/branch_protections"),
        ("patch", "/repos/{owner}/{repo}/branch_protections/{name}"),
        ("patch", "/repos/{owner}/{repo}"),
        ("get", "/repos/{owner}/{repo}"),
        ("get", "/settings/api"),
        ("get", "/version"),
    ] {
        assert!(paths[path][method].is_object(), "Forgejo has no {method} {path}");
    }
}

#[test]
fn what_setup_sets_forgejo_knows_but_for_the_override_by_administrators() {
    let fields = &swagger()["definitions"]["CreateBranchProtectionOption"]["properties"];
    for field in [
        "rule_name",
        "enable_push",
        "enable_status_check",
        "status_check_contexts",
        "block_on_rejected_reviews",
        "block_on_official_review_requests",
    ] {
        assert!(fields[field].is_object(), "Forgejo has no {field}");
    }
    // There administrators obey the rule by `apply_to_admins` instead.
    assert!(fields["block_admin_merge_override"].is_null() && fields["apply_to_admins"].is_object());
}
