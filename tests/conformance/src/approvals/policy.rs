//! The policy of a case in the policy language, every option written out.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::form::{
    Actors, Combination, Disapproval, Draft, Methods, Options, Paths, Patterns, Policy, Predicates,
    RevokedBy, Rule, Stale, Title, User,
};

/// A group without members: beside it a set is never too small to be read.
const NOBODY: &str = "nobody";

/// What the change's own text is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyText {
    /// For what it says.
    AsItIs,
    /// For one that names the head: a rule that keeps approvals asks for no commit, and the text says none itself.
    NamesTheHead,
}

/// A policy in our language, and the groups that it asks for.
pub(super) struct Written {
    pub policy: Value,
    pub groups: BTreeSet<String>,
    pub body: BodyText,
}

/// Writes a policy. `names_head` tells whether the change's own text names the head by itself.
pub(super) fn write(given: &Policy, names_head: bool) -> Written {
    let keeps = |rule: &Rule| {
        let asked = rule.options.methods.as_ref().is_some_and(|methods| !methods.body_patterns.is_empty());
        rule.options.stale == Stale::Keep && asked
    };
    let revoke = given.disapproval.as_ref().and_then(|given| given.revoke.as_ref());
    let kept = given.rules.iter().any(keeps) || revoke.is_some_and(|revoke| !revoke.body_patterns.is_empty());
    let body = if kept && !names_head { BodyText::NamesTheHead } else { BodyText::AsItIs };
    let mut writer = Writer { sets: Map::new(), groups: BTreeSet::from([NOBODY.to_owned()]), body };
    let rules: Vec<Value> = given.rules.iter().map(|rule| writer.rule(rule)).collect();
    let mut policy = json!({
        "countersign": "1",
        "name": "case",
        "draft": match given.draft { Some(Draft::Block) => "block", Some(Draft::Evaluate) | None => "evaluate" },
        "rules": rules,
    });
    if let Some(disapproval) = &given.disapproval {
        put(&mut policy, "veto", writer.veto(disapproval));
    }
    if let Some(require) = &given.require {
        policy["require"] = require.iter().map(combination).collect();
    }
    policy["people"] = writer.sets.into();
    Written { policy, groups: writer.groups, body }
}

/// Puts a value into an object unless it is null.
pub(super) fn put(object: &mut Value, key: &str, value: impl Serialize) {
    let value = json!(value);
    if !value.is_null() {
        object[key] = value;
    }
}

fn combination(part: &Combination) -> Value {
    let all = |parts: &[Combination]| parts.iter().map(combination).collect::<Vec<_>>();
    match part {
        Combination::Rule(name) => json!(name),
        Combination::Or(parts) => json!({ "any": all(&parts.or) }),
        Combination::And(parts) => json!({ "all": all(&parts.and) }),
    }
}

/// Writes the parts of a policy, and keeps the sets of people that they name.
struct Writer {
    sets: Map<String, Value>,
    groups: BTreeSet<String>,
    body: BodyText,
}

impl Writer {
    /// A set for some actors, and its name.
    fn set(&mut self, actors: &Actors) -> String {
        let teams = actors.teams.iter().map(|name| format!("team:{name}"));
        let groups: Vec<String> = teams.chain(actors.orgs.iter().map(|name| format!("org:{name}"))).collect();
        self.groups.extend(groups.iter().cloned());
        let listed: Vec<&str> = std::iter::once(NOBODY).chain(groups.iter().map(String::as_str)).collect();
        let mut set = json!({ "groups": listed, "inherited": actors.inherited });
        let users: Vec<Value> = actors.users.iter().map(user).collect();
        for (key, list) in [
            ("users", users),
            ("permissions", actors.permissions.iter().map(|name| json!(name)).collect()),
            ("bots", actors.bots.iter().map(|name| json!(name)).collect()),
        ] {
            if !list.is_empty() {
                set[key] = list.into();
            }
        }
        let name = format!("set-{}", self.sets.len());
        self.sets.insert(name.clone(), set);
        name
    }

    fn rule(&mut self, rule: &Rule) -> Value {
        let require = match rule.requires.count {
            0 => json!("nobody"),
            count => json!([{ "approvals": count, "by": self.set(&rule.requires.actors()) }]),
        };
        let mut written = json!({ "require": require, "options": self.options(&rule.options) });
        put(&mut written, "name", &rule.name);
        for (key, predicates) in [("when", &rule.when), ("conditions", &rule.requires.conditions)] {
            let predicates = self.predicates(predicates);
            if !predicates.is_empty() {
                written[key] = json!({ "all": predicates });
            }
        }
        written
    }

    fn options(&mut self, options: &Options) -> Value {
        let may: Vec<&str> = [
            (options.allow_author, "author"),
            (options.allow_contributor, "contributors"),
            (options.allow_non_author_contributor, "other-contributors"),
        ]
        .into_iter()
        .filter_map(|(allowed, who)| allowed.then_some(who))
        .collect();
        let mut methods = options.methods.clone().unwrap_or(Methods { reviews: true, ..Methods::default() });
        // Where another rule keeps the text that names no commit, this one takes it for what it is.
        if options.stale != Stale::Keep && self.body == BodyText::NamesTheHead {
            methods.body_patterns.clear();
        }
        let mut written = json!({
            "stale": match options.stale {
                Stale::Keep => "keep",
                Stale::Sha => "head",
                Stale::Diff => "diff",
                Stale::Tree => "tree",
            },
            "since-push": options.invalidate_on_push,
            "ignore-update-merges": options.ignore_update_merges,
            "may-approve": if may.is_empty() { vec!["none"] } else { may },
            "edited": if options.ignore_edited { "void" } else { "counts" },
            "mutable-text": true,
            "request-changes": "withdraw",
            "methods": self::methods(&methods),
        });
        if let Some(by) = &options.ignore_commits_by {
            written["ignore-commits-by"] = self.set(by).into();
        }
        written
    }

