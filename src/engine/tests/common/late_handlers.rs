//! Handlers that end late, out of order or never (§4.3, §4.6), by hand; in random schedules: `late_handlers_at_random.rs`.

use mqttbytes::v4::Packet;

use super::harness::{config, Got, Sim};
use super::persistence::{begun, persistent};
use crate::engine::{Code, Config};

pub fn kept() -> Config {
    Config {
        clean_session: false,
        ..config()
    }
}

/// Online, subscribed, with handlers that go on.
pub fn deferring(cfg: Config) -> Sim {
    let mut sim = Sim::online(cfg);
    sim.subscribe(&[("a/#", 2)], None);
    sim.defers = true;
    sim
}

fn acknowledge(sim: &mut Sim, text: &str) {
    let message = take(sim, text);
    sim.engine.acknowledge(message.ticket);
    sim.settle();
}

fn leave(sim: &mut Sim, text: &str) {
    let message = take(sim, text);
    sim.engine.leave(message.ticket);
    sim.settle();
}

#[track_caller]
fn take(sim: &mut Sim, text: &str) -> Got {
    let is_it = |message: &Got| message.payload == text.as_bytes();
    let place = sim.deferred.iter().position(is_it).unwrap();
    sim.deferred.remove(place)
}

#[test]
fn acknowledgements_wait_for_the_application_and_keep_the_order() {
    let mut sim = deferring(config());
    for (text, qos) in [("1", 1), ("2", 2), ("3", 1), ("4", 0)] {
        sim.incoming("a/b", text, qos);
    }
    assert_eq!(sim.engine.stats().unhandled, 4);
    acknowledge(&mut sim, "2");
    acknowledge(&mut sim, "3");
    assert_eq!(sim.broker.unacknowledged(), ["1", "2", "3"]);
    acknowledge(&mut sim, "1");
    assert_eq!(sim.broker.owes(), 0);
    acknowledge(&mut sim, "4");
    assert_eq!(sim.engine.stats().unhandled, 0);
}

#[test]
fn a_message_that_was_left_comes_again_on_the_next_connection() {
    let mut sim = deferring(kept());
    for (text, qos) in [("1", 1), ("2", 2), ("3", 2)] {
        sim.incoming("a/b", text, qos);
    }
    leave(&mut sim, "1");
    leave(&mut sim, "2");
    acknowledge(&mut sim, "3");
    assert_eq!(sim.broker.unacknowledged(), ["1", "2"]);
    sim.reconnect();
    assert_eq!(sim.texts(), ["1", "2", "3", "1", "2"]);
    acknowledge(&mut sim, "1");
    acknowledge(&mut sim, "2");
    assert_eq!(sim.broker.owes(), 0);
}

#[test]
fn one_of_qos_2_that_was_left_behind_another_that_is_handled_comes_again_on_the_next_connection() {
    let mut sim = deferring(kept());
    sim.incoming("a/b", "1", 2);
    sim.incoming("a/b", "2", 2);
    leave(&mut sim, "2");
    sim.reconnect();
    assert_eq!(sim.texts(), ["1", "2", "2"], "the first is handled still");
    acknowledge(&mut sim, "1");
    acknowledge(&mut sim, "2");
    assert_eq!(sim.broker.owes(), 0);
}

#[test]
fn qos_2_that_comes_again_while_it_is_handled_is_acknowledged_when_that_ends() {
    let mut sim = deferring(kept());
    sim.incoming("a/b", "1", 2);
    sim.incoming("a/b", "2", 2);
    sim.reconnect();
    sim.reconnect();
    assert_eq!(sim.texts(), ["1", "2"]);
    acknowledge(&mut sim, "2");
    assert_eq!(sim.broker.unacknowledged(), ["1", "2"]);
    acknowledge(&mut sim, "1");
    assert_eq!(sim.broker.owes(), 0);
    assert_eq!(sim.engine.stats().unhandled, 0);
}

#[test]
fn what_is_handled_without_a_connection_is_acknowledged_on_the_next() {
    let mut sim = deferring(kept());
    sim.incoming("a/b", "1", 2);
    sim.drop_connection();
    acknowledge(&mut sim, "1");
    sim.advance(2_000);
    assert_eq!(sim.texts(), ["1"]);
    assert_eq!(sim.broker.owes(), 0);
}

#[test]
fn a_handler_that_outlives_its_session_harms_nothing() {
    let mut sim = deferring(kept());
    sim.incoming("a/b", "1", 2);
    sim.incoming("a/b", "2", 1);
    sim.drop_connection();
    sim.broker.lose_session();
    sim.advance(2_000);
    sim.incoming("a/b", "3", 2);
    acknowledge(&mut sim, "1");
    acknowledge(&mut sim, "2");
    assert_eq!(sim.broker.unacknowledged(), ["3"]);
    acknowledge(&mut sim, "3");
    assert_eq!(sim.broker.owes(), 0);
    assert_eq!(sim.engine.stats().unhandled, 0);
}

