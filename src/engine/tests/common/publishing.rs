//! Outgoing messages at every QoS, and what the broker may answer (§3.3 to §3.7, §4.3).

use mqttbytes::v4::Packet;

use super::harness::{config, is_five, message, Sim};
use crate::engine::{Config, Published};

fn silent() -> Sim {
    let mut sim = Sim::online(config());
    sim.broker.silent = true;
    sim
}

#[test]
fn qos_0_is_done_when_it_is_handed_over() {
    let mut sim = silent();
    let taken = sim.engine.publish(sim.now, &message("a", b"x", 0), None);
    assert_eq!(taken, Ok(Published::Buffered));
    sim.settle();
    assert_eq!(sim.broker.texts(), ["x"]);
    sim.assert_empty();
}

#[test]
fn qos_1_is_done_with_puback() {
    let mut sim = silent();
    let token = sim.publish("a", "x", 1);
    assert!(sim.is_pending(token));
    assert_eq!(sim.engine.stats().in_flight, 1);
    sim.inject(b"\x40\x02\x00\x01");
    sim.ok(token);
    sim.assert_empty();
}

#[test]
fn qos_2_is_done_with_pubcomp_and_not_before() {
    let mut sim = silent();
    let token = sim.publish("a", "x", 2);
    sim.inject(b"\x50\x02\x00\x01");
    assert!(sim.is_pending(token));
    assert!(matches!(sim.broker.packets.last(), Some(Packet::PubRel(p)) if p.pkid == 1));
    sim.inject(b"\x70\x02\x00\x01");
    sim.ok(token);
    sim.assert_empty();
}

#[test]
fn payload_and_flags_arrive_as_given() {
    let mut sim = Sim::online(config());
    for (payload, qos, retain) in [
        (&b""[..], 0, true),
        (b"\0\xff\x80", 1, false),
        ("日本".as_bytes(), 2, true),
    ] {
        let given = crate::engine::Message {
            topic: "é/日",
            payload,
            qos,
            retain,
            properties: &[],
        };
        let token = sim.token();
        if sim.engine.publish(sim.now, &given, Some(token)) == Ok(Published::Buffered) {
            sim.pending.remove(&token);
        }
        sim.settle();
        let got = sim.broker.given.last().unwrap();
        assert_eq!((&*got.topic, &*got.payload), ("é/日", payload));
        assert_eq!((got.qos, got.retain, got.dup), (qos, retain, false));
    }
    sim.assert_empty();
}

#[test]
fn a_message_of_five_megabytes_goes_out_at_every_qos() {
    let mut sim = Sim::online(config());
    let payload: Vec<u8> = (0..5 << 20).map(|i| (i % 253) as u8).collect();
    for qos in 0..3 {
        let token = sim.publish_bytes("big", &payload, qos);
        sim.ok(token);
    }
    assert!(sim.broker.given.iter().all(|g| g.payload == payload));
    assert!(sim.engine.buffers() <= 16 * crate::engine::SEND_CAP);
}

#[test]
fn a_second_acknowledgement_of_the_same_message_hurts_nobody() {
    let mut sim = silent();
    let one = sim.publish("a", "x", 1);
    sim.inject(b"\x40\x02\x00\x01\x40\x02\x00\x01");
    sim.ok(one);
    let two = sim.publish("a", "y", 2);
    sim.inject(b"\x50\x02\x00\x02\x50\x02\x00\x02\x70\x02\x00\x02\x70\x02\x00\x02\x50\x02\x00\x02");
    sim.ok(two);
    assert!(sim.engine.is_online(), "{:?}", sim.errors);
    let next = sim.publish("a", "z", 1);
    assert!(sim.is_pending(next));
}

#[test]
fn an_acknowledgement_out_of_nowhere_in_a_resumed_session_is_of_an_earlier_life() {
    let mut sim = Sim::new(Config {
        clean_session: false,
        ..config()
    });
    sim.broker.session = Some(Default::default());
    sim.start();
    assert_eq!(sim.connacks, [(true, 0)]);
    sim.inject(b"\x40\x02\x00\x63\x70\x02\x00\x63\x50\x02\x00\x64");
    assert!(sim.engine.is_online());
    // A PUBREC must be answered, or the server never ends.
    assert!(matches!(sim.broker.packets.last(), Some(Packet::PubRel(p)) if p.pkid == 100));
}

