//! Routes outgoing messages (§3.3, §4.3): from the user to the wire at once, or by way of the outbox; from the outbox to
//! the session when there is a place in the window. What acknowledges them is in `acknowledging.rs`.

use super::deadline::{Millis, NEVER};
use super::error::Error;
use super::message::{check_message, check_topic, Message};
use super::outbox::{expired, timed_out};
use super::output::Token;
use super::publishes::Publish;
use super::record::Stage;
use super::suspicion::Suspicion;
use super::{Engine, Version};
use crate::codec::properties::{with_number, Property};
use crate::codec::publish::{self, Parts};
use crate::codec::{write, Ack, PacketId};

/// What became of a publish when the call returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// QoS 0, and it is in the outgoing buffer: no [`super::Event::Done`] follows.
    Buffered,
    /// A [`super::Event::Done`] with the token follows.
    Pending,
}

impl Engine {
    /// Publishes a message: now, or when there is a connection and a place in the window.
    ///
    /// # Errors
    /// What is wrong with the message; `QUEUE_FULL` where it cannot be kept; `STOPPED`.
    #[inline(never)]
    #[cfg_attr(small_code, optimize(speed))]
    pub fn publish(
        &mut self,
        now: Millis,
        message: &Message<'_>,
        token: Option<Token>,
    ) -> Result<Published, Error> {
        check_topic(message.topic)?;
        self.publish_checked(now, message, token)
    }

    /// [`Engine::publish`] for a caller that has checked the topic before, with [`check_topic`].
    ///
    /// # Errors
    /// As `publish`.
    #[inline(always)]
    #[cfg_attr(small_code, optimize(speed))]
    pub fn publish_checked(
        &mut self,
        now: Millis,
        message: &Message<'_>,
        token: Option<Token>,
    ) -> Result<Published, Error> {
        self.check_accepting_publish()?;
        check_message(self.outbox.version(), message)?;
        if self.outbox.version() == Version::V5 {
            if let Some(online) = self.connection.online() {
                online.limits().check_publish(&message.parts())?;
            }
        }
        if !self.can_send_now() {
            return self.enqueue(now, message, token);
        }
        if message.qos > 0 {
            return self.publish_reliably(now, message, token);
        }
        self.search.note_unacknowledged(now);
        self.connection.write_publish(&message.parts(), None);
        self.sent += 1;
        Ok(Published::Buffered)
    }

    /// Whether nothing stands before a new message.
    #[inline(always)]
    pub(super) fn can_send_now(&self) -> bool {
        self.connection.can_write()
            && !self.outbox.has_ready()
            && !self.session.has_resend()
            && !self.subscriptions.has_request()
            && !self.search.is_isolating
    }

    #[inline(never)]
    fn enqueue(
        &mut self,
        now: Millis,
        message: &Message<'_>,
        token: Option<Token>,
    ) -> Result<Published, Error> {
        self.outbox.enqueue(now, message, token, &mut self.effects)?;
        Ok(Published::Pending)
    }

    #[cfg_attr(small_code, optimize(speed))]
    fn publish_reliably(
        &mut self,
        now: Millis,
        message: &Message<'_>,
        token: Option<Token>,
    ) -> Result<Published, Error> {
        if !self.session.has_place(message.qos, self.config()) {
            return self.enqueue(now, message, token);
        }
        let Some(id) = self.session.take_id(&mut self.effects.journal) else {
            return self.enqueue(now, message, token);
        };
        let start = self.connection.unsent();
        self.connection.write_publish(&message.parts(), Some(id));
        let packet = match self.connection.version() {
            Version::V4 => self.connection.out()[start..].to_vec(),
            // It may have been written with an alias, which lasts no longer than the connection.
            Version::V5 => message.encoded(Version::V5, Some(id)),
        };
        let mut publish = Publish {
            seq: self.outbox.next_seq(),
            token,
            packet,
            since: now,
            expires: message.expires(now),
            record: None,
            flight: None,
            requeued: false,
            suspicion: Suspicion::default(),
        };
        self.effects.journal.message(&mut publish);
        self.launch(now, publish, id);
        self.sent += 1;
        Ok(Published::Pending)
    }

