//! `test-policy` gives an answer or a typed error for any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = countersign_core::call("test-policy", input);
});
