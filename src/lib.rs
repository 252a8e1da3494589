//! A client for MQTT 3.1.1 and 5.0 whose core is a pure state machine ([`engine`]) over a strict codec
//! ([`codec`]). Compiled to WebAssembly, a thin adapter adds sockets, timers and the JavaScript class
//! `MqttCustom`; without it the two are an ordinary library without input or output.
//!
//! A Rust program is an adapter of its own: it implements [`engine::Io`], and after every input calls
//! [`engine::drive()`], which says what to do and in which order:
//!
//! ```
//! use mqtt_lib::engine::{drive, Change, Config, Delivery, Engine, Event, Flow, Generation, Io, Millis};
//!
//! struct Adapter {
//!     engine: Engine,
//!     sent: Vec<u8>,
//! }
//!
//! impl Io for Adapter {
//!     fn now(&mut self) -> Millis {
//!         5 // of any clock that does not go back
//!     }
//!     fn with_engine<R>(&mut self, step: impl FnOnce(&mut Engine) -> R) -> R {
//!         step(&mut self.engine)
//!     }
//!     fn store(&mut self, _: Vec<Change>) -> Flow {
//!         Flow::Ready // with `Config::persist` only
//!     }
//!     fn transmit(&mut self, _: Generation, bytes: &[u8]) -> Flow {
//!         self.sent.extend(bytes); // to the socket
//!         Flow::Ready
//!     }
//!     fn deliver(&mut self, _: Delivery) {} // messages, to the application
//!     fn event(&mut self, event: Event) {
//!         if let Event::Open { generation, .. } = event {
//!             self.engine.opened(5, generation); // once the socket is open
//!         }
//!     }
//! }
//!
//! let config = Config { servers: vec!["mqtt://localhost:1883".into()], ..Config::default() };
//! let engine = Engine::new(config, 42).expect("a configuration that works"); // 42: the seed of all randomness
//! let mut adapter = Adapter { engine, sent: Vec::new() };
//! adapter.engine.start(5, None);
//! let deadline = drive(&mut adapter);
//! assert_eq!(adapter.sent[0], 0x10); // CONNECT
//! assert_eq!(deadline, Some(10_005)); // when CONNACK is late, and `tick` is to be called
//! ```
//!
//! `examples/native.rs` is a whole client over `std::net`.

#![deny(missing_docs)]
#![cfg_attr(small_code, feature(optimize_attribute))]

pub mod codec;
pub mod engine;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod api;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod driver;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod export;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod fast_path;

#[cfg(all(target_arch = "wasm32", target_os = "unknown", feature = "package"))]
#[global_allocator]
static ALLOCATOR: driver::memory::Counted<rlsf::SmallGlobalTlsf> =
    driver::memory::Counted(rlsf::SmallGlobalTlsf::new());

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub use api::{publish_high_priority, MqttCustom};
