//! Countersign as an Extism plug-in: a shell around the core, without logic. An error is the error document.

use countersign_core as gate;
use extism_pdk::{FnResult, WithReturnCode, plugin_fn};

fn answer(result: Result<String, gate::Error>) -> FnResult<String> {
    result.map_err(|error| WithReturnCode::new(extism_pdk::Error::msg(error.to_document()), 1))
}

/// Versions, functions and limits.
#[plugin_fn]
pub fn describe() -> FnResult<String> {
    Ok(gate::describe())
}

/// The facts that are still missing.
#[plugin_fn]
pub fn needs(request: Vec<u8>) -> FnResult<String> {
    answer(gate::needs(&request))
}

/// What is judged next of a branch.
#[plugin_fn]
pub fn ranges(history: Vec<u8>) -> FnResult<String> {
    answer(gate::ranges(&history))
}

/// The decision about the change of a request.
#[plugin_fn]
pub fn evaluate(request: Vec<u8>) -> FnResult<String> {
    answer(gate::evaluate(&request))
}

/// What commits say about AI.
#[plugin_fn]
pub fn provenance(commits: Vec<u8>) -> FnResult<String> {
    answer(gate::provenance(&commits))
}

/// The faults of a policy.
#[plugin_fn]
pub fn check_policy(source: Vec<u8>) -> FnResult<String> {
    answer(gate::check_policy(&source))
}

/// What a policy says of the cases beside it.
#[plugin_fn]
pub fn test_policy(tests: Vec<u8>) -> FnResult<String> {
    answer(gate::test_policy(&tests))
}

/// The verdict about an operation.
#[plugin_fn]
pub fn guard(operation: Vec<u8>) -> FnResult<String> {
    answer(gate::guard(&operation))
}

/// A document as text.
#[plugin_fn]
pub fn render(document: Vec<u8>) -> FnResult<String> {
    answer(gate::render(&document))
}
