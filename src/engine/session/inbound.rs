//! Messages received and the acknowledgements owed for them (§4.3): each is owed one until the application has dealt
//! with it, and they are sent in the order of arrival [MQTT-4.6.0-2]. Never sees a payload, and never writes a packet
//! by itself: it says which acknowledgement is next.

use std::collections::VecDeque;

use super::super::journal::Journal;
use super::super::output::{MessageView, Ticket};
use crate::codec::{Ack, PacketId};

#[derive(Debug, Clone, Copy)]
struct Owed {
    ticket: Ticket,
    packet_id: PacketId,
    kind: Ack,
}

#[derive(Debug, Default)]
pub(in crate::engine) struct Inbound {
    /// Messages of the bytes last received.
    views: Vec<MessageView>,
    /// QoS 2: one bit for each identifier between its PUBLISH and its PUBREL; empty until QoS 2 is used.
    unreleased: Vec<u64>,
    /// Acknowledgements owed on this connection, in the order of arrival.
    owed: VecDeque<Owed>,
    /// The ticket of the message that arrives next.
    next: Ticket,
    /// The application has dealt with everything before this ticket.
    handled: Ticket,
    /// QoS 2 of earlier connections that the application has not dealt with: nothing is owed for them, but the store
    /// has to know when they are handled.
    unrecorded: VecDeque<Owed>,
    /// Messages of this connection whose last acknowledgement is not written.
    open: usize,
    /// Last acknowledgements that are written and not transmitted.
    untransmitted: usize,
    /// How many there may be of both; in 3.1.1 there is no such limit.
    receive_maximum: usize,
    /// Messages given to the application.
    pub received: u64,
}

impl Inbound {
    /// A new connection, on which the broker may have so many messages unacknowledged.
    pub fn connected(&mut self, receive_maximum: usize) {
        (self.open, self.untransmitted) = (0, 0);
        self.receive_maximum = receive_maximum;
    }

    /// Nothing is owed on a connection that is gone: the broker sends again what was not acknowledged.
    pub fn disconnected(&mut self) {
        while let Some(owed) = self.owed.pop_front() {
            if owed.kind == Ack::PubRec {
                // It was not sent: the message comes again, and is a repetition, also if a PUBREL has released it.
                self.mark_unreleased(owed.packet_id);
                self.unrecorded.push_back(owed);
            }
        }
    }

    /// The session is lost: the broker knows none of its identifiers.
    pub fn session_lost(&mut self, journal: &mut Journal) {
        for (at, word) in (0u16..).zip(&self.unreleased) {
            for bit in 0..64 {
                match PacketId::new(at << 6 | bit) {
                    Some(id) if word & 1 << bit != 0 => journal.received(id, false),
                    _ => {}
                }
            }
        }
        self.unreleased.clear();
        self.unrecorded.clear();
    }

    /// Whether one more message than Receive Maximum allows has come [MQTT-3.3.4-9].
    pub fn is_full(&self) -> bool {
        self.open + self.untransmitted >= self.receive_maximum
    }

    /// A message arrived. False if it is a repetition: it is acknowledged again, and not delivered
    /// again [MQTT-4.3.3-2].
    pub fn arrived(&mut self, packet_id: Option<PacketId>, qos: u8) -> bool {
        // QoS 0 has none.
        let Some(packet_id) = packet_id else { return true };
        let first = qos == 1 || self.mark_unreleased(packet_id);
        self.open += first as usize;
        let kind = if qos == 1 { Ack::PubAck } else { Ack::PubRec };
        self.owe(packet_id, kind);
        first
    }

    fn owe(&mut self, packet_id: PacketId, kind: Ack) {
        let ticket = self.next;
        self.next = ticket.wrapping_add(1);
        self.owed.push_back(Owed {
            ticket,
            packet_id,
            kind,
        });
    }

