//! Messages in flight (§4.3, §4.4): they get an identifier, are sent again in their order, and end with the
//! acknowledgement that their stage expects. The twin of `inbound.rs`.

use super::packet_ids::Holder;
use super::{Acked, Session};
use crate::codec::{publish, PacketId};
use crate::engine::config::Config;
use crate::engine::deadline::{Millis, NEVER};
use crate::engine::journal::Journal;
use crate::engine::output::Token;
use crate::engine::publishes::{Flight, Key, Publish};
use crate::engine::record::Stage;

impl Session {
    /// Whether one more message of this QoS, 1 or 2, may be in flight.
    pub fn has_place(&self, qos: u8, config: &Config) -> bool {
        self.publishes.len() < config.max_inflight
            && self.bytes_in_flight < config.max_inflight_bytes
            && self.has_quota(qos)
    }

    /// Whether this connection takes one more message of this QoS.
    fn has_quota(&self, qos: u8) -> bool {
        match &self.online {
            Some(online) => online.quota > 0 && (qos < 2 || self.qos2_sent < online.qos2_maximum),
            None => false,
        }
    }

    /// A message goes on the wire for the first time, under this identifier.
    pub fn launch(
        &mut self,
        now: Millis,
        mut publish: Publish,
        id: PacketId,
        ack_timeout: Millis,
        journal: &mut Journal,
    ) -> Key {
        self.last_order += 1;
        publish.flight = Some(Flight {
            packet_id: id,
            stage: Stage::Sent,
            order: self.last_order,
            sent_at: now,
            abandoned: false,
        });
        journal.flight(&publish);
        self.qos2_sent += (publish::qos(&publish.packet) == 2) as usize;
        self.bytes_in_flight += publish.packet.len();
        self.on_wire.sent(publish.suspicion);
        let key = self.publishes.insert(publish);
        self.ids.hold(id, Holder::Publish(key.slot()));
        self.use_quota();
        self.expect_ack(now, ack_timeout);
        key
    }

    fn use_quota(&mut self) {
        if let Some(online) = &mut self.online {
            online.quota -= 1;
        }
    }

    /// The send quota grows with each last acknowledgement (§4.9).
    fn return_quota(&mut self) {
        if let Some(online) = &mut self.online {
            online.quota += (online.quota < online.send_maximum) as usize;
        }
    }

    /// From here on the publish ends when its time limit is over.
    pub fn watch_timeout(&mut self, key: Key, timeout: Option<Millis>) {
        let Some(timeout) = timeout else { return };
        if let Some(since) = self.publishes.get(key).map(|publish| publish.since) {
            self.timeouts.insert(since, key, &mut self.publishes);
            self.age_due.hasten(since + timeout);
        }
    }

    /// The next message to be sent again: whether its PUBREL is what is sent, its identifier, its packet. None while
    /// there is none, or the broker's quota is used up.
    pub fn next_resend(&mut self) -> Option<(Stage, PacketId, &mut Vec<u8>)> {
        loop {
            let &key = self.resend.front()?;
            let publish = self.publishes.get(key);
            let found = publish.and_then(|publish| Some((publish.flight?, publish::qos(&publish.packet))));
            match found {
                None => drop(self.resend.pop_front()),
                Some((flight, qos)) if flight.stage == Stage::Sent && !self.has_quota(qos) => return None,
                Some((flight, _)) => {
                    let publish = self.publishes.get(key)?;
                    return Some((flight.stage, flight.packet_id, &mut publish.packet));
                }
            }
        }
    }

    /// The message of `next_resend` was written.
    pub fn resent(&mut self, now: Millis, ack_timeout: Millis) {
        let Some(key) = self.resend.pop_front() else {
            return;
        };
        if let Some(publish) = self.publishes.get(key) {
            self.qos2_sent += (publish::qos(&publish.packet) == 2) as usize;
            self.on_wire.sent(publish.suspicion);
            if let Some(flight) = &mut publish.flight {
                flight.sent_at = now;
                if flight.stage == Stage::Sent {
                    self.use_quota();
                }
            }
        }
        self.expect_ack(now, ack_timeout);
    }

