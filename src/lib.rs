//! An MQTT 3.1.1 client whose core is a pure state machine ([`engine`]) over a strict codec
//! ([`codec`]). Compiled to WebAssembly, a thin edge adds sockets, timers and the JavaScript class
//! `MqttCustom`; without it the two are an ordinary library without input or output.

pub mod codec;
pub mod engine;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod api;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod bulk;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod driver;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub use api::{publish_high_priority, MqttCustom};
