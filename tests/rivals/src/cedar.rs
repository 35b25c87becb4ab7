//! Cedar: it neither counts nor walks a list, so its host finds what is AI-assisted and who approved, and asks once a
//! file.

use std::collections::HashSet;
use std::str::FromStr;

use anyhow::Context as _;
use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request, RestrictedExpression,
};
use regex::Regex;
use serde::Deserialize;

use crate::Engine;

/// What the policy looks at in a request.
#[derive(Deserialize)]
struct Input<'r> {
    #[serde(borrow)]
    change: Change<'r>,
    #[serde(borrow)]
    commits: Vec<Commit<'r>>,
    files: Vec<File>,
    acts: Vec<Act>,
}

#[derive(Deserialize)]
struct Change<'r> {
    head: &'r str,
}

#[derive(Deserialize)]
struct Commit<'r> {
    message: String,
    #[serde(borrow)]
    author: Ident<'r>,
    #[serde(borrow)]
    committer: Ident<'r>,
}

#[derive(Deserialize)]
struct Ident<'r> {
    email: &'r str,
}

#[derive(Deserialize)]
struct File {
    path: String,
}

#[derive(Deserialize)]
struct Act {
    kind: String,
    actor: Actor,
    head: String,
    text: String,
}

#[derive(Deserialize)]
struct Actor {
    login: String,
}

const SENIORS: &[(&str, &str)] = &[("sam", "sam@example.com"), ("rhea", "rhea@example.com")];
const OWNERS: &[(&str, &str)] = &[("olga", "olga@example.com")];

pub fn engine() -> anyhow::Result<Engine> {
    let policies = PolicySet::from_str(include_str!("../policy.cedar"))?;
    let assisted = Regex::new("(?im)^(ai-assisted: |assisted-by: |co-authored-by: claude )")?;
    let answer = Regex::new(r"(?im)^topology:(\s+\S+){5,}")?;
    let principal = EntityUid::from_str("Change::\"1\"")?;
    let action = EntityUid::from_str("Action::\"merge\"")?;
    let resource = EntityUid::from_str("Branch::\"main\"")?;
    let (authorizer, entities) = (Authorizer::new(), Entities::empty());
    Ok(Box::new(move |request| {
        let input: Input<'_> = serde_json::from_str(request)?;
        let ai = input.commits.iter().any(|commit| assisted.is_match(&commit.message));
        let contributors: HashSet<&str> =
            input.commits.iter().flat_map(|commit| [commit.author.email, commit.committer.email]).collect();
        let approvals = |people: &[(&str, &str)], answered: bool| {
            let is_one = |(login, email): &&(&str, &str)| {
                let counts = |act: &Act| {
                    act.kind == "approve"
                        && act.actor.login == *login
                        && act.head == input.change.head
                        && (!answered || answer.is_match(&act.text))
                };
                !contributors.contains(email) && input.acts.iter().any(counts)
            };
            people.iter().filter(is_one).count() as i64
        };
        let counts = [
            ("answered_by_seniors", approvals(SENIORS, true)),
            ("by_seniors", approvals(SENIORS, false)),
            ("by_owners", approvals(OWNERS, false)),
        ];
        let tests = input.files.iter().any(|file| file.path.starts_with("migrations/test/"));
        let mut blocking: HashSet<String> = HashSet::new();
        for file in &input.files {
            let facts = [
                ("path", RestrictedExpression::new_string(file.path.clone())),
                ("ai", RestrictedExpression::new_bool(ai)),
                ("migration_tests", RestrictedExpression::new_bool(tests)),
            ];
            let counts = counts.map(|(name, number)| (name, RestrictedExpression::new_long(number)));
            let context = Context::from_pairs(
                facts.into_iter().chain(counts).map(|(name, value)| (name.to_owned(), value)),
            )?;
            let request = Request::new(principal.clone(), action.clone(), resource.clone(), context, None)?;
            let response = authorizer.is_authorized(&request, &policies, &entities);
            if response.decision() == Decision::Deny {
                for id in response.diagnostics().reason() {
                    blocking.insert(policies.annotation(id, "rule").context("a rule without a name")?.into());
                }
            }
        }
        Ok(blocking.into_iter().collect())
    }))
}
