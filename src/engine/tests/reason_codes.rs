//! Which flags and reason codes each packet of a server may have (§2.4), and what a wrong one is answered with.

use super::wire::{five, incoming, list, packet, Wire};
use crate::codec::properties::{Property, Value};
use crate::codec::ReasonCode;
use crate::engine::Token;

#[test]
fn what_is_granted_without_being_asked_for_is_a_violation() {
    let mut wire = Wire::online(five(), &[]);
    wire.inject(&[0x90, 4, 0, 1, 0, 0]);
    wire.assert_violated(0x82, "SUBACK of nothing");
    for (what, bytes) in [
        ("another number of codes", &[0x90, 5, 0, 1, 0, 0, 0][..]),
        ("a code that SUBACK has not", &[0x90, 4, 0, 1, 0, 0x92]),
        ("an UNSUBACK for it", &[0xb0, 4, 0, 1, 0, 0]),
    ] {
        let mut wire = Wire::online(five(), &[]);
        wire.subscribe("a", 1, &[], 1).unwrap();
        wire.sent();
        wire.inject(bytes);
        wire.assert_violated(0x82, what);
    }
}

#[test]
fn a_refusal_has_no_session_and_a_reason_that_exists() {
    for (flags, reason) in [(1, 0x87), (0, 0x01), (0, 0x7f), (0, 0x92), (0, 0xff)] {
        let mut wire = Wire::new(five());
        wire.open();
        wire.inject(&packet(0x20, &[flags, reason], &[]));
        assert_eq!(wire.errors(), ["PROTOCOL_ERROR"], "{flags} {reason:#x}");
    }
}

#[test]
fn flags_of_a_publish_that_cannot_be_are_malformed() {
    for first in [0x38, 0x39, 0x36, 0x37, 0x3e, 0x3f] {
        let mut wire = Wire::online(five(), &[]);
        wire.inject(&[first, 7, 0, 1, b'a', 0, 1, 0, b'x']);
        wire.assert_violated(0x81, "DUP at QoS 0, or QoS 3");
    }
}

/// Whether a connection lives after a packet with this reason, for every reason.
fn reasons_taken(packet: impl Fn(u8) -> Vec<u8>, before: impl Fn(&mut Wire)) -> Vec<u8> {
    let taken = |reason: &u8| {
        let mut wire = Wire::online(five(), &[]);
        before(&mut wire);
        wire.sent();
        wire.inject(&packet(*reason));
        if !wire.engine.is_online() {
            wire.assert_violated(0x82, "a reason that the packet does not have");
        }
        wire.engine.is_online()
    };
    (0..=255).filter(taken).collect()
}

#[test]
fn every_packet_has_its_own_reasons() {
    let publish = |qos| move |wire: &mut Wire| wire.publish("a", qos, &[], 1).unwrap();
    // Every code from 0x80 on is a refusal.
    let published: Vec<u8> = [0, 0x10].into_iter().chain(0x80..=0xff).collect();
    assert_eq!(reasons_taken(|r| vec![0x40, 3, 0, 1, r], publish(1)), published);
    assert_eq!(reasons_taken(|r| vec![0x50, 3, 0, 1, r], publish(2)), published);
    assert_eq!(reasons_taken(|r| vec![0x62, 3, 0, 1, r], |_| ()), [0, 0x92]);
    let released = |wire: &mut Wire| {
        wire.publish("a", 2, &[], 1).unwrap();
        wire.sent();
        wire.inject(&[0x50, 2, 0, 1]);
    };
    assert_eq!(reasons_taken(|r| vec![0x70, 3, 0, 1, r], released), [0, 0x92]);
    let subscribed = [0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2];
    let subscribe = |wire: &mut Wire| wire.subscribe("a", 2, &[], 1).unwrap();
    assert_eq!(
        reasons_taken(|r| vec![0x90, 4, 0, 1, 0, r], subscribe),
        subscribed
    );
    let unsubscribe = |wire: &mut Wire| {
        wire.engine
            .unsubscribe(vec!["a".into()], Vec::new(), Token::new(1))
            .unwrap();
    };
    let unsubscribed = [0, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91];
    assert_eq!(
        reasons_taken(|r| vec![0xb0, 4, 0, 1, 0, r], unsubscribe),
        unsubscribed
    );
    // DISCONNECT ends the connection in any case: whether it is answered tells.
    let answered = |reason: &u8| {
        let mut wire = Wire::online(five(), &[]);
        wire.inject(&[0xe0, 1, *reason]);
        !wire.sent().is_empty()
    };
    let wrong: Vec<u8> = (0..=255).filter(answered).collect();
    assert_eq!(wrong.len(), 256 - 28);
    assert!([0x04, 0x84, 0x85, 0x86, 0x88, 0x8a, 0x8c, 0x91, 0x92]
        .iter()
        .all(|r| wrong.contains(r)));
}

#[test]
fn an_unsuback_has_as_many_reasons_as_there_were_filters() {
    for bytes in [&[0xb0, 4, 0, 1, 0, 0][..], &[0xb0, 6, 0, 1, 0, 0, 0, 0]] {
        let mut wire = Wire::online(five(), &[]);
        let filters = vec!["a".into(), "b".into()];
        wire.engine
            .unsubscribe(filters, Vec::new(), Token::new(1))
            .unwrap();
        wire.sent();
        wire.inject(bytes);
        wire.assert_violated(0x82, "one, and three, for two");
    }
}

#[test]
fn an_auth_has_its_flags_and_reasons() {
    let method = list(&[(Property::AuthenticationMethod, Value::Text("M"))]);
    let mut cfg = five();
    cfg.properties.clone_from(&method);
    for (first, reason, wrong) in [(0xf1, 0x18, 0x81), (0xf0, 0x19, 0x82), (0xf0, 0x80, 0x82)] {
        let mut wire = Wire::online(cfg.clone(), &method);
        wire.engine.authenticate(&[]).unwrap();
        wire.sent();
        wire.inject(&packet(first, &[reason], &method));
        wire.assert_violated(wrong, "an AUTH");
    }
    let mut wire = Wire::new(cfg);
    wire.open();
    wire.inject(&packet(0xf0, &[0], &method));
    assert_eq!(wire.errors(), ["PROTOCOL_ERROR"], "[MQTT-4.12.0-2]");
}

#[test]
fn a_message_that_the_application_refuses_is_answered_with_its_reason_and_text() {
    for (qos, first) in [(1, 0x40), (2, 0x50)] {
        let mut wire = Wire::online(five(), &[]);
        wire.subscribe("a", 2, &[], 1).unwrap();
        wire.inject(&[0x90, 4, 0, 1, 0, 2]);
        wire.sent();
        for (pid, text) in [(7, "no"), (8, "")] {
            wire.deferred = Some(Vec::new());
            wire.inject(&incoming("a", &[], qos, pid));
            let ticket = wire.deferred.take().unwrap()[0];
            wire.engine.refuse(Some(ticket), ReasonCode(0x83), text).unwrap();
            let why = match text {
                "" => Vec::new(),
                text => list(&[(Property::ReasonString, Value::Text(text))]),
            };
            let sent = wire.sent().concat();
            let expected = match why.is_empty() {
                true => vec![first, 3, 0, 8, 0x83],
                false => packet(first, &[0, 7, 0x83], &why),
            };
            assert_eq!(sent, expected, "QoS {qos}");
        }
    }
}
