//! What only MQTT 5 has in the packets of a server: reason codes and properties. By hand, because
//! the decoder of `mqttbytes` corrupts or rejects valid packets, and a guard that makes it safe has to
//! walk every property anyway.

use super::property::{place, split};
use super::{malformed, pid, protocol, Ack, Malformed, Packet};

/// What CONNACK may say (§3.2.2.2), beside success.
const CONNACK: [u8; 21] = [
    0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a,
    0x9b, 0x9c, 0x9d, 0x9f,
];
/// PUBACK and PUBREC (§3.4.2.1).
const PUBLISHED: [u8; 9] = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
/// PUBREL and PUBCOMP (§3.6.2.1).
const RELEASED: [u8; 2] = [0x00, 0x92];
const SUBACK: [u8; 12] = [0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2];
const UNSUBACK: [u8; 7] = [0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91];
/// What a server's DISCONNECT may say (§3.14.2.1).
const DISCONNECT: [u8; 28] = [
    0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97,
    0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
];
/// Success and Continue authentication; only a client re-authenticates (§3.15.2.1).
const AUTH: [u8; 2] = [0x00, 0x18];

const SHORT: Malformed = malformed!("a packet ends too early");

pub(super) fn decode(first: u8, body: &[u8]) -> Result<Packet<'_>, Malformed> {
    match first {
        0x20 => connack(body),
        0x90 | 0xb0 => {
            let &[high, low, ref rest @ ..] = body else {
                return Err(SHORT);
            };
            let pid = pid(high, low)?;
            let (properties, codes) = split(rest, place::ACK)?;
            if codes.is_empty() {
                return Err(protocol!("a SUBACK or UNSUBACK has no reason code"));
            }
            let known: &[u8] = if first == 0x90 { &SUBACK } else { &UNSUBACK };
            for &code in codes {
                check_reason(code, known)?;
            }
            Ok(match first {
                0x90 => Packet::SubAck {
                    pid,
                    codes,
                    properties,
                },
                _ => Packet::UnsubAck {
                    pid,
                    codes,
                    properties,
                },
            })
        }
        0xe0 => {
            let (reason, properties) = reason(body, &DISCONNECT, place::DISCONNECTED)?;
            Ok(Packet::Disconnect { reason, properties })
        }
        0xf0 => {
            let (reason, properties) = reason(body, &AUTH, place::AUTH)?;
            Ok(Packet::Auth { reason, properties })
        }
        _ => Err(malformed!("the first byte is of no packet a server sends")),
    }
}

/// An acknowledgement behind its packet id.
pub(super) fn ack(kind: Ack, pid: u16, rest: &[u8]) -> Result<Packet<'_>, Malformed> {
    let known: &[u8] = match kind {
        Ack::PubAck | Ack::PubRec => &PUBLISHED,
        Ack::PubRel | Ack::PubComp => &RELEASED,
    };
    let (reason, properties) = reason(rest, known, place::ACK)?;
    Ok(Packet::Ack {
        kind,
        pid,
        reason,
        properties,
    })
}

fn connack(body: &[u8]) -> Result<Packet<'_>, Malformed> {
    let (session_present, code, properties) = match *body {
        // A server that knows no MQTT 5 says so in the words of 3.1.1 (its return code 1).
        [0, 1] => (false, 0x84, &[][..]),
        [flags, code, _, ..] => {
            let (properties, rest) = split(&body[2..], place::CONNACK)?;
            if !rest.is_empty() {
                return Err(LONG);
            }
            if flags > 1 {
                return Err(malformed!("reserved flags of a CONNACK are set [MQTT-3.2.2-1]"));
            }
            (flags == 1, code, properties)
        }
        _ => return Err(SHORT),
    };
    if code != 0 {
        check_reason(code, &CONNACK)?;
        if session_present {
            return Err(protocol!(
                "a CONNACK refuses and says session present [MQTT-3.2.2-6]",
            ));
        }
    }
    Ok(Packet::ConnAck {
        session_present,
        reason: code,
        properties,
    })
}

const LONG: Malformed = malformed!("a packet goes on after its end");

/// A reason code and a list, both of which may be left out at the end.
fn reason<'a>(rest: &'a [u8], known: &[u8], place: u16) -> Result<(u8, &'a [u8]), Malformed> {
    let Some((&code, rest)) = rest.split_first() else {
        return Ok((0, &[]));
    };
    check_reason(code, known)?;
    if rest.is_empty() {
        return Ok((code, &[]));
    }
    match split(rest, place)? {
        (properties, []) => Ok((code, properties)),
        _ => Err(LONG),
    }
}

fn check_reason(code: u8, known: &[u8]) -> Result<(), Malformed> {
    if !known.iter().all(|&one| one != code) {
        return Ok(());
    }
    Err(protocol!("a reason code does not exist, or not in this packet"))
}
