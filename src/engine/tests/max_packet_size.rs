//! Maximum Packet Size in both directions (§3.1.2.11.4, §3.2.2.3.6). PUBLISH is tested in `mqtt5.rs` and `mqtt5_limits.rs`.

use super::wire::{five, incoming, list, number, Wire};
use crate::codec::properties::{Property, Value};
use crate::codec::ReasonCode;
use crate::engine::{Event, Token};

#[test]
fn a_packet_larger_than_was_allowed_is_answered_with_packet_too_large() {
    let mut cfg = five();
    cfg.max_packet_size = 50;
    let mut wire = Wire::online(cfg.clone(), &[]);
    let padded = |len: usize| {
        let user = "x".repeat(len);
        incoming(
            "a",
            &list(&[(Property::UserProperty, Value::Pair("", &user))]),
            0,
            0,
        )
    };
    assert_eq!(padded(38).len(), 50);
    wire.inject(&padded(38));
    assert_eq!(wire.topics, ["a"]);
    wire.inject(&padded(39)[..2]);
    wire.assert_violated(0x95, "from its header");
    let mut wire = Wire::online(cfg, &[]);
    wire.inject(&[0x90, 60]);
    wire.assert_violated(0x95, "any other packet");
}

#[test]
fn what_is_no_publish_is_refused_from_its_header_beyond_256_kib_whatever_is_allowed() {
    for (first, early) in [
        (0x20, true),
        (0xf0, true),
        (0x90, false),
        (0x40, false),
        (0xe0, false),
    ] {
        for (length, refused) in [(&[0x80, 0x80, 0x10][..], true), (&[0xfc, 0xff, 0x0f], false)] {
            let mut cfg = five();
            cfg.max_packet_size = 268_435_460;
            let mut wire = match early {
                true => Wire::new(cfg),
                false => Wire::online(cfg, &[]),
            };
            if early {
                wire.open();
            }
            wire.inject(&[&[first], length].concat());
            let ends = |event: &Event| matches!(event, Event::Close { .. });
            assert_eq!(wire.events.iter().any(ends), refused, "{first:x}");
            if refused && !early {
                wire.assert_violated(0x95, &format!("{first:x}"));
            }
        }
    }
}

#[test]
fn a_message_whose_properties_have_more_than_256_kib_is_skipped_and_the_next_one_arrives() {
    let one = list(&[(Property::UserProperty, Value::Pair("", ""))]);
    let most = 256 << 10;
    for (properties, taken) in [
        (one.repeat(most / one.len()), true),
        (one.repeat(most / one.len() + 1), false),
    ] {
        let mut wire = Wire::online(five(), &[]);
        wire.inject(&incoming("long", &properties, 1, 7));
        wire.inject(&incoming("next", &[], 0, 0));
        let topics = if taken { &["long", "next"][..] } else { &["next"] };
        assert_eq!(wire.topics, topics);
        assert_eq!(wire.sent(), [vec![0x40, 2, 0, 7]], "or it would come again");
        assert_eq!(wire.errors().len(), usize::from(!taken));
        assert!(wire.engine.is_online());
    }
}

#[test]
fn connect_says_the_largest_packet_that_is_taken_unless_any_is() {
    for (size, said) in [(16 << 20, true), (268_435_460, false)] {
        let mut cfg = five();
        cfg.max_packet_size = size;
        let connect = Wire::new(cfg).open().concat();
        let property = [&[39][..], &(size as u32).to_be_bytes()].concat();
        assert_eq!(connect.windows(5).any(|bytes| bytes == property), said, "{size}");
    }
    assert_eq!(five().max_packet_size, 16 << 20);
}

#[test]
fn acknowledgements_say_no_more_than_they_must() {
    let mut wire = Wire::online(five(), &number(Property::MaximumPacketSize, 20));
    wire.publish("a", 2, &[], 1).unwrap();
    wire.sent();
    wire.inject(&[incoming("a", &[], 1, 7), incoming("a", &[], 2, 8)].concat());
    wire.inject(&[0x62, 2, 0, 8, 0x62, 2, 0, 9, 0x50, 2, 0, 1]);
    assert_eq!(
        wire.sent(),
        [
            vec![0x40, 2, 0, 7],
            vec![0x50, 2, 0, 8],
            vec![0x70, 2, 0, 8],
            vec![0x70, 3, 0, 9, 0x92],
            vec![0x62, 2, 0, 1],
        ]
    );
}

#[test]
fn a_last_word_that_is_too_long_is_said_without_its_words() {
    let why = list(&[
        (Property::ReasonString, Value::Text("a long reason")),
        (Property::UserProperty, Value::Pair("a", "b")),
    ]);
    for (most, sent) in [(18, &[0xe0, 1, 4][..]), (100, &[0xe0, 25, 4, 23])] {
        let mut wire = Wire::online(five(), &number(Property::MaximumPacketSize, most));
        wire.engine.set_disconnect(ReasonCode(4), &why).unwrap();
        wire.engine.stop(wire.now, Token::new(1));
        let said = wire.sent().remove(0);
        assert_eq!(said[..sent.len().min(said.len())], *sent, "[MQTT-3.14.2-3]");
        assert_eq!(said.len(), usize::from(sent[1]) + 2);
    }
}

#[test]
fn an_answer_that_is_too_long_is_refused() {
    let method = list(&[(Property::AuthenticationMethod, Value::Text("M"))]);
    let mut cfg = five();
    cfg.properties.clone_from(&method);
    let says = [method, number(Property::MaximumPacketSize, 20)].concat();
    let mut wire = Wire::online(cfg, &says);
    let data = |text: &str| list(&[(Property::ReasonString, Value::Text(text))]);
    let error = wire.engine.authenticate(&data("much too long")).unwrap_err();
    assert_eq!(error.code.name(), "PACKET_TOO_LARGE");
    assert!(wire.sent().is_empty());
    wire.engine.authenticate(&data("short")).unwrap();
    assert_eq!(wire.sent()[0][2], 0x19, "it has not begun before");
}
