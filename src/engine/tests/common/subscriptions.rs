//! SUBSCRIBE, UNSUBSCRIBE, restoring them, and handlers (§3.8 to §3.11).

use super::harness::{config, Sim};
use crate::codec::ReasonCode;
use crate::engine::{Config, Outcome};

pub(super) fn granted(codes: &[u8]) -> Outcome {
    Outcome::Granted {
        codes: codes.to_vec(),
        properties: Vec::new(),
    }
}

pub(super) fn owned(filters: &[(&str, u8)]) -> Vec<(String, u8)> {
    filters.iter().map(|(f, q)| (f.to_string(), *q)).collect()
}

#[test]
fn suback_brings_the_granted_qos_in_the_order_asked() {
    let mut sim = Sim::online(config());
    let token = sim.subscribe(&[("b", 2), ("a", 0), ("c/+/#", 1)], None);
    assert_eq!(sim.ok(token), &granted(&[2, 0, 1]));
    assert_eq!(sim.broker.subscribes().len(), 1);
    sim.assert_empty();
}

#[test]
fn a_refused_filter_fails_the_call_is_named_and_not_restored_and_the_others_stand() {
    let mut sim = Sim::online(config());
    sim.broker.forbidden = vec!["secret/#".into()];
    let token = sim.subscribe(&[("open", 1), ("secret/#", 1)], Some(3));
    let error = sim.error(token);
    assert_eq!(
        (error.code.name(), error.reason),
        ("SUBSCRIBE_FAILED", Some(ReasonCode(0x80)))
    );
    assert!(error.message.contains("secret/#") && !error.message.contains("open"));
    assert!(
        sim.unrouted.is_empty(),
        "the handler is still used by the other filter"
    );
    sim.incoming("open", "x", 0);
    assert_eq!(sim.messages[0].handlers, [3]);
    sim.reconnect();
    assert_eq!(sim.broker.subscribes()[1], owned(&[("open", 1)]));
}

#[test]
fn a_lost_session_has_the_subscriptions_again_and_a_kept_one_does_not() {
    let mut sim = Sim::online(Config {
        clean_session: false,
        ..config()
    });
    sim.subscribe(&[("a", 1), ("b/#", 2)], None);
    sim.reconnect();
    assert_eq!(sim.broker.subscribes().len(), 1);
    sim.broker.lose_session();
    sim.reconnect();
    assert_eq!(sim.broker.subscribes()[1..], [owned(&[("a", 1), ("b/#", 2)])]);
    sim.incoming("b/x", "live", 2);
    assert_eq!(sim.texts(), ["live"]);
    sim.assert_empty();
}

#[test]
fn subscriptions_are_restored_before_waiting_messages_are_sent() {
    let mut sim = Sim::online(config());
    sim.subscribe(&[("a", 1)], None);
    sim.drop_connection();
    sim.publish("a", "x", 1);
    sim.advance(2_000);
    let kinds: Vec<String> = sim.broker.packets.iter().map(|p| format!("{p:?}")).collect();
    let at = |what: &str| kinds.iter().rposition(|k| k.starts_with(what)).unwrap();
    assert!(at("Subscribe") < at("Publish"));
}

#[test]
fn without_resubscribe_nothing_is_restored_and_what_nobody_has_answered_is_sent_again() {
    let mut sim = Sim::online(Config {
        resubscribe: false,
        ..config()
    });
    sim.subscribe(&[("a", 1)], None);
    sim.drop_connection();
    let pending = sim.subscribe(&[("b", 1)], None);
    sim.advance(2_000);
    sim.ok(pending);
    assert_eq!(sim.broker.subscribes().len(), 2);
    assert_eq!(sim.broker.subscribes()[1], owned(&[("b", 1)]));
    let again = sim.subscribe(&[("a", 1)], None);
    sim.ok(again);
}

#[test]
fn subscriptions_asked_for_offline_are_sent_once_connected_one_packet_a_call() {
    let mut sim = Sim::new(config());
    let one = sim.subscribe(&[("a", 0)], None);
    let two = sim.subscribe(&[("b", 1), ("c", 2)], None);
    let three = sim.unsubscribe(&["d"]);
    sim.start();
    assert_eq!(sim.ok(one), &granted(&[0]));
    assert_eq!(sim.ok(two), &granted(&[1, 2]));
    sim.ok(three);
    sim.assert_empty();
}

