//! Messages of MQTT 5 that wait: what is left of their expiry, and what a store has of them after a restart (§3.3.2.3).

use super::wire::{five, list, number, Wire};
use crate::codec::frame::frame;
use crate::codec::properties::{self, Property, Value};
use crate::codec::{publish, Version};
use crate::engine::{Config, Error, Message, Outcome, Token, Versions};
use std::collections::BTreeMap;

#[test]
fn what_is_kept_in_the_journal_survives_a_change_of_the_version() {
    let keep = |version| Config {
        version,
        persist: true,
        clean_session: false,
        ..five()
    };
    for (before, after) in [
        (Versions::V5, Versions::V5),
        (Versions::V5, Versions::V4),
        (Versions::V4, Versions::V5),
    ] {
        let mut wire = Wire::new(keep(before));
        wire.engine.restore(wire.now, Vec::new());
        let properties = match before {
            Versions::V4 => Vec::new(),
            _ => number(Property::MessageExpiryInterval, 60),
        };
        wire.publish("a/b", 1, &properties, 1).unwrap();
        let kept: Vec<_> = std::mem::take(&mut wire.kept)
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .collect();
        let mut next = Wire::new(keep(after));
        assert_eq!(next.engine.restore(next.now, kept), 0);
        next.open();
        let version = next.engine.version();
        match version {
            Version::V4 => next.inject(&[0x20, 2, 0, 0]),
            Version::V5 => next.connack(false, &[]),
        }
        let sent = next.sent();
        let parts = publish::parts(version, &sent[0]).unwrap();
        assert_eq!((parts.topic, parts.payload), (&b"a/b"[..], &b"x"[..]));
        let found = frame(&sent[0], version).unwrap().unwrap();
        assert_eq!(found.total(), sent[0].len());
    }
}

/// The store after these changes.
fn written(changes: &[(u64, Option<Vec<u8>>)]) -> Vec<(u64, Vec<u8>)> {
    let mut kept = BTreeMap::new();
    for (key, value) in changes.iter().cloned() {
        match value {
            Some(value) => kept.insert(key, value),
            None => kept.remove(&key),
        };
    }
    kept.into_iter().collect()
}

#[test]
fn a_store_that_is_opened_again_while_the_next_version_is_not_known_is_read_and_written_in_that_of_before() {
    let cfg = Config {
        version: Versions::Auto,
        persist: true,
        clean_session: false,
        ..five()
    };
    let mut wire = Wire::new(cfg.clone());
    wire.engine.restore(wire.now, Vec::new());
    let is_3_1_1 = |wire: &mut Wire| {
        assert_eq!(wire.open()[0][8], 5);
        wire.inject(&[0x20, 2, 0, 1]);
        assert_eq!(wire.open()[0][8], 4);
        wire.inject(&[0x20, 2, 0, 0]);
    };
    is_3_1_1(&mut wire);
    wire.reconnect();
    // Without an answer: the next attempt begins with MQTT 5 again.
    wire.engine.closed(wire.now, wire.generation, "");
    wire.drain();
    wire.publish("a", 1, &[], 1).unwrap();
    wire.engine.stop(wire.now, None);
    wire.drain();
    wire.advance(11_000);
    wire.engine.closed(wire.now, wire.generation, "");
    wire.drain();

    assert_eq!(wire.engine.restore(wire.now, written(&wire.kept)), 0);
    wire.engine.start(wire.now, None);
    wire.drain();
    wire.publish("b", 1, &[], 2).unwrap();
    let mut later = Wire::new(cfg);
    assert_eq!(later.engine.restore(later.now, written(&wire.kept)), 0);
    for next in [&mut wire, &mut later] {
        is_3_1_1(next);
        let sent = next.sent();
        assert_eq!(sent, [b"\x32\x06\0\x01a\0\x01x", b"\x32\x06\0\x01b\0\x02x"]);
    }
}

/// A client with a store, and what the store has of one that published to these topics and has no answer.
fn in_flight(topics: &[&str]) -> (Config, Vec<(u64, Vec<u8>)>) {
    let cfg = Config {
        persist: true,
        clean_session: false,
        max_inflight_bytes: 5_000,
        ..five()
    };
    let mut wire = Wire::new(cfg.clone());
    wire.engine.restore(wire.now, Vec::new());
    wire.open();
    wire.connack(false, &[]);
    for (topic, token) in topics.iter().zip(1..) {
        wire.publish(topic, 1, &[], token).unwrap();
    }
    let kept = std::mem::take(&mut wire.kept).into_iter();
    let mut kept: Vec<_> = kept.filter_map(|(key, value)| Some((key, value?))).collect();
    kept.sort();
    (cfg, kept)
}

