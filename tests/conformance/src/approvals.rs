//! Cases of approval in a neutral form: a policy, a change and what people did, and what must come of it.
//!
//! The form knows no platform and no default: every option that the product would take by itself is written out here, so
//! that a case means what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, bail};
use countersign_host::module::sha256_hex;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::via::Via;

/// One line of a file of cases.
#[derive(Deserialize)]
pub struct Case {
    /// Its name.
    pub id: String,
    policy: Value,
    context: Value,
    commits: Vec<Value>,
    #[serde(default)]
    reviews: Vec<Value>,
    #[serde(default)]
    comments: Vec<Value>,
    #[serde(default)]
    files: Vec<Value>,
    /// `approved`, `pending`, `disapproved` or `skipped`.
    pub expected: String,
    /// Why it is a case.
    #[serde(default)]
    why: String,
}

/// Reads a file of cases, one JSON document a line.
///
/// # Errors
/// When the file cannot be read or a line is no case.
pub fn read(path: &Path) -> anyhow::Result<Vec<Case>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            serde_json::from_str(line).with_context(|| format!("{}:{}", path.display(), at + 1))
        })
        .collect()
}

/// Runs the cases through one packaging: how many passed, and how many failed.
///
/// # Errors
/// When a case says something that this form has no word for, or the packaging gives no answer.
pub fn run(cases: &[Case], via: &mut Via) -> anyhow::Result<(usize, usize)> {
    let mut failed = 0;
    for case in cases {
        let request = case.request().with_context(|| case.id.clone())?;
        let answer = via.call("evaluate", request.to_string().as_bytes())?;
        let outcome = match &answer {
            Ok(decision) => neutral(&serde_json::from_str(decision)?)?,
            Err(error) => {
                let error: Value = serde_json::from_str(error)?;
                // A policy that cannot be evaluated lets nothing pass; a request that cannot be is our own fault.
                if error["error"] != "bad-policy" {
                    bail!("{}: {error}", case.id);
                }
                "pending"
            }
        };
        if outcome != case.expected {
            failed += 1;
            println!("{}: expected {}, got {outcome}: {}", case.id, case.expected, case.why);
            println!("  {}", answer.unwrap_or_else(|error| error));
        }
    }
    Ok((cases.len() - failed, failed))
}

/// The neutral word for a decision.
fn neutral(decision: &Value) -> anyhow::Result<&'static str> {
    let rules = decision["rules"].as_array().context("a decision has rules")?;
    let none_applies = rules.iter().all(|rule| rule["state"] == "skipped");
    Ok(match decision["outcome"].as_str() {
        Some("approved") => "approved",
        Some("denied") => "disapproved",
        Some("not-applicable") => "skipped",
        Some("pending") if none_applies => "skipped",
        Some("pending") => "pending",
        other => bail!("no outcome is called {other:?}"),
    })
}

/// A short symbol as an object id.
fn id(symbol: &str) -> String {
    sha256_hex(symbol.as_bytes()).chars().take(40).collect()
}

