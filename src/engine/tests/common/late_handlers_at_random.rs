//! Handlers that end late, out of order or never, in random schedules with lost connections and sessions. The laws: nothing
//! is acknowledged before it is handled, or out of order, or twice; nothing of QoS 2 is handed out twice within a session;
//! the window of the client is never exceeded; keep alive goes on.

use std::collections::BTreeSet;

use mqttbytes::v4::Packet;

use super::harness::Sim;
use super::late_handlers::{deferring, kept};
use crate::engine::random::Random;
use crate::engine::{Code, Config, Error};

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
