//! What a record of the store looks like: its key, and what is in it. Knows no engine: `journal.rs` writes records, and
//! `restoring.rs` reads them.

use std::num::NonZeroU64;

use crate::codec::PacketId;

/// Names a record. Records are numbered in the order in which they were begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordId(NonZeroU64);

impl RecordId {
    pub fn new(number: u64) -> Option<RecordId> {
        NonZeroU64::new(number).map(RecordId)
    }

    /// Its number.
    pub fn get(self) -> u64 {
        self.0.get()
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

/// How far a message in flight has come (§4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// PUBLISH is on the wire; PUBACK or PUBREC is awaited.
    Sent = 1,
    /// PUBREC arrived; PUBCOMP is awaited.
    Released = 2,
}

/// No client counts so far; one that is damaged still leaves room for those that follow it.
const LARGEST_ORDER: u64 = u64::MAX >> 2;

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
        u64::from_be_bytes(order.try_into().ok()?) & LARGEST_ORDER,
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
    use super::*;

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
