//! What must outlive the process, as data: a list of changes for whoever keeps them. Each change is small and is
//! recorded where it happens, in the order in which it happens; the engine gives them out as `Output::Store` before
//! the bytes that follow from them, so QoS 2 stays exactly once over a crash. Until it is switched on nothing is
//! recorded, and a client without a store pays nothing. Never rebuilds the engine: that is `restoring.rs`.

use std::num::NonZeroU64;

use super::publishes::{Publish, Stage};
use crate::codec::{PacketId, Version};

/// The value now kept under a key; none: nothing is kept under it any more.
pub type Change = (u64, Option<Vec<u8>>);

/// Names a record. Records are numbered in the order in which they were begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordId(NonZeroU64);

impl RecordId {
    pub fn new(number: u64) -> Option<RecordId> {
        NonZeroU64::new(number).map(RecordId)
    }
}

/// What a record holds, in the lowest two bits of its key.
pub(super) mod kind {
    /// The encoded PUBLISH.
    pub const MESSAGE: u64 = 0;
    /// Stage, packet identifier and order of a message in flight.
    pub const FLIGHT: u64 = 1;
    /// An item of a batch.
    pub const ITEM: u64 = 2;
    /// A packet identifier.
    pub const PACKET_ID: u64 = 3;
}

/// Numbers of packet identifiers above this are of messages given up here, but perhaps not by the broker; those
/// below are of QoS 2 messages received.
pub(super) const RESERVED: u64 = 1 << 16;
/// Keys are exact in JavaScript's numbers.
pub(super) const LARGEST_KEY: u64 = 1 << 53;
/// In front of a message of MQTT 5: no PUBLISH begins with it.
pub(super) const MARK_V5: u8 = 5;

#[derive(Debug)]
pub(super) struct Journal {
    on: bool,
    /// The protocol in which messages are encoded.
    pub version: Version,
    /// The last number given out.
    last: u64,
    changes: Vec<Change>,
}

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
    /// Recording, behind the records numbered up to `last`.
    pub fn recording(version: Version, last: u64) -> Self {
        Journal {
            on: true,
            version,
            last,
            changes: Vec::new(),
        }
    }

    pub fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    fn next(&mut self) -> Option<RecordId> {
        if !self.on {
            return None;
        }
        self.last += 1;
        RecordId::new(self.last)
    }

    fn record(&mut self, number: u64, kind: u64, value: Option<Vec<u8>>) {
        if self.on {
            self.changes.push((number << 2 | kind, value));
        }
    }

    /// A key that makes no sense: nothing is kept under it from here on.
    pub fn discard(&mut self, key: u64) {
        self.changes.push((key, None));
    }

    /// Records the message of a publish as it is now.
    pub fn message(&mut self, publish: &mut Publish) {
        if !self.on {
            return;
        }
        if publish.record.is_none() {
            publish.record = self.next();
        }
        if let Some(RecordId(number)) = publish.record {
            let mark: &[u8] = match self.version {
                Version::V4 => &[],
                Version::V5 => &[MARK_V5],
            };
            self.record(
                number.get(),
                kind::MESSAGE,
                Some([mark, &publish.packet].concat()),
            );
        }
    }

    /// A message is on the wire, or its PUBREL is.
    pub fn flight(&mut self, publish: &Publish) {
        if !self.on {
            return;
        }
        if let (Some(RecordId(number)), Some(flight)) = (publish.record, &publish.flight) {
            let mut value = vec![flight.stage as u8];
            value.extend_from_slice(&flight.packet_id.get().to_be_bytes());
            value.extend_from_slice(&flight.order.to_be_bytes());
            self.record(number.get(), kind::FLIGHT, Some(value));
        }
    }

    /// A message is no longer in flight.
    pub fn landed(&mut self, record: Option<RecordId>) {
        if let Some(RecordId(number)) = record {
            self.record(number.get(), kind::FLIGHT, None);
        }
    }

    /// A publish ended.
    pub fn ended(&mut self, record: Option<RecordId>) {
        if let Some(RecordId(number)) = record {
            self.record(number.get(), kind::MESSAGE, None);
        }
    }

    /// An item was added to a batch.
    pub fn item(&mut self, batch: u64, key: &[u8], json: &[u8]) -> Option<RecordId> {
        let record = self.next();
        if let Some(RecordId(number)) = record {
            let mut value = batch.to_be_bytes().to_vec();
            value.extend_from_slice(&(key.len() as u32).to_be_bytes());
            value.extend_from_slice(key);
            value.extend_from_slice(json);
            self.record(number.get(), kind::ITEM, Some(value));
        }
        record
    }

    /// The batch of an item was closed.
    pub fn item_ended(&mut self, RecordId(number): RecordId) {
        self.record(number.get(), kind::ITEM, None);
    }

    /// QoS 2 from the broker: the message was dealt with, and its PUBREL has not come.
    pub fn received(&mut self, packet_id: PacketId, holds: bool) {
        self.record(packet_id.get().into(), kind::PACKET_ID, holds.then(Vec::new));
    }

    /// The broker may hold a QoS 2 message under this identifier that was given up here.
    pub fn reserved(&mut self, packet_id: PacketId, holds: bool) {
        self.record(
            RESERVED + u64::from(packet_id.get()),
            kind::PACKET_ID,
            holds.then(Vec::new),
        );
    }

    /// Stops recording: what ends meanwhile stays in the store. Returns whether it was on.
    pub fn pause(&mut self) -> bool {
        std::mem::replace(&mut self.on, false)
    }

    pub fn resume(&mut self, on: bool) {
        self.on = on;
    }
}