    /// Nothing where nobody and nothing could disapprove.
    fn veto(&mut self, given: &Disapproval) -> Option<Value> {
        let when = self.predicates(&given.when);
        let actors = given.actors();
        let names_somebody = !(actors.users.is_empty()
            && actors.teams.is_empty()
            && actors.orgs.is_empty()
            && actors.permissions.is_empty()
            && actors.bots.is_empty());
        if when.is_empty() && !names_somebody {
            return None;
        }
        let anyone = given.revoked_by != Some(RevokedBy::Giver);
        let mut veto = json!({
            "by": self.set(&actors),
            "revoked-by": if anyone { "anyone" } else { "giver" },
            "options": self.options(&Options::default()),
        });
        put(&mut veto, "disapprove", given.disapprove.as_ref().map(methods));
        put(&mut veto, "revoke", given.revoke.as_ref().map(methods));
        if !when.is_empty() {
            veto["when"] = json!({ "any": when });
        }
        Some(veto)
    }

    fn predicates(&mut self, given: &Predicates) -> Vec<Value> {
        // Every predicate is named here, so that a new one in the form is not forgotten.
        let Predicates {
            changed_files,
            no_changed_files,
            only_changed_files,
            author_in,
            contributor_in,
            only_contributors_in,
            author_is_only_contributor,
            targets_branch,
            from_branch,
            title,
            labels,
            lines,
            valid_signatures,
            ai_assisted,
            has_status,
        } = given;
        let files = [("changed", changed_files), ("none", no_changed_files), ("only", only_changed_files)];
        let mut all: Vec<Value> =
            files.into_iter().filter_map(|(which, test)| Some(paths(which, test.as_ref()?))).collect();
        for (key, actors) in [
            ("author-in", author_in),
            ("contributor-in", contributor_in),
            ("only-contributors-in", only_contributors_in),
        ] {
            all.extend(actors.as_ref().map(|actors| json!({ key: self.set(actors) })));
        }
        all.extend(author_is_only_contributor.map(|alone| json!({ "author-is-only-contributor": alone })));
        for (key, test) in [("target-branch", targets_branch), ("source-branch", from_branch)] {
            all.extend(test.as_ref().map(|test| json!({ key: patterns(test) })));
        }
        all.extend(title.as_ref().map(titled));
        all.extend(labels.as_ref().map(|labels| json!({ "labels": labels })));
        all.extend(lines.as_ref().map(|lines| {
            let mut bounds = json!({});
            put(&mut bounds, "added", &lines.additions);
            put(&mut bounds, "deleted", &lines.deletions);
            put(&mut bounds, "total", &lines.total);
            json!({ "lines": bounds })
        }));
        all.extend(
            valid_signatures
                .map(|valid| json!({ "signatures": if valid { "verified" } else { "unverified" } })),
        );
        all.extend(ai_assisted.map(|assisted| json!({ "ai": if assisted { "any" } else { "none" } })));
        all.extend(has_status.as_ref().map(|test| {
            let mut status = json!({ "names": test.statuses });
            put(&mut status, "conclusions", &test.conclusions);
            put(&mut status, "source", &test.source);
            json!({ "status": status })
        }));
        all
    }
}

fn user(user: &User) -> Value {
    match user {
        User::Login(login) => json!(login),
        User::WithId(user) => json!({ "login": user.login, "id": user.id.to_string() }),
    }
}

/// In the neutral form a review counts by its state, and, where patterns are given, only if one of them matches. The
/// language takes the two each for itself.
fn methods(methods: &Methods) -> Value {
    let mut written = json!({ "reviews": methods.reviews && methods.review_patterns.is_empty() });
    for (key, list) in [
        ("comment-lines", &methods.comment_lines),
        ("comments-contain", &methods.comments_contain),
        ("comment-patterns", &methods.comment_patterns),
        ("review-patterns", &methods.review_patterns),
        ("description-patterns", &methods.body_patterns),
        ("cancel-lines", &methods.cancel_lines),
    ] {
        if !list.is_empty() {
            written[key] = json!(list);
        }
    }
    written
}

fn regexes(expressions: &[String]) -> Vec<String> {
    expressions.iter().map(|expression| format!("re:{expression}")).collect()
}

fn patterns(patterns: &Patterns) -> Vec<String> {
    match patterns {
        Patterns::One(one) => regexes(std::slice::from_ref(one)),
        Patterns::Any(any) => regexes(any),
    }
}

fn paths(which: &str, test: &Paths) -> Value {
    let mut paths = json!({ which: regexes(&test.paths) });
    if !test.ignore.is_empty() {
        paths["ignore"] = regexes(&test.ignore).into();
    }
    json!({ "paths": paths })
}

/// In the neutral form a title is one that matches, or one that does not match the others.
fn titled(test: &Title) -> Value {
    let tests = [("matches", &test.matches), ("not-matches", &test.not_matches)];
    let given = tests.into_iter().filter(|(_, patterns)| !patterns.is_empty());
    let any: Vec<Value> = given.map(|(key, patterns)| json!({ "title": { key: patterns } })).collect();
    json!({ "any": any })
}
