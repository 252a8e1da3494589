//! What is dropped while messages wait: by number, by topic, by age.

use super::harness::{config, connack_len, Dial, Sim};
use crate::engine::{Config, Policy, Token};

fn offline(offline_policy: Policy, offline_size: usize) -> Sim {
    Sim::new(Config {
        offline_policy,
        offline_size,
        ..config()
    })
}

pub(super) fn fates(sim: &Sim, tokens: &[Token]) -> Vec<&'static str> {
    tokens.iter().map(|&token| sim.fate(token)).collect()
}

#[test]
fn drop_oldest_makes_room_for_each_new_message_and_says_so_to_the_old_one() {
    let mut sim = offline(Policy::DropOldest, 3);
    let tokens: Vec<_> = (0..5).map(|i| sim.publish("a", &i.to_string(), i % 3)).collect();
    assert_eq!(
        fates(&sim, &tokens),
        ["DROPPED", "DROPPED", "pending", "pending", "pending"]
    );
    assert_eq!((sim.engine.stats().dropped, sim.engine.stats().queued), (2, 3));
    sim.start();
    assert_eq!(sim.broker.texts(), ["2", "3", "4"]);
    sim.assert_empty();
}

#[test]
fn drop_oldest_counts_batches_and_the_queue_and_takes_the_oldest_of_all() {
    let mut sim = offline(Policy::DropOldest, 4);
    let queued = [sim.queue("q", "0", 1), sim.queue("q", "1", 1)];
    let batch = sim.batch("b", "2");
    sim.batch("b", "3");
    let fourth = sim.publish("p", "4", 1);
    assert_eq!(sim.fate(queued[0]), "DROPPED");
    sim.publish("p", "5", 1);
    assert_eq!(sim.fate(queued[1]), "DROPPED");
    // A batch goes as a whole, with all its items.
    sim.publish("p", "6", 1);
    assert_eq!(sim.fate(batch), "DROPPED");
    assert_eq!(sim.engine.stats().dropped, 4);
    assert_eq!(sim.fate(fourth), "pending");
    sim.publish("p", "7", 1);
    sim.publish("p", "8", 1);
    assert_eq!(sim.fate(fourth), "DROPPED");
    sim.start();
    sim.flush();
    assert_eq!(sim.broker.texts(), ["5", "6", "7", "8"]);
    sim.assert_empty();
}

#[test]
fn drop_oldest_drops_as_many_as_the_bytes_need_and_none_for_what_never_fits() {
    let mut sim = Sim::new(Config {
        offline_policy: Policy::DropOldest,
        offline_bytes: 1_000,
        ..config()
    });
    let small: Vec<_> = (0..9).map(|_| sim.publish("a", &"x".repeat(90), 1)).collect();
    let huge = sim.publish("a", &"x".repeat(2_000), 1);
    assert_eq!(sim.fate(huge), "QUEUE_FULL");
    assert_eq!(sim.engine.stats().dropped, 0);
    let large = sim.publish("a", &"y".repeat(500), 1);
    assert_eq!(sim.fate(large), "pending");
    let gone = small.iter().filter(|&&t| sim.fate(t) == "DROPPED").count();
    assert!((4..=6).contains(&gone), "{gone}");
    assert!(sim.engine.usage()[0].1 <= 1_000);

    let mut none = offline(Policy::DropOldest, 0);
    let token = none.publish("a", "x", 1);
    assert_eq!(none.fate(token), "QUEUE_FULL");
}

#[test]
fn what_was_on_the_wire_is_not_dropped() {
    let mut sim = Sim::online(Config {
        offline_policy: Policy::DropOldest,
        offline_expiry: Some(1_000),
        offline_size: 2,
        max_inflight: 2,
        ..config()
    });
    sim.broker.acks = false;
    let flying = [sim.publish("a", "0", 1), sim.publish("a", "1", 2)];
    sim.drop_connection();
    sim.auto = false;
    sim.dial = Dial::Silent;
    // The session is lost, and the transport takes nothing.
    sim.advance(2_000);
    let generation = sim.generation();
    sim.wire = Some((generation, true));
    sim.broker.accept();
    sim.engine.opened(sim.now, generation);
    sim.drain();
    sim.engine.set_blocked(true);
    sim.inject(b"\x20\x02\x00\x00");
    sim.broker.out.drain(..connack_len(&sim));
    assert_eq!(sim.engine.stats().queued, 2);
    for i in 2..6 {
        sim.publish("a", &i.to_string(), 1);
    }
    sim.advance(2_000);
    assert_eq!(fates(&sim, &flying), ["pending", "pending"]);
    assert_eq!(sim.engine.stats().dropped, 4);
    sim.broker.acks = true;
    sim.auto = true;
    sim.block(false);
    assert_eq!(fates(&sim, &flying), ["OK", "OK"]);
    sim.assert_empty();
}

