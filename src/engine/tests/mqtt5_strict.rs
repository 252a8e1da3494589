//! Rules of MQTT 5 that many clients let pass: each test is a sentence of the specification
//! (§2.2, §3.1 to §3.15, §4.3, §4.12).

use super::wire::{five, incoming, list, number, packet, Wire};
use crate::codec::properties::{Property, Value};
use crate::codec::ReasonCode;
use crate::engine::{Config, Event};

#[test]
fn an_acknowledgement_of_nothing_ends_nothing_and_is_reported() {
    for (what, bytes) in [
        ("PUBACK", &[0x40, 2, 0, 1][..]),
        ("PUBACK that refuses", &[0x40, 3, 0, 1, 0x80]),
        ("PUBREC that refuses", &[0x50, 3, 0, 1, 0x80]),
        ("PUBCOMP", &[0x70, 2, 0, 1]),
        ("UNSUBACK", &[0xb0, 4, 0, 1, 0, 0]),
    ] {
        let mut wire = Wire::online(five(), &[]);
        wire.inject(&bytes.repeat(3));
        assert_eq!(wire.errors(), ["PROTOCOL_ERROR"], "{what}, once a connection");
        assert!(wire.engine.is_online() && wire.sent().is_empty(), "{what}");
    }
}

#[test]
fn a_pubrec_is_answered_with_pubrel_whatever_is_known_of_it() {
    let mut wire = Wire::online(five(), &[]);
    wire.inject(&[0x50, 2, 0, 9]);
    assert_eq!(wire.sent(), [[0x62, 2, 0, 9]], "[MQTT-4.3.3-4]");
    wire.inject(&[0x70, 3, 0, 9, 0x92]);
    wire.publish("a", 2, &[], 1).unwrap();
    wire.sent();
    wire.inject(&[0x50, 2, 0, 1]);
    assert_eq!(wire.sent(), [[0x62, 2, 0, 1]]);
    wire.inject(&[0x70, 2, 0, 1]);
    wire.inject(&[0x50, 2, 0, 1]);
    assert_eq!(wire.sent(), [[0x62, 3, 0, 1, 0x92]], "not known any more");
    assert_eq!(wire.done.len(), 1);
    assert!(wire.engine.is_online());
}

#[test]
fn u_0000_in_a_topic_is_malformed_and_other_control_characters_are_not_sent() {
    for topic in ["\0", "a\0b"] {
        let mut wire = Wire::online(five(), &[]);
        wire.inject(&incoming(topic, &[], 0, 0));
        wire.assert_violated(0x81, topic);
    }
    for topic in ["a\u{1}", "\u{1f}", "a\u{7f}b", "\u{80}", "é\u{9f}"] {
        let mut wire = Wire::online(five(), &[]);
        wire.inject(&incoming(topic, &[], 0, 0));
        assert_eq!(wire.topics, [topic]);
        let error = wire.publish(topic, 0, &[], 1).unwrap_err();
        assert_eq!(error.code.name(), "INVALID_TOPIC");
    }
    let mut wire = Wire::online(five(), &[]);
    wire.inject(&incoming("\u{feff}\u{a0}ß", &[], 0, 0));
    assert_eq!(wire.topics, ["\u{feff}\u{a0}ß"], "[MQTT-1.5.4-3]");
}

#[test]
fn a_response_topic_is_a_topic_name() {
    let strange = |topic| (Property::ResponseTopic, Value::Text(topic));
    for property in ["", "a/+", "#"].map(strange) {
        assert_skipped(property);
    }
    let mut wire = Wire::online(five(), &[]);
    let properties = list(&[strange("a\u{1}")]);
    wire.inject(&incoming("a", &properties, 0, 0));
    assert_eq!(wire.topics, ["a"]);
}

#[test]
fn a_payload_format_indicator_is_0_or_1() {
    for format in [2, 255] {
        assert_skipped((Property::PayloadFormatIndicator, Value::Number(format)));
    }
    for format in [0, 1] {
        let mut wire = Wire::online(five(), &[]);
        let properties = list(&[(Property::PayloadFormatIndicator, Value::Number(format))]);
        wire.inject(&incoming("a", &properties, 0, 0));
        assert_eq!(wire.topics, ["a"]);
    }
}

