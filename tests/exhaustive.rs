//! Bounded exhaustive tests: everything there is up to a size, instead of a sample. `MQTT_DEPTH` makes the size larger than
//! the one of `npm test`: 5 takes a minute, 6 an hour.
//!
//! What is proven up to that size: a decoder gives out nothing but parts of the packet it was given, and what it has accepted
//! is written as it was read; what is encoded is read as it was; a packet identifier is never in two hands; acknowledgements
//! leave in the order of arrival. The laws of the last two are those of the fuzzers, in tests/fuzz/.

use mqtt_lib::codec::frame::frame;
use mqtt_lib::codec::properties::{put, Property, Value};
use mqtt_lib::codec::{self, publish, varint, Ack, Packet, PacketId, PacketType, ReasonCode, Version};

#[path = "fuzz/engine.rs"]
mod engine;
#[path = "fuzz/input.rs"]
mod input;
#[path = "fuzz/late.rs"]
mod late;

const BOTH: [Version; 2] = [Version::V4, Version::V5];
/// Miri, which is a thousand times slower, takes a part of everything: every so manieth, and nothing large.
const STEP: usize = if cfg!(miri) { 85 } else { 1 };
const LARGEST: usize = if cfg!(miri) { 200 } else { 100_000 };

/// Steps of a sequence, and one byte less than the longest body.
fn depth() -> usize {
    let given = std::env::var("MQTT_DEPTH").ok();
    given.map_or(4, |text| text.parse().expect("MQTT_DEPTH is a number"))
}

/// Calls `with` with every sequence of up to `longest` of these.
fn sequences<T: Copy>(of: &[T], longest: usize, with: &mut impl FnMut(&[T])) {
    fn go<T: Copy>(of: &[T], left: usize, so_far: &mut Vec<T>, with: &mut impl FnMut(&[T])) {
        with(so_far);
        if left > 0 {
            for &next in of {
                so_far.push(next);
                go(of, left - 1, so_far, with);
                so_far.pop();
            }
        }
    }
    go(of, longest, &mut Vec::new(), with);
}

fn is_part(of: &[u8], part: &[u8]) -> bool {
    let (whole, part) = (of.as_ptr_range(), part.as_ptr_range());
    part.is_empty() || whole.start <= part.start && part.end <= whole.end
}

/// A list with its length, where the version has one.
fn listed(version: Version, list: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    if version == Version::V5 {
        varint::write(&mut bytes, list.len());
        bytes.extend_from_slice(list);
    }
    bytes
}

/// The bodies that mean this packet: properties that are none, and a reason that is success, may be left out of some.
fn forms(version: Version, packet: Packet<'_>) -> Vec<Vec<u8>> {
    let short = |head: &[u8], reason: u8, properties: &[u8]| {
        let mut forms = vec![[head, &[reason], &listed(Version::V5, properties)].concat()];
        if properties.is_empty() {
            forms.push([head, &[reason]].concat());
            if reason == 0 {
                forms.push(head.to_vec());
            }
        }
        forms
    };
    match packet {
        Packet::ConnAck {
            session_present,
            reason,
            properties,
        } => {
            vec![[
                &[session_present.into(), reason.0][..],
                &listed(version, properties),
            ]
            .concat()]
        }
        Packet::Ack {
            packet_id,
            reason,
            properties,
            ..
        } => short(&packet_id.get().to_be_bytes(), reason.0, properties),
        Packet::SubAck {
            packet_id,
            codes,
            properties,
        }
        | Packet::UnsubAck {
            packet_id,
            codes,
            properties,
        } => {
            vec![[
                &packet_id.get().to_be_bytes()[..],
                &listed(version, properties),
                codes,
            ]
            .concat()]
        }
        Packet::PingResp => vec![Vec::new()],
        Packet::Disconnect { reason, properties } | Packet::Auth { reason, properties } => {
            short(&[], reason.0, properties)
        }
    }
}

/// Parts of a packet that are slices.
fn slices(packet: Packet<'_>) -> [&[u8]; 2] {
    match packet {
        Packet::SubAck {
            codes, properties, ..
        }
        | Packet::UnsubAck {
            codes, properties, ..
        } => [codes, properties],
        Packet::ConnAck { properties, .. }
        | Packet::Ack { properties, .. }
        | Packet::Disconnect { properties, .. }
        | Packet::Auth { properties, .. } => [properties, &[]],
        Packet::PingResp => [&[], &[]],
    }
}