    /// True the first time.
    pub fn mark_unreleased(&mut self, packet_id: PacketId) -> bool {
        if self.unreleased.is_empty() {
            self.unreleased.resize(1 << 10, 0);
        }
        let (place, bit) = bit_of(packet_id);
        let word = &mut self.unreleased[place];
        let first = *word & bit == 0;
        *word |= bit;
        first
    }

    /// The ticket of the message that arrives next.
    pub fn next_ticket(&self) -> Ticket {
        self.next
    }

    /// The application has dealt with everything before this ticket.
    pub fn handled_before(&mut self, ticket: Ticket, journal: &mut Journal) {
        while let Some(owed) = pop_before(&mut self.unrecorded, ticket) {
            journal.received(owed.packet_id, true);
        }
        if is_before(self.handled, ticket) {
            self.handled = ticket;
        }
    }

    /// The next acknowledgement that may be sent: it is written at once.
    pub fn next_acknowledgement(&mut self, journal: &mut Journal) -> Option<(Ack, PacketId)> {
        let Owed { packet_id, kind, .. } = pop_before(&mut self.owed, self.handled)?;
        match kind {
            Ack::PubRec => journal.received(packet_id, true),
            Ack::PubComp => {
                journal.received(packet_id, false);
                self.last_written();
            }
            _ => self.last_written(),
        }
        Some((kind, packet_id))
    }

    /// Whether the application has yet to deal with something.
    pub fn has_unhandled(&self) -> bool {
        self.handled != self.next_ticket()
    }

    /// PUBREL: what is answered at once. None: the PUBREC is owed still, and PUBCOMP follows it. False: there was no such
    /// message. In either case the identifier is free for another message, which may have arrived already.
    pub fn released(&mut self, packet_id: PacketId, journal: &mut Journal) -> Option<bool> {
        let known = self.clear_unreleased(packet_id);
        for at in 0..self.owed.len() {
            let owed = self.owed[at];
            if known && owed.packet_id == packet_id && owed.kind == Ack::PubRec {
                self.owe(packet_id, Ack::PubComp);
                return None;
            }
        }
        journal.received(packet_id, false);
        if known {
            self.last_written();
        }
        Some(known)
    }

    /// True if it was marked.
    fn clear_unreleased(&mut self, packet_id: PacketId) -> bool {
        let (place, bit) = bit_of(packet_id);
        match self.unreleased.get_mut(place) {
            Some(word) if *word & bit != 0 => {
                *word &= !bit;
                true
            }
            _ => false,
        }
    }

    /// The last acknowledgement of a message is written; the message may be of an earlier connection.
    fn last_written(&mut self) {
        if self.open > 0 {
            self.open -= 1;
            self.untransmitted += 1;
        }
    }

    /// All acknowledgements that were written are transmitted.
    pub fn transmitted(&mut self) {
        self.untransmitted = 0;
    }

    // ---- messages of the bytes last received

    pub fn views(&self) -> &[MessageView] {
        &self.views
    }

    pub fn push(&mut self, view: MessageView) {
        self.views.push(view);
        self.received += 1;
    }

    pub fn clear_views(&mut self) {
        self.views.clear();
    }

    /// Gives back memory that a burst needed.
    pub fn shrink(&mut self) {
        self.views = Vec::new();
    }

    #[cfg(test)]
    pub fn capacity(&self) -> usize {
        self.views.capacity()
    }
}

/// The word and the bit of an identifier in `unreleased`.
fn bit_of(packet_id: PacketId) -> (usize, u64) {
    let number = packet_id.get();
    (usize::from(number >> 6), 1 << (number & 63))
}

/// Takes the first of them, if its ticket is older than this one.
fn pop_before(queue: &mut VecDeque<Owed>, ticket: Ticket) -> Option<Owed> {
    let first = queue.front()?;
    match is_before(first.ticket, ticket) {
        true => queue.pop_front(),
        false => None,
    }
}

/// Whether one ticket is older than another.
fn is_before(ticket: Ticket, other: Ticket) -> bool {
    (ticket.wrapping_sub(other) as i32) < 0
}
