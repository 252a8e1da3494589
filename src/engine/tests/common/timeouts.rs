//! Answers that never come.

use super::harness::{config, Dial, Sim};
use crate::engine::{Config, State};

#[test]
fn a_transport_that_never_opens_is_given_up() {
    let mut sim = Sim::new(config());
    sim.dial = Dial::Silent;
    let token = sim.start();
    sim.advance(9_999);
    assert!(sim.is_pending(token));
    sim.advance(500);
    assert_eq!(sim.fate(token), "TIMEOUT");
    assert!(sim
        .error(token)
        .message
        .contains("did not accept a connection in 10 s (connecttimeout)"));
    assert_eq!(sim.engine.state(), State::Connecting);
    sim.dial = Dial::Accept;
    sim.advance(1_000);
    assert!(sim.engine.is_online());
}

#[test]
fn a_connack_that_never_comes_is_given_up() {
    let mut sim = Sim::new(config());
    sim.broker.connack = None;
    let token = sim.start();
    sim.advance(10_500);
    assert_eq!(sim.fate(token), "TIMEOUT");
    assert!(sim.error(token).message.contains("CONNECT"));
    sim.broker.connack = Some(0);
    sim.advance(2_000);
    assert!(sim.engine.is_online());
}

#[test]
fn a_transport_that_opens_late_has_not_more_time_for_connack() {
    let mut sim = Sim::new(config());
    sim.dial = Dial::Silent;
    sim.broker.connack = None;
    let token = sim.start();
    sim.advance(9_000);
    let generation = sim.generation();
    sim.wire = Some((generation, true));
    sim.engine.opened(sim.now, generation);
    sim.settle();
    sim.advance(1_500);
    assert_eq!(sim.fate(token), "TIMEOUT");
}

#[test]
fn a_connack_that_waits_behind_the_late_timer_counts() {
    let mut sim = Sim::new(config());
    sim.auto = false;
    let token = sim.start();
    // `auto` is off, so the transport has opened but CONNACK is not delivered.
    sim.sleep(600_000);
    sim.tick();
    sim.auto = true;
    sim.settle();
    sim.ok(token);
    sim.advance(1_000);
    assert!(sim.engine.is_online());
}

#[test]
fn a_suback_or_unsuback_that_never_comes_ends_its_call_and_not_the_connection() {
    let mut sim = Sim::online(config());
    sim.broker.subacks = false;
    let subscribe = sim.subscribe(&[("a", 0)], None);
    sim.advance(10_000);
    let unsubscribe = sim.unsubscribe(&["b"]);
    sim.advance(19_999);
    assert!(sim.is_pending(subscribe));
    sim.advance(251);
    assert_eq!(
        (sim.fate(subscribe), sim.fate(unsubscribe)),
        ("TIMEOUT", "pending")
    );
    sim.advance(10_250);
    assert_eq!(sim.fate(unsubscribe), "TIMEOUT");
    assert!(sim.engine.is_online());
    // The broker may grant it yet.
    assert_eq!(sim.broker.unsubscribes(), ["b", "a"]);
    // Late, and still known for what they are.
    sim.inject(b"\x90\x03\x00\x01\x00\xb0\x02\x00\x02\xb0\x02\x00\x03");
    assert!(sim.engine.is_online());
    sim.assert_empty();
}

#[test]
fn a_subscription_that_was_given_up_is_not_asked_for_on_the_next_connection() {
    let mut sim = Sim::online(config());
    sim.broker.subacks = false;
    sim.subscribe(&[("a", 0)], Some(5));
    sim.advance(31_000);
    sim.broker.subacks = true;
    let before = sim.broker.subscribes().len();
    sim.reconnect();
    assert_eq!(sim.broker.subscribes().len(), before);
    assert_eq!(sim.unrouted, [5]);
    sim.assert_empty();
}

#[test]
fn a_puback_that_never_comes_leads_to_a_new_connection_and_the_message_arrives() {
    for qos in [1, 2] {
        let mut sim = Sim::online(Config {
            clean_session: false,
            ..config()
        });
        sim.broker.acks = false;
        let token = sim.publish("a", "x", qos);
        sim.advance(29_999);
        assert!(sim.engine.is_online());
        sim.advance(300);
        assert_eq!(sim.disconnects, [7]);
        assert_eq!(sim.errors[0].code.name(), "TIMEOUT");
        sim.broker.acks = true;
        sim.advance(2_000);
        sim.ok(token);
        sim.assert_empty();
    }
}

#[test]
fn a_pubcomp_that_never_comes_leads_to_a_new_connection() {
    let mut sim = Sim::online(Config {
        clean_session: false,
        ..config()
    });
    sim.broker.acks = false;
    let token = sim.publish("a", "x", 2);
    sim.advance(20_000);
    sim.inject(b"\x50\x02\x00\x01");
    sim.advance(29_000);
    assert!(sim.engine.is_online());
    sim.broker.acks = true;
    sim.advance(4_000);
    sim.ok(token);
    assert_eq!(sim.broker.texts(), ["x"]);
}

