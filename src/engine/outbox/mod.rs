//! What is not sent yet: the offline queue, the timed queue of `queue`, batches; their bounds, policies, expiry and
//! counters. Never writes a packet to the transport, and knows no connection: it is asked for the next message.

mod batches;
mod expiry;
mod limits;
mod policy;
mod ready;
mod restoring;

use std::collections::VecDeque;

use super::config::Policy;
use super::deadline::{Deadline, Millis};
use super::effects::Effects;
use super::interner::HashKeys;
use super::journal::Journal;
use super::message::Message;
use super::output::Token;
use super::publishes::{BySince, Ended, Key, Publish, Publishes};
use super::subscriptions::BEFORE_LATER_CALLS;
use super::suspicion::Suspicion;
use super::{Error, Version};
use crate::codec::properties::{number, without, Property};
use crate::codec::{publish, PacketId};

pub(super) use batches::BatchKey;
pub(super) use expiry::{expired, timed_out};
pub(super) use limits::Limits;

use batches::Batches;
use limits::Usage;
use policy::Latest;

#[derive(Debug)]
pub(super) struct Outbox {
    limits: Limits,
    /// The protocol that messages are encoded in.
    version: Version,
    publishes: Publishes,
    /// The offline queue: messages that go out as soon as there is a connection and a place in the window.
    ready: VecDeque<Key>,
    /// Messages of `queue`, until `queuesize` or `publishinterval` is reached. Those that have left are counted until it seems
    /// full.
    timed: VecDeque<Key>,
    batches: Batches,
    /// Counts against `offlinesize` and `offlinebytes`.
    usage: Usage,
    /// Requeued after session loss; exempt from the bounds.
    requeued: Usage,
    /// Messages of the offline queue that a policy may drop.
    droppable: BySince,
    /// Publishes that may exceed `publishtimeout`.
    timeouts: BySince,
    latest: Latest,
    timed_due: Deadline,
    age_due: Deadline,
    /// Messages given up by a stated policy.
    dropped: u64,
    /// The place of the last call in the order of the calls.
    last_seq: u64,
}

