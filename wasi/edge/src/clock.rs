//! WASI's clock and randomness; no other file uses them.

use mqtt_lib::engine::Millis;
use wasip2::clocks::monotonic_clock;
use wasip2::io::poll::Pollable;
use wasip2::random::random;

const NANOS: u64 = 1_000_000;

pub fn now() -> Millis {
    monotonic_clock::now() / NANOS
}

/// Ready at `when`.
pub fn alarm(when: Millis) -> Pollable {
    monotonic_clock::subscribe_instant(when.saturating_mul(NANOS))
}

pub fn seed() -> u64 {
    random::get_random_u64()
}
