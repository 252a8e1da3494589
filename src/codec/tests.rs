//! Tests of the codec as a whole: what a server may and may not send, whole, cut short and damaged; and of the values
//! with types of their own, packet types, packet identifiers and reason codes.

use super::frame::frame;
use super::{publish, Ack, DecodeError, Packet, PacketId, PacketType, ReasonCode, Version};
use bytes::BytesMut;
use mqttbytes::v4 as theirs;
use mqttbytes::{Error, QoS};

/// Frame and decode, as the engine does.
fn read(buf: &[u8]) -> Result<Option<usize>, DecodeError> {
    let Some(found) = frame(buf, Version::V4)? else {
        return Ok(None);
    };
    let Some(body) = buf.get(found.header..found.total()) else {
        return Ok(None);
    };
    match found.packet_type {
        PacketType::Publish => publish::decode(Version::V4, found.first, body).map(drop)?,
        packet_type => super::decode(Version::V4, packet_type, body).map(drop)?,
    }
    Ok(Some(found.total()))
}

pub(super) fn decode(packet: &[u8]) -> Packet<'_> {
    let found = frame(packet, Version::V4).unwrap().unwrap();
    assert_eq!(found.total(), packet.len());
    super::decode(Version::V4, found.packet_type, &packet[found.header..]).unwrap()
}

pub(super) fn they_read(bytes: &[u8]) -> theirs::Packet {
    let mut stream = BytesMut::from(bytes);
    let packet = theirs::read(&mut stream, usize::MAX).unwrap();
    assert!(stream.is_empty());
    packet
}

fn written(write: impl FnOnce(&mut BytesMut) -> Result<usize, Error>) -> Vec<u8> {
    let mut out = BytesMut::new();
    write(&mut out).unwrap();
    out.to_vec()
}

fn acked(kind: Ack, pid: u16) -> Packet<'static> {
    Packet::Ack {
        kind,
        packet_id: PacketId::new(pid).unwrap(),
        reason: ReasonCode::SUCCESS,
        properties: &[],
    }
}

/// Valid packets from a server, written by `mqttbytes`, with what must be read.
pub(super) fn from_server() -> Vec<(Vec<u8>, Packet<'static>)> {
    use theirs::ConnectReturnCode as Code;
    let mut all = Vec::new();
    for (number, code, session_present) in [
        (0, Code::Success, false),
        (0, Code::Success, true),
        (1, Code::RefusedProtocolVersion, false),
        (2, Code::BadClientId, false),
        (3, Code::ServiceUnavailable, false),
        (4, Code::BadUserNamePassword, false),
        (5, Code::NotAuthorized, false),
    ] {
        let packet = Packet::ConnAck {
            session_present,
            reason: ReasonCode(number),
            properties: &[],
        };
        let connack = theirs::ConnAck::new(code, session_present);
        all.push((written(|out| connack.write(out)), packet));
    }
    for pid in [1, 2, 255, 256, 65_535] {
        let [ack, rec, rel, comp, unsub] = [
            written(|out| theirs::PubAck::new(pid).write(out)),
            written(|out| theirs::PubRec::new(pid).write(out)),
            written(|out| theirs::PubRel::new(pid).write(out)),
            written(|out| theirs::PubComp::new(pid).write(out)),
            written(|out| theirs::UnsubAck::new(pid).write(out)),
        ];
        all.push((ack, acked(Ack::PubAck, pid)));
        all.push((rec, acked(Ack::PubRec, pid)));
        all.push((rel, acked(Ack::PubRel, pid)));
        all.push((comp, acked(Ack::PubComp, pid)));
        let unsubscribed = Packet::UnsubAck {
            packet_id: PacketId::new(pid).unwrap(),
            codes: &[],
            properties: &[],
        };
        all.push((unsub, unsubscribed));
        for count in [1, 4, 125, 126, 300] {
            let codes: Vec<u8> = [0, 1, 2, 0x80].into_iter().cycle().take(count).collect();
            let return_codes = codes.iter().map(|&code| code.try_into().unwrap());
            let suback = theirs::SubAck::new(pid, return_codes.collect());
            let packet = Packet::SubAck {
                packet_id: PacketId::new(pid).unwrap(),
                codes: codes.clone().leak(),
                properties: &[],
            };
            all.push((written(|out| suback.write(out)), packet));
        }
    }
    let pingresp = written(|out| theirs::PingResp.write(out));
    all.push((pingresp, Packet::PingResp));
    all
}

