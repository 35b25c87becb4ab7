//! JSON of any bytes is refused where `serde_json` refuses it, and else read as `serde_json` reads it.
#![no_main]

use countersign_core::model::json::{Fault, Json, Read};
use countersign_core::model::{self, Request};
use serde_json::Value;

/// A document of any shape, with every number as null: the reader of the contract reads whole numbers alone.
#[derive(Default)]
struct Any(Value);

impl<'de> Read<'de> for Any {
    fn read(&mut self, json: &mut Json<'de>) -> Result<(), Box<Fault>> {
        self.0 = match json.peek() {
            Some(b'"') => Value::from(json.string()?),
            Some(b'[') => {
                let mut items = Vec::new();
                json.list(&mut |json| {
                    let mut item = Any::default();
                    item.read(json)?;
                    items.push(item.0);
                    Ok(())
                })?;
                Value::from(items)
            }
            Some(b'{') => {
                let mut entries = serde_json::Map::new();
                json.entries(&mut |key, json| {
                    let mut value = Any::default();
                    value.read(json)?;
                    entries.insert(key.to_owned(), value.0);
                    Ok(())
                })?;
                Value::from(entries)
            }
            first => {
                json.skip()?;
                match first {
                    Some(b't') => Value::from(true),
                    Some(b'f') => Value::from(false),
                    _ => Value::Null,
                }
            }
        };
        Ok(())
    }
}

fn without_numbers(value: &mut Value) {
    match value {
        Value::Number(_) => *value = Value::Null,
        Value::Array(items) => items.iter_mut().for_each(without_numbers),
        Value::Object(entries) => entries.values_mut().for_each(without_numbers),
        _ => {}
    }
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let ours = model::read::<Any>(input);
    match serde_json::from_slice::<Value>(input) {
        Ok(mut theirs) => {
            without_numbers(&mut theirs);
            assert_eq!(ours.map(|any| any.0).map_err(|e| e.to_document()), Ok(theirs));
        }
        // Theirs must fit a float, and stops at another depth.
        Err(e) if e.to_string().contains("out of range") || e.to_string().contains("recursion limit") => {}
        Err(e) => assert!(ours.is_err(), "serde_json says: {e}"),
    }
    if let Ok(request) = model::read::<Request<'_>>(input) {
        let written = serde_json::to_vec(&request).expect("a request can be written");
        let again: Request<'_> = model::read(&written).expect("what was written can be read");
        assert_eq!(serde_json::to_vec(&again).expect("a request can be written"), written);
    }
});
