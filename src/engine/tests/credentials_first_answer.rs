//! What the first answer of a credentials function decides for calls that were made before it: bounds, policy, interval,
//! version.

use super::credentials::asking;
use super::harness::{config, message, Dial, Sim};
use crate::engine::{Config, Policy, Versions};

#[test]
fn what_was_given_before_the_first_answer_waits_and_is_sent_in_its_order() {
    let mut sim = Sim::new(Config::asking());
    sim.start();
    let early = [sim.publish("a", "1", 0), sim.publish("a", "2", 2)];
    let subscribe = sim.subscribe(&[("b", 1)], None);
    sim.answer(Ok(config()));
    for token in early {
        sim.ok(token);
    }
    sim.ok(subscribe);
    assert_eq!(sim.broker.texts(), ["1", "2"]);
    sim.assert_empty();
}

#[test]
fn the_first_answer_sets_the_bounds_also_for_queued_messages() {
    let mut sim = Sim::new(Config::asking());
    sim.dial = Dial::Refuse;
    let tokens: Vec<_> = (0..3).map(|i| sim.publish("a", &i.to_string(), 1)).collect();
    sim.start();
    sim.answer(Ok(Config {
        offline_policy: Policy::DropOldest,
        offline_size: 3,
        offline_expiry: Some(60_000),
        ..config()
    }));
    sim.publish("a", "3", 1);
    assert_eq!(sim.fate(tokens[0]), "DROPPED");
    sim.advance(60_000);
    assert_eq!(sim.fate(tokens[2]), "EXPIRED");
    // A later answer changes none of it.
    sim.answer(Ok(Config {
        offline_size: 1,
        ..config()
    }));
    sim.publish("a", "4", 1);
    sim.publish("a", "5", 1);
    assert_eq!(sim.engine.stats().queued, 2);
    assert_eq!(sim.engine.config().offline_policy, Policy::DropOldest);
}

#[test]
fn with_the_policy_latest_one_queued_message_a_topic_is_left() {
    let mut sim = asking();
    sim.publish("a", "1", 1);
    sim.publish("b", "2", 1);
    sim.publish("a", "3", 1);
    sim.answer(Ok(Config {
        offline_policy: Policy::Latest,
        ..config()
    }));
    assert_eq!(sim.broker.texts(), ["3", "2"]);
    sim.assert_empty();
}

#[test]
fn the_interval_of_what_was_collected_begins_with_the_first_answer() {
    let mut sim = asking();
    sim.queue("q", "1", 1);
    sim.batch("b", "2");
    sim.advance(5_000);
    sim.answer(Ok(Config {
        publish_interval: 2_000,
        ..config()
    }));
    sim.advance(1_999);
    assert!(sim.broker.given.is_empty());
    sim.advance(1);
    assert_eq!(sim.broker.given.len(), 2);
}

#[test]
fn the_version_is_that_of_the_answer_and_queued_messages_follow() {
    let mut sim = asking();
    let token = sim.token();
    let with_properties = crate::engine::Message {
        properties: &[1, 1],
        ..message("a", b"x", 1)
    };
    sim.engine
        .publish(sim.now, &with_properties, Some(token))
        .unwrap();
    sim.answer(Ok(config()));
    // The broker of these tests reads 3.1.1 only.
    assert_eq!(sim.broker.texts(), ["x"]);
    sim.drop_connection();
    sim.next_question();
    sim.dial = Dial::Silent;
    sim.answer(Ok(Config {
        version: Versions::V5,
        ..config()
    }));
    assert_eq!(sim.engine.version(), crate::codec::Version::V5);
}
