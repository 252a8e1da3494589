//! The packets that a server sends, as the decoder hands them out. Never reads or writes bytes.

use super::packet_id::PacketId;
use super::packet_type::PacketType;
use super::reason_code::ReasonCode;

/// The acknowledgements of a PUBLISH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ack {
    /// The only one of QoS 1.
    PubAck,
    /// The first of QoS 2.
    PubRec,
    /// The second of QoS 2, from the sender of the message.
    PubRel,
    /// The last of QoS 2.
    PubComp,
}

impl Ack {
    /// Its packet type.
    pub const fn packet_type(self) -> PacketType {
        match self {
            Ack::PubAck => PacketType::PubAck,
            Ack::PubRec => PacketType::PubRec,
            Ack::PubRel => PacketType::PubRel,
            Ack::PubComp => PacketType::PubComp,
        }
    }
}

/// A packet from the server, any but PUBLISH. In 3.1.1 properties are empty and reason codes are 0, except in CONNACK,
/// whose return code (§3.2.2.3 of 3.1.1) has numbers of its own, and in acknowledgements of brokers that add those of
/// MQTT 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The answer to CONNECT.
    ConnAck {
        /// Whether the server has resumed a session.
        session_present: bool,
        /// In 3.1.1 the return code.
        reason: ReasonCode,
        /// An encoded list.
        properties: &'a [u8],
    },
    /// PUBACK, PUBREC, PUBREL or PUBCOMP.
    Ack {
        /// Which of them.
        kind: Ack,
        /// Of the PUBLISH.
        packet_id: PacketId,
        /// Success where the packet carries none.
        reason: ReasonCode,
        /// An encoded list.
        properties: &'a [u8],
    },
    /// The answer to SUBSCRIBE.
    SubAck {
        /// Of the SUBSCRIBE.
        packet_id: PacketId,
        /// A reason code (3.1.1: a return code) for each filter.
        codes: &'a [u8],
        /// An encoded list.
        properties: &'a [u8],
    },
    /// The answer to UNSUBSCRIBE.
    UnsubAck {
        /// Of the UNSUBSCRIBE.
        packet_id: PacketId,
        /// A reason code for each filter; none in 3.1.1.
        codes: &'a [u8],
        /// An encoded list.
        properties: &'a [u8],
    },
    /// The answer to PINGREQ.
    PingResp,
    /// The server ends the connection.
    Disconnect {
        /// Why.
        reason: ReasonCode,
        /// An encoded list.
        properties: &'a [u8],
    },
    /// A step of enhanced authentication.
    Auth {
        /// Success or Continue authentication.
        reason: ReasonCode,
        /// An encoded list.
        properties: &'a [u8],
    },
}
