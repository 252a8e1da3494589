//! Messages in flight after which connections end; `engine/suspecting.rs` decides what becomes of them.

use super::Session;
use crate::codec::publish;
use crate::engine::deadline::{Millis, NEVER};
use crate::engine::journal::Journal;
use crate::engine::output::Token;
use crate::engine::suspicion::{Name, OnWire, Suspicion, RIGHT_AFTER};

impl Session {
    pub fn on_wire(&self) -> OnWire {
        self.on_wire
    }

    /// What is held against the message that `next_resend` gives.
    pub fn next_suspicion(&mut self) -> Suspicion {
        while let Some(&key) = self.resend.front() {
            if let Some(publish) = self.publishes.get(key) {
                return publish.suspicion;
            }
            self.resend.pop_front();
        }
        Suspicion::default()
    }

    /// The connection ended, right after what was sent last: the place of a message, and what is held against it now.
    pub fn suspect(&mut self, now: Millis, alone: bool) -> Option<(u32, Suspicion)> {
        let mut last = None;
        for &(_, slot) in &self.in_sending_order() {
            let Some((_, publish)) = self.publishes.at(slot) else {
                continue;
            };
            let sent_at = publish.flight.map_or(NEVER, |flight| flight.sent_at);
            if sent_at != NEVER && now <= sent_at + RIGHT_AFTER {
                publish.suspicion.add(alone);
                last = Some((slot, publish.suspicion));
            }
        }
        last
    }

    /// What the message in this place is called in an error, with a place for its topic.
    pub fn named(&mut self, slot: u32) -> Option<Name> {
        let (_, publish) = self.publishes.at(slot)?;
        let topic = std::str::from_utf8(publish::topic(&publish.packet)).unwrap_or_default();
        let what = match publish::qos(&publish.packet) {
            1 => "PUBLISH of QoS 1 to \"%\"",
            _ => "PUBLISH of QoS 2 to \"%\"",
        };
        Some((what, topic.to_owned()))
    }

    /// Ends the message in this place; the token of its call. `keeps_id`: the broker may hold it under its identifier.
    pub fn put_aside(&mut self, slot: u32, keeps_id: bool, journal: &mut Journal) -> Option<Token> {
        let (_, publish) = self.publishes.at(slot)?;
        if keeps_id && publish::qos(&publish.packet) == 2 {
            self.reserve(slot, journal);
        }
        self.end(slot, journal)
    }
}
