//! The offline queue: messages that are sent as soon as the connection takes them, in this order. Owns how they get into it and
//! out of it; what bounds it is in `policy.rs` and `expiry.rs`.

use super::{policy, publish, Effects, Key, Millis, Outbox, Policy, Publish};

impl Outbox {
    /// Puts a stored message at the end of the offline queue; with `Policy::Latest` in the place of the older message
    /// of its topic.
    pub(super) fn make_ready(&mut self, now: Millis, key: Key, effects: &mut Effects) {
        let Some(publish) = self.publishes.get(key) else {
            return;
        };
        publish.since = now;
        let mut place = key;
        if self.limits.policy == Policy::Latest {
            let topic = publish::topic(&publish.packet);
            match self.latest.get(topic) {
                Some(older) => place = older,
                None => self.latest.set(topic, key),
            }
        }
        if place == key {
            self.ready.push_back(key);
            self.compact_ready();
        } else if !self.replace(place, key, effects) {
            return;
        }
        if self.limits.policy == Policy::DropOldest || self.limits.offline_expiry.is_some() {
            self.droppable.insert(now, place, &mut self.publishes);
        }
        if let Some(expiry) = self.limits.offline_expiry {
            self.age_due.hasten(now + expiry);
        }
        if let Some(timeout) = self.limits.publish_timeout {
            self.timeouts.insert(now, place, &mut self.publishes);
            self.age_due.hasten(now + timeout);
        }
    }

    /// Puts the newer message in the place of the older one, which is dropped. False: every list knows the place
    /// under this time already.
    fn replace(&mut self, older: Key, newer: Key, effects: &mut Effects) -> bool {
        let Some(mut publish) = self.publishes.remove(newer) else {
            return false;
        };
        let Some(place) = self.publishes.get(older) else {
            return false;
        };
        effects.journal.ended(publish.record);
        (publish.seq, publish.record) = (place.seq, place.record);
        effects.journal.message(&mut publish);
        let since = publish.since;
        let dropped = std::mem::replace(place, publish);
        let known = dropped.since == since;
        self.drop_stored(dropped, policy::dropped(), effects);
        !known
    }

    /// Removes keys from the offline queue whose messages have left it, once they are too many.
    fn compact_ready(&mut self) {
        const STALE: usize = 64;
        if self.ready.len() > 2 * self.publishes.len() + STALE {
            self.publishes.forget_left(&mut self.ready);
        }
    }

    /// A message of a lost session goes back to the front.
    pub fn requeue(&mut self, mut publish: Publish) {
        publish.requeued = true;
        self.requeued.add(1, publish.packet.len());
        let since = publish.since;
        let key = self.publishes.insert(publish);
        self.ready.push_front(key);
        if let Some(timeout) = self.limits.publish_timeout {
            self.timeouts.insert(since, key, &mut self.publishes);
            self.age_due.hasten(since + timeout);
        }
    }

    /// The next message to be sent.
    pub fn front(&mut self) -> Option<&Publish> {
        loop {
            let &key = self.ready.front()?;
            if self.publishes.get(key).is_some() {
                return self.publishes.get(key).map(|publish| &*publish);
            }
            self.ready.pop_front();
        }
    }

    /// Takes the next message to be sent out of the queue.
    pub fn take_front(&mut self) -> Option<Publish> {
        self.front()?;
        let key = self.ready.pop_front()?;
        let publish = self.publishes.remove(key)?;
        self.latest.forget(key, publish::topic(&publish.packet));
        self.count_out(&publish);
        Some(publish)
    }

    #[inline(always)]
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }
}
