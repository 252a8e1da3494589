//! A server of MQTT 5 that names another one in CONNACK or DISCONNECT (§4.11).

use super::wire::{five, list, packet, Wire};
use crate::codec::properties::{self, Property, Value};
use crate::engine::{Event, Outcome, Token};

#[test]
fn a_servers_disconnect_is_reported_and_its_reference_followed_if_that_is_wanted() {
    for follow in [false, true] {
        let mut cfg = five();
        cfg.follow_server_reference = follow;
        let mut wire = Wire::online(cfg, &[]);
        let elsewhere = list(&[(Property::ServerReference, Value::Text("other:1884 third"))]);
        wire.inject(&packet(0xe0, &[0x9c], &elsewhere));
        assert!(wire.sent().is_empty());
        let told = wire.events.iter().find_map(|event| match event {
            Event::Disconnected { rc: 0x9c, error } => error.as_ref(),
            _ => None,
        });
        assert!(told.unwrap().message.contains("other:1884"));
        assert_eq!(
            properties::string(&told.unwrap().properties, Property::ServerReference),
            Some("other:1884 third")
        );
        let servers = &wire.engine.config().servers;
        let named: &[&str] = match follow {
            true => &["mqtt://other:1884", "mqtt://third:1883"],
            false => &[],
        };
        assert_eq!(servers[1..], *named);
    }
}

/// A client that follows server references, and has been sent elsewhere by its first CONNACK.
fn sent_elsewhere(names: &str) -> Wire {
    let mut cfg = five();
    cfg.follow_server_reference = true;
    let mut wire = Wire::new(cfg);
    wire.engine.start(wire.now, Token::new(7));
    wire.open();
    refer(&mut wire, names);
    wire
}

fn refer(wire: &mut Wire, names: &str) {
    let elsewhere = list(&[(Property::ServerReference, Value::Text(names))]);
    wire.inject(&packet(0x20, &[0, 0x9d], &elsewhere));
}

#[test]
fn each_server_of_a_reference_has_its_turn_and_start_ends_at_the_one_that_accepts() {
    let mut wire = sent_elsewhere("other:1884  third");
    assert_eq!(
        wire.engine.config().servers,
        ["mqtt://h:1883", "mqtt://other:1884", "mqtt://third:1883"]
    );
    assert!(wire.done.is_empty());
    wire.advance(20);
    wire.engine.closed(wire.now, wire.generation, "refused");
    wire.drain();
    assert!(wire.done.is_empty());
    wire.advance(20);
    wire.open();
    wire.connack(false, &[]);
    assert_eq!(wire.done, [(7, Ok(Outcome::None))]);
    assert!(wire.engine.is_online());
}

#[test]
fn start_fails_when_every_server_of_a_reference_has_failed() {
    let mut wire = sent_elsewhere("other third");
    for _ in 0..2 {
        wire.advance(20);
        wire.engine.closed(wire.now, wire.generation, "refused");
        wire.drain();
    }
    assert_eq!(wire.error(7).code.name(), "CONNECTION_REFUSED");
}

#[test]
fn servers_that_send_us_from_one_to_the_other_are_no_storm() {
    let mut wire = sent_elsewhere("other");
    let begin = wire.now;
    for _ in 0..10 {
        while wire.engine.next_deadline().is_some_and(|at| at > wire.now) && wire.open().is_empty() {
            let wait = wire.engine.next_deadline().unwrap() - wire.now;
            wire.advance(wait);
        }
        refer(&mut wire, "other");
    }
    assert!(wire.now - begin > 1_000, "{}", wire.now - begin);
    assert_eq!(
        wire.error(7).code.name(),
        "CONNECTION_REFUSED",
        "start does not wait for ever"
    );
}
