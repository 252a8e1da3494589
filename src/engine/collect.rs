//! `batch_publish` and `qpublish`: items that wait to go out together, by number or by time.
//! A batch is one message, a JSON array of its items; the queue is many messages in their order.

use std::collections::VecDeque;

use super::error::Code;
use super::event::Token;
use super::message::{check_message, check_topic};
use super::names::Names;
use super::ops::Key;
use super::text::count;
use super::timers::{Millis, Timer};
use super::{Engine, Error, Message};

#[derive(Debug)]
struct Batch {
    id: u64,
    token: Token,
    /// The array without its closing bracket.
    json: Vec<u8>,
    items: usize,
    /// Where the journal keeps them.
    kept: Vec<u64>,
    /// Its place among the calls.
    seq: u64,
}

#[derive(Debug, Default)]
pub(super) struct Collector {
    /// What each batch is for, see `BatchKey`.
    keys: Names,
    /// By number of the key.
    batches: Vec<Option<Batch>>,
    /// When each batch is due, oldest first; a batch that has gone is passed over.
    due: VecDeque<(Millis, u64, u32)>,
    batch_id: u64,
    /// Where keys are put together.
    key: Vec<u8>,
    queue: VecDeque<Key>,
}

/// What a batch is for, as a name: the topic; with properties those and the length of the topic; one character for
/// QoS, retain and whether there are properties.
pub(super) struct BatchKey<'a> {
    pub topic: &'a str,
    pub properties: &'a [u8],
    flags: u8,
}

const WITH_PROPERTIES: u8 = 8;

impl<'a> BatchKey<'a> {
    fn write(key: &mut Vec<u8>, item: &Message<'_>) {
        let mut flags = item.qos + 4 * item.retain as u8;
        key.clear();
        key.extend_from_slice(item.topic.as_bytes());
        if !item.properties.is_empty() {
            key.extend_from_slice(item.properties);
            key.extend_from_slice(&(item.topic.len() as u32).to_be_bytes());
            flags |= WITH_PROPERTIES;
        }
        key.push(b'0' + flags);
    }

    pub fn read(key: &'a [u8]) -> Option<Self> {
        let (&last, rest) = key.split_last()?;
        let flags = last.wrapping_sub(b'0');
        if flags > 14 || flags & 3 == 3 {
            return None;
        }
        let (topic, properties) = if flags & WITH_PROPERTIES == 0 {
            (rest, &[][..])
        } else {
            let (rest, length) = rest.split_last_chunk()?;
            rest.split_at_checked(u32::from_be_bytes(*length) as usize)?
        };
        let topic = std::str::from_utf8(topic).ok()?;
        Some(BatchKey {
            topic,
            properties,
            flags,
        })
    }

    pub fn message(&self, json: &'a [u8]) -> Message<'a> {
        Message {
            topic: self.topic,
            payload: json,
            qos: self.flags & 3,
            retain: self.flags & 4 != 0,
            properties: self.properties,
        }
    }
}

/// A batch is sent before its one message grows beyond this.
const MAX_BATCH_BYTES: usize = 16 << 20;

impl Collector {
    fn lives(&self, id: u64, number: u32) -> bool {
        let batch = self.batches.get(number as usize).and_then(Option::as_ref);
        batch.is_some_and(|b| b.id == id)
    }

    /// Deadlines of batches that went by number are dropped now and then, not one by one.
    fn forget_gone(&mut self) {
        if self.due.len() > 2 * self.keys.len() + 16 {
            for _ in 0..self.due.len() {
                let entry = self.due.pop_front();
                self.due
                    .extend(entry.filter(|&(_, id, number)| self.lives(id, number)));
            }
        }
    }

