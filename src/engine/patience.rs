//! Which messages give way, and when: those that wait by number, topic and age (`offlinepolicy`,
//! `offlineexpiry`), and publishes that take too long (`publishtimeout`). What was on the wire once is
//! never dropped. All of one kind wait equally long, so the oldest is always in front.

use std::collections::VecDeque;

use super::error::Code;
use super::event::NOBODY;
use super::names::Names;
use super::ops::{Key, Op, Ops, Stage, Work};
use super::publish::expired;
use super::text::seconds;
use super::timers::{Millis, Timer};
use super::{Engine, Error, Policy};
use crate::codec::publish;

#[derive(Debug, Default)]
pub(super) struct Patience {
    /// What waits to be sent and may give way, since when.
    waiting: VecDeque<(Millis, Key)>,
    /// Publishes that may take too long, since when.
    pending: VecDeque<(Millis, Key)>,
    /// With `Policy::Latest`: topics of what waits,
    topics: Names,
    /// and by number of the topic its message.
    latest: Vec<Key>,
}

/// So many entries of messages that have gone are left where they are.
const GONE: usize = 64;

impl Patience {
    fn latest_of(&self, topic: &[u8]) -> Option<Key> {
        let number = self.topics.find(topic)?;
        self.latest.get(number as usize).copied()
    }

    fn note_topic(&mut self, key: Key, topic: &[u8]) {
        let number = self.topics.insert(topic) as usize;
        if number == self.latest.len() {
            self.latest.push(key);
        }
        self.latest[number] = key;
    }

    /// The message no longer waits.
    pub fn forget_topic(&mut self, key: Key, packet: &[u8]) {
        if self.topics.len() == 0 {
            return;
        }
        if let Some(number) = self.topics.find(publish::topic(packet)) {
            if self.latest[number as usize] == key {
                self.topics.remove(number);
            }
        }
    }

    #[cfg(test)]
    pub fn entries(&self) -> [usize; 3] {
        [self.waiting.len(), self.pending.len(), self.topics.len()]
    }
}

/// Whether an entry still stands for what the operation is now.
fn stands(ops: &mut Ops, (since, key): (Millis, Key)) -> bool {
    ops.get(key).is_some_and(|op| op.given == since)
}

/// Entries of what has gone are taken out now and then, not one by one.
fn prune(list: &mut VecDeque<(Millis, Key)>, ops: &mut Ops) {
    if list.len() <= 2 * ops.publishes() + GONE {
        return;
    }
    for _ in 0..list.len() {
        if let Some(entry) = list.pop_front().filter(|&entry| stands(ops, entry)) {
            list.push_back(entry);
        }
    }
}

impl Engine {
    /// A message takes its place among those that wait to be sent.
    #[inline(never)]
    pub(super) fn line_up(&mut self, key: Key, now: Millis) {
        let Some(op) = self.ops.get(key) else { return };
        op.given = now;
        let mut place = key;
        if self.cfg.offline_policy == Policy::Latest {
            if let Work::Publish(packet) = &op.work {
                let topic = publish::topic(packet);
                match self.patience.latest_of(topic) {
                    Some(older) => place = older,
                    None => self.patience.note_topic(key, topic),
                }
            }
        }
        if place == key {
            self.waiting.push_back(key);
            self.prune_waiting();
        } else if let Some(older) = self.ops.replace(place, key) {
            let since = older.given;
            self.let_go(older, dropped());
            if since == now {
                return; // its entries stand for this one
            }
        }
        if self.cfg.offline_policy == Policy::DropOldest || self.cfg.offline_expiry > 0 {
            prune(&mut self.patience.waiting, &mut self.ops);
            self.patience.waiting.push_back((now, place));
        }
        if self.cfg.offline_expiry > 0 {
            self.timers.hasten(Timer::Age, now + self.cfg.offline_expiry);
        }
        self.await_end(place, now);
    }

    /// From now on the publish may take `publishtimeout`.
    pub(super) fn await_end(&mut self, key: Key, now: Millis) {
        if self.cfg.publish_timeout == 0 {
            return;
        }
        if let Some(op) = self.ops.get(key) {
            op.given = now;
        }
        prune(&mut self.patience.pending, &mut self.ops);
        self.patience.pending.push_back((now, key));
        self.timers.hasten(Timer::Age, now + self.cfg.publish_timeout);
    }

    fn prune_waiting(&mut self) {
        if self.waiting.len() <= 2 * self.waiting_messages() + GONE {
            return;
        }
        for _ in 0..self.waiting.len() {
            let key = self.waiting.pop_front();
            self.waiting
                .extend(key.filter(|&key| self.ops.get(key).is_some()));
        }
    }