/// A message with this property, which a broker merely forwards, is acknowledged, skipped and reported.
fn assert_skipped(property: (Property, Value<'_>)) {
    let mut wire = Wire::online(five(), &[]);
    let properties = list(&[property]);
    wire.inject(&incoming("bad", &properties, 1, 7));
    wire.inject(&incoming("good", &[], 0, 0));
    assert!(wire.engine.is_online(), "the broker merely forwards it");
    assert_eq!(wire.topics, ["good"]);
    assert_eq!(
        wire.sent().concat(),
        b"\x40\x02\x00\x07",
        "it is acknowledged, or it would come again"
    );
    let reported = |event: &Event| matches!(event, Event::Error(error) if error.message.contains("\"bad\""));
    assert_eq!(wire.events.iter().filter(|event| reported(event)).count(), 1);
    assert_eq!(wire.engine.stats().dropped, 1);
}

#[test]
fn several_subscription_identifiers_may_be_the_same() {
    let same = list(&[
        (Property::SubscriptionIdentifier, Value::Number(1)),
        (Property::SubscriptionIdentifier, Value::Number(1)),
        (Property::SubscriptionIdentifier, Value::Number(2)),
    ]);
    let mut wire = Wire::online(five(), &[]);
    wire.inject(&incoming("a", &same, 1, 1));
    assert_eq!(wire.topics, ["a"], "§3.3.2.3.8");
    wire.inject(&incoming("a", &[11, 0], 1, 2));
    wire.assert_violated(0x82, "subscription identifier 0");
}

#[test]
fn a_client_identifier_is_assigned_where_there_was_none_and_nowhere_else() {
    let assigned = list(&[(Property::AssignedClientIdentifier, Value::Text("given"))]);
    let none = Config {
        client_id: String::new(),
        assigned_id: true,
        ..five()
    };
    let made_up = Config {
        client_id: String::new(),
        ..five()
    };
    for (cfg, says, good) in [
        (none.clone(), &assigned[..], true),
        (none, &[], false),
        (five(), &assigned, false),
        (made_up.clone(), &assigned, true),
        (made_up, &[], true),
        (five(), &[], true),
    ] {
        let asks = cfg.assigned_id;
        let mut wire = Wire::new(cfg);
        let connect = wire.open().remove(0);
        assert_eq!(connect.ends_with(b"\0\0"), asks);
        wire.connack(false, says);
        assert_eq!(wire.engine.is_online(), good, "{asks}");
        if good && says == assigned {
            assert_eq!(wire.engine.config().client_id, "given");
            assert!(wire.reconnect().ends_with(b"\0\x05given"));
            wire.connack(false, &[]);
            assert!(wire.engine.is_online());
        }
    }
}

#[test]
fn who_wants_no_problem_information_gets_none() {
    let why = list(&[(Property::ReasonString, Value::Text("why"))]);
    let user = list(&[(Property::UserProperty, Value::Pair("a", "b"))]);
    for wants in [false, true] {
        for problem in [&why, &user] {
            let mut cfg = five();
            cfg.properties = number(Property::RequestProblemInformation, wants.into());
            let mut wire = Wire::new(cfg);
            wire.open();
            wire.connack(false, problem);
            assert!(wire.engine.is_online(), "CONNACK may always have it");
            wire.publish("a", 1, &[], 1).unwrap();
            wire.sent();
            if problem == &user {
                wire.inject(&incoming("a", problem, 0, 0));
                assert_eq!(wire.topics, ["a"], "and PUBLISH");
            }
            wire.inject(&packet(0x40, &[0, 1, 0], problem));
            match wants {
                true => assert!(wire.engine.is_online()),
                false => wire.assert_violated(0x82, "[MQTT-3.1.2-29]"),
            }
        }
        let mut wire = Wire::online(five(), &[]);
        wire.inject(&packet(0xe0, &[0x8b], &why));
        assert!(wire.sent().is_empty(), "and DISCONNECT");
    }
}

#[test]
fn every_alias_that_was_allowed_is_taken_and_none_outlives_its_connection() {
    let mut cfg = five();
    cfg.properties = number(Property::TopicAliasMaximum, 300);
    let mut wire = Wire::online(cfg, &number(Property::TopicAliasMaximum, 1));
    for alias in 1..=300 {
        wire.inject(&incoming(
            &alias.to_string(),
            &number(Property::TopicAlias, alias),
            0,
            0,
        ));
        wire.inject(&incoming("", &number(Property::TopicAlias, alias), 0, 0));
    }
    assert_eq!(wire.topics.len(), 600);
    assert_eq!(wire.topics[599], "300");
    wire.publish("long/topic", 0, &[], 1).unwrap();
    wire.publish("long/topic", 0, &[], 2).unwrap();
    assert_eq!(wire.sent()[1][..4], [0x30, 7, 0, 0]);
    wire.reconnect();
    wire.connack(false, &[]);
    wire.publish("long/topic", 0, &[], 3).unwrap();
    assert_eq!(wire.sent()[0], b"\x30\x0e\0\x0along/topic\0x", "[MQTT-3.2.2-18]");
    wire.inject(&incoming("", &number(Property::TopicAlias, 300), 0, 0));
    wire.assert_violated(0x82, "[MQTT-3.3.2-7]");
}

#[test]
fn a_full_window_holds_back_messages_and_nothing_else() {
    let mut wire = Wire::online(five(), &number(Property::ReceiveMaximum, 1));
    wire.publish("a", 1, &[], 1).unwrap();
    wire.publish("a", 2, &[], 2).unwrap();
    wire.subscribe("b", 0, &[], 3).unwrap();
    wire.inject(&[incoming("c", &[], 1, 7), incoming("c", &[], 2, 8)].concat());
    let sent = wire.sent();
    let mut kinds: Vec<u8> = sent.iter().map(|packet| packet[0]).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, [0x32, 0x40, 0x50, 0x82], "[MQTT-3.3.4-8]");
    wire.advance(60_000);
    assert!(wire.sent().contains(&vec![0xc0, 0]));
}

