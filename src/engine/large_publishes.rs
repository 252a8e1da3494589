//! A large payload that is published beside the engine: only what stands before it in the PUBLISH is written here, and the adapter
//! sends both. Owns when that can be done; never sees the payload.

use super::deadline::Millis;
use super::message::Message;
use super::output::Output;
use super::Engine;
use crate::codec::frame::LARGEST_PACKET;
use crate::codec::publish::{self, Parts};

impl Engine {
    /// Publishes a message of QoS 0 whose payload of `len` bytes the adapter has; that of `message` is empty. All bytes that are to
    /// be transmitted now, and then the payload; [`Engine::transmitted`] follows. None: nothing was done, because the message is of
    /// another QoS, cannot be sent at once or is wrong; [`Engine::publish`] takes it, or says why not.
    pub fn publish_beside(&mut self, now: Millis, message: &Message<'_>, len: usize) -> Option<Vec<u8>> {
        if message.qos > 0 || !self.can_send_now() || self.check_accepting_publish().is_err() {
            return None;
        }
        let version = self.connection.version();
        let parts = message.parts();
        // As long as with any alias, and the length in front may grow.
        let size = publish::size(version, &Parts { alias: 1, ..parts }) + 3 + len;
        let limits = self.connection.online()?.limits();
        if size > limits.max_packet_size.min(LARGEST_PACKET) || limits.check_publish(&parts).is_err() {
            return None;
        }
        let start = self.connection.unsent();
        self.connection.write_publish(&parts, None);
        publish::lengthen(self.connection.out(), start, len);
        self.search.note_unacknowledged(now);
        self.sent += 1;
        self.connection.bytes_sent += len as u64;
        match self.transmit(now, self.connection.generation()) {
            Output::Transmit { bytes, .. } => Some(bytes),
            _ => None,
        }
    }
}
