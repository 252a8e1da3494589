//! What must outlive the process, as data: a list of changes for whoever keeps it, and the way back
//! from what was kept. Written down where an operation changes (`ops.rs`, `collect.rs`,
//! `receive.rs`), each change small, in the order in which things happened. It is the driver's law
//! that bytes leave only when the changes made before them are kept; then QoS 2 stays exactly once
//! over a crash. Until `restore` nothing is written, and a client without a store pays for nothing.

use super::collect::BatchKey;
use super::event::NOBODY;
use super::ops::{Ops, Stage, Work};
use super::timers::Millis;
use super::Engine;
use crate::codec::properties::{self, Place};
use crate::codec::{frame, publish, PacketId, PacketType, Version};

/// What is now kept under a key; nothing: it is kept no more.
pub type Change = (u64, Option<Vec<u8>>);

#[derive(Debug)]
pub struct Journal {
    on: bool,
    /// What messages are encoded in.
    pub version: Version,
    /// The last number given out: they order what is kept as it was begun.
    last: u64,
    changes: Vec<Change>,
}

/// What is kept, in the lowest two bits of a key; above them a number.
const MESSAGE: u64 = 0;
const STATE: u64 = 1;
const ITEM: u64 = 2;
const IDENTIFIER: u64 = 3;
/// Keys are exact in JavaScript's numbers.
const LARGEST: u64 = 1 << 53;
/// Identifiers given up here but perhaps not by the broker; below are those received.
const RESERVED: u64 = 1 << 16;

impl Default for Journal {
    fn default() -> Self {
        Journal {
            on: false,
            version: Version::V4,
            last: 0,
            changes: Vec::new(),
        }
    }
}

impl Journal {
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// The number of something new, 0 while nothing is written.
    pub fn number(&mut self) -> u64 {
        self.last += self.on as u64;
        if self.on {
            self.last
        } else {
            0
        }
    }

    fn note(&mut self, number: u64, kind: u64, value: Option<Vec<u8>>) {
        if self.on && number != 0 {
            self.changes.push((number << 2 | kind, value));
        }
    }

    pub fn message(&mut self, number: u64, packet: &[u8]) {
        if self.on {
            let mark: &[u8] = if self.version == Version::V5 { &[MARK] } else { &[] };
            self.note(number, MESSAGE, Some([mark, packet].concat()));
        }
    }

    /// A message is on the wire, or its PUBREL.
    pub fn state(&mut self, number: u64, stage: Stage, pid: u16, order: u64) {
        if self.on {
            let mut value = vec![stage as u8];
            value.extend_from_slice(&pid.to_be_bytes());
            value.extend_from_slice(&order.to_be_bytes());
            self.note(number, STATE, Some(value));
        }
    }

    pub fn stateless(&mut self, number: u64) {
        self.note(number, STATE, None);
    }

    pub fn ended(&mut self, number: u64) {
        self.note(number, MESSAGE, None);
    }

    /// Items of a batch in one piece; the number under which they are kept.
    pub fn item(&mut self, batch: u64, key: &[u8], json: &[u8]) -> u64 {
        let number = self.number();
        if self.on {
            let mut value = batch.to_be_bytes().to_vec();
            value.extend_from_slice(&(key.len() as u32).to_be_bytes());
            value.extend_from_slice(key);
            value.extend_from_slice(json);
            self.note(number, ITEM, Some(value));
        }
        number
    }

    pub fn item_ended(&mut self, number: u64) {
        self.note(number, ITEM, None);
    }

    /// QoS 2 from the broker: PUBLISH was received, PUBREL was not.
    pub fn received(&mut self, pid: u16, holds: bool) {
        self.note(pid.into(), IDENTIFIER, holds.then(Vec::new));
    }

    pub fn reserved(&mut self, pid: u16, holds: bool) {
        self.note(RESERVED + u64::from(pid), IDENTIFIER, holds.then(Vec::new));
    }