/// Valid PUBLISH packets, written by `mqttbytes`.
pub(super) fn publishes() -> Vec<(Vec<u8>, theirs::Publish)> {
    let mut all = Vec::new();
    for topic in ["a", "a/b/c", "é/日本", "$SYS/x", &"x".repeat(65_535)] {
        for payload in [0, 1, 64, 118, 130, 16_500] {
            for (qos, pkid) in [
                (QoS::AtMostOnce, 0),
                (QoS::AtLeastOnce, 1),
                (QoS::ExactlyOnce, 65_535),
            ] {
                for flags in 0..4 {
                    let mut packet = theirs::Publish::new(topic, qos, vec![0xc3; payload]);
                    packet.pkid = pkid;
                    packet.retain = flags & 1 != 0;
                    packet.dup = flags & 2 != 0 && pkid != 0;
                    all.push((written(|out| packet.write(out)), packet));
                }
            }
        }
    }
    all
}

#[test]
fn every_prefix_needs_more_bytes() {
    let small = publishes().into_iter().map(|(bytes, _)| bytes);
    let control = from_server().into_iter().map(|(bytes, _)| bytes);
    for mut packet in small.chain(control) {
        let whole = packet.len();
        // Of a long packet the beginning and the end.
        for cut in (0..whole).filter(|&cut| cut < 300 || whole - cut < 10) {
            assert_eq!(read(&packet[..cut]), Ok(None), "{cut} of {whole}");
        }
        assert_eq!(read(&packet), Ok(Some(whole)));
        packet.extend([0xff; 9]);
        assert_eq!(read(&packet), Ok(Some(whole)));
    }
}

/// Reserved header flags, packet id 0.
const FLAGS_AND_IDS: &str = "
    21020000 41020002 42020002 6002000a b1020008 d100 22020000 9103000100
    40020000 50020000 62020000 70020000 9003000001 b0020000 32050001610000 34050001610000";

const LENGTHS: &str = "
    20030000ff 4003000a03 d00100 4004000a10ff 200100 2000 4000 400100 90020001 9000 b003000100
    3000 3001 300100 30020000 308300000161 30ffffffff7f 4082000001 4082";

/// CONNACK with flag bits 7-1, session present with an error, an unknown return code; SUBACK
/// with a return code that does not exist.
const CODES: &str = "
    2002ff00 20020200 20020101 20020105 20020006 2002007f 20020106
    9003000103 90040001007f 9005000180007f";

/// DUP at QoS 0, QoS 3, an empty topic, wildcards, U+0000, not UTF-8, cut short.
const PUBLISHES: &str = "
    390600016178797a 36050001610001 3e050001610001 3003000078 3103000123 310300012b 3003000100
    30030001ff 3003000261 32050001610000";

/// Types that a server never sends, and reserved ones.
const TYPES: &str = "
    1000 8000 a000 c000 e000 f000 0000 8206000100016100 e0018e f0240022";

#[test]
fn malformed_vectors_are_refused() {
    for table in [FLAGS_AND_IDS, LENGTHS, CODES, PUBLISHES, TYPES] {
        for text in table.split_whitespace() {
            assert!(read(&hex(text)).is_err(), "{text}");
        }
    }
}

#[test]
fn a_refusal_with_a_session_is_named_by_its_rule() {
    let error = super::decode(Version::V4, PacketType::ConnAck, &[1, 5]).unwrap_err();
    assert_eq!(error.reason, ReasonCode::PROTOCOL_ERROR);
    assert!(error.to_string().ends_with("[MQTT-3.2.2-4]"), "{error}");
}

#[test]
fn vectors_that_only_mqtt5_refuses_are_read() {
    for text in "20020000 3003000161 300d000161060b010b020b0378797a".split(' ') {
        let bytes = hex(text);
        assert_eq!(read(&bytes), Ok(Some(bytes.len())), "{text}");
    }
}

