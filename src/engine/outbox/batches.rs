//! Batching: items collected by topic, QoS, retain and properties, until `batchsize` or `publishinterval` closes the
//! batch and it becomes one message, a JSON array.

use std::collections::VecDeque;

use super::{Effects, Ended, Journal, Key, Outbox, Token};
use crate::engine::deadline::{Deadline, Millis};
use crate::engine::error::{Code, Error};
use crate::engine::format::count;
use crate::engine::interner::{HashKeys, Interner};
use crate::engine::message::Message;
use crate::engine::publishes::retain;
use crate::engine::record::RecordId;

#[derive(Debug)]
pub(super) struct Batch {
    id: u64,
    /// What it is for, see `BatchKey`.
    key: Vec<u8>,
    token: Option<Token>,
    /// The array without its closing bracket.
    json: Vec<u8>,
    items: usize,
    /// Where the journal keeps them.
    records: Vec<RecordId>,
    /// Its place among the calls.
    seq: u64,
}

impl Batch {
    pub fn token(&self) -> Option<Token> {
        self.token
    }

    pub fn items(&self) -> usize {
        self.items
    }
}

#[derive(Debug)]
pub(super) struct Batches {
    /// What each batch is for, see `BatchKey`.
    keys: Interner,
    /// By number of the key.
    open: Vec<Option<Box<Batch>>>,
    /// When each batch closes, oldest first: moment, then batch and number of its key. Entries of batches already closed
    /// by reaching `batchsize` are stale.
    closing: VecDeque<(Millis, Key)>,
    last_id: u64,
    /// Where keys are put together.
    key: Vec<u8>,
    pub due: Deadline,
}

/// What a batch is for.
pub(in crate::engine) struct BatchKey<'a> {
    pub topic: &'a str,
    pub properties: &'a [u8],
    flags: u8,
}

// What the flags of a key are: the QoS in two bits, then these.
const QOS: u8 = 3;
const RETAIN: u8 = 4;
const WITH_PROPERTIES: u8 = 8;
/// No QoS is 3.
const MOST_FLAGS: u8 = 2 | RETAIN | WITH_PROPERTIES;