#[test]
fn latest_keeps_the_last_message_of_each_topic_in_the_place_of_the_first() {
    let mut sim = offline(Policy::Latest, 100);
    let first = [sim.publish("a", "a0", 1), sim.publish("b", "b0", 2)];
    let second = [sim.publish("a", "a1", 0), sim.publish("c", "c0", 1)];
    let third = sim.publish("a", "a2", 2);
    assert_eq!(fates(&sim, &first), ["DROPPED", "pending"]);
    assert_eq!(fates(&sim, &second), ["DROPPED", "pending"]);
    assert_eq!((sim.engine.stats().dropped, sim.engine.stats().queued), (2, 3));
    sim.start();
    sim.ok(third);
    assert_eq!(sim.broker.texts(), ["a2", "b0", "c0"]);
    sim.assert_empty();
    assert_eq!(sim.engine.entries()[..3], [0, 0, 0]);
}

#[test]
fn latest_holds_for_the_queue_and_for_batches_once_they_are_sent() {
    let mut sim = offline(Policy::Latest, 100);
    let queued = [sim.queue("a", "q0", 1), sim.queue("a", "q1", 1)];
    let batch = sim.batch("b", "0");
    sim.batch("b", "1");
    let published = sim.publish("b", "b0", 1);
    assert_eq!(fates(&sim, &queued), ["pending", "pending"]);
    sim.flush();
    assert_eq!(fates(&sim, &queued), ["DROPPED", "pending"]);
    assert_eq!(sim.fate(published), "DROPPED");
    sim.start();
    sim.ok(batch);
    assert_eq!(sim.broker.texts(), ["[0,1]", "q1"]);
    sim.assert_empty();
}

#[test]
fn latest_at_the_bound_takes_what_replaces_and_refuses_new_topics() {
    let mut sim = offline(Policy::Latest, 2);
    sim.publish("a", "a0", 1);
    sim.publish("b", "b0", 1);
    let refused = sim.publish("c", "c0", 1);
    assert_eq!(sim.fate(refused), "QUEUE_FULL");
    let tokens = [
        sim.publish("a", "a1", 1),
        sim.queue("b", "b1", 1),
        sim.queue("a", "a2", 1),
        sim.batch("b", "2"),
        sim.batch("b", "3"),
    ];
    assert_eq!(
        fates(&sim, &tokens),
        ["DROPPED", "DROPPED", "pending", "DROPPED", "pending"]
    );
    assert_eq!(sim.engine.stats().queued, 2);
    sim.start();
    assert_eq!(sim.broker.texts(), ["a2", "[3]"]);
    sim.assert_empty();
}

#[test]
fn latest_never_replaces_what_is_on_the_wire() {
    let mut sim = Sim::online(Config {
        offline_policy: Policy::Latest,
        max_inflight: 1,
        clean_session: false,
        ..config()
    });
    sim.broker.acks = false;
    let tokens: Vec<_> = (0..4).map(|i| sim.publish("a", &i.to_string(), 1)).collect();
    assert_eq!(fates(&sim, &tokens), ["pending", "DROPPED", "DROPPED", "pending"]);
    sim.broker.acks = true;
    sim.reconnect();
    assert_eq!(sim.broker.texts(), ["0", "0", "3"]);
    assert_eq!(fates(&sim, &tokens), ["OK", "DROPPED", "DROPPED", "OK"]);
    sim.assert_empty();
}

#[test]
fn messages_queued_longer_than_offlineexpiry_are_dropped_to_the_millisecond() {
    let mut sim = Sim::new(Config {
        offline_expiry: Some(5_000),
        ..config()
    });
    let old = sim.publish("a", "old", 1);
    sim.advance(3_000);
    let young = sim.publish("a", "young", 0);
    sim.advance(1_999);
    assert_eq!(sim.fate(old), "pending");
    sim.advance(1);
    assert_eq!((sim.fate(old), sim.fate(young)), ("EXPIRED", "pending"));
    assert!(sim.error(old).message.contains("offlineexpiry, 5 s"));
    sim.start();
    assert_eq!(sim.broker.texts(), ["young"]);
    assert_eq!(sim.engine.stats().dropped, 1);
    sim.advance(10_000);
    sim.assert_empty();
}

