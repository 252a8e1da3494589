//! What tests look at inside the engine.

use crate::engine::Engine;

impl Engine {
    /// Bytes in the outgoing buffer.
    pub fn unsent(&self) -> usize {
        self.connection.unsent()
    }

    /// Bytes of the receive buffer: those there are, and those there is room for.
    pub fn receive_buffer(&self) -> (usize, usize) {
        let buffer = self.connection.received_bytes();
        (buffer.len(), self.connection.receive_capacity())
    }

    /// Failed or short-lived connections in a row.
    pub fn failures(&self) -> u32 {
        self.connection.failures()
    }

    /// Messages and bytes that count in the bounds, and those that do not.
    pub fn usage(&self) -> [(usize, usize); 2] {
        self.outbox.usage()
    }

    /// Entries of every list of the outbox.
    pub fn entries(&self) -> [usize; 5] {
        self.outbox.entries()
    }

    /// Places in the tables of publishes.
    pub fn slots(&self) -> usize {
        self.outbox.slots() + self.session.slots()
    }

    /// Publishes that have not ended.
    pub fn publishes(&self) -> usize {
        self.outbox.stored() + self.session.len()
    }

    /// Identifiers of messages given up while the broker may hold them.
    pub fn reserved_ids(&self) -> usize {
        self.session.reserved_ids()
    }

    /// Identifiers that are in use.
    pub fn held_ids(&self) -> usize {
        self.session.held().1
    }

    /// Nothing is pending in any machine.
    pub fn is_empty(&self) -> bool {
        let (bytes, _) = self.session.held();
        let is_idle = self.session.is_empty() && bytes == 0;
        self.outbox.is_empty() && is_idle && self.subscriptions.pending() == 0
    }
}