#[test]
fn no_more_than_maxinflight_are_in_flight_and_the_rest_follows() {
    let mut sim = Sim::online(Config {
        max_inflight: 3,
        ..config()
    });
    sim.broker.silent = true;
    let tokens: Vec<_> = (0..8)
        .map(|i| sim.publish("a", &i.to_string(), 1 + i % 2))
        .collect();
    assert_eq!(sim.broker.texts(), ["0", "1", "2"]);
    assert_eq!((sim.engine.stats().in_flight, sim.engine.stats().queued), (3, 5));
    sim.inject(b"\x40\x02\x00\x01");
    assert_eq!(sim.broker.texts(), ["0", "1", "2", "3"]);
    // QoS 2 keeps its place until PUBCOMP.
    sim.inject(b"\x50\x02\x00\x02");
    assert_eq!(sim.broker.texts().len(), 4);
    sim.inject(b"\x70\x02\x00\x02");
    assert_eq!(sim.broker.texts().len(), 5);
    sim.broker.silent = false;
    sim.reconnect();
    for token in tokens {
        sim.ok(token);
    }
    sim.assert_empty();
}

#[test]
fn qos_0_does_not_overtake_queued_messages() {
    let mut sim = Sim::online(Config {
        max_inflight: 1,
        ..config()
    });
    sim.broker.acks = false;
    sim.publish("a", "first", 1);
    sim.publish("a", "second", 1);
    let third = sim.publish("a", "third", 0);
    assert!(sim.is_pending(third));
    sim.inject(b"\x40\x02\x00\x01");
    assert_eq!(sim.broker.texts(), ["first", "second", "third"]);
    sim.ok(third);
}

#[test]
fn when_every_packet_identifier_is_taken_messages_and_subscriptions_wait() {
    let mut sim = Sim::online(Config {
        max_inflight: 65_535,
        ..config()
    });
    sim.broker.acks = false;
    for _ in 0..65_535 {
        sim.publish_undrained("a", b"", 1);
        if sim.engine.unsent() > 60_000 {
            sim.settle();
        }
    }
    sim.settle();
    assert_eq!(sim.engine.stats().in_flight, 65_535);
    let subscribe = sim.subscribe(&[("s", 0)], None);
    let last = sim.publish("a", "last", 1);
    assert!(sim.is_pending(last) && sim.is_pending(subscribe));
    assert_eq!(sim.broker.publishes().len(), 65_535);
    sim.inject(b"\x40\x02\x12\x34\x40\x02\x00\x07");
    sim.ok(subscribe);
    assert_eq!(sim.broker.publishes().len(), 65_536);
    assert_eq!(sim.broker.given.last().unwrap().text(), "last");
    assert!(sim.engine.is_online());
}

#[test]
fn ten_thousand_publishes_of_one_turn_are_few_sends_and_arrive_in_order() {
    for qos in 0..3 {
        let mut sim = Sim::online(Config {
            max_inflight_qos2: 1_000,
            ..config()
        });
        sim.sends = 0;
        let before = sim.ended.len();
        for i in 0..10_000 {
            sim.publish_undrained("some/topic", i.to_string().as_bytes(), qos);
        }
        sim.settle();
        let expected: Vec<String> = (0..10_000).map(|i| i.to_string()).collect();
        assert_eq!(sim.broker.texts(), expected);
        assert!(sim.sends < 100, "{}", sim.sends);
        assert_eq!(sim.ended.len() - before, 10_000);
        sim.assert_empty();
    }
}

#[test]
fn while_the_transport_is_busy_messages_wait() {
    let mut sim = Sim::online(config());
    sim.block(true);
    let zero = sim.publish("a", "0", 0);
    let one = sim.publish("a", "1", 1);
    assert!(sim.is_pending(zero) && sim.is_pending(one));
    assert!(sim.broker.given.is_empty());
    assert_eq!(sim.engine.stats().queued, 2);
    sim.block(false);
    assert_eq!(sim.broker.texts(), ["0", "1"]);
    sim.assert_empty();
}

