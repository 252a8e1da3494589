//! The one table of pending operations: everything a user started that has not ended, whatever
//! it waits for. Also hands out packet identifiers, because an identifier is only taken while an
//! operation holds it. Queues elsewhere hold `Key`s; a key whose operation has ended finds nothing.

use std::collections::VecDeque;

use super::event::{Token, NOBODY};
use super::journal::Journal;
use super::message::NEVER;
use super::subscribe::Filter;
use super::timers::Millis;

/// `Op::since` of what no answer is awaited for: it is yet to be sent again on this connection, or its
/// caller has been told that no answer came.
pub const NOT_AWAITED: Millis = Millis::MAX;

/// Names an operation. `seq` only grows, so sorting by it restores the order of the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    pub seq: u64,
    slot: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Not on the wire.
    Waiting,
    /// On the wire; PUBACK, PUBREC, SUBACK or UNSUBACK is awaited.
    Sent,
    /// PUBREL is on the wire; PUBCOMP is awaited.
    Released,
}

#[derive(Debug)]
pub enum Work {
    /// The encoded PUBLISH; its packet identifier is 0 until it is sent.
    Publish(Vec<u8>),
    Subscribe {
        filters: Vec<Filter>,
        properties: Vec<u8>,
    },
    Unsubscribe {
        filters: Vec<String>,
        properties: Vec<u8>,
    },
}

#[derive(Debug)]
pub struct Op {
    pub token: Token,
    pub pid: u16,
    pub stage: Stage,
    /// When it was last put on the wire.
    pub since: Millis,
    /// When it was handed over to be sent.
    pub given: Millis,
    /// Its place in the order of sending, for a resend: PUBLISHes as they were first sent
    /// [MQTT-4.6.0-1], PUBRELs as the PUBRECs came [MQTT-4.6.0-4]. 0: never sent.
    pub order: u64,
    /// From when on it is of no use; `message::NEVER`.
    pub expires: Millis,
    /// Its number in the journal; 0: it is not kept there.
    pub stored: u64,
    pub work: Work,
}

impl Op {
    pub fn is_publish(&self) -> bool {
        matches!(self.work, Work::Publish(_))
    }
}

/// What a filter costs beside its bytes.
const FILTER: usize = 64;

impl Work {
    /// Bytes that a SUBSCRIBE or UNSUBSCRIBE keeps; 0 for a publish, which is counted by the message.
    pub fn control_bytes(&self) -> usize {
        match self {
            Work::Publish(_) => 0,
            Work::Subscribe { filters, .. } => filters.iter().map(|f| f.filter.len() + FILTER).sum(),
            Work::Unsubscribe { filters, .. } => filters.iter().map(|f| f.len() + FILTER).sum(),
        }
    }
}

#[derive(Debug, Default)]
pub struct Ops {
    slots: Vec<Option<(u64, Op)>>,
    free: Vec<u32>,
    seq: u64,
    order: u64,
    publishes: usize,
    in_flight: usize,
    /// Bytes that pending SUBSCRIBEs and UNSUBSCRIBEs keep.
    control_bytes: usize,
    /// Slot by packet identifier; `NO_SLOT` while it is free.
    by_pid: Vec<u32>,
    /// Identifiers that were used and are free, oldest first: one that was just acknowledged is
    /// not taken again at once, so a duplicate acknowledgement hits nobody.
    free_pids: VecDeque<u16>,
    /// Identifiers under which the broker may still hold a QoS 2 message that was given up here: a
    /// new message under one of them would pass for the old one.
    reserved: VecDeque<u16>,
    pub journal: Journal,
}

/// Shell's way, which has far less code than `sort_unstable` and a heap, and this is not hot. What is nearly in order, as
/// operations are, is done in a few walks.
fn sort(keys: &mut [Key]) {
    let mut gap = keys.len();
    while gap > 1 {
        gap = (gap * 5 / 11).max(1);
        for from in gap..keys.len() {
            let mut at = from;
            while at >= gap && keys[at - gap].seq > keys[at].seq {
                keys.swap(at - gap, at);
                at -= gap;
            }
        }
    }
}

const NO_SLOT: u32 = u32::MAX;
/// So many identifiers are in rotation before any is used twice.
pub const ROTATION: usize = 1024;
pub const MAX_PIDS: usize = 65_535;

