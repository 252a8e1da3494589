//! Nothing grows without a bound, and every counter comes back to 0.

use super::harness::{config, connack_len, is_five, Sim};
use crate::engine::output::Token;
use crate::engine::Config;

#[test]
fn offlinesize_is_the_number_of_messages_that_may_wait() {
    let mut sim = Sim::new(Config {
        offline_size: 3,
        ..config()
    });
    let taken = [
        sim.publish("a", "0", 0),
        sim.queue("a", "1", 1),
        sim.batch("a", "2"),
    ];
    let refused = [
        sim.publish("a", "x", 1),
        sim.queue("a", "x", 1),
        sim.batch("a", "3"),
    ];
    for token in refused {
        assert_eq!(sim.fate(token), "QUEUE_FULL");
        assert!(sim.error(token).message.contains("offlinesize 3"));
    }
    assert_eq!(sim.engine.stats().queued, 3);
    sim.start();
    sim.flush();
    for token in taken {
        sim.ok(token);
    }
    sim.assert_empty();
    let again = sim.publish("a", "again", 1);
    sim.ok(again);
}

#[test]
fn offlinebytes_is_the_size_of_what_may_wait() {
    let mut sim = Sim::new(Config {
        offline_bytes: 10_000,
        ..config()
    });
    let payload = "x".repeat(900);
    let tokens: Vec<_> = (0..20)
        .map(|i| match i % 3 {
            0 => sim.publish("a", &payload, 1),
            1 => sim.queue("b", &payload, 1),
            _ => sim.batch("c", &payload),
        })
        .collect();
    let full = tokens.iter().filter(|t| sim.fate(**t) == "QUEUE_FULL").count();
    assert!((9..=10).contains(&full), "{full}");
    assert!(sim.engine.usage()[0].1 <= 10_100);
    sim.start();
    sim.flush();
    sim.assert_empty();
}

#[test]
fn what_is_in_flight_and_lost_with_its_session_is_counted_and_comes_back_to_0() {
    let mut sim = Sim::online(Config {
        offline_size: 5,
        max_inflight: 10,
        ..config()
    });
    sim.broker.acks = false;
    for i in 0..10 {
        sim.publish("a", &i.to_string(), 1 + i % 2);
    }
    sim.broker.acks = true;
    sim.auto = false;
    sim.drop_connection();
    sim.advance(2_000);
    sim.inject(b"\x20\x02\x00\x00");
    sim.broker.out.drain(..connack_len(&sim));
    sim.auto = true;
    sim.settle();
    sim.assert_empty();
    assert_eq!(sim.broker.given.len(), 20);
}

#[test]
fn what_is_in_flight_is_bounded_in_bytes_too_and_one_message_above_the_bound_passes() {
    let mut sim = Sim::online(Config {
        max_inflight_bytes: 2_000,
        max_inflight_qos2: 16,
        ..config()
    });
    for size in [900, 5_000] {
        sim.broker.acks = false;
        let tokens: Vec<Token> = (0..10)
            .map(|i| sim.publish_bytes("a", &vec![0; size], 1 + i % 2))
            .collect();
        let most = if size == 900 { 3 } else { 1 };
        assert_eq!(sim.engine.stats().in_flight, most, "{size}");
        assert_eq!(sim.engine.stats().queued, 10 - most, "{size}");
        // A new connection sends the same ones again, and no more.
        sim.drop_connection();
        sim.advance(20_000);
        assert_eq!(sim.engine.stats().in_flight, most, "{size}");
        sim.broker.acks = true;
        sim.drop_connection();
        sim.advance(20_000);
        for token in tokens {
            sim.ok(token);
        }
        sim.assert_empty();
    }
}

#[test]
fn a_message_too_large_for_mqtt_is_refused_at_once() {
    let mut sim = Sim::online(Config {
        offline_bytes: 1 << 31,
        ..config()
    });
    let huge = vec![0; 268_435_455];
    let token = sim.publish_bytes("a", &huge, 0);
    assert_eq!(sim.fate(token), "PACKET_TOO_LARGE");
    sim.assert_empty();
}

#[test]
fn an_hour_offline_with_a_busy_producer_stays_within_the_bound() {
    let mut sim = Sim::new(Config {
        offline_size: 1_000,
        ..config()
    });
    sim.dial = super::harness::Dial::Refuse;
    sim.start();
    let mut full = 0;
    for i in 0..360_000u32 {
        let token = sim.publish_undrained("a", &i.to_be_bytes(), 1);
        full += (sim.fate(token) == "QUEUE_FULL") as u32;
        sim.ended.remove(&token);
        if i % 100 == 0 {
            sim.advance(1_000);
            sim.errors.clear();
            sim.log.clear();
        }
    }
    assert_eq!(full, 359_000);
    assert_eq!(sim.engine.stats().queued, 1_000);
    sim.dial = super::harness::Dial::Accept;
    sim.start();
    let first: Vec<u32> = (0..1_000).collect();
    let got = sim
        .broker
        .given
        .iter()
        .map(|g| u32::from_be_bytes(*g.payload.first_chunk().unwrap()));
    assert_eq!(got.collect::<Vec<u32>>(), first);
    sim.assert_empty();
}