/// Reads a body, and checks what was read against it. True if it was accepted.
fn read(version: Version, first: u8, body: &[u8]) -> bool {
    let Some(packet_type) = PacketType::of(first) else {
        return false;
    };
    if packet_type != PacketType::Publish {
        let Ok(packet) = codec::decode(version, packet_type, body) else {
            return false;
        };
        assert!(slices(packet).iter().all(|part| is_part(body, part)));
        // A server that does not speak MQTT 5 answers as in 3.1.1: two bytes, whatever they say.
        if let (Version::V5, Packet::ConnAck { reason, .. }, [_, _]) = (version, packet, body) {
            assert_eq!(reason, ReasonCode::UNSUPPORTED_PROTOCOL_VERSION);
            return true;
        }
        let mut all = forms(version, packet);
        // An acknowledgement of 3.1.1 that has a reason code, and one of MQTT 5, are read the same.
        all.extend(forms(Version::V5, packet));
        assert!(all.iter().any(|form| form == body), "{packet:?} {body:02x?}");
        return true;
    }
    let Ok(message) = publish::decode(version, first, body) else {
        return false;
    };
    for part in [message.topic, message.properties, message.payload] {
        assert!(is_part(body, part));
    }
    let parts = publish::Parts {
        topic: message.topic,
        properties: message.properties,
        payload: message.payload,
        qos: message.qos,
        retain: message.retain,
        alias: 0,
    };
    let mut again = Vec::new();
    publish::encode(&mut again, version, &parts, message.packet_id);
    if message.dup {
        publish::set_dup(&mut again);
    }
    let found = frame(&again, version).unwrap().unwrap();
    assert_eq!((again[0], &again[found.header..]), (first, body));
    true
}

#[test]
fn every_short_body_is_refused_or_written_as_it_was_read() {
    let mut accepted = 0u64;
    for version in BOTH {
        for first in 0..=255u8 {
            let mut try_body = |body: &[u8]| accepted += u64::from(read(version, first, body));
            for high in (0..=255).step_by(STEP) {
                try_body(&[high]);
                for low in (0..=255).step_by(STEP) {
                    try_body(&[high, low]);
                }
            }
            // Identifiers of properties of each type, lengths, reason codes, and what a topic is made of.
            let bytes = [0, 1, 2, 3, 0x0b, 0x11, 0x1f, 0x21, 0x26, 0x80, b'a'];
            if (first & 0x0f) <= 2 || PacketType::of(first) == Some(PacketType::Publish) {
                sequences(&bytes, depth() + 1, &mut try_body);
            }
        }
    }
    assert!(accepted > 10_000 || cfg!(miri), "{accepted}");
}

#[test]
fn the_beginning_of_a_packet_is_never_a_packet() {
    for version in BOTH {
        for first in 0..=255u8 {
            for length in (0..300).step_by(STEP).chain([16_383, 16_384]) {
                let mut packet = vec![first];
                varint::write(&mut packet, length);
                let Ok(Some(found)) = frame(&packet, version) else {
                    continue;
                };
                assert_eq!((found.header, found.body), (packet.len(), length));
                for cut in 0..packet.len() {
                    assert_eq!(frame(&packet[..cut], version), Ok(None));
                }
            }
        }
    }
}

