//! `publishtimeout`: publishes that take too long end, whether they wait or are on the wire.

use super::harness::{config, Dial, Sim};
use super::policies::fates;
use crate::engine::{Config, Policy};

#[test]
fn a_message_that_waits_is_withdrawn_after_publishtimeout() {
    let mut sim = Sim::new(Config {
        publish_timeout: Some(3_000),
        ..config()
    });
    sim.dial = Dial::Refuse;
    sim.start();
    let tokens = [sim.publish("a", "0", 0), sim.publish("a", "1", 1)];
    sim.advance(2_999);
    assert_eq!(fates(&sim, &tokens), ["pending", "pending"]);
    sim.advance(1);
    assert_eq!(fates(&sim, &tokens), ["TIMEOUT", "TIMEOUT"]);
    sim.dial = Dial::Accept;
    sim.start();
    assert!(sim.broker.given.is_empty());
    assert_eq!(sim.engine.stats().dropped, 2);
    sim.assert_empty();
}

#[test]
fn a_message_on_the_wire_keeps_its_identifier_after_publishtimeout_and_its_end_is_not_told() {
    let mut sim = Sim::online(Config {
        publish_timeout: Some(3_000),
        max_inflight: 65_535,
        ..config()
    });
    sim.broker.acks = false;
    let tokens = [sim.publish("a", "0", 1), sim.publish("a", "1", 2)];
    sim.advance(3_300);
    assert_eq!(fates(&sim, &tokens), ["TIMEOUT", "TIMEOUT"]);
    assert_eq!((sim.engine.stats().in_flight, sim.engine.stats().dropped), (2, 0));
    // No later message is given one of the two.
    for _ in 0..2_000 {
        sim.publish_undrained("a", b"x", 1);
    }
    sim.settle();
    let reused = sim.broker.publishes().iter().skip(2).any(|p| p.pkid <= 2);
    assert!(!reused);
    sim.inject(b"\x40\x02\x00\x01\x50\x02\x00\x02\x70\x02\x00\x02");
    assert_eq!(sim.engine.stats().in_flight, 2_000);
    assert!(sim.engine.is_online(), "{:?}", sim.errors);
}

#[test]
fn publishtimeout_does_not_disturb_what_is_acknowledged_in_time() {
    let mut sim = Sim::online(Config {
        publish_timeout: Some(1_000),
        keepalive: None,
        ..config()
    });
    for i in 0..1_000u32 {
        let token = sim.publish("a", &i.to_string(), 1 + (i % 2) as u8);
        sim.ok(token);
        sim.advance(10);
    }
    assert!(sim.engine.entries()[1] <= 70);
    sim.advance(40_000);
    assert_eq!(sim.engine.next_deadline(), None);
    assert_eq!(sim.engine.stats().dropped, 0);
}

#[test]
fn an_acknowledgement_that_waits_behind_the_late_timer_counts() {
    let mut sim = Sim::online(Config {
        publish_timeout: Some(1_000),
        ..config()
    });
    sim.auto = false;
    let token = sim.publish("a", "x", 1);
    sim.sleep(600_000);
    sim.tick();
    sim.auto = true;
    sim.settle();
    sim.ok(token);
}

#[test]
fn a_timed_out_publish_does_not_hold_up_stop_for_longer_than_stoptimeout() {
    let mut sim = Sim::online(Config {
        publish_timeout: Some(1_000),
        ..config()
    });
    sim.broker.acks = false;
    let token = sim.publish("a", "x", 1);
    sim.advance(2_000);
    assert_eq!(sim.fate(token), "TIMEOUT");
    let stop = sim.stop();
    sim.advance(11_500);
    sim.ok(stop);
    sim.assert_stopped();
}

#[test]
fn stop_before_the_first_start_leaves_no_timer() {
    let mut sim = Sim::new(Config {
        publish_timeout: Some(1_000),
        offline_expiry: Some(1_000),
        offline_policy: Policy::Latest,
        ..config()
    });
    sim.publish("a", "x", 1);
    sim.stop();
    sim.assert_stopped();
    assert_eq!(sim.engine.entries()[..3], [0, 0, 0]);
}

#[test]
fn each_message_is_withdrawn_after_publishtimeout_to_the_millisecond() {
    let mut sim = Sim::new(Config {
        publish_timeout: Some(3_000),
        ..config()
    });
    let first = sim.publish("a", "0", 1);
    sim.advance(1_300);
    let second = sim.publish("a", "1", 1);
    sim.advance(1_700);
    assert_eq!(fates(&sim, &[first, second]), ["TIMEOUT", "pending"]);
    assert_eq!(sim.engine.next_deadline(), Some(sim.now + 1_300));
    sim.advance(1_300);
    assert_eq!(fates(&sim, &[second]), ["TIMEOUT"]);
}

/// A client whose publish was rejected by `publishtimeout` while it was on the wire of a connection that still stands.
fn rejected(clean_session: bool, qos: u8) -> Sim {
    let mut sim = Sim::online(Config {
        clean_session,
        publish_timeout: Some(5_000),
        ..config()
    });
    sim.broker.acks = false;
    let token = sim.publish("a", "x", qos);
    sim.advance(5_300);
    assert_eq!(sim.fate(token), "TIMEOUT");
    sim.broker.acks = true;
    sim
}

#[test]
fn a_publish_rejected_by_publishtimeout_is_sent_again_in_a_kept_session_only() {
    for (clean_session, qos) in [(true, 1), (true, 2), (false, 1), (false, 2)] {
        let mut sim = rejected(clean_session, qos);
        sim.reconnect();
        let expected = if clean_session { 1 } else { 2 };
        assert_eq!(sim.broker.publishes().len(), expected);
        sim.assert_empty();
        let next = sim.publish("a", "y", qos);
        sim.ok(next);
    }
}

#[test]
fn a_publish_rejected_by_publishtimeout_is_not_sent_again_where_the_broker_forgot_the_session() {
    for qos in [1, 2] {
        let mut sim = rejected(false, qos);
        sim.broker.lose_session();
        sim.reconnect();
        assert_eq!(sim.broker.publishes().len(), 1);
        sim.assert_empty();
    }
}
