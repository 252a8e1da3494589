//! Delays between attempts.

use super::harness::{config, Dial, Sim};
use crate::engine::{Config, Millis, State};

/// Delays between the attempts of a client that is never accepted.
fn delays(seed: u64, cfg: Config, attempts: usize) -> Vec<Millis> {
    let mut sim = Sim::seeded(cfg, seed);
    sim.dial = Dial::Refuse;
    sim.start();
    while sim.opens.len() <= attempts {
        let at = sim.engine.next_deadline().expect("another attempt");
        let wait = at - sim.now;
        sim.advance(wait);
    }
    sim.opens.windows(2).map(|w| w[1].0 - w[0].0).collect()
}

#[test]
fn delays_grow_to_the_bound_with_full_jitter() {
    let runs: Vec<Vec<Millis>> = (0..400).map(|seed| delays(seed, config(), 12)).collect();
    for attempt in 0..12 {
        let limit = (1_000u64 << attempt).min(256_000);
        let all: Vec<Millis> = runs.iter().map(|run| run[attempt]).collect();
        assert!(all.iter().all(|&d| d <= limit));
        let mean = all.iter().sum::<u64>() / all.len() as u64;
        assert!(
            (limit * 4 / 10..=limit * 6 / 10).contains(&mean),
            "{attempt}: {mean}"
        );
        assert!(all.iter().any(|&d| d < limit / 10) && all.iter().any(|&d| d > limit * 9 / 10));
    }
}

#[test]
fn a_small_bound_holds_from_the_first_delay_on() {
    let cfg = Config {
        max_reconnect_delay: 300,
        ..config()
    };
    assert!(delays(3, cfg, 100).iter().all(|&d| d <= 300));
}

#[test]
fn without_any_delay_attempts_still_do_not_spin() {
    let mut sim = Sim::new(Config {
        max_reconnect_delay: 0,
        ..config()
    });
    sim.broker.connack = Some(5);
    sim.start();
    sim.advance(1_000);
    assert!((2..=51).contains(&sim.opens.len()), "{}", sim.opens.len());
}

#[test]
fn the_delay_starts_small_again_only_after_a_stable_connection() {
    let mut sim = Sim::new(config());
    sim.dial = Dial::Refuse;
    for _ in 0..10 {
        sim.start();
    }
    sim.dial = Dial::Accept;
    sim.start();
    assert_eq!(sim.engine.failures(), 10);
    sim.advance(9_999);
    assert_eq!(sim.engine.failures(), 10);
    sim.drop_connection();
    assert_eq!(sim.engine.failures(), 11);
    sim.start();
    sim.advance(10_000);
    sim.drop_connection();
    assert_eq!(sim.engine.failures(), 1);
    // Also when the timer had no time to say so.
    sim.start();
    sim.dial = Dial::Refuse;
    sim.drop_connection();
    for _ in 0..5 {
        sim.start();
    }
    sim.dial = Dial::Accept;
    sim.start();
    sim.sleep(3_600_000);
    sim.drop_connection();
    assert_eq!(sim.engine.failures(), 1);
}

/// Delays between the attempts of a client that is refused each time.
fn refused(seed: u64, cfg: Config, code: u8, attempts: usize) -> Vec<Millis> {
    let mut sim = Sim::seeded(cfg, seed);
    sim.broker.connack = Some(code);
    sim.start();
    while sim.opens.len() <= attempts {
        let wait = sim.engine.next_deadline().expect("another attempt") - sim.now;
        sim.advance(wait);
    }
    sim.opens.windows(2).map(|w| w[1].0 - w[0].0).collect()
}

#[test]
fn a_refused_client_tries_again_after_seconds_and_more_slowly_each_time_up_to_the_bound() {
    for seed in 0..100 {
        for code in [1, 2, 4, 5] {
            let delays = refused(seed, config(), code, 10);
            for (attempt, delay) in delays.iter().enumerate() {
                let most = (5_000u64 << attempt).min(256_000);
                assert!((most / 2..=most).contains(delay), "{attempt}: {delay}");
            }
        }
    }
}

