//! The names of which policies and requests are made: few enough to meet again.

use serde_json::{Value, json};

/// People, each with the address `NAME@example.com`.
pub const PEOPLE: &[&str] = &["dana", "omar", "sam", "rhea", "noor", "kim"];

/// Accounts that programs use.
pub const PROGRAMS: &[&str] = &["renovate", "claude"];

/// Somebody whom no policy and no group names.
pub const STRANGER: &str = "zed";

/// Sets of people that every policy defines.
pub const SETS: &[&str] = &["seniors", "team", "ops"];

/// Groups of the forge.
pub const GROUPS: &[&str] = &["o/core", "o/docs"];

/// The list of requirements.
pub const LIST: &str = "docs/requirements.md";

/// The policy that others extend.
pub const BASE: &str = ".countersign/base.yaml";

/// When it is: facts are dated from 10 to 90, so that `max-age: 1m` lies among them.
pub const NOW: u64 = 100;

/// Moments at which something happened; few, so that ties are common.
pub const TIMES: &[u64] = &[10, 20, 30, 40, 45, 50, 60, 70, 80, 90];

/// The words by which somebody approves, refuses, or takes a refusal back, by one method or another.
pub const APPROVING: &[&str] =
    &["/approve", "/approve {head}", "/approve 6331", ":+1:", "LGTM", "ship it", "approved"];
pub const REFUSING: &[&str] = &["/cancel", "/cancel {head}", ":-1:", "nack", "\u{1f44e}"];

/// Answers to questions: good ones, of which two are the same in other letters, and bad ones.
pub const ANSWERS: &[&str] = &[
    "topology: none outside the queue, which drains first",
    "topology: None outside the QUEUE; which drains first!",
    "topology: only the two tables that it names",
    "topology: it reaches no other running system at all",
    "topology: fine",
    "topology: Which running systems does it reach?",
    "scale: a hundred rows a day at the very most",
    "scale: none outside the queue, which drains first",
    "scale: small",
];

/// Forty digits for a short name.
pub fn id(name: &str) -> String {
    let digits: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{digits:0<40}")
}

/// The forge's id of a login.
pub fn number(login: &str) -> String {
    let known = PEOPLE.iter().chain(PROGRAMS).chain(&[STRANGER]);
    known
        .into_iter()
        .position(|name| *name == login)
        .map_or_else(|| "90".to_owned(), |at| (at + 1).to_string())
}

/// A person's address.
pub fn address(login: &str) -> String {
    format!("{login}@example.com")
}

/// An account as a platform states it: by login, by login and id, or in plain git by address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    Login,
    Id,
    Address,
}

impl Naming {
    pub fn account(self, login: &str) -> Value {
        match self {
            Naming::Login => json!({ "login": login }),
            Naming::Id => json!({ "login": login, "id": number(login) }),
            Naming::Address => json!({ "email": address(login) }),
        }
    }
}
