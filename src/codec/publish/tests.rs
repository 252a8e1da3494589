//! PUBLISH: read as written, patched, and refused.

use super::*;
use crate::codec::frame::{frame, MAX_REMAINING_LENGTH};
use crate::codec::{PacketId, Version};

fn id(number: u16) -> PacketId {
    PacketId::new(number).unwrap()
}

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
    encode(&mut out, Version::V4, &parts, PacketId::new(pid));
    assert_eq!(out.remove(0), 0xee);
    out
}

fn decoded(packet: &[u8]) -> Publish<'_> {
    let found = frame(packet, Version::V4).unwrap().unwrap();
    assert_eq!(found.total(), packet.len());
    decode(Version::V4, found.first, &packet[found.header..]).unwrap()
}

#[test]
fn a_publish_is_read_as_it_was_written() {
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
                    packet_id: PacketId::new(pid),
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
fn changes_of_dup_and_packet_id_touch_nothing_else() {
    for (payload, qos) in [(0, 1), (200, 1), (20_000, 2)] {
        let before = encoded("a/b", &vec![7; payload], qos, true, 0x1234);
        let mut packet = before.clone();
        set_dup(&mut packet);
        assert!(decoded(&packet).dup);
        set_packet_id(&mut packet, id(0xfedc));
        assert_eq!(decoded(&packet).packet_id, PacketId::new(0xfedc));
        assert_eq!(super::qos(&packet), qos);
        clear_dup(&mut packet);
        assert_eq!(packet, encoded("a/b", &vec![7; payload], qos, true, 0xfedc));
        set_packet_id(&mut packet, id(0x1234));
        assert_eq!(packet, before);
    }
}

#[test]
fn changes_leave_every_other_packet_as_it_is() {
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
        set_packet_id(&mut packet, id(0xffff));
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
fn invalid_packets_are_not_written() {
    assert!(encoded(&"a".repeat(65_536), b"", 0, false, 0).is_empty());
    assert!(encoded("a", b"", 3, false, 1).is_empty());
    assert!(encoded("a", &vec![0; MAX_REMAINING_LENGTH - 2], 0, false, 0).is_empty());
}

#[test]
fn malformed_packets_are_refused() {
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