    /// The message of `next_resend` is given up; the token of its call.
    pub fn abandon_resend(&mut self, journal: &mut Journal) -> Option<Token> {
        let key = self.resend.pop_front()?;
        self.publishes.get(key)?;
        self.end(key.slot(), journal)
    }

    #[inline(always)]
    pub fn has_resend(&self) -> bool {
        !self.resend.is_empty()
    }

    /// PUBACK (`qos` 1) or PUBCOMP (2): the last step.
    pub fn on_last_ack(&mut self, now: Millis, id: PacketId, qos: u8, journal: &mut Journal) -> Acked {
        let expected = if qos == 1 { Stage::Sent } else { Stage::Released };
        match self.in_flight(id) {
            Some((key, stage, of)) if stage == expected && of == qos => self.acked(now, key, journal),
            Some(_) => Acked::Mismatch,
            None if self.ids.holder(id).is_some() => Acked::Mismatch,
            None => {
                self.return_quota();
                Acked::Unknown
            }
        }
    }

    /// PUBACK for a message of QoS 2 whose PUBREC has not come: the broker has handled it as one of QoS 1.
    pub fn on_downgrade(&mut self, now: Millis, id: PacketId, journal: &mut Journal) -> Acked {
        match self.in_flight(id) {
            Some((key, Stage::Sent, 2)) => self.acked(now, key, journal),
            _ => Acked::Mismatch,
        }
    }

    /// PUBREC: the broker has the message, and from here on only PUBREL is sent [MQTT-4.3.3-1]. Or it refuses it.
    pub fn on_pubrec(&mut self, now: Millis, id: PacketId, refused: bool, journal: &mut Journal) -> Acked {
        match self.in_flight(id) {
            Some((key, _, 2)) if refused => self.acked(now, key, journal),
            Some((key, stage, 2)) => {
                self.acknowledged(now);
                self.last_order += (stage == Stage::Sent) as u64;
                let order = self.last_order;
                let Some(publish) = self.publishes.get(key) else {
                    return Acked::Unknown;
                };
                if let Some(flight) = &mut publish.flight {
                    if flight.sent_at != NEVER {
                        flight.sent_at = now;
                    }
                    if stage == Stage::Sent {
                        flight.stage = Stage::Released;
                        flight.order = order;
                        journal.flight(publish);
                    }
                }
                Acked::Progress
            }
            Some(_) => Acked::Mismatch,
            None if self.ids.holder(id).is_some() => Acked::Mismatch,
            None => Acked::Unknown,
        }
    }

    /// The message in flight under this identifier: its stage and QoS.
    #[cfg_attr(small_code, optimize(speed))]
    fn in_flight(&mut self, id: PacketId) -> Option<(Key, Stage, u8)> {
        let Some(Holder::Publish(slot)) = self.ids.holder(id) else {
            return None;
        };
        let (key, publish) = self.publishes.at(slot)?;
        Some((key, publish.flight?.stage, publish::qos(&publish.packet)))
    }

    fn acked(&mut self, now: Millis, key: Key, journal: &mut Journal) -> Acked {
        self.acknowledged(now);
        self.return_quota();
        Acked::Ended(self.end(key.slot(), journal))
    }

    /// A message in flight ends; the token of its call.
    #[cfg_attr(small_code, optimize(speed))]
    #[inline(never)]
    pub(super) fn end(&mut self, slot: u32, journal: &mut Journal) -> Option<Token> {
        let publish = self.land(slot, journal)?;
        let bytes = publish.packet.len();
        journal.ended(publish.record);
        let token = publish.token;
        self.bytes_in_flight -= bytes;
        self.publishes.drop(slot);
        token
    }

    /// A message is no longer in flight, and its identifier is free.
    #[cfg_attr(small_code, optimize(speed))]
    pub(super) fn land(&mut self, slot: u32, journal: &mut Journal) -> Option<&mut Publish> {
        let (_, publish) = self.publishes.at(slot)?;
        if let Some(flight) = publish.flight.take() {
            if flight.sent_at != NEVER {
                self.on_wire.answered(publish.suspicion);
                let qos2 = publish::qos(&publish.packet) == 2;
                self.qos2_sent = self.qos2_sent.saturating_sub(qos2 as usize);
            }
            self.ids.release(flight.packet_id);
            journal.landed(publish.record);
        }
        Some(publish)
    }
}
