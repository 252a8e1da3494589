//! Writes every packet that a client sends except PUBLISH, both versions, by hand: `mqttbytes` can express neither an
//! empty or binary password nor MQTT 5's reason codes without loss.
//!
//! Nothing is written of a packet that the specification does not allow: no filters, a string that is too long, a
//! property that may not appear there. The engine refuses such input before, with an error; a truncated length here
//! would garble all that follows. Tests: agreement.rs.

use super::frame::MAX_REMAINING_LENGTH;
use super::packet::Ack;
use super::packet_id::PacketId;
use super::packet_type::PacketType;
use super::properties::{check, Place};
use super::reason_code::ReasonCode;
use super::strings::{self, write_u16, MAX_LENGTH};
use super::varint;
use super::version::Version;

/// The message the server publishes when the connection breaks.
#[derive(Clone, Copy)]
pub struct Will<'a> {
    /// Where it is published.
    pub topic: &'a str,
    /// The application message.
    pub payload: &'a [u8],
    /// 0, 1 or 2.
    pub qos: u8,
    /// Whether the server is to retain it.
    pub retain: bool,
    /// An encoded list, MQTT 5.
    pub properties: &'a [u8],
}

/// The content of CONNECT. Not `Debug`: it holds a password.
#[derive(Clone, Copy)]
pub struct Connect<'a> {
    /// The version that the connection is to speak.
    pub version: Version,
    /// May be empty.
    pub client_id: &'a str,
    /// Clean Start in MQTT 5.
    pub clean_session: bool,
    /// In seconds; 0 turns it off.
    pub keepalive: u16,
    /// An encoded list, MQTT 5.
    pub properties: &'a [u8],
    /// None: no will.
    pub will: Option<Will<'a>>,
    /// None: no user name, which is not an empty one.
    pub username: Option<&'a str>,
    /// In 3.1.1 left out when there is no user name [MQTT-3.1.2-22].
    pub password: Option<&'a [u8]>,
}

/// Appends a CONNECT (§3.1).
pub fn connect(out: &mut Vec<u8>, c: &Connect<'_>) {
    if let Some(body) = connect_body(c) {
        packet(out, PacketType::Connect, &body);
    }
}

fn connect_body(c: &Connect<'_>) -> Option<Vec<u8>> {
    let mut flags = u8::from(c.clean_session) << 1;
    let mut body = Vec::with_capacity(64);
    body.extend_from_slice(b"\x00\x04MQTT");
    body.extend_from_slice(&[c.version as u8, 0]);
    write_u16(&mut body, c.keepalive);
    write_list(&mut body, c.version, c.properties, Place::Connect)?;
    let mut fields: [Option<&[u8]>; 5] = [Some(c.client_id.as_bytes()), None, None, None, None];
    if let Some(will) = &c.will {
        if will.qos > 2 {
            return None;
        }
        flags |= 0x04 | will.qos << 3 | u8::from(will.retain) << 5;
        fields[1] = Some(will.topic.as_bytes());
        fields[2] = Some(will.payload);
    }
    if let Some(username) = c.username {
        flags |= 0x80;
        fields[3] = Some(username.as_bytes());
    }
    if c.username.is_some() || c.version == Version::V5 {
        fields[4] = c.password;
        flags |= u8::from(c.password.is_some()) << 6;
    }
    body[7] = flags;
    for (at, field) in fields.iter().enumerate() {
        let Some(field) = field else { continue };
        if let (1, Some(will)) = (at, &c.will) {
            write_list(&mut body, c.version, will.properties, Place::Will)?;
        }
        write_field(&mut body, field)?;
    }
    Some(body)
}

/// Appends an acknowledgement.
#[cfg_attr(small_code, optimize(speed))]
pub fn ack(out: &mut Vec<u8>, kind: Ack, packet_id: PacketId) {
    let [high, low] = packet_id.get().to_be_bytes();
    out.extend_from_slice(&[kind.packet_type().first_byte(), 2, high, low]);
}

/// Appends a PUBACK for each identifier; returns how many.
#[inline(always)]
pub fn pubacks(out: &mut Vec<u8>, ids: impl ExactSizeIterator<Item = PacketId>) -> usize {
    let (from, count) = (out.len(), ids.len());
    out.resize(from + 4 * count, 0);
    for (place, id) in out[from..].chunks_exact_mut(4).zip(ids) {
        let [high, low] = id.get().to_be_bytes();
        place.copy_from_slice(&[PacketType::PubAck.first_byte(), 2, high, low]);
    }
    count
}

