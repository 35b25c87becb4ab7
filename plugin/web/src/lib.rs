//! Countersign for browsers: a shell around the core, without logic. What is thrown has the error document as message.

use countersign_core as gate;
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

fn answer(result: Result<String, gate::Error>) -> Result<String, JsError> {
    result.map_err(|error| JsError::new(&error.to_document()))
}

/// Versions, functions and limits.
#[wasm_bindgen]
pub fn describe() -> String {
    gate::describe()
}

/// The facts that are still missing.
#[wasm_bindgen]
pub fn needs(request: &[u8]) -> Result<String, JsError> {
    answer(gate::needs(request))
}

/// What is judged next of a branch.
#[wasm_bindgen]
pub fn ranges(history: &[u8]) -> Result<String, JsError> {
    answer(gate::ranges(history))
}

/// The decision about the change of a request.
#[wasm_bindgen]
pub fn evaluate(request: &[u8]) -> Result<String, JsError> {
    answer(gate::evaluate(request))
}

/// What commits say about AI.
#[wasm_bindgen]
pub fn provenance(commits: &[u8]) -> Result<String, JsError> {
    answer(gate::provenance(commits))
}

/// The faults of a policy.
#[wasm_bindgen(js_name = checkPolicy)]
pub fn check_policy(source: &[u8]) -> Result<String, JsError> {
    answer(gate::check_policy(source))
}

/// What a policy says of the cases beside it.
#[wasm_bindgen(js_name = testPolicy)]
pub fn test_policy(tests: &[u8]) -> Result<String, JsError> {
    answer(gate::test_policy(tests))
}

/// The verdict about an operation.
#[wasm_bindgen]
pub fn guard(operation: &[u8]) -> Result<String, JsError> {
    answer(gate::guard(operation))
}

/// A document as text.
#[wasm_bindgen]
pub fn render(document: &[u8]) -> Result<String, JsError> {
    answer(gate::render(document))
}