fn text(value: &Value) -> Option<&str> {
    value.as_str()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn email(login: &str) -> String {
    format!("{}@people.example", login.to_lowercase().replace(['[', ']'], "-"))
}

fn account(login: &str) -> Value {
    json!({ "login": login })
}

/// Puts a value into an object unless it is null.
fn put(object: &mut Value, key: &str, value: Value) {
    if !value.is_null() {
        object[key] = value;
    }
}

impl Case {
    fn request(&self) -> anyhow::Result<Value> {
        let context = &self.context;
        let policy = if context["policy_error"].as_bool() == Some(true) {
            "rules: [".to_owned()
        } else {
            self.policy()?.to_string()
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
        for (cut, fact) in [("commits_truncated", "commits"), ("files_truncated", "files")] {
            if context[cut].as_bool() != Some(true) {
                complete.push(fact);
            }
        }
        Ok(json!({
            "apiVersion": "countersign/v1",
            "trigger": {
                "kind": "webhook",
                "host": { "name": "conformance" },
                "platform": { "name": "neutral" },
                "now": context["now"].as_i64().unwrap_or(1_000_000),
            },
            "documents": [{ "role": "policy", "source": "case", "bytes": policy }],
            "change": self.change()?,
            "commits": self.commits()?,
            "files": self.files(),
            "pushes": self.pushes(),
            "acts": self.acts()?,
            "statuses": self.statuses(),
            "people": self.people(),
            "groups": self.groups(),
            "complete": complete,
        }))
    }

    fn change(&self) -> anyhow::Result<Value> {
        let context = &self.context;
        let branch = |key: &str| text(&context[key]);
        let mut change = json!({
            "repository": { "name": "case" },
            "id": "7",
            "target": format!("refs/heads/{}", branch("base_branch").context("a target")?),
            "base_tip": id("base"),
            "head": id(text(&context["head_sha"]).context("a head")?),
            "draft": context["draft"].as_bool().unwrap_or_default(),
            "fork": context["fork"].as_bool().unwrap_or_default(),
        });
        put(&mut change, "id", context["mr"].as_i64().map(|id| id.to_string()).into());
        put(&mut change, "source", branch("head_branch").into());
        put(&mut change, "title", context["title"].clone());
        put(&mut change, "diff_id", text(&context["diff_id"]).map(id).into());
        put(&mut change, "merge_tree", text(&context["tree_id"]).map(id).into());
        put(&mut change, "opened_by", text(&context["author"]).map(account).into());
        let requesters = texts(&context["ai_requesters"]);
        if requesters.len() > 1 {
            bail!("a change is asked for by one person");
        }
        put(&mut change, "asked_by", requesters.first().map(|login| account(login)).into());
        let labels: Vec<Value> =
            texts(&context["labels"]).iter().map(|name| json!({ "name": name })).collect();
        change["labels"] = labels.into();
        let body = &context["body"];
        if let Some(words) = text(&body["text"]) {
            let mut description = json!({ "text": self.with_ids(words), "at": body["at"] });
            put(&mut description, "author", text(&body["user"]).map(account).into());
            put(&mut description, "edited", edit(body));
            change["description"] = description;
        }
        Ok(change)
    }

    /// A text in which the symbols of commits are ids.
    fn with_ids(&self, words: &str) -> String {
        let symbols: BTreeSet<&str> = self.commits.iter().filter_map(|commit| text(&commit["sha"])).collect();
        let word = |word: &str| if symbols.contains(word) { id(word) } else { word.to_owned() };
        words.split(' ').map(word).collect::<Vec<_>>().join(" ")
    }

    fn commits(&self) -> anyhow::Result<Vec<Value>> {
        let history = texts(&self.context["target_history"]);
        let mut commits = Vec::new();
        for commit in &self.commits {
            let sha = text(&commit["sha"]).context("a commit has a sha")?;
            let by_forge = commit["via_web"].as_bool() == Some(true);
            let ident = |login: Option<&str>| match login {
                Some(login) => {
                    json!({ "name": "Somebody", "email": email(login), "account": account(login) })
                }
                None => json!({ "name": "Somebody", "email": "somebody@unmapped.example" }),
            };
            let mut message = "Work\n\n".to_owned();
            for login in texts(&commit["coauthors"]) {
                message.push_str(&format!("Co-authored-by: Somebody <{}>\n", email(login)));
            }
            for trailer in texts(&commit["trailers"]) {
                message.push_str(&format!("{trailer}\n"));
            }
            if self.context["ai_assisted"].as_bool() == Some(true)
                && commit["sha"] == self.context["head_sha"]
            {
                message.push_str("AI-Assisted: yes\n");
            }
            let parents: Vec<Value> = texts(&commit["parents"])
                .into_iter()
                .map(|parent| json!({ "sha": id(parent), "in_target": history.contains(&parent) }))
                .collect();
            let mut written = json!({
                "sha": id(sha),
                "tree": id(&format!("tree of {sha}")),
                "parents": parents,
                "author": ident(text(&commit["author"])),
                "committer": ident(text(&commit["committer"])),
                "message": message,
            });
            put(&mut written, "forge_made", by_forge.then_some("web").into());
            put(&mut written, "verified", commit["signed"].clone());
            let merged = match text(&commit["merge_result"]) {
                Some("automatic") => id(&format!("tree of {sha}")).into(),
                Some(_) => id("another tree").into(),
                None => Value::Null,
            };
            put(&mut written, "auto_merge_tree", merged);
            commits.push(written);
        }
        Ok(commits)
    }

    fn pushes(&self) -> Vec<Value> {
        let pushed = self.commits.iter().filter(|c| !c["pushed_at"].is_null() || !c["pusher"].is_null());
        pushed
            .map(|commit| {
                let mut push = json!({ "head": text(&commit["sha"]).map(id) });
                put(&mut push, "at", commit["pushed_at"].clone());
                put(&mut push, "by", text(&commit["pusher"]).map(account).into());
                push
            })
            .collect()
    }

    fn files(&self) -> Vec<Value> {
        self.files
            .iter()
            .map(|file| {
                let lines = |key: &str| file[key].as_u64().unwrap_or_default();
                let mut written = json!({
                    "path": file["path"],
                    "status": text(&file["status"]).unwrap_or("modified"),
                    "added": lines("additions"),
                    "deleted": lines("deletions"),
                });
                put(&mut written, "previous_path", file["previous_path"].clone());
                written
            })
            .collect()
    }

    fn acts(&self) -> anyhow::Result<Vec<Value>> {
        let mut acts = Vec::new();
        for (at, review) in self.reviews.iter().enumerate() {
            let kind = match text(&review["state"]) {
                Some("approved") => "approve",
                Some("changes_requested") => "request-changes",
                Some("commented") => "review",
                Some("dismissed" | "unapproved") => "withdraw",
                other => bail!("no review is {other:?}"),
            };
            acts.push(self.act(format!("review-{at}"), kind, review)?);
        }
        for (at, comment) in self.comments.iter().enumerate() {
            acts.push(self.act(format!("comment-{at}"), "comment", comment)?);
        }
        Ok(acts)
    }

    fn act(&self, name: String, kind: &str, given: &Value) -> anyhow::Result<Value> {
        let mut act = json!({
            "id": name,
            "kind": kind,
            "actor": account(text(&given["user"]).context("an act has a user")?),
            "proof": "forge",
            "at": given["at"],
            "deleted": given["deleted"].as_bool().unwrap_or_default(),
            "text_integrity": "own-edits-only",
        });
        if given["dismissed"].as_bool() == Some(true) {
            act["dismissed"] = json!({ "at": given["at"] });
        }
        put(&mut act, "edited", edit(given));
        put(&mut act, "text", text(&given["body"]).map(|words| self.with_ids(words)).into());
        put(&mut act, "head", text(&given["sha"]).map(id).into());
        put(&mut act, "diff_id", text(&given["diff_id"]).map(id).into());
        put(&mut act, "merge_tree", text(&given["tree_id"]).map(id).into());
        put(&mut act, "change", given["mr"].as_i64().map(|id| id.to_string()).into());
        put(&mut act, "target", text(&given["target"]).map(|name| format!("refs/heads/{name}")).into());
        Ok(act)
    }

    fn statuses(&self) -> Vec<Value> {
        let statuses = self.context["statuses"].as_object().into_iter().flatten();
        statuses
            .map(|(name, status)| {
                let state = text(status).or(text(&status["state"])).unwrap_or_default();
                let mut written = json!({ "context": name, "state": state });
                if status.is_object() {
                    put(&mut written, "sha", text(&status["sha"]).map(id).into());
                    put(&mut written, "source", text(&status["source"]).map(account).into());
                }
                written
            })
            .collect()
    }

    /// Everybody whom the case names, as the platform knows them.
    fn people(&self) -> Vec<Value> {
        let context = &self.context;
        let members = context["members"].as_object();
        let mut logins: BTreeSet<String> =
            members.into_iter().flatten().map(|(login, _)| login.clone()).collect();
        for commit in &self.commits {
            logins.extend(texts(&commit["coauthors"]).into_iter().map(str::to_owned));
        }
        for list in ["bots", "inactive"] {
            logins.extend(texts(&context[list]).into_iter().map(str::to_owned));
        }
        let same: Vec<Vec<&str>> =
            context["same_person"].as_array().into_iter().flatten().map(texts).collect();
        logins.extend(same.iter().flatten().map(|login| (*login).to_owned()));
        let is_in = |list: &str, login: &str| texts(&context[list]).contains(&login);
        logins
            .iter()
            .map(|login| {
                let member = &context["members"][login];
                let mut who = account(login);
                let number =
                    |id: &Value| id.as_i64().map(|id| id.to_string()).or(text(id).map(str::to_owned));
                put(&mut who, "id", number(&member["id"]).into());
                let also: Vec<Value> = same
                    .iter()
                    .filter(|group| group.contains(&login.as_str()))
                    .flatten()
                    .map(|other| account(other))
                    .collect();
                json!({
                    "account": who,
                    "emails": [email(login)],
                    "kind": if is_in("bots", login) { "bot" } else { "human" },
                    "active": !is_in("inactive", login),
                    "also": also,
                    "permissions": text(&member["permission"]).into_iter().collect::<Vec<_>>(),
                    "unreadable": member["unreadable"].as_bool().unwrap_or_default(),
                })
            })
            .collect()
    }

    /// Teams and organisations, with those that only the policy names: they have no members.
    fn groups(&self) -> Vec<Value> {
        let mut groups: BTreeMap<String, [Vec<Value>; 2]> = BTreeMap::new();
        groups.insert(NOBODY.to_owned(), Default::default());
        for name in group_names(&self.policy) {
            groups.entry(name).or_default();
        }
        for (login, member) in self.context["members"].as_object().into_iter().flatten() {
            for kind in ["team", "org"] {
                for (place, prefix) in ["", "inherited_"].into_iter().enumerate() {
                    for name in texts(&member[format!("{prefix}{kind}s")]) {
                        let group = groups.entry(format!("{kind}:{name}")).or_default();
                        group[place].push(account(login));
                    }
                }
            }
        }
        groups
            .into_iter()
            .map(|(name, [members, inherited])| {
                json!({ "name": name, "members": members, "inherited": inherited })
            })
            .collect()
    }

    /// The policy in our language.
    fn policy(&self) -> anyhow::Result<Value> {
        let mut people = People::default();
        let mut rules = Vec::new();
        for rule in self.policy["rules"].as_array().into_iter().flatten() {
            rules.push(translate_rule(rule, &mut people)?);
        }
        let mut policy = json!({
            "countersign": "1",
            "name": "case",
            "draft": text(&self.policy["draft"]).unwrap_or("evaluate"),
            "rules": rules,
        });
        if let Some(disapproval) = self.policy["disapproval"].as_object().filter(|given| !given.is_empty()) {
            policy["veto"] = translate_veto(disapproval, &mut people)?;
        }
        if let Some(require) = self.policy["require"].as_array() {
            policy["require"] =
                require.iter().map(translate_combination).collect::<anyhow::Result<Vec<_>>>()?.into();
        }
        policy["people"] = people.0.into();
        Ok(policy)
    }
}

/// A group without members: beside it a set is never too small to be read.
const NOBODY: &str = "nobody";

/// Groups that a policy names anywhere.
fn group_names(policy: &Value) -> Vec<String> {
    match policy {
        Value::Object(entries) => entries
            .iter()
            .flat_map(|(key, value)| match key.as_str() {
                "teams" | "orgs" => {
                    let kind = key.trim_end_matches('s');
                    texts(value).into_iter().map(|name| format!("{kind}:{name}")).collect()
                }
                _ => group_names(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(group_names).collect(),
        _ => Vec::new(),
    }
}

fn edit(given: &Value) -> Value {
    if given["edited_at"].is_null() {
        return Value::Null;
    }
    let mut edit = json!({ "at": given["edited_at"] });
    put(&mut edit, "by", text(&given["edited_by"]).map(account).into());
    edit
}

/// The sets of people that the rules of a policy name.
#[derive(Default)]
struct People(Map<String, Value>);

impl People {
    /// A set for some actors, and its name.
    fn set(&mut self, actors: &Value) -> String {
        let mut set =
            json!({ "groups": [NOBODY], "inherited": actors["inherited"].as_bool().unwrap_or_default() });
        let groups = set["groups"].as_array_mut();
        let named = group_names(actors).into_iter().map(Value::from);
        if let Some(groups) = groups {
            groups.extend(named);
        }
        for (from, to) in [("users", "users"), ("permissions", "permissions"), ("bots", "bots")] {
            if let Some(list) = actors[from].as_array().filter(|list| !list.is_empty()) {
                set[to] = list.clone().into();
            }
        }
        let name = format!("set-{}", self.0.len());
        self.0.insert(name.clone(), set);
        name
    }
}

fn translate_rule(rule: &Value, people: &mut People) -> anyhow::Result<Value> {
    let requires = &rule["requires"];
    let count = requires["count"].as_u64().unwrap_or_default();
    let mut requirement = json!({ "approvals": count });
    if count > 0 {
        requirement["by"] = people.set(requires).into();
    }
    let mut written =
        json!({ "require": [requirement], "options": translate_options(&rule["options"], people)? });
    put(&mut written, "name", rule["name"].clone());
    for (from, to) in [(&rule["if"], "when"), (&requires["conditions"], "conditions")] {
        if let Some(predicates) = from.as_object().filter(|given| !given.is_empty()) {
            written[to] = json!({ "all": translate_predicates(predicates, people)? });
        }
    }
    Ok(written)
}

/// Options, each written out.
fn translate_options(options: &Value, people: &mut People) -> anyhow::Result<Value> {
    let is = |key: &str| options[key].as_bool().unwrap_or_default();
    let mut may = Vec::new();
    for (key, who) in [
        ("allow_author", "author"),
        ("allow_contributor", "contributors"),
        ("allow_non_author_contributor", "other-contributors"),
    ] {
        if is(key) {
            may.push(who);
        }
    }
    if may.is_empty() {
        may.push("none");
    }
    let mut written = json!({
        "stale": match text(&options["stale"]) { None => "keep", Some("sha") => "head", Some(other) => other },
        "since-push": is("invalidate_on_push"),
        "ignore-update-merges": is("ignore_update_merges"),
        "may-approve": may,
        "edited": if is("ignore_edited") { "void" } else { "counts" },
        "mutable-text": true,
        "request-changes": "withdraw",
        "methods": match options["methods"].as_object() {
            Some(methods) => translate_methods(methods)?,
            None => json!({ "reviews": true }),
        },
    });
    if !options["ignore_commits_by"].is_null() {
        written["ignore-commits-by"] = people.set(&options["ignore_commits_by"]).into();
    }
    Ok(written)
}

fn translate_methods(methods: &Map<String, Value>) -> anyhow::Result<Value> {
    let mut written = Map::new();
    for (key, value) in methods {
        let key = match key.as_str() {
            "body_patterns" => "description-patterns".to_owned(),
            "reviews" | "comment_lines" | "comments_contain" | "comment_patterns" | "review_patterns"
            | "cancel_lines" => key.replace('_', "-"),
            other => bail!("no method is called {other}"),
        };
        written.insert(key, value.clone());
    }
    Ok(written.into())
}

fn translate_veto(given: &Map<String, Value>, people: &mut People) -> anyhow::Result<Value> {
    let mut veto = json!({
        "by": people.set(&given.clone().into()),
        "revoked-by": if given.get("revoked_by") == Some(&"self".into()) { "giver" } else { "anyone" },
        "options": translate_options(&Value::Null, people)?,
    });
    for key in ["disapprove", "revoke"] {
        if let Some(methods) = given.get(key).and_then(Value::as_object) {
            veto[key] = translate_methods(methods)?;
        }
    }
    if let Some(predicates) = given.get("if").and_then(Value::as_object).filter(|given| !given.is_empty()) {
        veto["when"] = json!({ "any": translate_predicates(predicates, people)? });
    }
    Ok(veto)
}

fn translate_combination(part: &Value) -> anyhow::Result<Value> {
    if part.is_string() {
        return Ok(part.clone());
    }
    for (from, to) in [("or", "any"), ("and", "all")] {
        if let Some(parts) = part[from].as_array() {
            let parts = parts.iter().map(translate_combination).collect::<anyhow::Result<Vec<_>>>()?;
            return Ok(json!({ to: parts }));
        }
    }
    bail!("{part} combines nothing")
}

fn translate_predicates(given: &Map<String, Value>, people: &mut People) -> anyhow::Result<Vec<Value>> {
    let regexes = |value: &Value| -> Vec<String> {
        let one = value.as_str().into_iter();
        one.chain(texts(value)).map(|expression| format!("re:{expression}")).collect()
    };
    let mut all = Vec::new();
    for (key, value) in given {
        all.push(match key.as_str() {
            "changed_files" | "no_changed_files" | "only_changed_files" => {
                let which = match key.as_str() {
                    "changed_files" => "changed",
                    "no_changed_files" => "none",
                    _ => "only",
                };
                let mut paths = json!({ which: regexes(&value["paths"]) });
                if value["ignore"].is_array() {
                    paths["ignore"] = regexes(&value["ignore"]).into();
                }
                json!({ "paths": paths })
            }
            "author_in" => json!({ "author-in": people.set(value) }),
            "contributor_in" => json!({ "contributor-in": people.set(value) }),
            "only_contributors_in" => json!({ "only-contributors-in": people.set(value) }),
            "author_is_only_contributor" => json!({ "author-is-only-contributor": value }),
            "targets_branch" => json!({ "target-branch": regexes(value) }),
            "from_branch" => json!({ "source-branch": regexes(value) }),
            "title" => {
                let mut title = Map::new();
                for (from, to) in [("matches", "matches"), ("not_matches", "not-matches")] {
                    if value[from].is_array() {
                        title.insert(to.to_owned(), value[from].clone());
                    }
                }
                json!({ "title": title })
            }
            "labels" => json!({ "labels": value }),
            "lines" => {
                let mut lines = Map::new();
                for (from, to) in [("additions", "added"), ("deletions", "deleted"), ("total", "total")] {
                    if let Some(bound) = text(&value[from]) {
                        lines.insert(to.to_owned(), bound.into());
                    }
                }
                json!({ "lines": lines })
            }
            "valid_signatures" => {
                let verified = if value.as_bool() == Some(true) { "verified" } else { "unverified" };
                json!({ "signatures": verified })
            }
            "ai_assisted" => json!({ "ai": if value.as_bool() == Some(true) { "any" } else { "none" } }),
            "has_status" => {
                let mut status = json!({ "names": value["statuses"] });
                put(&mut status, "conclusions", value["conclusions"].clone());
                put(&mut status, "source", value["source"].clone());
                json!({ "status": status })
            }
            other => bail!("no predicate is called {other}"),
        });
    }
    Ok(all)
}