#[test]
fn bytes_in_flight_are_right_after_a_fall_back_to_3_1_1() {
    let long = "t".repeat(1_000);
    let (mut cfg, kept) = in_flight(&[&long, &long]);
    cfg.version = Versions::Auto;
    let mut next = Wire::new(cfg);
    assert_eq!(next.engine.restore(next.now, kept), 0);
    next.open();
    next.inject(&[0x20, 2, 0, 1]);
    next.open();
    next.inject(&[0x20, 2, 1, 0]);
    assert_eq!(next.sent().len(), 2);
    for token in 3..=7 {
        next.publish(&long, 1, &[], token).unwrap();
    }
    assert_eq!(next.sent().len(), 3, "5,000 are in flight");
}

#[test]
fn an_identifier_whose_message_cannot_be_read_is_given_to_no_other() {
    let (cfg, mut kept) = in_flight(&["a"]);
    assert_eq!(kept.len(), 2, "the message, and that it is in flight");
    kept[0].1.truncate(1);
    let mut next = Wire::new(cfg);
    assert_eq!(next.engine.restore(next.now, kept), 2);
    next.open();
    next.connack(true, &[]);
    next.publish("b", 1, &[], 1).unwrap();
    assert_eq!(next.sent(), [b"\x32\x07\0\x01b\0\x02\0x"]);
}

#[test]
fn one_that_expires_leaves_the_others_their_own_age() {
    let mut wire = Wire::new(Config {
        offline_expiry: Some(5_000),
        ..five()
    });
    wire.publish("short", 1, &number(Property::MessageExpiryInterval, 2), 1)
        .unwrap();
    wire.publish("plain", 1, &[], 2).unwrap();
    wire.advance(3_500);
    assert_eq!(wire.error(1).code.name(), "EXPIRED");
    wire.advance(2_000);
    assert_eq!(wire.error(2).code.name(), "EXPIRED");
}

#[test]
fn the_properties_of_a_batch_survive_a_restart() {
    let cfg = || Config {
        persist: true,
        clean_session: false,
        ..five()
    };
    let mut wire = Wire::new(cfg());
    let kind = list(&[(Property::ContentType, Value::Text("application/json"))]);
    let item = Message {
        topic: "a",
        payload: b"1",
        qos: 1,
        retain: false,
        properties: &kind,
    };
    wire.engine.restore(wire.now, Vec::new());
    wire.engine.batch(wire.now, &item, Token::new(1)).unwrap();
    wire.drain();
    let mut kept = BTreeMap::new();
    for (key, value) in std::mem::take(&mut wire.kept) {
        match value {
            Some(value) => kept.insert(key, value),
            None => kept.remove(&key),
        };
    }
    assert!(!kept.is_empty());
    let mut next = Wire::new(cfg());
    assert_eq!(next.engine.restore(next.now, kept.into_iter().collect()), 0);
    next.open();
    next.connack(false, &[]);
    next.advance(60_000);
    let sent = next.sent();
    let batch = sent.iter().find(|sent| sent[0] >> 4 == 3).unwrap();
    let parts = publish::parts(Version::V5, batch).unwrap();
    assert_eq!((parts.payload, parts.properties), (&b"[1]"[..], &kind[..]));
}

#[test]
fn a_message_expires_while_it_waits_and_what_is_left_is_sent() {
    let mut wire = Wire::new(five());
    wire.publish("short", 1, &number(Property::MessageExpiryInterval, 2), 1)
        .unwrap();
    wire.publish("long", 1, &number(Property::MessageExpiryInterval, 100), 2)
        .unwrap();
    wire.advance(3_500);
    assert_eq!(wire.error(1).code.name(), "EXPIRED");
    wire.open();
    wire.connack(false, &[]);
    let sent = wire.sent();
    assert_eq!(sent.len(), 1);
    let parts = publish::parts(Version::V5, &sent[0]).unwrap();
    assert_eq!(
        properties::number(parts.properties, Property::MessageExpiryInterval),
        Some(97)
    );
}

#[test]
fn queued_messages_that_expire_together_take_no_time_of_each_other() {
    let mut wire = Wire::new(Config {
        queue_size: 100_000,
        offline_size: 100_000,
        ..five()
    });
    let expiry = number(Property::MessageExpiryInterval, 2);
    for token in 1..=50_000 {
        let message = Message {
            topic: "a",
            payload: b"x",
            qos: 1,
            retain: false,
            properties: &expiry,
        };
        wire.engine.queue(wire.now, &message, Token::new(token)).unwrap();
    }
    // A search of the whole queue for each of them would be thousands of millions of steps.
    wire.advance(3_500);
    let expired =
        |(_, end): &&(u32, Result<Outcome, Error>)| matches!(end, Err(e) if e.code.name() == "EXPIRED");
    assert_eq!(wire.done.iter().filter(expired).count(), 50_000);
    assert_eq!(wire.engine.stats().queued, 0);
}
