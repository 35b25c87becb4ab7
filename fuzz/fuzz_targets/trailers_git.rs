//! The trailers of a message of any bytes are those that the git on this machine reads.
#![no_main]

#[path = "../../tests/conformance/src/git.rs"]
#[allow(dead_code, reason = "another target needs the rest")]
mod git;

libfuzzer_sys::fuzz_target!(|input: &[u8]| git::assert_same_trailers(input));
