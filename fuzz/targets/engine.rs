//! Commands, packets and faults; the body is the one that `npm test` replays the corpus with.
#![no_main]

#[path = "../../tests/fuzz/engine.rs"]
mod engine;
#[path = "../../tests/fuzz/input.rs"]
mod input;

libfuzzer_sys::fuzz_target!(|data: &[u8]| engine::run(data, false));
