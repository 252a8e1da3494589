//! Messages from the broker: delivered, answered, exactly once at QoS 2 (§4.3).

use mqttbytes::v4::Packet;

use super::harness::{config, Sim};
use crate::engine::Config;

fn kept() -> Config {
    Config {
        clean_session: false,
        ..config()
    }
}

#[test]
fn each_qos_is_delivered_and_answered_as_it_should() {
    let mut sim = Sim::online(config());
    sim.subscribe(&[("a/#", 2)], None);
    for (qos, topic) in [(0, "a/0"), (1, "a/1"), (2, "a/2")] {
        sim.incoming(topic, "x", qos);
    }
    assert_eq!(sim.topics(), ["a/0", "a/1", "a/2"]);
    let qos: Vec<u8> = sim.messages.iter().map(|m| m.qos).collect();
    assert_eq!(qos, [0, 1, 2]);
    assert_eq!(sim.broker.owes(), 0);
}

#[test]
fn flags_and_payload_are_shown_as_they_came() {
    let mut sim = Sim::online(config());
    sim.inject(b"\x3b\x07\x00\x01a\x00\x05\x00\xff");
    let got = &sim.messages[0];
    assert_eq!((got.qos, got.retain, got.dup), (1, true, true));
    assert_eq!(got.payload, [0, 0xff]);
    sim.inject(b"\x32\x06\x00\x01a\x00\x06x");
    let got = &sim.messages[1];
    assert_eq!((got.qos, got.retain, got.dup), (1, false, false));
}

#[test]
fn a_repeated_qos_2_message_is_answered_again_and_not_delivered_again() {
    let mut sim = Sim::online(config());
    sim.inject(b"\x34\x06\x00\x01a\x00\x05x\x3c\x06\x00\x01a\x00\x05x");
    let recs = sim
        .broker
        .packets
        .iter()
        .filter(|p| matches!(p, Packet::PubRec(_)))
        .count();
    assert_eq!((sim.messages.len(), recs), (1, 2));
    sim.inject(b"\x62\x02\x00\x05");
    // From here on the identifier is free for another message.
    sim.inject(b"\x34\x06\x00\x01a\x00\x05y");
    assert_eq!(sim.texts(), ["x", "y"]);
}

#[test]
fn a_repeated_qos_1_message_is_delivered_again() {
    let mut sim = Sim::online(config());
    sim.inject(b"\x32\x06\x00\x01a\x00\x05x\x3a\x06\x00\x01a\x00\x05x");
    assert_eq!(sim.messages.len(), 2);
}

#[test]
fn a_pubrel_of_nothing_known_is_answered() {
    let mut sim = Sim::online(config());
    sim.inject(b"\x62\x02\x00\x05");
    assert!(matches!(sim.broker.packets.last(), Some(Packet::PubComp(p)) if p.pkid == 5));
}

#[test]
fn qos_2_stays_exactly_once_over_a_reconnect_with_the_session() {
    let mut sim = Sim::online(kept());
    sim.subscribe(&[("a", 2)], None);
    for cut in 1..12 {
        let text = cut.to_string();
        sim.cut_up = Some(cut);
        sim.incoming("a", &text, 2);
        sim.advance(3_000);
    }
    sim.cut_up = None;
    sim.advance(300_000);
    assert_eq!(sim.broker.owes(), 0);
    let expected: Vec<String> = (1..12).map(|i| i.to_string()).collect();
    assert_eq!(sim.texts(), expected);
    assert!(sim.opens.len() > 5);
}

#[test]
fn qos_2_stays_exactly_once_over_stop_and_start_with_the_session() {
    let mut sim = Sim::online(kept());
    sim.broker.silent = true;
    sim.inject(b"\x34\x06\x00\x01a\x00\x05x");
    sim.stop();
    sim.start();
    assert_eq!(sim.connacks.last(), Some(&(true, 0)));
    sim.inject(b"\x3c\x06\x00\x01a\x00\x05x");
    assert_eq!(sim.messages.len(), 1);
}

