//! Is the peer there (§3.1.2.10), also when timers come late.

use super::harness::{config, Sim};
use crate::engine::Config;

fn sixty() -> Sim {
    Sim::online(config())
}

#[test]
fn an_idle_client_pings_well_within_the_keepalive_time_and_stays_online() {
    let mut sim = sixty();
    sim.advance(3_600_000);
    assert!(sim.engine.is_online());
    let pings = sim.broker.pings();
    assert!((60..=121).contains(&pings), "{pings}");
}

#[test]
fn no_more_than_the_keepalive_time_passes_between_two_packets_of_the_client() {
    let mut sim = sixty();
    let mut last = sim.now;
    let mut seen = sim.broker.packets.len();
    for _ in 0..6_000 {
        sim.advance(100);
        if sim.broker.packets.len() != seen {
            seen = sim.broker.packets.len();
            assert!(sim.now - last < 45_000, "{}", sim.now - last);
            last = sim.now;
        }
    }
}

#[test]
fn a_client_that_sends_and_receives_does_not_ping() {
    let mut sim = sixty();
    for _ in 0..100 {
        sim.advance(20_000);
        sim.publish("a", "x", 1);
    }
    assert_eq!(sim.broker.pings(), 0);
}

#[test]
fn a_client_that_only_sends_pings_because_nothing_comes_back() {
    let mut sim = sixty();
    for _ in 0..4 {
        sim.advance(10_000);
        sim.publish("a", "x", 0);
    }
    assert_eq!(sim.broker.pings(), 1);
}

#[test]
fn a_client_that_idles_gives_back_what_a_burst_needed() {
    let mut sim = sixty();
    for _ in 0..50 {
        sim.publish_undrained("a", &[0; 1000], 0);
    }
    sim.incoming("a", &"x".repeat(20_000), 0);
    assert!(sim.engine.buffers() > 50_000, "{}", sim.engine.buffers());
    sim.advance(60_000);
    assert!(sim.engine.is_online());
    assert!(sim.engine.buffers() < 100, "{}", sim.engine.buffers());
}

#[test]
fn a_pingresp_of_the_same_millisecond_counts() {
    // The harness answers a PINGREQ without letting time pass.
    let mut sim = sixty();
    sim.advance(600_000);
    assert!(sim.engine.is_online(), "{:?}", sim.log);
}

#[test]
fn a_dead_peer_is_found_in_bounded_time_with_16() {
    for quiet_for in [0, 1, 29_999, 30_000, 30_001, 59_000] {
        let mut sim = sixty();
        sim.advance(quiet_for);
        sim.publish("a", "x", 1);
        sim.broker.silent = true;
        let since = sim.now;
        while sim.disconnects.is_empty() {
            sim.advance(100);
            assert!(sim.now - since <= 1_500 * 60 + 500, "{quiet_for}");
        }
        assert_eq!(sim.disconnects, [16]);
        assert_eq!(sim.errors[0].code.name(), "CONNECTION_LOST");
        assert_eq!(sim.wire.filter(|(_, open)| *open), None);
    }
}

#[test]
fn any_byte_is_life() {
    let mut sim = sixty();
    sim.broker.silent = true;
    let message = b"\x30\x7f\x00\x01a"
        .iter()
        .copied()
        .chain(std::iter::repeat(b'x'));
    for byte in message.take(100) {
        sim.advance(50_000);
        sim.inject(&[byte]);
    }
    assert!(sim.engine.is_online());
}

#[test]
fn a_healthy_connection_survives_a_timer_that_is_minutes_late() {
    let mut sim = sixty();
    for _ in 0..10 {
        sim.sleep(600_000);
        sim.tick();
        assert!(sim.engine.is_online());
        sim.advance(1_000);
    }
    assert_eq!(sim.opens.len(), 1);
}

#[test]
fn an_answer_that_waits_behind_the_late_timer_saves_the_connection() {
    let mut sim = sixty();
    sim.auto = false;
    sim.advance(30_000);
    assert_eq!(sim.broker.pings(), 1);
    sim.sleep(3_600_000);
    sim.tick();
    assert!(sim.engine.is_online());
    sim.auto = true;
    sim.settle();
    sim.advance(1_000);
    assert!(sim.engine.is_online(), "{:?}", sim.log);
}

#[test]
fn a_late_timer_does_not_hide_a_dead_peer() {
    let mut sim = sixty();
    sim.broker.silent = true;
    sim.advance(30_000);
    sim.sleep(3_600_000);
    sim.tick();
    sim.advance(500);
    assert_eq!(sim.disconnects, [16]);

    let mut sim = sixty();
    sim.broker.silent = true;
    sim.sleep(3_600_000);
    sim.tick();
    sim.advance(60_500);
    assert_eq!(sim.disconnects, [16]);
}

#[test]
fn without_keepalive_nothing_is_sent_and_nobody_is_dead() {
    let mut sim = Sim::online(Config {
        keepalive: None,
        ..config()
    });
    sim.broker.silent = true;
    sim.advance(86_400_000);
    assert!(sim.engine.is_online());
    assert_eq!(sim.broker.pings(), 0);
    assert_eq!(sim.engine.next_deadline(), None);
}

#[test]
fn the_shortest_keepalive_does_not_spin() {
    for keepalive in 1..5 {
        let mut sim = Sim::online(Config {
            keepalive: Some(keepalive),
            ..config()
        });
        sim.advance(100);
        assert!(sim.engine.is_online());
        sim.broker.silent = true;
        sim.advance(400);
        assert_eq!(sim.disconnects, [16]);
    }
}

#[test]
fn a_new_connection_starts_with_a_clean_slate() {
    let mut sim = sixty();
    sim.broker.silent = true;
    sim.advance(100_000);
    assert_eq!(sim.disconnects, [16]);
    sim.broker.silent = false;
    sim.advance(600_000);
    assert_eq!(sim.disconnects, [16]);
    assert!(sim.engine.is_online());
}