    /// Whether there is room for a message of so many bytes after others have given way. With
    /// `Policy::Latest` the older message of `topic` does so when the new one lines up.
    pub(super) fn make_way(&mut self, bytes: usize, topic: &str) -> bool {
        match self.cfg.offline_policy {
            Policy::Refuse => false,
            Policy::Latest => {
                let older = self.patience.latest_of(topic.as_bytes());
                let size = match older.and_then(|key| self.ops.get(key)).map(|op| &op.work) {
                    Some(Work::Publish(packet)) => packet.len(),
                    _ => return false,
                };
                self.held.bytes + bytes <= self.cfg.offline_bytes + size
            }
            Policy::DropOldest => {
                if self.cfg.offline_size == 0 || bytes > self.cfg.offline_bytes {
                    return false;
                }
                while !self.has_room(bytes) && self.drop_oldest() {}
                self.has_room(bytes)
            }
        }
    }

    fn drop_oldest(&mut self) -> bool {
        let waiting = self.first_waiting();
        let (batch, queued) = self.collector.oldest();
        let waits = waiting.map_or(u64::MAX, |(_, key)| key.seq);
        let oldest = waits.min(queued).min(batch);
        if oldest == u64::MAX {
            return false;
        }
        if waits == oldest {
            self.patience.waiting.pop_front();
            self.give_way(waiting.map(|(_, key)| key), dropped());
        } else if queued == oldest {
            let key = self.unqueue();
            self.give_way(key, dropped());
        } else if let Some((token, items)) = self.drop_batch() {
            self.stats.dropped += items as u64;
            self.done(token, Err(dropped()));
        }
        true
    }

    /// The first in line that was never on the wire.
    fn first_waiting(&mut self) -> Option<(Millis, Key)> {
        loop {
            let &(since, key) = self.patience.waiting.front()?;
            let waits = |op: &mut Op| op.given == since && op.stage == Stage::Waiting && op.order == 0;
            if self.ops.get(key).is_some_and(waits) {
                return Some((since, key));
            }
            self.patience.waiting.pop_front();
        }
    }

    /// A message that waits is given up.
    fn give_way(&mut self, key: Option<Key>, error: Error) {
        let Some(key) = key else { return };
        let Some(op) = self.ops.remove(key) else { return };
        if self.waiting.front() == Some(&key) {
            self.waiting.pop_front();
        }
        if let Work::Publish(packet) = &op.work {
            self.patience.forget_topic(key, packet);
        }
        self.let_go(op, error);
    }

    fn let_go(&mut self, op: Op, error: Error) {
        if let Work::Publish(packet) = &op.work {
            let held = if op.order == 0 {
                &mut self.held
            } else {
                &mut self.again
            };
            held.messages -= 1;
            held.bytes -= packet.len();
        }
        self.stats.dropped += 1;
        self.done(op.token, Err(error));
    }

    /// `Timer::Age`: ends what has waited or taken too long.
    pub(super) fn lose_patience(&mut self, now: Millis) {
        if self.is_online() && !self.timers.confirm(Timer::Age, now) {
            return;
        }
        let (expiry, timeout) = (self.cfg.offline_expiry, self.cfg.publish_timeout);
        while let Some((since, key)) = self.first_waiting().filter(|_| expiry > 0) {
            if now < since + expiry {
                self.timers.hasten(Timer::Age, since + expiry);
                break;
            }
            self.give_way(
                Some(key),
                Error::say(
                    Code::Expired,
                    "the message waited for longer than offlineexpiry, % s",
                    &[&seconds(expiry)],
                ),
            );
        }
        self.expire(now);
        while let Some(&(since, key)) = self.patience.pending.front() {
            let stands = stands(&mut self.ops, (since, key));
            if stands && now < since + timeout {
                self.timers.hasten(Timer::Age, since + timeout);
                break;
            }
            self.patience.pending.pop_front();
            if stands {
                self.take_no_longer(key);
            }
        }
    }

    /// Messages of MQTT 5 that wait beyond their own interval (§3.3.2.3.3). Intervals are whole seconds, so
    /// one look a second is enough.
    fn expire(&mut self, now: Millis) {
        let mut next = Millis::MAX;
        for key in self.ops.expiring() {
            match self.ops.get(key) {
                Some(op) if op.expires <= now => {
                    self.unqueue_key(key);
                    self.give_way(Some(key), expired());
                }
                Some(op) => next = next.min(op.expires),
                None => {}
            }
        }
        if next != Millis::MAX {
            self.timers.hasten(Timer::Age, next.max(now + 1_000));
        }
    }

    /// A publish has taken too long. On the wire it stays what it is, but nobody waits for its end.
    fn take_no_longer(&mut self, key: Key) {
        let error = Error::say(
            Code::Timeout,
            "the publish took longer than publishtimeout, % s",
            &[&seconds(self.cfg.publish_timeout)],
        );
        match self.ops.get(key) {
            Some(op) if op.stage != Stage::Waiting => {
                let token = std::mem::replace(&mut op.token, NOBODY);
                if token != NOBODY {
                    self.done(token, Err(error));
                }
            }
            _ => self.give_way(Some(key), error),
        }
    }
}

fn dropped() -> Error {
    Error::new(
        Code::Dropped,
        "the message made room for a later one (offlinepolicy); nothing was sent of it",
    )
}
