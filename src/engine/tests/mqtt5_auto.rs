//! `mqttversion: "auto"`: MQTT 5 first, 3.1.1 where the server knows no better, and servers of different versions.

use super::wire::{five, list, number, Wire};
use crate::codec::properties::{Property, Value};
use crate::codec::Version;
use crate::engine::{Code, Config, Engine, Event, Filter, Output, Token, Versions};

fn auto() -> Config {
    Config {
        version: Versions::Auto,
        ..five()
    }
}

/// The server closes the connection without an answer to CONNECT; the version of which is returned.
fn hang_up(wire: &mut Wire) -> u8 {
    let version = wire.open()[0][8];
    wire.engine.closed(wire.now, wire.generation, "");
    wire.drain();
    wire.advance(300_000);
    version
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
fn auto_believes_a_server_that_answers_as_in_3_1_1_at_any_time() {
    // Its refusal, and what one says that does not look at the version.
    for answer in [b"\x20\x02\0\x01", b"\x20\x02\0\0"] {
        for was_online in [false, true] {
            let mut cfg = five();
            cfg.version = Versions::Auto;
            let mut wire = match was_online {
                true => Wire::online(cfg, &[]),
                false => Wire::new(cfg),
            };
            let connect = match was_online {
                true => wire.reconnect(),
                false => wire.open().remove(0),
            };
            assert_eq!(connect[8], 5);
            wire.inject(answer);
            assert_eq!(wire.open()[0][8], 4);
            wire.inject(b"\x20\x02\0\0");
            assert!(wire.engine.is_online());
        }
    }
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

#[test]
fn a_server_that_spoke_mqtt_5_and_hangs_up_again_and_again_is_tried_with_3_1_1() {
    let mut wire = Wire::online(auto(), &[]);
    assert_eq!(wire.reconnect()[8], 5);
    let mut tried = Vec::new();
    for _ in 0..5 {
        wire.engine.closed(wire.now, wire.generation, "");
        wire.drain();
        wire.advance(300_000);
        tried.push(wire.open()[0][8]);
    }
    assert_eq!(tried, [5, 5, 4, 5, 4], "3.1.1 after three, and at once");
    wire.inject(b"\x20\x02\0\0");
    assert!(wire.engine.is_online());
    assert_eq!(wire.engine.version(), Version::V4);
}

#[test]
fn a_server_that_speaks_mqtt_5_alone_is_found_after_one_of_3_1_1() {
    // It hangs up at 3.1.1, refuses it in its words, in those of MQTT 5, or says nothing.
    let answers: [&[u8]; 4] = [b"", b"\x20\x02\0\x01", b"\x20\x03\0\x84\0", b"silence"];
    for answer in answers {
        let mut wire = Wire::new(auto());
        wire.open();
        wire.inject(b"\x20\x02\0\x01");
        assert_eq!(wire.open()[0][8], 4);
        wire.inject(b"\x20\x02\0\0");
        assert!(wire.engine.is_online());
        assert_eq!(wire.reconnect()[8], 4, "it is the same server, perhaps");
        match answer {
            b"" => wire.engine.closed(wire.now, wire.generation, ""),
            b"silence" => {
                wire.advance(10_000);
                wire.advance(250);
            }
            answer => wire.inject(answer),
        }
        wire.drain();
        wire.advance(300_000);
        assert_eq!(wire.open()[0][8], 5, "{answer:?}");
        wire.connack(false, &[]);
        assert!(wire.engine.is_online());
        assert_eq!(wire.engine.version(), Version::V5);
    }
}

#[test]
fn a_refusal_of_3_1_1_is_an_answer_of_3_1_1() {
    let mut wire = Wire::new(auto());
    wire.open();
    wire.inject(b"\x20\x02\0\x01");
    wire.open();
    wire.inject(b"\x20\x02\0\x05");
    wire.advance(300_000);
    assert_eq!(wire.open()[0][8], 4);
}

#[test]
fn a_message_keeps_its_properties_where_an_attempt_with_3_1_1_fails() {
    let mut wire = Wire::new(auto());
    let properties = list(&[(Property::ContentType, Value::Text("t"))]);
    wire.publish("a", 1, &properties, 1).unwrap();
    assert_eq!([hang_up(&mut wire), hang_up(&mut wire)], [5, 4]);
    wire.publish("b", 1, &properties, 2).unwrap();
    assert_eq!(wire.open()[0][8], 5);
    wire.connack(false, &[]);
    let sent = wire.sent();
    assert_eq!(sent.len(), 2);
    assert!(
        sent.iter().all(|packet| packet.ends_with(b"\x04\x03\0\x01tx")),
        "{sent:?}"
    );
}

#[test]
fn credentials_that_name_a_version_settle_it() {
    let mut engine = Engine::new(Config::asking(), 1).unwrap();
    engine.start(0, None);
    let asked = loop {
        if let Output::Event(Event::CredentialsRequested { generation, .. }) = engine.poll(0) {
            break generation;
        }
    };
    let named = Config {
        version: Versions::V4,
        ..five()
    };
    engine.credentials_given(0, asked, Ok(named));
    let properties = list(&[(Property::ContentType, Value::Text("t"))]);
    let filter = Filter {
        filter: "a".to_owned(),
        options: 1,
    };
    let refused = engine.subscribe(vec![filter], properties, None, Token::new(1));
    assert!(refused
        .unwrap_err()
        .message
        .contains("this connection speaks 3.1.1"));
}

#[test]
fn auto_is_not_advised_where_it_is_set() {
    for version in [Versions::V5, Versions::Auto] {
        let mut wire = Wire::online(Config { version, ..five() }, &[]);
        wire.reconnect();
        wire.events.clear();
        wire.engine.closed(wire.now, wire.generation, "");
        wire.drain();
        let said = wire.events.iter().find_map(|event| match event {
            Event::Error(error) => Some(error.message.clone()),
            _ => None,
        });
        assert_eq!(said.unwrap().contains("mqttversion"), version == Versions::V5);
    }
}

#[test]
fn a_reason_code_of_mqtt_5_in_3_1_1_is_a_refusal() {
    for (code, kind, retried_as) in [
        (0x87, Code::NotAuthorized, 4),
        (0x90, Code::ConnectionRefused, 4),
        // Unsupported protocol version: as return code 1.
        (0x84, Code::ConnectionRefused, 5),
    ] {
        let mut wire = Wire::new(auto());
        wire.open();
        wire.inject(b"\x20\x02\0\x01");
        wire.open();
        wire.events.clear();
        wire.inject(&[0x20, 2, 0, code]);
        let refused = wire.events.iter().find_map(|event| match event {
            Event::Error(error) => Some(error.code),
            _ => None,
        });
        assert_eq!(refused, Some(kind), "{code:#x}");
        wire.advance(300_000);
        assert_eq!(wire.open()[0][8], retried_as, "{code:#x}");
    }
}