#[test]
fn while_acknowledgements_come_in_a_slow_link_is_not_cut_but_not_for_ever() {
    let mut sim = Sim::online(config());
    sim.broker.acks = false;
    sim.publish("a", "lost", 1);
    let mut pid = 1;
    for _ in 0..5 {
        sim.advance(20_000);
        pid += 1;
        sim.publish("a", "x", 1);
        sim.inject(&[0x40, 2, 0, pid]);
        assert!(sim.engine.is_online());
    }
    while sim.disconnects.is_empty() {
        sim.advance(100);
    }
    assert_eq!(sim.disconnects, [7]);
    assert!(sim.now - 1_000_000 <= 4 * 30_000 + 500);
}

#[test]
fn a_pubrec_begins_the_time_of_its_pubcomp() {
    let mut sim = Sim::online(config());
    sim.broker.acks = false;
    let token = sim.publish("a", "slow", 2);
    let mut pid = 1;
    for at in 1..=6 {
        sim.advance(20_000);
        pid += 1;
        sim.publish("a", "x", 1);
        sim.inject(&[0x40, 2, 0, pid]);
        if at == 4 {
            sim.inject(b"\x50\x02\x00\x01");
        }
    }
    sim.advance(5_000);
    assert!(
        sim.engine.is_online(),
        "80 s were for PUBREC, 45 s since then for PUBCOMP"
    );
    sim.inject(b"\x70\x02\x00\x01");
    sim.ok(token);
}

#[test]
fn the_timer_for_acknowledgements_is_quiet_when_none_is_awaited() {
    let mut sim = Sim::online(Config {
        keepalive: None,
        ..config()
    });
    sim.publish("a", "x", 1);
    sim.subscribe(&[("a", 1)], None);
    sim.advance(31_000);
    assert_eq!(sim.engine.next_deadline(), None);
}

#[test]
fn an_acknowledgement_that_waits_behind_a_late_timer_counts() {
    let mut sim = Sim::online(config());
    sim.auto = false;
    let publish = sim.publish("a", "x", 1);
    let subscribe = sim.subscribe(&[("a", 1)], None);
    sim.sleep(600_000);
    sim.tick();
    sim.auto = true;
    sim.settle();
    sim.ok(publish);
    sim.ok(subscribe);
    sim.advance(1_000);
    assert_eq!(sim.opens.len(), 1);
}

#[test]
fn the_last_acknowledgement_of_many_does_not_reset_the_clock_of_the_next_message() {
    let mut sim = Sim::online(config());
    sim.publish("a", "x", 1);
    sim.advance(29_000);
    sim.broker.acks = false;
    sim.publish("a", "y", 1);
    sim.advance(29_900);
    assert!(sim.engine.is_online());
    sim.advance(500);
    assert_eq!(sim.disconnects, [7]);
}

#[test]
fn acktimeout_of_subscribe_and_unsubscribe_runs_across_reconnects() {
    for keep in [false, true] {
        let mut sim = Sim::online(Config {
            clean_session: !keep,
            max_reconnect_delay: 1_000,
            ..config()
        });
        sim.broker.subacks = false;
        let subscribe = sim.subscribe(&[("a", 0)], Some(5));
        let unsubscribe = sim.unsubscribe(&["b"]);
        for _ in 0..3 {
            sim.advance(5_000);
            sim.reconnect();
        }
        sim.advance(8_900);
        assert!(sim.is_pending(subscribe) && sim.is_pending(unsubscribe));
        sim.advance(500);
        assert_eq!(
            (sim.fate(subscribe), sim.fate(unsubscribe)),
            ("TIMEOUT", "TIMEOUT")
        );
        assert_eq!(sim.unrouted, [5]);
        sim.broker.subacks = true;
        sim.reconnect();
        sim.assert_empty();
    }
}

#[test]
fn acktimeout_of_subscribe_runs_while_there_is_no_connection() {
    let mut sim = Sim::online(config());
    sim.broker.subacks = false;
    let sent = sim.subscribe(&[("a", 0)], None);
    sim.dial = Dial::Refuse;
    sim.drop_connection();
    let unsent = sim.subscribe(&[("b", 0)], None);
    sim.advance(31_000);
    assert_eq!((sim.fate(sent), sim.fate(unsent)), ("TIMEOUT", "pending"));
    sim.dial = Dial::Accept;
    sim.broker.subacks = true;
    sim.advance(256_000);
    sim.ok(unsent);
    assert_eq!(sim.broker.subscribes().last().unwrap(), &[("b".to_owned(), 0)]);
    sim.assert_empty();
}

#[test]
fn acktimeout_of_subscribe_and_unsubscribe_runs_while_they_are_held_back_as_suspects() {
    // Connections that end before a suspect would be sent again.
    for lasts in [300, 900] {
        let mut sim = Sim::online(Config {
            max_reconnect_delay: 100,
            ..config()
        });
        sim.broker.subacks = false;
        let calls = [sim.subscribe(&[("a", 0)], Some(5)), sim.unsubscribe(&["b"])];
        let began = sim.now;
        while calls.iter().any(|&call| sim.is_pending(call)) && sim.now < began + 100_000 {
            sim.advance(lasts);
            sim.drop_connection();
            sim.start();
        }
        assert_eq!(calls.map(|call| sim.fate(call)), ["TIMEOUT"; 2]);
        assert!(sim.now <= began + 30_000 + 2 * lasts, "{}", sim.now - began);
        sim.broker.subacks = true;
        sim.reconnect();
        assert_eq!(sim.unrouted, [5]);
        sim.assert_empty();
    }
}