#[test]
fn a_subscription_that_was_on_the_wire_when_the_connection_broke_is_asked_for_again() {
    for keep in [true, false] {
        let mut sim = Sim::online(Config {
            clean_session: !keep,
            ..config()
        });
        sim.broker.subacks = false;
        let token = sim.subscribe(&[("a", 1)], None);
        sim.broker.subacks = true;
        sim.reconnect();
        assert_eq!(sim.ok(token), &granted(&[1]));
        assert_eq!(sim.broker.subscribes().len(), 2);
        sim.assert_empty();
    }
}

#[test]
fn restoring_over_many_short_connections_does_not_pile_up() {
    let mut sim = Sim::online(config());
    sim.subscribe(&[("a", 1), ("b", 1)], None);
    sim.broker.subacks = false;
    for _ in 0..20 {
        sim.drop_connection();
        sim.start();
    }
    sim.broker.subacks = true;
    let before = sim.broker.subscribes().len();
    sim.drop_connection();
    sim.start();
    sim.advance(5_000);
    let restored = sim.broker.subscribes()[before..].concat();
    assert_eq!(restored, [("a".to_owned(), 1), ("b".to_owned(), 1)]);
    sim.assert_empty();
}

#[test]
fn many_subscriptions_are_restored_by_several_packets() {
    let mut sim = Sim::online(config());
    let filters: Vec<String> = (0..1_000).map(|i| format!("t/{i}")).collect();
    for filter in &filters {
        sim.subscribe(&[(filter, 1)], None);
    }
    let before = sim.broker.subscribes().len();
    sim.reconnect();
    let restored = &sim.broker.subscribes()[before..];
    assert!(restored.iter().all(|filters| filters.len() <= 8));
    assert_eq!(restored.iter().flatten().count(), 1_000);
    assert_eq!(sim.broker.session().subscriptions.len(), 1_000);
    sim.assert_empty();
}

#[test]
fn a_restored_subscription_that_is_refused_is_reported_and_forgotten() {
    let mut sim = Sim::online(config());
    sim.subscribe(&[("a", 1)], Some(9));
    sim.broker.forbidden = vec!["a".into()];
    sim.reconnect();
    assert_eq!(sim.errors.last().unwrap().code.name(), "SUBSCRIBE_FAILED");
    assert_eq!(sim.unrouted, [9]);
    let before = sim.broker.subscribes().len();
    sim.reconnect();
    assert_eq!(sim.broker.subscribes().len(), before);
}

#[test]
fn messages_go_to_the_handlers_whose_filter_matches() {
    let mut sim = Sim::online(config());
    sim.subscribe(&[("a/+", 0)], Some(1));
    sim.subscribe(&[("a/#", 0)], Some(2));
    sim.subscribe(&[("b", 0), ("c", 0)], Some(3));
    sim.subscribe(&[("d", 0)], None);
    sim.subscribe(&[("$share/g/e/+", 0)], Some(4));
    for topic in ["a", "a/b", "a/b/c", "b", "c", "d", "e/x"] {
        sim.inject(
            &[
                &[0x30, 2 + topic.len() as u8, 0, topic.len() as u8],
                topic.as_bytes(),
            ]
            .concat(),
        );
    }
    let handlers: Vec<&[u32]> = sim.messages.iter().map(|m| &*m.handlers).collect();
    assert_eq!(handlers, [&[2][..], &[1, 2], &[2], &[3], &[3], &[], &[4]]);
}

#[test]
fn handlers_of_a_filter_add_up_until_it_is_unsubscribed() {
    let mut sim = Sim::online(config());
    sim.subscribe(&[("a", 0)], Some(1));
    sim.subscribe(&[("a", 0)], Some(2));
    sim.subscribe(&[("a", 0)], None);
    assert_eq!(sim.engine.route("a"), [1, 2]);
    assert!(sim.unrouted.is_empty());
    sim.unsubscribe(&["a"]);
    assert_eq!((sim.engine.route("a"), &*sim.unrouted), (vec![], &[2, 1][..]));
}

#[test]
fn thousands_of_handlers_of_one_filter_take_no_time_of_each_other() {
    let mut sim = Sim::online(config());
    let numbers: Vec<u32> = (0..4_000).collect();
    // A search among the others for each, at each SUBACK, would be tens of thousands of millions of steps.
    for &number in &numbers {
        sim.subscribe(&[("a", 0)], Some(number));
    }
    assert_eq!(sim.engine.route("a"), numbers);
}

