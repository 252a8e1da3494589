//! Connections that end by themselves, as a bad network's do: nothing is put aside for them, and a guilty operation among them is
//! found all the same.

use super::harness::Sim;
use super::suspects::{assert_put_aside, closing_at, kept, reports, wait};
use crate::engine::Token;

#[test]
fn connections_that_end_by_themselves_put_nothing_aside() {
    // Shorter than what a suspect waits for, and longer; the broker answers only after the last.
    for lasts in [10, 500, 900] {
        let mut sim = Sim::online(kept());
        sim.broker.acks = false;
        let token = sim.publish("open", "x", 1);
        for _ in 0..20 {
            sim.drop_connection();
            sim.start();
            sim.advance(lasts);
        }
        sim.broker.acks = true;
        sim.drop_connection();
        wait(&mut sim);
        sim.ok(token);
        assert_eq!(reports(&sim), 0);
    }
}

#[test]
fn a_suspect_is_sent_again_although_no_connection_lasts_as_long_as_it_is_held_back() {
    for qos in [1, 2] {
        let mut sim = Sim::online(kept());
        sim.broker.acks = false;
        let token = sim.publish("open", "x", qos);
        for _ in 0..2 {
            sim.drop_connection();
            sim.start();
        }
        sim.broker.acks = true;
        let behind = sim.publish("open", "y", qos);
        for _ in 0..5 {
            sim.advance(300);
            sim.drop_connection();
            sim.start();
        }
        sim.ok(token);
        sim.ok(behind);
        assert_eq!(reports(&sim), 0);
    }
}

#[test]
fn a_guilty_one_is_found_after_many_connections_that_ended_while_it_was_held_back() {
    for times in 0..9 {
        let mut sim = closing_at(&["secret"], kept());
        let guilty = sim.publish("secret", "no", 1);
        for _ in 0..times {
            sim.start();
            sim.advance(300);
            sim.drop_connection();
        }
        wait(&mut sim);
        assert_put_aside(&sim, guilty, "PUBLISH");
    }
}

/// Connections that end while a suspect is held back, and then one right after it, as a network does that fails all the time.
fn network_that_fails(sim: &mut Sim, token: Token, times: usize) {
    for _ in 0..times {
        sim.start();
        let held = sim.engine.stats().suspects == 1 && sim.broker.given.is_empty();
        assert!(held || sim.fate(token) == "pending");
        sim.advance(300);
        sim.drop_connection();
        sim.start();
        sim.advance(1_100);
        sim.drop_connection();
    }
}

#[test]
fn connections_that_end_while_a_suspect_is_held_back_speak_for_it() {
    for qos in [1, 2] {
        let mut sim = Sim::online(kept());
        sim.broker.acks = false;
        let token = sim.publish("open", "x", qos);
        sim.drop_connection();
        sim.start();
        sim.drop_connection();
        network_that_fails(&mut sim, token, 3);
        assert_eq!((sim.fate(token), reports(&sim)), ("pending", 0));
        sim.broker.acks = true;
        wait(&mut sim);
        sim.ok(token);
        sim.assert_empty();
    }
}

#[test]
fn a_guilty_one_is_found_although_connections_end_while_it_is_held_back() {
    let mut sim = closing_at(&["secret"], kept());
    let guilty = sim.publish("secret", "no", 1);
    for _ in 0..20 {
        sim.start();
        sim.advance(300);
        sim.drop_connection();
        sim.start();
        sim.advance(1_100);
    }
    wait(&mut sim);
    assert_put_aside(&sim, guilty, "PUBLISH");
    let before = sim.connacks.len();
    // What the network did once is not held for the next one.
    sim.broker.closes_at = vec!["other".into()];
    let guilty = sim.publish("other", "no", 1);
    wait(&mut sim);
    assert_put_aside(&sim, guilty, "PUBLISH");
    assert!(
        sim.connacks.len() - before <= 5,
        "{}",
        sim.connacks.len() - before
    );
}

#[test]
fn a_connection_that_ends_long_after_an_operation_was_sent_did_not_end_because_of_it() {
    let mut sim = Sim::online(kept());
    sim.broker.acks = false;
    let token = sim.publish("open", "x", 1);
    for _ in 0..10 {
        sim.advance(12_000);
        sim.drop_connection();
        sim.start();
    }
    assert_eq!((sim.fate(token), reports(&sim)), ("pending", 0));
    sim.broker.acks = true;
    sim.drop_connection();
    sim.start();
    sim.ok(token);
}
