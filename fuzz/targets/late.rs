//! Messages that are dealt with late; the body is the one that `npm test` replays the corpus with.
#![no_main]

#[path = "../../tests/fuzz/late.rs"]
mod late;

libfuzzer_sys::fuzz_target!(|data: &[u8]| late::run(data));
