//! Bytes that have arrived and are not yet a whole packet. A cursor moves over the buffer; the beginning of a packet
//! goes to the front once, when the next bytes come, so nothing is quadratic. Never looks into a packet.

use std::ops::Range;

use crate::codec::frame::Frame;
use crate::codec::{publish, PacketId, Version};
use crate::engine::error::Error;

#[derive(Debug, Default)]
pub(in crate::engine) struct ReceiveBuffer {
    /// Zeroed only where it is new: the received bytes are between `start` and `end`.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    pub skipped: Option<SkippedPublish>,
    /// Bytes that are still to come of a payload that is kept elsewhere. What stands before it is here, and is
    /// processed when all are there.
    pub beside: Option<usize>,
    /// A PUBLISH that has begun and is not whole.
    pub begun: Option<Frame>,
}

/// A PUBLISH beyond `maxpacketsize`, of which nothing but this is kept.
#[derive(Debug)]
pub(in crate::engine) struct SkippedPublish {
    /// Bytes that are still to come.
    pub left: usize,
    pub qos: u8,
    pub packet_id: Option<PacketId>,
    pub error: Error,
}

/// A buffer that a large packet made larger than this is given back when it is empty. Packets of 1 MiB, one after the other,
/// keep theirs, which may have doubled.
const KEEP: usize = 5 << 19;

impl ReceiveBuffer {
    /// Room for `len` more bytes behind what is there. Offsets given out before are void.
    pub fn space(&mut self, len: usize) -> &mut [u8] {
        self.begun = None;
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == 0 && self.bytes.capacity() > KEEP && len <= KEEP {
            self.bytes = Vec::new();
        }
        let filled = self.end;
        self.end += len;
        if self.end > self.bytes.len() {
            self.bytes.resize(self.end, 0);
        }
        &mut self.bytes[filled..self.end]
    }

    /// How many bytes the buffer has to grow to for `len` more; 0 if it need not.
    pub fn growth(&self, len: usize) -> usize {
        let needed = self.end - self.start + len;
        if needed > self.bytes.capacity() {
            needed
        } else {
            0
        }
    }

    /// Leaves the payload of a PUBLISH that has begun to somebody else, if all that stands before it is here and its length
    /// is within these bounds: where it begins, how many bytes of it are here, and how many it will have.
    pub fn leave_payload(&mut self, version: Version, lengths: Range<usize>) -> Option<[usize; 3]> {
        let frame = self.begun?;
        let body = self.start + frame.header;
        let head = publish::head(version, frame.first, &self.bytes[body..self.end], frame.body).ok()??;
        let whole = frame.body - head;
        if !lengths.contains(&whole) {
            return None;
        }
        let len = self.end - body - head;
        self.end -= len;
        self.beside = Some(whole - len);
        Some([self.end, len, whole])
    }

    /// More of it has arrived; true if it is whole.
    pub fn beside_arrived(&mut self, len: usize) -> bool {
        let left = self.beside.map(|left| left.saturating_sub(len));
        self.beside = left;
        left == Some(0)
    }

    /// Drops the bytes that came last; those before them stay.
    pub fn take_back(&mut self, len: usize) {
        self.end = self.end.saturating_sub(len);
    }

    /// All bytes that there are, as offsets count them.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes the buffer out while its packets are processed.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Where the bytes that are not processed begin and end.
    pub fn range(&self) -> (usize, usize) {
        (self.start, self.end)
    }

    /// Puts the buffer back; the next packet begins at `start`.
    pub fn put_back(&mut self, bytes: Vec<u8>, start: usize) {
        self.bytes = bytes;
        self.start = start;
    }

    /// Gives back its memory, unless it holds part of a packet.
    pub fn shrink(&mut self) {
        if self.start == self.end {
            self.bytes = Vec::new();
            (self.start, self.end) = (0, 0);
        }
    }

    /// Forgets part of a packet.
    pub fn clear(&mut self) {
        self.start = self.end;
        self.skipped = None;
        self.beside = None;
    }

    #[cfg(test)]
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A buffer of `len` bytes of which so many are processed.
    fn buffer(len: usize, processed: usize) -> ReceiveBuffer {
        let mut buffer = ReceiveBuffer::default();
        buffer.space(len);
        let bytes = buffer.take();
        buffer.put_back(bytes, processed);
        buffer
    }

    #[test]
    fn what_is_processed_needs_no_room() {
        let buffer = buffer(100, 60);
        let room = buffer.capacity() - 40;
        assert_eq!(buffer.growth(room), 0);
        assert_eq!(buffer.growth(room + 1), buffer.capacity() + 1);
    }

    #[test]
    fn a_buffer_that_one_packet_made_large_is_given_back() {
        for (len, kept) in [(KEEP, true), (KEEP + 1, false)] {
            let mut buffer = buffer(len, len);
            buffer.space(1);
            assert_eq!(buffer.capacity() >= KEEP, kept, "{len}");
        }
    }
}
