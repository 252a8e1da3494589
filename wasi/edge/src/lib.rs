//! The engine of `mqtt-lib` in WASI 0.2, as an ordinary library without threads: the component and the command are two
//! interfaces to it. Only `transport.rs`, `stream.rs` and `clock.rs` use sockets, clock and randomness; `run.rs` adapts
//! the engine to them, and `client.rs` has the calls.

mod client;
mod clock;
mod events;
mod high_priority;
mod run;
mod stream;
mod transport;

pub use client::{Client, Outgoing};
pub use events::{Event, Message};
pub use high_priority::publish_high_priority;
pub use mqtt_lib::codec::properties;
pub use mqtt_lib::engine::endpoint::Platform;
pub use mqtt_lib::engine::validate::{Builder, Value};
pub use mqtt_lib::engine::{Code, Config, Error, Millis, State, Stats};

/// The platform of this edge, for `Builder::finish`.
pub const PLATFORM: Platform = Platform::Tcp;

/// A timeout in seconds as the host gives it.
pub fn timeout(seconds: f64) -> Result<Millis, Error> {
    const MOST: f64 = 2_147_483.0;
    if (0.0..=MOST).contains(&seconds) {
        return Ok((seconds * 1000.0).ceil() as Millis);
    }
    Err(Error::new(
        Code::OutOfRange,
        &format!("timeout must be a number of seconds from 0 to {MOST}; {seconds} was given"),
    ))
}