#[test]
fn a_refused_client_heeds_a_small_bound_too() {
    let cfg = Config {
        max_reconnect_delay: 3_000,
        ..config()
    };
    let delays = refused(1, cfg, 5, 10);
    assert!(
        delays.iter().all(|delay| (1_500..=3_000).contains(delay)),
        "{delays:?}"
    );
}

#[test]
fn after_an_accepted_connection_refusals_begin_small_again() {
    let mut sim = Sim::new(config());
    sim.broker.connack = Some(5);
    sim.start();
    sim.advance(3_600_000);
    sim.broker.connack = Some(0);
    sim.advance(256_000);
    assert!(sim.engine.is_online());
    sim.advance(10_000);
    sim.broker.connack = Some(5);
    sim.drop_connection();
    sim.advance(1_000);
    let delay = sim.engine.next_deadline().unwrap() - sim.now;
    assert!(delay <= 5_000, "{delay}");
}

#[test]
fn a_server_that_is_unavailable_is_tried_as_one_that_is_down() {
    let mut sim = Sim::new(config());
    sim.broker.connack = Some(3);
    sim.start();
    assert!(sim.engine.next_deadline().unwrap() - sim.now <= 1_000);
}

#[test]
fn start_tries_at_once_and_leaves_no_second_attempt_behind() {
    let mut sim = Sim::new(config());
    sim.broker.connack = Some(5);
    sim.start();
    sim.broker.connack = Some(0);
    let token = sim.start();
    sim.ok(token);
    sim.advance(600_000);
    assert_eq!(sim.opens.len(), 2);
}

#[test]
fn a_broker_that_drops_every_connection_is_not_stormed() {
    let mut sim = Sim::online(config());
    for _ in 0..10_000 {
        sim.drop_connection();
        sim.advance(100);
    }
    assert!(sim.opens.len() < 40, "{}", sim.opens.len());
}

#[test]
fn a_client_tries_for_ever() {
    let mut sim = Sim::new(config());
    sim.dial = Dial::Refuse;
    sim.start();
    sim.advance(30 * 86_400_000);
    assert!(sim.opens.len() > 10_000);
    sim.dial = Dial::Accept;
    sim.advance(256_000);
    assert!(sim.engine.is_online());
}

#[test]
fn a_late_retry_timer_tries_once() {
    let mut sim = Sim::new(config());
    sim.dial = Dial::Refuse;
    sim.start();
    sim.dial = Dial::Accept;
    sim.sleep(86_400_000);
    sim.tick();
    assert!(sim.engine.is_online());
    assert_eq!(sim.opens.len(), 2);
}

#[test]
fn without_reconnect_the_first_failure_ends_everything() {
    let one_shot = || Config {
        reconnect: false,
        ..config()
    };
    for dial in [Dial::Refuse, Dial::Silent] {
        let mut sim = Sim::new(one_shot());
        sim.dial = dial;
        let publish = sim.publish("a", "x", 1);
        let start = sim.start();
        sim.advance(11_000);
        assert_ne!(sim.fate(publish), "pending");
        assert_eq!(sim.fate(publish), sim.fate(start));
        sim.assert_stopped();
    }
    let mut sim = Sim::online(one_shot());
    sim.broker.acks = false;
    let publish = sim.publish("a", "x", 1);
    sim.drop_connection();
    assert_eq!(sim.fate(publish), "CONNECTION_LOST");
    assert_eq!(sim.disconnects, [7]);
    sim.assert_stopped();
}

#[test]
fn a_client_that_was_never_connected_is_connecting_and_one_that_was_is_reconnecting() {
    let mut sim = Sim::new(config());
    sim.dial = Dial::Refuse;
    sim.start();
    assert_eq!(sim.engine.state(), State::Connecting);
    sim.advance(60_000);
    assert_eq!(sim.engine.state(), State::Connecting);
    sim.dial = Dial::Accept;
    sim.advance(256_000);
    assert_eq!(sim.engine.state(), State::Connected);
    sim.dial = Dial::Refuse;
    sim.drop_connection();
    assert_eq!(sim.engine.state(), State::Reconnecting);
    sim.advance(60_000);
    assert_eq!(sim.engine.state(), State::Reconnecting);
}
