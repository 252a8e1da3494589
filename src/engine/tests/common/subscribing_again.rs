//! `subscribe` called again at each connection, as in `on_connect`: one SUBSCRIBE, not one that restores and one of the call.

use super::harness::{config, Sim};
use super::subscriptions::owned;
use crate::engine::{Config, Outcome};

fn calling(filters: &[(&'static str, u8)]) -> Sim {
    let mut sim = Sim::new(config());
    sim.on_connect = filters.to_vec();
    sim.start();
    sim
}

/// Reconnects up to where the broker has what restores, and has not answered it.
fn reconnect_unanswered(sim: &mut Sim) {
    sim.broker.subacks = false;
    sim.reconnect();
    sim.broker.subacks = true;
}

/// The codes of the calls in `on_connect`, in order.
fn codes(sim: &Sim) -> Vec<Vec<u8>> {
    let calls = sim.on_connect_calls.iter().map(|&token| match sim.ok(token) {
        Outcome::Granted { codes, .. } => codes.clone(),
        other => panic!("{other:?}"),
    });
    calls.collect()
}

#[test]
fn subscribe_in_on_connect_is_one_subscribe_a_connection() {
    let mut sim = calling(&[("a", 1), ("b/#", 2)]);
    for _ in 0..3 {
        sim.drop_connection();
        sim.start();
    }
    let all: Vec<_> = sim.broker.subscribes().into_iter().flatten().collect();
    assert_eq!(all, owned(&[("a", 1), ("b/#", 2)].repeat(4)));
    assert_eq!(codes(&sim), [[1], [2]].repeat(4));
    sim.assert_empty();
}

#[test]
fn with_another_qos_only_what_the_call_asks_for_is_sent() {
    let mut sim = calling(&[("a", 1)]);
    sim.subscribe(&[("b", 1)], None);
    sim.on_connect = vec![("a", 2)];
    sim.reconnect();
    assert_eq!(
        sim.broker.subscribes()[2..],
        [owned(&[("b", 1)]), owned(&[("a", 2)])]
    );
    sim.reconnect();
    assert_eq!(
        sim.broker.subscribes()[4..],
        [owned(&[("a", 2), ("b", 1)])],
        "the last options are restored"
    );
    sim.assert_empty();
}

#[test]
fn a_call_joins_what_is_on_the_wire_and_a_call_with_other_options_does_not() {
    let mut sim = Sim::online(config());
    sim.subscribe(&[("a", 1), ("b", 0)], Some(1));
    reconnect_unanswered(&mut sim);
    let joined = sim.subscribe(&[("b", 0), ("a", 1)], Some(2));
    let mixed = sim.subscribe(&[("new", 2), ("a", 1)], None);
    let other = sim.subscribe(&[("b", 2)], None);
    assert_eq!(
        sim.broker.subscribes()[2..],
        [owned(&[("new", 2)]), owned(&[("b", 2)])]
    );
    assert!(sim.is_pending(joined) && sim.is_pending(mixed));
    sim.inject(b"\x90\x04\x00\x02\x01\x00");
    assert!(matches!(sim.ok(joined), Outcome::Granted { codes, .. } if codes == &[0, 1]));
    assert!(matches!(sim.ok(mixed), Outcome::Granted { codes, .. } if codes == &[2, 1]));
    sim.ok(other);
    assert!(sim.unrouted.is_empty());
    assert_eq!(sim.engine.route("a"), [1, 2]);
    sim.assert_empty();
}

#[test]
fn the_refusal_of_what_is_restored_fails_the_call_that_joined_and_only_its_filter_is_named() {
    let mut sim = Sim::online(config());
    sim.subscribe(&[("a", 1), ("b", 1)], None);
    reconnect_unanswered(&mut sim);
    let a = sim.subscribe(&[("a", 1)], Some(7));
    let b = sim.subscribe(&[("b", 1)], Some(8));
    sim.inject(b"\x90\x04\x00\x02\x80\x01");
    let error = sim.error(a);
    assert_eq!(error.code.name(), "SUBSCRIBE_FAILED");
    assert!(error.message.contains("\"a\"") && !error.message.contains("\"b\""));
    sim.ok(b);
    assert_eq!(sim.unrouted, [7]);
    sim.reconnect();
    assert_eq!(sim.broker.subscribes().last(), Some(&owned(&[("b", 1)])));
    sim.assert_empty();
}

#[test]
fn a_refusal_removes_the_handler_of_the_call_that_joined_for_that_filter_whichever_came_first() {
    for refused in ["a", "b"] {
        let mut sim = Sim::online(config());
        sim.subscribe(&[("a", 1), ("b", 1)], None);
        reconnect_unanswered(&mut sim);
        sim.subscribe(&[("a", 1)], Some(7));
        sim.subscribe(&[("b", 1)], Some(8));
        let (codes, gone, stays) = match refused {
            "a" => (b"\x80\x01", 7, ("b", 8)),
            _ => (b"\x01\x80", 8, ("a", 7)),
        };
        sim.inject(&[b"\x90\x04\x00\x02", &codes[..]].concat());
        assert_eq!(sim.unrouted, [gone]);
        assert_eq!(sim.engine.route(stays.0), [stays.1]);
        sim.reconnect();
        assert_eq!(sim.broker.subscribes().last(), Some(&owned(&[(stays.0, 1)])));
    }
}

#[test]
fn a_call_that_joined_one_of_overlapping_filters_ends_when_the_session_is_lost_again_before_the_suback() {
    let mut sim = Sim::online(config());
    sim.subscribe(&[("a/#", 1), ("a/b", 1)], Some(1));
    sim.subscribe(&[("a/b", 1)], Some(2));
    // In MQTT 5 the restored filters, which one SUBSCRIBE was to have, are asked for one by one: the call joins a part.
    sim.on_connect = vec![("a/b", 1)];
    reconnect_unanswered(&mut sim);
    sim.on_connect.clear();
    let joined = sim.on_connect_calls[0];
    assert!(sim.is_pending(joined));
    sim.reconnect();
    assert_eq!(sim.fate(joined), "OK");
    assert_eq!(sim.engine.route("a/b"), [1, 2]);
    sim.assert_empty();
}

#[test]
fn calls_that_had_joined_are_asked_for_once_when_the_connection_breaks_before_the_suback() {
    for keep in [false, true] {
        let mut sim = Sim::online(Config {
            clean_session: !keep,
            ..config()
        });
        sim.subscribe(&[("a", 1), ("b", 1)], None);
        if keep {
            sim.broker.lose_session();
        }
        reconnect_unanswered(&mut sim);
        let joined = sim.subscribe(&[("b", 1)], None);
        sim.broker.subacks = false;
        let unanswered = sim.subscribe(&[("c", 1)], None);
        sim.broker.subacks = true;
        let before = sim.broker.subscribes().len();
        sim.on_connect = vec![("b", 1)];
        sim.reconnect();
        let mut again: Vec<_> = sim.broker.subscribes()[before..].concat();
        again.sort();
        assert_eq!(again, owned(&[("a", 1), ("b", 1), ("c", 1)]), "kept: {keep}");
        sim.ok(joined);
        sim.ok(unanswered);
        assert_eq!(codes(&sim), [[1]]);
        sim.assert_empty();
    }
}

#[test]
fn calls_that_had_joined_end_also_when_what_restores_becomes_a_suspect_and_the_session_is_lost_again() {
    let mut sim = Sim::online(Config {
        clean_session: false,
        ..config()
    });
    sim.subscribe(&[("a", 1), ("b", 1)], None);
    sim.broker.lose_session();
    reconnect_unanswered(&mut sim);
    let joined = sim.subscribe(&[("b", 1)], None);
    let mixed = sim.subscribe(&[("a", 1), ("new", 1)], None);
    // Two connections that end right after it: each of its filters is asked for alone.
    sim.broker.subacks = false;
    sim.reconnect();
    sim.reconnect();
    sim.broker.lose_session();
    sim.broker.subacks = true;
    sim.drop_connection();
    sim.advance(180_000);
    sim.ok(joined);
    assert!(matches!(sim.ok(mixed), Outcome::Granted { codes, .. } if codes == &[1, 1]));
    sim.assert_empty();
}

#[test]
fn acktimeout_of_a_call_that_joined_counts_from_the_call() {
    let mut sim = calling(&[]);
    sim.broker.subacks = false;
    let first = sim.subscribe(&[("a", 1)], None);
    sim.advance(20_000);
    sim.on_connect = vec![("a", 1)];
    sim.drop_connection();
    sim.advance(2_000);
    let joined = sim.on_connect_calls[0];
    sim.advance(9_000);
    assert_eq!((sim.fate(first), sim.fate(joined)), ("TIMEOUT", "pending"));
    sim.advance(22_000);
    assert_eq!(sim.fate(joined), "TIMEOUT");
    let last = sim.subscribe(&[("b", 1)], None);
    sim.on_connect.clear();
    sim.broker.subacks = true;
    sim.reconnect();
    sim.ok(last);
    assert!(!sim.broker.session().subscriptions.contains_key("a"));
    sim.assert_empty();
}

#[test]
fn stop_ends_calls_that_have_joined() {
    let mut sim = Sim::online(config());
    sim.subscribe(&[("a", 1)], None);
    reconnect_unanswered(&mut sim);
    let joined = sim.subscribe(&[("a", 1)], None);
    sim.stop();
    assert_eq!(sim.fate(joined), "STOPPED");
    sim.assert_empty();
}

#[test]
fn a_call_behind_an_unsubscribe_of_its_filter_does_not_join_what_is_before_it() {
    let mut sim = Sim::online(config());
    sim.subscribe(&[("a", 1), ("b", 1)], Some(1));
    sim.on_connect_ends = vec!["a"];
    sim.on_connect = vec![("a", 1)];
    sim.reconnect();
    assert_eq!(codes(&sim), [[1]]);
    let filters: Vec<&String> = sim.broker.session().subscriptions.keys().collect();
    assert_eq!(filters, ["a", "b"]);
    sim.assert_empty();
}
