//! PUBLISH, both directions: the hot path, by hand.
//!
//! Owns the layout of a PUBLISH, and patching one that is already encoded (DUP, packet id) so
//! that a resend needs no second encoding. Never allocates when it reads, never copies a
//! payload but into the outgoing buffer, never chooses a packet id.

use super::frame::{write_remaining_length, MAX_REMAINING_LENGTH};
use super::property::{number, place, put_u16, split, TOPIC_ALIAS};
use super::topic::check_name;
use super::{malformed, protocol, Malformed, Version};

const DUP: u8 = 0x08;
const QOS: u8 = 0x06;
const RETAIN: u8 = 0x01;

/// A PUBLISH that borrows from the bytes it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publish<'a> {
    /// Empty only in MQTT 5, where a topic alias stands for it.
    pub topic: &'a [u8],
    pub properties: &'a [u8],
    pub payload: &'a [u8],
    /// The packet id; 0 at QoS 0.
    pub pid: u16,
    pub qos: u8,
    pub retain: bool,
    pub dup: bool,
}

/// QoS 3 and DUP with QoS 0 do not exist.
pub(super) fn check_flags(first: u8) -> Result<(), Malformed> {
    match first & (QOS | DUP) {
        DUP => Err(malformed!("a PUBLISH has DUP with QoS 0 [MQTT-3.3.1-2]")),
        flags if flags & QOS == QOS => Err(malformed!("a PUBLISH has QoS 3 [MQTT-3.3.1-4]")),
        _ => Ok(()),
    }
}

/// Reads the body of a PUBLISH.
pub fn decode(version: Version, first: u8, body: &[u8]) -> Result<Publish<'_>, Malformed> {
    if first >> 4 != 3 {
        return Err(malformed!("this is not a PUBLISH"));
    }
    check_flags(first)?;
    let message = read(version, first, body)?;
    check_topic(message.topic)?;
    Ok(message)
}

/// Likewise, after `frame` has looked at the first byte, and for a caller that looks at the topic with `check_topic`
/// or knows it already.
#[inline(always)]
pub fn read(version: Version, first: u8, body: &[u8]) -> Result<Publish<'_>, Malformed> {
    let (message, rest) = head_of(first, body)?;
    if message.qos != 0 && message.pid == 0 {
        return Err(protocol!("a PUBLISH has packet id 0 [MQTT-2.3.1-1]"));
    }
    let (properties, payload) = match version {
        Version::V4 => (&[][..], rest),
        Version::V5 => split(rest, place::RECEIVED)?,
    };
    if message.topic.is_empty() && number(properties, TOPIC_ALIAS).is_none() {
        return Err(protocol!("the topic of a PUBLISH is empty [MQTT-4.7.3-1]"));
    }
    Ok(Publish {
        properties,
        payload,
        ..message
    })
}

/// Topic, packet id and flags, and what follows them.
fn head_of(first: u8, body: &[u8]) -> Result<(Publish<'_>, &[u8]), Malformed> {
    let (topic, rest) = body
        .split_first_chunk()
        .and_then(|(length, rest)| rest.split_at_checked(u16::from_be_bytes(*length).into()))
        .ok_or(malformed!("the topic of a PUBLISH passes the packet's end"))?;
    let qos = (first & QOS) >> 1;
    let (pid, rest) = match qos {
        0 => (0, rest),
        _ => match rest.split_first_chunk() {
            Some((pid, rest)) => (u16::from_be_bytes(*pid), rest),
            None => return Err(malformed!("a PUBLISH ends before its packet id")),
        },
    };
    let message = Publish {
        topic,
        properties: &[],
        payload: &[],
        pid,
        qos,
        retain: first & RETAIN != 0,
        dup: first & DUP != 0,
    };
    Ok((message, rest))
}

