//! MQTT 3.1.1: every packet but PUBLISH.
//!
//! Reads what a server sends and writes what a client sends; no other direction exists here.
//! `mqttbytes` reads CONNACK, SUBACK and UNSUBACK and writes SUBSCRIBE and UNSUBSCRIBE, behind
//! guards for what it lets through. By hand: the four acks of a PUBLISH, because they are the
//! hot path, and CONNECT, because the crate cannot express an empty or binary password.
//!
//! Never checks user input (the engine has done so) and never compares with what was asked: that
//! a SUBACK has as many codes as its SUBSCRIBE filters, the engine sees to.

use super::frame::write_remaining_length;
use super::Malformed;
use bytes::{Bytes, BytesMut};
use mqttbytes::{v4, FixedHeader};

const LONGEST: usize = 65_535;

/// A packet from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    ConnAck { session_present: bool, code: u8 },
    PubAck(u16),
    PubRec(u16),
    PubRel(u16),
    PubComp(u16),
    SubAck { pid: u16, codes: Vec<u8> },
    UnsubAck(u16),
    PingResp,
}

/// Reads the body of any packet but PUBLISH.
pub fn decode(first: u8, body: &[u8]) -> Result<Packet, Malformed> {
    match first {
        0x40 => pid(body).map(Packet::PubAck),
        0x50 => pid(body).map(Packet::PubRec),
        0x62 => pid(body).map(Packet::PubRel),
        0x70 => pid(body).map(Packet::PubComp),
        0x20 => connack(first, body),
        0x90 => suback(first, body),
        0xb0 => unsuback(first, body),
        0xd0 if body.is_empty() => Ok(Packet::PingResp),
        0xd0 => Err(Malformed("a PINGRESP has a body")),
        _ => Err(Malformed("the first byte is of no packet a server sends")),
    }
}

/// A body that is a packet id and nothing else.
fn pid(body: &[u8]) -> Result<u16, Malformed> {
    match *body {
        [0, 0] => Err(Malformed("a packet id is 0 [MQTT-2.3.1-1]")),
        [high, low] => Ok(u16::from_be_bytes([high, low])),
        _ => Err(Malformed("an acknowledgement is not two bytes long")),
    }
}

fn connack(first: u8, body: &[u8]) -> Result<Packet, Malformed> {
    match *body {
        [flags, _] if flags > 1 => Err(Malformed("reserved flags of a CONNACK are set [MQTT-3.2.2-1]")),
        [1, code] if code != 0 => Err(Malformed(
            "a CONNACK refuses and says session present [MQTT-3.2.2-4]",
        )),
        [_, _] => match read(v4::ConnAck::read, first, body) {
            Some(packet) => Ok(Packet::ConnAck {
                session_present: packet.session_present,
                code: packet.code as u8,
            }),
            None => Err(Malformed("the return code of a CONNACK is unknown")),
        },
        _ => Err(Malformed("a CONNACK is not two bytes long")),
    }
}

fn suback(first: u8, body: &[u8]) -> Result<Packet, Malformed> {
    let pid = match body {
        [a, b, _, ..] => pid(&[*a, *b])?,
        _ => return Err(Malformed("a SUBACK has no return code")),
    };
    match read(v4::SubAck::read, first, body) {
        Some(packet) => Ok(Packet::SubAck {
            pid,
            codes: packet.return_codes.into_iter().map(code).collect(),
        }),
        None => Err(Malformed("a return code of a SUBACK is reserved [MQTT-3.9.3-2]")),
    }
}

fn code(code: v4::SubscribeReasonCode) -> u8 {
    match code {
        v4::SubscribeReasonCode::Success(qos) => qos as u8,
        v4::SubscribeReasonCode::Failure => 0x80,
    }
}

fn unsuback(first: u8, body: &[u8]) -> Result<Packet, Malformed> {
    pid(body)?;
    match read(v4::UnsubAck::read, first, body) {
        Some(packet) => Ok(Packet::UnsubAck(packet.pkid)),
        None => Err(Malformed("an UNSUBACK cannot be read")),
    }
}

/// Hands a body to `mqttbytes`. It skips a fixed header that must be there, one byte at least.
fn read<T>(
    reader: fn(FixedHeader, Bytes) -> Result<T, mqttbytes::Error>,
    first: u8,
    body: &[u8],
) -> Option<T> {
    let mut packet = BytesMut::with_capacity(1 + body.len());
    packet.extend_from_slice(&[first]);
    packet.extend_from_slice(body);
    reader(FixedHeader::new(first, 0, body.len()), packet.freeze()).ok()
}