    /// Runs without writing: what ends meanwhile stays kept.
    pub fn pause(&mut self) -> bool {
        std::mem::replace(&mut self.on, false)
    }

    pub fn go_on(&mut self, on: bool) {
        self.on = on;
    }
}

/// A kept batch: its number, its key as in `Collector`, the array so far, where its items are kept.
struct Kept {
    batch: u64,
    key: Vec<u8>,
    json: Vec<u8>,
    numbers: Vec<u64>,
}

impl Engine {
    /// The changes since the last time, in their order. They are to be kept all or none.
    pub fn take_journal(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.ops.journal.changes)
    }

    pub fn has_journal(&self) -> bool {
        !self.ops.journal.changes.is_empty()
    }

    /// Takes up what was kept, in any order, before `start`; from here on changes are written.
    /// Calls made before stay, behind what was kept. Returns how many entries make no sense.
    pub fn restore(&mut self, mut entries: Vec<(u64, Vec<u8>)>, now: Millis) -> usize {
        self.ops.forget_identifiers();
        self.received.forget(&mut self.ops.journal);
        let journal = &mut self.ops.journal;
        *journal = Journal {
            on: true,
            version: self.version,
            ..Journal::default()
        };
        for (key, _) in &entries {
            if *key < LARGEST && key & 3 != IDENTIFIER {
                journal.last = journal.last.max(key >> 2);
            }
        }

        let later = std::mem::take(&mut self.waiting);
        self.patience = Default::default();
        // Nobody waits for what was kept, so it may take as long as it takes.
        let timeout = std::mem::take(&mut self.cfg.publish_timeout);
        let mut unread = 0;
        let mut batches: Vec<Kept> = Vec::new();
        let mut places = Ops::ascending(entries.iter().map(|(key, _)| *key));
        while let Some(place) = places.pop_front() {
            let (key, value) = std::mem::take(&mut entries[place]);
            let number = key >> 2;
            let good = key < LARGEST
                && match key & 3 {
                    MESSAGE => {
                        let next = places.front().map(|&place| &entries[place]);
                        let state = next.filter(|(next, _)| *next == key | STATE);
                        let in_flight = state.map(|(_, state)| parse_state(state));
                        if in_flight.is_some() {
                            places.pop_front();
                        }
                        self.restore_message(number, value, in_flight.flatten(), now)
                    }
                    // Its message cannot be read; the broker may have it.
                    STATE => {
                        let state = parse_state(&value);
                        let pid = state.map(|(_, pid, _)| pid);
                        if pid.is_some_and(|pid| self.ops.restore_reserved(pid)) {
                            self.ops.journal.reserved(pid.unwrap_or_default(), true);
                        }
                        false
                    }
                    ITEM => restore_item(&mut batches, number, &value),
                    _ if number > RESERVED => self.ops.restore_reserved((number - RESERVED) as u16),
                    _ => {
                        self.received.first_time(number as u16);
                        true
                    }
                };
            if !good {
                unread += 1;
                self.ops.journal.changes.push((key, None));
            }
        }
        self.ops.complete_identifiers();

        // They have waited long enough.
        for mut kept in batches {
            kept.json.push(b']');
            let Some(batch) = BatchKey::read(&kept.key) else {
                continue;
            };
            let mut message = batch.message(&kept.json);
            if self.version == Version::V4 {
                message.properties = &[];
            }
            let key = self.keep(&message, NOBODY, now);
            self.line_up(key, now);
            for number in kept.numbers {
                self.ops.journal.item_ended(number);
            }
        }
        self.cfg.publish_timeout = timeout;
        for key in later {
            self.line_up(key, now);
        }
        self.ops.write_all_down();
        self.write_batches_down();
        unread
    }

    /// A kept message in what is spoken now; properties of MQTT 5 have no place in 3.1.1.
    fn converted(&self, kept_in: Version, packet: Vec<u8>) -> Vec<u8> {
        if kept_in == self.version {
            return packet;
        }
        let Some(parts) = publish::parts(kept_in, &packet) else {
            return packet;
        };
        let mut other = Vec::new();
        publish::encode(&mut other, self.version, &parts, None);
        other
    }

    /// False: it is none that can be sent, and is left where it is.
    fn restore_message(&mut self, number: u64, packet: Vec<u8>, state: Option<State>, now: Millis) -> bool {
        // What MQTT 5 has kept is marked.
        let (kept_in, packet) = match packet.split_first() {
            Some((&MARK, rest)) => (Version::V5, rest.to_vec()),
            _ => (Version::V4, packet),
        };
        let frame = frame::frame(&packet, kept_in).ok().flatten();
        let whole = frame.is_some_and(|frame| frame.total() == packet.len());
        let qos = publish::qos(&packet);
        if !whole || packet[0] >> 4 != 3 || qos > 2 || !readable(kept_in, &packet) {
            return false;
        }
        let packet = self.converted(kept_in, packet);
        let size = packet.len();
        let in_flight = state.filter(|_| qos > 0);
        let key = self.ops.restore(number, Work::Publish(packet));
        match in_flight {
            Some((stage, pid, order)) if self.ops.put_back(key, stage, pid, order) => {
                if let Some(Work::Publish(packet)) = self.ops.get(key).map(|op| &mut op.work) {
                    if let Some(id) = PacketId::new(pid) {
                        publish::set_packet_id(packet, id);
                    }
                }
            }
            _ => {
                self.held.messages += 1;
                self.held.bytes += size;
                self.line_up(key, now);
            }
        }
        true
    }
}