/// Of a PUBLISH of 3.1.1 whose body will have `whole` bytes: how many of them come before the payload, once so many
/// have arrived that `decode` can read them. `Ok(None)`: more bytes are needed.
pub fn head(first: u8, body: &[u8], whole: usize) -> Result<Option<usize>, Malformed> {
    let Some(length) = body.first_chunk() else {
        return Ok(None);
    };
    let pid = if first & QOS == 0 { 0 } else { 2 };
    let head = 2 + usize::from(u16::from_be_bytes(*length)) + pid;
    if head > whole {
        return Err(malformed!("the topic of a PUBLISH passes the packet's end"));
    }
    Ok(Some(head).filter(|&head| head <= body.len()))
}

/// The topic of a PUBLISH as text, if it may be one.
pub fn check_topic(topic: &[u8]) -> Result<&str, Malformed> {
    let topic = core::str::from_utf8(topic)
        .map_err(|_| malformed!("the topic of a PUBLISH is not UTF-8 [MQTT-1.5.3-1]"))?;
    // An empty one may stand for an alias.
    if !topic.is_empty() && check_name(topic).is_err() {
        return Err(malformed!(
            "a PUBLISH has a wildcard or control character in its topic",
        ));
    }
    Ok(topic)
}

/// What a PUBLISH says, but for its packet id. In 3.1.1 properties are left out.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    pub topic: &'a [u8],
    pub properties: &'a [u8],
    pub payload: &'a [u8],
    pub qos: u8,
    pub retain: bool,
    /// A topic alias to be written along with the properties, MQTT 5; 0: none.
    pub alias: u16,
}

/// The Remaining Length of a PUBLISH. It saturates, so that a comparison with a limit is right for every
/// length.
#[inline(always)]
pub fn remaining_length(version: Version, parts: &Parts<'_>) -> usize {
    let list = list_length(parts);
    let list = match (version, list) {
        (Version::V4, _) => 0,
        (_, 0..=0x7f) => list + 1,
        (_, 0x80..=0x3fff) => list + 2,
        (_, 0x4000..=0x1f_ffff) => list + 3,
        _ => list.saturating_add(4),
    };
    let pid = if parts.qos == 0 { 0 } else { 2 };
    let sizes = parts.topic.len().saturating_add(parts.payload.len());
    sizes.saturating_add(list).saturating_add(2 + pid)
}

fn list_length(parts: &Parts<'_>) -> usize {
    parts
        .properties
        .len()
        .saturating_add(if parts.alias == 0 { 0 } else { 3 })
}

/// Bytes of the whole packet.
pub fn size(version: Version, parts: &Parts<'_>) -> usize {
    let body = remaining_length(version, parts);
    let header = match body {
        0..=0x7f => 2,
        0x80..=0x3fff => 3,
        0x4000..=0x1f_ffff => 4,
        _ => 5,
    };
    body.saturating_add(header)
}

/// Appends a PUBLISH without DUP. The caller has checked the sizes (a topic of 65,535 bytes,
/// [`MAX_REMAINING_LENGTH`]) and the QoS; for what cannot be written nothing is, because a
/// truncated length would garble all that follows.
pub fn encode(out: &mut Vec<u8>, version: Version, parts: &Parts<'_>, pid: u16) {
    let body = remaining_length(version, parts);
    let Ok(length) = u16::try_from(parts.topic.len()) else {
        return;
    };
    if body > MAX_REMAINING_LENGTH || parts.qos > 2 {
        return;
    }
    out.reserve(5 + body);
    out.push(0x30 | parts.qos << 1 | u8::from(parts.retain));
    write_remaining_length(out, body);
    put_u16(out, length);
    out.extend_from_slice(parts.topic);
    if parts.qos != 0 {
        put_u16(out, pid);
    }
    if version == Version::V5 {
        write_remaining_length(out, list_length(parts));
        if parts.alias != 0 {
            out.push(TOPIC_ALIAS);
            put_u16(out, parts.alias);
        }
        out.extend_from_slice(parts.properties);
    }
    out.extend_from_slice(parts.payload);
}

