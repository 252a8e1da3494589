//! What a store has kept of the session: messages that were in flight, and identifiers that are kept from others. Each is
//! taken once, before the first connection.

use super::packet_ids::Holder;
use super::Session;
use crate::codec::{publish, PacketId};
use crate::engine::deadline::NEVER;
use crate::engine::journal::Journal;
use crate::engine::publishes::{Flight, Publish};
use crate::engine::record::Stage;

impl Session {
    /// Forgets every identifier, before messages are restored.
    pub fn clear_identifiers(&mut self, journal: &mut Journal) {
        self.ids.clear();
        self.inbound.session_lost(journal);
    }

    /// A message that was in flight; given back if its identifier is another's.
    pub fn restore(
        &mut self,
        mut publish: Publish,
        stage: Stage,
        id: PacketId,
        order: u64,
    ) -> Result<(), Publish> {
        let flight = Flight {
            packet_id: id,
            stage,
            order,
            sent_at: NEVER,
            abandoned: false,
        };
        publish::set_packet_id(&mut publish.packet, id);
        publish.flight = Some(flight);
        let bytes = publish.packet.len();
        let key = self.publishes.insert(publish);
        if self.ids.restore(id, Holder::Publish(key.slot())) {
            self.bytes_in_flight += bytes;
            self.last_order = self.last_order.max(order);
            return Ok(());
        }
        match self.publishes.remove(key) {
            Some(mut publish) => {
                publish.flight = None;
                Err(publish)
            }
            None => Ok(()),
        }
    }

    pub fn restore_reserved(&mut self, id: PacketId) -> bool {
        self.ids.restore_reserved(id)
    }

    pub fn restored(&mut self) {
        self.ids.complete();
    }
}
