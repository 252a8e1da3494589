//! The engine of `mqtt-lib` in WASI 0.2, as an ordinary library without threads: the component and the command
//! are two faces of it. `transport.rs` and `clock.rs` touch the world, `client.rs` drives the engine.

mod client;
mod clock;
mod events;
mod oneshot;
mod transport;

pub use client::{Client, Outgoing};
pub use events::{Event, Message};
pub use mqtt_lib::codec::properties;
pub use mqtt_lib::engine::endpoint::Host;
pub use mqtt_lib::engine::validate::{Builder, Value};
pub use mqtt_lib::engine::{Code, Config, Error, Millis, State, Stats};
pub use oneshot::publish_high_priority;

/// Where this edge runs, for `Builder::finish`.
pub const HOST: Host = Host::Tcp;

/// A timeout in seconds as the host gives it.
pub fn timeout(seconds: f64) -> Result<Millis, Error> {
    const MOST: f64 = 2_147_483.0;
    if (0.0..=MOST).contains(&seconds) {
        return Ok((seconds * 1000.0).ceil() as Millis);
    }
    Err(Error::new(
        Code::OutOfRange,
        format!("timeout must be a number of seconds from 0 to {MOST}; {seconds} was given"),
    ))
}
