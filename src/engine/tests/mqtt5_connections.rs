//! How connections of MQTT 5 begin, authenticate and end, byte by byte (§3.1, §3.2, §3.14, §3.15).

use super::wire::{five, list, number, packet, Wire};
use crate::codec::properties::{find, Property, Value};
use crate::codec::ReasonCode;
use crate::engine::{Config, Event, Token, Versions, Will};

#[test]
fn connect_says_what_the_settings_mean() {
    let mut cfg = five();
    cfg.clean_session = false;
    cfg.max_packet_size = 1_000;
    cfg.will = Some(Will {
        topic: "w".into(),
        payload: b"p".to_vec(),
        qos: 1,
        retain: false,
        properties: number(Property::WillDelayInterval, 5),
    });
    cfg.password = Some(b"alone".to_vec());
    let connect = Wire::new(cfg).open().remove(0);
    let properties = list(&[
        (Property::SessionExpiryInterval, Value::Number(u32::MAX)),
        (Property::TopicAliasMaximum, Value::Number(32)),
        (Property::ReceiveMaximum, Value::Number(1_000)),
        (Property::MaximumPacketSize, Value::Number(1_000)),
    ]);
    let mut wanted = b"\0\x04MQTT\x05\x4c\0\x3c".to_vec();
    wanted.push(properties.len() as u8);
    wanted.extend(properties);
    wanted.extend(b"\0\x02me\x05\x18\0\0\0\x05\0\x01w\0\x01p\0\x05alone");
    assert_eq!(connect[2..], wanted);
}

#[test]
fn before_connack_a_wrong_packet_only_ends_the_connection() {
    for bytes in [
        &[0xe0, 0][..],
        &[0xd0, 0],
        &[0x20, 2, 0, 0],
        &[0x20, 3, 2, 0, 0],
        &[0x20, 3, 0, 1, 0],
    ] {
        let mut wire = Wire::new(five());
        wire.open();
        wire.inject(bytes);
        assert!(!wire.engine.is_online(), "{bytes:02x?}");
        assert!(wire.sent().is_empty());
        let closed = |event: &Event| matches!(event, Event::Close { .. });
        assert!(wire.events.iter().any(closed), "{bytes:02x?}");
    }
}

#[test]
fn the_server_decides_keep_alive_and_client_identifier() {
    let says = list(&[
        (Property::ServerKeepAlive, Value::Number(10)),
        (Property::AssignedClientIdentifier, Value::Text("given")),
    ]);
    let cfg = Config {
        client_id: String::new(),
        assigned_id: true,
        ..five()
    };
    let mut wire = Wire::online(cfg, &says);
    wire.sent();
    wire.advance(4_900);
    assert!(wire.sent().is_empty());
    wire.advance(1_100);
    assert_eq!(wire.sent(), [[0xc0, 0]], "half of 10 s, not of 60");
    let connect = wire.reconnect();
    assert!(connect.windows(7).any(|part| part == b"\0\x05given"));
}

#[test]
fn a_keep_alive_of_0_is_none_also_where_the_server_decides() {
    let mut wire = Wire::online(five(), &list(&[(Property::ServerKeepAlive, Value::Number(0))]));
    wire.sent();
    wire.advance(600_000);
    assert!(wire.sent().is_empty());
    assert!(wire.engine.is_online());
}

#[test]
fn a_refusal_says_the_brokers_reason() {
    for (reason, code) in [
        (0x84, "NOT_SUPPORTED"),
        (0x87, "NOT_AUTHORIZED"),
        (0x97, "CONNECTION_REFUSED"),
    ] {
        let mut wire = Wire::new(five());
        wire.open();
        wire.inject(&packet(0x20, &[0, reason], &[]));
        let told = wire.events.iter().find_map(|event| match event {
            Event::Error(error) => Some((error.code.name(), error.reason)),
            _ => None,
        });
        assert_eq!(told, Some((code, Some(ReasonCode(reason)))));
    }
}

