//! CONNACK of MQTT 3.1.1, read by `mqttbytes` behind guards for what it accepts and must not; SUBACK, of which it refuses
//! return codes that brokers send; and UNSUBACK.
//!
//! Never compares a packet with the request it answers: that a SUBACK has as many codes as its SUBSCRIBE has filters
//! is checked by the engine. Tests: tests.rs and agreement.rs.

use super::decode_error::{malformed, protocol_error, DecodeError};
use super::packet::Packet;
use super::packet_id::PacketId;
use super::packet_type::PacketType;
use super::reason_code::ReasonCode;
use bytes::Bytes;
use mqttbytes::{v4, FixedHeader};

pub(super) fn decode(packet_type: PacketType, body: &[u8]) -> Result<Packet<'_>, DecodeError> {
    match packet_type {
        PacketType::ConnAck => connack(body),
        PacketType::SubAck => suback(body),
        PacketType::UnsubAck => unsuback(body),
        PacketType::PingResp => Err(malformed!("a PINGRESP has a body")),
        _ => Err(malformed!("a server never sends a packet of this type")),
    }
}

fn connack(body: &[u8]) -> Result<Packet<'_>, DecodeError> {
    match *body {
        [flags, _] if flags > 1 => Err(malformed!("reserved flags of a CONNACK are set [MQTT-3.2.2-1]")),
        [1, code] if code != 0 => Err(protocol_error!(
            "a CONNACK refuses and says session present [MQTT-3.2.2-4]",
        )),
        // There are brokers that send the reason codes of MQTT 5, all of which are refusals.
        [_, code] if code >= 0x80 => Ok(Packet::ConnAck {
            session_present: false,
            reason: ReasonCode(code),
            properties: &[],
        }),
        [_, _] => match known(body) {
            Some(packet) => Ok(Packet::ConnAck {
                session_present: packet.session_present,
                reason: ReasonCode(packet.code as u8),
                properties: &[],
            }),
            None => Err(malformed!("the return code of a CONNACK is unknown")),
        },
        _ => Err(malformed!("a CONNACK is not two bytes long")),
    }
}

fn suback(body: &[u8]) -> Result<Packet<'_>, DecodeError> {
    let &[high, low, _, ..] = body else {
        return Err(malformed!("a SUBACK has no return code"));
    };
    let packet_id = PacketId::read(high, low)?;
    let codes = &body[2..];
    for &code in codes {
        // Beyond 128 there are brokers that send the reason codes of MQTT 5, all of which are failures.
        if matches!(code, 3..=0x7f) {
            return Err(malformed!("a return code of a SUBACK is reserved [MQTT-3.9.3-2]"));
        }
    }
    Ok(Packet::SubAck {
        packet_id,
        codes,
        properties: &[],
    })
}

fn unsuback(body: &[u8]) -> Result<Packet<'_>, DecodeError> {
    let &[high, low] = body else {
        return Err(malformed!("an UNSUBACK is not two bytes long"));
    };
    Ok(Packet::UnsubAck {
        packet_id: PacketId::read(high, low)?,
        codes: &[],
        properties: &[],
    })
}

/// The packets that `connack` lets pass, with the first byte of the fixed header, which `mqttbytes` skips (§3.2.2.3).
/// A copy of what arrived would be a `Bytes` of a kind whose methods are half a KiB of the wasm.
static CONNACKS: [[u8; 3]; 7] = [
    [0x20, 0, 0],
    [0x20, 1, 0],
    [0x20, 0, 1],
    [0x20, 0, 2],
    [0x20, 0, 3],
    [0x20, 0, 4],
    [0x20, 0, 5],
];

/// The CONNACK with this body, as `mqttbytes` reads it.
fn known(body: &[u8]) -> Option<v4::ConnAck> {
    let packet = CONNACKS.iter().find(|packet| packet[1..] == *body)?;
    let header = FixedHeader::new(packet[0], 0, body.len());
    v4::ConnAck::read(header, Bytes::from_static(packet)).ok()
}
