//! Outgoing messages: taken from the user, put on the wire at once or when there is room,
//! acknowledged to the end (§3.3, §4.3).

use super::aliases::Alias;
use super::event::{Outcome, Token};
use super::message::{check_message, check_topic, Message, NEVER};
use super::ops::{Key, Stage, Work};
use super::text::{compose, count};
use super::timers::{Millis, Timer};
use super::{Code, Engine, Error, SEND_CAP};
use crate::codec::properties::{number, with_number, without, Property};
use crate::codec::publish::Parts;
use crate::codec::{publish, write, Ack, DecodeError, PacketId, ReasonCode, Version};

/// What became of a publish when the call returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// QoS 0, and it is in `outgoing`: no `Done` follows.
    Now,
    /// A `Done` with the token follows.
    Later,
}

/// Messages and bytes that wait: offline, behind the window, in the queue, in batches.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub messages: usize,
    pub bytes: usize,
}

impl Engine {
    #[inline(never)]
    pub fn publish(&mut self, now: Millis, message: &Message<'_>, token: Token) -> Result<Taken, Error> {
        check_topic(message.topic)?;
        self.publish_checked(now, message, token)
    }

    /// For a caller that has checked the topic before, with `check_topic`.
    #[inline(always)]
    pub fn publish_checked(
        &mut self,
        now: Millis,
        message: &Message<'_>,
        token: Token,
    ) -> Result<Taken, Error> {
        self.accepting()?;
        check_message(self.version, message)?;
        if self.version == Version::V5 && self.is_online() {
            self.server.takes(&message.parts())?;
        }
        if !self.can_send_now() {
            return self.wait(now, message, token);
        }
        if message.qos > 0 {
            return self.publish_reliably(now, message, token);
        }
        self.write_here(&message.parts(), 0);
        self.stats.sent += 1;
        Ok(Taken::Now)
    }

    fn publish_reliably(&mut self, now: Millis, message: &Message<'_>, token: Token) -> Result<Taken, Error> {
        if !self.has_place() {
            return self.wait(now, message, token);
        }
        let key = self.ops.insert(token, Work::Publish(Vec::new()));
        if !self.ops.assign_pid(key) {
            self.ops.remove(key);
            return self.wait(now, message, token);
        }
        let pid = self.ops.put_on_wire(key, now).map_or(0, |op| op.pid);
        let start = self.out.len();
        let parts = message.parts();
        let kept = match self.write(&parts, pid) {
            true => self.out[start..].to_vec(),
            false => encode(self.version, &lasting(&parts, &mut Vec::new()), pid),
        };
        if let Some(op) = self.ops.get(key) {
            op.work = Work::Publish(kept);
        }
        self.ops.write_down(key);
        self.link.quota -= 1;
        self.stats.sent += 1;
        self.expect_ack(now);
        self.await_end(key, now);
        Ok(Taken::Later)
    }

    /// Appends a PUBLISH to what is outgoing, with a topic alias if there is one; false if it has one, and
    /// means something on this connection only.
    fn write(&mut self, parts: &Parts<'_>, pid: u16) -> bool {
        self.write_here(parts, pid)
    }

    #[inline(always)]
    fn write_here(&mut self, parts: &Parts<'_>, pid: u16) -> bool {
        let mut parts = *parts;
        if self.version == Version::V5 {
            if number(parts.properties, Property::TopicAlias).is_some() {
                self.aliases.leave_outbound();
                publish::encode(&mut self.out, self.version, &parts, PacketId::new(pid));
                return false;
            }
            // As long as with any alias: the lengths in front may grow too.
            let longest = Parts { alias: 1, ..parts };
            if publish::size(self.version, &longest) <= self.server.max_packet {
                match self.aliases.outbound(parts.topic) {
                    Alias::None => {}
                    Alias::New(alias) => parts.alias = alias,
                    Alias::Known(alias) => (parts.topic, parts.alias) = (&[], alias),
                }
            }
        }
        publish::encode(&mut self.out, self.version, &parts, PacketId::new(pid));
        parts.alias == 0
    }

