//! `batch_publish` and `qpublish`: items that wait to go out together, by number or by time.
//! A batch is one message, a JSON array of its items; the queue is many messages in their order.

use std::collections::{BTreeMap, VecDeque};

use super::error::Code;
use super::event::Token;
use super::ops::Key;
use super::publish::check_topic;
use super::timers::{Millis, Timer};
use super::{Engine, Error, Message};

#[derive(Debug)]
struct Batch {
    id: u64,
    token: Token,
    /// The array without its closing bracket.
    json: Vec<u8>,
    items: usize,
}

#[derive(Debug, Default)]
pub(super) struct Collector {
    /// By topic, followed by one character for QoS and retain.
    batches: BTreeMap<String, Batch>,
    /// When each batch is due, oldest first; a batch that has gone is passed over.
    due: VecDeque<(Millis, u64, String)>,
    batch_id: u64,
    key: String,
    queue: VecDeque<Key>,
}

/// A batch is sent before its one message grows beyond this.
const MAX_BATCH_BYTES: usize = 16 << 20;

impl Engine {
    /// Adds an item, already JSON, to the batch of its topic. Returns the token under which the
    /// batch will end: `token` if this item began it, otherwise that of the first item.
    pub fn batch(&mut self, now: Millis, item: &Message<'_>, token: Token) -> Result<Token, Error> {
        self.accepting()?;
        check_topic(item.topic)?;
        let size = item.payload.len() + 2;
        if size > MAX_BATCH_BYTES {
            return Err(Error::say(
                Code::PacketTooLarge,
                &[
                    "a batch item of ",
                    &item.payload.len().to_string(),
                    " bytes is too large; an item has at most 16 MiB of JSON, so publish it by itself",
                ],
            ));
        }
        self.room_for(size)?;

        let mut key = std::mem::take(&mut self.collector.key);
        key.clear();
        key.push_str(item.topic);
        key.push((b'0' + item.qos + 4 * item.retain as u8) as char);
        let full = |b: &Batch| b.json.len() + size > MAX_BATCH_BYTES;
        if self.collector.batches.get(&key).is_some_and(full) {
            self.flush_batch(&key);
        }

        if !self.collector.batches.contains_key(&key) {
            self.collector.batch_id += 1;
            let id = self.collector.batch_id;
            let batch = Batch {
                id,
                token,
                json: Vec::new(),
                items: 0,
            };
            self.collector.batches.insert(key.clone(), batch);
            let due = now + self.cfg.publish_interval;
            self.collector.due.push_back((due, id, key.clone()));
            if !self.timers.is_set(Timer::Batch) {
                self.timers.set(Timer::Batch, due);
            }
        }
        let mut ends_as = token;
        let mut flush = false;
        if let Some(batch) = self.collector.batches.get_mut(&key) {
            batch.json.push(if batch.items == 0 { b'[' } else { b',' });
            batch.json.extend_from_slice(item.payload);
            batch.items += 1;
            ends_as = batch.token;
            flush = batch.items >= self.cfg.batch_size;
            self.held.messages += 1;
            self.held.bytes += size;
        }
        if flush {
            self.flush_batch(&key);
        }
        self.collector.key = key;
        Ok(ends_as)
    }

    fn flush_batch(&mut self, key: &str) {
        let Some(mut batch) = self.collector.batches.remove(key) else {
            return;
        };
        self.held.messages -= batch.items;
        self.held.bytes -= batch.json.len() + batch.items;
        batch.json.push(b']');
        let (topic, flags) = key.split_at(key.len() - 1);
        let flags = flags.as_bytes()[0] - b'0';
        let message = Message {
            topic,
            payload: &batch.json,
            qos: flags & 3,
            retain: flags & 4 != 0,
        };
        // There was room for the items, so there is room for the batch.
        match self.hold(&message, batch.token) {
            Ok(key) => self.waiting.push_back(key),
            Err(error) => self.done(batch.token, Err(error)),
        }
    }

    pub(super) fn flush_due_batches(&mut self, now: Millis) {
        while let Some((at, id, key)) = self.collector.due.pop_front() {
            let lives = self.collector.batches.get(&key).is_some_and(|b| b.id == id);
            if lives && at > now {
                self.timers.set(Timer::Batch, at);
                self.collector.due.push_front((at, id, key));
                return;
            }
            if lives {
                self.flush_batch(&key);
            }
        }
    }

    /// Puts a message at the end of the one queue of all topics.
    pub fn queue(&mut self, now: Millis, message: &Message<'_>, token: Token) -> Result<(), Error> {
        self.accepting()?;
        check_topic(message.topic)?;
        super::publish::check_size(message)?;
        let key = self.hold(message, token)?;
        self.collector.queue.push_back(key);
        if !self.timers.is_set(Timer::Queue) {
            self.timers.set(Timer::Queue, now + self.cfg.publish_interval);
        }
        if self.collector.queue.len() >= self.cfg.queue_size {
            self.flush_queue();
        }
        Ok(())
    }

    pub(super) fn flush_queue(&mut self) {
        self.timers.clear(Timer::Queue);
        self.waiting.append(&mut self.collector.queue);
    }

    /// Batches, oldest first, and the queue go out now.
    pub fn flush(&mut self) {
        self.flush_due_batches(Millis::MAX);
        self.timers.clear(Timer::Batch);
        self.flush_queue();
    }

    /// Empties the collector without sending; the tokens of its batches must be ended.
    pub(super) fn abandon_batches(&mut self) -> Vec<Token> {
        self.collector.due.clear();
        self.collector.queue.clear();
        self.timers.clear(Timer::Batch);
        self.timers.clear(Timer::Queue);
        std::mem::take(&mut self.collector.batches)
            .into_values()
            .map(|batch| batch.token)
            .collect()
    }

    pub(super) fn collecting(&self) -> bool {
        !self.collector.batches.is_empty()
    }
}
