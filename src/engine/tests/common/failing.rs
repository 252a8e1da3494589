//! The end of everything for a reason outside MQTT: the store cannot be written, or an adapter cannot go on.

use super::harness::{config, Dial, Sim};
use crate::engine::{Code, Config, Error};

fn persistent() -> Config {
    Config {
        clean_session: false,
        persist: true,
        ..config()
    }
}

fn fail(sim: &mut Sim) {
    let error = Error::new(Code::StoreFailed, "no space is left");
    sim.engine.fail(sim.now, &error);
    sim.settle();
}

#[test]
fn everything_under_way_ends_with_the_reason_and_nothing_more_is_stored() {
    let mut sim = Sim::new(persistent());
    sim.open_store();
    sim.start();
    sim.auto = false;
    let calls = [
        sim.publish("a", "in flight", 1),
        sim.publish("a", "in flight too", 2),
        sim.subscribe(&[("b", 1)], None),
        sim.batch("c", "1"),
        sim.queue("d", "queued", 1),
    ];
    let before = sim.store.kept.clone();
    assert!(before.len() >= 2);
    fail(&mut sim);
    for call in calls {
        assert_eq!(sim.fate(call), "STORE_FAILED");
    }
    assert_eq!(sim.store.kept, before, "what is stored is for the next start");
    assert_eq!(sim.disconnects, [7]);
    assert_eq!(sim.errors.last().unwrap().message, "no space is left");
    sim.assert_stopped();

    sim.auto = true;
    sim.open_store();
    sim.start();
    assert!(sim.engine.is_online());
    let given = sim.broker.given.iter().filter(|message| message.topic == "a");
    assert_eq!(given.count(), 3, "of QoS 1 again, of QoS 2 once");
}

#[test]
fn an_attempt_ends_too_and_its_transport_is_closed() {
    for dial in [Dial::Silent, Dial::Refuse] {
        let mut sim = Sim::new(persistent());
        sim.open_store();
        sim.dial = dial;
        let start = sim.start();
        let publish = sim.publish("a", "x", 1);
        fail(&mut sim);
        assert_eq!(sim.fate(publish), "STORE_FAILED");
        if dial == Dial::Silent {
            assert_eq!(sim.fate(start), "STORE_FAILED");
        }
        assert!(sim.disconnects.is_empty(), "there was no connection");
        sim.assert_stopped();
    }
}