    /// The oldest batch and the oldest queued message, by their places among the calls; `u64::MAX` for none.
    pub fn oldest(&mut self) -> (u64, u64) {
        while self
            .due
            .front()
            .is_some_and(|&(_, id, number)| !self.lives(id, number))
        {
            self.due.pop_front();
        }
        let number = self.due.front().map(|&(_, _, number)| number);
        let batch = number.and_then(|n| self.batches[n as usize].as_ref());
        let queued = self.queue.front();
        (
            batch.map_or(u64::MAX, |b| b.seq),
            queued.map_or(u64::MAX, |key| key.seq),
        )
    }

    #[cfg(test)]
    pub fn deadlines(&self) -> usize {
        self.due.len()
    }
}

impl Engine {
    /// Adds an item, already JSON, to the batch of its topic. Returns the token under which the
    /// batch will end: `token` if this item began it, otherwise that of the first item.
    pub fn batch(&mut self, now: Millis, item: &Message<'_>, token: Token) -> Result<Token, Error> {
        self.accepting()?;
        check_topic(item.topic)?;
        let none = Message {
            payload: &[],
            ..*item
        };
        check_message(self.version, &none)?;
        let size = item.payload.len() + 2;
        if size > MAX_BATCH_BYTES {
            return Err(Error::say(
                Code::PacketTooLarge,
                "a batch item of % bytes is too large; an item has at most 16 MiB of JSON, so publish it by itself",
                &[&count(item.payload.len())],
            ));
        }
        self.make_room(item.topic.len() + size, item.topic)?;

        let mut key = std::mem::take(&mut self.collector.key);
        BatchKey::write(&mut key, item);
        let full = |b: &Batch| b.json.len() + size > MAX_BATCH_BYTES;
        if let Some(number) = self.collector.keys.find(&key) {
            if self.collector.batches[number as usize].as_ref().is_some_and(full) {
                self.flush_batch(number, now);
            }
        }

        let collector = &mut self.collector;
        let number = collector.keys.insert(&key);
        collector.key = key;
        if number as usize >= collector.batches.len() {
            collector.batches.push(None);
        }
        let place = &mut collector.batches[number as usize];
        if place.is_none() {
            collector.batch_id += 1;
            let id = collector.batch_id;
            *place = Some(Batch {
                id,
                token,
                json: Vec::new(),
                items: 0,
                kept: Vec::new(),
                seq: self.ops.mark(),
            });
            let due = now + self.cfg.publish_interval;
            collector.due.push_back((due, id, number));
            if !self.timers.is_set(Timer::Batch) {
                self.timers.set(Timer::Batch, due);
            }
        }
        let mut ends_as = token;
        let mut flush = false;
        if let Some(batch) = place {
            batch.json.push(if batch.items == 0 { b'[' } else { b',' });
            batch.json.extend_from_slice(item.payload);
            batch.items += 1;
            let journal = &mut self.ops.journal;
            if journal.is_on() {
                let kept = journal.item(batch.id, &collector.key, item.payload);
                batch.kept.push(kept);
            }
            ends_as = batch.token;
            flush = batch.items >= self.cfg.batch_size;
            self.held.messages += 1;
            self.held.bytes += size;
        }
        if flush || self.is_overfull() {
            self.flush_batch(number, now);
        }
        Ok(ends_as)
    }

    /// Takes a batch out of the collector; with its key.
    fn take_batch(&mut self, number: u32) -> Option<(Batch, Vec<u8>)> {
        let batch = self.collector.batches.get_mut(number as usize)?.take()?;
        let key = self.collector.keys.name(number).unwrap_or_default().to_vec();
        self.collector.keys.remove(number);
        self.held.messages -= batch.items;
        self.held.bytes -= batch.json.len() + batch.items;
        for &number in &batch.kept {
            self.ops.journal.item_ended(number);
        }
        Some((batch, key))
    }

    /// Gives up the oldest batch: who waits for it, and how many items it had.
    pub(super) fn drop_batch(&mut self) -> Option<(Token, usize)> {
        let (_, _, number) = self.collector.due.pop_front()?;
        let (batch, _) = self.take_batch(number)?;
        Some((batch.token, batch.items))
    }

