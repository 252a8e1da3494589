//! Rebuilds the engine from what a store kept. Reads the records; their layout is in `record.rs`, and `journal.rs` writes
//! them.

use super::deadline::{Millis, NEVER};
use super::format::sort;
use super::journal::Journal;
use super::message::{check_properties, check_topic};
use super::outbox::BatchKey;
use super::publishes::Publish;
use super::record::{kind, parse_flight, parse_item, RecordId, Stage, LARGEST_KEY, MARK_V5, RESERVED};
use super::suspicion::Suspicion;
use super::{Engine, Version};
use crate::codec::properties::Place;
use crate::codec::{frame, publish, PacketId, PacketType};

/// A kept batch: its number, its key, the array so far, where its items are kept.
struct KeptBatch {
    batch: u64,
    key: Vec<u8>,
    json: Vec<u8>,
    records: Vec<RecordId>,
}

/// Stage, packet identifier, order of a message in flight.
type Flight = (Stage, PacketId, u64);

impl Engine {
    /// Takes up what the store kept, in any order, before `start`; from here on changes are given out. Calls made before
    /// stay, behind what was kept. Returns how many entries cannot be read.
    #[inline(never)]
    pub fn restore(&mut self, now: Millis, mut entries: Vec<(u64, Vec<u8>)>) -> usize {
        self.session.clear_identifiers(&mut Journal::default());
        let mut last = 0;
        for (key, _) in &entries {
            if *key < LARGEST_KEY && key & 3 != kind::PACKET_ID {
                last = last.max(key >> 2);
            }
        }
        self.effects.journal = Journal::recording(self.outbox.version(), last);
        let aside = self.outbox.set_aside();

        let mut unread = 0;
        let mut batches: Vec<KeptBatch> = Vec::new();
        let mut order = Vec::new();
        for (place, (key, _)) in (0u32..).zip(&entries) {
            order.push((*key, place));
        }
        sort(&mut order);
        let mut at = 0;
        while let Some(&(key, place)) = order.get(at) {
            at += 1;
            let value = std::mem::take(&mut entries[place as usize].1);
            let mut flight = None;
            let behind = at;
            if let Some(&(next, place)) = order.get(at) {
                if key & 3 == kind::MESSAGE && next == key | kind::FLIGHT {
                    flight = parse_flight(&entries[place as usize].1);
                    at += usize::from(flight.is_some());
                }
            }
            let readable = key < LARGEST_KEY && self.restore_entry(now, key, value, flight, &mut batches);
            if !readable {
                // What it has in flight is taken by itself: its identifier may not be given to another message.
                at = behind;
                unread += 1;
                self.effects.journal.discard(key);
            }
        }
        self.session.restored();
        for kept in batches {
            self.restore_batch(now, kept);
        }
        self.outbox.put_back(now, aside, &mut self.effects);
        unread
    }

    /// False: it cannot be read.
    fn restore_entry(
        &mut self,
        now: Millis,
        key: u64,
        value: Vec<u8>,
        flight: Option<Flight>,
        batches: &mut Vec<KeptBatch>,
    ) -> bool {
        let number = key >> 2;
        match key & 3 {
            kind::MESSAGE => self.restore_message(now, number, value, flight),
            // Its message is gone; the broker may have it.
            kind::FLIGHT => {
                if let Some((_, id, _)) = parse_flight(&value) {
                    if self.session.restore_reserved(id) {
                        self.effects.journal.reserved(id, true);
                    }
                }
                false
            }
            kind::ITEM => restore_item(batches, number, &value),
            _ => match PacketId::new(number as u16) {
                Some(id) if number > RESERVED => self.session.restore_reserved(id),
                Some(id) => {
                    self.session.inbound().mark_unreleased(id);
                    true
                }
                None => false,
            },
        }
    }

    /// False: it is no message that can be sent, and it is left where it is.
    fn restore_message(&mut self, now: Millis, number: u64, value: Vec<u8>, flight: Option<Flight>) -> bool {
        let (kept_in, packet) = match value.split_first() {
            Some((&MARK_V5, rest)) => (Version::V5, rest.to_vec()),
            _ => (Version::V4, value),
        };
        // One of QoS 0 is never in flight: another one was here.
        if !is_readable(kept_in, &packet) || flight.is_some() && publish::qos(&packet) == 0 {
            return false;
        }
        let version = self.outbox.version();
        let packet = match kept_in == version {
            true => packet,
            false => publish::reencoded(kept_in, version, &packet, None).unwrap_or(packet),
        };
        let mut publish = Publish {
            seq: self.outbox.next_seq(),
            token: None,
            packet,
            since: now,
            expires: NEVER,
            record: RecordId::new(number),
            flight: None,
            requeued: false,
            suspicion: Suspicion::default(),
        };
        if let Some((stage, id, order)) = flight {
            match self.session.restore(publish, stage, id, order) {
                Ok(()) => return true,
                Err(given_back) => publish = given_back,
            }
        }
        self.outbox.restore(now, publish, &mut self.effects);
        true
    }

    fn restore_batch(&mut self, now: Millis, mut kept: KeptBatch) {
        kept.json.push(b']');
        let Some(batch) = BatchKey::read(&kept.key) else {
            return;
        };
        let mut message = batch.message(&kept.json);
        if self.outbox.version() == Version::V4 {
            message.properties = &[];
        }
        self.outbox.restore_batch(now, &message, &mut self.effects);
        for record in kept.records {
            self.effects.journal.item_ended(record);
        }
    }
}

/// Whether it is a whole PUBLISH, apart from its packet identifier, which it has only in flight.
fn is_readable(version: Version, packet: &[u8]) -> bool {
    let mut copy = packet.to_vec();
    if publish::qos(&copy) > 0 {
        publish::clear_dup(&mut copy); // with QoS 0 it would be sent as it is, which is malformed
    }
    if let Some(id) = PacketId::new(1) {
        publish::set_packet_id(&mut copy, id);
    }
    let Ok(Some(frame)) = frame::frame(&copy, version) else {
        return false;
    };
    if frame.packet_type != PacketType::Publish || frame.total() != copy.len() || publish::qos(&copy) > 2 {
        return false;
    }
    let message = publish::read(version, frame.first, &copy[frame.header..]);
    message.is_ok_and(|message| publish::check_topic(message.topic).is_ok())
}

fn restore_item(batches: &mut Vec<KeptBatch>, number: u64, value: &[u8]) -> bool {
    let parsed = parse_item(value).filter(|(_, key, _)| {
        BatchKey::read(key).is_some_and(|key| {
            check_topic(key.topic).is_ok() && check_properties(key.properties, Place::Publish).is_ok()
        })
    });
    let (Some((batch, key, json)), Some(record)) = (parsed, RecordId::new(number)) else {
        return false;
    };
    let known = batches
        .iter()
        .position(|kept| kept.batch == batch && kept.key == key);
    if known.is_none() {
        batches.push(KeptBatch {
            batch,
            key: key.to_vec(),
            json: Vec::new(),
            records: Vec::new(),
        });
    }
    let place = known.unwrap_or(batches.len() - 1);
    let kept = &mut batches[place];
    kept.json.push(if kept.json.is_empty() { b'[' } else { b',' });
    kept.json.extend_from_slice(json);
    kept.records.push(record);
    true
}
