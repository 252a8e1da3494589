//! Routes what the application makes of a received message: it goes on with it after its handlers have returned, has
//! dealt with it, refuses it, or leaves it to the broker. Writes the acknowledgements that this allows (§4.3, §4.6).

use super::connection::Phase;
use super::output::Ticket;
use super::{Code, Engine, Error, Version};
use crate::codec::properties::{put, Property, Value};
use crate::codec::{write, ReasonCode};

impl Engine {
    /// The application goes on with a message after its handlers have returned; call it before the next [`Engine::poll`].
    /// The message is acknowledged when `acknowledge` is called, and no later one before it. A message of QoS 0 is
    /// not acknowledged: give `None`.
    pub fn defer(&mut self, ticket: Option<Ticket>) {
        self.session.inbound().defer(ticket);
    }

    /// The application has dealt with a message that was deferred.
    pub fn acknowledge(&mut self, ticket: Option<Ticket>) {
        let inbound = self.session.inbound();
        inbound.acknowledge(ticket, (ReasonCode::SUCCESS, ""), &mut self.effects.journal);
    }

    /// The application refuses a message that was deferred, with a reason code of 128 or more and a text for the broker.
    ///
    /// # Errors
    /// `NOT_SUPPORTED` where the connection speaks 3.1.1, which has neither: the message is acknowledged.
    pub fn refuse(&mut self, ticket: Option<Ticket>, reason: ReasonCode, text: &str) -> Result<(), Error> {
        let version = self.connection.version();
        // Whoever refuses a message of QoS 2 forgets its identifier: not in 3.1.1, whose PUBREC has no reason code.
        let sent = match version {
            Version::V5 => reason,
            Version::V4 => ReasonCode::SUCCESS,
        };
        let inbound = self.session.inbound();
        inbound.acknowledge(ticket, (sent, text), &mut self.effects.journal);
        match version {
            Version::V5 => Ok(()),
            Version::V4 => Err(Error::format(
                Code::NotSupported,
                "a rejected message (%) was acknowledged, because MQTT 3.1.1 has no refusal; use MQTT 5, or a dead letter",
                &[reason.name()],
            )),
        }
    }

    /// The application leaves a message that was deferred to the broker, which sends it again on the next connection of
    /// the session (§4.4).
    pub fn leave(&mut self, ticket: Option<Ticket>) {
        self.session.inbound().leave(ticket);
    }

    /// Whether an answer of the broker is awaited: an acknowledgement, SUBACK or UNSUBACK, PINGRESP.
    pub fn awaits_answer(&self) -> bool {
        !self.session.is_empty() || self.subscriptions.awaits_answer() || self.connection.awaits_pong()
    }

    /// Everything that was delivered and not deferred is handled: the acknowledgements are written, in the order of
    /// arrival.
    pub(super) fn write_acknowledgements(&mut self) {
        let inbound = self.session.inbound();
        if inbound.has_undelivered() {
            inbound.handlers_returned(inbound.next_ticket(), &mut self.effects.journal);
        }
        self.write_due_acknowledgements();
    }

    /// The acknowledgements of what is known to be handled.
    pub(super) fn write_due_acknowledgements(&mut self) {
        let inbound = self.session.inbound();
        loop {
            let count = write::pubacks(self.connection.out(), inbound.plain());
            inbound.written(count);
            let Some(ack) = inbound.next_acknowledgement(&mut self.effects.journal) else {
                return;
            };
            let version = self.connection.version();
            if ack.reason == ReasonCode::SUCCESS || version == Version::V4 {
                write::ack(self.connection.out(), ack.kind, ack.packet_id);
                continue;
            }
            let mut list = Vec::new();
            put(&mut list, Property::ReasonString, Value::Text(&ack.text));
            // Header, identifier, reason and length [MQTT-3.4.2-2].
            let fits = match self.connection.phase() {
                Phase::Online(online) => list.len() + 12 <= online.limits().max_packet_size,
                _ => false,
            };
            if ack.text.is_empty() || !fits {
                write::ack_with_reason(self.connection.out(), ack.kind, ack.packet_id, ack.reason);
            } else {
                let out = self.connection.out();
                write::ack_with_properties(out, ack.kind, ack.packet_id, ack.reason, &list);
            }
        }
    }

    /// Whether a publish is accepted: until `stop`, and after it while handlers are awaited, which may publish what they
    /// have found out.
    #[inline(always)]
    pub(super) fn check_accepting_publish(&self) -> Result<(), Error> {
        match self.check_accepting() {
            Err(_) if self.session.received().deferred() > 0 && !self.is_stopped() => Ok(()),
            checked => checked,
        }
    }
}
