//! What must outlive the process, as data: a list of changes for whoever keeps them. Each change is small and is
//! recorded where it happens, in the order in which it happens; the engine gives them out as `Output::Store` before
//! the bytes that follow from them, so QoS 2 stays exactly once over a crash. Until it is switched on nothing is
//! recorded, and a client without a store pays nothing. Never rebuilds the engine: that is `restoring.rs`.

use super::output::Change;
use super::publishes::Publish;
use super::record::{kind, RecordId, MARK_V5, RESERVED};
use crate::codec::{PacketId, Version};

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
        self.last += 1;
        RecordId::new(self.last)
    }

    #[inline(always)]
    fn record(&mut self, number: u64, kind: u64, value: Option<Vec<u8>>) {
        if self.on {
            self.push(number << 2 | kind, value);
        }
    }

    #[inline(never)]
    fn push(&mut self, key: u64, value: Option<Vec<u8>>) {
        self.changes.push((key, value));
    }

    #[inline(never)]
    fn erase(&mut self, record: RecordId, kind: u64) {
        self.record(record.get(), kind, None);
    }

    /// A key that makes no sense: nothing is kept under it from here on.
    pub fn discard(&mut self, key: u64) {
        self.push(key, None);
    }

    /// Records the message of a publish as it is now.
    #[inline(always)]
    pub fn message(&mut self, publish: &mut Publish) {
        if self.on {
            self.record_message(publish);
        }
    }

    #[inline(never)]
    fn record_message(&mut self, publish: &mut Publish) {
        if publish.record.is_none() {
            publish.record = self.next();
        }
        if let Some(record) = publish.record {
            let mut value = Vec::new();
            if self.version == Version::V5 {
                value.push(MARK_V5);
            }
            value.extend_from_slice(&publish.packet);
            self.record(record.get(), kind::MESSAGE, Some(value));
        }
    }

    /// A message is on the wire, or its PUBREL is.
    #[inline(always)]
    pub fn flight(&mut self, publish: &Publish) {
        if self.on {
            self.record_flight(publish);
        }
    }

    #[inline(never)]
    fn record_flight(&mut self, publish: &Publish) {
        if let (Some(record), Some(flight)) = (publish.record, &publish.flight) {
            let mut value = vec![flight.stage as u8];
            value.extend_from_slice(&flight.packet_id.get().to_be_bytes());
            value.extend_from_slice(&flight.order.to_be_bytes());
            self.record(record.get(), kind::FLIGHT, Some(value));
        }
    }

    /// A message is no longer in flight.
    #[inline(always)]
    pub fn landed(&mut self, record: Option<RecordId>) {
        if let Some(record) = record {
            self.erase(record, kind::FLIGHT);
        }
    }

    /// A publish ended.
    #[inline(always)]
    pub fn ended(&mut self, record: Option<RecordId>) {
        if let Some(record) = record {
            self.erase(record, kind::MESSAGE);
        }
    }

    /// An item was added to a batch.
    #[inline(always)]
    pub fn item(&mut self, batch: u64, key: &[u8], json: &[u8]) -> Option<RecordId> {
        match self.on {
            true => self.record_item(batch, key, json),
            false => None,
        }
    }

    #[inline(never)]
    fn record_item(&mut self, batch: u64, key: &[u8], json: &[u8]) -> Option<RecordId> {
        let record = self.next();
        if let Some(record) = record {
            let mut value = batch.to_be_bytes().to_vec();
            value.extend_from_slice(&(key.len() as u32).to_be_bytes());
            value.extend_from_slice(key);
            value.extend_from_slice(json);
            self.record(record.get(), kind::ITEM, Some(value));
        }
        record
    }

    /// The batch of an item was closed.
    pub fn item_ended(&mut self, record: RecordId) {
        self.erase(record, kind::ITEM);
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

#[cfg(test)]
mod tests {
    use super::super::deadline::NEVER;
    use super::super::publishes::Flight;
    use super::super::record::{parse_flight, parse_item, Stage};
    use super::*;
    use crate::engine::suspicion::Suspicion;

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
            suspicion: Suspicion::default(),
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
            abandoned: false,
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
}
