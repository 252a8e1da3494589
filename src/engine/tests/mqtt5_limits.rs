//! The server's limits where they are easily forgotten: in what is sent again, in the last packet, in a length that
//! grows by a byte. And a fall back to 3.1.1 in the journal. All but one were found by fuzzing (`tests/fuzz/`).

use super::wire::{five, list, number, packet, Wire};
use crate::codec::properties::{Property, Value};
use crate::codec::ReasonCode;
use crate::engine::{Config, Token, Versions};

#[test]
fn what_is_sent_again_is_within_what_the_server_takes_now() {
    let mut cfg = five();
    cfg.clean_session = false;
    let mut wire = Wire::online(cfg, &[]);
    wire.publish("two", 2, &[], 1).unwrap();
    wire.publish("one", 1, &[], 2).unwrap();
    assert_eq!(wire.sent().len(), 2);
    wire.reconnect();
    wire.connack(true, &number(Property::MaximumQoS, 1));
    let again = wire.sent();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0][0], 0x3a);
    assert_eq!(wire.error(1).reason, Some(ReasonCode(0x9b)));
}

#[test]
fn disconnect_and_auth_are_within_the_packet_size_of_the_server() {
    let mut cfg = five();
    let method = list(&[(Property::AuthenticationMethod, Value::Text("M"))]);
    cfg.properties.clone_from(&method);
    let mut wire = Wire::new(cfg);
    wire.open();
    let says = [number(Property::MaximumPacketSize, 30), method].concat();
    wire.inject(&packet(0x20, &[0, 0], &says));
    let data = list(&[(Property::AuthenticationData, Value::Binary(&[0; 30]))]);
    let error = wire.engine.authenticate(&data).unwrap_err();
    assert_eq!(error.code.name(), "PACKET_TOO_LARGE");
    assert!(wire.sent().is_empty());
    let why = list(&[(Property::ReasonString, Value::Text(&"y".repeat(30)))]);
    wire.engine.set_disconnect(ReasonCode(4), &why).unwrap();
    wire.engine.stop(wire.now, Token::new(1));
    assert_eq!(wire.sent(), [vec![0xe0, 1, 4]]);
}

#[test]
fn an_alias_that_makes_a_length_longer_is_left_out_where_the_packet_would_be_too_large() {
    for length in 100..140 {
        let user = list(&[(Property::UserProperty, Value::Pair("", &"p".repeat(length)))]);
        let mut wire = Wire::online(five(), &[]);
        wire.publish("topic", 0, &user, 1).unwrap();
        let plain = wire.sent()[0].len();
        for room in 0..=6 {
            let most = plain + room;
            let mut says = number(Property::TopicAliasMaximum, 1);
            says.extend(number(Property::MaximumPacketSize, most as u32));
            let mut wire = Wire::online(five(), &says);
            wire.publish("topic", 0, &user, 1).unwrap();
            assert!(wire.sent()[0].len() <= most, "{length} {room}");
        }
    }
}

#[test]
fn what_is_written_to_the_journal_after_a_fall_back_is_read_by_the_next_start() {
    let cfg = Config {
        version: Versions::Auto,
        persist: true,
        clean_session: false,
        ..five()
    };
    let mut wire = Wire::new(cfg.clone());
    wire.engine.restore(wire.now, Vec::new());
    wire.open();
    wire.inject(&[0x20, 2, 0, 1]);
    wire.open();
    wire.inject(&[0x20, 2, 0, 0]);
    wire.publish("a/b", 1, &[], 1).unwrap();
    assert_eq!(wire.sent(), [b"\x32\x08\0\x03a/b\0\x01x".to_vec()]);
    let kept = std::mem::take(&mut wire.kept).into_iter();
    let kept: Vec<_> = kept.filter_map(|(key, value)| Some((key, value?))).collect();
    let mut next = Wire::new(cfg);
    assert_eq!(next.engine.restore(next.now, kept), 0);
}
