//! The request that a case stands for.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail};
use countersign_host::module::sha256_hex;
use serde_json::{Value, json};

use super::form::{Act, Case, Commit, FileStatus, PolicyError, State, Status};
use super::policy::{BodyText, Written, put, write};

/// Who dismisses reviews: the form does not say who it was, and means somebody who may.
const DISMISSER: &str = "dismisser";

/// A short symbol as an object id.
fn id(symbol: &str) -> String {
    sha256_hex(symbol.as_bytes()).chars().take(40).collect()
}

fn email(login: &str) -> String {
    format!("{}@people.example", login.to_lowercase().replace(['[', ']'], "-"))
}

fn account(login: &str) -> Value {
    json!({ "login": login })
}

impl Case {
    /// Writes the request.
    ///
    /// # Errors
    /// When the case says something that has no meaning in this form.
    pub(super) fn request(&self) -> anyhow::Result<Value> {
        let context = &self.context;
        let names_head = |text: &str| text.split_whitespace().any(|word| word == context.head_sha);
        let names_head = context.body.as_ref().is_some_and(|body| names_head(&body.text));
        let written = write(&self.policy, names_head);
        let policy = match &context.policy_error {
            None | Some(PolicyError::Is(false)) => written.policy.to_string(),
            Some(PolicyError::Is(true) | PolicyError::Why(_)) => "rules: [".to_owned(),
        };
        let mut complete = vec![
            "documents",
            "people",
            "groups",
            "acts",
            "statuses",
            "pushes",
            "opener",
            "requester",
            "text",
            "notes",
            "traces",
        ];
        complete.extend((!context.commits_truncated).then_some("commits"));
        complete.extend((!context.files_truncated).then_some("files"));
        Ok(json!({
            "apiVersion": "countersign/v1",
            "trigger": {
                "kind": "webhook",
                "host": { "name": "conformance" },
                "platform": { "name": "neutral" },
                "now": context.now.unwrap_or(1_000_000),
            },
            "documents": [{ "role": "policy", "source": "case", "bytes": policy }],
            "change": self.change(written.body),
            "commits": self.commits.iter().map(|commit| self.commit(commit)).collect::<Vec<_>>(),
            "files": self.files(),
            "pushes": self.commits.iter().filter_map(push).collect::<Vec<_>>(),
            "acts": self.acts()?,
            "statuses": self.statuses(),
            "people": self.people(),
            "groups": self.groups(&written),
            "complete": complete,
        }))
    }

    fn change(&self, body: BodyText) -> Value {
        let context = &self.context;
        let labels: Vec<Value> = context.labels.iter().map(|name| json!({ "name": name })).collect();
        let mut change = json!({
            "repository": { "name": "case" },
            "id": context.mr.as_ref().map_or_else(|| "7".to_owned(), ToString::to_string),
            "target": format!("refs/heads/{}", context.base_branch),
            "base_tip": id("base"),
            "head": id(&context.head_sha),
            "draft": context.draft,
            "fork": context.fork,
            "labels": labels,
        });
        put(&mut change, "source", &context.head_branch);
        put(&mut change, "title", &context.title);
        put(&mut change, "diff_id", context.diff_id.as_deref().map(id));
        put(&mut change, "merge_tree", context.tree_id.as_deref().map(id));
        put(&mut change, "opened_by", context.author.as_deref().map(account));
        let requesters: Vec<Value> = context.ai_requesters.iter().map(|login| account(login)).collect();
        change["asked_by"] = requesters.into();
        if let Some(given) = &context.body {
            let words = self.with_ids(&given.text);
            let words = match body {
                BodyText::AsItIs => words,
                // No pattern sees what stands in code.
                BodyText::NamesTheHead => format!("`{}`\n\n{words}", id(&context.head_sha)),
            };
            let mut description = json!({ "text": words });
            put(&mut description, "at", given.at);
            put(&mut description, "author", given.user.as_deref().map(account));
            put(&mut description, "edited", edit(given.edited_at, given.edited_by.as_deref(), given.at));
            change["description"] = description;
        }
        change
    }

