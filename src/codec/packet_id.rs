//! The packet identifier (3.1.1 §2.3.1, 5.0 §2.2.1): names a packet until it is acknowledged. Never chooses one.

use super::decode_error::{protocol_error, DecodeError};
use std::num::NonZeroU16;

/// A packet identifier, 1 to 65,535.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PacketId(NonZeroU16);

impl PacketId {
    /// None for 0, which is no packet identifier [MQTT-2.3.1-1].
    #[inline(always)]
    pub const fn new(number: u16) -> Option<PacketId> {
        match NonZeroU16::new(number) {
            Some(number) => Some(PacketId(number)),
            None => None,
        }
    }

    /// Its number.
    #[inline(always)]
    pub const fn get(self) -> u16 {
        self.0.get()
    }

    /// From its two bytes in a packet.
    pub(super) fn read(high: u8, low: u8) -> Result<PacketId, DecodeError> {
        PacketId::new(u16::from_be_bytes([high, low]))
            .ok_or(protocol_error!("a packet identifier is 0 [MQTT-2.3.1-1]"))
    }
}