impl<'a> BatchKey<'a> {
    /// As bytes: the topic; with properties those and the length of the topic; the flags as one character.
    fn write(key: &mut Vec<u8>, item: &Message<'_>) {
        let mut flags = item.qos + RETAIN * item.retain as u8;
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
        if flags > MOST_FLAGS || flags & QOS == QOS {
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

    /// The message that the batch becomes.
    pub fn message(&self, json: &'a [u8]) -> Message<'a> {
        Message {
            topic: self.topic,
            payload: json,
            qos: self.flags & QOS,
            retain: self.flags & RETAIN != 0,
            properties: self.properties,
        }
    }
}

/// A batch is closed before its message grows beyond this.
const MAX_BATCH_BYTES: usize = 16 << 20;

impl Batches {
    pub fn new(keys: HashKeys) -> Self {
        Batches {
            keys: Interner::new(keys),
            open: Vec::new(),
            closing: VecDeque::new(),
            last_id: 0,
            key: Vec::new(),
            due: Deadline::default(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.keys.len() == 0
    }

    fn is_open(&self, key: Key) -> bool {
        matches!(self.open.get(key.slot() as usize), Some(Some(batch)) if batch.id == key.seq)
    }

    /// Compacts `closing` once there are too many stale entries.
    fn compact(&mut self) {
        if self.closing.len() > 2 * self.keys.len() + 16 {
            let mut closing = std::mem::take(&mut self.closing);
            retain(&mut closing, &mut |&(_, key)| self.is_open(key));
            self.closing = closing;
        }
    }

    /// The place of the oldest batch among the calls.
    pub fn oldest(&mut self) -> Option<u64> {
        loop {
            let &(_, key) = self.closing.front()?;
            if self.is_open(key) {
                return self.open[key.slot() as usize].as_ref().map(|batch| batch.seq);
            }
            self.closing.pop_front();
        }
    }

    /// Every batch will close at this moment, whenever it would have closed.
    pub fn close_all_at(&mut self, due: Millis) {
        for _ in 0..self.closing.len() {
            if let Some((_, key)) = self.closing.pop_front() {
                self.closing.push_back((due, key));
            }
        }
        if self.due.is_set() {
            self.due.set(due);
        }
    }

    /// Ends every batch, before everything else.
    pub fn drain(&mut self, ended: &mut Vec<Ended>) {
        self.closing.clear();
        self.due.clear();
        self.keys.clear();
        for batch in self.open.iter().flatten() {
            ended.push(Ended {
                seq: 0,
                token: batch.token,
                stored: true,
            });
        }
        self.open.clear();
    }

    /// Records the items that came before the journal was on.
    pub fn record(&mut self, journal: &mut Journal) {
        for batch in self.open.iter_mut().flatten() {
            if let Some(record) = journal.item(batch.id, &batch.key, &batch.json[1..]) {
                batch.records.push(record);
            }
        }
    }

    #[cfg(test)]
    pub fn entries(&self) -> usize {
        self.closing.len()
    }
}

impl Outbox {
    /// Adds an item, already JSON, to its batch. Returns the token under which the batch ends: `token` if this item
    /// began it, otherwise that of the first item.
    pub fn batch(
        &mut self,
        now: Millis,
        item: &Message<'_>,
        token: Option<Token>,
        effects: &mut Effects,
    ) -> Result<Option<Token>, Error> {
        let size = item.payload.len() + 2;
        if size > MAX_BATCH_BYTES {
            return Err(Error::format(
                Code::PacketTooLarge,
                "a batch item of % bytes is too large; an item has at most 16 MiB of JSON: publish it by itself",
                &[&count(item.payload.len())],
            ));
        }
        self.make_room(item.topic.len() + size, item.topic, effects)?;
        let mut key = std::mem::take(&mut self.batches.key);
        BatchKey::write(&mut key, item);
        if let Some(number) = self.batches.keys.find(&key) {
            let batch = self.batches.open[number as usize].as_ref();
            if batch.is_some_and(|batch| batch.json.len() + size > MAX_BATCH_BYTES) {
                self.close_batch(now, number, effects);
            }
        }
        let number = self.open_batch(now, &key, token);
        self.batches.key = key;
        let mut ends_as = token;
        let mut is_full = false;
        if let Some(batch) = &mut self.batches.open[number as usize] {
            batch.json.push(if batch.items == 0 { b'[' } else { b',' });
            batch.json.extend_from_slice(item.payload);
            batch.items += 1;
            let record = effects.journal.item(batch.id, &self.batches.key, item.payload);
            if let Some(record) = record {
                batch.records.push(record);
            }
            ends_as = batch.token;
            is_full = batch.items >= self.limits.batch_size;
            self.usage.add(1, size);
        }
        if is_full || self.exceeds_bounds() {
            self.close_batch(now, number, effects);
        }
        Ok(ends_as)
    }

    /// The batch of this key, a new one if there is none.
    fn open_batch(&mut self, now: Millis, key: &[u8], token: Option<Token>) -> u32 {
        let number = self.batches.keys.insert(key);
        if number as usize >= self.batches.open.len() {
            self.batches.open.push(None);
        }
        if self.batches.open[number as usize].is_none() {
            self.batches.last_id += 1;
            let id = self.batches.last_id;
            self.batches.open[number as usize] = Some(Box::new(Batch {
                id,
                key: key.to_vec(),
                token,
                json: Vec::new(),
                items: 0,
                records: Vec::new(),
                seq: self.last_seq,
            }));
            let due = now + self.limits.publish_interval;
            self.batches.closing.push_back((due, Key::new(id, number)));
            if !self.batches.due.is_set() {
                self.batches.due.set(due);
            }
        }
        number
    }

    /// Takes a batch out of the table.
    fn take_batch(&mut self, number: u32, journal: &mut Journal) -> Option<Box<Batch>> {
        let batch = self.batches.open.get_mut(number as usize)?.take()?;
        self.batches.keys.remove(number);
        self.usage.sub(batch.items, batch.json.len() + batch.items);
        for &record in &batch.records {
            journal.item_ended(record);
        }
        Some(batch)
    }

    /// Takes the oldest batch, to be dropped.
    pub(super) fn take_oldest_batch(&mut self, journal: &mut Journal) -> Option<Box<Batch>> {
        let (_, key) = self.batches.closing.pop_front()?;
        self.take_batch(key.slot(), journal)
    }

    /// A batch becomes a message, and takes its place in the offline queue.
    fn close_batch(&mut self, now: Millis, number: u32, effects: &mut Effects) {
        let Some(mut batch) = self.take_batch(number, &mut effects.journal) else {
            return;
        };
        batch.json.push(b']');
        let Some(key) = BatchKey::read(&batch.key) else {
            return;
        };
        let message = key.message(&batch.json);
        // Its items were accepted, so it is not refused for the few bytes it has more than they.
        let stored = self.store(now, &message, batch.token, &mut effects.journal);
        self.make_ready(now, stored, effects);
        self.batches.compact();
    }

    /// Closes the batches that are due up to this moment, oldest first.
    pub(super) fn flush_batches(&mut self, now: Millis, upto: Millis, effects: &mut Effects) {
        while let Some((at, key)) = self.batches.closing.pop_front() {
            let is_open = self.batches.is_open(key);
            if is_open && at > upto {
                self.batches.due.set(at);
                self.batches.closing.push_front((at, key));
                return;
            }
            if is_open {
                self.close_batch(now, key.slot(), effects);
            }
        }
    }
}
