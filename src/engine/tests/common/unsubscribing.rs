//! UNSUBSCRIBE, and what it makes of calls of `subscribe` that came before (§3.10).

use super::harness::{config, Sim};
use super::subscriptions::{granted, owned};

#[test]
fn an_unsubscribed_filter_is_not_restored() {
    let mut sim = Sim::online(config());
    sim.subscribe(&[("a", 1), ("b", 1)], Some(4));
    let token = sim.unsubscribe(&["a"]);
    sim.ok(token);
    assert!(sim.unrouted.is_empty());
    sim.reconnect();
    assert_eq!(sim.broker.subscribes()[1], owned(&[("b", 1)]));
    sim.unsubscribe(&["b"]);
    assert_eq!(sim.unrouted, [4]);
    sim.reconnect();
    assert_eq!(sim.broker.subscribes().len(), 2);
}

#[test]
fn a_filter_whose_unsubscribe_has_no_answer_is_not_restored() {
    for was_sent in [false, true] {
        let mut sim = Sim::online(config());
        sim.subscribe(&[("a", 1), ("b", 1)], Some(4));
        sim.broker.subacks = false;
        if !was_sent {
            sim.drop_connection();
        }
        let token = sim.unsubscribe(&["a"]);
        if was_sent {
            sim.drop_connection();
        }
        sim.broker.subacks = true;
        sim.advance(2_000);
        sim.ok(token);
        assert_eq!(sim.broker.subscribes()[1..], [owned(&[("b", 1)])]);
        sim.incoming("b", "x", 0);
        assert_eq!(sim.messages[0].handlers, [4]);
        // Subscribed again before the answer, it is subscribed after that.
        sim.drop_connection();
        sim.unsubscribe(&["b"]);
        let again = sim.subscribe(&[("b", 2)], Some(5));
        sim.advance(2_000);
        assert_eq!(sim.ok(again), &granted(&[2]));
        assert_eq!(sim.broker.subscribes()[2..], [owned(&[("b", 2)])]);
        sim.incoming("b", "y", 0);
        assert_eq!(sim.messages[1].handlers, [5]);
        // Nor does a SUBSCRIBE join an UNSUBSCRIBE that is sent again.
        sim.broker.subacks = false;
        sim.unsubscribe(&["b"]);
        sim.reconnect();
        sim.broker.subacks = true;
        let own = sim.subscribe(&[("b", 0)], None);
        assert_eq!(sim.ok(own), &granted(&[0]));
    }
}

#[test]
fn a_subscription_made_right_after_an_unsubscribe_stands() {
    let mut sim = Sim::online(config());
    sim.subscribe(&[("a", 0)], Some(1));
    sim.auto = false;
    sim.unsubscribe(&["a"]);
    sim.subscribe(&[("a", 1)], Some(2));
    sim.auto = true;
    sim.settle();
    assert_eq!(sim.unrouted, [1]);
    assert_eq!(sim.engine.route("a"), [2]);
    sim.reconnect();
    assert_eq!(sim.broker.subscribes().last(), Some(&owned(&[("a", 1)])));
}

#[test]
fn unsubscribe_cancels_a_subscribe_that_no_connection_has_answered() {
    let mut sim = Sim::online(config());
    sim.broker.subacks = false;
    let sent = sim.subscribe(&[("forbidden", 1)], Some(1));
    sim.drop_connection();
    let waiting = sim.subscribe(&[("forbidden", 0)], Some(2));
    let other = sim.subscribe(&[("forbidden", 0), ("good", 0)], Some(3));
    let unsubscribe = sim.unsubscribe(&["forbidden"]);
    assert_eq!(
        (sim.fate(sent), sim.fate(waiting)),
        ("SUBSCRIBE_FAILED", "SUBSCRIBE_FAILED")
    );
    assert!(sim.error(sent).message.contains("unsubscribe()"));
    sim.broker.subacks = true;
    sim.advance(2_000);
    sim.ok(other);
    sim.ok(unsubscribe);
    assert_eq!(sim.broker.subscribes().len(), 2);
    sim.assert_empty();
}

#[test]
fn a_subscribe_that_is_cancelled_on_the_wire_ends_with_its_suback_or_with_the_connection() {
    for answered in [true, false] {
        let mut sim = Sim::online(config());
        sim.broker.subacks = false;
        let subscribe = sim.subscribe(&[("a", 1)], Some(1));
        let unsubscribe = sim.unsubscribe(&["a"]);
        assert!(sim.is_pending(subscribe));
        if answered {
            sim.inject(b"\x90\x03\x00\x01\x01\xb0\x02\x00\x02");
            sim.ok(subscribe);
        } else {
            sim.broker.subacks = true;
            sim.reconnect();
            assert_eq!(sim.fate(subscribe), "SUBSCRIBE_FAILED");
            assert_eq!(sim.broker.subscribes().len(), 1);
        }
        sim.ok(unsubscribe);
        assert_eq!(sim.unrouted, [1]);
        sim.assert_empty();
    }
}

#[test]
fn unsubscribe_in_the_turn_of_its_subscribe_leaves_the_other_calls_to_be_sent() {
    let mut sim = Sim::online(config());
    let before = sim.subscribe_undrained(&[("before", 1)], None);
    let unwanted = sim.subscribe_undrained(&[("unwanted", 1)], None);
    let after = sim.subscribe_undrained(&[("after", 1)], None);
    let ended = sim.unsubscribe(&["unwanted"]);
    assert_eq!(sim.fate(unwanted), "SUBSCRIBE_FAILED");
    for token in [before, after, ended] {
        sim.ok(token);
    }
    assert_eq!(
        sim.broker.subscribes(),
        [owned(&[("before", 1)]), owned(&[("after", 1)])]
    );
    sim.assert_empty();
}