#[test]
fn the_age_of_queued_and_batched_messages_counts_from_when_they_are_to_be_sent() {
    let mut sim = Sim::new(Config {
        offline_expiry: Some(1_000),
        publish_timeout: Some(2_000),
        publish_interval: 60_000,
        ..config()
    });
    let tokens = [sim.queue("a", "x", 1), sim.batch("b", "1")];
    sim.advance(60_500);
    assert_eq!(fates(&sim, &tokens), ["pending", "pending"]);
    sim.advance(500);
    assert_eq!(fates(&sim, &tokens), ["EXPIRED", "EXPIRED"]);
    sim.assert_empty();
}

/// An hour offline, a hundred messages a second.
fn an_hour(cfg: Config, topics: u32) -> (Sim, usize) {
    let mut sim = Sim::new(cfg);
    sim.dial = Dial::Refuse;
    sim.start();
    let mut most = 0;
    for i in 0..360_000u32 {
        let topic = (i % topics).to_string();
        let token = sim.publish_undrained(&topic, &i.to_be_bytes(), 1);
        sim.ended.remove(&token);
        if i % 1_000 == 0 {
            sim.advance(1_000);
            sim.errors.clear();
            sim.log.clear();
            sim.ended.clear();
            let kept = sim.engine.slots() + sim.engine.entries().iter().sum::<usize>();
            most = most.max(kept);
        }
    }
    sim.dial = Dial::Accept;
    sim.start();
    (sim, most)
}

fn numbers(sim: &Sim) -> Vec<u32> {
    let number = |payload: &[u8]| u32::from_be_bytes(*payload.first_chunk().unwrap());
    sim.broker.given.iter().map(|g| number(&g.payload)).collect()
}

#[test]
fn after_an_hour_offline_drop_oldest_has_the_newest_messages() {
    let (sim, most) = an_hour(
        Config {
            offline_policy: Policy::DropOldest,
            offline_size: 10_000,
            max_inflight: 65_535,
            ..config()
        },
        7,
    );
    assert_eq!(numbers(&sim), (350_000..360_000).collect::<Vec<_>>());
    assert_eq!(sim.engine.stats().dropped, 350_000);
    assert!(most < 62_000, "{most}");
    sim.assert_empty();
}

#[test]
fn after_an_hour_offline_latest_has_the_last_message_of_each_topic() {
    let (sim, most) = an_hour(
        Config {
            offline_policy: Policy::Latest,
            offline_size: 10_000,
            ..config()
        },
        500,
    );
    assert_eq!(numbers(&sim), (359_500..360_000).collect::<Vec<_>>());
    assert!(most < 2_000, "{most}");
    sim.assert_empty();
}

#[test]
fn after_an_hour_offline_offlineexpiry_has_the_messages_of_its_last_seconds() {
    let (sim, most) = an_hour(
        Config {
            offline_expiry: Some(5_000),
            publish_timeout: Some(30_000),
            ..config()
        },
        7,
    );
    // Each thousand was published at one moment, and a second passes after its first.
    let numbers = numbers(&sim);
    assert!((4_000..=6_000).contains(&numbers.len()), "{}", numbers.len());
    assert_eq!(numbers.last(), Some(&359_999));
    assert!(most < 60_000, "{most}");
    sim.assert_empty();
}

#[test]
fn with_a_hundred_thousand_waiting_a_message_costs_no_more() {
    // If the cost grew with the queue, this would take hours.
    for offline_policy in [Policy::Latest, Policy::DropOldest] {
        let mut sim = Sim::new(Config {
            offline_policy,
            offline_expiry: Some(1_000_000),
            publish_timeout: Some(1_000_000),
            ..config()
        });
        for i in 0..400_000u32 {
            let topic = (i % 100_000).to_string();
            sim.publish_undrained(&topic, b"x", 1);
            if i % 1_000 == 0 {
                sim.drain();
                sim.ended.clear();
            }
        }
        assert_eq!(sim.engine.stats().queued, 100_000);
        assert_eq!(sim.engine.stats().dropped, 300_000);
    }
}
