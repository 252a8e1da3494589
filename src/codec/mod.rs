//! Packets to bytes and back: MQTT 3.1.1, the client's side of it.
//!
//! Owns every rule about the shape of a packet and is the only room that names `mqttbytes`. It
//! never keeps state, never knows the time, the session or a socket, and never panics: what
//! comes in was written by a stranger.
//!
//! Reading goes in two steps: [`frame::frame`] finds the next whole packet in the received
//! bytes, then [`publish::decode`] (kind 3) or [`v4::decode`] (all others) reads its body. Once
//! a frame is whole there is no "more bytes needed" any more, only right or [`Malformed`].

pub mod frame;
pub mod publish;
pub mod topic;
pub mod v4;

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod tests;

/// Bytes that break the specification; the sentence says which rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed(pub &'static str);
