//! An encoded PUBLISH that is kept to be sent, or sent again: what it says, and changes to DUP and packet identifier
//! without a second encoding.

use super::decode::variable_header;
use super::encode::Parts;
use crate::codec::frame::{DUP, QOS};
use crate::codec::packet_id::PacketId;
use crate::codec::packet_type::PacketType;
use crate::codec::properties::{split, Place};
use crate::codec::version::Version;

/// The first byte of a PUBLISH, without flags and with all of them.
const FIRST: u8 = PacketType::Publish.first_byte();
const LAST: u8 = FIRST | 0x0f;

/// Where the body begins; none if the Remaining Length is cut short.
fn body_at(packet: &[u8]) -> Option<usize> {
    let more = packet.iter().skip(1).position(|byte| byte & 0x80 == 0)?;
    Some(more + 2)
}

/// The content of a whole encoded PUBLISH of ours; none for anything else.
pub fn parts(version: Version, packet: &[u8]) -> Option<Parts<'_>> {
    let body = packet.get(body_at(packet)?..)?;
    let (message, rest) = variable_header(*packet.first()?, body).ok()?;
    let (properties, payload) = match version {
        Version::V4 => (&[][..], rest),
        Version::V5 => split(rest, Place::Publish).ok()?,
    };
    Some(Parts {
        topic: message.topic,
        properties,
        payload,
        qos: message.qos,
        retain: message.retain,
        alias: 0,
    })
}

/// Marks an encoded PUBLISH as sent before. Does nothing at QoS 0, where DUP is not allowed.
pub fn set_dup(packet: &mut [u8]) {
    if qos(packet) != 0 {
        if let Some(first) = packet.first_mut() {
            *first |= DUP;
        }
    }
}

/// Makes an encoded PUBLISH a first attempt again.
pub fn clear_dup(packet: &mut [u8]) {
    if let Some(first @ FIRST..=LAST) = packet.first_mut() {
        *first &= !DUP;
    }
}

/// Gives a whole encoded PUBLISH of QoS 1 or 2 another packet identifier.
pub fn set_packet_id(packet: &mut [u8], packet_id: PacketId) {
    if qos(packet) == 0 {
        return;
    }
    let Some(body) = body_at(packet).and_then(|at| packet.get_mut(at..)) else {
        return;
    };
    let Some((length, rest)) = body.split_first_chunk_mut() else {
        return;
    };
    let topic = usize::from(u16::from_be_bytes(*length));
    if let Some(place) = rest.get_mut(topic..).and_then(|r| r.first_chunk_mut()) {
        *place = packet_id.get().to_be_bytes();
    }
}

/// The topic of a whole encoded PUBLISH; empty for anything else.
pub fn topic(packet: &[u8]) -> &[u8] {
    body_at(packet)
        .and_then(|at| packet.get(at..)?.split_first_chunk())
        .and_then(|(length, rest)| rest.get(..u16::from_be_bytes(*length).into()))
        .unwrap_or_default()
}

/// The QoS of an encoded PUBLISH; 0 for anything else.
pub fn qos(packet: &[u8]) -> u8 {
    match packet.first() {
        Some(first @ FIRST..=LAST) => (first & QOS) >> 1,
        _ => 0,
    }
}
