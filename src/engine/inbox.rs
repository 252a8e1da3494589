//! Bytes that have arrived and are not yet a whole packet. A cursor moves over the buffer; what is
//! left of a packet goes to the front once, when the next bytes come, so nothing is quadratic.

use super::Error;
use crate::codec::PacketId;

#[derive(Debug, Default)]
pub struct Inbox {
    /// It is cleared only where it is new: what came is between `start` and `end`.
    pub buf: Vec<u8>,
    pub start: usize,
    pub end: usize,
    pub skipping: Option<Skip>,
}

/// A PUBLISH beyond `maxpacketsize`, of which nothing but this is kept.
#[derive(Debug)]
pub struct Skip {
    /// Bytes that are still to come.
    pub left: usize,
    pub qos: u8,
    pub packet_id: Option<PacketId>,
    pub error: Error,
}

/// A buffer that a large packet made larger than this is given back when it is empty.
const KEEP: usize = 1 << 20;

impl Inbox {
    /// Room for `len` more bytes behind what is there. Offsets given out before are void.
    pub fn space(&mut self, len: usize) -> &mut [u8] {
        if self.start > 0 {
            self.buf.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == 0 && self.buf.capacity() > KEEP && len <= KEEP {
            self.buf = Vec::new();
        }
        let filled = self.end;
        self.end += len;
        if self.end > self.buf.len() {
            self.buf.resize(self.end, 0);
        }
        &mut self.buf[filled..self.end]
    }

    /// The bytes that came last are of no use; what was there before stays.
    pub fn take_back(&mut self, len: usize) {
        self.end = self.end.saturating_sub(len);
    }

    /// Without a part of a packet it needs no room.
    pub fn rest(&mut self) {
        if self.start == self.end {
            self.buf = Vec::new();
            (self.start, self.end) = (0, 0);
        }
    }

    pub fn clear(&mut self) {
        self.start = self.end;
        self.skipping = None;
    }
}