    #[cfg_attr(small_code, optimize(speed))]
    fn launch(&mut self, now: Millis, publish: Publish, id: PacketId) {
        let ack_timeout = self.config().ack_timeout;
        let timeout = self.outbox.limits().publish_timeout();
        let key = self
            .session
            .launch(now, publish, id, ack_timeout, &mut self.effects.journal);
        self.session.watch_timeout(key, timeout);
    }

    /// Adds an item, already JSON, to the batch of its topic. Returns the token under which the batch will end: `token`
    /// if this item began it, otherwise that of the first item.
    ///
    /// # Errors
    /// As `publish`; `PACKET_TOO_LARGE` for an item of more than 16 MiB.
    pub fn batch(
        &mut self,
        now: Millis,
        item: &Message<'_>,
        token: Option<Token>,
    ) -> Result<Option<Token>, Error> {
        self.check_accepting_publish()?;
        check_topic(item.topic)?;
        let empty = Message {
            payload: &[],
            ..*item
        };
        check_message(self.outbox.version(), &empty)?;
        let ends_as = self.outbox.batch(now, item, token, &mut self.effects)?;
        self.flush_if_stopping(now);
        Ok(ends_as)
    }

    /// Puts a message at the end of the timed queue, which is one for all topics.
    ///
    /// # Errors
    /// As `publish`.
    pub fn queue(&mut self, now: Millis, message: &Message<'_>, token: Option<Token>) -> Result<(), Error> {
        self.check_accepting_publish()?;
        check_topic(message.topic)?;
        check_message(self.outbox.version(), message)?;
        self.outbox
            .enqueue_timed(now, message, token, &mut self.effects)?;
        self.flush_if_stopping(now);
        Ok(())
    }

    /// `stop` waits for no interval.
    fn flush_if_stopping(&mut self, now: Millis) {
        if self.lifecycle.is_stopping() {
            self.outbox.flush(now, &mut self.effects);
        }
    }

    /// Sends batches, oldest first, and the timed queue now. The token ends when every publish begun up to now has ended.
    pub fn flush(&mut self, now: Millis, token: Option<Token>) {
        self.outbox.flush(now, &mut self.effects);
        self.lifecycle.await_flush(self.outbox.last_seq(), token);
    }

    pub(super) fn end_flushes(&mut self) {
        if !self.lifecycle.has_flushes() {
            return;
        }
        let (outbox, session) = (&self.outbox, &self.session);
        let ended = self
            .lifecycle
            .ended_flushes(&|upto| outbox.any_up_to(upto) || session.any_up_to(upto));
        self.effects.all_succeeded(ended);
    }

    // ---- to the wire

    /// Moves packets into the outgoing buffer, up to the cap: requests unless they are suspects, then messages that are
    /// sent again, then the offline queue in its order.
    #[cfg_attr(small_code, optimize(speed))]
    pub(super) fn fill(&mut self, now: Millis) {
        while self.connection.can_write() {
            let has_request = self.subscriptions.has_request();
            let more = if has_request && self.is_next_request_free(now) {
                self.send_request(now)
            } else if self.session.has_resend() {
                self.resend(now)
            } else if self.outbox.has_ready() {
                self.send_ready(now)
            } else {
                false
            };
            let more = more || self.subscriptions.has_suspect() && self.send_request(now);
            if !more {
                return;
            }
        }
    }

