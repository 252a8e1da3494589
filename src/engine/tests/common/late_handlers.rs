//! Handlers that end late, out of order or never (§4.3, §4.6): by hand, and in random schedules with lost connections and
//! sessions. The laws: nothing is acknowledged before it is handled, or out of order, or twice; nothing of QoS 2 is
//! handed out twice within a session; the window of the client is never exceeded; keep alive goes on.

use std::collections::BTreeSet;

use mqttbytes::v4::Packet;

use super::harness::{config, Got, Sim};
use crate::engine::random::Random;
use crate::engine::{Code, Config, Error};

fn kept() -> Config {
    Config {
        clean_session: false,
        ..config()
    }
}

/// Online, subscribed, with handlers that go on.
fn deferring(cfg: Config) -> Sim {
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

/// What must hold after each step.
struct Laws {
    /// Payloads that the application has said it has dealt with.
    handled: BTreeSet<String>,
    /// Payloads of the session that the broker has.
    sent: BTreeSet<String>,
    /// Payloads of QoS 2 that are to be handed out once.
    once: BTreeSet<String>,
    /// How many of `Sim::messages` and of `Broker::packets` have been looked at.
    seen: (usize, usize),
    /// Of the last acknowledgement on this connection.
    last: u16,
}

impl Laws {
    fn check(&mut self, sim: &Sim) {
        let open: BTreeSet<&str> = sim.broker.unacknowledged().into_iter().collect();
        for text in &self.sent {
            assert!(
                open.contains(&**text) || self.handled.contains(text),
                "{text} is acknowledged and not handled"
            );
        }
        for packet in &sim.broker.packets[self.seen.1..] {
            match packet {
                Packet::Connect(_) => self.last = 0,
                Packet::PubAck(v) => self.acknowledged(v.pkid),
                Packet::PubRec(v) => self.acknowledged(v.pkid),
                _ => {}
            }
        }
        for message in &sim.messages[self.seen.0..] {
            let text = String::from_utf8(message.payload.clone()).unwrap();
            assert!(
                message.qos < 2 || self.once.remove(&text),
                "{text} was handed out twice"
            );
        }
        self.seen = (sim.messages.len(), sim.broker.packets.len());
    }

    /// The broker numbers its messages in order, and sends them again in order.
    fn acknowledged(&mut self, id: u16) {
        assert!(id > self.last, "{id} is acknowledged behind {}", self.last);
        self.last = id;
    }
}

/// The property of CONNECT (5.0 §3.1.2.11.3).
const RECEIVE_MAXIMUM: u8 = 0x21;

fn schedule(seed: u64) {
    let mut random = Random::new(seed);
    let window = random.up_to(4) as u8 + 1;
    let mut sim = deferring(Config {
        max_reconnect_delay: 1_000,
        properties: match super::harness::is_five() {
            true => vec![RECEIVE_MAXIMUM, 0, window],
            false => Vec::new(),
        },
        ..kept()
    });
    if super::harness::is_five() {
        sim.broker.window = usize::from(window);
    }
    let mut laws = Laws {
        handled: BTreeSet::new(),
        sent: BTreeSet::new(),
        once: BTreeSet::new(),
        seen: (0, sim.broker.packets.len()),
        last: 0,
    };
    for number in 0..80 {
        match random.up_to(15) {
            0..=5 => {
                let text = number.to_string();
                let qos = random.up_to(2) as u8;
                if sim.incoming("a/b", &text, qos) && qos > 0 {
                    laws.sent.insert(text.clone());
                    laws.once.insert(text);
                }
            }
            6..=10 if !sim.deferred.is_empty() => {
                let place = random.up_to(sim.deferred.len() as u64 - 1) as usize;
                let message = sim.deferred.remove(place);
                let text = String::from_utf8(message.payload.clone()).unwrap();
                if random.up_to(4) == 0 {
                    laws.once.insert(text);
                    sim.engine.leave(message.ticket);
                } else {
                    // One that was handed out twice is handled when either is.
                    laws.handled.insert(text);
                    sim.engine.acknowledge(message.ticket);
                }
                sim.settle();
            }
            11 => sim.drop_connection(),
            12 => {
                // Half of what comes, and of what goes, is lost with the connection.
                sim.cut_up = Some(random.up_to(9) as usize + 1);
                sim.advance(100);
            }
            13 => {
                sim.drop_connection();
                sim.broker.lose_session();
                laws.sent.clear();
                laws.once.clear();
                sim.advance(2_000);
            }
            _ => sim.advance(random.up_to(70_000)),
        }
        laws.check(&sim);
        // An acknowledgement that is counted twice, or never, makes the client think that it was.
        assert!(sim.errors.iter().all(|error| error.code != Code::ProtocolError));
        let is_starved = |error: &Error| error.message.contains("mqttkeepalive");
        assert!(!sim.errors.iter().any(is_starved), "keep alive was starved");
    }
    sim.cut_up = None;
    sim.defers = false;
    // What the window has held back is handled as it comes.
    let came: BTreeSet<String> = sim.texts().into_iter().map(str::to_owned).collect();
    laws.handled.extend(laws.sent.difference(&came).cloned());
    for message in std::mem::take(&mut sim.deferred) {
        laws.handled.insert(String::from_utf8(message.payload).unwrap());
        sim.engine.acknowledge(message.ticket);
        sim.settle();
        laws.check(&sim);
    }
    // What was left comes again, and is handled at once.
    for _ in 0..2 {
        sim.drop_connection();
        laws.handled.extend(laws.sent.clone());
        sim.advance(10_000);
    }
    assert_eq!(sim.broker.owes(), 0);
    assert_eq!(sim.engine.stats().unhandled, 0);
}

#[test]
fn a_thousand_schedules_of_late_handlers() {
    for seed in 1..=1_000 {
        let run = std::panic::catch_unwind(|| schedule(seed));
        assert!(run.is_ok(), "seed {seed}");
    }
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