    /// May a further message of QoS 1 or 2 be in flight?
    fn has_place(&self) -> bool {
        self.ops.in_flight() < self.cfg.max_inflight && self.link.quota > 0
    }

    #[inline(always)]
    fn can_send_now(&self) -> bool {
        self.is_online()
            && !self.link.blocked
            && self.out.len() < SEND_CAP
            && self.waiting.is_empty()
            && self.resend.is_empty()
            && self.control.is_empty()
    }

    fn wait(&mut self, now: Millis, message: &Message<'_>, token: Token) -> Result<Taken, Error> {
        let key = self.hold(message, token, now)?;
        self.line_up(key, now);
        Ok(Taken::Later)
    }

    /// Encodes a message to be kept until it can be sent, if there is room.
    pub(super) fn hold(&mut self, message: &Message<'_>, token: Token, now: Millis) -> Result<Key, Error> {
        let bytes = message.topic.len() + message.payload.len() + message.properties.len();
        self.make_room(bytes, message.topic)?;
        Ok(self.keep(message, token, now))
    }

    pub(super) fn keep(&mut self, message: &Message<'_>, token: Token, now: Millis) -> Key {
        let packet = encode(self.version, &lasting(&message.parts(), &mut Vec::new()), 0);
        self.held.messages += 1;
        self.held.bytes += packet.len();
        let key = self.ops.insert(token, Work::Publish(packet));
        let expires = message.expires(now);
        if expires != NEVER {
            if let Some(op) = self.ops.get(key) {
                op.expires = expires;
            }
            self.timers.hasten(Timer::Age, expires);
        }
        key
    }

