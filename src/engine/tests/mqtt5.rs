//! Messages and subscriptions of MQTT 5, against a peer that says exactly what a test wants, byte by byte (§3.3 to §3.11).

use super::wire::{five, incoming, list, number, packet, Wire};
use crate::codec::properties::{self, Place, Property, Value};
use crate::codec::ReasonCode;
use crate::engine::{Filter, Message, Outcome, Token, Versions};

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
        (
            "PUBACK with a reason of UNSUBACK",
            vec![0x40, 3, 0, 1, 0x11],
            0x82,
        ),
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
fn properties_of_a_puback_are_given_to_the_call_also_where_it_says_success() {
    let mut wire = Wire::online(five(), &[]);
    let why = list(&[(Property::ReasonString, Value::Text("here"))]);
    wire.publish("a", 1, &[], 1).unwrap();
    let pid = wire.sent()[0][6];
    wire.inject(&packet(0x40, &[0, pid, 0], &why));
    let acked = Outcome::Acked {
        reason: 0,
        properties: why,
    };
    assert_eq!(wire.done.last(), Some(&(1, Ok(acked))));
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
fn each_refused_filter_is_named_with_its_reason() {
    let mut wire = Wire::online(five(), &[]);
    let filters = ["a", "b", "c", "d"].map(Filter::from).to_vec();
    wire.engine
        .subscribe(filters, Vec::new(), None, Token::new(1))
        .unwrap();
    wire.sent();
    wire.inject(&[0x90, 7, 0, 1, 0, 0x87, 0, 0x8f, 0x87]);
    let error = wire.error(1);
    assert_eq!(
        (error.message.as_str(), error.reason),
        (
            "the broker refused the subscription to \"a\" (135), \"c\" (143), \"d\" (135); check the filter and the broker's access rules, reason code 135 (not authorized)",
            Some(ReasonCode(0x87))
        )
    );
    wire.engine
        .unsubscribe(vec!["x".into(), "y".into()], Vec::new(), Token::new(2))
        .unwrap();
    wire.sent();
    wire.inject(&[0xb0, 5, 0, 2, 0, 0x11, 0x83]);
    let message = &wire.error(2).message;
    assert!(
        message.starts_with("the broker refused to unsubscribe from \"y\" (131); "),
        "{message}"
    );
}

#[test]
fn a_call_of_several_packets_has_the_properties_of_the_last_suback_that_has_any() {
    let why = list(&[(Property::ReasonString, Value::Text("why"))]);
    let mut wire = Wire::online(five(), &[]);
    let filters = (0..9).map(|number| Filter {
        filter: format!("t/{number}"),
        options: 1,
    });
    wire.engine
        .subscribe(filters.collect(), Vec::new(), None, Token::new(1))
        .unwrap();
    assert_eq!(wire.sent().len(), 2);
    let mut first = packet(0x90, &[0, 1], &why);
    first[1] += 8;
    first.extend([1; 8]);
    wire.inject(&first);
    wire.inject(&[0x90, 4, 0, 2, 0, 1]);
    let granted = Outcome::Granted {
        codes: vec![1; 9],
        properties: why,
    };
    assert_eq!(wire.done, [(1, Ok(granted))]);
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
fn the_buffer_says_how_far_it_has_to_grow() {
    let mut wire = Wire::online(five(), &[]);
    assert!(wire.engine.growth(1_000_000) >= 1_000_000);
    wire.engine.space(1_000_000);
    assert_eq!(wire.engine.growth(0), 0);
}