    /// A text in which the symbols of commits are ids, where they stand as words.
    fn with_ids(&self, words: &str) -> String {
        let shas = self.commits.iter().map(|commit| commit.sha.as_str());
        let symbols: BTreeSet<&str> = shas.chain([self.context.head_sha.as_str()]).collect();
        let mut written = String::with_capacity(words.len());
        for word in words.split_inclusive(char::is_whitespace) {
            let symbol = word.trim_end_matches(char::is_whitespace);
            if symbols.contains(symbol) {
                written.push_str(&id(symbol));
                written.push_str(word.strip_prefix(symbol).unwrap_or_default());
            } else {
                written.push_str(word);
            }
        }
        written
    }

    fn commit(&self, commit: &Commit) -> Value {
        let ident = |login: Option<&str>| match login {
            Some(login) => {
                json!({ "name": "Somebody", "email": email(login), "account": account(login) })
            }
            None => json!({ "name": "Somebody", "email": "somebody@unmapped.example" }),
        };
        let mut message = "Work\n\n".to_owned();
        for login in &commit.coauthors {
            message.push_str(&format!("Co-authored-by: Somebody <{}>\n", email(login)));
        }
        for trailer in &commit.trailers {
            message.push_str(&format!("{trailer}\n"));
        }
        if self.context.ai_assisted && commit.sha == self.context.head_sha {
            message.push_str("AI-Assisted: yes\n");
        }
        let parent = |parent: &String| json!({ "sha": id(parent), "in_target": self.context.target_history.contains(parent) });
        let tree = id(&format!("tree of {}", commit.sha));
        let mut written = json!({
            "sha": id(&commit.sha),
            "tree": tree,
            "parents": commit.parents.iter().map(parent).collect::<Vec<_>>(),
            "author": ident(commit.author.as_deref()),
            "committer": ident(commit.committer.as_deref()),
            "message": message,
        });
        put(&mut written, "forge_made", commit.via_web.then_some("web"));
        put(&mut written, "verified", commit.signed);
        let merged = commit.merge_result.as_ref().map(|result| match result.as_str() {
            "automatic" => tree,
            _ => id("another tree"),
        });
        put(&mut written, "auto_merge_tree", merged);
        written
    }

    fn files(&self) -> Vec<Value> {
        self.files
            .iter()
            .map(|file| {
                let mut written = json!({
                    "path": file.path,
                    "status": match file.status {
                        FileStatus::Added => "added",
                        FileStatus::Modified | FileStatus::ModeChanged => "modified",
                        FileStatus::Deleted => "deleted",
                        FileStatus::Renamed => "renamed",
                        FileStatus::Copied => "copied",
                        FileStatus::TypeChanged => "type-changed",
                    },
                    "added": file.additions,
                    "deleted": file.deletions,
                });
                if let FileStatus::ModeChanged = file.status {
                    (written["old_mode"], written["new_mode"]) = ("100644".into(), "100755".into());
                }
                put(&mut written, "previous_path", &file.previous_path);
                written
            })
            .collect()
    }

    fn acts(&self) -> anyhow::Result<Vec<Value>> {
        let mut acts = Vec::new();
        for (at, review) in self.reviews.iter().enumerate() {
            let state = review.state.context("a review has a state")?;
            let mut act = self.act(format!("review-{at}"), review);
            act["kind"] = match state {
                State::Approved => "approve",
                State::ChangesRequested => "request-changes",
                State::Commented | State::Dismissed => "review",
                State::Unapproved => "withdraw",
            }
            .into();
            match state {
                // What it says is nothing, whatever the words.
                State::Commented => drop(act.as_object_mut().and_then(|act| act.remove("text"))),
                State::Dismissed => act["dismissed"] = dismissal(review),
                State::Approved | State::ChangesRequested | State::Unapproved => {}
            }
            acts.push(act);
        }
        for (at, comment) in self.comments.iter().enumerate() {
            if comment.state.is_some() {
                bail!("a comment has no state");
            }
            acts.push(self.act(format!("comment-{at}"), comment));
        }
        Ok(acts)
    }

    fn act(&self, name: String, given: &Act) -> Value {
        let mut act = json!({
            "id": name,
            "kind": "comment",
            "actor": account(&given.user),
            "proof": "forge",
            "deleted": given.deleted,
            "text_integrity": "own-edits-only",
        });
        if given.dismissed {
            act["dismissed"] = dismissal(given);
        }
        put(&mut act, "at", given.at);
        put(&mut act, "edited", edit(given.edited_at, given.edited_by.as_deref(), given.at));
        put(&mut act, "text", given.body.as_deref().map(|words| self.with_ids(words)));
        put(&mut act, "head", given.sha.as_deref().map(id));
        put(&mut act, "diff_id", given.diff_id.as_deref().map(id));
        put(&mut act, "merge_tree", given.tree_id.as_deref().map(id));
        put(&mut act, "change", given.mr.as_ref().map(ToString::to_string));
        put(&mut act, "target", given.target.as_deref().map(|name| format!("refs/heads/{name}")));
        act
    }