    /// More than may wait: an older message of the same topic is to give way.
    pub(super) fn is_overfull(&self) -> bool {
        self.held.messages > self.cfg.offline_size || self.held.bytes > self.cfg.offline_bytes
    }

    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.held.messages < self.cfg.offline_size && self.held.bytes + bytes <= self.cfg.offline_bytes
    }

    /// Sees to it that a message of so many bytes may wait, by dropping others where that is the policy.
    pub(super) fn make_room(&mut self, bytes: usize, topic: &str) -> Result<(), Error> {
        if self.has_room(bytes) || self.make_way(bytes, topic) {
            return Ok(());
        }
        Err(Error::say(
            Code::QueueFull,
            "% messages of % bytes already wait to be sent (offlinesize %, offlinebytes %); wait for earlier publishes, or raise the bound",
            &[
                &count(self.held.messages),
                &count(self.held.bytes),
                &count(self.cfg.offline_size),
                &count(self.cfg.offline_bytes),
            ],
        ))
    }

    /// Moves what waits into `outgoing`, up to the cap: control packets, then what is sent again,
    /// then messages in the order they were given.
    pub(super) fn fill(&mut self, now: Millis) {
        if !self.is_online() {
            return;
        }
        while self.out.len() < SEND_CAP && !self.link.blocked {
            if let Some(key) = self.control.pop_front() {
                if !self.send_control(key, now) {
                    self.control.push_front(key);
                    return;
                }
            } else if let Some(&key) = self.resend.front() {
                if !self.send_again(key, now) {
                    return;
                }
                self.resend.pop_front();
            } else if let Some(&key) = self.waiting.front() {
                if !self.send_waiting(key, now) {
                    return;
                }
                self.waiting.pop_front();
            } else {
                return;
            }
        }
    }

    /// False: no place in the window.
    fn send_waiting(&mut self, key: Key, now: Millis) -> bool {
        let place = self.has_place();
        let Some(op) = self.ops.get(key) else { return true };
        let Work::Publish(packet) = &mut op.work else {
            return true;
        };
        let size = packet.len();
        let first_time = op.order == 0;
        let qos = publish::qos(packet);
        if qos > 0 && !place {
            return false;
        }
        self.patience.forget_topic(key, packet);
        // Taken out while it is written, and put back: no copy.
        let mut packet = std::mem::take(packet);
        let (token, expires) = (op.token, op.expires);
        let refused = self.freshen(&mut packet, expires, now).err();
        if qos > 0 && refused.is_none() {
            if !self.ops.assign_pid(key) {
                self.put_back(key, packet);
                return false;
            }
            let pid = self.ops.put_on_wire(key, now).map_or(0, |op| op.pid);
            if let Some(id) = PacketId::new(pid) {
                publish::set_packet_id(&mut packet, id);
            }
            self.write_packet(&packet, pid);
            self.put_back(key, packet);
            self.expect_ack(now);
        } else {
            if refused.is_none() {
                self.write_packet(&packet, 0);
            }
            self.ops.remove(key);
            self.done(token, refused.clone().map_or(Ok(Outcome::None), Err));
        }
        let held = if first_time {
            &mut self.held
        } else {
            &mut self.again
        };
        held.messages -= 1;
        held.bytes -= size;
        match refused {
            Some(_) => self.stats.dropped += 1,
            None => self.stats.sent += first_time as u64,
        }
        true
    }

    fn put_back(&mut self, key: Key, packet: Vec<u8>) {
        if let Some(op) = self.ops.get(key) {
            op.work = Work::Publish(packet);
        }
    }

    /// A message that has waited: whether the server takes it, and for how long it is still of use.
    fn freshen(&mut self, packet: &mut Vec<u8>, expires: Millis, now: Millis) -> Result<(), Error> {
        if self.version == Version::V4 {
            return Ok(());
        }
        let Some(parts) = publish::parts(self.version, packet) else {
            return Ok(());
        };
        self.server.takes(&parts)?;
        if expires == NEVER {
            return Ok(());
        }
        if expires <= now {
            return Err(expired());
        }
        let left = (expires - now).div_ceil(1000) as u32;
        let properties = with_number(parts.properties, Property::MessageExpiryInterval, left);
        let parts = Parts {
            properties: &properties,
            ..parts
        };
        *packet = encode(self.version, &parts, 0);
        Ok(())
    }

    fn write_packet(&mut self, packet: &[u8], pid: u16) {
        let parts = match self.version {
            Version::V4 => None,
            Version::V5 => publish::parts(self.version, packet),
        };
        match parts {
            Some(parts) => drop(self.write(&parts, pid)),
            None => self.out.extend_from_slice(packet),
        }
        if pid != 0 {
            self.link.quota -= 1;
        }
    }

    /// The session was kept: PUBLISH with DUP [MQTT-3.3.1-1], or PUBREL. False: no place in the window.
    fn send_again(&mut self, key: Key, now: Millis) -> bool {
        let (quota, version) = (self.link.quota, self.version);
        let Some(op) = self.ops.get(key) else { return true };
        let (token, pid) = (op.token, op.pid);
        let mut refused = None;
        if op.stage == Stage::Released {
            if let Some(id) = PacketId::new(pid) {
                write::ack(&mut self.out, Ack::PubRel, id);
            }
        } else if let Work::Publish(packet) = &mut op.work {
            if quota == 0 {
                return false;
            }
            // The server that takes up the session may take less than the one that began it.
            refused = publish::parts(version, packet).and_then(|parts| self.server.takes(&parts).err());
            if refused.is_none() {
                publish::set_dup(packet);
                self.out.extend_from_slice(packet);
                self.link.quota -= 1;
            }
        }
        if let Some(error) = refused {
            self.ops.remove(key);
            self.stats.dropped += 1;
            self.done(token, Err(error));
            return true;
        }
        op.since = now;
        self.expect_ack(now);
        true
    }

    /// PUBACK and PUBCOMP: the last step of QoS 1 and 2.
    pub(super) fn on_publish_done(
        &mut self,
        (packet_id, reason, properties): Answer<'_>,
        qos: u8,
        now: Millis,
    ) -> Result<(), DecodeError> {
        let pid = packet_id.get();
        let expected = if qos == 1 { Stage::Sent } else { Stage::Released };
        match self.ops.by_pid(pid) {
            Some((key, op)) if op.stage == expected && publish_qos(&op.work) == qos => {
                let token = op.token;
                self.ops.remove(key);
                self.link.last_ack = now;
                self.place_free();
                let result = match reason {
                    0 if properties.is_empty() => Ok(Outcome::None),
                    // A PUBCOMP that does not know the identifier: it was completed before.
                    0x80.. if qos == 1 => Err(refused(reason, properties)),
                    _ => Ok(Outcome::Acked {
                        reason,
                        properties: properties.to_vec(),
                    }),
                };
                self.done(token, result);
                Ok(())
            }
            Some(_) => self.misfit(),
            None => {
                self.place_free();
                self.out_of_place(pid);
                Ok(())
            }
        }
    }

    /// The send quota (§4.9).
    fn place_free(&mut self) {
        if self.link.quota < self.server.receive_maximum {
            self.link.quota += 1;
        }
    }

    /// PUBREC: the broker has it; from here on only PUBREL is sent [MQTT-4.3.3-1]. Or it does not want it.
    pub(super) fn on_pubrec(
        &mut self,
        (packet_id, reason, properties): Answer<'_>,
        now: Millis,
    ) -> Result<(), DecodeError> {
        let pid = packet_id.get();
        let order = self.ops.next_order();
        match self.ops.by_pid(pid) {
            Some((key, op)) if publish_qos(&op.work) == 2 => {
                let first = op.stage == Stage::Sent;
                if reason >= 0x80 {
                    let token = op.token;
                    self.ops.remove(key);
                    self.link.last_ack = now;
                    self.place_free();
                    self.done(token, Err(refused(reason, properties)));
                    return Ok(());
                }
                if first {
                    op.stage = Stage::Released;
                    op.order = order;
                }
                op.since = now;
                self.link.last_ack = now;
                let stored = op.stored;
                if first {
                    self.ops.journal.state(stored, Stage::Released, pid, order);
                }
            }
            Some(_) => self.misfit()?,
            None => {
                self.out_of_place(pid);
                if reason >= 0x80 {
                    return Ok(());
                }
                if self.version == Version::V5 && self.is_late(pid) {
                    write::ack_with_reason(&mut self.out, Ack::PubRel, packet_id, NOT_FOUND);
                    return Ok(());
                }
            }
        }
        write::ack(&mut self.out, Ack::PubRel, packet_id);
        Ok(())
    }

    /// Given up while they were in flight; see `Ops::reserved`.
    pub(super) fn reserve_identifiers(&mut self) {
        for key in self.ops.sent_publishes() {
            if self.ops.get(key).is_some_and(|op| publish_qos(&op.work) == 2) {
                self.ops.reserve_pid(key);
            }
        }
    }

    pub(super) fn expect_ack(&mut self, now: Millis) {
        if !self.timers.is_set(Timer::Ack) {
            self.timers.set(Timer::Ack, now + self.cfg.ack_timeout);
        }
    }

    pub(super) fn waiting_messages(&self) -> usize {
        self.held.messages + self.again.messages
    }
}

