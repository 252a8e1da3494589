//! The bytes of a connection: what arrived and is not yet read, and what is to be transmitted. Writes PUBLISH with a
//! topic alias.

use super::aliases::Alias;
use super::receive_buffer::ReceiveBuffer;
use super::{Connection, Online, Phase, SEND_CAP};
use crate::codec::properties::{number, Property};
use crate::codec::publish::{self, Parts};
use crate::codec::{DecodeError, PacketId, Version};
use crate::engine::deadline::{Millis, NEVER};

impl Connection {
    pub fn received(&mut self) -> &mut ReceiveBuffer {
        &mut self.received
    }

    pub fn received_bytes(&self) -> &[u8] {
        self.received.bytes()
    }

    /// Bytes arrived: any of them is a sign of life.
    #[inline(always)]
    pub fn note_received(&mut self, now: Millis, len: usize) {
        self.bytes_received += len as u64;
        if let Some(online) = self.online_mut() {
            online.last_received = now;
            online.pinged = NEVER;
        }
    }

    #[inline(always)]
    pub fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    #[inline(always)]
    pub fn unsent(&self) -> usize {
        self.out.len()
    }

    /// Whether more may be written: there is a connection, its transport takes bytes, and the buffer is below the cap.
    #[inline(always)]
    pub fn can_write(&self) -> bool {
        self.is_online() && !self.blocked && self.out.len() < SEND_CAP
    }

    pub fn is_blocked(&self) -> bool {
        self.blocked
    }

    pub fn set_blocked(&mut self, blocked: bool) {
        self.blocked = blocked;
    }

    /// Takes the bytes for the transport.
    pub fn take_out(&mut self, now: Millis) -> Vec<u8> {
        self.bytes_sent += self.out.len() as u64;
        match &mut self.phase {
            Phase::Online(online) => online.last_sent = now,
            Phase::Handshake(handshake) => handshake.last_sent = now,
            _ => {}
        }
        std::mem::take(&mut self.out)
    }

    /// Gives the buffer back, to be used again.
    pub fn recycle(&mut self, mut buffer: Vec<u8>) {
        if self.out.capacity() == 0 && buffer.capacity() <= 16 * SEND_CAP {
            buffer.clear();
            self.out = buffer;
        }
    }

    /// Gives back memory that a burst needed.
    pub fn shrink(&mut self) {
        if self.out.is_empty() {
            self.out = Vec::new();
        }
    }

    /// Appends a PUBLISH, with a topic alias if there is one.
    #[inline(always)]
    pub fn write_publish(&mut self, parts: &Parts<'_>, packet_id: Option<PacketId>) {
        match self.version {
            Version::V4 => publish::encode(&mut self.out, self.version, parts, packet_id),
            Version::V5 => self.write_publish_v5(*parts, packet_id),
        }
    }

    fn write_publish_v5(&mut self, mut parts: Parts<'_>, packet_id: Option<PacketId>) {
        if let Phase::Online(Online { aliases, limits, .. }) = &mut self.phase {
            // As long as with any alias: the lengths in front may grow too.
            let longest = Parts { alias: 1, ..parts };
            if number(parts.properties, Property::TopicAlias).is_some() {
                aliases.disable_outbound();
            } else if publish::size(self.version, &longest) <= limits.max_packet_size {
                match aliases.assign_outbound(parts.topic) {
                    Alias::None => {}
                    Alias::New(alias) => parts.alias = alias,
                    Alias::Known(alias) => (parts.topic, parts.alias) = (&[], alias),
                }
            }
        }
        publish::encode(&mut self.out, self.version, &parts, packet_id);
    }

    /// The topic of a received message that has an alias.
    pub fn inbound_alias<'a>(&'a mut self, alias: u32, topic: &'a [u8]) -> Result<&'a [u8], DecodeError> {
        match &mut self.phase {
            Phase::Online(online) => online.aliases.inbound(alias, topic),
            _ => Ok(topic),
        }
    }
}