#[test]
fn the_counters_count() {
    let mut sim = Sim::online(config());
    sim.subscribe(&[("a", 2)], None);
    for qos in 0..3 {
        sim.publish("a", "x", qos);
        sim.incoming("a", "y", qos);
    }
    sim.reconnect();
    let stats = sim.engine.stats();
    assert_eq!((stats.sent, stats.received, stats.reconnects), (3, 3, 1));
    assert!(stats.bytes_sent > 50 && stats.bytes_received > 50);
}

#[test]
fn a_message_that_is_sent_again_is_counted_once() {
    for clean_session in [true, false] {
        let mut sim = Sim::online(Config {
            clean_session,
            ..config()
        });
        sim.broker.acks = false;
        sim.publish("a", "x", 1);
        sim.broker.acks = true;
        sim.reconnect();
        assert_eq!(sim.engine.stats().sent, 1);
    }
}

#[test]
fn a_qos_over_2_is_refused() {
    let mut sim = Sim::online(config());
    let direct = sim.publish("a", "x", 3);
    let queued = sim.queue("a", "x", 3);
    let batched = sim.batch_as(&message("a", b"1", 3));
    let subscribed = sim.subscribe(&[("a", 3)], None);
    for token in [direct, queued, batched, subscribed] {
        assert_eq!(sim.fate(token), "OUT_OF_RANGE");
    }
    sim.assert_empty();
}

#[test]
fn in_3_1_1_no_more_than_maxinflightqos2_of_qos_2_are_in_flight_and_nothing_overtakes() {
    let mut sim = Sim::online(config());
    sim.broker.silent = true;
    let mut tokens: Vec<_> = (0..20).map(|i| sim.publish("a", &i.to_string(), 2)).collect();
    for qos in [1, 0] {
        tokens.push(sim.publish("a", "behind", qos));
    }
    if is_five() {
        // There the broker says how many it takes.
        assert_eq!(sim.broker.given.len(), 22);
        return;
    }
    assert_eq!(sim.broker.given.len(), 16);
    // QoS 2 keeps its place until PUBCOMP.
    sim.inject(b"\x50\x02\x00\x01");
    assert_eq!(sim.broker.given.len(), 16);
    sim.inject(b"\x70\x02\x00\x01");
    assert_eq!(sim.broker.given.len(), 17);
    sim.broker.silent = false;
    sim.reconnect();
    for token in tokens {
        sim.ok(token);
    }
    assert_eq!(
        sim.broker.texts()[sim.broker.given.len() - 2..],
        ["behind", "behind"]
    );
    sim.assert_empty();
}

#[test]
fn a_window_of_qos_2_does_not_hold_qos_1() {
    let mut sim = Sim::online(Config {
        max_inflight_qos2: 1,
        ..config()
    });
    sim.broker.silent = true;
    sim.publish("a", "2", 2);
    for i in 0..500 {
        sim.publish("a", &i.to_string(), 1);
    }
    assert_eq!(sim.broker.given.len(), 501);
}

#[test]
fn a_resumed_session_is_sent_again_within_the_window_of_qos_2() {
    let mut sim = Sim::online(Config {
        clean_session: false,
        max_inflight_qos2: 3,
        ..config()
    });
    let tokens: Vec<_> = (0..10).map(|i| sim.publish("a", &i.to_string(), 2)).collect();
    sim.broker.acks = false;
    let more: Vec<_> = (10..20).map(|i| sim.publish("a", &i.to_string(), 2)).collect();
    sim.drop_connection();
    let before = sim.broker.publishes().len();
    sim.advance(2_000);
    let again = sim.broker.publishes().len() - before;
    assert_eq!(again, if is_five() { 10 } else { 3 });
    sim.broker.acks = true;
    sim.reconnect();
    for token in tokens.into_iter().chain(more) {
        sim.ok(token);
    }
    sim.assert_empty();
}
