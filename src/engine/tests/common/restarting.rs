//! Calls during and after stop(), and starting again.

use super::harness::{config, Sim};
use crate::engine::Config;

#[test]
fn calls_made_while_it_stops_or_after_are_refused() {
    let mut sim = Sim::online(config());
    sim.auto = false;
    sim.publish("a", "x", 1);
    for _ in 0..2 {
        sim.stop();
        let tokens = [
            sim.publish("a", "y", 1),
            sim.queue("a", "y", 0),
            sim.batch("a", "1"),
            sim.subscribe(&[("a", 0)], None),
            sim.unsubscribe(&["a"]),
        ];
        for token in tokens {
            assert_eq!(sim.fate(token), "STOPPED");
        }
        sim.auto = true;
        sim.settle();
    }
    assert_eq!(sim.broker.texts(), ["x"]);
    sim.assert_stopped();
}

#[test]
fn start_while_it_stops_begins_again_when_it_is_done() {
    let mut sim = Sim::online(config());
    sim.auto = false;
    sim.publish("a", "x", 1);
    let stop = sim.stop();
    let starts = [sim.start(), sim.start()];
    assert!(starts.iter().all(|t| sim.is_pending(*t)));
    sim.auto = true;
    sim.settle();
    sim.ok(stop);
    for token in starts {
        sim.ok(token);
    }
    assert!(sim.engine.is_online());
    assert_eq!(sim.log, ["connected 0", "disconnected 0", "connected 0"]);
}

#[test]
fn stop_takes_back_a_start_made_while_it_stops() {
    let mut sim = Sim::online(config());
    sim.auto = false;
    sim.publish("a", "x", 1);
    sim.stop();
    let start = sim.start();
    let stop = sim.stop();
    assert_eq!(sim.fate(start), "STOPPED");
    sim.auto = true;
    sim.settle();
    sim.ok(stop);
    sim.assert_stopped();
}

#[test]
fn after_stop_start_connects_again_with_the_subscriptions() {
    let mut sim = Sim::online(config());
    sim.subscribe(&[("a", 1)], Some(1));
    sim.stop();
    let start = sim.start();
    sim.ok(start);
    sim.incoming("a", "x", 1);
    assert_eq!(sim.messages[0].handlers, [1]);
    let publish = sim.publish("b", "y", 2);
    sim.ok(publish);
}

#[test]
fn messages_of_qos_2_that_stop_gave_up_are_completed_in_the_kept_session() {
    for keeps_session in [true, false] {
        let mut sim = Sim::online(Config {
            clean_session: false,
            ..config()
        });
        sim.broker.acks = false;
        let tokens = [0; 3].map(|_| sim.publish("a", "given up", 2));
        sim.stop();
        sim.advance(11_000);
        assert_eq!(tokens.map(|token| sim.fate(token)), ["STOPPED"; 3]);
        let stop = sim.stop();
        sim.ok(stop);
        let flush = sim.token();
        sim.engine.flush(sim.now, Some(flush));
        sim.settle();
        sim.ok(flush);
        sim.broker.acks = true;
        if !keeps_session {
            sim.broker.lose_session();
        }
        sim.start();
        assert_eq!(sim.connacks.last(), Some(&(keeps_session, 0)));
        // The broker holds nothing back for them, and no call ends twice; in another session nothing remains of them.
        assert_eq!(sim.broker.session().halfway.len(), 0);
        sim.assert_empty();
        // The broker complains if a new message comes under an identifier it still holds.
        for i in 0..3_000u32 {
            let token = sim.publish("a", &i.to_string(), 2);
            sim.ok(token);
        }
        assert_eq!(sim.broker.given.len(), 3_003);
    }
}

#[test]
fn calls_between_a_start_that_is_prepared_and_its_begin_are_taken() {
    let mut sim = Sim::online(config());
    sim.stop();
    let early = sim.publish("a", "early", 1);
    assert_eq!(sim.fate(early), "STOPPED");
    sim.engine.expect_start();
    let publish = sim.publish("a", "x", 1);
    assert!(sim.is_pending(publish));
    sim.start();
    sim.ok(publish);
}
