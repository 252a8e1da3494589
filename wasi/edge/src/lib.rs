//! The engine of `mqtt-lib` in WASI 0.2, as an ordinary library without threads: the component and the command are two
//! interfaces to it. Only `transport.rs`, `stream.rs` and `clock.rs` use sockets, clock and randomness; `layers.rs` puts TLS
//! and a WebSocket on a connection, `run.rs` adapts the engine to all that, and `client.rs` has the calls.

use mqtt_lib::codec::topic;

pub use wasip2::io::poll::Pollable;

mod certificates;
mod checksum;
mod client;
mod clock;
mod close_codes;
mod entries_log;
mod events;
mod folder;
mod high_priority;
mod host;
mod layer;
mod layers;
mod limit;
mod lock;
mod log_format;
mod receiving;
mod requests;
mod routes;
mod run;
mod sha1;
mod snapshot;
mod snapshotting;
mod store;
mod storing;
mod stream;
#[cfg(feature = "tls")]
mod tls;
mod transport;
mod typed;
mod watch;
mod websocket;

pub use certificates::Certificates;
pub use client::{Answer, Client, Outgoing, Statistics, Subscription};
pub use events::{Event, Message};
pub use folder::file_content;
pub use high_priority::publish_high_priority;
pub use host::Host;
pub use layers::Settings;
pub use limit::Limit;
pub use mqtt_lib::codec::properties;
pub use mqtt_lib::codec::ReasonCode;
pub use mqtt_lib::engine::endpoint::Platform;
pub use mqtt_lib::engine::validate::{Builder, Value};
pub use mqtt_lib::engine::{Code, Config, Error, Filter, Millis, State};
pub use typed::{is_key, typed};
pub use websocket::Handshake;

/// The platform of this edge, for `Builder::finish`.
pub const PLATFORM: Platform = Platform::Wasi {
    tls: cfg!(feature = "tls"),
};

pub(crate) const MOST_SECONDS: f64 = 2_147_483.0;

/// Whether a message with this topic matches this filter (§4.7).
///
/// # Errors
/// `INVALID_TOPIC`.
pub fn topic_matches(filter: &str, name: &str) -> Result<bool, Error> {
    mqtt_lib::engine::check_topic(name)?;
    topic::check_filter(filter)
        .map_err(|why| Error::new(Code::InvalidTopic, &format!("the filter \"{filter}\" {why}")))?;
    Ok(topic::matches(filter, name))
}

/// A time in seconds as the host gives it, under this name.
pub fn millis(name: &str, seconds: f64) -> Result<Millis, Error> {
    if (0.0..=MOST_SECONDS).contains(&seconds) {
        return Ok((seconds * 1000.0).ceil() as Millis);
    }
    Err(Error::new(
        Code::OutOfRange,
        &format!("{name} must be a number of seconds from 0 to {MOST_SECONDS}; {seconds} was given"),
    ))
}
