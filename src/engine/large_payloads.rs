//! A large payload that is received beside the engine: the adapter keeps it, and what stands before it in the PUBLISH waits
//! here until it is whole. Owns how much of it is still to come; never sees it.

use std::ops::Range;

use super::deadline::Millis;
use super::output::Generation;
use super::Engine;

/// A shorter payload costs less in its packet. Memory for the whole is taken when it begins: of one that is longer than the
/// second only as its bytes come.
const LENGTHS: Range<usize> = 32 << 10..(64 << 20) + 1;

impl Engine {
    /// Leaves the payload of a large PUBLISH, whose beginning has just arrived, to the adapter: where in
    /// [`Engine::received_bytes`] it begins, how many of its bytes are there, and how many it will have. The adapter takes
    /// these bytes, and gives further ones to [`Engine::received_beside`] until it has all.
    #[inline(always)]
    pub fn payload_begun(&mut self, generation: Generation) -> Option<[usize; 3]> {
        match self.connection.received().begun.is_some() && self.connection.listens_to(generation) {
            true => self.leave_payload(),
            false => None,
        }
    }

    fn leave_payload(&mut self) -> Option<[usize; 3]> {
        let version = self.connection.version();
        self.connection.received().leave_payload(version, LENGTHS)
    }

    /// So many further bytes of that payload have arrived. True if it is whole: then [`Engine::space`] and
    /// [`Engine::received`] follow, with no bytes.
    pub fn received_beside(&mut self, now: Millis, generation: Generation, len: usize) -> bool {
        if !self.connection.listens_to(generation) {
            return false;
        }
        self.connection.note_received(now, len);
        self.connection.received().beside_arrived(len)
    }
}
