//! Messages received and the acknowledgements owed for them (§4.3): each is owed one until the application has dealt
//! with it, and they are sent in the order of arrival [MQTT-4.6.0-2]. Never sees a payload, and never writes a packet
//! by itself: it says which acknowledgement is next.

mod dealt_with;

use super::super::journal::Journal;
use super::super::output::{MessageView, Ticket};
use super::owed::{Owed, Queue, State};
use super::unreleased::Unreleased;
use crate::codec::{Ack, PacketId, ReasonCode};

/// An acknowledgement to be written now.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::engine) struct Acknowledgement {
    pub kind: Ack,
    pub packet_id: PacketId,
    pub reason: ReasonCode,
    /// What the application says of a refusal.
    pub text: String,
}

#[derive(Debug, Default)]
pub(in crate::engine) struct Inbound {
    /// Messages of the bytes last received.
    views: Vec<MessageView>,
    unreleased: Unreleased,
    /// Acknowledgements owed on this connection, in the order of arrival.
    owed: Queue,
    /// The ticket of the message that arrives next.
    next: Ticket,
    /// The handlers of everything before this ticket have returned.
    returned: Ticket,
    /// Messages of earlier connections that the application goes on with, or that are of QoS 2 and refused: nothing is owed
    /// for them, unless they are of QoS 2 and come again.
    earlier: Vec<Owed>,
    /// How many messages of this and earlier connections are deferred, those of QoS 0 included.
    deferred: usize,
    /// What the application says of messages that it refuses.
    texts: Vec<(Ticket, String)>,
    /// Messages of this connection whose last acknowledgement is not written.
    open: usize,
    /// Last acknowledgements that are written and not transmitted.
    untransmitted: usize,
    /// How many there may be of both; in 3.1.1 there is no such limit.
    receive_maximum: usize,
    /// Messages given to the application.
    pub received: u64,
}

/// How a PUBREL is answered.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::engine) enum Released {
    /// PUBCOMP, now.
    Complete,
    /// PUBCOMP behind the PUBREC, which is owed still.
    Later,
    /// There is no such message.
    Unknown,
}

impl Inbound {
    /// A new connection, on which the broker may have so many messages unacknowledged.
    pub fn connected(&mut self, receive_maximum: usize) {
        (self.open, self.untransmitted) = (0, 0);
        self.receive_maximum = receive_maximum;
    }

    /// Nothing is owed on a connection that is gone: the broker sends again what was not acknowledged.
    pub fn disconnected(&mut self) {
        self.texts.clear();
        for at in 0..self.owed.len() {
            let owed = self.owed[at];
            match (owed.kind, owed.state) {
                // It is delivered again.
                (Ack::PubRec, State::Left) => {
                    self.unreleased.clear(owed.packet_id);
                }
                // PUBREC was not sent: the message comes again, and is a repetition, also if a PUBREL has released it.
                (Ack::PubRec, state) => {
                    self.unreleased.mark(owed.packet_id);
                    let is_known = self.repeated(owed.packet_id).is_some();
                    if !is_known && state != State::Handled(ReasonCode::SUCCESS) {
                        self.earlier.push(owed);
                    }
                }
                // It comes again, and is delivered again (§4.3.2).
                (_, State::Deferred) => self.earlier.push(owed),
                _ => {}
            }
        }
        self.owed.skip(self.owed.len());
    }

    /// The session is lost: the broker knows none of its identifiers.
    pub fn session_lost(&mut self, journal: &mut Journal) {
        self.unreleased.clear_all(|id| journal.received(id, false));
        retain(&mut self.earlier, &mut |owed| {
            owed.kind = Ack::PubAck;
            owed.state == State::Deferred
        });
    }

    /// The place of a message of QoS 2 that came on an earlier connection.
    fn repeated(&self, packet_id: PacketId) -> Option<usize> {
        let is_it = |owed: &Owed| owed.packet_id == packet_id && owed.kind == Ack::PubRec;
        self.earlier.iter().position(is_it)
    }

    /// Whether one more message than Receive Maximum allows has come [MQTT-3.3.4-9].
    pub fn is_full(&self) -> bool {
        self.open + self.untransmitted >= self.receive_maximum
    }

    /// A message arrived. False if it is a repetition: it is acknowledged again, and not delivered
    /// again [MQTT-4.3.3-2].
    #[cfg_attr(small_code, optimize(speed))]
    pub fn arrived(&mut self, packet_id: Option<PacketId>, qos: u8) -> bool {
        // QoS 0 has none.
        let Some(packet_id) = packet_id else { return true };
        if qos == 1 {
            self.open += 1;
            self.owe(packet_id, Ack::PubAck, State::Delivered);
            return true;
        }
        let first = self.unreleased.mark(packet_id);
        self.open += first as usize;
        let mut state = State::Delivered;
        if let Some(place) = self.repeated(packet_id) {
            state = self.earlier[place].state;
            // While it is deferred, `acknowledge` finds both by the identifier.
            if state != State::Deferred {
                self.earlier.swap_remove(place);
            } else if first {
                self.earlier[place].kind = Ack::PubAck;
            }
        }
        self.owe(
            packet_id,
            Ack::PubRec,
            if first { State::Delivered } else { state },
        );
        first
    }

