//! `qpublish`: messages of their own, one queue for all topics, order kept.

use super::harness::{config, Sim};
use crate::engine::Config;

#[test]
fn five_items_are_five_messages_in_order() {
    let mut sim = Sim::online(config());
    let tokens: Vec<_> = (0..5)
        .map(|i| sim.queue(["a", "b"][i % 2], &i.to_string(), (i % 3) as u8))
        .collect();
    assert_eq!(sim.broker.texts(), ["0", "1", "2", "3", "4"]);
    for token in tokens {
        sim.ok(token);
    }
    sim.assert_empty();
}

#[test]
fn fewer_than_queuesize_wait_until_publishinterval_after_the_first() {
    let mut sim = Sim::online(config());
    let first = sim.queue("a", "1", 0);
    sim.advance(59_000);
    sim.queue("a", "2", 0);
    sim.advance(999);
    assert!(sim.is_pending(first));
    assert_eq!(sim.engine.stats().queued, 2);
    sim.advance(1);
    assert_eq!(sim.broker.texts(), ["1", "2"]);
    sim.assert_empty();
}

#[test]
fn the_interval_starts_anew_after_the_queue_went_by_number_or_by_flush() {
    let mut sim = Sim::online(Config {
        queue_size: 2,
        ..config()
    });
    sim.queue("a", "1", 0);
    sim.queue("a", "2", 0);
    sim.advance(30_000);
    sim.queue("a", "3", 0);
    sim.advance(30_000);
    sim.flush();
    sim.queue("a", "4", 0);
    sim.advance(59_999);
    assert_eq!(sim.broker.texts(), ["1", "2", "3"]);
    sim.advance(1);
    assert_eq!(sim.broker.texts(), ["1", "2", "3", "4"]);
}

#[test]
fn direct_publishes_do_not_wait_for_the_queue() {
    let mut sim = Sim::online(config());
    sim.queue("a", "queued", 0);
    sim.publish("a", "direct", 0);
    sim.flush();
    assert_eq!(sim.broker.texts(), ["direct", "queued"]);
}

#[test]
fn flush_sends_batches_and_queue_and_an_empty_one_does_nothing() {
    let mut sim = Sim::online(config());
    sim.flush();
    sim.queue("q", "1", 0);
    sim.batch("b", "2");
    sim.flush();
    sim.flush();
    assert_eq!(sim.broker.texts(), ["[2]", "1"]);
    sim.advance(200_000);
    assert_eq!(sim.broker.given.len(), 2);
    sim.assert_empty();
}

#[test]
fn a_queue_that_goes_out_offline_waits_behind_earlier_messages() {
    let mut sim = Sim::new(config());
    sim.publish("a", "first", 1);
    sim.queue("a", "second", 1);
    sim.flush();
    sim.publish("a", "third", 1);
    sim.start();
    assert_eq!(sim.broker.texts(), ["first", "second", "third"]);
}

#[test]
fn flush_ends_when_every_publish_that_was_begun_before_it_has_ended() {
    let mut sim = Sim::new(config());
    let queued = sim.queue("a", "x", 1);
    let flush = sim.token();
    sim.engine.flush(sim.now, Some(flush));
    sim.settle();
    assert!(sim.is_pending(flush), "it is not sent");
    sim.start();
    assert!(!sim.is_pending(queued) && !sim.is_pending(flush));

    sim.auto = false;
    let queued = sim.queue("a", "y", 1);
    let flush = sim.token();
    sim.engine.flush(sim.now, Some(flush));
    sim.settle();
    assert!(sim.is_pending(flush), "it is sent, and not acknowledged");
    sim.auto = true;
    sim.settle();
    sim.ok(queued);
    sim.ok(flush);
}

#[test]
fn withdrawn_messages_do_not_fill_the_queue_and_take_no_time_of_the_others() {
    let mut sim = Sim::online(Config {
        queue_size: 100_000,
        offline_size: 100_000,
        ..config()
    });
    let tokens: Vec<_> = (0..99_999).map(|_| sim.queue("a", "x", 0)).collect();
    // A search of the whole queue for each of them would be five thousand million steps.
    for token in &tokens {
        sim.engine.withdraw(*token);
    }
    let kept: Vec<_> = (0..99_999).map(|_| sim.queue("a", "y", 0)).collect();
    assert!(kept.iter().all(|&token| sim.is_pending(token)));
    assert!(sim.broker.texts().is_empty());
    sim.queue("a", "last", 0);
    assert_eq!(sim.broker.texts().len(), 100_000);
    sim.assert_empty();
}