/// In front of a message of MQTT 5: no PUBLISH begins with it.
const MARK: u8 = 5;

/// Apart from its packet identifier, which it has only in flight.
fn readable(version: Version, packet: &[u8]) -> bool {
    let mut copy = packet.to_vec();
    publish::clear_dup(&mut copy);
    if let Some(any) = PacketId::new(1) {
        publish::set_packet_id(&mut copy, any);
    }
    let Ok(Some(frame)) = frame::frame(&copy, version) else {
        return false;
    };
    let message = publish::read(version, frame.first, &copy[frame.header..]);
    frame.packet_type == PacketType::Publish
        && message.is_ok_and(|message| publish::check_topic(message.topic).is_ok())
}

/// Stage, packet identifier, order: see `ops::Op`.
type State = (Stage, u16, u64);

fn parse_state(value: &[u8]) -> Option<State> {
    let (stage, rest) = value.split_first()?;
    let (pid, order) = rest.split_first_chunk()?;
    let stage = match stage {
        1 => Stage::Sent,
        2 => Stage::Released,
        _ => return None,
    };
    Some((
        stage,
        u16::from_be_bytes(*pid),
        u64::from_be_bytes(order.try_into().ok()?),
    ))
}

fn restore_item(batches: &mut Vec<Kept>, number: u64, value: &[u8]) -> bool {
    let parsed = value.split_first_chunk().and_then(|(batch, rest)| {
        let (length, rest) = rest.split_first_chunk()?;
        let (key, json) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        let parsed = BatchKey::read(key)?;
        let sound = super::check_topic(parsed.topic).is_ok()
            && properties::check(parsed.properties, Place::Publish).is_ok();
        sound.then_some((u64::from_be_bytes(*batch), key, json))
    });
    let Some((batch, key, json)) = parsed else {
        return false;
    };
    match batches
        .iter_mut()
        .find(|kept| kept.batch == batch && kept.key == key)
    {
        Some(kept) => {
            kept.json.push(b',');
            kept.json.extend_from_slice(json);
            kept.numbers.push(number);
        }
        None => batches.push(Kept {
            batch,
            key: key.to_vec(),
            json: [b"[", json].concat(),
            numbers: vec![number],
        }),
    }
    true
}
