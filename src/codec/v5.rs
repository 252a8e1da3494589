//! Reads the packets of an MQTT 5 server other than PUBLISH: reason codes and properties. By hand, because the decoder of
//! `mqttbytes` corrupts or rejects valid packets, and a guard that makes it safe has to walk every property anyway.
//! Tests: tests.rs, and the engine's tests of MQTT 5.

use super::decode_error::{malformed, protocol_error, DecodeError};
use super::packet::{Ack, Packet};
use super::packet_id::PacketId;
use super::packet_type::PacketType;
use super::properties::{split, Place};
use super::reason_code::{allowed_in, ReasonCode};

const TOO_SHORT: DecodeError = malformed!("a packet ends too early");
const TOO_LONG: DecodeError = malformed!("a packet goes on after its end");

pub(super) fn decode(packet_type: PacketType, body: &[u8]) -> Result<Packet<'_>, DecodeError> {
    match packet_type {
        PacketType::ConnAck => connack(body),
        PacketType::SubAck => {
            let (packet_id, codes, properties) = codes(body, allowed_in::SUBACK)?;
            Ok(Packet::SubAck {
                packet_id,
                codes,
                properties,
            })
        }
        PacketType::UnsubAck => {
            let (packet_id, codes, properties) = codes(body, allowed_in::UNSUBACK)?;
            Ok(Packet::UnsubAck {
                packet_id,
                codes,
                properties,
            })
        }
        PacketType::Disconnect => {
            let (reason, properties) = reason(body, allowed_in::DISCONNECT, Place::ReceivedDisconnect)?;
            Ok(Packet::Disconnect { reason, properties })
        }
        PacketType::Auth => {
            let (reason, properties) = reason(body, allowed_in::AUTH, Place::Auth)?;
            Ok(Packet::Auth { reason, properties })
        }
        _ => Err(malformed!("a server never sends a packet of this type")),
    }
}

/// An acknowledgement of a PUBLISH behind its packet identifier.
pub(super) fn ack(kind: Ack, packet_id: PacketId, rest: &[u8]) -> Result<Packet<'_>, DecodeError> {
    let known = match (kind, rest) {
        // A refusal, whatever its code: mosquitto has 0x95 for a payload above its message_size_limit.
        (Ack::PubAck | Ack::PubRec, [code, ..]) if *code >= 0x80 => std::slice::from_ref(code),
        (Ack::PubAck, _) => allowed_in::PUBACK,
        (Ack::PubRec, _) => allowed_in::PUBREC,
        (Ack::PubRel, _) => allowed_in::PUBREL,
        (Ack::PubComp, _) => allowed_in::PUBCOMP,
    };
    let (reason, properties) = reason(rest, known, Place::Ack)?;
    Ok(Packet::Ack {
        kind,
        packet_id,
        reason,
        properties,
    })
}

fn connack(body: &[u8]) -> Result<Packet<'_>, DecodeError> {
    let (session_present, code, properties) = match *body {
        // A server that does not support MQTT 5 answers as in 3.1.1, without properties.
        [_, _] => (false, ReasonCode::UNSUPPORTED_PROTOCOL_VERSION.0, &[][..]),
        [flags, code, _, ..] => {
            let (properties, rest) = split(&body[2..], Place::ConnAck)?;
            if !rest.is_empty() {
                return Err(TOO_LONG);
            }
            if flags > 1 {
                return Err(malformed!("reserved flags of a CONNACK are set [MQTT-3.2.2-1]"));
            }
            (flags == 1, code, properties)
        }
        _ => return Err(TOO_SHORT),
    };
    let reason = check_reason(code, allowed_in::CONNACK)?;
    if session_present && reason != ReasonCode::SUCCESS {
        return Err(protocol_error!(
            "a CONNACK refuses and says session present [MQTT-3.2.2-6]",
        ));
    }
    Ok(Packet::ConnAck {
        session_present,
        reason,
        properties,
    })
}

/// The body of SUBACK and UNSUBACK: packet identifier, reason codes, properties.
fn codes<'a>(body: &'a [u8], known: &[u8]) -> Result<(PacketId, &'a [u8], &'a [u8]), DecodeError> {
    let &[high, low, ref rest @ ..] = body else {
        return Err(TOO_SHORT);
    };
    let packet_id = PacketId::read(high, low)?;
    let (properties, codes) = split(rest, Place::Ack)?;
    if codes.is_empty() {
        return Err(protocol_error!("a SUBACK or UNSUBACK has no reason code"));
    }
    for &code in codes {
        check_reason(code, known)?;
    }
    Ok((packet_id, codes, properties))
}

/// A reason code and a list, both of which may be left out at the end.
fn reason<'a>(rest: &'a [u8], known: &[u8], place: Place) -> Result<(ReasonCode, &'a [u8]), DecodeError> {
    let Some((&code, rest)) = rest.split_first() else {
        return Ok((ReasonCode::SUCCESS, &[]));
    };
    let reason = check_reason(code, known)?;
    if rest.is_empty() {
        return Ok((reason, &[]));
    }
    match split(rest, place)? {
        (properties, []) => Ok((reason, properties)),
        _ => Err(TOO_LONG),
    }
}

// `contains` searches by words: 200 bytes more to download.
#[allow(clippy::manual_contains)]
fn check_reason(code: u8, known: &[u8]) -> Result<ReasonCode, DecodeError> {
    if known.iter().any(|&one| one == code) {
        return Ok(ReasonCode(code));
    }
    Err(protocol_error!(
        "a reason code does not exist, or not in this packet"
    ))
}
