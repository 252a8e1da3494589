//! The packet types of the fixed header (§2.1.2) and their reserved flags. Never says who may send a packet.

/// A control packet's type, with the specification's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum PacketType {
    /// Client to server: asks for a connection (§3.1).
    Connect = 1,
    /// Server to client: accepts or refuses it (§3.2).
    ConnAck = 2,
    /// Both ways: a message (§3.3).
    Publish = 3,
    /// Both ways: acknowledges a message of QoS 1 (§3.4).
    PubAck = 4,
    /// Both ways: a message of QoS 2 was received (§3.5).
    PubRec = 5,
    /// Both ways: releases a message of QoS 2 (§3.6).
    PubRel = 6,
    /// Both ways: a message of QoS 2 is complete (§3.7).
    PubComp = 7,
    /// Client to server: asks for subscriptions (§3.8).
    Subscribe = 8,
    /// Server to client: acknowledges SUBSCRIBE (§3.9).
    SubAck = 9,
    /// Client to server: ends subscriptions (§3.10).
    Unsubscribe = 10,
    /// Server to client: acknowledges UNSUBSCRIBE (§3.11).
    UnsubAck = 11,
    /// Client to server: asks whether the server is alive (§3.12).
    PingReq = 12,
    /// Server to client: it is (§3.13).
    PingResp = 13,
    /// Ends the connection: from the client, in MQTT 5 both ways (§3.14).
    Disconnect = 14,
    /// Both ways: enhanced authentication, MQTT 5 only (§3.15).
    Auth = 15,
}

impl PacketType {
    /// The type in the first byte of a packet; none for 0, which is reserved.
    #[inline(always)]
    pub const fn of(first: u8) -> Option<PacketType> {
        Some(match first >> 4 {
            1 => PacketType::Connect,
            2 => PacketType::ConnAck,
            3 => PacketType::Publish,
            4 => PacketType::PubAck,
            5 => PacketType::PubRec,
            6 => PacketType::PubRel,
            7 => PacketType::PubComp,
            8 => PacketType::Subscribe,
            9 => PacketType::SubAck,
            10 => PacketType::Unsubscribe,
            11 => PacketType::UnsubAck,
            12 => PacketType::PingReq,
            13 => PacketType::PingResp,
            14 => PacketType::Disconnect,
            15 => PacketType::Auth,
            _ => return None,
        })
    }

    /// The flags that the lower half of the first byte must have (§2.1.3); for PUBLISH, whose flags vary, none are set.
    pub const fn reserved_flags(self) -> u8 {
        match self {
            PacketType::PubRel | PacketType::Subscribe | PacketType::Unsubscribe => 2,
            _ => 0,
        }
    }

    /// The first byte of a packet of this type; a PUBLISH adds its flags.
    pub const fn first_byte(self) -> u8 {
        (self as u8) << 4 | self.reserved_flags()
    }
}
