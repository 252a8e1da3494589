//! What a client with a store keeps of calls, identifiers and damaged entries, from one life of the process to the next. Deaths
//! at any moment are in `crashes.rs`.

use super::harness::{config, message, Sim};
use crate::engine::random::Random;
use crate::engine::{Config, Engine};

pub(super) fn persistent() -> Config {
    Config {
        clean_session: false,
        persist: true,
        batch_size: 3,
        queue_size: 2,
        ..config()
    }
}

/// Opened and online.
pub(super) fn begun(cfg: Config) -> Sim {
    let mut sim = Sim::new(cfg);
    sim.open_store();
    sim.start();
    sim
}

pub(super) fn times(sim: &Sim, payload: &str) -> usize {
    let given = sim.broker.given.iter();
    given
        .filter(|g| String::from_utf8_lossy(&g.payload).contains(payload))
        .count()
}

#[test]
fn without_persist_nothing_is_written() {
    let mut sim = Sim::online(Config {
        persist: false,
        ..persistent()
    });
    for qos in 0..=2 {
        sim.publish("a", "x", qos);
        sim.queue("a", "x", qos);
        sim.batch("a", "1");
        sim.incoming("a", "x", qos);
    }
    assert_eq!(sim.store.writes, 0);
}

#[test]
fn calls_made_before_the_store_is_open_come_behind_what_it_held() {
    let mut sim = begun(persistent());
    sim.drop_connection();
    for payload in ["1", "2"] {
        sim.publish("a", payload, 1);
    }
    sim.batch_as(&message("b", b"3", 1));
    sim.restart();
    assert_eq!(sim.broker.texts(), ["1", "2", "[3]"]);

    sim.broker.given.clear();
    sim.drop_connection();
    sim.publish("a", "4", 2);
    sim.batch_as(&message("b", b"5", 2));
    let kept = sim.store.kept.clone();
    let mut sim = Sim::new(persistent());
    sim.store.kept = kept;
    sim.queue("a", "queued", 1);
    let batch = sim.batch_as(&message("b", b"6", 2));
    let publish = sim.publish("a", "7", 0);
    assert_eq!(sim.store.writes, 0);
    sim.open_store();
    assert_eq!(sim.batch_as(&message("b", b"8", 2)), batch);
    sim.start();
    assert_eq!(sim.broker.texts(), ["4", "[5]", "7"]);
    sim.ok(publish);
    sim.restart();
    assert_eq!(sim.broker.texts(), ["4", "[5]", "7", "queued", "[6,8]"]);
    assert!(sim.store.kept.is_empty());
}

#[test]
fn what_stop_could_not_send_is_kept_and_its_promise_says_so() {
    let mut sim = begun(persistent());
    sim.broker.acks = false;
    let tokens = [
        sim.publish("a", "in flight", 2),
        sim.queue("a", "queued", 1),
        sim.batch_as(&message("a", b"1", 1)),
    ];
    sim.stop();
    sim.advance(11_000);
    for token in tokens {
        let error = sim.error(token);
        assert_eq!(error.code.name(), "STOPPED");
        let says = "the client was stopped before this could be sent; it is kept in the store";
        assert!(error.message.starts_with(says), "{}", error.message);
    }
    sim.assert_stopped();
    assert!(!sim.store.kept.is_empty());
    let again = sim.publish("a", "no", 1);
    assert!(!sim.error(again).message.contains("kept"));

    sim.broker.acks = true;
    sim.open_store();
    sim.start();
    sim.advance(1_000);
    assert_eq!(times(&sim, "in flight"), 1);
    assert!(times(&sim, "queued") >= 1 && times(&sim, "[1]") >= 1);
    assert!(sim.store.kept.is_empty());
}

#[test]
fn identifiers_given_up_are_remembered() {
    let mut sim = begun(Config {
        publish_timeout: Some(1_000),
        ack_timeout: 100_000,
        ..persistent()
    });
    sim.broker.acks = false;
    for _ in 0..3 {
        sim.publish("a", "given up", 2);
    }
    sim.advance(2_000);
    sim.broker.acks = true;
    sim.restart();
    // The broker complains if a new message comes under an identifier it still holds.
    for i in 0..2_000u32 {
        let token = sim.publish("a", &i.to_string(), 2);
        sim.ok(token);
    }
}

#[test]
fn what_makes_no_sense_is_counted_and_the_rest_is_sent() {
    let mut sim = begun(persistent());
    sim.drop_connection();
    for i in 0..20 {
        sim.publish("a", &format!("m{i}."), 1 + i % 2);
        sim.batch_as(&message("b", b"1", 1));
    }
    let sound = sim.store.kept.clone();
    let mut rng = Random::new(5);
    for _ in 0..2_000 {
        let mut entries: Vec<_> = sound.clone().into_iter().collect();
        for _ in 0..=rng.up_to(5) {
            let at = rng.up_to(entries.len() as u64 - 1) as usize;
            let (key, value) = &mut entries[at];
            match rng.up_to(3) {
                0 => value.truncate(rng.up_to(value.len() as u64) as usize),
                1 if !value.is_empty() => {
                    let byte = rng.up_to(value.len() as u64 - 1) as usize;
                    value[byte] = rng.next() as u8;
                }
                2 => *key = rng.next() >> rng.up_to(63),
                _ => drop(entries.remove(at)),
            }
        }
        entries.sort();
        let mut sim = Sim::new(persistent());
        sim.engine = Engine::new(persistent(), 1).unwrap();
        sim.engine.restore(sim.now, entries);
        sim.drain();
        sim.start();
        assert!(sim.engine.is_online());
        sim.advance(1_000);
        let arrived = (0..20).filter(|i| times(&sim, &format!("m{i}.")) > 0).count();
        assert!(arrived >= 8, "{arrived}");
    }
}

#[test]
fn what_stop_left_in_flight_keeps_its_identifiers_at_the_next_start_of_the_same_client() {
    let mut sim = begun(persistent());
    sim.broker.acks = false;
    sim.publish("a", "one", 1);
    sim.publish("a", "two", 2);
    sim.stop();
    sim.advance(11_000);
    sim.assert_stopped();
    sim.open_store();
    sim.start();
    let sent = sim.broker.publishes();
    let seen: Vec<_> = sent.iter().map(|sent| (sent.pkid, sent.dup)).collect();
    let ids = [seen[0].0, seen[1].0];
    assert_ne!(ids[0], ids[1]);
    assert_eq!(
        seen,
        [(ids[0], false), (ids[1], false), (ids[0], true), (ids[1], true)]
    );
}
