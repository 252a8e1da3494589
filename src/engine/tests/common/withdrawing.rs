//! A publish whose caller waits no longer: nothing of it is sent that is not on the wire, and what is in flight is completed.

use super::harness::{config, Sim};
use crate::engine::Config;

#[test]
fn what_waits_for_a_connection_is_never_sent() {
    let mut sim = Sim::new(config());
    let first = sim.publish("a", "a", 1);
    let second = sim.publish("b", "b", 0);
    sim.engine.withdraw(first);
    sim.start();
    sim.ok(second);
    assert_eq!(sim.fate(first), "DROPPED");
    assert_eq!(sim.broker.texts(), ["b"]);
    sim.assert_empty();
}

#[test]
fn so_is_a_message_of_the_timed_queue_and_it_counts_there_no_more() {
    let mut sim = Sim::online(Config {
        queue_size: 2,
        ..config()
    });
    let first = sim.queue("a", "a", 1);
    sim.engine.withdraw(first);
    let second = sim.queue("b", "b", 1);
    assert!(sim.is_pending(second));
    let third = sim.queue("c", "c", 1);
    sim.ok(second);
    sim.ok(third);
    assert_eq!(sim.broker.texts(), ["b", "c"]);
    sim.assert_empty();
}

#[test]
fn what_is_in_flight_is_completed_and_not_sent_in_another_session() {
    let mut sim = Sim::online(config());
    sim.auto = false;
    let token = sim.publish("a", "a", 2);
    sim.engine.withdraw(token);
    sim.drain();
    assert_eq!(sim.fate(token), "DROPPED");
    sim.auto = true;
    sim.settle();
    sim.assert_empty();
    sim.auto = false;
    let token = sim.publish("b", "b", 1);
    sim.engine.withdraw(token);
    sim.drain();
    sim.auto = true;
    sim.drop_connection();
    sim.start();
    sim.settle();
    assert!(sim.broker.unacknowledged().is_empty());
    sim.assert_empty();
}

#[test]
fn a_token_that_has_ended_or_never_was_changes_nothing() {
    let mut sim = Sim::online(config());
    let token = sim.publish("a", "a", 1);
    sim.ok(token);
    sim.engine.withdraw(token);
    let other = sim.publish("b", "b", 1);
    sim.ok(other);
    assert_eq!(sim.broker.texts(), ["a", "b"]);
    sim.assert_empty();
}
