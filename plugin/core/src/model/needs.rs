//! What `needs` and `describe` say.

use std::collections::BTreeMap;

use serde::Serialize;

use super::json::object;
use super::{Fact, Role};

/// The facts that the policy needs and the request lacks.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Needs {
    /// Always `countersign/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: String,
    /// Always `Needs`.
    pub kind: String,
    /// Facts to fetch. Empty with `documents` empty: ask for the decision.
    pub facts: Vec<Fact>,
    /// Documents to fetch.
    pub documents: Vec<WantedDocument>,
    /// The groups whose members are asked for with `groups`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// What those who acted may do in the repository decides, and is asked for with `people`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub levels: bool,
    /// What a merge made holds something else than merging gives: ask again about it as a push of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_push: bool,
    /// Of signed acts in a request whose acts are not complete, the ids of those worth keeping.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<String>,
}

object!(Needs {
    "apiVersion" => api_version required,
    "kind" => kind required,
    "facts" => facts required,
    "documents" => documents required,
    "groups" => groups,
    "levels" => levels,
    "as_push" => as_push,
    "keep" => keep,
});

/// A document to fetch.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WantedDocument {
    /// The role of the document.
    pub role: Role,
    /// The ref to read it from, by full name.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    pub git_ref: Option<String>,
    /// The commit that it annotates or describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The path of the document on the target.
    pub path: String,
}

object!(WantedDocument {
    "role" => role required,
    "ref" => git_ref,
    "commit" => commit,
    "path" => path required,
});

/// The versions, functions and limits of a module.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Description {
    /// Always `countersign/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: String,
    /// Always `Description`.
    pub kind: String,
    /// The version of the contract.
    pub contract: String,
    /// The version of the core.
    pub core: String,
    /// The functions that it answers.
    pub functions: Vec<String>,
    /// Notes that the module reads: patterns of refs; `*` stands for one part of a name, `{commit}` for the id of the commit. Of
    /// every other ref below `refs/notes/` that annotates a judged commit it is told by a note without bytes.
    pub notes: Vec<String>,
    /// Files at the head of a change that may hold Agent Trace records.
    pub traces: Vec<String>,
    /// Paths at which documents stand in the tree of the target, by the role of the document.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub paths: BTreeMap<String, String>,
    /// Refs at which documents stand, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refs: BTreeMap<String, String>,
    /// The branches that are protected beside the default branch where no policy names any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protects: Vec<String>,
    /// Limits, by name, in bytes or entries.
    pub limits: BTreeMap<String, u64>,
}

object!(Description {
    "apiVersion" => api_version required,
    "kind" => kind required,
    "contract" => contract required,
    "core" => core required,
    "functions" => functions required,
    "notes" => notes required,
    "traces" => traces required,
    "paths" => paths,
    "refs" => refs,
    "protects" => protects,
    "limits" => limits required,
});