#[test]
fn authentication_goes_back_and_forth_and_can_be_done_anew() {
    let mut cfg = five();
    let method = list(&[(Property::AuthenticationMethod, Value::Text("M"))]);
    cfg.properties.clone_from(&method);
    let mut wire = Wire::new(cfg);
    wire.open();
    let challenge = list(&[
        (Property::AuthenticationMethod, Value::Text("M")),
        (Property::AuthenticationData, Value::Binary(b"?")),
    ]);
    wire.inject(&packet(0xf0, &[0x18], &challenge));
    let asked = Event::Auth {
        reason: 0x18,
        properties: challenge.clone(),
    };
    assert_eq!(wire.events.last(), Some(&asked));
    wire.engine
        .authenticate(&list(&[(Property::AuthenticationData, Value::Binary(b"!"))]))
        .unwrap();
    let answer = wire.sent().remove(0);
    assert_eq!(answer[..3], [0xf0, 10, 0x18]);
    assert_eq!(
        find(&answer[4..], Property::AuthenticationMethod),
        Some(Value::Text("M"))
    );
    wire.connack(false, &method);
    assert!(wire.engine.is_online());

    wire.engine.authenticate(&[]).unwrap();
    assert_eq!(wire.sent()[0][2], 0x19);
    wire.inject(&packet(0xf0, &[0x00], &method));
    assert!(matches!(wire.events.last(), Some(Event::Auth { reason: 0, .. })));
    wire.inject(&packet(0xf0, &[0x18], &method));
    wire.assert_violated(0x82, "an AUTH that nothing asked for");
}

#[test]
fn an_auth_of_another_method_is_a_violation() {
    let mut cfg = five();
    let method = list(&[(Property::AuthenticationMethod, Value::Text("M"))]);
    cfg.properties.clone_from(&method);
    let mut wire = Wire::online(cfg, &method);
    wire.engine.authenticate(&[]).unwrap();
    wire.sent();
    wire.inject(&packet(
        0xf0,
        &[0x18],
        &list(&[(Property::AuthenticationMethod, Value::Text("N"))]),
    ));
    wire.assert_violated(0x82, "another method");
}

#[test]
fn a_session_that_lasts_is_begun_by_start_and_resumed_by_a_reconnect() {
    let mut cfg = five();
    cfg.properties = number(Property::SessionExpiryInterval, 60);
    let mut wire = Wire::new(cfg);
    assert_eq!(wire.open()[0][9] & 2, 2, "clean start");
    wire.connack(false, &[]);
    wire.publish("a", 1, &[], 1).unwrap();
    wire.sent();
    let connect = wire.reconnect();
    assert_eq!(connect[9] & 2, 0);
    wire.connack(true, &[]);
    assert_eq!(wire.sent()[0][0], 0x3a);
}

#[test]
fn stop_says_its_reason() {
    let mut wire = Wire::online(five(), &[]);
    wire.engine
        .set_disconnect(
            ReasonCode(4),
            &list(&[(Property::ReasonString, Value::Text("bye"))]),
        )
        .unwrap();
    wire.engine.stop(wire.now, Token::new(1));
    assert_eq!(wire.sent(), [b"\xe0\x08\x04\x06\x1f\0\x03bye".to_vec()]);
    let mut wire = Wire::online(five(), &[]);
    let error = wire
        .engine
        .set_disconnect(ReasonCode(0), &number(Property::SessionExpiryInterval, 5))
        .unwrap_err();
    assert!(error.message.contains("sessionExpiryInterval"));
}

#[test]
fn in_3_1_1_stop_has_no_reason() {
    let mut cfg = five();
    cfg.version = Versions::V4;
    let mut wire = Wire::new(cfg);
    wire.open();
    wire.inject(&[0x20, 2, 0, 0]);
    let why = list(&[(Property::ReasonString, Value::Text("bye"))]);
    for (reason, properties) in [(4, &[][..]), (0, &why)] {
        let error = wire
            .engine
            .set_disconnect(ReasonCode(reason), properties)
            .unwrap_err();
        assert!(error.message.contains("mqttversion"), "{}", error.message);
    }
    wire.engine.set_disconnect(ReasonCode::SUCCESS, &[]).unwrap();
    wire.engine.stop(wire.now, Token::new(1));
    assert_eq!(wire.sent(), [[0xe0, 0]]);
}

#[test]
fn a_window_of_all_identifiers_is_the_default_and_not_said() {
    for (max_unhandled, said) in [(65_534, Some(65_534)), (65_535, None)] {
        let cfg = Config {
            max_unhandled,
            ..five()
        };
        let connect = Wire::new(cfg).open().remove(0);
        let said = said.map(|maximum| number(Property::ReceiveMaximum, maximum));
        let found = connect.windows(3).find(|part| part[0] == 0x21 && part[1] == 0xff);
        assert_eq!(found, said.as_deref());
    }
}