    #[inline(never)]
    #[cfg_attr(small_code, optimize(speed))]
    fn owe(&mut self, packet_id: PacketId, kind: Ack, state: State) {
        let ticket = self.next;
        self.next = ticket.wrapping_add(1);
        self.owed.push(Owed {
            ticket,
            packet_id,
            kind,
            state,
        });
    }

    /// A message whose PUBREL has not come: known from the store.
    pub fn mark_unreleased(&mut self, packet_id: PacketId) {
        self.unreleased.mark(packet_id);
    }

    /// The ticket of the message that arrives next.
    pub fn next_ticket(&self) -> Ticket {
        self.next
    }

    /// How many messages the application goes on with.
    pub fn deferred(&self) -> usize {
        self.deferred
    }

    fn place(&self, ticket: Ticket) -> Option<usize> {
        let place = ticket.wrapping_sub(self.owed.first()?.ticket) as usize;
        (place < self.owed.len()).then_some(place)
    }

    /// The next acknowledgements, as far as they are what most are: of QoS 1, success, and the handlers have just returned.
    /// `written` follows.
    #[inline(always)]
    pub fn plain(&self) -> impl ExactSizeIterator<Item = PacketId> + '_ {
        let is_plain = |owed: &Owed| owed.kind == Ack::PubAck && owed.state == State::Delivered;
        let is_next = |owed: &&Owed| is_plain(owed) && is_before(owed.ticket, self.returned);
        let count = self.owed.iter().take_while(is_next).count();
        self.owed[..count].iter().map(|owed| owed.packet_id)
    }

    /// So many of `plain` are written.
    pub fn written(&mut self, count: usize) {
        self.owed.skip(count);
        let counted = count.min(self.open);
        self.open -= counted;
        self.untransmitted += counted;
    }

    /// The next acknowledgement that may be sent: it is written at once.
    pub fn next_acknowledgement(&mut self, journal: &mut Journal) -> Option<Acknowledgement> {
        loop {
            let owed = *self.owed.first()?;
            let reason = match owed.state {
                State::Delivered if is_before(owed.ticket, self.returned) => ReasonCode::SUCCESS,
                State::Handled(reason) => reason,
                State::Left => {
                    self.owed.skip(1);
                    if owed.kind == Ack::PubRec {
                        self.unreleased.clear(owed.packet_id);
                    }
                    continue;
                }
                _ => return None,
            };
            self.owed.skip(1);
            match owed.kind {
                Ack::PubRec if reason.is_error() => {
                    self.unreleased.clear(owed.packet_id);
                    self.last_written();
                }
                Ack::PubRec => journal.received(owed.packet_id, true),
                Ack::PubComp => {
                    journal.received(owed.packet_id, false);
                    self.last_written();
                }
                _ => self.last_written(),
            }
            return Some(Acknowledgement {
                kind: owed.kind,
                packet_id: owed.packet_id,
                reason,
                text: self.take_text(owed.ticket),
            });
        }
    }

    fn take_text(&mut self, ticket: Ticket) -> String {
        match self.texts.iter().position(|&(of, _)| of == ticket) {
            Some(place) => self.texts.swap_remove(place).1,
            None => String::new(),
        }
    }

    /// Whether handlers have yet to return.
    pub fn has_undelivered(&self) -> bool {
        self.returned != self.next_ticket()
    }

    /// Whether the application has yet to deal with something.
    pub fn has_unhandled(&self) -> bool {
        self.deferred > 0 || self.has_undelivered()
    }

    /// PUBREL. The identifier is free for another message, which may have arrived already.
    pub fn released(&mut self, packet_id: PacketId, journal: &mut Journal) -> Released {
        let known = self.unreleased.clear(packet_id);
        let is_it = |owed: &Owed| owed.packet_id == packet_id && owed.kind == Ack::PubRec;
        if known && self.owed.iter().any(is_it) {
            self.owe(packet_id, Ack::PubComp, State::Delivered);
            return Released::Later;
        }
        journal.received(packet_id, false);
        if !known {
            return Released::Unknown;
        }
        self.last_written();
        Released::Complete
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

    #[cfg_attr(small_code, optimize(speed))]
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

/// Keeps some of a list, in any order; half the code of `Vec::retain`.
#[inline(never)]
fn retain(list: &mut Vec<Owed>, keep: &mut dyn FnMut(&mut Owed) -> bool) {
    let mut at = 0;
    while let Some(owed) = list.get_mut(at) {
        if keep(owed) {
            at += 1;
        } else {
            list.swap_remove(at);
        }
    }
}

/// Whether one ticket is older than another.
fn is_before(ticket: Ticket, other: Ticket) -> bool {
    (ticket.wrapping_sub(other) as i32) < 0
}
