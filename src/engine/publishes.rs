//! A table of publishes that have not ended, by key. The outbox has one for messages that have not been sent, the
//! session one for messages in flight; a publish moves from one to the other as a whole. Queues elsewhere hold keys,
//! and the key of a publish that has left finds nothing.

use std::collections::VecDeque;

use super::deadline::Millis;
use super::format::sort;
use super::output::Token;
use super::record::{RecordId, Stage};
use super::suspicion::Suspicion;
use crate::codec::PacketId;

/// An operation that ends together with all others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    /// Its place in the order of the calls; 0 comes before all of them.
    pub seq: u64,
    pub token: Option<Token>,
    /// The journal has it.
    pub stored: bool,
}

/// Names a publish. `seq` is its place in the order of the calls, so sorting by it restores that order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pub seq: u64,
    slot: u32,
}

impl Key {
    pub fn new(seq: u64, slot: u32) -> Self {
        Key { seq, slot }
    }

    /// Its place in the table, for as long as it is there.
    pub fn slot(self) -> u32 {
        self.slot
    }
}

/// What a message has while it is in flight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flight {
    pub packet_id: PacketId,
    pub stage: Stage,
    /// Its place in the order of resending: PUBLISH as first sent [MQTT-4.6.0-1], PUBREL as the PUBRECs
    /// came [MQTT-4.6.0-4].
    pub order: u64,
    /// When it was last put on the wire; `NEVER` while it is yet to be sent again on this connection.
    pub sent_at: Millis,
    /// Its caller was told that it took longer than `publishtimeout`: it is completed in a session that lives, and not sent
    /// in another.
    pub abandoned: bool,
}

/// A publish that has not ended.
#[derive(Debug)]
pub(super) struct Publish {
    /// Its place in the order of the calls.
    pub seq: u64,
    pub token: Option<Token>,
    /// The encoded PUBLISH; its packet identifier is 0 until it is sent.
    pub packet: Vec<u8>,
    /// When it was handed over to be sent; `offlineexpiry` and `publishtimeout` count from here.
    pub since: Millis,
    /// When it is of no more use (§3.3.2.3.3), or `NEVER`.
    pub expires: Millis,
    /// Where the journal keeps it.
    pub record: Option<RecordId>,
    pub flight: Option<Flight>,
    /// Was in flight in a session that was lost: exempt from `offlinesize`, `offlinebytes` and every policy.
    pub requeued: bool,
    /// Connections that ended right after it was sent.
    pub suspicion: Suspicion,
}

impl Publish {
    /// It ends with everything else.
    pub fn ended(&self) -> Ended {
        Ended {
            seq: self.seq,
            token: self.token,
            stored: self.record.is_some(),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Publishes {
    slots: Vec<Option<Publish>>,
    free: Vec<u32>,
    /// Where `find` begins.
    found: usize,
}

impl Publishes {
    #[cfg_attr(small_code, optimize(speed))]
    pub fn insert(&mut self, publish: Publish) -> Key {
        let seq = publish.seq;
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = Some(publish);
                slot
            }
            None => {
                self.slots.push(Some(publish));
                (self.slots.len() - 1) as u32
            }
        };
        Key { seq, slot }
    }

    #[cfg_attr(small_code, optimize(speed))]
    pub fn get(&mut self, key: Key) -> Option<&mut Publish> {
        let found = self.slots.get_mut(key.slot as usize)?.as_mut();
        found.filter(|publish| publish.seq == key.seq)
    }

    /// The publish in this place.
    pub fn at(&mut self, slot: u32) -> Option<(Key, &mut Publish)> {
        let publish = self.slots.get_mut(slot as usize)?.as_mut()?;
        let key = Key {
            seq: publish.seq,
            slot,
        };
        Some((key, publish))
    }

    pub fn remove(&mut self, key: Key) -> Option<Publish> {
        self.get(key)?;
        self.take(key.slot)
    }

    /// Removes the publish in this place.
    #[cfg_attr(small_code, optimize(speed))]
    pub fn take(&mut self, slot: u32) -> Option<Publish> {
        let publish = self.slots.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        Some(publish)
    }

    /// Drops the publish in this place.
    #[cfg_attr(small_code, optimize(speed))]
    pub fn drop(&mut self, slot: u32) {
        self.slots[slot as usize] = None;
        self.free.push(slot);
    }

    /// The publish that ends with this token; searched from where the last one was found, because many are withdrawn in order.
    pub fn find(&mut self, token: Token) -> Option<Key> {
        let slots = &self.slots;
        self.found = search(
            slots.len(),
            self.found,
            &mut |slot| matches!(&slots[slot], Some(publish) if publish.token == Some(token)),
        )?;
        let publish = self.slots[self.found].as_ref()?;
        Some(Key::new(publish.seq, self.found as u32))
    }

    /// Takes out of a queue what finds no publish any more.
    pub fn forget_left(&mut self, queue: &mut VecDeque<Key>) {
        retain(queue, &mut |&key| self.get(key).is_some());
    }

    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Publish> {
        self.slots.iter().flatten()
    }

    /// Places of those publishes for which there is a rank, lowest rank first.
    #[inline(never)]
    pub fn sorted(&self, rank: fn(&Publish) -> Option<u64>) -> Vec<(u64, u32)> {
        let mut ranked = Vec::new();
        for (slot, publish) in (0u32..).zip(&self.slots) {
            if let Some(rank) = publish.as_ref().and_then(rank) {
                ranked.push((rank, slot));
            }
        }
        sort(&mut ranked);
        ranked
    }

    /// Places in the order of the calls.
    pub fn in_order(&self) -> Vec<(u64, u32)> {
        self.sorted(|publish| Some(publish.seq))
    }

    /// Whether one of them began at or before this place in the order of the calls.
    pub fn any_up_to(&self, seq: u64) -> bool {
        self.iter().any(|publish| publish.seq <= seq)
    }

    #[cfg(test)]
    pub fn slots(&self) -> usize {
        self.slots.len()
    }
}

/// Keeps some entries of a queue; half the code of `VecDeque::retain`.
#[inline(never)]
pub(super) fn retain<T>(queue: &mut VecDeque<T>, keep: &mut dyn FnMut(&T) -> bool) {
    for _ in 0..queue.len() {
        match queue.pop_front() {
            Some(entry) if keep(&entry) => queue.push_back(entry),
            _ => {}
        }
    }
}

/// Keys by the time since which their publishes wait, oldest first: which one is the next to exceed a limit. Entries
/// of publishes that have left are removed when they come to the front, or when they are too many.
#[derive(Debug, Default)]
pub(super) struct BySince(VecDeque<(Millis, Key)>);

/// Stale entries that are left where they are, at most.
const STALE: usize = 64;

fn is_current(publishes: &mut Publishes, (since, key): (Millis, Key)) -> bool {
    publishes.get(key).is_some_and(|publish| publish.since == since)
}

impl BySince {
    pub fn insert(&mut self, since: Millis, key: Key, publishes: &mut Publishes) {
        if self.0.len() > 2 * publishes.len() + STALE {
            retain(&mut self.0, &mut |&entry| is_current(publishes, entry));
        }
        // As those of a lost session do, which come last first.
        if self.0.front().is_some_and(|(oldest, _)| since < *oldest) {
            return self.0.push_front((since, key));
        }
        let mut at = self.0.len();
        self.0.push_back((since, key));
        while at > 0 && self.0[at - 1].0 > since {
            self.0.swap(at - 1, at);
            at -= 1;
        }
    }

