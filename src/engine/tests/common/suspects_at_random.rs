//! The search for operations at which a broker closes, with random operations, orders and faults: every guilty one is put
//! aside, and no other.

use super::harness::config;
use super::suspects::closing_at;
use crate::engine::random::Random;
use crate::engine::Config;

/// Calls, byte cuts and guilty operations in any order: every innocent one ends well, every guilty one is put aside.
fn random_search(seed: u64) {
    let mut rng = Random::new(seed);
    let mut pick = |of: &[u64]| of[rng.up_to(of.len() as u64 - 1) as usize];
    let mut sim = closing_at(
        &["secret", "secret/filter"],
        Config {
            clean_session: pick(&[0, 1]) == 0,
            max_inflight: pick(&[1, 3, 1_000]) as usize,
            max_filters: pick(&[1, 3, 8]) as usize,
            ack_timeout: 3_600_000,
            ..config()
        },
    );
    sim.broker.loses_answers = pick(&[0, 1]) == 0;
    let mut calls = Vec::new();
    for i in 0..60 {
        let qos = pick(&[1, 2]) as u8;
        let payload = format!("{i}");
        match pick(&[0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7]) {
            0 => calls.push((true, sim.publish("open", &payload, qos))),
            1 => calls.push((false, sim.publish("secret", &payload, qos))),
            2 => calls.push((true, sim.subscribe(&[(&payload, 1), ("x", qos)], None))),
            3 => calls.push((
                false,
                sim.subscribe(&[("x", 1), ("secret/filter", 1), (&payload, qos)], None),
            )),
            4 => sim.cut_up = Some(1 + pick(&[0, 3, 20, 60]) as usize),
            5 => sim.cut_down = Some(1 + pick(&[0, 2, 5, 20]) as usize),
            6 => drop(sim.publish("open", &payload, 0)),
            _ => sim.advance(pick(&[10, 1_000, 6_000, 20_000])),
        }
    }
    (sim.cut_up, sim.cut_down) = (None, None);
    sim.advance(3_600_000);
    for (place, &(is_innocent, token)) in calls.iter().enumerate() {
        let fate = sim.fate(token);
        assert_eq!(fate == "OK", is_innocent, "call {place}: {fate}");
    }
    // Each in the order of the calls; of several arrivals the first counts (§4.6).
    for qos in [1, 2] {
        let mut first: Vec<usize> = Vec::new();
        for one in &sim.broker.given {
            let number: usize = one.text().parse().unwrap();
            if one.topic == "open" && one.qos == qos && !first.contains(&number) {
                first.push(number);
            }
        }
        assert!(first.is_sorted(), "QoS {qos}: {first:?}");
    }
    sim.assert_empty();
}

#[test]
fn every_guilty_operation_is_put_aside_and_no_innocent_one_whatever_the_order_and_the_faults() {
    for seed in 0..1_000 {
        if let Err(panic) = std::panic::catch_unwind(|| random_search(seed)) {
            println!("seed {seed} fails");
            std::panic::resume_unwind(panic);
        }
    }
}