/// The message the server publishes when the connection breaks.
#[derive(Clone, Copy)]
pub struct Will<'a> {
    pub topic: &'a str,
    pub payload: &'a [u8],
    pub qos: u8,
    pub retain: bool,
}

/// What CONNECT says. Not `Debug`: it holds a password.
#[derive(Clone, Copy)]
pub struct Connect<'a> {
    pub client_id: &'a str,
    pub clean_session: bool,
    pub keepalive: u16,
    pub will: Option<Will<'a>>,
    pub username: Option<&'a str>,
    /// Left out when there is no user name: 3.1.1 forbids it [MQTT-3.1.2-22].
    pub password: Option<&'a [u8]>,
}

/// Appends a CONNECT. The caller has checked the fields; when one is longer than 65,535 bytes
/// or the will's QoS is over 2, nothing is written.
pub fn connect(out: &mut Vec<u8>, c: &Connect<'_>) {
    let mut flags = u8::from(c.clean_session) << 1;
    let mut fields: [Option<&[u8]>; 5] = [Some(c.client_id.as_bytes()), None, None, None, None];
    if let Some(will) = &c.will {
        if will.qos > 2 {
            return;
        }
        flags |= 0x04 | will.qos << 3 | u8::from(will.retain) << 5;
        fields[1] = Some(will.topic.as_bytes());
        fields[2] = Some(will.payload);
    }
    if let Some(username) = c.username {
        flags |= 0x80;
        fields[3] = Some(username.as_bytes());
        fields[4] = c.password;
        flags |= u8::from(c.password.is_some()) << 6;
    }
    let mut body = 10;
    for field in fields.iter().flatten() {
        if field.len() > LONGEST {
            return;
        }
        body += 2 + field.len();
    }

    out.reserve(5 + body);
    out.push(0x10);
    write_remaining_length(out, body);
    out.extend_from_slice(b"\x00\x04MQTT\x04");
    out.push(flags);
    out.extend_from_slice(&c.keepalive.to_be_bytes());
    for field in fields.iter().flatten() {
        out.extend_from_slice(&(field.len() as u16).to_be_bytes());
        out.extend_from_slice(field);
    }
}

/// The acknowledgements of a PUBLISH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ack {
    PubAck,
    PubRec,
    PubRel,
    PubComp,
}

/// Appends an acknowledgement.
pub fn ack(out: &mut Vec<u8>, kind: Ack, pid: u16) {
    let first = match kind {
        Ack::PubAck => 0x40,
        Ack::PubRec => 0x50,
        Ack::PubRel => 0x62,
        Ack::PubComp => 0x70,
    };
    let [high, low] = pid.to_be_bytes();
    out.extend_from_slice(&[first, 2, high, low]);
}

/// Appends a SUBSCRIBE. The caller has checked the filters; for none, one longer than 65,535
/// bytes, a QoS over 2 or a packet that is too large nothing is written.
pub fn subscribe(out: &mut Vec<u8>, pid: u16, filters: &[(&str, u8)]) {
    let mut list = Vec::with_capacity(filters.len());
    for &(filter, qos) in filters {
        match mqttbytes::qos(qos) {
            Ok(qos) if filter.len() <= LONGEST => {
                list.push(v4::SubscribeFilter::new(filter.into(), qos));
            }
            _ => return,
        }
    }
    if list.is_empty() {
        return;
    }
    let mut packet = v4::Subscribe::new_many(list);
    packet.pkid = pid;
    let mut written = BytesMut::with_capacity(5 + packet.len());
    if packet.write(&mut written).is_ok() {
        out.extend_from_slice(&written);
    }
}

/// Appends an UNSUBSCRIBE. The caller has checked the filters; for none, one longer than 65,535
/// bytes or a packet that is too large nothing is written.
pub fn unsubscribe(out: &mut Vec<u8>, pid: u16, filters: &[&str]) {
    if filters.is_empty() || filters.iter().any(|filter| filter.len() > LONGEST) {
        return;
    }
    let packet = v4::Unsubscribe {
        pkid: pid,
        topics: filters.iter().map(|&filter| filter.into()).collect(),
    };
    let mut written = BytesMut::new();
    if packet.write(&mut written).is_ok() {
        out.extend_from_slice(&written);
    }
}

/// Appends a PINGREQ.
pub fn pingreq(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0xc0, 0]);
}

/// Appends a DISCONNECT.
pub fn disconnect(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0xe0, 0]);
}
