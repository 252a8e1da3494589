//! A client for MQTT 3.1.1 and 5.0 whose core is a pure state machine ([`engine`]) over a strict codec
//! ([`codec`]). Compiled to WebAssembly, a thin edge adds sockets, timers and the JavaScript class
//! `MqttCustom`; without it the two are an ordinary library without input or output.
//!
//! Rust programs bring a socket and a clock. Every input is followed by a full drain, with [`engine::drive()`]; step by
//! step it looks like this:
//!
//! ```
//! use mqtt_lib::engine::{Config, Engine, Event, Output};
//!
//! let config = Config { servers: vec!["mqtt://localhost:1883".into()], ..Config::default() };
//! let mut engine = Engine::new(config, 42)?; // the seed of client identifiers and delays
//! engine.start(0, None); // milliseconds of any clock
//! let Output::Event(Event::Open { generation, .. }) = engine.poll(0) else { panic!() };
//! engine.opened(5, generation); // the socket is open: CONNECT is to be sent
//! let Output::Transmit { bytes, .. } = engine.poll(5) else { panic!() };
//! assert_eq!(bytes[0], 0x10);
//! let Output::Idle(deadline) = engine.poll(5) else { panic!() };
//! assert_eq!(deadline, Some(10_000)); // CONNACK is late then: `tick`
//! # Ok::<(), mqtt_lib::engine::Error>(())
//! ```
//!
//! `examples/native.rs` is a whole client over `std::net`.

pub mod codec;
pub mod engine;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod api;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod driver;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod fast_path;

#[cfg(all(target_arch = "wasm32", target_os = "unknown", feature = "package"))]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub use api::{publish_high_priority, MqttCustom};
