//! An hour without a broker and a thousand messages a second: memory stays at its bound, and what is left
//! is what the policy says. One line of the table is one policy. An hour takes a release build
//! (`cargo test --release offline_hour`, which `npm run test:long` does); others are content with a minute.

use std::collections::BTreeMap;

use super::harness::{config, is_five, Dial, Sim};
use crate::engine::{Config, Policy};

const SECONDS: u32 = if cfg!(debug_assertions) { 60 } else { 3_600 };
const A_SECOND: u32 = 1_000;
const MESSAGES: u32 = SECONDS * A_SECOND;
const TOPICS: u32 = 50;

struct Case {
    name: &'static str,
    config: Config,
    /// Bounds that hold in every second.
    messages: usize,
    bytes: usize,
    /// Which messages are left at the end; they are sent in the order of the calls.
    left: fn(u32) -> bool,
    /// What becomes of the others.
    fate: &'static str,
}

fn cases() -> Vec<Case> {
    let of = |name, offline_policy, left, fate| Case {
        name,
        config: Config {
            offline_policy,
            offline_size: 10_000,
            max_inflight: 65_535,
            ..config()
        },
        messages: 10_000,
        bytes: usize::MAX,
        left,
        fate,
    };
    let mut bytes = of("refuse, by bytes", Policy::Refuse, |i| i < 25_000, "QUEUE_FULL");
    bytes.config.offline_size = 10_000_000;
    bytes.config.offline_bytes = 25_000 * bytes_of_one();
    (bytes.messages, bytes.bytes) = (25_000, 25_000 * bytes_of_one());
    let mut oldest_bytes = of(
        "drop the oldest, by bytes",
        Policy::DropOldest,
        |i| i >= MESSAGES - 25_000,
        "DROPPED",
    );
    oldest_bytes.config = Config {
        offline_policy: Policy::DropOldest,
        ..bytes.config.clone()
    };
    (oldest_bytes.messages, oldest_bytes.bytes) = (bytes.messages, bytes.bytes);
    let mut age = of(
        "five seconds old at most",
        Policy::Refuse,
        |i| i > MESSAGES - 5 * A_SECOND,
        "EXPIRED",
    );
    age.config.offline_expiry = Some(5_000);
    vec![
        of("refuse", Policy::Refuse, |i| i < 10_000, "QUEUE_FULL"),
        bytes,
        of(
            "drop the oldest",
            Policy::DropOldest,
            |i| i >= MESSAGES - 10_000,
            "DROPPED",
        ),
        oldest_bytes,
        of(
            "the latest of each topic",
            Policy::Latest,
            |i| i >= MESSAGES - TOPICS,
            "DROPPED",
        ),
        age,
    ]
}

/// A PUBLISH as it waits: header, topic "t/00", packet identifier, four bytes, in MQTT 5 no properties.
fn bytes_of_one() -> usize {
    2 + 2 + 4 + 2 + 4 + usize::from(is_five())
}

/// How many messages are left.
fn an_hour(case: &Case) -> usize {
    let mut sim = Sim::new(case.config.clone());
    sim.dial = Dial::Refuse;
    sim.start();
    let topics: Vec<String> = (0..TOPICS).map(|i| format!("t/{i:02}")).collect();
    let mut fates: BTreeMap<&str, u32> = BTreeMap::new();
    let mut slots = 0;
    for second in 0..SECONDS {
        for i in second * A_SECOND..(second + 1) * A_SECOND {
            let topic = &topics[(i % TOPICS) as usize];
            sim.publish_undrained(topic, &i.to_be_bytes(), 1);
            sim.now += 1;
        }
        sim.advance(0);
        for result in std::mem::take(&mut sim.ended).values() {
            let fate = result.as_ref().map_or_else(|e| e.code.name(), |_| "OK");
            *fates.entry(fate).or_default() += 1;
        }
        (sim.errors, sim.log, sim.opens) = Default::default();

        let engine = &sim.engine;
        let queued = engine.stats().queued as usize;
        assert!(queued <= case.messages, "{}: {queued} wait", case.name);
        assert_eq!(queued, sim.pending.len());
        let [(_, bytes), _] = engine.usage();
        assert!(bytes <= case.bytes, "{}: {bytes} bytes", case.name);
        assert!(
            engine.entries()[3] <= 2 * case.messages + 2 * A_SECOND as usize,
            "{}: {} keys of {queued} messages",
            case.name,
            engine.entries()[3]
        );
        slots = slots.max(engine.slots());
    }
    // A slot is used again: never more than what may wait, and a second's worth that is on its way out.
    assert!(
        slots <= case.messages + A_SECOND as usize,
        "{}: {slots} slots",
        case.name
    );

    let expected: Vec<u32> = (0..MESSAGES).filter(|&i| (case.left)(i)).collect();
    assert_eq!(sim.pending.len(), expected.len(), "{}", case.name);
    // The call to start() ended as well, with the refusal.
    fates.remove("CONNECTION_REFUSED");
    let gone = MESSAGES - expected.len() as u32;
    assert_eq!(fates, BTreeMap::from([(case.fate, gone)]), "{}", case.name);

    sim.dial = Dial::Accept;
    sim.start();
    let given = sim.broker.given.iter();
    let left: Vec<u32> = given
        .map(|g| u32::from_be_bytes(*g.payload.first_chunk().unwrap()))
        .collect();
    assert_eq!(left, expected, "{}", case.name);
    sim.assert_empty();
    left.len()
}

#[test]
fn an_hour_offline_at_a_thousand_messages_a_second_leaves_what_the_policy_says() {
    for case in cases() {
        let left = an_hour(&case);
        println!("offline {SECONDS} s: {}: {left} of {MESSAGES} left", case.name);
    }
}
