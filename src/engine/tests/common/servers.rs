//! Several servers, tried in turn; and what the host says about its network.

use super::harness::{config, Dial, Sim};
use crate::engine::{Config, State};

fn three() -> Config {
    Config {
        servers: ["mqtt://a:1", "mqtt://b:2", "mqtt://c:3"]
            .map(String::from)
            .to_vec(),
        ..config()
    }
}

fn order(sim: &Sim) -> Vec<usize> {
    sim.opens.iter().map(|&(_, server)| server).collect()
}

#[test]
fn start_tries_each_server_once_without_a_delay_and_then_rejects() {
    let mut sim = Sim::new(three());
    sim.dial = Dial::Refuse;
    let token = sim.start();
    assert!(sim.is_pending(token));
    sim.advance(50);
    assert_eq!(order(&sim), [0, 1, 2]);
    assert_eq!(sim.fate(token), "CONNECTION_REFUSED");
    assert!(sim.error(token).message.contains("mqtt://c:3"));
    // The first two failures are carried by no promise.
    let text = |i: usize| &*sim.errors[i].message;
    assert_eq!(sim.errors.len(), 2);
    assert!(text(0).contains("mqtt://a:1") && text(1).contains("mqtt://b:2"));
}

#[test]
fn start_ends_with_the_first_server_that_accepts() {
    let mut sim = Sim::new(three());
    sim.dial = Dial::Refuse;
    let token = sim.start();
    sim.dial = Dial::Accept;
    sim.advance(20);
    sim.ok(token);
    assert_eq!(order(&sim), [0, 1]);
}

#[test]
fn delays_stand_between_rounds_not_within_them() {
    let mut sim = Sim::new(three());
    sim.dial = Dial::Refuse;
    sim.start();
    sim.advance(3_600_000);
    let rounds: Vec<_> = sim.opens.chunks_exact(3).collect();
    for round in &rounds {
        assert_eq!([round[0].1, round[1].1, round[2].1], [0, 1, 2]);
        assert!(round[2].0 - round[0].0 <= 40);
    }
    assert!((10..200).contains(&rounds.len()), "{}", rounds.len());
}

#[test]
fn after_a_loss_the_same_server_comes_first_then_the_next() {
    let mut sim = Sim::new(three());
    sim.dial = Dial::Refuse;
    sim.start();
    sim.dial = Dial::Accept;
    sim.advance(20);
    sim.drop_connection();
    sim.dial = Dial::Refuse;
    sim.advance(1_100);
    assert_eq!(order(&sim)[..5], [0, 1, 1, 2, 0]);
    sim.dial = Dial::Accept;
    sim.advance(3_000);
    assert!(sim.engine.is_online());
}

#[test]
fn a_server_that_hangs_or_refuses_does_not_keep_the_client_from_the_next() {
    for connack in [None, Some(3), Some(5)] {
        let mut sim = Sim::new(three());
        sim.broker.connack = connack;
        let token = sim.start();
        sim.broker.connack = Some(0);
        sim.advance(10_500);
        sim.ok(token);
        assert_eq!(order(&sim), [0, 1]);
    }
}

#[test]
fn only_when_every_server_refuses_the_delay_is_that_of_a_refusal() {
    let mut sim = Sim::new(three());
    sim.broker.connack = Some(5);
    sim.start();
    sim.advance(100);
    assert!(sim.engine.next_deadline().unwrap() - sim.now >= 2_400);

    let mut sim = Sim::new(three());
    sim.dial = Dial::Refuse;
    sim.start();
    sim.dial = Dial::Accept;
    sim.broker.connack = Some(5);
    sim.advance(40);
    assert_eq!(sim.opens.len(), 3);
    assert!(sim.engine.next_deadline().unwrap() - sim.now <= 1_000);
}

#[test]
fn a_second_start_has_its_own_turn_of_every_server() {
    let mut sim = Sim::new(three());
    sim.dial = Dial::Refuse;
    let first = sim.start();
    sim.advance(20);
    let second = sim.start();
    sim.advance(20);
    assert_eq!(
        (sim.fate(first), sim.fate(second)),
        ("CONNECTION_REFUSED", "pending")
    );
    sim.advance(20);
    assert_eq!(sim.fate(second), "CONNECTION_REFUSED");
}