#[test]
fn a_message_whose_pubrec_was_not_sent_is_a_repetition_after_a_loss_even_if_it_was_released() {
    let mut sim = Sim::online(kept());
    sim.broker.silent = true;
    sim.inject(b"\x34\x06\x00\x01a\x00\x05x\x62\x02\x00\x05\xf0\x00");
    assert_eq!(sim.disconnects.len(), 1);
    sim.advance(300_000);
    assert_eq!(sim.connacks.last(), Some(&(true, 0)));
    sim.inject(b"\x3c\x06\x00\x01a\x00\x05x");
    assert_eq!(sim.messages.len(), 1);
}

#[test]
fn a_lost_session_frees_the_identifiers_of_qos_2() {
    let mut sim = Sim::online(kept());
    sim.broker.silent = true;
    sim.inject(b"\x34\x06\x00\x01a\x00\x05x");
    sim.broker.lose_session();
    sim.reconnect();
    sim.inject(b"\x34\x06\x00\x01a\x00\x05y");
    assert_eq!(sim.texts(), ["x", "y"]);
}

#[test]
fn acknowledgements_go_out_in_the_order_of_the_messages() {
    let mut sim = Sim::online(config());
    sim.inject(b"\x32\x05\x00\x01a\x00\x09\x34\x05\x00\x01a\x00\x05\x32\x05\x00\x01a\x00\x03");
    let acks: Vec<u16> = sim
        .broker
        .packets
        .iter()
        .filter_map(|p| match p {
            Packet::PubAck(p) => Some(p.pkid),
            Packet::PubRec(p) => Some(p.pkid),
            _ => None,
        })
        .collect();
    assert_eq!(acks, [9, 5, 3]);
}

#[test]
fn messages_of_one_chunk_keep_their_topics_when_a_handler_goes_in_its_middle() {
    let mut sim = Sim::online(config());
    sim.subscribe(&[("h", 0)], Some(1));
    sim.broker.subacks = false;
    sim.unsubscribe(&["h"]);
    sim.inject(b"\x30\x04\x00\x01a1\xb0\x02\x00\x02\x30\x04\x00\x01b2");
    assert_eq!(sim.topics(), ["a", "b"]);
    assert_eq!(sim.unrouted, [1]);
}

#[test]
fn more_topics_than_the_cache_holds_are_all_named_right() {
    let mut sim = Sim::online(config());
    let mut bytes = Vec::new();
    let names: Vec<String> = (0..10_000).map(|i| format!("t/{i}")).collect();
    for name in &names {
        super::broker::write_publish(&mut bytes, name.as_bytes(), b"x", 0, 0);
    }
    sim.inject(&bytes);
    sim.inject(&bytes);
    assert!(sim.topics().iter().eq(names.iter().chain(&names)));
}

#[test]
fn a_topic_with_control_characters_is_delivered_and_u_0000_is_a_violation() {
    for topic in ["a\u{1}", "\u{1f}", "x/\u{7f}", "\u{80}", "é\u{9f}"] {
        let mut sim = Sim::online(config());
        sim.subscribe(&[("#", 1)], Some(3));
        for qos in 0..3 {
            assert!(sim.incoming(topic, "x", qos));
        }
        assert_eq!(sim.topics(), [topic, topic, topic]);
        assert_eq!(sim.messages[0].handlers, [3]);
        assert!(sim.engine.is_online() && sim.errors.is_empty());
        sim.assert_empty();
        // Our own are strict.
        let token = sim.publish(topic, "x", 0);
        assert_eq!(sim.fate(token), "INVALID_TOPIC");
    }
    let mut sim = Sim::online(config());
    sim.incoming("a\0b", "x", 0);
    assert!(sim.messages.is_empty());
    sim.inject(b"\x30\x05\x00\x03a\x00b");
    assert_eq!(sim.disconnects, [2]);
}
