//! The cases of a policy give a report or a typed error for any bytes.
#![no_main]

use countersign_core::model::{API_VERSION, Document, PolicyTests, Role, Text};

const POLICY: &str = include_str!("../../policies/senior-sign-off/policy.yaml");

libfuzzer_sys::fuzz_target!(|cases: &[u8]| {
    let policy = Document { role: Role::Policy, bytes: POLICY.into(), ..Document::default() };
    let tests = PolicyTests {
        api_version: API_VERSION.into(),
        name: "cases.yaml".into(),
        cases: Text::from_bytes(cases.to_vec()),
        documents: vec![policy].into(),
    };
    if let Ok(tests) = serde_json::to_vec(&tests) {
        let _ = countersign_core::call("test-policy", &tests);
    }
});