#[test]
fn without_reconnect_each_server_is_tried_once() {
    let mut sim = Sim::new(Config {
        reconnect: false,
        ..three()
    });
    sim.dial = Dial::Refuse;
    let publish = sim.publish("a", "x", 1);
    let start = sim.start();
    sim.advance(60_000);
    assert_eq!(order(&sim), [0, 1, 2]);
    assert_eq!(
        (sim.fate(start), sim.fate(publish)),
        ("CONNECTION_REFUSED", "CONNECTION_REFUSED")
    );
    sim.assert_stopped();
}

#[test]
fn stop_without_a_connection_tries_each_server_for_what_is_pending() {
    let mut sim = Sim::new(three());
    sim.dial = Dial::Refuse;
    sim.start();
    sim.advance(100);
    let publish = sim.publish("a", "x", 1);
    sim.opens.clear();
    let stop = sim.stop();
    sim.advance(20);
    sim.dial = Dial::Accept;
    sim.advance(20);
    sim.ok(publish);
    sim.ok(stop);
    assert_eq!(sim.opens.len(), 3);
    sim.assert_stopped();
}

#[test]
fn without_a_network_attempts_pause_until_there_is_one() {
    let mut sim = Sim::online(config());
    sim.network(false);
    assert!(sim.engine.is_online(), "a connection that lives is kept");
    sim.drop_connection();
    sim.advance(86_400_000);
    assert_eq!((sim.opens.len(), sim.engine.state()), (1, State::Reconnecting));
    assert_eq!(sim.engine.next_deadline(), None);
    sim.network(true);
    assert!(sim.engine.is_online());
}

#[test]
fn the_network_comes_back_and_the_attempt_is_made_at_once() {
    let mut sim = Sim::new(config());
    sim.dial = Dial::Refuse;
    for _ in 0..12 {
        sim.start();
    }
    sim.network(false);
    sim.advance(600_000);
    assert_eq!(sim.opens.len(), 12);
    sim.dial = Dial::Accept;
    sim.network(true);
    assert!(sim.engine.is_online());
    sim.advance(600_000);
    assert_eq!(sim.opens.len(), 13);
}

#[test]
fn start_and_stop_do_not_wait_for_a_network() {
    let mut sim = Sim::new(config());
    sim.dial = Dial::Refuse;
    sim.start();
    sim.network(false);
    let token = sim.start();
    assert_eq!(sim.fate(token), "CONNECTION_REFUSED");
    let publish = sim.publish("a", "x", 1);
    let stop = sim.stop();
    sim.advance(11_000);
    sim.ok(stop);
    assert_ne!(sim.fate(publish), "pending");
    sim.assert_stopped();
    // What was said before stop() counts no more: nobody may have heard the contrary.
    sim.start();
    sim.advance(2_000);
    assert!(sim.opens.len() > 4, "{}", sim.opens.len());
}

#[test]
fn a_connection_is_asked_for_life_when_the_network_comes_back() {
    let mut sim = Sim::online(config());
    sim.network(true);
    assert_eq!(sim.broker.pings(), 1);
    assert!(sim.engine.is_online());
    sim.broker.silent = true;
    sim.network(true);
    sim.network(true);
    assert_eq!(sim.broker.pings(), 2);
    sim.advance(60_300);
    assert_eq!(sim.disconnects, [16]);
}

/// The connection breaks, and a new one is made, however long that takes.
fn drop_and_wait(sim: &mut Sim) {
    sim.advance(20);
    sim.drop_connection();
    while !sim.engine.is_online() {
        sim.advance(100);
    }
}

#[test]
fn a_server_that_accepts_and_drops_is_left_after_three_short_connections() {
    let mut sim = Sim::new(three());
    sim.start();
    for _ in 0..3 {
        drop_and_wait(&mut sim);
    }
    assert_eq!(order(&sim), [0, 0, 0, 1]);
    // The next one is as good as any, until it does the same.
    drop_and_wait(&mut sim);
    drop_and_wait(&mut sim);
    sim.advance(10_000);
    drop_and_wait(&mut sim);
    drop_and_wait(&mut sim);
    drop_and_wait(&mut sim);
    assert_eq!(
        order(&sim)[3..],
        [1, 1, 1, 1, 1, 1],
        "a stable connection was between them"
    );
    drop_and_wait(&mut sim);
    assert_eq!(order(&sim).last(), Some(&2));
}
