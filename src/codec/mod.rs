//! Packets to bytes and back: MQTT 3.1.1 and 5.0, the client's side of them.
//!
//! Owns every rule about the shape of a packet and is the only room that names `mqttbytes`. It
//! never keeps state, never knows the time, the session or a socket, and never panics: what
//! comes in was written by a stranger.
//!
//! Reading goes in two steps: [`frame::frame`] finds the next whole packet in the received
//! bytes, then [`publish::decode`] (kind 3) or [`decode`] (all others) reads its body. Once
//! a frame is whole there is no "more bytes needed" any more, only right or [`Malformed`].

pub mod frame;
pub mod property;
pub mod publish;
pub mod topic;
mod v4;
mod v5;
pub mod write;

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod tests;

/// Which protocol a connection speaks; the number is what CONNECT says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V4 = 4,
    V5 = 5,
}

/// Bytes that break the specification; the sentence says which rule, the reason is what a
/// DISCONNECT says of it in MQTT 5 (§4.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flaw {
    pub what: &'static str,
    pub reason: u8,
}

/// One word, for every function that hands it on.
pub type Malformed = &'static Flaw;

/// A [`Malformed`] of this reason.
macro_rules! flaw {
    ($reason:expr, $what:expr) => {
        const {
            &$crate::codec::Flaw {
                what: $what,
                reason: $reason,
            }
        }
    };
}

/// What cannot be read according to the specification.
macro_rules! malformed {
    ($what:expr $(,)?) => {
        $crate::codec::flaw!(0x81, $what)
    };
}

/// What can be read, and is not allowed.
macro_rules! protocol {
    ($what:expr $(,)?) => {
        $crate::codec::flaw!(0x82, $what)
    };
}

pub(crate) use {flaw, malformed, protocol};

/// The acknowledgements of a PUBLISH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ack {
    PubAck,
    PubRec,
    PubRel,
    PubComp,
}

/// A packet from the server, any but PUBLISH. In 3.1.1 reasons are 0 but for CONNACK's return code,
/// and properties are empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    ConnAck {
        session_present: bool,
        reason: u8,
        properties: &'a [u8],
    },
    Ack {
        kind: Ack,
        pid: u16,
        reason: u8,
        properties: &'a [u8],
    },
    /// A code for each filter.
    SubAck {
        pid: u16,
        codes: &'a [u8],
        properties: &'a [u8],
    },
    /// A code for each filter; none in 3.1.1.
    UnsubAck {
        pid: u16,
        codes: &'a [u8],
        properties: &'a [u8],
    },
    PingResp,
    Disconnect {
        reason: u8,
        properties: &'a [u8],
    },
    Auth {
        reason: u8,
        properties: &'a [u8],
    },
}

/// Reads the body of any packet but PUBLISH.
pub fn decode(version: Version, first: u8, body: &[u8]) -> Result<Packet<'_>, Malformed> {
    let kind = match first {
        0x40 => Ack::PubAck,
        0x50 => Ack::PubRec,
        0x62 => Ack::PubRel,
        0x70 => Ack::PubComp,
        0xd0 if body.is_empty() => return Ok(Packet::PingResp),
        _ if version == Version::V5 => return v5::decode(first, body),
        _ => return v4::decode(first, body),
    };
    match *body {
        [high, low] => Ok(Packet::Ack {
            kind,
            pid: pid(high, low)?,
            reason: 0,
            properties: &[],
        }),
        [high, low, ..] if version == Version::V5 => v5::ack(kind, pid(high, low)?, &body[2..]),
        _ => Err(malformed!("an acknowledgement is not two bytes long")),
    }
}

fn pid(high: u8, low: u8) -> Result<u16, Malformed> {
    match u16::from_be_bytes([high, low]) {
        0 => Err(protocol!("a packet id is 0 [MQTT-2.3.1-1]")),
        pid => Ok(pid),
    }
}
