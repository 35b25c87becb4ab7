//! A message and a note of any bytes are read without a panic, and a trailer has a key.
#![no_main]

use countersign_core::provenance::{note, trailers};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    for divider in [false, true] {
        for trailer in trailers::parse(input, divider) {
            assert!(!trailer.key.is_empty());
        }
    }
    let _ = note::attestation(input);
});
