//! Countersign as a WebAssembly component: a shell around the core, without logic and without imports.

use countersign_core as gate;
use countersign_core::ErrorKind;

wit_bindgen::generate!({ path: "../wit", world: "module" });

use exports::countersign::gate::gate::{Error, Guest};

struct Module;

fn typed(error: gate::Error) -> Error {
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
        gate::describe()
    }

    fn needs(request: Vec<u8>) -> Result<String, Error> {
        gate::needs(&request).map_err(typed)
    }

    fn ranges(history: Vec<u8>) -> Result<String, Error> {
        gate::ranges(&history).map_err(typed)
    }

    fn evaluate(request: Vec<u8>) -> Result<String, Error> {
        gate::evaluate(&request).map_err(typed)
    }

    fn provenance(commits: Vec<u8>) -> Result<String, Error> {
        gate::provenance(&commits).map_err(typed)
    }

    fn check_policy(source: Vec<u8>) -> Result<String, Error> {
        gate::check_policy(&source).map_err(typed)
    }

    fn test_policy(tests: Vec<u8>) -> Result<String, Error> {
        gate::test_policy(&tests).map_err(typed)
    }

    fn guard(operation: Vec<u8>) -> Result<String, Error> {
        gate::guard(&operation).map_err(typed)
    }

    fn render(document: Vec<u8>) -> Result<String, Error> {
        gate::render(&document).map_err(typed)
    }
}

export!(Module);
