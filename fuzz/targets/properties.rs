//! Lists of properties; the body is the one that `npm test` replays the corpus with.
#![no_main]

#[path = "../../tests/fuzz/properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::run(data));
