//! The schemas are those of the types, and the documents are those of the schemas.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test stops where it fails")]

use conformance::schemas;
use serde_json::Value;

fn assert_valid(name: &str, document: &Value) {
    let faults = schemas::faults(name, document).unwrap();
    assert!(faults.is_empty(), "{name}: {faults:?}\n{document:#}");
}

#[test]
fn the_schemas_checked_in_are_those_of_the_types() {
    for (name, generated) in schemas::all() {
        let path = schemas::folder().join(format!("{name}.json"));
        let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            checked_in == generated,
            "{} is not what the types say; run `cargo run -p conformance -- schemas` and look at the difference",
            path.display()
        );
    }
}

/// The keys that reading knows are those of the schema: a key of a table that the schema lacks would never be sent, one
/// of the schema that the table lacks would be ignored. An example with every key, read and written again, shows both.
#[test]
fn what_is_read_from_an_example_is_written_again() {
    for entry in std::fs::read_dir(schemas::folder().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let document: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let text = document.to_string();
        let (schema, again) = if name.starts_with("request") {
            let request: countersign_core::model::Request<'_> =
                countersign_core::model::read(text.as_bytes()).unwrap();
            ("request", serde_json::to_value(request).unwrap())
        } else if name.starts_with("batch") {
            let batch: countersign_core::model::Batch<'_> =
                countersign_core::model::read(text.as_bytes()).unwrap();
            ("batch", serde_json::to_value(batch).unwrap())
        } else {
            let file: countersign_core::model::SignoffFile = serde_json::from_str(&text).unwrap();
            ("signoff-file", serde_json::to_value(file).unwrap())
        };
        assert_valid(schema, &document);
        assert_valid(schema, &again);
        assert_kept(&name, &document, &again);
    }
}

/// Every key of the original stands in what was written again. Times and empty defaults may be written otherwise.
fn assert_kept(at: &str, original: &Value, again: &Value) {
    match (original, again) {
        (Value::Object(one), Value::Object(other)) => {
            for (key, value) in one {
                let empty =
                    matches!(value, Value::Bool(false)) || value.as_array().is_some_and(Vec::is_empty);
                match other.get(key) {
                    Some(kept) => assert_kept(&format!("{at}.{key}"), value, kept),
                    None => assert!(empty, "{at}.{key} is lost"),
                }
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            assert_eq!(one.len(), other.len(), "{at}");
            for (n, (one, other)) in one.iter().zip(other).enumerate() {
                assert_kept(&format!("{at}[{n}]"), one, other);
            }
        }
        _ => {}
    }
}

#[test]
fn every_answer_is_a_document_of_its_schema() {
    let mut via = conformance::via::Via::Native;
    for call in conformance::corpus::calls().unwrap() {
        let answer = via.call(call.function, &call.input).unwrap();
        let document = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
        match (call.function, answer) {
            (_, Err(error)) => assert_valid("error", &document(&error)),
            ("describe", Ok(text)) => assert_valid("description", &document(&text)),
            ("needs", Ok(text)) => assert_valid("needs", &document(&text)),
            ("ranges", Ok(text)) => {
                assert_valid("branch-history", &document(&String::from_utf8(call.input).unwrap()));
                assert_valid("ranges", &document(&text));
            }
            ("evaluate", Ok(text)) => assert_valid("decision", &document(&text)),
            ("provenance", Ok(text)) => assert_valid("findings", &document(&text)),
            ("check-policy", Ok(text)) => assert_valid("policy-report", &document(&text)),
            ("test-policy", Ok(text)) => {
                assert_valid("policy-tests", &document(&String::from_utf8(call.input).unwrap()));
                assert_valid("policy-test-report", &document(&text));
            }
            _ => {}
        }
    }
}