#[test]
fn stop_waits_for_handlers_takes_what_they_publish_and_no_further_messages() {
    let mut sim = deferring(config());
    sim.incoming("a/b", "1", 1);
    let stop = sim.stop();
    assert!(sim.is_pending(stop));
    sim.incoming("a/b", "2", 1);
    assert_eq!(sim.texts(), ["1"]);
    let published = sim.publish("result", "x", 1);
    let batch = sim.batch("batched", "1");
    acknowledge(&mut sim, "1");
    assert_eq!(sim.fate(published), "OK");
    assert_eq!(sim.fate(batch), "OK");
    assert_eq!(sim.fate(stop), "OK");
    assert_eq!(sim.broker.texts(), ["x", "[1]"]);
    assert!(sim.broker.said_goodbye);
    let late = sim.publish("result", "y", 1);
    assert_eq!(sim.fate(late), "STOPPED");
}

#[test]
fn what_was_acknowledged_just_before_stop_is_sent_before_disconnect() {
    let mut sim = deferring(config());
    sim.incoming("a/b", "1", 1);
    let message = take(&mut sim, "1");
    sim.engine.acknowledge(message.ticket);
    sim.stop();
    let acks = |packet: &&Packet| matches!(packet, Packet::PubAck(_));
    assert_eq!(sim.broker.packets.iter().filter(acks).count(), 1);
}

#[test]
fn stop_ends_in_time_when_a_handler_never_does() {
    let mut sim = deferring(config());
    sim.incoming("a/b", "1", 1);
    let stop = sim.stop();
    sim.advance(sim.engine.config().stop_timeout + 2_000);
    assert_eq!(sim.fate(stop), "OK");
    assert_eq!(
        sim.broker.unacknowledged(),
        Vec::<&str>::new(),
        "the session is gone"
    );
}

#[test]
fn keep_alive_goes_on_while_a_handler_never_ends() {
    let mut sim = deferring(config());
    sim.incoming("a/b", "1", 1);
    sim.advance(3_600_000);
    assert!(sim.engine.is_online());
    assert!(sim.disconnects.is_empty());
    assert!(sim.broker.pings() > 50);
}

#[test]
fn in_3_1_1_a_refusal_is_an_acknowledgement_that_is_reported() {
    let mut sim = deferring(config());
    sim.incoming("a/b", "1", 1);
    let message = take(&mut sim, "1");
    let told = sim
        .engine
        .refuse(message.ticket, crate::codec::ReasonCode(0x99), "no JSON");
    assert_eq!(
        told.err().map(|error| error.code),
        (!super::harness::is_five()).then_some(Code::NotSupported)
    );
    sim.settle();
    assert_eq!(sim.broker.owes(), 0);
}

#[test]
fn in_3_1_1_a_refused_message_of_qos_2_whose_pubrec_is_lost_is_not_handed_out_again() {
    let mut sim = deferring(kept());
    sim.incoming("a/b", "1", 2);
    sim.broker.silent = true;
    let message = take(&mut sim, "1");
    let refused = sim
        .engine
        .refuse(message.ticket, crate::codec::ReasonCode(0x99), "");
    assert_eq!(refused.is_ok(), super::harness::is_five());
    sim.settle();
    sim.broker.silent = false;
    sim.reconnect();
    // In 5 a PUBREC of 128 or more ends the message, and its identifier is free for another one (§4.3.3).
    let expected: &[&str] = if super::harness::is_five() {
        &["1", "1"]
    } else {
        &["1"]
    };
    assert_eq!(sim.texts(), expected);
}

#[test]
fn a_message_of_qos_0_needs_no_place_in_the_window() {
    let mut sim = deferring(Config {
        max_unhandled: 2,
        ..config()
    });
    for (text, qos) in [("1", 1), ("2", 2), ("3", 0)] {
        sim.incoming("a/b", text, qos);
    }
    assert!(sim.engine.is_online());
    assert_eq!(sim.texts(), ["1", "2", "3"]);
}

#[test]
fn pubcomp_waits_for_its_own_pubrec_alone() {
    let mut sim = deferring(config());
    sim.incoming("a/b", "1", 2);
    sim.incoming("a/b", "2", 2);
    acknowledge(&mut sim, "1");
    assert_eq!(sim.broker.unacknowledged(), ["2"]);
}

#[test]
fn a_message_says_whether_it_may_have_come_before() {
    let mut sim = deferring(kept());
    for (text, qos) in [("0", 0), ("1", 1), ("2", 2)] {
        sim.incoming("a/b", text, qos);
    }
    leave(&mut sim, "1");
    sim.reconnect();
    let dups: Vec<_> = sim.messages.iter().map(|message| message.dup).collect();
    assert_eq!(dups, [false, false, false, true]);
}

#[test]
fn the_store_remembers_what_is_dealt_with_where_the_broker_may_send_it_again_under_its_identifier() {
    let mut sim = begun(persistent());
    sim.subscribe(&[("a/#", 2)], None);
    sim.defers = true;
    let before = sim.store.kept.len();
    for (text, qos) in [("1", 1), ("2", 1), ("3", 2)] {
        sim.incoming("a/b", text, qos);
    }
    acknowledge(&mut sim, "2");
    assert_eq!(sim.store.kept.len(), before, "QoS 1");
    acknowledge(&mut sim, "3");
    assert_eq!(sim.store.kept.len(), before + 1);
    acknowledge(&mut sim, "1");
    assert_eq!((sim.store.kept.len(), sim.broker.owes()), (before, 0));
}