    fn statuses(&self) -> Vec<Value> {
        let statuses = self.context.statuses.iter();
        statuses
            .map(|(name, status)| match status {
                Status::State(state) => json!({ "context": name, "state": state }),
                Status::Full(status) => {
                    let mut written = json!({ "context": name, "state": status.state });
                    put(&mut written, "sha", status.sha.as_deref().map(id));
                    put(&mut written, "source", status.source.as_deref().map(account));
                    written
                }
            })
            .collect()
    }

    /// Everybody whom the case names, as the platform knows them. Of whom it does not say anything, nothing was read.
    fn people(&self) -> Vec<Value> {
        let context = &self.context;
        let mut logins: BTreeSet<&str> = context.members.keys().map(String::as_str).collect();
        logins.extend(self.commits.iter().flat_map(|commit| &commit.coauthors).map(String::as_str));
        let named = context.bots.iter().chain(&context.inactive).chain(context.same_person.iter().flatten());
        logins.extend(named.map(String::as_str));
        let is_in =
            |list: &[String], login: &str| list.iter().any(|listed| listed.eq_ignore_ascii_case(login));
        logins
            .into_iter()
            .map(|login| {
                let member = context.members.get(login);
                let read = member.filter(|member| !member.unreadable);
                let mut who = account(login);
                put(&mut who, "id", read.and_then(|member| member.id.as_ref()).map(ToString::to_string));
                let groups = context.same_person.iter().filter(|group| is_in(group, login));
                let also: Vec<Value> = groups.flatten().map(|other| account(other)).collect();
                let permission = read.and_then(|member| member.permission.as_ref());
                json!({
                    "account": who,
                    "emails": [email(login)],
                    "kind": if is_in(&context.bots, login) { "bot" } else { "human" },
                    "active": !is_in(&context.inactive, login),
                    "also": also,
                    "permissions": permission.into_iter().collect::<Vec<_>>(),
                    "unreadable": member.is_some_and(|member| member.unreadable),
                })
            })
            .collect()
    }

    /// Teams and organisations, with those that only the policy names: they have no members.
    fn groups(&self, written: &Written) -> Vec<Value> {
        let named = written.groups.iter().map(|name| (name.clone(), Default::default()));
        let mut groups: BTreeMap<String, [Vec<Value>; 2]> = named.collect();
        for (login, member) in self.context.members.iter().filter(|(_, member)| !member.unreadable) {
            for (kind, place, names) in [
                ("team", 0, &member.teams),
                ("team", 1, &member.inherited_teams),
                ("org", 0, &member.orgs),
                ("org", 1, &member.inherited_orgs),
            ] {
                for name in names {
                    groups.entry(format!("{kind}:{name}")).or_default()[place].push(account(login));
                }
            }
        }
        let groups = groups.into_iter();
        groups
            .map(|(name, [members, inherited])| {
                json!({ "name": name, "members": members, "inherited": inherited })
            })
            .collect()
    }
}

/// A push of a commit. Who is not said to have pushed pushed what they wrote: the form tells of nobody else.
fn push(commit: &Commit) -> Option<Value> {
    let by = commit.pusher.as_ref();
    if by.is_none() && commit.pushed_at.is_none() {
        return None;
    }
    let by = by.or(commit.author.as_ref()).or(commit.committer.as_ref());
    let mut push = json!({ "head": id(&commit.sha) });
    put(&mut push, "at", commit.pushed_at);
    put(&mut push, "by", by.map(|login| account(login)));
    Some(push)
}

/// An edit. One whose time is not said was made when the text was given, at the earliest.
fn edit(at: Option<i64>, by: Option<&str>, given: Option<i64>) -> Option<Value> {
    if at.is_none() && by.is_none() {
        return None;
    }
    let mut edit = json!({ "at": at.or(given).unwrap_or_default() });
    put(&mut edit, "by", by.map(account));
    Some(edit)
}

fn dismissal(given: &Act) -> Value {
    json!({ "at": given.at.unwrap_or_default(), "by": account(DISMISSER) })
}
