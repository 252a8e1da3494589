//! Payloads that are published beside the engine: with the payload behind it, the head is what an adapter gets of any message.

use super::wire::{five, number, Wire};
use crate::codec::properties::Property;
use crate::engine::{Config, Message, Token, Versions};

fn message<'a>(payload: &'a [u8], qos: u8) -> Message<'a> {
    Message {
        topic: "a/topic",
        payload,
        qos,
        retain: true,
        properties: &[],
    }
}

fn online(version: Versions, says: &[u8]) -> Wire {
    let mut wire = Wire::new(Config { version, ..five() });
    wire.open();
    match version {
        Versions::V5 => wire.connack(false, says),
        _ => wire.inject(&[0x20, 2, 0, 0]),
    }
    assert!(wire.engine.is_online());
    wire
}

/// Published beside the engine: all packets, as the other side gets them.
fn beside(wire: &mut Wire, payload: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = wire
        .engine
        .publish_beside(wire.now, &message(&[], 0), payload.len())?;
    bytes.extend_from_slice(payload);
    Some(bytes)
}

#[test]
fn head_and_payload_are_the_packet_that_others_are() {
    let aliases = number(Property::TopicAliasMaximum, 1);
    for (version, says) in [
        (Versions::V4, &[][..]),
        (Versions::V5, &[]),
        (Versions::V5, &aliases),
    ] {
        for len in [
            0, 100, 117, 118, 119, 120, 16_370, 16_374, 16_380, 40_000, 2_097_140, 2_097_152,
        ] {
            let payload = vec![7; len];
            let (mut one, mut other) = (online(version, says), online(version, says));
            for _ in 0..2 {
                one.engine.publish(one.now, &message(&payload, 0), None).unwrap();
                let sent = beside(&mut other, &payload).unwrap();
                assert!(one.sent() == [sent], "{version:?}, {len}");
                assert!(other.sent().is_empty());
            }
            let (one, other) = (one.engine.stats(), other.engine.stats());
            assert_eq!((one.sent, one.bytes_sent), (other.sent, other.bytes_sent));
        }
    }
}

#[test]
fn what_was_published_before_stands_before_it() {
    let mut wire = online(Versions::V4, &[]);
    wire.engine.publish(wire.now, &message(b"1", 0), None).unwrap();
    wire.engine
        .publish(wire.now, &message(b"2", 1), Token::new(1))
        .unwrap();
    let sent = beside(&mut wire, &[3; 40_000]).unwrap();
    assert_eq!(sent[..11], *b"\x31\x0a\0\x07a/topic");
    assert_eq!(sent[12..14], [0x33, 12]);
    assert_eq!(sent.len(), 12 + 14 + 4 + 9 + 40_000);
    assert!(wire.sent().is_empty());
}

#[test]
fn what_cannot_be_sent_at_once_or_at_all_is_left_to_the_usual_way() {
    let mut says = number(Property::MaximumPacketSize, 1000);
    says.extend(number(Property::RetainAvailable, 0));
    assert_eq!(beside(&mut online(Versions::V5, &says), &[0; 10]), None);
    let says = number(Property::MaximumPacketSize, 1000);
    assert_eq!(beside(&mut online(Versions::V5, &says), &[0; 990]), None);
    assert!(beside(&mut online(Versions::V5, &says), &[0; 900]).is_some());

    // What goes before the payload has 15 bytes, the length grows by 3 at most.
    assert!(beside(&mut online(Versions::V5, &says), &[0; 982]).is_some());
    assert_eq!(beside(&mut online(Versions::V5, &says), &[0; 983]), None);

    let mut wire = online(Versions::V4, &[]);
    let one = wire.engine.publish_beside(wire.now, &message(&[], 1), 40_000);
    assert_eq!(one, None);
    assert!(wire
        .engine
        .publish_beside(wire.now, &message(&[], 0), 268_435_455)
        .is_none());
    wire.engine.set_blocked(true);
    assert_eq!(beside(&mut wire, &[0; 10]), None);
    wire.engine.set_blocked(false);
    assert!(beside(&mut wire, &[0; 10]).is_some());
    wire.engine.closed(wire.now, wire.generation, "gone");
    assert_eq!(beside(&mut wire, &[0; 10]), None);
    wire.engine.stop(wire.now, Token::new(2));
    assert_eq!(beside(&mut wire, &[0; 10]), None);
}