impl Outbox {
    pub fn new(limits: Limits, version: Version, keys: HashKeys) -> Self {
        Outbox {
            limits,
            version,
            publishes: Publishes::default(),
            ready: VecDeque::new(),
            timed: VecDeque::new(),
            batches: Batches::new(keys),
            usage: Usage::default(),
            requeued: Usage::default(),
            droppable: BySince::default(),
            timeouts: BySince::default(),
            latest: Latest::new(keys),
            timed_due: Deadline::default(),
            age_due: Deadline::default(),
            dropped: 0,
            last_seq: BEFORE_LATER_CALLS,
        }
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// A place in the order of the calls.
    pub fn next_seq(&mut self) -> u64 {
        self.last_seq += 1;
        self.last_seq
    }

    /// The place of the last call.
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    // ---- messages in

    /// A message for the offline queue.
    pub fn enqueue(
        &mut self,
        now: Millis,
        message: &Message<'_>,
        token: Option<Token>,
        effects: &mut Effects,
    ) -> Result<(), Error> {
        let key = self.try_store(now, message, token, effects)?;
        self.make_ready(now, key, effects);
        Ok(())
    }

    /// A message for the timed queue.
    pub fn enqueue_timed(
        &mut self,
        now: Millis,
        message: &Message<'_>,
        token: Option<Token>,
        effects: &mut Effects,
    ) -> Result<(), Error> {
        let key = self.try_store(now, message, token, effects)?;
        self.timed.push_back(key);
        if !self.timed_due.is_set() {
            self.timed_due.set(now + self.limits.publish_interval);
        }
        if self.timed.len() >= self.limits.queue_size {
            self.publishes.forget_left(&mut self.timed);
        }
        if self.timed.len() >= self.limits.queue_size || self.exceeds_bounds() {
            self.flush_timed(now, effects);
        }
        Ok(())
    }

    /// Stores a message, if there is room or the policy makes some.
    fn try_store(
        &mut self,
        now: Millis,
        message: &Message<'_>,
        token: Option<Token>,
        effects: &mut Effects,
    ) -> Result<Key, Error> {
        let bytes = message.topic.len() + message.payload.len() + message.properties.len();
        self.make_room(bytes, message.topic, effects)?;
        Ok(self.store(now, message, token, &mut effects.journal))
    }

    fn store(
        &mut self,
        now: Millis,
        message: &Message<'_>,
        token: Option<Token>,
        journal: &mut Journal,
    ) -> Key {
        let packet = message.encoded(self.version, None);
        self.usage.add(1, packet.len());
        let expires = message.expires(now);
        self.age_due.hasten(expires);
        let seq = self.next_seq();
        let mut publish = Publish {
            seq,
            token,
            packet,
            since: 0,
            expires,
            record: None,
            flight: None,
            requeued: false,
            suspicion: Suspicion::default(),
        };
        journal.message(&mut publish);
        self.publishes.insert(publish)
    }

    // ---- messages out

    fn count_out(&mut self, publish: &Publish) {
        let usage = match publish.requeued {
            true => &mut self.requeued,
            false => &mut self.usage,
        };
        usage.sub(1, publish.packet.len());
    }

    /// A message that was taken was given up by a stated policy.
    pub fn count_dropped(&mut self) {
        self.dropped += 1;
    }

    /// Sends what the timed queue holds.
    pub fn flush_timed(&mut self, now: Millis, effects: &mut Effects) {
        self.timed_due.clear();
        while let Some(key) = self.timed.pop_front() {
            self.make_ready(now, key, effects);
        }
    }

    /// Sends batches, oldest first, and the timed queue.
    pub fn flush(&mut self, now: Millis, effects: &mut Effects) {
        self.flush_batches(now, Millis::MAX, effects);
        self.batches.due.clear();
        self.flush_timed(now, effects);
    }

    // ---- time

    pub fn next_deadline(&self) -> Millis {
        self.batches
            .due
            .at()
            .min(self.timed_due.at())
            .min(self.age_due.at())
    }

    /// Works on what is due: batches, the timed queue.
    pub fn tick(&mut self, now: Millis, effects: &mut Effects) {
        if self.batches.due.expire(now) {
            self.flush_batches(now, now, effects);
        }
        if self.timed_due.is_due(now) {
            self.flush_timed(now, effects);
        }
    }

    /// Limits for what comes from here on; `publishinterval` begins anew for what is collected.
    pub fn set_limits(&mut self, now: Millis, limits: Limits, effects: &mut Effects) {
        self.limits = limits;
        let due = now + self.limits.publish_interval;
        self.batches.close_all_at(due);
        if self.timed_due.is_set() {
            self.timed_due.set(due);
        }
        for key in std::mem::take(&mut self.ready) {
            self.make_ready(now, key, effects);
        }
    }

    // ---- the whole

    /// Messages that are not sent: in the queues, and items of batches.
    pub fn len(&self) -> usize {
        self.usage.messages + self.requeued.messages
    }

    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether there is anything that will be a message one day.
    pub fn is_empty(&self) -> bool {
        self.publishes.len() == 0 && self.batches.is_empty()
    }

    pub fn any_up_to(&self, seq: u64) -> bool {
        self.publishes.any_up_to(seq)
    }

    /// Ends everything, without sending it.
    pub fn drain(&mut self, journal: &mut Journal, ended: &mut Vec<Ended>) {
        self.batches.drain(ended);
        for &(_, slot) in &self.publishes.in_order() {
            if let Some((_, publish)) = self.publishes.at(slot) {
                journal.ended(publish.record);
                ended.push(publish.ended());
                self.publishes.drop(slot);
            }
        }
        self.ready.clear();
        self.timed.clear();
        self.timed_due.clear();
        self.age_due.clear();
        self.usage = Usage::default();
        self.requeued = Usage::default();
        self.forget_ages();
    }

    fn forget_ages(&mut self) {
        self.droppable.clear();
        self.timeouts.clear();
        self.latest.clear();
    }

    /// The protocol in which messages are kept: that of the last connection, before the first one the one that is tried first.
    #[inline(always)]
    pub fn version(&self) -> Version {
        self.version
    }

    /// From here on another protocol is spoken.
    pub fn reencode(&mut self, to: Version) {
        let from = std::mem::replace(&mut self.version, to);
        for &(_, slot) in &self.publishes.in_order() {
            let Some((_, publish)) = self.publishes.at(slot) else {
                continue;
            };
            if let Some(packet) = publish::reencoded(from, to, &publish.packet, None) {
                let usage = match publish.requeued {
                    true => &mut self.requeued,
                    false => &mut self.usage,
                };
                usage.bytes = usage.bytes + packet.len() - publish.packet.len();
                publish.packet = packet;
            }
        }
    }

    /// Of all messages that are not sent yet.
    pub fn bytes(&self) -> usize {
        self.usage.bytes + self.requeued.bytes
    }

    #[cfg(test)]
    pub fn usage(&self) -> [(usize, usize); 2] {
        [self.usage, self.requeued].map(|usage| (usage.messages, usage.bytes))
    }

    #[cfg(test)]
    pub fn entries(&self) -> [usize; 5] {
        [
            self.droppable.len(),
            self.timeouts.len(),
            self.latest.len(),
            self.ready.len(),
            self.batches.entries(),
        ]
    }

    #[cfg(test)]
    pub fn stored(&self) -> usize {
        self.publishes.len()
    }

    #[cfg(test)]
    pub fn slots(&self) -> usize {
        self.publishes.slots()
    }
}

impl Message<'_> {
    /// The whole PUBLISH, to be kept: without a topic alias, which means something on one connection only.
    pub(super) fn encoded(&self, version: Version, packet_id: Option<PacketId>) -> Vec<u8> {
        let mut parts = self.parts();
        let lasting;
        if number(parts.properties, Property::TopicAlias).is_some() {
            lasting = without(parts.properties, Property::TopicAlias);
            parts.properties = &lasting;
        }
        let mut packet = Vec::new();
        publish::encode(&mut packet, version, &parts, packet_id);
        packet
    }
}
