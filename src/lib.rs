//! An MQTT client whose core is a pure state machine.
pub mod codec;
pub mod engine;