    /// Sends the first message of the offline queue. False: there is no place in the window.
    fn send_ready(&mut self, now: Millis) -> bool {
        let Some(front) = self.outbox.front() else {
            return true;
        };
        let (qos, suspicion) = (publish::qos(&front.packet), front.suspicion);
        if !self.may_send(now, suspicion) {
            return false;
        }
        let mut id = None;
        if qos > 0 {
            if !self.session.has_place(qos, self.config()) {
                return false;
            }
            match self.session.take_id(&mut self.effects.journal) {
                None => return false,
                taken => id = taken,
            }
        }
        let Some(mut publish) = self.outbox.take_front() else {
            return true;
        };
        if let Err(error) = self.prepare_to_send(now, &mut publish) {
            if let Some(id) = id {
                self.session.release_id(id);
            }
            self.effects.journal.ended(publish.record);
            self.outbox.count_dropped();
            self.effects.failed(publish.token, error);
            return true;
        }
        if let Some(id) = id {
            publish::set_packet_id(&mut publish.packet, id);
        }
        self.write_packet(&publish.packet, id);
        self.sent += !publish.requeued as u64;
        if let Some(id) = id {
            publish.requeued = false;
            self.launch(now, publish, id);
        } else {
            self.search.note_unacknowledged(now);
            self.effects.journal.ended(publish.record);
            self.effects.succeeded(publish.token);
        }
        true
    }

    /// A message that has waited: an error if the broker does not take it, or if it has expired; what is left of its expiry
    /// interval is written into it [MQTT-3.3.2-6].
    fn prepare_to_send(&mut self, now: Millis, publish: &mut Publish) -> Result<(), Error> {
        let (version, Some(online)) = (self.connection.version(), self.connection.online()) else {
            return Ok(());
        };
        if version == Version::V4 {
            return Ok(());
        }
        let Some(parts) = publish::parts(version, &publish.packet) else {
            return Ok(());
        };
        online.limits().check_publish(&parts)?;
        if publish.expires == NEVER {
            return Ok(());
        }
        if publish.expires <= now {
            return Err(expired());
        }
        let left = (publish.expires - now).div_ceil(1000) as u32;
        let properties = with_number(parts.properties, Property::MessageExpiryInterval, left);
        let parts = Parts {
            properties: &properties,
            ..parts
        };
        let mut packet = Vec::new();
        publish::encode(&mut packet, version, &parts, None);
        publish.packet = packet;
        Ok(())
    }

    fn write_packet(&mut self, packet: &[u8], id: Option<PacketId>) {
        let parts = match self.connection.version() {
            Version::V4 => None,
            Version::V5 => publish::parts(Version::V5, packet),
        };
        match parts {
            Some(parts) => self.connection.write_publish(&parts, id),
            None => self.connection.out().extend_from_slice(packet),
        }
    }

    /// Sends the next message of a kept session again: PUBLISH with DUP [MQTT-3.3.1-1], or PUBREL. False: the broker's
    /// quota is used up.
    fn resend(&mut self, now: Millis) -> bool {
        let ack_timeout = self.config().ack_timeout;
        let version = self.connection.version();
        let suspicion = self.session.next_suspicion();
        if !self.may_send(now, suspicion) {
            return false;
        }
        let Some((stage, id, packet)) = self.session.next_resend() else {
            return !self.session.has_resend();
        };
        if stage == Stage::Released {
            write::ack(self.connection.out(), Ack::PubRel, id);
        } else {
            // The broker that resumes the session may take less than the one that began it.
            let limits = self.connection.online().map(|online| online.limits());
            let refused = limits
                .zip(publish::parts(version, packet))
                .and_then(|(limits, parts)| limits.check_publish(&parts).err());
            if let Some(error) = refused {
                let token = self.session.abandon_resend(&mut self.effects.journal);
                self.outbox.count_dropped();
                self.effects.failed(token, error);
                return true;
            }
            publish::set_dup(packet);
            self.connection.out().extend_from_slice(packet);
        }
        self.session.resent(now, ack_timeout);
        true
    }

    // ---- time

    /// Ends publishes that have taken too long, and messages that have expired.
    pub(super) fn check_ages(&mut self, now: Millis) {
        let is_online = self.is_online();
        if self.outbox.age_expired(now, is_online) {
            self.outbox.on_expiry(now, &mut self.effects);
        }
        if !self.session.age_expired(now) {
            return;
        }
        let Some(timeout) = self.outbox.limits().publish_timeout() else {
            return;
        };
        let overdue = self.session.timed_out(now, timeout);
        self.effects.all_failed(overdue, &timed_out(timeout));
    }
}
