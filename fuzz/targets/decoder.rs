//! Bytes of a server; the body is the one that `npm test` replays the corpus with.
#![no_main]

#[path = "../../tests/fuzz/decoder.rs"]
mod decoder;

libfuzzer_sys::fuzz_target!(|data: &[u8]| decoder::run(data));
