//! MQTT 5 against a peer that says exactly what a test wants, byte by byte (§3.1 to §4.13).

use super::wire::{five, incoming, list, number, packet, Wire};
use crate::codec::frame::frame;
use crate::codec::properties::{self, Place, Property, Value};
use crate::codec::publish;
use crate::codec::ReasonCode;
use crate::codec::{properties::find, Version};
use crate::engine::{Config, Event, Message, Outcome, Token, Versions, Will};

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
        (Property::MaximumPacketSize, Value::Number(1_000)),
    ]);
    let mut wanted = b"\0\x04MQTT\x05\x4c\0\x3c".to_vec();
    wanted.push(properties.len() as u8);
    wanted.extend(properties);
    wanted.extend(b"\0\x02me\x05\x18\0\0\0\x05\0\x01w\0\x01p\0\x05alone");
    assert_eq!(connect[2..], wanted);
}

#[test]
fn what_a_server_may_not_send_is_answered_with_its_reason() {
    let twice = list(&[
        (Property::TopicAlias, Value::Number(1)),
        (Property::TopicAlias, Value::Number(1)),
    ]);
    let no_method = list(&[(Property::AuthenticationData, Value::Binary(b"x"))]);
    let cases: Vec<(&str, Vec<u8>, u8)> = vec![
        ("a second CONNACK", packet(0x20, &[0, 0], &[]), 0x82),
        ("a packet type of 0", vec![0, 0], 0x81),
        ("SUBSCRIBE", vec![0x82, 5, 0, 1, 0, 1, b'a'], 0x82),
        ("PINGREQ", vec![0xc0, 0], 0x82),
        ("wrong flags", vec![0x21, 3, 0, 0, 0], 0x81),
        ("DISCONNECT with flags", vec![0xe1, 0], 0x81),
        ("QoS 3", vec![0x36, 7, 0, 1, b'a', 0, 1, 0, 0], 0x81),
        ("an empty topic", incoming("", &[], 0, 0), 0x82),
        ("a wildcard", incoming("a/+", &[], 0, 0), 0x81),
        ("U+0000", incoming("a\0", &[], 0, 0), 0x81),
        ("a property twice", incoming("a", &twice, 0, 0), 0x82),
        ("an unknown property", incoming("a", &[99, 0], 0, 0), 0x81),
        (
            "a property of CONNACK",
            incoming("a", &number(Property::ReceiveMaximum, 1), 0, 0),
            0x82,
        ),
        (
            "an alias over the maximum",
            incoming("a", &number(Property::TopicAlias, 33), 0, 0),
            0x94,
        ),
        (
            "an alias of nothing",
            incoming("", &number(Property::TopicAlias, 2), 0, 0),
            0x82,
        ),
        (
            "alias 0",
            incoming("a", &number(Property::TopicAlias, 0), 0, 0),
            0x94,
        ),
        ("identifier 0", incoming("a", &[], 1, 0), 0x82),
        ("PUBACK with a reason of SUBACK", vec![0x40, 3, 0, 1, 0x9e], 0x82),
        ("PUBREL with another reason", vec![0x62, 3, 0, 1, 0x80], 0x82),
        ("SUBACK of nothing", vec![0x90, 4, 0, 1, 0, 0], 0x82),
        ("UNSUBACK without codes", vec![0xb0, 3, 0, 1, 0], 0x81),
        ("AUTH without a method asked for", vec![0xf0, 0], 0x82),
        ("AUTH with data alone", packet(0xf0, &[0x18], &no_method), 0x82),
        (
            "DISCONNECT with a session expiry",
            packet(0xe0, &[0], &number(Property::SessionExpiryInterval, 1)),
            0x82,
        ),
        ("DISCONNECT with a client's reason", vec![0xe0, 1, 4], 0x82),
        (
            "a length of five bytes",
            vec![0x30, 0xff, 0xff, 0xff, 0xff, 1],
            0x81,
        ),
        ("PINGRESP with a body", vec![0xd0, 1, 0], 0x81),
    ];
    for (what, bytes, reason) in cases {
        let mut wire = Wire::online(five(), &[]);
        wire.inject(&bytes);
        wire.assert_violated(reason, what);
    }
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
fn the_receive_maximum_of_the_server_is_kept_also_when_a_session_resumes() {
    for most in [1, 10] {
        let mut cfg = five();
        cfg.clean_session = false;
        let maximum = number(Property::ReceiveMaximum, most);
        let mut wire = Wire::online(cfg, &maximum);
        for token in 1..=30 {
            wire.publish("a", 1, &[], token).unwrap();
        }
        assert_eq!(wire.sent().len(), most as usize);
        wire.inject(&[0x40, 2, 0, 1]);
        assert_eq!(wire.sent().len(), 1, "a place became free");
        wire.reconnect();
        wire.connack(true, &number(Property::ReceiveMaximum, 1));
        let again = wire.sent();
        assert_eq!(again.len(), 1);
        assert_eq!(again[0][0], 0x3a, "with DUP");
        for pid in 2..=30u8 {
            wire.inject(&[0x40, 2, 0, pid]);
            assert_eq!(wire.sent().len(), usize::from(pid < 30), "{pid}");
        }
        assert_eq!(wire.done.iter().filter(|(_, result)| result.is_ok()).count(), 30);
    }
}

#[test]
fn the_receive_maximum_given_to_the_server_is_enforced() {
    let mut cfg = five();
    cfg.properties = number(Property::ReceiveMaximum, 2);
    let mut wire = Wire::online(cfg, &[]);
    wire.inject(&[incoming("a", &[], 2, 1), incoming("a", &[], 1, 2)].concat());
    assert_eq!(wire.sent(), [vec![0x50, 2, 0, 1], vec![0x40, 2, 0, 2]]);
    wire.inject(&incoming("a", &[], 1, 3));
    assert_eq!(wire.sent(), [[0x40, 2, 0, 3]]);
    wire.inject(&[incoming("a", &[], 1, 4), incoming("a", &[], 1, 5)].concat());
    wire.assert_violated(0x93, "one of QoS 2 and two of QoS 1");
}

#[test]
fn a_message_the_server_does_not_take_fails_alone() {
    let says = list(&[
        (Property::MaximumPacketSize, Value::Number(40)),
        (Property::MaximumQoS, Value::Number(1)),
        (Property::RetainAvailable, Value::Number(0)),
    ]);
    let mut wire = Wire::new(five());
    // Before the connection is there: told when it comes.
    wire.publish(&"t".repeat(50), 1, &[], 1).unwrap();
    wire.publish("qos", 2, &[], 2).unwrap();
    wire.publish("good", 1, &[], 3).unwrap();
    wire.open();
    wire.connack(false, &says);
    assert_eq!(wire.sent().len(), 1);
    assert_eq!(wire.error(1).code.name(), "PACKET_TOO_LARGE");
    assert_eq!(
        (wire.error(2).code.name(), wire.error(2).reason),
        ("NOT_SUPPORTED", Some(ReasonCode(0x9b)))
    );
    // While it is there: told at once.
    let error = wire.publish(&"t".repeat(50), 0, &[], 4).unwrap_err();
    assert_eq!(
        (error.code.name(), error.reason),
        ("PACKET_TOO_LARGE", Some(ReasonCode(0x95)))
    );
    assert!(error.message.contains("40"));
    let retained = Message {
        topic: "r",
        payload: b"",
        qos: 0,
        retain: true,
        properties: &[],
    };
    let error = wire
        .engine
        .publish(wire.now, &retained, Token::new(5))
        .unwrap_err();
    assert_eq!(
        (error.code.name(), error.reason),
        ("NOT_SUPPORTED", Some(ReasonCode(0x9a)))
    );
    assert!(wire.engine.is_online());
    assert!(wire.sent().is_empty());
}

#[test]
fn a_filter_the_server_does_not_take_is_refused_now_or_when_it_is_sent() {
    let says = list(&[
        (Property::WildcardSubscriptionAvailable, Value::Number(0)),
        (Property::SubscriptionIdentifierAvailable, Value::Number(0)),
        (Property::SharedSubscriptionAvailable, Value::Number(0)),
    ]);
    let id = number(Property::SubscriptionIdentifier, 7);
    let cases = [
        ("a/+", &[][..], 0xa2),
        ("$share/g/a", &[], 0x9e),
        ("a", &id, 0xa1),
    ];
    for (filter, properties, reason) in cases {
        let mut early = Wire::new(five());
        early.subscribe(filter, 1, properties, 1).unwrap();
        early.open();
        early.connack(false, &says);
        assert!(early.sent().is_empty(), "{filter}");
        assert_eq!(early.error(1).reason, Some(ReasonCode(reason)), "{filter}");
        let error = early.subscribe(filter, 1, properties, 2).unwrap_err();
        assert_eq!(
            (error.code.name(), error.reason),
            ("NOT_SUPPORTED", Some(ReasonCode(reason)))
        );
    }
    let mut wire = Wire::online(five(), &[]);
    let error = wire.subscribe("$share/g/a", 4, &[], 1).unwrap_err();
    assert!(error.message.contains("noLocal"));
}

#[test]
fn topics_become_aliases_in_both_directions_and_never_in_what_is_sent_again() {
    let mut cfg = five();
    cfg.clean_session = false;
    let mut wire = Wire::online(cfg, &number(Property::TopicAliasMaximum, 1));
    wire.publish("long/topic", 0, &[], 1).unwrap();
    wire.publish("long/topic", 1, &[], 2).unwrap();
    wire.publish("other/topic", 1, &[], 3).unwrap();
    let sent = wire.sent();
    let alias = b"\x03\x23\0\x01".as_slice();
    assert_eq!(sent[0], [b"\x30\x11\0\x0along/topic", alias, b"x"].concat());
    assert_eq!(sent[1], [b"\x32\x09\0\0\0\x01", alias, b"x"].concat());
    assert_eq!(sent[2], b"\x32\x11\0\x0bother/topic\0\x02\0x");
    wire.reconnect();
    wire.connack(true, &[]);
    assert_eq!(wire.sent()[0], b"\x3a\x10\0\x0along/topic\0\x01\0x");

    wire.inject(&incoming("in/bound", &number(Property::TopicAlias, 32), 0, 0));
    wire.inject(&incoming("", &number(Property::TopicAlias, 32), 0, 0));
    wire.inject(&incoming("new/one", &number(Property::TopicAlias, 32), 0, 0));
    wire.inject(&incoming("", &number(Property::TopicAlias, 32), 0, 0));
    assert_eq!(wire.topics, ["in/bound", "in/bound", "new/one", "new/one"]);
}

#[test]
fn an_alias_of_the_users_own_goes_as_it_is_within_the_servers_limit() {
    let mut wire = Wire::online(five(), &number(Property::TopicAliasMaximum, 5));
    wire.publish("a/topic", 1, &number(Property::TopicAlias, 5), 1)
        .unwrap();
    assert_eq!(wire.sent()[0], b"\x32\x10\0\x07a/topic\0\x01\x03\x23\0\x05x");
    wire.publish("a/topic", 0, &[], 2).unwrap();
    assert_eq!(
        wire.sent()[0],
        b"\x30\x0b\0\x07a/topic\0x",
        "no alias of ours beside it"
    );
    let error = wire
        .publish("a/topic", 0, &number(Property::TopicAlias, 6), 3)
        .unwrap_err();
    assert_eq!(
        (error.code.name(), error.reason),
        ("NOT_SUPPORTED", Some(ReasonCode(0x94)))
    );
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
    wire.advance(6_000);
    assert_eq!(wire.sent(), [[0xc0, 0]], "half of 10 s, not of 60");
    let connect = wire.reconnect();
    assert!(connect.windows(7).any(|part| part == b"\0\x05given"));
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
fn a_refused_message_ends_with_the_brokers_reason_and_gives_its_place_free() {
    let mut wire = Wire::online(five(), &number(Property::ReceiveMaximum, 1));
    let why = list(&[(Property::ReasonString, Value::Text("not here"))]);
    for (token, qos, first) in [(1, 1, 0x40), (2, 2, 0x50)] {
        wire.publish("a", qos, &[], token).unwrap();
        let pid = wire.sent()[0][6];
        wire.inject(&packet(first, &[0, pid, 0x87], &why));
        let error = wire.error(token);
        assert_eq!(
            (error.code.name(), error.reason),
            ("PUBLISH_REFUSED", Some(ReasonCode(0x87)))
        );
        assert!(error.message.contains("not here"));
        assert!(wire.sent().is_empty(), "no PUBREL");
    }
    wire.publish("a", 1, &[], 3).unwrap();
    let pid = wire.sent()[0][6];
    wire.inject(&[0x40, 3, 0, pid, 0x10]);
    let acked = Outcome::Acked {
        reason: 0x10,
        properties: Vec::new(),
    };
    assert_eq!(wire.done.last(), Some(&(3, Ok(acked))));
}

#[test]
fn a_pubrel_of_an_unknown_message_is_answered_with_its_own_reason() {
    let mut wire = Wire::online(five(), &[]);
    wire.inject(&[0x62, 2, 0, 9]);
    assert_eq!(wire.sent(), [[0x70, 3, 0, 9, 0x92]]);
}

#[test]
fn subscriptions_are_restored_with_options_and_properties() {
    let mut wire = Wire::online(five(), &[]);
    let id = number(Property::SubscriptionIdentifier, 7);
    wire.subscribe("a", 1 | 4 | 8 | 16, &id, 1).unwrap();
    let asked = wire.sent().remove(0);
    assert_eq!(asked, b"\x82\x09\0\x01\x02\x0b\x07\0\x01a\x1d");
    wire.inject(&[0x90, 4, 0, 1, 0, 1]);
    wire.reconnect();
    wire.connack(false, &[]);
    let again = wire.sent().remove(0);
    assert_eq!(again[4..], asked[4..]);
}

#[test]
fn unsuback_says_what_became_of_each_filter() {
    let mut wire = Wire::online(five(), &[]);
    wire.engine
        .unsubscribe(vec!["a".into(), "b".into()], Vec::new(), Token::new(1))
        .unwrap();
    wire.sent();
    wire.inject(&[0xb0, 5, 0, 1, 0, 0, 0x11]);
    let granted = Outcome::Granted {
        codes: vec![0, 0x11],
        properties: Vec::new(),
    };
    assert_eq!(wire.done, [(1, Ok(granted))]);
    wire.engine
        .unsubscribe(vec!["a".into()], Vec::new(), Token::new(2))
        .unwrap();
    wire.sent();
    wire.inject(&[0xb0, 4, 0, 2, 0, 0x87]);
    assert_eq!(
        (wire.error(2).code.name(), wire.error(2).reason),
        ("UNSUBSCRIBE_FAILED", Some(ReasonCode(0x87)))
    );
}

#[test]
fn a_servers_disconnect_is_reported_and_its_reference_followed_if_that_is_wanted() {
    for follow in [false, true] {
        let mut cfg = five();
        cfg.follow_server_reference = follow;
        let mut wire = Wire::online(cfg, &[]);
        let elsewhere = list(&[(Property::ServerReference, Value::Text("other:1884 third"))]);
        wire.inject(&packet(0xe0, &[0x9c], &elsewhere));
        assert!(wire.sent().is_empty());
        let told = wire.events.iter().find_map(|event| match event {
            Event::Disconnected { rc: 0x9c, error } => error.as_ref(),
            _ => None,
        });
        assert!(told.unwrap().message.contains("other:1884"));
        assert_eq!(
            properties::string(&told.unwrap().properties, Property::ServerReference),
            Some("other:1884 third")
        );
        let servers = &wire.engine.config().servers;
        let named: &[&str] = match follow {
            true => &["mqtt://other:1884", "mqtt://third:1883"],
            false => &[],
        };
        assert_eq!(servers[1..], *named);
    }
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
fn auto_falls_back_to_3_1_1_and_queued_messages_follow() {
    for hangs_up in [false, true] {
        let mut cfg = five();
        cfg.version = Versions::Auto;
        cfg.properties = list(&[(Property::AuthenticationMethod, Value::Text("M"))]);
        let mut wire = Wire::new(cfg);
        wire.publish("a", 1, &number(Property::MessageExpiryInterval, 60), 1)
            .unwrap();
        assert_eq!(wire.open()[0][8], 5);
        if hangs_up {
            wire.engine.closed(wire.now, wire.generation, "");
            wire.drain();
        } else {
            wire.inject(&[0x20, 2, 0, 1]);
        }
        assert_eq!(wire.open()[0][8], 4);
        wire.inject(&[0x20, 2, 0, 0]);
        assert!(wire.engine.is_online());
        assert_eq!(wire.sent(), [b"\x32\x06\0\x01a\0\x01x".to_vec()]);
        assert!(!wire.events.iter().any(|event| matches!(event, Event::Error(_))));
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

#[test]
fn in_3_1_1_there_are_no_properties() {
    let mut cfg = five();
    cfg.version = Versions::V4;
    let mut wire = Wire::new(cfg);
    let error = wire
        .publish("a", 0, &number(Property::MessageExpiryInterval, 1), 1)
        .unwrap_err();
    assert!(error.message.contains("mqttversion"));
    assert!(wire.subscribe("a", 4, &[], 2).is_err());
    assert!(properties::check(&[], Place::Publish).is_ok());
}

#[test]
fn auto_takes_silence_to_the_first_attempt_for_a_broker_that_knows_no_better() {
    let mut cfg = five();
    cfg.version = Versions::Auto;
    let mut wire = Wire::new(cfg);
    assert_eq!(wire.open()[0][8], 5);
    wire.publish("a", 1, &[], 1).unwrap();
    wire.advance(10_000);
    wire.advance(250);
    let closed = |event: &Event| matches!(event, Event::Close { .. });
    assert!(wire.events.iter().any(closed));
    assert_eq!(wire.open()[0][8], 4);
    wire.inject(b"\x20\x02\0\0");
    assert!(wire.engine.is_online());
    assert_eq!(wire.engine.version(), Version::V4);
    assert_eq!(wire.sent().len(), 1, "what waited is sent");
}

#[test]
fn silence_of_a_server_that_spoke_mqtt_5_before_is_no_reason_to_fall_back() {
    let mut cfg = five();
    cfg.version = Versions::Auto;
    let mut wire = Wire::online(cfg, &[]);
    let connect = wire.reconnect();
    assert_eq!(connect[8], 5);
    wire.advance(10_000);
    wire.advance(250);
    wire.advance(300_000);
    assert_eq!(wire.open()[0][8], 5);
}

/// A client that follows server references, and has been sent elsewhere by its first CONNACK.
fn sent_elsewhere(names: &str) -> Wire {
    let mut cfg = five();
    cfg.follow_server_reference = true;
    let mut wire = Wire::new(cfg);
    wire.engine.start(wire.now, Token::new(7));
    wire.open();
    refer(&mut wire, names);
    wire
}

fn refer(wire: &mut Wire, names: &str) {
    let elsewhere = list(&[(Property::ServerReference, Value::Text(names))]);
    wire.inject(&packet(0x20, &[0, 0x9d], &elsewhere));
}

#[test]
fn each_server_of_a_reference_has_its_turn_and_start_ends_at_the_one_that_accepts() {
    let mut wire = sent_elsewhere("other:1884  third");
    assert_eq!(
        wire.engine.config().servers,
        ["mqtt://h:1883", "mqtt://other:1884", "mqtt://third:1883"]
    );
    assert!(wire.done.is_empty());
    wire.advance(20);
    wire.engine.closed(wire.now, wire.generation, "refused");
    wire.drain();
    assert!(wire.done.is_empty());
    wire.advance(20);
    wire.open();
    wire.connack(false, &[]);
    assert_eq!(wire.done, [(7, Ok(Outcome::None))]);
    assert!(wire.engine.is_online());
}

#[test]
fn start_fails_when_every_server_of_a_reference_has_failed() {
    let mut wire = sent_elsewhere("other third");
    for _ in 0..2 {
        wire.advance(20);
        wire.engine.closed(wire.now, wire.generation, "refused");
        wire.drain();
    }
    assert_eq!(wire.error(7).code.name(), "CONNECTION_REFUSED");
}

#[test]
fn servers_that_send_us_from_one_to_the_other_are_no_storm() {
    let mut wire = sent_elsewhere("other");
    let begin = wire.now;
    for _ in 0..10 {
        while wire.engine.next_deadline().is_some_and(|at| at > wire.now) && wire.open().is_empty() {
            let wait = wire.engine.next_deadline().unwrap() - wire.now;
            wire.advance(wait);
        }
        refer(&mut wire, "other");
    }
    assert!(wire.now - begin > 1_000, "{}", wire.now - begin);
}
