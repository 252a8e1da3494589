//! Payloads that are received beside the engine: whatever is cut, lost or repeated, it is as with any other message.

use super::broker::write_publish;
use super::harness::{config, Sim};
use crate::engine::Config;

const LARGE: usize = 40_000;

fn payload(seed: u8) -> Vec<u8> {
    (0..LARGE).map(|i| (i % 251) as u8 ^ seed).collect()
}

fn packet(sim: &Sim, topic: &str, payload: &[u8], qos: u8) -> Vec<u8> {
    let mut out = Vec::new();
    write_publish(&mut out, topic.as_bytes(), payload, qos, 7 * (qos > 0) as u16);
    sim.broker.dialect.say(&out)
}

/// A client, and a large message between two small ones.
fn script(qos: u8) -> (Sim, Vec<u8>) {
    let mut sim = Sim::online(config());
    sim.auto = false;
    let mut bytes = packet(&sim, "before", b"1", 0);
    bytes.extend(packet(&sim, "large", &payload(1), qos));
    bytes.extend(packet(&sim, "after", b"2", 0));
    sim.broker.packets.clear();
    (sim, bytes)
}

fn outcome(mut sim: Sim) -> String {
    assert!(sim.engine.is_online(), "{:?}", sim.log);
    assert_eq!(sim.topics(), ["before", "large", "after"]);
    assert_eq!(sim.messages[1].payload, payload(1));
    sim.auto = true;
    sim.settle();
    let stats = sim.engine.stats();
    format!("{:?} {}", sim.broker.packets, stats.bytes_received)
}

#[test]
fn the_stream_may_be_cut_anywhere() {
    for qos in 0..3 {
        let (mut sim, bytes) = script(qos);
        sim.inject_raw(&bytes);
        assert_eq!(sim.besides, 0);
        let whole = outcome(sim);
        let ends = bytes.len() - 60..bytes.len();
        for at in (1..80).chain((80..bytes.len() - 60).step_by(1_999)).chain(ends) {
            let (mut sim, _) = script(qos);
            sim.inject_raw(&bytes[..at]);
            sim.inject_raw(&bytes[at..]);
            let is_in_payload = at > 30 && at < bytes.len() - 30;
            assert!(!is_in_payload || sim.besides == 1, "cut at {at}");
            assert_eq!(outcome(sim), whole, "cut at {at}");
        }
        for piece in [1, 7, 1_024, 16_384] {
            let (mut sim, _) = script(qos);
            for part in bytes.chunks(piece) {
                sim.inject_raw(part);
            }
            assert_eq!(sim.besides, 1);
            assert_eq!(outcome(sim), whole, "pieces of {piece}");
        }
    }
}

#[test]
fn the_engine_keeps_no_more_than_what_stands_before_it() {
    let (mut sim, bytes) = script(1);
    for part in bytes.chunks(1_024) {
        sim.inject_raw(part);
        assert!(sim.engine.receive_buffer().0 <= 2_048);
    }
    assert_eq!(sim.besides, 1);
}

#[test]
fn a_connection_that_is_lost_within_it_leaves_nothing_of_it() {
    let (mut sim, bytes) = script(1);
    sim.auto = true;
    sim.inject_raw(&bytes[..20_000]);
    assert!(sim.beside.is_some());
    sim.reconnect();
    assert_eq!(sim.topics(), ["before"]);
    sim.inject_raw(&bytes);
    assert_eq!(sim.topics(), ["before", "before", "large", "after"]);
    assert_eq!(sim.messages[2].payload, payload(1));
}

#[test]
fn a_repetition_of_qos_2_is_acknowledged_and_not_delivered() {
    let (mut sim, bytes) = script(2);
    for _ in 0..2 {
        sim.inject_raw(&bytes[..20_000]);
        sim.inject_raw(&bytes[20_000..]);
    }
    assert_eq!(sim.besides, 2);
    assert_eq!(sim.topics(), ["before", "large", "after", "before", "after"]);
    sim.auto = true;
    sim.settle();
    let acknowledged = format!("{:?}", sim.broker.packets);
    assert_eq!(acknowledged.matches("PubRec(").count(), 2, "{acknowledged}");
}

#[test]
fn its_bytes_are_signs_of_life() {
    let (mut sim, bytes) = script(0);
    sim.broker.silent = true;
    for part in bytes.chunks(4_000) {
        sim.inject_raw(part);
        sim.advance(54_000);
    }
    assert!(sim.engine.is_online(), "{:?}", sim.log);
    assert_eq!(sim.besides, 1);
}

#[test]
fn shorter_and_very_long_ones_stay_in_the_engine() {
    let begins = |len: usize| {
        let mut sim = Sim::online(Config {
            max_packet_size: 268_435_460,
            ..config()
        });
        let bytes = packet(&sim, "t", &vec![0; len], 0);
        sim.inject_raw(&bytes[..bytes.len().min(100)]);
        sim.beside.is_some()
    };
    assert!(!begins((32 << 10) - 1));
    assert!(begins(32 << 10));
    assert!(begins(64 << 20));
    assert!(!begins((64 << 20) + 1));
}
