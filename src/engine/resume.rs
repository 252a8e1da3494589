//! The one place that says what a new connection does with everything that was pending (§4.4).

use super::event::NOBODY;
use super::ops::{Key, Stage, Work, NOT_AWAITED};
use super::{Engine, Filter};
use crate::codec::{publish, PacketId, Version};

/// So many filters go into one SUBSCRIBE when subscriptions are restored: some brokers take no more.
const RESTORED_TOGETHER: usize = 8;

impl Engine {
    /// What a new connection does with what is pending, written once. Session kept: in-flight
    /// messages again with DUP and their identifiers [MQTT-4.4.0-1], in the order they were sent
    /// [MQTT-4.6.0-1]. Session lost: the same messages as new ones, and all subscriptions.
    pub(super) fn resume(&mut self, session_present: bool) {
        self.control.clear();
        self.resend.clear();
        self.received.begin();
        let keys = self.ops.keys();
        if !session_present {
            self.received.forget(&mut self.ops.journal);
            self.ops.free_reserved();
            self.restore_subscriptions();
        }
        for key in keys {
            if self.ops.get(key).is_some_and(|op| !op.is_publish()) {
                self.ask_again(key);
            }
        }
        let in_flight = self.ops.sent_publishes();
        if session_present {
            for key in in_flight {
                self.plan_again(key);
            }
        } else {
            for key in in_flight.into_iter().rev() {
                self.make_new(key);
                self.waiting.push_front(key);
            }
        }
    }

    /// From here on another protocol is spoken: what waits is encoded anew.
    pub(super) fn speak(&mut self, version: Version) {
        for key in self.ops.keys() {
            let Some(op) = self.ops.get(key) else { continue };
            let Work::Publish(packet) = &mut op.work else {
                continue;
            };
            let Some(parts) = publish::parts(self.version, packet) else {
                continue;
            };
            let mut other = Vec::new();
            publish::encode(&mut other, version, &parts, PacketId::new(op.pid));
            let held = if op.order == 0 {
                &mut self.held
            } else {
                &mut self.again
            };
            if op.stage == Stage::Waiting {
                held.bytes = held.bytes + other.len() - packet.len();
            }
            *packet = other;
        }
        self.version = version;
        self.ops.journal.version = version;
    }

    /// The session was kept: the message is to be sent again, and until then nobody answers it.
    pub(super) fn plan_again(&mut self, key: Key) {
        if let Some(op) = self.ops.get(key) {
            op.since = NOT_AWAITED;
        }
        self.resend.push_back(key);
    }

    /// An in-flight message whose session is lost waits again, as a new one.
    pub(super) fn make_new(&mut self, key: Key) {
        self.ops.release_pid(key);
        let Some(op) = self.ops.get(key) else { return };
        op.stage = Stage::Waiting;
        if let Work::Publish(packet) = &mut op.work {
            publish::clear_dup(packet);
            self.again.messages += 1;
            self.again.bytes += packet.len();
        }
    }

    /// The calls that asked for these have failed.
    pub(super) fn forget_ungranted(&mut self) {
        for (Filter { filter, .. }, _) in self.subs.list(false) {
            self.forget(&filter, u64::MAX);
        }
    }

    /// The session is lost: asks again for everything that was granted, in place of any earlier
    /// attempt to do so.
    pub(super) fn restore_subscriptions(&mut self) {
        for key in std::mem::take(&mut self.subs.restoring) {
            self.ops.remove(key);
        }
        let mut list = self.subs.list(true).into_iter().peekable();
        while let Some((first, properties)) = list.next() {
            let mut filters = vec![first];
            while let Some((more, _)) =
                list.next_if(|(_, other)| filters.len() < RESTORED_TOGETHER && *other == properties)
            {
                filters.push(more);
            }
            let key = self.ops.insert(NOBODY, Work::Subscribe { filters, properties });
            self.subs.restoring.push(key);
            self.control.push_back(key);
        }
    }

    /// A SUBSCRIBE or UNSUBSCRIBE on a new connection: sent again, unless its caller has been told that
    /// it failed.
    pub(super) fn ask_again(&mut self, key: Key) {
        self.ops.release_pid(key);
        let Some(op) = self.ops.get(key) else { return };
        let given_up = op.stage == Stage::Sent && op.since == NOT_AWAITED;
        if !given_up || self.subs.restoring.contains(&key) {
            op.stage = Stage::Waiting;
            return self.control.push_back(key);
        }
        let Some(Work::Subscribe { filters, .. }) = self.ops.remove(key).map(|op| op.work) else {
            return;
        };
        for Filter { filter, .. } in &filters {
            if self.subs.find(filter).is_some_and(|entry| !entry.granted) {
                self.forget(filter, key.seq);
            }
        }
    }
}
