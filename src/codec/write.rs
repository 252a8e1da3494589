//! What a client sends, both versions, by hand: every packet but PUBLISH. One writer for both is a few
//! lines more than one, and `mqttbytes` can express neither an empty or binary password nor MQTT 5's
//! reasons without loss.
//!
//! Never checks user input (the engine has done so); what cannot be written is not written at all,
//! because a truncated length would garble all that follows.

use super::frame::{write_remaining_length, MAX_REMAINING_LENGTH};
use super::property::{put_bytes, put_u16, LONGEST};
use super::{Ack, Version};

/// The message the server publishes when the connection breaks.
#[derive(Clone, Copy)]
pub struct Will<'a> {
    pub topic: &'a str,
    pub payload: &'a [u8],
    pub qos: u8,
    pub retain: bool,
    pub properties: &'a [u8],
}

/// What CONNECT says. Not `Debug`: it holds a password.
#[derive(Clone, Copy)]
pub struct Connect<'a> {
    pub version: Version,
    pub client_id: &'a str,
    /// Clean Start in MQTT 5.
    pub clean_session: bool,
    pub keepalive: u16,
    pub properties: &'a [u8],
    pub will: Option<Will<'a>>,
    pub username: Option<&'a str>,
    /// In 3.1.1 left out when there is no user name [MQTT-3.1.2-22].
    pub password: Option<&'a [u8]>,
}

/// Appends a CONNECT (§3.1).
pub fn connect(out: &mut Vec<u8>, c: &Connect<'_>) {
    let mut flags = u8::from(c.clean_session) << 1;
    let mut body = Vec::with_capacity(64);
    body.extend_from_slice(b"\x00\x04MQTT");
    body.extend_from_slice(&[c.version as u8, 0]);
    put_u16(&mut body, c.keepalive);
    put_list(&mut body, c.version, c.properties);
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
    }
    if c.username.is_some() || c.version == Version::V5 {
        fields[4] = c.password;
        flags |= u8::from(c.password.is_some()) << 6;
    }
    body[7] = flags;
    for (at, field) in fields.iter().enumerate() {
        let Some(field) = field else { continue };
        if field.len() > LONGEST {
            return;
        }
        if let (1, Some(will)) = (at, &c.will) {
            put_list(&mut body, c.version, will.properties);
        }
        put_bytes(&mut body, field);
    }
    packet(out, 0x10, &body);
}

/// Appends an acknowledgement.
pub fn ack(out: &mut Vec<u8>, kind: Ack, pid: u16) {
    let [high, low] = pid.to_be_bytes();
    out.extend_from_slice(&[first(kind), 2, high, low]);
}

/// Appends an acknowledgement with a reason, MQTT 5.
pub fn ack_because(out: &mut Vec<u8>, kind: Ack, pid: u16, reason: u8) {
    let [high, low] = pid.to_be_bytes();
    out.extend_from_slice(&[first(kind), 3, high, low, reason]);
}

fn first(kind: Ack) -> u8 {
    match kind {
        Ack::PubAck => 0x40,
        Ack::PubRec => 0x50,
        Ack::PubRel => 0x62,
        Ack::PubComp => 0x70,
    }
}

/// Appends a SUBSCRIBE (§3.8): filters with their options.
pub fn subscribe<'a>(
    out: &mut Vec<u8>,
    version: Version,
    pid: u16,
    properties: &[u8],
    filters: impl Iterator<Item = (&'a str, u8)>,
) {
    let mut body = begin(version, pid, properties);
    let none = body.len();
    for (filter, options) in filters {
        if filter.len() > LONGEST {
            return;
        }
        put_bytes(&mut body, filter.as_bytes());
        body.push(options);
    }
    if body.len() > none {
        packet(out, 0x82, &body);
    }
}

/// Appends an UNSUBSCRIBE (§3.10).
pub fn unsubscribe<'a>(
    out: &mut Vec<u8>,
    version: Version,
    pid: u16,
    properties: &[u8],
    filters: impl Iterator<Item = &'a str>,
) {
    let mut body = begin(version, pid, properties);
    let none = body.len();
    for filter in filters {
        if filter.len() > LONGEST {
            return;
        }
        put_bytes(&mut body, filter.as_bytes());
    }
    if body.len() > none {
        packet(out, 0xa2, &body);
    }
}

/// Appends a PINGREQ.
pub fn pingreq(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0xc0, 0]);
}

/// Appends a DISCONNECT; reason and properties are MQTT 5's.
pub fn disconnect(out: &mut Vec<u8>, version: Version, reason: u8, properties: &[u8]) {
    match version {
        Version::V4 => out.extend_from_slice(&[0xe0, 0]),
        Version::V5 => because(out, 0xe0, reason, properties),
    }
}

/// Appends an AUTH (§3.15).
pub fn auth(out: &mut Vec<u8>, reason: u8, properties: &[u8]) {
    because(out, 0xf0, reason, properties);
}

/// A reason and properties, each left out where nothing is lost by it.
#[inline(never)]
fn because(out: &mut Vec<u8>, first: u8, reason: u8, properties: &[u8]) {
    let mut body = Vec::new();
    if reason != 0 || !properties.is_empty() {
        body.push(reason);
    }
    if !properties.is_empty() {
        put_list(&mut body, Version::V5, properties);
    }
    packet(out, first, &body);
}

#[inline(never)]
fn begin(version: Version, pid: u16, properties: &[u8]) -> Vec<u8> {
    let mut body = pid.to_be_bytes().to_vec();
    put_list(&mut body, version, properties);
    body
}

/// A list with its length, where the version has such.
pub(super) fn put_list(out: &mut Vec<u8>, version: Version, properties: &[u8]) {
    if version == Version::V5 {
        write_remaining_length(out, properties.len());
        out.extend_from_slice(properties);
    }
}

#[inline(never)]
fn packet(out: &mut Vec<u8>, first: u8, body: &[u8]) {
    if body.len() > MAX_REMAINING_LENGTH {
        return;
    }
    out.push(first);
    write_remaining_length(out, body.len());
    out.extend_from_slice(body);
}
