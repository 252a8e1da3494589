//! Reads the body of every packet but PUBLISH: what both versions share here, the rest in v4.rs and v5.rs.

use super::decode_error::{malformed, DecodeError};
use super::packet::{Ack, Packet};
use super::packet_id::PacketId;
use super::packet_type::PacketType;
use super::reason_code::ReasonCode;
use super::version::Version;
use super::{v4, v5};

/// Reads a body that follows a fixed header of this type. For a PUBLISH there is [`publish`](super::publish).
#[cfg_attr(small_code, optimize(speed))]
pub fn decode(version: Version, packet_type: PacketType, body: &[u8]) -> Result<Packet<'_>, DecodeError> {
    let kind = match packet_type {
        PacketType::PubAck => Ack::PubAck,
        PacketType::PubRec => Ack::PubRec,
        PacketType::PubRel => Ack::PubRel,
        PacketType::PubComp => Ack::PubComp,
        PacketType::PingResp if body.is_empty() => return Ok(Packet::PingResp),
        _ if version == Version::V5 => return v5::decode(packet_type, body),
        _ => return v4::decode(packet_type, body),
    };
    match *body {
        [high, low] => Ok(Packet::Ack {
            kind,
            packet_id: PacketId::read(high, low)?,
            reason: ReasonCode::SUCCESS,
            properties: &[],
        }),
        // Also in 3.1.1, where some brokers send the reason code of MQTT 5.
        [high, low, ..] => v5::ack(kind, PacketId::read(high, low)?, &body[2..]),
        _ => Err(malformed!("an acknowledgement has no packet identifier")),
    }
}