/// Appends an acknowledgement with a reason code, MQTT 5.
pub fn ack_with_reason(out: &mut Vec<u8>, kind: Ack, packet_id: PacketId, reason: ReasonCode) {
    let [high, low] = packet_id.get().to_be_bytes();
    out.extend_from_slice(&[kind.packet_type().first_byte(), 3, high, low, reason.0]);
}

/// Appends an acknowledgement with a reason code and properties, MQTT 5.
pub fn ack_with_properties(
    out: &mut Vec<u8>,
    kind: Ack,
    packet_id: PacketId,
    reason: ReasonCode,
    list: &[u8],
) {
    let [high, low] = packet_id.get().to_be_bytes();
    let mut body = vec![high, low, reason.0];
    varint::write(&mut body, list.len());
    body.extend_from_slice(list);
    packet(out, kind.packet_type(), &body);
}

/// Appends a SUBSCRIBE (§3.8): filters with their options.
pub fn subscribe<'a>(
    out: &mut Vec<u8>,
    version: Version,
    packet_id: PacketId,
    properties: &[u8],
    filters: impl Iterator<Item = (&'a str, u8)>,
) {
    let mut filters = filters.map(|(filter, options)| (filter, Some(options)));
    if let Some(body) = filter_list(version, packet_id, properties, Place::Subscribe, &mut filters) {
        packet(out, PacketType::Subscribe, &body);
    }
}

/// Appends an UNSUBSCRIBE (§3.10).
pub fn unsubscribe<'a>(
    out: &mut Vec<u8>,
    version: Version,
    packet_id: PacketId,
    properties: &[u8],
    filters: impl Iterator<Item = &'a str>,
) {
    let mut filters = filters.map(|filter| (filter, None));
    if let Some(body) = filter_list(version, packet_id, properties, Place::Unsubscribe, &mut filters) {
        packet(out, PacketType::Unsubscribe, &body);
    }
}

/// The body of SUBSCRIBE and UNSUBSCRIBE; none if it has no filter.
fn filter_list(
    version: Version,
    packet_id: PacketId,
    properties: &[u8],
    place: Place,
    filters: &mut dyn Iterator<Item = (&str, Option<u8>)>,
) -> Option<Vec<u8>> {
    let mut body = packet_id.get().to_be_bytes().to_vec();
    write_list(&mut body, version, properties, place)?;
    let empty = body.len();
    for (filter, options) in filters {
        write_field(&mut body, filter.as_bytes())?;
        if let Some(options) = options {
            body.push(options);
        }
    }
    Some(body).filter(|body| body.len() > empty)
}

/// Appends a PINGREQ.
pub fn pingreq(out: &mut Vec<u8>) {
    out.extend_from_slice(&[PacketType::PingReq.first_byte(), 0]);
}

/// Appends a DISCONNECT (§3.14). In 3.1.1 it has neither reason code nor properties.
pub fn disconnect(out: &mut Vec<u8>, version: Version, reason: ReasonCode, properties: &[u8]) {
    match version {
        Version::V4 => out.extend_from_slice(&[PacketType::Disconnect.first_byte(), 0]),
        Version::V5 => with_reason(out, PacketType::Disconnect, reason, properties, Place::Disconnect),
    }
}

/// Appends an AUTH (§3.15), MQTT 5.
pub fn auth(out: &mut Vec<u8>, reason: ReasonCode, properties: &[u8]) {
    with_reason(out, PacketType::Auth, reason, properties, Place::Auth);
}

/// A packet of a reason code and properties, each left out where that changes nothing.
#[inline(never)]
fn with_reason(
    out: &mut Vec<u8>,
    packet_type: PacketType,
    reason: ReasonCode,
    properties: &[u8],
    place: Place,
) {
    let mut body = Vec::new();
    if reason != ReasonCode::SUCCESS || !properties.is_empty() {
        body.push(reason.0);
    }
    if properties.is_empty() || write_list(&mut body, Version::V5, properties, place).is_some() {
        packet(out, packet_type, &body);
    }
}

/// Appends a list with its length, where the version has lists. None: it may not appear there.
#[inline(never)]
fn write_list(out: &mut Vec<u8>, version: Version, properties: &[u8], place: Place) -> Option<()> {
    if version == Version::V5 {
        check(properties, place).ok()?;
        varint::write(out, properties.len());
        out.extend_from_slice(properties);
    }
    Some(())
}

/// Appends a string or binary data. None: it is too long.
fn write_field(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    if bytes.len() > MAX_LENGTH {
        return None;
    }
    strings::write(out, bytes);
    Some(())
}

#[inline(never)]
fn packet(out: &mut Vec<u8>, packet_type: PacketType, body: &[u8]) {
    if body.len() > MAX_REMAINING_LENGTH {
        return;
    }
    out.push(packet_type.first_byte());
    varint::write(out, body.len());
    out.extend_from_slice(body);
}
