//! Packets to bytes and back: MQTT 3.1.1 and 5.0, the client's side of them.
//!
//! Owns every rule about the shape of a packet and is, tests apart, the only module that uses `mqttbytes`. It never keeps state,
//! never knows the time, the session or a socket, and never panics: the bytes come from a peer that is not trusted.
//!
//! Reading has two steps: [`frame::frame`] finds the next whole packet in the received bytes, then
//! [`publish::decode`] (PUBLISH; [`publish::read`] where the first byte was checked already) or [`decode`] (every other packet) reads its body. The body of a whole packet is
//! either right or a [`DecodeError`]; it never needs more bytes.
//!
//! Modules import downwards, or within their layer:
//!
//! | layer | modules |
//! | --- | --- |
//! | packets | `decode`, `v4`, `v5`, [`mod@write`], [`publish`] |
//! | parts | [`frame`], [`properties`], [`topic`], `packet` |
//! | values | [`varint`], [`strings`], `packet_id` |
//! | words | `decode_error`, `reason_code`, `packet_type`, `version` |
//!
//! Tests of the codec as a whole are in `tests.rs`, those of its agreement with `mqttbytes` in `agreement.rs`.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod decode;
mod decode_error;
pub mod frame;
mod packet;
mod packet_id;
mod packet_type;
pub mod properties;
pub mod publish;
mod reason_code;
pub mod strings;
pub mod topic;
mod v4;
mod v5;
pub mod varint;
mod version;
pub mod write;

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod tests;

pub use decode::decode;
pub(crate) use decode_error::{decode_error, protocol_error};
pub use decode_error::{DecodeError, Description};
pub use packet::{Ack, Packet};
pub use packet_id::PacketId;
pub use packet_type::PacketType;
pub use reason_code::ReasonCode;
pub use version::Version;
