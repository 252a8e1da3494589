//! The session (§4.1): packet identifiers, messages in flight and the order in which they are sent again, messages
//! received and the acknowledgements owed for them. Never decides when to connect, and never writes to the transport:
//! it answers what is to be written. Here is what a connection, its end and the loss of the session do with messages in
//! flight.

pub(super) mod inbound;
mod outbound;
mod owed;
pub(super) mod packet_ids;
mod restoring;
mod suspects;
mod timeouts;
mod unreleased;

use std::collections::VecDeque;

use super::deadline::{Deadline, Millis, NEVER};
use super::journal::Journal;
use super::output::Token;
use super::publishes::{BySince, Ended, Flight, Key, Publish, Publishes};
use super::record::Stage;
use super::suspicion::OnWire;
use crate::codec::{publish, PacketId, Version};
use inbound::Inbound;
use packet_ids::{Holder, PacketIds};

/// The state that a session has while it is online.
#[derive(Debug)]
struct Online {
    /// Messages of QoS 1 and 2 that may yet be sent on this connection (§4.9).
    quota: usize,
    /// The broker's Receive Maximum.
    send_maximum: usize,
    /// How many messages of QoS 2 may be in flight on this connection.
    qos2_maximum: usize,
    /// The broker resumed our session.
    resumed: bool,
    last_ack: Millis,
    /// An acknowledgement of nothing was reported.
    unexpected_ack_reported: bool,
}

#[derive(Debug, Default)]
pub(super) struct Session {
    /// Messages in flight.
    publishes: Publishes,
    ids: PacketIds,
    /// To be sent again on this connection, in the order of the first time.
    resend: VecDeque<Key>,
    last_order: u64,
    online: Option<Online>,
    /// Of the packets of messages in flight.
    bytes_in_flight: usize,
    /// Messages of QoS 2 that are on the wire of this connection.
    qos2_sent: usize,
    on_wire: OnWire,
    inbound: Inbound,
    /// Publishes that may exceed `publishtimeout`.
    timeouts: BySince,
    ack_due: Deadline,
    age_due: Deadline,
}

/// What an acknowledgement means.
#[derive(Debug)]
pub(super) enum Acked {
    /// It ends a publish; the token of its call.
    Ended(Option<Token>),
    /// It is a step on the way (PUBREC).
    Progress,
    /// It is of another kind than the message asks for.
    Mismatch,
    /// Nothing holds this identifier.
    Unknown,
}

impl Session {
    pub fn inbound(&mut self) -> &mut Inbound {
        &mut self.inbound
    }

    pub fn received(&self) -> &Inbound {
        &self.inbound
    }

    // ---- the connection

    /// CONNACK arrived. `send_maximum` is the broker's Receive Maximum, `qos2_maximum` how many of these may be of QoS 2,
    /// `receive_maximum` is ours.
    pub fn connected(
        &mut self,
        now: Millis,
        send_maximum: usize,
        qos2_maximum: usize,
        receive_maximum: usize,
        resumed: bool,
    ) {
        self.qos2_sent = 0;
        self.on_wire = OnWire::default();
        self.online = Some(Online {
            quota: send_maximum,
            send_maximum,
            qos2_maximum,
            resumed,
            last_ack: now,
            unexpected_ack_reported: false,
        });
        self.resend.clear();
        self.inbound.connected(receive_maximum);
    }

    pub fn disconnected(&mut self) {
        self.online = None;
        for &(_, slot) in &self.in_sending_order() {
            if let Some((_, publish)) = self.publishes.at(slot) {
                if let Some(flight) = &mut publish.flight {
                    flight.sent_at = NEVER;
                }
            }
        }
        self.ack_due.clear();
        self.inbound.disconnected();
    }

    /// The session is kept: everything in flight is to be sent again [MQTT-4.4.0-1], each PUBREL, then each PUBLISH, in the
    /// order in which it was sent [MQTT-4.6.0-1].
    pub fn schedule_resend(&mut self) {
        for &(_, slot) in &self.in_sending_order() {
            if let Some((key, _)) = self.publishes.at(slot) {
                self.resend.push_back(key);
            }
        }
    }

    /// The session is lost: the places of everything in flight, in the order of sending, to be taken out with
    /// `take_lost`.
    pub fn session_lost(&mut self, journal: &mut Journal) -> Vec<(u64, u32)> {
        self.inbound.session_lost(journal);
        while let Some(id) = self.ids.free_reserved() {
            journal.reserved(id, false);
        }
        self.in_sending_order()
    }

    /// Takes a message out of the lost session, without its identifier. Of one whose caller was told that it took too long
    /// nothing remains.
    pub fn take_lost(&mut self, slot: u32, journal: &mut Journal) -> Option<Publish> {
        let (_, publish) = self.publishes.at(slot)?;
        let abandoned = publish.flight.is_some_and(|flight| flight.abandoned);
        self.bytes_in_flight -= publish.packet.len();
        let publish = self.land(slot, journal)?;
        if abandoned {
            journal.ended(publish.record);
            self.publishes.drop(slot);
            return None;
        }
        publish::clear_dup(&mut publish.packet);
        self.publishes.take(slot)
    }

