//! The policy language: what a policy can say, and how it is read.

mod pattern;
mod read;
mod yaml;

use std::collections::BTreeMap;

pub(crate) use pattern::{Cost, Pattern};

use crate::model::{Diagnostic, Enforce, Help, Rank};
use crate::provenance::ExtraTool;

/// A policy, read and checked.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    pub name: String,
    /// What this repository is called where no forge says it.
    pub repository: Option<String>,
    /// Whether it blocks or only observes.
    pub enforce: Enforce,
    /// What a change gets to which no rule applies, when the policy says so.
    pub otherwise: Option<Otherwise>,
    /// Named sets of people.
    pub people: BTreeMap<String, PeopleSet>,
    /// Who is who: a login, and the addresses and accounts of the same person.
    pub identities: BTreeMap<String, Identity>,
    /// Tools that the table does not know.
    pub tools: Vec<ExtraTool>,
    /// Questions, by name.
    pub questions: BTreeMap<String, String>,
    /// The rules, in order.
    pub rules: Vec<Rule>,
}

/// What a change gets to which no rule applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Otherwise {
    Pass,
    Block,
}

/// A named set of people: the union of its parts.
#[derive(Debug, Clone, Default)]
pub(crate) struct PeopleSet {
    /// Logins, or addresses where there are no logins.
    pub users: Vec<String>,
    /// Groups of the forge.
    pub groups: Vec<String>,
}

/// What belongs to one person.
#[derive(Debug, Clone, Default)]
pub(crate) struct Identity {
    pub emails: Vec<String>,
    pub accounts: Vec<String>,
    pub id: Option<String>,
}

/// One rule.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub name: String,
    /// When it applies; always, when it does not say.
    pub when: Option<Predicate>,
    pub effect: Effect,
    pub enforce: Enforce,
}

/// What a rule does where it applies.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    /// All of these must be met.
    Require(Vec<Requirement>),
    /// Refuses, with the reason.
    Deny(String),
}

/// Approvals that a rule asks for.
#[derive(Debug, Clone)]
pub(crate) struct Requirement {
    pub approvals: u32,
    /// Names of people sets; a person of any of them will do.
    pub by: Vec<String>,
    /// Names of questions that each approval answers.
    pub answers: Vec<String>,
}

/// A test on the facts of a change.
#[derive(Debug, Clone)]
pub(crate) enum Predicate {
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
    Not(Box<Predicate>),
    Ai(AiTest),
    Paths(PathTest),
    /// A test whose facts no host collects yet: what it is, for a person.
    Later(&'static str),
}

/// A test on what AI contributed.
#[derive(Debug, Clone, Default)]
pub(crate) struct AiTest {
    /// True for evidence of AI, false for none.
    pub present: bool,
    /// Any of these tools.
    pub tools: Vec<String>,
    /// Any of these models, with `*` for any run of characters.
    pub models: Vec<String>,
    /// Any of these kinds of help.
    pub help: Vec<Help>,
    /// Evidence of this rank or a higher one.
    pub rank: Option<Rank>,
}

/// A test on the paths of a change; a rename counts under both.
#[derive(Debug, Clone, Default)]
pub(crate) struct PathTest {
    pub changed: Vec<Pattern>,
    pub ignore: Vec<Pattern>,
    /// What a path costs.
    pub cost: Cost,
}

impl PathTest {
    /// A test of these patterns.
    pub fn of(changed: Vec<Pattern>, ignore: Vec<Pattern>) -> Self {
        let cost = Cost::of(changed.iter().chain(&ignore));
        PathTest { changed, ignore, cost }
    }
}

/// A policy, or what is wrong with it; warnings beside either.
pub(crate) struct Reading {
    pub policy: Option<Policy>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a policy.
pub(crate) fn read(source: &[u8]) -> Reading {
    read::read(source)
}
