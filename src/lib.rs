//! A client for MQTT 3.1.1 and 5.0 whose core is a pure state machine ([`engine`]) over a strict codec
//! ([`codec`]). Compiled to WebAssembly, a thin edge adds sockets, timers and the JavaScript class
//! `MqttCustom`; without it the two are an ordinary library without input or output.
//!
//! Rust programs bring a socket and a clock. What they feed in is followed by a full drain:
//!
//! ```
//! use mqtt_lib::engine::{Config, Engine, Event, NOBODY};
//!
//! let config = Config { servers: vec!["mqtt://localhost:1883".into()], ..Config::default() };
//! let mut engine = Engine::new(config, 42); // the seed of client identifiers and delays
//! engine.start(0, NOBODY); // milliseconds of any clock
//! let Some(Event::Open { generation, .. }) = engine.next_event() else { panic!() };
//! engine.opened(generation, 5); // the socket is open: CONNECT is to be sent
//! assert_eq!(engine.outgoing(5)[0], 0x10);
//! engine.sent(5);
//! assert_eq!(engine.next_deadline(), Some(10_000)); // CONNACK is late then: `tick`
//! ```
//!
//! `examples/native.rs` is a whole client over `std::net`.

pub mod codec;
pub mod engine;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod api;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod bulk;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod driver;

#[cfg(all(target_arch = "wasm32", target_os = "unknown", feature = "package"))]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub use api::{publish_high_priority, MqttCustom};