#[test]
fn what_was_refused_is_not_sent_again() {
    for (qos, first) in [(1, 0x40), (2, 0x50)] {
        let mut cfg = five();
        cfg.clean_session = false;
        let mut wire = Wire::online(cfg, &[]);
        wire.publish("a", qos, &[], 1).unwrap();
        wire.sent();
        wire.inject(&[first, 3, 0, 1, 0x97]);
        assert_eq!(wire.error(1).reason, Some(ReasonCode(0x97)));
        wire.reconnect();
        wire.connack(true, &[]);
        assert!(wire.sent().is_empty(), "[MQTT-4.4.0-2]");
    }
}

#[test]
fn a_message_that_was_sent_does_not_expire() {
    let mut cfg = five();
    cfg.clean_session = false;
    let mut wire = Wire::online(cfg, &[]);
    wire.publish("a", 2, &number(Property::MessageExpiryInterval, 1), 1)
        .unwrap();
    assert_eq!(wire.sent()[0][0], 0x34);
    wire.reconnect();
    wire.connack(true, &[]);
    assert_eq!(wire.sent()[0][0], 0x3c, "[MQTT-4.3.3-7]");
    wire.inject(&[0x50, 2, 0, 1, 0x70, 2, 0, 1]);
    assert!(wire.done[0].1.is_ok());
}

#[test]
fn before_connack_only_auth_is_said_and_only_where_a_method_was_named() {
    let method = list(&[(Property::AuthenticationMethod, Value::Text("M"))]);
    let mut cfg = five();
    cfg.properties.clone_from(&method);
    let mut wire = Wire::new(cfg.clone());
    wire.publish("a", 0, &[], 1).unwrap();
    wire.subscribe("a", 0, &[], 2).unwrap();
    assert_eq!(wire.open().len(), 1);
    wire.engine.authenticate(&[]).unwrap();
    let sent = wire.sent();
    assert_eq!((sent.len(), sent[0][0]), (1, 0xf0), "[MQTT-3.1.2-30]");

    let mut wire = Wire::online(five(), &[]);
    assert!(wire.engine.authenticate(&[]).is_err(), "[MQTT-4.12.0-7]");
    for (says, good) in [(&method[..], true), (&[], false)] {
        let mut wire = Wire::new(cfg.clone());
        wire.open();
        wire.connack(false, says);
        assert_eq!(wire.engine.is_online(), good, "[MQTT-4.12.0-5]");
    }
    // Data of no method means nothing, but only CONNECT and AUTH may not have it (§3.1.2.11.10, §3.2.2.3.18, §3.15.2.2.2).
    let data = list(&[(Property::AuthenticationData, Value::Binary(b"x"))]);
    for (says, good) in [(&method, false), (&data, true)] {
        let mut wire = Wire::new(five());
        wire.open();
        wire.connack(false, says);
        assert_eq!(wire.engine.is_online(), good, "[MQTT-4.12.0-6]");
    }
}