/// What a whole encoded PUBLISH of ours says; none for anything else.
pub fn parts(version: Version, packet: &[u8]) -> Option<Parts<'_>> {
    let more = packet.iter().skip(1).position(|byte| byte & 0x80 == 0)?;
    let (message, rest) = head_of(*packet.first()?, packet.get(more + 2..)?).ok()?;
    let (properties, payload) = match version {
        Version::V4 => (&[][..], rest),
        Version::V5 => split(rest, place::PUBLISH).ok()?,
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

/// Marks an encoded PUBLISH as sent before. At QoS 0 there is no such thing.
pub fn set_dup(packet: &mut [u8]) {
    if qos(packet) != 0 {
        if let Some(first) = packet.first_mut() {
            *first |= DUP;
        }
    }
}

/// Makes an encoded PUBLISH a first attempt again.
pub fn clear_dup(packet: &mut [u8]) {
    if let Some(first @ 0x30..=0x3f) = packet.first_mut() {
        *first &= !DUP;
    }
}

/// Gives a whole encoded PUBLISH of QoS 1 or 2 another packet id.
pub fn set_pid(packet: &mut [u8], pid: u16) {
    if qos(packet) == 0 {
        return;
    }
    let header = match packet.iter().skip(1).position(|byte| byte & 0x80 == 0) {
        Some(more) => more + 2,
        None => return,
    };
    let Some(body) = packet.get_mut(header..) else {
        return;
    };
    let Some((length, rest)) = body.split_first_chunk_mut() else {
        return;
    };
    let topic = usize::from(u16::from_be_bytes(*length));
    if let Some(place) = rest.get_mut(topic..).and_then(|r| r.first_chunk_mut()) {
        *place = pid.to_be_bytes();
    }
}

/// The topic of a whole encoded PUBLISH; empty for anything else.
pub fn topic(packet: &[u8]) -> &[u8] {
    let header = packet.iter().skip(1).position(|byte| byte & 0x80 == 0);
    header
        .and_then(|more| packet.get(more + 2..)?.split_first_chunk())
        .and_then(|(length, rest)| rest.get(..u16::from_be_bytes(*length).into()))
        .unwrap_or_default()
}

/// The QoS of an encoded PUBLISH; 0 for anything else.
pub fn qos(packet: &[u8]) -> u8 {
    match packet.first() {
        Some(first @ 0x30..=0x3f) => (first & QOS) >> 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::frame;
    use super::*;

    fn encoded(topic: &str, payload: &[u8], qos: u8, retain: bool, pid: u16) -> Vec<u8> {
        let mut out = vec![0xee];
        let parts = Parts {
            topic: topic.as_bytes(),
            properties: &[],
            payload,
            qos,
            retain,
            alias: 0,
        };
        encode(&mut out, Version::V4, &parts, pid);
        assert_eq!(out.remove(0), 0xee);
        out
    }

    fn decoded(packet: &[u8]) -> Publish<'_> {
        let found = frame(packet, Version::V4).unwrap().unwrap();
        assert_eq!(found.total(), packet.len());
        decode(Version::V4, found.first, &packet[found.header..]).unwrap()
    }

    #[test]
    fn what_was_written_is_read() {
        let topic_65535 = "é".repeat(32_767) + "x";
        for topic in ["a", "a/b", "日本/x", &topic_65535] {
            for length in [0, 1, 121, 122, 123, 124, 125, 16_377, 16_384, 2_097_152] {
                let payload = vec![0xa5; length];
                for (qos, pid) in [(0, 0), (1, 1), (2, 65_535)] {
                    let packet = encoded(topic, &payload, qos, qos != 1, pid);
                    let whole = 2 + topic.len() + length + if qos == 0 { 0 } else { 2 };
                    assert_eq!(frame(&packet, Version::V4).unwrap().unwrap().body, whole);
                    let wanted = Publish {
                        topic: topic.as_bytes(),
                        properties: &[],
                        payload: &payload,
                        pid,
                        qos,
                        retain: qos != 1,
                        dup: false,
                    };
                    assert!(decoded(&packet) == wanted);
                    assert_eq!(super::topic(&packet), topic.as_bytes());
                }
            }
        }
    }

    #[test]
    fn patches_touch_nothing_else() {
        for (payload, qos) in [(0, 1), (200, 1), (20_000, 2)] {
            let before = encoded("a/b", &vec![7; payload], qos, true, 0x1234);
            let mut packet = before.clone();
            set_dup(&mut packet);
            assert!(decoded(&packet).dup);
            set_pid(&mut packet, 0xfedc);
            assert_eq!(decoded(&packet).pid, 0xfedc);
            assert_eq!(super::qos(&packet), qos);
            clear_dup(&mut packet);
            assert_eq!(packet, encoded("a/b", &vec![7; payload], qos, true, 0xfedc));
            set_pid(&mut packet, 0x1234);
            assert_eq!(packet, before);
        }
    }

    #[test]
    fn patches_leave_what_is_not_theirs() {
        let qos0 = encoded("a", b"payload", 0, false, 0);
        let cut = encoded("a/b", b"", 1, false, 9);
        for strange in [
            &qos0[..],
            &cut[..cut.len() - 1],
            &cut[..3],
            &cut[..1],
            &[0x32, 0x80, 0x80],
            &[0x62, 2, 0, 1],
            &[0x32, 5, 0xff, 0xff, 0, 0, 0],
            &[],
        ] {
            let mut packet = strange.to_vec();
            set_pid(&mut packet, 0xffff);
            clear_dup(&mut packet);
            assert_eq!(packet, strange);
        }
        for strange in [&qos0[..], &[0x62, 2, 0, 1], &[]] {
            let mut packet = strange.to_vec();
            set_dup(&mut packet);
            assert_eq!(packet, strange);
            assert_eq!(super::qos(&packet), 0);
        }
    }

    #[test]
    fn what_cannot_be_written_is_not() {
        assert!(encoded(&"a".repeat(65_536), b"", 0, false, 0).is_empty());
        assert!(encoded("a", b"", 3, false, 1).is_empty());
        assert!(encoded("a", &vec![0; MAX_REMAINING_LENGTH - 2], 0, false, 0).is_empty());
    }

    #[test]
    fn strangers_are_refused() {
        for (first, body) in [
            (0x30, &[][..]),
            (0x30, &[0]),
            (0x30, &[0, 0]),
            (0x30, &[0, 0, b'x']),
            (0x30, &[0, 2, b'a']),
            (0x30, &[0xff, 0xff, b'a']),
            (0x31, b"\0\x01#"),
            (0x30, b"\0\x03a/+"),
            (0x30, b"\0\x01\0"),
            (0x30, b"\0\x03\xed\xa0\x80"), // a surrogate
            (0x30, b"\0\x02\xc0\x80"),     // U+0000, too long
            (0x30, b"\0\x01\xff"),
            (0x32, b"\0\x01a"),
            (0x32, b"\0\x01a\0"),
            (0x32, b"\0\x01a\0\0"),
            (0x34, b"\0\x01a\0\0payload"),
            (0x36, b"\0\x01a\0\x01"),
            (0x38, b"\0\x01a"),
            (0x3e, b"\0\x01a\0\x01"),
            (0x40, b"\0\x01a"),
        ] {
            assert!(
                decode(Version::V4, first, body).is_err(),
                "{first:#x} {body:02x?}"
            );
        }
        // The byte order mark is a character like any other [MQTT-1.5.3-3].
        assert_eq!(
            decode(Version::V4, 0x30, b"\0\x03\xef\xbb\xbf").unwrap().topic,
            "\u{feff}".as_bytes()
        );
    }
}