    /// The oldest that is still there.
    pub fn first(&mut self, publishes: &mut Publishes) -> Option<(Millis, Key)> {
        loop {
            let &entry = self.0.front()?;
            if is_current(publishes, entry) {
                return Some(entry);
            }
            self.0.pop_front();
        }
    }

    pub fn pop(&mut self) {
        self.0.pop_front();
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// The first of so many places for which this is true, from this one on, and then from the beginning.
#[inline(never)]
pub(super) fn search(places: usize, from: usize, is_it: &mut dyn FnMut(usize) -> bool) -> Option<usize> {
    (from..places)
        .chain(0..from.min(places))
        .find(|&place| is_it(place))
}

#[cfg(test)]
mod tests {
    use super::super::deadline::NEVER;
    use super::*;

    fn publish(seq: u64, since: Millis) -> Publish {
        Publish {
            seq,
            token: None,
            packet: Vec::new(),
            since,
            expires: NEVER,
            record: None,
            flight: None,
            requeued: false,
            suspicion: Suspicion::default(),
        }
    }

    #[test]
    fn a_key_of_a_publish_that_left_finds_nothing_even_when_its_slot_is_used_again() {
        let mut publishes = Publishes::default();
        let old = publishes.insert(publish(1, 0));
        assert!(publishes.remove(old).is_some());
        let new = publishes.insert(publish(2, 0));
        assert_eq!(old.slot(), new.slot());
        assert!(publishes.get(old).is_none() && publishes.remove(old).is_none());
        assert!(publishes.get(new).is_some());
        assert_eq!(publishes.len(), 1);
    }

    #[test]
    fn keys_come_in_the_order_of_the_calls_whatever_slots_they_have() {
        let mut publishes = Publishes::default();
        let keys: Vec<Key> = (1..=6).map(|seq| publishes.insert(publish(seq, 0))).collect();
        for at in [4, 0, 2] {
            publishes.remove(keys[at]);
        }
        for seq in 7..=9 {
            publishes.insert(publish(seq, 0));
        }
        let order: Vec<u64> = publishes.in_order().iter().map(|(seq, _)| *seq).collect();
        assert_eq!(order, [2, 4, 6, 7, 8, 9]);
    }

    #[test]
    fn the_oldest_is_found_in_whatever_order_they_came_and_those_that_left_are_passed_over() {
        let mut publishes = Publishes::default();
        let mut by_since = BySince::default();
        let mut keys = Vec::new();
        for (seq, since) in [(1, 30), (2, 10), (3, 20), (4, 10)] {
            let key = publishes.insert(publish(seq, since));
            by_since.insert(since, key, &mut publishes);
            keys.push(key);
        }
        publishes.remove(keys[1]);
        for expected in [4, 3, 1] {
            let (_, key) = by_since.first(&mut publishes).unwrap();
            assert_eq!(key.seq, expected);
            by_since.pop();
        }
        assert_eq!(by_since.first(&mut publishes), None);
    }

    #[test]
    fn entries_of_publishes_that_left_do_not_pile_up() {
        let mut publishes = Publishes::default();
        let mut by_since = BySince::default();
        for seq in 0..10_000 {
            let key = publishes.insert(publish(seq, seq));
            by_since.insert(seq, key, &mut publishes);
            if seq > 0 {
                publishes.remove(key);
            }
        }
        assert!(by_since.len() <= STALE + 4, "{}", by_since.len());
    }
}