#[test]
fn all_packet_identifiers_in_use_means_waiting_not_failing() {
    let mut sim = Sim::online(Config {
        max_inflight: 65_535,
        max_inflight_qos2: 65_535,
        ..config()
    });
    sim.broker.acks = false;
    let tokens: Vec<_> = (0..66_000u32)
        .map(|i| sim.publish_undrained("a", &i.to_be_bytes(), 1 + (i % 2) as u8))
        .collect();
    sim.settle();
    let subscribe = sim.subscribe(&[("a", 0)], None);
    let stats = sim.engine.stats();
    assert_eq!((stats.in_flight, stats.queued), (65_535, 465));
    assert_eq!(sim.broker.given.len(), 65_535);
    assert!(sim.is_pending(subscribe) && tokens.iter().all(|&t| sim.is_pending(t)));
    sim.broker.acks = true;
    sim.inject(b"\x40\x02\x00\x01");
    sim.ok(subscribe);
    sim.reconnect();
    sim.assert_empty();
    assert!(tokens.iter().all(|&t| sim.fate(t) == "OK"));
}

#[test]
fn a_peer_that_floods_and_takes_no_acknowledgements_is_left() {
    let mut sim = Sim::online(config());
    sim.block(true);
    let message = sim.broker.dialect.say(b"\x32\x06\x00\x01a\x00\x05x");
    let chunk = message.repeat(1_000);
    let mut chunks = 0;
    while sim.engine.is_online() {
        let generation = sim.generation();
        sim.feed(generation, &chunk);
        sim.messages.clear();
        sim.log.clear();
        chunks += 1;
        assert!(sim.engine.unsent() <= (4 << 20) + 4_000);
        assert!(chunks < 2_000);
    }
    // In MQTT 5 the Receive Maximum ends it before, with a DISCONNECT.
    let (rc, words) = match is_five() {
        true => (2, "receiveMaximum"),
        false => (7, "does not take their acknowledgements"),
    };
    assert_eq!(sim.engine.unsent(), 0);
    assert_eq!(sim.disconnects, [rc]);
    assert!(sim.errors[0].message.contains(words));
    sim.advance(1_000);
    assert!(sim.engine.is_online());
}

#[test]
fn a_message_of_qos_0_comes_through_while_as_many_as_may_be_unacknowledged_are() {
    let mut sim = Sim::online(config());
    sim.block(true);
    let unacknowledged = sim
        .broker
        .dialect
        .say(b"\x32\x06\x00\x01a\x00\x05x")
        .repeat(1_000);
    let generation = sim.generation();
    sim.feed(generation, &unacknowledged);
    let message = sim.broker.dialect.say(b"\x30\x04\x00\x01bx");
    let before = sim.messages.len();
    sim.feed(generation, &message);
    assert_eq!(sim.messages.len(), before + 1);
    assert!(sim.engine.is_online());
}

#[test]
fn a_million_messages_leave_the_engine_as_small_as_the_first() {
    let mut sim = Sim::online(config());
    for round in 0..100 {
        for i in 0..1_000u32 {
            sim.publish_undrained("a/b", &i.to_be_bytes(), 1 + (i % 2) as u8);
        }
        sim.settle();
        sim.broker.given.clear();
        sim.broker.packets.clear();
        sim.ended.clear();
        assert!(sim.engine.is_empty(), "{round}");
    }
    assert!(sim.engine.slots() <= 1_000);
    sim.assert_empty();
}

#[test]
fn bytesqueued_counts_new_messages_and_those_of_a_lost_session() {
    let mut sim = Sim::online(config());
    sim.broker.acks = false;
    for text in ["1", "2", "3"] {
        sim.publish("a", text, 1);
    }
    // Connections that end right after make them suspects, which are sent one by one.
    sim.reconnect();
    sim.reconnect();
    let lost = sim.engine.usage()[1].1;
    assert!(lost > 0, "not all are sent again");
    assert_eq!(sim.engine.usage()[0], (0, 0));
    assert_eq!(sim.engine.stats().bytes_queued, lost as u64);
    sim.drop_connection();
    sim.publish("a", "new", 1);
    let [new, lost] = sim.engine.usage().map(|(_, bytes)| bytes);
    assert!(new > 0 && lost > 0);
    assert_eq!(sim.engine.stats().bytes_queued, (new + lost) as u64);
}