/// Reads a record of a message in flight: stage, packet identifier, order.
pub(super) fn parse_flight(value: &[u8]) -> Option<(Stage, PacketId, u64)> {
    let (stage, rest) = value.split_first()?;
    let (packet_id, order) = rest.split_first_chunk()?;
    let stage = match stage {
        1 => Stage::Sent,
        2 => Stage::Released,
        _ => return None,
    };
    Some((
        stage,
        PacketId::new(u16::from_be_bytes(*packet_id))?,
        u64::from_be_bytes(order.try_into().ok()?),
    ))
}

/// Reads an item of a batch: number of the batch, its key, the item.
pub(super) fn parse_item(value: &[u8]) -> Option<(u64, &[u8], &[u8])> {
    let (batch, rest) = value.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (key, json) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    Some((u64::from_be_bytes(*batch), key, json))
}

#[cfg(test)]
mod tests {
    use super::super::deadline::NEVER;
    use super::super::publishes::Flight;
    use super::*;

    fn publish() -> Publish {
        Publish {
            seq: 1,
            token: None,
            packet: vec![0x32, 1],
            since: 0,
            expires: NEVER,
            record: None,
            flight: None,
            requeued: false,
        }
    }

    #[test]
    fn nothing_is_recorded_before_it_is_switched_on() {
        let mut journal = Journal::default();
        let mut publish = publish();
        journal.message(&mut publish);
        journal.received(PacketId::new(1).unwrap(), true);
        assert_eq!(journal.item(1, b"k", b"1"), None);
        assert!(publish.record.is_none() && !journal.has_changes());
    }

    #[test]
    fn what_was_recorded_is_read_back() {
        let mut journal = Journal::recording(Version::V4, 6);
        let mut publish = publish();
        publish.flight = Some(Flight {
            packet_id: PacketId::new(513).unwrap(),
            stage: Stage::Released,
            order: 77,
            sent_at: NEVER,
        });
        journal.message(&mut publish);
        journal.flight(&publish);
        journal.item(9, b"key", b"{}");
        let changes = journal.take_changes();
        assert_eq!(changes[0], (7 << 2 | kind::MESSAGE, Some(vec![0x32, 1])));
        assert_eq!(changes[1].0, 7 << 2 | kind::FLIGHT);
        let flight = parse_flight(changes[1].1.as_deref().unwrap());
        assert_eq!(flight, Some((Stage::Released, PacketId::new(513).unwrap(), 77)));
        let item = parse_item(changes[2].1.as_deref().unwrap());
        assert_eq!(item, Some((9, &b"key"[..], &b"{}"[..])));
    }

    #[test]
    fn half_a_record_is_no_record() {
        let whole = [2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1];
        assert!(parse_flight(&whole).is_some());
        for length in 0..whole.len() {
            assert_eq!(parse_flight(&whole[..length]), None);
        }
        assert_eq!(parse_flight(&[3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]), None);
        assert_eq!(parse_item(&[0; 11]), None);
    }
}