impl Ops {
    pub fn insert(&mut self, token: Token, work: Work) -> Key {
        let op = Op {
            token,
            pid: 0,
            stage: Stage::Waiting,
            since: 0,
            given: 0,
            order: 0,
            expires: NEVER,
            stored: 0,
            work,
        };
        self.publishes += op.is_publish() as usize;
        self.control_bytes += op.work.control_bytes();
        self.seq += 1;
        let entry = Some((self.seq, op));
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = entry;
                slot
            }
            None => {
                self.slots.push(entry);
                (self.slots.len() - 1) as u32
            }
        };
        let key = Key { seq: self.seq, slot };
        self.write_down(key);
        key
    }

    /// Keeps the message of a publish, as it is now, in the journal.
    pub fn write_down(&mut self, key: Key) {
        if !self.journal.is_on() {
            return;
        }
        let Some(Some((_, op))) = self.slots.get_mut(key.slot as usize) else {
            return;
        };
        if let Work::Publish(packet) = &op.work {
            if op.stored == 0 {
                op.stored = self.journal.number();
            }
            // One that is sent at once is encoded a moment later.
            if !packet.is_empty() {
                self.journal.message(op.stored, packet);
            }
        }
    }

    /// Keeps what was begun before the journal.
    pub fn write_all_down(&mut self) {
        for key in self.keys() {
            if self.get(key).is_some_and(|op| op.stored == 0) {
                self.write_down(key);
            }
        }
    }

    /// A message that the journal has kept, under its number there.
    pub fn restore(&mut self, number: u64, work: Work) -> Key {
        let on = self.journal.pause();
        let key = self.insert(NOBODY, work);
        self.journal.go_on(on);
        if let Some(op) = self.get(key) {
            op.stored = number;
        }
        key
    }

    /// It was on the wire; false if its identifier is another's.
    pub fn put_back(&mut self, key: Key, stage: Stage, pid: u16, order: u64) -> bool {
        if !self.is_free(pid) {
            return false;
        }
        self.by_pid[pid as usize] = key.slot;
        self.in_flight += 1;
        self.order = self.order.max(order);
        let Some(op) = self.get(key) else { return false };
        op.pid = pid;
        op.stage = stage;
        op.order = order;
        true
    }

    /// See `reserved`; false if it is taken.
    pub fn restore_reserved(&mut self, pid: u16) -> bool {
        let free = self.is_free(pid);
        if free {
            self.reserved.push_back(pid);
        }
        free
    }

    /// Whether nothing holds an identifier, while identifiers are restored.
    fn is_free(&mut self, pid: u16) -> bool {
        let place = pid as usize;
        while place >= self.by_pid.len() {
            self.by_pid.push(NO_SLOT);
        }
        pid != 0 && self.by_pid[place] == NO_SLOT && !self.reserved.iter().any(|&one| one == pid)
    }

    /// Nothing holds one.
    pub fn forget_identifiers(&mut self) {
        self.by_pid.clear();
        self.free_pids.clear();
        self.reserved.clear();
    }

    /// Those restored are known: the others up to the highest are free.
    pub fn complete_identifiers(&mut self) {
        for pid in 1..self.by_pid.len() as u32 {
            if self.is_free(pid as u16) {
                self.free_pids.push_back(pid as u16);
            }
        }
    }

    pub fn get(&mut self, key: Key) -> Option<&mut Op> {
        match self.slots.get_mut(key.slot as usize) {
            Some(Some((seq, op))) if *seq == key.seq => Some(op),
            _ => None,
        }
    }

    pub fn by_pid(&mut self, pid: u16) -> Option<(Key, &mut Op)> {
        let slot = *self.by_pid.get(pid as usize)?;
        let (seq, op) = self.slots.get_mut(slot as usize)?.as_mut()?;
        Some((Key { seq: *seq, slot }, op))
    }

    pub fn remove(&mut self, key: Key) -> Option<Op> {
        self.get(key)?;
        self.release_pid(key);
        let (_, op) = self.slots[key.slot as usize].take()?;
        self.free.push(key.slot);
        self.journal.ended(op.stored);
        self.publishes -= op.is_publish() as usize;
        self.control_bytes -= op.work.control_bytes();
        Some(op)
    }

    /// Puts the newer message in the place of the older, and removes the older, which is returned.
    pub fn replace(&mut self, older: Key, newer: Key) -> Option<Op> {
        let mut op = self.remove(newer)?;
        let place = self.get(older)?;
        op.stored = place.stored;
        std::mem::swap(place, &mut op);
        self.write_down(older);
        Some(op)
    }

    /// Gives the operation a packet identifier; false while all 65,535 are taken.
    pub fn assign_pid(&mut self, key: Key) -> bool {
        if self.by_pid.is_empty() {
            self.by_pid.push(NO_SLOT);
        }
        let minted = self.by_pid.len() - 1;
        let fresh = minted < ROTATION || self.free_pids.is_empty();
        let pid = if fresh && minted < MAX_PIDS {
            self.by_pid.push(NO_SLOT);
            (minted + 1) as u16
        } else {
            match self.free_pids.pop_front().or_else(|| self.reserved.pop_front()) {
                Some(pid) => pid,
                None => return false,
            }
        };
        if self.journal.is_on() {
            self.journal.reserved(pid, false);
        }
        let Some(op) = self.get(key) else {
            self.free_pids.push_back(pid);
            return true;
        };
        op.pid = pid;
        let publish = op.is_publish();
        self.in_flight += publish as usize;
        self.by_pid[pid as usize] = key.slot;
        true
    }

    pub fn release_pid(&mut self, key: Key) {
        let Some(op) = self.get(key) else { return };
        let (pid, publish, stored) = (std::mem::take(&mut op.pid), op.is_publish(), op.stored);
        if pid != 0 {
            self.journal.stateless(stored);
            self.by_pid[pid as usize] = NO_SLOT;
            self.free_pids.push_back(pid);
            self.in_flight -= publish as usize;
        }
    }

    /// Whether the identifier was ever handed out.
    pub fn was_used(&self, pid: u16) -> bool {
        (pid as usize) < self.by_pid.len()
    }

    /// Takes the identifier from the operation, and keeps it from others until `free_reserved`.
    pub fn reserve_pid(&mut self, key: Key) {
        self.release_pid(key);
        if let Some(pid) = self.free_pids.pop_back() {
            self.journal.reserved(pid, true);
            self.reserved.push_back(pid);
        }
    }

    pub fn free_reserved(&mut self) {
        while let Some(pid) = self.reserved.pop_front() {
            self.journal.reserved(pid, false);
            self.free_pids.push_back(pid);
        }
    }

    pub fn next_order(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    /// Notes that the operation goes on the wire for the first time under its identifier.
    pub fn put_on_wire(&mut self, key: Key, now: Millis) -> Option<&mut Op> {
        let order = self.next_order();
        let op = self.get(key)?;
        op.stage = Stage::Sent;
        op.since = now;
        op.order = order;
        let (stored, pid) = (op.stored, op.pid);
        self.journal.state(stored, Stage::Sent, pid, order);
        self.get(key)
    }

    pub fn control_bytes(&self) -> usize {
        self.control_bytes
    }

    /// Publishes that are on the wire, in the order of sending.
    pub fn sent_publishes(&self) -> Vec<Key> {
        let sent = |op: &Op| (op.is_publish() && op.stage != Stage::Waiting).then_some(op.order);
        let mut keys = self.sorted(|_, op| sent(op));
        for key in &mut keys {
            if let Some((seq, _)) = &self.slots[key.slot as usize] {
                key.seq = *seq;
            }
        }
        keys
    }

    /// Every operation, in the order of the calls.
    pub fn keys(&self) -> Vec<Key> {
        self.sorted(|seq, _| Some(seq))
    }

    /// Places of these numbers, lowest number first.
    pub fn ascending(numbers: impl Iterator<Item = u64>) -> VecDeque<usize> {
        let mut keys: Vec<Key> = (0u32..)
            .zip(numbers)
            .map(|(slot, seq)| Key { seq, slot })
            .collect();
        sort(&mut keys);
        keys.iter().map(|key| key.slot as usize).collect()
    }

    /// Those operations for which there is a rank, lowest first; with the rank for `seq`.
    fn sorted(&self, rank: impl Fn(u64, &Op) -> Option<u64>) -> Vec<Key> {
        let mut keys = Vec::new();
        for (slot, entry) in (0u32..).zip(&self.slots) {
            if let Some(seq) = entry.as_ref().and_then(|(seq, op)| rank(*seq, op)) {
                keys.push(Key { seq, slot });
            }
        }
        sort(&mut keys);
        keys
    }

    /// Publishes that wait and will be of no use one day.
    pub fn expiring(&self) -> Vec<Key> {
        self.sorted(|seq, op| {
            (op.expires != NEVER && op.stage == Stage::Waiting && op.order == 0).then_some(seq)
        })
    }

    pub fn mark(&self) -> u64 {
        self.seq
    }

    pub fn ended_up_to(&self, mark: u64) -> bool {
        let pending = |entry: &Option<(u64, Op)>| {
            entry
                .as_ref()
                .is_some_and(|(seq, op)| *seq <= mark && op.is_publish())
        };
        self.publishes == 0 || !self.slots.iter().any(pending)
    }

    pub fn publishes(&self) -> usize {
        self.publishes
    }

    /// QoS 1 and 2 publishes that hold a packet identifier.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Empties the table, in the order of the calls: the only way operations end together.
    pub fn drain(&mut self) -> Vec<Op> {
        self.keys()
            .into_iter()
            .filter_map(|key| self.remove(key))
            .collect()
    }
}

#[cfg(test)]
impl Ops {
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    pub fn reserved(&self) -> usize {
        self.reserved.len()
    }
}