#[test]
fn a_handler_is_given_up_only_with_its_last_filter() {
    let mut sim = Sim::online(config());
    sim.subscribe(&[("a", 0), ("b", 0), ("a", 1)], Some(1));
    assert!(sim.unrouted.is_empty());
    sim.unsubscribe(&["a"]);
    assert!(sim.unrouted.is_empty());
    assert_eq!(sim.engine.route("b"), [1]);
    sim.unsubscribe(&["b"]);
    assert_eq!(sim.unrouted, [1]);
}

#[test]
fn the_refusal_of_an_older_call_does_not_undo_a_newer_one() {
    let mut sim = Sim::online(config());
    sim.broker.subacks = false;
    let old = sim.subscribe(&[("a", 0)], Some(1));
    let new = sim.subscribe(&[("a", 2)], Some(2));
    sim.inject(b"\x90\x03\x00\x01\x80\x90\x03\x00\x02\x02");
    assert_eq!(sim.fate(old), "SUBSCRIBE_FAILED");
    assert_eq!(sim.ok(new), &granted(&[2]));
    assert_eq!(sim.engine.route("a"), [2]);
    sim.broker.subacks = true;
    sim.reconnect();
    assert_eq!(sim.broker.subscribes().last(), Some(&owned(&[("a", 2)])));
}

#[test]
fn a_changed_route_is_announced_by_the_topic_epoch() {
    let mut sim = Sim::online(config());
    let mut last = sim.engine.topic_epoch();
    let mut changed = |sim: &Sim| std::mem::replace(&mut last, sim.engine.topic_epoch()) != last;
    sim.subscribe(&[("a", 0)], Some(1));
    assert!(changed(&sim));
    sim.unsubscribe(&["a"]);
    assert!(changed(&sim));
    sim.engine.watch("a/#", 8).unwrap();
    assert!(changed(&sim));
    assert_eq!(sim.engine.route("a/b"), [8]);
    sim.engine.unwatch("a/#", 8);
    assert!(changed(&sim));
    assert!(sim.engine.route("a/b").is_empty());
    sim.subscribe(&[("b", 0)], None);
    assert!(!changed(&sim));
}

#[test]
fn bad_filters_are_refused_when_the_call_is_made_and_leave_no_trace() {
    let mut sim = Sim::online(config());
    for filter in ["", "a+", "a/#/b", "#a", "a\0", "$share/g"] {
        let subscribe = sim.subscribe(&[("good", 0), (filter, 0)], Some(1));
        let unsubscribe = sim.unsubscribe(&[filter]);
        for token in [subscribe, unsubscribe] {
            assert_eq!(sim.fate(token), "INVALID_TOPIC", "{filter}");
        }
    }
    let none = [sim.subscribe(&[], None), sim.unsubscribe(&[])];
    for token in none {
        assert_eq!(sim.fate(token), "INVALID_TOPIC");
    }
    assert!(sim.engine.route("good").is_empty());
    assert!(sim.broker.subscribes().is_empty());
    let big = "x".repeat(60_000);
    let many: Vec<(&str, u8)> = (0..20).map(|_| (&*big, 0)).collect();
    let token = sim.subscribe(&many, None);
    assert_eq!(sim.fate(token), "OUT_OF_RANGE");
    sim.assert_empty();
}

#[test]
fn a_filter_of_as_many_levels_as_fit_can_be_subscribed_routed_and_forgotten() {
    let mut sim = Sim::online(config());
    let filter = "a/".repeat(32_767) + "#";
    let topic = "a/".repeat(32_767) + "b";
    sim.subscribe(&[(&filter, 0)], Some(1));
    assert_eq!(sim.engine.route(&topic), [1]);
    sim.unsubscribe(&[&filter]);
    assert!(sim.engine.route(&topic).is_empty());
    sim.subscribe(&[(&filter, 0)], Some(2));
}

#[test]
fn pending_subscriptions_are_bounded_while_offline() {
    let mut sim = Sim::new(Config {
        offline_bytes: 1 << 20,
        ..config()
    });
    let filter = "x".repeat(10_000);
    let tokens: Vec<_> = (0..120).map(|_| sim.subscribe(&[(&filter, 0)], None)).collect();
    assert_eq!(sim.fate(tokens[0]), "pending");
    assert_eq!(sim.fate(tokens[119]), "QUEUE_FULL");
    let unsubscribe = sim.unsubscribe(&[&filter]);
    assert_eq!(sim.fate(unsubscribe), "QUEUE_FULL");
    sim.start();
    sim.ok(tokens[0]);
    let now = sim.subscribe(&[(&filter, 0)], None);
    sim.ok(now);
    sim.assert_empty();
}