#[test]
fn every_publish_that_is_encoded_is_read_as_it_was() {
    let mut list = Vec::new();
    let mut lists = vec![Vec::new()];
    for (property, value) in [
        (Property::PayloadFormatIndicator, Value::Number(1)),
        (Property::MessageExpiryInterval, Value::Number(u32::MAX)),
        (Property::ContentType, Value::Text("é")),
        (Property::CorrelationData, Value::Binary(&[0, 255])),
        (Property::UserProperty, Value::Pair("", "")),
    ] {
        put(&mut list, property, value);
        lists.push(list.clone());
    }
    let topics = ["a", "a/b", "é", &"t".repeat(127), &"t".repeat(65_535)];
    let ids = [1, 2, 255, 256, 65_535].map(|id| PacketId::new(id).unwrap());
    for version in BOTH {
        for topic in topics.into_iter().filter(|topic| topic.len() < LARGEST) {
            for payload in
                [0, 1, 120, 127, 128, 16_383, 16_384, 70_000].map(|length| vec![0xc3; length.min(LARGEST)])
            {
                for properties in &lists[..if version == Version::V5 { lists.len() } else { 1 }] {
                    for (qos, retain, dup) in (0..12u8).map(|n| (n % 3, n & 4 != 0, n & 8 != 0)) {
                        let parts = publish::Parts {
                            topic: topic.as_bytes(),
                            properties,
                            payload: &payload,
                            qos,
                            retain,
                            alias: 0,
                        };
                        for id in &ids[..if qos == 0 { 1 } else { ids.len() }] {
                            let id = Some(*id).filter(|_| qos > 0);
                            let mut bytes = Vec::new();
                            publish::encode(&mut bytes, version, &parts, id);
                            if dup && qos > 0 {
                                publish::set_dup(&mut bytes);
                            }
                            assert_eq!(bytes.len(), publish::size(version, &parts));
                            let found = frame(&bytes, version).unwrap().unwrap();
                            assert_eq!(found.total(), bytes.len());
                            let read = publish::decode(version, bytes[0], &bytes[found.header..]).unwrap();
                            assert_eq!((read.topic, read.properties), (parts.topic, parts.properties));
                            assert_eq!((read.payload, read.packet_id), (parts.payload, id));
                            assert_eq!((read.qos, read.retain, read.dup), (qos, retain, dup && qos > 0));
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn every_variable_byte_integer_has_one_form() {
    let rare = (0..=varint::MAX).step_by(9_973);
    for n in (0..1 << 17)
        .chain(2_097_000..2_097_300)
        .chain(rare)
        .chain([varint::MAX])
    {
        let mut bytes = Vec::new();
        varint::write(&mut bytes, n);
        let read = varint::read(&bytes).unwrap().unwrap();
        assert_eq!(read, (n as u32, &[][..]));
        for cut in 0..bytes.len() {
            assert!(!matches!(varint::read(&bytes[..cut]), Ok(Some(_))));
        }
    }
    // Of all bytes there are, those that are read are written the same.
    sequences(
        &[0, 1, 0x7f, 0x80, 0x81, 0xff],
        if cfg!(miri) { 2 } else { 5 },
        &mut |bytes| {
            if let Ok(Some((n, rest))) = varint::read(bytes) {
                let mut again = Vec::new();
                varint::write(&mut again, n as usize);
                assert_eq!([&again[..], rest].concat(), bytes);
            }
        },
    );
}

#[test]
fn every_acknowledgement_with_a_reason_is_read_as_it_was() {
    for kind in [Ack::PubAck, Ack::PubRec, Ack::PubRel, Ack::PubComp] {
        for id in (1..=u16::MAX).step_by(STEP * STEP) {
            let id = PacketId::new(id).unwrap();
            let mut bytes = Vec::new();
            codec::write::ack(&mut bytes, kind, id);
            for version in BOTH {
                let read = codec::decode(version, kind.packet_type(), &bytes[2..]).unwrap();
                assert!(matches!(read, Packet::Ack { packet_id, .. } if packet_id == id));
            }
        }
    }
}

/// Configurations of the fuzzed engine: 16 decisions. See tests/fuzz/engine/config.rs.
fn configuration(version: u8, clean: u8, max_inflight: u8, more: u8) -> [u8; 16] {
    let mut bytes = [0; 16];
    (bytes[0], bytes[2], bytes[4], bytes[15]) = (version, clean, max_inflight, more);
    bytes
}

/// What a user, the broker and the network may do, as decisions of the fuzzed engine.
const STEPS: [&[u8]; 14] = [
    &[0, 0, 0, 1],        // publish, QoS 1
    &[0, 0, 0, 2],        // publish, QoS 2
    &[4, 0, 0, 0, 0, 0],  // subscribe
    &[5, 0, 1],           // unsubscribe
    &[11, 0, 0],          // the broker answers the first
    &[11, 255, 0],        // ... or another
    &[11, 0, 1],          // ... or refuses
    &[16, 0, 1, 1, 0, 0], // a message of QoS 1 arrives
    &[16, 0, 2, 2, 0, 0], // and one of QoS 2
    &[31, 1],             // the application has dealt with one that it went on with
    &[20],                // the connection is cut
    &[21],                // the next deadline passes
    &[8, 0, 0, 0],        // a connection is accepted, without its session
    &[8, 0, 0, 1],        // or with it
];

#[test]
fn in_every_order_of_events_no_identifier_is_in_two_hands_and_acknowledgements_have_their_order() {
    let mut runs = 0u64;
    for version in [0, 1] {
        for (clean, max_inflight) in [(0, 0), (1, 0), (0, 1)] {
            let mut bytes = configuration(version, clean, max_inflight, 0).to_vec();
            bytes.extend([8, 0, 0, 0]);
            let before = bytes.len();
            sequences(&STEPS, depth(), &mut |steps| {
                bytes.truncate(before);
                steps.iter().for_each(|step| bytes.extend_from_slice(step));
                engine::run(&bytes, false);
                runs += 1;
            });
        }
    }
    assert!(runs > 1_000 || cfg!(miri), "{runs}");
}

#[test]
fn in_every_order_of_late_handlers_acknowledgements_have_the_order_of_arrival() {
    // Messages of QoS 1 and 2; the first, second or third is dealt with, or left; the connection ends, with its session or not.
    let steps = [0, 1, 96, 98, 100, 176, 178, 254, 255];
    let mut bytes = Vec::new();
    for settings in 0..4 {
        sequences(&steps, depth() + 1, &mut |steps| {
            bytes.clear();
            bytes.push(settings);
            bytes.extend_from_slice(steps);
            late::run(&bytes);
        });
    }
}
