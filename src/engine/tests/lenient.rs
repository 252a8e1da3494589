//! What brokers send in 3.1.1 that the specification does not allow, and that can only mean one thing: it is taken.

use super::harness::{config, Sim};
use crate::codec::ReasonCode;

#[test]
fn a_suback_code_above_128_is_a_refusal() {
    for code in [0x80, 0x87, 0x8f, 0xff] {
        let mut sim = Sim::online(config());
        sim.broker.subacks = false;
        let token = sim.subscribe(&[("open", 1), ("secret/#", 1)], None);
        sim.inject(&[0x90, 4, 0, 1, 1, code]);
        let error = sim.error(token);
        assert_eq!(
            (error.code.name(), error.reason),
            ("SUBSCRIBE_FAILED", Some(ReasonCode(code)))
        );
        assert!(error.message.contains("secret/#"));
        assert!(sim.engine.is_online() && sim.errors.is_empty());
        sim.broker.subacks = true;
        sim.reconnect();
        assert_eq!(sim.broker.subscribes().last().unwrap(), &[("open".to_owned(), 1)]);
    }
}

#[test]
fn a_session_although_a_clean_one_was_asked_for_is_a_new_one() {
    let mut sim = Sim::new(config());
    sim.broker.claims_session = true;
    let start = sim.start();
    sim.ok(start);
    sim.subscribe(&[("open", 1)], None);
    sim.broker.acks = false;
    let token = sim.publish("a", "x", 1);
    sim.broker.acks = true;
    sim.reconnect();
    sim.ok(token);
    assert_eq!(sim.connacks, [(false, 0); 2]);
    assert_eq!(sim.broker.subscribes().len(), 2);
    let dups: Vec<bool> = sim.broker.given.iter().map(|given| given.dup).collect();
    assert_eq!(dups, [false; 2]);
    sim.assert_empty();
}

#[test]
fn an_acknowledgement_with_a_reason_code_is_taken() {
    for (qos, bytes) in [
        (1, &b"\x40\x03\x00\x01\x00"[..]),
        (1, b"\x40\x03\x00\x01\x10"),
        (1, b"\x40\x04\x00\x01\x00\x00"),
        (2, b"\x50\x03\x00\x01\x00\x70\x03\x00\x01\x00"),
    ] {
        let mut sim = Sim::online(config());
        sim.broker.acks = false;
        let token = sim.publish("a", "x", qos);
        sim.inject(bytes);
        assert_eq!(sim.fate(token), "OK", "{bytes:02x?}");
        assert!(sim.engine.is_online() && sim.errors.is_empty());
        sim.assert_empty();
    }
}

#[test]
fn an_acknowledgement_whose_reason_code_refuses_ends_the_publish() {
    for (qos, bytes) in [(1, &b"\x40\x03\x00\x01\x87"[..]), (2, b"\x50\x03\x00\x01\x87")] {
        let mut sim = Sim::online(config());
        sim.broker.acks = false;
        let token = sim.publish("a", "x", qos);
        sim.inject(bytes);
        assert_eq!(sim.fate(token), "PUBLISH_REFUSED");
        assert_eq!(sim.error(token).reason, Some(ReasonCode::NOT_AUTHORIZED));
        assert!(sim.engine.is_online());
        sim.assert_empty();
    }
}

#[test]
fn a_puback_for_qos_2_ends_the_publish_and_is_reported_once() {
    let mut sim = Sim::online(config());
    sim.broker.acks = false;
    let tokens = [sim.publish("a", "1", 2), sim.publish("a", "2", 2)];
    sim.inject(b"\x40\x02\x00\x01\x40\x02\x00\x02");
    for token in tokens {
        sim.ok(token);
    }
    assert!(sim.engine.is_online());
    assert_eq!(sim.errors.len(), 1, "{:?}", sim.errors);
    let error = &sim.errors[0];
    assert_eq!(error.code.name(), "NOT_SUPPORTED");
    assert!(error.message.contains("mqtt://h:1883") && error.message.contains("QoS 2"));
    sim.assert_empty();
    // Once a client, not once a connection.
    sim.reconnect();
    let token = sim.publish("a", "3", 2);
    let id = sim.broker.given.last().unwrap().pid;
    sim.inject(&[0x40, 2, (id >> 8) as u8, id as u8]);
    sim.ok(token);
    assert_eq!(
        sim.errors
            .iter()
            .filter(|e| e.code.name() == "NOT_SUPPORTED")
            .count(),
        1
    );
}

#[test]
fn a_puback_for_qos_2_after_its_pubrec_is_still_a_violation() {
    let mut sim = Sim::online(config());
    sim.broker.acks = false;
    sim.publish("a", "1", 2);
    sim.inject(b"\x50\x02\x00\x01\x40\x02\x00\x01");
    assert_eq!(sim.disconnects, [2]);
}