    /// Messages that the broker has are older than those that it may not have: their PUBREL come first, in the order of
    /// PUBREC [MQTT-4.6.0-4], because with each of them the broker hands a message on.
    fn in_sending_order(&self) -> Vec<(u64, u32)> {
        self.publishes.sorted(|publish| {
            let Flight { stage, order, .. } = publish.flight?;
            Some(order | ((stage == Stage::Sent) as u64) << 63)
        })
    }

    /// An acknowledgement arrived: the broker is at work.
    pub fn acknowledged(&mut self, now: Millis) {
        if let Some(online) = &mut self.online {
            online.last_ack = now;
        }
    }

    /// Whether an acknowledgement of nothing that is in flight may be a repetition, or belong to an earlier life of
    /// this client in a resumed session.
    pub fn may_be_late(&self, id: PacketId) -> bool {
        self.is_resumed() || self.ids.was_used(id)
    }

    pub fn is_resumed(&self) -> bool {
        self.online.as_ref().is_some_and(|online| online.resumed)
    }

    /// Whether an acknowledgement of nothing is to be reported: once a connection.
    pub fn reports_unexpected_ack(&mut self, id: PacketId) -> bool {
        let late = self.may_be_late(id);
        let online = self.online.as_mut();
        online.is_some_and(|online| !late && !std::mem::replace(&mut online.unexpected_ack_reported, true))
    }

    // ---- identifiers

    pub fn holder(&self, id: PacketId) -> Option<Holder> {
        self.ids.holder(id)
    }

    /// An identifier for a request in this place of its table; none while all are taken.
    pub fn take_request_id(&mut self, slot: u32, journal: &mut Journal) -> Option<PacketId> {
        let id = self.take_id(journal)?;
        self.ids.hold(id, Holder::Request(slot));
        Some(id)
    }

    #[cfg_attr(small_code, optimize(speed))]
    pub fn take_id(&mut self, journal: &mut Journal) -> Option<PacketId> {
        let id = self.ids.take()?;
        journal.reserved(id, false);
        Some(id)
    }

    pub fn release_id(&mut self, id: PacketId) {
        self.ids.release(id);
    }

    // ---- the whole

    /// Messages of QoS 1 and 2 that the broker has not acknowledged to the end.
    pub fn len(&self) -> usize {
        self.publishes.len()
    }

    pub fn any_up_to(&self, seq: u64) -> bool {
        self.publishes.any_up_to(seq)
    }

    /// Ends the calls of everything in flight. Where the session is kept, messages of QoS 2 stay in flight until it is lost,
    /// because the broker may hold them, and then waits for the rest [MQTT-4.4.0-1].
    pub fn drain(&mut self, keeps_qos2: bool, journal: &mut Journal, ended: &mut Vec<Ended>) {
        self.resend.clear();
        self.timeouts.clear();
        self.age_due.clear();
        for &(_, slot) in &self.publishes.in_order() {
            if let Some((_, publish)) = self.publishes.at(slot) {
                ended.push(publish.ended());
                match &mut publish.flight {
                    Some(flight) if keeps_qos2 && publish::qos(&publish.packet) == 2 => {
                        flight.abandoned = true;
                        publish.token = None;
                        // No flush waits for it.
                        publish.seq = u64::MAX;
                    }
                    _ => drop(self.end(slot, journal)),
                }
            }
        }
    }

    /// The message in this place is no longer in flight, and its identifier is kept from others.
    fn reserve(&mut self, slot: u32, journal: &mut Journal) {
        let Some((_, publish)) = self.publishes.at(slot) else {
            return;
        };
        let record = publish.record;
        if let Some(flight) = publish.flight.take() {
            journal.landed(record);
            journal.reserved(flight.packet_id, true);
            self.ids.reserve(flight.packet_id);
        }
    }

    /// From here on another protocol is spoken.
    pub fn reencode(&mut self, from: Version, to: Version) {
        for &(_, slot) in &self.publishes.in_order() {
            let Some((_, publish)) = self.publishes.at(slot) else {
                continue;
            };
            let id = publish.flight.map(|flight| flight.packet_id);
            if let Some(packet) = publish::reencoded(from, to, &publish.packet, id) {
                self.bytes_in_flight = self.bytes_in_flight + packet.len() - publish.packet.len();
                publish.packet = packet;
            }
        }
    }

    #[cfg(test)]
    pub fn slots(&self) -> usize {
        self.publishes.slots()
    }

    #[cfg(test)]
    pub fn reserved_ids(&self) -> usize {
        self.ids.reserved()
    }

    /// Whether nothing is in flight.
    pub fn is_empty(&self) -> bool {
        self.publishes.len() == 0
    }

    /// Bytes in flight, and identifiers in use.
    #[cfg(test)]
    pub fn held(&self) -> (usize, usize) {
        (self.bytes_in_flight, self.ids.held())
    }
}

#[cfg(test)]
mod tests;
