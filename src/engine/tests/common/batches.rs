//! `batch_publish`: one message, a JSON array of the items in order.

use super::harness::{config, message, Dial, Sim};
use crate::engine::{Config, Message};

#[test]
fn five_items_are_one_message_exactly() {
    let mut sim = Sim::online(config());
    let tokens: Vec<_> = (0..5).map(|_| sim.batch("t", "\"payload\"")).collect();
    assert_eq!(
        sim.broker.texts(),
        [r#"["payload","payload","payload","payload","payload"]"#]
    );
    assert!(tokens.iter().all(|t| t == &tokens[0]));
    sim.ok(tokens[0]);
    sim.assert_empty();
}

#[test]
fn items_may_be_any_json_and_keep_their_order() {
    let mut sim = Sim::online(config());
    for item in ["1", "null", "{\"a\":[1,2]}", "\"é,]\"", "[]"] {
        sim.batch("t", item);
    }
    assert_eq!(sim.broker.texts(), [r#"[1,null,{"a":[1,2]},"é,]",[]]"#]);
}

#[test]
fn batches_are_kept_by_topic_by_qos_and_by_retain() {
    let mut sim = Sim::online(config());
    let item = |topic, qos, retain| Message {
        topic,
        payload: b"1",
        qos,
        retain,
        properties: &[],
    };
    let kinds = [
        item("a", 0, false),
        item("b", 0, false),
        item("a", 1, false),
        item("a", 2, false),
        item("a", 0, true),
        item("a", 1, true),
        // A topic that ends like another one's key.
        item("a0", 0, false),
    ];
    for kind in &kinds {
        sim.batch_as(kind);
        sim.batch_as(kind);
    }
    assert!(sim.broker.given.is_empty());
    sim.flush();
    let given = sim.broker.given.iter();
    let got: Vec<_> = given.map(|g| (&*g.topic, g.text(), g.qos, g.retain)).collect();
    let expected: Vec<_> = kinds
        .iter()
        .map(|k| (k.topic, "[1,1]", k.qos, k.retain))
        .collect();
    assert_eq!(got, expected);
    sim.assert_empty();
}

#[test]
fn a_batch_goes_out_publishinterval_after_its_first_item() {
    let mut sim = Sim::online(config());
    let token = sim.batch("t", "1");
    sim.advance(40_000);
    sim.batch("t", "2");
    sim.advance(19_999);
    assert!(sim.is_pending(token));
    sim.advance(1);
    assert_eq!(sim.broker.texts(), ["[1,2]"]);
    sim.ok(token);
}

#[test]
fn every_batch_has_an_interval_of_its_own() {
    let mut sim = Sim::online(config());
    sim.batch("a", "1");
    sim.advance(10_000);
    sim.batch("b", "2");
    sim.advance(50_000);
    assert_eq!(sim.broker.texts(), ["[1]"]);
    sim.advance(9_999);
    assert_eq!(sim.broker.texts().len(), 1);
    sim.advance(1);
    assert_eq!(sim.broker.texts(), ["[1]", "[2]"]);
}

#[test]
fn a_batch_that_went_by_number_starts_its_interval_anew() {
    let mut sim = Sim::online(config());
    for _ in 0..5 {
        sim.batch("t", "1");
    }
    sim.advance(30_000);
    sim.batch("t", "2");
    sim.advance(59_999);
    assert_eq!(sim.broker.texts().len(), 1);
    sim.advance(1);
    assert_eq!(sim.broker.texts(), ["[1,1,1,1,1]", "[2]"]);
}

#[test]
fn after_a_flush_the_interval_starts_anew() {
    let mut sim = Sim::online(config());
    sim.batch("t", "1");
    sim.advance(30_000);
    sim.flush();
    sim.batch("t", "2");
    sim.advance(59_999);
    assert_eq!(sim.broker.texts(), ["[1]"]);
    sim.advance(1);
    assert_eq!(sim.broker.texts(), ["[1]", "[2]"]);
}

#[test]
fn a_late_timer_sends_every_batch_that_is_due() {
    let mut sim = Sim::online(config());
    for topic in ["a", "b", "c"] {
        sim.batch(topic, "1");
        sim.sleep(1_000);
    }
    sim.sleep(600_000);
    sim.tick();
    assert_eq!(sim.broker.given.len(), 3);
}

#[test]
fn an_interval_of_nothing_sends_at_the_next_tick() {
    let mut sim = Sim::online(Config {
        publish_interval: 0,
        ..config()
    });
    sim.batch("t", "1");
    sim.queue("t", "q", 0);
    sim.advance(0);
    assert_eq!(sim.broker.texts(), ["[1]", "q"]);
}

#[test]
fn a_batch_of_one_goes_at_once() {
    let mut sim = Sim::online(Config {
        batch_size: 1,
        ..config()
    });
    let token = sim.batch("t", "1");
    sim.ok(token);
    assert_eq!(sim.broker.texts(), ["[1]"]);
}

#[test]
fn offline_batches_wait_as_whole_messages() {
    let mut sim = Sim::new(config());
    sim.dial = Dial::Refuse;
    sim.start();
    for _ in 0..5 {
        sim.batch("t", "1");
    }
    sim.batch("u", "2");
    sim.advance(61_000);
    assert_eq!(sim.engine.stats().queued, 2);
    sim.dial = Dial::Accept;
    sim.start();
    assert_eq!(sim.broker.texts(), ["[1,1,1,1,1]", "[2]"]);
    sim.assert_empty();
}

#[test]
fn a_batch_is_sent_before_it_grows_beyond_16_mib() {
    let mut sim = Sim::online(Config {
        batch_size: 1_000_000,
        ..config()
    });
    let item = format!("\"{}\"", "x".repeat(5 << 20));
    for _ in 0..4 {
        sim.batch("t", &item);
    }
    assert_eq!(sim.broker.given.len(), 1);
    sim.flush();
    let lengths: Vec<usize> = sim.broker.given.iter().map(|g| g.payload.len()).collect();
    assert_eq!(lengths, [3 * item.len() + 4, item.len() + 2]);
    let huge = "1".repeat(17 << 20);
    let token = sim.batch("t", &huge);
    assert_eq!(sim.fate(token), "PACKET_TOO_LARGE");
}

#[test]
fn a_bad_topic_is_refused_when_the_call_is_made() {
    let mut sim = Sim::online(config());
    for topic in ["", "a/+", "#", "a\0"] {
        let batch = sim.batch_as(&message(topic, b"1", 0));
        let queue = sim.queue(topic, "1", 0);
        let publish = sim.publish(topic, "1", 0);
        for token in [batch, queue, publish] {
            assert_eq!(sim.fate(token), "INVALID_TOPIC");
        }
    }
    let long = sim.publish(&"a".repeat(65_536), "1", 0);
    assert_eq!(sim.fate(long), "OUT_OF_RANGE");
    sim.assert_empty();
}

#[test]
fn deadlines_of_batches_that_are_gone_do_not_pile_up() {
    let mut sim = Sim::online(Config {
        batch_size: 2,
        ..config()
    });
    sim.batch("slow", "1");
    for i in 0..10_000 {
        sim.batch("t", "1");
        if i % 100 == 0 {
            sim.advance(1);
        }
    }
    assert!(sim.engine.entries()[4] < 100);
    sim.advance(60_000);
    assert_eq!(sim.broker.given.len(), 5_001);
    sim.assert_empty();
}

#[test]
fn a_batch_whose_items_were_taken_is_never_refused_for_want_of_room() {
    let topic = "t".repeat(1_000);
    let mut sim = Sim::new(Config {
        offline_bytes: 1_010,
        ..config()
    });
    let first = sim.batch(&topic, "1");
    let second = sim.batch(&topic, "2");
    assert_eq!(sim.fate(first), "pending");
    sim.start();
    sim.flush();
    sim.ok(first);
    assert_eq!((sim.fate(second), sim.broker.texts()), ("OK", vec!["[1,2]"]));
    sim.assert_empty();
}

#[test]
fn nothing_is_left_of_many_batches_that_were_sent_because_they_were_full() {
    for topics in [30, 31] {
        let mut sim = Sim::online(Config {
            batch_size: 2,
            ..config()
        });
        for _ in 0..2 {
            for topic in 0..topics {
                sim.batch(&topic.to_string(), "1");
            }
        }
        assert_eq!(sim.broker.given.len(), topics);
        let entries = sim.engine.entries()[4];
        assert!(entries <= 16, "{entries} for {topics} topics");
    }
}
