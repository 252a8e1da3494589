//! Messages and batches of a store join the queue: before the messages of calls that were made meanwhile, and exempt from the
//! time limits of calls. Reads no records: that is the engine's `restoring.rs`.

use std::collections::VecDeque;

use super::{Effects, Key, Outbox, Publish};
use crate::engine::deadline::Millis;
use crate::engine::message::Message;

impl Outbox {
    /// Sets aside the messages that are ready, so that those of the store come before them.
    pub fn set_aside(&mut self) -> VecDeque<Key> {
        self.forget_ages();
        std::mem::take(&mut self.ready)
    }

    /// A message that the store kept. Nobody waits for it, so no time limit of a call applies.
    pub fn restore(&mut self, now: Millis, publish: Publish, effects: &mut Effects) {
        self.usage.add(1, publish.packet.len());
        let key = self.publishes.insert(publish);
        let timeout = self.limits.publish_timeout.take();
        self.make_ready(now, key, effects);
        self.limits.publish_timeout = timeout;
    }

    /// A batch that the store kept; it has waited long enough.
    pub fn restore_batch(&mut self, now: Millis, message: &Message<'_>, effects: &mut Effects) {
        let key = self.store(now, message, None, &mut effects.journal);
        let timeout = self.limits.publish_timeout.take();
        self.make_ready(now, key, effects);
        self.limits.publish_timeout = timeout;
    }

    /// Puts back what was set aside, and records what the store does not have yet.
    pub fn put_back(&mut self, now: Millis, aside: VecDeque<Key>, effects: &mut Effects) {
        for key in aside {
            self.make_ready(now, key, effects);
        }
        for &(_, slot) in &self.publishes.in_order() {
            if let Some((_, publish)) = self.publishes.at(slot) {
                if publish.record.is_none() {
                    effects.journal.message(publish);
                }
            }
        }
        self.batches.record(&mut effects.journal);
    }
}
