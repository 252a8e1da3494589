//! PUBLISH, both directions: the hot path, by hand.
//!
//! Owns the layout of a PUBLISH, and patching one that is already encoded (DUP, packet id) so
//! that a resend needs no second encoding. Never allocates when it reads, never copies a
//! payload but into the outgoing buffer, never chooses a packet id.

use super::frame::{write_remaining_length, MAX_REMAINING_LENGTH};
use super::Malformed;

const DUP: u8 = 0x08;
const QOS: u8 = 0x06;
const RETAIN: u8 = 0x01;

/// A PUBLISH that borrows from the bytes it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publish<'a> {
    pub topic: &'a str,
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
        DUP => Err(Malformed("a PUBLISH has DUP with QoS 0 [MQTT-3.3.1-2]")),
        flags if flags & QOS == QOS => Err(Malformed("a PUBLISH has QoS 3 [MQTT-3.3.1-4]")),
        _ => Ok(()),
    }
}

/// Reads the body of a PUBLISH.
pub fn decode(first: u8, body: &[u8]) -> Result<Publish<'_>, Malformed> {
    if first >> 4 != 3 {
        return Err(Malformed("this is not a PUBLISH"));
    }
    check_flags(first)?;
    let qos = (first & QOS) >> 1;

    let (topic, rest) = body
        .split_first_chunk()
        .and_then(|(length, rest)| rest.split_at_checked(u16::from_be_bytes(*length).into()))
        .ok_or(Malformed("the topic of a PUBLISH passes the packet's end"))?;
    let topic = check_topic(topic)?;

    let (pid, payload) = match qos {
        0 => (0, rest),
        _ => match rest.split_first_chunk() {
            Some((pid, payload)) => (u16::from_be_bytes(*pid), payload),
            None => return Err(Malformed("a PUBLISH ends before its packet id")),
        },
    };
    if qos != 0 && pid == 0 {
        return Err(Malformed("a PUBLISH has packet id 0 [MQTT-2.3.1-1]"));
    }
    Ok(Publish {
        topic,
        payload,
        pid,
        qos,
        retain: first & RETAIN != 0,
        dup: first & DUP != 0,
    })
}

/// Of a PUBLISH whose body will have `whole` bytes: how many of them come before the payload, once so many
/// have arrived that `decode` can read them. `Ok(None)`: more bytes are needed.
pub fn head(first: u8, body: &[u8], whole: usize) -> Result<Option<usize>, Malformed> {
    let Some(length) = body.first_chunk() else {
        return Ok(None);
    };
    let head = remaining_length(u16::from_be_bytes(*length).into(), 0, first & QOS);
    if head > whole {
        return Err(Malformed("the topic of a PUBLISH passes the packet's end"));
    }
    Ok(Some(head).filter(|&head| head <= body.len()))
}

fn check_topic(topic: &[u8]) -> Result<&str, Malformed> {
    let topic = core::str::from_utf8(topic)
        .map_err(|_| Malformed("the topic of a PUBLISH is not UTF-8 [MQTT-1.5.3-1]"))?;
    if topic.is_empty() {
        return Err(Malformed("the topic of a PUBLISH is empty [MQTT-4.7.3-1]"));
    }
    for byte in topic.bytes() {
        match byte {
            0 => return Err(Malformed("the topic of a PUBLISH contains U+0000 [MQTT-1.5.3-2]")),
            b'+' | b'#' => {
                return Err(Malformed(
                    "the topic of a PUBLISH contains a wildcard [MQTT-3.3.2-2]",
                ))
            }
            _ => {}
        }
    }
    Ok(topic)
}

/// The Remaining Length of a PUBLISH with a topic and a payload of these lengths. It saturates,
/// so that a comparison with a limit is right for every length.
pub fn remaining_length(topic: usize, payload: usize, qos: u8) -> usize {
    let pid = if qos == 0 { 0 } else { 2 };
    topic.saturating_add(payload).saturating_add(2 + pid)
}

/// Appends a PUBLISH without DUP. The caller has checked the sizes (a topic of 65,535 bytes,
/// [`MAX_REMAINING_LENGTH`]) and the QoS; for what cannot be written nothing is, because a
/// truncated length would garble all that follows.
pub fn encode(out: &mut Vec<u8>, topic: &[u8], payload: &[u8], qos: u8, retain: bool, pid: u16) {
    let body = remaining_length(topic.len(), payload.len(), qos);
    let Ok(length) = u16::try_from(topic.len()) else {
        return;
    };
    if body > MAX_REMAINING_LENGTH || qos > 2 {
        return;
    }
    out.reserve(5 + body);
    out.push(0x30 | qos << 1 | u8::from(retain));
    write_remaining_length(out, body);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(topic);
    if qos != 0 {
        out.extend_from_slice(&pid.to_be_bytes());
    }
    out.extend_from_slice(payload);
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
        encode(&mut out, topic.as_bytes(), payload, qos, retain, pid);
        assert_eq!(out.remove(0), 0xee);
        out
    }

    fn decoded(packet: &[u8]) -> Publish<'_> {
        let found = frame(packet).unwrap().unwrap();
        assert_eq!(found.total(), packet.len());
        decode(found.first, &packet[found.header..]).unwrap()
    }

    #[test]
    fn what_was_written_is_read() {
        let topic_65535 = "é".repeat(32_767) + "x";
        for topic in ["a", "a/b", "日本/x", &topic_65535] {
            for length in [0, 1, 121, 122, 123, 124, 125, 16_377, 16_384, 2_097_152] {
                let payload = vec![0xa5; length];
                for (qos, pid) in [(0, 0), (1, 1), (2, 65_535)] {
                    let packet = encoded(topic, &payload, qos, qos != 1, pid);
                    let whole = remaining_length(topic.len(), length, qos);
                    assert_eq!(frame(&packet).unwrap().unwrap().body, whole);
                    let wanted = Publish {
                        topic,
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
        assert_eq!(remaining_length(usize::MAX, usize::MAX, 2), usize::MAX);
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
            assert!(decode(first, body).is_err(), "{first:#x} {body:02x?}");
        }
        // The byte order mark is a character like any other [MQTT-1.5.3-3].
        assert_eq!(decode(0x30, b"\0\x03\xef\xbb\xbf").unwrap().topic, "\u{feff}");
    }
}