/// QoS of a publish, 0 for anything else.
fn publish_qos(work: &Work) -> u8 {
    match work {
        Work::Publish(packet) => publish::qos(packet),
        _ => 0,
    }
}

/// Packet identifier, reason code, properties.
pub(super) type Answer<'a> = (PacketId, u8, &'a [u8]);

pub(super) const NOT_FOUND: ReasonCode = ReasonCode::PACKET_IDENTIFIER_NOT_FOUND;

fn refused(reason: u8, properties: &[u8]) -> Error {
    Error::because(
        Code::PublishRefused,
        &compose(
            "the broker refused the message; check the topic and the broker's access rules",
            &[],
        ),
        reason,
        properties,
    )
}

pub(super) fn expired() -> Error {
    Error::new(
        Code::Expired,
        "the message waited for longer than its messageExpiryInterval; nothing was sent of it",
    )
}

fn encode(version: Version, parts: &Parts<'_>, pid: u16) -> Vec<u8> {
    let mut packet = Vec::new();
    publish::encode(&mut packet, version, parts, PacketId::new(pid));
    packet
}

/// What may be sent on another connection: without a topic alias.
fn lasting<'a>(parts: &Parts<'a>, without_alias: &'a mut Vec<u8>) -> Parts<'a> {
    let mut parts = *parts;
    if number(parts.properties, Property::TopicAlias).is_some() {
        *without_alias = without(parts.properties, Property::TopicAlias);
        parts.properties = without_alias;
    }
    parts
}
