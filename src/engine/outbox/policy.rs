//! What is dropped when the offline queue is full: `offlinesize`, `offlinebytes` and `offlinepolicy`. A message that was on the
//! wire once is never dropped.

use super::{Effects, Key, Outbox, Policy, Publish, Token};
use crate::codec::publish;
use crate::engine::error::{Code, Error};
use crate::engine::format::count;
use crate::engine::interner::{HashKeys, Interner};
use crate::engine::withdrawing::{withdrawn, Withdrawn};

/// With `Policy::Latest`: the message of each topic in the offline queue.
#[derive(Debug)]
pub(super) struct Latest {
    topics: Interner,
    /// By number of the topic.
    keys: Vec<Key>,
}

impl Latest {
    pub fn new(keys: HashKeys) -> Self {
        Latest {
            topics: Interner::new(keys),
            keys: Vec::new(),
        }
    }

    pub fn get(&self, topic: &[u8]) -> Option<Key> {
        let number = self.topics.find(topic)?;
        self.keys.get(number as usize).copied()
    }

    pub fn set(&mut self, topic: &[u8], key: Key) {
        let number = self.topics.insert(topic) as usize;
        if number == self.keys.len() {
            self.keys.push(key);
        }
        self.keys[number] = key;
    }

    /// The message left the queue.
    pub fn forget(&mut self, key: Key, topic: &[u8]) {
        if self.topics.len() == 0 {
            return;
        }
        if let Some(number) = self.topics.find(topic) {
            if self.keys[number as usize] == key {
                self.topics.remove(number);
            }
        }
    }

    pub fn clear(&mut self) {
        self.topics.clear();
        self.keys.clear();
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.topics.len()
    }
}

impl Outbox {
    fn has_room(&self, bytes: usize) -> bool {
        self.usage.messages < self.limits.offline_size
            && self.usage.bytes + bytes <= self.limits.offline_bytes
    }

    /// Whether more is stored than the bounds allow, as after an item that made a batch.
    pub(super) fn exceeds_bounds(&self) -> bool {
        self.usage.messages > self.limits.offline_size || self.usage.bytes > self.limits.offline_bytes
    }

    /// Makes room for a message of so many bytes, by dropping others where the policy says so.
    pub(super) fn make_room(
        &mut self,
        bytes: usize,
        topic: &str,
        effects: &mut Effects,
    ) -> Result<(), Error> {
        if self.has_room(bytes) || self.evict_for(bytes, topic, effects) {
            return Ok(());
        }
        Err(Error::format(
            Code::QueueFull,
            "the offline queue is full: % messages of % bytes wait to be sent (offlinesize %, offlinebytes %); wait for earlier publishes, or raise the bound",
            &[
                &count(self.usage.messages),
                &count(self.usage.bytes),
                &count(self.limits.offline_size),
                &count(self.limits.offline_bytes),
            ],
        ))
    }

    /// Whether there is room after the policy was applied. With `Policy::Latest` the older message of `topic` is
    /// dropped when the new one takes its place.
    fn evict_for(&mut self, bytes: usize, topic: &str, effects: &mut Effects) -> bool {
        match self.limits.policy {
            Policy::Refuse => false,
            Policy::Latest => {
                let older = self.latest.get(topic.as_bytes());
                let Some(older) = older.and_then(|key| self.publishes.get(key)) else {
                    return false;
                };
                self.usage.bytes + bytes <= self.limits.offline_bytes + older.packet.len()
            }
            Policy::DropOldest => {
                if self.limits.offline_size == 0 || bytes > self.limits.offline_bytes {
                    return false;
                }
                while !self.has_room(bytes) && self.evict_oldest(effects) {}
                self.has_room(bytes)
            }
        }
    }

    /// Drops the oldest of the offline queue, the timed queue and the batches. False: there is none.
    fn evict_oldest(&mut self, effects: &mut Effects) -> bool {
        let ready = self.oldest_droppable();
        let ready_seq = ready.map_or(u64::MAX, |key| key.seq);
        let timed = self.timed.front().copied();
        let timed_seq = timed.map_or(u64::MAX, |key| key.seq);
        let batch_seq = self.batches.oldest().unwrap_or(u64::MAX);
        let oldest = ready_seq.min(timed_seq).min(batch_seq);
        if oldest == u64::MAX {
            return false;
        }
        if ready_seq == oldest {
            self.evict(ready, dropped(), effects);
        } else if timed_seq == oldest {
            self.timed.pop_front();
            self.evict(timed, dropped(), effects);
        } else if let Some(batch) = self.take_oldest_batch(&mut effects.journal) {
            self.dropped += batch.items() as u64;
            effects.failed(batch.token(), dropped());
        }
        true
    }

    /// The oldest message of the offline queue that was never on the wire.
    pub(super) fn oldest_droppable(&mut self) -> Option<Key> {
        loop {
            let (_, key) = self.droppable.first(&mut self.publishes)?;
            if self.publishes.get(key).is_some_and(|publish| !publish.requeued) {
                return Some(key);
            }
            self.droppable.pop();
        }
    }

    /// The caller gives up the message of this token, which is not sent.
    pub fn withdraw(&mut self, token: Token, effects: &mut Effects) -> Withdrawn {
        let Some(key) = self.publishes.find(token) else {
            return Withdrawn::Unknown;
        };
        self.evict(Some(key), withdrawn(), effects);
        Withdrawn::Unsent
    }

    /// A message that is not sent is given up.
    pub(super) fn evict(&mut self, key: Option<Key>, error: Error, effects: &mut Effects) {
        let Some(key) = key else { return };
        let Some(publish) = self.publishes.remove(key) else {
            return;
        };
        if self.ready.front() == Some(&key) {
            self.ready.pop_front();
        }
        self.latest.forget(key, publish::topic(&publish.packet));
        effects.journal.ended(publish.record);
        self.drop_stored(publish, error, effects);
    }

    pub(super) fn drop_stored(&mut self, publish: Publish, error: Error, effects: &mut Effects) {
        self.count_out(&publish);
        self.dropped += 1;
        effects.failed(publish.token, error);
    }
}

pub(super) fn dropped() -> Error {
    Error::new(
        Code::Dropped,
        "the message was dropped to make room for a later one (offlinepolicy)",
    )
}