#[test]
fn a_session_that_was_not_asked_for_is_not_taken() {
    let mut wire = Wire::new(five());
    wire.open();
    wire.connack(true, &[]);
    assert!(!wire.engine.is_online(), "[MQTT-3.2.2-4]");
    assert!(wire.sent().is_empty(), "no DISCONNECT before CONNACK was taken");
}

#[test]
fn a_broker_that_knows_3_1_1_only_is_distinguished_from_one_that_refuses() {
    // Without properties: also one that does not look at the version, and accepts.
    for answer in [[0, 1], [0, 0], [1, 0], [0, 5]] {
        let mut wire = Wire::new(five());
        wire.open();
        wire.inject(&[0x20, 2, answer[0], answer[1]]);
        let told = wire.events.iter().find_map(|event| match event {
            Event::Error(error) => Some(error),
            _ => None,
        });
        let error = told.unwrap();
        assert_eq!(
            (error.code.name(), error.reason),
            ("NOT_SUPPORTED", Some(ReasonCode(0x84)))
        );
        assert!(error.message.contains("mqttversion"), "{}", error.message);
    }
}

#[test]
fn without_aliases_none_is_taken() {
    let mut cfg = five();
    cfg.topic_aliases = false;
    let mut wire = Wire::online(cfg, &[]);
    wire.inject(&incoming("a", &number(Property::TopicAlias, 1), 0, 0));
    wire.assert_violated(0x94, "[MQTT-3.1.2-27]");
}

#[test]
fn options_of_a_subscription_that_cannot_be_are_refused() {
    let mut wire = Wire::online(five(), &[]);
    for options in [3, 0x30, 0x40, 0x80] {
        assert!(wire.subscribe("a", options, &[], 1).is_err(), "{options:#x}");
    }
    wire.subscribe("a", 2 | 4 | 8 | 0x20, &[], 2).unwrap();
    assert_eq!(wire.sent()[0].last(), Some(&0x2e));
}

#[test]
fn a_message_with_no_time_left_is_answered_to_its_end() {
    let mut wire = Wire::online(five(), &[]);
    wire.inject(&incoming("a", &number(Property::MessageExpiryInterval, 0), 2, 5));
    wire.advance(5_000);
    wire.inject(&[0x62, 2, 0, 5]);
    assert_eq!(wire.sent(), [[0x50, 2, 0, 5], [0x70, 2, 0, 5]], "[MQTT-4.3.3-13]");
}

#[test]
fn a_session_that_ends_with_its_connection_cannot_be_made_to_last_at_its_end() {
    for (clean, given, may) in [
        (true, None, false),
        (true, Some(0), false),
        (true, Some(5), true),
        (false, None, true),
        (false, Some(0), false),
    ] {
        let mut cfg = five();
        cfg.clean_session = clean;
        cfg.properties = given.map_or(Vec::new(), |seconds| {
            number(Property::SessionExpiryInterval, seconds)
        });
        let mut wire = Wire::online(cfg, &[]);
        let said = wire
            .engine
            .set_disconnect(ReasonCode(0), &number(Property::SessionExpiryInterval, 9));
        assert_eq!(said.is_ok(), may, "{clean} {given:?}, section 3.14.2.2.2");
        assert!(wire
            .engine
            .set_disconnect(ReasonCode(0), &number(Property::SessionExpiryInterval, 0))
            .is_ok());
    }
}
