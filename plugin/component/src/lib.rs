//! Countersign as a WebAssembly component: a shell around the core, without logic and without imports.

use countersign_core as core;
use countersign_core::ErrorKind;

wit_bindgen::generate!({ path: "../wit", world: "module" });

use exports::countersign::gate::gate::{Error, Guest};

struct Module;

fn typed(error: core::Error) -> Error {
    let document = error.to_document();
    match error.kind() {
        ErrorKind::BadRequest => Error::BadRequest(document),
        ErrorKind::BadPolicy => Error::BadPolicy(document),
        ErrorKind::OverLimit => Error::OverLimit(document),
        ErrorKind::NotYet => Error::NotYet(document),
    }
}

impl Guest for Module {
    fn describe() -> String {
        core::describe()
    }

    fn needs(request: Vec<u8>) -> Result<String, Error> {
        core::needs(&request).map_err(typed)
    }

    fn evaluate(request: Vec<u8>) -> Result<String, Error> {
        core::evaluate(&request).map_err(typed)
    }

    fn provenance(commits: Vec<u8>) -> Result<String, Error> {
        core::provenance(&commits).map_err(typed)
    }

    fn check_policy(source: Vec<u8>) -> Result<String, Error> {
        core::check_policy(&source).map_err(typed)
    }

    fn guard(operation: Vec<u8>) -> Result<String, Error> {
        core::guard(&operation).map_err(typed)
    }

    fn render(document: Vec<u8>) -> Result<String, Error> {
        core::render(&document).map_err(typed)
    }
}

export!(Module);
