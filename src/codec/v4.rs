//! CONNACK, SUBACK and UNSUBACK of MQTT 3.1.1, read by `mqttbytes` behind guards for what it lets
//! through.
//!
//! Never compares with what was asked: that a SUBACK has as many codes as its SUBSCRIBE filters, the
//! engine sees to.

use super::{malformed, pid, protocol, Malformed, Packet};
use bytes::Bytes;
use mqttbytes::{v4, FixedHeader};

pub(super) fn decode(first: u8, body: &[u8]) -> Result<Packet<'_>, Malformed> {
    match first {
        0x20 => connack(first, body),
        0x90 => suback(first, body),
        0xb0 => unsuback(first, body),
        0xd0 => Err(malformed!("a PINGRESP has a body")),
        _ => Err(malformed!("the first byte is of no packet a server sends")),
    }
}

fn connack(first: u8, body: &[u8]) -> Result<Packet<'_>, Malformed> {
    match *body {
        [flags, _] if flags > 1 => Err(malformed!("reserved flags of a CONNACK are set [MQTT-3.2.2-1]")),
        [1, code] if code != 0 => Err(protocol!(
            "a CONNACK refuses and says session present [MQTT-3.2.2-4]",
        )),
        [_, _] => match read(v4::ConnAck::read, first, body) {
            Some(packet) => Ok(Packet::ConnAck {
                session_present: packet.session_present,
                reason: packet.code as u8,
                properties: &[],
            }),
            None => Err(malformed!("the return code of a CONNACK is unknown")),
        },
        _ => Err(malformed!("a CONNACK is not two bytes long")),
    }
}

fn suback(first: u8, body: &[u8]) -> Result<Packet<'_>, Malformed> {
    let &[high, low, _, ..] = body else {
        return Err(malformed!("a SUBACK has no return code"));
    };
    let pid = pid(high, low)?;
    match read(v4::SubAck::read, first, body) {
        Some(_) => Ok(Packet::SubAck {
            pid,
            codes: &body[2..],
            properties: &[],
        }),
        None => Err(malformed!("a return code of a SUBACK is reserved [MQTT-3.9.3-2]")),
    }
}

fn unsuback(first: u8, body: &[u8]) -> Result<Packet<'_>, Malformed> {
    let read = read(v4::UnsubAck::read, first, body).filter(|_| body.len() == 2);
    match read {
        Some(packet) if packet.pkid != 0 => Ok(Packet::UnsubAck {
            pid: packet.pkid,
            codes: &[],
            properties: &[],
        }),
        Some(_) => Err(protocol!("a packet id is 0 [MQTT-2.3.1-1]")),
        None => Err(malformed!("an UNSUBACK is not two bytes long")),
    }
}

/// Hands a body to `mqttbytes`. It skips a fixed header that must be there, one byte at least.
fn read<T>(
    reader: fn(FixedHeader, Bytes) -> Result<T, mqttbytes::Error>,
    first: u8,
    body: &[u8],
) -> Option<T> {
    let packet = Bytes::from([&[first], body].concat());
    reader(FixedHeader::new(first, 0, body.len()), packet).ok()
}