fn hex(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

/// The decoders do not rely on a frame checked before.
#[test]
fn bodies_without_a_frame_never_panic() {
    for first in 0..=255 {
        for length in 0..8 {
            for fill in [0, 1, 2, 0x80, 0xff] {
                let body = vec![fill; length];
                for version in [Version::V4, Version::V5] {
                    if let Some(packet_type) = PacketType::of(first) {
                        let _ = super::decode(version, packet_type, &body);
                    }
                    let _ = publish::decode(version, first, &body);
                }
            }
        }
    }
    assert!(super::decode(Version::V4, PacketType::Publish, b"\0\x01a").is_err());
    assert!(super::decode(Version::V4, PacketType::PingResp, b"\0").is_err());
}

#[test]
fn damage_never_panics() {
    let seed = std::env::var("SEED").map_or(0x9e37_79b9_7f4a_7c15, |s| s.parse().unwrap());
    let rounds = std::env::var("ROUNDS").map_or(200_000, |s| s.parse().unwrap());
    println!("SEED={seed} ROUNDS={rounds}");
    let mut state: u64 = seed | 1;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % below
    };
    let mut seeds: Vec<Vec<u8>> = from_server().into_iter().map(|(bytes, _)| bytes).collect();
    seeds.extend(
        publishes()
            .into_iter()
            .map(|(bytes, _)| bytes)
            .filter(|bytes| bytes.len() < 200),
    );
    let mut read_well = 0;
    for _ in 0..rounds {
        let mut bytes = seeds[random(seeds.len())].clone();
        for _ in 0..random(4) {
            let at = random(bytes.len().min(8));
            match random(4) {
                0 => bytes[at] ^= 1 << random(8),
                1 => bytes[at] = random(256) as u8,
                2 => bytes.insert(at, random(256) as u8),
                _ if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => {}
            }
        }
        if let Ok(Some(total)) = read(&bytes) {
            read_well += 1;
            // `mqttbytes` is more lenient: it accepts whatever this decoder accepts, but a SUBACK with other failures than
            // 128, and a CONNACK with a reason code of MQTT 5.
            let largest = match bytes[0] {
                0x20 => 0x7f,
                0x90 => 0x80,
                _ => 0xff,
            };
            if bytes[..total].iter().all(|&byte| byte <= largest) {
                they_read(&bytes[..total]);
            }
        }
        publish::set_dup(&mut bytes);
        publish::set_packet_id(&mut bytes, PacketId::new(7).unwrap());
        publish::clear_dup(&mut bytes);
    }
    assert!(read_well > rounds / 10);
}

#[test]
fn packet_types_and_identifiers_have_the_numbers_of_the_specification() {
    assert_eq!(PacketType::of(0x0f), None);
    for first in 0x10..=0xff {
        let packet_type = PacketType::of(first).unwrap();
        assert_eq!(packet_type as u8, first >> 4);
        assert_eq!(packet_type.first_byte() >> 4, first >> 4);
    }
    let flags = [PacketType::PubRel, PacketType::Subscribe, PacketType::Unsubscribe];
    assert_eq!(flags.map(PacketType::first_byte), [0x62, 0x82, 0xa2]);
    assert_eq!(PacketId::new(0), None);
    assert_eq!(PacketId::new(65_535).map(PacketId::get), Some(65_535));
    assert_eq!(size_of::<Option<PacketId>>(), 2);
}

#[test]
fn a_decode_error_is_one_word_and_a_sentence() {
    assert_eq!(size_of::<Result<(), DecodeError>>(), size_of::<usize>());
    let error = frame(&[0x00], Version::V5).unwrap_err();
    assert_eq!(error.reason, ReasonCode::MALFORMED_PACKET);
    assert_eq!(error.to_string(), "the packet type is reserved");
}

#[test]
fn reason_codes_have_the_names_of_the_specification_and_each_packet_allows_its_own() {
    use super::reason_code::allowed_in::*;
    assert_eq!(ReasonCode(142).name(), "session taken over");
    assert_eq!(ReasonCode::SESSION_TAKEN_OVER, ReasonCode(142));
    assert_eq!(ReasonCode(0).name(), "success");
    assert_eq!(ReasonCode(0x9b).name(), "QoS not supported");
    assert_eq!(ReasonCode(3).name(), "unknown reason code");
    assert!(ReasonCode::UNSPECIFIED_ERROR.is_error() && !ReasonCode::RE_AUTHENTICATE.is_error());
    for (allowed, count) in [
        (CONNACK, 22),
        (PUBACK, 9),
        (PUBREC, 9),
        (PUBREL, 2),
        (PUBCOMP, 2),
        (SUBACK, 12),
        (UNSUBACK, 7),
        (DISCONNECT, 28),
        (AUTH, 2),
    ] {
        assert_eq!(allowed.len(), count);
        assert!(allowed
            .iter()
            .all(|&code| ReasonCode(code).name() != "unknown reason code"));
    }
}