    /// The message that has been queued for longest, no longer in the queue.
    pub(super) fn unqueue(&mut self) -> Option<Key> {
        self.collector.queue.pop_front()
    }

    /// The message has gone from the queue.
    pub(super) fn unqueue_key(&mut self, key: Key) {
        self.collector.queue.retain(|queued| *queued != key);
    }

    fn flush_batch(&mut self, number: u32, now: Millis) {
        let Some((mut batch, key)) = self.take_batch(number) else {
            return;
        };
        batch.json.push(b']');
        let Some(key) = BatchKey::read(&key) else { return };
        let message = key.message(&batch.json);
        // Its items were taken, so it is not refused for the few bytes it has more than they.
        let kept = self.keep(&message, batch.token, now);
        self.line_up(kept, now);
        self.collector.forget_gone();
    }

    pub(super) fn flush_due_batches(&mut self, now: Millis, upto: Millis) {
        while let Some((at, id, number)) = self.collector.due.pop_front() {
            let lives = self.collector.lives(id, number);
            if lives && at > upto {
                self.timers.set(Timer::Batch, at);
                self.collector.due.push_front((at, id, number));
                return;
            }
            if lives {
                self.flush_batch(number, now);
            }
        }
    }

    /// `publishinterval` is another one: for what was collected until now it begins anew.
    pub(super) fn collect_from(&mut self, now: Millis) {
        let at = now + self.cfg.publish_interval;
        for (due, ..) in &mut self.collector.due {
            *due = at;
        }
        for timer in [Timer::Batch, Timer::Queue] {
            if self.timers.is_set(timer) {
                self.timers.set(timer, at);
            }
        }
    }

    /// Puts a message at the end of the one queue of all topics.
    pub fn queue(&mut self, now: Millis, message: &Message<'_>, token: Token) -> Result<(), Error> {
        self.accepting()?;
        check_topic(message.topic)?;
        check_message(self.version, message)?;
        let key = self.hold(message, token, now)?;
        self.collector.queue.push_back(key);
        if !self.timers.is_set(Timer::Queue) {
            self.timers.set(Timer::Queue, now + self.cfg.publish_interval);
        }
        if self.collector.queue.len() >= self.cfg.queue_size || self.is_overfull() {
            self.flush_queue(now);
        }
        Ok(())
    }

    pub(super) fn flush_queue(&mut self, now: Millis) {
        self.timers.clear(Timer::Queue);
        while let Some(key) = self.unqueue() {
            self.line_up(key, now);
        }
    }

    /// Batches, oldest first, and the queue go out now.
    pub fn flush(&mut self, now: Millis) {
        self.flush_due_batches(now, Millis::MAX);
        self.timers.clear(Timer::Batch);
        self.flush_queue(now);
    }

    /// Empties the collector without sending; the tokens of its batches must be ended.
    pub(super) fn abandon_batches(&mut self) -> Vec<Token> {
        self.collector.due.clear();
        self.collector.queue.clear();
        self.timers.clear(Timer::Batch);
        self.timers.clear(Timer::Queue);
        self.collector.keys = Names::default();
        let batches = std::mem::take(&mut self.collector.batches);
        batches.iter().flatten().map(|batch| batch.token).collect()
    }

    /// Keeps the items that came before the journal.
    pub(super) fn write_batches_down(&mut self) {
        let Collector { keys, batches, .. } = &mut self.collector;
        for (number, batch) in (0u32..).zip(batches) {
            if let (Some(batch), Some(key)) = (batch, keys.name(number)) {
                let kept = self.ops.journal.item(batch.id, key, &batch.json[1..]);
                batch.kept.push(kept);
            }
        }
    }

    pub(super) fn collecting(&self) -> bool {
        self.collector.keys.len() > 0
    }
}
